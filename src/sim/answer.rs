//! From a route and a body to the account's answer, as JSON.

use std::collections::HashMap;

use axum::http::Method;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Fields, text};
use super::diagnostic::NewDiagnostic;
use super::refusal::Refusal;
use super::route::{Endpoint, read_uuid};
use super::world::World;
use crate::api::wire;

/// A request whose credential has been checked.
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) endpoint: &'a Endpoint,
    pub(super) query: &'a HashMap<String, String>,
    pub(super) body: &'a [u8],
    /// Whether a list is to hold the objects instead of their ids.
    pub(super) expanded: bool,
}

type Answer = Result<Value, Refusal>;

/// An object as JSON. The API's shapes always are.
fn object(value: impl Serialize) -> Answer {
    serde_json::to_value(value).map_err(|error| Refusal::internal(error.to_string()))
}

/// A list of objects, or of their ids.
fn list<T: Serialize, I: Serialize>(
    call: &Call<'_>,
    items: impl IntoIterator<Item = T>,
    id: impl Fn(&T) -> I,
) -> Answer {
    items.into_iter().map(|item| if call.expanded { object(&item) } else { object(id(&item)) }).collect()
}

fn service_with_iam(service: wire::Service) -> Answer {
    let name = service.uuid.to_string();
    with_iam(object(service)?, "ovhCloudConnect", &name, &name)
}

fn vrack_with_iam(vrack: wire::Vrack) -> Answer {
    let name = vrack.service_name.clone().unwrap_or_default();
    // A vRack's resource id is a uuid of its own: one made of its name is the same every run.
    let folded = name.bytes().fold(0_u128, |sum, byte| sum.wrapping_mul(257).wrapping_add(byte.into()));
    with_iam(object(vrack)?, "vrack", &name, &Uuid::from_u128(folded).to_string())
}

/// Adds `iam.ResourceMetadata`, which Terraform's provider reads.
fn with_iam(mut value: Value, kind: &str, name: &str, id: &str) -> Answer {
    value["iam"] = json!({
        "displayName": name,
        "id": id,
        "tags": {},
        "urn": format!("urn:v1:eu:resource:{kind}:{name}"),
    });
    Ok(value)
}

/// What the account answers.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Answer {
    if *call.method == Method::GET { read(world, call) } else { write(world, call) }
}

fn read(world: &World, call: &Call<'_>) -> Answer {
    match call.endpoint {
        Endpoint::Services if call.expanded => world.services().map(service_with_iam).collect(),
        Endpoint::Services => object(world.service_ids()),
        Endpoint::Service(service) => service_with_iam(world.service(*service)?),
        Endpoint::Pops(service) => list(call, world.pops(*service)?, |pop| pop.id),
        Endpoint::Pop(service, pop) => object(world.pop(*service, *pop)?),
        Endpoint::Datacenters(service, pop) => {
            list(call, world.datacenters(*service, *pop)?, |found| found.id)
        }
        Endpoint::Datacenter(service, pop, id) => object(world.datacenter(*service, *pop, *id)?),
        Endpoint::Extras(service, pop, id) => {
            list(call, world.extras(*service, *pop, *id)?, |extra| extra.id)
        }
        Endpoint::Extra(service, pop, datacenter, id) => {
            object(world.extra(*service, *pop, *datacenter, *id)?)
        }
        Endpoint::Catalogue(service) => list(call, world.catalogue(*service)?, |found| found.id),
        Endpoint::CatalogueEntry(service, id) => object(world.catalogue_datacenter(*service, *id)?),
        Endpoint::Diagnostics(service) => list(call, world.diagnostics(*service)?, |found| found.id),
        Endpoint::Diagnostic(service, id) => object(world.diagnostic(*service, *id)?),
        Endpoint::Incidents(service) => list(call, world.incidents(*service)?, |found| found.id),
        Endpoint::Incident(service, id) => object(world.incident(*service, *id)?),
        Endpoint::Interfaces(service) => list(call, world.interfaces(*service)?, |found| found.id),
        Endpoint::Interface(service, id) => object(world.interface(*service, *id)?),
        Endpoint::Tasks(service) => list(call, world.tasks(*service)?, |task| task.id),
        Endpoint::Task(service, id) => object(world.task(*service, *id)?),
        Endpoint::Vracks if call.expanded => world.vracks().map(vrack_with_iam).collect(),
        Endpoint::Vracks => list(call, world.vracks(), |vrack| vrack.service_name.clone()),
        Endpoint::Vrack(vrack) => vrack_with_iam(world.vrack(vrack)?),
        Endpoint::AllowedServices(vrack) => allowed_services(world, call, vrack),
        Endpoint::Members(vrack) => list(call, world.attached(vrack)?, |member| member.ovh_cloud_connect),
        Endpoint::Member(vrack, service) => object(world.attached_service(vrack, *service)?),
        Endpoint::VrackTasks(vrack) => list(call, world.vrack_tasks(vrack)?, |task| task.id),
        Endpoint::VrackTask(vrack, id) => object(world.vrack_task(vrack, *id)?),
        Endpoint::PopStatus(..)
        | Endpoint::PopStatistics(..)
        | Endpoint::InterfaceStatus(..)
        | Endpoint::InterfaceStatistics(..)
        | Endpoint::Monitoring(_) => super::observe::answer(world, call),
        Endpoint::AuthTime | Endpoint::AuthDetails | Endpoint::CurrentCredential | Endpoint::Me => {
            Err(Refusal::internal("this route is not about the account's services"))
        }
        Endpoint::Lock(..) | Endpoint::Unlock(..) => Err(Refusal::method_not_allowed()),
    }
}

