//! A live topology and what is odd about it → a simulated account, behind the API's back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ovhconnect::api::wire::{ExtraType, NewDatacenterConfig, NewExtraConfig, NewPopConfig, PopType};
use ovhconnect::sim::account::{InterfaceEntry, ServiceEntry, VrackEntry};
use ovhconnect::sim::{Account, Options, PortStatus, Seed, World};
use ovhconnect::topology::{
    Address, Datacenter, DatacenterPart, Extra, Interface, InterfaceState, Node, Pop, ServiceId, ServicePart,
    Spec, Topology,
};

/// How long what someone else began still takes.
const UNDER_WAY: Duration = Duration::from_secs(60);
/// The number of the first interface, where no topology names one.
const FIRST_INTERFACE: u64 = 101;

/// Makes an account in which everything of `live` is in force, but for the oddities. It has the vRacks
/// and services of both topologies.
pub fn world(
    live: &Topology,
    desired: &Topology,
    oddities: &[String],
    options: Options,
) -> Result<World, String> {
    let mut oddities = Oddities::parse(oddities)?;
    let account = account(live, desired, &mut oddities)?;
    // Several things may be under way at once, also where the API would not let them begin so.
    let seeded = Options { serialize: false, ..options.clone() };
    let world = World::new(&account, seeded).map_err(|error| error.to_string())?;
    let mut seeding = Seeding { world, account, ids: BTreeMap::new(), locked: Vec::new() };
    for (address, declaration) in &live.entries {
        seeding.entry(address, &declaration.spec, &mut oddities)?;
    }
    seeding.befall(&mut oddities)?;
    oddities.exhausted()?;
    seeding.world.set_options(options);
    Ok(seeding.world)
}

/// What is odd, by what it is odd about: an address, `service …` or `datacenter …`.
struct Oddities(BTreeMap<String, BTreeSet<String>>);

impl Oddities {
    fn parse(lines: &[String]) -> Result<Self, String> {
        let mut oddities: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in lines {
            let (subject, what) = line
                .split_once(": ")
                .ok_or_else(|| format!("`{line}` is not an oddity (`subject: what`)"))?;
            oddities.entry(subject.to_owned()).or_default().insert(what.to_owned());
        }
        Ok(Self(oddities))
    }

    /// Whether this is said of that subject; it is then dealt with.
    fn take(&mut self, subject: &str, what: &str) -> bool {
        self.0.get_mut(subject).is_some_and(|all| all.remove(what))
    }

    /// What is said of that subject in these words followed by a value; it is then dealt with.
    fn take_value(&mut self, subject: &str, what: &str) -> Option<String> {
        let all = self.0.get_mut(subject)?;
        let found = all.iter().find(|it| it.starts_with(what))?.clone();
        all.remove(&found);
        Some(found[what.len()..].trim().to_owned())
    }

    fn exhausted(self) -> Result<(), String> {
        match self.0.into_iter().find_map(|(subject, all)| Some((subject, all.into_iter().next()?))) {
            Some((subject, what)) => Err(format!("nobody understands the oddity `{subject}: {what}`")),
            None => Ok(()),
        }
    }
}

fn account(live: &Topology, desired: &Topology, oddities: &mut Oddities) -> Result<Account, String> {
    let vracks: BTreeSet<_> = live.vracks.keys().chain(desired.vracks.keys()).collect();
    let vracks = vracks.into_iter().map(|vrack| VrackEntry::new(vrack.as_str())).collect();
    let mut account = Account { vracks, ..Account::default() };
    let mut services: BTreeMap<ServiceId, ServiceEntry> = BTreeMap::new();
    for (topology, is_live) in [(live, true), (desired, false)] {
        for (address, declaration) in &topology.entries {
            let (Some(service), Spec::Membership(membership)) = (address.service(), &declaration.spec) else {
                continue;
            };
            let number = FIRST_INTERFACE + services.len() as u64;
            let asked = interface(topology, address);
            let entry = services.entry(service).or_insert_with(|| {
                let mut entry = ServiceEntry::new(service.uuid(), asked.unwrap_or(number));
                if is_live {
                    entry.vrack = Some(address.vrack.to_string());
                    entry.description = membership.description.clone().unwrap_or_default();
                }
                entry
            });
            if let Some(asked) = asked
                && !entry.interfaces.iter().any(|interface| interface.id() == asked)
            {
                entry.interfaces.push(InterfaceEntry::Id(asked));
            }
        }
    }
    for (service, entry) in &mut services {
        let subject = format!("service {service}");
        entry.closed = oddities.take(&subject, "closed");
        if let Some(provider) = oddities.take_value(&subject, "delivered by ") {
            entry.provider = provider;
        }
        if let Some(numbers) = oddities.take_value(&subject, "interfaces ") {
            let numbers: Result<Vec<u64>, _> = numbers.split(", ").map(str::parse).collect();
            let numbers = numbers.map_err(|error| format!("{subject}: interfaces: {error}"))?;
            entry.interfaces = numbers.into_iter().map(InterfaceEntry::Id).collect();
        }
    }
    account.services = services.into_values().collect();
    for datacenter in &mut account.datacenters {
        datacenter.available = !oddities.take(&format!("datacenter {}", datacenter.name), "unavailable");
    }
    Ok(account)
}

