//! (`Topology`, `Live`, [`Purpose`]) → the calls that a command may come to make.

use std::collections::{BTreeMap, BTreeSet};

use super::Purpose;
use crate::api::routes::{self, Call};
use crate::live::Live;
use crate::topology::{
    Datacenter, DatacenterPart, Interface, InterfaceState, Manage, Membership, Node, Pop, ServiceId,
    ServicePart, Spec, Topology, VrackName,
};

/// A call, with those parameters filled in that are known beforehand: the first ones.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Need {
    /// The call.
    pub call: &'static Call,
    /// Its first parameters. OVHcloud chooses the others.
    pub known: Vec<String>,
}

/// Every call that a command with this purpose may come to make.
///
/// With `found`, the live state of the topology, services that are in its vRacks and that it does not
/// declare are among them.
#[must_use]
pub fn needs(topology: &Topology, found: Option<&Live>, purpose: Purpose) -> Vec<Need> {
    let mut asker = Asker { estate: Estate::of(topology, found), needs: Vec::new() };
    asker.configurations(purpose);
    if purpose != Purpose::Diagnose {
        asker.tasks();
    }
    if matches!(purpose, Purpose::Plan | Purpose::Apply | Purpose::Destroy) {
        asker.interfaces();
    }
    match purpose {
        Purpose::Plan => {}
        Purpose::Apply => asker.changes(true),
        Purpose::Destroy => asker.changes(false),
        Purpose::Verify => asker.health(),
        Purpose::Diagnose => asker.diagnostics(),
    }
    asker.needs
}

/// What is known of a service.
#[derive(Debug, Default)]
struct Service {
    /// Where it is declared.
    home: Option<VrackName>,
    /// Where it was found.
    found: Option<VrackName>,
    described: bool,
    /// The interfaces whose state is declared, by their id where it is given.
    interfaces: Vec<(Option<u64>, InterfaceState)>,
    pop: Option<Layer>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Layer {
    L2,
    L3,
}

/// What is known of a vRack.
#[derive(Debug, Default)]
struct Vrack {
    manages_all: bool,
    declared: bool,
    datacenters: bool,
    extras: bool,
}

#[derive(Debug, Default)]
struct Estate {
    vracks: BTreeMap<VrackName, Vrack>,
    services: BTreeMap<ServiceId, Service>,
}

impl Estate {
    fn of(topology: &Topology, found: Option<&Live>) -> Self {
        let mut estate = Self::default();
        for (name, vrack) in &topology.vracks {
            let manages_all = vrack.manage == Manage::All;
            estate.vracks.insert(name.clone(), Vrack { manages_all, declared: true, ..Vrack::default() });
        }
        for (address, entry) in &topology.entries {
            let service = address.service().map(|id| estate.services.entry(id).or_default());
            match (&entry.spec, service) {
                (Spec::Membership(Membership { description }), Some(service)) => {
                    service.home = Some(address.vrack.clone());
                    service.described = description.is_some();
                }
                (Spec::Interface(Interface { state }), Some(service)) => {
                    if let Node::Service(_, ServicePart::Interface(id)) = &address.node {
                        service.interfaces.push((*id, *state));
                    }
                }
                (Spec::Pop(pop), Some(service)) => {
                    service.pop = Some(if matches!(pop, Pop::L3 { .. }) { Layer::L3 } else { Layer::L2 });
                }
                (Spec::Datacenter(Datacenter::L3 { .. }) | Spec::Extra(_), _) => {
                    let vrack = estate.vracks.entry(address.vrack.clone()).or_default();
                    vrack.datacenters = true;
                    vrack.extras |= !matches!(address.node, Node::Datacenter(_, DatacenterPart::Config));
                }
                _ => {}
            }
        }
        for vrack in found.into_iter().flat_map(|live| live.vracks.keys()) {
            estate.vracks.entry(vrack.clone()).or_default();
        }
        for (id, service) in found.into_iter().flat_map(|live| &live.services) {
            estate.services.entry(*id).or_default().found.clone_from(&service.vrack);
        }
        estate
    }
}

struct Asker {
    estate: Estate,
    needs: Vec<Need>,
}

impl Asker {
    fn need(&mut self, call: &'static Call, known: &[&dyn ToString]) {
        let known = known.iter().map(|parameter| parameter.to_string()).collect();
        self.needs.push(Need { call, known });
    }

