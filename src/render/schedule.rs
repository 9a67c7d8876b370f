//! The order of a plan as rounds: what can be done at the same time, and what has to come later.
//!
//! A round is no time. How long OVHcloud's tasks take is not documented, so each step counts for one.

use crate::plan::{Edge, Plan, StepId};

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
}
