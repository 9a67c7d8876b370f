//! The live side of a case: a simulated account brought into its state by calls of the API, so that
//! it is one the API could hold. Only duplicates are put there behind its back.

use std::time::Duration;

use ovhconnect::api::wire::{
    ConfigStatus, ExtraType, NewDatacenterConfig, NewExtraConfig, NewPopConfig, PopConfig, PopType,
};
use ovhconnect::sim::account::{InterfaceEntry, ServiceEntry, VrackEntry};
use ovhconnect::sim::{Account, Fate, Options, PortStatus, Refusal, Seed, World};
use proptest::prelude::*;

use super::wanted::{
    DATACENTERS, Datacenter, Extra, Pop, Profile, RawDatacenter, RawExtras, RawPop, SERVICES, VRACKS, Wanted,
    host, interfaces, pick, raw_datacenter, raw_extras, raw_pop, uuid,
};

/// What is found where the topology declares something.
#[derive(Clone, Debug)]
pub enum Like<T> {
    /// The same.
    Same,
    /// Nothing.
    Nothing,
    /// Something else.
    Other(T),
}

impl<T> Like<T> {
    fn of<U: Clone>(&self, wanted: Option<&U>, read: impl FnOnce(&T) -> U) -> Option<U> {
        match self {
            Self::Same => wanted.cloned(),
            Self::Nothing => None,
            Self::Other(other) => Some(read(other)),
        }
    }
}

#[derive(Clone, Debug)]
pub struct RawLiveService {
    vrack: Like<u8>,
    description: Like<u8>,
    pop: Like<RawPop>,
    stuck: bool,
    /// Of each of its interfaces whether it is locked, if its state is declared.
    locked: [bool; 2],
}

#[derive(Clone, Debug)]
enum RawLiveExtras {
    /// Of the declared ones, by two bits each: left, changed, missing; and others.
    Mixed(u8, RawExtras),
    Other(RawExtras),
}

#[derive(Clone, Debug)]
pub struct RawLiveDatacenter {
    base: Like<RawDatacenter>,
    extras: RawLiveExtras,
    stuck: bool,
    stuck_extras: u8,
}

#[derive(Clone, Debug)]
enum Duplicate {
    Pop(u8, Option<RawPop>),
    Datacenter(u8, u8, Option<RawDatacenter>),
    Extra(u8, u8, u8),
    L2Datacenter(u8, u8),
}

/// A call that someone else made shortly before.
#[derive(Clone, Debug)]
enum Call {
    CreatePop(u8, Like<RawPop>),
    DeletePop(u8),
    CreateDatacenter(u8, u8, Like<RawDatacenter>),
    DeleteDatacenter(u8, u8),
    CreateExtras(u8, u8, Option<RawExtras>),
    DeleteExtra(u8, u8, u8),
    CreateL2Datacenter(u8, u8),
    DeleteL2Datacenter(u8),
    Lock(u8),
    Unlock(u8),
    Attach(u8, Like<u8>),
    Detach(u8),
}

#[derive(Clone, Debug)]
struct Late {
    call: Call,
    duration: u8,
    then: u8,
}

#[derive(Clone, Debug)]
pub struct RawLive {
    services: Vec<RawLiveService>,
    /// By vRack, by datacenter.
    datacenters: Vec<Vec<RawLiveDatacenter>>,
    duplicates: Vec<Duplicate>,
    late: Vec<Late>,
    unavailable: Option<u8>,
}

const DURATIONS: [u64; 4] = [4, 12, 40, 90];
const PAUSES: [u64; 4] = [0, 1, 7, 30];

/// The options of the account while others work on it.
fn patient() -> Options {
    Options::default()
}

