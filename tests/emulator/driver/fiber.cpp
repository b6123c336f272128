#include "fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace emulator {
namespace {

// What kernels may use, and something for whom they call.
constexpr size_t STACK = (1 << 20) + (64 << 10);

Fiber* now;

// A page that nobody may touch lies below: to go deeper ends the program. Memory is taken as it is touched.
char* new_stack() {
    static unsigned number;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char* memory = (char*)mmap(nullptr, STACK + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) != 0) {
        perror("emulator: no memory for stacks");
        abort();
    }
    // Not all at the same place of their pages: they would meet in the same few lines of a cache.
    return memory + page + STACK - number++ % 13 * 320;
}

}  // namespace

Fiber* running() { return now; }

#if defined(__x86_64__)

// Registers that a callee preserves go to the stack; then the other stack's come from there. The C library's way makes two system calls.
extern "C" void emulator_change(void** from, void* to);
asm(R"(
    .text
    .type emulator_change, @function
emulator_change:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size emulator_change, . - emulator_change
)");

void start(Fiber& fiber, void (*begin)()) {
    if (!fiber.stack) fiber.stack = new_stack();
    void** top = (void**)((uintptr_t)fiber.stack & ~(uintptr_t)15);
    // Where a return address would be, `begin`, and six registers.
    *--top = nullptr;
    *--top = (void*)begin;
    for (int i = 0; i < 6; ++i) *--top = nullptr;
    fiber.top = top;
}

void change(Fiber& from, Fiber& to) {
    now = &to;
    emulator_change(&from.top, to.top);
}

#else

void start(Fiber& fiber, void (*begin)()) {
    if (!fiber.stack) fiber.stack = new_stack();
    getcontext(&fiber.state);
    fiber.state.uc_stack.ss_sp = fiber.stack - STACK + 8192;
    fiber.state.uc_stack.ss_size = STACK - 8192;
    fiber.state.uc_link = nullptr;
    makecontext(&fiber.state, begin, 0);
}

void change(Fiber& from, Fiber& to) {
    now = &to;
    swapcontext(&from.state, &to.state);
}

#endif

}  // namespace emulator
