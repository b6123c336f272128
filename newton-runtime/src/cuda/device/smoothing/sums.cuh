// Sums over rows, of every column, in an order that depends on the sizes alone: chunks of rows first, then over chunks.
//
// A block of COLUMNS x LINES threads takes a chunk of a group and COLUMNS columns; a thread takes every LINES-th row.

namespace nl {
namespace smoothing {

constexpr unsigned int COLUMNS = 32, LINES = 8;

// `term` of (group, row, column) is summed: `partial` is groups x chunks x columns.
template <class Term>
NL_FN void sum_rows(const Term& term, unsigned int groups, unsigned long long rows, unsigned int columns, unsigned int chunk,
                    double* partial) {
    __shared__ double tile[LINES][COLUMNS];
    const unsigned int x = threadIdx.x, y = threadIdx.y;
    const unsigned long long chunks = (rows + chunk - 1) / chunk, tiles = (columns + COLUMNS - 1) / COLUMNS;
    for (unsigned long long job = blockIdx.x; job < groups * chunks * tiles; job += gridDim.x) {
        const unsigned int column = (unsigned int)(job % tiles) * COLUMNS + x;
        const unsigned long long part = job / tiles, group = part / chunks, start = part % chunks * chunk;
        const unsigned long long end = start + chunk < rows ? start + chunk : rows;
        double sum = 0.0;
        if (column < columns) {
            for (unsigned long long row = start + y; row < end; row += LINES) sum += term(group, row, column);
        }
        tile[y][x] = sum;
        __syncthreads();
        if (y == 0 && column < columns) {
            for (unsigned int line = 1; line < LINES; ++line) sum += tile[line][x];
            partial[part * columns + column] = sum;
        }
        __syncthreads();
    }
}

NL_FN double over_chunks(const double* partial, unsigned long long chunks, unsigned int columns, unsigned long long group, unsigned int column) {
    double sum = 0.0;
    for (unsigned long long chunk = 0; chunk < chunks; ++chunk) sum += partial[(group * chunks + chunk) * columns + column];
    return sum;
}

// `factor` times the sums, groups x columns, to `wide` and to `narrow`, where they are not null. Numbers of `narrow` are expected to be
// finite, if `kind` is one.
template <class T>
NL_FN void finish_sums(const double* partial, unsigned int groups, unsigned long long chunks, unsigned int columns, double factor,
                       double* wide, T* narrow, Finding* findings, unsigned int kind) {
    const unsigned long long jobs = (unsigned long long)groups * columns;
    for (unsigned long long job = thread_of_line(); job < jobs; job += threads_of_line()) {
        const double sum = factor * over_chunks(partial, chunks, columns, job / columns, (unsigned int)(job % columns));
        if (wide != nullptr) wide[job] = sum;
        if (narrow == nullptr) continue;
        narrow[job] = (T)sum;
        if (kind < KINDS) expect_finite(findings, kind, job, narrow[job]);
    }
}

// The sum of a thread's numbers over the warp, in all lanes.
NL_FN double over_warp(double x) {
    for (unsigned int by = 16; by > 0; by /= 2) x += __shfl_xor_sync(0xffffffffu, x, by);
    return x;
}

// What is summed.

template <class V>
struct ResultTerm {
    Results<V> results;
    NL_FN double operator()(unsigned long long group, unsigned long long row, unsigned int column) const {
        return results.at(group, (unsigned int)row, column);
    }
};

// Weights are groups x rows, noise groups x rows x columns.
struct ScoreTerm {
    const double *weights, *drawn;
    unsigned long long rows;
    unsigned int columns, distribution;
    NL_FN double operator()(unsigned long long group, unsigned long long row, unsigned int column) const {
        const unsigned long long at = group * rows + row;
        return weights[at] * score(distribution, drawn[at * columns + column]);
    }
};

struct CurvatureTerm {
    const double *weights, *drawn;
    unsigned long long rows;
    unsigned int columns, distribution;
    NL_FN double operator()(unsigned long long group, unsigned long long row, unsigned int column) const {
        const unsigned long long at = group * rows + row;
        return weights[at] * curvature(distribution, drawn[at * columns + column]);
    }
};

// What a solution costs less than the target.
template <class T>
struct ExcessTerm {
    Results<T> results;
    const T *predictions, *targets;
    const double* drawn;
    double scale;
    NL_FN double operator()(unsigned long long group, unsigned long long row, unsigned int column) const {
        const unsigned int dim = results.outputs;
        const double y = (double)predictions[group * dim + column];
        const double z = drawn[(group * results.samples + row) * dim + column];
        return (y + scale * z) * ((double)targets[group * dim + column] - results.at(group, (unsigned int)row, column));
    }
};

}  // namespace smoothing
}  // namespace nl
