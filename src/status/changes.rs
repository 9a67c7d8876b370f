//! What changed between two reports: the lines that a watch appends to a file or a pipe.

use std::collections::BTreeMap;

use super::Report;
use super::rows::{Row, rows};

/// What is not in `after` as it was in `before`, one line each. Measurements, which never stand still, do
/// not count: a light that is a tenth of a decibel weaker is no change, a light that is gone is one.
#[must_use]
pub fn changes(before: &Report, after: &Report) -> Vec<String> {
    let by_place = |report: &Report| -> BTreeMap<String, Row> {
        rows(report).into_iter().map(|row| (row.place.clone(), row)).collect()
    };
    let (before, after) = (by_place(before), by_place(after));
    let mut lines = Vec::new();
    for (place, row) in &after {
        let now = told(row);
        match before.get(place).map(told) {
            None => lines.push(format!("+ {place}: {now}")),
            Some(then) if then != now => lines.push(format!("~ {place}: {now} (was: {then})")),
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|place| !after.contains_key(*place));
    lines.extend(gone.map(|place| format!("- {place}: gone")));
    lines
}

fn told(row: &Row) -> &str {
    if row.state.is_empty() { &row.name } else { &row.state }
}
