// What the parts of the emulated driver share. One lock for all: a call has the device for itself until it returns, and work is done by then.
#pragma once
#include <cstdint>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>

#define API extern "C" __attribute__((visibility("default")))

namespace emulator {

// cuda.h's numbers and names.
#define EMULATOR_RESULTS(X)                                                                                                        \
    X(SUCCESS, 0, "no error") X(INVALID_VALUE, 1, "invalid argument") X(OUT_OF_MEMORY, 2, "out of memory")                         \
    X(NOT_INITIALIZED, 3, "initialization error") X(NO_DEVICE, 100, "no CUDA-capable device is detected")                          \
    X(INVALID_DEVICE, 101, "invalid device ordinal") X(INVALID_IMAGE, 200, "device kernel image is invalid")                       \
    X(INVALID_CONTEXT, 201, "invalid device context") X(INVALID_PTX, 218, "a PTX JIT compilation failed")                          \
    X(FILE_NOT_FOUND, 301, "file not found") X(SHARED_OBJECT_INIT_FAILED, 303, "shared object initialization failed")              \
    X(INVALID_HANDLE, 400, "invalid resource handle") X(NOT_FOUND, 500, "named symbol not found")                                  \
    X(NOT_READY, 600, "device not ready") X(LAUNCH_OUT_OF_RESOURCES, 701, "too many resources requested for launch")               \
    X(ASSERT, 710, "device-side assert triggered") X(LAUNCH_FAILED, 719, "unspecified launch failure")                             \
    X(NOT_SUPPORTED, 801, "operation not supported")                                                                               \
    X(STREAM_CAPTURE_UNSUPPORTED, 900, "operation not permitted when stream is capturing")                                         \
    X(STREAM_CAPTURE_INVALIDATED, 901, "operation failed due to a previous error during capture")                                  \
    X(STREAM_CAPTURE_MERGE, 902, "operation would result in a merge of separate capture sequences")                                \
    X(STREAM_CAPTURE_UNMATCHED, 903, "capture was not ended in the same stream as it began")                                       \
    X(STREAM_CAPTURE_UNJOINED, 904, "capturing stream has unjoined work")                                                          \
    X(STREAM_CAPTURE_ISOLATION, 905, "dependency created on uncaptured work in another stream")                                    \
    X(STREAM_CAPTURE_IMPLICIT, 906, "operation would make the legacy stream depend on a capturing blocking stream")                \
    X(CAPTURED_EVENT, 907, "operation not permitted on an event last recorded in a capturing stream")                              \
    X(STREAM_CAPTURE_WRONG_THREAD, 908, "attempt to terminate a thread-local capture sequence from another thread")                \
    X(UNKNOWN, 999, "unknown error")
#define EMULATOR_RESULT(name, number, text) name = number,
enum Result : int { EMULATOR_RESULTS(EMULATOR_RESULT) };
#undef EMULATOR_RESULT

struct Stream;

// Every entry point begins with one: the lock, and a line of trace.
class Call {
    std::unique_lock<std::recursive_mutex> lock;

public:
    explicit Call(const char* name);
    // What stands against any call that needs a context: SUCCESS, or why it fails.
    Result ready() const;
};
#define ENTER()                                                   \
    ::emulator::Call call(__func__);                              \
    if (const ::emulator::Result bad = call.ready()) return bad

bool tracing();
// A line of trace, as printf writes it.
void trace(const char* format, ...) __attribute__((format(printf, 1, 2)));
// A number of the environment.
uint64_t setting(const char* name, uint64_t otherwise);

// A kernel that failed takes the context with it: every further call says so.
void fail_context(Result why);

// Memory (memory.cpp).
constexpr unsigned POISON = 0xff;
uint64_t total_memory();
Result allocate(uint64_t* out, size_t size);
Result release(uint64_t pointer);
// All of it lies in one live allocation.
bool is_live(uint64_t pointer, size_t size);
// Ends the program if somebody wrote outside of an allocation.
void check_zones();
void release_all();

// Streams (stream.cpp, capture.cpp): work is done at once, or recorded where a stream is capturing.
struct Operation {
    enum Kind { KERNEL = 0, COPY = 1, SET = 2, HOST = 3, GRAPH = 4, EMPTY = 5 } kind;  // CUgraphNodeType
    std::function<Result()> run;
};
Result submit(Stream* stream, Operation operation);
// For calls that CUDA forbids while streams are captured.
Result refuse_while_capturing();
// For work that goes to the legacy stream without naming it.
Result refuse_legacy();
bool is_capturing(Stream* stream);
void forget_streams();

// Modules (module.cpp).
void unload_all();

}  // namespace emulator
