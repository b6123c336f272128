// libcublas, as far as cudarc 0.9 and dfdx call it: products of matrices, columns first. Work goes to the driver's streams, and is captured there.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <set>
#include <vector>

#include "problem.h"

#define API extern "C" __attribute__((visibility("default")))

// The driver's: its results are numbers here.
namespace emulator {
struct Stream;
enum Result : int;
}
extern "C" emulator::Result emulator_submit(emulator::Stream*, const std::function<emulator::Result()>*);
extern "C" bool emulator_is_live(uint64_t, size_t);
extern "C" int cuCtxGetDevice(int*);

using emulator::Problem;
using emulator::Stream;

namespace {

enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, ALLOC_FAILED = 3, INVALID_VALUE = 7, EXECUTION_FAILED = 13, INTERNAL_ERROR = 14, NOT_SUPPORTED = 15 };

struct Handle {
    Stream* stream = nullptr;
    int pointer_mode = 0, math_mode = 0, atomics_mode = 0;
};
std::mutex mutex;
std::set<Handle*> handles;

bool is_handle(Handle* handle) {
    const std::lock_guard lock(mutex);
    return handles.count(handle) > 0;
}

struct Half {
    _Float16 value;
    Half(float x = 0) : value((_Float16)x) {}
    operator float() const { return (float)value; }
};
template <class T>
struct Computes {
    using Type = T;
};
template <>
struct Computes<Half> {
    using Type = float;
};

struct Matrix {
    uint64_t at;
    int ld;
    long long stride;
    bool transposed;
};

// All elements of a matrix, `columns` of which lie `ld` apart, in device memory.
bool is_live(const Matrix& matrix, size_t rows, size_t columns, size_t element, int batch) {
    if (rows == 0 || columns == 0) return true;
    for (int b = 0; b < batch; ++b) {
        if (!emulator_is_live(matrix.at + (uint64_t)(b * matrix.stride) * element, ((columns - 1) * (size_t)matrix.ld + rows) * element)) return false;
    }
    return true;
}

// One product after the other.
template <class T>
void multiply_all(int m, int n, int k, T alpha, const Matrix& a, const Matrix& b, T beta, const Matrix& c, int batch) {
    for (int i = 0; i < batch; ++i) {
        Problem<T> p;
        p.m = (size_t)m, p.n = (size_t)n, p.k = (size_t)k, p.alpha = alpha, p.beta = beta;
        p.a = (const T*)a.at + i * a.stride, p.a_row = a.transposed ? (size_t)a.ld : 1, p.a_column = a.transposed ? 1 : (size_t)a.ld;
        p.b = (const T*)b.at + i * b.stride, p.b_row = b.transposed ? (size_t)b.ld : 1, p.b_column = b.transposed ? 1 : (size_t)b.ld;
        p.c = (T*)c.at + i * c.stride, p.ldc = (size_t)c.ld;
        emulator::multiply(p);
    }
}
// Halves are multiplied as floats, and rounded at the end.
void multiply_all(int m, int n, int k, float alpha, const Matrix& a, const Matrix& b, float beta, const Matrix& c, int batch, Half) {
    const auto widened = [&](const Matrix& matrix, int rows, int columns, int i) {
        std::vector<float> all((size_t)rows * columns);
        const Half* from = (const Half*)matrix.at + i * matrix.stride;
        for (int y = 0; y < columns; ++y) {
            for (int x = 0; x < rows; ++x) all[(size_t)y * rows + x] = from[(size_t)y * matrix.ld + x];
        }
        return all;
    };
    for (int i = 0; i < batch; ++i) {
        const int rows_a = a.transposed ? k : m, rows_b = b.transposed ? n : k;
        const std::vector<float> wide_a = widened(a, rows_a, a.transposed ? m : k, i), wide_b = widened(b, rows_b, b.transposed ? k : n, i);
        std::vector<float> wide_c = beta == 0 ? std::vector<float>((size_t)m * n) : widened(c, m, n, i);
        multiply_all(m, n, k, alpha, {(uint64_t)wide_a.data(), rows_a, 0, a.transposed}, {(uint64_t)wide_b.data(), rows_b, 0, b.transposed},
                     beta, {(uint64_t)wide_c.data(), m, 0, false}, 1);
        Half* to = (Half*)c.at + i * c.stride;
        for (int y = 0; y < n; ++y) {
            for (int x = 0; x < m; ++x) to[(size_t)y * c.ld + x] = wide_c[(size_t)y * m + x];
        }
    }
}
template <class T>
void multiply_all(int m, int n, int k, T alpha, const Matrix& a, const Matrix& b, T beta, const Matrix& c, int batch, T) {
    multiply_all(m, n, k, alpha, a, b, beta, c, batch);
}

