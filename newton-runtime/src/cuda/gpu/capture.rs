//! Recording what is enqueued, to enqueue all of it at once later.

use cudarc::driver::sys;

use super::Gpu;
use super::device::driver;
use crate::cuda::CudaError;

/// Recorded work: kernels and copies with the memory that they were recorded with.
pub struct Graph {
    gpu: Gpu,
    ready: sys::CUgraphExec,
}

// SAFETY: the driver's handles may be used from any thread.
unsafe impl Send for Graph {}

/// A stream for recording, and what was recorded so far.
struct Recorder {
    stream: sys::CUstream,
    before: sys::CUstream,
    recording: bool,
}

impl Recorder {
    fn start(gpu: &Gpu) -> Result<Recorder, CudaError> {
        gpu.bind()?;
        let mut stream = std::ptr::null_mut();
        // SAFETY: `stream` lives until this returns.
        unsafe { sys::cuStreamCreate(&mut stream, sys::CUstream_flags_enum::CU_STREAM_NON_BLOCKING as u32) }
            .result()
            .map_err(driver("making a stream"))?;
        let mut recorder = Recorder { stream, before: stream, recording: false };
        // Other threads may go on meanwhile, with calls that would end the recording if they were this one's.
        let mode = sys::CUstreamCaptureMode_enum::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
        // SAFETY: the stream exists.
        unsafe { sys::cuStreamBeginCapture_v2(stream, mode) }
            .result()
            .map_err(driver("starting to record"))?;
        recorder.before = Gpu::divert(stream);
        recorder.recording = true;
        Ok(recorder)
    }

    /// What was recorded.
    fn end(&mut self) -> Result<sys::CUgraph, CudaError> {
        Gpu::divert(self.before);
        self.recording = false;
        let mut graph = std::ptr::null_mut();
        // SAFETY: the stream records, and `graph` lives until this returns.
        unsafe { sys::cuStreamEndCapture(self.stream, &mut graph) }.result().map_err(driver("recording"))?;
        Ok(graph)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if self.recording
            && let Ok(graph) = self.end()
        {
            // SAFETY: it was made by `end`, and nobody else has it.
            let _ = unsafe { sys::cuGraphDestroy(graph) };
        }
        // SAFETY: it was made by `start`, and nothing is left to do in it.
        let _ = unsafe { sys::cuStreamDestroy_v2(self.stream) };
    }
}

impl Gpu {
    /// Records what this thread enqueues in `work`, instead of doing it. Nothing in there may wait for the device, take memory of it or copy
    /// from the host. All memory that is used must outlive the graph.
    ///
    /// # Errors
    /// Those of `work`, and the driver's.
    pub(crate) fn record<E: From<CudaError>>(
        &self,
        work: impl FnOnce() -> Result<(), E>,
    ) -> Result<Graph, E> {
        let mut recorder = Recorder::start(self)?;
        work()?;
        let graph = recorder.end()?;
        let mut ready = std::ptr::null_mut();
        // SAFETY: the graph was just recorded, and `ready` lives until this returns.
        let made = unsafe { sys::cuGraphInstantiateWithFlags(&mut ready, graph, 0) };
        // SAFETY: it was made by `end`; what was instantiated is on its own.
        let _ = unsafe { sys::cuGraphDestroy(graph) };
        made.result().map_err(driver("preparing what was recorded"))?;
        Ok(Graph { gpu: self.clone(), ready })
    }
}

impl Graph {
    /// Enqueues all of it.
    ///
    /// # Errors
    /// The driver's.
    pub fn launch(&self) -> Result<(), CudaError> {
        self.gpu.bind()?;
        // SAFETY: it was instantiated, on memory that outlives it: see `record`.
        unsafe { sys::cuGraphLaunch(self.ready, self.gpu.stream()) }
            .result()
            .map_err(driver("enqueueing what was recorded"))
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        if self.gpu.bind().is_ok() {
            // SAFETY: it was instantiated, and nobody else has it. What is under way goes on.
            let _ = unsafe { sys::cuGraphExecDestroy(self.ready) };
        }
    }
}
