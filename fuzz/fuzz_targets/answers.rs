//! Any bytes as the API's answers.
#![no_main]

#[path = "../../tests/robust/answers.rs"]
mod answers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| answers::check(bytes));
