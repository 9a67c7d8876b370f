//! Small cases that the properties once failed on, each under the name of what went wrong.

use std::time::Duration;

use ovhconnect::api::wire::{ExtraType, NewDatacenterConfig, NewExtraConfig, NewPopConfig, PopType};
use ovhconnect::diff::Goal;
use ovhconnect::sim::account::{ServiceEntry, VrackEntry};
use ovhconnect::sim::{Account, Options, Seed, World};

use super::check::{Facts, Verdict, check};
use super::wanted::uuid;

const LONG: Duration = Duration::from_secs(60);

/// An account with these services in these vRacks, and nothing configured.
fn account(services: &[(usize, Option<&str>)]) -> World {
    let mut account =
        Account { vracks: ["pn-1", "pn-2", "pn-3"].map(VrackEntry::new).into(), ..Account::default() };
    for (number, vrack) in services {
        let mut entry = ServiceEntry::new(uuid(*number), interface(*number));
        entry.vrack = vrack.map(str::to_owned);
        account.services.push(entry);
    }
    World::new(&account, Options::default()).unwrap()
}

fn interface(service: usize) -> u64 {
    1000 + service as u64
}

fn l2(service: usize) -> NewPopConfig {
    NewPopConfig {
        interface_id: interface(service),
        kind: PopType::L2,
        customer_bgp_area: None,
        ovh_bgp_area: None,
        subnet: None,
    }
}

fn l3(service: usize, subnet: &str) -> NewPopConfig {
    NewPopConfig {
        kind: PopType::L3,
        customer_bgp_area: Some(65001),
        subnet: Some(subnet.to_owned()),
        ..l2(service)
    }
}

fn datacenter(id: u64, subnet: Option<&str>) -> NewDatacenterConfig {
    NewDatacenterConfig { datacenter_id: id, ovh_bgp_area: None, subnet: subnet.map(str::to_owned) }
}

fn route(subnet: &str, next_hop: &str) -> NewExtraConfig {
    NewExtraConfig {
        kind: ExtraType::Network,
        bgp_neighbor_area: None,
        bgp_neighbor_ip: None,
        next_hop: Some(next_hop.to_owned()),
        subnet: Some(subnet.to_owned()),
    }
}

/// Every property holds of the case.
fn verdict(topology: &str, world: &World) -> Verdict {
    let text = format!("version: 1\nvracks:\n{topology}");
    check(&text, world, Goal::Apply, 1, 4).unwrap_or_else(|problem| panic!("{problem}"))
}

/// Every property holds, and the plan has this many steps.
fn runs(topology: &str, world: &World, steps: usize) -> Facts {
    match verdict(topology, world) {
        Verdict::Ran(facts) => {
            assert_eq!(facts.steps, steps, "steps");
            facts
        }
        other => panic!("{other:?}"),
    }
}

