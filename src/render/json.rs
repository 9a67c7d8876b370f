//! A plan for programs. `schemas/plan.schema.json` is generated from the types here.
//!
//! `resource_changes` and `format_version` follow the JSON that Terraform writes for its plans, so that
//! what reads those (policies, summaries) reads this; the rest is ours, in the API's way to write names.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::estate::{Item, Mark};
use super::events::seconds;
use super::report::{self, Report, managed};
use super::schedule::Schedule;
use super::words::{self, ShortNames};
use super::{fields, impact};
use crate::diff::{Action, Goal, Reason};
use crate::live::Status;
use crate::plan::{Because, Impact, Operation, Plan, StepId};
use crate::topology::{
    Address, Asn, Datacenter, DatacenterName, DatacenterPart, Extra, Field, Interface, InterfaceState,
    Membership, Node, Pop, ServiceId, ServicePart, Spec, VrackName,
};

/// The version of this format. A new field raises the minor number, anything else the major one.
pub const FORMAT: &str = "1.2";
/// The version of Terraform's format that `resource_changes` follows.
const TERRAFORM_FORMAT: &str = "1.2";

/// A plan.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The version of this format: major and minor. A new minor version adds fields.
    pub format_version: String,
    /// The version of Terraform's plan format that `resource_changes` follows.
    #[serde(rename = "format_version")]
    pub terraform_format_version: String,
    /// The program that wrote it.
    pub program: String,
    /// The URL of the API.
    pub endpoint: String,
    /// What was planned.
    pub goal: Goal,
    /// What the plan was limited to, if to anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Address>,
    /// How many changes of each kind.
    pub summary: Summary,
    /// Every configuration that is declared or to be removed, by address: changed or, with the action
    /// `no-op`, right already.
    #[serde(rename = "resource_changes")]
    pub resource_changes: Vec<ResourceChange>,
    /// The calls, in one order that respects every edge.
    pub steps: Vec<Step>,
    /// What waits for what, and why.
    pub edges: Vec<Edge>,
    /// What stands before, meanwhile and afterwards, by vRack.
    pub impact: BTreeMap<VrackName, Impact>,
    /// The traffic that stops.
    pub alarms: Vec<Alarm>,
    /// What is live, not declared, and left alone on purpose.
    pub unmanaged: Vec<Address>,
    /// What the plan would do and may not. It is refused if there is anything.
    pub violations: Vec<Violation>,
    /// How long it is expected to take, where that is known from earlier runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
}

/// How long a plan is expected to take.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Expected {
    /// How long, by the order and by what single steps are expected to take.
    pub seconds: f64,
    /// Whether it is more than that, because of some step it is not known how long it takes.
    pub at_least: bool,
    /// How many steps were measured.
    pub measured_steps: usize,
    /// In how many earlier runs.
    pub earlier_runs: usize,
}

/// How many changes there are of each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Made.
    pub create: usize,
    /// Changed in place.
    pub update: usize,
    /// Deleted and made anew.
    pub replace: usize,
    /// Removed.
    pub delete: usize,
    /// Waited for.
    pub wait: usize,
    /// Declared, and right already.
    pub unchanged: usize,
}

/// A configuration and what becomes of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ResourceChange {
    /// Where it stands.
    pub address: Address,
    /// Always `managed`.
    pub mode: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Its address again: that is its name.
    pub name: String,
    /// Always `ovhconnect`.
    pub provider_name: String,
    /// That another one stays at the same address, and which this is: the API's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposed: Option<String>,
    /// What is done.
    pub change: ChangeBody,
    /// What is done, in one word, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Where the one that stands is in its life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

/// What a configuration is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub enum ResourceType {
    /// A service is in the vRack.
    #[serde(rename = "ovhconnect_membership")]
    Membership,
    /// Whether an interface of a service is in service.
    #[serde(rename = "ovhconnect_interface")]
    Interface,
    /// The PoP configuration of a service.
    #[serde(rename = "ovhconnect_pop")]
    Pop,
    /// A datacenter configuration.
    #[serde(rename = "ovhconnect_datacenter")]
    Datacenter,
    /// A static route.
    #[serde(rename = "ovhconnect_network")]
    Network,
    /// A BGP peer.
    #[serde(rename = "ovhconnect_bgp")]
    Bgp,
}

