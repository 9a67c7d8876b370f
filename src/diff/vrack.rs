//! The comparison of one vRack.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Change, Goal, Reason, concrete};
use crate::diagnostic::Diagnostic;
use crate::live::{ConfigId, Live, LiveConfig, LiveService, Residents, Status};
use crate::topology::rules::live as rules;
use crate::topology::{
    Address, Asn, Datacenter, DatacenterName, DatacenterPart, Declaration, Extra, Field, Manage, Membership,
    Node, Pop, ServiceId, Spec, Topology, VrackName,
};

/// What becomes of the configuration at an address, for what stands in it.
#[derive(Clone, Debug)]
enum Fate {
    /// It is there and remains.
    Stays(ConfigId),
    /// It is there, goes, and comes back.
    Replaced(Option<ConfigId>),
    /// It goes for good, or was never there.
    Gone,
    /// It is made.
    New,
}

/// Compares one vRack; the results are its fields.
pub(super) struct VrackDiff<'a> {
    pub(super) topology: &'a Topology,
    pub(super) live: &'a Live,
    homes: &'a BTreeMap<ServiceId, VrackName>,
    pub(super) residents: &'a Residents<'a>,
    goal: Goal,
    pub(super) vrack: &'a VrackName,
    pub(super) manage: Manage,
    pub(super) changes: Vec<Change>,
    pub(super) unmanaged: Vec<Address>,
    pub(super) unchanged: usize,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'a> VrackDiff<'a> {
    pub(super) fn new(
        topology: &'a Topology,
        live: &'a Live,
        homes: &'a BTreeMap<ServiceId, VrackName>,
        residents: &'a Residents<'a>,
        goal: Goal,
        vrack: &'a VrackName,
        manage: Manage,
    ) -> Self {
        Self {
            topology,
            live,
            homes,
            residents,
            goal,
            vrack,
            manage,
            changes: Vec::new(),
            unmanaged: Vec::new(),
            unchanged: 0,
            diagnostics: Vec::new(),
        }
    }

    pub(super) fn run(&mut self) {
        let declared = self.declared_addresses();
        let services: BTreeSet<ServiceId> = declared
            .iter()
            .filter_map(|at| at.service())
            .chain(self.residents.of(self.vrack).iter().copied())
            .chain(self.live.entering(self.vrack))
            .collect();
        for service in services {
            self.service(service);
        }
        let live = self.live.in_vrack(self.vrack).map(|(at, _)| at);
        let datacenters: BTreeSet<&DatacenterName> = declared
            .into_iter()
            .chain(live)
            .filter_map(|at| match &at.node {
                Node::Datacenter(name, _) => Some(name),
                Node::Vrack | Node::Service(..) => None,
            })
            .collect();
        for name in datacenters {
            self.datacenter(name);
        }
        self.look_in_the_way();
    }

    /// Every address of this vRack that the topology speaks of, whatever the goal.
    fn declared_addresses(&self) -> Vec<&'a Address> {
        let first = Address::vrack(self.vrack.clone());
        self.topology
            .entries
            .range(first..)
            .map(|(at, _)| at)
            .take_while(|at| at.vrack == *self.vrack)
            .collect()
    }

    /// What shall stand at an address.
    fn desired(&self, address: &Address) -> Option<&'a Declaration> {
        match self.goal {
            Goal::Apply => self.topology.entries.get(address),
            Goal::Destroy => None,
        }
    }

    /// What stands at an address and will not vanish by itself with what it stands in.
    fn standing(&self, address: &Address) -> &'a [LiveConfig] {
        self.live.configs.get(address).map_or(&[], Vec::as_slice)
    }

    /// Whether `address` is declared, or its vRack is managed as a whole.
    fn is_managed(&self, address: &Address) -> bool {
        self.manage == Manage::All || self.topology.entries.contains_key(address)
    }

    fn not_declared(&self) -> Reason {
        match self.goal {
            Goal::Apply => Reason::NotDeclared,
            Goal::Destroy => Reason::Destroy,
        }
    }

    fn service(&mut self, service: ServiceId) {
        let address = Address::membership(self.vrack.clone(), service);
        let moves_to = self.homes.get(&service).filter(|home| *home != self.vrack);
        if !self.is_managed(&address) && moves_to.is_none() {
            self.unmanaged.push(address);
            return;
        }
        let Some(live) = self.live.services.get(&service) else { return };
        let why_gone =
            moves_to.map_or_else(|| self.not_declared(), |vrack| Reason::MovesTo { vrack: vrack.clone() });
        self.membership(&address, live, why_gone.clone());
        self.interfaces(service);
        let fate = self.pop(service, live, why_gone);
        self.l2_datacenters(service, &fate);
    }

    /// A service that an unfinished task of the vRack moves is being deleted there if it is in it, and
    /// being created if it is in none: the API publishes no names of such tasks to tell them by.
    fn membership(&mut self, address: &Address, live: &'a LiveService, why_gone: Reason) {
        let is_member = live.vrack.as_ref() == Some(self.vrack);
        let task = address.service().and_then(|service| self.live.move_of(self.vrack, service));
        let status = match (is_member, task) {
            (true, None) => Some(Status::Active),
            (true, Some(_)) => Some(Status::Deleting),
            (false, Some(_)) if live.vrack.is_none() => Some(Status::Creating),
            (false, _) => None,
        };
        let spec = Spec::Membership(Membership { description: Some(live.description.clone()) });
        let before = |status| LiveConfig { spec: spec.clone(), status, id: ConfigId::Member };
        let (action, reason) = match (self.desired(address), status) {
            (None, None) => return,
            (None, Some(Status::Deleting)) => (Action::Wait, Reason::BeingDeleted),
            (None, Some(_)) => (Action::Delete, why_gone),
            (Some(declared), Some(Status::Active)) => {
                if declared.spec.differing_fields(&spec).is_empty() {
                    self.unchanged += 1;
                    return;
                }
                (Action::Update, Reason::Differs)
            }
            (Some(_), Some(Status::Creating | Status::Stuck)) => (Action::Wait, Reason::BeingCreated),
            (Some(_), Some(Status::Deleting)) => (Action::Create, Reason::BeingDeleted),
            (Some(_), None) => {
                let from = address.service().and_then(|service| self.found_in(service, live));
                let reason = from.map_or(Reason::Missing, |vrack| Reason::MovesFrom { vrack: vrack.clone() });
                (Action::Create, reason)
            }
        };
        let declared = self.desired(address);
        if let (Action::Create, Some(declared)) = (action, declared) {
            self.check_open(address, live, declared);
        }
        self.changes.push(Change {
            address: address.clone(),
            action,
            before: status.map(before),
            after: declared.map(|declared| declared.spec.clone()),
            fields: declared.map(|declared| declared.spec.differing_fields(&spec)).unwrap_or_default(),
            reason,
        });
    }

    /// The interfaces that the topology speaks of. The others are not looked at, and left as they are.
    fn interfaces(&mut self, service: ServiceId) {
        let live = self.live;
        let first = Address::interface(self.vrack.clone(), service, None);
        let last = Address::pop(self.vrack.clone(), service);
        for (address, _) in self.topology.entries.range(first..last) {
            let Some(declared) = self.desired(address) else { continue };
            let Some(config) = live.configs.get(address).and_then(|configs| configs.first()) else {
                self.diagnostics.push(
                    rules::NOT_SWITCHABLE
                        .at(
                            format!("{address} is neither `enabled` nor `disabled` yet"),
                            declared.span,
                            "cannot be locked or unlocked",
                        )
                        .help("wait until OVHcloud has put it in service, or leave its state open"),
                );
                continue;
            };
            let fields = declared.spec.differing_fields(&config.spec);
            let (action, reason) = match (config.status, fields.is_empty()) {
                (Status::Creating, true) => (Action::Wait, Reason::BeingChanged),
                (_, true) => {
                    self.unchanged += 1;
                    continue;
                }
                (_, false) => (Action::Update, Reason::Differs),
            };
            let (address, before, after) = (address.clone(), config.clone(), declared.spec.clone());
            self.changes.push(Change {
                address,
                action,
                before: Some(before),
                after: Some(after),
                fields,
                reason,
            });
        }
    }

    /// The vRack that a service is in, or is being moved into.
    fn found_in(&self, service: ServiceId, live: &'a LiveService) -> Option<&'a VrackName> {
        live.vrack.as_ref().or_else(|| self.residents.destination(service))
    }

    fn check_open(&mut self, address: &Address, live: &LiveService, declared: &Declaration) {
        if live.closed {
            self.diagnostics.push(
                rules::CLOSED_SERVICE
                    .at(
                        format!("{address} cannot be configured: the service is closed"),
                        declared.span,
                        "terminated, or expired",
                    )
                    .help("remove it from the topology, or renew the service"),
            );
        }
    }

    fn pop(&mut self, service: ServiceId, live: &LiveService, why_gone: Reason) -> Fate {
        let address = Address::pop(self.vrack.clone(), service);
        let Some(declared) = self.desired(&address) else {
            self.remove_all(&address, why_gone);
            return Fate::Gone;
        };
        let standing = self.standing(&address);
        let fate = self.settle(&address, standing, &declared.spec, &BTreeSet::new(), &|standing| {
            concrete::pop(&address, declared, standing, live)
        });
        // What stands was taken, whatever the guides say; what is made anew might not be.
        if !matches!(fate, Fate::Stays(_)) {
            self.check_open(&address, live, declared);
            if let Spec::Pop(Pop::L2 { .. }) = declared.spec {
                self.check_layer_2(&address, live, declared);
            }
        }
        fate
    }

    fn check_layer_2(&mut self, address: &Address, live: &LiveService, declared: &Declaration) {
        let provider = live.provider.as_deref().filter(|provider| *provider != "OVHcloud");
        let fast = live.bandwidth.as_deref().filter(|bandwidth| is_too_fast_for_l2(bandwidth));
        let (rule, why) = match (provider, fast) {
            (Some(provider), _) => {
                let why = format!("it is delivered by {provider}, and a provider's service is always l3");
                (&rules::PROVIDERS_SERVICE, why)
            }
            (None, Some(bandwidth)) => {
                (&rules::TOO_FAST_FOR_L2, format!("its bandwidth is {bandwidth}, and l2 ends at 10g"))
            }
            (None, None) => return,
        };
        let message = format!("{address} cannot be of layer 2: {why}");
        let diagnostic = rule.at(message, declared.span, "l2 asked for here");
        self.diagnostics.push(diagnostic.help("configure it as `type: l3`"));
    }

    fn l2_datacenters(&mut self, service: ServiceId, pop: &Fate) {
        let pop_address = Address::pop(self.vrack.clone(), service);
        let of_service = |at: &&Address| at.vrack == *self.vrack && at.service() == Some(service);
        let first = pop_address.clone();
        let declared = self.topology.entries.range(first.clone()..).map(|(at, _)| at).take_while(of_service);
        let live = self.live.configs.range(first..).map(|(at, _)| at).take_while(of_service);
        let addresses: BTreeSet<Address> =
            declared.chain(live).filter(|at| at.datacenter_name().is_some()).cloned().collect();
        // A PoP that is being deleted takes its datacenter with it: nothing to do for that one.
        let going: Vec<ConfigId> = self
            .standing(&pop_address)
            .iter()
            .filter(|config| config.status == Status::Deleting)
            .map(|config| config.id.clone())
            .collect();
        for address in addresses {
            let standing: Vec<LiveConfig> = self
                .standing(&address)
                .iter()
                .filter(|config| !going.iter().any(|pop| pop.carries(&config.id)))
                .cloned()
                .collect();
            let asked = self.desired(&address);
            self.child(&address, &pop_address, pop, asked, standing, ConfigId::carries);
        }
    }

    fn datacenter(&mut self, name: &DatacenterName) {
        let address = Address::datacenter(self.vrack.clone(), name.clone());
        if !self.is_managed(&address) {
            self.unmanaged.push(address);
            return;
        }
        let pops: Vec<&LiveConfig> = self.live.l3_pops(self.vrack).map(|(_, config)| config).collect();
        // With the last l3 PoP of the vRack its datacenters go by themselves.
        let doomed = !pops.is_empty() && pops.iter().all(|pop| pop.status == Status::Deleting);
        let standing = if doomed { &[] } else { self.standing(&address) };
        let extras = self.extra_addresses(name);
        let fate = match self.desired(&address) {
            None => {
                let reason = self.not_declared();
                self.remove(&address, standing, reason);
                Fate::Gone
            }
            Some(declared) => {
                let peers = self.peer_asns(&extras);
                let fate = self.settle(&address, standing, &declared.spec, &peers, &|standing| {
                    concrete::datacenter(&address, declared, standing, &peers)
                });
                if !matches!(fate, Fate::Stays(_)) {
                    self.diagnostics.extend(concrete::check_available(self.live, &address, Some(declared)));
                }
                fate
            }
        };
        let going: Vec<ConfigId> = standing
            .iter()
            .filter(|config| config.status == Status::Deleting)
            .map(|config| config.id.clone())
            .collect();
        for extra in extras {
            let standing: Vec<LiveConfig> = if doomed {
                Vec::new()
            } else {
                let live = self.standing(&extra).iter();
                live.filter(|config| !going.iter().any(|of| of.holds(&config.id))).cloned().collect()
            };
            let asked = self.desired(&extra);
            self.child(&extra, &address, &fate, asked, standing, ConfigId::holds);
        }
    }

    /// The extras of a datacenter, desired or live.
    fn extra_addresses(&self, name: &DatacenterName) -> BTreeSet<Address> {
        let inside = |at: &&Address| match &at.node {
            Node::Datacenter(of, part) => of == name && *part != DatacenterPart::Config,
            Node::Vrack | Node::Service(..) => false,
        };
        let first = Address::datacenter(self.vrack.clone(), name.clone());
        let of_datacenter = |at: &&Address| at.vrack == *self.vrack && at.datacenter_name() == Some(name);
        let declared =
            self.topology.entries.range(first.clone()..).map(|(at, _)| at).take_while(of_datacenter);
        let live = self.live.configs.range(first..).map(|(at, _)| at).take_while(of_datacenter);
        declared.chain(live).filter(inside).cloned().collect()
    }

    /// The ASNs of the peers that a datacenter shall have.
    fn peer_asns(&self, extras: &BTreeSet<Address>) -> BTreeSet<Asn> {
        let declared = extras.iter().filter_map(|at| self.desired(at));
        declared
            .filter_map(|declaration| match &declaration.spec {
                Spec::Extra(Extra::Bgp { bgp_neighbor_area }) => Some(*bgp_neighbor_area),
                _ => None,
            })
            .collect()
    }

    /// Compares what stands inside something whose fate is known: an extra, or the datacenter of an l2 PoP.
    fn child(
        &mut self,
        address: &Address,
        parent: &Address,
        fate: &Fate,
        asked: Option<&'a Declaration>,
        standing: Vec<LiveConfig>,
        is_in: fn(&ConfigId, &ConfigId) -> bool,
    ) {
        let (inside, elsewhere): (Vec<LiveConfig>, Vec<LiveConfig>) =
            standing.into_iter().partition(|config| match fate {
                Fate::Stays(id) | Fate::Replaced(Some(id)) => is_in(id, &config.id),
                Fate::Replaced(None) | Fate::Gone | Fate::New => false,
            });
        match (asked, fate) {
            (Some(declared), Fate::Stays(_)) => {
                let as_declared = |_: Option<&LiveConfig>| Ok(declared.spec.clone());
                let fate = self.settle(address, &inside, &declared.spec, &BTreeSet::new(), &as_declared);
                self.check_l2_offer(address, declared, &fate);
            }
            (Some(declared), Fate::Replaced(_)) => {
                self.rebuild(address, parent, declared, &inside);
                self.check_l2_offer(address, declared, &Fate::New);
            }
            (Some(declared), Fate::New) => {
                self.create(address, None, declared.spec.clone(), Reason::Missing);
                self.check_l2_offer(address, declared, &Fate::New);
            }
            // A datacenter or an extra without what it stands in is refused by the topology's rules.
            (Some(_), Fate::Gone) => {}
            (None, Fate::Stays(_)) => {
                let reason = self.not_declared();
                self.remove(address, &inside, reason);
            }
            (None, Fate::Replaced(_) | Fate::Gone | Fate::New) => {
                let reason = Reason::GoesWith { parent: parent.clone() };
                self.remove(address, &inside, reason);
            }
        }
        self.remove(address, &elsewhere, Reason::GoesWith { parent: parent.clone() });
    }

    fn check_l2_offer(&mut self, address: &Address, declared: &Declaration, fate: &Fate) {
        let is_datacenter = matches!(declared.spec, Spec::Datacenter(Datacenter::L2));
        if is_datacenter && !matches!(fate, Fate::Stays(_)) {
            self.diagnostics.extend(concrete::check_available(self.live, address, Some(declared)));
        }
    }

    /// What goes and comes back because what it stands in does.
    fn rebuild(
        &mut self,
        address: &Address,
        parent: &Address,
        declared: &Declaration,
        inside: &[LiveConfig],
    ) {
        let reason = Reason::Within { parent: parent.clone() };
        let Some((best, others)) = split_best(&declared.spec, inside) else {
            // It was not there before: that its parent is replaced is not why it is made.
            self.create(address, None, declared.spec.clone(), Reason::Missing);
            return;
        };
        let fields = declared.spec.differing_fields(&best.spec);
        match best.status {
            Status::Deleting => {
                self.create(address, Some(best.clone()), declared.spec.clone(), Reason::BeingDeleted);
            }
            Status::Active | Status::Creating | Status::Stuck => self.changes.push(Change {
                address: address.clone(),
                action: Action::Replace,
                before: Some(best.clone()),
                after: Some(declared.spec.clone()),
                fields,
                reason,
            }),
        }
        self.remove(address, &others, Reason::Duplicate);
    }

    fn create(&mut self, address: &Address, before: Option<LiveConfig>, after: Spec, reason: Reason) {
        let address = address.clone();
        let fields = Vec::new();
        self.changes.push(Change {
            address,
            action: Action::Create,
            before,
            after: Some(after),
            fields,
            reason,
        });
    }

    fn remove_all(&mut self, address: &Address, reason: Reason) {
        self.remove(address, self.standing(address), reason);
    }

    pub(super) fn remove(&mut self, address: &Address, standing: &[LiveConfig], reason: Reason) {
        for config in standing {
            let (action, reason) = match config.status {
                Status::Deleting => (Action::Wait, Reason::BeingDeleted),
                Status::Active | Status::Creating | Status::Stuck => (Action::Delete, reason.clone()),
            };
            self.changes.push(Change {
                address: address.clone(),
                action,
                before: Some(config.clone()),
                after: None,
                fields: Vec::new(),
                reason,
            });
        }
    }

    /// Keeps, waits for, replaces or creates one configuration at an address, and removes the others.
    ///
    /// `peers`: the ASNs its own peers shall have, none of which it may have itself.
    fn settle(
        &mut self,
        address: &Address,
        standing: &[LiveConfig],
        desired: &Spec,
        peers: &BTreeSet<Asn>,
        concrete: Concrete<'_>,
    ) -> Fate {
        let Some((best, others)) = split_best(desired, standing) else {
            if let Some(after) = self.or_diagnose(concrete(None)) {
                self.create(address, None, after, Reason::Missing);
            }
            return Fate::New;
        };
        let mut fields = desired.differing_fields(&best.spec);
        let mut why = if fields.contains(&Field::Type) { Reason::Layer } else { Reason::Differs };
        if let (true, Some(asn)) = (fields.is_empty(), concrete::taken_asn(desired, &best.spec, peers)) {
            fields = vec![Field::OvhBgpArea];
            why = Reason::AssignedAsnIsPeers { asn };
        }
        let fate = match (best.status, fields.is_empty()) {
            (Status::Active, true) => {
                self.unchanged += 1;
                Fate::Stays(best.id.clone())
            }
            (Status::Creating, true) => {
                self.changes.push(Change {
                    address: address.clone(),
                    action: Action::Wait,
                    before: Some(best.clone()),
                    after: Some(best.spec.clone()),
                    fields,
                    reason: Reason::BeingCreated,
                });
                Fate::Stays(best.id.clone())
            }
            (Status::Deleting, _) => {
                if let Some(after) = self.or_diagnose(concrete(Some(best))) {
                    self.create(address, Some(best.clone()), after, Reason::BeingDeleted);
                }
                Fate::New
            }
            (status @ (Status::Active | Status::Creating), false) | (status @ Status::Stuck, _) => {
                let reason = if status == Status::Stuck { Reason::Stuck } else { why };
                if let Some(after) = self.or_diagnose(concrete(Some(best))) {
                    let (address, before) = (address.clone(), Some(best.clone()));
                    let action = Action::Replace;
                    self.changes.push(Change { address, action, before, after: Some(after), fields, reason });
                }
                Fate::Replaced(Some(best.id.clone()))
            }
        };
        self.remove(address, &others, Reason::Duplicate);
        fate
    }

    fn or_diagnose(&mut self, after: Result<Spec, Diagnostic>) -> Option<Spec> {
        after.map_err(|diagnostic| self.diagnostics.push(diagnostic)).ok()
    }
}

