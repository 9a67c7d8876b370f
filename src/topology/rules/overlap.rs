//! No two subnets of a vRack share an address.

use std::cmp::Reverse;

use ipnet::Ipv4Net;

use super::Rule;
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::topology::document::{Document, ExtraKind, Layer, Located, Vrack};

pub(super) static SUBNETS: Rule = Rule {
    code: "OCC040",
    severity: Severity::Error,
    title: "the subnets of a vRack do not overlap",
    doc: "Every l3 PoP of a vRack meets every l3 datacenter of it, so all their subnets stand in one routing \
          table. A subnet cannot be stretched over two datacenters or two PoPs, nor overlap with another \
          one. Source: OVHcloud's guides.",
    check: Some(check),
};

pub(super) static ROUTE: Rule = Rule {
    code: "OCC041",
    severity: Severity::Error,
    title: "a static route does not overlap with a subnet of its vRack",
    doc: "The subnets of PoPs and datacenters are connected: OVHcloud's routers reach them by themselves. A \
          static route to the same addresses, to a part of them or to a prefix around them competes with \
          that. The default route `0.0.0.0/0` is the exception. Source: OVHcloud's guides (no overlap within \
          a vRack).",
    // Found together with the overlap of subnets, in one walk.
    check: None,
};

/// A prefix of a vRack: whose it is decides what it may overlap with.
#[derive(Clone, Copy)]
struct Claim {
    prefix: Ipv4Net,
    span: Span,
    owner: Owner,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Pop,
    Datacenter,
    Route,
}

impl Owner {
    fn name(self) -> &'static str {
        match self {
            Self::Pop => "the subnet of a PoP",
            Self::Datacenter => "the subnet of a datacenter",
            Self::Route => "the prefix of a static route",
        }
    }
}

fn check(document: &Document, found: &mut Vec<Diagnostic>) {
    for vrack in &document.vracks {
        sweep(claims(vrack), found);
    }
}

fn claims(vrack: &Vrack) -> Vec<Claim> {
    let claim = |owner: Owner| {
        // A prefix with host bits is reported as such, and meant as the subnet it lies in.
        move |subnet: &Located<Ipv4Net>| Claim { prefix: subnet.value.trunc(), span: subnet.span, owner }
    };
    let pops = vrack
        .pops()
        .filter(|(_, pop)| pop.value.layer.value() == Some(Layer::L3))
        .filter_map(|(_, pop)| pop.value.subnet.given())
        .map(claim(Owner::Pop));
    let datacenters = vrack
        .datacenters
        .iter()
        .filter_map(|datacenter| datacenter.subnet.given())
        .map(claim(Owner::Datacenter));
    let routes = vrack
        .datacenters
        .iter()
        .flat_map(|datacenter| datacenter.extras_of(ExtraKind::Network))
        .filter_map(|extra| extra.subnet.given())
        .map(claim(Owner::Route));
    // The default route is around everything on purpose, and a subnet of that length is an error already.
    pops.chain(datacenters).chain(routes).filter(|claim| claim.prefix.prefix_len() > 0).collect()
}

/// Two prefixes are apart, or one holds the other. So in the order of their first addresses, longer
/// ones later, those around a prefix are the ones that have begun and not ended.
fn sweep(mut claims: Vec<Claim>, found: &mut Vec<Diagnostic>) {
    claims.sort_by_key(|claim| {
        (claim.prefix.network(), Reverse(claim.prefix.broadcast()), claim.owner == Owner::Route, claim.span)
    });
    let mut subnets: Vec<Claim> = Vec::new();
    let mut routes: Vec<Claim> = Vec::new();
    for claim in claims {
        for open in [&mut subnets, &mut routes] {
            while open.last().is_some_and(|last| last.prefix.broadcast() < claim.prefix.network()) {
                open.pop();
            }
        }
        // The nearest one around is enough: it has been reported against the next one itself.
        if let Some(around) = subnets.last() {
            found.push(overlap(around, &claim));
        }
        if claim.owner == Owner::Route {
            routes.push(claim);
        } else {
            if let Some(around) = routes.last() {
                found.push(overlap(around, &claim));
            }
            subnets.push(claim);
        }
    }
}

fn overlap(one: &Claim, other: &Claim) -> Diagnostic {
    let (first, second) = if one.span <= other.span { (one, other) } else { (other, one) };
    let relation = match (first.prefix, second.prefix) {
        (first, second) if first == second => "is also",
        (first, second) if first.contains(&second) => "lies inside of",
        _ => "is around",
    };
    let rule = if first.owner == Owner::Route || second.owner == Owner::Route { &ROUTE } else { &SUBNETS };
    let message = format!("`{}` {relation} {}", second.prefix, first.owner.name());
    let help = match (first.owner, second.owner) {
        (Owner::Route, _) | (_, Owner::Route) => {
            "connected subnets need no route; route only to prefixes that lie behind the gateway"
        }
        _ => "give each PoP and each datacenter of a vRack a subnet of its own",
    };
    rule.at(message, second.span, second.owner.name()).and(first.span, first.owner.name()).help(help)
}
