//! One step: the call, and the wait for its effect.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::{Instant, sleep};

use super::error::{Place, StepError, Work};
use super::event::{Event, Progress};
use super::follow::{Config, LAG, Watch};
use super::health::Health;
use super::ids::{self, Made};
use super::look::Search;
use super::mutate::{Begun, Finding, Standstill};
use super::poll::delay;
use super::switch::{self, Port};
use super::tasks::Tasks;
use super::{Options, bodies};
use crate::api::wire::{ConfigStatus, DatacenterConfig, ExtraConfig, PopConfig, Update};
use crate::api::{self, Client};
use crate::live::{ConfigId, PopKey, Status};
use crate::plan::{Awaited, DatacenterRef, ExtraRef, NewExtra, Operation, Plan, StepId, Target, Via};
use crate::topology::{Datacenter, Pop, ServiceId, VrackName};

/// Runs the steps of one plan.
pub(super) struct Runner<'a> {
    pub(super) client: &'a Client,
    pub(super) plan: &'a Plan,
    pub(super) options: &'a Options,
    events: &'a (dyn Fn(Event) + Sync),
    made: Made,
    /// What is known of sessions, and who may take one down.
    pub(super) health: Health,
    /// The tasks that steps wait for.
    pub(super) tasks: Tasks<'a>,
    /// The tasks that this run began.
    own: Mutex<BTreeSet<(Place, u64)>>,
    /// Whose turn it is to ask a busy place again.
    turns: Mutex<HashMap<Place, Arc<tokio::sync::Mutex<Standstill>>>>,
    changed: AtomicBool,
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        client: &'a Client,
        plan: &'a Plan,
        options: &'a Options,
        events: &'a (dyn Fn(Event) + Sync),
    ) -> Self {
        Self {
            client,
            plan,
            options,
            events,
            made: Made::default(),
            health: Health::of(plan),
            tasks: Tasks::new(client),
            own: Mutex::default(),
            turns: Mutex::default(),
            changed: AtomicBool::new(false),
        }
    }

    /// Runs one step to its effect.
    pub(super) async fn run(&self, id: StepId) -> Result<(), StepError> {
        let Some(step) = self.plan.step(id) else {
            return Err(StepError::effect(format!("the plan has no step {id}")));
        };
        let vrack = &step.address.vrack;
        match &step.operation {
            Operation::Attach { service } => self.attach(id, vrack, *service).await,
            Operation::Detach { service } => self.detach(id, vrack, *service).await,
            Operation::Describe { service, description } => self.describe(id, *service, description).await,
            Operation::Lock { service, interface, carries } => {
                self.lock(id, Port { service: *service, id: *interface }, carries).await
            }
            Operation::Unlock { service, interface, carries } => {
                self.unlock(id, Port { service: *service, id: *interface }, carries).await
            }
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
            Operation::AwaitActive { .. }
            | Operation::AwaitSettled { .. }
            | Operation::AwaitGone { .. }
            | Operation::AwaitTask { .. }
            | Operation::AwaitVrackTask { .. } => {
                // Nothing of this run is in flight here.
                self.unless_stopped(async {
                    self.wait(id, vrack, &step.operation).await?;
                    self.effect_of_foreign(vrack, self.plan.awaited(step)).await
                })
                .await?
            }
        }
    }

    /// Waits for what someone else began.
    async fn wait(&self, id: StepId, vrack: &VrackName, operation: &Operation) -> Result<(), StepError> {
        let progress = |it| self.progress(id, it);
        match operation {
            Operation::AwaitActive { target } => match self.target(target).await? {
                Some(config) => {
                    self.watch().beside(services(target)).active(config, None).await?;
                    match config {
                        Config::Pop(pop) => self.healthy(id, pop).await,
                        Config::Datacenter(..) | Config::Extra(..) => Ok(()),
                    }
                }
                None => Err(StepError::effect("it vanished while it was being created: plan again")),
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
                end_of_foreign(self.watch().task(*service, *task, None, &progress).await.map(|_| ()))
            }
            Operation::AwaitVrackTask { task, .. } => {
                end_of_foreign(self.watch().vrack_task(vrack, *task, None, &progress).await.map(|_| ()))
            }
            _ => Ok(()),
        }
    }

    /// A task that someone else began may have ended in vain: what comes next would be refused.
    async fn effect_of_foreign(&self, vrack: &VrackName, effect: Option<Awaited>) -> Result<(), StepError> {
        match effect {
            Some(Awaited::Membership { service, inside }) => {
                self.watch().membership(vrack, service, inside).await
            }
            Some(Awaited::Interface { service, interface, state }) => {
                self.watch().interface(service, interface, &switch::status(state)).await
            }
            None => Ok(()),
        }
    }

    pub(super) fn progress(&self, step: StepId, progress: Progress) {
        (self.events)(Event::Progress { step, progress });
    }

    pub(super) fn watch(&self) -> Watch<'_> {
        Watch::new(self.client, &self.tasks, self.options.task_timeout)
    }

    /// Does something, unless nothing new is to be started: then it is left off.
    pub(super) async fn unless_stopped<T>(&self, act: impl Future<Output = T>) -> Result<T, StepError> {
        let mut stop = self.options.stop.clone();
        tokio::select! {
            biased;
            Ok(_) = stop.wait_for(|stop| *stop) => Err(StepError::Stopped),
            done = act => Ok(done),
        }
    }

    /// Notes and tells what a call of this run has begun.
    pub(super) fn own(&self, id: StepId, place: &Place, begun: &Begun) {
        self.may_have_changed();
        let Begun { task, query_id, .. } = begun.clone();
        if task.is_some() || query_id.is_some() {
            self.progress(id, Progress::Accepted { task, query_id });
        }
        if let Some(task) = begun.task {
            lock(&self.own).insert((place.clone(), task));
        }
    }

    /// Whether this run began a task.
    pub(super) fn is_own(&self, place: &Place, task: u64) -> bool {
        lock(&self.own).contains(&(place.clone(), task))
    }

    /// Notes that something is not as it was before, or may not be.
    pub(super) fn may_have_changed(&self) {
        self.changed.store(true, Ordering::Relaxed);
    }

    /// Whether anything was changed, or may have been.
    pub(super) fn changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }

    /// Who holds it may ask a busy place again; first come, first served.
    pub(super) fn turn(&self, place: &Place) -> Arc<tokio::sync::Mutex<Standstill>> {
        Arc::clone(lock(&self.turns).entry(place.clone()).or_default())
    }

    async fn attach(&self, id: StepId, vrack: &VrackName, service: ServiceId) -> Result<(), StepError> {
        let call = async || Ok(self.client.attach(vrack.as_str(), service.uuid()).await?.into());
        self.move_service(id, vrack, service, true, call).await
    }

    async fn detach(&self, id: StepId, vrack: &VrackName, service: ServiceId) -> Result<(), StepError> {
        let call = async || Ok(self.client.detach(vrack.as_str(), service.uuid()).await?.into());
        self.move_service(id, vrack, service, false, call).await
    }

    async fn move_service(
        &self,
        id: StepId,
        vrack: &VrackName,
        service: ServiceId,
        inside: bool,
        call: impl AsyncFn() -> Result<Begun, api::Error>,
    ) -> Result<(), StepError> {
        let place = Place::Vrack(vrack.to_string());
        let begun = self.mutate(id, &place, call, async || self.moved(vrack, service, inside).await).await?;
        let work = begun.work(place);
        if let Some(task) = begun.task {
            let mut watch = self.watch().of(work.clone());
            let effect = Some((service, inside));
            if watch.vrack_task(vrack, task, effect, &|it| self.progress(id, it)).await? {
                return Ok(());
            }
        }
        self.watch().of(work).membership(vrack, service, inside).await
    }

    async fn describe(&self, id: StepId, service: ServiceId, description: &str) -> Result<(), StepError> {
        let update = Update { description: Some(description.to_owned()) };
        let call = async || Ok(self.client.update_service(service.uuid(), &update).await?.into());
        let look = async || {
            let found = self.client.service(service.uuid()).await?;
            Ok(Finding::landed_if(found.description.unwrap_or_default() == description))
        };
        self.mutate(id, &Place::Service(service), call, look).await?;
        Ok(())
    }

    async fn create_pop(&self, id: StepId, service: ServiceId, pop: &Pop) -> Result<(), StepError> {
        let Some(body) = bodies::pop(pop) else {
            return Err(StepError::effect("the plan does not say which interface to use"));
        };
        let search = Search {
            service,
            known: &self.known(id),
            list: async || self.client.pops(service.uuid()).await,
            read: async |number| self.client.pop(service.uuid(), number).await,
            is_alike: |it: &PopConfig| {
                it.kind == body.kind
                    && it.subnet == body.subnet
                    && it.customer_bgp_area == body.customer_bgp_area
            },
        };
        let call = async || Ok(self.client.create_pop(service.uuid(), &body).await?.into());
        let look = async || self.creation(&search).await;
        let key = |id| PopKey { service, id };
        let number = self.create(id, service, call, look, |number| Config::Pop(key(number))).await?;
        self.made.note(id, key(number), number);
        self.healthy(id, key(number)).await
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
        let body = bodies::datacenter(datacenter_id, datacenter);
        let search = Search {
            service,
            known: &self.known(id),
            list: async || self.client.datacenters(service.uuid(), pop.id).await,
            read: async |number| self.client.datacenter(service.uuid(), pop.id, number).await,
            is_alike: |it: &DatacenterConfig| it.datacenter_id == datacenter_id && it.subnet == body.subnet,
        };
        let call = async || Ok(self.client.create_datacenter(service.uuid(), pop.id, &body).await?.into());
        let look = async || self.creation(&search).await;
        let number = self.create(id, service, call, look, |number| Config::Datacenter(pop, number)).await?;
        self.made.note(id, pop, number);
        Ok(())
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
        let find = async || self.made.datacenter(self.client, pop, datacenter).await;
        let Some(datacenter) = listed(find).await? else {
            let PopKey { id, service } = pop;
            return Err(StepError::effect(format!(
                "PoP {id} of {service} does not list the datacenter: plan again"
            )));
        };
        let body = bodies::extra(extra);
        let search = Search {
            service,
            known: &self.known(id),
            list: async || self.client.extras(service.uuid(), pop.id, datacenter).await,
            read: async |number| self.client.extra(service.uuid(), pop.id, datacenter, number).await,
            is_alike: |it: &ExtraConfig| ids::is(it, extra),
        };
        let call =
            async || Ok(self.client.create_extra(service.uuid(), pop.id, datacenter, &body).await?.into());
        let look = async || self.creation(&search).await;
        self.create(id, service, call, look, |number| Config::Extra(pop, datacenter, number)).await?;
        Ok(())
    }

    /// Creates a configuration and waits until it is active; returns its number.
    async fn create(
        &self,
        id: StepId,
        service: ServiceId,
        call: impl AsyncFn() -> Result<Begun, api::Error>,
        look: impl AsyncFn() -> Result<Finding, api::Error>,
        config: impl Fn(u64) -> Config,
    ) -> Result<u64, StepError> {
        let place = Place::Service(service);
        let begun = self.mutate(id, &place, call, &look).await?;
        let work = begun.work(place);
        let ended = match begun.task {
            Some(task) => {
                let mut watch = self.watch().of(work.clone());
                let config = begun.number.map(&config);
                Some(watch.task(service, task, config, &|it| self.progress(id, it)).await?)
            }
            None => None,
        };
        let number = match begun.number {
            Some(number) => number,
            None => self.number(&work, look).await?,
        };
        self.watch().of(work).active(config(number), ended).await?;
        Ok(number)
    }

    /// The number of what was created, where the API's answer did not bear it.
    async fn number(
        &self,
        work: &Work,
        look: impl AsyncFn() -> Result<Finding, api::Error>,
    ) -> Result<u64, StepError> {
        let find = async || match look().await {
            Ok(Finding::Landed(Begun { number, .. })) => Ok(number),
            Ok(Finding::Unclear | Finding::Nothing) => Ok(None),
            Err(error) => Err(StepError::Unfollowed { work: work.clone(), error: Box::new(error) }),
        };
        listed(find).await?.ok_or_else(|| StepError::Effect {
            problem: "the API does not list what it created: plan again".to_owned(),
            work: Some(work.clone()),
        })
    }

    async fn delete(&self, id: StepId, config: Config) -> Result<(), StepError> {
        self.still_stuck(id, config).await?;
        let service = config.service();
        let call = async || {
            let answer = match config {
                Config::Pop(pop) => self.client.delete_pop(pop.service.uuid(), pop.id).await,
                Config::Datacenter(pop, id) => {
                    self.client.delete_datacenter(pop.service.uuid(), pop.id, id).await
                }
                Config::Extra(pop, datacenter, id) => {
                    self.client.delete_extra(pop.service.uuid(), pop.id, datacenter, id).await
                }
            };
            Ok(answer?.into())
        };
        let look = async || {
            Ok(Finding::landed_if(match config.status(self.client).await? {
                None | Some(ConfigStatus::ToDelete) => true,
                // Its status may lag behind the task that deletes it.
                Some(_) => config.is_being_deleted(self.client).await?,
            }))
        };
        let place = Place::Service(service);
        let turn = match config {
            Config::Pop(pop) => self.spare(id, &[pop]).await?,
            Config::Datacenter(..) | Config::Extra(..) => None,
        };
        let begun = self.mutate(id, &place, call, look).await?;
        drop(turn);
        let work = begun.work(place);
        if let Some(task) = begun.task {
            let mut watch = self.watch().of(work.clone());
            let ended = watch.task(service, task, Some(config), &|it| self.progress(id, it)).await?;
            if ended.shows(None) {
                return Ok(());
            }
        }
        self.watch().of(work).gone(config).await
    }

    /// What was taken for a failed creation is not deleted if it has become active after all.
    async fn still_stuck(&self, id: StepId, config: Config) -> Result<(), StepError> {
        let change = self.plan.step(id).and_then(|step| self.plan.changes.get(step.change?));
        let was_stuck = change.and_then(|it| it.before.as_ref()).is_some_and(|it| it.status == Status::Stuck);
        if was_stuck && config.status(self.client).await? == Some(ConfigStatus::Active) {
            return Err(StepError::effect(
                "its creation looked failed when the plan was made, and it has become active since: plan again",
            ));
        }
        Ok(())
    }

    /// `None`: the PoP does not list it, so it is gone, or goes with what hides it.
    async fn datacenter(&self, via: &Via, datacenter: &DatacenterRef) -> Result<Option<Config>, StepError> {
        let pop = self.made.pop(via)?;
        let number = listed(async || self.made.datacenter(self.client, pop, datacenter).await).await?;
        Ok(number.map(|number| Config::Datacenter(pop, number)))
    }

    async fn extra(&self, via: &Via, extra: &ExtraRef) -> Result<Option<Config>, StepError> {
        let pop = self.made.pop(via)?;
        let numbers = listed(async || self.made.extra(self.client, pop, extra).await).await?;
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
                ConfigId::Member | ConfigId::Interface(_) => Vec::new(),
                ConfigId::Pop(key) => vec![key.id],
                ConfigId::Datacenter(ids) => ids.values().copied().collect(),
                ConfigId::Extra { id, .. } => vec![*id],
            })
            .collect()
    }
}

/// Locks what no panic can leave half done.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a list shows. One that does not show it is asked again for a while before it is believed.
async fn listed<T>(look: impl AsyncFn() -> Result<Option<T>, StepError>) -> Result<Option<T>, StepError> {
    let begun = Instant::now();
    loop {
        match look().await? {
            None if begun.elapsed() < LAG => sleep(delay(begun.elapsed()).max(LAG / 10)).await,
            found => return Ok(found),
        }
    }
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
