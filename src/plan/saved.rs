//! A plan in a file: exactly that is applied, once, and only to the live state it was made from.
//!
//! The file holds everything an apply needs and nothing secret: the plan, what it leads to, and the
//! live state it was made from. Its shape is `schemas/saved-plan.schema.json`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Plan;
use crate::diagnostic::{SourceId, Span};
use crate::live::Live;
use crate::topology::{Address, Declaration, Manage, Spec, Topology, VrackDeclaration, VrackName};

/// The version of the format that is written. Another major version is refused.
pub const FORMAT: &str = "1.0";
/// The field that says how much the others are worth.
const CHECKSUM: &str = "checksum";

/// A plan, what it leads to and what it was made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedPlan {
    /// The version of the format: major and minor.
    pub format_version: String,
    /// The program that wrote it.
    pub program: String,
    /// The URL of the API it was made against.
    pub endpoint: String,
    /// What it was limited to, if to anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Address>,
    /// The digest of the live state it was made from.
    pub live_digest: String,
    /// The plan.
    pub plan: Plan,
    /// What it leads to.
    pub desired: Desired,
    /// The live state it was made from.
    pub live: Live,
}

/// A topology without its places in files.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Desired {
    /// The vRacks it speaks of.
    pub vracks: BTreeMap<VrackName, DesiredVrack>,
    /// What shall be configured in them.
    pub entries: BTreeMap<Address, DesiredEntry>,
}

/// What is said of a vRack as a whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DesiredVrack {
    /// What happens to what is not declared.
    pub manage: Manage,
    /// Whether deleting or replacing anything in it is refused.
    pub protect: bool,
}

/// What shall stand at an address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DesiredEntry {
    /// The configuration.
    pub spec: Spec,
    /// Whether deleting or replacing it is refused.
    pub protect: bool,
}

/// Why a file is not a plan that can be applied.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    /// Not JSON, or cut off.
    #[error("this is not a whole saved plan: {0}; make it again with `plan --out`")]
    Damaged(serde_json::Error),
    /// JSON, but no plan.
    #[error("this is JSON and not a saved plan; `plan --out FILE` makes one")]
    NotAPlan,
    /// A format of another time.
    #[error(
        "this plan has format {found}, and this program reads {FORMAT}; make it again with this version's `plan --out`"
    )]
    OtherFormat {
        /// Its version.
        found: String,
    },
    /// Not as it was written.
    #[error(
        "this plan was edited or damaged after it was saved: its checksum does not fit; make it again with `plan --out`"
    )]
    Edited,
    /// The checksum fits, the content does not.
    #[error("this plan does not have the shape of format {FORMAT}: {0}; make it again with `plan --out`")]
    Malformed(serde_json::Error),
}

impl SavedPlan {
    /// A plan that can be saved.
    #[must_use]
    pub fn new(plan: Plan, topology: &Topology, live: Live, endpoint: &str, only: Option<Address>) -> Self {
        Self {
            format_version: FORMAT.to_owned(),
            program: concat!("ovhconnect ", env!("CARGO_PKG_VERSION")).to_owned(),
            endpoint: endpoint.to_owned(),
            only,
            live_digest: digest(&live),
            plan,
            desired: Desired::of(topology),
            live,
        }
    }

    /// The text of the file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut value = to_value(self);
        let checksum = hash(&value);
        if let Value::Object(fields) = &mut value {
            fields.insert(CHECKSUM.to_owned(), Value::String(checksum));
        }
        format!("{value:#}\n")
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// A text that is cut off, edited, of another major version, or no plan at all.
    pub fn from_json(text: &str) -> Result<Self, SavedPlanError> {
        let mut value: Value = serde_json::from_str(text).map_err(SavedPlanError::Damaged)?;
        let fields = value.as_object_mut().ok_or(SavedPlanError::NotAPlan)?;
        let format = fields.get("formatVersion").and_then(Value::as_str).ok_or(SavedPlanError::NotAPlan)?;
        if major(format) != major(FORMAT) {
            return Err(SavedPlanError::OtherFormat { found: format.to_owned() });
        }
        let checksum = fields.remove(CHECKSUM);
        if checksum != Some(Value::String(hash(&value))) {
            return Err(SavedPlanError::Edited);
        }
        serde_json::from_value(value).map_err(SavedPlanError::Malformed)
    }

