//! YAML text → a tree that keeps how things are written, with each comment at what it is about.

use std::collections::HashMap;
use std::iter::Peekable;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle};

/// The deepest nesting; the reader of topologies refuses a deeper one first.
const MAX_DEPTH: usize = 64;

/// A file.
#[derive(Debug)]
pub(super) struct File {
    /// Comments that stand before the document begins, or before an empty line above its first key.
    pub(super) header: Vec<Line>,
    /// Whether an empty line follows them.
    pub(super) header_stands_apart: bool,
    /// Whether the document begins with `---`.
    pub(super) marked: bool,
    /// Whether aliases depend on the order of what is written.
    pub(super) ordered: bool,
    /// The topology.
    pub(super) root: Node,
}

/// A comment on a line of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    /// Whether an empty line stands before it.
    pub(super) apart: bool,
    /// With its `#`, without space at its end.
    pub(super) text: String,
}

/// An entry of a mapping, or an item of a list.
#[derive(Debug)]
pub(super) struct Item {
    /// The comments above it.
    pub(super) above: Vec<Line>,
    /// Whether an empty line stands before it, below the comments.
    pub(super) apart: bool,
    /// Its key, in a mapping.
    pub(super) key: Option<Node>,
    /// Its value.
    pub(super) value: Node,
    /// The comment at the end of its line.
    pub(super) beside: Option<String>,
}

/// A value.
#[derive(Debug)]
pub(super) struct Node {
    /// `&name` and `!tag`, as they are written.
    pub(super) properties: Vec<String>,
    pub(super) content: Content,
    /// Where it begins, with its properties.
    start: usize,
    /// Where it ends; of a block, where its last value does.
    end: usize,
    /// The line it ends in, counted from 0.
    last_line: usize,
    /// The column of a block, counted from 0.
    column: usize,
}

impl Node {
    /// What a scalar says.
    pub(super) fn value(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar { value, .. } => Some(value),
            Content::Alias(_) | Content::Collection(_) => None,
        }
    }
}

#[derive(Debug)]
pub(super) enum Content {
    /// A text, a number, a boolean.
    Scalar {
        /// What it says.
        value: String,
        /// How it is written.
        written: String,
        /// Whether it is written without quotes.
        plain: bool,
    },
    /// `*name`.
    Alias(String),
    /// A list or a mapping.
    Collection(Collection),
}

#[derive(Debug)]
pub(super) struct Collection {
    pub(super) mapping: bool,
    /// Whether it is written in braces or brackets, without a comment inside.
    pub(super) flow: bool,
    pub(super) items: Vec<Item>,
    /// The comments after the last item.
    pub(super) tail: Vec<Line>,
}

/// What stands in the way of reading a file.
#[derive(Debug)]
pub(super) struct Obstacle(pub(super) String);

/// The tree of a text that is a valid topology.
pub(super) fn read(text: &str) -> Result<File, Obstacle> {
    let mut reader = Reader::new(text)?;
    let mut root = reader.node(0)?;
    let mut remarks = std::mem::take(&mut reader.remarks).into_iter().peekable();
    let before_mark = take_while(&mut remarks, |remark| remark.start < reader.mark.unwrap_or(0));
    attach(&mut root, &mut remarks, usize::MAX);
    let rest: Vec<Line> = remarks.map(Remark::line).collect();
    let (mut header, mut apart) = (before_mark.into_iter().map(Remark::line).collect::<Vec<_>>(), false);
    match &mut root.content {
        Content::Collection(collection) => {
            collection.tail.extend(rest);
            if let Some(first) = collection.items.first_mut() {
                let own = header_length(first);
                apart = own < first.above.len() && first.above[own].apart
                    || own == first.above.len() && first.apart;
                header.extend(first.above.drain(..own));
            }
        }
        Content::Scalar { .. } | Content::Alias(_) => header.extend(rest),
    }
    Ok(File {
        header,
        header_stands_apart: apart,
        marked: reader.mark.is_some(),
        ordered: reader.aliases,
        root,
    })
}

/// The texts of the comments in `text`, in their order.
pub(super) fn comments(text: &str) -> Vec<String> {
    Reader::new(text)
        .map_or_else(|_| Vec::new(), |reader| reader.remarks.into_iter().map(|remark| remark.text).collect())
}

/// How many of the comments above the first key belong to the file as a whole: those before an empty line,
/// and what tells an editor where the schema is.
fn header_length(first: &Item) -> usize {
    let apart = |at: usize| first.above.get(at).map_or(first.apart, |line| line.apart);
    if let Some(last) = (1..=first.above.len()).rev().find(|at| apart(*at)) {
        return last;
    }
    first.above.iter().take_while(|line| line.text.contains("yaml-language-server:")).count()
}

