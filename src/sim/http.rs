//! The simulator's HTTP face: the API as its clients see it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use serde_json::{Value, json};

use super::answer::{self, Call};
use super::auth::{Access, Denial, Signed};
use super::log::LogEntry;
use super::pages::Wanted;
use super::refusal::Refusal;
use super::route::{self, Endpoint};
use super::simulator::{Simulator, lock};

/// A body longer than this is refused: no body of this API comes near it.
const MAX_BODY: usize = 1 << 20;

/// The API as a service: drive it in memory, or [`serve`] it. It takes paths with the API's `/1.0`
/// in front and without.
pub fn router(simulator: Arc<Simulator>) -> Router {
    Router::new().fallback(handle).with_state(simulator)
}

/// Serves the API until the future is dropped.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(listener: tokio::net::TcpListener, simulator: Arc<Simulator>) -> std::io::Result<()> {
    axum::serve(listener, router(simulator)).await
}

async fn handle(State(simulator): State<Arc<Simulator>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let latency = simulator.world().options().latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let incoming = match to_bytes(body, MAX_BODY).await {
        Ok(body) => Incoming { method: parts.method, uri: parts.uri, headers: parts.headers, body },
        Err(_) => {
            let refusal = Refusal::bad_request("the request body is too long or was cut off");
            return render(Err(refusal.into()), &simulator.query_id());
        }
    };
    respond(&simulator, &incoming)
}

/// A request, all of it.
struct Incoming {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Incoming {
    /// The path without `/1.0`.
    fn path(&self) -> &str {
        let path = self.uri.path();
        match path.strip_prefix("/1.0") {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
            _ => path,
        }
    }

    /// The host the client called: of the `Host` header, or of a URI that bears it.
    fn host(&self) -> &str {
        let named = self.headers.get(header::HOST).and_then(|value| value.to_str().ok());
        named.or_else(|| self.uri.authority().map(axum::http::uri::Authority::as_str)).unwrap_or_default()
    }

    fn query(&self) -> HashMap<String, String> {
        let parsed = axum::extract::Query::<HashMap<String, String>>::try_from_uri(&self.uri);
        parsed.map(|query| query.0).unwrap_or_default()
    }
}

/// A good answer: a value, and for an expanded list its page.
struct Good {
    value: Value,
    page: Option<(Wanted, usize)>,
}

impl From<Value> for Good {
    fn from(value: Value) -> Self {
        Self { value, page: None }
    }
}

/// Handles a request and notes it.
fn respond(simulator: &Simulator, incoming: &Incoming) -> Response<Body> {
    let query_id = simulator.query_id();
    let at = simulator.now();
    let answered = dispatch(simulator, incoming);
    let handled = answered.is_ok();
    let response = render(answered, &query_id);
    simulator.note(LogEntry {
        at,
        method: incoming.method.to_string(),
        path: incoming.path().to_owned(),
        query: incoming.uri.query().map(str::to_owned),
        body: (!incoming.body.is_empty()).then(|| String::from_utf8_lossy(&incoming.body).into_owned()),
        status: Some(response.status().as_u16()),
        handled,
        query_id,
    });
    response
}

fn dispatch(simulator: &Simulator, incoming: &Incoming) -> Result<Good, Denial> {
    let parsed =
        route::parse(incoming.path()).ok_or_else(|| Refusal::not_found("Got an invalid (or empty) URL"))?;
    if parsed.as_ref().is_ok_and(Endpoint::is_open) && incoming.method == Method::GET {
        return Ok(json!(simulator.wall().secs()).into());
    }
    let target = incoming.uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
    let signed =
        Signed { method: incoming.method.as_str(), host: incoming.host(), target, body: &incoming.body };
    let access = simulator.credentials().check(&incoming.headers, &signed, simulator.wall())?;
    let endpoint = parsed?;
    if !endpoint.takes(&incoming.method) {
        return Err(Refusal::method_not_allowed().into());
    }
    if access == Access::ReadOnly && incoming.method != Method::GET {
        return Err(Denial::not_granted());
    }
    if let Some(own) = about_the_caller(&endpoint, access) {
        return Ok(own.into());
    }
    let wanted =
        Wanted::of(&incoming.headers).filter(|_| incoming.method == Method::GET && endpoint.expands());
    let query = incoming.query();
    let mut call = Call {
        method: &incoming.method,
        endpoint: &endpoint,
        query: &query,
        body: &incoming.body,
        expanded: wanted.is_some(),
    };
    match wanted {
        Some(wanted) => expanded(simulator, incoming.path(), &mut call, wanted),
        None => plain(simulator, &call),
    }
}

/// An answer straight from the account. A change is on the disk before it is answered.
fn plain(simulator: &Simulator, call: &Call<'_>) -> Result<Good, Denial> {
    let mut world = simulator.world();
    let value = answer::answer(&mut world, call)?;
    if let Err(error) = simulator.save(&world) {
        tracing::error!("{error}");
        return Err(Refusal::internal("the simulator could not write its state file").into());
    }
    Ok(value.into())
}

/// A page of objects, from a copy that may be stale unless the client asks for a fresh one.
fn expanded(simulator: &Simulator, path: &str, call: &mut Call<'_>, wanted: Wanted) -> Result<Good, Denial> {
    let mut world = simulator.world();
    let (now, keep) = (world.now(), world.options().list_cache);
    let cached = if wanted.fresh { None } else { lock(&simulator.cache).get(path, now, keep) };
    let objects = match cached {
        Some(copy) => copy,
        None => match answer::answer(&mut world, call)? {
            Value::Array(objects) => {
                let copy = Arc::new(objects);
                lock(&simulator.cache).put(path, now, keep, &copy);
                copy
            }
            other => return Ok(other.into()),
        },
    };
    let value = Value::Array(wanted.slice(&objects).to_vec());
    Ok(Good { value, page: Some((wanted, objects.len())) })
}

/// The routes about the caller. Assumed: an account of this name; what else they hold is left out.
fn about_the_caller(endpoint: &Endpoint, access: Access) -> Option<Value> {
    let rules = match access {
        Access::Full => json!([
            {"method": "GET", "path": "/*"},
            {"method": "POST", "path": "/*"},
            {"method": "PUT", "path": "/*"},
            {"method": "DELETE", "path": "/*"},
        ]),
        Access::ReadOnly => json!([{"method": "GET", "path": "/*"}]),
    };
    match endpoint {
        Endpoint::Me => Some(json!({"nichandle": "sm12345-ovh"})),
        Endpoint::AuthDetails => Some(json!({
            "account": "sm12345-ovh",
            "allowedRoutes": rules,
            "description": null,
            "identities": [],
            "method": "account",
            "roles": [],
            "user": null,
        })),
        Endpoint::CurrentCredential => Some(json!({
            "allowedIPs": null,
            "applicationId": 1,
            "creation": "2026-01-01T00:00:00+00:00",
            "credentialId": 1,
            "expiration": null,
            "lastUse": null,
            "ovhSupport": false,
            "rules": rules,
            "status": "validated",
        })),
        _ => None,
    }
}

fn render(answered: Result<Good, Denial>, query_id: &str) -> Response<Body> {
    let (status, body, page) = match answered {
        Ok(good) => (200, good.value.to_string(), good.page),
        Err(denial) => (denial.status, json!(denial.body).to_string(), None),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put("x-ovh-queryid", query_id);
    if let Some((wanted, elements)) = page {
        put("x-pagination-elements", &elements.to_string());
        put("x-pagination-number", &wanted.number.to_string());
        put("x-pagination-size", &wanted.size.to_string());
    }
    response
}
