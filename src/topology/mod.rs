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
pub use spec::{Asn, Datacenter, Device, Extra, Field, Membership, Pop, Spec};

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
    /// Where the `interfaceId` of a PoP is written, if it has one.
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

    /// The same topology with every datacenter under the name that `name_of` gives it.
    ///
    /// # Errors
    /// The pairs of addresses that turn out to be one and the same.
    pub fn rename_datacenters(
        &self,
        mut name_of: impl FnMut(&Address, &DatacenterName) -> DatacenterName,
    ) -> Result<Self, Vec<(Address, Address)>> {
        let mut entries = BTreeMap::new();
        let mut from: BTreeMap<Address, Address> = BTreeMap::new();
        let mut clashes = Vec::new();
        for (address, declaration) in &self.entries {
            let mut renamed = address.clone();
            if let Node::Datacenter(name, _) | Node::Service(_, ServicePart::L2Datacenter(name)) =
                &mut renamed.node
            {
                *name = name_of(address, name);
            }
            if let Some(other) = from.insert(renamed.clone(), address.clone()) {
                clashes.push((other, address.clone()));
            }
            entries.insert(renamed, declaration.clone());
        }
        if clashes.is_empty() { Ok(Self { entries, ..self.clone() }) } else { Err(clashes) }
    }
}
