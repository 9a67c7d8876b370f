//! The live state: what the API says stands at each address, and what is on offer.
//!
//! These are plain data; [`read`](mod@read) fills them from the API, tests fill them by hand.

mod assigned;
mod convert;
mod life;
mod merge;
mod moved;
pub mod observe;
pub mod read;
mod remark;

pub use assigned::with_assigned_asns;
pub use convert::Unreadable;
pub use moved::moved;
pub use read::Scope;
pub use remark::{Port, remarks};

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::topology::{
    Address, DatacenterName, InterfaceState, Node, Pop, ServiceId, ServicePart, Spec, VrackName,
};

/// Everything a topology touches, as the API showed it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Live {
    /// The vRacks that were read: those of the topology, and those its services are in.
    pub vracks: BTreeMap<VrackName, LiveVrack>,
    /// Every service the topology names, and every other service in a vRack that was read.
    pub services: BTreeMap<ServiceId, LiveService>,
    /// What is configured. Several configurations at one address were made twice by someone.
    pub configs: BTreeMap<Address, Vec<LiveConfig>>,
    /// The datacenters on offer, by their catalogue id.
    pub catalogue: BTreeMap<u64, Offer>,
}

/// A vRack that was read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct LiveVrack {
    /// Its unfinished tasks about services that were read.
    pub tasks: Vec<VrackTask>,
}

/// An unfinished task of a vRack that moves a service in or out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VrackTask {
    /// Its number.
    pub id: u64,
    /// The service it is about.
    pub service: ServiceId,
    /// What it does, in the API's word.
    pub function: String,
}

/// A service that was read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LiveService {
    /// The vRack it is in: its own `vrack` field, the surest witness of membership.
    pub vrack: Option<VrackName>,
    /// Free text of the customer.
    pub description: String,
    /// Whether the service is terminated and takes no configuration any more.
    pub closed: bool,
    /// The interfaces delivered with it.
    pub interfaces: Vec<u64>,
    /// The PoP where it is delivered.
    pub pop: Option<String>,
    /// `100m` … `100g`.
    pub bandwidth: Option<String>,
    /// `OVHcloud` for a direct service, else the partner.
    pub provider: Option<String>,
    /// Its unfinished tasks.
    pub tasks: Vec<Task>,
}

/// An unfinished task of a service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Its number.
    pub id: u64,
    /// What it does, in the API's word.
    pub function: String,
    /// The configuration or interface it is about.
    pub resource_id: Option<u64>,
}

impl Task {
    /// Whether it creates a configuration, by the API's naming of functions.
    #[must_use]
    pub fn adds_configuration(&self) -> bool {
        self.function.starts_with("add") && self.function.ends_with("Configuration")
    }

    /// Whether it deletes a configuration, by the API's naming of functions.
    #[must_use]
    pub fn deletes_configuration(&self) -> bool {
        self.function.starts_with("del") && self.function.ends_with("Configuration")
    }

    /// What an interface becomes by it, by the API's naming of functions.
    #[must_use]
    pub fn leads_to(&self) -> Option<InterfaceState> {
        match self.function.as_str() {
            "lockInterface" => Some(InterfaceState::Disabled),
            "unlockInterface" => Some(InterfaceState::Enabled),
            _ => None,
        }
    }

    /// Whether it is about the configuration `id`, when it runs on `service`.
    ///
    /// The function's name says of which kind the configuration is: numbers are not unique over kinds.
    #[must_use]
    pub fn is_about(&self, service: ServiceId, id: &ConfigId) -> bool {
        let Some(resource) = self.resource_id.filter(|_| self.is_of_kind(id)) else { return false };
        match id {
            ConfigId::Member => false,
            ConfigId::Interface(id) => *id == resource,
            ConfigId::Pop(key) => key.service == service && key.id == resource,
            ConfigId::Datacenter(ids) => ids.values().any(|id| *id == resource),
            ConfigId::Extra { id, .. } => *id == resource,
        }
    }

