//! Services entering and leaving vRacks.

use super::*;
use crate::sim::Fate;

#[test]
fn entering_a_vrack_ends_with_a_task_that_is_not_found() {
    let mut world = bench();
    assert_eq!(world.allowed_services(VRACK), Ok(vec![service(9)]));
    let task = world.attach(VRACK, service(9)).unwrap();
    let status = |world: &World| world.vrack_task(VRACK, task.id).map(|task| task.status);
    assert_eq!(status(&world), Ok(wire::VrackTaskStatus::Init));
    assert_eq!(world.allowed_services(VRACK), Ok(Vec::new()));
    pass(&mut world, 1);
    assert_eq!(status(&world), Ok(wire::VrackTaskStatus::Todo));
    pass(&mut world, 1);
    assert_eq!(status(&world), Ok(wire::VrackTaskStatus::Doing));
    assert_eq!(world.service(service(9)).unwrap().vrack, None);
    assert_eq!(world.vrack_tasks(VRACK).unwrap().len(), 1);
    pass(&mut world, 8);
    refused(status(&world), 404, "taskId");
    assert!(world.vrack_tasks(VRACK).unwrap().is_empty());
    assert_eq!(world.service(service(9)).unwrap().vrack.as_deref(), Some(VRACK));
    assert!(world.attached(VRACK).unwrap().iter().any(|member| member.ovh_cloud_connect == service(9)));
}

#[test]
fn leaving_a_vrack_needs_an_unconfigured_service() {
    let mut world = bench();
    let (pop, _) = l3_site(&mut world);
    refused(world.detach(VRACK, service(1)), 409, "PoP configuration");
    world.delete_pop(service(1), pop).unwrap();
    refused(world.detach(VRACK, service(1)), 409, "PoP configuration");
    world.settle();
    world.detach(VRACK, service(1)).unwrap();
    refused(world.detach(VRACK, service(1)), 409, "already");
    refused(world.create_pop(service(1), &l2(10)), 409, "entering or leaving");
    world.settle();
    refused(world.attached_service(VRACK, service(1)), 404, "ovhCloudConnect");
    refused(world.detach(VRACK, service(1)), 404, "ovhCloudConnect");
}

#[test]
fn a_service_is_in_one_vrack() {
    let mut world = bench();
    refused(world.attach(VRACK, service(1)), 409, "already in pn-1");
    refused(world.attach("pn-2", service(1)), 409, "already in pn-1");
    refused(world.attach("pn-3", service(9)), 404, "pn-3");
    refused(world.attach(VRACK, service(7)), 404, "ovhCloudConnect");
    world.set_closed(service(9), true);
    refused(world.attach(VRACK, service(9)), 409, "closed");
    world.set_closed(service(9), false);
    world.attach(VRACK, service(9)).unwrap();
    refused(world.attach("pn-2", service(9)), 409, "entering or leaving");
}

#[test]
fn a_vrack_takes_sixteen_services() {
    let mut world = bench();
    for number in 100..112 {
        world.add_service(&ServiceEntry::new(service(number), number)).unwrap();
        world.attach(VRACK, service(number)).unwrap();
    }
    refused(world.attach(VRACK, service(9)), 409, "16 services");
    world.settle();
    refused(world.attach(VRACK, service(9)), 409, "16 services");
    world.detach(VRACK, service(1)).unwrap();
    world.settle();
    assert!(world.attach(VRACK, service(9)).is_ok());
}

#[test]
fn a_failed_entry_is_cancelled_and_still_answers() {
    let mut world = bench();
    world.fate_of_next_task(Fate::Error);
    let task = world.attach(VRACK, service(9)).unwrap();
    world.settle();
    assert_eq!(world.vrack_task(VRACK, task.id).unwrap().status, wire::VrackTaskStatus::Cancelled);
    assert_eq!(world.service(service(9)).unwrap().vrack, None);
    assert!(world.attach(VRACK, service(9)).is_ok());
}
