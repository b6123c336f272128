// Functions of CUDA that begin with two underscores, of one thread.
#pragma once
#pragma GCC system_header

#define EMULATOR_BITS(name, To, From) \
    inline To name(From x) { return emulator::bits<To>(x); }
EMULATOR_BITS(__float_as_int, int, float)
EMULATOR_BITS(__float_as_uint, unsigned, float)
EMULATOR_BITS(__int_as_float, float, int)
EMULATOR_BITS(__uint_as_float, float, unsigned)
EMULATOR_BITS(__double_as_longlong, long long, double)
EMULATOR_BITS(__longlong_as_double, double, long long)
#undef EMULATOR_BITS
inline int __double2hiint(double x) { return (int)(emulator::bits<unsigned long long>(x) >> 32); }
inline int __double2loint(double x) { return (int)emulator::bits<unsigned long long>(x); }
inline double __hiloint2double(int high, int low) {
    return emulator::bits<double>((unsigned long long)(unsigned)high << 32 | (unsigned)low);
}

// Arithmetic that is never fused. The host's does not fuse either (-ffp-contract=off), and rounds to nearest.
#define EMULATOR_ARITHMETIC(T, f, d)                                      \
    inline T __##f##add_rn(T x, T y) { return x + y; }                    \
    inline T __##f##sub_rn(T x, T y) { return x - y; }                    \
    inline T __##f##mul_rn(T x, T y) { return x * y; }                    \
    inline T __##d##div_rn(T x, T y) { return x / y; }                    \
    inline T __##d##rcp_rn(T x) { return T(1) / x; }                      \
    inline T __##d##sqrt_rn(T x) { return sqrt(x); }
EMULATOR_ARITHMETIC(float, f, f)
EMULATOR_ARITHMETIC(double, d, d)
#undef EMULATOR_ARITHMETIC
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline double __fma_rn(double x, double y, double z) { return fma(x, y, z); }
inline float __frsqrt_rn(float x) { return 1.0f / sqrtf(x); }

