//! A [`Report`] as rows of a tree: what the text shows, and what a change is found by.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::assess::{interface_place, service_place};
use super::{Drift, DriftKind, Problem, Report};
use crate::live::Status;
use crate::live::observe::{
    Light, MAX_PREFIXES, SeenDatacenter, SeenIncident, SeenInterface, SeenPop, SeenService, SeenTask,
    Session, State,
};
use crate::render::words::clip;
use crate::topology::{Address, Field, Pop, Spec, VrackName};

/// The most characters of a description that are shown.
const DESCRIPTION: usize = 60;

/// A line of the tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    /// How deep it stands; 0 for a vRack.
    pub(super) depth: usize,
    /// What it is about; unique in a report.
    pub(super) place: String,
    /// How it is.
    pub(super) mark: Mark,
    /// What it is, below its parent.
    pub(super) name: String,
    /// In what state.
    pub(super) state: String,
    /// What is measured, and so never quite the same.
    pub(super) measured: String,
}

/// How something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mark {
    /// A heading, or something that cannot be down.
    None,
    /// It is up.
    Up,
    /// It is down.
    Down,
    /// OVHcloud is at work on it.
    UnderWay,
    /// It deserves a look.
    Look,
    /// Nobody could say.
    Unknown,
    /// Declared, and not there.
    Missing,
    /// There, and not declared.
    NotDeclared,
    /// Not as declared.
    Differs,
}

pub(super) fn rows(report: &Report) -> Vec<Row> {
    let mut writer = Writer { report, rows: Vec::new(), drift: BTreeMap::new() };
    for drift in report.drift.iter().flatten() {
        writer.drift.entry(drift.address.clone()).or_default().push(drift);
    }
    for vrack in &report.seen.vracks {
        let place = vrack.vrack.to_string();
        writer.row(0, place.clone(), Mark::None, format!("vRack {}", vrack.vrack), String::new());
        vrack.services.iter().for_each(|service| writer.service(1, service));
        writer.missing_services(&vrack.vrack);
        match &vrack.datacenters {
            Some(datacenters) => datacenters.iter().for_each(|it| writer.datacenter(1, it)),
            None => writer.unknown(1, &place, "datacenters"),
        }
        writer.missing(1, &Address::vrack(vrack.vrack.clone()));
        writer.tasks(1, &place, vrack.tasks.as_deref());
    }
    if !report.seen.elsewhere.is_empty() {
        writer.row(0, "elsewhere".to_owned(), Mark::None, "In no vRack".to_owned(), String::new());
        report.seen.elsewhere.iter().for_each(|service| writer.service(1, service));
    }
    writer.rows
}

struct Writer<'a> {
    report: &'a Report,
    rows: Vec<Row>,
    /// What is not told yet.
    drift: BTreeMap<Address, Vec<&'a Drift>>,
}

