//! Looking, again and again, until everything is verified or nobody wants to wait any longer.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::{Next, Question, Report, Vigil, judge};
use crate::api::{self, Client};
use crate::live::observe::{Scope, observe};

/// How long to wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// For everything to be verified. With nothing there is one look.
    pub timeout: Duration,
    /// Between two looks.
    pub interval: Duration,
    /// How long everything has to stay verified.
    pub hold: Duration,
}

impl Patience {
    /// Between two looks, unless somebody says otherwise.
    pub const INTERVAL: Duration = Duration::from_secs(10);
}

/// Why nothing was seen.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Blind {
    /// Nothing at all can be read.
    #[error(transparent)]
    Api(#[from] api::Error),
    /// The first look took longer than it may.
    #[error("it was not read within {} s", .0.as_secs())]
    Slow(Duration),
}

/// Looks until everything is verified, until waiting does not help, or until `patience` is over. Returns what
/// was seen last; `told` is told of every look, with how much time is left.
///
/// # Errors
/// Where nothing is seen at the first look. Later that is told and waited out.
pub async fn watch(
    client: &Client,
    question: &Question<'_>,
    patience: Patience,
    mut told: impl FnMut(Result<&Report, &str>, Duration),
) -> Result<Report, Blind> {
    let scope = Scope::of(question.topology);
    let begun = Instant::now();
    let mut vigil = Vigil::new(patience.hold);
    let first = observe(client, &scope);
    let seen = if patience.timeout.is_zero() {
        first.await
    } else {
        let longest = patience.timeout + patience.interval;
        timeout(longest, first).await.map_err(|_| Blind::Slow(longest))?
    };
    let mut report = judge(question, seen?);
    loop {
        let left = patience.timeout.saturating_sub(begun.elapsed());
        told(Ok(&report), left);
        let next = vigil.note(&report, begun.elapsed());
        if next != Next::Wait || left.is_zero() {
            return Ok(Report { verified: next == Next::Verified, ..report });
        }
        loop {
            sleep(patience.interval.min(patience.timeout.saturating_sub(begun.elapsed()))).await;
            let left = patience.timeout.saturating_sub(begun.elapsed());
            // A look that has begun in time may end a little later.
            match timeout(left + patience.interval, observe(client, &scope)).await {
                Ok(Ok(seen)) => {
                    report = judge(question, seen);
                    break;
                }
                Ok(Err(problem)) => told(Err(&problem.to_string()), left),
                Err(_) => told(Err("the API takes too long to answer"), left),
            }
            if patience.timeout <= begun.elapsed() {
                return Ok(Report { verified: false, ..report });
            }
        }
    }
}
