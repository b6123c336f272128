// Builtins of two arrays, row-major. Either may be passive: a product of an active and a passive number costs half of one of two active ones.

namespace nl {

// What numbers of types A and B combine to: active if one of them is.
template <class A, class B>
struct Join {
    using Type = A;
};
template <class T, int K>
struct Join<T, Dual<T, K>> {
    using Type = Dual<T, K>;
};
template <class A, class B>
using Both = typename Join<A, B>::Type;

template <class A, class B, integer N>
NL_FN Both<A, B> dot(const Array<A, N>& a, const Array<B, N>& b) {
    Both<A, B> total = Both<A, B>(0);
    for (integer j = 0; j < N; ++j) add_product(total, a.at[j], b.at[j]);
    return total;
}
template <class S, class B, integer N>
NL_FN void dot_reverse_first(const Array<B, N>& b, const S& y_, Array<S, N>& a_) {
    for (integer j = 0; j < N; ++j) add_product(a_.at[j], y_, b.at[j]);
}
template <class S, class A, integer N>
NL_FN void dot_reverse_second(const Array<A, N>& a, const S& y_, Array<S, N>& b_) {
    dot_reverse_first(a, y_, b_);
}

template <class A, class B, integer N>
NL_FN Both<A, B> mse(const Array<A, N>& a, const Array<B, N>& b) {
    Both<A, B> total = Both<A, B>(0);
    for (integer j = 0; j < N; ++j) {
        const Both<A, B> gap = a.at[j] - b.at[j];
        add_product(total, gap, gap);
    }
    return total / Passive<Both<A, B>>(N);
}
template <class S, class B, integer N>
NL_FN void mse_reverse_first(const Array<S, N>& a, const Array<B, N>& b, const S& y_, Array<S, N>& a_) {
    const S scale = y_ * Passive<S>(2.0 / N);
    for (integer j = 0; j < N; ++j) add_product(a_.at[j], a.at[j] - b.at[j], scale);
}
template <class S, class A, integer N>
NL_FN void mse_reverse_second(const Array<A, N>& a, const Array<S, N>& b, const S& y_, Array<S, N>& b_) {
    mse_reverse_first(b, a, y_, b_);
}

// -sum_j q_j ln softmax(x)_j.
template <class S, integer N>
NL_FN S cross_entropy(const Array<S, N>& logits, const Array<Passive<S>, N>& q) {
    const Passive<S> shift = largest(logits);
    S total = S(0);
    for (integer j = 0; j < N; ++j) total += exp(logits.at[j] - shift);
    const S log_total = ln(total);
    S loss = S(0);
    for (integer j = 0; j < N; ++j) add_product(loss, log_total - (logits.at[j] - shift), q.at[j]);
    return loss;
}
template <class S, integer N>
NL_FN void cross_entropy_reverse(const Array<S, N>& logits, const Array<Passive<S>, N>& q, const S& y_, Array<S, N>& logits_) {
    const Array<S, N> p = softmax(logits);
    const Passive<S> total = sum(q);
    for (integer j = 0; j < N; ++j) add_product(logits_.at[j], p.at[j] * total - q.at[j], y_);
}

template <class A, class B, integer R, integer M, integer C>
NL_FN Array<Both<A, B>, R, C> matmul(const Array<A, R, M>& a, const Array<B, M, C>& b) {
    Array<Both<A, B>, R, C> y{};
    for (integer r = 0; r < R; ++r)
        for (integer m = 0; m < M; ++m)
            for (integer c = 0; c < C; ++c) add_product(y.at[r].at[c], a.at[r].at[m], b.at[m].at[c]);
    return y;
}
template <class S, class B, integer R, integer M, integer C>
NL_FN void matmul_reverse_first(const Array<B, M, C>& b, const Array<S, R, C>& y_, Array<S, R, M>& a_) {
    for (integer r = 0; r < R; ++r)
        for (integer m = 0; m < M; ++m)
            for (integer c = 0; c < C; ++c) add_product(a_.at[r].at[m], y_.at[r].at[c], b.at[m].at[c]);
}
template <class S, class A, integer R, integer M, integer C>
NL_FN void matmul_reverse_second(const Array<A, R, M>& a, const Array<S, R, C>& y_, Array<S, M, C>& b_) {
    for (integer r = 0; r < R; ++r)
        for (integer m = 0; m < M; ++m)
            for (integer c = 0; c < C; ++c) add_product(b_.at[m].at[c], y_.at[r].at[c], a.at[r].at[m]);
}

template <class A, class B, integer R, integer C>
NL_FN Array<Both<A, B>, R> matvec(const Array<A, R, C>& a, const Array<B, C>& x) {
    Array<Both<A, B>, R> y{};
    for (integer r = 0; r < R; ++r)
        for (integer c = 0; c < C; ++c) add_product(y.at[r], a.at[r].at[c], x.at[c]);
    return y;
}
template <class S, class B, integer R, integer C>
NL_FN void matvec_reverse_first(const Array<B, C>& x, const Array<S, R>& y_, Array<S, R, C>& a_) {
    for (integer r = 0; r < R; ++r)
        for (integer c = 0; c < C; ++c) add_product(a_.at[r].at[c], y_.at[r], x.at[c]);
}
template <class S, class A, integer R, integer C>
NL_FN void matvec_reverse_second(const Array<A, R, C>& a, const Array<S, R>& y_, Array<S, C>& x_) {
    for (integer r = 0; r < R; ++r)
        for (integer c = 0; c < C; ++c) add_product(x_.at[c], y_.at[r], a.at[r].at[c]);
}

template <class A, class B, integer R, integer C>
NL_FN Array<Both<A, B>, R, C> outer(const Array<A, R>& a, const Array<B, C>& b) {
    Array<Both<A, B>, R, C> y;
    for (integer r = 0; r < R; ++r)
        for (integer c = 0; c < C; ++c) y.at[r].at[c] = a.at[r] * b.at[c];
    return y;
}
template <class S, class B, integer R, integer C>
NL_FN void outer_reverse_first(const Array<B, C>& b, const Array<S, R, C>& y_, Array<S, R>& a_) {
    for (integer r = 0; r < R; ++r)
        for (integer c = 0; c < C; ++c) add_product(a_.at[r], y_.at[r].at[c], b.at[c]);
}
template <class S, class A, integer R, integer C>
NL_FN void outer_reverse_second(const Array<A, R>& a, const Array<S, R, C>& y_, Array<S, C>& b_) {
    for (integer r = 0; r < R; ++r)
        for (integer c = 0; c < C; ++c) add_product(b_.at[c], y_.at[r].at[c], a.at[r]);
}

template <class S, integer R, integer C>
NL_FN Array<S, C, R> transpose(const Array<S, R, C>& a) {
    Array<S, C, R> y;
    for (integer r = 0; r < R; ++r)
        for (integer c = 0; c < C; ++c) y.at[c].at[r] = a.at[r].at[c];
    return y;
}
template <class S, integer R, integer C>
NL_FN void transpose_reverse(const Array<S, C, R>& y_, Array<S, R, C>& a_) {
    for (integer r = 0; r < R; ++r)
        for (integer c = 0; c < C; ++c) a_.at[r].at[c] += y_.at[c].at[r];
}

}  // namespace nl
