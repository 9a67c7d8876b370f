//! From the command line to a topology and a client that can be asked about it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::args::{Expectations, Lints, Paths, Target};
use super::exit::Exit;
use super::{error, is_quiet, is_verbose, say, story, timings, warn};
use crate::api::{Client, Config, HttpOptions, HttpTransport, Options};
use crate::diagnostic::{self, Diagnostic, Sources};
use crate::diff::Goal;
use crate::live::read::{ReadError, Reading, read};
use crate::live::{Live, remarks};
use crate::plan::saved::SavedPlan;
use crate::plan::{Plan, PlanError};
use crate::rehearsal;
use crate::render::spent::{self, Phase, PhaseName, Requests};
use crate::render::timing::Timings;
use crate::sim::clock::SystemClock;
use crate::sim::{Options as SimulatorOptions, Simulator, StateFile};
use crate::topology::files::{self, Loaded};
use crate::topology::rules::live as rules;
use crate::topology::{Address, Topology};

/// How much faster than real time a rehearsal runs: a task of 20 s takes half a second.
const REHEARSAL_SPEED: f64 = 40.0;

/// A topology and the API it is compared with.
pub(super) struct Session {
    sources: Sources,
    pub(super) topology: Topology,
    /// The warnings about the files, which were told.
    warnings: usize,
    pub(super) client: Client,
    /// Where the time went so far.
    spent: Mutex<Vec<Phase>>,
}

/// A plan and what it was made from.
pub(super) struct Planned {
    pub(super) plan: Plan,
    /// The topology in the catalogue's words.
    pub(super) topology: Topology,
    pub(super) live: Live,
    /// What live state gives reason to warn of.
    remarks: Vec<Diagnostic>,
}

impl Session {
    /// Reads the topology and prepares the client. What is wrong is told; then there is no session.
    pub(super) fn open(paths: &Paths, target: &Target, lints: &Lints) -> Result<Self, Exit> {
        let Read { sources, topology, warnings } = load(paths, lints)?;
        let client = match &target.simulate {
            Some(state) => simulated(&topology, state.as_deref())?,
            None => real(&topology, &sources, target)?,
        };
        Ok(Self { sources, topology, warnings, client, spent: Mutex::default() })
    }

    /// Takes the topology of a saved plan and prepares the client. A plan made against another API
    /// is refused.
    pub(super) fn of_saved(saved: &SavedPlan, target: &Target) -> Result<Self, Exit> {
        let (sources, topology) = (Sources::default(), saved.desired.topology());
        let client = match &target.simulate {
            Some(state) => simulated(&topology, state.as_deref())?,
            None => real(&topology, &sources, target)?,
        };
        let endpoint = client.endpoint().url().to_string();
        if endpoint != saved.endpoint {
            error(&format!("this plan was made against {}, and the endpoint is {endpoint}", saved.endpoint));
            return Err(Exit::Error);
        }
        Ok(Self { sources, topology, warnings: 0, client, spent: Mutex::default() })
    }

    /// How long steps took in the runs against this API that the command line names.
    pub(super) fn timings(&self, expectations: &Expectations) -> Result<Timings, Exit> {
        timings::load(&expectations.timings, self.client.endpoint().url().as_str())
    }

    /// The topology as its files say it.
    pub(super) fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Does something that is a phase of its own.
    pub(super) async fn phase<T>(&self, name: PhaseName, act: impl Future<Output = T>) -> T {
        self.phase_with_tasks(name, act, || Duration::ZERO).await
    }

