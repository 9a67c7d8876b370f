//! The edges: what has to wait for what, and what had better wait.
//!
//! First what the API and the network demand ([`hierarchy`], [`freed`](super::freed), tasks of
//! others), then what keeps a path up ([`lifeline`](super::lifeline)) and a datacenter, and the PoP each
//! call goes through, last what is merely gentler. A preference never wins over a
//! demand: it is dropped where it would close a circle. That is also how a swap without any gentle
//! order comes out: everything it holds is released first.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashSet;
use petgraph::graph::NodeIndex;

use super::Because;
use super::draft::{Draft, Through, Unit};
use super::freed::{self, is_bgp, is_network};
use super::gentle;
use super::lifeline::{self, Lifeline, Old};
use super::ports::{self, Ports, Switched};
use crate::diff::{Action, Change};
use crate::live::{ConfigId, Live, LiveConfig, PopKey, Status, Task, VrackTask};
use crate::topology::{Address, Node, ServiceId, Spec, VrackName};

/// The whole draft, ordered.
pub(super) fn ordered<'a>(changes: &'a [Change], live: &Live) -> Draft<'a> {
    let mut draft = demanded(changes, live, |_| true);
    foreign_tasks(&mut draft, live);
    let lifelines = lifeline::secure(&mut draft, live);
    for (vrack, lifeline) in &lifelines {
        route(&mut draft, vrack, live, lifeline);
    }
    gentle::wait_at_offices(&mut draft, live);
    gentle::wait_before_moves(&mut draft, live);
    gentle::wait_before_outages(&mut draft);
    ports::keep_from_moves(&mut draft);
    ports::lock_last(&mut draft);
    let ports = Ports::of(&draft, live);
    for vrack in lifelines.keys() {
        roll_pops(&mut draft, vrack, &ports);
        roll_extras(&mut draft, vrack);
        gentle::move_routes(&mut draft, vrack);
    }
    draft
}

/// The lifelines that the PoPs and memberships alone decide: a datacenter never stands in a PoP's way
/// for longer than it takes to remove it.
pub(super) fn lifelines<'a>(changes: &'a [Change], live: &Live) -> BTreeMap<&'a VrackName, Lifeline> {
    let of_service = |change: &Change| matches!(change.address.node, Node::Service(..));
    let mut draft = demanded(changes, live, of_service);
    let mut lifelines = lifeline::secure(&mut draft, live);
    // A vRack of which only datacenters change has a lifeline as well.
    let mut others = Draft::new(changes, |change| !lifelines.contains_key(&change.address.vrack));
    lifelines.append(&mut lifeline::secure(&mut others, live));
    lifelines
}

/// What the API and the network demand.
pub(super) fn demanded<'a>(
    changes: &'a [Change],
    live: &Live,
    wanted: impl Fn(&Change) -> bool,
) -> Draft<'a> {
    let mut draft = Draft::new(changes, wanted);
    hierarchy(&mut draft);
    doomed(&mut draft, live);
    twins(&mut draft);
    freed::require(&mut draft, live);
    ports::require(&mut draft);
    draft
}

/// Parents before children where something is made, children before parents where it is removed.
fn hierarchy(draft: &mut Draft<'_>) {
    let mut edges = Vec::new();
    for unit in &draft.units {
        let Some(parent) = unit.address().parent() else { continue };
        for above in draft.at(&parent) {
            if let (Some(first), Some(then)) = (above.claim, unit.claim) {
                edges.push((first, then, Because::ParentFirst));
            }
            if let (Some(first), Some(then)) = (unit.release, above.release)
                && above.deletes()
            {
                edges.push((first, then, Because::ChildFirst));
            }
        }
    }
    for (before, after, because) in edges {
        draft.graph.require(before, after, because);
    }
}

/// Where the last l3 PoP of a vRack is being deleted, its datacenters go with it: until that is over
/// nothing new is made that might be swept along.
fn doomed(draft: &mut Draft<'_>, live: &Live) {
    for vrack in draft.vracks() {
        if live.l3_pops(vrack).any(|(_, config)| config.status != Status::Deleting) {
            continue;
        }
        let ends: Vec<NodeIndex> = draft
            .in_vrack(vrack)
            .filter(|unit| unit.is_pop() && unit.releases_l3_pop())
            .filter_map(|unit| unit.release)
            .collect();
        let news: Vec<NodeIndex> =
            draft.in_vrack(vrack).filter(|unit| unit.claims_l3_pop()).filter_map(|unit| unit.claim).collect();
        for new in news {
            for end in &ends {
                draft.graph.require(*end, new, Because::Settles);
            }
        }
    }
}

