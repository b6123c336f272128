//! Loops over lanes and tangents.

/// `for l in 0..N`, without the iterator: every operation on lanes is such a loop, and a loss has hundreds of operations, so what
/// an iterator adds to each is a good part of what compiling a loss takes.
macro_rules! each {
    ($l:ident in $n:expr => $($body:tt)*) => {
        let mut $l = 0;
        while $l < $n {
            $($body)*
            $l += 1;
        }
    };
}
pub(crate) use each;

/// What products and sums do to `K` tangents, one after the other: methods of `Real`, and of registers that have nothing better.
macro_rules! tangents_by_loop {
    () => {
        tangents_by_loop! {
            /// `t += u`
            add_tangents(t; u;) |k| t[k] + u[k];
            /// `t -= u`
            sub_tangents(t; u;) |k| t[k] - u[k];
            /// `t *= a`
            scale_tangents(t; ; a) |k| t[k] * a;
            /// `t = t * a + u * b`
            combine_tangents(t; u; a b) |k| t[k].mul_add(a, u[k] * b);
            /// `t += u * a`
            add_scaled_tangents(t; u; a) |k| u[k].mul_add(a, t[k]);
            /// `t += u * a + v * b`
            add_combined_tangents(t; u v; a b) |k| u[k].mul_add(a, v[k].mul_add(b, t[k]));
        }
    };
    ($(#[$doc:meta] $name:ident($t:ident; $($u:ident)*; $($a:ident)*) |$k:ident| $new:expr;)*) => {$(
        #[$doc]
        #[doc(hidden)]
        #[inline(always)]
        fn $name<const K: usize>($t: &mut [Self; K] $(, $u: &[Self; K])* $(, $a: Self)*) {
            each!($k in K => {
                $t[$k] = $new;
            });
        }
    )*};
}
pub(crate) use tangents_by_loop;
