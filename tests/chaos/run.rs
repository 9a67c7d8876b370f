//! One run: trouble, kills and new starts, then one apply in peace.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use ovhconnect::api::{Client, Options as ClientOptions};
use ovhconnect::apply::{self, Event, Outcome, Progress};
use ovhconnect::diff::Goal;
use ovhconnect::live::read::{ReadError, read};
use ovhconnect::plan::{Plan, PlanError};
use ovhconnect::rehearsal;
use ovhconnect::sim::clock::TokioClock;
use ovhconnect::sim::{Fate, Moment, Options, Simulator};
use ovhconnect::topology::Topology;
use tokio::sync::watch;
use tokio::time::Instant;

use super::draw::{self, Troubles};
use super::wire::{Cut, START, Wire};
use super::{case, judge, report};

/// How many times the program is started in trouble at most.
const STARTS: u32 = 4;
/// No run takes longer, in virtual time.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// What runs came to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Runs with something to do.
    pub runs: u64,
    pub starts: u64,
    pub requests: u64,
    pub struck: u64,
    pub kills: u64,
    pub stops: u64,
    pub complete: u64,
    pub failed: u64,
    pub unknown: u64,
    pub adopted: u64,
    pub repeated: u64,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        let Self {
            runs,
            starts,
            requests,
            struck,
            kills,
            stops,
            complete,
            failed,
            unknown,
            adopted,
            repeated,
        } = other;
        self.runs += runs;
        self.starts += starts;
        self.requests += requests;
        self.struck += struck;
        self.kills += kills;
        self.stops += stops;
        self.complete += complete;
        self.failed += failed;
        self.unknown += unknown;
        self.adopted += adopted;
        self.repeated += repeated;
    }
}

/// A topology, an account, and everything that happens to them.
pub struct Stage {
    pub topology: Topology,
    pub goal: Goal,
    pub simulator: Arc<Simulator>,
    pub random: Rng,
    pub troubles: Troubles,
    pub tally: Tally,
    /// For whoever reads about a failure.
    story: String,
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime")
}

impl Stage {
    /// What a seed stands for. Must be called inside a runtime.
    pub fn new(seed: u64) -> Self {
        // The jitter of retries comes from here.
        fastrand::seed(seed);
        START.with(|start| start.set(Instant::now()));
        let mut random = Rng::with_seed(seed);
        let case = draw::case(seed);
        let (text, mut world) = case.make();
        let locked_interface_takes_pop = world.options().locked_interface_takes_pop;
        world.set_options(Options { locked_interface_takes_pop, ..draw::options(&mut random) });
        let troubles = draw::troubles(&mut random);
        let mut story = String::new();
        _ = writeln!(story, "{:?}", world.options());
        for fault in troubles.always.iter().chain(&troubles.applying) {
            let fault = serde_json::to_string(fault).expect("a fault is plain data");
            _ = writeln!(story, "{fault}");
        }
        _ = writeln!(story, "{:?}\n{text}", case.goal);
        let clock = Arc::new(TokioClock::new(Moment::START));
        let simulator = Arc::new(Simulator::from_world(world, clock));
        Self {
            topology: case::parse(&text),
            goal: case.goal,
            simulator,
            random,
            troubles,
            tally: Tally::default(),
            story,
        }
    }

    pub fn tell(&mut self, text: impl std::fmt::Display) {
        _ = writeln!(self.story, "{text}");
    }

    /// A problem, with all there is to know of it.
    pub fn report(&self, problem: &str) -> String {
        format!("{problem}\n\n{}", self.story)
    }

    pub fn client(&mut self, wire: &Arc<Wire>) -> Client {
        let rate = if self.random.bool() { f64::INFINITY } else { 20.0 };
        let parallelism = self.random.usize(1..20);
        let options = ClientOptions { rate, parallelism, ..ClientOptions::default() };
        let config = rehearsal::config(&self.simulator).expect("a valid endpoint");
        Client::new(config, Arc::clone(wire) as _, options)
    }

    /// From now on everything goes wrong that goes wrong with all requests, or with those of an apply.
    pub fn trouble(&self, applying: bool) {
        self.simulator.clear_faults();
        let faults = self.troubles.applying.iter().filter(|_| applying).chain(&self.troubles.always);
        faults.for_each(|fault| self.simulator.add_fault(fault.clone()));
    }

