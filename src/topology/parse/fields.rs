//! From the untyped tree to typed fields: unknown, missing, repeated and mistyped ones are reported,
//! each by itself, and reading goes on.

use std::borrow::Cow;
use std::collections::HashMap;

use super::yaml::{Node, Value};
use crate::diagnostic::{Diagnostic, Span};
use crate::topology::Allow;
use crate::topology::document::{Field, Keys, Located};
use crate::topology::rules::{self, NotAWarning, reading};
use crate::topology::shape::Shape;
use crate::topology::suggest::{self, NotCarried};

/// The field that silences warnings for what its mapping holds.
const ALLOW: &str = "allow";

/// An entry of a mapping whose key is a text or a number.
pub(super) struct Entry<'a> {
    pub(super) key: Located<Cow<'a, str>>,
    /// Whether the key is a number rather than a text.
    pub(super) numeric: bool,
    pub(super) value: Node<'a>,
}

/// Where the keys of a mapping stand.
enum Places<'a> {
    /// Of so few that looking at each is faster than anything else: most mappings.
    Few,
    Many(HashMap<Cow<'a, str>, Span>),
}

impl<'a> Places<'a> {
    fn with_capacity(keys: usize) -> Self {
        if keys <= 16 { Self::Few } else { Self::Many(HashMap::with_capacity(keys)) }
    }

    /// Where the key of an entry was first.
    fn of(&self, key: &str, entries: &[Entry<'a>]) -> Option<Span> {
        match self {
            Self::Few => entries.iter().find(|entry| entry.key.value == key).map(|entry| entry.key.span),
            Self::Many(places) => places.get(key).copied(),
        }
    }
}

/// The fields of a mapping that are known, each there at most once.
pub(super) struct Fields<'a> {
    fields: Vec<(&'static str, Span, Node<'a>)>,
    /// Those that an unknown field is most likely meant to be: they are not missing as well.
    misspelt: Vec<&'static str>,
    /// From the key of the mapping to the end of what it holds, where somebody wants to know.
    extent: Option<Span>,
}

/// A field of a mapping, not yet converted.
pub(super) enum Taken<'a> {
    Absent,
    /// Only under a name that is not quite its own, which has been reported.
    Misspelt,
    There(Entry<'a>),
}

impl<'a> Fields<'a> {
    /// The field, and the place of its key.
    pub(super) fn take(&mut self, name: &'static str) -> Taken<'a> {
        match self.fields.iter().position(|(known, ..)| *known == name) {
            Some(at) => {
                let (name, span, value) = self.fields.swap_remove(at);
                let key = Located { value: Cow::Borrowed(name), span };
                Taken::There(Entry { key, numeric: false, value })
            }
            None if self.misspelt.contains(&name) => Taken::Misspelt,
            None => Taken::Absent,
        }
    }

    /// Which fields are there, and where their keys stand.
    pub(super) fn keys(&self) -> Keys {
        let present = self.fields.iter().map(|(name, span, _)| (*name, *span)).collect();
        Keys { present, misspelt: self.misspelt.clone() }
    }
}

/// Reads values and collects what is wrong with them.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The warnings that are to be silenced, and where.
    pub(super) allows: Vec<Allow>,
}

impl Reader {
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn wrong_type(&mut self, key: &Located<Cow<'_, str>>, expected: &str, found: &Node<'_>) {
        let name = short(&key.value);
        if found.value == Value::Null {
            let help = match expected {
                "a mapping" if name == "interface" => {
                    "write `interface: {state: enabled}` or `{state: disabled}`, or leave it out".to_owned()
                }
                "a mapping" => format!("if nothing is in it, write `{name}: {{}}`"),
                "a list" => format!("if nothing is in it, write `{name}: []`"),
                _ => format!("write a value after `{name}:`"),
            };
            self.report(
                reading::WRONG_TYPE
                    .at(format!("`{name}` has no value"), key.span, format!("expected {expected}"))
                    .help(help),
            );
            return;
        }
        let kind = kind_of(&found.value);
        let mut diagnostic = reading::WRONG_TYPE.at(
            format!("`{name}` must be {expected}, not {kind}"),
            found.span,
            format!("this is {kind}"),
        );
        diagnostic.help = match (&found.value, expected) {
            (Value::Text(text), "a number") if text.parse::<u64>().is_ok() => {
                Some(format!("write it without quotes: `{name}: {text}`"))
            }
            (Value::Text(text), "a list") if name == ALLOW => {
                Some(format!("write `{name}: [{}]`", short(text)))
            }
            (Value::Text(text), "a mapping") if name == "interface" => {
                Some(format!("write `interface: {{state: {}}}`", short(text)))
            }
            (Value::List(items), "a mapping") if items.is_empty() => {
                Some(format!("if nothing is in it, write `{name}: {{}}`"))
            }
            (Value::List(_), "a mapping") => {
                Some("write each as a key, without a dash: `NAME: {...}`".to_owned())
            }
            (Value::Map(_), "a list") => Some(format!("put it into a list: `{name}: [{{...}}]`")),
            (Value::Number(text), "a text") => Some(format!("put it in quotes: `{name}: \"{text}\"`")),
            (Value::Bool(value), "a text") => Some(format!("put it in quotes: `{name}: \"{value}\"`")),
            (Value::Text(text), "true or false") => {
                let meant = match text.to_ascii_lowercase().as_str() {
                    "yes" | "on" | "y" | "true" => Some(true),
                    "no" | "off" | "n" | "false" => Some(false),
                    _ => None,
                };
                meant.map(|value| format!("write `{name}: {value}`"))
            }
            _ => None,
        };
        self.report(diagnostic);
    }

