//! Warnings: it will work, and somebody should know.

use super::{Rule, asn};
use crate::diagnostic::{Diagnostic, Severity};
use crate::topology::Asn;
use crate::topology::document::Document;

pub(super) static KNOWN_ISSUE_65501: Rule = Rule {
    code: "OCC101",
    severity: Severity::Warning,
    title: "the ASN 65501 is avoided",
    doc: "A known issue: with the ASN 65501, routes that are learnt in the vRack do not reach the PoP. Any \
          other private ASN works. Source: OVHcloud's guides.",
    check: Some(known_issue),
};

pub(super) static PUBLIC_ASN: Rule = Rule {
    code: "OCC102",
    severity: Severity::Warning,
    title: "ASNs are private",
    doc: "OVHcloud recommends private ASNs: 64512 to 65534, or 4200000000 to 4294967294. A public ASN that \
          belongs to someone else hides that network's routes, because a router drops routes that bear its \
          own ASN. Your own public ASN is fine, and so is 35540, OVHcloud's, on its side. Source: \
          OVHcloud's guides, RFC 6996.",
    check: Some(public_asn),
};

pub(super) static EMPTY_VRACK: Rule = Rule {
    code: "OCC103",
    severity: Severity::Warning,
    title: "a vRack that is managed as a whole declares something",
    doc: "With `manage: all`, the default, what a vRack holds and the file does not declare is removed. A \
          vRack that declares nothing is emptied: every OVHcloud Connect service in it loses its \
          configuration and leaves it. To leave it alone, remove it from the file or set `manage: declared`.",
    check: Some(empty_vrack),
};

fn known_issue(document: &Document, found: &mut Vec<Diagnostic>) {
    for (field, asn) in asn::all(document).filter(|(_, asn)| asn.value.0 == 65501) {
        found.push(
            KNOWN_ISSUE_65501
                .at(
                    format!("with 65501 as `{field}`, routes learnt in the vRack do not reach the PoP"),
                    asn.span,
                    "known issue at OVHcloud",
                )
                .help("use another private ASN, like 65502"),
        );
    }
}

fn public_asn(document: &Document, found: &mut Vec<Diagnostic>) {
    for (field, asn) in asn::all(document) {
        // What no router may use at all is an error already; OVHcloud's own is right on its side.
        if matches!(asn.value.0, 0 | 23456 | 64512..=65535 | 4_200_000_000..)
            || (field == "ovhBgpArea" && asn.value == Asn::OVHCLOUD)
        {
            continue;
        }
        found.push(
            PUBLIC_ASN
                .at(format!("`{field}` is {}, a public ASN", asn.value), asn.span, "not a private ASN")
                .help("unless it is your own, use one of 64512 to 65534, or of 4200000000 to 4294967294"),
        );
    }
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
