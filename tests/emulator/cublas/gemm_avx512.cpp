// For processors with AVX-512.
#include <cstddef>
#include <cstdlib>
#include <cstring>
#if defined(__x86_64__)
#pragma GCC target("avx512f,avx512vl,avx512dq,fma")
#endif
#define GEMM_KIND avx512
#define GEMM_VECTOR 64
#include "gemm.h"
