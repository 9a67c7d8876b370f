//! The program itself, over HTTP, against the simulator: what the exit codes and the request log say.

#[path = "end_to_end/bad_day.rs"]
mod bad_day;
#[path = "end_to_end/run_log.rs"]
mod run_log;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use ovhconnect::rehearsal;
use ovhconnect::sim::clock::SystemClock;
use ovhconnect::sim::{Effect, Fault, Options, PortStatus, Simulator, World, serve};
use ovhconnect::topology::files;

const FIRST: &str = "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01";
const SECOND: &str = "0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02";
/// A task of 20 s takes a tenth of a second.
const SPEED: f64 = 200.0;

/// A folder with a topology in it, a simulator that serves the account it needs, and the program.
struct Bench {
    folder: tempfile::TempDir,
    simulator: Arc<Simulator>,
    endpoint: String,
    _runtime: tokio::runtime::Runtime,
}

impl Bench {
    /// An account made from `topology`, with nothing configured.
    fn new(topology: &str) -> Self {
        Self::at_speed(topology, SPEED)
    }

    /// The same, with a simulator whose time runs `speed` times as fast as ours.
    fn at_speed(topology: &str, speed: f64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("topology.yaml"), topology).expect("a file");
        let loaded = files::load(&[folder.path()]);
        let account = rehearsal::account_for(&loaded.topology);
        let clock = Arc::new(SystemClock::scaled(speed));
        let simulator =
            Arc::new(Simulator::new(&account, Options::default(), clock).expect("a valid account"));
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let endpoint = format!("http://{}/1.0", listener.local_addr().expect("an address"));
        runtime.spawn(serve::serve(listener, Arc::clone(&simulator)));
        Self { folder, simulator, endpoint, _runtime: runtime }
    }

    fn write(&self, topology: &str) {
        std::fs::write(self.folder.path().join("topology.yaml"), topology).expect("a file");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let credentials = self.simulator.credentials();
        let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_ovhconnect")));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("OVH_ENDPOINT", &self.endpoint)
            .env("OVH_APPLICATION_KEY", &credentials.application_key)
            .env("OVH_APPLICATION_SECRET", &credentials.application_secret)
            .env("OVH_CONSUMER_KEY", &credentials.consumer_key);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        Ended(self.command(arguments).output().expect("the program runs"))
    }

    fn apply(&self) {
        self.run(&["apply", "--auto-approve", "--allow-disruption", "--rate", "0"]).exits(0);
        self.run(&["plan", "--detailed-exitcode", "--rate", "0"]).exits(0);
    }

    /// The mutations since the log was cleared, without the ids: `POST config/pop` and the like.
    fn mutations(&self) -> Vec<String> {
        let log = self.simulator.log();
        let mutations = log.iter().filter(|entry| entry.is_mutation());
        mutations.map(|entry| format!("{} {}", entry.method, kind(&entry.path))).collect()
    }
}

/// What a route is about: its words without its ids.
fn kind(path: &str) -> String {
    let is_word = |part: &&str| !part.is_empty() && !part.chars().any(|c| c.is_ascii_digit());
    path.split('/').filter(is_word).collect::<Vec<_>>().join("/")
}

struct Ended(Output);

impl Ended {
    #[track_caller]
    fn exits(self, code: i32) -> Self {
        let found = self.0.status.code();
        assert_eq!(
            found,
            Some(code),
            "exit code\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout(),
            self.stderr()
        );
        self
    }

    fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}

fn l3_service(service: &str, subnet: &str) -> String {
    format!(
        "      {service}:\n        pop: {{type: l3, customerBgpArea: 65001, ovhBgpArea: 65002, subnet: {subnet}}}\n"
    )
}

const DATACENTERS: &str = "    datacenters:
      GRA:
        ovhBgpArea: 65010
        subnet: 10.1.0.0/24
        extra:
          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}
      RBX:
        ovhBgpArea: 65010
        subnet: 10.2.0.0/24
        extra:
          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.2.0.10}
";

fn two_services() -> String {
    let services = l3_service(FIRST, "172.16.0.0/30") + &l3_service(SECOND, "172.16.0.4/30");
    format!("version: 1\nvracks:\n  pn-1:\n    services:\n{services}{DATACENTERS}")
}

