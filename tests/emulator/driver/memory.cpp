// Device memory: the heap's, between zones that nobody may write to. Fresh memory holds a pattern that makes NaN of floats.
#include <cstdlib>
#include <cstring>
#include <map>

#include "driver.h"

namespace emulator {
namespace {

constexpr size_t ZONE = 256;
constexpr unsigned char GUARD = 0xa5, FREED = 0xfe;
// What is freed is spoilt up to here: more would cost more than it finds.
constexpr size_t SPOILT = 16 << 20;

struct Allocation {
    size_t size;
    char* memory;  // the zone in front
};
std::map<uint64_t, Allocation> live;
uint64_t used;

bool is_intact(const char* zone) {
    for (size_t i = 0; i < ZONE; i += 8) {
        if (memcmp(zone + i, "\xa5\xa5\xa5\xa5\xa5\xa5\xa5\xa5", 8) != 0) return false;
    }
    return true;
}

void check(uint64_t pointer, const Allocation& allocation) {
    const char* data = (const char*)pointer;
    const bool before = is_intact(data - ZONE), behind = is_intact(data + allocation.size);
    if (before && behind) return;
    const char* zone = before ? data + allocation.size : data - ZONE;
    size_t at = 0;
    while ((unsigned char)zone[at] == GUARD) ++at;
    fprintf(stderr, "emulator: somebody wrote %zu bytes %s an allocation of %zu bytes at 0x%llx\n", before ? at : ZONE - at,
            before ? "behind" : "in front of", allocation.size, (unsigned long long)pointer);
    abort();
}

void give_back(uint64_t pointer, const Allocation& allocation) {
    check(pointer, allocation);
    memset((void*)pointer, FREED, allocation.size < SPOILT ? allocation.size : SPOILT);
    free(allocation.memory);
    used -= allocation.size;
}

}  // namespace

uint64_t total_memory() {
    static const uint64_t total = setting("NL_EMULATOR_MEMORY", 2ull << 30);
    return total;
}

Result allocate(uint64_t* out, size_t size) {
    if (!out || size == 0) return INVALID_VALUE;
    if (size > total_memory() - used) return OUT_OF_MEMORY;
    // As cudaMalloc aligns.
    const size_t all = (size + 2 * ZONE + 255) & ~(size_t)255;
    char* memory = (char*)aligned_alloc(256, all);
    if (!memory) return OUT_OF_MEMORY;
    memset(memory, GUARD, ZONE);
    memset(memory + ZONE, POISON, size);
    memset(memory + ZONE + size, GUARD, all - ZONE - size);
    *out = (uint64_t)(memory + ZONE);
    live[*out] = {size, memory};
    used += size;
    trace("[emulator]   %zu bytes at 0x%llx, %llu used\n", size, (unsigned long long)*out, (unsigned long long)used);
    return SUCCESS;
}

Result release(uint64_t pointer) {
    if (pointer == 0) return SUCCESS;
    const auto found = live.find(pointer);
    if (found == live.end()) return INVALID_VALUE;
    give_back(found->first, found->second);
    live.erase(found);
    return SUCCESS;
}

bool is_live(uint64_t pointer, size_t size) {
    if (size == 0) return true;
    auto found = live.upper_bound(pointer);
    if (found == live.begin()) return false;
    --found;
    const uint64_t offset = pointer - found->first;
    return offset < found->second.size && size <= found->second.size - offset;
}

void check_zones() {
    for (const auto& [pointer, allocation] : live) check(pointer, allocation);
}

void release_all() {
    if (!live.empty()) trace("[emulator] %zu allocations of %llu bytes are left\n", live.size(), (unsigned long long)used);
    for (const auto& [pointer, allocation] : live) give_back(pointer, allocation);
    live.clear();
}

}  // namespace emulator

using namespace emulator;

API Result cuMemGetInfo_v2(size_t* available, size_t* total) {
    ENTER();
    if (!available || !total) return INVALID_VALUE;
    *total = total_memory();
    *available = *total - used;
    return SUCCESS;
}
API Result cuMemAlloc_v2(uint64_t* out, size_t size) {
    ENTER();
    if (const Result bad = refuse_while_capturing()) return bad;
    return allocate(out, size);
}
API Result cuMemFree_v2(uint64_t pointer) {
    ENTER();
    if (const Result bad = refuse_while_capturing()) return bad;
    return release(pointer);
}
API Result cuMemAllocManaged(uint64_t* out, size_t size, unsigned) { return cuMemAlloc_v2(out, size); }

