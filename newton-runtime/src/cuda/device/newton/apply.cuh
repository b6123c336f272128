// Directions: factors meet gradients.

namespace nl::newton {

// Directions of all gradients by the batch's factors. A block takes R samples at a time.
template <int R, class T>
NL_FN void solve_rows(const Batch<T>& batch, const Factors& f) {
    double* x = dynamic_shared();
    const unsigned int dim = batch.dim;
    for (unsigned int first = blockIdx.x * R; first < batch.samples; first += gridDim.x * R) {
        for (int r = 0; r < R; ++r) {
            for (unsigned int i = threadIdx.x; i < dim; i += blockDim.x) {
                const size_t at = (size_t)(first + r) * dim + f.place(i);
                x[(size_t)r * dim + i] = first + r < batch.samples ? (double)batch.gradients[at] : 0.0;
            }
        }
        __syncthreads();
        solve<R>(f, x, x + (size_t)R * dim);
        for (int r = 0; r < R && first + r < batch.samples; ++r) {
            finish(
                batch, first + r, [&](unsigned int i) { return x[(size_t)r * dim + i]; }, [&](unsigned int i) { return f.place(i); });
        }
        __syncthreads();
    }
}

// The same by the factors of the N x N matrix of Woodbury's identity: right-hand sides are columns, and so are the solutions, in `wide`.
template <int R, class T>
NL_FN void solve_columns(const Batch<T>& batch, const Factors& f, double* wide) {
    double* x = dynamic_shared();
    const unsigned int dim = batch.dim, size = f.size;
    for (unsigned int first = blockIdx.x * R; first < dim; first += gridDim.x * R) {
        for (unsigned int at = threadIdx.x; at < size * R; at += blockDim.x) {
            const unsigned int r = at % R, i = at / R;
            x[(size_t)r * size + i] = first + r < dim ? (double)batch.gradients[(size_t)f.place(i) * dim + first + r] : 0.0;
        }
        __syncthreads();
        solve<R>(f, x, x + (size_t)R * size);
        for (unsigned int at = threadIdx.x; at < size * R; at += blockDim.x) {
            const unsigned int r = at % R, i = at / R;
            if (first + r < dim) wide[(size_t)f.place(i) * dim + first + r] = x[(size_t)r * size + i];
        }
        __syncthreads();
    }
}

// The batch's factors.
NL_FN Factors factors_of(const Kept& from, unsigned int size) {
    const View a{from.factors, size}, rows{from.factors + (size_t)size * size, size};
    return {a, rows, from.vectors, from.vectors + size, from.permutation, size, from.outcome->method};
}

NL_FN bool has_factors(unsigned int method) { return method != FAILED && method != NO_CONVERGENCE; }

// Directions where every sample has its own Hessian. A block takes a sample at a time, from factoring to the end.
template <class T>
NL_FN void solve_each(const Batch<T>& batch, const T* hessians, const Problem& problem, unsigned int matrices, double* global,
                      Outcome* outcomes) {
    const unsigned int size = problem.size;
    const size_t entries = (size_t)size * size;
    const Workspace at = workspace(size, matrices, global + blockIdx.x * 2 * entries);
    // Behind the workspace.
    double* x = dynamic_shared() + 4 * size + (size + 1) / 2 + (size_t)matrices * size * (size | 1);
    for (unsigned int sample = blockIdx.x; sample < batch.samples; sample += gridDim.x) {
        const T* h = hessians + sample * entries;
        const auto entry = [&](unsigned int i, unsigned int j) {
            const double here = (double)h[(size_t)i * size + j];
            return i == j ? here : symmetric(here, (double)h[(size_t)j * size + i]);
        };
        double largest = 0, shifted = 0;
        for (unsigned int i = warp_of_block(); i < size; i += warps_of_block()) {
            for (unsigned int j = lane_of_warp(); j < size; j += WARP) {
                const size_t place = (size_t)i * size + j;
                expect_finite(&batch.report->hessian, sample * entries + place, h[place]);
                const double c = entry(i, j);
                largest = larger(largest, fabs(c));
                shifted = larger(shifted, fabs(i == j ? c + problem.lambda : c));
            }
        }
        largest = block_max(largest);
        shifted = block_max(shifted);
        const Outcome outcome = factor(problem, at, largest, shifted, entry);
        const bool found = has_factors(outcome.method);
        if (threadIdx.x == 0) {
            outcomes[sample] = outcome;
            if (!found) note(&batch.report->matrix, sample);
        }
        const Factors f{at.a, at.rows, at.t.diagonal, at.t.beside, at.permutation, size, outcome.method};
        for (unsigned int i = threadIdx.x; i < size; i += blockDim.x) {
            x[i] = found ? (double)batch.gradients[(size_t)sample * size + f.place(i)] : not_a_number();
        }
        __syncthreads();
        if (found) solve<1>(f, x, x + size);
        finish(
            batch, sample, [&](unsigned int i) { return x[i]; }, [&](unsigned int i) { return f.place(i); });
        __syncthreads();
    }
}

// What the first sample that could not be solved had, for the host to look at: `count` numbers.
template <class T>
NL_FN void keep_evidence(const T* numbers, size_t count, const Report* report, double* evidence) {
    if (report->matrix == 0) return;
    const unsigned long long sample = ~report->matrix / 4;
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (size_t)gridDim.x * blockDim.x) {
        evidence[i] = (double)numbers[sample * count + i];
    }
}

}  // namespace nl::newton
