//! What happens while a plan runs, and what came of it.

use std::fmt;
use std::time::Duration;

use crate::api;
use crate::live::PopKey;
use crate::plan::{Plan, StepId};
use crate::topology::ServiceId;

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
        /// The API's message.
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

/// Why a step failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StepError {
    /// A call failed.
    #[error("{error}{}", hint(.error))]
    Api {
        /// How.
        error: api::Error,
    },
    /// A task ended badly.
    #[error("task {task} of {place} ended as `{status}`; plan again to see what it left behind, and give OVHcloud's support the task's number if it happens again{}", query(.query_id.as_deref()))]
    Task {
        /// Of which service or vRack.
        place: Place,
        /// The task's number.
        task: u64,
        /// Its last status, in the API's word.
        status: String,
        /// Of the call that began it.
        query_id: Option<String>,
    },
    /// Something took longer than it may.
    #[error("{what} is not over after {} s; it may still end well: plan again later", .after.as_secs())]
    Timeout {
        /// What.
        what: String,
        /// How long was waited.
        after: Duration,
    },
    /// The PoP is there and its session is not up.
    #[error(
        "the PoP configuration is active and its BGP session is not up after {} s, so no other PoP of the vRack \
         is touched; check the router at the other end, then plan again (--health-gate off goes on without a session)",
        .after.as_secs()
    )]
    Unhealthy {
        /// Which.
        pop: PopKey,
        /// How long was waited.
        after: Duration,
    },
    /// The effect of a call is not what it should be.
    #[error("{0}")]
    Effect(String),
}

impl StepError {
    /// Whether the step may still come to its effect, or have come to it already: nobody can tell now.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Api { error } => error.maybe_landed(),
            Self::Timeout { .. } => true,
            Self::Task { .. } | Self::Unhealthy { .. } | Self::Effect(_) => false,
        }
    }

    /// How a call failed, where one did.
    #[must_use]
    pub const fn api(&self) -> Option<&api::Error> {
        match self {
            Self::Api { error } => Some(error),
            Self::Task { .. } | Self::Timeout { .. } | Self::Unhealthy { .. } | Self::Effect(_) => None,
        }
    }

    /// The HTTP status, where the API refused a call.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.api()?.status()
    }

    /// The API's own name for it, like `Client::NotFound`, where it has one.
    #[must_use]
    pub fn class(&self) -> Option<&str> {
        self.api()?.class()
    }

    /// The number OVHcloud's support asks for.
    #[must_use]
    pub fn query_id(&self) -> Option<&str> {
        match self {
            Self::Task { query_id, .. } => query_id.as_deref(),
            _ => self.api()?.query_id(),
        }
    }

    /// The task that ended badly.
    #[must_use]
    pub const fn task(&self) -> Option<u64> {
        match self {
            Self::Task { task, .. } => Some(*task),
            Self::Api { .. } | Self::Timeout { .. } | Self::Unhealthy { .. } | Self::Effect(_) => None,
        }
    }
}

impl From<api::Error> for StepError {
    fn from(error: api::Error) -> Self {
        Self::Api { error }
    }
}

/// Where a task runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// On a service.
    Service(ServiceId),
    /// On a vRack.
    Vrack(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(service) => write!(f, "service {service}"),
            Self::Vrack(vrack) => write!(f, "vRack {vrack}"),
        }
    }
}

fn hint(error: &api::Error) -> String {
    error.hint().map(|hint| format!("; {hint}")).unwrap_or_default()
}

fn query(id: Option<&str>) -> String {
    id.map(|id| format!(" (query id {id})")).unwrap_or_default()
}
