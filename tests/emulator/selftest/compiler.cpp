// What becomes of texts: mistakes, options, names, images.
#include "selftest.h"

void test_compiler() {
    // The line of a mistake, behind comments, in and behind declarations that were rewritten.
    const std::string wrong =
        "extern \"C\" __global__ void k(float* x) {\n    /* a\n    comment */\n    extern __shared__\n        float s[];\n"
        "    __shared__ int a,\n        b[3];\n    x[0] = y;\n}\n";
    CHECK(compile(wrong, 6).find("test.cu:8:12: error: ") != std::string::npos);
    CHECK(compile("#include <math.h>\n", 6).find("math.h") != std::string::npos);
    CHECK(compile("__device__ float x = INFINITY;", 6).find("INFINITY") != std::string::npos);
    CHECK(compile("__device__ void f() { __shared__ int x = 3; }", 6).find("initializer") != std::string::npos);
    CHECK(compile("__device__ void f() { __shared__ float x[12289]; }", 6).find("48 KiB") != std::string::npos);
    CHECK(compile("__device__ double f(double x, float y) { return pow(x, y); }", 6).find("ambiguous") != std::string::npos);
    compile("__device__ double f(double x, int y) { return pow(x, y) + fmax(y, x) + pow(2.0f, 3); }");
    compile("__device__ void f(int n) { float x[n]; }", 6);
    compile("__device__ void f() { threadIdx.x = 3; }", 6);
    compile("int x;", 5, {"--no-such-option"});
    compile("int x;", 5, {"--gpu-architecture=sm_20"});
    compile("static_assert(__CUDA_ARCH__ == 800 && A == 3 && __cplusplus == 202002L);", 0,
            {"-arch=compute_80", "-DA=3", "--std=c++20", "-default-device",
             "--device-as-default-execution-space", "--use_fast_math", "-lineinfo", "--fmad=false"});
    CHECK(compile("extern \"C\" __global__ void named() {}").find(".visible .entry named(") != std::string::npos);

    // Kernels that are templates, by expression; headers that come with the program.
    void* program;
    const char *names[] = {"a/header.h"}, *texts[] = {"#define FACTOR 3\n"};
    const char* text = "#include \"a/header.h\"\ntemplate <class T> __global__ void times(T* x) { *x *= FACTOR; }";
    EQUAL(nvrtcCreateProgram(&program, text, nullptr, 1, texts, names), 0);
    EQUAL(nvrtcAddNameExpression(program, "times<double>"), 0);
    EQUAL(nvrtcCompileProgram(program, 0, nullptr), 0);
    const char* lowered;
    EQUAL(nvrtcGetLoweredName(program, "times<double>", &lowered), 0);
    size_t size;
    EQUAL(nvrtcGetPTXSize(program, &size), 0);
    std::string image(size, 0);
    EQUAL(nvrtcGetPTX(program, image.data()), 0);
    void *loaded, *function;
    EQUAL(cuModuleLoadData(&loaded, image.c_str()), 0);
    EQUAL(cuModuleGetFunction(&function, loaded, lowered), 0);
    Array<double> x(std::vector<double>{2});
    EQUAL(launch(function, {}, {}, 0, nullptr, x.at), 0);
    EQUAL(x.values()[0], 6);
    EQUAL(cuModuleUnload(loaded), 0);
    EQUAL(launch(function, {}, {}, 0, nullptr, x.at), 400);
    EQUAL(nvrtcDestroyProgram(&program), 0);
    EQUAL(cuModuleLoadData(&loaded, ".version 8.0\n.target sm_90\n"), 200);

    // Two programs with the same name for a thing have a thing each.
    const auto text_of = [](const char* size, const char* value) {
        return "template <class T> __device__ T* cell() { __shared__ T x[" + std::string(size) + "]; return x; }\n" +
               "inline __device__ int held = " + value + ";\n" +
               "extern \"C\" __global__ void k(int* x) { cell<int>()[" + size + " - 1] = 5; *x = held; }";
    };
    const Module one(text_of("4", "1")), two(text_of("4096", "2"));
    Array<int> held(1);
    EQUAL(launch(one["k"], {}, {}, 0, nullptr, held.at), 0);
    EQUAL(held.values()[0], 1);
    EQUAL(launch(two["k"], {}, {}, 0, nullptr, held.at), 0);
    EQUAL(held.values()[0], 2);
}
