//! What OVHcloud's routers are asked, and what comes of it. `SNAPSHOTS=overwrite cargo test --test diagnose`
//! writes the expected texts anew.

mod support;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use ovhconnect::api::wire::Diagnostic;
use ovhconnect::diagnose::run::{Problem, begin, follow, newest};
use ovhconnect::diagnose::{Kind, Report, Target, find, text};
use ovhconnect::live::observe::{Scope, observe};
use ovhconnect::sim::{Account, Effect, Fate, Fault, Meddling, Options};
use ovhconnect::topology::{Address, Topology};
use snapbox::{Data, assert_data_eq};
use support::Rehearsal;
use support::served::{Ran, Served, interrupt};
use tokio::time::Instant;

const PARIS: &str = "pn-12345/service/00000000-0000-4000-8000-000000000001/pop";
const FRANKFURT: &str = "pn-12345/service/00000000-0000-4000-8000-000000000003/pop";
const WARSAW: &str = "pn-12345/service/00000000-0000-4000-8000-000000000008";

fn account() -> Account {
    Account::load(Path::new("tests/verify/night.account.yaml")).expect("an account")
}

/// The account of a bad night. No topology is needed to ask about it.
fn night() -> Rehearsal {
    Rehearsal::with(Topology::default(), &account(), Options::default())
}

async fn found(at: &Rehearsal, address: &str) -> Result<Target, (String, String)> {
    let address: Address = address.parse().expect("an address");
    let seen = observe(&at.client, &Scope::Account).await.expect("something can be read");
    find(&seen, &address).map_err(|unfit| (unfit.to_string(), unfit.help.unwrap_or_default()))
}

async fn past(at: &Rehearsal, target: &Target) -> Vec<Diagnostic> {
    at.client.diagnostics(target.service.uuid()).await.expect("the past ones")
}

async fn ask(at: &Rehearsal, target: &Target, kind: Kind, timeout: u64) -> Result<Report, Problem> {
    let past = past(at, target).await;
    let begun = begin(&at.client, target, kind, Some(&past)).await?;
    let timeout = Duration::from_secs(timeout);
    let done = follow(&at.client, target, begun, timeout, |_| {}).await?;
    Ok(Report::new(target, kind, done, None))
}

fn expect(name: &str, text: String) {
    assert_data_eq!(text, Data::read_from(Path::new(&format!("tests/diagnose/{name}")), None).raw());
}

fn fault(at: &Rehearsal, effect: Effect) {
    at.simulator.add_fault(Fault::always(effect).on("POST", "/ovhCloudConnect/*/diagnostic").times(1));
}

/// How often a diagnostic was asked for, heard or not.
fn asked(at: &Rehearsal) -> usize {
    let log = at.simulator.log();
    log.iter().filter(|entry| entry.method == "POST" && entry.path.ends_with("/diagnostic")).count()
}

#[tokio::test(start_paused = true)]
async fn every_address_has_its_questions_and_each_has_an_answer() {
    let at = night();
    let mut answers = String::new();
    for address in [
        PARIS,
        FRANKFURT,
        WARSAW,
        &format!("{WARSAW}/pop/datacenter/SBG"),
        "pn-12345/datacenter/GRA",
        "pn-12345/datacenter/1",
        "pn-12345/datacenter/GRA/network/192.168.10.0/24",
        "pn-12345/datacenter/RBX/bgp/10.2.0.10",
    ] {
        let target = found(&at, address).await.expect("something is there");
        assert_eq!(target.kind(None), Ok(target.subject.kinds()[0]), "{address}");
        for kind in [Kind::Peering, Kind::Received, Kind::Advertised, Kind::Routes, Kind::Macs] {
            let fits = target.kind(Some(kind));
            assert_eq!(fits.is_ok(), target.subject.kinds().contains(&kind), "{address}: {kind}");
            if fits.is_ok() {
                let body = serde_json::to_string(&target.body(kind)).expect("JSON");
                let report = ask(&at, &target, kind, 60).await.expect("an answer");
                let text = anstream::adapter::strip_str(&text::text(&report)).to_string();
                answers += &format!("# {address} --kind {kind}\n# {body}\n{text}\n");
            }
        }
    }
    expect("answers.txt", answers);
}

