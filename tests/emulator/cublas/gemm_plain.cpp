// For any processor.
#define GEMM_KIND plain
#define GEMM_VECTOR 16
#include "gemm.h"
