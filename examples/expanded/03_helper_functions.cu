// What the attributes in `../03_helper_functions.rs` write for CUDA. For reading: written by a test, and not compiled from here.

template <class S>
__device__ void primal(S mean2, S e, nl::integer steps, S& out0) {
    using P = nl::Passive<S>;
    S x = mean2 + e * nl::sin(mean2);
    for (nl::integer step = 0; step < steps; ++step) {
        x -= (x - e * nl::sin(x) - mean2) / (P(1) - e * nl::cos(x));
    }
    const S result = x;
    out0 = result;
}

template <class S>
__device__ void value(S mean2, S e, nl::integer steps, S& out0) {
    using P = nl::Passive<S>;
    P primal_result;
    primal<P>(nl::value(mean2), nl::value(e), steps, primal_result);
    out0 = S(primal_result);
    if constexpr (nl::Traits<S>::HAS_TANGENTS) {
        P d_mean2;
        P d_e;
        anomaly_gradient::value<P>(nl::value(mean2), nl::value(e), steps, d_mean2, d_e);
        nl::chain_all(out0, mean2, d_mean2);
        nl::chain_all(out0, e, d_e);
    }
}

template <class S>
__device__ void forward(S mean2, S e, nl::integer steps, S& out0, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    P primal_result;
    primal<P>(nl::value(mean2), nl::value(e), steps, primal_result);
    out0 = S(primal_result);
    if constexpr (nl::Traits<S>::HAS_TANGENTS) {
        P d_mean2;
        P d_e;
        anomaly_gradient::value<P>(nl::value(mean2), nl::value(e), steps, d_mean2, d_e);
        nl::chain_all(out0, mean2, d_mean2);
        nl::chain_all(out0, e, d_e);
    }
}

template <class S>
__device__ void reverse(S mean2, S e, nl::integer steps, S result_, S& mean2_, S& e_, nl::None&, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    S d_mean2;
    S d_e;
    anomaly_gradient::value<S>(mean2, e, steps, d_mean2, d_e);
    nl::add_scaled_all(mean2_, d_mean2, result_);
    nl::add_scaled_all(e_, d_e, result_);
}

template <class S>
__device__ void primal_by_lane(S mean2, S e, nl::Int steps, S& out0) {
    using P = nl::Passive<S>;
    S x = mean2 + e * nl::sin(mean2);
    for (nl::integer step = 0; step < nl::bound(steps); ++step) {
        const bool within = nl::Int(step) < steps;
        if (within) {
            x -= (x - e * nl::sin(x) - mean2) / (P(1) - e * nl::cos(x));
        }
    }
    const S result = x;
    out0 = result;
}

template <class S>
__device__ void value_by_lane(S mean2, S e, nl::Int steps, S& out0) {
    using P = nl::Passive<S>;
    P primal_result;
    primal_by_lane<P>(nl::value(mean2), nl::value(e), steps, primal_result);
    out0 = S(primal_result);
    if constexpr (nl::Traits<S>::HAS_TANGENTS) {
        P d_mean2;
        P d_e;
        anomaly_gradient::value_by_lane<P>(nl::value(mean2), nl::value(e), steps, d_mean2, d_e);
        nl::chain_all(out0, mean2, d_mean2);
        nl::chain_all(out0, e, d_e);
    }
}

template <class S>
__device__ void forward_by_lane(S mean2, S e, nl::Int steps, S& out0, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    P primal_result;
    primal_by_lane<P>(nl::value(mean2), nl::value(e), steps, primal_result);
    out0 = S(primal_result);
    if constexpr (nl::Traits<S>::HAS_TANGENTS) {
        P d_mean2;
        P d_e;
        anomaly_gradient::value_by_lane<P>(nl::value(mean2), nl::value(e), steps, d_mean2, d_e);
        nl::chain_all(out0, mean2, d_mean2);
        nl::chain_all(out0, e, d_e);
    }
}

