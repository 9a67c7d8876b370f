//! Draft → steps: every node gets its place, every id that a call needs its source.

use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use super::draft::{Call, Draft, Role, Through, Work};
use super::graph::Cycle;
use super::{DatacenterRef, Edge, ExtraRef, NewExtra, Operation, Step, StepId, Target, Via, ports};
use crate::diff::{Action, Change};
use crate::live::{ConfigId, Live, LiveConfig, PopKey, Status, Task};
use crate::topology::{
    Address, DatacenterName, DatacenterPart, Extra, Interface, InterfaceState, Membership, Node, ServiceId,
    ServicePart, Spec,
};

/// The nodes in an order that respects every edge, and is the same for the same draft.
pub(super) fn order(draft: &Draft<'_>) -> Result<Vec<NodeIndex>, Cycle> {
    draft.graph.order(|call| (&call.address, &call.work)).map_err(|nodes| explain(draft, &nodes))
}

/// The steps in the order of their nodes, and the edges between them.
pub(super) fn finish(
    draft: &Draft<'_>,
    order: &[NodeIndex],
    changes: &[Change],
    live: &Live,
) -> (Vec<Step>, Vec<Edge>) {
    let mut ids = vec![StepId(0); order.len()];
    for (at, node) in order.iter().enumerate() {
        ids[node.index()] = StepId(at);
    }
    let finisher = Finisher { draft, changes, live, ids: &ids };
    let steps = order.iter().map(|node| finisher.step(draft.graph.node(*node))).collect();
    let edges = draft.graph.edges();
    let mut edges: Vec<Edge> = edges
        .map(|(before, after, because)| Edge {
            before: ids[before.index()],
            after: ids[after.index()],
            because: because.clone(),
        })
        .collect();
    edges.sort_by_key(|edge| (edge.after, edge.before));
    (steps, edges)
}

fn explain(draft: &Draft<'_>, cycle: &[NodeIndex]) -> Cycle {
    let name = |node: NodeIndex| {
        let call = draft.graph.node(node);
        let role = match &call.work {
            Work::Task { id, .. } => format!("task {id}"),
            Work::Part(Role::Settle, _) => "settle".to_owned(),
            Work::Part(Role::Release, _) => "remove".to_owned(),
            Work::Part(Role::Claim, _) => "make".to_owned(),
            Work::Part(Role::Describe, _) => "describe".to_owned(),
            Work::Part(Role::Switch, _) => "switch".to_owned(),
        };
        format!("{role} {}", call.address)
    };
    let because = |at: usize| {
        let next = cycle[(at + 1) % cycle.len()];
        draft.graph.because(cycle[at], next).map(ToString::to_string).unwrap_or_default()
    };
    Cycle { steps: cycle.iter().enumerate().map(|(at, node)| (name(*node), because(at))).collect() }
}

/// Turns nodes into steps once every node has its id.
struct Finisher<'d, 'a> {
    draft: &'d Draft<'a>,
    changes: &'d [Change],
    live: &'d Live,
    /// By the index of the node.
    ids: &'d [StepId],
}

impl Finisher<'_, '_> {
    fn step(&self, call: &Call) -> Step {
        let (operation, change) = match &call.work {
            Work::Task { id, function } => (self.task(call, *id, function), None),
            Work::Part(role, change) => (self.operation(call, *role, &self.changes[*change]), Some(*change)),
        };
        Step { address: call.address.clone(), operation, change }
    }

    fn task(&self, call: &Call, task: u64, function: &str) -> Operation {
        let function = function.to_owned();
        match call.address.service() {
            Some(service) => Operation::AwaitTask { service, task, function },
            None => Operation::AwaitVrackTask { task, function },
        }
    }

    fn operation(&self, call: &Call, role: Role, change: &Change) -> Operation {
        let waits = change.before.as_ref().is_some_and(|before| match role {
            Role::Claim | Role::Switch => change.action == Action::Wait,
            Role::Release => before.status == Status::Deleting,
            Role::Settle | Role::Describe => false,
        });
        if let (true, _) | (_, Role::Settle) = (waits, role) {
            if let Node::Service(service, ServicePart::Membership) = &change.address.node {
                return self.awaited_move(*service, change);
            }
            if let Node::Service(service, ServicePart::Interface(_)) = &change.address.node {
                return self.awaited_switch(*service, change);
            }
            let target = self.target(call, role, change);
            return match role {
                Role::Claim => Operation::AwaitActive { target },
                Role::Settle => Operation::AwaitSettled { target },
                Role::Release | Role::Describe | Role::Switch => Operation::AwaitGone { target },
            };
        }
        match &change.address.node {
            Node::Service(service, ServicePart::Membership) => membership(*service, role, change),
            Node::Service(service, ServicePart::Interface(_)) => self.switch(*service, change),
            Node::Service(service, ServicePart::Pop) => self.pop(*service, role, change),
            Node::Service(_, ServicePart::L2Datacenter(name))
            | Node::Datacenter(name, DatacenterPart::Config) => self.datacenter(call, role, change, name),
            Node::Datacenter(_, DatacenterPart::Network(_) | DatacenterPart::Bgp(_)) => {
                self.extra(call, role, change)
            }
            Node::Vrack => unreachable!("no change is made to a vRack as a whole"),
        }
    }

