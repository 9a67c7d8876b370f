//! The health of BGP sessions. A plan counts configurations; what carries traffic is a session.
//!
//! Where a PoP is there to keep a path up, its session is awaited before another PoP goes. And where
//! the plan says that a path stays, the last session that is up is not taken down.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::try_join_all;
use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::Uuid;

use super::HealthGate;
use super::error::StepError;
use super::event::Progress;
use super::follow::Watch;
use super::run::Runner;
use crate::api::wire::{ConfigStatus, LightStatus, PopType};
use crate::api::{self, Client};
use crate::live::{PopKey, Status};
use crate::plan::{Because, Plan, StepId};
use crate::topology::VrackName;

/// Whose session matters, and what was said of sessions.
pub(super) struct Health {
    /// The steps that are waited for so that an l3 path stays up.
    path_keepers: HashSet<StepId>,
    /// The vRacks of which the plan says that a path stays up, each with the turn to take a session down.
    kept: HashMap<VrackName, Arc<Mutex<()>>>,
    /// Whether it was said that nothing is known of sessions.
    told: AtomicBool,
}

impl Health {
    pub(super) fn of(plan: &Plan) -> Self {
        let keepers = plan.edges.iter().filter(|edge| edge.because == Because::KeepsPath);
        let kept = plan.impact.iter().filter(|(_, impact)| impact.paths.least > 0);
        Self {
            path_keepers: keepers.map(|edge| edge.before).collect(),
            kept: kept.map(|(vrack, _)| (vrack.clone(), Arc::default())).collect(),
            told: AtomicBool::new(false),
        }
    }
}

impl Runner<'_> {
    /// Waits until the session of a PoP is up, where another path goes once this one stands.
    pub(super) async fn healthy(&self, id: StepId, pop: PopKey) -> Result<(), StepError> {
        if self.options.health == HealthGate::Off || !self.health.path_keepers.contains(&id) {
            return Ok(());
        }
        self.progress(id, Progress::Session { is_up: false });
        match self.unless_stopped(self.health_watch().session(pop)).await {
            // The PoP is there, and nothing else goes.
            Err(_) => Ok(()),
            Ok(Ok(())) => {
                self.progress(id, Progress::Session { is_up: true });
                Ok(())
            }
            Ok(Err(StepError::Api { error })) if self.goes_on_without(id, &error) => Ok(()),
            Ok(Err(StepError::Api { error })) => Err(StepError::HealthUnread { pop, error }),
            Ok(Err(StepError::Timeout { after, .. })) => Err(StepError::Unhealthy { pop, after }),
            Ok(Err(error)) => Err(error),
        }
    }

    /// Before PoPs are deleted, or their interface is locked: waits until theirs are not the last sessions
    /// that are up, where the plan says that a path stays. To be held until that has begun: sessions go one
    /// after the other.
    pub(super) async fn spare(
        &self,
        id: StepId,
        going: &[PopKey],
    ) -> Result<Option<OwnedMutexGuard<()>>, StepError> {
        let (Some(pop), Some(step)) = (going.first().copied(), self.plan.step(id)) else { return Ok(None) };
        let vrack = &step.address.vrack;
        let before = step.change.and_then(|change| self.plan.changes.get(change)?.before.as_ref());
        let was_up = before.is_some_and(|before| before.status == Status::Active);
        let Some(turn) = self.health.kept.get(vrack).filter(|_| was_up) else { return Ok(None) };
        if self.options.health == HealthGate::Off {
            return Ok(None);
        }
        let mut watch = self.health_watch();
        let spare = async {
            let turn = Arc::clone(turn).lock_owned().await;
            let mut told = false;
            while !are_spare(self.client, vrack, going).await? {
                if !told {
                    self.progress(id, Progress::LastSession);
                    told = true;
                }
                watch.pause(|| "another session".to_owned()).await?;
            }
            Ok(turn)
        };
        match self.unless_stopped(spare).await? {
            Ok(turn) => Ok(Some(turn)),
            Err(StepError::Api { error }) if self.goes_on_without(id, &error) => Ok(None),
            Err(StepError::Api { error }) => Err(StepError::SessionsUnread { pop, error }),
            Err(StepError::Timeout { after, .. }) => Err(StepError::LastSession { pop, after }),
            Err(error) => Err(error),
        }
    }

    fn health_watch(&self) -> Watch<'_> {
        Watch::new(self.client, &self.tasks, self.options.health_timeout)
    }

    /// Whether nothing is to be learnt of sessions and that is no reason to stop; says so once.
    fn goes_on_without(&self, id: StepId, error: &api::Error) -> bool {
        let goes_on = self.options.health == HealthGate::Auto && is_refused(error);
        if goes_on && !self.health.told.swap(true, Ordering::Relaxed) {
            self.progress(id, Progress::HealthUnknown { error: error.to_string() });
        }
        goes_on
    }
}

/// Whether the API will not tell, however often it is asked.
fn is_refused(error: &api::Error) -> bool {
    matches!(error.status(), Some(400 | 403 | 404 | 405 | 501))
}

/// Whether no path is lost when the sessions of `going` go: they are down, or another one of their vRack is
/// up.
async fn are_spare(client: &Client, vrack: &VrackName, going: &[PopKey]) -> Result<bool, api::Error> {
    let is_up = async |service: Uuid, id: u64| {
        Ok::<_, api::Error>(client.pop_status(service, id).await?.status == LightStatus::Up)
    };
    let own = try_join_all(going.iter().map(|pop| is_up(pop.service.uuid(), pop.id))).await?;
    if !own.into_iter().any(|is_up| is_up) {
        return Ok(true);
    }
    let others = async |service: Uuid| {
        let pops = client.pops(service).await?.into_iter();
        let standing = pops.filter(|it| it.kind == PopType::L3 && it.status == ConfigStatus::Active);
        let others = standing.filter(|it| !going.contains(&PopKey { service: service.into(), id: it.id }));
        try_join_all(others.map(|other| is_up(service, other.id))).await
    };
    let members = client.vrack_members(vrack.as_str()).await?;
    let sessions = try_join_all(members.into_iter().map(others)).await?;
    Ok(sessions.into_iter().flatten().any(|is_up| is_up))
}
