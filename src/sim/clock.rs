//! Where the simulator's time comes from.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::moment::Moment;

/// The simulator's time.
pub trait Clock: Send + Sync {
    /// The account's time: what tasks and statuses follow. It never goes back.
    fn now(&self) -> Moment;

    /// The time on the wall: what `/auth/time` answers and signatures are checked against. It is
    /// real time whatever the account's time does, because a client measures its distance to the
    /// server's clock once and then trusts its own.
    fn wall(&self) -> Moment {
        wall()
    }
}

/// The machine's time.
fn wall() -> Moment {
    let span = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

/// The machine's clock, or one that runs a number of times faster from the moment it is made.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    origin: Moment,
    speed: f64,
}

impl SystemClock {
    /// A clock at the machine's time and speed.
    #[must_use]
    pub fn new() -> Self {
        Self::scaled(1.0)
    }

    /// A clock at the machine's time that runs `speed` times as fast. A speed that is not a
    /// positive number counts as 1.
    #[must_use]
    pub fn scaled(speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        Self { started: Instant::now(), origin: wall(), speed }
    }

    /// How long to sleep in real time for `span` to pass on this clock.
    #[must_use]
    pub fn real(&self, span: Duration) -> Duration {
        span.div_f64(self.speed)
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let elapsed = self.started.elapsed();
        let scaled = Duration::try_from_secs_f64(elapsed.as_secs_f64() * self.speed).unwrap_or(Duration::MAX);
        self.origin.after(scaled)
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn new(start: Moment) -> Self {
        Self(AtomicU64::new(start.millis()))
    }

    /// Moves it forward by `span`.
    pub fn advance(&self, span: Duration) {
        self.set(self.now().after(span));
    }

    /// Moves it forward to `moment`; a moment in its past changes nothing.
    pub fn set(&self, moment: Moment) {
        self.0.fetch_max(moment.millis(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new(Moment::START)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A clock over tokio's: with tokio's time paused, a test that sleeps moves the account without
/// waiting. Must be made and read inside a tokio runtime.
#[derive(Debug)]
pub struct TokioClock {
    started: tokio::time::Instant,
    origin: Moment,
}

impl TokioClock {
    /// A clock that stands at `origin` now and follows tokio's time.
    #[must_use]
    pub fn new(origin: Moment) -> Self {
        Self { started: tokio::time::Instant::now(), origin }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Moment {
        self.origin.after(self.started.elapsed())
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Moment {
        (**self).now()
    }

    fn wall(&self) -> Moment {
        (**self).wall()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_never_goes_back() {
        let clock = ManualClock::default();
        clock.advance(Duration::from_secs(5));
        clock.set(Moment::START);
        assert_eq!(clock.now(), Moment::START.after(Duration::from_secs(5)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_tokio_clock_follows_paused_time() {
        let clock = TokioClock::new(Moment::START);
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().since(Moment::START).as_secs(), 3600);
    }

    #[test]
    fn a_scaled_clock_needs_less_real_time() {
        assert_eq!(SystemClock::scaled(10.0).real(Duration::from_secs(20)), Duration::from_secs(2));
        assert_eq!(SystemClock::scaled(0.0).real(Duration::from_secs(20)), Duration::from_secs(20));
    }
}
