//! (`Topology`, `Observation`) → how far each link has come. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{FORMAT, Link, Report, Rung, RungState, Stage, Verdict};
use crate::live::Status;
use crate::live::observe::{
    Light, MAX_PREFIXES, Observation, SeenInterface, SeenPop, SeenService, SeenVrack, Session, State,
};
use crate::status::{Drift, DriftKind, assess, in_words_of_the_catalogue, incident, time};
use crate::topology::{
    Address, Datacenter, Extra, Interface, InterfaceState, Membership, Node, Pop, ServiceId, ServicePart,
    Spec, Topology, VrackName,
};

/// What is to be verified.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What shall be.
    pub topology: &'a Topology,
    /// The part of it that is asked about; none for all of it.
    pub only: Option<&'a Address>,
    /// Whether what cannot be read is no failure.
    pub accepts_unknown: bool,
}

/// Judges what was seen.
#[must_use]
pub fn judge(question: &Question<'_>, seen: Observation) -> Report {
    let status = assess(seen, Some(question.topology));
    let renamed = in_words_of_the_catalogue(&status.seen, question.topology);
    let topology = renamed.as_ref().unwrap_or(question.topology);
    let drift = status.drift.iter().flatten().map(|drift| (&drift.address, drift)).collect();
    let judge = Judge { topology, seen: &status.seen, statuses: status.seen.statuses(), drift };
    let asked = |address: &&Address| question.only.is_none_or(|only| address.is_within(only));
    let links: Vec<Link> =
        topology.entries.keys().filter(asked).filter_map(|address| judge.link(address)).collect();
    let verified = links.iter().all(|link| link.verdict.is_good(question.accepts_unknown));
    Report {
        format_version: FORMAT,
        verified,
        accepts_unknown: question.accepts_unknown,
        links,
        unread: status.seen.unread,
    }
}

struct Judge<'a> {
    topology: &'a Topology,
    seen: &'a Observation,
    statuses: BTreeMap<&'a Address, Status>,
    drift: BTreeMap<&'a Address, &'a Drift>,
}

/// What is found at a stage.
struct Finding {
    state: RungState,
    text: String,
    next: Option<String>,
}

impl Finding {
    fn passed(text: impl Into<String>) -> Self {
        Self { state: RungState::Passed, text: text.into(), next: None }
    }

    fn waiting(text: impl Into<String>, next: impl Into<String>) -> Self {
        Self { state: RungState::Waiting, text: text.into(), next: Some(next.into()) }
    }

    fn stopped(text: impl Into<String>, next: impl Into<String>) -> Self {
        Self { state: RungState::Stopped, text: text.into(), next: Some(next.into()) }
    }

    fn unknown(text: impl Into<String>) -> Self {
        let next =
            "see why it could not be read; `ovhconnect access --for verify` lists what a credential needs";
        Self { state: RungState::Unknown, text: text.into(), next: Some(next.to_owned()) }
    }
}

/// What to do about what is not as declared.
const PLAN: &str = "`ovhconnect plan` shows what to do about it";

impl<'a> Judge<'a> {
    /// How far what is declared at an address has come; nothing for what belongs to the link of another.
    fn link(&self, address: &Address) -> Option<Link> {
        let spec = &self.topology.entries.get(address)?.spec;
        let (stages, notes) = match spec {
            Spec::Membership(_) if self.pop_of(address).is_some() => return None,
            Spec::Datacenter(Datacenter::L2) => return None,
            Spec::Membership(_) => (vec![self.configuration(&[address])], Vec::new()),
            Spec::Interface(_) => (vec![(Stage::Configuration, self.configured(address))], Vec::new()),
            Spec::Pop(pop) => self.climb(address, pop),
            Spec::Datacenter(Datacenter::L3 { .. }) | Spec::Extra(Extra::Network { .. }) => {
                (vec![self.configuration(&[address])], Vec::new())
            }
            Spec::Extra(Extra::Bgp { .. }) => {
                let configuration = self.configuration(&[address]);
                let is_there = configuration.1.state == RungState::Passed;
                let note = format!(
                    "its session the API does not tell of: `ovhconnect diagnose {address}` asks the router"
                );
                (vec![configuration], is_there.then_some(note).into_iter().collect())
            }
        };
        Some(self.concluded(address, stages, notes))
    }

