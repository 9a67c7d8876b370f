//! The least credential suffices, and nothing in it can be spared: the simulator holds callers to theirs.

#![allow(clippy::unwrap_used, reason = "what the harness builds is there; a panic is a failing test")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use ovhconnect::access::{Credential, IamAction, IamResource, Purpose, Region, needs};
use ovhconnect::api::{Client, Config, Credentials, Endpoint, Options as ClientOptions, routes};
use ovhconnect::apply::{self, Event, HealthGate};
use ovhconnect::diagnose::run::{begin, follow};
use ovhconnect::diagnose::{Kind, find};
use ovhconnect::diagnostic::{Source, Sources};
use ovhconnect::diff::Goal;
use ovhconnect::live::observe::{Scope, observe};
use ovhconnect::live::read::read;
use ovhconnect::plan::Plan;
use ovhconnect::rehearsal::{InProcess, account_for};
use ovhconnect::sim::clock::TokioClock;
use ovhconnect::sim::grant::{Action, ClientGrant, Grants, KeyGrant, Permissions, Policy, Resource, Rule};
use ovhconnect::sim::{Meddling, Options, Simulator, State, World, iam};
use ovhconnect::topology::{self, Address, Topology};
use ovhconnect::verify::{Question, judge};
use secrecy::SecretString;

const FIRST: &str = "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01";
const SECOND: &str = "0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02";
const THIRD: &str = "1d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e03";

fn parse(text: &str) -> Topology {
    let mut sources = Sources::default();
    sources.add(Source { path: "topology.yaml".into(), text: text.to_owned() });
    let (topology, diagnostics) = topology::parse(&sources);
    assert!(!diagnostics.iter().any(|it| it.is_error()), "{diagnostics:#?}\n{text}");
    topology
}

fn l3(service: &str, subnet: &str, asn: u32) -> String {
    format!(
        "      {service}:\n        description: as {asn}\n        pop: {{type: l3, customerBgpArea: {asn}, ovhBgpArea: 65002, subnet: {subnet}}}\n"
    )
}

fn l2(service: &str, datacenter: &str) -> String {
    format!(
        "      {service}:\n        description: l2 {datacenter}\n        pop: {{type: l2, datacenter: {datacenter}}}\n"
    )
}

/// A service of which the state of the interface is declared as well.
fn with_interface(service: String, state: &str) -> String {
    service.replacen(":\n", &format!(":\n        interface: {{state: {state}}}\n"), 1)
}

fn bare(service: &str) -> String {
    format!("      {service}: {{}}\n")
}

fn datacenters(third: u32, extras: bool) -> String {
    let extra =
        |text: &str| if extras { format!("        extra:\n          - {{{text}}}\n") } else { String::new() };
    format!(
        "    datacenters:\n      GRA:\n        ovhBgpArea: 65010\n        subnet: 10.{third}.0.0/24\n{}      RBX:\n        ovhBgpArea: 65010\n        subnet: 10.{}.0.0/24\n{}",
        extra(&format!("type: network, subnet: 192.168.10.0/24, nextHop: 10.{third}.0.10")),
        third + 1,
        extra(&format!("type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.{}.0.10", third + 1)),
    )
}

fn vracks(first: &str, second: &str) -> Topology {
    parse(&format!("version: 1\nvracks:\n  pn-1:\n    services:\n{first}  pn-2:\n    services:\n{second}"))
}

/// What the credential is for.
fn desired() -> Topology {
    let first = with_interface(l3(FIRST, "172.16.0.0/30", 65001), "enabled")
        + &l3(SECOND, "172.16.0.4/30", 65001)
        + &datacenters(1, true);
    vracks(&first, &with_interface(l2(THIRD, "SBG"), "disabled"))
}

