// What `relax(..)` makes of `min`, `max`, `argmin`, `argmax` and of reads at such an index.
//
// All are shift invariant, and written so that large differences do no harm: exponentials are of values alone; tangents take part in sums
// and products only.

namespace nl {

// e^(scale x_j), divided by their sum; `shift`: the element with the largest exponent.
template <class S, integer N>
NL_FN Array<Passive<S>, N> relaxed_weights(const Array<S, N>& x, Passive<S> shift, Passive<S> scale) {
    using P = Passive<S>;
    Array<P, N> p;
    P total = 0;
    for (integer j = 0; j < N; ++j) {
        p.at[j] = exp((value(x.at[j]) - shift) * scale);
        total += p.at[j];
    }
    const P each = recip(total);
    for (integer j = 0; j < N; ++j) p.at[j] *= each;
    return p;
}
// The sum of x_j by weight, for its tangents alone.
template <class S, integer N>
NL_FN S tangents_by_weight(const Array<Passive<S>, N>& p, const Array<S, N>& x) {
    S total = S(0);
    for (integer j = 0; j < N; ++j) add_product(total, x.at[j], p.at[j]);
    return total;
}

template <class S, integer N>
NL_FN Array<S, N> likely(const Array<S, N>& x, Passive<S> shift, Passive<S> scale) {
    using P = Passive<S>;
    const Array<P, N> weight = relaxed_weights(x, shift, scale);
    const S mean = tangents_by_weight(weight, x);
    Array<S, N> p;
    for (integer j = 0; j < N; ++j) {
        const P slope = weight.at[j] * scale;
        p.at[j] = chain2(x.at[j], mean, weight.at[j], slope, -slope);
    }
    return p;
}
template <class S, integer N>
NL_FN Array<S, N> relaxed_argmin(const Array<S, N>& x, Passive<S> beta) {
    return likely(x, smallest(x), -beta);
}
template <class S, integer N>
NL_FN Array<S, N> relaxed_argmax(const Array<S, N>& x, Passive<S> beta) {
    return likely(x, largest(x), beta);
}
template <class S, integer N>
NL_FN void likely_reverse(Passive<S> scale, const Array<S, N>& p, const Array<S, N>& p_, Array<S, N>& x_) {
    S mean = S(0);
    for (integer j = 0; j < N; ++j) add_product(mean, p_.at[j], p.at[j]);
    for (integer j = 0; j < N; ++j) add_product(x_.at[j], p.at[j] * scale, p_.at[j] - mean);
}
template <class S, integer N>
NL_FN void relaxed_argmin_reverse(Passive<S> beta, const Array<S, N>& p, const Array<S, N>& p_, Array<S, N>& x_) {
    likely_reverse(-beta, p, p_, x_);
}
template <class S, integer N>
NL_FN void relaxed_argmax_reverse(Passive<S> beta, const Array<S, N>& p, const Array<S, N>& p_, Array<S, N>& x_) {
    likely_reverse(beta, p, p_, x_);
}

template <class S>
NL_FN Passive<S> relaxed_slope(Passive<S> p, const S& x, Passive<S> y, Passive<S> scale) {
    return p * ((value(x) - y) * scale + Passive<S>(1));
}
// d/dx_j = p_j (1 + scale (x_j - y)).
template <class S, integer N>
NL_FN S relaxed_extreme(const Array<S, N>& x, Passive<S> shift, Passive<S> scale) {
    using P = Passive<S>;
    const Array<P, N> p = relaxed_weights(x, shift, scale);
    P y = 0;
    for (integer j = 0; j < N; ++j) add_product(y, p.at[j], value(x.at[j]) - shift);
    y += shift;
    S total = S(0);
    for (integer j = 0; j < N; ++j) add_product(total, x.at[j], relaxed_slope(p.at[j], x.at[j], y, scale));
    return chain(total, y, P(1));
}
template <class S, integer N>
NL_FN S relaxed_min(const Array<S, N>& x, Passive<S> beta) {
    return relaxed_extreme(x, smallest(x), -beta);
}
template <class S, integer N>
NL_FN S relaxed_max(const Array<S, N>& x, Passive<S> beta) {
    return relaxed_extreme(x, largest(x), beta);
}
// With g_j the slope, m the mean of the tangents by weight, and a dot for a tangent:
// g_j' = scale ((g_j + p_j) x_j' - g_j m - p_j y').
template <class S, integer N>
NL_FN void relaxed_extreme_reverse(const Array<S, N>& x, Passive<S> shift, Passive<S> scale, const S& y, const S& y_, Array<S, N>& x_) {
    using P = Passive<S>;
    const Array<P, N> p = relaxed_weights(x, shift, scale);
    const S mean = tangents_by_weight(p, x);
    for (integer j = 0; j < N; ++j) {
        const P g = relaxed_slope(p.at[j], x.at[j], value(y), scale);
        S slope = chain2(mean, y, P(0), -(g * scale), -(p.at[j] * scale));
        add_product(slope, x.at[j], (g + p.at[j]) * scale);
        add_product(x_.at[j], chain(slope, g, P(1)), y_);
    }
}
template <class S, integer N>
NL_FN void relaxed_min_reverse(const Array<S, N>& x, Passive<S> beta, const S& y, const S& y_, Array<S, N>& x_) {
    relaxed_extreme_reverse(x, smallest(x), -beta, y, y_, x_);
}
template <class S, integer N>
NL_FN void relaxed_max_reverse(const Array<S, N>& x, Passive<S> beta, const S& y, const S& y_, Array<S, N>& x_) {
    relaxed_extreme_reverse(x, largest(x), beta, y, y_, x_);
}

// The element at a relaxed index: the elements by weight, of weights whose sum is 1. Differences from the result, not the elements, are
// what a change of the weights is multiplied by.
template <class A, class B, integer N>
NL_FN Both<A, B> soft_read(const Array<A, N>& weight, const Array<B, N>& x) {
    using P = Passive<A>;
    P y = 0;
    for (integer j = 0; j < N; ++j) add_product(y, value(weight.at[j]), value(x.at[j]));
    Both<A, B> total = Both<A, B>(0);
    for (integer j = 0; j < N; ++j) add_product(total, weight.at[j], x.at[j] - y);
    return chain(total, y, P(1));
}
template <class S, class B, integer N>
NL_FN void soft_read_reverse_first(const Array<B, N>& x, const S& y, const S& y_, Array<S, N>& weight_) {
    for (integer j = 0; j < N; ++j) add_product(weight_.at[j], y_, x.at[j] - value(y));
}
template <class S, class A, integer N>
NL_FN void soft_read_reverse_second(const Array<A, N>& weight, const S& y_, Array<S, N>& x_) {
    dot_reverse_second(weight, y_, x_);
}

}  // namespace nl
