//! The API's JSON shapes and nothing else. Field names, enums and nullability as the published
//! OpenAPI documents of `/ovhCloudConnect` and `/vrack` have them.
//!
//! An enum that the API may extend keeps what it does not know as [`Other`](ConfigStatus::Other)
//! instead of failing: an unknown status of one object must not hide the rest of the account.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant,)*
            /// A value that the published API does not name.
            #[serde(untagged)]
            Other(String),
        }

        impl $name {
            /// The value as the API writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

mod observe;

pub use observe::{
    Diagnostic, DiagnosticFunction, DiagnosticResult, DiagnosticType, Incident, IncidentType, InterfaceLink,
    Metrics, MetricsValue, NewDiagnostic, PopSession,
};

open_enum! {
    /// `ovhcloudconnect.service.StatusEnum`.
    ServiceStatus {
        /// In use.
        Active = "active",
        /// Terminated.
        Closed = "closed",
    }
}

open_enum! {
    /// `ovhcloudconnect.popConfig.TypeEnum`.
    PopType {
        /// Layer 2.
        L2 = "l2",
        /// Layer 3.
        L3 = "l3",
    }
}

open_enum! {
    /// `ovhcloudconnect.popConfig.StatusEnum`, of PoP, datacenter and extra alike.
    ConfigStatus {
        /// Being created; or its creation failed.
        Init = "init",
        /// In force.
        Active = "active",
        /// Being deleted.
        ToDelete = "toDelete",
    }
}

open_enum! {
    /// `ovhcloudconnect.datacenterExtraConfig.TypeEnum`.
    ExtraType {
        /// A BGP peer.
        Bgp = "bgp",
        /// A static route.
        Network = "network",
    }
}

open_enum! {
    /// `ovhcloudconnect.task.StatusEnum`.
    TaskStatus {
        /// Not begun.
        Todo = "todo",
        /// Running.
        Doing = "doing",
        /// Ended well.
        Done = "done",
        /// Ended badly.
        Error = "error",
        /// Refused.
        Denied = "denied",
        /// Held.
        Pause = "pause",
    }
}

open_enum! {
    /// `ovhcloudconnect.task.FunctionEnum`.
    TaskFunction {
        /// A datacenter configuration is created.
        AddDatacenterConfiguration = "addDatacenterConfiguration",
        /// An extra configuration is created.
        AddDatacenterExtraConfiguration = "addDatacenterExtraConfiguration",
        /// A PoP configuration is created.
        AddPopConfiguration = "addPopConfiguration",
        /// The service enters a vRack.
        AddVrack = "addVrack",
        /// A datacenter configuration is deleted.
        DelDatacenterConfiguration = "delDatacenterConfiguration",
        /// An extra configuration is deleted.
        DelDatacenterExtraConfiguration = "delDatacenterExtraConfiguration",
        /// A PoP configuration is deleted.
        DelPopConfiguration = "delPopConfiguration",
        /// An interface is locked.
        LockInterface = "lockInterface",
        /// The service leaves its vRack.
        RemoveVrack = "removeVrack",
        /// An interface is unlocked.
        UnlockInterface = "unlockInterface",
    }
}

open_enum! {
    /// `vrack.TaskStatusEnum`.
    VrackTaskStatus {
        /// Given up.
        Cancelled = "cancelled",
        /// Running.
        Doing = "doing",
        /// Ended well.
        Done = "done",
        /// Accepted.
        Init = "init",
        /// Not begun.
        Todo = "todo",
    }
}

open_enum! {
    /// `ovhcloudconnect.interface.StatusEnum`.
    InterfaceStatus {
        /// Locked.
        Disabled = "disabled",
        /// In service.
        Enabled = "enabled",
        /// Kept for a customer, not in service yet.
        Reserved = "reserved",
    }
}

open_enum! {
    /// `ovhcloudconnect.interface.LightStatusEnum`, also of the interface itself.
    LightStatus {
        /// No light.
        Down = "down",
        /// Not measured.
        Unknown = "unknown",
        /// Light.
        Up = "up",
    }
}

/// `ovhcloudconnect.ServiceWithIAM`, without its IAM metadata.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// The service's name in every route.
    pub uuid: Uuid,
    /// Free text of the customer.
    #[serde(default)]
    pub description: Option<String>,
    /// `100m` … `100g`.
    #[serde(default)]
    pub bandwidth: Option<String>,
    /// The interfaces delivered with it.
    #[serde(default)]
    pub interface_list: Vec<u64>,
    /// The PoP where it is delivered.
    #[serde(default)]
    pub pop: Option<String>,
    /// `1` or `2`, as a text.
    #[serde(default)]
    pub port_quantity: Option<String>,
    /// The product's name.
    #[serde(default)]
    pub product: Option<String>,
    /// `OVHcloud` for a direct service, else the partner.
    #[serde(default)]
    pub provider: Option<String>,
    /// Whether it is in use.
    pub status: ServiceStatus,
    /// The vRack it is in.
    #[serde(default)]
    pub vrack: Option<String>,
}

