//! When to stop looking. Pure: the time is given.

use std::time::Duration;

use super::{Report, Stage, Verdict};

/// What to do after a look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Stop: everything is verified, and has been for as long as it shall.
    Verified,
    /// Stop: something is not verified, and waiting does not change that.
    Over,
    /// Look again.
    Wait,
}

/// Follows the looks at one topology.
#[derive(Clone, Debug)]
pub struct Vigil {
    hold: Duration,
    /// Since when everything has been verified.
    verified_since: Option<Duration>,
    /// What was said of the sessions at the last look.
    sessions: Vec<String>,
    /// How many looks in a row showed nothing that may come by itself.
    hopeless: u32,
}

impl Vigil {
    /// So many looks have to show the same before waiting is given up: answers lag behind each other, and a
    /// read that failed may succeed.
    const LOOKS: u32 = 2;

    /// Everything has to be verified for as long as `hold`, without a session that changes meanwhile.
    #[must_use]
    pub const fn new(hold: Duration) -> Self {
        Self { hold, verified_since: None, sessions: Vec::new(), hopeless: 0 }
    }

    /// Notes what a look showed, `now` after the first one.
    pub fn note(&mut self, report: &Report, now: Duration) -> Next {
        let sessions = sessions(report);
        let has_changed = std::mem::replace(&mut self.sessions, sessions) != self.sessions;
        if report.verified {
            self.hopeless = 0;
            if has_changed {
                self.verified_since = None;
            }
            let since = *self.verified_since.get_or_insert(now);
            return if now.saturating_sub(since) >= self.hold { Next::Verified } else { Next::Wait };
        }
        self.verified_since = None;
        let waits = report.open().any(|link| link.verdict == Verdict::Waiting);
        self.hopeless = if waits { 0 } else { self.hopeless + 1 };
        if self.hopeless >= Self::LOOKS { Next::Over } else { Next::Wait }
    }
}

/// What is said of each session: when it last changed and how often it flapped is part of it.
fn sessions(report: &Report) -> Vec<String> {
    let rungs = report.links.iter().flat_map(|link| &link.stages);
    rungs.filter(|rung| rung.stage == Stage::Session).filter_map(|rung| rung.finding.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::{Link, Rung, RungState};

    fn report(verdict: Verdict, session: &str) -> Report {
        let rung = Rung {
            stage: Stage::Session,
            state: if verdict == Verdict::Up { RungState::Passed } else { RungState::Waiting },
            finding: Some(session.to_owned()),
        };
        let link = Link {
            address: "pn-1/service/6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01/pop".parse().expect("an address"),
            description: None,
            verdict,
            stops_at: (verdict != Verdict::Up).then_some(Stage::Session),
            stages: vec![rung],
            next: None,
            notes: Vec::new(),
        };
        Report {
            format_version: crate::verify::FORMAT,
            verified: verdict == Verdict::Up,
            accepts_unknown: false,
            links: vec![link],
            unread: Vec::new(),
        }
    }

    fn looks(hold: u64, looks: &[(Verdict, &str)]) -> Vec<Next> {
        let mut vigil = Vigil::new(Duration::from_secs(hold));
        let at = |look: usize| Duration::from_secs(10 * look as u64);
        looks.iter().enumerate().map(|(look, (is, said))| vigil.note(&report(*is, said), at(look))).collect()
    }

    #[test]
    fn it_ends_with_the_first_look_at_which_all_is_well() {
        let down = (Verdict::Waiting, "down");
        let expected = [Next::Wait, Next::Wait, Next::Verified];
        assert_eq!(looks(0, &[down, down, (Verdict::Up, "up since 1")]), expected);
    }

    #[test]
    fn a_session_that_flaps_starts_the_hold_anew() {
        let (first, again) = ((Verdict::Up, "up since 1"), (Verdict::Up, "up since 15, 1 flap"));
        let expected = [Next::Wait, Next::Wait, Next::Wait, Next::Verified];
        assert_eq!(looks(20, &[first, first, again, first])[..3], expected[..3]);
        assert_eq!(looks(20, &[first, again, again, again]), expected);
        let down = (Verdict::Waiting, "down");
        assert_eq!(looks(10, &[first, down, again, again]), expected);
    }

    #[test]
    fn what_waiting_cannot_change_is_believed_when_it_is_seen_twice() {
        for hopeless in [Verdict::Stopped, Verdict::Unknown] {
            let (it, wait) = ((hopeless, ""), (Verdict::Waiting, "down"));
            assert_eq!(looks(0, &[it, it]), [Next::Wait, Next::Over]);
            assert_eq!(looks(0, &[it, wait, it, it]), [Next::Wait, Next::Wait, Next::Wait, Next::Over]);
        }
    }
}
