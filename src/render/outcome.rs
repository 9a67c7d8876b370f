//! What came of a plan: one line where everything went well, else a table of its steps and why.

use std::fmt::Write as _;
use std::time::Duration;

use super::text::{list, visible};
use super::words::{self, ShortNames};
use super::{ALARM, FAINT, STRONG, styled};
use crate::apply::{Counts, Fate, Outcome};
use crate::plan::{Plan, Step, StepId};

/// What became of the steps of a plan that took `elapsed`, in lines of at most `width` columns where
/// the words allow it.
#[must_use]
pub fn summary(plan: &Plan, outcome: &Outcome, elapsed: Duration, width: usize) -> String {
    let mut text = String::new();
    if !outcome.is_complete() {
        let _ = writeln!(text, "\n{}", styled(STRONG, "What became of each step"));
        table(&mut text, plan, outcome, width);
        failures(&mut text, plan, outcome, width);
        let _ = writeln!(text);
    }
    let _ = writeln!(text, "{}", totals(plan, &outcome.counts(), elapsed));
    text
}

/// How many steps met which fate, in one line.
fn totals(plan: &Plan, counts: &Counts, elapsed: Duration) -> String {
    let mut line =
        format!("{} of {} steps done in {}", counts.done, plan.steps.len(), words::duration(elapsed));
    for (count, word) in [
        (counts.failed, "failed"),
        (counts.unknown, "unknown"),
        (counts.skipped, "skipped"),
        (counts.not_started, "not started"),
    ] {
        if count > 0 {
            let _ = write!(line, ", {count} {word}");
        }
    }
    line.push('.');
    line
}

/// A line for each step: its number, what became of it, how long that took, what it was.
fn table(text: &mut String, plan: &Plan, outcome: &Outcome, width: usize) {
    let names = ShortNames::of(plan);
    let rows: Vec<Row> =
        steps(plan, outcome).map(|(id, step, fate)| Row::of(id, step, fate, &names)).collect();
    let widest =
        |column: fn(&Row) -> &str| rows.iter().map(|row| visible(column(row))).max().unwrap_or_default();
    let (ids, fates, times) = (widest(|row| &row.id), widest(|row| &row.fate), widest(|row| &row.time));
    // What is left of the line, but not so little that every word stands alone.
    let room = width.saturating_sub(ids + fates + times + 8).max(24);
    for Row { id, fate, time, words, style } in &rows {
        let mut lines = wrapped(words, room).into_iter();
        let first = lines.next().unwrap_or_default();
        let fate = styled(*style, format!("{fate:fates$}"));
        let _ = writeln!(text, "  {id:>ids$}  {fate}  {time:>times$}  {first}");
        for line in lines {
            let _ = writeln!(text, "  {:ids$}  {:fates$}  {:times$}  {line}", "", "", "");
        }
    }
}

struct Row {
    id: String,
    fate: String,
    time: String,
    words: String,
    style: anstyle::Style,
}

impl Row {
    fn of(id: StepId, step: &Step, fate: &Fate, names: &ShortNames) -> Self {
        let (word, elapsed, style) = match fate {
            Fate::Done { elapsed } => ("done", Some(elapsed), FAINT),
            Fate::Failed { error, elapsed } if error.is_unknown() => ("UNKNOWN", Some(elapsed), ALARM),
            Fate::Failed { elapsed, .. } => ("FAILED", Some(elapsed), ALARM),
            Fate::Skipped { .. } => ("skipped", None, STRONG),
            Fate::NotStarted => ("not started", None, STRONG),
        };
        let mut words = words::step(step, names);
        if let Fate::Skipped { because } = fate {
            let _ = write!(words, ", because of {because}");
        }
        let time = elapsed.map(|elapsed| words::duration(*elapsed)).unwrap_or_default();
        Self { id: id.to_string(), fate: word.to_owned(), time, words, style }
    }
}

