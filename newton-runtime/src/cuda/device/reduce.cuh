// Builtins of one array: sums, extremes, softmax and its relatives, running sums, order.
//
// `f_reverse` adds to the adjoint of the argument, given the adjoint of the result.

namespace nl {

template <class S, integer N>
NL_FN S sum(const Array<S, N>& x) {
    S total = S(0);
    for (integer j = 0; j < N; ++j) total += x.at[j];
    return total;
}
template <class S, integer N>
NL_FN void sum_reverse(const S& y_, Array<S, N>& x_) {
    for (integer j = 0; j < N; ++j) x_.at[j] += y_;
}
template <class S, integer N>
NL_FN S mean(const Array<S, N>& x) {
    return sum(x) / Passive<S>(N);
}
template <class S, integer N>
NL_FN void mean_reverse(const S& y_, Array<S, N>& x_) {
    sum_reverse(y_ / Passive<S>(N), x_);
}
template <class S, integer N>
NL_FN S product(const Array<S, N>& x) {
    S total = S(1);
    for (integer j = 0; j < N; ++j) total *= x.at[j];
    return total;
}
// Products of the other elements, without division: elements may be 0.
template <class S, integer N>
NL_FN void product_reverse(const Array<S, N>& x, const S& y_, Array<S, N>& x_) {
    Array<S, N> before;
    if (N > 0) before.at[0] = S(1);
    for (integer j = 1; j < N; ++j) before.at[j] = before.at[j - 1] * x.at[j - 1];
    S after = y_;
    for (integer j = N - 1; j >= 0; --j) {
        add_product(x_.at[j], before.at[j], after);
        after *= x.at[j];
    }
}

template <class S, integer N>
NL_FN Passive<S> largest(const Array<S, N>& x) {
    Passive<S> found = -Passive<S>(INFINITE);
    for (integer j = 0; j < N; ++j) found = max(found, value(x.at[j]));
    return found;
}
template <class S, integer N>
NL_FN Passive<S> smallest(const Array<S, N>& x) {
    Passive<S> found = Passive<S>(INFINITE);
    for (integer j = 0; j < N; ++j) found = min(found, value(x.at[j]));
    return found;
}
// 1 over how many elements equal the extreme.
template <class S, integer N>
NL_FN Passive<S> share(const Array<S, N>& x, Passive<S> extreme) {
    Passive<S> count = 0;
    for (integer j = 0; j < N; ++j) count += value(x.at[j]) == extreme ? 1 : 0;
    return recip(count);
}
// Where several elements are extreme they share the derivative equally.
template <class S, integer N>
NL_FN S extreme_of(const Array<S, N>& x, Passive<S> extreme) {
    using P = Passive<S>;
    const P each = share(x, extreme);
    S total = S(extreme);
    for (integer j = 0; j < N; ++j) total += chain(x.at[j], P(0), value(x.at[j]) == extreme ? each : P(0));
    return total;
}
template <class S, integer N>
NL_FN void extreme_reverse(const Array<S, N>& x, Passive<S> extreme, const S& y_, Array<S, N>& x_) {
    using P = Passive<S>;
    const P each = share(x, extreme);
    for (integer j = 0; j < N; ++j) add_product(x_.at[j], y_, value(x.at[j]) == extreme ? each : P(0));
}
template <class S, integer N>
NL_FN S max(const Array<S, N>& x) {
    return extreme_of(x, largest(x));
}
template <class S, integer N>
NL_FN void max_reverse(const Array<S, N>& x, const S& y_, Array<S, N>& x_) {
    extreme_reverse(x, largest(x), y_, x_);
}
template <class S, integer N>
NL_FN S min(const Array<S, N>& x) {
    return extreme_of(x, smallest(x));
}
template <class S, integer N>
NL_FN void min_reverse(const Array<S, N>& x, const S& y_, Array<S, N>& x_) {
    extreme_reverse(x, smallest(x), y_, x_);
}

template <class S, integer N>
NL_FN S norm(const Array<S, N>& x) {
    using P = Passive<S>;
    P square = 0;
    for (integer j = 0; j < N; ++j) add_product(square, value(x.at[j]), value(x.at[j]));
    const P y = sqrt(square), r = inverse(y);
    S total = S(y);
    for (integer j = 0; j < N; ++j) total += chain(x.at[j], P(0), value(x.at[j]) * r);
    return total;
}
template <class S, integer N>
NL_FN void norm_reverse(const Array<S, N>& x, const S& y, const S& y_, Array<S, N>& x_) {
    const S scale = y_ * inverse(y);
    for (integer j = 0; j < N; ++j) add_product(x_.at[j], x.at[j], scale);
}

// e^(scale (x_j - shift)), divided by their sum.
template <class S, integer N>
NL_FN Array<S, N> exponential_weights(const Array<S, N>& x, Passive<S> shift, Passive<S> scale) {
    Array<S, N> p;
    S total = S(0);
    for (integer j = 0; j < N; ++j) {
        p.at[j] = exp((x.at[j] - shift) * scale);
        total += p.at[j];
    }
    const S each = recip(total);
    for (integer j = 0; j < N; ++j) p.at[j] *= each;
    return p;
}
template <class S, integer N>
NL_FN Array<S, N> softmax(const Array<S, N>& x) {
    const Passive<S> shift = largest(x);
    Array<S, N> p;
    S total = S(0);
    for (integer j = 0; j < N; ++j) {
        p.at[j] = exp(x.at[j] - shift);
        total += p.at[j];
    }
    const S each = recip(total);
    for (integer j = 0; j < N; ++j) p.at[j] *= each;
    return p;
}
template <class S, integer N>
NL_FN void softmax_reverse(const Array<S, N>& p, const Array<S, N>& p_, Array<S, N>& x_) {
    S mean = S(0);
    for (integer j = 0; j < N; ++j) add_product(mean, p_.at[j], p.at[j]);
    for (integer j = 0; j < N; ++j) add_product(x_.at[j], p.at[j], p_.at[j] - mean);
}
template <class S, integer N>
NL_FN Array<S, N> softmin(const Array<S, N>& x) {
    return exponential_weights(x, smallest(x), Passive<S>(-1));
}
template <class S, integer N>
NL_FN void softmin_reverse(const Array<S, N>& p, const Array<S, N>& p_, Array<S, N>& x_) {
    S mean = S(0);
    for (integer j = 0; j < N; ++j) add_product(mean, p_.at[j], p.at[j]);
    for (integer j = 0; j < N; ++j) add_product(x_.at[j], p.at[j], mean - p_.at[j]);
}
template <class S, integer N>
NL_FN S logsumexp(const Array<S, N>& x) {
    const Passive<S> shift = largest(x);
    S total = S(0);
    for (integer j = 0; j < N; ++j) total += exp(x.at[j] - shift);
    return ln(total) + shift;
}
template <class S, integer N>
NL_FN void logsumexp_reverse(const Array<S, N>& x, const S& y, const S& y_, Array<S, N>& x_) {
    for (integer j = 0; j < N; ++j) add_product(x_.at[j], exp(x.at[j] - y), y_);
}
template <class S, integer N>
NL_FN Array<S, N> log_softmax(const Array<S, N>& x) {
    const S total = logsumexp(x);
    Array<S, N> y = x;
    for (integer j = 0; j < N; ++j) y.at[j] -= total;
    return y;
}
template <class S, integer N>
NL_FN void log_softmax_reverse(const Array<S, N>& y, const Array<S, N>& y_, Array<S, N>& x_) {
    const S total = sum(y_);
    for (integer j = 0; j < N; ++j) x_.at[j] += y_.at[j] - exp(y.at[j]) * total;
}
// t ln sum_k e^(x_k / t); a negative t makes it a minimum.
template <class S, integer N>
NL_FN S soft_extreme(const Array<S, N>& x, Passive<S> shift, Passive<S> t) {
    const Passive<S> scale = recip(t);
    S total = S(0);
    for (integer j = 0; j < N; ++j) total += exp((x.at[j] - shift) * scale);
    return ln(total) * t + shift;
}
template <class S, integer N>
NL_FN S smooth_max(const Array<S, N>& x, Passive<S> t) {
    return soft_extreme(x, largest(x), t);
}
template <class S, integer N>
NL_FN S smooth_min(const Array<S, N>& x, Passive<S> t) {
    return soft_extreme(x, smallest(x), -t);
}
template <class S, integer N>
NL_FN void add_weighted(const Array<S, N>& weights, const S& y_, Array<S, N>& x_) {
    for (integer j = 0; j < N; ++j) add_product(x_.at[j], weights.at[j], y_);
}
template <class S, integer N>
NL_FN void smooth_max_reverse(const Array<S, N>& x, Passive<S> t, const S& y_, Array<S, N>& x_) {
    add_weighted(exponential_weights(x, largest(x), recip(t)), y_, x_);
}
template <class S, integer N>
NL_FN void smooth_min_reverse(const Array<S, N>& x, Passive<S> t, const S& y_, Array<S, N>& x_) {
    add_weighted(exponential_weights(x, smallest(x), -recip(t)), y_, x_);
}

template <class S, integer N>
NL_FN Array<S, N> cumsum(const Array<S, N>& x) {
    Array<S, N> y = x;
    for (integer j = 1; j < N; ++j) y.at[j] += y.at[j - 1];
    return y;
}
template <class S, integer N>
NL_FN void cumsum_reverse(const Array<S, N>& y_, Array<S, N>& x_) {
    S total = S(0);
    for (integer j = N - 1; j >= 0; --j) {
        total += y_.at[j];
        x_.at[j] += total;
    }
}
template <class S, integer N>
NL_FN Array<S, N> cumprod(const Array<S, N>& x) {
    Array<S, N> y = x;
    for (integer j = 1; j < N; ++j) y.at[j] *= y.at[j - 1];
    return y;
}
// Without division: elements may be 0.
template <class S, integer N>
NL_FN void cumprod_reverse(const Array<S, N>& x, const Array<S, N>& y, const Array<S, N>& y_, Array<S, N>& x_) {
    S total = S(0);
    for (integer j = N - 1; j >= 0; --j) {
        total += y_.at[j];
        if (j == 0) {
            x_.at[j] += total;
        } else {
            add_product(x_.at[j], total, y.at[j - 1]);
            total *= x.at[j];
        }
    }
}

// `b` comes strictly before `a`; NaN last.
template <class P>
NL_FN bool comes_before(P b, P a, bool descending) {
    return (descending ? b > a : b < a) || (is_nan(a) && !is_nan(b));
}
// The stable sorting permutation: the rank of an element is the number of elements before it.
template <class S, integer N>
NL_FN Array<Int, N> order(const Array<S, N>& x, bool descending) {
    Array<Int, N> out;
    for (integer i = 0; i < N; ++i) {
        const Passive<S> a = value(x.at[i]);
        int rank = 0;
        for (integer j = 0; j < N; ++j) {
            const Passive<S> b = value(x.at[j]);
            rank += comes_before(b, a, descending) || (j < i && !comes_before(a, b, descending)) ? 1 : 0;
        }
        out.at[rank] = Int(i);
    }
    return out;
}
template <class S, integer N>
NL_FN Array<Int, N> argsort(const Array<S, N>& x) {
    return order(x, false);
}
template <class S, integer N>
NL_FN Array<Int, N> argsort_desc(const Array<S, N>& x) {
    return order(x, true);
}
// The first of the largest, or smallest; NaN counts as neither unless there is nothing else.
template <class S, integer N>
NL_FN Int first_extreme(const Array<S, N>& x, bool largest) {
    integer found = 0;
    for (integer j = 1; j < N; ++j) {
        if (comes_before(value(x.at[j]), value(x.at[found]), largest)) found = j;
    }
    return Int(found);
}
template <class S, integer N>
NL_FN Int argmax(const Array<S, N>& x) {
    return first_extreme(x, true);
}
template <class S, integer N>
NL_FN Int argmin(const Array<S, N>& x) {
    return first_extreme(x, false);
}
// The position of each element in the stable ascending order.
template <class S, integer N>
NL_FN Array<Int, N> rank(const Array<S, N>& x) {
    const Array<Int, N> sorted = order(x, false);
    Array<Int, N> out;
    for (integer j = 0; j < N; ++j) out.at[sorted.at[j].value] = Int(j);
    return out;
}
template <class S, integer N, integer M>
NL_FN Array<S, M> gather(const Array<S, N>& x, const Array<Int, M>& order) {
    Array<S, M> y;
    for (integer j = 0; j < M; ++j) y.at[j] = x[order.at[j]];
    return y;
}
template <class S, integer N, integer M>
NL_FN void gather_reverse(const Array<Int, M>& order, const Array<S, M>& y_, Array<S, N>& x_) {
    for (integer j = 0; j < M; ++j) x_[order.at[j]] += y_.at[j];
}

}  // namespace nl
