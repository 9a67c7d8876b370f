//! Completes a difference with what goes down although nobody asked: where no l3 PoP of a vRack stands
//! throughout, its datacenters are taken down first and put back afterwards, and where none remains
//! they go.

use std::collections::{BTreeMap, BTreeSet};

use super::lifeline::Lifeline;
use super::order;
use crate::diagnostic::Diagnostic;
use crate::diff::{Action, Change, Difference, Goal, Reason, check_available};
use crate::live::{Live, LiveConfig, Status};
use crate::topology::rules::live as rules;
use crate::topology::{Address, DatacenterPart, Declaration, Node, Spec, Topology, VrackName};

/// Adds to a difference what its PoPs take down with them.
///
/// # Errors
/// A datacenter that would have to be put back and takes no configuration, or that no PoP reaches.
pub(super) fn complete(
    topology: &Topology,
    live: &Live,
    goal: Goal,
    difference: &mut Difference,
) -> Result<(), Vec<Diagnostic>> {
    let fates: Vec<(VrackName, Fate)> = order::lifelines(&difference.changes, live)
        .into_iter()
        .filter_map(|(vrack, lifeline)| Some((vrack.clone(), fate(&lifeline)?)))
        .collect();
    let mut by_vrack: BTreeMap<VrackName, Vec<Change>> = BTreeMap::new();
    for change in std::mem::take(&mut difference.changes) {
        by_vrack.entry(change.address.vrack.clone()).or_default().push(change);
    }
    let mut diagnostics = Vec::new();
    let mut touched_addresses = BTreeSet::new();
    for (vrack, fate) in fates {
        let changes = by_vrack.entry(vrack.clone()).or_default();
        if is_carried(live, &vrack, changes) {
            match (&fate, goal) {
                (Fate::Goes | Fate::NothingToCall, Goal::Apply) => {
                    diagnostics.extend(out_of_reach(topology, &vrack, changes));
                }
                (Fate::NothingToCall, Goal::Destroy) => {
                    let stuck = out_of_reach(topology, &vrack, changes).into_iter();
                    diagnostics.extend(stuck.map(|it| it.help(HELD_BY_UNMANAGED)));
                }
                (Fate::Goes, Goal::Destroy) | (Fate::ComesBack, _) => {}
            }
            continue;
        }
        if let (Fate::Goes | Fate::NothingToCall, Goal::Apply) = (&fate, goal) {
            diagnostics.extend(unreachable_datacenters(topology, &vrack));
        }
        let touched = touched(live, &vrack, changes);
        // What was only waited for is now taken down as well.
        let moot: BTreeSet<&Address> = touched.iter().map(|(address, _)| address).collect();
        let waits = |change: &Change| change.action == Action::Wait && moot.contains(&change.address);
        let waited: BTreeSet<Address> =
            changes.iter().filter(|change| waits(change)).map(|change| change.address.clone()).collect();
        changes.retain(|change| !waits(change));
        let returning = returning(&touched);
        for (address, config) in touched {
            touched_addresses.insert(address.clone());
            if topology.entries.contains_key(&address) && !waited.contains(&address) {
                difference.unchanged = difference.unchanged.saturating_sub(1);
            }
            changes.push(match fate {
                Fate::ComesBack if !returning.contains(&(address.clone(), config.id.lowest())) => {
                    duplicate(address, config)
                }
                Fate::ComesBack => {
                    let is_datacenter = matches!(config.spec, Spec::Datacenter(_));
                    let declared = topology.entries.get(&address);
                    diagnostics.extend(check_available(live, &address, declared).filter(|_| is_datacenter));
                    put_back(address, config)
                }
                Fate::Goes | Fate::NothingToCall => taken_away(address, config),
            });
        }
        // Stable: at one address the change that keeps or makes something stays first.
        changes.sort_by(|a, b| a.address.cmp(&b.address));
    }
    difference.unmanaged.retain(|address| !touched_addresses.contains(address));
    difference.changes = by_vrack.into_values().flatten().collect();
    if diagnostics.is_empty() { Ok(()) } else { Err(diagnostics) }
}

/// What becomes of the datacenters of a vRack that nothing keeps up.
enum Fate {
    ComesBack,
    /// With the last PoP, through which calls go until then.
    Goes,
    /// There is no PoP to call them through, before or after.
    NothingToCall,
}

/// What to do where only a PoP that the plan may not touch, and that never came up, holds a datacenter.
const HELD_BY_UNMANAGED: &str = "the l3 PoP that still holds it is not in force and not managed: declare its service, or \
     set `manage: all`, so that the PoP goes as well";

fn fate(lifeline: &Lifeline) -> Option<Fate> {
    match lifeline {
        Lifeline::Gap { .. } => Some(Fate::ComesBack),
        Lifeline::Ending { .. } => Some(Fate::Goes),
        Lifeline::Absent => Some(Fate::NothingToCall),
        Lifeline::Kept(_) | Lifeline::Rolling { .. } | Lifeline::Opening { .. } => None,
    }
}

