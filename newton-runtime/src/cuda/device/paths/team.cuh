// What the threads of a block find out together. Blocks are one-dimensional, of whole warps.

namespace nl {
namespace paths {

constexpr unsigned int WARP = 32, ALL = 0xffffffffu;

// `combine` of all threads' numbers, in all threads. The order of combining depends on the block's size alone.
template <class X, class F>
NL_FN X together(X x, F combine) {
    __shared__ X of_warps[WARP];
    for (unsigned int by = WARP / 2; by > 0; by /= 2) x = combine(x, x.from_lane(by));
    if (blockDim.x == WARP) return x;
    __syncthreads();
    if (threadIdx.x % WARP == 0) of_warps[threadIdx.x / WARP] = x;
    __syncthreads();
    x = of_warps[0];
    for (unsigned int warp = 1; warp < blockDim.x / WARP; ++warp) x = combine(x, of_warps[warp]);
    return x;
}

// The least and the sum of costs.
template <class T>
struct Summary {
    T least, sum;

    NL_FN Summary from_lane(unsigned int by) const {
        return {__shfl_xor_sync(ALL, least, by), __shfl_xor_sync(ALL, sum, by)};
    }
};
template <class T>
NL_FN Summary<T> summary(T least, T sum) {
    return together(Summary<T>{least, sum}, [](const Summary<T>& a, const Summary<T>& b) {
        return Summary<T>{b.least < a.least ? b.least : a.least, a.sum + b.sum};
    });
}

// A cell and how far it is. Of cells equally far the first is the nearest; 0 and -0 are equally far.
template <class T>
struct Candidate {
    T distance;
    unsigned int cell;

    NL_FN Candidate from_lane(unsigned int by) const {
        return {__shfl_xor_sync(ALL, distance, by), __shfl_xor_sync(ALL, cell, by)};
    }
};
template <class T>
NL_FN Candidate<T> nearest(T distance, unsigned int cell) {
    return together(Candidate<T>{distance, cell}, [](const Candidate<T>& a, const Candidate<T>& b) {
        return b.distance < a.distance || (b.distance == a.distance && b.cell < a.cell) ? b : a;
    });
}

// The least of all threads' integers.
struct Index {
    unsigned int value;

    NL_FN Index from_lane(unsigned int by) const { return {__shfl_xor_sync(ALL, value, by)}; }
};
NL_FN unsigned int least(unsigned int x) {
    return together(Index{x}, [](const Index& a, const Index& b) { return b.value < a.value ? b : a; }).value;
}

}  // namespace paths
}  // namespace nl
