//! A run of the shortest-path benchmark that can be interrupted.

use std::sync::Arc;

use super::benchmark::ShortestPath;
use super::{CostLoss, CostNetwork, MethodSettings, Settings, predict};
use crate::data::Split;
use crate::data::warcraft::{CELLS, Warcraft};
use crate::newton::Diagnostics;
use crate::parallel::{Collective, Share};
use crate::train::compare::Run;
use crate::train::session::{Inspect, Single, loss_error, only};
use crate::train::{Rule, Session, TrainError};

/// The run of the settings' one method on a device, at its beginning, on a loss that was built for it: by
/// [`PathLoss::sized_at`](super::PathLoss::sized_at), if it is to be restored.
///
/// # Errors
/// [`TrainError`] for settings that train nothing, or of several methods.
pub fn session<'a, N: CostNetwork + 'a>(
    device: &'a N::Device,
    settings: &'a Settings,
    maps: &Warcraft,
    loss: Box<dyn CostLoss<N::Device>>,
    rule: Rule,
) -> Result<Box<dyn Session + 'a>, TrainError> {
    settings.validate()?;
    let MethodSettings { method, learning_rate, .. } = only(&settings.methods)?;
    let benchmark = ShortestPath::<N>::new(device, settings, maps)?;
    let run = Run::with_rule(method, loss, N::seeded(settings.seed, device)?, rule, learning_rate);
    Ok(Box::new(Single { benchmark, run }))
}

impl<N: CostNetwork> Inspect for ShortestPath<'_, N> {
    fn inspect(
        &self,
        network: &N,
        loss: &Self::Criterion,
        split: Split,
    ) -> Result<(Vec<f32>, usize, Diagnostics), TrainError> {
        let batch = predict::first(match split {
            Split::Train => &self.train,
            Split::Valid => &self.valid,
            Split::Test => &self.test,
        });
        let costs = predict::costs(network, &batch)?;
        let diagnostics = loss.diagnose(&costs, &batch.paths).map_err(loss_error)?;
        Ok((costs, CELLS, diagnostics))
    }

    fn network(&self) -> String {
        N::name()
    }

    fn set_share(&mut self, share: Share) -> Result<(), TrainError> {
        share.check(self.train.smallest())?;
        self.share = share;
        Ok(())
    }

    fn spread(loss: &mut Self::Criterion, ranks: Arc<dyn Collective>) -> Result<(), TrainError> {
        Ok(loss.set_ranks(ranks)?)
    }

    fn picture(&self, network: &N) -> Result<Vec<u8>, TrainError> {
        predict::picture(network, &self.test)
    }
}
