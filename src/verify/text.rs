//! A [`Report`] for a person: a line for each link, in the order of the ladder, and where it stops.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use textwrap::core::display_width;

use super::{Link, Report, RungState, Stage, Verdict};
use crate::render::words::{clip, many};
use crate::render::{ALARM, FAINT, STRONG, styled};
use crate::status::text::unread;
use crate::topology::{DatacenterPart, Node, ServicePart, VrackName};

/// The most characters of a description that are shown.
const DESCRIPTION: usize = 60;

/// The report as text of about `width` columns, with ANSI styles.
#[must_use]
pub fn text(report: &Report, width: usize) -> String {
    let mut out = String::new();
    let mut vrack: Option<&VrackName> = None;
    let mut said: Option<&String> = None;
    for link in &report.links {
        let inside = &link.address.vrack;
        if vrack != Some(inside) {
            let gap = if vrack.is_some() { "\n" } else { "" };
            let _ = writeln!(out, "{gap}{}", styled(STRONG, format!("vRack {inside}")));
            vrack = Some(inside);
        }
        // What was just said is not said again of the next one.
        let next = link.next.as_ref().filter(|next| said != Some(*next));
        said = link.next.as_ref();
        write_link(&mut out, link, next, width);
    }
    if vrack.is_some() {
        out.push('\n');
    }
    // A read that failed and that nothing hangs on is nobody's worry.
    if report.links.iter().flat_map(|link| &link.stages).any(|rung| rung.state == RungState::Unknown) {
        out.push_str(&unread(&report.unread, width));
    }
    for (margin, line) in conclusion(report) {
        let _ = writeln!(out, "{}", wrapped(&line, margin, "      ", width));
    }
    out
}

fn is_interface(link: &Link) -> bool {
    matches!(link.address.node, Node::Service(_, ServicePart::Interface(_)))
}

/// What a link is, below its vRack.
#[must_use]
pub fn name(link: &Link) -> String {
    let name = match link.address.service() {
        Some(service) if is_interface(link) => format!("service {service}, {}", link.address.leaf()),
        Some(service) => format!("service {service}"),
        None => link.address.leaf(),
    };
    match &link.description {
        Some(text) if !text.is_empty() => format!("{name}  \"{}\"", clip(text, DESCRIPTION)),
        Some(_) | None => name,
    }
}

fn write_link(out: &mut String, link: &Link, next: Option<&String>, width: usize) {
    let is_in_datacenter =
        matches!(link.address.node, Node::Datacenter(_, DatacenterPart::Network(_) | DatacenterPart::Bgp(_)));
    let margin = if is_in_datacenter { "      " } else { "  " };
    let (sign, style) = sign(link.verdict);
    let (name, ladder, below) = (name(link), ladder(link), format!("{margin}      "));
    // The sign takes two columns of the first line.
    let mut filled = wrapped(&format!("\u{2007}\u{2007}{name}  {ladder}"), margin, &below, width);
    if display_width(&format!("{name}  {ladder}")) + margin.len() + 2 > width {
        filled = wrapped(&format!("\u{2007}\u{2007}{name}"), margin, &below, width)
            + "\n"
            + &wrapped(&ladder, &format!("{margin}    "), &below, width);
    }
    let _ = writeln!(out, "{}", filled.replacen("\u{2007}\u{2007}", &format!("{} ", styled(style, sign)), 1));
    for text in next.map(|next| format!("next: {next}")).into_iter().chain(link.notes.clone()) {
        let _ = writeln!(out, "{}", wrapped(&text, &format!("{margin}    "), &below, width));
    }
}

fn wrapped(text: &str, first: &str, others: &str, width: usize) -> String {
    // An address is to be copied whole.
    let options = textwrap::Options::new(width.max(others.len() + 20))
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false)
        .initial_indent(first)
        .subsequent_indent(others);
    textwrap::fill(text, options)
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

/// What it comes to, in lines with their margins.
fn conclusion(report: &Report) -> Vec<(&'static str, String)> {
    let all = many(report.links.len(), "link");
    let open: Vec<&Link> = report.open().collect();
    if !open.is_empty() {
        let title = styled(ALARM, format!("Not verified: {} of {all}:", open.len()));
        let stops =
            open.into_iter().map(|link| ("  ", format!("{}: {}", link.address, where_it_stops(link))));
        return std::iter::once(("", title)).chain(stops).collect();
    }
    let unknown = report.links.iter().filter(|link| link.verdict == Verdict::Unknown).count();
    let up = report.links.len() - unknown;
    let title = if report.links.is_empty() {
        styled(STRONG, "There is nothing to verify.")
    } else if !report.verified {
        styled(ALARM, "Not verified: everything is up, and did not stay so for long enough.")
    } else if unknown > 0 {
        styled(
            STRONG,
            format!("Verified as far as could be read: {up} of {all} up, {unknown} not known whole."),
        )
    } else {
        styled(STRONG, format!("Verified: {up} of {all}."))
    };
    let untold = match report.links.iter().filter(|link| is_peer(link)).count() {
        0 => String::new(),
        peers => {
            format!(" The API does not tell of the sessions of {} in datacenters.", many(peers, "BGP peer"))
        }
    };
    vec![("", title + &untold)]
}

fn is_peer(link: &Link) -> bool {
    matches!(link.address.node, Node::Datacenter(_, DatacenterPart::Bgp(_)))
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
