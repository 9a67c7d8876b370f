//! What keeps a vRack's datacenters reachable while its PoPs change: the PoP that calls go through,
//! and whether an l3 path can stand throughout.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::NodeIndex;

use super::Because;
use super::draft::{Draft, Unit};
use super::finish::pop_key;
use super::ports::Ports;
use crate::diff::Action;
use crate::live::{Live, LiveConfig, PopKey, Status};
use crate::topology::{Node, Spec, VrackName};

/// How the l3 datacenters of a vRack are reached while the plan runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Lifeline {
    /// PoPs stand throughout: the first is the one that calls go through.
    Kept(Vec<PopKey>),
    /// An old PoP stands until a new one does.
    Rolling {
        /// The node that makes the new one.
        new: NodeIndex,
        /// The old one that calls go through before: the one that stands until then, unless another one
        /// is up and that one is not.
        old: Old,
    },
    /// There was none in force; one is made.
    Opening {
        /// The node that makes it.
        new: NodeIndex,
        /// One that is not in force and that the plan leaves alone: what the new one waits for is held by it.
        holder: Option<PopKey>,
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
///
/// Where services move between vRacks, a path that is kept in one may be in the way of one in another.
/// The vRacks with the fewest ways to keep a path choose first, of them those with something behind it;
/// one that comes too late is tried once as the first of all, and the best outcome counts.
pub(super) fn secure<'a>(draft: &mut Draft<'a>, live: &Live) -> BTreeMap<&'a VrackName, Lifeline> {
    let ties = Ties::of(draft, live);
    let mut vracks = draft.vracks();
    let ways: BTreeMap<&VrackName, usize> =
        vracks.iter().map(|vrack| (*vrack, ways(draft, vrack, live, &ties))).collect();
    let carries: BTreeSet<&VrackName> =
        vracks.iter().filter(|vrack| carries_something(vrack, live)).copied().collect();
    vracks.sort_by_key(|vrack| (ways[vrack], !carries.contains(vrack)));
    let secured = |draft: &mut Draft<'a>, vracks: &[&'a VrackName]| -> BTreeMap<&'a VrackName, Lifeline> {
        vracks.iter().map(|vrack| (*vrack, of(draft, vrack, live, &ties))).collect()
    };
    if !ties.cross {
        return secured(draft, &vracks);
    }
    let untouched = draft.clone();
    let mut tried: BTreeSet<&VrackName> = BTreeSet::new();
    let mut best: Option<(usize, usize)> = None;
    let mut lifelines = BTreeMap::new();
    loop {
        let mut trial = untouched.clone();
        let found = secured(&mut trial, &vracks);
        let is_lost =
            |vrack: &&&VrackName| matches!(found[**vrack], Lifeline::Gap { .. }) && ways[**vrack] > 0;
        let lost: Vec<&'a VrackName> = vracks.iter().filter(is_lost).copied().collect();
        let score = (lost.iter().filter(|vrack| carries.contains(*vrack)).count(), lost.len());
        if best.is_none_or(|least| score < least) {
            best = Some(score);
            *draft = trial;
            lifelines = found;
        }
        let Some(next) = lost.into_iter().find(|vrack| tried.insert(vrack)) else { return lifelines };
        vracks.retain(|vrack| *vrack != next);
        vracks.insert(0, next);
    }
}

/// In how many ways a vRack could keep a path if it were alone: with which new PoP before which old one.
fn ways(draft: &Draft<'_>, vrack: &VrackName, live: &Live, ties: &Ties<'_>) -> usize {
    if !kept(draft, vrack, live).is_empty() {
        return 0;
    }
    let olds = olds(draft, vrack, ties);
    let news = news(draft, vrack, ties);
    let pairs = news.iter().flat_map(|new| olds.iter().map(move |old| (*new, old.release)));
    pairs.filter(|(new, release)| !draft.graph.reaches(*release, *new)).count()
}