/// Extras that look alike go one at a time: through a PoP that numbers them differently nothing tells
/// one from the other.
fn twins(draft: &mut Draft<'_>) {
    // Changes at one address follow each other.
    for units in draft.units.chunk_by(|one, next| one.address() == next.address()) {
        let going = units.iter().filter(|unit| unit.is_extra() && unit.deletes());
        let twins: Vec<(&Spec, NodeIndex)> =
            going.filter_map(|unit| Some((&unit.released()?.spec, unit.release?))).collect();
        for (at, (spec, release)) in twins.iter().enumerate() {
            if let Some((_, next)) = twins[at + 1..].iter().find(|(other, _)| other == spec) {
                draft.graph.require(*release, *next, Because::OneOfTwins);
            }
        }
    }
}

/// Unfinished tasks of others end before anything is done to their service.
fn foreign_tasks(draft: &mut Draft<'_>, live: &Live) {
    let mut by_service: BTreeMap<ServiceId, Vec<(Address, NodeIndex)>> = BTreeMap::new();
    for unit in &draft.units {
        if let Some(service) = unit.address().service() {
            let nodes = unit.nodes().map(|node| (unit.address().clone(), node));
            by_service.entry(service).or_default().extend(nodes);
        }
    }
    let mut vrack_tasks: BTreeMap<ServiceId, Vec<(&VrackName, &VrackTask)>> = BTreeMap::new();
    for (vrack, task) in live.vracks.iter().flat_map(|(vrack, it)| it.tasks.iter().map(move |it| (vrack, it)))
    {
        vrack_tasks.entry(task.service).or_default().push((vrack, task));
    }
    for (service, nodes) in by_service {
        let Some((first, _)) = nodes.first() else { continue };
        let mut tasks = Vec::new();
        for task in unseen_tasks(live, service) {
            let address = Address::membership(first.vrack.clone(), service);
            tasks.push(draft.add_task(address, task.id, &task.function));
        }
        for (vrack, task) in vrack_tasks.get(&service).into_iter().flatten() {
            // A change of the membership that the task is about waits for it already.
            let membership = Address::membership((*vrack).clone(), service);
            let waits = draft.at(&membership).find_map(|unit| {
                unit.settle
                    .or(unit.release.filter(|_| !unit.deletes()))
                    .or(unit.claim.filter(|_| !unit.creates()))
            });
            tasks.push(waits.unwrap_or_else(|| {
                draft.add_task(Address::vrack((*vrack).clone()), task.id, &task.function)
            }));
        }
        for task in tasks {
            for (_, node) in &nodes {
                draft.graph.require(task, *node, Because::ForeignTask);
            }
        }
    }
}

/// The unfinished tasks of a service that no configuration in transition accounts for.
pub(super) fn unseen_tasks(live: &Live, service: ServiceId) -> impl Iterator<Item = &Task> {
    let in_transition = in_transition(live, service);
    let tasks = live.services.get(&service).into_iter().flat_map(|found| &found.tasks);
    tasks.filter(move |task| !in_transition.iter().any(|(_, it)| task.is_about(service, &it.id)))
}

/// The unfinished tasks of a service on what its vRack shares, l3 datacenters and what stands in them,
/// each with what it is about.
pub(super) fn shared_tasks(live: &Live, service: ServiceId) -> Vec<(&Task, &Address, &LiveConfig)> {
    let mut shared = in_transition(live, service);
    shared.retain(|(at, _)| matches!(at.node, Node::Datacenter(..)));
    let tasks = live.services.get(&service).into_iter().flat_map(|found| &found.tasks);
    tasks
        .filter_map(|task| {
            let (address, config) = shared.iter().find(|(_, it)| task.is_about(service, &it.id))?;
            Some((task, *address, *config))
        })
        .collect()
}

/// What is being made or removed in the vRack of a service that has unfinished tasks.
fn in_transition(live: &Live, service: ServiceId) -> Vec<(&Address, &LiveConfig)> {
    let found = live.services.get(&service).filter(|found| !found.tasks.is_empty());
    let vrack = found.and_then(|found| found.vrack.as_ref());
    let configs = vrack.into_iter().flat_map(|vrack| live.in_vrack(vrack));
    configs
        .flat_map(|(at, configs)| configs.iter().map(move |config| (at, config)))
        .filter(|(_, config)| matches!(config.status, Status::Creating | Status::Deleting))
        .collect()
}

