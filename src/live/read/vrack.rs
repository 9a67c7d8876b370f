//! What one vRack holds: its services, and what is configured on them.

use std::collections::BTreeMap;
use std::slice::from_ref;

use futures_util::future::{try_join, try_join_all};

use super::{ReadError, Reader, Services};
use crate::api;
use crate::api::wire::{self, ConfigStatus};
use crate::live::life::{self, status};
use crate::live::merge::{Listing, merge};
use crate::live::{ConfigId, Live, LiveConfig, LiveService, PopKey, Status, Task, convert};
use crate::topology::{Address, Node, Pop, ServiceId, Spec, VrackName};

impl Reader<'_> {
    /// The services of one vRack and what is configured there.
    ///
    /// The lists are not read at one moment. Where they contradict each other (something is being
    /// created and no task does it, or the reverse) they are read once more before that is believed.
    pub(super) async fn vrack(
        &self,
        vrack: &VrackName,
        services: &Services,
        live: &Live,
    ) -> Result<(BTreeMap<ServiceId, LiveService>, Configs), ReadError> {
        let members = services.iter().filter(|(_, service)| service.vrack.as_deref() == Some(vrack.as_str()));
        let members: Vec<_> = members.collect();
        let first = self.vrack_once(vrack, &members, live).await?;
        if first.is_consistent() {
            return Ok((first.services, first.configs));
        }
        let second = self.vrack_once(vrack, &members, live).await?;
        Ok((second.services, second.configs))
    }

    async fn vrack_once(
        &self,
        vrack: &VrackName,
        members: &[(&ServiceId, &wire::Service)],
        live: &Live,
    ) -> Result<VrackReading, ReadError> {
        let services = try_join_all(members.iter().map(|(id, service)| self.service(**id, service))).await?;
        let tasks: Vec<(ServiceId, Task)> = services
            .iter()
            .flat_map(|reading| reading.live.tasks.iter().map(|task| (reading.id, task.clone())))
            .collect();
        let mut configs = Configs::new();
        let mut listings = Vec::new();
        let mut offices = BTreeMap::new();
        for reading in &services {
            for (pop, datacenters) in &reading.pops {
                let key = PopKey { service: reading.id, id: pop.id };
                let address = Address::pop(vrack.clone(), reading.id);
                let spec = convert::pop(&address, pop)?;
                let is_l3 = matches!(spec, Spec::Pop(Pop::L3 { .. }));
                let status = status(&pop.status, &[ConfigId::Pop(key)], &tasks);
                if is_l3 {
                    listings.push(Listing { pop: key, datacenters });
                    offices.insert(key, status);
                } else {
                    for datacenter in datacenters {
                        let name = live.datacenter_name(datacenter.datacenter_id);
                        let id = ConfigId::Datacenter(BTreeMap::from([(key, datacenter.id)]));
                        let status = self::status(&datacenter.status, from_ref(&id), &tasks);
                        let spec = Spec::Datacenter(crate::topology::Datacenter::L2);
                        let address = Address::l2_datacenter(vrack.clone(), reading.id, name);
                        configs.entry(address).or_default().push(LiveConfig { spec, status, id });
                    }
                }
                let id = ConfigId::Pop(key);
                configs.entry(address).or_default().push(LiveConfig { spec, status, id });
            }
        }
        let datacenters = merge(&listings);
        let extras =
            try_join_all(datacenters.iter().map(|it| self.extras(&it.ids, &offices, &tasks))).await?;
        let mut aliases = Vec::new();
        for (datacenter, ExtrasReading { via, extras, elsewhere }) in datacenters.into_iter().zip(extras) {
            let name = live.datacenter_name(datacenter.config.datacenter_id);
            let address = Address::datacenter(vrack.clone(), name.clone());
            let spec = convert::l3_datacenter(&address, &datacenter.config)?;
            let number = datacenter.ids.get(&via).copied().unwrap_or_default();
            let id = ConfigId::Datacenter(datacenter.ids);
            let status = status(&datacenter.config.status, from_ref(&id), &tasks);
            configs.entry(address).or_default().push(LiveConfig { spec, status, id });
            for extra in extras {
                let (address, spec) = convert::extra(vrack, &name, &extra)?;
                let id_of =
                    |extra: &wire::ExtraConfig| ConfigId::Extra { via, datacenter: number, id: extra.id };
                let mut ids = vec![id_of(&extra)];
                ids.extend(elsewhere.iter().filter(|other| is_same_extra(&extra, other)).map(id_of));
                let status = self::status(&extra.status, &ids, &tasks);
                let id = ids.remove(0);
                aliases.extend(ids);
                configs.entry(address).or_default().push(LiveConfig { spec, status, id });
            }
        }
        let services = services.into_iter().map(|reading| (reading.id, reading.live)).collect();
        let mut reading = VrackReading { services, configs, aliases, tasks };
        reading.trust_unseen_tasks();
        Ok(reading)
    }

    async fn service(&self, id: ServiceId, service: &wire::Service) -> Result<ServiceReading, ReadError> {
        let uuid = id.uuid();
        let pops = async {
            let pops = self.client.pops(uuid).await?;
            try_join_all(pops.into_iter().map(async |pop| {
                let datacenters = match self.client.datacenters(uuid, pop.id).await {
                    // Gone since it was listed.
                    Err(error) if error.is_not_found() => Vec::new(),
                    answer => answer?,
                };
                Ok::<_, api::Error>((pop, datacenters))
            }))
            .await
        };
        let (tasks, pops) = try_join(self.client.tasks(uuid), pops).await?;
        Ok(ServiceReading { id, live: convert::service(service, tasks), pops })
    }

    /// The extras of a datacenter, read through the first of its PoPs that is up.
    ///
    /// A task of another service may name an extra by the number that it bears there: then the same
    /// extras are read through that service too.
    async fn extras(
        &self,
        ids: &BTreeMap<PopKey, u64>,
        offices: &BTreeMap<PopKey, Status>,
        tasks: &[(ServiceId, Task)],
    ) -> Result<ExtrasReading, ReadError> {
        let is_down = |pop: &PopKey| offices.get(pop) != Some(&Status::Active);
        let Some(via) = ids.keys().copied().min_by_key(|pop| (is_down(pop), *pop)) else {
            unreachable!("a datacenter was listed by at least one PoP")
        };
        let extras = self.extras_through(ids, via).await?;
        let is_unknown = |task: &Task| {
            task.function.ends_with("ExtraConfiguration")
                && extras.iter().all(|extra| task.resource_id != Some(extra.id))
        };
        let speaks_of_others =
            |pop: &&PopKey| tasks.iter().any(|(service, task)| *service == pop.service && is_unknown(task));
        let others = ids.keys().filter(|pop| pop.service != via.service).filter(speaks_of_others);
        let elsewhere = try_join_all(others.map(|pop| self.extras_through(ids, *pop))).await?;
        Ok(ExtrasReading { via, extras, elsewhere: elsewhere.into_iter().flatten().collect() })
    }

    async fn extras_through(
        &self,
        ids: &BTreeMap<PopKey, u64>,
        via: PopKey,
    ) -> Result<Vec<wire::ExtraConfig>, ReadError> {
        match self.client.extras(via.service.uuid(), via.id, ids[&via]).await {
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            answer => Ok(answer?),
        }
    }
}

