//! Static routes and BGP peers inside their datacenter.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::{Entry, checked};
use crate::diagnostic::{Diagnostic, Example, Rule, Severity};
use crate::topology::document::{Document, ExtraKind, Located};

pub(super) static RULES: &[Entry] = &[
    checked(&GATEWAY_OUTSIDE, gateway_outside),
    checked(&GATEWAY_TAKEN, gateway_taken),
    checked(&PEER_OUTSIDE, peer_outside),
    checked(&PEER_TAKEN, peer_taken),
    checked(&MIXED, mixed),
];

static GATEWAY_OUTSIDE: Rule = Rule {
    code: "OCC060",
    severity: Severity::Error,
    title: "the next hop of a static route lies in its datacenter's subnet",
    doc: "`nextHop` is the gateway of yours that OVHcloud's routers hand the packets to. They reach it \
          only in the datacenter's own subnet.",
    source: "OVHcloud's guide to the API",
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
-          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.2.0.10}
+          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}
",
    ),
};

static GATEWAY_TAKEN: Rule = Rule {
    code: "OCC061",
    severity: Severity::Error,
    title: "the next hop of a static route is an address of yours",
    doc: "Of a datacenter's subnet, OVHcloud holds .1 (the virtual router, VRRP), .2 and .3 (its two \
          devices), counted from the subnet's first address; the first and the last address of a subnet \
          belong to no machine. The gateway can have any other.",
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
-          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.1}
+          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.4}
",
    ),
};

static PEER_OUTSIDE: Rule = Rule {
    code: "OCC062",
    severity: Severity::Error,
    title: "a BGP peer lies in its datacenter's subnet",
    doc: "OVHcloud's devices speak BGP to neighbours on their own subnet only; eBGP multihop is not \
          offered.",
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
         allow: [OCC109, OCC110]
         extra:
-          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.2.0.10}
+          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.10}
",
    ),
};

static PEER_TAKEN: Rule = Rule {
    code: "OCC063",
    severity: Severity::Error,
    title: "a BGP peer has an address of yours",
    doc: "Of a datacenter's subnet, OVHcloud's two devices hold .2 and .3, counted from the subnet's \
          first address; the first and the last address of a subnet belong to no machine. A peer can \
          have any other, .1 included: enabling BGP disables VRRP.",
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
         allow: [OCC109, OCC110]
         extra:
-          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.2}
+          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.4}
",
    ),
};

static MIXED: Rule = Rule {
    code: "OCC064",
    severity: Severity::Error,
    title: "a datacenter has static routes or BGP peers, not both",
    doc: "A BGP session and a static route cannot stand in the same datacenter configuration.",
    source: "OVHcloud's guide to the API",
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
         allow: [OCC109, OCC110]
         extra:
           - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.10}
-          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}
",
    ),
};

/// Whose an address of a datacenter's subnet is, if it is not the customer's to give.
fn holder(subnet: Ipv4Net, ip: Ipv4Addr, with_vrrp: bool) -> Option<&'static str> {
    let offset = u32::from(ip).wrapping_sub(u32::from(subnet.network()));
    match offset {
        0 => Some("the subnet's first address, which belongs to no machine"),
        1 if with_vrrp => Some("OVHcloud's virtual router (VRRP)"),
        2 => Some("OVHcloud's device A"),
        3 => Some("OVHcloud's device B"),
        _ if ip == subnet.broadcast() => Some("the subnet's last address, which belongs to no machine"),
        _ => None,
    }
}

/// The same message, with an address that is free to use; a subnet that is too small has none.
fn with_free_address(diagnostic: Diagnostic, subnet: Ipv4Net) -> Diagnostic {
    let first = Ipv4Addr::from(u32::from(subnet.network()).saturating_add(4));
    if subnet.contains(&first) && first != subnet.broadcast() {
        diagnostic.help(format!("the first address that is yours to give there is {first}"))
    } else {
        diagnostic
    }
}

/// What an extra configuration points at, with the subnet it has to lie in.
fn neighbours(
    document: &Document,
    kind: ExtraKind,
) -> impl Iterator<Item = (&Located<Ipv4Net>, &Located<Ipv4Addr>)> {
    document.datacenters().flat_map(move |datacenter| {
        datacenter.extras_of(kind).filter_map(move |extra| {
            let ip = match kind {
                ExtraKind::Network => &extra.next_hop,
                ExtraKind::Bgp => &extra.bgp_neighbor_ip,
            };
            Some((datacenter.subnet.given()?, ip.given()?))
        })
    })
}

fn outside(
    rule: &'static Rule,
    kind: ExtraKind,
    what: &str,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) {
    for (subnet, ip) in neighbours(document, kind) {
        if !subnet.value.contains(&ip.value) {
            let message =
                format!("{what} {} is not in its datacenter's subnet {}", ip.value, subnet.value.trunc());
            let diagnostic = rule
                .at(message, ip.span, "outside of the subnet")
                .and(subnet.span, "the datacenter's subnet");
            found.push(with_free_address(diagnostic, subnet.value));
        }
    }
}

fn taken(rule: &'static Rule, kind: ExtraKind, what: &str, document: &Document, found: &mut Vec<Diagnostic>) {
    for (subnet, ip) in neighbours(document, kind).filter(|(subnet, ip)| subnet.value.contains(&ip.value)) {
        if let Some(holder) = holder(subnet.value, ip.value, kind == ExtraKind::Network) {
            let diagnostic = rule
                .at(format!("{what} cannot be {}: it is {holder}", ip.value), ip.span, "not yours to give")
                .and(subnet.span, "the datacenter's subnet");
            found.push(with_free_address(diagnostic, subnet.value));
        }
    }
}

fn gateway_outside(document: &Document, found: &mut Vec<Diagnostic>) {
    outside(&GATEWAY_OUTSIDE, ExtraKind::Network, "the next hop", document, found);
}

fn gateway_taken(document: &Document, found: &mut Vec<Diagnostic>) {
    taken(&GATEWAY_TAKEN, ExtraKind::Network, "the next hop", document, found);
}

fn peer_outside(document: &Document, found: &mut Vec<Diagnostic>) {
    outside(&PEER_OUTSIDE, ExtraKind::Bgp, "the BGP peer", document, found);
}

fn peer_taken(document: &Document, found: &mut Vec<Diagnostic>) {
    taken(&PEER_TAKEN, ExtraKind::Bgp, "the BGP peer", document, found);
}

fn mixed(document: &Document, found: &mut Vec<Diagnostic>) {
    for datacenter in document.datacenters() {
        let kind = |extra: &crate::topology::document::Extra| extra.kind.given().copied();
        let mut kinds = datacenter.extras.iter().filter_map(kind);
        let Some(first) = kinds.next() else { continue };
        // One message a datacenter: each further one would say the same.
        if let Some(other) = kinds.find(|other| other.value != first.value) {
            found.push(
                MIXED
                    .at(
                        format!("{} has both static routes and BGP peers", datacenter),
                        other.span,
                        name(other.value),
                    )
                    .and(first.span, name(first.value))
                    .help("keep one kind; a BGP peer can announce the prefixes of the routes itself"),
            );
        }
    }
}

fn name(kind: ExtraKind) -> &'static str {
    match kind {
        ExtraKind::Network => "a static route",
        ExtraKind::Bgp => "a BGP peer",
    }
}
