//! Things put into the account, or taken out of it, behind the API's back: no rule is checked and
//! no task is needed. For tests, for account files, and for rehearsing what other people's hands do.

use std::time::Duration;

use uuid::Uuid;

use super::account::{ServiceEntry, VrackEntry};
use super::model::{
    Datacenter, Extra, Home, Interface, Layer, Life, Peer, Phase, Pop, PortStatus, Route, Service, Vrack,
};
use super::refusal::Refusal;
use super::rules::DEFAULT_OVH_ASN;
use super::task::{Move, Work};
use super::world::World;
use crate::api::wire;

/// In what state a configuration is put into the account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seed {
    /// `active`.
    Active,
    /// `init`, with a task that makes it `active` after this time.
    Creating(Duration),
    /// `init` with no task: its creation failed.
    Stuck,
    /// `toDelete`, with a task that ends it (and what hangs on it) after this time.
    Deleting(Duration),
}

impl Seed {
    fn phase(self) -> Phase {
        match self {
            Self::Active => Phase::Active,
            Self::Creating(_) | Self::Stuck => Phase::Init,
            Self::Deleting(_) => Phase::ToDelete,
        }
    }
}

impl World {
    /// Adds a service, in the vRack that the entry names. One of the same uuid is replaced.
    ///
    /// # Errors
    /// 404 where the entry names a vRack that is not there.
    pub fn add_service(&mut self, entry: &ServiceEntry) -> Result<(), Refusal> {
        if let Some(vrack) = &entry.vrack {
            self.the_vrack(vrack)?;
        }
        let ordinal =
            self.services.get(&entry.uuid).map_or(self.services.len() as u64 + 1, |old| old.ordinal);
        for interface in &entry.interfaces {
            let (id, service) = (interface.id(), entry.uuid);
            let (status, dark) = (interface.status(), interface.dark());
            let port = Interface { id, service, status, dark, changed: self.now };
            self.interfaces.insert(id, port);
        }
        let service = Service {
            uuid: entry.uuid,
            ordinal,
            description: entry.description.clone(),
            bandwidth: entry.bandwidth.clone(),
            provider: entry.provider.clone(),
            pop: entry.pop.clone(),
            product: entry.product.clone(),
            port_quantity: entry.port_quantity,
            closed: entry.closed,
            interfaces: entry.interfaces.iter().map(super::account::InterfaceEntry::id).collect(),
            vrack: None,
            moving: None,
            pops: Default::default(),
            tasks: Default::default(),
            diagnostics: Default::default(),
            incidents: Default::default(),
            alerts: Default::default(),
        };
        self.services.insert(entry.uuid, service);
        self.put_membership(entry.uuid, entry.vrack.as_deref());
        self.touch();
        Ok(())
    }

    /// Adds an empty vRack. One of the same name is left as it is.
    pub fn add_vrack(&mut self, entry: &VrackEntry) {
        self.vracks.entry(entry.service_name.clone()).or_insert_with(|| Vrack {
            service_name: entry.service_name.clone(),
            name: entry.name.clone(),
            description: entry.description.clone(),
            services: Default::default(),
            datacenters: Default::default(),
            tasks: Default::default(),
        });
        self.touch();
    }

    /// Adds a datacenter to the catalogue, or replaces the one of its number.
    pub fn add_to_catalogue(&mut self, datacenter: wire::CatalogueDatacenter) {
        self.catalogue.insert(datacenter.id, datacenter);
        self.touch();
    }

    /// Opens or closes a datacenter of the catalogue for new configurations.
    pub fn set_available(&mut self, datacenter: u64, available: bool) {
        if let Some(found) = self.catalogue.get_mut(&datacenter) {
            found.available = available;
            self.touch();
        }
    }

    /// Puts a port in or out of service.
    pub fn set_port_status(&mut self, interface: u64, status: PortStatus) {
        self.put_port_status(interface, status);
        self.touch();
    }

