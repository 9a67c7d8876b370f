//! A plan for a terminal: what changes as a tree, the order, what it does to the traffic, a summary.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::impact;
use super::words::{self, ShortNames};
use super::{FAINT, STRONG, sign_of, style_of, styled};
use crate::diff::{Action, Change, Goal, Reason};
use crate::live::LiveConfig;
use crate::plan::{Because, Plan, StepId};
use crate::topology::{Address, Datacenter, Field, Node, Pop, ServicePart, Spec};

/// What stands in the place of a value that OVHcloud chooses.
const ASSIGNED: &str = "assigned by OVHcloud";

/// How a plan is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View {
    /// Columns; longer lines are wrapped where they can be.
    pub width: usize,
    /// Whether each step says why it exists and each edge why it waits.
    pub explain: bool,
}

impl Default for View {
    fn default() -> Self {
        Self { width: 100, explain: false }
    }
}

/// A whole plan.
#[must_use]
pub fn plan(plan: &Plan, view: View) -> String {
    let mut text = String::new();
    if plan.is_empty() {
        unmanaged(&mut text, plan);
        let _ = writeln!(text, "{}", styled(STRONG, nothing_to_do(plan)));
        return text;
    }
    let _ = writeln!(text, "{}\n", styled(STRONG, summary(plan)));
    changes(&mut text, &plan.changes, view.width);
    unmanaged(&mut text, plan);
    order(&mut text, plan, view);
    impact::section(&mut text, plan);
    let _ = writeln!(text, "{}", styled(STRONG, summary(plan)));
    text
}

fn nothing_to_do(plan: &Plan) -> String {
    match plan.goal {
        Goal::Apply if plan.unchanged == 0 => "Nothing to do: live is what the topology declares.".to_owned(),
        Goal::Apply => {
            format!("Nothing to do: live is what the topology declares ({} unchanged).", plan.unchanged)
        }
        Goal::Destroy => "Nothing to do: nothing of the topology is live.".to_owned(),
    }
}

/// How many changes of each kind, in one line.
#[must_use]
pub fn summary(plan: &Plan) -> String {
    let mut count: BTreeMap<Action, usize> = BTreeMap::new();
    for change in &plan.changes {
        *count.entry(change.action).or_default() += 1;
    }
    let words = [
        (Action::Create, "to create"),
        (Action::Update, "to update"),
        (Action::Replace, "to replace"),
        (Action::Delete, "to delete"),
        (Action::Wait, "to wait for"),
    ];
    let mut parts: Vec<String> =
        words.iter().filter_map(|(action, word)| Some(format!("{} {word}", count.get(action)?))).collect();
    if plan.unchanged > 0 {
        parts.push(format!("{} unchanged", plan.unchanged));
    }
    format!("Plan: {}.", parts.join(", "))
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
                let _ = writeln!(text, "{indent}    {detail}");
            }
        }
    }
}

/// How many columns a text takes without its styles.
pub(super) fn visible(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().chars().count()
}

/// What is said below a change: its fields, old and new, and why.
fn details(change: &Change) -> Vec<String> {
    let mut lines = match (change.action, &change.before, &change.after) {
        (Action::Create, _, Some(after)) => values(after),
        (Action::Replace | Action::Update, Some(before), Some(after)) => differences(change, before, after),
        (Action::Delete, Some(before), _) => values(&before.spec),
        (Action::Wait, Some(before), _) => values(&before.spec),
        _ => Vec::new(),
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

/// The reason as it reads beside the action.
fn reason(change: &Change) -> String {
    match (change.action, &change.reason) {
        (Action::Create, Reason::BeingDeleted) => {
            "made again once OVHcloud has deleted the one that is there".to_owned()
        }
        (_, Reason::MovesTo { vrack }) if is_membership(change) => format!("moves to {vrack}"),
        (_, Reason::MovesFrom { vrack }) if is_membership(change) => format!("moves here from {vrack}"),
        (_, reason) => reason.to_string(),
    }
}

fn is_membership(change: &Change) -> bool {
    matches!(change.address.node, Node::Service(_, ServicePart::Membership))
}

fn values(spec: &Spec) -> Vec<String> {
    let mut fields = spec.fields();
    // A membership that is made or removed is not about its description.
    if let Spec::Membership(membership) = spec {
        fields.retain(|_| membership.description.as_deref().is_some_and(|it| !it.is_empty()));
    }
    let mut parts: Vec<String> = fields.iter().map(|(field, value)| value_of(*field, value)).collect();
    if assigns_asn(spec) {
        parts.push(format!("{} {ASSIGNED}", Field::OvhBgpArea));
    }
    if parts.is_empty() { Vec::new() } else { vec![parts.join(", ")] }
}

fn value_of(field: Field, value: &str) -> String {
    match field {
        Field::Description => format!("{field} {value:?}"),
        Field::Type => value.to_owned(),
        _ => format!("{field} {value}"),
    }
}

/// Whether OVHcloud will assign the ASN.
fn assigns_asn(spec: &Spec) -> bool {
    matches!(
        spec,
        Spec::Pop(Pop::L3 { ovh_bgp_area: None, .. })
            | Spec::Datacenter(Datacenter::L3 { ovh_bgp_area: None, .. })
    )
}

/// One line for each field that differs, then one for all that stay.
fn differences(change: &Change, before: &LiveConfig, after: &Spec) -> Vec<String> {
    let old: BTreeMap<Field, String> = before.spec.fields().into_iter().collect();
    let new: BTreeMap<Field, String> = after.fields().into_iter().collect();
    let mut lines = Vec::new();
    let mut same = Vec::new();
    let fields: BTreeSet<&Field> = old.keys().chain(new.keys()).collect();
    for field in fields {
        let (old, new) = (old.get(field), new.get(field));
        if old == new {
            same.extend(new.map(|value| value_of(*field, value)));
            continue;
        }
        let show = |value: Option<&String>, otherwise: &str| match value {
            Some(value) if *field == Field::Description => format!("{value:?}"),
            Some(value) => value.clone(),
            None => otherwise.to_owned(),
        };
        let forces = change.action == Action::Replace && change.fields.contains(field);
        let mark = if forces { styled(STRONG, "  # forces the replacement") } else { String::new() };
        let left_open = if *field == Field::OvhBgpArea && assigns_asn(after) { ASSIGNED } else { "none" };
        lines.push(format!("{field} {} → {}{mark}", show(old, "none"), show(new, left_open)));
    }
    if !same.is_empty() && change.action == Action::Replace {
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
        let after = match nearest.get(id.0).map_or(&[][..], Vec::as_slice) {
            [] => String::new(),
            nearest => styled(FAINT, format!("  after {}", list(nearest.iter().copied()))),
        };
        let _ = writeln!(text, "  {:>digits$}  {words}{after}", id.to_string());
        if view.explain {
            if let Some(change) = change {
                let line = format!("because: {}", reason(change));
                let _ = writeln!(text, "  {:>digits$}    {}", "", styled(FAINT, line));
            }
            for (before, because) in waits {
                let line = format!("waits for {before}: {because}");
                let _ = writeln!(text, "  {:>digits$}    {}", "", styled(FAINT, line));
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