/// What a configuration that is made will be, given the live one it takes the place of.
type Concrete<'f> = &'f dyn Fn(Option<&LiveConfig>) -> Result<Spec, Diagnostic>;

/// Whether a bandwidth in the API's words, `100m` … `100g`, is more than 10 Gb/s.
fn is_too_fast_for_l2(bandwidth: &str) -> bool {
    let gigabits = bandwidth.strip_suffix('g').and_then(|number| number.parse::<u32>().ok());
    gigabits.is_some_and(|gigabits| gigabits > 10)
}

/// The live configuration that comes nearest to what is desired, and the others.
fn split_best<'c>(desired: &Spec, standing: &'c [LiveConfig]) -> Option<(&'c LiveConfig, Vec<LiveConfig>)> {
    let rank = |config: &LiveConfig| {
        let differs = !desired.differing_fields(&config.spec).is_empty();
        let rank = match (config.status, differs) {
            (Status::Active, false) => 0,
            (Status::Creating, false) => 1,
            (Status::Active, true) => 2,
            (Status::Creating, true) => 3,
            (Status::Stuck, _) => 4,
            (Status::Deleting, _) => 5,
        };
        (rank, config.id.lowest())
    };
    let (at, best) = standing.iter().enumerate().min_by_key(|(_, config)| rank(config))?;
    let others = standing.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, config)| config.clone());
    Some((best, others.collect()))
}
