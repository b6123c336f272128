//! A loss compiled for a device.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::gpu::{Code, Function, Gpu};
use super::super::unit::{Layout, Unit};
use super::super::{CudaError, Source};
use crate::kernel::Kernel;
use crate::scalar::{Data, Float};

/// Slots of a thread's tape: active numbers, passive ones, integers.
pub(crate) type Slots = [u32; 3];

/// What a batch of a kind needs, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs {
    pub slots: Slots,
    /// A batch was looked at.
    pub seen: bool,
}

pub(crate) struct Program {
    pub name: &'static str,
    pub layout: Layout,
    /// Columns of a Hessian that a thread computes at a time.
    pub tangents: usize,
    pub values: Function,
    pub gradients: Function,
    pub hessians: Function,
    pub sums: Function,
    pub mean: Function,
    /// Of numbers, and of duals.
    needs: [Mutex<Needs>; 2],
}

/// Which scalar a launch computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sweep {
    Numbers = 0,
    Duals = 1,
}

/// By device and text.
type Programs = HashMap<(usize, String), Arc<Program>>;

/// All that were compiled.
static PROGRAMS: Mutex<Option<Programs>> = Mutex::new(None);

/// What a guess costs is memory if it is high, and a second look at the first batch if it is low.
const GUESS: Slots = [64, 32, 32];

impl Program {
    /// Of a loss with its sizes; none if it has no text.
    pub fn of<K: Kernel, T: Float>(
        gpu: &Gpu,
        kernel: &K,
        tangents: usize,
    ) -> Result<Option<Arc<Program>>, CudaError> {
        let Some(source) = kernel.cuda() else { return Ok(None) };
        let key = key::<T>(&source, tangents);
        let known = |programs: &Option<Programs>| {
            programs.as_ref().and_then(|programs| programs.get(&(gpu.ordinal(), key.clone())).cloned())
        };
        if let Some(program) = known(&PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(Some(program));
        }
        let layout = Layout { dim: K::DIM, numbers: K::Label::<T>::LEN, integers: K::Label::<T>::INTEGERS };
        let text = || Unit::new(&source, layout, Vec::new()).source(T::ELEMENT, tangents);
        let (module_path, line, column) = source.place;
        let location = Some((module_path, line, column));
        let module = gpu.module(&Code { name: source.name, location, key: key.clone(), text: &text })?;
        let function = |name| module.function(name);
        let program = Arc::new(Program {
            name: source.name,
            layout,
            tangents,
            values: function("values")?,
            gradients: function("gradients")?,
            hessians: function("hessians")?,
            sums: function("hessian_sums")?,
            mean: function("mean_of_sums")?,
            needs: [(); 2].map(|()| Mutex::new(Needs { slots: GUESS, seen: false })),
        });
        let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
        programs.get_or_insert_default().insert((gpu.ordinal(), key), Arc::clone(&program));
        Ok(Some(program))
    }

    /// Elements of an active number.
    pub fn parts(&self, sweep: Sweep) -> usize {
        match sweep {
            Sweep::Numbers => 1,
            Sweep::Duals => 1 + self.tangents,
        }
    }

    pub fn needs(&self, sweep: Sweep) -> Needs {
        *self.needs[sweep as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch was looked at, and threads lacked so many slots (0 where they had enough).
    pub fn learn(&self, sweep: Sweep, lacking: Slots) {
        let mut needs = self.needs[sweep as usize].lock().unwrap_or_else(PoisonError::into_inner);
        needs.seen = true;
        for (slots, lacking) in needs.slots.iter_mut().zip(lacking) {
            *slots = lacking.max(*slots);
        }
    }
}

/// Identifies a loss's text; none if it has none.
pub(crate) fn identity<K: Kernel, T: Float>(kernel: &K) -> Option<String> {
    kernel.cuda().map(|source| key::<T>(&source, 0))
}

/// Where it stands, and all values that its text has from the running program: no two texts have the same.
fn key<T: Float>(source: &Source, tangents: usize) -> String {
    let mut key = format!("{:?} {} {} {tangents}", source.place, source.name, T::ELEMENT.name());
    for definition in source.parameters.iter().chain(&source.constants) {
        key.push('\n');
        key.push_str(&definition.text);
    }
    key
}
