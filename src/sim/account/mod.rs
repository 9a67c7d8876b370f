//! What a simulated account starts with: a file a person writes, or a value a program makes.

mod check;
mod fields;
mod sample;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::check::{Places, check};
use super::catalogue::default_catalogue;
use super::file;
use super::grant::Grants;
use super::model::{Peer, PortStatus};
use super::options::Options;
use super::seed::Seed;
use super::world::World;
use crate::api::wire;

/// An account: its vRacks, its services and the datacenters on offer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Account {
    /// The vRacks.
    #[serde(default)]
    pub vracks: Vec<VrackEntry>,
    /// The services.
    #[serde(default)]
    pub services: Vec<ServiceEntry>,
    /// The datacenters on offer; when left out, the [default ones](default_catalogue).
    #[serde(default = "default_catalogue", deserialize_with = "fields::offers")]
    pub datacenters: Vec<wire::CatalogueDatacenter>,
    /// Credentials that may call only a part of the API.
    #[serde(default)]
    pub credentials: Grants,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            vracks: Vec::new(),
            services: Vec::new(),
            datacenters: default_catalogue(),
            credentials: Grants::default(),
        }
    }
}

/// A vRack of the account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VrackEntry {
    /// Its name in every route, like `pn-12345`.
    #[serde(deserialize_with = "fields::vrack_name")]
    pub service_name: String,
    /// Its display name.
    #[serde(default)]
    pub name: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Layer 3 datacenter configurations in force.
    #[serde(default)]
    pub datacenters: Vec<DatacenterEntry>,
}

impl VrackEntry {
    /// A vRack with nothing in it.
    #[must_use]
    pub fn new(service_name: impl Into<String>) -> Self {
        Self { service_name: service_name.into(), ..Self::default() }
    }
}

/// A datacenter configuration in force, with its extras.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DatacenterEntry {
    /// The catalogue's number of the datacenter.
    pub datacenter_id: u64,
    /// OVHcloud's ASN.
    #[serde(default)]
    pub ovh_bgp_area: Option<u32>,
    /// The subnet.
    #[serde(default, deserialize_with = "fields::subnet")]
    pub subnet: Option<String>,
    /// Static routes or BGP peers in force.
    #[serde(default, deserialize_with = "fields::extras")]
    pub extra: Vec<wire::NewExtraConfig>,
}

/// An interface of a service: its number alone when it is in service.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(untagged)]
pub enum InterfaceEntry {
    /// An interface that is in service.
    Id(u64),
    /// An interface and whether it is in service.
    Port {
        /// Its number in every route.
        id: u64,
        /// Whether it is in service.
        #[serde(default)]
        status: PortStatus,
        /// Whether no light arrives there although it is in service.
        #[serde(default)]
        dark: bool,
    },
}

impl InterfaceEntry {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> u64 {
        match self {
            Self::Id(id) | Self::Port { id, .. } => *id,
        }
    }

    /// Whether no light arrives there although it is in service.
    #[must_use]
    pub fn dark(&self) -> bool {
        matches!(self, Self::Port { dark: true, .. })
    }

    /// Whether it is in service.
    #[must_use]
    pub fn status(&self) -> PortStatus {
        match self {
            Self::Id(_) => PortStatus::Enabled,
            Self::Port { status, .. } => *status,
        }
    }
}

/// A service of the account.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceEntry {
    /// Its name in every route.
    pub uuid: Uuid,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// `100m` … `100g`.
    #[serde(default = "one_gigabit", deserialize_with = "fields::bandwidth")]
    pub bandwidth: String,
    /// `OVHcloud`, or the partner.
    #[serde(default = "ovhcloud", deserialize_with = "fields::provider")]
    pub provider: String,
    /// The PoP where it is delivered.
    #[serde(default = "a_pop")]
    pub pop: String,
    /// The product's name.
    #[serde(default = "a_product")]
    pub product: String,
    /// Ports delivered: 1 or 2.
    #[serde(default = "one_port", deserialize_with = "fields::port_quantity")]
    pub port_quantity: u8,
    /// Whether it is terminated.
    #[serde(default)]
    pub closed: bool,
    /// Its interfaces.
    pub interfaces: Vec<InterfaceEntry>,
    /// The vRack it is in.
    #[serde(default)]
    pub vrack: Option<String>,
    /// Its PoP configuration in force.
    #[serde(default)]
    pub pop_config: Option<PopEntry>,
    /// Incidents and maintenances declared on it.
    #[serde(default)]
    pub incidents: Vec<IncidentEntry>,
}

/// An incident or a maintenance that has begun.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IncidentEntry {
    /// Whether it is a maintenance.
    #[serde(default)]
    pub maintenance: bool,
    /// How long it lasts; not known when left out.
    #[serde(default)]
    pub seconds: Option<u64>,
}

impl ServiceEntry {
    /// A service by OVHcloud of 1 Gb/s with one interface, in no vRack, with nothing configured.
    #[must_use]
    pub fn new(uuid: Uuid, interface: u64) -> Self {
        Self {
            uuid,
            description: String::new(),
            bandwidth: one_gigabit(),
            provider: ovhcloud(),
            pop: a_pop(),
            product: a_product(),
            port_quantity: one_port(),
            closed: false,
            interfaces: vec![InterfaceEntry::Id(interface)],
            vrack: None,
            pop_config: None,
            incidents: Vec::new(),
        }
    }

