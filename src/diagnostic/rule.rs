//! What there is to say about a code in general: what it asks for, why, and how it looks.

use std::fmt;

use super::{Diagnostic, Label, Severity, Span};

/// A rule: what a diagnostic's code stands for.
#[derive(PartialEq, Eq)]
pub struct Rule {
    /// `OCC` and three digits; stable over releases.
    pub code: &'static str,
    /// How bad breaking it is.
    pub severity: Severity,
    /// What the rule asks for, in one line.
    pub title: &'static str,
    /// Why, and what to do: paragraphs of Markdown.
    pub doc: &'static str,
    /// Where that is known from.
    pub source: &'static str,
    /// How breaking and keeping it looks. `None` where no text can show it.
    pub example: Option<Example>,
}

/// A topology that breaks a rule, and what keeps it, as one text.
///
/// Each line begins as in a diff: with `-` if it breaks the rule, with `+` if it stands there instead,
/// with a space if it is the same in both. A line `@@ NAME @@` begins another file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Example {
    /// The topology.
    pub topology: &'static str,
    /// The account it meets, as the simulator takes it, where the rule is about live state.
    pub account: Option<&'static str>,
}

impl Example {
    /// An example that a file alone shows.
    pub(crate) const fn of(topology: &'static str) -> Option<Self> {
        Some(Self { topology, account: None })
    }

    /// An example that shows where the topology meets this account.
    pub(crate) const fn with(account: &'static str, topology: &'static str) -> Option<Self> {
        Some(Self { topology, account: Some(account) })
    }
}

/// One side of an example's text: its files, each with its name.
///
/// Without a line that names it, a file is called `topology.yaml`.
#[must_use]
pub fn side(text: &str, side: Side) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.trim_matches('\n').lines() {
        if let Some(name) = line.strip_prefix("@@ ").and_then(|line| line.strip_suffix(" @@")) {
            files.push((name.to_owned(), String::new()));
            continue;
        }
        if files.is_empty() {
            files.push(("topology.yaml".to_owned(), String::new()));
        }
        let here = match line.chars().next() {
            Some('-') => side == Side::Wrong,
            Some('+') => side == Side::Right,
            _ => true,
        };
        if let (true, Some((_, file))) = (here, files.last_mut()) {
            file.push_str(line.get(1..).unwrap_or_default());
            file.push('\n');
        }
    }
    files
}

/// Which side of an [`Example`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The one that breaks the rule.
    Wrong,
    /// The one that keeps it.
    Right,
}

impl Rule {
    /// The rule is broken here.
    #[must_use]
    pub fn at(&'static self, message: impl Into<String>, span: Span, label: impl Into<String>) -> Diagnostic {
        self.placed([Label { span, message: label.into() }], message)
    }

    /// The rule is broken, in no place of a file.
    #[must_use]
    pub fn unplaced(&'static self, message: impl Into<String>) -> Diagnostic {
        self.placed([], message)
    }

    /// The rule is broken at these places, the first being the primary one; perhaps at none.
    #[must_use]
    pub fn placed(
        &'static self,
        labels: impl IntoIterator<Item = Label>,
        message: impl Into<String>,
    ) -> Diagnostic {
        let labels = labels.into_iter().collect();
        Diagnostic { rule: self, message: message.into(), labels, file: None, help: None }
    }
}

/// The code alone: the rest is the same wherever the code is.
impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_has_two_sides() {
        let text = "\n a: 1\n-b: 2\n+b: 3\n\n @@ x\n";
        let file = |text: &str| vec![("topology.yaml".to_owned(), text.to_owned())];
        assert_eq!(side(text, Side::Wrong), file("a: 1\nb: 2\n\n@@ x\n"));
        assert_eq!(side(text, Side::Right), file("a: 1\nb: 3\n\n@@ x\n"));
        let two = side("@@ a.yaml @@\n a\n@@ b.yaml @@\n-b\n", Side::Right);
        assert_eq!(two, [("a.yaml".to_owned(), "a\n".to_owned()), ("b.yaml".to_owned(), String::new())]);
    }
}
