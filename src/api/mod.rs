//! The OVHcloud API: signed requests, typed calls, errors a person can act on.

pub mod wire;
