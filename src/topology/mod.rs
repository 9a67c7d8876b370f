//! The desired state: [`Address`] → [`Spec`], the one vocabulary for desired and live.

mod address;
mod document;
pub mod files;
pub mod format;
mod parse;
pub mod rules;
pub mod schema;
mod shape;
mod spec;
pub(crate) mod suggest;

use std::collections::BTreeMap;

pub use address::{
    Address, AddressError, DatacenterName, DatacenterPart, Node, ServiceId, ServicePart, VrackName,
};
pub use parse::parse;
pub use spec::{Asn, Datacenter, Device, Extra, Field, Interface, InterfaceState, Membership, Pop, Spec};

use crate::diagnostic::{Rule, Span};

/// What shall be, as one or several files say it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Topology {
    /// The only endpoint this topology may be used against, where a file names one.
    pub endpoint: Option<Endpoint>,
    /// The warnings that its files silence.
    pub allows: Vec<Allow>,
    /// The vRacks it speaks of.
    pub vracks: BTreeMap<VrackName, VrackDeclaration>,
    /// What shall be configured in them. Parents stand before their children.
    pub entries: BTreeMap<Address, Declaration>,
}

/// The endpoint guard of a topology.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// As the file writes it: `ovh-eu`, `ovh-ca`, `ovh-us` or a URL.
    pub name: String,
    /// Where it is written.
    pub span: Span,
}

/// A warning that a file silences for what is inside a mapping.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Allow {
    /// The warning.
    pub rule: &'static Rule,
    /// Where its code is written.
    pub span: Span,
    /// From the mapping's key to its end. It begins where the [`Declaration`] of the same thing does.
    pub extent: Span,
}

/// What a topology says of a vRack as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VrackDeclaration {
    /// What happens to services and datacenters of this vRack that are not declared.
    pub manage: Manage,
    /// Whether deleting or replacing anything in this vRack is refused.
    pub protect: bool,
    /// The vRack's name in the file.
    pub span: Span,
}

/// What happens to what a vRack holds and the topology does not declare.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Manage {
    /// It is removed.
    #[default]
    All,
    /// It is left alone.
    Declared,
}

/// One desired configuration and where it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Declaration {
    /// What shall be.
    pub spec: Spec,
    /// Whether a plan that deletes or replaces exactly this is refused.
    pub protect: bool,
    /// What a message about this points at: its key, or its first line in a list.
    pub span: Span,
    /// Where the `interfaceId` of a PoP or an interface is written, if it has one.
    pub interface_id: Option<Span>,
}

impl Topology {
    /// The nearest address at or above `address` whose protection covers it.
    ///
    /// A vRack and a service protect everything in them; a PoP, a datacenter and an extra protect
    /// themselves (an l2 PoP also its one datacenter).
    #[must_use]
    pub fn protection_of(&self, address: &Address) -> Option<Address> {
        let mut at = Some(address.clone());
        while let Some(candidate) = at {
            let protects = match &candidate.node {
                Node::Vrack => self.vracks.get(&candidate.vrack).is_some_and(|vrack| vrack.protect),
                Node::Datacenter(_, DatacenterPart::Config) if candidate != *address => false,
                _ => self.entries.get(&candidate).is_some_and(|entry| entry.protect),
            };
            if protects {
                return Some(candidate);
            }
            at = candidate.parent();
        }
        None
    }

    /// The state that the interface of a PoP shall have, where it is declared.
    ///
    /// Where a PoP leaves open which interface it uses, and several are declared, it is not known.
    #[must_use]
    pub fn interface_state_of(&self, pop: &Address) -> Option<InterfaceState> {
        let service = pop.service()?;
        let used = match &self.entries.get(pop)?.spec {
            Spec::Pop(pop) => pop.interface_id(),
            _ => return None,
        };
        let at = |id| self.entries.get(&Address::interface(pop.vrack.clone(), service, id));
        let declared = match used {
            Some(id) => at(Some(id)).or_else(|| at(None)),
            None => at(None).or_else(|| {
                let mut all = self.interfaces_of(&pop.vrack, service).map(|(_, declaration)| declaration);
                all.next().filter(|_| all.next().is_none())
            }),
        };
        match declared?.spec {
            Spec::Interface(Interface { state }) => Some(state),
            _ => None,
        }
    }

    /// The declared interfaces of a service in its vRack.
    fn interfaces_of(
        &self,
        vrack: &VrackName,
        service: ServiceId,
    ) -> impl Iterator<Item = (&Address, &Declaration)> {
        let first = Address::interface(vrack.clone(), service, None);
        let is_it = move |at: &Address| {
            at.service() == Some(service) && matches!(at.node, Node::Service(_, ServicePart::Interface(_)))
        };
        self.entries.range(first..).take_while(move |(at, _)| is_it(at))
    }

    /// The same topology with every datacenter under the name that `name_of` gives it.
    ///
    /// # Errors
    /// The pairs of addresses that turn out to be one and the same.
    pub fn rename_datacenters(
        &self,
        mut name_of: impl FnMut(&Address, &DatacenterName) -> DatacenterName,
    ) -> Result<Self, Vec<(Address, Address)>> {
        self.readdressed(|address| {
            let mut renamed = address.clone();
            if let Node::Datacenter(name, _) | Node::Service(_, ServicePart::L2Datacenter(name)) =
                &mut renamed.node
            {
                *name = name_of(address, name);
            }
            renamed
        })
    }

    /// The same topology with every interface under its id: its own, that of its service's PoP, or the one
    /// that `only` says is the only one of the service. Where there is none, it stays open.
    ///
    /// # Errors
    /// The pairs of addresses that turn out to be one and the same.
    pub fn number_interfaces(
        &self,
        mut only: impl FnMut(ServiceId) -> Option<u64>,
    ) -> Result<Self, Vec<(Address, Address)>> {
        self.readdressed(|address| {
            let Node::Service(service, ServicePart::Interface(None)) = address.node else {
                return address.clone();
            };
            let pop = self.entries.get(&Address::pop(address.vrack.clone(), service)).map(|it| &it.spec);
            let of_pop = match pop {
                Some(Spec::Pop(pop)) => pop.interface_id(),
                _ => None,
            };
            Address::interface(address.vrack.clone(), service, of_pop.or_else(|| only(service)))
        })
    }

    /// The same topology with everything at the address that `place_of` gives it.
    fn readdressed(
        &self,
        mut place_of: impl FnMut(&Address) -> Address,
    ) -> Result<Self, Vec<(Address, Address)>> {
        let mut entries = BTreeMap::new();
        let mut from: BTreeMap<Address, Address> = BTreeMap::new();
        let mut clashes = Vec::new();
        for (address, declaration) in &self.entries {
            let renamed = place_of(address);
            if let Some(other) = from.insert(renamed.clone(), address.clone()) {
                clashes.push((other, address.clone()));
            }
            entries.insert(renamed, declaration.clone());
        }
        if clashes.is_empty() { Ok(Self { entries, ..self.clone() }) } else { Err(clashes) }
    }
}
