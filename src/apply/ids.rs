//! The numbers that routes take: known from the plan, from an earlier step, or found by looking.

use std::collections::HashMap;
use std::sync::Mutex;

use super::error::StepError;
use crate::api::Client;
use crate::api::wire::{ConfigStatus, ExtraConfig, ExtraType};
use crate::live::PopKey;
use crate::plan::{DatacenterRef, ExtraRef, NewExtra, StepId, Via};

/// The numbers of what steps have made.
#[derive(Default)]
pub(super) struct Made(Mutex<HashMap<StepId, (PopKey, u64)>>);

impl Made {
    /// Notes the number of what `step` has made, and the PoP through which it is known by it.
    pub(super) fn note(&self, step: StepId, via: PopKey, id: u64) {
        self.lock().insert(step, (via, id));
    }

    fn get(&self, step: StepId) -> Option<(PopKey, u64)> {
        self.lock().get(&step).copied()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<StepId, (PopKey, u64)>> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The PoP a call goes through.
    pub(super) fn pop(&self, via: &Via) -> Result<PopKey, StepError> {
        match via {
            Via::Live { key } => Ok(*key),
            Via::Made { step, .. } => self.get(*step).map(|(key, _)| key).ok_or_else(|| {
                StepError::effect(format!("step {step} did not leave a PoP to go through: plan again"))
            }),
        }
    }

    /// The number of a datacenter configuration under `pop`. `None`: `pop` does not list it.
    pub(super) async fn datacenter(
        &self,
        client: &Client,
        pop: PopKey,
        datacenter: &DatacenterRef,
    ) -> Result<Option<u64>, StepError> {
        let (datacenter_id, known) = match datacenter {
            DatacenterRef::Live { datacenter_id, ids } => {
                if let Some(id) = ids.get(&pop) {
                    return Ok(Some(*id));
                }
                (*datacenter_id, ids.values().copied().collect::<Vec<_>>())
            }
            DatacenterRef::Made { datacenter_id, step } => {
                let made = self.get(*step);
                match made {
                    Some((via, id)) if via == pop => return Ok(Some(id)),
                    _ => (*datacenter_id, made.into_iter().map(|(_, id)| id).collect()),
                }
            }
        };
        // Assumed: an inherited datacenter may bear another number under another PoP, so look it up.
        let listed = client.datacenters(pop.service.uuid(), pop.id).await?;
        let same = listed.iter().filter(|config| config.datacenter_id == datacenter_id);
        let best = same.min_by_key(|config| (!known.contains(&config.id), config.id));
        Ok(best.map(|config| config.id))
    }

    /// The numbers of an extra configuration, and of its datacenter configuration, under `pop`.
    /// `None`: it is not there.
    pub(super) async fn extra(
        &self,
        client: &Client,
        pop: PopKey,
        extra: &ExtraRef,
    ) -> Result<Option<(u64, u64)>, StepError> {
        let Some(datacenter) = self.datacenter(client, pop, &extra.datacenter).await? else {
            return Ok(None);
        };
        // Where the datacenter bears one number under both PoPs, so does what is in it; to look for the
        // same content instead could find a twin once it is gone.
        let number_by = |pop: &PopKey| match &extra.datacenter {
            DatacenterRef::Live { ids, .. } => ids.get(pop),
            DatacenterRef::Made { .. } => None,
        };
        let is_shared = number_by(&extra.read_via) == Some(&datacenter);
        if pop == extra.read_via || is_shared {
            return Ok(Some((datacenter, extra.id)));
        }
        let listed = client.extras(pop.service.uuid(), pop.id, datacenter).await?;
        let same = listed.iter().filter(|config| is(config, &extra.extra));
        // Of two that are alike the one that goes already is another step's, or another run's.
        let goes = |config: &&ExtraConfig| config.status == ConfigStatus::ToDelete;
        let best = same.min_by_key(|config| (config.id != extra.id, goes(config), config.id));
        Ok(best.map(|config| (datacenter, config.id)))
    }
}

/// Whether a live extra has this content.
pub(super) fn is(config: &ExtraConfig, extra: &NewExtra) -> bool {
    match (extra, &config.kind) {
        (NewExtra::Network { subnet, next_hop }, ExtraType::Network) => {
            config.subnet.as_deref().and_then(|it| it.parse().ok()) == Some(*subnet)
                && config.next_hop.as_deref().and_then(|it| it.parse().ok()) == Some(*next_hop)
        }
        (NewExtra::Bgp { bgp_neighbor_ip, bgp_neighbor_area }, ExtraType::Bgp) => {
            config.bgp_neighbor_ip.as_deref().and_then(|it| it.parse().ok()) == Some(*bgp_neighbor_ip)
                && config.bgp_neighbor_area == Some(bgp_neighbor_area.0)
        }
        _ => false,
    }
}
