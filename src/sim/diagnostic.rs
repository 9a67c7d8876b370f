//! Diagnostics a customer runs on a service, and incidents OVHcloud declares.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Pop, Route};
use super::moment::Moment;
use super::refusal::Refusal;
use super::task::{Event, Fate};
use super::world::World;
use crate::api::wire::LightStatus;

/// Diagnostics of one kind that a service may run a day. Source: OVHcloud's guides.
const PER_DAY: usize = 10;

/// A day.
const DAY: Duration = Duration::from_secs(86_400);

/// How long a diagnostic is kept. Source: OVHcloud's guides.
const KEPT: Duration = Duration::from_secs(7 * 86_400);

/// The kinds of diagnostic the API knows. Source: published API.
pub(super) const FUNCTIONS: [&str; 4] = ["diagMacs", "diagPeering", "diagPeeringExtra", "diagRoutes"];

/// The types of diagnostic the API knows. Source: published API.
pub(super) const TYPES: [&str; 3] = ["advertised-routes", "default", "routes"];

/// What the body that asks for a diagnostic holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewDiagnostic {
    /// `diagMacs`, `diagPeering`, `diagPeeringExtra` or `diagRoutes`.
    pub function: String,
    /// `advertised-routes`, `default` or `routes`.
    pub kind: Option<String>,
    /// The PoP configuration to look at.
    pub pop: u64,
    /// The datacenter configuration to look at, by the id it has under the service.
    pub datacenter: Option<u64>,
    /// The extra configuration to look at, by the id it has under the service.
    pub extra: Option<u64>,
}

/// A diagnostic as the account keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Diagnostic {
    id: u64,
    service: Uuid,
    function: String,
    kind: String,
    pop: u64,
    #[serde(default)]
    datacenter: Option<u64>,
    asked: Moment,
    #[serde(default)]
    fate: Fate,
    done: bool,
    result: Vec<DiagnosticLine>,
}

/// One line of a diagnostic's result (`ovhcloudconnect.DiagnosticResult`).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct DiagnosticLine {
    /// The AS path of a route.
    pub aspath: Option<String>,
    /// The command that was run.
    pub cmd: Option<String>,
    /// Local preference of a route.
    pub localprefix: Option<u64>,
    /// A MAC address.
    pub mac: Option<String>,
    /// The BGP metric of a route.
    pub med: Option<u64>,
    /// What the command answered.
    pub output: Option<String>,
    /// The prefix of a route.
    pub prefix: Option<String>,
    /// The eVPN router's MAC address.
    pub routermac: Option<String>,
    /// When the route or address appeared.
    pub timestamp: Option<String>,
}

/// A diagnostic as the API shows it (`ovhcloudconnect.Diagnostic`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DiagnosticReport {
    /// Its number in every route.
    pub id: u64,
    /// What was run.
    pub function: String,
    /// `todo` until the result is there, then `done`; `error` or `denied` where there will be none.
    pub status: String,
    /// When it was asked for.
    pub date: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The router it was run on.
    pub source: Option<String>,
    /// The result, once it is there.
    pub result: Option<Vec<DiagnosticLine>>,
}

/// An incident or a maintenance that touches a service.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Incident {
    id: u64,
    maintenance: bool,
    start: Moment,
    end: Option<Moment>,
}

/// An incident as the API shows it (`ovhcloudconnect.Incident`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncidentReport {
    /// Its number in every route.
    pub id: u64,
    /// `incident` or `maintenance`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it begins.
    pub start_date: String,
    /// When it ends, where that is known.
    pub end_date: Option<String>,
}

