//! The command line: the commands, and what those take that neither plan nor apply.

mod change;
mod look;
mod shared;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use ipnet::Ipv4Net;

pub use self::change::{Apply, ApplyFormat, Diff, Graph, GraphFormat, Plan, PlanFormat};
pub use self::look::{Diagnose, DiagnoseFormat, Status, StatusFormat, Verify, VerifyFormat};
use self::shared::not_negative;
pub use self::shared::{Deny, Document, Expectations, Limits, Lints, Paths, Target};
use super::exit;
use crate::access::Purpose;
use crate::diagnostic::Format;
use crate::router::{At, Choice, Flavour, InterfaceName, Role};
use crate::topology::{Address, ServiceId, VrackName};

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
    /// Wait until what the topology declares carries traffic, and say where it stops: light, BGP, prefixes.
    Verify(Verify),
    /// Ask OVHcloud's routers about one address: its BGP session, routes, MAC addresses.
    Diagnose(Diagnose),
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
    /// Verify that what the topology declares carries traffic.
    Verify,
    /// Ask OVHcloud's routers about what the topology declares.
    Diagnose,
}

impl From<AccessFor> for Purpose {
    fn from(command: AccessFor) -> Self {
        match command {
            AccessFor::Plan => Self::Plan,
            AccessFor::Apply => Self::Apply,
            AccessFor::Destroy => Self::Destroy,
            AccessFor::Verify => Self::Verify,
            AccessFor::Diagnose => Self::Diagnose,
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
    /// Complete addresses with those of this topology, a file or a folder; may be given several times.
    #[arg(long, value_name = "PATH")]
    pub topology: Vec<PathBuf>,
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
    /// What `verify` writes as JSON.
    Verify,
    /// What `diagnose` writes as JSON.
    Diagnose,
    /// What `access` writes as JSON.
    Access,
}