pub fn pop_body(pop: &Pop, service: usize) -> NewPopConfig {
    let interface = |asked: &Option<u64>| asked.unwrap_or(interfaces(service)[0]);
    match pop {
        Pop::L2 { interface: asked, .. } => NewPopConfig {
            interface_id: interface(asked),
            kind: PopType::L2,
            customer_bgp_area: None,
            ovh_bgp_area: None,
            subnet: None,
        },
        Pop::L3 { subnet, customer, ovh, interface: asked } => NewPopConfig {
            interface_id: interface(asked),
            kind: PopType::L3,
            customer_bgp_area: Some(*customer),
            ovh_bgp_area: *ovh,
            subnet: Some(subnet.to_string()),
        },
    }
}

fn datacenter_body(slot: usize, datacenter: &Datacenter) -> NewDatacenterConfig {
    NewDatacenterConfig {
        datacenter_id: DATACENTERS[slot].0,
        ovh_bgp_area: datacenter.ovh,
        subnet: Some(datacenter.subnet.to_string()),
    }
}

fn l2_datacenter_body(slot: usize) -> NewDatacenterConfig {
    NewDatacenterConfig { datacenter_id: DATACENTERS[slot].0, ovh_bgp_area: None, subnet: None }
}

fn extra_body(subnet: ipnet::Ipv4Net, extra: &Extra) -> NewExtraConfig {
    match extra {
        Extra::Network { prefix, host: at } => NewExtraConfig {
            kind: ExtraType::Network,
            bgp_neighbor_area: None,
            bgp_neighbor_ip: None,
            next_hop: Some(host(subnet, *at).to_string()),
            subnet: Some(prefix.to_string()),
        },
        Extra::Peer { host: at, asn } => NewExtraConfig {
            kind: ExtraType::Bgp,
            bgp_neighbor_area: Some(*asn),
            bgp_neighbor_ip: Some(host(subnet, *at).to_string()),
            next_hop: None,
            subnet: None,
        },
    }
}

/// The account, brought into its state. What the API refuses on the way is left out.
pub fn account(wanted: &Wanted, raw: &RawLive) -> World {
    let mut maker = Maker { world: empty(wanted, raw), wanted };
    maker.pops(raw);
    maker.datacenters(raw);
    maker.locks(raw);
    maker.duplicates(raw);
    for late in &raw.late {
        maker.late(late);
    }
    if let Some(slot) = raw.unavailable {
        maker.world.set_available(pick(&DATACENTERS, slot).0, false);
    }
    maker.world
}

fn empty(wanted: &Wanted, raw: &RawLive) -> World {
    let mut account = Account { vracks: VRACKS.map(VrackEntry::new).into(), ..Account::default() };
    for (number, live) in raw.services.iter().enumerate().take(SERVICES) {
        let declared = wanted.services[number].as_ref();
        let home = declared.map(|service| service.vrack);
        let vrack = live.vrack.of(home.as_ref(), |other| usize::from(*other) % VRACKS.len());
        let said = declared.and_then(|service| service.description);
        let description = live.description.of(said.as_ref(), |other| pick(&["a", "c"], *other));
        let mut entry = ServiceEntry::new(uuid(number), 0);
        entry.interfaces = interfaces(number).into_iter().map(InterfaceEntry::Id).collect();
        entry.vrack = vrack.map(|vrack| VRACKS[vrack].to_owned());
        entry.description = description.unwrap_or_default().to_owned();
        account.services.push(entry);
    }
    World::new(&account, patient()).unwrap()
}

struct Maker<'a> {
    world: World,
    wanted: &'a Wanted,
}

