//! YAML → a tree in which every node knows its place.
//!
//! The tree is untyped on purpose: a deserializer stops at the first value of the wrong type, and a
//! person wants to hear of all of them at once. Typing it is [`super::fields`]' work. It is made of the
//! parser's events, without a deserializer in between, which takes most of the time of reading.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use granit_parser::{
    ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span as Place, StrInput, StructureStyle, Tag,
};

use crate::diagnostic::{Diagnostic, SourceId, Span};
use crate::topology::rules::reading;

/// The most YAML nodes a file may hold.
///
/// 100,000 configurations take about two million; a file that asks for more than this is a mistake
/// or an attack, and reading it would take gigabytes.
const MAX_NODES: usize = 20_000_000;

/// The most YAML nodes that may be anchored or stand for an alias: some 30,000 configurations.
///
/// A few lines of aliases to aliases can stand for billions of nodes.
const MAX_COPIED: usize = 500_000;

/// The deepest nesting a file may have. A topology needs eight levels.
const MAX_DEPTH: usize = 32;

const NO_TAGS: &str = "remove it: a topology needs no tags";

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

    /// How many nodes it is, and how many levels.
    fn size(&self) -> (usize, usize) {
        let grown = |(nodes, depth): (usize, usize), (more, below): (usize, usize)| {
            (nodes + more, depth.max(1 + below))
        };
        match &self.value {
            Value::List(items) => items.iter().map(Self::size).fold((1, 1), grown),
            Value::Map(entries) => {
                entries.iter().flat_map(|(key, value)| [key.size(), value.size()]).fold((1, 1), grown)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => (1, 1),
        }
    }

    /// The same with all it holds at one place.
    fn moved(&self, span: Span) -> Self {
        let value = match &self.value {
            Value::List(items) => Value::List(items.iter().map(|item| item.moved(span)).collect()),
            Value::Map(entries) => {
                Value::Map(entries.iter().map(|(key, value)| (key.moved(span), value.moved(span))).collect())
            }
            scalar => scalar.clone(),
        };
        Node { value, span }
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

/// The one document of a file, or all that stands in the way of reading one.
///
/// # Errors
/// The file is not YAML, holds more than one document or tags that mean nothing here, or is larger than
/// any topology.
pub(super) fn read(source: SourceId, text: &str) -> Result<Node<'_>, Vec<Diagnostic>> {
    // Offsets would count from after a byte order mark; ours count from the text's start.
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    let mut reader = Reader {
        file: File { source, text, body_start: text.len() - body.len() },
        events: Parser::new_from_str_with_options(body, options),
        anchors: HashMap::new(),
        nodes: 0,
        copied: 0,
        tags: Vec::new(),
    };
    match reader.document() {
        Ok(root) if reader.tags.is_empty() => Ok(root),
        Ok(_) => Err(reader.tags),
        Err(end) => {
            reader.tags.push(end);
            Err(reader.tags)
        }
    }
}

/// Where something is written, and its tag if it has one.
#[derive(Clone, Copy)]
struct At {
    span: Span,
    tag: Span,
}

/// What an anchor stands for.
struct Anchored<'a> {
    node: Node<'a>,
    nodes: usize,
    depth: usize,
}