    /// The same service, in a vRack.
    #[must_use]
    pub fn in_vrack(mut self, vrack: impl Into<String>) -> Self {
        self.vrack = Some(vrack.into());
        self
    }
}

/// A PoP configuration in force.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PopEntry {
    /// The interface it uses.
    pub interface_id: u64,
    /// `l2` or `l3`.
    #[serde(rename = "type", deserialize_with = "fields::pop_type")]
    pub kind: wire::PopType,
    /// The customer's ASN (l3).
    #[serde(default)]
    pub customer_bgp_area: Option<u32>,
    /// OVHcloud's ASN (l3).
    #[serde(default)]
    pub ovh_bgp_area: Option<u32>,
    /// The /30 (l3).
    #[serde(default, deserialize_with = "fields::subnet")]
    pub subnet: Option<String>,
    /// The catalogue's number of its datacenter (l2).
    #[serde(default)]
    pub datacenter_id: Option<u64>,
    /// The customer's router at the other end (l3).
    #[serde(default)]
    pub peer: Peer,
}

impl PopEntry {
    fn wire(&self) -> wire::NewPopConfig {
        wire::NewPopConfig {
            interface_id: self.interface_id,
            kind: self.kind.clone(),
            customer_bgp_area: self.customer_bgp_area,
            ovh_bgp_area: self.ovh_bgp_area,
            subnet: self.subnet.clone(),
        }
    }
}

fn one_gigabit() -> String {
    "1g".to_owned()
}

fn ovhcloud() -> String {
    "OVHcloud".to_owned()
}

fn a_pop() -> String {
    "PAR-TH2".to_owned()
}

fn a_product() -> String {
    "OVHcloud Connect Direct".to_owned()
}

fn one_port() -> u8 {
    1
}

/// Why an account cannot be simulated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The file cannot be read.
    #[error("cannot read the account file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not an account.
    #[error("{path} is not an account file: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// Two things bear the same name.
    #[error("the account has two {kind}s {name}: leave one")]
    Twice {
        /// What kind of thing.
        kind: &'static str,
        /// The name or number that stands twice.
        name: String,
    },
    /// A service stands in a vRack that the account does not have.
    #[error("service {service} is in {vrack}, which the account does not have: add it to `vracks`")]
    NoVrack {
        /// The service.
        service: Uuid,
        /// The vRack it names.
        vrack: String,
    },
    /// A PoP configuration is on an interface that is not its service's.
    #[error("interface {interface} is not one of service {service}: it lists its own under `interfaces`")]
    NoInterface {
        /// The service.
        service: Uuid,
        /// The interface that the configuration names.
        interface: u64,
    },
    /// A configuration is in a datacenter that is not on offer.
    #[error("there is no datacenter {datacenter} in the account's catalogue")]
    NoDatacenter {
        /// The number that the configuration names.
        datacenter: u64,
    },
}

impl Account {
    /// Reads an account from a file: YAML, and so JSON too.
    ///
    /// # Errors
    /// Where the file cannot be read, is not an account, or names what is not there; with the line.
    pub fn load(path: &Path) -> Result<Self, AccountError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| AccountError::Read { path: path.to_owned(), source })?;
        let wrong = |message| AccountError::Parse { path: path.to_owned(), message };
        let account = file::parse(path, &text).map_err(wrong)?;
        let Err((error, spot)) = check(&account) else { return Ok(account) };
        let places: Places = file::parse(path, &text).map_err(wrong)?;
        let message = error.to_string();
        Err(wrong(match places.of(spot) {
            Some(place) => file::placed(path, &text, &message, place),
            None => message,
        }))
    }
}

impl World {
    /// The account as it is described, everything in it in force, at
    /// [`Moment::START`](super::moment::Moment::START).
    ///
    /// # Errors
    /// Where a name stands twice, or a vRack, interface or datacenter that is named is not there.
    pub fn new(account: &Account, options: Options) -> Result<Self, AccountError> {
        check(account).map_err(|(error, _)| error)?;
        let mut world = Self::empty(options);
        for datacenter in &account.datacenters {
            world.add_to_catalogue(datacenter.clone());
        }
        for vrack in &account.vracks {
            world.add_vrack(vrack);
        }
        for service in &account.services {
            // The check above found every vRack that is named.
            let _known = world.add_service(service);
            if let Some(pop) = &service.pop_config {
                let id = world.seed_pop(service.uuid, &pop.wire(), Seed::Active);
                world.set_peer(id, pop.peer.clone());
                if let Some(datacenter_id) = pop.datacenter_id {
                    let new = wire::NewDatacenterConfig { datacenter_id, ovh_bgp_area: None, subnet: None };
                    world.seed_l2_datacenter(id, &new, Seed::Active);
                }
            }
        }
        for (service, IncidentEntry { maintenance, seconds }) in
            account.services.iter().flat_map(|it| it.incidents.iter().map(move |incident| (it, incident)))
        {
            world.seed_incident(service.uuid, *maintenance, seconds.map(Duration::from_secs));
        }
        for vrack in &account.vracks {
            for entry in &vrack.datacenters {
                let new = wire::NewDatacenterConfig {
                    datacenter_id: entry.datacenter_id,
                    ovh_bgp_area: entry.ovh_bgp_area,
                    subnet: entry.subnet.clone(),
                };
                let id = world.seed_datacenter(&vrack.service_name, &new, Seed::Active);
                for extra in &entry.extra {
                    world.seed_extra(id, extra, Seed::Active);
                }
            }
        }
        Ok(world)
    }
}
