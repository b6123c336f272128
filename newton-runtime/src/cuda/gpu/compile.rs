//! From a text to a module: NVRTC, once per text and device.

use std::ffi::{CStr, CString, c_char};
use std::sync::{Arc, PoisonError};

use cudarc::nvrtc::{result, sys};

use super::cache::Cache;
use super::{Gpu, Module};
use crate::cuda::CudaError;

/// What is to be compiled.
#[derive(Clone)]
pub struct Code<'a> {
    /// The user's function, or which part of this library.
    pub name: &'a str,
    /// Where the function stands.
    pub location: Option<(&'a str, u32, u32)>,
    /// Identifies the text, without the cost of writing it: texts with the same key are the same.
    pub key: String,
    /// Writes the text.
    pub text: &'a dyn Fn() -> String,
}

const OPTIONS: [&str; 2] = ["--std=c++20", "--device-as-default-execution-space"];

impl Gpu {
    /// The module of a text: compiled now, in an earlier call, or in an earlier run of a program (below [`Gpu::cache_folder`]).
    ///
    /// # Errors
    /// [`CudaError::NoCompiler`], [`CudaError::Compile`], and the driver's for a module that it does not take.
    pub fn module(&self, code: &Code<'_>) -> Result<Arc<Module>, CudaError> {
        // Held while it compiles: who wants the same waits instead of compiling it again.
        let mut modules = self.0.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = modules.get(&code.key) {
            return Ok(Arc::clone(module));
        }
        let architecture = self.architecture();
        let text = (code.text)();
        let version = compiler_version()?;
        let parts = [&version, &architecture, &OPTIONS.join(" "), &text];
        let entry = Cache::new().map(|cache| cache.entry(&parts.map(String::as_str)));
        let known = entry.as_ref().and_then(|entry| entry.read());
        // A file that the driver does not take, from another driver's days say, is compiled anew.
        let kept = known.and_then(|image| Module::load(self, &image).ok());
        let module = match kept {
            Some(module) => module,
            None => {
                let image = compile(code, &text, &architecture)?;
                let module = Module::load(self, &image)?;
                if let Some(entry) = entry {
                    // The next run compiles again: slower, not worse.
                    let _ = entry.write(&image);
                }
                module
            }
        };
        let module = Arc::new(module);
        modules.insert(code.key.clone(), Arc::clone(&module));
        Ok(module)
    }
}

/// As "13.0".
fn compiler_version() -> Result<String, CudaError> {
    let (mut major, mut minor) = (0, 0);
    // SAFETY: both live until this returns.
    let version = unsafe { sys::nvrtcVersion(&mut major, &mut minor) };
    version.result().map_err(|_| CudaError::NoCompiler)?;
    Ok(format!("{major}.{minor}"))
}

/// A program of NVRTC's, destroyed at the end.
struct Program(sys::nvrtcProgram);

impl Drop for Program {
    fn drop(&mut self) {
        // SAFETY: it was made by `create`, and nobody else has it.
        let _ = unsafe { result::destroy_program(self.0) };
    }
}

impl Program {
    fn create(text: &str, name: &str) -> Result<Program, CudaError> {
        let text = CString::new(text.replace('\0', " ")).unwrap_or_default();
        let name = CString::new(format!("{}.cu", name.replace('\0', " "))).unwrap_or_default();
        let mut program = std::ptr::null_mut();
        // SAFETY: the strings live until this returns, which copies them; there are no headers.
        let created = unsafe {
            let (text, name) = (text.as_ptr(), name.as_ptr());
            sys::nvrtcCreateProgram(&mut program, text, name, 0, std::ptr::null(), std::ptr::null())
        };
        created.result().map_err(|_| CudaError::NoCompiler)?;
        Ok(Program(program))
    }

    fn log(&self) -> String {
        // SAFETY: the program exists.
        match unsafe { result::get_program_log(self.0) } {
            Ok(log) if log.contains(&0) => {
                // SAFETY: it ends with a zero, as was just seen.
                unsafe { CStr::from_ptr(log.as_ptr()) }.to_string_lossy().into_owned()
            }
            _ => String::new(),
        }
    }

    /// The binary.
    fn image(&self) -> Option<Vec<u8>> {
        let mut size = 0;
        // SAFETY: the program exists, and `size` lives until this returns.
        unsafe { sys::nvrtcGetCUBINSize(self.0, &mut size) }.result().ok()?;
        let mut image = vec![0_u8; size];
        // SAFETY: there is room for `size` bytes.
        unsafe { sys::nvrtcGetCUBIN(self.0, image.as_mut_ptr().cast::<c_char>()) }.result().ok()?;
        (size > 0).then_some(image)
    }
}

fn compile(code: &Code<'_>, text: &str, architecture: &str) -> Result<Vec<u8>, CudaError> {
    let program = Program::create(text, code.name)?;
    let mut options = vec![format!("--gpu-architecture={architecture}")];
    options.extend(OPTIONS.map(str::to_owned));
    // SAFETY: the program exists; the options are copied.
    let compiled = unsafe { result::compile_program(program.0, &options) };
    match (compiled, program.image()) {
        (Ok(()), Some(image)) => Ok(image),
        _ => Err(CudaError::Compile {
            name: code.name.to_owned(),
            location: code.location.map(|(file, line, column)| (file.to_owned(), line, column)),
            architecture: architecture.to_owned(),
            log: shortened(&program.log()),
        }),
    }
}

/// What follows the first errors follows from them.
fn shortened(log: &str) -> String {
    const LINES: usize = 20;
    let mut lines: Vec<&str> = log.lines().take(LINES + 1).collect();
    if lines.len() > LINES {
        lines[LINES] = "...";
    }
    lines.join("\n")
}
