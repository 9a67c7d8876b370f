//! API → [`Live`]: everything the topology touches, and nothing else.
//!
//! Reads that depend on nothing run at once; how many of them at a time, and how fast, is the
//! client's affair.

mod assemble;
mod interfaces;
mod survey;
mod vrack;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all, try_join, try_join_all, try_join3};
use uuid::Uuid;

use super::convert::{self, Unreadable};
use super::{Live, LiveVrack, Offer, Port, VrackTask};
use crate::api::wire;
use crate::api::{self, Client, Listed};
use crate::diagnostic::{Diagnostic, Label};
use crate::topology::rules::live as rules;
use crate::topology::suggest::nearest;
use crate::topology::{Address, DatacenterName, ServiceId, Spec, Topology, VrackName};

use assemble::{VrackReading, assemble};
use vrack::{Details, RawVrack};

pub use survey::{Scope, survey};

/// What was read, and the topology in the words of what was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The topology with every datacenter under the name that the catalogue gives it.
    pub topology: Topology,
    /// The live state.
    pub live: Live,
    /// The interfaces on which the topology wants a PoP and none is configured, by their number, as far
    /// as they could be read. They are no part of the live state that a plan is made from: light comes
    /// and goes.
    pub ports: BTreeMap<u64, Port>,
}

/// Why live state could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A call failed.
    #[error(transparent)]
    Api(#[from] api::Error),
    /// The API answered with a configuration that makes no sense.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The topology names what does not exist.
    #[error("the topology names what does not exist")]
    Unfit(Vec<Diagnostic>),
}

/// Reads what `topology` touches.
///
/// # Errors
/// A failed call, an answer that makes no sense, or a topology that names what does not exist: all
/// such names at once, each with what does exist.
pub async fn read(client: &Client, topology: &Topology) -> Result<Reading, ReadError> {
    let vracks = topology.vracks.keys().cloned().collect();
    let (mut live, ports) = Reader::new(client, topology, vracks, Beside::Nobody).live().await?;
    let topology = interfaces::number(&resolve(topology, &live)?, &live).map_err(ReadError::Unfit)?;
    live.configs.extend(interfaces::states(client, &topology, &live).await?);
    Ok(Reading { topology, live, ports })
}

/// The services that are read although the topology does not speak of them, nor of their vRack.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nobody,
    One(ServiceId),
    Everybody,
}

impl Beside {
    fn has(self, service: ServiceId) -> bool {
        match self {
            Self::Nobody => false,
            Self::One(one) => one == service,
            Self::Everybody => true,
        }
    }
}

struct Reader<'a> {
    client: &'a Client,
    topology: &'a Topology,
    /// The vRacks that are read whatever is in them.
    vracks: BTreeSet<VrackName>,
    beside: Beside,
    /// The services on which the topology wants a PoP.
    wanted_pops: BTreeSet<ServiceId>,
}

type Services = BTreeMap<ServiceId, wire::Service>;
/// What was read of services before it was known where they are.
struct Ahead {
    details: BTreeMap<ServiceId, Result<Details, ReadError>>,
    /// What they offer, which does not depend on where they are; of one declared service of each vRack.
    offers: BTreeMap<ServiceId, Result<Vec<wire::CatalogueDatacenter>, api::Error>>,
}
type Catalogue = BTreeMap<u64, Offer>;
type VrackTasks = BTreeMap<VrackName, Vec<VrackTask>>;

/// How often services and the tasks that move them are read at most until they agree.
const MOMENTS: usize = 5;

/// The services and the unfinished tasks of vRacks, as they were at one moment.
struct Moment {
    services: Services,
    tasks: VrackTasks,
    /// Whether the first reading was of one moment.
    at_once: bool,
}

impl<'a> Reader<'a> {
    fn new(client: &'a Client, topology: &'a Topology, vracks: BTreeSet<VrackName>, beside: Beside) -> Self {
        let pops = topology.entries.iter().filter(|(_, entry)| matches!(entry.spec, Spec::Pop(_)));
        let wanted_pops = pops.filter_map(|(address, _)| address.service()).collect();
        Self { client, topology, vracks, beside, wanted_pops }
    }

