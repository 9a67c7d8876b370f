//! (`Topology`, what the machine's owner chose) → `Configuration`. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::clean::name_part;
use super::model::{
    At, Bfd, Configuration, Gateway, InterfaceName, Link, Permitted, Role, Router, Session, StaticRoute,
};
use crate::topology::{
    Address, Asn, Datacenter, DatacenterPart, Device, Extra, Membership, Node, Pop, ServiceId, ServicePart,
    Spec, Topology, VrackName,
};

/// How many prefixes a BGP session carries at most. Source: OVHcloud's guides.
const MAXIMUM_PREFIXES: u32 = 100;
/// After how many minutes a session is tried again that carried more.
const RESTART_MINUTES: u32 = 15;
/// A link is given up after 0.9 s: what FRR, and most routers' manuals, begin with.
/// Assumed: OVHcloud documents no timers; the slower side of a session decides.
const BFD: Bfd = Bfd { interval: 300, multiplier: 3 };

/// What the machine's owner chose. It is not in the topology.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Where the machines stand.
    pub at: At,
    /// What of the topology they meet; empty: all of it.
    pub only: Vec<Address>,
    /// The prefixes they announce.
    pub announce: Vec<Ipv4Net>,
    /// The prefixes they let in beyond those of the topology.
    pub accept: Vec<Ipv4Net>,
    /// What links are used for.
    pub roles: Vec<Choice<Role>>,
    /// The interfaces of the links.
    pub interfaces: Vec<Choice<InterfaceName>>,
    /// The BGP identifier of the machine.
    pub router_id: Option<Ipv4Addr>,
}

impl Options {
    /// Everything that stands at one side, with nothing chosen.
    #[must_use]
    pub fn all(at: At) -> Self {
        Self {
            at,
            only: Vec::new(),
            announce: Vec::new(),
            accept: Vec::new(),
            roles: Vec::new(),
            interfaces: Vec::new(),
            router_id: None,
        }
    }
}

/// Something chosen for what stands at an address, or for everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice<T> {
    /// Where it holds, there and below; `None`: everywhere.
    pub within: Option<Address>,
    /// What was chosen.
    pub value: T,
}

impl<T: std::str::FromStr> std::str::FromStr for Choice<T>
where
    T::Err: std::fmt::Display,
{
    type Err = String;

    /// Reads `VALUE` or `ADDRESS=VALUE`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (within, value) = match text.split_once('=') {
            Some((address, value)) => (Some(address.parse().map_err(|error| format!("{error}"))?), value),
            None => (None, text),
        };
        Ok(Self { within, value: value.parse().map_err(|error: T::Err| error.to_string())? })
    }
}

/// The choice for `address`: the one that names the least around it, of several such the last.
fn chosen<'c, T>(choices: &'c [Choice<T>], address: &Address) -> Option<&'c T> {
    let fitting =
        choices.iter().filter(|choice| choice.within.as_ref().is_none_or(|at| address.is_within(at)));
    fitting.max_by_key(|choice| choice.within.as_ref().map_or(0, depth)).map(|choice| &choice.value)
}

/// How far below nothing an address stands: 1 for a vRack.
fn depth(address: &Address) -> usize {
    std::iter::successors(Some(address.clone()), Address::parent).count()
}

/// Why there is no configuration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    /// An address that the topology does not know.
    #[error("the topology has nothing at {0}")]
    NothingAt(Address),
    /// A choice for something that is not configured here.
    #[error("`{option}` names {address}, which is no link of this configuration")]
    NoLinkAt {
        /// The option of the command line.
        option: &'static str,
        /// The address.
        address: Address,
    },
    /// A prefix of the vRack that would be announced to it.
    #[error("{prefix} cannot be announced: it is in {vrack} itself, as {what} ({around})")]
    InVrack {
        /// The prefix to announce.
        prefix: Ipv4Net,
        /// The vRack.
        vrack: VrackName,
        /// What of it has the prefix.
        what: String,
        /// The prefix of that.
        around: Ipv4Net,
    },
    /// More than a session carries.
    #[error("{0} prefixes cannot be announced: a session carries {MAXIMUM_PREFIXES}")]
    TooMany(usize),
    /// One identifier for several machines.
    #[error("one router id cannot be that of {0} machines")]
    SharedRouterId(usize),
}

