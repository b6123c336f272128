// The kernels, for both types of numbers.

using nl::smoothing::Finding;
using nl::smoothing::Noise;

#define NL_KERNEL(name) extern "C" __global__ void __launch_bounds__(256) name

NL_KERNEL(stream)(Noise noise, unsigned long long sample, unsigned int count, unsigned long long* words) {
    nl::smoothing::stream(noise, sample, count, words);
}
NL_KERNEL(functions_of)(unsigned int distribution, unsigned int count, const double* x, double* y) {
    nl::smoothing::functions_of(distribution, count, x, y);
}
NL_KERNEL(shuffle)(Noise noise, unsigned int samples, unsigned int* order) { nl::smoothing::shuffle(noise, samples, order); }
NL_KERNEL(compose)(Noise noise, unsigned int samples, unsigned int* order) { nl::smoothing::compose(noise, samples, order); }

NL_KERNEL(score_sums)(const double* weights, const double* drawn, unsigned int distribution, unsigned int groups, unsigned long long rows,
                      unsigned int columns, unsigned int chunk, double* partial) {
    nl::smoothing::sum_rows(nl::smoothing::ScoreTerm{weights, drawn, rows, columns, distribution}, groups, rows, columns, chunk, partial);
}
NL_KERNEL(curvature_sums)(const double* weights, const double* drawn, unsigned int distribution, unsigned int groups, unsigned long long rows,
                          unsigned int columns, unsigned int chunk, double* partial) {
    nl::smoothing::sum_rows(nl::smoothing::CurvatureTerm{weights, drawn, rows, columns, distribution}, groups, rows, columns, chunk, partial);
}
NL_KERNEL(loss_products)(const double* weights, const double* drawn, unsigned int distribution, unsigned long long first_row,
                         unsigned int groups, unsigned long long rows, unsigned int dim, unsigned long long chunk, double* partial) {
    nl::smoothing::symmetric_products(nl::smoothing::LossFactors{weights, drawn, dim, distribution}, first_row, groups, rows, dim, chunk, partial);
}

