//! Creations and deletions of PoP, datacenter and extra configurations, and port locks. There is
//! no update: a change is a deletion and a creation.

use std::time::Duration;

use uuid::Uuid;

use super::model::{Datacenter, Extra, Home, Layer, Life, Peer, Phase, Pop, PortStatus};
use super::refusal::Refusal;
use super::rules;
use super::task::{Event, Work};
use super::world::World;
use crate::api::wire;

impl World {
    /// Creates the PoP configuration of a service. The task's `resourceId` is its id.
    ///
    /// # Errors
    /// 400 or 409 where a rule forbids it, 404 where there is no such service.
    pub fn create_pop(&mut self, service: Uuid, new: &wire::NewPopConfig) -> Result<wire::Task, Refusal> {
        let owner = self.the_service(service)?;
        let values = rules::pop_values(new)?;
        self.may_create_pop(owner, new, &values)?;
        self.not_busy(owner)?;
        let pop = Pop {
            id: self.fresh_id(),
            service,
            interface: new.interface_id,
            layer: values.layer,
            customer_asn: values.customer_asn,
            ovh_asn: values.ovh_asn,
            subnet: values.subnet.map(|subnet| subnet.to_string()),
            life: Life::new(Phase::Init),
            changed: self.now,
            peer: Peer::default(),
            datacenters: Default::default(),
        };
        let id = self.insert_pop(pop);
        self.begin(service, Work::AddPop(id), self.options.task)
    }

    /// Creates a datacenter configuration through a PoP: the PoP's own (layer 2) or one that every
    /// layer 3 PoP of the vRack shares.
    ///
    /// # Errors
    /// 400 or 409 where a rule forbids it, 404 where the service or its PoP is not there.
    pub fn create_datacenter(
        &mut self,
        service: Uuid,
        pop: u64,
        new: &wire::NewDatacenterConfig,
    ) -> Result<wire::Task, Refusal> {
        let through = self.the_pop(service, pop)?;
        let values = rules::datacenter_values(through.layer, new)?;
        self.takes_children(&through.life, "PoP")?;
        self.may_create_datacenter(through, new, values.map(|(_, subnet)| subnet))?;
        self.not_busy(self.the_service(service)?)?;
        let home = match (through.layer, self.vrack_of_pop(through)) {
            (Layer::L3, Some(vrack)) => Home::Vrack(vrack.service_name.clone()),
            _ => Home::Pop(pop),
        };
        let datacenter = Datacenter {
            id: self.fresh_id(),
            home,
            catalogue: new.datacenter_id,
            ovh_asn: values.map(|(asn, _)| asn),
            subnet: values.map(|(_, subnet)| subnet.to_string()),
            life: Life::new(Phase::Init),
            extras: Default::default(),
        };
        let id = self.insert_datacenter(datacenter);
        self.begin(service, Work::AddDatacenter(id), self.options.task)
    }

    /// Creates an extra configuration in a datacenter, named by the id it has under this service.
    ///
    /// # Errors
    /// 400 or 409 where a rule forbids it, 404 where a parent is not there.
    pub fn create_extra(
        &mut self,
        service: Uuid,
        pop: u64,
        datacenter: u64,
        new: &wire::NewExtraConfig,
    ) -> Result<wire::Task, Refusal> {
        let through = self.the_pop(service, pop)?;
        let parent = self.the_datacenter(service, pop, datacenter)?;
        if through.layer == Layer::L2 {
            return Err(Refusal::bad_request("a layer 2 datacenter takes no extra configuration"));
        }
        let route = rules::extra_values(parent, new)?;
        not_going(&through.life, "PoP")?;
        self.takes_children(&parent.life, "datacenter")?;
        let owner = self.the_service(service)?;
        self.may_create_extra(self.configurable(owner)?, parent, &route)?;
        self.not_busy(owner)?;
        let parent = parent.id;
        let extra = Extra { id: self.fresh_id(), datacenter: parent, route, life: Life::new(Phase::Init) };
        let id = self.insert_extra(extra);
        self.begin(service, Work::AddExtra(id), self.options.task)
    }

