//! What the simulated API accepts in a configuration. Written from what OVHcloud publishes, apart
//! from the rules the topology is checked with: a mistake in one shows against the other.
//!
//! A configuration that is being deleted still holds what it holds (its subnet, its place among
//! the peers, its datacenter) until it is gone.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::model::{Datacenter, Layer, Pop, PortStatus, Route, Service, Vrack};
use super::refusal::Refusal;
use super::world::World;
use crate::api::wire;

/// OVHcloud's ASN where the customer names none. Source for PoPs: OVHcloud's guides. Assumed for
/// datacenters: the guides say that one is assigned, not which.
pub const DEFAULT_OVH_ASN: u32 = 35_540;

/// Services in one vRack. Source: OVHcloud's guides.
pub(super) const MAX_SERVICES: usize = 16;

/// BGP peers in one datacenter. Source: OVHcloud's guides.
const MAX_PEERS: usize = 4;

/// Layer 2 services in one vRack. Source: OVHcloud's guides.
const MAX_L2: usize = 1;

/// Megabits per second a layer 2 port carries at most. Source: OVHcloud's guides.
const MAX_L2_BANDWIDTH: u32 = 10_000;

type Verdict<T = ()> = Result<T, Refusal>;

fn ensure(holds: bool, refusal: impl FnOnce() -> Refusal) -> Verdict {
    if holds { Ok(()) } else { Err(refusal()) }
}

/// A layer 3 configuration's own values, read.
pub(super) struct PopValues {
    pub(super) layer: Layer,
    pub(super) customer_asn: Option<u32>,
    pub(super) ovh_asn: Option<u32>,
    pub(super) subnet: Option<Ipv4Net>,
}

/// A prefix written as the API takes it: IPv4, no bit set in its host part.
fn prefix(field: &str, text: &str) -> Verdict<Ipv4Net> {
    let net: Ipv4Net = text.parse().map_err(|_| {
        Refusal::bad_request(format!("[{field}] Given data ({text}) is not valid for type ipv4Block"))
    })?;
    ensure(net.trunc() == net, || {
        Refusal::bad_request(format!("[{field}] {text} has host bits set: the network is {}", net.trunc()))
    })?;
    Ok(net)
}

fn address(field: &str, text: &str) -> Verdict<Ipv4Addr> {
    text.parse().map_err(|_| {
        Refusal::bad_request(format!("[{field}] Given data ({text}) is not valid for type ipv4"))
    })
}

/// AS numbers of 32 bits but for 0 and the last, which RFC 7607 and RFC 7300 keep back.
fn asn(field: &str, number: u32) -> Verdict<u32> {
    ensure((1..u32::MAX).contains(&number), || {
        Refusal::bad_request(format!("[{field}] {number} is not an AS number: 1 to 4294967294"))
    })?;
    Ok(number)
}

fn required<T>(field: &str, value: Option<T>) -> Verdict<T> {
    value.ok_or_else(|| Refusal::bad_request(format!("[{field}] is required here")))
}

fn absent<T>(field: &str, value: Option<&T>, why: &str) -> Verdict {
    ensure(value.is_none(), || Refusal::bad_request(format!("[{field}] {why}")))
}

fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

/// What a PoP configuration's own values must be, whatever else the account holds.
pub(super) fn pop_values(new: &wire::NewPopConfig) -> Verdict<PopValues> {
    match &new.kind {
        wire::PopType::L2 => {
            const WHY: &str = "has no place in a layer 2 configuration";
            absent("customerBgpArea", new.customer_bgp_area.as_ref(), WHY)?;
            absent("ovhBgpArea", new.ovh_bgp_area.as_ref(), WHY)?;
            absent("subnet", new.subnet.as_ref(), WHY)?;
            Ok(PopValues { layer: Layer::L2, customer_asn: None, ovh_asn: None, subnet: None })
        }
        wire::PopType::L3 => {
            let customer = asn("customerBgpArea", required("customerBgpArea", new.customer_bgp_area)?)?;
            let ovh = asn("ovhBgpArea", new.ovh_bgp_area.unwrap_or(DEFAULT_OVH_ASN))?;
            ensure(customer != ovh, || {
                Refusal::bad_request(format!(
                    "[customerBgpArea] {customer} is OVHcloud's ASN of this session too: only eBGP is supported"
                ))
            })?;
            let subnet = prefix("subnet", &required("subnet", new.subnet.as_ref())?.clone())?;
            ensure(subnet.prefix_len() == 30, || {
                Refusal::bad_request(format!("[subnet] {subnet} is not a /30"))
            })?;
            Ok(PopValues {
                layer: Layer::L3,
                customer_asn: Some(customer),
                ovh_asn: Some(ovh),
                subnet: Some(subnet),
            })
        }
        wire::PopType::Other(kind) => Err(Refusal::bad_request(format!(
            "[type] Given data ({kind}) is not valid for type popConfig.TypeEnum"
        ))),
    }
}

