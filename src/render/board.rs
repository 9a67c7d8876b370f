//! A run as it is watched: what happened in lines, and what is going on in a frame that is drawn anew all
//! the time. Pure: what time it is and how wide the terminal is are told.

use std::fmt::Write as _;
use std::time::Duration;

use super::forecast::{Forecast, Left};
use super::timing::Timings;
use super::words::{self, ShortNames, clip, clock};
use super::{ALARM, FAINT, STRONG, styled};
use crate::apply::{Counts, Event, Progress};
use crate::plan::{Plan, StepId};

/// Below so many columns everything is said as briefly as can be.
const WIDE: usize = 64;
/// Below so many there is no room for single steps.
const NARROW: usize = 30;
/// So many columns of what a step does are shown before there is room for how it goes on.
const LEGIBLE: usize = 20;
/// A bar of fewer columns shows nothing, one of more shows nothing more.
const BAR: (usize, usize) = (6, 32);

/// A run, as far as it has come. Every time is counted from its beginning.
#[derive(Clone, Debug)]
pub struct Board<'a> {
    plan: &'a Plan,
    names: ShortNames,
    timings: Timings,
    parallelism: usize,
    stands: Vec<Stand>,
    counts: Counts,
    is_stopping: bool,
}

/// Where a step is.
#[derive(Clone, Debug)]
enum Stand {
    Waiting,
    Running { since: Duration, note: Option<Note> },
    Over,
}

/// How a step goes on, beside what it does.
#[derive(Clone, Debug)]
struct Note {
    text: String,
    is_urgent: bool,
}

impl<'a> Board<'a> {
    /// A run of which nothing has begun. It is known from before how long steps take, if it is.
    #[must_use]
    pub fn new(plan: &'a Plan, timings: Timings, parallelism: usize) -> Self {
        Self {
            plan,
            names: ShortNames::of(plan),
            timings,
            parallelism,
            stands: vec![Stand::Waiting; plan.steps.len()],
            counts: Counts::before(plan),
            is_stopping: false,
        }
    }

    /// Takes in what happened at `now`.
    pub fn note(&mut self, event: &Event, now: Duration) {
        self.counts.note(event);
        let (step, stand) = match event {
            Event::Started { step } => (*step, Stand::Running { since: now, note: None }),
            Event::Progress { step, progress } => {
                if let Some(Stand::Running { note, .. }) = self.stands.get_mut(step.0) {
                    *note = brief(progress);
                }
                return;
            }
            Event::Finished { step, elapsed } => {
                if let Some(it) = self.plan.step(*step) {
                    self.timings.note(&it.operation, *elapsed);
                }
                (*step, Stand::Over)
            }
            Event::Failed { step, .. } | Event::Skipped { step, .. } | Event::Stopped { step } => {
                (*step, Stand::Over)
            }
        };
        if let Some(at) = self.stands.get_mut(step.0) {
            *at = stand;
        }
    }

    /// Takes in that nothing new is started.
    pub fn stop(&mut self) {
        self.is_stopping = true;
    }

    /// What runs, with its number: for somebody who leaves it running.
    #[must_use]
    pub fn in_flight(&self) -> Vec<String> {
        self.running().map(|(id, ..)| format!("{id:>5}  {}", self.words(id))).collect()
    }

    /// What is to be said of an event under a frame that shows what is running.
    #[must_use]
    pub fn remark(&self, event: &Event) -> Option<String> {
        match event {
            Event::Started { .. } => None,
            Event::Progress { progress, .. } if !is_remarkable(progress) => None,
            Event::Progress { step, progress } => {
                Some(format!("{step:>5}  {}: {}", self.words(*step), progress_words(progress)?))
            }
            ended => self.ended(ended),
        }
    }

