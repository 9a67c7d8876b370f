//! Where a configuration stands: the stable identity a person can read.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, ToSmolStr};
use uuid::Uuid;

/// The name of a vRack, `pn-` and digits, as the API writes it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct VrackName(SmolStr);

impl VrackName {
    /// The name as the API writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VrackName {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("pn-") {
            Some(digits) if is_number(digits) => Ok(Self(text.into())),
            _ => Err(AddressError::new(text, "a vRack is named pn- and a number, like pn-12345")),
        }
    }
}

/// Whether it is digits, as numbers are written: without leading zeros.
fn is_number(text: &str) -> bool {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && (text == "0" || !text.starts_with('0'))
}

/// The uuid of an OVHcloud Connect service, the ordered product.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceId(Uuid);

impl ServiceId {
    /// The uuid itself, as routes take it.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// The first part of the uuid: short, and rarely shared.
    #[must_use]
    pub fn short(self) -> String {
        self.to_string().chars().take_while(|c| *c != '-').collect()
    }
}

impl From<Uuid> for ServiceId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl FromStr for ServiceId {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `Uuid` also reads braces, URNs and bare hex; the API knows only the hyphenated form.
        let expected = "a service is named by its uuid, like 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01";
        if text.len() != 36 {
            return Err(AddressError::new(text, expected));
        }
        text.parse().map(Self).map_err(|_| AddressError::new(text, expected))
    }
}

/// A datacenter as the catalogue names it (`GRA`), or, as long as no catalogue was read
/// and where the catalogue does not know it, its id in digits (`3`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct DatacenterName(SmolStr);

impl DatacenterName {
    /// The name or the digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The catalogue id, where this is one rather than a name.
    #[must_use]
    pub fn as_id(&self) -> Option<u64> {
        if self.0.bytes().all(|b| b.is_ascii_digit()) { self.0.parse().ok() } else { None }
    }
}

impl From<u64> for DatacenterName {
    fn from(id: u64) -> Self {
        Self(id.to_smolstr())
    }
}

impl FromStr for DatacenterName {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control()) {
            return Err(AddressError::new(text, "a datacenter is named by its name, like GRA, or its id"));
        }
        Ok(Self(text.into()))
    }
}

macro_rules! text_form {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // `pad` keeps width and alignment working in tables.
                f.pad(&self.0.to_string())
            }
        }
        impl TryFrom<String> for $name {
            type Error = AddressError;
            fn try_from(text: String) -> Result<Self, AddressError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.to_string()
            }
        }
    )*};
}
text_form!(VrackName, ServiceId, DatacenterName);

/// Where a configuration stands.
///
/// The order is that of a tree walk: a parent sorts before its children, and a service
/// or a datacenter stays together with what is inside it.
///
/// | text | what stands there |
/// | --- | --- |
/// | `pn-12345` | the vRack |
/// | `pn-12345/service/<uuid>` | the membership of a service |
/// | `pn-12345/service/<uuid>/interface/101` | one of its interfaces |
/// | `pn-12345/service/<uuid>/pop` | its PoP configuration |
/// | `pn-12345/service/<uuid>/pop/datacenter/RBX` | the one datacenter of an l2 PoP |
/// | `pn-12345/datacenter/GRA` | an l3 datacenter, shared by the l3 services of the vRack |
/// | `pn-12345/datacenter/GRA/network/192.168.10.0/24` | a static route |
/// | `pn-12345/datacenter/GRA/bgp/10.1.0.4` | a BGP peer |
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    /// The vRack it is in.
    pub vrack: VrackName,
    /// Where in the vRack.
    pub node: Node,
}

/// The part of an [`Address`] inside its vRack.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Node {
    /// The vRack itself.
    Vrack,
    /// Something that belongs to one service.
    Service(ServiceId, ServicePart),
    /// Something that belongs to one l3 datacenter.
    Datacenter(DatacenterName, DatacenterPart),
}

/// What of a service an address means.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ServicePart {
    /// That the service is in the vRack.
    Membership,
    /// One of its interfaces, by its id. `None`, as long as live state was not read: the one of its PoP, or
    /// the only one it has.
    Interface(Option<u64>),
    /// Its PoP configuration.
    Pop,
    /// The datacenter its l2 PoP ends in.
    L2Datacenter(DatacenterName),
}

/// What of an l3 datacenter an address means.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DatacenterPart {
    /// The datacenter configuration.
    Config,
    /// A static route, by its prefix.
    Network(Ipv4Net),
    /// A BGP peer, by its address.
    Bgp(Ipv4Addr),
}

impl Address {
    /// The vRack itself.
    #[must_use]
    pub fn vrack(vrack: VrackName) -> Self {
        Self { vrack, node: Node::Vrack }
    }

