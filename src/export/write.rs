//! A draft → the text of a topology, and which part of it is about what.

use std::fmt::Write as _;

use super::NoteKind;
use super::draft::{DatacenterDraft, Draft, ExtraDraft, PopDraft, Remark, ServiceDraft, VrackDraft};
use crate::live::LiveService;
use crate::topology::format::scalar_text;
use crate::topology::{Address, Asn, Datacenter, DatacenterPart, Extra, Pop, VrackName};

/// How wide a comment is, from its first column.
const WIDTH: usize = 96;

/// The text of a topology.
pub(super) struct Written {
    pub(super) text: String,
    /// Where what is written of a service or a datacenter begins.
    units: Vec<(usize, Address)>,
}

impl Written {
    /// What the byte `at` is about.
    pub(super) fn unit_at(&self, at: usize) -> Option<&Address> {
        self.units.iter().rev().find(|(start, _)| *start <= at).map(|(_, address)| address)
    }
}

/// Writes a draft, for the endpoint of this name.
pub(super) fn write(draft: &Draft<'_>, endpoint: Option<&str>) -> Written {
    let mut writer = Writer { text: String::new(), units: Vec::new() };
    writer.heading(draft, endpoint);
    writer.line(0, "version: 1", None);
    if let Some(endpoint) = endpoint {
        writer.line(0, &format!("endpoint: {}", scalar_text(endpoint)), None);
    }
    if draft.vracks.is_empty() {
        writer.line(0, "vracks: {}", None);
    } else {
        writer.line(0, "vracks:", None);
    }
    for (vrack, draft) in &draft.vracks {
        writer.vrack(vrack, draft);
    }
    Written { text: writer.text, units: writer.units }
}

struct Writer {
    text: String,
    units: Vec<(usize, Address)>,
}

impl Writer {
    fn line(&mut self, depth: usize, text: &str, remark: Remark) {
        let indent = "  ".repeat(depth);
        let remark = remark.map(|remark| format!("  # {remark}")).unwrap_or_default();
        let _ = writeln!(self.text, "{indent}{text}{remark}");
    }

    fn comment(&mut self, depth: usize, text: &str, hanging: &str) {
        let plain: String = text.chars().map(|c| if is_safe(c) { c } else { '?' }).collect();
        let options = textwrap::Options::new(WIDTH.saturating_sub(2 * depth)).subsequent_indent(hanging);
        for line in textwrap::wrap(&plain, options.break_words(false)) {
            self.line(depth, format!("# {line}").trim_end(), None);
        }
    }

    /// What the whole file is, and what is not in it.
    fn heading(&mut self, draft: &Draft<'_>, endpoint: Option<&str>) {
        let of = |kind: NoteKind| draft.notes.iter().filter(move |note| note.kind == kind);
        let place = endpoint.map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
        let until =
            if of(NoteKind::UnderWay).next().is_some() { ", once what is under way has ended" } else { "" };
        let what =
            format!("OVHcloud Connect as it is live{place}. A plan of this file finds nothing to do{until}.");
        self.comment(0, &what, "");
        for (kind, title) in [
            (NoteKind::LeftOut, "Live, not in this file, and left alone by it:"),
            (NoteKind::UnderWay, "Under way:"),
            (NoteKind::Empty, "With nothing configured:"),
        ] {
            if of(kind).next().is_some() {
                self.line(0, "#", None);
                self.comment(0, title, "");
            }
            for note in of(kind) {
                self.comment(0, &format!("- {note}"), "  ");
            }
        }
        self.text.push('\n');
    }

    fn vrack(&mut self, name: &VrackName, draft: &VrackDraft<'_>) {
        let VrackDraft { partial, services, datacenters } = draft;
        let is_empty = partial.is_none() && services.is_empty() && datacenters.is_empty();
        self.line(1, &format!("{name}:{}", if is_empty { " {}" } else { "" }), None);
        if let Some(why) = partial {
            self.comment(2, why, "");
            self.line(2, "manage: declared", None);
        }
        if !services.is_empty() {
            self.line(2, "services:", None);
        }
        for service in services {
            self.service(name, service);
        }
        if !datacenters.is_empty() {
            self.line(2, "datacenters:", None);
        }
        for datacenter in datacenters {
            self.datacenter(name, datacenter);
        }
    }

