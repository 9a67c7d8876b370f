//! How much there may be, and what has to be there for something else.

use super::{Entry, checked};
use crate::diagnostic::{Diagnostic, Example, Rule, Severity};
use crate::topology::document::{Document, ExtraKind, Layer};

/// Source: OVHcloud's guides (at most 16 services per PoP and vRack).
const MAX_SERVICES: usize = 16;

/// Source: OVHcloud's guides.
const MAX_PEERS: usize = 4;

pub(super) static RULES: &[Entry] =
    &[checked(&SERVICES, services), checked(&PEERS, peers), checked(&NO_L3_POP, no_l3_pop)];

static SERVICES: Rule = Rule {
    code: "OCC080",
    severity: Severity::Error,
    title: "a vRack has at most 16 services",
    doc: "OVHcloud takes at most 16 OVHcloud Connect services in one vRack. The same limit holds for the \
          services of one PoP, which a topology does not tell.",
    source: "OVHcloud's guides",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       00000000-0000-4000-8000-000000000001: {}
       00000000-0000-4000-8000-000000000002: {}
       00000000-0000-4000-8000-000000000003: {}
       00000000-0000-4000-8000-000000000004: {}
       00000000-0000-4000-8000-000000000005: {}
       00000000-0000-4000-8000-000000000006: {}
       00000000-0000-4000-8000-000000000007: {}
       00000000-0000-4000-8000-000000000008: {}
       00000000-0000-4000-8000-000000000009: {}
       00000000-0000-4000-8000-000000000010: {}
       00000000-0000-4000-8000-000000000011: {}
       00000000-0000-4000-8000-000000000012: {}
       00000000-0000-4000-8000-000000000013: {}
       00000000-0000-4000-8000-000000000014: {}
       00000000-0000-4000-8000-000000000015: {}
       00000000-0000-4000-8000-000000000016: {}
-      00000000-0000-4000-8000-000000000017: {}
",
    ),
};

static PEERS: Rule = Rule {
    code: "OCC081",
    severity: Severity::Error,
    title: "a datacenter has at most 4 BGP peers",
    doc: "OVHcloud's devices take at most 4 BGP neighbours in a datacenter configuration. Further \
          routers can be peers of your own ones.",
    source: "OVHcloud's guides",
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
           - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.11}
           - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.12}
           - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.13}
-          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.14}
",
    ),
};

static NO_L3_POP: Rule = Rule {
    code: "OCC082",
    severity: Severity::Error,
    title: "an l3 datacenter has an l3 PoP in its vRack",
    doc: "The API creates and reads a datacenter configuration through an l3 PoP of its vRack; without \
          one it cannot be made, and leads nowhere. In a vRack with `manage: declared` a service that is \
          not declared may be that PoP, so nothing is said there.",
    source: "the published API",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l2, datacenter: RBX}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
     datacenters:
       GRA: {subnet: 10.1.0.0/24}
",
    ),
};

fn services(document: &Document, found: &mut Vec<Diagnostic>) {
    for vrack in &document.vracks {
        if let Some(first_too_many) = vrack.services.get(MAX_SERVICES) {
            found.push(
                SERVICES
                    .at(
                        format!("the vRack has {} services, and can have 16", vrack.services.len()),
                        first_too_many.key,
                        "the 17th service",
                    )
                    .and(vrack.key, "in this vRack")
                    .help("put some of them into another vRack"),
            );
        }
    }
}

fn peers(document: &Document, found: &mut Vec<Diagnostic>) {
    for datacenter in document.datacenters() {
        let peers: Vec<_> = datacenter.extras_of(ExtraKind::Bgp).collect();
        if let Some(first_too_many) = peers.get(MAX_PEERS) {
            found.push(
                PEERS
                    .at(
                        format!("{datacenter} has {} BGP peers, and can have 4", peers.len()),
                        first_too_many.span,
                        "the 5th peer",
                    )
                    .and(datacenter.key, "in this datacenter")
                    .help("let the other routers be peers of these four"),
            );
        }
    }
}

fn no_l3_pop(document: &Document, found: &mut Vec<Diagnostic>) {
    for vrack in &document.vracks {
        let has_l3 = vrack.pops().any(|(_, pop)| pop.value.layer.value() == Some(Layer::L3));
        if !vrack.managed_whole() || !vrack.whole || has_l3 {
            continue;
        }
        // One message a vRack: the PoP that is missing is the same for all its datacenters.
        if let Some(datacenter) = vrack.datacenters.first() {
            found.push(
                NO_L3_POP
                    .at(
                        "an l3 datacenter needs an l3 PoP in its vRack",
                        datacenter.key,
                        "cannot be reached",
                    )
                    .and(vrack.key, "no service here has a PoP of type l3")
                    .help(
                        "declare the service that leads there, with `pop: {type: l3, ...}`; the one datacenter \
                         of an l2 service stands in its PoP instead",
                    ),
            );
        }
    }
}
