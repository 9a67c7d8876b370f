//! Whether the names in an account fit together, and where in its file one does not.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::{Location, Spanned};

use super::{Account, AccountError, InterfaceEntry};

/// What of an account an error is about; the numbers are positions in its lists.
#[derive(Clone, Copy)]
pub(super) enum Spot {
    Vrack(usize),
    VrackDatacenter(usize, usize),
    Service(usize),
    Interface(usize, usize),
    VrackOfService(usize),
    InterfaceOfPop(usize),
    DatacenterOfPop(usize),
    Datacenter(usize),
}

/// Whether every name stands once and everything that is named is there.
pub(super) fn check(account: &Account) -> Result<(), (AccountError, Spot)> {
    let mut offered = BTreeSet::new();
    for (at, datacenter) in account.datacenters.iter().enumerate() {
        once(&mut offered, datacenter.id, "datacenter", Spot::Datacenter(at))?;
    }
    let mut vracks = BTreeSet::new();
    for (at, vrack) in account.vracks.iter().enumerate() {
        once(&mut vracks, vrack.service_name.as_str(), "vRack", Spot::Vrack(at))?;
        for (nth, datacenter) in vrack.datacenters.iter().enumerate() {
            on_offer(&offered, datacenter.datacenter_id, Spot::VrackDatacenter(at, nth))?;
        }
    }
    let (mut services, mut interfaces) = (BTreeSet::new(), BTreeSet::new());
    for (at, service) in account.services.iter().enumerate() {
        once(&mut services, service.uuid, "service", Spot::Service(at))?;
        for (nth, interface) in service.interfaces.iter().enumerate() {
            once(&mut interfaces, interface.id(), "interface", Spot::Interface(at, nth))?;
        }
        if let Some(vrack) = service.vrack.as_ref().filter(|vrack| !vracks.contains(vrack.as_str())) {
            let error = AccountError::NoVrack { service: service.uuid, vrack: vrack.clone() };
            return Err((error, Spot::VrackOfService(at)));
        }
        let Some(pop) = &service.pop_config else { continue };
        if !service.interfaces.iter().map(InterfaceEntry::id).any(|id| id == pop.interface_id) {
            let error = AccountError::NoInterface { service: service.uuid, interface: pop.interface_id };
            return Err((error, Spot::InterfaceOfPop(at)));
        }
        if let Some(datacenter) = pop.datacenter_id {
            on_offer(&offered, datacenter, Spot::DatacenterOfPop(at))?;
        }
    }
    Ok(())
}

/// A name that must not have been met before.
fn once<T: Ord + ToString + Clone>(
    met: &mut BTreeSet<T>,
    name: T,
    kind: &'static str,
    spot: Spot,
) -> Result<(), (AccountError, Spot)> {
    if met.insert(name.clone()) {
        return Ok(());
    }
    Err((AccountError::Twice { kind, name: name.to_string() }, spot))
}

fn on_offer(offered: &BTreeSet<u64>, datacenter: u64, spot: Spot) -> Result<(), (AccountError, Spot)> {
    if offered.contains(&datacenter) {
        return Ok(());
    }
    Err((AccountError::NoDatacenter { datacenter }, spot))
}

type Place = Spanned<IgnoredAny>;

/// Where in an account file its names stand.
#[derive(Deserialize)]
pub(super) struct Places {
    #[serde(default)]
    vracks: Vec<VrackPlaces>,
    #[serde(default)]
    services: Vec<ServicePlaces>,
    #[serde(default)]
    datacenters: Vec<DatacenterPlaces>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VrackPlaces {
    service_name: Place,
    #[serde(default)]
    datacenters: Vec<ConfigPlaces>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServicePlaces {
    uuid: Place,
    interfaces: Vec<Place>,
    vrack: Option<Place>,
    pop_config: Option<ConfigPlaces>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigPlaces {
    interface_id: Option<Place>,
    datacenter_id: Option<Place>,
}

#[derive(Deserialize)]
struct DatacenterPlaces {
    id: Place,
}

impl Places {
    /// Where that stands.
    pub(super) fn of(&self, spot: Spot) -> Option<Location> {
        let pop = |at: usize| self.services.get(at)?.pop_config.as_ref();
        let place = match spot {
            Spot::Vrack(at) => &self.vracks.get(at)?.service_name,
            Spot::VrackDatacenter(at, nth) => {
                self.vracks.get(at)?.datacenters.get(nth)?.datacenter_id.as_ref()?
            }
            Spot::Service(at) => &self.services.get(at)?.uuid,
            Spot::Interface(at, nth) => self.services.get(at)?.interfaces.get(nth)?,
            Spot::VrackOfService(at) => self.services.get(at)?.vrack.as_ref()?,
            Spot::InterfaceOfPop(at) => pop(at)?.interface_id.as_ref()?,
            Spot::DatacenterOfPop(at) => pop(at)?.datacenter_id.as_ref()?,
            Spot::Datacenter(at) => &self.datacenters.get(at)?.id,
        };
        Some(place.referenced)
    }
}