// T: what matrices hold; S: what alpha and beta are.
template <class T, class S>
Status gemm(Handle* handle, int op_a, int op_b, int m, int n, int k, const S* alpha, Matrix a, Matrix b, const S* beta, Matrix c, int batch) {
    if (!is_handle(handle)) return NOT_INITIALIZED;
    const auto at_least = [](int ld, int rows) { return ld >= (rows > 1 ? rows : 1); };
    if (op_a < 0 || op_a > 2 || op_b < 0 || op_b > 2 || m < 0 || n < 0 || k < 0 || batch < 0 || !alpha || !beta) return INVALID_VALUE;
    a.transposed = op_a != 0, b.transposed = op_b != 0, c.transposed = false;
    if (!at_least(a.ld, a.transposed ? k : m) || !at_least(b.ld, b.transposed ? n : k) || !at_least(c.ld, m)) return INVALID_VALUE;
    if (m == 0 || n == 0 || batch == 0) return SUCCESS;
    const bool on_device = handle->pointer_mode == 1;
    const S alpha_now = on_device ? S() : *alpha, beta_now = on_device ? S() : *beta;
    const std::function<emulator::Result()> work = [=] {
        using C = typename Computes<T>::Type;
        const C x = (C)(on_device ? *alpha : alpha_now), y = (C)(on_device ? *beta : beta_now);
        const bool reads = x != 0 && k > 0;
        const auto live = [&](const Matrix& matrix, int rows, int columns) {
            return is_live(matrix, (size_t)(matrix.transposed ? columns : rows), (size_t)(matrix.transposed ? rows : columns), sizeof(T), batch);
        };
        if ((reads && (!live(a, m, k) || !live(b, k, n))) || !live(c, m, n)) {
            fprintf(stderr, "emulator: a matrix of a product (%d x %d x %d) is not in device memory\n", m, n, k);
            return (emulator::Result)700;
        }
        multiply_all(m, n, reads ? k : 0, x, a, b, y, c, batch, T());
        return (emulator::Result)0;
    };
    return emulator_submit(handle->stream, &work) ? EXECUTION_FAILED : SUCCESS;
}

