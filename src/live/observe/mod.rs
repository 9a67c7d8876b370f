//! What an account is doing: configurations with their status, sessions, light, tasks, incidents.
//!
//! Unlike [`Live`](super::Live), which a plan is made from and which is whole or not at all, this holds what
//! could be read and says what could not. These are plain data; [`observe`] fills them from the API.

mod read;
mod shown;

pub use read::{Scope, observe};

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::Status;
use crate::topology::{Address, DatacenterName, InterfaceState, ServiceId, Spec, VrackName};

/// The most prefixes that a BGP session carries. Source: OVHcloud's guides.
pub const MAX_PREFIXES: u64 = 100;

/// What was seen of an account. `null` stands for what could not be read, throughout.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// The vRacks, by name.
    pub vracks: Vec<SeenVrack>,
    /// The services that are in none of these vRacks.
    pub elsewhere: Vec<SeenService>,
    /// What could not be read, each reason once.
    pub unread: Vec<Unread>,
    /// The catalogue: the name of each datacenter on offer, by its number.
    #[serde(skip)]
    pub catalogue: Vec<(u64, DatacenterName)>,
}

impl Observation {
    /// Where the configuration at each address is in its life; of several, the one that is in force.
    #[must_use]
    pub fn statuses(&self) -> BTreeMap<&Address, Status> {
        let mut statuses = BTreeMap::new();
        let mut note = |address, status: Status| {
            let known = statuses.entry(address).or_insert(status);
            if status == Status::Active || *known == Status::Stuck {
                *known = status;
            }
        };
        for vrack in &self.vracks {
            let pops = || vrack.services.iter().flat_map(|service| service.pops.iter().flatten());
            pops().for_each(|pop| note(&pop.address, pop.status));
            let own = pops().flat_map(|pop| pop.datacenters.iter().flatten());
            for datacenter in own.chain(vrack.datacenters.iter().flatten()) {
                note(&datacenter.address, datacenter.status);
                datacenter.extras.iter().flatten().for_each(|extra| note(&extra.address, extra.status));
            }
        }
        statuses
    }

    /// The name that the catalogue gives a datacenter, which may be given by its number.
    #[must_use]
    pub fn catalogue_name(&self, name: &DatacenterName) -> DatacenterName {
        let of_that_number = self.catalogue.iter().find(|(id, _)| name.as_id() == Some(*id));
        let is_name = self.catalogue.iter().any(|(_, known)| known == name);
        of_that_number.filter(|_| !is_name).map_or_else(|| name.clone(), |(_, known)| known.clone())
    }

    /// The vRack that a service is in, if it is in one that was seen.
    #[must_use]
    pub fn home_of(&self, service: ServiceId) -> Option<&VrackName> {
        let homes = |vrack: &&SeenVrack| vrack.services.iter().any(|it| it.service == service);
        self.vracks.iter().find(homes).map(|vrack| &vrack.vrack)
    }
}

/// Calls that failed for one reason.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// The call, with its parameters in braces.
    pub call: String,
    /// Why it failed, in the API's words where it has any.
    pub reason: String,
    /// How many calls failed so.
    pub times: usize,
}

/// A vRack.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenVrack {
    /// Its name.
    pub vrack: VrackName,
    /// Its unfinished tasks.
    pub tasks: Option<Vec<SeenTask>>,
    /// Whether all of its services were looked at. Not so where one was asked for, or where they could not
    /// be listed.
    pub whole: bool,
    /// Its services, by uuid.
    pub services: Vec<SeenService>,
    /// Its l3 datacenters, by name. Not known where no l3 PoP of the vRack lists them.
    pub datacenters: Option<Vec<SeenDatacenter>>,
}

/// A service.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenService {
    /// Its uuid.
    pub service: ServiceId,
    /// The vRack it is in.
    pub vrack: Option<VrackName>,
    /// Free text of the customer.
    pub description: Option<String>,
    /// The PoP where it is delivered.
    pub location: Option<String>,
    /// `100m` … `100g`.
    pub bandwidth: Option<String>,
    /// `OVHcloud` for a direct service, else the partner.
    pub provider: Option<String>,
    /// Whether it is terminated.
    pub closed: Option<bool>,
    /// Its interfaces, by number.
    pub interfaces: Option<Vec<SeenInterface>>,
    /// Its PoP configurations, by number; there is one at the most, unless someone made two.
    pub pops: Option<Vec<SeenPop>>,
    /// Its unfinished tasks.
    pub tasks: Option<Vec<SeenTask>>,
    /// Its incidents and maintenances.
    pub incidents: Option<Vec<SeenIncident>>,
}

