//! What was measured, for a person.

use std::fmt::Write as _;
use std::time::Duration;

use crate::row::{Judged, Measured, Phase};

/// The names of the columns.
pub const HEADER: &str = "\
services  task s  RTT ms  run            wall s  floor s  ratio  ÷target  requests  ÷target  plan CPU  ÷target  peak MB
--------  ------  ------  -------------  ------  -------  -----  -------  --------  -------  --------  -------  -------";

/// The lines of one row: one for each run.
pub fn lines(measured: &Measured) -> Vec<String> {
    Phase::ALL.iter().filter_map(|phase| line(measured, *phase)).collect()
}

fn line(measured: &Measured, phase: Phase) -> Option<String> {
    let run = measured.runs.get(&phase)?;
    let setting = &measured.setting;
    let used = |judged: Option<Judged>| judged.map_or("-".to_owned(), |it| format!("{:.2}", it.ratio()));
    let memory = run.memory.map_or("-".to_owned(), |bytes| format!("{:.1}", bytes as f64 / 1e6));
    let planning = measured.planning(phase).map_or("-".to_owned(), |_| millis(run.planning));
    Some(format!(
        "{:>8}  {:>5}{} {:>6}   {:13}  {:>6.2}  {:>7.2}  {:>5.2}  {:>7}  {:>8}  {:>7}  {:>8}  {:>7}  {:>7}",
        setting.services,
        setting.task.as_secs_f64(),
        if measured.is_virtual { "v" } else { " " },
        setting.latency.as_millis(),
        phase,
        run.wall.as_secs_f64(),
        run.floor.as_secs_f64(),
        run.wall.as_secs_f64() / run.floor.as_secs_f64(),
        used(measured.time(phase)),
        run.total(),
        used(measured.requests(phase)),
        planning,
        used(measured.planning(phase)),
        memory,
    ))
}

fn millis(span: Duration) -> String {
    format!("{:.2} ms", span.as_secs_f64() * 1e3)
}

/// How often each route was called, run by run.
pub fn routes(measured: &Measured) -> String {
    let mut text = format!("{}:\n", measured.setting);
    for (phase, run) in &measured.runs {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {phase}: {} requests", run.total());
        for (route, count) in &run.requests {
            let _ = writeln!(text, "    {count:>6}  {route}");
        }
    }
    text
}

/// Which targets are missed, or that none is.
pub fn verdict(rows: &[Measured]) -> String {
    let mut missed = Vec::new();
    let mut all = 0;
    for measured in rows {
        for phase in Phase::ALL {
            for (name, judged) in measured.judged(phase) {
                all += 1;
                if judged.ratio() > 1.0 {
                    missed.push(format!(
                        "  {} of {phase}, {}: {:.3} where {:.3} is the most ({:.2} of the target)",
                        name,
                        measured.setting,
                        judged.measured,
                        judged.target,
                        judged.ratio()
                    ));
                }
            }
        }
    }
    if missed.is_empty() {
        return format!("All {all} targets are met. (v: in virtual time.)");
    }
    format!("{} of {all} targets are missed:\n{}", missed.len(), missed.join("\n"))
}
