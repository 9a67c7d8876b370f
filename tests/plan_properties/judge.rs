//! What a plan may touch, and what it has to keep up, reasoned out apart from the planner.

use std::collections::BTreeSet;

use ovhconnect::diff::{Action, Change, Reason};
use ovhconnect::live::{ConfigId, Live, LiveConfig, Status};
use ovhconnect::plan::{Impact, Plan};
use ovhconnect::topology::{Address, Node, Pop, Spec, Topology, VrackName};

use super::oracle::{self, Need};

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
        Reason::NoPathMeanwhile => {
            let carrier = Need::Carrier(change.address.vrack.clone());
            !oracle::can(topology, live, &[&paths_kept(plan)[..], &[carrier]].concat())
        }
        Reason::NoPathLeft => !has_l3_pop(topology, &change.address.vrack),
        Reason::AssignedAsnIsPeers { .. } => true,
        _ => false,
    }
}

fn contains(above: &ConfigId, below: &ConfigId) -> bool {
    above.holds(below) || above.carries(below)
}

fn has_l3_pop(topology: &Topology, vrack: &VrackName) -> bool {
    let mut inside = topology.entries.iter().filter(|(at, _)| at.vrack == *vrack);
    inside.any(|(_, declared)| matches!(declared.spec, Spec::Pop(Pop::L3 { .. })))
}

/// The vRacks in which a path stands at every moment.
fn paths_kept(plan: &Plan) -> Vec<Need> {
    let kept = plan.impact.iter().filter(|(_, impact)| impact.paths.least > 0);
    kept.map(|(vrack, _)| Need::Paths(vrack.clone(), 1)).collect()
}

/// Where a path can be kept, the plan says that it keeps one, and likewise a datacenter beside it.
///
/// Several vRacks may stand in each other's way: none of those that the plan lets down could be kept
/// beside those that it keeps.
pub fn keeps_what_it_can(plan: &Plan, topology: &Topology, live: &Live) -> Result<(), String> {
    let kept = paths_kept(plan);
    let can = |need: Need| oracle::can(topology, live, &[&kept[..], &[need]].concat());
    for (vrack, impact) in &plan.impact {
        let Impact { paths, datacenters, peers: _ } = impact;
        if paths.drops_to_zero() && can(Need::Paths(vrack.clone(), 1)) {
            return Err(format!("{vrack}: a path could be kept, and the plan keeps none"));
        }
        let drops = paths.least > 0 && datacenters.drops_to_zero();
        if drops && can(Need::Datacenters(vrack.clone(), 1)) {
            return Err(format!("{vrack}: a datacenter could be kept, and the plan keeps none"));
        }
    }
    Ok(())
}

/// What was right, or is left alone, and which the plan does not speak of: it is there afterwards as it
/// was, and not made anew.
pub fn left_alone(
    plan: &Plan,
    topology: &Topology,
    before: &Live,
    after: &Live,
    keeps_numbers: bool,
) -> Result<(), String> {
    let touched: BTreeSet<(&Address, u64)> = plan
        .changes
        .iter()
        .filter_map(|change| Some((&change.address, change.before.as_ref()?.id.lowest())))
        .collect();
    let is_doomed = |at: &Address| {
        let in_datacenter = matches!(at.node, Node::Datacenter(..));
        in_datacenter && before.l3_pops(&at.vrack).all(|(_, pop)| pop.status == Status::Deleting)
    };
    let goes_with_parent = |at: &Address, config: &LiveConfig| {
        let parents = at.parent().and_then(|parent| before.configs.get(&parent)).into_iter().flatten();
        let mut going = parents.filter(|parent| parent.status == Status::Deleting);
        going.any(|parent| contains(&parent.id, &config.id))
    };
    for (address, configs) in &before.configs {
        if !topology.vracks.contains_key(&address.vrack) || is_doomed(address) {
            continue;
        }
        for config in configs {
            let is_touched = touched.contains(&(address, config.id.lowest()));
            if config.status != Status::Active || is_touched || goes_with_parent(address, config) {
                continue;
            }
            let is_it = |now: &LiveConfig| {
                let same_number = !keeps_numbers || now.id.lowest() == config.id.lowest();
                now.status == Status::Active && now.spec == config.spec && same_number
            };
            if !after.configs.get(address).into_iter().flatten().any(is_it) {
                return Err(format!("{address} is in no change, and is not there any more as it was"));
            }
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
