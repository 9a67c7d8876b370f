//! Changes → an ordered graph of API calls. Pure: no I/O, no clock.
//!
//! A [`Step`] is one call and the wait for its effect; an [`Edge`] says which step waits for which,
//! and because of what. The order is nothing but the edges: [`apply`](crate::apply) may run any
//! step whose predecessors are done.

mod awaited;
mod draft;
mod finish;
mod freed;
mod gentle;
mod graph;
pub mod guard;
pub mod impact;
mod lifeline;
mod only;
mod order;
mod outage;
mod ports;
pub mod saved;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::diff::{Change, Difference, Goal, Reason, diff};
use crate::live::{Live, PopKey};
use crate::topology::{Address, Asn, Extra, ServiceId, Topology, VrackName};

pub use awaited::Awaited;
pub use graph::Cycle;
pub use impact::Impact;
pub use only::OnlyError;

/// What is to be done, in which order, and what it does to the traffic meanwhile.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What it was made for.
    pub goal: Goal,
    /// The differences it resolves, by address.
    pub changes: Vec<Change>,
    /// The calls, in one order that respects every edge.
    pub steps: Vec<Step>,
    /// What waits for what. Sorted by step.
    pub edges: Vec<Edge>,
    /// What stands while it runs, by vRack. Only vRacks that the plan touches.
    pub impact: BTreeMap<VrackName, Impact>,
    /// What is live and left alone on purpose.
    pub unmanaged: Vec<Address>,
    /// How many declared configurations are already right.
    pub unchanged: usize,
}

/// The position of a step in its plan, from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct StepId(pub usize);

impl fmt::Display for StepId {
    /// As a person counts: from 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("#{}", self.0 + 1))
    }
}

/// One API call and the wait for its effect.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What it is about.
    pub address: Address,
    /// The call.
    pub operation: Operation,
    /// The change it is part of, as a position in [`Plan::changes`]; a wait for a task of someone
    /// else is part of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<usize>,
}

/// What a step does. Everything below a PoP says through which PoP it is called.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "do", rename_all_fields = "camelCase")]
pub enum Operation {
    /// Put the service into the vRack.
    Attach {
        /// The service.
        service: ServiceId,
    },
    /// Take the service out of the vRack.
    Detach {
        /// The service.
        service: ServiceId,
    },
    /// Set the service's description.
    Describe {
        /// The service.
        service: ServiceId,
        /// The new description.
        description: String,
    },
    /// Take an interface out of service.
    Lock {
        /// The service.
        service: ServiceId,
        /// The interface.
        interface: u64,
        /// What is taken down with it.
        carries: Vec<Carried>,
    },
    /// Put an interface back in service.
    Unlock {
        /// The service.
        service: ServiceId,
        /// The interface.
        interface: u64,
        /// What comes back with it.
        carries: Vec<Carried>,
    },
    /// Create a PoP configuration.
    CreatePop {
        /// The service.
        service: ServiceId,
        /// What to create.
        pop: crate::topology::Pop,
    },
    /// Delete a PoP configuration.
    DeletePop {
        /// Which.
        pop: PopKey,
    },
    /// Create a datacenter configuration.
    CreateDatacenter {
        /// Through which PoP.
        via: Via,
        /// The datacenter's catalogue id.
        datacenter_id: u64,
        /// What to create.
        datacenter: crate::topology::Datacenter,
    },
    /// Delete a datacenter configuration.
    DeleteDatacenter {
        /// Through which PoP.
        via: Via,
        /// Which.
        datacenter: DatacenterRef,
    },
    /// Create an extra configuration.
    CreateExtra {
        /// Through which PoP.
        via: Via,
        /// In which datacenter configuration.
        datacenter: DatacenterRef,
        /// What to create.
        extra: NewExtra,
    },
    /// Delete an extra configuration.
    DeleteExtra {
        /// Through which PoP.
        via: Via,
        /// Which.
        extra: ExtraRef,
    },
    /// Wait until something that is being created is active.
    AwaitActive {
        /// What.
        target: Target,
    },
    /// Wait until the creation of something that is not wanted is over, well or badly.
    AwaitSettled {
        /// What.
        target: Target,
    },
    /// Wait until something that is being deleted is gone.
    AwaitGone {
        /// What.
        target: Target,
    },
    /// Wait for a task that someone else began on a service.
    AwaitTask {
        /// The service.
        service: ServiceId,
        /// The task's number.
        task: u64,
        /// What it does, in the API's word.
        function: String,
    },
    /// Wait for a task that someone else began on the vRack.
    AwaitVrackTask {
        /// The task's number.
        task: u64,
        /// What it does, in the API's word.
        function: String,
    },
}

