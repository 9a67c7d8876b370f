//! What a step does, in a few words.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diff::{Action, Change, Goal, Reason};
use crate::plan::{NewExtra, Operation, Plan, Step};
use crate::topology::{Address, Datacenter, Node, Pop, ServiceId, ServicePart};

/// Short names of services: the first part of the uuid, or all of it where two share that.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ShortNames(BTreeMap<ServiceId, String>);

impl ShortNames {
    /// The short names of the services in a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let addresses = plan.changes.iter().map(|change| &change.address);
        let addresses = addresses.chain(plan.steps.iter().map(|step| &step.address));
        let services = addresses.filter_map(Address::service);
        let mut names: BTreeMap<ServiceId, String> = services.map(|it| (it, it.short())).collect();
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for name in names.values() {
            *count.entry(name.clone()).or_default() += 1;
        }
        for (service, name) in &mut names {
            if count.get(name).is_some_and(|count| *count > 1) {
                *name = service.to_string();
            }
        }
        Self(names)
    }

    /// The short name of a service.
    #[must_use]
    pub fn get(&self, service: ServiceId) -> String {
        self.0.get(&service).cloned().unwrap_or_else(|| service.short())
    }
}

/// What a step does: a verb, what it is done to, and what tells it from its like.
#[must_use]
pub fn step(step: &Step, names: &ShortNames) -> String {
    let vrack = &step.address.vrack;
    let place = place(&step.address, names);
    match &step.operation {
        Operation::Attach { service } => format!("attach service {} to {vrack}", names.get(*service)),
        Operation::Detach { service } => format!("detach service {} from {vrack}", names.get(*service)),
        Operation::Describe { service, .. } => {
            format!("set the description of service {}", names.get(*service))
        }
        Operation::Lock { .. } => format!("lock {place}"),
        Operation::Unlock { .. } => format!("unlock {place}"),
        Operation::CreatePop { pop, .. } => format!("create {place} ({})", pop_kind(pop)),
        Operation::CreateDatacenter { datacenter, .. } => match datacenter {
            Datacenter::L2 => format!("create {place}"),
            Datacenter::L3 { subnet, .. } => format!("create {place} ({subnet})"),
        },
        Operation::CreateExtra { extra, .. } => match extra {
            NewExtra::Network { next_hop, .. } => format!("create {place} (next hop {next_hop})"),
            NewExtra::Bgp { bgp_neighbor_area, .. } => format!("create {place} (ASN {bgp_neighbor_area})"),
        },
        Operation::DeletePop { .. } | Operation::DeleteDatacenter { .. } | Operation::DeleteExtra { .. } => {
            format!("delete {place}")
        }
        Operation::AwaitActive { .. } => format!("wait until {place} is active"),
        Operation::AwaitSettled { .. } => format!("wait until the creation of {place} is over"),
        Operation::AwaitGone { .. } => format!("wait until {place} is gone"),
        Operation::AwaitTask { service, task, function } => {
            format!(
                "wait for task {task} ({function}) of service {}, begun by someone else",
                names.get(*service)
            )
        }
        Operation::AwaitVrackTask { task, function } => {
            format!("wait for task {task} ({function}) of {vrack}, begun by someone else")
        }
    }
}

fn pop_kind(pop: &Pop) -> String {
    match pop {
        Pop::L2 { .. } => "l2".to_owned(),
        Pop::L3 { subnet, .. } => format!("l3, {subnet}"),
    }
}

/// What stands at an address, with enough of what is above it to know it.
#[must_use]
pub fn place(address: &Address, names: &ShortNames) -> String {
    let leaf = address.leaf();
    match (address.service(), address.parent()) {
        (Some(service), _) if matches!(address.node, Node::Service(_, ServicePart::Membership)) => {
            format!("service {}", names.get(service))
        }
        (Some(service), _) if address.datacenter_name().is_some() => {
            format!("{leaf} of service {} (l2)", names.get(service))
        }
        (Some(service), _) => format!("{leaf} of service {}", names.get(service)),
        (None, Some(parent)) if parent.datacenter_name().is_some() => {
            format!("{leaf} in {} of {}", parent.leaf(), address.vrack)
        }
        (None, _) => format!("{leaf} of {}", address.vrack),
    }
}

/// What is said where a plan is empty.
#[must_use]
pub fn nothing_to_do(plan: &Plan) -> String {
    match plan.goal {
        Goal::Apply if plan.unchanged == 0 => "Nothing to do: live is what the topology declares.".to_owned(),
        Goal::Apply => {
            format!("Nothing to do: live is what the topology declares ({} unchanged).", plan.unchanged)
        }
        Goal::Destroy => "Nothing to do: nothing of the topology is live.".to_owned(),
    }
}

/// How many changes of each kind, in one line.
#[must_use]
pub fn summary(plan: &Plan) -> String {
    let counts = counts(plan);
    let count = |(action, words): &(Action, &str)| Some(format!("{} {words}", counts.get(action)?));
    let mut parts: Vec<String> = ACTIONS.iter().filter_map(count).collect();
    if plan.unchanged > 0 {
        parts.push(format!("{} unchanged", plan.unchanged));
    }
    format!("Plan: {}.", parts.join(", "))
}

/// What is to be done, in the order in which it is counted.
pub const ACTIONS: [(Action, &str); 5] = [
    (Action::Create, "to create"),
    (Action::Update, "to update"),
    (Action::Replace, "to replace"),
    (Action::Delete, "to delete"),
    (Action::Wait, "to wait for"),
];

/// What is done, as a verb.
#[must_use]
pub const fn action_word(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Replace => "replace",
        Action::Delete => "delete",
        Action::Wait => "wait for",
    }
}

/// How many changes there are of each kind that there is.
#[must_use]
pub fn counts(plan: &Plan) -> BTreeMap<Action, usize> {
    let mut counts = BTreeMap::new();
    for change in &plan.changes {
        *counts.entry(change.action).or_default() += 1;
    }
    counts
}

/// The reason for a change as it reads beside its action.
#[must_use]
pub fn reason(change: &Change) -> String {
    match (change.action, &change.reason) {
        (Action::Create, Reason::BeingDeleted) => {
            "made again once OVHcloud has deleted the one that is there".to_owned()
        }
        (_, Reason::MovesTo { vrack }) if is_membership(change) => format!("moves to {vrack}"),
        (_, Reason::MovesFrom { vrack }) if is_membership(change) => format!("moves here from {vrack}"),
        (_, reason) => reason.to_string(),
    }
}

fn is_membership(change: &Change) -> bool {
    matches!(change.address.node, Node::Service(_, ServicePart::Membership))
}

/// A count of things: `1 vRack`, `11 vRacks`.
#[must_use]
pub fn many(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// A text of at most `most` characters; what is too long ends with `…`.
#[must_use]
pub fn clip(text: &str, most: usize) -> String {
    let printable = || text.chars().map(|it| if it.is_control() { ' ' } else { it });
    if printable().count() <= most {
        return printable().collect();
    }
    printable().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// A duration as a person says it: `0.4 s`, `20 s`, `3 min 5 s`, `1 h 2 min`.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// An estimate as a person says it, to the second: `4 s`, `3 min 5 s`.
#[must_use]
pub fn rough(estimate: Duration) -> String {
    let seconds = (estimate + Duration::from_millis(500)).as_secs();
    if seconds < 60 { format!("{seconds} s") } else { duration(Duration::from_secs(seconds)) }
}

/// A time that runs: `0:07`, `12:34`, `1:02:03`. Begun seconds do not count.
#[must_use]
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
