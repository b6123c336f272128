// Kernels: their places, barriers, warps, atomics, shared memory, functions.
#include <cmath>

#include "selftest.h"

static void test_places() {
    const Module module(R"(
        #define KERNEL(name) extern "C" __global__ void name
        struct Pair { double x; char c; };
        KERNEL(places)(int* out, Pair pair, char odd) {
            int thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
            int block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
            out[block * blockDim.x * blockDim.y * blockDim.z + thread] = block * 1000 + thread + (int)pair.x + pair.c + odd;
        }
        namespace within { extern "C" { __global__ void scoped(float* x) { *x = 7; } } }
        static __device__ int never() { return 0; }
    )");
    Array<int> out(2 * 3 * 4 * 5 * 6 * 7);
    struct Pair {
        double x;
        char c;
    };
    EQUAL(launch(module["places"], {2, 3, 4}, {5, 6, 7}, 0, nullptr, out.at, Pair{2.5, 3}, (char)5), 0);
    const std::vector<int> values = out.values();
    for (int i = 0; i < (int)values.size(); ++i) EQUAL(values[i], i / 210 * 1000 + i % 210 + 10);
    Array<float> x(1);
    EQUAL(launch(module["scoped"], {}, {}, 0, nullptr, x.at), 0);
    EQUAL(x.values()[0], 7);
    void* function;
    EQUAL(cuModuleGetFunction(&function, module.handle, "nobody"), 500);
}

static void test_barriers() {
    const Module module(R"(
        // Everybody's neighbour, many times over; some leave early.
        extern "C" __global__ void ring(unsigned* out, int rounds) {
            __shared__ unsigned a[1024], b[2][1024];
            const int t = threadIdx.x, n = blockDim.x;
            a[t] = t;
            for (int i = 0; i < rounds; ++i) {
                __syncthreads();
                b[i % 2][t] = a[(t + 1) % n];
                __syncthreads();
                a[t] = b[i % 2][t];
            }
            out[blockIdx.x * n + t] = a[t];
        }
        extern "C" __global__ void leave(int* out) {
            __shared__ int sum;
            if (threadIdx.x == 0) sum = 0;
            __syncthreads();
            if (threadIdx.x % 3 == 0) return;
            atomicAdd(&sum, 1);
            __syncthreads();
            if (threadIdx.x == 1) out[0] = sum;
            int many = __syncthreads_count(threadIdx.x % 2), any = __syncthreads_or(threadIdx.x == 40), all = __syncthreads_and(threadIdx.x % 3 > 0);
            int none = __syncthreads_or(0), not_all = __syncthreads_and(threadIdx.x != 7);
            if (threadIdx.x == 100) out[1] = many, out[2] = any != 0, out[3] = all != 0, out[4] = none, out[5] = not_all;
        }
        extern "C" __global__ void never(int* out) {
            if (threadIdx.x < 5) __syncwarp(0xffffffff); else __syncthreads();
            *out = 1;
        }
    )");
    const unsigned rounds = 5000, n = 256;
    Array<unsigned> out(2 * n);
    const double start = now();
    EQUAL(launch(module["ring"], {2}, {n}, 0, nullptr, out.at, (int)rounds), 0);
    printf("  %.0f ns for a thread to pass a barrier\n", (now() - start) / (2.0 * 2 * n * rounds) * 1e9);
    for (unsigned i = 0; i < 2 * n; ++i) EQUAL(out.values()[i], (i + rounds) % n);
    Array<int> counts(6);
    EQUAL(launch(module["leave"], {}, {192}, 0, nullptr, counts.at), 0);
    const int expected[] = {128, 64, 1, 1, 0, 0};
    for (int i = 0; i < 6; ++i) EQUAL(counts.values()[i], expected[i]);

    // Threads that wait for each other are seen, and take the context with them.
    std::string said;
    EQUAL(apart([] {
        const Module module("extern \"C\" __global__ void never() { if (threadIdx.x < 5) __syncwarp(); else __syncthreads(); }");
        EQUAL(launch(module["never"], {}, {64}, 0, nullptr), 0);
        EQUAL(cuCtxSynchronize(), 719);
        _Exit(7);
    }, said), 7);
    CHECK(said.find("`never` wait for each other") != std::string::npos);
}

