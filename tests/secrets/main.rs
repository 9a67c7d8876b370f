//! No secret is written anywhere: not on stdout, not on stderr, not into a file, by no command, at full
//! verbosity, whatever goes wrong. And no secret is sent where nobody is known to be.

mod careless;
mod commands;
mod machine;
mod tls;

use careless::Behaviour;
use commands::Invocation;
use machine::{Machine, Until};

/// What every secret here holds, before and behind what JSON, forms and addresses write differently.
const MARK: &str = "hush";

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn application() -> Vec<(String, String)> {
    environment(&[
        ("OVH_APPLICATION_KEY", "hush-key&\"hush"),
        ("OVH_APPLICATION_SECRET", "hush-secret+/ =hush"),
        ("OVH_CONSUMER_KEY", "hush-consumer\\%hush"),
    ])
}

fn service_account() -> Vec<(String, String)> {
    environment(&[("OVH_CLIENT_ID", "an-account"), ("OVH_CLIENT_SECRET", "hush-client&\"+/ =\\%hush")])
}

fn token() -> Vec<(String, String)> {
    environment(&[("OVH_ACCESS_TOKEN", "hush-token\"\\hush")])
}

/// Runs every command and searches everything it wrote. `said`: what a command that calls the API says
/// on stderr, so that the failure that is meant is the one that was met.
#[track_caller]
fn nothing_leaks(what: &str, machine: &Machine, until: Until, said: &str) {
    nothing_leaks_of(commands::all(), what, machine, until, said);
}

/// The same of some commands.
#[track_caller]
fn nothing_leaks_of(
    commands: impl IntoIterator<Item = Invocation>,
    what: &str,
    machine: &Machine,
    until: Until,
    said: &str,
) {
    for invocation in commands {
        let written = machine.run(&invocation, until);
        let is_usage = written.code == Some(64);
        assert!(
            !is_usage,
            "teach tests/secrets/commands.rs what this command needs: {invocation}\n{written}"
        );
        assert_ne!(written.code, Some(101), "{what}: {invocation} panicked:\n{written}");
        assert!(!written.everything().contains(MARK), "{what}: {invocation} wrote a secret:\n{written}");
        assert!(!written.holds_signature(), "{what}: {invocation} wrote a signature:\n{written}");
        // Some may call the API and need not; where they do and fail, they say so too.
        let calls = invocation.always_calls() || (invocation.calls_the_api && written.code != Some(0));
        assert!(
            !calls || written.stderr.contains(said),
            "{what}: {invocation} does not say {said:?}:\n{written}"
        );
    }
}

#[test]
fn every_command_is_run_and_some_call_the_api() {
    let all = commands::all();
    let found = |name: &str| all.iter().filter(|it| it.arguments[0] == name).count();
    assert_eq!(["validate", "plan", "apply", "destroy", "simulate"].map(found), [1; 5], "{all:#?}");
    assert_eq!(all.iter().filter(|it| it.always_calls() && it.calls_the_api).count(), 3, "{all:#?}");
}

#[test]
fn a_secret_that_was_written_would_be_found() {
    let machine = Machine::new(&[]);
    machine.put("left-behind/note.txt", b"hush-1");
    let written = machine.run(&commands::all()[0], Until::End);
    assert!(written.everything().contains(MARK), "{written}");
}

#[test]
fn a_server_that_repeats_what_it_was_sent() {
    let answers = [
        (Behaviour::Refuse(401), "401"),
        (Behaviour::Refuse(403), "403"),
        (Behaviour::Text(400), "400"),
        (Behaviour::QueryId, "query id"),
        (Behaviour::Redirect, "redirects to"),
        (Behaviour::Nonsense, "not what the published API promises"),
    ];
    for (behaviour, said) in answers {
        let server = careless::serve(behaviour);
        for way in [application(), service_account(), token()] {
            let machine = Machine::new(&way).with("OVH_ENDPOINT", &server);
            nothing_leaks(&format!("{behaviour:?} to {}", way[0].0), &machine, Until::End, said);
        }
    }
}

#[test]
fn a_token_endpoint_that_repeats_what_it_was_sent() {
    for (behaviour, said) in [
        (Behaviour::RefuseToken, "invalid_client"),
        (Behaviour::OddToken, "holds a character that cannot be sent"),
        (Behaviour::RepeatToken, "expected an access_token"),
    ] {
        let machine = Machine::new(&service_account()).with("OVH_ENDPOINT", &careless::serve(behaviour));
        nothing_leaks(&format!("{behaviour:?}"), &machine, Until::End, said);
    }
}

#[test]
fn nobody_there() {
    let nobody = careless::nobody();
    let machine = Machine::new(&application()).with("OVH_ENDPOINT", &format!("http://{nobody}/1.0"));
    nothing_leaks("connection refused", &machine, Until::Said("trying again"), "trying again");
    let proxy = format!("http://hush-user:hush-password@{nobody}");
    let machine = Machine::new(&application()).with("OVH_ENDPOINT", "ovh-eu").with("HTTPS_PROXY", &proxy);
    nothing_leaks("proxy refused", &machine, Until::Said("trying again"), "trying again");
}

