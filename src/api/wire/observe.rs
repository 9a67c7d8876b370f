//! What is seen of a service that runs: sessions, links, incidents, statistics, diagnostics.

use serde::{Deserialize, Serialize};

use super::{LightStatus, TaskStatus};

/// `ovhcloudconnect.PopConfStatus`: the l3 session of a PoP, now.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PopSession {
    /// `up` or `down`.
    pub status: LightStatus,
    /// Flaps since it was last up.
    #[serde(default)]
    pub flap_count: Option<f64>,
    /// Last change.
    #[serde(default)]
    pub last_change: Option<String>,
    /// Last time it went down.
    #[serde(default)]
    pub last_down: Option<String>,
    /// Last time it came up.
    #[serde(default)]
    pub last_up: Option<String>,
    /// When this was measured.
    #[serde(default)]
    pub last_update: Option<String>,
}

/// `ovhcloudconnect.InterfaceStatus`: whether a port's link is up, now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InterfaceLink {
    /// `up` or `down`.
    pub status: LightStatus,
    /// Last change.
    #[serde(default)]
    pub last_change: Option<String>,
    /// Last time it went down.
    #[serde(default)]
    pub last_down: Option<String>,
    /// Last time it came up.
    #[serde(default)]
    pub last_up: Option<String>,
    /// When this was measured.
    #[serde(default)]
    pub last_update: Option<String>,
}

open_enum! {
    /// `ovhcloudconnect.incident.TypeEnum`.
    IncidentType {
        /// Something is broken.
        Incident = "incident",
        /// Work that was announced.
        Maintenance = "maintenance",
    }
}

/// `ovhcloudconnect.Incident`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// Its number in every route.
    pub id: u64,
    /// An incident or a maintenance.
    #[serde(rename = "type")]
    pub kind: IncidentType,
    /// When it begins.
    pub start_date: String,
    /// When it ends, where that is known.
    #[serde(default)]
    pub end_date: Option<String>,
}

/// `ovhcloudconnect.Metrics`: one point of a statistic.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Metrics {
    /// When it was measured, in Unix seconds.
    pub timestamp: i64,
    /// What was measured.
    pub value: MetricsValue,
}

/// `ovhcloudconnect.MetricsValue`, without its unit: the statistic that is asked for says it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct MetricsValue {
    /// How much.
    pub value: f64,
}

open_enum! {
    /// `ovhcloudconnect.diagnostic.FunctionEnum`.
    DiagnosticFunction {
        /// The MAC addresses that are known.
        DiagMacs = "diagMacs",
        /// The BGP session of the PoP.
        DiagPeering = "diagPeering",
        /// The BGP session of an extra configuration.
        DiagPeeringExtra = "diagPeeringExtra",
        /// The routes that are known.
        DiagRoutes = "diagRoutes",
    }
}

open_enum! {
    /// `ovhcloudconnect.diagnostic.TypeEnum`.
    DiagnosticType {
        /// The routes that are sent to the neighbour.
        AdvertisedRoutes = "advertised-routes",
        /// The state of the session.
        Default = "default",
        /// The routes that are received.
        Routes = "routes",
    }
}

/// `ovhcloudconnect.Diagnostic`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// Its number in every route.
    pub id: u64,
    /// What is looked at.
    pub function: DiagnosticFunction,
    /// Where it is in its life.
    pub status: TaskStatus,
    /// When it ran.
    #[serde(default)]
    pub date: Option<String>,
    /// What it is, in the API's words.
    #[serde(default)]
    pub description: Option<String>,
    /// Where it ran.
    #[serde(default)]
    pub source: Option<String>,
    /// What it found.
    #[serde(default)]
    pub result: Option<Vec<DiagnosticResult>>,
}

/// `ovhcloudconnect.DiagnosticResult`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiagnosticResult {
    /// The AS path of a route.
    pub aspath: Option<String>,
    /// The command that was run.
    pub cmd: Option<String>,
    /// The local preference of a route.
    pub localprefix: Option<i64>,
    /// A MAC address.
    pub mac: Option<String>,
    /// The metric of a route.
    pub med: Option<i64>,
    /// What the command printed.
    pub output: Option<String>,
    /// The prefix of a route.
    pub prefix: Option<String>,
    /// The router's MAC address in the eVPN.
    pub routermac: Option<String>,
    /// When the route or the address appeared.
    pub timestamp: Option<String>,
}

/// `ovhcloudconnect.DiagnosticConfiguration`: the body that starts a diagnostic.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewDiagnostic {
    /// What to look at.
    pub diagnostic_name: DiagnosticFunction,
    /// Which side of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnostic_type: Option<DiagnosticType>,
    /// The PoP configuration.
    pub pop_config_id: u64,
    /// The datacenter configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dc_config_id: Option<u64>,
    /// The extra configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra_config_id: Option<u64>,
}
