//! The form of subnets: size and host bits.

use ipnet::Ipv4Net;

use super::{Entry, checked};
use crate::diagnostic::{Diagnostic, Example, Rule, Severity};
use crate::topology::document::{Document, ExtraKind, Layer, Located};

/// The length of a PoP's prefix. Source: OVHcloud's guide to the API.
const POP_LENGTH: u8 = 30;

/// The longest prefix of a datacenter. Source: OVHcloud's guide to the API ("any size is accepted from /28").
const DATACENTER_LONGEST: u8 = 28;

/// The shortest prefix of a datacenter.
///
/// Assumed: no limit is documented, but no block of addresses that anyone owns, private ones
/// included, is larger than a /8.
pub(super) const DATACENTER_SHORTEST: u8 = 8;

pub(super) static RULES: &[Entry] = &[
    checked(&POP_SIZE, pop_size),
    checked(&DATACENTER_SIZE, datacenter_size),
    checked(&HOST_BITS, host_bits),
    checked(&NOT_UNICAST, not_unicast),
];

static POP_SIZE: Rule = Rule {
    code: "OCC030",
    severity: Severity::Error,
    title: "the subnet of an l3 PoP is a /30",
    doc: "The subnet of a PoP links two routers and nothing else: its first address is OVHcloud's, its \
          second yours. The API takes exactly a /30.",
    source: "OVHcloud's guide to the API",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/29}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

static DATACENTER_SIZE: Rule = Rule {
    code: "OCC031",
    severity: Severity::Error,
    title: "the subnet of an l3 datacenter is a /28 or larger",
    doc: "OVHcloud takes three addresses of the subnet for itself: .1 is the virtual router (VRRP), .2 \
          and .3 are the two devices behind it. The API takes any size from /28 on. A subnet larger than \
          /8 is taken for a slip of the pen.",
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
-      GRA: {subnet: 10.1.0.0/29}
+      GRA: {subnet: 10.1.0.0/28}
",
    ),
};

static HOST_BITS: Rule = Rule {
    code: "OCC032",
    severity: Severity::Error,
    title: "a subnet is written by its first address",
    doc: "In `10.1.0.4/24` the address is one inside of the subnet `10.1.0.0/24`, not the subnet's own. \
          It cannot be told whether the address or the length is wrong. A live configuration is compared \
          with what is written here, so the spelling must be the one and only.",
    source: "OVHcloud's guide to the API (no host bits)",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
     datacenters:
-      GRA: {subnet: 10.1.0.4/24}
+      GRA: {subnet: 10.1.0.0/24}
",
    ),
};

static NOT_UNICAST: Rule = Rule {
    code: "OCC033",
    severity: Severity::Error,
    title: "a subnet is of addresses that a machine can have",
    doc: "0.0.0.0/8 means this very network, 127.0.0.0/8 a machine itself, 224.0.0.0/4 groups of \
          machines (multicast), and 240.0.0.0/4 is kept for the future. No router forwards packets to \
          machines with such addresses.",
    source: "RFC 1122, RFC 5771, RFC 6890",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
     datacenters:
-      GRA: {subnet: 224.1.0.0/24}
+      GRA: {subnet: 10.1.0.0/24}
",
    ),
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
            addresses(*subnet),
        );
        if is_not_unicast(subnet.trunc()).is_some() || subnet.prefix_len() == 0 {
            diagnostic = diagnostic.help("for example `172.16.0.0/30`");
        } else if let Ok(right) = Ipv4Net::new(subnet.addr(), POP_LENGTH) {
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
                    addresses(*subnet),
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

/// Every prefix of `document` that is declared where it belongs: of PoPs, datacenters and static routes.
pub(super) fn all(document: &Document) -> impl Iterator<Item = &Located<Ipv4Net>> {
    let pops = document.pops().map(|(.., pop)| &pop.value.subnet);
    let datacenters = document.datacenters().map(|datacenter| &datacenter.subnet);
    let routes = document
        .extras()
        .filter(|(_, extra)| extra.kind.value() == Some(ExtraKind::Network))
        .map(|(_, extra)| &extra.subnet);
    pops.chain(datacenters).chain(routes).filter_map(|subnet| subnet.given())
}

fn host_bits(document: &Document, found: &mut Vec<Diagnostic>) {
    for Located { value: subnet, span } in all(document) {
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

/// What the addresses of `prefix` are, where no machine can have them. Source: RFC 1122, RFC 5771, RFC 6890.
pub(super) fn is_not_unicast(prefix: Ipv4Net) -> Option<&'static str> {
    // A prefix around several kinds, such as that of a default route, is of none of them.
    match (prefix.network().octets()[0], prefix.prefix_len()) {
        (0, 8..) => Some("\"this network\" (RFC 1122)"),
        (127, 8..) => Some("a machine itself (RFC 1122)"),
        (224..=239, 4..) => Some("multicast (RFC 5771)"),
        (240..=255, 4..) => Some("kept for the future (RFC 1112)"),
        _ => None,
    }
}

fn not_unicast(document: &Document, found: &mut Vec<Diagnostic>) {
    for Located { value: subnet, span } in all(document) {
        if let Some(what) = is_not_unicast(subnet.trunc()) {
            found.push(
                NOT_UNICAST
                    .at(format!("no machine can have the addresses of `{}`", subnet.trunc()), *span, what)
                    .help("use private addresses, like those of 10.0.0.0/8"),
            );
        }
    }
}

/// How many addresses it has, in words.
fn addresses(subnet: Ipv4Net) -> String {
    match 1_u64 << (32 - u32::from(subnet.prefix_len())) {
        1 => "1 address".to_owned(),
        count => format!("{count} addresses"),
    }
}
