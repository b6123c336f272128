// `A = V diag(w) V^T` for symmetric matrices: Householder reflections to a tridiagonal matrix, then the implicitly shifted QL iteration, as
// in `newton/eigen.rs`, which says where they are from. A block's work.

namespace nl::newton {

// As on the CPU.
constexpr double EPSILON = 2.220446049250313e-16;
constexpr unsigned int MOST_ITERATIONS = 60, PATIENCE = 8;
// Entries below 1e-146 of the largest are nothing, and the reciprocal of their squares would overflow.
constexpr double NOTHING = 2.2250738585072014e-308 / EPSILON;

// The diagonal of a tridiagonal matrix, what is beside it, and two numbers per row for the way there: factors of reflections and a vector,
// later sines and cosines of rotations.
struct Tridiagonal {
    double *diagonal, *beside, *factors, *vector;
};

// Reflections `I - factors[k] v_k v_k^T`; v_k is left in row k of `a`, columns k + 1... All of `a` is read.
NL_FN void tridiagonalise(View a, unsigned int size, const Tridiagonal& t) {
    const unsigned int lane = lane_of_warp(), warp = warp_of_block(), warps = warps_of_block();
    for (unsigned int k = 0; k + 1 < size; ++k) {
        const double* v = &a(k, k + 1);
        const unsigned int left = size - k - 1;
        // What all need is found by every warp on its own.
        double rest = 0;
        for (unsigned int j = lane; j < left; j += WARP) {
            if (j > 0) rest += v[j] * v[j];
        }
        rest = warp_sum(rest);
        const double head = v[0];
        if (rest < NOTHING) {
            if (threadIdx.x == 0) t.beside[k] = head, t.factors[k] = 0;
            continue;
        }
        // Away from zero: v[0] and the norm add up instead of cancelling.
        const double target = -copysign(sqrt(head * head + rest), head), first = head - target;
        const double factor = 2 / (first * first + rest);
        const auto vector = [&](unsigned int j) { return j == 0 ? first : v[j]; };
        // A <- H A H = A - v w^T - w v^T with p = factor A v and w = p - factor / 2 (p . v) v.
        for (unsigned int i = warp; i < left; i += warps) {
            const double* row = &a(k + 1 + i, k + 1);
            double product = 0;
            for (unsigned int j = lane; j < left; j += WARP) product += row[j] * vector(j);
            product = warp_sum(product);
            if (lane == 0) t.vector[i] = factor * product;
        }
        __syncthreads();
        double half = 0;
        for (unsigned int j = lane; j < left; j += WARP) half += t.vector[j] * vector(j);
        half = 0.5 * factor * warp_sum(half);
        for (unsigned int i = warp; i < left; i += warps) {
            double* row = &a(k + 1 + i, k + 1);
            const double vi = vector(i), wi = t.vector[i] - half * vi;
            for (unsigned int j = lane; j < left; j += WARP) {
                const double vj = vector(j);
                row[j] -= vi * (t.vector[j] - half * vj) + wi * vj;
            }
        }
        if (threadIdx.x == 0) t.beside[k] = target, t.factors[k] = factor, a(k, k + 1) = first;
        __syncthreads();
    }
    for (unsigned int k = threadIdx.x; k < size; k += blockDim.x) t.diagonal[k] = a(k, k);
    if (threadIdx.x == 0) t.beside[size - 1] = 0;
    __syncthreads();
}

// `rows = Q^T` where Q is the product of the reflections. Every row is a warp's, and every entry a lane's.
NL_FN void collect(View a, unsigned int size, const double* factors, View rows) {
    for (unsigned int row = warp_of_block(); row < size; row += warps_of_block()) {
        double* x = &rows(row, 0);
        for (unsigned int j = lane_of_warp(); j < size; j += WARP) x[j] = j == row ? 1 : 0;
        // Those whose vectors begin later leave the row as it is.
        for (unsigned int k = row < size - 1 ? row : size - 1; k-- > 0;) {
            const double* v = &a(k, 0);
            double product = 0;
            const unsigned int start = (k + 1) / WARP * WARP + lane_of_warp();
            for (unsigned int j = start; j < size; j += WARP) {
                if (j > k) product += x[j] * v[j];
            }
            product = factors[k] * warp_sum(product);
            for (unsigned int j = start; j < size; j += WARP) {
                if (j > k) x[j] -= product * v[j];
            }
        }
    }
    __syncthreads();
}

// One QL step on the block `low..=high`, by one thread. Rotation k, of rows k and k + 1, is left in sines and cosines; gives the last one.
NL_FN unsigned int sweep(const Tridiagonal& t, unsigned int low, unsigned int high) {
    double *diagonal = t.diagonal, *off = t.beside;
    // Shifted by the eigenvalue of its leading 2 x 2 block nearer to `diagonal[low]`.
    const double half_gap = (diagonal[low + 1] - diagonal[low]) / (2 * off[low]);
    const double root = copysign(hypot(half_gap, 1.0), half_gap);
    double g = diagonal[high] - diagonal[low] + off[low] / (half_gap + root);
    double sine = 1, cosine = 1, shift = 0;
    for (unsigned int k = high; k-- > low;) {
        // All is 1 at most, and what is below the square root of the smallest number is nothing.
        const double bulge = sine * off[k], rest = cosine * off[k], norm = sqrt(bulge * bulge + g * g);
        off[k + 1] = norm;
        if (norm == 0) {
            // The block has split: what remains is done in the next steps.
            diagonal[k + 1] -= shift;
            off[high] = 0;
            return k + 1;
        }
        sine = bulge / norm;
        cosine = g / norm;
        g = diagonal[k + 1] - shift;
        const double mixed = (diagonal[k] - g) * sine + 2 * cosine * rest;
        shift = sine * mixed;
        diagonal[k + 1] = g + shift;
        g = cosine * mixed - rest;
        t.factors[k] = sine;
        t.vector[k] = cosine;
    }
    diagonal[low] -= shift;
    off[low] = g;
    off[high] = 0;
    return low;
}

// Diagonalises the tridiagonal matrix in place, and turns `rows` with it; gives the eigenvalue that did not converge, or `size`.
NL_FN unsigned int iterate(const Tridiagonal& t, unsigned int size, View rows) {
    __shared__ unsigned int from, to, stuck;
    const unsigned int lane = lane_of_warp();
    const bool leads = warp_of_block() == 0;
    double most = 0;
    if (leads) {
        for (unsigned int k = lane; k < size; k += WARP) most = larger(most, fabs(t.diagonal[k]) + fabs(t.beside[k]));
        most = warp_max(most);
    }
    unsigned int low = 0, iteration = 0;
    while (true) {
        if (leads) {
            unsigned int high = size;
            while (low < size) {
                const double least = iteration < PATIENCE ? EPSILON : most;
                high = size - 1;
                for (unsigned int start = low; start < size; start += WARP) {
                    const unsigned int k = start + lane;
                    bool ends = k + 1 == size;
                    if (k + 1 < size) {
                        const double neighbours = fabs(t.diagonal[k]) + fabs(t.diagonal[k + 1]);
                        ends = fabs(t.beside[k]) <= EPSILON * (neighbours + least);
                    }
                    const unsigned int end = warp_min(ends ? k : size);
                    if (end == size) continue;
                    high = end;
                    break;
                }
                if (high > low) break;
                ++low;
                iteration = 0;
            }
            if (lane == 0) {
                // Nothing is left, or nothing helps.
                const bool ends = low == size || iteration == MOST_ITERATIONS;
                stuck = low;
                to = ends ? size : high;
                if (!ends) from = sweep(t, low, high);
            }
            ++iteration;
        }
        __syncthreads();
        if (to == size) return stuck;
        // Every column is a thread's.
        for (unsigned int j = threadIdx.x; j < size; j += blockDim.x) {
            double below = rows(to, j);
            for (unsigned int k = to; k-- > from;) {
                const double sine = t.factors[k], cosine = t.vector[k], x = rows(k, j);
                rows(k + 1, j) = sine * x + cosine * below;
                below = cosine * x - sine * below;
            }
            rows(from, j) = below;
        }
        __syncthreads();
    }
}

// What a policy makes of an eigenvalue.
enum Policy : unsigned int { KEEP = 0, CLAMP = 1, ABS = 2, REFUSE = 3, DEFINITE = 4 };
NL_FN double changed(unsigned int policy, double w) { return policy == ABS ? fabs(w) : larger(w, 0.0); }

// The inverse of `V diag(change(w) + lambda) V^T`, for the matrix that is in `a`: V^T in `rows`, V in `a`, reciprocals in `t.diagonal`.
// Refuses an eigenvalue, after that, that is not above `least`.
NL_FN Outcome spectral(View a, unsigned int size, unsigned int policy, double lambda, double largest, double least, View rows,
                       const Tridiagonal& t) {
    // Squares of the entries are summed: the largest becomes 1 so that none overflows.
    const double unit = largest > 0 ? largest : 1;
    for (unsigned int i = warp_of_block(); i < size; i += warps_of_block()) {
        for (unsigned int j = lane_of_warp(); j < size; j += WARP) a(i, j) /= unit;
    }
    __syncthreads();
    tridiagonalise(a, size, t);
    collect(a, size, t.factors, rows);
    const unsigned int stuck = iterate(t, size, rows);
    if (stuck < size) return {0, 0, NO_CONVERGENCE, stuck};
    __shared__ unsigned int vanishing;
    if (threadIdx.x == 0) vanishing = size;
    __syncthreads();
    for (unsigned int k = threadIdx.x; k < size; k += blockDim.x) {
        const double x = changed(policy, t.diagonal[k] * unit) + lambda;
        if (x != x || fabs(x) <= least) atomicMin(&vanishing, k);
        t.diagonal[k] = 1 / x;
    }
    for (unsigned int i = warp_of_block(); i < size; i += warps_of_block()) {
        for (unsigned int j = lane_of_warp(); j < size; j += WARP) a(i, j) = rows(j, i);
    }
    __syncthreads();
    if (vanishing < size) return {1 / t.diagonal[vanishing], 0, FAILED, vanishing};
    return {0, 0, SPECTRAL, 0};
}

}  // namespace nl::newton
