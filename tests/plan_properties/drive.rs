//! Runs a plan against a simulated account, step by step, in an order drawn at random from those its
//! edges allow. A call that the account refuses is a defect of the plan.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::time::Duration;

use ovhconnect::api::wire::{
    ConfigStatus, ExtraConfig, ExtraType, InterfaceStatus, NewDatacenterConfig, NewExtraConfig, NewPopConfig,
    PopType, Task, TaskStatus,
};
use ovhconnect::live::PopKey;
use ovhconnect::plan::{DatacenterRef, ExtraRef, NewExtra, Operation, Plan, StepId, Target, Via};
use ovhconnect::sim::{Options, Refusal, World};
use ovhconnect::topology::{Datacenter, Pop, ServiceId, VrackName};
use uuid::Uuid;

/// In which of the orders that a plan allows it is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// One step after the other, the next one chosen at random.
    OneByOne,
    /// Each step as soon as it can be, with durations drawn at random.
    AtOnce,
    /// Some at once, some later.
    Mixed,
    /// What takes something down as soon as it can be, everything else as late as it can be.
    RemovalsFirst,
}

pub const PACES: [Pace; 4] = [Pace::OneByOne, Pace::AtOnce, Pace::Mixed, Pace::RemovalsFirst];

/// The least number of active l3 PoPs, and of active l3 datacenters, that a vRack had at any moment.
pub type Least = BTreeMap<VrackName, (usize, usize)>;

/// A run that came to its end.
pub struct Ran {
    pub world: World,
    pub least: Least,
}

/// A configuration as routes name it.
#[derive(Clone, Copy, Debug)]
enum Config {
    Pop(PopKey),
    Datacenter(PopKey, u64),
    Extra(PopKey, u64, u64),
}

/// What a step waits for once its call was made.
enum Awaited {
    Nothing,
    Membership { vrack: VrackName, task: u64, service: ServiceId, inside: bool },
    Active { task: Option<(Uuid, u64)>, config: Config },
    Settled(Config),
    Port { service: Uuid, interface: u64, status: InterfaceStatus, task: u64 },
    Gone { task: Option<(Uuid, u64)>, config: Config },
    ForeignTask { service: ServiceId, task: u64 },
    ForeignVrackTask { vrack: VrackName, task: u64 },
}

struct Run<'p> {
    plan: &'p Plan,
    world: World,
    options: Options,
    random: fastrand::Rng,
    missing: Vec<usize>,
    after: HashMap<StepId, Vec<StepId>>,
    ready: Vec<StepId>,
    running: Vec<(StepId, Awaited)>,
    done: usize,
    made: HashMap<StepId, (PopKey, u64)>,
    least: Least,
    /// The interfaces of which the plan knows whether they are in service.
    ports: &'p BTreeSet<u64>,
    /// What happened, for the report of a failure.
    story: String,
}

/// Runs `plan` from `world`.
///
/// # Errors
/// What happened until the account refused a call, or until nothing moved any more.
pub fn run(plan: &Plan, world: &World, ports: &BTreeSet<u64>, pace: Pace, seed: u64) -> Result<Ran, String> {
    let mut missing = vec![0; plan.steps.len()];
    let mut after: HashMap<StepId, Vec<StepId>> = HashMap::new();
    for edge in &plan.edges {
        missing[edge.after.0] += 1;
        after.entry(edge.before).or_default().push(edge.after);
    }
    let ready = plan.steps().map(|(id, _)| id).filter(|id| missing[id.0] == 0).collect();
    let mut run = Run {
        plan,
        world: world.clone(),
        options: world.options().clone(),
        random: fastrand::Rng::with_seed(seed),
        missing,
        after,
        ready,
        running: Vec::new(),
        done: 0,
        made: HashMap::new(),
        least: BTreeMap::new(),
        ports,
        story: String::new(),
    };
    match run.run_to_the_end(pace) {
        Ok(()) => {
            run.world.set_options(run.options);
            Ok(Ran { world: run.world, least: run.least })
        }
        Err(problem) => Err(format!("{problem}\nrun {pace:?}, seed {seed}:\n{}", run.story)),
    }
}

