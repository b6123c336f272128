// Stacks to run on, and switching between them.
#pragma once

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace emulator {

struct Fiber {
#if defined(__x86_64__)
    void* top = nullptr;  // of its stack, while it does not run
#else
    ucontext_t state;
#endif
    char* stack = nullptr;
};

// Lets a fiber begin with `begin`, which must not return, once it is changed to. It gets a stack if it has none.
void start(Fiber& fiber, void (*begin)());
// Goes on with `to`; comes back when somebody changes to `from`.
void change(Fiber& from, Fiber& to);
// The fiber that was changed to last.
Fiber* running();

}  // namespace emulator
