//! What stays reachable when something is lost: (`Topology`, where services are delivered) → [`Report`].
//! Pure; nothing is touched and nobody is asked.
//!
//! A *destination* is what the customer's network reaches through a vRack. A *path* to it leads through one
//! service, and in a layer 3 datacenter through one of OVHcloud's two devices. A *loss* takes paths away.

mod assess;
pub mod junit;
pub mod text;

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::Serialize;

pub use assess::{Locations, assess};

use crate::topology::{DatacenterName, Device, ServiceId, VrackName};

/// What every single loss would do to every vRack of a topology.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whether everything that is reachable stays so whatever single service, PoP or device is lost. A
    /// datacenter takes with it what is in no other: that does not count.
    pub survives_any_loss: bool,
    /// The vRacks.
    pub vracks: Vec<VrackReport>,
}

/// What every single loss would do to a vRack.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VrackReport {
    /// Its name.
    pub vrack: VrackName,
    /// Its services.
    pub services: Vec<Service>,
    /// What is reached through it.
    pub destinations: Vec<Destination>,
    /// What can be lost, each with what becomes of the destinations it touches. The others stay as they are.
    pub losses: Vec<LossReport>,
}

/// A service of the vRack.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Its uuid.
    pub service: ServiceId,
    /// Its description in the topology.
    pub description: Option<String>,
    /// Which layer its PoP is; `null` for a service without one, which carries nothing.
    pub layer: Option<Layer>,
    /// Whether its interface is locked by the topology: its PoP carries nothing then.
    pub locked: bool,
    /// The PoP where it is delivered, where that is known.
    pub location: Option<String>,
}

/// The layer of a PoP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Layer {
    /// Frames to one datacenter.
    L2,
    /// Packets to all of the vRack's l3 datacenters.
    L3,
}

/// Something that is reached through a vRack.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    /// What it is called; unlike any other in the vRack.
    pub name: String,
    /// What it is.
    pub kind: DestinationKind,
    /// Its prefix, where the topology knows one.
    #[schemars(with = "Option<String>")]
    pub prefix: Option<Ipv4Net>,
    /// The datacenters it is in, or behind.
    pub datacenters: Vec<DatacenterName>,
    /// The machines of the customer's that it stands behind; with a single one, that is where it ends.
    pub machines: Vec<Ipv4Addr>,
    /// Every path to it while nothing is lost.
    pub paths: Vec<Path>,
}

/// What a destination is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DestinationKind {
    /// The subnet of an l3 datacenter.
    Subnet,
    /// What a static route leads to.
    Route,
    /// What a BGP peer announces.
    Peer,
    /// The datacenter at the end of an l2 service.
    Layer2,
}

/// A way to a destination.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Path {
    /// The service it leads through, with its PoP.
    pub service: ServiceId,
    /// The datacenter it ends in.
    pub datacenter: DatacenterName,
    /// Which of OVHcloud's two devices there; `null` in layer 2, which has none that anybody sees.
    pub device: Option<Device>,
}

/// What is lost.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Loss {
    /// A service.
    #[serde(rename_all = "camelCase")]
    Service {
        /// Its uuid.
        service: ServiceId,
    },
    /// The PoP configuration of a service, or the PoP of a service of which nobody knows where it is.
    #[serde(rename_all = "camelCase")]
    Pop {
        /// The service's uuid.
        service: ServiceId,
    },
    /// A PoP, with every service that is delivered there.
    #[serde(rename_all = "camelCase")]
    Location {
        /// The API's name for it.
        location: String,
        /// The services.
        services: Vec<ServiceId>,
    },
    /// A datacenter.
    #[serde(rename_all = "camelCase")]
    Datacenter {
        /// Its name.
        datacenter: DatacenterName,
    },
    /// One of OVHcloud's two devices in an l3 datacenter.
    #[serde(rename_all = "camelCase")]
    Device {
        /// The datacenter.
        datacenter: DatacenterName,
        /// Which.
        device: Device,
    },
}

impl Loss {
    /// Whether this takes a path away.
    #[must_use]
    pub fn takes(&self, path: &Path) -> bool {
        match self {
            Self::Service { service } | Self::Pop { service } => path.service == *service,
            Self::Location { services, .. } => services.contains(&path.service),
            Self::Datacenter { datacenter } => path.datacenter == *datacenter,
            Self::Device { datacenter, device } => {
                path.datacenter == *datacenter && path.device == Some(*device)
            }
        }
    }
}

/// A loss and what it does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LossReport {
    /// What is lost.
    pub loss: Loss,
    /// What becomes of the destinations it takes a path from.
    pub effects: Vec<Effect>,
}

impl LossReport {
    /// The destinations that are cut off.
    pub fn cut(&self) -> impl Iterator<Item = &str> {
        self.of(Fate::Cut)
    }

    /// The destinations that are lost with their datacenter.
    pub fn gone(&self) -> impl Iterator<Item = &str> {
        self.of(Fate::Gone)
    }

    fn of(&self, fate: Fate) -> impl Iterator<Item = &str> {
        self.effects
            .iter()
            .filter(move |effect| effect.fate == fate)
            .map(|effect| effect.destination.as_str())
    }
}

/// What becomes of a destination.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// The destination's name.
    pub destination: String,
    /// Whether it is still there.
    pub fate: Fate,
    /// The paths that are left.
    pub paths: Vec<Path>,
}

/// What becomes of a destination.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It stays reachable, over fewer paths.
    Reachable,
    /// It is there, and no path leads to it.
    Cut,
    /// It is lost itself, with the only datacenter it is in.
    Gone,
}

impl VrackReport {
    /// The destinations that some single loss cuts off, or that no path leads to as it is.
    #[must_use]
    pub fn without_second_path(&self) -> Vec<&Destination> {
        let cut: std::collections::BTreeSet<&str> = self.losses.iter().flat_map(LossReport::cut).collect();
        let weak = |it: &&Destination| it.paths.is_empty() || cut.contains(it.name.as_str());
        self.destinations.iter().filter(weak).collect()
    }
}

impl Report {
    /// The schema of its JSON.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        let mut schema = schemars::schema_for!(Self);
        schema.insert("title".to_owned(), "What stays reachable when something is lost".into());
        schema.insert("$id".to_owned(), "ovhconnect/whatif/1".into());
        schema.to_value()
    }
}