impl Maker<'_> {
    fn pops(&mut self, raw: &RawLive) {
        for (service, live) in raw.services.iter().enumerate() {
            let declared = self.wanted.services[service].as_ref().and_then(|it| it.pop.as_ref());
            let Some(pop) = live.pop.of(declared, |other| other.read(service, true)) else { continue };
            let body = pop_body(&pop, service);
            self.attempt(live.stuck, |world| world.create_pop(uuid(service), &body));
        }
        self.world.settle();
        for (service, live) in raw.services.iter().enumerate() {
            let declared = self.wanted.services[service].as_ref().and_then(|it| it.pop.as_ref());
            let read = live.pop.of(declared, |other| other.read(service, true));
            if let Some(Pop::L2 { datacenter, .. }) = read {
                self.create_l2_datacenter(service, datacenter);
            }
        }
        self.world.settle();
    }

    /// Makes a call whose task is to fail, or not. A refused call leaves nothing behind, its fate neither.
    fn attempt<T>(&mut self, fails: bool, call: impl FnOnce(&mut World) -> Result<T, Refusal>) {
        let mut world = self.world.clone();
        if fails {
            world.fate_of_next_task(Fate::Error);
        }
        if call(&mut world).is_ok() {
            self.world = world;
        }
    }

    fn create_l2_datacenter(&mut self, service: usize, slot: usize) {
        let pops = self.world.pops(uuid(service)).unwrap();
        if let Some(pop) = pops.iter().find(|pop| pop.kind == PopType::L2) {
            _ = self.world.create_datacenter(uuid(service), pop.id, &l2_datacenter_body(slot));
        }
    }

    /// Of an interface whose state is not declared no plan can know whether it is locked: those are not.
    fn locks(&mut self, raw: &RawLive) {
        for (service, live) in raw.services.iter().enumerate() {
            let locked = interfaces(service).into_iter().zip(live.locked).filter(|(_, locked)| *locked);
            let known: Vec<u64> =
                locked.map(|(it, _)| it).filter(|it| self.is_declared(service, *it)).collect();
            for interface in known {
                self.world.set_port_status(interface, PortStatus::Disabled);
            }
        }
    }

    fn is_declared(&self, service: usize, interface: u64) -> bool {
        let declared = self.wanted.services[service].as_ref();
        declared.is_some_and(|it| it.ports.iter().any(|(id, _)| *id == interface))
    }

    /// A PoP through which calls go in a vRack, and the ids of the datacenters it shows.
    fn office(&self, vrack: usize) -> Option<(uuid::Uuid, u64)> {
        let services = (0..SERVICES).map(uuid);
        let members = services
            .filter(|id| self.world.service(*id).is_ok_and(|it| it.vrack.as_deref() == Some(VRACKS[vrack])));
        let mut pops = members.flat_map(|id| {
            let pops = self.world.pops(id).unwrap();
            pops.into_iter().map(move |pop| (id, pop))
        });
        let up = pops.find(|(_, pop)| pop.kind == PopType::L3 && pop.status == ConfigStatus::Active);
        up.map(|(id, pop)| (id, pop.id))
    }

    fn live_datacenter(&self, vrack: usize, slot: usize) -> Option<(uuid::Uuid, u64, u64, ipnet::Ipv4Net)> {
        let (service, pop) = self.office(vrack)?;
        let listed = self.world.datacenters(service, pop).unwrap();
        let found = listed.into_iter().find(|it| it.datacenter_id == DATACENTERS[slot].0)?;
        Some((service, pop, found.id, found.subnet?.parse().ok()?))
    }

    fn datacenters(&mut self, raw: &RawLive) {
        let slots =
            || (0..VRACKS.len()).flat_map(|vrack| (0..DATACENTERS.len()).map(move |slot| (vrack, slot)));
        let declared = |wanted: &Wanted, vrack: usize, slot: usize| -> Option<Datacenter> {
            wanted.vracks.get(vrack)?.as_ref()?.datacenters[slot].clone()
        };
        for (vrack, slot) in slots() {
            let Some(live) = raw.datacenters.get(vrack).and_then(|row| row.get(slot)) else { continue };
            let read = live.base.of(declared(self.wanted, vrack, slot).as_ref(), RawDatacenter::read);
            let (Some(datacenter), Some((service, pop))) = (read, self.office(vrack)) else { continue };
            let body = datacenter_body(slot, &datacenter);
            self.attempt(live.stuck, |world| world.create_datacenter(service, pop, &body));
        }
        self.world.settle();
        for (vrack, slot) in slots() {
            let Some(live) = raw.datacenters.get(vrack).and_then(|row| row.get(slot)) else { continue };
            let wanted = declared(self.wanted, vrack, slot).map(|it| it.extras).unwrap_or_default();
            let extras = live.extras.read(&wanted);
            let Some((service, pop, id, subnet)) = self.live_datacenter(vrack, slot) else { continue };
            for (number, extra) in extras.iter().enumerate() {
                let fails = live.stuck_extras >> (number % 8) & 1 == 1;
                let body = extra_body(subnet, extra);
                self.attempt(fails, |world| world.create_extra(service, pop, id, &body));
            }
        }
        self.world.settle();
    }

    fn duplicates(&mut self, raw: &RawLive) {
        for duplicate in &raw.duplicates {
            match duplicate {
                Duplicate::Pop(service, other) => {
                    let service = usize::from(*service) % SERVICES;
                    let pops = self.world.pops(uuid(service)).unwrap();
                    let Some(first) = pops.first() else { continue };
                    let body = match other {
                        Some(other) => pop_body(&other.read(service, true), service),
                        None => NewPopConfig {
                            interface_id: first.interface_id,
                            kind: first.kind.clone(),
                            customer_bgp_area: first.customer_bgp_area,
                            ovh_bgp_area: first.ovh_bgp_area,
                            subnet: first.subnet.clone(),
                        },
                    };
                    self.world.seed_pop(uuid(service), &body, Seed::Active);
                }
                Duplicate::Datacenter(vrack, slot, other) => {
                    let vrack = usize::from(*vrack) % VRACKS.len();
                    let slot = usize::from(*slot) % DATACENTERS.len();
                    let Some((service, pop, id, _)) = self.live_datacenter(vrack, slot) else { continue };
                    let body = match other {
                        Some(other) => datacenter_body(slot, &other.read()),
                        None => {
                            let first = self.world.datacenter(service, pop, id).unwrap();
                            NewDatacenterConfig {
                                datacenter_id: first.datacenter_id,
                                ovh_bgp_area: first.ovh_bgp_area,
                                subnet: first.subnet,
                            }
                        }
                    };
                    self.world.seed_datacenter(VRACKS[vrack], &body, Seed::Active);
                }
                Duplicate::Extra(vrack, slot, number) => {
                    let vrack = usize::from(*vrack) % VRACKS.len();
                    let slot = usize::from(*slot) % DATACENTERS.len();
                    let Some((service, pop, id, _)) = self.live_datacenter(vrack, slot) else { continue };
                    let extras = self.world.extras(service, pop, id).unwrap();
                    let Some(first) = extras.get(usize::from(*number) % extras.len().max(1)) else {
                        continue;
                    };
                    let body = NewExtraConfig {
                        kind: first.kind.clone(),
                        bgp_neighbor_area: first.bgp_neighbor_area,
                        bgp_neighbor_ip: first.bgp_neighbor_ip.clone(),
                        next_hop: first.next_hop.clone(),
                        subnet: first.subnet.clone(),
                    };
                    self.world.seed_extra(id, &body, Seed::Active);
                }
                Duplicate::L2Datacenter(service, slot) => {
                    let service = usize::from(*service) % SERVICES;
                    let pops = self.world.pops(uuid(service)).unwrap();
                    if let Some(pop) = pops.iter().find(|pop| pop.kind == PopType::L2) {
                        let body = l2_datacenter_body(usize::from(*slot) % DATACENTERS.len());
                        self.world.seed_l2_datacenter(pop.id, &body, Seed::Active);
                    }
                }
            }
        }
    }

    /// Whether the last l3 PoP of a service's vRack goes and takes datacenters along that do not show
    /// it yet. With another PoP made meanwhile, nobody could tell that they go.
    fn is_doomed_unseen(&self, service: usize) -> bool {
        let Some(vrack) = self.world.service(uuid(service)).unwrap().vrack else { return false };
        let members = self.world.attached(&vrack).unwrap();
        let pops = members.iter().flat_map(|member| {
            let service = member.ovh_cloud_connect;
            self.world.pops(service).unwrap().into_iter().map(move |pop| (service, pop))
        });
        let pops: Vec<_> = pops.filter(|(_, pop)| pop.kind == PopType::L3).collect();
        let shows = |(service, pop): &(uuid::Uuid, PopConfig)| {
            let listed = self.world.datacenters(*service, pop.id).unwrap();
            listed.iter().any(|it| it.status != ConfigStatus::ToDelete)
        };
        pops.iter().all(|(_, pop)| pop.status == ConfigStatus::ToDelete) && pops.iter().any(shows)
    }

    fn late(&mut self, late: &Late) {
        let span = Duration::from_secs(pick(&DURATIONS, late.duration));
        self.world.set_options(Options { task: span, vrack_task: span, ..patient() });
        self.call(&late.call);
        self.world.set_options(patient());
        let pause = Duration::from_secs(pick(&PAUSES, late.then));
        let now = self.world.now().after(pause);
        self.world.advance(now);
    }

    fn call(&mut self, call: &Call) {
        let service_of = |number: &u8| usize::from(*number) % SERVICES;
        let place = |vrack: &u8, slot: &u8| {
            (usize::from(*vrack) % VRACKS.len(), usize::from(*slot) % DATACENTERS.len())
        };
        match call {
            Call::CreatePop(service, like) => {
                let service = service_of(service);
                let declared = self.wanted.services[service].as_ref().and_then(|it| it.pop.as_ref());
                if let Some(pop) = like.of(declared, |other| other.read(service, true))
                    && !self.is_doomed_unseen(service)
                {
                    _ = self.world.create_pop(uuid(service), &pop_body(&pop, service));
                }
            }
            Call::DeletePop(service) => {
                let service = uuid(service_of(service));
                if let Some(pop) = self.world.pops(service).unwrap().first() {
                    _ = self.world.delete_pop(service, pop.id);
                }
            }
            Call::CreateDatacenter(vrack, slot, like) => {
                let (vrack, slot) = place(vrack, slot);
                let declared =
                    self.wanted.vracks.get(vrack).and_then(|it| it.as_ref()?.datacenters[slot].as_ref());
                let read = like.of(declared, RawDatacenter::read);
                if let (Some(datacenter), Some((service, pop))) = (read, self.office(vrack)) {
                    _ = self.world.create_datacenter(service, pop, &datacenter_body(slot, &datacenter));
                }
            }
            Call::DeleteDatacenter(vrack, slot) => {
                let (vrack, slot) = place(vrack, slot);
                if let Some((service, pop, id, _)) = self.live_datacenter(vrack, slot) {
                    _ = self.world.delete_datacenter(service, pop, id);
                }
            }
            Call::CreateExtras(vrack, slot, other) => {
                let (vrack, slot) = place(vrack, slot);
                let declared =
                    self.wanted.vracks.get(vrack).and_then(|it| it.as_ref()?.datacenters[slot].as_ref());
                let extras = match other {
                    Some(other) => other.read(),
                    None => declared.map(|it| it.extras.clone()).unwrap_or_default(),
                };
                let Some((service, pop, id, subnet)) = self.live_datacenter(vrack, slot) else { return };
                for extra in &extras {
                    _ = self.world.create_extra(service, pop, id, &extra_body(subnet, extra));
                }
            }
            Call::DeleteExtra(vrack, slot, number) => {
                let (vrack, slot) = place(vrack, slot);
                let Some((service, pop, id, _)) = self.live_datacenter(vrack, slot) else { return };
                let extras = self.world.extras(service, pop, id).unwrap();
                if let Some(extra) = extras.get(usize::from(*number) % extras.len().max(1)) {
                    _ = self.world.delete_extra(service, pop, id, extra.id);
                }
            }
            Call::CreateL2Datacenter(service, slot) => {
                self.create_l2_datacenter(service_of(service), usize::from(*slot) % DATACENTERS.len());
            }
            Call::DeleteL2Datacenter(service) => {
                let service = uuid(service_of(service));
                let pops = self.world.pops(service).unwrap();
                let Some(pop) = pops.iter().find(|pop| pop.kind == PopType::L2) else { return };
                if let Some(datacenter) = self.world.datacenters(service, pop.id).unwrap().first() {
                    _ = self.world.delete_datacenter(service, pop.id, datacenter.id);
                }
            }
            // A lock that fails leaves the port in service; one that does not would have creations
            // refused, of which no plan can know.
            Call::Lock(service) => {
                let service = service_of(service);
                let interface = interfaces(service)[0];
                let fails = !self.is_declared(service, interface);
                self.attempt(fails, |world| world.lock_interface(uuid(service), interface));
            }
            Call::Unlock(service) => {
                let service = service_of(service);
                let interface = interfaces(service)[0];
                self.world.set_port_status(interface, PortStatus::Disabled);
                _ = self.world.unlock_interface(uuid(service), interface);
            }
            Call::Attach(service, like) => {
                let service = service_of(service);
                let home = self.wanted.services[service].as_ref().map(|it| it.vrack);
                let vrack = like.of(home.as_ref(), |other| usize::from(*other) % VRACKS.len());
                // A move into a vRack that the topology does not speak of is seen by nobody.
                let is_seen = |vrack: &usize| self.wanted.vracks.get(*vrack).is_some_and(Option::is_some);
                if let Some(vrack) = vrack.filter(is_seen) {
                    _ = self.world.attach(VRACKS[vrack], uuid(service));
                }
            }
            Call::Detach(service) => {
                let service = uuid(service_of(service));
                if let Some(vrack) = self.world.service(service).unwrap().vrack {
                    _ = self.world.detach(&vrack, service);
                }
            }
        }
    }
}

