//! API → [`Observation`]. A read that fails takes nothing else with it.

use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::future::{join, join_all, join3, join4};
use uuid::Uuid;

use super::shown::{count, incident, interface, session, task};
use super::{
    Observation, SeenDatacenter, SeenExtra, SeenInterface, SeenPop, SeenService, SeenTask, SeenThrough,
    SeenVrack, Session, Unread,
};
use crate::api::wire::{self, VrackTaskStatus};
use crate::api::{self, Client, Listed};
use crate::live::life::{self, status};
use crate::live::merge::{Listing, merge};
use crate::live::{ConfigId, Live, Offer, PopKey, Status, Task, convert};
use crate::topology::{Address, Datacenter, DatacenterName, ServiceId, Spec, Topology, VrackName};

/// How much of an account is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// All of it.
    Account,
    /// These vRacks with what is in them, and these services wherever they are.
    Only {
        /// The vRacks.
        vracks: BTreeSet<VrackName>,
        /// The services.
        services: BTreeSet<ServiceId>,
    },
}

impl Scope {
    /// What a topology speaks of.
    #[must_use]
    pub fn of(topology: &Topology) -> Self {
        Self::Only {
            vracks: topology.vracks.keys().cloned().collect(),
            services: topology.entries.keys().filter_map(Address::service).collect(),
        }
    }

    fn vrack(&self, vrack: &VrackName) -> bool {
        match self {
            Self::Account => true,
            Self::Only { vracks, .. } => vracks.contains(vrack),
        }
    }

    fn service(&self, service: ServiceId) -> bool {
        match self {
            Self::Account => true,
            Self::Only { services, .. } => services.contains(&service),
        }
    }
}

/// Looks at an account. Reads that depend on nothing run at once.
///
/// # Errors
/// Where nothing at all can be read: the first of the failures.
pub async fn observe(client: &Client, scope: &Scope) -> Result<Observation, api::Error> {
    let first = Reader::new(client, scope).observe().await?;
    // The lists are not read at one moment: a creation that ends in between looks as if it had failed.
    if first.has_failed_creation() { Reader::new(client, scope).observe().await } else { Ok(first) }
}

impl Observation {
    fn has_failed_creation(&self) -> bool {
        let services = self.vracks.iter().flat_map(|vrack| &vrack.services);
        let pops = services.flat_map(|service| service.pops.iter().flatten());
        let shared = self.vracks.iter().flat_map(|vrack| vrack.datacenters.iter().flatten());
        let own = pops.clone().flat_map(|pop| pop.datacenters.iter().flatten());
        let datacenters: Vec<_> = shared.chain(own).collect();
        let extras = datacenters.iter().flat_map(|it| it.extras.iter().flatten()).map(|it| it.status);
        let mut all = pops.map(|it| it.status).chain(datacenters.iter().map(|it| it.status)).chain(extras);
        all.any(|status| status == Status::Stuck)
    }
}

struct Reader<'a> {
    client: &'a Client,
    scope: &'a Scope,
    /// Why calls failed, and how often.
    unread: Mutex<BTreeMap<(String, String), usize>>,
    /// Whether anything could be read.
    any: AtomicBool,
    /// The first failure of all.
    first: Mutex<Option<api::Error>>,
}

/// What was read of a service, before its vRack's datacenters are put together.
struct Read {
    seen: SeenService,
    /// Its unfinished tasks, for the status of what they are about.
    tasks: Option<Vec<Task>>,
    /// What its l3 PoPs list.
    lists: Vec<(PopKey, Status, Vec<wire::DatacenterConfig>)>,
    /// Whether every list that would show an l3 datacenter was read.
    complete: bool,
}

/// What is known of a service before it is looked into.
struct Known {
    id: ServiceId,
    vrack: Option<VrackName>,
    details: Option<wire::Service>,
}

impl<'a> Reader<'a> {
    fn new(client: &'a Client, scope: &'a Scope) -> Self {
        Self { client, scope, unread: Mutex::default(), any: AtomicBool::new(false), first: Mutex::default() }
    }

    /// What was read, if it was; the reason is noted if it was not.
    fn known<T>(&self, answer: Result<T, api::Error>) -> Option<T> {
        match answer {
            Ok(read) => {
                self.any.store(true, Ordering::Relaxed);
                Some(read)
            }
            Err(error) => {
                self.note(&error);
                None
            }
        }
    }

