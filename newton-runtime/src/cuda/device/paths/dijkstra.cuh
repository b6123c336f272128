// Dijkstra's algorithm in its own order, whatever the costs are: `algorithms/dijkstra.rs`, cell by cell. All threads look for the nearest open
// cell: for grids of this size that is faster than a queue, which one thread would have to keep.

namespace nl {
namespace paths {

// A NaN or an infinity among the costs: the first one's cell, or NONE.
template <class T>
NL_FN unsigned int first_not_finite(const Grid<T>& grid) {
    unsigned int found = NONE;
    for (unsigned int i = threadIdx.x; i < grid.cells() && found == NONE; i += blockDim.x) {
        if (!(grid.costs[i] - grid.costs[i] == T(0))) found = i;
    }
    return least(found);
}

// Fills in where cells up to and including the target were reached from. Says whether the target was. Costs are finite.
template <class T>
NL_FN bool search(Grid<T>& grid) {
    // Expanded cells are as far as NaN, and so is the border: no offer is less.
    const T closed = T(0) / T(0);
    grid.fill(closed, T(FAR_AWAY));
    unsigned int cell = grid.first();
    T here = grid.costs[0];
    while (cell != grid.target()) {
        if (threadIdx.x < 9) {
            const unsigned int k = threadIdx.x, other = grid.neighbour(cell, k);
            if (k == 4) {
                grid.distance[cell] = closed;
            } else if (grid.distance[other] <= T(FAR_AWAY)) {
                const T offer = grid.costs[grid.inside(other)] + here;
                if (offer < grid.distance[other]) {
                    grid.distance[other] = offer;
                    // Seen from there, the cell lies on the other side.
                    grid.from[other] = (unsigned char)(8 - k);
                }
            }
        }
        __syncthreads();
        T best = T(FAR_AWAY);
        unsigned int at = NONE;
        for (unsigned int i = threadIdx.x; i < grid.bordered(); i += blockDim.x) {
            const T distance = grid.distance[i];
            if (distance < best) {
                best = distance;
                at = i;
            }
        }
        const Candidate<T> next = nearest(best, at);
        if (next.cell == NONE) return false;
        cell = next.cell;
        here = next.distance;
        // All have read before any writes.
        __syncthreads();
    }
    return true;
}

// Marks the path backwards from the target. One thread.
template <class T>
NL_FN void walk_back(const Grid<T>& grid, T* path) {
    unsigned int cell = grid.target();
    for (unsigned int steps = 0; steps < grid.cells(); ++steps) {
        path[grid.inside(cell)] = T(1);
        if (cell == grid.first()) return;
        cell = grid.neighbour(cell, grid.from[cell]);
    }
}

}  // namespace paths
}  // namespace nl
