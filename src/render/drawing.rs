//! The network as a drawing: customer routers, PoPs, the vRack, datacenters with their routes and peers.
//!
//! Here is where everything stands and what is written on it; `templates/drawing.svg` makes it SVG.

use std::collections::BTreeMap;

use serde::Serialize;

use super::estate::{Estate, Item, Mark, ServiceFacts};
use super::words::clip;
use crate::diff::Action;
use crate::topology::{
    Datacenter, DatacenterName, DatacenterPart, Extra, Interface, InterfaceState, Node, Pop, ServiceId,
    ServicePart, Spec, VrackName,
};

/// The width of every drawing, in pixels.
pub const WIDTH: i32 = 1080;
/// Where the columns begin, and how wide they are.
const ROUTER: (i32, i32) = (16, 196);
const POP: (i32, i32) = (352, 232);
const BUS: (i32, i32) = (648, 44);
const DATACENTER: (i32, i32) = (756, 308);
/// Above the first card and below the last.
const MARGIN: i32 = 44;
const GAP: i32 = 22;
const CARD: i32 = 74;
const DATACENTER_HEAD: i32 = 56;
const ROW: i32 = 22;
/// How many routes and peers of a datacenter are drawn one by one; all are in the list of changes.
const ROWS: usize = 12;

/// One vRack, drawn.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Drawing {
    /// The vRack.
    pub vrack: String,
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
    /// What is to be seen, for those who cannot see it.
    pub description: String,
    /// The words above the columns.
    pub columns: Vec<Text>,
    /// The bar in the middle, which is the vRack.
    pub bus: Bus,
    /// Lines between the cards.
    pub links: Vec<Link>,
    /// What stands at the ends of the lines.
    pub cards: Vec<Card>,
}

/// Something that is written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Text {
    /// Where it begins, or ends, or its middle.
    pub x: i32,
    /// Its base line.
    pub y: i32,
    /// How it looks.
    pub class: &'static str,
    /// `start`, `middle` or `end`.
    pub anchor: &'static str,
    /// What it says.
    pub text: String,
}

/// The vRack itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Bus {
    /// The left edge.
    pub x: i32,
    /// The upper edge.
    pub y: i32,
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
}

/// A line between two cards.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Link {
    /// The path, as SVG writes it.
    pub path: String,
    /// What becomes of it.
    pub mark: &'static str,
    /// Whether frames cross it rather than packets.
    pub layer_2: bool,
    /// What is written at it.
    pub texts: Vec<Text>,
    /// The sign on it.
    pub badge: Option<Badge>,
}

/// A box with a few lines.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Card {
    /// The left edge.
    pub x: i32,
    /// The upper edge.
    pub y: i32,
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
    /// What it stands for: `router`, `pop`, `datacenter`, `row`.
    pub kind: &'static str,
    /// What becomes of it.
    pub mark: &'static str,
    /// What is written on it.
    pub texts: Vec<Text>,
    /// The sign at its corner.
    pub badge: Option<Badge>,
    /// All that there is to say of it in a line.
    pub title: String,
    /// The change it shows, as a position in the plan.
    pub change: Option<usize>,
}

/// The sign of a change, told by its shape, its glyph and its colour.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Badge {
    /// The middle.
    pub x: i32,
    /// The middle.
    pub y: i32,
    /// What becomes of what it stands at.
    pub mark: &'static str,
}

/// The word for what becomes of something, as style sheets know it.
#[must_use]
pub const fn class_of(mark: Mark) -> &'static str {
    match mark {
        Mark::Kept => "kept",
        Mark::Unmanaged => "unmanaged",
        Mark::Changed(Action::Create) => "create",
        Mark::Changed(Action::Delete) => "delete",
        Mark::Changed(Action::Replace) => "replace",
        Mark::Changed(Action::Update) => "update",
        Mark::Changed(Action::Wait) => "wait",
    }
}

/// What becomes of something, in a word for a person.
const fn fate(mark: Mark) -> &'static str {
    match mark {
        Mark::Kept => "unchanged",
        Mark::Unmanaged => "unmanaged, left alone",
        Mark::Changed(Action::Create) => "to be created",
        Mark::Changed(Action::Delete) => "to be deleted",
        Mark::Changed(Action::Replace) => "to be replaced",
        Mark::Changed(Action::Update) => "to be updated",
        Mark::Changed(Action::Wait) => "waited for",
    }
}

