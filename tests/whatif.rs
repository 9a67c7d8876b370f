//! What stays reachable when something is lost, judged against a graph that is walked for each loss.
//! `SNAPSHOTS=overwrite cargo test --test whatif` writes the expected texts anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use ovhconnect::diagnostic::{SourceId, Span};
use ovhconnect::topology::{
    Address, Asn, Datacenter, DatacenterName, Declaration, Device, Extra, Interface, InterfaceState, Manage,
    Membership, Pop, ServiceId, Spec, Topology, VrackDeclaration, VrackName, files,
};
use ovhconnect::whatif::{
    self, Destination, Effect, Fate, Layer, Locations, Loss, Report, VrackReport, assess,
};
use petgraph::algo::has_path_connecting;
use petgraph::graph::{DiGraph, NodeIndex};
use proptest::prelude::*;
use snapbox::{Data, assert_data_eq};
use uuid::Uuid;

fn load(path: &str) -> Topology {
    let loaded = files::load(&[path]);
    assert_eq!(loaded.diagnostics, [], "{path}");
    loaded.topology
}

fn expect(name: &str, text: String) {
    assert_data_eq!(text, Data::read_from(Path::new(&format!("tests/whatif/{name}")), None).raw());
}

#[test]
fn a_person_reads_what_each_loss_does() {
    for example in ["l2", "l3-vrrp", "l3-static", "l3-bgp", "resilient"] {
        let report = assess(&load(&format!("examples/{example}.yaml")), &Locations::new());
        let text = whatif::text::text(&report, 80);
        let wide = text.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "wider than 80 columns");
        expect(&format!("{example}.txt"), text);
    }
}

/// Both services are delivered in one place: that is no second path.
fn shared_pop() -> Report {
    let topology = load("examples/resilient.yaml");
    let services = topology.entries.keys().filter_map(Address::service);
    assess(&topology, &services.map(|service| (service, "par-th2-1".to_owned())).collect())
}

#[test]
fn two_services_at_one_pop_are_one_path() {
    let report = shared_pop();
    assert!(!report.survives_any_loss);
    expect("shared-pop.txt", whatif::text::text(&report, 80));
}

#[test]
fn a_pipeline_reads_a_case_for_each_loss() {
    expect("shared-pop.junit.xml", whatif::junit::junit(&shared_pop()).expect("XML"));
}

#[test]
fn a_prefix_that_is_routed_in_two_datacenters_survives_one_of_them() {
    let mut lab = Lab::default();
    lab.service(1, Layer::L3);
    lab.datacenter("GRA", &Kind::Routes(vec![(0, 0)]));
    lab.datacenter("RBX", &Kind::Routes(vec![(0, 0)]));
    let report = assess(&lab.topology, &Locations::new());
    let lost = |report: &&whatif::LossReport| matches!(&report.loss, Loss::Datacenter { .. });
    for loss in report.vracks[0].losses.iter().filter(lost) {
        assert_eq!(loss.gone().count(), 1, "the subnet alone: {:?}", loss.effects);
        assert_eq!(loss.cut().count(), 0);
    }
}

