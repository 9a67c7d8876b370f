//! What stands in the way of reading a file: the files themselves, YAML, names and types.

use super::{Entry, checked, raised};
use crate::diagnostic::{Example, Rule, Severity};

pub(super) static RULES: &[Entry] = &[
    raised(&UNREADABLE),
    raised(&EMPTY_FOLDER),
    raised(&NOT_UTF8),
    raised(&TOO_LARGE),
    raised(&SYNTAX),
    raised(&DUPLICATE_KEY),
    raised(&UNKNOWN_FIELD),
    checked(&MISSING_FIELD, super::layer::missing_fields),
    raised(&WRONG_TYPE),
    raised(&INVALID_VALUE),
    raised(&VERSION),
    raised(&NOT_A_NAME),
    raised(&NOT_AN_ADDRESS),
    raised(&IPV6),
    raised(&NOT_PLAIN),
    raised(&VLAN),
    raised(&ALLOW),
];

pub(crate) static UNREADABLE: Rule = Rule {
    code: "OCC001",
    severity: Severity::Error,
    title: "a topology file can be read",
    doc: "The file or folder that was named does not exist, may not be read, or is neither. Check the \
          path and its permissions. The other files are judged all the same.",
    source: "the topology's format",
    example: None,
};

pub(crate) static EMPTY_FOLDER: Rule = Rule {
    code: "OCC002",
    severity: Severity::Error,
    title: "a folder of topologies holds at least one",
    doc: "A folder stands for every file in it, at any depth, whose name ends in `.yaml` or `.yml`; \
          hidden files and folders are left out. A folder without any is most likely the wrong one, and \
          an empty topology would be read as the wish for nothing.",
    source: "the topology's format",
    example: None,
};

pub(crate) static NOT_UTF8: Rule = Rule {
    code: "OCC003",
    severity: Severity::Error,
    title: "a topology file is UTF-8",
    doc: "Topologies are read as UTF-8, with or without a byte order mark. Save the file again in that \
          encoding.",
    source: "YAML 1.2",
    example: None,
};

pub(crate) static TOO_LARGE: Rule = Rule {
    code: "OCC004",
    severity: Severity::Error,
    title: "a topology file is smaller than 64 MiB",
    doc: "A topology of 100,000 configurations takes about 10 MB, so a file of this size is most likely \
          not one. If it is, split it: a vRack stands in one file, and any number of files can be given.",
    source: "the topology's format",
    example: None,
};

pub(crate) static SYNTAX: Rule = Rule {
    code: "OCC005",
    severity: Severity::Error,
    title: "a topology file is one YAML document",
    doc: "The file is not valid YAML 1.2, holds several documents, uses tags that mean nothing here, or \
          nests deeper than a topology does. Nothing of this file was read; the other files were.",
    source: "YAML 1.2",
    example: Example::of(
        r"
 version: 1
 vracks:
-  pn-12345: {manage: declared
+  pn-12345: {manage: declared}
",
    ),
};

pub(crate) static DUPLICATE_KEY: Rule = Rule {
    code: "OCC006",
    severity: Severity::Error,
    title: "a key stands once in its mapping",
    doc: "Many YAML readers keep the last of two equal keys and drop the first without a word. Here what \
          is not declared is removed from the network, so a dropped key would be an outage: both places \
          are shown, and nothing is done until one of them is gone.",
    source: "YAML 1.2, section 3.2.1.3",
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
-      GRA: {subnet: 10.2.0.0/24}
+      RBX: {subnet: 10.2.0.0/24}
",
    ),
};

pub(crate) static UNKNOWN_FIELD: Rule = Rule {
    code: "OCC007",
    severity: Severity::Error,
    title: "only known fields are used",
    doc: "A field that is not known would have no effect, which is hardly what was meant. Field names \
          are those of the OVHcloud API, in its spelling: `ovhBgpArea`, `nextHop`.",
    source: "the topology's format",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l3, customerBgpAsn: 65001, subnet: 172.16.0.0/30}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

pub(crate) static MISSING_FIELD: Rule = Rule {
    code: "OCC008",
    severity: Severity::Error,
    title: "what is needed is there",
    doc: "Each kind of configuration has fields without which the API refuses it. A topology has a \
          `version` and `vracks`; a PoP a `type`, an l2 PoP also its one `datacenter`, an l3 PoP \
          `customerBgpArea` and `subnet`; an l3 datacenter a `subnet`; a static route `subnet` and \
          `nextHop`; a BGP peer `bgpNeighborArea` and `bgpNeighborIp`.",
    source: "OVHcloud's guide to the API and the published API",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l3, customerBgpArea: 65001}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