template <class T>
Status gemv(Handle* handle, int op, int m, int n, const T* alpha, uint64_t a, int lda, uint64_t x, int step_x, const T* beta, uint64_t y, int step_y) {
    if (!is_handle(handle)) return NOT_INITIALIZED;
    if (op < 0 || op > 2 || m < 0 || n < 0 || lda < (m > 1 ? m : 1) || step_x == 0 || step_y == 0 || !alpha || !beta) return INVALID_VALUE;
    if (m == 0 || n == 0) return SUCCESS;
    const bool on_device = handle->pointer_mode == 1;
    const T alpha_now = on_device ? T() : *alpha, beta_now = on_device ? T() : *beta;
    const std::function<emulator::Result()> work = [=] {
        const T scale = on_device ? *alpha : alpha_now, keep = on_device ? *beta : beta_now;
        const size_t rows = (size_t)(op ? n : m), columns = (size_t)(op ? m : n);
        const size_t span_x = (columns - 1) * (size_t)abs(step_x) + 1, span_y = (rows - 1) * (size_t)abs(step_y) + 1;
        const bool good = is_live({a, lda, 0, false}, (size_t)m, (size_t)n, sizeof(T), 1);
        if (!good || !emulator_is_live(x, span_x * sizeof(T)) || !emulator_is_live(y, span_y * sizeof(T))) {
            fprintf(stderr, "emulator: a matrix or vector of a product (%d x %d) is not in device memory\n", m, n);
            return (emulator::Result)700;
        }
        // Backwards from the end where steps are negative.
        const T *matrix = (const T*)a, *from = (const T*)x + (step_x < 0 ? span_x - 1 : 0);
        T* to = (T*)y + (step_y < 0 ? span_y - 1 : 0);
        std::vector<T> sums(rows);
        for (size_t j = 0; j < (size_t)n; ++j) {
            for (size_t i = 0; i < (size_t)m; ++i) sums[op ? j : i] += matrix[j * (size_t)lda + i] * from[(ptrdiff_t)(op ? i : j) * step_x];
        }
        for (size_t i = 0; i < rows; ++i) {
            T& out = to[(ptrdiff_t)i * step_y];
            out = scale * sums[i] + (keep == 0 ? T(0) : keep * out);
        }
        return (emulator::Result)0;
    };
    return emulator_submit(handle->stream, &work) ? EXECUTION_FAILED : SUCCESS;
}

}  // namespace

API Status cublasCreate_v2(Handle** out) {
    if (!out) return INVALID_VALUE;
    int device;
    if (cuCtxGetDevice(&device) != 0) return NOT_INITIALIZED;
    const std::lock_guard lock(mutex);
    handles.insert(*out = new Handle);
    return SUCCESS;
}
API Status cublasDestroy_v2(Handle* handle) {
    const std::lock_guard lock(mutex);
    if (!handles.erase(handle)) return NOT_INITIALIZED;
    return delete handle, SUCCESS;
}
API Status cublasGetVersion_v2(Handle*, int* version) {
    if (!version) return INVALID_VALUE;
    return *version = 130000, SUCCESS;
}
API Status cublasGetProperty(int which, int* value) {
    if (!value || which < 0 || which > 2) return INVALID_VALUE;
    return *value = which == 0 ? 13 : 0, SUCCESS;
}
#define SETTING(Name, Type, member)                                                  \
    API Status cublasSet##Name(Handle* handle, Type value) {                         \
        if (!is_handle(handle)) return NOT_INITIALIZED;                              \
        return handle->member = value, SUCCESS;                                      \
    }                                                                                \
    API Status cublasGet##Name(Handle* handle, Type* value) {                        \
        if (!is_handle(handle)) return NOT_INITIALIZED;                              \
        if (!value) return INVALID_VALUE;                                            \
        return *value = handle->member, SUCCESS;                                     \
    }
SETTING(Stream_v2, Stream*, stream)
SETTING(PointerMode_v2, int, pointer_mode)
SETTING(MathMode, int, math_mode)
SETTING(AtomicsMode, int, atomics_mode)
API Status cublasSetWorkspace_v2(Handle* handle, void*, size_t) { return is_handle(handle) ? SUCCESS : NOT_INITIALIZED; }

#define NAMES(X)                                                                                                             \
    X(0, "SUCCESS") X(1, "NOT_INITIALIZED") X(3, "ALLOC_FAILED") X(7, "INVALID_VALUE") X(8, "ARCH_MISMATCH")                 \
    X(11, "MAPPING_ERROR") X(13, "EXECUTION_FAILED") X(14, "INTERNAL_ERROR") X(15, "NOT_SUPPORTED")
API const char* cublasGetStatusName(int status) {
#define NAME(number, name) \
    if (status == number) return "CUBLAS_STATUS_" name;
    NAMES(NAME)
#undef NAME
    return "CUBLAS_STATUS_UNKNOWN";
}
API const char* cublasGetStatusString(int status) { return cublasGetStatusName(status); }