/// Gives every call on an l3 datacenter the PoP it goes through, sees to it that the PoP is up, and lets
/// the datacenters go one after the other.
fn route(draft: &mut Draft<'_>, vrack: &VrackName, live: &Live, lifeline: &Lifeline) {
    let in_datacenters =
        draft.in_vrack(vrack).filter(|unit| matches!(unit.address().node, Node::Datacenter(..)));
    let there_twice = live.in_vrack(vrack).filter(|(_, configs)| configs.len() > 1).map(|(at, _)| at);
    let there_twice: BTreeSet<&Address> = there_twice.collect();
    let nodes: Vec<Routed> = in_datacenters.flat_map(|unit| routed(draft, &there_twice, unit)).collect();
    if let Lifeline::Rolling { new, old } = lifeline {
        return route_rolling(draft, vrack, nodes, *new, old);
    }
    let (awaited, mut behind) = match lifeline {
        Lifeline::Opening { new, .. } | Lifeline::Gap { new, .. } => {
            (draft.graph.ancestors(*new), draft.graph.descendants(*new))
        }
        _ => Default::default(),
    };
    for node in nodes {
        match lifeline {
            Lifeline::Kept(pops) => {
                // What is only looked at is looked at where it was read: its number is sure there.
                let read_via = node.read_via.filter(|via| node.is_wait && pops.contains(via));
                if let Some(pop) = read_via.or(pops.first().copied()) {
                    draft.through(node.at, Through::Live(pop));
                }
            }
            Lifeline::Opening { holder: Some(holder), .. } if awaited.contains(&node.at) => {
                draft.through(node.at, Through::Live(*holder));
            }
            Lifeline::Opening { new, .. } => after(draft, &node, *new, &mut behind),
            Lifeline::Gap { new, .. } if node.makes => after(draft, &node, *new, &mut behind),
            Lifeline::Gap { old, removals, .. } | Lifeline::Ending { old, removals } => {
                before(draft, &node, old, removals);
            }
            // Taken care of above; and refused when the difference was completed: nothing there can be
            // called.
            Lifeline::Rolling { .. } | Lifeline::Absent => {}
        }
    }
    if !matches!(lifeline, Lifeline::Gap { .. }) {
        roll_datacenters(draft, vrack);
    }
}

/// Calls go through the new PoP, but for those that it waits for, or that only the old one is sure of.
///
/// The datacenters take their turns in between: one that keeps another up may have to be made early, and
/// what has to be called through the old PoP anyway waits for none. An old PoP that is not in force takes
/// nothing new and need not show what is there: through it goes only what the new one waits for.
fn route_rolling(draft: &mut Draft<'_>, vrack: &VrackName, nodes: Vec<Routed>, new: NodeIndex, old: &Old) {
    // What it stands in, or what stands in it, may well be called later and through another PoP.
    let early = |draft: &mut Draft<'_>, node: Routed| {
        before(draft, &Routed { implied: false, ..node }, old, &[old.release]);
    };
    let is_sure = |node: &Routed| old.is_up && (node.is_wait || (node.is_twin && !node.makes));
    let awaited = draft.graph.ancestors(new);
    let (first, rest): (Vec<_>, Vec<_>) =
        nodes.into_iter().partition(|node| is_sure(node) || awaited.contains(&node.at));
    first.into_iter().for_each(|node| early(draft, node));
    let mut behind = draft.graph.descendants(new);
    for node in rest.iter().filter(|node| node.makes && !old.is_up) {
        after(draft, node, new, &mut behind);
    }
    roll_datacenters(draft, vrack);
    let awaited = draft.graph.ancestors(new);
    let (first, late): (Vec<_>, Vec<_>) = rest.into_iter().partition(|node| awaited.contains(&node.at));
    first.into_iter().for_each(|node| early(draft, node));
    let mut behind = draft.graph.descendants(new);
    late.iter().for_each(|node| after(draft, node, new, &mut behind));
}

/// A node that is called through a PoP.
struct Routed {
    at: NodeIndex,
    /// It creates something.
    makes: bool,
    /// It only looks.
    is_wait: bool,
    /// It comes before another node that is called through the same PoP anyway.
    implied: bool,
    /// The PoP through which the extra that it is about was read.
    read_via: Option<PopKey>,
    /// It, or what it stands in, is there more than once. Through a PoP it was not read through it might
    /// be taken for the other one.
    is_twin: bool,
}

