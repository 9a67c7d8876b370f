//! What makes a topology wrong, or worth a remark.
//!
//! A rule is a code with all there is to say about it, and stands in the file of its family with what
//! finds it. Codes are stable. The first digit says what they are:
//!
//! | codes | severity | found |
//! | --- | --- | --- |
//! | `OCC001`–`OCC099` | error | in the files alone |
//! | `OCC101`–`OCC199` | warning | in the files alone |
//! | `OCC201`–`OCC299` | error | where the files meet live state |
//! | `OCC301`–`OCC399` | warning | where the files meet live state |
//!
//! To add one: write its `static` into a family and list it in the family's `RULES`, and put a case
//! into `tests/diagnostics`. Tests say what was forgotten.

pub(super) mod asn;
mod capacity;
mod extra;
mod identity;
mod layer;
pub(crate) mod live;
mod overlap;
pub(super) mod reading;
mod redundancy;
mod remark;
mod silence;
mod subnet;

use std::sync::LazyLock;

pub(crate) use silence::{Found, silence};

use super::document::Document;
use super::suggest;
use crate::diagnostic::{Diagnostic, Rule, Severity};

/// Finds what breaks a rule.
type Check = fn(&Document, &mut Vec<Diagnostic>);

/// A rule, and how it is found out that it is broken.
struct Entry {
    rule: &'static Rule,
    /// `None` where it is found elsewhere: while files are read, together with another rule, or live.
    check: Option<Check>,
}

/// A rule with a check of its own.
const fn checked(rule: &'static Rule, check: Check) -> Entry {
    Entry { rule, check: Some(check) }
}

/// A rule that is found elsewhere.
const fn raised(rule: &'static Rule) -> Entry {
    Entry { rule, check: None }
}

static FAMILIES: &[&[Entry]] = &[
    reading::RULES,
    asn::RULES,
    subnet::RULES,
    overlap::RULES,
    layer::RULES,
    extra::RULES,
    identity::RULES,
    capacity::RULES,
    remark::RULES,
    redundancy::RULES,
    silence::RULES,
    live::RULES,
];

static ALL: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let mut all: Vec<_> = FAMILIES.iter().copied().flatten().map(|entry| entry.rule).collect();
    all.sort_by_key(|rule| rule.code);
    all
});

/// Every rule, in the order of the codes.
#[must_use]
pub fn all() -> &'static [&'static Rule] {
    &ALL
}

/// The rule with this code, in any case of letters.
#[must_use]
pub fn find(code: &str) -> Option<&'static Rule> {
    all().iter().copied().find(|rule| rule.code.eq_ignore_ascii_case(code))
}

/// The rule that is most likely meant by a code that is none.
///
/// A number alone, or with other letters, means the code of that number.
#[must_use]
pub fn nearest(code: &str) -> Option<&'static Rule> {
    let digits = code.trim_start_matches(|c: char| !c.is_ascii_digit());
    if let Ok(number) = digits.parse::<u16>()
        && let Some(rule) = find(&format!("OCC{number:03}"))
    {
        return Some(rule);
    }
    let codes: Vec<&str> = all().iter().map(|rule| rule.code).collect();
    suggest::slip_of(code, &codes).and_then(find)
}

/// Whether only live state can show that the rule is broken.
#[must_use]
pub fn needs_live(rule: &Rule) -> bool {
    live::RULES.iter().any(|entry| entry.rule.code == rule.code)
}

/// The warning with this code.
///
/// # Errors
/// In words for whoever wrote it: there is no such code, or it is an error's, which nothing silences.
pub fn warning(code: &str) -> Result<&'static Rule, NotAWarning> {
    match all().iter().copied().find(|rule| rule.code == code) {
        Some(rule) if rule.severity == Severity::Warning => Ok(rule),
        Some(rule) => Err(NotAWarning::Error(rule)),
        None => Err(NotAWarning::Unknown(code.to_owned(), nearest(code))),
    }
}

/// A code that cannot be silenced.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAWarning {
    /// It is an error's.
    #[error("{} is an error, and an error cannot be silenced", .0.code)]
    Error(&'static Rule),
    /// There is no such code; perhaps this one is meant.
    #[error("there is no code `{0}`")]
    Unknown(String, Option<&'static Rule>),
}

impl NotAWarning {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Error(rule) => format!("what to do about it: ovhconnect explain {}", rule.code),
            Self::Unknown(_, Some(rule)) => format!("did you mean `{}`?", rule.code),
            Self::Unknown(_, None) => "a list of all codes: ovhconnect explain".to_owned(),
        }
    }
}

/// Adds what breaks a rule in `document`.
pub(super) fn check(document: &Document, found: &mut Vec<Diagnostic>) {
    for check in FAMILIES.iter().copied().flatten().filter_map(|entry| entry.check) {
        check(document, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_stands_once_and_tells_what_it_is() {
        for pair in all().windows(2) {
            assert!(pair[0].code < pair[1].code, "{} is there twice", pair[0].code);
        }
        for rule in all() {
            let number = rule.code.strip_prefix("OCC").filter(|digits| digits.len() == 3);
            let number = number.and_then(|digits| digits.parse::<u32>().ok());
            let (severity, live) = match number {
                Some(1..=99) => (Severity::Error, false),
                Some(101..=199) => (Severity::Warning, false),
                Some(201..=299) => (Severity::Error, true),
                Some(301..=399) => (Severity::Warning, true),
                _ => panic!("{} is in no range", rule.code),
            };
            assert_eq!(rule.severity, severity, "{}", rule.code);
            assert_eq!(needs_live(rule), live, "{}", rule.code);
        }
    }

    #[test]
    fn every_rule_says_what_why_and_from_where() {
        for rule in all() {
            let Rule { code, title, doc, source, .. } = rule;
            assert!(!title.is_empty() && !title.ends_with('.'), "{code}: {title}");
            assert!(doc.len() > 80 && doc.ends_with('.'), "{code} has no paragraph: {doc}");
            assert!(!doc.contains("Source:"), "{code}: the source stands apart");
            assert!(!source.is_empty() && !source.ends_with('.'), "{code}: {source}");
        }
    }

    #[test]
    fn a_code_that_is_none_leads_to_the_one_that_was_meant() {
        for (code, expected) in [
            ("12", Some("OCC012")),
            ("OCC12", Some("OCC012")),
            ("E0012", Some("OCC012")),
            ("occ101", Some("OCC101")),
            ("OOC101", Some("OCC101")),
            ("0CC101", Some("OCC101")),
            ("OCC1O1", Some("OCC101")),
            ("OCC999", None),
            ("unused", None),
            ("", None),
        ] {
            assert_eq!(nearest(code).map(|rule| rule.code), expected, "{code}");
        }
        assert_eq!(find("occ012").map(|rule| rule.code), Some("OCC012"));
        assert_eq!(warning("OCC101").map(|rule| rule.code), Ok("OCC101"));
        assert!(matches!(warning("OCC030"), Err(NotAWarning::Error(_))));
        assert!(matches!(warning("OCC000"), Err(NotAWarning::Unknown(..))));
    }
}
