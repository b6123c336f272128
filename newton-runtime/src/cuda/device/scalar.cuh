// Numbers without tangents: elementary functions of `float` and `double`, named as Rust's.

namespace nl {

// The same number without tangents: what does not depend on the prediction.
template <class S>
struct Traits {
    using Passive = S;
    static constexpr bool HAS_TANGENTS = false;
};
template <class S>
using Passive = typename Traits<S>::Passive;

#define NL_UNARY(name, single, wide)                  \
    NL_FN float name(float x) { return ::single(x); }  \
    NL_FN double name(double x) { return ::wide(x); }
#define NL_BINARY(name, single, wide)                            \
    NL_FN float name(float x, float y) { return ::single(x, y); } \
    NL_FN double name(double x, double y) { return ::wide(x, y); }
NL_UNARY(exp, expf, exp)
NL_UNARY(exp2, exp2f, exp2)
NL_UNARY(exp_m1, expm1f, expm1)
NL_UNARY(ln, logf, log)
NL_UNARY(ln_1p, log1pf, log1p)
NL_UNARY(log2, log2f, log2)
NL_UNARY(log10, log10f, log10)
NL_UNARY(sqrt, sqrtf, sqrt)
NL_UNARY(cbrt, cbrtf, cbrt)
NL_UNARY(sin, sinf, sin)
NL_UNARY(cos, cosf, cos)
NL_UNARY(tan, tanf, tan)
NL_UNARY(asin, asinf, asin)
NL_UNARY(acos, acosf, acos)
NL_UNARY(atan, atanf, atan)
NL_UNARY(sinh, sinhf, sinh)
NL_UNARY(cosh, coshf, cosh)
NL_UNARY(tanh, tanhf, tanh)
NL_UNARY(asinh, asinhf, asinh)
NL_UNARY(acosh, acoshf, acosh)
NL_UNARY(atanh, atanhf, atanh)
NL_UNARY(abs, fabsf, fabs)
NL_UNARY(floor, floorf, floor)
NL_UNARY(ceil, ceilf, ceil)
NL_UNARY(trunc, truncf, trunc)
// Halves away from zero.
NL_UNARY(round, roundf, round)
// The error function of numbers; `erf` is the builtin.
NL_UNARY(erf_of, erff, erf)
NL_BINARY(atan2, atan2f, atan2)
NL_BINARY(hypot, hypotf, hypot)
NL_BINARY(powf, powf, pow)
#undef NL_UNARY
#undef NL_BINARY

// Where a constant of a user's is not finite.
constexpr double INFINITE = __builtin_bit_cast(double, 0x7ff0000000000000ULL);
constexpr double NOT_A_NUMBER = __builtin_bit_cast(double, 0x7ff8000000000000ULL);

#define NL_REAL(T)                                                                     \
    NL_FN T value(T x) { return x; }                                                    \
    NL_FN T recip(T x) { return T(1) / x; }                                             \
    NL_FN T fract(T x) { return x - trunc(x); }                                         \
    NL_FN T pow(T x, T p) { return powf(x, p); }                                        \
    /* As Rust's, also where one is not a number. */                                   \
    NL_FN T max(T a, T b) { return b > a ? b : a; }                                     \
    NL_FN T min(T a, T b) { return a > b ? b : a; }                                     \
    NL_FN T mul_add(T x, T a, T b) { return x * a + b; }                                \
    /* -1, 0 or 1. */                                                                  \
    NL_FN T sign(T x) { return x > T(0) ? T(1) : x < T(0) ? T(-1) : T(0); }             \
    NL_FN bool is_nan(T x) { return x != x; }                                           \
    NL_FN bool is_finite(T x) { return x * T(0) == T(0); }                              \
    /* `x as i32`: truncated towards zero and into range; 0 for NaN. */                 \
    NL_FN Int truncated(T x) {                                                          \
        if (x != x) return 0;                                                           \
        if (x >= T(2147483648.0)) return 2147483647;                                    \
        if (x <= T(-2147483648.0)) return -2147483647 - 1;                              \
        return (int)x;                                                                  \
    }                                                                                   \
    NL_FN T chain(T, T f, T) { return f; }                                              \
    NL_FN T chain2(T, T, T f, T, T) { return f; }                                       \
    NL_FN void add_product(T& sum, T a, T b) { sum += a * b; }                          \
    NL_FN void sub_product(T& sum, T a, T b) { sum -= a * b; }
NL_REAL(float)
NL_REAL(double)
#undef NL_REAL

// -1 or 1 by the sign bit; NaN for NaN.
NL_FN float signum(float x) { return x != x ? x : copysignf(1.0f, x); }
NL_FN double signum(double x) { return x != x ? x : copysign(1.0, x); }

// Integer power by repeated squaring, of any number.
template <class S>
NL_FN S power(S x, integer n) {
    S result = S(1), square = x;
    for (unsigned long long left = n < 0 ? -n : n; left > 0; left >>= 1) {
        if (left & 1) result *= square;
        square *= square;
    }
    return n < 0 ? recip(result) : result;
}
NL_FN float powi(float x, integer n) { return power(x, n); }
NL_FN double powi(double x, integer n) { return power(x, n); }

}  // namespace nl
