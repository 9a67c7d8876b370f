//! How long steps took in earlier runs, as their logs tell.

use std::path::PathBuf;

use super::connect::fail;
use super::exit::Exit;
use super::warn;
use crate::render::timing::Timings;

/// Reads the logs of earlier runs against an API. Where none of them tells of one, nothing is expected.
pub(super) fn load(logs: &[PathBuf], endpoint: &str) -> Result<Timings, Exit> {
    let mut timings = Timings::default();
    for path in logs {
        let log = std::fs::read_to_string(path)
            .map_err(|problem| fail(format!("the run log {} cannot be read: {problem}", path.display())))?;
        timings.read(&log, endpoint).map_err(|problem| fail(format!("{}: {problem}", path.display())))?;
    }
    if !logs.is_empty() && timings.steps() == 0 {
        warn(&format!("nothing is known of how long it takes: --timings names no run against {endpoint}"));
    }
    Ok(timings)
}