/// A datacenter configuration's ASN and subnet, by the layer of the PoP it is made through.
pub(super) fn datacenter_values(
    layer: Layer,
    new: &wire::NewDatacenterConfig,
) -> Verdict<Option<(u32, Ipv4Net)>> {
    if layer == Layer::L2 {
        const WHY: &str = "has no place in the datacenter of a layer 2 PoP";
        absent("ovhBgpArea", new.ovh_bgp_area.as_ref(), WHY)?;
        absent("subnet", new.subnet.as_ref(), WHY)?;
        return Ok(None);
    }
    let ovh = asn("ovhBgpArea", new.ovh_bgp_area.unwrap_or(DEFAULT_OVH_ASN))?;
    let subnet = prefix("subnet", &required("subnet", new.subnet.as_ref())?.clone())?;
    ensure(subnet.prefix_len() <= 28, || {
        Refusal::bad_request(format!("[subnet] {subnet} is too small: /28 or larger"))
    })?;
    Ok(Some((ovh, subnet)))
}

/// What an extra configuration's values must be in this datacenter.
pub(super) fn extra_values(parent: &Datacenter, new: &wire::NewExtraConfig) -> Verdict<Route> {
    let inside: Option<Ipv4Net> = parent.subnet.as_ref().and_then(|text| text.parse().ok());
    let inside = inside.ok_or_else(|| {
        Refusal::bad_request("a layer 2 datacenter has no subnet and takes no extra configuration")
    })?;
    match &new.kind {
        wire::ExtraType::Network => {
            const WHY: &str = "has no place in a configuration of type network";
            absent("bgpNeighborArea", new.bgp_neighbor_area.as_ref(), WHY)?;
            absent("bgpNeighborIp", new.bgp_neighbor_ip.as_ref(), WHY)?;
            let hop = address("nextHop", required("nextHop", new.next_hop.as_ref())?)?;
            let subnet = prefix("subnet", required("subnet", new.subnet.as_ref())?)?;
            // .1 is the virtual router, .2 and .3 its two routers.
            usable("nextHop", hop, inside, &[1, 2, 3])?;
            Ok(Route::Network { next_hop: Some(hop.to_string()), subnet: Some(subnet.to_string()) })
        }
        wire::ExtraType::Bgp => {
            const WHY: &str = "has no place in a configuration of type bgp";
            absent("nextHop", new.next_hop.as_ref(), WHY)?;
            absent("subnet", new.subnet.as_ref(), WHY)?;
            let number = asn("bgpNeighborArea", required("bgpNeighborArea", new.bgp_neighbor_area)?)?;
            let neighbour =
                address("bgpNeighborIp", required("bgpNeighborIp", new.bgp_neighbor_ip.as_ref())?)?;
            // A BGP session ends VRRP: .1 is free, .2 and .3 are the routers to speak to.
            usable("bgpNeighborIp", neighbour, inside, &[2, 3])?;
            ensure(Some(number) != parent.ovh_asn, || {
                Refusal::bad_request(format!(
                    "[bgpNeighborArea] {number} is the datacenter's own ASN: only eBGP is supported"
                ))
            })?;
            Ok(Route::Bgp { asn: Some(number), neighbour: Some(neighbour.to_string()) })
        }
        wire::ExtraType::Other(kind) => Err(Refusal::bad_request(format!(
            "[type] Given data ({kind}) is not valid for type datacenterExtraConfig.TypeEnum"
        ))),
    }
}

/// A host address of the subnet that is none of OVHcloud's.
fn usable(field: &str, address: Ipv4Addr, inside: Ipv4Net, taken: &[u32]) -> Verdict {
    let refuse = |why: &str| Err(Refusal::bad_request(format!("[{field}] {address} {why} {inside}")));
    if !inside.contains(&address) {
        return refuse("is outside the datacenter's subnet");
    }
    if address == inside.network() {
        return refuse("is the network address of");
    }
    if address == inside.broadcast() {
        return refuse("is the broadcast address of");
    }
    let offset = u32::from(address) - u32::from(inside.network());
    if taken.contains(&offset) {
        return refuse("belongs to OVHcloud's routers in");
    }
    Ok(())
}