impl RawLiveExtras {
    fn read(&self, wanted: &[Extra]) -> Vec<Extra> {
        match self {
            Self::Other(other) => other.read(),
            Self::Mixed(bits, added) => {
                let changed = |extra: &Extra| match *extra {
                    Extra::Network { prefix, host } => Extra::Network { prefix, host: host + 3 },
                    Extra::Peer { host, asn } => Extra::Peer { host, asn: asn + 7 },
                };
                let kept = wanted.iter().enumerate().filter_map(|(at, extra)| match bits >> (2 * at) & 3 {
                    0 | 1 => Some(*extra),
                    2 => Some(changed(extra)),
                    _ => None,
                });
                kept.chain(added.read()).collect()
            }
        }
    }
}

fn like<T: std::fmt::Debug + Clone>(other: impl Strategy<Value = T>) -> impl Strategy<Value = Like<T>> {
    prop_oneof![
        5 => Just(Like::Same),
        2 => Just(Like::Nothing),
        3 => other.prop_map(Like::Other),
    ]
}

fn live_service(profile: Profile) -> impl Strategy<Value = RawLiveService> {
    let vracks = if profile.moves { u8::try_from(VRACKS.len()).unwrap() } else { 1 };
    let vrack = prop_oneof![
        6 => Just(Like::Same),
        1 => Just(Like::Nothing),
        3 => (0..vracks).prop_map(Like::Other),
    ];
    let locked = || proptest::bool::weighted(0.4);
    (vrack, like(0..2u8), like(raw_pop()), proptest::bool::weighted(0.08), [locked(), locked()]).prop_map(
        |(vrack, description, pop, stuck, locked)| RawLiveService { vrack, description, pop, stuck, locked },
    )
}

