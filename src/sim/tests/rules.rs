//! Each rule refuses what breaks it and accepts what is just within it.

use super::*;

#[test]
fn a_layer_3_pop_has_a_30_without_host_bits() {
    let mut world = bench();
    let mut create = |subnet: &str| world.create_pop(service(1), &l3(10, subnet));
    refused(create("192.0.2.0/29"), 400, "not a /30");
    refused(create("192.0.2.0/31"), 400, "not a /30");
    refused(create("192.0.2.1/30"), 400, "host bits");
    refused(create("2001:db8::/30"), 400, "ipv4Block");
    refused(create("192.0.2.0"), 400, "ipv4Block");
    assert!(create("192.0.2.4/30").is_ok());
}

#[test]
fn a_layer_3_pop_needs_its_asn_and_subnet() {
    let mut world = bench();
    let mut create = |change: fn(&mut wire::NewPopConfig)| {
        let mut new = l3(10, "192.0.2.0/30");
        change(&mut new);
        world.create_pop(service(1), &new)
    };
    refused(create(|new| new.customer_bgp_area = None), 400, "customerBgpArea");
    refused(create(|new| new.subnet = None), 400, "subnet");
    refused(create(|new| new.customer_bgp_area = Some(0)), 400, "not an AS number");
    refused(create(|new| new.ovh_bgp_area = Some(u32::MAX)), 400, "not an AS number");
    refused(create(|new| new.kind = wire::PopType::Other("l4".into())), 400, "l4");
}

#[test]
fn a_session_is_ebgp_also_with_the_asn_left_to_ovhcloud() {
    let mut world = bench();
    let with = |customer, ovh| wire::NewPopConfig {
        customer_bgp_area: Some(customer),
        ovh_bgp_area: ovh,
        ..l3(10, "192.0.2.0/30")
    };
    refused(world.create_pop(service(1), &with(65_001, Some(65_001))), 400, "eBGP");
    refused(world.create_pop(service(1), &with(crate::sim::DEFAULT_OVH_ASN, None)), 400, "eBGP");
    world.create_pop(service(1), &with(65_001, None)).unwrap();
    assert_eq!(world.pops(service(1)).unwrap()[0].ovh_bgp_area, Some(35_540));
}

#[test]
fn layer_2_takes_no_layer_3_values() {
    let mut world = bench();
    for (field, new) in [
        ("customerBgpArea", wire::NewPopConfig { customer_bgp_area: Some(1), ..l2(10) }),
        ("ovhBgpArea", wire::NewPopConfig { ovh_bgp_area: Some(1), ..l2(10) }),
        ("subnet", wire::NewPopConfig { subnet: Some("192.0.2.0/30".into()), ..l2(10) }),
    ] {
        refused(world.create_pop(service(1), &new), 400, field);
    }
    let pop = world.seed_pop(service(1), &l2(10), Seed::Active);
    refused(world.create_datacenter(service(1), pop, &dc(1, "10.1.0.0/24")), 400, "subnet");
    let asn = wire::NewDatacenterConfig { ovh_bgp_area: Some(1), ..dc(1, "") };
    refused(world.create_datacenter(service(1), pop, &asn), 400, "ovhBgpArea");
    assert!(world.create_datacenter(service(1), pop, &dc(1, "")).is_ok());
}

#[test]
fn a_layer_2_pop_has_one_datacenter_and_no_extras() {
    let mut world = bench();
    let pop = world.seed_pop(service(1), &l2(10), Seed::Active);
    let datacenter = world.seed_l2_datacenter(pop, &dc(1, ""), Seed::Active);
    refused(world.create_datacenter(service(1), pop, &dc(2, "")), 409, "exactly one");
    refused(
        world.create_extra(service(1), pop, datacenter, &route("10.1.0.9", "10.9.0.0/24")),
        400,
        "layer 2",
    );
}

#[test]
fn a_vrack_has_one_layer_2_service_beside_layer_3_ones() {
    let mut world = bench();
    l3_site(&mut world);
    world.create_pop(service(2), &l2(20)).unwrap();
    refused(world.create_pop(service(3), &l2(30)), 409, "already has a layer 2");
}

#[test]
fn a_provider_service_is_layer_3() {
    let mut world = bench();
    let entry =
        ServiceEntry { provider: "equinix".into(), ..ServiceEntry::new(service(5), 50).in_vrack(VRACK) };
    world.add_service(&entry).unwrap();
    refused(world.create_pop(service(5), &l2(50)), 400, "always layer 3");
    assert!(world.create_pop(service(5), &l3(50, "192.0.2.0/30")).is_ok());
}

#[test]
fn layer_2_carries_ten_gigabits_per_port() {
    let mut world = bench();
    for (bandwidth, ports, fits) in
        [("10g", 1, true), ("20g", 1, false), ("20g", 2, true), ("100g", 2, false)]
    {
        let mut entry = ServiceEntry::new(service(5), 50).in_vrack(VRACK);
        (entry.bandwidth, entry.port_quantity) = (bandwidth.into(), ports);
        world.add_service(&entry).unwrap();
        assert_eq!(world.clone().create_pop(service(5), &l2(50)).is_ok(), fits, "{bandwidth} on {ports}");
    }
}

