//! What a field of an account file may hold. The file is written by hand: a value that the API never
//! shows, or a field it does not have, is a mistake.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::InterfaceEntry;
use crate::api::wire;
use crate::sim::model::PortStatus;

/// Source: published API, `ovhcloudconnect.service.BandwidthEnum`.
const BANDWIDTHS: [&str; 9] = ["100m", "200m", "500m", "1g", "2g", "5g", "10g", "20g", "100g"];

/// Source: published API, `ovhcloudconnect.service.ProviderEnum`.
const PROVIDERS: [&str; 11] = [
    "OVHcloud",
    "RISQ",
    "consoleconnect",
    "digitalrealty",
    "equinix",
    "fibrenoire",
    "intercloud",
    "internal",
    "interxion",
    "megaport",
    "orange",
];

/// Source: published API, `ovhcloudconnect.datacenter.RegionTypeEnum`.
const REGION_TYPES: [&str; 2] = ["1-AZ", "3-AZ"];

/// Source: published API, `common.RegionEnum`.
const REGIONS: [&str; 37] = [
    "af-north-lz-rba",
    "ap-south-mum",
    "ap-southeast-sgp",
    "ap-southeast-syd",
    "ca-east-bhs",
    "ca-east-tor",
    "eu-central-lz-prg",
    "eu-central-waw",
    "eu-north-lz-sto",
    "eu-south-lz-mad",
    "eu-south-lz-mil",
    "eu-west-eri",
    "eu-west-gra",
    "eu-west-gra-snc",
    "eu-west-lim",
    "eu-west-lz-ams",
    "eu-west-lz-bru",
    "eu-west-lz-dln",
    "eu-west-lz-lux",
    "eu-west-lz-mrs",
    "eu-west-lz-vie",
    "eu-west-lz-zrh",
    "eu-west-par",
    "eu-west-rbx",
    "eu-west-rbx-snc",
    "eu-west-sbg",
    "eu-west-sbg-snc",
    "us-east-lz-atl",
    "us-east-lz-chi",
    "us-east-lz-dal",
    "us-east-lz-mia",
    "us-east-lz-nyc",
    "us-east-vin",
    "us-west-hil",
    "us-west-lz-den",
    "us-west-lz-lax",
    "us-west-lz-pao",
];

fn one_of<'de, D: Deserializer<'de>>(from: D, what: &str, known: &[&str]) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if known.contains(&text.as_str()) {
        return Ok(text);
    }
    Err(D::Error::custom(format!("`{text}` is not a {what}; these are: {}", known.join(", "))))
}

pub(super) fn bandwidth<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    one_of(from, "bandwidth", &BANDWIDTHS)
}

pub(super) fn provider<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    one_of(from, "provider", &PROVIDERS)
}

fn region<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    one_of(from, "region", &REGIONS)
}

fn region_type<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    one_of(from, "region type", &REGION_TYPES)
}

/// Source: published API, `ovhcloudconnect.service.PortEnum`.
pub(super) fn port_quantity<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    match u8::deserialize(from)? {
        number @ (1 | 2) => Ok(number),
        other => Err(D::Error::custom(format!("a service has 1 or 2 ports, not {other}"))),
    }
}

/// The name of a vRack: it is a part of paths.
pub(super) fn vrack_name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    let fit = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if !text.is_empty() && text.chars().all(fit) {
        return Ok(text);
    }
    Err(D::Error::custom(format!("`{text}` is not the name of a vRack; it is like pn-12345")))
}

pub(super) fn subnet<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
    match text.parse::<Ipv4Net>() {
        Ok(_) => Ok(Some(text)),
        Err(_) => Err(D::Error::custom(format!("`{text}` is not an IPv4 prefix; it is like 172.16.0.0/30"))),
    }
}

pub(super) fn pop_type<'de, D: Deserializer<'de>>(from: D) -> Result<wire::PopType, D::Error> {
    match wire::PopType::deserialize(from)? {
        wire::PopType::Other(text) => Err(D::Error::custom(format!("`{text}` is neither l2 nor l3"))),
        known => Ok(known),
    }
}

fn extra_type<'de, D: Deserializer<'de>>(from: D) -> Result<wire::ExtraType, D::Error> {
    match wire::ExtraType::deserialize(from)? {
        wire::ExtraType::Other(text) => Err(D::Error::custom(format!("`{text}` is neither network nor bgp"))),
        known => Ok(known),
    }
}

/// A static route or a BGP peer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExtraEntry {
    #[serde(rename = "type", deserialize_with = "extra_type")]
    kind: wire::ExtraType,
    bgp_neighbor_area: Option<u32>,
    bgp_neighbor_ip: Option<Ipv4Addr>,
    next_hop: Option<Ipv4Addr>,
    #[serde(default, deserialize_with = "subnet")]
    subnet: Option<String>,
}

pub(super) fn extras<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<wire::NewExtraConfig>, D::Error> {
    let entries = Vec::<ExtraEntry>::deserialize(from)?.into_iter();
    let wire = |entry: ExtraEntry| wire::NewExtraConfig {
        kind: entry.kind,
        bgp_neighbor_area: entry.bgp_neighbor_area,
        bgp_neighbor_ip: entry.bgp_neighbor_ip.map(|address| address.to_string()),
        next_hop: entry.next_hop.map(|address| address.to_string()),
        subnet: entry.subnet,
    };
    Ok(entries.map(wire).collect())
}

/// A datacenter on offer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OfferEntry {
    id: u64,
    name: String,
    #[serde(deserialize_with = "region")]
    region: String,
    #[serde(default = "one_zone", deserialize_with = "region_type")]
    region_type: String,
    #[serde(default = "yes")]
    available: bool,
}

fn one_zone() -> String {
    "1-AZ".to_owned()
}

fn yes() -> bool {
    true
}

pub(super) fn offers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<wire::CatalogueDatacenter>, D::Error> {
    let entries = Vec::<OfferEntry>::deserialize(from)?.into_iter();
    let wire = |entry: OfferEntry| wire::CatalogueDatacenter {
        id: entry.id,
        name: entry.name,
        region: Some(entry.region),
        region_type: Some(entry.region_type),
        available: entry.available,
    };
    Ok(entries.map(wire).collect())
}

/// An interface that is written with its status.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Port {
    id: u64,
    #[serde(default)]
    status: PortStatus,
    #[serde(default)]
    dark: bool,
}

impl<'de> Deserialize<'de> for InterfaceEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InterfaceVisitor)
    }
}

struct InterfaceVisitor;

impl<'de> Visitor<'de> for InterfaceVisitor {
    type Value = InterfaceEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the number of an interface, or its id and status")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<InterfaceEntry, E> {
        Ok(InterfaceEntry::Id(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<InterfaceEntry, E> {
        let positive = u64::try_from(number);
        positive
            .map(InterfaceEntry::Id)
            .map_err(|_| E::custom(format!("no interface has the number {number}")))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<InterfaceEntry, A::Error> {
        let Port { id, status, dark } = Port::deserialize(MapAccessDeserializer::new(map))?;
        Ok(InterfaceEntry::Port { id, status, dark })
    }
}
