// Modules, functions, launches.
#include <dlfcn.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <list>
#include <memory>
#include <set>
#include <sstream>
#include <vector>

#include "../compiler/image.h"
#include "scheduler.h"
#include "stream.h"

namespace emulator {

struct Loaded;
struct Function {
    Loaded* loaded;
    const Kernel* kernel;
    unsigned most_dynamic = 48 * 1024;
    int carveout = -1;
};
struct Loaded {
    void* library;
    Module* module;
    std::list<Function> functions;  // by first use; they keep their addresses
};

namespace {

std::set<Loaded*> modules;
std::set<Function*> functions;

void unload(Loaded* loaded) {
    for (Function& function : loaded->functions) functions.erase(&function);
    modules.erase(loaded);
    dlclose(loaded->library);
    delete loaded;
}

Result load(Loaded** out, const std::string& image) {
    if (!is_image(image.c_str())) {
        fprintf(stderr, "emulator: an image that is not the emulator's: it was built for a GPU\n");
        return INVALID_IMAGE;
    }
    const Outcome outcome = library_of(image);
    if (!outcome.good) {
        fprintf(stderr, "emulator: an image does not compile:\n%s\n", outcome.value.c_str());
        return INVALID_PTX;
    }
    void* library = dlopen(outcome.value.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "emulator: %s\n", dlerror());
        return SHARED_OBJECT_INIT_FAILED;
    }
    Module* module = (Module*)dlsym(library, "emulator_module");
    if (!module || module->version != Module::VERSION) {
        fprintf(stderr, "emulator: an image that an older emulator made: build it again (dfdx's: cargo clean -p dfdx)\n");
        return dlclose(library), INVALID_IMAGE;
    }
    module->services = &services;
    modules.insert(*out = new Loaded{library, module, {}});
    trace("[emulator]   %u kernels of %s\n", module->count, outcome.value.c_str());
    return SUCCESS;
}

bool fits(const Index& size, unsigned x, unsigned y, unsigned z) {
    return size.x >= 1 && size.y >= 1 && size.z >= 1 && size.x <= x && size.y <= y && size.z <= z;
}

Result start(Function* function, Index grid, Index block, unsigned shared, Stream* stream, void** parameters) {
    if (!functions.count(function)) return INVALID_HANDLE;
    const Kernel& kernel = *function->kernel;
    const size_t threads = (size_t)block.x * block.y * block.z;
    if (!fits(grid, 0x7fffffff, 65535, 65535) || !fits(block, 1024, 1024, 64) || threads > 1024) return INVALID_VALUE;
    if (kernel.most_threads && threads > kernel.most_threads) return INVALID_VALUE;
    if (shared > function->most_dynamic) return INVALID_VALUE;
    if (kernel.parameters && !parameters) return INVALID_VALUE;
    // Arguments are read now, and may be gone later.
    auto arguments = std::make_shared<std::vector<std::vector<unsigned long long>>>();
    for (unsigned i = 0; i < kernel.parameters; ++i) {
        if (!parameters[i]) return INVALID_VALUE;
        // Aligned for whatever they are.
        arguments->emplace_back(kernel.sizes[i] / 8 + 3);
        void* place = arguments->back().data();
        place = (void*)(((uintptr_t)place + 15) & ~(uintptr_t)15);
        memcpy(place, parameters[i], kernel.sizes[i]);
    }
    trace("[emulator]   %s<<<(%u, %u, %u), (%u, %u, %u), %u>>>\n", kernel.name, grid.x, grid.y, grid.z, block.x, block.y, block.z, shared);
    return submit(stream, {Operation::KERNEL, [=] {
        std::vector<void*> places;
        for (auto& argument : *arguments) places.push_back((void*)(((uintptr_t)argument.data() + 15) & ~(uintptr_t)15));
        // A launch says nothing of what becomes of it: that is seen later.
        if (const Result bad = run({function->loaded->module, &kernel, grid, block, shared, places.data()})) fail_context(bad);
        return SUCCESS;
    }});
}

// Blocks of `threads` that a multiprocessor holds at once.
// Which shared variables a kernel has is not known: they count as nothing.
int active_blocks(int threads, size_t dynamic) {
    const int warps = (threads + 31) / 32;
    const size_t shared = dynamic + 1024;
    return (int)std::min<size_t>({32, 64 / (size_t)std::max(warps, 1), 228 * 1024 / shared});
}

}  // namespace

void unload_all() {
    while (!modules.empty()) unload(*modules.begin());
}

}  // namespace emulator

using namespace emulator;

API Result cuModuleLoadData(Loaded** out, const void* image) {
    ENTER();
    if (!out || !image) return INVALID_VALUE;
    if (const Result bad = refuse_while_capturing()) return bad;
    // Text, wherever it ends; binaries of other kinds are not read to their end.
    return load(out, is_image((const char*)image) ? (const char*)image : "");
}
API Result cuModuleLoadDataEx(Loaded** out, const void* image, unsigned, int*, void**) { return cuModuleLoadData(out, image); }
API Result cuModuleLoadFatBinary(Loaded** out, const void* image) { return cuModuleLoadData(out, image); }
API Result cuModuleLoad(Loaded** out, const char* path) {
    ENTER();
    if (!out || !path) return INVALID_VALUE;
    std::ifstream file(path, std::ios::binary);
    if (!file) return FILE_NOT_FOUND;
    std::ostringstream all;
    all << file.rdbuf();
    return load(out, all.str());
}
API Result cuModuleUnload(Loaded* loaded) {
    ENTER();
    if (!modules.count(loaded)) return INVALID_HANDLE;
    return unload(loaded), SUCCESS;
}
API Result cuModuleGetFunction(Function** out, Loaded* loaded, const char* name) {
    ENTER();
    if (!out || !name) return INVALID_VALUE;
    if (!modules.count(loaded)) return INVALID_HANDLE;
    for (Function& function : loaded->functions) {
        if (strcmp(function.kernel->name, name) == 0) return *out = &function, SUCCESS;
    }
    for (unsigned i = 0; i < loaded->module->count; ++i) {
        const Kernel& kernel = loaded->module->kernels[i];
        if (strcmp(kernel.name, name) != 0) continue;
        loaded->functions.push_back({loaded, &kernel});
        functions.insert(*out = &loaded->functions.back());
        return SUCCESS;
    }
    return NOT_FOUND;
}
API Result cuFuncGetModule(Loaded** out, Function* function) {
    ENTER();
    if (!functions.count(function)) return INVALID_HANDLE;
    return *out = function->loaded, SUCCESS;
}

