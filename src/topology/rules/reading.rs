//! What stands in the way of reading a file: the files themselves, YAML, names and types.

use super::Rule;

pub(crate) static UNREADABLE: Rule = Rule::reading(
    "OCC001",
    "a topology file can be read",
    "The file or folder that was named does not exist, may not be read, or is neither. Check the path and \
     its permissions.",
);

pub(crate) static EMPTY_FOLDER: Rule = Rule::reading(
    "OCC002",
    "a folder of topologies holds at least one",
    "A folder stands for every file in it, at any depth, whose name ends in `.yaml` or `.yml`; hidden \
     files and folders are left out. A folder without any is most likely the wrong one, and an empty \
     topology would be read as the wish for nothing.",
);

pub(crate) static NOT_UTF8: Rule = Rule::reading(
    "OCC003",
    "a topology file is UTF-8",
    "Topologies are read as UTF-8, with or without a byte order mark. Save the file again in that \
     encoding.",
);

pub(crate) static TOO_LARGE: Rule = Rule::reading(
    "OCC004",
    "a topology file is smaller than 64 MiB",
    "A topology of 100,000 configurations takes about 10 MB, so a file of this size is most likely not \
     one. If it is, split it: a vRack stands in one file, and any number of files can be given.",
);

pub(crate) static SYNTAX: Rule = Rule::reading(
    "OCC005",
    "a topology file is one YAML document",
    "The file is not valid YAML 1.2, holds several documents, uses tags that mean nothing here, or nests \
     deeper than a topology does. Nothing after this place was read; the other files were.",
);

pub(crate) static DUPLICATE_KEY: Rule = Rule::reading(
    "OCC006",
    "a key stands once in its mapping",
    "Many YAML readers keep the last of two equal keys and drop the first without a word. Here what is \
     not declared is removed from the network, so a dropped key would be an outage: both places are \
     shown, and nothing is done until one of them is gone.",
);

pub(crate) static UNKNOWN_FIELD: Rule = Rule::reading(
    "OCC007",
    "only known fields are used",
    "A field that is not known would have no effect, which is hardly what was meant. Field names are \
     those of the OVHcloud API, in its spelling: `ovhBgpArea`, `nextHop`.",
);

pub(crate) static MISSING_FIELD: Rule = Rule {
    code: "OCC008",
    severity: crate::diagnostic::Severity::Error,
    title: "what is needed is there",
    doc: "Each kind of configuration has fields without which the API refuses it. A topology has a \
          `version` and `vracks`; a PoP a `type`, an l2 PoP also its one `datacenter`, an l3 PoP \
          `customerBgpArea` and `subnet`; an l3 datacenter a `subnet`; a static route `subnet` and \
          `nextHop`; a BGP peer `bgpNeighborArea` and `bgpNeighborIp`. Source: OVHcloud's guide to the API \
          and the published API.",
    check: Some(super::layer::missing_fields),
};

pub(crate) static WRONG_TYPE: Rule = Rule::reading(
    "OCC009",
    "a value has the type of its field",
    "Numbers are written without quotes, texts that look like a number or like true or false with them. \
     Only `true` and `false` are booleans; `yes`, `NO` and `on` are texts. A key without a value is an \
     error rather than empty, because in a vRack that is managed as a whole, empty means: remove it all.",
);

pub(crate) static INVALID_VALUE: Rule = Rule::reading(
    "OCC010",
    "a value is one of those the field can have",
    "`type` of a PoP is `l2` or `l3`, of an extra configuration `network` or `bgp`; `manage` is `all` or \
     `declared`; `endpoint` is `ovh-eu`, `ovh-ca`, `ovh-us` or a URL; an ASN has at most 32 bits.",
);

pub(crate) static VERSION: Rule = Rule::reading(
    "OCC011",
    "the version of the format is 1",
    "The number says by which rules the file is to be read. A file of a later version may say things that \
     this program would misread, so it is not read at all.",
);

pub(crate) static NOT_A_NAME: Rule = Rule::reading(
    "OCC012",
    "vRacks, services and datacenters are named as the API names them",
    "A vRack is `pn-` and digits, a service its uuid with hyphens, a datacenter its name, like `GRA`, or \
     its id. They are the identity by which a configuration is found again in the live state.",
);

pub(crate) static NOT_AN_ADDRESS: Rule = Rule::reading(
    "OCC013",
    "subnets are prefixes, next hops and neighbours are addresses",
    "A subnet is an IPv4 address, a slash and a length from 0 to 32, like `10.1.0.0/24`. `nextHop` and \
     `bgpNeighborIp` are IPv4 addresses alone, like `10.1.0.10`.",
);

pub(crate) static IPV6: Rule = Rule::reading(
    "OCC014",
    "addresses are IPv4",
    "OVHcloud Connect in layer 3 does not carry IPv6. Source: OVHcloud's guides. An l2 service carries any \
     frame, IPv6 included.",
);

pub(crate) static NOT_PLAIN: Rule = Rule::reading(
    "OCC015",
    "numbers are plain decimals",
    "`010` is eight to one YAML reader and ten to another, `1_000` is a number to some and a text to \
     others, and `0x1F` is rarely what the API's documentation shows. Only digits without leading zeros \
     mean the same to everyone. An ASN in dotted notation is to be written as one number.",
);
