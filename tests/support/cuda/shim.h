// CUDA C++ as C++20 on the host: what kernels find predeclared, and launches.
//
// Blocks run one after another. Where a kernel has barriers each thread of a block is a context of its own, and a barrier hands over to the
// next one: whoever comes back from it has waited for all others to get there.
#pragma once
// Few and small: they are most of what a compiler has to read.
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

// The C library's functions of numbers, of which CUDA has the same.
#define SHIM_MATH(name)                 \
    extern "C" double name(double);     \
    extern "C" float name##f(float);
#define SHIM_MATH2(name)                        \
    extern "C" double name(double, double);     \
    extern "C" float name##f(float, float);
SHIM_MATH(exp) SHIM_MATH(exp2) SHIM_MATH(expm1) SHIM_MATH(log) SHIM_MATH(log1p) SHIM_MATH(log2) SHIM_MATH(log10)
SHIM_MATH(sqrt) SHIM_MATH(cbrt) SHIM_MATH(sin) SHIM_MATH(cos) SHIM_MATH(tan) SHIM_MATH(asin) SHIM_MATH(acos)
SHIM_MATH(atan) SHIM_MATH(sinh) SHIM_MATH(cosh) SHIM_MATH(tanh) SHIM_MATH(asinh) SHIM_MATH(acosh) SHIM_MATH(atanh)
SHIM_MATH(fabs) SHIM_MATH(floor) SHIM_MATH(ceil) SHIM_MATH(trunc) SHIM_MATH(round) SHIM_MATH(erf)
SHIM_MATH2(atan2) SHIM_MATH2(hypot) SHIM_MATH2(pow) SHIM_MATH2(copysign)

// After the headers, whose attributes have such names.
#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)

struct Index3 {
    unsigned x = 1, y = 1, z = 1;
};
inline Index3 threadIdx, blockIdx, blockDim, gridDim;

template <class T>
inline T atomicMin(T* at, T x) {
    const T before = *at;
    if (x < before) *at = x;
    return before;
}
template <class T>
inline T atomicMax(T* at, T x) {
    const T before = *at;
    if (x > before) *at = x;
    return before;
}

namespace shim {

constexpr size_t STACK = 16 << 20;
constexpr unsigned MOST = 1024;

struct Context {
    ucontext_t state;
    char* stack;
    Index3 thread;
    bool running;
};
// A kernel with its arguments.
struct Kernel {
    virtual void run() const = 0;
};

inline ucontext_t home;
inline Context contexts[MOST];
inline unsigned current;
inline const Kernel* kernel;

inline void enter() {
    kernel->run();
    contexts[current].running = false;
    swapcontext(&contexts[current].state, &home);
}

inline void barrier() { swapcontext(&contexts[current].state, &home); }

inline void run_block(Index3 block) {
    const unsigned count = block.x * block.y;
    for (unsigned t = 0; t < count; ++t) {
        Context& context = contexts[t];
        if (!context.stack) context.stack = (char*)malloc(STACK);
        context.thread = {t % block.x, t / block.x, 0};
        context.running = true;
        getcontext(&context.state);
        context.state.uc_stack.ss_sp = context.stack;
        context.state.uc_stack.ss_size = STACK;
        context.state.uc_link = nullptr;
        makecontext(&context.state, enter, 0);
    }
    // In turn, each up to its next barrier.
    for (bool any = true; any;) {
        any = false;
        for (current = 0; current < count; ++current) {
            if (!contexts[current].running) continue;
            any = true;
            threadIdx = contexts[current].thread;
            swapcontext(&home, &contexts[current].state);
        }
    }
}

// A launch of `grid` blocks of `block` threads.
template <class F>
void launch(unsigned grid, Index3 block, bool barriers, F call) {
    struct Call : Kernel {
        F& call;
        explicit Call(F& call) : call(call) {}
        void run() const override { call(); }
    };
    const Call run(call);
    kernel = &run;
    gridDim = {grid, 1, 1};
    blockDim = block;
    for (unsigned b = 0; b < grid; ++b) {
        blockIdx = {b, 0, 0};
        if (barriers) {
            run_block(block);
            continue;
        }
        for (unsigned t = 0; t < block.x * block.y; ++t) {
            threadIdx = {t % block.x, t / block.x, 0};
            call();
        }
    }
}

}  // namespace shim

inline void __syncwarp() { shim::barrier(); }
inline void __syncthreads() { shim::barrier(); }
