//! [`Document`] → [`Topology`]: of what is declared twice the first, and nothing that is incomplete.

use crate::diagnostic::Span;
use crate::topology::document::{
    Datacenter as DatacenterDocument, Document, Extra as ExtraDocument, ExtraKind, Field,
    Interface as InterfaceDocument, Layer, Located, Pop as PopDocument, Service, Vrack,
};
use crate::topology::{
    Address, Datacenter, DatacenterName, Declaration, Endpoint, Extra, Interface, Manage, Membership, Pop,
    ServiceId, Spec, Topology, VrackDeclaration, VrackName,
};

/// The topology that `document` describes, as far as it could be read.
pub(super) fn topology(document: Document) -> Topology {
    let Document { endpoints, allows, empty: _, vracks } = document;
    let endpoint = endpoints.into_iter().next().map(|Located { value, span }| Endpoint { name: value, span });
    let mut topology = Topology { endpoint, allows, ..Topology::default() };
    for vrack in vracks {
        add_vrack(&mut topology, vrack);
    }
    topology
}

fn add_vrack(topology: &mut Topology, vrack: Vrack) {
    let Vrack { key, name, manage, protect, services, datacenters, whole: _ } = vrack;
    let Some(name) = name else { return };
    let manage = match manage {
        Field::Absent => Manage::default(),
        // Of the two, the one that removes nothing; it was an error anyway.
        Field::Refused => Manage::Declared,
        Field::Given(manage) => manage.value,
    };
    topology.vracks.entry(name.clone()).or_insert(VrackDeclaration { manage, protect, span: key });
    for service in services {
        add_service(topology, &name, service);
    }
    for datacenter in datacenters {
        add_datacenter(topology, &name, datacenter);
    }
}

fn add(topology: &mut Topology, address: Address, spec: Spec, protect: bool, span: Span) {
    add_declaration(topology, address, Declaration { spec, protect, span, interface_id: None });
}

fn add_declaration(topology: &mut Topology, address: Address, declaration: Declaration) {
    topology.entries.entry(address).or_insert(declaration);
}

fn add_service(topology: &mut Topology, vrack: &VrackName, service: Service) {
    let Service { key, id, description, protect, interfaces, pop } = service;
    let Some(id) = id else { return };
    let membership = Membership { description: description.given().map(|text| text.value.clone()) };
    let address = Address::membership(vrack.clone(), id);
    add(topology, address, Spec::Membership(membership), protect, key);
    for InterfaceDocument { span, interface_id, state } in interfaces {
        let (Some(state), false) = (state.value(), matches!(interface_id, Field::Refused)) else { continue };
        let address = Address::interface(vrack.clone(), id, interface_id.value());
        let spec = Spec::Interface(Interface { state });
        let interface_id = interface_id.given().map(|id| id.span);
        // The service's own protection covers it.
        add_declaration(topology, address, Declaration { spec, protect: false, span, interface_id });
    }
    if let Field::Given(Located { value: pop, span }) = pop {
        add_pop(topology, vrack, id, pop, span);
    }
}

fn add_pop(topology: &mut Topology, vrack: &VrackName, service: ServiceId, pop: PopDocument, key: Span) {
    let PopDocument {
        layer,
        interface_id,
        customer_bgp_area,
        ovh_bgp_area,
        subnet,
        datacenter,
        protect,
        keys: _,
    } = pop;
    let spec = match layer.value() {
        None => return,
        Some(Layer::L2) => Pop::L2 { interface_id: interface_id.value() },
        Some(Layer::L3) => {
            let (Some(customer_bgp_area), Some(subnet)) = (customer_bgp_area.value(), subnet.value()) else {
                return;
            };
            Pop::L3 {
                interface_id: interface_id.value(),
                customer_bgp_area,
                ovh_bgp_area: ovh_bgp_area.value(),
                subnet,
            }
        }
    };
    let layer2 = !spec.is_l3();
    let interface_id = interface_id.given().map(|id| id.span);
    let declaration = Declaration { spec: Spec::Pop(spec), protect, span: key, interface_id };
    add_declaration(topology, Address::pop(vrack.clone(), service), declaration);
    if let Field::Given(Located { value: name, span }) = datacenter
        && layer2
    {
        // The PoP's own protection covers its datacenter.
        let address = Address::l2_datacenter(vrack.clone(), service, name);
        add(topology, address, Spec::Datacenter(Datacenter::L2), false, span);
    }
}

fn add_datacenter(topology: &mut Topology, vrack: &VrackName, datacenter: DatacenterDocument) {
    let DatacenterDocument { key, name, ovh_bgp_area, subnet, protect, extras } = datacenter;
    let (Some(name), Some(subnet)) = (name, subnet.value()) else { return };
    let spec = Datacenter::L3 { ovh_bgp_area: ovh_bgp_area.value(), subnet };
    let address = Address::datacenter(vrack.clone(), name.clone());
    add(topology, address, Spec::Datacenter(spec), protect, key);
    for extra in extras {
        add_extra(topology, vrack, &name, &extra);
    }
}

fn add_extra(topology: &mut Topology, vrack: &VrackName, datacenter: &DatacenterName, extra: &ExtraDocument) {
    let ExtraDocument { span, kind, subnet, next_hop, bgp_neighbor_area, bgp_neighbor_ip, protect, keys: _ } =
        extra;
    let (vrack, datacenter) = (vrack.clone(), datacenter.clone());
    match kind.value() {
        None => {}
        Some(ExtraKind::Network) => {
            let (Some(prefix), Some(next_hop)) = (subnet.value(), next_hop.value()) else { return };
            let address = Address::network(vrack, datacenter, prefix.trunc());
            add(topology, address, Spec::Extra(Extra::Network { next_hop }), *protect, *span);
        }
        Some(ExtraKind::Bgp) => {
            let (Some(area), Some(peer)) = (bgp_neighbor_area.value(), bgp_neighbor_ip.value()) else {
                return;
            };
            let address = Address::bgp(vrack, datacenter, peer);
            let spec = Spec::Extra(Extra::Bgp { bgp_neighbor_area: area });
            add(topology, address, spec, *protect, *span);
        }
    }
}
