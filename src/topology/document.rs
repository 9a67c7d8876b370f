//! What the files say, each value with its place: what the rules judge and a [`Topology`] is made of.
//!
//! It keeps what a [`Topology`] cannot hold: things declared twice, fields that do not belong, and
//! values that could not be read. So a rule can tell what is absent from what is merely wrong, and
//! keep silent about what has been reported already.
//!
//! [`Topology`]: super::Topology

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use url::{Host, Url};

use super::{Allow, Asn, DatacenterName, InterfaceState, Manage, ServiceId, VrackName};
use crate::diagnostic::Span;

/// A value and where it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub span: Span,
}

/// A field of a mapping.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Field<T> {
    /// It is not there.
    Absent,
    /// It is there, cannot be read, and that has been reported.
    Refused,
    /// It is there.
    Given(Located<T>),
}

impl<T> Field<T> {
    /// The value and its place, if it is there and could be read.
    pub fn given(&self) -> Option<&Located<T>> {
        match self {
            Self::Given(located) => Some(located),
            Self::Absent | Self::Refused => None,
        }
    }

    /// Whether it is not there at all.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<T: Copy> Field<T> {
    /// The value, if it is there and could be read.
    pub fn value(&self) -> Option<T> {
        self.given().map(|located| located.value)
    }
}

/// Everything the files say, in their order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Document {
    /// The endpoint guards, at most one a file.
    pub endpoints: Vec<Located<String>>,
    /// The warnings that are silenced, and where.
    pub allows: Vec<Allow>,
    /// The keys of `vracks` that hold none, at most one a file.
    pub empty: Vec<Span>,
    /// The vRacks.
    pub vracks: Vec<Vrack>,
}

/// A vRack of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vrack {
    /// Its key.
    pub key: Span,
    /// Its name, where the key is one.
    pub name: Option<VrackName>,
    /// What happens to what it holds and the file does not declare.
    pub manage: Field<Manage>,
    /// Whether it is protected.
    pub protect: bool,
    /// Its services.
    pub services: Vec<Service>,
    /// Its l3 datacenters.
    pub datacenters: Vec<Datacenter>,
    /// Whether everything in it could be read. Where it could not, what seems missing may be there.
    pub whole: bool,
}

/// A service of a vRack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// Its key.
    pub key: Span,
    /// Its uuid, where the key is one.
    pub id: Option<ServiceId>,
    /// Its description.
    pub description: Field<String>,
    /// Whether it is protected.
    pub protect: bool,
    /// Its interfaces that are spoken of.
    pub interfaces: Vec<Interface>,
    /// Its PoP configuration, at its key.
    pub pop: Field<Pop>,
}

/// An interface of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    /// Its key, or its first line in a list.
    pub span: Span,
    /// `interfaceId`.
    pub interface_id: Field<u64>,
    /// `state`.
    pub state: Field<InterfaceState>,
}

/// The fields of a mapping that are there, right or wrong.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Keys {
    /// By name, with the place of the key.
    pub present: Vec<(&'static str, Span)>,
    /// Those that stand under a name that is not quite their own.
    pub misspelt: Vec<&'static str>,
}

impl Keys {
    /// Whether the field is there under no name at all.
    pub fn lack(&self, field: &str) -> bool {
        !self.present.iter().any(|(name, _)| *name == field) && !self.misspelt.contains(&field)
    }
}

/// Layer 2 or 3.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layer {
    /// Layer 2.
    L2,
    /// Layer 3.
    L3,
}

/// The PoP configuration of a service, with the fields of both layers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pop {
    /// `type`.
    pub layer: Field<Layer>,
    /// `interfaceId`.
    pub interface_id: Field<u64>,
    /// `customerBgpArea`.
    pub customer_bgp_area: Field<Asn>,
    /// `ovhBgpArea`.
    pub ovh_bgp_area: Field<Asn>,
    /// `subnet`.
    pub subnet: Field<Ipv4Net>,
    /// `datacenter`.
    pub datacenter: Field<DatacenterName>,
    /// Whether it is protected.
    pub protect: bool,
    /// Which of them are there.
    pub keys: Keys,
}

