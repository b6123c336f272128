//! One hint to the optimiser.
#![allow(unsafe_code)]

/// Ends the body of a loop whose statements work on lanes.
///
/// Where lanes are arrays and loops over them (`register::loops`: on processors other than x86-64), they become vector instructions
/// only if LLVM vectorises lane by lane. It would rather vectorise the loop around it and gather the lanes from memory, which is
/// several times slower (measured: `benches/curvature`). A loop with an assembly statement in it is left alone; this one is
/// empty.
#[inline(always)]
pub fn across_lanes() {
    #[cfg(target_arch = "aarch64")]
    // SAFETY: no instructions; nothing is read, written or clobbered.
    unsafe {
        core::arch::asm!("", options(nomem, nostack, preserves_flags));
    }
}
