//! Whether a call that failed is made again, and when. A decision and nothing else: no clock, no
//! dice, no sleep.
//!
//! A read is repeated when that can help. A mutation is repeated only when it certainly had no
//! effect: it never left this machine, or the API refused it before looking at it (429). After
//! anything else its effect is unknown, and only the caller can look whether it is there.

use std::time::Duration;

use super::transport::{Sent, TransportError, TransportErrorKind};

/// How patient to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// The longest first wait; it doubles with each attempt.
    pub base: Duration,
    /// The longest wait of all, where the server names none.
    pub cap: Duration,
    /// How many attempts are made in all.
    pub attempts: u32,
    /// How long after the first failure the last attempt may start.
    pub budget: Duration,
}

impl Policy {
    /// The same for an endpoint that nothing has ever come from: its name is more likely to be wrong than the
    /// network is to come back.
    #[must_use]
    pub fn unreached(self) -> Self {
        Self { attempts: self.attempts.min(6), ..self }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(500),
            cap: Duration::from_secs(20),
            attempts: 10,
            budget: Duration::from_secs(150),
        }
    }
}

/// How one attempt failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// There was no whole answer.
    Transport(TransportErrorKind, Sent),
    /// The answer said so.
    Status {
        /// The HTTP status.
        status: u16,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// A good answer whose JSON ends too early.
    Truncated,
    /// Anything else: trying again changes nothing.
    Final,
}

impl From<&TransportError> for Failure {
    fn from(error: &TransportError) -> Self {
        Self::Transport(error.kind, error.sent)
    }
}

/// What to do after a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Make the call again after this long.
    Retry(Duration),
    /// Report the failure.
    GiveUp,
}

/// Decides after attempt number `attempt` (from 1) failed, `elapsed` after the first failure.
///
/// `idempotent` says that the call may be made twice without harm; `random` is in `0.0..1.0`.
///
/// The wait is anywhere between nothing and `base · 2^(attempt−1)`, at most `cap` ("full jitter"),
/// so that many clients that failed together do not come back together. Where the server names a
/// wait, that one is added to a spread of at most `base`; one that goes beyond the budget is not
/// begun.
#[must_use]
pub fn decide(
    policy: &Policy,
    attempt: u32,
    elapsed: Duration,
    failure: &Failure,
    idempotent: bool,
    random: f64,
) -> Decision {
    if attempt >= policy.attempts || !is_worth_repeating(failure, idempotent) {
        return Decision::GiveUp;
    }
    let random = random.clamp(0.0, 1.0);
    let asked = match failure {
        Failure::Status { retry_after, .. } => *retry_after,
        Failure::Transport(..) | Failure::Truncated | Failure::Final => None,
    };
    let wait = match asked {
        Some(asked) => asked.saturating_add(policy.base.mul_f64(random)),
        None => {
            let doubled = policy.base.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
            doubled.min(policy.cap).mul_f64(random)
        }
    };
    if elapsed.saturating_add(wait) > policy.budget { Decision::GiveUp } else { Decision::Retry(wait) }
}

fn is_worth_repeating(failure: &Failure, idempotent: bool) -> bool {
    match failure {
        Failure::Transport(kind, sent) => match kind {
            TransportErrorKind::Connect
            | TransportErrorKind::Broken
            | TransportErrorKind::Timeout
            | TransportErrorKind::Body => idempotent || *sent == Sent::No,
            TransportErrorKind::Tls
            | TransportErrorKind::Invalid
            | TransportErrorKind::TooLarge
            | TransportErrorKind::Redirect => false,
        },
        Failure::Status { status: 429, .. } => true,
        Failure::Status { status, .. } => idempotent && matches!(status, 408 | 500..=599),
        Failure::Truncated => idempotent,
        Failure::Final => false,
    }
}

/// The wait that a `Retry-After` header asks for: seconds, or a date (`now` in Unix seconds).
///
/// `None` where it is neither. A date that has passed is no wait.
#[must_use]
pub fn retry_after(value: &str, now: i64) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = unix_seconds(value)?;
    Some(Duration::from_secs(u64::try_from(at.saturating_sub(now)).unwrap_or(0)))
}

