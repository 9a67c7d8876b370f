//! What stands while a plan runs: the least number of l3 paths, of configured datacenters and of BGP
//! peers, and what goes down from which step to which.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::maximum_matching;
use petgraph::graph::{NodeIndex, UnGraph};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::ports::{Ports, Switched};
use super::{Carried, Operation, Plan, StepId};
use crate::diff::Reason;
use crate::live::{Live, LiveConfig, Status};
use crate::topology::{
    Address, DatacenterName, DatacenterPart, Field, Node, Pop, ServicePart, Spec, VrackName,
};

/// What stands in one vRack before, at the worst moment of any order the plan allows, and after.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Impact {
    /// L3 PoP configurations that are active.
    pub paths: Level,
    /// L3 datacenter configurations that are active.
    pub datacenters: Level,
    /// BGP peers that are active, by datacenter. Only datacenters of which some go.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub peers: BTreeMap<DatacenterName, Level>,
}

/// A count before, at the worst moment, and after.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Level {
    /// Before the plan.
    pub before: usize,
    /// The least at any moment.
    pub least: usize,
    /// After the plan.
    pub after: usize,
}

impl Level {
    /// Whether something stood before and at some moment nothing does.
    #[must_use]
    pub fn drops_to_zero(&self) -> bool {
        self.before > 0 && self.least == 0
    }

    /// Whether it drops to zero and comes back.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.drops_to_zero() && self.after > 0
    }
}

/// Something in force that a plan takes down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outage {
    /// What.
    pub address: Address,
    /// The step that takes it down.
    pub from: StepId,
    /// The step that brings it back, if one does.
    pub until: Option<StepId>,
    /// Whether it goes down with its interface, and stays configured.
    pub locked: bool,
}

/// Every configuration in force that a plan takes down, in the order of its changes. Of duplicates one
/// stays: they are not among them.
#[must_use]
pub fn outages(plan: &Plan) -> Vec<Outage> {
    let mut outages: BTreeMap<usize, Vec<Outage>> = BTreeMap::new();
    let locks = plan.steps.iter().filter_map(|step| match step.operation {
        Operation::Lock { interface, .. } => Some(interface),
        _ => None,
    });
    let locked: BTreeSet<u64> = locks.collect();
    let stays_locked = |interface: Option<u64>| interface.is_some_and(|id| locked.contains(&id));
    for (id, step) in plan.steps() {
        let Some((at, change)) = step.change.and_then(|at| Some((at, plan.changes.get(at)?))) else {
            continue;
        };
        let was_up = change.before.as_ref().is_some_and(|before| before.status == Status::Active);
        if !was_up || change.reason == Reason::Duplicate {
            continue;
        }
        match &step.operation {
            Operation::DeletePop { .. }
            | Operation::DeleteDatacenter { .. }
            | Operation::DeleteExtra { .. } => {
                outages.insert(
                    at,
                    vec![Outage { address: step.address.clone(), from: id, until: None, locked: false }],
                );
            }
            // What is configured on an interface goes down with it, and stays.
            Operation::Lock { carries, .. } => {
                let down = |it: &Carried| Outage {
                    address: it.address.clone(),
                    from: id,
                    until: None,
                    locked: true,
                };
                outages.insert(at, carries.iter().map(down).collect());
            }
            // Of another layer, it is not what it was.
            Operation::CreatePop { .. } if change.fields.contains(&Field::Type) => {}
            // Made anew, it is locked with its interface.
            Operation::CreatePop { pop, .. } if stays_locked(pop.interface_id()) => {
                for outage in outages.entry(at).or_default() {
                    outage.locked = true;
                }
            }
            Operation::CreatePop { .. }
            | Operation::CreateDatacenter { .. }
            | Operation::CreateExtra { .. } => {
                for outage in outages.entry(at).or_default() {
                    outage.until = Some(id);
                }
            }
            _ => {}
        }
    }
    outages.into_values().flatten().collect()
}

/// The impact of a draft on every vRack it touches; `order` is one that respects every edge.
pub(super) fn of(draft: &Draft<'_>, order: &[NodeIndex], live: &Live) -> BTreeMap<VrackName, Impact> {
    let ports = Ports::of(draft, live);
    let vracks = draft.vracks().into_iter();
    vracks.map(|vrack| (vrack.clone(), of_vrack(draft, order, live, &ports, vrack))).collect()
}

