//! Autonomous system numbers. The API calls them "BgpArea".

use super::{Entry, checked};
use crate::diagnostic::{Diagnostic, Example, Rule, Severity};
use crate::topology::Asn;
use crate::topology::document::{Document, Field, Layer, Located};

/// The ASNs that no router may use. Source: RFC 7607, RFC 6793, RFC 7300.
pub(in crate::topology) const RESERVED_NUMBERS: [Asn; 4] = [Asn(0), Asn(23456), Asn(65535), Asn(u32::MAX)];

pub(super) static RULES: &[Entry] = &[
    checked(&RESERVED, reserved),
    checked(&POP_NOT_EBGP, pop_not_ebgp),
    checked(&PEER_NOT_EBGP, peer_not_ebgp),
];

static RESERVED: Rule = Rule {
    code: "OCC020",
    severity: Severity::Error,
    title: "an ASN is one that can be used",
    doc: "0, 65535 and 4294967295 are reserved and never stand in a BGP session; 23456 stands in for a \
          32-bit ASN before routers that know 16 bits only. For a private network, take one of 64512 to \
          65534.",
    source: "RFC 7607, RFC 7300, RFC 6793",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l3, customerBgpArea: 65535, subnet: 172.16.0.0/30}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

static POP_NOT_EBGP: Rule = Rule {
    code: "OCC021",
    severity: Severity::Error,
    title: "the two ASNs of a PoP differ",
    doc: "The session between your router and OVHcloud's is eBGP; iBGP is not offered, so \
          `customerBgpArea` and `ovhBgpArea` cannot be the same. Where `ovhBgpArea` is left out, \
          OVHcloud uses 35540.",
    source: "OVHcloud's guides",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop:
           type: l3
           customerBgpArea: 65001
-          ovhBgpArea: 65001
+          ovhBgpArea: 65002
           subnet: 172.16.0.0/30
",
    ),
};

static PEER_NOT_EBGP: Rule = Rule {
    code: "OCC022",
    severity: Severity::Error,
    title: "the ASN of a BGP peer differs from its datacenter's",
    doc: "Sessions inside a datacenter are eBGP as well: `bgpNeighborArea` cannot be the `ovhBgpArea` of \
          the datacenter.",
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
         ovhBgpArea: 65010
         subnet: 10.1.0.0/24
         allow: [OCC109]
         extra:
-          - {type: bgp, bgpNeighborArea: 65010, bgpNeighborIp: 10.1.0.10}
-          - {type: bgp, bgpNeighborArea: 65010, bgpNeighborIp: 10.1.0.11}
+          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.10}
+          - {type: bgp, bgpNeighborArea: 65020, bgpNeighborIp: 10.1.0.11}
",
    ),
};

/// Every ASN of `document`, with the field it stands in.
pub(super) fn all(document: &Document) -> impl Iterator<Item = (&'static str, &Located<Asn>)> {
    let pops = document.pops().flat_map(|(.., pop)| {
        [("customerBgpArea", &pop.value.customer_bgp_area), ("ovhBgpArea", &pop.value.ovh_bgp_area)]
    });
    let datacenters = document.datacenters().map(|datacenter| ("ovhBgpArea", &datacenter.ovh_bgp_area));
    let extras = document.extras().map(|(_, extra)| ("bgpNeighborArea", &extra.bgp_neighbor_area));
    pops.chain(datacenters)
        .chain(extras)
        .filter_map(|(field, asn): (_, &Field<Asn>)| Some((field, asn.given()?)))
}

fn reserved(document: &Document, found: &mut Vec<Diagnostic>) {
    for (field, Located { value: asn, span }) in all(document) {
        if !RESERVED_NUMBERS.contains(asn) {
            continue;
        }
        let why = if asn.0 == 23456 { "stands in for 32-bit ASNs" } else { "reserved" };
        found.push(
            RESERVED
                .at(format!("`{field}` cannot be {asn}: no router may use that ASN"), *span, why)
                .help("private ASNs are 64512 to 65534"),
        );
    }
}

fn pop_not_ebgp(document: &Document, found: &mut Vec<Diagnostic>) {
    for (.., pop) in document.pops().filter(|(.., pop)| pop.value.layer.value() == Some(Layer::L3)) {
        let Some(customer) = pop.value.customer_bgp_area.given() else { continue };
        match &pop.value.ovh_bgp_area {
            Field::Absent if customer.value == Asn::OVHCLOUD => found.push(
                POP_NOT_EBGP
                    .at(
                        "both sides of the PoP's BGP session have the ASN 35540",
                        customer.span,
                        "OVHcloud uses this one when `ovhBgpArea` is left out",
                    )
                    .help("use your own ASN, or a private one, in `customerBgpArea`"),
            ),
            Field::Given(ovh) if ovh.value == customer.value => found.push(
                POP_NOT_EBGP
                    .at(
                        format!("both sides of the PoP's BGP session have the ASN {}", ovh.value),
                        ovh.span,
                        "OVHcloud's side",
                    )
                    .and(customer.span, "your side")
                    .help("give `ovhBgpArea` another private ASN, or leave it out: OVHcloud then uses 35540"),
            ),
            _ => {}
        }
    }
}

fn peer_not_ebgp(document: &Document, found: &mut Vec<Diagnostic>) {
    for (datacenter, extra) in document.extras() {
        let (Some(ours), Some(peer)) = (datacenter.ovh_bgp_area.given(), extra.bgp_neighbor_area.given())
        else {
            continue;
        };
        if ours.value == peer.value {
            found.push(
                PEER_NOT_EBGP
                    .at(
                        format!("the BGP peer has the same ASN as its datacenter, {}", peer.value),
                        peer.span,
                        "the peer's",
                    )
                    .and(ours.span, "the datacenter's")
                    .help("give one of them another private ASN"),
            );
        }
    }
}
