//! (Topology, Live) → changes. Pure: no I/O, no clock, no order of execution.
//!
//! A linear merge of two ordered maps, parents before children, with three things looked after:
//! what has no update call is replaced; what is under something that goes, goes with it; what the
//! topology leaves to OVHcloud stays as it is.

mod concrete;
mod in_the_way;
mod occupied;
mod vrack;

pub(crate) use concrete::check_available;
pub(crate) use occupied::{Occupied, Reach, prefix};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::live::{Live, LiveConfig};
use crate::topology::{Address, Asn, Field, Manage, ServiceId, Spec, Topology, VrackName};

/// The most services that a vRack takes. Source: OVHcloud's guide on limits.
pub(crate) const SERVICES_PER_VRACK: usize = 16;

/// One difference between desired and live, and what is to be done about it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Where.
    pub address: Address,
    /// What is to be done.
    pub action: Action,
    /// The live configuration it is about, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<LiveConfig>,
    /// What will stand there: the values that are sent, with those that OVHcloud assigns left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Spec>,
    /// The fields that differ: what forces a replace, or what is updated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// Why.
    pub reason: Reason,
}

/// What is to be done about a difference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Make what is not there.
    Create,
    /// Remove what is there.
    Delete,
    /// Remove it and make it anew: the API has no update call for it.
    Replace,
    /// Change it in place.
    Update,
    /// Let OVHcloud finish what it is doing.
    Wait,
}

/// Why a change is needed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "why")]
pub enum Reason {
    /// The topology declares it and it is not there.
    Missing,
    /// It is there and the topology does not declare it.
    NotDeclared,
    /// Everything the topology declares is to go.
    Destroy,
    /// It is there more than once.
    Duplicate,
    /// It differs, in the change's fields.
    Differs,
    /// l2 becomes l3 or the reverse.
    Layer,
    /// Its creation failed: `init` without an unfinished task.
    Stuck,
    /// It is being created.
    BeingCreated,
    /// It is being changed.
    BeingChanged,
    /// It is being deleted.
    BeingDeleted,
    /// Its service goes to another vRack.
    MovesTo {
        /// The other vRack.
        vrack: VrackName,
    },
    /// Its service comes from another vRack.
    MovesFrom {
        /// The other vRack.
        vrack: VrackName,
    },
    /// What it stands in is replaced, so it goes and comes back.
    Within {
        /// What is replaced.
        parent: Address,
    },
    /// What it stands in goes for good.
    GoesWith {
        /// What goes.
        parent: Address,
    },
    /// No l3 PoP of the vRack stands all the time: the datacenters go down and come back.
    NoPathMeanwhile,
    /// No l3 PoP of the vRack remains to carry it.
    NoPathLeft,
    /// The ASN that OVHcloud assigned is the ASN of one of its peers.
    AssignedAsnIsPeers {
        /// That ASN.
        asn: Asn,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("declared, and not there"),
            Self::NotDeclared => f.write_str("there, and not declared"),
            Self::Destroy => f.write_str("to be destroyed"),
            Self::Duplicate => f.write_str("a duplicate: there more than once"),
            Self::Differs => f.write_str("differs from the topology"),
            Self::Layer => {
                f.write_str("the layer changes, which needs the whole configuration removed first")
            }
            Self::Stuck => f.write_str("its creation failed (`init` without an unfinished task)"),
            Self::BeingCreated => f.write_str("OVHcloud is still creating it"),
            Self::BeingChanged => f.write_str("OVHcloud is still changing it"),
            Self::BeingDeleted => f.write_str("OVHcloud is still deleting it"),
            Self::MovesTo { vrack } => write!(f, "its service moves to {vrack}"),
            Self::MovesFrom { vrack } => write!(f, "its service moves here from {vrack}"),
            Self::Within { parent } => write!(f, "goes down and comes back with {parent}"),
            Self::GoesWith { parent } => write!(f, "goes with {parent}"),
            Self::NoPathMeanwhile => {
                f.write_str("no l3 PoP of its vRack stands throughout, so it goes down and comes back")
            }
            Self::NoPathLeft => f.write_str("no l3 PoP of its vRack remains to carry it"),
            Self::AssignedAsnIsPeers { asn } => {
                write!(f, "OVHcloud assigned it {asn}, which is the ASN of one of its peers")
            }
        }
    }
}

/// What a topology is compared for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Goal {
    /// What it declares shall be.
    Apply,
    /// What it declares shall not be.
    Destroy,
}

/// The outcome of comparing desired and live.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Difference {
    /// The changes, by address; at one address the one that is kept or made first.
    pub changes: Vec<Change>,
    /// What is live, not declared, and left alone because its vRack is managed as `declared`.
    pub unmanaged: Vec<Address>,
    /// How many declared configurations are already right.
    pub unchanged: usize,
}

/// Compares desired and live.
///
/// `topology` names its datacenters as the catalogue does
/// (see [`read`](crate::live::read), which resolves them).
///
/// # Errors
/// What only live state shows to be wrong: an interface that is not the service's, a datacenter
/// that takes no configuration, something unmanaged in the way. Nothing can be planned then.
pub fn diff(topology: &Topology, live: &Live, goal: Goal) -> Result<Difference, Vec<Diagnostic>> {
    let mut difference = Difference::default();
    let mut diagnostics = Vec::new();
    let homes = match goal {
        Goal::Apply => homes(topology),
        Goal::Destroy => BTreeMap::new(),
    };
    let residents = live.residents();
    for (vrack, manage) in scopes(topology, live, &homes) {
        let mut at = vrack::VrackDiff::new(topology, live, &homes, &residents, goal, vrack, manage);
        at.run();
        difference.changes.append(&mut at.changes);
        difference.unmanaged.append(&mut at.unmanaged);
        difference.unchanged += at.unchanged;
        diagnostics.append(&mut at.diagnostics);
    }
    if diagnostics.is_empty() { Ok(difference) } else { Err(diagnostics) }
}

/// The vRack in which each declared service shall be.
fn homes(topology: &Topology) -> BTreeMap<ServiceId, VrackName> {
    let memberships = topology.entries.iter().filter(|(_, entry)| matches!(entry.spec, Spec::Membership(_)));
    memberships.filter_map(|(at, _)| Some((at.service()?, at.vrack.clone()))).collect()
}

/// The vRacks to compare: the declared ones, and those from which declared services are to come.
/// Of the latter nothing is managed but the service that leaves.
fn scopes<'a>(
    topology: &'a Topology,
    live: &'a Live,
    homes: &BTreeMap<ServiceId, VrackName>,
) -> BTreeMap<&'a VrackName, Manage> {
    let left = homes.keys().filter_map(|service| live.services.get(service)?.vrack.as_ref());
    let entered = live.vracks.keys().filter(|vrack| live.entering(vrack).any(|it| homes.contains_key(&it)));
    let left: BTreeSet<&VrackName> = left.chain(entered).collect();
    let mut scopes: BTreeMap<&VrackName, Manage> =
        left.into_iter().map(|vrack| (vrack, Manage::Declared)).collect();
    scopes.extend(topology.vracks.iter().map(|(vrack, declared)| (vrack, declared.manage)));
    scopes
}
