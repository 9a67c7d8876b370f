//! What an account is doing, as it is seen and told. `SNAPSHOTS=overwrite cargo test --test status` writes the
//! expected texts anew.

mod support;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use ovhconnect::diagnostic::{Source, Sources};
use ovhconnect::diff::Goal;
use ovhconnect::live::observe::{Scope, observe};
use ovhconnect::sim::{Account, Fault, Meddling, Options, Peer, PortStatus};
use ovhconnect::status::changes::changes;
use ovhconnect::status::{Drift, DriftKind, Problem, Report, assess, text};
use ovhconnect::topology::{self, Field, Spec, Topology, files};
use snapbox::{Data, assert_data_eq};
use support::Rehearsal;
use support::served::{Served, interrupt};

const SILENT_POP: &str = "pn-12345/service/0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02/pop";

fn resilient() -> Topology {
    let loaded = files::load(&["examples/resilient.yaml"]);
    assert_eq!(loaded.diagnostics, []);
    loaded.topology
}

fn account() -> Account {
    Account::load(Path::new("tests/status/bad-day.account.yaml")).expect("an account")
}

fn bad_day() -> Rehearsal {
    Rehearsal::with(resilient(), &account(), Options::default())
}

async fn look(at: &Rehearsal, scope: &Scope, topology: Option<&Topology>) -> Report {
    assess(observe(&at.client, scope).await.expect("something can be read"), topology)
}

fn plain(report: &Report, width: usize) -> String {
    anstream::adapter::strip_str(&text::text(report, width)).to_string()
}

fn expect(name: &str, text: String) {
    assert_data_eq!(text, Data::read_from(Path::new(&format!("tests/status/{name}")), None).raw());
}

fn refuse(at: &Rehearsal, path: &str) {
    let fault = serde_json::json!({"path": path, "effect": {"status": {"code": 403}}});
    at.simulator.add_fault(serde_json::from_value::<Fault>(fault).expect("a fault"));
}

#[tokio::test(start_paused = true)]
async fn a_person_reads_what_is_down_and_what_differs() {
    let at = bad_day();
    let report = look(&at, &Scope::of(&at.topology), Some(&at.topology)).await;
    expect("bad-day.txt", plain(&report, 80));
    expect("account.txt", plain(&look(&at, &Scope::Account, None).await, 120));
    let down: Vec<(&str, Problem)> = report.down.iter().map(|it| (it.place.as_str(), it.problem)).collect();
    assert_eq!(down, [(SILENT_POP, Problem::SessionDown)]);
}

