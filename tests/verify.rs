//! Where what was configured stops: light, BGP, prefixes. `SNAPSHOTS=overwrite cargo test --test verify` writes
//! the expected texts anew.

mod support;

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use ovhconnect::diff::Goal;
use ovhconnect::live::observe::{Scope, observe};
use ovhconnect::sim::{Account, Fault, Meddling, Options, Peer, PortStatus};
use ovhconnect::topology::{Address, Topology, files};
use ovhconnect::verify::{
    Blind, Link, Patience, Question, Report, RungState, Stage, Verdict, judge, junit, text, watch,
};
use snapbox::{Data, assert_data_eq};
use support::Rehearsal;
use support::served::{Ran, Served, interrupt};
use tokio::time::Instant;

fn load(path: &str) -> Topology {
    let loaded = files::load(&[path]);
    assert!(!loaded.diagnostics.iter().any(|it| it.is_error()), "{:?}", loaded.diagnostics);
    loaded.topology
}

fn night() -> Rehearsal {
    let account = Account::load(Path::new("tests/verify/night.account.yaml")).expect("an account");
    Rehearsal::with(load("tests/verify/night.yaml"), &account, Options::default())
}

/// A topology that was applied.
async fn applied(example: &str) -> Rehearsal {
    let at = Rehearsal::of_file(Path::new(&format!("examples/{example}.yaml")));
    at.apply(Goal::Apply).await.assert_converged(&example);
    at
}

fn question(at: &Rehearsal) -> Question<'_> {
    Question { topology: &at.topology, only: None, accepts_unknown: false }
}

async fn look(at: &Rehearsal, question: &Question<'_>) -> Report {
    judge(question, observe(&at.client, &Scope::of(&at.topology)).await.expect("something can be read"))
}

fn plain(report: &Report, width: usize) -> String {
    anstream::adapter::strip_str(&text::text(report, width)).to_string()
}

fn expect(name: &str, text: String) {
    assert_data_eq!(text, Data::read_from(Path::new(&format!("tests/verify/{name}")), None).raw());
}

fn refuse(at: &Rehearsal, path: &str) {
    let fault = serde_json::json!({"path": path, "effect": {"status": {"code": 403}}});
    at.simulator.add_fault(serde_json::from_value::<Fault>(fault).expect("a fault"));
}

fn meddle(at: &Rehearsal, meddling: &Meddling) {
    at.simulator.world().meddle(meddling).expect("something to meddle with");
}

const POP_STATUS: &str = "/ovhCloudConnect/*/config/pop/*/status";
const POP_STATISTICS: &str = "/ovhCloudConnect/*/config/pop/*/statistics";

