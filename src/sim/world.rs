//! The simulated account: a pure state machine. It holds everything, knows what time it is because
//! it was told, and does nothing by itself.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::diagnostic::{Diagnostic, Incident};
use super::model::{Datacenter, Extra, Home, Interface, Phase, Pop, PortStatus, Service, Vrack};
use super::moment::Moment;
use super::options::Options;
use super::task::{Event, Fate, Task, VrackTask};
use crate::api::wire::CatalogueDatacenter;

/// An account with its services, vRacks, configurations and tasks, at one moment.
///
/// Reads and mutations are plain synchronous methods that answer what the API would: see
/// [`World::pops`] and [`World::create_pop`]. Time passes only by [`World::advance`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct World {
    #[serde(skip)]
    pub(super) options: Options,
    pub(super) now: Moment,
    pub(super) next_id: u64,
    pub(super) services: BTreeMap<Uuid, Service>,
    pub(super) interfaces: BTreeMap<u64, Interface>,
    pub(super) vracks: BTreeMap<String, Vrack>,
    pub(super) catalogue: BTreeMap<u64, CatalogueDatacenter>,
    pub(super) pops: BTreeMap<u64, Pop>,
    pub(super) datacenters: BTreeMap<u64, Datacenter>,
    pub(super) extras: BTreeMap<u64, Extra>,
    pub(super) tasks: BTreeMap<u64, Task>,
    pub(super) vrack_tasks: BTreeMap<u64, VrackTask>,
    pub(super) diagnostics: BTreeMap<u64, Diagnostic>,
    pub(super) incidents: BTreeMap<u64, Incident>,
    /// What happens by itself, in order; events of one moment in the order they were scheduled.
    pub(super) agenda: BTreeMap<Moment, Vec<Event>>,
    /// Ended tasks and when they are forgotten, soonest first.
    pub(super) retired: VecDeque<(Moment, u64)>,
    /// How the next tasks are to end.
    pub(super) fates: VecDeque<Fate>,
    /// Counts changes: two equal numbers mean nothing changed in between.
    #[serde(skip)]
    pub(super) revision: u64,
}

/// Ids start here, far above the catalogue's numbers: a client that mixes the two up is found out.
const FIRST_ID: u64 = 20_001;

/// With an id per service, the id shown is the real one times this, plus the service's ordinal.
const ID_STRIDE: u64 = 100_000;

impl World {
    /// An account with nothing in it, at [`Moment::START`].
    #[must_use]
    pub fn empty(options: Options) -> Self {
        Self {
            options,
            now: Moment::START,
            next_id: FIRST_ID,
            services: BTreeMap::new(),
            interfaces: BTreeMap::new(),
            vracks: BTreeMap::new(),
            catalogue: BTreeMap::new(),
            pops: BTreeMap::new(),
            datacenters: BTreeMap::new(),
            extras: BTreeMap::new(),
            tasks: BTreeMap::new(),
            vrack_tasks: BTreeMap::new(),
            diagnostics: BTreeMap::new(),
            incidents: BTreeMap::new(),
            agenda: BTreeMap::new(),
            retired: VecDeque::new(),
            fates: VecDeque::new(),
            revision: 0,
        }
    }

