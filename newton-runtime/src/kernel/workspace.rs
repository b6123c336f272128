//! Memory that a worker thread keeps between calls: tapes of wide numbers run to megabytes, and fresh pages cost more than the
//! arithmetic done on them.

use crate::scalar::{Real, Scalar, Tape};
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static KEPT: RefCell<HashMap<TypeId, Box<dyn Any>>> = RefCell::new(HashMap::new());
}

// Not generic, so that they are compiled once and not again for every loss.
fn take(id: TypeId) -> Option<Box<dyn Any>> {
    KEPT.with_borrow_mut(|all| all.remove(&id))
}
fn keep(id: TypeId, workspace: Box<dyn Any>) {
    KEPT.with_borrow_mut(|all| all.insert(id, workspace));
}

/// Buffers for one scalar type.
pub struct Workspace<S: Scalar> {
    /// The prediction, and then its adjoint.
    active: Vec<S>,
    label: Vec<S::Passive>,
    integers: Vec<<S::Passive as Real>::Index>,
    row: Vec<<S::Passive as Real>::Elem>,
    integer_row: Vec<i32>,
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
    /// The numbers of one sample's label.
    pub row: &'a mut [<S::Passive as Real>::Elem],
    /// The integers of one sample's label.
    pub integer_row: &'a mut [i32],
    /// Empty.
    pub tape: &'a mut Tape<S>,
}

/// The first `n` of a buffer that grows if need be.
fn first<T: Copy>(buffer: &mut Vec<T>, n: usize, x: T) -> &mut [T] {
    if buffer.len() < n {
        buffer.resize(n, x);
    }
    &mut buffer[..n]
}

impl<S: Scalar> Workspace<S> {
    fn new() -> Self {
        Self {
            active: Vec::new(),
            label: Vec::new(),
            integers: Vec::new(),
            row: Vec::new(),
            integer_row: Vec::new(),
            tape: Tape::new(),
        }
    }

    /// Views of at least the asked sizes; contents are whatever was there.
    pub fn view(&mut self, dim: usize, label: usize, integers: usize) -> View<'_, S> {
        self.tape.clear();
        let (prediction, adjoint) = first(&mut self.active, 2 * dim, S::zero()).split_at_mut(dim);
        View {
            prediction,
            adjoint,
            label: first(&mut self.label, label, S::Passive::zero()),
            integers: first(&mut self.integers, integers, Default::default()),
            row: first(&mut self.row, label, Default::default()),
            integer_row: first(&mut self.integer_row, integers, 0),
            tape: &mut self.tape,
        }
    }

    /// Takes this thread's workspace, or a new one if it is in use.
    pub fn take() -> Box<Self> {
        take(TypeId::of::<Self>())
            .and_then(|kept| kept.downcast::<Self>().ok())
            .unwrap_or_else(|| Box::new(Self::new()))
    }

    /// Keeps it for the next call on this thread.
    pub fn give_back(self: Box<Self>) {
        keep(TypeId::of::<Self>(), self);
    }
}