    /// Deletes a PoP configuration; and with it, by one slow task, the datacenters it leaves
    /// without any PoP: its own (layer 2), or all of the vRack's when it is the last layer 3 PoP.
    ///
    /// # Errors
    /// 404 where it is not there, 409 where it is being created or deleted.
    pub fn delete_pop(&mut self, service: Uuid, pop: u64) -> Result<wire::Task, Refusal> {
        let leaving = self.the_pop(service, pop)?;
        deletable(&leaving.life, "PoP")?;
        self.not_busy(self.the_service(service)?)?;
        let children = self.orphans_without(leaving);
        for id in &children {
            self.doom(*id);
        }
        let weight: usize = children.iter().map(|id| self.weight(*id)).sum();
        let span = self.recursion(weight);
        if !children.is_empty() {
            let delay = self.options.children_delay.min(span / 2);
            self.schedule(delay, Event::Doom(children.clone()));
        }
        if let Some(pop) = self.pops.get_mut(&pop) {
            pop.life.phase = Phase::ToDelete;
        }
        self.stamp_pop(pop);
        self.begin(service, Work::DelPop(pop, children), span)
    }

    /// Deletes a datacenter configuration and, at once, its extras.
    ///
    /// # Errors
    /// 404 where it is not there, 409 where it is being created or deleted, or the PoP is going.
    pub fn delete_datacenter(
        &mut self,
        service: Uuid,
        pop: u64,
        datacenter: u64,
    ) -> Result<wire::Task, Refusal> {
        let leaving = self.the_datacenter(service, pop, datacenter)?;
        not_going(&self.the_pop(service, pop)?.life, "PoP")?;
        deletable(&leaving.life, "datacenter")?;
        self.not_busy(self.the_service(service)?)?;
        let id = leaving.id;
        let span = self.recursion(leaving.extras.len());
        self.turn_to_delete(id);
        self.begin(service, Work::DelDatacenter(id), span)
    }

    /// Deletes an extra configuration.
    ///
    /// # Errors
    /// 404 where it is not there, 409 where it is being created or deleted, or a parent is going.
    pub fn delete_extra(
        &mut self,
        service: Uuid,
        pop: u64,
        datacenter: u64,
        extra: u64,
    ) -> Result<wire::Task, Refusal> {
        let leaving = self.the_extra(service, pop, datacenter, extra)?;
        not_going(&self.the_pop(service, pop)?.life, "PoP")?;
        deletable(&leaving.life, "extra")?;
        self.not_busy(self.the_service(service)?)?;
        let id = leaving.id;
        if let Some(extra) = self.extras.get_mut(&id) {
            extra.life.phase = Phase::ToDelete;
        }
        self.begin(service, Work::DelExtra(id), self.options.task)
    }

    /// Locks an interface: it is `disabled` once the task is done.
    ///
    /// # Errors
    /// 404 where the service has no such interface, 409 where it is locked already.
    pub fn lock_interface(&mut self, service: Uuid, id: u64) -> Result<wire::Task, Refusal> {
        self.port_is(service, id, PortStatus::Enabled, "locked already or not in service")?;
        self.begin(service, Work::Lock(id), self.options.task)
    }

    /// Unlocks an interface: it is `enabled` once the task is done.
    ///
    /// # Errors
    /// 404 where the service has no such interface, 409 where it is not locked.
    pub fn unlock_interface(&mut self, service: Uuid, id: u64) -> Result<wire::Task, Refusal> {
        self.port_is(service, id, PortStatus::Disabled, "not locked")?;
        self.begin(service, Work::Unlock(id), self.options.task)
    }