    /// The same, where tasks are waited for; `on_tasks` says afterwards how long some were under way.
    pub(super) async fn phase_with_tasks<T>(
        &self,
        name: PhaseName,
        act: impl Future<Output = T>,
        on_tasks: impl FnOnce() -> Duration,
    ) -> T {
        let (begun, before) = (Instant::now(), self.client.stats());
        let done = act.await;
        let now = self.client.stats();
        let requests = Requests {
            made: now.total() - before.total(),
            retries: now.retries - before.retries,
            throttled: now.throttled - before.throttled,
        };
        let phase = Phase::new(name, begun.elapsed(), requests).with_tasks(on_tasks());
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).push(phase);
        done
    }

    /// Where the time went so far.
    pub(super) fn spent(&self) -> Vec<Phase> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells where the time went, if the command line asks to be told more.
    pub(super) fn tell_spent(&self) {
        if is_verbose() {
            say(&format!("\n{}", spent::table(&self.spent()).trim_end()));
        }
    }

    /// Reads live state.
    pub(super) async fn read(&self) -> Result<Reading, Exit> {
        let reading = self.phase(PhaseName::Read, read(&self.client, &self.topology)).await;
        reading.map_err(|problem| unread(&problem, &self.sources))
    }

    /// Reads live state and plans.
    pub(super) async fn plan(&self, goal: Goal, only: Option<&Address>) -> Result<Planned, Exit> {
        let Reading { topology, live, ports } = self.read().await?;
        let planning = async { Plan::make_only(&topology, &live, goal, only) };
        let plan = self.phase(PhaseName::Plan, planning).await.map_err(|problem| match problem {
            PlanError::Unfit(diagnostics) => {
                tell(&diagnostics, &self.sources);
                Exit::Error
            }
            problem @ (PlanError::Only(_) | PlanError::Cycle(_)) => fail(problem),
        })?;
        if let Some(only) = only {
            let beyond: Vec<String> = plan.beyond(only).iter().map(ToString::to_string).collect();
            if !beyond.is_empty() {
                story(&format!("{only} cannot be done without {}.", beyond.join(", ")));
            }
        }
        let remarks = match goal {
            Goal::Apply => remarks(&topology, &live, &ports),
            // It is to go anyway.
            Goal::Destroy => Vec::new(),
        };
        Ok(Planned { plan, topology, live, remarks })
    }

    /// Tells what live state gives reason to warn of, and counts all warnings there are.
    pub(super) fn remark(&self, planned: &mut Planned, lints: &Lints) -> usize {
        lints.silence(&mut planned.remarks);
        tell(&planned.remarks, &self.sources);
        self.warnings + planned.remarks.len()
    }
}

/// Tells why live state could not be read.
pub(super) fn unread(problem: &ReadError, sources: &Sources) -> Exit {
    match problem {
        ReadError::Unfit(diagnostics) => tell(diagnostics, sources),
        ReadError::Api(problem) => {
            error(&format!("live state cannot be read: {problem}"));
            if let Some(hint) = problem.hint() {
                say(&format!("  help: {hint}"));
            }
        }
        ReadError::Unreadable(problem) => error(&problem.to_string()),
    }
    Exit::Error
}

/// A client for a command that reads no topology. A simulated account is then one that is kept in a file.
pub(super) fn asked_without_topology(target: &Target) -> Result<Client, Exit> {
    let topology = Topology::default();
    match &target.simulate {
        None => real(&topology, &Sources::default(), target),
        Some(Some(path)) if path.exists() => simulated(&topology, Some(path)),
        Some(Some(path)) => Err(fail(format!("there is no simulated account in {}", path.display()))),
        Some(None) => {
            error("a simulated account without a file holds nothing to read");
            say("  help: name the file it is kept in, --simulate=STATE.json");
            Err(Exit::Usage)
        }
    }
}

/// A topology that can be acted on.
pub(super) struct Read {
    pub(super) sources: Sources,
    pub(super) topology: Topology,
    /// How many warnings about it were told.
    pub(super) warnings: usize,
}

/// Reads the topology. What is wrong is told; with an error there is none.
pub(super) fn load(paths: &Paths, lints: &Lints) -> Result<Read, Exit> {
    paths.paths.iter().try_for_each(|path| no_saved_plan(path))?;
    let Loaded { sources, topology, mut diagnostics } = files::load(&paths.paths);
    lints.silence(&mut diagnostics);
    tell(&diagnostics, &sources);
    if diagnostics.iter().any(Diagnostic::is_error) {
        say(&format!("\nNot valid: {}; nothing was sent.", diagnostic::summary(&diagnostics)));
        return Err(Exit::Error);
    }
    Ok(Read { sources, topology, warnings: diagnostics.len() })
}

/// Whether a file is a saved plan, whatever it is called. What is no file, like a pipe, can be read once
/// only and is none.
pub(super) fn is_saved_plan(path: &Path) -> bool {
    path.is_file() && std::fs::read_to_string(path).is_ok_and(|text| SavedPlan::from_json(&text).is_ok())
}