impl Writer<'_> {
    fn row(&mut self, depth: usize, place: String, mark: Mark, name: String, state: String) {
        self.rows.push(Row { depth, place, mark, name, state, measured: String::new() });
    }

    fn unknown(&mut self, depth: usize, parent: &str, what: &str) {
        self.row(depth, format!("{parent}/{what}"), Mark::Unknown, what.to_owned(), "not known".to_owned());
    }

    fn is_down(&self, place: &str) -> bool {
        self.report.down.iter().any(|down| down.place == place)
    }

    fn mark(&self, place: &str, otherwise: Mark) -> Mark {
        if self.is_down(place) { Mark::Down } else { otherwise }
    }

    fn service(&mut self, depth: usize, service: &SeenService) {
        let place = service_place(service);
        let mut parts = Vec::new();
        parts.extend(service.description.as_ref().map(|text| format!("\"{}\"", clip(text, DESCRIPTION))));
        parts.extend(service.location.as_ref().map(|place| format!("at {}", clip(place, DESCRIPTION))));
        parts.extend(service.bandwidth.clone());
        parts.extend(service.provider.clone());
        let mark = match service.closed {
            Some(true) => {
                parts.push("closed: terminated, or expired".to_owned());
                self.mark(&place, Mark::Look)
            }
            Some(false) => Mark::None,
            None => {
                parts.push("not known".to_owned());
                Mark::Unknown
            }
        };
        self.row(depth, place.clone(), mark, format!("service {}", service.service), parts.join(", "));
        if let Some(vrack) = &service.vrack {
            self.drifted(depth, &Address::membership(vrack.clone(), service.service));
        }
        match &service.interfaces {
            Some(interfaces) => interfaces.iter().for_each(|it| self.interface(depth + 1, service, it)),
            None => self.unknown(depth + 1, &place, "interfaces"),
        }
        match &service.pops {
            Some(pops) => {
                pops.iter().for_each(|pop| self.pop(depth + 1, pop));
                if pops.is_empty() && service.vrack.is_some() {
                    let none = "nothing configured".to_owned();
                    self.row(depth + 1, format!("{place}/pop"), Mark::None, "pop".to_owned(), none);
                }
            }
            None => self.unknown(depth + 1, &place, "pop"),
        }
        if let Some(vrack) = &service.vrack {
            self.missing(depth + 1, &Address::membership(vrack.clone(), service.service));
        }
        self.tasks(depth + 1, &place, service.tasks.as_deref());
        match &service.incidents {
            Some(incidents) => incidents.iter().for_each(|it| self.incident(depth + 1, &place, it)),
            None => self.unknown(depth + 1, &place, "incidents"),
        }
    }

    fn interface(&mut self, depth: usize, service: &SeenService, it: &SeenInterface) {
        let place = interface_place(service, it.id);
        let mut state = format!("{}, link {}", it.status, word(it.link));
        since(&mut state, it.link_since.as_deref());
        for (light, way) in [(it.light_in, "arrives"), (it.light_out, "is sent")] {
            match light.state {
                State::Up => {}
                State::Down => _ = write!(state, ", NO LIGHT {way}"),
                State::Unknown => _ = write!(state, ", whether light {way} is not known"),
            }
        }
        let used = service.used_interfaces().contains(&it.id);
        let mark = match it.link {
            _ if self.is_down(&place) => Mark::Down,
            State::Up => Mark::Up,
            // Nothing is configured there: nobody misses it.
            State::Down if !used => Mark::None,
            State::Down => Mark::Down,
            State::Unknown => Mark::Unknown,
        };
        let measured = dbm(it.light_in, it.light_out);
        self.rows.push(Row { depth, place, mark, name: format!("interface {}", it.id), state, measured });
        if let Some(vrack) = &service.vrack {
            self.drifted(depth, &Address::interface(vrack.clone(), service.service, Some(it.id)));
        }
    }

    fn pop(&mut self, depth: usize, pop: &SeenPop) {
        let place = pop.address.to_string();
        let mut state = format!("{}; {}", what(&pop.spec), life(pop.status));
        let is_l3 = matches!(pop.spec, Spec::Pop(Pop::L3 { .. }));
        if is_l3 {
            match &pop.session {
                Some(session) => self::session(&mut state, session),
                None => state.push_str("; session not known"),
            }
            match pop.prefixes {
                Some(prefixes) => _ = write!(state, "; {prefixes} of {MAX_PREFIXES} prefixes"),
                None => state.push_str("; prefixes not known"),
            }
            if pop.prefixes.is_some_and(|prefixes| prefixes > MAX_PREFIXES) {
                state.push_str(": TOO MANY");
            }
        }
        let otherwise = match (&pop.session, pop.status) {
            (_, status) if status != Status::Active => life_mark(status),
            (Some(Session { state: State::Up, .. }), _) => Mark::Up,
            (_, _) if is_l3 => Mark::Unknown,
            _ => Mark::Up,
        };
        self.row(depth, place.clone(), self.mark(&place, otherwise), "pop".to_owned(), state);
        self.drifted(depth, &pop.address);
        match &pop.datacenters {
            Some(datacenters) => datacenters.iter().for_each(|it| self.datacenter(depth + 1, it)),
            // Those of an l3 PoP are the vRack's, where this is told.
            None if !is_l3 => self.unknown(depth + 1, &place, "datacenter"),
            None => {}
        }
        self.missing(depth + 1, &pop.address);
    }

    fn datacenter(&mut self, depth: usize, it: &SeenDatacenter) {
        self.config(depth, &it.address, &it.spec, it.status);
        match &it.extras {
            Some(extras) => {
                for extra in extras {
                    self.config(depth + 1, &extra.address, &extra.spec, extra.status);
                }
            }
            None => self.unknown(depth + 1, &it.address.to_string(), "extras"),
        }
        self.missing(depth + 1, &it.address);
    }

    fn config(&mut self, depth: usize, address: &Address, spec: &Spec, status: Status) {
        let place = address.to_string();
        let what = what(spec);
        let state =
            if what.is_empty() { life(status).to_owned() } else { format!("{what}; {}", life(status)) };
        let mark = self.mark(&place, life_mark(status));
        self.row(depth, place, mark, address.leaf(), state);
        self.drifted(depth, address);
    }

    fn tasks(&mut self, depth: usize, parent: &str, tasks: Option<&[SeenTask]>) {
        let Some(tasks) = tasks else { return self.unknown(depth, parent, "tasks") };
        for SeenTask { id, function, status } in tasks {
            let mark = if status == "pause" { Mark::Look } else { Mark::UnderWay };
            self.row(
                depth,
                format!("{parent}/task/{id}"),
                mark,
                format!("task {id}"),
                format!("{function}, {status}"),
            );
        }
    }

    fn incident(&mut self, depth: usize, parent: &str, it: &SeenIncident) {
        self.row(
            depth,
            format!("{parent}/incident/{}", it.id),
            Mark::Look,
            format!("{} {}", it.kind, it.id),
            incident(it),
        );
    }

    /// How something that is there differs from the topology.
    fn drifted(&mut self, depth: usize, address: &Address) {
        for drift in self.drift.remove(address).unwrap_or_default() {
            let (mark, text) = match drift.kind {
                DriftKind::Missing => continue,
                DriftKind::NotDeclared => (Mark::NotDeclared, "not declared in the topology".to_owned()),
                DriftKind::Duplicate => (Mark::Differs, "there more than once".to_owned()),
                DriftKind::Differs => (Mark::Differs, differing(drift)),
            };
            self.row(depth + 1, format!("{address}/drift"), mark, text, String::new());
        }
    }

    /// What is declared right below an address, and below that, and is not there.
    fn missing(&mut self, depth: usize, parent: &Address) {
        let below = |at: &&Address| *at != parent && at.is_within(parent);
        let missing: Vec<Address> = self.drift.keys().filter(below).cloned().collect();
        for address in missing {
            for drift in self.drift.remove(&address).unwrap_or_default() {
                self.missed(depth, &address, parent, drift);
            }
        }
    }

    fn missing_services(&mut self, vrack: &VrackName) {
        let at = |at: &&Address| at.vrack == *vrack && at.service().is_some();
        let missing: Vec<Address> = self.drift.keys().filter(at).cloned().collect();
        for address in missing {
            for drift in self.drift.remove(&address).unwrap_or_default() {
                self.missed(1, &address, &Address::vrack(vrack.clone()), drift);
            }
        }
    }

    fn missed(&mut self, depth: usize, address: &Address, parent: &Address, drift: &Drift) {
        let mut levels = 0;
        let mut at = address.parent();
        while let Some(above) = at.filter(|above| above != parent) {
            levels += 1;
            at = above.parent();
        }
        let what = drift.declared.as_ref().map(what).filter(|text| !text.is_empty());
        let state = what.map_or_else(String::new, |what| format!("{what}; ")) + "declared, and not there";
        self.row(depth + levels, format!("{address}/drift"), Mark::Missing, address.leaf(), state);
    }
}

