// Products of matrices: C = alpha A B + beta C, blocked for the caches, in vectors.
//
// Compiled once for each kind of processor (GEMM_KIND is the namespace, GEMM_VECTOR the bytes of a vector), and chosen when it runs.
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "problem.h"

namespace emulator::GEMM_KIND {

// Nothing of the standard library's: the linker keeps one copy of its templates, which would be some kind's.
inline size_t least(size_t a, size_t b) { return a < b ? a : b; }
template <class T>
struct Buffer {
    T* const data;
    explicit Buffer(size_t count) : data((T*)aligned_alloc(64, (count * sizeof(T) + 63) / 64 * 64)) {}
    ~Buffer() { free(data); }
    Buffer(const Buffer&) = delete;
};

template <class T>
struct Sizes {
    typedef T Vector __attribute__((vector_size(GEMM_VECTOR)));
    static constexpr size_t LANES = GEMM_VECTOR / sizeof(T);
    // A tile of C in registers; what of A stays in the second cache, of B in the last.
    static constexpr size_t ROWS = 2 * LANES, COLUMNS = 6;
    static constexpr size_t DEEP = 256, TALL = 8 * ROWS, WIDE = 64 * COLUMNS;
};

// `count` x DEEP of one matrix, in strips of `strip`: what a tile reads next lies next. What lies beyond the matrix is 0.
template <class T>
void pack(const T* from, size_t stride, size_t deep_stride, size_t count, size_t deep, size_t strip, T* to) {
    for (size_t first = 0; first < count; first += strip) {
        const size_t some = least(strip, count - first);
        for (size_t l = 0; l < deep; ++l, to += strip) {
            const T* line = from + first * stride + l * deep_stride;
            for (size_t i = 0; i < some; ++i) to[i] = line[i * stride];
            for (size_t i = some; i < strip; ++i) to[i] = T(0);
        }
    }
}

template <class T>
void tile(size_t deep, const T* a, const T* b, T alpha, T* c, size_t ldc, size_t rows, size_t columns) {
    using S = Sizes<T>;
    using V = typename S::Vector;
    V sums[S::COLUMNS][2] = {};
    for (size_t l = 0; l < deep; ++l) {
        V x0, x1;
        memcpy(&x0, a + l * S::ROWS, sizeof x0);
        memcpy(&x1, a + l * S::ROWS + S::LANES, sizeof x1);
#pragma GCC unroll 6
        for (size_t j = 0; j < S::COLUMNS; ++j) {
            const T y = b[l * S::COLUMNS + j];
            sums[j][0] += x0 * y;
            sums[j][1] += x1 * y;
        }
    }
    for (size_t j = 0; j < columns; ++j) {
        const T* sum = (const T*)sums[j];
        for (size_t i = 0; i < rows; ++i) c[j * ldc + i] += alpha * sum[i];
    }
}

template <class T>
void multiply(const Problem<T>& p) {
    using S = Sizes<T>;
    for (size_t j = 0; j < p.n; ++j) {
        T* column = p.c + j * p.ldc;
        // What C holds is not looked at where beta is 0: it may be NaN.
        if (p.beta == T(0)) {
            for (size_t i = 0; i < p.m; ++i) column[i] = T(0);
        } else if (p.beta != T(1)) {
            for (size_t i = 0; i < p.m; ++i) column[i] *= p.beta;
        }
    }
    if (p.alpha == T(0) || p.k == 0) return;
    const size_t deep_most = least(p.k, S::DEEP);
    const Buffer<T> a(S::TALL * deep_most), b(S::WIDE * deep_most);
    for (size_t j = 0; j < p.n; j += S::WIDE) {
        const size_t wide = least(S::WIDE, p.n - j);
        for (size_t l = 0; l < p.k; l += S::DEEP) {
            const size_t deep = least(S::DEEP, p.k - l);
            pack(p.b + l * p.b_row + j * p.b_column, p.b_column, p.b_row, wide, deep, S::COLUMNS, b.data);
            for (size_t i = 0; i < p.m; i += S::TALL) {
                const size_t tall = least(S::TALL, p.m - i);
                pack(p.a + i * p.a_row + l * p.a_column, p.a_row, p.a_column, tall, deep, S::ROWS, a.data);
                for (size_t jj = 0; jj < wide; jj += S::COLUMNS) {
                    for (size_t ii = 0; ii < tall; ii += S::ROWS) {
                        tile(deep, a.data + ii * deep, b.data + jj * deep, p.alpha, p.c + (j + jj) * p.ldc + i + ii, p.ldc,
                             least(S::ROWS, tall - ii), least(S::COLUMNS, wide - jj));
                    }
                }
            }
        }
    }
}

template void multiply(const Problem<float>&);
template void multiply(const Problem<double>&);

}  // namespace emulator::GEMM_KIND
