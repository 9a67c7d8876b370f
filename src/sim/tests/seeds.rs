//! States that the API itself would never reach, put there for tests and rehearsals.

use super::*;
use crate::sim::account::AccountError;

#[test]
fn a_configuration_is_seeded_in_any_state() {
    for (seed, status, tasks, later) in [
        (Seed::Active, wire::ConfigStatus::Active, 0, Some(wire::ConfigStatus::Active)),
        (Seed::Stuck, wire::ConfigStatus::Init, 0, Some(wire::ConfigStatus::Init)),
        (Seed::Creating(secs(7)), wire::ConfigStatus::Init, 1, Some(wire::ConfigStatus::Active)),
        (Seed::Deleting(secs(7)), wire::ConfigStatus::ToDelete, 1, None),
    ] {
        let mut world = bench();
        let (pop, datacenter) = l3_site(&mut world);
        let extra = world.seed_extra(datacenter, &route("10.1.0.9", "172.16.0.0/16"), seed);
        let now =
            |world: &World| world.extra(service(1), pop, datacenter, extra).ok().map(|extra| extra.status);
        assert_eq!((now(&world), world.tasks(service(1)).unwrap().len()), (Some(status), tasks), "{seed:?}");
        pass(&mut world, 7);
        assert_eq!((now(&world), world.tasks(service(1)).unwrap().len()), (later, 0), "{seed:?}");
    }
}

#[test]
fn things_are_seeded_twice_and_against_the_rules() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    world.seed_pop(service(1), &l3(10, "192.0.2.0/30"), Seed::Active);
    world.seed_datacenter(VRACK, &dc(1, "10.1.0.0/24"), Seed::Active);
    for _ in 0..2 {
        world.seed_extra(datacenter, &route("10.1.0.1", "10.1.0.0/24"), Seed::Active);
        world.seed_extra(datacenter, &peer("10.1.0.2", 35_540), Seed::Active);
    }
    assert_eq!(world.pops(service(1)).unwrap().len(), 2);
    assert_eq!(world.datacenters(service(1), pop).unwrap().len(), 2);
    assert_eq!(world.extras(service(1), pop, datacenter).unwrap().len(), 4);
}

#[test]
fn things_are_erased_behind_the_apis_back() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let extra = world.seed_extra(datacenter, &route("10.1.0.9", "172.16.0.0/16"), Seed::Active);
    world.erase_extra(extra);
    assert!(world.extras(service(1), pop, datacenter).unwrap().is_empty());
    world.erase_pop(pop);
    assert!(world.pops(service(1)).unwrap().is_empty() && world.datacenter_ids(VRACK).is_empty());
}

#[test]
fn an_account_file_says_what_is_configured() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.yaml");
    std::fs::write(
        &path,
        r"
vracks:
  - serviceName: pn-7
    name: Production
    datacenters:
      - datacenterId: 6
        subnet: 10.6.0.0/24
        extra:
          - {type: network, subnet: 172.16.0.0/16, nextHop: 10.6.0.9}
services:
  - uuid: 00000000-0000-0000-0000-000000000007
    vrack: pn-7
    bandwidth: 10g
    interfaces: [70, {id: 71, status: reserved}]
    popConfig: {interfaceId: 70, type: l3, customerBgpArea: 65001, subnet: 192.0.2.0/30}
",
    )
    .unwrap();
    let world = World::new(&Account::load(&path).unwrap(), Options::default()).unwrap();
    let pop = world.pops(service(7)).unwrap()[0].clone();
    assert_eq!((pop.status, pop.ovh_bgp_area), (wire::ConfigStatus::Active, Some(35_540)));
    let datacenter = world.datacenters(service(7), pop.id).unwrap()[0].clone();
    assert_eq!(datacenter.datacenter_id, 6);
    assert_eq!(world.extras(service(7), pop.id, datacenter.id).unwrap().len(), 1);
    assert_eq!(world.interface(service(7), 71).unwrap().status, wire::InterfaceStatus::Reserved);
    assert_eq!(world.catalogue_datacenter(service(7), 6).unwrap().name, "WAW");
}

#[test]
fn an_account_that_cannot_be_is_refused() {
    let entry = ServiceEntry::new(service(1), 10);
    let refused = |services: Vec<ServiceEntry>| {
        World::new(&Account { services, ..Account::default() }, Options::default()).unwrap_err()
    };
    assert!(matches!(
        refused(vec![entry.clone(), entry.clone()]),
        AccountError::Twice { kind: "service", .. }
    ));
    let shared = ServiceEntry::new(service(2), 10);
    assert!(matches!(refused(vec![entry.clone(), shared]), AccountError::Twice { kind: "interface", .. }));
    assert!(matches!(refused(vec![entry.in_vrack("pn-1")]), AccountError::NoVrack { .. }));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.yaml");
    std::fs::write(&path, "services: [{uuid: x}]").unwrap();
    assert!(matches!(Account::load(&path), Err(AccountError::Parse { .. })));
}