/// The extras of one datacenter.
struct ExtrasReading {
    via: PopKey,
    extras: Vec<wire::ExtraConfig>,
    /// The same as other services number them, where a task of theirs makes that matter.
    elsewhere: Vec<wire::ExtraConfig>,
}

/// Whether two services show one extra: the same content; its number may be another.
fn is_same_extra(one: &wire::ExtraConfig, other: &wire::ExtraConfig) -> bool {
    let content =
        |it: &wire::ExtraConfig| wire::ExtraConfig { id: 0, status: ConfigStatus::Active, ..it.clone() };
    content(one) == content(other)
}

pub(super) type Configs = BTreeMap<Address, Vec<LiveConfig>>;

struct ServiceReading {
    id: ServiceId,
    live: LiveService,
    pops: Vec<(wire::PopConfig, Vec<wire::DatacenterConfig>)>,
}

struct VrackReading {
    services: BTreeMap<ServiceId, LiveService>,
    configs: Configs,
    /// Other numbers under which tasks may name what is in `configs`.
    aliases: Vec<ConfigId>,
    tasks: Vec<(ServiceId, Task)>,
}

impl VrackReading {
    fn is_consistent(&self) -> bool {
        let mut configs = self.configs.values().flatten();
        configs.all(|config| config.status != Status::Stuck) && self.unseen_creations().is_empty()
    }

    fn unseen_creations(&self) -> Vec<Task> {
        let ids = || self.configs.values().flatten().map(|config| &config.id).chain(&self.aliases);
        life::unseen_creations(&self.tasks, ids)
    }

    fn trust_unseen_tasks(&mut self) {
        let unseen = self.unseen_creations();
        let shared = self.configs.iter_mut().filter(|(at, _)| matches!(at.node, Node::Datacenter(..)));
        for config in shared.flat_map(|(_, configs)| configs) {
            life::trust(&mut config.status, &config.id, &unseen);
        }
    }
}
