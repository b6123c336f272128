// Cholesky's factorisation of one large matrix by many blocks, PANEL rows of L^T at a time: `panel` computes them, `update` takes them out of
// what is left, and these follow each other. What is left lies where V^T would; before the first update, it is C + lambda I.

namespace nl::newton {

constexpr unsigned int PANEL = TILE;
constexpr unsigned int PANEL_THREADS = 128;

struct Large {
    Kept to;
    double lambda, tolerance;
    unsigned int size;

    NL_FN double* rest() const { return to.factors + (size_t)size * size; }
    NL_FN double left(unsigned int from, unsigned int i, unsigned int j) const {
        const size_t at = (size_t)i * size + j;
        return from > 0 ? rest()[at] : i == j ? to.c[at] + lambda : to.c[at];
    }
};

// Rows `from`.. of L^T, and columns of L. Every block factors the block on the diagonal; then a thread computes a column. `last` says that a
// failure is final: nobody will try eigenvalues.
NL_FN void panel(const Large& at, unsigned int from, bool last) {
    __shared__ double square[PANEL * (PANEL + 1)], reciprocals[PANEL];
    // Another block may be failing just now: all threads of this one must see the same.
    __shared__ bool ended;
    if (threadIdx.x == 0) ended = from > 0 && at.to.outcome->method == FAILED;
    __syncthreads();
    if (ended) return;
    const View corner{square, PANEL + 1};
    const unsigned int size = at.size, width = size - from < PANEL ? size - from : PANEL;
    for (unsigned int i = warp_of_block(); i < width; i += warps_of_block()) {
        for (unsigned int j = lane_of_warp(); j < width; j += WARP) corner(i, j) = at.left(from, from + i, from + j);
    }
    __syncthreads();
    const double scale = of_bits(at.to.report->shifted);
    Outcome outcome = cholesky(corner, width, at.tolerance * scale, reciprocals);
    if (at.to.report->mean != 0) outcome.method = FAILED;
    if (blockIdx.x == 0) {
        if (threadIdx.x == 0 && (from == 0 || outcome.method == FAILED)) {
            *at.to.outcome = {outcome.value, scale, outcome.method, from + outcome.pivot};
            if (outcome.method == FAILED && last) note(&at.to.report->matrix, 0);
        }
        for (unsigned int i = warp_of_block(); i < width; i += warps_of_block()) {
            for (unsigned int j = lane_of_warp(); j < width; j += WARP) at.to.factors[(size_t)(from + i) * size + from + j] = corner(i, j);
        }
        for (unsigned int i = threadIdx.x; i < width; i += blockDim.x) at.to.vectors[from + i] = reciprocals[i];
    }
    if (outcome.method == FAILED) return;
    const unsigned int column = from + PANEL + blockIdx.x * PANEL_THREADS + threadIdx.x;
    if (column >= size) return;
    double x[PANEL];
#pragma unroll
    for (unsigned int k = 0; k < PANEL; ++k) x[k] = at.left(from, from + k, column);
#pragma unroll
    for (unsigned int k = 0; k < PANEL; ++k) {
        x[k] *= reciprocals[k];
#pragma unroll
        for (unsigned int i = k + 1; i < PANEL; ++i) x[i] -= corner(k, i) * x[k];
    }
#pragma unroll
    for (unsigned int k = 0; k < PANEL; ++k) {
        at.to.factors[(size_t)(from + k) * size + column] = x[k];
        at.to.factors[(size_t)column * size + from + k] = x[k];
    }
}

// What is left behind rows `from`.., on and above the diagonal. Grid: tiles of it.
NL_FN void update(const Large& at, unsigned int from) {
    if (at.to.outcome->method == FAILED) return;
    const unsigned int size = at.size, start = from + PANEL, left = size - start;
    Tile tile(blockIdx.x, (left + TILE - 1) / TILE);
    tile.add<false>([&](unsigned int k, unsigned int i) {
        return i < left ? at.to.factors[(size_t)(from + k) * size + start + i] : 0.0;
    });
    tile.each([&](unsigned int i, unsigned int j, double total) {
        if (i < left && j < left) at.rest()[(size_t)(start + i) * size + start + j] = at.left(from, start + i, start + j) - total;
    });
}

}  // namespace nl::newton
