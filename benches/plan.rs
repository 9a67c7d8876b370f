//! How long it takes to compare and to order, by the number of resources: `cargo bench --bench plan`.
//!
//! A resource is an address: a membership, a PoP, a datacenter or an extra. Most topologies are of
//! vRacks with two services, four datacenters and eleven extras each, which makes 19 resources a vRack;
//! the last ones put everything into one vRack of 16 services and 40 datacenters.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use divan::{Bencher, counter::ItemsCount};
use ipnet::Ipv4Net;
use ovhconnect::diagnostic::{SourceId, Span};
use ovhconnect::diff::Goal;
use ovhconnect::live::{ConfigId, Live, LiveConfig, LiveService, LiveVrack, Offer, PopKey, Status};
use ovhconnect::plan::Plan;
use ovhconnect::topology::{
    Address, Asn, Datacenter, Declaration, Extra, Manage, Membership, Pop, ServiceId, Spec, Topology,
    VrackDeclaration, VrackName,
};
use uuid::Uuid;

#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const PER_VRACK: usize = 19;
const DATACENTERS: [&str; 4] = ["GRA", "RBX", "SBG", "LIM"];
const SPAN: Span = Span { source: SourceId(0), start: 0, end: 0 };

/// A topology of about `size` resources.
fn topology(size: usize) -> Topology {
    let mut topology = Topology::default();
    for number in 0..size.div_ceil(PER_VRACK) {
        let vrack: VrackName = format!("pn-{number}").parse().expect("a name");
        let declaration = VrackDeclaration { manage: Manage::All, protect: false, span: SPAN };
        topology.vracks.insert(vrack.clone(), declaration);
        let mut declare = |address: Address, spec: Spec| {
            topology
                .entries
                .insert(address, Declaration { spec, protect: false, span: SPAN, interface_id: None });
        };
        for which in 0..2_u8 {
            let service = service(number, which);
            declare(Address::membership(vrack.clone(), service), Spec::Membership(Membership::default()));
            declare(Address::pop(vrack.clone(), service), Spec::Pop(pop(which, 65001)));
        }
        for (which, name) in (1_u8..).zip(DATACENTERS) {
            let name: ovhconnect::topology::DatacenterName = name.parse().expect("a name");
            let subnet = net(Ipv4Addr::new(10, which, 0, 0), 24);
            let spec = Datacenter::L3 { ovh_bgp_area: Some(Asn(65010)), subnet };
            declare(Address::datacenter(vrack.clone(), name.clone()), Spec::Datacenter(spec));
            // Eleven in all: three datacenters with three routes, one with two peers.
            for extra in 0..if which < 4 { 3 } else { 2_u8 } {
                let host = Ipv4Addr::new(10, which, 0, 10 + extra);
                if which < 4 {
                    let prefix = net(Ipv4Addr::new(192, 168, which * 16 + extra, 0), 24);
                    let spec = Spec::Extra(Extra::Network { next_hop: host });
                    declare(Address::network(vrack.clone(), name.clone(), prefix), spec);
                } else {
                    let spec = Spec::Extra(Extra::Bgp { bgp_neighbor_area: Asn(65020) });
                    declare(Address::bgp(vrack.clone(), name.clone(), host), spec);
                }
            }
        }
    }
    topology
}

fn net(address: Ipv4Addr, length: u8) -> Ipv4Net {
    Ipv4Net::new(address, length).expect("a prefix length")
}

fn service(vrack: usize, which: u8) -> ServiceId {
    Uuid::from_u128((vrack as u128) << 8 | u128::from(which)).into()
}

fn pop(which: u8, customer: u32) -> Pop {
    Pop::L3 {
        interface_id: None,
        customer_bgp_area: Asn(customer),
        ovh_bgp_area: Some(Asn(65002)),
        subnet: net(Ipv4Addr::new(172, 16, which, 0), 30),
    }
}

/// Live state in which everything of `topology` stands, or nothing but the services.
fn live(topology: &Topology, configured: bool) -> Live {
    let mut live = Live::default();
    let names: BTreeSet<_> = topology.entries.keys().filter_map(Address::datacenter_name).collect();
    for (id, name) in (1..).zip(names) {
        live.catalogue.insert(id, Offer { name: name.to_string(), available: true });
    }
    for vrack in topology.vracks.keys() {
        live.vracks.insert(vrack.clone(), LiveVrack::default());
    }
    let mut pops: BTreeMap<VrackName, PopKey> = BTreeMap::new();
    for (number, (address, entry)) in (1..).zip(&topology.entries) {
        let id = match &entry.spec {
            Spec::Membership(_) => {
                let service = LiveService {
                    vrack: configured.then(|| address.vrack.clone()),
                    description: String::new(),
                    closed: false,
                    interfaces: vec![1],
                    pop: None,
                    bandwidth: None,
                    provider: None,
                    tasks: Vec::new(),
                };
                live.services.extend(address.service().map(|id| (id, service)));
                continue;
            }
            Spec::Interface(_) => ConfigId::Interface(1),
            Spec::Pop(_) => {
                let service = address.service().expect("a PoP is of a service");
                let key = PopKey { service, id: number };
                pops.entry(address.vrack.clone()).or_insert(key);
                ConfigId::Pop(key)
            }
            Spec::Datacenter(_) => ConfigId::Datacenter(BTreeMap::from([(pops[&address.vrack], number)])),
            Spec::Extra(_) => {
                let datacenter =
                    address.parent().and_then(|parent| live.configs.get(&parent)?.first().cloned());
                let datacenter = datacenter.map_or(0, |config| config.id.lowest());
                ConfigId::Extra { via: pops[&address.vrack], datacenter, id: number }
            }
        };
        // Even where nothing is configured the numbers are needed to make the next ones.
        let config = LiveConfig { spec: entry.spec.clone(), status: Status::Active, id };
        live.configs.entry(address.clone()).or_default().push(config);
    }
    if !configured {
        live.configs.clear();
    }
    live
}

