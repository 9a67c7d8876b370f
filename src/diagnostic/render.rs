//! Diagnostics in the formats that people and programs read: a file each.

mod github;
mod gitlab;
mod json;
mod junit;
mod lines;
mod origin;
mod sarif;
mod text;

use sha2::{Digest as _, Sha256};

pub use json::schema;
use lines::{Columns, Lines, Place};
pub use origin::Origin;
pub use text::{MAX_SHOWN, render, summary};

use super::{Diagnostic, Rule, Severity, Sources};

/// How a [`Report`] is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For a person: the lines of the file, and what is wrong there.
    Text,
    /// For a program: `ovhconnect schema diagnostics` says what is in it.
    Json,
    /// GitHub annotations (workflow commands).
    Github,
    /// A GitLab code quality report.
    Gitlab,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, a suite for each file.
    Junit,
}

/// What was found in topology files, to be written in some [`Format`].
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What was found, in the order it is told.
    pub diagnostics: &'a [Diagnostic],
    /// The texts it was found in.
    pub sources: &'a Sources,
    /// Every rule there is.
    pub rules: &'a [&'static Rule],
    /// Where paths are counted from.
    pub origin: &'a Origin,
    /// Whether warnings are refused as well: where a format tells what passed from what failed, they fail.
    pub deny_warnings: bool,
}

impl Report<'_> {
    /// The report as text that ends in a line break. Nothing found is a report too; in some formats it is
    /// empty.
    ///
    /// `color` is for [`Format::Text`] alone.
    #[must_use]
    pub fn write(&self, format: Format, color: bool) -> String {
        match format {
            Format::Text => render(self.diagnostics, self.sources, color),
            Format::Json => json::write(self),
            Format::Github => github::write(self),
            Format::Gitlab => gitlab::write(self),
            Format::Sarif => sarif::write(self),
            Format::Junit => junit::write(self),
        }
    }

    /// The path of the file that `diagnostic` is about, from the origin.
    fn path(&self, diagnostic: &Diagnostic) -> Option<String> {
        let path = match diagnostic.labels.first() {
            Some(label) => Some(self.sources.get(label.span.source)?.path.as_path()),
            None => diagnostic.file.as_deref(),
        };
        path.map(|path| self.origin.relative(path))
    }

    /// For each diagnostic what tells it from the others and stays the same when lines move: its code,
    /// file, message and text, and of several that agree in all of these which one it is.
    fn fingerprints(&self) -> Vec<String> {
        let mut seen = std::collections::HashMap::new();
        self.diagnostics
            .iter()
            .map(|diagnostic| {
                let label = diagnostic.labels.first();
                let text =
                    label.and_then(|label| self.sources.get(label.span.source)?.text.get(label.span.range()));
                let path = self.path(diagnostic).unwrap_or_default();
                let parts = [diagnostic.rule.code, &path, &diagnostic.message, text.unwrap_or_default()];
                let mut hash = Sha256::new();
                for part in parts {
                    hash.update(part.len().to_le_bytes());
                    hash.update(part);
                }
                let count: &mut u64 = seen.entry(hash.clone().finalize()).or_default();
                hash.update(count.to_le_bytes());
                *count += 1;
                hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
            })
            .collect()
    }
}

/// What is wrong with `diagnostic` and what to do, in lines of text. Other places it is about are named
/// with file, line and column.
fn prose(diagnostic: &Diagnostic, report: &Report<'_>, lines: &mut Lines<'_>) -> String {
    let mut text = text::one_line(&diagnostic.message);
    let mut add = |line: String| {
        text.push('\n');
        text.push_str(&line);
    };
    for (at, label) in diagnostic.labels.iter().enumerate() {
        if label.message.is_empty() {
            continue;
        }
        let message = text::one_line(&label.message);
        match lines.place(label.span, Columns::Characters) {
            Some(place) if at > 0 => {
                let path = text::one_line(&report.origin.relative(place.path));
                add(format!("{path}:{}:{}: {message}", place.start.line, place.start.column));
            }
            _ => add(message),
        }
    }
    if let Some(help) = &diagnostic.help {
        add(format!("help: {}", text::one_line(help)));
    }
    text
}

/// The JSON of a report.
fn to_json(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("a report has text keys and writes to memory");
    text + "\n"
}