#define NL_SMOOTHING(suffix, T)                                                                                                              \
    NL_KERNEL(perturb_##suffix)(Noise noise, unsigned int samples, unsigned int rows, const unsigned int* order, const T* predictions,       \
                                double* drawn, T* arguments, Finding* findings) {                                                            \
        nl::smoothing::perturb<T>(noise, samples, rows, order, predictions, drawn, arguments, findings);                                      \
    }                                                                                                                                        \
    NL_KERNEL(expect_finite_##suffix)(const T* all, unsigned long long count, Finding* findings, unsigned int kind) {                        \
        nl::smoothing::expect_all_finite(all, count, findings, kind);                                                                        \
    }                                                                                                                                        \
    NL_KERNEL(name_findings_##suffix)(const T* predictions, const T* results, const T* values, const T* gradients, const double* mean,       \
                                      const T* each, Finding* findings) {                                                                    \
        nl::smoothing::name_findings(predictions, results, values, gradients, mean, each, findings);                                         \
    }                                                                                                                                        \
    NL_KERNEL(weigh_##suffix)(const T* values, unsigned int per_sample, unsigned int rows, unsigned int centre, const double* means,         \
                              unsigned int samples, double* weights) {                                                                       \
        nl::smoothing::weigh(nl::smoothing::Results<T>{values, per_sample, rows, 1}, centre, means, samples, weights);                       \
    }                                                                                                                                        \
    NL_KERNEL(result_sums_##suffix)(const T* results, unsigned int per_sample, unsigned int rows, unsigned int outputs,                      \
                                    unsigned int samples, unsigned int chunk, double* partial) {                                             \
        const nl::smoothing::ResultTerm<T> term{{results, per_sample, rows, outputs}};                                                       \
        nl::smoothing::sum_rows(term, samples, per_sample, outputs, chunk, partial);                                                         \
    }                                                                                                                                        \
    NL_KERNEL(excess_sums_##suffix)(const T* results, unsigned int per_sample, unsigned int rows, unsigned int dim, const T* predictions,    \
                                    const T* targets, const double* drawn, double scale, unsigned int samples, unsigned int chunk,           \
                                    double* partial) {                                                                                       \
        const nl::smoothing::ExcessTerm<T> term{{results, per_sample, rows, dim}, predictions, targets, drawn, scale};                       \
        nl::smoothing::sum_rows(term, samples, per_sample, dim, chunk, partial);                                                             \
    }                                                                                                                                        \
    NL_KERNEL(finish_sums_##suffix)(const double* partial, unsigned int groups, unsigned long long chunks, unsigned int columns,             \
                                    double factor, double* wide, T* narrow, Finding* findings, unsigned int kind) {                          \
        nl::smoothing::finish_sums(partial, groups, chunks, columns, factor, wide, narrow, findings, kind);                                  \
    }                                                                                                                                        \
    NL_KERNEL(dot_rows_##suffix)(const T* results, const T* upstream, unsigned int samples, unsigned int rows, unsigned int outputs,         \
                                 double* along) {                                                                                            \
        nl::smoothing::dot_rows(results, upstream, samples, rows, outputs, along);                                                           \
    }                                                                                                                                        \
    NL_KERNEL(squared_errors_##suffix)(const T* results, const T* targets, unsigned long long all, unsigned int rows, unsigned int outputs,  \
                                       T* errors) {                                                                                          \
        nl::smoothing::squared_errors(results, targets, all, rows, outputs, errors);                                                         \
    }                                                                                                                                        \
    NL_KERNEL(squared_error_gradients_##suffix)(const T* predictions, const T* targets, unsigned long long count, unsigned int outputs,      \
                                                T* gradients, Finding* findings) {                                                           \
        nl::smoothing::squared_error_gradients(predictions, targets, count, outputs, gradients, findings);                                   \
    }                                                                                                                                        \
    NL_KERNEL(squared_error_hessians_##suffix)(unsigned long long count, unsigned int dim, T* hessians) {                                    \
        nl::smoothing::squared_error_hessians(count, dim, hessians);                                                                         \
    }                                                                                                                                        \
    NL_KERNEL(fenchel_young_values_##suffix)(const double* partial, unsigned int samples, unsigned long long chunks, unsigned int dim,       \
                                             double factor, T* values, Finding* findings) {                                                  \
        nl::smoothing::fenchel_young_values(partial, samples, chunks, dim, factor, values, findings);                                        \
    }                                                                                                                                        \
    NL_KERNEL(fenchel_young_gradients_##suffix)(const double* means, const T* targets, unsigned long long count, double sign, T* gradients,  \
                                                Finding* findings) {                                                                         \
        nl::smoothing::fenchel_young_gradients(means, targets, count, sign, gradients, findings);                                            \
    }                                                                                                                                        \
    NL_KERNEL(solution_products_##suffix)(const T* results, unsigned int per_sample, unsigned int rows, unsigned int dim,                    \
                                          const double* means, const double* drawn, unsigned int centre, unsigned int distribution,          \
                                          unsigned long long first_row, unsigned int groups, unsigned long long rows_of_group,               \
                                          unsigned long long chunk, double* partial) {                                                       \
        const nl::smoothing::SolutionFactors<T> factors{{results, per_sample, rows, dim}, means, drawn, centre, distribution};               \
        nl::smoothing::symmetric_products(factors, first_row, groups, rows_of_group, dim, chunk, partial);                                   \
    }                                                                                                                                        \
    NL_KERNEL(finish_products_##suffix)(const double* partial, const double* diagonals, unsigned int groups, unsigned long long chunks,      \
                                        unsigned int dim, double factor, unsigned long long first, T* out, Finding* findings) {              \
        nl::smoothing::finish_products(partial, diagonals, groups, chunks, dim, factor, first, out, findings);                               \
    }
NL_SMOOTHING(f32, float)
NL_SMOOTHING(f64, double)
#undef NL_SMOOTHING
#undef NL_KERNEL
