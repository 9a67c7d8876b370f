//! The typed calls, one for each route.

mod observe;

use std::fmt::Display;

use futures_util::{StreamExt as _, TryStreamExt as _};
use http::HeaderValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::pages::{Next, Pages};
use super::{Answer, Client, Draft, Error, Good, Listed};
use crate::api::routes::{self, Call};
use crate::api::wire;

/// How many objects a page is asked to hold.
///
/// Assumed: the API takes this size or makes smaller pages; it publishes no bound.
const PAGE_SIZE: u16 = 1000;

type Parameters<'a> = &'a [&'a (dyn Display + Sync)];

/// # The caller
impl Client {
    /// What the credentials at hand may call; `None` where the API does not tell.
    ///
    /// # Errors
    /// As every call.
    pub async fn granted(&self) -> Result<Option<Vec<wire::AccessRule>>, Error> {
        if self.signs_with_a_key() {
            let credential: wire::CurrentCredential = self.get(&routes::CURRENT_CREDENTIAL, &[]).await?;
            return Ok(Some(credential.rules));
        }
        let details: wire::AuthDetails = self.get(&routes::AUTH_DETAILS, &[]).await?;
        Ok(details.allowed_routes)
    }
}

/// # Services
impl Client {
    /// The account's services. A server that does not expand lists answers ids: the caller decides
    /// which of them to read.
    ///
    /// # Errors
    /// As every call.
    pub async fn services(&self) -> Result<Vec<Listed<wire::Service, Uuid>>, Error> {
        self.list(&routes::SERVICES, &[], |service: &wire::Service| service.uuid).await
    }

    /// One service.
    ///
    /// # Errors
    /// As every call; not found where the account has no such service.
    pub async fn service(&self, service: Uuid) -> Result<wire::Service, Error> {
        self.get(&routes::SERVICE, &[&service]).await
    }

    /// Changes what can be changed in place.
    ///
    /// # Errors
    /// As every mutation.
    pub async fn update_service(&self, service: Uuid, update: &wire::Update) -> Result<Answer<()>, Error> {
        let answer: Answer<Value> = self.mutate(&routes::SERVICE_UPDATE, &[&service], Some(update)).await?;
        Ok(Answer { value: (), query_id: answer.query_id })
    }

    /// A service's unfinished tasks.
    ///
    /// # Errors
    /// As every call.
    pub async fn tasks(&self, service: Uuid) -> Result<Vec<wire::Task>, Error> {
        self.collection(&routes::TASKS, &routes::TASK, &[&service]).await
    }

    /// One task of a service.
    ///
    /// # Errors
    /// As every call.
    pub async fn task(&self, service: Uuid, id: u64) -> Result<wire::Task, Error> {
        self.get(&routes::TASK, &[&service, &id]).await
    }

    /// The datacenters on offer to a service.
    ///
    /// # Errors
    /// As every call.
    pub async fn catalogue(&self, service: Uuid) -> Result<Vec<wire::CatalogueDatacenter>, Error> {
        self.collection(&routes::CATALOGUE, &routes::CATALOGUE_ENTRY, &[&service]).await
    }

    /// One datacenter on offer.
    ///
    /// # Errors
    /// As every call.
    pub async fn catalogue_entry(&self, service: Uuid, id: u64) -> Result<wire::CatalogueDatacenter, Error> {
        self.get(&routes::CATALOGUE_ENTRY, &[&service, &id]).await
    }
}

/// # vRacks
impl Client {
    /// The names of the account's vRacks.
    ///
    /// # Errors
    /// As every call.
    pub async fn vracks(&self) -> Result<Vec<String>, Error> {
        self.get(&routes::VRACKS, &[]).await
    }

    /// One vRack.
    ///
    /// # Errors
    /// As every call.
    pub async fn vrack(&self, vrack: &str) -> Result<wire::Vrack, Error> {
        self.get(&routes::VRACK, &[&vrack]).await
    }

    /// The services that may enter a vRack.
    ///
    /// # Errors
    /// As every call.
    pub async fn allowed_services(&self, vrack: &str) -> Result<Vec<Uuid>, Error> {
        let route = routes::ALLOWED_SERVICES.path(&[&vrack])?;
        let draft = self.draft(&routes::ALLOWED_SERVICES, route, "?serviceFamily=ovhCloudConnect", None);
        let good = self.proven(&draft).await?;
        let allowed: wire::AllowedServices = self.decode(&draft, &good)?;
        Ok(allowed.ovh_cloud_connect.unwrap_or_default())
    }

    /// The services in a vRack.
    ///
    /// # Errors
    /// As every call.
    pub async fn vrack_members(&self, vrack: &str) -> Result<Vec<Uuid>, Error> {
        let listed = self
            .list(&routes::MEMBERS, &[&vrack], |member: &wire::Attached| member.ovh_cloud_connect)
            .await?;
        let id = |entry| match entry {
            Listed::Object(wire::Attached { ovh_cloud_connect, .. }) => ovh_cloud_connect,
            Listed::Id(id) => id,
        };
        Ok(listed.into_iter().map(id).collect())
    }

    /// One service as a member of a vRack; not found where it is none.
    ///
    /// # Errors
    /// As every call.
    pub async fn vrack_member(&self, vrack: &str, service: Uuid) -> Result<wire::Attached, Error> {
        self.get(&routes::MEMBER, &[&vrack, &service]).await
    }

    /// Puts a service into a vRack.
    ///
    /// # Errors
    /// As every mutation.
    pub async fn attach(&self, vrack: &str, service: Uuid) -> Result<Answer<wire::VrackTask>, Error> {
        let body = wire::Attach { ovh_cloud_connect: service };
        self.mutate(&routes::ATTACH, &[&vrack], Some(&body)).await
    }

    /// Takes a service out of a vRack.
    ///
    /// # Errors
    /// As every mutation.
    pub async fn detach(&self, vrack: &str, service: Uuid) -> Result<Answer<wire::VrackTask>, Error> {
        self.mutate(&routes::DETACH, &[&vrack, &service], NO_BODY).await
    }

    /// A vRack's tasks.
    ///
    /// # Errors
    /// As every call.
    pub async fn vrack_tasks(&self, vrack: &str) -> Result<Vec<wire::VrackTask>, Error> {
        self.collection(&routes::VRACK_TASKS, &routes::VRACK_TASK, &[&vrack]).await
    }

    /// One task of a vRack; not found once it is over.
    ///
    /// # Errors
    /// As every call.
    pub async fn vrack_task(&self, vrack: &str, id: u64) -> Result<wire::VrackTask, Error> {
        self.get(&routes::VRACK_TASK, &[&vrack, &id]).await
    }
}

/// # Interfaces
impl Client {
    /// A service's interfaces.
    ///
    /// # Errors
    /// As every call.
    pub async fn interfaces(&self, service: Uuid) -> Result<Vec<wire::Interface>, Error> {
        self.collection(&routes::INTERFACES, &routes::INTERFACE, &[&service]).await
    }

    /// One interface.
    ///
    /// # Errors
    /// As every call.
    pub async fn interface(&self, service: Uuid, id: u64) -> Result<wire::Interface, Error> {
        self.get(&routes::INTERFACE, &[&service, &id]).await
    }

    /// Whether an interface's link is up, now.
    ///
    /// # Errors
    /// As every call.
    pub async fn interface_status(&self, service: Uuid, id: u64) -> Result<wire::InterfaceLink, Error> {
        self.get(&routes::INTERFACE_STATUS, &[&service, &id]).await
    }

    /// Takes an interface out of service.
    ///
    /// # Errors
    /// As every mutation.
    pub async fn lock_interface(&self, service: Uuid, id: u64) -> Result<Answer<wire::Task>, Error> {
        self.mutate(&routes::INTERFACE_LOCK, &[&service, &id], NO_BODY).await
    }

    /// Puts an interface back in service.
    ///
    /// # Errors
    /// As every mutation.
    pub async fn unlock_interface(&self, service: Uuid, id: u64) -> Result<Answer<wire::Task>, Error> {
        self.mutate(&routes::INTERFACE_UNLOCK, &[&service, &id], NO_BODY).await
    }
}

/// # PoP configurations
impl Client {
    /// A service's PoP configurations.
    ///
    /// # Errors
    /// As every call.
    pub async fn pops(&self, service: Uuid) -> Result<Vec<wire::PopConfig>, Error> {
        self.collection(&routes::POPS, &routes::POP, &[&service]).await
    }

    /// One PoP configuration.
    ///
    /// # Errors
    /// As every call.
    pub async fn pop(&self, service: Uuid, pop: u64) -> Result<wire::PopConfig, Error> {
        self.get(&routes::POP, &[&service, &pop]).await
    }

    /// Whether an l3 PoP's BGP session is up, now.
    ///
    /// # Errors
    /// As every call.
    pub async fn pop_status(&self, service: Uuid, pop: u64) -> Result<wire::PopSession, Error> {
        self.get(&routes::POP_STATUS, &[&service, &pop]).await
    }

    /// How many prefixes an l3 PoP's session accepted in the last hour, oldest point first.
    ///
    /// The published API marks this route as OVHcloud's own: it may be refused.
    ///
    /// # Errors
    /// As every call.
    pub async fn pop_prefixes_accepted(&self, service: Uuid, pop: u64) -> Result<Vec<wire::Metrics>, Error> {
        let call = &routes::POP_STATISTICS;
        let route = call.path(&[&service, &pop])?;
        let draft = self.draft(call, route, "?period=hourly&type=prefix%3Aaccepted", None);
        let good = self.proven(&draft).await?;
        self.decode(&draft, &good)
    }

    /// Creates a PoP configuration; the task's `resourceId` is its id.
    ///
    /// # Errors
    /// As every mutation.
    pub async fn create_pop(
        &self,
        service: Uuid,
        body: &wire::NewPopConfig,
    ) -> Result<Answer<wire::Task>, Error> {
        self.mutate(&routes::POP_CREATE, &[&service], Some(body)).await
    }

    /// Deletes a PoP configuration and whatever is under it.
    ///
    /// # Errors
    /// As every mutation.
    pub async fn delete_pop(&self, service: Uuid, pop: u64) -> Result<Answer<wire::Task>, Error> {
        self.mutate(&routes::POP_DELETE, &[&service, &pop], NO_BODY).await
    }
}

/// # Datacenter configurations
///
/// `datacenter` is the configuration's own id, not the catalogue's.
impl Client {
    /// The datacenter configurations seen through a PoP.
    ///
    /// # Errors
    /// As every call.
    pub async fn datacenters(&self, service: Uuid, pop: u64) -> Result<Vec<wire::DatacenterConfig>, Error> {
        self.collection(&routes::DATACENTERS, &routes::DATACENTER, &[&service, &pop]).await
    }

    /// One datacenter configuration.
    ///
    /// # Errors
    /// As every call.
    pub async fn datacenter(
        &self,
        service: Uuid,
        pop: u64,
        datacenter: u64,
    ) -> Result<wire::DatacenterConfig, Error> {
        self.get(&routes::DATACENTER, &[&service, &pop, &datacenter]).await
    }

    /// Creates a datacenter configuration; the task's `resourceId` is its id.
    ///
    /// # Errors
    /// As every mutation.
    pub async fn create_datacenter(
        &self,
        service: Uuid,
        pop: u64,
        body: &wire::NewDatacenterConfig,
    ) -> Result<Answer<wire::Task>, Error> {
        self.mutate(&routes::DATACENTER_CREATE, &[&service, &pop], Some(body)).await
    }

    /// Deletes a datacenter configuration and whatever is under it.
    ///
    /// # Errors
    /// As every mutation.
    pub async fn delete_datacenter(
        &self,
        service: Uuid,
        pop: u64,
        datacenter: u64,
    ) -> Result<Answer<wire::Task>, Error> {
        self.mutate(&routes::DATACENTER_DELETE, &[&service, &pop, &datacenter], NO_BODY).await
    }
}

/// # Extra configurations
impl Client {
    /// A datacenter's extra configurations.
    ///
    /// # Errors
    /// As every call.
    pub async fn extras(
        &self,
        service: Uuid,
        pop: u64,
        datacenter: u64,
    ) -> Result<Vec<wire::ExtraConfig>, Error> {
        let parameters: Parameters<'_> = &[&service, &pop, &datacenter];
        self.collection(&routes::EXTRAS, &routes::EXTRA, parameters).await
    }

    /// One extra configuration.
    ///
    /// # Errors
    /// As every call.
    pub async fn extra(
        &self,
        service: Uuid,
        pop: u64,
        datacenter: u64,
        extra: u64,
    ) -> Result<wire::ExtraConfig, Error> {
        self.get(&routes::EXTRA, &[&service, &pop, &datacenter, &extra]).await
    }

    /// Creates an extra configuration; the task's `resourceId` is its id.
    ///
    /// # Errors
    /// As every mutation.
    pub async fn create_extra(
        &self,
        service: Uuid,
        pop: u64,
        datacenter: u64,
        body: &wire::NewExtraConfig,
    ) -> Result<Answer<wire::Task>, Error> {
        self.mutate(&routes::EXTRA_CREATE, &[&service, &pop, &datacenter], Some(body)).await
    }

    /// Deletes an extra configuration.
    ///
    /// # Errors
    /// As every mutation.
    pub async fn delete_extra(
        &self,
        service: Uuid,
        pop: u64,
        datacenter: u64,
        extra: u64,
    ) -> Result<Answer<wire::Task>, Error> {
        self.mutate(&routes::EXTRA_DELETE, &[&service, &pop, &datacenter, &extra], NO_BODY).await
    }
}

/// What its own number names in its route.
trait Numbered {
    fn id(&self) -> u64;
}

macro_rules! numbered {
    ($($shape:ident),* $(,)?) => {
        $(impl Numbered for wire::$shape {
            fn id(&self) -> u64 {
                self.id
            }
        })*
    };
}

numbered!(
    CatalogueDatacenter,
    DatacenterConfig,
    Diagnostic,
    ExtraConfig,
    Incident,
    Interface,
    PopConfig,
    Task,
    VrackTask
);

/// The body of a mutation that has none.
const NO_BODY: Option<&()> = None;

impl Client {
    async fn get<T: DeserializeOwned>(
        &self,
        call: &'static Call,
        parameters: Parameters<'_>,
    ) -> Result<T, Error> {
        let draft = self.draft(call, call.path(parameters)?, "", None);
        let good = self.proven(&draft).await?;
        self.decode(&draft, &good)
    }

    async fn mutate<T: DeserializeOwned>(
        &self,
        call: &'static Call,
        parameters: Parameters<'_>,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<Answer<T>, Error> {
        let body = body.map(|body| serde_json::to_vec(body).expect("the API's shapes are valid JSON"));
        let draft = self.draft(call, call.path(parameters)?, "", body);
        let good = self.proven(&draft).await?;
        Ok(Answer { value: self.decode(&draft, &good)?, query_id: self.query_id(&good.headers) })
    }

    /// A whole list as the server gives it: objects, ids, or both.
    async fn list<T, I>(
        &self,
        call: &'static Call,
        parameters: Parameters<'_>,
        id_of: fn(&T) -> I,
    ) -> Result<Vec<Listed<T, I>>, Error>
    where
        T: DeserializeOwned + Send,
        I: DeserializeOwned + Ord + Clone + Send,
    {
        let mut draft = self.draft(call, call.path(parameters)?, "", None);
        let mut pages = Pages::new(id_of);
        for number in 1_u32.. {
            draft.headers.insert("x-pagination-mode", HeaderValue::from_static("CachedObjectList-Pages"));
            draft.headers.insert("x-pagination-size", PAGE_SIZE.into());
            draft.headers.insert("x-pagination-number", number.into());
            let good = self.proven(&draft).await?;
            let total = good.header("x-pagination-elements").and_then(|total| total.trim().parse().ok());
            match pages.add(self.entries(&draft, &good)?, total) {
                Next::Page => {}
                Next::Done => return Ok(pages.entries),
                Next::Inconsistent => break,
            }
        }
        tracing::debug!(route = %draft.route, "the pages do not fit together: reading the ids");
        for name in ["x-pagination-mode", "x-pagination-size", "x-pagination-number"] {
            draft.headers.remove(name);
        }
        let good = self.proven(&draft).await?;
        let mut plain = Pages::new(id_of);
        plain.add(self.entries(&draft, &good)?, None);
        Ok(plain.entries)
    }

    fn entries<T: DeserializeOwned, I: DeserializeOwned>(
        &self,
        draft: &Draft,
        good: &Good,
    ) -> Result<Vec<Listed<T, I>>, Error> {
        let Value::Array(entries) = &good.value else {
            return Err(self.surprise(draft, good, "expected a list"));
        };
        let read = |(index, entry)| {
            Listed::read(entry).map_err(|error| {
                self.surprise(draft, good, &format!("entry {} of the list: {error}", index + 1))
            })
        };
        entries.iter().enumerate().map(read).collect()
    }

    /// A whole list of objects; what comes as an id is read by it. An object that is gone by then
    /// is left out. The order is the server's.
    async fn collection<T>(
        &self,
        list: &'static Call,
        one: &'static Call,
        parameters: Parameters<'_>,
    ) -> Result<Vec<T>, Error>
    where
        T: DeserializeOwned + Numbered + Send,
    {
        let listed = self.list(list, parameters, T::id).await?;
        let mut reads = Vec::with_capacity(listed.len());
        for entry in listed {
            reads.push(match entry {
                Listed::Object(object) => Read::Known(object),
                Listed::Id(id) => {
                    let mut parameters = parameters.to_vec();
                    parameters.push(&id);
                    Read::Draft(Box::new(self.draft(one, one.path(&parameters)?, "", None)))
                }
            });
        }
        let found = futures_util::stream::iter(reads)
            .map(|read| self.read(read))
            .buffered(self.inner.parallelism)
            .try_collect::<Vec<_>>()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn read<T: DeserializeOwned>(&self, read: Read<T>) -> Result<Option<T>, Error> {
        let draft = match read {
            Read::Known(object) => return Ok(Some(object)),
            Read::Draft(draft) => draft,
        };
        match self.proven(&draft).await {
            Ok(good) => self.decode(&draft, &good).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// An object that is there, or the request that reads it.
enum Read<T> {
    Known(T),
    Draft(Box<Draft>),
}