template <class S>
__device__ void reverse_by_lane(S mean2, S e, nl::Int steps, S result_, S& mean2_, S& e_, nl::None&, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    S d_mean2;
    S d_e;
    anomaly_gradient::value_by_lane<S>(mean2, e, steps, d_mean2, d_e);
    nl::add_scaled_all(mean2_, d_mean2, result_);
    nl::add_scaled_all(e_, d_e, result_);
}

template <class S>
__device__ void value(S mean2, S e, nl::integer steps, S& out0, S& out1) {
    using P = nl::Passive<S>;
    S x;
    anomaly::value<S>(mean2, e, steps, x);
    const S cos_value = nl::cos(x);
    const S slope = P(1) / (P(1) - e * cos_value);
    const S result = slope;
    const S sin_value = nl::sin(x);
    const S result2 = slope * sin_value;
    out0 = result;
    out1 = result2;
}

template <class S>
__device__ void forward(S mean2, S e, nl::integer steps, S& out0, S& out1, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    S x;
    anomaly::forward<S>(mean2, e, steps, x, tape);
    const S cos_value = nl::cos(x);
    const S slope = P(1) / (P(1) - e * cos_value);
    const S result = slope;
    const S sin_value = nl::sin(x);
    const S result2 = slope * sin_value;
    tape.push(x);
    tape.push(cos_value);
    tape.push(slope);
    tape.push(sin_value);
    out0 = result;
    out1 = result2;
}

template <class S>
__device__ void reverse(S mean2, S e, nl::integer steps, S result_, S result2_, S& mean2_, S& e_, nl::None&, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    S sin_value;
    tape.pop(sin_value);
    S slope;
    tape.pop(slope);
    S cos_value;
    tape.pop(cos_value);
    S x;
    tape.pop(x);
    S slope_ = result2_ * sin_value;
    const S sin_value_ = result2_ * slope;
    S x_ = sin_value_ * nl::cos(x);
    slope_ += result_;
    nl::add_product(e_, slope_, slope / (P(1) - e * cos_value) * cos_value);
    const S cos_value_ = slope_ * (slope / (P(1) - e * cos_value) * e);
    nl::sub_product(x_, nl::sin(x), cos_value_);
    {
        nl::None part2;
        anomaly::reverse<S>(mean2, e, steps, x_, mean2_, e_, part2, tape);
    }
}

template <class S>
__device__ void value_by_lane(S mean2, S e, nl::Int steps, S& out0, S& out1) {
    using P = nl::Passive<S>;
    S x;
    anomaly::value_by_lane<S>(mean2, e, steps, x);
    const S cos_value = nl::cos(x);
    const S slope = P(1) / (P(1) - e * cos_value);
    const S result = slope;
    const S sin_value = nl::sin(x);
    const S result2 = slope * sin_value;
    out0 = result;
    out1 = result2;
}

template <class S>
__device__ void forward_by_lane(S mean2, S e, nl::Int steps, S& out0, S& out1, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    S x;
    anomaly::forward_by_lane<S>(mean2, e, steps, x, tape);
    const S cos_value = nl::cos(x);
    const S slope = P(1) / (P(1) - e * cos_value);
    const S result = slope;
    const S sin_value = nl::sin(x);
    const S result2 = slope * sin_value;
    tape.push(x);
    tape.push(cos_value);
    tape.push(slope);
    tape.push(sin_value);
    out0 = result;
    out1 = result2;
}

template <class S>
__device__ void reverse_by_lane(S mean2, S e, nl::Int steps, S result_, S result2_, S& mean2_, S& e_, nl::None&, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    S sin_value;
    tape.pop(sin_value);
    S slope;
    tape.pop(slope);
    S cos_value;
    tape.pop(cos_value);
    S x;
    tape.pop(x);
    S slope_ = result2_ * sin_value;
    const S sin_value_ = result2_ * slope;
    S x_ = sin_value_ * nl::cos(x);
    slope_ += result_;
    nl::add_product(e_, slope_, slope / (P(1) - e * cos_value) * cos_value);
    const S cos_value_ = slope_ * (slope / (P(1) - e * cos_value) * e);
    nl::sub_product(x_, nl::sin(x), cos_value_);
    {
        nl::None part2;
        anomaly::reverse_by_lane<S>(mean2, e, steps, x_, mean2_, e_, part2, tape);
    }
}