    /// What is to be said of an event that was just noted, where nothing shows what is running.
    #[must_use]
    pub fn line(&self, event: &Event, now: Duration) -> Option<String> {
        match event {
            Event::Started { step } => {
                let expected = match self.expected(*step) {
                    Some(expected) => format!(", about {} expected", words::rough(expected)),
                    None => String::new(),
                };
                Some(format!("{step:>5}  {}{}", self.words(*step), styled(FAINT, expected)))
            }
            // A task that was accepted has that status: nothing has changed.
            Event::Progress { progress: Progress::Task { status, .. }, .. }
                if matches!(status.as_str(), "todo" | "init") =>
            {
                None
            }
            Event::Progress { step, progress } => Some(format!("{step:>5}  {}", progress_words(progress)?)),
            Event::Finished { .. } => {
                let mut line = self.ended(event)?;
                let _ = write!(line, "; {}", self.done());
                if let Some((left, is_least)) = self.left(now) {
                    let about = if is_least { "at least" } else { "about" };
                    let _ = write!(line, ", {about} {} left", words::rough(left));
                }
                Some(line)
            }
            ended => self.ended(ended),
        }
    }

    /// What is going on at `now`: a line for each step that runs, and one about the whole, for a terminal of
    /// that size.
    #[must_use]
    pub fn frame(&self, now: Duration, columns: usize, rows: usize) -> Vec<String> {
        // The last column stays empty: some terminals break the line when it is written to.
        let columns = columns.saturating_sub(1);
        if columns < NARROW {
            return vec![self.whole(now, columns)];
        }
        let running: Vec<_> = self.running().collect();
        // One row for the whole, one for the cursor below it.
        let room = rows.saturating_sub(2).max(1);
        let shown = if running.len() <= room { running.len() } else { room - 1 };
        let mut lines: Vec<String> = running[..shown]
            .iter()
            .map(|(id, since, note)| {
                self.running_line(*id, now.saturating_sub(*since), note.as_ref(), columns)
            })
            .collect();
        if shown < running.len() {
            let more = format!("       and {} more are running", running.len() - shown);
            lines.push(styled(FAINT, clip(&more, columns)));
        }
        lines.push(self.whole(now, columns));
        lines
    }

    fn running_line(&self, id: StepId, elapsed: Duration, note: Option<&Note>, columns: usize) -> String {
        let is_wide = columns >= WIDE;
        let expected = self.expected(id);
        let time = match expected {
            Some(expected) if is_wide => format!("{} of ~{}", clock(elapsed), about(expected)),
            Some(expected) => format!("{}/~{}", clock(elapsed), about(expected)),
            None => clock(elapsed),
        };
        let number = if is_wide { format!("{id:>5}  ") } else { format!("{id:>3} ") };
        let room = columns.saturating_sub(number.chars().count() + time.chars().count() + 2);
        let what = self.words(id);
        // What a step does is what it is known by. Only what is out of the ordinary takes its room.
        let needed = |note: &Note| if note.is_urgent { LEGIBLE } else { what.chars().count() };
        let note = note.filter(|note| room >= needed(note) + 2 + note.text.chars().count());
        let (what, note) = match note {
            Some(Note { text, .. }) => (clip(&what, room - 2 - text.chars().count()), format!("  {text}")),
            None => (clip(&what, room), String::new()),
        };
        let gap = room.saturating_sub(what.chars().count() + note.chars().count()) + 2;
        let is_late = expected.is_some_and(|expected| elapsed > expected);
        let time = if is_late { styled(STRONG, time) } else { time };
        format!("{number}{what}{}{:gap$}{time}", styled(FAINT, note), "")
    }

    fn whole(&self, now: Duration, columns: usize) -> String {
        let is_wide = columns >= WIDE;
        let (over, all) = (self.over(), self.stands.len());
        let mut text = if is_wide { self.done() } else { format!("{over}/{all}") };
        let _ = write!(text, "  {}", clock(now));
        if let Some((left, is_least)) = self.left(now) {
            let words = match (is_wide, is_least) {
                (true, false) => "about ",
                (true, true) => "at least ",
                (false, false) => "~",
                (false, true) => ">",
            };
            let _ = write!(text, ", {words}{} left", about(left));
        }
        let text = clip(&text, columns.saturating_sub(2));
        let room = columns.saturating_sub(text.chars().count() + 4);
        let (least, most) = BAR;
        if room < least {
            return format!("  {text}");
        }
        let length = room.min(most);
        let full = (length * over).checked_div(all).unwrap_or(length);
        let bar = format!("{}{}", styled(STRONG, "━".repeat(full)), styled(FAINT, "─".repeat(length - full)));
        format!("  {bar}  {text}")
    }

