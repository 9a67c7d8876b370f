//! The GitHub workflow, run as GitHub would: jobs of steps, each in a shell of its own.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use crate::bench::{Bench, Ended, READ_ONLY, Variables};

const WORKFLOW: &str = "examples/ci/github/workflows/ovhconnect.yaml";
const ACTION: &str = "examples/ci/github/actions/ovhconnect/action.yaml";

#[derive(Deserialize)]
pub struct Workflow {
    pub permissions: BTreeMap<String, String>,
    env: Variables,
    defaults: Defaults,
    pub jobs: BTreeMap<String, Job>,
}

#[derive(Deserialize)]
struct Defaults {
    run: Shell,
}

#[derive(Deserialize)]
struct Shell {
    shell: String,
}

#[derive(Deserialize)]
pub struct Job {
    pub r#if: String,
    pub permissions: BTreeMap<String, String>,
    pub environment: Option<String>,
    pub concurrency: Option<Concurrency>,
    #[serde(default)]
    env: Variables,
    pub steps: Vec<Step>,
}

#[derive(Deserialize)]
pub struct Concurrency {
    pub group: String,
    #[serde(rename = "cancel-in-progress")]
    pub cancel_in_progress: bool,
}

#[derive(Deserialize)]
pub struct Step {
    pub uses: Option<String>,
    pub run: Option<String>,
    r#if: Option<String>,
    #[serde(default)]
    env: Variables,
    #[serde(default)]
    with: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
pub struct Action {
    inputs: BTreeMap<String, Input>,
    pub runs: Runs,
}

#[derive(Deserialize)]
struct Input {
    default: String,
}

#[derive(Deserialize)]
pub struct Runs {
    pub steps: Vec<Step>,
}

pub fn workflow() -> Workflow {
    serde_saphyr::from_str(&fs::read_to_string(WORKFLOW).unwrap()).unwrap()
}

pub fn action() -> Action {
    serde_saphyr::from_str(&fs::read_to_string(ACTION).unwrap()).unwrap()
}

/// A job that has ended, and what it wrote to its summary.
pub struct Done {
    pub ended: Ended,
    pub summary: String,
}

/// Runs one job of the workflow on a runner of its own.
pub fn run(bench: &Bench, name: &str) -> Done {
    let workflow = workflow();
    assert_eq!(workflow.defaults.run.shell, "bash", "what the bench plays");
    bench.check_out();
    for file in ["summary", "path"] {
        bench.forge(file, "");
    }
    let job = &workflow.jobs[name];
    let mut runner = Runner::new(bench);
    runner.set(&workflow.env);
    runner.set(&job.env);
    // The workflow leads to OVHcloud, and here to the simulator.
    let endpoint = bench.endpoint["OVH_ENDPOINT"].clone();
    assert_eq!(runner.variables.insert("OVH_ENDPOINT".to_owned(), endpoint).as_deref(), Some("ovh-eu"));
    let ended = runner.steps(&job.steps);
    Done { ended, summary: bench.said("summary") }
}

struct Runner<'b> {
    bench: &'b Bench,
    variables: Variables,
    /// What `${{ … }}` stands for.
    known: Variables,
}

impl<'b> Runner<'b> {
    fn new(bench: &'b Bench) -> Self {
        let here = |name: &str| bench.forge_file(name).display().to_string();
        let variables = [
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_REPOSITORY", "example/network".to_owned()),
            ("GITHUB_SHA", "5ba3e1c0".to_owned()),
            ("GITHUB_STEP_SUMMARY", here("summary")),
            ("GITHUB_PATH", here("path")),
        ];
        let key = |name: &str| bench.endpoint[name].clone();
        let known = [
            ("github.token", "the-job's-token".to_owned()),
            ("github.event.number", "7".to_owned()),
            ("secrets.OVH_PLAN_APPLICATION_KEY", key("OVH_APPLICATION_KEY")),
            ("secrets.OVH_PLAN_APPLICATION_SECRET", key("OVH_APPLICATION_SECRET")),
            ("secrets.OVH_PLAN_CONSUMER_KEY", READ_ONLY.to_owned()),
            ("secrets.OVH_APPLICATION_KEY", key("OVH_APPLICATION_KEY")),
            ("secrets.OVH_APPLICATION_SECRET", key("OVH_APPLICATION_SECRET")),
            ("secrets.OVH_CONSUMER_KEY", key("OVH_CONSUMER_KEY")),
        ];
        let map = |pairs: &[(&str, String)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
        };
        Self { bench, variables: map(&variables), known: map(&known) }
    }

    fn set(&mut self, variables: &Variables) {
        for (name, value) in variables {
            let value = self.expand(value);
            self.variables.insert(name.clone(), value);
        }
    }

    fn expand(&self, text: &str) -> String {
        let Some((before, rest)) = text.split_once("${{ ") else { return text.to_owned() };
        let (expression, after) = rest.split_once(" }}").unwrap();
        let value = self.known.get(expression);
        let value = value.unwrap_or_else(|| panic!("what is `{expression}`?"));
        format!("{before}{value}{}", self.expand(after))
    }

    /// Until one fails. What has a condition of its own may still be due then.
    fn steps(&mut self, steps: &[Step]) -> Ended {
        let mut ended = Ended { code: 0, output: String::new() };
        for step in steps {
            let due = match &step.r#if {
                None => ended.code == 0,
                Some(condition) => {
                    let file = condition.strip_prefix("${{ !cancelled() && hashFiles('");
                    let file = file.and_then(|rest| rest.strip_suffix("') != '' }}"));
                    let file = file.unwrap_or_else(|| panic!("when is `{condition}`?"));
                    self.bench.repository().join(file).exists()
                }
            };
            if due {
                let now = self.step(step);
                ended.output += &now.output;
                if ended.code == 0 {
                    ended.code = now.code;
                }
            }
        }
        ended
    }

    fn step(&mut self, step: &Step) -> Ended {
        let done = Ended { code: 0, output: String::new() };
        if let Some(script) = &step.run {
            let before = self.variables.clone();
            self.set(&step.env);
            let path: Vec<String> = self.bench.said("path").lines().map(str::to_owned).collect();
            let ended = self.bench.shell(script, &self.variables, &path);
            self.variables = before;
            return ended;
        }
        match step.uses.as_deref().unwrap() {
            "./.github/actions/ovhconnect" => {
                let action = action();
                for (name, input) in action.inputs {
                    self.known.insert(format!("inputs.{name}"), input.default);
                }
                self.steps(&action.runs.steps)
            }
            action if action.starts_with("actions/upload-artifact@") => {
                let paths = step.with["path"].as_str().unwrap();
                self.bench.keep(step.with["name"].as_str().unwrap(), &paths.lines().collect::<Vec<_>>());
                done
            }
            action if action.starts_with("actions/checkout@") => {
                assert_eq!(step.with["persist-credentials"], false, "the token stays in the checkout");
                done
            }
            action if action.starts_with("actions/cache@") => done,
            action => panic!("what does {action} do?"),
        }
    }
}