    /// The stages of a PoP, and what else is to be known about it.
    fn climb(&self, address: &Address, pop: &Pop) -> (Vec<(Stage, Finding)>, Vec<String>) {
        let from_here = self.topology.entries.range(address.clone()..).map(|(at, _)| at);
        let parts = from_here.take_while(|at| at.is_within(address));
        let membership = address.parent();
        let parts: Vec<&Address> = membership.iter().chain(parts).collect();
        let mut stages = vec![self.configuration(&parts)];
        let found = address.service().and_then(|id| self.service(&address.vrack, id));
        let notes = found.iter().flat_map(|it| it.incidents.iter().flatten());
        let notes = notes.map(|it| format!("{} {}: {}", it.kind, it.id, incident(it))).collect();
        let live = found.and_then(|service| Some((service, live_pop(service)?)));
        if let Some((service, live)) = live {
            let session = live.session.as_ref();
            let is_up = session.is_some_and(|session| session.state == State::Up);
            if self.is_meant_to_be_locked(address, service, live.interface) {
                let locked = format!("interface {} locked, as the topology says", live.interface);
                stages.push((Stage::Light, Finding::passed(locked)));
                return (stages, notes);
            }
            stages.push((Stage::Light, light(service, live, is_up)));
            if pop.is_l3() {
                stages.push((Stage::Session, self::session(address, session, live.prefixes)));
                stages.push((Stage::Prefixes, prefixes(address, live.prefixes)));
            }
        } else {
            // Nothing is configured, or nobody could say what is.
            stages.push((Stage::Light, Finding::unknown("light not known")));
            if pop.is_l3() {
                stages.push((Stage::Session, Finding::unknown("session not known")));
                stages.push((Stage::Prefixes, Finding::unknown("prefixes not known")));
            }
        }
        (stages, notes)
    }

    /// Whether a PoP's interface is locked because it shall be: then nothing is to be expected of it.
    fn is_meant_to_be_locked(&self, pop: &Address, service: &SeenService, interface: u64) -> bool {
        let at = Address::interface(pop.vrack.clone(), service.service, Some(interface));
        let declared = self.topology.entries.get(&at).map(|entry| &entry.spec);
        let wanted = Spec::Interface(Interface { state: InterfaceState::Disabled });
        declared == Some(&wanted) && !self.drift.contains_key(&at)
    }

    fn concluded(&self, address: &Address, found: Vec<(Stage, Finding)>, notes: Vec<String>) -> Link {
        let is_open = |finding: &Finding| matches!(finding.state, RungState::Waiting | RungState::Stopped);
        let is_unknown = |finding: &Finding| finding.state == RungState::Unknown;
        let first = |test: &dyn Fn(&Finding) -> bool| found.iter().position(|(_, finding)| test(finding));
        let stop = first(&is_open).or_else(|| first(&is_unknown));
        let (verdict, next) = match stop.map(|at| &found[at].1) {
            None => (Verdict::Up, None),
            Some(finding) => {
                let verdict = match finding.state {
                    RungState::Stopped => Verdict::Stopped,
                    RungState::Unknown => Verdict::Unknown,
                    RungState::Passed | RungState::Waiting | RungState::NotReached => Verdict::Waiting,
                };
                (verdict, finding.next.clone())
            }
        };
        let stops_at = stop.map(|at| found[at].0);
        let last = first(&is_open);
        let rungs = found.into_iter().enumerate().map(|(at, (stage, finding))| {
            if last.is_some_and(|last| at > last) {
                return Rung { stage, state: RungState::NotReached, finding: None };
            }
            Rung { stage, state: finding.state, finding: Some(finding.text) }
        });
        Link {
            address: address.clone(),
            description: self.description(address),
            verdict,
            stops_at,
            stages: rungs.collect(),
            next,
            notes,
        }
    }

    /// Whether all of these are there as declared and in force. They stand in each other, the outer first.
    fn configuration(&self, addresses: &[&Address]) -> (Stage, Finding) {
        // Of what is equally bad, the outermost: the others follow from it.
        let findings = addresses.iter().rev().map(|address| self.configured(address));
        let worst = findings.max_by_key(|finding| match finding.state {
            RungState::Passed | RungState::NotReached => 0,
            RungState::Unknown => 1,
            RungState::Waiting => 2,
            RungState::Stopped => 3,
        });
        let open = worst.filter(|finding| finding.state != RungState::Passed);
        let all = if addresses.iter().any(|it| !is_membership(it)) { "configured" } else { "in the vRack" };
        (Stage::Configuration, open.unwrap_or_else(|| Finding::passed(all)))
    }

