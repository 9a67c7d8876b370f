//! Passwords in addresses: a line of a source is shown, the password in it is not.

use std::borrow::Cow;

/// The same text, byte for byte as long, with a `*` for each byte of what looks like the user name and
/// the password in an address: up to a line's last `@`, from `://` on, or else from the beginning of a
/// word that has a `:` in it.
#[must_use]
pub(super) fn concealed(text: &str) -> Cow<'_, str> {
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match secret(line) {
            Some((begin, end)) => {
                shown.push_str(&line[..begin]);
                shown.push_str(&"*".repeat(end - begin));
                shown.push_str(&line[end..]);
            }
            None => shown.push_str(line),
        }
    }
    Cow::Owned(shown)
}

/// Where in a line the secret begins and ends.
fn secret(line: &str) -> Option<(usize, usize)> {
    let end = line.rfind('@')?;
    let before = &line[..end];
    if let Some(at) = before.find("://") {
        return Some((at + "://".len(), end));
    }
    let is_edge = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '{' | '[' | ',');
    let begin =
        before.rfind(is_edge).map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
    before[begin..].contains(':').then_some((begin, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_at_sign_of_an_address_is_concealed() {
        for (line, shown) in [
            ("endpoint: https://user:pass@host/1.0  # old", "endpoint: https://*********@host/1.0  # old"),
            ("endpoint: 'https://user:p@/ ss@host'\n", "endpoint: 'https://***********@host'\n"),
            ("{endpoint: user:pässe@host}", "{endpoint: ***********@host}"),
            ("endpoint: \"user:pass@host\"", "endpoint: \"*********@host\""),
            ("endpoint: https://host/1.0", "endpoint: https://host/1.0"),
            ("description: ask noc@example.com", "description: ask noc@example.com"),
        ] {
            assert_eq!(concealed(line), shown);
            assert_eq!(concealed(line).len(), line.len());
        }
    }

    #[test]
    fn each_line_stands_for_itself() {
        assert_eq!(concealed("a: http://b\nc: d:e@f\n"), "a: http://b\nc: ***@f\n");
    }
}