fn interface(topology: &Topology, membership: &Address) -> Option<u64> {
    let pop = Address::pop(membership.vrack.clone(), membership.service()?);
    match &topology.entries.get(&pop)?.spec {
        Spec::Pop(pop) => pop.interface_id(),
        _ => None,
    }
}

struct Seeding {
    world: World,
    account: Account,
    /// The number of what stands at an address (the first one, where there are two).
    ids: BTreeMap<Address, u64>,
    /// The interfaces that are locked, once everything is configured on them.
    locked: Vec<(ServiceId, Address)>,
}

impl Seeding {
    fn entry(&mut self, address: &Address, spec: &Spec, oddities: &mut Oddities) -> Result<(), String> {
        if let Spec::Membership(_) = spec {
            return Ok(());
        }
        if let (Spec::Interface(Interface { state }), Some(service)) = (spec, address.service()) {
            // What nothing is said of is in service.
            if *state == InterfaceState::Disabled {
                self.locked.push((service, address.clone()));
            }
            return Ok(());
        }
        let subject = address.to_string();
        let seed = match () {
            () if oddities.take(&subject, "init without a task") => Seed::Stuck,
            () if oddities.take(&subject, "init") => Seed::Creating(UNDER_WAY),
            () => Seed::Active,
        };
        let id = self.seed(address, spec, seed)?;
        self.ids.insert(address.clone(), id);
        if oddities.take(&subject, "there twice") {
            self.seed(address, spec, Seed::Active)?;
        }
        Ok(())
    }

    fn seed(&mut self, address: &Address, spec: &Spec, seed: Seed) -> Result<u64, String> {
        let vrack = address.vrack.as_str();
        let parent = address.parent().and_then(|parent| self.ids.get(&parent)).copied();
        let within = || parent.ok_or_else(|| format!("{address}: what it stands in is not live"));
        Ok(match (spec, &address.node) {
            (Spec::Pop(pop), Node::Service(service, ServicePart::Pop)) => {
                let new = self.new_pop(*service, pop)?;
                self.world.seed_pop(service.uuid(), &new, seed)
            }
            (Spec::Datacenter(datacenter), _) => {
                let new = self.new_datacenter(address, datacenter)?;
                match datacenter {
                    Datacenter::L2 => self.world.seed_l2_datacenter(within()?, &new, seed),
                    Datacenter::L3 { .. } => self.world.seed_datacenter(vrack, &new, seed),
                }
            }
            (Spec::Extra(extra), Node::Datacenter(_, part)) => {
                let new = new_extra(part, extra).ok_or_else(|| format!("{address}: not an extra"))?;
                self.world.seed_extra(within()?, &new, seed)
            }
            _ => return Err(format!("{address} is not to be seeded")),
        })
    }

    fn first_interface(&self, service: ServiceId) -> Result<u64, String> {
        let entry = self.account.services.iter().find(|entry| entry.uuid == service.uuid());
        let first = entry.and_then(|entry| entry.interfaces.first());
        first.map(InterfaceEntry::id).ok_or_else(|| format!("service {service} has no interface"))
    }

    fn new_pop(&self, service: ServiceId, pop: &Pop) -> Result<NewPopConfig, String> {
        let interface_id = match pop.interface_id() {
            Some(asked) => asked,
            None => self.first_interface(service)?,
        };
        Ok(match pop {
            Pop::L2 { .. } => NewPopConfig {
                interface_id,
                kind: PopType::L2,
                customer_bgp_area: None,
                ovh_bgp_area: None,
                subnet: None,
            },
            Pop::L3 { customer_bgp_area, ovh_bgp_area, subnet, .. } => NewPopConfig {
                interface_id,
                kind: PopType::L3,
                customer_bgp_area: Some(customer_bgp_area.0),
                ovh_bgp_area: ovh_bgp_area.map(|asn| asn.0),
                subnet: Some(subnet.to_string()),
            },
        })
    }

