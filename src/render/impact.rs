//! What a plan does to the traffic, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use ipnet::Ipv4Net;

use super::text::paragraph;
use super::words::ShortNames;
use super::{ALARM, STRONG, styled};
use crate::diff::{Action, Change, Reason};
use crate::live::Status;
use crate::plan::impact::{Impact, Level, Outage, outages};
use crate::plan::{NewExtra, Operation, Plan, StepId};
use crate::topology::{
    Address, Datacenter, DatacenterName, DatacenterPart, Node, Pop, ServicePart, Spec, VrackName,
};

/// What a plan does to the traffic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traffic<'a> {
    /// The vRacks in which l3 traffic flows, or will.
    pub vracks: Vec<Layer3<'a>>,
    /// Layer 2 traffic that stops.
    pub layer_2: Vec<Alarm>,
}

/// What a plan does to the l3 traffic of a vRack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layer3<'a> {
    /// Which.
    pub vrack: &'a VrackName,
    /// How much stands.
    pub impact: &'a Impact,
    /// What goes down, and from which step to which. Nothing where all of it does.
    pub details: Vec<String>,
    /// What stops.
    pub alarms: Vec<Alarm>,
}

/// Traffic that stops.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alarm {
    /// The vRack it flows through.
    pub vrack: VrackName,
    /// The l2 PoP it flows through; none for the l3 traffic of the vRack.
    pub pop: Option<Address>,
    /// Whether it flows again afterwards.
    pub comes_back: bool,
    what: String,
}

impl fmt::Display for Alarm {
    /// Without the vRack, which is said where it stands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pop {
            Some(pop) => write!(f, "{pop}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl<'a> Traffic<'a> {
    /// What `plan` does to the traffic.
    #[must_use]
    pub fn of(plan: &'a Plan) -> Self {
        let names = ShortNames::of(plan);
        let mut by_vrack: BTreeMap<VrackName, Vec<Outage>> = BTreeMap::new();
        for outage in layer_3(plan) {
            by_vrack.entry(outage.address.vrack.clone()).or_default().push(outage);
        }
        let felt = |impact: &Impact| {
            let stands = |level: &Level| level.before + level.after > 0;
            stands(&impact.paths) || stands(&impact.datacenters)
        };
        let vracks = plan.impact.iter().filter(|(_, impact)| felt(impact)).map(|(vrack, impact)| {
            let outages = by_vrack.get(vrack).map_or(&[][..], Vec::as_slice);
            // Where no path is left, what stands behind it need not be told one by one.
            let details =
                if impact.paths.drops_to_zero() { Vec::new() } else { details(impact, outages, &names) };
            let alarm = |(comes_back, what)| Alarm { vrack: vrack.clone(), pop: None, comes_back, what };
            let alarms = alarms(impact, outages).into_iter().map(alarm).collect();
            Layer3 { vrack, impact, details, alarms }
        });
        Self { vracks: vracks.collect(), layer_2: layer_2(plan) }
    }

    /// Everything that stops: layer 3 by vRack, then layer 2 by PoP.
    pub fn alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.vracks.iter().flat_map(|vrack| &vrack.alarms).chain(&self.layer_2)
    }
}

/// The section of a plan, or nothing where no traffic can feel it.
pub(super) fn section(text: &mut String, plan: &Plan, width: usize) {
    let Traffic { vracks, layer_2 } = Traffic::of(plan);
    if vracks.is_empty() && layer_2.is_empty() {
        return;
    }
    let alarm =
        |text: &mut String, it: &Alarm| paragraph(text, "  ", 2, &styled(ALARM, format!("! {it}")), width);
    let _ = writeln!(text, "{}", styled(STRONG, "Impact"));
    for Layer3 { vrack, impact, details, alarms } in &vracks {
        let margin = vrack.as_str().len();
        let _ = writeln!(text, "  {vrack}  l3 paths:    {}", level(&impact.paths));
        let _ = writeln!(text, "  {:margin$}  datacenters: {}", "", level(&impact.datacenters));
        for line in details {
            paragraph(text, &format!("  {:margin$}  ", ""), 2, line, width);
        }
        alarms.iter().for_each(|it| alarm(text, it));
    }
    layer_2.iter().for_each(|it| alarm(text, it));
    let _ = writeln!(text);
}

