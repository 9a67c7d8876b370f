//! The OVHcloud Connect API, simulated.
//!
//! The core is [`World`]: a pure state machine with an explicit clock, that reads and mutations
//! drive as plain synchronous calls. Around it, [`Simulator`] gives it a [`Clock`](clock::Clock), credentials, a log and
//! a state file, and [`http`] serves it as the API does: real signatures, the API's error
//! shapes, expanded lists, and [faults](fault) on demand. It shares the API's JSON shapes with the rest of the crate and nothing
//! else, so that a mistake on one side shows on the other.

pub mod account;
mod admin;
mod answer;
mod auth;
mod body;
mod catalogue;
pub mod clock;
mod configure;
pub mod diagnostic;
mod dispatch;
pub mod fault;
pub mod http;
mod log;
mod meddle;
mod membership;
mod model;
mod moment;
mod oauth;
mod observe;
mod options;
mod pages;
mod read;
mod refusal;
mod route;
mod rules;
mod seed;
pub mod serve;
mod simulator;
mod state;
mod task;
#[cfg(test)]
mod tests;
mod world;

pub use account::{Account, AccountError};
pub use auth::{Access, Credentials};
pub use catalogue::default_catalogue;
pub use fault::{Effect, Fault};
pub use log::LogEntry;
pub use meddle::{Meddling, State};
pub use model::PortStatus;
pub use moment::Moment;
pub use observe::{Point, PortState};
pub use options::{FailedCreation, Options};
pub use refusal::Refusal;
pub use rules::DEFAULT_OVH_ASN;
pub use seed::Seed;
pub use simulator::{Simulator, WorldGuard};
pub use state::{StateError, StateFile};
pub use task::Fate;
pub use world::World;
