//! What a topology file may hold, described once: the parser knows the fields by it, the rules which of
//! them belong to which type, the schema is made from it, and the canonical form follows its order.

/// The endpoints that have a name.
pub(super) const ENDPOINTS: [&str; 3] = ["ovh-eu", "ovh-ca", "ovh-us"];

/// A mapping with a fixed set of fields.
#[derive(Debug)]
pub(super) struct Shape {
    /// How messages call it, with its article: "a PoP".
    pub(super) name: &'static str,
    /// What it is, in a sentence or two of Markdown.
    pub(super) doc: &'static str,
    /// What it may hold, in the order of the canonical form.
    pub(super) fields: &'static [FieldShape],
    /// What its `type` changes. Empty where it has none.
    pub(super) types: &'static [TypeFields],
}

/// A field of a [`Shape`].
#[derive(Debug)]
pub(super) struct FieldShape {
    /// Its key.
    pub(super) name: &'static str,
    /// What stands there.
    pub(super) value: ValueShape,
    /// Whether it has to be there, whatever the `type` is.
    pub(super) needed: bool,
    /// What it is, in a sentence or two of Markdown.
    pub(super) doc: &'static str,
    /// Values as they are written in YAML.
    pub(super) examples: &'static [&'static str],
}

/// What can be the value of a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum ValueShape {
    /// The version of the format.
    Version,
    /// An endpoint's name or a URL.
    Endpoint,
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// An id.
    Number,
    /// An autonomous system number.
    Asn,
    /// An IPv4 prefix whose length is in this range, both ends included.
    Prefix(u8, u8),
    /// An IPv4 address.
    Ip,
    /// A datacenter's name or id.
    DatacenterName,
    /// A list of the codes of warnings.
    Codes,
    /// One thing.
    One(&'static Shape),
    /// Things by their name.
    Named(Name, &'static Shape),
    /// Things in a list.
    List(&'static Shape),
    /// One thing, or several in a list.
    OneOrSeveral(&'static Shape),
}

/// What names a thing in a mapping.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Name {
    /// `pn-` and digits.
    Vrack,
    /// A uuid.
    Service,
    /// A name or an id.
    Datacenter,
}

/// Fields that only one of the types has, and those it cannot do without.
#[derive(Debug)]
pub(super) struct TypeFields {
    /// The value of `type`.
    pub(super) word: &'static str,
    /// As messages call it, with its article.
    pub(super) name: &'static str,
    /// With what each is, for the help.
    pub(super) needed: &'static [(&'static str, &'static str)],
    /// Those of the other types.
    pub(super) foreign: &'static [&'static str],
    /// What to do about a foreign one.
    pub(super) help: &'static str,
}

impl Shape {
    /// The names of its fields.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.fields.iter().map(|field| field.name).collect()
    }

    /// What this value of `type` changes.
    pub(super) fn of_type(&self, word: &str) -> Option<&'static TypeFields> {
        self.types.iter().find(|fields| fields.word == word)
    }

    /// The field of this name.
    pub(super) fn field(&self, name: &str) -> Option<&'static FieldShape> {
        self.fields.iter().find(|field| field.name == name)
    }
}

const fn field(name: &'static str, value: ValueShape, doc: &'static str) -> FieldShape {
    FieldShape { name, value, needed: false, doc, examples: &[] }
}

impl FieldShape {
    const fn needed(self) -> Self {
        Self { needed: true, ..self }
    }

    const fn like(self, examples: &'static [&'static str]) -> Self {
        Self { examples, ..self }
    }
}

/// The whole file.
pub(super) static FILE: Shape = Shape {
    name: "a topology",
    doc: "What shall be configured in OVHcloud Connect.",
    fields: &[
        field(
            "version",
            ValueShape::Version,
            "The version of this format: by which rules the file is to be read.",
        )
        .needed(),
        field(
            "endpoint",
            ValueShape::Endpoint,
            "The only API endpoint this file may be used against: `ovh-eu`, `ovh-ca`, `ovh-us` or a URL. Left \
             out: any.",
        )
        .like(&["ovh-eu"]),
        ALLOW,
        field(
            "vracks",
            ValueShape::Named(Name::Vrack, &VRACK),
            "The vRacks this file is about, by name. A vRack stands in one file only.",
        )
        .needed(),
    ],
    types: &[],
};

