// Methods of integers, named as Rust's. Of `integer` what a correct program computes; of `Int` 32 bits that wrap around.

namespace nl {

// Quotient, rounded towards zero.
NL_CONST integer div(integer a, integer b) { return a / divisor(b); }
// Remainder, with the sign of `a`.
NL_CONST integer rem(integer a, integer b) { return a % divisor(b); }
// In 64 bits, so that the one quotient that 32 bits cannot hold wraps around.
NL_CONST Int div(Int a, Int b) { return Int(div(integer(a), integer(b))); }
NL_CONST Int rem(Int a, Int b) { return Int(rem(integer(a), integer(b))); }

NL_CONST integer min(integer a, integer b) { return b < a ? b : a; }
NL_CONST integer max(integer a, integer b) { return a < b ? b : a; }
NL_CONST Int min(Int a, Int b) { return b < a ? b : a; }
NL_CONST Int max(Int a, Int b) { return a < b ? b : a; }

// What is spelled alike for both.
#define NL_INTEGERS(I)                                                                    \
    NL_CONST I clamp(I x, I low, I high) { return min(max(x, low), high); }                \
    NL_CONST I abs(I x) { return max(x, -x); }                                             \
    NL_CONST I signum(I x) { return clamp(x, I(-1), I(1)); }                               \
    NL_CONST I abs_diff(I a, I b) { return abs(a - b); }                                   \
    /* As for unsigned integers: not below zero. */                                       \
    NL_CONST I saturating_sub(I a, I b) { return max(a - b, I(0)); }                       \
    NL_CONST I rem_euclid(I a, I b) {                                                      \
        const I r = rem(a, b);                                                             \
        return r < I(0) ? r + abs(b) : r;                                                  \
    }                                                                                      \
    NL_CONST I div_ceil(I a, I b) { return div(a + b - I(1), b); }                         \
    NL_CONST I pow(I x, I exponent) {                                                      \
        I result = I(1);                                                                   \
        for (I left = exponent; left > I(0); left = left - I(1)) result = result * x;      \
        return result;                                                                     \
    }                                                                                      \
    NL_CONST I next_power_of_two(I x) {                                                    \
        I power = I(1);                                                                    \
        while (power < x && power > I(0)) power = power * I(2);                            \
        return power;                                                                      \
    }                                                                                      \
    /* Rounded down; 0 for numbers that have none. */                                     \
    NL_CONST I ilog2(I x) {                                                                \
        I log = I(0);                                                                      \
        for (I left = x; left > I(1); left = left >> I(1)) log = log + I(1);               \
        return log;                                                                        \
    }                                                                                      \
    NL_CONST I trailing_zeros(I x) {                                                       \
        I zeros = I(0);                                                                    \
        while (zeros < I(8 * (int)sizeof(I)) && ((x >> zeros) & I(1)) == I(0)) zeros = zeros + I(1); \
        return zeros;                                                                      \
    }                                                                                      \
    NL_CONST I count_ones(I x) {                                                           \
        I ones = I(0);                                                                     \
        for (I bit = I(0); bit < I(8 * (int)sizeof(I)); bit = bit + I(1)) ones = ones + ((x >> bit) & I(1)); \
        return ones;                                                                       \
    }
NL_INTEGERS(integer)
NL_INTEGERS(Int)
#undef NL_INTEGERS

// The bound of a loop: a label that asks for more than 2^24 rounds is not what was meant.
NL_FN integer bound(Int x) {
    if (x.value <= (1 << 24)) return x.value;
    report(INDEX_OUT_OF_RANGE, x.value, 1 << 24);
    return 0;
}

// The step of a loop is positive.
NL_FN integer step(integer k) {
    if (k > 0) return k;
    report(DIVISION_BY_ZERO, 0, 0);
    return 1;
}

// The last number of `first, first + k, ..` below `end`; below `first` if there is none.
NL_FN integer last(integer first, integer end, integer k) {
    return first < end ? first + (end - 1 - first) / k * k : first - 1;
}

// The numbers of a loop in any order that `.rev()` and `.step_by(k)` make of them.
struct Steps {
    integer first, by, count;

    struct At {
        integer at, by, left;
        NL_FN integer operator*() const { return at; }
        NL_FN At& operator++() {
            at += by;
            left -= 1;
            return *this;
        }
        NL_FN bool operator!=(const At& end) const { return left != end.left; }
    };

    NL_FN Steps(integer start, integer end) : first(start), by(1), count(start < end ? end - start : 0) {}
    NL_FN Steps rev() const {
        Steps out = *this;
        out.first = first + (count - 1) * by;
        out.by = -by;
        return out;
    }
    NL_FN Steps step_by(integer k) const {
        Steps out = *this;
        out.by = by * k;
        out.count = (count + k - 1) / k;
        return out;
    }
    NL_FN At begin() const { return At{first, by, count}; }
    NL_FN At end() const { return At{0, by, 0}; }
};

}  // namespace nl
