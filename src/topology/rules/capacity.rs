//! How much there may be, and what has to be there for something else.

use super::Rule;
use crate::diagnostic::{Diagnostic, Severity};
use crate::topology::document::{Document, ExtraKind, Layer};

/// Source: OVHcloud's guides (at most 16 services per PoP and vRack).
const MAX_SERVICES: usize = 16;

/// Source: OVHcloud's guides.
const MAX_PEERS: usize = 4;

pub(super) static SERVICES: Rule = Rule {
    code: "OCC080",
    severity: Severity::Error,
    title: "a vRack has at most 16 services",
    doc: "OVHcloud takes at most 16 OVHcloud Connect services in one vRack. Source: OVHcloud's guides. The \
          same limit holds for the services of one PoP, which a topology does not tell.",
    check: Some(services),
};

pub(super) static PEERS: Rule = Rule {
    code: "OCC081",
    severity: Severity::Error,
    title: "a datacenter has at most 4 BGP peers",
    doc: "OVHcloud's devices take at most 4 BGP neighbours in a datacenter configuration. Source: OVHcloud's \
          guides. Further routers can be peers of your own ones.",
    check: Some(peers),
};

pub(super) static NO_L3_POP: Rule = Rule {
    code: "OCC082",
    severity: Severity::Error,
    title: "an l3 datacenter has an l3 PoP in its vRack",
    doc: "The API creates and reads a datacenter configuration through an l3 PoP of its vRack; without one it \
          cannot be made, and leads nowhere. In a vRack with `manage: declared` a service that is not \
          declared may be that PoP, so nothing is said there. Source: the published API.",
    check: Some(no_l3_pop),
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