    fn configured(&self, address: &Address) -> Finding {
        let is_member = is_membership(address);
        match self.drift.get(address).map(|drift| (drift.kind, drift)) {
            Some((DriftKind::Missing, _)) => return self.missing(address),
            // A description carries nothing.
            Some((DriftKind::Differs, drift)) if !is_member => {
                let fields: Vec<String> = drift.fields.iter().map(ToString::to_string).collect();
                let differs = format!("not as declared ({})", fields.join(", "));
                return Finding::stopped(below_its_link(address, &differs), PLAN);
            }
            Some((DriftKind::Duplicate, _)) => {
                return Finding::stopped(below_its_link(address, "configured more than once"), PLAN);
            }
            Some((DriftKind::Differs | DriftKind::NotDeclared, _)) | None => {}
        }
        if is_member {
            return self.member(address);
        }
        if let Node::Service(service, ServicePart::Interface(id)) = &address.node {
            return self.interface(&address.vrack, *service, *id);
        }
        let what = |how: &str| below_its_link(address, how);
        let at_work = "OVHcloud is at work on it; `ovhconnect status` shows the tasks";
        match self.statuses.get(address) {
            None => Finding::unknown(what("not known")),
            Some(Status::Active) => Finding::passed("configured"),
            Some(Status::Creating) => Finding::waiting(what("being created"), at_work),
            Some(Status::Deleting) => Finding::waiting(what("being deleted"), at_work),
            Some(Status::Stuck) => Finding::stopped(what("its creation failed"), PLAN),
        }
    }

    /// Whether an interface of which nothing else is known to differ is there.
    fn interface(&self, vrack: &VrackName, service: ServiceId, id: Option<u64>) -> Finding {
        let interfaces = self.service(vrack, service).and_then(|it| it.interfaces.as_ref());
        match interfaces.into_iter().flatten().find(|it| Some(it.id) == id) {
            Some(port) => Finding::passed(port.status.clone()),
            None => Finding::unknown("not known whether the interface is in service"),
        }
    }

    fn member(&self, address: &Address) -> Finding {
        match address.service().and_then(|id| self.service(&address.vrack, id)) {
            None => Finding::unknown("not known whether the service is in the vRack"),
            Some(service) if service.closed == Some(true) => Finding::stopped(
                "the service is closed",
                "it is terminated and carries nothing any more: OVHcloud's support knows why",
            ),
            Some(_) => Finding::passed("in the vRack"),
        }
    }

    fn missing(&self, address: &Address) -> Finding {
        let vrack = self.seen.vracks.iter().find(|it| it.vrack == address.vrack);
        if vrack.is_some_and(is_at_work) {
            return Finding::waiting(
                below_its_link(address, "not there yet"),
                "tasks run in this vRack; `ovhconnect status` shows them",
            );
        }
        let elsewhere = address.service().and_then(|id| self.seen.home_of(id));
        match elsewhere.filter(|home| **home != address.vrack) {
            Some(home) => Finding::stopped(format!("the service is in {home}"), PLAN),
            None if is_membership(address) => Finding::stopped("the service is not in the vRack", PLAN),
            None => Finding::stopped(below_its_link(address, "not there"), PLAN),
        }
    }

    fn service(&self, vrack: &VrackName, id: ServiceId) -> Option<&'a SeenService> {
        let vrack = self.seen.vracks.iter().find(|it| it.vrack == *vrack)?;
        vrack.services.iter().find(|it| it.service == id)
    }

    fn pop_of(&self, membership: &Address) -> Option<&Spec> {
        let pop = Address::pop(membership.vrack.clone(), membership.service()?);
        Some(&self.topology.entries.get(&pop)?.spec)
    }

    fn description(&self, address: &Address) -> Option<String> {
        let membership = Address::membership(address.vrack.clone(), address.service()?);
        match &self.topology.entries.get(&membership)?.spec {
            Spec::Membership(Membership { description }) => description.clone(),
            Spec::Interface(_) | Spec::Pop(_) | Spec::Datacenter(_) | Spec::Extra(_) => None,
        }
    }
}