    /// The live state, and the interfaces of services that are to get their first PoP.
    async fn live(&self) -> Result<(Live, BTreeMap<u64, Port>), ReadError> {
        let mut live = Live::default();
        let ahead = async { Ok(self.ahead().await) };
        let (Moment { services, tasks, at_once }, mut ahead) = try_join(self.moment(), ahead).await?;
        if !at_once {
            ahead.details.clear();
        }
        let moving: BTreeSet<ServiceId> = tasks.values().flatten().map(|task| task.service).collect();
        live.vracks.extend(tasks.into_iter().map(|(vrack, tasks)| (vrack, LiveVrack { tasks })));
        let touched = self.touched(services, &moving, &live);
        let mut members: BTreeMap<VrackName, Vec<&wire::Service>> =
            live.vracks.keys().map(|vrack| (vrack.clone(), Vec::new())).collect();
        let mut alone = Vec::new();
        for (id, service) in &touched {
            let vrack = service.vrack.as_deref().and_then(|vrack| vrack.parse::<VrackName>().ok());
            match vrack.and_then(|vrack| members.get_mut(&vrack)) {
                Some(members) => members.push(service),
                // In no vRack it has no configuration, and tasks at the most; what is in a vRack that is
                // not read is not looked at.
                None if service.vrack.is_none() || self.beside.has(*id) => {
                    alone.push(self.alone(service, ahead.details.remove(id)));
                }
                None => {}
            }
        }
        let raw = members.values().map(|members| {
            let ahead = members.iter().map(|service| ahead.details.remove(&service.uuid.into()));
            self.vrack(members, ahead.collect())
        });
        let raw: Vec<_> = raw.collect();
        let all = try_join3(self.catalogue(&touched, ahead.offers), try_join_all(raw), try_join_all(alone));
        let (catalogue, raw, alone) = all.await?;
        live.catalogue = catalogue;
        let readings = members.iter().zip(raw);
        let readings = readings.map(|((vrack, members), raw)| self.consistent(vrack, raw, members, &live));
        let readings = try_join_all(readings).await?;
        let mut ports = BTreeMap::new();
        for reading in readings {
            live.services.extend(reading.services);
            live.configs.extend(reading.configs);
            ports.extend(reading.ports);
        }
        for service in alone {
            live.services.insert(service.id, service.live);
            ports.extend(service.ports);
        }
        Ok((live, ports))
    }

    /// What is configured on the declared services, while it is still being found out where they are:
    /// that spares the round trips of one after the other.
    async fn ahead(&self) -> Ahead {
        let services: BTreeSet<ServiceId> = self.declared().map(|(service, _)| service).collect();
        let details = join_all(services.into_iter().map(async |id| (id, self.details(id).await)));
        let offers = self.one_of_each().into_values();
        let offers = join_all(offers.map(async |id| (id, self.client.catalogue(id.uuid()).await)));
        let (details, offers) = join(details, offers).await;
        Ahead { details: details.into_iter().collect(), offers: offers.into_iter().collect() }
    }

    /// Of each declared vRack the first of its declared services.
    fn one_of_each(&self) -> BTreeMap<VrackName, ServiceId> {
        let mut one_of_each = BTreeMap::new();
        for (service, address) in self.declared() {
            one_of_each.entry(address.vrack.clone()).or_insert(service);
        }
        one_of_each
    }

    /// What a vRack holds.
    ///
    /// The lists were not read at one moment. Where they contradict each other (something is being
    /// created and no task does it, or the reverse) they are read once more before that is believed.
    async fn consistent(
        &self,
        vrack: &VrackName,
        raw: RawVrack,
        members: &[&wire::Service],
        live: &Live,
    ) -> Result<VrackReading, ReadError> {
        let first = assemble(vrack, raw, live)?;
        if first.is_consistent() {
            return Ok(first);
        }
        let nothing_ahead = members.iter().map(|_| None).collect();
        Ok(assemble(vrack, self.vrack(members, nothing_ahead).await?, live)?)
    }

