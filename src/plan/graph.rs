//! The graph under construction: nodes, edges with their reasons, and the questions order asks of it.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
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
    /// Kept from one search to the next: most of them end after a few nodes and would spend more on sets of
    /// their own than on looking.
    search: RefCell<Search>,
}

impl<N> Default for Graph<N> {
    fn default() -> Self {
        Self { inner: DiGraph::new(), edges: HashMap::default(), search: RefCell::default() }
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
            let Self { inner, edges, .. } = self;
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
        from == to || self.search.borrow_mut().meets(&self.inner, from, to)
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
        let mut search = self.search.take();
        let Search { ahead: behind, back: ahead } = &mut search;
        for found in [&mut *behind, &mut *ahead] {
            found.begin(&self.inner, gate);
            found.look_on(&self.inner);
        }
        let mut hold = true;
        for before in befores.iter().copied() {
            if behind.has(before) {
                hold = false;
            } else if !ahead.has(before) {
                self.require(before, gate, because.clone());
                ahead.add_all(&self.inner, before);
            }
        }
        for after in afters.iter().copied() {
            if ahead.has(after) {
                hold = false;
            } else if !behind.has(after) {
                self.require(gate, after, because.clone());
                behind.add_all(&self.inner, after);
            }
        }
        self.search.replace(search);
        hold
    }

    /// `after` and all that waits for it are `behind` now, which is everything that waits for some node.
    pub(super) fn now_behind(&self, behind: &mut HashSet<NodeIndex>, after: NodeIndex) {
        self.spread(behind, after, Direction::Outgoing);
    }

    /// Adds `from` and everything that lies `way` of it to a set that holds, with a node, all of that.
    fn spread(&self, found: &mut HashSet<NodeIndex>, from: NodeIndex, way: Direction) {
        let mut open: Vec<NodeIndex> = found.insert(from).then_some(from).into_iter().collect();
        while let Some(at) = open.pop() {
            open.extend(self.inner.neighbors_directed(at, way).filter(|next| found.insert(*next)));
        }
    }

    fn walk(&self, from: NodeIndex, way: Direction) -> HashSet<NodeIndex> {
        let mut found = HashSet::default();
        self.spread(&mut found, from, way);
        found.remove(&from);
        found
    }

    /// One order that respects every edge; among what could come next, the least by `key`.
    ///
    /// # Errors
    /// The nodes of one cycle, in its order.
    pub(super) fn order<'g, K: Ord>(
        &'g self,
        key: impl Fn(&'g N) -> K,
    ) -> Result<Vec<NodeIndex>, Vec<NodeIndex>> {
        let waits_for = |at| self.inner.neighbors_directed(at, Direction::Incoming).count();
        // What each node still waits for, by its index.
        let mut missing: Vec<usize> = self.inner.node_indices().map(waits_for).collect();
        let free = self.inner.node_indices().filter(|at| missing[at.index()] == 0);
        let mut ready: BinaryHeap<_> = free.map(|at| Reverse((key(&self.inner[at]), at))).collect();
        let mut order = Vec::with_capacity(self.inner.node_count());
        while let Some(Reverse((_, at))) = ready.pop() {
            order.push(at);
            for next in self.inner.neighbors_directed(at, Direction::Outgoing) {
                let count = &mut missing[next.index()];
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse((key(&self.inner[next]), next)));
                }
            }
        }
        if order.len() == self.inner.node_count() { Ok(order) } else { Err(self.cycle_among(&missing)) }
    }

    /// Which of `tos` wait for which of `froms`, directly or through others: the positions of both.
    ///
    /// The same as to ask [`reaches`](Self::reaches) of every pair, in one pass over all nodes for every 64
    /// of `froms`. `order` is one that respects every edge.
    pub(super) fn reached(
        &self,
        order: &[NodeIndex],
        froms: &[NodeIndex],
        tos: &[NodeIndex],
    ) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        let firsts = (0..).step_by(u64::BITS as usize);
        for (first, froms) in firsts.zip(froms.chunks(u64::BITS as usize)) {
            let mut reached_by = vec![0_u64; self.inner.node_count()];
            for (bit, from) in froms.iter().enumerate() {
                reached_by[from.index()] |= 1 << bit;
            }
            for at in order {
                let bits = reached_by[at.index()];
                if bits != 0 {
                    let nexts = self.inner.neighbors_directed(*at, Direction::Outgoing);
                    nexts.for_each(|next| reached_by[next.index()] |= bits);
                }
            }
            for (at, to) in tos.iter().enumerate() {
                let is_set = |bit: &usize| reached_by[to.index()] >> bit & 1 == 1;
                pairs.extend((0..froms.len()).filter(is_set).map(|bit| (first + bit, at)));
            }
        }
        pairs
    }

    /// A cycle among nodes of which each waits for another of them: `missing` says for how many, by index.
    fn cycle_among(&self, missing: &[usize]) -> Vec<NodeIndex> {
        let is_stuck = |at: &NodeIndex| missing[at.index()] > 0;
        let mut path: Vec<NodeIndex> = Vec::new();
        let mut at = self.inner.node_indices().find(is_stuck);
        while let Some(node) = at {
            if let Some(start) = path.iter().position(|seen| *seen == node) {
                let mut cycle = path.split_off(start);
                cycle.reverse();
                return cycle;
            }
            path.push(node);
            at = self.inner.neighbors_directed(node, Direction::Incoming).find(is_stuck);
        }
        path
    }

    pub(super) fn because(&self, before: NodeIndex, after: NodeIndex) -> Option<&Because> {
        self.edges.get(&(before, after)).map(|edge| &self.inner[*edge])
    }
}

