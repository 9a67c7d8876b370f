//! The order of a plan as a drawing: a row for each step, a column for each round, and lines from what
//! comes first to what waits.

use serde::Serialize;

use super::html::call_mark;
use super::json::Call;
use super::schedule::Schedule;
use super::words::{self, ShortNames, clip};
use crate::plan::Plan;

const LEFT: usize = 560;
const TOP: usize = 44;
const ROW: usize = 28;
const ROUND: usize = 56;
const BAR: usize = 14;

/// The drawing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Order {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// Where each round begins.
    pub rounds: Vec<usize>,
    /// The steps.
    pub rows: Vec<Row>,
    /// What waits for what, as paths.
    pub waits: Vec<Wait>,
}

/// A step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Row {
    /// Its number, from 1.
    pub number: usize,
    /// The middle of the row.
    pub y: usize,
    /// Where its bar begins.
    pub x: usize,
    /// How long that is.
    pub width: usize,
    /// How high.
    pub height: usize,
    /// How it is marked.
    pub mark: &'static str,
    /// What it does.
    pub text: String,
    /// Whether the plan takes longer if it does.
    pub is_critical: bool,
}

/// That a step waits for another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Wait {
    /// The path, as SVG writes it.
    pub path: String,
    /// Why.
    pub title: String,
}

impl Order {
    /// Draws the order of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let names = ShortNames::of(plan);
        let schedule = Schedule::of(plan);
        let middle = |step: usize| TOP + step * ROW + ROW / 2;
        let rows = plan.steps().map(|(id, step)| Row {
            number: id.0 + 1,
            y: middle(id.0),
            x: LEFT + schedule.round(id) * ROUND + 4,
            width: ROUND - 8,
            height: BAR,
            mark: call_mark(Call::of(&step.operation)).0,
            text: clip(&words::step(step, &names), 66),
            is_critical: schedule.is_critical(id),
        });
        let waits = plan.edges.iter().map(|edge| {
            let from = LEFT + (schedule.round(edge.before) + 1) * ROUND - 4;
            let to = LEFT + schedule.round(edge.after) * ROUND + 4;
            let (start, end) = (middle(edge.before.0), middle(edge.after.0));
            let bend = to.saturating_sub(4);
            Wait {
                path: format!("M{from} {start}H{bend}V{end}H{to}"),
                title: format!("{} waits for {}: {}", edge.after.0 + 1, edge.before.0 + 1, edge.because),
            }
        });
        Self {
            width: LEFT + schedule.length.max(1) * ROUND + 16,
            height: TOP + plan.steps.len().max(1) * ROW + 16,
            rounds: (0..schedule.length).map(|round| LEFT + round * ROUND).collect(),
            rows: rows.collect(),
            waits: waits.collect(),
        }
    }
}
