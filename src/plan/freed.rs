//! Freed before taken: what one step releases and another claims.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;
use petgraph::graph::NodeIndex;

use super::Because;
use super::draft::{Draft, Unit};
use crate::diff::{Occupied, Reach, SERVICES_PER_VRACK, prefix};
use crate::live::{Live, LiveConfig, Residents};
use crate::topology::{Address, DatacenterPart, Node, Pop, ServicePart, Spec, VrackName};

/// The most BGP peers that a datacenter takes. Source: OVHcloud's guide on limits.
pub(super) const PEERS_PER_DATACENTER: usize = 4;

/// Every rule of this module, for every vRack and for the services that change vRack.
pub(super) fn require(draft: &mut Draft<'_>, live: &Live) {
    let mut edges = Vec::new();
    let residents = live.residents();
    for vrack in draft.vracks() {
        subnets(draft, vrack, live, &mut edges);
        l2_slot(draft, vrack, &mut edges);
        service_slots(draft, vrack, &residents, live, &mut edges);
        same_address(draft, vrack, &mut edges);
        l2_datacenters(draft, vrack, &mut edges);
        extras(draft, vrack, live, &mut edges);
    }
    memberships(draft, &mut edges);
    for (before, after, because) in edges {
        draft.graph.require(before, after, because);
    }
}

type Edges = Vec<(NodeIndex, NodeIndex, Because)>;

fn subnets(draft: &Draft<'_>, vrack: &VrackName, live: &Live, edges: &mut Edges) {
    let mut held: Occupied<(NodeIndex, &Address)> = Occupied::default();
    for unit in draft.in_vrack(vrack) {
        if let (Some(release), Some(config)) = (unit.release, unit.released())
            && let Some(occupied) = prefix(unit.address(), &config.spec)
        {
            held.insert(occupied, (release, unit.address()));
            // The routes in a datacenter that is being deleted have no change of their own.
            if !unit.deletes() {
                for occupied in routes_in(live, unit.address(), config) {
                    held.insert(occupied, (release, unit.address()));
                }
            }
        }
    }
    for unit in draft.in_vrack(vrack).filter(|unit| unit.creates()) {
        let (Some(claim), Some(spec)) = (unit.claim, unit.claimed()) else { continue };
        let Some(wanted) = prefix(unit.address(), spec) else { continue };
        for (subnet, (release, address)) in held.excluding(wanted) {
            if *address != unit.address() {
                edges.push((*release, claim, Because::FreesSubnet { subnet }));
            }
        }
    }
}

/// The prefixes of the static routes in a datacenter configuration.
fn routes_in<'l>(
    live: &'l Live,
    datacenter: &'l Address,
    config: &'l LiveConfig,
) -> impl Iterator<Item = (Ipv4Net, Reach)> + 'l {
    let inside = live.configs.range(datacenter.clone()..).skip(1);
    let inside = inside.take_while(|(at, _)| at.parent().as_ref() == Some(datacenter));
    let extras = inside.flat_map(|(at, extras)| extras.iter().map(move |extra| (at, extra)));
    extras.filter(|(_, extra)| config.id.holds(&extra.id)).filter_map(|(at, extra)| prefix(at, &extra.spec))
}

fn l2_slot(draft: &Draft<'_>, vrack: &VrackName, edges: &mut Edges) {
    let is_l2 = |spec: &Spec| matches!(spec, Spec::Pop(Pop::L2 { .. }));
    let units = || draft.in_vrack(vrack).filter(|unit| unit.is_pop());
    let releases: Vec<_> = units()
        .filter(|unit| unit.released().is_some_and(|it| is_l2(&it.spec)))
        .filter_map(|it| it.release)
        .collect();
    let claims = units().filter(|unit| unit.creates() && unit.claimed().is_some_and(is_l2));
    for claim in claims.filter_map(|unit| unit.claim) {
        edges.extend(releases.iter().map(|release| (*release, claim, Because::FreesL2Slot)));
    }
}

fn service_slots(
    draft: &Draft<'_>,
    vrack: &VrackName,
    residents: &Residents<'_>,
    live: &Live,
    edges: &mut Edges,
) {
    let is_membership =
        |unit: &&Unit<'_>| matches!(unit.address().node, Node::Service(_, ServicePart::Membership));
    let units = || draft.in_vrack(vrack).filter(is_membership);
    let claims: Vec<_> = units().filter_map(|unit| unit.claim).collect();
    let releases: Vec<_> = units().filter_map(|unit| unit.release).collect();
    let used = residents.of(vrack).len() + live.entering(vrack).count();
    let places = Places { used, all: SERVICES_PER_VRACK };
    places.share(&claims, &releases, &[], &Because::FreesServiceSlot, edges);
}

/// A number of places that what is made takes and what is removed gives back.
struct Places {
    used: usize,
    all: usize,
}

