//! What is created, is made, is in force, is deleted, is gone; and the tasks that say so.

use super::*;
use crate::sim::{FailedCreation, Fate, PortStatus};

#[test]
fn a_creation_goes_from_init_to_active_with_its_task() {
    let mut world = bench();
    let task = world.create_pop(service(1), &l3(10, "192.0.2.0/30")).unwrap();
    let pop = task.resource_id.unwrap();
    let seen = |world: &World| {
        let task = world.task(service(1), task.id).unwrap().status;
        let listed = world.tasks(service(1)).unwrap().len();
        (world.pop(service(1), pop).unwrap().status, task, listed)
    };
    assert_eq!(task.function, wire::TaskFunction::AddPopConfiguration);
    assert_eq!(seen(&world), (wire::ConfigStatus::Init, wire::TaskStatus::Todo, 1));
    pass(&mut world, 2);
    assert_eq!(seen(&world), (wire::ConfigStatus::Init, wire::TaskStatus::Doing, 1));
    pass(&mut world, 8);
    assert_eq!(seen(&world), (wire::ConfigStatus::Active, wire::TaskStatus::Done, 0));
    assert_eq!(world.next_event(), None);
    pass(&mut world, 3600);
    refused(world.task(service(1), task.id), 404, "id");
}

#[test]
fn a_deletion_goes_through_to_delete_to_nothing() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let extra = world.seed_extra(datacenter, &route("10.1.0.9", "172.16.0.0/16"), Seed::Active);
    let task = world.delete_extra(service(1), pop, datacenter, extra).unwrap();
    assert_eq!(
        (task.function, task.resource_id),
        (wire::TaskFunction::DelDatacenterExtraConfiguration, Some(extra))
    );
    let status = |world: &World| world.extra(service(1), pop, datacenter, extra).map(|extra| extra.status);
    assert_eq!(status(&world), Ok(wire::ConfigStatus::ToDelete));
    refused(world.delete_extra(service(1), pop, datacenter, extra), 409, "being deleted");
    pass(&mut world, 10);
    refused(status(&world), 404, "extraId");
    assert!(world.extras(service(1), pop, datacenter).unwrap().is_empty());
}

#[test]
fn parents_take_children_once_active_and_not_while_they_go() {
    let mut world = bench();
    let pop = world.create_pop(service(1), &l3(10, "192.0.2.0/30")).unwrap().resource_id.unwrap();
    refused(world.create_datacenter(service(1), pop, &dc(1, "10.1.0.0/24")), 409, "not active yet");
    world.settle();
    let made = world.create_datacenter(service(1), pop, &dc(1, "10.1.0.0/24")).unwrap().resource_id.unwrap();
    let new = route("10.1.0.9", "172.16.0.0/16");
    refused(world.create_extra(service(1), pop, made, &new), 409, "not active yet");
    refused(world.delete_datacenter(service(1), pop, made), 409, "still being created");
    world.settle();
    world.create_extra(service(1), pop, made, &new).unwrap();
    world.settle();
    world.delete_datacenter(service(1), pop, made).unwrap();
    refused(
        world.create_extra(service(1), pop, made, &route("10.1.0.9", "172.17.0.0/16")),
        409,
        "being deleted",
    );
    world.delete_pop(service(1), pop).unwrap();
    refused(world.create_datacenter(service(1), pop, &dc(2, "10.2.0.0/24")), 409, "being deleted");
    refused(world.delete_datacenter(service(1), pop, made), 409, "being deleted");
    world.settle();
    assert!(world.pops(service(1)).unwrap().is_empty());
}

#[test]
fn a_failed_creation_stays_init_without_a_task_and_can_be_deleted() {
    let mut world = bench();
    world.fate_of_next_task(Fate::Error);
    let task = world.create_pop(service(1), &l2(10)).unwrap();
    world.settle();
    assert_eq!(world.task(service(1), task.id).unwrap().status, wire::TaskStatus::Error);
    assert!(world.tasks(service(1)).unwrap().is_empty());
    let pop = task.resource_id.unwrap();
    assert_eq!(world.pop(service(1), pop).unwrap().status, wire::ConfigStatus::Init);
    world.delete_pop(service(1), pop).unwrap();
    world.settle();
    assert!(world.pops(service(1)).unwrap().is_empty());
}

#[test]
fn a_failed_creation_may_leave_nothing_instead() {
    let mut world = bench_with(Options { failed_creation: FailedCreation::Removed, ..Options::default() });
    world.fate_of_next_task(Fate::Denied);
    let task = world.create_pop(service(1), &l2(10)).unwrap();
    world.settle();
    assert_eq!(world.task(service(1), task.id).unwrap().status, wire::TaskStatus::Denied);
    assert!(world.pops(service(1)).unwrap().is_empty());
}

