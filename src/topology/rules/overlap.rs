//! No two subnets of a vRack share an address.

use std::cmp::Reverse;

use ipnet::Ipv4Net;

use super::{Entry, checked, raised};
use crate::diagnostic::{Diagnostic, Example, Rule, Severity, Span};
use crate::topology::document::{Datacenter, Document, ExtraKind, Field, Layer, Located, Service, Vrack};

pub(super) static RULES: &[Entry] = &[checked(&SUBNETS, check), raised(&ROUTE)];

static SUBNETS: Rule = Rule {
    code: "OCC040",
    severity: Severity::Error,
    title: "the subnets of a vRack do not overlap",
    doc: "Every l3 PoP of a vRack meets every l3 datacenter of it, so all their subnets stand in one \
          routing table. A subnet cannot be stretched over two datacenters or two PoPs, nor overlap with \
          another one.",
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
-      RBX: {subnet: 10.1.0.128/25}
+      RBX: {subnet: 10.2.0.0/24}
",
    ),
};

static ROUTE: Rule = Rule {
    code: "OCC041",
    severity: Severity::Error,
    title: "a static route does not overlap with a subnet of its vRack",
    doc: "The subnets of PoPs and datacenters are connected: OVHcloud's routers reach them by \
          themselves. A static route to the same addresses, to a part of them or to a prefix around them \
          competes with that. The default route `0.0.0.0/0` is the exception.",
    source: "OVHcloud's guides (no overlap within a vRack)",
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
-          - {type: network, subnet: 172.16.0.0/24, nextHop: 10.1.0.10}
+          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}
",
    ),
};

/// A prefix of a vRack: whose it is decides what it may overlap with.
#[derive(Clone, Copy)]
struct Claim<'d> {
    prefix: Ipv4Net,
    span: Span,
    owner: Owner<'d>,
}

#[derive(Clone, Copy)]
enum Owner<'d> {
    Pop(&'d Service),
    Datacenter(&'d Datacenter),
    /// A static route in this datacenter.
    Route(&'d Datacenter),
}

impl Owner<'_> {
    fn is_route(self) -> bool {
        matches!(self, Self::Route(_))
    }

    /// In short: a PoP has no name but its service's uuid, which takes half a line.
    fn name(self) -> String {
        match self {
            Self::Pop(_) => "a PoP".to_owned(),
            Self::Datacenter(datacenter) => datacenter.to_string(),
            Self::Route(datacenter) => format!("a static route in {datacenter}"),
        }
    }

    fn label(self) -> String {
        match self {
            Self::Pop(Service { id: Some(id), .. }) => format!("the PoP of {id}"),
            Self::Pop(_) | Self::Datacenter(_) | Self::Route(_) => self.name(),
        }
    }
}

fn check(document: &Document, found: &mut Vec<Diagnostic>) {
    for vrack in &document.vracks {
        sweep(claims(vrack), found);
    }
}

fn claims(vrack: &Vrack) -> Vec<Claim<'_>> {
    let mut claims = Vec::new();
    let mut claim = |subnet: &Field<Ipv4Net>, owner| {
        if let Some(Located { value: prefix, span }) = subnet.given() {
            // A prefix with host bits is reported as such, and meant as the subnet it lies in.
            claims.push(Claim { prefix: prefix.trunc(), span: *span, owner });
        }
    };
    for (service, pop) in vrack.pops().filter(|(_, pop)| pop.value.layer.value() == Some(Layer::L3)) {
        claim(&pop.value.subnet, Owner::Pop(service));
    }
    for datacenter in &vrack.datacenters {
        claim(&datacenter.subnet, Owner::Datacenter(datacenter));
        for route in datacenter.extras_of(ExtraKind::Network) {
            claim(&route.subnet, Owner::Route(datacenter));
        }
    }
    // The default route is around everything on purpose, and a subnet of that length is an error already.
    claims.retain(|claim| claim.prefix.prefix_len() > 0);
    claims
}

