//! A GitLab code quality report, which GitLab shows in a merge request: what is new, and what is gone.
//!
//! Source: GitLab's documentation of the report format.

use serde::Serialize;

use super::{Columns, Lines, Report, Severity, prose, to_json};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: LineRange,
}

#[derive(Serialize)]
struct LineRange {
    begin: usize,
    end: usize,
}

pub(super) fn write(report: &Report<'_>) -> String {
    let mut lines = Lines::new(report.sources);
    let issues: Vec<Issue> = report
        .diagnostics
        .iter()
        .zip(report.fingerprints())
        .map(|(diagnostic, fingerprint)| {
            let place =
                diagnostic.labels.first().and_then(|label| lines.place(label.span, Columns::Characters));
            Issue {
                // It is shown in one line.
                description: prose(diagnostic, report, &mut lines).replace('\n', "; "),
                check_name: diagnostic.rule.code,
                fingerprint,
                severity: match diagnostic.rule.severity {
                    Severity::Error => "critical",
                    Severity::Warning => "minor",
                },
                location: Location {
                    // A place is required.
                    path: report.path(diagnostic).unwrap_or_else(|| ".".to_owned()),
                    lines: LineRange {
                        begin: place.map_or(1, |place| place.start.line),
                        end: place.map_or(1, |place| place.end.line),
                    },
                },
            }
        })
        .collect();
    to_json(&issues)
}
