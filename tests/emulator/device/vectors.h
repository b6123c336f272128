// Small vectors: float2, int4, make_float2 and so on.
#pragma once
#pragma GCC system_header

#define EMULATOR_VECTOR(T, name, align2, align4)                                                        \
    struct name##1 {                                                                                    \
        T x;                                                                                            \
    };                                                                                                  \
    struct __attribute__((aligned(align2))) name##2 {                                                   \
        T x, y;                                                                                         \
    };                                                                                                  \
    EMULATOR_VECTOR3(T, name)                                                                           \
    struct __attribute__((aligned(align4))) name##4 {                                                   \
        T x, y, z, w;                                                                                   \
    };                                                                                                  \
    inline name##1 make_##name##1(T x) { return {x}; }                                                  \
    inline name##2 make_##name##2(T x, T y) { return {x, y}; }                                          \
    inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
#define EMULATOR_VECTOR3(T, name)                                          \
    struct name##3 {                                                       \
        T x, y, z;                                                         \
    };                                                                     \
    inline name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; }
EMULATOR_VECTOR(signed char, char, 2, 4)
EMULATOR_VECTOR(unsigned char, uchar, 2, 4)
EMULATOR_VECTOR(short, short, 4, 8)
EMULATOR_VECTOR(unsigned short, ushort, 4, 8)
EMULATOR_VECTOR(int, int, 8, 16)
EMULATOR_VECTOR(long, long, 16, 16)
EMULATOR_VECTOR(unsigned long, ulong, 16, 16)
EMULATOR_VECTOR(long long, longlong, 16, 16)
EMULATOR_VECTOR(unsigned long long, ulonglong, 16, 16)
EMULATOR_VECTOR(float, float, 8, 16)
EMULATOR_VECTOR(double, double, 16, 16)
#undef EMULATOR_VECTOR3
#define EMULATOR_VECTOR3(T, name)  // `uint3` is what `threadIdx` is.
EMULATOR_VECTOR(unsigned, uint, 8, 16)
inline uint3 make_uint3(unsigned x, unsigned y, unsigned z) { return {x, y, z}; }
#undef EMULATOR_VECTOR3
#undef EMULATOR_VECTOR

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    constexpr operator uint3() const { return {x, y, z}; }
};
