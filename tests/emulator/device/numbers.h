// Functions of numbers: the C library's, under the names that CUDA has for `double` and `float`.
#pragma once
#pragma GCC system_header

namespace emulator {
// `double` if one of two numbers is an integer. Two integers do not say which function, and neither do a `float` and a `double`.
template <class T>
constexpr bool IS_INTEGER = false;
template <> inline constexpr bool IS_INTEGER<bool> = true;
template <> inline constexpr bool IS_INTEGER<char> = true;
template <> inline constexpr bool IS_INTEGER<short> = true;
template <> inline constexpr bool IS_INTEGER<int> = true;
template <> inline constexpr bool IS_INTEGER<long> = true;
template <> inline constexpr bool IS_INTEGER<long long> = true;
template <> inline constexpr bool IS_INTEGER<unsigned char> = true;
template <> inline constexpr bool IS_INTEGER<unsigned short> = true;
template <> inline constexpr bool IS_INTEGER<unsigned> = true;
template <> inline constexpr bool IS_INTEGER<unsigned long> = true;
template <> inline constexpr bool IS_INTEGER<unsigned long long> = true;
template <bool, class T>
struct If {};
template <class T>
struct If<true, T> {
    using Type = T;
};
template <class A, class B>
using MixedWithInteger = typename If<IS_INTEGER<A> != IS_INTEGER<B>, double>::Type;
}  // namespace emulator

