// What the attributes in `../02_labels_and_shapes.rs` generate. For reading: written by a test, and not compiled from here.

#[allow(dead_code)]
/// Words are tagged one by one, and mistakes cost what a table says: the expected cost over the first `len` words of a
/// sentence, words that were annotated by hand counting `trust` times.
fn expected_cost<const WORDS: usize, const TAGS: usize>(
    logits: &[[f32; TAGS]; WORDS],
    tags: &[usize; WORDS],
    by_hand: &[bool; WORDS],
    len: &usize,
    cost: &[[f32; TAGS]; TAGS],
    trust: f32,
) -> f32 {
    let mut total = 0.0;
    let mut weights = 0.0;
    for w in 0..*len {
        let p = softmax(&logits[w]);
        let weight = if by_hand[w] { trust } else { 1.0 };
        total += weight * dot(&p, &cost[tags[w]]);
        weights += weight;
    }
    total / weights
}
/// The loss [`expected_cost`] with value, gradient, Hessian and Newton step.
///
/// Words are tagged one by one, and mistakes cost what a table says: the expected cost over the first `len` words of a
/// sentence, words that were annotated by hand counting `trust` times.
#[derive(Debug, Clone, PartialEq)]
struct ExpectedCost<const WORDS: usize, const TAGS: usize> {
    newton: ::newton_losses::newton::Newton,
    cost: [[f64; TAGS]; TAGS],
    trust: f64,
}
#[allow(dead_code)]
impl<const WORDS: usize, const TAGS: usize> ExpectedCost<WORDS, TAGS> {
    /// The loss with its hyper-parameters (`cost`, `trust`) and the attribute's settings.
    #[allow(clippy::new_without_default)]
    fn new(
        cost: [[impl ::core::convert::Into<f64>; TAGS]; TAGS],
        trust: impl ::core::convert::Into<f64>,
    ) -> Self {
        let newton = ::newton_losses::newton::Newton {
            curvature: ::newton_losses::newton::Curvature::Hessian,
            lambda: 0.1,
            average: ::newton_losses::newton::Average::Batch,
            on_indefinite: ::newton_losses::newton::OnIndefinite::Abs,
        };
        Self {
            newton,
            cost: cost.map(|row| row.map(::core::convert::Into::into)),
            trust: ::core::convert::Into::into(trust),
        }
    }
    /// How many numbers a prediction has.
    fn dim(&self) -> usize {
        WORDS * TAGS
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
impl<const WORDS: usize, const TAGS: usize> ::newton_losses::kernel::Kernel
for ExpectedCost<WORDS, TAGS> {
    type Label<T: ::newton_losses::scalar::Float> = (
        [usize; WORDS],
        [bool; WORDS],
        usize,
    );
    const NAME: &'static str = "expected_cost";
    const DIM: usize = WORDS * TAGS;
    fn newton(&self) -> ::newton_losses::newton::Newton {
        self.newton
    }
    fn parameters(&self) -> impl ::core::iter::Iterator<Item = (&'static str, f64)> {
        use ::core::iter::{IntoIterator as _, Iterator as _};
        [("trust", self.trust)]
            .into_iter()
            .chain(self.cost.as_flattened().iter().map(|x| ("cost", *x)))
    }
    fn size(&self) -> usize {
        TAGS + WORDS * TAGS + TAGS
    }
    #[inline(always)]
    fn value_and_gradient<S, P>(
        &self,
        logits: &[S],
        label: &[P],
        integers: &[P::Index],
        logits_: &mut [S],
        tape: &mut ::newton_losses::scalar::Tape<S>,
    ) -> S
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::builtins::{
            dot, dot_reverse_first, softmax, softmax_reverse,
        };
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let logits: &[[S; TAGS]; WORDS] = S::view_as(logits);
        let logits_: &mut [[S; TAGS]; WORDS] = S::view_as_mut(logits_);
        let tags: &[P::Index; WORDS] = lanes::view(integers);
        let by_hand = lanes::masks::<P, _>(&integers[WORDS..], [P::mask(false); WORDS]);
        let len = integers[WORDS + WORDS];
        let cost = &self.cost;
        let trust = P::lit(self.trust);
        let mut total = S::zero();
        let mut weights = P::zero();
        for w in 0..len.highest(P::mask(true)) as usize {
            let within = P::int(w as i32).is_lt(len);
            {
                let mask = within;
                if mask.any() {
                    let p = softmax(&logits[lanes::at::<P>(w, WORDS, mask)]);
                    let mut weight = P::zero();
                    {
                        let mask = mask & by_hand[lanes::at::<P>(w, WORDS, mask)];
                        weight = P::select(mask, trust, weight);
                    }
                    {
                        let mask = mask & !by_hand[lanes::at::<P>(w, WORDS, mask)];
                        weight = P::select(mask, P::one(), weight);
                    }
                    let dot_value = dot(
                        &p,
                        &lanes::table_row::<
                            P,
                            _,
                        >(
                            &cost[..],
                            tags[lanes::at::<P>(w, WORDS, mask)].within(TAGS, mask),
                        ),
                    );
                    total += S::select(mask, dot_value * weight, S::zero());
                    weights += P::select(mask, weight, P::zero());
                    tape.push_all(&p);
                    tape.push_passive(weight);
                }
            }
            across_lanes();
        }
        let value = total / weights;
        let total_ = P::one() / weights;
        for w in (0..len.highest(P::mask(true)) as usize).rev() {
            let within = P::int(w as i32).is_lt(len);
            {
                let mask = within;
                if mask.any() {
                    let mut weight = tape.pop_passive();
                    let mut p = [S::zero(); TAGS];
                    tape.pop_all(&mut p);
                    let mut p_ = [S::zero(); TAGS];
                    let dot_value_ = total_ * weight;
                    dot_reverse_first(
                        &lanes::table_row::<
                            P,
                            _,
                        >(
                            &cost[..],
                            tags[lanes::at::<P>(w, WORDS, mask)].within(TAGS, mask),
                        ),
                        S::constant(dot_value_),
                        &mut p_,
                    );
                    {
                        let mut part = [S::zero(); TAGS];
                        softmax_reverse(&p, &p_, &mut part);
                        lanes::add_all_where::<
                            S,
                            _,
                        >(mask, &mut logits_[lanes::at::<P>(w, WORDS, mask)], &part);
                    }
                }
            }
            across_lanes();
        }
        value
    }
}