/// Other states that the same services and vRacks may be in.
fn found() -> Vec<Topology> {
    let first = |subnet, asn| l3(FIRST, subnet, asn);
    let second = |subnet, asn| l3(SECOND, subnet, asn);
    let (at, other, right, wrong) = ("172.16.0.0/30", "172.16.0.4/30", 65001, 65009);
    vec![
        desired(),
        // Everything is something else.
        vracks(
            &(with_interface(first(at, wrong), "disabled") + &second(other, wrong) + &datacenters(3, true)),
            &with_interface(l2(THIRD, "LIM"), "enabled"),
        ),
        // One PoP goes while the other carries what is missing, and the reverse.
        vracks(&(first(at, right) + &second(other, wrong) + &datacenters(1, false)), &l2(THIRD, "SBG")),
        vracks(&(first(at, wrong) + &second(other, right) + &datacenters(1, false)), &bare(THIRD)),
        vracks(&(first(at, right) + &second(other, wrong)), &bare(THIRD)),
        vracks(&(first(at, wrong) + &second(other, right)), &bare(THIRD)),
        vracks(&(first(at, right) + &bare(SECOND) + &datacenters(3, true)), &bare(THIRD)),
        vracks(&(bare(FIRST) + &second(other, right) + &datacenters(3, true)), &bare(THIRD)),
        vracks(&(bare(FIRST) + &bare(SECOND)), &(l3(THIRD, "172.16.0.8/30", right) + &datacenters(7, true))),
        // In each other's vRacks.
        vracks(&l2(THIRD, "GRA"), &(first(at, right) + &second(other, right) + &datacenters(5, true))),
        vracks(&(bare(FIRST) + &l2(THIRD, "SBG")), &(second(other, right) + &datacenters(5, true))),
    ]
}

/// An account in which `topology` was applied; without one, nothing is.
async fn account(topology: Option<&Topology>) -> World {
    let world = World::new(&account_for(&desired()), Options::default()).unwrap();
    let Some(topology) = topology else { return world };
    let rehearsal = support::Rehearsal::with_world(topology.clone(), world);
    rehearsal.apply(Goal::Apply).await.assert_converged(&"an account in some state");
    rehearsal.simulator.world().clone()
}

/// Who calls.
#[derive(Clone)]
enum Caller {
    Everything,
    Key(Vec<Rule>),
    Client(Policy),
}

impl Caller {
    fn grants(&self) -> Grants {
        match self.clone() {
            Self::Everything => Grants::default(),
            Self::Key(rules) => Grants {
                keys: vec![KeyGrant { consumer_key: "least".to_owned(), rules }],
                clients: Vec::new(),
            },
            Self::Client(policy) => Grants {
                keys: Vec::new(),
                clients: vec![ClientGrant { client_id: "least".to_owned(), policy }],
            },
        }
    }

    fn client(&self, simulator: &Arc<Simulator>) -> Client {
        let own = simulator.credentials();
        let secret = |text: &str| SecretString::from(text.to_owned());
        let consumer = match self {
            Self::Everything => &own.consumer_key,
            Self::Key(_) | Self::Client(_) => "least",
        };
        let credentials = match self {
            Self::Everything | Self::Key(_) => Credentials::ApplicationKey {
                key: secret(&own.application_key),
                secret: secret(&own.application_secret),
                consumer: secret(consumer),
            },
            Self::Client(_) => {
                Credentials::OAuth2 { client_id: secret("least"), client_secret: secret(&own.client_secret) }
            }
        };
        let config = Config { endpoint: Endpoint::parse("http://127.0.0.1/1.0").unwrap(), credentials };
        let options = ClientOptions { rate: f64::INFINITY, ..ClientOptions::default() };
        Client::new(config, Arc::new(InProcess::new(Arc::clone(simulator))), options)
    }
}

/// A request that was made.
type Request = (String, String);

/// What a command that only looks has seen; one that changes something has seen nothing.
type Seen = Vec<String>;

/// Runs a command; what it called, and whether it came to its end with all that is to be seen.
async fn run(world: &World, purpose: Purpose, caller: &Caller) -> (BTreeSet<Request>, bool) {
    let clock = Arc::new(TokioClock::new(world.now()));
    let simulator = Arc::new(Simulator::from_world(world.clone(), clock).with_grants(caller.grants()));
    let done = match purpose {
        Purpose::Plan | Purpose::Apply | Purpose::Destroy => {
            finish(&caller.client(&simulator), purpose).await
        }
        Purpose::Verify | Purpose::Diagnose => {
            let clock = Arc::new(TokioClock::new(world.now()));
            let other = Arc::new(Simulator::from_world(world.clone(), clock));
            let everything = see(&Caller::Everything.client(&other), purpose).await;
            everything.is_some() && see(&caller.client(&simulator), purpose).await == everything
        }
    };
    let log = simulator.log().into_iter().filter(|entry| !entry.path.starts_with("/auth/"));
    (log.map(|entry| (entry.method, entry.path)).collect(), done)
}