    fn note(&self, error: &api::Error) {
        let call = error.call().map(|it| format!("{} {}", it.method, it.pattern)).unwrap_or_default();
        let reason = match error {
            api::Error::Api(refusal) => {
                let class = refusal.class.as_ref().map(|class| format!(" {class}")).unwrap_or_default();
                format!("{}{class}: {}", refusal.status, refusal.message)
            }
            api::Error::Transport { cause, .. } => cause.to_string(),
            api::Error::Decode { problem, .. } => format!("the answer makes no sense: {problem}"),
            api::Error::Credentials { .. } | api::Error::Parameter(_) => error.to_string(),
        };
        self.count(call, reason);
        lock(&self.first).get_or_insert_with(|| error.clone());
    }

    fn count(&self, call: String, reason: String) {
        *lock(&self.unread).entry((call, reason)).or_default() += 1;
    }

    async fn observe(self) -> Result<Observation, api::Error> {
        let (services, vracks) = join(self.services(), self.vracks()).await;
        let vracks = vracks.unwrap_or_default();
        let (mut known, listed) = services.unwrap_or_default();
        let complete = listed && known.values().all(|it| it.details.is_some());
        let unlisted = if complete { BTreeSet::new() } else { self.add_members(&vracks, &mut known).await };
        let shown: BTreeSet<VrackName> =
            known.values().filter_map(|it| it.vrack.clone()).chain(vracks).collect();
        let known: Vec<Known> = known.into_values().collect();
        let (catalogue, read, tasks) = join3(
            self.catalogue(&known),
            join_all(known.iter().map(|it| self.look_into(it))),
            join_all(shown.iter().map(|vrack| self.vrack_tasks(vrack))),
        )
        .await;
        let live = Live { catalogue, ..Live::default() };
        let (mut inside, mut outside): (BTreeMap<VrackName, Vec<Read>>, Vec<SeenService>) =
            Default::default();
        for it in read {
            match it.seen.vrack.clone() {
                Some(vrack) => inside.entry(vrack).or_default().push(it),
                None => outside.push(it.seen),
            }
        }
        let (this, live) = (&self, &live);
        let vracks = join_all(shown.into_iter().zip(tasks).map(|(vrack, tasks)| {
            let read = inside.remove(&vrack).unwrap_or_default();
            let whole = self.scope.vrack(&vrack) && !unlisted.contains(&vrack);
            async move { SeenVrack { whole, ..this.vrack(vrack, tasks, read, !whole, live).await } }
        }))
        .await;
        let first = lock(&self.first).take();
        if let Some(error) = first.filter(|_| !self.any.load(Ordering::Relaxed)) {
            return Err(error);
        }
        let unread = std::mem::take(&mut *lock(&self.unread)).into_iter();
        Ok(Observation {
            vracks,
            elsewhere: outside,
            unread: unread.map(|((call, reason), times)| Unread { call, reason, times }).collect(),
            catalogue: live.catalogue.keys().map(|id| (*id, live.datacenter_name(*id))).collect(),
        })
    }

    /// The services that can be listed or are asked for by name, and whether they could be listed. `None`
    /// where there is no telling.
    async fn services(&self) -> Option<(BTreeMap<ServiceId, Known>, bool)> {
        let listed = self.known(self.client.services().await);
        let unlisted = listed.is_none();
        let mut known = BTreeMap::new();
        let mut ids: BTreeSet<Uuid> = match (unlisted, self.scope) {
            (true, Scope::Only { services, .. }) => services.iter().map(|id| id.uuid()).collect(),
            _ => BTreeSet::new(),
        };
        for entry in listed.into_iter().flatten() {
            match entry {
                Listed::Object(service) => _ = known.insert(service.uuid.into(), self::known(service)),
                Listed::Id(id) => _ = ids.insert(id),
            }
        }
        let read = ids.into_iter().map(async |id| (id, self.known(self.client.service(id).await)));
        for (id, details) in join_all(read).await {
            let nothing = Known { id: id.into(), vrack: None, details: None };
            known.insert(id.into(), details.map_or(nothing, self::known));
        }
        known.retain(|id, it| {
            self.scope.service(*id) || it.vrack.as_ref().is_some_and(|vrack| self.scope.vrack(vrack))
        });
        (!unlisted || known.values().any(|it| it.details.is_some())).then_some((known, !unlisted))
    }

    async fn vracks(&self) -> Option<BTreeSet<VrackName>> {
        match self.scope {
            Scope::Account => {
                let names = self.known(self.client.vracks().await)?;
                Some(names.iter().filter_map(|name| name.parse().ok()).collect())
            }
            Scope::Only { vracks, .. } if vracks.is_empty() => None,
            Scope::Only { vracks, .. } => Some(vracks.clone()),
        }
    }

