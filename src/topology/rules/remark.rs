//! Warnings: it will work, and somebody should know.

use std::collections::HashMap;

use ipnet::Ipv4Net;

use super::{Entry, asn, checked, subnet};
use crate::diagnostic::{Diagnostic, Example, Rule, Severity, Span};
use crate::topology::Asn;
use crate::topology::document::{Document, ExtraKind, Layer};

pub(super) static RULES: &[Entry] = &[
    checked(&OVHCLOUDS_OWN, ovhclouds_own),
    checked(&PUBLIC_ASN, public_asn),
    checked(&EMPTY_VRACK, empty_vrack),
    checked(&DOCUMENTATION_ASN, documentation_asn),
    checked(&DOCUMENTATION_PREFIX, documentation_prefix),
    checked(&WIDE_ASN, wide_asn),
    checked(&NOT_PRIVATE, not_private),
    checked(&REUSED_ASN, reused_asn),
    checked(&NO_VRRP, no_vrrp),
    checked(&SINGLE_PEER, single_peer),
    checked(&DEFAULT_ROUTE, default_route),
    checked(&NO_VRACK, no_vrack),
];

static OVHCLOUDS_OWN: Rule = Rule {
    code: "OCC101",
    severity: Severity::Warning,
    title: "the ASNs that OVHcloud uses itself are avoided",
    doc: "OVHcloud uses the ASNs 65501 (Europe), 65502 (Canada) and 65519 (Asia) inside the vRack. A \
          router drops routes that bear its own ASN; with 65501 it is a known issue that routes learnt \
          in the vRack do not reach the PoP. Any other private ASN works.",
    source: "OVHcloud's guides",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l3, customerBgpArea: 65501, subnet: 172.16.0.0/30}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

static PUBLIC_ASN: Rule = Rule {
    code: "OCC102",
    severity: Severity::Warning,
    title: "ASNs are private",
    doc: "OVHcloud recommends private ASNs. A public ASN that belongs to someone else hides that \
          network's routes, because a router drops routes that bear its own ASN. Your own public ASN is \
          fine, and so is 35540, OVHcloud's, on its side.",
    source: "OVHcloud's guides, RFC 6996",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l3, customerBgpArea: 3333, subnet: 172.16.0.0/30}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

static EMPTY_VRACK: Rule = Rule {
    code: "OCC103",
    severity: Severity::Warning,
    title: "a vRack that is managed as a whole declares something",
    doc: "With `manage: all`, the default, what a vRack holds and the file does not declare is removed. \
          A vRack that declares nothing is emptied: every OVHcloud Connect service in it loses its \
          configuration and leaves it. To leave it alone, remove it from the file or set `manage: \
          declared`.",
    source: "the topology's format",
    example: Example::of(
        r"
 version: 1
 vracks:
-  pn-12345: {}
+  pn-12345: {manage: declared}
",
    ),
};

static DOCUMENTATION_ASN: Rule = Rule {
    code: "OCC104",
    severity: Severity::Warning,
    title: "an ASN is not one of those kept for documentation",
    doc: "64496 to 64511 and 65536 to 65551 stand in books and manuals and belong to nobody. One of them \
          in a real network was most likely copied from there. This is said of files for a real endpoint \
          only: one whose `endpoint` is a URL on this machine (`127.0.0.1`, `::1`, `localhost`) is for \
          the simulator.",
    source: "RFC 5398",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l3, customerBgpArea: 64496, subnet: 172.16.0.0/30}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

static DOCUMENTATION_PREFIX: Rule = Rule {
    code: "OCC105",
    severity: Severity::Warning,
    title: "a prefix is not one of those kept for documentation",
    doc: "192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24 stand in books and manuals and belong to \
          nobody. One of them in a real network was most likely copied from there. This is said of files \
          for a real endpoint only: one whose `endpoint` is a URL on this machine (`127.0.0.1`, `::1`, \
          `localhost`) is for the simulator.",
    source: "RFC 5737",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l3, customerBgpArea: 65001, subnet: 192.0.2.0/30}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

static WIDE_ASN: Rule = Rule {
    code: "OCC106",
    severity: Severity::Warning,
    title: "private ASNs have 16 bits",
    doc: "4200000000 to 4294967294 are private as well, but need 32 bits. A router that knows 16 bits \
          only sees 23456 instead, and cannot tell two of them apart. OVHcloud's guides speak of 64512 \
          to 65534. Where every router on the way is known to take 32 bits, this can be allowed.",
    source: "RFC 6996, RFC 6793",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l3, customerBgpArea: 4200000001, subnet: 172.16.0.0/30}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

