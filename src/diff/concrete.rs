//! What is sent for a declaration: what it leaves open is taken from live where something stands
//! already, so that a replace changes nothing it was not asked to change.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Label};
use crate::live::{Live, LiveConfig, LiveService, Status};
use crate::topology::rules::live as rules;
use crate::topology::{Address, Asn, Datacenter, Declaration, Pop, Spec};

/// The ASN that OVHcloud assigns where none is given. Assumed: datacenters get the same as PoPs.
pub(super) const DEFAULT_ASN: Asn = Asn::OVHCLOUD;

/// The PoP configuration to create.
pub(super) fn pop(
    address: &Address,
    declared: &Declaration,
    standing: Option<&LiveConfig>,
    service: &LiveService,
) -> Result<Spec, Diagnostic> {
    let Spec::Pop(pop) = &declared.spec else { return Ok(declared.spec.clone()) };
    let interface_id = Some(interface(address, declared, pop.interface_id(), standing, service)?);
    Ok(Spec::Pop(match pop {
        Pop::L2 { .. } => Pop::L2 { interface_id },
        Pop::L3 { customer_bgp_area, ovh_bgp_area, subnet, .. } => {
            let kept = match standing {
                Some(LiveConfig { spec: Spec::Pop(Pop::L3 { ovh_bgp_area, .. }), status, .. })
                    if *status != Status::Stuck =>
                {
                    ovh_bgp_area.filter(|asn| asn != customer_bgp_area)
                }
                _ => None,
            };
            Pop::L3 {
                interface_id,
                customer_bgp_area: *customer_bgp_area,
                ovh_bgp_area: ovh_bgp_area.or(kept),
                subnet: *subnet,
            }
        }
    }))
}

/// The interface to use: the one that is asked for, else the one in use, else the only one.
fn interface(
    address: &Address,
    declared: &Declaration,
    asked: Option<u64>,
    standing: Option<&LiveConfig>,
    service: &LiveService,
) -> Result<u64, Diagnostic> {
    let listed = service.interfaces.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let wrong = |message: String, label: String, help: String| {
        let span = declared.interface_id.unwrap_or(declared.span);
        rules::INTERFACE.at(message, span, label).help(help)
    };
    if let Some(asked) = asked {
        return if service.interfaces.contains(&asked) {
            Ok(asked)
        } else {
            Err(wrong(
                format!("{address}: the service has no interface {asked}"),
                "asked for here".to_owned(),
                format!("its interfaces are: {listed}"),
            ))
        };
    }
    let in_use = standing.and_then(|config| match &config.spec {
        Spec::Pop(pop) => pop.interface_id(),
        _ => None,
    });
    match (in_use.filter(|id| service.interfaces.contains(id)), service.interfaces.as_slice()) {
        (Some(in_use), _) => Ok(in_use),
        (None, [only]) => Ok(*only),
        (None, []) => Err(wrong(
            format!("{address}: the service has no interface yet"),
            "no interface to configure".to_owned(),
            "the service is not delivered yet; try again when it lists an interface".to_owned(),
        )),
        (None, _) => Err(wrong(
            format!("{address}: the service has several interfaces, and none is chosen"),
            "interfaceId is needed here".to_owned(),
            format!("add `interfaceId:` with one of: {listed}"),
        )),
    }
}

/// The l3 datacenter configuration to create.
pub(super) fn datacenter(
    address: &Address,
    declared: &Declaration,
    standing: Option<&LiveConfig>,
    peers: &BTreeSet<Asn>,
) -> Result<Spec, Diagnostic> {
    let Spec::Datacenter(Datacenter::L3 { ovh_bgp_area, subnet }) = &declared.spec else {
        return Ok(declared.spec.clone());
    };
    let live =
        match standing {
            Some(LiveConfig {
                spec: Spec::Datacenter(Datacenter::L3 { ovh_bgp_area, .. }), status, ..
            }) if *status != Status::Stuck => *ovh_bgp_area,
            _ => None,
        };
    let asn = ovh_bgp_area.or(live.filter(|asn| !peers.contains(asn)));
    if asn.is_none() && peers.contains(&DEFAULT_ASN) {
        let message = format!(
            "{address}: OVHcloud assigns it {DEFAULT_ASN}, which is also the ASN of one of its peers"
        );
        return Err(rules::ASSIGNED_ASN
            .at(message, declared.span, "no ovhBgpArea is given here")
            .help("give it an `ovhBgpArea:` of its own"));
    }
    Ok(Spec::Datacenter(Datacenter::L3 { ovh_bgp_area: asn, subnet: *subnet }))
}

/// The live ASN of a datacenter, where the topology leaves it open and a peer shall have the same.
pub(super) fn taken_asn(desired: &Spec, live: &Spec, peers: &BTreeSet<Asn>) -> Option<Asn> {
    match (desired, live) {
        (
            Spec::Datacenter(Datacenter::L3 { ovh_bgp_area: None, .. }),
            Spec::Datacenter(Datacenter::L3 { ovh_bgp_area: Some(live), .. }),
        ) => peers.get(live).copied(),
        _ => None,
    }
}

/// Whether a configuration can be made in the datacenter of `address`.
pub(crate) fn check_available(
    live: &Live,
    address: &Address,
    declared: Option<&Declaration>,
) -> Option<Diagnostic> {
    let name = address.datacenter_name()?;
    let offer = live.datacenter_id(name).and_then(|id| live.catalogue.get(&id))?;
    if offer.available {
        return None;
    }
    let message = format!("{address}: datacenter {name} takes no new configuration at present");
    let label = declared
        .map(|declared| Label { span: declared.span, message: "this would have to be made anew".to_owned() });
    let open: Vec<&str> =
        live.catalogue.values().filter(|offer| offer.available).map(|offer| offer.name.as_str()).collect();
    let help = match open.as_slice() {
        [] => "no datacenter takes one".to_owned(),
        open => format!("available: {}", open.join(", ")),
    };
    Some(rules::UNAVAILABLE_DATACENTER.placed(label, message).help(help))
}
