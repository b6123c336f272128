// What is made of results: the losses of algorithms and optimizers.

namespace nl {
namespace smoothing {

// Rows of results times the gradient of the loss of their mean: N x rows from N x rows x k and N x k. A warp takes a row.
template <class T>
NL_FN void dot_rows(const T* results, const T* upstream, unsigned int samples, unsigned int rows, unsigned int outputs, double* along) {
    const unsigned int lane = threadIdx.x % 32, warps = gridDim.x * (blockDim.x / 32);
    const unsigned long long all = (unsigned long long)samples * rows;
    for (unsigned long long row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32; row < all; row += warps) {
        const T *w = results + row * outputs, *g = upstream + row / rows * outputs;
        double sum = 0.0;
        for (unsigned int i = lane; i < outputs; i += 32) sum += (double)w[i] * (double)g[i];
        sum = over_warp(sum);
        if (lane == 0) along[row] = sum;
    }
}

// The mean squared error of every row of results, of `rows` for each target of k numbers. A warp takes a row.
template <class T>
NL_FN void squared_errors(const T* results, const T* targets, unsigned long long all, unsigned int rows, unsigned int outputs, T* errors) {
    const unsigned int lane = threadIdx.x % 32, warps = gridDim.x * (blockDim.x / 32);
    for (unsigned long long row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32; row < all; row += warps) {
        const T *w = results + row * outputs, *target = targets + row / rows * outputs;
        double sum = 0.0;
        for (unsigned int i = lane; i < outputs; i += 32) {
            const double off = (double)w[i] - (double)target[i];
            sum += off * off;
        }
        sum = over_warp(sum);
        if (lane == 0) errors[row] = (T)(sum / (double)outputs);
    }
}

// The gradient of that, N x k; predictions that are not finite are found.
template <class T>
NL_FN void squared_error_gradients(const T* predictions, const T* targets, unsigned long long count, unsigned int outputs, T* gradients,
                                   Finding* findings) {
    for (unsigned long long i = thread_of_line(); i < count; i += threads_of_line()) {
        expect_finite(findings, PREDICTION, i, predictions[i]);
        gradients[i] = (T)(2.0 * ((double)predictions[i] - (double)targets[i]) / (double)outputs);
        expect_finite(findings, GRADIENT, i, gradients[i]);
    }
}

// `2 / k` on the diagonals: its Hessians, or, for one, their mean.
template <class T>
NL_FN void squared_error_hessians(unsigned long long count, unsigned int dim, T* hessians) {
    for (unsigned long long i = thread_of_line(); i < count; i += threads_of_line()) {
        const unsigned int at = (unsigned int)(i % ((unsigned long long)dim * dim));
        hessians[i] = at % (dim + 1) == 0 ? (T)(2.0 / (double)dim) : T(0);
    }
}

// Fenchel-Young values from the sums of `ExcessTerm`, samples x chunks x dim: a warp takes a sample. `factor`: the sense over S.
template <class T>
NL_FN void fenchel_young_values(const double* partial, unsigned int samples, unsigned long long chunks, unsigned int dim, double factor,
                                T* values, Finding* findings) {
    const unsigned int lane = threadIdx.x % 32, warps = gridDim.x * (blockDim.x / 32);
    for (unsigned long long sample = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32; sample < samples; sample += warps) {
        double sum = 0.0;
        for (unsigned int i = lane; i < dim; i += 32) sum += over_chunks(partial, chunks, dim, sample, i);
        sum = over_warp(sum);
        if (lane != 0) continue;
        values[sample] = (T)(factor * sum);
        expect_finite(findings, LOSS, sample, values[sample]);
    }
}

// And gradients: the target minus the mean solution, times the sense.
template <class T>
NL_FN void fenchel_young_gradients(const double* means, const T* targets, unsigned long long count, double sign, T* gradients,
                                   Finding* findings) {
    for (unsigned long long i = thread_of_line(); i < count; i += threads_of_line()) {
        gradients[i] = (T)(sign * ((double)targets[i] - means[i]));
        expect_finite(findings, GRADIENT, i, gradients[i]);
    }
}

}  // namespace smoothing
}  // namespace nl
