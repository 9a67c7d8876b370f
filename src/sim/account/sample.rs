//! The account of a simulator that is given none.

use uuid::Uuid;

use super::{Account, ServiceEntry, VrackEntry};

impl Account {
    /// Two vRacks and three services, with nothing configured: two of OVHcloud that are in the first
    /// vRack, and one of a partner that is in none.
    #[must_use]
    pub fn sample() -> Self {
        let vrack = |service_name: &str, name: &str| VrackEntry {
            name: name.to_owned(),
            ..VrackEntry::new(service_name)
        };
        let service = |uuid: u128, interface: u64, description: &str, pop: &str| ServiceEntry {
            description: description.to_owned(),
            pop: pop.to_owned(),
            ..ServiceEntry::new(Uuid::from_u128(uuid), interface)
        };
        let partner = service(0x3f6f0d5a_8a56_4c1b_a4f3_2b9d0f7c1a11, 103, "Warsaw, over Equinix", "WAW-EQ3");
        Self {
            vracks: vec![vrack("pn-12345", "Production"), vrack("pn-67890", "Staging")],
            services: vec![
                service(0x6b0c8f3e_3c1f_4a5e_9a52_0c4c9b1f2d01, 101, "Paris, primary", "PAR-TH2")
                    .in_vrack("pn-12345"),
                service(0x0d9e2f64_7b1a_4c8d_8f3e_5a6b7c8d9e02, 102, "Frankfurt, secondary", "FRA-EQ5")
                    .in_vrack("pn-12345"),
                ServiceEntry { provider: "equinix".to_owned(), bandwidth: "500m".to_owned(), ..partner },
            ],
            ..Self::default()
        }
    }
}
