//! What happens during an apply: a line for each running step on a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::say;
use crate::apply::{self, Event};
use crate::plan::{Plan, StepId};
use crate::render::words::{self, ShortNames};
use crate::render::{ALARM, FAINT, styled};

/// How often a running step's line is redrawn.
const TICK: Duration = Duration::from_millis(120);

/// Tells what happens.
pub(super) struct Progress<'a> {
    plan: &'a Plan,
    names: ShortNames,
    begun: Instant,
    lines: Option<MultiProgress>,
    running: Mutex<BTreeMap<StepId, Option<ProgressBar>>>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        let live = std::io::stderr().is_terminal() && std::env::var("TERM").is_ok_and(|term| term != "dumb");
        let lines = live.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self { plan, names: ShortNames::of(plan), begun: Instant::now(), lines, running: Mutex::default() }
    }

    /// Tells of one event.
    pub(super) fn event(&self, event: &Event) {
        match event {
            Event::Started { step } => self.started(*step),
            Event::Progress { step, progress } => self.progressed(*step, progress),
            Event::Finished { step, elapsed } => {
                self.ended(*step);
                self.line(*step, &format!("done in {}", words::duration(*elapsed)));
            }
            Event::Failed { step, error, elapsed } => {
                self.ended(*step);
                let word = if error.is_unknown() { "unknown" } else { "failed" };
                let what = styled(ALARM, format!("{word} after {}", words::duration(*elapsed)));
                self.line(*step, &format!("{what}: {error}"));
            }
            Event::Stopped { step } => {
                self.ended(*step);
                self.line(*step, &styled(FAINT, "not started after all"));
            }
            Event::Skipped { step, because } => {
                self.line(*step, &styled(FAINT, format!("skipped because of {because}")));
            }
        }
    }

    /// Tells something about the whole.
    pub(super) fn note(&self, text: &str) {
        self.print(&format!("{}  {text}", self.time()));
    }

    /// Clears what was drawn.
    pub(super) fn finish(&self) {
        for bar in self.running().values().flatten() {
            bar.finish_and_clear();
        }
        if let Some(lines) = &self.lines {
            // What cannot be cleared stays on the screen: no harm done.
            let _ = lines.clear();
        }
    }

    /// Says what is in flight, before the program leaves.
    pub(super) fn abandon(&self) {
        self.finish();
        let running: Vec<StepId> = self.running().keys().copied().collect();
        self.note("left at once; still in flight, and to be found again by the next plan:");
        for step in running {
            say(&format!("         {step}  {}", self.words(step)));
        }
    }

    fn started(&self, step: StepId) {
        let bar = self.lines.as_ref().map(|lines| {
            let bar = lines.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix}  {wide_msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.set_prefix(step.to_string());
            bar.set_message(self.words(step));
            bar.enable_steady_tick(TICK);
            bar
        });
        if bar.is_none() {
            self.line(step, &self.words(step));
        }
        self.running().insert(step, bar);
    }

    fn progressed(&self, step: StepId, progress: &apply::Progress) {
        let text = match progress {
            // The answer to the call is the end of it.
            apply::Progress::Accepted { task: None, .. } => return,
            apply::Progress::Accepted { task: Some(task), .. } => format!("task {task}"),
            apply::Progress::Task { task, status } => format!("task {task} is `{status}`"),
            apply::Progress::Busy { message } => format!("busy, will try again: {message}"),
            apply::Progress::Looking { error } => {
                format!("the answer was lost, looking whether it was carried out: {error}")
            }
            apply::Progress::Adopted => "it had been carried out".to_owned(),
            apply::Progress::Session { is_up: false } => "active; waiting for its BGP session".to_owned(),
            apply::Progress::Session { is_up: true } => "its BGP session is up".to_owned(),
            apply::Progress::HealthUnknown { error } => {
                format!("the API does not tell whether sessions are up, going on without: {error}")
            }
        };
        let bar = self.running().get(&step).cloned().flatten();
        match (bar, progress) {
            (
                Some(bar),
                apply::Progress::Accepted { .. }
                | apply::Progress::Task { .. }
                | apply::Progress::Session { .. },
            ) => {
                bar.set_message(format!("{}  {text}", self.words(step)));
            }
            _ => self.line(step, &text),
        }
    }

    fn ended(&self, step: StepId) {
        if let Some(Some(bar)) = self.running().remove(&step) {
            bar.finish_and_clear();
        }
    }

    /// A line about a step. On a terminal, where no line said when it began, it says what it is.
    fn line(&self, step: StepId, text: &str) {
        let words = self.words(step);
        let text = if self.lines.is_some() { format!("{words}: {text}") } else { text.to_owned() };
        self.print(&format!("{}  {step:>4}  {text}", self.time()));
    }

    fn print(&self, text: &str) {
        match &self.lines {
            Some(lines) => lines.suspend(|| say(text)),
            None => say(text),
        }
    }

    fn words(&self, step: StepId) -> String {
        self.plan.step(step).map(|step| words::step(step, &self.names)).unwrap_or_default()
    }

    fn time(&self) -> String {
        let seconds = self.begun.elapsed().as_secs();
        styled(FAINT, format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<StepId, Option<ProgressBar>>> {
        // Nothing panics while it is held.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