impl Places {
    /// Lets as many claims go at once as there are places free, and each of the others after a release.
    ///
    /// Where more places are used than there are, nothing may be made before the surplus is gone,
    /// not even what only changes places (`in_place`).
    fn share(
        &self,
        claims: &[NodeIndex],
        releases: &[NodeIndex],
        in_place: &[NodeIndex],
        because: &Because,
        edges: &mut Edges,
    ) {
        let surplus = self.used.saturating_sub(self.all).min(releases.len());
        let (first, freeing) = releases.split_at(surplus);
        for claim in claims.iter().chain(in_place) {
            edges.extend(first.iter().map(|release| (*release, *claim, because.clone())));
        }
        let waiting = claims.iter().skip(self.all.saturating_sub(self.used));
        edges.extend(waiting.zip(freeing).map(|(claim, release)| (*release, *claim, because.clone())));
    }
}

/// What stands twice at one address goes before something is made there.
fn same_address(draft: &Draft<'_>, vrack: &VrackName, edges: &mut Edges) {
    for unit in draft.in_vrack(vrack).filter(|unit| unit.creates()) {
        let Some(claim) = unit.claim else { continue };
        let others = draft.at(unit.address()).filter_map(|other| other.release);
        edges.extend(others.map(|release| (release, claim, Because::MadeAnew)));
    }
}

/// An l2 PoP ends in one datacenter: it leaves the one before it enters another.
fn l2_datacenters(draft: &Draft<'_>, vrack: &VrackName, edges: &mut Edges) {
    let units = || {
        let of_l2 =
            |unit: &&Unit<'_>| matches!(unit.address().node, Node::Service(_, ServicePart::L2Datacenter(_)));
        draft.in_vrack(vrack).filter(of_l2)
    };
    let mut releases: BTreeMap<_, Vec<NodeIndex>> = BTreeMap::new();
    for unit in units() {
        releases.entry(unit.address().service()).or_default().extend(unit.release);
    }
    for unit in units().filter(|unit| unit.creates()) {
        let (Some(claim), Some(freeing)) = (unit.claim, releases.get(&unit.address().service())) else {
            continue;
        };
        edges.extend(freeing.iter().map(|release| (*release, claim, Because::FreesL2Datacenter)));
    }
}

/// Within a datacenter: one kind of extra at a time, and four peers at the most.
fn extras(draft: &Draft<'_>, vrack: &VrackName, live: &Live, edges: &mut Edges) {
    for (datacenter, units) in draft.extras(vrack) {
        // In a datacenter that is made anew every extra goes before and comes after.
        if draft.at(&datacenter).any(|unit| unit.deletes() && unit.creates()) {
            continue;
        }
        let releases = |kind: fn(&Address) -> bool| {
            units.iter().filter(move |unit| kind(unit.address())).filter_map(|unit| unit.release)
        };
        let claims = |kind: fn(&Address) -> bool| {
            units
                .iter()
                .filter(move |unit| kind(unit.address()) && unit.creates())
                .filter_map(|unit| unit.claim)
        };
        for (old, new) in
            [(is_network as fn(&Address) -> bool, is_bgp as fn(&Address) -> bool), (is_bgp, is_network)]
        {
            let freeing: Vec<NodeIndex> = releases(old).collect();
            for claim in claims(new) {
                edges.extend(freeing.iter().map(|release| (*release, claim, Because::OneKindAtATime)));
            }
        }
        peer_slots(&datacenter, &units, live, edges);
    }
}

fn peer_slots(datacenter: &Address, units: &[&Unit<'_>], live: &Live, edges: &mut Edges) {
    let inside =
        |at: &Address| at.vrack == datacenter.vrack && at.datacenter_name() == datacenter.datacenter_name();
    let standing = live.configs.range(datacenter.clone()..).take_while(|(at, _)| inside(at));
    let used = standing.filter(|(at, _)| is_bgp(at)).map(|(_, configs)| configs.len()).sum();
    let peers = || units.iter().filter(|unit| is_bgp(unit.address()));
    let made = |unit: &&&Unit<'_>| unit.creates();
    let claims: Vec<_> =
        peers().filter(made).filter(|unit| unit.release.is_none()).filter_map(|unit| unit.claim).collect();
    let in_place: Vec<_> =
        peers().filter(made).filter(|unit| unit.release.is_some()).filter_map(|unit| unit.claim).collect();
    let releases: Vec<_> =
        peers().filter(|unit| unit.claim.is_none()).filter_map(|unit| unit.release).collect();
    let places = Places { used, all: PEERS_PER_DATACENTER };
    places.share(&claims, &releases, &in_place, &Because::FreesPeerSlot, edges);
}

fn memberships(draft: &Draft<'_>, edges: &mut Edges) {
    let is_membership =
        |unit: &&Unit<'_>| matches!(unit.address().node, Node::Service(_, ServicePart::Membership));
    let releases: BTreeMap<_, _> = draft
        .units
        .iter()
        .filter(is_membership)
        .filter_map(|unit| Some((unit.address().service()?, unit.release?)))
        .collect();
    for unit in draft.units.iter().filter(is_membership) {
        let release = unit.address().service().and_then(|service| releases.get(&service));
        if let (Some(release), Some(claim)) = (release, unit.claim) {
            edges.push((*release, claim, Because::FreesMembership));
        }
    }
}

pub(super) fn is_bgp(address: &Address) -> bool {
    matches!(address.node, Node::Datacenter(_, DatacenterPart::Bgp(_)))
}

pub(super) fn is_network(address: &Address) -> bool {
    matches!(address.node, Node::Datacenter(_, DatacenterPart::Network(_)))
}