impl World {
    /// The vRack a service is configured in, when it can be configured at all.
    pub(super) fn configurable(&self, service: &Service) -> Verdict<&Vrack> {
        ensure(!service.closed, || Refusal::conflict("this service is closed"))?;
        ensure(service.moving.is_none(), || {
            Refusal::conflict("this service is entering or leaving a vRack: wait for the task")
        })?;
        let vrack = service.vrack.as_ref().and_then(|name| self.vracks.get(name));
        vrack.ok_or_else(|| Refusal::conflict("this service is in no vRack: put it into one first"))
    }

    /// Whether a service that runs a task may begin another.
    pub(super) fn not_busy(&self, service: &Service) -> Verdict {
        ensure(!self.options.serialize || service.tasks.is_empty(), || {
            Refusal::conflict("a task is already running on this service")
        })
    }

    pub(super) fn may_create_pop(
        &self,
        service: &Service,
        new: &wire::NewPopConfig,
        values: &PopValues,
    ) -> Verdict {
        let vrack = self.configurable(service)?;
        self.interface_usable(service, new.interface_id)?;
        ensure(service.pops.is_empty(), || {
            Refusal::conflict("this service already has a PoP configuration: delete it first")
        })?;
        if values.layer == Layer::L2 {
            may_be_l2(service)?;
            ensure(self.pops_in(vrack).filter(|pop| pop.layer == Layer::L2).count() < MAX_L2, || {
                Refusal::conflict(format!("{} already has a layer 2 service", vrack.service_name))
            })?;
        }
        match values.subnet {
            Some(subnet) => self.subnet_free(vrack, subnet),
            None => Ok(()),
        }
    }

    pub(super) fn may_create_datacenter(
        &self,
        through: &Pop,
        new: &wire::NewDatacenterConfig,
        subnet: Option<Ipv4Net>,
    ) -> Verdict {
        let vrack = self.configurable(self.the_service(through.service)?)?;
        let offered = self.catalogue.get(&new.datacenter_id).ok_or_else(|| {
            Refusal::bad_request(format!("[datacenterId] there is no datacenter {}", new.datacenter_id))
        })?;
        ensure(offered.available, || {
            Refusal::conflict(format!("datacenter {} takes no new configuration", offered.name))
        })?;
        if through.layer == Layer::L2 {
            return ensure(through.datacenters.is_empty(), || {
                Refusal::conflict("a layer 2 PoP has exactly one datacenter, and this one has it")
            });
        }
        let taken = vrack.datacenters.iter().filter_map(|id| self.datacenters.get(id));
        ensure(!taken.into_iter().any(|other| other.catalogue == new.datacenter_id), || {
            Refusal::conflict(format!(
                "{} already has a configuration in datacenter {}",
                vrack.service_name, offered.name
            ))
        })?;
        match subnet {
            Some(subnet) => self.subnet_free(vrack, subnet),
            None => Ok(()),
        }
    }

    pub(super) fn may_create_extra(&self, vrack: &Vrack, parent: &Datacenter, route: &Route) -> Verdict {
        let others: Vec<&Route> =
            parent.extras.iter().filter_map(|id| self.extras.get(id)).map(|extra| &extra.route).collect();
        match route {
            Route::Network { subnet, .. } => {
                ensure(!others.iter().any(|other| matches!(other, Route::Bgp { .. })), || {
                    Refusal::conflict("this datacenter has a BGP peer: it takes no static route")
                })?;
                let same = |other: &&Route| matches!(other, Route::Network { subnet: theirs, .. } if theirs == subnet);
                ensure(!others.iter().any(same), || {
                    Refusal::conflict("this datacenter already has a static route to that prefix")
                })?;
                let wanted: Option<Ipv4Net> = subnet.as_ref().and_then(|text| text.parse().ok());
                wanted.map_or(Ok(()), |wanted| self.route_free(vrack, wanted))
            }
            Route::Bgp { neighbour, .. } => {
                ensure(!others.iter().any(|other| matches!(other, Route::Network { .. })), || {
                    Refusal::conflict("this datacenter has a static route: it takes no BGP peer")
                })?;
                let same = |other: &&Route| matches!(other, Route::Bgp { neighbour: theirs, .. } if theirs == neighbour);
                ensure(!others.iter().any(same), || {
                    Refusal::conflict("this datacenter already has that BGP peer")
                })?;
                ensure(others.len() < MAX_PEERS, || {
                    Refusal::conflict(format!("this datacenter already has {MAX_PEERS} BGP peers"))
                })
            }
        }
    }