/// How the l3 PoPs that are made, and those that go, depend on each other and on datacenters.
#[derive(Default)]
struct Ties<'a> {
    /// How many PoPs have to go before one is made, and how many are made only after one is gone: the
    /// fewer, the less it is in the way of the paths of other vRacks.
    count: BTreeMap<NodeIndex, usize>,
    /// How many datacenters have to go before a PoP is made, and how many are made only after one is gone.
    datacenters: BTreeMap<NodeIndex, usize>,
    /// Whether one waits for another of another vRack.
    cross: bool,
    /// The vRacks of which a PoP has to go before one of another vRack is made.
    awaited: BTreeSet<&'a VrackName>,
    /// Those that keep no path up, because their interface is locked.
    dark: BTreeSet<NodeIndex>,
}

impl<'a> Ties<'a> {
    fn of(draft: &Draft<'a>, live: &Live) -> Self {
        let pops = || draft.units.iter().filter(|unit| unit.is_pop());
        let removals: BTreeSet<NodeIndex> =
            pops().filter(|unit| unit.releases_l3_pop()).filter_map(|unit| unit.release).collect();
        let datacenters = |node: fn(&Unit<'_>) -> Option<NodeIndex>| -> BTreeSet<NodeIndex> {
            draft.units.iter().filter(|unit| unit.is_l3_datacenter()).filter_map(node).collect()
        };
        let (going, coming) = (datacenters(|unit| unit.release), datacenters(|unit| unit.claim));
        let ports = Ports::of(draft, live);
        let dark = pops().flat_map(|unit| {
            let was_dark = |it: &&LiveConfig| !ports.carried(unit.address(), &it.spec);
            let dark_when_made = |spec: &&Spec| !ports.carries_when_made(unit.address(), spec);
            let release = unit.released().filter(was_dark).and(unit.release);
            release.into_iter().chain(unit.claimed().filter(dark_when_made).and(unit.claim))
        });
        let dark = dark.collect();
        let vracks: BTreeMap<NodeIndex, &'a VrackName> =
            pops().flat_map(|unit| unit.nodes().map(|node| (node, &unit.change.address.vrack))).collect();
        let mut ties = Self { dark, ..Self::default() };
        for removal in &removals {
            let after = draft.graph.descendants(*removal);
            ties.datacenters.insert(*removal, after.iter().filter(|node| coming.contains(node)).count());
        }
        for claim in pops().filter(|unit| unit.claims_l3_pop()).filter_map(|unit| unit.claim) {
            let before = draft.graph.ancestors(claim);
            ties.datacenters.insert(claim, before.iter().filter(|node| going.contains(node)).count());
            for removal in before.iter().filter(|node| removals.contains(node)) {
                *ties.count.entry(claim).or_default() += 1;
                *ties.count.entry(*removal).or_default() += 1;
                if vracks[removal] != vracks[&claim] {
                    ties.cross = true;
                    ties.awaited.insert(vracks[removal]);
                }
            }
        }
        ties
    }

    fn is_dark(&self, pop: NodeIndex) -> bool {
        self.dark.contains(&pop)
    }

    fn count(&self, node: NodeIndex) -> usize {
        self.count.get(&node).copied().unwrap_or_default()
    }

    /// How many datacenters a PoP of a vRack is tied to, where that may decide: where another vRack waits
    /// for a PoP of this one the PoPs alone do, so that what goes down for want of a path is the same
    /// whichever datacenters change.
    fn datacenters(&self, vrack: &VrackName, pop: NodeIndex) -> usize {
        self.datacenters.get(&pop).copied().filter(|_| !self.awaited.contains(vrack)).unwrap_or_default()
    }
}

