//! The bits of single-precision numbers in registers, for `scalar::math`.

use super::super::Register;
use super::{F32x4, F32x8, F32x16};
use crate::scalar::math::Single;
use core::arch::x86_64::*;

/// The bits of single precision numbers.
macro_rules! single {
    ($($name:ident($L:literal) $I:ident: $cast:ident $back:ident $splat:ident $add:ident $sub:ident $and:ident $left:ident $right:ident $number:ident;)*) => {$(
        impl Single for $name {
            type Bits = $I;
            #[inline(always)]
            fn lit(x: f32) -> Self {
                <Self as Register<$L>>::splat(x)
            }
            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                <Self as Register<$L>>::mul_add(self, b, c)
            }
            #[inline(always)]
            fn select_gt(self, other: Self, a: Self, b: Self) -> Self {
                <Self as Register<$L>>::select_gt(self, other, a, b)
            }
            #[inline(always)]
            fn select_ge(self, other: Self, a: Self, b: Self) -> Self {
                <Self as Register<$L>>::select(<Self as Register<$L>>::is_le(other, self), a, b)
            }
            single! { intrinsics:
                to_bits(x: Self) -> $I { $cast(x.0) }
                from_bits(bits: $I) -> Self { Self($back(bits)) }
                int(x: i32) -> $I { $splat(x) }
                plus(a: $I, b: $I) -> $I { $add(a, b) }
                minus(a: $I, b: $I) -> $I { $sub(a, b) }
                and(a: $I, b: $I) -> $I { $and(a, b) }
                into_exponent(a: $I) -> $I { $left::<23>(a) }
                exponent(a: $I) -> $I { $right::<23>(a) }
                half(a: $I) -> $I { $right::<1>(a) }
                number(a: $I) -> Self { Self($number(a)) }
            }
        }
    )*};
    (intrinsics: $($name:ident($($x:ident: $t:ty),+) -> $out:ty { $e:expr })*) => {$(
        #[inline(always)]
        fn $name($($x: $t),+) -> $out {
            // SAFETY: the processor has the instructions: see `Register`.
            unsafe { $e }
        }
    )*};
}
single! {
    F32x16(16) __m512i: _mm512_castps_si512 _mm512_castsi512_ps _mm512_set1_epi32 _mm512_add_epi32 _mm512_sub_epi32
        _mm512_and_si512 _mm512_slli_epi32 _mm512_srai_epi32 _mm512_cvtepi32_ps;
    F32x8(8) __m256i: _mm256_castps_si256 _mm256_castsi256_ps _mm256_set1_epi32 _mm256_add_epi32 _mm256_sub_epi32
        _mm256_and_si256 _mm256_slli_epi32 _mm256_srai_epi32 _mm256_cvtepi32_ps;
    F32x4(4) __m128i: _mm_castps_si128 _mm_castsi128_ps _mm_set1_epi32 _mm_add_epi32 _mm_sub_epi32
        _mm_and_si128 _mm_slli_epi32 _mm_srai_epi32 _mm_cvtepi32_ps;
}
