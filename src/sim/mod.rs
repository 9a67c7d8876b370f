//! The OVHcloud Connect API, simulated: for rehearsing a change, and for every test of this crate.
//!
//! The core is [`World`]: a pure state machine with an explicit clock, that reads and mutations
//! drive as plain synchronous calls. Around it, [`Simulator`] gives it a [`Clock`](clock::Clock),
//! credentials, a log and a state file; [`http`] makes the API of it, as its clients know it (real
//! signatures, the API's error shapes, expanded lists, [faults](fault) on demand); [`serve`] puts
//! that on a socket. It shares the API's JSON shapes with the rest of the crate and nothing else, so
//! that a mistake on one side shows on the other.
//!
//! | what | where |
//! | --- | --- |
//! | what is refused, and how it is said | `rules`, `refusal` |
//! | what takes time, and what it changes in the end | `task`, `configure`, `membership` |
//! | what nobody has documented, as switches | [`Options`] |
//! | what an account starts with | [`account`] |
//! | what happens behind a client's back | [`Meddling`], `seed` |
//!
//! Besides the API, it answers routes of its own on loopback, unsigned:
//!
//! | route | answer |
//! | --- | --- |
//! | GET, DELETE `/simulator/log` | every request so far, as [`LogEntry`]; DELETE forgets them |
//! | GET, POST, DELETE `/simulator/faults` | what goes wrong; POST adds a [`Fault`] or a list of them |
//! | POST `/simulator/change` | makes a change behind the client's back, a [`Meddling`]; the id of what it added |
//! | GET `/simulator/time` | the account's time and when something next happens, in milliseconds |
//! | POST `/simulator/advance` | `{"seconds": 60}` lets time jump; `{}` lets it jump to what happens next |
//! | GET `/simulator/state` | the whole account |

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
mod file;
pub mod grant;
pub mod http;
pub mod iam;
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
pub use auth::Credentials;
pub use catalogue::default_catalogue;
pub use fault::{Effect, Fault};
pub use grant::Grants;
pub use log::LogEntry;
pub use meddle::{Meddling, State};
pub use model::{Peer, PortStatus};
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
