//! Looks at one thing, again and again: each is asked for when it is due, though the answer to the one before
//! has not come.
//!
//! Where answers take longer than looks are apart, the end of a task would else be seen a round trip late.

use std::future::pending;
use std::panic::resume_unwind;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::poll::delay;
use crate::api;

/// How many looks at a thing are under way at the most: an API that is slow is not asked by more and more.
const AT_ONCE: usize = 2;

/// The looks at one thing.
///
/// One whose answer nobody waits for any more is left to end by itself: a request that is given up costs the
/// connection that it runs on.
pub(super) struct Looks<T> {
    /// Whether a look that could be done without would delay nothing else.
    has_room: Box<dyn Fn() -> bool + Send + Sync>,
    begun: Instant,
    due: Instant,
    open: FuturesUnordered<JoinHandle<(Instant, Result<T, api::Error>)>>,
    /// When the look was asked for whose answer came last: an older one is no news.
    newest: Instant,
}

impl<T: Send + 'static> Looks<T> {
    /// Nothing was looked at yet. `begun`: since when it is waited; `due`: when the first look is.
    pub(super) fn new(
        has_room: impl Fn() -> bool + Send + Sync + 'static,
        begun: Instant,
        due: Instant,
    ) -> Self {
        Self { has_room: Box::new(has_room), begun, due, open: FuturesUnordered::new(), newest: begun }
    }

    /// Takes a look. It does not wait for the answer.
    pub(super) fn begin(&mut self, look: impl Future<Output = Result<T, api::Error>> + Send + 'static) {
        let asked = Instant::now();
        self.looked(asked);
        self.open.push(tokio::spawn(async move { (asked, look.await) }));
    }

    /// A look was asked for, by whomever: the next one is due some time later.
    pub(super) fn looked(&mut self, asked: Instant) {
        self.due = self.due.max(asked + delay(asked.duration_since(self.begun)));
    }

    /// The next answer that is news; `None`: it is time for another look. One that failed counts where no
    /// other is under way.
    pub(super) async fn next(&mut self) -> Option<Result<T, api::Error>> {
        loop {
            let may_look = self.open.is_empty() || (self.open.len() < AT_ONCE && (self.has_room)());
            let ended = tokio::select! {
                biased;
                Some(ended) = self.open.next() => ended,
                () = sleep_until(self.due), if may_look => return None,
            };
            match ended {
                Ok((_, Err(_))) if !self.open.is_empty() => {}
                Ok((_, Err(error))) => return Some(Err(error)),
                Ok((asked, Ok(_))) if asked < self.newest => {}
                Ok((asked, seen)) => {
                    self.newest = asked;
                    return Some(seen);
                }
                Err(ended) if ended.is_panic() => resume_unwind(ended.into_panic()),
                // The program is about to end.
                Err(_) => pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// When looks are asked for whose answers take this long, until so many have come, and when these were
    /// asked for.
    async fn asked(has_room: bool, answers_take: &[u64]) -> (Vec<Duration>, Vec<Duration>) {
        let begun = Instant::now();
        let mut looks = Looks::new(move || has_room, begun, begun + delay(Duration::ZERO));
        let (mut asked, mut answered) = (Vec::new(), Vec::new());
        let mut takes = answers_take.iter().copied();
        loop {
            match looks.next().await {
                Some(Ok(of)) => answered.push(of),
                Some(Err(_)) => answered.push(Duration::MAX),
                None => {
                    let Some(takes) = takes.next() else { return (asked, answered) };
                    let now = begun.elapsed();
                    asked.push(now);
                    looks.begin(async move {
                        sleep(millis(takes)).await;
                        // An odd number of milliseconds ends in a failure.
                        if takes % 2 == 0 { Ok(now) } else { Err(failure()) }
                    });
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_is_asked_for_before_the_last_has_answered() {
        let (asked, answered) = asked(true, &[50, 50, 50, 50]).await;
        assert_eq!(asked, [120, 160, 200, 240].map(millis));
        assert_eq!(answered, asked);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_api_is_not_asked_by_more_and_more_looks() {
        let (asked, _) = asked(true, &[500, 500, 500, 500]).await;
        assert_eq!(asked, [120, 160, 620, 715].map(millis), "two at once, the next when one has answered");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_was_overtaken_is_no_news() {
        let (_, answered) = asked(true, &[300, 10, 10, 10]).await;
        assert_eq!(answered, [160, 200, 240].map(millis));
    }

    fn failure() -> api::Error {
        api::Error::Credentials { problem: "none".to_owned() }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_fails_is_nothing_while_another_may_succeed() {
        let (_, answered) = asked(true, &[61, 60, 60, 10]).await;
        assert_eq!(answered[..2], [160, 240].map(millis));
        let (_, answered) = asked(true, &[11, 10, 10]).await;
        assert_eq!(answered[..2], [Duration::MAX, millis(160)]);
    }

    #[tokio::test(start_paused = true)]
    async fn where_others_wait_for_their_turn_no_look_overtakes() {
        let (asked, _) = asked(false, &[50, 50, 50]).await;
        assert_eq!(asked, [120, 170, 220].map(millis));
    }
}
