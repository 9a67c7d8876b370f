//! The order of a plan as rounds: what can be done at the same time, and what has to come later.
//!
//! A round is no time. How long OVHcloud's tasks take is not documented, so each step counts for one.

use std::collections::BTreeMap;

use crate::live::Status;
use crate::plan::{Edge, Operation, Plan, Step, StepId, Target};
use crate::topology::{Pop, Spec, VrackName};

/// When each step of a plan can begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// By step: how many rounds are over before it can begin.
    rounds: Vec<usize>,
    /// By step: whether the plan takes longer if it does.
    critical: Vec<bool>,
    /// How many rounds there are.
    pub length: usize,
}

impl Schedule {
    /// The schedule of a plan. Its steps stand in an order that respects its edges.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); plan.steps.len()];
        for Edge { before: first, after, because: _ } in &plan.edges {
            before[after.0].push(first.0);
        }
        let mut rounds: Vec<usize> = Vec::with_capacity(plan.steps.len());
        for firsts in &before {
            rounds.push(firsts.iter().map(|first| rounds[*first] + 1).max().unwrap_or(0));
        }
        let length = rounds.iter().map(|round| round + 1).max().unwrap_or(0);
        // How many rounds are needed from each step's beginning to the end of what waits for it.
        let mut left = vec![1; plan.steps.len()];
        for (step, firsts) in before.iter().enumerate().rev() {
            for first in firsts {
                left[*first] = left[*first].max(left[step] + 1);
            }
        }
        let critical = rounds.iter().zip(&left).map(|(round, left)| round + left == length).collect();
        Self { rounds, critical, length }
    }

    /// How many rounds are over before a step can begin.
    #[must_use]
    pub fn round(&self, step: StepId) -> usize {
        self.rounds.get(step.0).copied().unwrap_or(0)
    }

    /// Whether the whole plan takes longer if this step does.
    #[must_use]
    pub fn is_critical(&self, step: StepId) -> bool {
        self.critical.get(step.0).copied().unwrap_or(false)
    }

    /// How many l3 paths of each vRack stand in each round, if every step takes one round. Only vRacks
    /// where that number changes.
    #[must_use]
    pub fn paths(&self, plan: &Plan) -> BTreeMap<VrackName, Vec<usize>> {
        // How many go with a round's beginning, and how many come with its end.
        let mut moves: BTreeMap<&VrackName, Vec<(usize, usize)>> = BTreeMap::new();
        for (id, step) in plan.steps() {
            let (goes, comes) = (takes_a_path(plan, step), brings_a_path(plan, step));
            if goes || comes {
                let rounds = moves.entry(&step.address.vrack).or_insert_with(|| vec![(0, 0); self.length]);
                let round = &mut rounds[self.round(id)];
                round.0 += usize::from(goes);
                round.1 += usize::from(comes);
            }
        }
        let mut paths = BTreeMap::new();
        for (vrack, moves) in moves {
            let Some(impact) = plan.impact.get(vrack) else { continue };
            let mut now = impact.paths.before;
            let mut counts = Vec::with_capacity(moves.len());
            for (gone, come) in moves {
                now = now.saturating_sub(gone);
                counts.push(now);
                now += come;
            }
            // Where the plan counts otherwise (something is on its way out already), nothing is claimed.
            if now == impact.paths.after {
                paths.insert(vrack.clone(), counts);
            }
        }
        paths
    }
}

fn takes_a_path(plan: &Plan, step: &Step) -> bool {
    let Operation::DeletePop { .. } = step.operation else { return false };
    let change = step.change.and_then(|at| plan.changes.get(at));
    change.and_then(|it| it.before.as_ref()).is_some_and(|before| {
        before.status == Status::Active && matches!(before.spec, Spec::Pop(Pop::L3 { .. }))
    })
}

fn brings_a_path(plan: &Plan, step: &Step) -> bool {
    match &step.operation {
        Operation::CreatePop { pop: Pop::L3 { .. }, .. } => true,
        Operation::AwaitActive { target: Target::Pop { .. } } => {
            let change = step.change.and_then(|at| plan.changes.get(at));
            change.is_some_and(|it| matches!(it.after, Some(Spec::Pop(Pop::L3 { .. }))))
        }
        _ => false,
    }
}