    /// How many steps are done, in words.
    fn done(&self) -> String {
        let Counts { done, failed, unknown, skipped, .. } = self.counts;
        // What runs is counted as unknown until it is over.
        let unknown = unknown.saturating_sub(self.running().count());
        let mut text = format!("{done} of {} steps done", self.stands.len());
        for (count, word) in [(failed, "failed"), (unknown, "unknown"), (skipped, "skipped")] {
            if count > 0 {
                let _ = write!(text, ", {count} {word}");
            }
        }
        text
    }

    /// How long it still takes, as far as is known, and whether that is only the least.
    fn left(&self, now: Duration) -> Option<(Duration, bool)> {
        let left = |id: StepId| match &self.stands[id.0] {
            Stand::Over => Left::Nothing,
            Stand::Waiting if self.is_stopping => Left::Nothing,
            Stand::Waiting => Left::All(self.expected(id)),
            // What takes longer than expected takes nobody knows how long.
            Stand::Running { since, .. } => Left::Running(
                self.expected(id).and_then(|expected| expected.checked_sub(now.saturating_sub(*since))),
            ),
        };
        let forecast = Forecast::from(self.plan, self.parallelism, left)?;
        // Less than a second is nothing to wait for.
        (forecast.end >= Duration::from_secs(1)).then_some((forecast.end, forecast.is_least))
    }

    fn ended(&self, event: &Event) -> Option<String> {
        let (step, what) = match event {
            Event::Finished { step, elapsed } => (step, format!("done in {}", words::duration(*elapsed))),
            Event::Failed { step, error, elapsed } => {
                let word = if error.is_unknown() { "unknown" } else { "failed" };
                let what = styled(ALARM, format!("{word} after {}", words::duration(*elapsed)));
                (step, format!("{what}: {error}"))
            }
            Event::Stopped { step } => (step, styled(FAINT, "not started after all")),
            Event::Skipped { step, because } => {
                (step, styled(FAINT, format!("skipped because of {because}")))
            }
            Event::Started { .. } | Event::Progress { .. } => return None,
        };
        Some(format!("{step:>5}  {}: {what}", self.words(*step)))
    }

    fn expected(&self, id: StepId) -> Option<Duration> {
        self.timings.expected(&self.plan.step(id)?.operation)
    }

    fn over(&self) -> usize {
        self.stands.iter().filter(|it| matches!(it, Stand::Over)).count()
    }

    fn running(&self) -> impl Iterator<Item = (StepId, Duration, &Option<Note>)> {
        self.stands.iter().enumerate().filter_map(|(at, stand)| match stand {
            Stand::Running { since, note } => Some((StepId(at), *since, note)),
            Stand::Waiting | Stand::Over => None,
        })
    }

    fn words(&self, step: StepId) -> String {
        self.plan.step(step).map(|step| words::step(step, &self.names)).unwrap_or_default()
    }
}

/// How a step goes on. Where the answer to the call is the end of it, there is nothing to say.
fn progress_words(progress: &Progress) -> Option<String> {
    Some(match progress {
        Progress::Accepted { task, .. } => format!("task {}", (*task)?),
        Progress::Task { task, status } => format!("task {task} is `{status}`"),
        Progress::Busy { message } => format!("busy, will try again: {message}"),
        Progress::Looking { error } => {
            format!("the answer was lost, looking whether it was carried out: {error}")
        }
        Progress::Adopted => "it had been carried out".to_owned(),
        Progress::Session { is_up: false } => "active; waiting for its BGP session".to_owned(),
        Progress::Session { is_up: true } => "its BGP session is up".to_owned(),
        Progress::LastSession => {
            "its BGP session is the last of the vRack that is up; waiting for another one".to_owned()
        }
        Progress::HealthUnknown { error } => {
            format!("the API does not tell whether sessions are up, going on without: {error}")
        }
    })
}

