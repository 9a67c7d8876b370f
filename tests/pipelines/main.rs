//! The pipelines in `examples/ci` do what they are for: the shell of each step is run, in the order in which
//! the forge would run it, with the program and a simulator. `gh`, `curl` and `cargo` are played by scripts
//! in `bin`, which write down what they are asked and answer out of files.
//!
//! What runs a step needs `jq`, as the steps do, and is ignored unless it is asked for:
//! `cargo test --test pipelines -- --include-ignored`. `.ci/run` asks.

// What fails here is a test, and the line says which.
#![allow(clippy::unwrap_used)]

mod bench;
mod github;
mod gitlab;

use std::fs;
use std::process::Command;

use bench::{Bench, TOPOLOGY};

const MARKER: &str = "<!-- ovhconnect:plan topology -->\n";

/// Both services leave their ASN for another: each path goes down once, one after the other.
const ASN: (&str, &str) =
    ("ovhBgpArea: 65002, subnet: 172.16.0.4/30", "ovhBgpArea: 65003, subnet: 172.16.0.4/30");

/// A mistake that `validate` finds.
const MISTAKE: (&str, &str) = ("172.16.0.4/30", "172.16.0.4/29");

/// What takes the last path away: no pipeline may do that.
const NOTHING: &str = "version: 1\nvracks:\n  pn-12345: {}\n";

mod on_github {
    use super::*;

