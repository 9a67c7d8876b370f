//! From bytes to lines and columns.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use crate::diagnostic::{Source, SourceId, Sources, Span};

/// The sources, and where the lines of those that were needed begin.
pub(super) struct Lines<'s> {
    sources: &'s Sources,
    starts: HashMap<SourceId, Vec<usize>>,
}

/// What a column counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Columns {
    /// Unicode characters.
    Characters,
    /// Units of UTF-16.
    Utf16,
}

/// A line and a column in it, both counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Where a span is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place<'s> {
    pub(super) path: &'s Path,
    /// The first character.
    pub(super) start: Position,
    /// The character after the last.
    pub(super) end: Position,
}

impl<'s> Lines<'s> {
    pub(super) fn new(sources: &'s Sources) -> Self {
        Self { sources, starts: HashMap::new() }
    }

    pub(super) fn source(&self, id: SourceId) -> Option<&'s Source> {
        self.sources.get(id)
    }

    /// Where `span` is. `None` for a source that was not read.
    pub(super) fn place(&mut self, span: Span, columns: Columns) -> Option<Place<'s>> {
        let source = self.sources.get(span.source)?;
        let range = within(&source.text, span.range());
        let start = self.position(span.source, range.start, columns);
        let end = self.position(span.source, range.end, columns);
        Some(Place { path: &source.path, start, end })
    }

    fn position(&mut self, id: SourceId, byte: usize, columns: Columns) -> Position {
        let line = self.line(id, byte);
        let start = self.starts(id)[line];
        let text = self.sources.get(id).and_then(|source| source.text.get(start..byte)).unwrap_or_default();
        let column = match columns {
            Columns::Characters => text.chars().count(),
            Columns::Utf16 => text.encode_utf16().count(),
        };
        Position { line: line + 1, column: column + 1 }
    }

    /// The number of the line that holds a byte, counted from 0.
    pub(super) fn line(&mut self, id: SourceId, byte: usize) -> usize {
        self.starts(id).partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// Where the lines of a source begin; there is always a first one.
    pub(super) fn starts(&mut self, id: SourceId) -> &[usize] {
        self.starts.entry(id).or_insert_with(|| {
            let text = self.sources.get(id).map_or("", |source| source.text.as_str());
            // The mark at the head of a file is no character of its first line.
            let first = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
            std::iter::once(first).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
        })
    }
}

/// `range` cut to whole characters of `text`, after the byte order mark.
pub(super) fn within(text: &str, range: Range<usize>) -> Range<usize> {
    let first = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let cut = |byte: usize| {
        let mut byte = byte.clamp(first, text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    };
    cut(range.start)..cut(range.end.max(range.start))
}
