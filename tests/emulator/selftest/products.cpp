// cuBLAS: against the definition.
#include <cmath>

#include "selftest.h"

static double random_number() {
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) / (double)(1ull << 52) - 1;
}
template <class T>
static std::vector<T> random_numbers(size_t count) {
    std::vector<T> all(count + 1);
    for (T& x : all) x = (T)random_number();
    return all;
}

template <class T, class F>
static void test_product(int m, int n, int k, int op_a, int op_b, T alpha, T beta, int batch, double tolerance, F multiply) {
    const int rows_a = op_a ? k : m, columns_a = op_a ? m : k, rows_b = op_b ? n : k, columns_b = op_b ? k : n;
    const int lda = rows_a + 2, ldb = rows_b + 1, ldc = m + 3;
    // Batches lie apart; all have the same second matrix.
    const int step_a = lda * columns_a + 5, step_c = ldc * n + 1;
    const std::vector<T> a = random_numbers<T>((size_t)step_a * batch), b = random_numbers<T>((size_t)ldb * columns_b);
    std::vector<T> c = random_numbers<T>((size_t)step_c * batch);
    if (beta == 0) {
        for (int i = 0; i < m; ++i) c[i] = (T)NAN;  // not to be looked at
    }
    const Array<T> on_a(a), on_b(b), on_c(c);
    multiply(lda, ldb, ldc, step_a, step_c, on_a.at, on_b.at, on_c.at);
    const std::vector<T> found = on_c.values();
    for (int batch_i = 0; batch_i < batch; ++batch_i) {
        for (int j = 0; j < n; ++j) {
            for (int i = 0; i < ldc; ++i) {
                const size_t at = (size_t)batch_i * step_c + (size_t)j * ldc + i;
                if (i >= m) {
                    CHECK(memcmp(&found[at], &c[at], sizeof(T)) == 0);
                    continue;
                }
                double sum = 0;
                for (int l = 0; l < k; ++l) {
                    sum += (double)a[(size_t)batch_i * step_a + (op_a ? i * lda + l : l * lda + i)] * b[op_b ? l * ldb + j : j * ldb + l];
                }
                const double expected = alpha * sum + (beta == 0 ? 0 : beta * c[at]);
                CHECK(std::fabs(found[at] - expected) <= tolerance * (1 + std::sqrt((double)k)));
            }
        }
    }
}

void test_products() {
    void *handle, *stream, *graph, *executable;
    EQUAL(cublasCreate_v2(&handle), 0);
    const int sizes[][3] = {{1, 1, 1}, {5, 7, 3}, {33, 13, 300}, {130, 140, 70}, {3, 500, 2}, {200, 1, 600}, {4, 4, 0}, {300, 290, 100}};
    for (const auto& [m, n, k] : sizes) {
        for (int ops = 0; ops < 4; ++ops) {
            const float alpha = ops == 3 ? 0 : 1.5f, beta = ops % 2 ? 0 : -0.5f;
            const auto single = [&](int lda, int ldb, int ldc, int, int, uint64_t a, uint64_t b, uint64_t c) {
                EQUAL(cublasSgemm_v2(handle, ops % 2, ops / 2, m, n, k, &alpha, a, lda, b, ldb, &beta, c, ldc), 0);
            };
            test_product<float>(m, n, k, ops % 2, ops / 2, alpha, beta, 1, 1e-5, single);
            const double wide_alpha = alpha, wide_beta = beta;
            const auto batched = [&](int lda, int ldb, int ldc, int step_a, int step_c, uint64_t a, uint64_t b, uint64_t c) {
                EQUAL(cublasDgemmStridedBatched(handle, ops % 2, ops / 2, m, n, k, &wide_alpha, a, lda, step_a, b, ldb, 0, &wide_beta, c, ldc,
                                                step_c, 3), 0);
            };
            test_product<double>(m, n, k, ops % 2, ops / 2, wide_alpha, wide_beta, 3, 1e-14, batched);
        }
    }

    // A vector, forwards and backwards.
    const Array<double> matrix(std::vector<double>{1, 2, 3, 4, 5, 6}), x(std::vector<double>{1, 0, 10, 0, 100});
    const Array<double> y(std::vector<double>{NAN, NAN, NAN});
    const double one = 1, zero = 0;
    EQUAL(cublasDgemv_v2(handle, 0, 2, 3, &one, matrix.at, 2, x.at, 2, &zero, y.at, 1), 0);
    CHECK(y.values()[0] == 531 && y.values()[1] == 642);
    EQUAL(cublasDgemv_v2(handle, 1, 2, 3, &one, matrix.at, 2, x.at, -2, &zero, y.at, 1), 0);
    CHECK(y.values()[0] == 12 && y.values()[1] == 34 && y.values()[2] == 56);

    // What it refuses.
    EQUAL(cublasDgemv_v2(handle, 0, 3, 2, &one, matrix.at, 2, x.at, 1, &zero, y.at, 1), 7);
    EQUAL(cublasDgemv_v2(nullptr, 0, 2, 3, &one, matrix.at, 2, x.at, 1, &zero, y.at, 1), 1);
    const float single = 1;
    EQUAL(cublasSgemm_v2(handle, 0, 0, 4, 4, 4, &single, matrix.at, 3, matrix.at, 4, &single, matrix.at, 4), 7);
    EQUAL(cublasSgemm_v2(handle, 3, 0, 1, 1, 1, &single, matrix.at, 1, matrix.at, 1, &single, matrix.at, 1), 7);
    fprintf(stderr, "(one complaint follows) ");
    EQUAL(cublasSgemm_v2(handle, 0, 0, 9, 9, 9, &single, matrix.at, 9, matrix.at, 9, &single, matrix.at, 9), 13);

    // It is captured with its stream.
    EQUAL(cuStreamCreate(&stream, 1), 0);
    EQUAL(cublasSetStream_v2(handle, stream), 0);
    const Array<double> sum(std::vector<double>{0, 0});
    EQUAL(cuStreamBeginCapture_v2(stream, 0), 0);
    EQUAL(cublasDgemv_v2(handle, 0, 2, 3, &one, matrix.at, 2, x.at, 2, &one, sum.at, 1), 0);
    EQUAL(cuStreamEndCapture(stream, &graph), 0);
    EQUAL(cuGraphInstantiateWithFlags(&executable, graph, 0), 0);
    for (int i = 0; i < 3; ++i) EQUAL(cuGraphLaunch(executable, stream), 0);
    EQUAL(sum.values()[1], 3 * 642);
    EQUAL(cuGraphExecDestroy(executable), 0);
    EQUAL(cuGraphDestroy(graph), 0);
    EQUAL(cuStreamDestroy_v2(stream), 0);

    const int n = 1024;
    const Array<float> a(random_numbers<float>((size_t)n * n)), c((size_t)n * n);
    const float nothing = 0;
    EQUAL(cublasSetStream_v2(handle, nullptr), 0);
    const double start = now();
    EQUAL(cublasSgemm_v2(handle, 0, 0, n, n, n, &single, a.at, n, a.at, n, &nothing, c.at, n), 0);
    printf("  %.0f GFlop/s for a product of %d x %d\n", 2e-9 * n * n * n / (now() - start), n, n);
    EQUAL(cublasDestroy_v2(handle), 0);
}
