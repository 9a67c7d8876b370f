//! How many diagnostics are left.

use jiff::{SignedDuration, Timestamp};

use crate::api::wire::{Diagnostic, DiagnosticFunction};

/// So many of a kind can be run on a service in a day. Source: OVHcloud's guides.
pub const PER_DAY: usize = 10;

/// A day.
///
/// Assumed: any 24 hours, and not the one on a calendar. Where it is the latter, the API refuses later than
/// this does, and tells so itself.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What is left of the day's diagnostics of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quota {
    /// How many were run within the last day.
    pub used: usize,
    /// When the next one can be run, where none is left and that is known.
    pub next: Option<Timestamp>,
}

impl Quota {
    /// How many are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        PER_DAY.saturating_sub(self.used)
    }
}

/// Counts what was run within a day before `now`. One that bears no date counts: it is better to refuse one too
/// many.
#[must_use]
pub fn quota(past: &[Diagnostic], function: &DiagnosticFunction, now: Timestamp) -> Quota {
    let since = now - DAY;
    let date = |it: &Diagnostic| it.date.as_ref().and_then(|date| date.parse::<Timestamp>().ok());
    let counts = |date: &Option<Timestamp>| date.is_none_or(|date| date > since);
    let mut dates: Vec<Option<Timestamp>> =
        past.iter().filter(|it| it.function == *function).map(date).filter(counts).collect();
    let used = dates.len();
    dates.sort_unstable();
    // One is free again when so many of the oldest have left the day that fewer than all are in it.
    let frees = used.checked_sub(PER_DAY).and_then(|at| dates[at]);
    Quota { used, next: frees.map(|date| date + DAY) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::wire::TaskStatus;

    fn past(function: DiagnosticFunction, date: Option<&str>) -> Diagnostic {
        Diagnostic {
            id: 1,
            function,
            status: TaskStatus::Done,
            date: date.map(str::to_owned),
            description: None,
            source: None,
            result: None,
        }
    }

    #[test]
    fn only_the_same_kind_within_a_day_counts() {
        let now: Timestamp = "2026-01-02T12:00:00Z".parse().expect("a time");
        let peering = |date: Option<&str>| past(DiagnosticFunction::DiagPeering, date);
        let mut all = vec![
            peering(Some("2026-01-01T12:00:00Z")),
            peering(Some("2026-01-01T12:00:01+00:00")),
            peering(None),
            past(DiagnosticFunction::DiagMacs, Some("2026-01-02T11:00:00Z")),
        ];
        let counted = |all: &[Diagnostic]| quota(all, &DiagnosticFunction::DiagPeering, now);
        assert_eq!(counted(&all), Quota { used: 2, next: None });
        all.extend((0..8).map(|hour| peering(Some(&format!("2026-01-02T0{hour}:00:00Z")))));
        let full = counted(&all);
        assert_eq!((full.used, full.left()), (10, 0));
        // The one without a date sorts first: nobody knows when it leaves the day.
        assert_eq!(full.next, None);
        all.remove(2);
        all.push(peering(Some("2026-01-02T11:30:00Z")));
        assert_eq!(counted(&all).next, Some("2026-01-02T12:00:01Z".parse().expect("a time")));
    }
}
