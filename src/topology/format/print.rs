//! The tree → the canonical text.

use super::scalar::{self, Within};
use super::tree::{Collection, Content, File, Item, Line, Node};
use crate::topology::shape::{FILE, Name, Shape, ValueShape};

/// The longest line that braces and brackets are written in.
const WIDTH: usize = 100;

/// What stands at some place of a topology.
#[derive(Clone, Copy)]
enum Kind {
    /// A value of a field.
    Scalar(ValueShape),
    /// A mapping with known fields.
    Fields(&'static Shape),
    /// A mapping of such mappings, by name.
    Named(Name, &'static Shape),
    /// A list of such mappings.
    List(&'static Shape),
    /// Something no field is known for.
    Unknown,
}

impl Kind {
    /// What the value of `item` is in a collection of this kind.
    fn of_value(self, item: &Item) -> Self {
        match self {
            Self::Fields(shape) => {
                let field = item.key.as_ref().and_then(Node::value).and_then(|name| shape.field(name));
                match field.map(|field| field.value) {
                    Some(ValueShape::One(shape)) => Self::Fields(shape),
                    Some(ValueShape::Named(name, shape)) => Self::Named(name, shape),
                    Some(ValueShape::List(shape)) => Self::List(shape),
                    Some(ValueShape::OneOrSeveral(shape)) => match &item.value.content {
                        Content::Collection(Collection { mapping: false, .. }) => Self::List(shape),
                        _ => Self::Fields(shape),
                    },
                    Some(scalar) => Self::Scalar(scalar),
                    None => Self::Unknown,
                }
            }
            Self::Named(_, shape) | Self::List(shape) => Self::Fields(shape),
            Self::Scalar(_) | Self::Unknown => Self::Unknown,
        }
    }
}

/// The file in its canonical form.
pub(super) fn print(file: &File) -> String {
    let mut printer = Printer { out: String::new(), fresh: true, ordered: file.ordered };
    printer.lines(&file.header, 0);
    if file.marked {
        printer.out.push_str("---\n");
    }
    if file.header_stands_apart && !printer.out.is_empty() {
        printer.out.push('\n');
    }
    printer.fresh = true;
    match &file.root.content {
        Content::Collection(collection) => printer.block(collection, Kind::Fields(&FILE), 0, false),
        Content::Scalar { .. } | Content::Alias(_) => {
            let line = printer.in_line(&file.root, Kind::Unknown, Within::Block);
            printer.out.push_str(&line);
            printer.out.push('\n');
        }
    }
    printer.out
}

struct Printer {
    out: String,
    /// Whether the next line is the first of its block: no empty line stands before it.
    fresh: bool,
    /// Whether the order of fields is kept.
    ordered: bool,
}

impl Printer {
    fn lines(&mut self, lines: &[Line], indent: usize) {
        for line in lines {
            self.begin(line.apart, indent);
            self.out.push_str(&line.text);
            self.out.push('\n');
        }
    }

    /// Begins a line, after an empty one where that is wanted.
    fn begin(&mut self, apart: bool, indent: usize) {
        if apart && !self.fresh {
            self.out.push('\n');
        }
        self.fresh = false;
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    /// The items of a block, each on lines of its own. Where a line is `begun`, the first one goes on in it.
    fn block(&mut self, collection: &Collection, kind: Kind, indent: usize, begun: bool) {
        for (at, item) in self.in_order(collection, kind).into_iter().enumerate() {
            if !(begun && at == 0) {
                self.lines(&item.above, indent);
                // What is about an item whose first field stands beside the dash stands above the dash.
                if let Some(fields) = self.beside_dash(item, kind.of_value(item), indent)
                    && let Some(first) = self.in_order(fields, kind.of_value(item)).first()
                {
                    let beside = item.beside.iter().map(|text| Line { apart: false, text: text.clone() });
                    self.lines(&beside.collect::<Vec<_>>(), indent);
                    self.lines(&first.above, indent);
                }
                self.begin(item.apart, indent);
            }
            self.item(item, kind, indent);
        }
        self.lines(&collection.tail, indent);
    }

    fn item(&mut self, item: &Item, kind: Kind, indent: usize) {
        let head = match &item.key {
            Some(key) => format!("{}:", self.key(key, kind, Within::Block)),
            None => "-".to_owned(),
        };
        self.out.push_str(&head);
        let kind = kind.of_value(item);
        let block = match &item.value.content {
            Content::Collection(collection) if !self.fits(item, kind, indent + head.len()) => collection,
            _ => {
                self.out.push(' ');
                let line = self.in_line(&item.value, kind, Within::Block);
                self.out.push_str(&line);
                self.end(item);
                return;
            }
        };
        for property in &item.value.properties {
            self.out.push(' ');
            self.out.push_str(property);
        }
        if self.beside_dash(item, kind, indent).is_some() {
            self.out.push(' ');
            self.block(block, kind, indent + 2, true);
        } else {
            self.end(item);
            self.fresh = true;
            self.block(block, kind, indent + 2, false);
        }
    }

    /// The fields of a list's item of which the first stands beside the dash: `- type: bgp`.
    fn beside_dash<'i>(&self, item: &'i Item, kind: Kind, indent: usize) -> Option<&'i Collection> {
        match &item.value.content {
            Content::Collection(fields)
                if item.key.is_none()
                    && fields.mapping
                    && item.value.properties.is_empty()
                    && !self.fits(item, kind, indent + 1) =>
            {
                Some(fields)
            }
            _ => None,
        }
    }

    /// Ends a line, with the comment that stands there.
    fn end(&mut self, item: &Item) {
        if let Some(text) = &item.beside {
            self.out.push_str("  ");
            self.out.push_str(text);
        }
        self.out.push('\n');
    }

    /// Whether the value of `item`, a list or a mapping, is written in its line, where `used` columns are
    /// taken.
    fn fits(&self, item: &Item, kind: Kind, used: usize) -> bool {
        match &item.value.content {
            Content::Collection(Collection { items, .. }) if items.is_empty() => true,
            Content::Collection(Collection { flow: true, .. }) => {
                used + 1 + self.in_line(&item.value, kind, Within::Block).chars().count() <= WIDTH
            }
            _ => false,
        }
    }

    /// The items of a collection in their canonical order.
    fn in_order<'c>(&self, collection: &'c Collection, kind: Kind) -> Vec<&'c Item> {
        let mut items: Vec<&Item> = collection.items.iter().collect();
        // An alias has to come after what it stands for.
        if let Kind::Fields(shape) = kind
            && !self.ordered
        {
            items.sort_by_key(|item| {
                let name = item.key.as_ref().and_then(Node::value);
                shape.fields.iter().position(|field| Some(field.name) == name).unwrap_or(usize::MAX)
            });
        }
        items
    }

