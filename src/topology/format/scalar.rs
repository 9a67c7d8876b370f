//! Values in their canonical form.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::topology::ServiceId;
use crate::topology::shape::{Name, ValueShape};

/// Where a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// On a line of its own, or after its key.
    Block,
    /// Between braces or brackets.
    Flow,
}

/// A value of a field.
pub(super) fn value(shape: ValueShape, value: &str, within: Within) -> String {
    let parsed = match shape {
        ValueShape::Prefix(..) => value.parse::<Ipv4Net>().ok().map(|prefix| prefix.to_string()),
        ValueShape::Ip => value.parse::<Ipv4Addr>().ok().map(|ip| ip.to_string()),
        ValueShape::DatacenterName => Some(name(Name::Datacenter, value, within)),
        ValueShape::Version | ValueShape::Number | ValueShape::Asn | ValueShape::Flag => {
            Some(value.to_owned())
        }
        ValueShape::Text
        | ValueShape::Endpoint
        | ValueShape::Word(_)
        | ValueShape::One(_)
        | ValueShape::Named(..)
        | ValueShape::List(_)
        | ValueShape::OneOrSeveral(_)
        | ValueShape::Codes => None,
    };
    parsed.unwrap_or_else(|| text(value, within))
}

/// A name of something.
pub(super) fn name(name: Name, value: &str, within: Within) -> String {
    match name {
        Name::Service => value.parse::<ServiceId>().map_or_else(|_| text(value, within), |id| id.to_string()),
        // An id, whether or not it was in quotes.
        Name::Datacenter if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
            value.to_owned()
        }
        Name::Vrack | Name::Datacenter => text(value, within),
    }
}

/// A text, in quotes where some reader of YAML, of version 1.1 or 1.2, would take it for something else
/// without them.
pub(super) fn text(value: &str, within: Within) -> String {
    if is_plain(value, within) {
        return value.to_owned();
    }
    let printable = !value.chars().any(needs_escape);
    if printable && value.contains(['"', '\\']) && !value.contains('\'') {
        return format!("'{value}'");
    }
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for c in value.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if needs_escape(c) => match u32::from(c) {
                code @ ..=0xff => quoted.push_str(&format!("\\x{code:02x}")),
                code @ ..=0xffff => quoted.push_str(&format!("\\u{code:04x}")),
                code => quoted.push_str(&format!("\\U{code:08x}")),
            },
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// What cannot stand in a line as it is, or could not be seen there.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(u32::from(c), 0xfffe | 0xffff)
}

/// Whether `value` is a text to every reader when it is written as it is.
fn is_plain(value: &str, within: Within) -> bool {
    const WORDS: [&str; 12] =
        ["null", "true", "false", "yes", "no", "on", "off", "y", "n", ".nan", ".inf", "~"];
    let Some(first) = value.chars().next() else { return false };
    let indicator = matches!(
        first,
        '-' | '?'
            | ':'
            | ','
            | '['
            | ']'
            | '{'
            | '}'
            | '#'
            | '&'
            | '*'
            | '!'
            | '|'
            | '>'
            | '\''
            | '"'
            | '%'
            | '@'
            | '`'
            | '='
            | '<'
    );
    let separated = value.contains(": ")
        || value.contains(" #")
        || value.ends_with(':')
        || (within == Within::Flow && value.contains(['[', ']', '{', '}', ',']));
    let number = (first.is_ascii_digit() || matches!(first, '.' | '+'))
        && value.chars().all(|c| {
            c.is_ascii_hexdigit()
                || matches!(
                    c,
                    '.' | '_' | '+' | '-' | ':' | ',' | 'x' | 'X' | 'o' | 'O' | 'T' | 't' | 'Z' | ' '
                )
        });
    !indicator
        && !separated
        && !number
        && !value.contains(needs_escape)
        && value.trim() == value
        && !WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_where_a_reader_could_take_it_for_something_else() {
        for plain in [
            "Paris",
            "Paris, primary [1]",
            "Paris:nord",
            "GRA",
            "eu-west-par-a",
            "a'b",
            "x#y",
            "10G link",
            "ovh-eu",
            "https://eu.api.ovh.com/1.0",
            "Zürich 🦀",
            "a, b",
            "say \"hi\"",
            "it's \"x\"",
        ] {
            assert_eq!(text(plain, Within::Block), plain);
        }
        for (value, quoted) in [
            ("", "\"\""),
            (" x", "\" x\""),
            ("NO", "\"NO\""),
            ("on", "\"on\""),
            ("y", "\"y\""),
            ("~", "\"~\""),
            ("12", "\"12\""),
            ("1_000", "\"1_000\""),
            ("0x1F", "\"0x1F\""),
            ("12:30", "\"12:30\""),
            ("1e3", "\"1e3\""),
            ("2026-11-24", "\"2026-11-24\""),
            (".inf", "\".inf\""),
            ("- x", "\"- x\""),
            ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("{x}", "\"{x}\""),
            ("\"hi\"", "'\"hi\"'"),
            ("'s \"x\"", "\"'s \\\"x\\\"\""),
            ("two\nlines\t\u{7}", "\"two\\nlines\\t\\x07\""),
            ("\u{202e}x", "\"\\u202ex\""),
        ] {
            assert_eq!(text(value, Within::Block), quoted, "{value:?}");
        }
        assert_eq!(text("Paris, primary", Within::Flow), "\"Paris, primary\"");
        assert_eq!(text("a[1]", Within::Flow), "\"a[1]\"");
    }
}
