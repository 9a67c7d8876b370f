//! What has to hold of every case.

use std::collections::BTreeSet;

use ovhconnect::diagnostic::Diagnostic;
use ovhconnect::diff::Goal;
use ovhconnect::live::read::{ReadError, Reading};
use ovhconnect::plan::{Plan, PlanError};
use ovhconnect::sim::World;
use ovhconnect::topology::Topology;

use super::case::{look, parse};
use super::drive::{self, PACES};
use super::report;

/// What became of a case that is as it should be.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Nothing is to be done.
    Nothing,
    /// It cannot be planned, for these codes.
    Unfit(BTreeSet<&'static str>),
    /// It was planned and run.
    Ran(Facts),
}

/// What a case was about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    pub steps: usize,
    pub runs: usize,
    /// Of the vRacks, how many kept something up, and in how many of them a run came as low as foretold.
    pub bounded: usize,
    pub reached: usize,
}

/// Everything at once, for a topology file and an account; `orders` runs of each pace.
///
/// # Errors
/// What is wrong, with all there is to know of the case.
pub fn check(text: &str, world: &World, seed: u64, orders: usize) -> Result<Verdict, String> {
    let topology = parse(text);
    let reading = match look(world, &topology) {
        Ok(reading) => reading,
        Err(ReadError::Unfit(diagnostics)) => return Ok(unfit(&diagnostics)),
        Err(error) => return Err(format!("live state cannot be read: {error}\n{text}")),
    };
    let setting = || format!("topology:\n{text}\nlive:\n{}", report::live(&reading.live));
    let plan = match Plan::make(&reading.topology, &reading.live, Goal::Apply) {
        Ok(plan) => plan,
        Err(PlanError::Unfit(diagnostics)) => {
            return Ok(unfit(&diagnostics));
        }
        Err(problem @ (PlanError::Only(_) | PlanError::Cycle(_))) => {
            return Err(format!("{problem}\n\n{}", setting()));
        }
    };
    let problem = checked(&plan, &reading, world, &topology, seed, orders);
    problem.map_err(|problem| format!("{problem}\n\n{}\nplan:\n{}", setting(), report::plan(&plan)))
}

fn unfit(diagnostics: &[Diagnostic]) -> Verdict {
    Verdict::Unfit(diagnostics.iter().map(|diagnostic| diagnostic.code).collect())
}

fn checked(
    plan: &Plan,
    _reading: &Reading,
    world: &World,
    topology: &Topology,
    seed: u64,
    orders: usize,
) -> Result<Verdict, String> {
    let mut facts = Facts { steps: plan.steps.len(), ..Facts::default() };
    if plan.is_empty() {
        return Ok(Verdict::Nothing);
    }
    for pace in PACES {
        for number in 0..orders {
            let mut ran = drive::run(plan, world, pace, seed.wrapping_add(number as u64))?;
            facts.runs += 1;
            ran.world.settle();
            converged(topology, &ran.world).map_err(|problem| format!("after a run {pace:?}: {problem}"))?;
        }
    }
    Ok(Verdict::Ran(facts))
}

/// Planning again finds nothing.
fn converged(topology: &Topology, world: &World) -> Result<(), String> {
    let reading = look(world, topology).map_err(|error| format!("reading again fails: {error:?}"))?;
    match Plan::make(&reading.topology, &reading.live, Goal::Apply) {
        Ok(plan) if plan.is_empty() => Ok(()),
        Ok(plan) => {
            Err(format!("planning again finds\n{}in\n{}", report::plan(&plan), report::live(&reading.live)))
        }
        Err(error) => Err(format!("planning again fails: {error:?}")),
    }
}