fn is_refused(topology: &str, world: &World, code: &str) {
    match verdict(topology, world) {
        Verdict::Unfit(codes) => assert!(codes.contains(code), "{codes:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_asn_that_ovhcloud_would_assign_is_refused_where_a_peer_has_it() {
    let topology = "
  pn-1:
    services:
      00000000-0000-0000-0000-000000000001:
        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
    datacenters:
      GRA: {subnet: 10.1.0.0/24, extra: [{type: bgp, bgpNeighborArea: 35540, bgpNeighborIp: 10.1.0.4}]}
";
    is_refused(topology, &account(&[(0, Some("pn-1"))]), "OCC210");
}

const ONE_L3_AND_GRA: &str = "
  pn-1:
    manage: declared
    services:
      00000000-0000-0000-0000-000000000001:
        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
    datacenters:
      GRA: {subnet: 10.1.0.0/24}
";

#[test]
fn a_subnet_that_something_unmanaged_keeps_is_refused() {
    let mut world = account(&[(0, Some("pn-1"))]);
    world.seed_pop(uuid(0), &l3(0, "172.16.0.0/30"), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(2, Some("10.1.0.0/25")), Seed::Active);
    is_refused(ONE_L3_AND_GRA, &world, "OCC209");
}

#[test]
fn a_subnet_that_something_unmanaged_gives_back_is_waited_for() {
    let mut world = account(&[(0, Some("pn-1"))]);
    let pop = world.seed_pop(uuid(0), &l3(0, "172.16.0.0/30"), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(2, Some("10.1.0.0/25")), Seed::Active);
    let shown = world.datacenters(uuid(0), pop).unwrap()[0].id;
    world.delete_datacenter(uuid(0), pop, shown).unwrap();
    runs(ONE_L3_AND_GRA, &world, 2);
}

#[test]
fn the_l2_place_that_an_unmanaged_service_keeps_is_refused() {
    let topology = "
  pn-1:
    manage: declared
    services:
      00000000-0000-0000-0000-000000000001:
        pop: {type: l2, datacenter: GRA}
";
    let mut world = account(&[(0, Some("pn-1")), (1, Some("pn-1"))]);
    world.seed_pop(uuid(1), &l2(1), Seed::Active);
    is_refused(topology, &world, "OCC209");
}

#[test]
fn a_new_pop_waits_for_the_end_of_an_unmanaged_last_one() {
    let mut world = account(&[(0, Some("pn-1")), (1, Some("pn-1"))]);
    let pop = world.seed_pop(uuid(1), &l3(1, "172.16.9.0/30"), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(2, Some("10.1.0.0/25")), Seed::Active);
    world.delete_pop(uuid(1), pop).unwrap();
    runs(ONE_L3_AND_GRA, &world, 3);
}

#[test]
fn the_sixteen_places_count_the_unmanaged_services() {
    let mut members: Vec<_> = (1..17).map(|service| (service, Some("pn-1"))).collect();
    members.push((0, None));
    is_refused(ONE_L3_AND_GRA, &account(&members), "OCC209");
}

#[test]
fn an_l2_pop_leaves_one_datacenter_before_it_enters_another() {
    let topology = "
  pn-1:
    services:
      00000000-0000-0000-0000-000000000001:
        pop: {type: l2, datacenter: GRA}
";
    let mut world = account(&[(0, Some("pn-1"))]);
    let pop = world.seed_pop(uuid(0), &l2(0), Seed::Active);
    world.seed_l2_datacenter(pop, &datacenter(2, None), Seed::Active);
    runs(topology, &world, 2);
}

#[test]
fn the_datacenter_of_a_replaced_l2_pop_is_deleted_through_the_old_one() {
    let topology = "
  pn-1:
    services:
      00000000-0000-0000-0000-000000000001:
        pop: {type: l2, datacenter: GRA, interfaceId: 1000}
";
    let mut world = account(&[(0, Some("pn-1"))]);
    let pop = world.seed_pop(uuid(0), &NewPopConfig { interface_id: 1005, ..l2(0) }, Seed::Active);
    world.seed_l2_datacenter(pop, &datacenter(1, None), Seed::Active);
    runs(topology, &world, 4);
}

const ONE_MEMBER: &str = "
  pn-1:
    services:
      00000000-0000-0000-0000-000000000001: {}
";

#[test]
fn a_service_that_someone_else_moves_in_is_waited_for() {
    let mut world = account(&[(0, None)]);
    world.attach("pn-1", uuid(0)).unwrap();
    runs(ONE_MEMBER, &world, 1);
}

#[test]
fn a_service_that_someone_else_moves_out_is_moved_in_again() {
    let mut world = account(&[(0, Some("pn-1"))]);
    world.detach("pn-1", uuid(0)).unwrap();
    runs(ONE_MEMBER, &world, 2);
}

#[test]
fn an_undeclared_service_on_its_way_in_is_moved_out_again() {
    let mut world = account(&[(0, Some("pn-1")), (1, None)]);
    world.attach("pn-1", uuid(1)).unwrap();
    runs(ONE_MEMBER, &world, 2);
}

#[test]
fn a_service_on_its_way_into_the_wrong_vrack_is_moved_on() {
    let topology = format!("{ONE_MEMBER}  pn-2: {{manage: declared}}\n");
    let mut world = account(&[(0, None)]);
    world.attach("pn-2", uuid(0)).unwrap();
    runs(&topology, &world, 3);
}

#[test]
fn a_declared_datacenter_is_never_deleted_because_its_last_pop_goes() {
    let topology = "
  pn-1:
    manage: declared
    datacenters:
      GRA: {subnet: 10.1.0.0/24}
  pn-2:
    services:
      00000000-0000-0000-0000-000000000001:
        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
";
    let mut world = account(&[(0, Some("pn-1"))]);
    world.seed_pop(uuid(0), &l3(0, "172.16.0.0/30"), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(1, Some("10.1.0.0/24")), Seed::Active);
    is_refused(topology, &world, "OCC208");
}

#[test]
fn the_routes_of_a_datacenter_that_is_being_deleted_hold_their_prefix_until_it_is_gone() {
    let topology = "
  pn-1:
    services:
      00000000-0000-0000-0000-000000000001:
        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
      00000000-0000-0000-0000-000000000002:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.9.0.0/30}
";
    let mut world = account(&[(0, Some("pn-1")), (1, Some("pn-1"))]);
    let pop = world.seed_pop(uuid(0), &l3(0, "172.16.0.0/30"), Seed::Active);
    let id = world.seed_datacenter("pn-1", &datacenter(1, Some("10.1.0.0/24")), Seed::Active);
    world.seed_extra(id, &route("10.9.0.0/24", "10.1.0.10"), Seed::Active);
    world.set_options(Options { task: LONG, ..Options::default() });
    world.delete_datacenter(uuid(0), pop, id).unwrap();
    runs(topology, &world, 2);
}

#[test]
fn a_pop_that_is_up_is_kept_rather_than_one_whose_creation_failed() {
    let topology = "
  pn-1:
    services:
      00000000-0000-0000-0000-000000000002:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.0.0.0/30}
      00000000-0000-0000-0000-000000000004:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.0.0.4/30}