/// Whether it is to be read again later, and not only while it lasts.
const fn is_remarkable(progress: &Progress) -> bool {
    match progress {
        Progress::Accepted { .. } | Progress::Task { .. } | Progress::Session { .. } => false,
        Progress::Busy { .. }
        | Progress::Looking { .. }
        | Progress::Adopted
        | Progress::LastSession
        | Progress::HealthUnknown { .. } => true,
    }
}

/// How a step goes on, beside what it does.
fn brief(progress: &Progress) -> Option<Note> {
    let text = match progress {
        Progress::Accepted { task, .. } => format!("task {}", (*task)?),
        Progress::Task { task, status } => clip(&format!("task {task} is `{status}`"), 40),
        Progress::Busy { .. } => "busy, will try again".to_owned(),
        Progress::Looking { .. } => "looking whether it was carried out".to_owned(),
        Progress::Adopted => "had been carried out".to_owned(),
        Progress::Session { is_up: false } => "waiting for its BGP session".to_owned(),
        Progress::Session { is_up: true } => "its BGP session is up".to_owned(),
        Progress::LastSession => "waiting for another BGP session".to_owned(),
        Progress::HealthUnknown { .. } => return None,
    };
    let is_urgent = !matches!(progress, Progress::Accepted { .. } | Progress::Task { .. });
    Some(Note { text, is_urgent })
}

