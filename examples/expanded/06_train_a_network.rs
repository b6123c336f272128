// What the attributes in `../06_train_a_network.rs` generate. For reading: written by a test, and not compiled from here.

#[allow(dead_code)]
/// Minus the logarithm of the probability that the frames spell the first `len` letters of `word` (Graves et al., 2006).
/// Class 0 is blank; `E` = 2 `MAX` + 1.
fn ctc<const T: usize, const C: usize, const MAX: usize, const E: usize>(
    logits: &[[f32; C]; T],
    word: &[usize; MAX],
    len: &usize,
) -> f32 {
    let mut symbols = [0usize; E];
    for i in 0..*len {
        symbols[2 * i + 1] = word[i];
    }
    let mut alpha = [NEVER; E];
    alpha[0] = 0.0;
    for t in 0..T {
        let p = log_softmax(&logits[t]);
        let mut next = [NEVER; E];
        for s in 0..=2 * *len {
            let mut ways = alpha[s];
            if s >= 1 {
                ways = logaddexp(ways, alpha[s - 1]);
            }
            if s >= 2 && symbols[s] != 0 && symbols[s] != symbols[s - 2] {
                ways = logaddexp(ways, alpha[s - 2]);
            }
            next[s] = ways + p[symbols[s]];
        }
        alpha = next;
    }
    -logaddexp(alpha[2 * *len], alpha[2 * *len - 1])
}
/// The loss [`ctc`] with value, gradient, Hessian and Newton step.
///
/// Minus the logarithm of the probability that the frames spell the first `len` letters of `word` (Graves et al., 2006).
/// Class 0 is blank; `E` = 2 `MAX` + 1.
#[derive(Debug, Clone, PartialEq)]
struct Ctc<const T: usize, const C: usize, const MAX: usize, const E: usize> {
    newton: ::newton_losses::newton::Newton,
}
#[allow(dead_code)]
impl<
    const T: usize,
    const C: usize,
    const MAX: usize,
    const E: usize,
