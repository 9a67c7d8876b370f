//! The desired side of a case: a topology out of small pools, made valid by repair rather than by
//! throwing cases away, and written as the file a person would write.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use proptest::prelude::*;

/// The vRacks of the account. The last one is never declared.
pub const VRACKS: [&str; 4] = ["pn-1", "pn-2", "pn-3", "pn-4"];
/// How many of them a topology may declare.
pub const DECLARED: usize = 3;
/// The services of the account.
pub const SERVICES: usize = 4;
/// The datacenters that are configured somewhere: catalogue ids and names.
pub const DATACENTERS: [(u64, &str); 4] = [(1, "GRA"), (2, "RBX"), (3, "SBG"), (4, "LIM")];

/// Small on purpose: subnets change hands between PoPs, datacenters and routes.
const POP_SUBNETS: [&str; 5] =
    ["10.0.0.0/30", "10.0.0.4/30", "10.0.1.0/30", "172.16.0.0/30", "172.16.0.4/30"];
const DATACENTER_SUBNETS: [&str; 7] = [
    "10.0.0.0/24",
    "10.0.1.0/28",
    "10.1.0.0/24",
    "10.1.0.0/25",
    "10.2.0.0/24",
    "172.16.0.0/16",
    "10.3.0.0/24",
];
const ROUTES: [&str; 8] = [
    "192.168.0.0/24",
    "192.168.0.0/16",
    "10.2.0.0/24",
    "10.0.0.0/24",
    "10.1.0.0/16",
    "172.16.0.0/30",
    "0.0.0.0/0",
    "192.168.7.0/24",
];
const CUSTOMER_ASNS: [u32; 2] = [65001, 65002];
const OVH_ASNS: [u32; 3] = [65010, 65020, 35540];
const PEER_ASNS: [u32; 3] = [65020, 65021, 35540];
/// Hosts of a subnet, counted from its first address, that a peer or a gateway may have.
const HOSTS: [u32; 6] = [4, 5, 6, 7, 8, 9];
const DESCRIPTIONS: [&str; 3] = ["", "a", "b"];

pub fn uuid(service: usize) -> uuid::Uuid {
    uuid::Uuid::from_u128(service as u128 + 1)
}

/// The first two services have two interfaces, the others one.
pub fn interfaces(service: usize) -> Vec<u64> {
    let first = 1000 + 10 * service as u64;
    if service < 2 { vec![first, first + 1] } else { vec![first] }
}

/// Numbers that are taken modulo the pools they choose from.
#[derive(Clone, Debug)]
pub enum RawPop {
    L2 { datacenter: u8, interface: u8 },
    L3 { subnet: u8, customer: u8, ovh: Option<u8>, interface: u8 },
}

#[derive(Clone, Debug)]
pub enum RawExtras {
    Networks(Vec<(u8, u8)>),
    Peers(Vec<(u8, u8)>),
}

#[derive(Clone, Debug)]
pub struct RawDatacenter {
    pub subnet: u8,
    pub ovh: Option<u8>,
    pub extras: RawExtras,
}

#[derive(Clone, Debug)]
pub struct RawService {
    pub vrack: Option<u8>,
    pub description: Option<u8>,
    /// Of each of its interfaces whether it shall be in service, where that is declared.
    pub ports: [Option<bool>; 2],
    pub pop: Option<RawPop>,
}

#[derive(Clone, Debug)]
pub struct RawVrack {
    pub declared: bool,
    pub manage_all: bool,
    pub datacenters: Vec<Option<RawDatacenter>>,
}

#[derive(Clone, Debug)]
pub struct RawTopology {
    pub vracks: Vec<RawVrack>,
    pub services: Vec<RawService>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pop {
    L2 { datacenter: usize, interface: Option<u64> },
    L3 { subnet: Ipv4Net, customer: u32, ovh: Option<u32>, interface: Option<u64> },
}

impl Pop {
    pub fn interface(&self) -> Option<u64> {
        match self {
            Self::L2 { interface, .. } | Self::L3 { interface, .. } => *interface,
        }
    }
}

/// An extra; the host is counted from the first address of its datacenter's subnet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extra {
    Network { prefix: Ipv4Net, host: u32 },
    Peer { host: u32, asn: u32 },
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Datacenter {
    pub subnet: Ipv4Net,
    pub ovh: Option<u32>,
    pub extras: Vec<Extra>,
}

#[derive(Clone, Debug)]
pub struct Service {
    pub vrack: usize,
    pub description: Option<&'static str>,
    /// The interfaces whose state is declared, and whether they shall be in service.
    pub ports: Vec<(u64, bool)>,
    pub pop: Option<Pop>,
}

#[derive(Clone, Debug)]
pub struct Vrack {
    pub manage_all: bool,
    pub datacenters: [Option<Datacenter>; DATACENTERS.len()],
}

/// A valid topology.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub vracks: [Option<Vrack>; DECLARED],
    pub services: [Option<Service>; SERVICES],
}

