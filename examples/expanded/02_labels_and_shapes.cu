// What the attributes in `../02_labels_and_shapes.rs` write for CUDA. For reading: written by a test, and not compiled from here.

template <class S>
__device__ S value_and_gradient(const S* flat, const nl::Passive<S>* label, const int* integers, const nl::Passive<S>* parameters, S* flat_, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    const auto& logits = nl::view<nl::Array<S, WORDS, TAGS>>(flat);
    auto& logits_ = nl::view<nl::Array<S, WORDS, TAGS>>(flat_);
    const auto& tags = nl::view<nl::Array<nl::Int, WORDS>>(integers + 0);
    const nl::Array<bool, WORDS> by_hand = nl::to<nl::Array<bool, WORDS>>(nl::view<nl::Array<int, WORDS>>(integers + WORDS));
    const nl::Int len = nl::Int(integers[WORDS + WORDS]);
    const P trust = parameters[0];
    const auto& cost = nl::view<nl::Array<P, TAGS, TAGS>>(parameters + 1);
    S total = S(0);
    P weights = P(0);
    for (nl::integer w = 0; w < nl::bound(len); ++w) {
        const bool within = nl::Int(w) < len;
        if (within) {
            const nl::Array<S, TAGS> p = nl::softmax(logits[w]);
            P weight = P(0);
            if (by_hand[w]) {
                weight = trust;
            } else {
                weight = P(1);
            }
            const S dot_value = nl::dot(p, cost[tags[w]]);
            nl::add_product(total, dot_value, weight);
            weights += weight;
            tape.push(p);
            tape.push_passive(weight);
        }
    }
    const S value = total / weights;
    const P total_ = P(1) / weights;
    for (nl::integer w = nl::bound(len) - 1; w >= 0; --w) {
        const bool within = nl::Int(w) < len;
        if (within) {
            P weight;
            tape.pop_passive(weight);
            nl::Array<S, TAGS> p;
            tape.pop(p);
            nl::Array<S, TAGS> p_{};
            const P dot_value_ = total_ * weight;
            nl::dot_reverse_first(cost[tags[w]], S(dot_value_), p_);
            nl::softmax_reverse(p, p_, logits_[w]);
        }
    }
    return value;
}
