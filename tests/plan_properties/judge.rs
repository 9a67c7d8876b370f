//! What a plan may touch, and what it has to keep up, reasoned out apart from the planner.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;
use ovhconnect::diff::{Action, Change, Reason};
use ovhconnect::live::{ConfigId, Live, LiveConfig, Status};
use ovhconnect::plan::Plan;
use ovhconnect::topology::{Address, Manage, Node, Pop, ServiceId, ServicePart, Spec, Topology, VrackName};

/// Nothing that is already right, and nothing that is left alone, is removed without a reason that holds.
pub fn touches_only_what_it_must(plan: &Plan, topology: &Topology, live: &Live) -> Result<(), String> {
    for change in &plan.changes {
        let Some(before) = &change.before else { continue };
        if before.status != Status::Active || !matches!(change.action, Action::Delete | Action::Replace) {
            continue;
        }
        let declared = topology.entries.get(&change.address);
        let is_right = declared.is_some_and(|it| it.spec.differing_fields(&before.spec).is_empty());
        let is_alone = plan.unmanaged.iter().any(|at| change.address.is_within(at));
        if (is_right || is_alone) && !holds(plan, change, before, topology, live) {
            let (address, action, reason) = (&change.address, change.action, &change.reason);
            return Err(format!("{action:?} of {address} is not needed: {reason}"));
        }
    }
    Ok(())
}

/// Whether the reason of a change that removes something right is true.
fn holds(plan: &Plan, change: &Change, before: &LiveConfig, topology: &Topology, live: &Live) -> bool {
    let at = |address: &Address| {
        let address = address.clone();
        plan.changes.iter().filter(move |it| it.address == address)
    };
    match &change.reason {
        Reason::Within { parent } => at(parent).any(|it| {
            // What it stands in is removed, or being removed, and made anew.
            let goes = it.before.as_ref().is_some_and(|above| contains(&above.id, &before.id));
            goes && matches!(it.action, Action::Replace | Action::Create)
        }),
        Reason::GoesWith { parent } => at(parent).any(|it| {
            let goes = it.before.as_ref().is_some_and(|above| contains(&above.id, &before.id));
            goes && matches!(it.action, Action::Replace | Action::Delete | Action::Wait)
        }),
        // Another one at the same address is right and stays.
        Reason::Duplicate => {
            let twins = live.configs.get(&change.address).into_iter().flatten();
            let touched: BTreeSet<u64> =
                at(&change.address).filter_map(|it| Some(it.before.as_ref()?.id.lowest())).collect();
            let declared = topology.entries.get(&change.address);
            let is_right = |it: &&LiveConfig| {
                declared.is_some_and(|wanted| wanted.spec.differing_fields(&it.spec).is_empty())
            };
            let mut twins = twins.filter(is_right);
            let replaced = at(&change.address)
                .any(|it| matches!(it.action, Action::Replace) && it.reason != Reason::Duplicate);
            replaced || twins.any(|it| it.status == Status::Active && !touched.contains(&it.id.lowest()))
        }
        Reason::NoPathMeanwhile => carrier(topology, live, &change.address.vrack) != Some(true),
        Reason::NoPathLeft => l3_pops_wanted(topology, &change.address.vrack).is_empty(),
        Reason::AssignedAsnIsPeers { .. } => true,
        _ => false,
    }
}

fn contains(above: &ConfigId, below: &ConfigId) -> bool {
    above.holds(below) || above.carries(below)
}

/// The declared l3 PoPs of a vRack, with their subnets.
fn l3_pops_wanted<'t>(topology: &'t Topology, vrack: &VrackName) -> Vec<(&'t Address, &'t Spec, Ipv4Net)> {
    let inside = topology.entries.iter().filter(|(at, _)| at.vrack == *vrack);
    inside
        .filter_map(|(at, declared)| match &declared.spec {
            Spec::Pop(Pop::L3 { subnet, .. }) => Some((at, &declared.spec, *subnet)),
            _ => None,
        })
        .collect()
}

/// Whether an active l3 PoP can stand at every moment. `None`: none stands now, none shall, or services
/// change vRack, which may forbid it for reasons that lie in another vRack.
pub fn path(topology: &Topology, live: &Live, vrack: &VrackName) -> Option<bool> {
    let is_up = |config: &LiveConfig| config.status == Status::Active;
    can_stand(topology, live, vrack, is_up)
}

