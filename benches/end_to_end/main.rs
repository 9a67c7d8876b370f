//! How long whole runs take against the simulator, next to how long they have to:
//! `cargo bench --bench end_to_end`.
//!
//! Each row plans a topology against an empty account, applies it, plans again and destroys it. Its
//! *floor* is what no client can beat: the longest chain of tasks that wait for each other, one round
//! trip for each. `benches/README.md` says how to read the table and how to choose rows.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]

mod floor;
mod process;
mod row;
mod table;
mod topology;
mod virtual_time;

use std::process::ExitCode;
use std::time::Duration;

use row::{Measured, Setting};

const LATENCIES_MS: [u64; 2] = [20, 50];
const TASKS_MS: [u64; 3] = [200, 2_000, 20_000];
const SERVICES: [usize; 4] = [1, 10, 50, 200];
/// From here on the clock is tokio's and jumps: nobody waits minutes for a table.
const VIRTUAL_FROM: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let chosen = match Choice::from_arguments(std::env::args().skip(1)) {
        Ok(chosen) => chosen,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    println!("{}", table::HEADER);
    let mut all_held = true;
    let mut rows = Vec::new();
    for setting in chosen.settings() {
        match measure(setting, chosen.is_virtual) {
            Ok(measured) => {
                for line in table::lines(&measured) {
                    println!("{line}");
                }
                all_held &= measured.holds();
                rows.push(measured);
            }
            Err(problem) => {
                eprintln!("{setting}: {problem}");
                return ExitCode::FAILURE;
            }
        }
    }
    if chosen.routes {
        rows.iter().for_each(|measured| println!("\n{}", table::routes(measured)));
    }
    println!("\n{}", table::verdict(&rows));
    if all_held { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

fn measure(setting: Setting, is_virtual: bool) -> Result<Measured, String> {
    if is_virtual || setting.task >= VIRTUAL_FROM {
        virtual_time::measure(setting)
    } else {
        process::measure(setting)
    }
}

/// Which rows are wanted: all of them, or those that fit what was asked for.
#[derive(Default)]
struct Choice {
    latencies: Vec<u64>,
    tasks: Vec<u64>,
    services: Vec<usize>,
    routes: bool,
    is_virtual: bool,
}

impl Choice {
    fn from_arguments(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut chosen = Self::default();
        let mut full = false;
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().and_then(|it| it.parse::<f64>().ok());
            match argument.as_str() {
                "--bench" => full = true,
                "--routes" => chosen.routes = true,
                "--virtual" => chosen.is_virtual = true,
                "--latency-ms" => chosen.latencies.extend(value().map(|it| it as u64)),
                "--task-seconds" => chosen.tasks.extend(value().map(|it| (it * 1000.0) as u64)),
                "--services" => chosen.services.extend(value().map(|it| it as usize)),
                other => {
                    return Err(format!(
                        "{other} is not known; there are --latency-ms, --task-seconds, --services (each may be \
                         given several times), --virtual and --routes"
                    ));
                }
            }
        }
        let is_test = !full;
        let or = |given: &mut Vec<u64>, all: &[u64]| {
            if given.is_empty() {
                given.extend(all.iter().take(if is_test { 1 } else { usize::MAX }));
            }
        };
        or(&mut chosen.latencies, &LATENCIES_MS);
        or(&mut chosen.tasks, &TASKS_MS);
        if chosen.services.is_empty() {
            chosen.services.extend(SERVICES.iter().take(if is_test { 1 } else { usize::MAX }));
        }
        Ok(chosen)
    }

    fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        for task in &self.tasks {
            for latency in &self.latencies {
                for services in &self.services {
                    settings.push(Setting {
                        latency: Duration::from_millis(*latency),
                        task: Duration::from_millis(*task),
                        services: *services,
                    });
                }
            }
        }
        settings
    }
}
