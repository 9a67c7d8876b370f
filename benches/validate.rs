//! How long it takes to judge a topology file, from its text to its diagnostics: `cargo bench --bench
//! validate`. A topology of 1,000 services shall take less than 100 ms on two cores.

mod support;

use std::fmt::Write as _;
use std::path::PathBuf;

use divan::{Bencher, counter::ItemsCount};
use ovhconnect::diagnostic::{self, Source};
use ovhconnect::topology::{format, parse};
use support::{services, sources};

fn main() {
    divan::main();
}

const SIZES: [usize; 2] = [1_000, 10_000];

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
