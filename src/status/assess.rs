//! What is down, and what differs from the topology.

use std::collections::BTreeMap;

use super::{Down, Drift, DriftKind, Problem, Report};
use crate::live::Status;
use crate::live::observe::{
    MAX_PREFIXES, Observation, SeenDatacenter, SeenPop, SeenService, SeenVrack, State,
};
use crate::topology::{
    Address, DatacenterPart, Interface, Manage, Membership, Node, ServiceId, ServicePart, Spec, Topology,
};

/// Judges what was seen, and where there is a topology, compares.
#[must_use]
pub fn assess(seen: Observation, topology: Option<&Topology>) -> Report {
    let mut down = Vec::new();
    for vrack in &seen.vracks {
        vrack.services.iter().for_each(|service| service_down(service, &mut down));
        vrack.datacenters.iter().flatten().for_each(|datacenter| datacenter_down(datacenter, &mut down));
    }
    down.sort();
    down.dedup();
    let drift = topology.map(|topology| drift(&seen, topology));
    Report { down, drift, seen }
}

/// The place of a service, as reports name it.
pub(super) fn service_place(service: &SeenService) -> String {
    match &service.vrack {
        Some(vrack) => Address::membership(vrack.clone(), service.service).to_string(),
        None => format!("service/{}", service.service),
    }
}

/// The place of an interface, as reports name it.
pub(super) fn interface_place(service: &SeenService, id: u64) -> String {
    format!("{}/interface/{id}", service_place(service))
}

fn service_down(service: &SeenService, down: &mut Vec<Down>) {
    let used = service.used_interfaces();
    if service.closed == Some(true) && !used.is_empty() {
        down.push(Down { place: service_place(service), problem: Problem::Closed });
    }
    for interface in service.interfaces.iter().flatten().filter(|it| used.contains(&it.id)) {
        let problem = if !interface.in_service() {
            Problem::OutOfService
        } else if interface.light_in.state == State::Down {
            Problem::NoLight
        } else if interface.link == State::Down {
            Problem::LinkDown
        } else {
            continue;
        };
        down.push(Down { place: interface_place(service, interface.id), problem });
    }
    for pop in service.pops.iter().flatten() {
        pop_down(pop, down);
    }
}

fn pop_down(pop: &SeenPop, down: &mut Vec<Down>) {
    let place = || pop.address.to_string();
    failed(pop.status, place(), down);
    let is_down = pop.session.as_ref().is_some_and(|session| session.state == State::Down);
    // Before it is active nobody expects a session, and while it goes none is missed.
    if pop.status == Status::Active && is_down {
        down.push(Down { place: place(), problem: Problem::SessionDown });
    }
    if pop.prefixes.is_some_and(|prefixes| prefixes > MAX_PREFIXES) {
        down.push(Down { place: place(), problem: Problem::TooManyPrefixes });
    }
    pop.datacenters.iter().flatten().for_each(|datacenter| datacenter_down(datacenter, down));
}

fn datacenter_down(datacenter: &SeenDatacenter, down: &mut Vec<Down>) {
    failed(datacenter.status, datacenter.address.to_string(), down);
    for extra in datacenter.extras.iter().flatten() {
        failed(extra.status, extra.address.to_string(), down);
    }
}

fn failed(status: Status, place: String, down: &mut Vec<Down>) {
    if status == Status::Stuck {
        down.push(Down { place, problem: Problem::CreationFailed });
    }
}

/// What is there at each address; `None` for something of which no more is known.
type There = BTreeMap<Address, Vec<Option<Spec>>>;

fn drift(seen: &Observation, topology: &Topology) -> Vec<Drift> {
    let Some(topology) = in_words_of_the_catalogue(seen, topology) else { return Vec::new() };
    let mut drift = Vec::new();
    for vrack in &seen.vracks {
        let Some(declared) = topology.vracks.get(&vrack.vrack) else { continue };
        let there = there(vrack, &topology);
        let inside = |at: &&Address| at.vrack == vrack.vrack;
        for address in topology.entries.keys().filter(inside).filter(|at| !there.contains_key(at)) {
            if is_known(vrack, address) {
                let declared = topology.entries.get(address).map(|it| it.spec.clone());
                drift.push(Drift {
                    address: address.clone(),
                    kind: DriftKind::Missing,
                    declared,
                    fields: Vec::new(),
                });
            }
        }
        for (address, specs) in &there {
            let desired = topology.entries.get(address).map(|it| &it.spec);
            if desired.is_none() && declared.manage == Manage::Declared {
                continue;
            }
            drift.extend(compare(address, desired, specs));
        }
    }
    drift.sort_by(|one, other| one.address.cmp(&other.address));
    drift
}