static NOT_PRIVATE: Rule = Rule {
    code: "OCC107",
    severity: Severity::Warning,
    title: "the subnet of a datacenter is private",
    doc: "The machines of a vRack are reached over private addresses: 10.0.0.0/8, 172.16.0.0/12 and \
          192.168.0.0/16. With public addresses that are not yours, your network loses whoever owns \
          them; with shared (100.64.0.0/10), link-local (169.254.0.0/16) or other special ones, much \
          equipment does not forward. Your own public prefix is fine.",
    source: "RFC 1918, RFC 6890",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
     datacenters:
-      GRA: {subnet: 100.64.0.0/24}
+      GRA: {subnet: 10.1.0.0/24}
",
    ),
};

static REUSED_ASN: Rule = Rule {
    code: "OCC108",
    severity: Severity::Warning,
    title: "the ASN of your router at the PoP is not used in a datacenter again",
    doc: "Routes from your network bear the ASN of your router at the PoP. Whoever has the same ASN in a \
          datacenter takes them for its own and drops them. On a router of yours there, `allowas-in` (or \
          its like) makes it keep them; OVHcloud's devices cannot be told to.",
    source: "RFC 4271, section 9.1.2",
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
-          - {type: bgp, bgpNeighborArea: 65001, bgpNeighborIp: 10.1.0.10}
+          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.10}
           - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.11}
",
    ),
};

static NO_VRRP: Rule = Rule {
    code: "OCC109",
    severity: Severity::Warning,
    title: "a datacenter with BGP peers has no virtual router",
    doc: "Enabling BGP in a datacenter disables VRRP there. Machines that have .1 of the subnet as their \
          gateway lose it: they need a gateway of yours, such as a BGP peer itself. Where that is so, \
          allow this.",
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
-          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.10}
-          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.11}
+          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}
",
    ),
};

static SINGLE_PEER: Rule = Rule {
    code: "OCC110",
    severity: Severity::Warning,
    title: "a datacenter has more than one BGP peer",
    doc: "When a datacenter's only BGP peer goes down, so does every route it announces: nothing behind \
          it is reached any more. A datacenter takes up to four peers.",
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
+          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.11}
",
    ),
};

static DEFAULT_ROUTE: Rule = Rule {
    code: "OCC111",
    severity: Severity::Warning,
    title: "no static route leads everywhere",
    doc: "A static route to 0.0.0.0/0 is announced to your own network, whose routers may then send into \
          the datacenter all they have no better route for. Where the way to the internet is meant to \
          lead through the datacenter, allow this.",
    source: "RFC 4632, section 5.1",
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
-          - {type: network, subnet: 0.0.0.0/0, nextHop: 10.1.0.10}
+          - {type: network, subnet: 192.168.0.0/16, nextHop: 10.1.0.10}
",
    ),
};

/// RFC 5398.
static NO_VRACK: Rule = Rule {
    code: "OCC112",
    severity: Severity::Warning,
    title: "a file names the vRacks it is about",
    doc: "A vRack that no file names is not looked at: what it holds stays. So a file whose last vRack was \
          removed changes nothing, while whoever removed it may expect that the vRack is emptied. To empty \
          a vRack, name it and declare nothing in it. To stop managing it, remove the file.",
    source: "the topology's format",
    example: Example::of(
        r"
 version: 1
-vracks: {}
+vracks: {pn-12345: {manage: declared}}
",
    ),
};

fn is_documentation_asn(asn: Asn) -> bool {
    matches!(asn.0, 64496..=64511 | 65536..=65551)
}

/// RFC 6996.
fn is_wide_private_asn(asn: Asn) -> bool {
    matches!(asn.0, 4_200_000_000..=4_294_967_294)
}

/// RFC 5737.
const DOCUMENTATION: [Ipv4Net; 3] =
    [net(192, 0, 2, 0, 24), net(198, 51, 100, 0, 24), net(203, 0, 113, 0, 24)];

/// RFC 1918.
const PRIVATE: [Ipv4Net; 3] = [net(10, 0, 0, 0, 8), net(172, 16, 0, 0, 12), net(192, 168, 0, 0, 16)];

/// What belongs to nobody and is not private: RFC 6598, RFC 3927, RFC 2544, RFC 6890.
const SPECIAL: [(Ipv4Net, &str); 4] = [
    (net(100, 64, 0, 0, 10), "shared address space (RFC 6598)"),
    (net(169, 254, 0, 0, 16), "link-local addresses (RFC 3927)"),
    (net(198, 18, 0, 0, 15), "for benchmarks (RFC 2544)"),
    (net(192, 0, 0, 0, 24), "for protocols (RFC 6890)"),
];

