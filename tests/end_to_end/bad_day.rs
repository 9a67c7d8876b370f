//! The program itself on a bad day: killed, interrupted, kept waiting, and not told what it asks for.
//!
//! The simulator's clock stands almost still: what happens next is the test's to say.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use ovhconnect::sim::{Effect, Fault};

use super::{Bench, Ended, FIRST, SECOND, kind, two_services};

/// A task of 20 s takes most of a day, unless the test makes time pass.
const ALMOST_STILL: f64 = 0.001;
/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the topology of two services is made of: 2 memberships, 2 PoPs, 2 datacenters, 2 extras.
const RESOURCES: usize = 8;

impl Bench {
    fn standing_still() -> Self {
        Self::at_speed(&two_services(), ALMOST_STILL)
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }

    /// Lets time pass until the program ends.
    fn let_pass(&self, mut program: Child) -> Ended {
        let begun = Instant::now();
        while program.try_wait().expect("a child").is_none() {
            assert!(
                begun.elapsed() < PATIENCE,
                "the program does not end; asked so far:\n{:#?}",
                self.mutations()
            );
            self.simulator.skip(Duration::from_secs(1));
            std::thread::yield_now();
        }
        Ended(program.wait_with_output().expect("a child"))
    }

    /// Applies while time passes, and plans again.
    fn apply_in_passing(&self) {
        self.let_pass(self.start(&["apply", "--auto-approve", "--allow-disruption", "--rate", "0"])).exits(0);
        self.run(&["plan", "--detailed-exitcode", "--rate", "0"]).exits(0);
    }

    /// How many configurations and memberships were begun.
    fn begun(&self) -> usize {
        self.simulator.log().iter().filter(|entry| entry.method == "POST" && entry.handled).count()
    }

    /// Lets time pass, if `passing`, until so many things were begun.
    fn until_begun(&self, count: usize, passing: bool) {
        let begun = Instant::now();
        while self.begun() < count {
            assert!(begun.elapsed() < PATIENCE, "only {} of {count} were begun", self.begun());
            if passing {
                self.simulator.skip(Duration::from_secs(1));
            }
            std::thread::yield_now();
        }
    }
}

/// A signal as a terminal or an init system sends it.
fn signal(program: &Child, name: &str) {
    let status = Command::new("kill").args(["-s", name, &program.id().to_string()]).status();
    assert!(status.expect("kill is there").success(), "the program is gone already");
}

/// Reads stderr up to the line that has `words`.
fn until_said(stderr: &mut BufReader<ChildStderr>, words: &str) -> String {
    let mut said = String::new();
    while !said.contains(words) {
        let read = stderr.read_line(&mut said).expect("text");
        assert_ne!(read, 0, "the program never said {words:?}:\n{said}");
    }
    said
}

fn rest(mut stderr: BufReader<ChildStderr>) -> String {
    let mut said = String::new();
    stderr.read_to_string(&mut said).expect("text");
    said
}

#[test]
fn killed_after_any_call_it_converges_and_nothing_is_double() {
    for calls in 1..=RESOURCES {
        let bench = Bench::standing_still();
        let mut program = bench.start(&["apply", "--auto-approve", "--rate", "0"]);
        bench.until_begun(calls, true);
        program.kill().expect("it runs");
        program.wait().expect("it ends");
        bench.apply_in_passing();
        assert_eq!(bench.begun(), RESOURCES, "killed after {calls} calls, it made\n{:#?}", bench.mutations());
    }
}

#[test]
fn the_first_signal_waits_for_what_is_in_flight() {
    for name in ["INT", "TERM"] {
        let bench = Bench::standing_still();
        let mut program = bench.start(&["apply", "--auto-approve", "--rate", "0"]);
        let mut stderr = BufReader::new(program.stderr.take().expect("piped"));
        bench.until_begun(2, false);
        signal(&program, name);
        until_said(&mut stderr, "nothing new is started");
        let ended = bench.let_pass(program).exits(130);
        assert!(ended.stdout().contains("not started"), "SIG{name}:\n{}", ended.stdout());
        assert_eq!(bench.begun(), 2, "SIG{name}: {:#?}", bench.mutations());
        bench.apply_in_passing();
        assert_eq!(bench.begun(), RESOURCES, "SIG{name}: {:#?}", bench.mutations());
    }
}

