//! The command line.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValue;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use ipnet::Ipv4Net;

use super::exit;
use crate::access::Purpose;
use crate::apply::{Busy, HealthGate};
use crate::diagnostic::{Diagnostic, Format, Rule};
use crate::plan::guard::Denied;
use crate::router::{At, Choice, Flavour, InterfaceName, Role};
use crate::topology::{Address, ServiceId, VrackName, rules};

/// The declarative reconciler for OVHcloud Connect.
#[derive(Debug, Parser)]
#[command(name = "ovhconnect", version, about, after_help = exit::HELP, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say more on stderr; up to three times (requests, then everything).
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing but the answer and errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
}

/// When to use colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check topology files; needs no credentials.
    Validate(Validate),
    /// Say what a diagnostic's code is about: why, from where that is known, and an example.
    Explain(Explain),
    /// Show what apply would do, and in which order.
    Plan(Plan),
    /// Show live and desired side by side, as a unified diff of YAML.
    Diff(Diff),
    /// Draw the topology, or the order of a plan.
    Graph(Graph),
    /// Make live what the topology declares.
    Apply(Apply),
    /// Remove what the topology declares.
    Destroy(Apply),
    /// Show the least credential that a command needs, or what the one at hand lacks.
    Access(Access),
    /// Write what is live as a topology file that plans to nothing.
    Export(Export),
    /// Show what is live and how it does: sessions, light, tasks, incidents, drift.
    Status(Status),
    /// Write the configuration of your own routers, which meet OVHcloud's; needs no credentials.
    Router(Router),
    /// Show what stays reachable when a service, a PoP, a device or a datacenter is lost; needs no credentials.
    Whatif(Whatif),
    /// Serve a simulated OVHcloud API.
    Simulate(Simulate),
    /// Write topology files in their canonical form; comments are kept.
    Fmt(Fmt),
    /// Print the JSON schema of a file that is read or written.
    Schema(Schema),
    /// Print a script that lets your shell complete the command line.
    Completions(Completions),
    /// Print the manual, for man.
    Man(Man),
}

/// The topology's files.
#[derive(Debug, Args)]
pub struct Paths {
    /// Topology files, and folders of them.
    #[arg(value_name = "PATH", default_value = "topology.yaml")]
    pub paths: Vec<PathBuf>,
}

/// What becomes of warnings.
#[derive(Debug, Args)]
pub struct Lints {
    /// Silence these warnings everywhere; may be given several times. `allow: [CODE]` in the topology
    /// silences one in one place.
    #[arg(long, value_name = "CODE,...", value_parser = warning, value_delimiter = ',')]
    pub allow: Vec<&'static Rule>,
}

impl Lints {
    /// Takes away what is silenced here.
    pub fn silence(&self, diagnostics: &mut Vec<Diagnostic>) {
        diagnostics.retain(|diagnostic| !self.allow.contains(&diagnostic.rule));
    }
}

fn warning(code: &str) -> Result<&'static Rule, String> {
    rules::warning(code).map_err(|problem| format!("{problem}; {}", problem.help()))
}

/// `validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// The topology.
    #[command(flatten)]
    pub topology: Paths,
    /// How what is found is written.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,
    /// What becomes of warnings.
    #[command(flatten)]
    pub lints: Lints,
    /// Fail where there is one of these.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub deny: Vec<DenyInFiles>,
}

/// What can be denied of files alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum DenyInFiles {
    /// Any warning that is not silenced.
    Warnings,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The codes, like OCC030; without any, a list of all.
    #[arg(value_name = "CODE")]
    pub codes: Vec<String>,
    /// Explain every code.
    #[arg(long, conflicts_with = "codes")]
    pub all: bool,
    /// In which form.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ExplainFormat::Text)]
    pub format: ExplainFormat,
}

/// The forms of an explanation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum ExplainFormat {
    /// For a terminal.
    Text,
    /// For a page.
    Markdown,
}

/// Which API is called, and how.
#[derive(Debug, Args)]
pub struct Target {
    /// Rehearse on a simulated account in this process: made from the topology with nothing
    /// configured, or kept in a file.
    #[arg(long, value_name = "STATE.json", num_args = 0..=1, require_equals = true)]
    pub simulate: Option<Option<PathBuf>>,
    /// The API: ovh-eu, ovh-ca, ovh-us or a URL [default: OVH_ENDPOINT or ovh.conf].
    #[arg(long, value_name = "NAME", conflicts_with = "simulate")]
    pub endpoint: Option<String>,
    /// How many steps, and requests, run at once [default: every step that can, 128 requests].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub parallelism: Option<usize>,
    /// How many requests go out a second, on average; 0 for no limit.
    #[arg(long, value_name = "N", default_value_t = 20.0, value_parser = not_negative)]
    pub rate: f64,
    /// How many requests may go out at once before the rate counts.
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub burst: u32,
}

