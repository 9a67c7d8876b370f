//! What only live state can show. It is found where files and live state meet: while live state is read, compared
//! with, and planned on.

use super::{Entry, raised};
use crate::diagnostic::{Example, Rule, Severity};

pub(super) static RULES: &[Entry] = &[
    raised(&UNKNOWN_SERVICE),
    raised(&UNKNOWN_VRACK),
    raised(&INTERFACE),
    raised(&UNKNOWN_DATACENTER),
    raised(&UNAVAILABLE_DATACENTER),
    raised(&CLOSED_SERVICE),
    raised(&SAME_DATACENTER),
    raised(&NO_L3_POP),
    raised(&UNMANAGED_CONFLICT),
    raised(&ASSIGNED_ASN),
    raised(&PROVIDERS_SERVICE),
    raised(&ENDPOINT),
    raised(&TOO_FAST_FOR_L2),
    raised(&NOT_SWITCHABLE),
    raised(&SAME_POP),
    raised(&CLOSED_AND_STANDING),
    raised(&OUT_OF_SERVICE),
    raised(&NO_LIGHT),
];

pub(crate) static UNKNOWN_SERVICE: Rule = Rule {
    code: "OCC201",
    severity: Severity::Error,
    title: "a service exists in the account",
    doc: "A service is named by its uuid, as the control panel and `GET /ovhCloudConnect` show it. One \
          that the account does not have may belong to another account or another endpoint, or is a \
          slip.",
    source: "the published API",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101]}
",
        r"
 version: 1
 vracks:
   pn-12345:
     services:
-      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d99: {}
+      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01: {}
",
    ),
};

pub(crate) static UNKNOWN_VRACK: Rule = Rule {
    code: "OCC202",
    severity: Severity::Error,
    title: "a vRack exists in the account",
    doc: "A vRack is ordered in the control panel and is not made by this program. One that the account \
          does not have may belong to another account or another endpoint, or is a slip.",
    source: "the published API",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101]}
",
        r"
 version: 1
 vracks:
-  pn-54321:
+  pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01: {}
",
    ),
};

pub(crate) static INTERFACE: Rule = Rule {
    code: "OCC203",
    severity: Severity::Error,
    title: "an interface is one of its service's",
    doc: "A PoP is configured on one interface of its service, and `interface` is about one. Where the service \
          has one, it is taken. Where it has several, `interfaceId` chooses; `interface` without it means \
          the one that the PoP names. A service without any is not delivered yet.",
    source: "the published API",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101, 102]}
",
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop:
           type: l3
+          interfaceId: 101
           customerBgpArea: 65001
           subnet: 172.16.0.0/30
",
    ),
};

pub(crate) static UNKNOWN_DATACENTER: Rule = Rule {
    code: "OCC204",
    severity: Severity::Error,
    title: "a datacenter is on offer",
    doc: "Datacenters are named as the catalogue of the service names them, or by their id there.",
    source: "the published API",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101]}
",
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
     datacenters:
-      GRZ: {subnet: 10.1.0.0/24}
+      GRA: {subnet: 10.1.0.0/24}
",
    ),
};

pub(crate) static UNAVAILABLE_DATACENTER: Rule = Rule {
    code: "OCC205",
    severity: Severity::Error,
    title: "a datacenter takes new configurations",
    doc: "The catalogue says of each datacenter whether it is `available`. Where it is not, nothing can \
          be made there; what stands there already stays and can be kept.",
    source: "OVHcloud's guides",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 datacenters:
   - {id: 1, name: GRA, region: eu-west-gra, available: false}
   - {id: 2, name: RBX, region: eu-west-rbx}
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101]}
",
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
     datacenters:
-      GRA: {subnet: 10.1.0.0/24}
+      RBX: {subnet: 10.1.0.0/24}
",
    ),
};

pub(crate) static CLOSED_SERVICE: Rule = Rule {
    code: "OCC206",
    severity: Severity::Error,
    title: "a service that is configured is in use",
    doc: "The API shows a service that was terminated, or that expired, as `closed`. It takes no \
          configuration any more. Renew it, or remove it from the topology.",
    source: "the published API",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101], closed: true}
   - {uuid: 0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02, interfaces: [102]}