    fn service(&mut self, vrack: &VrackName, draft: &ServiceDraft<'_>) {
        let ServiceDraft { id, live, remark, locked, pop } = draft;
        self.units.push((self.text.len(), Address::membership(vrack.clone(), *id)));
        let facts = facts(live);
        if !facts.is_empty() {
            self.comment(3, &facts, "");
        }
        let is_bare = live.description.is_empty() && locked.is_empty() && pop.is_none();
        self.line(3, &format!("{id}:{}", if is_bare { " {}" } else { "" }), *remark);
        if !live.description.is_empty() {
            self.line(4, &format!("description: {}", scalar_text(&live.description)), None);
        }
        let text = |id: &u64| format!("{{interfaceId: {id}, state: disabled}}");
        match locked.as_slice() {
            [] => {}
            [(only, remark)] => self.line(4, &format!("interface: {}", text(only)), *remark),
            several => {
                self.line(4, "interface:", None);
                for (interface, remark) in several {
                    self.line(5, &format!("- {}", text(interface)), *remark);
                }
            }
        }
        if let Some(pop) = pop {
            self.pop(pop);
        }
    }

    fn pop(&mut self, draft: &PopDraft<'_>) {
        let PopDraft { pop, remark, datacenter } = draft;
        self.line(4, "pop:", *remark);
        let interface = |it: &mut Self| {
            if let Some(id) = pop.interface_id() {
                it.line(5, &format!("interfaceId: {id}"), None);
            }
        };
        match pop {
            Pop::L2 { interface_id: _ } => {
                self.line(5, "type: l2", None);
                interface(self);
            }
            Pop::L3 { interface_id: _, customer_bgp_area, ovh_bgp_area, subnet } => {
                self.line(5, "type: l3", None);
                interface(self);
                self.line(5, &format!("customerBgpArea: {customer_bgp_area}"), None);
                self.ovh_asn(5, *ovh_bgp_area);
                self.line(5, &format!("subnet: {subnet}"), None);
            }
        }
        if let Some((name, remark)) = datacenter {
            self.line(5, &format!("datacenter: {}", scalar_text(name.as_str())), *remark);
        }
    }

    fn datacenter(&mut self, vrack: &VrackName, draft: &DatacenterDraft<'_>) {
        let DatacenterDraft { name, config, remark, extras } = draft;
        self.units.push((self.text.len(), Address::datacenter(vrack.clone(), (*name).clone())));
        self.line(3, &format!("{}:", scalar_text(name.as_str())), *remark);
        if let Datacenter::L3 { ovh_bgp_area, subnet } = config {
            self.ovh_asn(4, *ovh_bgp_area);
            self.line(4, &format!("subnet: {subnet}"), None);
        }
        if !extras.is_empty() {
            self.line(4, "extra:", None);
        }
        for ExtraDraft { part, extra, remark } in extras {
            match (part, extra) {
                (DatacenterPart::Network(prefix), Extra::Network { next_hop }) => {
                    let text = format!("- {{type: network, subnet: {prefix}, nextHop: {next_hop}}}");
                    self.line(5, &text, *remark);
                }
                (DatacenterPart::Bgp(peer), Extra::Bgp { bgp_neighbor_area }) => {
                    let asn = bgp_neighbor_area;
                    let text = format!("- {{type: bgp, bgpNeighborArea: {asn}, bgpNeighborIp: {peer}}}");
                    self.line(5, &text, *remark);
                }
                // Nothing else stands at these addresses.
                _ => {}
            }
        }
    }

    /// Live state always has one once it is settled; while it is made it may not be known yet.
    fn ovh_asn(&mut self, depth: usize, asn: Option<Asn>) {
        if let Some(asn) = asn {
            self.line(depth, &format!("ovhBgpArea: {asn}"), None);
        }
    }
}

/// What a service is, in a line.
fn facts(service: &LiveService) -> String {
    let LiveService { pop, bandwidth, provider, interfaces, closed, vrack: _, description: _, tasks: _ } =
        service;
    let ids: Vec<String> = interfaces.iter().map(ToString::to_string).collect();
    let ports = match ids.as_slice() {
        [] => None,
        [one] => Some(format!("interface {one}")),
        several => Some(format!("interfaces {}", several.join(" and "))),
    };
    let facts = [
        pop.as_ref().map(|pop| format!("PoP {pop}")),
        bandwidth.as_deref().map(bandwidth_in_words),
        provider.as_ref().map(|provider| format!("provider {provider}")),
        ports,
        closed.then(|| "closed: terminated, or expired".to_owned()),
    ];
    facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `1g` → `1 Gb/s`; another word as it is.
fn bandwidth_in_words(word: &str) -> String {
    let unit = |suffix, unit| {
        let number = word.strip_suffix(suffix)?;
        number.bytes().all(|digit| digit.is_ascii_digit()).then(|| format!("{number} {unit}"))
    };
    unit('g', "Gb/s").or_else(|| unit('m', "Mb/s")).unwrap_or_else(|| word.to_owned())
}

/// What can stand in a comment without ending it, and be seen there.
fn is_safe(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        && !matches!(u32::from(c), 0xfffe | 0xffff)
}