pub fn pick<T: Copy>(pool: &[T], number: u8) -> T {
    pool[usize::from(number) % pool.len()]
}

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

pub fn host(subnet: Ipv4Net, host: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(subnet.network()) + host)
}

pub fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

impl RawPop {
    /// As it would be in the live state, or in the topology before repair.
    pub fn read(&self, service: usize, choose_interface: bool) -> Pop {
        let all = interfaces(service);
        let interface = |number: &u8| {
            (choose_interface || !number.is_multiple_of(3) || all.len() > 1).then(|| pick(&all, *number))
        };
        match self {
            Self::L2 { datacenter, interface: number } => Pop::L2 {
                datacenter: usize::from(*datacenter) % DATACENTERS.len(),
                interface: interface(number),
            },
            Self::L3 { subnet, customer, ovh, interface: number } => Pop::L3 {
                subnet: net(pick(&POP_SUBNETS, *subnet)),
                customer: pick(&CUSTOMER_ASNS, *customer),
                ovh: ovh.map(|number| pick(&OVH_ASNS, number)),
                interface: interface(number),
            },
        }
    }
}

impl RawExtras {
    pub fn read(&self) -> Vec<Extra> {
        match self {
            Self::Networks(routes) => routes
                .iter()
                .map(|(prefix, host)| Extra::Network {
                    prefix: net(pick(&ROUTES, *prefix)),
                    host: pick(&HOSTS, *host),
                })
                .collect(),
            Self::Peers(peers) => peers
                .iter()
                .map(|(host, asn)| Extra::Peer { host: pick(&HOSTS, *host), asn: pick(&PEER_ASNS, *asn) })
                .collect(),
        }
    }
}

impl RawDatacenter {
    pub fn read(&self) -> Datacenter {
        Datacenter {
            subnet: net(pick(&DATACENTER_SUBNETS, self.subnet)),
            ovh: self.ovh.map(|number| pick(&OVH_ASNS, number)),
            extras: self.extras.read(),
        }
    }
}

/// The first of `pool` from `wanted` on that overlaps nothing in `taken`.
fn free(pool: &[&str], wanted: Ipv4Net, taken: &[Ipv4Net]) -> Option<Ipv4Net> {
    let start = pool.iter().position(|text| net(text) == wanted).unwrap_or(0);
    let turned = pool[start..].iter().chain(&pool[..start]).map(|text| net(text));
    turned.into_iter().find(|candidate| !taken.iter().any(|other| overlap(*other, *candidate)))
}

/// What breaks a rule of topologies is changed until it does not, or left out.
pub fn repair(raw: &RawTopology) -> Wanted {
    let declared = |vrack: usize| vrack == 0 || raw.vracks[vrack].declared;
    let mut services: [Option<Service>; SERVICES] = Default::default();
    for (number, service) in raw.services.iter().enumerate() {
        let Some(vrack) = service.vrack.map(|it| usize::from(it) % DECLARED).filter(|it| declared(*it))
        else {
            continue;
        };
        let pop = service.pop.as_ref().map(|pop| pop.read(number, false));
        let description = service.description.map(|it| pick(&DESCRIPTIONS, it));
        let ports = interfaces(number).into_iter().zip(service.ports);
        let ports = ports.filter_map(|(interface, enabled)| Some((interface, enabled?))).collect();
        services[number] = Some(Service { vrack, description, ports, pop });
    }
    let mut vracks: [Option<Vrack>; DECLARED] = Default::default();
    for (number, vrack) in raw.vracks.iter().enumerate().filter(|(number, _)| declared(*number)) {
        let read = |slot: usize| vrack.datacenters.get(slot)?.as_ref().map(RawDatacenter::read);
        let mut datacenters = [0, 1, 2, 3].map(read);
        let inside: Vec<&mut Service> =
            services.iter_mut().flatten().filter(|service| service.vrack == number).collect();
        repair_vrack(inside, &mut datacenters, vrack.manage_all);
        vracks[number] = Some(Vrack { manage_all: vrack.manage_all, datacenters });
    }
    Wanted { vracks, services }
}