fn write(world: &mut World, call: &Call<'_>) -> Answer {
    let deletes = *call.method == Method::DELETE;
    if deletes || matches!(call.endpoint, Endpoint::Lock(..) | Endpoint::Unlock(..)) {
        Fields::none(call.body)?;
    }
    match call.endpoint {
        Endpoint::Service(service) => {
            let mut fields = Fields::of(call.body)?;
            let description = fields.text("description")?;
            fields.end()?;
            world.update_service(*service, description.as_deref())?;
            Ok(Value::Null)
        }
        Endpoint::Vrack(vrack) => {
            let mut fields = Fields::of(call.body)?;
            let (name, description) = (fields.text("name")?, fields.text("description")?);
            // The official clients send the object back whole.
            fields.text("serviceName")?;
            fields.end()?;
            world.update_vrack(vrack, name.as_deref(), description.as_deref())?;
            Ok(Value::Null)
        }
        Endpoint::Pops(service) => object(world.create_pop(*service, &new_pop(call.body)?)?),
        Endpoint::Pop(service, pop) => object(world.delete_pop(*service, *pop)?),
        Endpoint::Datacenters(service, pop) => {
            object(world.create_datacenter(*service, *pop, &new_datacenter(call.body)?)?)
        }
        Endpoint::Datacenter(service, pop, id) => object(world.delete_datacenter(*service, *pop, *id)?),
        Endpoint::Extras(service, pop, id) => {
            object(world.create_extra(*service, *pop, *id, &new_extra(call.body)?)?)
        }
        Endpoint::Extra(service, pop, datacenter, id) => {
            object(world.delete_extra(*service, *pop, *datacenter, *id)?)
        }
        Endpoint::Lock(service, id) => object(world.lock_interface(*service, *id)?),
        Endpoint::Unlock(service, id) => object(world.unlock_interface(*service, *id)?),
        Endpoint::Diagnostics(service) => {
            object(world.run_diagnostic(*service, &new_diagnostic(call.body)?)?)
        }
        Endpoint::Monitoring(service) => {
            let alerts = if deletes { Vec::new() } else { subscriptions(call.body)? };
            world.set_alerts(*service, &alerts)?;
            Ok(Value::Null)
        }
        Endpoint::Members(vrack) => object(world.attach(vrack, attached(call.body)?)?),
        Endpoint::Member(vrack, service) => object(world.detach(vrack, *service)?),
        _ => Err(Refusal::method_not_allowed()),
    }
}