fn compare(address: &Address, desired: Option<&Spec>, specs: &[Option<Spec>]) -> Option<Drift> {
    let drift = |kind, fields| Drift { address: address.clone(), kind, declared: desired.cloned(), fields };
    let Some(spec) = desired else { return Some(drift(DriftKind::NotDeclared, Vec::new())) };
    let differing =
        |live: &Option<Spec>| live.as_ref().map_or(Vec::new(), |live| spec.differing_fields(live));
    let closest = specs.iter().map(differing).min_by_key(Vec::len)?;
    if !closest.is_empty() {
        return Some(drift(DriftKind::Differs, closest));
    }
    (specs.len() > 1).then(|| drift(DriftKind::Duplicate, Vec::new()))
}

/// What is there, of interfaces those alone that the topology speaks of.
fn there(vrack: &SeenVrack, topology: &Topology) -> There {
    let mut there = There::new();
    let mut put = |address: Address, spec| there.entry(address).or_default().push(spec);
    for service in &vrack.services {
        let details = service.closed.map(|_| {
            let description = Some(service.description.clone().unwrap_or_default());
            Spec::Membership(Membership { description })
        });
        put(Address::membership(vrack.vrack.clone(), service.service), details);
        for interface in service.interfaces.iter().flatten() {
            let address = Address::interface(vrack.vrack.clone(), service.service, Some(interface.id));
            if topology.entries.contains_key(&address) {
                put(address, interface.state().map(|state| Spec::Interface(Interface { state })));
            }
        }
        for pop in service.pops.iter().flatten() {
            put(pop.address.clone(), Some(pop.spec.clone()));
            for datacenter in pop.datacenters.iter().flatten() {
                put(datacenter.address.clone(), Some(datacenter.spec.clone()));
            }
        }
    }
    for datacenter in vrack.datacenters.iter().flatten() {
        put(datacenter.address.clone(), Some(datacenter.spec.clone()));
        for extra in datacenter.extras.iter().flatten() {
            put(extra.address.clone(), Some(extra.spec.clone()));
        }
    }
    there
}

/// Whether it would have been seen, had it been there.
fn is_known(vrack: &SeenVrack, address: &Address) -> bool {
    let service = |id| vrack.services.iter().find(|service| service.service == id);
    if address.service().is_some_and(|id| service(id).is_none()) {
        return vrack.whole;
    }
    match &address.node {
        Node::Vrack | Node::Service(_, ServicePart::Membership) => true,
        // Which one is meant may not be known.
        Node::Service(_, ServicePart::Interface(None)) => false,
        Node::Service(id, ServicePart::Interface(Some(_))) => {
            service(*id).is_none_or(|service| service.interfaces.is_some())
        }
        Node::Service(id, ServicePart::Pop) => service(*id).is_none_or(|service| service.pops.is_some()),
        Node::Service(id, ServicePart::L2Datacenter(_)) => service(*id).is_none_or(|service| {
            service.pops.as_ref().is_some_and(|pops| pops.iter().all(|pop| pop.datacenters.is_some()))
        }),
        Node::Datacenter(_, DatacenterPart::Config) => vrack.datacenters.is_some(),
        Node::Datacenter(name, DatacenterPart::Network(_) | DatacenterPart::Bgp(_)) => {
            let Some(datacenters) = &vrack.datacenters else { return false };
            let mut of_that_name = datacenters.iter().filter(|it| it.address.datacenter_name() == Some(name));
            of_that_name.all(|datacenter| datacenter.extras.is_some())
        }
    }
}

/// The interface of a service that has one.
fn only_interface(seen: &Observation, service: ServiceId) -> Option<u64> {
    let mut services = seen.vracks.iter().flat_map(|vrack| &vrack.services);
    match services.find(|it| it.service == service)?.interfaces.as_deref() {
        Some([only]) => Some(only.id),
        _ => None,
    }
}

/// A topology with its datacenters under the names of the catalogue that was seen, and its interfaces under
/// their numbers. There is none where two of them turn out to be one: validation with the catalogue says so,
/// nothing here can.
#[must_use]
pub fn in_words_of_the_catalogue(seen: &Observation, topology: &Topology) -> Option<Topology> {
    let topology = topology.rename_datacenters(|_, name| seen.catalogue_name(name)).ok()?;
    topology.number_interfaces(|service| only_interface(seen, service)).ok()
}