fn badge(mark: Mark, x: i32, y: i32) -> Option<Badge> {
    matches!(mark, Mark::Changed(_)).then(|| Badge { x, y, mark: class_of(mark) })
}

fn text(x: i32, y: i32, class: &'static str, text: impl Into<String>) -> Text {
    Text { x, y, class, anchor: "start", text: text.into() }
}

fn anchored(x: i32, y: i32, class: &'static str, anchor: &'static str, text: impl Into<String>) -> Text {
    Text { x, y, class, anchor, text: text.into() }
}

/// A service with what is configured of it. Where it is there twice, what is drawn is what stays.
#[derive(Default)]
struct Service<'e> {
    membership: Option<&'e Item<'e>>,
    interfaces: Vec<(Option<u64>, &'e Item<'e>)>,
    pop: Option<&'e Item<'e>>,
    l2: Vec<(&'e DatacenterName, &'e Item<'e>)>,
}

impl Service<'_> {
    /// The interface of the PoP, and whether it is, or will be, locked.
    fn shown_interface(&self, id: Option<u64>) -> Option<String> {
        let declared = self.interfaces.iter().find(|(of, _)| of.is_none() || *of == id);
        let state = match declared.and_then(|(_, item)| item.spec()) {
            Some(Spec::Interface(Interface { state: InterfaceState::Disabled })) => " locked",
            _ => "",
        };
        match id {
            Some(id) => Some(format!("if {id}{state}")),
            None => (!state.is_empty()).then(|| format!("if{state}")),
        }
    }

    fn is_layer_2(&self) -> bool {
        matches!(self.pop.and_then(Item::spec), Some(Spec::Pop(Pop::L2 { .. })))
    }
}

/// A datacenter with what is in it.
#[derive(Default)]
struct Site<'e> {
    config: Option<&'e Item<'e>>,
    extras: Vec<&'e Item<'e>>,
}

/// Draws one vRack.
#[must_use]
pub fn draw(estate: &Estate<'_>, vrack: &VrackName) -> Drawing {
    let mut services: BTreeMap<ServiceId, Service<'_>> = BTreeMap::new();
    let mut sites: BTreeMap<&DatacenterName, Site<'_>> = BTreeMap::new();
    let items = estate.vracks.get(vrack).map_or(&[][..], Vec::as_slice);
    for item in items {
        match &item.address.node {
            Node::Vrack => {}
            Node::Service(id, part) => {
                let service = services.entry(*id).or_default();
                match part {
                    ServicePart::Membership => service.membership = service.membership.or(Some(item)),
                    ServicePart::Interface(id) => service.interfaces.push((*id, item)),
                    ServicePart::Pop => service.pop = service.pop.or(Some(item)),
                    ServicePart::L2Datacenter(name) => service.l2.push((name, item)),
                }
            }
            Node::Datacenter(name, part) => {
                let site = sites.entry(name).or_default();
                match part {
                    DatacenterPart::Config => site.config = site.config.or(Some(item)),
                    DatacenterPart::Network(_) | DatacenterPart::Bgp(_) => site.extras.push(item),
                }
            }
        }
    }
    let mut canvas = Canvas::new(vrack, estate);
    let (layer_2, layer_3): (Vec<_>, Vec<_>) = services.iter().partition(|(_, it)| it.is_layer_2());
    let sites: Vec<_> = sites.iter().map(|(name, site)| (*name, site, Rows::of(&site.extras))).collect();
    let left = stacked(layer_3.iter().map(|_| CARD));
    let right = stacked(sites.iter().map(|(.., rows)| rows.height()));
    let tall = left.max(right);
    let mut y = MARGIN + (tall - left) / 2;
    for (id, service) in layer_3 {
        canvas.service(*id, service, y);
        y += CARD + GAP;
    }
    let mut y = MARGIN + (tall - right) / 2;
    for (name, site, rows) in &sites {
        canvas.site(name, site, rows, y);
        y += rows.height() + GAP;
    }
    let mut bottom = MARGIN + tall;
    // A layer 2 service passes through the vRack to its own datacenter: below what is shared.
    for (id, service) in layer_2 {
        let y = if bottom > MARGIN { bottom + GAP } else { bottom };
        canvas.service(*id, service, y);
        bottom = canvas.layer_2(service, y);
    }
    canvas.finish(bottom, items)
}

fn stacked(heights: impl Iterator<Item = i32>) -> i32 {
    heights.reduce(|total, height| total + GAP + height).unwrap_or(0)
}

struct Canvas<'e, 'a> {
    vrack: String,
    estate: &'e Estate<'a>,
    links: Vec<Link>,
    cards: Vec<Card>,
}