    /// Where services are and where they are on their way to.
    ///
    /// Two lists are not read at one moment: a move that ends between them is in neither, or in both.
    /// So the tasks are read first, and where they move something, once more behind the services: what
    /// is under way before and after was so in between.
    async fn moment(&self) -> Result<Moment, ReadError> {
        let mut tasks = self.vrack_tasks(self.vracks.iter()).await?;
        let mut reading = 1;
        loop {
            let moving = tasks.values().flatten().map(|task| task.service).collect();
            let listed = self.client.services().await?;
            let services = self.services(listed, &moving).await?;
            let homes = self.homes(&services);
            let busy = tasks.iter().filter(|(_, tasks)| !tasks.is_empty()).map(|(vrack, _)| vrack);
            let unknown = homes.iter().filter(|vrack| !tasks.contains_key(*vrack));
            let again: BTreeSet<VrackName> = unknown.chain(busy).cloned().collect();
            let now = self.vrack_tasks(again.iter()).await?;
            // The order of a list means nothing.
            let same = |vrack: &VrackName, now: &[VrackTask]| {
                let ids = |tasks: &[VrackTask]| tasks.iter().map(|task| task.id).collect::<BTreeSet<_>>();
                tasks.get(vrack).is_some_and(|before| ids(before) == ids(now))
            };
            let agree = now.iter().all(|(vrack, now)| same(vrack, now));
            tasks.extend(now);
            if agree || reading == MOMENTS {
                tasks.retain(|vrack, _| self.vracks.contains(vrack) || homes.contains(vrack));
                return Ok(Moment { services, tasks, at_once: reading == 1 });
            }
            reading += 1;
        }
    }

    /// The declared services and where they are declared.
    fn declared(&self) -> impl Iterator<Item = (ServiceId, &Address)> {
        let memberships =
            self.topology.entries.iter().filter(|(_, entry)| matches!(entry.spec, Spec::Membership(_)));
        memberships.filter_map(|(address, _)| Some((address.service()?, address)))
    }

    /// The vRacks that the declared services are in.
    fn homes(&self, services: &Services) -> BTreeSet<VrackName> {
        let vracks = self.declared().filter_map(|(service, _)| services.get(&service)?.vrack.as_deref());
        vracks.filter_map(|vrack| vrack.parse().ok()).collect()
    }

    /// The unfinished tasks of vRacks, which also shows that the vRacks exist.
    async fn vrack_tasks(&self, vracks: impl Iterator<Item = &VrackName>) -> Result<VrackTasks, ReadError> {
        let mut unknown = Vec::new();
        let mut known = VrackTasks::new();
        let answers = vracks.map(async |vrack| (vrack, self.client.vrack_tasks(vrack.as_str()).await));
        for (vrack, answer) in join_all(answers).await {
            match answer {
                Ok(tasks) => {
                    known.insert(vrack.clone(), tasks.into_iter().filter_map(convert::vrack_task).collect());
                }
                Err(error) if error.is_not_found() => unknown.push(vrack.clone()),
                Err(error) => return Err(error.into()),
            }
        }
        if unknown.is_empty() {
            return Ok(known);
        }
        let existing = self.client.vracks().await?;
        Err(ReadError::Unfit(unknown.iter().map(|vrack| self.unknown_vrack(vrack, &existing)).collect()))
    }

    fn unknown_vrack(&self, vrack: &VrackName, existing: &[String]) -> Diagnostic {
        let span = self.topology.vracks.get(vrack).map(|declared| declared.span);
        let label = span.map(|span| Label { span, message: "not found".to_owned() });
        rules::UNKNOWN_VRACK
            .placed(label, format!("there is no vRack {vrack} in this account"))
            .help(choices("the account has", existing.iter().cloned()))
    }

    /// The services that are declared, in a declared vRack or on their way into one (`moving`), from an
    /// expanded list or one by one.
    async fn services(
        &self,
        listed: Vec<Listed<wire::Service, Uuid>>,
        moving: &BTreeSet<ServiceId>,
    ) -> Result<Services, ReadError> {
        let mut services = Services::new();
        let mut ids = BTreeSet::new();
        for entry in listed {
            match entry {
                Listed::Object(service) => {
                    services.insert(service.uuid.into(), service);
                }
                Listed::Id(id) => {
                    ids.insert(ServiceId::from(id));
                }
            }
        }
        let unknown: Vec<_> = self
            .declared()
            .filter(|(service, _)| !services.contains_key(service) && !ids.contains(service))
            .collect();
        if !unknown.is_empty() {
            let existing: Vec<String> = services.keys().chain(&ids).map(ToString::to_string).collect();
            let unknown = unknown.into_iter();
            return Err(ReadError::Unfit(
                unknown.map(|(service, address)| self.unknown_service(service, address, &existing)).collect(),
            ));
        }
        if !ids.is_empty() {
            services.extend(self.services_one_by_one(&ids, moving).await?);
        }
        Ok(services)
    }

