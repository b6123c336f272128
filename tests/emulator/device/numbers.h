// Functions of numbers: the C library's, under the names that CUDA has for `double` and `float`.
#pragma once

// f(double), ff(float), and f(float) as C++ overloads it.
#define EMULATOR_UNARY(name)                          \
    extern "C" double name(double) noexcept;          \
    extern "C" float name##f(float) noexcept;         \
    inline float name(float x) { return name##f(x); }
#define EMULATOR_BINARY(name)                                              \
    extern "C" double name(double, double) noexcept;                       \
    extern "C" float name##f(float, float) noexcept;                       \
    inline float name(float x, float y) { return name##f(x, y); }          \
    inline double name(double x, float y) { return name(x, (double)y); }   \
    inline double name(float x, double y) { return name((double)x, y); }
EMULATOR_UNARY(exp) EMULATOR_UNARY(exp2) EMULATOR_UNARY(exp10) EMULATOR_UNARY(expm1)
EMULATOR_UNARY(log) EMULATOR_UNARY(log1p) EMULATOR_UNARY(log2) EMULATOR_UNARY(log10) EMULATOR_UNARY(logb)
EMULATOR_UNARY(sqrt) EMULATOR_UNARY(cbrt)
EMULATOR_UNARY(sin) EMULATOR_UNARY(cos) EMULATOR_UNARY(tan) EMULATOR_UNARY(asin) EMULATOR_UNARY(acos) EMULATOR_UNARY(atan)
EMULATOR_UNARY(sinh) EMULATOR_UNARY(cosh) EMULATOR_UNARY(tanh) EMULATOR_UNARY(asinh) EMULATOR_UNARY(acosh) EMULATOR_UNARY(atanh)
EMULATOR_UNARY(fabs) EMULATOR_UNARY(floor) EMULATOR_UNARY(ceil) EMULATOR_UNARY(trunc) EMULATOR_UNARY(round)
EMULATOR_UNARY(rint) EMULATOR_UNARY(nearbyint)
EMULATOR_UNARY(erf) EMULATOR_UNARY(erfc) EMULATOR_UNARY(tgamma) EMULATOR_UNARY(lgamma)
EMULATOR_UNARY(j0) EMULATOR_UNARY(j1) EMULATOR_UNARY(y0) EMULATOR_UNARY(y1)
EMULATOR_BINARY(atan2) EMULATOR_BINARY(hypot) EMULATOR_BINARY(pow) EMULATOR_BINARY(fmod) EMULATOR_BINARY(copysign)
EMULATOR_BINARY(fmin) EMULATOR_BINARY(fmax) EMULATOR_BINARY(fdim) EMULATOR_BINARY(remainder) EMULATOR_BINARY(nextafter)
#undef EMULATOR_UNARY
#undef EMULATOR_BINARY

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
}
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

#define NAN __builtin_nanf("")
#define INFINITY __builtin_inff()
#define HUGE_VAL __builtin_inf()
#define M_PI 3.14159265358979323846
#define M_PI_2 1.57079632679489661923
#define M_PI_4 0.78539816339744830962
#define M_E 2.7182818284590452354
#define M_SQRT2 1.41421356237309504880
#define M_SQRT1_2 0.70710678118654752440
#define M_SQRT1_2f 0.70710678118654752440f
#define M_2_SQRTPI 1.12837916709551257390
#define M_LN2 0.69314718055994530942
#define M_LN10 2.30258509299404568402

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
