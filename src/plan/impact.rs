//! What stands while a plan runs: the least number of l3 paths and of configured datacenters.

use std::collections::BTreeMap;

use petgraph::algo::maximum_matching;
use petgraph::graph::{NodeIndex, UnGraph};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::draft::{Draft, Unit};
use crate::live::{Live, LiveConfig, Status};
use crate::topology::{DatacenterPart, Node, Pop, Spec, VrackName};

/// What stands in one vRack before, at the worst moment of any order the plan allows, and after.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Impact {
    /// L3 PoP configurations that are active.
    pub paths: Level,
    /// L3 datacenter configurations that are active.
    pub datacenters: Level,
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

/// The impact of a draft on every vRack it touches.
pub(super) fn of(draft: &Draft<'_>, live: &Live) -> BTreeMap<VrackName, Impact> {
    let vracks = draft.vracks().into_iter();
    vracks
        .map(|vrack| {
            let paths = Ups::of(draft, live, vrack, is_l3_pop, |node| {
                matches!(node, Node::Service(_, crate::topology::ServicePart::Pop))
            });
            let datacenters = Ups::of(draft, live, vrack, is_l3_datacenter, |node| {
                matches!(node, Node::Datacenter(_, DatacenterPart::Config))
            });
            (vrack.clone(), Impact { paths: paths.level(draft), datacenters: datacenters.level(draft) })
        })
        .collect()
}

fn is_l3_pop(spec: &Spec) -> bool {
    matches!(spec, Spec::Pop(Pop::L3 { .. }))
}

fn is_l3_datacenter(spec: &Spec) -> bool {
    matches!(spec, Spec::Datacenter(crate::topology::Datacenter::L3 { .. }))
}

/// The nodes that take something of one kind down, and those that bring it up.
struct Ups {
    before: usize,
    down: Vec<NodeIndex>,
    up: Vec<NodeIndex>,
}

impl Ups {
    fn of(
        draft: &Draft<'_>,
        live: &Live,
        vrack: &VrackName,
        is_kind: fn(&Spec) -> bool,
        stands_at: fn(&Node) -> bool,
    ) -> Self {
        // With the last l3 PoP on its way out, what it carries no longer counts.
        let mut pops = live.l3_pops(vrack);
        let doomed = pops.all(|(_, config)| config.status == Status::Deleting);
        let is_up = |config: &LiveConfig| config.status == Status::Active && is_kind(&config.spec) && !doomed;
        let standing = live.in_vrack(vrack).filter(|(at, _)| stands_at(&at.node));
        let before = standing.flat_map(|(_, configs)| configs).filter(|config| is_up(config)).count();
        let units: Vec<&Unit<'_>> =
            draft.in_vrack(vrack).filter(|unit| stands_at(&unit.address().node)).collect();
        let takes_down = |unit: &&&Unit<'_>| unit.deletes() && unit.released().is_some_and(is_up);
        let brings_up = |unit: &&&Unit<'_>| unit.claimed().is_some_and(is_kind);
        Self {
            before,
            down: units.iter().filter(takes_down).filter_map(|unit| unit.release).collect(),
            up: units.iter().filter(brings_up).filter_map(|unit| unit.claim).collect(),
        }
    }

    /// The worst moment takes down every set of things that can be down together. Each of them forces
    /// up what has to be up before it; so the count falls by the largest excess of a set of removals
    /// over the additions it forces, and by Hall's theorem that excess is the number of removals that a
    /// maximum matching with the additions they wait for leaves over.
    fn level(&self, draft: &Draft<'_>) -> Level {
        let matched = if self.down.is_empty() || self.up.is_empty() {
            0
        } else {
            let mut waits = UnGraph::<(), ()>::default();
            let downs: Vec<_> = self.down.iter().map(|_| waits.add_node(())).collect();
            for up in &self.up {
                let at = waits.add_node(());
                let then = draft.graph.descendants(*up);
                for (down, node) in downs.iter().zip(&self.down) {
                    if then.contains(node) {
                        waits.add_edge(at, *down, ());
                    }
                }
            }
            maximum_matching(&waits).edges().count()
        };
        Level {
            before: self.before,
            least: (self.before + matched).saturating_sub(self.down.len()),
            after: (self.before + self.up.len()).saturating_sub(self.down.len()),
        }
    }
}
