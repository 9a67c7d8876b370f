//! The order of a plan along a line: in time, where it is known how long its steps take, else in rounds.

use std::collections::BTreeMap;
use std::time::Duration;

use super::report::Expected;
use super::schedule::Schedule;
use super::words;
use crate::live::Status;
use crate::plan::{Edge, Operation, Plan, Step, StepId, Target};
use crate::topology::{Pop, Spec, VrackName};

/// A line of time has no more parts than this.
const MOST_CELLS: u64 = 6;
/// How long a part of it may be, in seconds: what reads well. A longer one is some number of days.
const CELLS: [u64; 19] =
    [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 14_400, 28_800, 43_200];
const DAY: u64 = 86_400;

/// The line, in milliseconds or in rounds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timeline {
    /// What its parts begin with. All are equally long.
    pub cells: Vec<String>,
    /// How long it is.
    pub length: u64,
    /// By step: from where to where. What takes nobody knows how long ends where it begins.
    spans: Vec<(u64, u64)>,
    /// By step: whether the whole takes longer if it does.
    critical: Vec<bool>,
}

impl Timeline {
    /// The line of a plan, in time where that is known.
    #[must_use]
    pub fn of(plan: &Plan, expected: Option<&Expected>) -> Self {
        expected.map_or_else(|| Self::in_rounds(plan), |expected| Self::in_time(plan, expected))
    }

    fn in_rounds(plan: &Plan) -> Self {
        let schedule = Schedule::of(plan);
        let round = |id: StepId| u64::try_from(schedule.round(id)).unwrap_or(u64::MAX - 1);
        Self {
            cells: (1..=schedule.length).map(|round| round.to_string()).collect(),
            length: u64::try_from(schedule.length).unwrap_or(u64::MAX),
            spans: plan.steps().map(|(id, _)| (round(id), round(id) + 1)).collect(),
            critical: plan.steps().map(|(id, _)| schedule.is_critical(id)).collect(),
        }
    }

    fn in_time(plan: &Plan, expected: &Expected) -> Self {
        let forecast = &expected.forecast;
        let seconds = millis(forecast.end).div_ceil(1000).max(1);
        let fits = |cell: &u64| seconds.div_ceil(*cell) <= MOST_CELLS;
        let cell = CELLS.into_iter().find(fits).unwrap_or_else(|| seconds.div_ceil(MOST_CELLS * DAY) * DAY);
        let cells = seconds.div_ceil(cell);
        // What ends last is critical, and what ends just when something critical that waits for it begins.
        let mut critical: Vec<bool> = forecast.spans.iter().map(|(_, end)| *end == forecast.end).collect();
        let mut edges: Vec<&Edge> = plan.edges.iter().collect();
        edges.sort_by_key(|edge| std::cmp::Reverse(edge.after));
        for Edge { before, after, because: _ } in edges {
            if critical[after.0] && forecast.spans[before.0].1 == forecast.spans[after.0].0 {
                critical[before.0] = true;
            }
        }
        Self {
            cells: (0..cells).map(|at| words::clock(Duration::from_secs(at * cell))).collect(),
            length: cells * cell * 1000,
            spans: forecast.spans.iter().map(|(begin, end)| (millis(*begin), millis(*end))).collect(),
            critical,
        }
    }

    /// From where to where a step goes.
    #[must_use]
    pub fn span(&self, step: StepId) -> (u64, u64) {
        self.spans[step.0]
    }

    /// Whether the whole plan takes longer if this step does.
    #[must_use]
    pub fn is_critical(&self, step: StepId) -> bool {
        self.critical[step.0]
    }

    /// How many l3 paths of each vRack stand in each part of the line, at the least. Only vRacks where that
    /// number changes, and where it is known when.
    #[must_use]
    pub fn paths(&self, plan: &Plan) -> BTreeMap<VrackName, Vec<usize>> {
        // When a path comes (false) or goes (true). What comes and goes at once comes first: it was waited for.
        let mut moves: BTreeMap<&VrackName, Option<Vec<(u64, bool)>>> = BTreeMap::new();
        for (id, step) in plan.steps() {
            let (begin, end) = self.span(id);
            let (goes, comes) = (takes_a_path(plan, step), brings_a_path(plan, step));
            if goes || comes {
                let moves = moves.entry(&step.address.vrack).or_insert_with(|| Some(Vec::new()));
                match moves {
                    _ if begin == end => *moves = None,
                    Some(moves) => moves.push(if goes { (begin, true) } else { (end, false) }),
                    None => {}
                }
            }
        }
        let cell = self.length / u64::try_from(self.cells.len().max(1)).unwrap_or(1);
        let mut paths = BTreeMap::new();
        for (vrack, moves) in moves {
            let (Some(mut moves), Some(impact)) = (moves, plan.impact.get(vrack)) else { continue };
            moves.sort_unstable();
            let mut moves = moves.into_iter().peekable();
            let mut now = impact.paths.before;
            let mut after = |now: usize, until: u64| {
                let (_, goes) = moves.next_if(|(at, _)| *at <= until)?;
                Some(if goes { now.saturating_sub(1) } else { now + 1 })
            };
            let mut counts = Vec::with_capacity(self.cells.len());
            for begin in (0..self.length).step_by(usize::try_from(cell).unwrap_or(usize::MAX).max(1)) {
                while let Some(then) = after(now, begin) {
                    now = then;
                }
                let mut least = now;
                while let Some(then) = after(now, begin + cell - 1) {
                    now = then;
                    least = least.min(now);
                }
                counts.push(least);
            }
            while let Some(then) = after(now, self.length) {
                now = then;
            }
            // Where the plan counts otherwise (something is on its way out already), nothing is claimed.
            if now == impact.paths.after {
                paths.insert(vrack.clone(), counts);
            }
        }
        paths
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::plan;
    use crate::render::timing::Timings;

    /// The sample's steps one after the other, and how long each but the last takes, in seconds.
    fn timed(seconds: [u64; 4]) -> Timeline {
        let mut plan = plan();
        let edge = |after| Edge {
            before: StepId(after - 1),
            after: StepId(after),
            because: crate::plan::Because::ParentFirst,
        };
        plan.edges = (1..plan.steps.len()).map(edge).collect();
        let mut timings = Timings::default();
        for (step, seconds) in plan.steps.iter().zip(seconds) {
            timings.note(&step.operation, Duration::from_secs(seconds));
        }
        let expected = Expected::of(&plan, &timings, 10);
        Timeline::of(&plan, expected.as_ref())
    }

    #[test]
    fn a_line_of_time_has_parts_that_read_well() {
        let line = timed([8, 40, 20, 60]);
        assert_eq!(line.cells, ["0:00", "0:30", "1:00", "1:30", "2:00"]);
        assert_eq!((line.length, line.span(StepId(2))), (150_000, (48_000, 68_000)));
        assert_eq!(line.span(StepId(4)), (128_000, 128_000), "nobody knows how long that takes");
        let days = timed([8, 400_000, 600_000, 60]);
        assert_eq!((days.cells.len(), days.cells[1].as_str()), (6, "48:00:00"));
    }

    #[test]
    fn what_the_end_waits_for_without_a_gap_is_critical() {
        let line = timed([8, 40, 20, 60]);
        assert!((0..5).all(|step| line.is_critical(StepId(step))), "in a chain every step is");
    }
}
