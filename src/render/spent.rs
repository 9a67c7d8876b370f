//! Where the time of a run went: by phases, and waiting on tasks against everything else.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::events::seconds;
use crate::apply::{Event, Progress};
use crate::plan::StepId;

/// A part of a run.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Phase {
    /// What was done: `read`, `plan`, `apply` or `verify`.
    pub phase: PhaseName,
    /// How long it took.
    pub seconds: f64,
    /// For how much of that at least one task was under way at OVHcloud; left out where none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_seconds: Option<f64>,
    /// How many requests it made, those made again among them.
    pub requests: u64,
    /// How many of them were made again after a failure.
    pub retries: u64,
    /// How many were refused as too many.
    pub throttled: u64,
}

/// What is done in a phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PhaseName {
    /// Live state is read.
    Read,
    /// It is compared with the topology, and the steps are ordered.
    Plan,
    /// The steps are run.
    Apply,
    /// What carries traffic is looked at until it does.
    Verify,
}

/// Requests, counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Requests {
    /// All of them.
    pub made: u64,
    /// Those made again after a failure.
    pub retries: u64,
    /// Those refused as too many.
    pub throttled: u64,
}

impl PhaseName {
    const fn words(self) -> &'static str {
        match self {
            Self::Read => "read live state",
            Self::Plan => "compare and order",
            Self::Apply => "apply",
            Self::Verify => "verify",
        }
    }
}

impl Phase {
    /// A phase that took this long, with these requests.
    #[must_use]
    pub fn new(phase: PhaseName, took: Duration, requests: Requests) -> Self {
        let Requests { made, retries, throttled } = requests;
        Self { phase, seconds: seconds(took), task_seconds: None, requests: made, retries, throttled }
    }

    /// The same, with how long tasks were under way.
    #[must_use]
    pub fn with_tasks(self, tasks: Duration) -> Self {
        Self { task_seconds: Some(seconds(tasks)).filter(|seconds| *seconds > 0.0), ..self }
    }
}

/// The phases as a table, with a line for all of them.
#[must_use]
pub fn table(phases: &[Phase]) -> String {
    let mut rows = Vec::new();
    for it in phases {
        rows.push((it.phase.words(), it.seconds, Some((it.requests, it.retries, it.throttled))));
        if let Some(tasks) = it.task_seconds {
            rows.push(("  a task under way", tasks, None));
            rows.push(("  everything else", it.seconds - tasks, None));
        }
    }
    let sum = |count: &dyn Fn(&Phase) -> u64| phases.iter().map(count).sum::<u64>();
    let all = (sum(&|it| it.requests), sum(&|it| it.retries), sum(&|it| it.throttled));
    rows.push(("in all", phases.iter().map(|it| it.seconds).sum(), Some(all)));
    let mut text = String::from("  where the time went   seconds  requests  retries  refused as too many\n");
    for (name, seconds, counts) in rows {
        let counts =
            counts.map(|(requests, retries, throttled)| format!("{requests:>10}{retries:>9}{throttled:>21}"));
        text += &format!("  {name:<20}{seconds:>9.3}{}\n", counts.unwrap_or_default());
    }
    text
}

/// For how long tasks are under way, of each step and of any.
#[derive(Debug, Default)]
pub struct TaskTime {
    since: BTreeMap<StepId, Duration>,
    any_since: Duration,
    any: Duration,
}

impl TaskTime {
    /// Takes note of what happened at `now`, counted from the beginning of the run. At the end of a step
    /// that a task did: for how long it was under way, up to the moment its effect was seen.
    pub fn note(&mut self, now: Duration, event: &Event) -> Option<Duration> {
        match event {
            Event::Progress { step, progress } => {
                if matches!(progress, Progress::Accepted { task: Some(_), .. } | Progress::Task { .. }) {
                    if self.since.is_empty() {
                        self.any_since = now;
                    }
                    self.since.entry(*step).or_insert(now);
                }
                None
            }
            Event::Finished { step, .. } | Event::Failed { step, .. } | Event::Stopped { step } => {
                let since = self.since.remove(step)?;
                if self.since.is_empty() {
                    self.any += now.saturating_sub(self.any_since);
                }
                Some(now.saturating_sub(since))
            }
            Event::Started { .. } | Event::Skipped { .. } => None,
        }
    }

    /// For how long at least one task was under way.
    #[must_use]
    pub const fn any(&self) -> Duration {
        self.any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn called(step: usize) -> Event {
        let progress = Progress::Accepted { task: Some(7), query_id: None };
        Event::Progress { step: StepId(step), progress }
    }

    fn finished(step: usize) -> Event {
        Event::Finished { step: StepId(step), elapsed: Duration::ZERO }
    }

    #[test]
    fn time_that_tasks_share_counts_once() {
        let mut time = TaskTime::default();
        assert_eq!(time.note(MS(100), &called(0)), None);
        assert_eq!(time.note(MS(200), &called(1)), None);
        assert_eq!(time.note(MS(500), &finished(0)), Some(MS(400)));
        assert_eq!(time.note(MS(700), &finished(1)), Some(MS(500)));
        // Nothing is under way until the next call.
        time.note(MS(1000), &called(2));
        assert_eq!(time.note(MS(1100), &finished(2)), Some(MS(100)));
        assert_eq!(time.note(MS(1200), &finished(3)), None, "no task did it");
        assert_eq!(time.any(), MS(700));
    }

    #[test]
    fn the_table_adds_up() {
        let requests = |made, retries| Requests { made, retries, throttled: 0 };
        let read = Phase::new(PhaseName::Read, MS(210), requests(12, 0));
        let apply = Phase::new(PhaseName::Apply, MS(8600), requests(321, 2)).with_tasks(MS(8100));
        let expected = "  \
  where the time went   seconds  requests  retries  refused as too many
  read live state         0.210        12        0                    0
  apply                   8.600       321        2                    0
    a task under way      8.100
    everything else       0.500
  in all                  8.810       333        2                    0
";
        assert_eq!(table(&[read, apply]), expected);
    }
}
