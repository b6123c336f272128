// Distances by relaxing all cells until nothing changes: the way for positive costs, which `algorithms/sweeps.rs` shows to be Dijkstra's, bit
// for bit. Distances are the least sums over all paths whatever the order of relaxing, so the number of threads does not matter.

namespace nl {
namespace paths {

// Whether every step makes a path strictly longer, in floating point too. A NaN is in the sum.
template <class T>
NL_FN bool suits_sweeps(const Grid<T>& grid) {
    T low = T(FAR_AWAY), sum = T(0);
    for (unsigned int i = threadIdx.x; i < grid.cells(); i += blockDim.x) {
        const T cost = grid.costs[i];
        low = cost < low ? cost : low;
        sum += cost;
    }
    const Summary<T> all = summary(low, sum);
    return all.least > T(0) && all.least >= all.sum * (T(2) * Rounding<T>::EPSILON) && all.sum < T(0.1 * FAR_AWAY);
}

// Fills in the distances. Says whether that came to an end: where paths wind on and on, Dijkstra's order is faster.
template <class T>
NL_FN bool sweep(Grid<T>& grid) {
    grid.fill(T(FAR_AWAY), T(FAR_AWAY));
    if (threadIdx.x == 0) grid.distance[grid.first()] = grid.costs[0];
    __syncthreads();
    const unsigned int rounds = (grid.cells() + blockDim.x - 1) / blockDim.x;
    const unsigned int most = 16 + 4 * (grid.rows + grid.columns);
    for (unsigned int sweep = 0; sweep < most; ++sweep) {
        bool changed = false;
        Cells at(grid.rows, grid.columns, sweep % 2 == 0);
        for (unsigned int round = 0; round < rounds; ++round, at.next()) {
            bool less = false;
            T offer = T(0);
            unsigned int cell = 0;
            if (at.any()) {
                cell = grid.index(at.at_row(), at.at_column());
                T beside = T(FAR_AWAY);
                for (unsigned int k = 0; k < 9; ++k) {
                    const T other = grid.distance[grid.neighbour(cell, k)];
                    if (k != 4 && other < beside) beside = other;
                }
                offer = grid.cost(at.at_row(), at.at_column()) + beside;
                less = offer < grid.distance[cell];
            }
            // All have read before any writes.
            __syncthreads();
            if (less) grid.distance[cell] = offer;
            changed |= less;
            __syncthreads();
        }
        if (!__syncthreads_or(changed)) return true;
    }
    return false;
}

// Marks the path backwards from the target: a cell's predecessor is the first of its nearest neighbours. One thread.
template <class T>
NL_FN void walk(const Grid<T>& grid, T* path) {
    unsigned int cell = grid.target();
    for (unsigned int steps = 0; steps < grid.cells(); ++steps) {
        path[grid.inside(cell)] = T(1);
        if (cell == grid.first()) return;
        T best = T(FAR_AWAY);
        unsigned int to = cell;
        for (unsigned int k = 0; k < 9; ++k) {
            const unsigned int other = grid.neighbour(cell, k);
            const T distance = grid.distance[other];
            if (k != 4 && distance < best) {
                best = distance;
                to = other;
            }
        }
        cell = to;
    }
}

}  // namespace paths
}  // namespace nl
