//! One case: a valid topology, an account in some state, and the orders to try.

use std::sync::Arc;

use ovhconnect::api::wire::{InterfaceStatus, TaskFunction};
use ovhconnect::api::{Client, Options as ClientOptions};
use ovhconnect::diagnostic::{Source, Sources};
use ovhconnect::diff::Goal;
use ovhconnect::live::read::{ReadError, Reading, read};
use ovhconnect::rehearsal;
use ovhconnect::sim::clock::ManualClock;
use ovhconnect::sim::{Options, Simulator, World};
use ovhconnect::topology::{self, Topology};
use proptest::prelude::*;

use super::found::{self, RawLive};
use super::wanted::{self, Profile, RawTopology, Wanted};

#[derive(Clone, Debug)]
pub struct Case {
    topology: RawTopology,
    live: RawLive,
    pub goal: Goal,
    /// What nobody has published of the API, as far as it shows in what a plan is made from.
    distinct_ids: bool,
    inherits_late: bool,
    pub seed: u64,
}

pub fn cases(profile: Profile) -> impl Strategy<Value = Case> {
    let rarely = || proptest::bool::weighted(0.2);
    let goal = prop_oneof![9 => Just(Goal::Apply), 1 => Just(Goal::Destroy)];
    (wanted::raw_topology(profile), found::raw_live(profile), goal, rarely(), rarely(), any::<u64>())
        .prop_map(|(topology, live, goal, distinct_ids, inherits_late, seed)| Case {
            topology,
            live,
            goal,
            distinct_ids,
            inherits_late,
            seed,
        })
}

impl Case {
    /// The topology file and the account.
    pub fn make(&self) -> (String, World) {
        let wanted = wanted::repair(&self.topology);
        let mut world = found::account(&wanted, &self.live);
        let locked_interface_takes_pop = makes_on_locked(&wanted, &world);
        let options = |inherited_while_init| Options {
            locked_interface_takes_pop,
            distinct_ids_per_service: self.distinct_ids,
            inherited_while_init,
            ..Options::default()
        };
        world.set_options(options(true));
        let all = shown(&world);
        world.set_options(options(!self.inherits_late));
        // Of datacenters that no PoP shows no plan can know.
        if shown(&world) != all {
            world.set_options(options(true));
        }
        (wanted::text(&wanted), world)
    }
}

/// Whether a PoP is wanted on an interface that is locked and shall stay so. Where the API refuses it, no
/// order helps.
fn makes_on_locked(wanted: &Wanted, world: &World) -> bool {
    let services = wanted.services.iter().enumerate().filter_map(|(at, it)| Some((at, it.as_ref()?)));
    let is_locked = |at: usize, interface: u64| {
        let tasks = world.tasks(wanted::uuid(at)).unwrap_or_default();
        let status = world.interface(wanted::uuid(at), interface).map(|it| it.status);
        status != Ok(InterfaceStatus::Enabled)
            || tasks.iter().any(|it| it.function == TaskFunction::LockInterface)
    };
    services.filter(|(_, service)| service.pop.is_some()).any(|(at, service)| {
        service.ports.iter().any(|(interface, enabled)| !enabled && is_locked(at, *interface))
    })
}

/// How many datacenters each vRack shows, through whichever PoP shows most.
fn shown(world: &World) -> [usize; wanted::VRACKS.len()] {
    wanted::VRACKS.map(|vrack| {
        let members = world.attached(vrack).unwrap_or_default().into_iter().map(|it| it.ovh_cloud_connect);
        let pops = members
            .flat_map(|it| world.pops(it).unwrap_or_default().into_iter().map(move |pop| (it, pop.id)));
        pops.map(|(service, pop)| world.datacenters(service, pop).unwrap_or_default().len())
            .max()
            .unwrap_or_default()
    })
}

/// Reads a topology that has to be valid.
pub fn parse(text: &str) -> Topology {
    let mut sources = Sources::default();
    sources.add(Source { path: "topology.yaml".into(), text: text.to_owned() });
    let (topology, diagnostics) = topology::parse(&sources);
    let errors: Vec<_> = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
    assert!(errors.is_empty(), "the generated topology is not valid: {errors:#?}\n{text}");
    topology
}

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
}

/// What a client sees of the account at its present moment.
pub fn look(world: &World, topology: &Topology) -> Result<Reading, ReadError> {
    asked(world, async |client| read(client, topology).await)
}

/// What `ask` learns of the account at its present moment.
pub fn asked<T>(world: &World, ask: impl AsyncFnOnce(&Client) -> T) -> T {
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let clock = Arc::new(ManualClock::new(world.now()));
            let simulator = Arc::new(Simulator::from_world(world.clone(), clock));
            let options = ClientOptions { rate: f64::INFINITY, ..ClientOptions::default() };
            let client = rehearsal::client(&simulator, options).expect("a valid endpoint");
            ask(&client).await
        })
    })
}
