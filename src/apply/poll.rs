//! How often to look whether something is over.

use std::time::Duration;

/// The shortest time between two looks.
const SHORTEST: Duration = Duration::from_millis(200);
/// The longest time between two looks.
const LONGEST: Duration = Duration::from_secs(30);

/// How long to wait before the next look, after `waited` altogether.
///
/// A tenth of what was waited already: the end of a task is noticed within a tenth of its duration,
/// or a fifth of a second, and a long task costs few requests.
#[must_use]
pub fn delay(waited: Duration) -> Duration {
    (waited / 10).clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When a task of this duration is noticed to be over, and with how many looks.
    fn noticed(duration: Duration) -> (Duration, usize) {
        let (mut waited, mut looks) = (Duration::ZERO, 0);
        while waited < duration || looks == 0 {
            waited += delay(waited);
            looks += 1;
        }
        (waited, looks)
    }

    #[test]
    fn the_end_is_noticed_soon_and_cheaply() {
        for millis in [1, 150, 200, 1_000, 2_000, 7_300, 20_000, 61_000, 600_000] {
            let duration = Duration::from_millis(millis);
            let (at, looks) = noticed(duration);
            let late = at.saturating_sub(duration);
            assert!(late <= SHORTEST.max(duration / 10), "{duration:?} noticed {late:?} late");
            let most = if duration <= Duration::from_secs(2) { 25 } else { 90 };
            assert!(looks <= most, "{duration:?} took {looks} looks");
        }
    }
}
