#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "selftest.h"

void* begin() {
    void* context;
    EQUAL(cuInit(0), 0);
    EQUAL(cuDevicePrimaryCtxRetain(&context, 0), 0);
    EQUAL(cuCtxSetCurrent(context), 0);
    return context;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

int apart(void (*test)(), std::string& said) {
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], 2);
        close(pipes[0]);
        test();
        _exit(0);
    }
    close(pipes[1]);
    said.clear();
    char buffer[4096];
    for (ssize_t n; (n = read(pipes[0], buffer, sizeof buffer)) > 0;) said.append(buffer, (size_t)n);
    close(pipes[0]);
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int main() {
    EQUAL(cuMemFree_v2(0), 3);  // not initialized
    begin();
    const std::pair<const char*, void (*)()> tests[] = {
        {"kernels", test_kernels}, {"compiler", test_compiler}, {"memory", test_memory}, {"streams", test_streams}, {"products", test_products}};
    for (const auto& [name, test] : tests) {
        const double start = now();
        test();
        printf("%s: %.2f s\n", name, now() - start);
    }
    // Nothing is left.
    size_t available, total;
    EQUAL(cuMemGetInfo_v2(&available, &total), 0);
    EQUAL(available, total);
    EQUAL(cuDevicePrimaryCtxRelease_v2(0), 0);
    printf("the emulated device works\n");
}