/// An l3 datacenter of a vRack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Datacenter {
    /// Its key.
    pub key: Span,
    /// Its name or id, where the key is one.
    pub name: Option<DatacenterName>,
    /// `ovhBgpArea`.
    pub ovh_bgp_area: Field<Asn>,
    /// `subnet`.
    pub subnet: Field<Ipv4Net>,
    /// Whether it is protected.
    pub protect: bool,
    /// Its extra configurations.
    pub extras: Vec<Extra>,
}

/// What an extra configuration is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExtraKind {
    /// A static route.
    Network,
    /// A BGP peer.
    Bgp,
}

/// An extra configuration of a datacenter, with the fields of both kinds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Extra {
    /// Its first line in the list.
    pub span: Span,
    /// `type`.
    pub kind: Field<ExtraKind>,
    /// `subnet`.
    pub subnet: Field<Ipv4Net>,
    /// `nextHop`.
    pub next_hop: Field<Ipv4Addr>,
    /// `bgpNeighborArea`.
    pub bgp_neighbor_area: Field<Asn>,
    /// `bgpNeighborIp`.
    pub bgp_neighbor_ip: Field<Ipv4Addr>,
    /// Whether it is protected.
    pub protect: bool,
    /// Which of them are there.
    pub keys: Keys,
}

impl Document {
    /// Whether it may be used against the real API.
    ///
    /// One that is guarded by a URL on this machine is for the simulator. Anything else, no guard
    /// included, can meet a real account.
    pub fn is_for_a_real_endpoint(&self) -> bool {
        let Some(endpoint) = self.endpoints.first() else { return true };
        match Url::parse(&endpoint.value).as_ref().map(Url::host) {
            Ok(Some(Host::Ipv4(ip))) => !ip.is_loopback(),
            Ok(Some(Host::Ipv6(ip))) => !ip.is_loopback(),
            Ok(Some(Host::Domain(name))) => name != "localhost",
            Ok(None) | Err(_) => true,
        }
    }

    /// Every PoP, with its service and its vRack.
    pub fn pops(&self) -> impl Iterator<Item = (&Vrack, &Service, &Located<Pop>)> {
        self.vracks.iter().flat_map(|vrack| vrack.pops().map(move |(service, pop)| (vrack, service, pop)))
    }

    /// Every l3 datacenter.
    pub fn datacenters(&self) -> impl Iterator<Item = &Datacenter> {
        self.vracks.iter().flat_map(|vrack| &vrack.datacenters)
    }

    /// Every extra configuration, with its datacenter.
    pub fn extras(&self) -> impl Iterator<Item = (&Datacenter, &Extra)> {
        self.datacenters()
            .flat_map(|datacenter| datacenter.extras.iter().map(move |extra| (datacenter, extra)))
    }
}

impl Service {
    /// The id of one of its interfaces, where the file tells: its own, or that of the PoP.
    pub fn id_of(&self, interface: &Interface) -> Option<u64> {
        match &interface.interface_id {
            Field::Absent => self.pop.given().and_then(|pop| pop.value.interface_id.value()),
            Field::Refused => None,
            Field::Given(id) => Some(id.value),
        }
    }
}

impl Vrack {
    /// The PoPs of its services.
    pub fn pops(&self) -> impl Iterator<Item = (&Service, &Located<Pop>)> {
        self.services.iter().filter_map(|service| service.pop.given().map(|pop| (service, pop)))
    }
}

impl Datacenter {
    /// Its extra configurations of one kind.
    pub fn extras_of(&self, kind: ExtraKind) -> impl Iterator<Item = &Extra> {
        self.extras.iter().filter(move |extra| extra.kind.value() == Some(kind))
    }
}

impl Vrack {
    /// Whether what it holds and the file does not declare is removed, for certain.
    pub fn managed_whole(&self) -> bool {
        match &self.manage {
            Field::Absent => Manage::default() == Manage::All,
            Field::Refused => false,
            Field::Given(manage) => manage.value == Manage::All,
        }
    }
}

impl fmt::Display for Datacenter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "datacenter {name}"),
            None => f.write_str("a datacenter"),
        }
    }
}