    fn key(&self, key: &Node, kind: Kind, within: Within) -> String {
        match (kind, key.value()) {
            (Kind::Named(name, _), Some(value)) if key.properties.is_empty() => {
                scalar::name(name, value, within)
            }
            _ => {
                let mut text = self.in_line(key, Kind::Unknown, within);
                // The colon would be part of the alias.
                if matches!(key.content, Content::Alias(_)) {
                    text.push(' ');
                }
                text
            }
        }
    }

    /// A value in one line.
    fn in_line(&self, node: &Node, kind: Kind, within: Within) -> String {
        let content = match &node.content {
            // A tag says how what is written is to be read.
            Content::Scalar { written, .. } if node.properties.iter().any(|it| it.starts_with('!')) => {
                written.clone()
            }
            Content::Scalar { value, written, plain } => match kind {
                Kind::Scalar(shape) => scalar::value(shape, value, within),
                _ if *plain => written.clone(),
                _ => scalar::text(value, within),
            },
            Content::Alias(name) => name.clone(),
            Content::Collection(collection) => {
                let items = self.in_order(collection, kind).into_iter().map(|item| {
                    let value = self.in_line(&item.value, kind.of_value(item), Within::Flow);
                    match &item.key {
                        Some(key) => format!("{}: {value}", self.key(key, kind, Within::Flow)),
                        None => value,
                    }
                });
                let items = items.collect::<Vec<_>>().join(", ");
                if collection.mapping { format!("{{{items}}}") } else { format!("[{items}]") }
            }
        };
        let properties = node.properties.iter().map(String::as_str);
        properties.chain([content.as_str()]).collect::<Vec<_>>().join(" ")
    }
}