";
    let mut world = account(&[(1, Some("pn-1")), (3, Some("pn-1"))]);
    world.seed_pop(uuid(1), &l3(1, "10.0.1.0/30"), Seed::Active);
    world.seed_pop(uuid(3), &l3(3, "10.0.0.4/30"), Seed::Stuck);
    let facts = runs(topology, &world, 4);
    assert_eq!((facts.levels, facts.kept), (1, 1), "one vRack has paths, and keeps one");
}

#[test]
fn datacenters_that_an_unmanaged_pop_carries_are_left_alone_though_it_is_not_up() {
    let topology = "
  pn-2:
    manage: declared
    services:
      00000000-0000-0000-0000-000000000002: {}
";
    let mut world = account(&[(0, Some("pn-1")), (1, Some("pn-1"))]);
    world.seed_pop(uuid(0), &l3(0, "172.16.0.0/30"), Seed::Stuck);
    let leaving = world.seed_pop(uuid(1), &l3(1, "172.16.0.4/30"), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(2, Some("10.2.0.0/24")), Seed::Active);
    world.delete_pop(uuid(1), leaving).unwrap();
    runs(topology, &world, 3);
}

#[test]
fn a_datacenter_that_only_an_unmanaged_failed_pop_holds_cannot_be_destroyed() {
    let mut world = account(&[(0, Some("pn-1")), (1, Some("pn-1"))]);
    world.seed_pop(uuid(0), &l3(0, "172.16.0.0/30"), Seed::Deleting(LONG));
    world.seed_pop(uuid(1), &l3(1, "172.16.0.4/30"), Seed::Stuck);
    world.seed_datacenter("pn-1", &datacenter(1, Some("10.1.0.0/24")), Seed::Active);
    let text = format!("version: 1\nvracks:\n{ONE_L3_AND_GRA}");
    match check(&text, &world, Goal::Destroy, 1, 4) {
        Ok(Verdict::Unfit(codes)) => assert!(codes.contains("OCC208"), "{codes:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_order_of_the_apis_lists_does_not_matter() {
    let topology = "
  pn-1:
    services:
      00000000-0000-0000-0000-000000000001: {}
";
    let mut world = account(&[(0, Some("pn-1"))]);
    world.seed_pop(uuid(0), &l3(0, "172.16.0.0/30"), Seed::Active);
    world.seed_pop(uuid(0), &l3(0, "172.16.0.4/30"), Seed::Active);
    runs(topology, &world, 2);
}

#[test]
fn of_unmanaged_twins_that_go_down_one_comes_back() {
    let topology = "
  pn-1:
    manage: declared
    services:
      00000000-0000-0000-0000-000000000001:
        pop: {type: l3, customerBgpArea: 65002, subnet: 172.16.0.0/30}
";
    let mut world = account(&[(0, Some("pn-1"))]);
    world.seed_pop(uuid(0), &l3(0, "172.16.0.0/30"), Seed::Active);
    for _ in 0..2 {
        let id = world.seed_datacenter("pn-1", &datacenter(2, Some("10.2.0.0/24")), Seed::Active);
        world.seed_extra(id, &route("192.168.0.0/24", "10.2.0.10"), Seed::Active);
    }
    // The PoP, one datacenter and its route go and come back; the twin and its route go.
    runs(topology, &world, 8);
}

#[test]
fn the_end_of_an_extra_is_awaited_where_it_was_read_and_not_at_its_twin() {
    let topology = "
  pn-1:
    services:
      00000000-0000-0000-0000-000000000001:
        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
      00000000-0000-0000-0000-000000000002:
        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.4/30}
    datacenters:
      GRA: {subnet: 10.1.0.0/24, extra: [{type: network, subnet: 192.168.0.0/24, nextHop: 10.1.0.10}]}
";
    // Through the other PoP the first of the twins would be taken for either of them.
    for (distinct_ids_per_service, going) in [(false, 0), (false, 1), (true, 0), (true, 1)] {
        let mut world = account(&[(0, Some("pn-1")), (1, Some("pn-1"))]);
        let pop = world.seed_pop(uuid(0), &l3(0, "172.16.0.0/30"), Seed::Active);
        world.seed_pop(uuid(1), &l3(1, "172.16.0.4/30"), Seed::Active);
        let id = world.seed_datacenter("pn-1", &datacenter(1, Some("10.1.0.0/24")), Seed::Active);
        let twins =
            [(); 2].map(|()| world.seed_extra(id, &route("192.168.0.0/24", "10.1.0.10"), Seed::Active));
        world.delete_extra(uuid(0), pop, id, twins[going]).unwrap();
        world.set_options(Options { distinct_ids_per_service, ..Options::default() });
        runs(topology, &world, 1);
    }
}

#[test]
fn what_has_to_go_first_is_called_through_a_pop_that_still_stands() {
    let topology = "
  pn-1:
    services:
      00000000-0000-0000-0000-000000000001:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.0.0.0/30}
";
    let mut world = account(&[(0, Some("pn-1")), (2, Some("pn-1"))]);
    world.seed_pop(uuid(0), &l3(0, "10.0.1.0/30"), Seed::Active);
    world.seed_pop(uuid(2), &l3(2, "172.16.0.0/30"), Seed::Active);
    let id = world.seed_datacenter("pn-1", &datacenter(3, Some("10.1.0.0/24")), Seed::Active);
    world.seed_extra(id, &route("10.0.0.0/24", "10.1.0.10"), Seed::Active);
    runs(topology, &world, 6);
}

