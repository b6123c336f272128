// Builtins of numbers. Formulas and what happens at kinks are those of the CPU's builtins; each is a rule of its own where numerics or
// PyTorch's semantics ask for it.

namespace nl {

// Weight of `a` in the derivative of max(a, b): 1, 0, or one half where they are equal.
template <class P>
NL_FN P larger(P a, P b) {
    return a > b ? P(1) : b > a ? P(0) : P(0.5);
}
template <class S>
NL_FN Passive<S> max_d(S a, S b) {
    return larger(value(a), value(b));
}
template <class S>
NL_FN Passive<S> min_d(S a, S b) {
    return larger(value(b), value(a));
}
template <class S>
NL_FN Passive<S> abs_d(S x) {
    return sign(value(x));
}

// 1 / y for y > 0; 0 and constant at 0, which makes a length's derivative at the origin 0.
template <class S>
NL_FN S inverse(S y) {
    using P = Passive<S>;
    const P v = value(y), r = v > P(0) ? recip(v) : P(0);
    return chain(y, r, -r * r);
}
template <class S>
NL_FN S atan2_d(S y, S x) {
    const S r = inverse(hypot(y, x));
    return x * r * r;
}
template <class S>
NL_FN S atan2_d2(S y, S x) {
    return -atan2_d(x, y);
}
template <class S>
NL_FN S hypot_d(S a, S b) {
    return a * inverse(hypot(a, b));
}
template <class S>
NL_FN S hypot_d2(S a, S b) {
    return hypot_d(b, a);
}
template <class S>
NL_FN S pow_d(S x, S p) {
    return pow(x, p - Passive<S>(1)) * p;
}
// x^p ln x, 0 at x = 0.
template <class S>
NL_FN S pow_d2(S x, S p) {
    using P = Passive<S>;
    const P v = value(x), n = value(p), log = ln(v), f = powf(v, n) * log;
    const P dx = powf(v, n - P(1)) * (n * log + P(1));
    const bool some = abs(v) > P(0);
    return chain2(x, p, some ? f : P(0), some ? dx : P(0), some ? f * log : P(0));
}

template <class S>
NL_FN S sigmoid(S x) {
    using P = Passive<S>;
    const P p = recip(exp(-value(x)) + P(1));
    return chain(x, p, p * (P(1) - p));
}
// From its value.
template <class S>
NL_FN S sigmoid_d(S p) {
    return p * (S(1) - p);
}
template <class S>
NL_FN S logistic_cdf(S x) {
    return sigmoid(x);
}
template <class S>
NL_FN S logistic_cdf_d(S p) {
    return sigmoid_d(p);
}

template <class S>
NL_FN S softplus(S x) {
    using P = Passive<S>;
    const P v = value(x);
    return chain(x, max(v, P(0)) + ln_1p(exp(-abs(v))), sigmoid(v));
}
template <class S>
NL_FN S softplus_d(S x) {
    return sigmoid(x);
}
template <class S>
NL_FN S log_sigmoid(S x) {
    return -softplus(-x);
}
template <class S>
NL_FN S log_sigmoid_d(S x) {
    return sigmoid(-x);
}
template <class S>
NL_FN Passive<S> relu_d(S x) {
    using P = Passive<S>;
    return value(x) > P(0) ? P(1) : P(0);
}
template <class S>
NL_FN S relu(S x) {
    using P = Passive<S>;
    const P v = value(x);
    return chain(x, max(v, P(0)), relu_d(v));
}
template <class S>
NL_FN S huber_d(S x, Passive<S> delta) {
    using P = Passive<S>;
    const P v = value(x);
    return chain(x, min(max(v, -delta), delta), abs(v) > delta ? P(0) : P(1));
}
template <class S>
NL_FN S huber(S x, Passive<S> delta) {
    using P = Passive<S>;
    const P v = value(x);
    return chain(x, abs(v) > delta ? delta * (abs(v) - delta * P(0.5)) : v * v * P(0.5), huber_d(v, delta));
}

// What two numbers contribute to the sum of their exponentials; `smaller`: the smaller one in units of the larger.
template <class P>
struct Shares {
    P smaller, of_a, of_b;
    NL_FN Shares(P a, P b) {
        // Equal numbers differ by 0 whether or not they are finite.
        const P gap = a == b ? P(0) : a - b;
        smaller = exp(-abs(gap));
        const P large = recip(smaller + P(1)), small = smaller * large;
        of_a = P(0) > gap ? small : large;
        of_b = P(0) > gap ? large : small;
    }
};
template <class S>
NL_FN S logaddexp(S a, S b) {
    using P = Passive<S>;
    const Shares<P> shares(value(a), value(b));
    return chain2(a, b, max(value(a), value(b)) + ln_1p(shares.smaller), shares.of_a, shares.of_b);
}
template <class S>
NL_FN S logaddexp_d(S a, S b) {
    using P = Passive<S>;
    const Shares<P> shares(value(a), value(b));
    const P slope = shares.of_a * shares.of_b;
    return chain2(a, b, shares.of_a, slope, -slope);
}
template <class S>
NL_FN S logaddexp_d2(S a, S b) {
    return logaddexp_d(b, a);
}

template <class S>
NL_FN S cauchy_cdf_d(S x) {
    using P = Passive<S>;
    const P v = value(x), r = recip(v * v + P(1)), d = r * P(0.3183098861837907);
    return chain(x, d, d * r * v * P(-2));
}
template <class S>
NL_FN S cauchy_cdf(S x) {
    using P = Passive<S>;
    const P v = value(x);
    return chain(x, atan(v) * P(0.3183098861837907) + P(0.5), cauchy_cdf_d(v));
}
template <class S>
NL_FN S erf_d(S x) {
    using P = Passive<S>;
    const P v = value(x), d = exp(-v * v) * P(1.1283791670955126);
    return chain(x, d, d * v * P(-2));
}
template <class S>
NL_FN S erf(S x) {
    const Passive<S> v = value(x);
    return chain(x, erf_of(v), erf_d(v));
}
template <class S>
NL_FN S normal_cdf_d(S x) {
    using P = Passive<S>;
    const P v = value(x), d = exp(v * v * P(-0.5)) * P(0.3989422804014327);
    return chain(x, d, -d * v);
}
template <class S>
NL_FN S normal_cdf(S x) {
    using P = Passive<S>;
    const P v = value(x);
    return chain(x, erf_of(v * P(0.7071067811865476)) * P(0.5) + P(0.5), normal_cdf_d(v));
}
template <class S>
NL_FN S reciprocal_cdf_d(S x) {
    using P = Passive<S>;
    const P v = value(x), r = recip(abs(v) + P(2)), d = r * r;
    return chain(x, d, d * r * sign(v) * P(-2));
}
template <class S>
NL_FN S reciprocal_cdf(S x) {
    using P = Passive<S>;
    const P v = value(x);
    return chain(x, v / (abs(v) + P(2)) * P(0.5) + P(0.5), reciprocal_cdf_d(v));
}
// 1e-10 guards the division in the tails.
template <class S>
NL_FN S optimal_cdf_d(S x) {
    using P = Passive<S>;
    const P v = value(x), r = recip(abs(v) + P(1e-10)), tail = r * r * P(1.0 / 16.0);
    const bool far = abs(v) > P(0.25);
    return chain(x, far ? tail : P(1), far ? tail * r * sign(v) * P(-2) : P(0));
}
template <class S>
NL_FN S optimal_cdf(S x) {
    using P = Passive<S>;
    const P v = value(x), tail = P(1) - recip((abs(v) + P(1e-10)) * P(16));
    const P upper = abs(v) > P(0.25) ? tail : abs(v) + P(0.5);
    return chain(x, P(0) > v ? P(1) - upper : upper, optimal_cdf_d(v));
}

// PyTorch's binary cross-entropy: the value clamps logarithms at -100, the derivatives are its own formulas.
template <class P>
NL_FN P binary_cross_entropy_slope(P p, P q) {
    return (p - q) / max(p * (P(1) - p), P(1e-12));
}
template <class S>
NL_FN S binary_cross_entropy(S p, Passive<S> q) {
    using P = Passive<S>;
    const P v = value(p), floor = P(-100);
    const P f = -(q * max(ln(v), floor)) - (P(1) - q) * max(ln_1p(-v), floor);
    return chain(p, f, binary_cross_entropy_slope(v, q));
}
template <class S>
NL_FN S binary_cross_entropy_d(S p, Passive<S> q) {
    using P = Passive<S>;
    const P v = value(p), a = v + P(1e-12), b = P(1) - v + P(1e-12);
    return chain(p, binary_cross_entropy_slope(v, q), (v * v - (v + v) * q + q) / ((a * a) * (b * b)));
}

}  // namespace nl
