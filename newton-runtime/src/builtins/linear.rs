//! Matrices and vectors, row-major. Either argument of a product may be passive, the first in functions `*_right`; each has an
//! adjoint function of its own.

use crate::scalar::{Pair, Scalar, across_lanes};

/// Product of two matrices.
#[inline(always)]
pub fn matmul<A: Pair<B>, B: Copy, const R: usize, const M: usize, const C: usize>(
    a: &[[A; M]; R],
    b: &[[B; C]; M],
) -> [[A::Both; C]; R] {
    let mut y = [[A::Both::zero(); C]; R];
    for r in 0..R {
        for m in 0..M {
            for c in 0..C {
                a[r][m].add_product_to(b[m][c], &mut y[r][c]);
                across_lanes();
            }
        }
    }
    y
}

/// [`matmul`] with a passive first argument.
#[inline(always)]
pub fn matmul_right<A: Copy, B: Pair<A>, const R: usize, const M: usize, const C: usize>(
    a: &[[A; M]; R],
    b: &[[B; C]; M],
) -> [[B::Both; C]; R] {
    let mut y = [[B::Both::zero(); C]; R];
    for r in 0..R {
        for m in 0..M {
            for c in 0..C {
                b[m][c].add_product_to(a[r][m], &mut y[r][c]);
                across_lanes();
            }
        }
    }
    y
}

/// Adjoint of [`matmul`]'s first argument, from the second.
#[inline(always)]
pub fn matmul_reverse_first<
    S: Pair<B, Both = S> + Scalar,
    B: Copy,
    const R: usize,
    const M: usize,
    const C: usize,
>(
    b: &[[B; C]; M],
    y_: &[[S; C]; R],
    a_: &mut [[S; M]; R],
) {
    for r in 0..R {
        for m in 0..M {
            for c in 0..C {
                y_[r][c].add_product_to(b[m][c], &mut a_[r][m]);
                across_lanes();
            }
        }
    }
}

/// Adjoint of [`matmul`]'s second argument, from the first.
#[inline(always)]
pub fn matmul_reverse_second<
    S: Pair<A, Both = S> + Scalar,
    A: Copy,
    const R: usize,
    const M: usize,
    const C: usize,
>(
    a: &[[A; M]; R],
    y_: &[[S; C]; R],
    b_: &mut [[S; C]; M],
) {
    for r in 0..R {
        for m in 0..M {
            for c in 0..C {
                y_[r][c].add_product_to(a[r][m], &mut b_[m][c]);
                across_lanes();
            }
        }
    }
}

/// Product of a matrix and a vector.
#[inline(always)]
pub fn matvec<A: Pair<B>, B: Copy, const R: usize, const C: usize>(
    a: &[[A; C]; R],
    x: &[B; C],
) -> [A::Both; R] {
    let mut y = [A::Both::zero(); R];
    for r in 0..R {
        for c in 0..C {
            a[r][c].add_product_to(x[c], &mut y[r]);
            across_lanes();
        }
    }
    y
}

/// [`matvec`] with a passive matrix.
#[inline(always)]
pub fn matvec_right<A: Copy, B: Pair<A>, const R: usize, const C: usize>(
    a: &[[A; C]; R],
    x: &[B; C],
) -> [B::Both; R] {
    let mut y = [B::Both::zero(); R];
    for r in 0..R {
        for c in 0..C {
            x[c].add_product_to(a[r][c], &mut y[r]);
            across_lanes();
        }
    }
    y
}

/// Adjoint of [`matvec`]'s matrix, from the vector.
#[inline(always)]
pub fn matvec_reverse_first<S: Pair<B, Both = S> + Scalar, B: Copy, const R: usize, const C: usize>(
    x: &[B; C],
    y_: &[S; R],
    a_: &mut [[S; C]; R],
) {
    for r in 0..R {
        for c in 0..C {
            y_[r].add_product_to(x[c], &mut a_[r][c]);
            across_lanes();
        }
    }
}

/// Adjoint of [`matvec`]'s vector, from the matrix.
#[inline(always)]
pub fn matvec_reverse_second<S: Pair<A, Both = S> + Scalar, A: Copy, const R: usize, const C: usize>(
    a: &[[A; C]; R],
    y_: &[S; R],
    x_: &mut [S; C],
) {
    for r in 0..R {
        for c in 0..C {
            y_[r].add_product_to(a[r][c], &mut x_[c]);
            across_lanes();
        }
    }
}

/// `a_i b_j` for all i and j.
#[inline(always)]
pub fn outer<A: Pair<B>, B: Copy, const R: usize, const C: usize>(
    a: &[A; R],
    b: &[B; C],
) -> [[A::Both; C]; R] {
    let mut y = [[A::Both::zero(); C]; R];
    for r in 0..R {
        for c in 0..C {
            y[r][c] = a[r].times(b[c]);
            across_lanes();
        }
    }
    y
}

/// [`outer`] with a passive first argument.
#[inline(always)]
pub fn outer_right<A: Copy, B: Pair<A>, const R: usize, const C: usize>(
    a: &[A; R],
    b: &[B; C],
) -> [[B::Both; C]; R] {
    let mut y = [[B::Both::zero(); C]; R];
    for r in 0..R {
        for c in 0..C {
            y[r][c] = b[c].times(a[r]);
            across_lanes();
        }
    }
    y
}

/// Adjoint of [`outer`]'s first argument, from the second.
#[inline(always)]
pub fn outer_reverse_first<S: Pair<B, Both = S> + Scalar, B: Copy, const R: usize, const C: usize>(
    b: &[B; C],
    y_: &[[S; C]; R],
    a_: &mut [S; R],
) {
    for r in 0..R {
        for c in 0..C {
            y_[r][c].add_product_to(b[c], &mut a_[r]);
            across_lanes();
        }
    }
}

/// Adjoint of [`outer`]'s second argument, from the first.
#[inline(always)]
pub fn outer_reverse_second<S: Pair<A, Both = S> + Scalar, A: Copy, const R: usize, const C: usize>(
    a: &[A; R],
    y_: &[[S; C]; R],
    b_: &mut [S; C],
) {
    for r in 0..R {
        for c in 0..C {
            y_[r][c].add_product_to(a[r], &mut b_[c]);
            across_lanes();
        }
    }
}

/// Rows become columns.
#[inline(always)]
pub fn transpose<S: Scalar, const R: usize, const C: usize>(a: &[[S; C]; R]) -> [[S; R]; C] {
    let mut y = [[S::zero(); R]; C];
    for r in 0..R {
        for c in 0..C {
            y[c][r] = a[r][c];
            across_lanes();
        }
    }
    y
}

/// Adjoint of [`transpose`].
#[inline(always)]
pub fn transpose_reverse<S: Scalar, const R: usize, const C: usize>(y_: &[[S; R]; C], a_: &mut [[S; C]; R]) {
    for r in 0..R {
        for c in 0..C {
            a_[r][c] += y_[c][r];
            across_lanes();
        }
    }
}
