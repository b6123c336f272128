//! JAX on the same card.

use crate::options::{Extent, Options};
use crate::shared::{Peer, argument, flag};
use anyhow::{Result, ensure};
use serde_json::Value;

/// The process, started again when it died.
pub struct Jax {
    peer: Option<Peer>,
    arguments: Vec<String>,
    whole: bool,
}

impl Jax {
    /// None with `--alone`. A smoke test has it on the CPU.
    pub fn new(options: &Options) -> Option<Self> {
        let mut arguments = vec!["--gpu".to_owned()];
        if options.extent == Extent::Smoke || flag("--peer-cpu") {
            arguments.push("--cpu".to_owned());
        }
        arguments.extend(argument("--kept").map(|folder| format!("--kept={folder}")));
        (!options.alone).then_some(Self { peer: None, arguments, whole: true })
    }

    pub fn ask(&mut self, request: &Value) -> Result<Value> {
        match self.try_to_ask(request) {
            // Programs that were kept whole may be what it died of.
            Err(_) if self.peer.is_none() && self.whole => {
                self.whole = false;
                self.arguments.push("--trace".to_owned());
                self.try_to_ask(request)
            }
            answer => answer,
        }
    }

    fn try_to_ask(&mut self, request: &Value) -> Result<Value> {
        let mut peer = match self.peer.take() {
            Some(peer) => peer,
            None => Peer::start_with("curvature", &self.arguments)?,
        };
        // One that does not answer is gone.
        let answer = peer.ask(request)?;
        self.peer = Some(peer);
        ensure!(answer["error"].is_null(), "JAX: {}", answer["error"]);
        Ok(answer)
    }
}
