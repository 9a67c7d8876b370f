//! The run log: what happens during an apply, written as it happens: to a file, to stdout, or to both.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use uuid::{Builder, Uuid};

use super::args::{self, ApplyFormat};
use super::connect::fail;
use super::exit::Exit;
use super::{out_raw, warn};
use crate::apply::{Counts, Event};
use crate::plan::Plan;
use crate::render::events::{self, Entry, Record, Recorder};
use crate::render::json::Summary;
use crate::render::spent::{Phase, TaskTime};

/// Where runs are logged to, if anywhere.
pub(super) struct RunLog {
    file: Option<LogFile>,
    stdout: bool,
}

/// A file that runs are logged to.
struct LogFile {
    path: PathBuf,
    file: File,
    /// Whether a line was lost; said once.
    broken: AtomicBool,
}

impl RunLog {
    /// Opens the log that the command line asks for. Where that fails nothing was sent yet.
    pub(super) fn open(args: &args::Apply) -> Result<Self, Exit> {
        let file = args.log_file.as_deref().map(LogFile::open).transpose()?;
        Ok(Self { file, stdout: args.format == ApplyFormat::Json })
    }

    /// Logs that a plan is not run, and why.
    pub(super) fn refused(&self, plan: &Plan, reasons: Vec<String>, exit: Exit) {
        let refused = Entry::RunRefused { reasons, summary: Summary::of(plan), exit: exit.code() };
        Recording::new(self, plan).log(|| refused);
    }

    fn is_wanted(&self) -> bool {
        self.file.is_some() || self.stdout
    }

    fn write(&self, record: &Record) {
        // One write for the whole line: another run may be appending to the same file.
        let line = format!("{}\n", record.to_json());
        if self.stdout {
            out_raw(&line);
        }
        if let Some(file) = &self.file {
            file.append(&line);
        }
    }
}

impl LogFile {
    fn open(path: &Path) -> Result<Self, Exit> {
        let file =
            OpenOptions::new().append(true).create(true).open(path).map_err(|problem| {
                fail(format!("the run log {} cannot be opened: {problem}", path.display()))
            })?;
        Ok(Self { path: path.to_owned(), file, broken: AtomicBool::new(false) })
    }

    /// Appends a line. A run is not left in the middle because its log cannot be written.
    fn append(&self, line: &str) {
        if let Err(problem) = (&self.file).write_all(line.as_bytes())
            && !self.broken.swap(true, Ordering::Relaxed)
        {
            warn(&format!("the run log {} is incomplete: {problem}", self.path.display()));
        }
    }
}

/// One run, as it is logged.
pub(super) struct Recording<'a> {
    log: &'a RunLog,
    recorder: Recorder<'a>,
    begun: Instant,
    counts: Mutex<Counts>,
    tasks: Mutex<TaskTime>,
}

impl<'a> Recording<'a> {
    /// A run of `plan` that begins now.
    pub(super) fn new(log: &'a RunLog, plan: &'a Plan) -> Self {
        let recorder = Recorder::new(plan, run_id());
        Self {
            log,
            recorder,
            begun: Instant::now(),
            counts: Mutex::new(Counts::before(plan)),
            tasks: Mutex::default(),
        }
    }

    /// Logs what happened to the run.
    pub(super) fn log(&self, entry: impl FnOnce() -> Entry) {
        if self.log.is_wanted() {
            self.log.write(&self.recorder.record(Timestamp::now(), entry()));
        }
    }

    /// Logs what happened to a step.
    pub(super) fn event(&self, event: &Event) {
        lock(&self.counts).note(event);
        let task = lock(&self.tasks).note(self.begun.elapsed(), event);
        self.log(|| self.recorder.step(event, task));
    }

    /// Logs the end of the run; `converged`: whether planning again found nothing to do.
    pub(super) fn finished(&self, converged: Option<bool>, exit: Exit, phases: Vec<Phase>) {
        let counts = *lock(&self.counts);
        self.log(|| events::finished(self.begun.elapsed(), counts, converged, exit.code(), phases));
    }

    /// For how long at least one task was under way.
    pub(super) fn on_tasks(&self) -> Duration {
        lock(&self.tasks).any()
    }
}

/// Nothing panics while it is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name for a run that sorts by time.
fn run_id() -> Uuid {
    let milliseconds = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default();
    let random = std::array::from_fn(|_| fastrand::u8(..));
    Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
}