    /// Services that only their vRack tells of. Returns the vRacks that do not tell either.
    async fn add_members(
        &self,
        vracks: &BTreeSet<VrackName>,
        known: &mut BTreeMap<ServiceId, Known>,
    ) -> BTreeSet<VrackName> {
        let members = vracks
            .iter()
            .map(async |vrack| (vrack, self.known(self.client.vrack_members(vrack.as_str()).await)));
        let mut unlisted = BTreeSet::new();
        for (vrack, members) in join_all(members).await {
            let Some(members) = members else {
                unlisted.insert(vrack.clone());
                continue;
            };
            for id in members.into_iter().map(ServiceId::from) {
                let it = known.entry(id).or_insert_with(|| Known { id, vrack: None, details: None });
                it.vrack.get_or_insert_with(|| vrack.clone());
            }
        }
        unlisted
    }

    /// The datacenters on offer: of one service, or of the next where that one's cannot be read.
    ///
    /// Assumed: the routes are per service, the datacenters are not.
    async fn catalogue(&self, known: &[Known]) -> BTreeMap<u64, Offer> {
        const TRIES: usize = 3;
        for service in known.iter().filter(|it| it.vrack.is_some()).take(TRIES) {
            if let Some(offers) = self.known(self.client.catalogue(service.id.uuid()).await) {
                let offer =
                    |it: wire::CatalogueDatacenter| (it.id, Offer { name: it.name, available: it.available });
                return offers.into_iter().map(offer).collect();
            }
        }
        BTreeMap::new()
    }

    async fn look_into(&self, Known { id, vrack, details }: &Known) -> Read {
        let service = id.uuid();
        let (tasks, interfaces, incidents, pops) = join4(
            self.client.tasks(service),
            self.interfaces(service),
            self.client.incidents(service),
            self.pops(*id, vrack.as_ref()),
        )
        .await;
        let tasks = self.known(tasks);
        let unfinished = tasks.clone().map(|tasks| tasks.into_iter().filter_map(convert::task).collect());
        let details = details.as_ref();
        let mut read = Read {
            seen: SeenService {
                service: *id,
                vrack: vrack.clone(),
                description: details.and_then(|it| it.description.clone()).filter(|text| !text.is_empty()),
                location: details.and_then(|it| it.pop.clone()),
                bandwidth: details.and_then(|it| it.bandwidth.clone()),
                provider: details.and_then(|it| it.provider.clone()),
                closed: details.map(|it| it.status == wire::ServiceStatus::Closed),
                interfaces,
                pops: None,
                tasks: tasks.map(|tasks| tasks.into_iter().filter_map(task).collect()),
                incidents: self.known(incidents).map(|all| all.into_iter().map(incident).collect()),
            },
            tasks: unfinished,
            lists: Vec::new(),
            complete: true,
        };
        match (vrack, pops) {
            (Some(vrack), Some(pops)) => read.add_pops(self, vrack, pops),
            (None, _) => read.seen.pops = details.map(|_| Vec::new()),
            (Some(_), None) => read.complete = false,
        }
        read
    }

    /// The PoP configurations of a service, which has none outside a vRack.
    async fn pops(&self, id: ServiceId, vrack: Option<&VrackName>) -> Option<Vec<ReadPop>> {
        vrack?;
        let service = id.uuid();
        let pops = self.known(self.client.pops(service).await)?;
        let read = pops.into_iter().map(async |config| {
            let is_l3 = config.kind == wire::PopType::L3;
            let session = async {
                if is_l3 { self.known(self.client.pop_status(service, config.id).await) } else { None }
            };
            let prefixes = async {
                if !is_l3 {
                    return None;
                }
                let points = self.known(self.client.pop_prefixes_accepted(service, config.id).await)?;
                let last = points.into_iter().max_by_key(|point| point.timestamp)?;
                count(last.value.value)
            };
            let (datacenters, session, prefixes) =
                join3(self.client.datacenters(service, config.id), session, prefixes).await;
            ReadPop {
                datacenters: self.known(datacenters),
                session: session.map(self::session),
                prefixes,
                config,
            }
        });
        Some(join_all(read).await)
    }

    async fn interfaces(&self, service: Uuid) -> Option<Vec<SeenInterface>> {
        let interfaces = self.known(self.client.interfaces(service).await)?;
        let seen = interfaces.into_iter().map(async |it| {
            let link = self.known(self.client.interface_status(service, it.id).await);
            interface(it, link)
        });
        let mut seen = join_all(seen).await;
        seen.sort_by_key(|it| it.id);
        Some(seen)
    }

