//! Interfaces that are locked and unlocked, on good days and bad ones: what is asked, what is sent, and what
//! becomes of it.

// What fails here is a test, and the line says which.
#![allow(clippy::unwrap_used)]

mod support;

use ovhconnect::apply::{self, StepError};
use ovhconnect::diagnostic::{Source, Sources};
use ovhconnect::diff::Goal;
use ovhconnect::plan::Operation;
use ovhconnect::rehearsal::account_for;
use ovhconnect::sim::{Effect, Fate, Fault, Options, World};
use ovhconnect::topology::{self, Topology};
use support::{Applied, Rehearsal};

const FIRST: &str = "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01";
const SECOND: &str = "0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02";
/// The interfaces of the two.
const PORTS: [u64; 2] = [101, 102];

/// Two l3 services, of whose interfaces this is said.
fn topology(first: &str, second: &str) -> Topology {
    let service = |id: &str, interface: &str, port: u64, subnet: &str| {
        let interface =
            if interface.is_empty() { String::new() } else { format!("        interface: {interface}\n") };
        format!(
            "      {id}:\n{interface}        pop: {{type: l3, interfaceId: {port}, customerBgpArea: 65001, ovhBgpArea: 65002, subnet: {subnet}}}\n"
        )
    };
    let text = format!(
        "version: 1\nvracks:\n  pn-1:\n    services:\n{}{}    datacenters:\n      GRA: {{ovhBgpArea: 65010, subnet: 10.1.0.0/24}}\n",
        service(FIRST, first, PORTS[0], "172.16.0.0/30"),
        service(SECOND, second, PORTS[1], "172.16.0.4/30"),
    );
    let mut sources = Sources::default();
    sources.add(Source { path: "topology.yaml".into(), text });
    let (topology, diagnostics) = topology::parse(&sources);
    assert!(!diagnostics.iter().any(|it| it.is_error()), "{diagnostics:#?}");
    topology
}

const LOCKED: &str = "{state: disabled}";
const UNLOCKED: &str = "{state: enabled}";

/// An account in which a topology was applied.
async fn applied(topology: Topology) -> World {
    let account = account_for(&topology);
    let rehearsal = Rehearsal::with(topology, &account, Options::default());
    rehearsal.apply(Goal::Apply).await.assert_converged(&"an account");
    rehearsal.simulator.world().clone()
}

/// The calls about interfaces, those that had no effect among them.
fn calls(rehearsal: &Rehearsal) -> Vec<String> {
    let log = rehearsal.simulator.log().into_iter().filter(|entry| entry.path.contains("/interface"));
    log.map(|entry| format!("{} {}", entry.method, entry.path.rsplit('/').next().unwrap())).collect()
}

fn switches(rehearsal: &Rehearsal) -> Vec<String> {
    calls(rehearsal).into_iter().filter(|call| call.starts_with("POST")).collect()
}

/// Locks an interface and unlocks it again, both under this fault.
async fn there_and_back(fault: &Fault) -> [(Applied, Rehearsal); 2] {
    let apply = async |world, said, path: &str| {
        let rehearsal = Rehearsal::with_world(topology(said, ""), world);
        rehearsal.simulator.add_fault(fault.clone().on("POST", path).times(1));
        (rehearsal.apply(Goal::Apply).await, rehearsal)
    };
    let locked = apply(applied(topology("", "")).await, LOCKED, "/ovhCloudConnect/*/interface/*/lock").await;
    let world = applied(topology(LOCKED, "")).await;
    [locked, apply(world, UNLOCKED, "/ovhCloudConnect/*/interface/*/unlock").await]
}

