//! The form of subnets: size and host bits.

use ipnet::Ipv4Net;

use super::Rule;
use crate::diagnostic::{Diagnostic, Severity};
use crate::topology::document::{Document, ExtraKind, Layer, Located};

/// The length of a PoP's prefix. Source: OVHcloud's guide to the API.
const POP_LENGTH: u8 = 30;

/// The longest prefix of a datacenter. Source: OVHcloud's guide to the API ("any size is accepted from /28").
const DATACENTER_LONGEST: u8 = 28;

/// The shortest prefix of a datacenter.
///
/// Assumed: no limit is documented, but no block of addresses that anyone owns, private ones
/// included, is larger than a /8.
const DATACENTER_SHORTEST: u8 = 8;

pub(super) static POP_SIZE: Rule = Rule {
    code: "OCC030",
    severity: Severity::Error,
    title: "the subnet of an l3 PoP is a /30",
    doc: "The subnet of a PoP links two routers and nothing else: its first address is OVHcloud's, its \
          second yours. The API takes exactly a /30. Source: OVHcloud's guide to the API.",
    check: Some(pop_size),
};

pub(super) static DATACENTER_SIZE: Rule = Rule {
    code: "OCC031",
    severity: Severity::Error,
    title: "the subnet of an l3 datacenter is a /28 or larger",
    doc: "OVHcloud takes three addresses of the subnet for itself: .1 is the virtual router (VRRP), .2 and \
          .3 are the two devices behind it. The API takes any size from /28 on. A subnet larger than /8 is \
          taken for a slip of the pen. Source: OVHcloud's guide to the API.",
    check: Some(datacenter_size),
};

pub(super) static HOST_BITS: Rule = Rule {
    code: "OCC032",
    severity: Severity::Error,
    title: "a subnet is written by its first address",
    doc: "In `10.1.0.4/24` the address is one inside of the subnet `10.1.0.0/24`, not the subnet's own. It \
          cannot be told whether the address or the length is wrong. A live configuration is compared with \
          what is written here, so the spelling must be the one and only.",
    check: Some(host_bits),
};

fn pop_size(document: &Document, found: &mut Vec<Diagnostic>) {
    for (.., pop) in document.pops().filter(|(.., pop)| pop.value.layer.value() == Some(Layer::L3)) {
        let Some(Located { value: subnet, span }) = pop.value.subnet.given() else { continue };
        if subnet.prefix_len() == POP_LENGTH {
            continue;
        }
        let mut diagnostic = POP_SIZE.at(
            format!("the subnet of a PoP is a /30, not a /{}", subnet.prefix_len()),
            *span,
            format!("{} addresses", count(*subnet)),
        );
        if let Ok(right) = Ipv4Net::new(subnet.addr(), POP_LENGTH) {
            diagnostic = diagnostic.help(format!("for example `{}`", right.trunc()));
        }
        found.push(diagnostic);
    }
}

fn datacenter_size(document: &Document, found: &mut Vec<Diagnostic>) {
    for datacenter in document.datacenters() {
        let Some(Located { value: subnet, span }) = datacenter.subnet.given() else { continue };
        let length = subnet.prefix_len();
        let diagnostic = match length {
            DATACENTER_SHORTEST..=DATACENTER_LONGEST => continue,
            ..DATACENTER_SHORTEST => DATACENTER_SIZE
                .at(
                    format!("the subnet of a datacenter is at most a /8, and this is a /{length}"),
                    *span,
                    "too large",
                )
                .help("for example `10.0.0.0/8`"),
            _ => {
                let diagnostic = DATACENTER_SIZE.at(
                    format!("the subnet of a datacenter is at least a /28, and this is a /{length}"),
                    *span,
                    format!("{} addresses", count(*subnet)),
                );
                match Ipv4Net::new(subnet.addr(), DATACENTER_LONGEST) {
                    Ok(right) => diagnostic.help(format!("for example `{}`", right.trunc())),
                    Err(_) => diagnostic,
                }
            }
        };
        found.push(diagnostic);
    }
}

fn host_bits(document: &Document, found: &mut Vec<Diagnostic>) {
    let pops = document.pops().map(|(.., pop)| &pop.value.subnet);
    let datacenters = document.datacenters().map(|datacenter| &datacenter.subnet);
    let routes = document
        .extras()
        .filter(|(_, extra)| extra.kind.value() == Some(ExtraKind::Network))
        .map(|(_, extra)| &extra.subnet);
    for Located { value: subnet, span } in
        pops.chain(datacenters).chain(routes).filter_map(|subnet| subnet.given())
    {
        if subnet.addr() != subnet.network() {
            found.push(
                HOST_BITS
                    .at(
                        format!("`{}` is an address inside of a subnet, not a subnet", subnet),
                        *span,
                        format!("the /{} begins at {}", subnet.prefix_len(), subnet.network()),
                    )
                    .help(format!("write `{}`, if the length is right", subnet.trunc())),
            );
        }
    }
}

fn count(subnet: Ipv4Net) -> u64 {
    1 << (32 - u32::from(subnet.prefix_len()))
}
