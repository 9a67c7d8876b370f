//! Any text as a topology.
#![no_main]

#[path = "../../tests/robust/topology.rs"]
mod topology;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| topology::check_bytes(bytes));