/// The events of a file, and what has to be remembered of them.
struct Reader<'a> {
    file: File<'a>,
    events: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Anchored<'a>>,
    /// How many nodes there have been.
    nodes: usize,
    /// How many were anchored, and stood for aliases.
    copied: usize,
    /// What is wrong with tags, which is no reason to stop looking for more.
    tags: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, At), Diagnostic> {
        match self.events.next_event() {
            Some(Ok((event, place))) => {
                let span = self.file.span(place);
                let tag = place.tag_span().map_or(span, |tag| self.file.span(tag));
                Ok((event, At { span, tag }))
            }
            Some(Err(error)) => Err(self.file.scan_error(&error)),
            None => Err(not_yaml(
                "unexpected end of input",
                self.file.bytes(self.file.text.len(), self.file.text.len()),
            )),
        }
    }

    fn document(&mut self) -> Result<Node<'a>, Diagnostic> {
        let root = loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(..), _) => {}
                (Event::StreamEnd, _) => return Ok(Node { value: Value::Null, span: self.file.bytes(0, 0) }),
                (event, at) => break self.node(event, at, 1)?,
            }
        };
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(root),
                (Event::DocumentStart(..), _) => {
                    let (_, second) = self.next()?;
                    return Err(reading::SYNTAX
                        .at("a file holds one YAML document", second.span, "a second one begins here")
                        .help(
                            "put the vRacks of both documents under one `vracks`, or split the file in two",
                        ));
                }
                _ => {}
            }
        }
    }

    /// The node that begins with an event, at a level of nesting.
    fn node(&mut self, event: Event<'a>, at: At, level: usize) -> Result<Node<'a>, Diagnostic> {
        let At { span, tag: tag_span } = at;
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(not_yaml(format!("it holds more than {MAX_NODES} values"), span));
        }
        if level > MAX_DEPTH {
            return Err(too_deep(span));
        }
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = match tag {
                    Some(tag) => self.tagged(&tag, text, tag_span),
                    None if style == ScalarStyle::Plain => plain(text),
                    None => Value::Text(text),
                };
                (Node { value, span }, anchor)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.tag_of_collection(tag.as_deref(), "seq", tag_span);
                let (items, end) = self.items(level)?;
                (Node { value: Value::List(items), span: self.file.first_line(span, style, end) }, anchor)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.tag_of_collection(tag.as_deref(), "map", tag_span);
                let (entries, end) = self.entries(level)?;
                (Node { value: Value::Map(entries), span: self.file.first_line(span, style, end) }, anchor)
            }
            Event::Alias(anchor) => return self.alias(anchor, span, level),
            _ => return Err(not_yaml("a value is missing", span)),
        };
        if anchor != 0 {
            let (nodes, depth) = node.size();
            self.copy(nodes, span)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, depth });
        }
        Ok(node)
    }

    fn items(&mut self, level: usize) -> Result<(Vec<Node<'a>>, Span), Diagnostic> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, end) => return Ok((items, end.span)),
                (event, at) => items.push(self.node(event, at, level + 1)?),
            }
        }
    }

    fn entries(&mut self, level: usize) -> Result<(Entries<'a>, Span), Diagnostic> {
        let (mut entries, mut merged) = (Vec::new(), Vec::new());
        loop {
            let (event, at) = match self.next()? {
                (Event::MappingEnd, end) => {
                    merge(&mut entries, merged)?;
                    return Ok((entries, end.span));
                }
                key => key,
            };
            let merges = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let key = self.node(event, at, level + 1)?;
            let (event, at) = self.next()?;
            let value = self.node(event, at, level + 1)?;
            if merges {
                merged.push(value);
            } else {
                entries.push((key, value));
            }
        }
    }

    /// What an alias stands for. It is shown where it is used: that is where its value stands in the
    /// topology.
    fn alias(&mut self, anchor: usize, span: Span, level: usize) -> Result<Node<'a>, Diagnostic> {
        let Some(Anchored { nodes, depth, .. }) = self.anchors.get(&anchor) else {
            return Err(not_yaml("an alias stands inside of what it stands for", span));
        };
        let (nodes, depth) = (*nodes, *depth);
        if level + depth > 1 + MAX_DEPTH {
            return Err(too_deep(span));
        }
        self.copy(nodes, span)?;
        Ok(self.anchors[&anchor].node.moved(span))
    }

    fn copy(&mut self, nodes: usize, span: Span) -> Result<(), Diagnostic> {
        self.copied += nodes;
        if self.copied > MAX_COPIED {
            let message = format!("its anchors and aliases stand for more than {MAX_COPIED} values");
            return Err(not_yaml(message, span).help("write out what the aliases stand for"));
        }
        Ok(())
    }

    /// A scalar with a tag, which says what it is rather than how it is written.
    fn tagged(&mut self, tag: &Tag, text: Cow<'a, str>, span: Span) -> Value<'a> {
        let Some(kind) = tag.core_suffix().or((tag.original() == "!").then_some("str")) else {
            self.unsupported_tag(tag, span);
            return Value::Text(text);
        };
        if kind == "str" {
            return Value::Text(text);
        }
        let value = plain(text);
        let fits = match value {
            Value::Null => kind == "null",
            Value::Bool(_) => kind == "bool",
            Value::Number(_) => matches!(kind, "int" | "float"),
            _ => false,
        };
        if !fits {
            let message = format!("this is not what its tag `{}` says", tag.original());
            self.tags.push(not_yaml(message, span).help(NO_TAGS));
        }
        value
    }

    fn tag_of_collection(&mut self, tag: Option<&Tag>, kind: &str, span: Span) {
        if let Some(tag) = tag
            && !tag.is_yaml_core_schema_tag(kind)
            && tag.original() != "!"
        {
            self.unsupported_tag(tag, span);
        }
    }

    fn unsupported_tag(&mut self, tag: &Tag, span: Span) {
        let message = format!("unsupported tag `{}`", tag.original());
        self.tags.push(not_yaml(message, span).help(NO_TAGS));
    }
}

