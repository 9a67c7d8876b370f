//! YAML → a tree in which every node knows its place.
//!
//! The tree is untyped on purpose: a deserializer stops at the first value of the wrong type, and a
//! person wants to hear of all of them at once. Typing it is [`super::fields`]' work.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location, MessageFormatter, NonFiniteFloatPolicy, Options, Spanned};

use crate::diagnostic::{Diagnostic, SourceId, Span};
use crate::topology::rules::reading;

/// The most YAML nodes a file may hold.
///
/// 100,000 configurations take about two million; a file that asks for more than this is a mistake
/// or an attack, and reading it would take gigabytes.
const MAX_NODES: usize = 20_000_000;

/// The most YAML events that aliases may stand for in a file: some 30,000 configurations.
///
/// A few lines of aliases to aliases can stand for billions of nodes.
const MAX_ALIASED: usize = 300_000;

/// The deepest nesting a file may have. A topology needs eight levels.
const MAX_DEPTH: usize = 32;

/// A YAML value and where it is written.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Node<'a> {
    pub(super) value: Value<'a>,
    pub(super) span: Span,
}

impl Node<'_> {
    /// Whether it is a mapping with this key.
    pub(super) fn has_key(&self, key: &str) -> bool {
        let is_it = |name: &Node<'_>| matches!(&name.value, Value::Text(text) if text == key);
        matches!(&self.value, Value::Map(entries) if entries.iter().any(|(name, _)| is_it(name)))
    }

    /// The byte after the last of it and of all it holds.
    pub(super) fn end(&self) -> u32 {
        let inside = match &self.value {
            Value::List(items) => items.iter().map(Self::end).max(),
            Value::Map(entries) => entries.iter().map(|(key, value)| key.end().max(value.end())).max(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => None,
        };
        inside.unwrap_or_default().max(self.span.end)
    }
}

/// What a node is. Booleans are YAML 1.2's, so that `NO` and `on` stay texts.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value<'a> {
    /// Nothing, `null` or `~`.
    Null,
    Bool(bool),
    /// Any number, as it is written: `65001`, but also `0x1F`, `1_000`, `010` and `1.5`.
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    /// In the order of the file, duplicates included.
    Map(Vec<(Node<'a>, Node<'a>)>),
}

/// The one document of a file, or why there is none.
///
/// # Errors
/// The file is not YAML, holds more than one document, or is larger than any topology.
pub(super) fn read(source: SourceId, text: &str) -> Result<Node<'_>, Diagnostic> {
    // The offsets of the library count from after a byte order mark; ours count from the text's start.
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file = File { source, text, body_start: text.len() - body.len() };
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(body, options()) {
        Ok(raw) => Ok(file.node(raw)),
        Err(error) => Err(file.syntax_error(&error)),
    }
}

fn options() -> Options {
    let budget = serde_saphyr::budget! {
        max_nodes: MAX_NODES,
        max_events: 2 * MAX_NODES,
        max_depth: MAX_DEPTH,
        flow_nesting_limit: MAX_DEPTH,
        max_documents: 2,
    };
    serde_saphyr::options! {
        budget: budget,
        // Repeated keys are reported by `fields`, each with the place of the first.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_ALIASED },
        strict_booleans: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

/// A file that is being read.
struct File<'a> {
    source: SourceId,
    text: &'a str,
    body_start: usize,
}

impl<'a> File<'a> {
    /// The place of `location`, cut to whole characters of the text.
    fn span(&self, location: Location) -> Span {
        let span = location.span();
        let (start, len) = match (span.byte_offset(), span.byte_len()) {
            (Some(start), Some(len)) => (self.in_text(start), len),
            // Of an error the library knows the character only.
            _ => (self.nth_character(span.offset()), 1),
        };
        let end = self.whole(start.saturating_add(usize::try_from(len).unwrap_or(usize::MAX)));
        self.bytes(start, end)
    }

    /// Where a byte of the body is in the text.
    fn in_text(&self, byte: u64) -> usize {
        self.whole(usize::try_from(byte).unwrap_or(usize::MAX).saturating_add(self.body_start))
    }

    fn nth_character(&self, character: u64) -> usize {
        let nth = usize::try_from(character).unwrap_or(usize::MAX);
        let body = &self.text[self.body_start..];
        self.body_start + body.char_indices().nth(nth).map_or(body.len(), |(at, _)| at)
    }

    /// The nearest start of a character, at `byte` or before it.
    fn whole(&self, byte: usize) -> usize {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }

    fn bytes(&self, start: usize, end: usize) -> Span {
        let offset = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        Span { source: self.source, start: offset(start), end: offset(end.max(start)) }
    }

    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// The rest of the line that begins a list or a mapping, for which the library gives a point only.
    fn first_line(&self, span: Span) -> Span {
        let start = span.range().start;
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.split(['\n', '\r']).next().unwrap_or_default();
        let line = line.split(" #").next().unwrap_or_default().trim_end();
        self.bytes(start, start + line.len())
    }

    fn node(&self, raw: Spanned<Raw<'a>>) -> Node<'a> {
        let written = self.span(raw.defined);
        // An alias is shown where it is used: that is where its value stands in the topology.
        let span = if raw.referenced == raw.defined { written } else { self.span(raw.referenced) };
        match raw.value {
            Raw::Null => Node { value: Value::Null, span },
            Raw::Bool(value) => Node { value: Value::Bool(value), span },
            Raw::Number => Node { value: Value::Number(Cow::Borrowed(self.slice(written))), span },
            Raw::Text(text) => Node { value: Value::Text(text), span },
            Raw::List(items) => {
                let items = items.into_iter().map(|item| self.node(item)).collect();
                Node { value: Value::List(items), span: self.first_line(span) }
            }
            Raw::Map(entries) => {
                let entries =
                    entries.into_iter().map(|(key, value)| (self.node(key), self.node(value))).collect();
                Node { value: Value::Map(entries), span: self.first_line(span) }
            }
        }
    }

    fn syntax_error(&self, error: &serde_saphyr::Error) -> Diagnostic {
        let error = error.without_snippet();
        if let serde_saphyr::Error::MultipleDocuments { location, .. } = error {
            return reading::SYNTAX
                .at("a file holds one YAML document", self.span(*location), "a second one begins here")
                .help("put the vRacks of both documents under one `vracks`, or split the file in two");
        }
        let message = serde_saphyr::DefaultMessageFormatter.format_message(error);
        let span = match error.location() {
            Some(location) if location != Location::UNKNOWN => self.span(location),
            _ => self.bytes(self.body_start, self.body_start),
        };
        let mut diagnostic = reading::SYNTAX.at(format!("this is not valid YAML: {message}"), span, "");
        if message.contains(" tab") || message.starts_with("tab") {
            diagnostic = diagnostic.help("YAML is indented with spaces, never with tabs");
        } else if message.contains(" tag") {
            diagnostic = diagnostic.help("remove it: a topology needs no tags");
        }
        diagnostic
    }
}

/// What the deserializer says of a node; its text is in the file.
enum Raw<'a> {
    Null,
    Bool(bool),
    Number,
    Text(Cow<'a, str>),
    List(Vec<Spanned<Raw<'a>>>),
    Map(Vec<(Spanned<Raw<'a>>, Spanned<Raw<'a>>)>),
}

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Raw::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Raw::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Raw::Number)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Raw::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Raw::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Raw::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}
