//! The API's routes: what a path means. Source: published API.

use std::borrow::Cow;

use axum::http::Method;
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use super::refusal::Refusal;

/// What a path names. The variants bear the ids of the path, outermost first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Endpoint {
    AuthTime,
    AuthDetails,
    CurrentCredential,
    Me,
    Services,
    Service(Uuid),
    Pops(Uuid),
    Pop(Uuid, u64),
    PopStatus(Uuid, u64),
    PopStatistics(Uuid, u64),
    Datacenters(Uuid, u64),
    Datacenter(Uuid, u64, u64),
    Extras(Uuid, u64, u64),
    Extra(Uuid, u64, u64, u64),
    Catalogue(Uuid),
    CatalogueEntry(Uuid, u64),
    Diagnostics(Uuid),
    Diagnostic(Uuid, u64),
    Incidents(Uuid),
    Incident(Uuid, u64),
    Interfaces(Uuid),
    Interface(Uuid, u64),
    Lock(Uuid, u64),
    Unlock(Uuid, u64),
    InterfaceStatus(Uuid, u64),
    InterfaceStatistics(Uuid, u64),
    Monitoring(Uuid),
    Tasks(Uuid),
    Task(Uuid, u64),
    Vracks,
    Vrack(String),
    AllowedServices(String),
    Members(String),
    Member(String, Uuid),
    VrackTasks(String),
    VrackTask(String, u64),
}