    /// Where the list is not expanded: the vRacks say which services are theirs, and only those and
    /// the declared ones are read.
    async fn services_one_by_one(
        &self,
        ids: &BTreeSet<ServiceId>,
        moving: &BTreeSet<ServiceId>,
    ) -> Result<Services, ReadError> {
        let members = self.vracks.iter().map(|vrack| self.client.vrack_members(vrack.as_str()));
        let members = try_join_all(members).await?.into_iter().flatten().map(ServiceId::from);
        let mut wanted: BTreeSet<ServiceId> = members.collect();
        wanted.extend(self.declared().map(|(service, _)| service));
        wanted.extend(moving.intersection(ids));
        wanted.extend(ids.iter().filter(|id| self.beside.has(**id)));
        let first = wanted.iter().map(|service| self.client.service(service.uuid()));
        let mut services: Services =
            try_join_all(first).await?.into_iter().map(|service| (service.uuid.into(), service)).collect();
        // A declared service may be in a vRack that the topology does not speak of; its fellows matter
        // for what happens when it leaves.
        let elsewhere: BTreeSet<&str> =
            services.values().filter_map(|service| service.vrack.as_deref()).collect();
        let elsewhere = elsewhere
            .into_iter()
            .filter(|vrack| !vrack.parse().is_ok_and(|vrack: VrackName| self.vracks.contains(&vrack)));
        let fellows = try_join_all(elsewhere.map(|vrack| self.client.vrack_members(vrack))).await?;
        let fellows = fellows.into_iter().flatten().filter(|id| {
            let id = ServiceId::from(*id);
            ids.contains(&id) && !services.contains_key(&id)
        });
        let fellows: Vec<Uuid> = fellows.collect();
        let fellows = try_join_all(fellows.into_iter().map(|id| self.client.service(id))).await?;
        services.extend(fellows.into_iter().map(|service| (service.uuid.into(), service)));
        Ok(services)
    }

    fn unknown_service(&self, service: ServiceId, address: &Address, existing: &[String]) -> Diagnostic {
        let message = format!("there is no OVHcloud Connect service {service} in this account");
        let declared = self.topology.entries.get(address);
        let label = declared.map(|entry| Label { span: entry.span, message: "not found".to_owned() });
        rules::UNKNOWN_SERVICE
            .placed(label, message)
            .help(choices("the account has", existing.iter().cloned()))
    }

    /// Of all services those that are declared, in a vRack that is read or on their way into one.
    fn touched(&self, mut services: Services, moving: &BTreeSet<ServiceId>, live: &Live) -> Services {
        let declared: BTreeSet<ServiceId> = self.declared().map(|(service, _)| service).collect();
        services.retain(|id, service| {
            let vrack = service.vrack.as_deref().and_then(|vrack| vrack.parse::<VrackName>().ok());
            declared.contains(id)
                || moving.contains(id)
                || self.beside.has(*id)
                || vrack.is_some_and(|vrack| live.vracks.contains_key(&vrack))
        });
        services
    }

    /// The datacenters on offer: of one service of each vRack, a declared one if there is one, and of all of
    /// them where that one does not offer what the topology names.
    ///
    /// Assumed: the routes are per service, the datacenters are not.
    async fn catalogue(
        &self,
        services: &Services,
        ahead: BTreeMap<ServiceId, Result<Vec<wire::CatalogueDatacenter>, api::Error>>,
    ) -> Result<Catalogue, ReadError> {
        let declared: BTreeSet<ServiceId> = self.declared().map(|(service, _)| service).collect();
        let mut one_each: BTreeMap<Option<VrackName>, ServiceId> =
            self.one_of_each().into_iter().map(|(vrack, service)| (Some(vrack), service)).collect();
        for (id, service) in services.iter().filter(|(id, _)| !declared.contains(id)) {
            let vrack = service.vrack.as_deref().and_then(|vrack| vrack.parse().ok());
            one_each.entry(vrack).or_insert(*id);
        }
        let first: BTreeSet<ServiceId> = one_each.into_values().collect();
        let unread = first.iter().filter(|id| !ahead.contains_key(id));
        let mut catalogue = self.offers(unread).await?;
        for offers in ahead.into_values() {
            add_offers(&mut catalogue, offers?);
        }
        let mut known = Live { catalogue, ..Live::default() };
        let names = self.topology.entries.keys().filter_map(Address::datacenter_name);
        if names.into_iter().any(|name| offered_as(&known, name).is_none()) {
            let others = self.offers(services.keys().filter(|id| !first.contains(id))).await?;
            for (id, offer) in others {
                let available = offer.available;
                known.catalogue.entry(id).or_insert(offer).available |= available;
            }
        }
        Ok(known.catalogue)
    }

