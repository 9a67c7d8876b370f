//! Waiting for effects: tasks until they end, configurations until they are active or gone.

use std::time::Duration;

use futures_util::future::join;
use tokio::time::{Instant, sleep_until};

use super::error::{Place, StepError, Work};
use super::event::Progress;
use super::look::is_in;
use super::looks::Looks;
use super::poll::delay;
use super::tasks::{Sighting, Tasks};
use crate::api::wire::{
    ConfigStatus, InterfaceStatus, LightStatus, Task, TaskStatus, VrackTask, VrackTaskStatus,
};
use crate::api::{self, Client};
use crate::live::PopKey;
use crate::topology::{ServiceId, VrackName};

/// How long something that makes no sense has to be seen before it is believed.
///
/// Assumed: the API's answers lag behind each other by less.
pub(super) const LAG: Duration = Duration::from_secs(30);

/// A configuration as routes name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Config {
    Pop(PopKey),
    Datacenter(PopKey, u64),
    Extra(PopKey, u64, u64),
}

impl Config {
    /// The service whose routes are used.
    pub(super) fn service(&self) -> ServiceId {
        match self {
            Self::Pop(pop) | Self::Datacenter(pop, _) | Self::Extra(pop, _, _) => pop.service,
        }
    }

    /// Its number.
    pub(super) fn number(&self) -> u64 {
        match self {
            Self::Pop(pop) => pop.id,
            Self::Datacenter(_, id) | Self::Extra(_, _, id) => *id,
        }
    }

