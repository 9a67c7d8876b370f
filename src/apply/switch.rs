//! Locking and unlocking an interface.

use super::error::{Place, StepError};
use super::follow::is_unfinished;
use super::mutate::{Begun, Finding};
use super::run::Runner;
use crate::api;
use crate::api::wire::{InterfaceStatus, Task, TaskFunction};
use crate::live::PopKey;
use crate::plan::{Carried, StepId};
use crate::topology::{InterfaceState, ServiceId};

/// An interface of a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Port {
    pub(super) service: ServiceId,
    pub(super) id: u64,
}

impl Runner<'_> {
    pub(super) async fn lock(&self, id: StepId, port: Port, carries: &[Carried]) -> Result<(), StepError> {
        let call = async || Ok(self.client.lock_interface(port.service.uuid(), port.id).await?.into());
        let look =
            async || self.switched(port, &InterfaceStatus::Disabled, &TaskFunction::LockInterface).await;
        let turn = self.spare(id, &paths(carries)).await?;
        let begun = self.mutate(id, &Place::Service(port.service), call, look).await?;
        drop(turn);
        self.follow_switch(id, port, &begun, &InterfaceStatus::Disabled).await
    }

    pub(super) async fn unlock(&self, id: StepId, port: Port, carries: &[Carried]) -> Result<(), StepError> {
        let call = async || Ok(self.client.unlock_interface(port.service.uuid(), port.id).await?.into());
        let look =
            async || self.switched(port, &InterfaceStatus::Enabled, &TaskFunction::UnlockInterface).await;
        let begun = self.mutate(id, &Place::Service(port.service), call, look).await?;
        self.follow_switch(id, port, &begun, &InterfaceStatus::Enabled).await?;
        for pop in paths(carries) {
            self.healthy(id, pop).await?;
        }
        Ok(())
    }

    async fn follow_switch(
        &self,
        id: StepId,
        port: Port,
        begun: &Begun,
        wanted: &InterfaceStatus,
    ) -> Result<(), StepError> {
        let work = begun.work(Place::Service(port.service));
        if let Some(task) = begun.task {
            self.watch().of(work.clone()).task(port.service, task, None, &|it| self.progress(id, it)).await?;
        }
        self.watch().of(work).interface(port.service, port.id, wanted).await
    }

    /// What is there of a lock or an unlock: the interface is what it makes of it, or a task is at it.
    async fn switched(
        &self,
        port: Port,
        wanted: &InterfaceStatus,
        function: &TaskFunction,
    ) -> Result<Finding, api::Error> {
        if self.client.interface(port.service.uuid(), port.id).await?.status == *wanted {
            return Ok(Finding::Landed(Begun::default()));
        }
        let tasks = self.client.tasks(port.service.uuid()).await?;
        let is_it = |task: &&Task| {
            is_unfinished(&task.status) && task.function == *function && task.resource_id == Some(port.id)
        };
        Ok(tasks.iter().find(is_it).map_or(Finding::Nothing, |task| {
            Finding::Landed(Begun { task: Some(task.id), ..Begun::default() })
        }))
    }
}

/// The state of an interface, in the API's word.
pub(super) const fn status(state: InterfaceState) -> InterfaceStatus {
    match state {
        InterfaceState::Enabled => InterfaceStatus::Enabled,
        InterfaceState::Disabled => InterfaceStatus::Disabled,
    }
}

/// The sessions that go down or come up with an interface.
fn paths(carries: &[Carried]) -> Vec<PopKey> {
    carries.iter().filter(|carried| carried.is_l3).map(|carried| carried.pop).collect()
}
