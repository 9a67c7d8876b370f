//! The API's shapes → the project's own words.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::{LiveService, Port, Task, VrackTask};
use crate::api::wire::{
    self, ExtraType, InterfaceStatus, LightStatus, PopType, ServiceStatus, TaskStatus, VrackTaskStatus,
};
use crate::topology::{Address, Asn, Datacenter, DatacenterName, Extra, Pop, ServiceId, Spec, VrackName};

/// A configuration that the API shows in a form that makes no sense.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the API shows {what} in a form this program cannot read: {problem}")]
pub struct Unreadable {
    what: String,
    problem: String,
}

impl Unreadable {
    fn new(what: impl ToString, problem: impl Into<String>) -> Self {
        Self { what: what.to_string(), problem: problem.into() }
    }
}

pub(super) fn service(service: &wire::Service, tasks: Vec<wire::Task>) -> LiveService {
    LiveService {
        vrack: service.vrack.as_deref().and_then(|vrack| vrack.parse().ok()),
        description: service.description.clone().unwrap_or_default(),
        closed: service.status == ServiceStatus::Closed,
        interfaces: service.interface_list.clone(),
        pop: service.pop.clone(),
        bandwidth: service.bandwidth.clone(),
        provider: service.provider.clone(),
        tasks: tasks.into_iter().filter_map(task).collect(),
    }
}

/// What matters of an interface to whoever configures it.
pub(super) fn port(interface: &wire::Interface) -> Port {
    let down = |light: &Option<LightStatus>| *light == Some(LightStatus::Down);
    Port {
        enabled: matches!(&interface.status, InterfaceStatus::Enabled | InterfaceStatus::Other(_)),
        status: interface.status.as_str().to_owned(),
        // What OVHcloud emits is its own affair.
        dark: down(&interface.incoming_light_status) || down(&interface.interface_status),
    }
}

/// A task, if it is unfinished. One that is held counts as unfinished: it may go on.
pub(super) fn task(task: wire::Task) -> Option<Task> {
    let wire::Task { id, function, resource_id, status } = task;
    match status {
        TaskStatus::Done | TaskStatus::Error | TaskStatus::Denied => None,
        TaskStatus::Todo | TaskStatus::Doing | TaskStatus::Pause | TaskStatus::Other(_) => {
            Some(Task { id, function: function.as_str().to_owned(), resource_id })
        }
    }
}

/// A vRack's task, if it is unfinished and about an OVHcloud Connect service.
///
/// Assumed: such a task names the service's uuid as its target.
pub(super) fn vrack_task(task: wire::VrackTask) -> Option<VrackTask> {
    match task.status {
        VrackTaskStatus::Done | VrackTaskStatus::Cancelled => return None,
        VrackTaskStatus::Init
        | VrackTaskStatus::Todo
        | VrackTaskStatus::Doing
        | VrackTaskStatus::Other(_) => {}
    }
    let names = [task.target_domain.as_deref(), task.service_name.as_deref()];
    let service: ServiceId = names.into_iter().flatten().find_map(|name| name.parse().ok())?;
    Some(VrackTask { id: task.id, service, function: task.function.unwrap_or_default() })
}

pub(super) fn pop(address: &Address, pop: &wire::PopConfig) -> Result<Spec, Unreadable> {
    let interface_id = Some(pop.interface_id);
    match &pop.kind {
        PopType::L2 => Ok(Spec::Pop(Pop::L2 { interface_id })),
        PopType::L3 => {
            let customer = pop.customer_bgp_area;
            Ok(Spec::Pop(Pop::L3 {
                interface_id,
                customer_bgp_area: Asn(customer.ok_or_else(|| missing(address, "customerBgpArea"))?),
                ovh_bgp_area: pop.ovh_bgp_area.map(Asn),
                subnet: prefix(address, pop.subnet.as_deref())?,
            }))
        }
        PopType::Other(kind) => Err(Unreadable::new(address, format!("its type is `{kind}`"))),
    }
}

pub(super) fn l3_datacenter(address: &Address, config: &wire::DatacenterConfig) -> Result<Spec, Unreadable> {
    Ok(Spec::Datacenter(Datacenter::L3 {
        ovh_bgp_area: config.ovh_bgp_area.map(Asn),
        subnet: prefix(address, config.subnet.as_deref())?,
    }))
}

pub(super) fn extra(
    vrack: &VrackName,
    name: &DatacenterName,
    extra: &wire::ExtraConfig,
) -> Result<(Address, Spec), Unreadable> {
    let what = || {
        format!("extra configuration {} of {}", extra.id, Address::datacenter(vrack.clone(), name.clone()))
    };
    match &extra.kind {
        ExtraType::Network => {
            let subnet = prefix(what(), extra.subnet.as_deref())?;
            let next_hop = ip(what(), "nextHop", extra.next_hop.as_deref())?;
            let address = Address::network(vrack.clone(), name.clone(), subnet);
            Ok((address, Spec::Extra(Extra::Network { next_hop })))
        }
        ExtraType::Bgp => {
            let peer = ip(what(), "bgpNeighborIp", extra.bgp_neighbor_ip.as_deref())?;
            let area = extra.bgp_neighbor_area.ok_or_else(|| missing(what(), "bgpNeighborArea"))?;
            let address = Address::bgp(vrack.clone(), name.clone(), peer);
            Ok((address, Spec::Extra(Extra::Bgp { bgp_neighbor_area: Asn(area) })))
        }
        ExtraType::Other(kind) => Err(Unreadable::new(what(), format!("its type is `{kind}`"))),
    }
}

fn missing(what: impl ToString, field: &str) -> Unreadable {
    Unreadable::new(what, format!("it has no {field}"))
}

/// A prefix; host bits, which the API may keep as they were given, are dropped.
fn prefix(what: impl ToString, text: Option<&str>) -> Result<Ipv4Net, Unreadable> {
    let Some(text) = text else { return Err(missing(what, "subnet")) };
    let problem = || Unreadable::new(what.to_string(), format!("its subnet is `{text}`"));
    text.parse::<Ipv4Net>().map(|net| net.trunc()).map_err(|_| problem())
}

fn ip(what: impl ToString, field: &str, text: Option<&str>) -> Result<Ipv4Addr, Unreadable> {
    let Some(text) = text else { return Err(missing(what, field)) };
    text.parse().map_err(|_| Unreadable::new(what, format!("its {field} is `{text}`")))
}