const fn net(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(a, b, c, d), length)
}

fn ovhclouds_own(document: &Document, found: &mut Vec<Diagnostic>) {
    for (field, asn) in asn::all(document) {
        let region = match asn.value.0 {
            65501 => "Europe",
            65502 => "Canada",
            65519 => "Asia",
            _ => continue,
        };
        let message = format!("`{field}` is {}, which OVHcloud uses itself inside the vRack", asn.value);
        found.push(
            OVHCLOUDS_OWN
                .at(message, asn.span, format!("OVHcloud's in {region}"))
                .help("use another one of 64512 to 65534"),
        );
    }
}

fn public_asn(document: &Document, found: &mut Vec<Diagnostic>) {
    for (field, asn) in asn::all(document) {
        // What no router may use at all is an error already; OVHcloud's own is right on its side.
        if matches!(asn.value.0, 0 | 23456 | 64512..=65535 | u32::MAX)
            || is_documentation_asn(asn.value)
            || is_wide_private_asn(asn.value)
            || (field == "ovhBgpArea" && asn.value == Asn::OVHCLOUD)
        {
            continue;
        }
        found.push(
            PUBLIC_ASN
                .at(format!("`{field}` is {}, a public ASN", asn.value), asn.span, "not a private ASN")
                .help("unless it is your own, use one of 64512 to 65534"),
        );
    }
}

fn documentation_asn(document: &Document, found: &mut Vec<Diagnostic>) {
    if !document.is_for_a_real_endpoint() {
        return;
    }
    for (field, asn) in asn::all(document).filter(|(_, asn)| is_documentation_asn(asn.value)) {
        let message = format!("`{field}` is {}, an ASN that is kept for documentation", asn.value);
        found.push(
            DOCUMENTATION_ASN
                .at(message, asn.span, "belongs to nobody (RFC 5398)")
                .help("use your own, or a private one of 64512 to 65534"),
        );
    }
}

fn wide_asn(document: &Document, found: &mut Vec<Diagnostic>) {
    for (field, asn) in asn::all(document).filter(|(_, asn)| is_wide_private_asn(asn.value)) {
        found.push(
            WIDE_ASN
                .at(
                    format!("`{field}` is {}, which needs 32 bits", asn.value),
                    asn.span,
                    "every router on the way has to take 32-bit ASNs",
                )
                .help("use one of 64512 to 65534, if one of them is free"),
        );
    }
}

fn documentation_prefix(document: &Document, found: &mut Vec<Diagnostic>) {
    if !document.is_for_a_real_endpoint() {
        return;
    }
    for subnet in subnet::all(document) {
        let (prefix, span) = (subnet.value.trunc(), subnet.span);
        if let Some(kept) = DOCUMENTATION.iter().find(|kept| kept.contains(&prefix)) {
            found.push(
                DOCUMENTATION_PREFIX
                    .at(
                        format!("`{prefix}` is kept for documentation"),
                        span,
                        format!("in {kept}, which belongs to nobody (RFC 5737)"),
                    )
                    .help("use a prefix of your own, or a private one"),
            );
        }
    }
}

fn not_private(document: &Document, found: &mut Vec<Diagnostic>) {
    for datacenter in document.datacenters() {
        let Some(subnet) = datacenter.subnet.given() else { continue };
        let prefix = subnet.value.trunc();
        let within = |net: &Ipv4Net| net.contains(&prefix);
        // Those for documentation have a rule of their own, and others are no subnets of machines at all.
        if prefix.prefix_len() < subnet::DATACENTER_SHORTEST
            || PRIVATE.iter().any(within)
            || DOCUMENTATION.iter().any(within)
            || subnet::is_not_unicast(prefix).is_some()
        {
            continue;
        }
        let holds_private = PRIVATE.iter().any(|net| prefix.contains(net));
        let special = SPECIAL.iter().find(|(net, _)| within(net)).map(|(_, what)| *what);
        found.push(
            NOT_PRIVATE
                .at(
                    format!("the subnet of {datacenter}, `{prefix}`, is not private"),
                    subnet.span,
                    special.unwrap_or(if holds_private { "public addresses among them" } else { "public addresses" }),
                )
                .help(
                    "unless it is your own, use one of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 (RFC 1918)",
                ),
        );
    }
}

