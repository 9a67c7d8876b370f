//! The simulator as its clients see it. In memory, but for what only a socket shows.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod admin;
mod api;
mod examples;
mod faults;
mod oauth;
mod shapes;
mod socket;
mod support;
mod terraform;
