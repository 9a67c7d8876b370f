//! The run log: what happens during an apply, appended to a file as it happens.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tokio::time::Instant;
use uuid::{Builder, Uuid};

use super::connect::fail;
use super::exit::Exit;
use super::warn;
use crate::apply::{Counts, Event};
use crate::plan::Plan;
use crate::render::events::{self, Entry, Record, Recorder};

/// A file that runs are logged to.
pub(super) struct RunLog {
    path: PathBuf,
    file: File,
    /// Whether a line was lost; said once.
    broken: AtomicBool,
}

impl RunLog {
    /// Opens a file to append to. Where that fails nothing was sent yet.
    pub(super) fn open(path: &Path) -> Result<Self, Exit> {
        let file =
            OpenOptions::new().append(true).create(true).open(path).map_err(|problem| {
                fail(format!("the run log {} cannot be opened: {problem}", path.display()))
            })?;
        Ok(Self { path: path.to_owned(), file, broken: AtomicBool::new(false) })
    }

    /// Appends a line. A run is not left in the middle because its log cannot be written.
    fn append(&self, record: &Record) {
        // One write for the whole line: another run may be appending to the same file.
        let line = format!("{}\n", record.to_json());
        if let Err(problem) = (&self.file).write_all(line.as_bytes())
            && !self.broken.swap(true, Ordering::Relaxed)
        {
            warn(&format!("the run log {} is incomplete: {problem}", self.path.display()));
        }
    }
}

/// One run, as it is logged.
pub(super) struct Recording<'a> {
    log: Option<&'a RunLog>,
    recorder: Recorder<'a>,
    begun: Instant,
    counts: Mutex<Counts>,
}

impl<'a> Recording<'a> {
    /// A run of `plan` that begins now.
    pub(super) fn new(log: Option<&'a RunLog>, plan: &'a Plan) -> Self {
        let recorder = Recorder::new(plan, run_id());
        Self { log, recorder, begun: Instant::now(), counts: Mutex::new(Counts::before(plan)) }
    }

    /// Logs what happened to the run.
    pub(super) fn log(&self, entry: impl FnOnce() -> Entry) {
        if let Some(log) = self.log {
            log.append(&self.recorder.record(Timestamp::now(), entry()));
        }
    }

    /// Logs what happened to a step.
    pub(super) fn event(&self, event: &Event) {
        // Nothing panics while it is held.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).note(event);
        self.log(|| self.recorder.step(event));
    }

    /// Logs the end of the run; `converged`: whether planning again found nothing to do.
    pub(super) fn finished(&self, converged: Option<bool>, exit: Exit) {
        let counts = *self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        self.log(|| events::finished(self.begun.elapsed(), counts, converged, exit.code()));
    }
}

/// A name for a run that sorts by time.
fn run_id() -> Uuid {
    let milliseconds = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default();
    let random = std::array::from_fn(|_| fastrand::u8(..));
    Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
}
