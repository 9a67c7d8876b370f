//! A plan for a comment on a pull request, or for a job's summary.
//!
//! What users and the API name (descriptions, datacenters, files) can hold anything: it stands in code
//! spans, where Markdown, HTML and mentions mean nothing, or is escaped. A step has its number without
//! a `#`, which would make it a link to an issue.

use std::fmt::Write as _;

use super::fields::{self, FieldChange};
use super::impact::{self, Traffic};
use super::report::Report;
use super::words::{self, ShortNames};
use super::{sign_of, sketch, yaml};
use crate::diff::{Action, Change};
use crate::plan::Plan;

/// The most bytes. GitHub takes 65,536 characters in a comment, and no character is more of its
/// characters than of our bytes.
pub const LIMIT: usize = 65_000;
/// The most edges that GitHub's Mermaid draws. Source: Mermaid's default `maxEdges`.
const MERMAID_EDGES: usize = 500;
/// The longest text that GitHub's Mermaid draws. Source: Mermaid's default `maxTextSize`.
const MERMAID_TEXT: usize = 50_000;

/// A part that can be left out, in the order in which they are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    Graph,
    Order,
    Difference,
    Paths,
}

const PARTS: [Part; 4] = [Part::Graph, Part::Order, Part::Difference, Part::Paths];

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Graph => "the graph",
            Self::Order => "the order",
            Self::Difference => "the difference",
            Self::Paths => "the paths by vRack",
        }
    }
}

/// The document. It always fits: what is too much is left out, and said to be.
#[must_use]
pub fn plan(report: &Report<'_>) -> String {
    let parts: Vec<(Part, Option<String>)> = PARTS.iter().map(|part| (*part, write(*part, report))).collect();
    let rows: Vec<String> = report.plan.changes.iter().map(row).collect();
    let mut warnings = warnings(report);
    for left_out in 0..=PARTS.len() {
        let document = assembled(report, &warnings, &rows, &parts, left_out);
        if document.len() <= LIMIT {
            return document;
        }
    }
    // Not even the table fits. Half of what is allowed is for the warnings, the rest for the table.
    let kept = fitting(&warnings, LIMIT / 2);
    let more = warnings.len() - kept;
    warnings.truncate(kept);
    if more > 0 {
        warnings.push(format!("{more} more warnings like these."));
    }
    let empty = assembled(report, &warnings, &[], &parts, PARTS.len()).len();
    let kept = fitting(&rows, LIMIT.saturating_sub(empty + 200));
    assembled(report, &warnings, &rows[..kept], &parts, PARTS.len())
}

/// How many of the first `lines` have no more than `limit` bytes together.
fn fitting(lines: &[String], limit: usize) -> usize {
    let mut size = 0;
    let fits = lines.iter().take_while(|line| {
        size += line.len() + 16;
        size <= limit
    });
    fits.count()
}

fn assembled(
    report: &Report<'_>,
    warnings: &[String],
    rows: &[String],
    parts: &[(Part, Option<String>)],
    left_out: usize,
) -> String {
    let plan = report.plan;
    let mut out = format!("<!-- ovhconnect:plan {} -->\n", in_comment(report.name));
    if plan.is_empty() {
        let _ = writeln!(out, "### OVHcloud Connect: nothing to do\n\n{}\n", words::nothing_to_do(plan));
    } else {
        let headline = words::summary(plan);
        let headline = headline.trim_start_matches("Plan: ").trim_end_matches('.');
        let _ = writeln!(out, "### OVHcloud Connect: {headline}\n");
    }
    let _ = writeln!(out, "{}\n", about(report));
    for violation in report.violations {
        let _ = writeln!(
            out,
            "> [!WARNING]\n> **Refused:** {}. To go on: {}.\n",
            prose(&violation.to_string()),
            prose(violation.help())
        );
    }
    if !warnings.is_empty() {
        out.push_str("> [!CAUTION]\n");
        for warning in warnings {
            let _ = writeln!(out, "> - {warning}");
        }
        out.push('\n');
    }
    if !rows.is_empty() {
        out.push_str("| | what | change |\n| --- | --- | --- |\n");
        rows.iter().for_each(|row| out.push_str(row));
        out.push('\n');
    }
    let mut missing: Vec<String> = Vec::new();
    for (position, (part, text)) in parts.iter().enumerate().rev() {
        match text {
            Some(text) if position >= left_out => out.push_str(text),
            Some(_) => missing.push(part.name().to_owned()),
            None if *part == Part::Graph && !plan.edges.is_empty() => missing.push(part.name().to_owned()),
            None => {}
        }
    }
    if rows.len() < plan.changes.len() {
        missing.push(format!("{} of {} changes", plan.changes.len() - rows.len(), plan.changes.len()));
    }
    if !missing.is_empty() {
        let _ = writeln!(out, "_Left out, because a comment has to be short: {}._\n", missing.join(", "));
    }
    out
}

/// What was planned, against what.
fn about(report: &Report<'_>) -> String {
    let goal = match report.plan.goal {
        crate::diff::Goal::Apply => "Plan of",
        crate::diff::Goal::Destroy => "Plan to remove",
    };
    let only = report.only.map(|only| format!(", only {}", code(&only.to_string()))).unwrap_or_default();
    let takes = report.expected.map(|it| format!(" It takes {}: {}.", it.takes(), it.because()));
    let takes = takes.unwrap_or_default();
    format!("{goal} {}{only}, against {}.{takes}", code(report.name), code(report.endpoint))
}

