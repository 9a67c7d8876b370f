//! The value of a field: texts, numbers, addresses and names. One that is not right is reported.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::fields::{Entry, Reader, Taken, short};
use super::yaml::{Node, Value};
use crate::diagnostic::{Diagnostic, Span};
use crate::topology::document::{Field, Located};
use crate::topology::rules::reading;
use crate::topology::suggest;
use crate::topology::{Asn, DatacenterName};

impl Reader {
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
