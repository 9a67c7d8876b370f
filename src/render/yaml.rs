//! What stands and what will stand, in the words of a topology, and the difference between the two.

use std::fmt::Write as _;

use similar::{Algorithm, ChangeTag, DiffOp, TextDiff};

use super::estate::{Estate, Item, Mark};
use super::report::{Report, managed};
use crate::live::Status;
use crate::topology::{
    Address, Datacenter, DatacenterPart, Extra, Interface, Membership, Node, Pop, ServicePart, Spec,
};

/// How many lines around a difference are shown.
const CONTEXT: usize = 3;

/// A line and what it is about.
struct Line {
    address: Address,
    text: String,
}

/// Live and desired as a unified diff of YAML; empty where they are the same.
///
/// The desired side is what the plan leads to: with `--only`, or where a vRack manages only the declared,
/// the rest stands on both sides or on none.
#[must_use]
pub fn diff(report: &Report<'_>) -> String {
    let estate = report.estate();
    let (live, desired) = (lines(&estate, Side::Live), lines(&estate, Side::Desired));
    let text = |lines: &'_ [Line]| lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
    let (old, new) = (text(&live), text(&desired));
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
    let difference = TextDiff::configure().algorithm(Algorithm::Patience).diff_slices(&old, &new);
    let groups = difference.grouped_ops(CONTEXT);
    if groups.is_empty() {
        return String::new();
    }
    let mut out = "--- live\n+++ desired\n".to_owned();
    for group in groups {
        let place = first_changed(&group, &live, &desired).map(|at| format!(" {at}")).unwrap_or_default();
        let _ = writeln!(
            out,
            "@@ -{} +{} @@{place}",
            span(&group, DiffOp::old_range),
            span(&group, DiffOp::new_range)
        );
        for change in group.iter().flat_map(|op| difference.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            let _ = writeln!(out, "{sign}{}", change.value());
        }
    }
    out
}

/// Where in a file a group of lines is, as unified diffs say it: `first,count`, counted from 1.
fn span(group: &[DiffOp], range: fn(&DiffOp) -> std::ops::Range<usize>) -> String {
    let (first, last) = (group.first().map(range), group.last().map(range));
    let (start, end) = (first.map_or(0, |it| it.start), last.map_or(0, |it| it.end));
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    }
}

/// What the first line is about that is not on both sides.
fn first_changed<'a>(group: &[DiffOp], live: &'a [Line], desired: &'a [Line]) -> Option<&'a Address> {
    let op = group.iter().find(|op| !matches!(op, DiffOp::Equal { .. }))?;
    let line = match op.old_range().next() {
        Some(old) => live.get(old)?,
        None => desired.get(op.new_range().next()?)?,
    };
    Some(&line.address)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Live,
    Desired,
}

impl Side {
    fn of<'e>(self, item: &'e Item<'_>) -> Option<&'e Spec> {
        match self {
            Self::Live => item.before.as_deref(),
            Self::Desired => item.after.as_deref(),
        }
    }

    /// What is said beside something that is not simply in force.
    fn remark(self, item: &Item<'_>) -> &'static str {
        let (Self::Live, Mark::Changed(_)) = (self, item.mark) else { return "" };
        match item.status {
            Some(Status::Creating) => " # being created",
            Some(Status::Deleting) => " # being deleted",
            Some(Status::Stuck) => " # its creation failed",
            Some(Status::Active) | None => "",
        }
    }
}

/// One side, as lines of a topology. What stands twice is there twice.
fn lines(estate: &Estate<'_>, side: Side) -> Vec<Line> {
    let mut writer = Writer { lines: Vec::new(), heading: None };
    for item in managed(estate) {
        if let Some(spec) = side.of(item) {
            writer.item(&item.address, spec, side.remark(item));
        }
    }
    writer.lines
}

/// The part of a vRack under whose heading lines are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Services,
    Datacenters,
}

struct Writer {
    lines: Vec<Line>,
    heading: Option<(Address, Part)>,
}

impl Writer {
    fn line(&mut self, address: &Address, depth: usize, text: impl AsRef<str>) {
        let text = format!("{}{}", "  ".repeat(depth), text.as_ref());
        self.lines.push(Line { address: address.clone(), text });
    }

    fn headings(&mut self, address: &Address, part: Part) {
        let vrack = Address::vrack(address.vrack.clone());
        if self.heading.as_ref().is_some_and(|heading| *heading == (vrack.clone(), part)) {
            return;
        }
        if self.heading.is_none() {
            self.line(&vrack, 0, "vracks:");
        }
        if self.heading.as_ref().is_none_or(|(at, _)| *at != vrack) {
            self.line(&vrack, 1, format!("{}:", vrack.vrack));
        }
        self.line(
            &vrack,
            2,
            match part {
                Part::Services => "services:",
                Part::Datacenters => "datacenters:",
            },
        );
        self.heading = Some((vrack, part));
    }