    fn interface_usable(&self, service: &Service, id: u64) -> Verdict {
        let found = self.interfaces.get(&id).filter(|_| service.interfaces.contains(&id));
        let interface = found.ok_or_else(|| {
            Refusal::bad_request(format!("[interfaceId] interface {id} does not belong to this service"))
        })?;
        let is_usable = match interface.status {
            PortStatus::Enabled => true,
            PortStatus::Disabled => self.options.locked_interface_takes_pop,
            PortStatus::Reserved => false,
        };
        ensure(is_usable, || Refusal::conflict(format!("interface {id} is not enabled")))
    }

    /// Connected subnets do not overlap, and no static route leads to one.
    fn subnet_free(&self, vrack: &Vrack, subnet: Ipv4Net) -> Verdict {
        let connected = self.connected(vrack).find(|theirs| overlap(*theirs, subnet));
        if let Some(theirs) = connected {
            return Err(Refusal::conflict(format!("[subnet] {subnet} overlaps {theirs} in this vRack")));
        }
        let routed = self.routed(vrack).find(|theirs| theirs.prefix_len() > 0 && overlap(*theirs, subnet));
        routed.map_or(Ok(()), |theirs| {
            Err(Refusal::conflict(format!(
                "[subnet] {subnet} overlaps the static route to {theirs} in this vRack"
            )))
        })
    }

    /// A static route does not overlap a connected subnet, unless it is the default route.
    fn route_free(&self, vrack: &Vrack, wanted: Ipv4Net) -> Verdict {
        let clash = self.connected(vrack).find(|theirs| wanted.prefix_len() > 0 && overlap(*theirs, wanted));
        clash.map_or(Ok(()), |theirs| {
            Err(Refusal::conflict(format!(
                "[subnet] {wanted} overlaps {theirs}, which is connected to this vRack"
            )))
        })
    }

    pub(super) fn pops_in<'a>(&'a self, vrack: &'a Vrack) -> impl Iterator<Item = &'a Pop> + 'a {
        let services = vrack.services.iter().filter_map(|uuid| self.services.get(uuid));
        services.flat_map(|service| &service.pops).filter_map(|id| self.pops.get(id))
    }

    /// The subnets of every PoP and datacenter of a vRack that is not gone yet.
    fn connected<'a>(&'a self, vrack: &'a Vrack) -> impl Iterator<Item = Ipv4Net> + 'a {
        let pops = self.pops_in(vrack).filter_map(|pop| pop.subnet.as_ref());
        let datacenters = vrack.datacenters.iter().filter_map(|id| self.datacenters.get(id)?.subnet.as_ref());
        pops.chain(datacenters).filter_map(|text| text.parse().ok())
    }

    /// The prefixes of every static route of a vRack that is not gone yet.
    fn routed<'a>(&'a self, vrack: &'a Vrack) -> impl Iterator<Item = Ipv4Net> + 'a {
        let datacenters = vrack.datacenters.iter().filter_map(|id| self.datacenters.get(id));
        datacenters.flat_map(|datacenter| &datacenter.extras).filter_map(|id| {
            match &self.extras.get(id)?.route {
                Route::Network { subnet, .. } => subnet.as_ref()?.parse().ok(),
                Route::Bgp { .. } => None,
            }
        })
    }
}

/// Whether a service may be layer 2 at all.
fn may_be_l2(service: &Service) -> Verdict {
    ensure(service.provider.eq_ignore_ascii_case("OVHcloud"), || {
        Refusal::bad_request(format!("[type] a service by {} is always layer 3", service.provider))
    })?;
    let per_port = megabits(&service.bandwidth).map(|total| total / u32::from(service.port_quantity.max(1)));
    ensure(per_port.is_none_or(|mbps| mbps <= MAX_L2_BANDWIDTH), || {
        Refusal::bad_request(format!(
            "[type] {} on {} port: layer 2 carries at most 10 Gb/s per port",
            service.bandwidth, service.port_quantity
        ))
    })
}

/// `500m` → 500, `10g` → 10,000.
fn megabits(bandwidth: &str) -> Option<u32> {
    if let Some(number) = bandwidth.strip_suffix('g') {
        return number.parse::<u32>().ok()?.checked_mul(1000);
    }
    bandwidth.strip_suffix('m')?.parse().ok()
}
