//! What a deletion takes along, and what it leaves.

use super::*;
use crate::sim::Fate;

type Statuses = (Option<wire::ConfigStatus>, Option<wire::ConfigStatus>);

fn statuses(world: &World, pop: u64, datacenter: u64, extra: u64) -> Statuses {
    (
        world.datacenter(service(1), pop, datacenter).ok().map(|found| found.status),
        world.extra(service(1), pop, datacenter, extra).ok().map(|found| found.status),
    )
}

#[test]
fn the_last_layer_3_pop_takes_the_datacenters_along_by_one_slow_task() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let extra = world.seed_extra(datacenter, &route("10.1.0.9", "172.16.0.0/16"), Seed::Active);
    let started = world.now();
    let task = world.delete_pop(service(1), pop).unwrap();
    assert_eq!(world.tasks(service(1)).unwrap(), [task]);

    let active = Some(wire::ConfigStatus::Active);
    assert_eq!(statuses(&world, pop, datacenter, extra), (active.clone(), active));
    pass(&mut world, 2);
    let going = Some(wire::ConfigStatus::ToDelete);
    assert_eq!(statuses(&world, pop, datacenter, extra), (going.clone(), going));

    let ended = world.settle();
    let one_by_one = secs(3 * 10);
    assert!(ended.since(started) > one_by_one, "recursion took {:?}", ended.since(started));
    assert!(world.pops(service(1)).unwrap().is_empty());
    assert!(world.datacenter_ids(VRACK).is_empty());
}

#[test]
fn what_is_doomed_takes_no_calls_before_it_shows_it() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    world.delete_pop(service(1), pop).unwrap();
    let other = world.seed_pop(service(2), &l3(20, "192.0.2.4/30"), Seed::Active);
    assert_eq!(world.datacenter(service(2), other, datacenter).unwrap().status, wire::ConfigStatus::Active);
    let new = route("10.1.0.9", "172.16.0.0/16");
    refused(world.create_extra(service(2), other, datacenter, &new), 409, "being deleted");
    refused(world.delete_datacenter(service(2), other, datacenter), 409, "being deleted");
}

#[test]
fn datacenters_stay_while_another_layer_3_pop_stands() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let other = world.seed_pop(service(2), &l3(20, "192.0.2.4/30"), Seed::Stuck);
    let started = world.now();
    world.delete_pop(service(1), pop).unwrap();
    assert_eq!(world.settle().since(started), secs(10));
    assert_eq!(world.datacenter(service(2), other, datacenter).unwrap().status, wire::ConfigStatus::Active);
    world.delete_pop(service(2), other).unwrap();
    world.settle();
    assert!(world.datacenter_ids(VRACK).is_empty());
}

#[test]
fn a_pop_that_is_going_or_of_layer_2_does_not_hold_the_datacenters() {
    let mut world = bench();
    let (pop, _) = l3_site(&mut world);
    world.seed_pop(service(2), &l3(20, "192.0.2.4/30"), Seed::Deleting(secs(600)));
    world.seed_pop(service(3), &l2(30), Seed::Active);
    world.delete_pop(service(1), pop).unwrap();
    world.settle();
    assert!(world.datacenter_ids(VRACK).is_empty());
    assert_eq!(world.pops(service(3)).unwrap().len(), 1);
}

#[test]
fn a_datacenter_takes_its_extras_along_at_once() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let extra = world.seed_extra(datacenter, &route("10.1.0.9", "172.16.0.0/16"), Seed::Active);
    world.delete_datacenter(service(1), pop, datacenter).unwrap();
    let going = Some(wire::ConfigStatus::ToDelete);
    assert_eq!(statuses(&world, pop, datacenter, extra), (going.clone(), going));
    world.settle();
    assert_eq!(statuses(&world, pop, datacenter, extra), (None, None));
    assert_eq!(world.pop(service(1), pop).unwrap().status, wire::ConfigStatus::Active);
}

/// Its own deletion fails after that of its datacenter began.
#[test]
fn an_extra_that_could_not_be_deleted_still_goes_with_its_datacenter() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let extra = world.seed_extra(datacenter, &route("10.1.0.9", "172.16.0.0/16"), Seed::Active);
    world.fate_of_next_task(Fate::Error);
    world.delete_extra(service(1), pop, datacenter, extra).unwrap();
    pass(&mut world, 5);
    world.delete_datacenter(service(1), pop, datacenter).unwrap();
    pass(&mut world, 6);
    let going = Some(wire::ConfigStatus::ToDelete);
    assert_eq!(statuses(&world, pop, datacenter, extra), (going.clone(), going));
    world.settle();
    assert_eq!(statuses(&world, pop, datacenter, extra), (None, None));
}

#[test]
fn a_layer_2_pop_takes_its_datacenter_and_no_other() {
    let mut world = bench();
    let (l3_pop, _) = l3_site(&mut world);
    let pop = world.seed_pop(service(2), &l2(20), Seed::Active);
    let own = world.seed_l2_datacenter(pop, &dc(1, ""), Seed::Active);
    assert_eq!(world.datacenters(service(2), pop).unwrap().len(), 1);
    refused(world.datacenter(service(1), l3_pop, own), 404, "datacenterId");
    world.delete_pop(service(2), pop).unwrap();
    world.settle();
    assert_eq!(world.datacenters(service(1), l3_pop).unwrap().len(), 1);
}

#[test]
fn every_layer_3_pop_of_a_vrack_shows_the_same_datacenters() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let other = world.seed_pop(service(2), &l3(20, "192.0.2.4/30"), Seed::Active);
    assert_eq!(world.datacenters(service(1), pop), world.datacenters(service(2), other));
    world.create_extra(service(2), other, datacenter, &route("10.1.0.9", "172.16.0.0/16")).unwrap();
    assert_eq!(world.extras(service(1), pop, datacenter).unwrap().len(), 1);
    refused(world.datacenters(service(1), other), 404, "popId");
}