/// A time that is expected.
fn about(time: Duration) -> String {
    clock(time + Duration::from_millis(500))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::StepError;
    use crate::render::sample::plan;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn frame(board: &Board<'_>, now: u64, columns: usize, rows: usize) -> String {
        let lines = board.frame(seconds(now), columns, rows);
        let lines: Vec<String> = lines.iter().map(|line| plain(line)).collect();
        let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(widest < columns, "{widest} columns of {columns}:\n{}", lines.join("\n"));
        assert!(lines.len() < rows, "{} lines of {rows}:\n{}", lines.len(), lines.join("\n"));
        lines.join("\n")
    }

    /// The first step is done, the others but the last run.
    fn midway(plan: &Plan, timings: Timings) -> Board<'_> {
        let mut board = Board::new(plan, timings, 10);
        board.note(&Event::Started { step: StepId(0) }, seconds(0));
        board.note(&Event::Finished { step: StepId(0), elapsed: seconds(8) }, seconds(8));
        for step in 1..4 {
            board.note(&Event::Started { step: StepId(step) }, seconds(8 + step as u64));
        }
        let task = Progress::Task { task: 20003, status: "doing".to_owned() };
        board.note(&Event::Progress { step: StepId(1), progress: task }, seconds(12));
        let busy = Progress::Busy { message: "Service is busy".to_owned() };
        board.note(&Event::Progress { step: StepId(3), progress: busy }, seconds(12));
        board
    }

    fn measured(plan: &Plan) -> Timings {
        let mut timings = Timings::default();
        for (step, took) in plan.steps.iter().zip([8, 30, 10, 3600]) {
            timings.note(&step.operation, seconds(took));
        }
        timings
    }

    #[test]
    fn a_frame_fits_the_terminal() {
        let plan = plan();
        let board = midway(&plan, measured(&plan));
        insta::assert_snapshot!(frame(&board, 20, 120, 24), @r"
             #2  create pop of service 6b0c8f3e (l3, 172.16.0.0/30)  task 20003 is `doing`                          0:11 of ~0:30
             #3  create datacenter GRA of pn-12345 (10.1.0.0/24)                                                    0:10 of ~0:10
             #4  create network 192.168.10.0/24 in datacenter GRA of pn-12345 (next hop …  busy, will try again  0:09 of ~1:00:00
            ━━━━━━──────────────────────────  1 of 5 steps done  0:20, at least 59:51 left
        ");
        insta::assert_snapshot!(frame(&board, 20, 80, 24), @r"
             #2  create pop of service 6b0c8f3e (l3, 172.16.0.0/30)         0:11 of ~0:30
             #3  create datacenter GRA of pn-12345 (10.1.0.0/24)            0:10 of ~0:10
             #4  create network 192.168.10.0/24 …  busy, will try again  0:09 of ~1:00:00
            ━━━━━━─────────────────────────  1 of 5 steps done  0:20, at least 59:51 left
        ");
        insta::assert_snapshot!(frame(&board, 20, 40, 24), @r"
            #2 create pop of service …  0:11/~0:30
            #3 create datacenter GRA …  0:10/~0:10
            #4 create network 192.…  0:09/~1:00:00
             ━━───────────  1/5  0:20, >59:51 left
        ");
        insta::assert_snapshot!(frame(&board, 20, 40, 4), @r"
            #2 create pop of service …  0:11/~0:30
                  and 2 more are running
             ━━───────────  1/5  0:20, >59:51 left
        ");
    }

    #[test]
    fn where_nothing_was_measured_nothing_is_expected() {
        let plan = plan();
        let board = midway(&plan, Timings::default());
        insta::assert_snapshot!(frame(&board, 20, 80, 24), @r"
             #2  create pop of service 6b0c8f3e (l3, 172.16.0.0/30)                  0:11
             #3  create datacenter GRA of pn-12345 (10.1.0.0/24)                     0:10
             #4  create network 192.168.10.0/24 in datacente…  busy, will try again  0:09
            ━━━━━━──────────────────────────  1 of 5 steps done  0:20
        ");
    }

    #[test]
    fn a_frame_fits_every_terminal() {
        let plan = plan();
        let board = midway(&plan, measured(&plan));
        for columns in 12..140 {
            for rows in 3..8 {
                frame(&board, 4000, columns, rows);
            }
        }
    }

    #[test]
    fn what_is_said_where_nothing_is_drawn() {
        let plan = plan();
        let mut board = Board::new(&plan, measured(&plan), 10);
        let step = StepId(1);
        let progress = |progress| Event::Progress { step, progress };
        let error = StepError::Stopped;
        let events = [
            Event::Started { step },
            progress(Progress::Accepted { task: Some(7), query_id: None }),
            progress(Progress::Task { task: 7, status: "doing".to_owned() }),
            progress(Progress::Session { is_up: false }),
            Event::Finished { step, elapsed: seconds(31) },
            Event::Started { step: StepId(2) },
            Event::Failed { step: StepId(2), error, elapsed: seconds(2) },
            Event::Skipped { step: StepId(3), because: StepId(2) },
        ];
        let mut said = String::new();
        for (at, event) in events.iter().enumerate() {
            let now = seconds(10 * at as u64);
            board.note(event, now);
            let _ = writeln!(said, "{}", plain(&board.line(event, now).expect("every one is said")));
        }
        insta::assert_snapshot!(said, @r"
            #2  create pop of service 6b0c8f3e (l3, 172.16.0.0/30), about 30 s expected
            #2  task 7
            #2  task 7 is `doing`
            #2  active; waiting for its BGP session
            #2  create pop of service 6b0c8f3e (l3, 172.16.0.0/30): done in 31 s; 1 of 5 steps done, at least 1 h 0 min left
            #3  create datacenter GRA of pn-12345 (10.1.0.0/24), about 10 s expected
            #3  create datacenter GRA of pn-12345 (10.1.0.0/24): failed after 2.0 s: not started: interrupted while it waited
            #4  create network 192.168.10.0/24 in datacenter GRA of pn-12345 (next hop 10.1.0.10): skipped because of #3
        ");
        let remarks: Vec<String> = events.iter().filter_map(|it| board.remark(it)).collect();
        assert_eq!(remarks.len(), 3, "under a frame only what is over: {remarks:#?}");
    }

    #[test]
    fn once_nothing_new_is_started_only_what_runs_is_waited_for() {
        let plan = plan();
        let mut board = midway(&plan, measured(&plan));
        // Step 4 is expected to take an hour, step 5 is anybody's guess.
        board.note(&Event::Finished { step: StepId(3), elapsed: seconds(1) }, seconds(12));
        assert!(frame(&board, 20, 80, 24).contains("at least"));
        board.stop();
        let text = frame(&board, 14, 80, 24);
        assert!(text.contains("about 0:25 left"), "step 2 began at 9 s and takes 30 s:\n{text}");
        assert_eq!(board.in_flight().len(), 2);
    }
}
