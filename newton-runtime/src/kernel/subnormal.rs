//! Subnormal numbers count as zero while kernels run.
//!
//! Relaxed algorithms multiply small weights, and tangents by them: products below the smallest normal number (1.2e-38 in f32) are common,
//! and nothing depends on them. Processors of the x86 family take a hundred times as long for each. (Measured: NeuralSort at n = 15, tau =
//! 0.1, scores spread over 4: 6 times for the gradient and 15 for the Hessian.) XLA does the same on CPUs.
#![allow(unsafe_code)]

/// While it lives, this thread's floating-point unit takes subnormal numbers for zero and returns zero instead of them. Does nothing on
/// processors other than x86-64, where they are not slow.
pub struct Flushed {
    #[cfg(target_arch = "x86_64")]
    before: u32,
}

/// "Denormals are zero" and "flush to zero" of the control register.
#[cfg(target_arch = "x86_64")]
const FLUSH: u32 = 1 << 6 | 1 << 15;

#[cfg(target_arch = "x86_64")]
impl Flushed {
    /// Starts.
    pub fn new() -> Self {
        let mut before = 0_u32;
        // SAFETY: stores the register to a variable of its size.
        unsafe {
            std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut before, options(nostack, preserves_flags));
        }
        set(before | FLUSH);
        Self { before }
    }
}

#[cfg(target_arch = "x86_64")]
impl Drop for Flushed {
    fn drop(&mut self) {
        set(self.before);
    }
}

#[cfg(target_arch = "x86_64")]
fn set(register: u32) {
    // SAFETY: the value was read from the register, with no bits changed but those two: no exception is unmasked, and rounding stays
    // what it is. Rust assumes the default environment, and code compiled under that assumption runs until `Flushed` is dropped, also
    // if it panics. What could differ from what the compiler assumes is a subnormal number in place of zero, or zero in place of it, in a
    // result of arithmetic; no memory is accessed on the strength of one, for every index that comes from a number is compared, as an
    // integer, with its bound.
    unsafe {
        std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const register, options(nostack, readonly, preserves_flags));
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl Flushed {
    /// Starts.
    pub fn new() -> Self {
        Self {}
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::Flushed;
    use std::hint::black_box;

    fn tiny() -> f32 {
        black_box(1e-30_f32) * black_box(1e-10)
    }

    #[test]
    fn while_it_lives() {
        assert!(tiny() > 0.0);
        {
            let _flushed = Flushed::new();
            assert_eq!(tiny().to_bits(), 0);
            assert_eq!((black_box(f32::from_bits(1)) * 1e30).to_bits(), 0);
        }
        assert!(tiny() > 0.0);
    }

    #[test]
    fn until_a_panic() {
        let panicked = std::panic::catch_unwind(|| {
            let _flushed = Flushed::new();
            panic!("in a kernel");
        });
        assert!(panicked.is_err() && tiny() > 0.0);
    }
}
