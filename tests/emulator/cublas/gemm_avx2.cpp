// For processors with AVX2. Headers first: what they define is the same for all kinds.
#include <cstddef>
#include <cstdlib>
#include <cstring>
#if defined(__x86_64__)
#pragma GCC target("avx2,fma")
#endif
#define GEMM_KIND avx2
#define GEMM_VECTOR 32
#include "gemm.h"
