//! What is logged of a run, to a file and to stdout.

use super::{Bench, one_service, two_services};

/// The lines of a run log in a file, each checked against the schema.
fn log_lines(path: &std::path::Path) -> Vec<serde_json::Value> {
    records(&std::fs::read_to_string(path).expect("a run log"))
}

/// The lines of a run log, each checked against the schema.
fn records(text: &str) -> Vec<serde_json::Value> {
    let schema = std::fs::read_to_string("schemas/run-log.schema.json").expect("the schema");
    let schema = serde_json::from_str(&schema).expect("JSON");
    let schema =
        jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema of its draft");
    assert!(text.ends_with('\n'), "the last line is cut off");
    let read = |(number, line): (usize, &str)| -> serde_json::Value {
        let record =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("line {number}: {error}: {line}"));
        let errors: Vec<String> = schema.iter_errors(&record).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "line {number} does not fit the schema: {}\n{line}", errors.join("\n"));
        record
    };
    text.lines().enumerate().map(read).collect()
}

/// The events of a run about a step, by their names.
fn events(lines: &[serde_json::Value], step: u64) -> Vec<&str> {
    lines.iter().filter(|it| it["step"] == step).filter_map(|it| it["event"].as_str()).collect()
}

#[test]
fn a_run_is_logged_as_it_happens() {
    let bench =
        Bench::new(&one_service().replace("        pop:", "        description: Paris\n        pop:"));
    let path = bench.folder.path().join("run.ndjson");
    let apply = ["apply", "--auto-approve", "--rate", "0", "--log-file", "run.ndjson"];
    bench.run(&apply).exits(0);
    let lines = log_lines(&path);
    let (first, last) = (&lines[0], &lines[lines.len() - 1]);
    let steps = first["steps"].as_u64().expect("how many steps there are");
    assert_eq!((first["event"].as_str(), first["goal"].as_str()), (Some("run-started"), Some("apply")));
    assert_eq!(first["endpoint"], bench.endpoint);
    for step in 1..=steps {
        let mut kinds = events(&lines, step);
        kinds.retain(|kind| *kind != "step-task");
        assert_eq!(kinds, ["step-started", "step-called", "step-finished"], "of step {step}");
    }
    let of_calls: Vec<_> = lines.iter().filter(|it| it["event"] == "step-called").collect();
    assert!(of_calls.iter().all(|it| it["queryId"].is_string()), "a call has no query id: {of_calls:#?}");
    let without_task = of_calls.iter().filter(|it| it["task"].is_null()).count();
    assert_eq!(without_task, 1, "only the description needs no task: {of_calls:#?}");
    let finished = lines.iter().filter(|it| it["event"] == "step-finished");
    let unexplained = finished.filter(|it| it["taskSeconds"].is_null()).count();
    assert_eq!(unexplained, 1, "only the description is done by no task");
    let phases = last["phases"].as_array().expect("where the time went");
    let names: Vec<_> = phases.iter().map(|it| it["phase"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["read", "plan", "apply", "read", "plan"]);
    assert!(phases[2]["taskSeconds"].is_number(), "tasks were waited for: {}", phases[2]);
    assert!(phases[2]["requests"].as_u64() > Some(2 * steps), "each step calls and looks: {}", phases[2]);
    let ended = ["event", "done", "failed", "unknown", "skipped", "notStarted", "converged", "exit"];
    let ended: Vec<String> = ended.iter().map(|key| last[key].to_string()).collect();
    assert_eq!(ended, ["\"run-finished\"", &steps.to_string(), "0", "0", "0", "0", "true", "0"]);

    // The next run is appended, under a name of its own, also where there is nothing to do.
    bench.run(&apply).exits(0);
    let both = log_lines(&path);
    assert_eq!(both[..lines.len()], lines);
    let again = &both[lines.len()..];
    assert_eq!(again.len(), 2, "{again:#?}");
    assert!(again[0]["run"] == again[1]["run"] && again[0]["run"] != first["run"], "{again:#?}");
    assert_ne!(again[0]["planDigest"], first["planDigest"]);
}

#[test]
fn what_fails_is_logged_and_summed_up() {
    let bench = Bench::new(&two_services());
    let fault = ovhconnect::sim::Fault::always(ovhconnect::sim::Effect::Task(ovhconnect::sim::Fate::Error));
    bench.simulator.add_fault(fault.on("POST", "/ovhCloudConnect/*/config/pop/*/datacenter").times(1));
    let apply = ["apply", "--auto-approve", "--rate", "0", "--log-file", "run.ndjson"];
    let ended = bench.run(&apply).exits(4);
    let lines = log_lines(&bench.folder.path().join("run.ndjson"));
    let failed: Vec<_> = lines.iter().filter(|it| it["event"] == "step-failed").collect();
    let [failed] = failed[..] else { panic!("one step fails: {lines:#?}") };
    assert!(failed["error"]["task"].is_u64() && failed["error"]["queryId"].is_string(), "{failed:#}");
    let number = failed["step"].as_u64().expect("a number");
    let skipped: Vec<_> = lines.iter().filter(|it| it["event"] == "step-skipped").collect();
    assert!(!skipped.is_empty() && skipped.iter().all(|it| it["because"] == number), "{skipped:#?}");
    let last = &lines[lines.len() - 1];
    assert_eq!((&last["converged"], &last["exit"]), (&false.into(), &4.into()), "{last:#}");
    for said in ["FAILED", &format!("because of #{number}"), "1 failed", "What became of each step"] {
        assert!(ended.stdout().contains(said), "{said:?} is missing:\n{}", ended.stdout());
    }
    bench.run(&apply).exits(0);
}

#[test]
fn a_program_reads_the_run_from_stdout_and_a_person_from_stderr() {
    let bench = Bench::new(&two_services());
    let apply = ["apply", "--auto-approve", "--rate", "0", "--format", "json", "--log-file", "run.ndjson"];
    let ended = bench.run(&apply).exits(0);
    let lines = records(&ended.stdout());
    assert_eq!(lines, log_lines(&bench.folder.path().join("run.ndjson")), "stdout and the file differ");
    let (first, last) = (&lines[0], &lines[lines.len() - 1]);
    assert_eq!((&first["event"], &first["summary"]["create"]), (&"run-started".into(), &8.into()));
    assert_eq!((&last["event"], &last["converged"]), (&"run-finished".into(), &true.into()));
    for said in ["Plan: 8 to create.", "Converged"] {
        assert!(ended.stderr().contains(said), "{said:?} is missing:\n{}", ended.stderr());
    }

    // What is refused is told as well.
    let destroy = ["destroy", "--format", "json", "--max-deletes", "1"];
    let refused = bench.run(&destroy).exits(3);
    let [line] = &records(&refused.stdout())[..] else { panic!("one line: {}", refused.stdout()) };
    assert_eq!((&line["event"], &line["summary"]["delete"]), (&"run-refused".into(), &8.into()));
    assert_eq!(line["exit"], 3);
    let reason = line["reasons"][0].as_str().expect("a reason");
    assert!(refused.stderr().contains(reason), "{reason:?} is not in:\n{}", refused.stderr());
    let unasked = bench.run(&["destroy", "--format", "json"]).exits(3);
    assert_eq!(records(&unasked.stdout())[0]["reasons"], serde_json::json!(["not approved"]));
}

#[test]
fn a_log_that_cannot_be_opened_stops_everything() {
    let bench = Bench::new(&one_service());
    let ended = bench.run(&["apply", "--auto-approve", "--log-file", "no/such/folder/run.ndjson"]).exits(1);
    assert!(ended.stderr().contains("no/such/folder/run.ndjson"), "{}", ended.stderr());
    assert_eq!(bench.simulator.log(), []);
}