#[test]
fn what_is_exported_plans_to_nothing_and_is_not_overwritten() {
    let bench = Bench::new(&two_services());
    bench.apply();
    bench.simulator.clear_log();
    let said = bench.run(&["export", "--out", "live.yaml"]).exits(0).stderr();
    assert!(said.contains("Exported 1 vRack, 2 services and 2 datacenters to live.yaml."), "{said}");
    bench.run(&["plan", "live.yaml", "--detailed-exitcode"]).exits(0);
    bench.run(&["fmt", "--check", "live.yaml"]).exits(0);
    let again = bench.run(&["export", "--service", FIRST, "--out", "live.yaml"]).exits(3);
    assert!(again.stderr().contains("live.yaml is there already"), "{}", again.stderr());
    bench.run(&["export", "--service", FIRST, "--out", "live.yaml", "--force"]).exits(0);
    bench.run(&["plan", "live.yaml", "--detailed-exitcode"]).exits(0);
    let json = bench.run(&["export", "--vrack", "pn-1", "--format", "json"]).exits(0).stdout();
    let document: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let schema = std::fs::read_to_string("schemas/export.schema.json").expect("the schema");
    let schema = serde_json::from_str(&schema).expect("JSON");
    jsonschema::validate(&schema, &document).unwrap_or_else(|error| panic!("{error}\n{json}"));
    std::fs::write(bench.folder.path().join("live.json"), document["topology"].to_string()).expect("a file");
    bench.run(&["plan", "live.json", "--detailed-exitcode"]).exits(0);
    assert_eq!(bench.mutations(), Vec::<String>::new(), "nothing is changed");
}

fn one_service() -> String {
    let services = l3_service(FIRST, "172.16.0.0/30");
    format!("version: 1\nvracks:\n  pn-1:\n    services:\n{services}{DATACENTERS}")
}

const NO_SERVICE: &str = "version: 1\nvracks:\n  pn-1:\n    services: {}\n";

/// How many of `mutations` come before the first that is `first`, and none of them is of a kind that
/// `first` must precede.
#[track_caller]
fn assert_in_order(mutations: &[String], kinds: &[&str]) {
    let rank = |mutation: &String| {
        let found = kinds.iter().position(|kind| kind == mutation);
        found.unwrap_or_else(|| panic!("{mutation} was not expected in {mutations:#?}"))
    };
    let ranks: Vec<usize> = mutations.iter().map(rank).collect();
    assert!(ranks.is_sorted(), "not in the order {kinds:?}: {mutations:#?}");
    let missing: Vec<_> = kinds.iter().filter(|kind| !mutations.iter().any(|it| it == *kind)).collect();
    assert!(missing.is_empty(), "missing {missing:?} in {mutations:#?}");
}

const DELETE_EXTRA: &str = "DELETE ovhCloudConnect/config/pop/datacenter/extra";
const DELETE_DATACENTER: &str = "DELETE ovhCloudConnect/config/pop/datacenter";
const DELETE_POP: &str = "DELETE ovhCloudConnect/config/pop";
const DETACH: &str = "DELETE vrack/ovhCloudConnect";

#[test]
fn what_is_deleted_behind_its_back_is_one_create() {
    let bench = Bench::new(&two_services());
    bench.apply();
    {
        let service = FIRST.parse().unwrap();
        let mut world = bench.simulator.world();
        let datacenter = world.datacenter_ids("pn-1")[0];
        let pop = world.pops(service).unwrap()[0].id;
        let extra = world.extras(service, pop, datacenter).unwrap()[0].id;
        world.erase_extra(extra);
    }
    let drifted = bench.run(&["plan", "--detailed-exitcode"]).exits(2);
    assert!(drifted.stdout().contains("Plan: 1 to create, "), "{}", drifted.stdout());
    bench.simulator.clear_log();
    bench.apply();
    assert_eq!(bench.mutations(), ["POST ovhCloudConnect/config/pop/datacenter/extra"]);
}