impl Run<'_> {
    fn run_to_the_end(&mut self, pace: Pace) -> Result<(), String> {
        self.observe();
        loop {
            self.finish_steps()?;
            if self.done == self.plan.steps.len() {
                return Ok(());
            }
            if let Some(at) = self.next_start(pace) {
                let id = self.ready.swap_remove(at);
                self.start(id)?;
            } else {
                let Some(next) = self.world.next_event() else {
                    let waiting: Vec<String> = self.running.iter().map(|(id, _)| id.to_string()).collect();
                    return Err(format!("nothing happens any more; still running: {}", waiting.join(" ")));
                };
                self.world.advance(next);
            }
            self.observe();
        }
    }

    /// Which of the ready steps to start now; `None`: let time pass.
    fn next_start(&mut self, pace: Pace) -> Option<usize> {
        if self.ready.is_empty() {
            return None;
        }
        let any = self.random.usize(..self.ready.len());
        match pace {
            Pace::OneByOne => self.running.is_empty().then_some(any),
            Pace::AtOnce => Some(any),
            Pace::Mixed => (self.running.is_empty() || self.random.bool()).then_some(any),
            Pace::RemovalsFirst => {
                let removes = |id: &StepId| {
                    matches!(
                        self.plan.steps[id.0].operation,
                        Operation::DeletePop { .. }
                            | Operation::DeleteDatacenter { .. }
                            | Operation::DeleteExtra { .. }
                            | Operation::Detach { .. }
                            | Operation::Lock { .. }
                    )
                };
                let removal = self.ready.iter().position(removes);
                removal.or(self.running.is_empty().then_some(any))
            }
        }
    }

    fn tell(&mut self, what: std::fmt::Arguments<'_>) {
        let seconds = self.world.now().since(ovhconnect::sim::Moment::START).as_secs();
        _ = writeln!(self.story, "  {seconds:>4} s  {what}");
    }

    /// The counts that the plan's impact speaks of.
    fn observe(&mut self) {
        // What stands does so whether or not a PoP that is not up shows it.
        let options = self.world.options().clone();
        self.world.set_options(Options { inherited_while_init: true, ..options.clone() });
        for vrack in self.plan.impact.keys() {
            let now = standing(&self.world, vrack, self.ports);
            let least = self.least.entry(vrack.clone()).or_insert(now);
            *least = (least.0.min(now.0), least.1.min(now.1));
        }
        self.world.set_options(options);
    }

    fn finish_steps(&mut self) -> Result<(), String> {
        let mut still = Vec::new();
        for (id, awaited) in std::mem::take(&mut self.running) {
            match self.is_over(&awaited) {
                Ok(true) => {
                    self.tell(format_args!("{id} is done"));
                    self.done += 1;
                    for next in self.after.get(&id).cloned().unwrap_or_default() {
                        self.missing[next.0] -= 1;
                        if self.missing[next.0] == 0 {
                            self.ready.push(next);
                        }
                    }
                }
                Ok(false) => still.push((id, awaited)),
                Err(problem) => return Err(format!("step {id} does not come to its effect: {problem}")),
            }
        }
        self.running = still;
        Ok(())
    }

    fn start(&mut self, id: StepId) -> Result<(), String> {
        let span = Duration::from_secs([1, 5, 20, 100][self.random.usize(..4)]);
        self.world.set_options(Options { task: span, vrack_task: span, ..self.options.clone() });
        let operation = &self.plan.steps[id.0].operation;
        self.tell(format_args!("{id} starts: {}", super::report::operation(operation)));
        let awaited = self.call(id).map_err(|refusal| format!("step {id} is refused: {refusal}"))?;
        self.running.push((id, awaited));
        Ok(())
    }

    fn call(&mut self, id: StepId) -> Result<Awaited, Refusal> {
        let plan = self.plan;
        let step = &plan.steps[id.0];
        let vrack = step.address.vrack.clone();
        Ok(match &step.operation {
            Operation::Attach { service } => {
                let task = self.world.attach(vrack.as_str(), service.uuid())?.id;
                Awaited::Membership { vrack, task, service: *service, inside: true }
            }
            Operation::Detach { service } => {
                let task = self.world.detach(vrack.as_str(), service.uuid())?.id;
                Awaited::Membership { vrack, task, service: *service, inside: false }
            }
            Operation::Describe { service, description } => {
                self.world.update_service(service.uuid(), Some(description))?;
                Awaited::Nothing
            }
            Operation::Lock { service, interface, .. } => {
                let (service, interface, status) = (service.uuid(), *interface, InterfaceStatus::Disabled);
                if self.world.interface(service, interface)?.status == status {
                    return Ok(Awaited::Nothing);
                }
                let task = self.world.lock_interface(service, interface)?.id;
                Awaited::Port { service, interface, status, task }
            }
            Operation::Unlock { service, interface, .. } => {
                let (service, interface, status) = (service.uuid(), *interface, InterfaceStatus::Enabled);
                if self.world.interface(service, interface)?.status == status {
                    return Ok(Awaited::Nothing);
                }
                let task = self.world.unlock_interface(service, interface)?.id;
                Awaited::Port { service, interface, status, task }
            }
            Operation::CreatePop { service, pop } => {
                let task = self.world.create_pop(service.uuid(), &pop_body(pop))?;
                let key = PopKey { service: *service, id: made(&task)? };
                self.made.insert(id, (key, key.id));
                Awaited::Active { task: Some((service.uuid(), task.id)), config: Config::Pop(key) }
            }
            Operation::CreateDatacenter { via, datacenter_id, datacenter } => {
                let pop = self.pop(via)?;
                let body = datacenter_body(*datacenter_id, datacenter);
                let task = self.world.create_datacenter(pop.service.uuid(), pop.id, &body)?;
                let number = made(&task)?;
                self.made.insert(id, (pop, number));
                let config = Config::Datacenter(pop, number);
                Awaited::Active { task: Some((pop.service.uuid(), task.id)), config }
            }
            Operation::CreateExtra { via, datacenter, extra } => {
                let pop = self.pop(via)?;
                let datacenter = self.datacenter(pop, datacenter)?;
                let task =
                    self.world.create_extra(pop.service.uuid(), pop.id, datacenter, &extra_body(extra))?;
                let config = Config::Extra(pop, datacenter, made(&task)?);
                Awaited::Active { task: Some((pop.service.uuid(), task.id)), config }
            }
            Operation::DeletePop { pop } => {
                let task = self.world.delete_pop(pop.service.uuid(), pop.id)?;
                Awaited::Gone { task: Some((pop.service.uuid(), task.id)), config: Config::Pop(*pop) }
            }
            Operation::DeleteDatacenter { via, datacenter } => {
                let pop = self.pop(via)?;
                // Not listed: it is gone, or goes with what hides it.
                let Ok(number) = self.datacenter(pop, datacenter) else { return Ok(Awaited::Nothing) };
                let task = self.world.delete_datacenter(pop.service.uuid(), pop.id, number)?;
                let config = Config::Datacenter(pop, number);
                Awaited::Gone { task: Some((pop.service.uuid(), task.id)), config }
            }
            Operation::DeleteExtra { via, extra } => {
                let pop = self.pop(via)?;
                let Ok((datacenter, number)) = self.extra(pop, extra) else { return Ok(Awaited::Nothing) };
                let task = self.world.delete_extra(pop.service.uuid(), pop.id, datacenter, number)?;
                let config = Config::Extra(pop, datacenter, number);
                Awaited::Gone { task: Some((pop.service.uuid(), task.id)), config }
            }
            Operation::AwaitActive { target } => Awaited::Active { task: None, config: self.target(target)? },
            Operation::AwaitSettled { target } => match self.target(target) {
                Err(refusal) if refusal.status == 404 => Awaited::Nothing,
                config => Awaited::Settled(config?),
            },
            Operation::AwaitGone { target } => match self.target(target) {
                Err(refusal) if refusal.status == 404 => Awaited::Nothing,
                config => Awaited::Gone { task: None, config: config? },
            },
            Operation::AwaitTask { service, task, .. } => {
                Awaited::ForeignTask { service: *service, task: *task }
            }
            Operation::AwaitVrackTask { task, .. } => Awaited::ForeignVrackTask { vrack, task: *task },
        })
    }

    fn is_over(&self, awaited: &Awaited) -> Result<bool, String> {
        match awaited {
            Awaited::Nothing => Ok(true),
            Awaited::Membership { vrack, task, service, inside } => {
                if self.world.vrack_task(vrack.as_str(), *task).is_ok() {
                    return Ok(false);
                }
                let service = self.world.service(service.uuid()).map_err(|refusal| refusal.to_string())?;
                if (service.vrack.as_deref() == Some(vrack.as_str())) == *inside {
                    Ok(true)
                } else {
                    Err("the task is over and the service is not where it shall be".to_owned())
                }
            }
            Awaited::Active { task, config } => {
                if self.is_unfinished(*task) {
                    return Ok(false);
                }
                match self.status(*config) {
                    Some(ConfigStatus::Active) => Ok(true),
                    Some(ConfigStatus::Init) if task.is_none() => Ok(false),
                    other => Err(format!("its configuration is {other:?}")),
                }
            }
            Awaited::Port { service, interface, status, task } => {
                if self.is_unfinished(Some((*service, *task))) {
                    return Ok(false);
                }
                let found = self.world.interface(*service, *interface).map(|it| it.status);
                if found.as_ref() == Ok(status) { Ok(true) } else { Err(format!("its status is {found:?}")) }
            }
            Awaited::Settled(config) => {
                Ok(self.status(*config) != Some(ConfigStatus::Init) || !self.has_task(*config))
            }
            Awaited::Gone { task, config } => {
                if self.is_unfinished(*task) {
                    return Ok(false);
                }
                match self.status(*config) {
                    None => Ok(true),
                    Some(_) if task.is_none() => Ok(false),
                    other => Err(format!("its configuration is {other:?}")),
                }
            }
            Awaited::ForeignTask { service, task } => Ok(!self.is_unfinished(Some((service.uuid(), *task)))),
            Awaited::ForeignVrackTask { vrack, task } => {
                Ok(self.world.vrack_task(vrack.as_str(), *task).is_err())
            }
        }
    }

    fn is_unfinished(&self, task: Option<(Uuid, u64)>) -> bool {
        let Some((service, id)) = task else { return false };
        let status = self.world.task(service, id).map(|task| task.status);
        matches!(status, Ok(TaskStatus::Todo | TaskStatus::Doing))
    }

    fn has_task(&self, config: Config) -> bool {
        let (own, number, kind) = match config {
            Config::Pop(pop) => (pop.service, pop.id, "PopConfiguration"),
            Config::Datacenter(pop, id) => (pop.service, id, "DatacenterConfiguration"),
            Config::Extra(pop, _, id) => (pop.service, id, "ExtraConfiguration"),
        };
        let is_shared = !matches!(config, Config::Pop(_));
        // Through another service it may bear another number.
        self.world.service_ids().into_iter().any(|service| {
            let tasks = self.world.tasks(service).unwrap();
            let about = |task: &Task| match service == own.uuid() {
                true => task.resource_id == Some(number),
                false => is_shared,
            };
            tasks.iter().any(|task| task.function.as_str().ends_with(kind) && about(task))
        })
    }

    fn status(&self, config: Config) -> Option<ConfigStatus> {
        match config {
            Config::Pop(pop) => self.world.pop(pop.service.uuid(), pop.id).map(|it| it.status).ok(),
            Config::Datacenter(pop, id) => {
                self.world.datacenter(pop.service.uuid(), pop.id, id).map(|it| it.status).ok()
            }
            Config::Extra(pop, datacenter, id) => {
                self.world.extra(pop.service.uuid(), pop.id, datacenter, id).map(|it| it.status).ok()
            }
        }
    }

    fn pop(&self, via: &Via) -> Result<PopKey, Refusal> {
        match via {
            Via::Live { key } => Ok(*key),
            Via::Made { step, .. } => self
                .made
                .get(step)
                .map(|(key, _)| *key)
                .ok_or_else(|| Refusal::internal(format!("the PoP of step {step} is not made yet"))),
        }
    }

    fn datacenter(&self, pop: PopKey, datacenter: &DatacenterRef) -> Result<u64, Refusal> {
        let (datacenter_id, known) = match datacenter {
            DatacenterRef::Live { datacenter_id, ids } => {
                if let Some(id) = ids.get(&pop) {
                    return Ok(*id);
                }
                (*datacenter_id, ids.values().copied().collect::<Vec<_>>())
            }
            DatacenterRef::Made { datacenter_id, step } => match self.made.get(step) {
                Some((via, id)) if *via == pop => return Ok(*id),
                Some((_, id)) => (*datacenter_id, vec![*id]),
                None => {
                    return Err(Refusal::internal(format!("the datacenter of step {step} is not made yet")));
                }
            },
        };
        let listed = self.world.datacenters(pop.service.uuid(), pop.id)?;
        let same = listed.iter().filter(|config| config.datacenter_id == datacenter_id);
        let best = same.min_by_key(|config| (!known.contains(&config.id), config.id));
        best.map(|config| config.id)
            .ok_or_else(|| Refusal::not_found(format!("PoP {pop} does not list datacenter {datacenter_id}")))
    }

    fn extra(&self, pop: PopKey, extra: &ExtraRef) -> Result<(u64, u64), Refusal> {
        let datacenter = self.datacenter(pop, &extra.datacenter)?;
        let number_by = |pop: &PopKey| match &extra.datacenter {
            DatacenterRef::Live { ids, .. } => ids.get(pop),
            DatacenterRef::Made { .. } => None,
        };
        if pop == extra.read_via || number_by(&extra.read_via) == Some(&datacenter) {
            return Ok((datacenter, extra.id));
        }
        let listed = self.world.extras(pop.service.uuid(), pop.id, datacenter)?;
        let same = listed.iter().filter(|config| is(config, &extra.extra));
        let best = same.min_by_key(|config| (config.id != extra.id, config.id));
        best.map(|config| (datacenter, config.id))
            .ok_or_else(|| Refusal::not_found(format!("PoP {pop} does not list the extra")))
    }

    fn target(&self, target: &Target) -> Result<Config, Refusal> {
        Ok(match target {
            Target::Pop { pop } => Config::Pop(*pop),
            Target::Datacenter { via, datacenter } => {
                let pop = self.pop(via)?;
                Config::Datacenter(pop, self.datacenter(pop, datacenter)?)
            }
            Target::Extra { via, extra } => {
                let pop = self.pop(via)?;
                let (datacenter, id) = self.extra(pop, extra)?;
                Config::Extra(pop, datacenter, id)
            }
        })
    }
}