/// At every level.
const ALLOW: FieldShape = field(
    "allow",
    ValueShape::Codes,
    "The warnings to silence for what is in here, by their codes. `ovhconnect explain` lists all codes.",
);

const PROTECT: &str =
    "Whether a plan that would delete or replace this, or lock the interface it runs over, is refused.";

/// A vRack.
pub(super) static VRACK: Shape = Shape {
    name: "a vRack",
    doc: "A vRack: OVHcloud's private network, with the OVHcloud Connect services in it.",
    fields: &[
        field(
            "manage",
            ValueShape::Word(&["all", "declared"]),
            "What happens to services and datacenters that this vRack holds and this file does not declare. \
             `all`, the default: they are removed. `declared`: they are left alone.",
        ),
        field(
            "protect",
            ValueShape::Flag,
            "Whether a plan that would delete or replace anything in this vRack is refused.",
        ),
        ALLOW,
        field(
            "services",
            ValueShape::Named(Name::Service, &SERVICE),
            "The OVHcloud Connect services in this vRack, by uuid. Being listed puts a service into the vRack.",
        ),
        field(
            "datacenters",
            ValueShape::Named(Name::Datacenter, &DATACENTER),
            "The layer 3 datacenters of this vRack, by name or id. All its l3 services share them. An l2 \
             service names its one datacenter in its `pop` instead.",
        ),
    ],
    types: &[],
};

/// A service in a vRack.
pub(super) static SERVICE: Shape = Shape {
    name: "a service",
    doc: "An OVHcloud Connect service, by its uuid. `{}` where nothing but its place in the vRack is \
          declared.",
    fields: &[
        field(
            "description",
            ValueShape::Text,
            "The service's description, updated in place. Left out: it stays as it is.",
        )
        .like(&["Paris, primary"]),
        field(
            "protect",
            ValueShape::Flag,
            "Whether a plan that would delete or replace anything of this service is refused.",
        ),
        ALLOW,
        field(
            "interface",
            ValueShape::OneOrSeveral(&INTERFACE),
            "Whether the service's interface is in service. Left out: it is not looked at and stays as it is. A \
             list where the service has several.",
        ),
        field(
            "pop",
            ValueShape::One(&POP),
            "The PoP configuration: what happens where your cable meets OVHcloud's network.",
        ),
    ],
    types: &[],
};

/// An interface of a service.
pub(super) static INTERFACE: Shape = Shape {
    name: "an interface",
    doc: "An interface of the service: the port that its PoP configuration runs over. It is locked and \
          unlocked in place.",
    fields: &[
        field(
            "interfaceId",
            ValueShape::Number,
            "Which one. Left out: the `interfaceId` of the `pop`, or the only one of the service.",
        )
        .like(&["101"]),
        field(
            "state",
            ValueShape::Word(&["enabled", "disabled"]),
            "`enabled`: it is unlocked. `disabled`: it is locked, and carries nothing of what is configured on it.",
        )
        .needed(),
        ALLOW,
    ],
    types: &[],
};

/// The PoP configuration of a service.
pub(super) static POP: Shape = Shape {
    name: "a PoP",
    doc: "The PoP configuration of a service. Any change of it is a replacement.",
    fields: &[
        field(
            "type",
            ValueShape::Word(&["l2", "l3"]),
            "`l2`: OVHcloud carries your Ethernet frames to one datacenter. `l3`: your router speaks BGP with \
             OVHcloud's, and reaches every datacenter of the vRack.",
        )
        .needed(),
        field(
            "interfaceId",
            ValueShape::Number,
            "The interface of the service. Needed only where the service has more than one.",
        )
        .like(&["101"]),
        field(
            "customerBgpArea",
            ValueShape::Asn,
            "l3: the ASN of your router (the API calls an ASN a \"BgpArea\"). A private one is recommended: \
             64512 to 65534, without 65501.",
        )
        .like(&["65001"]),
        field(
            "ovhBgpArea",
            ValueShape::Asn,
            "l3: OVHcloud's ASN; it differs from yours. Left out: OVHcloud assigns one.",
        )
        .like(&["65002"]),
        field(
            "subnet",
            ValueShape::Prefix(30, 30),
            "l3: the /30 between the two routers. Its first address is OVHcloud's, its second yours.",
        )
        .like(&["172.16.0.0/30"]),
        field(
            "datacenter",
            ValueShape::DatacenterName,
            "l2: the one datacenter where the service ends, by name or id.",
        )
        .like(&["RBX"]),
        field("protect", ValueShape::Flag, PROTECT),
        ALLOW,
    ],
    types: &[
        TypeFields {
            word: "l2",
            name: "an l2 PoP",
            needed: &[("datacenter", "the one datacenter it ends in, like `datacenter: RBX`")],
            foreign: &["customerBgpArea", "ovhBgpArea", "subnet"],
            help: "remove it, or make the PoP `type: l3`",
        },
        TypeFields {
            word: "l3",
            name: "an l3 PoP",
            needed: &[
                ("customerBgpArea", "the ASN of your router, like `customerBgpArea: 65001`"),
                ("subnet", "the /30 between your router and OVHcloud's, like `subnet: 172.16.0.0/30`"),
            ],
            foreign: &["datacenter"],
            help: "an l3 PoP reaches every datacenter of its vRack: declare them under `datacenters`, beside \
                   `services`",
        },
    ],
};