#[test]
fn destroy_deletes_children_first_and_leaves_the_vrack_empty() {
    let bench = Bench::new(&two_services());
    bench.apply();
    bench.simulator.clear_log();
    bench.run(&["destroy", "--auto-approve", "--rate", "0"]).exits(0);
    assert_in_order_by_service(&bench);
    let world = bench.simulator.world();
    assert_eq!(world.datacenter_ids("pn-1"), [0_u64; 0]);
    assert_eq!(world.attached("pn-1").unwrap(), []);
}

/// Extras, then datacenters, then PoPs; and of each service the PoP before the membership.
#[track_caller]
fn assert_in_order_by_service(bench: &Bench) {
    let mutations = bench.mutations();
    let configurations: Vec<String> = mutations.iter().filter(|it| *it != DETACH).cloned().collect();
    assert_in_order(&configurations, &[DELETE_EXTRA, DELETE_DATACENTER, DELETE_POP]);
    let log = bench.simulator.log();
    for service in [FIRST, SECOND] {
        let of_service = log.iter().filter(|it| it.is_mutation() && it.path.contains(service));
        let own: Vec<String> = of_service.map(|it| format!("{} {}", it.method, kind(&it.path))).collect();
        let last_two: Vec<&str> = own.iter().rev().take(2).rev().map(String::as_str).collect();
        assert_eq!(last_two, [DELETE_POP, DETACH], "of service {service}: {own:#?}");
    }
}

#[test]
fn one_of_two_services_goes_without_a_datacenter() {
    let bench = Bench::new(&two_services());
    bench.apply();
    bench.simulator.clear_log();
    bench.write(&one_service());
    bench.apply();
    assert_eq!(bench.mutations(), [DELETE_POP, DETACH]);

    // And the last one takes everything down in order.
    bench.simulator.clear_log();
    bench.write(NO_SERVICE);
    bench.apply();
    assert_in_order(&bench.mutations(), &[DELETE_EXTRA, DELETE_DATACENTER, DELETE_POP, DETACH]);
}

#[test]
fn l2_becomes_l3_in_the_right_order() {
    let l2 = format!(
        "version: 1\nvracks:\n  pn-1:\n    services:\n      {FIRST}:\n        pop: {{type: l2, datacenter: RBX}}\n"
    );
    let bench = Bench::new(&l2);
    bench.apply();
    bench.simulator.clear_log();
    bench.write(&one_service());
    bench.apply();
    assert_in_order(
        &bench.mutations(),
        &[
            DELETE_DATACENTER,
            DELETE_POP,
            "POST ovhCloudConnect/config/pop",
            "POST ovhCloudConnect/config/pop/datacenter",
            "POST ovhCloudConnect/config/pop/datacenter/extra",
        ],
    );
}

#[test]
fn a_broken_topology_is_told_of_at_once_and_nothing_is_sent() {
    let bench = Bench::new(&one_service());
    bench.write(&format!(
        "version: 1\nvracks:\n  pn-1:\n    services:\n      {FIRST}:\n        pop: {{type: l3, customerBgpArea: 65001, ovhBgpArea: 65001, subnet: 172.16.0.0/29}}\n"
    ));
    for command in
        [&["validate"][..], &["plan"], &["apply", "--auto-approve"], &["destroy", "--auto-approve"]]
    {
        let ended = bench.run(command).exits(1);
        let told = ended.stdout() + &ended.stderr();
        for expected in
            ["topology.yaml:6:", "OCC", "ovhBgpArea: 65001", "172.16.0.0/29", "\nNot valid: 2 errors"]
        {
            assert!(told.contains(expected), "{command:?} does not say {expected:?}:\n{told}");
        }
    }
    assert_eq!(bench.simulator.log(), []);
}

#[test]
fn nobody_to_ask_means_no() {
    let bench = Bench::new(&one_service());
    let ended = bench.run(&["apply"]).exits(3);
    assert!(ended.stderr().contains("--auto-approve"), "it does not say what to do:\n{}", ended.stderr());
    assert_eq!(bench.mutations(), [""; 0]);
}

#[test]
fn an_error_of_the_api_says_everything_but_the_secret() {
    let bench = Bench::new(&one_service());
    let secret = "a-wrong-secret-0123456789";
    let output = bench.command(&["plan"]).env("OVH_APPLICATION_SECRET", secret).output().unwrap();
    let ended = Ended(output).exits(1);
    for expected in ["GET /", "400", "INVALID_SIGNATURE", "query id", "OVH_APPLICATION_SECRET"] {
        assert!(ended.stderr().contains(expected), "{expected:?} is missing:\n{}", ended.stderr());
    }
    assert!(!(ended.stdout() + &ended.stderr()).contains(secret), "the secret was printed");
}

