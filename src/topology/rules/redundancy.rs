//! Warnings: what has nothing to fall back on, or carries nothing.

use super::{Entry, checked};
use crate::diagnostic::{Diagnostic, Example, Rule, Severity};
use crate::topology::InterfaceState;
use crate::topology::document::{Document, ExtraKind, Field, Interface, Layer, Vrack};

pub(super) static RULES: &[Entry] = &[
    checked(&ONE_SERVICE, one_service),
    checked(&ONE_DATACENTER, one_datacenter),
    checked(&STATIC_ROUTES, static_routes),
    checked(&LOCKED, locked),
];

static ONE_SERVICE: Rule = Rule {
    code: "OCC121",
    severity: Severity::Warning,
    title: "a vRack has a second service",
    doc: "Where a single service leads into a vRack, the failure of its line, its port, its router or \
          its PoP cuts your network off. Two services in two PoPs leave a path. A vRack with `manage: \
          declared` may hold others that are not declared, so nothing is said there.",
    source: "OVHcloud's guides",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
+      0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02:
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.4/30}
",
    ),
};

static ONE_DATACENTER: Rule = Rule {
    code: "OCC122",
    severity: Severity::Warning,
    title: "a vRack has a second l3 datacenter",
    doc: "What stands in a single datacenter goes when that does. Machines in a second one, under their \
          own subnet, stay reachable. A vRack with `manage: declared` may hold others that are not \
          declared, so nothing is said there.",
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
       GRA: {subnet: 10.1.0.0/24}
+      RBX: {subnet: 10.2.0.0/24}
",
    ),
};

static STATIC_ROUTES: Rule = Rule {
    code: "OCC123",
    severity: Severity::Warning,
    title: "where there are several datacenters, BGP announces what lies behind them",
    doc: "A static route leads into one datacenter, whether or not its gateway is up. When that \
          datacenter or gateway fails, the packets are lost although another datacenter stands. BGP \
          peers in several datacenters can announce the same prefix, and the one that is up is used.",
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
         extra:
-          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}
+          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.10}
+          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.11}
+        allow: [OCC109]
       RBX: {subnet: 10.2.0.0/24}
",
    ),
};

static LOCKED: Rule = Rule {
    code: "OCC124",
    severity: Severity::Warning,
    title: "the interface of a PoP is in service",
    doc: "A port that is locked carries nothing: with `state: disabled` the session of a PoP that is configured \
          on it goes down, and one that is made there does not come up. The configuration stays, and with \
          `state: enabled` the traffic comes back. Where a port is locked for maintenance, allow this.",
    source: "the published API",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        interface: {state: disabled}
+        interface: {state: enabled}
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

/// The vRacks of which everything is known that will be in them.
fn known(document: &Document) -> impl Iterator<Item = &Vrack> {
    document.vracks.iter().filter(|vrack| vrack.managed_whole() && vrack.whole)
}

fn one_service(document: &Document, found: &mut Vec<Diagnostic>) {
    for vrack in known(document) {
        let [only] = vrack.services.as_slice() else { continue };
        let is_l2 = only.pop.given().and_then(|pop| pop.value.layer.value()) == Some(Layer::L2);
        let help = if is_l2 {
            "a vRack takes one l2 service: add an l3 one, or a second line in a vRack of its own"
        } else {
            "add a service that is delivered in another PoP"
        };
        found.push(
            ONE_SERVICE
                .at("a single service leads into this vRack", only.key, "nothing takes over when it fails")
                .and(vrack.key, "in this vRack")
                .help(help),
        );
    }
}

fn one_datacenter(document: &Document, found: &mut Vec<Diagnostic>) {
    for vrack in known(document) {
        let [only] = vrack.datacenters.as_slice() else { continue };
        // Without an l3 PoP it cannot be reached at all, which is an error.
        if !vrack.pops().any(|(_, pop)| pop.value.layer.value() == Some(Layer::L3)) {
            continue;
        }
        found.push(
            ONE_DATACENTER
                .at("this vRack has a single l3 datacenter", only.key, "nothing takes over when it fails")
                .and(vrack.key, "in this vRack")
                .help("add a second datacenter, with a subnet of its own"),
        );
    }
}

fn locked(document: &Document, found: &mut Vec<Diagnostic>) {
    let services = document.vracks.iter().flat_map(|vrack| &vrack.services);
    for (service, pop) in services.filter_map(|service| Some((service, service.pop.given()?))) {
        // Where neither names an interface, both mean the same one.
        let used = pop.value.interface_id.value();
        let is_its =
            |it: &&Interface| !matches!(it.interface_id, Field::Refused) && service.id_of(it) == used;
        let state = service.interfaces.iter().find(is_its).and_then(|it| it.state.given());
        if let Some(state) = state.filter(|state| state.value == InterfaceState::Disabled) {
            found.push(
                LOCKED
                    .at("this PoP carries nothing: its interface is locked", pop.span, "configured, and down")
                    .and(state.span, "by this")
                    .help("where that is meant, say so: `allow: [OCC124]` in the service"),
            );
        }
    }
}

fn static_routes(document: &Document, found: &mut Vec<Diagnostic>) {
    for vrack in document.vracks.iter().filter(|vrack| vrack.datacenters.len() > 1) {
        for datacenter in &vrack.datacenters {
            let Some(first) = datacenter.extras_of(ExtraKind::Network).next() else { continue };
            // One message a datacenter: the next one is the same for every route.
            found.push(
                STATIC_ROUTES
                    .at(
                        format!("the static routes of {datacenter} stay when their gateways fail"),
                        first.kind.given().map_or(first.span, |kind| kind.span),
                        "does not move to another datacenter",
                    )
                    .and(datacenter.key, "one of several datacenters")
                    .help(
                        "let BGP peers announce the prefixes in each datacenter they can be reached through",
                    ),
            );
        }
    }
}
