//! What has to hold of every case.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ovhconnect::diagnostic::Diagnostic;
use ovhconnect::diff::Goal;
use ovhconnect::live::read::{ReadError, Reading};
use ovhconnect::live::{ConfigId, Live};
use ovhconnect::plan::{Plan, PlanError};
use ovhconnect::sim::World;
use ovhconnect::topology::{Address, Node, ServicePart, Topology};

use super::case::{look, parse};
use super::drive::{self, Least, PACES, Pace};
use super::{judge, report};

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
    /// Of paths and of datacenters: how many vRacks had some,
    pub levels: usize,
    /// in how many of them some are to stand at every moment,
    pub kept: usize,
    /// and in how many a run came as low as foretold.
    pub reached: usize,
}

/// Everything at once, for a topology file and an account; `orders` runs of each pace.
///
/// # Errors
/// What is wrong, with all there is to know of the case.
pub fn check(text: &str, world: &World, goal: Goal, seed: u64, orders: usize) -> Result<Verdict, String> {
    let topology = parse(text);
    let reading = match look(world, &topology) {
        Ok(reading) => reading,
        Err(ReadError::Unfit(diagnostics)) => return Ok(unfit(&diagnostics)),
        Err(error) => return Err(format!("live state cannot be read: {error}\n{text}")),
    };
    let setting = || format!("{goal:?}\ntopology:\n{text}\nlive:\n{}", report::live(&reading.live));
    let make = || Plan::make(&reading.topology, &reading.live, goal);
    let made =
        catch_unwind(AssertUnwindSafe(make)).map_err(|_| format!("planning panics\n\n{}", setting()))?;
    let plan = match made {
        Ok(plan) => plan,
        Err(PlanError::Unfit(diagnostics)) => return Ok(unfit(&diagnostics)),
        Err(problem @ (PlanError::Only(_) | PlanError::Cycle(_))) => {
            return Err(format!("{problem}\n\n{}", setting()));
        }
    };
    let problem = checked(&plan, &reading, world, &topology, seed, orders)
        .and_then(|verdict| only_a_part(&reading, world, &topology, goal, seed).map(|()| verdict));
    problem.map_err(|problem| format!("{problem}\n\n{}\nplan:\n{}", setting(), report::plan(&plan)))
}

/// A part of the topology alone: what is planned for it runs, and planning it again finds nothing.
fn only_a_part(
    reading: &Reading,
    world: &World,
    topology: &Topology,
    goal: Goal,
    seed: u64,
) -> Result<(), String> {
    let vracks = topology.vracks.keys().map(|vrack| Address::vrack(vrack.clone()));
    let is_service = |at: &&Address| matches!(at.node, Node::Service(_, ServicePart::Membership));
    let parts: Vec<Address> = vracks.chain(topology.entries.keys().filter(is_service).cloned()).collect();
    let part = &parts[fastrand::Rng::with_seed(seed).usize(..parts.len())];
    let plan_of = |reading: &Reading| Plan::make_only(&reading.topology, &reading.live, goal, Some(part));
    let plan = match plan_of(reading) {
        Ok(plan) => plan,
        Err(PlanError::Unfit(_)) => return Ok(()),
        Err(problem) => return Err(format!("{part} alone: {problem}")),
    };
    let run = || -> Result<(), String> {
        let mut ran = drive::run(&plan, world, &ports(&reading.live), Pace::Mixed, seed)?;
        ran.world.settle();
        let now = look(&ran.world, topology).map_err(|error| format!("reading again fails: {error:?}"))?;
        match plan_of(&now) {
            Ok(left) if left.is_empty() => Ok(()),
            Ok(left) => Err(format!("planning again finds\n{}", report::plan(&left))),
            Err(error) => Err(format!("planning again fails: {error:?}")),
        }
    };
    run().map_err(|problem| format!("{part} alone: {problem}\nits plan:\n{}", report::plan(&plan)))
}

/// The interfaces of which it is known whether they are in service.
pub fn ports(live: &Live) -> BTreeSet<u64> {
    let ids = live.configs.values().flatten().filter_map(|config| match config.id {
        ConfigId::Interface(id) => Some(id),
        _ => None,
    });
    ids.collect()
}

fn unfit(diagnostics: &[Diagnostic]) -> Verdict {
    Verdict::Unfit(diagnostics.iter().map(|diagnostic| diagnostic.rule.code).collect())
}

fn checked(
    plan: &Plan,
    reading: &Reading,
    world: &World,
    topology: &Topology,
    seed: u64,
    orders: usize,
) -> Result<Verdict, String> {
    let mut facts = Facts { steps: plan.steps.len(), ..Facts::default() };
    judge::is_stable(plan, &reading.topology, &reading.live)?;
    if plan.is_empty() {
        return Ok(Verdict::Nothing);
    }
    if plan.goal == Goal::Apply {
        judge::touches_only_what_it_must(plan, &reading.topology, &reading.live)?;
        judge::keeps_what_it_can(plan, &reading.topology, &reading.live)?;
    }
    let mut least = Least::new();
    for pace in PACES {
        for number in 0..orders {
            let seed = seed.wrapping_add(number as u64);
            let mut ran = drive::run(plan, world, &ports(&reading.live), pace, seed)?;
            facts.runs += 1;
            for (vrack, (pops, datacenters)) in ran.least {
                let so_far = least.entry(vrack).or_insert((usize::MAX, usize::MAX));
                *so_far = (so_far.0.min(pops), so_far.1.min(datacenters));
            }
            ran.world.settle();
            let settled = converged(topology, plan.goal, &ran.world).and_then(|now| {
                let keeps_numbers = !world.options().distinct_ids_per_service;
                judge::left_alone(plan, &reading.topology, &reading.live, &now, keeps_numbers)
            });
            settled.map_err(|problem| format!("after a run {pace:?}: {problem}"))?;
        }
    }
    is_as_foretold(plan, &least, &mut facts)?;
    Ok(Verdict::Ran(facts))
}

/// What stood at the worst moment of any run is at least what the plan foretells.
fn is_as_foretold(plan: &Plan, least: &Least, facts: &mut Facts) -> Result<(), String> {
    for (vrack, (pops, datacenters)) in least {
        let Some(impact) = plan.impact.get(vrack) else { continue };
        if *pops < impact.paths.least || *datacenters < impact.datacenters.least {
            return Err(format!(
                "{vrack}: at the worst moment {pops} paths and {datacenters} datacenters stood, foretold were {} and {}",
                impact.paths.least, impact.datacenters.least
            ));
        }
        for (level, seen) in [(impact.paths, *pops), (impact.datacenters, *datacenters)] {
            if level.before > 0 {
                facts.levels += 1;
                facts.kept += usize::from(level.least > 0);
                facts.reached += usize::from(level.least == seen);
            }
        }
    }
    Ok(())
}

/// Planning again finds nothing. The live state of then.
fn converged(topology: &Topology, goal: Goal, world: &World) -> Result<Live, String> {
    let reading = look(world, topology).map_err(|error| format!("reading again fails: {error:?}"))?;
    match Plan::make(&reading.topology, &reading.live, goal) {
        Ok(plan) if plan.is_empty() => Ok(reading.live),
        Ok(plan) => {
            Err(format!("planning again finds\n{}in\n{}", report::plan(&plan), report::live(&reading.live)))
        }
        Err(error) => Err(format!("planning again fails: {error:?}")),
    }
}
