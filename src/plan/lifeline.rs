//! What keeps a vRack's datacenters reachable while its PoPs change: the PoP that calls go through,
//! and whether an l3 path can stand throughout.

use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use super::Because;
use super::draft::{Draft, Unit};
use super::finish::pop_key;
use crate::diff::Action;
use crate::live::{Live, LiveConfig, PopKey, Status};
use crate::topology::{Node, VrackName};

/// How the l3 datacenters of a vRack are reached while the plan runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Lifeline {
    /// PoPs stand throughout: the first is the one that calls go through.
    Kept(Vec<PopKey>),
    /// An old PoP stands until a new one does.
    Rolling {
        /// The node that makes the new one.
        new: NodeIndex,
        /// The old one that calls go through before: one that is up, if there is one. It need not be
        /// the one that stands until then.
        old: Old,
    },
    /// There was none; one is made.
    Opening {
        /// The node that makes it.
        new: NodeIndex,
    },
    /// All go, and none comes.
    Ending {
        /// The one that calls go through.
        old: Old,
        /// The nodes that remove a PoP.
        removals: Vec<NodeIndex>,
    },
    /// All go before one comes: nothing stands between.
    Gap {
        /// The node that makes the first new one.
        new: NodeIndex,
        /// The one that calls go through before.
        old: Old,
        /// The nodes that remove a PoP.
        removals: Vec<NodeIndex>,
    },
    /// There is none and none comes.
    Absent,
}

/// A live PoP that the plan removes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Old {
    /// Whether it is in force.
    pub(super) is_up: bool,
    /// Which.
    pub(super) key: PopKey,
    /// The node that waits until its creation is over, if it is being created.
    pub(super) settle: Option<NodeIndex>,
    /// The node that removes it.
    pub(super) release: NodeIndex,
}

/// Finds the lifeline of every vRack that the draft touches. Where one PoP has to stand until
/// another does, the edge that sees to it is added.
pub(super) fn secure<'a>(draft: &mut Draft<'a>, live: &Live) -> BTreeMap<&'a VrackName, Lifeline> {
    let mut vracks = draft.vracks();
    // Where not every vRack can keep a path, one with nothing behind it is the one to go without.
    vracks.sort_by_key(|vrack| !carries_something(vrack, live));
    vracks.into_iter().map(|vrack| (vrack, of(draft, vrack, live))).collect()
}

fn of(draft: &mut Draft<'_>, vrack: &VrackName, live: &Live) -> Lifeline {
    let kept = kept(draft, vrack, live);
    if !kept.is_empty() {
        return Lifeline::Kept(kept);
    }
    let olds = olds(draft, vrack);
    let news = news(draft, vrack);
    match (olds.first().copied(), news.first().copied()) {
        (None, None) => Lifeline::Absent,
        (None, Some(new)) => Lifeline::Opening { new },
        (Some(old), None) => Lifeline::Ending { old, removals: removals(&olds) },
        (Some(first_old), Some(first_new)) => {
            // One that is up keeps a path up; failing that, any keeps the datacenters from going with the last.
            for is_up in [true, false] {
                for new in &news {
                    for old in olds.iter().filter(|old| old.is_up == is_up) {
                        if draft.graph.prefer(*new, old.release, Because::KeepsPath) {
                            return Lifeline::Rolling { new: *new, old: first_old };
                        }
                    }
                }
            }
            Lifeline::Gap { new: first_new, old: first_old, removals: removals(&olds) }
        }
    }
}

fn carries_something(vrack: &VrackName, live: &Live) -> bool {
    let is_up = |config: &LiveConfig| config.status == Status::Active;
    let datacenters = live.in_vrack(vrack).filter(|(at, _)| matches!(at.node, Node::Datacenter(..)));
    datacenters.flat_map(|(_, configs)| configs).any(is_up)
}

fn removals(olds: &[Old]) -> Vec<NodeIndex> {
    olds.iter().map(|old| old.release).collect()
}

/// The active l3 PoPs that the plan does not touch, those without unfinished tasks first.
fn kept(draft: &Draft<'_>, vrack: &VrackName, live: &Live) -> Vec<PopKey> {
    let untouched = live.l3_pops(vrack).filter(|(address, config)| {
        let touched = |unit: &Unit<'_>| unit.released().is_some_and(|released| released.id == config.id);
        config.status == Status::Active && !draft.at(address).any(touched)
    });
    let is_busy =
        |key: &PopKey| live.services.get(&key.service).is_some_and(|service| !service.tasks.is_empty());
    let mut kept: Vec<PopKey> = untouched.filter_map(|(_, config)| pop_key(Some(config))).collect();
    kept.sort_by_key(|key| (is_busy(key), *key));
    kept
}

/// The l3 PoPs that the plan removes, those that are up first.
fn olds(draft: &Draft<'_>, vrack: &VrackName) -> Vec<Old> {
    let units =
        draft.in_vrack(vrack).filter(|unit| unit.is_pop() && unit.releases_l3_pop() && unit.deletes());
    let mut olds: Vec<Old> = units
        .filter_map(|unit| {
            let config = unit.released()?;
            let is_up = config.status == Status::Active;
            Some(Old { is_up, key: pop_key(Some(config))?, settle: unit.settle, release: unit.release? })
        })
        .collect();
    olds.sort_by_key(|old| !old.is_up);
    olds
}

/// The nodes that make an l3 PoP, or wait for one that is being made: first those that wait for the
/// removal of nothing.
fn news(draft: &Draft<'_>, vrack: &VrackName) -> Vec<NodeIndex> {
    let units = draft.in_vrack(vrack).filter(|unit| unit.is_pop() && unit.claims_l3_pop());
    let rank = |unit: &Unit<'_>| (unit.change.action != Action::Wait, unit.release.is_some());
    let mut news: Vec<_> = units.filter_map(|unit| Some((rank(unit), unit.claim?))).collect();
    news.sort_by_key(|(rank, _)| *rank);
    news.into_iter().map(|(_, new)| new).collect()
}
