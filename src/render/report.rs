//! What every document about a plan is made of.

use std::time::Duration;

use super::estate::{Estate, Item, Mark};
use super::forecast::{Forecast, Left};
use super::timing::Timings;
use super::words;
use crate::live::Live;
use crate::plan::Plan;
use crate::plan::guard::Violation;
use crate::topology::Address;

/// A plan, what it was made from, and what is to be said about it.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The live state it was made from.
    pub live: &'a Live,
    /// What was planned, as the user named it: the files. The same for the next plan of the same.
    pub name: &'a str,
    /// The URL of the API.
    pub endpoint: &'a str,
    /// What the plan was limited to, if to anything.
    pub only: Option<&'a Address>,
    /// What it would do and may not.
    pub violations: &'a [Violation],
    /// How long it is expected to take, if anything is known of that.
    pub expected: Option<&'a Expected>,
}

/// How long a plan is expected to take, and from where that is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// When each step begins and ends.
    pub forecast: Forecast,
    /// By step: how long it takes, if that is known.
    pub steps: Vec<Option<Duration>>,
    /// How many steps were measured.
    pub measured: usize,
    /// In how many earlier runs.
    pub runs: usize,
}

impl Expected {
    /// How long a plan takes of which so many steps run at once. None where nothing was measured that it does.
    #[must_use]
    pub fn of(plan: &Plan, timings: &Timings, parallelism: usize) -> Option<Self> {
        let steps: Vec<_> = plan.steps.iter().map(|step| timings.expected(&step.operation)).collect();
        let forecast = Forecast::from(plan, parallelism, |id| Left::All(steps[id.0]))?;
        Some(Self { forecast, steps, measured: timings.steps(), runs: timings.runs() })
    }

    /// How long it takes, in words.
    #[must_use]
    pub fn takes(&self) -> String {
        let about = if self.forecast.is_least { "at least" } else { "about" };
        format!("{about} {}", words::rough(self.forecast.end))
    }

    /// From where that is known, in words.
    #[must_use]
    pub fn because(&self) -> String {
        format!(
            "the median of {} measured in {}",
            words::many(self.measured, "step"),
            words::many(self.runs, "earlier run")
        )
    }
}

impl<'a> Report<'a> {
    /// Every configuration, and what becomes of it.
    #[must_use]
    pub fn estate(&self) -> Estate<'a> {
        Estate::of_plan(self.plan, self.live)
    }
}

/// The configurations that a plan is about: what it changes, and what it found right. What is left alone
/// on purpose is none of them.
pub fn managed<'e, 'a>(estate: &'e Estate<'a>) -> impl Iterator<Item = &'e Item<'a>> {
    estate.items().filter(|item| item.mark != Mark::Unmanaged)
}
