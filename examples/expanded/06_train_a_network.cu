// What the attributes in `../06_train_a_network.rs` write for CUDA. For reading: written by a test, and not compiled from here.

template <class S>
__device__ S value_and_gradient(const S* flat, const nl::Passive<S>* label, const int* integers, const nl::Passive<S>* parameters, S* flat_, nl::Tape<S>& tape) {
    using P = nl::Passive<S>;
    const auto& logits = nl::view<nl::Array<S, T, C>>(flat);
    auto& logits_ = nl::view<nl::Array<S, T, C>>(flat_);
    const auto& word = nl::view<nl::Array<nl::Int, MAX>>(integers + 0);
    const nl::Int len = nl::Int(integers[MAX]);
    nl::Array<nl::Int, E> symbols = nl::filled<nl::Array<nl::Int, E>>(nl::Int(nl::Int(0)));
    for (nl::integer i = 0; i < nl::bound(len); ++i) {
        const bool within = nl::Int(i) < len;
        if (within) {
            symbols[2 * i + 1] = word[i];
        }
    }
    nl::Array<S, E> alpha = nl::filled<nl::Array<S, E>>(S(P(NEVER)));
    alpha[0] = S(0);
    for (nl::integer t = 0; t < T; ++t) {
        const nl::Array<S, C> p = nl::log_softmax(logits[t]);
        nl::Array<S, E> next = nl::filled<nl::Array<S, E>>(S(P(NEVER)));
        for (nl::integer s = 0; s < nl::bound(nl::Int(2) * len + nl::Int(1)); ++s) {
            const bool within_value = nl::Int(s) < nl::Int(2) * len + nl::Int(1);
            if (within_value) {
                S ways = alpha[s];
                if (s >= 1) {
                    tape.push(ways);
                    ways = nl::logaddexp(ways, alpha[s - 1]);
                }
                bool both = false;
                if (s >= 2) {
                    both = symbols[s] != nl::Int(0);
                }
                bool both2 = false;
                const bool first = both;
                if (first) {
                    both2 = symbols[s] != symbols[s - 2];
                }
                const bool cond = both2;
                if (cond) {
                    tape.push(ways);
                    ways = nl::logaddexp(ways, alpha[s - 2]);
                }
                next[s] = ways + p[symbols[s]];
                tape.push_discrete(cond);
            }
        }
        tape.push(alpha);
        alpha = next;
        tape.push(p);
    }
    const S logaddexp_value = nl::logaddexp(alpha[nl::Int(2) * len], alpha[nl::Int(2) * len - nl::Int(1)]);
    const S value = -logaddexp_value;
    nl::Array<S, E> alpha_{};
    const P logaddexp_value_ = P(-1.0);
    nl::add_product(alpha_[nl::Int(2) * len - nl::Int(1)], nl::logaddexp_d2(alpha[nl::Int(2) * len], alpha[nl::Int(2) * len - nl::Int(1)]), logaddexp_value_);
    nl::add_product(alpha_[nl::Int(2) * len], nl::logaddexp_d(alpha[nl::Int(2) * len], alpha[nl::Int(2) * len - nl::Int(1)]), logaddexp_value_);
    for (nl::integer t = T - 1; t >= 0; --t) {
        nl::Array<S, C> p;
        tape.pop(p);
        nl::Array<S, C> p_{};
        nl::Array<S, E> next_ = alpha_;
        alpha_ = nl::Array<S, E>{};
        tape.pop(alpha);
        for (nl::integer s = nl::bound(nl::Int(2) * len + nl::Int(1)) - 1; s >= 0; --s) {
            const bool within_value = nl::Int(s) < nl::Int(2) * len + nl::Int(1);
            if (within_value) {
                bool cond;
                tape.pop_discrete(cond);
                S ways{};
                const S next_new_ = next_[s];
                next_[s] = S(0);
                S ways_ = next_new_;
                p_[symbols[s]] += next_new_;
                if (cond) {
                    const S ways_new_ = ways_;
                    ways_ = S(0);
                    tape.pop(ways);
                    nl::add_product(alpha_[s - 2], ways_new_, nl::logaddexp_d2(ways, alpha[s - 2]));
                    nl::add_product(ways_, ways_new_, nl::logaddexp_d(ways, alpha[s - 2]));
                }
                if (s >= 1) {
                    const S ways_new_ = ways_;
                    ways_ = S(0);
                    tape.pop(ways);
                    nl::add_product(alpha_[s - 1], ways_new_, nl::logaddexp_d2(ways, alpha[s - 1]));
                    nl::add_product(ways_, ways_new_, nl::logaddexp_d(ways, alpha[s - 1]));
                }
                alpha_[s] += ways_;
            }
        }
        nl::log_softmax_reverse(p, p_, logits_[t]);
    }
    alpha_[0] = S(0);
    return value;
}
