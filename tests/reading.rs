//! What is read of an account while something happens in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ovhconnect::api::wire::{ExtraType, NewDatacenterConfig, NewExtraConfig, NewPopConfig, PopType};
use ovhconnect::api::{
    BoxFuture, Client, Options as ClientOptions, Request, Response, Transport, TransportError,
};
use ovhconnect::live::observe::{Scope, observe};
use ovhconnect::live::read::read;
use ovhconnect::live::{Live, Status};
use ovhconnect::rehearsal::{self, InProcess};
use ovhconnect::sim::account::{ServiceEntry, VrackEntry};
use ovhconnect::sim::clock::TokioClock;
use ovhconnect::sim::{Account, Moment, Options, Seed, Simulator, World};
use ovhconnect::topology::{Topology, files};
use uuid::Uuid;

const TASK: Duration = Duration::from_secs(60);

const fn service(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// An account with services 1 to 4, of which these are in `pn-1`.
fn account(members: &[u128], options: Options) -> World {
    let mut account = Account { vracks: vec![VrackEntry::new("pn-1")], ..Account::default() };
    for number in 1..=4 {
        let entry = ServiceEntry::new(service(number), 1000 + number as u64);
        account.services.push(if members.contains(&number) { entry.in_vrack("pn-1") } else { entry });
    }
    World::new(&account, options).expect("a valid account")
}

/// A topology that declares these services and manages all of `pn-1`.
fn topology(services: &[u128]) -> Topology {
    let declared: String = services.iter().map(|it| format!("      {}: {{}}\n", service(*it))).collect();
    let text = format!("version: 1\nvracks:\n  pn-1:\n    services:\n{declared}");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("topology.yaml");
    std::fs::write(&path, text).expect("a file");
    let loaded = files::load(&[&path]);
    assert_eq!(loaded.diagnostics, []);
    loaded.topology
}

fn simulator(world: World) -> Arc<Simulator> {
    Arc::new(Simulator::from_world(world, Arc::new(TokioClock::new(Moment::START))))
}

/// Answers one list when everything under way has ended, counted from when it was asked for.
struct Slow {
    inner: InProcess,
    simulator: Arc<Simulator>,
    list: &'static str,
    struck: AtomicBool,
}

impl Transport for Slow {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        if request.url.ends_with(self.list) && !self.struck.swap(true, Ordering::Relaxed) {
            self.simulator.skip(TASK);
        }
        self.inner.send(request)
    }
}

async fn read_slowly(simulator: &Arc<Simulator>, topology: &Topology, list: &'static str) -> Live {
    let inner = InProcess::new(Arc::clone(simulator));
    let slow = Slow { inner, simulator: Arc::clone(simulator), list, struck: AtomicBool::new(false) };
    let slow = Arc::new(slow);
    let config = rehearsal::config(simulator).expect("a valid endpoint");
    let client = Client::new(config, Arc::clone(&slow) as _, ClientOptions::default());
    let live = read(&client, topology).await.expect("live state").live;
    assert!(slow.struck.load(Ordering::Relaxed), "{list} was never asked for");
    live
}