    fn new_datacenter(&self, at: &Address, datacenter: &Datacenter) -> Result<NewDatacenterConfig, String> {
        let name = at.datacenter_name().ok_or_else(|| format!("{at}: not a datacenter"))?;
        let offer = self.account.datacenters.iter().find(|offer| offer.name == name.as_str());
        let datacenter_id = offer.ok_or_else(|| format!("{at}: there is no such datacenter"))?.id;
        let (ovh_bgp_area, subnet) = match datacenter {
            Datacenter::L2 => (None, None),
            Datacenter::L3 { ovh_bgp_area, subnet } => {
                (ovh_bgp_area.map(|asn| asn.0), Some(subnet.to_string()))
            }
        };
        Ok(NewDatacenterConfig { datacenter_id, ovh_bgp_area, subnet })
    }

    /// What happens to the account once everything is there: deletions by the API's own rules, tasks.
    fn befall(&mut self, oddities: &mut Oddities) -> Result<(), String> {
        for (service, address) in std::mem::take(&mut self.locked) {
            let port = match address.node {
                Node::Service(_, ServicePart::Interface(Some(id))) => id,
                _ => self.first_interface(service)?,
            };
            self.world.set_port_status(port, PortStatus::Disabled);
        }
        for (address, id) in self.ids.clone() {
            if oddities.take(&address.to_string(), "toDelete") {
                self.delete(&address, id).map_err(|refusal| format!("{address}: toDelete: {refusal}"))?;
            }
        }
        for entry in self.account.services.clone() {
            let (uuid, subject) = (entry.uuid, format!("service {}", entry.uuid));
            if let Some(vrack) = oddities.take_value(&subject, "on its way into ") {
                self.world.seed_attaching(uuid, &vrack, UNDER_WAY);
            }
            if oddities.take(&subject, "on its way out of its vRack") {
                self.world.seed_detaching(uuid, UNDER_WAY).ok_or("it is in no vRack")?;
            }
            if oddities.take(&subject, "its port is being locked") {
                let port = entry.interfaces.first().ok_or("it has no interface")?.id();
                self.world.lock_interface(uuid, port).map_err(|refusal| format!("{refusal:?}"))?;
            }
            if oddities.take(&subject, "its port is being unlocked") {
                let port = entry.interfaces.first().ok_or("it has no interface")?.id();
                self.world.set_port_status(port, PortStatus::Disabled);
                self.world.unlock_interface(uuid, port).map_err(|refusal| format!("{refusal:?}"))?;
            }
        }
        Ok(())
    }

    fn delete(&mut self, address: &Address, id: u64) -> Result<(), String> {
        let through = || {
            let of_vrack = |at: &&Address| at.vrack == address.vrack;
            let mut pops = self.ids.keys().filter(of_vrack).filter(|at| match &address.node {
                Node::Service(service, _) => **at == Address::pop(address.vrack.clone(), *service),
                _ => matches!(at.node, Node::Service(_, ServicePart::Pop)),
            });
            let at = pops.next().ok_or("it is reached through no PoP")?;
            let service = at.service().ok_or("a PoP is a service's")?;
            Ok::<_, String>((service.uuid(), self.ids[at]))
        };
        let task = match &address.node {
            Node::Service(service, ServicePart::Pop) => self.world.delete_pop(service.uuid(), id),
            Node::Service(_, ServicePart::L2Datacenter(_)) | Node::Datacenter(_, DatacenterPart::Config) => {
                let (service, pop) = through()?;
                let shown = self.world.shown_datacenter(service, id);
                self.world.delete_datacenter(service, pop, shown)
            }
            Node::Datacenter(..) => {
                let (service, pop) = through()?;
                let parent = address.parent().and_then(|parent| self.ids.get(&parent)).copied();
                let parent = self.world.shown_datacenter(service, parent.ok_or("it stands in nothing")?);
                let shown = self.world.shown_datacenter(service, id);
                self.world.delete_extra(service, pop, parent, shown)
            }
            Node::Vrack | Node::Service(_, ServicePart::Membership | ServicePart::Interface(_)) => {
                return Err("it is no configuration".to_owned());
            }
        };
        task.map(drop).map_err(|refusal| format!("{refusal:?}"))
    }
}

fn new_extra(part: &DatacenterPart, extra: &Extra) -> Option<NewExtraConfig> {
    Some(match (part, extra) {
        (DatacenterPart::Network(subnet), Extra::Network { next_hop }) => NewExtraConfig {
            kind: ExtraType::Network,
            bgp_neighbor_area: None,
            bgp_neighbor_ip: None,
            next_hop: Some(next_hop.to_string()),
            subnet: Some(subnet.to_string()),
        },
        (DatacenterPart::Bgp(peer), Extra::Bgp { bgp_neighbor_area }) => NewExtraConfig {
            kind: ExtraType::Bgp,
            bgp_neighbor_area: Some(bgp_neighbor_area.0),
            bgp_neighbor_ip: Some(peer.to_string()),
            next_hop: None,
            subnet: None,
        },
        _ => return None,
    })
}