#[test]
fn what_does_not_exist_is_told_with_what_does() {
    let bench = Bench::new(&one_service());
    bench.write(&one_service().replace("GRA", "GRZ"));
    let ended = bench.run(&["plan"]).exits(1);
    for expected in ["GRZ", "topology.yaml:", "OCC204", "RBX"] {
        assert!(ended.stderr().contains(expected), "{expected:?} is missing:\n{}", ended.stderr());
    }
    bench.write(&one_service().replace("pn-1", "pn-2"));
    let ended = bench.run(&["plan"]).exits(1);
    for expected in ["pn-2", "OCC202", "the account has pn-1"] {
        assert!(ended.stderr().contains(expected), "{expected:?} is missing:\n{}", ended.stderr());
    }
    assert_eq!(bench.mutations(), [""; 0]);
}

#[test]
fn a_wrong_command_line_exits_with_64() {
    let bench = Bench::new(&one_service());
    bench.run(&["plan", "--no-such-flag"]).exits(64);
    bench.run(&["--help"]).exits(0);
}

#[test]
fn warnings_change_nothing_unless_they_are_denied() {
    let bench = Bench::new(&one_service());
    // One that the files show, and one that only live state does.
    let dark = "OCC303";
    bench.simulator.world().set_port_status(1001, PortStatus::Disabled);
    let told = bench.run(&["plan"]).exits(0);
    for expected in ["warning[OCC121]", "warning[OCC303]", "topology.yaml:6:9"] {
        assert!(told.stderr().contains(expected), "{expected:?} is missing:\n{}", told.stderr());
    }
    assert!(!told.stdout().contains("warning"), "stdout is for the plan:\n{}", told.stdout());
    for command in [&["plan", "--out", "plan.json"][..], &["apply", "--auto-approve"]] {
        let refused = bench.run(&[command, &["--deny", "warnings"]].concat()).exits(3);
        assert!(refused.stderr().contains("--deny warnings"), "{}", refused.stderr());
    }
    assert!(!bench.folder.path().join("plan.json").exists(), "a plan that was refused was saved");
    assert_eq!(bench.mutations(), [""; 0]);

    bench.run(&["validate", "--deny", "warnings"]).exits(1);
    let files = ["OCC109", "OCC110", "OCC121", "OCC123"].map(|code| format!("--allow={code}"));
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    bench.run(&[&["validate", "--deny", "warnings"][..], &files].concat()).exits(0);
    let refused = bench.run(&[&["plan", "--deny", "warnings"][..], &files].concat()).exits(3);
    assert!(refused.stderr().contains("1 warning,"), "{}", refused.stderr());
    let silenced =
        bench.run(&[&["plan", "--deny", "warnings", "--allow", dark][..], &files].concat()).exits(0);
    assert_eq!(silenced.stderr(), "");

    // In the file it is the same, and what it silences is looked for.
    let allowed =
        |codes: &str| format!("allow: [OCC109, OCC110, OCC121, OCC123, {codes}]\n{}", one_service());
    bench.write(&allowed(dark));
    bench.run(&["plan", "--deny", "warnings"]).exits(0);
    bench.run(&["plan", "--out", "plan.json"]).exits(0);
    bench.write(&allowed("OCC303, OCC304"));
    bench.run(&["validate", "--deny", "warnings"]).exits(0);
    let vain = bench.run(&["plan"]).exits(0);
    assert!(vain.stderr().contains("`allow` silences no OCC304 here"), "{}", vain.stderr());

    // A saved plan was judged; that a port is put in service meanwhile does not make it another plan.
    bench.run(&["apply", "plan.json", "--deny", "warnings"]).exits(1);
    bench.simulator.world().set_port_status(1001, PortStatus::Enabled);
    bench.run(&["apply", "plan.json", "--auto-approve"]).exits(0);
}

