//! Waiting for effects: tasks until they end, configurations until they are active or gone.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::event::{Place, Progress, StepError};
use super::poll::delay;
use crate::api::wire::{ConfigStatus, LightStatus, Task, TaskStatus, VrackTaskStatus};
use crate::api::{self, Client};
use crate::live::PopKey;
use crate::topology::{ServiceId, VrackName};

/// How often something that makes no sense is looked at again before it is believed: the API's
/// answers may lag behind each other.
const PATIENCE: usize = 3;

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

    fn number(&self) -> u64 {
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

/// Looks again and again, less and less often, until a deadline.
pub(super) struct Watch<'a> {
    pub(super) client: &'a Client,
    begun: Instant,
    timeout: Duration,
    /// Services that may be at work on what is watched, beside its own.
    beside: Vec<ServiceId>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(client: &'a Client, timeout: Duration) -> Self {
        Self { client, begun: Instant::now(), timeout, beside: Vec::new() }
    }

    /// The same, for something shared: someone may be at work on it through any of these services.
    pub(super) fn beside(self, services: Vec<ServiceId>) -> Self {
        Self { beside: services, ..self }
    }

    async fn is_at_work(&self, config: Config) -> Result<bool, api::Error> {
        Ok(config.has_task(self.client).await? || config.may_have_task(self.client, &self.beside).await?)
    }

    /// Waits until it is time to look again.
    pub(super) async fn pause(&self, what: impl FnOnce() -> String) -> Result<(), StepError> {
        let waited = self.begun.elapsed();
        if waited >= self.timeout {
            return Err(StepError::Timeout { what: what(), after: waited });
        }
        sleep(delay(waited)).await;
        Ok(())
    }

    /// Follows a task of a service to its end. A task that is not known any more is over: its effect
    /// tells how it ended.
    pub(super) async fn task(
        &self,
        service: ServiceId,
        task: u64,
        query_id: Option<&str>,
        progress: &dyn Fn(Progress),
    ) -> Result<(), StepError> {
        let mut last = None;
        loop {
            let status = match self.client.task(service.uuid(), task).await {
                Ok(found) => found.status,
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            match status {
                TaskStatus::Done => return Ok(()),
                TaskStatus::Error | TaskStatus::Denied => {
                    return Err(StepError::Task {
                        place: Place::Service(service),
                        task,
                        status: status.to_string(),
                        query_id: query_id.map(str::to_owned),
                    });
                }
                TaskStatus::Todo | TaskStatus::Doing | TaskStatus::Pause | TaskStatus::Other(_) => {}
            }
            tell(&mut last, status.as_str(), task, progress);
            self.pause(|| format!("task {task} of service {service}, `{status}`,")).await?;
        }
    }

    /// Follows a task of a vRack to its end: it is over when the API no longer knows it.
    pub(super) async fn vrack_task(
        &self,
        vrack: &VrackName,
        task: u64,
        query_id: Option<&str>,
        progress: &dyn Fn(Progress),
    ) -> Result<(), StepError> {
        let mut last = None;
        loop {
            let status = match self.client.vrack_task(vrack.as_str(), task).await {
                Ok(found) => found.status,
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            match status {
                VrackTaskStatus::Done => return Ok(()),
                VrackTaskStatus::Cancelled => {
                    return Err(StepError::Task {
                        place: Place::Vrack(vrack.to_string()),
                        task,
                        status: status.to_string(),
                        query_id: query_id.map(str::to_owned),
                    });
                }
                VrackTaskStatus::Init
                | VrackTaskStatus::Todo
                | VrackTaskStatus::Doing
                | VrackTaskStatus::Other(_) => {}
            }
            tell(&mut last, status.as_str(), task, progress);
            self.pause(|| format!("task {task} of vRack {vrack}, `{status}`,")).await?;
        }
    }

    /// Waits until a service is, or is no longer, in a vRack.
    pub(super) async fn membership(
        &self,
        vrack: &VrackName,
        service: ServiceId,
        inside: bool,
    ) -> Result<(), StepError> {
        for _ in 0..=PATIENCE {
            let found = self.client.service(service.uuid()).await?;
            if (found.vrack.as_deref() == Some(vrack.as_str())) == inside {
                return Ok(());
            }
            self.pause(|| format!("the move of service {service}")).await?;
        }
        let is = if inside { "is not in" } else { "is still in" };
        Err(StepError::Effect(format!(
            "the task is over and service {service} {is} {vrack}: plan again, and tell OVHcloud's support if it stays so"
        )))
    }

    /// Waits until a configuration is active.
    pub(super) async fn active(&self, config: Config) -> Result<(), StepError> {
        let (mut idle, mut absent) = (0, 0);
        loop {
            match config.status(self.client).await? {
                Some(ConfigStatus::Active) => return Ok(()),
                Some(ConfigStatus::ToDelete) => {
                    return Err(StepError::Effect("someone else is deleting it: plan again".to_owned()));
                }
                Some(ConfigStatus::Init | ConfigStatus::Other(_)) => {
                    idle = if self.is_at_work(config).await? { 0 } else { idle + 1 };
                }
                None => absent += 1,
            }
            if idle > PATIENCE {
                return Err(StepError::Effect(
                    "its creation failed: it is still `init` and no task works on it; \
                     plan again, which replaces it"
                        .to_owned(),
                ));
            }
            if absent > PATIENCE {
                return Err(StepError::Effect(
                    "it vanished while it was being created: plan again".to_owned(),
                ));
            }
            self.pause(|| "its creation".to_owned()).await?;
        }
    }

    /// Waits until the BGP session of an l3 PoP is up.
    pub(super) async fn session(&self, pop: PopKey) -> Result<(), StepError> {
        loop {
            if self.client.pop_status(pop.service.uuid(), pop.id).await?.status == LightStatus::Up {
                return Ok(());
            }
            self.pause(|| "the session".to_owned()).await?;
        }
    }

    /// Waits until the creation of a configuration is over, well or badly.
    pub(super) async fn settled(&self, config: Config) -> Result<(), StepError> {
        let mut idle = 0;
        loop {
            match config.status(self.client).await? {
                None | Some(ConfigStatus::Active | ConfigStatus::ToDelete) => return Ok(()),
                Some(ConfigStatus::Init | ConfigStatus::Other(_)) => {
                    idle = if self.is_at_work(config).await? { 0 } else { idle + 1 };
                }
            }
            if idle > PATIENCE {
                return Ok(());
            }
            self.pause(|| "its creation".to_owned()).await?;
        }
    }

    /// Waits until a configuration is gone.
    pub(super) async fn gone(&self, config: Config) -> Result<(), StepError> {
        let mut idle = 0;
        loop {
            match config.status(self.client).await? {
                None => return Ok(()),
                Some(ConfigStatus::ToDelete) => idle = 0,
                Some(ConfigStatus::Active | ConfigStatus::Init | ConfigStatus::Other(_)) => {
                    idle = if self.is_at_work(config).await? { 0 } else { idle + 1 };
                }
            }
            if idle > PATIENCE {
                return Err(StepError::Effect(
                    "its deletion did not happen: it is there and no task works on it; plan again".to_owned(),
                ));
            }
            self.pause(|| "its deletion".to_owned()).await?;
        }
    }
}

fn tell(last: &mut Option<String>, status: &str, task: u64, progress: &dyn Fn(Progress)) {
    if last.as_deref() != Some(status) {
        progress(Progress::Task { task, status: status.to_owned() });
        *last = Some(status.to_owned());
    }
}