/// Refuses a saved plan where a topology is expected: every line of it would be told to be wrong.
fn no_saved_plan(path: &Path) -> Result<(), Exit> {
    if !is_saved_plan(path) {
        return Ok(());
    }
    error(&format!("{} is a saved plan, and a topology is needed", path.display()));
    say(&format!("  help: to do what it says: ovhconnect apply {}", path.display()));
    Err(Exit::Error)
}

fn tell(diagnostics: &[Diagnostic], sources: &Sources) {
    if diagnostics.iter().any(|it| it.is_error() || !is_quiet()) {
        let mut diagnostics = diagnostics.to_vec();
        diagnostics.retain(|it| it.is_error() || !is_quiet());
        diagnostic::sort(&mut diagnostics);
        say(diagnostic::render(&diagnostics, sources, true).trim_end());
    }
}

pub(super) fn fail(problem: impl std::fmt::Display) -> Exit {
    error(&problem.to_string());
    Exit::Error
}

fn simulated(topology: &Topology, state: Option<&Path>) -> Result<Client, Exit> {
    let options = SimulatorOptions::default();
    let clock = Arc::new(SystemClock::scaled(REHEARSAL_SPEED));
    let made =
        || Simulator::new(&rehearsal::account_for(topology), options.clone(), clock.clone()).map_err(fail);
    let simulator = match state {
        Some(path) => {
            let file = StateFile::open(path).map_err(fail)?;
            let simulator = match file.load(options.clone()).map_err(fail)? {
                Some(world) => Simulator::from_world(world, clock.clone()),
                None => made()?,
            };
            simulator.with_state(file).map_err(fail)?
        }
        None => made()?,
    };
    story(&match state {
        Some(path) => format!("Rehearsing on the simulated account in {}.", path.display()),
        None => "Rehearsing on a simulated account made from the topology.".to_owned(),
    });
    let options = Options { rate: f64::INFINITY, ..Options::default() };
    rehearsal::client(&Arc::new(simulator), options).map_err(fail)
}

fn real(topology: &Topology, sources: &Sources, target: &Target) -> Result<Client, Exit> {
    let loaded = Config::load(target.endpoint.as_deref());
    for warning in &loaded.warnings {
        warn(&warning.to_string());
    }
    let config = loaded.config.map_err(|problem| {
        let exit = fail(problem);
        say("  help: to try it without an account: --simulate");
        exit
    })?;
    if let Some(diagnostic) = other_endpoint(topology, &config) {
        tell(&[diagnostic], sources);
        return Err(Exit::Error);
    }
    let defaults = Options::default();
    let options = Options {
        rate: if target.rate > 0.0 { target.rate } else { f64::INFINITY },
        burst: target.burst,
        parallelism: target.parallelism.unwrap_or_else(|| defaults.parallelism.min(connections())),
        ..defaults
    };
    let transport = HttpTransport::new(&config.endpoint, HttpOptions::for_timeout(options.timeout));
    Ok(Client::new(config, Arc::new(transport.map_err(fail)?), options))
}

/// How many connections may be open at once: half of what the system lets this process open, which is 256
/// files on macOS and 1,024 on most of Linux.
fn connections() -> usize {
    #[cfg(unix)]
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    let files: Option<u64> = None;
    files.and_then(|files| usize::try_from(files).ok()).map_or(usize::MAX, |files| (files / 2).max(1))
}

/// Refuses to use a topology against another endpoint than the one it is for.
fn other_endpoint(topology: &Topology, config: &Config) -> Option<Diagnostic> {
    let wanted = topology.endpoint.as_ref()?;
    let is_same = crate::api::Endpoint::parse(&wanted.name).is_ok_and(|it| it.url() == config.endpoint.url());
    let message = format!("this topology is for {}, and the endpoint is {}", wanted.name, config.endpoint);
    let diagnostic = rules::ENDPOINT
        .at(message, wanted.span, "only to be used there")
        .help("set OVH_ENDPOINT (or --endpoint), or rehearse with --simulate");
    (!is_same).then_some(diagnostic)
}
