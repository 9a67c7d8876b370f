//! Every loss in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::{
    Destination, DestinationKind, Effect, Fate, Layer, Loss, LossReport, Path, Report, Service, VrackReport,
};
use crate::topology::{
    Address, Datacenter, DatacenterName, DatacenterPart, Declaration, Device, Extra, InterfaceState,
    Membership, Node, Pop, ServiceId, ServicePart, Spec, Topology, VrackName,
};

/// The PoP where a service is delivered, as far as that is known. Only the API knows it.
pub type Locations = BTreeMap<ServiceId, String>;

/// What every single loss would do to a topology.
#[must_use]
pub fn assess(topology: &Topology, locations: &Locations) -> Report {
    let vracks: Vec<VrackReport> =
        topology.vracks.keys().map(|vrack| Vrack::of(topology, vrack, locations).report()).collect();
    Report { survives_any_loss: vracks.iter().all(|vrack| vrack.without_second_path().is_empty()), vracks }
}

/// A vRack as far as paths are concerned.
struct Vrack<'t> {
    name: &'t VrackName,
    services: Vec<Service>,
    /// Each l2 service ends in one datacenter.
    ends: BTreeMap<ServiceId, DatacenterName>,
    l3_datacenters: BTreeSet<DatacenterName>,
    found: BTreeMap<Key, Found>,
}

/// What tells a destination from another. A prefix that is routed in two datacenters is one destination.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Prefix(Ipv4Net, DestinationKind),
    Peer(DatacenterName, Ipv4Addr),
    Layer2(DatacenterName),
}

#[derive(Default)]
struct Found {
    datacenters: BTreeSet<DatacenterName>,
    machines: BTreeSet<Ipv4Addr>,
}

impl<'t> Vrack<'t> {
    fn of(topology: &'t Topology, name: &'t VrackName, locations: &Locations) -> Self {
        let mut vrack = Self {
            name,
            services: Vec::new(),
            ends: BTreeMap::new(),
            l3_datacenters: BTreeSet::new(),
            found: BTreeMap::new(),
        };
        let entries = topology.entries.range(Address::vrack(name.clone())..);
        for (address, Declaration { spec, .. }) in entries.take_while(|(at, _)| at.vrack == *name) {
            match &address.node {
                Node::Vrack => {}
                Node::Service(service, part) => {
                    vrack.add_service(*service, part, spec, locations);
                    vrack.lock(*service, topology.interface_state_of(address));
                }
                Node::Datacenter(datacenter, part) => vrack.add_datacenter(datacenter, part, spec),
            }
        }
        vrack
    }

    /// A membership comes before what is in it.
    fn add_service(&mut self, service: ServiceId, part: &ServicePart, spec: &Spec, locations: &Locations) {
        match (part, spec) {
            (ServicePart::Membership, Spec::Membership(Membership { description })) => {
                self.services.push(Service {
                    service,
                    description: description.clone(),
                    layer: None,
                    locked: false,
                    location: locations.get(&service).cloned(),
                });
            }
            (ServicePart::Pop, Spec::Pop(pop)) => {
                let layer = match pop {
                    Pop::L2 { .. } => Layer::L2,
                    Pop::L3 { .. } => Layer::L3,
                };
                if let Some(last) = self.services.last_mut().filter(|last| last.service == service) {
                    last.layer = Some(layer);
                }
            }
            (ServicePart::L2Datacenter(name), _) => {
                self.ends.insert(service, name.clone());
                self.find(Key::Layer2(name.clone()), name, None);
            }
            _ => {}
        }
    }

    /// A PoP on an interface that shall be disabled.
    fn lock(&mut self, service: ServiceId, state: Option<InterfaceState>) {
        let last = self.services.last_mut().filter(|last| last.service == service);
        if let (Some(last), Some(InterfaceState::Disabled)) = (last, state) {
            last.locked = true;
        }
    }

    fn carries(&self, service: ServiceId) -> bool {
        self.services.iter().any(|it| it.service == service && !it.locked)
    }

    fn add_datacenter(&mut self, name: &DatacenterName, part: &DatacenterPart, spec: &Spec) {
        match (part, spec) {
            (DatacenterPart::Config, Spec::Datacenter(Datacenter::L3 { subnet, .. })) => {
                self.l3_datacenters.insert(name.clone());
                self.find(Key::Prefix(subnet.trunc(), DestinationKind::Subnet), name, None);
            }
            (DatacenterPart::Network(prefix), Spec::Extra(Extra::Network { next_hop })) => {
                self.find(Key::Prefix(prefix.trunc(), DestinationKind::Route), name, Some(*next_hop));
            }
            (DatacenterPart::Bgp(peer), _) => self.find(Key::Peer(name.clone(), *peer), name, Some(*peer)),
            _ => {}
        }
    }