impl Operation {
    /// Its name, as a saved plan writes it in `do`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Attach { .. } => "attach",
            Self::Detach { .. } => "detach",
            Self::Describe { .. } => "describe",
            Self::Lock { .. } => "lock",
            Self::Unlock { .. } => "unlock",
            Self::CreatePop { .. } => "createPop",
            Self::DeletePop { .. } => "deletePop",
            Self::CreateDatacenter { .. } => "createDatacenter",
            Self::DeleteDatacenter { .. } => "deleteDatacenter",
            Self::CreateExtra { .. } => "createExtra",
            Self::DeleteExtra { .. } => "deleteExtra",
            Self::AwaitActive { .. } => "awaitActive",
            Self::AwaitSettled { .. } => "awaitSettled",
            Self::AwaitGone { .. } => "awaitGone",
            Self::AwaitTask { .. } => "awaitTask",
            Self::AwaitVrackTask { .. } => "awaitVrackTask",
        }
    }

    /// Whether it changes nothing and only waits for what someone else began.
    #[must_use]
    pub const fn is_wait(&self) -> bool {
        matches!(
            self,
            Self::AwaitActive { .. }
                | Self::AwaitSettled { .. }
                | Self::AwaitGone { .. }
                | Self::AwaitTask { .. }
                | Self::AwaitVrackTask { .. }
        )
    }
}

/// A PoP configuration that is in force before and after a plan, on an interface that the plan switches.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Carried {
    /// Where it stands.
    pub address: Address,
    /// Which.
    pub pop: PopKey,
    /// Whether it is an l3 path; else it is an l2 link.
    pub is_l3: bool,
}

/// A configuration that something is awaited of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "is", rename_all_fields = "camelCase")]
pub enum Target {
    /// A PoP configuration.
    Pop {
        /// Which.
        pop: PopKey,
    },
    /// A datacenter configuration.
    Datacenter {
        /// Through which PoP it is looked at.
        via: Via,
        /// Which.
        datacenter: DatacenterRef,
    },
    /// An extra configuration.
    Extra {
        /// Through which PoP it is looked at.
        via: Via,
        /// Which.
        extra: ExtraRef,
    },
}

/// The PoP configuration through which a call goes: known now, or made by an earlier step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "pop", rename_all_fields = "camelCase")]
pub enum Via {
    /// It stands already.
    Live {
        /// Which.
        key: PopKey,
    },
    /// It is made by a step.
    Made {
        /// The service it is made for.
        service: ServiceId,
        /// The step.
        step: StepId,
    },
}

impl Via {
    /// The service whose routes are used.
    #[must_use]
    pub fn service(&self) -> ServiceId {
        match self {
            Self::Live { key } => key.service,
            Self::Made { service, .. } => *service,
        }
    }
}

/// A datacenter configuration: known now, or made by an earlier step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "configuration", rename_all_fields = "camelCase")]
pub enum DatacenterRef {
    /// It stands already; its number by the PoP through which it was read.
    Live {
        /// The datacenter's catalogue id, by which it is found under a PoP it was not read through.
        datacenter_id: u64,
        /// Its numbers.
        ids: BTreeMap<PopKey, u64>,
    },
    /// It is made by a step.
    Made {
        /// The datacenter's catalogue id.
        datacenter_id: u64,
        /// The step.
        step: StepId,
    },
}

/// A live extra configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExtraRef {
    /// The datacenter configuration it is in.
    pub datacenter: DatacenterRef,
    /// The PoP through which it was read.
    pub read_via: PopKey,
    /// Its number there.
    pub id: u64,
    /// What it is, by which it is found under a PoP it was not read through.
    pub extra: NewExtra,
}

/// An extra configuration with its identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "type", rename_all_fields = "camelCase")]
pub enum NewExtra {
    /// A static route.
    Network {
        /// Its prefix.
        #[schemars(with = "String")]
        subnet: Ipv4Net,
        /// Its gateway.
        next_hop: Ipv4Addr,
    },
    /// A BGP peer.
    Bgp {
        /// Its address.
        bgp_neighbor_ip: Ipv4Addr,
        /// Its ASN.
        bgp_neighbor_area: Asn,
    },
}

