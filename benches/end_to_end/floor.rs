//! What no client can beat.

use std::time::Duration;

use ovhconnect::plan::{Operation, Plan};

use crate::row::Setting;

/// The reads that cannot start before the one before them has answered: the API's clock, the services, a service's PoPs, their
/// datacenters, their extras.
pub const CHAIN_OF_READS: u32 = 5;

/// The longest chain of steps that wait for each other: for each its task, if it has one, and one
/// round trip.
pub fn of_plan(plan: &Plan, setting: &Setting) -> Duration {
    let mut ends = vec![Duration::ZERO; plan.steps.len()];
    // Steps stand in an order that respects every edge, and edges are sorted by the step that waits.
    let mut edges = plan.edges.iter().peekable();
    for (id, step) in plan.steps() {
        let mut starts = Duration::ZERO;
        while let Some(edge) = edges.next_if(|edge| edge.after == id) {
            starts = starts.max(ends[edge.before.0]);
        }
        let takes = match step.operation {
            Operation::Describe { .. } => setting.latency,
            _ => setting.latency + setting.task,
        };
        ends[id.0] = starts + takes;
    }
    ends.into_iter().max().unwrap_or_default()
}

/// The longest dependent chain of reads.
pub fn of_reading(setting: &Setting) -> Duration {
    setting.latency * CHAIN_OF_READS
}
