// Sums over a batch: Gram matrices, which Fisher matrices are, and mean Hessians. In chunks, whose sums are then added up in a fixed order.

namespace nl::newton {

// Of a tile of a matrix a thread computes 2 x 2 entries.
constexpr unsigned int TILE = 32;
constexpr unsigned int TILE_THREADS = TILE * TILE / 4;

struct Tile {
    unsigned int row, column;
    double total[2][2];

    // Number `index` of those on and above the diagonal, row by row, of `tiles` x `tiles`.
    NL_FN Tile(unsigned int index, unsigned int tiles) : total{} {
        unsigned int at = 0;
        for (unsigned int left = tiles; index >= left; --left, ++at) index -= left;
        row = at * TILE;
        column = (at + index) * TILE;
    }

    // Adds `sum_k x_k(i) x_k(j)` for TILE vectors: `entry(k, i)` is x_k(i), wherever it is asked for. If `ACROSS`, neighbours in memory are
    // entries of neighbouring vectors.
    template <bool ACROSS, class Entry>
    NL_FN void add(Entry entry) {
        // One column more than is used: threads that write a column meet different banks.
        __shared__ double left[TILE][TILE + 1], right[TILE][TILE + 1];
        for (unsigned int at = threadIdx.x; at < TILE * TILE; at += TILE_THREADS) {
            const unsigned int k = ACROSS ? at % TILE : at / TILE, i = ACROSS ? at / TILE : at % TILE;
            left[k][i] = entry(k, row + i);
            right[k][i] = entry(k, column + i);
        }
        __syncthreads();
        const unsigned int x = threadIdx.x % (TILE / 2), y = threadIdx.x / (TILE / 2);
        for (unsigned int k = 0; k < TILE; ++k) {
            const double a[2] = {left[k][y], left[k][y + TILE / 2]}, b[2] = {right[k][x], right[k][x + TILE / 2]};
            for (int i = 0; i < 2; ++i) {
                for (int j = 0; j < 2; ++j) total[i][j] += a[i] * b[j];
            }
        }
        __syncthreads();
    }

    // Hands over what was added up: row, column, sum.
    template <class Take>
    NL_FN void each(Take take) const {
        const unsigned int x = threadIdx.x % (TILE / 2), y = threadIdx.x / (TILE / 2);
        for (int i = 0; i < 2; ++i) {
            for (int j = 0; j < 2; ++j) take(row + y + i * TILE / 2, column + x + j * TILE / 2, total[i][j]);
        }
    }
};

// `sum_k x_k x_k^T`, size x size, for `length` vectors; the sum over chunk c of them goes to `sums[c]`, both triangles. Entry i of x_k is
// `vectors[k * size + i]`, or of the transposed `vectors[i * length + k]`.
//
// Grid: tiles on and above the diagonal, chunks.
template <class T, bool TRANSPOSED>
NL_FN void gram(const T* vectors, unsigned int size, unsigned int length, unsigned int chunk, double* sums) {
    Tile tile(blockIdx.x, (size + TILE - 1) / TILE);
    const unsigned int begin = blockIdx.y * chunk, end = begin + chunk < length ? begin + chunk : length;
    for (unsigned int from = begin; from < end; from += TILE) {
        tile.add<TRANSPOSED>([&](unsigned int k, unsigned int i) {
            k += from;
            if (k >= end || i >= size) return 0.0;
            return (double)vectors[TRANSPOSED ? (size_t)i * length + k : (size_t)k * size + i];
        });
    }
    double* out = sums + (size_t)blockIdx.y * size * size;
    tile.each([&](unsigned int i, unsigned int j, double total) {
        if (i >= size || j >= size) return;
        out[(size_t)i * size + j] = total;
        if (tile.row != tile.column) out[(size_t)j * size + i] = total;
    });
}

// The mean of the samples' Hessians, `entries` numbers each: the part of chunk c of them goes to `sums[c]`.
//
// Grid: entries, chunks.
template <class T>
NL_FN void hessian_mean(const T* hessians, unsigned int samples, unsigned int entries, unsigned int chunk, double* sums, Report* report) {
    const unsigned int begin = blockIdx.y * chunk, end = begin + chunk < samples ? begin + chunk : samples;
    for (unsigned int entry = blockIdx.x * blockDim.x + threadIdx.x; entry < entries; entry += gridDim.x * blockDim.x) {
        double total = 0;
        for (unsigned int sample = begin; sample < end; ++sample) {
            const unsigned long long at = (unsigned long long)sample * entries + entry;
            expect_finite(&report->hessian, at, hessians[at]);
            // Divided first: a sum of large entries must not overflow where their mean does not.
            total += (double)hessians[at] / samples;
        }
        sums[(size_t)blockIdx.y * entries + entry] = total;
    }
}

// Halved first: the sum of two large entries must not overflow.
NL_FN double symmetric(double here, double there) { return 0.5 * here + 0.5 * there; }

// The curvature C: `factor` times the sum of chunks, symmetrised as on the CPU. Also what rounding is measured against.
//
// A group of `lanes` threads, a power of two up to a warp, adds up an entry: each every `lanes`-th chunk.
NL_FN void curvature(const double* sums, unsigned int chunks, unsigned int lanes, unsigned int size, double factor, double lambda,
                     double* c, Report* report) {
    const unsigned int lane = threadIdx.x % lanes, groups = gridDim.x * blockDim.x / lanes;
    const size_t entries = (size_t)size * size;
    const unsigned int rounds = (unsigned int)((entries + groups - 1) / groups);
    double largest = 0, shifted = 0;
    for (unsigned int round = 0; round < rounds; ++round) {
        const size_t entry = (size_t)round * groups + (blockIdx.x * blockDim.x + threadIdx.x) / lanes;
        const unsigned int row = (unsigned int)(entry / size), column = (unsigned int)(entry % size);
        const bool is_one = entry < entries;
        double here = 0, there = 0;
        if (is_one) {
#pragma unroll 4
            for (unsigned int i = lane; i < chunks; i += lanes) {
                here += sums[i * entries + entry];
                there += sums[i * entries + (size_t)column * size + row];
            }
        }
        for (unsigned int by = lanes / 2; by > 0; by /= 2) {
            here += __shfl_xor_sync(ALL_LANES, here, by);
            there += __shfl_xor_sync(ALL_LANES, there, by);
        }
        if (!is_one) continue;
        const double x = row == column ? factor * here : symmetric(factor * here, factor * there);
        if (lane == 0) {
            c[entry] = x;
            expect_finite(&report->mean, entry, x);
        }
        largest = larger(largest, fabs(x));
        shifted = larger(shifted, fabs(row == column ? x + lambda : x));
    }
    largest = warp_max(largest);
    shifted = warp_max(shifted);
    if (lane_of_warp() == 0) {
        keep_largest(&report->largest, largest);
        keep_largest(&report->shifted, shifted);
    }
}

}  // namespace nl::newton