#[tokio::test(start_paused = true)]
async fn a_person_reads_where_each_link_stops() {
    let at = night();
    let report = look(&at, &question(&at)).await;
    assert!(!report.verified);
    expect("night.txt", plain(&report, 80));
    for width in [40, 60, 80, 200] {
        let text = plain(&report, width);
        let longest = text.lines().filter(|line| line.chars().count() > width);
        let words = longest.filter(|line| line.trim().contains(' '));
        let wide: Vec<&str> =
            words.filter(|line| !line.contains("pn-12345/") && !line.contains("service ")).collect();
        assert!(wide.is_empty(), "wider than {width}: {wide:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_reads_a_case_for_each_stage() {
    let at = night();
    let report = look(&at, &question(&at)).await;
    expect("night.junit.xml", junit::junit(&report).expect("XML"));
}

#[tokio::test(start_paused = true)]
async fn what_json_shows_is_in_the_schema() {
    let schema = std::fs::read_to_string("schemas/verify.schema.json").expect("the schema");
    let validator =
        jsonschema::validator_for(&serde_json::from_str(&schema).expect("JSON")).expect("a valid schema");
    let at = night();
    let whole = look(&at, &question(&at)).await;
    refuse(&at, "/ovhCloudConnect/*/**");
    let half = look(&at, &question(&at)).await;
    for report in [whole, half] {
        let value = serde_json::to_value(report).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_applied_is_verified_at_once() {
    for example in ["l2", "l3-vrrp", "l3-static", "l3-bgp", "resilient"] {
        let at = applied(example).await;
        let begun = Instant::now();
        let report = patient(&at, &question(&at), 600, 0).await.0;
        assert!(report.verified, "{example}:\n{}", plain(&report, 100));
        assert_eq!(report.open().count(), 0, "{example}");
        // The simulator answers in no time.
        assert_eq!(begun.elapsed(), Duration::ZERO, "{example} was waited for");
        assert!(plain(&report, 100).contains("\nVerified: "), "{example}");
    }
}

/// Every combination of what can be wrong with one link stops at the first stage that is, whatever else is.
#[tokio::test(start_paused = true)]
async fn a_link_stops_at_the_first_stage_that_is_missing() {
    let at = applied("l3-vrrp").await;
    let seen = observe(&at.client, &Scope::of(&at.topology)).await.expect("an account");
    let service = &seen.vracks[0].services[0];
    let (interface, pop) =
        (service.interfaces.as_ref().expect("known")[0].id, service.pops.as_ref().expect("known")[0].id);
    let ports = [PortStatus::Enabled, PortStatus::Disabled, PortStatus::Reserved];
    let mut met = std::collections::BTreeSet::new();
    for status in ports {
        for (dark, silent) in [(false, false), (false, true), (true, false), (true, true)] {
            for prefixes in [0, 1, 100, 101] {
                meddle(&at, &Meddling::Port { interface, status });
                meddle(&at, &Meddling::Light { interface, dark });
                meddle(&at, &Meddling::Peer { pop, is: Peer { silent, prefixes, flaps: 0 } });
                let expected = if dark || status != PortStatus::Enabled {
                    Some(Stage::Light)
                } else if silent || prefixes > 100 {
                    Some(Stage::Session)
                } else if prefixes == 0 {
                    Some(Stage::Prefixes)
                } else {
                    None
                };
                let report = look(&at, &question(&at)).await;
                let link = &report.links[0];
                let what =
                    format!("{status:?}, dark {dark}, silent {silent}, {prefixes} prefixes: {link:#?}");
                assert_eq!(link.stops_at, expected, "{what}");
                assert_eq!(report.verified, expected.is_none(), "{what}");
                let reached = |rung: &ovhconnect::verify::Rung| rung.state != RungState::NotReached;
                let last = link.stages.iter().rfind(|rung| reached(rung)).expect("a stage").stage;
                assert_eq!(last, expected.unwrap_or(Stage::Prefixes), "{what}");
                assert_eq!(link.next.is_some(), expected.is_some(), "{what}");
                met.insert(expected);
            }
        }
    }
    assert_eq!(met.len(), 4, "{met:?}");
}

/// Waits for so many seconds at the most, looks every ten, and tells after how many it was over.
async fn patient(at: &Rehearsal, question: &Question<'_>, timeout: u64, hold: u64) -> (Report, u64) {
    let begun = Instant::now();
    let patience = Patience {
        timeout: Duration::from_secs(timeout),
        interval: Duration::from_secs(10),
        hold: Duration::from_secs(hold),
    };
    let report = watch(&at.client, question, patience, |_, _| {}).await.expect("a look");
    (report, begun.elapsed().as_secs())
}

/// What someone does after so many seconds, while it is waited.
async fn meanwhile(at: &Rehearsal, deeds: &[(u64, Meddling)]) {
    let begun = Instant::now();
    for (seconds, deed) in deeds {
        tokio::time::sleep_until(begun + Duration::from_secs(*seconds)).await;
        meddle(at, deed);
    }
}

async fn only_pop(at: &Rehearsal) -> (Address, u64) {
    let seen = observe(&at.client, &Scope::of(&at.topology)).await.expect("an account");
    let pop = &seen.vracks[0].services[0].pops.as_ref().expect("known")[0];
    (pop.address.clone(), pop.id)
}

#[tokio::test(start_paused = true)]
async fn it_waits_until_the_session_is_up() {
    let at = applied("l3-vrrp").await;
    let (_, pop) = only_pop(&at).await;
    let peer = |silent| Meddling::Peer { pop, is: Peer { silent, ..Peer::default() } };
    meddle(&at, &peer(true));
    let (asked, up) = (question(&at), [(35, peer(false))]);
    let ((report, seconds), ()) = tokio::join!(patient(&at, &asked, 600, 0), meanwhile(&at, &up));
    assert!(report.verified);
    assert_eq!(seconds, 40, "the first look after it came up");
    // It stays down: the time is over in the middle of an interval.
    meddle(&at, &peer(true));
    let (report, seconds) = patient(&at, &asked, 25, 0).await;
    assert_eq!((report.verified, seconds), (false, 25));
    assert_eq!(report.links[0].verdict, Verdict::Waiting);
    let (report, seconds) = patient(&at, &asked, 0, 0).await;
    assert_eq!((report.verified, seconds), (false, 0), "one look");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_flaps_is_not_held() {
    let at = applied("l3-vrrp").await;
    let (_, pop) = only_pop(&at).await;
    let flapped = |flaps| Meddling::Peer { pop, is: Peer { flaps, ..Peer::default() } };
    let (asked, flaps) = (question(&at), [(15, flapped(1))]);
    let ((report, seconds), ()) = tokio::join!(patient(&at, &asked, 600, 30), meanwhile(&at, &flaps));
    assert!(report.verified);
    assert_eq!(seconds, 50, "seen at 20, and held for 30");
    // It goes on flapping: up at every look, and never for long enough.
    let flaps: Vec<(u64, Meddling)> =
        (0..6).map(|flap| (5 + flap * 10, flapped(u32::try_from(flap).expect("few") + 2))).collect();
    let ((report, seconds), ()) = tokio::join!(patient(&at, &asked, 60, 30), meanwhile(&at, &flaps));
    assert_eq!((report.verified, seconds), (false, 60));
    assert_eq!(report.open().count(), 0, "everything is up");
    assert!(plain(&report, 100).contains("did not stay so"), "{}", plain(&report, 100));
    assert!(junit::junit(&report).expect("XML").contains("not-held"));
}

#[tokio::test(start_paused = true)]
async fn what_waiting_does_not_change_is_not_waited_for() {
    let at = applied("l3-vrrp").await;
    let (_, pop) = only_pop(&at).await;
    meddle(&at, &Meddling::Erase { id: pop });
    let (report, seconds) = patient(&at, &question(&at), 600, 0).await;
    assert_eq!((report.verified, seconds), (false, 10), "{}", plain(&report, 100));
    assert_eq!(report.links[0].verdict, Verdict::Stopped);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_unknown_and_never_silently_good() {
    for (path, stage) in [
        (POP_STATUS, Stage::Session),
        (POP_STATISTICS, Stage::Prefixes),
        ("/ovhCloudConnect/*/config/pop", Stage::Configuration),
    ] {
        let at = applied("l3-vrrp").await;
        refuse(&at, path);
        let (report, seconds) = patient(&at, &question(&at), 600, 0).await;
        let link = &report.links[0];
        assert_eq!((link.verdict, link.stops_at), (Verdict::Unknown, Some(stage)), "{path}");
        assert_eq!((report.verified, seconds), (false, 10), "{path}: seen twice");
        assert!(plain(&report, 100).contains("reads failed"), "{path}: the reason is told");
        let accepting = Question { accepts_unknown: true, ..question(&at) };
        let (report, seconds) = patient(&at, &accepting, 600, 0).await;
        assert_eq!((report.verified, seconds), (true, 0), "{path}");
        let text = plain(&report, 100);
        assert!(text.contains("Verified as far as could be read"), "{path}: {text}");
        assert!(!junit::junit(&report).expect("XML").contains("<failure"), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_up_proves_the_light_and_one_that_is_down_does_not() {
    let at = applied("l3-vrrp").await;
    let (_, pop) = only_pop(&at).await;
    refuse(&at, "/ovhCloudConnect/*/interface/**");
    refuse(&at, "/ovhCloudConnect/*/interface");
    let report = look(&at, &question(&at)).await;
    assert!(report.verified, "{}", plain(&report, 100));
    assert!(plain(&report, 200).contains("proven by the session"));
    meddle(&at, &Meddling::Peer { pop, is: Peer { silent: true, ..Peer::default() } });
    let report = look(&at, &question(&at)).await;
    let link = &report.links[0];
    assert_eq!((link.stops_at, link.stages[1].state), (Some(Stage::Session), RungState::Unknown));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_for_a_while_is_waited_out() {
    let at = applied("l3-vrrp").await;
    let (_, pop) = only_pop(&at).await;
    meddle(&at, &Meddling::Peer { pop, is: Peer { silent: true, ..Peer::default() } });
    // After the reads of the first look.
    at.simulator.clear_log();
    look(&at, &question(&at)).await;
    let reads = at.simulator.log().len();
    let fault = serde_json::json!({
        "path": "/**", "effect": {"status": {"code": 403}}, "skip": reads, "next": 3 * reads
    });
    at.simulator.add_fault(serde_json::from_value::<Fault>(fault).expect("a fault"));
    let told = RefCell::new((0, 0));
    let patience = Patience {
        timeout: Duration::from_secs(120),
        interval: Duration::from_secs(10),
        hold: Duration::ZERO,
    };
    let asked = question(&at);
    let watching = watch(&at.client, &asked, patience, |look, _| {
        let mut told = told.borrow_mut();
        if look.is_ok() { told.0 += 1 } else { told.1 += 1 }
    });
    let report = watching.await.expect("the first look");
    assert_eq!(report.links[0].stops_at, Some(Stage::Session));
    let (looks, failures) = *told.borrow();
    assert!(looks > 1 && failures > 0, "{looks} looks, {failures} failures");
    refuse(&at, "/**");
    assert!(watch(&at.client, &asked, patience, |_, _| {}).await.is_err(), "nothing at all can be read");
}

#[tokio::test(start_paused = true)]
async fn a_part_is_verified_alone() {
    let at = night();
    let only: Address = "pn-12345/service/00000000-0000-4000-8000-000000000001".parse().expect("an address");
    let report = look(&at, &Question { only: Some(&only), ..question(&at) }).await;
    assert!(report.verified, "{}", plain(&report, 100));
    assert_eq!(report.links.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_elsewhere_or_nowhere_is_named_so() {
    let at = applied("l3-vrrp").await;
    let (address, _) = only_pop(&at).await;
    let service = address.service().expect("a service").uuid();
    let stop = |report: Report| -> (Verdict, String) {
        let link: &Link = &report.links[0];
        (link.verdict, text::where_it_stops(link))
    };
    meddle(&at, &Meddling::Membership { service, vrack: None });
    let (verdict, said) = stop(look(&at, &question(&at)).await);
    assert_eq!((verdict, said.as_str()), (Verdict::Stopped, "the service is not in the vRack"));
    // Not in the account at all: it reads the same, and is no error.
    let mut topology = at.topology.clone();
    let entries = std::mem::take(&mut topology.entries);
    topology.entries = entries
        .into_iter()
        .map(|(address, entry)| {
            let other =
                address.to_string().replace(&service.to_string(), "00000000-0000-4000-8000-0000000000ff");
            (other.parse().expect("an address"), entry)
        })
        .collect();
    let elsewhere = Rehearsal { topology, simulator: at.simulator.clone(), client: at.client.clone() };
    let (verdict, said) = stop(look(&elsewhere, &question(&elsewhere)).await);
    assert_eq!((verdict, said.as_str()), (Verdict::Stopped, "the service is not in the vRack"));
}

/// The program over HTTP: how it ends, and what goes where.
#[test]
fn the_exit_code_says_whether_it_is_verified() {
    let topology = "examples/resilient.yaml";
    let loaded = files::load(&[topology]);
    let served = Served::new(&ovhconnect::rehearsal::account_for(&loaded.topology), 400.0);
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();

    let before = served.run(&["verify", topology, "--timeout", "0"]).exits(2);
    assert!(before.stdout.contains("Not verified: "), "{before:#?}");
    served.run(&["verify", topology, "--format", "json", "--format", "junit"]).exits(64);
    served.run(&["verify", topology, "--hold", "20", "--timeout", "10"]).exits(64);
    served.run(&["verify", topology, "--interval", "0"]).exits(64);
    served.run(&["verify", topology, "--only", "pn-99999"]).exits(1);
    served.run(&["destroy", topology, "--verify"]).exits(64);

    let apply = ["apply", topology, "--auto-approve", "--allow-disruption", "--verify=60"];
    let Ran { stdout, .. } = served.run(&apply).exits(0);
    let (applied, verified) = (stdout.find("Converged:"), stdout.find("Verified: "));
    assert!(applied.is_some() && applied < verified, "{stdout}");
    // Nothing to do is a success that is verified, too.
    assert!(served.run(&apply).exits(0).stdout.contains("Verified: "));

    let junit = format!("junit={}", path("verify.xml"));
    let ran = served.run(&["verify", topology, "--format", "text", "--format", &junit]).exits(0);
    assert!(ran.stdout.contains("Verified: ") && ran.stderr.is_empty(), "{ran:#?}");
    assert!(std::fs::read_to_string(path("verify.xml")).expect("a file").contains("<testsuites"));

    // A router that does not answer; a saved plan knows its topology.
    let service = "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01".parse().expect("a uuid");
    let pop = served.simulator.world().pops(service).expect("a service")[0].id;
    let silent = Meddling::Peer { pop, is: Peer { silent: true, ..Peer::default() } };
    served.simulator.world().meddle(&silent).expect("a PoP");
    served.run(&["plan", topology, "--out", &path("plan.json")]).exits(0);
    let ran = served.run(&["apply", &path("plan.json"), "--verify=0"]).exits(2);
    assert!(ran.stdout.contains("session down"), "{ran:#?}");
    let ran = served.run(&["apply", topology, "--auto-approve", "--format", "json", "--verify=0"]).exits(2);
    assert!(
        ran.stderr.contains("session down") && ran.stdout.lines().all(|line| line.starts_with('{')),
        "{ran:#?}"
    );

    let mut child = served
        .program(&["verify", topology, "--interval", "1"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut story = std::io::BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut story, &mut line).expect("text");
    assert!(line.starts_with("Waiting up to"), "{line}");
    interrupt(&child);
    let ran = Ran::of(child.wait_with_output().expect("it ends")).exits(130);
    assert!(ran.stdout.contains("stops at BGP:"), "what was seen last is shown: {ran:#?}");
}

/// An interface whose state is declared has to be in that state, whatever stands on it.
#[tokio::test(start_paused = true)]
async fn an_interface_is_as_the_topology_says() {
    let text = std::fs::read_to_string("examples/l3-vrrp.yaml").expect("the example");
    let spoken_of = text.replacen("        pop:\n", "        interface: {state: enabled}\n        pop:\n", 1);
    assert_ne!(text, spoken_of, "the example has no pop");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("topology.yaml");
    std::fs::write(&path, spoken_of).expect("a writable folder");
    let mut at = applied("l3-vrrp").await;
    at.topology = load(path.to_str().expect("UTF-8"));
    let report = look(&at, &question(&at)).await;
    assert!(report.verified, "{}", plain(&report, 100));
    let line = ", interface 1001  \"Paris\"  enabled";
    assert!(plain(&report, 200).contains(line), "{}", plain(&report, 200));

    let service = at.topology.entries.keys().find_map(Address::service).expect("a service").uuid();
    let interface = at.client.interfaces(service).await.expect("interfaces")[0].id;
    at.client.lock_interface(service, interface).await.expect("a task");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let report = look(&at, &question(&at)).await;
    let link = report.links.iter().find(|link| link.address.to_string().contains("/interface/"));
    let link = link.expect("the interface is a link of its own");
    assert_eq!((link.verdict, link.stops_at), (Verdict::Stopped, Some(Stage::Configuration)));
    assert!(plain(&report, 100).contains("interface 1001 is disabled"), "{}", plain(&report, 100));

    // What shall be locked and is, is as it should be, and carries nothing.
    let text = std::fs::read_to_string(&path).expect("the topology").replace("enabled", "disabled");
    std::fs::write(&path, text).expect("a writable folder");
    at.topology = load(path.to_str().expect("UTF-8"));
    let report = look(&at, &question(&at)).await;
    assert!(report.verified, "{}", plain(&report, 100));
    let text = plain(&report, 200);
    assert!(text.contains("interface 1001 locked, as the topology says\n"), "{text}");
}

/// The first look counts as well: an API that answers too late is not waited for beyond the pause after it.
#[tokio::test(start_paused = true)]
async fn the_first_look_is_not_waited_for_longer_than_asked() {
    let account = Account::load(Path::new("tests/verify/night.account.yaml")).expect("an account");
    let options = Options { latency: Duration::from_secs(30), ..Options::default() };
    let at = Rehearsal::with(load("tests/verify/night.yaml"), &account, options);
    let seconds = Duration::from_secs;
    let patience = Patience { timeout: seconds(5), interval: seconds(2), hold: Duration::ZERO };
    let begun = Instant::now();
    let seen = watch(&at.client, &question(&at), patience, |_, _| {}).await;
    assert!(matches!(seen, Err(Blind::Slow(longest)) if longest == seconds(7)), "{:?}", seen.err());
    assert!(begun.elapsed() < seconds(8), "{:?}", begun.elapsed());
    // Where one look is asked for, it is taken.
    let patience = Patience { timeout: Duration::ZERO, ..patience };
    watch(&at.client, &question(&at), patience, |_, _| {}).await.expect("a look");
}
