//! The interfaces that a topology speaks of: which they are, and whether they are in service.
//!
//! Of the others nothing is read.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;

use super::ReadError;
use crate::api::Client;
use crate::api::wire::InterfaceStatus;
use crate::diagnostic::Diagnostic;
use crate::live::{ConfigId, Live, LiveConfig, Status};
use crate::topology::rules::live as rules;
use crate::topology::{
    Address, Declaration, Interface, InterfaceState, Node, ServiceId, ServicePart, Spec, Topology, VrackName,
};

/// The topology with each interface under its id.
///
/// # Errors
/// What is wrong with an interface that cannot be told, that is not its service's, or that stands there
/// twice.
pub(super) fn number(topology: &Topology, live: &Live) -> Result<Topology, Vec<Diagnostic>> {
    let interfaces = |service| live.services.get(&service).map_or(&[][..], |found| &found.interfaces[..]);
    let only = |service: ServiceId| match interfaces(service) {
        [only] => Some(*only),
        _ => None,
    };
    let numbered = topology.number_interfaces(only).map_err(|clashes| {
        let twice = |(first, second): &(Address, Address)| {
            let (one, other) = (topology.entries.get(first)?, topology.entries.get(second)?);
            let message = format!("{second} is there twice: it is the only interface of the service");
            let help = "keep one of them";
            Some(
                rules::INTERFACE.at(message, other.span, "again here").and(one.span, "first here").help(help),
            )
        };
        clashes.iter().filter_map(twice).collect::<Vec<_>>()
    })?;
    let declared = spoken_of(&numbered);
    let wrong: Vec<Diagnostic> = declared
        .filter_map(|(address, service, id, declared)| misplaced(address, id, declared, interfaces(service)))
        .collect();
    if wrong.is_empty() { Ok(numbered) } else { Err(wrong) }
}

/// What the topology says of interfaces.
fn spoken_of(topology: &Topology) -> impl Iterator<Item = (&Address, ServiceId, Option<u64>, &Declaration)> {
    topology.entries.iter().filter_map(|(address, declared)| match address.node {
        Node::Service(service, ServicePart::Interface(id)) => Some((address, service, id, declared)),
        _ => None,
    })
}

fn misplaced(
    address: &Address,
    id: Option<u64>,
    declared: &Declaration,
    interfaces: &[u64],
) -> Option<Diagnostic> {
    let listed = interfaces.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let wrong = |message: String, label: &str, help: String| {
        let span = declared.interface_id.unwrap_or(declared.span);
        Some(rules::INTERFACE.at(message, span, label).help(help))
    };
    match (id, interfaces) {
        (Some(id), known) if known.contains(&id) => None,
        (_, []) => wrong(
            format!("{address}: the service has no interface yet"),
            "no interface to lock or unlock",
            "the service is not delivered yet; try again when it lists an interface".to_owned(),
        ),
        (Some(id), _) => wrong(
            format!("{address}: the service has no interface {id}"),
            "asked for here",
            format!("its interfaces are: {listed}"),
        ),
        (None, _) => wrong(
            format!("{address}: the service has several interfaces, and none is chosen"),
            "interfaceId is needed here",
            format!("add `interfaceId:` with one of: {listed}"),
        ),
    }
}

/// Whether the interfaces that the topology speaks of are in service. One that is neither in service nor
/// locked is left out.
///
/// # Errors
/// A failed call.
pub(super) async fn states(
    client: &Client,
    topology: &Topology,
    live: &Live,
) -> Result<BTreeMap<Address, Vec<LiveConfig>>, ReadError> {
    let reads = spoken_of(topology).filter_map(|(address, service, id, _)| {
        let id = id?;
        Some(async move {
            let found = client.interface(service.uuid(), id).await?;
            Ok::<_, ReadError>(state(live, service, id, &found.status).map(|it| (address.clone(), vec![it])))
        })
    });
    Ok(try_join_all(reads).await?.into_iter().flatten().collect())
}

/// Whether the interfaces of services in a vRack are in service. Where a credential may not look, nothing is
/// known of them.
///
/// # Errors
/// A failed call.
pub(super) async fn all_states(
    client: &Client,
    live: &Live,
    members: impl Iterator<Item = (ServiceId, VrackName)>,
) -> Result<BTreeMap<Address, Vec<LiveConfig>>, ReadError> {
    let reads = members.map(async |(service, vrack)| {
        let interfaces = match client.interfaces(service.uuid()).await {
            Err(error) if error.status() == Some(403) => {
                tracing::info!(
                    "whether the interfaces of service {service} are locked cannot be read: {error}"
                );
                Vec::new()
            }
            answer => answer?,
        };
        let states = interfaces.into_iter().filter_map(|it| {
            let config = state(live, service, it.id, &it.status)?;
            Some((Address::interface(vrack.clone(), service, Some(it.id)), vec![config]))
        });
        Ok::<_, ReadError>(states.collect::<Vec<_>>())
    });
    Ok(try_join_all(reads).await?.into_iter().flatten().collect())
}

/// An interface as what it is, or what the last unfinished task on it makes of it.
fn state(live: &Live, service: ServiceId, interface: u64, status: &InterfaceStatus) -> Option<LiveConfig> {
    let id = ConfigId::Interface(interface);
    let now = match status {
        InterfaceStatus::Enabled => InterfaceState::Enabled,
        InterfaceStatus::Disabled => InterfaceState::Disabled,
        InterfaceStatus::Reserved | InterfaceStatus::Other(_) => return None,
    };
    let tasks = live.services.get(&service).into_iter().flat_map(|found| &found.tasks);
    let about = tasks.filter(|task| task.is_about(service, &id)).max_by_key(|task| task.id);
    let (state, status) = match about.and_then(|task| task.leads_to()) {
        Some(coming) => (coming, Status::Creating),
        None => (now, Status::Active),
    };
    Some(LiveConfig { spec: Spec::Interface(Interface { state }), status, id })
}
