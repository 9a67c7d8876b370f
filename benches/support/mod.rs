//! The topology that benchmarks share.

use std::fmt::Write as _;
use std::path::PathBuf;

use ovhconnect::diagnostic::{Source, Sources};

/// How many resources (memberships, PoPs, datacenters, extras) a vRack of [`services`] holds.
#[allow(dead_code, reason = "each benchmark uses its own part of this")]
pub const PER_VRACK: usize = 11;

/// One file with a text.
pub fn sources(text: String) -> Sources {
    let mut sources = Sources::default();
    sources.add(Source { path: PathBuf::from("topology.yaml"), text });
    sources
}

/// `count` services, two in a vRack, with two datacenters: one with three static routes, one with two BGP
/// peers.
pub fn services(count: usize) -> String {
    let mut text = "version: 1\nvracks:\n".to_owned();
    for vrack in 0..count.div_ceil(2) {
        let _ = write!(text, "  pn-{vrack}:\n    services:\n");
        for which in 0..2 {
            let _ = write!(
                text,
                "      {vrack:08x}-0000-4000-8000-00000000000{which}:
        description: service {which} of vRack {vrack}
        pop:
          type: l3
          customerBgpArea: 64601
          ovhBgpArea: 64602
          subnet: 172.16.0.{}/30
",
                which * 4
            );
        }
        text.push_str(
            "    datacenters:
      GRA:
        ovhBgpArea: 64610
        subnet: 10.1.0.0/24
        extra:
          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}
          - {type: network, subnet: 192.168.11.0/24, nextHop: 10.1.0.11}
          - {type: network, subnet: 192.168.12.0/24, nextHop: 10.1.0.12}
      SBG:
        ovhBgpArea: 64611
        subnet: 10.2.0.0/24
        extra:
          - {type: bgp, bgpNeighborArea: 64620, bgpNeighborIp: 10.2.0.10}
          - {type: bgp, bgpNeighborArea: 64620, bgpNeighborIp: 10.2.0.11}
",
        );
    }
    text
}
