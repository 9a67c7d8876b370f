//! The same account under other readings of what nobody documents.

use super::*;

#[test]
fn a_busy_service_may_refuse_a_second_task() {
    let mut world = bench_with(Options { serialize: true, ..Options::default() });
    let (pop, _) = l3_site(&mut world);
    world.create_datacenter(service(1), pop, &dc(2, "10.2.0.0/24")).unwrap();
    refused(world.create_datacenter(service(1), pop, &dc(3, "10.3.0.0/24")), 409, "already running");
    let other = world.seed_pop(service(2), &l3(20, "192.0.2.4/30"), Seed::Active);
    assert!(world.create_datacenter(service(2), other, &dc(3, "10.3.0.0/24")).is_ok());
    world.settle();
    assert!(world.create_datacenter(service(1), pop, &dc(4, "10.4.0.0/24")).is_ok());
}

#[test]
fn a_shared_datacenter_may_bear_another_id_under_each_service() {
    let mut world = bench_with(Options { distinct_ids_per_service: true, ..Options::default() });
    let (pop, real) = l3_site(&mut world);
    let other = world.seed_pop(service(2), &l3(20, "192.0.2.4/30"), Seed::Active);
    let mine = world.datacenters(service(1), pop).unwrap()[0].id;
    let theirs = world.datacenters(service(2), other).unwrap()[0].id;
    assert_ne!(mine, theirs);
    assert_eq!(mine, world.shown_datacenter(service(1), real));
    refused(world.datacenter(service(1), pop, theirs), 404, "datacenterId");

    let task = world.create_extra(service(1), pop, mine, &route("10.1.0.9", "172.16.0.0/16")).unwrap();
    let extra = task.resource_id.unwrap();
    assert_eq!(world.extras(service(1), pop, mine).unwrap()[0].id, extra);
    world.settle();
    let seen_there = world.extras(service(2), other, theirs).unwrap()[0].id;
    assert!(world.delete_extra(service(2), other, theirs, seen_there).is_ok());
}

#[test]
fn a_pop_may_show_inherited_datacenters_only_once_active() {
    let mut world = bench_with(Options { inherited_while_init: false, ..Options::default() });
    l3_site(&mut world);
    let other = world.create_pop(service(2), &l3(20, "192.0.2.4/30")).unwrap().resource_id.unwrap();
    assert!(world.datacenters(service(2), other).unwrap().is_empty());
    world.settle();
    assert_eq!(world.datacenters(service(2), other).unwrap().len(), 1);
}

#[test]
fn a_parent_may_take_children_early() {
    let mut world = bench_with(Options { init_parent_takes_children: true, ..Options::default() });
    let pop = world.create_pop(service(1), &l3(10, "192.0.2.0/30")).unwrap().resource_id.unwrap();
    let made = world.create_datacenter(service(1), pop, &dc(1, "10.1.0.0/24")).unwrap().resource_id.unwrap();
    assert!(world.create_extra(service(1), pop, made, &route("10.1.0.9", "172.16.0.0/16")).is_ok());
}

#[test]
fn a_locked_interface_may_take_a_pop_that_stays_down() {
    let locked = |takes| {
        let mut world = bench_with(Options { locked_interface_takes_pop: takes, ..Options::default() });
        world.set_port_status(10, crate::sim::PortStatus::Disabled);
        world
    };
    assert_eq!(locked(false).create_pop(service(1), &l3(10, "192.0.2.0/30")).unwrap_err().status, 409);
    let mut world = locked(true);
    let pop = world.create_pop(service(1), &l3(10, "192.0.2.0/30")).unwrap().resource_id.unwrap();
    world.settle();
    assert_eq!(world.session(service(1), pop).unwrap().status, wire::LightStatus::Down);
    world.unlock_interface(service(1), 10).unwrap();
    world.settle();
    assert_eq!(world.session(service(1), pop).unwrap().status, wire::LightStatus::Up);
}

#[test]
fn membership_may_show_as_a_task_of_the_service() {
    let mut world = bench_with(Options { membership_shows_on_service: true, ..Options::default() });
    world.attach(VRACK, service(9)).unwrap();
    let tasks = world.tasks(service(9)).unwrap();
    assert_eq!(tasks.iter().map(|task| &task.function).collect::<Vec<_>>(), [&wire::TaskFunction::AddVrack]);
    world.settle();
    assert!(world.tasks(service(9)).unwrap().is_empty());
}
