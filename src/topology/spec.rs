//! What is configured at an address: the one vocabulary for desired and live.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An autonomous system number. The API calls it a "BgpArea".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Asn(pub u32);

impl Asn {
    /// The ASN of OVHcloud, which it uses on a PoP that leaves `ovhBgpArea` out.
    /// Source: OVHcloud's guides.
    pub const OVHCLOUD: Self = Self(35540);
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

/// What is configured at an [`Address`](super::Address), desired or live.
///
/// `None` in a desired spec means "left to OVHcloud" and agrees with any live value;
/// [`Spec::differing_fields`] holds that rule.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Spec {
    /// A service is in the vRack.
    Membership(Membership),
    /// Whether an interface of a service is in service.
    Interface(Interface),
    /// The PoP configuration of a service.
    Pop(Pop),
    /// A datacenter configuration.
    Datacenter(Datacenter),
    /// A static route or a BGP peer.
    Extra(Extra),
}

/// A service in a vRack. The description belongs to the service and is updated in place.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
    /// The service's description; `None` leaves it as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An interface of a service: the port that a PoP configuration runs over. It is locked and unlocked in
/// place, and belongs to the service, whatever is configured on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Interface {
    /// Whether it is in service.
    pub state: InterfaceState,
}

/// Whether an interface is in service.
///
/// The API knows interfaces that are neither, kept for later; those cannot be locked or unlocked.
/// Source: published API, `ovhcloudconnect.interface.StatusEnum`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum InterfaceState {
    /// Unlocked.
    Enabled,
    /// Locked. Assumed: nothing crosses it, so whatever is configured on it carries nothing.
    Disabled,
}

impl fmt::Display for InterfaceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        })
    }
}

/// A PoP configuration: where the customer's router meets OVHcloud.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Pop {
    /// Layer 2: frames to exactly one datacenter.
    #[serde(rename_all = "camelCase")]
    L2 {
        /// The interface of the service; `None`: the only one it has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interface_id: Option<u64>,
    },
    /// Layer 3: one eBGP session.
    #[serde(rename_all = "camelCase")]
    L3 {
        /// The interface of the service; `None`: the only one it has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interface_id: Option<u64>,
        /// The customer router's ASN.
        customer_bgp_area: Asn,
        /// OVHcloud's ASN; `None`: assigned by OVHcloud.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ovh_bgp_area: Option<Asn>,
        /// The /30 between the two routers: first address OVHcloud, second customer.
        #[schemars(with = "String")]
        subnet: Ipv4Net,
    },
}

impl Pop {
    /// Whether this is layer 3.
    #[must_use]
    pub fn is_l3(&self) -> bool {
        matches!(self, Self::L3 { .. })
    }

    /// The interface it names, if it names one.
    #[must_use]
    pub fn interface_id(&self) -> Option<u64> {
        match self {
            Self::L2 { interface_id } | Self::L3 { interface_id, .. } => *interface_id,
        }
    }
}

/// A datacenter configuration.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Datacenter {
    /// The end of an l2 PoP; the address says which datacenter.
    L2,
    /// An L3 domain of the vRack.
    #[serde(rename_all = "camelCase")]
    L3 {
        /// OVHcloud's ASN in this datacenter; `None`: assigned by OVHcloud.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ovh_bgp_area: Option<Asn>,
        /// /28 or larger; .1 virtual router (VRRP), .2 router A, .3 router B.
        #[schemars(with = "String")]
        subnet: Ipv4Net,
    },
}

/// One of OVHcloud's two routers in an l3 datacenter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub enum Device {
    /// The one that has .2.
    A,
    /// The one that has .3.
    B,
}

impl Device {
    /// Both.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// Which of the datacenter's addresses it has, counted from the subnet's first.
    /// Source: OVHcloud's guides.
    #[must_use]
    pub const fn offset(self) -> u32 {
        match self {
            Self::A => 2,
            Self::B => 3,
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}

/// An extra configuration of an l3 datacenter; the address holds its identity.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Extra {
    /// A static route to the prefix in the address.
    #[serde(rename_all = "camelCase")]
    Network {
        /// The gateway in the datacenter's subnet.
        next_hop: Ipv4Addr,
    },
    /// A BGP session with the peer in the address.
    #[serde(rename_all = "camelCase")]
    Bgp {
        /// The peer's ASN.
        bgp_neighbor_area: Asn,
    },
}

/// A field of a [`Spec`], by the API's name for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Field {
    /// The service's description.
    Description,
    /// Whether an interface is in service.
    State,
    /// l2 or l3.
    Type,
    /// The service's interface.
    InterfaceId,
    /// The customer's ASN.
    CustomerBgpArea,
    /// OVHcloud's ASN.
    OvhBgpArea,
    /// The prefix.
    Subnet,
    /// The gateway of a static route.
    NextHop,
    /// The peer's ASN.
    BgpNeighborArea,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Description => "description",
            Self::State => "state",
            Self::Type => "type",
            Self::InterfaceId => "interfaceId",
            Self::CustomerBgpArea => "customerBgpArea",
            Self::OvhBgpArea => "ovhBgpArea",
            Self::Subnet => "subnet",
            Self::NextHop => "nextHop",
            Self::BgpNeighborArea => "bgpNeighborArea",
        })
    }
}