#[test]
fn a_failed_deletion_leaves_everything_in_force() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let extra = world.seed_extra(datacenter, &route("10.1.0.9", "172.16.0.0/16"), Seed::Active);
    world.fate_of_next_task(Fate::Error);
    world.delete_pop(service(1), pop).unwrap();
    world.settle();
    assert_eq!(world.pop(service(1), pop).unwrap().status, wire::ConfigStatus::Active);
    assert_eq!(world.datacenter(service(1), pop, datacenter).unwrap().status, wire::ConfigStatus::Active);
    assert_eq!(world.extra(service(1), pop, datacenter, extra).unwrap().status, wire::ConfigStatus::Active);
    assert!(world.delete_extra(service(1), pop, datacenter, extra).is_ok());
}

#[test]
fn a_stuck_task_stays_doing_for_ever() {
    let mut world = bench();
    world.fate_of_next_task(Fate::Stuck);
    let task = world.create_pop(service(1), &l2(10)).unwrap();
    world.settle();
    pass(&mut world, 1_000_000);
    assert_eq!(world.task(service(1), task.id).unwrap().status, wire::TaskStatus::Doing);
    assert_eq!(world.tasks(service(1)).unwrap().len(), 1);
}

#[test]
fn a_paused_task_goes_on_when_somebody_sees_to_it() {
    let mut world = bench();
    world.fate_of_next_task(Fate::Paused);
    let task = world.create_pop(service(1), &l2(10)).unwrap();
    world.settle();
    assert_eq!(world.task(service(1), task.id).unwrap().status, wire::TaskStatus::Pause);
    world.relent(Fate::Done);
    assert_eq!(world.task(service(1), task.id).unwrap().status, wire::TaskStatus::Done);
    let pop = task.resource_id.unwrap();
    assert_eq!(world.pop(service(1), pop).unwrap().status, wire::ConfigStatus::Active);
}

#[test]
fn of_a_task_that_vanishes_or_is_in_vain_nothing_comes() {
    for (fate, is_known) in [(Fate::Vanished, false), (Fate::InVain, true)] {
        let mut world = bench();
        world.fate_of_next_task(fate);
        let task = world.create_pop(service(1), &l2(10)).unwrap();
        world.settle();
        let status = world.task(service(1), task.id).map(|task| task.status).ok();
        assert_eq!(status, is_known.then_some(wire::TaskStatus::Done), "{fate:?}");
        let pop = task.resource_id.unwrap();
        assert_eq!(world.pop(service(1), pop).unwrap().status, wire::ConfigStatus::Init, "{fate:?}");
        assert!(world.tasks(service(1)).unwrap().is_empty(), "{fate:?}");
    }
}

#[test]
fn ports_are_locked_and_unlocked_by_tasks() {
    let mut world = bench();
    refused(world.unlock_interface(service(1), 10), 409, "not locked");
    let task = world.lock_interface(service(1), 10).unwrap();
    assert_eq!((task.function, task.resource_id), (wire::TaskFunction::LockInterface, Some(10)));
    world.settle();
    assert_eq!(world.interface(service(1), 10).unwrap().status, wire::InterfaceStatus::Disabled);
    refused(world.lock_interface(service(1), 10), 409, "locked already");
    world.unlock_interface(service(1), 10).unwrap();
    world.settle();
    assert_eq!(world.interface(service(1), 10).unwrap().status, wire::InterfaceStatus::Enabled);
    refused(world.lock_interface(service(1), 20), 404, "id");
}

#[test]
fn a_session_is_up_while_its_pop_and_its_port_are() {
    let mut world = bench();
    let (pop, _) = l3_site(&mut world);
    let up = |world: &World| world.session(service(1), pop).unwrap().status == wire::LightStatus::Up;
    assert!(up(&world));
    world.set_port_status(10, PortStatus::Disabled);
    assert!(!up(&world));
    let other = world.seed_pop(service(2), &l2(20), Seed::Active);
    refused(world.session(service(2), other), 400, "layer 2");
}

#[test]
fn diagnostics_are_ten_a_day_of_a_kind_and_kept_a_week() {
    let mut world = bench();
    let (pop, _) = l3_site(&mut world);
    let ask = |function: &str| crate::sim::diagnostic::NewDiagnostic {
        function: function.to_owned(),
        pop,
        ..Default::default()
    };
    let first = world.run_diagnostic(service(1), &ask("diagPeering")).unwrap();
    assert_eq!((first.status.as_str(), &first.result), ("todo", &None));
    for _ in 1..10 {
        world.run_diagnostic(service(1), &ask("diagPeering")).unwrap();
    }
    refused(world.run_diagnostic(service(1), &ask("diagPeering")), 429, "10 times today");
    assert!(world.run_diagnostic(service(1), &ask("diagRoutes")).is_ok());
    refused(world.run_diagnostic(service(1), &ask("diagWeather")), 400, "diagWeather");
    pass(&mut world, 86_400);
    let done = world.diagnostic(service(1), first.id).unwrap();
    assert!(done.status == "done" && done.result.is_some(), "{done:?}");
    assert!(world.run_diagnostic(service(1), &ask("diagPeering")).is_ok());
    pass(&mut world, 6 * 86_400);
    refused(world.diagnostic(service(1), first.id), 404, "id");
    assert_eq!(world.diagnostics(service(1)).unwrap().len(), 1);
}
