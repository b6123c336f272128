//! What went wrong with a batch, in the words of the CPU.

use super::super::CudaError;
use super::super::gpu::Gpu;
use super::super::parts::Want;
use super::program::{Slots, Sweep};
use super::shape::ATTEMPTS;
use super::workspace::{Outputs, STATUS, Workspace};
use crate::Error;
use crate::error::Quantity;
use crate::newton::check_finite;
use crate::scalar::Float;

/// What `nl::Status` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Status {
    /// The first sample, and what.
    fault: Option<(usize, Fault)>,
    not_finite: Option<usize>,
    lacking: Slots,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Index { index: i64, len: usize },
    DivisionByZero,
}

impl Status {
    fn read(words: &[u32]) -> Status {
        let wide = |at: usize| u64::from(words[at]) | u64::from(words[at + 1]) << 32;
        let fault = wide(0);
        let what = match fault as u32 {
            1 => Fault::Index { index: wide(6) as i64, len: usize::try_from(wide(8)).unwrap_or(0) },
            _ => Fault::DivisionByZero,
        };
        Status {
            fault: (fault != u64::MAX).then_some(((fault >> 32) as usize, what)),
            not_finite: (words[2] != u32::MAX).then_some(words[2] as usize),
            lacking: [words[3], words[4], words[5]],
        }
    }
}

/// Of a sweep's attempts.
struct Attempts {
    /// Of the last one that did something.
    last: Status,
    /// The slots that threads needed and the first attempt did not have.
    lacking: Slots,
    /// No attempt had enough.
    failed: bool,
}

impl Attempts {
    fn read(words: &[u32]) -> Attempts {
        let all: Vec<Status> = words.chunks_exact(STATUS).take(ATTEMPTS).map(Status::read).collect();
        let enough = all.iter().position(|status| status.lacking == [0; 3]);
        let ran = enough.unwrap_or(ATTEMPTS - 1);
        let mut lacking = [0; 3];
        for status in &all[..=ran] {
            for (most, lacking) in lacking.iter_mut().zip(status.lacking) {
                *most = lacking.max(*most);
            }
        }
        Attempts { last: all[ran], lacking, failed: enough.is_none() }
    }
}

impl<T: Float> Workspace<T> {
    /// Batches like this one were looked at before.
    pub fn is_known(&self) -> bool {
        self.program.needs(self.sweep()).seen
    }

    /// Waits, and learns how long tapes must be. Whether they were long enough.
    pub fn look(&self, gpu: &Gpu) -> Result<bool, CudaError> {
        Ok(!self.attempts(gpu)?.failed)
    }

    fn attempts(&self, gpu: &Gpu) -> Result<Attempts, CudaError> {
        let attempts = Attempts::read(&gpu.download(self.status.slice())?);
        self.program.learn(self.sweep(), attempts.lacking);
        Ok(attempts)
    }

    /// Waits, and says what went wrong.
    pub fn check(&mut self, gpu: &Gpu) -> Result<(), Error> {
        let Attempts { last, lacking, failed } = self.attempts(gpu)?;
        if failed {
            // Known now: the next batch has room, if the device has.
            let (_, slots) = self.room().attempt(gpu.multiprocessors(), ATTEMPTS - 1, self.parts());
            let worst =
                lacking.into_iter().zip(slots).max_by_key(|(lacking, slots)| lacking.saturating_sub(*slots));
            let (found, most) = worst.unwrap_or((0, 0));
            let (found, most) = (found as usize, most as usize);
            return Err(CudaError::TooLarge { what: "the tape of a sample", found, most }.into());
        }
        if let Some((sample, _)) = last.fault {
            return Err(self.blame(gpu, sample)?);
        }
        let Some(sample) = last.not_finite else { return Ok(()) };
        self.name_first(gpu)?;
        if self.sweep() == Sweep::Duals {
            let hessian = self.alone(gpu, sample, Sweep::Duals)?;
            self.find_culprit(gpu, Quantity::Hessian, &hessian, hessian.len(), sample)?;
        }
        // It was seen, and is not there any more: nothing else writes what was downloaded.
        Err(Error::NonFinite { quantity: Quantity::Loss, sample, entry: 0, value: f64::NAN })
    }

    /// The fault of a sample, with its numbers.
    fn blame(&mut self, gpu: &Gpu, sample: usize) -> Result<Error, CudaError> {
        let loss = self.program.name;
        self.alone(gpu, sample, Sweep::Numbers)?;
        let words = gpu.download(self.status.slice())?;
        let status = Status::read(&words[..STATUS]);
        Ok(match status.fault {
            Some((_, Fault::Index { index, len })) => Error::IndexOutOfRange { loss, sample, index, len },
            _ => Error::DivisionByZero { loss, sample },
        })
    }

    /// The first number that is not finite, in the order in which the CPU looks. Values and gradients belong to others by now: once more.
    fn name_first(&mut self, gpu: &Gpu) -> Result<(), Error> {
        let dim = self.program.layout.dim;
        check_finite(Quantity::Prediction, &gpu.download(self.predictions.slice())?, dim)?;
        let want = std::mem::replace(&mut self.want, Want::Gradients);
        let mut outputs = Outputs::new(gpu, self.samples, dim, self.want)?;
        let enqueued = self.enqueue(gpu, &mut outputs);
        self.want = want;
        enqueued?;
        let values = gpu.download(outputs.values.slice())?;
        self.find_culprit(gpu, Quantity::Loss, &values, 1, 0)?;
        let gradients = gpu.download(outputs.gradients.slice())?;
        self.find_culprit(gpu, Quantity::Gradient, &gradients, dim, 0)
    }

    /// A label that is not finite is to blame before anything computed from it. `numbers` are those of samples from `first` on.
    fn find_culprit(
        &self,
        gpu: &Gpu,
        quantity: Quantity,
        numbers: &[T],
        per_sample: usize,
        first: usize,
    ) -> Result<(), Error> {
        let Some(at) = numbers.iter().position(|x| !Float::is_finite(*x)) else { return Ok(()) };
        let (sample, entry) = (first + at / per_sample, at % per_sample);
        let each = self.program.layout.numbers;
        let label = gpu.download(self.labels.slice().range(sample * each, each))?;
        let of_label = label.iter().position(|x| !Float::is_finite(*x));
        let (quantity, entry, value) = match of_label {
            Some(entry) => (Quantity::Label, entry, label[entry]),
            None => (quantity, entry, numbers[at]),
        };
        Err(Error::NonFinite { quantity, sample, entry, value: value.to_f64() })
    }
}
