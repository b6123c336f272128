// What the attributes in `../05_dynamic_program.rs` generate. For reading: written by a test, and not compiled from here.

#[allow(dead_code)]
/// Expected number of edits that turn predicted letters into the first `len` letters of `word`, with a smooth minimum.
/// `P` is one more than the longest word.
fn edits<const N: usize, const LETTERS: usize, const MAX: usize, const P: usize>(
    logits: &[[f32; LETTERS]; N],
    word: &[u8; MAX],
    len: &usize,
    temperature: f32,
) -> f32 {
    let mut row: [f32; P] = std::array::from_fn(|j| j as f32);
    for letter in logits {
        let p = softmax(letter);
        let mut diagonal = row[0];
        row[0] += 1.0;
        for j in 1..=*len {
            let wanted = word[j - 1] as usize;
            let ways = [diagonal + 1.0 - p[wanted], row[j - 1] + 1.0, row[j] + 1.0];
            diagonal = row[j];
            row[j] = smooth_min(&ways, temperature);
        }
    }
    row[*len]
}
/// The loss [`edits`] with value, gradient, Hessian and Newton step.
///
/// Expected number of edits that turn predicted letters into the first `len` letters of `word`, with a smooth minimum.
/// `P` is one more than the longest word.
#[derive(Debug, Clone, PartialEq)]
struct Edits<const N: usize, const LETTERS: usize, const MAX: usize, const P: usize> {
    newton: ::newton_losses::newton::Newton,
    temperature: f64,
}
#[allow(dead_code)]
impl<
    const N: usize,
    const LETTERS: usize,
    const MAX: usize,
    const P: usize,
> Edits<N, LETTERS, MAX, P> {
    /// The loss with its hyper-parameters (`temperature`) and the attribute's settings.
    #[allow(clippy::new_without_default)]
    fn new(temperature: impl ::core::convert::Into<f64>) -> Self {
        let newton = ::newton_losses::newton::Newton {
            curvature: ::newton_losses::newton::Curvature::Hessian,
            lambda: 0.1,
            average: ::newton_losses::newton::Average::Batch,
            on_indefinite: ::newton_losses::newton::OnIndefinite::Abs,
        };
        Self {
            newton,
            temperature: ::core::convert::Into::into(temperature),
        }
    }
    /// How many numbers a prediction has.
    fn dim(&self) -> usize {
        N * LETTERS
    }
    /// The same loss with another curvature.
    #[must_use]
    fn curvature(mut self, curvature: ::newton_losses::newton::Curvature) -> Self {
        self.newton.curvature = curvature;
        self
    }
    /// The same loss with another Tikhonov term.
    #[must_use]
    fn lambda(mut self, lambda: f64) -> Self {
        self.newton.lambda = lambda;
        self
    }
    /// The same loss with its curvature averaged over the batch, or one per sample.
    #[must_use]
    fn average(mut self, average: ::newton_losses::newton::Average) -> Self {
        self.newton.average = average;
        self
    }
    /// The same loss with another policy for negative curvature.
    #[must_use]
    fn on_indefinite(mut self, policy: ::newton_losses::newton::OnIndefinite) -> Self {
        self.newton.on_indefinite = policy;
        self
    }
}
#[allow(unused, clippy::all)]
impl<
    const N: usize,
    const LETTERS: usize,
    const MAX: usize,
    const P: usize,