#[test]
fn the_second_signal_leaves_at_once_and_says_what_is_in_flight() {
    let bench = Bench::standing_still();
    let mut program = bench.start(&["apply", "--auto-approve", "--rate", "0"]);
    let mut stderr = BufReader::new(program.stderr.take().expect("piped"));
    bench.until_begun(2, false);
    signal(&program, "INT");
    until_said(&mut stderr, "nothing new is started");
    signal(&program, "TERM");
    // No time passes: it does not wait for the tasks.
    assert_eq!(program.wait().expect("it ends").code(), Some(130));
    let said = rest(stderr);
    let in_flight = said.lines().filter(|line| line.contains("attach service")).count();
    assert!(said.contains("still in flight") && in_flight == 2, "{said}");
    bench.apply_in_passing();
    assert_eq!(bench.begun(), RESOURCES, "{:#?}", bench.mutations());
}

#[test]
fn what_someone_else_began_is_named_and_waited_for_or_refused() {
    let bench = Bench::standing_still();
    let mut other = bench.start(&["apply", "--auto-approve", "--rate", "0"]);
    bench.until_begun(2, false);
    other.kill().expect("it runs");
    other.wait().expect("it ends");
    let refused = bench.run(&["apply", "--auto-approve", "--busy", "fail", "--rate", "0"]).exits(3);
    assert!(refused.stderr().contains("--busy fail"), "{}", refused.stderr());
    assert!(refused.stderr().contains("task"), "it names no task:\n{}", refused.stderr());
    assert_eq!(bench.begun(), 2, "{:#?}", bench.mutations());
    bench.apply_in_passing();
    assert_eq!(bench.begun(), RESOURCES, "{:#?}", bench.mutations());
}

#[test]
fn two_applies_at_once_make_nothing_double() {
    let bench = Bench::standing_still();
    let programs = [(); 2].map(|()| bench.start(&["apply", "--auto-approve", "--rate", "0"]));
    for program in programs {
        let ended = bench.let_pass(program);
        let code = ended.0.status.code();
        // Converged, or left something undone and said what.
        assert!(matches!(code, Some(0 | 1 | 4)), "exit code {code:?}\n{}", ended.stderr());
    }
    bench.apply_in_passing();
    assert_eq!(
        bench
            .simulator
            .log()
            .iter()
            .filter(|entry| { entry.method == "POST" && entry.status == Some(200) })
            .count(),
        RESOURCES,
        "{:#?}",
        bench.mutations()
    );
}

/// Both PoPs of a vRack are replaced, one after the other, while the status of sessions is refused.
fn roll_without_status(gate: &str) -> (Bench, Ended) {
    let bench = Bench::standing_still();
    bench.apply_in_passing();
    bench.simulator.clear_log();
    bench.write(&two_services().replace("customerBgpArea: 65001", "customerBgpArea: 65003"));
    let refused = Fault::always(Effect::Status { code: 403, retry_after: None, handled: false });
    bench.simulator.add_fault(refused.on("GET", "/ovhCloudConnect/*/config/pop/*/status"));
    let arguments = ["apply", "--auto-approve", "--allow-disruption", "--rate", "0", "--health-gate", gate];
    let ended = bench.let_pass(bench.start(&arguments));
    (bench, ended)
}

fn asked_for_status(bench: &Bench) -> usize {
    bench.simulator.log().iter().filter(|entry| kind(&entry.path).ends_with("status")).count()
}

#[test]
fn where_the_health_of_sessions_is_refused_auto_says_so_once_and_goes_on() {
    let (bench, ended) = roll_without_status("auto");
    let ended = ended.exits(0);
    let said = ended.stderr().matches("does not tell whether sessions are up").count();
    assert_eq!(said, 1, "{}", ended.stderr());
    assert!(asked_for_status(&bench) > 0, "it was never asked for");
}

