//! What was read of a vRack, as live configurations at their addresses.

use std::collections::BTreeMap;
use std::slice::from_ref;

use super::vrack::{RawExtras, RawVrack};
use crate::api::wire::{self, ConfigStatus, PopType};
use crate::live::convert::{self, Unreadable};
use crate::live::life::{self, status};
use crate::live::{ConfigId, Live, LiveConfig, LiveService, PopKey, Port, Status, Task};
use crate::topology::{Address, Node, ServiceId, Spec, VrackName};

/// What one vRack holds.
pub(super) struct VrackReading {
    pub(super) services: BTreeMap<ServiceId, LiveService>,
    pub(super) configs: Configs,
    pub(super) ports: BTreeMap<u64, Port>,
    /// Other numbers under which tasks may name what is in `configs`.
    aliases: Vec<ConfigId>,
    tasks: Vec<(ServiceId, Task)>,
}

type Configs = BTreeMap<Address, Vec<LiveConfig>>;

/// Puts what was read of a vRack where it belongs. `live` has the catalogue's names.
///
/// # Errors
/// A configuration that makes no sense.
pub(super) fn assemble(vrack: &VrackName, raw: RawVrack, live: &Live) -> Result<VrackReading, Unreadable> {
    let RawVrack { services, tasks, datacenters } = raw;
    let mut configs = Configs::new();
    for reading in &services {
        for (pop, datacenters) in &reading.pops {
            let key = PopKey { service: reading.id, id: pop.id };
            let address = Address::pop(vrack.clone(), reading.id);
            let spec = convert::pop(&address, pop)?;
            let status = status(&pop.status, &[ConfigId::Pop(key)], &tasks);
            for datacenter in datacenters.iter().filter(|_| pop.kind != PopType::L3) {
                let name = live.datacenter_name(datacenter.datacenter_id);
                let id = ConfigId::Datacenter(BTreeMap::from([(key, datacenter.id)]));
                let status = self::status(&datacenter.status, from_ref(&id), &tasks);
                let spec = Spec::Datacenter(crate::topology::Datacenter::L2);
                let address = Address::l2_datacenter(vrack.clone(), reading.id, name);
                configs.entry(address).or_default().push(LiveConfig { spec, status, id });
            }
            let id = ConfigId::Pop(key);
            configs.entry(address).or_default().push(LiveConfig { spec, status, id });
        }
    }
    let mut aliases = Vec::new();
    for (datacenter, RawExtras { via, extras, elsewhere }) in datacenters {
        let name = live.datacenter_name(datacenter.config.datacenter_id);
        let address = Address::datacenter(vrack.clone(), name.clone());
        let spec = convert::l3_datacenter(&address, &datacenter.config)?;
        let number = datacenter.ids.get(&via).copied().unwrap_or_default();
        let id = ConfigId::Datacenter(datacenter.ids);
        let status = status(&datacenter.config.status, from_ref(&id), &tasks);
        configs.entry(address).or_default().push(LiveConfig { spec, status, id });
        for extra in extras {
            let (address, spec) = convert::extra(vrack, &name, &extra)?;
            let id_of = |extra: &wire::ExtraConfig| ConfigId::Extra { via, datacenter: number, id: extra.id };
            let mut ids = vec![id_of(&extra)];
            ids.extend(elsewhere.iter().filter(|other| is_same_extra(&extra, other)).map(id_of));
            let status = self::status(&extra.status, &ids, &tasks);
            let id = ids.remove(0);
            aliases.extend(ids);
            configs.entry(address).or_default().push(LiveConfig { spec, status, id });
        }
    }
    let mut ports = BTreeMap::new();
    let services = services.into_iter().map(|reading| {
        ports.extend(reading.ports);
        (reading.id, reading.live)
    });
    let services = services.collect();
    let mut reading = VrackReading { services, configs, ports, aliases, tasks };
    reading.trust_unseen_tasks();
    Ok(reading)
}

/// Whether two services show one extra: the same content; its number may be another.
fn is_same_extra(one: &wire::ExtraConfig, other: &wire::ExtraConfig) -> bool {
    let content =
        |it: &wire::ExtraConfig| wire::ExtraConfig { id: 0, status: ConfigStatus::Active, ..it.clone() };
    content(one) == content(other)
}

impl VrackReading {
    /// Whether nothing that was read contradicts the rest.
    pub(super) fn is_consistent(&self) -> bool {
        let mut configs = self.configs.values().flatten();
        configs.all(|config| config.status != Status::Stuck) && self.unseen_creations().is_empty()
    }

    fn unseen_creations(&self) -> Vec<Task> {
        let ids = || self.configs.values().flatten().map(|config| &config.id).chain(&self.aliases);
        life::unseen_creations(&self.tasks, ids)
    }

    fn trust_unseen_tasks(&mut self) {
        let unseen = self.unseen_creations();
        let shared = self.configs.iter_mut().filter(|(at, _)| matches!(at.node, Node::Datacenter(..)));
        for config in shared.flat_map(|(_, configs)| configs) {
            life::trust(&mut config.status, &config.id, &unseen);
        }
    }
}