/// A comment of the file.
#[derive(Debug)]
struct Remark {
    text: String,
    start: usize,
    line: usize,
    column: usize,
    /// Whether it follows something on its line.
    beside: bool,
    apart: bool,
}

impl Remark {
    fn line(self) -> Line {
        Line { apart: self.apart, text: self.text }
    }
}

/// The events of the one document, and the comments apart from them.
struct Reader<'t> {
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
    events: Peekable<std::vec::IntoIter<(Event<'t>, Span)>>,
    remarks: Vec<Remark>,
    /// Where `---` stands.
    mark: Option<usize>,
    aliases: bool,
    /// By id.
    anchors: HashMap<usize, String>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Result<Self, Obstacle> {
        let mut options = Options::default();
        options.emit_anchor_events = true;
        options.flow_nesting_limit = MAX_DEPTH;
        options.block_nesting_limit = MAX_DEPTH;
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut reader = Self {
            text,
            lines,
            events: Vec::new().into_iter().peekable(),
            remarks: Vec::new(),
            mark: None,
            aliases: false,
            anchors: HashMap::new(),
        };
        let mut events = Vec::new();
        for next in Parser::new_from_str_with_options(text, options) {
            let (event, span) = next.map_err(|error| Obstacle(format!("this cannot be read: {error}")))?;
            let (start, _) = reader.range(span)?;
            match event {
                Event::Comment(text, _) => {
                    let remark = reader.remark(&text, start, span);
                    reader.remarks.push(remark);
                }
                Event::Anchor(id, name) => {
                    reader.aliases = true;
                    reader.anchors.insert(id, name.into_owned());
                }
                Event::DocumentStart(explicit, version) => {
                    if version.is_some() || text[..start].lines().any(|line| line.starts_with('%')) {
                        let message = "YAML directives (`%`) have no place in it".to_owned();
                        return Err(Obstacle(message));
                    }
                    if explicit {
                        reader.mark = Some(start);
                    }
                }
                Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                event => events.push((event, span)),
            }
        }
        reader.remarks.sort_by_key(|remark| remark.start);
        reader.events = events.into_iter().peekable();
        Ok(reader)
    }

    fn range(&self, span: Span) -> Result<(usize, usize), Obstacle> {
        // Texts that are in memory as a whole have byte offsets.
        match (span.start.byte_offset(), span.end.byte_offset()) {
            (Some(start), Some(end)) => Ok((start.min(self.text.len()), end.min(self.text.len()))),
            _ => Err(Obstacle("the parser lost its place".to_owned())),
        }
    }

    fn remark(&self, text: &str, start: usize, span: Span) -> Remark {
        let before = self.text[self.line_start(start)..start].trim_start_matches('\u{feff}').trim();
        let nothing = before.chars().all(|c| matches!(c, '-' | '?' | ' ' | '\t'));
        Remark {
            text: format!("#{}", text.trim_end()),
            start,
            line: self.line_of(start),
            column: span.start.col(),
            beside: !nothing,
            apart: self.apart(start),
        }
    }

    fn line_of(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at).saturating_sub(1)
    }

    fn line_start(&self, at: usize) -> usize {
        self.lines.get(self.line_of(at)).copied().unwrap_or_default()
    }

    /// Whether the line before the one at `at` is there and empty.
    fn apart(&self, at: usize) -> bool {
        let line = self.line_of(at);
        line > 0 && self.text[self.lines[line - 1]..self.lines[line]].trim().is_empty()
    }

    fn node(&mut self, depth: usize) -> Result<Node, Obstacle> {
        let too_deep = depth > MAX_DEPTH;
        let Some((event, span)) = self.events.next().filter(|_| !too_deep) else {
            return Err(Obstacle("the file ends too early or nests too deep".to_owned()));
        };
        let (mut start, mut end) = self.range(span)?;
        let written = self.text.get(start..end).unwrap_or_default();
        let column = span.start.col();
        let mut properties = Vec::new();
        let (content, anchor) = match event {
            Event::Alias(_) => {
                self.aliases = true;
                (Content::Alias(written.to_owned()), 0)
            }
            Event::Scalar(value, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                (Content::Scalar { value: value.into_owned(), written: written.to_owned(), plain }, anchor)
            }
            Event::SequenceStart(style, anchor, _) => {
                let (collection, last) = self.collection(false, style, depth)?;
                end = end.max(last);
                (Content::Collection(collection), anchor)
            }
            Event::MappingStart(style, anchor, _) => {
                let (collection, last) = self.collection(true, style, depth)?;
                end = end.max(last);
                (Content::Collection(collection), anchor)
            }
            other => {
                return Err(Obstacle(format!("nothing is known of {other:?} here")));
            }
        };
        if let Some(name) = self.anchors.get(&anchor).filter(|_| anchor != 0) {
            properties.push(format!("&{name}"));
        }
        if let Some(tag) = span.tag_span() {
            let (tag_start, tag_end) = self.range(tag)?;
            properties.push(self.text.get(tag_start..tag_end).unwrap_or_default().to_owned());
            start = start.min(tag_start);
        }
        let last_line = self.line_of(end);
        Ok(Node { properties, content, start, end, last_line, column })
    }

    /// The items up to the end of a collection, and where it ends.
    fn collection(
        &mut self,
        mapping: bool,
        style: StructureStyle,
        depth: usize,
    ) -> Result<(Collection, usize), Obstacle> {
        let mut items: Vec<Item> = Vec::new();
        let flow = style == StructureStyle::Flow;
        loop {
            let closes =
                |(event, _): &(Event<'_>, Span)| matches!(event, Event::SequenceEnd | Event::MappingEnd);
            if let Some((_, span)) = self.events.next_if(closes) {
                let closed = self.range(span)?.1;
                // The end of a block is known when something else begins, which may be lines below.
                let last = items.last().map_or(0, |item| item.value.end);
                let end = if flow { closed } else { last };
                return Ok((Collection { mapping, flow, items, tail: Vec::new() }, end));
            }
            let key = if mapping { Some(self.node(depth + 1)?) } else { None };
            let value = self.node(depth + 1)?;
            let apart = self.apart(key.as_ref().map_or(value.start, |key| key.start));
            items.push(Item { above: Vec::new(), apart, key, value, beside: None });
        }
    }
}

