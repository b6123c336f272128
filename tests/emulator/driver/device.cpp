// Devices, contexts, errors: one device, much like an H100 with few multiprocessors, and its primary context.
#include <cstdarg>
#include <cstdlib>
#include <cstring>

#include "driver.h"

namespace emulator {
namespace {

std::recursive_mutex mutex;
bool initialized;
unsigned retained;
Result broken = SUCCESS;
char context;                         // its address is the handle
thread_local const void* current = nullptr;

struct Name {
    Result result;
    const char *name, *text;
};
#define EMULATOR_NAME(name, number, text) {name, "CUDA_ERROR_" #name, text},
const Name NAMES[] = {EMULATOR_RESULTS(EMULATOR_NAME)};

int devices() { return setting("NL_EMULATOR_DEVICES", 1) ? 1 : 0; }

}  // namespace

bool tracing() {
    static const bool on = setting("NL_EMULATOR_TRACE", 0) != 0;
    return on;
}

void trace(const char* format, ...) {
    if (!tracing()) return;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
}

uint64_t setting(const char* name, uint64_t otherwise) {
    const char* text = getenv(name);
    return text && *text ? strtoull(text, nullptr, 0) : otherwise;
}

Call::Call(const char* name) : lock(mutex) { trace("[emulator] %s\n", name); }

Result Call::ready() const {
    if (!initialized) return NOT_INITIALIZED;
    if (!current || !retained) return INVALID_CONTEXT;
    return broken;
}

void fail_context(Result why) { broken = why; }

}  // namespace emulator

using namespace emulator;

API Result cuInit(unsigned flags) {
    Call call("cuInit");
    if (flags) return INVALID_VALUE;
    if (!devices()) return NO_DEVICE;
    initialized = true;
    return SUCCESS;
}

API Result cuDriverGetVersion(int* version) {
    if (!version) return INVALID_VALUE;
    return *version = 13000, SUCCESS;
}

static const Name* name_of(Result result) {
    for (const Name& name : NAMES) {
        if (name.result == result) return &name;
    }
    return nullptr;
}
API Result cuGetErrorName(Result result, const char** out) {
    if (!out) return INVALID_VALUE;
    const Name* name = name_of(result);
    *out = name ? result == SUCCESS ? "CUDA_SUCCESS" : name->name : nullptr;
    return name ? SUCCESS : INVALID_VALUE;
}
API Result cuGetErrorString(Result result, const char** out) {
    if (!out) return INVALID_VALUE;
    const Name* name = name_of(result);
    *out = name ? name->text : nullptr;
    return name ? SUCCESS : INVALID_VALUE;
}

API Result cuDeviceGetCount(int* count) {
    Call call("cuDeviceGetCount");
    if (!count) return INVALID_VALUE;
    if (!initialized) return NOT_INITIALIZED;
    return *count = devices(), SUCCESS;
}
API Result cuDeviceGet(int* device, int ordinal) {
    Call call("cuDeviceGet");
    if (!device) return INVALID_VALUE;
    if (!initialized) return NOT_INITIALIZED;
    if (ordinal < 0 || ordinal >= devices()) return INVALID_DEVICE;
    return *device = ordinal, SUCCESS;
}
#define DEVICE(device)                             \
    Call call(__func__);                           \
    if (!initialized) return NOT_INITIALIZED;      \
    if (device != 0) return INVALID_DEVICE

API Result cuDeviceGetName(char* name, int size, int device) {
    DEVICE(device);
    if (!name || size <= 0) return INVALID_VALUE;
    snprintf(name, (size_t)size, "Emulated CUDA device");
    return SUCCESS;
}
API Result cuDeviceTotalMem_v2(size_t* bytes, int device) {
    DEVICE(device);
    if (!bytes) return INVALID_VALUE;
    return *bytes = total_memory(), SUCCESS;
}
API Result cuDeviceComputeCapability(int* major, int* minor, int device) {
    DEVICE(device);
    if (!major || !minor) return INVALID_VALUE;
    return *major = 9, *minor = 0, SUCCESS;
}
API Result cuDeviceGetUuid(char* out, int device) {
    DEVICE(device);
    if (!out) return INVALID_VALUE;
    return memset(out, 0xe3, 16), SUCCESS;
}
API Result cuDeviceGetUuid_v2(char* out, int device) { return cuDeviceGetUuid(out, device); }

