//! The plan under construction: each change as what it releases and what it claims.

use std::collections::BTreeMap;

use foldhash::HashMap;
use petgraph::graph::NodeIndex;

use super::Because;
use super::graph::Graph;
use crate::diff::{Action, Change};
use crate::live::{LiveConfig, PopKey, Status};
use crate::topology::{Address, DatacenterPart, Field, Node, Pop, ServicePart, Spec, VrackName};

/// A node of the draft.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) address: Address,
    pub(super) work: Work,
    /// The PoP through which it is called, of what belongs to an l3 datacenter.
    pub(super) via: Option<Through>,
}

/// What a node does.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Work {
    /// Wait for a task of someone else.
    Task {
        /// Its number.
        id: u64,
        /// What it does.
        function: String,
    },
    /// A part of a change.
    Part(Role, usize),
}

/// What a node does for its change; the operation follows from both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Role {
    /// Wait until what is unwanted is no longer being created.
    Settle,
    /// Delete, or wait until it is gone.
    Release,
    /// Create, or wait until it is active.
    Claim,
    /// Set the description.
    Describe,
    /// Lock or unlock an interface, or wait until that is over.
    Switch,
}

/// A PoP that a call goes through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Through {
    /// It stands already.
    Live(PopKey),
    /// It is made by this node.
    Made(NodeIndex),
}

/// A change as the nodes it needs.
#[derive(Clone, Debug)]
pub(super) struct Unit<'a> {
    pub(super) change: &'a Change,
    pub(super) settle: Option<NodeIndex>,
    pub(super) release: Option<NodeIndex>,
    pub(super) claim: Option<NodeIndex>,
    pub(super) switch: Option<NodeIndex>,
}

impl Unit<'_> {
    pub(super) fn address(&self) -> &Address {
        &self.change.address
    }

    /// The nodes, in their order.
    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeIndex> + use<> {
        [self.settle, self.release, self.claim, self.switch].into_iter().flatten()
    }

    /// Whether its release is a call of ours, not the end of a deletion that runs already.
    pub(super) fn deletes(&self) -> bool {
        self.release.is_some() && self.change.before.as_ref().is_some_and(|it| it.status != Status::Deleting)
    }

    /// Whether its claim is a call of ours, not the end of a creation that runs already.
    pub(super) fn creates(&self) -> bool {
        self.claim.is_some() && self.change.action != Action::Wait
    }

    /// What it releases.
    pub(super) fn released(&self) -> Option<&LiveConfig> {
        self.release.and(self.change.before.as_ref())
    }

    /// What it claims.
    pub(super) fn claimed(&self) -> Option<&Spec> {
        self.claim.and(self.change.after.as_ref())
    }

    pub(super) fn releases_l3_pop(&self) -> bool {
        matches!(self.released(), Some(LiveConfig { spec: Spec::Pop(Pop::L3 { .. }), .. }))
    }

    pub(super) fn claims_l3_pop(&self) -> bool {
        matches!(self.claimed(), Some(Spec::Pop(Pop::L3 { .. })))
    }

    pub(super) fn is_pop(&self) -> bool {
        matches!(self.address().node, Node::Service(_, ServicePart::Pop))
    }

    pub(super) fn is_l3_datacenter(&self) -> bool {
        matches!(self.address().node, Node::Datacenter(_, DatacenterPart::Config))
    }

    pub(super) fn is_extra(&self) -> bool {
        matches!(
            self.address().node,
            Node::Datacenter(_, DatacenterPart::Network(_) | DatacenterPart::Bgp(_))
        )
    }
}

/// The plan under construction.
#[derive(Clone, Debug)]
pub(super) struct Draft<'a> {
    pub(super) graph: Graph<Call>,
    pub(super) units: Vec<Unit<'a>>,
    changes: &'a [Change],
    by_address: HashMap<&'a Address, Vec<usize>>,
    /// By address, as the changes are.
    by_vrack: BTreeMap<&'a VrackName, Vec<usize>>,
}

