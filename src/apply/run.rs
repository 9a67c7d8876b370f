//! One step: the call, and the wait for its effect.

use super::{Busy, HealthGate, Options};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use super::event::{Event, Place, Progress, StepError};
use super::follow::{Config, Watch, is_unfinished};
use super::ids::{self, Made};
use crate::api::wire::{
    ConfigStatus, ExtraType, NewDatacenterConfig, NewExtraConfig, NewPopConfig, PopType, Task, Update,
    VrackTask,
};
use crate::api::{self, Answer, Client};
use crate::live::{ConfigId, PopKey, Status};
use crate::plan::{Because, DatacenterRef, ExtraRef, NewExtra, Operation, Plan, StepId, Target, Via};
use crate::topology::{Datacenter, Pop, ServiceId, VrackName};

/// How often a call is made whose answer was lost and that live state shows not to have been carried
/// out, or that is refused as busy although nothing is at work.
const ATTEMPTS: usize = 5;

/// Runs the steps of one plan.
pub(super) struct Runner<'a> {
    client: &'a Client,
    plan: &'a Plan,
    options: &'a Options,
    events: &'a (dyn Fn(Event) + Sync),
    made: Made,
    /// The steps that are waited for so that an l3 path stays up.
    path_keepers: HashSet<StepId>,
    /// Whether it was said that nothing is known of sessions.
    told_of_health: AtomicBool,
}