/// An l3 datacenter of a vRack.
pub(super) static DATACENTER: Shape = Shape {
    name: "a datacenter",
    doc: "A layer 3 datacenter of the vRack, by its name or id. Any change of it is a replacement.",
    fields: &[
        field(
            "ovhBgpArea",
            ValueShape::Asn,
            "OVHcloud's ASN in this datacenter; it may differ from the PoP's. Left out: OVHcloud assigns one.",
        )
        .like(&["65010"]),
        field(
            "subnet",
            ValueShape::Prefix(8, 28),
            "The subnet of your machines there, /28 or larger. OVHcloud takes three addresses: .1 is the \
             virtual router (VRRP), .2 and .3 are the two devices behind it.",
        )
        .needed()
        .like(&["10.1.0.0/24"]),
        field("protect", ValueShape::Flag, PROTECT),
        ALLOW,
        field(
            "extra",
            ValueShape::List(&EXTRA),
            "Static routes or BGP peers; a datacenter has one of the two kinds only, and four BGP peers at \
             most.",
        ),
    ],
    types: &[],
};

/// An extra configuration of a datacenter.
pub(super) static EXTRA: Shape = Shape {
    name: "an extra configuration",
    doc: "A static route or a BGP peer in the datacenter. Any change of it is a replacement.",
    fields: &[
        field(
            "type",
            ValueShape::Word(&["network", "bgp"]),
            "`network`: a static route. `bgp`: a BGP session with a router of yours in the datacenter, which \
             disables the virtual router (VRRP) there.",
        )
        .needed(),
        field("subnet", ValueShape::Prefix(0, 32), "network: the prefix behind the next hop.")
            .like(&["192.168.10.0/24"]),
        field(
            "nextHop",
            ValueShape::Ip,
            "network: the address of your gateway, in the datacenter's subnet and not one of the first three.",
        )
        .like(&["10.1.0.10"]),
        field(
            "bgpNeighborArea",
            ValueShape::Asn,
            "bgp: the ASN of your router there; it differs from the datacenter's.",
        )
        .like(&["65020"]),
        field(
            "bgpNeighborIp",
            ValueShape::Ip,
            "bgp: your router's address, in the datacenter's subnet. It needs sessions to both devices, .2 and \
             .3.",
        )
        .like(&["10.1.0.10"]),
        field("protect", ValueShape::Flag, PROTECT),
        ALLOW,
    ],
    types: &[
        TypeFields {
            word: "network",
            name: "a static route",
            needed: &[
                ("subnet", "the prefix behind the gateway, like `subnet: 192.168.10.0/24`"),
                ("nextHop", "the gateway's address in the datacenter's subnet, like `nextHop: 10.1.0.10`"),
            ],
            foreign: &["bgpNeighborArea", "bgpNeighborIp"],
            help: "remove it, or make this `type: bgp`",
        },
        TypeFields {
            word: "bgp",
            name: "a BGP peer",
            needed: &[
                ("bgpNeighborArea", "the ASN of your router, like `bgpNeighborArea: 65020`"),
                (
                    "bgpNeighborIp",
                    "your router's address in the datacenter's subnet, like `bgpNeighborIp: 10.1.0.10`",
                ),
            ],
            foreign: &["subnet", "nextHop"],
            help: "remove it, or make this `type: network`",
        },
    ],
};
