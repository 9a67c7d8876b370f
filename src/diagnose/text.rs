//! A [`Report`] for a person.

use std::fmt::Write as _;

use super::{Line, Report};
use crate::render::words::clip;
use crate::render::{STRONG, styled};
use crate::status::time;

/// The most characters of a cell.
const CELL: usize = 60;

/// The report as text, with ANSI styles. What routers printed is not broken into narrower lines.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    let title = format!("{}: {}", report.address, report.kind.title());
    let _ = writeln!(out, "{}", styled(STRONG, title));
    let mut facts = vec![format!("{} {}", report.function, report.id)];
    facts.extend(report.date.as_deref().map(time));
    facts.extend(report.source.as_ref().map(|source| format!("on {}", clip(source, CELL))));
    let _ = writeln!(out, "  {}", facts.join(", "));
    if let Some(description) = report.description.as_ref().filter(|text| !text.is_empty()) {
        let _ = writeln!(out, "  {}", clip(description, CELL));
    }
    let (printed, listed): (Vec<&Line>, Vec<&Line>) =
        report.result.iter().partition(|line| line.command.is_some() || line.output.is_some());
    for line in printed {
        write_printed(&mut out, line);
    }
    write_table(&mut out, &listed);
    if report.result.is_empty() {
        let _ = writeln!(
            out,
            "\n  It found {}.",
            if report.kind.tells_routes() { "no route" } else { "nothing" }
        );
    }
    out
}

/// A command, and what it printed.
fn write_printed(out: &mut String, line: &Line) {
    out.push('\n');
    if let Some(command) = &line.command {
        let _ = writeln!(out, "  > {}", clip(command, usize::MAX));
    }
    for text in line.output.iter().flat_map(|output| output.lines()) {
        // A tab keeps columns apart; anything else that is no character could take the terminal over.
        let _ = writeln!(out, "  {}", clip(&text.replace('\t', "    "), usize::MAX).trim_end());
    }
}

/// A column: its heading, and what a line has there.
type Column = (&'static str, fn(&Line) -> Option<String>);

const COLUMNS: [Column; 7] = [
    ("prefix", |line| line.prefix.clone()),
    ("AS path", |line| line.as_path.clone()),
    ("local pref", |line| line.local_preference.map(|it| it.to_string())),
    ("MED", |line| line.med.map(|it| it.to_string())),
    ("MAC", |line| line.mac.clone()),
    ("router MAC", |line| line.router_mac.clone()),
    ("since", |line| line.since.as_deref().map(time)),
];

/// Routes and addresses, without the columns that no line has anything in.
fn write_table(out: &mut String, lines: &[&Line]) {
    let mut columns: Vec<Vec<String>> = Vec::new();
    for (heading, cell) in COLUMNS {
        let cells: Vec<Option<String>> = lines.iter().map(|line| cell(line)).collect();
        if cells.iter().any(Option::is_some) {
            let cells = cells.into_iter().map(|cell| clip(&cell.unwrap_or_default(), CELL));
            columns.push([heading.to_owned()].into_iter().chain(cells).collect());
        }
    }
    let wide = |column: &Vec<String>| column.iter().map(|it| textwrap::core::display_width(it)).max();
    let widths: Vec<usize> = columns.iter().map(|column| wide(column).unwrap_or_default()).collect();
    let rows = columns.first().map_or(0, Vec::len);
    if rows > 0 {
        out.push('\n');
    }
    for row in 0..rows {
        let mut line = String::from(" ");
        for (column, width) in columns.iter().zip(&widths) {
            let cell = &column[row];
            let padding = " ".repeat(width - textwrap::core::display_width(cell));
            let _ = write!(line, " {cell}{padding} ");
        }
        let line = line.trim_end();
        let _ = writeln!(out, "{}", if row == 0 { styled(STRONG, line) } else { line.to_owned() });
    }
}