    /// Whether no light arrives at an interface from now on.
    pub fn set_dark(&mut self, interface: u64, dark: bool) {
        let now = self.now;
        if let Some(port) = self.interfaces.get_mut(&interface) {
            port.dark = dark;
            port.changed = now;
        }
        self.touch();
    }

    /// Makes the customer's router at the other end of a PoP's session what it is to be.
    pub fn set_peer(&mut self, pop: u64, peer: Peer) {
        let now = self.now;
        if let Some(found) = self.pops.get_mut(&pop) {
            found.peer = peer;
            found.changed = now;
        }
        self.touch();
    }

    /// Ends a service, or brings it back.
    pub fn set_closed(&mut self, service: Uuid, closed: bool) {
        if let Some(found) = self.services.get_mut(&service) {
            found.closed = closed;
            self.touch();
        }
    }

    /// Puts a service into a vRack at once, or (with `None`) into none. What it has configured stays.
    pub fn set_membership(&mut self, service: Uuid, vrack: Option<&str>) {
        self.put_membership(service, vrack);
        self.touch();
    }

    /// A service is on its way into a vRack and there after `span`. Returns the vRack task's id.
    pub fn seed_attaching(&mut self, service: Uuid, vrack: &str, span: Duration) -> u64 {
        self.start_vrack_task(vrack, service, Move::In, span)
    }

    /// A service is on its way out of its vRack and gone after `span`. Returns the vRack task's id,
    /// or `None` where it is in no vRack.
    pub fn seed_detaching(&mut self, service: Uuid, span: Duration) -> Option<u64> {
        let vrack = self.services.get(&service)?.vrack.clone()?;
        Some(self.start_vrack_task(&vrack, service, Move::Out, span))
    }

    /// Adds a PoP configuration to a service; a second one too. Returns its id. One that is seeded as
    /// [`Seed::Deleting`] takes the datacenters of the vRack along if it is then the last; for a
    /// recursive deletion as the API begins it, seed it active and [delete](World::delete_pop) it.
    pub fn seed_pop(&mut self, service: Uuid, new: &wire::NewPopConfig, seed: Seed) -> u64 {
        let layer = if new.kind == wire::PopType::L2 { Layer::L2 } else { Layer::L3 };
        let pop = Pop {
            id: self.fresh_id(),
            service,
            interface: new.interface_id,
            layer,
            customer_asn: new.customer_bgp_area,
            ovh_asn: new.ovh_bgp_area.or((layer == Layer::L3).then_some(DEFAULT_OVH_ASN)),
            subnet: new.subnet.clone(),
            life: Life::new(seed.phase()),
            changed: self.now,
            peer: Peer::default(),
            datacenters: Default::default(),
        };
        let id = self.insert_pop(pop);
        match seed {
            Seed::Creating(span) => _ = self.start_task(service, Work::AddPop(id), span),
            Seed::Deleting(span) => _ = self.start_task(service, Work::DelPop(id, Vec::new()), span),
            Seed::Active | Seed::Stuck => {}
        }
        id
    }

    /// Adds a layer 3 datacenter configuration to a vRack; a second one of the same datacenter too.
    /// A task, where the seed needs one, stands under the first service of the vRack. Returns its
    /// real id (see [`World::shown_datacenter`] for the id under one service).
    pub fn seed_datacenter(&mut self, vrack: &str, new: &wire::NewDatacenterConfig, seed: Seed) -> u64 {
        let asn = new.ovh_bgp_area.or(Some(DEFAULT_OVH_ASN));
        self.seed_datacenter_in(Home::Vrack(vrack.to_owned()), new, asn, seed)
    }

    /// Adds a datacenter configuration to a layer 2 PoP; a second one too. Returns its real id.
    pub fn seed_l2_datacenter(&mut self, pop: u64, new: &wire::NewDatacenterConfig, seed: Seed) -> u64 {
        self.seed_datacenter_in(Home::Pop(pop), new, new.ovh_bgp_area, seed)
    }