// f(double), ff(float), and f(float) as C++ overloads it.
#define EMULATOR_UNARY(name)                          \
    extern "C" double name(double) noexcept;          \
    extern "C" float name##f(float) noexcept;         \
    inline float name(float x) { return name##f(x); }
#define EMULATOR_BINARY(name)                                              \
    extern "C" double name(double, double) noexcept;                       \
    extern "C" float name##f(float, float) noexcept;                       \
    inline float name(float x, float y) { return name##f(x, y); }          \
    template <class A, class B>                                            \
    inline emulator::MixedWithInteger<A, B> name(A x, B y) { return name((double)x, (double)y); }
EMULATOR_UNARY(exp) EMULATOR_UNARY(exp2) EMULATOR_UNARY(exp10) EMULATOR_UNARY(expm1)
EMULATOR_UNARY(log) EMULATOR_UNARY(log1p) EMULATOR_UNARY(log2) EMULATOR_UNARY(log10) EMULATOR_UNARY(logb)
EMULATOR_UNARY(sqrt) EMULATOR_UNARY(cbrt)
EMULATOR_UNARY(sin) EMULATOR_UNARY(cos) EMULATOR_UNARY(tan) EMULATOR_UNARY(asin) EMULATOR_UNARY(acos) EMULATOR_UNARY(atan)
EMULATOR_UNARY(sinh) EMULATOR_UNARY(cosh) EMULATOR_UNARY(tanh) EMULATOR_UNARY(asinh) EMULATOR_UNARY(acosh) EMULATOR_UNARY(atanh)
EMULATOR_UNARY(fabs) EMULATOR_UNARY(floor) EMULATOR_UNARY(ceil) EMULATOR_UNARY(trunc) EMULATOR_UNARY(round)
EMULATOR_UNARY(rint) EMULATOR_UNARY(nearbyint)
EMULATOR_UNARY(erf) EMULATOR_UNARY(erfc) EMULATOR_UNARY(tgamma) EMULATOR_UNARY(lgamma)
EMULATOR_UNARY(j0) EMULATOR_UNARY(j1) EMULATOR_UNARY(y0) EMULATOR_UNARY(y1)
EMULATOR_BINARY(atan2) EMULATOR_BINARY(hypot) EMULATOR_BINARY(pow) EMULATOR_BINARY(fmod)
EMULATOR_BINARY(fmin) EMULATOR_BINARY(fmax) EMULATOR_BINARY(fdim) EMULATOR_BINARY(remainder) EMULATOR_BINARY(nextafter)
#undef EMULATOR_UNARY
#undef EMULATOR_BINARY
extern "C" double copysign(double, double) noexcept;
extern "C" float copysignf(float, float) noexcept;
inline float copysign(float x, float y) { return copysignf(x, y); }
inline double copysign(double x, float y) { return copysign(x, (double)y); }
inline double copysign(float x, double y) { return copysign((double)x, y); }

extern "C" {
double fma(double, double, double) noexcept;
float fmaf(float, float, float) noexcept;
double ldexp(double, int) noexcept;
float ldexpf(float, int) noexcept;
double scalbn(double, int) noexcept;
float scalbnf(float, int) noexcept;
double frexp(double, int*) noexcept;
float frexpf(float, int*) noexcept;
double modf(double, double*) noexcept;
float modff(float, float*) noexcept;
void sincos(double, double*, double*) noexcept;
void sincosf(float, float*, float*) noexcept;
int ilogb(double) noexcept;
int ilogbf(float) noexcept;
int abs(int) noexcept;
long labs(long) noexcept;
long long llabs(long long) noexcept;
long lrint(double) noexcept;
long lround(double) noexcept;
long long llrint(double) noexcept;
long long llround(double) noexcept;
long lrintf(float) noexcept;
long lroundf(float) noexcept;
long long llrintf(float) noexcept;
long long llroundf(float) noexcept;
}
inline long lrint(float x) { return lrintf(x); }
inline long lround(float x) { return lroundf(x); }
inline long long llrint(float x) { return llrintf(x); }
inline long long llround(float x) { return llroundf(x); }
inline int ilogb(float x) { return ilogbf(x); }
inline float frexp(float x, int* n) { return frexpf(x, n); }
inline float modf(float x, float* whole) { return modff(x, whole); }
inline void sincos(float x, float* s, float* c) { sincosf(x, s, c); }
inline float fma(float x, float y, float z) { return fmaf(x, y, z); }
inline float ldexp(float x, int n) { return ldexpf(x, n); }
inline float abs(float x) { return fabsf(x); }
inline double abs(double x) { return fabs(x); }
inline long abs(long x) { return labs(x); }
inline long long abs(long long x) { return llabs(x); }
inline double pow(double x, int n) { return pow(x, (double)n); }
inline float pow(float x, int n) { return powf(x, (float)n); }

// What the C library does not have.
#define EMULATOR_SPECIAL(T, f)                                                                                            \
    inline T rsqrt##f(T x) { return T(1) / sqrt(x); }                                                                                  \
    inline T rcbrt##f(T x) { return T(1) / cbrt(x); }                                                                                  \
    inline T rhypot##f(T x, T y) { return T(1) / hypot(x, y); }                                                                        \
    inline T sinpi##f(T x) { return sin(T(3.14159265358979323846) * fmod(x, T(2))); }                                                  \
    inline T cospi##f(T x) { return cos(T(3.14159265358979323846) * fmod(x, T(2))); }                                                  \
    inline T normcdf##f(T x) { return (T)(0.5 * erfc(-(double)x * 0.70710678118654752440)); }                                          \
    inline T erfcx##f(T x) { return (T)(exp((double)x * x) * erfc((double)x)); }                                                       \
    inline T normcdfinv##f(T p) { return (T)emulator::quantile((double)p); }                                                           \
    inline T erfinv##f(T x) { return (T)(emulator::quantile(0.5 + 0.5 * (double)x) * 0.70710678118654752440); }                        \
    inline T norm3d##f(T x, T y, T z) { return hypot(hypot(x, y), z); }                                                                \
    inline T norm4d##f(T x, T y, T z, T w) { return hypot(hypot(x, y), hypot(z, w)); }                                                 \
    inline T rnorm3d##f(T x, T y, T z) { return T(1) / hypot(hypot(x, y), z); }                                                        \
    inline T rnorm4d##f(T x, T y, T z, T w) { return T(1) / hypot(hypot(x, y), hypot(z, w)); }                                         \
    inline T erfcinv##f(T x) { return (T)(-emulator::quantile(0.5 * (double)x) * 0.70710678118654752440); }
namespace emulator {
// Of the normal distribution: a first guess within 5e-4 (Abramowitz and Stegun 26.2.23), and Newton's method on the distribution function,
// in the lower tail, where nothing cancels.
inline double quantile(double p) {
    if (!(p >= 0 && p <= 1)) return __builtin_nan("");
    if (p > 0.5) return p == 1 ? __builtin_inf() : -quantile(1 - p);
    if (p == 0 || p == 0.5) return p == 0 ? -__builtin_inf() : 0;
    const double t = sqrt(-2 * log(p));
    double x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
    for (int i = 0; i < 4; ++i) {
        const double below = 0.5 * erfc(-x * 0.70710678118654752440);
        // In logarithms, which are close to linear far out.
        x -= log(below / p) * below * exp(0.5 * x * x) * 2.50662827463100050242;
    }
    return x;
}
}  // namespace emulator
EMULATOR_SPECIAL(double, )
EMULATOR_SPECIAL(float, f)
inline float rsqrt(float x) { return rsqrtf(x); }
inline float rcbrt(float x) { return rcbrtf(x); }
inline float sinpi(float x) { return sinpif(x); }
inline float cospi(float x) { return cospif(x); }
inline float normcdf(float x) { return normcdff(x); }
inline float normcdfinv(float x) { return normcdfinvf(x); }
inline float erfinv(float x) { return erfinvf(x); }
inline float erfcinv(float x) { return erfcinvf(x); }
#undef EMULATOR_SPECIAL

#define EMULATOR_CLASSES(T)                                              \
    inline bool isnan(T x) { return x != x; }                            \
    inline bool isinf(T x) { return __builtin_isinf(x); }                \
    inline bool isfinite(T x) { return __builtin_isfinite(x); }          \
    inline bool isnormal(T x) { return __builtin_isnormal(x); }          \
    inline bool signbit(T x) { return __builtin_signbit(x); }
EMULATOR_CLASSES(float)
EMULATOR_CLASSES(double)
#undef EMULATOR_CLASSES
inline double nan(const char*) { return __builtin_nan(""); }
inline float nanf(const char*) { return __builtin_nanf(""); }

// The smaller and the larger, for every pair of types that does not agree on its own.
#define EMULATOR_ORDERED(T, A, B)                                        \
    inline T min(A a, B b) { return (T)a < (T)b ? (T)a : (T)b; }         \
    inline T max(A a, B b) { return (T)a > (T)b ? (T)a : (T)b; }
#define EMULATOR_MIXED(T, U) EMULATOR_ORDERED(T, T, U) EMULATOR_ORDERED(T, U, T)
EMULATOR_ORDERED(int, int, int)
EMULATOR_ORDERED(unsigned, unsigned, unsigned)
EMULATOR_ORDERED(long, long, long)
EMULATOR_ORDERED(unsigned long, unsigned long, unsigned long)
EMULATOR_ORDERED(long long, long long, long long)
EMULATOR_ORDERED(unsigned long long, unsigned long long, unsigned long long)
EMULATOR_MIXED(unsigned, int)
EMULATOR_MIXED(unsigned long, long)
EMULATOR_MIXED(unsigned long long, long long)
#undef EMULATOR_ORDERED
#define EMULATOR_ORDERED(T, A, B)                                  \
    inline T min(A a, B b) { return fmin((T)a, (T)b); }            \
    inline T max(A a, B b) { return fmax((T)a, (T)b); }
EMULATOR_ORDERED(float, float, float)
EMULATOR_ORDERED(double, double, double)
EMULATOR_MIXED(double, float)
#undef EMULATOR_ORDERED
#undef EMULATOR_MIXED
inline unsigned umin(unsigned x, unsigned y) { return min(x, y); }
inline unsigned umax(unsigned x, unsigned y) { return max(x, y); }
inline long long llmin(long long x, long long y) { return min(x, y); }
inline long long llmax(long long x, long long y) { return max(x, y); }
inline unsigned long long ullmin(unsigned long long x, unsigned long long y) { return min(x, y); }
inline unsigned long long ullmax(unsigned long long x, unsigned long long y) { return max(x, y); }
