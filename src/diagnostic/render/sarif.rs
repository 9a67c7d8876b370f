//! SARIF 2.1.0, the format of code scanning. Source: the OASIS standard.

use std::path::Path;

use serde_json::{Value, json};

use super::{Columns, Lines, Place, Report, Severity, prose, text, to_json};

/// What relative URIs are relative to.
const ROOT: &str = "SRCROOT";

pub(super) fn write(report: &Report<'_>) -> String {
    let mut lines = Lines::new(report.sources);
    let results: Vec<Value> = report
        .diagnostics
        .iter()
        .zip(report.fingerprints())
        .map(|(diagnostic, fingerprint)| {
            let mut places = diagnostic
                .labels
                .iter()
                .filter_map(|label| Some((lines.place(label.span, Columns::Utf16)?, label.message.as_str())))
                .map(|(place, message)| location(report, &place, message))
                .collect::<Vec<Value>>()
                .into_iter();
            let primary = places.next().or_else(|| {
                let path = diagnostic.file.as_deref()?;
                Some(json!({"physicalLocation": {"artifactLocation": artifact(report, path)}}))
            });
            let mut result = json!({
                "ruleId": diagnostic.rule.code,
                "level": level(diagnostic.rule.severity),
                "message": {"text": prose(diagnostic, report, &mut lines)},
                "locations": primary.into_iter().collect::<Vec<Value>>(),
                "partialFingerprints": {"ovhconnect/v1": fingerprint},
            });
            let related: Vec<Value> = places.collect();
            if !related.is_empty() {
                result["relatedLocations"] = Value::Array(related);
            }
            if let Some(index) = report.rules.iter().position(|known| known.code == diagnostic.rule.code) {
                result["ruleIndex"] = json!(index);
            }
            result
        })
        .collect();
    let artifacts: Vec<Value> = report
        .sources
        .iter()
        .map(|(_, source)| json!({"location": artifact(report, &source.path)}))
        .collect();
    to_json(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "ovhconnect",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules(report),
            }},
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
            "artifacts": artifacts,
            "results": results,
        }],
    }))
}

fn rules(report: &Report<'_>) -> Vec<Value> {
    report
        .rules
        .iter()
        .map(|rule| {
            let help = format!("{}\n\nSource: {}.", rule.doc, rule.source);
            json!({
                "id": rule.code,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.doc},
                "help": {"text": help, "markdown": help},
                "defaultConfiguration": {"level": level(rule.severity)},
            })
        })
        .collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn location(report: &Report<'_>, place: &Place<'_>, message: &str) -> Value {
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": artifact(report, place.path),
            "region": {
                "startLine": place.start.line,
                "startColumn": place.start.column,
                "endLine": place.end.line,
                "endColumn": place.end.column,
            },
        },
    });
    if !message.is_empty() {
        location["message"] = json!({"text": text::one_line(message)});
    }
    location
}

fn artifact(report: &Report<'_>, path: &Path) -> Value {
    match report.origin.uri(path) {
        (uri, true) => json!({"uri": uri, "uriBaseId": ROOT}),
        (uri, false) => json!({"uri": uri}),
    }
}