/// What a mutation has begun.
enum Begun<T> {
    /// A task does it.
    Accepted(Answer<T>),
    /// It had been carried out although the answer was lost: this is the configuration's number, if
    /// it has one.
    Adopted(Option<u64>),
    /// There is nothing to do: it is not there.
    Needless,
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        client: &'a Client,
        plan: &'a Plan,
        options: &'a Options,
        events: &'a (dyn Fn(Event) + Sync),
    ) -> Self {
        let keepers = plan.edges.iter().filter(|edge| edge.because == Because::KeepsPath);
        Self {
            client,
            plan,
            options,
            events,
            made: Made::default(),
            path_keepers: keepers.map(|edge| edge.before).collect(),
            told_of_health: AtomicBool::new(false),
        }
    }

    /// Runs one step to its effect.
    pub(super) async fn run(&self, id: StepId) -> Result<(), StepError> {
        let Some(step) = self.plan.step(id) else {
            return Err(StepError::Effect(format!("the plan has no step {id}")));
        };
        let vrack = &step.address.vrack;
        match &step.operation {
            Operation::Attach { service } => self.attach(id, vrack, *service).await,
            Operation::Detach { service } => self.detach(id, vrack, *service).await,
            Operation::Describe { service, description } => self.describe(id, *service, description).await,
            Operation::CreatePop { service, pop } => self.create_pop(id, *service, pop).await,
            Operation::DeletePop { pop } => self.delete(id, Config::Pop(*pop)).await,
            Operation::CreateDatacenter { via, datacenter_id, datacenter } => {
                self.create_datacenter(id, via, *datacenter_id, datacenter).await
            }
            Operation::DeleteDatacenter { via, datacenter } => {
                match self.datacenter(via, datacenter).await? {
                    Some(config) => self.delete(id, config).await,
                    None => Ok(()),
                }
            }
            Operation::CreateExtra { via, datacenter, extra } => {
                self.create_extra(id, via, datacenter, extra).await
            }
            Operation::DeleteExtra { via, extra } => match self.extra(via, extra).await? {
                Some(config) => self.delete(id, config).await,
                None => Ok(()),
            },
            Operation::AwaitActive { target } => match self.target(target).await? {
                Some(config) => self.watch().beside(services(target)).active(config).await,
                None => {
                    Err(StepError::Effect("it vanished while it was being created: plan again".to_owned()))
                }
            },
            Operation::AwaitSettled { target } => match self.target(target).await? {
                Some(config) => self.watch().beside(services(target)).settled(config).await,
                None => Ok(()),
            },
            Operation::AwaitGone { target } => match self.target(target).await? {
                Some(config) => self.watch().beside(services(target)).gone(config).await,
                None => Ok(()),
            },
            Operation::AwaitTask { service, task, .. } => {
                let ended = self.watch().task(*service, *task, None, &|it| self.progress(id, it)).await;
                end_of_foreign(ended)
            }
            Operation::AwaitVrackTask { task, .. } => {
                let ended = self.watch().vrack_task(vrack, *task, None, &|it| self.progress(id, it)).await;
                end_of_foreign(ended)
            }
        }
    }

    fn progress(&self, step: StepId, progress: Progress) {
        (self.events)(Event::Progress { step, progress });
    }

    fn watch(&self) -> Watch<'a> {
        Watch::new(self.client, self.options.task_timeout)
    }

    async fn attach(&self, id: StepId, vrack: &VrackName, service: ServiceId) -> Result<(), StepError> {
        let call = async || self.client.attach(vrack.as_str(), service.uuid()).await;
        let look = async || self.moved(vrack, service, true).await;
        let begun = self.mutate(id, Place::Vrack(vrack.to_string()), call, look).await?;
        self.follow_move(id, vrack, begun).await?;
        self.watch().membership(vrack, service, true).await
    }

    async fn detach(&self, id: StepId, vrack: &VrackName, service: ServiceId) -> Result<(), StepError> {
        let call = async || self.client.detach(vrack.as_str(), service.uuid()).await;
        let look = async || self.moved(vrack, service, false).await;
        let begun = match self.mutate(id, Place::Vrack(vrack.to_string()), call, look).await {
            Err(StepError::Api { error }) if error.is_not_found() => Begun::Needless,
            begun => begun?,
        };
        self.follow_move(id, vrack, begun).await?;
        self.watch().membership(vrack, service, false).await
    }

    async fn follow_move(
        &self,
        id: StepId,
        vrack: &VrackName,
        begun: Begun<VrackTask>,
    ) -> Result<(), StepError> {
        let (task, query_id) = match begun {
            Begun::Accepted(answer) => (answer.value.id, answer.query_id),
            Begun::Adopted(Some(task)) => (task, None),
            Begun::Adopted(None) | Begun::Needless => return Ok(()),
        };
        self.progress(id, Progress::Accepted { task: Some(task), query_id: query_id.clone() });
        self.watch().vrack_task(vrack, task, query_id.as_deref(), &|it| self.progress(id, it)).await
    }

    /// Whether a move whose answer was lost was carried out, or is being: then the task's number.
    async fn moved(
        &self,
        vrack: &VrackName,
        service: ServiceId,
        inside: bool,
    ) -> Result<Option<Option<u64>>, api::Error> {
        let found = self.client.service(service.uuid()).await?;
        if (found.vrack.as_deref() == Some(vrack.as_str())) == inside {
            return Ok(Some(None));
        }
        let name = service.to_string();
        let tasks = self.client.vrack_tasks(vrack.as_str()).await?;
        let about = |task: &&VrackTask| {
            [&task.target_domain, &task.service_name].into_iter().flatten().any(|it| *it == name)
        };
        Ok(tasks.iter().find(about).map(|task| Some(task.id)))
    }

    async fn describe(&self, id: StepId, service: ServiceId, description: &str) -> Result<(), StepError> {
        let update = Update { description: Some(description.to_owned()) };
        let watch = self.watch();
        for attempt in 1.. {
            match self.client.update_service(service.uuid(), &update).await {
                Ok(Answer { value: (), query_id }) => {
                    self.progress(id, Progress::Accepted { task: None, query_id });
                    break;
                }
                // It says what shall be, not what shall change: saying it twice does no harm.
                Err(error) if error.maybe_landed() && attempt < ATTEMPTS => {
                    watch.pause(|| "the new description".to_owned()).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn create_pop(&self, id: StepId, service: ServiceId, pop: &Pop) -> Result<(), StepError> {
        let Some(body) = pop_body(pop) else {
            return Err(StepError::Effect("the plan does not say which interface to use".to_owned()));
        };
        let known = self.known(id);
        let call = async || self.client.create_pop(service.uuid(), &body).await;
        let look = async || {
            let listed = self.client.pops(service.uuid()).await?;
            let ours = listed.into_iter().find(|it| {
                it.status != ConfigStatus::ToDelete
                    && !known.contains(&it.id)
                    && it.kind == body.kind
                    && it.subnet == body.subnet
                    && it.customer_bgp_area == body.customer_bgp_area
            });
            Ok(ours.map(|it| Some(it.id)))
        };
        let begun = self.mutate(id, Place::Service(service), call, look).await?;
        let number = self.follow_creation(id, service, begun, &look).await?;
        let key = PopKey { service, id: number };
        self.made.note(id, key, number);
        self.watch().active(Config::Pop(key)).await?;
        if self.path_keepers.contains(&id) { self.healthy(id, key).await } else { Ok(()) }
    }

    /// Waits until the session of a PoP is up, because another PoP goes once this one stands.
    async fn healthy(&self, id: StepId, pop: PopKey) -> Result<(), StepError> {
        let Options { health, health_timeout, .. } = self.options;
        if *health == HealthGate::Off {
            return Ok(());
        }
        self.progress(id, Progress::Session { is_up: false });
        match Watch::new(self.client, *health_timeout).session(pop).await {
            Err(StepError::Api { error }) if *health == HealthGate::Auto && is_refused(&error) => {
                if !self.told_of_health.swap(true, Ordering::Relaxed) {
                    self.progress(id, Progress::HealthUnknown { error: error.to_string() });
                }
                Ok(())
            }
            Err(StepError::Timeout { after, .. }) => Err(StepError::Unhealthy { pop, after }),
            ended => {
                ended?;
                self.progress(id, Progress::Session { is_up: true });
                Ok(())
            }
        }
    }

    async fn create_datacenter(
        &self,
        id: StepId,
        via: &Via,
        datacenter_id: u64,
        datacenter: &Datacenter,
    ) -> Result<(), StepError> {
        let pop = self.made.pop(via)?;
        let service = pop.service;
        let (ovh_bgp_area, subnet) = match datacenter {
            Datacenter::L2 => (None, None),
            Datacenter::L3 { ovh_bgp_area, subnet } => {
                (ovh_bgp_area.map(|asn| asn.0), Some(subnet.to_string()))
            }
        };
        let body = NewDatacenterConfig { datacenter_id, ovh_bgp_area, subnet };
        let known = self.known(id);
        let call = async || self.client.create_datacenter(service.uuid(), pop.id, &body).await;
        let look = async || {
            let listed = self.client.datacenters(service.uuid(), pop.id).await?;
            let ours = listed.into_iter().find(|it| {
                it.status != ConfigStatus::ToDelete
                    && !known.contains(&it.id)
                    && it.datacenter_id == datacenter_id
                    && it.subnet == body.subnet
            });
            Ok(ours.map(|it| Some(it.id)))
        };
        let begun = self.mutate(id, Place::Service(service), call, look).await?;
        let number = self.follow_creation(id, service, begun, &look).await?;
        self.made.note(id, pop, number);
        self.watch().active(Config::Datacenter(pop, number)).await
    }

    async fn create_extra(
        &self,
        id: StepId,
        via: &Via,
        datacenter: &DatacenterRef,
        extra: &NewExtra,
    ) -> Result<(), StepError> {
        let pop = self.made.pop(via)?;
        let service = pop.service;
        let Some(datacenter) = self.made.datacenter(self.client, pop, datacenter).await? else {
            let PopKey { id, service } = pop;
            return Err(StepError::Effect(format!(
                "PoP {id} of {service} does not list the datacenter: plan again"
            )));
        };
        let body = extra_body(extra);
        let known = self.known(id);
        let call = async || self.client.create_extra(service.uuid(), pop.id, datacenter, &body).await;
        let look = async || {
            let listed = self.client.extras(service.uuid(), pop.id, datacenter).await?;
            let ours = listed.into_iter().find(|it| {
                it.status != ConfigStatus::ToDelete && !known.contains(&it.id) && ids::is(it, extra)
            });
            Ok(ours.map(|it| Some(it.id)))
        };
        let begun = self.mutate(id, Place::Service(service), call, look).await?;
        let number = self.follow_creation(id, service, begun, &look).await?;
        self.watch().active(Config::Extra(pop, datacenter, number)).await
    }

    /// Follows the task of a creation; returns the number of what it makes.
    async fn follow_creation(
        &self,
        id: StepId,
        service: ServiceId,
        begun: Begun<Task>,
        look: &impl AsyncFn() -> Result<Option<Option<u64>>, api::Error>,
    ) -> Result<u64, StepError> {
        let Begun::Accepted(answer) = begun else {
            return match begun {
                Begun::Adopted(Some(number)) => Ok(number),
                _ => Err(StepError::Effect("the API does not list what it created: plan again".to_owned())),
            };
        };
        let Answer { value: Task { id: task, resource_id, .. }, query_id } = answer;
        self.progress(id, Progress::Accepted { task: Some(task), query_id: query_id.clone() });
        self.watch().task(service, task, query_id.as_deref(), &|it| self.progress(id, it)).await?;
        if let Some(number) = resource_id {
            return Ok(number);
        }
        match look().await? {
            Some(Some(number)) => Ok(number),
            _ => Err(StepError::Effect("the API does not list what it created: plan again".to_owned())),
        }
    }

    async fn delete(&self, id: StepId, config: Config) -> Result<(), StepError> {
        self.still_stuck(id, config).await?;
        let service = config.service();
        let call = async || match config {
            Config::Pop(pop) => self.client.delete_pop(pop.service.uuid(), pop.id).await,
            Config::Datacenter(pop, id) => {
                self.client.delete_datacenter(pop.service.uuid(), pop.id, id).await
            }
            Config::Extra(pop, datacenter, id) => {
                self.client.delete_extra(pop.service.uuid(), pop.id, datacenter, id).await
            }
        };
        let look = async || {
            let begun = match config.status(self.client).await? {
                None | Some(ConfigStatus::ToDelete) => true,
                // Its status may lag behind the task that deletes it.
                Some(_) => config.has_task(self.client).await?,
            };
            Ok(begun.then_some(None))
        };
        match self.mutate(id, Place::Service(service), call, look).await {
            Ok(Begun::Accepted(Answer { value: Task { id: task, .. }, query_id })) => {
                self.progress(id, Progress::Accepted { task: Some(task), query_id: query_id.clone() });
                self.watch().task(service, task, query_id.as_deref(), &|it| self.progress(id, it)).await?;
            }
            Ok(Begun::Adopted(_) | Begun::Needless) => {}
            Err(StepError::Api { error }) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error),
        }
        self.watch().gone(config).await
    }

    /// What was taken for a failed creation is not deleted if it has become active after all.
    async fn still_stuck(&self, id: StepId, config: Config) -> Result<(), StepError> {
        let change = self.plan.step(id).and_then(|step| self.plan.changes.get(step.change?));
        let was_stuck = change.and_then(|it| it.before.as_ref()).is_some_and(|it| it.status == Status::Stuck);
        if was_stuck && config.status(self.client).await? == Some(ConfigStatus::Active) {
            return Err(StepError::Effect(
                "its creation looked failed when the plan was made, and it has become active since: plan again"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Makes a call, once: if its answer is lost, `look` says whether it was carried out, and only if
    /// not is it made again. While the service is busy it waits.
    async fn mutate<T>(
        &self,
        id: StepId,
        place: Place,
        call: impl AsyncFn() -> Result<Answer<T>, api::Error>,
        look: impl AsyncFn() -> Result<Option<Option<u64>>, api::Error>,
    ) -> Result<Begun<T>, StepError> {
        let watch = self.watch();
        let mut attempts = 0;
        loop {
            let error = match call().await {
                Ok(answer) => return Ok(Begun::Accepted(answer)),
                Err(error) => error,
            };
            if error.is_busy() && self.options.busy == Busy::Fail {
                return Err(error.into());
            }
            if error.maybe_landed() {
                self.progress(id, Progress::Looking { error: error.to_string() });
            } else if error.is_busy() {
                self.progress(id, Progress::Busy { message: error.to_string() });
            } else {
                return Err(error.into());
            }
            if let Some(number) = look().await? {
                self.progress(id, Progress::Adopted);
                return Ok(Begun::Adopted(number));
            }
            if !(error.is_busy() && self.is_at_work(&place).await?) {
                attempts += 1;
            }
            if attempts >= ATTEMPTS {
                return Err(error.into());
            }
            watch.pause(|| format!("the wait for {place}, which is busy,")).await?;
        }
    }

    /// Whether a service or a vRack has unfinished tasks.
    async fn is_at_work(&self, place: &Place) -> Result<bool, api::Error> {
        Ok(match place {
            Place::Service(service) => {
                self.client.tasks(service.uuid()).await?.iter().any(|task| is_unfinished(&task.status))
            }
            Place::Vrack(vrack) => !self.client.vrack_tasks(vrack).await?.is_empty(),
        })
    }

    /// `None`: the PoP does not list it, so it is gone, or goes with what hides it.
    async fn datacenter(&self, via: &Via, datacenter: &DatacenterRef) -> Result<Option<Config>, StepError> {
        let pop = self.made.pop(via)?;
        let number = self.made.datacenter(self.client, pop, datacenter).await?;
        Ok(number.map(|number| Config::Datacenter(pop, number)))
    }

    async fn extra(&self, via: &Via, extra: &ExtraRef) -> Result<Option<Config>, StepError> {
        let pop = self.made.pop(via)?;
        let numbers = self.made.extra(self.client, pop, extra).await?;
        Ok(numbers.map(|(datacenter, id)| Config::Extra(pop, datacenter, id)))
    }

    async fn target(&self, target: &Target) -> Result<Option<Config>, StepError> {
        match target {
            Target::Pop { pop } => Ok(Some(Config::Pop(*pop))),
            Target::Datacenter { via, datacenter } => self.datacenter(via, datacenter).await,
            Target::Extra { via, extra } => self.extra(via, extra).await,
        }
    }

    /// The numbers of what stood at a step's address when the plan was made: what is found there under
    /// another number is new.
    fn known(&self, id: StepId) -> Vec<u64> {
        let Some(step) = self.plan.step(id) else { return Vec::new() };
        let changes = &self.plan.changes;
        let first = changes.partition_point(|change| change.address < step.address);
        let here = changes[first..].iter().take_while(|change| change.address == step.address);
        let before = here.filter_map(|change| change.before.as_ref());
        before
            .flat_map(|config| match &config.id {
                ConfigId::Member => Vec::new(),
                ConfigId::Pop(key) => vec![key.id],
                ConfigId::Datacenter(ids) => ids.values().copied().collect(),
                ConfigId::Extra { id, .. } => vec![*id],
            })
            .collect()
    }
}

/// Whether the API will not tell, however often it is asked.
fn is_refused(error: &api::Error) -> bool {
    matches!(error.status(), Some(400..=499))
}

/// The services through which someone may be at work on what is awaited.
fn services(target: &Target) -> Vec<ServiceId> {
    let datacenter = match target {
        Target::Pop { .. } => return Vec::new(),
        Target::Datacenter { datacenter, .. } => datacenter,
        Target::Extra { extra, .. } => &extra.datacenter,
    };
    match datacenter {
        DatacenterRef::Live { ids, .. } => ids.keys().map(|pop| pop.service).collect(),
        DatacenterRef::Made { .. } => Vec::new(),
    }
}

/// A task of someone else may end as it likes: what it left behind is for the next plan.
fn end_of_foreign(ended: Result<(), StepError>) -> Result<(), StepError> {
    match ended {
        Err(StepError::Task { .. }) => Ok(()),
        ended => ended,
    }
}

fn pop_body(pop: &Pop) -> Option<NewPopConfig> {
    Some(match pop {
        Pop::L2 { interface_id } => NewPopConfig {
            interface_id: (*interface_id)?,
            kind: PopType::L2,
            customer_bgp_area: None,
            ovh_bgp_area: None,
            subnet: None,
        },
        Pop::L3 { interface_id, customer_bgp_area, ovh_bgp_area, subnet } => NewPopConfig {
            interface_id: (*interface_id)?,
            kind: PopType::L3,
            customer_bgp_area: Some(customer_bgp_area.0),
            ovh_bgp_area: ovh_bgp_area.map(|asn| asn.0),
            subnet: Some(subnet.to_string()),
        },
    })
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