/// The active l3 PoPs of a vRack on interfaces that are not known to be locked, and the active datacenters that the one of them that shows most shows.
pub fn standing(world: &World, vrack: &VrackName, ports: &BTreeSet<u64>) -> (usize, usize) {
    let (mut pops, mut datacenters) = (0, 0);
    for member in world.attached(vrack.as_str()).unwrap_or_default() {
        let service = member.ovh_cloud_connect;
        for pop in world.pops(service).unwrap_or_default() {
            if pop.kind != PopType::L3 {
                continue;
            }
            let port = world.interface(service, pop.interface_id).map(|it| it.status);
            let is_dark = ports.contains(&pop.interface_id) && port != Ok(InterfaceStatus::Enabled);
            pops += usize::from(pop.status == ConfigStatus::Active && !is_dark);
            let listed = world.datacenters(service, pop.id).unwrap_or_default();
            datacenters =
                datacenters.max(listed.iter().filter(|it| it.status == ConfigStatus::Active).count());
        }
    }
    (pops, datacenters)
}

fn made(task: &Task) -> Result<u64, Refusal> {
    task.resource_id.ok_or_else(|| Refusal::internal("a creation's task names nothing"))
}

fn pop_body(pop: &Pop) -> NewPopConfig {
    match pop {
        Pop::L2 { interface_id } => NewPopConfig {
            interface_id: interface_id.expect("a plan names the interface"),
            kind: PopType::L2,
            customer_bgp_area: None,
            ovh_bgp_area: None,
            subnet: None,
        },
        Pop::L3 { interface_id, customer_bgp_area, ovh_bgp_area, subnet } => NewPopConfig {
            interface_id: interface_id.expect("a plan names the interface"),
            kind: PopType::L3,
            customer_bgp_area: Some(customer_bgp_area.0),
            ovh_bgp_area: ovh_bgp_area.map(|asn| asn.0),
            subnet: Some(subnet.to_string()),
        },
    }
}