#[test]
fn endpoints_that_are_none() {
    for (endpoint, said) in [
        ("https://user:hush-password@127.0.0.1/1.0", "user name or a password"),
        ("user:hush-password@api.example", "unknown endpoint"),
        ("hush-secret-in-the-wrong-place", "unknown endpoint"),
        ("hush-scheme://api.example/1.0", "does not begin with https://"),
        ("https://user:hush@:hush/", "not a usable address"),
        ("https://api.example/1.0?key=hush", "'?'"),
        ("http://api.example/1.0", "plain http"),
    ] {
        let machine = Machine::new(&application()).with("OVH_ENDPOINT", endpoint);
        nothing_leaks(endpoint, &machine, Until::End, said);
    }
}

#[test]
fn endpoints_of_a_topology_that_are_none() {
    for endpoint in [
        "https://user:hush-password@127.0.0.1/1.0",
        "'https://user:hush/password with@ blanks@127.0.0.1/1.0'",
        "user:hush-password@api.example",
        "\"https://hush:hush@:1/\"",
    ] {
        let machine = Machine::new(&application()).with("OVH_ENDPOINT", "ovh-eu");
        let text = format!("endpoint: {endpoint}\n{}", machine::TOPOLOGY);
        machine.put("topology.yaml", text.as_bytes());
        let reading = commands::all().into_iter().filter(|it| it.reads_a_topology);
        nothing_leaks_of(reading, endpoint, &machine, Until::End, "holds no user name and no password");
    }
}

#[test]
fn files_that_are_none() {
    for (file, said) in [
        (&b"[ovh-eu\napplication_secret = hush\n"[..], "ovh.conf:1:"),
        (b"[ovh-eu]\napplication_secret hush\n", "ovh.conf:2:"),
        (b"hush\n", "ovh.conf:1:"),
        (b"=hush\n", "ovh.conf:1:"),
        (b"[default]\nendpoint = hush-secret-in-the-wrong-place\n", "unknown endpoint"),
        (b"[ovh-eu]\napplication_secret = hush-1\napplication_secret = hush-2\n", "stands twice"),
        (b"[ovh-eu]\napplication_key = hush\nhush = 1\nhush = 2\n", "incomplete credentials"),
        (b"[ovh-eu]\nconsumer_key = hush\naccess_token = hush\n", "more than one way"),
        (b"[ovh-eu]\nconsumer_key = hush\xff\n", "cannot be read"),
    ] {
        let machine = Machine::new(&[]);
        machine.put("ovh.conf", file);
        nothing_leaks(&String::from_utf8_lossy(file), &machine, Until::End, said);
    }
}

#[test]
fn secrets_that_cannot_be_sent() {
    let server = careless::serve(Behaviour::Refuse(403));
    for (name, value) in [("OVH_CONSUMER_KEY", "hush\nhush"), ("OVH_APPLICATION_KEY", "hush\u{7f}hush")] {
        let machine = Machine::new(&application()).with("OVH_ENDPOINT", &server).with(name, value);
        nothing_leaks(name, &machine, Until::End, "holds a character that cannot be sent");
    }
}

#[test]
fn when_all_goes_well() {
    let simulator = machine::simulator();
    let credentials = simulator.simulator.credentials();
    let application = [
        ("OVH_APPLICATION_KEY", &*credentials.application_key),
        ("OVH_APPLICATION_SECRET", &*credentials.application_secret),
        ("OVH_CONSUMER_KEY", &*credentials.consumer_key),
    ];
    let account =
        [("OVH_CLIENT_ID", &*credentials.client_id), ("OVH_CLIENT_SECRET", &*credentials.client_secret)];
    for way in [&application[..], &account] {
        let machine = Machine::new(&environment(way)).with("OVH_ENDPOINT", &simulator.endpoint);
        // Its own credentials are what this command prints.
        let mut invocations: Vec<Invocation> =
            commands::all().into_iter().filter(|it| it.calls_the_api).collect();
        let saved = machine.path("out.json").display().to_string();
        invocations.push(Invocation::new(&["plan", "--out", &saved]));
        invocations.push(Invocation::new(&["apply", &saved, "--log-file", "saved.ndjson"]));
        for invocation in invocations {
            let written = machine.run(&invocation, Until::End);
            let is_well = !invocation.always_calls() || written.code == Some(0);
            assert!(is_well && written.code != Some(64), "{invocation}: {written}");
            let is_told = !invocation.always_calls() || written.stderr.contains("answered");
            assert!(is_told, "{invocation}: the log says nothing:\n{written}");
            let secrets = way.iter().filter(|(name, _)| *name != "OVH_CLIENT_ID").map(|(_, value)| *value);
            // Every token of the simulator begins so.
            for secret in secrets.chain(["sim.all."]) {
                assert!(!written.everything().contains(secret), "{invocation} wrote {secret}:\n{written}");
            }
            assert!(!written.holds_signature(), "{invocation} wrote a signature:\n{written}");
        }
        let log = std::fs::read_to_string(machine.path("saved.ndjson")).expect("a log of the last apply");
        assert!(log.contains("run-finished"), "{log}");
    }
}

#[test]
fn a_file_that_others_may_read_is_told_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let machine = Machine::new(&[]).with("OVH_ENDPOINT", &careless::serve(Behaviour::Refuse(403)));
    machine.put("ovh.conf", b"[ovh-eu]\napplication_key = hush\n");
    for (mode, told) in [(0o644, true), (0o640, true), (0o604, true), (0o600, false), (0o400, false)] {
        std::fs::set_permissions(machine.path("ovh.conf"), std::fs::Permissions::from_mode(mode))
            .expect("a file of ours");
        let written = machine.run(&Invocation::new(&["plan"]), Until::End);
        assert_eq!(written.stderr.contains("chmod 600 ovh.conf"), told, "mode {mode:o}: {written}");
    }
}