/// What is done to a configuration.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangeBody {
    /// One of `["create"]`, `["update"]`, `["delete"]`, `["delete", "create"]` (a replacement) and
    /// `["no-op"]` (right already, or only waited for).
    pub actions: Vec<TerraformAction>,
    /// Its values now; null where nothing stands.
    pub before: Option<Values>,
    /// Its values afterwards; null where nothing will stand.
    pub after: Option<Values>,
    /// The fields whose value OVHcloud chooses.
    pub after_unknown: BTreeMap<Field, bool>,
    /// Nothing in it is secret.
    pub before_sensitive: bool,
    /// Nothing in it is secret.
    pub after_sensitive: bool,
    /// The fields that force a replacement, each as a path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replace_paths: Vec<Vec<Field>>,
}

/// An action, in Terraform's word for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TerraformAction {
    /// Made.
    Create,
    /// Changed in place.
    Update,
    /// Removed.
    Delete,
    /// Left as it is.
    NoOp,
}

/// The values of a configuration: the names in its address, then its fields by the API's names.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Values {
    /// The vRack.
    pub vrack: String,
    /// The service, of a membership, an interface, a PoP and an l2 datacenter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
    /// The datacenter's name, of a datacenter and what is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<DatacenterName>,
    /// The service's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether an interface is in service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<InterfaceState>,
    /// `l2` or `l3`, of a PoP and a datacenter; `network` or `bgp`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The service's interface, or the one it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface_id: Option<u64>,
    /// The customer's ASN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_bgp_area: Option<Asn>,
    /// OVHcloud's ASN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ovh_bgp_area: Option<Asn>,
    /// The prefix of a PoP, a datacenter or a static route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub subnet: Option<Ipv4Net>,
    /// The gateway of a static route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_hop: Option<Ipv4Addr>,
    /// The address of a BGP peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_neighbor_ip: Option<Ipv4Addr>,
    /// The ASN of a BGP peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_neighbor_area: Option<Asn>,
}

/// One API call and the wait for its effect.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Its number, from 1.
    pub number: usize,
    /// What it is about.
    pub address: Address,
    /// What it does.
    pub call: Call,
    /// What it does, in words.
    pub does: String,
    /// The entry of `resource_changes` it is part of, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_change: Option<usize>,
    /// How many steps have to be done one after the other before it can begin.
    pub round: usize,
    /// How long it is expected to take, where that is known: the median of what was measured of its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_seconds: Option<f64>,
}

/// What a step does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Call {
    /// Puts a service into a vRack.
    Attach,
    /// Takes a service out of a vRack.
    Detach,
    /// Sets a service's description.
    Describe,
    /// Takes an interface out of service.
    Lock,
    /// Puts an interface back in service.
    Unlock,
    /// Creates a configuration.
    Create,
    /// Deletes a configuration.
    Delete,
    /// Calls nothing; waits for what OVHcloud is doing.
    Wait,
}

/// That a step waits for another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// The number of the step that comes first.
    pub before: usize,
    /// The number of the step that waits.
    pub after: usize,
    /// Why.
    pub reason: Because,
    /// Why, in words.
    pub because: String,
}

/// Traffic that stops.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alarm {
    /// The vRack it flows through.
    pub vrack: VrackName,
    /// The l2 PoP it flows through; none for the l3 traffic of the vRack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pop: Option<Address>,
    /// Whether it flows again afterwards.
    pub comes_back: bool,
    /// What stops, in words.
    pub message: String,
}

/// What the plan would do and may not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// What, in words.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// The document about a plan.
#[must_use]
pub fn plan(report: &Report<'_>) -> String {
    let document = Document::of(report);
    let text = serde_json::to_string_pretty(&document).expect("plans are plain data with text keys");
    format!("{text}\n")
}

/// The schema of the document.
#[must_use]
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Document).to_value();
    if let Value::Object(fields) = &mut schema {
        fields.insert("title".to_owned(), Value::String("A plan of ovhconnect".to_owned()));
        let major = FORMAT.split('.').next().unwrap_or(FORMAT);
        fields.insert("$id".to_owned(), Value::String(format!("ovhconnect/plan/{major}")));
    }
    schema
}