/// `ovhcloudconnect.Interface`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interface {
    /// Its number in every route.
    pub id: u64,
    /// Whether the port is in service.
    pub status: InterfaceStatus,
    /// The port's state.
    #[serde(default)]
    pub interface_status: Option<LightStatus>,
    /// Light received; checked every five minutes.
    #[serde(default)]
    pub incoming_light_status: Option<LightStatus>,
    /// Light received, in dBm.
    #[serde(default)]
    pub incoming_light_value: Option<f64>,
    /// Light emitted; checked every five minutes.
    #[serde(default)]
    pub outgoing_light_status: Option<LightStatus>,
    /// Light emitted, in dBm.
    #[serde(default)]
    pub outgoing_light_value: Option<f64>,
    /// When the light last changed.
    #[serde(default)]
    pub light_last_update: Option<String>,
    /// When the port last changed.
    #[serde(default)]
    pub interface_status_last_update: Option<String>,
    /// Where the port is.
    #[serde(default)]
    pub interface_name: Option<String>,
    /// The patch panel.
    #[serde(default)]
    pub device_display_name: Option<String>,
    /// The equipment in the rack.
    #[serde(default)]
    pub device_rack_display_name: Option<String>,
    /// The fibre's termination.
    #[serde(default)]
    pub interface_termination_type: Option<String>,
}

/// `ovhcloudconnect.PopConfig`, as it is read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PopConfig {
    /// Its number in every route.
    pub id: u64,
    /// The interface it uses.
    pub interface_id: u64,
    /// l2 or l3.
    #[serde(rename = "type")]
    pub kind: PopType,
    /// The customer's ASN (l3).
    #[serde(default)]
    pub customer_bgp_area: Option<u32>,
    /// OVHcloud's ASN (l3).
    #[serde(default)]
    pub ovh_bgp_area: Option<u32>,
    /// The /30 (l3), as text.
    #[serde(default)]
    pub subnet: Option<String>,
    /// Where it is in its life.
    pub status: ConfigStatus,
}

/// The body that creates a PoP configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPopConfig {
    /// The interface to use.
    pub interface_id: u64,
    /// l2 or l3.
    #[serde(rename = "type")]
    pub kind: PopType,
    /// The customer's ASN (l3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_bgp_area: Option<u32>,
    /// OVHcloud's ASN (l3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ovh_bgp_area: Option<u32>,
    /// The /30 (l3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
}

/// `ovhcloudconnect.Datacenter`: one line of the catalogue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueDatacenter {
    /// Its number in bodies.
    pub id: u64,
    /// Its name, like `GRA`.
    pub name: String,
    /// Its region, like `eu-west-gra`.
    #[serde(default)]
    pub region: Option<String>,
    /// `1-AZ` or `3-AZ`.
    #[serde(default)]
    pub region_type: Option<String>,
    /// Whether it takes a new configuration.
    pub available: bool,
}

/// `ovhcloudconnect.DatacenterConfig`, as it is read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatacenterConfig {
    /// The configuration's number, the one that routes take.
    pub id: u64,
    /// The catalogue's number of the datacenter.
    pub datacenter_id: u64,
    /// OVHcloud's ASN (l3).
    #[serde(default)]
    pub ovh_bgp_area: Option<u32>,
    /// The subnet (l3), as text.
    #[serde(default)]
    pub subnet: Option<String>,
    /// Where it is in its life.
    pub status: ConfigStatus,
}

