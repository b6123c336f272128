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

// Solutions of R right-hand sides, of which `x[r]` is this lane's unknown: a warp's work, on matrices no larger than a warp. Nobody waits
// for memory: what a lane needs next does not depend on what it has.
template <int R>
NL_FN void solve_in_warp(const Factors& f, double (&x)[R]) {
    const unsigned int size = f.size, i = lane_of_warp();
    const bool is_one = i < size;
    const double diagonal = is_one ? f.diagonal[i] : 0;
    const auto of_lane = [&](double y, unsigned int lane) { return __shfl_sync(ALL_LANES, y, lane); };
    const auto combine = [&](const View& matrix) {
        double total[R] = {};
        for (unsigned int k = 0; k < size; ++k) {
            const double v = is_one ? matrix(k, i) : 0;
            for (int r = 0; r < R; ++r) total[r] += v * of_lane(x[r], k);
        }
        for (int r = 0; r < R; ++r) x[r] = total[r];
    };
    if (f.method == SPECTRAL) {
        // Coordinates, and back.
        combine(f.a);
        for (int r = 0; r < R; ++r) x[r] *= diagonal;
        combine(f.rows);
        return;
    }
    const bool scaled = f.method == CHOLESKY;
    const auto take_out = [&](unsigned int k, bool is_left) {
        const double factor = is_one && is_left ? f.a(k, i) : 0;
        for (int r = 0; r < R; ++r) {
            const double known = of_lane(scaled ? x[r] * diagonal : x[r], k);
            // Not 0 times it, which is NaN if it is infinite.
            if (is_left) x[r] -= factor * known;
        }
    };
    for (unsigned int k = 0; k + 1 < size; ++k) take_out(k, i > k);
    if (!scaled) {
        // Whether this lane's unknown is the first or the second of a block of two.
        const double beside = is_one ? f.beside[i] : 0, above = of_lane(beside, i - 1);
        const bool is_second = i > 0 && above != 0;
        for (int r = 0; r < R; ++r) {
            const double next = of_lane(x[r], i + 1), last = of_lane(x[r], i - 1);
            x[r] = is_second ? above * last + diagonal * x[r] : beside != 0 ? diagonal * x[r] + beside * next : diagonal * x[r];
        }
    } else {
        for (int r = 0; r < R; ++r) x[r] *= diagonal;
    }
    for (unsigned int k = size; k-- > 1;) take_out(k, i < k);
    if (!scaled) return;
    for (int r = 0; r < R; ++r) x[r] *= diagonal;
}

// Replaces R right-hand sides by their solutions: unknown i of the r-th at `x[r * size + i]`, in shared memory, in the order of the factors.
// `spare` is as large; only eigenvectors need it.
template <int R>
NL_FN void solve(const Factors& f, double* x, double* spare) {
    const unsigned int size = f.size, first = threadIdx.x, step = blockDim.x;
    const auto at = [&](int r, unsigned int i) -> double& { return x[(size_t)r * size + i]; };
    if (blockDim.x == WARP && size <= WARP) {
        double mine[R];
        for (int r = 0; r < R; ++r) mine[r] = first < size ? at(r, first) : 0;
        solve_in_warp(f, mine);
        for (int r = 0; r < R; ++r) {
            if (first < size) at(r, first) = mine[r];
        }
        __syncthreads();
        return;
    }
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