#[tokio::test(start_paused = true)]
async fn a_move_that_ends_while_it_is_read_is_over() {
    for list in ["/ovhCloudConnect", "/vrack/pn-1/task"] {
        let mut world = account(&[1, 2], Options::default());
        world.seed_detaching(service(1), TASK).expect("it is in the vRack");
        world.seed_attaching(service(3), "pn-1", TASK);
        let simulator = simulator(world);
        let live = read_slowly(&simulator, &topology(&[1, 2, 3]), list).await;
        for (number, inside) in [(1, false), (2, true), (3, true)] {
            let vrack = live.services[&service(number).into()].vrack.as_ref().map(ToString::to_string);
            assert_eq!(vrack.as_deref(), inside.then_some("pn-1"), "service {number}, slow {list}");
        }
        let tasks = live.vracks.values().map(|vrack| vrack.tasks.len()).sum::<usize>();
        assert_eq!(tasks, 0, "unfinished tasks, slow {list}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_move_that_goes_on_is_seen_with_its_task() {
    let mut world = account(&[1, 2], Options::default());
    let leaving = world.seed_detaching(service(1), TASK).expect("it is in the vRack");
    let entering = world.seed_attaching(service(3), "pn-1", TASK);
    let simulator = simulator(world);
    let client = rehearsal::client(&simulator, ClientOptions::default()).expect("a valid endpoint");
    let live = read(&client, &topology(&[1, 2, 3])).await.expect("live state").live;
    let vrack = &"pn-1".parse().expect("a vRack's name");
    assert_eq!(live.move_of(vrack, service(1).into()).map(|task| task.id), Some(leaving));
    assert_eq!(live.move_of(vrack, service(3).into()).map(|task| task.id), Some(entering));
    assert!(live.services[&service(1).into()].vrack.is_some(), "it is in the vRack until the task ends");
    assert!(live.services[&service(3).into()].vrack.is_none(), "it is in none until the task ends");
}

/// `pn-1` with the services 1 and 4, each with an l3 PoP, and GRA, which bears another number under
/// each of them; the number of the PoP of service 4, and of GRA there.
fn two_services_with_gra() -> (World, u64, u64) {
    let options = Options { distinct_ids_per_service: true, task: TASK, ..Options::default() };
    let mut world = account(&[1, 4], options);
    let mut pop = |number: u128, subnet: &str| {
        let new = NewPopConfig {
            interface_id: 1000 + number as u64,
            kind: PopType::L3,
            customer_bgp_area: Some(65001),
            ovh_bgp_area: None,
            subnet: Some(subnet.to_owned()),
        };
        world.seed_pop(service(number), &new, Seed::Active)
    };
    pop(1, "172.16.0.0/30");
    let fourth = pop(4, "172.16.0.4/30");
    let subnet = Some("10.1.0.0/24".to_owned());
    let gra = NewDatacenterConfig { datacenter_id: 1, ovh_bgp_area: None, subnet };
    let gra = world.seed_datacenter("pn-1", &gra, Seed::Active);
    let shown = world.shown_datacenter(service(4), gra);
    assert_ne!(shown, world.shown_datacenter(service(1), gra));
    (world, fourth, shown)
}

fn route() -> NewExtraConfig {
    NewExtraConfig {
        kind: ExtraType::Network,
        bgp_neighbor_area: None,
        bgp_neighbor_ip: None,
        next_hop: Some("10.1.0.10".to_owned()),
        subnet: Some("192.168.0.0/24".to_owned()),
    }
}

/// Where the one extra of the account is in its life; whoever only looks sees the same.
async fn status_of_the_extra(world: World) -> Option<Status> {
    let simulator = simulator(world);
    let client = rehearsal::client(&simulator, ClientOptions::default()).expect("a valid endpoint");
    let live = read(&client, &topology(&[1, 4])).await.expect("live state").live;
    let extras: Vec<_> =
        live.configs.iter().filter(|(address, _)| address.to_string().contains("/network/")).collect();
    assert!(extras.len() <= 1, "one extra is seen as {extras:?}");
    let status = extras.first().map(|(_, configs)| {
        assert_eq!(configs.len(), 1, "one extra is seen as {configs:?}");
        configs[0].status
    });
    let seen = observe(&client, &Scope::Account).await.expect("something can be read");
    let datacenters = seen.vracks.iter().flat_map(|vrack| vrack.datacenters.iter().flatten());
    let seen: Vec<_> = datacenters.flat_map(|it| it.extras.iter().flatten()).map(|it| it.status).collect();
    assert_eq!(seen, Vec::from_iter(status), "seen by who only looks");
    status
}

#[tokio::test(start_paused = true)]
async fn an_extra_is_known_by_the_number_that_the_service_at_work_on_it_gives_it() {
    let (mut world, pop, gra) = two_services_with_gra();
    let adding = world.create_extra(service(4), pop, gra, &route()).expect("it is taken");
    assert_eq!(status_of_the_extra(world.clone()).await, Some(Status::Creating), "while it is added");

    world.settle();
    assert_eq!(status_of_the_extra(world.clone()).await, Some(Status::Active), "once it is there");

    let number = adding.resource_id.expect("the task says what it adds");
    world.delete_extra(service(4), pop, gra, number).expect("it is taken");
    assert_eq!(status_of_the_extra(world.clone()).await, Some(Status::Deleting), "while it is removed");

    world.settle();
    assert_eq!(status_of_the_extra(world).await, None, "once it is gone");
}
