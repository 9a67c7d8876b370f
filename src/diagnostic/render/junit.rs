//! JUnit XML, as GitLab and Jenkins read it: a suite for each file, a failed case for each error.
//!
//! Both show one failure for a case, so every error is a case of its own; it is named by its code and
//! message, so that it is known again when lines move. Warnings do not fail, unless they are denied: they are
//! the output of a case that passed. A file without errors has that case alone.

use std::collections::HashMap;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Columns, Diagnostic, Lines, Report, text};

/// The case of a file without errors.
const PASSED: &str = "valid topology";

pub(super) fn write(report: &Report<'_>) -> String {
    let mut lines = Lines::new(report.sources);
    let mut junit = quick_junit::Report::new("ovhconnect validate");
    for (file, found) in by_file(report) {
        let (refused, warnings): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|diagnostic| diagnostic.is_error() || report.deny_warnings);
        let mut suite = TestSuite::new(file.as_str());
        for diagnostic in &refused {
            suite.add_test_case(failed(diagnostic, &file, &mut lines));
        }
        if refused.is_empty() {
            suite.add_test_case(case(PASSED, TestCaseStatus::success(), &file));
        }
        if !warnings.is_empty() {
            let output: String =
                warnings.into_iter().map(|warning| text::one(warning, &mut lines, false)).collect();
            suite.set_system_out(output);
        }
        junit.add_test_suite(suite);
    }
    junit.to_string().expect("what XML cannot hold is left out")
}

/// What was found in each file that was read, and in those that could not be. What is about no file
/// stands under `.`.
fn by_file<'a>(report: &Report<'a>) -> Vec<(String, Vec<&'a Diagnostic>)> {
    let mut files: Vec<(String, Vec<&'a Diagnostic>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut file = |path: String, found: Option<&'a Diagnostic>| {
        let at = *places.entry(path.clone()).or_insert_with(|| {
            files.push((path, Vec::new()));
            files.len() - 1
        });
        files[at].1.extend(found);
    };
    for (_, source) in report.sources.iter() {
        file(report.origin.relative(&source.path), None);
    }
    for diagnostic in report.diagnostics {
        file(report.path(diagnostic).unwrap_or_else(|| ".".to_owned()), Some(diagnostic));
    }
    files
}

fn failed(refused: &Diagnostic, file: &str, lines: &mut Lines<'_>) -> TestCase {
    let place = refused.labels.first().and_then(|label| lines.place(label.span, Columns::Characters));
    // A file that could not be read was not judged.
    let kind = if place.is_some() { NonSuccessKind::Failure } else { NonSuccessKind::Error };
    let mut status = TestCaseStatus::non_success(kind);
    let message = text::one_line(&refused.message);
    status
        .set_type(refused.rule.code)
        .set_message(message.as_str())
        .set_description(text::one(refused, lines, false).trim_end());
    let mut case = case(&format!("{}: {message}", refused.rule.code), status, file);
    if let Some(place) = place {
        case.extra.insert("line".into(), place.start.line.to_string().into());
    }
    case
}

fn case(name: &str, status: TestCaseStatus, file: &str) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(file);
    case.extra.insert("file".into(), file.into());
    case
}