impl<'e, 'a> Canvas<'e, 'a> {
    fn new(vrack: &VrackName, estate: &'e Estate<'a>) -> Self {
        Self { vrack: vrack.to_string(), estate, links: Vec::new(), cards: Vec::new() }
    }

    /// A service: the customer's router, the session, the PoP, and the place in the vRack.
    fn service(&mut self, id: ServiceId, service: &Service<'_>, y: i32) {
        let facts = self.estate.services.get(&id).cloned().unwrap_or_default();
        let middle = y + CARD / 2;
        let mark = service.pop.map_or(Mark::Kept, |item| item.mark);
        if let Some(item) = service.pop {
            self.router(item, y);
            self.session(item, middle);
        }
        self.pop(id, service, &facts, y);
        let membership = service.membership.map_or(Mark::Kept, |item| item.mark);
        let (from, to) = (POP.0 + POP.1, BUS.0);
        if !service.is_layer_2() {
            self.links.push(Link {
                path: format!("M{from} {middle}H{to}"),
                mark: class_of(service.membership.map_or(mark, |_| membership)),
                layer_2: false,
                texts: Vec::new(),
                badge: badge(membership, (from + to) / 2, middle),
            });
        }
    }

    fn router(&mut self, item: &Item<'_>, y: i32) {
        let (x, width) = ROUTER;
        let (name, lines) = match item.spec() {
            Some(Spec::Pop(Pop::L3 { customer_bgp_area, subnet, .. })) => {
                let address = subnet.hosts().nth(1).map(|it| it.to_string()).unwrap_or_default();
                ("Customer router", [format!("AS {customer_bgp_area}"), address])
            }
            _ => ("Customer network", ["layer 2".to_owned(), "frames, no addresses".to_owned()]),
        };
        let [first, second] = lines;
        self.cards.push(Card {
            x,
            y,
            width,
            height: CARD,
            kind: "router",
            mark: "kept",
            texts: vec![
                text(x + 16, y + 25, "name", name),
                text(x + 16, y + 44, "mono", first),
                text(x + 16, y + 61, "mono soft", second),
            ],
            badge: None,
            title: name.to_owned(),
            change: None,
        });
    }

    /// The line between the customer's router and OVHcloud's, with its prefix.
    fn session(&mut self, item: &Item<'_>, middle: i32) {
        let (from, to) = (ROUTER.0 + ROUTER.1, POP.0);
        let centre = (from + to) / 2;
        let prefix = |spec: Option<&Spec>| match spec {
            Some(Spec::Pop(Pop::L3 { subnet, .. })) => Some(subnet.to_string()),
            _ => None,
        };
        let (old, new) = (prefix(item.before.as_deref()), prefix(item.after.as_deref()));
        let mut texts = Vec::new();
        let shown = new.clone().or_else(|| old.clone());
        if let Some(shown) = shown {
            texts.push(anchored(centre, middle - 9, "mono", "middle", shown));
            let session = anchored(centre, middle + 19, "soft small", "middle", "eBGP");
            match old.filter(|old| new.as_ref().is_some_and(|new| new != old)) {
                Some(old) => {
                    texts.push(anchored(
                        centre,
                        middle + 19,
                        "mono soft small",
                        "middle",
                        format!("was {old}"),
                    ));
                }
                None => texts.push(session),
            }
        }
        self.links.push(Link {
            path: format!("M{from} {middle}H{to}"),
            mark: class_of(item.mark),
            layer_2: matches!(item.spec(), Some(Spec::Pop(Pop::L2 { .. }))),
            texts,
            badge: None,
        });
    }