/// An HTTP date as Unix seconds.
#[must_use]
pub fn unix_seconds(date: &str) -> Option<i64> {
    Some(jiff::fmt::rfc2822::parse(date.trim()).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use TransportErrorKind::*;

    const ALL_KINDS: [TransportErrorKind; 8] =
        [Connect, Tls, Invalid, Broken, Timeout, Body, TooLarge, Redirect];

    fn transport(kind: TransportErrorKind) -> Failure {
        Failure::from(&TransportError::new(kind, ""))
    }

    fn status(status: u16) -> Failure {
        Failure::Status { status, retry_after: None }
    }

    fn first(failure: &Failure, idempotent: bool) -> Decision {
        decide(&Policy::default(), 1, Duration::ZERO, failure, idempotent, 0.5)
    }

    fn retries(failure: &Failure, idempotent: bool) -> bool {
        first(failure, idempotent) != Decision::GiveUp
    }

    #[test]
    fn a_read_is_repeated_when_that_can_help() {
        for kind in [Connect, Broken, Timeout, Body] {
            assert!(retries(&transport(kind), true), "{kind:?}");
        }
        for code in [408, 429, 500, 502, 503, 504] {
            assert!(retries(&status(code), true), "{code}");
        }
        assert!(retries(&Failure::Truncated, true));
    }

    #[test]
    fn a_read_is_not_repeated_when_that_cannot_help() {
        for kind in [Tls, Invalid, TooLarge, Redirect] {
            assert!(!retries(&transport(kind), true), "{kind:?}");
        }
        for code in [400, 401, 403, 404, 409, 410, 422, 460] {
            assert!(!retries(&status(code), true), "{code}");
        }
        assert!(!retries(&Failure::Final, true));
    }

    #[test]
    fn a_mutation_is_repeated_only_when_it_certainly_had_no_effect() {
        let repeated: Vec<_> =
            ALL_KINDS.into_iter().filter(|kind| retries(&transport(*kind), false)).collect();
        assert_eq!(repeated, [Connect]);
        let repeated: Vec<_> = (100..600).filter(|code| retries(&status(*code), false)).collect();
        assert_eq!(repeated, [429]);
        assert!(!retries(&Failure::Truncated, false));
    }

    #[test]
    fn a_connection_that_broke_after_it_was_made_is_not_unsent_by_its_kind() {
        assert!(!retries(&Failure::Transport(Connect, Sent::Maybe), false));
        assert!(retries(&Failure::Transport(Broken, Sent::No), false));
    }

    #[test]
    fn the_wait_doubles_up_to_its_cap() {
        let policy = Policy { budget: Duration::MAX, attempts: u32::MAX, ..Policy::default() };
        let longest = |attempt| decide(&policy, attempt, Duration::ZERO, &status(500), true, 1.0);
        let seconds = |s| Decision::Retry(Duration::from_secs_f64(s));
        assert_eq!(
            [1, 2, 3, 5, 6, 7, 40, 1000].map(longest),
            [0.5, 1.0, 2.0, 8.0, 16.0, 20.0, 20.0, 20.0].map(seconds)
        );
        assert_eq!(decide(&policy, 3, Duration::ZERO, &status(500), true, 0.0), seconds(0.0));
    }

    #[test]
    fn the_wait_the_server_asks_for_is_kept() {
        let asked =
            |seconds| Failure::Status { status: 429, retry_after: Some(Duration::from_secs(seconds)) };
        for idempotent in [true, false] {
            let Decision::Retry(wait) = first(&asked(30), idempotent) else { panic!("gave up") };
            assert!(wait >= Duration::from_secs(30), "{wait:?} is shorter than the server asked for");
        }
        assert_eq!(first(&asked(3600), true), Decision::GiveUp);
    }

    #[test]
    fn patience_ends() {
        let policy = Policy::default();
        let decide = |attempt, elapsed| decide(&policy, attempt, elapsed, &status(500), true, 0.5);
        assert_ne!(decide(policy.attempts - 1, Duration::ZERO), Decision::GiveUp);
        assert_eq!(decide(policy.attempts, Duration::ZERO), Decision::GiveUp);
        assert_eq!(decide(1, policy.budget), Decision::GiveUp);
    }

    #[test]
    fn retry_after_comes_in_two_forms() {
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(retry_after(" 120 ", 0), seconds(120));
        let now = unix_seconds("Fri, 31 Dec 1999 23:59:29 GMT").unwrap();
        assert_eq!(now, 946_684_769);
        assert_eq!(retry_after("Fri, 31 Dec 1999 23:59:59 GMT", now), seconds(30));
        assert_eq!(retry_after("Fri, 31 Dec 1999 23:59:00 GMT", now), seconds(0));
        assert_eq!(retry_after("soon", 0), None);
        assert_eq!(retry_after("-5", 0), None);
    }

    proptest! {
        #[test]
        fn no_wait_goes_beyond_the_budget(
            attempt in 1_u32..40, elapsed in 0_u64..400, asked in proptest::option::of(0_u64..400),
            random in 0.0..1.0_f64, idempotent: bool,
        ) {
            let policy = Policy::default();
            let failure = Failure::Status { status: 429, retry_after: asked.map(Duration::from_secs) };
            let elapsed = Duration::from_secs(elapsed);
            if let Decision::Retry(wait) = decide(&policy, attempt, elapsed, &failure, idempotent, random) {
                prop_assert!(attempt < policy.attempts);
                prop_assert!(elapsed + wait <= policy.budget);
                prop_assert!(wait >= asked.map_or(Duration::ZERO, Duration::from_secs));
            }
        }
    }
}