#define GEMM(one, many, T)                                                                                                          \
    API Status one(Handle* handle, int op_a, int op_b, int m, int n, int k, const T* alpha, uint64_t a, int lda, uint64_t b,         \
                   int ldb, const T* beta, uint64_t c, int ldc) {                                                                    \
        return gemm<T>(handle, op_a, op_b, m, n, k, alpha, {a, lda, 0, false}, {b, ldb, 0, false}, beta, {c, ldc, 0, false}, 1);     \
    }                                                                                                                                \
    API Status many(Handle* handle, int op_a, int op_b, int m, int n, int k, const T* alpha, uint64_t a, int lda, long long step_a,  \
                    uint64_t b, int ldb, long long step_b, const T* beta, uint64_t c, int ldc, long long step_c, int batch) {        \
        return gemm<T>(handle, op_a, op_b, m, n, k, alpha, {a, lda, step_a, false}, {b, ldb, step_b, false}, beta,                   \
                       {c, ldc, step_c, false}, batch);                                                                              \
    }
GEMM(cublasSgemm_v2, cublasSgemmStridedBatched, float)
GEMM(cublasDgemm_v2, cublasDgemmStridedBatched, double)
GEMM(cublasHgemm, cublasHgemmStridedBatched, Half)

#define GEMV(name, T)                                                                                                           \
    API Status name(Handle* handle, int op, int m, int n, const T* alpha, uint64_t a, int lda, uint64_t x, int step_x,           \
                    const T* beta, uint64_t y, int step_y) {                                                                     \
        return gemv(handle, op, m, n, alpha, a, lda, x, step_x, beta, y, step_y);                                                \
    }
GEMV(cublasSgemv_v2, float)
GEMV(cublasDgemv_v2, double)

// Matrices of one type. `compute`: what sums, alpha and beta are (64 half, 68 float, 70 double, and their variants).
API Status cublasGemmStridedBatchedEx(Handle* handle, int op_a, int op_b, int m, int n, int k, const void* alpha, uint64_t a, int type_a, int lda,
                                      long long step_a, uint64_t b, int type_b, int ldb, long long step_b, const void* beta, uint64_t c,
                                      int type_c, int ldc, long long step_c, int batch, int compute, int) {
    if (!is_handle(handle)) return NOT_INITIALIZED;
    const Matrix x{a, lda, step_a, false}, y{b, ldb, step_b, false}, z{c, ldc, step_c, false};
    if (type_a != type_b || type_a != type_c) return NOT_SUPPORTED;
    const bool halves = compute == 64 || compute == 65, doubles = compute == 70 || compute == 71;
    if (type_a == 0 && !halves && !doubles) return gemm<float>(handle, op_a, op_b, m, n, k, (const float*)alpha, x, y, (const float*)beta, z, batch);
    if (type_a == 1 && doubles) return gemm<double>(handle, op_a, op_b, m, n, k, (const double*)alpha, x, y, (const double*)beta, z, batch);
    if (type_a == 2 && halves) return gemm<Half>(handle, op_a, op_b, m, n, k, (const Half*)alpha, x, y, (const Half*)beta, z, batch);
    if (type_a == 2 && !doubles) return gemm<Half>(handle, op_a, op_b, m, n, k, (const float*)alpha, x, y, (const float*)beta, z, batch);
    return NOT_SUPPORTED;
}
API Status cublasGemmEx(Handle* handle, int op_a, int op_b, int m, int n, int k, const void* alpha, uint64_t a, int type_a, int lda, uint64_t b,
                        int type_b, int ldb, const void* beta, uint64_t c, int type_c, int ldc, int compute, int algorithm) {
    return cublasGemmStridedBatchedEx(handle, op_a, op_b, m, n, k, alpha, a, type_a, lda, 0, b, type_b, ldb, 0, beta, c, type_c, ldc, 0, 1, compute,
                                      algorithm);
}