pub(crate) static WRONG_TYPE: Rule = Rule {
    code: "OCC009",
    severity: Severity::Error,
    title: "a value has the type of its field",
    doc: "Numbers are written without quotes, texts that look like a number or like true or false with \
          them. Only `true` and `false` are booleans; `yes`, `NO` and `on` are texts. A key without a \
          value is an error rather than empty, because in a vRack that is managed as a whole, empty \
          means: remove it all.",
    source: "the topology's format",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        protect: yes
+        protect: true
",
    ),
};

pub(crate) static INVALID_VALUE: Rule = Rule {
    code: "OCC010",
    severity: Severity::Error,
    title: "a value is one of those the field can have",
    doc: "`type` of a PoP is `l2` or `l3`, of an extra configuration `network` or `bgp`; `manage` is \
          `all` or `declared`; `endpoint` is `ovh-eu`, `ovh-ca`, `ovh-us` or a URL; an ASN has at most \
          32 bits.",
    source: "the published API",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
-    manage: everything
+    manage: all
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01: {}
",
    ),
};

pub(crate) static VERSION: Rule = Rule {
    code: "OCC011",
    severity: Severity::Error,
    title: "the version of the format is 1",
    doc: "The number says by which rules the file is to be read. A file of a later version may say \
          things that this program would misread.",
    source: "the topology's format",
    example: Example::of(
        r"
-version: 2
+version: 1
 vracks:
   pn-12345: {manage: declared}
",
    ),
};

pub(crate) static NOT_A_NAME: Rule = Rule {
    code: "OCC012",
    severity: Severity::Error,
    title: "vRacks, services and datacenters are named as the API names them",
    doc: "A vRack is `pn-` and digits, a service its uuid with hyphens, a datacenter its name, like \
          `GRA`, or its id. They are the identity by which a configuration is found again in the live \
          state.",
    source: "the published API",
    example: Example::of(
        r"
 version: 1
 vracks:
-  12345: {manage: declared}
+  pn-12345: {manage: declared}
",
    ),
};

pub(crate) static NOT_AN_ADDRESS: Rule = Rule {
    code: "OCC013",
    severity: Severity::Error,
    title: "subnets are prefixes, next hops and neighbours are addresses",
    doc: "A subnet is an IPv4 address, a slash and a length from 0 to 32, like `10.1.0.0/24`. `nextHop` \
          and `bgpNeighborIp` are IPv4 addresses alone, like `10.1.0.10`.",
    source: "the published API",
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
-          subnet: 172.16.0.0 255.255.255.252
+          subnet: 172.16.0.0/30
",
    ),
};

pub(crate) static IPV6: Rule = Rule {
    code: "OCC014",
    severity: Severity::Error,
    title: "addresses are IPv4",
    doc: "OVHcloud Connect in layer 3 does not carry IPv6. An l2 service carries any frame, IPv6 \
          included.",
    source: "OVHcloud's guides",
    example: Example::of(
        r#"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
     datacenters:
-      GRA: {subnet: "fd00:1::/64"}
+      GRA: {subnet: 10.1.0.0/24}
"#,
    ),
};

pub(crate) static NOT_PLAIN: Rule = Rule {
    code: "OCC015",
    severity: Severity::Error,
    title: "numbers are plain decimals",
    doc: "`010` is eight to one YAML reader and ten to another, `1_000` is a number to some and a text \
          to others, and `0x1F` is rarely what the API's documentation shows. Only digits without \
          leading zeros mean the same to everyone. An ASN in dotted notation (RFC 5396) is to be written \
          as one number.",
    source: "YAML 1.1 and 1.2, which disagree",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l3, customerBgpArea: 065001, subnet: 172.16.0.0/30}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

pub(crate) static VLAN: Rule = Rule {
    code: "OCC016",
    severity: Severity::Error,
    title: "there are no VLANs to configure",
    doc: "OVHcloud Connect in layer 3 takes no 802.1q tags: what arrives with one is lost. In layer 2 it \
          carries frames as they are, tags included, so there is nothing to configure either.",
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
           subnet: 172.16.0.0/30
-          vlan: 100
",
    ),
};

pub(crate) static ALLOW: Rule = Rule {
    code: "OCC017",
    severity: Severity::Error,
    title: "`allow` lists codes of warnings",
    doc: "`allow` silences warnings for what it stands in. An error cannot be silenced: the API would \
          refuse what is declared, or the network would lose it. A code that does not exist silences \
          nothing, and is most likely a slip.",
    source: "the topology's format",
    example: Example::of(
        r"
 version: 1
-allow: [OCC030]
+allow: [OCC121]
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01: {}
",
    ),
};
