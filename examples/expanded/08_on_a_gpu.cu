// What the attributes in `../08_on_a_gpu.rs` write for CUDA. For reading: written by a test, and not compiled from here.

template <class S>
__device__ S value_and_gradient(const S* flat, const nl::Passive<S>* label, const int* integers, const nl::Passive<S>* parameters, S* flat_, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    const auto& y = nl::view<nl::Array<S, N>>(flat);
    auto& y_ = nl::view<nl::Array<S, N>>(flat_);
    const auto& target = nl::view<nl::Array<P, N, N>>(label + 0);
    const P tau = parameters[0];
    const nl::Array<nl::Int, N> order = nl::argsort_desc(y);
    const nl::Array<S, N> s = nl::gather(y, order);
    S loss = S(0);
    for (nl::integer i = 0; i < N; ++i) {
        nl::Array<S, N> z{};
        for (nl::integer j = 0; j < N; ++j) {
            z[j] = -nl::abs(s[i] - y[j]) / tau;
        }
        const nl::Array<S, N> p = nl::softmax(z);
        for (nl::integer j = 0; j < N; ++j) {
            loss += nl::binary_cross_entropy(p[j], target[i][j]);
        }
        tape.push(p);
    }
    const S value = loss / P(N * N);
    nl::Array<S, N> s_{};
    const P loss_ = P(1) / P(N * N);
    for (nl::integer i = N - 1; i >= 0; --i) {
        nl::Array<S, N> p;
        tape.pop(p);
        nl::Array<S, N> z_{};
        nl::Array<S, N> p_{};
        for (nl::integer j = N - 1; j >= 0; --j) {
            nl::add_product(p_[j], nl::binary_cross_entropy_d(p[j], target[i][j]), loss_);
        }
        nl::softmax_reverse(p, p_, z_);
        for (nl::integer j = N - 1; j >= 0; --j) {
            const S z_new_ = z_[j];
            z_[j] = S(0);
            nl::add_product(s_[i], z_new_, -(nl::abs_d(s[i] - y[j]) / tau));
            nl::add_product(y_[j], z_new_, nl::abs_d(s[i] - y[j]) / tau);
        }
    }
    nl::gather_reverse(order, s_, y_);
    return value;
}
