//! What OVHcloud chose where a topology leaves it the choice.

use super::{Live, Status};
use crate::topology::{Datacenter, Pop, Spec, Topology};

/// The same topology with the ASNs that OVHcloud assigned, where it leaves them open and they are known.
#[must_use]
pub fn with_assigned_asns(topology: &Topology, live: &Live) -> Topology {
    let mut filled = topology.clone();
    for (address, entry) in &mut filled.entries {
        let standing = live.configs.get(address).into_iter().flatten();
        let active =
            standing.filter(|config| config.status == Status::Active).map(|config| &config.spec).next();
        match (&mut entry.spec, active) {
            (
                Spec::Pop(Pop::L3 { ovh_bgp_area, .. }),
                Some(Spec::Pop(Pop::L3 { ovh_bgp_area: assigned, .. })),
            )
            | (
                Spec::Datacenter(Datacenter::L3 { ovh_bgp_area, .. }),
                Some(Spec::Datacenter(Datacenter::L3 { ovh_bgp_area: assigned, .. })),
            ) => *ovh_bgp_area = ovh_bgp_area.or(*assigned),
            _ => {}
        }
    }
    filled
}