impl NewExtra {
    /// The extra at `address`, if one can stand there.
    #[must_use]
    pub fn at(address: &Address, extra: &Extra) -> Option<Self> {
        use crate::topology::{DatacenterPart, Node};
        match (&address.node, extra) {
            (Node::Datacenter(_, DatacenterPart::Network(subnet)), Extra::Network { next_hop }) => {
                Some(Self::Network { subnet: *subnet, next_hop: *next_hop })
            }
            (Node::Datacenter(_, DatacenterPart::Bgp(peer)), Extra::Bgp { bgp_neighbor_area }) => {
                Some(Self::Bgp { bgp_neighbor_ip: *peer, bgp_neighbor_area: *bgp_neighbor_area })
            }
            _ => None,
        }
    }
}

/// That one step waits for another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// The step that comes first.
    pub before: StepId,
    /// The step that waits.
    pub after: StepId,
    /// Why it waits.
    pub because: Because,
}

/// Why a step waits for another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "why", rename_all_fields = "camelCase")]
pub enum Because {
    /// What it stands in is made first.
    ParentFirst,
    /// What stands in it is removed first.
    ChildFirst,
    /// The same thing is removed before it is made anew.
    MadeAnew,
    /// What OVHcloud has begun there ends first.
    Settles,
    /// A task that someone else began on the service ends first.
    ForeignTask,
    /// A subnet is released.
    FreesSubnet {
        /// The subnet that is released.
        #[schemars(with = "String")]
        subnet: Ipv4Net,
    },
    /// The one l2 place of the vRack is released.
    FreesL2Slot,
    /// The one datacenter of an l2 PoP is released.
    FreesL2Datacenter,
    /// The service leaves the vRack it is in.
    FreesMembership,
    /// One of the sixteen places of the vRack is released.
    FreesServiceSlot,
    /// One of the four BGP places of the datacenter is released.
    FreesPeerSlot,
    /// A datacenter has static routes or BGP peers, never both.
    OneKindAtATime,
    /// Of several that look alike, one goes at a time.
    OneOfTwins,
    /// The call goes through a PoP that has to be up.
    ThroughPop,
    /// The PoP serves for calls below it until they are done.
    PopStillNeeded,
    /// An l3 path of the vRack stays up.
    KeepsPath,
    /// A datacenter of the vRack stays up.
    KeepsDatacenter,
    /// A BGP peer of the datacenter stays up.
    KeepsPeer,
    /// What takes its place is there first.
    AddedFirst,
    /// A service that is at work may not change vRack.
    ///
    /// Assumed: the API refuses that (409), and not for what runs on the vRack, where a task would be seen.
    OneAtATime,
    /// The interface it is configured on is in service first.
    InterfaceFirst,
    /// What is configured on the interface is in its final form first.
    InterfaceLast,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ParentFirst => f.write_str("what it stands in is made first"),
            Self::ChildFirst => f.write_str("what stands in it is removed first"),
            Self::MadeAnew => f.write_str("the old one is removed before the new one is made"),
            Self::Settles => f.write_str("OVHcloud finishes what it has begun there"),
            Self::ForeignTask => f.write_str("a task begun by someone else ends first"),
            Self::FreesSubnet { subnet } => write!(f, "it frees {subnet}"),
            Self::FreesL2Slot => f.write_str("it frees the vRack's one l2 place"),
            Self::FreesL2Datacenter => f.write_str("an l2 PoP ends in one datacenter at a time"),
            Self::FreesMembership => f.write_str("a service is in one vRack at a time"),
            Self::FreesServiceSlot => f.write_str("it frees one of the vRack's 16 places"),
            Self::FreesPeerSlot => f.write_str("it frees one of the datacenter's 4 BGP places"),
            Self::OneKindAtATime => f.write_str("static routes and BGP peers exclude each other"),
            Self::OneOfTwins => f.write_str("of several that look alike, one goes at a time"),
            Self::ThroughPop => f.write_str("the call goes through that PoP"),
            Self::PopStillNeeded => f.write_str("that call goes through this PoP"),
            Self::KeepsPath => f.write_str("it keeps an l3 path up"),
            Self::KeepsDatacenter => f.write_str("it keeps a datacenter up"),
            Self::KeepsPeer => f.write_str("it keeps a BGP peer up"),
            Self::AddedFirst => f.write_str("what takes its place is added first"),
            Self::OneAtATime => f.write_str("a service does not change vRack while it is at work"),
            Self::InterfaceFirst => f.write_str("the interface it is on is unlocked first"),
            Self::InterfaceLast => f.write_str("an interface is locked once nothing more is done on it"),
        }
    }
}