/// The first PoP of a topology in pn-1, and what else stands there.
fn one_l3(subnet: &str, rest: &str) -> String {
    format!(
        "
  pn-1:
    services:
      00000000-0000-0000-0000-000000000001:
        pop: {{type: l3, customerBgpArea: 65001, subnet: {subnet}}}
{rest}"
    )
}

#[test]
fn a_datacenter_is_made_before_a_pop_takes_the_subnet_of_another() {
    let topology = one_l3("10.0.0.0/30", "    datacenters: {LIM: {subnet: 10.0.1.0/28}}\n");
    let mut world = account(&[(0, Some("pn-1")), (2, Some("pn-1"))]);
    world.seed_pop(uuid(2), &l3(2, "172.16.0.0/30"), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(2, Some("10.0.0.0/24")), Seed::Active);
    let facts = runs(&topology, &world, 5);
    assert_eq!(facts.kept, 2, "a path and a datacenter stand throughout");
}

#[test]
fn what_is_made_early_in_a_datacenter_does_not_hurry_what_comes_late() {
    let topology = one_l3(
        "172.16.0.4/30",
        "    datacenters:
      LIM:
        subnet: 10.1.0.0/24
        extra:
          - {type: network, subnet: 172.16.0.0/30, nextHop: 10.1.0.4}
          - {type: network, subnet: 192.168.0.0/24, nextHop: 10.1.0.4}
",
    );
    let mut world = account(&[(0, Some("pn-1")), (2, Some("pn-1"))]);
    world.seed_pop(uuid(2), &l3(2, "10.0.0.0/30"), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(1, Some("172.16.0.0/16")), Seed::Active);
    runs(&topology, &world, 7);
}

#[test]
fn early_calls_go_through_the_old_pop_that_stands_until_the_new_one_does() {
    let topology =
        one_l3("10.0.0.0/30", "    datacenters: {GRA: {subnet: 10.0.1.0/28}, RBX: {subnet: 10.1.0.0/24}}\n");
    let mut world = account(&[(0, Some("pn-1")), (2, Some("pn-1"))]);
    world.seed_pop(uuid(0), &l3(0, "10.0.1.0/30"), Seed::Active);
    world.seed_pop(uuid(2), &l3(2, "172.16.0.0/30"), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(2, Some("10.0.0.0/24")), Seed::Active);
    let facts = runs(&topology, &world, 7);
    assert_eq!(facts.kept, 2, "a path and a datacenter stand throughout");
}