static void test_warps() {
    const Module module(R"(
        extern "C" __global__ void warps(int* out) {
            const unsigned ALL = 0xffffffff;
            const int lane = threadIdx.x % 32, t = threadIdx.x;
            int* mine = out + 16 * t;
            mine[0] = __shfl_sync(ALL, t, 5);
            mine[1] = __shfl_sync(ALL, t, 3, 8);
            mine[2] = __shfl_up_sync(ALL, t, 2);
            mine[3] = __shfl_down_sync(ALL, t, 1, 16);
            mine[4] = __shfl_xor_sync(ALL, t, 16);
            mine[5] = (int)__ballot_sync(ALL, lane % 2);
            mine[6] = __any_sync(ALL, t == 33);
            mine[7] = __all_sync(ALL, t < 32);
            mine[8] = __reduce_add_sync(ALL, lane);
            mine[9] = __reduce_min_sync(ALL, -lane);
            mine[10] = (int)__reduce_max_sync(ALL, (unsigned)t);
            mine[11] = (int)__match_any_sync(ALL, lane / 8);
            // Halves of a warp on their own, at a pace of their own.
            int sum = 0;
            if (lane < 16) {
                for (int i = 0; i < 3; ++i) sum += __shfl_sync(0xffffu, t, i);
            } else {
                for (int i = 0; i < 7; ++i) sum += __shfl_sync(0xffff0000u, t, 16 + i);
            }
            __syncwarp();
            mine[12] = sum;
            double d = __shfl_down_sync(ALL, t + 0.5, 1);
            mine[13] = (int)(2 * d);
            struct { float x, y; } pair = {1.0f * t, 2.0f * t};
            mine[14] = (int)__shfl_xor_sync(ALL, pair, 1).y;
        }
    )");
    Array<int> out(64 * 16);
    EQUAL(launch(module["warps"], {}, {64}, 0, nullptr, out.at), 0);
    const std::vector<int> all = out.values();
    for (int t = 0; t < 64; ++t) {
        const int lane = t % 32, first = t - lane, *mine = &all[16 * t];
        EQUAL(mine[0], first + 5);
        EQUAL(mine[1], t / 8 * 8 + 3);
        EQUAL(mine[2], lane < 2 ? t : t - 2);
        EQUAL(mine[3], lane % 16 == 15 ? t : t + 1);
        EQUAL(mine[4], t ^ 16);
        EQUAL(mine[5], (int)0xaaaaaaaa);
        EQUAL(mine[6], first == 32);
        EQUAL(mine[7], first == 0);
        EQUAL(mine[8], 496);
        EQUAL(mine[9], -31);
        EQUAL(mine[10], first + 31);
        EQUAL(mine[11], (int)(0xffu << lane / 8 * 8));
        EQUAL(mine[12], lane < 16 ? 3 * first + 3 : 7 * (first + 16) + 21);
        EQUAL(mine[13], lane == 31 ? 2 * t + 1 : 2 * t + 3);
        EQUAL(mine[14], 2 * (t ^ 1));
    }
}

