//! From the untyped tree to typed fields: unknown, missing, repeated and mistyped ones are reported,
//! each by itself, and reading goes on.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::yaml::{Node, Value};
use crate::diagnostic::{Diagnostic, Span};
use crate::topology::document::{Field, Keys, Located};
use crate::topology::rules::{self, NotAWarning, reading};
use crate::topology::shape::Shape;
use crate::topology::suggest::{self, NotCarried};
use crate::topology::{Allow, Asn, DatacenterName};

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

    fn wrong_type(&mut self, key: &Located<Cow<'_, str>>, expected: &str, found: &Node<'_>) {
        let name = short(&key.value);
        if found.value == Value::Null {
            let help = match expected {
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

    /// A field that `node` holds, converted; a value that is not right is reported by `convert`.
    fn convert<'a, T>(
        &mut self,
        entry: Taken<'a>,
        convert: impl FnOnce(&mut Self, &Located<Cow<'a, str>>, &Node<'a>) -> Option<T>,
    ) -> Field<T> {
        let Entry { key, value: node, .. } = match entry {
            Taken::Absent => return Field::Absent,
            Taken::Misspelt => return Field::Refused,
            Taken::There(entry) => entry,
        };
        match convert(self, &key, &node) {
            Some(value) => Field::Given(Located { value, span: node.span }),
            None => Field::Refused,
        }
    }

    pub(super) fn text(&mut self, entry: Taken<'_>) -> Field<String> {
        self.convert(entry, |reader, key, node| match &node.value {
            Value::Text(text) => Some(text.clone().into_owned()),
            _ => {
                reader.wrong_type(key, "a text", node);
                None
            }
        })
    }

    pub(super) fn flag(&mut self, entry: Taken<'_>) -> bool {
        let field = self.convert(entry, |reader, key, node| match node.value {
            Value::Bool(value) => Some(value),
            _ => {
                reader.wrong_type(key, "true or false", node);
                None
            }
        });
        field.value() == Some(true)
    }

    pub(super) fn number(&mut self, entry: Taken<'_>) -> Field<u64> {
        self.convert(entry, |reader, key, node| reader.number_of(key, node))
    }

    fn number_of(&mut self, key: &Located<Cow<'_, str>>, node: &Node<'_>) -> Option<u64> {
        let Value::Number(text) = &node.value else {
            self.wrong_type(key, "a number", node);
            return None;
        };
        match plain_decimal(text) {
            Ok(number) => Some(number),
            Err(help) => {
                self.report(not_plain(text, node.span).help(help));
                None
            }
        }
    }

    pub(super) fn asn(&mut self, entry: Taken<'_>) -> Field<Asn> {
        self.convert(entry, |reader, key, node| {
            if let Value::Number(text) | Value::Text(text) = &node.value
                && let Some(number) = other_notation(text)
            {
                let help = format!("write the number alone: `{}: {number}`", key.value);
                reader.report(not_plain(text, node.span).help(help));
                return None;
            }
            let number = reader.number_of(key, node)?;
            if let Ok(number) = u32::try_from(number) {
                return Some(Asn(number));
            }
            reader.report(
                reading::INVALID_VALUE
                    .at(format!("{number} is no ASN"), node.span, "this is larger than 32 bits")
                    .help(format!("the largest ASN is {}", u32::MAX)),
            );
            None
        })
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, entry: Taken<'_>, words: &[(&str, T)]) -> Field<T> {
        self.convert(entry, |reader, key, node| {
            let text = match &node.value {
                Value::Text(text) | Value::Number(text) => text,
                _ => {
                    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                    reader.wrong_type(key, &suggest::list(&known, "or"), node);
                    return None;
                }
            };
            if let Some((_, value)) = words.iter().find(|(word, _)| word == text) {
                return Some(*value);
            }
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let list = suggest::list(&known, "or");
            let help = suggest::nearest(text, &known).map(|word| format!("did you mean `{word}`?"));
            let mut diagnostic = reading::INVALID_VALUE.at(
                format!("`{}` must be {list}, not `{}`", key.value, short(text)),
                node.span,
                "unknown value",
            );
            diagnostic.help = help;
            reader.report(diagnostic);
            None
        })
    }

    pub(super) fn prefix(&mut self, entry: Taken<'_>) -> Field<Ipv4Net> {
        self.network_value(entry, "an IPv4 prefix, like 10.1.0.0/24", |text| {
            if let Ok(ip) = text.parse::<Ipv4Addr>() {
                return Some(format!("add the length, like `{ip}/24`"));
            }
            // With a mask instead of a length, as routers write it.
            let (ip, mask) = text.split_once(['/', ' '])?;
            let length = ipnet::ipv4_mask_to_prefix(mask.trim().parse().ok()?).ok()?;
            Some(format!("write the length: `{}/{length}`", ip.parse::<Ipv4Addr>().ok()?))
        })
    }

    pub(super) fn ip(&mut self, entry: Taken<'_>) -> Field<Ipv4Addr> {
        self.network_value(entry, "an IPv4 address, like 10.1.0.10", |text| {
            let (ip, _) = text.split_once('/')?;
            ip.parse::<Ipv4Addr>().ok().map(|ip| format!("write the address alone: `{ip}`"))
        })
    }

    fn network_value<T: std::str::FromStr>(
        &mut self,
        entry: Taken<'_>,
        expected: &str,
        help: impl FnOnce(&str) -> Option<String>,
    ) -> Field<T> {
        self.convert(entry, |reader, key, node| {
            let text = match &node.value {
                Value::Text(text) | Value::Number(text) => text.as_ref(),
                _ => {
                    reader.wrong_type(key, expected, node);
                    return None;
                }
            };
            let (name, shown) = (&key.value, short(text));
            // `010` is eight to one reader and ten to another here, too.
            let plain = suggest::without_leading_zeros(text);
            if let Ok(value) = plain.parse::<T>() {
                if plain == text {
                    return Some(value);
                }
                let message = format!("`{shown}` has numbers with leading zeros");
                let help = format!("write `{plain}` if that is what is meant");
                reader.report(reading::NOT_PLAIN.at(message, node.span, "").help(help));
                return None;
            }
            let mut diagnostic = if is_ipv6(text) {
                reading::IPV6
                    .at(format!("`{name}` must be IPv4, and `{shown}` is IPv6"), node.span, "IPv6")
                    .help("layer 3 carries IPv4 only; an l2 service carries IPv6 as it is")
            } else {
                reading::NOT_AN_ADDRESS.at(
                    format!("`{name}` must be {expected}, not `{shown}`"),
                    node.span,
                    "not understood",
                )
            };
            diagnostic.help = help(text).or(diagnostic.help);
            reader.report(diagnostic);
            None
        })
    }

    /// A datacenter that is named by a value.
    pub(super) fn datacenter(&mut self, entry: Taken<'_>) -> Field<DatacenterName> {
        self.convert(entry, |reader, key, node| match &node.value {
            Value::Text(text) => reader.datacenter_name(text, false, node.span),
            Value::Number(text) => reader.datacenter_name(text, true, node.span),
            _ => {
                reader.wrong_type(key, "a datacenter's name or id", node);
                None
            }
        })
    }

    /// A datacenter's name, or its id whether or not it is in quotes.
    pub(super) fn datacenter_name(
        &mut self,
        text: &str,
        numeric: bool,
        span: Span,
    ) -> Option<DatacenterName> {
        // `010` is eight to one reader and ten to another; in quotes it is no name either.
        if numeric || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())) {
            return match plain_decimal(text) {
                Ok(id) => Some(DatacenterName::from(id)),
                Err(help) => {
                    self.report(not_plain(text, span).help(help));
                    None
                }
            };
        }
        self.name(text, span, None)
    }

    /// A name that an address is made of. `meant` is what is likely meant by one that is none.
    pub(super) fn name<T: std::str::FromStr<Err = crate::topology::AddressError>>(
        &mut self,
        text: &str,
        span: Span,
        meant: Option<String>,
    ) -> Option<T> {
        match text.parse() {
            Ok(name) => Some(name),
            Err(error) => {
                let message = match text {
                    "" => "an empty text is not a valid name here".to_owned(),
                    text => format!("`{}` is not a valid name here", short(text)),
                };
                let help = meant.map(|name| format!("did you mean `{name}`?"));
                self.report(
                    reading::NOT_A_NAME
                        .at(message, span, "not a valid name")
                        .help(help.unwrap_or_else(|| error.expected().to_owned())),
                );
                None
            }
        }
    }

    /// The items of a list under `key`.
    pub(super) fn list<'a>(&mut self, entry: Taken<'a>) -> Field<Vec<Node<'a>>> {
        let Entry { key, value: node, .. } = match entry {
            Taken::Absent => return Field::Absent,
            Taken::Misspelt => return Field::Refused,
            Taken::There(entry) => entry,
        };
        match node.value {
            Value::List(items) => Field::Given(Located { value: items, span: key.span }),
            _ => {
                self.wrong_type(&key, "a list", &node);
                Field::Refused
            }
        }
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
fn short(text: &str) -> Cow<'_, str> {
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

