//! What happens while a plan runs, and what came of it.

use std::time::Duration;

use super::error::StepError;
use crate::plan::{Plan, StepId};

/// Something that happened to a step.
#[derive(Clone, Debug)]
pub enum Event {
    /// Its call is about to be made.
    Started {
        /// The step.
        step: StepId,
    },
    /// It goes on.
    Progress {
        /// The step.
        step: StepId,
        /// How.
        progress: Progress,
    },
    /// Its effect is there.
    Finished {
        /// The step.
        step: StepId,
        /// How long it took.
        elapsed: Duration,
    },
    /// Its effect did not come.
    Failed {
        /// The step.
        step: StepId,
        /// Why.
        error: StepError,
        /// How long it took.
        elapsed: Duration,
    },
    /// It will not be run, because of another.
    Skipped {
        /// The step.
        step: StepId,
        /// The step that failed.
        because: StepId,
    },
    /// Its call was not made after all: nothing new was to be started.
    Stopped {
        /// The step.
        step: StepId,
    },
}

/// How a step goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Progress {
    /// The call was accepted.
    Accepted {
        /// The number of the task that does it; none where the answer to the call is the end of it.
        task: Option<u64>,
        /// The number OVHcloud's support asks for.
        query_id: Option<String>,
    },
    /// The task has another status than before.
    Task {
        /// The task's number.
        task: u64,
        /// Its status, in the API's word.
        status: String,
    },
    /// The service is busy with something else; the call is made again when it is not.
    Busy {
        /// With what, or the API's message.
        message: String,
    },
    /// The answer to the call was lost; live state is asked whether it was carried out.
    Looking {
        /// What happened to the answer.
        error: String,
    },
    /// The call whose answer was lost had been carried out.
    Adopted,
    /// The BGP session of the PoP that was made is awaited, or is up.
    Session {
        /// Whether it is up.
        is_up: bool,
    },
    /// The BGP session of the PoP that is to go is the last of its vRack that is up; another is awaited.
    LastSession,
    /// The API does not tell whether sessions are up; said once.
    HealthUnknown {
        /// What it answered.
        error: String,
    },
}

/// What came of a plan.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What became of each step, by its id.
    pub fates: Vec<Fate>,
    /// Whether anything was changed, or may have been.
    pub changed: bool,
}

impl Outcome {
    /// Whether every step is done.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.fates.iter().all(|fate| matches!(fate, Fate::Done { .. }))
    }

    /// How many steps met which fate.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for fate in &self.fates {
            match fate {
                Fate::Done { .. } => counts.done += 1,
                Fate::Failed { error, .. } if error.is_unknown() => counts.unknown += 1,
                Fate::Failed { .. } => counts.failed += 1,
                Fate::Skipped { .. } => counts.skipped += 1,
                Fate::NotStarted => counts.not_started += 1,
            }
        }
        counts
    }
}

/// How many steps met which fate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Done.
    pub done: usize,
    /// Failed.
    pub failed: usize,
    /// Not known to be done or to have failed.
    pub unknown: usize,
    /// Skipped because of one that failed.
    pub skipped: usize,
    /// Not started because nothing new was to be started.
    pub not_started: usize,
}

impl Counts {
    /// Before the first event of a run.
    #[must_use]
    pub fn before(plan: &Plan) -> Self {
        Self { not_started: plan.steps.len(), ..Self::default() }
    }

    /// Counts an event. A step that has started and not ended is unknown.
    pub fn note(&mut self, event: &Event) {
        let (from, to) = match event {
            Event::Started { .. } => (&mut self.not_started, &mut self.unknown),
            Event::Finished { .. } => (&mut self.unknown, &mut self.done),
            Event::Failed { error, .. } if error.is_unknown() => return,
            Event::Failed { .. } => (&mut self.unknown, &mut self.failed),
            Event::Skipped { .. } => (&mut self.not_started, &mut self.skipped),
            Event::Stopped { .. } => (&mut self.unknown, &mut self.not_started),
            Event::Progress { .. } => return,
        };
        *from = from.saturating_sub(1);
        *to += 1;
    }
}

/// What became of a step.
#[derive(Clone, Debug)]
pub enum Fate {
    /// Its effect is there.
    Done {
        /// How long it took.
        elapsed: Duration,
    },
    /// Its effect did not come.
    Failed {
        /// Why.
        error: StepError,
        /// How long it took.
        elapsed: Duration,
    },
    /// It was not run, because of another.
    Skipped {
        /// The step that failed.
        because: StepId,
    },
    /// It was not run, because nothing new was to be started.
    NotStarted,
}
