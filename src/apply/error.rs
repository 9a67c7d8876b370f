//! Why a step failed, or what is not known of it.

use std::fmt;
use std::time::Duration;

use crate::api;
use crate::live::PopKey;
use crate::topology::ServiceId;

/// Why a step failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StepError {
    /// A call failed, and nothing came of it.
    #[error("{error}{}", hint(.error))]
    Api {
        /// How.
        error: api::Error,
    },
    /// The answer to a call was lost, and live state could not be asked whether it was carried out.
    #[error(
        "{call}; whether it was carried out is not known, because looking fails too: {looking}; plan again"
    )]
    Lost {
        /// What happened to the answer.
        call: Box<api::Error>,
        /// What happened to the looking.
        looking: Box<api::Error>,
    },
    /// What a call began goes on, and cannot be followed.
    #[error("{work} was begun and cannot be followed: {error}{}; it may still end well: plan again later", hint(.error))]
    Unfollowed {
        /// What.
        work: Work,
        /// Why not.
        error: Box<api::Error>,
    },
    /// A task ended badly.
    #[error("{work} ended as `{status}`: {}", ending(.status))]
    Task {
        /// Which.
        work: Work,
        /// Its last status, in the API's word.
        status: String,
    },
    /// A task does not end.
    #[error("{work} is still `{status}` after {} s (--task-timeout){}", .after.as_secs(), pausing(.status))]
    Unfinished {
        /// Which.
        work: Work,
        /// Its last status, in the API's word.
        status: String,
        /// How long was waited.
        after: Duration,
    },
    /// Something took longer than it may.
    #[error("{what} is not over after {} s (--task-timeout); it may still end well: plan again later", .after.as_secs())]
    Timeout {
        /// What.
        what: String,
        /// How long was waited.
        after: Duration,
    },
    /// Someone else is at work there, and is not to be waited for.
    #[error("{place} is at work on {tasks}, begun by someone else (--busy fail); --busy wait waits for it")]
    Busy {
        /// Where.
        place: Place,
        /// On what.
        tasks: String,
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
    /// The PoP is there and the API does not say whether its session is up.
    #[error(
        "the PoP configuration is active and whether its BGP session is up cannot be read, so no other PoP of the \
         vRack is touched: {error} (--health-gate off goes on without a session)"
    )]
    HealthUnread {
        /// Which.
        pop: PopKey,
        /// What the API answered.
        error: api::Error,
    },
    /// The session of a PoP that is to go is the last one that is up.
    #[error(
        "its BGP session is the last of the vRack that is up, and no other came up in {} s, so it is not deleted; \
         check the routers of the other PoPs, then plan again (--health-gate off deletes it all the same)",
        .after.as_secs()
    )]
    LastSession {
        /// Which.
        pop: PopKey,
        /// How long was waited.
        after: Duration,
    },
    /// The API does not say whether another session is up than that of a PoP that is to go.
    #[error(
        "whether another BGP session of the vRack is up cannot be read, so it is not deleted: {error} \
         (--health-gate off deletes it all the same)"
    )]
    SessionsUnread {
        /// Which.
        pop: PopKey,
        /// What the API answered.
        error: api::Error,
    },
    /// The effect of a call is not what it should be.
    #[error("{problem}{}", after(.work.as_ref()))]
    Effect {
        /// In which way.
        problem: String,
        /// What was to bring it about, where this run began it.
        work: Option<Work>,
    },
    /// Nothing new was to be started before its call was made.
    #[error("not started: interrupted while it waited")]
    Stopped,
}

impl StepError {
    /// A problem that no call of this run has to do with.
    pub(super) fn effect(problem: impl Into<String>) -> Self {
        Self::Effect { problem: problem.into(), work: None }
    }

