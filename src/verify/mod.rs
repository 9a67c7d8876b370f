//! Whether what was configured carries traffic: ([`Topology`](crate::topology::Topology),
//! [`Observation`](crate::live::observe::Observation)) → [`Report`]. For each link a ladder is climbed from
//! the configuration over light and BGP to the prefixes, and the report says where it stops.
//!
//! What could not be read is unknown: it is neither up nor down, and counts as not verified unless
//! whoever asks accepts it. Judging is pure; [`watch()`] looks and waits.

mod judge;
pub mod junit;
pub mod text;
mod vigil;
mod watch;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

pub use judge::{Question, judge};
pub use vigil::{Next, Vigil};
pub use watch::{Blind, Patience, watch};

use crate::live::observe::Unread;
use crate::topology::Address;

/// The version of the form that is written as JSON.
const FORMAT: &str = "1.0";

/// How far each link has come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of this form. A part after the dot that is higher adds fields; one before it changes them.
    pub format_version: &'static str,
    /// Whether every link is up, and has been for as long as that was asked for; with `acceptsUnknown`, as far
    /// as that could be read.
    pub verified: bool,
    /// Whether what could not be read was accepted beforehand.
    pub accepts_unknown: bool,
    /// What the topology declares, by address.
    pub links: Vec<Link>,
    /// What could not be read, each reason once.
    pub unread: Vec<Unread>,
}

impl Report {
    /// The links that keep the report from being verified.
    pub fn open(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(|link| !link.verdict.is_good(self.accepts_unknown))
    }

    /// The schema of a report as JSON.
    #[must_use]
    pub fn schema() -> Value {
        let mut schema = schemars::schema_for!(Self);
        schema.insert("title".to_owned(), "What `ovhconnect verify --format json` writes".into());
        schema.to_value()
    }
}

/// Something that the topology declares, and how far it has come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Where it is declared: a PoP, a service without one, a layer 3 datacenter, or an extra.
    pub address: Address,
    /// The description of its service in the topology.
    pub description: Option<String>,
    /// What it comes to.
    pub verdict: Verdict,
    /// The stage that keeps it from being up.
    pub stops_at: Option<Stage>,
    /// The stages it has, from the ground up.
    pub stages: Vec<Rung>,
    /// What to do next, in words.
    pub next: Option<String>,
    /// What else is to be known about it.
    pub notes: Vec<String>,
}

impl Link {
    /// The stage it stops at.
    #[must_use]
    pub fn stop(&self) -> Option<&Rung> {
        self.stages.iter().find(|rung| Some(rung.stage) == self.stops_at)
    }
}

/// What a link comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Every stage is passed.
    Up,
    /// A stage is not passed, and may be without anything being configured.
    Waiting,
    /// A stage is not passed, and waiting does not change that.
    Stopped,
    /// No stage is known to be missing, and one could not be read.
    Unknown,
}

impl Verdict {
    const fn is_good(self, accepts_unknown: bool) -> bool {
        match self {
            Self::Up => true,
            Self::Unknown => accepts_unknown,
            Self::Waiting | Self::Stopped => false,
        }
    }
}

/// A stage of a link. Each needs the ones before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// It is configured as the topology says, and in force.
    Configuration,
    /// Its port is in service, light arrives there, and the link is up.
    Light,
    /// The BGP session of the PoP is up.
    Session,
    /// The session accepts prefixes, and no more than it carries.
    Prefixes,
}

impl Stage {
    /// As people name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Light => "light",
            Self::Session => "BGP",
            Self::Prefixes => "prefixes",
        }
    }
}

/// A stage, and whether it is passed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rung {
    /// Which.
    pub stage: Stage,
    /// Whether it is passed.
    pub state: RungState,
    /// What was seen, in words; nothing of a stage that was not reached.
    pub finding: Option<String>,
}

/// Whether a stage is passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RungState {
    /// It is.
    Passed,
    /// It is not, and may be without anything being configured.
    Waiting,
    /// It is not, and waiting does not change that.
    Stopped,
    /// It could not be read.
    Unknown,
    /// A stage before it is not passed.
    NotReached,
}
