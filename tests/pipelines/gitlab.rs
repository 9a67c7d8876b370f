//! The GitLab pipeline, run as GitLab would: a job is one script.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::bench::{Bench, Ended, READ_ONLY, Variables};

const PIPELINE: &str = "examples/ci/gitlab/.gitlab-ci.yml";

/// What the project access token is called in a test.
const TOKEN: &str = "the-project's-token";

#[derive(Deserialize)]
pub struct Job {
    extends: Option<String>,
    #[serde(default)]
    before_script: Vec<String>,
    #[serde(default)]
    script: Vec<String>,
    pub resource_group: Option<String>,
    pub interruptible: Option<bool>,
    #[serde(default)]
    pub rules: Vec<BTreeMap<String, String>>,
    #[serde(default)]
    artifacts: Artifacts,
}

#[derive(Deserialize, Default)]
struct Artifacts {
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    reports: BTreeMap<String, String>,
}

fn pipeline() -> BTreeMap<String, Value> {
    serde_saphyr::from_str(&fs::read_to_string(PIPELINE).unwrap()).unwrap()
}

pub fn job(name: &str) -> Job {
    serde_json::from_value(pipeline()[name].clone()).unwrap()
}

/// Runs one job, and keeps its artifacts under its name.
pub fn run(bench: &Bench, name: &str) -> Ended {
    bench.check_out();
    let job = job(name);
    let mut variables: Variables = serde_json::from_value(pipeline()["variables"].clone()).unwrap();
    // The pipeline leads to OVHcloud, and here to the simulator.
    assert_eq!(variables.insert("OVH_ENDPOINT".to_owned(), String::new()).as_deref(), Some("ovh-eu"));
    variables.extend(bench.endpoint.clone());
    let (key, secret) = (&bench.endpoint["OVH_APPLICATION_KEY"], &bench.endpoint["OVH_APPLICATION_SECRET"]);
    for (name, value) in [
        ("OVH_PLAN_APPLICATION_KEY", key.as_str()),
        ("OVH_PLAN_APPLICATION_SECRET", secret),
        ("OVH_PLAN_CONSUMER_KEY", READ_ONLY),
        ("FORGE_TOKEN", TOKEN),
        ("CI_API_V4_URL", "https://gitlab.example/api/v4"),
        ("CI_PROJECT_ID", "5"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_COMMIT_SHA", "5ba3e1c0"),
    ] {
        variables.insert(name.to_owned(), value.to_owned());
    }
    // A protected variable is not there before the merge.
    if name != "apply" {
        variables.remove("OVH_CONSUMER_KEY");
    }
    let parent = job.extends.as_deref().map(self::job);
    let before = parent.iter().flat_map(|parent| &parent.before_script);
    let script: Vec<&str> = before.chain(&job.before_script).chain(&job.script).map(String::as_str).collect();
    let program = Path::new(env!("CARGO_BIN_EXE_ovhconnect")).parent().unwrap();
    let ended = bench.shell(&script.join("\n"), &variables, &[program.display().to_string()]);
    let files: Vec<&str> =
        job.artifacts.paths.iter().chain(job.artifacts.reports.values()).map(String::as_str).collect();
    bench.keep(name, &files);
    ended
}