    /// The membership of a service in a vRack.
    #[must_use]
    pub fn membership(vrack: VrackName, service: ServiceId) -> Self {
        Self { vrack, node: Node::Service(service, ServicePart::Membership) }
    }

    /// An interface of a service; `None`: the one of its PoP, or the only one.
    #[must_use]
    pub fn interface(vrack: VrackName, service: ServiceId, id: Option<u64>) -> Self {
        Self { vrack, node: Node::Service(service, ServicePart::Interface(id)) }
    }

    /// The PoP configuration of a service.
    #[must_use]
    pub fn pop(vrack: VrackName, service: ServiceId) -> Self {
        Self { vrack, node: Node::Service(service, ServicePart::Pop) }
    }

    /// The datacenter of an l2 PoP.
    #[must_use]
    pub fn l2_datacenter(vrack: VrackName, service: ServiceId, name: DatacenterName) -> Self {
        Self { vrack, node: Node::Service(service, ServicePart::L2Datacenter(name)) }
    }

    /// An l3 datacenter.
    #[must_use]
    pub fn datacenter(vrack: VrackName, name: DatacenterName) -> Self {
        Self { vrack, node: Node::Datacenter(name, DatacenterPart::Config) }
    }

    /// A static route of an l3 datacenter.
    #[must_use]
    pub fn network(vrack: VrackName, name: DatacenterName, prefix: Ipv4Net) -> Self {
        Self { vrack, node: Node::Datacenter(name, DatacenterPart::Network(prefix)) }
    }

    /// A BGP peer of an l3 datacenter.
    #[must_use]
    pub fn bgp(vrack: VrackName, name: DatacenterName, peer: Ipv4Addr) -> Self {
        Self { vrack, node: Node::Datacenter(name, DatacenterPart::Bgp(peer)) }
    }

    /// The service this belongs to, if it belongs to one.
    #[must_use]
    pub fn service(&self) -> Option<ServiceId> {
        match self.node {
            Node::Service(service, _) => Some(service),
            Node::Vrack | Node::Datacenter(..) => None,
        }
    }

    /// The datacenter this is or is in, whether of layer 2 or 3.
    #[must_use]
    pub fn datacenter_name(&self) -> Option<&DatacenterName> {
        match &self.node {
            Node::Datacenter(name, _) | Node::Service(_, ServicePart::L2Datacenter(name)) => Some(name),
            Node::Vrack | Node::Service(..) => None,
        }
    }

