//! How fast requests go out: a token bucket that gives way when the API says 429, and a bound on
//! how many are under way.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// How long the bucket takes to come back from nothing to its full rate.
const RECOVERY: Duration = Duration::from_secs(60);

/// Several requests refused together count as one refusal within this time.
const ONE_REFUSAL: Duration = Duration::from_secs(1);

/// A token bucket. Time is given to it: a duration since any fixed moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Bucket {
    full_rate: f64,
    burst: f64,
    tokens: f64,
    counted_at: Duration,
    /// The rate right after the last refusal, and when that was.
    slowed: Option<(f64, Duration)>,
    closed_until: Duration,
}

impl Bucket {
    /// A full bucket: `burst` requests at once, then `rate` a second.
    ///
    /// A rate or a burst that would let nothing through is raised to what lets something through.
    #[must_use]
    pub fn new(rate: f64, burst: u32) -> Self {
        let full_rate = if rate.is_finite() { rate.max(0.01) } else { f64::MAX };
        let burst = f64::from(burst.max(1));
        Self {
            full_rate,
            burst,
            tokens: burst,
            counted_at: Duration::ZERO,
            slowed: None,
            closed_until: Duration::ZERO,
        }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// How long until one may be there, never zero.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        if now < self.closed_until {
            return Err(self.closed_until - now);
        }
        self.fill(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - self.tokens) / self.rate(now);
        // A wait that rounds to nothing would spin.
        Err(Duration::from_secs_f64(wait.clamp(0.001, 3600.0)))
    }

    /// Whether at least half of a burst could go out at once.
    pub fn has_room(&mut self, now: Duration) -> bool {
        self.fill(now);
        now >= self.closed_until && self.tokens >= self.burst / 2.0
    }

    /// Halves the rate and empties the bucket: the API refused a request as one too many. Where it
    /// asks for a wait, nothing goes out until then, for a minute at most: beyond that the next
    /// request had better be refused, and its caller told, than held back in silence.
    pub fn slow_down(&mut self, now: Duration, wait: Option<Duration>) {
        self.fill(now);
        let fresh = self.slowed.is_none_or(|(_, at)| now.saturating_sub(at) >= ONE_REFUSAL);
        if fresh {
            let floor = (self.full_rate / 64.0).max(0.01);
            self.slowed = Some(((self.rate(now) / 2.0).max(floor), now));
        }
        self.tokens = self.tokens.min(0.0);
        self.closed_until = self.closed_until.max(now.saturating_add(wait.unwrap_or_default().min(RECOVERY)));
    }

    /// Requests a second, now: the full rate, or less since the last refusal.
    #[must_use]
    pub fn rate(&self, now: Duration) -> f64 {
        self.slowed.map_or(self.full_rate, |(rate, at)| {
            let recovered = now.saturating_sub(at).as_secs_f64() / RECOVERY.as_secs_f64();
            (rate + self.full_rate * recovered).min(self.full_rate)
        })
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.counted_at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate(now)).min(self.burst);
        self.counted_at = self.counted_at.max(now);
    }
}

/// A bucket on tokio's clock, and a bound on the requests under way.
#[derive(Debug)]
pub struct Limiter {
    bucket: Mutex<Bucket>,
    origin: Instant,
    /// Whoever holds it is the next to take a token: first come, first served.
    turn: tokio::sync::Mutex<()>,
    slots: Semaphore,
    parallelism: usize,
}

