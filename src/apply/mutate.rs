//! One call that changes something, made once.
//!
//! Where its answer is lost, nobody but live state can tell whether it was carried out. That is looked
//! up before the call is made again: what it asks for that was not there before, a task that may be
//! about it, a membership, a thing that is gone. To see it once is proof that it landed. To see nothing
//! once is no proof that it did not: the request may be under way still, and lists may lag behind. So
//! nothing has to be seen for a while before the call is made again; for how long depends on how the
//! answer was lost.
//!
//! A refusal is looked into as well: what it asks for may be there already, made by the same call whose
//! answer was lost before, or by someone else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use http::Method;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep};

use super::Busy;
use super::error::{Place, StepError, Work};
use super::event::Progress;
use super::follow::is_unfinished;
use super::poll::delay;
use super::run::Runner;
use crate::api::wire::{Task, VrackTask};
use crate::api::{self, Answer, TransportErrorKind};
use crate::plan::StepId;

/// How often a call is made at most whose answer is lost each time.
const ATTEMPTS: u32 = 5;
/// How often a call is made at most that is refused as busy while nothing is seen at work.
const IDLE_ATTEMPTS: u32 = 4;
/// The least number of looks before nothing is believed.
const LOOKS: u32 = 5;

/// How long nothing has to be seen of a call before it is made again, where the API itself said
/// that it failed. Assumed, as the two that follow: OVHcloud publishes no bound.
const AFTER_AN_ANSWER: Duration = Duration::from_secs(5);
/// The same where the connection broke: what is behind it may go on.
const AFTER_A_BREAK: Duration = Duration::from_secs(15);
/// The same where nobody waited for the end, or the API said that it is done.
const AFTER_A_TIMEOUT: Duration = Duration::from_secs(30);
/// The same for a call that says what shall be, not what shall change: saying it twice does no harm.
const HARMLESS: Duration = Duration::from_secs(2);

/// What a call has begun.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Begun {
    /// The number of what it makes.
    pub(super) number: Option<u64>,
    /// The task that does it.
    pub(super) task: Option<u64>,
    /// The number OVHcloud's support asks for.
    pub(super) query_id: Option<String>,
}

impl Begun {
    /// The same by the place where it is done, for messages.
    pub(super) fn work(&self, place: Place) -> Work {
        Work { place, task: self.task, query_id: self.query_id.clone() }
    }
}

impl From<Answer<Task>> for Begun {
    fn from(Answer { value, query_id }: Answer<Task>) -> Self {
        Self { number: value.resource_id, task: Some(value.id), query_id }
    }
}

impl From<Answer<VrackTask>> for Begun {
    fn from(Answer { value, query_id }: Answer<VrackTask>) -> Self {
        Self { number: None, task: Some(value.id), query_id }
    }
}

impl From<Answer<()>> for Begun {
    fn from(Answer { value: (), query_id }: Answer<()>) -> Self {
        Self { number: None, task: None, query_id }
    }
}

/// What looking has found of what a call asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Finding {
    /// It was carried out, or is being.
    Landed(Begun),
    /// Something is at work that may be it.
    Unclear,
    /// Nothing.
    Nothing,
}

impl Finding {
    /// That a call without a number landed, or did not.
    pub(super) fn landed_if(landed: bool) -> Self {
        if landed { Self::Landed(Begun::default()) } else { Self::Nothing }
    }
}

/// What is to be done about a call that failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sequel {
    /// It had no effect, and to make it again changes nothing.
    GiveUp,
    /// It was refused: what it asks for may be there already.
    Refused,
    /// The same, and the service may be at work on something else.
    Busy,
    /// It may have been carried out: look, and believe that it was not once nothing is seen this long.
    Lost(Duration),
}

/// What is to be done about a call that failed like this.
fn sequel(error: &api::Error) -> Sequel {
    if error.maybe_landed() {
        return Sequel::Lost(quiet(error));
    }
    if error.is_busy() {
        return Sequel::Busy;
    }
    match error.status() {
        // Who asks is the problem, not what is asked for; too many requests were not looked at.
        Some(401 | 403 | 429 | 460) | None => Sequel::GiveUp,
        Some(_) => Sequel::Refused,
    }
}

fn quiet(error: &api::Error) -> Duration {
    let is_said_again = error.call().is_some_and(|call| call.method == Method::PUT);
    let by_kind = match error {
        _ if is_said_again => HARMLESS,
        api::Error::Transport { cause, .. } if cause.kind == TransportErrorKind::Timeout => AFTER_A_TIMEOUT,
        api::Error::Transport { .. } => AFTER_A_BREAK,
        api::Error::Api(refusal) if matches!(refusal.status, 408 | 504) => AFTER_A_TIMEOUT,
        api::Error::Api(_) => AFTER_AN_ANSWER,
        // The answer was good, and not understood.
        api::Error::Decode { .. } | api::Error::Credentials { .. } | api::Error::Parameter(_) => {
            AFTER_A_TIMEOUT
        }
    };
    let asked = match error {
        api::Error::Api(refusal) => refusal.retry_after.unwrap_or_default(),
        _ => Duration::ZERO,
    };
    by_kind.max(asked)
}