    /// A call about an interface of a service, by its id where that is known beforehand.
    fn need_of_interface(&mut self, call: &'static Call, service: ServiceId, interface: Option<u64>) {
        match interface {
            Some(interface) => self.need(call, &[&service, &interface]),
            None => self.need(call, &[&service]),
        }
    }

    /// What tells who is at work.
    fn tasks(&mut self) {
        let vracks: Vec<VrackName> = self.estate.vracks.keys().cloned().collect();
        for vrack in vracks {
            self.need(&routes::VRACK_TASKS, &[&vrack]);
        }
        let services: Vec<ServiceId> = self.estate.services.keys().copied().collect();
        for service in services {
            self.need(&routes::TASKS, &[&service]);
        }
    }

    /// What tells what is configured.
    fn configurations(&mut self, purpose: Purpose) {
        self.need(&routes::SERVICES, &[]);
        // These go on where some of it cannot be read, and take the names of datacenters from any service.
        let looks = matches!(purpose, Purpose::Verify | Purpose::Diagnose);
        let mut asked_for_datacenters = BTreeSet::new();
        let services: Vec<(ServiceId, Option<VrackName>, Option<Layer>)> = self
            .estate
            .services
            .iter()
            .map(|(id, it)| (*id, it.home.clone().or_else(|| it.found.clone()), it.pop))
            .collect();
        for (service, home, layer) in services {
            for call in [&routes::POPS, &routes::DATACENTERS] {
                self.need(call, &[&service]);
            }
            if !(looks && layer == Some(Layer::L2)) {
                self.need(&routes::EXTRAS, &[&service]);
            }
            // One service of a vRack says what is on offer to all of them.
            if looks || asked_for_datacenters.insert(home) {
                self.need(&routes::CATALOGUE, &[&service]);
            }
        }
    }

    /// What tells whether the interfaces that the topology speaks of are in service.
    fn interfaces(&mut self) {
        let of = |(id, it): (&ServiceId, &Service)| {
            let id = *id;
            it.interfaces.iter().map(move |(interface, _)| (id, *interface)).collect::<Vec<_>>()
        };
        let interfaces: Vec<(ServiceId, Option<u64>)> = self.estate.services.iter().flat_map(of).collect();
        for (service, interface) in interfaces {
            self.need_of_interface(&routes::INTERFACE, service, interface);
        }
    }

    /// What tells whether what is configured carries traffic.
    fn health(&mut self) {
        let services: Vec<(ServiceId, Option<Layer>)> =
            self.estate.services.iter().map(|(id, service)| (*id, service.pop)).collect();
        for (service, layer) in services {
            self.need(&routes::INTERFACES, &[&service]);
            self.need(&routes::INCIDENTS, &[&service]);
            if layer == Some(Layer::L3) {
                self.need(&routes::POP_STATUS, &[&service]);
                self.need(&routes::POP_STATISTICS, &[&service]);
            }
        }
    }

    /// What it takes to ask OVHcloud's routers, and to see what comes of it.
    fn diagnostics(&mut self) {
        let services: Vec<ServiceId> = self.estate.services.keys().copied().collect();
        for service in services {
            for call in [&routes::DIAGNOSTICS, &routes::DIAGNOSTIC_CREATE, &routes::DIAGNOSTIC] {
                self.need(call, &[&service]);
            }
        }
    }