type Entries<'a> = Vec<(Node<'a>, Node<'a>)>;

/// Adds what the mappings under `<<` hold and `entries` do not: of several, the first that has it.
///
/// The key is YAML 1.1's. Most readers know it, and what is written for them means the same here.
fn merge<'a>(entries: &mut Entries<'a>, merged: Vec<Node<'a>>) -> Result<(), Diagnostic> {
    if merged.is_empty() {
        return Ok(());
    }
    let name = |key: &Node<'a>| match &key.value {
        Value::Text(text) | Value::Number(text) => Some(text.clone()),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => None,
    };
    let mut seen: HashSet<Cow<'a, str>> = entries.iter().filter_map(|(key, _)| name(key)).collect();
    let mut add = |node: Node<'a>| match node.value {
        Value::Map(more) => {
            entries
                .extend(more.into_iter().filter(|(key, _)| name(key).is_none_or(|name| seen.insert(name))));
            Ok(())
        }
        _ => Err(not_yaml("`<<` takes a mapping or a list of mappings", node.span)),
    };
    for node in merged {
        match node.value {
            Value::Null => {}
            Value::List(nodes) => nodes.into_iter().try_for_each(&mut add)?,
            value => add(Node { value, ..node })?,
        }
    }
    Ok(())
}

/// What a scalar without quotes is.
fn plain(text: Cow<'_, str>) -> Value<'_> {
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        number if is_number(number) => Value::Number(text),
        _ => Value::Text(text),
    }
}

/// Whether a reader of YAML could take it for a number.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return false;
    }
    let digits = |digits: &str, radix| {
        digits.split('_').all(|part| !part.is_empty() && part.chars().all(|c| c.is_digit(radix)))
    };
    match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => digits(&unsigned[2..], 16),
        [b'0', b'o' | b'O', ..] => digits(&unsigned[2..], 8),
        [b'0', b'b' | b'B', ..] => digits(&unsigned[2..], 2),
        _ => digits(unsigned, 10) || unsigned.parse::<f64>().is_ok(),
    }
}

fn not_yaml(problem: impl std::fmt::Display, span: Span) -> Diagnostic {
    reading::SYNTAX.at(format!("this is not valid YAML: {problem}"), span, "")
}

fn too_deep(span: Span) -> Diagnostic {
    not_yaml(format!("it nests deeper than {MAX_DEPTH} levels"), span)
}

/// A file that is being read.
struct File<'a> {
    source: SourceId,
    text: &'a str,
    body_start: usize,
}

impl File<'_> {
    fn span(&self, place: Place) -> Span {
        // A text that is in memory as a whole has byte offsets.
        let range = place.byte_range().unwrap_or_default();
        self.bytes(range.start + self.body_start, range.end + self.body_start)
    }

    fn bytes(&self, start: usize, end: usize) -> Span {
        let offset = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        Span { source: self.source, start: offset(start), end: offset(end.max(start)) }
    }

    /// The first line of a list or a mapping, up to its closing bracket or to a comment.
    fn first_line(&self, start: Span, style: StructureStyle, end: Span) -> Span {
        let start = start.range().start;
        let end = if style == StructureStyle::Flow { end.range().end } else { self.text.len() };
        let rest = self.text.get(start..end).unwrap_or_default();
        let line = rest.find('\n').map_or(rest, |end| &rest[..end]);
        let line = line.find('\r').map_or(line, |end| &line[..end]);
        let line = line.find(" #").map_or(line, |comment| &line[..comment]).trim_end();
        self.bytes(start, start + line.len())
    }

    fn scan_error(&self, error: &ScanError) -> Diagnostic {
        let problem = match error.kind() {
            ErrorKind::UnknownAnchor => "alias references unknown anchor".to_owned(),
            _ => error.info(),
        };
        let start = self.body_start + error.marker().byte_offset().unwrap_or_default();
        let len = self.text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let diagnostic = not_yaml(&problem, self.bytes(start, start + len));
        if problem.contains(" tab") || problem.starts_with("tab") {
            return diagnostic.help("YAML is indented with spaces, never with tabs");
        }
        diagnostic
    }
}