impl Target {
    /// How many steps run at once, at the most.
    #[must_use]
    pub fn steps_at_once(&self) -> usize {
        self.parallelism.unwrap_or(usize::MAX)
    }
}

/// What a plan may not do, and what it is limited to.
#[derive(Debug, Args)]
pub struct Limits {
    /// Plan one vRack (pn-12345) or one service (pn-12345/service/UUID) alone, with what it needs.
    #[arg(long, value_name = "ADDRESS")]
    pub only: Option<Address>,
    /// Refuse a plan that deletes more than this; what is replaced is deleted too.
    #[arg(long, value_name = "N")]
    pub max_deletes: Option<usize>,
    /// Refuse a plan that does this; may be given several times.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub deny: Vec<Deny>,
    /// What becomes of warnings.
    #[command(flatten)]
    pub lints: Lints,
}

/// What `--deny` takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Deny {
    /// Delete a configuration for good.
    Delete,
    /// Delete a configuration and make it anew.
    Replace,
    /// Take a service out of a vRack.
    Detach,
    /// Leave a vRack without any l3 path, if only for a moment.
    LastPath,
    /// Go ahead in spite of warnings that are not silenced.
    Warnings,
}

impl Limits {
    /// Whether a warning is enough to refuse a plan.
    #[must_use]
    pub fn denies_warnings(&self) -> bool {
        self.deny.contains(&Deny::Warnings)
    }

    /// What a plan is not to do.
    pub fn denied(&self) -> impl Iterator<Item = Denied> {
        self.deny.iter().filter_map(|deny| match deny {
            Deny::Delete => Some(Denied::Delete),
            Deny::Replace => Some(Denied::Replace),
            Deny::Detach => Some(Denied::Detach),
            Deny::LastPath => Some(Denied::LastPath),
            Deny::Warnings => None,
        })
    }
}

/// How long it is expected to take.
#[derive(Debug, Args)]
pub struct Expectations {
    /// Expect steps to take as long as in the runs that this run log (--log-file) tells of, as far as they
    /// were against the same API; may be given several times.
    #[arg(long, value_name = "LOG")]
    pub timings: Vec<PathBuf>,
}

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
    pub format: Vec<Document>,
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

/// A plan in some format, and where it goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// The format.
    pub format: PlanFormat,
    /// The file; none for stdout.
    pub file: Option<PathBuf>,
}

impl FromStr for Document {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("a file is named after the =".to_owned()),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        Ok(Self { format: PlanFormat::from_str(format, false)?, file })
    }
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
    /// The topology, or to apply a saved plan, its file alone (its name ends in .json).
    #[command(flatten)]
    pub topology: Paths,
    /// The API.
    #[command(flatten)]
    pub target: Target,
    /// What the plan may not do.
    #[command(flatten)]
    pub limits: Limits,
    /// Delete and replace what is live although nobody looks at the plan (--auto-approve without a
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
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    pub task_timeout: u64,
    /// What to do about unfinished tasks that someone else began.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Busy::Wait)]
    pub busy: Busy,
    /// Whether a new PoP's BGP session has to be up before another PoP of the vRack is touched, and another
    /// one before a PoP goes.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = HealthGate::Auto)]
    pub health_gate: HealthGate,
    /// How long a session may take to come up, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub health_timeout: u64,
}

/// What `apply` and `destroy` write to stdout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ApplyFormat {
    /// The plan and its outcome, for a person.
    Text,
    /// What happens as it happens, for programs: one JSON object a line, as in a log file.
    Json,
}

/// `access`.
#[derive(Debug, Args)]
pub struct Access {
    /// The topology.
    #[command(flatten)]
    pub topology: Paths,
    /// What becomes of warnings.
    #[command(flatten)]
    pub lints: Lints,
    /// The API, if it is asked.
    #[command(flatten)]
    pub target: Target,
    /// The command that is to run; plan stands for everything that only reads.
    #[arg(long = "for", value_enum, value_name = "COMMAND", default_value_t = AccessFor::Apply)]
    pub purpose: AccessFor,
    /// Ask the API what else is in the topology's vRacks: `manage: all` removes it.
    #[arg(long)]
    pub live: bool,
    /// Compare with the credential at hand, and exit with 2 when it lacks something.
    #[arg(long)]
    pub check: bool,
    /// How it is written.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = AccessFormat::Text)]
    pub format: AccessFormat,
}