impl<'a> Draft<'a> {
    /// The nodes of those changes that `wanted` lets through, with the order within each change.
    pub(super) fn new(changes: &'a [Change], wanted: impl Fn(&Change) -> bool) -> Self {
        let mut draft = Self {
            graph: Graph::default(),
            units: Vec::new(),
            changes,
            by_address: HashMap::default(),
            by_vrack: BTreeMap::new(),
        };
        for (index, change) in changes.iter().enumerate().filter(|(_, change)| wanted(change)) {
            draft.add_change(index, change);
        }
        draft
    }

    fn add_change(&mut self, index: usize, change: &'a Change) {
        let mut node = |role| {
            self.graph.add(Call { address: change.address.clone(), work: Work::Part(role, index), via: None })
        };
        let status = change.before.as_ref().map(|before| before.status);
        let removes = matches!(change.action, Action::Delete | Action::Replace);
        let switches = matches!(change.after, Some(Spec::Interface(_)));
        let changes = removes || (switches && change.action == Action::Update);
        let settle = (changes && status == Some(Status::Creating)).then(|| node(Role::Settle));
        let release = (removes || status == Some(Status::Deleting)).then(|| node(Role::Release));
        let makes = match change.action {
            Action::Create | Action::Replace => true,
            Action::Wait => status == Some(Status::Creating) && !switches,
            Action::Delete | Action::Update => false,
        };
        let claim = makes.then(|| node(Role::Claim));
        let switch = switches.then(|| node(Role::Switch));
        if change.fields.contains(&Field::Description) {
            node(Role::Describe);
        }
        if let (Some(settle), Some(then)) = (settle, release.or(switch)) {
            self.graph.require(settle, then, Because::Settles);
        }
        if let (Some(release), Some(claim)) = (release, claim) {
            self.graph.require(release, claim, Because::MadeAnew);
        }
        let unit = self.units.len();
        self.by_address.entry(&change.address).or_default().push(unit);
        self.by_vrack.entry(&change.address.vrack).or_default().push(unit);
        self.units.push(Unit { change, settle, release, claim, switch });
    }

    /// Adds a wait for a task of someone else.
    pub(super) fn add_task(&mut self, address: Address, id: u64, function: &str) -> NodeIndex {
        let work = Work::Task { id, function: function.to_owned() };
        self.graph.add(Call { address, work, via: None })
    }

    /// The change that a node is a part of.
    pub(super) fn change(&self, index: usize) -> &'a Change {
        &self.changes[index]
    }

    /// The units at one address.
    pub(super) fn at(&self, address: &Address) -> impl Iterator<Item = &Unit<'a>> {
        let units = self.by_address.get(address).into_iter().flatten();
        units.map(|unit| &self.units[*unit])
    }

    /// The node that makes what stands at an address, if the plan makes it.
    pub(super) fn claim_at(&self, address: &Address) -> Option<NodeIndex> {
        self.at(address).find_map(|unit| unit.claim)
    }

    /// The units of one vRack, by address.
    pub(super) fn in_vrack(&self, vrack: &VrackName) -> impl Iterator<Item = &Unit<'a>> {
        self.by_vrack.get(vrack).into_iter().flatten().map(|unit| &self.units[*unit])
    }

    /// The units of the extras of one vRack, by the datacenter they are in.
    pub(super) fn extras(&self, vrack: &VrackName) -> Vec<(Address, Vec<&Unit<'a>>)> {
        let mut extras: Vec<(Address, Vec<&Unit<'a>>)> = Vec::new();
        for unit in self.in_vrack(vrack).filter(|unit| unit.is_extra()) {
            let name = unit.address().datacenter_name();
            match extras.last_mut().filter(|(datacenter, _)| datacenter.datacenter_name() == name) {
                Some((_, units)) => units.push(unit),
                None => extras.extend(unit.address().parent().map(|datacenter| (datacenter, vec![unit]))),
            }
        }
        extras
    }

    /// The vRacks that have units.
    pub(super) fn vracks(&self) -> Vec<&'a VrackName> {
        self.by_vrack.keys().copied().collect()
    }

    /// Sets the PoP through which a node is called.
    pub(super) fn through(&mut self, node: NodeIndex, via: Through) {
        self.graph.node_mut(node).via = Some(via);
    }
}
