//! Layer 2 and layer 3, static routes and BGP peers: which fields belong to which.

use super::{Entry, checked, reading};
use crate::diagnostic::{Diagnostic, Example, Rule, Severity, Span};
use crate::topology::document::{Document, Extra, ExtraKind, Keys, Layer, Pop};
use crate::topology::shape::{self, TypeFields};

pub(super) static RULES: &[Entry] =
    &[checked(&FOREIGN_FIELD, foreign_fields), checked(&SECOND_L2, second_l2)];

static FOREIGN_FIELD: Rule = Rule {
    code: "OCC050",
    severity: Severity::Error,
    title: "a configuration has the fields of its type only",
    doc: "An l2 PoP has an interface and its one datacenter, and no addresses or ASNs; an l3 PoP reaches \
          every datacenter of its vRack and names none. A static route has `subnet` and `nextHop`, a BGP \
          peer `bgpNeighborArea` and `bgpNeighborIp`.",
    source: "OVHcloud's guide to the API",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l2, datacenter: RBX, subnet: 172.16.0.0/30}
+        pop: {type: l2, datacenter: RBX}
",
    ),
};

static SECOND_L2: Rule = Rule {
    code: "OCC051",
    severity: Severity::Error,
    title: "a vRack has at most one l2 service",
    doc: "Two l2 services in one vRack would close a loop. An l2 service beside l3 services is fine.",
    source: "OVHcloud's guides",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop: {type: l2, datacenter: RBX}
       0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02:
-        pop: {type: l2, datacenter: GRA}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

impl TypeFields {
    fn of_pop(pop: &Pop) -> Option<&'static Self> {
        shape::POP.of_type(match pop.layer.value()? {
            Layer::L2 => "l2",
            Layer::L3 => "l3",
        })
    }

    fn of_extra(extra: &Extra) -> Option<&'static Self> {
        shape::EXTRA.of_type(match extra.kind.value()? {
            ExtraKind::Network => "network",
            ExtraKind::Bgp => "bgp",
        })
    }

    fn check_missing(&self, keys: &Keys, at: Span, found: &mut Vec<Diagnostic>) {
        for (field, what) in self.needed {
            if keys.lack(field) {
                found.push(missing(self.name, field, at, &format!("add {what}")));
            }
        }
    }

    fn check_foreign(&self, keys: &Keys, kind: Option<Span>, found: &mut Vec<Diagnostic>) {
        for (field, span) in keys.present.iter().filter(|(key, _)| self.foreign.contains(key)) {
            let mut diagnostic =
                FOREIGN_FIELD.at(format!("{} has no `{field}`", self.name), *span, "does not belong here");
            if let Some(kind) = kind {
                diagnostic = diagnostic.and(kind, "because of this type");
            }
            found.push(diagnostic.help(self.help));
        }
    }
}

fn missing(name: &str, field: &str, at: Span, help: &str) -> Diagnostic {
    reading::MISSING_FIELD
        .at(format!("{name} needs the field `{field}`"), at, format!("`{field}` is missing"))
        .help(help)
}

/// The check of [`reading::MISSING_FIELD`], for the fields that depend on the type.
pub(super) fn missing_fields(document: &Document, found: &mut Vec<Diagnostic>) {
    for (.., pop) in document.pops() {
        if pop.value.layer.is_absent() {
            found.push(missing("a PoP", "type", pop.span, "add `type: l2` or `type: l3`"));
        } else if let Some(fields) = TypeFields::of_pop(&pop.value) {
            fields.check_missing(&pop.value.keys, pop.span, found);
        }
    }
    for datacenter in document.datacenters().filter(|datacenter| datacenter.subnet.is_absent()) {
        let help = "add the subnet of your machines there, like `subnet: 10.1.0.0/24`";
        found.push(missing("a datacenter", "subnet", datacenter.key, help));
    }
    for (_, extra) in document.extras() {
        if extra.kind.is_absent() {
            let help = "add `type: network` for a static route or `type: bgp` for a BGP peer";
            found.push(missing("an extra configuration", "type", extra.span, help));
        } else if let Some(fields) = TypeFields::of_extra(extra) {
            fields.check_missing(&extra.keys, extra.span, found);
        }
    }
}

fn foreign_fields(document: &Document, found: &mut Vec<Diagnostic>) {
    for (.., pop) in document.pops() {
        if let Some(fields) = TypeFields::of_pop(&pop.value) {
            let kind = pop.value.layer.given().map(|layer| layer.span);
            fields.check_foreign(&pop.value.keys, kind, found);
        }
    }
    for (_, extra) in document.extras() {
        if let Some(fields) = TypeFields::of_extra(extra) {
            fields.check_foreign(&extra.keys, extra.kind.given().map(|kind| kind.span), found);
        }
    }
}

fn second_l2(document: &Document, found: &mut Vec<Diagnostic>) {
    for vrack in &document.vracks {
        let mut l2 = vrack
            .pops()
            .filter_map(|(_, pop)| pop.value.layer.given())
            .filter(|layer| layer.value == Layer::L2);
        let Some(first) = l2.next() else { continue };
        for second in l2 {
            found.push(
                SECOND_L2
                    .at("a vRack has at most one l2 service", second.span, "another one")
                    .and(first.span, "the first one")
                    .help("make one of them l3, or put it into a vRack of its own"),
            );
        }
    }
}
