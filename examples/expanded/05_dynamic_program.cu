// What the attributes in `../05_dynamic_program.rs` write for CUDA. For reading: written by a test, and not compiled from here.

template <class S>
__device__ S value_and_gradient(const S* flat, const nl::Passive<S>* label, const int* integers, const nl::Passive<S>* parameters, S* flat_, nl::Tape<S>& tape) {
    using PType = nl::Passive<S>;
    const auto& logits = nl::view<nl::Array<S, N, LETTERS>>(flat);
    auto& logits_ = nl::view<nl::Array<S, N, LETTERS>>(flat_);
    const auto& word = nl::view<nl::Array<nl::Int, MAX>>(integers + 0);
    const nl::Int len = nl::Int(integers[MAX]);
    const PType temperature = parameters[0];
    nl::Array<S, P> row{};
    for (nl::integer i = 0; i < P; ++i) {
        row[i] = S(PType(i));
    }
    for (nl::integer i = 0; i < N; ++i) {
        const nl::Array<S, LETTERS> p = nl::softmax(logits[i]);
        S diagonal = row[0];
        row[0] += PType(1);
        for (nl::integer j = 1; j < nl::bound(len + nl::Int(1)); ++j) {
            const bool within = nl::Int(j) < len + nl::Int(1);
            if (within) {
                const nl::Int wanted = word[j - 1];
                const nl::Array<S, 3> ways{{diagonal + PType(1) - p[wanted], row[j - 1] + PType(1), row[j] + PType(1)}};
                diagonal = row[j];
                const S smooth_min_value = nl::smooth_min(ways, temperature);
                row[j] = smooth_min_value;
                tape.push(ways);
            }
        }
        tape.push(p);
    }
    const S value = row[len];
    nl::Array<S, P> row_{};
    row_[len] += PType(1);
    for (nl::integer i = N - 1; i >= 0; --i) {
        nl::Array<S, LETTERS> p;
        tape.pop(p);
        nl::Array<S, LETTERS> p_{};
        S diagonal_ = S(0);
        for (nl::integer j = nl::bound(len + nl::Int(1)) - 1; j >= 1; --j) {
            const bool within = nl::Int(j) < len + nl::Int(1);
            if (within) {
                nl::Array<S, 3> ways;
                tape.pop(ways);
                const nl::Int wanted = word[j - 1];
                nl::Array<S, 3> ways_{};
                const S row_new_ = row_[j];
                row_[j] = S(0);
                const S smooth_min_value_ = row_new_;
                nl::smooth_min_reverse(ways, temperature, smooth_min_value_, ways_);
                const S diagonal_new_ = diagonal_;
                diagonal_ = S(0);
                row_[j] += diagonal_new_;
                diagonal_ += ways_[0];
                p_[wanted] -= ways_[0];
                row_[j - 1] += ways_[1];
                row_[j] += ways_[2];
            }
        }
        row_[0] += diagonal_;
        nl::softmax_reverse(p, p_, logits_[i]);
    }
    for (nl::integer i = P - 1; i >= 0; --i) {
        row_[i] = S(0);
    }
    return value;
}
