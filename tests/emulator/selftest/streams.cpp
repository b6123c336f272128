// Streams, events, capture and graphs.
#include <thread>

#include "selftest.h"

static const char* const TEXT = R"(
    extern "C" __global__ void add(int* x, int y) { x[threadIdx.x] += y; }
)";

static void test_replay(const Module& module) {
    void *stream, *graph, *executable;
    EQUAL(cuStreamCreate(&stream, 1), 0);
    Array<int> x(std::vector<int>{0, 0, 0, 0}), y(4);
    EQUAL(cuStreamBeginCapture_v2(stream, 0), 0);
    int status;
    EQUAL(cuStreamIsCapturing(stream, &status), 0);
    EQUAL(status, 1);
    int by = 3;
    void* arguments[] = {(void*)&x.at, &by};
    EQUAL(cuLaunchKernel(module["add"], 1, 1, 1, 4, 1, 1, 0, stream, arguments, nullptr), 0);
    by = 1000;  // what it was counts
    EQUAL(cuMemcpyDtoDAsync_v2(y.at, x.at, 16, stream), 0);
    EQUAL(cuMemsetD8Async(y.at, 0, 4, stream), 0);
    EQUAL(cuStreamEndCapture(stream, &graph), 0);
    size_t nodes = 0;
    EQUAL(cuGraphGetNodes(graph, nullptr, &nodes), 0);
    EQUAL(nodes, 3u);
    EQUAL(x.values()[0], 0);  // nothing has been done
    EQUAL(cuGraphInstantiateWithFlags(&executable, graph, 0), 0);
    EQUAL(cuGraphDestroy(graph), 0);
    for (int i = 0; i < 5; ++i) EQUAL(cuGraphLaunch(executable, stream), 0);
    EQUAL(cuStreamSynchronize(stream), 0);
    EQUAL(x.values()[3], 15);
    EQUAL(y.values()[0], 0);
    EQUAL(y.values()[1], 15);

    // Within another capture.
    EQUAL(cuStreamBeginCapture_v2(stream, 1), 0);
    EQUAL(cuGraphLaunch(executable, stream), 0);
    EQUAL(cuGraphLaunch(executable, stream), 0);
    EQUAL(cuGraphExecDestroy(executable), 0);
    EQUAL(cuStreamEndCapture(stream, &graph), 0);
    EQUAL(cuGraphInstantiateWithFlags(&executable, graph, 0), 0);
    EQUAL(cuGraphLaunch(executable, nullptr), 0);
    EQUAL(x.values()[3], 21);
    EQUAL(cuGraphExecDestroy(executable), 0);
    EQUAL(cuGraphLaunch(executable, stream), 1);
    EQUAL(cuGraphDestroy(graph), 0);
    EQUAL(cuStreamDestroy_v2(stream), 0);
    EQUAL(cuStreamSynchronize(stream), 400);
}

static void test_refusals() {
    void *stream, *blocking, *graph;
    EQUAL(cuStreamCreate(&stream, 1), 0);
    EQUAL(cuStreamCreate(&blocking, 0), 0);
    EQUAL(cuStreamBeginCapture_v2(nullptr, 0), 900);
    EQUAL(cuStreamEndCapture(stream, &graph), 1);
    Array<int> x(4);
    uint64_t memory;
    int values[4];

    // A call that CUDA forbids spoils the capture.
    const auto spoils = [&](int result, int expected) {
        EQUAL(result, expected);
        EQUAL(cuMemsetD8Async(x.at, 0, 4, stream), 901);
        EQUAL(cuStreamEndCapture(stream, &graph), 901);
        CHECK(graph == nullptr);
        EQUAL(cuStreamBeginCapture_v2(stream, 0), 0);
    };
    EQUAL(cuStreamBeginCapture_v2(stream, 0), 0);
    spoils(cuStreamSynchronize(stream), 900);
    spoils(cuCtxSynchronize(), 900);
    spoils(cuMemAlloc_v2(&memory, 4), 900);
    spoils(cuMemcpyDtoH_v2(values, x.at, 16), 900);
    EQUAL(cuMemAllocAsync(&memory, 4, stream), 900);
    // Others' streams are free, and the legacy one is while only streams capture that do not wait for it.
    EQUAL(cuMemsetD8Async(x.at, 0, 4, blocking), 0);
    EQUAL(cuMemsetD8Async(x.at, 0, 4, nullptr), 0);
    EQUAL(cuStreamEndCapture(stream, &graph), 0);
    EQUAL(cuGraphDestroy(graph), 0);

    EQUAL(cuStreamBeginCapture_v2(blocking, 2), 0);
    EQUAL(cuMemAlloc_v2(&memory, 4), 0);  // whoever relaxes it may
    EQUAL(cuMemFree_v2(memory), 0);
    EQUAL(cuMemsetD8Async(x.at, 0, 4, nullptr), 906);
    EQUAL(cuStreamEndCapture(blocking, &graph), 901);

    // Only the thread that began it ends it.
    EQUAL(cuStreamBeginCapture_v2(stream, 1), 0);
    void* context = begin();
    EQUAL(cuDevicePrimaryCtxRelease_v2(0), 0);
    std::thread([&] {
        EQUAL(cuMemAlloc_v2(&memory, 4), 201);  // no context in this thread
        EQUAL(cuCtxSetCurrent(context), 0);
        EQUAL(cuMemAlloc_v2(&memory, 4), 0);  // not its capture
        EQUAL(cuMemFree_v2(memory), 0);
        EQUAL(cuStreamEndCapture(stream, &graph), 908);
    }).join();
    EQUAL(cuStreamEndCapture(stream, &graph), 0);
    EQUAL(cuGraphDestroy(graph), 0);
    EQUAL(cuStreamDestroy_v2(stream), 0);
    EQUAL(cuStreamDestroy_v2(blocking), 0);
}