fn reused_asn(document: &Document, found: &mut Vec<Diagnostic>) {
    for vrack in &document.vracks {
        let mut customers: HashMap<Asn, Span> = HashMap::new();
        for (_, pop) in vrack.pops().filter(|(_, pop)| pop.value.layer.value() == Some(Layer::L3)) {
            if let Some(asn) = pop.value.customer_bgp_area.given() {
                customers.entry(asn.value).or_insert(asn.span);
            }
        }
        for datacenter in &vrack.datacenters {
            if let Some(ours) = datacenter.ovh_bgp_area.given()
                && let Some(customer) = customers.get(&ours.value)
            {
                let message = format!("{datacenter} has the ASN of your router at the PoP, {}", ours.value);
                found.push(
                    REUSED_ASN
                        .at(message, ours.span, "drops the routes of your network")
                        .and(*customer, "your router's")
                        .help("give the datacenter another private ASN, or leave `ovhBgpArea` out"),
                );
            }
            for peer in datacenter.extras_of(ExtraKind::Bgp).filter_map(|it| it.bgp_neighbor_area.given()) {
                let Some(customer) = customers.get(&peer.value) else { continue };
                let message = format!(
                    "a BGP peer in {datacenter} has the ASN of your router at the PoP, {}",
                    peer.value
                );
                found.push(
                    REUSED_ASN
                        .at(message, peer.span, "drops the routes of your network")
                        .and(*customer, "your router's")
                        .help("give the peer another private ASN, or set `allowas-in` on it and allow this"),
                );
            }
        }
    }
}

fn no_vrrp(document: &Document, found: &mut Vec<Diagnostic>) {
    for datacenter in document.datacenters() {
        let Some(first) = datacenter.extras_of(ExtraKind::Bgp).next() else { continue };
        let kind = first.kind.given().map_or(first.span, |kind| kind.span);
        let mut diagnostic = NO_VRRP.at(
            format!("with a BGP peer, {datacenter} has no virtual router (VRRP)"),
            kind,
            "enabling BGP disables VRRP",
        );
        diagnostic.help = Some(match datacenter.subnet.given() {
            Some(subnet) => {
                let gateway = std::net::Ipv4Addr::from(u32::from(subnet.value.network()).saturating_add(1));
                format!(
                    "machines with the gateway {gateway} need another one; where they have it, allow this"
                )
            }
            None => {
                "machines with the gateway .1 need another one; where they have it, allow this".to_owned()
            }
        });
        found.push(diagnostic);
    }
}

fn single_peer(document: &Document, found: &mut Vec<Diagnostic>) {
    for datacenter in document.datacenters() {
        let all_known = datacenter.extras.iter().all(|extra| extra.kind.given().is_some());
        let mut peers = datacenter.extras_of(ExtraKind::Bgp);
        if let (Some(only), None, true) = (peers.next(), peers.next(), all_known) {
            found.push(
                SINGLE_PEER
                    .at(
                        format!("{datacenter} has a single BGP peer"),
                        only.kind.given().map_or(only.span, |kind| kind.span),
                        "when it goes down, all it announces does",
                    )
                    .help("add a second one, on another machine"),
            );
        }
    }
}

fn default_route(document: &Document, found: &mut Vec<Diagnostic>) {
    for (datacenter, extra) in document.extras() {
        let Some(subnet) = extra.subnet.given() else { continue };
        if extra.kind.value() == Some(ExtraKind::Network) && subnet.value.prefix_len() == 0 {
            found.push(
                DEFAULT_ROUTE
                    .at(
                        format!("a static route in {datacenter} leads everywhere"),
                        subnet.span,
                        "your network may send here all it has no better route for",
                    )
                    .help("route to the prefixes that lie behind the gateway; where all do, allow this"),
            );
        }
    }
}

fn no_vrack(document: &Document, found: &mut Vec<Diagnostic>) {
    found.extend(document.empty.iter().map(|key| {
        NO_VRACK
            .at("this file declares no vRack, so it changes nothing", *key, "no vRack is named here")
            .help("to empty a vRack, name it and declare nothing in it: `vracks: {pn-12345: {}}`")
    }));
}

fn empty_vrack(document: &Document, found: &mut Vec<Diagnostic>) {
    for vrack in &document.vracks {
        if vrack.managed_whole() && vrack.whole && vrack.services.is_empty() && vrack.datacenters.is_empty() {
            found.push(
                EMPTY_VRACK
                    .at("everything in this vRack will be removed", vrack.key, "declares nothing")
                    .help("to leave it alone, remove it from the file or add `manage: declared`"),
            );
        }
    }
}