#[test]
fn what_json_shows_is_in_the_schema() {
    let schema = std::fs::read_to_string("schemas/whatif.schema.json").expect("the schema");
    let validator =
        jsonschema::validator_for(&serde_json::from_str(&schema).expect("JSON")).expect("a valid schema");
    for report in [shared_pop(), assess(&load("examples/l2.yaml"), &Locations::new())] {
        let value = serde_json::to_value(report).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[test]
fn the_exit_code_gates_only_where_it_is_asked_to() {
    for (arguments, code) in [
        (&["whatif", "examples/resilient.yaml", "--require", "N-1"][..], 0),
        (&["whatif", "examples/l3-bgp.yaml"], 0),
        (&["whatif", "examples/l3-bgp.yaml", "--require", "n-1"], 2),
        (&["whatif", "examples/l3-bgp.yaml", "--require", "N-1", "--format", "junit"], 2),
        (&["whatif", "examples/l3-bgp.yaml", "--require", "N-2"], 64),
        (&["whatif", "examples/none.yaml"], 1),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ovhconnect")).env_clear().args(arguments).output();
        let output = output.expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
        assert_eq!(
            output.stdout.is_empty(),
            code == 1 || code == 64,
            "{arguments:?}: the answer is on stdout"
        );
    }
}

// Generated topologies.

const SPAN: Span = Span { source: SourceId(0), start: 0, end: 0 };

/// What is in a datacenter.
#[derive(Clone, Debug)]
enum Kind {
    Nothing,
    /// (prefix, next hop)
    Routes(Vec<(u8, u8)>),
    Peers(BTreeSet<u8>),
}

/// A topology of one vRack that is being built.
#[derive(Clone, Debug)]
struct Lab {
    topology: Topology,
    vrack: VrackName,
}

impl Default for Lab {
    fn default() -> Self {
        let vrack: VrackName = "pn-1".parse().expect("a name");
        let mut topology = Topology::default();
        let declaration = VrackDeclaration { manage: Manage::All, protect: false, span: SPAN };
        topology.vracks.insert(vrack.clone(), declaration);
        Self { topology, vrack }
    }
}

impl Lab {
    fn put(&mut self, address: Address, spec: Spec) {
        self.topology
            .entries
            .insert(address, Declaration { spec, protect: false, span: SPAN, interface_id: None });
    }

    fn member(&mut self, number: u8) -> ServiceId {
        let service = ServiceId::from(Uuid::from_u128(u128::from(number) << 96));
        self.put(Address::membership(self.vrack.clone(), service), Spec::Membership(Membership::default()));
        service
    }

    fn service(&mut self, number: u8, layer: Layer) -> ServiceId {
        let service = self.member(number);
        let address = Address::pop(self.vrack.clone(), service);
        match layer {
            Layer::L3 => {
                let subnet = format!("172.16.{number}.0/30").parse().expect("a prefix");
                let pop =
                    Pop::L3 { interface_id: None, customer_bgp_area: Asn(65001), ovh_bgp_area: None, subnet };
                self.put(address, Spec::Pop(pop));
            }
            Layer::L2 => {
                self.put(address, Spec::Pop(Pop::L2 { interface_id: None }));
                let end = Address::l2_datacenter(self.vrack.clone(), service, name("DC0"));
                self.put(end, Spec::Datacenter(Datacenter::L2));
            }
        }
        service
    }

    fn datacenter(&mut self, datacenter: &str, kind: &Kind) {
        let number = self.topology.entries.len();
        let subnet = format!("10.{number}.0.0/24").parse().expect("a prefix");
        let datacenter = name(datacenter);
        let vrack = self.vrack.clone();
        self.put(
            Address::datacenter(vrack.clone(), datacenter.clone()),
            Spec::Datacenter(Datacenter::L3 { ovh_bgp_area: None, subnet }),
        );
        match kind {
            Kind::Nothing => {}
            Kind::Routes(routes) => {
                for (prefix, next_hop) in routes {
                    let prefix = format!("192.168.{prefix}.0/24").parse().expect("a prefix");
                    let next_hop = format!("10.{number}.0.{}", 10 + next_hop).parse().expect("an address");
                    let address = Address::network(vrack.clone(), datacenter.clone(), prefix);
                    self.put(address, Spec::Extra(Extra::Network { next_hop }));
                }
            }
            Kind::Peers(peers) => {
                for peer in peers {
                    let peer = format!("10.{number}.0.{}", 10 + peer).parse().expect("an address");
                    let address = Address::bgp(vrack.clone(), datacenter.clone(), peer);
                    self.put(address, Spec::Extra(Extra::Bgp { bgp_neighbor_area: Asn(65020) }));
                }
            }
        }
    }
}

fn name(text: &str) -> DatacenterName {
    text.parse().expect("a name")
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Nothing),
        prop::collection::vec((0..4u8, 0..3u8), 1..4).prop_map(Kind::Routes),
        prop::collection::btree_set(0..4u8, 1..4).prop_map(Kind::Peers),
    ]
}

/// A vRack, and where some of its services are delivered.
fn labs() -> impl Strategy<Value = (Lab, Locations)> {
    let service = (prop_oneof![4 => Just(Some(Layer::L3)), 1 => Just(None)], prop::option::of(0..2u8));
    (
        prop::collection::vec(service, 0..4),
        prop::option::of(prop::option::of(0..2u8)),
        prop::collection::vec(kinds(), 0..4),
    )
        .prop_map(|(services, l2, datacenters)| {
            let mut lab = Lab::default();
            let mut locations = Locations::new();
            for (number, (layer, location)) in (1..).zip(services) {
                let service = match layer {
                    Some(layer) => lab.service(number, layer),
                    None => lab.member(number),
                };
                locations.extend(location.map(|at| (service, format!("pop-{at}"))));
            }
            if let Some(location) = l2 {
                let service = lab.service(100, Layer::L2);
                locations.extend(location.map(|at| (service, format!("pop-{at}"))));
            }
            for (number, kind) in datacenters.iter().enumerate() {
                lab.datacenter(&format!("DC{number}"), kind);
            }
            (lab, locations)
        })
}

/// The network as a graph: what the customer's packets pass on their way.
struct Network(DiGraph<Part, ()>);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    Customer,
    Service(ServiceId),
    /// Of a service alone, or by name.
    Pop(Result<String, ServiceId>),
    Device(DatacenterName, Device),
    Fabric(DatacenterName),
    Destination(String),
}

