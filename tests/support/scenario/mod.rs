//! Scenarios: a live state, a desired one, and the plan between them as its reader sees it.
//!
//! Each is a file in `tests/scenarios`. Its plan is compared with the text in the file and then
//! applied to the simulator, in virtual time: every step has to be done, nothing may be left to do,
//! no call may be refused, and at no moment may less have stood than the plan's impact said. Then all
//! of it once more, against an API that is otherwise than assumed.

mod account;
mod file;
mod witness;

use std::path::PathBuf;
use std::time::Duration;

use ovhconnect::diagnostic::{self, Diagnostic, Source, Sources};
use ovhconnect::diff::Goal;
use ovhconnect::live::read::{ReadError, read};
use ovhconnect::plan::{Plan, PlanError};
use ovhconnect::render::text::{self, View};
use ovhconnect::render::words;
use ovhconnect::sim::{Options, Simulator};
use ovhconnect::topology::{Topology, parse};
use snapbox::Data;

use crate::support::{Applied, Rehearsal};
pub use file::{FOLDER, Scenario};
use witness::Witness;

/// Runs the scenario `name` and fails with what is not as it should be.
pub async fn run(name: &str) {
    if let Err(problem) = tried(name).await {
        panic!("{name}: {problem}");
    }
}

async fn tried(name: &str) -> Result<(), String> {
    let scenario = Scenario::load(name)?;
    let (live, _) = topology("live.yaml", &scenario.live)?;
    let (desired, sources) = topology("desired.yaml", &scenario.desired)?;
    let goal = if scenario.command.destroy { Goal::Destroy } else { Goal::Apply };
    let rehearse = |options| {
        let world = account::world(&live, &desired, &scenario.oddities, options)?;
        Ok::<_, String>(Rehearsal::with_world(desired.clone(), world))
    };
    let rehearsal = rehearse(Options::default())?;
    let planned = planned_here(&rehearsal, goal).await?;
    let printed = match (&planned, scenario.command.fails) {
        (Ok(plan), false) => {
            let view = View { explain: scenario.command.explain, ..View::default() };
            anstream::adapter::strip_str(&text::plan(plan, view)).to_string()
        }
        (Err(diagnostics), true) => diagnostic::render(diagnostics, &sources, false),
        (Ok(plan), true) => return Err(format!("it should fail, and is a plan: {}", words::summary(plan))),
        (Err(diagnostics), false) => {
            return Err(format!("it fails:\n{}", diagnostic::render(diagnostics, &sources, false)));
        }
    };
    let compared = snapbox::Assert::new().action_env("SNAPSHOTS").try_eq(
        Some(&name),
        scenario.with(&printed).into(),
        Data::read_from(&scenario.path, None).raw(),
    );
    if let Ok(plan) = planned {
        carried_out(name, &rehearsal, goal, plan).await.map_err(|problem| format!("{problem}\n{printed}"))?;
        let rehearsal = rehearse(otherwise())?;
        let plan = planned_here(&rehearsal, goal).await?.map_err(|_| "otherwise, there is no plan")?;
        carried_out(&format!("{name}, otherwise"), &rehearsal, goal, plan).await?;
    }
    compared.map_err(|difference| difference.to_string())
}

/// An API that is otherwise than the simulator's usual one, wherever nobody knows how the real one is.
fn otherwise() -> Options {
    let usual = Options::default();
    Options {
        serialize: !usual.serialize,
        distinct_ids_per_service: !usual.distinct_ids_per_service,
        inherited_while_init: !usual.inherited_while_init,
        init_parent_takes_children: !usual.init_parent_takes_children,
        membership_shows_on_service: !usual.membership_shows_on_service,
        ..usual
    }
}

/// A topology that can be acted on, and its text.
fn topology(name: &str, yaml: &str) -> Result<(Topology, Sources), String> {
    let mut sources = Sources::default();
    if yaml.trim().is_empty() {
        return Ok((Topology::default(), sources));
    }
    sources.add(Source { path: PathBuf::from(name), text: yaml.to_owned() });
    let (topology, diagnostics) = parse(&sources);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostic::render(&diagnostics, &sources, false));
    }
    Ok((topology, sources))
}

/// The plan, or what is wrong.
async fn planned_here(rehearsal: &Rehearsal, goal: Goal) -> Result<Result<Plan, Vec<Diagnostic>>, String> {
    let reading = match read(&rehearsal.client, &rehearsal.topology).await {
        Ok(reading) => reading,
        Err(ReadError::Unfit(diagnostics)) => return Ok(Err(diagnostics)),
        Err(problem) => return Err(format!("live state cannot be read: {problem}")),
    };
    match Plan::make(&reading.topology, &reading.live, goal) {
        Ok(plan) => Ok(Ok(plan)),
        Err(PlanError::Unfit(diagnostics)) => Ok(Err(diagnostics)),
        Err(problem @ (PlanError::Only(_) | PlanError::Cycle(_))) => Err(problem.to_string()),
    }
}

async fn carried_out(what: &str, rehearsal: &Rehearsal, goal: Goal, plan: Plan) -> Result<(), String> {
    let mut witness = Witness::of(&rehearsal.topology);
    let outcome = tokio::select! {
        outcome = rehearsal.run(&plan) => outcome,
        () = witness.watch(&plan, &rehearsal.simulator) => unreachable!("it looks for ever"),
    };
    let refused = refused(&rehearsal.simulator);
    // What others began may not be over yet.
    tokio::time::sleep(Duration::from_secs(600)).await;
    witness.look(&plan, &rehearsal.simulator.world());
    let broken = witness.broken_promises(&plan);
    let left = planned_here(rehearsal, goal).await?.map_err(|diagnostics| {
        format!("planning again fails:\n{}", diagnostic::render(&diagnostics, &Sources::default(), false))
    })?;
    let applied = Applied { plan, outcome, left };
    applied.assert_converged(&what);
    // One that takes one task at a time refuses what comes meanwhile, in whatever order.
    let refused = if rehearsal.simulator.world().options().serialize { Vec::new() } else { refused };
    match (refused.is_empty(), broken.is_empty()) {
        (true, true) => Ok(()),
        (false, _) => Err(format!("the order is wrong, the API refused calls:\n{}", refused.join("\n"))),
        (true, false) => Err(format!("the impact is not true:\n{broken}")),
    }
}

/// The calls that came too early, or not at all: a repetition hides them from the outcome.
fn refused(simulator: &Simulator) -> Vec<String> {
    let log = simulator.log().into_iter();
    let refused = log.filter(|entry| entry.is_mutation() && entry.status.is_none_or(|status| status >= 400));
    refused.map(|entry| format!("{} {} {:?}", entry.method, entry.path, entry.status)).collect()
}
