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

// Where the factors of the batch's only matrix C are left, in global memory, for its right-hand sides.
struct Kept {
    double* c;
    // Row-major, twice size x size: the second for V^T.
    double* factors;
    // Twice `size`: diagonal, beside.
    double* vectors;
    unsigned int* permutation;
    Outcome* outcome;
    Report* report;
};

// Factors C. One block, with so many of its matrices in shared memory.
NL_FN void factor_batch(const Problem& problem, unsigned int matrices, double largest, double shifted, const Kept& to) {
    const unsigned int size = problem.size;
    const Workspace at = workspace(size, matrices, to.factors);
    Outcome found{0, 0, FAILED, 0};
    if (to.report->mean == 0) {
        found = factor(problem, at, largest, shifted, [&](unsigned int i, unsigned int j) { return to.c[(size_t)i * size + j]; });
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        *to.outcome = found;
        if (found.method == FAILED || found.method == NO_CONVERGENCE) note(&to.report->matrix, 0);
    }
    for (unsigned int i = threadIdx.x; i < size; i += blockDim.x) {
        to.vectors[i] = at.t.diagonal[i];
        to.vectors[size + i] = at.t.beside[i];
        to.permutation[i] = at.permutation[i];
    }
    for (unsigned int i = warp_of_block(); i < size; i += warps_of_block()) {
        for (unsigned int j = lane_of_warp(); j < size; j += WARP) {
            if (matrices > 0) to.factors[(size_t)i * size + j] = at.a(i, j);
            if (matrices > 1 && found.method == SPECTRAL) to.factors[(size_t)(size + i) * size + j] = at.rows(i, j);
        }
    }
}

// The same for a small matrix of few chunks, as `curvature` takes them, with which a step begins: one launch instead of three.
NL_FN void factor_sums(const Problem& problem, const double* sums, unsigned int chunks, double by, unsigned int matrices, const Kept& to) {
    const unsigned int size = problem.size;
    if (threadIdx.x == 0) *to.report = Report{};
    __syncthreads();
    double largest = 0, shifted = 0;
    for (unsigned int i = warp_of_block(); i < size; i += warps_of_block()) {
        for (unsigned int j = lane_of_warp(); j < size; j += WARP) {
            double here = 0, there = 0;
            for (unsigned int chunk = 0; chunk < chunks; ++chunk) {
                here += sums[((size_t)chunk * size + i) * size + j];
                there += sums[((size_t)chunk * size + j) * size + i];
            }
            const double x = i == j ? by * here : symmetric(by * here, by * there);
            to.c[(size_t)i * size + j] = x;
            expect_finite(&to.report->mean, i * size + j, x);
            largest = larger(largest, fabs(x));
            shifted = larger(shifted, fabs(i == j ? x + problem.lambda : x));
        }
    }
    largest = block_max(largest);
    shifted = block_max(shifted);
    __syncthreads();
    factor_batch(problem, matrices, largest, shifted, to);
}

}  // namespace nl::newton
