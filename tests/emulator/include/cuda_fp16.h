// Half precision numbers, as far as kernels of dfdx use them: arithmetic in `float`, rounded after each operation.
#pragma once
#pragma GCC system_header

struct __attribute__((aligned(2))) __half {
    _Float16 value;

    __half() = default;
    template <class T, class = decltype((float)T())>
    __half(T x) : value((_Float16)(float)x) {}
    operator float() const { return (float)value; }
    template <class T>
    __half& operator=(T x) {
        return value = (_Float16)(float)x, *this;
    }
};
using half = __half;

#define EMULATOR_OPERATOR(op)                                                                        \
    inline __half operator op(__half x, __half y) { return (float)x op (float)y; }                   \
    inline __half& operator op##=(__half& x, __half y) { return x = x op y; }
EMULATOR_OPERATOR(+) EMULATOR_OPERATOR(-) EMULATOR_OPERATOR(*) EMULATOR_OPERATOR(/)
#undef EMULATOR_OPERATOR
inline __half operator-(__half x) { return -(float)x; }
inline __half operator+(__half x) { return x; }
#define EMULATOR_COMPARISON(op) \
    inline bool operator op(__half x, __half y) { return (float)x op (float)y; }
EMULATOR_COMPARISON(==) EMULATOR_COMPARISON(!=) EMULATOR_COMPARISON(<) EMULATOR_COMPARISON(<=) EMULATOR_COMPARISON(>) EMULATOR_COMPARISON(>=)
#undef EMULATOR_COMPARISON
// A half and another number: as numbers convert, the other becomes a half; integers too.
#define EMULATOR_MIXED(op, R, T)                                                \
    inline R operator op(__half x, T y) { return x op __half(y); }              \
    inline R operator op(T x, __half y) { return __half(x) op y; }
#define EMULATOR_MIXED_ALL(T)                                                                                                      \
    EMULATOR_MIXED(+, __half, T) EMULATOR_MIXED(-, __half, T) EMULATOR_MIXED(*, __half, T) EMULATOR_MIXED(/, __half, T)            \
    EMULATOR_MIXED(==, bool, T) EMULATOR_MIXED(!=, bool, T) EMULATOR_MIXED(<, bool, T) EMULATOR_MIXED(<=, bool, T)                 \
    EMULATOR_MIXED(>, bool, T) EMULATOR_MIXED(>=, bool, T)
EMULATOR_MIXED_ALL(float) EMULATOR_MIXED_ALL(double) EMULATOR_MIXED_ALL(int) EMULATOR_MIXED_ALL(unsigned)
EMULATOR_MIXED_ALL(long) EMULATOR_MIXED_ALL(unsigned long)
#undef EMULATOR_MIXED_ALL
#undef EMULATOR_MIXED

inline float __half2float(__half x) { return x; }
inline __half __float2half(float x) { return x; }
inline __half __float2half_rn(float x) { return x; }
inline __half __double2half(double x) { return x; }
inline unsigned short __half_as_ushort(__half x) { return emulator::bits<unsigned short>(x.value); }
inline __half __ushort_as_half(unsigned short x) {
    __half y;
    y.value = emulator::bits<_Float16>(x);
    return y;
}
inline bool __hisnan(__half x) { return isnan((float)x); }
inline bool __hisinf(__half x) { return isinf((float)x); }
inline __half __habs(__half x) { return fabsf(x); }
inline __half __hneg(__half x) { return -(float)x; }
inline __half __hadd(__half x, __half y) { return x + y; }
inline __half __hsub(__half x, __half y) { return x - y; }
inline __half __hmul(__half x, __half y) { return x * y; }
inline __half __hdiv(__half x, __half y) { return x / y; }
inline __half __hfma(__half x, __half y, __half z) { return fmaf(x, y, z); }
inline __half __hmax(__half x, __half y) { return fmaxf(x, y); }
inline __half __hmin(__half x, __half y) { return fminf(x, y); }
inline __half __hmax_nan(__half x, __half y) { return __hisnan(x) ? x : __hisnan(y) ? y : __hmax(x, y); }
inline __half __hmin_nan(__half x, __half y) { return __hisnan(x) ? x : __hisnan(y) ? y : __hmin(x, y); }
#define EMULATOR_FUNCTION(name) \
    inline __half h##name(__half x) { return name##f((float)x); }
EMULATOR_FUNCTION(exp) EMULATOR_FUNCTION(exp2) EMULATOR_FUNCTION(exp10) EMULATOR_FUNCTION(log) EMULATOR_FUNCTION(log2) EMULATOR_FUNCTION(log10)
EMULATOR_FUNCTION(sqrt) EMULATOR_FUNCTION(rsqrt) EMULATOR_FUNCTION(sin) EMULATOR_FUNCTION(cos) EMULATOR_FUNCTION(floor) EMULATOR_FUNCTION(ceil)
EMULATOR_FUNCTION(trunc) EMULATOR_FUNCTION(rint)
#undef EMULATOR_FUNCTION
inline __half atomicAdd(__half* at, __half x) {
    const __half before = *at;
    *at = before + x;
    return before;
}
