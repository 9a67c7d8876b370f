//! What holds of any input, for tests and for fuzzers (`fuzz/`) alike: these functions panic where it
//! does not.

pub mod answers;
pub mod topology;