/// Whether an l3 PoP that carries the datacenters, in force or not, can stand at every moment.
fn carrier(topology: &Topology, live: &Live, vrack: &VrackName) -> Option<bool> {
    can_stand(topology, live, vrack, |config| config.status != Status::Deleting)
}

/// One that is there can stand until the first new one does, unless every new one has to wait for all
/// that are there: for the one on its own service, and for those that hold its subnet.
fn can_stand(
    topology: &Topology,
    live: &Live,
    vrack: &VrackName,
    counts: impl Fn(&LiveConfig) -> bool,
) -> Option<bool> {
    let wanted = l3_pops_wanted(topology, vrack);
    let moves = topology.entries.keys().any(|at| {
        let is_membership = matches!(at.node, Node::Service(_, ServicePart::Membership));
        let found = at.service().and_then(|service| live.services.get(&service)?.vrack.clone());
        let enters = at.vrack == *vrack && found.as_ref().is_some_and(|it| it != vrack);
        let leaves = at.vrack != *vrack && found.as_ref() == Some(vrack);
        is_membership && (enters || leaves)
    });
    let on_the_move = live.vracks.values().any(|it| !it.tasks.is_empty());
    if wanted.is_empty() || moves || on_the_move {
        return None;
    }
    let manages = |service: Option<ServiceId>| {
        let all = topology.vracks.get(vrack).is_some_and(|it| it.manage == Manage::All);
        let declared =
            service.is_some_and(|it| topology.entries.contains_key(&Address::membership(vrack.clone(), it)));
        all || declared
    };
    let mut olds: Vec<(&Address, Ipv4Net)> = Vec::new();
    let mut kept: BTreeSet<&Address> = BTreeSet::new();
    for (at, config) in live.l3_pops(vrack) {
        let is_right = |(address, spec, _): &&(&Address, &Spec, Ipv4Net)| {
            *address == at && spec.differing_fields(&config.spec).is_empty()
        };
        let fits = matches!(config.status, Status::Active | Status::Creating);
        if fits && let Some((address, ..)) = wanted.iter().find(is_right) {
            kept.insert(*address);
            continue;
        }
        if !manages(at.service()) {
            // It is left alone, and stands if nobody else removes it.
            if counts(config) {
                return Some(true);
            }
            continue;
        }
        if let (true, Spec::Pop(Pop::L3 { subnet, .. })) = (counts(config), &config.spec) {
            olds.push((at, *subnet));
        }
    }
    if !kept.is_empty() {
        let stands = live.l3_pops(vrack).any(|(_, config)| counts(config));
        return stands.then_some(true);
    }
    if olds.is_empty() {
        return None;
    }
    let overlap = |one: &Ipv4Net, other: &Ipv4Net| one.contains(other) || other.contains(one);
    Some(wanted.iter().any(|(address, _, subnet)| {
        olds.iter().any(|(old, theirs)| old != address && !overlap(theirs, subnet))
    }))
}

/// Where a path can be kept, the plan says that it keeps one.
pub fn keeps_what_it_can(plan: &Plan, topology: &Topology, live: &Live) -> Result<(), String> {
    for (vrack, impact) in &plan.impact {
        if path(topology, live, vrack) == Some(true) && impact.paths.before > 0 && impact.paths.least == 0 {
            return Err(format!("{vrack}: a path could be kept, and the plan keeps none"));
        }
    }
    Ok(())
}

/// The same input in another order gives the same bytes, and the bytes give the same plan.
pub fn is_stable(plan: &Plan, topology: &Topology, live: &Live) -> Result<(), String> {
    let bytes = serde_json::to_string(plan).expect("a plan is plain data");
    let mut turned = live.clone();
    for configs in turned.configs.values_mut() {
        configs.reverse();
    }
    for service in turned.services.values_mut() {
        service.tasks.reverse();
        service.interfaces.reverse();
    }
    for vrack in turned.vracks.values_mut() {
        vrack.tasks.reverse();
    }
    for (what, live) in [("again", live), ("from lists in another order", &turned)] {
        let again =
            Plan::make(topology, live, plan.goal).map_err(|error| format!("planned {what}: {error:?}"))?;
        if serde_json::to_string(&again).expect("a plan is plain data") != bytes {
            return Err(format!("planned {what}, the plan is another one:\n{}", super::report::plan(&again)));
        }
    }
    let read: Plan =
        serde_json::from_str(&bytes).map_err(|error| format!("it does not read back: {error}"))?;
    if read == *plan { Ok(()) } else { Err("it reads back as another plan".to_owned()) }
}