    fn pop(&mut self, id: ServiceId, service: &Service<'_>, facts: &ServiceFacts, y: i32) {
        let (x, width) = POP;
        let short: String = id.to_string().chars().take(8).collect();
        let ServiceFacts { description, delivered, bandwidth } = facts;
        let (mark, kind, mut details) = match service.pop {
            Some(item) => match item.spec() {
                Some(Spec::Pop(Pop::L3 { ovh_bgp_area, interface_id, .. })) => {
                    let asn =
                        ovh_bgp_area.map_or_else(|| "AS assigned".to_owned(), |asn| format!("AS {asn}"));
                    (item.mark, "l3", vec![Some(asn), service.shown_interface(*interface_id)])
                }
                Some(Spec::Pop(Pop::L2 { interface_id })) => {
                    (item.mark, "l2", vec![service.shown_interface(*interface_id)])
                }
                _ => (item.mark, "", Vec::new()),
            },
            None => {
                let mark = service.membership.map_or(Mark::Kept, |item| item.mark);
                (mark, "", vec![Some("no PoP configuration".to_owned())])
            }
        };
        details.extend([bandwidth.clone()]);
        let details: Vec<String> = details.into_iter().flatten().collect();
        // A PoP that stays as it is on an interface that changes is shown as what changes.
        let switched = service.interfaces.iter().map(|(_, item)| *item).find(|item| item.mark != Mark::Kept);
        let mark = if mark == Mark::Kept { switched.map_or(mark, |item| item.mark) } else { mark };
        let place = delivered.as_deref().map_or_else(|| "PoP".to_owned(), |place| format!("PoP {place}"));
        let change = service.pop.or(service.membership).and_then(|item| item.change);
        let change = change.or(switched.and_then(|item| item.change));
        self.cards.push(Card {
            x,
            y,
            width,
            height: CARD,
            kind: "pop",
            mark: class_of(mark),
            texts: vec![
                text(x + 18, y + 25, "name", clip(&place, 14)),
                anchored(x + width - 14, y + 25, "tag", "end", [short.as_str(), kind].join(" ").trim_end()),
                text(x + 18, y + 44, "label", clip(description, 30)),
                text(x + 18, y + 61, "mono soft small", clip(&details.join(" · "), 32)),
            ],
            badge: service.pop.or(switched).and_then(|_| badge(mark, x, y)),
            title: format!("PoP of service {id}: {}", fate(mark)),
            change,
        });
    }

    fn site(&mut self, name: &DatacenterName, site: &Site<'_>, rows: &Rows<'_>, y: i32) {
        let (x, width) = DATACENTER;
        let mark = site.config.map_or(Mark::Kept, |item| item.mark);
        let has_peers =
            site.extras.iter().any(|item| matches!(item.spec(), Some(Spec::Extra(Extra::Bgp { .. }))));
        let (asn, subnet) = match site.config.and_then(Item::spec) {
            Some(Spec::Datacenter(Datacenter::L3 { ovh_bgp_area, subnet })) => (
                ovh_bgp_area.map_or_else(|| "AS assigned".to_owned(), |asn| format!("AS {asn}")),
                format!("{subnet}{}", if has_peers { " · BGP" } else { " · VRRP" }),
            ),
            _ => (String::new(), String::new()),
        };
        self.links.push(Link {
            path: format!("M{} {1}H{x}", BUS.0 + BUS.1, y + DATACENTER_HEAD / 2),
            mark: class_of(mark),
            layer_2: false,
            texts: Vec::new(),
            badge: None,
        });
        self.cards.push(Card {
            x,
            y,
            width,
            height: rows.height(),
            kind: "datacenter",
            mark: class_of(mark),
            texts: vec![
                text(x + 18, y + 24, "name", clip(name.as_str(), 22)),
                anchored(x + width - 14, y + 24, "mono soft small", "end", asn),
                text(x + 18, y + 43, "mono", subnet),
            ],
            badge: badge(mark, x, y),
            title: format!("Datacenter {name}: {}", fate(mark)),
            change: site.config.and_then(|item| item.change),
        });
        let mut y = y + DATACENTER_HEAD;
        for item in &rows.shown {
            self.cards.push(row(item, y));
            y += ROW;
        }
        for folded in &rows.folded {
            self.cards.push(Card {
                x: x + 8,
                y,
                width: width - 16,
                height: ROW,
                kind: "row",
                mark: "kept",
                texts: vec![text(x + 34, y + 15, "soft small", folded.clone())],
                badge: None,
                title: folded.clone(),
                change: None,
            });
            y += ROW;
        }
    }