/// What `verify` and `diagnose` see, where they see anything.
async fn see(client: &Client, purpose: Purpose) -> Option<Seen> {
    let topology = desired();
    let seen = observe(client, &Scope::of(&topology)).await.ok()?;
    if purpose == Purpose::Verify {
        let question = Question { topology: &topology, only: None, accepts_unknown: false };
        return Some(judge(&question, seen).links.iter().map(|link| format!("{link:?}")).collect());
    }
    let asked = topology.entries.keys().map(async |address| (address, ask(client, &seen, address).await));
    Some(join_all(asked).await.into_iter().map(|(address, came)| format!("{address}: {came:?}")).collect())
}

/// What comes of a diagnostic: which it was, and whether those before it can be counted.
async fn ask(
    client: &Client,
    seen: &ovhconnect::live::observe::Observation,
    address: &Address,
) -> Result<(String, bool), String> {
    let target = find(seen, address).map_err(|_| "not found".to_owned())?;
    let kind: Kind = target.kind(None).map_err(|problem| problem.to_string())?;
    let past = client.diagnostics(target.service.uuid()).await.ok();
    let begun = begin(client, &target, kind, past.as_deref()).await.map_err(|_| "not begun".to_owned())?;
    let ended = follow(client, &target, begun, std::time::Duration::from_secs(60), |_| {}).await;
    Ok((ended.map_err(|_| "not followed".to_owned())?.function.to_string(), past.is_some()))
}

/// A state in which all is well, and states in which only looking closely tells what is wrong.
async fn troubles() -> Vec<World> {
    let sound = account(Some(&desired())).await;
    let services = [FIRST, SECOND, THIRD].map(|service| service.parse().unwrap());
    let mut worlds = vec![sound.clone()];
    let mut dark = sound.clone();
    for service in services {
        for interface in dark.interfaces(service).unwrap() {
            dark.meddle(&Meddling::Light { interface: interface.id, dark: true }).unwrap();
        }
        let incident = Meddling::Incident { service, maintenance: true, seconds: None };
        dark.meddle(&incident).unwrap();
    }
    worlds.push(dark);
    // A creation that failed looks like one that is under way.
    let mut stuck = sound.clone();
    for service in services {
        let pop = stuck.pops(service).unwrap()[0].clone();
        stuck.meddle(&Meddling::Erase { id: pop.id }).unwrap();
        let config = serde_json::from_value(serde_json::to_value(&pop).unwrap()).unwrap();
        stuck.meddle(&Meddling::AddPop { service, config, state: State::Stuck }).unwrap();
    }
    worlds.push(stuck);
    // One service alone is there: what it is called where its datacenters are depends on it.
    for kept in services {
        let mut alone = sound.clone();
        for service in services.into_iter().filter(|service| *service != kept) {
            alone.meddle(&Meddling::Membership { service, vrack: None }).unwrap();
        }
        worlds.push(alone);
    }
    // A service is on its way into its vRack.
    let mut entering = account(None).await;
    entering.attach("pn-1", services[0]).unwrap();
    entering.attach("pn-2", services[2]).unwrap();
    worlds.push(entering);
    worlds
}

async fn finish(client: &Client, purpose: Purpose) -> bool {
    let goal = if purpose == Purpose::Destroy { Goal::Destroy } else { Goal::Apply };
    let Ok(reading) = read(client, &desired()).await else { return false };
    let plan = Plan::make(&reading.topology, &reading.live, goal).unwrap();
    if purpose == Purpose::Plan {
        return true;
    }
    // A gate that cannot be read is a run that fails.
    let options = apply::Options { health: HealthGate::On, ..apply::Options::unstoppable() };
    apply::apply(client, &plan, &options, &|_: Event| {}).await.is_complete()
}

fn least(purpose: Purpose) -> Credential {
    Credential::of(&needs(&desired(), None, purpose), purpose, Region::Eu)
}

fn rules(credential: &Credential, without: Option<usize>) -> Caller {
    let kept = credential.access_rules.iter().enumerate().filter(|(at, _)| Some(*at) != without);
    Caller::Key(kept.map(|(_, rule)| Rule { method: rule.method.clone(), path: rule.path.clone() }).collect())
}

