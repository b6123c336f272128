// From directions in double to what a step consists of, and what the node hands back.

namespace nl::newton {

// A batch. Row-major: N x m each, `losses` N. Without `z_star`, nothing but directions is wanted, and there are no predictions.
template <class T>
struct Batch {
    const T* predictions;
    const T* gradients;
    T* directions;
    T* z_star;
    T* losses;
    Report* report;
    unsigned int samples, dim;
};

// Direction, z*, Newton loss of a sample, and whether numbers of it are finite. `direction(i)` is a number of the direction in double;
// `place(i)` says which. A block's work.
template <class T, class Direction, class Place>
NL_FN void finish(const Batch<T>& batch, unsigned int sample, Direction direction, Place place) {
    Report* report = batch.report;
    double squares = 0;
    for (unsigned int i = threadIdx.x; i < batch.dim; i += blockDim.x) {
        const size_t at = (size_t)sample * batch.dim + place(i);
        const double d = direction(i);
        squares += d * d;
        const T narrow = (T)d;
        batch.directions[at] = narrow;
        expect_finite(&report->gradient, at, batch.gradients[at]);
        expect_finite(&report->direction, at, narrow);
        if (!batch.z_star) continue;
        const T prediction = batch.predictions[at], z = (T)((double)prediction - d);
        batch.z_star[at] = z;
        expect_finite(&report->prediction, at, prediction);
        expect_finite(&report->z_star, at, z);
    }
    if (!batch.z_star) return;
    squares = block_sum(squares);
    if (threadIdx.x == 0) batch.losses[sample] = (T)(0.5 * squares);
}

template <class T, class Direction>
NL_FN void finish(const Batch<T>& batch, unsigned int sample, Direction direction) {
    finish(batch, sample, direction, [](unsigned int j) { return j; });
}

// The same for all samples: of `wide` directions, or of the gradients if there are none. A block takes a sample at a time.
template <class T>
NL_FN void finish_all(const Batch<T>& batch, const double* wide) {
    for (unsigned int sample = blockIdx.x; sample < batch.samples; sample += gridDim.x) {
        const size_t start = (size_t)sample * batch.dim;
        finish(batch, sample, [&](unsigned int j) { return wide ? wide[start + j] : (double)batch.gradients[start + j]; });
    }
}

// No direction is known.
template <class T>
NL_FN void lost(const Batch<T>& batch) {
    for (unsigned int sample = blockIdx.x; sample < batch.samples; sample += gridDim.x) {
        finish(batch, sample, [](unsigned int) { return not_a_number(); });
    }
}
NL_FN void lost(double* wide, size_t count) {
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (size_t)gridDim.x * blockDim.x) wide[i] = not_a_number();
}

// Directions for one Fisher matrix `g_i g_i^T` per sample: `g_i / (|g_i|^2 + lambda)` (Sherman and Morrison; Equation 27 with N = 1).
// Without lambda that matrix is singular, except for one non-zero number.
template <class T>
NL_FN void rank_one(const Batch<T>& batch, double lambda) {
    for (unsigned int sample = blockIdx.x; sample < batch.samples; sample += gridDim.x) {
        const T* g = batch.gradients + (size_t)sample * batch.dim;
        double squares = 0;
        for (unsigned int j = threadIdx.x; j < batch.dim; j += blockDim.x) squares += (double)g[j] * (double)g[j];
        squares = block_sum(squares);
        const double pivot = squares + lambda;
        const bool singular = lambda == 0 && (batch.dim > 1 || squares == 0);
        if (threadIdx.x == 0 && (singular || !(squares * 0 == 0))) note(&batch.report->matrix, sample);
        const double reciprocal = 1 / sqrt(pivot);
        finish(batch, sample, [&](unsigned int j) { return singular ? not_a_number() : reciprocal * (reciprocal * (double)g[j]); });
    }
}

// `into[i] += factor * directions[i]`, where `factor` is `upstream[0] / divisor`, or 1 if there is no upstream. If anything failed,
// everything becomes NaN: whoever ignores the error must not train on half a gradient.
template <class T>
NL_FN void add_scaled(const T* directions, const T* upstream, double divisor, size_t count, const Report* report, T* into) {
    const double factor = upstream ? (double)upstream[0] / divisor : 1.0;
    const bool lost = failed(report);
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (size_t)gridDim.x * blockDim.x) {
        into[i] = lost ? (T)not_a_number() : into[i] + (T)(factor * (double)directions[i]);
    }
}

}  // namespace nl::newton