    fn port_is(&self, service: Uuid, id: u64, status: PortStatus, otherwise: &str) -> Result<(), Refusal> {
        let owner = self.the_service(service)?;
        self.interface(service, id)?;
        self.not_busy(owner)?;
        if self.interfaces.get(&id).is_some_and(|interface| interface.status == status) {
            Ok(())
        } else {
            Err(Refusal::conflict(format!("interface {id} is {otherwise}")))
        }
    }

    fn begin(&mut self, service: Uuid, work: Work, span: Duration) -> Result<wire::Task, Refusal> {
        let id = self.start_task(service, work, span);
        self.task(service, id)
    }

    /// The datacenters that nobody reaches once `pop` is gone.
    fn orphans_without(&self, pop: &Pop) -> Vec<u64> {
        let mut orphans: Vec<u64> = pop.datacenters.iter().copied().collect();
        if pop.layer == Layer::L3
            && let Some(vrack) = self.vrack_of_pop(pop)
        {
            let stands =
                |other: &Pop| other.id != pop.id && other.layer == Layer::L3 && !other.life.is_going();
            if !self.pops_in(vrack).any(stands) {
                orphans.extend(&vrack.datacenters);
            }
        }
        orphans
    }

    /// A datacenter and its extras, counted.
    fn weight(&self, datacenter: u64) -> usize {
        1 + self.datacenters.get(&datacenter).map_or(0, |found| found.extras.len())
    }

    /// How long a deletion takes that takes `children` more along.
    fn recursion(&self, children: usize) -> Duration {
        if children == 0 {
            return self.options.task;
        }
        let count = u32::try_from(children + 1).unwrap_or(u32::MAX);
        let secs =
            self.options.task.saturating_mul(count).as_secs_f64() * self.options.recursion_factor.max(1.0);
        Duration::try_from_secs_f64(secs).unwrap_or(Duration::MAX)
    }

    /// Whether a parent takes children: only while in force, or also while being made.
    fn takes_children(&self, life: &Life, what: &str) -> Result<(), Refusal> {
        not_going(life, what)?;
        match life.phase {
            Phase::Active => Ok(()),
            Phase::Init if self.options.init_parent_takes_children => Ok(()),
            // Assumed: the API does not publish whether it takes children this early.
            _ => Err(Refusal::conflict(format!("this {what} configuration is not active yet"))),
        }
    }

    pub(super) fn insert_pop(&mut self, pop: Pop) -> u64 {
        let id = pop.id;
        if let Some(service) = self.services.get_mut(&pop.service) {
            service.pops.insert(id);
        }
        self.pops.insert(id, pop);
        self.touch();
        id
    }

    pub(super) fn insert_datacenter(&mut self, datacenter: Datacenter) -> u64 {
        let id = datacenter.id;
        match &datacenter.home {
            Home::Vrack(name) => {
                if let Some(vrack) = self.vracks.get_mut(name) {
                    vrack.datacenters.insert(id);
                }
            }
            Home::Pop(pop) => {
                if let Some(pop) = self.pops.get_mut(pop) {
                    pop.datacenters.insert(id);
                }
            }
        }
        self.datacenters.insert(id, datacenter);
        self.touch();
        id
    }

    pub(super) fn insert_extra(&mut self, extra: Extra) -> u64 {
        let id = extra.id;
        if let Some(datacenter) = self.datacenters.get_mut(&extra.datacenter) {
            datacenter.extras.insert(id);
        }
        self.extras.insert(id, extra);
        self.touch();
        id
    }
}

fn not_going(life: &Life, what: &str) -> Result<(), Refusal> {
    if life.is_going() {
        return Err(Refusal::conflict(format!("this {what} configuration is being deleted")));
    }
    Ok(())
}

/// Assumed: what is still being made cannot be deleted yet; what failed to be made can.
fn deletable(life: &Life, what: &str) -> Result<(), Refusal> {
    not_going(life, what)?;
    if life.task.is_some() {
        return Err(Refusal::conflict(format!("this {what} configuration is still being created")));
    }
    Ok(())
}
