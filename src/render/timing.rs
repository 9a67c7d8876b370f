//! How long steps take: what was measured, and nothing else. OVHcloud does not say how long its tasks
//! take, so no duration is written down here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use uuid::Uuid;

use super::events;
use crate::plan::Operation;

/// How long steps took, by what they did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Timings {
    /// By the name of an operation, each list in ascending order.
    measured: BTreeMap<String, Vec<Duration>>,
    /// The earlier runs that they are from, as far as they are not from this one.
    runs: BTreeSet<Uuid>,
}

/// Why a file tells nothing of earlier runs.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TimingsError {
    /// No line of it is one of a run log.
    #[error("this is not a run log; `apply --log-file FILE` writes one")]
    NotALog,
    /// A format of another time.
    #[error("this run log has format {found}, and this program reads {}", events::FORMAT)]
    OtherFormat {
        /// Its version.
        found: String,
    },
}

/// What is read of a line of a run log.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    format_version: String,
    run: Uuid,
    event: String,
    endpoint: Option<String>,
    step: Option<usize>,
    #[serde(rename = "do")]
    operation: Option<String>,
    seconds: Option<f64>,
}

impl Timings {
    /// Takes in how long the steps of a run log took that were done against the API at `endpoint`: a
    /// simulated account says nothing of a real one. Lines that are cut off are passed over: the program
    /// may have been killed while it wrote one.
    ///
    /// # Errors
    /// A text that is no run log, or one of another major version.
    pub fn read(&mut self, log: &str, endpoint: &str) -> Result<(), TimingsError> {
        let lines: Vec<Line> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if lines.is_empty() && !log.trim().is_empty() {
            return Err(TimingsError::NotALog);
        }
        let other = lines.iter().find(|line| !is_readable(&line.format_version));
        if let Some(line) = other {
            return Err(TimingsError::OtherFormat { found: line.format_version.clone() });
        }
        let mut of_endpoint: BTreeSet<Uuid> = BTreeSet::new();
        let mut started: BTreeMap<(Uuid, usize), String> = BTreeMap::new();
        for Line { run, event, endpoint: at, step, operation, seconds, .. } in lines {
            match (event.as_str(), step, operation, seconds) {
                ("run-started", ..) if at.as_deref() == Some(endpoint) => {
                    of_endpoint.insert(run);
                }
                ("step-started", Some(step), Some(operation), _) if of_endpoint.contains(&run) => {
                    started.insert((run, step), operation);
                }
                ("step-finished", Some(step), _, Some(seconds)) => {
                    let took = Duration::try_from_secs_f64(seconds).ok();
                    if let (Some(operation), Some(took)) = (started.remove(&(run, step)), took) {
                        self.add(operation, took);
                        self.runs.insert(run);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes in how long a step of this run took.
    pub fn note(&mut self, operation: &Operation, took: Duration) {
        self.add(operation.name().to_owned(), took);
    }

    /// How long a step is expected to take: the median of what was measured of its kind. None where
    /// nothing was, and where a task of someone else is waited for: that can be anything.
    #[must_use]
    pub fn expected(&self, operation: &Operation) -> Option<Duration> {
        if matches!(operation, Operation::AwaitTask { .. } | Operation::AwaitVrackTask { .. }) {
            return None;
        }
        let measured = self.measured.get(operation.name())?;
        let middle = measured.len() / 2;
        let upper = *measured.get(middle)?;
        Some(if measured.len() % 2 == 1 { upper } else { (measured[middle - 1] + upper) / 2 })
    }

    /// How many steps were measured.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.measured.values().map(Vec::len).sum()
    }

    /// In how many earlier runs.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    fn add(&mut self, operation: String, took: Duration) {
        let measured = self.measured.entry(operation).or_default();
        let at = measured.partition_point(|other| *other <= took);
        measured.insert(at, took);
    }
}

fn is_readable(version: &str) -> bool {
    let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
    major(version) == major(events::FORMAT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: &str = "https://eu.api.ovh.com/1.0";
    const OTHER: &str = "http://127.0.0.1/1.0";

    fn attach() -> Operation {
        let service = "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01".parse().expect("a uuid");
        Operation::Attach { service }
    }

    /// The lines of a run that attaches services one after the other, each in so many seconds.
    fn run(number: u128, endpoint: &str, seconds: &[f64]) -> String {
        let run = Uuid::from_u128(number);
        let line =
            |rest: String| format!("{{\"formatVersion\":\"1.0\",\"run\":\"{run}\",\"at\":\"\",{rest}}}\n");
        let mut text = line(format!("\"event\":\"run-started\",\"endpoint\":\"{endpoint}\""));
        for (step, seconds) in (1..).zip(seconds) {
            text +=
                &line(format!("\"event\":\"step-started\",\"step\":{step},\"do\":\"attach\",\"title\":\"\""));
            text += &line(format!("\"event\":\"step-finished\",\"step\":{step},\"seconds\":{seconds}"));
        }
        text
    }

    fn expected(logs: &[String]) -> Option<Duration> {
        let mut timings = Timings::default();
        for log in logs {
            timings.read(log, REAL).expect("a run log");
        }
        timings.expected(&attach())
    }

    #[test]
    fn the_median_of_what_was_measured_is_expected() {
        assert_eq!(expected(&[]), None);
        assert_eq!(expected(&[run(1, REAL, &[7.0])]), Some(Duration::from_secs(7)));
        assert_eq!(expected(&[run(1, REAL, &[90.0, 4.0, 6.0])]), Some(Duration::from_secs(6)));
        let both = [run(1, REAL, &[90.0, 4.0]), run(2, REAL, &[6.0, 8.5])];
        assert_eq!(expected(&both), Some(Duration::from_millis(7250)), "of an even count the middle two");
    }

    #[test]
    fn another_api_and_lost_lines_tell_nothing() {
        assert_eq!(expected(&[run(1, OTHER, &[0.5])]), None);
        let mixed = run(1, OTHER, &[0.5]) + &run(2, REAL, &[30.0]);
        assert_eq!(expected(&[mixed]), Some(Duration::from_secs(30)), "only the run against the same API");
        let whole = run(1, REAL, &[5.0, 9.0]);
        let cut = &whole[..whole.len() - 40];
        assert_eq!(expected(&[format!("{cut}\n{}", run(2, REAL, &[7.0]))]), Some(Duration::from_secs(6)));
        let absurd = run(1, REAL, &[-1.0, 1e300]);
        assert_eq!(expected(&[absurd]), None);
    }

    #[test]
    fn what_is_no_run_log_is_refused() {
        let mut timings = Timings::default();
        assert_eq!(timings.read("", REAL), Ok(()), "a log that nothing was written to yet");
        assert_eq!(timings.read("version: 1\n", REAL), Err(TimingsError::NotALog));
        let other = run(1, REAL, &[1.0]).replace("\"1.0\"", "\"2.0\"");
        assert_eq!(timings.read(&other, REAL), Err(TimingsError::OtherFormat { found: "2.0".to_owned() }));
        assert_eq!(timings, Timings::default());
    }

    #[test]
    fn this_run_counts_with_the_earlier_ones() {
        let mut timings = Timings::default();
        timings.read(&run(1, REAL, &[10.0]), REAL).expect("a run log");
        timings.note(&attach(), Duration::from_secs(20));
        assert_eq!(timings.expected(&attach()), Some(Duration::from_secs(15)));
        assert_eq!((timings.steps(), timings.runs()), (2, 1));
        let foreign = Operation::AwaitVrackTask { task: 1, function: "addIpBlock".to_owned() };
        timings.note(&foreign, Duration::from_secs(20));
        assert_eq!(timings.expected(&foreign), None);
    }
}
