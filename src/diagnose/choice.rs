//! Which diagnostic an address asks for.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::routes::{CATALOGUE, DATACENTERS, EXTRAS, MEMBERS, POPS, SERVICE, SERVICES};
use crate::api::wire::{DiagnosticFunction, DiagnosticType, NewDiagnostic};
use crate::live::Status;
use crate::live::observe::{Observation, SeenDatacenter, SeenPop, SeenVrack, Unread};
use crate::topology::{Address, DatacenterPart, Node, ServiceId, ServicePart, Spec};

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// How the BGP session is.
    Peering,
    /// The routes that the other router announces in it.
    Received,
    /// The routes that OVHcloud announces in it.
    Advertised,
    /// The routes that are known.
    Routes,
    /// The MAC addresses that are known.
    Macs,
}

impl Kind {
    /// As it is given on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Peering => "peering",
            Self::Received => "received",
            Self::Advertised => "advertised",
            Self::Routes => "routes",
            Self::Macs => "macs",
        }
    }

    /// What it tells, as in "… of ADDRESS".
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Peering => "the BGP session",
            Self::Received => "the routes received",
            Self::Advertised => "the routes advertised",
            Self::Routes => "the known routes",
            Self::Macs => "the known MAC addresses",
        }
    }

    /// Whether a line of its answer is a route.
    #[must_use]
    pub const fn tells_routes(self) -> bool {
        match self {
            Self::Received | Self::Advertised | Self::Routes => true,
            Self::Peering | Self::Macs => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What an address turns out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// A layer 2 PoP, or its one datacenter.
    Layer2,
    /// A layer 3 PoP.
    Layer3,
    /// A layer 3 datacenter.
    Datacenter,
    /// A static route in one.
    Network,
    /// A BGP peer in one.
    Peer,
}

impl Subject {
    /// What it is.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Layer2 => "a layer 2 PoP",
            Self::Layer3 => "a layer 3 PoP",
            Self::Datacenter => "a datacenter",
            Self::Network => "a static route",
            Self::Peer => "a BGP peer",
        }
    }

    /// What can be asked of it, beginning with what is asked most.
    ///
    /// Assumed: the published API names the functions and their arguments, and does not say which go together.
    /// The control panel asks for the two peering functions with all three types.
    #[must_use]
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Layer2 => &[Kind::Macs],
            Self::Layer3 => &[Kind::Peering, Kind::Received, Kind::Advertised, Kind::Routes],
            Self::Datacenter => &[Kind::Macs, Kind::Routes],
            Self::Network => &[Kind::Routes, Kind::Macs],
            Self::Peer => &[Kind::Peering, Kind::Received, Kind::Advertised],
        }
    }
}

/// What is asked about, as routes name it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// Where it stands.
    pub address: Address,
    /// What it is.
    pub subject: Subject,
    /// Where it is in its life.
    pub status: Status,
    /// The service whose routes are used.
    pub service: ServiceId,
    /// The PoP it is, or is reached through.
    pub pop: u64,
    /// Its datacenter configuration, if it is one or in one.
    pub datacenter: Option<u64>,
    /// Its extra configuration, if it is one.
    pub extra: Option<u64>,
}

impl Target {
    /// What the API calls the diagnostic.
    #[must_use]
    pub fn function(&self, kind: Kind) -> DiagnosticFunction {
        match (kind, self.subject) {
            (Kind::Macs, _) => DiagnosticFunction::DiagMacs,
            (Kind::Routes, _) => DiagnosticFunction::DiagRoutes,
            (_, Subject::Peer) => DiagnosticFunction::DiagPeeringExtra,
            (Kind::Peering | Kind::Received | Kind::Advertised, _) => DiagnosticFunction::DiagPeering,
        }
    }

    /// The body that asks for it.
    #[must_use]
    pub fn body(&self, kind: Kind) -> NewDiagnostic {
        let diagnostic_type = match kind {
            Kind::Peering => Some(DiagnosticType::Default),
            Kind::Received => Some(DiagnosticType::Routes),
            Kind::Advertised => Some(DiagnosticType::AdvertisedRoutes),
            Kind::Routes | Kind::Macs => None,
        };
        let function = self.function(kind);
        let extra_config_id = self.extra.filter(|_| function == DiagnosticFunction::DiagPeeringExtra);
        NewDiagnostic {
            diagnostic_name: function,
            diagnostic_type,
            pop_config_id: self.pop,
            dc_config_id: self.datacenter,
            extra_config_id,
        }
    }

    /// What is asked of it: what was chosen, else what is asked most.
    ///
    /// # Errors
    /// Where that cannot be asked of it.
    pub fn kind(&self, chosen: Option<Kind>) -> Result<Kind, Unfit> {
        let kinds = self.subject.kinds();
        match chosen {
            None => Ok(kinds[0]),
            Some(kind) if kinds.contains(&kind) => Ok(kind),
            Some(kind) => Err(Unfit {
                problem: format!("{} is {}, which has no {kind}", self.address, self.subject.name()),
                help: Some(format!("what can be asked of it: --kind {}", words(kinds))),
            }),
        }
    }
}

fn words(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ")
}

/// Why nothing can be asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{problem}")]
pub struct Unfit {
    problem: String,
    /// What can be done about it.
    pub help: Option<String>,
}

/// The most addresses that are offered instead.
const OFFERED: usize = 12;

