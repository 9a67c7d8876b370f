//! What is to be created, in the API's shapes.

use crate::api::wire::{ExtraType, NewDatacenterConfig, NewExtraConfig, NewPopConfig, PopType};
use crate::plan::NewExtra;
use crate::topology::{Datacenter, Pop};

/// `None`: it is not said which interface to use.
pub(super) fn pop(pop: &Pop) -> Option<NewPopConfig> {
    Some(match pop {
        Pop::L2 { interface_id } => NewPopConfig {
            interface_id: (*interface_id)?,
            kind: PopType::L2,
            customer_bgp_area: None,
            ovh_bgp_area: None,
            subnet: None,
        },
        Pop::L3 { interface_id, customer_bgp_area, ovh_bgp_area, subnet } => NewPopConfig {
            interface_id: (*interface_id)?,
            kind: PopType::L3,
            customer_bgp_area: Some(customer_bgp_area.0),
            ovh_bgp_area: ovh_bgp_area.map(|asn| asn.0),
            subnet: Some(subnet.to_string()),
        },
    })
}

pub(super) fn datacenter(datacenter_id: u64, datacenter: &Datacenter) -> NewDatacenterConfig {
    let (ovh_bgp_area, subnet) = match datacenter {
        Datacenter::L2 => (None, None),
        Datacenter::L3 { ovh_bgp_area, subnet } => (ovh_bgp_area.map(|asn| asn.0), Some(subnet.to_string())),
    };
    NewDatacenterConfig { datacenter_id, ovh_bgp_area, subnet }
}

pub(super) fn extra(extra: &NewExtra) -> NewExtraConfig {
    match extra {
        NewExtra::Network { subnet, next_hop } => NewExtraConfig {
            kind: ExtraType::Network,
            bgp_neighbor_area: None,
            bgp_neighbor_ip: None,
            next_hop: Some(next_hop.to_string()),
            subnet: Some(subnet.to_string()),
        },
        NewExtra::Bgp { bgp_neighbor_ip, bgp_neighbor_area } => NewExtraConfig {
            kind: ExtraType::Bgp,
            bgp_neighbor_area: Some(bgp_neighbor_area.0),
            bgp_neighbor_ip: Some(bgp_neighbor_ip.to_string()),
            next_hop: None,
            subnet: None,
        },
    }
}
