//! The graph under construction: nodes, edges with their reasons, and the questions order asks of it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;

use foldhash::{HashMap, HashSet};
use petgraph::Direction;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;

use super::Because;

/// A directed graph whose edges point from what comes first to what waits.
#[derive(Clone, Debug)]
pub(super) struct Graph<N> {
    inner: DiGraph<N, Because>,
    /// The edges by their ends: a step with thousands of successors must not be searched for each.
    edges: HashMap<(NodeIndex, NodeIndex), EdgeIndex>,
}

impl<N> Default for Graph<N> {
    fn default() -> Self {
        Self { inner: DiGraph::new(), edges: HashMap::default() }
    }
}

impl<N> Graph<N> {
    pub(super) fn add(&mut self, node: N) -> NodeIndex {
        self.inner.add_node(node)
    }

    pub(super) fn node(&self, at: NodeIndex) -> &N {
        &self.inner[at]
    }

    pub(super) fn node_mut(&mut self, at: NodeIndex) -> &mut N {
        &mut self.inner[at]
    }

    pub(super) fn indices(&self) -> impl Iterator<Item = NodeIndex> + use<N> {
        self.inner.node_indices()
    }

    pub(super) fn edges(&self) -> impl Iterator<Item = (NodeIndex, NodeIndex, &Because)> {
        self.inner.edge_references().map(|edge| (edge.source(), edge.target(), edge.weight()))
    }

    /// `before` comes before `after`. The first reason given for a pair is the one that is kept.
    pub(super) fn require(&mut self, before: NodeIndex, after: NodeIndex, because: Because) {
        if before != after {
            let Self { inner, edges } = self;
            edges.entry((before, after)).or_insert_with(|| inner.add_edge(before, after, because));
        }
    }

    /// `before` comes before `after` if nothing demands the reverse. Says whether it does now.
    pub(super) fn prefer(&mut self, before: NodeIndex, after: NodeIndex, because: Because) -> bool {
        if before == after || self.reaches(after, before) {
            return false;
        }
        if !self.reaches(before, after) {
            self.require(before, after, because);
        }
        true
    }

    /// Whether `to` waits for `from`, directly or through others.
    ///
    /// Searched from both ends, whichever has seen less: where services move on from vRack to vRack
    /// everything hangs together, and one end mostly still has few neighbours.
    pub(super) fn reaches(&self, from: NodeIndex, to: NodeIndex) -> bool {
        if from == to {
            return true;
        }
        let mut ahead = Walk::new(from, Direction::Outgoing);
        let mut back = Walk::new(to, Direction::Incoming);
        while !ahead.open.is_empty() && !back.open.is_empty() {
            let (walk, other) = if ahead.seen.len() <= back.seen.len() {
                (&mut ahead, &back.seen)
            } else {
                (&mut back, &ahead.seen)
            };
            if walk.step(&self.inner).iter().any(|node| other.contains(node)) {
                return true;
            }
        }
        false
    }

    /// What `at` waits for directly.
    pub(super) fn before(&self, at: NodeIndex) -> impl Iterator<Item = NodeIndex> {
        self.inner.neighbors_directed(at, Direction::Incoming)
    }

    /// Everything that `at` waits for, directly or through others.
    pub(super) fn ancestors(&self, at: NodeIndex) -> HashSet<NodeIndex> {
        self.walk(at, Direction::Incoming)
    }

    /// Everything that waits for `at`, directly or through others.
    pub(super) fn descendants(&self, at: NodeIndex) -> HashSet<NodeIndex> {
        self.walk(at, Direction::Outgoing)
    }

    /// All of `befores` come before `gate`, and `gate` before all of `afters`, each if nothing demands the
    /// reverse. Says whether all of them do now.
    ///
    /// The same as to prefer them one by one, but what `gate` waits for, and what waits for it, is searched
    /// once: there may be thousands of them.
    pub(super) fn prefer_through(
        &mut self,
        befores: &[NodeIndex],
        gate: NodeIndex,
        afters: &[NodeIndex],
        because: &Because,
    ) -> bool {
        let (mut ahead, mut behind) = (self.ancestors(gate), self.descendants(gate));
        let mut hold = true;
        for before in befores {
            if *before == gate || behind.contains(before) {
                hold = false;
            } else if !ahead.contains(before) {
                self.require(*before, gate, because.clone());
                self.spread(&mut ahead, *before, Direction::Incoming);
            }
        }
        for after in afters {
            if *after == gate || ahead.contains(after) {
                hold = false;
            } else if !behind.contains(after) {
                self.require(gate, *after, because.clone());
                self.spread(&mut behind, *after, Direction::Outgoing);
            }
        }
        hold
    }