impl Limiter {
    /// A limiter of `parallelism` (at least one) requests at a time.
    #[must_use]
    pub fn new(bucket: Bucket, parallelism: usize) -> Self {
        let parallelism = parallelism.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            bucket: Mutex::new(bucket),
            origin: Instant::now(),
            turn: tokio::sync::Mutex::new(()),
            slots: Semaphore::new(parallelism),
            parallelism,
        }
    }

    /// Waits for a slot and a token. The slot is free again when the permit is dropped.
    pub async fn acquire(&self) -> SemaphorePermit<'_> {
        let slot = self.slots.acquire().await.expect("the semaphore is never closed");
        let _turn = self.turn.lock().await;
        loop {
            let taken = self.with(|bucket, now| bucket.take(now));
            match taken {
                Ok(()) => return slot,
                Err(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    /// Whether a request that could be done without would delay no other. A fifth of what may be under way is
    /// kept for those that cannot.
    pub fn has_room(&self) -> bool {
        self.slots.available_permits() > self.parallelism / 5 && self.with(Bucket::has_room)
    }

    /// Tells the bucket that the API refused a request as one too many.
    pub fn slow_down(&self, wait: Option<Duration>) {
        self.with(|bucket, now| bucket.slow_down(now, wait));
    }

    fn with<T>(&self, act: impl FnOnce(&mut Bucket, Duration) -> T) -> T {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut bucket, self.origin.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(s: f64) -> Duration {
        Duration::from_secs_f64(s)
    }

    /// When each of `count` requests goes out if all want to at once.
    fn departures(bucket: &mut Bucket, count: usize) -> Vec<Duration> {
        let mut now = Duration::ZERO;
        let mut at = Vec::new();
        while at.len() < count {
            match bucket.take(now) {
                Ok(()) => at.push(now),
                Err(wait) => now += wait,
            }
        }
        at
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
        let at = departures(&mut Bucket::new(10.0, 3), 5);
        assert_eq!(at[..3], [Duration::ZERO; 3]);
        assert_eq!(at[3..], [seconds(0.1), seconds(0.2)]);
    }

    #[test]
    fn there_is_room_while_half_of_a_burst_is_left() {
        let mut bucket = Bucket::new(10.0, 4);
        assert!(bucket.has_room(Duration::ZERO));
        for _ in 0..3 {
            assert_eq!(bucket.take(Duration::ZERO), Ok(()));
        }
        assert!(!bucket.has_room(Duration::ZERO), "one of four is left");
        assert!(bucket.has_room(seconds(0.1)), "two of four are left");
        bucket.slow_down(seconds(10.0), Some(seconds(5.0)));
        assert!(!bucket.has_room(seconds(14.0)), "the API wants to be left alone");
    }

    #[test]
    fn a_refusal_halves_the_rate_and_time_restores_it() {
        let mut bucket = Bucket::new(20.0, 60);
        bucket.slow_down(seconds(5.0), None);
        assert_eq!(bucket.rate(seconds(5.0)), 10.0);
        bucket.slow_down(seconds(5.5), None);
        assert!(bucket.rate(seconds(5.5)) > 10.0, "two refusals of one moment count once");
        assert!((bucket.rate(seconds(20.0)) - 15.0).abs() < 1e-9);
        assert_eq!(bucket.rate(seconds(100.0)), 20.0);
    }

    #[test]
    fn a_refusal_ends_the_burst() {
        let mut bucket = Bucket::new(1.0, 60);
        bucket.slow_down(Duration::ZERO, None);
        assert!(bucket.take(Duration::ZERO).is_err());
    }

    #[test]
    fn nothing_goes_out_before_the_time_the_server_named() {
        let mut bucket = Bucket::new(20.0, 60);
        bucket.slow_down(seconds(1.0), Some(seconds(30.0)));
        assert_eq!(bucket.take(seconds(11.0)), Err(seconds(20.0)));
        assert_eq!(bucket.take(seconds(31.0)), Ok(()));
    }

    #[test]
    fn refusals_without_end_still_let_something_through() {
        let mut bucket = Bucket::new(20.0, 60);
        for second in 0..1000 {
            bucket.slow_down(seconds(f64::from(second) * 2.0), None);
        }
        assert!(bucket.rate(seconds(2000.0)) > 0.1);
    }

    #[test]
    fn nonsense_lets_something_through() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Bucket::new(rate, 0).take(Duration::ZERO), Ok(()), "{rate}");
        }
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_burst_and_rate(
            rate in 1.0..100.0_f64, burst in 1_u32..50, from in 0_usize..100, length in 1_usize..100,
        ) {
            let at = departures(&mut Bucket::new(rate, burst), 200);
            let window = (at[from + length] - at[from]).as_secs_f64();
            prop_assert!(length as f64 <= f64::from(burst) + window * rate + 1e-3);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_wait_for_their_token() {
        let limiter = Limiter::new(Bucket::new(2.0, 1), 8);
        let started = Instant::now();
        for _ in 0..4 {
            drop(limiter.acquire().await);
        }
        assert_eq!(started.elapsed().as_millis(), 1500);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_slots_are_under_way() {
        let limiter = Limiter::new(Bucket::new(1000.0, 100), 2);
        let (first, _second) = (limiter.acquire().await, limiter.acquire().await);
        let third = tokio::time::timeout(Duration::from_secs(1), limiter.acquire()).await;
        assert!(third.is_err(), "a third request went out beside two");
        drop(first);
        drop(limiter.acquire().await);
    }
}
