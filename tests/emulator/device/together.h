// What threads do together: barriers, shuffles, votes, atomics.
#pragma once
#pragma GCC system_header

inline void __syncthreads() { emulator_module.services->block(emulator::Block::SYNC, 0); }
inline int __syncthreads_count(int x) { return (int)emulator_module.services->block(emulator::Block::COUNT, x != 0); }
inline int __syncthreads_and(int x) { return (int)emulator_module.services->block(emulator::Block::AND, x != 0); }
inline int __syncthreads_or(int x) { return (int)emulator_module.services->block(emulator::Block::OR, x != 0); }

// One thread runs at a time, so that memory is always in order; compilers must not keep it in registers.
inline void __threadfence() { asm volatile("" ::: "memory"); }
inline void __threadfence_block() { __threadfence(); }
inline void __threadfence_system() { __threadfence(); }

namespace emulator {

constexpr unsigned ALL = 0xffffffffu;

inline unsigned thread_of_block() {
    return (place.thread.z * place.block_size.y + place.thread.y) * place.block_size.x + place.thread.x;
}
inline unsigned long long warp(Warp what, unsigned mask, unsigned long long value, unsigned lane = 0) {
    return emulator_module.services->warp(what, mask, value, lane);
}
template <class T>
inline unsigned long long packed(T x) {
    static_assert(sizeof(T) <= 8);
    unsigned long long all = 0;
    memcpy(&all, &x, sizeof(T));
    return all;
}
template <class T>
inline T shuffle(unsigned mask, T x, unsigned lane) {
    const unsigned long long all = warp(Warp::SHUFFLE, mask, packed(x), lane);
    memcpy(&x, &all, sizeof(T));
    return x;
}

}  // namespace emulator

inline void __syncwarp(unsigned mask = emulator::ALL) { emulator::warp(emulator::Warp::SYNC, mask, 0); }
inline unsigned __ballot_sync(unsigned mask, int x) { return (unsigned)emulator::warp(emulator::Warp::BALLOT, mask, x != 0); }
inline int __any_sync(unsigned mask, int x) { return (int)emulator::warp(emulator::Warp::ANY, mask, x != 0); }
inline int __all_sync(unsigned mask, int x) { return (int)emulator::warp(emulator::Warp::ALL, mask, x != 0); }
template <class T>
inline unsigned __match_any_sync(unsigned mask, T x) {
    return (unsigned)emulator::warp(emulator::Warp::MATCH, mask, emulator::packed(x));
}
template <class T>
inline unsigned __match_all_sync(unsigned mask, T x, int* all) {
    const unsigned same = __match_any_sync(mask, x);
    *all = same == mask;
    return *all ? mask : 0;
}
// Threads run one after another, each until it has to wait: none but itself is known to be active.
inline unsigned __activemask() { return 1u << (emulator::thread_of_block() & 31); }

// Lanes by where a shuffle of `width` lanes lets them read; a lane that would read beyond its part reads itself.
template <class T>
inline T __shfl_sync(unsigned mask, T x, int from, int width = 32) {
    const unsigned lane = emulator::thread_of_block() & 31;
    return emulator::shuffle(mask, x, (lane & ~(width - 1u)) | ((unsigned)from & (width - 1u)));
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T x, unsigned by, int width = 32) {
    const unsigned lane = emulator::thread_of_block() & 31, within = lane & (width - 1u);
    return emulator::shuffle(mask, x, within < by ? lane : lane - by);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T x, unsigned by, int width = 32) {
    const unsigned lane = emulator::thread_of_block() & 31, within = lane & (width - 1u);
    return emulator::shuffle(mask, x, within + by < (unsigned)width ? lane + by : lane);
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T x, int by, int width = 32) {
    const unsigned lane = emulator::thread_of_block() & 31, from = lane ^ (unsigned)by;
    return emulator::shuffle(mask, x, from < (lane & ~(width - 1u)) + width ? from : lane);
}

#define EMULATOR_REDUCE(name, unsigned_kind, signed_kind)                                                                                     \
    inline unsigned name(unsigned mask, unsigned x) { return (unsigned)emulator::warp(emulator::Warp::unsigned_kind, mask, x); }              \
    inline int name(unsigned mask, int x) { return (int)(unsigned)emulator::warp(emulator::Warp::signed_kind, mask, (unsigned)x); }
EMULATOR_REDUCE(__reduce_add_sync, ADD, ADD)
EMULATOR_REDUCE(__reduce_min_sync, MIN, SIGNED_MIN)
EMULATOR_REDUCE(__reduce_max_sync, MAX, SIGNED_MAX)
EMULATOR_REDUCE(__reduce_and_sync, AND, AND)
EMULATOR_REDUCE(__reduce_or_sync, OR, OR)
EMULATOR_REDUCE(__reduce_xor_sync, XOR, XOR)
#undef EMULATOR_REDUCE

// Atomics, for the types that CUDA has them for. Nothing comes between a thread's reading and its writing.
#define EMULATOR_ATOMIC(name, T, after)       \
    inline T name(T* at, T x) {               \
        const T before = *at;                 \
        *at = (after);                        \
        return before;                        \
    }                                         \
    inline T name##_block(T* at, T x) { return name(at, x); } \
    inline T name##_system(T* at, T x) { return name(at, x); }
#define EMULATOR_INTEGERS(name, after)          \
    EMULATOR_ATOMIC(name, int, after)           \
    EMULATOR_ATOMIC(name, unsigned, after)      \
    EMULATOR_ATOMIC(name, unsigned long long, after)
EMULATOR_INTEGERS(atomicAdd, before + x)
EMULATOR_ATOMIC(atomicAdd, float, before + x)
EMULATOR_ATOMIC(atomicAdd, double, before + x)
EMULATOR_ATOMIC(atomicSub, int, before - x)
EMULATOR_ATOMIC(atomicSub, unsigned, before - x)
EMULATOR_INTEGERS(atomicMin, x < before ? x : before)
EMULATOR_INTEGERS(atomicMax, x > before ? x : before)
EMULATOR_ATOMIC(atomicMin, long long, x < before ? x : before)
EMULATOR_ATOMIC(atomicMax, long long, x > before ? x : before)
EMULATOR_INTEGERS(atomicAnd, before & x)
EMULATOR_INTEGERS(atomicOr, before | x)
EMULATOR_INTEGERS(atomicXor, before ^ x)
EMULATOR_ATOMIC(atomicAnd, long long, before & x)
EMULATOR_ATOMIC(atomicOr, long long, before | x)
EMULATOR_ATOMIC(atomicXor, long long, before ^ x)
EMULATOR_INTEGERS(atomicExch, x)
EMULATOR_ATOMIC(atomicExch, float, x)
EMULATOR_ATOMIC(atomicInc, unsigned, before >= x ? 0 : before + 1)
EMULATOR_ATOMIC(atomicDec, unsigned, before == 0 || before > x ? x : before - 1)
#undef EMULATOR_INTEGERS
#undef EMULATOR_ATOMIC
#define EMULATOR_CAS(T)                          \
    inline T atomicCAS(T* at, T old, T x) {      \
        const T before = *at;                    \
        if (before == old) *at = x;              \
        return before;                           \
    }
EMULATOR_CAS(int)
EMULATOR_CAS(unsigned)
EMULATOR_CAS(unsigned short)
EMULATOR_CAS(unsigned long long)
#undef EMULATOR_CAS
