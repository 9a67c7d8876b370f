//! Runs a plan: every step as soon as what it waits for is done, each followed to its effect.
//!
//! Nothing is decided here. What to do and in which order is the plan's; what is left undone is for
//! the next plan. A step that fails stops what depends on it and nothing else.

mod bodies;
mod error;
mod event;
mod follow;
mod health;
mod ids;
mod look;
mod looks;
mod mutate;
mod poll;
mod run;
mod switch;
mod tasks;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::api::Client;
use crate::plan::{Plan, StepId};

pub use error::{Place, StepError, Work};
pub use event::{Counts, Event, Fate, Outcome, Progress};
pub use poll::delay as poll_delay;

/// How a plan is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many steps run at once, at the most; `usize::MAX` for every one that can.
    pub parallelism: usize,
    /// How long a task, and after it its configuration, may take.
    pub task_timeout: Duration,
    /// What to do while a service is busy with something this run did not begin.
    pub busy: Busy,
    /// Whether a PoP that keeps a path up has to be healthy before the next one is touched.
    pub health: HealthGate,
    /// How long its session may take to come up.
    pub health_timeout: Duration,
    /// Becomes true when nothing new is to be started.
    pub stop: watch::Receiver<bool>,
}

impl Options {
    /// The defaults, with a stop that never comes.
    #[must_use]
    pub fn unstoppable() -> Self {
        Self {
            parallelism: usize::MAX,
            task_timeout: Duration::from_secs(1800),
            busy: Busy::Wait,
            health: HealthGate::Auto,
            health_timeout: Duration::from_secs(600),
            stop: watch::channel(false).1,
        }
    }
}

/// What to do while a service is busy with something this run did not begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Busy {
    /// Wait for it.
    Wait,
    /// Give up.
    Fail,
}

/// Whether the BGP session of a PoP that was made has to be up before another PoP goes because of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HealthGate {
    /// Yes, where the API tells; where it refuses to, say so once and go on.
    Auto,
    /// Yes.
    On,
    /// No.
    Off,
}

/// Runs `plan` and tells `events` what happens, as it happens.
///
/// Returns when every step is done, has failed, or cannot be started any more.
pub async fn apply(
    client: &Client,
    plan: &Plan,
    options: &Options,
    events: &(dyn Fn(Event) + Sync),
) -> Outcome {
    let runner = run::Runner::new(client, plan, options, events);
    let mut schedule = Schedule::new(plan);
    let mut running = FuturesUnordered::new();
    let mut stop = options.stop.clone();
    loop {
        while running.len() < options.parallelism.max(1)
            && !*stop.borrow()
            && let Some(id) = schedule.next()
        {
            events(Event::Started { step: id });
            let runner = &runner;
            running.push(async move {
                let begun = Instant::now();
                (id, runner.run(id).await, begun.elapsed())
            });
        }
        if running.is_empty() {
            break;
        }
        let (id, result, elapsed) = tokio::select! {
            Some(ended) = running.next() => ended,
            // Woken to look at it again; a dropped sender will never stop anything.
            Ok(()) = stop.changed() => continue,
        };
        match result {
            Ok(()) => {
                events(Event::Finished { step: id, elapsed });
                schedule.done(id, elapsed);
            }
            // It stays as if it had not been started.
            Err(StepError::Stopped) => events(Event::Stopped { step: id }),
            Err(error) => {
                events(Event::Failed { step: id, error: error.clone(), elapsed });
                for skipped in schedule.failed(id, error, elapsed) {
                    events(Event::Skipped { step: skipped, because: id });
                }
            }
        }
    }
    Outcome { fates: schedule.fates, changed: runner.changed() }
}

/// Which steps can run, and what became of the others.
struct Schedule {
    /// How many steps each step still waits for.
    missing: Vec<usize>,
    after: HashMap<StepId, Vec<StepId>>,
    ready: BTreeSet<StepId>,
    fates: Vec<Fate>,
}

impl Schedule {
    fn new(plan: &Plan) -> Self {
        let mut missing = vec![0; plan.steps.len()];
        let mut after: HashMap<StepId, Vec<StepId>> = HashMap::new();
        for edge in &plan.edges {
            missing[edge.after.0] += 1;
            after.entry(edge.before).or_default().push(edge.after);
        }
        let ready = plan.steps().map(|(id, _)| id).filter(|id| missing[id.0] == 0).collect();
        Self { missing, after, ready, fates: vec![Fate::NotStarted; plan.steps.len()] }
    }

    fn next(&mut self) -> Option<StepId> {
        self.ready.pop_first()
    }

    fn done(&mut self, id: StepId, elapsed: Duration) {
        self.fates[id.0] = Fate::Done { elapsed };
        for next in self.after.get(&id).into_iter().flatten() {
            self.missing[next.0] -= 1;
            if self.missing[next.0] == 0 {
                self.ready.insert(*next);
            }
        }
    }

    /// Notes a failure; returns the steps that it newly keeps from being run.
    fn failed(&mut self, id: StepId, error: StepError, elapsed: Duration) -> Vec<StepId> {
        self.fates[id.0] = Fate::Failed { error, elapsed };
        let mut skipped = BTreeSet::new();
        let mut open = vec![id];
        while let Some(at) = open.pop() {
            for next in self.after.get(&at).into_iter().flatten() {
                if matches!(self.fates[next.0], Fate::NotStarted) {
                    self.fates[next.0] = Fate::Skipped { because: id };
                    skipped.insert(*next);
                    open.push(*next);
                }
            }
        }
        skipped.into_iter().collect()
    }
}
