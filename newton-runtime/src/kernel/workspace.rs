//! Memory that a worker thread keeps between calls: tapes of wide numbers run to megabytes, and fresh pages cost more than the
//! arithmetic done on them.

use crate::scalar::{Real, Scalar, Tape};
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static KEPT: RefCell<HashMap<TypeId, Box<dyn Any>>> = RefCell::new(HashMap::new());
}

/// Buffers for one scalar type.
pub struct Workspace<S: Scalar> {
    prediction: Vec<S>,
    adjoint: Vec<S>,
    label: Vec<S::Passive>,
    integers: Vec<<S::Passive as Real>::Index>,
    tape: Tape<S>,
}

/// Views of a workspace at the sizes of a loss.
#[allow(missing_debug_implementations)]
pub struct View<'a, S: Scalar> {
    /// m numbers.
    pub prediction: &'a mut [S],
    /// m numbers.
    pub adjoint: &'a mut [S],
    /// The label's numbers.
    pub label: &'a mut [S::Passive],
    /// The label's integers and conditions.
    pub integers: &'a mut [<S::Passive as Real>::Index],
    /// Empty.
    pub tape: &'a mut Tape<S>,
}

impl<S: Scalar> Workspace<S> {
    fn new() -> Self {
        Self {
            prediction: Vec::new(),
            adjoint: Vec::new(),
            label: Vec::new(),
            integers: Vec::new(),
            tape: Tape::new(),
        }
    }

    /// Views of at least the asked sizes; contents are whatever was there.
    pub fn view(&mut self, dim: usize, label: usize, integers: usize) -> View<'_, S> {
        fn grow<T: Copy>(v: &mut Vec<T>, n: usize, x: T) -> &mut [T] {
            if v.len() < n {
                v.resize(n, x);
            }
            &mut v[..n]
        }
        self.tape.clear();
        View {
            prediction: grow(&mut self.prediction, dim, S::zero()),
            adjoint: grow(&mut self.adjoint, dim, S::zero()),
            label: grow(&mut self.label, label, S::Passive::zero()),
            integers: grow(&mut self.integers, integers, Default::default()),
            tape: &mut self.tape,
        }
    }

    /// Takes this thread's workspace, or a new one if it is in use.
    pub fn take() -> Box<Self> {
        KEPT.with_borrow_mut(|all| all.remove(&TypeId::of::<Self>()))
            .and_then(|kept| kept.downcast::<Self>().ok())
            .unwrap_or_else(|| Box::new(Self::new()))
    }

    /// Keeps it for the next call on this thread.
    pub fn give_back(self: Box<Self>) {
        KEPT.with_borrow_mut(|all| all.insert(TypeId::of::<Self>(), self));
    }
}
