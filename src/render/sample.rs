//! A plan for this module's tests.

use std::collections::BTreeMap;

use crate::diff::Goal;
use crate::live::PopKey;
use crate::plan::{DatacenterRef, NewExtra, Operation, Plan, Step, StepId, Via};
use crate::topology::{Asn, Datacenter, Pop, ServiceId};

/// The service that it is about.
pub(super) fn service() -> ServiceId {
    "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01".parse().expect("a uuid")
}

/// A step of each kind that a first apply has, and a wait for somebody else.
pub(super) fn plan() -> Plan {
    let service = service();
    let via = Via::Live { key: PopKey { service, id: 7 } };
    let in_service = "pn-12345/service/6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01";
    let datacenter = |id| DatacenterRef::Made { datacenter_id: id, step: StepId(2) };
    let route = NewExtra::Network {
        subnet: "192.168.10.0/24".parse().expect("a prefix"),
        next_hop: "10.1.0.10".parse().expect("an address"),
    };
    let steps = [
        (in_service.to_owned(), Operation::Attach { service }),
        (
            format!("{in_service}/pop"),
            Operation::CreatePop {
                service,
                pop: Pop::L3 {
                    interface_id: Some(101),
                    customer_bgp_area: Asn(65001),
                    ovh_bgp_area: None,
                    subnet: "172.16.0.0/30".parse().expect("a prefix"),
                },
            },
        ),
        (
            "pn-12345/datacenter/GRA".to_owned(),
            Operation::CreateDatacenter {
                via,
                datacenter_id: 1,
                datacenter: Datacenter::L3 {
                    ovh_bgp_area: None,
                    subnet: "10.1.0.0/24".parse().expect("a prefix"),
                },
            },
        ),
        (
            "pn-12345/datacenter/GRA/network/192.168.10.0/24".to_owned(),
            Operation::CreateExtra { via, datacenter: datacenter(1), extra: route },
        ),
        ("pn-12345".to_owned(), Operation::AwaitVrackTask { task: 9, function: "addIpBlock".to_owned() }),
    ];
    let steps = steps.into_iter().map(|(address, operation)| Step {
        address: address.parse().expect("an address"),
        operation,
        change: None,
    });
    Plan {
        goal: Goal::Apply,
        changes: Vec::new(),
        steps: steps.collect(),
        edges: Vec::new(),
        impact: BTreeMap::new(),
        unmanaged: Vec::new(),
        unchanged: 0,
    }
}
