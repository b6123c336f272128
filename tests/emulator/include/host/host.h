// What nvcc has of the host's headers without asking, and NVRTC does not.
#pragma once
#include "stdint.h"

#define CHAR_BIT 8
#define INT_MAX __INT_MAX__
#define FLT_MAX __FLT_MAX__
#define DBL_MAX __DBL_MAX__
#define NAN __builtin_nanf("")
#define INFINITY __builtin_inff()
#define HUGE_VAL __builtin_inf()
#define M_PI 3.14159265358979323846
#define M_PI_2 1.57079632679489661923
#define M_PI_4 0.78539816339744830962
#define M_E 2.7182818284590452354
#define M_SQRT2 1.41421356237309504880
#define M_SQRT1_2 0.70710678118654752440
#define M_2_SQRTPI 1.12837916709551257390
#define M_LN2 0.69314718055994530942
#define M_LN10 2.30258509299404568402