",
        r"
 version: 1
 vracks:
   pn-12345:
     services:
-      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01: {}
+      0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02: {}
",
    ),
};

pub(crate) static SAME_DATACENTER: Rule = Rule {
    code: "OCC207",
    severity: Severity::Error,
    title: "a datacenter is declared under one name",
    doc: "A datacenter can be named by its name or by its id. Under both, it is declared twice.",
    source: "the topology's format",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 datacenters:
   - {id: 1, name: GRA, region: eu-west-gra}
   - {id: 2, name: RBX, region: eu-west-rbx}
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101]}
",
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
     datacenters:
       GRA: {subnet: 10.1.0.0/24}
-      1: {subnet: 10.2.0.0/24}
+      2: {subnet: 10.2.0.0/24}
",
    ),
};

pub(crate) static NO_L3_POP: Rule = Rule {
    code: "OCC208",
    severity: Severity::Error,
    title: "an l3 datacenter is reached through an l3 PoP that is there",
    doc: "The API creates, reads and deletes a datacenter configuration through an l3 PoP of its vRack \
          that is in force. In a vRack with `manage: declared` that may be one that is not declared; \
          here there is none.",
    source: "the published API",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101]}
",
        r"
 version: 1
 vracks:
   pn-12345:
     manage: declared
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
-        description: Paris
     datacenters:
       GRA: {subnet: 10.1.0.0/24}
",
    ),
};

pub(crate) static UNMANAGED_CONFLICT: Rule = Rule {
    code: "OCC209",
    severity: Severity::Error,
    title: "nothing that is left alone is in the way",
    doc: "With `manage: declared`, what a vRack holds and the topology does not declare is left alone. \
          Where it has what the topology asks for (an overlapping subnet, the one place of an l2 \
          service, the last place for a service), one of the two has to give way, and only you can say \
          which.",
    source: "OVHcloud's guides",
    example: Example::with(
        r"
 vracks:
   - serviceName: pn-12345
     datacenters: [{datacenterId: 1, subnet: 10.1.0.0/24}]
 services:
   - uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01
     interfaces: [101]
     vrack: pn-12345
     popConfig: {type: l3, interfaceId: 101, customerBgpArea: 65001, subnet: 172.16.0.0/30}
 datacenters:
   - {id: 1, name: GRA, region: eu-west-gra}
   - {id: 2, name: RBX, region: eu-west-rbx}
",
        r"
 version: 1
 vracks:
   pn-12345:
     manage: declared
     datacenters:
-      RBX: {subnet: 10.1.0.128/25}
+      RBX: {subnet: 10.2.0.0/24}
",
    ),
};

pub(crate) static ASSIGNED_ASN: Rule = Rule {
    code: "OCC210",
    severity: Severity::Error,
    title: "the ASN that OVHcloud assigns is not a peer's",
    doc: "Where `ovhBgpArea` is left out, OVHcloud assigns 35540 to a datacenter (assumed: the guides \
          say so of PoPs). A BGP peer with that ASN cannot speak eBGP to it.",
    source: "OVHcloud's guides",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101]}
",
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
+        ovhBgpArea: 65010
         allow: [OCC102, OCC109, OCC110]
         extra:
           - {type: bgp, bgpNeighborArea: 35540, bgpNeighborIp: 10.1.0.10}
",
    ),
};

pub(crate) static PROVIDERS_SERVICE: Rule = Rule {
    code: "OCC211",
    severity: Severity::Error,
    title: "a provider's service is of layer 3",
    doc: "A service that is delivered by a partner (its `provider` is not OVHcloud) is always of layer \
          3.",
    source: "OVHcloud's guides",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101], provider: equinix}
",
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l2, datacenter: RBX}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

pub(crate) static ENDPOINT: Rule = Rule {
    code: "OCC212",
    severity: Severity::Error,
    title: "a topology is used against the endpoint it is for",
    doc: "`endpoint` guards against running a topology against another account's region, where its \
          vRacks and services mean something else or nothing. Set OVH_ENDPOINT or `--endpoint` to the \
          same, or rehearse with `--simulate`.",
    source: "the topology's format",
    example: None,
};

