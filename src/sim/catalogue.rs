//! The datacenters on offer, as a fresh simulated account has them.
//!
//! Source: region names and region types from the published API's enums. Assumed: the numbers
//! and which of the regions OVHcloud Connect offers.

use crate::api::wire::CatalogueDatacenter;

/// Number, name, region, region type.
const DATACENTERS: [(u64, &str, &str, &str); 13] = [
    (1, "GRA", "eu-west-gra", "1-AZ"),
    (2, "RBX", "eu-west-rbx", "1-AZ"),
    (3, "SBG", "eu-west-sbg", "1-AZ"),
    (4, "LIM", "eu-west-lim", "1-AZ"),
    (5, "ERI", "eu-west-eri", "1-AZ"),
    (6, "WAW", "eu-central-waw", "1-AZ"),
    (7, "BHS", "ca-east-bhs", "1-AZ"),
    (8, "SGP", "ap-southeast-sgp", "1-AZ"),
    (9, "SYD", "ap-southeast-syd", "1-AZ"),
    (10, "PAR", "eu-west-par", "3-AZ"),
    (11, "TOR", "ca-east-tor", "1-AZ"),
    (12, "VIN", "us-east-vin", "1-AZ"),
    (13, "HIL", "us-west-hil", "1-AZ"),
];

/// The catalogue of a fresh account: every datacenter available.
#[must_use]
pub fn default_catalogue() -> Vec<CatalogueDatacenter> {
    DATACENTERS
        .iter()
        .map(|&(id, name, region, kind)| CatalogueDatacenter {
            id,
            name: name.to_owned(),
            region: Some(region.to_owned()),
            region_type: Some(kind.to_owned()),
            available: true,
        })
        .collect()
}
