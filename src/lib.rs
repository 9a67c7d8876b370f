//! The declarative reconciler for OVHcloud Connect.
//!
//! A YAML *topology* is the desired state; the OVHcloud API holds the live state; a *plan* is the
//! difference as an ordered graph of API calls; *apply* runs it; planning again finds nothing.
//!
//! ```text
//! &str → Topology ─┐
//!                  ├→ Vec<Change> → Plan (graph of Steps) → Events/Outcome → text
//! API  → Live ─────┘
//! ```
//!
//! - [`diagnostic`]: a coded message placed in the text it is about; the only way an input error is
//!   reported.
//! - [`topology`]: `Address` and `Spec`, the one vocabulary for desired and live; files → `Topology`,
//!   judged by rules.
//! - [`api`]: the OVHcloud API: configuration, signatures, typed calls, retries and pace, errors.
//!   It knows nothing of topologies.
//! - [`live`]: reads everything a topology touches.
//! - [`diff`](mod@diff): (`Topology`, `Live`) → changes. Pure.
//! - [`plan`]: changes → steps, edges with their reasons, impact on the traffic. Pure.
//! - [`apply`](mod@apply): walks a plan and follows every call to its effect. It decides nothing.
//! - [`access`]: the least credential that a command needs for a topology. Pure.
//! - [`diagnose`]: what OVHcloud's routers say about one address.
//! - [`mod@export`]: (`Live`) → the topology file that plans to nothing. Pure.
//! - [`render`]: plans, events and outcomes as text.
//! - [`router`]: the other side: what the customer's routers need, in their languages. Pure.
//! - [`status`]: what an account is doing, judged, and what of it differs from the topology. Pure.
//! - [`verify`]: whether what was configured carries traffic, and at which stage it stops.
//! - [`whatif`]: what stays reachable when a service, a PoP, a device or a datacenter is lost. Pure.
//! - [`sim`]: the API, simulated: a pure state machine with an explicit clock and an HTTP face. It
//!   shares the JSON shapes of [`api::wire`] with the rest and nothing else, so that a mistake on one
//!   side shows on the other.
//! - [`rehearsal`]: the simulator in this process, for `--simulate` and for tests.
//! - [`cli`]: the commands; the only module that prints.

pub mod access;
pub mod api;
pub mod apply;
pub mod cli;
pub mod diagnose;
pub mod diagnostic;
pub mod diff;
pub mod export;
pub mod live;
pub mod plan;
pub mod rehearsal;
pub mod render;
pub mod router;
pub mod sim;
pub mod status;
pub mod topology;
pub mod verify;
pub mod whatif;