/// What is wrong, in a few words.
pub(super) const fn problem(problem: Problem) -> &'static str {
    match problem {
        Problem::Closed => "the service is closed",
        Problem::OutOfService => "the port is not in service",
        Problem::NoLight => "no light arrives",
        Problem::LinkDown => "the link is down",
        Problem::SessionDown => "the BGP session is down",
        Problem::TooManyPrefixes => "more prefixes than a session carries",
        Problem::CreationFailed => "its creation failed (`init` without an unfinished task)",
    }
}

const fn word(state: State) -> &'static str {
    match state {
        State::Up => "up",
        State::Down => "DOWN",
        State::Unknown => "not known",
    }
}

const fn life(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Creating => "being created",
        Status::Stuck => "its creation FAILED",
        Status::Deleting => "being deleted",
    }
}

const fn life_mark(status: Status) -> Mark {
    match status {
        Status::Active => Mark::Up,
        Status::Creating | Status::Deleting => Mark::UnderWay,
        Status::Stuck => Mark::Down,
    }
}

/// What is configured, but for the interface, which has a row of its own.
fn what(spec: &Spec) -> String {
    let fields = spec.fields().into_iter().filter(|(field, _)| *field != Field::InterfaceId);
    let shown = fields.map(|(field, value)| match field {
        Field::Type => value,
        Field::Description => format!("description \"{}\"", clip(&value, DESCRIPTION)),
        field => format!("{field} {value}"),
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn differing(drift: &Drift) -> String {
    let declared: BTreeMap<String, String> = drift
        .declared
        .iter()
        .flat_map(Spec::fields)
        .map(|(field, value)| (field.to_string(), value))
        .collect();
    let wanted = drift.fields.iter().map(|field| match declared.get(&field.to_string()) {
        Some(value) => format!("{field} {}", clip(value, DESCRIPTION)),
        None => field.to_string(),
    });
    format!("the topology declares {}", wanted.collect::<Vec<_>>().join(", "))
}

fn session(state: &mut String, session: &Session) {
    let _ = write!(state, "; session {}", word(session.state));
    since(state, session.last_change.as_deref());
    match session.flaps {
        Some(1) => state.push_str(", 1 flap"),
        Some(flaps) => _ = write!(state, ", {flaps} flaps"),
        None => {}
    }
}

fn since(state: &mut String, moment: Option<&str>) {
    if let Some(moment) = moment {
        let _ = write!(state, " since {}", time(moment));
    }
}

/// When an incident or a maintenance begins and ends, in words.
#[must_use]
pub fn incident(incident: &SeenIncident) -> String {
    let start = time(&incident.start);
    match &incident.end {
        Some(end) => format!("from {start} until {}", time(end)),
        None => format!("from {start}, no end known"),
    }
}

/// A time of the API's as a person reads it, in UTC; as it is where it is none.
#[must_use]
pub fn time(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        Err(_) => clip(text, DESCRIPTION),
    }
}

fn dbm(light_in: Light, light_out: Light) -> String {
    let value = |light: Light, way: &str| light.dbm.map(|dbm| format!("{way} {dbm:.1} dBm"));
    let values: Vec<String> = value(light_in, "in").into_iter().chain(value(light_out, "out")).collect();
    if values.is_empty() { String::new() } else { format!("light {}", values.join(", ")) }
}