/// The policy without one action or one resource.
fn policy(credential: &Credential, action: Option<&IamAction>, resource: Option<&IamResource>) -> Caller {
    let allow = credential.iam_policy.permissions.allow.iter().filter(|it| Some(*it) != action);
    let resources = credential.iam_policy.resources.iter().filter(|it| Some(*it) != resource);
    Caller::Client(Policy {
        resources: resources.map(|it| Resource { urn: it.urn.clone() }).collect(),
        permissions: Permissions { allow: allow.map(|it| Action { action: it.action.clone() }).collect() },
    })
}

/// Every state, and what a command calls in it.
async fn states(purpose: Purpose) -> Vec<(World, BTreeSet<Request>)> {
    let mut worlds = Vec::new();
    if matches!(purpose, Purpose::Verify | Purpose::Diagnose) {
        worlds = troubles().await;
    } else {
        for topology in std::iter::once(None).chain(found().iter().map(Some)) {
            worlds.push(account(topology).await);
        }
    }
    let mut states = Vec::new();
    for world in worlds {
        let (called, done) = run(&world, purpose, &Caller::Everything).await;
        assert!(done, "{purpose} fails with every right");
        states.push((world, called));
    }
    states
}

/// Whether there is a state in which the command fails with this credential.
async fn fails(states: &[(World, BTreeSet<Request>)], purpose: Purpose, caller: &Caller) -> bool {
    for (world, _) in states {
        if !run(world, purpose, caller).await.1 {
            return true;
        }
    }
    false
}

async fn is_least(purpose: Purpose) {
    let states = states(purpose).await;
    let least = least(purpose);
    for (world, called) in &states {
        for (what, caller) in [("access rules", rules(&least, None)), ("policy", policy(&least, None, None))]
        {
            let (made, done) = run(world, purpose, &caller).await;
            assert!(done, "the {what} to {purpose} do not suffice; called: {made:#?}\nof {called:#?}");
        }
    }
    let mut spared = Vec::new();
    for (at, rule) in least.access_rules.iter().enumerate() {
        if !fails(&states, purpose, &rules(&least, Some(at))).await {
            spared.push(rule.to_string());
        }
    }
    for action in &least.iam_policy.permissions.allow {
        if !fails(&states, purpose, &policy(&least, Some(action), None)).await {
            spared.push(action.action.clone());
        }
    }
    for resource in &least.iam_policy.resources {
        if !fails(&states, purpose, &policy(&least, None, Some(resource))).await {
            spared.push(resource.urn.clone());
        }
    }
    assert!(spared.is_empty(), "{purpose} runs in every state without {spared:#?}");
}

#[tokio::test(start_paused = true)]
async fn to_plan_takes_exactly_this() {
    is_least(Purpose::Plan).await;
}

#[tokio::test(start_paused = true)]
async fn to_apply_takes_exactly_this() {
    is_least(Purpose::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn to_destroy_takes_exactly_this() {
    is_least(Purpose::Destroy).await;
}

#[tokio::test(start_paused = true)]
async fn to_verify_takes_exactly_this() {
    is_least(Purpose::Verify).await;
}

#[tokio::test(start_paused = true)]
async fn to_diagnose_takes_exactly_this() {
    is_least(Purpose::Diagnose).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_credential_lacks_is_named() {
    let world = account(None).await;
    for caller in [rules(&least(Purpose::Plan), None), policy(&least(Purpose::Plan), None, None)] {
        let clock = Arc::new(TokioClock::new(world.now()));
        let simulator = Arc::new(Simulator::from_world(world.clone(), clock).with_grants(caller.grants()));
        let granted = caller.client(&simulator).granted().await.unwrap().unwrap();
        let granted: Vec<_> = granted
            .into_iter()
            .map(|rule| ovhconnect::access::AccessRule { method: rule.method, path: rule.path })
            .collect();
        assert_eq!(least(Purpose::Plan).missing(&granted), Vec::<&ovhconnect::access::AccessRule>::new());
        let apply = least(Purpose::Apply);
        let missing = apply.missing(&granted);
        assert!(missing.iter().any(|rule| rule.method == "POST"), "{missing:#?}");
        assert!(missing.len() < apply.access_rules.len());
    }
}

#[test]
fn client_and_simulator_know_each_call_by_the_same_actions() {
    for call in routes::ALL.iter().filter(|call| !call.actions.is_empty()) {
        let path =
            call.pattern.split('/').map(|segment| if segment.starts_with('{') { "1" } else { segment });
        let path = path.collect::<Vec<_>>().join("/");
        assert_eq!(iam::actions(call.method.as_str(), &path), Some(call.actions), "{} {path}", call.method);
    }
}
