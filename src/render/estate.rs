//! Every configuration once, with what stands there now, what will, and what becomes of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Action, Change};
use crate::live::{Live, LiveConfig, LiveService, Status};
use crate::plan::Plan;
use crate::topology::{Address, Membership, ServiceId, Spec, Topology, VrackName};

/// What becomes of a configuration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Mark {
    /// It stands and stays as it is, or, where nothing is compared, it is what a topology declares.
    Kept,
    /// It stands, is not declared, and is left alone on purpose.
    Unmanaged,
    /// A plan changes it.
    Changed(Action),
}

/// A configuration and what becomes of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item<'a> {
    /// Where it stands.
    pub address: Address,
    /// What becomes of it.
    pub mark: Mark,
    /// What stands there now.
    pub before: Option<Cow<'a, Spec>>,
    /// Where that is in its life.
    pub status: Option<Status>,
    /// What will stand there. What OVHcloud assigns is left out.
    pub after: Option<Cow<'a, Spec>>,
    /// The change, as a position in [`Plan::changes`].
    pub change: Option<usize>,
}

impl Item<'_> {
    /// What it is, or is to become.
    #[must_use]
    pub fn spec(&self) -> Option<&Spec> {
        self.after.as_deref().or(self.before.as_deref())
    }
}

/// What is known of a service besides what is configured.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServiceFacts {
    /// Free text of the customer, as it will be.
    pub description: String,
    /// Where it is delivered.
    pub delivered: Option<String>,
    /// `100m` … `100g`.
    pub bandwidth: Option<String>,
}

/// The configurations of all vRacks that are looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Estate<'a> {
    /// By vRack, in the order of their addresses.
    pub vracks: BTreeMap<VrackName, Vec<Item<'a>>>,
    /// What is known of the services.
    pub services: BTreeMap<ServiceId, ServiceFacts>,
}

impl<'a> Estate<'a> {
    /// What is live, and what a plan makes of it.
    #[must_use]
    pub fn of_plan(plan: &'a Plan, live: &'a Live) -> Self {
        let mut items: Vec<Item<'a>> = Vec::new();
        let changed: BTreeSet<(&Address, Option<u64>)> = plan
            .changes
            .iter()
            .map(|it| (&it.address, it.before.as_ref().map(|before| before.id.lowest())))
            .collect();
        let touched: BTreeSet<&Address> = plan.changes.iter().map(|change| &change.address).collect();
        let unmanaged: BTreeSet<&Address> = plan.unmanaged.iter().collect();
        let mark = |address: &Address| {
            let mut above = std::iter::successors(Some(address.clone()), Address::parent);
            if above.any(|at| unmanaged.contains(&at)) { Mark::Unmanaged } else { Mark::Kept }
        };
        for (address, configs) in &live.configs {
            let untouched =
                configs.iter().filter(|config| !changed.contains(&(address, Some(config.id.lowest()))));
            items.extend(untouched.map(|config| standing(address.clone(), mark(address), config)));
        }
        let read =
            live.services.iter().filter_map(|(id, service)| Some((id, service, service.vrack.as_ref()?)));
        for (id, service, vrack) in read.filter(|(.., vrack)| live.vracks.contains_key(vrack)) {
            let address = Address::membership(vrack.clone(), *id);
            if !touched.contains(&address) {
                items.push(member(address.clone(), mark(&address), service));
            }
        }
        items.extend(plan.changes.iter().enumerate().map(|(at, change)| to_change(at, change)));
        let mut services: BTreeMap<ServiceId, ServiceFacts> =
            live.services.iter().map(|(id, service)| (*id, ServiceFacts::from(service))).collect();
        for change in &plan.changes {
            if let (Some(id), Some(Spec::Membership(Membership { description: Some(new) }))) =
                (change.address.service(), &change.after)
            {
                services.entry(id).or_default().description.clone_from(new);
            }
        }
        Self::grouped(items, services)
    }

    /// What a topology declares, compared with nothing.
    #[must_use]
    pub fn of_topology(topology: &'a Topology) -> Self {
        let declared = |(address, entry): (&Address, &'a crate::topology::Declaration)| Item {
            address: address.clone(),
            mark: Mark::Kept,
            before: None,
            status: None,
            after: Some(Cow::Borrowed(&entry.spec)),
            change: None,
        };
        let mut services: BTreeMap<ServiceId, ServiceFacts> = BTreeMap::new();
        for (address, entry) in &topology.entries {
            if let (Some(id), Spec::Membership(membership)) = (address.service(), &entry.spec) {
                services.entry(id).or_default().description =
                    membership.description.clone().unwrap_or_default();
            }
        }
        let mut estate = Self::grouped(topology.entries.iter().map(declared).collect(), services);
        for vrack in topology.vracks.keys() {
            estate.vracks.entry(vrack.clone()).or_default();
        }
        estate
    }

    fn grouped(mut items: Vec<Item<'a>>, services: BTreeMap<ServiceId, ServiceFacts>) -> Self {
        // What is kept stands before its duplicates, and changes stay in the plan's order.
        items.sort_by(|one, other| (&one.address, one.change).cmp(&(&other.address, other.change)));
        let mut vracks: BTreeMap<VrackName, Vec<Item<'a>>> = BTreeMap::new();
        for item in items {
            vracks.entry(item.address.vrack.clone()).or_default().push(item);
        }
        Self { vracks, services }
    }

    /// All configurations, by address.
    pub fn items(&self) -> impl Iterator<Item = &Item<'a>> {
        self.vracks.values().flatten()
    }
}

impl From<&LiveService> for ServiceFacts {
    fn from(service: &LiveService) -> Self {
        Self {
            description: service.description.clone(),
            delivered: service.pop.clone(),
            bandwidth: service.bandwidth.clone(),
        }
    }
}

fn standing(address: Address, mark: Mark, config: &LiveConfig) -> Item<'_> {
    Item {
        address,
        mark,
        before: Some(Cow::Borrowed(&config.spec)),
        status: Some(config.status),
        after: Some(Cow::Borrowed(&config.spec)),
        change: None,
    }
}

fn member(address: Address, mark: Mark, service: &LiveService) -> Item<'static> {
    let spec = Spec::Membership(Membership { description: Some(service.description.clone()) });
    let spec = Some(Cow::Owned(spec));
    Item { address, mark, before: spec.clone(), status: Some(Status::Active), after: spec, change: None }
}

fn to_change(at: usize, change: &Change) -> Item<'_> {
    Item {
        address: change.address.clone(),
        mark: Mark::Changed(change.action),
        before: change.before.as_ref().map(|before| Cow::Borrowed(&before.spec)),
        status: change.before.as_ref().map(|before| before.status),
        after: change.after.as_ref().map(Cow::Borrowed),
        change: Some(at),
    }
}
