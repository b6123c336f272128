// CUDA C++ as C++20 on the host: what kernels find predeclared. The compiler puts it in front of every text.
//
// No header of the system's is needed, or found: as with NVRTC, kernels have what is here. Three words are left to the compiler's rewriting of
// the text (compiler/rewrite.h): `__shared__`, `__global__` and `__launch_bounds__`.
#pragma once
#pragma GCC system_header
// Of the compiler, what is an extension here is an error in kernels: NVRTC takes hardly any.
#include "interface.h"

#define __device__
#define __host__
#define __constant__
#define __managed__
#define __grid_constant__
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __align__(n) __attribute__((aligned(n)))
#define __builtin_align__(n) __align__(n)
#define __cluster_dims__(...)

#define NULL __null

using size_t = decltype(sizeof 0);
using ptrdiff_t = decltype((char*)0 - (char*)0);
using clock_t = long;

extern "C" {
void* memcpy(void*, const void*, size_t);
void* memset(void*, int, size_t);
void* malloc(size_t);
void free(void*);
int printf(const char*, ...);
}

extern "C" __attribute__((visibility("default"))) emulator::Module emulator_module;

namespace emulator {

// One of each per module: it is compiled with hidden visibility.
inline Place place;
alignas(256) inline char dynamic_shared[Module::MOST_DYNAMIC + Module::BEHIND];

// Says once where a shared variable lies, and fills it with a pattern that shows if it is read before it is written. The driver does that
// again before every further block.
template <size_t size>
inline bool shared_variable(void* data) {
    static_assert(size <= 48 * 1024, "a block has 48 KiB of shared memory that is declared");
    Module& module = emulator_module;
    if (module.shared_count < Module::MOST_SHARED) module.shared[module.shared_count++] = {data, size};
    memset(data, 0xff, size);
    return true;
}

// A kernel as the driver calls it: with the addresses of its arguments.
template <int... I>
struct Sequence {};
template <auto kernel>
struct Adapter;
template <class... P, void (*kernel)(P...)>
struct Adapter<kernel> {
    static constexpr unsigned COUNT = sizeof...(P);
    static constexpr unsigned SIZES[COUNT + 1] = {sizeof(P)..., 0};

    template <int... I>
    static void call(void** parameters, Sequence<I...>) {
        kernel(*static_cast<P*>(parameters[I])...);
    }
    static void run(void** parameters) { call(parameters, Sequence<__integer_pack(COUNT)...>{}); }
};

template <class To, class From>
inline To bits(From x) {
    static_assert(sizeof(To) == sizeof(From));
    return __builtin_bit_cast(To, x);
}

}  // namespace emulator

using uint3 = emulator::Index;
static constexpr const uint3& threadIdx = emulator::place.thread;
static constexpr const uint3& blockIdx = emulator::place.block;
static constexpr const uint3& blockDim = emulator::place.block_size;
static constexpr const uint3& gridDim = emulator::place.grid;
static constexpr int warpSize = 32;

#include "numbers.h"
#include "intrinsics.h"
#include "vectors.h"
#include "together.h"

// There are none on a GPU.
#pragma GCC poison thread_local