#[tokio::test(start_paused = true)]
async fn an_interface_is_compared_where_the_topology_speaks_of_it() {
    let text = std::fs::read_to_string("examples/resilient.yaml").expect("an example");
    let speaks_of_one = |state: &str| {
        let pop = "        pop:";
        let mut sources = Sources::default();
        let text = text.replacen(pop, &format!("        interface: {{state: {state}}}\n{pop}"), 1);
        sources.add(Source { path: "topology.yaml".into(), text });
        topology::parse(&sources).0
    };
    let at = bad_day();
    let look = async |state| {
        let topology = speaks_of_one(state);
        let report = look(&at, &Scope::of(&topology), Some(&topology)).await;
        let of_interfaces = |it: &&Drift| matches!(it.declared, Some(Spec::Interface(_)));
        let drift: Vec<Drift> = report.drift.iter().flatten().filter(of_interfaces).cloned().collect();
        (drift, plain(&report, 100))
    };
    assert_eq!(look("enabled").await.0, []);
    let (drift, text) = look("disabled").await;
    let [only] = drift.as_slice() else { panic!("{drift:?}") };
    assert_eq!((only.kind, only.fields.as_slice()), (DriftKind::Differs, &[Field::State][..]));
    assert!(only.address.to_string().contains("/interface/"), "{}", only.address);
    assert!(text.contains("the topology declares state disabled"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_unknown_once_and_nothing_else_is_lost() {
    let at = bad_day();
    for path in ["/ovhCloudConnect/*/config/pop/*/status", "/ovhCloudConnect/*/incident", "/vrack/*/task"] {
        refuse(&at, path);
    }
    let report = look(&at, &Scope::of(&at.topology), Some(&at.topology)).await;
    assert_eq!(report.down, [], "a session that nobody may look at is not down");
    let calls: Vec<(&str, usize)> =
        report.seen.unread.iter().map(|it| (it.call.as_str(), it.times)).collect();
    let expected = [
        ("GET /ovhCloudConnect/{serviceName}/config/pop/{popId}/status", 2),
        ("GET /ovhCloudConnect/{serviceName}/incident", 2),
        ("GET /vrack/{serviceName}/task", 1),
    ];
    assert_eq!(calls, expected);
    expect("refused.txt", plain(&report, 80));
}

#[tokio::test(start_paused = true)]
async fn a_refused_list_hides_what_is_in_it_and_makes_nothing_missing() {
    let at = bad_day();
    let missing = |report: &Report| report.drift.as_ref().expect("a topology").len();
    let before = missing(&look(&at, &Scope::of(&at.topology), Some(&at.topology)).await);
    refuse(&at, "/ovhCloudConnect/*/config/pop/*/datacenter");
    let report = look(&at, &Scope::of(&at.topology), Some(&at.topology)).await;
    assert_eq!(report.seen.vracks[0].datacenters, None);
    assert!(missing(&report) < before, "{:?}", report.drift);
    refuse(&at, "/ovhCloudConnect/*/config/pop");
    let report = look(&at, &Scope::of(&at.topology), Some(&at.topology)).await;
    assert_eq!(report.drift, Some(Vec::new()), "nothing is known of what is configured");
    // The services themselves cannot be listed: their vRack still tells of them.
    refuse(&at, "/ovhCloudConnect");
    let report = look(&at, &Scope::of(&at.topology), Some(&at.topology)).await;
    assert_eq!(report.seen.vracks[0].services.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_at_all_is_an_error() {
    let at = bad_day();
    refuse(&at, "/**");
    let error = observe(&at.client, &Scope::of(&at.topology)).await.expect_err("everything is refused");
    assert_eq!(error.status(), Some(403));
}

#[tokio::test(start_paused = true)]
async fn one_service_alone_makes_no_other_missing() {
    let at = bad_day();
    let service = "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01".parse().expect("a uuid");
    let scope = Scope::Only { vracks: [].into(), services: [service].into() };
    let report = look(&at, &scope, Some(&at.topology)).await;
    let services: Vec<_> = report.seen.vracks[0].services.iter().map(|it| it.service).collect();
    assert_eq!(services, [service]);
    let drift = report.drift.expect("a topology");
    assert!(drift.iter().all(|it| it.address.service().is_none()), "{drift:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_applied_is_up_and_does_not_differ() {
    for example in ["l2", "l3-vrrp", "l3-static", "l3-bgp", "resilient"] {
        let at = Rehearsal::of_file(Path::new(&format!("examples/{example}.yaml")));
        at.apply(Goal::Apply).await.assert_converged(&example);
        let report = look(&at, &Scope::of(&at.topology), Some(&at.topology)).await;
        assert_eq!((report.down, report.drift), (Vec::new(), Some(Vec::new())), "{example}");
        assert_eq!(report.seen.unread, [], "{example}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_of_changes_and_not_of_measurements() {
    let at = Rehearsal::of_file(Path::new("examples/l3-vrrp.yaml"));
    at.apply(Goal::Apply).await.assert_converged(&"the start");
    let scope = Scope::of(&at.topology);
    let first = look(&at, &scope, None).await;
    // The light is measured anew, and is a little stronger or weaker.
    at.simulator.skip(Duration::from_secs(600));
    let second = look(&at, &scope, None).await;
    assert_ne!(first, second, "the light was measured anew");
    assert_eq!(changes(&first, &second), Vec::<String>::new());

    let interface = first.seen.vracks[0].services[0].interfaces.as_ref().expect("known")[0].id;
    let dark = Meddling::Light { interface, dark: true };
    at.simulator.world().meddle(&dark).expect("a port");
    let third = look(&at, &scope, None).await;
    let problems: Vec<Problem> = third.down.iter().map(|it| it.problem).collect();
    assert_eq!(problems, [Problem::NoLight, Problem::SessionDown]);
    expect("no-light.changes.txt", changes(&second, &third).join("\n") + "\n");
}

#[tokio::test(start_paused = true)]
async fn what_is_down_is_told_from_what_nobody_uses() {
    let at = bad_day();
    let problems = async || -> Vec<Problem> {
        let report = look(&at, &Scope::Account, None).await;
        report.down.iter().map(|it| it.problem).collect()
    };
    assert_eq!(problems().await, [Problem::SessionDown], "no light at a port that nothing uses is nothing");
    let pop =
        look(&at, &Scope::Account, None).await.seen.vracks[0].services[1].pops.clone().expect("known")[0].id;
    let crowd = Meddling::Peer { pop, is: Peer { prefixes: 101, ..Peer::default() } };
    at.simulator.world().meddle(&crowd).expect("a PoP");
    assert_eq!(problems().await, [Problem::SessionDown, Problem::SessionDown, Problem::TooManyPrefixes]);
    let locked = Meddling::Port { interface: 1002, status: PortStatus::Disabled };
    at.simulator.world().meddle(&locked).expect("a port");
    assert!(problems().await.contains(&Problem::OutOfService));
}

#[tokio::test(start_paused = true)]
async fn what_json_shows_is_in_the_schema() {
    let schema = std::fs::read_to_string("schemas/status.schema.json").expect("the schema");
    let validator =
        jsonschema::validator_for(&serde_json::from_str(&schema).expect("JSON")).expect("a valid schema");
    let at = bad_day();
    let whole = look(&at, &Scope::Account, Some(&at.topology)).await;
    refuse(&at, "/ovhCloudConnect/*/**");
    let half = look(&at, &Scope::Account, Some(&at.topology)).await;
    for report in [whole, half] {
        let value = serde_json::to_value(report).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

/// The program over HTTP: what a pipe gets, and how it ends.
#[test]
fn a_pipe_gets_what_changes_until_it_is_interrupted() {
    let served = Served::new(&account(), 1.0);
    let code = |arguments: &[&str]| served.run(arguments).code;
    assert_eq!(code(&["status"]), Some(0));
    assert_eq!(code(&["status", "--detailed-exitcode"]), Some(2), "a session is down");
    assert_eq!(code(&["status", "--vrack", "pn-67890", "--detailed-exitcode"]), Some(0), "nothing there is");
    assert_eq!(code(&["status", "--interval", "3"]), Some(64), "only a watch has an interval");

    let arguments = ["status", "--vrack", "pn-12345", "--watch", "--interval", "1"];
    let mut watch = served.program(&arguments).stdout(Stdio::piped()).spawn().expect("the program runs");
    let mut lines =
        BufReader::new(watch.stdout.take().expect("a pipe")).lines().map(|line| line.expect("text"));
    let first =
        lines.by_ref().find(|line| line.starts_with("  pn-12345") || line.contains("session is down"));
    assert!(first.is_some(), "the first look is told whole");
    let dark = Meddling::Light { interface: 1002, dark: true };
    served.simulator.world().meddle(&dark).expect("a port");
    let told = lines.find(|line| line.contains("/interface/1002")).expect("the change is told");
    assert!(told.contains("NO LIGHT arrives") && told.contains("(was: enabled, link up"), "{told}");
    interrupt(&watch);
    assert_eq!(watch.wait().expect("it ends").code(), Some(0), "whoever watches ends it so");
}