#[test]
fn where_the_health_of_sessions_is_refused_on_touches_no_pop() {
    let (bench, ended) = roll_without_status("on");
    let ended = ended.exits(1);
    assert_eq!(bench.mutations(), [""; 0]);
    assert!(ended.stdout().contains("cannot be read, so it is not deleted"), "{}", ended.stdout());
}

#[test]
fn nobody_asks_for_the_health_of_sessions_where_the_gate_is_off() {
    let (bench, ended) = roll_without_status("off");
    ended.exits(0);
    assert_eq!(asked_for_status(&bench), 0);
}

/// Both PoPs of a vRack are to be replaced, one after the other, while no light arrives at the port of one.
fn roll_with_dark_port(dark: &str, gate: &str) -> (Bench, Ended) {
    let bench = Bench::standing_still();
    bench.apply_in_passing();
    bench.simulator.clear_log();
    bench.write(&two_services().replace("customerBgpArea: 65001", "customerBgpArea: 65003"));
    let service = dark.parse().expect("a uuid");
    let ports = bench.simulator.world().interfaces(service).expect("it is there");
    bench.simulator.world().set_dark(ports[0].id, true);
    let arguments = ["apply", "--auto-approve", "--allow-disruption", "--rate", "0"];
    let gate = ["--health-gate", gate, "--health-timeout", "0"];
    let ended = bench.let_pass(bench.start(&[&arguments[..], &gate].concat()));
    (bench, ended)
}

#[test]
fn where_the_session_of_a_new_pop_does_not_come_up_no_other_pop_is_touched() {
    let (bench, ended) = roll_with_dark_port(SECOND, "auto");
    let ended = ended.exits(4);
    assert_eq!(bench.mutations(), ["DELETE ovhCloudConnect/config/pop", "POST ovhCloudConnect/config/pop"]);
    let said = ended.stdout();
    for words in ["its BGP session is not up after 0 s", "because of #2", "1 failed", "2 skipped"] {
        assert!(said.contains(words), "{words:?} is missing:\n{said}");
    }
}

#[test]
fn the_last_session_that_is_up_is_not_taken_down() {
    let (bench, ended) = roll_with_dark_port(FIRST, "auto");
    let ended = ended.exits(1);
    assert_eq!(bench.mutations(), [""; 0]);
    let said = ended.stdout();
    for words in ["the last of the vRack that is up", "because of #1", "1 failed", "3 skipped"] {
        assert!(said.contains(words), "{words:?} is missing:\n{said}");
    }
    assert!(ended.stderr().contains("waiting for another one"), "{}", ended.stderr());
}

#[test]
fn where_the_gate_is_off_sessions_go_as_the_plan_says() {
    let (bench, ended) = roll_with_dark_port(FIRST, "off");
    ended.exits(0);
    assert_eq!(bench.mutations().len(), 4, "{:#?}", bench.mutations());
}

/// An apply whose calls of this kind are all refused.
fn apply_refused(route: &str) -> (Bench, Ended) {
    let bench = Bench::standing_still();
    let refused = Fault::always(Effect::Status { code: 403, retry_after: None, handled: false });
    bench.simulator.add_fault(refused.on("POST", route));
    let ended = bench.let_pass(bench.start(&["apply", "--auto-approve", "--rate", "0"]));
    (bench, ended)
}

#[test]
fn the_exit_code_says_whether_anything_was_changed() {
    let (bench, ended) = apply_refused("/vrack/*/ovhCloudConnect");
    let ended = ended.exits(1);
    assert_eq!(bench.begun(), 0, "{:#?}", bench.mutations());
    assert!(ended.stdout().contains("2 failed"), "{}", ended.stdout());

    let (bench, ended) = apply_refused("/ovhCloudConnect/*/config/pop");
    let ended = ended.exits(4);
    assert_eq!(bench.begun(), 2, "{:#?}", bench.mutations());
    assert!(ended.stdout().contains("2 failed"), "{}", ended.stdout());
}