#[test]
fn a_twin_datacenter_waits_for_none_that_comes_after_its_pop() {
    let topology = one_l3(
        "172.16.0.0/30",
        "    datacenters: {GRA: {subnet: 10.0.0.0/24}, RBX: {subnet: 10.0.1.0/28}}\n",
    );
    let mut world = account(&[(0, Some("pn-1")), (2, Some("pn-1"))]);
    world.seed_pop(uuid(0), &l3(0, "172.16.9.0/30"), Seed::Active);
    world.seed_pop(uuid(2), &l3(2, "10.0.0.0/30"), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(2, Some("10.0.1.0/28")), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(2, Some("10.0.1.0/28")), Seed::Active);
    runs(&topology, &world, 6);
}

#[test]
fn twins_that_a_pop_numbers_differently_go_one_at_a_time() {
    let topology = one_l3(
        "10.0.0.4/30",
        "    datacenters:
      RBX: {subnet: 10.0.1.0/28, extra: [{type: network, subnet: 192.168.0.0/24, nextHop: 10.0.1.4}]}
",
    );
    let mut world = account(&[(0, Some("pn-1")), (2, Some("pn-1"))]);
    world.seed_pop(uuid(2), &l3(2, "10.0.0.0/30"), Seed::Active);
    world.seed_pop(uuid(0), &l3(0, "10.0.0.4/30"), Seed::Active);
    let id = world.seed_datacenter("pn-1", &datacenter(2, Some("10.1.0.0/24")), Seed::Active);
    world.seed_extra(id, &route("192.168.0.0/24", "10.1.0.4"), Seed::Active);
    world.seed_extra(id, &route("192.168.0.0/24", "10.1.0.4"), Seed::Active);
    world.set_options(Options { distinct_ids_per_service: true, ..Options::default() });
    assert!(matches!(verdict(&topology, &world), Verdict::Ran(_)));
}

#[test]
fn a_vrack_keeps_its_path_with_what_is_in_no_others_way() {
    let topology = "
  pn-1:
    services:
      00000000-0000-0000-0000-000000000003:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.0.0.4/30}
      00000000-0000-0000-0000-000000000004:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.0.1.0/30}
    datacenters: {RBX: {subnet: 10.1.0.0/24}}
  pn-2:
    services:
      00000000-0000-0000-0000-000000000002:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.0.0.0/30}
";
    let mut world = account(&[(1, Some("pn-1")), (2, Some("pn-2")), (3, None)]);
    world.seed_pop(uuid(1), &l3(1, "10.0.0.0/30"), Seed::Active);
    world.seed_pop(uuid(2), &l3(2, "10.0.0.4/30"), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(2, Some("10.1.0.0/24")), Seed::Active);
    let facts = runs(topology, &world, 10);
    assert_eq!(facts.kept, 3, "both vRacks keep a path, and the datacenter stands");
}

#[test]
fn the_vrack_with_fewer_ways_to_keep_a_path_chooses_first() {
    let topology = "
  pn-1:
    services:
      00000000-0000-0000-0000-000000000003:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.0.0.4/30}
      00000000-0000-0000-0000-000000000004:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.0.1.0/30}
    datacenters: {RBX: {subnet: 10.1.0.0/24}}
  pn-2:
    services:
      00000000-0000-0000-0000-000000000002:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.0.0.0/30}
";
    let mut world = account(&[(1, Some("pn-1")), (2, Some("pn-2")), (3, Some("pn-3"))]);
    world.seed_pop(uuid(1), &l3(1, "10.0.0.0/30"), Seed::Active);
    world.seed_pop(uuid(2), &l3(2, "10.0.0.4/30"), Seed::Active);
    world.seed_pop(uuid(3), &l3(3, "10.0.1.0/30"), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(2, Some("10.1.0.0/24")), Seed::Active);
    let facts = runs(topology, &world, 12);
    assert_eq!(facts.kept, 3, "both vRacks keep a path, and the datacenter stands");
}

#[test]
fn through_a_pop_whose_creation_failed_no_twin_is_looked_for() {
    let topology = "
  pn-1:
    services:
      00000000-0000-0000-0000-000000000001:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.0.0.0/30}
      00000000-0000-0000-0000-000000000003:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.0.0.4/30}
    datacenters: {LIM: {subnet: 10.0.1.0/28}}
