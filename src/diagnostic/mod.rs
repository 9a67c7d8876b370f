//! The only way an input error is reported: a coded message placed in the text it is about.

mod conceal;
mod render;
mod rule;

use std::ops::Range;
use std::path::PathBuf;

pub use render::{Format, MAX_SHOWN, Origin, Report, render, schema, summary};
pub use rule::{Example, Rule, Side, side};
use serde::Serialize;

/// Which of the [`Sources`] a [`Span`] is in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SourceId(pub u32);

/// A place in a source text, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// The text it is in.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The bytes it covers.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A text that was read, and where from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// The file, as the user named it or as it was found in a folder the user named.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// Every text that was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds a text and says how to refer to it.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.0.push(source);
        SourceId(u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX))
    }

    /// The text that `id` refers to, if it was added here.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.0.get(id.0 as usize)
    }

    /// The line and the column, both counted from 1 and the column in characters, where `span` begins.
    ///
    /// `None` for a source that was not added here. It reads the text up to there.
    #[must_use]
    pub fn position(&self, span: Span) -> Option<(usize, usize)> {
        let text = &self.get(span.source)?.text;
        let before = text.get(..span.start as usize)?;
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Some((1 + before.matches('\n').count(), 1 + line.chars().count()))
    }

    /// All of them, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.0.iter().enumerate().map(|(i, source)| (SourceId(u32::try_from(i).unwrap_or(u32::MAX)), source))
    }
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is sent.
    Error,
    /// It will work, and somebody should know.
    Warning,
}

/// A message, its code and the places it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// What it is an instance of: its code, how bad that is, and why.
    pub rule: &'static Rule,
    /// What is wrong, in one sentence that can stand alone.
    pub message: String,
    /// Where: the first is the primary one. Empty for what has no place in a file.
    pub labels: Vec<Label>,
    /// The file or folder it is about, where it is about one and has no place in it.
    pub file: Option<PathBuf>,
    /// What to do about it, where that is known.
    pub help: Option<String>,
}

/// A place a message is about, and what is to be seen there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there, in a few words. May be empty.
    pub message: String,
}

impl Diagnostic {
    /// The same, about a file or folder as a whole.
    #[must_use]
    pub fn about(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Whether nothing may be sent because of this.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.rule.severity == Severity::Error
    }

    /// The same, also about another place.
    #[must_use]
    pub fn and(mut self, span: Span, label: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: label.into() });
        self
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Puts them in the order of their files and places; what has no place comes first.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_key(|diagnostic| {
        let place = diagnostic.labels.first().map(|label| (label.span.source, label.span.start));
        (place, diagnostic.rule.severity, diagnostic.rule.code)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_lines_and_characters_from_one() {
        let mut sources = Sources::default();
        let source =
            sources.add(Source { path: PathBuf::from("a"), text: "\u{feff}é: 1\r\n\n  x".to_owned() });
        let at = |start: u32| sources.position(Span { source, start, end: start });
        assert_eq!(at(0), Some((1, 1)), "the mark");
        assert_eq!(at(3), Some((1, 1)), "after the mark");
        assert_eq!(at(5), Some((1, 2)), "after the é");
        assert_eq!(at(13), Some((3, 3)), "the x");
        assert_eq!(at(4), None, "inside the é");
        assert_eq!(at(99), None, "beyond the end");
    }
}