    /// The moment it stands at.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.now
    }

    /// How it behaves.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Behaves differently from now on; what is under way keeps its pace.
    pub fn set_options(&mut self, options: Options) {
        self.options = options;
    }

    /// A number that grows with every change of the account.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Lets time pass until `now`: everything due happens, in order, each at its own moment. A
    /// moment in the past changes nothing.
    pub fn advance(&mut self, now: Moment) {
        while let Some(entry) = self.agenda.first_entry()
            && *entry.key() <= now
        {
            let (moment, events) = entry.remove_entry();
            self.now = self.now.max(moment);
            for event in events {
                self.happen(event);
            }
        }
        self.now = self.now.max(now);
        while let Some((moment, id)) = self.retired.front().copied()
            && moment <= self.now
        {
            self.retired.pop_front();
            self.tasks.remove(&id);
            self.vrack_tasks.remove(&id);
        }
    }

    /// When something next happens by itself; `None` when nothing is under way (a task that is
    /// stuck has no next moment).
    #[must_use]
    pub fn next_event(&self) -> Option<Moment> {
        self.agenda.keys().next().copied()
    }

    /// Lets time pass until nothing is under way any more, and says when that is.
    pub fn settle(&mut self) -> Moment {
        while let Some(moment) = self.next_event() {
            self.advance(moment);
        }
        self.now
    }

    /// Decides how the next task is to end that no earlier call has decided on. Calls add up: the
    /// first decides on the next task, the second on the one after.
    pub fn fate_of_next_task(&mut self, fate: Fate) {
        self.fates.push_back(fate);
    }

    pub(super) fn fresh_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    pub(super) fn touch(&mut self) {
        self.revision += 1;
    }

    pub(super) fn schedule(&mut self, span: Duration, event: Event) {
        self.agenda.entry(self.now.after(span)).or_default().push(event);
    }

    /// The id under which `service` sees a datacenter or an extra.
    pub(super) fn shown_id(&self, service: Uuid, id: u64) -> u64 {
        match self.services.get(&service) {
            Some(seen_by) if self.options.distinct_ids_per_service => id * ID_STRIDE + seen_by.ordinal,
            _ => id,
        }
    }

    /// What `service` means by `shown`: the reverse of [`World::shown_id`].
    pub(super) fn real_id(&self, service: Uuid, shown: u64) -> Option<u64> {
        if !self.options.distinct_ids_per_service {
            return Some(shown);
        }
        let ordinal = self.services.get(&service)?.ordinal;
        (shown % ID_STRIDE == ordinal).then_some(shown / ID_STRIDE)
    }

    pub(super) fn stamp_pop(&mut self, id: u64) {
        let now = self.now;
        if let Some(pop) = self.pops.get_mut(&id) {
            pop.changed = now;
        }
    }

    pub(super) fn put_port_status(&mut self, id: u64, status: PortStatus) {
        let now = self.now;
        if let Some(interface) = self.interfaces.get_mut(&id) {
            interface.status = status;
            interface.changed = now;
        }
    }

    pub(super) fn put_membership(&mut self, service: Uuid, vrack: Option<&str>) {
        let Some(moved) = self.services.get_mut(&service) else { return };
        if let Some(left) = moved.vrack.take()
            && let Some(old) = self.vracks.get_mut(&left)
        {
            old.services.remove(&service);
        }
        if let Some(name) = vrack
            && let Some(new) = self.vracks.get_mut(name)
        {
            new.services.insert(service);
            moved.vrack = Some(name.to_owned());
        }
    }

    /// A datacenter and its extras show `toDelete`.
    pub(super) fn turn_to_delete(&mut self, id: u64) {
        let Some(datacenter) = self.datacenters.get_mut(&id) else { return };
        datacenter.life.phase = Phase::ToDelete;
        for extra in datacenter.extras.clone() {
            if let Some(extra) = self.extras.get_mut(&extra) {
                extra.life.phase = Phase::ToDelete;
            }
        }
    }

    /// A recursive deletion takes a datacenter and its extras, though they do not show it yet.
    pub(super) fn doom(&mut self, id: u64) {
        let Some(datacenter) = self.datacenters.get_mut(&id) else { return };
        datacenter.life.doomed = true;
        for extra in datacenter.extras.clone() {
            if let Some(extra) = self.extras.get_mut(&extra) {
                extra.life.doomed = true;
            }
        }
    }

    /// A deletion failed: the datacenter and its extras are in force again.
    pub(super) fn spare_datacenter(&mut self, id: u64) {
        let Some(datacenter) = self.datacenters.get_mut(&id) else { return };
        datacenter.life.spare();
        for extra in datacenter.extras.clone() {
            if let Some(extra) = self.extras.get_mut(&extra) {
                extra.life.spare();
            }
        }
    }

    pub(super) fn drop_extra(&mut self, id: u64) {
        if let Some(extra) = self.extras.remove(&id)
            && let Some(datacenter) = self.datacenters.get_mut(&extra.datacenter)
        {
            datacenter.extras.remove(&id);
        }
    }

    pub(super) fn drop_datacenter(&mut self, id: u64) {
        let Some(datacenter) = self.datacenters.remove(&id) else { return };
        for extra in datacenter.extras {
            self.extras.remove(&extra);
        }
        match datacenter.home {
            Home::Vrack(name) => {
                if let Some(vrack) = self.vracks.get_mut(&name) {
                    vrack.datacenters.remove(&id);
                }
            }
            Home::Pop(pop) => {
                if let Some(pop) = self.pops.get_mut(&pop) {
                    pop.datacenters.remove(&id);
                }
            }
        }
    }

    /// Removes a PoP and the datacenters that are its own (layer 2).
    pub(super) fn drop_pop(&mut self, id: u64) {
        let own = self.pops.get(&id).map(|pop| pop.datacenters.clone()).unwrap_or_default();
        for datacenter in own {
            self.drop_datacenter(datacenter);
        }
        if let Some(pop) = self.pops.remove(&id)
            && let Some(service) = self.services.get_mut(&pop.service)
        {
            service.pops.remove(&id);
        }
    }
}
