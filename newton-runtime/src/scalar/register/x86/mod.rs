//! The registers of x86-64.
//!
//! Intrinsics are inlined only into functions that are compiled for their instructions. All of this is `#[inline(always)]`, so
//! that it ends up in such a function: the kernels of `kernel::dispatch`.
#![allow(unsafe_code)]

mod single;

use super::Register;
use crate::scalar::Elementary;
use crate::scalar::each::each;
use crate::scalar::math::{self, Single};
use core::arch::x86_64::*;
use core::mem::transmute;
use core::ops::{Add, Div, Mul, Sub};

/// A register of `$L` of `$elem`. Conditions are what comparisons of these registers give.
macro_rules! register {
    (
        $(#[$doc:meta])* $name:ident($R:ident), [$elem:ident; $L:literal], $tangents:literal tangents, $features:literal;
        splat $splat:ident; add $add:ident; sub $sub:ident; mul $mul:ident; div $div:ident; sqrt $sqrt:ident; min $min:ident; max $max:ident; without $andnot:ident;
        mul_add |$a:ident, $b:ident, $c:ident| $mul_add:expr;
        lt $lt:expr; le $le:expr; eq $eq:expr;
        blend |$condition:ident, $x:ident, $y:ident| $blend:expr;
        into_ints |$ci:ident| $into_ints:expr;
        from_ints |$i:ident| $from_ints:expr;
        $functions:ident;
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        #[repr(transparent)]
        pub struct $name($R);

        impl $name {
            #[inline]
            #[target_feature(enable = $features)]
            fn fused($a: $R, $b: $R, $c: $R) -> $R {
                $mul_add
            }
        }

        register!(operators $name: Add add $add, Sub sub $sub, Mul mul $mul, Div div $div);

        impl Register<$L> for $name {
            type Elem = $elem;
            const TANGENTS: usize = $tangents;
            #[inline(always)]
            fn from_array(lanes: [$elem; $L]) -> Self {
                // SAFETY: both are $L numbers, and any bits are numbers.
                Self(unsafe { transmute::<[$elem; $L], $R>(lanes) })
            }
            #[inline(always)]
            fn as_array(&self) -> &[$elem; $L] {
                // SAFETY: a register is as large as the array and no less aligned.
                unsafe { &*(&raw const self.0).cast() }
            }
            #[inline(always)]
            fn as_mut_array(&mut self) -> &mut [$elem; $L] {
                // SAFETY: as above, and borrowed mutably for as long.
                unsafe { &mut *(&raw mut self.0).cast() }
            }
            #[inline(always)]
            fn splat(x: $elem) -> Self {
                // SAFETY: the processor has the instruction: see `Register`. So for all intrinsics of this macro.
                Self(unsafe { $splat(x) })
            }
            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $name::fused(self.0, b.0, c.0) })
            }
            register!(compare [$L] is_lt $lt; is_le $le; is_eq $eq; |$ci| $into_ints);
            #[inline(always)]
            fn select_gt(self, other: Self, a: Self, b: Self) -> Self {
                let ($x, $y) = (a.0, b.0);
                // SAFETY: as above.
                Self(unsafe {
                    let $condition = $lt(other.0, self.0);
                    $blend
                })
            }
            #[inline(always)]
            fn select(mask: [i32; $L], a: Self, b: Self) -> Self {
                let ($i, $x, $y) = (mask, a.0, b.0);
                // SAFETY: as above; integers and registers of the same size.
                Self(unsafe {
                    let $condition = $from_ints;
                    $blend
                })
            }
            #[inline(always)]
            fn min(self, b: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $min(self.0, b.0) })
            }
            #[inline(always)]
            fn max(self, b: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $max(self.0, b.0) })
            }
            tangents! { $features $name:
                add_tangents([u]) |t| $add(t, u);
                sub_tangents([u]) |t| $sub(t, u);
                scale_tangents([] a) |t| $mul(t, a);
                combine_tangents([u] a b) |t| $name::fused(t, a, $mul(u, b));
                add_scaled_tangents([u] a) |t| $name::fused(u, a, t);
                add_combined_tangents([u v] a b) |t| $name::fused(u, a, $name::fused(v, b, t));
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $sqrt(self.0) })
            }
            #[inline(always)]
            fn abs(self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $andnot($splat(-0.0), self.0) })
            }
            $functions!([$L] $features exp exp2 ln ln_1p log2 log10 atan tanh);
        }
    };
    (operators $name:ident: $($op:ident $method:ident $intrinsic:ident),*) => {$(
        impl $op for $name {
            type Output = Self;
            #[inline(always)]
            fn $method(self, b: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $intrinsic(self.0, b.0) })
            }
        }
    )*};
    (compare [$L:literal] $($name:ident $compare:expr;)* |$condition:ident| $into_ints:expr) => {$(
        #[inline(always)]
        fn $name(self, b: Self) -> [i32; $L] {
            // SAFETY: as above; integers and registers of the same size.
            unsafe {
                let $condition = $compare(self.0, b.0);
                $into_ints
            }
        }
    )*};
}