// Fast versions, which are exact here.
inline float __expf(float x) { return expf(x); }
inline float __exp10f(float x) { return exp10f(x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __log10f(float x) { return log10f(x); }
inline float __sinf(float x) { return sinf(x); }
inline float __cosf(float x) { return cosf(x); }
inline float __tanf(float x) { return tanf(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __fdividef(float x, float y) { return x / y; }
inline float fdividef(float x, float y) { return x / y; }
inline float __saturatef(float x) { return x > 0 ? x < 1 ? x : 1.0f : 0.0f; }
inline void __sincosf(float x, float* s, float* c) { sincosf(x, s, c); }

// Numbers to integers: out of range saturates, NaN gives 0, as on the device.
namespace emulator {
template <class I, class T>
inline I saturated(T x) {
    constexpr bool SIGNED = I(-1) < I(0);
    constexpr int BITS = sizeof(I) * 8 - SIGNED;
    constexpr I MOST = SIGNED ? I(~(I(1) << (sizeof(I) * 8 - 1))) : I(-1);
    if (x != x) return 0;
    const T bound = BITS == 31 ? T(2147483648.0) : BITS == 32 ? T(4294967296.0) : BITS == 63 ? T(9223372036854775808.0) : T(18446744073709551616.0);
    if (x >= bound) return MOST;
    if (SIGNED ? x < -bound : x <= T(-1)) return SIGNED ? I(-MOST - 1) : I(0);
    return (I)x;
}
}  // namespace emulator
#define EMULATOR_ROUND(from, T, to, I)                                                            \
    inline I __##from##2##to##_rn(T x) { return emulator::saturated<I>(rint(x)); }                \
    inline I __##from##2##to##_rz(T x) { return emulator::saturated<I>(trunc(x)); }               \
    inline I __##from##2##to##_rd(T x) { return emulator::saturated<I>(floor(x)); }               \
    inline I __##from##2##to##_ru(T x) { return emulator::saturated<I>(ceil(x)); }                \
    inline T __##to##2##from##_rn(I x) { return (T)x; }
EMULATOR_ROUND(float, float, int, int)
EMULATOR_ROUND(float, float, uint, unsigned)
EMULATOR_ROUND(float, float, ll, long long)
EMULATOR_ROUND(float, float, ull, unsigned long long)
EMULATOR_ROUND(double, double, int, int)
EMULATOR_ROUND(double, double, uint, unsigned)
EMULATOR_ROUND(double, double, ll, long long)
EMULATOR_ROUND(double, double, ull, unsigned long long)
#undef EMULATOR_ROUND
inline float __double2float_rn(double x) { return (float)x; }

// Integers.
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __brev(unsigned x) {
    unsigned y = 0;
    for (int i = 0; i < 32; ++i) y |= (x >> i & 1u) << (31 - i);
    return y;
}
inline unsigned long long __brevll(unsigned long long x) {
    return (unsigned long long)__brev((unsigned)x) << 32 | __brev((unsigned)(x >> 32));
}
inline int __mulhi(int x, int y) { return (int)((long long)x * y >> 32); }
inline unsigned __umulhi(unsigned x, unsigned y) { return (unsigned)((unsigned long long)x * y >> 32); }
inline long long __mul64hi(long long x, long long y) { return (long long)((__int128)x * y >> 64); }
inline unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
    return (unsigned long long)((unsigned __int128)x * y >> 64);
}
inline int __mul24(int x, int y) { return (x << 8 >> 8) * (y << 8 >> 8); }
inline unsigned __umul24(unsigned x, unsigned y) { return (x & 0xffffffu) * (y & 0xffffffu); }
inline unsigned __sad(int x, int y, unsigned z) { return z + (x > y ? (unsigned)x - (unsigned)y : (unsigned)y - (unsigned)x); }
inline unsigned __usad(unsigned x, unsigned y, unsigned z) { return z + (x > y ? x - y : y - x); }
inline int __hadd(int x, int y) { return (int)(((long long)x + y) >> 1); }
inline int __rhadd(int x, int y) { return (int)(((long long)x + y + 1) >> 1); }
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
    const unsigned long long both = (unsigned long long)y << 32 | x;
    unsigned result = 0;
    for (int i = 0; i < 4; ++i) result |= (unsigned)(both >> (selector >> 4 * i & 7) * 8 & 0xff) << 8 * i;
    return result;
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned n) {
    return (unsigned)(((unsigned long long)high << 32 | low) << (n & 31) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned n) {
    return (unsigned)(((unsigned long long)high << 32 | low) >> (n & 31));
}

// Memory: caches are none of a kernel's business here.
#define EMULATOR_LOAD(name) \
    template <class T>      \
    inline T name(const T* at) { return *at; }
EMULATOR_LOAD(__ldg) EMULATOR_LOAD(__ldca) EMULATOR_LOAD(__ldcg) EMULATOR_LOAD(__ldcs) EMULATOR_LOAD(__ldcv) EMULATOR_LOAD(__ldlu)
#undef EMULATOR_LOAD
#define EMULATOR_STORE(name) \
    template <class T>       \
    inline void name(T* at, T x) { *at = x; }
EMULATOR_STORE(__stcg) EMULATOR_STORE(__stcs) EMULATOR_STORE(__stwb) EMULATOR_STORE(__stwt)
#undef EMULATOR_STORE

// Time, and ends.
inline long long clock64() { return (long long)__builtin_ia32_rdtsc(); }
inline clock_t clock() { return (clock_t)clock64(); }
inline void __nanosleep(unsigned) {}
[[noreturn]] inline void __trap() {
    emulator_module.services->stop(719, "__trap()");
    __builtin_unreachable();
}
inline void __brkpt() {}
#define EMULATOR_TEXT(x) #x
#define EMULATOR_LINE(x) EMULATOR_TEXT(x)
#define assert(condition) \
    ((condition) ? void() : emulator_module.services->stop(710, __FILE__ ":" EMULATOR_LINE(__LINE__) ": " #condition))
#define __builtin_assume(condition) ((condition) ? void() : __builtin_unreachable())
