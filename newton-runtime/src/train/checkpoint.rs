//! The state of a run in one safetensors file: named arrays, and everything else as JSON in the header.
//!
//! safetensors knows no checksum, and one flipped bit in a weight would go unnoticed: the header has a SHA-256 of all arrays and
//! of the state. Other tools see ordinary tensors, `network/...` among them.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut, ViewTensorName,
    ViewTensorRef,
};
use dfdx::prelude::{Device, HasShape, Shape, Tensor};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::files;

/// In the header's metadata; whatever lacks it was written by something else.
const KEY: &str = "newton_losses";
/// Of the state; a reader of another version refuses it.
const FORMAT: u32 = 1;

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// It cannot be read.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Not a safetensors file, or a damaged one.
    #[error("{}: damaged, or no safetensors file: {source}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: SafeTensorError,
    },
    /// A sound safetensors file that is no checkpoint of this program, or of another version of it.
    #[error("{}: no checkpoint of this program: {why}", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
        /// What is missing or different.
        why: String,
    },
    /// The content is not what was written.
    #[error("{}: damaged: its content has not the checksum that was written with it", file.display())]
    Checksum {
        /// The file.
        file: PathBuf,
    },
    /// An array that the run needs is not there.
    #[error("the checkpoint has no array `{name}`: it is of another network or optimizer")]
    Missing {
        /// The array.
        name: String,
    },
    /// An array of another size.
    #[error(
        "the checkpoint's array `{name}` has shape {found:?}, expected {expected:?}: it is of another network"
    )]
    Shape {
        /// The array.
        name: String,
        /// In the checkpoint.
        found: Vec<usize>,
        /// In the network.
        expected: Vec<usize>,
    },
    /// A number of the state is missing or makes no sense.
    #[error("the checkpoint's `{name}` is {found}, expected {expected}")]
    State {
        /// Its name.
        name: &'static str,
        /// Its value, "missing" if there is none.
        found: String,
        /// What it must be.
        expected: &'static str,
    },
    /// The device has no room, or fails.
    #[error("restoring a checkpoint: {0}")]
    Device(String),
}

/// A row-major array.
#[derive(Debug, Clone, PartialEq)]
struct Array {
    shape: Vec<usize>,
    /// Little-endian f32.
    bytes: Vec<u8>,
}

/// Named arrays of f32.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arrays(BTreeMap<String, Array>);

impl Arrays {
    /// The names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether there is an array whose name begins so.
    pub fn has(&self, prefix: &str) -> bool {
        self.names().any(|name| name.starts_with(prefix))
    }

    /// Drops an array, if it is there.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub(super) fn put<S: Shape, D: Device<f32>>(&mut self, name: &str, tensor: &Tensor<S, f32, D>) {
        let shape = tensor.shape().concrete().into_iter().collect();
        self.put_values(name, shape, &tensor.as_vec());
    }

    pub(super) fn put_values(&mut self, name: &str, shape: Vec<usize>, values: &[f32]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.0.insert(name.into(), Array { shape, bytes });
    }

    /// Copies an array into a tensor.
    pub(super) fn get<S: Shape, D: Device<f32>>(
        &self,
        name: &str,
        into: &mut Tensor<S, f32, D>,
    ) -> Result<(), CheckpointError> {
        let array = self.0.get(name).ok_or_else(|| CheckpointError::Missing { name: name.into() })?;
        let expected: Vec<usize> = into.shape().concrete().into_iter().collect();
        if array.shape != expected {
            return Err(CheckpointError::Shape { name: name.into(), found: array.shape.clone(), expected });
        }
        into.copy_from(&floats(&array.bytes));
        Ok(())
    }

    /// The values of a one-dimensional array; nothing if there is none.
    pub(super) fn values(&self, name: &str) -> Vec<f32> {
        self.0.get(name).map(|array| floats(&array.bytes)).unwrap_or_default()
    }

    /// Of a state and all arrays with their names and shapes.
    fn sha256(&self, state: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(state);
        for (name, array) in &self.0 {
            hash.update(format!("\0{name} {:?}\0", array.shape));
            hash.update(&array.bytes);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// All tensors of a network, running statistics included, as `<prefix>/<tensor>`.
    pub(super) fn put_network<N: TensorCollection<f32, D>, D: Device<f32>>(
        &mut self,
        prefix: &str,
        network: &N,
    ) {
        let walk = N::iter_tensors(&mut RecursiveWalker {
            m: (network, String::new()),
            f: &mut Put { arrays: self, prefix },
        });
        // Nothing in there fails.
        debug_assert!(walk.is_ok());
    }

    /// What [`Arrays::put_network`] has left.
    pub(super) fn get_network<N: TensorCollection<f32, D>, D: Device<f32>>(
        &self,
        prefix: &str,
        network: &mut N,
    ) -> Result<(), CheckpointError> {
        N::iter_tensors(&mut RecursiveWalker {
            m: (network, String::new()),
            f: &mut Get { arrays: self, prefix },
        })
        .map(|_| ())
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}

struct Put<'a> {
    arrays: &'a mut Arrays,
    prefix: &'a str,
}

impl<D: Device<f32>> TensorVisitor<f32, D> for Put<'_> {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = std::convert::Infallible;
    type E2 = f32;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, D>,
        (tensor, name): (&Tensor<S, f32, D>, String),
    ) -> Result<Option<Tensor<S, f32, D>>, Self::Err> {
        self.arrays.put(&format!("{}/{name}", self.prefix), tensor);
        Ok(None)
    }
}

