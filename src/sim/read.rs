//! What the account answers when asked: every read of the API, as objects.
//!
//! A route that lists ids answers the ids of what these methods list.

use uuid::Uuid;

use super::model::{Datacenter, Extra, Home, Layer, Phase, Pop, PortStatus, Service, Vrack};
use super::observe::is_lit;
use super::refusal::Refusal;
use super::world::World;
use crate::api::wire;

/// The port's light is measured this often, in milliseconds. Source: OVHcloud's API guide.
const LIGHT_PERIOD: u64 = 300_000;

impl World {
    /// The account's services, by uuid.
    pub fn services(&self) -> impl Iterator<Item = wire::Service> + '_ {
        self.services.values().map(Service::wire)
    }

    /// The uuids of the account's services.
    #[must_use]
    pub fn service_ids(&self) -> Vec<Uuid> {
        self.services.keys().copied().collect()
    }

    /// One service.
    ///
    /// # Errors
    /// 404 where there is none.
    pub fn service(&self, service: Uuid) -> Result<wire::Service, Refusal> {
        self.the_service(service).map(Service::wire)
    }

    /// Changes a service's description: the one thing about it that can be changed in place. No
    /// description changes nothing.
    ///
    /// # Errors
    /// 404 where there is no such service.
    pub fn update_service(&mut self, service: Uuid, description: Option<&str>) -> Result<(), Refusal> {
        self.the_service(service)?;
        if let Some(text) = description
            && let Some(updated) = self.services.get_mut(&service)
        {
            updated.description = text.to_owned();
            self.touch();
        }
        Ok(())
    }

    /// The account's vRacks.
    pub fn vracks(&self) -> impl Iterator<Item = wire::Vrack> + '_ {
        self.vracks.values().map(Vrack::wire)
    }

    /// One vRack.
    ///
    /// # Errors
    /// 404 where there is none.
    pub fn vrack(&self, vrack: &str) -> Result<wire::Vrack, Refusal> {
        self.the_vrack(vrack).map(Vrack::wire)
    }

    /// Changes a vRack's name or description; what is not given stays.
    ///
    /// # Errors
    /// 404 where there is no such vRack.
    pub fn update_vrack(
        &mut self,
        vrack: &str,
        name: Option<&str>,
        description: Option<&str>,
    ) -> Result<(), Refusal> {
        self.the_vrack(vrack)?;
        if let Some(updated) = self.vracks.get_mut(vrack) {
            if let Some(name) = name {
                updated.name = name.to_owned();
            }
            if let Some(description) = description {
                updated.description = description.to_owned();
            }
            self.touch();
        }
        Ok(())
    }

    /// The services that are in a vRack.
    ///
    /// # Errors
    /// 404 where there is no such vRack.
    pub fn attached(&self, vrack: &str) -> Result<Vec<wire::Attached>, Refusal> {
        let services = &self.the_vrack(vrack)?.services;
        Ok(services.iter().map(|uuid| attached(vrack, *uuid)).collect())
    }

    /// One service of a vRack.
    ///
    /// # Errors
    /// 404 where it is not in that vRack.
    pub fn attached_service(&self, vrack: &str, service: Uuid) -> Result<wire::Attached, Refusal> {
        if self.the_vrack(vrack)?.services.contains(&service) {
            Ok(attached(vrack, service))
        } else {
            Err(Refusal::no_object("ovhCloudConnect", service))
        }
    }

    /// The services a vRack could take: in use, in no vRack and not on the way into one.
    ///
    /// # Errors
    /// 404 where there is no such vRack.
    pub fn allowed_services(&self, vrack: &str) -> Result<Vec<Uuid>, Refusal> {
        self.the_vrack(vrack)?;
        let free =
            |service: &&Service| !service.closed && service.vrack.is_none() && service.moving.is_none();
        Ok(self.services.values().filter(free).map(|service| service.uuid).collect())
    }

    /// The unfinished tasks of a vRack.
    ///
    /// # Errors
    /// 404 where there is no such vRack.
    pub fn vrack_tasks(&self, vrack: &str) -> Result<Vec<wire::VrackTask>, Refusal> {
        let ids = &self.the_vrack(vrack)?.tasks;
        Ok(ids.iter().filter_map(|id| self.vrack_tasks.get(id)).map(|task| task.wire()).collect())
    }

    /// One task of a vRack.
    ///
    /// # Errors
    /// 404 where there is none: for a task that was there, that is how it says it is complete.
    pub fn vrack_task(&self, vrack: &str, id: u64) -> Result<wire::VrackTask, Refusal> {
        self.the_vrack(vrack)?;
        self.vrack_tasks
            .get(&id)
            .filter(|task| task.vrack == vrack)
            .map(|task| task.wire())
            .ok_or_else(|| Refusal::no_object("taskId", id))
    }

    /// The interfaces of a service.
    ///
    /// # Errors
    /// 404 where there is no such service.
    pub fn interfaces(&self, service: Uuid) -> Result<Vec<wire::Interface>, Refusal> {
        let ids = &self.the_service(service)?.interfaces;
        Ok(ids.iter().filter_map(|id| self.interface_wire(*id)).collect())
    }

    /// One interface of a service.
    ///
    /// # Errors
    /// 404 where the service has no such interface.
    pub fn interface(&self, service: Uuid, id: u64) -> Result<wire::Interface, Refusal> {
        let owner = self.the_service(service)?;
        let found = owner.interfaces.get(&id).and_then(|id| self.interface_wire(*id));
        found.ok_or_else(|| Refusal::no_object("id", id))
    }

    /// The PoP configurations of a service.
    ///
    /// # Errors
    /// 404 where there is no such service.
    pub fn pops(&self, service: Uuid) -> Result<Vec<wire::PopConfig>, Refusal> {
        let ids = &self.the_service(service)?.pops;
        Ok(ids.iter().filter_map(|id| self.pops.get(id)).map(Pop::wire).collect())
    }

    /// One PoP configuration of a service.
    ///
    /// # Errors
    /// 404 where the service has no such configuration.
    pub fn pop(&self, service: Uuid, pop: u64) -> Result<wire::PopConfig, Refusal> {
        self.the_pop(service, pop).map(Pop::wire)
    }

    /// The datacenter configurations reached through a PoP: its own one (layer 2), or all those of
    /// the service's vRack (layer 3).
    ///
    /// # Errors
    /// 404 where the service or its PoP configuration is not there.
    pub fn datacenters(&self, service: Uuid, pop: u64) -> Result<Vec<wire::DatacenterConfig>, Refusal> {
        let through = self.the_pop(service, pop)?;
        let mut found: Vec<_> = self
            .reached(through)
            .map(|datacenter| datacenter.wire(self.shown_id(service, datacenter.id)))
            .collect();
        found.sort_by_key(|datacenter| datacenter.id);
        Ok(found)
    }

    /// One datacenter configuration, by the id it has under this service.
    ///
    /// # Errors
    /// 404 where it is not reached through that PoP.
    pub fn datacenter(
        &self,
        service: Uuid,
        pop: u64,
        datacenter: u64,
    ) -> Result<wire::DatacenterConfig, Refusal> {
        self.the_datacenter(service, pop, datacenter).map(|found| found.wire(datacenter))
    }

    /// The extra configurations of a datacenter.
    ///
    /// # Errors
    /// 404 where the datacenter is not reached through that PoP.
    pub fn extras(
        &self,
        service: Uuid,
        pop: u64,
        datacenter: u64,
    ) -> Result<Vec<wire::ExtraConfig>, Refusal> {
        let ids = &self.the_datacenter(service, pop, datacenter)?.extras;
        let found = ids.iter().filter_map(|id| self.extras.get(id));
        Ok(found.map(|extra| extra.wire(self.shown_id(service, extra.id))).collect())
    }

    /// One extra configuration, by the id it has under this service.
    ///
    /// # Errors
    /// 404 where it is not there.
    pub fn extra(
        &self,
        service: Uuid,
        pop: u64,
        datacenter: u64,
        extra: u64,
    ) -> Result<wire::ExtraConfig, Refusal> {
        self.the_extra(service, pop, datacenter, extra).map(|found| found.wire(extra))
    }

    /// The datacenters on offer to a service.
    ///
    /// # Errors
    /// 404 where there is no such service.
    pub fn catalogue(&self, service: Uuid) -> Result<Vec<wire::CatalogueDatacenter>, Refusal> {
        self.the_service(service)?;
        Ok(self.catalogue.values().cloned().collect())
    }

    /// One datacenter on offer to a service.
    ///
    /// # Errors
    /// 404 where there is none of that number.
    pub fn catalogue_datacenter(&self, service: Uuid, id: u64) -> Result<wire::CatalogueDatacenter, Refusal> {
        self.the_service(service)?;
        self.catalogue.get(&id).cloned().ok_or_else(|| Refusal::no_object("id", id))
    }

    /// The unfinished tasks of a service.
    ///
    /// # Errors
    /// 404 where there is no such service.
    pub fn tasks(&self, service: Uuid) -> Result<Vec<wire::Task>, Refusal> {
        let ids = &self.the_service(service)?.tasks;
        Ok(ids.iter().filter_map(|id| self.tasks.get(id)).map(|task| self.task_wire(task)).collect())
    }

    /// One task of a service, finished or not.
    ///
    /// # Errors
    /// 404 where there is none, or it ended too long ago.
    pub fn task(&self, service: Uuid, id: u64) -> Result<wire::Task, Refusal> {
        self.the_service(service)?;
        let found = self.tasks.get(&id).filter(|task| task.service == service);
        found.map(|task| self.task_wire(task)).ok_or_else(|| Refusal::no_object("id", id))
    }

    pub(super) fn the_service(&self, service: Uuid) -> Result<&Service, Refusal> {
        self.services.get(&service).ok_or_else(|| Refusal::no_object("serviceName", service))
    }

    pub(super) fn the_vrack(&self, vrack: &str) -> Result<&Vrack, Refusal> {
        self.vracks.get(vrack).ok_or_else(|| Refusal::no_object("serviceName", vrack))
    }

    pub(super) fn the_pop(&self, service: Uuid, pop: u64) -> Result<&Pop, Refusal> {
        self.the_service(service)?;
        let found = self.pops.get(&pop).filter(|found| found.service == service);
        found.ok_or_else(|| Refusal::no_object("popId", pop))
    }

    pub(super) fn the_datacenter(&self, service: Uuid, pop: u64, shown: u64) -> Result<&Datacenter, Refusal> {
        let through = self.the_pop(service, pop)?;
        self.real_id(service, shown)
            .and_then(|id| self.datacenters.get(&id))
            .filter(|datacenter| self.reaches(through, datacenter))
            .ok_or_else(|| Refusal::no_object("datacenterId", shown))
    }

    pub(super) fn the_extra(
        &self,
        service: Uuid,
        pop: u64,
        datacenter: u64,
        shown: u64,
    ) -> Result<&Extra, Refusal> {
        let parent = self.the_datacenter(service, pop, datacenter)?;
        self.real_id(service, shown)
            .and_then(|id| self.extras.get(&id))
            .filter(|extra| extra.datacenter == parent.id)
            .ok_or_else(|| Refusal::no_object("extraId", shown))
    }

    /// The vRack that a PoP's service is in.
    pub(super) fn vrack_of_pop(&self, pop: &Pop) -> Option<&Vrack> {
        self.vracks.get(self.services.get(&pop.service)?.vrack.as_ref()?)
    }

    fn reached<'a>(&'a self, pop: &'a Pop) -> impl Iterator<Item = &'a Datacenter> + 'a {
        let shared = (pop.layer == Layer::L3).then(|| self.vrack_of_pop(pop)).flatten();
        let ids = shared.map_or(&pop.datacenters, |vrack| &vrack.datacenters);
        ids.iter()
            .filter_map(|id| self.datacenters.get(id))
            .filter(|datacenter| self.reaches(pop, datacenter))
    }

    fn reaches(&self, pop: &Pop, datacenter: &Datacenter) -> bool {
        match &datacenter.home {
            Home::Pop(owner) => *owner == pop.id,
            Home::Vrack(name) => {
                pop.layer == Layer::L3
                    && (pop.life.phase != Phase::Init || self.options.inherited_while_init)
                    && self.vrack_of_pop(pop).is_some_and(|vrack| vrack.service_name == *name)
            }
        }
    }

    fn interface_wire(&self, id: u64) -> Option<wire::Interface> {
        let interface = self.interfaces.get(&id)?;
        let up = is_lit(interface);
        // What OVHcloud emits does not depend on what arrives.
        let emits = interface.status == PortStatus::Enabled;
        let light = |shines| if shines { wire::LightStatus::Up } else { wire::LightStatus::Down };
        let bucket = self.now.millis() / LIGHT_PERIOD;
        let measured = super::moment::Moment::from_millis(bucket * LIGHT_PERIOD).max(interface.changed);
        // Some tenths of a decibel up and down, another every five minutes, the same every run.
        let wobble = f64::from(u8::try_from((bucket + id) % 7).unwrap_or(0)) / 10.0;
        Some(wire::Interface {
            id,
            status: match interface.status {
                PortStatus::Disabled => wire::InterfaceStatus::Disabled,
                PortStatus::Enabled => wire::InterfaceStatus::Enabled,
                PortStatus::Reserved => wire::InterfaceStatus::Reserved,
            },
            interface_status: Some(light(up)),
            incoming_light_status: Some(light(up)),
            incoming_light_value: up.then_some(-3.2 - wobble),
            outgoing_light_status: Some(light(emits)),
            outgoing_light_value: emits.then_some(-2.1 - wobble),
            light_last_update: Some(measured.to_string()),
            interface_status_last_update: Some(interface.changed.to_string()),
            interface_name: Some(format!("Port {id}")),
            device_display_name: Some("Patch panel A".to_owned()),
            device_rack_display_name: Some("Rack 01".to_owned()),
            interface_termination_type: Some("LC/PC".to_owned()),
        })
    }
}

fn attached(vrack: &str, service: Uuid) -> wire::Attached {
    wire::Attached { ovh_cloud_connect: service, vrack: Some(vrack.to_owned()) }
}