    /// What it takes to make live what is declared (`wanted`), or to remove it, whatever is live.
    fn changes(&mut self, wanted: bool) {
        let moves = self.moves(wanted);
        for (vrack, service, call) in &moves {
            if **call == routes::ATTACH {
                // Which service it is stands in the body.
                self.need(call, &[vrack]);
            } else {
                self.need(call, &[vrack, service]);
            }
            self.need(&routes::VRACK_TASK, &[vrack]);
            self.need(&routes::SERVICE, &[service]);
        }
        let plural: BTreeMap<VrackName, usize> = self.l3_pops();
        // Before one of several l3 PoPs goes, another one's session is looked at, whoever's that is.
        for name in plural.iter().filter(|(_, count)| wanted && **count > 1).map(|(name, _)| name) {
            self.need(&routes::MEMBERS, &[name]);
        }
        for (id, service) in std::mem::take(&mut self.estate.services) {
            let vrack = service.home.as_ref().or(service.found.as_ref());
            let vrack = vrack.and_then(|name| Some((name, self.estate.vracks.get(name)?)));
            let Some((name, vrack)) = vrack else { continue };
            let is_declared = service.home.is_some();
            let (has_datacenters, has_extras) = (vrack.datacenters, vrack.extras);
            // What is undeclared in a vRack that is managed as `declared` carries datacenters all the same.
            let is_managed = is_declared || vrack.manages_all;
            let is_watched = plural.get(name).copied().unwrap_or_default() > 1;
            for call in [&routes::TASK, &routes::POP, &routes::DATACENTER, &routes::EXTRA] {
                self.need(call, &[&id]);
            }
            for call in [&routes::DATACENTER_DELETE, &routes::EXTRA_DELETE] {
                self.need(call, &[&id]);
            }
            if is_managed {
                self.need(&routes::POP_DELETE, &[&id]);
            }
            if !wanted {
                continue;
            }
            if service.described {
                self.need(&routes::SERVICE_UPDATE, &[&id]);
            }
            for (interface, state) in &service.interfaces {
                let call = match state {
                    InterfaceState::Disabled => &routes::INTERFACE_LOCK,
                    InterfaceState::Enabled => &routes::INTERFACE_UNLOCK,
                };
                self.need_of_interface(call, id, *interface);
            }
            if service.pop.is_some() {
                self.need(&routes::POP_CREATE, &[&id]);
            }
            let is_l3 = service.pop == Some(Layer::L3) || (service.pop.is_none() && !is_managed);
            if service.pop == Some(Layer::L2) || (is_l3 && has_datacenters) {
                self.need(&routes::DATACENTER_CREATE, &[&id]);
            }
            if is_l3 && has_extras {
                self.need(&routes::EXTRA_CREATE, &[&id]);
            }
            if is_l3 && is_watched {
                self.need(&routes::POP_STATUS, &[&id]);
            }
        }
    }

    /// Into which vRack a service may have to go, and out of which.
    fn moves(&self, wanted: bool) -> Vec<(VrackName, ServiceId, &'static Call)> {
        let mut moves = Vec::new();
        for (id, service) in &self.estate.services {
            if let Some(home) = &service.home {
                let call = if wanted { &routes::ATTACH } else { &routes::DETACH };
                moves.push((home.clone(), *id, call));
            }
            for (name, vrack) in &self.estate.vracks {
                // What is to be removed is removed from every vRack that is managed as a whole.
                if !wanted && !vrack.manages_all {
                    continue;
                }
                let comes_from = service.home.is_some() && service.home.as_ref() != Some(name);
                let is_not_declared = service.home.is_none() && service.found.as_ref() == Some(name);
                if (comes_from && (vrack.declared || service.found.as_ref() == Some(name)))
                    || (is_not_declared && vrack.manages_all)
                {
                    moves.push((name.clone(), *id, &routes::DETACH));
                }
            }
        }
        moves
    }

    /// How many l3 PoPs each vRack shall have: of several, one waits until another is up.
    fn l3_pops(&self) -> BTreeMap<VrackName, usize> {
        let mut count = BTreeMap::new();
        let l3 = self.estate.services.values().filter(|service| service.pop == Some(Layer::L3));
        for home in l3.filter_map(|service| service.home.clone()) {
            *count.entry(home).or_default() += 1;
        }
        count
    }
}