    /// Whether the step may still come to its effect, or have come to it already: nobody can tell now.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        match self {
            Self::Lost { .. } | Self::Unfollowed { .. } | Self::Unfinished { .. } | Self::Timeout { .. } => {
                true
            }
            Self::Api { .. }
            | Self::Task { .. }
            | Self::Busy { .. }
            | Self::Unhealthy { .. }
            | Self::HealthUnread { .. }
            | Self::LastSession { .. }
            | Self::SessionsUnread { .. }
            | Self::Effect { .. }
            | Self::Stopped => false,
        }
    }

    /// How a call failed, where one did.
    #[must_use]
    pub fn api(&self) -> Option<&api::Error> {
        match self {
            Self::Api { error } | Self::HealthUnread { error, .. } | Self::SessionsUnread { error, .. } => {
                Some(error)
            }
            Self::Unfollowed { error, .. } => Some(error),
            Self::Lost { call, .. } => Some(call),
            Self::Task { .. }
            | Self::Unfinished { .. }
            | Self::Timeout { .. }
            | Self::Busy { .. }
            | Self::Unhealthy { .. }
            | Self::LastSession { .. }
            | Self::Effect { .. }
            | Self::Stopped => None,
        }
    }

    /// What a call of this run had begun, where one had.
    #[must_use]
    pub const fn work(&self) -> Option<&Work> {
        match self {
            Self::Unfollowed { work, .. } | Self::Task { work, .. } | Self::Unfinished { work, .. } => {
                Some(work)
            }
            Self::Effect { work, .. } => work.as_ref(),
            Self::Api { .. }
            | Self::Lost { .. }
            | Self::Timeout { .. }
            | Self::Busy { .. }
            | Self::Unhealthy { .. }
            | Self::HealthUnread { .. }
            | Self::LastSession { .. }
            | Self::SessionsUnread { .. }
            | Self::Stopped => None,
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

    /// The number OVHcloud's support asks for: of the call that began it, or of the one that failed.
    #[must_use]
    pub fn query_id(&self) -> Option<&str> {
        let begun = self.work().and_then(|work| work.query_id.as_deref());
        begun.or_else(|| self.api()?.query_id())
    }

    /// The task that did not do what it was for.
    #[must_use]
    pub fn task(&self) -> Option<u64> {
        self.work()?.task
    }
}

impl From<api::Error> for StepError {
    fn from(error: api::Error) -> Self {
        Self::Api { error }
    }
}

/// What a call of this run began, as far as it is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Work {
    /// Where it is done.
    pub place: Place,
    /// The task's number; not known where the answer was lost.
    pub task: Option<u64>,
    /// The number OVHcloud's support asks for, of the call that began it.
    pub query_id: Option<String>,
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.task {
            Some(task) => write!(f, "task {task} of {}", self.place)?,
            None => write!(f, "the work on {}", self.place)?,
        }
        self.query_id.as_ref().map_or(Ok(()), |id| write!(f, " (query id {id})"))
    }
}

/// Where a task runs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
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

fn after(work: Option<&Work>) -> String {
    work.map(|work| format!(" [{work}]")).unwrap_or_default()
}

fn ending(status: &str) -> &'static str {
    match status {
        "denied" => "OVHcloud refuses to do it; its support says why by the task's number",
        "cancelled" => "it was called off on OVHcloud's side; plan again",
        _ => {
            "OVHcloud could not do it; plan again to see what it left behind, and give OVHcloud's support the \
             task's number if it happens again"
        }
    }
}

fn pausing(status: &str) -> &'static str {
    if status == "pause" {
        ": OVHcloud has paused it; its support says why by the task's number"
    } else {
        "; it may still end well: plan again later"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(task: Option<u64>) -> Work {
        let service = "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01".parse().unwrap();
        Work { place: Place::Service(service), task, query_id: Some("EU.ext-1".to_owned()) }
    }

    #[test]
    fn each_end_of_a_task_has_its_own_message_with_its_numbers() {
        let ended = |status: &str| StepError::Task { work: work(Some(7)), status: status.to_owned() };
        let lasts = |status: &str| StepError::Unfinished {
            work: work(Some(7)),
            status: status.to_owned(),
            after: Duration::from_secs(1800),
        };
        let all = [ended("error"), ended("denied"), ended("cancelled"), lasts("doing"), lasts("pause")];
        let texts: std::collections::BTreeSet<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), all.len(), "{texts:#?}");
        for text in &texts {
            assert!(
                text.starts_with(
                    "task 7 of service 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01 (query id EU.ext-1) "
                )
            );
        }
    }

    #[test]
    fn what_came_of_nothing_names_the_task() {
        let problem = "its creation failed".to_owned();
        let error = StepError::Effect { problem, work: Some(work(Some(7))) };
        assert_eq!(
            error.to_string(),
            "its creation failed [task 7 of service 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01 (query id EU.ext-1)]"
        );
    }
}
