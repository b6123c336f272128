// Which kind of processor this is, and how many threads.
#include <thread>

#include "problem.h"

namespace emulator {

#define KIND(name)                             \
    namespace name {                           \
    template <class T>                         \
    void multiply(const Problem<T>&);          \
    extern template void multiply(const Problem<float>&);  \
    extern template void multiply(const Problem<double>&); \
    }
KIND(plain) KIND(avx2) KIND(avx512)
#undef KIND

namespace {

template <class T>
void multiply_here(const Problem<T>& problem) {
#if defined(__x86_64__)
    static const int kind = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") ? 2
                          : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 1 : 0;
    if (kind == 2) return avx512::multiply(problem);
    if (kind == 1) return avx2::multiply(problem);
#endif
    plain::multiply(problem);
}

// Half of the columns, or of the rows, each: which thread does what does not show in the result.
template <class T>
void multiply_on_two(const Problem<T>& problem) {
    if (problem.m * problem.n * problem.k < (1u << 22)) return multiply_here(problem);
    Problem<T> first = problem, second = problem;
    if (problem.n >= problem.m) {
        first.n = (problem.n + 1) / 2, second.n -= first.n;
        second.b += first.n * problem.b_column, second.c += first.n * problem.ldc;
    } else {
        first.m = (problem.m + 127) / 128 * 64, second.m -= first.m;
        second.a += first.m * problem.a_row, second.c += first.m;
    }
    std::thread other([&] { multiply_here(second); });
    multiply_here(first);
    other.join();
}

}  // namespace

void multiply(const Problem<float>& problem) { multiply_on_two(problem); }
void multiply(const Problem<double>& problem) { multiply_on_two(problem); }

}  // namespace emulator