API Result cuFuncGetAttribute(int* value, int attribute, Function* function) {
    ENTER();
    if (!value) return INVALID_VALUE;
    if (!functions.count(function)) return INVALID_HANDLE;
    const int most = function->kernel->most_threads ? (int)function->kernel->most_threads : 1024;
    // Threads, shared, constant, local bytes, registers, versions, cache, dynamic shared, carveout, clusters.
    const int values[] = {most, 0, 0, 0, 32, 90, 90, 0, (int)function->most_dynamic, function->carveout, 0, 0, 0, 0, 0, 0};
    if (attribute < 0 || attribute >= (int)(sizeof values / sizeof *values)) return INVALID_VALUE;
    return *value = values[attribute], SUCCESS;
}
API Result cuFuncSetAttribute(Function* function, int attribute, int value) {
    ENTER();
    if (!functions.count(function)) return INVALID_HANDLE;
    if (attribute == 8) {
        if (value < 0 || (size_t)value > Module::MOST_DYNAMIC) return INVALID_VALUE;
        return function->most_dynamic = (unsigned)value, SUCCESS;
    }
    if (attribute == 9) return function->carveout = value, SUCCESS;
    return attribute == 14 ? SUCCESS : INVALID_VALUE;
}
API Result cuFuncSetCacheConfig(Function*, int) {
    ENTER();
    return SUCCESS;
}

API Result cuLaunchKernel(Function* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                          Stream* stream, void** parameters, void** extra) {
    ENTER();
    if (extra) return NOT_SUPPORTED;
    return start(function, {gx, gy, gz}, {bx, by, bz}, shared, stream, parameters);
}
struct LaunchConfig {
    Index grid, block;
    unsigned shared;
    Stream* stream;
    void* attributes;
    unsigned count;
};
API Result cuLaunchKernelEx(const LaunchConfig* config, Function* function, void** parameters, void** extra) {
    ENTER();
    if (!config) return INVALID_VALUE;
    if (extra || config->count) return NOT_SUPPORTED;
    return start(function, config->grid, config->block, config->shared, config->stream, parameters);
}
API Result cuLaunchHostFunc(Stream* stream, void (*function)(void*), void* data) {
    ENTER();
    if (!function) return INVALID_VALUE;
    return submit(stream, {Operation::HOST, [=] { return function(data), SUCCESS; }});
}

API Result cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Function* function, int threads, size_t dynamic) {
    ENTER();
    if (!blocks || threads < 1) return INVALID_VALUE;
    if (!functions.count(function)) return INVALID_HANDLE;
    return *blocks = threads > 1024 ? 0 : active_blocks(threads, dynamic), SUCCESS;
}
API Result cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, Function* function, int threads, size_t dynamic, unsigned) {
    return cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, function, threads, dynamic);
}
API Result cuOccupancyMaxPotentialBlockSize(int* least_grid, int* block, Function* function, size_t (*dynamic_of)(int), size_t dynamic, int limit) {
    ENTER();
    if (!least_grid || !block) return INVALID_VALUE;
    if (!functions.count(function)) return INVALID_HANDLE;
    int most = function->kernel->most_threads ? (int)function->kernel->most_threads : 1024, best = -1;
    if (limit > 0 && limit < most) most = limit;
    for (int threads = most; threads > 0; threads = (threads - 1) / 32 * 32) {
        const int blocks = active_blocks(threads, dynamic_of ? dynamic_of(threads) : dynamic);
        if (blocks * threads > best) best = blocks * threads, *block = threads, *least_grid = 4 * blocks;
    }
    return SUCCESS;
}
API Result cuOccupancyMaxPotentialBlockSizeWithFlags(int* least_grid, int* block, Function* function, size_t (*dynamic_of)(int), size_t dynamic,
                                                     int limit, unsigned) {
    return cuOccupancyMaxPotentialBlockSize(least_grid, block, function, dynamic_of, dynamic, limit);
}
API Result cuOccupancyAvailableDynamicSMemPerBlock(size_t* size, Function* function, int blocks, int) {
    ENTER();
    if (!size || blocks < 1) return INVALID_VALUE;
    if (!functions.count(function)) return INVALID_HANDLE;
    const size_t each = 228 * 1024 / (size_t)blocks;
    return *size = each > 1024 ? std::min(each - 1024, Module::MOST_DYNAMIC) : 0, SUCCESS;
}

// For libcublas: work that is no kernel of anybody's.
API Result emulator_submit(Stream* stream, const std::function<Result()>* work) {
    ENTER();
    return submit(stream, {Operation::KERNEL, *work});
}
API bool emulator_is_live(uint64_t pointer, size_t size) { return is_live(pointer, size); }
