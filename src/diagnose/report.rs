//! What came of a diagnostic.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{Kind, Target};
use crate::api::wire;
use crate::topology::{Address, ServiceId};

/// The version of the form that is written as JSON.
const FORMAT: &str = "1.0";

/// What came of a diagnostic. `null` stands for what the API did not say, throughout.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of this form. A part after the dot that is higher adds fields; one before it changes them.
    pub format_version: &'static str,
    /// What it is about.
    pub address: Address,
    /// The service it was run on.
    pub service: ServiceId,
    /// What was asked.
    pub kind: Kind,
    /// The same in the API's word.
    pub function: String,
    /// Its number; OVHcloud keeps it for seven days.
    pub id: u64,
    /// When it was run.
    pub date: Option<String>,
    /// Where it ran.
    pub source: Option<String>,
    /// What it is, in the API's words.
    pub description: Option<String>,
    /// How many of this kind are left today on this service; not known where the past ones could not be read.
    pub left: Option<usize>,
    /// What it found.
    pub result: Vec<Line>,
}

/// One thing that was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The command that was run.
    pub command: Option<String>,
    /// What it printed.
    pub output: Option<String>,
    /// The prefix of a route.
    pub prefix: Option<String>,
    /// The AS path of a route.
    pub as_path: Option<String>,
    /// The local preference of a route.
    pub local_preference: Option<i64>,
    /// The metric (MED) of a route.
    pub med: Option<i64>,
    /// A MAC address.
    pub mac: Option<String>,
    /// The router's MAC address in the eVPN.
    pub router_mac: Option<String>,
    /// When the route or the address appeared.
    pub since: Option<String>,
}

impl Report {
    /// What came of a diagnostic of this kind about a target.
    #[must_use]
    pub fn new(target: &Target, kind: Kind, diagnostic: wire::Diagnostic, left: Option<usize>) -> Self {
        let wire::Diagnostic { id, function, status: _, date, description, source, result } = diagnostic;
        Self {
            format_version: FORMAT,
            address: target.address.clone(),
            service: target.service,
            kind,
            function: function.to_string(),
            id,
            date,
            source,
            description,
            left,
            result: result.into_iter().flatten().map(Line::from).collect(),
        }
    }

    /// The schema of a report as JSON.
    #[must_use]
    pub fn schema() -> Value {
        let mut schema = schemars::schema_for!(Self);
        schema.insert("title".to_owned(), "What `ovhconnect diagnose --format json` writes".into());
        schema.to_value()
    }

    /// The report as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report is lists, text and numbers") + "\n"
    }
}

impl From<wire::DiagnosticResult> for Line {
    fn from(found: wire::DiagnosticResult) -> Self {
        let wire::DiagnosticResult {
            aspath,
            cmd,
            localprefix,
            mac,
            med,
            output,
            prefix,
            routermac,
            timestamp,
        } = found;
        Self {
            command: cmd,
            output,
            prefix,
            as_path: aspath,
            local_preference: localprefix,
            med,
            mac,
            router_mac: routermac,
            since: timestamp,
        }
    }
}