    fn item(&mut self, address: &Address, spec: &Spec, remark: &str) {
        match (&address.node, spec) {
            (Node::Service(id, ServicePart::Membership), Spec::Membership(Membership { description })) => {
                self.headings(address, Part::Services);
                self.line(address, 3, format!("{id}:{remark}"));
                if let Some(description) = description.as_ref().filter(|text| !text.is_empty()) {
                    self.line(address, 4, format!("description: {}", scalar(description)));
                }
            }
            (Node::Service(_, ServicePart::Interface(id)), Spec::Interface(Interface { state })) => {
                self.interface_heading(address);
                let id = id.map(|id| format!("interfaceId: {id}, ")).unwrap_or_default();
                self.line(address, 5, format!("- {{{id}state: {state}}}{remark}"));
            }
            (Node::Service(_, ServicePart::Pop), Spec::Pop(pop)) => self.pop(address, pop, remark),
            (Node::Service(_, ServicePart::L2Datacenter(name)), _) => {
                self.line(address, 5, format!("datacenter: {}{remark}", name_of(name.as_str())));
            }
            (Node::Datacenter(name, DatacenterPart::Config), Spec::Datacenter(datacenter)) => {
                self.headings(address, Part::Datacenters);
                self.line(address, 3, format!("{}:{remark}", name_of(name.as_str())));
                if let Datacenter::L3 { ovh_bgp_area, subnet } = datacenter {
                    self.ovh_asn(address, 4, ovh_bgp_area.map(|asn| asn.0));
                    self.line(address, 4, format!("subnet: {subnet}"));
                }
            }
            (
                Node::Datacenter(_, DatacenterPart::Network(prefix)),
                Spec::Extra(Extra::Network { next_hop }),
            ) => {
                self.extra_heading(address);
                let text = format!("- {{type: network, subnet: {prefix}, nextHop: {next_hop}}}{remark}");
                self.line(address, 5, text);
            }
            (
                Node::Datacenter(_, DatacenterPart::Bgp(peer)),
                Spec::Extra(Extra::Bgp { bgp_neighbor_area }),
            ) => {
                self.extra_heading(address);
                let text = format!(
                    "- {{type: bgp, bgpNeighborArea: {bgp_neighbor_area}, bgpNeighborIp: {peer}}}{remark}"
                );
                self.line(address, 5, text);
            }
            // Nothing else stands at these addresses.
            _ => {}
        }
    }

    fn pop(&mut self, address: &Address, pop: &Pop, remark: &str) {
        self.line(address, 4, format!("pop:{remark}"));
        match pop {
            Pop::L2 { interface_id } => {
                self.line(address, 5, "type: l2");
                self.interface(address, *interface_id);
            }
            Pop::L3 { interface_id, customer_bgp_area, ovh_bgp_area, subnet } => {
                self.line(address, 5, "type: l3");
                self.interface(address, *interface_id);
                self.line(address, 5, format!("customerBgpArea: {customer_bgp_area}"));
                self.ovh_asn(address, 5, ovh_bgp_area.map(|asn| asn.0));
                self.line(address, 5, format!("subnet: {subnet}"));
            }
        }
    }

    fn interface(&mut self, address: &Address, id: Option<u64>) {
        if let Some(id) = id {
            self.line(address, 5, format!("interfaceId: {id}"));
        }
    }

    fn ovh_asn(&mut self, address: &Address, depth: usize, asn: Option<u32>) {
        match asn {
            Some(asn) => self.line(address, depth, format!("ovhBgpArea: {asn}")),
            None => self.line(address, depth, "# ovhBgpArea: assigned by OVHcloud"),
        }
    }

    /// `interface:` above the first of a service.
    fn interface_heading(&mut self, address: &Address) {
        let parent = address.parent();
        let follows = self.lines.last().is_some_and(|line| {
            line.address.parent() == parent
                && matches!(line.address.node, Node::Service(_, ServicePart::Interface(_)))
        });
        if !follows && let Some(parent) = parent {
            self.line(&parent, 4, "interface:");
        }
    }

    /// `extra:` above the first of a datacenter.
    fn extra_heading(&mut self, address: &Address) {
        let parent = address.parent();
        let follows = self.lines.last().is_some_and(|line| {
            line.address.parent() == parent && matches!(line.address.node, Node::Datacenter(..))
        });
        if !follows && let Some(parent) = parent {
            self.line(&parent, 4, "extra:");
        }
    }
}

/// Free text as a YAML scalar on one line: JSON's strings are YAML's double-quoted ones, but for a few
/// characters that a terminal or a reader of YAML might obey.
fn scalar(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        let is_plain = !character.is_control()
            && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200e}' | '\u{200f}'
                | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if is_plain {
            safe.push(character);
        } else {
            let _ = write!(safe, "\\u{:04x}", u32::from(character));
        }
    }
    safe
}

/// A datacenter's name, in quotes where it is more than a name.
fn name_of(name: &str) -> String {
    let plain = name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-') && !name.starts_with('-');
    let is_number = name.bytes().all(|it| it.is_ascii_digit());
    if plain && !is_number { name.to_owned() } else { scalar(name) }
}