    /// Whether it is about a configuration of the same kind as `id`, by the API's naming of functions.
    #[must_use]
    pub fn is_of_kind(&self, id: &ConfigId) -> bool {
        let kind = match id {
            ConfigId::Member => return false,
            ConfigId::Interface(_) => "Interface",
            ConfigId::Pop(_) => "PopConfiguration",
            ConfigId::Datacenter(_) => "DatacenterConfiguration",
            ConfigId::Extra { .. } => "ExtraConfiguration",
        };
        self.function.ends_with(kind)
    }
}

/// A PoP configuration as routes name it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct PopKey {
    /// The service it belongs to.
    pub service: ServiceId,
    /// Its number.
    pub id: u64,
}

impl fmt::Display for PopKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.id)
    }
}

impl From<PopKey> for String {
    fn from(key: PopKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for PopKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a service's uuid, a slash and a number");
        let (service, id) = text.split_once('/').ok_or_else(wrong)?;
        Ok(Self { service: service.parse().map_err(|_| wrong())?, id: id.parse().map_err(|_| wrong())? })
    }
}

/// One live configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LiveConfig {
    /// What is configured.
    pub spec: Spec,
    /// Where it is in its life.
    pub status: Status,
    /// How the API names it.
    pub id: ConfigId,
}

/// How the API names a configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ConfigId {
    /// A membership has no number: its address says it all.
    Member,
    /// An interface, by its id.
    Interface(u64),
    /// A PoP configuration: the same number everywhere.
    Pop(PopKey),
    /// A datacenter configuration: its number, by the PoP through which it was read.
    ///
    /// Assumed: an inherited datacenter may bear another number under another service.
    Datacenter(BTreeMap<PopKey, u64>),
    /// An extra configuration, as it was read through one PoP.
    Extra {
        /// The PoP it was read through.
        via: PopKey,
        /// The number of its datacenter configuration there.
        datacenter: u64,
        /// Its number there.
        id: u64,
    },
}

impl ConfigId {
    /// The lowest number the API knows this by; orders configurations at one address.
    #[must_use]
    pub fn lowest(&self) -> u64 {
        match self {
            Self::Member => 0,
            Self::Interface(id) => *id,
            Self::Pop(key) => key.id,
            Self::Datacenter(ids) => ids.values().min().copied().unwrap_or_default(),
            Self::Extra { id, .. } => *id,
        }
    }

    /// Whether a datacenter configuration with this id is the one that `extra` is in.
    #[must_use]
    pub fn holds(&self, extra: &Self) -> bool {
        match (self, extra) {
            (Self::Datacenter(ids), Self::Extra { via, datacenter, .. }) => ids.get(via) == Some(datacenter),
            _ => false,
        }
    }

    /// Whether a PoP configuration with this id is the one that `datacenter` is reached through.
    #[must_use]
    pub fn carries(&self, datacenter: &Self) -> bool {
        match (self, datacenter) {
            (Self::Pop(key), Self::Datacenter(ids)) => ids.contains_key(key),
            _ => false,
        }
    }
}

/// Where a live configuration is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// In force.
    Active,
    /// Being created by an unfinished task; of an interface: being locked or unlocked, and shown as what it
    /// becomes.
    Creating,
    /// `init` without an unfinished task.
    ///
    /// Assumed: this is what a failed creation leaves behind; the API has no error status.
    Stuck,
    /// Being deleted, itself or with something above it.
    Deleting,
}

/// Which services are in which vRack, and which are on their way into one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Residents<'a> {
    members: BTreeMap<&'a VrackName, Vec<ServiceId>>,
    entering: BTreeMap<ServiceId, &'a VrackName>,
}

impl<'a> Residents<'a> {
    /// The services in `vrack`.
    #[must_use]
    pub fn of(&self, vrack: &VrackName) -> &[ServiceId] {
        self.members.get(vrack).map_or(&[], Vec::as_slice)
    }

    /// The vRack that an unfinished task moves `service` into, if one does.
    #[must_use]
    pub fn destination(&self, service: ServiceId) -> Option<&'a VrackName> {
        self.entering.get(&service).copied()
    }
}

/// One line of the catalogue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Offer {
    /// The datacenter's name.
    pub name: String,
    /// Whether it takes a new configuration.
    pub available: bool,
}