/// Why steps did not succeed, and what that kept from being run.
fn failures(text: &mut String, plan: &Plan, outcome: &Outcome, width: usize) {
    let names = ShortNames::of(plan);
    for (id, step, fate) in steps(plan, outcome) {
        let Fate::Failed { error, .. } = fate else { continue };
        let what = if error.is_unknown() { "unknown" } else { "failed" };
        let _ = writeln!(text, "\n{}", styled(ALARM, format!("{id}  {}: {what}", words::step(step, &names))));
        let _ = writeln!(text, "    address: {}", step.address);
        let cause = wrapped(&error.to_string(), width.saturating_sub(13).max(24));
        let _ = writeln!(text, "    cause:   {}", cause.join("\n             "));
        let skipped = steps(plan, outcome)
            .filter(|(_, _, fate)| matches!(fate, Fate::Skipped { because } if *because == id))
            .map(|(other, ..)| other);
        let skipped = list(skipped);
        if !skipped.is_empty() {
            let _ = writeln!(text, "    skipped: {skipped}");
        }
    }
}

fn steps<'a>(plan: &'a Plan, outcome: &'a Outcome) -> impl Iterator<Item = (StepId, &'a Step, &'a Fate)> {
    plan.steps().zip(&outcome.fates).map(|((id, step), fate)| (id, step, fate))
}

/// A text in lines of at most `width` columns. A longer word stands alone.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if visible(line) + 1 + visible(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::{Place, StepError, Work};
    use crate::render::sample::{plan, service};

    fn shown(fates: Vec<Fate>, width: usize) -> String {
        let text = summary(&plan(), &Outcome { fates, changed: true }, Duration::from_secs(1834), width);
        anstream::adapter::strip_str(&text).to_string()
    }

    fn work(task: u64, query_id: Option<&str>) -> Work {
        let query_id = query_id.map(str::to_owned);
        Work { place: Place::Service(service()), task: Some(task), query_id }
    }

    #[test]
    fn one_line_where_everything_went_well() {
        let done = Fate::Done { elapsed: Duration::from_millis(600) };
        insta::assert_snapshot!(shown(vec![done; 5], 80), @"5 of 5 steps done in 30 min 34 s.");
    }

    #[test]
    fn every_step_where_something_did_not() {
        let seconds = Duration::from_secs;
        let fates = vec![
            Fate::Done { elapsed: Duration::from_millis(600) },
            Fate::Failed {
                error: StepError::Unfinished {
                    work: work(5, None),
                    status: "doing".to_owned(),
                    after: seconds(1800),
                },
                elapsed: seconds(1801),
            },
            Fate::Failed {
                error: StepError::Task { work: work(6, Some("EU.ext-1")), status: "error".to_owned() },
                elapsed: seconds(12),
            },
            Fate::Skipped { because: StepId(2) },
            Fate::NotStarted,
        ];
        let text = shown(fates, 80);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "wider than 80 columns:\n{text}");
        insta::assert_snapshot!(text, @r"

        What became of each step
          #1  done              0.6 s  attach service 6b0c8f3e to pn-12345
          #2  UNKNOWN      30 min 1 s  create pop of service 6b0c8f3e (l3,
                                       172.16.0.0/30)
          #3  FAILED             12 s  create datacenter GRA of pn-12345 (10.1.0.0/24)
          #4  skipped                  create network 192.168.10.0/24 in datacenter GRA
                                       of pn-12345 (next hop 10.1.0.10), because of #3
          #5  not started              wait for task 9 (addIpBlock) of pn-12345, begun
                                       by someone else

        #2  create pop of service 6b0c8f3e (l3, 172.16.0.0/30): unknown
            address: pn-12345/service/6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01/pop
            cause:   task 5 of service 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01 is still
                     `doing` after 1800 s (--task-timeout); it may still end well: plan
                     again later

        #3  create datacenter GRA of pn-12345 (10.1.0.0/24): failed
            address: pn-12345/datacenter/GRA
            cause:   task 6 of service 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01 (query id
                     EU.ext-1) ended as `error`: OVHcloud could not do it; plan again to
                     see what it left behind, and give OVHcloud's support the task's
                     number if it happens again
            skipped: #4

        1 of 5 steps done in 30 min 34 s, 1 failed, 1 unknown, 1 skipped, 1 not started.
        ");
    }
}
