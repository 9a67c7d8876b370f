//! The topologies that are measured: two services a vRack, two shared datacenters, two extras each.

use std::fmt::Write as _;

/// What a service needs in a topology's file, and what stands beside it.
const SERVICES_PER_VRACK: usize = 2;

/// How many vRacks `services` services are in.
pub fn vracks(services: usize) -> usize {
    services.div_ceil(SERVICES_PER_VRACK)
}

/// How many datacenters there are beside `services` services.
pub fn datacenters(services: usize) -> usize {
    vracks(services) * 2
}

/// The text of a topology with this many services.
pub fn text(services: usize) -> String {
    let mut text = "version: 1\nvracks:\n".to_owned();
    for vrack in 0..vracks(services) {
        let first = vrack * SERVICES_PER_VRACK;
        write_vrack(&mut text, vrack, first..services.min(first + SERVICES_PER_VRACK));
    }
    text
}

fn write_vrack(text: &mut String, vrack: usize, services: std::ops::Range<usize>) {
    // Writing to a String cannot fail.
    let _ = write!(text, "  pn-{vrack}:\n    services:\n");
    for (which, service) in services.enumerate() {
        let _ = write!(
            text,
            "      00000000-0000-4000-8000-{service:012x}:\n        pop: {{type: l3, customerBgpArea: 65001, \
             ovhBgpArea: 65002, subnet: 172.16.0.{}/30}}\n",
            which * 4
        );
    }
    text.push_str(
        "    datacenters:
      GRA:
        ovhBgpArea: 65010
        subnet: 10.1.0.0/24
        extra:
          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}
          - {type: network, subnet: 192.168.11.0/24, nextHop: 10.1.0.11}
      SBG:
        ovhBgpArea: 65011
        subnet: 10.2.0.0/24
        extra:
          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.2.0.10}
          - {type: bgp, bgpNeighborArea: 65021, bgpNeighborIp: 10.2.0.11}
",
    );
}