fn repair_vrack(
    services: Vec<&mut Service>,
    datacenters: &mut [Option<Datacenter>; DATACENTERS.len()],
    manage_all: bool,
) {
    let mut connected: Vec<Ipv4Net> = Vec::new();
    let (mut has_l2, mut has_l3) = (false, false);
    for service in services {
        match &mut service.pop {
            Some(Pop::L2 { .. }) if has_l2 => service.pop = None,
            Some(Pop::L2 { .. }) => has_l2 = true,
            Some(Pop::L3 { subnet, .. }) => match free(&POP_SUBNETS, *subnet, &connected) {
                Some(found) => {
                    *subnet = found;
                    connected.push(found);
                    has_l3 = true;
                }
                None => service.pop = None,
            },
            None => {}
        }
    }
    for slot in &mut *datacenters {
        let Some(datacenter) = slot else { continue };
        match free(&DATACENTER_SUBNETS, datacenter.subnet, &connected) {
            // Reached through an undeclared PoP, or not at all: no plan is made then, so let it be rare.
            Some(found)
                if has_l3 || (!manage_all && datacenter.ovh.is_none() && datacenter.extras.len() == 1) =>
            {
                datacenter.subnet = found;
                connected.push(found);
            }
            _ => *slot = None,
        }
    }
    for datacenter in datacenters.iter_mut().flatten() {
        repair_extras(datacenter, &connected);
    }
}

fn repair_extras(datacenter: &mut Datacenter, connected: &[Ipv4Net]) {
    let mut kept: Vec<Extra> = Vec::new();
    for extra in &datacenter.extras {
        match *extra {
            Extra::Network { prefix, .. } => {
                let meets = prefix.prefix_len() > 0 && connected.iter().any(|other| overlap(*other, prefix));
                let twice = kept
                    .iter()
                    .any(|it| matches!(it, Extra::Network { prefix: other, .. } if *other == prefix));
                if !meets && !twice {
                    kept.push(*extra);
                }
            }
            Extra::Peer { host, asn } => {
                let twice =
                    kept.iter().any(|it| matches!(it, Extra::Peer { host: other, .. } if *other == host));
                let asn = match datacenter.ovh {
                    Some(ovh) if ovh == asn => 65099,
                    // The ASN that OVHcloud assigns: no plan is made then, so let it be rare.
                    None if asn == 35540 && host != HOSTS[5] => 65021,
                    _ => asn,
                };
                if !twice && kept.len() < 4 {
                    kept.push(Extra::Peer { host, asn });
                }
            }
        }
    }
    datacenter.extras = kept;
}

/// The topology file.
pub fn text(wanted: &Wanted) -> String {
    let mut out = "version: 1\nvracks:\n".to_owned();
    for (number, vrack) in wanted.vracks.iter().enumerate() {
        let Some(vrack) = vrack else { continue };
        let manage = if vrack.manage_all { "all" } else { "declared" };
        _ = writeln!(out, "  {}:\n    manage: {manage}", VRACKS[number]);
        let inside: Vec<(usize, &Service)> = wanted
            .services
            .iter()
            .enumerate()
            .filter_map(|(at, service)| Some((at, service.as_ref().filter(|it| it.vrack == number)?)))
            .collect();
        if !inside.is_empty() {
            out.push_str("    services:\n");
        }
        for (at, service) in inside {
            service_text(&mut out, at, service);
        }
        if vrack.datacenters.iter().flatten().next().is_some() {
            out.push_str("    datacenters:\n");
        }
        for (slot, datacenter) in vrack.datacenters.iter().enumerate() {
            if let Some(datacenter) = datacenter {
                datacenter_text(&mut out, slot, datacenter);
            }
        }
    }
    out
}

fn optional<T: std::fmt::Display>(name: &str, value: Option<T>) -> String {
    value.map(|value| format!(", {name}: {value}")).unwrap_or_default()
}

fn service_text(out: &mut String, at: usize, service: &Service) {
    _ = writeln!(out, "      {}:", uuid(at));
    if let Some(description) = service.description {
        _ = writeln!(out, "        description: \"{description}\"");
    }
    let item = |(interface, enabled): &(u64, bool)| {
        let state = if *enabled { "enabled" } else { "disabled" };
        // What is the only one, or the PoP's, need not be named.
        let is_plain =
            interfaces(at).len() == 1 || service.pop.as_ref().and_then(Pop::interface) == Some(*interface);
        let id = if is_plain { String::new() } else { format!("interfaceId: {interface}, ") };
        format!("{{{id}state: {state}}}")
    };
    match service.ports.as_slice() {
        [] => {}
        [one] => _ = writeln!(out, "        interface: {}", item(one)),
        several => {
            let items: Vec<String> = several.iter().map(item).collect();
            _ = writeln!(out, "        interface: [{}]", items.join(", "));
        }
    }
    match &service.pop {
        None if service.description.is_none() && service.ports.is_empty() => {
            // A service without a field is written as an empty mapping.
            let end = out.len() - 1;
            out.replace_range(end.., " {}\n");
        }
        None => {}
        Some(Pop::L2 { datacenter, interface }) => {
            let name = DATACENTERS[*datacenter].1;
            let interface = optional("interfaceId", *interface);
            _ = writeln!(out, "        pop: {{type: l2, datacenter: {name}{interface}}}");
        }
        Some(Pop::L3 { subnet, customer, ovh, interface }) => {
            let (ovh, interface) = (optional("ovhBgpArea", *ovh), optional("interfaceId", *interface));
            _ = writeln!(
                out,
                "        pop: {{type: l3, customerBgpArea: {customer}, subnet: {subnet}{ovh}{interface}}}"
            );
        }
    }
}

