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
}

const ACCOUNT: &str = "vracks:
  - serviceName: pn-1
    datacenters:
      - {datacenterId: 1, subnet: 10.1.0.0/24, extra: [{type: bgp, bgpNeighborArea: 1, bgpNeighborIp: 10.1.0.9}]}
services:
  - uuid: 00000000-0000-0000-0000-000000000001
    bandwidth: 1g
    provider: OVHcloud
    portQuantity: 1
    interfaces: [1, {id: 2, status: reserved}]
    vrack: pn-1
    popConfig: {interfaceId: 1, type: l3, subnet: 172.16.0.0/30}
datacenters:
  - {id: 1, name: GRA, region: eu-west-gra}
";

#[test]
fn a_mistake_in_an_account_file_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.yaml");
    let load = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Account::load(&path)
    };
    assert_eq!(load(ACCOUNT).unwrap().services.len(), 1);
    for (right, wrong, line, says) in [
        ("vracks:", "vrack:", 1, "vrack"),
        ("pn-1\n    data", "pn/1\n    data", 2, "not the name of a vRack"),
        ("datacenterId: 1", "datacenterId: 9", 4, "no datacenter 9"),
        ("10.1.0.0/24", "10.1.0.0", 4, "not an IPv4 prefix"),
        ("type: bgp", "type: ospf", 4, "neither network nor bgp"),
        ("bgpNeighborIp", "bgpNeighbourIp", 4, "bgpNeighbourIp"),
        ("uuid: 0", "uuid: x", 6, "UUID"),
        ("1g", "10gbit", 7, "100m, 200m, 500m, 1g, 2g, 5g, 10g, 20g, 100g"),
        ("OVHcloud", "OVH", 8, "not a provider"),
        ("portQuantity: 1", "portQuantity: 3", 9, "1 or 2 ports"),
        ("[1, {", "[-1, {", 10, "number"),
        ("id: 2", "id: 1", 10, "two interfaces 1"),
        ("reserved", "broken", 10, "broken"),
        ("vrack: pn-1", "vrack: pn-2", 11, "add it to `vracks`"),
        ("interfaceId: 1", "interfaceId: 3", 12, "interface 3 is not one of"),
        ("l3", "l4", 12, "neither l2 nor l3"),
        ("eu-west-gra", "eu-west", 14, "not a region"),
        ("{id: 1, name", "{id: 1, foo: 1, name", 14, "foo"),
    ] {
        assert_eq!(ACCOUNT.matches(right).count(), 1, "{right}");
        let message = load(&ACCOUNT.replace(right, wrong)).unwrap_err().to_string();
        let place = format!("account.yaml:{line}:");
        assert!(message.contains(says) && message.contains(&place), "{wrong}: {message}");
    }
}

#[test]
fn a_mistake_is_shown_with_a_mark_under_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.yaml");
    std::fs::write(&path, ACCOUNT.replace("vrack: pn-1", "vrack: pn-2")).unwrap();
    let message = Account::load(&path).unwrap_err().to_string();
    let shown = message.replace(&path.display().to_string(), "account.yaml");
    insta::assert_snapshot!(shown, @r"
    account.yaml is not an account file: service 00000000-0000-0000-0000-000000000001 is in pn-2, which the account does not have: add it to `vracks`
      --> account.yaml:11:12
       |
    11 |     vrack: pn-2
       |            ^
    ");
}

#[test]
fn the_sample_account_is_one_that_a_file_could_hold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.json");
    std::fs::write(&path, serde_json::to_string(&Account::sample()).unwrap()).unwrap();
    assert_eq!(Account::load(&path).unwrap(), Account::sample());
}
