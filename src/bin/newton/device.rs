//! Where a run is trained: `--device`.
//!
//! It is no key of the configuration: the same run on another device differs in the last bits only, and counts as the same.

use std::fmt;
use std::str::FromStr;

/// A device by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Device {
    #[default]
    Cpu,
    /// Which GPU, from 0.
    Cuda(usize),
}

impl FromStr for Device {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name.split_once(':') {
            None if name == "cpu" => Ok(Self::Cpu),
            None if name == "cuda" => Ok(Self::Cuda(0)),
            Some(("cuda", number)) => match number.parse() {
                Ok(ordinal) => Ok(Self::Cuda(ordinal)),
                Err(_) => Err(format!("`{number}` is no GPU's number")),
            },
            _ => Err("expected cpu, cuda, cuda:1, ...".into()),
        }
    }
}

impl Device {
    /// With the name that a GPU has.
    pub fn described(self) -> String {
        #[cfg(feature = "cuda")]
        if let Self::Cuda(ordinal) = self
            && let Ok(name) = newton_losses::cuda::Gpu::open(ordinal).and_then(|gpu| gpu.name())
        {
            return format!("{self}, {name}");
        }
        self.to_string()
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(ordinal) => write!(f, "cuda:{ordinal}"),
        }
    }
}

/// Calls a function that is generic in the device with the one that is named; without CUDA in the build, a GPU is an error.
macro_rules! on {
    ($device:expr, $seed:expr, |$name:ident| $call:expr) => {
        match $device {
            $crate::device::Device::Cpu => {
                let $name = &::dfdx::prelude::Cpu::default();
                $call
            }
            #[cfg(feature = "cuda")]
            $crate::device::Device::Cuda(ordinal) => {
                let $name = &::newton_losses::graph::cuda_device(ordinal, $seed)?;
                $call
            }
            #[cfg(not(feature = "cuda"))]
            $crate::device::Device::Cuda(_) => {
                let _ = $seed;
                Err(::newton_losses::cuda::CudaError::NotBuilt.into())
            }
        }
    };
}
pub(crate) use on;

#[cfg(test)]
mod tests {
    use super::Device;

    #[test]
    fn names() {
        for (name, device) in [("cpu", Device::Cpu), ("cuda", Device::Cuda(0)), ("cuda:3", Device::Cuda(3))] {
            assert_eq!(name.parse(), Ok(device));
            assert_eq!(device.to_string().parse(), Ok(device));
        }
        for wrong in ["gpu", "cuda:", "cuda:x", "cpu:0", ""] {
            assert!(wrong.parse::<Device>().is_err(), "{wrong}");
        }
    }
}