impl Document {
    fn of(report: &Report<'_>) -> Self {
        let Report { plan, live: _, name: _, endpoint, only, violations, expected } = report;
        let estate = report.estate();
        let items: Vec<&Item<'_>> = managed(&estate).collect();
        let entries: HashMap<usize, usize> =
            items.iter().enumerate().filter_map(|(entry, item)| Some((item.change?, entry))).collect();
        Self {
            format_version: FORMAT.to_owned(),
            terraform_format_version: TERRAFORM_FORMAT.to_owned(),
            program: concat!("ovhconnect ", env!("CARGO_PKG_VERSION")).to_owned(),
            endpoint: (*endpoint).to_owned(),
            goal: plan.goal,
            only: only.cloned(),
            summary: Summary::of(plan),
            resource_changes: items.iter().map(|item| ResourceChange::of(plan, item)).collect(),
            steps: steps(plan, &entries, *expected),
            edges: plan.edges.iter().map(Edge::from).collect(),
            impact: plan.impact.clone(),
            alarms: impact::Traffic::of(plan).alarms().map(Alarm::from).collect(),
            unmanaged: plan.unmanaged.clone(),
            violations: violations
                .iter()
                .map(|it| Violation { message: it.to_string(), help: it.help().to_owned() })
                .collect(),
            expected: expected.map(Expected::from),
        }
    }
}

impl Summary {
    /// How many changes of each kind a plan makes.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let counts = words::counts(plan);
        let count = |action| counts.get(&action).copied().unwrap_or(0);
        Self {
            create: count(Action::Create),
            update: count(Action::Update),
            replace: count(Action::Replace),
            delete: count(Action::Delete),
            wait: count(Action::Wait),
            unchanged: plan.unchanged,
        }
    }
}

impl ResourceChange {
    fn of(plan: &Plan, item: &Item<'_>) -> Self {
        let change = item.change.and_then(|at| plan.changes.get(at));
        let duplicate = change.filter(|change| change.reason == Reason::Duplicate);
        Self {
            address: item.address.clone(),
            mode: "managed".to_owned(),
            kind: ResourceType::of(&item.address),
            name: item.address.to_string(),
            provider_name: "ovhconnect".to_owned(),
            deposed: duplicate.and_then(|it| Some(it.before.as_ref()?.id.lowest().to_string())),
            change: ChangeBody::of(item, change.map_or(&[], |change| &change.fields)),
            action: change.map(|change| change.action),
            reason: change.map(|change| change.reason.clone()),
            because: change.map(words::reason),
            status: item.status,
        }
    }
}

impl ResourceType {
    /// What stands at an address. (Nothing is configured at a vRack itself.)
    const fn of(address: &Address) -> Self {
        match &address.node {
            Node::Vrack | Node::Service(_, ServicePart::Membership) => Self::Membership,
            Node::Service(_, ServicePart::Interface(_)) => Self::Interface,
            Node::Service(_, ServicePart::Pop) => Self::Pop,
            Node::Service(_, ServicePart::L2Datacenter(_)) | Node::Datacenter(_, DatacenterPart::Config) => {
                Self::Datacenter
            }
            Node::Datacenter(_, DatacenterPart::Network(_)) => Self::Network,
            Node::Datacenter(_, DatacenterPart::Bgp(_)) => Self::Bgp,
        }
    }
}

impl ChangeBody {
    fn of(item: &Item<'_>, differing: &[Field]) -> Self {
        use TerraformAction::{Create, Delete, NoOp, Update};
        let actions = match item.mark {
            Mark::Changed(Action::Create) => vec![Create],
            Mark::Changed(Action::Update) => vec![Update],
            Mark::Changed(Action::Delete) => vec![Delete],
            Mark::Changed(Action::Replace) => vec![Delete, Create],
            Mark::Changed(Action::Wait) | Mark::Kept | Mark::Unmanaged => vec![NoOp],
        };
        let values = |spec: &Option<std::borrow::Cow<'_, Spec>>| {
            spec.as_deref().map(|spec| Values::of(&item.address, spec))
        };
        let assigned = item.after.as_deref().is_some_and(fields::assigns_asn);
        let forces = item.mark == Mark::Changed(Action::Replace);
        Self {
            actions,
            before: values(&item.before),
            after: values(&item.after),
            after_unknown: assigned.then_some((Field::OvhBgpArea, true)).into_iter().collect(),
            before_sensitive: false,
            after_sensitive: false,
            replace_paths: differing.iter().filter(|_| forces).map(|field| vec![*field]).collect(),
        }
    }
}