#[test]
fn a_plan_does_not_depend_on_what_it_only_remarks_on() {
    let bench = Bench::new(&one_service());
    let refused = || Effect::Status { code: 403, retry_after: None, handled: false };
    bench.simulator.add_fault(Fault::always(refused()).on("GET", "/ovhCloudConnect/*/interface/**"));
    bench.simulator.add_fault(Fault::always(refused()).on("GET", "/ovhCloudConnect/*/interface"));
    bench.run(&["plan"]).exits(0);
}

#[test]
fn a_code_is_explained() {
    let bench = Bench::new(&one_service());
    let one = bench.run(&["explain", "occ030"]).exits(0);
    for expected in ["OCC030: the subnet", "is an error", "Source:", "-        pop:", "+        pop:"] {
        assert!(one.stdout().contains(expected), "{expected:?} is missing:\n{}", one.stdout());
    }
    let list = bench.run(&["explain"]).exits(0).stdout();
    let all = bench.run(&["explain", "--all", "--format", "markdown"]).exits(0).stdout();
    for rule in ovhconnect::topology::rules::all() {
        assert!(list.contains(rule.code) && all.contains(&format!("## {}", rule.code)), "{}", rule.code);
    }
    let unknown = bench.run(&["explain", "OCC30"]).exits(64);
    assert!(unknown.stderr().contains("did you mean `OCC030`?"), "{}", unknown.stderr());
    for (code, said) in [("OCC0101", "did you mean `OCC101`?"), ("OCC030", "is an error")] {
        let refused = bench.run(&["validate", "--allow", code]).exits(64);
        assert!(refused.stderr().contains(said), "{}", refused.stderr());
    }
}

#[test]
fn without_anybody_looking_nothing_live_is_disrupted() {
    let bench = Bench::new(&two_services());
    bench.apply();
    bench.simulator.clear_log();
    bench.write(&one_service());
    let ended = bench.run(&["apply", "--auto-approve"]).exits(3);
    assert!(ended.stderr().contains("--allow-disruption"), "it does not say what to do:\n{}", ended.stderr());
    assert_eq!(bench.mutations(), [""; 0]);
}

/// The two services, with the interfaces of these locked.
fn with_locked(services: &[&str]) -> String {
    services.iter().fold(two_services(), |text, service| {
        let key = format!("      {service}:\n");
        text.replace(&key, &format!("{key}        interface: {{state: disabled}}\n"))
    })
}

#[test]
fn an_interface_is_locked_and_unlocked_where_the_guards_let_it() {
    let bench = Bench::new(&two_services());
    bench.apply();
    bench.simulator.clear_log();
    bench.write(&with_locked(&[FIRST, SECOND]));
    let all_paths = bench.run(&["plan", "--deny", "last-path"]).exits(3);
    assert!(all_paths.stderr().contains("(--deny last-path)"), "{}", all_paths.stderr());
    bench.write(&with_locked(&[FIRST]));
    bench.run(&["plan", "--deny", "last-path", "--max-deletes", "0", "--deny", "replace"]).exits(0);
    let unseen = bench.run(&["apply", "--auto-approve"]).exits(3);
    assert!(unseen.stderr().contains("taken down with its interface"), "{}", unseen.stderr());
    bench.write(&with_locked(&[FIRST]).replace("        pop:", "        protect: true\n        pop:"));
    let protected = bench.run(&["apply", "--auto-approve", "--allow-disruption"]).exits(3);
    assert!(protected.stderr().contains("is locked), and"), "{}", protected.stderr());
    assert_eq!(bench.mutations(), [""; 0]);

    bench.write(&with_locked(&[FIRST]));
    bench.run(&["plan", "--out", "plan.json", "--rate", "0"]).exits(0);
    bench.run(&["apply", "plan.json", "--auto-approve", "--rate", "0"]).exits(0);
    bench.run(&["plan", "--detailed-exitcode", "--rate", "0"]).exits(0);
    assert_eq!(bench.mutations(), ["POST ovhCloudConnect/interface/lock"]);
    // What is exported keeps it locked, and plans to nothing.
    bench.run(&["export", "--out", "live.yaml"]).exits(0);
    let exported = std::fs::read_to_string(bench.folder.path().join("live.yaml")).expect("a file");
    assert_eq!(exported.matches("state: disabled").count(), 1, "{exported}");
    bench.run(&["plan", "live.yaml", "--detailed-exitcode"]).exits(0);
    // The interface of which nothing is said any more stays as it is.
    bench.write(&two_services());
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);

    bench.simulator.clear_log();
    bench.write(&with_locked(&[FIRST]).replace("disabled", "enabled"));
    bench.run(&["apply", "--auto-approve", "--rate", "0"]).exits(0);
    bench.run(&["plan", "--detailed-exitcode", "--rate", "0"]).exits(0);
    assert_eq!(bench.mutations(), ["POST ovhCloudConnect/interface/unlock"]);
}