> ::newton_losses::kernel::Kernel for Edits<N, LETTERS, MAX, P> {
    type Label<T: ::newton_losses::scalar::Float> = ([u8; MAX], usize);
    const NAME: &'static str = "edits";
    const DIM: usize = N * LETTERS;
    fn newton(&self) -> ::newton_losses::newton::Newton {
        self.newton
    }
    fn parameters(&self) -> impl ::core::iter::Iterator<Item = (&'static str, f64)> {
        use ::core::iter::{IntoIterator as _, Iterator as _};
        [("temperature", self.temperature)].into_iter()
    }
    fn size(&self) -> usize {
        P + LETTERS + 3 + N * LETTERS + P + LETTERS + 3
    }
    #[inline(always)]
    fn value_and_gradient<S, PType>(
        &self,
        logits: &[S],
        label: &[PType],
        integers: &[PType::Index],
        logits_: &mut [S],
        tape: &mut ::newton_losses::scalar::Tape<S>,
    ) -> S
    where
        S: ::newton_losses::scalar::Scalar<Passive = PType>,
        PType: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::builtins::{
            smooth_min, smooth_min_reverse, softmax, softmax_reverse,
        };
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let logits: &[[S; LETTERS]; N] = S::view_as(logits);
        let logits_: &mut [[S; LETTERS]; N] = S::view_as_mut(logits_);
        let word: &[PType::Index; MAX] = lanes::view(integers);
        let len = integers[MAX];
        let temperature = PType::lit(self.temperature);
        let mut row = [S::zero(); P];
        for i in 0..P {
            row[i] = S::constant(PType::lit(i as f64));
            across_lanes();
        }
        for i in 0..N {
            let p = softmax(&logits[i]);
            let mut diagonal = row[0];
            row[0] += PType::one();
            for j in 1..(len + PType::int(1)).highest(PType::mask(true)) as usize {
                let within = PType::int(j as i32).is_lt(len + PType::int(1));
                {
                    let mask = within;
                    if mask.any() {
                        let wanted = word[lanes::at::<PType>(j - 1, MAX, mask)];
                        let ways = [
                            diagonal + PType::one()
                                - S::gather(&p[..], wanted.within(LETTERS, mask)),
                            row[lanes::at::<PType>(j - 1, P, mask)] + PType::one(),
                            row[lanes::at::<PType>(j, P, mask)] + PType::one(),
                        ];
                        diagonal = S::select(
                            mask,
                            row[lanes::at::<PType>(j, P, mask)],
                            diagonal,
                        );
                        let smooth_min_value = smooth_min(&ways, temperature);
                        row[lanes::at::<PType>(j, P, mask)] = S::select(
                            mask,
                            smooth_min_value,
                            row[lanes::at::<PType>(j, P, mask)],
                        );
                        tape.push_all(&ways);
                    }
                }
                across_lanes();
            }
            tape.push_all(&p);
            across_lanes();
        }
        let value = S::gather(&row[..], len.within(P, PType::mask(true)));
        let mut row_ = [S::zero(); P];
        {
            let (value, index) = (S::one(), len.within(P, PType::mask(true)));
            value.scatter_add(&mut row_[..], index, PType::mask(true));
        }
        for i in (0..N).rev() {
            let mut p = [S::zero(); LETTERS];
            tape.pop_all(&mut p);
            let mut p_ = [S::zero(); LETTERS];
            let mut diagonal_ = S::zero();
            for j in (1..(len + PType::int(1)).highest(PType::mask(true)) as usize).rev()
            {
                let within = PType::int(j as i32).is_lt(len + PType::int(1));
                {
                    let mask = within;
                    if mask.any() {
                        let mut ways = [S::zero(); 3];
                        tape.pop_all(&mut ways);
                        let wanted = word[lanes::at::<PType>(j - 1, MAX, mask)];
                        let mut ways_ = [S::zero(); 3];
                        let row_new_ = row_[lanes::at::<PType>(j, P, mask)];
                        row_[lanes::at::<PType>(j, P, mask)] = S::select(
                            mask,
                            S::zero(),
                            row_[lanes::at::<PType>(j, P, mask)],
                        );
                        let smooth_min_value_ = row_new_;
                        smooth_min_reverse(
                            &ways,
                            temperature,
                            smooth_min_value_,
                            &mut ways_,
                        );
                        let diagonal_new_ = diagonal_;
                        diagonal_ = S::select(mask, S::zero(), diagonal_);
                        row_[lanes::at::<PType>(j, P, mask)]
                            += S::select(mask, diagonal_new_, S::zero());
                        diagonal_ += S::select(mask, ways_[0], S::zero());
                        {
                            let (value, index) = (
                                -ways_[0],
                                wanted.within(LETTERS, mask),
                            );
                            value.scatter_add(&mut p_[..], index, mask);
                        }
                        row_[lanes::at::<PType>(j - 1, P, mask)]
                            += S::select(mask, ways_[1], S::zero());
                        row_[lanes::at::<PType>(j, P, mask)]
                            += S::select(mask, ways_[2], S::zero());
                    }
                }
                across_lanes();
            }
            row_[0] += diagonal_;
            softmax_reverse(&p, &p_, &mut logits_[i]);
            across_lanes();
        }
        for i in (0..P).rev() {
            row_[i] = S::zero();
            across_lanes();
        }
        value
    }
}