/// What a credential is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum AccessFor {
    /// Whatever only reads: plan, diff, graph --plan, router --live, whatif --live.
    Plan,
    /// Make live what the topology declares.
    Apply,
    /// Remove what the topology declares.
    Destroy,
}

impl From<AccessFor> for Purpose {
    fn from(command: AccessFor) -> Self {
        match command {
            AccessFor::Plan => Self::Plan,
            AccessFor::Apply => Self::Apply,
            AccessFor::Destroy => Self::Destroy,
        }
    }
}

/// How `access` writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum AccessFormat {
    /// For a person.
    Text,
    /// A policy for a service account, as POST /iam/policy takes it.
    Iam,
    /// The rules of an application key, as POST /auth/credential takes them.
    AccessRules,
    /// Both, for programs; with --check, also what is missing.
    Json,
}

/// `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The API.
    #[command(flatten)]
    pub target: Target,
    /// Only this vRack (pn-12345); may be given several times. Left out: the whole account.
    #[arg(long, value_name = "VRACK")]
    pub vrack: Vec<VrackName>,
    /// Only this service (its uuid), with the datacenters it reaches; the rest of its vRack is left alone.
    #[arg(long, value_name = "UUID", conflicts_with = "vrack")]
    pub service: Option<ServiceId>,
    /// Write to this file.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Overwrite the file if it is there.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// How it is written.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ExportFormat::Yaml)]
    pub format: ExportFormat,
}

/// How `export` writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ExportFormat {
    /// A topology file.
    Yaml,
    /// The topology for programs, with what could not be written.
    Json,
}

/// `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Topology files, and folders of them: what they speak of is shown, and what differs from them is
    /// marked. Without any, the whole account is shown.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// What becomes of warnings.
    #[command(flatten)]
    pub lints: Lints,
    /// The API.
    #[command(flatten)]
    pub target: Target,
    /// Only this vRack; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub vrack: Vec<VrackName>,
    /// Only this service, by its uuid; may be given several times.
    #[arg(long, value_name = "UUID")]
    pub service: Vec<ServiceId>,
    /// How the answer is written.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = StatusFormat::Text)]
    pub format: StatusFormat,
    /// Look again and again until interrupted. A terminal is drawn anew; a pipe gets what changes.
    #[arg(long)]
    pub watch: bool,
    /// How long to wait before looking again, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "watch", value_parser = clap::value_parser!(u64).range(1..))]
    pub interval: u64,
    /// Exit with 2 when something is down.
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// How `status` answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum StatusFormat {
    /// A tree for a person.
    Text,
    /// For a program. With --watch, one document a line whenever something changed.
    Json,
}

/// `router`.
#[derive(Debug, Args)]
pub struct Router {
    /// The topology.
    #[command(flatten)]
    pub topology: Paths,
    /// What becomes of warnings.
    #[command(flatten)]
    pub lints: Lints,
    /// The API, if it is asked.
    #[command(flatten)]
    pub target: Target,
    /// Ask the API for the ASNs that the topology leaves to OVHcloud.
    #[arg(long)]
    pub live: bool,
    /// Where the routers stand: where your services are delivered, or in OVHcloud's datacenters.
    #[arg(long, value_enum, default_value_t = At::Pop)]
    pub at: At,
    /// Only what is at or below this address; may be given several times.
    #[arg(long, value_name = "ADDRESS")]
    pub only: Vec<Address>,
    /// The router's language, or json: what a template has at hand.
    #[arg(long, visible_alias = "flavour", value_enum, required_unless_present = "template")]
    pub format: Option<RouterFormat>,
    /// Write with a template of your own (Jinja).
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub template: Option<PathBuf>,
    /// Announce this prefix, while the router's table holds it; may be given several times.
    #[arg(long, value_name = "PREFIX", value_parser = prefix)]
    pub announce: Vec<Ipv4Net>,
    /// Let this prefix in, beside the vRack's subnets and routes; may be given several times.
    #[arg(long, value_name = "PREFIX", value_parser = prefix)]
    pub accept: Vec<Ipv4Net>,
    /// What the links are used for, primary or backup; with an address, what is there and below.
    #[arg(long, value_name = "[ADDRESS=]ROLE")]
    pub role: Vec<Choice<Role>>,
    /// The interface of the links; with an address, of what is there and below.
    #[arg(long, value_name = "[ADDRESS=]NAME")]
    pub interface: Vec<Choice<InterfaceName>>,
    /// The router's BGP identifier; left out, the router chooses.
    #[arg(long, value_name = "IP")]
    pub router_id: Option<Ipv4Addr>,
}