/// What goes down in a vRack that keeps a path, and for how long: its PoPs, then datacenter by
/// datacenter.
fn details(impact: &Impact, outages: &[Outage], names: &ShortNames) -> Vec<String> {
    let mut lines = Vec::new();
    let mut by_datacenter: BTreeMap<&DatacenterName, Vec<&Outage>> = BTreeMap::new();
    for outage in outages {
        match &outage.address.node {
            Node::Service(service, ServicePart::Pop) => {
                lines.push(format!("path of service {}: {}", names.get(*service), span([outage])));
            }
            Node::Datacenter(name, _) => by_datacenter.entry(name).or_default().push(outage),
            _ => {}
        }
    }
    for (name, outages) in by_datacenter {
        let is_whole = |it: &&Outage| matches!(it.address.node, Node::Datacenter(_, DatacenterPart::Config));
        if outages.iter().any(is_whole) {
            lines.push(format!("datacenter {name}: {}", span(outages)));
            continue;
        }
        let routes = outages.into_iter().filter(|it| prefix(&it.address).is_some());
        let (back, gone): (Vec<_>, Vec<_>) = routes.partition(|route| route.until.is_some());
        for routes in [back, gone].into_iter().filter(|routes| !routes.is_empty()) {
            let what = match routes.as_slice() {
                [only] => {
                    format!("route {}", prefix(&only.address).map_or_else(String::new, |it| it.to_string()))
                }
                several => format!("{} routes", several.len()),
            };
            lines.push(format!("datacenter {name}: {what} {}", span(routes)));
        }
        if let Some(peers) = impact.peers.get(name) {
            lines.push(format!("datacenter {name}: BGP peers: {}", level(peers)));
        }
    }
    lines
}

/// From the first step that takes something down to the last that brings it back.
fn span<'a>(outages: impl IntoIterator<Item = &'a Outage> + Clone) -> String {
    let from = outages.clone().into_iter().map(|outage| outage.from).min();
    let is_locked = outages.clone().into_iter().any(|outage| outage.locked);
    let until = outages.into_iter().filter_map(|outage| outage.until).max();
    match (from, until) {
        (Some(from), Some(until)) if until > from => format!("down from {from} to {until}"),
        (Some(from), _) if is_locked => format!("down from {from} on"),
        (Some(from), _) => format!("gone for good from {from} on"),
        (None, _) => String::new(),
    }
}

fn prefix(address: &Address) -> Option<Ipv4Net> {
    match &address.node {
        Node::Datacenter(_, DatacenterPart::Network(prefix)) => Some(*prefix),
        _ => None,
    }
}

/// Outages of layer 3, without the routes that another datacenter of the vRack has by then.
fn layer_3(plan: &Plan) -> Vec<Outage> {
    let mut made: BTreeMap<(&VrackName, Ipv4Net), StepId> = BTreeMap::new();
    for (id, step) in plan.steps() {
        if let Operation::CreateExtra { extra: NewExtra::Network { subnet, .. }, .. } = &step.operation {
            made.entry((&step.address.vrack, *subnet)).or_insert(id);
        }
    }
    let is_layer_2 = |outage: &Outage| {
        let step = plan.step(outage.from);
        if let Some(Operation::Lock { carries, .. }) = step.map(|step| &step.operation) {
            return carries.iter().any(|it| it.address == outage.address && !it.is_l3);
        }
        let change = step.and_then(|step| plan.changes.get(step.change?));
        let spec = change.and_then(|change| change.before.as_ref()).map(|before| &before.spec);
        matches!(spec, Some(Spec::Pop(Pop::L2 { .. }) | Spec::Datacenter(Datacenter::L2)))
    };
    let is_moved = |outage: &Outage| {
        let route = prefix(&outage.address).map(|prefix| (&outage.address.vrack, prefix));
        route.and_then(|route| made.get(&route)).is_some_and(|made| *made < outage.from)
    };
    outages(plan).into_iter().filter(|outage| !is_layer_2(outage) && !is_moved(outage)).collect()
}

