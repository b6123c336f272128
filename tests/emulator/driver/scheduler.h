// Runs the threads of a launch, one after another, and makes them wait for each other where kernels say so.
#pragma once
#include "../interface.h"
#include "driver.h"

namespace emulator {

struct Launch {
    Module* module;
    const Kernel* kernel;
    Index grid, block;
    unsigned shared;  // dynamic
    void** parameters;
};

// SUCCESS; or what ended it, with a line on the standard error output.
Result run(const Launch& launch);
extern const Services services;

}  // namespace emulator