template <class S>
__device__ void value(S mean2, S e, S& out0, S& out1) {
    using P = nl::Passive<S>;
    S x;
    anomaly::value<S>(mean2, e, 8, x);
    const S result = nl::cos(x) - e;
    const S sqrt_value = nl::sqrt(P(1) - e * e);
    const S sin_value = nl::sin(x);
    const S result2 = sqrt_value * sin_value;
    out0 = result;
    out1 = result2;
}

template <class S>
__device__ void forward(S mean2, S e, S& out0, S& out1, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    S x;
    anomaly::forward<S>(mean2, e, 8, x, tape);
    const S result = nl::cos(x) - e;
    const S sqrt_value = nl::sqrt(P(1) - e * e);
    const S sin_value = nl::sin(x);
    const S result2 = sqrt_value * sin_value;
    tape.push(x);
    tape.push(sqrt_value);
    tape.push(sin_value);
    out0 = result;
    out1 = result2;
}

template <class S>
__device__ void reverse(S mean2, S e, S result_, S result2_, S& mean2_, S& e_, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    S sin_value;
    tape.pop(sin_value);
    S sqrt_value;
    tape.pop(sqrt_value);
    S x;
    tape.pop(x);
    const S sqrt_value_ = result2_ * sin_value;
    const S sin_value_ = result2_ * sqrt_value;
    S x_ = sin_value_ * nl::cos(x);
    nl::add_product(e_, sqrt_value_, -(P(0.5) / sqrt_value * e) - P(0.5) / sqrt_value * e);
    nl::sub_product(x_, nl::sin(x), result_);
    e_ -= result_;
    {
        nl::None part2;
        anomaly::reverse<S>(mean2, e, 8, x_, mean2_, e_, part2, tape);
    }
}

template <class S>
__device__ S value_and_gradient(const S* flat, const nl::Passive<S>* label, const int* integers, const nl::Passive<S>* parameters, S* flat_, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    const auto& y = nl::view<nl::Array<S, 3>>(flat);
    auto& y_ = nl::view<nl::Array<S, 3>>(flat_);
    const auto& time = nl::view<nl::Array<P, N>>(label + 0);
    const auto& seen = nl::view<nl::Array<P, N, 2>>(label + N);
    const S e = nl::sigmoid(y[0]);
    S loss = S(0);
    for (nl::integer i = 0; i < N; ++i) {
        const S argument = y[1] + y[2] * time[i];
        S position_result;
        S position_result2;
        position::forward<S>(argument, e, position_result, position_result2, tape);
        loss += nl::powi(position_result - seen[i][0], 2) + nl::powi(position_result2 - seen[i][1], 2);
        tape.push(position_result);
        tape.push(position_result2);
    }
    const S value = loss / P(N);
    S e_ = S(0);
    const P loss_ = P(1) / P(N);
    for (nl::integer i = N - 1; i >= 0; --i) {
        S position_result2;
        tape.pop(position_result2);
        S position_result;
        tape.pop(position_result);
        const S argument = y[1] + y[2] * time[i];
        S argument_ = S(0);
        const S position_result_ = loss_ * (P(2) * (position_result - seen[i][0]));
        const S position_result2_ = loss_ * (P(2) * (position_result2 - seen[i][1]));
        position::reverse<S>(argument, e, position_result_, position_result2_, argument_, e_, tape);
        y_[1] += argument_;
        nl::add_product(y_[2], argument_, time[i]);
    }
    nl::add_product(y_[0], e_, nl::sigmoid_d(e));
    return value;
}