/// The layer 2 traffic that flows now and stops.
fn layer_2(plan: &Plan) -> Vec<Alarm> {
    let changed: BTreeSet<&Address> = plan.changes.iter().map(|change| &change.address).collect();
    let locks = plan.steps.iter().filter_map(|step| match &step.operation {
        Operation::Lock { interface, carries, .. } => Some((*interface, carries)),
        _ => None,
    });
    let locked: BTreeSet<u64> = locks.clone().map(|(interface, _)| interface).collect();
    let replaced = plan.changes.iter().filter_map(|change| layer_2_of(change, &changed, &locked));
    let carried = locks.flat_map(|(interface, carries)| carries.iter().map(move |it| (interface, it)));
    let down = carried.filter(|(_, it)| !it.is_l3).map(|(interface, it)| Alarm {
        vrack: it.address.vrack.clone(),
        pop: Some(it.address.clone()),
        comes_back: false,
        what: format!("layer 2 traffic stops: interface {interface} is locked"),
    });
    replaced.chain(down).collect()
}

fn layer_2_of(change: &Change, changed: &BTreeSet<&Address>, locked: &BTreeSet<u64>) -> Option<Alarm> {
    let before = change.before.as_ref().filter(|before| before.status == Status::Active)?;
    if !matches!(change.action, Action::Delete | Action::Replace) || change.reason == Reason::Duplicate {
        return None;
    }
    let (pop, comes_back, until) = match (&before.spec, &change.after) {
        (Spec::Pop(Pop::L2 { .. }), Some(Spec::Pop(Pop::L2 { interface_id }))) => {
            let is_locked = interface_id.is_some_and(|id| locked.contains(&id));
            let until = if is_locked { "until its interface is unlocked" } else { "until it is made anew" };
            (change.address.clone(), !is_locked, until)
        }
        (Spec::Pop(Pop::L2 { .. }), _) => (change.address.clone(), false, "for good"),
        // Where the PoP goes as well, its own line says it.
        (Spec::Datacenter(Datacenter::L2), _) => {
            let pop = change.address.parent().filter(|pop| !changed.contains(pop))?;
            (pop, true, "until it ends in its new datacenter")
        }
        _ => return None,
    };
    let what = format!("layer 2 traffic stops {until}");
    Some(Alarm { vrack: pop.vrack.clone(), pop: Some(pop), comes_back, what })
}

/// A count before, meanwhile and after. The worst moment is left out where it is one of the ends.
#[must_use]
pub fn level(level: &Level) -> String {
    let Level { before, least, after } = level;
    if *least == *before.min(after) {
        format!("{before} now, {after} afterwards")
    } else {
        format!("{before} now, {least} at the least meanwhile, {after} afterwards")
    }
}

/// What a person on call has to know, and whether it comes back.
fn alarms(impact: &Impact, outages: &[Outage]) -> Vec<(bool, String)> {
    let mut lines = Vec::new();
    let Impact { paths, datacenters, peers } = impact;
    let steps = || {
        let from = outages.iter().map(|outage| outage.from).min();
        let until = outages.iter().filter_map(|outage| outage.until).max();
        from.zip(until).map_or_else(String::new, |(from, until)| format!(" ({from} to {until})"))
    };
    if paths.is_interrupted() {
        lines.push((
            true,
            format!(
                "no l3 path stands at some moment: all l3 traffic of this vRack stops meanwhile{}",
                steps()
            ),
        ));
    } else if paths.drops_to_zero() {
        let until =
            if outages.iter().any(|it| it.locked) { "until its interface is unlocked" } else { "for good" };
        lines.push((false, format!("the last l3 path goes: all l3 traffic of this vRack stops {until}")));
    }
    if paths.drops_to_zero() {
        return lines;
    }
    if datacenters.is_interrupted() {
        lines.push((
            true,
            "no datacenter stands at some moment: nothing behind this vRack is reached meanwhile".to_owned(),
        ));
    } else if datacenters.drops_to_zero() {
        lines.push((
            false,
            "the last datacenter goes: nothing behind this vRack is reached any more".to_owned(),
        ));
    }
    let is_replaced = |name: &DatacenterName| {
        let mut whole = outages.iter().filter(|outage| outage.address.datacenter_name() == Some(name));
        whole.any(|outage| matches!(outage.address.node, Node::Datacenter(_, DatacenterPart::Config)))
    };
    for (name, level) in peers.iter().filter(|(name, _)| !is_replaced(name)) {
        if level.is_interrupted() {
            lines.push((true, format!("no BGP peer of {name} stands at some moment: what its peers announce is not reached meanwhile")));
        } else if level.drops_to_zero() {
            lines.push((false, format!("the last BGP peer of {name} goes: what its peers announced is reached by static routes only")));
        }
    }
    lines
}