/// Finds what an address means among what was seen.
///
/// # Errors
/// Where there is nothing, nothing that can be asked about, or nobody knows.
pub fn find(seen: &Observation, address: &Address) -> Result<Target, Unfit> {
    let mut address = address.clone();
    if let Node::Datacenter(name, _) | Node::Service(_, ServicePart::L2Datacenter(name)) = &mut address.node {
        *name = seen.catalogue_name(name);
    }
    let vrack = seen.vracks.iter().find(|it| it.vrack == address.vrack);
    let unfit = match &address.node {
        Node::Vrack => Some("a whole vRack"),
        Node::Service(_, ServicePart::Interface(_)) => Some("an interface"),
        Node::Service(..) | Node::Datacenter(..) => None,
    };
    if let Some(it) = unfit {
        let problem = format!("a diagnostic is about one PoP, datacenter or extra, and this is {it}");
        return Err(Unfit { problem, help: vrack.and_then(offer) });
    }
    if let Some(target) = vrack.and_then(|vrack| target(vrack, &address)) {
        return Ok(target);
    }
    let elsewhere =
        address.service().and_then(|service| seen.home_of(service)).filter(|it| **it != address.vrack);
    if let Some(home) = elsewhere {
        let problem = format!("nothing is at {address}: the service is in {home}");
        return Err(Unfit { problem, help: None });
    }
    let lists = [&SERVICES, &SERVICE, &MEMBERS, &POPS, &DATACENTERS, &EXTRAS, &CATALOGUE];
    let is_list = |unread: &&Unread| lists.iter().any(|list| unread.call.ends_with(list.pattern));
    let not_read: BTreeSet<String> =
        seen.unread.iter().filter(is_list).map(|it| format!("{}: {}", it.call, it.reason)).collect();
    let is_outside = |service: ServiceId| seen.elsewhere.iter().any(|it| it.service == service);
    if address.service().is_some_and(is_outside) {
        let problem = format!("nothing is at {address}: the service is in no vRack");
        return Err(Unfit { problem, help: None });
    }
    if not_read.is_empty() {
        let help =
            vrack.and_then(offer).unwrap_or_else(|| "`ovhconnect status` shows what there is".to_owned());
        return Err(Unfit { problem: format!("there is nothing at {address}"), help: Some(help) });
    }
    let help = format!("some of it could not be read: {}", Vec::from_iter(not_read).join("; "));
    Err(Unfit { problem: format!("nothing is known to be at {address}"), help: Some(help) })
}

fn target(vrack: &SeenVrack, address: &Address) -> Option<Target> {
    match &address.node {
        Node::Vrack => None,
        Node::Service(service, part) => {
            let found = vrack.services.iter().find(|it| it.service == *service)?;
            let pop = found.pops.as_ref()?.iter().min_by_key(|pop| pop.status != Status::Active)?;
            let own = pop.datacenters.iter().flatten();
            let own = match part {
                ServicePart::L2Datacenter(_) => Some(own.into_iter().find(|it| it.address == *address)?),
                ServicePart::Membership | ServicePart::Pop => own.into_iter().next(),
                ServicePart::Interface(_) => return None,
            };
            Some(of_pop(*service, pop, own))
        }
        Node::Datacenter(name, part) => {
            let mut all = vrack.datacenters.iter().flatten();
            let datacenter = all.find(|it| it.address.datacenter_name() == Some(name))?;
            match part {
                DatacenterPart::Config => Some(of_datacenter(datacenter)),
                DatacenterPart::Network(_) | DatacenterPart::Bgp(_) => of_extra(datacenter, address),
            }
        }
    }
}

fn of_pop(service: ServiceId, pop: &SeenPop, own: Option<&SeenDatacenter>) -> Target {
    Target {
        address: pop.address.clone(),
        subject: match &pop.spec {
            Spec::Pop(pop) if pop.is_l3() => Subject::Layer3,
            _ => Subject::Layer2,
        },
        status: pop.status,
        service,
        pop: pop.id,
        datacenter: own.map(|it| it.via.id),
        extra: None,
    }
}

fn of_datacenter(datacenter: &SeenDatacenter) -> Target {
    Target {
        address: datacenter.address.clone(),
        subject: Subject::Datacenter,
        status: datacenter.status,
        service: datacenter.via.service,
        pop: datacenter.via.pop,
        datacenter: Some(datacenter.via.id),
        extra: None,
    }
}

fn of_extra(datacenter: &SeenDatacenter, address: &Address) -> Option<Target> {
    let extra = datacenter.extras.as_ref()?.iter().find(|it| it.address == *address)?;
    let is_peer = matches!(address.node, Node::Datacenter(_, DatacenterPart::Bgp(_)));
    Some(Target {
        address: extra.address.clone(),
        subject: if is_peer { Subject::Peer } else { Subject::Network },
        status: extra.status,
        extra: Some(extra.id),
        ..of_datacenter(datacenter)
    })
}

/// The addresses in a vRack that can be asked about.
fn offer(vrack: &SeenVrack) -> Option<String> {
    let pops = vrack.services.iter().flat_map(|it| it.pops.iter().flatten()).map(|it| &it.address);
    let datacenters = vrack.datacenters.iter().flatten();
    let inside = datacenters.flat_map(|it| {
        [&it.address].into_iter().chain(it.extras.iter().flatten().map(|extra| &extra.address))
    });
    let all: BTreeSet<&Address> = pops.chain(inside).collect();
    if all.is_empty() {
        return Some(format!("nothing is configured in {}", vrack.vrack));
    }
    let more = all.len().saturating_sub(OFFERED);
    let mut shown: Vec<String> = all.into_iter().take(OFFERED).map(ToString::to_string).collect();
    if more > 0 {
        shown.push(format!("… {more} more (`ovhconnect status` shows them)"));
    }
    Some(format!("what is there:\n    {}", shown.join("\n    ")))
}