impl SeenService {
    /// The interfaces that its PoP configurations use.
    #[must_use]
    pub fn used_interfaces(&self) -> BTreeSet<u64> {
        self.pops.iter().flatten().map(|pop| pop.interface).collect()
    }
}

/// Whether something shines, links or speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It does.
    Up,
    /// It does not.
    Down,
    /// The API does not say.
    Unknown,
}

/// A port.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenInterface {
    /// Its number.
    pub id: u64,
    /// Whether it is in service, in the API's word: `enabled`, `disabled` (locked) or `reserved`.
    pub status: String,
    /// The port's state now, or where that cannot be read, as it was when its light was measured.
    pub link: State,
    /// When that last changed.
    pub link_since: Option<String>,
    /// The light that arrives.
    pub light_in: Light,
    /// The light that OVHcloud emits.
    pub light_out: Light,
    /// When the light was measured; that happens every five minutes.
    pub light_measured: Option<String>,
}

impl SeenInterface {
    /// Whether it is in service. A status that the published API does not have is taken for that.
    #[must_use]
    pub fn in_service(&self) -> bool {
        !matches!(self.status.as_str(), "disabled" | "reserved")
    }

    /// Whether it is enabled or disabled, if it is either.
    #[must_use]
    pub fn state(&self) -> Option<InterfaceState> {
        match self.status.as_str() {
            "enabled" => Some(InterfaceState::Enabled),
            "disabled" => Some(InterfaceState::Disabled),
            _ => None,
        }
    }
}

/// Light on a fibre.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Light {
    /// Whether there is any.
    pub state: State,
    /// How much, in dBm.
    pub dbm: Option<f64>,
}

/// A PoP configuration.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenPop {
    /// Where it stands.
    pub address: Address,
    /// Its number in every route.
    pub id: u64,
    /// The interface it uses.
    pub interface: u64,
    /// What is configured.
    pub spec: Spec,
    /// Where it is in its life.
    pub status: Status,
    /// Its BGP session. In layer 2 there is none.
    pub session: Option<Session>,
    /// How many prefixes the session last accepted. In layer 2 there are none.
    pub prefixes: Option<u64>,
    /// The datacenter of an l2 PoP; empty for an l3 one, whose datacenters are the vRack's.
    pub datacenters: Option<Vec<SeenDatacenter>>,
}

/// The BGP session of an l3 PoP.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Whether it is up.
    pub state: State,
    /// Flaps since it was last up.
    pub flaps: Option<u64>,
    /// When it last changed.
    pub last_change: Option<String>,
    /// When it last came up.
    pub last_up: Option<String>,
    /// When it last went down.
    pub last_down: Option<String>,
}

/// A datacenter configuration.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenDatacenter {
    /// Where it stands.
    pub address: Address,
    /// What is configured.
    pub spec: Spec,
    /// Where it is in its life.
    pub status: Status,
    /// How routes name it: the PoP it was read through, and its number there.
    pub via: SeenThrough,
    /// Its extra configurations; in layer 2 there are none.
    pub extras: Option<Vec<SeenExtra>>,
}

/// How routes name what is below a PoP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenThrough {
    /// The service whose PoP it is.
    pub service: ServiceId,
    /// The PoP's number.
    pub pop: u64,
    /// Its own number there.
    pub id: u64,
}

/// An extra configuration.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenExtra {
    /// Where it stands.
    pub address: Address,
    /// Its number, seen through the PoP that its datacenter was read through.
    pub id: u64,
    /// What is configured.
    pub spec: Spec,
    /// Where it is in its life.
    pub status: Status,
}

/// An unfinished task.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenTask {
    /// Its number.
    pub id: u64,
    /// What it does, in the API's word.
    pub function: String,
    /// How far it is, in the API's word.
    pub status: String,
}

/// An incident or a maintenance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenIncident {
    /// Its number.
    pub id: u64,
    /// `incident` or `maintenance`.
    pub kind: String,
    /// When it begins.
    pub start: String,
    /// When it ends, where that is known.
    pub end: Option<String>,
}