impl Live {
    /// The same with every list by number: the API promises no order, and a plan shall not depend on it.
    #[must_use]
    pub fn in_order(&self) -> Cow<'_, Self> {
        let configs = self.configs.values().all(|list| list.is_sorted_by_key(|config| config.id.lowest()));
        let tasks = self.services.values().all(|service| service.tasks.is_sorted());
        let moves = self.vracks.values().all(|vrack| vrack.tasks.is_sorted_by_key(|task| task.id));
        if configs && tasks && moves {
            return Cow::Borrowed(self);
        }
        let mut ordered = self.clone();
        ordered.configs.values_mut().for_each(|list| list.sort_by_key(|config| config.id.lowest()));
        ordered.services.values_mut().for_each(|service| service.tasks.sort());
        ordered.vracks.values_mut().for_each(|vrack| vrack.tasks.sort_by_key(|task| task.id));
        Cow::Owned(ordered)
    }

    /// Which services are where, to be asked of many vRacks.
    #[must_use]
    pub fn residents(&self) -> Residents<'_> {
        let mut residents = Residents::default();
        for (id, service) in &self.services {
            if let Some(vrack) = &service.vrack {
                residents.members.entry(vrack).or_default().push(*id);
            }
        }
        for vrack in self.vracks.keys() {
            residents.entering.extend(self.entering(vrack).map(|service| (service, vrack)));
        }
        residents
    }

    /// The unfinished task of `vrack` that moves `service` in or out, if there is one.
    #[must_use]
    pub fn move_of(&self, vrack: &VrackName, service: ServiceId) -> Option<&VrackTask> {
        self.vracks.get(vrack)?.tasks.iter().find(|task| task.service == service)
    }

    /// The services that an unfinished task moves into `vrack`: in none so far, and a task of it at work.
    pub fn entering(&self, vrack: &VrackName) -> impl Iterator<Item = ServiceId> {
        let tasks = self.vracks.get(vrack).into_iter().flat_map(|found| &found.tasks);
        let homeless = |id: &ServiceId| self.services.get(id).is_some_and(|service| service.vrack.is_none());
        tasks.map(|task| task.service).filter(homeless)
    }

    /// What is configured in `vrack`, parents before children.
    pub fn in_vrack(&self, vrack: &VrackName) -> impl Iterator<Item = (&Address, &Vec<LiveConfig>)> {
        self.configs.range(Address::vrack(vrack.clone())..).take_while(move |(at, _)| at.vrack == *vrack)
    }

    /// The live l3 PoP configurations of `vrack`, whatever their status.
    pub fn l3_pops(&self, vrack: &VrackName) -> impl Iterator<Item = (&Address, &LiveConfig)> {
        // Services come before datacenters, of which there may be thousands with what stands in them.
        self.in_vrack(vrack)
            .take_while(|(at, _)| !matches!(at.node, Node::Datacenter(..)))
            .filter(|(at, _)| matches!(at.node, Node::Service(_, ServicePart::Pop)))
            .flat_map(|(at, configs)| configs.iter().map(move |config| (at, config)))
            .filter(|(_, config)| matches!(&config.spec, Spec::Pop(Pop::L3 { .. })))
    }

    /// The catalogue id of a datacenter, by its name or by its id in digits.
    #[must_use]
    pub fn datacenter_id(&self, name: &DatacenterName) -> Option<u64> {
        let named = self.catalogue.iter().find(|(_, offer)| offer.name == name.as_str());
        named.map(|(id, _)| *id).or_else(|| name.as_id())
    }

    /// The name under which addresses know the datacenter with this catalogue id: the catalogue's,
    /// or the id in digits where the catalogue does not list it or lists the name twice.
    #[must_use]
    pub fn datacenter_name(&self, id: u64) -> DatacenterName {
        let Some(offer) = self.catalogue.get(&id) else { return id.into() };
        let unique = self.catalogue.values().filter(|other| other.name == offer.name).count() == 1;
        match offer.name.parse() {
            Ok(name) if unique => name,
            _ => id.into(),
        }
    }

    /// The names of the datacenters on offer, for a message.
    #[must_use]
    pub fn offered(&self) -> BTreeSet<String> {
        self.catalogue.values().map(|offer| offer.name.clone()).collect()
    }
}