    async fn vrack_tasks(&self, vrack: &VrackName) -> Option<Vec<SeenTask>> {
        let tasks = self.known(self.client.vrack_tasks(vrack.as_str()).await)?;
        let unfinished = tasks
            .into_iter()
            .filter(|task| !matches!(task.status, VrackTaskStatus::Done | VrackTaskStatus::Cancelled));
        let seen = |task: wire::VrackTask| SeenTask {
            id: task.id,
            function: task.function.unwrap_or_default(),
            status: task.status.to_string(),
        };
        Some(unfinished.map(seen).collect())
    }

    async fn vrack(
        &self,
        vrack: VrackName,
        tasks: Option<Vec<SeenTask>>,
        mut read: Vec<Read>,
        unlisted: bool,
        live: &Live,
    ) -> SeenVrack {
        for pop in read.iter_mut().flat_map(|it| it.seen.pops.iter_mut().flatten()) {
            name_l2_datacenters(pop, live);
        }
        let complete = !(read.is_empty() && unlisted) && read.iter().all(|it| it.complete);
        let tasks_known = read.iter().all(|it| it.tasks.is_some());
        let under_way: Vec<(ServiceId, Task)> = read
            .iter()
            .flat_map(|it| it.tasks.iter().flatten().map(|task| (it.seen.service, task.clone())))
            .collect();
        let judge = Judge { tasks: &under_way, tasks_known };
        let lists: Vec<_> = read.iter().flat_map(|it| &it.lists).collect();
        let listings: Vec<Listing<'_>> =
            lists.iter().map(|(pop, _, datacenters)| Listing { pop: *pop, datacenters }).collect();
        let merged = merge(&listings);
        let mut ids: Vec<ConfigId> = merged.iter().map(|it| ConfigId::Datacenter(it.ids.clone())).collect();
        let offices: BTreeMap<PopKey, Status> =
            lists.iter().map(|(pop, status, _)| (*pop, *status)).collect();
        let datacenters = merged.into_iter().map(async |it| {
            let down = |pop: &PopKey| offices.get(pop) != Some(&Status::Active);
            let (pop, id) = it.ids.iter().min_by_key(|(pop, _)| (down(pop), **pop))?;
            let via = SeenThrough { service: pop.service, pop: pop.id, id: *id };
            let name = live.datacenter_name(it.config.datacenter_id);
            let address = Address::datacenter(vrack.clone(), name.clone());
            let spec = self.readable(convert::l3_datacenter(&address, &it.config))?;
            let extras = self.known(self.client.extras(pop.service.uuid(), pop.id, *id).await);
            let extras = extras.map(|extras| self.extras(&vrack, &name, via, extras, &judge));
            let status = judge.status(&it.config.status, ConfigId::Datacenter(it.ids.clone()));
            Some(SeenDatacenter { address, spec, status, via, extras })
        });
        let mut datacenters: Vec<SeenDatacenter> =
            join_all(datacenters).await.into_iter().flatten().collect();
        datacenters.sort_by(|one, other| one.address.cmp(&other.address));
        let pops = read.iter().flat_map(|it| it.seen.pops.iter().flatten());
        ids.extend(pops.flat_map(|pop| pop.datacenters.iter().flatten()).map(SeenDatacenter::id));
        ids.extend(datacenters.iter().flat_map(SeenDatacenter::extra_ids));
        let unseen = life::unseen_creations(&under_way, || ids.iter());
        for datacenter in &mut datacenters {
            datacenter.trust(&unseen);
        }
        let datacenters = (complete || !datacenters.is_empty()).then_some(datacenters);
        SeenVrack {
            vrack,
            tasks,
            whole: true,
            services: read.into_iter().map(|it| it.seen).collect(),
            datacenters,
        }
    }

    fn extras(
        &self,
        vrack: &VrackName,
        name: &DatacenterName,
        via: SeenThrough,
        extras: Vec<wire::ExtraConfig>,
        judge: &Judge<'_>,
    ) -> Vec<SeenExtra> {
        let seen = extras.into_iter().filter_map(|extra| {
            let (address, spec) = self.readable(convert::extra(vrack, name, &extra))?;
            let status = judge.status(&extra.status, via.extra(extra.id));
            Some(SeenExtra { address, id: extra.id, spec, status })
        });
        let mut seen: Vec<SeenExtra> = seen.collect();
        seen.sort_by(|one, other| one.address.cmp(&other.address));
        seen
    }

    fn readable<T>(&self, read: Result<T, convert::Unreadable>) -> Option<T> {
        read.inspect_err(|problem| self.count(String::new(), problem.to_string())).ok()
    }
}