/// Source: published API, `vrack.AllowedServiceEnum`.
const FAMILIES: [&str; 13] = [
    "cloudProject",
    "dedicatedCloud",
    "dedicatedCloudDatacenter",
    "dedicatedConnect",
    "dedicatedServer",
    "dedicatedServerInterface",
    "ip",
    "ipLoadbalancing",
    "ipv6",
    "legacyVrack",
    "ovhCloudConnect",
    "vmwareCloudDirectorVirtualDataCenter",
    "vrackServices",
];

/// The eligible services by family; this account has services of one family only.
fn allowed_services(world: &World, call: &Call<'_>, vrack: &str) -> Answer {
    let wanted = call.query.get("serviceFamily").map(String::as_str);
    if let Some(family) = wanted {
        super::diagnostic::one_of("serviceFamily", family, &FAMILIES, "vrack.AllowedServiceEnum")?;
    }
    let allowed = world.allowed_services(vrack)?;
    Ok(FAMILIES
        .iter()
        .map(|family| {
            let services = match (*family, wanted) {
                ("ovhCloudConnect", None | Some("ovhCloudConnect")) => json!(allowed),
                (family, wanted) if wanted.is_none_or(|wanted| wanted == family) => json!([]),
                _ => Value::Null,
            };
            ((*family).to_owned(), services)
        })
        .collect())
}

fn new_pop(body: &[u8]) -> Result<wire::NewPopConfig, Refusal> {
    let mut fields = Fields::of(body)?;
    let new = wire::NewPopConfig {
        interface_id: fields.required("interfaceId", "long", Value::as_u64)?,
        kind: match fields.required("type", "string", text)?.as_str() {
            "l2" => wire::PopType::L2,
            "l3" => wire::PopType::L3,
            other => wire::PopType::Other(other.to_owned()),
        },
        customer_bgp_area: fields.asn("customerBgpArea")?,
        ovh_bgp_area: fields.asn("ovhBgpArea")?,
        subnet: fields.text("subnet")?,
    };
    fields.end()?;
    Ok(new)
}

fn new_datacenter(body: &[u8]) -> Result<wire::NewDatacenterConfig, Refusal> {
    let mut fields = Fields::of(body)?;
    let new = wire::NewDatacenterConfig {
        datacenter_id: fields.required("datacenterId", "long", Value::as_u64)?,
        ovh_bgp_area: fields.asn("ovhBgpArea")?,
        subnet: fields.text("subnet")?,
    };
    fields.end()?;
    Ok(new)
}

fn new_extra(body: &[u8]) -> Result<wire::NewExtraConfig, Refusal> {
    let mut fields = Fields::of(body)?;
    let new = wire::NewExtraConfig {
        kind: match fields.required("type", "string", text)?.as_str() {
            "bgp" => wire::ExtraType::Bgp,
            "network" => wire::ExtraType::Network,
            other => wire::ExtraType::Other(other.to_owned()),
        },
        bgp_neighbor_area: fields.asn("bgpNeighborArea")?,
        bgp_neighbor_ip: fields.text("bgpNeighborIp")?,
        next_hop: fields.text("nextHop")?,
        subnet: fields.text("subnet")?,
    };
    fields.end()?;
    Ok(new)
}

fn new_diagnostic(body: &[u8]) -> Result<NewDiagnostic, Refusal> {
    let mut fields = Fields::of(body)?;
    let new = NewDiagnostic {
        function: fields.required("diagnosticName", "string", text)?,
        kind: fields.text("diagnosticType")?,
        pop: fields.required("popConfigId", "long", Value::as_u64)?,
        datacenter: fields.id("dcConfigId")?,
        extra: fields.id("extraConfigId")?,
    };
    fields.end()?;
    Ok(new)
}

fn attached(body: &[u8]) -> Result<Uuid, Refusal> {
    let mut fields = Fields::of(body)?;
    let uuid = fields.required("ovhCloudConnect", "uuid", |value| read_uuid(value.as_str()?))?;
    fields.end()?;
    Ok(uuid)
}

fn subscriptions(body: &[u8]) -> Result<Vec<String>, Refusal> {
    let mut fields = Fields::of(body)?;
    let names = |value: &Value| value.as_array()?.iter().map(text).collect::<Option<Vec<_>>>();
    let alerts = fields.optional("subscriptions", "string[]", names)?.unwrap_or_default();
    fields.end()?;
    Ok(alerts)
}
