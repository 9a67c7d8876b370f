//! What the API shows of one vRack: its services, and what is configured on them.

use std::collections::BTreeMap;

use futures_util::future::{try_join, try_join_all};

use super::{ReadError, Reader};
use crate::api;
use crate::api::wire::{self, PopType};
use crate::live::life::status;
use crate::live::merge::{Listing, Merged, merge};
use crate::live::{ConfigId, LiveService, PopKey, Port, Status, Task, convert};
use crate::topology::ServiceId;

/// What was read of a vRack.
pub(super) struct RawVrack {
    pub(super) services: Vec<RawService>,
    /// The unfinished tasks of all its services.
    pub(super) tasks: Vec<(ServiceId, Task)>,
    /// What the l3 PoPs share.
    pub(super) datacenters: Vec<(Merged, RawExtras)>,
}

/// What was read of a service.
pub(super) struct RawService {
    pub(super) id: ServiceId,
    pub(super) live: LiveService,
    pub(super) pops: Vec<(wire::PopConfig, Vec<wire::DatacenterConfig>)>,
    /// Its interfaces, where a PoP is wanted and none is configured.
    pub(super) ports: BTreeMap<u64, Port>,
}

/// What the routes of a service show, wherever it is.
pub(super) struct Details {
    tasks: Vec<wire::Task>,
    pops: Vec<(wire::PopConfig, Vec<wire::DatacenterConfig>)>,
    ports: BTreeMap<u64, Port>,
}

/// The extras of one datacenter.
pub(super) struct RawExtras {
    /// The PoP they were read through.
    pub(super) via: PopKey,
    pub(super) extras: Vec<wire::ExtraConfig>,
    /// The same as other services number them, where a task of theirs makes that matter.
    pub(super) elsewhere: Vec<wire::ExtraConfig>,
}

impl Reader<'_> {
    /// What is configured on the services of one vRack, as the API shows it. `ahead` holds, for each of
    /// them, what was read of it already.
    pub(super) async fn vrack(
        &self,
        members: &[&wire::Service],
        ahead: Vec<Option<Result<Details, ReadError>>>,
    ) -> Result<RawVrack, ReadError> {
        let members = members.iter().zip(ahead);
        let services = try_join_all(members.map(|(service, ahead)| self.service(service, ahead))).await?;
        let of_service = |it: &RawService| {
            let id = it.id;
            it.live.tasks.iter().cloned().map(move |task| (id, task)).collect::<Vec<_>>()
        };
        let tasks: Vec<(ServiceId, Task)> = services.iter().flat_map(of_service).collect();
        let mut listings = Vec::new();
        let mut offices = BTreeMap::new();
        for reading in &services {
            for (pop, datacenters) in reading.pops.iter().filter(|(pop, _)| pop.kind == PopType::L3) {
                let key = PopKey { service: reading.id, id: pop.id };
                listings.push(Listing { pop: key, datacenters });
                offices.insert(key, status(&pop.status, &[ConfigId::Pop(key)], &tasks));
            }
        }
        let datacenters = merge(&listings);
        let extras = datacenters.iter().map(|it| self.extras(&it.ids, &offices, &tasks));
        let extras = try_join_all(extras).await?;
        Ok(RawVrack { services, tasks, datacenters: datacenters.into_iter().zip(extras).collect() })
    }

    async fn service(
        &self,
        service: &wire::Service,
        ahead: Option<Result<Details, ReadError>>,
    ) -> Result<RawService, ReadError> {
        let id = service.uuid.into();
        let Details { tasks, pops, ports } = match ahead {
            Some(details) => details?,
            None => self.details(id).await?,
        };
        Ok(RawService { id, live: convert::service(service, tasks), pops, ports })
    }

    /// What is configured on a service, and its unfinished tasks.
    pub(super) async fn details(&self, id: ServiceId) -> Result<Details, ReadError> {
        let uuid = id.uuid();
        let pops = async {
            let pops = self.client.pops(uuid).await?;
            let ports = if pops.is_empty() { self.ports(id).await } else { BTreeMap::new() };
            let pops = try_join_all(pops.into_iter().map(async |pop| {
                let datacenters = match self.client.datacenters(uuid, pop.id).await {
                    // Gone since it was listed.
                    Err(error) if error.is_not_found() => Vec::new(),
                    answer => answer?,
                };
                Ok::<_, api::Error>((pop, datacenters))
            }));
            Ok((pops.await?, ports))
        };
        let (tasks, (pops, ports)) = try_join(self.client.tasks(uuid), pops).await?;
        Ok(Details { tasks, pops, ports })
    }

    /// A service whose configuration is not looked at.
    pub(super) async fn alone(
        &self,
        service: &wire::Service,
        ahead: Option<Result<Details, ReadError>>,
    ) -> Result<RawService, ReadError> {
        let id = service.uuid.into();
        let (tasks, ports) = match ahead {
            Some(Ok(Details { tasks, ports, .. })) => (tasks, ports),
            // That it is in no vRack may be why the rest could not be read.
            Some(Err(_)) | None => {
                let ports = async { Ok(self.ports(id).await) };
                try_join(self.client.tasks(id.uuid()), ports).await?
            }
        };
        Ok(RawService { id, live: convert::service(service, tasks), pops: Vec::new(), ports })
    }

    /// The interfaces of a service that is to get a PoP configuration and has none.
    ///
    /// Where something is configured the session itself tells more. What cannot be read is left out:
    /// nothing is planned by it.
    async fn ports(&self, service: ServiceId) -> BTreeMap<u64, Port> {
        if !self.wanted_pops.contains(&service) {
            return BTreeMap::new();
        }
        match self.client.interfaces(service.uuid()).await {
            Ok(interfaces) => interfaces.iter().map(|it| (it.id, convert::port(it))).collect(),
            Err(problem) => {
                tracing::info!("interfaces cannot be looked at: {problem}");
                BTreeMap::new()
            }
        }
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
    ) -> Result<RawExtras, ReadError> {
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
        Ok(RawExtras { via, extras, elsewhere: elsewhere.into_iter().flatten().collect() })
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
