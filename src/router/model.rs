//! What a customer's router is to do, in no router's language. Templates see exactly this.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::topology::{Address, Asn, Device, VrackName};

/// Where a router stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum At {
    /// In the customer's network, where an OVHcloud Connect service is delivered.
    Pop,
    /// In the vRack, at an OVHcloud datacenter.
    Datacenter,
}

/// What the selected machines have to be configured with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    /// Where they stand.
    pub at: At,
    /// The machines that speak BGP with OVHcloud.
    pub routers: Vec<Router>,
    /// The machines that static routes of datacenters lead to.
    pub gateways: Vec<Gateway>,
    /// What somebody should know before this is used, a sentence each.
    pub notes: Vec<String>,
}

impl Configuration {
    /// The schema of its JSON, and so of what templates see.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        let mut schema = schemars::schema_for!(Self);
        schema.insert("title".to_owned(), "The configuration of routers beside OVHcloud Connect".into());
        schema.insert("$id".to_owned(), "ovhconnect/router/1".into());
        schema.to_value()
    }
}

/// A machine that speaks BGP with OVHcloud.
///
/// At PoPs: one for each customer's ASN in a vRack, with a link for each PoP. In datacenters: one for
/// each BGP peer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Router {
    /// A name for its filters, unlike any other in the configuration: lower-case letters, digits and `_`,
    /// a letter first.
    pub name: String,
    /// The vRack it leads to.
    pub vrack: VrackName,
    /// Its own ASN.
    pub asn: Asn,
    /// Its BGP identifier, where one was asked for.
    pub router_id: Option<Ipv4Addr>,
    /// Its links to OVHcloud.
    pub links: Vec<Link>,
    /// The prefixes that it lets in, sorted. Everything else is refused.
    pub accept: Vec<Permitted>,
    /// The prefixes that it announces while its routing table holds them, sorted. Nothing else goes out.
    #[schemars(with = "Vec<String>")]
    pub announce: Vec<Ipv4Net>,
    /// How many prefixes it takes from a session.
    pub maximum_prefixes: u32,
    /// After how many minutes a session is tried again that was ended because of that limit.
    pub restart_minutes: u32,
    /// How it sees quickly that a link is gone.
    pub bfd: Bfd,
}

/// A link of a router to OVHcloud.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// What it is in the topology: a PoP, or a BGP peer.
    pub address: Address,
    /// A name for its policies, like the router's.
    pub name: String,
    /// What it is for a person, with the service's description. Not cleaned: the filter `plain` does that.
    pub description: String,
    /// The router's interface.
    pub interface: InterfaceName,
    /// The router's address on it.
    pub local: Ipv4Addr,
    /// The subnet of that address.
    #[schemars(with = "String")]
    pub subnet: Ipv4Net,
    /// What it is used for.
    pub role: Role,
    /// The local preference of routes learnt over it, where it is not the usual 100.
    pub local_preference: Option<u32>,
    /// How many more times the own ASN is put in front of the AS path of what is announced over it.
    pub prepend: u32,
    /// Its BGP sessions.
    pub sessions: Vec<Session>,
}

/// A BGP session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// A name for it, like the router's.
    pub name: String,
    /// What it is for a person.
    pub description: String,
    /// Which of a datacenter's two devices it leads to; `null` at a PoP.
    pub device: Option<Device>,
    /// The address of OVHcloud's router.
    pub remote: Ipv4Addr,
    /// OVHcloud's ASN; `null` where OVHcloud assigns it and the topology does not say.
    pub remote_asn: Option<Asn>,
}

/// A prefix that is let in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Permitted {
    /// The prefix itself; neither a part of it nor one around it.
    #[schemars(with = "String")]
    pub prefix: Ipv4Net,
    /// What it is.
    pub what: String,
}

/// How BFD runs on the links.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bfd {
    /// Milliseconds between two packets, in both directions.
    pub interval: u32,
    /// How many packets in a row have to be missing.
    pub multiplier: u32,
}

/// A machine in a datacenter that static routes lead to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gateway {
    /// A name for it, like a router's.
    pub name: String,
    /// The datacenter.
    pub datacenter: Address,
    /// What it is for a person.
    pub description: String,
    /// Its interface in the vRack.
    pub interface: InterfaceName,
    /// Its address there: the next hop of the routes.
    pub local: Ipv4Addr,
    /// The datacenter's subnet.
    #[schemars(with = "String")]
    pub subnet: Ipv4Net,
    /// What it has to forward packets to.
    #[schemars(with = "Vec<String>")]
    pub behind: Vec<Ipv4Net>,
    /// What it reaches through OVHcloud.
    pub routes: Vec<StaticRoute>,
}

/// A static route.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StaticRoute {
    /// Where to.
    #[schemars(with = "String")]
    pub prefix: Ipv4Net,
    /// OVHcloud's virtual router (VRRP).
    pub via: Ipv4Addr,
}

/// What a link is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Like any other.
    #[default]
    Primary,
    /// Only while there is nothing better.
    Backup,
}

impl Role {
    /// The local preference of routes learnt over such a link, where it is not the usual 100.
    #[must_use]
    pub const fn local_preference(self) -> Option<u32> {
        match self {
            Self::Primary => None,
            Self::Backup => Some(50),
        }
    }

    /// How many more times the own ASN is put in front of the AS path of what is announced over it.
    #[must_use]
    pub const fn prepend(self) -> u32 {
        match self {
            Self::Primary => 0,
            Self::Backup => 3,
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "primary" => Ok(Self::Primary),
            "backup" => Ok(Self::Backup),
            _ => Err(format!("`{text}` is neither primary nor backup")),
        }
    }
}

/// The name of a router's interface: no blanks, nothing that any router's language would take for more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct InterfaceName(String);

impl InterfaceName {
    /// What stands where nobody said which interface it is. No machine has one of that name.
    #[must_use]
    pub fn unknown() -> Self {
        Self("CHANGE-ME".to_owned())
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for InterfaceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_fit = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
        if text.is_empty()
            || !text.starts_with(|c: char| c.is_ascii_alphanumeric())
            || !text.chars().all(is_fit)
        {
            return Err(format!(
                "`{text}` is not an interface's name, like eth1, GigabitEthernet0/0/1 or ge-0/0/0"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}