/// Two prefixes are apart, or one holds the other. So in the order of their first addresses, longer
/// ones later, those around a prefix are the ones that have begun and not ended.
///
/// Each prefix that overlaps with something is reported with the nearest such one, and not with all of
/// them: that would be as many messages as there are pairs.
fn sweep(mut claims: Vec<Claim<'_>>, found: &mut Vec<Diagnostic>) {
    claims.sort_by_key(|claim| {
        (claim.prefix.network(), Reverse(claim.prefix.broadcast()), claim.owner.is_route(), claim.span)
    });
    let mut subnets: Vec<Claim<'_>> = Vec::new();
    let mut routes: Vec<Claim<'_>> = Vec::new();
    // Of the routes that have begun, how many have met a subnet: those that began first.
    let mut met = 0;
    for claim in claims {
        for open in [&mut subnets, &mut routes] {
            while open.last().is_some_and(|last| last.prefix.broadcast() < claim.prefix.network()) {
                open.pop();
            }
        }
        met = met.min(routes.len());
        if let Some(around) = subnets.last() {
            found.push(overlap(around, &claim));
        }
        if claim.owner.is_route() {
            routes.push(claim);
        } else {
            // Routes may lie inside each other, so the ones further out have not been reported yet.
            let unreported = met.min(routes.len().saturating_sub(1));
            found.extend(routes[unreported..].iter().rev().map(|around| overlap(around, &claim)));
            met = routes.len();
            subnets.push(claim);
        }
    }
}

fn overlap(one: &Claim<'_>, other: &Claim<'_>) -> Diagnostic {
    let (first, second) = if one.span <= other.span { (one, other) } else { (other, one) };
    let (whose, whose_first) = (second.owner.name(), first.owner.name());
    let both_pops = matches!((first.owner, second.owner), (Owner::Pop(_), Owner::Pop(_)));
    let message = if first.prefix == second.prefix && both_pops {
        format!("`{}` is the subnet of two PoPs", second.prefix)
    } else if first.prefix == second.prefix {
        format!("`{}` is there twice, for {whose_first} and for {whose}", second.prefix)
    } else {
        let relation = if first.prefix.contains(&second.prefix) { "lies inside" } else { "is around" };
        format!("`{}` of {whose} {relation} `{}` of {whose_first}", second.prefix, first.prefix)
    };
    let (rule, help) = if first.owner.is_route() || second.owner.is_route() {
        (&ROUTE, "connected subnets need no route; route only to prefixes that lie behind the gateway")
    } else {
        (&SUBNETS, "give each PoP and each datacenter of a vRack a subnet of its own")
    };
    rule.at(message, second.span, second.owner.label()).and(first.span, first.owner.label()).help(help)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::SourceId;

    fn datacenter() -> Datacenter {
        let key = Span { source: SourceId(0), start: 0, end: 0 };
        Datacenter {
            key,
            name: None,
            ovh_bgp_area: Field::Absent,
            subnet: Field::Absent,
            protect: false,
            extras: Vec::new(),
        }
    }

    proptest! {
        /// Judged against every pair: nothing that overlaps goes unnamed, and nothing else is named.
        #[test]
        fn the_walk_finds_what_the_pairs_show(
            prefixes in prop::collection::vec((0u32..64, 26u8..=32, any::<bool>()), 0..24)
        ) {
            let datacenter = datacenter();
            let claims: Vec<Claim<'_>> = prefixes
                .iter()
                .zip(0u32..)
                .map(|((address, length, route), at)| Claim {
                    prefix: Ipv4Net::new((*address).into(), *length).unwrap().trunc(),
                    span: Span { source: SourceId(0), start: at, end: at },
                    owner: if *route { Owner::Route(&datacenter) } else { Owner::Datacenter(&datacenter) },
                })
                .collect();
            let mut pairs = BTreeSet::new();
            for (at, one) in claims.iter().enumerate() {
                for other in &claims[..at] {
                    let meet = one.prefix.contains(&other.prefix) || other.prefix.contains(&one.prefix);
                    if meet && !(one.owner.is_route() && other.owner.is_route()) {
                        pairs.insert((one.span, other.span));
                    }
                }
            }
            let mut found = Vec::new();
            sweep(claims.clone(), &mut found);
            let reported: BTreeSet<(Span, Span)> =
                found.iter().map(|one| (one.labels[0].span, one.labels[1].span)).collect();
            prop_assert!(reported.is_subset(&pairs), "{reported:?} are not all in {pairs:?}");
            let named = |pairs: &BTreeSet<(Span, Span)>| -> BTreeSet<Span> {
                pairs.iter().flat_map(|(one, other)| [*one, *other]).collect()
            };
            prop_assert_eq!(named(&reported), named(&pairs), "not every prefix that overlaps is named");
            prop_assert!(found.len() <= 3 * claims.len(), "{} messages", found.len());
        }
    }
}