fn routed(draft: &Draft<'_>, there_twice: &BTreeSet<&Address>, unit: &Unit<'_>) -> Vec<Routed> {
    let parent = unit.address().parent().filter(|_| unit.is_extra());
    let is_twin = parent.iter().chain([unit.address()]).any(|at| there_twice.contains(at));
    let above = |test: fn(&Unit<'_>) -> bool| parent.iter().any(|parent| draft.at(parent).any(test));
    let read_via = match unit.change.before.as_ref().map(|before| &before.id) {
        Some(ConfigId::Extra { via, .. }) => Some(*via),
        _ => None,
    };
    let claim = unit.claim.map(|at| Routed {
        at,
        read_via,
        is_twin,
        makes: true,
        is_wait: unit.change.action == Action::Wait,
        implied: false,
    });
    let release = unit.release.map(|at| Routed {
        at,
        read_via,
        is_twin,
        makes: false,
        is_wait: !unit.deletes(),
        implied: above(|unit| unit.deletes()),
    });
    let settle =
        unit.settle.map(|at| Routed { at, read_via, is_twin, makes: false, is_wait: true, implied: true });
    [claim, release, settle].into_iter().flatten().collect()
}

/// `behind`: everything that waits for `new`, kept up to date.
fn after(draft: &mut Draft<'_>, node: &Routed, new: NodeIndex, behind: &mut HashSet<NodeIndex>) {
    draft.through(node.at, Through::Made(new));
    // What stands in something that is made through the same PoP waits for it anyway.
    if !(node.makes && behind.contains(&node.at)) {
        draft.graph.require(new, node.at, Because::ThroughPop);
        draft.graph.now_behind(behind, node.at);
    }
}

fn before(draft: &mut Draft<'_>, node: &Routed, old: &Old, removals: &[NodeIndex]) {
    draft.through(node.at, Through::Live(old.key));
    if let Some(settle) = old.settle {
        draft.graph.require(settle, node.at, Because::Settles);
    }
    if !node.implied || node.is_wait {
        for removal in removals {
            let because = if removals.len() > 1 { Because::ChildFirst } else { Because::PopStillNeeded };
            draft.graph.require(node.at, *removal, because);
        }
    }
}

/// The l3 paths of a vRack go one after the other, and what is new comes before what goes. A path is a PoP
/// on an interface that is in service.
fn roll_pops(draft: &mut Draft<'_>, vrack: &VrackName, ports: &Ports<'_>) {
    let units = draft.in_vrack(vrack).filter(|unit| unit.is_pop());
    let of_pops = units.map(|unit| Turn {
        down: unit
            .release
            .filter(|_| unit.releases_l3_pop() && is_up(unit))
            .filter(|_| unit.released().is_some_and(|config| ports.carried(unit.address(), &config.spec)))
            .into_iter()
            .collect(),
        up: unit
            .claim
            .filter(|_| unit.claims_l3_pop())
            .filter(|_| unit.claimed().is_some_and(|spec| ports.carries_when_made(unit.address(), spec)))
            .into_iter()
            .collect(),
    });
    let of_ports = ports.switched(vrack).iter().map(|switched| match switched {
        Switched::Down(node) => Turn { down: vec![*node], up: Vec::new() },
        Switched::Up(node) => Turn { down: Vec::new(), up: vec![*node] },
    });
    let turns: Vec<Turn> = of_pops.chain(of_ports).collect();
    roll(draft, turns, &Because::KeepsPath);
}

/// The datacenters of a vRack likewise. One is down from its first extra's removal to its last
/// extra's return.
fn roll_datacenters(draft: &mut Draft<'_>, vrack: &VrackName) {
    let extras: BTreeMap<Address, Vec<&Unit<'_>>> = draft.extras(vrack).into_iter().collect();
    let datacenters = draft.in_vrack(vrack).filter(|unit| unit.is_l3_datacenter());
    let turns: Vec<Turn> = datacenters
        .map(|unit| {
            let inside = extras.get(unit.address()).map_or(&[][..], Vec::as_slice);
            let removed = inside.iter().filter(|extra| extra.deletes()).filter_map(|extra| extra.release);
            let made = inside.iter().filter(|extra| extra.creates()).filter_map(|extra| extra.claim);
            // Where the extras cannot wait, the datacenter itself still may.
            let and_itself = |own: Option<NodeIndex>, extras: Vec<NodeIndex>| {
                own.map_or(Vec::new(), |own| extras.into_iter().chain([own]).collect())
            };
            Turn {
                down: and_itself(unit.release.filter(|_| is_up(unit)), removed.collect()),
                up: and_itself(unit.claim, made.collect()),
            }
        })
        .collect();
    roll(draft, turns, &Because::KeepsDatacenter);
}

/// In a datacenter that stands, extras are added before others are removed, and of BGP peers that are
/// made anew one goes after the other.
fn roll_extras(draft: &mut Draft<'_>, vrack: &VrackName) {
    let (mut peers, mut routes): (Vec<Vec<Turn>>, Vec<Vec<Turn>>) = Default::default();
    for (datacenter, units) in draft.extras(vrack) {
        if draft.at(&datacenter).any(|unit| unit.deletes()) {
            continue;
        }
        let turn = |unit: &Unit<'_>| {
            let down = unit.release.filter(|_| is_up(unit));
            Turn { down: down.into_iter().collect(), up: unit.claim.into_iter().collect() }
        };
        let of = |kind: fn(&Address) -> bool| units.iter().filter(move |unit| kind(unit.address()));
        peers.push(of(is_bgp).map(|unit| turn(unit)).collect());
        // Routes are independent of each other: one that only changes its next hop waits for none.
        let one_way = |turn: &Turn| turn.down.is_empty() != turn.up.is_empty();
        routes.push(of(is_network).map(|unit| turn(unit)).filter(one_way).collect());
    }
    for turns in peers {
        roll(draft, turns, &Because::KeepsPeer);
    }
    for turns in routes {
        roll(draft, turns, &Because::AddedFirst);
    }
}

