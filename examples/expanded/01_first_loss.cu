// What the attributes in `../01_first_loss.rs` write for CUDA. For reading: written by a test, and not compiled from here.

template <class S>
__device__ S value_and_gradient(const S* flat, const nl::Passive<S>* label, const int* integers, const nl::Passive<S>* parameters, S* flat_, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    const auto& y = nl::view<nl::Array<S, 2>>(flat);
    auto& y_ = nl::view<nl::Array<S, 2>>(flat_);
    const auto& seen = nl::view<nl::Array<P, N>>(label + 0);
    const P dt = parameters[0];
    const S amplitude = nl::exp(y[0]);
    const S rate = nl::exp(y[1]);
    S loss = S(0);
    for (nl::integer i = 0; i < N; ++i) {
        const P t = P(i) * dt;
        const S exp_value = nl::exp(-rate * t);
        const S miss = amplitude * exp_value - seen[i];
        nl::add_product(loss, miss, miss);
        tape.push(exp_value);
    }
    const S value = loss / P(N);
    S amplitude_ = S(0);
    S rate_ = S(0);
    const P loss_ = P(1) / P(N);
    for (nl::integer i = N - 1; i >= 0; --i) {
        S exp_value;
        tape.pop(exp_value);
        const P t = P(i) * dt;
        const S miss = amplitude * exp_value - seen[i];
        const S miss_ = loss_ * (miss + miss);
        nl::add_product(amplitude_, miss_, exp_value);
        const S exp_value_ = miss_ * amplitude;
        nl::sub_product(rate_, exp_value * t, exp_value_);
    }
    nl::add_product(y_[1], rate_, rate);
    nl::add_product(y_[0], amplitude_, amplitude);
    return value;
}