/// The live datacenters and extras of a vRack that no change removes and that do not go by themselves.
fn touched(live: &Live, vrack: &VrackName, changes: &[Change]) -> Vec<(Address, LiveConfig)> {
    let removed: BTreeSet<(&Address, u64)> = changes
        .iter()
        .filter(|change| matches!(change.action, Action::Delete | Action::Replace))
        .filter_map(|change| Some((&change.address, change.before.as_ref()?.id.lowest())))
        .collect();
    let doomed = live.l3_pops(vrack).all(|(_, config)| config.status == Status::Deleting);
    let datacenters = live.in_vrack(vrack).filter(|(at, _)| matches!(at.node, Node::Datacenter(..)));
    datacenters
        .flat_map(|(at, configs)| configs.iter().map(move |config| (at, config)))
        .filter(|(at, config)| {
            let goes = config.status == Status::Deleting || is_in_deleting(live, at, config);
            !doomed && !goes && !removed.contains(&(at, config.id.lowest()))
        })
        .map(|(at, config)| (at.clone(), config.clone()))
        .collect()
}

/// Of what goes down, what comes back: of several configurations at one address only one can be made,
/// and with it the extras it holds.
fn returning(touched: &[(Address, LiveConfig)]) -> BTreeSet<(Address, u64)> {
    let mut best: BTreeMap<&Address, &LiveConfig> = BTreeMap::new();
    let rank = |config: &LiveConfig| (config.status != Status::Active, config.id.lowest());
    for (address, config) in touched {
        // Parents come before their children, so the one that holds an extra is known.
        let parent = address.parent().and_then(|parent| best.get(&parent));
        if parent.is_some_and(|parent| !parent.id.holds(&config.id)) {
            continue;
        }
        let found = best.entry(address).or_insert(config);
        if rank(config) < rank(found) {
            *found = config;
        }
    }
    best.into_iter().map(|(address, config)| (address.clone(), config.id.lowest())).collect()
}

/// Whether an extra's own datacenter configuration is being deleted.
fn is_in_deleting(live: &Live, address: &Address, extra: &LiveConfig) -> bool {
    let parents = address.parent().and_then(|parent| live.configs.get(&parent));
    let mut parents = parents.into_iter().flatten();
    parents.any(|parent| parent.status == Status::Deleting && parent.id.holds(&extra.id))
}

/// What is there goes and comes back as it is, also where the topology leaves a value open.
fn put_back(address: Address, config: LiveConfig) -> Change {
    let reason = match (&config.spec, address.parent()) {
        (Spec::Extra(_), Some(parent)) => Reason::Within { parent },
        _ => Reason::NoPathMeanwhile,
    };
    let after = Some(config.spec.clone());
    Change { address, action: Action::Replace, before: Some(config), after, fields: Vec::new(), reason }
}

/// Goes, and another at its address comes back.
fn duplicate(address: Address, config: LiveConfig) -> Change {
    let (action, reason, fields) = (Action::Delete, Reason::Duplicate, Vec::new());
    Change { address, action, before: Some(config), after: None, fields, reason }
}

fn taken_away(address: Address, config: LiveConfig) -> Change {
    let reason = match (&config.spec, address.parent()) {
        (Spec::Extra(_), Some(parent)) => Reason::GoesWith { parent },
        _ => Reason::NoPathLeft,
    };
    Change { address, action: Action::Delete, before: Some(config), after: None, fields: Vec::new(), reason }
}

/// Whether an l3 PoP that is not in force, and that no change removes, keeps the datacenters of a vRack
/// from going: one that is being created, or whose creation failed.
fn is_carried(live: &Live, vrack: &VrackName, changes: &[Change]) -> bool {
    let mut pops = live.l3_pops(vrack).filter(|(_, config)| config.status != Status::Deleting);
    pops.any(|(at, config)| {
        let is_it = |change: &&Change| {
            change.address == *at && change.before.as_ref().is_some_and(|before| before.id == config.id)
        };
        !changes.iter().filter(is_it).any(|change| change.action != Action::Wait)
    })
}

/// What is declared in a vRack that has no l3 PoP to make it or to keep it through.
fn unreachable_datacenters(topology: &Topology, vrack: &VrackName) -> Vec<Diagnostic> {
    let inside = topology.entries.range(Address::vrack(vrack.clone())..);
    let inside = inside.take_while(|(at, _)| at.vrack == *vrack);
    let datacenters = inside.filter(|(at, _)| matches!(at.node, Node::Datacenter(_, DatacenterPart::Config)));
    datacenters.map(|(address, declaration)| no_l3_pop(address, declaration)).collect()
}

/// What would have to be changed in a vRack that has no l3 PoP in force to change it through.
fn out_of_reach(topology: &Topology, vrack: &VrackName, changes: &[Change]) -> Vec<Diagnostic> {
    let of_datacenter = |change: &&Change| matches!(change.address.node, Node::Datacenter(..));
    let changed: BTreeSet<Address> = changes
        .iter()
        .filter(of_datacenter)
        .filter_map(|change| {
            Some(Address::datacenter(vrack.clone(), change.address.datacenter_name()?.clone()))
        })
        .collect();
    let declared = changed.iter().filter_map(|at| Some((at, topology.entries.get(at)?)));
    declared.map(|(address, declaration)| no_l3_pop(address, declaration)).collect()
}

fn no_l3_pop(address: &Address, declaration: &Declaration) -> Diagnostic {
    let message = format!("{address}: no l3 PoP of {} is there to configure it through", address.vrack);
    rules::NO_L3_POP
        .at(message, declaration.span, "needs an l3 PoP in its vRack")
        .help("declare a service with `pop: {type: l3, …}` in this vRack; if one is being created by someone else, try again when it is active")
}
