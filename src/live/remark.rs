//! What live state gives reason to remark on, though nothing keeps the topology from being applied.

use std::collections::BTreeMap;

use super::Live;
use crate::diagnostic::{self, Diagnostic};
use crate::topology::rules::{Found, live as rules, silence};
use crate::topology::{
    Address, Declaration, Manage, Node, Pop, ServiceId, ServicePart, Spec, Topology, VrackName,
};

/// An interface on which a PoP is to be configured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Port {
    /// Whether it is in service.
    pub enabled: bool,
    /// That, in the API's word.
    pub status: String,
    /// Whether it is known that no light arrives, or that the port is down for another reason.
    pub dark: bool,
}

/// The warnings about `topology` that only live state gives reason for, without those that the topology
/// silences, and with one for each `allow` of such a warning that silences nothing.
///
/// In the order of the files.
#[must_use]
pub fn remarks(topology: &Topology, live: &Live, ports: &BTreeMap<u64, Port>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for vrack in topology.vracks.keys() {
        found.extend(same_pop(topology, live, vrack));
    }
    for (address, declaration) in &topology.entries {
        match (&address.node, &declaration.spec) {
            (Node::Service(service, ServicePart::Membership), _) => {
                found.extend(closed(live, *service, declaration));
            }
            (Node::Service(service, ServicePart::Pop), Spec::Pop(pop)) => {
                // Where its state is declared, it will be that.
                let is_open = topology.interface_state_of(address).is_none();
                found.extend(
                    port(live, ports, *service, pop, declaration)
                        .filter(|it| is_open || it.rule.code != rules::OUT_OF_SERVICE.code),
                );
            }
            _ => {}
        }
    }
    silence(&mut found, &topology.allows, Found::Live);
    diagnostic::sort(&mut found);
    found
}

/// All services that will be in `vrack` are delivered in one PoP.
fn same_pop(topology: &Topology, live: &Live, vrack: &VrackName) -> Option<Diagnostic> {
    let first = Address::vrack(vrack.clone());
    let inside = topology.entries.range(first..).take_while(|(at, _)| at.vrack == *vrack);
    let mut declared: Vec<(ServiceId, &Declaration)> = inside
        .filter(|(_, declaration)| matches!(declaration.spec, Spec::Membership(_)))
        .filter_map(|(at, declaration)| Some((at.service()?, declaration)))
        .collect();
    declared.sort_by_key(|(_, declaration)| declaration.span);
    let [(first, first_declared), .., (_, last_declared)] = declared.as_slice() else { return None };
    let place = live.services.get(first)?.pop.as_ref()?;
    let stays = topology.vracks.get(vrack).is_some_and(|vrack| vrack.manage == Manage::Declared);
    let others = live.services.iter().filter(|(_, service)| stays && service.vrack.as_ref() == Some(vrack));
    let mut all = declared.iter().map(|(service, _)| service).chain(others.map(|(service, _)| service));
    let same = all.all(|service| live.services.get(service).and_then(|it| it.pop.as_ref()) == Some(place));
    same.then(|| {
        rules::SAME_POP
            .at(
                format!("all services of {vrack} are delivered in one PoP, {place}"),
                last_declared.span,
                format!("in {place}, too"),
            )
            .and(first_declared.span, format!("in {place}"))
            .help("order the next service in another PoP; until then nothing takes over when this one fails")
    })
}

fn closed(live: &Live, service: ServiceId, declared: &Declaration) -> Option<Diagnostic> {
    let is_closed = live.services.get(&service).is_some_and(|service| service.closed);
    is_closed.then(|| {
        rules::CLOSED_AND_STANDING
            .at(format!("the service {service} is closed"), declared.span, "terminated, or expired")
            .help("renew it, or remove it from the topology")
    })
}

/// The port on which a PoP is to be made carries nothing.
fn port(
    live: &Live,
    ports: &BTreeMap<u64, Port>,
    service: ServiceId,
    pop: &Pop,
    declared: &Declaration,
) -> Option<Diagnostic> {
    let only = match live.services.get(&service)?.interfaces.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    let number = pop.interface_id().or(only)?;
    let Port { enabled, status, dark } = ports.get(&number)?;
    if !enabled {
        let diagnostic = rules::OUT_OF_SERVICE.at(
            format!("interface {number} of this PoP is not in service: it is `{status}`"),
            declared.span,
            "carries no traffic, and may be refused",
        );
        return Some(diagnostic.help(match status.as_str() {
            "disabled" => "unlock it: `interface: {state: enabled}` beside the `pop`".to_owned(),
            _ => "wait until OVHcloud has put it in service".to_owned(),
        }));
    }
    dark.then(|| {
        rules::NO_LIGHT
            .at(
                format!("no light arrives at interface {number} of this PoP"),
                declared.span,
                "its session will not come up",
            )
            .help("check the cross-connect; the value is up to 5 minutes old")
    })
}