fn of(draft: &mut Draft<'_>, vrack: &VrackName, live: &Live, ties: &Ties<'_>) -> Lifeline {
    let kept = kept(draft, vrack, live);
    if !kept.is_empty() {
        return Lifeline::Kept(kept);
    }
    let olds = olds(draft, vrack, ties);
    let news = news(draft, vrack, ties);
    match (olds.first().copied(), news.first().copied()) {
        (None, None) => Lifeline::Absent,
        (None, Some(new)) => {
            Lifeline::Opening { new, holder: untouched(draft, vrack, live).find_map(|it| pop_key(Some(it))) }
        }
        (Some(old), None) => Lifeline::Ending { old, removals: removals(&olds) },
        (Some(first_old), Some(first_new)) => {
            // One that is up and carries something keeps a path up; failing that, any keeps the datacenters
            // from going with the last.
            for (is_up, is_dark) in [(true, false), (true, true), (false, false), (false, true)] {
                let is_it = |old: &&Old| old.is_up == is_up && ties.is_dark(old.release) == is_dark;
                for new in &news {
                    for old in olds.iter().filter(is_it) {
                        // One that carries nothing is no path, and still serves for calls to datacenters.
                        let because =
                            if ties.is_dark(*new) { Because::KeepsDatacenter } else { Because::KeepsPath };
                        if draft.graph.prefer(*new, old.release, because) {
                            // One that is up and stands until then is the one to call through.
                            let old = if is_up { *old } else { first_old };
                            return Lifeline::Rolling { new: *new, old };
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
    let is_busy =
        |key: &PopKey| live.services.get(&key.service).is_some_and(|service| !service.tasks.is_empty());
    let in_force = untouched(draft, vrack, live).filter(|config| config.status == Status::Active);
    let mut kept: Vec<PopKey> = in_force.filter_map(|config| pop_key(Some(config))).collect();
    kept.sort_by_key(|key| (is_busy(key), *key));
    kept
}

/// The l3 PoPs that the plan does not remove and nobody else does.
fn untouched<'l>(
    draft: &'l Draft<'_>,
    vrack: &'l VrackName,
    live: &'l Live,
) -> impl Iterator<Item = &'l LiveConfig> {
    let untouched = live.l3_pops(vrack).filter(|(address, config)| {
        let touched = |unit: &Unit<'_>| unit.released().is_some_and(|released| released.id == config.id);
        config.status != Status::Deleting && !draft.at(address).any(touched)
    });
    untouched.map(|(_, config)| config)
}

/// The l3 PoPs that the plan removes, those that are up first, of them the least tied, and of those the
/// one for whose end the fewest datacenters wait.
fn olds(draft: &Draft<'_>, vrack: &VrackName, ties: &Ties<'_>) -> Vec<Old> {
    let units =
        draft.in_vrack(vrack).filter(|unit| unit.is_pop() && unit.releases_l3_pop() && unit.deletes());
    let mut olds: Vec<Old> = units
        .filter_map(|unit| {
            let config = unit.released()?;
            let is_up = config.status == Status::Active;
            Some(Old { is_up, key: pop_key(Some(config))?, settle: unit.settle, release: unit.release? })
        })
        .collect();
    let rank = |old: &Old| {
        (!old.is_up, ties.is_dark(old.release), ties.count(old.release), ties.datacenters(vrack, old.release))
    };
    olds.sort_by_key(rank);
    olds
}

/// The nodes that make an l3 PoP, or wait for one that is being made: first the least tied, of them the
/// one for which the fewest datacenters go.
fn news(draft: &Draft<'_>, vrack: &VrackName, ties: &Ties<'_>) -> Vec<NodeIndex> {
    let units = draft.in_vrack(vrack).filter(|unit| unit.is_pop() && unit.claims_l3_pop());
    let rank = |unit: &Unit<'_>, claim| {
        (
            ties.is_dark(claim),
            unit.change.action != Action::Wait,
            ties.count(claim),
            ties.datacenters(vrack, claim),
        )
    };
    let mut news: Vec<_> =
        units.filter_map(|unit| unit.claim.map(|claim| (rank(unit, claim), claim))).collect();
    news.sort_by_key(|(rank, _)| *rank);
    news.into_iter().map(|(_, new)| new).collect()
}