static void test_shared_memory() {
    const Module module(R"(
        template <class T> __device__ T turned(T x) {
            __shared__ T a[64], total;
            a[threadIdx.x] = x;
            if (threadIdx.x == 0) total = 0;
            __syncthreads();
            return a[63 - threadIdx.x] + total;
        }
        extern "C" __global__ void dynamic(float* out) {
            extern __shared__ __align__(16) float room[];
            room[threadIdx.x] = threadIdx.x;
            __syncthreads();
            out[threadIdx.x] = room[63 - threadIdx.x] + turned(100.0f) + (float)turned(10.0);
        }
        extern "C" __global__ void matrix(int* out) {
            extern __shared__ int rows[][3];
            rows[threadIdx.x][1] = threadIdx.x;
            *out = rows[threadIdx.x][1];
        }
        extern "C" __global__ void unwritten(unsigned* out) {
            __shared__ unsigned never[4];
            extern __shared__ unsigned nor[];
            out[2 * blockIdx.x] = never[blockIdx.x], out[2 * blockIdx.x + 1] = nor[0];
            never[blockIdx.x] = never[1] = nor[0] = 1;
        }
        extern "C" __global__ void too_far(char* out) {
            extern __shared__ char room[];
            room[100] = 1;
        }
    )");
    Array<float> out(64);
    EQUAL(launch(module["dynamic"], {}, {64}, 256, nullptr, out.at), 0);
    for (int t = 0; t < 64; ++t) EQUAL(out.values()[t], 63 - t + 110);
    Array<int> one(1);
    EQUAL(launch(module["matrix"], {}, {8}, 96, nullptr, one.at), 0);
    EQUAL(one.values()[0], 7);
    Array<unsigned> four(4);
    EQUAL(launch(module["unwritten"], {2}, {}, 4, nullptr, four.at), 0);
    for (const unsigned x : four.values()) EQUAL(x, 0xffffffffu);

    // More than 48 KiB only for who asked.
    void* dynamic = module["dynamic"];
    int most;
    EQUAL(cuFuncGetAttribute(&most, 8, dynamic), 0);
    EQUAL(most, 48 * 1024);
    EQUAL(launch(dynamic, {}, {64}, 48 * 1024 + 4, nullptr, out.at), 1);
    EQUAL(cuFuncSetAttribute(dynamic, 8, 228 * 1024), 1);
    EQUAL(cuFuncSetAttribute(dynamic, 8, 227 * 1024), 0);
    EQUAL(launch(dynamic, {}, {64}, 227 * 1024, nullptr, out.at), 0);
    std::string said;
    EQUAL(apart([] {
        const Module module("extern \"C\" __global__ void too_far() { extern __shared__ char room[]; room[100] = 1; }");
        launch(module["too_far"], {}, {}, 100, nullptr);
    }, said), -6);
    CHECK(said.find("`too_far` wrote behind its 100 bytes") != std::string::npos);
}

static void test_limits() {
    const Module module(R"(
        constexpr int MOST = 128;
        extern "C" __global__ void __launch_bounds__(MOST, 2) bounded(int* x) { atomicAdd(x, 1); }
        extern "C" __global__ void any(int* x) { atomicAdd(x, 1); }
        // A megabyte of stack.
        __device__ __noinline__ int deep(volatile char* above, int left) {
            volatile char room[1000];
            room[left % 1000] = above[0];
            return left == 0 ? room[0] : deep(room, left - 1) + (room[left % 1000] != 1);
        }
        extern "C" __global__ void sunk(int* x) {
            volatile char first = 1;
            int found = deep(&first, 990);
            __syncthreads();
            *x += found;
        }
    )");
    Array<int> x(std::vector<int>{0});
    EQUAL(launch(module["bounded"], {}, {128}, 0, nullptr, x.at), 0);
    EQUAL(launch(module["bounded"], {}, {129}, 0, nullptr, x.at), 1);
    EQUAL(launch(module["any"], {}, {1024}, 0, nullptr, x.at), 0);
    for (const Size block : {Size{1025}, Size{32, 33}, Size{1, 1, 65}, Size{0}}) EQUAL(launch(module["any"], {}, block, 0, nullptr, x.at), 1);
    for (const Size grid : {Size{0}, Size{1, 65536}, Size{1, 1, 65536}}) EQUAL(launch(module["any"], grid, {}, 0, nullptr, x.at), 1);
    EQUAL(x.values()[0], 1152);
    int most;
    EQUAL(cuFuncGetAttribute(&most, 0, module["bounded"]), 0);
    EQUAL(most, 128);
    EQUAL(launch(module["sunk"], {}, {64}, 0, nullptr, x.at), 0);
    EQUAL(cuCtxSynchronize(), 0);
}