// In a graph they would be nodes with memory of their own, which are not emulated.
API Result cuMemAllocAsync(uint64_t* out, size_t size, Stream* stream) {
    ENTER();
    if (is_capturing(stream)) return STREAM_CAPTURE_UNSUPPORTED;
    // Unlike the other, it gives null for nothing: dfdx begins with that.
    if (out && size == 0) return *out = 0, SUCCESS;
    return submit(stream, {Operation::EMPTY, [=] { return allocate(out, size); }});
}
API Result cuMemFreeAsync(uint64_t pointer, Stream* stream) {
    ENTER();
    if (is_capturing(stream)) return STREAM_CAPTURE_UNSUPPORTED;
    return submit(stream, {Operation::EMPTY, [=] { return release(pointer); }});
}
API Result cuMemGetAddressRange_v2(uint64_t* base, size_t* size, uint64_t pointer) {
    ENTER();
    if (!is_live(pointer, 1)) return INVALID_VALUE;
    const auto found = --live.upper_bound(pointer);
    if (base) *base = found->first;
    if (size) *size = found->second.size;
    return SUCCESS;
}
// Pools: one, without settings.
API Result cuDeviceGetDefaultMemPool(void** pool, int) {
    Call call(__func__);
    if (!pool) return INVALID_VALUE;
    return *pool = &live, SUCCESS;
}
API Result cuDeviceGetMemPool(void** pool, int device) { return cuDeviceGetDefaultMemPool(pool, device); }
API Result cuMemPoolSetAttribute(void*, int, void*) { return SUCCESS; }
API Result cuMemPoolTrimTo(void*, size_t) { return SUCCESS; }

// The host's memory, page-locked: any memory is.
API Result cuMemAllocHost_v2(void** out, size_t size) {
    ENTER();
    if (const Result bad = refuse_while_capturing()) return bad;
    if (!out || size == 0) return INVALID_VALUE;
    *out = aligned_alloc(256, (size + 255) & ~(size_t)255);
    return *out ? SUCCESS : OUT_OF_MEMORY;
}
API Result cuMemHostAlloc(void** out, size_t size, unsigned) { return cuMemAllocHost_v2(out, size); }
API Result cuMemFreeHost(void* memory) {
    ENTER();
    if (const Result bad = refuse_while_capturing()) return bad;
    if (!memory) return INVALID_VALUE;
    return free(memory), SUCCESS;
}
API Result cuMemHostRegister_v2(void*, size_t, unsigned) {
    ENTER();
    return SUCCESS;
}
API Result cuMemHostUnregister(void*) {
    ENTER();
    return SUCCESS;
}

// Copies and fills. `device` says which sides lie on it.
static Result copy(void* to, const void* from, size_t size, bool to_device, bool from_device) {
    if ((to_device && !is_live((uint64_t)to, size)) || (from_device && !is_live((uint64_t)from, size))) return INVALID_VALUE;
    if (size > 0 && (!to || !from)) return INVALID_VALUE;
    memmove(to, from, size);
    return SUCCESS;
}
static Result copy_now(void* to, const void* from, size_t size, bool to_device, bool from_device) {
    if (const Result bad = refuse_while_capturing()) return bad;
    if (const Result bad = refuse_legacy()) return bad;
    return copy(to, from, size, to_device, from_device);
}
static Result copy_in(Stream* stream, void* to, const void* from, size_t size, bool to_device, bool from_device) {
    return submit(stream, {Operation::COPY, [=] { return copy(to, from, size, to_device, from_device); }});
}
API Result cuMemcpyHtoD_v2(uint64_t to, const void* from, size_t size) {
    ENTER();
    return copy_now((void*)to, from, size, true, false);
}
API Result cuMemcpyDtoH_v2(void* to, uint64_t from, size_t size) {
    ENTER();
    return copy_now(to, (void*)from, size, false, true);
}
API Result cuMemcpyDtoD_v2(uint64_t to, uint64_t from, size_t size) {
    ENTER();
    return copy_now((void*)to, (void*)from, size, true, true);
}
API Result cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t size, Stream* stream) {
    ENTER();
    return copy_in(stream, (void*)to, from, size, true, false);
}
API Result cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t size, Stream* stream) {
    ENTER();
    return copy_in(stream, to, (void*)from, size, false, true);
}
API Result cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t size, Stream* stream) {
    ENTER();
    return copy_in(stream, (void*)to, (void*)from, size, true, true);
}
// Sides by what they are.
API Result cuMemcpy(uint64_t to, uint64_t from, size_t size) {
    ENTER();
    return copy_now((void*)to, (void*)from, size, is_live(to, 1), is_live(from, 1));
}
API Result cuMemcpyAsync(uint64_t to, uint64_t from, size_t size, Stream* stream) {
    ENTER();
    return copy_in(stream, (void*)to, (void*)from, size, is_live(to, 1), is_live(from, 1));
}

template <class T>
static Result fill(uint64_t to, T value, size_t count) {
    if (to % sizeof(T) != 0 || !is_live(to, count * sizeof(T))) return INVALID_VALUE;
    for (size_t i = 0; i < count; ++i) ((T*)to)[i] = value;
    return SUCCESS;
}
#define FILL(bits)                                                                                             \
    API Result cuMemsetD##bits##_v2(uint64_t to, uint##bits##_t value, size_t count) {                         \
        ENTER();                                                                                               \
        if (const Result bad = refuse_legacy()) return bad;                                                    \
        return fill(to, value, count);                                                                         \
    }                                                                                                          \
    API Result cuMemsetD##bits##Async(uint64_t to, uint##bits##_t value, size_t count, Stream* stream) {       \
        ENTER();                                                                                               \
        return submit(stream, {Operation::SET, [=] { return fill(to, value, count); }});                       \
    }
FILL(8)
FILL(16)
FILL(32)