struct Get<'a> {
    arrays: &'a Arrays,
    prefix: &'a str,
}

impl<D: Device<f32>> TensorVisitor<f32, D> for Get<'_> {
    type Viewer = (ViewTensorMut, ViewTensorName);
    type Err = CheckpointError;
    type E2 = f32;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, D>,
        (tensor, name): (&mut Tensor<S, f32, D>, String),
    ) -> Result<Option<Tensor<S, f32, D>>, Self::Err> {
        self.arrays.get(&format!("{}/{name}", self.prefix), tensor)?;
        Ok(None)
    }
}

/// A run at one step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checkpoint {
    /// Weights, running statistics, moments.
    pub arrays: Arrays,
    /// Everything else: a JSON object.
    pub state: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: u32,
    sha256: String,
    /// As text: its checksum is not to depend on how a library orders keys.
    state: String,
}

impl Checkpoint {
    /// A number of the state.
    ///
    /// # Errors
    /// [`CheckpointError::State`] if it is missing, negative or no whole number.
    pub fn number(&self, name: &'static str) -> Result<u64, CheckpointError> {
        let value = &self.state[name];
        let error = || CheckpointError::State { name, found: shown(value), expected: "a whole number" };
        value.as_u64().ok_or_else(error)
    }

    /// A part of the state.
    ///
    /// # Errors
    /// [`CheckpointError::State`] if it is missing or something else.
    pub fn part<T: for<'a> Deserialize<'a>>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<T, CheckpointError> {
        let value = &self.state[name];
        T::deserialize(value).map_err(|_| CheckpointError::State { name, found: shown(value), expected })
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// The system's.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        files::replace(path, &self.to_bytes().map_err(io::Error::other)?)
    }

    /// What [`Checkpoint::save`] writes.
    ///
    /// # Errors
    /// Those of safetensors; none is known that a checkpoint can have.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SafeTensorError> {
        let state = self.state.to_string();
        let header = Header { format: FORMAT, sha256: self.arrays.sha256(&state), state };
        let header = serde_json::to_string(&header).map_err(SafeTensorError::JsonError)?;
        let mut views = Vec::with_capacity(self.arrays.0.len());
        for (name, array) in &self.arrays.0 {
            views.push((name.as_str(), TensorView::new(Dtype::F32, array.shape.clone(), &array.bytes)?));
        }
        safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), header)])))
    }

    /// Reads a file that [`Checkpoint::save`] has written.
    ///
    /// # Errors
    /// [`CheckpointError`], naming the file and what is wrong with it.
    pub fn load(file: &Path) -> Result<Self, CheckpointError> {
        let bytes =
            std::fs::read(file).map_err(|source| CheckpointError::Io { file: file.into(), source })?;
        Self::from_bytes(file, &bytes)
    }

    /// What [`Checkpoint::to_bytes`] has given; errors name `file` as where it is from.
    ///
    /// # Errors
    /// As [`Checkpoint::load`].
    pub fn from_bytes(file: &Path, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let damaged = |source| CheckpointError::Damaged { file: file.into(), source };
        let foreign = |why: String| CheckpointError::Foreign { file: file.into(), why };
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let header = metadata.metadata().as_ref().and_then(|map| map.get(KEY));
        let header = header.ok_or_else(|| foreign(format!("its header has no `{KEY}`")))?;
        let format = serde_json::from_str::<Value>(header).ok().and_then(|header| header["format"].as_u64());
        if format != Some(FORMAT.into()) {
            let found = format.map_or("missing".into(), |format| format.to_string());
            return Err(foreign(format!("its `format` is {found}, expected {FORMAT}")));
        }
        let header: Header = serde_json::from_str(header).map_err(|error| foreign(error.to_string()))?;
        let mut arrays = Arrays::default();
        for (name, view) in tensors.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(foreign(format!("its array `{name}` is of type {:?}", view.dtype())));
            }
            let array = Array { shape: view.shape().to_vec(), bytes: view.data().to_vec() };
            arrays.0.insert(name.into(), array);
        }
        if arrays.sha256(&header.state) != header.sha256 {
            return Err(CheckpointError::Checksum { file: file.into() });
        }
        let state = serde_json::from_str(&header.state).map_err(|error| foreign(error.to_string()))?;
        Ok(Self { arrays, state })
    }
}

fn shown(value: &Value) -> String {
    if value.is_null() { "missing".into() } else { value.to_string() }
}

#[cfg(test)]
#[path = "checkpoint_tests.rs"]
mod tests;
