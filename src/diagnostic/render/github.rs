//! GitHub annotations: workflow commands, which GitHub shows beside the lines of a pull request.
//!
//! `::error file=…,line=…,endLine=…,col=…,endColumn=…,title=…::message`, with `%`, line breaks, and in
//! properties also `:` and `,`, written as `%25` and so on. Source: GitHub's reference of workflow commands
//! and its toolkit.

use std::fmt::Write as _;

use super::{Columns, Lines, Report, Rule, Severity, prose, text};

/// Everything that was found, a line each; of more than [`super::MAX_SHOWN`] the errors before the
/// warnings, and the rest counted. GitHub itself shows ten of a kind for each step.
pub(super) fn write(report: &Report<'_>) -> String {
    let mut lines = Lines::new(report.sources);
    let mut out = String::new();
    let (shown, hidden) = text::shown(report.diagnostics);
    for diagnostic in shown {
        let command = match diagnostic.rule.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut properties = Vec::new();
        if let Some(path) = report.path(diagnostic) {
            properties.push(("file", path));
        }
        let place = diagnostic.labels.first().and_then(|label| lines.place(label.span, Columns::Characters));
        if let Some(place) = place {
            properties.push(("line", place.start.line.to_string()));
            properties.push(("endLine", place.end.line.to_string()));
            // GitHub takes columns within one line only.
            if place.start.line == place.end.line {
                properties.push(("col", place.start.column.to_string()));
                properties.push(("endColumn", place.end.column.to_string()));
            }
        }
        let Rule { code, title, .. } = diagnostic.rule;
        properties.push(("title", format!("{code}: {title}")));
        let properties: Vec<String> =
            properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
        let message = data(&prose(diagnostic, report, &mut lines));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "::{command} {}::{message}", properties.join(","));
    }
    if !hidden.is_empty() {
        let _ = writeln!(out, "::notice::... and {} more", text::count(hidden.into_iter()));
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
