//! What there is to say about the rules: for `explain`.

use std::fmt::Write as _;

use super::{STRONG, style_of, styled};
use crate::diagnostic::{Example, Rule, Severity};
use crate::diff::Action;

const INDENT: &str = "    ";
/// The longest line of text that is pleasant to read, in columns.
const LONGEST: usize = 100;

/// A line for each rule: its code, how bad it is, and its title.
#[must_use]
pub fn list(rules: &[&Rule]) -> String {
    let severity = |rule: &Rule| match rule.severity {
        Severity::Error => "error  ",
        Severity::Warning => "warning",
    };
    let line = |rule: &&Rule| format!("{}  {}  unless {}\n", rule.code, severity(rule), rule.title);
    rules.iter().map(line).collect()
}

/// The same as a table in Markdown.
#[must_use]
pub fn markdown_list(rules: &[&Rule]) -> String {
    let row = |rule: &&Rule| {
        format!(
            "| [{0}](#{1}) | {2} | {3} |\n",
            rule.code,
            rule.code.to_lowercase(),
            rule.title,
            a_severity(rule)
        )
    };
    format!(
        "| code | what is asked for | anything else is |\n| --- | --- | --- |\n{}",
        rules.iter().map(row).collect::<String>()
    )
}

/// All there is to say about each rule, wrapped to `width` columns.
#[must_use]
pub fn text(rules: &[&Rule], width: usize) -> String {
    let width = width.min(LONGEST);
    rules.iter().map(|rule| one_text(rule, width)).collect::<Vec<_>>().join("\n")
}

fn one_text(rule: &Rule, width: usize) -> String {
    let heading = format!("{}: {}", rule.code, rule.title);
    let mut text = format!("{}\n\n", styled(STRONG, heading));
    let mut paragraph = |body: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}\n", wrapped(body, width));
    };
    paragraph(rule.doc);
    paragraph(&format!("Source: {}.", rule.source));
    paragraph(&consequence(rule));
    if let Some(Example { topology, account }) = rule.example {
        if let Some(account) = account {
            let _ =
                writeln!(text, "  With this account (as the simulator takes it)\n\n{}", coloured(account));
        }
        let _ = writeln!(text, "  Wrong (-) and right (+)\n\n{}", coloured(topology));
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// A text that looks like a diff, with its lines in colour.
fn coloured(diff: &str) -> String {
    let line = |line: &str| match line.chars().next() {
        Some('-') => format!("{INDENT}{}\n", styled(style_of(Action::Delete), line)),
        Some('+') => format!("{INDENT}{}\n", styled(style_of(Action::Create), line)),
        _ => format!("{INDENT}{line}\n"),
    };
    diff.trim_matches('\n').lines().map(line).collect()
}

/// A page about all `rules`: a table of them, then each.
#[must_use]
pub fn page(rules: &[&Rule]) -> String {
    format!("# Diagnostics\n\n{}\n{}", markdown_list(rules), markdown(rules))
}

/// All there is to say about each rule, in Markdown.
#[must_use]
pub fn markdown(rules: &[&Rule]) -> String {
    rules.iter().map(|rule| one_markdown(rule)).collect::<Vec<_>>().join("\n")
}

fn one_markdown(rule: &Rule) -> String {
    let Rule { code, title, doc, source, .. } = rule;
    let mut page = format!(
        "## {code}\n\n**Asked for: {title}.**\n\n{doc}\n\nSource: {source}.\n\n{}\n",
        consequence(rule)
    );
    if let Some(Example { topology, account }) = rule.example {
        let mut block = |intro: &str, diff: &str| {
            let _ = write!(page, "\n{intro}\n\n```diff\n{}\n```\n", diff.trim_matches('\n'));
        };
        if let Some(account) = account {
            block("With this account (as the simulator takes it):", account);
        }
        block("Wrong (`-`) and right (`+`):", topology);
    }
    page
}

fn a_severity(rule: &Rule) -> &'static str {
    match rule.severity {
        Severity::Error => "an error",
        Severity::Warning => "a warning",
    }
}

/// What it means to break it, and how to silence that.
fn consequence(rule: &Rule) -> String {
    match rule.severity {
        Severity::Error => "Anything else is an error, which cannot be silenced.".to_owned(),
        Severity::Warning => format!(
            "Anything else is a warning. To silence it: `allow: [{0}]` in what it is about, or in anything around that up to the top of the \
             file; `--allow {0}` silences it everywhere.",
            rule.code
        ),
    }
}

/// Broken between words into lines of at most `width` columns, each behind two spaces.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() + 2 > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
