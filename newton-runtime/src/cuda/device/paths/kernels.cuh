// Many grids at once, one a block; a grid of blocks may be smaller than the batch.

namespace nl {
namespace paths {

// Why the first grid that has no path has none. The host sets both to all ones.
struct Failure {
    // The grid (high half) and its first cell that is not finite (low half); NONE for a target out of reach.
    unsigned long long at;
    // The bits of that cell's cost, as `double`.
    unsigned long long value;
};

// `costs` and `paths` are grids x rows x columns: 1 on a path, 0 elsewhere, NaN in grids that have none. Distances and predecessors lie in
// shared memory, or, where `distances` is not null, there: (rows + 2) x (columns + 2) for each block.
template <class T>
NL_FN void solve(const T* costs, T* paths, unsigned int rows, unsigned int columns, unsigned int grids, T* distances,
                 unsigned char* from, Failure* failure) {
    extern __shared__ __align__(16) unsigned char memory[];
    const size_t bordered = (size_t)(rows + 2) * (columns + 2);
    Grid<T> grid{nullptr, (T*)memory, memory + bordered * sizeof(T), rows, columns};
    if (distances != nullptr) {
        grid.distance = distances + blockIdx.x * bordered;
        grid.from = from + blockIdx.x * bordered;
    }
    for (unsigned int number = blockIdx.x; number < grids; number += gridDim.x) {
        grid.costs = costs + (size_t)number * grid.cells();
        T* path = paths + (size_t)number * grid.cells();
        const bool swept = suits_sweeps(grid) && sweep(grid);
        unsigned int bad = NONE;
        bool found = swept;
        if (!swept) {
            bad = first_not_finite(grid);
            found = bad == NONE && search(grid);
        }
        const T elsewhere = found ? T(0) : T(0) / T(0);
        for (unsigned int i = threadIdx.x; i < grid.cells(); i += blockDim.x) path[i] = elsewhere;
        __syncthreads();
        if (threadIdx.x == 0) {
            if (!found) {
                atomicMin(&failure->at, (unsigned long long)number << 32 | bad);
            } else if (swept) {
                walk(grid, path);
            } else {
                walk_back(grid, path);
            }
        }
        // The next grid's distances overwrite this one's.
        __syncthreads();
    }
}

// Looks up the cost that is to be named. One thread.
template <class T>
NL_FN void name_cost(const T* costs, unsigned int cells, Failure* failure) {
    if (failure->at == ~0ull) return;
    const unsigned int cell = (unsigned int)failure->at;
    if (cell == NONE) return;
    failure->value = (unsigned long long)__double_as_longlong((double)costs[(failure->at >> 32) * cells + cell]);
}

}  // namespace paths
}  // namespace nl

#define NL_PATHS(suffix, T)                                                                                             \
    extern "C" __global__ void __launch_bounds__(1024) paths_##suffix(                                                   \
        const T* costs, T* paths, unsigned int rows, unsigned int columns, unsigned int grids, T* distances,            \
        unsigned char* from, nl::paths::Failure* failure) {                                                             \
        nl::paths::solve<T>(costs, paths, rows, columns, grids, distances, from, failure);                              \
    }                                                                                                                   \
    extern "C" __global__ void name_cost_##suffix(const T* costs, unsigned int cells, nl::paths::Failure* failure) {     \
        nl::paths::name_cost<T>(costs, cells, failure);                                                                 \
    }
NL_PATHS(f32, float)
NL_PATHS(f64, double)
#undef NL_PATHS