/// A path without `/1.0`, or its other name `/v1`: the official clients call the latter for a path that
/// begins with it.
pub(super) fn unversioned(path: &str) -> &str {
    let versions = ["/1.0", "/v1"].into_iter();
    let mut rests = versions.filter_map(|version| path.strip_prefix(version));
    rests.find(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(path)
}

/// Reads a path without its `/1.0`. `None` where the API has no such route; an error where it has
/// one but an id in it is not written as it must be.
pub(super) fn parse(path: &str) -> Option<Result<Endpoint, Refusal>> {
    let segments = path.trim_matches('/').split('/').map(|segment| percent_decode_str(segment).decode_utf8());
    let segments: Vec<Cow<'_, str>> = segments.collect::<Result<_, _>>().ok()?;
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    match segments.as_slice() {
        ["auth", "time"] => Some(Ok(Endpoint::AuthTime)),
        ["auth", "details"] => Some(Ok(Endpoint::AuthDetails)),
        ["auth", "currentCredential"] => Some(Ok(Endpoint::CurrentCredential)),
        ["me"] => Some(Ok(Endpoint::Me)),
        ["ovhCloudConnect"] => Some(Ok(Endpoint::Services)),
        ["ovhCloudConnect", service, rest @ ..] => under_service(service, rest),
        ["vrack"] => Some(Ok(Endpoint::Vracks)),
        ["vrack", vrack, rest @ ..] => under_vrack(vrack, rest),
        _ => None,
    }
}

fn under_service(service: &str, rest: &[&str]) -> Option<Result<Endpoint, Refusal>> {
    type Leaf = fn(Uuid, u64) -> Endpoint;
    let with = |make: Leaf, key, id: &str| Ok(make(uuid("serviceName", service)?, number(key, id)?));
    let alone = |make: fn(Uuid) -> Endpoint| uuid("serviceName", service).map(make);
    Some(match rest {
        [] => alone(Endpoint::Service),
        ["config", "pop", rest @ ..] => return under_pop(service, rest),
        ["datacenter"] => alone(Endpoint::Catalogue),
        ["datacenter", id] => with(Endpoint::CatalogueEntry, "id", id),
        ["diagnostic"] => alone(Endpoint::Diagnostics),
        ["diagnostic", id] => with(Endpoint::Diagnostic, "id", id),
        ["incident"] => alone(Endpoint::Incidents),
        ["incident", id] => with(Endpoint::Incident, "id", id),
        ["interface"] => alone(Endpoint::Interfaces),
        ["interface", id] => with(Endpoint::Interface, "id", id),
        ["interface", id, "lock"] => with(Endpoint::Lock, "id", id),
        ["interface", id, "unlock"] => with(Endpoint::Unlock, "id", id),
        ["interface", id, "status"] => with(Endpoint::InterfaceStatus, "id", id),
        ["interface", id, "statistics"] => with(Endpoint::InterfaceStatistics, "id", id),
        ["monitoring"] => alone(Endpoint::Monitoring),
        ["task"] => alone(Endpoint::Tasks),
        ["task", id] => with(Endpoint::Task, "id", id),
        _ => return None,
    })
}

fn under_pop(service: &str, rest: &[&str]) -> Option<Result<Endpoint, Refusal>> {
    let service = || uuid("serviceName", service);
    let pop = |id| number("popId", id);
    let datacenter = |id| number("datacenterId", id);
    Some(match *rest {
        [] => service().map(Endpoint::Pops),
        [p] => (|| Ok(Endpoint::Pop(service()?, pop(p)?)))(),
        [p, "status"] => (|| Ok(Endpoint::PopStatus(service()?, pop(p)?)))(),
        [p, "statistics"] => (|| Ok(Endpoint::PopStatistics(service()?, pop(p)?)))(),
        [p, "datacenter"] => (|| Ok(Endpoint::Datacenters(service()?, pop(p)?)))(),
        [p, "datacenter", d] => (|| Ok(Endpoint::Datacenter(service()?, pop(p)?, datacenter(d)?)))(),
        [p, "datacenter", d, "extra"] => (|| Ok(Endpoint::Extras(service()?, pop(p)?, datacenter(d)?)))(),
        [p, "datacenter", d, "extra", e] => {
            (|| Ok(Endpoint::Extra(service()?, pop(p)?, datacenter(d)?, number("extraId", e)?)))()
        }
        _ => return None,
    })
}

fn under_vrack(vrack: &str, rest: &[&str]) -> Option<Result<Endpoint, Refusal>> {
    let vrack = vrack.to_owned();
    Some(match *rest {
        [] => Ok(Endpoint::Vrack(vrack)),
        ["allowedServices"] => Ok(Endpoint::AllowedServices(vrack)),
        ["ovhCloudConnect"] => Ok(Endpoint::Members(vrack)),
        ["ovhCloudConnect", service] => {
            uuid("ovhCloudConnect", service).map(|service| Endpoint::Member(vrack, service))
        }
        ["task"] => Ok(Endpoint::VrackTasks(vrack)),
        ["task", id] => number("taskId", id).map(|id| Endpoint::VrackTask(vrack, id)),
        _ => return None,
    })
}

/// The length of a uuid as the API writes it; there are other ways.
const UUID_LENGTH: usize = 36;

/// A uuid as the API writes it.
pub(super) fn read_uuid(text: &str) -> Option<Uuid> {
    text.parse().ok().filter(|_| text.len() == UUID_LENGTH)
}

fn uuid(key: &str, text: &str) -> Result<Uuid, Refusal> {
    read_uuid(text).ok_or_else(|| {
        Refusal::bad_request(format!("[{key}] Given data ({text}) is not valid for type uuid"))
    })
}

/// An id. A negative one is a number too, but nothing bears it.
fn number(key: &str, text: &str) -> Result<u64, Refusal> {
    match text.parse::<i64>() {
        Ok(number) if !text.starts_with('+') => number.try_into().map_err(|_| Refusal::no_object(key, text)),
        _ => Err(Refusal::bad_request(format!("[{key}] Given data ({text}) is not valid for type long"))),
    }
}

impl Endpoint {
    /// Whether the route has this method.
    pub(super) fn takes(&self, method: &Method) -> bool {
        let get = *method == Method::GET;
        let (post, put, delete) =
            (*method == Method::POST, *method == Method::PUT, *method == Method::DELETE);
        match self {
            Self::Service(_) | Self::Vrack(_) => get || put,
            Self::Pops(_)
            | Self::Datacenters(..)
            | Self::Extras(..)
            | Self::Diagnostics(_)
            | Self::Members(_) => get || post,
            Self::Pop(..) | Self::Datacenter(..) | Self::Extra(..) | Self::Member(..) => get || delete,
            Self::Monitoring(_) => get || post || delete,
            Self::Lock(..) | Self::Unlock(..) => post,
            _ => get,
        }
    }

    /// Whether a GET can answer the objects instead of their ids (`x-expanded-response`).
    pub(super) fn expands(&self) -> bool {
        matches!(
            self,
            Self::Services
                | Self::Pops(_)
                | Self::Datacenters(..)
                | Self::Extras(..)
                | Self::Catalogue(_)
                | Self::Diagnostics(_)
                | Self::Incidents(_)
                | Self::Interfaces(_)
                | Self::Tasks(_)
                | Self::Vracks
                | Self::Members(_)
                | Self::VrackTasks(_)
        )
    }

    /// Whether it answers without a credential.
    pub(super) fn is_open(&self) -> bool {
        *self == Self::AuthTime
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01";

    #[test]
    fn ids_are_taken_outermost_first() {
        let parsed = parse(&format!("/ovhCloudConnect/{SERVICE}/config/pop/1/datacenter/2/extra/3")).unwrap();
        assert_eq!(parsed, Ok(Endpoint::Extra(SERVICE.parse().unwrap(), 1, 2, 3)));
    }

    #[test]
    fn what_is_no_route_is_told_from_what_is_a_wrong_id() {
        assert_eq!(parse("/ovhCloudConnect/x/config/popp"), None);
        assert_eq!(
            parse(&format!("/ovhCloudConnect/{SERVICE}/config/pop/x")).unwrap().unwrap_err().status,
            400
        );
        assert_eq!(parse("/ovhCloudConnect/x").unwrap().unwrap_err().status, 400);
    }

    #[test]
    fn ids_are_read_as_strictly_as_their_types() {
        let status = |id: &str| parse(&format!("/ovhCloudConnect/{SERVICE}/task/{id}")).unwrap().err();
        let status = |id: &str| status(id).map(|refusal| refusal.status);
        assert_eq!(status("1"), None);
        assert_eq!(status("-1"), Some(404));
        for id in ["+1", "1.0", "0x1", "18446744073709551616", "%2D"] {
            assert_eq!(status(id), Some(400), "{id}");
        }
        for service in [SERVICE.replace('-', ""), format!("{{{SERVICE}}}"), format!("urn:uuid:{SERVICE}")] {
            let refused = parse(&format!("/ovhCloudConnect/{service}")).unwrap();
            assert_eq!(refused.unwrap_err().status, 400, "{service}");
        }
        assert!(parse(&format!("/ovhCloudConnect/{}", SERVICE.to_uppercase())).unwrap().is_ok());
    }

    #[test]
    fn a_part_of_a_path_may_be_percent_encoded() {
        assert_eq!(parse("/vrack/pn%2D1/task"), Some(Ok(Endpoint::VrackTasks("pn-1".to_owned()))));
        assert_eq!(parse("/vrack%2Fpn-1"), None, "what is encoded is no separator");
        assert_eq!(parse("/vrack/%ff"), None, "not UTF-8");
    }

    #[test]
    fn a_version_is_a_whole_part_of_a_path() {
        assert_eq!(unversioned("/1.0/me"), "/me");
        assert_eq!(unversioned("/v1/me"), "/me");
        assert_eq!(unversioned("/v1me"), "/v1me");
        assert_eq!(unversioned("/1.0"), "");
    }
}
