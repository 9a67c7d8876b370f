//! What could be kept up, found by trying every order: nothing here knows how the planner reasons.
//!
//! Of what the network demands only this matters for a path or a datacenter to stand: what goes at an
//! address goes before something is made there, a service has one PoP at a time wherever it is, no two
//! subnets of a vRack overlap, and a vRack has one l2 PoP.

use std::collections::{BTreeMap, HashSet};

use ipnet::Ipv4Net;
use ovhconnect::live::{ConfigId, Live, LiveConfig, Status};
use ovhconnect::topology::{
    Address, Asn, Datacenter, DatacenterPart, Declaration, Extra, Interface, InterfaceState, Manage, Node,
    Pop, ServiceId, ServicePart, Spec, Topology, VrackName,
};

use super::wanted::overlap;

/// Something that shall stand at every moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Need {
    /// So many l3 PoPs of the vRack, in force.
    Paths(VrackName, usize),
    /// An l3 PoP of the vRack, in force or not: with the last one its datacenters go.
    Carrier(VrackName),
    /// So many datacenters of the vRack, in force.
    Datacenters(VrackName, usize),
}

impl Need {
    fn vrack(&self) -> &VrackName {
        match self {
            Self::Paths(vrack, _) | Self::Carrier(vrack) | Self::Datacenters(vrack, _) => vrack,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    L3Pop,
    L2Pop,
    Datacenter,
}

/// A PoP or a datacenter, live or to be made.
#[derive(Debug)]
struct Thing {
    vrack: VrackName,
    kind: Kind,
    subnet: Option<Ipv4Net>,
    /// The interfaces it may be on; it carries something where all are in service.
    ports: Vec<Port>,
    /// Its status where it is live; `None` where it is to be made.
    found: Option<Status>,
    goes: Option<u32>,
    rises: Option<u32>,
    comes: Option<u32>,
}

/// An interface of which it is known whether it is in service, and the act with which that changes.
#[derive(Clone, Copy, Debug)]
struct Port {
    lit: bool,
    switch: Option<u32>,
}

/// Something that happens once, after others have.
#[derive(Debug)]
struct Act {
    /// What it is about; an interface is none.
    thing: Option<usize>,
    after: u64,
}

/// The acts that lead from live to desired.
#[derive(Debug, Default)]
struct Acts {
    things: Vec<Thing>,
    acts: Vec<Act>,
    ports: BTreeMap<(ServiceId, u64), Port>,
    /// The only interface of the service that is looked at.
    only: Option<u64>,
}

/// Whether some order of everything that has to happen meets every need at every moment.
pub fn can(topology: &Topology, live: &Live, needs: &[Need]) -> bool {
    let acts = Acts::of(topology, live, needs);
    let done = |state: u64| state.count_ones() as usize == acts.acts.len();
    let meets = |state: u64| needs.iter().all(|need| acts.meets(state, need));
    let mut open = if meets(0) { vec![0] } else { Vec::new() };
    let mut seen: HashSet<u64> = HashSet::new();
    while let Some(state) = open.pop() {
        if done(state) {
            return true;
        }
        for (bit, act) in (0_u32..).zip(&acts.acts) {
            let next = state | 1 << bit;
            let is_due = next != state && act.after & state == act.after;
            if is_due && acts.has_room(state, bit, act) && meets(next) && seen.insert(next) {
                open.push(next);
            }
        }
    }
    false
}

impl Acts {
    fn of(topology: &Topology, live: &Live, needs: &[Need]) -> Self {
        let mut acts = Self::default();
        acts.interfaces(topology, live);
        let homes: BTreeMap<ServiceId, &VrackName> = topology
            .entries
            .keys()
            .filter(|at| matches!(at.node, Node::Service(_, ServicePart::Membership)))
            .filter_map(|at| Some((at.service()?, &at.vrack)))
            .collect();
        for service in live.services.keys() {
            acts.pops_of(topology, live, *service, homes.get(service).copied());
        }
        let mut vracks: Vec<&VrackName> =
            needs.iter().filter(|need| matches!(need, Need::Datacenters(..))).map(Need::vrack).collect();
        vracks.dedup();
        for vrack in vracks {
            acts.datacenters_of(topology, live, vrack);
        }
        assert!(acts.acts.len() < 64, "more acts than a state can hold");
        acts
    }

    fn interfaces(&mut self, topology: &Topology, live: &Live) {
        for (address, config) in live.configs.iter().flat_map(|(at, it)| it.iter().map(move |it| (at, it))) {
            let (Some(service), ConfigId::Interface(id)) = (address.service(), &config.id) else { continue };
            let is_enabled = |spec: &Spec| spec.differing_fields(&ENABLED).is_empty();
            let declared = topology.entries.get(address).map_or(&config.spec, |it| &it.spec);
            // What is being unlocked is dark, and what is being locked is as good as dark.
            let lit = config.status == Status::Active && is_enabled(&config.spec);
            let switch = (lit != is_enabled(declared)).then(|| self.act(None, 0));
            self.ports.insert((service, *id), Port { lit, switch });
        }
    }

    fn pops_of(&mut self, topology: &Topology, live: &Live, service: ServiceId, home: Option<&VrackName>) {
        let is_pop = |at: &Address| at.node == Node::Service(service, ServicePart::Pop);
        let mut at_home: Vec<&LiveConfig> = Vec::new();
        let mut gone = 0;
        for (address, configs) in live.configs.iter().filter(|(at, _)| is_pop(at)) {
            let manages_all = topology.vracks.get(&address.vrack).is_some_and(|it| it.manage == Manage::All);
            for config in configs {
                if home == Some(&address.vrack) {
                    at_home.push(config);
                } else if home.is_some() || manages_all {
                    gone |= self.goes(address, config);
                } else {
                    self.stands(address, config);
                }
            }
        }
        let Some(home) = home else { return };
        let address = Address::pop(home.clone(), service);
        let declared = topology.entries.get(&address);
        let only = live.services.get(&service).and_then(|it| match it.interfaces.as_slice() {
            [only] => Some(*only),
            _ => None,
        });
        self.only = only;
        self.settle(&address, declared.map(|it| &it.spec), &at_home, |_| true, gone);
    }

    fn datacenters_of(&mut self, topology: &Topology, live: &Live, vrack: &VrackName) {
        let is_it = |at: &&Address| {
            at.vrack == *vrack && matches!(at.node, Node::Datacenter(_, DatacenterPart::Config))
        };
        let declared = topology.entries.keys().filter(is_it);
        let mut addresses: Vec<&Address> = declared.chain(live.configs.keys().filter(is_it)).collect();
        addresses.sort();
        addresses.dedup();
        for address in addresses {
            let found: Vec<&LiveConfig> = live.configs.get(address).into_iter().flatten().collect();
            let declared = topology.entries.get(address);
            let manages_all = topology.vracks.get(vrack).is_some_and(|it| it.manage == Manage::All);
            if declared.is_none() && !manages_all {
                found.into_iter().for_each(|config| self.stands(address, config));
                continue;
            }
            let peers = peer_asns(topology, address);
            let fits = |config: &LiveConfig| !takes_asn_of_peer(declared, config, &peers);
            self.settle(address, declared.map(|it| &it.spec), &found, fits, 0);
        }
    }

    /// What happens at an address: one that is right stays, the others go, and where none is right one
    /// is made once they are gone, and what `gone` says.
    fn settle(
        &mut self,
        address: &Address,
        desired: Option<&Spec>,
        found: &[&LiveConfig],
        fits: impl Fn(&LiveConfig) -> bool,
        gone: u64,
    ) {
        let is_right = |config: &LiveConfig, status: Status| {
            let is_same = desired.is_some_and(|it| it.differing_fields(&config.spec).is_empty());
            config.status == status && is_same && fits(config)
        };
        let right = |status| found.iter().position(|config| is_right(config, status));
        let kept = right(Status::Active).or_else(|| right(Status::Creating));
        let mut gone = gone;
        for (at, config) in found.iter().enumerate() {
            if kept != Some(at) {
                gone |= self.goes(address, config);
            } else if config.status == Status::Active {
                self.stands(address, config);
            } else {
                self.rises(address, config);
            }
        }
        if let (None, Some(spec)) = (kept, desired) {
            self.comes(address, spec, found, gone);
        }
    }

    fn add(&mut self, address: &Address, spec: &Spec, found: Option<Status>) -> usize {
        let (kind, subnet) = match spec {
            Spec::Pop(Pop::L3 { subnet, .. }) => (Kind::L3Pop, Some(*subnet)),
            Spec::Pop(Pop::L2 { .. }) => (Kind::L2Pop, None),
            Spec::Datacenter(Datacenter::L3 { subnet, .. }) => (Kind::Datacenter, Some(*subnet)),
            other => panic!("neither a PoP nor an l3 datacenter: {other:?}"),
        };
        let vrack = address.vrack.clone();
        let ports = self.ports_at(address, interface(spec));
        self.things.push(Thing { vrack, kind, subnet, ports, found, goes: None, rises: None, comes: None });
        self.things.len() - 1
    }

    fn ports_at(&self, address: &Address, interfaces: impl IntoIterator<Item = u64>) -> Vec<Port> {
        let Some(service) = address.service() else { return Vec::new() };
        interfaces.into_iter().filter_map(|id| self.ports.get(&(service, id)).copied()).collect()
    }

    fn act(&mut self, thing: Option<usize>, after: u64) -> u32 {
        self.acts.push(Act { thing, after });
        u32::try_from(self.acts.len() - 1).unwrap()
    }

    /// Left as it is. What someone else is deleting goes all the same.
    fn stands(&mut self, address: &Address, config: &LiveConfig) {
        if config.status == Status::Deleting {
            self.goes(address, config);
        } else {
            self.add(address, &config.spec, Some(config.status));
        }
    }

    fn goes(&mut self, address: &Address, config: &LiveConfig) -> u64 {
        let thing = self.add(address, &config.spec, Some(config.status));
        // An interface is not unlocked for the sake of what goes.
        for port in &mut self.things[thing].ports {
            port.switch = port.switch.filter(|_| port.lit);
        }
        let bit = self.act(Some(thing), 0);
        self.things[thing].goes = Some(bit);
        1 << bit
    }

    fn rises(&mut self, address: &Address, config: &LiveConfig) {
        let thing = self.add(address, &config.spec, Some(config.status));
        self.things[thing].rises = Some(self.act(Some(thing), 0));
    }

    /// On the interface that is asked for, else the one in use, else the only one; when that is in service,
    /// if it comes to be.
    fn comes(&mut self, address: &Address, spec: &Spec, found: &[&LiveConfig], after: u64) {
        let thing = self.add(address, spec, None);
        let in_use: Vec<u64> = found.iter().filter_map(|config| interface(&config.spec)).collect();
        let on = interface(spec).map_or(in_use, |asked| vec![asked]);
        let on = if on.is_empty() { self.only.into_iter().collect() } else { on };
        let ports = self.ports_at(address, on);
        let unlocks = ports.iter().filter(|port| !port.lit).filter_map(|port| port.switch);
        let after = unlocks.fold(after, |after, unlock| after | 1 << unlock);
        self.things[thing].ports = ports;
        self.things[thing].comes = Some(self.act(Some(thing), after));
    }

    /// Whether what an act makes, if it makes something, has room beside what stands.
    fn has_room(&self, state: u64, bit: u32, act: &Act) -> bool {
        let Some(made) = act.thing.map(|thing| &self.things[thing]) else { return true };
        made.comes != Some(bit)
            || !self.things.iter().filter(|it| it.vrack == made.vrack && it.is_there(state)).any(|it| {
                let both_l2 = it.kind == Kind::L2Pop && made.kind == Kind::L2Pop;
                both_l2 || matches!((it.subnet, made.subnet), (Some(one), Some(other)) if overlap(one, other))
            })
    }

    fn meets(&self, state: u64, need: &Need) -> bool {
        let inside = self.things.iter().filter(|it| it.vrack == *need.vrack());
        let l3_pops = || inside.clone().filter(|it| it.kind == Kind::L3Pop);
        match need {
            Need::Paths(_, least) => l3_pops().filter(|it| it.is_up(state)).count() >= *least,
            Need::Carrier(_) => l3_pops().any(|it| it.is_there(state) && it.found != Some(Status::Deleting)),
            Need::Datacenters(_, least) => {
                let datacenters = inside.filter(|it| it.kind == Kind::Datacenter);
                datacenters.filter(|it| it.is_up(state)).count() >= *least
            }
        }
    }
}

impl Thing {
    fn is_there(&self, state: u64) -> bool {
        let has = |bit: Option<u32>| bit.is_some_and(|bit| state & 1 << bit != 0);
        (self.found.is_some() && !has(self.goes)) || has(self.comes)
    }

    fn is_up(&self, state: u64) -> bool {
        let has_risen = self.rises.is_some_and(|bit| state & 1 << bit != 0);
        let is_lit = |port: &Port| port.lit != port.switch.is_some_and(|bit| state & 1 << bit != 0);
        let is_in_force = matches!(self.found, None | Some(Status::Active)) || has_risen;
        self.is_there(state) && is_in_force && self.ports.iter().all(is_lit)
    }
}

const ENABLED: Spec = Spec::Interface(Interface { state: InterfaceState::Enabled });

fn interface(spec: &Spec) -> Option<u64> {
    match spec {
        Spec::Pop(pop) => pop.interface_id(),
        _ => None,
    }
}

fn peer_asns(topology: &Topology, datacenter: &Address) -> Vec<Asn> {
    let inside = topology.entries.iter().filter(|(at, _)| at.parent().as_ref() == Some(datacenter));
    inside
        .filter_map(|(_, declared)| match &declared.spec {
            Spec::Extra(Extra::Bgp { bgp_neighbor_area }) => Some(*bgp_neighbor_area),
            _ => None,
        })
        .collect()
}

/// Whether a datacenter whose ASN the topology leaves open has the ASN of a peer it shall have.
fn takes_asn_of_peer(declared: Option<&Declaration>, config: &LiveConfig, peers: &[Asn]) -> bool {
    let is_open = matches!(
        declared.map(|it| &it.spec),
        Some(Spec::Datacenter(Datacenter::L3 { ovh_bgp_area: None, .. }))
    );
    match &config.spec {
        Spec::Datacenter(Datacenter::L3 { ovh_bgp_area: Some(asn), .. }) => is_open && peers.contains(asn),
        _ => false,
    }
}