> Ctc<T, C, MAX, E> {
    /// The loss with the attribute's settings.
    #[allow(clippy::new_without_default)]
    fn new() -> Self {
        let newton = ::newton_losses::newton::Newton {
            curvature: ::newton_losses::newton::Curvature::Fisher,
            lambda: 0.01,
            average: ::newton_losses::newton::Average::Batch,
            on_indefinite: ::newton_losses::newton::OnIndefinite::Keep,
        };
        Self { newton }
    }
    /// How many numbers a prediction has.
    fn dim(&self) -> usize {
        T * C
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
    const T: usize,
    const C: usize,
    const MAX: usize,
    const E: usize,
> ::newton_losses::kernel::Kernel for Ctc<T, C, MAX, E> {
    type Label<TType: ::newton_losses::scalar::Float> = ([usize; MAX], usize);
    const NAME: &'static str = "ctc";
    const DIM: usize = T * C;
    fn newton(&self) -> ::newton_losses::newton::Newton {
        self.newton
    }
    fn parameters(&self) -> impl ::core::iter::Iterator<Item = (&'static str, f64)> {
        use ::core::iter::{IntoIterator as _, Iterator as _};
        [].into_iter()
    }
    fn size(&self) -> usize {
        E + E + C + E + T * C + E + C + E + E
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
            log_softmax, log_softmax_reverse, logaddexp, logaddexp_d, logaddexp_d2,
        };
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let logits: &[[S; C]; T] = S::view_as(logits);
        let logits_: &mut [[S; C]; T] = S::view_as_mut(logits_);
        let word: &[P::Index; MAX] = lanes::view(integers);
        let len = integers[MAX];
        let mut symbols = [P::int(0); E];
        for i in 0..len.highest(P::mask(true)) as usize {
            let within = P::int(i as i32).is_lt(len);
            {
                let mask = within;
                if mask.any() {
                    symbols[lanes::at::<P>(2 * i + 1, E, mask)] = P::pick(
                        mask,
                        word[lanes::at::<P>(i, MAX, mask)],
                        symbols[lanes::at::<P>(2 * i + 1, E, mask)],
                    );
                }
            }
            across_lanes();
        }
        let mut alpha = [lanes::number::<S, _>(NEVER); E];
        alpha[0] = S::zero();
        for t in 0..T {
            let p = log_softmax(&logits[t]);
            let mut next = [lanes::number::<S, _>(NEVER); E];
            for s in 0..((P::int(2) * len) + P::int(1)).highest(P::mask(true)) as usize {
                let within_value = P::int(s as i32).is_lt((P::int(2) * len) + P::int(1));
                {
                    let mask = within_value;
                    if mask.any() {
                        let mut ways = alpha[lanes::at::<P>(s, E, mask)];
                        if s >= 1 {
                            tape.push(ways);
                            ways = logaddexp(
                                ways,
                                alpha[lanes::at::<P>(s - 1, E, mask)],
                            );
                        }
                        let mut both = P::mask(false);
                        if s >= 2 {
                            both = symbols[lanes::at::<P>(s, E, mask)].is_ne(P::int(0));
                        }
                        let mut both2 = P::mask(false);
                        let first = both;
                        {
                            let mask = mask & first;
                            if mask.any() {
                                both2 = P::pick_mask(
                                    mask,
                                    symbols[lanes::at::<P>(s, E, mask)]
                                        .is_ne(symbols[lanes::at::<P>(s - 2, E, mask)]),
                                    both2,
                                );
                            }
                        }
                        let cond = both2;
                        {
                            let mask = mask & cond;
                            if mask.any() {
                                tape.push(ways);
                                ways = S::select(
                                    mask,
                                    logaddexp(ways, alpha[lanes::at::<P>(s - 2, E, mask)]),
                                    ways,
                                );
                            }
                        }
                        next[lanes::at::<P>(s, E, mask)] = S::select(
                            mask,
                            ways
                                + S::gather(
                                    &p[..],
                                    symbols[lanes::at::<P>(s, E, mask)].within(C, mask),
                                ),
                            next[lanes::at::<P>(s, E, mask)],
                        );
                        tape.push_discrete(cond);
                    }
                }
                across_lanes();
            }
            tape.push_all(&alpha);
            alpha = next;
            tape.push_all(&p);
            across_lanes();
        }
        let logaddexp_value = logaddexp(
            S::gather(&alpha[..], (P::int(2) * len).within(E, P::mask(true))),
            S::gather(
                &alpha[..],
                ((P::int(2) * len) - P::int(1)).within(E, P::mask(true)),
            ),
        );
        let value = -logaddexp_value;
        let mut alpha_ = [S::zero(); E];
        let logaddexp_value_ = P::lit(-1.0);
        {
            let (value, index) = (
                logaddexp_d2(
                    S::gather(&alpha[..], (P::int(2) * len).within(E, P::mask(true))),
                    S::gather(
                        &alpha[..],
                        ((P::int(2) * len) - P::int(1)).within(E, P::mask(true)),
                    ),
                ) * logaddexp_value_,
                ((P::int(2) * len) - P::int(1)).within(E, P::mask(true)),
            );
            value.scatter_add(&mut alpha_[..], index, P::mask(true));
        }
        {
            let (value, index) = (
                logaddexp_d(
                    S::gather(&alpha[..], (P::int(2) * len).within(E, P::mask(true))),
                    S::gather(
                        &alpha[..],
                        ((P::int(2) * len) - P::int(1)).within(E, P::mask(true)),
                    ),
                ) * logaddexp_value_,
                (P::int(2) * len).within(E, P::mask(true)),
            );
            value.scatter_add(&mut alpha_[..], index, P::mask(true));
        }
        for t in (0..T).rev() {
            let mut p = [S::zero(); C];
            tape.pop_all(&mut p);
            let mut p_ = [S::zero(); C];
            let mut next_ = alpha_;
            alpha_ = [S::zero(); E];
            tape.pop_all(&mut alpha);
            for s in (0..((P::int(2) * len) + P::int(1)).highest(P::mask(true)) as usize)
                .rev()
            {
                let within_value = P::int(s as i32).is_lt((P::int(2) * len) + P::int(1));
                {
                    let mask = within_value;
                    if mask.any() {
                        let cond: P::Mask = tape.pop_discrete();
                        let mut ways = S::zero();
                        let next_new_ = next_[lanes::at::<P>(s, E, mask)];
                        next_[lanes::at::<P>(s, E, mask)] = S::select(
                            mask,
                            S::zero(),
                            next_[lanes::at::<P>(s, E, mask)],
                        );
                        let mut ways_ = next_new_;
                        {
                            let (value, index) = (
                                next_new_,
                                symbols[lanes::at::<P>(s, E, mask)].within(C, mask),
                            );
                            value.scatter_add(&mut p_[..], index, mask);
                        }
                        {
                            let mask = mask & cond;
                            if mask.any() {
                                let ways_new_ = ways_;
                                ways_ = S::select(mask, S::zero(), ways_);
                                ways = tape.pop();
                                alpha_[lanes::at::<P>(s - 2, E, mask)]
                                    += S::select(
                                        mask,
                                        ways_new_
                                            * logaddexp_d2(ways, alpha[lanes::at::<P>(s - 2, E, mask)]),
                                        S::zero(),
                                    );
                                ways_
                                    += S::select(
                                        mask,
                                        ways_new_
                                            * logaddexp_d(ways, alpha[lanes::at::<P>(s - 2, E, mask)]),
                                        S::zero(),
                                    );
                            }
                        }
                        if s >= 1 {
                            let ways_new_ = ways_;
                            ways_ = S::zero();
                            ways = tape.pop();
                            alpha_[lanes::at::<P>(s - 1, E, mask)]
                                += S::select(
                                    mask,
                                    ways_new_
                                        * logaddexp_d2(ways, alpha[lanes::at::<P>(s - 1, E, mask)]),
                                    S::zero(),
                                );
                            ways_
                                .add_product(
                                    ways_new_,
                                    logaddexp_d(ways, alpha[lanes::at::<P>(s - 1, E, mask)]),
                                );
                        }
                        alpha_[lanes::at::<P>(s, E, mask)]
                            += S::select(mask, ways_, S::zero());
                    }
                }
                across_lanes();
            }
            log_softmax_reverse(&p, &p_, &mut logits_[t]);
            across_lanes();
        }
        alpha_[0] = S::zero();
        value
    }
}