    /// The address one level up, which has to stand for this to stand; an interface alone is there without.
    /// A vRack has none.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let node = match &self.node {
            Node::Vrack => return None,
            Node::Service(service, part) => match part {
                ServicePart::Membership => Node::Vrack,
                ServicePart::Interface(_) | ServicePart::Pop => {
                    Node::Service(*service, ServicePart::Membership)
                }
                ServicePart::L2Datacenter(_) => Node::Service(*service, ServicePart::Pop),
            },
            Node::Datacenter(name, part) => match part {
                DatacenterPart::Config => Node::Vrack,
                DatacenterPart::Network(_) | DatacenterPart::Bgp(_) => {
                    Node::Datacenter(name.clone(), DatacenterPart::Config)
                }
            },
        };
        Some(Self { vrack: self.vrack.clone(), node })
    }

    /// Whether `self` is `other` or stands anywhere below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let mut at = Some(self.clone());
        while let Some(address) = at {
            if address == *other {
                return true;
            }
            at = address.parent();
        }
        false
    }

    /// The last part, as a tree shows it below its parent: `service 6b0c…`, `interface 101`, `pop`,
    /// `datacenter GRA`, `network 192.168.10.0/24`, `bgp 10.1.0.4`.
    #[must_use]
    pub fn leaf(&self) -> String {
        match &self.node {
            Node::Vrack => format!("vRack {}", self.vrack),
            Node::Service(service, part) => match part {
                ServicePart::Membership => format!("service {service}"),
                ServicePart::Interface(None) => "interface".to_owned(),
                ServicePart::Interface(Some(id)) => format!("interface {id}"),
                ServicePart::Pop => "pop".to_owned(),
                ServicePart::L2Datacenter(name) => format!("datacenter {name}"),
            },
            Node::Datacenter(name, part) => match part {
                DatacenterPart::Config => format!("datacenter {name}"),
                DatacenterPart::Network(prefix) => format!("network {prefix}"),
                DatacenterPart::Bgp(peer) => format!("bgp {peer}"),
            },
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vrack, node } = self;
        let text = match node {
            Node::Vrack => vrack.to_string(),
            Node::Service(service, part) => match part {
                ServicePart::Membership => format!("{vrack}/service/{service}"),
                ServicePart::Interface(None) => format!("{vrack}/service/{service}/interface"),
                ServicePart::Interface(Some(id)) => format!("{vrack}/service/{service}/interface/{id}"),
                ServicePart::Pop => format!("{vrack}/service/{service}/pop"),
                ServicePart::L2Datacenter(name) => format!("{vrack}/service/{service}/pop/datacenter/{name}"),
            },
            Node::Datacenter(name, part) => match part {
                DatacenterPart::Config => format!("{vrack}/datacenter/{name}"),
                DatacenterPart::Network(prefix) => format!("{vrack}/datacenter/{name}/network/{prefix}"),
                DatacenterPart::Bgp(peer) => format!("{vrack}/datacenter/{name}/bgp/{peer}"),
            },
        };
        f.pad(&text)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('/').collect();
        let vrack: VrackName = parts[0].parse()?;
        let of = |part: &str, expected: &'static str| AddressError::new(part, expected);
        let node = match parts[1..] {
            [] => Node::Vrack,
            ["service", service] => Node::Service(service.parse()?, ServicePart::Membership),
            ["service", service, "interface"] => {
                Node::Service(service.parse()?, ServicePart::Interface(None))
            }
            ["service", service, "interface", id] => {
                let known = Some(id).filter(|id| is_number(id)).and_then(|id| id.parse().ok());
                let id = known.ok_or_else(|| of(id, "the id of an interface, like 101"))?;
                Node::Service(service.parse()?, ServicePart::Interface(Some(id)))
            }
            ["service", service, "pop"] => Node::Service(service.parse()?, ServicePart::Pop),
            ["service", service, "pop", "datacenter", name] => {
                Node::Service(service.parse()?, ServicePart::L2Datacenter(name.parse()?))
            }
            ["datacenter", name] => Node::Datacenter(name.parse()?, DatacenterPart::Config),
            ["datacenter", name, "network", network, length] => {
                let prefix = format!("{network}/{length}");
                let prefix =
                    prefix.parse().map_err(|_| of(&prefix, "an IPv4 prefix, like 192.168.10.0/24"))?;
                Node::Datacenter(name.parse()?, DatacenterPart::Network(prefix))
            }
            ["datacenter", name, "bgp", peer] => {
                let peer = peer.parse().map_err(|_| of(peer, "an IPv4 address, like 10.1.0.4"))?;
                Node::Datacenter(name.parse()?, DatacenterPart::Bgp(peer))
            }
            _ => {
                return Err(of(
                    text,
                    "an address is pn-…, pn-…/service/UUID[/interface[/ID] | /pop[/datacenter/NAME]] or \
                     pn-…/datacenter/NAME[/network/PREFIX | /bgp/IP]",
                ));
            }
        };
        Ok(Self { vrack, node })
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

/// A text that is not the name or the address it should be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{text}` is not valid here: {expected}")]
pub struct AddressError {
    text: String,
    expected: &'static str,
}

impl AddressError {
    fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.to_owned(), expected }
    }

    /// What would have been valid, in words.
    #[must_use]
    pub fn expected(&self) -> &'static str {
        self.expected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01";

    fn address(text: &str) -> Address {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_text_of_an_address_reads_back() {
        for text in [
            "pn-12345".to_owned(),
            format!("pn-12345/service/{SERVICE}"),
            format!("pn-12345/service/{SERVICE}/interface"),
            format!("pn-12345/service/{SERVICE}/interface/101"),
            format!("pn-12345/service/{SERVICE}/pop"),
            format!("pn-12345/service/{SERVICE}/pop/datacenter/RBX"),
            "pn-12345/datacenter/GRA".to_owned(),
            "pn-12345/datacenter/GRA/network/192.168.10.0/24".to_owned(),
            "pn-12345/datacenter/GRA/bgp/10.1.0.4".to_owned(),
        ] {
            assert_eq!(address(&text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_says_what_one_is() {
        for text in [
            "",
            "12345",
            "pn-",
            "pn-1/pop",
            "pn-1/service/x",
            "pn-1/datacenter/GRA/network/1.2.3.4",
            "pn-1/service/6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01/interface/x",
        ] {
            let error = text.parse::<Address>().expect_err(text);
            assert!(!error.expected().is_empty(), "{text}: {error}");
        }
    }

    #[test]
    fn parents_sort_before_their_children() {
        let child = address(&format!("pn-1/service/{SERVICE}/pop/datacenter/RBX"));
        let mut at = child;
        while let Some(parent) = at.parent() {
            assert!(parent < at, "{parent} must sort before {at}");
            at = parent;
        }
        assert!(address("pn-1/datacenter/GRA/bgp/10.1.0.4") < address("pn-1/datacenter/RBX"));
    }
}
