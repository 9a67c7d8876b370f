//! The interfaces of services: whether what is configured on them carries anything, and what has to
//! wait when one is locked or unlocked.
//!
//! An interface of which nothing is known is taken for one that is in service: it is read only where the
//! topology speaks of it.

use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use super::draft::{Draft, Unit};
use super::finish::pop_key;
use super::{Because, Carried};
use crate::live::{ConfigId, Live, LiveConfig, Status};
use crate::topology::{
    Address, Interface, InterfaceState, Node, Pop, ServiceId, ServicePart, Spec, VrackName,
};

/// What is known of interfaces, before a plan and after it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Ports<'a> {
    before: BTreeMap<(ServiceId, u64), InterfaceState>,
    after: BTreeMap<(ServiceId, u64), InterfaceState>,
    switched: BTreeMap<&'a VrackName, Vec<Switched>>,
}

/// An l3 path that goes down or comes up with an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Switched {
    Down(NodeIndex),
    Up(NodeIndex),
}

impl<'a> Ports<'a> {
    pub(super) fn of(draft: &Draft<'a>, live: &'a Live) -> Self {
        let known = live.configs.iter().flat_map(|(at, configs)| configs.iter().map(move |it| (at, it)));
        let known: BTreeMap<_, _> = known
            .filter_map(|(at, config)| match (&config.id, &config.spec) {
                (ConfigId::Interface(id), Spec::Interface(it)) => {
                    Some(((at.service()?, *id), (config.status, it.state)))
                }
                _ => None,
            })
            .collect();
        // What is being unlocked is not in service yet; what is being locked is as good as gone.
        let now = |(status, state)| if status == Status::Active { state } else { InterfaceState::Disabled };
        let before = known.iter().map(|(port, it)| (*port, now(*it))).collect();
        let mut after: BTreeMap<_, _> = known.into_iter().map(|(port, (_, state))| (port, state)).collect();
        after.extend(switches(draft).map(|it| ((it.service, it.interface), it.state)));
        Self { before, after, switched: switched(draft, live) }
    }

    /// Whether a PoP that stands carries anything, as far as its interface tells; anything else does.
    pub(super) fn carried(&self, address: &Address, spec: &Spec) -> bool {
        is_in_service(&self.before, address, spec)
    }

    /// Whether a PoP carries something once it is made, as far as its interface tells: that is unlocked
    /// before, and locked only afterwards.
    pub(super) fn carries_when_made(&self, address: &Address, spec: &Spec) -> bool {
        [&self.before, &self.after].into_iter().any(|states| is_in_service(states, address, spec))
    }

    /// The l3 paths of a vRack that go down with an interface, or that come up with one while their PoPs
    /// stand.
    pub(super) fn switched(&self, vrack: &VrackName) -> &[Switched] {
        self.switched.get(vrack).map_or(&[], Vec::as_slice)
    }
}

/// What is made on an interface is made before that is locked. What someone else is about to take down is
/// not the plan's doing.
fn switched<'a>(draft: &Draft<'a>, live: &'a Live) -> BTreeMap<&'a VrackName, Vec<Switched>> {
    let mut paths: BTreeMap<&VrackName, Vec<Switched>> = BTreeMap::new();
    let pops = pops_by_service(draft);
    for Switch { unit, node, service, interface, state } in switches(draft) {
        let was_in_service = unit.change.before.as_ref().is_some_and(|it| it.status == Status::Active);
        let what = match state {
            InterfaceState::Disabled if was_in_service => Switched::Down(node),
            InterfaceState::Disabled => continue,
            InterfaceState::Enabled => Switched::Up(node),
        };
        for (at, config) in standing(draft, live, service, interface) {
            if is_l3(config) {
                paths.entry(&at.vrack).or_default().push(what);
            }
        }
        let made = pops.get(&service).into_iter().flatten();
        let made = made.filter(|unit| unit.claims_l3_pop() && unit.claimed().and_then(on) == Some(interface));
        if state == InterfaceState::Disabled {
            made.for_each(|unit| paths.entry(&unit.change.address.vrack).or_default().push(what));
        }
    }
    paths
}

fn pops_by_service<'d, 'a>(draft: &'d Draft<'a>) -> BTreeMap<ServiceId, Vec<&'d Unit<'a>>> {
    let mut pops: BTreeMap<ServiceId, Vec<&Unit<'a>>> = BTreeMap::new();
    for unit in draft.units.iter().filter(|unit| unit.is_pop()) {
        if let Some(service) = unit.address().service() {
            pops.entry(service).or_default().push(unit);
        }
    }
    pops
}

fn is_in_service(
    states: &BTreeMap<(ServiceId, u64), InterfaceState>,
    address: &Address,
    spec: &Spec,
) -> bool {
    let Spec::Pop(pop) = spec else { return true };
    let state = address.service().zip(pop.interface_id()).and_then(|it| states.get(&it));
    state != Some(&InterfaceState::Disabled)
}

