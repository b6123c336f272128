// What the attributes in `../04_hard_and_soft.rs` write for CUDA. For reading: written by a test, and not compiled from here.

template <class S>
__device__ S value_and_gradient(const S* flat, const nl::Passive<S>* label, const int* integers, const nl::Passive<S>* parameters, S* flat_, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    const auto& pieces = nl::view<nl::Array<S, 1>>(flat);
    auto& pieces_ = nl::view<nl::Array<S, 1>>(flat_);
    const P paid = label[0];
    const S n = pieces[0];
    S price = S(0);
    const bool cond = nl::value(n) >= P(10.0);
    if (cond) {
        price = P(0.8) * n;
    } else {
        price = n;
    }
    const S value = nl::powi(price - paid, 2);
    S n_ = S(0);
    S price_ = P(2) * (price - paid);
    if (!cond) {
        const S price_new_ = price_;
        price_ = S(0);
        n_ += price_new_;
    } else {
        const S price_new_ = price_;
        price_ = S(0);
        nl::add_product(n_, price_new_, P(0.8));
    }
    pieces_[0] += n_;
    return value;
}

template <class S>
__device__ S value_and_gradient(const S* flat, const nl::Passive<S>* label, const int* integers, const nl::Passive<S>* parameters, S* flat_, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    const auto& pieces = nl::view<nl::Array<S, 1>>(flat);
    auto& pieces_ = nl::view<nl::Array<S, 1>>(flat_);
    const P paid = label[0];
    const P width = parameters[0];
    const S n = pieces[0];
    const S operand = (n - P(10.0)) / width;
    const S discounted = nl::sigmoid(operand);
    const S price = n * (P(1) - P(0.2) * discounted);
    const S value = nl::powi(price - paid, 2);
    const S price_ = P(2) * (price - paid);
    S n_ = price_ * (P(1) - P(0.2) * discounted);
    const S discounted_ = -(n * P(0.2) * price_);
    const S operand_ = discounted_ * nl::sigmoid_d(discounted);
    n_ += operand_ / width;
    pieces_[0] += n_;
    return value;
}

template <class S>
__device__ S value_and_gradient(const S* flat, const nl::Passive<S>* label, const int* integers, const nl::Passive<S>* parameters, S* flat_, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    const auto& scores = nl::view<nl::Array<S, N>>(flat);
    auto& scores_ = nl::view<nl::Array<S, N>>(flat_);
    const auto& prize = nl::view<nl::Array<P, N>>(label + 0);
    const nl::Int first = nl::argmax(scores);
    S behind = S(0);
    for (nl::integer i = 0; i < N; ++i) {
        if (nl::Int(i) != first) {
            behind += nl::ln_1p(scores[first] - scores[i]);
        }
    }
    const S value = behind - prize[first];
    const P behind_ = P(1);
    for (nl::integer i = N - 1; i >= 0; --i) {
        if (nl::Int(i) != first) {
            scores_[first] += behind_ / (scores[first] - scores[i] + P(1));
            scores_[i] -= behind_ / (scores[first] - scores[i] + P(1));
        }
    }
    return value;
}