fn is_membership(address: &Address) -> bool {
    matches!(address.node, Node::Service(_, ServicePart::Membership))
}

/// What is said of a part of a link: a service's link is about its PoP as well.
fn below_its_link(address: &Address, how: &str) -> String {
    match address.node {
        Node::Service(_, ServicePart::Pop) => format!("PoP {how}"),
        Node::Service(_, ServicePart::Interface(_)) => how.to_owned(),
        Node::Service(..) => format!("{} {how}", address.leaf()),
        Node::Vrack | Node::Datacenter(..) => how.to_owned(),
    }
}

fn live_pop(service: &SeenService) -> Option<&SeenPop> {
    service.pops.as_ref()?.iter().min_by_key(|pop| pop.status != Status::Active)
}

fn is_at_work(vrack: &SeenVrack) -> bool {
    let of_services = vrack.services.iter().flat_map(|service| service.tasks.iter().flatten());
    vrack.tasks.iter().flatten().chain(of_services).next().is_some()
}

/// The light at a PoP's port. A session that is up proves it, where nothing else is known of it.
fn light(service: &SeenService, pop: &SeenPop, session_is_up: bool) -> Finding {
    let unknown = |text: String| if session_is_up { Finding::passed(PROVEN) } else { Finding::unknown(text) };
    let Some(interfaces) = &service.interfaces else { return unknown("light not known".to_owned()) };
    match interfaces.iter().find(|it| it.id == pop.interface) {
        None => unknown(format!("light not known: interface {} is not listed", pop.interface)),
        Some(port) => shines(port, session_is_up),
    }
}

/// What is said of light that only the session tells of.
const PROVEN: &str = "light not measured, and proven by the session";

/// Whether a port is in service, light arrives there, and the link is up.
fn shines(port: &SeenInterface, session_is_up: bool) -> Finding {
    let id = port.id;
    if !port.in_service() {
        let next = match port.status.as_str() {
            "disabled" => "it is locked: `interface: {state: enabled}` in the topology unlocks it",
            _ => "OVHcloud's support can put it into service",
        };
        return Finding::stopped(format!("interface {id} is {}", port.status), next);
    }
    let measured = port.light_measured.as_deref();
    let when = measured.map(|at| format!(", measured {}", time(at))).unwrap_or_default();
    match (port.light_in.state, port.link) {
        (State::Down, State::Up) if came_up_since(port) => {
            Finding::passed("link up, light not measured since")
        }
        (State::Down, _) => Finding::waiting(
            format!("no light arrives at interface {id}{when}"),
            "ask the provider, or the data centre about the cross connect: are both fibres in, the right way \
             round, and does your side send? OVHcloud measures every five minutes",
        ),
        (_, State::Down) => Finding::waiting(
            format!("the link of interface {id} is down{}", since(port.link_since.as_deref())),
            "light arrives and the two ends do not agree: the same speed and kind of optics, and no \
             auto-negotiation",
        ),
        (State::Unknown, State::Unknown) if session_is_up => Finding::passed(PROVEN),
        (State::Unknown, State::Unknown) => Finding::waiting(
            "light not measured yet",
            "OVHcloud measures every five minutes; `ovhconnect status` shows the port",
        ),
        (State::Up, State::Up | State::Unknown) | (State::Unknown, State::Up) => {
            Finding::passed(format!("light{}", dbm(port.light_in)))
        }
    }
}

/// Whether the link came up after the light was measured. What cannot be compared does not count.
fn came_up_since(port: &SeenInterface) -> bool {
    let at = |text: &Option<String>| text.as_ref()?.parse::<Timestamp>().ok();
    matches!((at(&port.link_since), at(&port.light_measured)), (Some(up), Some(measured)) if up > measured)
}

fn dbm(light: Light) -> String {
    light.dbm.map(|dbm| format!(" in {dbm:.1} dBm")).unwrap_or_default()
}