/// An interface that the plan locks or unlocks.
struct Switch<'d, 'a> {
    unit: &'d Unit<'a>,
    node: NodeIndex,
    service: ServiceId,
    interface: u64,
    state: InterfaceState,
}

fn switches<'d, 'a>(draft: &'d Draft<'a>) -> impl Iterator<Item = Switch<'d, 'a>> {
    draft.units.iter().filter_map(|unit| {
        let node = unit.switch?;
        let service = unit.address().service()?;
        match (unit.change.before.as_ref().map(|before| &before.id), &unit.change.after) {
            (Some(ConfigId::Interface(id)), Some(Spec::Interface(Interface { state }))) => {
                Some(Switch { unit, node, service, interface: *id, state: *state })
            }
            _ => None,
        }
    })
}

/// What the API or the network demands: a PoP is made on an interface that is in service, as far as it is
/// in the plan's hands, and an interface is locked when nothing more is done on it.
///
/// Assumed: a PoP configuration is not taken, or not brought up, on an interface that is locked.
pub(super) fn require(draft: &mut Draft<'_>) {
    let mut edges = Vec::new();
    let pops = pops_by_service(draft);
    for Switch { node, service, interface, state, .. } in switches(draft) {
        for unit in pops.get(&service).into_iter().flatten() {
            let is_on_it = |spec: &Spec| on(spec) == Some(interface);
            let claim = unit.claim.filter(|_| unit.claimed().is_some_and(is_on_it));
            let release = unit.release.filter(|_| unit.released().is_some_and(|it| is_on_it(&it.spec)));
            match state {
                InterfaceState::Enabled => {
                    let made = claim.filter(|_| unit.creates());
                    edges.extend(made.map(|made| (node, made, Because::InterfaceFirst)));
                }
                InterfaceState::Disabled => {
                    let ends = [release, claim].into_iter().flatten();
                    edges.extend(ends.map(|end| (end, node, Because::InterfaceLast)));
                }
            }
        }
    }
    for (before, after, because) in edges {
        draft.graph.require(before, after, because);
    }
}

/// A service does not change vRack while one of its interfaces is locked or unlocked.
pub(super) fn keep_from_moves(draft: &mut Draft<'_>) {
    let mut moves: BTreeMap<ServiceId, Vec<NodeIndex>> = BTreeMap::new();
    for unit in &draft.units {
        if let Node::Service(service, ServicePart::Membership) = unit.address().node {
            moves.entry(service).or_default().extend(unit.nodes());
        }
    }
    let mut edges = Vec::new();
    for Switch { node, service, state, .. } in switches(draft) {
        for step in moves.get(&service).into_iter().flatten() {
            edges.push(match state {
                InterfaceState::Enabled => (node, *step),
                InterfaceState::Disabled => (*step, node),
            });
        }
    }
    for (before, after) in edges {
        draft.graph.prefer(before, after, Because::OneAtATime);
    }
}

/// The interface that a PoP leaves is locked when the PoP stands on the other one.
pub(super) fn lock_last(draft: &mut Draft<'_>) {
    let mut edges = Vec::new();
    let pops = pops_by_service(draft);
    for Switch { node, service, .. } in switches(draft).filter(|it| it.state == InterfaceState::Disabled) {
        let claims = pops.get(&service).into_iter().flatten().filter_map(|unit| unit.claim);
        edges.extend(claims.map(|claim| (claim, node)));
    }
    for (claim, lock) in edges {
        draft.graph.prefer(claim, lock, Because::AddedFirst);
    }
}

/// The PoPs in force on an interface that the plan leaves as they are.
pub(super) fn carried(draft: &Draft<'_>, live: &Live, service: ServiceId, interface: u64) -> Vec<Carried> {
    let standing = standing(draft, live, service, interface);
    let carried = standing.filter_map(|(at, config)| {
        Some(Carried { address: at.clone(), pop: pop_key(Some(config))?, is_l3: is_l3(config) })
    });
    carried.collect()
}

fn standing<'l>(
    draft: &Draft<'_>,
    live: &'l Live,
    service: ServiceId,
    interface: u64,
) -> impl Iterator<Item = (&'l Address, &'l LiveConfig)> {
    let vrack = live.services.get(&service).and_then(|found| found.vrack.as_ref());
    let found = vrack.and_then(|vrack| live.configs.get_key_value(&Address::pop(vrack.clone(), service)));
    let configs = found.into_iter().flat_map(|(at, configs)| configs.iter().map(move |it| (at, it)));
    configs.filter(move |(at, config)| {
        let goes = draft.at(at).any(|unit| unit.released().is_some_and(|released| released.id == config.id));
        config.status == Status::Active && on(&config.spec) == Some(interface) && !goes
    })
}

fn is_l3(config: &LiveConfig) -> bool {
    matches!(&config.spec, Spec::Pop(Pop::L3 { .. }))
}

/// The interface that a PoP is on.
fn on(spec: &Spec) -> Option<u64> {
    match spec {
        Spec::Pop(pop) => pop.interface_id(),
        _ => None,
    }
}
