//! The events of a run as JSON, one object a line: what a run log holds, and what `--format json` writes
//! while it runs. Its shape is `schemas/run-log.schema.json`.

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::json::Summary;
use super::spent::Phase;
use super::words::{self, ShortNames};
use crate::apply::{Counts, Event, Progress, StepError};
use crate::diff::Goal;
use crate::plan::{Plan, StepId};
use crate::topology::Address;

/// The version of the format that is written.
pub const FORMAT: &str = "1.2";

/// One line of a run log.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The version of the format: major and minor. A minor version adds events and fields.
    pub format_version: &'static str,
    /// The run it belongs to: several may write to one file.
    pub run: Uuid,
    /// When it happened.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What happened.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Entry {
    /// The plan is about to be run.
    RunStarted {
        /// The program that runs it.
        program: &'static str,
        /// The URL of the API.
        endpoint: String,
        /// What the plan was made for.
        goal: Goal,
        /// What the plan was limited to, if to anything.
        #[serde(skip_serializing_if = "Option::is_none")]
        only: Option<Address>,
        /// What the plan hashes to: the same plan has the same digest.
        plan_digest: String,
        /// What the live state hashes to that the plan was made from, as in a saved plan.
        live_digest: String,
        /// How many steps the plan has.
        steps: usize,
        /// How many changes of each kind it makes.
        summary: Summary,
    },
    /// The plan is not run: it would do what it may not, or nobody approved it. Nothing was changed.
    RunRefused {
        /// Why, a reason at a time.
        reasons: Vec<String>,
        /// How many changes of each kind it would have made.
        summary: Summary,
        /// The program's exit code.
        exit: u8,
    },
    /// The call of a step is about to be made.
    StepStarted {
        /// The step.
        #[serde(flatten)]
        step: StepName,
        /// What it does, in the words of a saved plan: `attach`, `createPop` and the like.
        #[serde(rename = "do")]
        operation: String,
        /// What it does, in a person's words.
        title: String,
    },
    /// The API accepted the call.
    StepCalled {
        /// The step.
        #[serde(flatten)]
        step: StepName,
        /// The task that does it; none where the answer to the call is the end of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        task: Option<u64>,
        /// The number OVHcloud's support asks for.
        #[serde(skip_serializing_if = "Option::is_none")]
        query_id: Option<String>,
    },
    /// The task has another status than before.
    StepTask {
        /// The step.
        #[serde(flatten)]
        step: StepName,
        /// The task's number.
        task: u64,
        /// Its status, in the API's word.
        status: String,
    },
    /// The service is busy with something else; the call is made again when it is not.
    StepBusy {
        /// The step.
        #[serde(flatten)]
        step: StepName,
        /// What the API answered.
        message: String,
    },
    /// The answer to the call was lost; live state is asked whether it was carried out.
    StepAnswerLost {
        /// The step.
        #[serde(flatten)]
        step: StepName,
        /// What happened to the answer.
        message: String,
    },
    /// The call whose answer was lost had been carried out.
    StepAdopted {
        /// The step.
        #[serde(flatten)]
        step: StepName,
    },
    /// The BGP session of the PoP that was made is awaited, or is up.
    StepSession {
        /// The step.
        #[serde(flatten)]
        step: StepName,
        /// Whether it is up.
        up: bool,
    },
    /// The BGP session of the PoP that is to go is the last of its vRack that is up: another is awaited.
    StepLastSession {
        /// The step.
        #[serde(flatten)]
        step: StepName,
    },
    /// The API does not tell whether sessions are up: the run goes on without. Said once.
    StepHealthUnknown {
        /// The step.
        #[serde(flatten)]
        step: StepName,
        /// What the API answered.
        message: String,
    },
    /// The effect of the step is there.
    StepFinished {
        /// The step.
        #[serde(flatten)]
        step: StepName,
        /// How long it took since it started.
        seconds: f64,
        /// For how much of that a task was under way; left out where none did it.
        #[serde(skip_serializing_if = "Option::is_none")]
        task_seconds: Option<f64>,
    },
    /// The effect of the step did not come.
    StepFailed {
        /// The step.
        #[serde(flatten)]
        step: StepName,
        /// How long it took since it started.
        seconds: f64,
        /// Why.
        error: Problem,
    },
    /// Whether the effect of the step came, or will, is not known.
    StepUnknown {
        /// The step.
        #[serde(flatten)]
        step: StepName,
        /// How long it took since it started.
        seconds: f64,
        /// Why not.
        error: Problem,
    },
    /// The step is not run, because another did not succeed.
    StepSkipped {
        /// The step.
        #[serde(flatten)]
        step: StepName,
        /// The number of the other.
        because: usize,
    },
    /// The step is not run after all: the run was interrupted before its call was made.
    StepStopped {
        /// The step.
        #[serde(flatten)]
        step: StepName,
    },
    /// Nothing new is started: the run was interrupted.
    RunInterrupted,
    /// The run is over. Where this line is missing, the program was killed, or still runs.
    RunFinished {
        /// How long it took since it started.
        seconds: f64,
        /// How many steps are done.
        done: usize,
        /// How many failed.
        failed: usize,
        /// Of how many it is not known whether their effect came, or will.
        unknown: usize,
        /// How many were skipped because of one that did not succeed.
        skipped: usize,
        /// How many were not started because of the interruption.
        not_started: usize,
        /// Whether planning again found nothing to do; left out where it was not planned again.
        #[serde(skip_serializing_if = "Option::is_none")]
        converged: Option<bool>,
        /// The program's exit code.
        exit: u8,
        /// Where the time of the whole program went.
        phases: Vec<Phase>,
    },
}