API Result cuDeviceGetAttribute(int* value, int attribute, int device) {
    DEVICE(device);
    if (!value || attribute < 1 || attribute > 147) return INVALID_VALUE;
    static const int VALUES[][2] = {
        {1, 1024}, {2, 1024}, {3, 1024}, {4, 64},          // threads of a block
        {5, 0x7fffffff}, {6, 65535}, {7, 65535},           // blocks of a grid
        {8, 48 * 1024}, {9, 64 * 1024}, {10, 32}, {11, 0x7fffffff}, {12, 65536},
        {13, 1980000}, {14, 512}, {15, 1},
        {16, 4},                                           // multiprocessors
        {19, 1}, {31, 1}, {32, 1}, {33, 1}, {36, 2619000}, {37, 5120},
        {38, 50 * 1024 * 1024}, {39, 2048}, {40, 3}, {41, 1}, {51, 32},
        {75, 9}, {76, 0},                                  // compute capability
        {78, 1}, {79, 1}, {80, 1}, {81, 228 * 1024}, {82, 65536}, {83, 1},
        {87, 2}, {90, 1}, {92, 1}, {93, 1}, {94, 1}, {95, 1},
        {97, 227 * 1024}, {99, 1}, {102, 0}, {103, 0}, {106, 32},
        {108, 32 * 1024 * 1024}, {109, 128 * 1024 * 1024}, {111, 1024}, {113, 1},
        {115, 1},                                          // memory pools
        {119, 0}, {120, 0},
    };
    *value = 0;
    for (const int(&pair)[2] : VALUES) {
        if (pair[0] == attribute) *value = pair[1];
    }
    return SUCCESS;
}

// The primary context goes with its last user, and everything in it.
static void reset() {
    release_all();
    unload_all();
    forget_streams();
    broken = SUCCESS;
}
API Result cuDevicePrimaryCtxRetain(const void** out, int device) {
    DEVICE(device);
    if (!out) return INVALID_VALUE;
    ++retained;
    return *out = &context, SUCCESS;
}
API Result cuDevicePrimaryCtxRelease_v2(int device) {
    DEVICE(device);
    if (!retained) return INVALID_CONTEXT;
    check_zones();
    if (--retained == 0) reset();
    return SUCCESS;
}
API Result cuDevicePrimaryCtxReset_v2(int device) {
    DEVICE(device);
    return reset(), SUCCESS;
}
API Result cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) {
    DEVICE(device);
    if (!flags || !active) return INVALID_VALUE;
    return *flags = 0, *active = retained > 0, SUCCESS;
}
API Result cuDevicePrimaryCtxSetFlags_v2(int device, unsigned) {
    DEVICE(device);
    return SUCCESS;
}

API Result cuCtxSetCurrent(const void* which) {
    Call call("cuCtxSetCurrent");
    if (!initialized) return NOT_INITIALIZED;
    if (which && which != &context) return INVALID_CONTEXT;
    return current = which, SUCCESS;
}
API Result cuCtxGetCurrent(const void** out) {
    Call call("cuCtxGetCurrent");
    if (!initialized) return NOT_INITIALIZED;
    if (!out) return INVALID_VALUE;
    return *out = current, SUCCESS;
}
API Result cuCtxPushCurrent_v2(const void* which) { return cuCtxSetCurrent(which); }
API Result cuCtxPopCurrent_v2(const void** out) {
    const Result result = cuCtxGetCurrent(out);
    return current = nullptr, result;
}
API Result cuCtxGetDevice(int* device) {
    ENTER();
    if (!device) return INVALID_VALUE;
    return *device = 0, SUCCESS;
}
API Result cuCtxGetFlags(unsigned* flags) {
    ENTER();
    if (!flags) return INVALID_VALUE;
    return *flags = 0, SUCCESS;
}
API Result cuCtxGetApiVersion(const void*, unsigned* version) {
    if (!version) return INVALID_VALUE;
    return *version = 13000, SUCCESS;
}
API Result cuCtxGetStreamPriorityRange(int* least, int* greatest) {
    ENTER();
    if (least) *least = 0;
    if (greatest) *greatest = -5;
    return SUCCESS;
}
API Result cuCtxSetLimit(int, size_t) {
    ENTER();
    return SUCCESS;
}
API Result cuCtxGetLimit(size_t* value, int limit) {
    ENTER();
    if (!value) return INVALID_VALUE;
    // Stack, printf's buffer, heap.
    static const size_t VALUES[] = {1024, 1 << 20, 8 << 20};
    if (limit < 0 || limit > 2) return INVALID_VALUE;
    return *value = VALUES[limit], SUCCESS;
}
API Result cuCtxSetCacheConfig(int) {
    ENTER();
    return SUCCESS;
}
API Result cuCtxSynchronize() {
    ENTER();
    if (const Result bad = refuse_while_capturing()) return bad;
    return check_zones(), SUCCESS;
}
API Result cuProfilerStart() { return SUCCESS; }
API Result cuProfilerStop() { return SUCCESS; }

// Asked for by the real NVRTC and by others: nothing to give.
API Result cuGetExportTable(const void** table, const void*) {
    if (table) *table = nullptr;
    return NOT_FOUND;
}