fn not_plain(text: &str, span: Span) -> Diagnostic {
    reading::NOT_PLAIN.at(format!("`{}` is not a plain decimal number", short(text)), span, "")
}

/// A number in digits only, without leading zeros; else what to write.
fn plain_decimal(text: &str) -> Result<u64, String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(text) && (text == "0" || !text.starts_with('0')) {
        return text.parse().map_err(|_| "it is larger than any number that is used here".to_owned());
    }
    let meant = text.strip_prefix('+').unwrap_or(text).replace('_', "");
    if !digits(&meant) {
        return Err("whole decimal numbers only, like 65001".to_owned());
    }
    match meant.trim_start_matches('0') {
        "" => Err("write `0`".to_owned()),
        meant => Err(format!("write `{meant}` if that is what is meant")),
    }
}

/// What `AS65001` and `1.10` are as one number: an ASN as people speak of it, or in dotted notation
/// (RFC 5396).
fn other_notation(text: &str) -> Option<u32> {
    let part = |text: &str| plain_decimal(text).ok().and_then(|part| u32::try_from(part).ok());
    if let Some(number) = text.strip_prefix("AS").or_else(|| text.strip_prefix("as")) {
        return part(number.trim_start());
    }
    let half = |text: &str| part(text).filter(|half| u16::try_from(*half).is_ok());
    match text.split_once('.')? {
        // Someone wrote a whole number as a broken one.
        (number, "0") => part(number),
        (high, low) => Some((half(high)? << 16) | half(low)?),
    }
}

fn is_ipv6(text: &str) -> bool {
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    address.parse::<std::net::Ipv6Addr>().is_ok()
}