fn warnings(report: &Report<'_>) -> Vec<String> {
    let traffic = Traffic::of(report.plan);
    let alarms = traffic.alarms();
    let mut lines: Vec<String> = alarms
        .map(|alarm| match &alarm.pop {
            Some(_) => prose(&alarm.to_string()),
            None => format!("**{}**: {}", alarm.vrack, prose(&alarm.to_string())),
        })
        .collect();
    lines.dedup();
    lines
}

/// A line of the table of changes.
fn row(change: &Change) -> String {
    let fields = fields::of(change);
    let shown: Vec<String> = match change.action {
        Action::Replace | Action::Update => fields
            .iter()
            .filter(|field| field.differs())
            .map(|FieldChange { field, before, after, .. }| {
                let value =
                    |value: &Option<String>| value.as_deref().map_or_else(|| "none".to_owned(), in_table);
                format!("{field} {} → {}", value(before), value(after))
            })
            .collect(),
        Action::Create => {
            fields.iter().filter_map(|it| Some((it.field, it.after.as_ref()?))).map(pair).collect()
        }
        Action::Delete | Action::Wait => Vec::new(),
    };
    let mut cell = shown.join(", ");
    let reason = words::reason(change);
    if cell.is_empty() || !matches!(change.action, Action::Create) {
        if !cell.is_empty() {
            cell.push_str("<br>");
        }
        cell.push_str(&prose(&reason));
    }
    format!("| `{}` | {} | {cell} |\n", sign_of(change.action), in_table(&change.address.to_string()))
}

fn pair((field, value): (crate::topology::Field, &String)) -> String {
    format!("{field} {}", in_table(value))
}

fn write(part: Part, report: &Report<'_>) -> Option<String> {
    let plan = report.plan;
    match part {
        Part::Paths => paths(plan),
        Part::Difference => {
            let difference = yaml::diff(report);
            (!difference.is_empty()).then(|| folded("Difference", &fenced("diff", &difference)))
        }
        Part::Order => (!plan.steps.is_empty())
            .then(|| folded(&format!("Order: {}", words::many(plan.steps.len(), "step")), &order(plan))),
        Part::Graph => {
            let graph = sketch::order(plan).without_reasons();
            if plan.edges.is_empty() || graph.size() > MERMAID_EDGES {
                return None;
            }
            let text = graph.mermaid();
            (text.len() <= MERMAID_TEXT).then(|| folded("Graph of the order", &fenced("mermaid", &text)))
        }
    }
}

fn paths(plan: &Plan) -> Option<String> {
    let mut out = "| vRack | l3 paths | datacenters |\n| --- | --- | --- |\n".to_owned();
    let mut some = false;
    for impact::Layer3 { vrack, impact, .. } in Traffic::of(plan).vracks {
        some = true;
        let (paths, datacenters) = (impact::level(&impact.paths), impact::level(&impact.datacenters));
        let _ = writeln!(out, "| {vrack} | {paths} | {datacenters} |");
    }
    some.then(|| format!("{out}\n"))
}

fn order(plan: &Plan) -> String {
    let names = ShortNames::of(plan);
    let mut waits: Vec<Vec<String>> = vec![Vec::new(); plan.steps.len()];
    for edge in &plan.edges {
        waits[edge.after.0].push(format!("{} ({})", edge.before.0 + 1, prose(&edge.because.to_string())));
    }
    let mut out = String::new();
    for (id, step) in plan.steps() {
        let _ = write!(out, "{}. {}", id.0 + 1, prose(&words::step(step, &names)));
        if !waits[id.0].is_empty() {
            let _ = write!(out, "<br>after {}", waits[id.0].join(", "));
        }
        out.push('\n');
    }
    out
}

fn folded(title: &str, content: &str) -> String {
    format!("<details><summary>{title}</summary>\n\n{}\n\n</details>\n\n", content.trim_end())
}

/// A block of code whose fence is longer than any in it.
fn fenced(language: &str, content: &str) -> String {
    let fence = "`".repeat(longest_run(content).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", content.trim_end())
}

fn longest_run(text: &str) -> usize {
    text.split(|it| it != '`').map(str::len).max().unwrap_or(0)
}

/// A code span: nothing in it means anything.
fn code(text: &str) -> String {
    let text: String = text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    let fence = "`".repeat(longest_run(&text) + 1);
    // With a blank at both ends, one is taken off: so a backtick can stand at the end.
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A code span in a table, where a bar would end the cell even so.
fn in_table(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Running text, with what Markdown and HTML would take for something else escaped.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => out.extend(['\\', character]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // An empty comment keeps a name from being mentioned and a number from being linked.
            '@' | '#' => {
                out.push(character);
                out.push_str("<!-- -->");
            }
            _ if character.is_control() => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

/// Text in an HTML comment, which nothing in it can end.
fn in_comment(text: &str) -> String {
    let safe = text.chars().map(|it| if it.is_control() || it == '>' || it == '<' { '_' } else { it });
    safe.collect::<String>().replace("--", "-_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_write_means_nothing() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`x"), "`` `x ``");
        assert_eq!(in_table("a|b\nc"), "`a\\|b c`");
        assert_eq!(prose("<b> @ovh #1 a_b"), "&lt;b&gt; @<!-- -->ovh #<!-- -->1 a\\_b");
        assert_eq!(in_comment("a --> b"), "a -__ b");
        assert_eq!(fenced("diff", "+ ````"), "`````diff\n+ ````\n`````");
    }
}