#[test]
fn guards_refuse_before_anything_is_sent() {
    let bench = Bench::new(&two_services());
    bench.apply();
    bench.simulator.clear_log();
    let changed = one_service().replace("65001", "65009");
    for (topology, guard, said) in [
        (&*one_service(), &["--max-deletes", "1"][..], "at most 1"),
        (&one_service(), &["--deny", "delete"], "deleted (--deny delete)"),
        (&one_service(), &["--deny", "detach"], "detached (--deny detach)"),
        (&changed, &["--deny", "replace"], "replaced (--deny replace)"),
        (&changed, &["--deny", "delete", "--deny", "replace"], "replaced (--deny replace)"),
        (NO_SERVICE, &["--deny", "last-path"], "(--deny last-path)"),
    ] {
        bench.write(topology);
        for command in [&["plan"][..], &["apply", "--auto-approve", "--allow-disruption"]] {
            let ended = bench.run(&[command, guard].concat()).exits(3);
            assert!(ended.stderr().contains(said), "{guard:?}: {}", ended.stderr());
        }
    }
    assert_eq!(bench.mutations(), [""; 0]);

    bench.write(&one_service());
    bench.run(&["plan", "--max-deletes", "2", "--deny", "replace", "--deny", "last-path"]).exits(0);
    bench.run(&["plan", "--destroy", "--deny", "last-path"]).exits(3);

    bench.write(&one_service().replace("        pop:", "        protect: true\n        pop:"));
    bench.run(&["plan"]).exits(0);
    bench.write(
        &one_service()
            .replace("        pop:", "        protect: true\n        pop:")
            .replace("65001", "65009"),
    );
    let ended = bench.run(&["plan"]).exits(3);
    assert!(ended.stderr().contains("customerBgpArea"), "it does not say why:\n{}", ended.stderr());
    assert_eq!(bench.mutations(), [""; 0]);
}

#[test]
fn a_saved_plan_is_applied_exactly_once() {
    let bench = Bench::new(&one_service());
    bench.run(&["plan", "--out", "plan.json", "--rate", "0"]).exits(0);
    // What the topology says afterwards no longer matters.
    bench.write(NO_SERVICE);
    bench.run(&["apply", "plan.json", "--rate", "0"]).exits(0);
    bench.write(&one_service());
    bench.run(&["plan", "--detailed-exitcode", "--rate", "0"]).exits(0);

    bench.simulator.clear_log();
    let again = bench.run(&["apply", "plan.json", "--rate", "0"]).exits(1);
    assert!(again.stderr().contains("is there now"), "it does not say what moved:\n{}", again.stderr());

    let path = bench.folder.path().join("plan.json");
    let text = std::fs::read_to_string(&path).expect("the plan");
    std::fs::write(&path, text.replace("172.16.0.0/30", "172.16.0.8/30")).expect("a file");
    let edited = bench.run(&["apply", "plan.json"]).exits(1);
    assert!(edited.stderr().contains("checksum"), "{}", edited.stderr());
    std::fs::write(&path, &text[..text.len() / 2]).expect("a file");
    bench.run(&["apply", "plan.json"]).exits(1);
    assert_eq!(bench.mutations(), [""; 0]);
}

#[test]
fn a_saved_plan_is_known_whatever_it_is_called() {
    let bench = Bench::new(&one_service());
    bench.run(&["plan", "--out", "tonight.plan", "--rate", "0"]).exits(0);
    let refused = bench.run(&["plan", "tonight.plan"]).exits(1);
    assert!(refused.stderr().contains("is a saved plan"), "{}", refused.stderr());
    bench.run(&["apply", "tonight.plan", "--rate", "0"]).exits(0);
    bench.run(&["plan", "--detailed-exitcode", "--rate", "0"]).exits(0);
}