    /// The end of a move that runs already is the end of its task.
    fn awaited_move(&self, service: ServiceId, change: &Change) -> Operation {
        match self.live.move_of(&change.address.vrack, service) {
            Some(task) => Operation::AwaitVrackTask { task: task.id, function: task.function.clone() },
            None => unreachable!("a service is on the move only where a task of the vRack moves it"),
        }
    }

    /// A lock or unlock that runs already is over when its task is.
    fn awaited_switch(&self, service: ServiceId, change: &Change) -> Operation {
        let id = change.before.as_ref().map(|before| &before.id);
        let mut tasks = self.live.services.get(&service).into_iter().flat_map(|found| &found.tasks);
        match tasks.rfind(|task| id.is_some_and(|id| task.is_about(service, id))) {
            Some(Task { id: task, function, .. }) => {
                Operation::AwaitTask { service, task: *task, function: function.clone() }
            }
            None => unreachable!("an interface is being changed only where a task of its service does it"),
        }
    }

    fn switch(&self, service: ServiceId, change: &Change) -> Operation {
        let (Some(ConfigId::Interface(interface)), Some(Spec::Interface(Interface { state }))) =
            (change.before.as_ref().map(|before| &before.id), &change.after)
        else {
            unreachable!("an interface that is switched was read with its id, and is given a state")
        };
        let interface = *interface;
        let carries = ports::carried(self.draft, self.live, service, interface);
        match state {
            InterfaceState::Disabled => Operation::Lock { service, interface, carries },
            InterfaceState::Enabled => Operation::Unlock { service, interface, carries },
        }
    }

    fn pop(&self, service: ServiceId, role: Role, change: &Change) -> Operation {
        match (role, &change.after, pop_key(change.before.as_ref())) {
            (Role::Claim, Some(Spec::Pop(pop)), _) => Operation::CreatePop { service, pop: pop.clone() },
            (_, _, Some(pop)) => Operation::DeletePop { pop },
            _ => unreachable!("a PoP that is removed was read with its number"),
        }
    }

    fn datacenter(&self, call: &Call, role: Role, change: &Change, name: &DatacenterName) -> Operation {
        let via = self.via(call, role, change);
        match (role, &change.after) {
            (Role::Claim, Some(Spec::Datacenter(datacenter))) => Operation::CreateDatacenter {
                via,
                datacenter_id: self.datacenter_id(name),
                datacenter: datacenter.clone(),
            },
            _ => Operation::DeleteDatacenter { via, datacenter: self.live_datacenter(change) },
        }
    }

    fn extra(&self, call: &Call, role: Role, change: &Change) -> Operation {
        let via = self.via(call, role, change);
        match (role, &change.after) {
            (Role::Claim, Some(Spec::Extra(extra))) => Operation::CreateExtra {
                via,
                datacenter: self.datacenter_to_be(&change.address),
                extra: new_extra(&change.address, extra),
            },
            _ => Operation::DeleteExtra { via, extra: self.live_extra(change) },
        }
    }

    fn target(&self, call: &Call, role: Role, change: &Change) -> Target {
        match &change.address.node {
            Node::Service(_, ServicePart::L2Datacenter(_)) | Node::Datacenter(_, DatacenterPart::Config) => {
                Target::Datacenter {
                    via: self.via(call, role, change),
                    datacenter: self.live_datacenter(change),
                }
            }
            Node::Datacenter(..) => {
                Target::Extra { via: self.via(call, role, change), extra: self.live_extra(change) }
            }
            Node::Vrack | Node::Service(..) => match pop_key(change.before.as_ref()) {
                Some(pop) => Target::Pop { pop },
                None => unreachable!("a PoP that is waited for was read with its number"),
            },
        }
    }

    /// The PoP a call goes through: the one chosen for an l3 datacenter, the own one of an l2 service.
    fn via(&self, call: &Call, role: Role, change: &Change) -> Via {
        let own = || match &change.address.node {
            Node::Service(service, _) => self.own_pop(*service, role, change),
            Node::Vrack | Node::Datacenter(..) => None,
        };
        match call.via.or_else(own) {
            Some(Through::Live(key)) => Via::Live { key },
            Some(Through::Made(node)) => self.made_pop(node),
            None => unreachable!("order gives every call on a datacenter the PoP it goes through"),
        }
    }

