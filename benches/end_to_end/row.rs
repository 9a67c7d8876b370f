//! What is measured, and what it is measured against.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::topology;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// How long the API takes to answer.
    pub latency: Duration,
    /// How long each of its tasks takes.
    pub task: Duration,
    /// How many services there are.
    pub services: usize,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} services, tasks of {} s, {} ms away",
            self.services,
            self.task.as_secs_f64(),
            self.latency.as_millis()
        )
    }
}

/// The four runs of a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Phase {
    /// Planning against an empty account.
    PlanEmpty,
    /// Applying that.
    Apply,
    /// Planning against what was applied.
    PlanSettled,
    /// Removing it.
    Destroy,
}

impl Phase {
    /// In the order they are run.
    pub const ALL: [Self; 4] = [Self::PlanEmpty, Self::Apply, Self::PlanSettled, Self::Destroy];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::PlanEmpty => "plan, empty",
            Self::Apply => "apply",
            Self::PlanSettled => "plan, settled",
            Self::Destroy => "destroy",
        })
    }
}

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// From the start of the program to its end.
    pub wall: Duration,
    /// What no client can beat.
    pub floor: Duration,
    /// How often each route was called.
    pub requests: BTreeMap<String, usize>,
    /// The most memory it held, in bytes; unknown where it ran in this process.
    pub memory: Option<u64>,
    /// The time that comparing and ordering took.
    pub planning: Duration,
}

impl Run {
    /// How many requests it made.
    pub fn total(&self) -> usize {
        self.requests.values().sum()
    }
}

/// Everything that was measured for a setting.
#[derive(Clone, Debug)]
pub struct Measured {
    /// For what.
    pub setting: Setting,
    /// Each run.
    pub runs: BTreeMap<Phase, Run>,
    /// Whether the clock jumped instead of being waited for.
    pub is_virtual: bool,
}

/// Something measured and the most it may be, in the same unit.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// What was measured.
    pub measured: f64,
    /// The most it may be.
    pub target: f64,
}

impl Judged {
    /// The part of the target that is used up: above 1 it is missed.
    pub fn ratio(&self) -> f64 {
        self.measured / self.target
    }
}

impl Measured {
    /// The time of a run against its target, where it has one.
    pub fn time(&self, phase: Phase) -> Option<Judged> {
        let run = self.runs.get(&phase)?;
        let factor = match phase {
            Phase::PlanEmpty => return None,
            Phase::PlanSettled => 3.0,
            Phase::Apply | Phase::Destroy if self.setting.task >= Duration::from_secs(2) => 1.10,
            Phase::Apply | Phase::Destroy => 1.5,
        };
        Some(Judged { measured: run.wall.as_secs_f64(), target: run.floor.as_secs_f64() * factor })
    }

    /// The requests of a plan against what it may make: 2, 3 a service, 1 a datacenter, 2 a vRack.
    pub fn requests(&self, phase: Phase) -> Option<Judged> {
        let run = self.runs.get(&phase)?;
        let services = self.setting.services;
        let most = 2 + 3 * services + topology::datacenters(services) + 2 * topology::vracks(services);
        matches!(phase, Phase::PlanEmpty | Phase::PlanSettled)
            .then_some(Judged { measured: run.total() as f64, target: most as f64 })
    }

    /// The share of comparing and ordering in the whole, which may be a twentieth.
    pub fn planning(&self, phase: Phase) -> Option<Judged> {
        let run = self.runs.get(&phase)?;
        (!self.is_virtual)
            .then_some(Judged { measured: run.planning.as_secs_f64(), target: run.wall.as_secs_f64() * 0.05 })
    }

    /// Whether every target is met.
    pub fn holds(&self) -> bool {
        Phase::ALL.iter().all(|phase| self.judged(*phase).all(|(_, judged)| judged.ratio() <= 1.0))
    }

    /// Every target of a run, by name.
    pub fn judged(&self, phase: Phase) -> impl Iterator<Item = (&'static str, Judged)> {
        [("time", self.time(phase)), ("requests", self.requests(phase)), ("planning", self.planning(phase))]
            .into_iter()
            .filter_map(|(name, judged)| Some((name, judged?)))
    }
}
