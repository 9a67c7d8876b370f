//! What live state shows of a call whose answer was lost, or that was refused.

use futures_util::future::try_join;

use super::error::Place;
use super::follow::is_unfinished;
use super::mutate::{Begun, Finding};
use super::run::Runner;
use crate::api;
use crate::api::wire::{ConfigStatus, DatacenterConfig, ExtraConfig, PopConfig, Service, VrackTask};
use crate::topology::{ServiceId, VrackName};

/// A configuration as the API shows it.
pub(super) trait Shown {
    /// What the functions of tasks that create one are called.
    const CREATED_BY: &str;
    /// Its number.
    fn number(&self) -> u64;
    /// Where it is in its life.
    fn status(&self) -> &ConfigStatus;
}

macro_rules! shown {
    ($($shape:ident: $function:literal),* $(,)?) => {
        $(impl Shown for $shape {
            const CREATED_BY: &str = $function;

            fn number(&self) -> u64 {
                self.id
            }

            fn status(&self) -> &ConfigStatus {
                &self.status
            }
        })*
    };
}

shown!(
    PopConfig: "addPopConfiguration",
    DatacenterConfig: "addDatacenterConfiguration",
    ExtraConfig: "addDatacenterExtraConfiguration",
);

/// Where to look for what a creation makes, and how to know it.
pub(super) struct Search<'a, L, R, F> {
    /// The service through which it is made.
    pub(super) service: ServiceId,
    /// The numbers of what was there before.
    pub(super) known: &'a [u64],
    /// The list it will be in.
    pub(super) list: L,
    /// Reads one by its number.
    pub(super) read: R,
    /// Whether one has the content of what is made.
    pub(super) is_alike: F,
}

impl Runner<'_> {
    /// What is there of a creation: in the list, or as a task that names what the list does not show yet.
    pub(super) async fn creation<C: Shown>(
        &self,
        search: &Search<
            '_,
            impl AsyncFn() -> Result<Vec<C>, api::Error>,
            impl AsyncFn(u64) -> Result<C, api::Error>,
            impl Fn(&C) -> bool,
        >,
    ) -> Result<Finding, api::Error> {
        let Search { service, known, list, read, is_alike } = search;
        let is_it = |config: &C| {
            *config.status() != ConfigStatus::ToDelete
                && !known.contains(&config.number())
                && is_alike(config)
        };
        let (listed, tasks) = try_join(list(), self.client.tasks(service.uuid())).await?;
        let place = Place::Service(*service);
        let creates = tasks.iter().filter(|task| {
            is_unfinished(&task.status)
                && task.function.as_str() == C::CREATED_BY
                && !self.is_own(&place, task.id)
        });
        if let Some(config) = listed.iter().find(|config| is_it(config)) {
            let number = Some(config.number());
            let task = creates.clone().find(|task| task.resource_id == number).map(|task| task.id);
            return Ok(Finding::Landed(Begun { number, task, query_id: None }));
        }
        let mut finding = Finding::Nothing;
        for task in creates {
            let Some(number) = task.resource_id else {
                finding = Finding::Unclear;
                continue;
            };
            if known.contains(&number) || listed.iter().any(|config| config.number() == number) {
                continue;
            }
            match read(number).await {
                Ok(config) if is_it(&config) => {
                    let (number, task) = (Some(number), Some(task.id));
                    return Ok(Finding::Landed(Begun { number, task, query_id: None }));
                }
                Ok(_) => {}
                Err(error) if error.is_not_found() => finding = Finding::Unclear,
                Err(error) => return Err(error),
            }
        }
        Ok(finding)
    }

    /// What is there of a move into a vRack, or out of it.
    pub(super) async fn moved(
        &self,
        vrack: &VrackName,
        service: ServiceId,
        inside: bool,
    ) -> Result<Finding, api::Error> {
        let found = self.client.service(service.uuid()).await?;
        if is_in(&found, vrack) == inside {
            return Ok(Finding::Landed(Begun::default()));
        }
        let name = service.to_string();
        let tasks = self.client.vrack_tasks(vrack.as_str()).await?;
        let about = |task: &&VrackTask| {
            [&task.target_domain, &task.service_name].into_iter().flatten().any(|it| *it == name)
        };
        // What was at work on it when the plan was made has been waited for.
        Ok(tasks.iter().find(about).map_or(Finding::Nothing, |task| {
            Finding::Landed(Begun { task: Some(task.id), ..Begun::default() })
        }))
    }
}

/// Whether a service is in a vRack: its own word, the surest witness.
pub(super) fn is_in(service: &Service, vrack: &VrackName) -> bool {
    service.vrack.as_deref() == Some(vrack.as_str())
}
