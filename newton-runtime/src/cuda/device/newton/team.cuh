// What the threads of a warp or of a block find together. All of them must call, and all get the same bits: sums are of pairs at a
// distance, which are the same in whatever order.

namespace nl::newton {

constexpr unsigned int WARP = 32;
constexpr unsigned int MOST_WARPS = 32;
constexpr unsigned int ALL_LANES = 0xffffffffu;

NL_FN unsigned int lane_of_warp() { return threadIdx.x % WARP; }
NL_FN unsigned int warp_of_block() { return threadIdx.x / WARP; }
NL_FN unsigned int warps_of_block() { return blockDim.x / WARP; }

NL_FN double warp_sum(double x) {
    for (unsigned int by = WARP / 2; by > 0; by /= 2) x += __shfl_xor_sync(ALL_LANES, x, by);
    return x;
}

// NaN counts as nothing, as it does on the CPU.
NL_FN double larger(double x, double y) { return y > x ? y : x; }
NL_FN double warp_max(double x) {
    for (unsigned int by = WARP / 2; by > 0; by /= 2) x = larger(x, __shfl_xor_sync(ALL_LANES, x, by));
    return x;
}

NL_FN unsigned int warp_min(unsigned int x) {
    for (unsigned int by = WARP / 2; by > 0; by /= 2) {
        const unsigned int other = __shfl_xor_sync(ALL_LANES, x, by);
        x = other < x ? other : x;
    }
    return x;
}

// The largest number with the smallest index among those that are as large; (0, none) if none is above zero.
struct Largest {
    double value;
    unsigned int index;
};
NL_FN Largest larger(Largest x, Largest y) {
    return y.value > x.value || (y.value == x.value && y.index < x.index) ? y : x;
}
NL_FN Largest warp_max(Largest x) {
    for (unsigned int by = WARP / 2; by > 0; by /= 2) {
        const Largest other{__shfl_xor_sync(ALL_LANES, x.value, by), __shfl_xor_sync(ALL_LANES, x.index, by)};
        x = larger(x, other);
    }
    return x;
}

// Of the block: warp by warp, in their order.
NL_FN double block_sum(double x) {
    __shared__ double parts[MOST_WARPS];
    x = warp_sum(x);
    if (blockDim.x == WARP) return x;
    __syncthreads();
    if (lane_of_warp() == 0) parts[warp_of_block()] = x;
    __syncthreads();
    double total = 0;
    for (unsigned int i = 0; i < warps_of_block(); ++i) total += parts[i];
    return total;
}
NL_FN double block_max(double x) {
    __shared__ double parts[MOST_WARPS];
    x = warp_max(x);
    if (blockDim.x == WARP) return x;
    __syncthreads();
    if (lane_of_warp() == 0) parts[warp_of_block()] = x;
    __syncthreads();
    double most = 0;
    for (unsigned int i = 0; i < warps_of_block(); ++i) most = larger(most, parts[i]);
    return most;
}

NL_FN double* dynamic_shared() {
    extern __shared__ double memory[];
    return memory;
}

// A row-major square matrix, in shared or global memory.
struct View {
    double* at;
    unsigned int stride;

    NL_FN double& operator()(unsigned int row, unsigned int column) const { return at[(size_t)row * stride + column]; }
};

}  // namespace nl::newton
