// Memory: what is checked of it.
#include "selftest.h"

void test_memory() {
    size_t before, after, total;
    EQUAL(cuMemGetInfo_v2(&before, &total), 0);
    uint64_t at;
    EQUAL(cuMemAlloc_v2(&at, 0), 1);
    EQUAL(cuMemAllocAsync(&at, 0, nullptr), 0);
    EQUAL(at, 0u);
    EQUAL(cuMemAlloc_v2(&at, 1000), 0);
    EQUAL(at % 256, 0u);
    EQUAL(cuMemGetInfo_v2(&after, &total), 0);
    EQUAL(before - after, 1000u);
    EQUAL(cuMemAlloc_v2(&at, total), 2);
    EQUAL(cuMemFree_v2(at + 4), 1);

    // Fresh memory is no number; copies stay within an allocation.
    float values[4] = {1, 2, 3, 4};
    EQUAL(cuMemcpyDtoH_v2(values, at, 16), 0);
    for (const float x : values) CHECK(x != x);
    EQUAL(cuMemcpyHtoD_v2(at + 984, values, 16), 0);
    EQUAL(cuMemcpyHtoD_v2(at + 985, values, 16), 1);
    EQUAL(cuMemcpyHtoD_v2(at - 1, values, 16), 1);
    EQUAL(cuMemcpyDtoH_v2(values, (uint64_t)values, 16), 1);
    EQUAL(cuMemcpyDtoDAsync_v2(at, at + 500, 500, nullptr), 0);
    EQUAL(cuMemcpyDtoDAsync_v2(at, at + 500, 501, nullptr), 1);
    EQUAL(cuMemsetD32Async(at, 0x3f800000, 250, nullptr), 0);
    EQUAL(cuMemsetD32Async(at + 2, 0, 1, nullptr), 1);
    EQUAL(cuMemsetD32Async(at, 0, 251, nullptr), 1);
    EQUAL(cuMemcpyDtoH_v2(values, at + 984, 16), 0);
    EQUAL(values[3], 1);
    EQUAL(cuMemFree_v2(at), 0);
    EQUAL(cuMemFree_v2(at), 1);
    EQUAL(cuMemcpyDtoH_v2(values, at, 16), 1);

    // Who writes beyond it is found, when it is waited for and when it is freed.
    std::string said;
    EQUAL(apart([] {
        const Module module("extern \"C\" __global__ void past(int* x, int i) { x[i] = 1; }");
        Array<int> x(10);
        launch(module["past"], {}, {}, 0, nullptr, x.at, 12);
        cuCtxSynchronize();
    }, said), -6);
    CHECK(said.find("8 bytes behind an allocation of 40 bytes") != std::string::npos);
    EQUAL(apart([] {
        const Module module("extern \"C\" __global__ void past(int* x, int i) { x[i] = 1; }");
        Array<int> x(10);
        launch(module["past"], {}, {}, 0, nullptr, x.at, -1);
    }, said), -6);
    CHECK(said.find("in front of an allocation of 40 bytes") != std::string::npos);
}