#[tokio::test(start_paused = true)]
async fn only_what_the_topology_speaks_of_is_asked_for() {
    let world = applied(topology("", "")).await;
    for (first, expected) in [("", vec![]), (UNLOCKED, vec!["GET 101".to_owned()])] {
        let rehearsal = Rehearsal::with_world(topology(first, ""), world.clone());
        assert!(rehearsal.plan(Goal::Apply).await.is_empty());
        assert_eq!(calls(&rehearsal), expected, "{first}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_adopted_and_nothing_is_sent_twice() {
    let status = |code| Effect::Status { code, retry_after: None, handled: true };
    for effect in [Effect::ResetAfter, Effect::Truncate, Effect::HangAfter, status(500), status(504)] {
        for (applied, rehearsal) in there_and_back(&Fault::always(effect.clone())).await {
            applied.assert_converged(&format!("{effect:?}"));
            assert_eq!(switches(&rehearsal).len(), 1, "{effect:?}: {:?}", switches(&rehearsal));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_did_not_land_is_sent_again() {
    for effect in [Effect::Reset, Effect::Status { code: 503, retry_after: None, handled: false }] {
        for (applied, rehearsal) in there_and_back(&Fault::always(effect.clone())).await {
            applied.assert_converged(&format!("{effect:?}"));
            assert_eq!(switches(&rehearsal).len(), 2, "{effect:?}: {:?}", switches(&rehearsal));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_fails_is_said_to_and_planned_again() {
    for fate in [Fate::Error, Fate::Denied, Fate::Vanished, Fate::InVain] {
        for (applied, _) in there_and_back(&Fault::always(Effect::Task(fate))).await {
            assert!(!applied.outcome.is_complete(), "{fate:?}: {:?}", applied.outcome.fates);
            assert_eq!(applied.left.changes, applied.plan.changes, "{fate:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_session_that_is_up_is_not_locked_away() {
    let mut world = applied(topology("", "")).await;
    // Configured, and yet no path: its session is down.
    world.set_dark(PORTS[1], true);
    let rehearsal = Rehearsal::with_world(topology(LOCKED, ""), world);
    let applied = rehearsal.apply(Goal::Apply).await;
    let [apply::Fate::Failed { error: StepError::LastSession { .. }, .. }] = applied.outcome.fates.as_slice()
    else {
        panic!("{:?}", applied.outcome.fates)
    };
    assert_eq!(switches(&rehearsal), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_session_that_comes_back_is_awaited_before_another_goes() {
    let mut world = applied(topology("", LOCKED)).await;
    world.set_dark(PORTS[1], true);
    let rehearsal = Rehearsal::with_world(topology(LOCKED, UNLOCKED), world);
    let plan = rehearsal.plan(Goal::Apply).await;
    let order: Vec<&str> = plan.steps.iter().map(|step| step.operation.name()).collect();
    assert_eq!(order, ["unlock", "lock"]);
    assert!(matches!(&plan.steps[0].operation, Operation::Unlock { carries, .. } if carries.len() == 1));
    let outcome = rehearsal.run(&plan).await;
    let [apply::Fate::Failed { error: StepError::Unhealthy { .. }, .. }, other] = outcome.fates.as_slice()
    else {
        panic!("{:?}", outcome.fates)
    };
    assert!(matches!(other, apply::Fate::Skipped { .. }), "{other:?}");
    assert_eq!(switches(&rehearsal), ["POST unlock"]);
}

/// A lock or an unlock that someone else began may come to nothing: that is said, and planned again.
#[tokio::test(start_paused = true)]
async fn what_someone_else_began_in_vain_is_not_taken_for_done() {
    for fate in [Fate::InVain, Fate::Error, Fate::Vanished] {
        for (before, said) in [("", LOCKED), (LOCKED, UNLOCKED)] {
            let world = applied(topology(before, "")).await;
            let rehearsal = Rehearsal::with_world(topology(said, ""), world);
            rehearsal.simulator.world().fate_of_next_task(fate);
            let service = FIRST.parse().unwrap();
            if said == LOCKED {
                rehearsal.client.lock_interface(service, PORTS[0]).await.unwrap();
            } else {
                rehearsal.client.unlock_interface(service, PORTS[0]).await.unwrap();
            }
            let applied = rehearsal.apply(Goal::Apply).await;
            assert!(matches!(applied.plan.steps[0].operation, Operation::AwaitTask { .. }));
            let apply::Fate::Failed { error, .. } = &applied.outcome.fates[0] else {
                panic!("{fate:?} {said}: {:?}", applied.outcome.fates)
            };
            assert!(error.to_string().contains("is still"), "{fate:?} {said}: {error}");
            rehearsal.apply(Goal::Apply).await.assert_converged(&format!("after {fate:?} {said}"));
        }
    }
}
