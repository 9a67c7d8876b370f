//! Two programs at once, on one account and with one topology.

use std::time::Duration;

use ovhconnect::apply::{self, Event};
use ovhconnect::sim::Fate;

use super::run::{Stage, Tally, Unplanned, peace, plan, runtime};
use super::wire::Wire;

/// Everything of one seed.
///
/// # Errors
/// What is wrong, with all there is to know of it.
pub fn run(seed: u64) -> Result<Tally, String> {
    runtime().block_on(async {
        let mut stage = Stage::new(seed);
        let quiet = stage.random.bool();
        let result = play(&mut stage, quiet).await;
        stage.tally.struck = stage.simulator.struck();
        result.map(|()| stage.tally.clone()).map_err(|problem| stage.report(&problem))
    })
}

async fn play(stage: &mut Stage, quiet: bool) -> Result<(), String> {
    let wires = [Wire::new(&stage.simulator), Wire::new(&stage.simulator)];
    let clients = [stage.client(&wires[0]), stage.client(&wires[1])];
    let first = match plan(stage, &clients[0]).await {
        Ok(plan) if plan.is_empty() => return Ok(()),
        Ok(plan) => plan,
        Err(Unplanned::Unfit(_) | Unplanned::Unlucky(_)) => return Ok(()),
        Err(Unplanned::Unread(problem) | Unplanned::Defect(problem)) => return Err(problem),
    };
    stage.tally.runs += 1;
    if !quiet {
        stage.trouble(true);
    }
    let options = apply::Options::unstoppable();
    let run_first = apply::apply(&clients[0], &first, &options, &|_: Event| {});
    let head_start = Duration::from_secs(if stage.random.bool() { 0 } else { stage.random.u64(..120) });
    let shared = &*stage;
    let run_second = async {
        tokio::time::sleep(head_start).await;
        let plan = plan(shared, &clients[1]).await.ok()?;
        Some(apply::apply(&clients[1], &plan, &options, &|_: Event| {}).await)
    };
    let (outcome, other) = tokio::join!(run_first, run_second);
    stage.tally.complete +=
        u64::from(outcome.is_complete()) + u64::from(other.is_some_and(|other| other.is_complete()));
    stage.simulator.clear_faults();
    stage.simulator.world().relent(Fate::Done);
    for wire in &wires {
        // One is refused what the other has done already.
        stage.conclude(wire, true)?;
    }
    peace(stage).await
}
