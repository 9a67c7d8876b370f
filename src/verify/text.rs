//! A [`Report`] for a person: a line for each link, in the order of the ladder, and where it stops.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{Link, Report, RungState, Stage, Verdict};
use crate::render::words::{clip, many};
use crate::render::{ALARM, FAINT, STRONG, styled};
use crate::status::text::unread;
use crate::topology::{DatacenterPart, Node, VrackName};

/// The most characters of a description that are shown.
const DESCRIPTION: usize = 60;

/// The report as text of about `width` columns, with ANSI styles.
#[must_use]
pub fn text(report: &Report, width: usize) -> String {
    let mut out = String::new();
    let mut vrack: Option<&VrackName> = None;
    for link in &report.links {
        let inside = &link.address.vrack;
        if vrack != Some(inside) {
            let gap = if vrack.is_some() { "\n" } else { "" };
            let _ = writeln!(out, "{gap}{}", styled(STRONG, format!("vRack {inside}")));
            vrack = Some(inside);
        }
        write_link(&mut out, link, width);
    }
    if vrack.is_some() {
        out.push('\n');
    }
    out.push_str(&unread(&report.unread, width));
    for line in conclusion(report) {
        out.push_str(&textwrap::fill(&line, textwrap::Options::new(width).subsequent_indent("      ")));
        out.push('\n');
    }
    out
}

/// What a link is, below its vRack.
#[must_use]
pub fn name(link: &Link) -> String {
    let name = match link.address.service() {
        Some(service) => format!("service {service}"),
        None => link.address.leaf(),
    };
    match &link.description {
        Some(text) if !text.is_empty() => format!("{name}  \"{}\"", clip(text, DESCRIPTION)),
        Some(_) | None => name,
    }
}

fn write_link(out: &mut String, link: &Link, width: usize) {
    let is_in_datacenter =
        matches!(link.address.node, Node::Datacenter(_, DatacenterPart::Network(_) | DatacenterPart::Bgp(_)));
    let margin = if is_in_datacenter { "      " } else { "  " };
    let (sign, style) = sign(link.verdict);
    let line = format!("{}  {}", name(link), ladder(link));
    // The sign takes two columns of the first line.
    let filled = wrapped(&format!("\u{2007}\u{2007}{line}"), margin, &format!("{margin}      "), width);
    let _ = writeln!(out, "{}", filled.replacen("\u{2007}\u{2007}", &format!("{} ", styled(style, sign)), 1));
    let below = format!("{margin}      ");
    for text in link.next.iter().map(|next| format!("next: {next}")).chain(link.notes.clone()) {
        let _ = writeln!(out, "{}", wrapped(&text, &format!("{margin}    "), &below, width));
    }
}

fn wrapped(text: &str, first: &str, others: &str, width: usize) -> String {
    let options = textwrap::Options::new(width.max(others.len() + 20));
    textwrap::fill(text, options.initial_indent(first).subsequent_indent(others))
}

/// What was found from the ground up, as far as it was reached.
fn ladder(link: &Link) -> String {
    let findings = link.stages.iter().filter_map(|rung| {
        let text = rung.finding.as_deref()?;
        Some(match rung.state {
            RungState::Waiting | RungState::Stopped => styled(ALARM, text),
            RungState::Passed | RungState::Unknown | RungState::NotReached => text.to_owned(),
        })
    });
    findings.collect::<Vec<_>>().join(" → ")
}

fn sign(verdict: Verdict) -> (&'static str, Style) {
    match verdict {
        Verdict::Up => ("✓", AnsiColor::Green.on_default()),
        Verdict::Waiting | Verdict::Stopped => ("✗", ALARM),
        Verdict::Unknown => ("?", FAINT),
    }
}

/// What it comes to.
fn conclusion(report: &Report) -> Vec<String> {
    let all = report.links.len();
    let open: Vec<&Link> = report.open().collect();
    let unknown = report.links.iter().filter(|link| link.verdict == Verdict::Unknown).count();
    if all == 0 {
        return vec![styled(STRONG, "There is nothing to verify.")];
    }
    if open.is_empty() && !report.verified {
        return vec![styled(ALARM, "Not verified: everything is up, and did not stay so for long enough.")];
    }
    if open.is_empty() && unknown > 0 {
        let up = format!("{} of {all} are up, and {unknown} could not be read whole", all - unknown);
        return vec![styled(STRONG, format!("Verified as far as the API tells: {up}."))];
    }
    if open.is_empty() {
        return vec![styled(STRONG, format!("Verified: {}, and every one is up.", many(all, "link")))];
    }
    let mut lines = vec![styled(ALARM, format!("Not verified: {} of {}:", open.len(), many(all, "link")))];
    lines.extend(open.into_iter().map(|link| format!("  {}: {}", link.address, where_it_stops(link))));
    lines
}

/// The stage that a link stops at and what was found there.
#[must_use]
pub fn where_it_stops(link: &Link) -> String {
    let finding = link.stop().and_then(|rung| rung.finding.clone()).unwrap_or_default();
    match link.stops_at {
        None => "up".to_owned(),
        Some(Stage::Configuration) => finding,
        Some(stage) if link.verdict == Verdict::Unknown => format!("{} not known", stage.name()),
        Some(stage) => format!("stops at {}: {finding}", stage.name()),
    }
}