impl Problem {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::NothingAt(_) => {
                "`ovhconnect validate` reads the topology; addresses are those that `plan` shows"
            }
            Self::NoLinkAt { .. } => {
                "a PoP is pn-…/service/UUID/pop (with --at pop), a BGP peer pn-…/datacenter/NAME/bgp/IP and the \
                 gateways of static routes pn-…/datacenter/NAME (with --at datacenter)"
            }
            Self::InVrack { .. } => "announce what lies behind your router, not what OVHcloud tells it",
            Self::TooMany(_) => "announce prefixes that are around them",
            Self::SharedRouterId(_) => "choose one of them with --only",
        }
    }
}

/// What the machines need that stand at one side of the topology.
///
/// # Errors
/// Where `options` ask for what cannot be.
pub fn configure(topology: &Topology, options: &Options) -> Result<Configuration, Problem> {
    let announced: BTreeSet<Ipv4Net> = options.announce.iter().copied().collect();
    if announced.len() > MAXIMUM_PREFIXES as usize {
        return Err(Problem::TooMany(announced.len()));
    }
    for only in &options.only {
        let is_vrack = only.node == Node::Vrack && topology.vracks.contains_key(&only.vrack);
        if !is_vrack && !topology.entries.keys().any(|at| at.is_within(only)) {
            return Err(Problem::NothingAt(only.clone()));
        }
    }
    let mut builder = Builder { topology, options, names: BTreeSet::new(), notes: Vec::new() };
    let (routers, gateways) = match options.at {
        At::Pop => (builder.pop_routers(), Vec::new()),
        At::Datacenter => (builder.peers(), builder.gateways()),
    };
    check_choices("--role", &options.roles, &routers, &[])?;
    check_choices("--interface", &options.interfaces, &routers, &gateways)?;
    check_announced(topology, &announced, &routers)?;
    if options.router_id.is_some() && routers.len() > 1 {
        return Err(Problem::SharedRouterId(routers.len()));
    }
    builder.note_what_is_open(&routers, &gateways);
    Ok(Configuration { at: options.at, routers, gateways, notes: builder.notes })
}

fn check_choices<T>(
    option: &'static str,
    choices: &[Choice<T>],
    routers: &[Router],
    gateways: &[Gateway],
) -> Result<(), Problem> {
    for address in choices.iter().filter_map(|choice| choice.within.as_ref()) {
        let links = routers.iter().flat_map(|router| &router.links).map(|link| &link.address);
        let mut machines = links.chain(gateways.iter().map(|gateway| &gateway.datacenter));
        if !machines.any(|at| at.is_within(address)) {
            return Err(Problem::NoLinkAt { option, address: address.clone() });
        }
    }
    Ok(())
}

/// Refuses to announce to a vRack what is in it. A prefix around its prefixes is fine: the longer match wins.
fn check_announced(
    topology: &Topology,
    announced: &BTreeSet<Ipv4Net>,
    routers: &[Router],
) -> Result<(), Problem> {
    for vrack in routers.iter().map(|router| &router.vrack).collect::<BTreeSet<_>>() {
        let inside = |prefix: &Ipv4Net| {
            let mut around = prefixes(topology, vrack).filter(|known| known.prefix.prefix_len() > 0);
            around.find(|known| known.prefix.contains(prefix))
        };
        if let Some((prefix, known)) = announced.iter().find_map(|prefix| Some((*prefix, inside(prefix)?))) {
            let (vrack, around) = (vrack.clone(), known.prefix);
            return Err(Problem::InVrack { prefix, vrack, what: known.what, around });
        }
    }
    Ok(())
}

/// The prefixes that a vRack's datacenters bring.
fn prefixes<'t>(topology: &'t Topology, vrack: &'t VrackName) -> impl Iterator<Item = Permitted> {
    let from = topology.entries.range(Address::vrack(vrack.clone())..);
    let inside = from.take_while(move |(at, _)| at.vrack == *vrack);
    inside.filter_map(|(at, entry)| match (&at.node, &entry.spec) {
        (Node::Datacenter(name, DatacenterPart::Config), Spec::Datacenter(Datacenter::L3 { subnet, .. })) => {
            Some(Permitted { prefix: subnet.trunc(), what: format!("the subnet of {name}") })
        }
        (Node::Datacenter(name, DatacenterPart::Network(prefix)), _) => {
            Some(Permitted { prefix: prefix.trunc(), what: format!("a static route in {name}") })
        }
        _ => None,
    })
}

