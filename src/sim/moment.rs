//! A point in the simulator's time.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time: whole milliseconds since the Unix epoch.
///
/// The simulated account never asks what time it is: every moment comes from a
/// [`Clock`](super::clock::Clock) or from the test that drives it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(u64);

impl Moment {
    /// 2026-01-01T00:00:00Z: where a clock without a reason to start elsewhere starts.
    pub const START: Self = Self(1_767_225_600_000);

    /// `millis` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// `secs` seconds after the Unix epoch.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn secs(self) -> u64 {
        self.0 / 1000
    }

    /// The moment `span` later; the end of time rather than an overflow.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long after `earlier` this is; zero where it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// RFC 3339 in UTC with whole seconds, as the API writes dates: `2026-01-01T00:00:00+00:00`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.secs()).unwrap_or(i64::MAX);
        match jiff::Timestamp::from_second(seconds) {
            Ok(timestamp) => write!(f, "{}", timestamp.strftime("%Y-%m-%dT%H:%M:%S+00:00")),
            Err(_) => f.write_str("9999-12-31T23:59:59+00:00"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_the_api_writes_dates() {
        assert_eq!(Moment::START.to_string(), "2026-01-01T00:00:00+00:00");
        assert_eq!(
            Moment::START.after(Duration::from_millis(61_500)).to_string(),
            "2026-01-01T00:01:01+00:00"
        );
    }

    #[test]
    fn time_never_overflows() {
        assert_eq!(Moment::from_millis(u64::MAX).after(Duration::MAX), Moment::from_millis(u64::MAX));
        assert_eq!(Moment::from_secs(1).since(Moment::from_secs(2)), Duration::ZERO);
        assert_eq!(Moment::from_millis(u64::MAX).to_string(), "9999-12-31T23:59:59+00:00");
    }
}