fn session(address: &Address, session: Option<&Session>, prefixes: Option<u64>) -> Finding {
    let ask = format!("`ovhconnect diagnose {address}` asks OVHcloud's router");
    let Some(session) = session else {
        let unknown = Finding::unknown("session not known");
        return Finding { next: Some(format!("see why it could not be read; {ask}")), ..unknown };
    };
    let flaps = match session.flaps {
        None | Some(0) => String::new(),
        Some(1) => ", 1 flap".to_owned(),
        Some(flaps) => format!(", {flaps} flaps"),
    };
    let since = since(session.last_change.as_deref());
    match session.state {
        State::Up => Finding::passed(format!("session up{since}{flaps}")),
        State::Unknown => Finding::waiting("the API does not say yet whether the session is up", ask),
        State::Down if prefixes.is_some_and(|prefixes| prefixes > MAX_PREFIXES) => {
            let many = prefixes.unwrap_or_default();
            Finding::waiting(
                format!("session down{since}{flaps}, after {many} prefixes, and {MAX_PREFIXES} is the limit"),
                FEWER,
            )
        }
        State::Down => Finding::waiting(
            format!("session down{since}{flaps}"),
            format!("is your router as `ovhconnect router` writes it? {ask}"),
        ),
    }
}

/// What to do about too many prefixes.
const FEWER: &str =
    "announce fewer: aggregate them, and filter what goes out; OVHcloud closes a session that gets more";

fn prefixes(address: &Address, prefixes: Option<u64>) -> Finding {
    match prefixes {
        None => Finding::unknown("prefixes not known"),
        Some(0) => Finding::waiting(
            "no prefix is accepted",
            format!(
                "does your router announce any? `ovhconnect diagnose {address} --kind received` shows what arrives"
            ),
        ),
        Some(many) if many > MAX_PREFIXES => {
            Finding::waiting(format!("{many} prefixes, and {MAX_PREFIXES} is the limit"), FEWER)
        }
        Some(many) => Finding::passed(format!("{many} of {MAX_PREFIXES} prefixes")),
    }
}

fn since(moment: Option<&str>) -> String {
    moment.map(|at| format!(" since {}", time(at))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EARLY: &str = "2026-01-01T00:00:00Z";
    const LATE: &str = "2026-01-01T00:04:00+00:00";

    /// A port in service whose link last changed late, and whose light was measured before that.
    fn port(light: State, link: State) -> SeenInterface {
        SeenInterface {
            id: 101,
            status: "enabled".to_owned(),
            link,
            link_since: Some(LATE.to_owned()),
            light_in: Light { state: light, dbm: Some(-3.25) },
            light_out: Light { state: State::Up, dbm: None },
            light_measured: Some(EARLY.to_owned()),
        }
    }

    fn found(port: &SeenInterface) -> (RungState, String) {
        let Finding { state, text, next } = shines(port, false);
        assert_eq!(next.is_some(), state != RungState::Passed, "{text}");
        (state, text)
    }

    #[test]
    fn light_is_judged_by_what_was_measured_last() {
        use State::{Down, Unknown, Up};
        for (light, link, passed) in [
            (Up, Up, true),
            (Up, Unknown, true),
            (Unknown, Up, true),
            // It came up after the light was measured, which takes up to five minutes to show.
            (Down, Up, true),
            (Up, Down, false),
            (Unknown, Down, false),
            (Unknown, Unknown, false),
            (Down, Down, false),
            (Down, Unknown, false),
        ] {
            let (state, text) = found(&port(light, link));
            let expected = if passed { RungState::Passed } else { RungState::Waiting };
            assert_eq!(state, expected, "light {light:?}, link {link:?}: {text}");
        }
        // Measured since, or at no time that can be compared: the light counts.
        for measured in [Some(LATE), Some("soon"), None] {
            let port = SeenInterface { light_measured: measured.map(str::to_owned), ..port(Down, Up) };
            assert_eq!(found(&port).0, RungState::Waiting, "measured {measured:?}");
        }
        assert_eq!(found(&port(Up, Up)).1, "light in -3.2 dBm");
        // A session proves light that was not measured, and none that is missing.
        assert_eq!(shines(&port(Unknown, Unknown), true).state, RungState::Passed);
        assert_eq!(shines(&port(Down, Down), true).state, RungState::Waiting);
    }

    #[test]
    fn a_port_out_of_service_stops_whatever_shines() {
        for status in ["disabled", "reserved"] {
            let port = SeenInterface { status: status.to_owned(), ..port(State::Up, State::Up) };
            assert_eq!(found(&port), (RungState::Stopped, format!("interface 101 is {status}")));
        }
    }
}
