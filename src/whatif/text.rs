//! A [`Report`] for a person.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Destination, DestinationKind, Layer, Loss, LossReport, Path, Report, Service, VrackReport};
use crate::topology::{Device, ServiceId};

/// The report as text of about `width` columns.
#[must_use]
pub fn text(report: &Report, width: usize) -> String {
    let mut out = String::new();
    for vrack in &report.vracks {
        write_vrack(&mut out, vrack, width);
    }
    out.push_str(&textwrap::fill(&verdict(report), width));
    out.push('\n');
    out
}

fn verdict(report: &Report) -> String {
    let weak: usize = report.vracks.iter().map(|vrack| vrack.without_second_path().len()).sum();
    let all: usize = report.vracks.iter().map(|vrack| vrack.destinations.len()).sum();
    match (all, weak) {
        (0, _) => "Nothing is reached through these vRacks.".to_owned(),
        (_, 0) => "Everything has a second path, whichever service, PoP or device is lost.".to_owned(),
        (1, _) => "The only destination has no second path.".to_owned(),
        (_, 1) => format!("1 of {all} destinations has no second path."),
        _ => format!("{weak} of {all} destinations have no second path."),
    }
}

fn write_vrack(out: &mut String, vrack: &VrackReport, width: usize) {
    let _ = writeln!(out, "vRack {}", vrack.vrack);
    section(out, "Services", width, vrack.services.iter().map(service_row));
    section(
        out,
        "Reached through them",
        width,
        vrack.destinations.iter().map(|it| destination_row(vrack, it)),
    );
    section(out, "If this is lost", width, loss_rows(vrack));
    let weak = vrack.without_second_path();
    section(
        out,
        "Without a second path",
        width,
        weak.into_iter().map(|it| (it.name.clone(), why(vrack, it))),
    );
    section(out, "Behind one machine of yours", width, behind_one_machine(vrack));
    out.push('\n');
}

/// Rows of two columns under a heading; nothing where there is no row.
fn section(out: &mut String, heading: &str, width: usize, rows: impl Iterator<Item = (String, String)>) {
    const INDENT: usize = 4;
    let rows: Vec<(String, String)> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let longest = rows.iter().map(|(left, _)| textwrap::core::display_width(left)).max().unwrap_or_default();
    let left_width = longest.min(width / 2);
    let column = INDENT + left_width + 2;
    let indent = " ".repeat(column);
    let options =
        textwrap::Options::new(width.max(column + 20)).initial_indent(&indent).subsequent_indent(&indent);
    let _ = writeln!(out, "\n  {heading}");
    for (left, right) in rows {
        let filled = textwrap::fill(&right, options.clone());
        let left_fits = textwrap::core::display_width(&left) <= left_width;
        if left_fits && !right.is_empty() {
            let padding = " ".repeat(left_width - textwrap::core::display_width(&left) + 2);
            let _ = writeln!(out, "    {left}{padding}{}", filled.trim_start());
        } else {
            let _ = writeln!(out, "    {left}");
            if !right.is_empty() {
                let _ = writeln!(out, "{filled}");
            }
        }
    }
}

fn service_row(service: &Service) -> (String, String) {
    let layer = match service.layer {
        Some(Layer::L2) => "layer 2",
        Some(Layer::L3) => "layer 3",
        None => "no PoP: it carries nothing",
    };
    let place = service.location.as_ref().map(|location| format!(", at {location}")).unwrap_or_default();
    let description = service.description.as_ref().map(|text| format!(", \"{text}\"")).unwrap_or_default();
    let locked = if service.locked { ", its interface locked: it carries nothing" } else { "" };
    (service.service.short(), format!("{layer}{locked}{place}{description}"))
}

fn destination_row(vrack: &VrackReport, destination: &Destination) -> (String, String) {
    let places = listed(&destination.datacenters);
    let what = match destination.kind {
        DestinationKind::Subnet => format!("the subnet of {places}"),
        DestinationKind::Route => format!("a static route in {places}"),
        DestinationKind::Peer => "a BGP peer".to_owned(),
        DestinationKind::Layer2 => "a layer 2 segment".to_owned(),
    };
    (destination.name.clone(), format!("{what}, {}", over(vrack, &destination.paths)))
}

/// Which services paths lead through.
fn over(vrack: &VrackReport, paths: &[Path]) -> String {
    let services: BTreeSet<ServiceId> = paths.iter().map(|path| path.service).collect();
    let of_layer_3 = vrack.services.iter().filter(|it| it.layer == Some(Layer::L3)).count();
    match services.len() {
        0 => "over nothing".to_owned(),
        2 if of_layer_3 == 2 => "over both services".to_owned(),
        count @ 3.. if count == of_layer_3 => format!("over all {count} services"),
        count @ 4.. => format!("over {count} services"),
        _ => format!("over {}", listed(&services.iter().map(|it| name(vrack, *it)).collect::<Vec<_>>())),
    }
}