#[test]
fn a_service_has_one_pop_on_its_own_enabled_interface() {
    let mut world = bench();
    refused(world.create_pop(service(1), &l2(20)), 400, "does not belong");
    refused(world.create_pop(service(1), &l2(11)), 400, "does not belong");
    world.set_port_status(10, crate::sim::PortStatus::Reserved);
    refused(world.create_pop(service(1), &l2(10)), 409, "not enabled");
    l3_site(&mut world);
    world.set_port_status(10, crate::sim::PortStatus::Enabled);
    refused(world.create_pop(service(1), &l2(10)), 409, "already has a PoP");
}

#[test]
fn a_service_in_no_vrack_or_closed_is_not_configured() {
    let mut world = bench();
    refused(world.create_pop(service(9), &l2(90)), 409, "in no vRack");
    refused(world.create_pop(service(7), &l2(70)), 404, "serviceName");
    world.set_closed(service(1), true);
    refused(world.create_pop(service(1), &l2(10)), 409, "closed");
}

#[test]
fn a_datacenter_is_a_28_or_larger_without_host_bits() {
    let mut world = bench();
    let pop = world.seed_pop(service(1), &l3(10, "192.0.2.0/30"), Seed::Active);
    let mut create = |subnet: &str| world.create_datacenter(service(1), pop, &dc(1, subnet));
    refused(create("10.1.0.0/29"), 400, "too small");
    refused(create("10.1.0.1/28"), 400, "host bits");
    refused(create("fd00::/28"), 400, "ipv4Block");
    refused(create(""), 400, "required");
    assert!(create("10.1.0.16/28").is_ok());
}

#[test]
fn a_datacenter_is_on_offer_and_configured_once_in_a_vrack() {
    let mut world = bench();
    let (pop, _) = l3_site(&mut world);
    let other = world.seed_pop(service(2), &l3(20, "192.0.2.4/30"), Seed::Active);
    refused(
        world.create_datacenter(service(2), other, &dc(1, "10.2.0.0/24")),
        409,
        "already has a configuration",
    );
    refused(world.create_datacenter(service(1), pop, &dc(99, "10.2.0.0/24")), 400, "no datacenter 99");
    world.set_available(2, false);
    refused(world.create_datacenter(service(1), pop, &dc(2, "10.2.0.0/24")), 409, "no new configuration");
    let id = world.seed_datacenter(VRACK, &dc(3, "10.3.0.0/24"), Seed::Deleting(secs(60)));
    refused(
        world.create_datacenter(service(1), pop, &dc(3, "10.4.0.0/24")),
        409,
        "already has a configuration",
    );
    world.erase_datacenter(id);
    assert!(world.create_datacenter(service(1), pop, &dc(3, "10.4.0.0/24")).is_ok());
}

#[test]
fn nothing_overlaps_in_a_vrack_either_way_round() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let route_to = |world: &mut World, prefix: &str| {
        world.clone().create_extra(service(1), pop, datacenter, &route("10.1.0.9", prefix))
    };
    for subnet in ["192.0.2.0/30", "10.1.0.4/30"] {
        refused(world.create_pop(service(2), &l3(20, subnet)), 409, "overlaps");
    }
    for subnet in ["10.1.0.0/24", "10.1.0.128/25", "10.0.0.0/8", "192.0.2.0/24"] {
        refused(world.create_datacenter(service(1), pop, &dc(2, subnet)), 409, "overlaps");
    }
    for prefix in ["10.1.0.0/24", "10.1.0.7/32", "10.0.0.0/8", "192.0.2.0/29"] {
        refused(route_to(&mut world, prefix), 409, "overlaps");
    }
    assert!(route_to(&mut world, "0.0.0.0/0").is_ok());

    world.seed_extra(datacenter, &route("10.1.0.9", "0.0.0.0/0"), Seed::Active);
    world.seed_extra(datacenter, &route("10.1.0.9", "172.16.0.0/16"), Seed::Active);
    refused(world.create_datacenter(service(1), pop, &dc(2, "172.16.4.0/24")), 409, "static route");
    refused(world.create_pop(service(2), &l3(20, "172.16.0.0/30")), 409, "static route");
    assert!(world.create_datacenter(service(1), pop, &dc(2, "10.1.1.0/24")).is_ok());
}

#[test]
fn another_vrack_may_use_the_same_subnets() {
    let mut world = bench();
    l3_site(&mut world);
    world.set_membership(service(9), Some("pn-2"));
    let pop = world.seed_pop(service(9), &l3(90, "192.0.2.4/30"), Seed::Active);
    assert!(world.create_datacenter(service(9), pop, &dc(1, "10.1.0.0/24")).is_ok());
}

