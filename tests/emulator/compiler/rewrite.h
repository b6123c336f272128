// Preprocessed CUDA C++ as C++: what no macro can do.
#pragma once
#include <string>
#include <vector>

namespace emulator {

struct Rewritten {
    std::string text;
    std::vector<std::string> kernels;
};

// Finds the kernels, and turns
//
//     extern __shared__ T name[];            into   T* const name = ..;    the module's dynamic shared memory
//     __shared__ T name[n];                  into   static T name[n]; static const bool .. = shared_variable<..>(..);
//     extern "C" __global__ void name(..)    into   extern "C" void name(..)
//
// and appends the table of kernels. Lines stay where they are. `expressions` name further kernels, templates for example; they
// are called "emulated0", "emulated1", ...
Rewritten rewrite(const std::string& text, const std::vector<std::string>& expressions);

}  // namespace emulator
