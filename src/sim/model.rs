//! The things an account holds, as the simulator keeps them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::moment::Moment;
use crate::api::wire;

/// Layer 2 or layer 3.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Layer {
    L2,
    L3,
}

/// Where a configuration is in its life. After `ToDelete` it is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Phase {
    Init,
    Active,
    ToDelete,
}

impl Phase {
    fn wire(self) -> wire::ConfigStatus {
        match self {
            Self::Init => wire::ConfigStatus::Init,
            Self::Active => wire::ConfigStatus::Active,
            Self::ToDelete => wire::ConfigStatus::ToDelete,
        }
    }
}

/// What pops, datacenters and extras have in common.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Life {
    pub(super) phase: Phase,
    /// The unfinished task that creates or deletes it.
    pub(super) task: Option<u64>,
    /// Set when the recursive deletion of a parent has taken it, whatever `phase` still shows.
    pub(super) doomed: bool,
}

impl Life {
    pub(super) const fn new(phase: Phase) -> Self {
        Self { phase, task: None, doomed: false }
    }

    /// What would have taken it failed: it is in force again, unless a deletion of its own still runs.
    pub(super) fn spare(&mut self) {
        self.doomed = false;
        if self.task.is_none() {
            self.phase = Phase::Active;
        }
    }

    pub(super) fn is_going(&self) -> bool {
        self.doomed || self.phase == Phase::ToDelete
    }
}

/// A service: the ordered product.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) uuid: Uuid,
    /// Its place in the account; what makes ids per service differ.
    pub(super) ordinal: u64,
    pub(super) description: String,
    pub(super) bandwidth: String,
    pub(super) provider: String,
    pub(super) pop: String,
    pub(super) product: String,
    pub(super) port_quantity: u8,
    pub(super) closed: bool,
    pub(super) interfaces: BTreeSet<u64>,
    pub(super) vrack: Option<String>,
    /// The unfinished vRack task that puts it into a vRack or takes it out.
    pub(super) moving: Option<u64>,
    pub(super) pops: BTreeSet<u64>,
    /// Unfinished tasks.
    pub(super) tasks: BTreeSet<u64>,
    pub(super) diagnostics: BTreeSet<u64>,
    pub(super) incidents: BTreeSet<u64>,
    /// The monitoring alerts subscribed to.
    pub(super) alerts: BTreeSet<String>,
}

impl Service {
    pub(super) fn wire(&self) -> wire::Service {
        wire::Service {
            uuid: self.uuid,
            description: Some(self.description.clone()),
            bandwidth: Some(self.bandwidth.clone()),
            interface_list: self.interfaces.iter().copied().collect(),
            pop: Some(self.pop.clone()),
            port_quantity: Some(self.port_quantity.to_string()),
            product: Some(self.product.clone()),
            provider: Some(self.provider.clone()),
            status: if self.closed { wire::ServiceStatus::Closed } else { wire::ServiceStatus::Active },
            vrack: self.vrack.clone(),
        }
    }
}

/// Whether a port is in service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PortStatus {
    /// Locked.
    Disabled,
    /// In service.
    #[default]
    Enabled,
    /// Kept for a customer, not in service yet.
    Reserved,
}

/// A port of a service.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Interface {
    pub(super) id: u64,
    pub(super) service: Uuid,
    pub(super) status: PortStatus,
    #[serde(default)]
    pub(super) dark: bool,
    pub(super) changed: Moment,
}

/// A vRack.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Vrack {
    pub(super) service_name: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) services: BTreeSet<Uuid>,
    /// Layer 3 datacenter configurations: they live here, not under a service.
    pub(super) datacenters: BTreeSet<u64>,
    /// Unfinished tasks.
    pub(super) tasks: BTreeSet<u64>,
}

impl Vrack {
    pub(super) fn wire(&self) -> wire::Vrack {
        wire::Vrack {
            description: Some(self.description.clone()),
            name: Some(self.name.clone()),
            service_name: Some(self.service_name.clone()),
        }
    }
}

/// A PoP configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Pop {
    pub(super) id: u64,
    pub(super) service: Uuid,
    pub(super) interface: u64,
    pub(super) layer: Layer,
    pub(super) customer_asn: Option<u32>,
    pub(super) ovh_asn: Option<u32>,
    pub(super) subnet: Option<String>,
    pub(super) life: Life,
    /// When it last changed status: what its session's state follows.
    pub(super) changed: Moment,
    #[serde(default)]
    pub(super) peer: Peer,
    /// The datacenter of a layer 2 PoP (several only where someone made them behind the rules).
    pub(super) datacenters: BTreeSet<u64>,
}

impl Pop {
    pub(super) fn wire(&self) -> wire::PopConfig {
        wire::PopConfig {
            id: self.id,
            interface_id: self.interface,
            kind: match self.layer {
                Layer::L2 => wire::PopType::L2,
                Layer::L3 => wire::PopType::L3,
            },
            customer_bgp_area: self.customer_asn,
            ovh_bgp_area: self.ovh_asn,
            subnet: self.subnet.clone(),
            status: self.life.phase.wire(),
        }
    }
}

/// The customer's router at the other end of a PoP's session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Peer {
    /// Whether it does not answer.
    pub silent: bool,
    /// How many prefixes it announces. With more than the limit the session is shut.
    pub prefixes: u32,
    /// How often the session went down since it was last up for good.
    pub flaps: u32,
}

impl Default for Peer {
    fn default() -> Self {
        Self { silent: false, prefixes: 1, flaps: 0 }
    }
}

/// Whose a datacenter configuration is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Home {
    /// Layer 3: the vRack's.
    Vrack(String),
    /// Layer 2: the PoP's.
    Pop(u64),
}

/// A datacenter configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Datacenter {
    pub(super) id: u64,
    pub(super) home: Home,
    pub(super) catalogue: u64,
    pub(super) ovh_asn: Option<u32>,
    pub(super) subnet: Option<String>,
    pub(super) life: Life,
    pub(super) extras: BTreeSet<u64>,
}

impl Datacenter {
    /// As a service sees it, under the id it has there.
    pub(super) fn wire(&self, shown_id: u64) -> wire::DatacenterConfig {
        wire::DatacenterConfig {
            id: shown_id,
            datacenter_id: self.catalogue,
            ovh_bgp_area: self.ovh_asn,
            subnet: self.subnet.clone(),
            status: self.life.phase.wire(),
        }
    }
}

/// What an extra configuration does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Route {
    Network { next_hop: Option<String>, subnet: Option<String> },
    Bgp { asn: Option<u32>, neighbour: Option<String> },
}

/// An extra configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Extra {
    pub(super) id: u64,
    pub(super) datacenter: u64,
    pub(super) route: Route,
    pub(super) life: Life,
}

impl Extra {
    /// As a service sees it, under the id it has there.
    pub(super) fn wire(&self, shown_id: u64) -> wire::ExtraConfig {
        let status = self.life.phase.wire();
        match &self.route {
            Route::Network { next_hop, subnet } => wire::ExtraConfig {
                id: shown_id,
                kind: wire::ExtraType::Network,
                bgp_neighbor_area: None,
                bgp_neighbor_ip: None,
                next_hop: next_hop.clone(),
                subnet: subnet.clone(),
                status,
            },
            Route::Bgp { asn, neighbour } => wire::ExtraConfig {
                id: shown_id,
                kind: wire::ExtraType::Bgp,
                bgp_neighbor_area: *asn,
                bgp_neighbor_ip: neighbour.clone(),
                next_hop: None,
                subnet: None,
                status,
            },
        }
    }
}
