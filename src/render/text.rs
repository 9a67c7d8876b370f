//! A plan for a terminal: what changes as a tree, the order, what it does to the traffic, a summary.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::fields::{self, FieldChange};
use super::words::{self, ShortNames, reason, summary};
use super::{FAINT, STRONG, impact, sign_of, style_of, styled};
use crate::diff::{Action, Change, Reason};
use crate::plan::{Because, Plan, StepId};
use crate::topology::{Address, Field};

/// How a plan is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View {
    /// Columns; longer lines are wrapped where they can be.
    pub width: usize,
    /// Whether each step says why it exists and each edge why it waits.
    pub explain: bool,
    /// Whether each change is one line, and the order is left out.
    pub summary: bool,
}

impl Default for View {
    fn default() -> Self {
        Self { width: 100, explain: false, summary: false }
    }
}

/// A whole plan.
#[must_use]
pub fn plan(plan: &Plan, view: View) -> String {
    let mut text = String::new();
    if plan.is_empty() {
        unmanaged(&mut text, plan);
        let _ = writeln!(text, "{}", styled(STRONG, words::nothing_to_do(plan)));
        return text;
    }
    let _ = writeln!(text, "{}\n", styled(STRONG, summary(plan)));
    if view.summary {
        list_of_changes(&mut text, &plan.changes, view.width);
    } else {
        changes(&mut text, &plan.changes, view.width);
        unmanaged(&mut text, plan);
        order(&mut text, plan, view);
    }
    impact::section(&mut text, plan, view.width);
    let _ = writeln!(text, "{}", styled(STRONG, summary(plan)));
    text
}

/// A unified diff in colours.
#[must_use]
pub fn diff(unified: &str) -> String {
    let mut text = String::new();
    for line in unified.lines() {
        let style = match line.as_bytes().first() {
            Some(b'+') => style_of(Action::Create),
            Some(b'-') => style_of(Action::Delete),
            Some(b'@') => style_of(Action::Wait),
            _ => anstyle::Style::new(),
        };
        let _ = writeln!(text, "{}", styled(style, line));
    }
    text
}

/// A paragraph whose first line begins with `head` and whose others are indented by as much and by
/// `hang` columns more.
pub(super) fn paragraph(text: &mut String, head: &str, hang: usize, content: &str, width: usize) {
    let indent = " ".repeat(visible(head) + hang);
    let options = textwrap::Options::new(width)
        .initial_indent(head)
        .subsequent_indent(&indent)
        // Neither a uuid nor an address is a word that may be broken.
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    for line in textwrap::wrap(content, options) {
        let _ = writeln!(text, "{line}");
    }
}

/// Changes, one line each: the sign, the address, and the fields that differ where there is room.
fn list_of_changes(text: &mut String, changes: &[Change], width: usize) {
    for change in changes {
        let style = style_of(change.action);
        let line = format!("  {} {}", sign_of(change.action), change.address);
        let fields: Vec<String> = change.fields.iter().map(ToString::to_string).collect();
        let fields = if fields.is_empty() { String::new() } else { format!("  {}", fields.join(", ")) };
        let fields = if visible(&line) + visible(&fields) <= width { fields } else { String::new() };
        let _ = writeln!(text, "{}{}", styled(style, line), styled(FAINT, fields));
    }
    let _ = writeln!(text);
}

/// Changes as a tree by vRack. What does not change is shown only where something in it does.
pub fn changes(text: &mut String, changes: &[Change], width: usize) {
    let mut shown: BTreeSet<Address> = BTreeSet::new();
    for change in changes {
        let mut above = Vec::new();
        let mut at = change.address.parent();
        while let Some(parent) = at {
            at = parent.parent();
            above.push(parent);
        }
        for parent in above.into_iter().rev() {
            if !shown.contains(&parent) {
                let indent = indent(&parent);
                let style = if parent.parent().is_none() { STRONG } else { FAINT };
                let _ = writeln!(text, "{indent}{}", styled(style, parent.leaf()));
                shown.insert(parent);
            }
        }
        shown.insert(change.address.clone());
        one_change(text, change, width);
    }
    let _ = writeln!(text);
}

fn depth(address: &Address) -> usize {
    std::iter::successors(address.parent(), Address::parent).count()
}

fn indent(address: &Address) -> String {
    match depth(address) {
        0 => String::new(),
        depth => "  ".repeat(depth * 2 - 1),
    }
}

fn one_change(text: &mut String, change: &Change, width: usize) {
    let indent = indent(&change.address);
    let sign = styled(style_of(change.action).bold(), sign_of(change.action));
    let leaf = styled(style_of(change.action), change.address.leaf());
    let details = details(change);
    let line = format!("{indent}{sign} {leaf}");
    let plain = indent.len() + 2 + change.address.leaf().chars().count();
    match details.as_slice() {
        [] => {
            let _ = writeln!(text, "{line}");
        }
        [only] if plain + 2 + visible(only) <= width => {
            let _ = writeln!(text, "{line}  {only}");
        }
        _ => {
            let _ = writeln!(text, "{line}");
            for detail in details {
                paragraph(text, &format!("{indent}    "), 2, &detail, width);
            }
        }
    }
}

