// The device tried out through its own interface, as programs see it: by the trampolines, with declarations of its own.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

extern "C" {
int cuInit(unsigned);
int cuDevicePrimaryCtxRetain(void**, int);
int cuDevicePrimaryCtxRelease_v2(int);
int cuDeviceGetAttribute(int*, int, int);
int cuCtxSetCurrent(void*);
int cuCtxSynchronize();
int cuMemAlloc_v2(uint64_t*, size_t);
int cuMemAllocAsync(uint64_t*, size_t, void*);
int cuMemFree_v2(uint64_t);
int cuMemGetInfo_v2(size_t*, size_t*);
int cuMemcpyHtoD_v2(uint64_t, const void*, size_t);
int cuMemcpyDtoH_v2(void*, uint64_t, size_t);
int cuMemcpyDtoDAsync_v2(uint64_t, uint64_t, size_t, void*);
int cuMemsetD8Async(uint64_t, unsigned char, size_t, void*);
int cuMemsetD32Async(uint64_t, unsigned, size_t, void*);
int cuModuleLoadData(void**, const void*);
int cuModuleUnload(void*);
int cuModuleGetFunction(void**, void*, const char*);
int cuFuncSetAttribute(void*, int, int);
int cuFuncGetAttribute(int*, int, void*);
int cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
int cuStreamCreate(void**, unsigned);
int cuStreamDestroy_v2(void*);
int cuStreamSynchronize(void*);
int cuStreamBeginCapture_v2(void*, int);
int cuStreamEndCapture(void*, void**);
int cuStreamIsCapturing(void*, int*);
int cuStreamWaitEvent(void*, void*, unsigned);
int cuEventCreate(void**, unsigned);
int cuEventRecord(void*, void*);
int cuEventQuery(void*);
int cuEventElapsedTime(float*, void*, void*);
int cuEventDestroy_v2(void*);
int cuGraphInstantiateWithFlags(void**, void*, unsigned long long);
int cuGraphGetNodes(void*, void**, size_t*);
int cuGraphLaunch(void*, void*);
int cuGraphExecDestroy(void*);
int cuGraphDestroy(void*);
int cuOccupancyMaxActiveBlocksPerMultiprocessor(int*, void*, int, size_t);
int nvrtcCreateProgram(void**, const char*, const char*, int, const char* const*, const char* const*);
int nvrtcCompileProgram(void*, int, const char* const*);
int nvrtcGetPTXSize(void*, size_t*);
int nvrtcGetPTX(void*, char*);
int nvrtcGetProgramLogSize(void*, size_t*);
int nvrtcGetProgramLog(void*, char*);
int nvrtcAddNameExpression(void*, const char*);
int nvrtcGetLoweredName(void*, const char*, const char**);
int nvrtcDestroyProgram(void**);
int cublasCreate_v2(void**);
int cublasDestroy_v2(void*);
int cublasSetStream_v2(void*, void*);
int cublasSgemm_v2(void*, int, int, int, int, int, const float*, uint64_t, int, uint64_t, int, const float*, uint64_t, int);
int cublasDgemmStridedBatched(void*, int, int, int, int, int, const double*, uint64_t, int, long long, uint64_t, int, long long, const double*,
                              uint64_t, int, long long, int);
int cublasDgemv_v2(void*, int, int, int, const double*, uint64_t, int, uint64_t, int, const double*, uint64_t, int);
}

// Says where, and ends the test.
#define CHECK(condition)                                                            \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);         \
            exit(1);                                                                \
        }                                                                           \
    } while (0)
#define EQUAL(found, expected)                                                                                                   \
    do {                                                                                                                         \
        const auto is = (found);                                                                                                 \
        const auto should = (expected);                                                                                          \
        if (!(is == should)) {                                                                                                   \
            fprintf(stderr, "%s:%d: %s is %g, not %g\n", __FILE__, __LINE__, #found, (double)is, (double)should);                \
            exit(1);                                                                                                             \
        }                                                                                                                        \
    } while (0)

inline std::string compile(const std::string& text, int expected = 0, std::vector<const char*> options = {"--gpu-architecture=sm_90"}) {
    void* program;
    EQUAL(nvrtcCreateProgram(&program, text.c_str(), "test.cu", 0, nullptr, nullptr), 0);
    const int result = nvrtcCompileProgram(program, (int)options.size(), options.data());
    size_t size;
    EQUAL(nvrtcGetProgramLogSize(program, &size), 0);
    std::string out(size, 0);
    EQUAL(nvrtcGetProgramLog(program, out.data()), 0);
    if (result != expected) fprintf(stderr, "%s\n", out.c_str());
    EQUAL(result, expected);
    if (result == 0) {
        EQUAL(nvrtcGetPTXSize(program, &size), 0);
        out.resize(size);
        EQUAL(nvrtcGetPTX(program, out.data()), 0);
    }
    EQUAL(nvrtcDestroyProgram(&program), 0);
    return out.c_str();
}

struct Module {
    void* handle;
    explicit Module(const std::string& text) { EQUAL(cuModuleLoadData(&handle, compile(text).c_str()), 0); }
    ~Module() { EQUAL(cuModuleUnload(handle), 0); }
    void* operator[](const char* name) const {
        void* function;
        EQUAL(cuModuleGetFunction(&function, handle, name), 0);
        return function;
    }
};

template <class T>
struct Array {
    uint64_t at;
    size_t count;
    explicit Array(size_t count) : count(count) { EQUAL(cuMemAlloc_v2(&at, count * sizeof(T)), 0); }
    explicit Array(const std::vector<T>& values) : Array(values.size()) { EQUAL(cuMemcpyHtoD_v2(at, values.data(), count * sizeof(T)), 0); }
    Array(const Array&) = delete;
    ~Array() { EQUAL(cuMemFree_v2(at), 0); }
    std::vector<T> values() const {
        std::vector<T> out(count);
        EQUAL(cuMemcpyDtoH_v2(out.data(), at, count * sizeof(T)), 0);
        return out;
    }
};

struct Size {
    unsigned x = 1, y = 1, z = 1;
};
template <class... A>
int launch(void* function, Size grid, Size block, unsigned shared, void* stream, A... arguments) {
    void* places[] = {&arguments..., nullptr};
    return cuLaunchKernel(function, grid.x, grid.y, grid.z, block.x, block.y, block.z, shared, stream, places, nullptr);
}
// Runs it in a process of its own, with a device of its own: what its end was (an exit status, or minus a signal), and what it said.
int apart(void (*test)(), std::string& said);
void* begin();
double now();

void test_kernels();
void test_compiler();
void test_memory();
void test_streams();
void test_products();