/// The body that creates a datacenter configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewDatacenterConfig {
    /// The catalogue's number of the datacenter.
    pub datacenter_id: u64,
    /// OVHcloud's ASN (l3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ovh_bgp_area: Option<u32>,
    /// The subnet (l3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
}

/// `ovhcloudconnect.DatacenterExtraConfig`, as it is read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtraConfig {
    /// Its number in every route.
    pub id: u64,
    /// Static route or BGP peer.
    #[serde(rename = "type")]
    pub kind: ExtraType,
    /// The peer's ASN (bgp).
    #[serde(default)]
    pub bgp_neighbor_area: Option<u32>,
    /// The peer's address (bgp), as text.
    #[serde(default)]
    pub bgp_neighbor_ip: Option<String>,
    /// The gateway (network), as text.
    #[serde(default)]
    pub next_hop: Option<String>,
    /// The prefix (network), as text.
    #[serde(default)]
    pub subnet: Option<String>,
    /// Where it is in its life.
    pub status: ConfigStatus,
}

/// The body that creates an extra configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewExtraConfig {
    /// Static route or BGP peer.
    #[serde(rename = "type")]
    pub kind: ExtraType,
    /// The peer's ASN (bgp).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_neighbor_area: Option<u32>,
    /// The peer's address (bgp).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_neighbor_ip: Option<String>,
    /// The gateway (network).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_hop: Option<String>,
    /// The prefix (network).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
}

/// `ovhcloudconnect.Task`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its number in every route.
    pub id: u64,
    /// What it does.
    pub function: TaskFunction,
    /// The id of the configuration or interface it is about.
    #[serde(default)]
    pub resource_id: Option<u64>,
    /// Where it is in its life.
    pub status: TaskStatus,
}

/// `vrack.Task`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VrackTask {
    /// Its number in every route.
    pub id: u64,
    /// What it does; the API publishes no list of values.
    #[serde(default)]
    pub function: Option<String>,
    /// Where it is in its life. It is over when the API no longer knows it.
    pub status: VrackTaskStatus,
    /// The vRack.
    #[serde(default)]
    pub service_name: Option<String>,
    /// What it is about: for OVHcloud Connect, the service's uuid.
    #[serde(default)]
    pub target_domain: Option<String>,
    /// The order it came from.
    #[serde(default)]
    pub order_id: Option<u64>,
    /// When it last changed.
    #[serde(default)]
    pub last_update: Option<String>,
    /// When it is to begin.
    #[serde(default)]
    pub todo_date: Option<String>,
}

/// `vrack.vrackWithIAM`, without its IAM metadata.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vrack {
    /// Free text of the customer.
    #[serde(default)]
    pub description: Option<String>,
    /// Display name.
    #[serde(default)]
    pub name: Option<String>,
    /// The vRack's name in every route.
    #[serde(default)]
    pub service_name: Option<String>,
}

/// The body that puts a service into a vRack.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attach {
    /// The service's uuid.
    pub ovh_cloud_connect: Uuid,
}

/// `vrack.ovhCloudConnect`: one attached service, when the list is expanded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attached {
    /// The service's uuid.
    pub ovh_cloud_connect: Uuid,
    /// The vRack.
    #[serde(default)]
    pub vrack: Option<String>,
}

/// `ovhcloudconnect.Update`: the body of PUT on a service.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Update {
    /// The new description.
    pub description: Option<String>,
}

/// `vrack.AllowedServices`, of which only OVHcloud Connect is read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AllowedServices {
    /// The services that may enter the vRack.
    #[serde(default)]
    pub ovh_cloud_connect: Option<Vec<Uuid>>,
}

/// `auth.AccessRule`: something that may be called.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessRule {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: String,
    /// The route, in which `*` stands for anything.
    pub path: String,
}

/// Of `api.Credential`: what an application key may call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CurrentCredential {
    /// What it may call.
    pub rules: Vec<AccessRule>,
}

/// Of `auth.Details`: who calls.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthDetails {
    /// What it may call, where the API tells.
    #[serde(default)]
    pub allowed_routes: Option<Vec<AccessRule>>,
}

/// The API's error body, in both of its forms.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorBody {
    /// `Client::NotFound` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// `INVALID_SIGNATURE` and the like, of errors about the credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// `400 Bad Request` and the like, beside an `errorCode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_code: Option<String>,
    /// What is wrong, in the API's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