fn bench(bencher: Bencher<'_, '_>, desired: &Topology, live: &Live, goal: Goal) {
    let count = ItemsCount::new(desired.entries.len());
    bencher.counter(count).bench(|| Plan::make(desired, live, goal).expect("a plan"));
}

/// Nothing is configured: everything is created.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn create_everything(bencher: Bencher<'_, '_>, size: usize) {
    let desired = topology(size);
    let live = live(&desired, false);
    bench(bencher, &desired, &live, Goal::Apply);
}

/// Everything is right: nothing is found.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn find_nothing(bencher: Bencher<'_, '_>, size: usize) {
    let desired = topology(size);
    let live = live(&desired, true);
    bench(bencher, &desired, &live, Goal::Apply);
}

/// Every PoP differs: each vRack rolls.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn roll_every_pop(bencher: Bencher<'_, '_>, size: usize) {
    let mut desired = topology(size);
    let live = live(&desired, true);
    for entry in desired.entries.values_mut() {
        if let Spec::Pop(Pop::L3 { customer_bgp_area, .. }) = &mut entry.spec {
            *customer_bgp_area = Asn(65003);
        }
    }
    bench(bencher, &desired, &live, Goal::Apply);
}

/// Every datacenter differs: all its extras go down and come back with it.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn replace_every_datacenter(bencher: Bencher<'_, '_>, size: usize) {
    let mut desired = topology(size);
    let live = live(&desired, true);
    for entry in desired.entries.values_mut() {
        if let Spec::Datacenter(Datacenter::L3 { ovh_bgp_area, .. }) = &mut entry.spec {
            *ovh_bgp_area = Some(Asn(65011));
        }
    }
    bench(bencher, &desired, &live, Goal::Apply);
}

/// Everything goes.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn destroy_everything(bencher: Bencher<'_, '_>, size: usize) {
    let desired = topology(size);
    let live = live(&desired, true);
    bench(bencher, &desired, &live, Goal::Destroy);
}

/// Every service moves on to the next vRack, and the last one's to the first: everything hangs together.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn move_every_service(bencher: Bencher<'_, '_>, size: usize) {
    let desired = topology(size);
    let mut live = live(&desired, true);
    let vracks: Vec<VrackName> = desired.vracks.keys().cloned().collect();
    let next: BTreeMap<&VrackName, &VrackName> = vracks.iter().zip(vracks.iter().cycle().skip(1)).collect();
    for service in live.services.values_mut() {
        service.vrack = service.vrack.as_ref().map(|vrack| next[vrack].clone());
    }
    let configs = std::mem::take(&mut live.configs).into_iter();
    live.configs =
        configs.map(|(at, found)| (Address { vrack: next[&at.vrack].clone(), ..at }, found)).collect();
    bench(bencher, &desired, &live, Goal::Apply);
}

/// One vRack of about `size` resources, nearly all of them static routes; `first` says of each
/// datacenter at which of its routes it begins.
fn one_vrack(size: usize, first: usize) -> Topology {
    const DATACENTERS: usize = 40;
    let mut topology = Topology::default();
    let vrack: VrackName = "pn-1".parse().expect("a name");
    let declaration = VrackDeclaration { manage: Manage::All, protect: false, span: SPAN };
    topology.vracks.insert(vrack.clone(), declaration);
    let mut declare = |address: Address, spec: Spec| {
        topology
            .entries
            .insert(address, Declaration { spec, protect: false, span: SPAN, interface_id: None });
    };
    for which in 0..16_u8 {
        let service = service(1, which);
        declare(Address::membership(vrack.clone(), service), Spec::Membership(Membership::default()));
        declare(Address::pop(vrack.clone(), service), Spec::Pop(pop(which, 65001)));
    }
    for which in 0..DATACENTERS {
        let name: ovhconnect::topology::DatacenterName = format!("DC{which}").parse().expect("a name");
        let base = Ipv4Addr::new(172, 20, u8::try_from(which).expect("few"), 0);
        let spec = Datacenter::L3 { ovh_bgp_area: Some(Asn(65010)), subnet: net(base, 24) };
        declare(Address::datacenter(vrack.clone(), name.clone()), Spec::Datacenter(spec));
        for route in first..first + size / DATACENTERS {
            let number = u32::try_from(which * 8192 + route).expect("few");
            let prefix = net(Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 0, 0, 0)) + number * 16), 28);
            let spec = Spec::Extra(Extra::Network { next_hop: Ipv4Addr::from(u32::from(base) + 10) });
            declare(Address::network(vrack.clone(), name.clone(), prefix), spec);
        }
    }
    topology
}

/// One vRack: every PoP and every datacenter differs.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn replace_all_of_one_vrack(bencher: Bencher<'_, '_>, size: usize) {
    let mut desired = one_vrack(size, 0);
    let live = live(&desired, true);
    for entry in desired.entries.values_mut() {
        match &mut entry.spec {
            Spec::Pop(Pop::L3 { customer_bgp_area: asn, .. }) => *asn = Asn(65003),
            Spec::Datacenter(Datacenter::L3 { ovh_bgp_area, .. }) => *ovh_bgp_area = Some(Asn(65011)),
            _ => {}
        }
    }
    bench(bencher, &desired, &live, Goal::Apply);
}

/// One vRack: every other route goes and as many others come.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn exchange_routes_of_one_vrack(bencher: Bencher<'_, '_>, size: usize) {
    let before = one_vrack(size, 0);
    let desired = one_vrack(size, size / 80);
    bench(bencher, &desired, &live(&before, true), Goal::Apply);
}