/// How many columns a text takes without its styles.
pub(super) fn visible(text: &str) -> usize {
    textwrap::core::display_width(text)
}

/// What is said below a change: its fields, old and new, and why.
fn details(change: &Change) -> Vec<String> {
    let fields = fields::of(change);
    let mut lines = match change.action {
        Action::Replace | Action::Update => differences(change.action, &fields),
        Action::Create => values(change, fields.iter().filter_map(|it| Some((it.field, it.after.as_ref()?)))),
        Action::Delete | Action::Wait => {
            values(change, fields.iter().filter_map(|it| Some((it.field, it.before.as_ref()?))))
        }
    };
    if let Some(why) = why(change) {
        lines.push(styled(FAINT, why));
    }
    lines
}

/// The reason, where the sign and the fields do not say it already.
fn why(change: &Change) -> Option<String> {
    match &change.reason {
        Reason::Missing | Reason::NotDeclared | Reason::Differs | Reason::Destroy => None,
        _ => Some(reason(change)),
    }
}

/// One line for all fields. A membership that is made or removed is not about its description.
fn values<'a>(change: &Change, fields: impl Iterator<Item = (Field, &'a String)>) -> Vec<String> {
    let spec = change.after.as_ref().or(change.before.as_ref().map(|before| &before.spec));
    if spec.is_some_and(fields::says_nothing) {
        return Vec::new();
    }
    let parts: Vec<String> = fields.map(|(field, value)| value_of(field, value)).collect();
    if parts.is_empty() { Vec::new() } else { vec![parts.join(", ")] }
}

fn value_of(field: Field, value: &str) -> String {
    match field {
        Field::Type => value.to_owned(),
        _ => format!("{field} {value}"),
    }
}

/// One line for each field that differs, then one for all that stay.
fn differences(action: Action, fields: &[FieldChange]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut same = Vec::new();
    for FieldChange { field, before, after, forces } in fields {
        if before == after {
            same.extend(after.as_ref().map(|value| value_of(*field, value)));
            continue;
        }
        let mark = if *forces { styled(STRONG, "  # forces the replacement") } else { String::new() };
        let show = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        lines.push(format!("{field} {} → {}{mark}", show(before), show(after)));
    }
    if !same.is_empty() && action == Action::Replace {
        lines.push(same.join(", "));
    }
    lines
}

fn unmanaged(text: &mut String, plan: &Plan) {
    if plan.unmanaged.is_empty() {
        return;
    }
    let _ = writeln!(text, "{}", styled(STRONG, "Unmanaged, left alone"));
    for address in &plan.unmanaged {
        let _ = writeln!(text, "    {address}");
    }
    let _ = writeln!(text);
}

fn order(text: &mut String, plan: &Plan, view: View) {
    let names = ShortNames::of(plan);
    let mut waits: BTreeMap<StepId, Vec<(StepId, &Because)>> = BTreeMap::new();
    for edge in &plan.edges {
        waits.entry(edge.after).or_default().push((edge.before, &edge.because));
    }
    let nearest = if view.explain { Vec::new() } else { plan.nearest_waits() };
    let _ = writeln!(text, "{}", styled(STRONG, "Order"));
    let digits = plan.steps.len().to_string().len() + 1;
    for (id, step) in plan.steps() {
        let waits = waits.get(&id).map_or(&[][..], Vec::as_slice);
        let change = step.change.and_then(|at| plan.changes.get(at));
        let mut words = words::step(step, &names);
        if change.is_some_and(|change| change.reason == Reason::Duplicate) {
            words.push_str(" (a duplicate)");
        }
        let nearest = nearest.get(id.0).map_or(&[][..], Vec::as_slice);
        if !nearest.is_empty() {
            words.push_str(&styled(FAINT, format!("  after {}", list(nearest.iter().copied()))));
        }
        paragraph(text, &format!("  {:>digits$}  ", id.to_string()), 2, &words, view.width);
        if view.explain {
            let head = format!("  {:>digits$}    ", "");
            if let Some(change) = change {
                let line = format!("because: {}", reason(change));
                paragraph(text, &head, 2, &styled(FAINT, line), view.width);
            }
            for (before, because) in waits {
                let line = format!("waits for {before}: {because}");
                paragraph(text, &head, 2, &styled(FAINT, line), view.width);
            }
        }
    }
    let _ = writeln!(text);
}

/// Step numbers, with runs of them shortened: `#1-#4, #9`.
pub(super) fn list(ids: impl Iterator<Item = StepId>) -> String {
    let mut runs: Vec<(StepId, StepId)> = Vec::new();
    for id in ids {
        match runs.last_mut() {
            Some((_, last)) if last.0 + 1 == id.0 => *last = id,
            _ => runs.push((id, id)),
        }
    }
    let run = |(first, last): &(StepId, StepId)| match last.0 - first.0 {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}-{last}"),
    };
    runs.iter().map(run).collect::<Vec<_>>().join(", ")
}
