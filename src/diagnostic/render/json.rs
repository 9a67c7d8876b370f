//! A report for programs, in our own words: `schemas/diagnostics.schema.json`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::lines::Position;
use super::{Columns, Lines, Report, Severity, to_json};

/// The version of the format that is written: major and minor.
const FORMAT: &str = "1.0";

/// What was found in topology files.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    /// The version of the format: major and minor. A new minor version adds fields only.
    format_version: &'a str,
    /// The program that wrote it.
    program: &'a str,
    /// Whether there is no error.
    valid: bool,
    /// How many errors there are.
    errors: usize,
    /// How many warnings there are.
    warnings: usize,
    /// The files that were read, as they were named or found.
    files: Vec<String>,
    /// What was found, in the order of the files.
    diagnostics: Vec<Finding<'a>>,
}

/// A message about a topology file.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    /// OCC and three digits; stable over releases.
    #[schemars(regex(pattern = r"^OCC[0-9]{3}$"))]
    code: &'a str,
    /// How bad it is.
    severity: Severity,
    /// What the code's rule asks for.
    title: &'a str,
    /// What is wrong, in one sentence.
    message: &'a str,
    /// What to do about it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    /// The file it is about, where that is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// The places it is about, the primary one first. Empty where it is about no place in a file.
    places: Vec<FoundAt<'a>>,
}

/// A place in a file.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FoundAt<'a> {
    /// The file.
    file: String,
    /// What is to be seen there. May be empty.
    label: &'a str,
    /// The first character.
    start: Point,
    /// The character after the last.
    end: Point,
}

/// A character of a file.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Point {
    /// The line, counted from 1.
    #[schemars(range(min = 1))]
    line: usize,
    /// The column in Unicode characters, counted from 1. A byte order mark does not count.
    #[schemars(range(min = 1))]
    column: usize,
    /// The byte of the file, counted from 0.
    offset: usize,
}

pub(super) fn write(report: &Report<'_>) -> String {
    let mut lines = Lines::new(report.sources);
    let errors = report.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let diagnostics = report
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let places: Vec<FoundAt<'_>> = diagnostic
                .labels
                .iter()
                .filter_map(|label| {
                    let place = lines.place(label.span, Columns::Characters)?;
                    let point = |Position { line, column }, offset| Point { line, column, offset };
                    Some(FoundAt {
                        file: place.path.display().to_string(),
                        label: &label.message,
                        start: point(place.start, label.span.range().start),
                        end: point(place.end, label.span.range().end),
                    })
                })
                .collect();
            let about = diagnostic.file.as_ref().map(|path| path.display().to_string());
            Finding {
                code: diagnostic.rule.code,
                severity: diagnostic.rule.severity,
                title: diagnostic.rule.title,
                message: &diagnostic.message,
                help: diagnostic.help.as_deref(),
                file: places.first().map(|place| place.file.clone()).or(about),
                places,
            }
        })
        .collect();
    to_json(&Document {
        format_version: FORMAT,
        program: concat!("ovhconnect ", env!("CARGO_PKG_VERSION")),
        valid: errors == 0,
        errors,
        warnings: report.diagnostics.len() - errors,
        files: report.sources.iter().map(|(_, source)| source.path.display().to_string()).collect(),
        diagnostics,
    })
}

/// The schema of what [`Format::Json`](super::Format::Json) writes.
#[must_use]
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Document<'_>).to_value();
    if let Value::Object(fields) = &mut schema {
        fields.insert("title".to_owned(), json!("Diagnostics of ovhconnect"));
        let major = FORMAT.split('.').next().unwrap_or(FORMAT);
        fields.insert("$id".to_owned(), json!(format!("ovhconnect/diagnostics/{major}")));
    }
    schema
}
