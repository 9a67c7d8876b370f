//! Asking for a diagnostic, and waiting for what comes of it.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Kind, Target};
use crate::api::wire::{Diagnostic, TaskStatus};
use crate::api::{self, Client};
use crate::apply::poll_delay;

/// How long to look for a diagnostic whose answer was lost. Assumed: OVHcloud publishes no bound.
const LOST: Duration = Duration::from_secs(15);

/// Why there is no result.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    /// The API did not answer as it should.
    #[error("{0}")]
    Api(#[from] api::Error),
    /// Nobody knows whether it was begun.
    #[error(
        "the answer was lost ({0}), and no new diagnostic is to be seen: it may have been begun all the same"
    )]
    Lost(api::Error),
    /// The API says that it could not be done.
    #[error("diagnostic {id} ended as `{status}`: OVHcloud could not run it")]
    Failed {
        /// Its number.
        id: u64,
        /// The API's word.
        status: String,
    },
    /// It is not over.
    #[error("diagnostic {id} is still `{status}` after {} s", .after.as_secs())]
    Timeout {
        /// Its number.
        id: u64,
        /// The API's word.
        status: String,
        /// How long was waited.
        after: Duration,
    },
}

/// The newest diagnostic that OVHcloud keeps of this kind. It does not tell what each was about, beyond the
/// service and the function.
#[must_use]
pub fn newest(past: &[Diagnostic], target: &Target, kind: Kind) -> Option<Diagnostic> {
    let function = target.function(kind);
    let same = past.iter().filter(|it| it.function == function);
    same.max_by_key(|it| it.id).cloned()
}

/// Begins a diagnostic. Where the answer is lost it is not asked for again, as each counts: it is looked for
/// among those that were not there before.
///
/// # Errors
/// What the API refuses, and where nobody knows whether it was begun.
pub async fn begin(
    client: &Client,
    target: &Target,
    kind: Kind,
    past: Option<&[Diagnostic]>,
) -> Result<Diagnostic, Problem> {
    let service = target.service.uuid();
    let lost = match client.create_diagnostic(service, &target.body(kind)).await {
        Ok(answer) => return Ok(answer.value),
        Err(error) if error.maybe_landed() => error,
        Err(error) => return Err(error.into()),
    };
    // What was there before is not known: nothing can be told from it.
    let Some(past) = past else { return Err(Problem::Lost(lost)) };
    let known: BTreeSet<u64> = past.iter().map(|it| it.id).collect();
    let begun = Instant::now();
    loop {
        let now = client.diagnostics(service).await?;
        let fresh: Vec<Diagnostic> = now.into_iter().filter(|it| !known.contains(&it.id)).collect();
        if let Some(found) = newest(&fresh, target, kind) {
            return Ok(found);
        }
        if begun.elapsed() >= LOST {
            return Err(Problem::Lost(lost));
        }
        sleep(poll_delay(begun.elapsed())).await;
    }
}

/// Waits until a diagnostic is over; `told` is told of each status that it has meanwhile.
///
/// # Errors
/// Where it fails, does not end in time, or cannot be looked at.
pub async fn follow(
    client: &Client,
    target: &Target,
    mut diagnostic: Diagnostic,
    timeout: Duration,
    mut told: impl FnMut(&str),
) -> Result<Diagnostic, Problem> {
    let begun = Instant::now();
    let mut said = String::new();
    loop {
        let (id, status) = (diagnostic.id, diagnostic.status.to_string());
        match diagnostic.status {
            TaskStatus::Done => return Ok(diagnostic),
            TaskStatus::Error | TaskStatus::Denied => return Err(Problem::Failed { id, status }),
            _ => {}
        }
        if said != status {
            told(&status);
            said.clone_from(&status);
        }
        let waited = begun.elapsed();
        if waited >= timeout {
            return Err(Problem::Timeout { id, status, after: timeout });
        }
        sleep(poll_delay(waited).min(timeout - waited)).await;
        diagnostic = client.diagnostic(target.service.uuid(), id).await?;
    }
}