impl SeenThrough {
    fn extra(self, id: u64) -> ConfigId {
        ConfigId::Extra { via: PopKey { service: self.service, id: self.pop }, datacenter: self.id, id }
    }
}

impl SeenDatacenter {
    fn id(&self) -> ConfigId {
        let SeenThrough { service, pop, id } = self.via;
        ConfigId::Datacenter(BTreeMap::from([(PopKey { service, id: pop }, id)]))
    }

    fn extra_ids(&self) -> impl Iterator<Item = ConfigId> {
        self.extras.iter().flatten().map(|extra| self.via.extra(extra.id))
    }

    fn trust(&mut self, unseen: &[Task]) {
        let (id, via) = (self.id(), self.via);
        life::trust(&mut self.status, &id, unseen);
        for extra in self.extras.iter_mut().flatten() {
            life::trust(&mut extra.status, &via.extra(extra.id), unseen);
        }
    }
}

/// A PoP configuration with what was read through it.
struct ReadPop {
    config: wire::PopConfig,
    session: Option<Session>,
    prefixes: Option<u64>,
    datacenters: Option<Vec<wire::DatacenterConfig>>,
}

impl Read {
    fn add_pops(&mut self, reader: &Reader<'_>, vrack: &VrackName, pops: Vec<ReadPop>) {
        let service = self.seen.service;
        let tasks: Vec<(ServiceId, Task)> =
            self.tasks.iter().flatten().map(|task| (service, task.clone())).collect();
        let judge = Judge { tasks: &tasks, tasks_known: self.tasks.is_some() };
        let mut seen = Vec::new();
        for ReadPop { config, session, prefixes, datacenters } in pops {
            let address = Address::pop(vrack.clone(), service);
            let Some(spec) = reader.readable(convert::pop(&address, &config)) else { continue };
            let key = PopKey { service, id: config.id };
            let status = judge.status(&config.status, ConfigId::Pop(key));
            let is_l3 = config.kind == wire::PopType::L3;
            self.complete &= datacenters.is_some() || !is_l3;
            let own = datacenters.as_ref().map(|all| {
                let own = all.iter().filter(|_| !is_l3);
                own.map(|it| l2_datacenter(vrack, key, it, &judge)).collect()
            });
            if is_l3 {
                self.lists.extend(datacenters.map(|all| (key, status, all)));
            }
            seen.push(SeenPop {
                address,
                id: config.id,
                interface: config.interface_id,
                spec,
                status,
                session,
                prefixes,
                datacenters: own,
            });
        }
        seen.sort_by_key(|pop| pop.id);
        self.seen.pops = Some(seen);
    }
}

/// Says where a configuration is in its life.
struct Judge<'a> {
    tasks: &'a [(ServiceId, Task)],
    tasks_known: bool,
}

impl Judge<'_> {
    fn status(&self, own: &wire::ConfigStatus, id: ConfigId) -> Status {
        match status(own, from_ref(&id), self.tasks) {
            // Nobody knows whether a task is at work on it.
            Status::Stuck if !self.tasks_known => Status::Creating,
            status => status,
        }
    }
}

/// Under its number: the catalogue is read meanwhile.
fn l2_datacenter(
    vrack: &VrackName,
    pop: PopKey,
    config: &wire::DatacenterConfig,
    judge: &Judge<'_>,
) -> SeenDatacenter {
    let id = ConfigId::Datacenter(BTreeMap::from([(pop, config.id)]));
    SeenDatacenter {
        address: Address::l2_datacenter(vrack.clone(), pop.service, config.datacenter_id.into()),
        spec: Spec::Datacenter(Datacenter::L2),
        status: judge.status(&config.status, id),
        via: SeenThrough { service: pop.service, pop: pop.id, id: config.id },
        extras: Some(Vec::new()),
    }
}

fn name_l2_datacenters(pop: &mut SeenPop, live: &Live) {
    for datacenter in pop.datacenters.iter_mut().flatten() {
        let number = datacenter.address.datacenter_name().and_then(DatacenterName::as_id);
        if let (Some(number), Some(service)) = (number, datacenter.address.service()) {
            let vrack = datacenter.address.vrack.clone();
            datacenter.address = Address::l2_datacenter(vrack, service, live.datacenter_name(number));
        }
    }
}

fn known(service: wire::Service) -> Known {
    let vrack = service.vrack.as_deref().and_then(|vrack| vrack.parse().ok());
    Known { id: service.uuid.into(), vrack, details: Some(service) }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing panics while it is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
