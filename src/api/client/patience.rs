//! How often a call that failed is made again.

use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::Inner;
use crate::api::error::Error;
use crate::api::retry::{self, Decision, Failure};
use crate::api::transport::TransportErrorKind;

/// What is left of the patience with one call.
pub(super) struct Patience<'a> {
    inner: &'a Inner,
    idempotent: bool,
    attempt: u32,
    /// Waiting for one's turn is no failure: patience is measured from the first one.
    first_failure: Option<Instant>,
}

/// After so many failures of a call it is worth a word that it is still being tried.
const PATIENT: u32 = 3;

impl<'a> Patience<'a> {
    pub(super) const fn new(inner: &'a Inner, idempotent: bool) -> Self {
        Self { inner, idempotent, attempt: 0, first_failure: None }
    }

    /// Waits until the call is to be made again, or gives the error back.
    pub(super) async fn outlast(&mut self, error: Error) -> Result<(), Error> {
        self.attempt += 1;
        let elapsed = self.first_failure.get_or_insert_with(Instant::now).elapsed();
        let failure = error.failure();
        let is_unreachable = matches!(failure, Failure::Transport(TransportErrorKind::Connect, _));
        let policy = if is_unreachable && !self.inner.reached.load(Ordering::Relaxed) {
            self.inner.retry.unreached()
        } else {
            self.inner.retry
        };
        let decision =
            retry::decide(&policy, self.attempt, elapsed, &failure, self.idempotent, fastrand::f64());
        match decision {
            Decision::GiveUp => Err(error),
            Decision::Retry(wait) => {
                // Once: what many calls wait for at once is most often one cause.
                if self.attempt == PATIENT && !self.inner.told.swap(true, Ordering::Relaxed) {
                    let (attempts, budget) = (policy.attempts, policy.budget.as_secs());
                    tracing::warn!(
                        "{error}: asking again, {attempts} times in all and for {budget} s at the most; so for whatever fails like this"
                    );
                }
                tracing::info!(wait = format!("{} ms", wait.as_millis()), %error, "trying again");
                self.inner.counters.retries.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(wait).await;
                Ok(())
            }
        }
    }
}
