//! How often to look whether something is over.

use std::time::Duration;

/// The longest time between two looks.
const LONGEST: Duration = Duration::from_secs(30);
/// How long nothing is over that was begun just now.
const FIRST: Duration = Duration::from_millis(120);
/// How far looks are apart as long as no more than the first of each pair was waited. Many tasks are over
/// by then, and what depends on them waits.
const SOON: [(Duration, Duration); 2] = [
    (Duration::from_millis(240), Duration::from_millis(40)),
    (Duration::from_secs(2), Duration::from_millis(95)),
];

/// How long after a look that was taken after `waited` altogether the next one is due. Never nothing.
///
/// After a moment in which nothing ends looks are close; then they are a tenth of what was waited apart.
/// The end of a task is noticed within a tenth of its duration, or a fifth of a second where answers take no
/// longer, and a long task costs few requests. It counts from the moment a look is asked for.
#[must_use]
pub fn delay(waited: Duration) -> Duration {
    if waited.is_zero() {
        return FIRST;
    }
    let soon = SOON.iter().find(|(until, _)| waited < *until).map(|(_, apart)| *apart);
    soon.unwrap_or_else(|| (waited / 10).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When a task of this duration is noticed to be over, and with how many looks, where an answer
    /// takes `round_trip`, shows what is at its end, and two may be under way.
    fn noticed(duration: Duration, round_trip: Duration) -> (Duration, usize) {
        let mut asked = vec![delay(Duration::ZERO)];
        loop {
            let last = asked[asked.len() - 1];
            let before = asked.len().checked_sub(2).map_or(Duration::ZERO, |at| asked[at] + round_trip);
            let next = (last + delay(last)).max(before);
            let seen = asked.iter().find(|asked| **asked + round_trip >= duration);
            match seen.map(|asked| *asked + round_trip) {
                Some(seen) if seen <= next => return (seen, asked.len()),
                _ => asked.push(next),
            }
        }
    }

    #[test]
    fn the_end_is_noticed_soon_and_cheaply() {
        for round_trip in [0, 20, 50, 200, 500].map(Duration::from_millis) {
            for millis in [1, 150, 200, 1_000, 2_000, 7_300, 20_000, 61_000, 600_000] {
                let duration = Duration::from_millis(millis);
                let (at, looks) = noticed(duration, round_trip);
                let late = at.saturating_sub(duration + round_trip);
                let most = Duration::from_millis(200).max(duration / 10).max(round_trip);
                assert!(late <= most, "{duration:?} noticed {late:?} late, {round_trip:?} away");
                let most = if duration <= Duration::from_secs(2) { 25 } else { 90 };
                assert!(looks <= most, "{duration:?} took {looks} looks, {round_trip:?} away");
            }
        }
    }

    #[test]
    fn every_wait_is_one() {
        for millis in (0..2_000).chain([300_000, 330_000, 1_800_000, 100_000_000_000]) {
            let delay = delay(Duration::from_millis(millis));
            assert!(!delay.is_zero() && delay <= LONGEST, "{delay:?} after {millis} ms");
        }
    }
}