    async fn offers(&self, services: impl Iterator<Item = &ServiceId>) -> Result<Catalogue, ReadError> {
        let catalogues = try_join_all(services.map(|service| self.client.catalogue(service.uuid()))).await?;
        let mut offers = Catalogue::new();
        catalogues.into_iter().for_each(|read| add_offers(&mut offers, read));
        Ok(offers)
    }
}

/// What one service offers has room where another's is full.
fn add_offers(catalogue: &mut Catalogue, offers: Vec<wire::CatalogueDatacenter>) {
    for wire::CatalogueDatacenter { id, name, available, .. } in offers {
        catalogue.entry(id).or_insert(Offer { name, available }).available |= available;
    }
}

/// The catalogue id of a datacenter that a topology names: by name, or by id where something is known of it.
fn offered_as(live: &Live, name: &DatacenterName) -> Option<u64> {
    let named = live.catalogue.iter().filter(|(_, offer)| offer.name == name.as_str());
    let named: Vec<u64> = named.map(|(id, _)| *id).collect();
    match named.as_slice() {
        [id] => Some(*id),
        _ => name.as_id().filter(|id| {
            live.catalogue.contains_key(id)
                || live.configs.keys().any(|at| at.datacenter_name() == Some(name))
        }),
    }
}

/// The topology with its datacenters under the catalogue's names.
fn resolve(topology: &Topology, live: &Live) -> Result<Topology, ReadError> {
    let mut diagnostics = Vec::new();
    let unknown = topology
        .entries
        .iter()
        .filter(|(_, entry)| matches!(entry.spec, Spec::Datacenter(_)))
        .filter_map(|(address, entry)| Some((address.datacenter_name()?, entry.span)))
        .filter(|(name, _)| offered_as(live, name).is_none());
    for (name, span) in unknown {
        let ambiguous = live.catalogue.values().filter(|offer| offer.name == name.as_str()).count() > 1;
        let message = if ambiguous {
            format!("more than one datacenter is called {name}")
        } else {
            format!("there is no datacenter {name} on offer")
        };
        let offers = live.catalogue.iter().map(|(id, offer)| format!("{} ({id})", offer.name));
        let names: Vec<&str> = live.catalogue.values().map(|offer| offer.name.as_str()).collect();
        let intro = match nearest(name.as_str(), &names) {
            Some(meant) if !ambiguous => format!("did you mean `{meant}`? On offer are"),
            _ => "write one of these names, or its id:".to_owned(),
        };
        diagnostics.push(
            rules::UNKNOWN_DATACENTER.at(message, span, "not in the catalogue").help(choices(&intro, offers)),
        );
    }
    if !diagnostics.is_empty() {
        return Err(ReadError::Unfit(diagnostics));
    }
    let renamed = topology.rename_datacenters(|_, name| {
        offered_as(live, name).map_or_else(|| name.clone(), |id| live.datacenter_name(id))
    });
    renamed.map_err(|clashes| {
        let clash = |(first, second): &(Address, Address)| {
            let mut both = [first, second];
            both.sort_by_key(|address| topology.entries.get(*address).map(|entry| entry.span));
            let [first, second] = both;
            let (first_entry, second_entry) = (topology.entries.get(first)?, topology.entries.get(second)?);
            let message = format!("{second} and {first} are the same datacenter");
            Some(
                rules::SAME_DATACENTER
                    .at(message, second_entry.span, "declared again here")
                    .and(first_entry.span, "first declared here"),
            )
        };
        ReadError::Unfit(clashes.iter().filter_map(clash).collect())
    })
}

/// What exists, in a few words: a long list is cut.
fn choices(intro: &str, existing: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 20;
    let all: Vec<String> = existing.collect();
    match all.len() {
        0 => format!("{intro} none"),
        count if count > SHOWN => format!("{intro} {} and {} more", all[..SHOWN].join(", "), count - SHOWN),
        _ => format!("{intro} {}", all.join(", ")),
    }
}
