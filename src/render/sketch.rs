//! Graphs for the tools that draw graphs: the topology, or the order of a plan, as Graphviz and Mermaid
//! write them.

use std::fmt::Write as _;

use super::drawing::class_of;
use super::estate::{Estate, Item, Mark};
use super::json::Call;
use super::words::{self, ShortNames};
use crate::plan::Plan;
use crate::topology::{Address, DatacenterPart, Extra, Node, Pop, ServicePart, Spec, VrackName};

/// Nodes in groups, and edges.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sketch {
    groups: Vec<Group>,
    edges: Vec<Edge>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Group {
    label: String,
    nodes: Vec<Point>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Point {
    id: String,
    lines: Vec<String>,
    is_round: bool,
    class: &'static str,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Edge {
    from: String,
    to: String,
    label: Option<String>,
}

/// The classes that have a colour, and their fill and line.
const COLOURS: [(&str, &str, &str); 5] = [
    ("create", "#d9f2e3", "#12723f"),
    ("delete", "#fbdedb", "#b3261e"),
    ("replace", "#e9ddfb", "#6b35b8"),
    ("update", "#fbeac7", "#8a5a00"),
    ("wait", "#d8edf6", "#0b6585"),
];

/// The order of a plan: its steps, and what waits for what.
#[must_use]
pub fn order(plan: &Plan) -> Sketch {
    let names = ShortNames::of(plan);
    let mut sketch = Sketch::default();
    for (id, step) in plan.steps() {
        let class = match Call::of(&step.operation) {
            Call::Attach | Call::Create => "create",
            Call::Detach | Call::Delete => "delete",
            Call::Describe | Call::Lock | Call::Unlock => "update",
            Call::Wait => "wait",
        };
        let lines = vec![format!("{} {}", id.0 + 1, words::step(step, &names))];
        let point = Point { id: format!("s{}", id.0 + 1), lines, is_round: false, class };
        sketch.group(&step.address.vrack).nodes.push(point);
    }
    for edge in &plan.edges {
        sketch.edges.push(Edge {
            from: format!("s{}", edge.before.0 + 1),
            to: format!("s{}", edge.after.0 + 1),
            label: Some(edge.because.to_string()),
        });
    }
    sketch
}

/// A topology, or live state and what a plan makes of it.
#[must_use]
pub fn network(estate: &Estate<'_>) -> Sketch {
    let mut sketch = Sketch::default();
    for (vrack, items) in &estate.vracks {
        let hub = format!("v{}", sketch.groups.len());
        let lines = vec![format!("vRack {vrack}")];
        sketch.group(vrack).nodes.push(Point { id: hub.clone(), lines, is_round: true, class: "kept" });
        for (number, item) in items.iter().enumerate() {
            sketch.item(estate, &hub, number, item, items);
        }
    }
    sketch
}

impl Sketch {
    fn group(&mut self, vrack: &VrackName) -> &mut Group {
        let label = format!("vRack {vrack}");
        let at = self.groups.iter().rposition(|group| group.label == label).unwrap_or_else(|| {
            self.groups.push(Group { label, nodes: Vec::new() });
            self.groups.len() - 1
        });
        &mut self.groups[at]
    }

    fn item(&mut self, estate: &Estate<'_>, hub: &str, number: usize, item: &Item<'_>, items: &[Item<'_>]) {
        let id_of = |address: &Address| {
            items.iter().position(|other| other.address == *address).map(|at| format!("{hub}_{at}"))
        };
        let id = format!("{hub}_{number}");
        let class = match item.mark {
            Mark::Changed(_) => class_of(item.mark),
            Mark::Kept | Mark::Unmanaged => "kept",
        };
        let mut edge = |from: &str, to: &str, label: Option<String>| {
            self.edges.push(Edge { from: from.to_owned(), to: to.to_owned(), label });
        };
        let mut lines = vec![item.address.leaf()];
        let mut router = None;
        match (&item.address.node, item.spec()) {
            (Node::Service(service, ServicePart::Membership), _) => {
                let facts = estate.services.get(service);
                lines.extend(facts.map(|it| it.description.clone()).filter(|text| !text.is_empty()));
                edge(&id, hub, None);
            }
            (Node::Service(_, ServicePart::Interface(_)), spec) => {
                let fields = spec.into_iter().flat_map(Spec::fields);
                lines.extend(fields.map(|(field, value)| format!("{field} {value}")));
                let parent = item.address.parent().and_then(|at| id_of(&at));
                edge(&id, parent.as_deref().unwrap_or(hub), None);
            }
            (Node::Service(..), Some(Spec::Pop(pop))) => {
                let (words, label) = match pop {
                    Pop::L2 { .. } => ("layer 2".to_owned(), None),
                    Pop::L3 { customer_bgp_area, ovh_bgp_area, subnet, .. } => {
                        let asn = ovh_bgp_area.map_or("assigned".to_owned(), |asn| asn.to_string());
                        router = Some(format!("AS {customer_bgp_area}"));
                        (format!("layer 3, AS {asn}"), Some(subnet.to_string()))
                    }
                };
                lines.push(words);
                let customer = format!("{id}c");
                edge(&customer, &id, label);
                let parent = item.address.parent().and_then(|at| id_of(&at));
                edge(&id, parent.as_deref().unwrap_or(hub), None);
                let router = std::iter::once("customer router".to_owned()).chain(router);
                let point = Point { id: customer, lines: router.collect(), is_round: true, class: "kept" };
                self.group(&item.address.vrack).nodes.push(point);
            }
            (Node::Service(_, ServicePart::L2Datacenter(_)), _) => {
                let parent = item.address.parent().and_then(|at| id_of(&at));
                edge(parent.as_deref().unwrap_or(hub), &id, Some("layer 2".to_owned()));
            }
            (Node::Datacenter(_, DatacenterPart::Config), spec) => {
                lines.extend(
                    spec.into_iter().flat_map(Spec::fields).map(|(field, value)| format!("{field} {value}")),
                );
                edge(hub, &id, None);
            }
            (Node::Datacenter(..), spec) => {
                lines.extend(match spec {
                    Some(Spec::Extra(Extra::Network { next_hop })) => Some(format!("via {next_hop}")),
                    Some(Spec::Extra(Extra::Bgp { bgp_neighbor_area })) => {
                        Some(format!("AS {bgp_neighbor_area}"))
                    }
                    _ => None,
                });
                let parent = item.address.parent().and_then(|at| id_of(&at));
                edge(parent.as_deref().unwrap_or(hub), &id, None);
            }
            (Node::Vrack | Node::Service(..), _) => {}
        }
        self.group(&item.address.vrack).nodes.push(Point { id, lines, is_round: false, class });
    }

    /// How many edges there are: some who draw Mermaid refuse many.
    #[must_use]
    pub fn size(&self) -> usize {
        self.edges.len()
    }

    /// The graph for Graphviz.
    #[must_use]
    pub fn dot(&self) -> String {
        let mut out = "digraph ovhconnect {\n  rankdir=LR\n  node [shape=box style=\"rounded,filled\" fillcolor=white fontname=sans]\n  edge [fontname=sans fontsize=10]\n".to_owned();
        for (number, Group { label, nodes }) in self.groups.iter().enumerate() {
            let _ = writeln!(out, "  subgraph cluster_{number} {{\n    label=\"{}\"", in_dot(label));
            for Point { id, lines, is_round, class } in nodes {
                let label: Vec<String> = lines.iter().map(|line| in_dot(line)).collect();
                let shape = if *is_round { " shape=ellipse style=filled" } else { "" };
                let colour = COLOURS.iter().find(|(name, ..)| name == class);
                let colour = colour.map(|(_, fill, line)| format!(" fillcolor=\"{fill}\" color=\"{line}\""));
                let _ = writeln!(
                    out,
                    "    {id} [label=\"{}\"{shape}{}]",
                    label.join("\\n"),
                    colour.unwrap_or_default()
                );
            }
            out.push_str("  }\n");
        }
        for Edge { from, to, label } in &self.edges {
            let label = label.as_ref().map(|label| format!(" [label=\"{}\"]", in_dot(label)));
            let _ = writeln!(out, "  {from} -> {to}{}", label.unwrap_or_default());
        }
        out.push_str("}\n");
        out
    }

    /// The graph for Mermaid.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut out = "flowchart LR\n".to_owned();
        for (number, Group { label, nodes }) in self.groups.iter().enumerate() {
            let _ = writeln!(out, "  subgraph g{number}[\"{}\"]", in_mermaid(label));
            for Point { id, lines, is_round, class: _ } in nodes {
                let label: Vec<String> = lines.iter().map(|line| in_mermaid(line)).collect();
                let label = label.join("<br/>");
                let _ = if *is_round {
                    writeln!(out, "    {id}([\"{label}\"])")
                } else {
                    writeln!(out, "    {id}[\"{label}\"]")
                };
            }
            out.push_str("  end\n");
        }
        for Edge { from, to, label } in &self.edges {
            let label = label.as_ref().map(|label| format!("|\"{}\"|", in_mermaid(label)));
            let _ = writeln!(out, "  {from} -->{} {to}", label.unwrap_or_default());
        }
        for (class, fill, line) in COLOURS {
            let points =
                self.groups.iter().flat_map(|group| &group.nodes).filter(|point| point.class == class);
            let ids: Vec<&str> = points.map(|point| point.id.as_str()).collect();
            if !ids.is_empty() {
                let _ = writeln!(out, "  classDef {class} fill:{fill},stroke:{line},color:#111");
                let _ = writeln!(out, "  class {} {class}", ids.join(","));
            }
        }
        out
    }

    /// The same without words at the edges.
    #[must_use]
    pub fn without_reasons(mut self) -> Self {
        self.edges.iter_mut().for_each(|edge| edge.label = None);
        self
    }
}

/// Text in a quoted string of Graphviz.
fn in_dot(text: &str) -> String {
    let printable = text.chars().map(|it| if it.is_control() { ' ' } else { it });
    printable.collect::<String>().replace('\\', "\\\\").replace('"', "\\\"")
}

/// Text in a quoted string of Mermaid, where nothing but plain words is safe.
fn in_mermaid(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            _ if character.is_alphanumeric() || " .,:/()-+".contains(character) => out.push(character),
            _ if character.is_control() => out.push(' '),
            _ => {
                let _ = write!(out, "#{};", u32::from(character));
            }
        }
    }
    out
}