impl World {
    /// Runs a diagnostic. Its result is there after the time of one task, unless another fate is due.
    ///
    /// # Errors
    /// 400 for an unknown kind, 404 where what it looks at is not there, 429 after the tenth of
    /// its kind within a day.
    pub fn run_diagnostic(
        &mut self,
        service: Uuid,
        new: &NewDiagnostic,
    ) -> Result<DiagnosticReport, Refusal> {
        let kind = new.kind.as_deref().unwrap_or("default");
        one_of("diagnosticName", &new.function, &FUNCTIONS, "diagnostic.FunctionEnum")?;
        one_of("diagnosticType", kind, &TYPES, "diagnostic.TypeEnum")?;
        self.the_pop(service, new.pop)?;
        let mut looked_at = None;
        if let Some(datacenter) = new.datacenter {
            looked_at = Some(self.the_datacenter(service, new.pop, datacenter)?.id);
            if let Some(extra) = new.extra {
                self.the_extra(service, new.pop, datacenter, extra)?;
            }
        }
        let today = self
            .diagnostics_of(service)?
            .filter(|past| past.function == new.function && self.now.since(past.asked) < DAY)
            .count();
        if today >= PER_DAY {
            return Err(Refusal::too_many(format!("{} was already run {PER_DAY} times today", new.function)));
        }
        let id = self.fresh_id();
        let fate = self.fates.pop_front().unwrap_or_default();
        let diagnostic = Diagnostic {
            id,
            service,
            function: new.function.clone(),
            kind: kind.to_owned(),
            pop: new.pop,
            datacenter: looked_at,
            asked: self.now,
            fate,
            done: false,
            result: Vec::new(),
        };
        self.diagnostics.insert(id, diagnostic);
        self.forget_old_diagnostics(service);
        if let Some(owner) = self.services.get_mut(&service) {
            owner.diagnostics.insert(id);
        }
        if !fate.hangs() {
            self.schedule(self.options.task, Event::Diagnosed(id));
        }
        self.touch();
        self.diagnostic(service, id)
    }

    /// The diagnostics of a service of the last seven days.
    ///
    /// # Errors
    /// 404 where there is no such service.
    pub fn diagnostics(&self, service: Uuid) -> Result<Vec<DiagnosticReport>, Refusal> {
        Ok(self.diagnostics_of(service)?.map(|found| self.report(found)).collect())
    }

    /// One diagnostic of a service.
    ///
    /// # Errors
    /// 404 where there is none, or it is older than seven days.
    pub fn diagnostic(&self, service: Uuid, id: u64) -> Result<DiagnosticReport, Refusal> {
        let found = self.diagnostics_of(service)?.find(|found| found.id == id);
        found.map(|found| self.report(found)).ok_or_else(|| Refusal::no_object("id", id))
    }

    /// The incidents of a service.
    ///
    /// # Errors
    /// 404 where there is no such service.
    pub fn incidents(&self, service: Uuid) -> Result<Vec<IncidentReport>, Refusal> {
        let ids = &self.the_service(service)?.incidents;
        let found = ids.iter().filter_map(|id| self.incidents.get(id));
        Ok(found
            .map(|incident| IncidentReport {
                id: incident.id,
                kind: if incident.maintenance { "maintenance" } else { "incident" }.to_owned(),
                start_date: incident.start.to_string(),
                end_date: incident.end.map(|end| end.to_string()),
            })
            .collect())
    }

    /// One incident of a service.
    ///
    /// # Errors
    /// 404 where there is none.
    pub fn incident(&self, service: Uuid, id: u64) -> Result<IncidentReport, Refusal> {
        let found = self.incidents(service)?.into_iter().find(|incident| incident.id == id);
        found.ok_or_else(|| Refusal::no_object("id", id))
    }

    /// Declares an incident or a maintenance on a service, from now for `span` (or with no known
    /// end). Returns its id.
    pub fn seed_incident(&mut self, service: Uuid, maintenance: bool, span: Option<Duration>) -> u64 {
        let id = self.fresh_id();
        let end = span.map(|span| self.now.after(span));
        self.incidents.insert(id, Incident { id, maintenance, start: self.now, end });
        if let Some(owner) = self.services.get_mut(&service) {
            owner.incidents.insert(id);
        }
        self.touch();
        id
    }

    pub(super) fn finish_diagnostic(&mut self, id: u64) {
        let Some(found) = self.diagnostics.get(&id) else { return };
        let findings = || self.pops.get(&found.pop).map(|pop| self.findings(found, pop)).unwrap_or_default();
        let result = if found.fate == Fate::Done { findings() } else { Vec::new() };
        if let Some(found) = self.diagnostics.get_mut(&id) {
            found.result = result;
            found.done = true;
        }
    }

    fn diagnostics_of(&self, service: Uuid) -> Result<impl Iterator<Item = &Diagnostic>, Refusal> {
        let ids = &self.the_service(service)?.diagnostics;
        let kept = |found: &&Diagnostic| self.now.since(found.asked) < KEPT;
        Ok(ids.iter().filter_map(|id| self.diagnostics.get(id)).filter(kept))
    }

    fn forget_old_diagnostics(&mut self, service: Uuid) {
        let Some(owner) = self.services.get_mut(&service) else { return };
        let (now, diagnostics) = (self.now, &mut self.diagnostics);
        owner.diagnostics.retain(|id| {
            let kept = diagnostics.get(id).is_some_and(|found| now.since(found.asked) < KEPT);
            if !kept {
                diagnostics.remove(id);
            }
            kept
        });
    }