/// Unfinished tasks: their numbers and what they do, in the API's words.
type AtWork = BTreeMap<u64, String>;

fn names<'a>(tasks: impl Iterator<Item = (&'a u64, &'a String)>) -> String {
    let names: Vec<String> = tasks.map(|(task, what)| format!("task {task} ({what})")).collect();
    names.join(", ")
}

/// What is at work at a busy place, and since when it is these tasks and no others.
pub(super) struct Standstill {
    at_work: AtWork,
    since: Instant,
}

impl Default for Standstill {
    fn default() -> Self {
        Self { at_work: AtWork::new(), since: Instant::now() }
    }
}

/// A step that waits for a busy place.
#[derive(Default)]
struct Queue {
    /// How often it was refused as busy with nothing at work.
    idle: u32,
    /// Held by the one step that asks a busy place again: the others wait behind it.
    turn: Option<OwnedMutexGuard<Standstill>>,
}

impl Runner<'_> {
    /// Makes a call once, see above. `look` says what is there of what the call asks for.
    pub(super) async fn mutate(
        &self,
        id: StepId,
        place: &Place,
        call: impl AsyncFn() -> Result<Begun, api::Error>,
        look: impl AsyncFn() -> Result<Finding, api::Error>,
    ) -> Result<Begun, StepError> {
        let mut lost = 0;
        let mut queue = Queue::default();
        loop {
            let error = match call().await {
                Ok(begun) => {
                    self.own(id, place, &begun);
                    return Ok(begun);
                }
                Err(error) => error,
            };
            let sequel = sequel(&error);
            let found = match sequel {
                Sequel::GiveUp => return Err(error.into()),
                Sequel::Lost(quiet) => {
                    lost += 1;
                    self.progress(id, Progress::Looking { error: error.to_string() });
                    self.search(&error, quiet * lost, &look).await?
                }
                // Looking fails: then the refusal is all there is to say.
                Sequel::Refused | Sequel::Busy => match look().await {
                    Ok(Finding::Landed(begun)) => Some(begun),
                    _ => None,
                },
            };
            if let Some(begun) = found {
                self.progress(id, Progress::Adopted);
                self.own(id, place, &begun);
                return Ok(begun);
            }
            match sequel {
                Sequel::Lost(_) if lost < ATTEMPTS => self.unless_stopped(std::future::ready(())).await?,
                Sequel::Busy => self.await_turn(id, place, error, &mut queue).await?,
                Sequel::Lost(_) | Sequel::Refused | Sequel::GiveUp => return Err(error.into()),
            }
        }
    }

    /// Looks for the effect of a call whose answer was lost, until nothing was seen of it for `quiet`.
    async fn search(
        &self,
        lost: &api::Error,
        quiet: Duration,
        look: &impl AsyncFn() -> Result<Finding, api::Error>,
    ) -> Result<Option<Begun>, StepError> {
        let begun = Instant::now();
        let mut nothing_since = begun;
        loop {
            // Slow answers are about the moment they were asked for, or later.
            let asked = Instant::now();
            let found = look().await.map_err(|looking| {
                self.may_have_changed();
                StepError::Lost { call: Box::new(lost.clone()), looking: Box::new(looking) }
            });
            match found? {
                Finding::Landed(begun) => return Ok(Some(begun)),
                Finding::Unclear => nothing_since = Instant::now(),
                Finding::Nothing if asked.duration_since(nothing_since) >= quiet => return Ok(None),
                Finding::Nothing => {}
            }
            if begun.elapsed() > self.options.task_timeout.max(quiet) {
                self.may_have_changed();
                let what = format!("a task that may carry out the call whose answer was lost ({lost})");
                return Err(StepError::Timeout { what, after: begun.elapsed() });
            }
            sleep(delay(begun.elapsed()).max(quiet / LOOKS)).await;
        }
    }

    /// Waits until a busy place may take the call: until something that is at work there has ended.
    async fn await_turn(
        &self,
        id: StepId,
        place: &Place,
        error: api::Error,
        queue: &mut Queue,
    ) -> Result<(), StepError> {
        let turn = match &mut queue.turn {
            Some(turn) => turn,
            none => none.insert(self.unless_stopped(self.turn(place).lock_owned()).await?),
        };
        let mut at_work = self.at_work(place).await?;
        if at_work.is_empty() {
            queue.idle += 1;
            if queue.idle >= IDLE_ATTEMPTS {
                return Err(error.into());
            }
            self.progress(id, Progress::Busy { message: error.to_string() });
            // What ended just now may not have been taken note of everywhere.
            return self.unless_stopped(sleep(HARMLESS * queue.idle)).await;
        }
        queue.idle = 0;
        let blocking: BTreeSet<u64> = at_work.keys().copied().collect();
        let mut told = BTreeMap::new();
        while blocking.iter().all(|task| at_work.contains_key(task)) {
            let foreign = at_work.iter().filter(|(task, _)| !self.is_own(place, **task));
            if self.options.busy == Busy::Fail && foreign.clone().next().is_some() {
                return Err(StepError::Busy { place: place.clone(), tasks: names(foreign) });
            }
            if at_work != told {
                let message = format!("{place} is at work on {}", names(at_work.iter()));
                self.progress(id, Progress::Busy { message });
            }
            if at_work != turn.at_work {
                **turn = Standstill { at_work: at_work.clone(), since: Instant::now() };
            }
            let waited = turn.since.elapsed();
            if waited > self.options.task_timeout {
                let tasks = names(at_work.iter());
                let what = format!("{tasks} of {place}, which keeps this call from being taken,");
                return Err(StepError::Timeout { what, after: waited });
            }
            self.unless_stopped(sleep(delay(waited))).await?;
            told = std::mem::replace(&mut at_work, self.at_work(place).await?);
        }
        Ok(())
    }

    /// The unfinished tasks of a place.
    async fn at_work(&self, place: &Place) -> Result<AtWork, api::Error> {
        Ok(match place {
            Place::Service(service) => {
                let tasks = self.client.tasks(service.uuid()).await?;
                let unfinished = tasks.into_iter().filter(|task| is_unfinished(&task.status));
                unfinished.map(|task| (task.id, task.function.to_string())).collect()
            }
            Place::Vrack(vrack) => {
                let tasks = self.client.vrack_tasks(vrack).await?.into_iter();
                tasks.map(|task| (task.id, task.function.unwrap_or_else(|| "task".to_owned()))).collect()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Refusal, TransportError, routes};

    fn answered(call: &'static routes::Call, status: u16, retry_after: Option<u64>) -> api::Error {
        api::Error::Api(Box::new(Refusal {
            call,
            route: "/route".to_owned(),
            status,
            class: None,
            message: String::new(),
            query_id: None,
            retry_after: retry_after.map(Duration::from_secs),
        }))
    }

    fn broken(call: &'static routes::Call, kind: TransportErrorKind) -> api::Error {
        api::Error::Transport { call, route: "/route".to_owned(), cause: TransportError::new(kind, "") }
    }

    #[test]
    fn a_call_is_doubted_for_as_long_as_it_may_be_under_way() {
        let post = &routes::POP_CREATE;
        for status in [500, 502, 503] {
            assert_eq!(sequel(&answered(post, status, None)), Sequel::Lost(AFTER_AN_ANSWER), "{status}");
        }
        for status in [408, 504] {
            assert_eq!(sequel(&answered(post, status, None)), Sequel::Lost(AFTER_A_TIMEOUT), "{status}");
        }
        assert_eq!(sequel(&answered(post, 503, Some(40))), Sequel::Lost(Duration::from_secs(40)));
        assert_eq!(sequel(&broken(post, TransportErrorKind::Broken)), Sequel::Lost(AFTER_A_BREAK));
        assert_eq!(sequel(&broken(post, TransportErrorKind::Body)), Sequel::Lost(AFTER_A_BREAK));
        for call in [post, &routes::POP_DELETE, &routes::ATTACH, &routes::DETACH] {
            assert_eq!(sequel(&broken(call, TransportErrorKind::Timeout)), Sequel::Lost(AFTER_A_TIMEOUT));
        }
    }

    #[test]
    fn what_may_be_made_twice_without_harm_is_made_again_sooner() {
        let error = broken(&routes::SERVICE_UPDATE, TransportErrorKind::Timeout);
        assert_eq!(sequel(&error), Sequel::Lost(HARMLESS));
    }

    #[test]
    fn a_call_that_certainly_had_no_effect_is_not_doubted() {
        for kind in [TransportErrorKind::Connect, TransportErrorKind::Tls, TransportErrorKind::Redirect] {
            assert_eq!(sequel(&broken(&routes::POP_CREATE, kind)), Sequel::GiveUp, "{kind:?}");
        }
        for status in [401, 403, 429, 460] {
            assert_eq!(sequel(&answered(&routes::POP_CREATE, status, None)), Sequel::GiveUp, "{status}");
        }
    }

    #[test]
    fn a_refusal_is_looked_into() {
        for status in [400, 404, 410] {
            assert_eq!(sequel(&answered(&routes::POP_CREATE, status, None)), Sequel::Refused, "{status}");
        }
        assert_eq!(sequel(&answered(&routes::POP_CREATE, 409, None)), Sequel::Busy);
    }
}