    fn merged(bench: &Bench) {
        bench.forge("requests.json", r#"[{"head": {"sha": "c0ffee00"}}]"#);
        bench.forge("runs.json", r#"[{"databaseId": 99}]"#);
    }

    #[test]
    #[ignore = "needs jq"]
    fn a_change_goes_from_its_pull_request_to_live() {
        let bench = Bench::new();
        github::run(&bench, "check").ended.exits(0);

        let plan = github::run(&bench, "plan");
        plan.ended.exits(0).says("Plan: 6 to create.");
        assert!(
            bench.said("calls").contains("--method POST repos/example/network/issues/7/comments "),
            "{}",
            bench.said("calls")
        );
        assert!(bench.said("body.md").starts_with(MARKER));
        assert_eq!(plan.summary, bench.said("body.md"));

        merged(&bench);
        github::run(&bench, "apply").ended.exits(0).says("Converged").says("Nothing to do");
        assert!(bench.said("calls").contains("--commit c0ffee00 "));
        assert!(bench.said("calls").contains("gh run download 99 "));
        assert!(bench.artifact("run-log").join("runs.ndjson").exists());

        let drift = github::run(&bench, "drift");
        drift.ended.exits(0);
        assert!(drift.summary.contains("nothing to do"), "{}", drift.summary);
    }

    #[test]
    #[ignore = "needs jq"]
    fn one_comment_is_brought_up_to_date_and_nobody_elses() {
        let bench = Bench::new();
        // Two pages of comments, and somebody who writes what the workflow looks for.
        bench.forge(
            "comments.json",
            r#"[{"id": 41, "user": {"login": "someone"}, "body": "<!-- ovhconnect:plan topology -->\nmine"}]
               [{"id": 42, "user": {"login": "github-actions[bot]"}, "body": "<!-- ovhconnect:plan topology -->\nold"}]"#,
        );
        github::run(&bench, "plan").ended.exits(0);
        let calls = bench.said("calls");
        assert!(calls.contains("--method PATCH repos/example/network/issues/comments/42 "), "{calls}");
        assert!(!calls.contains("POST"), "{calls}");
    }

    #[test]
    #[ignore = "needs jq"]
    fn mistakes_are_annotations() {
        let bench = Bench::new();
        bench.edit(MISTAKE);
        let ended = github::run(&bench, "check").ended.exits(1);
        ended.says("::error file=topology/network.yaml,line=10,");
    }

    #[test]
    #[ignore = "needs jq"]
    fn a_plan_that_is_refused_is_shown_and_not_kept() {
        let bench = Bench::new();
        bench.behind_its_back(("", ""));
        fs::write(bench.repository().join("topology/network.yaml"), NOTHING).unwrap();
        let plan = github::run(&bench, "plan");
        plan.ended.exits(3);
        assert!(bench.said("body.md").contains("**Refused:**"), "{}", bench.said("body.md"));
        assert!(!bench.artifact("plan").exists());
    }

    #[test]
    #[ignore = "needs jq"]
    fn a_plan_is_not_applied_to_what_it_was_not_made_from() {
        let bench = Bench::new();
        github::run(&bench, "plan").ended.exits(0);
        bench.behind_its_back(ASN);
        merged(&bench);
        github::run(&bench, "apply")
            .ended
            .exits(1)
            .says("live state is no longer what this plan was made from");
    }

    #[test]
    #[ignore = "needs jq"]
    fn what_nobody_has_seen_is_not_applied() {
        let bench = Bench::new();
        bench.forge("requests.json", "[]");
        github::run(&bench, "apply").ended.exits(1).says("::error::No pull request");
        bench.forge("requests.json", r#"[{"head": {"sha": "c0ffee00"}}]"#);
        bench.forge("runs.json", "[]");
        github::run(&bench, "apply").ended.exits(1).says("::error::The pull request has no plan");
    }

    #[test]
    #[ignore = "needs jq"]
    fn drift_is_told() {
        let bench = Bench::new();
        bench.behind_its_back(ASN);
        let drift = github::run(&bench, "drift");
        drift.ended.exits(2).says("1 to replace");
        assert!(drift.summary.contains("1 to replace"), "{}", drift.summary);
    }

    #[test]
    fn a_job_may_do_no_more_than_it_has_to() {
        let workflow = github::workflow();
        assert!(workflow.permissions.is_empty());
        let writes: Vec<String> = workflow
            .jobs
            .iter()
            .flat_map(|(name, job)| {
                job.permissions.iter().map(move |(what, how)| format!("{name}: {what}: {how}"))
            })
            .filter(|permission| !permission.ends_with(": read"))
            .collect();
        assert_eq!(writes, ["plan: pull-requests: write"]);
        // Who may do everything at OVHcloud is behind an environment.
        assert_eq!(workflow.jobs["apply"].environment.as_deref(), Some("production"));
        assert_eq!(workflow.jobs["apply"].r#if, "github.event_name == 'push'");
        assert!(workflow.jobs["plan"].r#if.contains("head.repo.full_name == github.repository"));
    }

    #[test]
    fn two_applies_never_race() {
        let concurrency = github::workflow().jobs.remove("apply").unwrap().concurrency.unwrap();
        assert_eq!(concurrency.group, "ovhconnect-apply");
        assert!(!concurrency.cancel_in_progress);
    }

    /// An expression in a script is text that a stranger may have written; an action without a commit is
    /// whatever its owner makes of it tomorrow.
    #[test]
    fn scripts_hold_no_expressions_and_actions_are_pinned() {
        let workflow = github::workflow();
        let action = github::action();
        let steps = workflow.jobs.values().flat_map(|job| &job.steps).chain(&action.runs.steps);
        let mut pinned = 0;
        for step in steps {
            assert!(!step.run.as_deref().is_some_and(|script| script.contains("${{")), "{:?}", step.run);
            if let Some(uses) = step.uses.as_deref().filter(|uses| !uses.starts_with("./")) {
                let (_, commit) = uses.split_once('@').unwrap();
                assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{uses}");
                pinned += 1;
            }
        }
        assert!(pinned > 3);
    }
}

mod on_gitlab {
    use super::*;

    #[test]
    #[ignore = "needs jq"]
    fn a_change_goes_from_its_merge_request_to_live() {
        let bench = Bench::new();
        gitlab::run(&bench, "check").exits(0);
        assert_eq!(
            fs::read_to_string(bench.artifact("check").join("codequality.json")).unwrap().trim(),
            "[]"
        );

        gitlab::run(&bench, "plan").exits(0).says("Plan: 6 to create.");
        let notes = "https://gitlab.example/api/v4/projects/5/merge_requests/7/notes\n";
        assert!(bench.said("calls").contains(&format!("curl POST {notes}")), "{}", bench.said("calls"));
        assert!(bench.said("body.md").starts_with(MARKER));
        let report = fs::read_to_string(bench.artifact("plan").join("terraform.json")).unwrap();
        assert_eq!(report.trim(), r#"{"create":6,"delete":0,"update":0}"#);

        bench.forge("requests.json", r#"[{"iid": 7}]"#);
        gitlab::run(&bench, "apply").exits(0).says("Converged").says("Nothing to do");
        assert!(
            bench
                .said("calls")
                .contains("/jobs/artifacts/refs%2Fmerge-requests%2F7%2Fhead/raw/plan.json?job=plan")
        );
        assert!(bench.artifact("apply").join("runs.ndjson").exists());
        gitlab::run(&bench, "drift").exits(0);
    }

    #[test]
    #[ignore = "needs jq"]
    fn one_note_is_brought_up_to_date() {
        let bench = Bench::new();
        bench.forge(
            "comments.json",
            r#"[{"id": 41, "body": "hello"}, {"id": 42, "body": "<!-- ovhconnect:plan topology -->\nold"}]"#,
        );
        gitlab::run(&bench, "plan").exits(0);
        let calls = bench.said("calls");
        assert!(calls.contains("curl PUT ") && calls.contains("/merge_requests/7/notes/42\n"), "{calls}");
        assert!(!calls.contains("POST"), "{calls}");
    }

    #[test]
    #[ignore = "needs jq"]
    fn mistakes_are_a_report() {
        let bench = Bench::new();
        bench.edit(MISTAKE);
        gitlab::run(&bench, "check").exits(1);
        let report = fs::read_to_string(bench.artifact("check").join("codequality.json")).unwrap();
        assert!(report.contains("topology/network.yaml"), "{report}");
    }

    #[test]
    #[ignore = "needs jq"]
    fn a_plan_that_is_refused_is_shown() {
        let bench = Bench::new();
        bench.behind_its_back(("", ""));
        fs::write(bench.repository().join("topology/network.yaml"), NOTHING).unwrap();
        gitlab::run(&bench, "plan").exits(3);
        assert!(bench.said("body.md").contains("**Refused:**"), "{}", bench.said("body.md"));
    }

    #[test]
    #[ignore = "needs jq"]
    fn what_nobody_has_seen_or_what_moved_is_not_applied() {
        let bench = Bench::new();
        bench.forge("requests.json", "[]");
        gitlab::run(&bench, "apply").exits(1).says("No merge request");
        gitlab::run(&bench, "plan").exits(0);
        bench.behind_its_back(ASN);
        bench.forge("requests.json", r#"[{"iid": 7}]"#);
        gitlab::run(&bench, "apply").exits(1).says("live state is no longer what this plan was made from");
    }

    #[test]
    #[ignore = "needs jq"]
    fn drift_is_told() {
        let bench = Bench::new();
        bench.behind_its_back(ASN);
        gitlab::run(&bench, "drift").exits(2).says("1 to replace");
    }

    #[test]
    fn two_applies_never_race() {
        let apply = gitlab::job("apply");
        assert!(apply.resource_group.is_some());
        assert_eq!(apply.interruptible, Some(false));
        assert_eq!(apply.rules.len(), 1);
    }
}

#[test]
fn the_hooks_run() {
    #[derive(serde::Deserialize)]
    struct Hook {
        id: String,
        entry: String,
    }
    let hooks: Vec<Hook> =
        serde_saphyr::from_str(&fs::read_to_string(".pre-commit-hooks.yaml").unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good.yaml"), folder.path().join("bad.yaml"));
    fs::write(&good, TOPOLOGY).unwrap();
    fs::write(&bad, TOPOLOGY.replace("  pn-12345:\n    services", "  pn-12345:\n     services")).unwrap();
    let mut ids = Vec::new();
    for Hook { id, entry } in &hooks {
        let arguments = entry.strip_prefix("ovhconnect ").unwrap();
        let run = |file| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_ovhconnect"));
            command.args(arguments.split(' ')).arg(file).output().unwrap().status.code()
        };
        assert_eq!(run(&good), Some(0), "{id}");
        assert_eq!(run(&bad), Some(1), "{id}");
        ids.push(id.as_str());
    }
    assert_eq!(ids, ["ovhconnect-validate", "ovhconnect-fmt"]);
}
