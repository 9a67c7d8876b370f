//! The least credential that a command needs for a topology: (`Topology`, `Live`) → access rules of an
//! application key, and an IAM policy. Pure.
//!
//! It is what suffices in any state that the services and vRacks in question can be in, so that it is made
//! once. They are those the topology names; with live state at hand, also what else stands in its vRacks.

mod credential;
mod need;
pub mod text;

pub use credential::{AccessRule, Credential, IamAction, IamPermissions, IamPolicy, IamResource, Region};
pub use need::{Need, needs};

use schemars::JsonSchema;
use serde::Serialize;

/// What a credential is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// `plan`, and what else only reads: `diff`, `graph --plan`, `router --live`, `whatif --live`.
    Plan,
    /// `apply`.
    Apply,
    /// `destroy`.
    Destroy,
    /// `verify`.
    Verify,
    /// `diagnose`, whatever the topology declares it is asked about.
    Diagnose,
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Destroy => "destroy",
            Self::Verify => "verify",
            Self::Diagnose => "diagnose",
        })
    }
}
