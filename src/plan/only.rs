//! A plan for one vRack or one service, and what that needs.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::NodeIndex;

use super::draft::Work;
use super::order;
use crate::diff::Difference;
use crate::live::Live;
use crate::topology::{Address, DatacenterName, Node, ServiceId, ServicePart, Topology, VrackName};

/// Why a plan cannot be limited to an address.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OnlyError {
    /// Neither a vRack nor a service.
    #[error("{address} cannot be planned alone: {needs}; use --only {instead}")]
    NotAlone {
        /// What was asked for.
        address: Box<Address>,
        /// What it needs, in words.
        needs: &'static str,
        /// What can be asked for.
        instead: Box<Address>,
    },
    /// The topology does not speak of it.
    #[error("{address} is neither in the topology nor live; the topology has {}", .known.join(", "))]
    Unknown {
        /// What was asked for.
        address: Box<Address>,
        /// What could be asked for.
        known: Vec<String>,
    },
}

/// Checks that a plan can be limited to `address`.
///
/// # Errors
/// When it is neither a vRack nor a service, or is not known.
pub fn check(address: &Address, topology: &Topology, live: &Live) -> Result<(), OnlyError> {
    let vrack = Address::vrack(address.vrack.clone());
    let not_alone = |needs, instead| {
        Err(OnlyError::NotAlone { address: Box::new(address.clone()), needs, instead: Box::new(instead) })
    };
    match &address.node {
        Node::Vrack => {}
        Node::Service(_, ServicePart::Membership) => {}
        Node::Service(service, _) => {
            let instead = Address::membership(address.vrack.clone(), *service);
            return not_alone("it needs its service in the vRack", instead);
        }
        Node::Datacenter(..) => {
            return not_alone("it is configured through the l3 PoPs of its vRack", vrack);
        }
    }
    let is_live = match address.service() {
        Some(service) => {
            live.services.get(&service).is_some_and(|it| it.vrack.as_ref() == Some(&address.vrack))
        }
        None => live.vracks.contains_key(&address.vrack),
    };
    if is_live
        || topology.entries.contains_key(address)
        || topology.vracks.contains_key(&address.vrack) && *address == vrack
    {
        return Ok(());
    }
    let vracks = topology.vracks.keys().map(ToString::to_string);
    let memberships =
        topology.entries.keys().filter(|it| matches!(it.node, Node::Service(_, ServicePart::Membership)));
    let known = vracks.chain(memberships.map(ToString::to_string)).collect();
    Err(OnlyError::Unknown { address: Box::new(address.clone()), known })
}

/// Limits a difference to what is at or below `address`, and what that cannot be done without.
///
/// A service and a datacenter are taken whole: nothing is left half way, a service between two vRacks
/// or a datacenter without its routes, because the rest of it was not asked for.
pub(super) fn limit(difference: &mut Difference, live: &Live, address: &Address) {
    let changes = &difference.changes;
    let mut wholes: BTreeMap<Whole<'_>, Vec<usize>> = BTreeMap::new();
    for (index, change) in changes.iter().enumerate() {
        wholes.entry(Whole::of(&change.address)).or_default().push(index);
    }
    let draft = order::demanded(changes, live, |_| true);
    let mut nodes: BTreeMap<usize, Vec<NodeIndex>> = BTreeMap::new();
    for node in draft.graph.indices() {
        if let Work::Part(_, change) = draft.graph.node(node).work {
            nodes.entry(change).or_default().push(node);
        }
    }
    let asked = changes.iter().enumerate().filter(|(_, change)| change.address.is_within(address));
    let mut open: Vec<usize> = asked.map(|(index, _)| index).collect();
    let mut wanted: BTreeSet<usize> = open.iter().copied().collect();
    while let Some(index) = open.pop() {
        let nodes = nodes.get(&index).into_iter().flatten();
        let before = nodes.flat_map(|node| draft.graph.before(*node));
        let needed = before.filter_map(|node| match draft.graph.node(node).work {
            Work::Part(_, change) => Some(change),
            Work::Task { .. } => None,
        });
        let rest = wholes.get(&Whole::of(&changes[index].address)).into_iter().flatten().copied();
        open.extend(needed.chain(rest).filter(|change| wanted.insert(*change)));
    }
    let mut index = 0;
    difference.changes.retain(|_| {
        index += 1;
        wanted.contains(&(index - 1))
    });
    difference.unmanaged.retain(|unmanaged| unmanaged.is_within(address));
    // What was compared elsewhere is not spoken of.
    difference.unchanged = 0;
}

/// What is planned as a whole.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Whole<'a> {
    /// A service, in whichever vRacks.
    Service(ServiceId),
    /// A datacenter of a vRack and what stands in it.
    Datacenter(&'a VrackName, &'a DatacenterName),
    Vrack(&'a VrackName),
}

impl<'a> Whole<'a> {
    fn of(address: &'a Address) -> Self {
        match &address.node {
            Node::Vrack => Self::Vrack(&address.vrack),
            Node::Service(service, _) => Self::Service(*service),
            Node::Datacenter(name, _) => Self::Datacenter(&address.vrack, name),
        }
    }
}