type Remarks = Peekable<std::vec::IntoIter<Remark>>;

fn take_while(remarks: &mut Remarks, mut wanted: impl FnMut(&Remark) -> bool) -> Vec<Remark> {
    std::iter::from_fn(|| remarks.next_if(&mut wanted)).collect()
}

/// Gives the comments before `boundary` to the items in `node`.
fn attach(node: &mut Node, remarks: &mut Remarks, boundary: usize) {
    let (column, end) = (node.column, node.end);
    let Content::Collection(collection) = &mut node.content else { return };
    // What follows a closing brace is not about the last thing before it.
    let boundary = if collection.flow { boundary.min(end) } else { boundary };
    let starts: Vec<usize> = collection.items.iter().map(Item::start).collect();
    for (at, item) in collection.items.iter_mut().enumerate() {
        let start = starts[at];
        let next = starts.get(at + 1).copied().unwrap_or(boundary);
        item.above.extend(take_while(remarks, |remark| remark.start < start).into_iter().map(Remark::line));
        attach_item(item, remarks, next);
    }
    let tail = if collection.flow {
        collection.flow = collection.items.iter().all(|item| item.is_bare());
        take_while(remarks, |remark| remark.start < boundary)
    } else {
        take_while(remarks, |remark| !remark.beside && remark.start < boundary && remark.column >= column)
    };
    collection.flow &= tail.is_empty();
    collection.tail.extend(tail.into_iter().map(Remark::line));
}

fn attach_item(item: &mut Item, remarks: &mut Remarks, boundary: usize) {
    let value = &item.value;
    let (end, last_line) = (value.end, value.last_line);
    let (block, inside) = match &value.content {
        // What stands above the first thing in a block is about that.
        Content::Collection(collection) if !collection.flow => {
            (true, collection.items.first().map_or(end, Item::start))
        }
        Content::Collection(_) => (false, value.start),
        Content::Scalar { .. } | Content::Alias(_) => (false, end),
    };
    let mut beside = Vec::new();
    for remark in take_while(remarks, |remark| remark.start < inside && (remark.beside || !block)) {
        if remark.beside { beside.push(remark) } else { item.above.push(remark.line()) }
    }
    attach(&mut item.value, remarks, boundary);
    // Empty braces have no line to put it on.
    if let Content::Collection(collection) = &mut item.value.content
        && collection.items.is_empty()
    {
        item.above.append(&mut collection.tail);
    }
    if !block {
        beside.extend(take_while(remarks, |remark| {
            remark.beside && remark.line == last_line && (end..boundary).contains(&remark.start)
        }));
    }
    // A line has room for one.
    let last = beside.pop();
    item.above.extend(beside.into_iter().map(Remark::line));
    item.beside = last.map(|remark| remark.text);
}

impl Item {
    fn start(&self) -> usize {
        self.key.as_ref().map_or(self.value.start, |key| key.start)
    }

    /// Whether neither it nor anything in it has a comment.
    fn is_bare(&self) -> bool {
        self.above.is_empty()
            && self.beside.is_none()
            && match &self.value.content {
                Content::Collection(inner) => inner.tail.is_empty() && inner.items.iter().all(Self::is_bare),
                Content::Scalar { .. } | Content::Alias(_) => true,
            }
    }
}