fn datacenter_text(out: &mut String, slot: usize, datacenter: &Datacenter) {
    let Datacenter { subnet, ovh, extras } = datacenter;
    _ = writeln!(out, "      {}:\n        subnet: {subnet}", DATACENTERS[slot].1);
    if let Some(ovh) = ovh {
        _ = writeln!(out, "        ovhBgpArea: {ovh}");
    }
    if !extras.is_empty() {
        out.push_str("        extra:\n");
    }
    for extra in extras {
        _ = match extra {
            Extra::Network { prefix, host: at } => {
                let hop = host(*subnet, *at);
                writeln!(out, "          - {{type: network, subnet: {prefix}, nextHop: {hop}}}")
            }
            Extra::Peer { host: at, asn } => {
                let peer = host(*subnet, *at);
                writeln!(out, "          - {{type: bgp, bgpNeighborArea: {asn}, bgpNeighborIp: {peer}}}")
            }
        };
    }
}

/// What a family of cases is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// How many vRacks a topology may declare.
    pub vracks: usize,
    /// Whether services are found in another vRack than their own.
    pub moves: bool,
}

pub fn raw_pop() -> impl Strategy<Value = RawPop> {
    prop_oneof![
        5 => (0..5u8, 0..2u8, proptest::option::weighted(0.6, 0..3u8), 0..6u8).prop_map(
            |(subnet, customer, ovh, interface)| RawPop::L3 { subnet, customer, ovh, interface }
        ),
        1 => (0..4u8, 0..6u8).prop_map(|(datacenter, interface)| RawPop::L2 { datacenter, interface }),
    ]
}

pub fn raw_extras() -> impl Strategy<Value = RawExtras> {
    prop_oneof![
        Just(RawExtras::Networks(Vec::new())),
        proptest::collection::vec((0..8u8, 0..3u8), 1..4).prop_map(RawExtras::Networks),
        proptest::collection::vec((0..6u8, 0..3u8), 1..5).prop_map(RawExtras::Peers),
    ]
}

pub fn raw_datacenter() -> impl Strategy<Value = RawDatacenter> {
    (0..7u8, proptest::option::weighted(0.7, 0..3u8), raw_extras())
        .prop_map(|(subnet, ovh, extras)| RawDatacenter { subnet, ovh, extras })
}

fn port() -> impl Strategy<Value = Option<bool>> {
    proptest::option::weighted(0.25, proptest::bool::weighted(0.6))
}

fn raw_service(profile: Profile) -> impl Strategy<Value = RawService> {
    let vracks = u8::try_from(profile.vracks).unwrap();
    (
        proptest::option::weighted(0.85, 0..vracks),
        proptest::option::weighted(0.2, 0..3u8),
        [port(), port()],
        proptest::option::weighted(0.85, raw_pop()),
    )
        .prop_map(|(vrack, description, ports, pop)| RawService { vrack, description, ports, pop })
}

fn raw_vrack() -> impl Strategy<Value = RawVrack> {
    let datacenters = proptest::collection::vec(proptest::option::weighted(0.45, raw_datacenter()), 4);
    (proptest::bool::weighted(0.85), proptest::bool::weighted(0.7), datacenters)
        .prop_map(|(declared, manage_all, datacenters)| RawVrack { declared, manage_all, datacenters })
}

pub fn raw_topology(profile: Profile) -> impl Strategy<Value = RawTopology> {
    let vracks = proptest::collection::vec(raw_vrack(), DECLARED).prop_map(move |mut vracks| {
        for vrack in vracks.iter_mut().skip(profile.vracks) {
            vrack.declared = false;
        }
        vracks
    });
    (vracks, proptest::collection::vec(raw_service(profile), SERVICES))
        .prop_map(|(vracks, services)| RawTopology { vracks, services })
}
