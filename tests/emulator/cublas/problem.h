// A product of matrices, whatever way they lie.
#pragma once
#include <cstddef>

namespace emulator {

// C (m x n, columns of `ldc`) = alpha A (m x k) B (k x n) + beta C. Steps from row to row, and from column to column.
template <class T>
struct Problem {
    size_t m, n, k;
    T alpha;
    const T* a;
    size_t a_row, a_column;
    const T* b;
    size_t b_row, b_column;
    T beta;
    T* c;
    size_t ldc;
};

// For this processor, on two threads where it pays.
void multiply(const Problem<float>& problem);
void multiply(const Problem<double>& problem);

}  // namespace emulator