#[test]
fn a_saved_plan_is_for_the_api_and_the_account_it_was_made_for() {
    let bench = Bench::new(&one_service());
    bench.run(&["plan", "--out", "plan.json", "--rate", "0"]).exits(0);

    let other = Bench::new(&one_service());
    let plan = |bench: &Bench| bench.folder.path().join("plan.json");
    std::fs::copy(plan(&bench), plan(&other)).expect("a copy");
    let elsewhere = other.run(&["apply", "plan.json"]).exits(1);
    for said in [format!("made against {}", bench.endpoint), format!("endpoint is {}", other.endpoint)] {
        assert!(elsewhere.stderr().contains(&said), "{said:?} is missing:\n{}", elsewhere.stderr());
    }
    assert_eq!(other.mutations(), [""; 0]);

    // The same API, with the credentials of someone who has another vRack.
    other.write(&one_service().replace("pn-1", "pn-9"));
    let account = rehearsal::account_for(&files::load(&[other.folder.path()]).topology);
    *bench.simulator.world() = World::new(&account, Options::default()).expect("a valid account");
    let someone_else = bench.run(&["apply", "plan.json"]).exits(1);
    for said in ["there is no vRack pn-1 in this account", "pn-9"] {
        assert!(someone_else.stderr().contains(said), "{said:?} is missing:\n{}", someone_else.stderr());
    }
    assert_eq!(bench.mutations(), [""; 0]);
}

#[test]
fn a_saved_plan_fits_its_schema_and_holds_no_secret() {
    let bench = Bench::new(&two_services());
    bench.run(&["plan", "--out", "first.json", "--rate", "0"]).exits(0);
    bench.apply();
    bench.write(&one_service().replace("10.1.0", "10.9.0"));
    bench.run(&["plan", "--out", "second.json", "--rate", "0"]).exits(0);
    let read = |path: PathBuf| -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("JSON")
    };
    let schema = jsonschema::validator_for(&read("schemas/saved-plan.schema.json".into())).expect("a schema");
    for name in ["first.json", "second.json"] {
        let plan = read(bench.folder.path().join(name));
        let errors: Vec<String> =
            schema.iter_errors(&plan).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{name} does not fit its schema:\n{}", errors.join("\n"));
        let secret = &bench.simulator.credentials().application_secret;
        assert!(!plan.to_string().contains(secret.as_str()), "{name} holds a secret");
    }
}

#[test]
fn only_one_service_and_what_it_needs() {
    let bench = Bench::new(&two_services());
    let one = format!("pn-1/service/{SECOND}");
    bench.run(&["apply", "--auto-approve", "--only", &one, "--rate", "0"]).exits(0);
    assert_eq!(bench.mutations(), ["POST vrack/ovhCloudConnect", "POST ovhCloudConnect/config/pop"]);
    let ended = bench.run(&["plan", "--only", "pn-1/datacenter/GRA"]).exits(1);
    assert!(ended.stderr().contains("--only pn-1"), "it does not say what to ask for:\n{}", ended.stderr());
    bench.run(&["plan", "--only", "pn-7"]).exits(1);
    bench.run(&["apply", "--auto-approve", "--only", "pn-1", "--rate", "0"]).exits(0);
    bench.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn an_assigned_asn_is_asked_for_where_a_router_needs_it() {
    let bench = Bench::new(&one_service().replacen(
        "        ovhBgpArea: 65010\n        subnet: 10.2",
        "        subnet: 10.2",
        1,
    ));
    bench.apply();
    let asked = ["router", "--at", "datacenter", "--only", "pn-1/datacenter/RBX", "--format", "junos"];
    let ended = bench.run(&asked).exits(1);
    assert!(ended.stderr().contains("--live"), "it does not say how to learn it:\n{}", ended.stderr());
    let ended = bench.run(&[&asked[..], &["--live", "--rate", "0"]].concat()).exits(0);
    let peers = ended.stdout().matches("peer-as 35540").count();
    assert_eq!(peers, 2, "not both devices have it:\n{}", ended.stdout());
}