static void test_forks(const Module& module) {
    void *one, *two, *event, *back, *graph, *executable;
    EQUAL(cuStreamCreate(&one, 1), 0);
    EQUAL(cuStreamCreate(&two, 1), 0);
    EQUAL(cuEventCreate(&event, 2), 0);
    EQUAL(cuEventCreate(&back, 2), 0);
    Array<int> x(std::vector<int>{0});
    for (const bool joins : {true, false}) {
        EQUAL(cuStreamBeginCapture_v2(one, 0), 0);
        EQUAL(launch(module["add"], {}, {}, 0, one, x.at, 1), 0);
        EQUAL(cuEventRecord(event, one), 0);
        EQUAL(cuStreamWaitEvent(two, event, 0), 0);
        EQUAL(launch(module["add"], {}, {}, 0, two, x.at, 10), 0);
        if (joins) {
            EQUAL(cuEventRecord(back, two), 0);
            EQUAL(cuStreamWaitEvent(one, back, 0), 0);
            EQUAL(launch(module["add"], {}, {}, 0, one, x.at, 100), 0);
            EQUAL(cuStreamEndCapture(two, &graph), 903);
            EQUAL(cuStreamEndCapture(one, &graph), 0);
        } else {
            EQUAL(cuStreamEndCapture(one, &graph), 904);
        }
    }
    // The first of both, once.
    EQUAL(cuStreamBeginCapture_v2(one, 0), 0);
    EQUAL(launch(module["add"], {}, {}, 0, one, x.at, 7), 0);
    EQUAL(cuEventRecord(event, one), 0);
    EQUAL(cuEventQuery(event), 907);
    EQUAL(cuStreamEndCapture(one, &graph), 901);
    EQUAL(cuStreamBeginCapture_v2(one, 0), 0);
    EQUAL(launch(module["add"], {}, {}, 0, one, x.at, 7), 0);
    EQUAL(cuStreamEndCapture(one, &graph), 0);
    EQUAL(cuGraphInstantiateWithFlags(&executable, graph, 0), 0);
    EQUAL(cuGraphLaunch(executable, two), 0);
    EQUAL(x.values()[0], 7);
    EQUAL(cuGraphExecDestroy(executable), 0);
    EQUAL(cuGraphDestroy(graph), 0);
    EQUAL(cuStreamDestroy_v2(one), 0);
    EQUAL(cuStreamDestroy_v2(two), 0);
    EQUAL(cuEventDestroy_v2(event), 0);
    EQUAL(cuEventDestroy_v2(back), 0);
}

static void test_events(const Module& module) {
    void *start, *end, *untimed;
    EQUAL(cuEventCreate(&start, 0), 0);
    EQUAL(cuEventCreate(&end, 0), 0);
    EQUAL(cuEventCreate(&untimed, 2), 0);
    float milliseconds;
    EQUAL(cuEventElapsedTime(&milliseconds, start, end), 400);
    Array<int> x(std::vector<int>(1024, 0));
    EQUAL(cuEventRecord(start, nullptr), 0);
    EQUAL(launch(module["add"], {100}, {1024}, 0, nullptr, x.at, 1), 0);
    EQUAL(cuEventRecord(end, nullptr), 0);
    EQUAL(cuEventRecord(untimed, nullptr), 0);
    EQUAL(cuEventElapsedTime(&milliseconds, start, end), 0);
    CHECK(milliseconds > 0 && milliseconds < 1000);
    EQUAL(cuEventElapsedTime(&milliseconds, start, untimed), 400);
    for (void* event : {start, end, untimed}) EQUAL(cuEventDestroy_v2(event), 0);
}

// Many threads at once, each with memory and a stream of its own.
static void test_threads(const Module& module) {
    void* context = begin();
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            EQUAL(cuCtxSetCurrent(context), 0);
            void* stream;
            EQUAL(cuStreamCreate(&stream, 1), 0);
            Array<int> x(std::vector<int>(64, 0));
            for (int round = 0; round < 200; ++round) EQUAL(launch(module["add"], {}, {64}, 0, stream, x.at, i), 0);
            EQUAL(x.values()[63], 200 * i);
            EQUAL(cuStreamDestroy_v2(stream), 0);
        });
    }
    for (std::thread& thread : threads) thread.join();
    EQUAL(cuDevicePrimaryCtxRelease_v2(0), 0);
}

void test_streams() {
    const Module module(TEXT);
    test_replay(module);
    test_refusals();
    test_forks(module);
    test_events(module);
    test_threads(module);
}
