// `A = L L^T` for positive definite matrices: Fisher matrices plus lambda, and what `on_indefinite = error` lets pass.

namespace nl::newton {

// What became of a matrix. `pivot`, `value` and `scale` say why there are no factors.
enum Method : unsigned int { FAILED = 0, CHOLESKY = 1, INDEFINITE = 2, SPECTRAL = 3, NO_CONVERGENCE = 4 };
struct Outcome {
    double value, scale;
    unsigned int method, pivot;
};

// Factors in place: L below the diagonal, L^T above, and the reciprocals of L's diagonal in `reciprocals`. Only the upper triangle is read.
// Refuses the first pivot that is not above `least`. A block's work; the matrix must be visible to all of its threads, and is afterwards.
NL_FN Outcome cholesky(View a, unsigned int size, double least, double* reciprocals) {
    for (unsigned int k = 0; k < size; ++k) {
        const double pivot = a(k, k);
        if (pivot != pivot || pivot <= least) return {pivot, 0, FAILED, k};
        const double inverse = 1 / pivot, reciprocal = 1 / sqrt(pivot);
        if (threadIdx.x == 0) reciprocals[k] = reciprocal;
        // Row k is still read as it is: its multiple, a column of L, goes below the diagonal.
        for (unsigned int i = k + 1 + threadIdx.x; i < size; i += blockDim.x) a(i, k) = a(k, i) * reciprocal;
        for (unsigned int i = k + 1 + warp_of_block(); i < size; i += warps_of_block()) {
            const double factor = a(k, i) * inverse;
            for (unsigned int j = i + lane_of_warp(); j < size; j += WARP) a(i, j) -= factor * a(k, j);
        }
        __syncthreads();
    }
    for (unsigned int i = warp_of_block(); i < size; i += warps_of_block()) {
        for (unsigned int j = lane_of_warp(); j < i; j += WARP) a(j, i) = a(i, j);
    }
    __syncthreads();
    return {0, 0, CHOLESKY, 0};
}

}  // namespace nl::newton