/// The address of a subnet that is `offset` after its first.
fn nth(subnet: Ipv4Net, offset: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(subnet.network()).saturating_add(offset))
}

struct Builder<'t> {
    topology: &'t Topology,
    options: &'t Options,
    /// The names that are taken.
    names: BTreeSet<String>,
    notes: Vec<String>,
}

impl Builder<'_> {
    fn is_selected(&self, address: &Address) -> bool {
        self.options.only.is_empty() || self.options.only.iter().any(|only| address.is_within(only))
    }

    /// A name that no other has.
    fn name(&mut self, parts: &[&str]) -> String {
        let parts: Vec<String> = parts.iter().map(|part| name_part(part)).collect();
        let name = format!("ovh_{}", parts.join("_"));
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !self.names.contains(name));
        let name = free.unwrap_or(name);
        self.names.insert(name.clone());
        name
    }

    fn interface(&self, address: &Address) -> InterfaceName {
        chosen(&self.options.interfaces, address).cloned().unwrap_or_else(InterfaceName::unknown)
    }

    /// What a router lets in that leads to a vRack, without the subnet it is connected to itself.
    fn accept(&self, vrack: &VrackName, own: Option<Ipv4Net>) -> Vec<Permitted> {
        let known = prefixes(self.topology, vrack).filter(|known| Some(known.prefix) != own);
        let asked = self.options.accept.iter();
        let asked =
            asked.map(|prefix| Permitted { prefix: *prefix, what: "asked for by --accept".to_owned() });
        // The same prefix may be routed in two datacenters: it is let in once.
        let mut unique: BTreeMap<Ipv4Net, Permitted> = BTreeMap::new();
        for permitted in known.chain(asked) {
            unique.entry(permitted.prefix).or_insert(permitted);
        }
        unique.into_values().collect()
    }

    fn router(
        &self,
        name: String,
        vrack: &VrackName,
        asn: Asn,
        own: Option<Ipv4Net>,
        links: Vec<Link>,
    ) -> Router {
        let announce: BTreeSet<Ipv4Net> = self.options.announce.iter().copied().collect();
        Router {
            name,
            vrack: vrack.clone(),
            asn,
            router_id: self.options.router_id,
            links,
            accept: self.accept(vrack, own),
            announce: announce.into_iter().collect(),
            maximum_prefixes: MAXIMUM_PREFIXES,
            restart_minutes: RESTART_MINUTES,
            bfd: BFD,
        }
    }

    fn link(
        &self,
        address: &Address,
        name: String,
        description: String,
        (local, subnet): (Ipv4Addr, Ipv4Net),
        sessions: Vec<Session>,
    ) -> Link {
        let role = chosen(&self.options.roles, address).copied().unwrap_or_default();
        Link {
            address: address.clone(),
            name,
            description,
            interface: self.interface(address),
            local,
            subnet: subnet.trunc(),
            role,
            local_preference: role.local_preference(),
            prepend: role.prepend(),
            sessions,
        }
    }

    /// The description that the topology gives a service.
    fn description_of(&self, vrack: &VrackName, service: ServiceId) -> Option<&str> {
        match self.topology.entries.get(&Address::membership(vrack.clone(), service)).map(|entry| &entry.spec)
        {
            Some(Spec::Membership(Membership { description })) => {
                description.as_deref().filter(|text| !text.is_empty())
            }
            _ => None,
        }
    }

    /// The routers at PoPs: one for each ASN that the customer has in a vRack.
    fn pop_routers(&mut self) -> Vec<Router> {
        let mut links: BTreeMap<(&VrackName, Asn), Vec<Link>> = BTreeMap::new();
        let topology = self.topology;
        for (address, entry) in &topology.entries {
            let Node::Service(service, ServicePart::Pop) = &address.node else { continue };
            if !self.is_selected(address) && !self.is_selected_through_child(address) {
                continue;
            }
            match &entry.spec {
                Spec::Pop(Pop::L3 { customer_bgp_area, ovh_bgp_area, subnet, .. }) => {
                    let link = self.pop_link(address, *service, *ovh_bgp_area, *subnet);
                    links.entry((&address.vrack, *customer_bgp_area)).or_default().push(link);
                }
                _ => self.note_l2(address, *service),
            }
        }
        links
            .into_iter()
            .map(|((vrack, asn), links)| {
                let name = self.name(&[vrack.as_str(), &format!("as{asn}")]);
                self.router(name, vrack, asn, None, links)
            })
            .collect()
    }

    /// Whether what is asked for stands in the PoP at `address`: the datacenter of an l2 one.
    fn is_selected_through_child(&self, address: &Address) -> bool {
        self.options.only.iter().any(|only| only.is_within(address))
    }

    fn pop_link(&mut self, address: &Address, service: ServiceId, ovh: Option<Asn>, subnet: Ipv4Net) -> Link {
        let name = self.name(&[&service.short()]);
        let description = match self.description_of(&address.vrack, service) {
            Some(description) => format!("OVHcloud Connect {}: {description}", service.short()),
            None => format!("OVHcloud Connect {}", service.short()),
        };
        let session = Session {
            name: name.clone(),
            description: description.clone(),
            device: None,
            // Of the /30, OVHcloud has the first address and the customer the second.
            remote: nth(subnet, 1),
            remote_asn: Some(ovh.unwrap_or(Asn::OVHCLOUD)),
        };
        self.link(address, name, description, (nth(subnet, 2), subnet), vec![session])
    }

    /// The first of what stands in `address`: children follow their parent.
    fn first_in(&self, address: &Address) -> Option<&Address> {
        let mut following =
            self.topology.entries.range(address..).map(|(at, _)| at).filter(|at| *at != address);
        following.next().filter(|at| at.is_within(address))
    }

    fn note_l2(&mut self, address: &Address, service: ServiceId) {
        let ends = self.first_in(address).and_then(Address::datacenter_name);
        let place = ends.map(|name| format!(" to {name}")).unwrap_or_default();
        let description = self.description_of(&address.vrack, service);
        let described = description.map(|text| format!(" \"{text}\"")).unwrap_or_default();
        self.notes.push(format!(
            "service {}{described} is layer 2: OVHcloud carries your frames{place} and speaks no routing protocol; \
             nothing is to be configured against it",
            service.short()
        ));
    }

    /// The BGP peers of datacenters: each is a machine with sessions to both devices.
    fn peers(&mut self) -> Vec<Router> {
        let topology = self.topology;
        let mut routers = Vec::new();
        for (address, entry) in &topology.entries {
            let (
                Node::Datacenter(name, DatacenterPart::Bgp(ip)),
                Spec::Extra(Extra::Bgp { bgp_neighbor_area }),
            ) = (&address.node, &entry.spec)
            else {
                continue;
            };
            let Some((subnet, ovh)) = self.datacenter_of(address).filter(|_| self.is_selected(address))
            else {
                continue;
            };
            if ovh.is_none() {
                self.notes.push(format!(
                    "OVHcloud assigns its own ASN in {name}, and the topology does not say which; --live asks the API"
                ));
            }
            let link_name = self.name(&[name.as_str(), &ip.to_string()]);
            let description = format!("OVHcloud Connect {name} of {}", address.vrack);
            let sessions = Device::ALL
                .map(|device| Session {
                    name: self.name(&[name.as_str(), &ip.to_string(), &device.to_string()]),
                    description: format!("{description}, device {device}"),
                    device: Some(device),
                    remote: nth(subnet, device.offset()),
                    remote_asn: ovh,
                })
                .to_vec();
            let link = self.link(address, link_name.clone(), description, (*ip, subnet), sessions);
            routers.push(self.router(
                link_name,
                &address.vrack,
                *bgp_neighbor_area,
                Some(subnet),
                vec![link],
            ));
        }
        routers
    }

    /// The subnet and OVHcloud's ASN of the l3 datacenter that something is in.
    fn datacenter_of(&self, address: &Address) -> Option<(Ipv4Net, Option<Asn>)> {
        match self.topology.entries.get(&address.parent()?)?.spec {
            Spec::Datacenter(Datacenter::L3 { ovh_bgp_area, subnet }) => Some((subnet.trunc(), ovh_bgp_area)),
            _ => None,
        }
    }

    /// The machines that static routes lead to: one for each next hop.
    fn gateways(&mut self) -> Vec<Gateway> {
        let topology = self.topology;
        let mut behind: BTreeMap<(Address, Ipv4Addr), (Ipv4Net, Vec<Ipv4Net>)> = BTreeMap::new();
        for (address, entry) in &topology.entries {
            let (
                Node::Datacenter(_, DatacenterPart::Network(prefix)),
                Spec::Extra(Extra::Network { next_hop }),
            ) = (&address.node, &entry.spec)
            else {
                continue;
            };
            let Some((subnet, _)) = self.datacenter_of(address).filter(|_| self.is_selected(address)) else {
                continue;
            };
            let Some(datacenter) = address.parent() else { continue };
            behind.entry((datacenter, *next_hop)).or_insert((subnet, Vec::new())).1.push(*prefix);
        }
        behind
            .into_iter()
            .map(|((datacenter, local), (subnet, behind))| {
                let place = datacenter.datacenter_name().map(ToString::to_string).unwrap_or_default();
                let via = nth(subnet, 1);
                let routes = self.options.accept.iter().map(|prefix| StaticRoute { prefix: *prefix, via });
                Gateway {
                    name: self.name(&[&place, &local.to_string()]),
                    description: format!("OVHcloud Connect {place} of {}", datacenter.vrack),
                    interface: self.interface(&datacenter),
                    local,
                    subnet,
                    behind,
                    routes: routes.collect(),
                    datacenter,
                }
            })
            .collect()
    }

    fn note_what_is_open(&mut self, routers: &[Router], gateways: &[Gateway]) {
        let machines = routers.len() + gateways.len();
        match self.options.at {
            At::Pop => self.note_peers_beyond(routers),
            At::Datacenter => self.note_datacenters_without_machines(),
        }
        if machines == 0 {
            self.notes.push(match self.options.at {
                At::Pop => "no l3 PoP is selected: there is no router to configure".to_owned(),
                At::Datacenter => {
                    "no BGP peer and no static route is selected: there is no machine to configure".to_owned()
                }
            });
            return;
        }
        if machines > 1 {
            self.notes.push(format!(
                "this is the configuration of {machines} machines, one after the other; --only ADDRESS selects one"
            ));
        }
        for router in routers.iter().filter(|router| router.accept.len() > MAXIMUM_PREFIXES as usize) {
            self.notes.push(format!(
                "{} brings {} prefixes, and a session carries {MAXIMUM_PREFIXES}: beyond that it is ended",
                router.vrack,
                router.accept.len()
            ));
        }
        if self.options.announce.is_empty() && !routers.is_empty() {
            self.notes.push(
                "nothing is announced: the filters let no prefix out; --announce PREFIX lets one out"
                    .to_owned(),
            );
        }
        if self.options.at == At::Datacenter && self.options.accept.is_empty() {
            self.notes.push(
                "what your network announces at the PoPs is not in the topology; --accept PREFIX lets it in, and \
                 routes to it where there is no BGP"
                    .to_owned(),
            );
        }
        let mut interfaces = routers.iter().flat_map(|router| &router.links).map(|link| &link.interface);
        let unknown = InterfaceName::unknown();
        if interfaces.any(|it| *it == unknown) || gateways.iter().any(|gateway| gateway.interface == unknown)
        {
            self.notes.push(format!(
                "`{unknown}` stands where an interface of yours has to; --interface [ADDRESS=]NAME names it"
            ));
        }
    }

    /// What BGP peers in datacenters announce is known to nobody but them.
    fn note_peers_beyond(&mut self, routers: &[Router]) {
        if !self.options.accept.is_empty() {
            return;
        }
        let vracks: BTreeSet<&VrackName> = routers.iter().map(|router| &router.vrack).collect();
        let peers: BTreeSet<String> = self
            .topology
            .entries
            .keys()
            .filter(|at| vracks.contains(&at.vrack))
            .filter_map(|at| match &at.node {
                Node::Datacenter(name, DatacenterPart::Bgp(peer)) => Some(format!("{peer} in {name}")),
                _ => None,
            })
            .collect();
        if !peers.is_empty() {
            let peers = peers.into_iter().collect::<Vec<_>>().join(", ");
            self.notes.push(format!(
                "what the BGP peers in datacenters announce is not in the topology ({peers}); --accept PREFIX lets \
                 it in"
            ));
        }
    }

    fn note_datacenters_without_machines(&mut self) {
        for (address, entry) in &self.topology.entries {
            let (
                Node::Datacenter(name, DatacenterPart::Config),
                Spec::Datacenter(Datacenter::L3 { subnet, .. }),
            ) = (&address.node, &entry.spec)
            else {
                continue;
            };
            if self.is_selected(address) && self.first_in(address).is_none() {
                self.notes.push(format!(
                    "{name} has no BGP peer and no static route: machines there have {} as their gateway, and that \
                     is all",
                    nth(*subnet, 1)
                ));
            }
        }
    }
}
