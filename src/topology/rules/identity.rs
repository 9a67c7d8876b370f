//! Nothing is declared twice.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;

use super::{Entry, checked};
use crate::diagnostic::{Diagnostic, Example, Rule, Severity, Span};
use crate::topology::document::{Document, ExtraKind, Field};

pub(super) static RULES: &[Entry] = &[
    checked(&SERVICE_TWICE, service_twice),
    checked(&VRACK_TWICE, vrack_twice),
    checked(&ROUTE_TWICE, route_twice),
    checked(&PEER_TWICE, peer_twice),
    checked(&ENDPOINTS, endpoints),
    checked(&INTERFACE_TWICE, interface_twice),
];

static SERVICE_TWICE: Rule = Rule {
    code: "OCC070",
    severity: Severity::Error,
    title: "a service stands in one place",
    doc: "A service is in at most one vRack. The uuid is the same in upper and in lower case.",
    source: "OVHcloud's guides",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01: {}
   pn-67890:
     services:
-      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01: {}
+      0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02: {}
",
    ),
};

static VRACK_TWICE: Rule = Rule {
    code: "OCC071",
    severity: Severity::Error,
    title: "a vRack stands in one file",
    doc: "What a vRack declares is all that is to be in it, so it must be seen in one place. Two files \
          that each hold a part of it would each ask for the removal of the other's. Merge them, or give \
          each file its own vRacks.",
    source: "the topology's format",
    example: Example::of(
        r"
@@ paris.yaml @@
 version: 1
 vracks:
   pn-12345:
     services: {6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01: {}}
@@ montreal.yaml @@
 version: 1
 vracks:
-  pn-12345:
+  pn-67890:
     services: {0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02: {}}
",
    ),
};

static ROUTE_TWICE: Rule = Rule {
    code: "OCC072",
    severity: Severity::Error,
    title: "a datacenter has one static route to a prefix",
    doc: "A static route is known by its datacenter and its prefix. Two routes to the same prefix cannot \
          be told apart, and OVHcloud documents no balancing between them.",
    source: "the topology's format",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
     datacenters:
       GRA:
         subnet: 10.1.0.0/24
         extra:
           - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}
-          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.11}
+          - {type: network, subnet: 192.168.11.0/24, nextHop: 10.1.0.11}
",
    ),
};

static PEER_TWICE: Rule = Rule {
    code: "OCC073",
    severity: Severity::Error,
    title: "a datacenter has one BGP peer at an address",
    doc: "A BGP peer is known by its datacenter and its address; a device speaks one session to an \
          address. Two peers at the same one cannot both come up.",
    source: "RFC 4271, section 6.8",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
     datacenters:
       GRA:
         subnet: 10.1.0.0/24
         allow: [OCC109]
         extra:
           - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.10}
-          - {type: bgp, bgpNeighborArea: 65021, bgpNeighborIp: 10.1.0.10}
+          - {type: bgp, bgpNeighborArea: 65021, bgpNeighborIp: 10.1.0.11}
",
    ),
};

static ENDPOINTS: Rule = Rule {
    code: "OCC074",
    severity: Severity::Error,
    title: "the files agree on the endpoint",
    doc: "`endpoint` guards against running a topology against another account's region. Files that are \
          given together are one topology, and that has one endpoint. Run them one by one instead.",
    source: "the topology's format",
    example: Example::of(
        r"
@@ paris.yaml @@
 version: 1
 endpoint: ovh-eu
 vracks:
   pn-12345: {manage: declared}
@@ montreal.yaml @@
 version: 1
-endpoint: ovh-ca
+endpoint: ovh-eu
 vracks:
   pn-67890: {manage: declared}
",
    ),
};

static INTERFACE_TWICE: Rule = Rule {
    code: "OCC075",
    severity: Severity::Error,
    title: "an interface has one state",
    doc: "An interface is known by its service and its id. An item without `interfaceId` means the one that the \
          PoP uses, or the only one of the service, and is the same as one that names it.",
    source: "the topology's format",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         interface:
           - {interfaceId: 101, state: enabled}
-          - {interfaceId: 101, state: disabled}
+          - {interfaceId: 102, state: disabled}
",
    ),
};

/// Reports each `T` that has been there before.
fn twice<T: Eq + Hash + Display>(
    rule: &'static Rule,
    things: impl IntoIterator<Item = (T, Span)>,
    message: impl Fn(&T) -> String,
    help: &str,
    found: &mut Vec<Diagnostic>,
) {
    let mut first_of: HashMap<T, Span> = HashMap::new();
    for (thing, span) in things {
        match first_of.get(&thing) {
            Some(first) => {
                found.push(rule.at(message(&thing), span, "again here").and(*first, "first here").help(help));
            }
            None => {
                first_of.insert(thing, span);
            }
        }
    }
}

fn service_twice(document: &Document, found: &mut Vec<Diagnostic>) {
    let services = document
        .vracks
        .iter()
        .flat_map(|vrack| &vrack.services)
        .filter_map(|service| Some((service.id?, service.key)));
    twice(
        &SERVICE_TWICE,
        services,
        |id| format!("the service {id} is there twice"),
        "a service is in at most one vRack: remove one of them",
        found,
    );
}

fn vrack_twice(document: &Document, found: &mut Vec<Diagnostic>) {
    let vracks = document.vracks.iter().filter_map(|vrack| Some((vrack.name.clone()?, vrack.key)));
    twice(
        &VRACK_TWICE,
        vracks,
        |name| format!("the vRack {name} stands in two files"),
        "put all of the vRack into one of them",
        found,
    );
}

fn route_twice(document: &Document, found: &mut Vec<Diagnostic>) {
    for datacenter in document.datacenters() {
        let routes = datacenter
            .extras_of(ExtraKind::Network)
            .filter_map(|extra| extra.subnet.given())
            .map(|subnet| (subnet.value.trunc(), subnet.span));
        twice(
            &ROUTE_TWICE,
            routes,
            |prefix| format!("there are two static routes to {prefix}"),
            "keep one of them",
            found,
        );
    }
}

fn peer_twice(document: &Document, found: &mut Vec<Diagnostic>) {
    for datacenter in document.datacenters() {
        let peers = datacenter
            .extras_of(ExtraKind::Bgp)
            .filter_map(|extra| extra.bgp_neighbor_ip.given())
            .map(|ip| (ip.value, ip.span));
        twice(&PEER_TWICE, peers, |ip| format!("there are two BGP peers at {ip}"), "keep one of them", found);
    }
}

fn interface_twice(document: &Document, found: &mut Vec<Diagnostic>) {
    for service in document.vracks.iter().flat_map(|vrack| &vrack.services) {
        let known = service.interfaces.iter().filter(|it| !matches!(it.interface_id, Field::Refused));
        let interfaces = known.map(|interface| {
            let id = service.id_of(interface);
            (id.map_or_else(|| "the interface".to_owned(), |id| format!("interface {id}")), interface.span)
        });
        twice(
            &INTERFACE_TWICE,
            interfaces,
            |interface| format!("{interface} of this service is there twice"),
            "keep one of them; give each its `interfaceId` where the service has several",
            found,
        );
    }
}

fn endpoints(document: &Document, found: &mut Vec<Diagnostic>) {
    let Some(first) = document.endpoints.first() else { return };
    for other in document.endpoints.iter().filter(|other| other.value != first.value) {
        found.push(
            ENDPOINTS
                .at(
                    format!("the files are for two endpoints, {} and {}", first.value, other.value),
                    other.span,
                    "this one",
                )
                .and(first.span, "and this one")
                .help("files that are given together are one topology: run them one by one"),
        );
    }
}
