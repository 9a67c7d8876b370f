//! What happens during an apply: on a terminal a frame that shows what is running, elsewhere a line for each
//! change of state, folded where the pipeline can fold.

use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::{is_quiet, say, screen};
use crate::apply::Event;
use crate::diff::Goal;
use crate::plan::Plan;
use crate::render::board::Board;
use crate::render::timing::Timings;
use crate::render::{FAINT, styled, words};

/// How often the frame is drawn anew: elapsed seconds are to be seen going by.
const TICK: Duration = Duration::from_millis(250);

/// As wide as a time and the number of a step: what is said of it stands below itself.
const BELOW: &str = "               ";

/// Tells what happens.
pub(super) struct Progress<'a> {
    board: Mutex<Board<'a>>,
    begun: Instant,
    /// Whether a frame is drawn.
    is_drawn: bool,
    fold: Fold,
}

impl<'a> Progress<'a> {
    pub(super) fn new(plan: &'a Plan, timings: Timings, parallelism: usize) -> Self {
        let is_drawn = screen::is_drawn();
        let fold = if is_drawn || is_quiet() { Fold::None } else { Fold::of_environment() };
        let verb = match plan.goal {
            Goal::Apply => "Apply",
            Goal::Destroy => "Destroy",
        };
        fold.begin(&format!("{verb}: {}", words::many(plan.steps.len(), "step")));
        let board = Mutex::new(Board::new(plan, timings, parallelism));
        Self { board, begun: Instant::now(), is_drawn, fold }
    }

    /// When [`tick`](Self::tick) is to be called.
    pub(super) fn ticks() -> Interval {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    }

    /// Draws the frame anew.
    pub(super) fn tick(&self) {
        if self.is_drawn
            && let Some((columns, rows)) = screen::size()
        {
            screen::draw(self.board().frame(self.begun.elapsed(), columns, rows));
        }
    }

    /// Tells of one event.
    pub(super) fn event(&self, event: &Event) {
        let now = self.begun.elapsed();
        let text = {
            let mut board = self.board();
            board.note(event, now);
            if self.is_drawn { board.remark(event) } else { board.line(event, now) }
        };
        if let Some(text) = text
            && !is_quiet()
        {
            self.line(&text);
        }
        self.tick();
    }

    /// Tells that nothing new is started.
    pub(super) fn interrupted(&self) {
        self.board().stop();
        self.line("  interrupted: nothing new is started; waiting for what is in flight (interrupt again to leave at once)");
        self.tick();
    }

    /// Ends what was begun to be told.
    pub(super) fn finish(&self) {
        screen::clear();
        self.fold.end();
    }

    /// Says what is in flight, before the program leaves.
    pub(super) fn abandon(&self) {
        self.finish();
        self.line("  left at once; still in flight, and to be found again by the next plan:");
        for step in self.board().in_flight() {
            say(&format!("  {step}"));
        }
    }

    /// Prints a line with its time. Elsewhere than on a terminal it is read later, and may be read by a
    /// pipeline that takes the beginning of a line for a command.
    fn line(&self, text: &str) {
        let seconds = self.begun.elapsed().as_secs();
        if self.is_drawn {
            let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
            let line = format!("{}{text}", styled(FAINT, time));
            let columns = screen::size().map_or(80, |(columns, _)| columns);
            say(&textwrap::fill(&line, textwrap::Options::new(columns.max(40)).subsequent_indent(BELOW)));
        } else {
            say(&format!("{:.0} {}", Timestamp::now(), text.replace(['\r', '\n'], " ")));
        }
    }

    fn board(&self) -> MutexGuard<'_, Board<'a>> {
        // Nothing panics while it is held.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How lines are folded into one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fold {
    None,
    /// `::group::`
    Github,
    /// `section_start`
    Gitlab,
}

impl Fold {
    fn of_environment() -> Self {
        let is_set = |name| std::env::var(name).is_ok_and(|value| value == "true");
        match (is_set("GITHUB_ACTIONS"), is_set("GITLAB_CI")) {
            (true, _) => Self::Github,
            (false, true) => Self::Gitlab,
            (false, false) => Self::None,
        }
    }

    fn begin(self, title: &str) {
        match self {
            Self::None => {}
            Self::Github => marker(&format!("::group::{title}")),
            Self::Gitlab => marker(&format!("{}\r\x1b[0K{title}", gitlab("start"))),
        }
    }

    fn end(self) {
        match self {
            Self::None => {}
            Self::Github => marker("::endgroup::"),
            Self::Gitlab => marker(&format!("{}\r\x1b[0K", gitlab("end"))),
        }
    }
}

/// The beginning or the end of a section, in GitLab's form.
fn gitlab(what: &str) -> String {
    format!("\x1b[0Ksection_{what}:{}:ovhconnect_steps", Timestamp::now().as_second())
}

/// Prints what a pipeline reads, byte for byte: it is no colour that may be left out.
fn marker(text: &str) {
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}