    /// The schema of the file.
    #[must_use]
    pub fn schema() -> Value {
        let mut schema = schemars::schema_for!(SavedPlan).to_value();
        if let Value::Object(fields) = &mut schema {
            fields.insert("title".to_owned(), Value::String("A saved plan of ovhconnect".to_owned()));
            let id = format!("ovhconnect/saved-plan/{}", major(FORMAT));
            fields.insert("$id".to_owned(), Value::String(id));
            if let Some(Value::Object(properties)) = fields.get_mut("properties") {
                let checksum = serde_json::json!({
                    "type": "string",
                    "description": "What the other fields hash to: an edited plan is refused.",
                });
                properties.insert(CHECKSUM.to_owned(), checksum);
            }
            if let Some(Value::Array(required)) = fields.get_mut("required") {
                required.push(Value::String(CHECKSUM.to_owned()));
            }
        }
        schema
    }
}

impl Desired {
    fn of(topology: &Topology) -> Self {
        let vracks = topology.vracks.iter().map(|(name, it)| {
            let VrackDeclaration { manage, protect, span: _ } = it;
            (name.clone(), DesiredVrack { manage: *manage, protect: *protect })
        });
        let entries = topology.entries.iter().map(|(address, it)| {
            let Declaration { spec, protect, span: _, interface_id: _ } = it;
            (address.clone(), DesiredEntry { spec: spec.clone(), protect: *protect })
        });
        Self { vracks: vracks.collect(), entries: entries.collect() }
    }

    /// The topology again; nothing in it has a place in a file.
    #[must_use]
    pub fn topology(&self) -> Topology {
        let span = Span { source: SourceId(u32::MAX), start: 0, end: 0 };
        let vracks = self.vracks.iter().map(|(name, it)| {
            (name.clone(), VrackDeclaration { manage: it.manage, protect: it.protect, span })
        });
        let entries = self.entries.iter().map(|(address, it)| {
            let declaration =
                Declaration { spec: it.spec.clone(), protect: it.protect, span, interface_id: None };
            (address.clone(), declaration)
        });
        Topology { vracks: vracks.collect(), entries: entries.collect(), ..Topology::default() }
    }
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// The digest of live state. What is on offer is no part of it: it says what could be made, not what
/// stands.
#[must_use]
pub fn digest(live: &Live) -> String {
    let Live { vracks, services, configs, catalogue: _ } = live;
    hash(&to_value(&(vracks, services, configs)))
}

/// The digest of a plan: the same plan has the same digest.
#[must_use]
pub fn plan_digest(plan: &Plan) -> String {
    hash(&to_value(plan))
}

fn to_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("plans and live state are plain data with text keys")
}

/// Keys are sorted and nothing is optional in it: the same value has the same text.
fn hash(value: &Value) -> String {
    let digest = Sha256::digest(value.to_string().as_bytes());
    digest.iter().fold("sha256:".to_owned(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::Goal;

    fn saved() -> SavedPlan {
        let live = Live::default();
        let topology = Topology::default();
        let plan = Plan::make(&topology, &live, Goal::Apply).expect("nothing to plan");
        SavedPlan::new(plan, &topology, live, "https://eu.api.ovh.com/1.0", None)
    }

    #[test]
    fn what_is_saved_reads_back() {
        let plan = saved();
        assert_eq!(SavedPlan::from_json(&plan.to_json()).expect("as it was written"), plan);
    }

    #[test]
    fn what_is_not_as_it_was_written_is_refused() {
        let text = saved().to_json();
        let edited = text.replace("eu.api", "ca.api");
        assert!(matches!(SavedPlan::from_json(&edited), Err(SavedPlanError::Edited)));
        let other = text.replace("\"formatVersion\": \"1.0\"", "\"formatVersion\": \"2.0\"");
        assert!(matches!(SavedPlan::from_json(&other), Err(SavedPlanError::OtherFormat { .. })));
        assert!(matches!(SavedPlan::from_json("[]"), Err(SavedPlanError::NotAPlan)));
        assert!(matches!(SavedPlan::from_json("{}"), Err(SavedPlanError::NotAPlan)));
        for end in (1..text.trim_end().len()).step_by(7) {
            let cut = SavedPlan::from_json(&text[..end]);
            assert!(matches!(cut, Err(SavedPlanError::Damaged(_))), "cut off after {end} bytes");
        }
    }
}
