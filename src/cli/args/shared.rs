//! What several commands take.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::diagnostic::{Diagnostic, Rule};
use crate::plan::guard::Denied;
use crate::topology::{Address, rules};

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

/// An answer in some format, and where it goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document<F> {
    /// The format.
    pub format: F,
    /// The file; none for stdout.
    pub file: Option<PathBuf>,
}

impl<F: ValueEnum> FromStr for Document<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("a file is named after the =".to_owned()),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        Ok(Self { format: F::from_str(format, false)?, file })
    }
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
    /// How many steps, and requests, run at once [default: every step that can, 500 requests, or half as many as
    /// files may be open].
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

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a whole number from 1 is needed".to_owned()),
        Ok(number) => Ok(number),
    }
}

/// The longest that anything is waited for: a week, in seconds.
const WEEK: u64 = 7 * 24 * 60 * 60;

/// A time to wait.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    let wait = text.parse().ok().filter(|seconds| *seconds <= WEEK);
    wait.ok_or_else(|| format!("a whole number of seconds is needed, {WEEK} (a week) at the most"))
}

/// A time between two looks.
pub(super) fn pause(text: &str) -> Result<u64, String> {
    match seconds(text) {
        Ok(0) => Err("a whole number of seconds from 1 is needed".to_owned()),
        other => other,
    }
}

pub(super) fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("a number is needed that is not negative, like 20 or 0.5".to_owned()),
    }
}
