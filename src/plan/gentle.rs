//! What is gentler and belongs to no turn: nothing goes down while there is still something to wait
//! for, and a route that moves to another datacenter is there before it goes.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;
use petgraph::graph::NodeIndex;

use super::Because;
use super::draft::{Draft, Role, Through, Unit, Work};
use super::order::{shared_tasks, unseen_tasks};
use crate::diff::Action;
use crate::live::{Live, Status};
use crate::topology::{Address, DatacenterPart, Node, ServiceId, ServicePart, VrackName};

/// Unfinished tasks of others on a service end before a call on a datacenter goes through its PoP.
pub(super) fn wait_at_offices(draft: &mut Draft<'_>, live: &Live) {
    let mut through: BTreeMap<ServiceId, Vec<NodeIndex>> = BTreeMap::new();
    let mut known: BTreeMap<(ServiceId, u64), NodeIndex> = BTreeMap::new();
    for node in draft.graph.indices() {
        let call = draft.graph.node(node);
        if let (Work::Task { id, .. }, Some(service)) = (&call.work, call.address.service()) {
            known.insert((service, *id), node);
        }
        if let (Some(Through::Live(key)), false) = (call.via, is_wait(draft, node)) {
            through.entry(key.service).or_default().push(node);
        }
    }
    for (service, nodes) in through {
        let tasks: Vec<_> = unseen_tasks(live, service).cloned().collect();
        for task in tasks {
            let vrack = draft.graph.node(nodes[0]).address.vrack.clone();
            let wait = known.get(&(service, task.id)).copied().unwrap_or_else(|| {
                draft.add_task(Address::membership(vrack, service), task.id, &task.function)
            });
            for node in &nodes {
                draft.graph.require(wait, *node, Because::ForeignTask);
            }
        }
    }
}

/// A service does not change vRack before what others do through it to a datacenter of its vRack is over.
pub(super) fn wait_before_moves(draft: &mut Draft<'_>, live: &Live) {
    let is_membership =
        |unit: &&Unit<'_>| matches!(unit.address().node, Node::Service(_, ServicePart::Membership));
    let moves: Vec<(Address, NodeIndex)> = draft
        .units
        .iter()
        .filter(is_membership)
        .flat_map(|unit| {
            let calls = [unit.release.filter(|_| unit.deletes()), unit.claim.filter(|_| unit.creates())];
            calls.into_iter().flatten().map(|node| (unit.address().clone(), node))
        })
        .collect();
    for (membership, node) in moves {
        let Some(service) = membership.service() else { continue };
        for (task, address, config) in shared_tasks(live, service) {
            let is_it = |unit: &&Unit<'_>| unit.change.before.as_ref().is_some_and(|it| it.id == config.id);
            let awaited = draft.at(address).find(is_it).and_then(|unit| {
                unit.settle
                    .or(unit.release.filter(|_| !unit.deletes()))
                    .or(unit.claim.filter(|_| !unit.creates()))
            });
            // It is awaited already, unless that comes later for a reason of its own.
            if !awaited.is_some_and(|wait| draft.graph.prefer(wait, node, Because::ForeignTask)) {
                let wait = draft.add_task(membership.clone(), task.id, &task.function);
                draft.graph.require(wait, node, Because::ForeignTask);
            }
        }
    }
}

/// What goes down to come back does not go down before everything is over that its return waits for.
pub(super) fn wait_before_outages(draft: &mut Draft<'_>) {
    let is_awaited = |node: &NodeIndex| is_wait(draft, *node) || is_switch(draft, *node);
    let waits: Vec<NodeIndex> = draft.graph.indices().filter(is_awaited).collect();
    let anew = draft.units.iter().filter(|unit| unit.deletes() && unit.creates());
    let all_replaced: Vec<(NodeIndex, NodeIndex)> =
        anew.filter_map(|unit| Some((unit.release?, unit.claim?))).collect();
    if all_replaced.is_empty() {
        return;
    }
    for wait in waits {
        // Nothing waits for most.
        if draft.graph.descendants(wait).is_empty() {
            continue;
        }
        let because = match draft.graph.node(wait).work {
            Work::Task { .. } => Because::ForeignTask,
            Work::Part(..) if is_wait(draft, wait) => Because::Settles,
            Work::Part(..) => Because::InterfaceFirst,
        };
        let mut replaced = all_replaced.clone();
        // What waits with the first may make others wait as well.
        loop {
            let waiting = draft.graph.descendants(wait);
            let (due, rest): (Vec<_>, Vec<_>) =
                replaced.into_iter().partition(|(_, claim)| waiting.contains(claim));
            if due.is_empty() {
                break;
            }
            for (release, _) in due {
                for removal in removals(draft, release) {
                    draft.graph.prefer(wait, removal, because.clone());
                }
            }
            replaced = rest;
        }
    }
}

/// A node that removes something, and those that remove what stands in it.
fn removals(draft: &Draft<'_>, release: NodeIndex) -> Vec<NodeIndex> {
    let before = draft.graph.ancestors(release).into_iter();
    let mut removals: Vec<NodeIndex> = before.filter(|node| removes(draft, *node)).collect();
    // The set has no order of its own, and the plan must not depend on chance.
    removals.sort();
    removals.push(release);
    removals
}

/// A route that leaves one datacenter for another is added there first.
pub(super) fn move_routes(draft: &mut Draft<'_>, vrack: &VrackName) {
    let mut added: BTreeMap<Ipv4Net, Vec<NodeIndex>> = BTreeMap::new();
    let mut removed: Vec<(Ipv4Net, NodeIndex)> = Vec::new();
    for unit in draft.in_vrack(vrack) {
        let Node::Datacenter(_, DatacenterPart::Network(prefix)) = &unit.address().node else { continue };
        match (unit.claim.filter(|_| unit.creates()), unit.release.filter(|_| unit.deletes())) {
            (Some(claim), None) => added.entry(*prefix).or_default().push(claim),
            (None, Some(release)) => removed.push((*prefix, release)),
            _ => {}
        }
    }
    for (prefix, release) in removed {
        for claim in added.get(&prefix).into_iter().flatten() {
            draft.graph.prefer(*claim, release, Because::AddedFirst);
        }
    }
}

/// Whether a node only waits for what runs already.
fn is_wait(draft: &Draft<'_>, node: NodeIndex) -> bool {
    let Work::Part(role, change) = &draft.graph.node(node).work else { return true };
    let change = draft.change(*change);
    match role {
        Role::Settle => true,
        Role::Release => change.before.as_ref().is_some_and(|it| it.status == Status::Deleting),
        Role::Claim | Role::Switch => change.action == Action::Wait,
        Role::Describe => false,
    }
}

/// Whether a node locks or unlocks an interface.
fn is_switch(draft: &Draft<'_>, node: NodeIndex) -> bool {
    matches!(draft.graph.node(node).work, Work::Part(Role::Switch, _))
}

/// Whether a node removes something.
fn removes(draft: &Draft<'_>, node: NodeIndex) -> bool {
    matches!(draft.graph.node(node).work, Work::Part(Role::Release, _)) && !is_wait(draft, node)
}
