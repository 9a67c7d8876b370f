//! Chaos: random changes of random accounts are applied while everything goes wrong that the simulator
//! can make go wrong, and the program is killed and started again. In virtual time.
//!
//! Every run has a seed and is the same each time. A failure names its seed, and
//!
//! ```sh
//! OVHCONNECT_CHAOS_SEED=17 cargo test --test chaos
//! ```
//!
//! runs that one alone. `OVHCONNECT_CHAOS_RUNS` asks for more of them than usual.

#![allow(clippy::unwrap_used, reason = "what the harness builds is there; a panic is a failing test")]

#[allow(dead_code, reason = "the planner's properties use all of it")]
#[path = "../plan_properties/case.rs"]
mod case;
mod draw;
#[allow(dead_code, reason = "the planner's properties use all of it")]
#[path = "../plan_properties/found.rs"]
mod found;
mod judge;
mod race;
#[allow(dead_code, reason = "the planner's properties use all of it")]
#[path = "../plan_properties/report.rs"]
mod report;
mod run;
#[allow(dead_code, reason = "the planner's properties use all of it")]
#[path = "../plan_properties/wanted.rs"]
mod wanted;
mod wire;

use std::fmt::Write as _;

use run::Tally;

/// Runs `runs` seeds, or the one that the environment asks for; returns what they came to.
///
/// # Panics
/// With everything there is to know of the first runs that went wrong.
fn survive(name: &str, runs: u64, one: impl Fn(u64) -> Result<Tally, String>) -> Tally {
    let asked = |variable: &str| std::env::var(variable).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match asked("OVHCONNECT_CHAOS_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..asked("OVHCONNECT_CHAOS_RUNS").unwrap_or(runs) + 1,
    };
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    for seed in seeds.clone() {
        match one(seed) {
            Ok(of_one) => tally.add(&of_one),
            Err(problem) => failures.push((seed, problem)),
        }
    }
    if !failures.is_empty() {
        let all: Vec<String> = failures.iter().map(|(seed, _)| seed.to_string()).collect();
        let mut text =
            format!("{name}: {} of {} runs failed, seeds {}\n", all.len(), seeds.count(), all.join(" "));
        for (seed, problem) in failures.iter().take(2) {
            _ = writeln!(text, "\n=== OVHCONNECT_CHAOS_SEED={seed}\n{problem}");
        }
        panic!("{text}");
    }
    // Not a print: libtest would keep it from whoever reads the log of a run that passed.
    use std::io::Write as _;
    _ = writeln!(std::io::stderr(), "{name}: {tally:?}");
    tally
}

fn is_whole() -> bool {
    std::env::var_os("OVHCONNECT_CHAOS_SEED").is_none()
}

#[test]
fn every_run_ends_well_or_says_why_and_the_next_one_converges() {
    let tally = survive("chaos", 320, run::run);
    if !is_whole() {
        return;
    }
    let rate = tally.struck as f64 / tally.requests as f64;
    assert!(rate >= 0.05, "only {rate:.3} of the requests met with a fault");
    for (what, count) in [
        ("runs with something to do", tally.runs),
        ("kills", tally.kills),
        ("interruptions", tally.stops),
        ("applies that were complete", tally.complete),
        ("steps that failed", tally.failed),
        ("steps of unknown end", tally.unknown),
        ("lost calls that had landed", tally.adopted),
        ("lost calls that were made again", tally.repeated),
    ] {
        assert!(count >= 20, "only {count} {what}: {tally:?}");
    }
}

#[test]
fn two_applies_at_once_end_well_or_say_why() {
    let tally = survive("race", 60, race::run);
    if is_whole() {
        assert!(tally.runs >= 40 && tally.complete >= 40, "{tally:?}");
    }
}
