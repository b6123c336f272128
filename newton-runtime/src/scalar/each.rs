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
