//! Whether what an apply said of its steps is so.

use std::sync::Arc;

use ovhconnect::api::Options as ClientOptions;
use ovhconnect::apply::{Fate, Outcome, StepError};
use ovhconnect::live::read::read;
use ovhconnect::live::{ConfigId, Live, LiveConfig, Status};
use ovhconnect::plan::{Operation, Plan, Step};
use ovhconnect::rehearsal;
use ovhconnect::sim::clock::ManualClock;
use ovhconnect::sim::{Simulator, World};
use ovhconnect::topology::Topology;

use super::report;

/// What stands in an account at one moment, read without trouble.
pub async fn truth(world: &World, topology: &Topology) -> Live {
    let clock = Arc::new(ManualClock::new(world.now()));
    let simulator = Arc::new(Simulator::from_world(world.clone(), clock));
    let options = ClientOptions { rate: f64::INFINITY, ..ClientOptions::default() };
    let client = rehearsal::client(&simulator, options).expect("a valid endpoint");
    read(&client, topology).await.unwrap_or_else(|error| panic!("the truth cannot be read: {error:?}")).live
}

/// How far a step's effect is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Effect {
    There,
    Coming,
    Absent,
}

/// Everything the outcome says agrees with the account.
///
/// # Errors
/// The step of which it does not.
pub fn is_true(plan: &Plan, outcome: &Outcome, live: &Live) -> Result<(), String> {
    for (id, step) in plan.steps() {
        if step.operation.is_wait() {
            continue;
        }
        let effect = effect(plan, step, live);
        let fate = &outcome.fates[id.0];
        let agrees = match fate {
            Fate::Done { .. } => effect == Effect::There,
            Fate::Failed { error, .. } if error.is_unknown() => true,
            Fate::Failed { error: StepError::Unhealthy { .. } | StepError::HealthUnread { .. }, .. } => {
                effect == Effect::There
            }
            Fate::Failed { .. } | Fate::Skipped { .. } | Fate::NotStarted => effect == Effect::Absent,
        };
        if !agrees {
            return Err(format!(
                "{id} ({}: {}) is said to be {fate:?}, and its effect is {effect:?}",
                step.address,
                report::operation(&step.operation)
            ));
        }
    }
    Ok(())
}

fn effect(plan: &Plan, step: &Step, live: &Live) -> Effect {
    let change = step.change.and_then(|change| plan.changes.get(change)).expect("the change of a step");
    let here = live.configs.get(&step.address).map(Vec::as_slice).unwrap_or_default();
    let there = |is: bool| if is { Effect::There } else { Effect::Absent };
    match &step.operation {
        Operation::CreatePop { .. } | Operation::CreateDatacenter { .. } | Operation::CreateExtra { .. } => {
            let wanted = change.after.as_ref().expect("what a creation creates");
            let before: Vec<&LiveConfig> = plan
                .changes
                .iter()
                .filter(|change| change.address == step.address)
                .filter_map(|change| change.before.as_ref())
                .collect();
            let is_new = |config: &&LiveConfig| !before.iter().any(|old| is_same(&old.id, &config.id));
            let alike = here.iter().filter(is_new).filter(|it| wanted.differing_fields(&it.spec).is_empty());
            let states: Vec<Status> = alike.map(|config| config.status).collect();
            if states.contains(&Status::Active) {
                Effect::There
            } else if states.contains(&Status::Creating) {
                Effect::Coming
            } else {
                Effect::Absent
            }
        }
        Operation::DeletePop { .. } | Operation::DeleteDatacenter { .. } | Operation::DeleteExtra { .. } => {
            let old = change.before.as_ref().expect("what a deletion deletes");
            match here.iter().find(|config| is_same(&config.id, &old.id)).map(|config| config.status) {
                None => Effect::There,
                Some(Status::Deleting) => Effect::Coming,
                Some(_) => Effect::Absent,
            }
        }
        Operation::Attach { service } | Operation::Detach { service } => {
            let vrack = &step.address.vrack;
            let inside = matches!(step.operation, Operation::Attach { .. });
            let is_in = live.services.get(service).is_some_and(|it| it.vrack.as_ref() == Some(vrack));
            match (is_in == inside, live.move_of(vrack, *service)) {
                (true, _) => Effect::There,
                (false, Some(_)) => Effect::Coming,
                (false, None) => Effect::Absent,
            }
        }
        Operation::Describe { service, description } => {
            there(live.services.get(service).is_some_and(|it| it.description == *description))
        }
        Operation::Lock { .. } | Operation::Unlock { .. } => {
            let wanted = change.after.as_ref().expect("what is switched gets a state");
            match here.iter().find(|it| it.spec == *wanted).map(|it| it.status) {
                None => Effect::Absent,
                Some(Status::Active) => Effect::There,
                Some(_) => Effect::Coming,
            }
        }
        _ => unreachable!("a wait has no effect of its own"),
    }
}

/// Whether two ids name one configuration, through whichever service they were read.
fn is_same(one: &ConfigId, other: &ConfigId) -> bool {
    match (one, other) {
        (ConfigId::Datacenter(one), ConfigId::Datacenter(other)) => {
            one.values().any(|id| other.values().any(|it| real(*it) == real(*id)))
        }
        (ConfigId::Extra { id: one, .. }, ConfigId::Extra { id: other, .. }) => real(*one) == real(*other),
        (one, other) => one == other,
    }
}

/// The account's own number of what may be shown under another number by each service.
fn real(shown: u64) -> u64 {
    const STRIDE: u64 = 100_000;
    if shown < STRIDE { shown } else { shown / STRIDE }
}