fn of_vrack(
    draft: &Draft<'_>,
    order: &[NodeIndex],
    live: &Live,
    ports: &Ports<'_>,
    vrack: &VrackName,
) -> Impact {
    // With the last l3 PoP on its way out, what it carries no longer counts.
    let doomed = live.l3_pops(vrack).all(|(_, config)| config.status == Status::Deleting);
    let is_up = |config: &LiveConfig| config.status == Status::Active && !doomed;
    let mut paths = Ups::default();
    let mut datacenters = Ups::default();
    let mut peers: BTreeMap<&DatacenterName, Ups> = BTreeMap::new();
    let standing = live.in_vrack(vrack).flat_map(|(at, configs)| configs.iter().map(move |it| (at, it)));
    for (address, config) in standing.filter(|(_, config)| is_up(config)) {
        match counted(address, &config.spec) {
            Some(Counted::Path) => paths.before += usize::from(ports.carried(address, &config.spec)),
            Some(Counted::Datacenter) => datacenters.before += 1,
            Some(Counted::Peer(name)) => peers.entry(name).or_default().before += 1,
            None => {}
        }
    }
    for unit in draft.in_vrack(vrack) {
        let address = unit.address();
        let mut count = |spec: &Spec, note: &dyn Fn(&mut Ups)| match counted(address, spec) {
            Some(Counted::Path) => note(&mut paths),
            Some(Counted::Datacenter) => note(&mut datacenters),
            Some(Counted::Peer(name)) => note(peers.entry(name).or_default()),
            None => {}
        };
        let was_up = |config: &&LiveConfig| is_up(config) && ports.carried(address, &config.spec);
        if let (Some(config), true) = (unit.released().filter(was_up), unit.deletes()) {
            count(&config.spec, &|ups| ups.down.extend(unit.release));
        }
        if let Some(spec) = unit.claimed().filter(|spec| ports.carries_when_made(address, spec)) {
            count(spec, &|ups| ups.up.extend(unit.claim));
        }
    }
    for switched in ports.switched(vrack) {
        match switched {
            Switched::Down(node) => paths.down.push(*node),
            Switched::Up(node) => paths.up.push(*node),
        }
    }
    let peers = peers.into_iter().filter(|(_, ups)| !ups.down.is_empty());
    Impact {
        paths: paths.level(draft, order),
        datacenters: datacenters.level(draft, order),
        peers: peers.map(|(name, ups)| (name.clone(), ups.level(draft, order))).collect(),
    }
}

/// What is counted as one of several that stand in for each other.
enum Counted<'a> {
    Path,
    Datacenter,
    Peer(&'a DatacenterName),
}

fn counted<'a>(address: &'a Address, spec: &Spec) -> Option<Counted<'a>> {
    match (&address.node, spec) {
        (Node::Service(_, ServicePart::Pop), Spec::Pop(Pop::L3 { .. })) => Some(Counted::Path),
        (Node::Datacenter(_, DatacenterPart::Config), Spec::Datacenter(_)) => Some(Counted::Datacenter),
        (Node::Datacenter(name, DatacenterPart::Bgp(_)), _) => Some(Counted::Peer(name)),
        _ => None,
    }
}

/// More pairs than this are looked up in one pass over the whole draft.
const FEW_PAIRS: usize = 64;

/// How many of a kind stand, the nodes that take one of them down, and those that bring one up.
#[derive(Default)]
struct Ups {
    before: usize,
    down: Vec<NodeIndex>,
    up: Vec<NodeIndex>,
}

impl Ups {
    /// The worst moment takes down every set of things that can be down together. Each of them forces
    /// up what has to be up before it; so the count falls by the largest excess of a set of removals
    /// over the additions it forces, and by Hall's theorem that excess is the number of removals that a
    /// maximum matching with the additions they wait for leaves over.
    fn level(&self, draft: &Draft<'_>, order: &[NodeIndex]) -> Level {
        let matched = if self.down.is_empty() || self.up.is_empty() {
            0
        } else {
            let mut waits = UnGraph::<(), ()>::default();
            let downs: Vec<_> = self.down.iter().map(|_| waits.add_node(())).collect();
            let ups: Vec<_> = self.up.iter().map(|_| waits.add_node(())).collect();
            for (up, down) in self.forced(draft, order) {
                waits.add_edge(ups[up], downs[down], ());
            }
            maximum_matching(&waits).edges().count()
        };
        Level {
            before: self.before,
            least: (self.before + matched).saturating_sub(self.down.len()),
            after: (self.before + self.up.len()).saturating_sub(self.down.len()),
        }
    }

    /// Which of `up` have to be done before which of `down`: the positions of both.
    fn forced(&self, draft: &Draft<'_>, order: &[NodeIndex]) -> Vec<(usize, usize)> {
        if self.up.len() * self.down.len() > FEW_PAIRS {
            return draft.graph.reached(order, &self.up, &self.down);
        }
        let pairs = (0..self.up.len()).flat_map(|up| (0..self.down.len()).map(move |down| (up, down)));
        pairs.filter(|(up, down)| draft.graph.reaches(self.up[*up], self.down[*down])).collect()
    }
}