    /// What is there is called through the PoP it is in, what is made through the one that stands then.
    fn own_pop(&self, service: ServiceId, role: Role, change: &Change) -> Option<Through> {
        let is_made = role == Role::Claim && change.action != Action::Wait;
        if !is_made {
            let Some(LiveConfig { id: ConfigId::Datacenter(ids), .. }) = &change.before else { return None };
            return ids.keys().next().map(|key| Through::Live(*key));
        }
        let address = Address::pop(change.address.vrack.clone(), service);
        let made = self.draft.claim_at(&address).map(Through::Made);
        let standing = || {
            let mut live = self.live.configs.get(&address)?.iter();
            let config = live.find(|config| !self.is_released(&address, config))?;
            pop_key(Some(config)).map(Through::Live)
        };
        made.or_else(standing)
    }

    /// Whether the plan removes a live configuration, or waits for its end.
    fn is_released(&self, address: &Address, config: &LiveConfig) -> bool {
        self.draft.at(address).any(|unit| unit.released().is_some_and(|released| released.id == config.id))
    }

    fn made_pop(&self, node: NodeIndex) -> Via {
        let call = self.draft.graph.node(node);
        if let Work::Part(_, change) = &call.work {
            let change = &self.changes[*change];
            // What is only waited for has its number already.
            if let (Action::Wait, Some(key)) = (change.action, pop_key(change.before.as_ref())) {
                return Via::Live { key };
            }
            if let Some(service) = change.address.service() {
                return Via::Made { service, step: self.ids[node.index()] };
            }
        }
        unreachable!("a PoP that is made is made by a change at its service's address")
    }

    fn datacenter_id(&self, name: &DatacenterName) -> u64 {
        match self.live.datacenter_id(name) {
            Some(id) => id,
            None => unreachable!("reading live state resolves every datacenter's name"),
        }
    }

    fn live_datacenter(&self, change: &Change) -> DatacenterRef {
        match (&change.before, change.address.datacenter_name()) {
            (Some(LiveConfig { id: ConfigId::Datacenter(ids), .. }), Some(name)) => {
                DatacenterRef::Live { datacenter_id: self.datacenter_id(name), ids: ids.clone() }
            }
            _ => unreachable!("a datacenter that is removed was read with its numbers"),
        }
    }

    /// The datacenter configuration that will stand when its extras are made.
    fn datacenter_to_be(&self, extra: &Address) -> DatacenterRef {
        let Some((name, address)) = extra.datacenter_name().zip(extra.parent()) else {
            unreachable!("an extra stands in a datacenter")
        };
        let datacenter_id = self.datacenter_id(name);
        if let Some(unit) = self.draft.at(&address).find(|unit| unit.creates())
            && let Some(claim) = unit.claim
        {
            return DatacenterRef::Made { datacenter_id, step: self.ids[claim.index()] };
        }
        let mut standing = self.live.configs.get(&address).into_iter().flatten();
        match standing.find(|config| !self.is_released(&address, config)).map(|config| &config.id) {
            Some(ConfigId::Datacenter(ids)) => DatacenterRef::Live { datacenter_id, ids: ids.clone() },
            _ => unreachable!("an extra is made only in a datacenter that stands or is made"),
        }
    }

    fn live_extra(&self, change: &Change) -> ExtraRef {
        let (Some(before), Some(datacenter), Some(name)) =
            (&change.before, change.address.parent(), change.address.datacenter_name())
        else {
            unreachable!("an extra that is removed is live in a datacenter")
        };
        let (ConfigId::Extra { via, id, datacenter: number }, Spec::Extra(extra)) =
            (&before.id, &before.spec)
        else {
            unreachable!("an extra was read with its numbers")
        };
        let standing = self.live.configs.get(&datacenter).into_iter().flatten();
        let ids = match standing.map(|config| &config.id).find(|it| it.holds(&before.id)) {
            Some(ConfigId::Datacenter(ids)) => ids.clone(),
            _ => BTreeMap::from([(*via, *number)]),
        };
        ExtraRef {
            datacenter: DatacenterRef::Live { datacenter_id: self.datacenter_id(name), ids },
            read_via: *via,
            id: *id,
            extra: new_extra(&change.address, extra),
        }
    }
}

fn membership(service: ServiceId, role: Role, change: &Change) -> Operation {
    match (role, &change.after) {
        (Role::Describe, Some(Spec::Membership(Membership { description: Some(description) }))) => {
            Operation::Describe { service, description: description.clone() }
        }
        (Role::Claim, _) => Operation::Attach { service },
        _ => Operation::Detach { service },
    }
}

fn new_extra(address: &Address, extra: &Extra) -> NewExtra {
    match NewExtra::at(address, extra) {
        Some(extra) => extra,
        None => unreachable!("the address of an extra is of the kind that stands there"),
    }
}

/// The number of a live PoP.
pub(super) fn pop_key(config: Option<&LiveConfig>) -> Option<PopKey> {
    match config {
        Some(LiveConfig { id: ConfigId::Pop(key), .. }) => Some(*key),
        _ => None,
    }
}