";
    let mut world = account(&[(0, Some("pn-1")), (2, Some("pn-1"))]);
    world.seed_pop(uuid(0), &l3(0, "10.0.0.0/30"), Seed::Deleting(LONG));
    world.seed_pop(uuid(2), &l3(2, "10.0.0.4/30"), Seed::Stuck);
    for _ in 0..2 {
        world.seed_datacenter("pn-1", &datacenter(4, Some("10.0.1.0/28")), Seed::Active);
    }
    world.set_options(Options { inherited_while_init: false, ..Options::default() });
    runs(topology, &world, 5);
}

#[test]
fn through_a_pop_whose_creation_failed_nothing_is_made() {
    let topology = one_l3("10.0.0.0/30", "    datacenters: {LIM: {subnet: 10.1.0.0/24}}\n");
    let mut world = account(&[(0, Some("pn-1")), (2, Some("pn-1"))]);
    world.seed_pop(uuid(2), &l3(2, "172.16.0.0/30"), Seed::Stuck);
    world.seed_datacenter("pn-1", &datacenter(2, Some("10.0.0.0/24")), Seed::Active);
    runs(&topology, &world, 5);
}

#[test]
fn what_a_new_pop_waits_for_goes_through_an_unmanaged_one_that_never_came_up() {
    let topology = "
  pn-1:
    manage: declared
    services:
      00000000-0000-0000-0000-000000000001:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.0.0.0/30}
    datacenters: {RBX: {subnet: 10.1.0.0/24}}
";
    let mut world = account(&[(0, Some("pn-1")), (2, Some("pn-1"))]);
    world.seed_pop(uuid(2), &l3(2, "172.16.0.0/30"), Seed::Stuck);
    world.seed_datacenter("pn-1", &datacenter(2, Some("10.0.0.0/24")), Seed::Active);
    runs(topology, &world, 3);
}

#[test]
fn what_is_made_through_a_pop_that_has_gone_since_has_not_failed() {
    let topology = one_l3(
        "172.16.0.0/30",
        "      00000000-0000-0000-0000-000000000002: {}
    datacenters: {GRA: {subnet: 10.1.0.0/24}}
",
    );
    let options = |task| Options { task, distinct_ids_per_service: true, ..Options::default() };
    let mut world = account(&[(0, Some("pn-1")), (1, Some("pn-1"))]);
    world.seed_pop(uuid(0), &l3(0, "172.16.0.0/30"), Seed::Active);
    let leaving = world.seed_pop(uuid(1), &l3(1, "172.16.0.4/30"), Seed::Active);
    world.set_options(options(LONG));
    world.create_datacenter(uuid(1), leaving, &datacenter(1, Some("10.1.0.0/24"))).unwrap();
    world.set_options(options(Duration::from_secs(1)));
    world.delete_pop(uuid(1), leaving).unwrap();
    while !world.pops(uuid(1)).unwrap().is_empty() {
        let next = world.next_event().unwrap();
        world.advance(next);
    }
    runs(&topology, &world, 1);
}

#[test]
fn the_new_pop_that_waits_for_no_datacenter_keeps_the_path() {
    let topology = one_l3(
        "10.0.0.0/30",
        "      00000000-0000-0000-0000-000000000002:
        pop: {type: l3, customerBgpArea: 65001, subnet: 10.3.0.0/30}
    datacenters: {LIM: {subnet: 172.16.0.0/16}}
",
    );
    let mut world = account(&[(0, Some("pn-1")), (1, Some("pn-1")), (2, Some("pn-1"))]);
    world.seed_pop(uuid(2), &l3(2, "172.16.0.0/30"), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(2, Some("10.0.0.0/24")), Seed::Active);
    let facts = runs(&topology, &world, 6);
    assert_eq!(facts.kept, 2, "a path and a datacenter stand throughout");
}

#[test]
fn the_old_pop_for_whose_end_no_datacenter_waits_keeps_the_path() {
    let topology = one_l3("10.0.0.0/30", "    datacenters: {RBX: {subnet: 172.16.0.0/16}}\n");
    let mut world = account(&[(0, Some("pn-1")), (1, Some("pn-1")), (2, Some("pn-1"))]);
    world.seed_pop(uuid(1), &l3(1, "172.16.0.0/30"), Seed::Active);
    world.seed_pop(uuid(2), &l3(2, "10.0.1.0/30"), Seed::Active);
    world.seed_datacenter("pn-1", &datacenter(4, Some("10.0.0.0/24")), Seed::Active);
    let facts = runs(&topology, &world, 7);
    assert_eq!(facts.kept, 2, "a path and a datacenter stand throughout");
}
