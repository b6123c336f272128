//! What the compiler says about losses that are wrong: each mistake once, where it is, and nothing from generated code that
//! the user did not write.
//!
//! `TRYBUILD=overwrite cargo test --test compile_fail` rewrites the expectations; read the difference.

#[test]
fn mistakes_are_reported_once() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