impl Spec {
    /// The fields in which `live` is not what `self`, the desired spec, asks for.
    ///
    /// A field that `self` leaves to OVHcloud agrees with anything. Specs of two kinds, or of
    /// two layers, differ in [`Field::Type`] and in nothing else: there is nothing to compare.
    #[must_use]
    pub fn differing_fields(&self, live: &Self) -> Vec<Field> {
        let mut fields = Vec::new();
        let mut check = |field: Field, differs: bool| {
            if differs {
                fields.push(field);
            }
        };
        match (self, live) {
            (Self::Membership(Membership { description }), Self::Membership(live)) => {
                check(Field::Description, left_open_or(description.as_ref(), live.description.as_ref()));
            }
            (Self::Interface(Interface { state }), Self::Interface(live)) => {
                check(Field::State, *state != live.state);
            }
            (Self::Pop(Pop::L2 { interface_id }), Self::Pop(Pop::L2 { interface_id: live })) => {
                check(Field::InterfaceId, left_open_or(interface_id.as_ref(), live.as_ref()));
            }
            (
                Self::Pop(Pop::L3 { interface_id, customer_bgp_area, ovh_bgp_area, subnet }),
                Self::Pop(Pop::L3 {
                    interface_id: live_interface,
                    customer_bgp_area: live_customer,
                    ovh_bgp_area: live_ovh,
                    subnet: live_subnet,
                }),
            ) => {
                check(Field::InterfaceId, left_open_or(interface_id.as_ref(), live_interface.as_ref()));
                check(Field::CustomerBgpArea, customer_bgp_area != live_customer);
                check(Field::OvhBgpArea, left_open_or(ovh_bgp_area.as_ref(), live_ovh.as_ref()));
                check(Field::Subnet, subnet != live_subnet);
            }
            (Self::Datacenter(Datacenter::L2), Self::Datacenter(Datacenter::L2)) => {}
            (
                Self::Datacenter(Datacenter::L3 { ovh_bgp_area, subnet }),
                Self::Datacenter(Datacenter::L3 { ovh_bgp_area: live_ovh, subnet: live_subnet }),
            ) => {
                check(Field::OvhBgpArea, left_open_or(ovh_bgp_area.as_ref(), live_ovh.as_ref()));
                check(Field::Subnet, subnet != live_subnet);
            }
            (
                Self::Extra(Extra::Network { next_hop }),
                Self::Extra(Extra::Network { next_hop: live_next_hop }),
            ) => check(Field::NextHop, next_hop != live_next_hop),
            (
                Self::Extra(Extra::Bgp { bgp_neighbor_area }),
                Self::Extra(Extra::Bgp { bgp_neighbor_area: live_area }),
            ) => check(Field::BgpNeighborArea, bgp_neighbor_area != live_area),
            _ => check(Field::Type, true),
        }
        fields
    }

    /// The fields that are set, with their values as a person writes them, in the order the API
    /// documents them. What the address already says (a prefix, a peer's address) is not repeated.
    #[must_use]
    pub fn fields(&self) -> Vec<(Field, String)> {
        let mut fields = Vec::new();
        let mut set = |field: Field, value: Option<String>| fields.extend(value.map(|value| (field, value)));
        match self {
            Self::Membership(Membership { description }) => set(Field::Description, description.clone()),
            Self::Interface(Interface { state }) => set(Field::State, Some(state.to_string())),
            Self::Pop(Pop::L2 { interface_id }) => {
                set(Field::Type, Some("l2".to_owned()));
                set(Field::InterfaceId, interface_id.map(|id| id.to_string()));
            }
            Self::Pop(Pop::L3 { interface_id, customer_bgp_area, ovh_bgp_area, subnet }) => {
                set(Field::Type, Some("l3".to_owned()));
                set(Field::InterfaceId, interface_id.map(|id| id.to_string()));
                set(Field::CustomerBgpArea, Some(customer_bgp_area.to_string()));
                set(Field::OvhBgpArea, ovh_bgp_area.map(|asn| asn.to_string()));
                set(Field::Subnet, Some(subnet.to_string()));
            }
            Self::Datacenter(Datacenter::L2) => {}
            Self::Datacenter(Datacenter::L3 { ovh_bgp_area, subnet }) => {
                set(Field::OvhBgpArea, ovh_bgp_area.map(|asn| asn.to_string()));
                set(Field::Subnet, Some(subnet.to_string()));
            }
            Self::Extra(Extra::Network { next_hop }) => set(Field::NextHop, Some(next_hop.to_string())),
            Self::Extra(Extra::Bgp { bgp_neighbor_area }) => {
                set(Field::BgpNeighborArea, Some(bgp_neighbor_area.to_string()));
            }
        }
        fields
    }
}

/// Whether a field that may be left to OVHcloud is asked for and is something else live.
fn left_open_or<T: PartialEq>(desired: Option<&T>, live: Option<&T>) -> bool {
    desired.is_some() && desired != live
}