/// What is found from two ends of the graph: along the edges from one, and against them from the other.
#[derive(Clone, Debug)]
struct Search {
    ahead: Found,
    back: Found,
}

impl Default for Search {
    fn default() -> Self {
        Self { ahead: Found::new(Direction::Outgoing), back: Found::new(Direction::Incoming) }
    }
}

impl Search {
    /// Whether a way leads from one node to another one.
    fn meets<N>(&mut self, graph: &DiGraph<N, Because>, from: NodeIndex, to: NodeIndex) -> bool {
        let Self { ahead, back } = self;
        ahead.begin(graph, from);
        back.begin(graph, to);
        while !ahead.open.is_empty() && !back.open.is_empty() {
            let (near, far) =
                if ahead.count <= back.count { (&mut *ahead, &*back) } else { (&mut *back, &*ahead) };
            let Some(at) = near.open.pop() else { break };
            for next in graph.neighbors_directed(at, near.way) {
                if far.has(next) {
                    return true;
                }
                near.add(next);
            }
        }
        false
    }
}

/// The nodes that are found in one direction.
#[derive(Clone, Debug)]
struct Found {
    way: Direction,
    /// By the index of a node the number of the search that found it last: what earlier ones found need not
    /// be cleared.
    found: Vec<u64>,
    number: u64,
    count: usize,
    /// Those whose neighbours were not looked at.
    open: Vec<NodeIndex>,
}

impl Found {
    fn new(way: Direction) -> Self {
        Self { way, found: Vec::new(), number: 0, count: 0, open: Vec::new() }
    }

    /// Forgets what was found, and begins at a node.
    fn begin<N>(&mut self, graph: &DiGraph<N, Because>, at: NodeIndex) {
        self.found.resize(graph.node_count(), 0);
        self.number += 1;
        self.count = 0;
        self.open.clear();
        self.add(at);
    }

    fn has(&self, at: NodeIndex) -> bool {
        self.found[at.index()] == self.number
    }

    fn add(&mut self, at: NodeIndex) {
        if !self.has(at) {
            self.found[at.index()] = self.number;
            self.count += 1;
            self.open.push(at);
        }
    }

    /// Adds a node and everything that lies behind it.
    fn add_all<N>(&mut self, graph: &DiGraph<N, Because>, from: NodeIndex) {
        self.add(from);
        self.look_on(graph);
    }

    /// Adds everything that lies behind what was found.
    fn look_on<N>(&mut self, graph: &DiGraph<N, Because>) {
        while let Some(at) = self.open.pop() {
            graph.neighbors_directed(at, self.way).for_each(|next| self.add(next));
        }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// More than the 64 that are looked up at a time.
    const NODES: usize = 90;

    proptest! {
        /// What all pairs show at once is what each shows when it is asked alone.
        #[test]
        fn pairs_at_once_are_the_pairs_one_by_one(
            edges in prop::collection::vec((0..NODES, 0..NODES), 0..150),
            froms in prop::collection::btree_set(0..NODES, 0..NODES),
            tos in prop::collection::btree_set(0..NODES, 0..NODES),
        ) {
            let mut graph = Graph::default();
            let nodes: Vec<NodeIndex> = (0..NODES).map(|number| graph.add(number)).collect();
            for (one, other) in edges.into_iter().filter(|(one, other)| one != other) {
                // From the lower number to the higher one: no circle.
                graph.require(nodes[one.min(other)], nodes[one.max(other)], Because::Settles);
            }
            let order = graph.order(|number| *number).expect("no circle");
            let [froms, tos] = [froms, tos].map(|chosen| chosen.iter().map(|at| nodes[*at]).collect::<Vec<_>>());
            let at_once: BTreeSet<_> = graph.reached(&order, &froms, &tos).into_iter().collect();
            for (from, a) in froms.iter().enumerate() {
                for (to, b) in tos.iter().enumerate() {
                    prop_assert_eq!(at_once.contains(&(from, to)), graph.reaches(*a, *b), "{:?} to {:?}", a, b);
                    prop_assert_eq!(graph.reaches(*a, *b), a == b || graph.ancestors(*b).contains(a));
                }
            }
        }
    }
}