    fn find(&mut self, key: Key, datacenter: &DatacenterName, machine: Option<Ipv4Addr>) {
        let found = self.found.entry(key).or_default();
        found.datacenters.insert(datacenter.clone());
        found.machines.extend(machine);
    }

    fn report(self) -> VrackReport {
        let destinations: Vec<Destination> =
            self.found.iter().map(|(key, found)| self.destination(key, found)).collect();
        let losses = self.losses().into_iter().map(|loss| inflict(loss, &destinations)).collect();
        VrackReport { vrack: self.name.clone(), services: self.services, destinations, losses }
    }

    fn destination(&self, key: &Key, found: &Found) -> Destination {
        let (name, kind, prefix) = match key {
            Key::Prefix(prefix, kind) => (prefix.to_string(), *kind, Some(*prefix)),
            Key::Peer(datacenter, peer) => {
                (format!("what {peer} in {datacenter} announces"), DestinationKind::Peer, None)
            }
            Key::Layer2(datacenter) => (format!("{datacenter} in layer 2"), DestinationKind::Layer2, None),
        };
        let datacenters: Vec<DatacenterName> = found.datacenters.iter().cloned().collect();
        let paths = match kind {
            DestinationKind::Layer2 => self.l2_paths(&datacenters),
            DestinationKind::Subnet | DestinationKind::Route | DestinationKind::Peer => {
                self.l3_paths(&datacenters)
            }
        };
        Destination {
            name,
            kind,
            prefix,
            datacenters,
            machines: found.machines.iter().copied().collect(),
            paths,
        }
    }

    /// Each l2 service leads to its own datacenter alone.
    fn l2_paths(&self, datacenters: &[DatacenterName]) -> Vec<Path> {
        let ends = self.ends.iter().filter(|(_, end)| datacenters.contains(end));
        let ends = ends.filter(|(service, _)| self.carries(**service));
        ends.map(|(service, end)| Path { service: *service, datacenter: end.clone(), device: None }).collect()
    }

    /// Every l3 PoP meets every l3 datacenter, over both devices: a full mesh. Source: OVHcloud's guides.
    fn l3_paths(&self, datacenters: &[DatacenterName]) -> Vec<Path> {
        let mut paths = Vec::new();
        let carries = |it: &&Service| it.layer == Some(Layer::L3) && !it.locked;
        for service in self.services.iter().filter(carries) {
            for datacenter in datacenters {
                paths.extend(Device::ALL.map(|device| Path {
                    service: service.service,
                    datacenter: datacenter.clone(),
                    device: Some(device),
                }));
            }
        }
        paths
    }

    fn losses(&self) -> Vec<Loss> {
        let mut losses: Vec<Loss> =
            self.services.iter().map(|service| Loss::Service { service: service.service }).collect();
        let mut locations: BTreeMap<&str, Vec<ServiceId>> = BTreeMap::new();
        for service in self.services.iter().filter(|service| service.layer.is_some()) {
            match &service.location {
                Some(location) => locations.entry(location).or_default().push(service.service),
                None => losses.push(Loss::Pop { service: service.service }),
            }
        }
        let locations = locations.into_iter();
        losses.extend(
            locations.map(|(location, services)| Loss::Location { location: location.to_owned(), services }),
        );
        let datacenters: BTreeSet<&DatacenterName> =
            self.l3_datacenters.iter().chain(self.ends.values()).collect();
        for datacenter in datacenters {
            losses.push(Loss::Datacenter { datacenter: datacenter.clone() });
            if self.l3_datacenters.contains(datacenter) {
                let lost = |device| Loss::Device { datacenter: datacenter.clone(), device };
                losses.extend(Device::ALL.map(lost));
            }
        }
        losses
    }
}

fn inflict(loss: Loss, destinations: &[Destination]) -> LossReport {
    let effects = destinations.iter().filter_map(|destination| {
        if !destination.paths.iter().any(|path| loss.takes(path)) {
            return None;
        }
        let paths: Vec<Path> = destination.paths.iter().filter(|path| !loss.takes(path)).cloned().collect();
        let fate = match &loss {
            _ if !paths.is_empty() => Fate::Reachable,
            Loss::Datacenter { .. } => Fate::Gone,
            Loss::Service { .. } | Loss::Pop { .. } | Loss::Location { .. } | Loss::Device { .. } => {
                Fate::Cut
            }
        };
        Some(Effect { destination: destination.name.clone(), fate, paths })
    });
    LossReport { effects: effects.collect(), loss }
}