/// Whether the unit takes down something that is up.
fn is_up(unit: &Unit<'_>) -> bool {
    unit.deletes() && unit.released().is_some_and(|config| config.status == Status::Active)
}

/// One of several things of a kind that should not all be down at once: the nodes with which it goes
/// down and those with which it is up again. Either may be empty.
struct Turn {
    down: Vec<NodeIndex>,
    up: Vec<NodeIndex>,
}

/// Prefers: what is new, then what is made anew one after the other, then what goes.
fn roll(draft: &mut Draft<'_>, turns: Vec<Turn>, because: &Because) {
    let (mut news, mut anew, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for turn in turns {
        match (turn.down.is_empty(), turn.up.is_empty()) {
            (true, true) => {}
            (true, false) => news.push(turn),
            (false, false) => anew.push(turn),
            (false, true) => gone.push(turn),
        }
    }
    let all_up: Vec<NodeIndex> = news.iter().flat_map(|turn| &turn.up).copied().collect();
    let all_down: Vec<NodeIndex> = gone.iter().flat_map(|turn| &turn.down).copied().collect();
    let downs = anew.iter().map(|turn| &turn.down).chain([&all_down]);
    let ups = [&all_up].into_iter().chain(anew.iter().map(|turn| &turn.up));
    let mut holds = true;
    for (up, down) in ups.zip(downs) {
        holds &= prefer_all(draft, up, down, because);
    }
    // Where a demand forbids the chain, as much of it as there can be, pair by pair.
    if !holds {
        let turns: Vec<Turn> = news.into_iter().chain(anew).chain(gone).collect();
        roll_pairs(draft, &turns, because);
    }
}

/// Neighbours are tried first, then the pairs further apart, then those that can only be turned round.
fn roll_pairs(draft: &mut Draft<'_>, turns: &[Turn], because: &Because) {
    let first_down = turns.iter().position(|turn| !turn.down.is_empty()).unwrap_or(turns.len());
    let last_up = turns.iter().rposition(|turn| !turn.up.is_empty()).unwrap_or(0);
    let apart =
        |distance: usize| (0..turns.len().saturating_sub(distance)).map(move |at| (at, at + distance));
    for (early, late) in (1..turns.len()).flat_map(apart) {
        prefer_all(draft, &turns[early].up, &turns[late].down, because);
    }
    for (early, late) in (1..turns.len()).flat_map(apart) {
        if late <= last_up && early >= first_down {
            prefer_all(draft, &turns[late].up, &turns[early].down, because);
        }
    }
}

/// More pairs than this are kept apart by one of them, through which the others wait.
const PAIRS: usize = 64;

/// Prefers every one of `ups` to come before every one of `downs`. Says whether they all do now.
fn prefer_all(draft: &mut Draft<'_>, ups: &[NodeIndex], downs: &[NodeIndex], because: &Because) -> bool {
    if let [gate, others @ ..] = downs
        && ups.len() * downs.len() > PAIRS
    {
        return draft.graph.prefer_through(ups, *gate, others, because);
    }
    let mut hold = true;
    for (up, down) in ups.iter().flat_map(|up| downs.iter().map(move |down| (up, down))) {
        hold &= draft.graph.prefer(*up, *down, because.clone());
    }
    hold
}
