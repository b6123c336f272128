// `P A P^T = L D L^T` for symmetric matrices that need not be definite: Hessians plus lambda. The pivoting rules of Bunch and Kaufman, as in
// `newton/indefinite.rs`; there the lower triangle is worked on, here the upper one: rows are contiguous.

namespace nl::newton {

// `(1 + sqrt(17)) / 8`.
constexpr double ALPHA = 0.6403882032022076;

struct Pivot {
    // 1, or 2 for a block of two.
    unsigned int size;
    // The row to bring to its last index.
    unsigned int row;
};

// The pivot of step k. Every warp finds it on its own, which is sooner than to be told.
NL_FN Pivot choose_pivot(View a, unsigned int k, unsigned int size) {
    const double diagonal = fabs(a(k, k));
    Largest column{0, k};
    for (unsigned int i = k + 1 + lane_of_warp(); i < size; i += WARP) {
        const double x = fabs(a(k, i));
        if (x > column.value) column = {x, i};
    }
    column = warp_max(column);
    const unsigned int r = column.index;
    if (column.value == 0 || diagonal >= ALPHA * column.value) return {1, k};
    // The largest entry beside the diagonal of row r, of which the triangle holds one part as column and one as row.
    double row = 0;
    for (unsigned int j = k + lane_of_warp(); j < r; j += WARP) row = larger(row, fabs(a(j, r)));
    for (unsigned int i = r + 1 + lane_of_warp(); i < size; i += WARP) row = larger(row, fabs(a(r, i)));
    row = warp_max(row);
    if (diagonal >= ALPHA * column.value * (column.value / row)) return {1, k};
    if (fabs(a(r, r)) >= ALPHA * row) return {1, r};
    return {2, r};
}

NL_FN void exchange(double& x, double& y) {
    const double kept = x;
    x = y;
    y = kept;
}

// Exchanges rows and columns p < q: of what is left from row k on, and of the finished columns of L.
NL_FN void exchange(View a, unsigned int k, unsigned int p, unsigned int q, unsigned int size) {
    for (unsigned int j = threadIdx.x; j < size; j += blockDim.x) {
        if (j < k) exchange(a(p, j), a(q, j));
        else if (j < p) exchange(a(j, p), a(j, q));
        else if (j == p) exchange(a(p, p), a(q, q));
        else if (j < q) exchange(a(p, j), a(j, q));
        else if (j > q) exchange(a(p, j), a(q, j));
    }
}

// The eigenvalue of `[p q; q r]` nearer to zero, from the determinant: the difference of the two terms would cancel.
NL_FN double smaller_eigenvalue(double p, double q, double r) {
    const double mean = 0.5 * (p + r), larger = mean + copysign(hypot(0.5 * (p - r), q), mean);
    return p * (r / larger) - q * (q / larger);
}

// Factors in place: L below the diagonal, L^T above; D^-1 as its diagonal and, at the first index of a block of two, what is beside it (else
// 0). Row i of the factors is row `permutation[i]` of the matrix. Only the upper triangle is read. Refuses the first block of D with an
// eigenvalue that is not above `least`. A block's work, as `cholesky` is.
NL_FN Outcome indefinite(View a, unsigned int size, double least, double* diagonal, double* beside, unsigned int* permutation) {
    for (unsigned int i = threadIdx.x; i < size; i += blockDim.x) permutation[i] = i;
    __syncthreads();
    for (unsigned int k = 0; k < size;) {
        const Pivot pivot = choose_pivot(a, k, size);
        const unsigned int target = k + pivot.size - 1;
        __syncthreads();
        if (pivot.row != target) {
            exchange(a, k, target, pivot.row, size);
            if (threadIdx.x == 0) {
                const unsigned int kept = permutation[target];
                permutation[target] = permutation[pivot.row];
                permutation[pivot.row] = kept;
            }
            __syncthreads();
        }
        if (pivot.size == 1) {
            const double value = a(k, k);
            if (value != value || fabs(value) <= least) return {value, 0, FAILED, k};
            const double inverse = 1 / value;
            if (threadIdx.x == 0) diagonal[k] = inverse, beside[k] = 0;
            // Rows are still read as they are: columns of L go below the diagonal.
            for (unsigned int i = k + 1 + threadIdx.x; i < size; i += blockDim.x) a(i, k) = a(k, i) * inverse;
            for (unsigned int i = k + 1 + warp_of_block(); i < size; i += warps_of_block()) {
                const double factor = a(k, i) * inverse;
                for (unsigned int j = i + lane_of_warp(); j < size; j += WARP) a(i, j) -= factor * a(k, j);
            }
        } else {
            const double p = a(k, k), q = a(k, k + 1), r = a(k + 1, k + 1), value = smaller_eigenvalue(p, q, r);
            if (value != value || fabs(value) <= least) return {value, 0, FAILED, k};
            // The inverse, divided by q first: the determinant of large entries would overflow.
            const double t = 1 / (p / q * (r / q) - 1) / q, first = r / q * t, second = p / q * t;
            if (threadIdx.x == 0) {
                diagonal[k] = first, beside[k] = -t;
                diagonal[k + 1] = second, beside[k + 1] = 0;
                a(k + 1, k) = 0;
            }
            for (unsigned int i = k + 2 + threadIdx.x; i < size; i += blockDim.x) {
                a(i, k) = first * a(k, i) - t * a(k + 1, i);
                a(i, k + 1) = second * a(k + 1, i) - t * a(k, i);
            }
            for (unsigned int i = k + 2 + warp_of_block(); i < size; i += warps_of_block()) {
                const double u = first * a(k, i) - t * a(k + 1, i), v = second * a(k + 1, i) - t * a(k, i);
                for (unsigned int j = i + lane_of_warp(); j < size; j += WARP) a(i, j) -= u * a(k, j) + v * a(k + 1, j);
            }
        }
        __syncthreads();
        k += pivot.size;
    }
    for (unsigned int i = warp_of_block(); i < size; i += warps_of_block()) {
        for (unsigned int j = lane_of_warp(); j < i; j += WARP) a(j, i) = a(i, j);
    }
    __syncthreads();
    return {0, 0, INDEFINITE, 0};
}

}  // namespace nl::newton
