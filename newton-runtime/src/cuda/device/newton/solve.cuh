// Solving with factors, for several right-hand sides at once. A block's work.
//
// Every unknown that is found is taken out of all others, and these steps follow each other: a row of the factors is read once for all
// right-hand sides, by neighbouring threads.

namespace nl::newton {

// What `factor` left.
struct Factors {
    View a, rows;
    const double *diagonal, *beside;
    const unsigned int* permutation;
    unsigned int size, method;

    // Where unknown i of the factors is in right-hand sides and solutions.
    NL_FN unsigned int place(unsigned int i) const { return method == INDEFINITE ? permutation[i] : i; }
};

// Replaces R right-hand sides by their solutions: unknown i of the r-th at `x[r * size + i]`, in shared memory, in the order of the factors.
// `spare` is as large; only eigenvectors need it.
template <int R>
NL_FN void solve(const Factors& f, double* x, double* spare) {
    const unsigned int size = f.size, first = threadIdx.x, step = blockDim.x;
    const auto at = [&](int r, unsigned int i) -> double& { return x[(size_t)r * size + i]; };
    if (f.method == SPECTRAL) {
        // Coordinates, and back.
        for (unsigned int k = first; k < size; k += step) {
            double total[R] = {};
            for (unsigned int i = 0; i < size; ++i) {
                const double v = f.a(i, k);
                for (int r = 0; r < R; ++r) total[r] += v * at(r, i);
            }
            for (int r = 0; r < R; ++r) spare[(size_t)r * size + k] = f.diagonal[k] * total[r];
        }
        __syncthreads();
        for (unsigned int i = first; i < size; i += step) {
            double total[R] = {};
            for (unsigned int k = 0; k < size; ++k) {
                const double v = f.rows(k, i);
                for (int r = 0; r < R; ++r) total[r] += v * spare[(size_t)r * size + k];
            }
            for (int r = 0; r < R; ++r) at(r, i) = total[r];
        }
        __syncthreads();
        return;
    }
    const bool scaled = f.method == CHOLESKY;
    // Unknown k is `diagonal[k]` times what is there; that it is, is written down at the end, when nobody reads it any more.
    const auto scale = [&] {
        if (!scaled) return;
        for (unsigned int i = first; i < size; i += step) {
            for (int r = 0; r < R; ++r) at(r, i) *= f.diagonal[i];
        }
        __syncthreads();
    };
    for (unsigned int k = 0; k + 1 < size; ++k) {
        double known[R];
        for (int r = 0; r < R; ++r) known[r] = scaled ? at(r, k) * f.diagonal[k] : at(r, k);
        for (unsigned int i = k + 1 + first; i < size; i += step) {
            const double factor = f.a(k, i);
            for (int r = 0; r < R; ++r) at(r, i) -= factor * known[r];
        }
        __syncthreads();
    }
    scale();
    if (!scaled) {
        for (unsigned int k = first; k < size; k += step) {
            // The first index of a block of two does both; the second has nothing beside it, but its neighbour has.
            if (k > 0 && f.beside[k - 1] != 0) continue;
            const double beside = f.beside[k];
            for (int r = 0; r < R; ++r) {
                const double u = at(r, k);
                if (beside == 0) {
                    at(r, k) = f.diagonal[k] * u;
                } else {
                    const double v = at(r, k + 1);
                    at(r, k) = f.diagonal[k] * u + beside * v;
                    at(r, k + 1) = beside * u + f.diagonal[k + 1] * v;
                }
            }
        }
        __syncthreads();
    }
    for (unsigned int k = size; k-- > 1;) {
        double known[R];
        for (int r = 0; r < R; ++r) known[r] = scaled ? at(r, k) * f.diagonal[k] : at(r, k);
        for (unsigned int i = first; i < k; i += step) {
            const double factor = f.a(k, i);
            for (int r = 0; r < R; ++r) at(r, i) -= factor * known[r];
        }
        __syncthreads();
    }
    scale();
}

}  // namespace nl::newton
