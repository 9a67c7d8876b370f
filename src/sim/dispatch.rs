//! From a whole request to an answer: credential, route, account.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri, header};
use serde_json::{Value, json};

use super::answer::{self, Call};
use super::auth::{Denial, Signed};
use super::fault::staleness;
use super::grant::Access;
use super::oauth;
use super::pages::Wanted;
use super::refusal::Refusal;
use super::route::{self, Endpoint};
use super::simulator::{Simulator, lock};
use super::task::Fate;

/// A request, all of it.
pub(super) struct Incoming {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Incoming {
    /// The path without its version.
    pub(super) fn path(&self) -> &str {
        route::unversioned(self.uri.path())
    }

    /// The host the client called: of the `Host` header, or of a URI that bears it.
    fn host(&self) -> &str {
        let named = self.headers.get(header::HOST).and_then(|value| value.to_str().ok());
        named.or_else(|| self.uri.authority().map(axum::http::uri::Authority::as_str)).unwrap_or_default()
    }

    fn query(&self) -> HashMap<String, String> {
        form_urlencoded::parse(self.uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
    }
}

/// What a fault changes about a request that is handled.
#[derive(Clone, Copy, Default)]
pub(super) struct Twist {
    /// How the task ends that the request starts.
    pub(super) fate: Option<Fate>,
    /// How many seconds old a read's answer may be.
    pub(super) stale: Option<u64>,
}

/// A good answer.
pub(super) struct Good {
    pub(super) value: Value,
    /// Other than 200, for the token endpoint alone.
    pub(super) status: u16,
    /// Of an expanded list: the page, and how many objects all pages have.
    pub(super) page: Option<(Wanted, usize)>,
}

impl From<Value> for Good {
    fn from(value: Value) -> Self {
        Self { value, status: 200, page: None }
    }
}

/// Handles a request.
pub(super) fn dispatch(simulator: &Simulator, incoming: &Incoming, twist: Twist) -> Result<Good, Denial> {
    if incoming.path() == "/auth/oauth2/token" {
        return token(simulator, incoming);
    }
    let parsed =
        route::parse(incoming.path()).ok_or_else(|| Refusal::not_found("Got an invalid (or empty) URL"))?;
    if parsed.as_ref().is_ok_and(Endpoint::is_open) {
        return match incoming.method {
            Method::GET => Ok(json!(simulator.wall().secs()).into()),
            _ => Err(Refusal::method_not_allowed().into()),
        };
    }
    let caller = identify(simulator, incoming)?;
    let endpoint = parsed?;
    if !endpoint.takes(&incoming.method) {
        return Err(Refusal::method_not_allowed().into());
    }
    if !caller.access.covers(&incoming.method, incoming.path(), &incoming.body) {
        return Err(caller.not_granted());
    }
    if let Some(own) = about_the_caller(&endpoint, &caller.access) {
        return Ok(own.into());
    }
    let wanted =
        Wanted::of(&incoming.headers).filter(|_| incoming.method == Method::GET && endpoint.expands());
    let query = incoming.query();
    let call = Call {
        method: &incoming.method,
        endpoint: &endpoint,
        query: &query,
        body: &incoming.body,
        expanded: wanted.is_some(),
    };
    match wanted {
        Some(wanted) => expanded(simulator, incoming.path(), &call, wanted, twist),
        None => plain(simulator, incoming, &call, twist),
    }
}

/// Who calls, and by which way.
struct Caller {
    access: Access,
    bearer: bool,
}

impl Caller {
    /// The API's words for a call that the credential does not cover.
    fn not_granted(&self) -> Denial {
        if self.bearer {
            Refusal::forbidden("User not granted for this request").into()
        } else {
            Denial::not_granted()
        }
    }
}

fn identify(simulator: &Simulator, incoming: &Incoming) -> Result<Caller, Denial> {
    let (credentials, wall) = (simulator.credentials(), simulator.wall());
    if let Some(token) = oauth::token_of(&incoming.headers) {
        let access = credentials.bearer(token, wall).ok_or_else(Denial::invalid_token)?;
        return Ok(Caller { access, bearer: true });
    }
    let target = incoming.uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
    let signed =
        Signed { method: incoming.method.as_str(), host: incoming.host(), target, body: &incoming.body };
    let access = credentials.check(&incoming.headers, &signed, wall)?;
    Ok(Caller { access, bearer: false })
}

fn token(simulator: &Simulator, incoming: &Incoming) -> Result<Good, Denial> {
    if incoming.method != Method::POST {
        return Err(Refusal::method_not_allowed().into());
    }
    let lifetime = simulator.world().options().token_lifetime;
    let (status, value) =
        simulator.credentials().token(&incoming.headers, &incoming.body, simulator.wall(), lifetime);
    Ok(Good { status, ..value.into() })
}

/// An answer straight from the account. A change is on the disk before it is answered.
fn plain(simulator: &Simulator, incoming: &Incoming, call: &Call<'_>, twist: Twist) -> Result<Good, Denial> {
    let mut world = simulator.world();
    if let Some(seconds) = twist.stale.filter(|_| *call.method == Method::GET) {
        let (now, keep) = (world.now(), staleness(seconds));
        let key = incoming.uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
        let old = lock(&simulator.stale).get(key, now, keep);
        if let Some(value) = old.and_then(|old| old.first().cloned()) {
            return Ok(value.into());
        }
        let value = answer::answer(&mut world, call)?;
        lock(&simulator.stale).put(key, now, keep, &Arc::new(vec![value.clone()]));
        return Ok(value.into());
    }
    let value = match twist.fate {
        Some(fate) => world.with_fate(fate, |world| answer::answer(world, call))?,
        None => answer::answer(&mut world, call)?,
    };
    if let Err(error) = simulator.save(&world) {
        tracing::error!("{error}");
        return Err(Refusal::internal("the simulator could not write its state file").into());
    }
    Ok(value.into())
}

/// A page of objects, from a copy that may be stale unless the client asks for a fresh one.
fn expanded(
    simulator: &Simulator,
    path: &str,
    call: &Call<'_>,
    wanted: Wanted,
    twist: Twist,
) -> Result<Good, Denial> {
    let mut world = simulator.world();
    let now = world.now();
    let keep = twist.stale.map_or(world.options().list_cache, staleness);
    let fresh = wanted.fresh && twist.stale.is_none();
    let cached = if fresh { None } else { lock(&simulator.cache).get(path, now, keep) };
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
    Ok(Good { page: Some((wanted, objects.len())), ..value.into() })
}

/// The routes about the caller. Assumed: an account of this name; what else they hold is left out.
fn about_the_caller(endpoint: &Endpoint, access: &Access) -> Option<Value> {
    let rules = access.rules();
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