    fn seed_datacenter_in(
        &mut self,
        home: Home,
        new: &wire::NewDatacenterConfig,
        ovh_asn: Option<u32>,
        seed: Seed,
    ) -> u64 {
        let worker = self.worker_for(&home);
        let datacenter = Datacenter {
            id: self.fresh_id(),
            home,
            catalogue: new.datacenter_id,
            ovh_asn,
            subnet: new.subnet.clone(),
            life: Life::new(seed.phase()),
            extras: Default::default(),
        };
        let id = self.insert_datacenter(datacenter);
        match (seed, worker) {
            (Seed::Creating(span), Some(service)) => {
                self.start_task(service, Work::AddDatacenter(id), span);
            }
            (Seed::Deleting(span), Some(service)) => {
                self.start_task(service, Work::DelDatacenter(id), span);
            }
            _ => {}
        }
        id
    }

    /// Adds an extra configuration to a datacenter, named by its real id; the same twice too.
    /// Returns its real id.
    pub fn seed_extra(&mut self, datacenter: u64, new: &wire::NewExtraConfig, seed: Seed) -> u64 {
        let route = match new.kind {
            wire::ExtraType::Bgp => {
                Route::Bgp { asn: new.bgp_neighbor_area, neighbour: new.bgp_neighbor_ip.clone() }
            }
            _ => Route::Network { next_hop: new.next_hop.clone(), subnet: new.subnet.clone() },
        };
        let extra = Extra { id: self.fresh_id(), datacenter, route, life: Life::new(seed.phase()) };
        let id = self.insert_extra(extra);
        let home = self.datacenters.get(&datacenter).map(|parent| parent.home.clone());
        let worker = home.and_then(|home| self.worker_for(&home));
        match (seed, worker) {
            (Seed::Creating(span), Some(service)) => _ = self.start_task(service, Work::AddExtra(id), span),
            (Seed::Deleting(span), Some(service)) => _ = self.start_task(service, Work::DelExtra(id), span),
            _ => {}
        }
        id
    }

    /// The service under which a task on a datacenter stands: one with a PoP if there is one.
    fn worker_for(&self, home: &Home) -> Option<Uuid> {
        match home {
            Home::Pop(pop) => self.pops.get(pop).map(|pop| pop.service),
            Home::Vrack(name) => {
                let members = &self.vracks.get(name)?.services;
                let has_pop =
                    |uuid: &&Uuid| self.services.get(uuid).is_some_and(|found| !found.pops.is_empty());
                members.iter().find(has_pop).or(members.first()).copied()
            }
        }
    }

    /// A PoP configuration is gone at once, and with the last layer 3 PoP of a vRack its
    /// datacenters, as the API would have it.
    pub fn erase_pop(&mut self, id: u64) {
        let vrack =
            self.pops.get(&id).and_then(|pop| self.vrack_of_pop(pop)).map(|vrack| vrack.service_name.clone());
        let layer = self.pops.get(&id).map(|pop| pop.layer);
        self.drop_pop(id);
        if let (Some(name), Some(Layer::L3)) = (vrack, layer)
            && let Some(vrack) = self.vracks.get(&name)
            && !self.pops_in(vrack).any(|pop| pop.layer == Layer::L3)
        {
            for datacenter in vrack.datacenters.clone() {
                self.drop_datacenter(datacenter);
            }
        }
        self.touch();
    }

    /// A datacenter configuration (by its real id) and its extras are gone at once.
    pub fn erase_datacenter(&mut self, id: u64) {
        self.drop_datacenter(id);
        self.touch();
    }

    /// An extra configuration (by its real id) is gone at once.
    pub fn erase_extra(&mut self, id: u64) {
        self.drop_extra(id);
        self.touch();
    }

    /// The id under which a service sees a datacenter or an extra that was seeded.
    #[must_use]
    pub fn shown_datacenter(&self, service: Uuid, real: u64) -> u64 {
        self.shown_id(service, real)
    }

    /// The real ids of every datacenter configuration of a vRack (layer 3).
    #[must_use]
    pub fn datacenter_ids(&self, vrack: &str) -> Vec<u64> {
        self.vracks.get(vrack).map(|found| found.datacenters.iter().copied().collect()).unwrap_or_default()
    }
}