/// An inherited datacenter may bear another number under each service: it is named by the one it is reached through.
#[tokio::test(start_paused = true)]
async fn numbers_are_those_of_the_service_it_is_reached_through() {
    let options = Options { distinct_ids_per_service: true, ..Options::default() };
    let at = Rehearsal::with(Topology::default(), &account(), options);
    for address in
        ["pn-12345/datacenter/GRA/network/192.168.10.0/24", "pn-12345/datacenter/RBX/bgp/10.2.0.10", WARSAW]
    {
        let target = found(&at, address).await.expect("something is there");
        for kind in target.subject.kinds() {
            let came = ask(&at, &target, *kind, 60).await;
            assert!(came.is_ok(), "{address}: {kind}: {came:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_about_says_what_can() {
    let at = night();
    let mut said = String::new();
    for address in [
        "pn-12345",
        "pn-1",
        "pn-12345/service/00000000-0000-4000-8000-000000000001/interface/11",
        "pn-12345/datacenter/SBG",
        "pn-12345/datacenter/GRA/network/10.0.0.0/8",
        "pn-12345/service/00000000-0000-4000-8000-000000000007",
        "pn-1/service/00000000-0000-4000-8000-000000000001",
        "pn-1/service/00000000-0000-4000-8000-0000000000ff",
    ] {
        let (problem, help) = found(&at, address).await.expect_err("nothing is there");
        said += &format!("# {address}\n{problem}\nhelp: {help}\n\n");
    }
    let service = "00000000-0000-4000-8000-000000000001".parse().expect("a uuid");
    let out = Meddling::Membership { service, vrack: None };
    at.simulator.world().meddle(&out).expect("a service");
    let (problem, _) = found(&at, PARIS).await.expect_err("it is in no vRack");
    said += &format!("# {PARIS}\n{problem}\n");
    expect("unfit.txt", said);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_is_named() {
    let at = night();
    let refused = Effect::Status { code: 403, retry_after: None, handled: false };
    at.simulator.add_fault(Fault::always(refused).on("GET", "/ovhCloudConnect/*/config/pop"));
    let (problem, help) = found(&at, PARIS).await.expect_err("nobody knows");
    assert!(problem.contains("nothing is known to be at"), "{problem}");
    assert!(help.contains("GET /ovhCloudConnect/{serviceName}/config/pop: 403"), "{help}");
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_or_never_ends_is_told_so() {
    let at = night();
    let target = found(&at, PARIS).await.expect("a PoP");
    for (fate, status) in [(Fate::Error, "error"), (Fate::Denied, "denied")] {
        at.simulator.world().fate_of_next_task(fate);
        let problem = ask(&at, &target, Kind::Peering, 60).await.expect_err("it fails");
        assert!(matches!(&problem, Problem::Failed { status: it, .. } if it == status), "{problem}");
    }
    for (fate, status) in [(Fate::Stuck, "doing"), (Fate::Paused, "pause")] {
        at.simulator.world().fate_of_next_task(fate);
        let begun = Instant::now();
        let problem = ask(&at, &target, Kind::Peering, 60).await.expect_err("it never ends");
        assert!(matches!(&problem, Problem::Timeout { status: it, .. } if it == status), "{problem}");
        assert_eq!(begun.elapsed().as_secs(), 60);
    }
    // The next one does.
    assert!(ask(&at, &target, Kind::Peering, 60).await.is_ok());
    let past = past(&at, &target).await;
    let last = newest(&past, &target, Kind::Peering).expect("one was run");
    assert_eq!((past.len(), last.status.as_str()), (5, "done"));
}

#[tokio::test(start_paused = true)]
async fn one_whose_answer_is_lost_is_found_and_not_asked_for_again() {
    for effect in [Effect::ResetAfter, Effect::Truncate] {
        let at = night();
        let target = found(&at, PARIS).await.expect("a PoP");
        assert!(ask(&at, &target, Kind::Peering, 60).await.is_ok());
        fault(&at, effect.clone());
        let report = ask(&at, &target, Kind::Peering, 60).await.expect("it was carried out");
        assert_eq!(past(&at, &target).await.len(), 2, "{effect:?}");
        assert_eq!((asked(&at), report.result.len()), (2, 1), "{effect:?}");
    }
    let at = night();
    let target = found(&at, PARIS).await.expect("a PoP");
    fault(&at, Effect::Reset);
    let problem = ask(&at, &target, Kind::Peering, 60).await.expect_err("it was not carried out");
    assert!(matches!(problem, Problem::Lost(_)), "{problem}");
    assert_eq!(asked(&at), 1, "each one counts: it is not asked for twice");
}

#[tokio::test(start_paused = true)]
async fn what_json_shows_is_in_the_schema() {
    let schema = std::fs::read_to_string("schemas/diagnose.schema.json").expect("the schema");
    let validator =
        jsonschema::validator_for(&serde_json::from_str(&schema).expect("JSON")).expect("a valid schema");
    let at = night();
    let target = found(&at, PARIS).await.expect("a PoP");
    for kind in target.subject.kinds() {
        let report = ask(&at, &target, *kind, 60).await.expect("an answer");
        let value = serde_json::from_str(&report.to_json()).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[test]
fn what_routers_print_cannot_take_the_terminal_over() {
    let result = serde_json::from_value(serde_json::json!([
        {"cmd": "show\u{1b}[2J", "output": "a\tb\r\n\u{1b}]0;title\u{7}c"},
        {"prefix": "10.0.0.0/8\u{1b}[31m", "aspath": "65001"},
    ]));
    let diagnostic = Diagnostic {
        id: 1,
        function: ovhconnect::api::wire::DiagnosticFunction::DiagPeering,
        status: ovhconnect::api::wire::TaskStatus::Done,
        date: Some("yesterday\u{1b}[0m".to_owned()),
        description: Some("\u{9b}31m".to_owned()),
        source: Some("\u{1b}[1mX".to_owned()),
        result: result.expect("results"),
    };
    let target = Target {
        address: PARIS.parse().expect("an address"),
        subject: ovhconnect::diagnose::Subject::Layer3,
        status: ovhconnect::live::Status::Active,
        service: "00000000-0000-4000-8000-000000000001".parse().expect("a uuid"),
        pop: 1,
        datacenter: None,
        extra: None,
    };
    let text = text::text(&Report::new(&target, Kind::Peering, diagnostic, None));
    // Its own styles are all that is left.
    let plain = text.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
    let strange: Vec<char> = plain.chars().filter(|it| it.is_control() && *it != '\n').collect();
    assert_eq!(strange, Vec::<char>::new(), "{text:?}");
    assert!(text.contains("a    b") && text.contains("10.0.0.0/8"), "{text}");
}

/// The program over HTTP: the daily limit, what goes where, and what an interruption says.
#[test]
fn the_program_asks_counts_saves_and_picks_up() {
    let served = Served::new(&account(), 200.0);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("result.json").display().to_string();

    let ran = served.run(&["diagnose", FRANKFURT, "--last"]).exits(1);
    assert!(ran.stderr.contains("keeps no diagPeering"), "{ran:#?}");
    let nowhere = folder.path().join("missing/result.json").display().to_string();
    let ran = served.run(&["diagnose", FRANKFURT, "--out", &nowhere]).exits(1);
    assert!(ran.stderr.contains("there is no folder"), "{ran:#?}");
    let ran = served.run(&["diagnose", FRANKFURT, "--out", &file]).exits(0);
    assert!(ran.stdout.contains("BGP state = Idle") && ran.stderr.contains("9 of 10 a day"), "{ran:#?}");
    let saved: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&file).expect("a file")).expect("JSON");
    assert_eq!((&saved["kind"], &saved["left"]), (&"peering".into(), &9.into()));
    let last = served.run(&["diagnose", FRANKFURT, "--last", "--format", "json", "-q"]).exits(0);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&last.stdout).expect("JSON")["id"], saved["id"]);
    assert_eq!(last.stderr, "");
    served.run(&["diagnose", FRANKFURT, "--kind", "macs"]).exits(1);
    served.run(&["diagnose", "nonsense"]).exits(64);
    served.run(&["diagnose", FRANKFURT, "--kind", "weather"]).exits(64);

    for _ in 1..10 {
        served.run(&["diagnose", FRANKFURT, "--rate", "0"]).exits(0);
    }
    let posts = || served.simulator.log().iter().filter(|entry| entry.method == "POST").count();
    let before = posts();
    let ran = served.run(&["diagnose", FRANKFURT]).exits(3);
    assert!(ran.stderr.contains("10 times within a day") && ran.stderr.contains("again at"), "{ran:#?}");
    assert_eq!(posts(), before, "nothing is asked beyond the limit");
    // Another kind has its own limit.
    served.run(&["diagnose", FRANKFURT, "--kind", "routes"]).exits(0);

    // It hangs, and is left.
    served.simulator.world().fate_of_next_task(Fate::Stuck);
    let mut child = served
        .program(&["diagnose", PARIS])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut story =
        BufReader::new(child.stderr.take().expect("a pipe")).lines().map(|line| line.expect("text"));
    assert!(story.any(|line| line.contains("waiting for its result")));
    interrupt(&child);
    let told: Vec<String> = story.collect();
    let help = format!("ovhconnect diagnose {PARIS} --kind peering --last");
    assert!(told.iter().any(|line| line.contains(&help)), "{told:#?}");
    Ran::of(child.wait_with_output().expect("it ends")).exits(130);
    let ran = served.run(&["diagnose", PARIS, "--last", "--timeout", "0"]).exits(1);
    assert!(ran.stderr.contains("is still `doing`"), "{ran:#?}");
}