impl Network {
    /// Built from the topology's entries, not from the report.
    fn new(lab: &Lab, locations: &Locations) -> Self {
        let mut parts: BTreeMap<Part, NodeIndex> = BTreeMap::new();
        let mut graph = DiGraph::new();
        let mut edges = BTreeSet::new();
        let mut join = |from: &Part, to: &Part| {
            let mut node =
                |part: &Part| *parts.entry(part.clone()).or_insert_with(|| graph.add_node(part.clone()));
            edges.insert((node(from), node(to)));
        };
        let mut l3_pops = Vec::new();
        for (address, entry) in &lab.topology.entries {
            let Some(service) = address.service() else { continue };
            let pop = Part::Pop(locations.get(&service).cloned().ok_or(service));
            match &entry.spec {
                // The service is what follows its PoP, so that services share a PoP and not its traffic.
                Spec::Pop(pop_spec) => {
                    join(&Part::Customer, &pop);
                    join(&pop, &Part::Service(service));
                    if pop_spec.is_l3() {
                        l3_pops.push(service);
                    }
                }
                Spec::Datacenter(Datacenter::L2) => {
                    let end = address.datacenter_name().expect("a datacenter");
                    // In layer 2 nothing is seen between the service and the datacenter.
                    join(&Part::Service(service), &Part::Fabric(end.clone()));
                    join(&Part::Fabric(end.clone()), &Part::Destination(format!("{end} in layer 2")));
                }
                _ => {}
            }
        }
        for (address, entry) in &lab.topology.entries {
            let (Some(datacenter), None) = (address.datacenter_name(), address.service()) else { continue };
            // An l3 domain is another thing than what layer 2 ends in, in the same building.
            let domain = Part::Fabric(name(&format!("{datacenter}-l3")));
            match &entry.spec {
                Spec::Datacenter(Datacenter::L3 { subnet, .. }) => {
                    for device in Device::ALL {
                        for service in &l3_pops {
                            join(&Part::Service(*service), &Part::Device(datacenter.clone(), device));
                        }
                        join(&Part::Device(datacenter.clone(), device), &domain);
                    }
                    join(&domain, &Part::Destination(subnet.to_string()));
                }
                Spec::Extra(_) => {
                    let leaf = address.leaf();
                    let (kind, what) = leaf.split_once(' ').expect("two words");
                    let destination = if kind == "bgp" {
                        format!("what {what} in {datacenter} announces")
                    } else {
                        what.to_owned()
                    };
                    join(&domain, &Part::Destination(destination));
                }
                _ => {}
            }
        }
        for (from, to) in edges {
            graph.add_edge(from, to, ());
        }
        Self(graph)
    }

    /// The destinations that are reached without the parts that `is_lost`.
    fn reached(&self, is_lost: impl Fn(&Part) -> bool) -> BTreeSet<String> {
        let standing = self.0.filter_map(|_, part| (!is_lost(part)).then(|| part.clone()), |_, ()| Some(()));
        let Some(customer) = standing.node_indices().find(|at| standing[*at] == Part::Customer) else {
            return BTreeSet::new();
        };
        let reached =
            standing.node_indices().filter(|at| has_path_connecting(&standing, customer, *at, None));
        reached
            .filter_map(|at| match &standing[at] {
                Part::Destination(name) => Some(name.clone()),
                _ => None,
            })
            .collect()
    }
}

fn takes(loss: &Loss, part: &Part) -> bool {
    match (loss, part) {
        (Loss::Service { service }, Part::Service(at)) => service == at,
        (Loss::Pop { service }, Part::Pop(Err(at))) => service == at,
        (Loss::Location { location, .. }, Part::Pop(Ok(at))) => location == at,
        (Loss::Datacenter { datacenter }, Part::Fabric(at)) => {
            at == datacenter || at.as_str() == format!("{datacenter}-l3")
        }
        (Loss::Device { datacenter, device }, Part::Device(at, which)) => datacenter == at && device == which,
        _ => false,
    }
}

fn effect<'r>(vrack: &'r VrackReport, loss: &Loss, destination: &Destination) -> Option<&'r Effect> {
    let report = vrack.losses.iter().find(|report| same(&report.loss, loss))?;
    report.effects.iter().find(|effect| effect.destination == destination.name)
}

/// The same loss, whatever else is delivered at the PoP.
fn same(one: &Loss, other: &Loss) -> bool {
    match (one, other) {
        (Loss::Location { location: one, .. }, Loss::Location { location: other, .. }) => one == other,
        _ => one == other,
    }
}

