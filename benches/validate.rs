//! How long it takes to judge a topology file, from its text to its diagnostics: `cargo bench --bench
//! validate`. A topology of 1,000 services shall take less than 100 ms on two cores.

use std::fmt::Write as _;
use std::path::PathBuf;

use divan::{Bencher, counter::ItemsCount};
use ovhconnect::diagnostic::{self, Source, Sources};
use ovhconnect::topology::{format, parse};

fn main() {
    divan::main();
}

const SIZES: [usize; 2] = [1_000, 10_000];

fn sources(text: String) -> Sources {
    let mut sources = Sources::default();
    sources.add(Source { path: PathBuf::from("topology.yaml"), text });
    sources
}

/// `count` services, two in a vRack, with two datacenters: one with three static routes, one with two BGP
/// peers.
fn services(count: usize) -> String {
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

/// One datacenter with `count` static routes.
fn routes(count: usize) -> String {
    let mut text = "version: 1
vracks:
  pn-1:
    manage: declared
    datacenters:
      GRA:
        subnet: 10.1.0.0/24
        extra:
"
    .to_owned();
    for route in 0..count {
        let (high, low) = (route / 256, route % 256);
        let _ = writeln!(
            text,
            "          - {{type: network, subnet: 172.{high}.{low}.0/24, nextHop: 10.1.0.10}}"
        );
    }
    text
}

#[divan::bench(args = SIZES)]
fn validate_services(bencher: Bencher<'_, '_>, count: usize) {
    let sources = sources(services(count));
    assert!(!parse(&sources).1.iter().any(diagnostic::Diagnostic::is_error));
    bencher.counter(ItemsCount::new(count)).bench_local(|| parse(&sources));
}

#[divan::bench(args = SIZES)]
fn validate_routes_of_one_datacenter(bencher: Bencher<'_, '_>, count: usize) {
    let sources = sources(routes(count));
    assert!(!parse(&sources).1.iter().any(diagnostic::Diagnostic::is_error));
    bencher.counter(ItemsCount::new(count)).bench_local(|| parse(&sources));
}

/// Every service, PoP and subnet is wrong, and each pair of PoPs overlaps.
#[divan::bench(args = SIZES)]
fn validate_and_render_mistakes(bencher: Bencher<'_, '_>, count: usize) {
    let text = services(count).replace("64602", "64601").replace("172.16.0.4/30", "172.16.0.0/29");
    let sources = sources(text);
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        let (_, diagnostics) = parse(&sources);
        diagnostic::render(&diagnostics, &sources, false)
    });
}

#[divan::bench(args = SIZES)]
fn format_services(bencher: Bencher<'_, '_>, count: usize) {
    let source = Source { path: PathBuf::from("topology.yaml"), text: services(count) };
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| format::format(source.clone()).expect("it is valid"));
}