/// Products and sums of tangents, element by element: functions that are compiled for the instructions themselves, so that it is
/// left to LLVM, which simplifies each once, whether to inline them.
macro_rules! tangents {
    ($features:literal $name:ident: $($function:ident([$($u:ident)*] $($a:ident)*) |$t:ident| $new:expr;)*) => {$(
        #[inline(always)]
        fn $function<const K: usize>(t: &mut [Self; K] $(, $u: &[Self; K])* $(, $a: Self)*) {
            #[inline]
            #[target_feature(enable = $features)]
            fn compiled<const K: usize>(t: &mut [$name; K] $(, $u: &[$name; K])* $(, $a: $name)*) {
                for k in 0..K {
                    let ($t, $($u,)* $($a,)*) = (t[k].0, $($u[k].0,)* $($a.0,)*);
                    t[k] = $name($new);
                }
            }
            // SAFETY: the processor has these features: see `Register`.
            unsafe { compiled(t $(, $u)* $(, $a)*) }
        }
    )*};
}

/// Single precision: ours, in registers.
macro_rules! in_registers {
    ([$L:literal] $features:literal $($name:ident)*) => { $(in_registers!(one $features $name);)* };
    (one $features:literal $name:ident) => {
        #[inline(always)]
        fn $name(self) -> Self {
            #[inline]
            #[target_feature(enable = $features)]
            fn compiled<T: Single>(x: T) -> T {
                math::$name(x)
            }
            // SAFETY: as above.
            unsafe { compiled(self) }
        }
    };
}

/// Double precision: the standard library's, lane by lane.
macro_rules! by_lane {
    ([$L:literal] $features:literal $($name:ident)*) => {$(
        #[inline]
        fn $name(mut self) -> Self {
            each!(l in $L => {
                self.as_mut_array()[l] = <f64 as Elementary>::$name(self.as_array()[l]);
            });
            self
        }
    )*};
}