fn datacenter_body(datacenter_id: u64, datacenter: &Datacenter) -> NewDatacenterConfig {
    let (ovh_bgp_area, subnet) = match datacenter {
        Datacenter::L2 => (None, None),
        Datacenter::L3 { ovh_bgp_area, subnet } => (ovh_bgp_area.map(|asn| asn.0), Some(subnet.to_string())),
    };
    NewDatacenterConfig { datacenter_id, ovh_bgp_area, subnet }
}

fn extra_body(extra: &NewExtra) -> NewExtraConfig {
    match extra {
        NewExtra::Network { subnet, next_hop } => NewExtraConfig {
            kind: ExtraType::Network,
            bgp_neighbor_area: None,
            bgp_neighbor_ip: None,
            next_hop: Some(next_hop.to_string()),
            subnet: Some(subnet.to_string()),
        },
        NewExtra::Bgp { bgp_neighbor_ip, bgp_neighbor_area } => NewExtraConfig {
            kind: ExtraType::Bgp,
            bgp_neighbor_area: Some(bgp_neighbor_area.0),
            bgp_neighbor_ip: Some(bgp_neighbor_ip.to_string()),
            next_hop: None,
            subnet: None,
        },
    }
}

fn is(config: &ExtraConfig, extra: &NewExtra) -> bool {
    match (extra, &config.kind) {
        (NewExtra::Network { subnet, next_hop }, ExtraType::Network) => {
            config.subnet == Some(subnet.to_string()) && config.next_hop == Some(next_hop.to_string())
        }
        (NewExtra::Bgp { bgp_neighbor_ip, bgp_neighbor_area }, ExtraType::Bgp) => {
            config.bgp_neighbor_ip == Some(bgp_neighbor_ip.to_string())
                && config.bgp_neighbor_area == Some(bgp_neighbor_area.0)
        }
        _ => false,
    }
}
