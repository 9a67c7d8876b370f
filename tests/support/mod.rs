//! A topology against a simulator in this process. Time is tokio's: a test that pauses it waits for
//! nothing.

#![allow(dead_code, reason = "each test file uses its own part of this")]

pub mod served;

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use ovhconnect::api::{Client, Options as ClientOptions};
use ovhconnect::apply::{self, Event, Outcome};
use ovhconnect::diff::Goal;
use ovhconnect::live::Live;
use ovhconnect::live::read::read;
use ovhconnect::plan::Plan;
use ovhconnect::rehearsal;
use ovhconnect::sim::clock::TokioClock;
use ovhconnect::sim::{Account, Moment, Options, Simulator, World};
use ovhconnect::topology::Topology;
use ovhconnect::topology::files;

/// A topology and a simulated account.
pub struct Rehearsal {
    pub topology: Topology,
    pub simulator: Arc<Simulator>,
    pub client: Client,
}

/// What an apply did, and what planning again found.
pub struct Applied {
    pub plan: Plan,
    pub outcome: Outcome,
    pub left: Plan,
}

impl Rehearsal {
    /// The topology in a file, and an account made from it.
    pub fn of_file(path: &Path) -> Self {
        let loaded = files::load(&[path]);
        assert_eq!(loaded.diagnostics, [], "{} has diagnostics", path.display());
        let account = rehearsal::account_for(&loaded.topology);
        Self::with(loaded.topology, &account, Options::default())
    }

    /// A topology and an account.
    pub fn with(topology: Topology, account: &Account, options: Options) -> Self {
        let world = World::new(account, options).expect("a valid account");
        Self::with_world(topology, world)
    }

    /// A topology and an account in any state.
    pub fn with_world(topology: Topology, world: World) -> Self {
        let simulator = Arc::new(Simulator::from_world(world, Arc::new(TokioClock::new(Moment::START))));
        let options = ClientOptions { rate: f64::INFINITY, ..ClientOptions::default() };
        let client = rehearsal::client(&simulator, options).expect("a valid endpoint");
        Self { topology, simulator, client }
    }

    /// Reads live state and plans.
    pub async fn plan(&self, goal: Goal) -> Plan {
        self.read_and_plan(goal).await.1
    }

    /// Reads live state and plans; returns both.
    pub async fn read_and_plan(&self, goal: Goal) -> (Live, Plan) {
        let reading = read(&self.client, &self.topology).await.unwrap_or_else(|error| panic!("{error:?}"));
        let plan = Plan::make(&reading.topology, &reading.live, goal);
        (reading.live, plan.unwrap_or_else(|error| panic!("{error:?}")))
    }

    /// Plans, applies and plans again.
    pub async fn apply(&self, goal: Goal) -> Applied {
        let plan = self.plan(goal).await;
        let outcome = self.run(&plan).await;
        let left = self.plan(goal).await;
        Applied { plan, outcome, left }
    }

    /// Runs a plan.
    pub async fn run(&self, plan: &Plan) -> Outcome {
        let options = apply::Options::unstoppable();
        apply::apply(&self.client, plan, &options, &|_: Event| {}).await
    }
}

impl Applied {
    /// Every step is done and nothing is left to do.
    pub fn assert_converged(&self, what: &dyn Display) {
        let fates: Vec<String> = self
            .plan
            .steps()
            .map(|(id, step)| {
                format!("{id} {} {:?}: {:?}", step.address, step.operation, self.outcome.fates[id.0])
            })
            .collect();
        assert!(self.outcome.is_complete(), "{what}: not every step is done:\n{}", fates.join("\n"));
        assert!(self.left.is_empty(), "{what}: planning again finds\n{:#?}", self.left.changes);
    }
}
