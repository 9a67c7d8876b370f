//! One datacenter of a vRack is listed by every l3 PoP of it: many lists become one.

use std::collections::BTreeMap;

use super::PopKey;
use crate::api::wire::DatacenterConfig;

/// What one l3 PoP lists.
pub(super) struct Listing<'a> {
    pub(super) pop: PopKey,
    pub(super) datacenters: &'a [DatacenterConfig],
}

/// One datacenter configuration and its number under each PoP that lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Merged {
    pub(super) config: DatacenterConfig,
    pub(super) ids: BTreeMap<PopKey, u64>,
}

/// Whether a merged configuration and a listed one are taken for the same.
type Same = dyn Fn(&Merged, &DatacenterConfig) -> bool;

/// Merges the lists.
///
/// Whether an inherited datacenter bears the same number under every service is not documented. The
/// same number is taken for the same thing; failing that, the same content; failing that, the same
/// datacenter. What one PoP lists twice is there twice.
pub(super) fn merge(listings: &[Listing<'_>]) -> Vec<Merged> {
    let mut merged: Vec<Merged> = Vec::new();
    for Listing { pop, datacenters } in listings {
        let mut rest: Vec<&DatacenterConfig> = datacenters.iter().collect();
        let same_number = |it: &Merged, config: &DatacenterConfig| it.ids.values().any(|id| *id == config.id);
        let same_content = |it: &Merged, config: &DatacenterConfig| {
            it.config.ovh_bgp_area == config.ovh_bgp_area && it.config.subnet == config.subnet
        };
        let any = |_: &Merged, _: &DatacenterConfig| true;
        let tests: [&Same; 3] = [&same_number, &same_content, &any];
        for test in tests {
            rest.retain(|config| {
                let found = merged.iter_mut().find(|it| {
                    it.config.datacenter_id == config.datacenter_id
                        && !it.ids.contains_key(pop)
                        && test(it, config)
                });
                match found {
                    Some(it) => {
                        it.ids.insert(*pop, config.id);
                        false
                    }
                    None => true,
                }
            });
        }
        merged.extend(
            rest.into_iter()
                .map(|config| Merged { config: config.clone(), ids: BTreeMap::from([(*pop, config.id)]) }),
        );
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::wire::ConfigStatus;

    fn pop(id: u64) -> PopKey {
        PopKey { service: uuid::Uuid::from_u128(u128::from(id)).into(), id }
    }

    fn config(id: u64, datacenter_id: u64, subnet: &str) -> DatacenterConfig {
        let status = ConfigStatus::Active;
        DatacenterConfig {
            id,
            datacenter_id,
            ovh_bgp_area: Some(65010),
            subnet: Some(subnet.to_owned()),
            status,
        }
    }

    fn merged(lists: &[&[DatacenterConfig]]) -> Vec<Vec<u64>> {
        let listings: Vec<_> =
            (1..).zip(lists).map(|(id, datacenters)| Listing { pop: pop(id), datacenters }).collect();
        merge(&listings).into_iter().map(|it| it.ids.into_values().collect()).collect()
    }

    #[test]
    fn the_same_number_is_the_same_datacenter() {
        let (gra, rbx) = (config(1, 10, "10.1.0.0/24"), config(2, 20, "10.2.0.0/24"));
        let lists: [&[DatacenterConfig]; 2] = [&[gra.clone(), rbx.clone()], &[rbx, gra]];
        assert_eq!(merged(&lists), [[1, 1], [2, 2]]);
    }

    #[test]
    fn an_inherited_datacenter_may_bear_another_number() {
        let lists: [&[DatacenterConfig]; 2] =
            [&[config(1, 10, "10.1.0.0/24")], &[config(7, 10, "10.1.0.0/24")]];
        assert_eq!(merged(&lists), [[1, 7]]);
    }

    #[test]
    fn what_one_pop_lists_twice_is_there_twice() {
        let twice = [config(1, 10, "10.1.0.0/24"), config(2, 10, "10.9.0.0/24")];
        let other_numbers = [config(8, 10, "10.9.0.0/24"), config(9, 10, "10.1.0.0/24")];
        assert_eq!(merged(&[&twice, &other_numbers]), [[1, 9], [2, 8]]);
    }
}