    fn report(&self, found: &Diagnostic) -> DiagnosticReport {
        let source = self.services.get(&found.service).map(|service| format!("{} router A", service.pop));
        let status = match (found.done, found.fate) {
            (false, Fate::Paused) => "pause",
            (false, Fate::Stuck) => "doing",
            (false, _) => "todo",
            (true, Fate::Error) => "error",
            (true, Fate::Denied) => "denied",
            (true, _) => "done",
        };
        DiagnosticReport {
            id: found.id,
            function: found.function.clone(),
            status: status.to_owned(),
            date: Some(found.asked.to_string()),
            description: Some(format!("{} ({})", found.function, found.kind)),
            source,
            result: found.done.then(|| found.result.clone()),
        }
    }

    /// What the routers would say. Assumed: the wording, and which type of which function tells what; the shape
    /// is the published API's.
    fn findings(&self, asked: &Diagnostic, pop: &Pop) -> Vec<DiagnosticLine> {
        let since = Some(pop.changed.to_string());
        match (asked.function.as_str(), asked.kind.as_str()) {
            ("diagMacs", _) => vec![DiagnosticLine {
                mac: Some("02:00:00:00:00:01".to_owned()),
                timestamp: since,
                ..Default::default()
            }],
            ("diagRoutes", _) => {
                let behind = self.routes_behind(pop, asked.datacenter, since.as_ref());
                self.routes_heard(pop, since.as_ref()).into_iter().chain(behind).collect()
            }
            ("diagPeering", "routes") => self.routes_heard(pop, since.as_ref()),
            (_, "routes") => Vec::new(),
            (_, "advertised-routes") if self.is_heard(pop) => self.routes_behind(pop, None, since.as_ref()),
            (_, "advertised-routes") => Vec::new(),
            (function, _) => {
                // The state of a peer in a datacenter follows nothing that the account holds.
                let is_up = function == "diagPeeringExtra" || self.is_heard(pop);
                let state = if is_up { "Established" } else { "Idle" };
                vec![DiagnosticLine {
                    cmd: Some("show bgp neighbors".to_owned()),
                    output: Some(format!("BGP state = {state}")),
                    timestamp: since,
                    ..Default::default()
                }]
            }
        }
    }

    /// Whether a PoP's session is up.
    fn is_heard(&self, pop: &Pop) -> bool {
        self.session(pop.service, pop.id).is_ok_and(|session| session.status == LightStatus::Up)
    }

    /// What the customer's router announces: as many prefixes as it is said to.
    fn routes_heard(&self, pop: &Pop, since: Option<&String>) -> Vec<DiagnosticLine> {
        let many = if self.is_heard(pop) { pop.peer.prefixes } else { 0 };
        (0..many).map(|number| route(format!("10.200.{number}.0/24"), pop.customer_asn, since)).collect()
    }

    /// What is reached through OVHcloud, in one datacenter or in all of them.
    fn routes_behind(&self, pop: &Pop, only: Option<u64>, since: Option<&String>) -> Vec<DiagnosticLine> {
        let all = self.vrack_of_pop(pop).into_iter().flat_map(|vrack| &vrack.datacenters);
        let shown = all.filter(|id| only.is_none_or(|only| only == **id));
        let datacenters = shown.filter_map(|id| self.datacenters.get(id));
        let routes = datacenters.flat_map(|datacenter| {
            let extras = datacenter.extras.iter().filter_map(|id| self.extras.get(id));
            let behind = extras.filter_map(|extra| match &extra.route {
                Route::Network { subnet, .. } => subnet.clone(),
                Route::Bgp { .. } => None,
            });
            let prefixes = datacenter.subnet.clone().into_iter().chain(behind);
            prefixes.map(|prefix| route(prefix, datacenter.ovh_asn, since))
        });
        routes.collect()
    }
}

fn route(prefix: String, asn: Option<u32>, since: Option<&String>) -> DiagnosticLine {
    DiagnosticLine {
        aspath: asn.map(|asn| asn.to_string()),
        localprefix: Some(100),
        med: Some(0),
        prefix: Some(prefix),
        timestamp: since.cloned(),
        ..Default::default()
    }
}

/// Whether a value is one of those an enum of the published API has.
pub(super) fn one_of(field: &str, value: &str, known: &[&str], name: &str) -> Result<(), Refusal> {
    if known.contains(&value) {
        return Ok(());
    }
    Err(Refusal::bad_request(format!("[{field}] Given data ({value}) is not valid for type {name}")))
}
