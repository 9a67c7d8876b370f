//! The prefixes that configurations occupy in their vRack, and which of them exclude each other.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;

use crate::topology::{Address, Datacenter, DatacenterPart, Extra, Node, Pop, Spec};

/// Whether the network behind a prefix is connected or routed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reach {
    /// The subnet of a PoP or of a datacenter.
    Connected,
    /// The prefix of a static route.
    Routed,
}

/// The prefix that a configuration occupies in its vRack.
pub(crate) fn prefix(address: &Address, spec: &Spec) -> Option<(Ipv4Net, Reach)> {
    match (spec, &address.node) {
        (Spec::Pop(Pop::L3 { subnet, .. }) | Spec::Datacenter(Datacenter::L3 { subnet, .. }), _) => {
            Some((*subnet, Reach::Connected))
        }
        // A default route covers everything and is in nobody's way.
        (Spec::Extra(Extra::Network { .. }), Node::Datacenter(_, DatacenterPart::Network(prefix)))
            if prefix.prefix_len() > 0 =>
        {
            Some((*prefix, Reach::Routed))
        }
        _ => None,
    }
}

/// Occupied prefixes, each with what occupies it.
#[derive(Debug)]
pub(crate) struct Occupied<T> {
    nets: BTreeMap<Ipv4Net, Vec<(Reach, T)>>,
    /// The lengths that occur: what is wider than a prefix is looked up by its length, and there are few.
    lengths: BTreeSet<u8>,
}

impl<T> Default for Occupied<T> {
    fn default() -> Self {
        Self { nets: BTreeMap::new(), lengths: BTreeSet::new() }
    }
}

impl<T> Occupied<T> {
    /// Notes an occupied prefix.
    pub(crate) fn insert(&mut self, (net, reach): (Ipv4Net, Reach), by: T) {
        self.lengths.insert(net.prefix_len());
        self.nets.entry(net).or_default().push((reach, by));
    }

    /// What occupies a prefix that cannot stand beside this one: any that overlaps with it, unless both
    /// are routes. The widest comes first.
    pub(crate) fn excluding(&self, (net, reach): (Ipv4Net, Reach)) -> impl Iterator<Item = (Ipv4Net, &T)> {
        let wider = self.lengths.range(..net.prefix_len());
        let around = wider.filter_map(move |length| Ipv4Net::new(net.addr(), *length).ok());
        let around = around.filter_map(|wider| self.nets.get_key_value(&wider.trunc()));
        // The prefixes inside a prefix are a contiguous range: they sort by their first address.
        let first = Ipv4Net::new_assert(net.network(), 0);
        let last = Ipv4Net::new_assert(net.broadcast(), 32);
        let inside = self.nets.range(first..=last).filter(move |(other, _)| net.contains(*other));
        around.chain(inside).flat_map(move |(other, holders)| {
            let both_routed = move |theirs: Reach| reach == Reach::Routed && theirs == Reach::Routed;
            let excluded = holders.iter().filter(move |(theirs, _)| !both_routed(*theirs));
            excluded.map(move |(_, by)| (*other, by))
        })
    }
}
