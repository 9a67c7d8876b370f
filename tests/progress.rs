//! What is seen of an apply while it runs: on a terminal, and in a pipeline's log.

#[path = "support/terminal.rs"]
mod terminal;

use std::num::NonZero;
use std::process::{Command, Stdio};

use jiff::Timestamp;

const TOPOLOGY: &str = "version: 1
allow: [OCC122]
vracks:
  pn-1:
    services:
      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
        pop: {type: l3, customerBgpArea: 65001, ovhBgpArea: 65002, subnet: 172.16.0.0/30}
      0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02:
        pop: {type: l3, customerBgpArea: 65001, ovhBgpArea: 65002, subnet: 172.16.0.4/30}
    datacenters:
      GRA: {ovhBgpArea: 65010, subnet: 10.1.0.0/24}
";

/// A folder with a topology, and with the log of an earlier run.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("topology.yaml"), TOPOLOGY).expect("a file");
    let rehearsed = apply(&folder, &["--log-file", "runs.ndjson"]).output().expect("the program runs");
    assert!(rehearsed.status.success(), "{}", String::from_utf8_lossy(&rehearsed.stderr));
    folder
}

/// The program, about to apply the topology to a simulated account.
fn apply(folder: &tempfile::TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ovhconnect"));
    command
        .args(["apply", "--simulate", "--auto-approve"])
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .stdin(Stdio::null());
    command
}

/// Everything that a terminal shows in the end, and everything that it ever showed.
fn watched(folder: &tempfile::TempDir, columns: u16, arguments: &[&str]) -> (String, Vec<String>) {
    let mut command = apply(folder, arguments);
    command.env("TERM", "xterm-256color");
    let written = terminal::run(command, columns, |command, terminal| {
        command.stdout(Stdio::null()).stderr(terminal);
    });
    let rows = NonZero::new(50).expect("rows");
    let mut screen = vt100::Parser::new(rows, NonZero::new(columns).expect("columns"), 0);
    let mut seen = Vec::new();
    for line in written.split_inclusive(|byte| *byte == b'\n') {
        screen.process(line);
        seen.push(screen.screen().contents());
    }
    (screen.screen().contents(), seen)
}

/// That it is a rehearsal, and how long it is expected to take.
const BEFORE: usize = 2;

#[test]
fn a_terminal_shows_what_runs_and_keeps_what_is_over() {
    let folder = folder();
    for columns in [40, 80, 120] {
        let (shown, seen) = watched(&folder, columns, &["--timings", "runs.ndjson"]);
        let whole = if columns < 80 { "2/5" } else { "2 of 5 steps done" };
        for running in [whole, "create pop of service", "of ~0:0", " left"] {
            let running = if columns < 80 { running.replace("of ~", "/~") } else { running.to_owned() };
            assert!(
                seen.iter().any(|it| it.contains(&running)),
                "at {columns} columns {running:?} was never seen:\n{}",
                seen.join("\n--------\n")
            );
        }
        assert!(!shown.contains(['━', '─']), "something of the frame is left:\n{shown}");
        let over: Vec<&str> = shown.lines().filter(|line| line.starts_with("00:00:0")).collect();
        assert_eq!(over.len(), 5, "a line for each step:\n{shown}");
        // A line that is too long goes on below itself.
        let others = shown.lines().filter(|line| !line.starts_with("00:00:0"));
        let stray = others.skip(BEFORE).find(|line| !line.starts_with("               "));
        assert_eq!(stray, None, "between them:\n{shown}");
    }
}

#[test]
fn nothing_is_expected_that_was_not_measured() {
    let folder = folder();
    let (_, seen) = watched(&folder, 80, &[]);
    // Before the first step is done there is nothing to go by.
    let early = seen.iter().filter(|it| it.contains("0 of 5 steps done"));
    assert!(early.clone().count() > 0, "{}", seen.join("\n--------\n"));
    for frame in early {
        assert!(!frame.contains('~') && !frame.contains("left"), "{frame}");
    }
}

/// What the program writes to stderr in a pipe.
fn logged(folder: &tempfile::TempDir, environment: &[(&str, &str)]) -> String {
    let output = apply(folder, &["--timings", "runs.ndjson"])
        .envs(environment.iter().copied())
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[test]
fn a_pipeline_gets_a_line_with_the_time_for_each_change_of_state() {
    let folder = folder();
    let log = logged(&folder, &[]);
    assert!(!log.contains('\u{1b}'), "{log}");
    let lines: Vec<&str> = log.lines().skip(BEFORE).collect();
    for line in &lines {
        let time = line.split(' ').next().unwrap_or_default();
        assert!(time.parse::<Timestamp>().is_ok(), "no time: {line}\n{log}");
    }
    let of_first: Vec<&str> =
        lines.iter().filter_map(|line| line.split_once("    #1  ")).map(|it| it.1).collect();
    let [begun, task, doing, done] = of_first[..] else { panic!("four lines about the first step:\n{log}") };
    assert!(begun.starts_with("attach service ") && begun.ends_with(" expected"), "{begun}");
    assert!(task.starts_with("task "), "{task}");
    assert!(doing.ends_with("is `doing`"), "{doing}");
    assert!(done.contains(": done in ") && done.contains(" of 5 steps done"), "{done}");
}

#[test]
fn a_pipeline_that_folds_is_told_what_to_fold() {
    let folder = folder();
    let log = logged(&folder, &[("GITHUB_ACTIONS", "true")]);
    let lines: Vec<&str> = log.lines().skip(BEFORE).collect();
    assert_eq!(
        (lines.first(), lines.last()),
        (Some(&"::group::Apply: 5 steps"), Some(&"::endgroup::")),
        "{log}"
    );

    let log = logged(&folder, &[("GITLAB_CI", "true")]);
    let lines: Vec<&str> = log.lines().skip(BEFORE).collect();
    let (first, last) = (lines[0], lines[lines.len() - 1]);
    let number = |line: &str, what: &str| {
        let (seconds, rest) = line.strip_prefix(&format!("\u{1b}[0Ksection_{what}:"))?.split_once(':')?;
        Some((seconds.parse::<u64>().ok()?, rest.to_owned()))
    };
    let begun = number(first, "start").unwrap_or_else(|| panic!("no section begins:\n{log:?}"));
    let ended = number(last, "end").unwrap_or_else(|| panic!("no section ends:\n{log:?}"));
    assert_eq!(begun.1, "ovhconnect_steps\r\u{1b}[0KApply: 5 steps");
    assert_eq!(ended.1, "ovhconnect_steps\r\u{1b}[0K");
    assert!(ended.0 >= begun.0, "{log:?}");
}

#[test]
fn a_log_that_is_none_stops_everything() {
    let folder = folder();
    for (log, said) in [("topology.yaml", "not a run log"), ("nowhere.ndjson", "cannot be read")] {
        let output = apply(&folder, &["--timings", log]).output().expect("the program runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(said) && stderr.contains(log), "{stderr}");
    }
}