static void test_functions() {
    const Module module(R"(
        extern "C" __global__ void functions(double* out, float* single) {
            int i = 0;
            out[i++] = normcdf(1.0), out[i++] = normcdfinv(0.975), out[i++] = normcdfinv(1e-300);
            out[i++] = erfinv(0.5), out[i++] = erfcinv(1e-20), out[i++] = rsqrt(4.0), out[i++] = __fma_rn(2.0, 3.0, 4.0);
            out[i++] = __popc(0xff00u), out[i++] = __clz(1), out[i++] = __ffs(8), out[i++] = __umulhi(0x80000000u, 6u);
            out[i++] = __brev(1u), out[i++] = max(3, 4) + min(2u, 1u) + fmax(1.0, 0.5), out[i++] = __float_as_int(1.0f);
            out[i++] = __float2int_rn(2.5f), out[i++] = __float2int_rz(-1e20f), out[i++] = __double2uint_rz(-3.0), out[i++] = signbit(-0.0);
            out[i++] = hypot(3.0, 4.0), out[i++] = sinpi(0.5), out[i++] = exp10(2.0), out[i++] = copysign(2.0, -1.0);
            single[0] = rsqrtf(4), single[1] = expf(1), single[2] = normcdfinvf(0.5f), single[3] = __expf(0), single[4] = fmaf(2, 3, 4);
            single[5] = powf(2, 10), single[6] = exp(1.0f), single[7] = make_float4(1, 2, 3, 4).w, single[8] = __int_as_float(0x7f800000) > 3e38f;
        }
        extern "C" __global__ void atomics(int* i, unsigned* u, unsigned long long* w, float* f, double* d) {
            atomicAdd(i, 1), atomicSub(i + 1, 1), atomicMin(i + 2, -(int)threadIdx.x), atomicMax(i + 3, (int)threadIdx.x), atomicExch(i + 4, 5);
            atomicOr(u, 1u << threadIdx.x % 32), atomicAnd(u + 1, ~2u), atomicXor(u + 2, 1u), atomicInc(u + 3, 9);
            if (threadIdx.x == 0) atomicCAS(u + 4, 17u, 4u);
            atomicMin(w, (unsigned long long)threadIdx.x << 32 | 3), atomicAdd(f, 0.5f), atomicAdd(d, 0.25);
        }
    )");
    Array<double> out(22);
    Array<float> single(9);
    EQUAL(launch(module["functions"], {}, {}, 0, nullptr, out.at, single.at), 0);
    const double expected[] = {0.84134474606854293, 1.9599639845400545, -37.0471, 0.47693627620446988, 6.601580622355143, 0.5, 10,
                               8, 31, 4, 3, 2147483648.0, 4 + 1 + 1, 1065353216, 2, -2147483648.0, 0, 1, 5, 1, 100, -2};
    for (int i = 0; i < 22; ++i) CHECK(std::fabs(out.values()[i] - expected[i]) <= (i == 2 ? 1e-4 : 1e-14) * std::fabs(expected[i]));
    const float expected_single[] = {0.5f, 2.7182817f, 0, 1, 10, 1024, 2.7182817f, 4, 1};
    for (int i = 0; i < 9; ++i) EQUAL(single.values()[i], expected_single[i]);

    Array<int> i(std::vector<int>{0, 0, 0, 0, 0});
    Array<unsigned> u(std::vector<unsigned>{0, 3, 0, 0, 17});
    Array<unsigned long long> w(std::vector<unsigned long long>{~0ull});
    Array<float> f(std::vector<float>{0});
    Array<double> d(std::vector<double>{0});
    EQUAL(launch(module["atomics"], {3}, {41}, 0, nullptr, i.at, u.at, w.at, f.at, d.at), 0);
    CHECK(i.values() == (std::vector<int>{123, -123, -40, 40, 5}));
    CHECK(u.values() == (std::vector<unsigned>{~0u, 1, 1, 3, 4}));
    EQUAL(w.values()[0], 3ull);
    EQUAL(f.values()[0], 61.5f);
    EQUAL(d.values()[0], 30.75);
}

static void test_ends() {
    std::string said;
    EQUAL(apart([] {
        const Module module("extern \"C\" __global__ void fails(int x) { __syncthreads(); assert(threadIdx.x < x); }");
        EQUAL(launch(module["fails"], {}, {32}, 0, nullptr, 32), 0);
        EQUAL(cuCtxSynchronize(), 0);
        EQUAL(launch(module["fails"], {}, {32}, 0, nullptr, 5), 0);
        EQUAL(cuCtxSynchronize(), 710);
        uint64_t memory;
        EQUAL(cuMemAlloc_v2(&memory, 4), 710);
        _Exit(7);
    }, said), 7);
    CHECK(said.find("`fails` stopped: test.cu:1: threadIdx.x < x") != std::string::npos);
}

void test_kernels() {
    test_places();
    test_barriers();
    test_warps();
    test_shared_memory();
    test_limits();
    test_functions();
    test_ends();
}