/// Which step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepName {
    /// Its number as the program prints it, from 1: its position in the plan's `steps`, plus one.
    pub step: usize,
    /// What it is about.
    pub address: Address,
}

/// Why a step did not succeed. No part of it holds a secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// What happened and what to do about it, as the program prints it.
    pub message: String,
    /// The HTTP status, where the API refused a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The API's own name for it, like `Client::NotFound`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The task that ended badly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<u64>,
    /// The number OVHcloud's support asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_id: Option<String>,
}

impl Problem {
    fn of(error: &StepError) -> Self {
        Self {
            message: error.to_string(),
            status: error.status(),
            class: error.class().map(str::to_owned),
            task: error.task(),
            query_id: error.query_id().map(str::to_owned),
        }
    }
}

impl Record {
    /// The line of a file, without its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a record is plain data with text keys")
    }

    /// The schema of a line.
    #[must_use]
    pub fn schema() -> Value {
        let mut schema = schemars::schema_for!(Self).to_value();
        if let Value::Object(fields) = &mut schema {
            fields.insert("title".to_owned(), Value::String("A line of a run log of ovhconnect".to_owned()));
            let major = FORMAT.split('.').next().unwrap_or(FORMAT);
            fields.insert("$id".to_owned(), Value::String(format!("ovhconnect/run-log/{major}")));
        }
        schema
    }
}

/// Makes the records of one run.
#[derive(Clone, Debug)]
pub struct Recorder<'a> {
    plan: &'a Plan,
    names: ShortNames,
    run: Uuid,
}

impl<'a> Recorder<'a> {
    /// The recorder of the run that `run` names.
    #[must_use]
    pub fn new(plan: &'a Plan, run: Uuid) -> Self {
        Self { plan, names: ShortNames::of(plan), run }
    }

    /// What happened, at a time.
    #[must_use]
    pub fn record(&self, at: Timestamp, entry: Entry) -> Record {
        Record { format_version: FORMAT, run: self.run, at: format!("{at:.3}"), entry }
    }

    /// What happened to a step; `task`: for how long a task was under way, where this is its end.
    #[must_use]
    pub fn step(&self, event: &Event, task: Option<Duration>) -> Entry {
        match event {
            Event::Started { step } => Entry::StepStarted {
                step: self.name(*step),
                operation: self.plan.steps[step.0].operation.name().to_owned(),
                title: self.plan.step(*step).map(|it| words::step(it, &self.names)).unwrap_or_default(),
            },
            Event::Progress { step, progress } => progressed(self.name(*step), progress),
            Event::Finished { step, elapsed } => Entry::StepFinished {
                step: self.name(*step),
                seconds: seconds(*elapsed),
                task_seconds: task.map(seconds),
            },
            Event::Failed { step, error, elapsed } => {
                let (step, seconds, problem) = (self.name(*step), seconds(*elapsed), Problem::of(error));
                if error.is_unknown() {
                    Entry::StepUnknown { step, seconds, error: problem }
                } else {
                    Entry::StepFailed { step, seconds, error: problem }
                }
            }
            Event::Skipped { step, because } => {
                Entry::StepSkipped { step: self.name(*step), because: number(*because) }
            }
            Event::Stopped { step } => Entry::StepStopped { step: self.name(*step) },
        }
    }

    fn name(&self, id: StepId) -> StepName {
        StepName { step: number(id), address: self.plan.steps[id.0].address.clone() }
    }
}

fn progressed(step: StepName, progress: &Progress) -> Entry {
    match progress.clone() {
        Progress::Accepted { task, query_id } => Entry::StepCalled { step, task, query_id },
        Progress::Task { task, status } => Entry::StepTask { step, task, status },
        Progress::Busy { message } => Entry::StepBusy { step, message },
        Progress::Looking { error } => Entry::StepAnswerLost { step, message: error },
        Progress::Adopted => Entry::StepAdopted { step },
        Progress::Session { is_up } => Entry::StepSession { step, up: is_up },
        Progress::LastSession => Entry::StepLastSession { step },
        Progress::HealthUnknown { error } => Entry::StepHealthUnknown { step, message: error },
    }
}

/// The end of a run.
#[must_use]
pub fn finished(
    elapsed: Duration,
    counts: Counts,
    converged: Option<bool>,
    exit: u8,
    phases: Vec<Phase>,
) -> Entry {
    let Counts { done, failed, unknown, skipped, not_started } = counts;
    Entry::RunFinished {
        seconds: seconds(elapsed),
        done,
        failed,
        unknown,
        skipped,
        not_started,
        converged,
        exit,
        phases,
    }
}

/// As a person counts: from 1.
const fn number(id: StepId) -> usize {
    id.0 + 1
}

/// To the millisecond.
pub(super) fn seconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1000.0).round() / 1000.0
}
