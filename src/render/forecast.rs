//! When the steps of a plan begin and end, as far as that can be told from what was measured.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::time::Duration;

use crate::plan::{Edge, Plan, StepId};

/// What is left of a step. Where no time is given, it is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// Nothing: it is over, or will not be run.
    Nothing,
    /// It runs, and needs so much longer.
    Running(Option<Duration>),
    /// It has not begun.
    All(Option<Duration>),
}

/// When the steps of a plan begin and end, from now on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forecast {
    /// By step: from when to when. What is not known takes no time.
    pub spans: Vec<(Duration, Duration)>,
    /// When the last one ends.
    pub end: Duration,
    /// Whether it takes longer than that, because of some step it is not known how much longer it takes.
    pub is_least: bool,
}

impl Forecast {
    /// The forecast where so much of each step is left, and so many run at once. None where nothing is known
    /// of any step that is left, or none is left.
    ///
    /// Steps begin as [`apply`](crate::apply) begins them: the first of those that wait for nothing.
    #[must_use]
    pub fn from(plan: &Plan, parallelism: usize, left: impl Fn(StepId) -> Left) -> Option<Self> {
        let left: Vec<Left> = plan.steps().map(|(id, _)| left(id)).collect();
        let is_known = |it: &Left| matches!(it, Left::Running(Some(_)) | Left::All(Some(_)));
        let is_unknown = |it: &Left| matches!(it, Left::Running(None) | Left::All(None));
        if !left.iter().any(is_known) {
            return None;
        }
        let is_least = left.iter().any(is_unknown);
        let mut line = Line::new(plan, &left);
        loop {
            while line.running.len() < parallelism.max(1)
                && let Some(step) = line.ready.pop_first()
            {
                line.begin(step, &left[step]);
            }
            let Some(Reverse((now, step))) = line.running.pop() else { break };
            line.now = now;
            line.over(step, &left);
        }
        Some(Self { end: line.now, spans: line.spans, is_least })
    }
}

/// The run as it is expected to go on.
struct Line {
    now: Duration,
    spans: Vec<(Duration, Duration)>,
    /// How many steps each step still waits for.
    missing: Vec<usize>,
    after: Vec<Vec<usize>>,
    ready: BTreeSet<usize>,
    /// What runs, by when it ends.
    running: BinaryHeap<Reverse<(Duration, usize)>>,
}

impl Line {
    fn new(plan: &Plan, left: &[Left]) -> Self {
        let mut missing = vec![0; left.len()];
        let mut after: Vec<Vec<usize>> = vec![Vec::new(); left.len()];
        for Edge { before, after: then, because: _ } in &plan.edges {
            if left[before.0] != Left::Nothing {
                missing[then.0] += 1;
                after[before.0].push(then.0);
            }
        }
        let mut line = Self {
            now: Duration::ZERO,
            spans: vec![(Duration::ZERO, Duration::ZERO); left.len()],
            missing,
            after,
            ready: BTreeSet::new(),
            running: BinaryHeap::new(),
        };
        for (step, it) in left.iter().enumerate() {
            match it {
                Left::Nothing => {}
                Left::Running(_) => line.begin(step, it),
                Left::All(_) if line.missing[step] == 0 => {
                    line.ready.insert(step);
                }
                Left::All(_) => {}
            }
        }
        line
    }

    fn begin(&mut self, step: usize, left: &Left) {
        let takes = match left {
            Left::Nothing | Left::Running(None) | Left::All(None) => Duration::ZERO,
            Left::Running(Some(takes)) | Left::All(Some(takes)) => *takes,
        };
        let end = self.now.saturating_add(takes);
        self.spans[step] = (self.now, end);
        self.running.push(Reverse((end, step)));
    }

    fn over(&mut self, step: usize, left: &[Left]) {
        for next in std::mem::take(&mut self.after[step]) {
            self.missing[next] -= 1;
            if self.missing[next] == 0 && matches!(left[next], Left::All(_)) {
                self.ready.insert(next);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::diff::Goal;
    use crate::plan::{Because, Operation, Step};

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A plan of so many steps, with these edges.
    fn plan(steps: usize, edges: &[(usize, usize)]) -> Plan {
        let step = Step {
            address: "pn-1".parse().expect("an address"),
            operation: Operation::AwaitVrackTask { task: 1, function: String::new() },
            change: None,
        };
        let edge = |(before, after): &(usize, usize)| Edge {
            before: StepId(*before),
            after: StepId(*after),
            because: Because::ParentFirst,
        };
        Plan {
            goal: Goal::Apply,
            changes: Vec::new(),
            steps: vec![step; steps],
            edges: edges.iter().map(edge).collect(),
            impact: BTreeMap::new(),
            unmanaged: Vec::new(),
            unchanged: 0,
        }
    }

    fn forecast(edges: &[(usize, usize)], parallelism: usize, left: &[Left]) -> Option<Forecast> {
        Forecast::from(&plan(left.len(), edges), parallelism, |id| left[id.0])
    }

    #[test]
    fn the_longest_chain_decides() {
        let all = |it: u64| Left::All(Some(seconds(it)));
        let found = forecast(&[(0, 1), (0, 2), (2, 3)], 10, &[all(10), all(100), all(20), all(30)]);
        let spans = [(0, 10), (10, 110), (10, 30), (30, 60)];
        let spans = spans.map(|(begin, end)| (seconds(begin), seconds(end))).to_vec();
        assert_eq!(found, Some(Forecast { spans, end: seconds(110), is_least: false }));
    }

    #[test]
    fn no_more_than_allowed_run_at_once() {
        let left = [Left::All(Some(seconds(10))); 5];
        let end = |parallelism| forecast(&[], parallelism, &left).map(|it| it.end);
        assert_eq!([1, 2, 5].map(end), [50, 30, 10].map(|it| Some(seconds(it))));
    }

    #[test]
    fn what_is_over_and_what_runs_count_for_what_is_left_of_them() {
        let left = [Left::Nothing, Left::Running(Some(seconds(4))), Left::All(Some(seconds(20)))];
        let found = forecast(&[(0, 2), (1, 2)], 10, &left).expect("something is known");
        assert_eq!((found.end, found.is_least), (seconds(24), false));
    }

    #[test]
    fn what_is_not_known_makes_it_the_least() {
        let left = [Left::Running(None), Left::All(Some(seconds(20)))];
        let found = forecast(&[(0, 1)], 10, &left).expect("something is known");
        assert_eq!((found.end, found.is_least), (seconds(20), true));
        assert_eq!(forecast(&[], 10, &[Left::Running(None), Left::All(None)]), None);
        assert_eq!(forecast(&[], 10, &[Left::Nothing]), None);
    }
}
