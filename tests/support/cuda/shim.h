// CUDA C++ as C++20 on the host: what kernels find predeclared, and launches.
//
// Blocks run one after another. Where a kernel has barriers each thread of a block is a context of its own, and a barrier hands over to the
// next one: whoever comes back from it has waited for all others to get there.
#pragma once
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <ucontext.h>
#include <vector>

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

struct Context {
    ucontext_t state;
    std::unique_ptr<char[]> stack;
    Index3 thread;
    bool running = false;
};

struct Scheduler {
    ucontext_t main;
    std::vector<Context> contexts;
    size_t current = 0;
    std::function<void()> kernel;
};
inline Scheduler scheduler;

inline void enter() {
    scheduler.kernel();
    Context& self = scheduler.contexts[scheduler.current];
    self.running = false;
    swapcontext(&self.state, &scheduler.main);
}

inline void barrier() {
    Context& self = scheduler.contexts[scheduler.current];
    swapcontext(&self.state, &scheduler.main);
}

inline void run_block(Index3 block) {
    const unsigned count = block.x * block.y;
    if (scheduler.contexts.size() < count) scheduler.contexts.resize(count);
    for (unsigned t = 0; t < count; ++t) {
        Context& context = scheduler.contexts[t];
        if (!context.stack) context.stack.reset(new char[STACK]);
        context.thread = {t % block.x, t / block.x, 0};
        context.running = true;
        getcontext(&context.state);
        context.state.uc_stack.ss_sp = context.stack.get();
        context.state.uc_stack.ss_size = STACK;
        context.state.uc_link = nullptr;
        makecontext(&context.state, enter, 0);
    }
    // In turn, each up to its next barrier.
    for (bool any = true; any;) {
        any = false;
        for (unsigned t = 0; t < count; ++t) {
            Context& context = scheduler.contexts[t];
            if (!context.running) continue;
            any = true;
            scheduler.current = t;
            threadIdx = context.thread;
            swapcontext(&scheduler.main, &context.state);
        }
    }
}

// A launch of `grid` blocks of `block` threads.
template <class F>
void launch(unsigned grid, Index3 block, bool barriers, F kernel) {
    gridDim = {grid, 1, 1};
    blockDim = block;
    scheduler.kernel = kernel;
    for (unsigned b = 0; b < grid; ++b) {
        blockIdx = {b, 0, 0};
        if (barriers) {
            run_block(block);
            continue;
        }
        for (unsigned t = 0; t < block.x * block.y; ++t) {
            threadIdx = {t % block.x, t / block.x, 0};
            kernel();
        }
    }
}

}  // namespace shim

inline void __syncwarp() { shim::barrier(); }
inline void __syncthreads() { shim::barrier(); }
