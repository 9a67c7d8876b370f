//! What an account is doing, judged: ([`Observation`], [`Topology`](crate::topology::Topology)) → [`Report`].
//! Pure; what could not be read is unknown and nothing worse.

mod assess;
pub mod changes;
mod rows;
pub mod text;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

pub use assess::{assess, in_words_of_the_catalogue};
pub use rows::{incident, time};

use crate::live::observe::Observation;
use crate::topology::{Address, Field, Spec};

/// What an account is doing.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What is down; what is unknown is not.
    pub down: Vec<Down>,
    /// What differs from the topology, by address; `null` where none was given.
    pub drift: Option<Vec<Drift>>,
    /// What was seen.
    #[serde(flatten)]
    pub seen: Observation,
}

impl Report {
    /// The schema of a report as JSON.
    #[must_use]
    pub fn schema() -> Value {
        let mut schema = schemars::schema_for!(Self);
        schema.insert("title".to_owned(), "What an OVHcloud Connect account is doing".into());
        schema.to_value()
    }
}

/// Something that is down.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Down {
    /// What: the address of a configuration, `…/service/UUID` or `…/service/UUID/interface/ID`.
    pub place: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Problem {
    /// A service with a configuration is terminated.
    Closed,
    /// An interface that a PoP uses is not in service.
    OutOfService,
    /// No light arrives at an interface that a PoP uses.
    NoLight,
    /// The link of an interface that a PoP uses is down.
    LinkDown,
    /// The BGP session of an active PoP is down.
    SessionDown,
    /// A session accepted more prefixes than it carries.
    TooManyPrefixes,
    /// A configuration is `init` and no task is at work on it.
    ///
    /// Assumed: this is what a failed creation leaves behind.
    CreationFailed,
}

/// A difference from the topology.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Where.
    pub address: Address,
    /// What kind.
    pub kind: DriftKind,
    /// What the topology declares.
    pub declared: Option<Spec>,
    /// The fields that differ.
    pub fields: Vec<Field>,
}

/// How something differs from the topology.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DriftKind {
    /// It is declared, and not there.
    Missing,
    /// It is there, and not declared, in a vRack of which everything is managed.
    NotDeclared,
    /// It is there more than once.
    Duplicate,
    /// It is there, and something else than what is declared.
    Differs,
}