#[test]
fn a_next_hop_is_a_free_host_of_the_subnet() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let mut create =
        |hop: &str| world.create_extra(service(1), pop, datacenter, &route(hop, "172.16.0.0/16"));
    for (hop, says) in [
        ("10.1.0.0", "network address"),
        ("10.1.0.255", "broadcast"),
        ("10.1.0.1", "OVHcloud's routers"),
        ("10.1.0.2", "OVHcloud's routers"),
        ("10.1.0.3", "OVHcloud's routers"),
        ("10.1.1.4", "outside"),
        ("ten", "ipv4"),
    ] {
        refused(create(hop), 400, says);
    }
    assert!(create("10.1.0.4").is_ok());
}

#[test]
fn a_neighbour_is_a_host_of_the_subnet_but_the_routers() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let mut create = |ip: &str| world.create_extra(service(1), pop, datacenter, &peer(ip, 65_020));
    for (ip, says) in [
        ("10.1.0.0", "network address"),
        ("10.1.0.255", "broadcast"),
        ("10.1.0.2", "OVHcloud's routers"),
        ("10.1.0.3", "OVHcloud's routers"),
        ("10.2.0.4", "outside"),
    ] {
        refused(create(ip), 400, says);
    }
    assert!(create("10.1.0.1").is_ok());
    assert!(create("10.1.0.254").is_ok());
}

#[test]
fn a_peer_is_ebgp_and_four_at_most() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let mut create = |ip: &str, asn| world.create_extra(service(1), pop, datacenter, &peer(ip, asn));
    refused(create("10.1.0.4", 35_540), 400, "eBGP");
    refused(create("10.1.0.4", 0), 400, "not an AS number");
    for last in 4..8 {
        create(&format!("10.1.0.{last}"), 65_020).unwrap();
    }
    refused(create("10.1.0.8", 65_020), 409, "4 BGP peers");
}

#[test]
fn a_peer_that_is_being_deleted_still_has_its_place() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    for last in 4..7 {
        world.seed_extra(datacenter, &peer(&format!("10.1.0.{last}"), 65_020), Seed::Active);
    }
    world.seed_extra(datacenter, &peer("10.1.0.7", 65_020), Seed::Deleting(secs(60)));
    refused(world.create_extra(service(1), pop, datacenter, &peer("10.1.0.8", 65_020)), 409, "4 BGP peers");
    refused(
        world.create_extra(service(1), pop, datacenter, &peer("10.1.0.7", 65_020)),
        409,
        "already has that",
    );
    pass(&mut world, 60);
    assert!(world.create_extra(service(1), pop, datacenter, &peer("10.1.0.7", 65_020)).is_ok());
}

#[test]
fn a_datacenter_has_routes_or_peers_never_both_and_none_twice() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let mut routed = world.clone();
    routed.seed_extra(datacenter, &route("10.1.0.9", "172.16.0.0/16"), Seed::Deleting(secs(60)));
    refused(routed.create_extra(service(1), pop, datacenter, &peer("10.1.0.4", 65_020)), 409, "static route");
    refused(
        routed.create_extra(service(1), pop, datacenter, &route("10.1.0.8", "172.16.0.0/16")),
        409,
        "already has a static route",
    );
    world.seed_extra(datacenter, &peer("10.1.0.4", 65_020), Seed::Stuck);
    refused(
        world.create_extra(service(1), pop, datacenter, &route("10.1.0.9", "172.16.0.0/16")),
        409,
        "BGP peer",
    );
}

#[test]
fn an_extra_holds_the_values_of_its_type_only() {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    let (network, bgp) = (route("10.1.0.9", "172.16.0.0/16"), peer("10.1.0.4", 65_020));
    for (says, new) in [
        ("bgpNeighborArea", wire::NewExtraConfig { bgp_neighbor_area: Some(1), ..network.clone() }),
        (
            "bgpNeighborIp",
            wire::NewExtraConfig { bgp_neighbor_ip: Some("10.1.0.4".into()), ..network.clone() },
        ),
        ("nextHop", wire::NewExtraConfig { next_hop: None, ..network.clone() }),
        ("subnet", wire::NewExtraConfig { subnet: None, ..network.clone() }),
        ("host bits", wire::NewExtraConfig { subnet: Some("172.16.0.1/16".into()), ..network.clone() }),
        ("nextHop", wire::NewExtraConfig { next_hop: network.next_hop.clone(), ..bgp.clone() }),
        ("subnet", wire::NewExtraConfig { subnet: network.subnet.clone(), ..bgp.clone() }),
        ("bgpNeighborArea", wire::NewExtraConfig { bgp_neighbor_area: None, ..bgp.clone() }),
        ("bgpNeighborIp", wire::NewExtraConfig { bgp_neighbor_ip: None, ..bgp.clone() }),
        ("ospf", wire::NewExtraConfig { kind: wire::ExtraType::Other("ospf".into()), ..bgp.clone() }),
    ] {
        refused(world.create_extra(service(1), pop, datacenter, &new), 400, says);
    }
}