    /// The entries of a mapping under `key`, without repeated and nameless keys.
    ///
    /// `None` where it is no mapping; `false` beside them where a key had to be left out.
    pub(super) fn entries<'a>(
        &mut self,
        key: &Located<Cow<'_, str>>,
        node: Node<'a>,
    ) -> Option<(Vec<Entry<'a>>, bool)> {
        let Value::Map(raw) = node.value else {
            self.wrong_type(key, "a mapping", &node);
            return None;
        };
        let mut entries: Vec<Entry<'a>> = Vec::with_capacity(raw.len());
        let mut places = Places::with_capacity(raw.len());
        let mut whole = true;
        for (name, value) in raw {
            let numeric = matches!(name.value, Value::Number(_));
            let text = match name.value {
                Value::Text(text) | Value::Number(text) => text,
                other => {
                    whole = false;
                    let kind = kind_of(&other);
                    self.report(reading::WRONG_TYPE.at(
                        format!("a key must be a text, not {kind}"),
                        name.span,
                        format!("this is {kind}"),
                    ));
                    continue;
                }
            };
            if let Some(first) = places.of(&text, &entries) {
                whole = false;
                self.report(
                    reading::DUPLICATE_KEY
                        .at(format!("the key `{}` is there twice", short(&text)), name.span, "again here")
                        .and(first, "first here")
                        .help("keep one of them, with what both hold"),
                );
                continue;
            }
            if let Places::Many(places) = &mut places {
                places.insert(text.clone(), name.span);
            }
            entries.push(Entry { key: Located { value: text, span: name.span }, numeric, value });
        }
        Some((entries, whole))
    }

    /// The fields of a mapping of a known shape. `None` where it is no mapping.
    pub(super) fn fields<'a>(
        &mut self,
        key: &Located<Cow<'_, str>>,
        node: Node<'a>,
        shape: &Shape,
    ) -> Option<Fields<'a>> {
        let end = if node.has_key(ALLOW) { Some(node.end()) } else { None };
        let extent = end.map(|end| Span { end: end.max(key.span.end), ..key.span });
        let (entries, _) = self.entries(key, node)?;
        let mut fields = Vec::with_capacity(entries.len());
        let mut misspelt = Vec::new();
        for entry in entries {
            match shape.field(&entry.key.value) {
                Some(known) => fields.push((known.name, entry.key.span, entry.value)),
                None => misspelt.extend(self.unknown_field(&entry.key, shape)),
            }
        }
        Some(Fields { fields, misspelt, extent })
    }

    /// The `allow` of a mapping.
    pub(super) fn allow(&mut self, fields: &mut Fields<'_>) {
        let entry = fields.take(ALLOW);
        let (Some(extent), Field::Given(list)) = (fields.extent, self.list(entry)) else { return };
        for item in list.value {
            let Value::Text(code) = &item.value else {
                let kind = kind_of(&item.value);
                self.report(
                    reading::WRONG_TYPE
                        .at(format!("`allow` lists codes, not {kind}"), item.span, format!("this is {kind}"))
                        .help("like `allow: [OCC101]`"),
                );
                continue;
            };
            match rules::warning(&short(code)) {
                Ok(rule) => self.allows.push(Allow { rule, span: item.span, extent }),
                Err(problem) => {
                    let label = match &problem {
                        NotAWarning::Error(_) => "not a warning",
                        NotAWarning::Unknown(..) => "no such code",
                    };
                    self.report(
                        reading::ALLOW.at(problem.to_string(), item.span, label).help(problem.help()),
                    );
                }
            }
        }
    }

    /// Reports a field that is not known, and answers the one it is most likely meant to be.
    fn unknown_field(&mut self, key: &Located<Cow<'_, str>>, shape: &Shape) -> Option<&'static str> {
        let (name, fields) = (shape.name, shape.names());
        if let Some(field) = suggest::not_carried(&key.value) {
            self.report(not_carried(field, name, key));
            return None;
        }
        let nearest =
            suggest::nearest(&key.value, &fields).or_else(|| suggest::other_name(&key.value, &fields));
        let help = match (nearest, suggest::home_of(&key.value)) {
            (Some(field), None) => format!("did you mean `{field}`?"),
            (Some(field), Some(home)) => format!("did you mean `{field}`? {home}"),
            (None, Some(home)) => home.to_owned(),
            (None, None) => format!("{name} may have {}", suggest::list(&fields, "and")),
        };
        self.report(
            reading::UNKNOWN_FIELD
                .at(format!("{name} has no field `{}`", short(&key.value)), key.span, "unknown field")
                .help(help),
        );
        nearest
    }

    /// Reports a field that has to be there and is not.
    pub(super) fn missing(&mut self, shape: &Shape, field: &str, span: Span, help: &str) {
        self.report(
            reading::MISSING_FIELD
                .at(
                    format!("{} needs the field `{field}`", shape.name),
                    span,
                    format!("`{field}` is missing"),
                )
                .help(help),
        );
    }
}

/// A text of the file as messages quote it; the source line beside them shows the rest.
pub(super) fn short(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

pub(super) fn kind_of(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Text(_) => "a text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
    }
}

/// A field for something that OVHcloud Connect does not carry.
fn not_carried(field: NotCarried, shape: &str, key: &Located<Cow<'_, str>>) -> Diagnostic {
    let name = short(&key.value);
    match field {
        NotCarried::Vlan => reading::VLAN
            .at(
                format!("{shape} has no `{name}`: there are no VLANs to configure"),
                key.span,
                "not configurable",
            )
            .help("layer 2 carries tags as they are, layer 3 takes none: remove it"),
        NotCarried::Ipv6 => reading::IPV6
            .at(format!("{shape} has no `{name}`: layer 3 carries IPv4 only"), key.span, "IPv6")
            .help("remove it; an l2 service carries IPv6 as it is"),
    }
}