fn live_extras() -> impl Strategy<Value = RawLiveExtras> {
    prop_oneof![
        4 => Just(RawLiveExtras::Mixed(0, RawExtras::Networks(Vec::new()))),
        3 => (any::<u8>(), raw_extras()).prop_map(|(bits, added)| RawLiveExtras::Mixed(bits, added)),
        2 => raw_extras().prop_map(RawLiveExtras::Other),
    ]
}

fn live_datacenter() -> impl Strategy<Value = RawLiveDatacenter> {
    let stuck_extras = prop_oneof![9 => Just(0u8), 1 => any::<u8>()];
    (like(raw_datacenter()), live_extras(), proptest::bool::weighted(0.06), stuck_extras).prop_map(
        |(base, extras, stuck, stuck_extras)| RawLiveDatacenter { base, extras, stuck, stuck_extras },
    )
}

fn duplicate() -> impl Strategy<Value = Duplicate> {
    prop_oneof![
        (0..4u8, proptest::option::of(raw_pop())).prop_map(|(service, pop)| Duplicate::Pop(service, pop)),
        (0..3u8, 0..4u8, proptest::option::of(raw_datacenter()))
            .prop_map(|(vrack, slot, other)| Duplicate::Datacenter(vrack, slot, other)),
        (0..3u8, 0..4u8, 0..4u8).prop_map(|(vrack, slot, at)| Duplicate::Extra(vrack, slot, at)),
        (0..4u8, 0..4u8).prop_map(|(service, slot)| Duplicate::L2Datacenter(service, slot)),
    ]
}