/// Why no plan was made.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum PlanError {
    /// The topology cannot be had with what is live.
    #[error("the topology does not fit what is live")]
    Unfit(Vec<Diagnostic>),
    /// The plan cannot be limited as asked.
    #[error(transparent)]
    Only(#[from] OnlyError),
    /// A defect of this program: the order contradicts itself.
    #[error(transparent)]
    Cycle(#[from] Cycle),
}

impl Plan {
    /// Plans the way from `live` to `topology`, or to nothing of it.
    ///
    /// # Errors
    /// What only live state shows to be wrong; nothing can be planned then.
    pub fn make(topology: &Topology, live: &Live, goal: Goal) -> Result<Self, PlanError> {
        Self::make_only(topology, live, goal, None)
    }

    /// The same, limited to one vRack or one service and what it cannot do without.
    ///
    /// # Errors
    /// As [`make`](Self::make), and when the address is neither a vRack nor a service, or not known.
    pub fn make_only(
        topology: &Topology,
        live: &Live,
        goal: Goal,
        only: Option<&Address>,
    ) -> Result<Self, PlanError> {
        let live = &*live.in_order();
        let mut difference = diff(topology, live, goal).map_err(PlanError::Unfit)?;
        if let Some(address) = only {
            only::check(address, topology, live)?;
            only::limit(&mut difference, live, address);
        }
        outage::complete(topology, live, goal, &mut difference).map_err(PlanError::Unfit)?;
        let Difference { changes, unmanaged, unchanged } = difference;
        let draft = order::ordered(&changes, live);
        let order = finish::order(&draft)?;
        let impact = impact::of(&draft, &order, live);
        let (steps, edges) = finish::finish(&draft, &order, &changes, live);
        Ok(Self { goal, changes, steps, edges, impact, unmanaged, unchanged })
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The services and datacenters that it changes outside of `address`.
    #[must_use]
    pub fn beyond(&self, address: &Address) -> BTreeSet<Address> {
        let outside = self.changes.iter().map(|change| &change.address).filter(|at| !at.is_within(address));
        outside
            .map(|at| {
                let service = at.service().map(|service| Address::membership(at.vrack.clone(), service));
                let datacenter =
                    at.datacenter_name().map(|name| Address::datacenter(at.vrack.clone(), name.clone()));
                service.or(datacenter).unwrap_or_else(|| at.clone())
            })
            .collect()
    }

    /// The step with this id, if it is one of this plan.
    #[must_use]
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps.get(id.0)
    }

    /// The steps with their ids.
    pub fn steps(&self) -> impl Iterator<Item = (StepId, &Step)> {
        self.steps.iter().enumerate().map(|(i, step)| (StepId(i), step))
    }

    /// What each step waits for directly: of its edges those that no other of them implies.
    #[must_use]
    pub fn nearest_waits(&self) -> Vec<Vec<StepId>> {
        let mut waits: Vec<Vec<StepId>> = vec![Vec::new(); self.steps.len()];
        for edge in &self.edges {
            waits[edge.after.0].push(edge.before);
        }
        (0..waits.len()).map(|step| reduced(&waits, &waits[step])).collect()
    }

    /// Why a step is there.
    #[must_use]
    pub fn reason(&self, step: &Step) -> Option<&Reason> {
        self.changes.get(step.change?).map(|change| &change.reason)
    }
}

/// Of the steps in `own` those that none of the others waits for, directly or through others. The steps
/// stand in an order that respects every edge, so the search never looks before the first of them.
fn reduced(waits: &[Vec<StepId>], own: &[StepId]) -> Vec<StepId> {
    let Some(first) = own.iter().min() else { return Vec::new() };
    let mut seen: BTreeSet<StepId> = BTreeSet::new();
    let mut nearest: Vec<StepId> = Vec::new();
    let mut latest_first = own.to_vec();
    latest_first.sort_unstable_by(|a, b| b.cmp(a));
    for wait in latest_first {
        if seen.contains(&wait) {
            continue;
        }
        nearest.push(wait);
        let mut open = vec![wait];
        while let Some(at) = open.pop() {
            open.extend(waits[at.0].iter().filter(|before| *before >= first && seen.insert(**before)));
        }
    }
    nearest.reverse();
    nearest
}
