//! A run of the sorting benchmark that can be interrupted.

use std::sync::Arc;

use super::benchmark::{Sorting, scores};
use super::scorer::Scorer;
use super::{EVALUATION_SETS, RankingLoss, Settings, picture};
use crate::data::{Digits, FourDigitSets, Split};
use crate::newton::Diagnostics;
use crate::parallel::{Collective, Share};
use crate::train::compare::Run;
use crate::train::session::{Inspect, Single, loss_error, only};
use crate::train::{Rule, Session, TrainError};

/// The run of the settings' one method on a device, at its beginning, on a loss that was built for it.
///
/// # Errors
/// [`TrainError`] for settings that train nothing, or of several methods.
pub fn session<'a, N: Scorer + 'a>(
    device: &'a N::Device,
    settings: &'a Settings,
    digits: &Digits,
    loss: Box<dyn RankingLoss<N::Device>>,
    rule: Rule,
) -> Result<Box<dyn Session + 'a>, TrainError> {
    settings.validate()?;
    let method = only(&settings.methods)?;
    let sets = |split| FourDigitSets::new(digits, split, settings.n, settings.seed);
    let benchmark = Sorting::<N> {
        settings,
        device,
        train: sets(Split::Train)?,
        valid: sets(Split::Valid)?,
        test: sets(Split::Test)?,
        share: Share::default(),
    };
    let run = Run::with_rule(method, loss, N::seeded(settings.seed, device)?, rule, settings.learning_rate);
    Ok(Box::new(Single { benchmark, run }))
}

impl<N: Scorer> Inspect for Sorting<'_, N> {
    fn inspect(
        &self,
        network: &N,
        loss: &Self::Criterion,
        split: Split,
    ) -> Result<(Vec<f32>, usize, Diagnostics), TrainError> {
        let sets = match split {
            Split::Train => &self.train,
            Split::Valid => &self.valid,
            Split::Test => &self.test,
        };
        let (scores, numbers) = scores(network, sets, 0, EVALUATION_SETS)?;
        let diagnostics = loss.diagnose(&scores, &numbers).map_err(loss_error)?;
        Ok((scores, self.settings.n, diagnostics))
    }

    fn network(&self) -> String {
        N::NAME.into()
    }

    fn set_share(&mut self, share: Share) -> Result<(), TrainError> {
        share.check(self.settings.batch)?;
        self.share = share;
        Ok(())
    }

    fn spread(loss: &mut Self::Criterion, ranks: Arc<dyn Collective>) -> Result<(), TrainError> {
        Ok(loss.set_ranks(ranks)?)
    }

    fn picture(&self, network: &N) -> Result<Vec<u8>, TrainError> {
        picture::picture(network, &self.test)
    }
}