register! {
    /// Of AVX-512.
    F32x16(__m512), [f32; 16], 8 tangents, "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma";
    splat _mm512_set1_ps; add _mm512_add_ps; sub _mm512_sub_ps; mul _mm512_mul_ps; div _mm512_div_ps; sqrt _mm512_sqrt_ps; min _mm512_min_ps; max _mm512_max_ps;
    without _mm512_andnot_ps;
    mul_add |a, b, c| _mm512_fmadd_ps(a, b, c);
    lt _mm512_cmp_ps_mask::<_CMP_LT_OQ>; le _mm512_cmp_ps_mask::<_CMP_LE_OQ>; eq _mm512_cmp_ps_mask::<_CMP_EQ_OQ>;
    blend |c, x, y| _mm512_mask_blend_ps(c, y, x);
    into_ints |c| transmute::<__m512i, [i32; 16]>(_mm512_movm_epi32(c));
    from_ints |i| _mm512_movepi32_mask(transmute::<[i32; 16], __m512i>(i));
    in_registers;
}
register! {
    /// Of AVX2.
    F32x8(__m256), [f32; 8], 4 tangents, "avx2,fma";
    splat _mm256_set1_ps; add _mm256_add_ps; sub _mm256_sub_ps; mul _mm256_mul_ps; div _mm256_div_ps; sqrt _mm256_sqrt_ps; min _mm256_min_ps; max _mm256_max_ps;
    without _mm256_andnot_ps;
    mul_add |a, b, c| _mm256_fmadd_ps(a, b, c);
    lt _mm256_cmp_ps::<_CMP_LT_OQ>; le _mm256_cmp_ps::<_CMP_LE_OQ>; eq _mm256_cmp_ps::<_CMP_EQ_OQ>;
    blend |c, x, y| _mm256_blendv_ps(y, x, c);
    into_ints |c| transmute::<__m256, [i32; 8]>(c);
    from_ints |i| transmute::<[i32; 8], __m256>(i);
    in_registers;
}
register! {
    /// Of SSE2, which is part of x86-64.
    F32x4(__m128), [f32; 4], 2 tangents, "sse2";
    splat _mm_set1_ps; add _mm_add_ps; sub _mm_sub_ps; mul _mm_mul_ps; div _mm_div_ps; sqrt _mm_sqrt_ps; min _mm_min_ps; max _mm_max_ps;
    without _mm_andnot_ps;
    mul_add |a, b, c| _mm_add_ps(_mm_mul_ps(a, b), c);
    lt _mm_cmplt_ps; le _mm_cmple_ps; eq _mm_cmpeq_ps;
    blend |c, x, y| _mm_or_ps(_mm_and_ps(c, x), _mm_andnot_ps(c, y));
    into_ints |c| transmute::<__m128, [i32; 4]>(c);
    from_ints |i| transmute::<[i32; 4], __m128>(i);
    in_registers;
}
register! {
    /// Of AVX-512.
    F64x8(__m512d), [f64; 8], 8 tangents, "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma";
    splat _mm512_set1_pd; add _mm512_add_pd; sub _mm512_sub_pd; mul _mm512_mul_pd; div _mm512_div_pd; sqrt _mm512_sqrt_pd; min _mm512_min_pd; max _mm512_max_pd;
    without _mm512_andnot_pd;
    mul_add |a, b, c| _mm512_fmadd_pd(a, b, c);
    lt _mm512_cmp_pd_mask::<_CMP_LT_OQ>; le _mm512_cmp_pd_mask::<_CMP_LE_OQ>; eq _mm512_cmp_pd_mask::<_CMP_EQ_OQ>;
    blend |c, x, y| _mm512_mask_blend_pd(c, y, x);
    into_ints |c| transmute::<__m256i, [i32; 8]>(_mm256_movm_epi32(c));
    from_ints |i| _mm256_movepi32_mask(transmute::<[i32; 8], __m256i>(i));
    by_lane;
}
register! {
    /// Of AVX2.
    F64x4(__m256d), [f64; 4], 4 tangents, "avx2,fma";
    splat _mm256_set1_pd; add _mm256_add_pd; sub _mm256_sub_pd; mul _mm256_mul_pd; div _mm256_div_pd; sqrt _mm256_sqrt_pd; min _mm256_min_pd; max _mm256_max_pd;
    without _mm256_andnot_pd;
    mul_add |a, b, c| _mm256_fmadd_pd(a, b, c);
    lt _mm256_cmp_pd::<_CMP_LT_OQ>; le _mm256_cmp_pd::<_CMP_LE_OQ>; eq _mm256_cmp_pd::<_CMP_EQ_OQ>;
    blend |c, x, y| _mm256_blendv_pd(y, x, c);
    into_ints |c| {
        // The lower half of each mask.
        let halves = _mm256_shuffle_epi32::<0b1000>(_mm256_castpd_si256(c));
        let [low, high] = transmute::<__m256i, [__m128i; 2]>(halves);
        transmute::<__m128i, [i32; 4]>(_mm_unpacklo_epi64(low, high))
    };
    from_ints |i| _mm256_castsi256_pd(_mm256_cvtepi32_epi64(transmute::<[i32; 4], __m128i>(i)));
    by_lane;
}
register! {
    /// Of SSE2, which is part of x86-64.
    F64x2(__m128d), [f64; 2], 2 tangents, "sse2";
    splat _mm_set1_pd; add _mm_add_pd; sub _mm_sub_pd; mul _mm_mul_pd; div _mm_div_pd; sqrt _mm_sqrt_pd; min _mm_min_pd; max _mm_max_pd;
    without _mm_andnot_pd;
    mul_add |a, b, c| _mm_add_pd(_mm_mul_pd(a, b), c);
    lt _mm_cmplt_pd; le _mm_cmple_pd; eq _mm_cmpeq_pd;
    blend |c, x, y| _mm_or_pd(_mm_and_pd(c, x), _mm_andnot_pd(c, y));
    into_ints |c| {
        let [low, _, high, _] = transmute::<__m128d, [i32; 4]>(c);
        [low, high]
    };
    from_ints |i| transmute::<[i32; 4], __m128d>([i[0], i[0], i[1], i[1]]);
    by_lane;
}
