// From a curvature, lambda and a policy to factors, as `newton/precondition.rs` has it: a block's work on one matrix.

namespace nl::newton {

// What is to be inverted, and how.
struct Problem {
    double lambda;
    // Relative error of the curvature's entries.
    double epsilon;
    // What a pivot must exceed, next to the largest entry; negative if it is to follow from lambda and `epsilon`.
    double tolerance;
    unsigned int size;
    // A `Policy`.
    unsigned int policy;
};

// Where a block works. Afterwards what `solve` needs is there: in `a` and `rows` (V^T, if the outcome is `SPECTRAL`), `t.diagonal`,
// `t.beside` and `permutation` (if it is `INDEFINITE`).
struct Workspace {
    View a, rows;
    Tridiagonal t;
    unsigned int* permutation;
};

// Memory of a block: vectors always in its shared memory, then as many of its two matrices as `matrices` says, the others in `global`, which
// has room for both. Rows of matrices in shared memory are of odd length: threads that read a column meet different banks.
NL_FN Workspace workspace(unsigned int size, unsigned int matrices, double* global) {
    double* shared = dynamic_shared();
    const unsigned int stride = size | 1;
    const Tridiagonal t{shared, shared + size, shared + 2 * size, shared + 3 * size};
    unsigned int* permutation = (unsigned int*)(shared + 4 * size);
    double* square = shared + 4 * size + (size + 1) / 2;
    const View a = matrices > 0 ? View{square, stride} : View{global, size};
    const View rows = matrices > 1 ? View{square + (size_t)size * stride, stride} : View{global + (size_t)size * size, size};
    return {a, rows, t, permutation};
}

constexpr double PIVOTS = 16;

// Relative size below which a pivot is zero. Without a lambda, C is known no better than its rounding in the caller's type; a lambda that
// stands out is exact, and then only the factorisation's own rounding counts.
NL_FN double tolerance_of(const Problem& problem, double largest) {
    if (problem.tolerance >= 0) return problem.tolerance;
    return PIVOTS * problem.size * (problem.lambda > EPSILON * largest ? EPSILON : problem.epsilon);
}

// The matrix of entries `entry(i, j)`, plus `shift` on the diagonal.
template <class Entry>
NL_FN void fill(View a, unsigned int size, double shift, Entry entry) {
    for (unsigned int i = warp_of_block(); i < size; i += warps_of_block()) {
        for (unsigned int j = lane_of_warp(); j < size; j += WARP) a(i, j) = entry(i, j) + (i == j ? shift : 0.0);
    }
    __syncthreads();
}

// Factors C + lambda I, for `largest` = max |C| and `scale` = max |C + lambda I|.
template <class Entry>
NL_FN Outcome factor(const Problem& problem, const Workspace& at, double largest, double scale, Entry entry) {
    const unsigned int size = problem.size;
    const double least = tolerance_of(problem, largest) * scale;
    Outcome outcome{0, 0, FAILED, 0};
    if (problem.policy != CLAMP && problem.policy != ABS) {
        fill(at.a, size, problem.lambda, entry);
        outcome = problem.policy == KEEP ? indefinite(at.a, size, least, at.t.diagonal, at.t.beside, at.permutation)
                                         : cholesky(at.a, size, least, at.t.diagonal);
    }
    // Where rounding of very large entries hides lambda from Cholesky: no eigenvalue of a Fisher matrix is below zero in truth.
    const bool rescued = problem.policy == DEFINITE && outcome.method == FAILED;
    if (rescued || problem.policy == CLAMP || problem.policy == ABS) {
        __syncthreads();
        fill(at.a, size, 0, entry);
        outcome = spectral(at.a, size, problem.policy, problem.lambda, largest, rescued ? 0 : least, at.rows, at.t);
    }
    outcome.scale = scale;
    return outcome;
}

// Factors the batch's only matrix and leaves the factors in global memory: row-major `factors` (twice size x size, the second for V^T), and
// `vectors` (twice `size`: diagonal, beside). One block.
NL_FN void factor_batch(const Problem& problem, const double* c, unsigned int matrices, double* factors, double* vectors,
                        unsigned int* permutation, Outcome* outcome, Report* report) {
    const unsigned int size = problem.size;
    const Workspace at = workspace(size, matrices, factors);
    Outcome found{0, 0, FAILED, 0};
    if (report->mean == 0) {
        const auto entry = [&](unsigned int i, unsigned int j) { return c[(size_t)i * size + j]; };
        found = factor(problem, at, of_bits(report->largest), of_bits(report->shifted), entry);
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        *outcome = found;
        if (found.method == FAILED || found.method == NO_CONVERGENCE) note(&report->matrix, 0);
    }
    for (unsigned int i = threadIdx.x; i < size; i += blockDim.x) {
        vectors[i] = at.t.diagonal[i];
        vectors[size + i] = at.t.beside[i];
        permutation[i] = at.permutation[i];
    }
    for (unsigned int i = warp_of_block(); i < size; i += warps_of_block()) {
        for (unsigned int j = lane_of_warp(); j < size; j += WARP) {
            if (matrices > 0) factors[(size_t)i * size + j] = at.a(i, j);
            if (matrices > 1 && found.method == SPECTRAL) factors[(size_t)(size + i) * size + j] = at.rows(i, j);
        }
    }
}

}  // namespace nl::newton
