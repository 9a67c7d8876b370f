//! A [`Report`] for a person: the tree, what is down, what is not known.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::Report;
use super::rows::{Mark, Row, problem, rows};
use crate::diff::Action;
use crate::live::observe::Unread;
use crate::render::words::many;
use crate::render::{ALARM, FAINT, STRONG, sign_of, style_of, styled};

/// The report as text of about `width` columns, with ANSI styles.
#[must_use]
pub fn text(report: &Report, width: usize) -> String {
    let mut out = String::new();
    for row in rows(report) {
        if row.depth == 0 && !out.is_empty() {
            out.push('\n');
        }
        write_row(&mut out, &row, width);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&unread(&report.seen.unread, width));
    for line in verdict(report) {
        out.push_str(&textwrap::fill(&line, textwrap::Options::new(width).subsequent_indent("      ")));
        out.push('\n');
    }
    out
}

fn write_row(out: &mut String, row: &Row, width: usize) {
    if row.depth == 0 {
        let _ = writeln!(out, "{}", styled(STRONG, &row.name));
        return;
    }
    let (sign, style) = sign(row.mark);
    let margin = " ".repeat(row.depth * 4 - 2);
    let text = match (row.state.is_empty(), row.measured.is_empty()) {
        (true, _) => row.name.clone(),
        (false, true) => format!("{}  {}", row.name, row.state),
        (false, false) => format!("{}  {}; {}", row.name, row.state, row.measured),
    };
    let indent = format!("{margin}      ");
    let options = textwrap::Options::new(width.max(indent.len() + 20))
        .initial_indent(&margin[..margin.len().min(width)])
        .subsequent_indent(&indent);
    // The sign takes two columns of the first line.
    let filled = textwrap::fill(&format!("\u{2007}\u{2007}{text}"), options);
    let filled = filled.replacen("\u{2007}\u{2007}", &format!("{} ", styled(style, sign)), 1);
    let _ = writeln!(out, "{filled}");
}

fn sign(mark: Mark) -> (&'static str, Style) {
    match mark {
        Mark::None => (" ", Style::new()),
        Mark::Up => ("✓", AnsiColor::Green.on_default()),
        Mark::Down => ("✗", ALARM),
        Mark::UnderWay => (sign_of(Action::Wait), style_of(Action::Wait)),
        Mark::Look => ("!", AnsiColor::Yellow.on_default().bold()),
        Mark::Unknown => ("?", FAINT),
        Mark::Missing => (sign_of(Action::Create), style_of(Action::Create)),
        Mark::NotDeclared => (sign_of(Action::Delete), style_of(Action::Delete)),
        Mark::Differs => (sign_of(Action::Replace), style_of(Action::Replace)),
    }
}

/// What could not be read, and why; nothing where all could.
#[must_use]
pub fn unread(unread: &[Unread], width: usize) -> String {
    let mut out = String::new();
    if unread.is_empty() {
        return out;
    }
    let _ = writeln!(out, "{}", styled(STRONG, "Not known, because these reads failed"));
    for Unread { call, reason, times } in unread {
        let times = if *times > 1 { format!(" ({times} times)") } else { String::new() };
        let call = if call.is_empty() { String::new() } else { format!("{call}{times}: ") };
        let options = textwrap::Options::new(width).initial_indent("  ? ").subsequent_indent("      ");
        let _ = writeln!(out, "{}", textwrap::fill(&format!("{call}{reason}"), options));
    }
    out.push('\n');
    out
}

/// What it comes to.
fn verdict(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    match report.down.as_slice() {
        [] if report.seen.unread.is_empty() => lines.push(styled(STRONG, "Nothing is down.")),
        [] => lines.push(styled(STRONG, "Nothing is known to be down.")),
        down => {
            lines.push(styled(ALARM, format!("{} down:", is_are(down.len(), "thing"))));
            lines.extend(down.iter().map(|it| format!("  {}: {}", it.place, problem(it.problem))));
        }
    }
    match report.drift.as_deref() {
        None => {}
        Some([]) => lines.push("Nothing differs from the topology.".to_owned()),
        Some(drift) => lines.push(format!(
            "{} from the topology; `ovhconnect plan` shows what to do about it.",
            if drift.len() == 1 {
                "1 thing differs".to_owned()
            } else {
                format!("{} things differ", drift.len())
            }
        )),
    }
    lines
}

fn is_are(count: usize, thing: &str) -> String {
    format!("{} {}", many(count, thing), if count == 1 { "is" } else { "are" })
}
