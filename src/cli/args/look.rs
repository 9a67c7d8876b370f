//! What the commands take that look at what is live: `status`, `verify`, `diagnose`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::shared::{Document, Lints, Paths, Target, pause, seconds};
use crate::diagnose::Kind;
use crate::topology::{Address, ServiceId, VrackName};
use crate::verify::Patience;

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
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "watch", value_parser = pause)]
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

/// `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The topology.
    #[command(flatten)]
    pub topology: Paths,
    /// What becomes of warnings.
    #[command(flatten)]
    pub lints: Lints,
    /// The API.
    #[command(flatten)]
    pub target: Target,
    /// Verify what is at or below this address alone.
    #[arg(long, value_name = "ADDRESS")]
    pub only: Option<Address>,
    /// How long to wait, in seconds; 0 for one look.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = seconds)]
    pub timeout: u64,
    /// How long to pause between two looks, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = Patience::INTERVAL.as_secs(), value_parser = pause)]
    pub interval: u64,
    /// How long everything has to stay up, in seconds, without a session that flaps.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = seconds)]
    pub hold: u64,
    /// Accept what cannot be read. Without this it counts as not verified.
    #[arg(long)]
    pub allow_unknown: bool,
    /// Write the answer as text, json or junit; with =FILE to a file. May be given several times, once
    /// without a file.
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub format: Vec<Document<VerifyFormat>>,
}

/// How `verify` answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum VerifyFormat {
    /// For a person.
    Text,
    /// For a program.
    Json,
    /// For a pipeline: a case for each stage of each link.
    Junit,
}

/// `diagnose`.
#[derive(Debug, Args)]
pub struct Diagnose {
    /// What to ask about: a service or its PoP, a datacenter, a route or a BGP peer in one, as `status` and
    /// `plan` show them.
    #[arg(value_name = "ADDRESS")]
    pub address: Address,
    /// The API.
    #[command(flatten)]
    pub target: Target,
    /// What to ask [default: what fits the address best].
    #[arg(long, value_enum, value_name = "KIND")]
    pub kind: Option<Kind>,
    /// Run nothing: show the newest result that OVHcloud keeps, and wait for it if it is not there yet.
    #[arg(long)]
    pub last: bool,
    /// How long to wait for the result, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = seconds)]
    pub timeout: u64,
    /// How the answer is written.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = DiagnoseFormat::Text)]
    pub format: DiagnoseFormat,
    /// Save the result to this file too, as JSON.
    #[arg(long, value_name = "FILE.json")]
    pub out: Option<PathBuf>,
}

/// How `diagnose` answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum DiagnoseFormat {
    /// For a person.
    Text,
    /// For a program.
    Json,
}
