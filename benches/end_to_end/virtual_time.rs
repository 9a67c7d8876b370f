//! Runs in this process, on a clock that jumps: what counts is how many round trips and how much
//! waiting there is, not how fast the machine is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ovhconnect::api::{Client, Options as ClientOptions};
use ovhconnect::apply;
use ovhconnect::diff::Goal;
use ovhconnect::live::read::{Reading, read};
use ovhconnect::plan::Plan;
use ovhconnect::rehearsal;
use ovhconnect::sim::clock::TokioClock;
use ovhconnect::sim::{LogEntry, Moment, Options, Simulator};
use ovhconnect::topology::Topology;
use ovhconnect::topology::files;

use crate::floor;
use crate::row::{Measured, Phase, Run, Setting};
use crate::topology;

/// Measures every run of a row.
pub fn measure(setting: Setting) -> Result<Measured, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    let runs = runtime.block_on(rehearse(setting))?;
    Ok(Measured { setting, runs, is_virtual: true })
}

async fn rehearse(setting: Setting) -> Result<BTreeMap<Phase, Run>, String> {
    let stage = Stage::set(setting)?;
    let mut runs = BTreeMap::new();
    runs.insert(Phase::PlanEmpty, stage.plan().await?);
    runs.insert(Phase::Apply, stage.apply(Goal::Apply).await?);
    runs.insert(Phase::PlanSettled, stage.plan().await?);
    runs.insert(Phase::Destroy, stage.apply(Goal::Destroy).await?);
    Ok(runs)
}

/// A topology and a simulated account for it.
struct Stage {
    setting: Setting,
    topology: Topology,
    simulator: Arc<Simulator>,
}

impl Stage {
    fn set(setting: Setting) -> Result<Self, String> {
        let topology = parsed(setting.services)?;
        let options = Options {
            task: setting.task,
            vrack_task: setting.task,
            latency: setting.latency,
            ..Options::default()
        };
        let clock = Arc::new(TokioClock::new(Moment::START));
        let simulator = Simulator::new(&rehearsal::account_for(&topology), options, clock)
            .map_err(|error| error.to_string())?;
        Ok(Self { setting, topology, simulator: Arc::new(simulator) })
    }

    /// A client as a program that was just started has it.
    fn client(&self) -> Result<Client, String> {
        self.simulator.clear_log();
        // No rate: the API's speed is what is measured.
        let options = ClientOptions { rate: f64::INFINITY, ..ClientOptions::default() };
        rehearsal::client(&self.simulator, options).map_err(|error| error.to_string())
    }

    async fn plan(&self) -> Result<Run, String> {
        let client = self.client()?;
        let begun = tokio::time::Instant::now();
        let (_, planning) = self.read_and_plan(&client, Goal::Apply).await?;
        Ok(self.run(begun.elapsed(), floor::of_reading(&self.setting), planning))
    }

    /// As the command does it: read, plan, run, and look again.
    async fn apply(&self, goal: Goal) -> Result<Run, String> {
        let client = self.client()?;
        let begun = tokio::time::Instant::now();
        let (plan, planning) = self.read_and_plan(&client, goal).await?;
        let outcome = apply::apply(&client, &plan, &apply::Options::unstoppable(), &|_| {}).await;
        let (left, _) = self.read_and_plan(&client, goal).await?;
        if !outcome.is_complete() || !left.is_empty() {
            return Err(format!(
                "not converged: {:?}, {} changes left",
                outcome.counts(),
                left.changes.len()
            ));
        }
        Ok(self.run(begun.elapsed(), floor::of_plan(&plan, &self.setting), planning))
    }

    async fn read_and_plan(&self, client: &Client, goal: Goal) -> Result<(Plan, Duration), String> {
        let Reading { topology, live, .. } =
            read(client, &self.topology).await.map_err(|error| error.to_string())?;
        let begun = Instant::now();
        let plan = Plan::make(&topology, &live, goal).map_err(|error| error.to_string())?;
        Ok((plan, begun.elapsed()))
    }

    fn run(&self, wall: Duration, floor: Duration, planning: Duration) -> Run {
        let requests = by_route(self.simulator.log().iter().map(route));
        Run { wall, floor, requests, memory: None, planning }
    }
}

fn route(entry: &LogEntry) -> String {
    route_of(&entry.method, &entry.path)
}

/// The route of a request: its path with placeholders for names and numbers.
pub fn route_of(method: &str, path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        number if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => "{id}",
        uuid if uuid.len() == 36 && uuid.matches('-').count() == 4 => "{service}",
        vrack if vrack.starts_with("pn-") => "{vrack}",
        other => other,
    });
    format!("{method} {}", parts.collect::<Vec<_>>().join("/"))
}

/// How often each route stands in a list.
pub fn by_route(routes: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for route in routes {
        *counts.entry(route).or_default() += 1;
    }
    counts
}

/// The topology with this many services.
pub fn parsed(services: usize) -> Result<Topology, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("topology.yaml");
    std::fs::write(&path, topology::text(services)).map_err(|error| error.to_string())?;
    let loaded = files::load(&[path]);
    match loaded.diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
        None => Ok(loaded.topology),
        Some(diagnostic) => Err(diagnostic.message.clone()),
    }
}
