// What a compiled module and the emulated driver know of each other. Both sides include it; it includes nothing.
//
// A module is a shared library with one exported symbol, `emulator_module`. Kernels read their place from it, and call the driver through it:
// nothing depends on which libraries of a process see each other's symbols.
#pragma once

namespace emulator {

struct Index {
    unsigned x, y, z;
};

// Where a thread is. Set by the driver before a thread runs, and again whenever it goes on.
struct Place {
    Index thread, block, block_size, grid;
};

// What threads of a warp do together.
enum class Warp : unsigned { SYNC, SHUFFLE, BALLOT, ANY, ALL, MATCH, ADD, MIN, MAX, SIGNED_MIN, SIGNED_MAX, AND, OR, XOR };
// What threads of a block do together.
enum class Block : unsigned { SYNC, COUNT, AND, OR };

// What kernels ask of the driver.
struct Services {
    // Waits for all other threads of the block that have not ended. How many of them came with a value other than 0 (COUNT), or whether all
    // or any did.
    unsigned (*block)(Block what, unsigned value);
    // Waits for the threads of this warp that `mask` names. `lane`: whose value a shuffle asks for.
    unsigned long long (*warp)(Warp what, unsigned mask, unsigned long long value, unsigned lane);
    // Ends the launch; it counts as failed. Does not return.
    void (*stop)(int error, const char* why);
};

// Memory that a block's threads share.
struct Shared {
    void* data;
    unsigned long size;
};

struct Kernel {
    const char* name;
    // Runs one thread.
    void (*run)(void** parameters);
    const unsigned* sizes;  // of parameters, in bytes
    unsigned parameters;
    unsigned most_threads;  // of a block, by __launch_bounds__; 0: not said
};

struct Module {
    static constexpr unsigned VERSION = 1;
    static constexpr unsigned MOST_SHARED = 256;
    // Of dynamic shared memory, and what is watched behind it.
    static constexpr unsigned long MOST_DYNAMIC = 227 * 1024, BEHIND = 256;

    unsigned version;
    const Kernel* kernels;
    unsigned count;
    Place* place;
    char* dynamic;
    const Services* services;  // set by the driver
    Shared shared[MOST_SHARED];
    unsigned shared_count;
};

}  // namespace emulator