    /// The datacenters an l2 service ends in, beside it. Returns where they end.
    fn layer_2(&mut self, service: &Service<'_>, y: i32) -> i32 {
        let (x, width) = DATACENTER;
        let from = POP.0 + POP.1;
        let mut top = y;
        let membership = service.membership.map_or(Mark::Kept, |item| item.mark);
        for (at, (name, item)) in service.l2.iter().enumerate() {
            let middle = top + CARD / 2;
            let start = y + CARD / 2;
            let bend = BUS.0 + BUS.1;
            self.links.push(Link {
                path: format!("M{from} {start}H{bend}C{0} {start} {0} {middle} {x} {middle}", (bend + x) / 2),
                mark: class_of(item.mark),
                layer_2: true,
                texts: Vec::new(),
                badge: (at == 0).then(|| badge(membership, (from + BUS.0) / 2, start)).flatten(),
            });
            self.cards.push(Card {
                x,
                y: top,
                width,
                height: CARD,
                kind: "datacenter",
                mark: class_of(item.mark),
                texts: vec![
                    text(x + 18, top + 25, "name", clip(name.as_str(), 22)),
                    anchored(x + width - 14, top + 25, "tag", "end", "l2"),
                    text(x + 18, top + 47, "soft small", "end of the layer 2 service"),
                ],
                badge: badge(item.mark, x, top),
                title: format!("Datacenter {name}, layer 2: {}", fate(item.mark)),
                change: item.change,
            });
            top += CARD + GAP;
        }
        (top - GAP).max(y + CARD)
    }

    fn finish(self, bottom: i32, items: &[Item<'_>]) -> Drawing {
        let height = bottom.max(MARGIN + CARD) + 20;
        let column =
            |(x, width): (i32, i32), words: &str| anchored(x + width / 2, 20, "column", "middle", words);
        let mut marks: BTreeMap<&str, usize> = BTreeMap::new();
        for item in items {
            *marks.entry(fate(item.mark)).or_default() += 1;
        }
        let counted: Vec<String> = marks.iter().map(|(fate, count)| format!("{count} {fate}")).collect();
        let description = if counted.is_empty() {
            format!("Nothing is configured in vRack {}.", self.vrack)
        } else {
            format!(
                "Customer routers on the left, PoPs, the vRack, and its datacenters with their routes and peers on the right. Configurations: {}.",
                counted.join(", ")
            )
        };
        Drawing {
            vrack: self.vrack,
            width: WIDTH,
            height,
            description,
            columns: vec![
                column(ROUTER, "Customer"),
                column(POP, "OVHcloud PoP"),
                column(BUS, "vRack"),
                column(DATACENTER, "Datacenters"),
            ],
            bus: Bus { x: BUS.0, y: MARGIN - 12, width: BUS.1, height: height - MARGIN + 4 },
            links: self.links,
            cards: self.cards,
        }
    }
}

/// The routes and peers of a datacenter: those that are drawn, and words for the others.
struct Rows<'e> {
    shown: Vec<&'e Item<'e>>,
    folded: Vec<String>,
}

impl<'e> Rows<'e> {
    fn of(extras: &[&'e Item<'e>]) -> Self {
        if extras.len() <= ROWS {
            return Self { shown: extras.to_vec(), folded: Vec::new() };
        }
        let (kept, changed): (Vec<_>, Vec<_>) =
            extras.iter().copied().partition(|item| !matches!(item.mark, Mark::Changed(_)));
        let mut folded = Vec::new();
        if let Some(more) = changed.len().checked_sub(ROWS).filter(|more| *more > 0) {
            folded.push(format!("{more} more that change"));
        }
        if !kept.is_empty() {
            folded.push(format!("{} unchanged", kept.len()));
        }
        Self { shown: changed.into_iter().take(ROWS).collect(), folded }
    }

    fn height(&self) -> i32 {
        let rows = i32::try_from(self.shown.len() + self.folded.len()).unwrap_or(i32::MAX / ROW / 2);
        if rows == 0 { DATACENTER_HEAD } else { DATACENTER_HEAD + rows * ROW + 8 }
    }
}

/// A route or a peer.
fn row(item: &Item<'_>, y: i32) -> Card {
    let (x, width) = (DATACENTER.0 + 8, DATACENTER.1 - 16);
    let words = match (&item.address.node, item.spec()) {
        (
            Node::Datacenter(_, DatacenterPart::Network(prefix)),
            Some(Spec::Extra(Extra::Network { next_hop })),
        ) => {
            format!("{prefix} via {next_hop}")
        }
        (
            Node::Datacenter(_, DatacenterPart::Bgp(peer)),
            Some(Spec::Extra(Extra::Bgp { bgp_neighbor_area })),
        ) => {
            format!("peer {peer} AS {bgp_neighbor_area}")
        }
        _ => item.address.leaf(),
    };
    Card {
        x,
        y,
        width,
        height: ROW,
        kind: "row",
        mark: class_of(item.mark),
        texts: vec![text(x + 26, y + 15, "mono small", clip(&words, 38))],
        badge: badge(item.mark, x + 12, y + ROW / 2),
        title: format!("{}: {}", item.address.leaf(), fate(item.mark)),
        change: item.change,
    }
}
