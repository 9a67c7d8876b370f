//! Tests of the account without HTTP. Each starts from [`bench`]: two vRacks and a few services.

mod cascade;
mod lifecycle;
mod membership;
mod options;
mod properties;
mod rules;
mod seeds;
mod state;

use std::time::Duration;

use uuid::Uuid;

use super::account::{Account, ServiceEntry, VrackEntry};
use super::options::Options;
use super::refusal::Refusal;
use super::seed::Seed;
use super::world::World;
use crate::api::wire;

pub(super) const VRACK: &str = "pn-1";

/// The bench's services: 1 to 4 in `pn-1`, 9 in none; the interface of service n is n × 10.
pub(super) fn service(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

/// An account with tasks of ten seconds.
pub(super) fn bench() -> World {
    bench_with(Options::default())
}

pub(super) fn bench_with(options: Options) -> World {
    let options = Options { task: secs(10), vrack_task: secs(10), children_delay: secs(2), ..options };
    let mut account =
        Account { vracks: vec![VrackEntry::new(VRACK), VrackEntry::new("pn-2")], ..Account::default() };
    for number in [1, 2, 3, 4] {
        account.services.push(ServiceEntry::new(service(number), number * 10).in_vrack(VRACK));
    }
    account.services.push(ServiceEntry::new(service(9), 90));
    World::new(&account, options).unwrap()
}

pub(super) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(super) fn pass(world: &mut World, seconds: u64) {
    let then = world.now().after(secs(seconds));
    world.advance(then);
}

pub(super) fn l2(interface: u64) -> wire::NewPopConfig {
    wire::NewPopConfig {
        interface_id: interface,
        kind: wire::PopType::L2,
        customer_bgp_area: None,
        ovh_bgp_area: None,
        subnet: None,
    }
}

pub(super) fn l3(interface: u64, subnet: &str) -> wire::NewPopConfig {
    wire::NewPopConfig {
        interface_id: interface,
        kind: wire::PopType::L3,
        customer_bgp_area: Some(65_001),
        ovh_bgp_area: Some(65_002),
        subnet: Some(subnet.to_owned()),
    }
}

pub(super) fn dc(datacenter_id: u64, subnet: &str) -> wire::NewDatacenterConfig {
    let subnet = (!subnet.is_empty()).then(|| subnet.to_owned());
    wire::NewDatacenterConfig { datacenter_id, ovh_bgp_area: None, subnet }
}

pub(super) fn route(next_hop: &str, subnet: &str) -> wire::NewExtraConfig {
    wire::NewExtraConfig {
        kind: wire::ExtraType::Network,
        bgp_neighbor_area: None,
        bgp_neighbor_ip: None,
        next_hop: Some(next_hop.to_owned()),
        subnet: Some(subnet.to_owned()),
    }
}

pub(super) fn peer(ip: &str, asn: u32) -> wire::NewExtraConfig {
    wire::NewExtraConfig {
        kind: wire::ExtraType::Bgp,
        bgp_neighbor_area: Some(asn),
        bgp_neighbor_ip: Some(ip.to_owned()),
        next_hop: None,
        subnet: None,
    }
}

/// Service 1 with an active layer 3 PoP and an active datacenter 10.1.0.0/24; their ids.
pub(super) fn l3_site(world: &mut World) -> (u64, u64) {
    let pop = world.seed_pop(service(1), &l3(10, "192.0.2.0/30"), Seed::Active);
    let datacenter = world.seed_datacenter(VRACK, &dc(1, "10.1.0.0/24"), Seed::Active);
    (pop, datacenter)
}

/// Checks that a call is refused with this status, for a reason that says this.
#[track_caller]
pub(super) fn refused<T: std::fmt::Debug>(answer: Result<T, Refusal>, status: u16, says: &str) {
    let refusal = answer.expect_err("the call was to be refused");
    assert_eq!(refusal.status, status, "{refusal}");
    assert!(refusal.message.contains(says), "{refusal}\nwas to say: {says}");
}