impl Values {
    fn of(address: &Address, spec: &Spec) -> Self {
        let mut values = Self {
            vrack: address.vrack.to_string(),
            service: address.service(),
            datacenter: address.datacenter_name().cloned(),
            ..Self::default()
        };
        match &address.node {
            Node::Datacenter(_, DatacenterPart::Network(subnet)) => values.subnet = Some(*subnet),
            Node::Datacenter(_, DatacenterPart::Bgp(peer)) => values.bgp_neighbor_ip = Some(*peer),
            Node::Service(_, ServicePart::Interface(id)) => values.interface_id = *id,
            Node::Vrack | Node::Service(..) | Node::Datacenter(_, DatacenterPart::Config) => {}
        }
        let kind = match spec {
            Spec::Membership(Membership { description }) => {
                values.description.clone_from(description);
                None
            }
            Spec::Interface(Interface { state }) => {
                values.state = Some(*state);
                None
            }
            Spec::Pop(Pop::L2 { interface_id }) => {
                values.interface_id = *interface_id;
                Some("l2")
            }
            Spec::Pop(Pop::L3 { interface_id, customer_bgp_area, ovh_bgp_area, subnet }) => {
                values.interface_id = *interface_id;
                values.customer_bgp_area = Some(*customer_bgp_area);
                values.ovh_bgp_area = *ovh_bgp_area;
                values.subnet = Some(*subnet);
                Some("l3")
            }
            Spec::Datacenter(Datacenter::L2) => Some("l2"),
            Spec::Datacenter(Datacenter::L3 { ovh_bgp_area, subnet }) => {
                values.ovh_bgp_area = *ovh_bgp_area;
                values.subnet = Some(*subnet);
                Some("l3")
            }
            Spec::Extra(Extra::Network { next_hop }) => {
                values.next_hop = Some(*next_hop);
                Some("network")
            }
            Spec::Extra(Extra::Bgp { bgp_neighbor_area }) => {
                values.bgp_neighbor_area = Some(*bgp_neighbor_area);
                Some("bgp")
            }
        };
        values.kind = kind.map(str::to_owned);
        values
    }
}

fn steps(plan: &Plan, entries: &HashMap<usize, usize>, expected: Option<&report::Expected>) -> Vec<Step> {
    let names = ShortNames::of(plan);
    let schedule = Schedule::of(plan);
    let step = |(id, step): (StepId, &crate::plan::Step)| Step {
        number: id.0 + 1,
        address: step.address.clone(),
        call: Call::of(&step.operation),
        does: words::step(step, &names),
        resource_change: step.change.and_then(|change| entries.get(&change).copied()),
        round: schedule.round(id),
        expected_seconds: expected.and_then(|it| it.steps[id.0]).map(seconds),
    };
    plan.steps().map(step).collect()
}

impl Call {
    /// The kind of an operation.
    #[must_use]
    pub const fn of(operation: &Operation) -> Self {
        match operation {
            Operation::Attach { .. } => Self::Attach,
            Operation::Detach { .. } => Self::Detach,
            Operation::Describe { .. } => Self::Describe,
            Operation::Lock { .. } => Self::Lock,
            Operation::Unlock { .. } => Self::Unlock,
            Operation::CreatePop { .. }
            | Operation::CreateDatacenter { .. }
            | Operation::CreateExtra { .. } => Self::Create,
            Operation::DeletePop { .. }
            | Operation::DeleteDatacenter { .. }
            | Operation::DeleteExtra { .. } => Self::Delete,
            Operation::AwaitActive { .. }
            | Operation::AwaitSettled { .. }
            | Operation::AwaitGone { .. }
            | Operation::AwaitTask { .. }
            | Operation::AwaitVrackTask { .. } => Self::Wait,
        }
    }
}

impl From<&report::Expected> for Expected {
    fn from(expected: &report::Expected) -> Self {
        let report::Expected { forecast, steps: _, measured, runs } = expected;
        Self {
            seconds: seconds(forecast.end),
            at_least: forecast.is_least,
            measured_steps: *measured,
            earlier_runs: *runs,
        }
    }
}

impl From<&crate::plan::Edge> for Edge {
    fn from(edge: &crate::plan::Edge) -> Self {
        let crate::plan::Edge { before, after, because } = edge;
        Self {
            before: before.0 + 1,
            after: after.0 + 1,
            reason: because.clone(),
            because: because.to_string(),
        }
    }
}

impl From<&impact::Alarm> for Alarm {
    fn from(alarm: &impact::Alarm) -> Self {
        Self {
            vrack: alarm.vrack.clone(),
            pop: alarm.pop.clone(),
            comes_back: alarm.comes_back,
            message: alarm.to_string(),
        }
    }
}
