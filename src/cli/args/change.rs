//! What the commands take that show a change or make it: `plan`, `diff`, `graph`, `apply`, `destroy`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::shared::{Document, Expectations, Limits, Lints, Paths, Target, seconds};
use crate::apply::{Busy, HealthGate};
use crate::topology::Address;

/// `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// The topology.
    #[command(flatten)]
    pub topology: Paths,
    /// The API.
    #[command(flatten)]
    pub target: Target,
    /// What the plan may not do.
    #[command(flatten)]
    pub limits: Limits,
    /// Plan to remove what the topology declares.
    #[arg(long)]
    pub destroy: bool,
    /// Save the plan to this file, for `apply FILE`.
    #[arg(long, value_name = "FILE.json")]
    pub out: Option<PathBuf>,
    /// Exit with 2 when there is something to do.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Say of each step why it exists, and of what it waits for, why.
    #[arg(long)]
    pub explain: bool,
    /// Show one line for each change, and no order.
    #[arg(long, conflicts_with = "explain")]
    pub summary: bool,
    /// How long it is expected to take.
    #[command(flatten)]
    pub expectations: Expectations,
    /// Write the plan as text, json, markdown, html or gitlab; with =FILE to a file. May be given
    /// several times, once without a file.
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub format: Vec<Document<PlanFormat>>,
}

/// `diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The topology.
    #[command(flatten)]
    pub topology: Paths,
    /// What becomes of warnings.
    #[command(flatten)]
    pub lints: Lints,
    /// The API.
    #[command(flatten)]
    pub target: Target,
    /// Compare one vRack (pn-12345) or one service (pn-12345/service/UUID) alone.
    #[arg(long, value_name = "ADDRESS")]
    pub only: Option<Address>,
    /// Exit with 2 when there is something to do.
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// `graph`.
#[derive(Debug, Args)]
pub struct Graph {
    /// The topology.
    #[command(flatten)]
    pub topology: Paths,
    /// What becomes of warnings.
    #[command(flatten)]
    pub lints: Lints,
    /// The API; asked only with --plan.
    #[command(flatten)]
    pub target: Target,
    /// Draw the order in which a plan makes the topology live. Without it, the topology is drawn, which
    /// needs no credentials.
    #[arg(long)]
    pub plan: bool,
    /// What to write.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = GraphFormat::Svg)]
    pub format: GraphFormat,
}

/// How a graph is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum GraphFormat {
    /// A picture.
    Svg,
    /// For Graphviz.
    Dot,
    /// For Mermaid.
    Mermaid,
}

/// How a plan is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum PlanFormat {
    /// For a person at a terminal.
    Text,
    /// For programs.
    Json,
    /// For a comment on a pull request, or a job's summary.
    Markdown,
    /// A page to look at.
    Html,
    /// GitLab's report on Terraform plans.
    Gitlab,
}

/// `apply` and `destroy`.
#[derive(Debug, Args)]
pub struct Apply {
    /// The topology, or to apply a saved plan, its file alone.
    #[command(flatten)]
    pub topology: Paths,
    /// The API.
    #[command(flatten)]
    pub target: Target,
    /// What the plan may not do.
    #[command(flatten)]
    pub limits: Limits,
    /// Delete, replace and take down what is live although nobody looks at the plan (--auto-approve without a
    /// terminal).
    #[arg(long)]
    pub allow_disruption: bool,
    /// Do not ask.
    #[arg(long)]
    pub auto_approve: bool,
    /// Say of each step why it exists, and of what it waits for, why.
    #[arg(long)]
    pub explain: bool,
    /// What is written to stdout. With json the plan and its outcome are written to stderr.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ApplyFormat::Text)]
    pub format: ApplyFormat,
    /// Append what happens to this file, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// How long it is expected to take.
    #[command(flatten)]
    pub expectations: Expectations,
    /// How long a task may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, value_parser = seconds)]
    pub task_timeout: u64,
    /// What to do about unfinished tasks that someone else began.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Busy::Wait)]
    pub busy: Busy,
    /// Whether a new PoP's BGP session has to be up before another PoP of the vRack is touched, and another
    /// one before a PoP goes.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = HealthGate::Auto)]
    pub health_gate: HealthGate,
    /// How long a session may take to come up, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = seconds)]
    pub health_timeout: u64,
    /// Afterwards wait until light arrives, sessions are up and prefixes come in, for so long at the most
    /// [without a number: 600]. Exit with 2 when something is not verified then.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "600", value_parser = seconds)]
    pub verify: Option<u64>,
}

/// What `apply` and `destroy` write to stdout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ApplyFormat {
    /// The plan and its outcome, for a person.
    Text,
    /// What happens as it happens, for programs: one JSON object a line, as in a log file.
    Json,
}