pub(crate) static TOO_FAST_FOR_L2: Rule = Rule {
    code: "OCC213",
    severity: Severity::Error,
    title: "an l2 service has at most 10 Gb/s",
    doc: "Layer 2 is offered up to 10 Gb/s a port. The API shows a service's bandwidth; one of 20g or 100g is \
          always of layer 3.",
    source: "OVHcloud's guides",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101], bandwidth: 100g}
",
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        pop: {type: l2, datacenter: RBX}
+        pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

pub(crate) static NOT_SWITCHABLE: Rule = Rule {
    code: "OCC214",
    severity: Severity::Error,
    title: "an interface whose state is declared is enabled or disabled",
    doc: "The API knows interfaces that are neither: one that is `reserved` is kept for later, and cannot be \
          locked or unlocked. Until OVHcloud has put it in service, leave its `interface` out.",
    source: "the published API",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101, {id: 102, status: reserved}]}
",
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
-        interface: {interfaceId: 102, state: enabled}
+        interface: {interfaceId: 101, state: enabled}
",
    ),
};

pub(crate) static SAME_POP: Rule = Rule {
    code: "OCC301",
    severity: Severity::Warning,
    title: "the services of a vRack are delivered in several PoPs",
    doc: "Where all services of a vRack are delivered in one PoP, its failure cuts off all of them. \
          OVHcloud shows with each service the PoP it is delivered in.",
    source: "OVHcloud's guides",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101], pop: PAR-TH2}
   - {uuid: 0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02, interfaces: [102], pop: PAR-TH2}
   - {uuid: a1b2c3d4-5e6f-4a1b-8c2d-3e4f5a6b7c03, interfaces: [103], pop: FRA-FR5}
",
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01: {}
-      0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02: {}
+      a1b2c3d4-5e6f-4a1b-8c2d-3e4f5a6b7c03: {}
",
    ),
};

pub(crate) static CLOSED_AND_STANDING: Rule = Rule {
    code: "OCC302",
    severity: Severity::Warning,
    title: "a service that is declared is in use",
    doc: "The API shows a service that was terminated, or that expired, as `closed`. What it has \
          configured still stands, and cannot be made anew once it is gone. Renew it, or remove it from \
          the topology.",
    source: "the published API",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [101], vrack: pn-12345, closed: true}
   - {uuid: 0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02, interfaces: [102], vrack: pn-12345, pop: FRA-FR5}
",
        r"
 version: 1
 vracks:
   pn-12345:
     manage: declared
     services:
-      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01: {}
+      0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02: {}
",
    ),
};

pub(crate) static OUT_OF_SERVICE: Rule = Rule {
    code: "OCC303",
    severity: Severity::Warning,
    title: "an interface that is configured is in service",
    doc: "A port that is locked (`disabled`), or kept for later (`reserved`), carries no traffic, whatever is \
          configured on it; whether the API takes a configuration there is not documented. \
          `interface: {state: enabled}` beside the `pop` unlocks it. Looked at before a PoP is configured on \
          it, unless its state is declared.",
    source: "the published API",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [{id: 101, status: disabled}]}
",
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
+        interface: {state: enabled}
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};

pub(crate) static NO_LIGHT: Rule = Rule {
    code: "OCC304",
    severity: Severity::Warning,
    title: "light arrives at an interface that is configured",
    doc: "Without light on its fibre a port is down, and no BGP session comes up on it: the \
          cross-connect may not be plugged in yet, or be plugged in wrongly. Light values are refreshed \
          every 5 minutes. Looked at before a PoP is configured on it.",
    source: "the published API and OVHcloud's guides",
    example: Example::with(
        r"
 vracks: [{serviceName: pn-12345}]
 services:
   - {uuid: 6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01, interfaces: [{id: 101, dark: true}]}
   - {uuid: 0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02, interfaces: [102]}
",
        r"
 version: 1
 vracks:
   pn-12345:
     services:
-      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
+      0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02:
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
",
    ),
};
