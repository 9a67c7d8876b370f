//! Real applies against the simulator in this process, in virtual time: after each, planning again
//! finds nothing.

mod support;

use ovhconnect::apply::Fate as Ended;
use ovhconnect::diff::Goal;
use ovhconnect::plan::Operation;
use ovhconnect::sim::{Fate, LogEntry};
use support::Rehearsal;

/// Every example is planned, applied, planned again and destroyed.
#[tokio::test(start_paused = true)]
async fn every_example_converges_and_is_destroyed() {
    let mut seen = 0;
    for entry in std::fs::read_dir("examples").expect("examples/ is there") {
        let path = entry.expect("a readable folder").path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        seen += 1;
        let rehearsal = Rehearsal::of_file(&path);
        rehearsal.apply(Goal::Apply).await.assert_converged(&path.display());
        rehearsal.apply(Goal::Destroy).await.assert_converged(&path.display());
    }
    assert!(seen >= 5, "only {seen} examples were found");
}

/// Steps that wait at one service look at it once for all of them.
#[tokio::test(start_paused = true)]
async fn who_waits_at_one_service_shares_what_is_seen() {
    const ROUTES: usize = 20;
    let one = looks(1).await;
    let many = looks(ROUTES).await;
    // Every task that is missing from the list is asked for once more: it may have ended badly.
    let most = one + ROUTES + 5;
    assert!(many <= most, "{one} looks at the tasks for one route, {many} for {ROUTES}, more than {most}");
}

/// How often tasks are looked at while a service with this many static routes is made.
async fn looks(routes: usize) -> usize {
    let mut text = String::from(
        "version: 1
allow: [OCC121, OCC122]
vracks:
  pn-1:
    services:
      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
    datacenters:
      GRA:
        subnet: 10.1.0.0/24
        extra:
",
    );
    for route in 0..routes {
        text += &format!("        - {{type: network, subnet: 192.168.{route}.0/24, nextHop: 10.1.0.10}}\n");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("topology.yaml");
    std::fs::write(&path, text).expect("a writable folder");
    let rehearsal = Rehearsal::of_file(&path);
    rehearsal.apply(Goal::Apply).await.assert_converged(&format_args!("{routes} routes"));
    let is_look = |entry: &&LogEntry| entry.method == "GET" && entry.path.contains("/task");
    rehearsal.simulator.log().iter().filter(is_look).count()
}

/// A service that someone else puts into the vRack may not arrive: nothing is ordered of it then.
#[tokio::test(start_paused = true)]
async fn what_someone_else_began_in_vain_is_not_built_on() {
    let path = std::path::Path::new("examples/l2.yaml");
    for fate in [Fate::InVain, Fate::Error, Fate::Vanished] {
        let rehearsal = Rehearsal::of_file(path);
        let (vrack, service) = (rehearsal.topology.entries.keys())
            .find_map(|at| Some((at.vrack.to_string(), at.service()?)))
            .expect("a service");
        rehearsal.simulator.world().fate_of_next_task(fate);
        rehearsal.client.attach(&vrack, service.uuid()).await.expect("a free service");

        let first = rehearsal.apply(Goal::Apply).await;
        let waits = first.plan.steps().find(|(_, step)| {
            matches!(step.operation, Operation::AwaitVrackTask { .. }) && step.address.service().is_some()
        });
        let (id, _) = waits.expect("the move is waited for");
        let Ended::Failed { error, .. } = &first.outcome.fates[id.0] else {
            panic!("{fate:?}: {:?}", first.outcome.fates[id.0])
        };
        assert!(error.to_string().contains("is not in"), "{fate:?}: {error}");
        let orders: Vec<String> = (rehearsal.simulator.log().iter())
            .filter(|entry| entry.method == "POST" && entry.path.contains(&format!("{service}/config")))
            .map(|entry| entry.path.clone())
            .collect();
        assert!(orders.is_empty(), "{fate:?}: {orders:#?}");
        rehearsal.apply(Goal::Apply).await.assert_converged(&format_args!("after {fate:?}"));
    }
}

/// The same for a service that someone else takes out of the vRack.
#[tokio::test(start_paused = true)]
async fn who_does_not_leave_is_not_taken_for_gone() {
    let rehearsal = Rehearsal::of_file(std::path::Path::new("examples/l2.yaml"));
    let memberships: Vec<_> = (rehearsal.topology.entries.keys())
        .filter_map(|at| Some((at.vrack.to_string(), at.service()?)))
        .collect();
    let (vrack, service) = memberships.first().expect("a service");
    rehearsal.client.attach(vrack, service.uuid()).await.expect("a free service");
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    rehearsal.simulator.world().fate_of_next_task(Fate::InVain);
    rehearsal.client.detach(vrack, service.uuid()).await.expect("a service that is in it");

    let first = rehearsal.apply(Goal::Destroy).await;
    let Ended::Failed { error, .. } = &first.outcome.fates[0] else { panic!("{:?}", first.outcome.fates) };
    assert!(error.to_string().contains("is still in"), "{error}");
    rehearsal.apply(Goal::Destroy).await.assert_converged(&"a second time");
}
