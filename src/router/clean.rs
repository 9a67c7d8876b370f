//! Text of people in the languages of routers.

use deunicode::deunicode;

/// The longest description that is written: what IOS takes for a neighbour.
const LONGEST: usize = 80;

/// A text as one harmless line in any router's language: letters, digits, blanks and `. , : _ / ( ) + = @ -`.
///
/// Other letters are written with these as well as can be; every other character becomes a blank. Quotes,
/// `!`, `#`, `;`, `$`, `?` and line ends all begin or end something in one language or another.
pub(super) fn plain(text: &str) -> String {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || ".,:_/()+=@-".contains(c);
    let ascii: String = deunicode(text).chars().map(|c| if is_fit(c) { c } else { ' ' }).collect();
    let mut line = ascii.split_whitespace().collect::<Vec<_>>().join(" ");
    line.truncate(LONGEST);
    line.truncate(line.trim_end().len());
    line
}

/// A text as comment lines, each behind `mark`, of at most 80 columns where its words allow.
pub(super) fn comment(text: &str, mark: &str) -> String {
    // A question mark asks for help on a router's console, wherever it stands.
    let line: String =
        deunicode(text).chars().map(|c| if c.is_control() || c == '?' { ' ' } else { c }).collect();
    let options = textwrap::Options::new(80).initial_indent(mark).subsequent_indent(mark).break_words(false);
    textwrap::fill(&line, options)
}

/// A text as a part of a name that every router's language takes: lower-case letters, digits and `_`.
pub(super) fn name_part(text: &str) -> String {
    let ascii = deunicode(text).to_ascii_lowercase();
    ascii.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_person_writes_stays_readable() {
        assert_eq!(plain("Paris, primary"), "Paris, primary");
        assert_eq!(plain("Zürich – Île-de-France (secours)"), "Zurich - Ile-de-France (secours)");
        assert_eq!(plain("two\nlines \"quoted\" ! no $x; # or 'y'?"), "two lines quoted no x or y");
        assert_eq!(plain("\u{7}\r\n"), "");
    }

    proptest! {
        #[test]
        fn any_text_is_one_short_harmless_line(text in any::<String>()) {
            let line = plain(&text);
            prop_assert!(line.len() <= LONGEST);
            prop_assert!(line.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{:?}", line);
            let breaks = |c: char| "\"'!#;$?\\{}[]|%*`".contains(c);
            prop_assert!(!line.contains(breaks), "{:?}", line);
            prop_assert_eq!(plain(&line), line, "cleaning twice");
        }

        #[test]
        fn any_text_stays_in_its_comment(text in any::<String>()) {
            for line in comment(&text, "! ").split(['\n', '\r']) {
                prop_assert!(line.is_empty() || line.starts_with('!'), "{:?}", line);
            }
        }

        #[test]
        fn any_text_is_a_part_of_a_name(text in any::<String>()) {
            prop_assert!(name_part(&text).chars().all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit()));
        }
    }
}