    /// `after` and all that waits for it are `behind` now, which is everything that waits for some node.
    pub(super) fn now_behind(&self, behind: &mut HashSet<NodeIndex>, after: NodeIndex) {
        self.spread(behind, after, Direction::Outgoing);
    }

    /// Adds `from` and everything that lies `way` of it to a set that holds, with a node, all of that.
    fn spread(&self, reached: &mut HashSet<NodeIndex>, from: NodeIndex, way: Direction) {
        if reached.insert(from) {
            let mut walk = Walk { way, seen: std::mem::take(reached), open: vec![from] };
            while !walk.open.is_empty() {
                walk.step(&self.inner);
            }
            *reached = walk.seen;
        }
    }

    fn walk(&self, from: NodeIndex, way: Direction) -> HashSet<NodeIndex> {
        let mut walk = Walk::new(from, way);
        while !walk.open.is_empty() {
            walk.step(&self.inner);
        }
        walk.seen.remove(&from);
        walk.seen
    }

    /// One order that respects every edge; among what could come next, the least by `key`.
    ///
    /// # Errors
    /// The nodes of one cycle, in its order.
    pub(super) fn order<K: Ord>(&self, key: impl Fn(&N) -> K) -> Result<Vec<NodeIndex>, Vec<NodeIndex>> {
        let mut missing: BTreeMap<NodeIndex, usize> = BTreeMap::new();
        let mut ready = BinaryHeap::new();
        for at in self.inner.node_indices() {
            let count = self.inner.neighbors_directed(at, Direction::Incoming).count();
            if count == 0 {
                ready.push(Reverse((key(&self.inner[at]), at)));
            } else {
                missing.insert(at, count);
            }
        }
        let mut order = Vec::with_capacity(self.inner.node_count());
        while let Some(Reverse((_, at))) = ready.pop() {
            order.push(at);
            for next in self.inner.neighbors_directed(at, Direction::Outgoing) {
                let Some(count) = missing.get_mut(&next) else { continue };
                *count -= 1;
                if *count == 0 {
                    missing.remove(&next);
                    ready.push(Reverse((key(&self.inner[next]), next)));
                }
            }
        }
        if missing.is_empty() { Ok(order) } else { Err(self.cycle_among(&missing)) }
    }

    /// A cycle among nodes of which each waits for another of them.
    fn cycle_among(&self, stuck: &BTreeMap<NodeIndex, usize>) -> Vec<NodeIndex> {
        let mut path: Vec<NodeIndex> = Vec::new();
        let mut at = stuck.keys().next().copied();
        while let Some(node) = at {
            if let Some(start) = path.iter().position(|seen| *seen == node) {
                let mut cycle = path.split_off(start);
                cycle.reverse();
                return cycle;
            }
            path.push(node);
            at = self
                .inner
                .neighbors_directed(node, Direction::Incoming)
                .find(|next| stuck.contains_key(next));
        }
        path
    }

    pub(super) fn because(&self, before: NodeIndex, after: NodeIndex) -> Option<&Because> {
        self.edges.get(&(before, after)).map(|edge| &self.inner[*edge])
    }
}

/// A search in one direction, one node at a time.
struct Walk {
    way: Direction,
    seen: HashSet<NodeIndex>,
    open: Vec<NodeIndex>,
}

impl Walk {
    fn new(from: NodeIndex, way: Direction) -> Self {
        Self { way, seen: HashSet::from_iter([from]), open: vec![from] }
    }

    /// Looks at the neighbours of one more node, and says which of them are new.
    fn step<N>(&mut self, graph: &DiGraph<N, Because>) -> &[NodeIndex] {
        let Self { way, seen, open } = self;
        let Some(at) = open.pop() else { return &[] };
        let old = open.len();
        open.extend(graph.neighbors_directed(at, *way).filter(|next| seen.insert(*next)));
        &open[old..]
    }
}

/// A defect of this program: steps that wait for each other in a circle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cycle {
    /// Each step of the circle, in words, and why the next one waits for it.
    pub steps: Vec<(String, String)>,
}

impl std::error::Error for Cycle {}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "this is a defect of ovhconnect, please report it: the steps wait for each other in a circle",
        )?;
        for (step, because) in &self.steps {
            write!(f, "\n  {step}, then ({because})")?;
        }
        Ok(())
    }
}
