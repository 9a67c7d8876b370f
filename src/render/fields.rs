//! The fields of a change: what they are, what they will be, and which force a replacement.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Action, Change};
use crate::topology::{Datacenter, Field, Membership, Pop, Spec};

/// What stands in the place of a value that OVHcloud chooses.
pub const ASSIGNED: &str = "assigned by OVHcloud";

/// One field of a change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldChange {
    /// Which.
    pub field: Field,
    /// Its value now, as a person writes it.
    pub before: Option<String>,
    /// Its value afterwards, or [`ASSIGNED`].
    pub after: Option<String>,
    /// Whether it is why the configuration is replaced.
    pub forces: bool,
}

impl FieldChange {
    /// Whether there is a value on both sides, and not the same.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.before != self.after
    }
}

/// The fields of a change, in the order the API documents them.
#[must_use]
pub fn of(change: &Change) -> Vec<FieldChange> {
    let before = change.before.as_ref().map(|before| &before.spec);
    let after = change.after.as_ref();
    let (old, new) = (before.map(shown).unwrap_or_default(), after.map(shown).unwrap_or_default());
    let fields: BTreeSet<Field> = old.keys().chain(new.keys()).copied().collect();
    let fields = fields.into_iter().map(|field| FieldChange {
        field,
        before: old.get(&field).cloned(),
        after: new.get(&field).cloned(),
        forces: change.action == Action::Replace && change.fields.contains(&field),
    });
    fields.collect()
}

/// The fields of a configuration with their values, and what OVHcloud chooses.
fn shown(spec: &Spec) -> BTreeMap<Field, String> {
    let mut fields: BTreeMap<Field, String> = spec.fields().into_iter().collect();
    if let Some(description) = fields.get_mut(&Field::Description) {
        *description = quoted(description);
    }
    if assigns_asn(spec) {
        fields.insert(Field::OvhBgpArea, ASSIGNED.to_owned());
    }
    fields
}

/// Free text in quotes, on one line, with nothing in it that a terminal would obey.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// Whether OVHcloud will assign the ASN.
#[must_use]
pub const fn assigns_asn(spec: &Spec) -> bool {
    matches!(
        spec,
        Spec::Pop(Pop::L3 { ovh_bgp_area: None, .. })
            | Spec::Datacenter(Datacenter::L3 { ovh_bgp_area: None, .. })
    )
}

/// Whether a change is a membership that is made or removed without a description to tell of.
#[must_use]
pub fn says_nothing(spec: &Spec) -> bool {
    matches!(spec, Spec::Membership(Membership { description }) if description.as_deref().is_none_or(str::is_empty))
}