/// One row for losses that come to the same: a service and its PoP, one device and the other.
fn loss_rows(vrack: &VrackReport) -> impl Iterator<Item = (String, String)> {
    let is_shown = |report: &&LossReport| match &report.loss {
        Loss::Pop { .. } | Loss::Device { device: Device::B, .. } => false,
        Loss::Service { .. } | Loss::Location { .. } | Loss::Datacenter { .. } | Loss::Device { .. } => true,
    };
    vrack.losses.iter().filter(is_shown).map(|report| {
        let left = match &report.loss {
            Loss::Service { service } if has_pop_loss(vrack, *service) => {
                format!("service {}, or its PoP", name(vrack, *service))
            }
            Loss::Device { datacenter, .. } => format!("device A or B in {datacenter}"),
            loss => loss_name(vrack, loss),
        };
        (left, consequence(vrack, report))
    })
}

fn has_pop_loss(vrack: &VrackReport, service: ServiceId) -> bool {
    vrack.losses.iter().any(|report| matches!(&report.loss, Loss::Pop { service: lost } if *lost == service))
}

fn consequence(vrack: &VrackReport, report: &LossReport) -> String {
    let (cut, gone): (Vec<&str>, Vec<&str>) = (report.cut().collect(), report.gone().collect());
    if !cut.is_empty() {
        return format!("CUTS OFF {}", listed(&shortened(&cut)));
    }
    if !gone.is_empty() {
        let goes = if gone.len() == 1 { "goes" } else { "go" };
        return format!("{} {goes} with it", listed(&shortened(&gone)));
    }
    match &report.loss {
        _ if report.effects.is_empty() => "changes nothing".to_owned(),
        Loss::Device { datacenter, .. } => {
            let in_it = |it: &&Destination| it.datacenters.contains(datacenter);
            let has_peers =
                vrack.destinations.iter().filter(in_it).any(|it| it.kind == DestinationKind::Peer);
            let how =
                if has_peers { "BGP peers have a session with it" } else { "the virtual router moves there" };
            format!("all stays reachable, through the other one: {how}")
        }
        _ => {
            let left: Vec<Path> = report.effects.iter().flat_map(|effect| effect.paths.clone()).collect();
            format!("all stays reachable, {}", over(vrack, &left))
        }
    }
}

/// The first few of many; the others stand in their own section, or among the destinations.
fn shortened(names: &[&str]) -> Vec<String> {
    const SHOWN: usize = 8;
    let more = names.len().saturating_sub(SHOWN);
    let first = names.iter().take(if more > 1 { SHOWN } else { names.len() });
    first.map(|name| (*name).to_owned()).chain((more > 1).then(|| format!("{more} more"))).collect()
}

/// Why a destination has no second path.
fn why(vrack: &VrackReport, destination: &Destination) -> String {
    let services: BTreeSet<ServiceId> = destination.paths.iter().map(|path| path.service).collect();
    let mut services = services.into_iter();
    match (services.next(), services.next()) {
        (None, _) => "no l3 PoP leads to it".to_owned(),
        (Some(only), None) if destination.kind == DestinationKind::Layer2 => {
            format!("a vRack has one layer 2 service at most: {}", name(vrack, only))
        }
        (Some(only), None) => format!("only service {} leads to it", name(vrack, only)),
        // Several services, and one loss takes them all: they share a PoP.
        (Some(_), Some(_)) => {
            let cuts = |report: &&LossReport| report.cut().any(|name| name == destination.name);
            let losses: Vec<String> =
                vrack.losses.iter().filter(cuts).map(|report| loss_name(vrack, &report.loss)).collect();
            format!("every service that leads to it is delivered at {}", listed(&losses))
        }
    }
}

fn behind_one_machine(vrack: &VrackReport) -> impl Iterator<Item = (String, String)> {
    vrack.destinations.iter().filter_map(|destination| {
        match (destination.machines.as_slice(), destination.kind) {
            ([machine], DestinationKind::Route) => Some((
                destination.name.clone(),
                format!("the next hop {machine} in {}", listed(&destination.datacenters)),
            )),
            ([machine], DestinationKind::Peer) => Some((
                destination.name.clone(),
                format!("unless another peer announces the same; {machine} speaks with devices A and B"),
            )),
            _ => None,
        }
    })
}

/// What is lost, in a few words.
pub(super) fn loss_name(vrack: &VrackReport, loss: &Loss) -> String {
    match loss {
        Loss::Service { service } => format!("service {}", name(vrack, *service)),
        Loss::Pop { service } => format!("the PoP of service {}", name(vrack, *service)),
        Loss::Location { location, .. } => format!("PoP {location}"),
        Loss::Datacenter { datacenter } => format!("datacenter {datacenter}"),
        Loss::Device { datacenter, device } => format!("device {device} in {datacenter}"),
    }
}

/// A service's short name, or all of it where two share that.
fn name(vrack: &VrackReport, service: ServiceId) -> String {
    let short = service.short();
    let is_shared = vrack.services.iter().filter(|other| other.service.short() == short).count() > 1;
    if is_shared { service.to_string() } else { short }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    match items.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
