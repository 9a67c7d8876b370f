//! How long each stage before and after the plan takes, and what it allocates, by the number of resources:
//! `cargo bench --bench stages`. The plan itself is `--bench plan`.
//!
//! A resource is an address: a membership, a PoP, a datacenter or an extra. The column `max alloc` is the
//! most memory that a stage holds at once, beyond what it was given.

mod support;

use std::sync::Arc;

use divan::{Bencher, counter::ItemsCount};
use ovhconnect::api::wire::{ExtraType, NewExtraConfig, PopType};
use ovhconnect::api::{Client, Options as ClientOptions};
use ovhconnect::diagnostic::Diagnostic;
use ovhconnect::diff::Goal;
use ovhconnect::live::read::{Reading, read};
use ovhconnect::plan::Plan;
use ovhconnect::rehearsal;
use ovhconnect::render::report::Report;
use ovhconnect::render::{html, json, markdown, text};
use ovhconnect::sim::account::{DatacenterEntry, PopEntry};
use ovhconnect::sim::clock::SystemClock;
use ovhconnect::sim::{Account, Options, Peer, Simulator};
use ovhconnect::topology::{Spec, Topology, parse};
use support::{PER_VRACK, services, sources};
use tokio::runtime::{Builder, Runtime};

#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

/// The text of a topology of about `size` resources.
fn written(size: usize) -> String {
    services(2 * size.div_ceil(PER_VRACK))
}

fn topology(size: usize) -> Topology {
    let (topology, diagnostics) = parse(&sources(written(size)));
    assert!(!diagnostics.iter().any(Diagnostic::is_error), "{diagnostics:?}");
    topology
}

/// Text → topology and diagnostics.
#[divan::bench(args = [10, 100, 1_000, 10_000, 100_000], sample_count = 10)]
fn parse_and_validate(bencher: Bencher<'_, '_>, size: usize) {
    let sources = sources(written(size));
    bencher.counter(ItemsCount::new(size)).bench_local(|| parse(&sources));
}

/// Live state in which everything stands, read from the simulator in this process: what the program
/// itself adds to the round trips.
#[divan::bench(args = [10, 100, 1_000, 10_000], sample_count = 5)]
fn fetch(bencher: Bencher<'_, '_>, size: usize) {
    let topology = topology(size);
    let (runtime, client) = (runtime(), client(&standing(&topology)));
    let reading = fetched(&runtime, &client, &topology);
    let plan = Plan::make(&reading.topology, &reading.live, Goal::Apply).expect("a valid topology");
    assert!(plan.is_empty(), "all of it stands");
    bencher.counter(ItemsCount::new(size)).bench_local(|| fetched(&runtime, &client, &topology));
}

#[divan::bench(args = [10, 100, 1_000, 10_000], sample_count = 5)]
fn render_text(bencher: Bencher<'_, '_>, size: usize) {
    render(bencher, size, |report| text::plan(report.plan, text::View::default()));
}

#[divan::bench(args = [10, 100, 1_000, 10_000], sample_count = 5)]
fn render_json(bencher: Bencher<'_, '_>, size: usize) {
    render(bencher, size, json::plan);
}

#[divan::bench(args = [10, 100, 1_000, 10_000], sample_count = 5)]
fn render_markdown(bencher: Bencher<'_, '_>, size: usize) {
    render(bencher, size, markdown::plan);
}

#[divan::bench(args = [10, 100, 1_000, 10_000], sample_count = 5)]
fn render_html(bencher: Bencher<'_, '_>, size: usize) {
    render(bencher, size, html::plan);
}

/// The plan that creates everything, in one of the formats.
fn render(bencher: Bencher<'_, '_>, size: usize, write: impl Fn(&Report<'_>) -> String) {
    let topology = topology(size);
    let client = client(&rehearsal::account_for(&topology));
    let Reading { topology, live, .. } = fetched(&runtime(), &client, &topology);
    let plan = Plan::make(&topology, &live, Goal::Apply).expect("a valid topology");
    let report = Report {
        plan: &plan,
        live: &live,
        name: "topology.yaml",
        endpoint: "http://127.0.0.1/1.0",
        only: None,
        violations: &[],
        expected: None,
    };
    bencher.counter(ItemsCount::new(size)).bench_local(|| write(&report));
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn client(account: &Account) -> Client {
    let clock = Arc::new(SystemClock::new());
    let simulator = Simulator::new(account, Options::default(), clock).expect("a valid account");
    let options = ClientOptions { rate: f64::INFINITY, ..ClientOptions::default() };
    rehearsal::client(&Arc::new(simulator), options).expect("a valid endpoint")
}

fn fetched(runtime: &Runtime, client: &Client, topology: &Topology) -> Reading {
    runtime.block_on(read(client, topology)).unwrap_or_else(|error| panic!("{error:?}"))
}

/// An account in which all that [`services`] declares stands.
fn standing(topology: &Topology) -> Account {
    let mut account = rehearsal::account_for(topology);
    let catalogue = account.datacenters.clone();
    let id = |name: &str| catalogue.iter().find(|it| it.name == name).expect("in the catalogue").id;
    let datacenter = |name: &str, asn, subnet: &str, extra| DatacenterEntry {
        datacenter_id: id(name),
        ovh_bgp_area: Some(asn),
        subnet: Some(subnet.to_owned()),
        extra,
    };
    let none = NewExtraConfig {
        kind: ExtraType::Network,
        bgp_neighbor_area: None,
        bgp_neighbor_ip: None,
        next_hop: None,
        subnet: None,
    };
    let routes = (10..13).map(|host| NewExtraConfig {
        next_hop: Some(format!("10.1.0.{host}")),
        subnet: Some(format!("192.168.{host}.0/24")),
        ..none.clone()
    });
    let peers = (10..12).map(|host| NewExtraConfig {
        kind: ExtraType::Bgp,
        bgp_neighbor_area: Some(64620),
        bgp_neighbor_ip: Some(format!("10.2.0.{host}")),
        ..none.clone()
    });
    for vrack in &mut account.vracks {
        vrack.datacenters = vec![
            datacenter("GRA", 64610, "10.1.0.0/24", routes.clone().collect()),
            datacenter("SBG", 64611, "10.2.0.0/24", peers.clone().collect()),
        ];
    }
    let members = topology.entries.iter().filter_map(|(address, declaration)| match &declaration.spec {
        Spec::Membership(membership) => Some((address, membership)),
        _ => None,
    });
    for (number, (service, (address, membership))) in account.services.iter_mut().zip(members).enumerate() {
        let which = number % 2;
        service.vrack = Some(address.vrack.to_string());
        service.description = membership.description.clone().unwrap_or_default();
        service.pop_config = Some(PopEntry {
            interface_id: service.interfaces[0].id(),
            kind: PopType::L3,
            customer_bgp_area: Some(64601),
            ovh_bgp_area: Some(64602),
            subnet: Some(format!("172.16.0.{}/30", which * 4)),
            datacenter_id: None,
            peer: Peer::default(),
        });
    }
    account
}