/// `whatif`.
#[derive(Debug, Args)]
pub struct Whatif {
    /// The topology.
    #[command(flatten)]
    pub topology: Paths,
    /// What becomes of warnings.
    #[command(flatten)]
    pub lints: Lints,
    /// The API, if it is asked.
    #[command(flatten)]
    pub target: Target,
    /// Ask the API where services are delivered: two at one PoP are lost together.
    #[arg(long)]
    pub live: bool,
    /// Exit with 2 when something does not survive this.
    #[arg(long, value_enum, ignore_case = true, value_name = "WHAT")]
    pub require: Option<Requirement>,
    /// How the answer is written.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = WhatifFormat::Text)]
    pub format: WhatifFormat,
}

/// What a topology has to survive.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Requirement {
    /// The loss of any one service, PoP or device.
    #[value(name = "N-1")]
    NMinus1,
}

/// How `whatif` answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum WhatifFormat {
    /// For a person.
    Text,
    /// For a program.
    Json,
    /// For a pipeline: a case for each loss.
    Junit,
}

/// How a router's configuration is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RouterFormat {
    /// In a router's language.
    Flavour(Flavour),
    /// What a template has at hand.
    Json,
}

impl ValueEnum for RouterFormat {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [RouterFormat; Flavour::ALL.len() + 1] = {
            let mut all = [RouterFormat::Json; Flavour::ALL.len() + 1];
            let mut at = 0;
            while at < Flavour::ALL.len() {
                all[at] = RouterFormat::Flavour(Flavour::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Flavour(flavour) => flavour.to_possible_value().map(|value| value.help(flavour.title())),
            Self::Json => Some(PossibleValue::new("json").help("What a template has at hand")),
        }
    }
}

/// `simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8180")]
    pub listen: SocketAddr,
    /// Make the account from this topology (a file or a folder): its vRacks and services, nothing
    /// configured.
    #[arg(long, value_name = "PATH", conflicts_with = "account")]
    pub topology: Vec<PathBuf>,
    /// Take the account from this file (YAML or JSON) [default: a sample account of three services].
    #[arg(long, value_name = "FILE")]
    pub account: Option<PathBuf>,
    /// Keep the account in this file; if it exists, start from it.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// How long a task takes.
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0, value_parser = not_negative)]
    pub task_seconds: f64,
    /// Wait before each answer.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    pub latency_ms: u64,
    /// Refuse a second task on a busy service (409).
    #[arg(long)]
    pub serialize: bool,
    /// Misbehave as this file says (YAML).
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Serve https with this certificate chain (PEM), for clients that speak nothing else.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
}

fn prefix(text: &str) -> Result<Ipv4Net, String> {
    match text.parse::<Ipv4Net>() {
        Ok(prefix) if prefix.trunc() == prefix => Ok(prefix),
        Ok(prefix) => Err(format!("it has host bits; the prefix is {}", prefix.trunc())),
        Err(_) => Err("an IPv4 prefix is needed, like 192.168.10.0/24".to_owned()),
    }
}

/// `fmt`.
#[derive(Debug, Args)]
pub struct Fmt {
    /// Topology files, and folders of them; `-` for standard input.
    #[arg(value_name = "PATH", default_value = "topology.yaml")]
    pub paths: Vec<PathBuf>,
    /// Write nothing: show what would change, and exit with 1 if anything would.
    #[arg(long)]
    pub check: bool,
}

/// `schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// Of what.
    #[arg(value_enum, value_name = "OF", default_value_t = SchemaOf::Topology)]
    pub of: SchemaOf,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// For which shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Write a page for each command into this folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// What has a schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum SchemaOf {
    /// A topology file.
    Topology,
    /// What `plan --out` writes.
    SavedPlan,
    /// What `plan --format json` writes.
    Plan,
    /// What `validate --format json` writes.
    Diagnostics,
    /// A line of a run log, and of what `apply --format json` writes.
    RunLog,
    /// What `router` writes as JSON.
    Router,
    /// What `whatif` writes as JSON.
    Whatif,
    /// What `export` writes as JSON.
    Export,
    /// What `status` writes as JSON.
    Status,
    /// What `access` writes as JSON.
    Access,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a whole number from 1 is needed".to_owned()),
        Ok(number) => Ok(number),
    }
}

fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("a number is needed that is not negative, like 20 or 0.5".to_owned()),
    }
}
