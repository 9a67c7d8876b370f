//! What makes a topology wrong, or worth a remark, as far as the files alone can tell.
//!
//! A rule is a code, a title, its reason and its check, in a file of its family. Codes are stable:
//! `OCC001`–`OCC099` are errors, `OCC101`–`OCC199` warnings; `OCC201`–`OCC299` are kept for what only
//! the live state can tell.

pub(super) mod asn;
mod capacity;
mod extra;
mod identity;
mod layer;
mod overlap;
pub(super) mod reading;
mod remark;
mod subnet;

use super::document::Document;
use crate::diagnostic::{CodeDescription, Diagnostic, Severity, Span};

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// `OCC` and three digits; stable over releases.
    pub code: &'static str,
    /// How bad breaking it is.
    pub severity: Severity,
    /// What the rule asks for, in one line.
    pub title: &'static str,
    /// Why, with its source, and what to do: a paragraph of Markdown.
    pub doc: &'static str,
    /// Finds what breaks it; `None` where it is found while the files are read.
    check: Option<fn(&Document, &mut Vec<Diagnostic>)>,
}

/// Every rule, in the order of the codes.
pub static ALL: &[&Rule] = &[
    &reading::UNREADABLE,
    &reading::EMPTY_FOLDER,
    &reading::NOT_UTF8,
    &reading::TOO_LARGE,
    &reading::SYNTAX,
    &reading::DUPLICATE_KEY,
    &reading::UNKNOWN_FIELD,
    &reading::MISSING_FIELD,
    &reading::WRONG_TYPE,
    &reading::INVALID_VALUE,
    &reading::VERSION,
    &reading::NOT_A_NAME,
    &reading::NOT_AN_ADDRESS,
    &reading::IPV6,
    &reading::NOT_PLAIN,
    &asn::RESERVED,
    &asn::POP_NOT_EBGP,
    &asn::PEER_NOT_EBGP,
    &subnet::POP_SIZE,
    &subnet::DATACENTER_SIZE,
    &subnet::HOST_BITS,
    &overlap::SUBNETS,
    &overlap::ROUTE,
    &layer::FOREIGN_FIELD,
    &layer::SECOND_L2,
    &extra::GATEWAY_OUTSIDE,
    &extra::GATEWAY_TAKEN,
    &extra::PEER_OUTSIDE,
    &extra::PEER_TAKEN,
    &extra::MIXED,
    &identity::SERVICE_TWICE,
    &identity::VRACK_TWICE,
    &identity::ROUTE_TWICE,
    &identity::PEER_TWICE,
    &identity::ENDPOINTS,
    &capacity::SERVICES,
    &capacity::PEERS,
    &capacity::NO_L3_POP,
    &remark::KNOWN_ISSUE_65501,
    &remark::PUBLIC_ASN,
    &remark::EMPTY_VRACK,
];

/// The rule with this code, in any case of letters.
#[must_use]
pub fn find(code: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.code.eq_ignore_ascii_case(code))
}

/// What there is to say of every code, for reports.
#[must_use]
pub fn descriptions() -> Vec<CodeDescription> {
    ALL.iter()
        .map(|Rule { code, severity, title, doc, .. }| CodeDescription {
            code,
            severity: *severity,
            title,
            doc,
        })
        .collect()
}

/// Adds what breaks a rule in `document`.
pub(super) fn check(document: &Document, found: &mut Vec<Diagnostic>) {
    for check in ALL.iter().filter_map(|rule| rule.check) {
        check(document, found);
    }
}

impl Rule {
    /// An error that is found while the files are read.
    const fn reading(code: &'static str, title: &'static str, doc: &'static str) -> Self {
        Self { code, severity: Severity::Error, title, doc, check: None }
    }

    /// The rule is broken here.
    pub(super) fn at(&self, message: impl Into<String>, span: Span, label: impl Into<String>) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.code, message, span, label);
        diagnostic.severity = self.severity;
        diagnostic
    }

    /// The rule is broken, in no place of a file.
    pub(super) fn unplaced(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::unplaced(self.code, self.severity, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_ordered_and_tell_the_severity() {
        for pair in ALL.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} stands before {}", pair[0].code, pair[1].code);
        }
        for rule in ALL {
            let number = rule.code.strip_prefix("OCC").and_then(|digits| digits.parse::<u32>().ok());
            let severity = match number {
                Some(1..=99) => Severity::Error,
                Some(101..=199) => Severity::Warning,
                _ => panic!("{} is in no range", rule.code),
            };
            assert_eq!(rule.severity, severity, "{}", rule.code);
        }
    }

    #[test]
    fn every_rule_says_why() {
        for rule in ALL {
            let Rule { code, title, doc, .. } = rule;
            assert!(!title.is_empty() && !title.ends_with('.'), "{code}: {title}");
            assert!(doc.ends_with('.') || doc.ends_with("```"), "{code}: {doc}");
            assert!(doc.len() > 80, "{code} has no paragraph");
            assert!(find(code).is_some_and(|found| found.title == *title), "{code}");
        }
    }
}