fn late(profile: Profile) -> impl Strategy<Value = Late> {
    let vracks = u8::try_from(profile.vracks).unwrap();
    let moves = if profile.moves { u8::try_from(VRACKS.len()).unwrap() } else { 1 };
    let call = prop_oneof![
        3 => (0..4u8, like(raw_pop())).prop_map(|(service, like)| Call::CreatePop(service, like)),
        3 => (0..4u8).prop_map(Call::DeletePop),
        3 => (0..vracks, 0..4u8, like(raw_datacenter()))
            .prop_map(|(vrack, slot, like)| Call::CreateDatacenter(vrack, slot, like)),
        3 => (0..vracks, 0..4u8).prop_map(|(vrack, slot)| Call::DeleteDatacenter(vrack, slot)),
        2 => (0..vracks, 0..4u8, proptest::option::of(raw_extras()))
            .prop_map(|(vrack, slot, extras)| Call::CreateExtras(vrack, slot, extras)),
        2 => (0..vracks, 0..4u8, 0..4u8).prop_map(|(vrack, slot, at)| Call::DeleteExtra(vrack, slot, at)),
        1 => (0..4u8, 0..4u8).prop_map(|(service, slot)| Call::CreateL2Datacenter(service, slot)),
        1 => (0..4u8).prop_map(Call::DeleteL2Datacenter),
        1 => (0..4u8).prop_map(Call::Lock),
        1 => (0..4u8).prop_map(Call::Unlock),
        1 => (0..4u8, like(0..moves)).prop_map(|(service, like)| Call::Attach(service, like)),
        1 => (0..4u8).prop_map(Call::Detach),
    ];
    (call, 0..4u8, 0..4u8).prop_map(|(call, duration, then)| Late { call, duration, then })
}

pub fn raw_live(profile: Profile) -> impl Strategy<Value = RawLive> {
    let rows = if profile.moves { VRACKS.len() } else { 1 };
    (
        proptest::collection::vec(live_service(profile), SERVICES),
        proptest::collection::vec(proptest::collection::vec(live_datacenter(), DATACENTERS.len()), rows),
        prop_oneof![3 => Just(Vec::new()), 1 => proptest::collection::vec(duplicate(), 1..3)],
        prop_oneof![1 => Just(Vec::new()), 1 => proptest::collection::vec(late(profile), 1..6)],
        proptest::option::weighted(0.02, 0..4u8),
    )
        .prop_map(|(services, datacenters, duplicates, late, unavailable)| RawLive {
            services,
            datacenters,
            duplicates,
            late,
            unavailable,
        })
}