    /// The end of the names of the functions that tasks about it have.
    fn function(&self) -> &'static str {
        match self {
            Self::Pop(_) => "PopConfiguration",
            Self::Datacenter(..) => "DatacenterConfiguration",
            Self::Extra(..) => "ExtraConfiguration",
        }
    }

    /// Its status; `None`: it is gone.
    pub(super) async fn status(&self, client: &Client) -> Result<Option<ConfigStatus>, api::Error> {
        let status = match self {
            Self::Pop(pop) => client.pop(pop.service.uuid(), pop.id).await.map(|it| it.status),
            Self::Datacenter(pop, id) => {
                client.datacenter(pop.service.uuid(), pop.id, *id).await.map(|it| it.status)
            }
            Self::Extra(pop, datacenter, id) => {
                client.extra(pop.service.uuid(), pop.id, *datacenter, *id).await.map(|it| it.status)
            }
        };
        match status {
            Ok(status) => Ok(Some(status)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether an unfinished task of its service is about it.
    pub(super) async fn has_task(&self, client: &Client) -> Result<bool, api::Error> {
        let tasks = client.tasks(self.service().uuid()).await?;
        Ok(tasks.iter().any(|task| self.is_kind_of(task) && task.resource_id == Some(self.number())))
    }

    /// Whether an unfinished task of its service deletes it.
    pub(super) async fn is_being_deleted(&self, client: &Client) -> Result<bool, api::Error> {
        let tasks = client.tasks(self.service().uuid()).await?;
        let deletes = |task: &Task| task.function.as_str().starts_with("del");
        Ok(tasks
            .iter()
            .any(|task| self.is_kind_of(task) && deletes(task) && task.resource_id == Some(self.number())))
    }

    /// Whether an unfinished task of one of these services may be about it: it may bear another number there.
    async fn may_have_task(&self, client: &Client, services: &[ServiceId]) -> Result<bool, api::Error> {
        for service in services.iter().filter(|service| **service != self.service()) {
            if client.tasks(service.uuid()).await?.iter().any(|task| self.is_kind_of(task)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_kind_of(&self, task: &Task) -> bool {
        is_unfinished(&task.status) && task.function.as_str().ends_with(self.function())
    }
}

pub(super) fn is_unfinished(status: &TaskStatus) -> bool {
    !matches!(status, TaskStatus::Done | TaskStatus::Error | TaskStatus::Denied)
}

/// Since when something is seen that makes no sense.
#[derive(Default)]
struct Puzzle(Option<Instant>);

impl Puzzle {
    /// Whether it has been seen long enough to be believed; `seen`: whether it is seen now.
    fn is_believed(&mut self, seen: bool) -> bool {
        if !seen {
            self.0 = None;
            return false;
        }
        self.0.get_or_insert_with(Instant::now).elapsed() >= LAG
    }
}

/// A task that ended, and not badly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Ended {
    how: How,
    /// What it was about, where that was seen at the same time: its status, or that it is not there.
    config: Option<Option<ConfigStatus>>,
}

impl Ended {
    /// Whether its effect was seen at the same time: something active, or nothing any more.
    pub(super) fn shows(&self, effect: Option<&ConfigStatus>) -> bool {
        self.config.as_ref().is_some_and(|config| config.as_ref() == effect)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum How {
    /// The API says that it is done.
    Done,
    /// The API does not know it any more: its effect tells how it ended.
    Forgotten,
}

/// Looks again and again, less and less often, until a deadline.
pub(super) struct Watch<'a> {
    client: &'a Client,
    tasks: &'a Tasks<'a>,
    begun: Instant,
    /// When the last look was asked for.
    asked: Instant,
    timeout: Duration,
    /// Services that may be at work on what is watched, beside its own.
    beside: Vec<ServiceId>,
    /// What this run began and follows now.
    work: Option<Work>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(client: &'a Client, tasks: &'a Tasks<'a>, timeout: Duration) -> Self {
        let begun = Instant::now();
        Self { client, tasks, begun, asked: begun, timeout, beside: Vec::new(), work: None }
    }

    /// The same, for something shared: someone may be at work on it through any of these services.
    pub(super) fn beside(self, services: Vec<ServiceId>) -> Self {
        Self { beside: services, ..self }
    }

    /// The same, for something that this run began.
    pub(super) fn of(self, work: Work) -> Self {
        Self { work: Some(work), ..self }
    }

    async fn is_at_work(&self, config: Config) -> Result<bool, StepError> {
        let own = config.has_task(self.client).await.map_err(|error| self.lost_sight(error))?;
        let beside = config.may_have_task(self.client, &self.beside);
        Ok(own || beside.await.map_err(|error| self.lost_sight(error))?)
    }

    async fn status(&self, config: Config) -> Result<Option<ConfigStatus>, StepError> {
        config.status(self.client).await.map_err(|error| self.lost_sight(error))
    }

    fn lost_sight(&self, error: api::Error) -> StepError {
        match &self.work {
            Some(work) => StepError::Unfollowed { work: work.clone(), error: Box::new(error) },
            None => error.into(),
        }
    }

    fn effect(&self, problem: String) -> StepError {
        StepError::Effect { problem, work: self.work.clone() }
    }

    /// Waits until it is time to look again.
    pub(super) async fn pause(&mut self, what: impl FnOnce() -> String) -> Result<(), StepError> {
        let waited = self.begun.elapsed();
        if waited >= self.timeout {
            let what = match &self.work {
                Some(work) => format!("{} [{work}]", what()),
                None => what(),
            };
            return Err(StepError::Timeout { what, after: waited });
        }
        sleep_until(self.asked + delay(self.asked.duration_since(self.begun))).await;
        self.asked = Instant::now();
        Ok(())
    }

    /// Follows a task of a service to its end.
    pub(super) async fn task(
        &mut self,
        service: ServiceId,
        task: u64,
        config: Option<Config>,
        progress: &dyn Fn(Progress),
    ) -> Result<Ended, StepError> {
        let mut last = None;
        let mut waiting = self.tasks.await_one((service, task), config, self.begun, self.first_look());
        loop {
            let Sighting { status, config, .. } =
                waiting.next().await.map_err(|error| self.lost_sight(error))?;
            let Some(status) = status else { return Ok(Ended { how: How::Forgotten, config }) };
            match status {
                TaskStatus::Done => return Ok(Ended { how: How::Done, config }),
                TaskStatus::Error | TaskStatus::Denied => {
                    return Err(self.ended_badly(Place::Service(service), task, status.as_str()));
                }
                TaskStatus::Todo | TaskStatus::Doing | TaskStatus::Pause | TaskStatus::Other(_) => {}
            }
            tell(&mut last, status.as_str(), task, progress);
            let after = self.begun.elapsed();
            if after >= self.timeout {
                return Err(self.unfinished(Place::Service(service), task, status.as_str(), after));
            }
        }
    }

    /// When to look first at a task: what this run has begun just now is not over yet.
    fn first_look(&self) -> Instant {
        self.begun + if self.work.is_some() { delay(Duration::ZERO) } else { Duration::ZERO }
    }

    /// Follows a task of a vRack to its end: it is over when the API no longer knows it. Says whether its
    /// `effect`, that a service is in the vRack or is not, was seen at the same time.
    pub(super) async fn vrack_task(
        &mut self,
        vrack: &VrackName,
        task: u64,
        effect: Option<(ServiceId, bool)>,
        progress: &dyn Fn(Progress),
    ) -> Result<bool, StepError> {
        let mut last = None;
        let place = || Place::Vrack(vrack.to_string());
        let client = self.client.clone();
        let mut looks = Looks::new(move || client.has_room(), self.begun, self.first_look());
        loop {
            let Some(seen) = looks.next().await else {
                let effect = effect.filter(|_| self.client.has_room());
                looks.begin(vrack_task_and_effect(self.client.clone(), vrack.clone(), task, effect));
                continue;
            };
            let (found, effect) = seen.map_err(|error| self.lost_sight(error))?;
            let Some(VrackTask { status, .. }) = found else { return Ok(effect == Some(true)) };
            match status {
                VrackTaskStatus::Done => return Ok(effect == Some(true)),
                VrackTaskStatus::Cancelled => return Err(self.ended_badly(place(), task, status.as_str())),
                VrackTaskStatus::Init
                | VrackTaskStatus::Todo
                | VrackTaskStatus::Doing
                | VrackTaskStatus::Other(_) => {}
            }
            tell(&mut last, status.as_str(), task, progress);
            let after = self.begun.elapsed();
            if after >= self.timeout {
                return Err(self.unfinished(place(), task, status.as_str(), after));
            }
        }
    }

    /// What is followed, or a task of someone else.
    fn work_of(&self, place: Place, task: u64) -> Work {
        self.work.clone().unwrap_or(Work { place, task: Some(task), query_id: None })
    }

    fn ended_badly(&self, place: Place, task: u64, status: &str) -> StepError {
        StepError::Task { work: self.work_of(place, task), status: status.to_owned() }
    }

    fn unfinished(&self, place: Place, task: u64, status: &str, after: Duration) -> StepError {
        StepError::Unfinished { work: self.work_of(place, task), status: status.to_owned(), after }
    }

    /// Waits until a service is, or is no longer, in a vRack.
    pub(super) async fn membership(
        &mut self,
        vrack: &VrackName,
        service: ServiceId,
        inside: bool,
    ) -> Result<(), StepError> {
        let mut puzzle = Puzzle::default();
        loop {
            let found = self.client.service(service.uuid()).await.map_err(|error| self.lost_sight(error))?;
            if is_in(&found, vrack) == inside {
                return Ok(());
            }
            if puzzle.is_believed(true) {
                let is = if inside { "is not in" } else { "is still in" };
                return Err(self.effect(format!(
                    "the task is over and service {service} {is} {vrack}: plan again, and tell OVHcloud's support \
                     if it stays so"
                )));
            }
            self.pause(|| format!("the move of service {service}")).await?;
        }
    }

    /// Waits until an interface is what a lock or an unlock makes of it.
    pub(super) async fn interface(
        &mut self,
        service: ServiceId,
        interface: u64,
        wanted: &InterfaceStatus,
    ) -> Result<(), StepError> {
        let mut puzzle = Puzzle::default();
        loop {
            let found = self.client.interface(service.uuid(), interface).await;
            let status = found.map_err(|error| self.lost_sight(error))?.status;
            if status == *wanted {
                return Ok(());
            }
            if puzzle.is_believed(true) {
                return Err(self.effect(format!(
                    "the task is over and interface {interface} of service {service} is still `{status}`: plan \
                     again, and tell OVHcloud's support if it stays so"
                )));
            }
            self.pause(|| format!("interface {interface} of service {service}")).await?;
        }
    }

    /// Waits until a configuration is active, whose task, if one is known, has ended.
    pub(super) async fn active(&mut self, config: Config, task: Option<Ended>) -> Result<(), StepError> {
        if task.as_ref().is_some_and(|ended| ended.shows(Some(&ConfigStatus::Active))) {
            return Ok(());
        }
        let (mut idle, mut absent) = (Puzzle::default(), Puzzle::default());
        let number = config.number();
        loop {
            let (is_idle, is_absent) = match self.status(config).await? {
                Some(ConfigStatus::Active) => return Ok(()),
                Some(ConfigStatus::ToDelete) => {
                    return Err(
                        self.effect(format!("someone else is deleting configuration {number}: plan again"))
                    );
                }
                Some(ConfigStatus::Init | ConfigStatus::Other(_)) => (!self.is_at_work(config).await?, false),
                None => (false, true),
            };
            if idle.is_believed(is_idle) {
                let task = match task.map(|ended| ended.how) {
                    Some(How::Done) => "its task is done",
                    Some(How::Forgotten) => "its task vanished",
                    None => "no task works on it",
                };
                return Err(self.effect(format!(
                    "its creation failed: {task}, and configuration {number} is still `init`; \
                     plan again, which replaces it"
                )));
            }
            if absent.is_believed(is_absent) {
                return Err(self.effect(format!(
                    "configuration {number} vanished while it was being created: plan again"
                )));
            }
            self.pause(|| "its creation".to_owned()).await?;
        }
    }

    /// Waits until the BGP session of an l3 PoP is up.
    pub(super) async fn session(&mut self, pop: PopKey) -> Result<(), StepError> {
        loop {
            if self.client.pop_status(pop.service.uuid(), pop.id).await?.status == LightStatus::Up {
                return Ok(());
            }
            self.pause(|| "the session".to_owned()).await?;
        }
    }

    /// Waits until the creation of a configuration is over, well or badly.
    pub(super) async fn settled(&mut self, config: Config) -> Result<(), StepError> {
        let mut idle = Puzzle::default();
        loop {
            let is_idle = match self.status(config).await? {
                None | Some(ConfigStatus::Active | ConfigStatus::ToDelete) => return Ok(()),
                Some(ConfigStatus::Init | ConfigStatus::Other(_)) => !self.is_at_work(config).await?,
            };
            if idle.is_believed(is_idle) {
                return Ok(());
            }
            self.pause(|| "its creation".to_owned()).await?;
        }
    }

    /// Waits until a configuration is gone.
    pub(super) async fn gone(&mut self, config: Config) -> Result<(), StepError> {
        let mut idle = Puzzle::default();
        let number = config.number();
        loop {
            let is_idle = match self.status(config).await? {
                None => return Ok(()),
                Some(ConfigStatus::ToDelete) => false,
                Some(ConfigStatus::Active | ConfigStatus::Init | ConfigStatus::Other(_)) => {
                    !self.is_at_work(config).await?
                }
            };
            if idle.is_believed(is_idle) {
                return Err(self.effect(format!(
                    "its deletion did not happen: configuration {number} is there and no task works on it; plan again"
                )));
            }
            self.pause(|| "its deletion".to_owned()).await?;
        }
    }
}

/// A task of a vRack, if it is known still, and beside it whether its effect is there, where that is asked for.
async fn vrack_task_and_effect(
    client: Client,
    vrack: VrackName,
    task: u64,
    effect: Option<(ServiceId, bool)>,
) -> Result<(Option<VrackTask>, Option<bool>), api::Error> {
    let beside = async {
        let (service, inside) = effect?;
        // What goes wrong here is seen again when it matters.
        let found = client.service(service.uuid()).await.ok()?;
        Some(is_in(&found, &vrack) == inside)
    };
    let (found, effect) = join(client.vrack_task(vrack.as_str(), task), beside).await;
    match found {
        Ok(found) => Ok((Some(found), effect)),
        Err(error) if error.is_not_found() => Ok((None, effect)),
        Err(error) => Err(error),
    }
}

fn tell(last: &mut Option<String>, status: &str, task: u64, progress: &dyn Fn(Progress)) {
    if last.as_deref() != Some(status) {
        progress(Progress::Task { task, status: status.to_owned() });
        *last = Some(status.to_owned());
    }
}
