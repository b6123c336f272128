//! What a comparison is run with.

use super::SortingLoss;
use crate::newton::OnIndefinite;
use crate::train::{Method, TrainError, check};

/// Sets in a batch of validation and test, as in the literature.
pub const EVALUATION_SETS: usize = 100;

/// Whose lambda.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lambdas {
    /// The paper's: [`SortingLoss::lambda`].
    Paper,
    /// [`SortingLoss::lambda_of_short_runs`].
    ShortRuns,
}

/// Everything that decides the numbers of a run, except data and network.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The relaxation.
    pub loss: SortingLoss,
    /// Numbers in a set.
    pub n: usize,
    /// tau or beta.
    pub temperature: f64,
    /// What to compare, each once; all start from the same weights and see the same batches.
    pub methods: Vec<Method>,
    /// Tikhonov term of the Newton methods; `None`: that of `lambdas`, per method.
    pub lambda: Option<f64>,
    /// Where it comes from if it is not set.
    pub lambdas: Lambdas,
    /// What the Hessian method does with negative curvature.
    pub on_indefinite: OnIndefinite,
    /// Training steps.
    pub steps: u64,
    /// Sets in a training batch.
    pub batch: usize,
    /// Of weights and batches.
    pub seed: u64,
    /// Adam's; its other settings are torch's defaults.
    pub learning_rate: f64,
    /// Steps between validations. One is made after the last step in any case.
    pub validate_every: u64,
    /// Batches of [`EVALUATION_SETS`] in a validation: always the same ones.
    pub valid_batches: u64,
    /// Batches of [`EVALUATION_SETS`] in the final test.
    pub test_batches: u64,
}

impl Settings {
    /// The paper's: 100 000 steps on batches of 100 sets, Adam with 1e-3, tau or beta and lambda of its Table 4; one
    /// pass over the validation split every 1000 steps, one over the test split at the end.
    pub fn paper(loss: SortingLoss, n: usize) -> Self {
        Self {
            loss,
            n,
            temperature: loss.temperature(n),
            methods: Method::ALL.into(),
            lambda: None,
            lambdas: Lambdas::Paper,
            on_indefinite: OnIndefinite::Keep,
            steps: 100_000,
            batch: 100,
            seed: 0,
            learning_rate: 1e-3,
            validate_every: 1000,
            valid_batches: 50,
            test_batches: 100,
        }
    }

    /// The same losses in about a minute on two cores, with [`SmallCnn`](crate::models::SmallCnn). The averaged Hessian is indefinite early in
    /// training: its absolute value is taken, and sorting networks have a larger lambda. Both were measured: `benches/where_curvature_helps`.
    pub fn quick(loss: SortingLoss, n: usize) -> Self {
        Self {
            steps: 3000,
            batch: 20,
            validate_every: 300,
            valid_batches: 10,
            test_batches: 20,
            lambdas: Lambdas::ShortRuns,
            on_indefinite: OnIndefinite::Abs,
            ..Self::paper(loss, n)
        }
    }

    /// The lambda of a method: the one set, else that of [`Settings::lambdas`]. 0 for the baseline.
    pub fn lambda_of(&self, method: Method) -> f64 {
        match (method, self.lambda, self.lambdas) {
            (Method::Baseline, _, _) | (_, None, Lambdas::Paper) => self.loss.lambda(self.n, method),
            (_, Some(lambda), _) => lambda,
            (_, None, Lambdas::ShortRuns) => self.loss.lambda_of_short_runs(self.n, method),
        }
    }

    /// # Errors
    /// [`TrainError::Setting`] for what would train nothing, validate never or compare nothing. The loss has a look at
    /// its own part when it is built.
    pub fn validate(&self) -> Result<(), TrainError> {
        check::methods(&self.methods)?;
        check::at_least_one(&[
            ("steps", self.steps),
            ("batch", self.batch as u64),
            ("validate_every", self.validate_every),
            ("valid_batches", self.valid_batches),
            ("test_batches", self.test_batches),
        ])?;
        check::at_most("batch", self.batch as u64, 100_000, "at most 100 000 sets")?;
        check::positive("learning_rate", self.learning_rate)
    }
}