proptest! {
    #[test]
    fn the_report_agrees_with_a_walk_through_the_graph((lab, locations) in labs()) {
        let report = assess(&lab.topology, &locations);
        let network = Network::new(&lab, &locations);
        let vrack = &report.vracks[0];
        let reachable: BTreeSet<String> = network.reached(|_| false);
        let claimed = vrack.destinations.iter().filter(|it| !it.paths.is_empty());
        prop_assert_eq!(claimed.map(|it| it.name.clone()).collect::<BTreeSet<_>>(), reachable, "nothing lost");
        for LossReportParts { loss, left } in left_after_each(vrack) {
            prop_assert_eq!(left, network.reached(|part| takes(&loss, part)), "{:?}", loss);
        }
    }

    #[test]
    fn over_a_locked_interface_no_path_leads((lab, locations) in labs()) {
        let whole = assess(&lab.topology, &locations);
        for service in whole.vracks[0].services.iter().map(|it| it.service) {
            let mut locked = lab.clone();
            let state = InterfaceState::Disabled;
            let address = Address::interface(lab.vrack.clone(), service, None);
            locked.put(address, Spec::Interface(Interface { state }));
            let report = assess(&locked.topology, &locations);
            for (before, now) in whole.vracks[0].destinations.iter().zip(&report.vracks[0].destinations) {
                let left: Vec<_> = before.paths.iter().filter(|path| path.service != service).collect();
                prop_assert_eq!(now.paths.iter().collect::<Vec<_>>(), left, "{}", now.name);
            }
        }
    }

    #[test]
    fn every_part_is_lost_once((lab, locations) in labs()) {
        let report = assess(&lab.topology, &locations);
        let network = Network::new(&lab, &locations);
        let losses: Vec<&Loss> = report.vracks[0].losses.iter().map(|report| &report.loss).collect();
        for part in network.0.node_weights() {
            let times = losses.iter().filter(|loss| takes(loss, part)).count();
            let expected = usize::from(!matches!(part, Part::Customer | Part::Destination(_)));
            prop_assert_eq!(times, expected, "{:?}", part);
        }
    }

    #[test]
    fn a_loss_takes_and_never_gives((lab, locations) in labs()) {
        for vrack in assess(&lab.topology, &locations).vracks {
            for report in &vrack.losses {
                for effect in &report.effects {
                    let whole = vrack.destinations.iter().find(|it| it.name == effect.destination);
                    let before: BTreeSet<_> = whole.expect("a destination").paths.iter().collect();
                    let after: BTreeSet<_> = effect.paths.iter().collect();
                    prop_assert!(after.is_subset(&before) && after.len() < before.len());
                    prop_assert_eq!(effect.fate == Fate::Reachable, !after.is_empty());
                }
            }
        }
    }

    #[test]
    fn another_service_makes_nothing_worse((lab, locations) in labs(), location in prop::option::of(0..2u8)) {
        let mut more = lab.clone();
        let mut there = locations.clone();
        let service = more.service(200, Layer::L3);
        there.extend(location.map(|at| (service, format!("pop-{at}"))));
        let (before, after) = (assess(&lab.topology, &locations), assess(&more.topology, &there));
        let (before, after) = (&before.vracks[0], &after.vracks[0]);
        let weak = |vrack: &VrackReport| -> BTreeSet<String> {
            vrack.without_second_path().iter().map(|it| it.name.clone()).collect()
        };
        prop_assert!(weak(after).is_subset(&weak(before)));
        for destination in &before.destinations {
            let now = after.destinations.iter().find(|it| it.name == destination.name).expect("still there");
            prop_assert!(destination.paths.iter().all(|path| now.paths.contains(path)));
            for report in &before.losses {
                let left = |vrack, destination: &Destination| match effect(vrack, &report.loss, destination) {
                    Some(effect) => effect.paths.iter().cloned().collect::<BTreeSet<_>>(),
                    None => destination.paths.iter().cloned().collect(),
                };
                prop_assert!(left(before, destination).is_subset(&left(after, now)), "{:?}", report.loss);
            }
        }
    }
}

struct LossReportParts {
    loss: Loss,
    /// The destinations that are reached after it.
    left: BTreeSet<String>,
}

fn left_after_each(vrack: &VrackReport) -> Vec<LossReportParts> {
    let after = |report: &whatif::LossReport| {
        let effects: BTreeMap<&str, Fate> =
            report.effects.iter().map(|effect| (effect.destination.as_str(), effect.fate)).collect();
        let stays = |it: &&Destination| match effects.get(it.name.as_str()) {
            Some(fate) => *fate == Fate::Reachable,
            None => !it.paths.is_empty(),
        };
        let left = vrack.destinations.iter().filter(stays).map(|it| it.name.clone()).collect();
        LossReportParts { loss: report.loss.clone(), left }
    };
    vrack.losses.iter().map(after).collect()
}
