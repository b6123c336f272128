// Hessians as sums of products of rows, `left^T right`, symmetrised: `(A + A^T) / 2`. Sums are in `double`, in an order that depends on the
// sizes alone.
//
// A block of SIDE x SIDE threads computes a pair of tiles that mirror each other, of a chunk of a group's rows; a thread has 2 x 2 entries.

namespace nl {
namespace smoothing {

constexpr unsigned int SIDE = 16, TILE = 2 * SIDE, DEPTH = 16;

// The factors of a smoothed loss: `weight score` and `score`, rows of `dim`.
struct LossFactors {
    const double *weights, *drawn;
    unsigned int dim, distribution;
    NL_FN void operator()(unsigned long long row, unsigned int column, double& left, double& right) const {
        right = score(distribution, drawn[row * dim + column]);
        left = weights[row] * right;
    }
};

// Those of a Fenchel-Young loss: centred solutions and scores.
template <class T>
struct SolutionFactors {
    Results<T> results;
    const double *means, *drawn;
    unsigned int centre, distribution;
    NL_FN void operator()(unsigned long long row, unsigned int column, double& left, double& right) const {
        right = score(distribution, drawn[row * results.outputs + column]);
        left = results.weight(centre, means, row / results.samples, (unsigned int)(row % results.samples), column);
    }
};

struct Tiles {
    double left[DEPTH][TILE], right[DEPTH][TILE];
};

// Rows `start`.. of `count`, columns `first`.. of both factors; zeros beyond them.
template <class Factors>
NL_FN void load(const Factors& factors, unsigned long long start, unsigned long long end, unsigned int first, unsigned int dim, Tiles& into) {
    for (unsigned int i = threadIdx.y * SIDE + threadIdx.x; i < DEPTH * TILE; i += SIDE * SIDE) {
        const unsigned long long row = start + i / TILE;
        const unsigned int column = first + i % TILE;
        double left = 0.0, right = 0.0;
        if (row < end && column < dim) factors(row, column, left, right);
        into.left[i / TILE][i % TILE] = left;
        into.right[i / TILE][i % TILE] = right;
    }
}

// `rows` for each of `groups`; `partial` is groups x chunks x dim x dim.
template <class Factors>
NL_FN void symmetric_products(const Factors& factors, unsigned long long first_row, unsigned int groups, unsigned long long rows,
                              unsigned int dim, unsigned long long chunk, double* partial) {
    __shared__ Tiles down, across;
    const unsigned int x = threadIdx.x, y = threadIdx.y, tiles = (dim + TILE - 1) / TILE;
    const unsigned long long pairs = (unsigned long long)tiles * (tiles + 1) / 2, chunks = (rows + chunk - 1) / chunk;
    for (unsigned long long job = blockIdx.x; job < groups * chunks * pairs; job += gridDim.x) {
        // The pair's number counts the upper triangle of tiles by columns.
        unsigned int i = (unsigned int)(job % pairs), j = 0;
        while (i > j) i -= ++j;
        const unsigned long long part = job / pairs, group = part / chunks, start = part % chunks * chunk;
        const unsigned long long from = first_row + group * rows, end = start + chunk < rows ? start + chunk : rows;
        double product[2][2] = {}, mirrored[2][2] = {};
        for (unsigned long long row = start; row < end; row += DEPTH) {
            load(factors, from + row, from + end, i * TILE, dim, down);
            load(factors, from + row, from + end, j * TILE, dim, across);
            __syncthreads();
            for (unsigned int r = 0; r < DEPTH; ++r) {
                for (unsigned int a = 0; a < 2; ++a) {
                    for (unsigned int b = 0; b < 2; ++b) {
                        product[a][b] += down.left[r][y + a * SIDE] * across.right[r][x + b * SIDE];
                        mirrored[a][b] += across.left[r][x + b * SIDE] * down.right[r][y + a * SIDE];
                    }
                }
            }
            __syncthreads();
        }
        double* out = partial + part * dim * dim;
        for (unsigned int a = 0; a < 2; ++a) {
            for (unsigned int b = 0; b < 2; ++b) {
                const unsigned int row = i * TILE + y + a * SIDE, column = j * TILE + x + b * SIDE;
                if (row >= dim || column >= dim) continue;
                const double mean = 0.5 * product[a][b] + 0.5 * mirrored[a][b];
                out[(unsigned long long)row * dim + column] = mean;
                if (i != j) out[(unsigned long long)column * dim + row] = mean;
            }
        }
    }
}

// `factor` times (the sum over chunks minus what is on the diagonals, groups x dim, if that is not null): groups x dim x dim. `first`: the
// number of the first group among all.
template <class Out>
NL_FN void finish_products(const double* partial, const double* diagonals, unsigned int groups, unsigned long long chunks, unsigned int dim,
                           double factor, unsigned long long first, Out* out, Finding* findings) {
    const unsigned long long square = (unsigned long long)dim * dim;
    for (unsigned long long job = thread_of_line(); job < groups * square; job += threads_of_line()) {
        const unsigned long long group = job / square, entry = job % square;
        double sum = 0.0;
        for (unsigned long long chunk = 0; chunk < chunks; ++chunk) sum += partial[(group * chunks + chunk) * square + entry];
        if (diagonals != nullptr && entry % (dim + 1) == 0) sum -= diagonals[(first + group) * dim + entry / (dim + 1)];
        const unsigned long long at = first * square + job;
        out[at] = (Out)(factor * sum);
        expect_finite(findings, HESSIAN, at, out[at]);
    }
}

}  // namespace smoothing
}  // namespace nl