    /// Takes note of what one program did; what the account refused is a defect.
    pub fn conclude(&mut self, wire: &Wire, may_be_refused: bool) -> Result<(), String> {
        let seen = wire.seen();
        self.tally.requests += seen.requests;
        self.tell(seen.story.join("\n"));
        let serializes = self.simulator.world().options().serialize;
        if seen.busy > 0 && !serializes {
            return Err("a service that runs any number of tasks was busy".to_owned());
        }
        match seen.refused.first() {
            Some(refused) if !may_be_refused => Err(format!("the account refused an order: {refused}")),
            _ => Ok(()),
        }
    }
}

/// Everything of one seed.
///
/// # Errors
/// What is wrong, with all there is to know of it.
pub fn run(seed: u64) -> Result<Tally, String> {
    runtime().block_on(async {
        let mut stage = Stage::new(seed);
        let result = match tokio::time::timeout(LONGEST, play(&mut stage)).await {
            Ok(result) => result,
            Err(_) => Err("it does not end".to_owned()),
        };
        stage.tally.struck = stage.simulator.struck();
        result.map(|()| stage.tally.clone()).map_err(|problem| stage.report(&problem))
    })
}

async fn play(stage: &mut Stage) -> Result<(), String> {
    for start in 1..=stage.random.u32(1..=STARTS) {
        stage.tell(format_args!("--- start {start}"));
        match trial(stage, start == 1).await? {
            Sequel::Again => {}
            Sequel::Over => return Ok(()),
        }
        // What was cut may have its effect still; who starts again before it has cannot know of it.
        let least = if stage.troubles.late { 60 } else { 0 };
        let pause = least + if stage.random.bool() { 0 } else { stage.random.u64(..120) };
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
    stage.simulator.clear_faults();
    let fate = if stage.random.bool() { Fate::Done } else { Fate::Error };
    stage.simulator.world().relent(fate);
    peace(stage).await
}

/// One apply after which nothing is left to do.
pub async fn peace(stage: &mut Stage) -> Result<(), String> {
    stage.tell("--- in peace");
    let wire = Wire::new(&stage.simulator);
    let client = stage.client(&wire);
    let plan = match plan(stage, &client).await {
        Ok(plan) => plan,
        Err(Unplanned::Unlucky(problem)) => {
            stage.tell(problem);
            return stage.conclude(&wire, false);
        }
        // No start could even read, so none found out that the case is of no use.
        Err(Unplanned::Unfit(_)) if stage.tally.runs == 0 && stage.tally.starts == 0 => return Ok(()),
        Err(Unplanned::Unfit(problem) | Unplanned::Unread(problem) | Unplanned::Defect(problem)) => {
            return Err(format!("in peace no plan can be made: {problem}"));
        }
    };
    stage.tell(report::plan(&plan));
    let options = apply::Options::unstoppable();
    let outcome = apply::apply(&client, &plan, &options, &|_: Event| {}).await;
    stage.tell(fates(&plan, &outcome));
    stage.conclude(&wire, false)?;
    if !outcome.is_complete() {
        return Err("in peace not every step is done".to_owned());
    }
    // What nobody asked for may still be under way.
    tokio::time::sleep(Duration::from_secs(3600)).await;
    match self::plan(stage, &client).await {
        Ok(left) if left.is_empty() => Ok(()),
        Ok(left) => Err(format!("planning again finds\n{}", report::plan(&left))),
        Err(_) => Err("planning again fails".to_owned()),
    }
}

pub enum Unplanned {
    /// The topology cannot be had.
    Unfit(String),
    /// It could be had while a datacenter stood with an ASN that it does not ask for. Whatever made it
    /// anew is over, and a topology that leaves the ASN out may now be given one that it cannot take.
    /// To say so is all there is to do.
    Unlucky(String),
    /// Live state cannot be read.
    Unread(String),
    /// What must not be.
    Defect(String),
}

pub async fn plan(stage: &Stage, client: &Client) -> Result<Plan, Unplanned> {
    let reading = match read(client, &stage.topology).await {
        Ok(reading) => reading,
        Err(ReadError::Unfit(problem)) => return Err(Unplanned::Unfit(format!("{problem:?}"))),
        Err(ReadError::Api(error)) => return Err(Unplanned::Unread(error.to_string())),
        Err(ReadError::Unreadable(error)) => return Err(Unplanned::Defect(error.to_string())),
    };
    Plan::make(&reading.topology, &reading.live, stage.goal).map_err(|error| match error {
        PlanError::Unfit(problem) if problem.iter().all(|it| it.rule.code == "OCC210") => {
            Unplanned::Unlucky(format!("{problem:?}"))
        }
        PlanError::Unfit(problem) => Unplanned::Unfit(format!("{problem:?}")),
        PlanError::Only(_) | PlanError::Cycle(_) => Unplanned::Defect(error.to_string()),
    })
}

/// Whether there is anything to be had from starting the program again.
enum Sequel {
    Again,
    Over,
}

/// The program is started, in trouble.
async fn trial(stage: &mut Stage, first: bool) -> Result<Sequel, String> {
    let wire = Wire::new(&stage.simulator);
    let client = stage.client(&wire);
    stage.trouble(false);
    let plan = match plan(stage, &client).await {
        Ok(plan) => plan,
        // Before any plan was made nothing was changed: the case itself is of no use.
        Err(Unplanned::Unfit(_)) if stage.tally.starts == 0 => return Ok(Sequel::Over),
        Err(Unplanned::Unlucky(problem)) => {
            stage.tell(format_args!("no plan can be made: {problem}"));
            stage.conclude(&wire, false)?;
            return Ok(Sequel::Over);
        }
        Err(Unplanned::Unread(problem)) => {
            stage.tell(format_args!("live state cannot be read: {problem}"));
            stage.conclude(&wire, false)?;
            return Ok(Sequel::Again);
        }
        Err(Unplanned::Unfit(problem) | Unplanned::Defect(problem)) => return Err(problem),
    };
    stage.tell(report::plan(&plan));
    if first {
        if plan.is_empty() {
            return Ok(Sequel::Over);
        }
        stage.tally.runs += 1;
    }
    stage.tally.starts += 1;
    stage.trouble(true);
    let at = stage.random.u64(1..=4 + 40 * plan.steps.len() as u64);
    let cut = match stage.random.u8(..5) {
        0 | 1 => Cut::Kill { at, arrives: stage.random.bool() },
        2 => Cut::Stop { at },
        _ => Cut::Never,
    };
    wire.set(cut);
    let outcome = execute(stage, &wire, &client, &plan, cut).await;
    // What was struck before it came to an end is struck no more.
    let world = stage.simulator.world().clone();
    stage.simulator.clear_faults();
    if let Some(outcome) = &outcome {
        stage.tell(fates(&plan, outcome));
    }
    stage.conclude(&wire, false)?;
    let Some(outcome) = outcome else { return Ok(Sequel::Again) };
    let counts = outcome.counts();
    stage.tally.complete += u64::from(outcome.is_complete());
    stage.tally.failed += counts.failed as u64;
    stage.tally.unknown += counts.unknown as u64;
    judge::is_true(&plan, &outcome, &judge::truth(&world, &stage.topology).await)?;
    Ok(Sequel::Again)
}

/// Runs a plan until it ends, or is killed: then there is no outcome.
async fn execute(stage: &mut Stage, wire: &Wire, client: &Client, plan: &Plan, cut: Cut) -> Option<Outcome> {
    let (stop, stopped) = watch::channel(false);
    let options = apply::Options {
        parallelism: stage.random.usize(1..12),
        stop: stopped,
        ..apply::Options::unstoppable()
    };
    let lookings = std::sync::Mutex::new((0_u64, 0_u64));
    let events = |event: Event| {
        let mut count = lookings.lock().unwrap();
        match event {
            Event::Progress { progress: Progress::Looking { .. }, .. } => count.0 += 1,
            Event::Progress { progress: Progress::Adopted, .. } => count.1 += 1,
            _ => {}
        }
    };
    let outcome = {
        let applying = apply::apply(client, plan, &options, &events);
        tokio::pin!(applying);
        loop {
            tokio::select! {
                biased;
                () = wire.signal.notified() => match cut {
                    Cut::Stop { .. } => {
                        stage.tally.stops += 1;
                        _ = stop.send(true);
                    }
                    Cut::Kill { .. } | Cut::Never => {
                        stage.tally.kills += 1;
                        break None;
                    }
                },
                outcome = &mut applying => break Some(outcome),
            }
        }
    };
    let (looked, adopted) = *lookings.lock().unwrap();
    stage.tally.adopted += adopted;
    stage.tally.repeated += looked.saturating_sub(adopted);
    if outcome.is_none() {
        stage.tell(format_args!("killed: {cut:?}"));
    }
    outcome
}

fn fates(plan: &Plan, outcome: &Outcome) -> String {
    let fates = plan.steps().map(|(id, _)| match &outcome.fates[id.0] {
        apply::Fate::Failed { error, .. } => format!("  {id} failed: {error}"),
        fate => format!("  {id} {fate:?}"),
    });
    fates.collect::<Vec<_>>().join("\n")
}
