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

pub mod api;
pub mod diagnostic;
pub mod sim;
pub mod topology;
