//! What a plan may not do: checked before anything is sent.

use std::collections::BTreeSet;
use std::fmt;

use super::{Carried, Operation, Plan};
use crate::diff::{Action, Change};
use crate::live::Status;
use crate::topology::{Address, Node, ServicePart, Topology, VrackName};

/// The limits that a run is held to, besides the topology's own `protect: true`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Guards {
    /// The most configurations that may be deleted; one that is replaced is deleted too.
    pub max_deletes: Option<usize>,
    /// What is not to happen at all.
    pub deny: BTreeSet<Denied>,
    /// Whether nothing that is live may be deleted, replaced or taken down with its interface, because nobody
    /// looks at the plan.
    pub no_disruption: bool,
}

/// Something that a plan is not to do at all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Denied {
    /// Delete a configuration for good.
    Delete,
    /// Delete a configuration and make it anew.
    Replace,
    /// Take a service out of a vRack.
    Detach,
    /// Leave a vRack without any l3 path, if only for a moment.
    LastPath,
}

/// What a plan would do and may not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Violation {
    /// It touches something protected.
    Protected {
        /// What would go.
        address: Address,
        /// Whether it would come back.
        action: Action,
        /// Where the protection is declared.
        by: Address,
        /// Why it would go, where that is not its own doing.
        why: String,
    },
    /// It deletes more than it may.
    TooManyDeletes {
        /// How many it deletes, for good or to replace them.
        deletes: usize,
        /// How many it may.
        limit: usize,
    },
    /// It does something that is not to happen.
    Denied {
        /// What.
        what: Denied,
        /// Where.
        address: Address,
    },
    /// It takes a vRack's last l3 path.
    LastPath {
        /// Which.
        vrack: VrackName,
    },
    /// It disrupts what is live and nobody looks at it.
    Disruption {
        /// How many live configurations are deleted, replaced, or taken down with an interface.
        count: usize,
        /// What is done to them, in words.
        how: &'static str,
        /// The first of them.
        first: Address,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protected { address, action, by, why } => {
                let would = match action {
                    Action::Replace => "replaced",
                    Action::Update => "taken down",
                    Action::Create | Action::Delete | Action::Wait => "deleted",
                };
                write!(f, "{address} would be {would} ({why}), and ")?;
                if by == address { f.write_str("it is protected") } else { write!(f, "{by} is protected") }
            }
            Self::TooManyDeletes { deletes, limit } => {
                let noun = if *deletes == 1 { "configuration" } else { "configurations" };
                write!(
                    f,
                    "{deletes} {noun} would be deleted or replaced, and at most {limit} may be (--max-deletes)"
                )
            }
            Self::Denied { what, address } => {
                let (would, flag) = match what {
                    Denied::Delete => ("deleted", "delete"),
                    Denied::Replace => ("replaced", "replace"),
                    Denied::Detach => ("detached", "detach"),
                    Denied::LastPath => ("left without an l3 path", "last-path"),
                };
                write!(f, "{address} would be {would} (--deny {flag})")
            }
            Self::LastPath { vrack } => {
                write!(f, "{vrack} would be without any l3 path, at least for a moment (--deny last-path)")
            }
            Self::Disruption { count: 1, how, first } => {
                write!(f, "{first} is live and would be {how}, and nobody looks at this plan")
            }
            Self::Disruption { count, how, first } => write!(
                f,
                "{count} live configurations would be {how} ({first} and others), and nobody looks at this plan"
            ),
        }
    }
}

impl Violation {
    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Protected { .. } => {
                "take `protect: true` out of the topology, in a change of its own, if it is meant"
            }
            Self::TooManyDeletes { .. } => "raise --max-deletes if so many are meant",
            Self::Denied { .. } | Self::LastPath { .. } => "run without that --deny if it is meant",
            Self::Disruption { .. } => {
                "give --allow-disruption if it is meant, or have a saved plan approved (plan --out FILE, apply FILE)"
            }
        }
    }
}

/// Everything that a plan would do and may not, by address.
#[must_use]
pub fn check(plan: &Plan, topology: &Topology, guards: &Guards) -> Vec<Violation> {
    let Guards { max_deletes, deny, no_disruption } = guards;
    let mut violations: Vec<Violation> = plan
        .changes
        .iter()
        .filter(|change| removes(change))
        .filter_map(|it| protected(it, topology))
        .collect();
    violations.extend(carried(plan).filter_map(|(it, interface)| {
        Some(Violation::Protected {
            address: it.address.clone(),
            action: Action::Update,
            by: topology.protection_of(&it.address)?,
            why: format!("interface {interface} is locked"),
        })
    }));
    let deletes = plan.changes.iter().filter(|change| removes(change)).count();
    if let Some(limit) = max_deletes.filter(|limit| deletes > *limit) {
        violations.push(Violation::TooManyDeletes { deletes, limit });
    }
    for change in &plan.changes {
        let kinds = [
            (Denied::Delete, change.action == Action::Delete && !is_membership(change)),
            (Denied::Replace, change.action == Action::Replace),
            (Denied::Detach, change.action == Action::Delete && is_membership(change)),
        ];
        let denied = kinds.into_iter().filter(|(what, does)| *does && deny.contains(what));
        violations
            .extend(denied.map(|(what, _)| Violation::Denied { what, address: change.address.clone() }));
    }
    if deny.contains(&Denied::LastPath) {
        let lost = plan.impact.iter().filter(|(_, impact)| impact.paths.drops_to_zero());
        violations.extend(lost.map(|(vrack, _)| Violation::LastPath { vrack: vrack.clone() }));
    }
    if *no_disruption {
        // What is left of a failed creation carries nothing.
        let stands = |change: &&Change| change.before.as_ref().is_some_and(|it| it.status != Status::Stuck);
        let removed = plan.changes.iter().filter(|change| removes(change)).filter(stands);
        let mut disrupted: Vec<&Address> = removed.map(|change| &change.address).collect();
        let removals = disrupted.len();
        disrupted.extend(carried(plan).map(|(it, _)| &it.address));
        disrupted.sort();
        if let Some(first) = disrupted.first() {
            let how = match (removals, disrupted.len() - removals) {
                (_, 0) => "deleted or replaced",
                (0, _) => "taken down with its interface",
                (..) => "deleted, replaced or taken down with their interface",
            };
            violations.push(Violation::Disruption { count: disrupted.len(), how, first: (*first).clone() });
        }
    }
    violations
}

/// What is in force and goes down with an interface that is locked, each with that interface.
fn carried(plan: &Plan) -> impl Iterator<Item = (&Carried, u64)> {
    plan.steps.iter().flat_map(|step| match &step.operation {
        Operation::Lock { interface, carries, .. } => {
            carries.iter().map(|it| (it, *interface)).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    })
}

/// Whether something live goes, for good or to come back.
fn removes(change: &Change) -> bool {
    matches!(change.action, Action::Delete | Action::Replace)
}

fn is_membership(change: &Change) -> bool {
    matches!(change.address.node, Node::Service(_, ServicePart::Membership))
}

fn protected(change: &Change, topology: &Topology) -> Option<Violation> {
    let by = topology.protection_of(&change.address)?;
    Some(Violation::Protected {
        address: change.address.clone(),
        action: change.action,
        by,
        why: match change.fields.as_slice() {
            [] => change.reason.to_string(),
            fields => fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ") + " differs",
        },
    })
}
