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
pub(super) struct Ports {
    before: BTreeMap<(ServiceId, u64), InterfaceState>,
    after: BTreeMap<(ServiceId, u64), InterfaceState>,
}

impl Ports {
    pub(super) fn of(draft: &Draft<'_>, live: &Live) -> Self {
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
        Self { before, after }
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
    for Switch { node, service, interface, state, .. } in switches(draft) {
        let pops =
            draft.units.iter().filter(|unit| unit.is_pop() && unit.address().service() == Some(service));
        for unit in pops {
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

/// The interface that a PoP leaves is locked when the PoP stands on the other one.
pub(super) fn lock_last(draft: &mut Draft<'_>) {
    let mut edges = Vec::new();
    for Switch { node, service, state, .. } in switches(draft) {
        let pops =
            draft.units.iter().filter(|unit| unit.is_pop() && unit.address().service() == Some(service));
        if state == InterfaceState::Disabled {
            edges.extend(pops.filter_map(|unit| unit.claim).map(|claim| (claim, node)));
        }
    }
    for (claim, lock) in edges {
        draft.graph.prefer(claim, lock, Because::AddedFirst);
    }
}

/// An l3 path that goes down or comes up with an interface.
pub(super) enum Switched {
    Down(NodeIndex),
    Up(NodeIndex),
}

/// The l3 paths of a vRack that go down with an interface, or that come up with one while their PoPs stand.
///
/// What is made on an interface is made before that is locked. What someone else is about to take down is
/// not the plan's doing.
pub(super) fn switched_paths(draft: &Draft<'_>, vrack: &VrackName, live: &Live) -> Vec<Switched> {
    let mut paths = Vec::new();
    for Switch { unit, node, service, interface, state } in switches(draft) {
        let was_in_service = unit.change.before.as_ref().is_some_and(|it| it.status == Status::Active);
        let carried = carried(draft, live, service, interface);
        let standing = carried.iter().filter(|it| it.is_l3 && it.address.vrack == *vrack).count();
        let is_made = |unit: &&Unit<'_>| {
            let is_its = unit.address().service() == Some(service) && unit.claims_l3_pop();
            is_its && unit.claimed().and_then(on) == Some(interface)
        };
        match state {
            InterfaceState::Disabled if was_in_service => {
                let made = draft.in_vrack(vrack).filter(is_made).count();
                paths.extend((0..standing + made).map(|_| Switched::Down(node)));
            }
            InterfaceState::Disabled => {}
            InterfaceState::Enabled => paths.extend((0..standing).map(|_| Switched::Up(node))),
        }
    }
    paths
}

/// The PoPs in force on an interface that the plan leaves as they are.
pub(super) fn carried(draft: &Draft<'_>, live: &Live, service: ServiceId, interface: u64) -> Vec<Carried> {
    let of_service = |at: &Address| matches!(&at.node, Node::Service(of, ServicePart::Pop) if *of == service);
    let vrack = live.services.get(&service).and_then(|found| found.vrack.as_ref());
    let standing = vrack.and_then(|vrack| live.configs.get_key_value(&Address::pop(vrack.clone(), service)));
    let stays = |at: &Address, config: &LiveConfig| {
        let goes = draft.at(at).any(|unit| unit.released().is_some_and(|released| released.id == config.id));
        config.status == Status::Active && on(&config.spec) == Some(interface) && !goes
    };
    let carried = standing.into_iter().filter(|(at, _)| of_service(at)).flat_map(|(at, configs)| {
        let configs = configs.iter().filter(|config| stays(at, config));
        configs.filter_map(|config| {
            let is_l3 = matches!(&config.spec, Spec::Pop(Pop::L3 { .. }));
            Some(Carried { address: at.clone(), pop: pop_key(Some(config))?, is_l3 })
        })
    });
    carried.collect()
}

/// The interface that a PoP is on.
fn on(spec: &Spec) -> Option<u64> {
    match spec {
        Spec::Pop(pop) => pop.interface_id(),
        _ => None,
    }
}
