//! The simulator's HTTP face: the API as its clients see it, faults included.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::admin;
use super::auth::Denial;
use super::dispatch::{Good, Incoming, Twist, dispatch};
use super::fault::Effect;
use super::log::LogEntry;
use super::oauth;
use super::refusal::Refusal;
use super::simulator::Simulator;

/// A body longer than this is refused: no body of this API comes near it.
const MAX_BODY: usize = 1 << 20;

/// Stands in the extensions of a response that is no response: the connection was cut before one.
/// [`serve`](super::serve::serve) cuts it; what drives the [`router`] in memory reports a connection error instead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut;

/// Stands in the extensions of a request that came over a socket: from where. A request without
/// it was made in this process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer(pub SocketAddr);

/// The API as a service: drive it in memory, or [`serve`](super::serve::serve) it. It takes paths with the API's
/// `/1.0` or `/v1` in front, and without.
///
/// A fault shows in memory as it does on a socket: a hang as a future that never ends, a cut
/// answer as a body that fails in the middle, a cut connection as a response that bears [`Cut`].
pub fn router(simulator: Arc<Simulator>) -> Router {
    Router::new().fallback(handle).with_state(simulator)
}

async fn handle(State(simulator): State<Arc<Simulator>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let peer = parts.extensions.get::<Peer>().copied();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        let refusal = Refusal::bad_request("the request body is too long or was cut off");
        return render(Err(refusal.into()), &simulator.query_id());
    };
    let incoming = Incoming { method: parts.method, uri: parts.uri, headers: parts.headers, body };
    if admin::owns(incoming.path()) {
        return administer(&simulator, &incoming, peer);
    }
    let latency = simulator.world().options().latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    suffer(&simulator, incoming).await
}

fn administer(simulator: &Simulator, incoming: &Incoming, peer: Option<Peer>) -> Response<Body> {
    let remote = peer.is_some_and(|Peer(address)| !address.ip().to_canonical().is_loopback());
    let answered = if remote {
        Err(Refusal::forbidden("the simulator's own routes answer on loopback alone"))
    } else {
        admin::answer(simulator, &incoming.method, incoming.path(), &incoming.body)
    };
    render(answered.map(Good::from).map_err(Denial::from), &simulator.query_id())
}

/// Handles a request, unless a fault has it otherwise, and notes it.
async fn suffer(simulator: &Arc<Simulator>, incoming: Incoming) -> Response<Body> {
    let note = Note::begin(simulator, &incoming);
    let twisted = |twist| dispatch(simulator, &incoming, twist);
    let handled = || twisted(Twist::default());
    match simulator.strike(incoming.method.as_str(), incoming.path()) {
        None => note.answer(handled()),
        Some(Effect::Task(fate)) => note.answer(twisted(Twist { fate: Some(fate), stale: None })),
        Some(Effect::Stale { seconds }) => note.answer(twisted(Twist { fate: None, stale: Some(seconds) })),
        Some(Effect::ExpiredCredential) => note.answer(Err(expired(&incoming))),
        Some(Effect::Status { code, retry_after, handled: landed }) => {
            let landed = landed && handled().is_ok();
            note.error(code, retry_after, landed)
        }
        Some(Effect::Hang) => {
            note.silence(false);
            std::future::pending().await
        }
        Some(Effect::HangAfter) => {
            note.silence(handled().is_ok());
            std::future::pending().await
        }
        Some(Effect::Delay { millis }) => {
            let late = note.answer(handled());
            tokio::time::sleep(Duration::from_millis(millis)).await;
            late
        }
        Some(Effect::Reset) => {
            note.silence(false);
            cut()
        }
        Some(Effect::ResetAfter) => {
            note.silence(handled().is_ok());
            cut()
        }
        Some(Effect::Late { millis }) => {
            let simulator = Arc::clone(simulator);
            // Whoever asked is gone by then.
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                let handled = dispatch(&simulator, &incoming, Twist::default()).is_ok();
                Note::begin(&simulator, &incoming).silence(handled);
            });
            cut()
        }
        Some(Effect::Truncate) => truncated(note.answer(handled())).await,
    }
}

/// What a caller is told whose credential, of either kind, is not valid any more.
fn expired(incoming: &Incoming) -> Denial {
    match oauth::token_of(&incoming.headers) {
        Some(_) => Denial::invalid_token(),
        None => Denial::invalid_credential(),
    }
}

/// What the log will say of a request.
struct Note<'a> {
    simulator: &'a Simulator,
    entry: LogEntry,
}

impl<'a> Note<'a> {
    fn begin(simulator: &'a Simulator, incoming: &Incoming) -> Self {
        let body = (!incoming.body.is_empty()).then(|| String::from_utf8_lossy(&incoming.body).into_owned());
        let entry = LogEntry {
            at: simulator.now(),
            method: incoming.method.to_string(),
            path: incoming.path().to_owned(),
            query: incoming.uri.query().map(str::to_owned),
            // A token request bears a secret.
            body: body.filter(|_| !incoming.path().starts_with("/auth/")),
            status: None,
            handled: false,
            query_id: simulator.query_id(),
        };
        Self { simulator, entry }
    }

    fn answer(self, answered: Result<Good, Denial>) -> Response<Body> {
        let handled = answered.is_ok();
        let response = render(answered, &self.entry.query_id);
        let status = Some(response.status().as_u16());
        self.simulator.note(LogEntry { status, handled, ..self.entry });
        response
    }

    fn error(self, code: u16, retry_after: Option<u64>, handled: bool) -> Response<Body> {
        let (class, message) = match code {
            429 => ("Client::TooManyRequests", "Too many requests, try again later"),
            503 => ("Server::ServiceUnavailable", "Service temporarily unavailable"),
            400..500 => ("Client::BadRequest", "Bad request"),
            _ => ("Server::InternalServerError", "Internal server error"),
        };
        let refusal = Refusal { status: code, class: class.to_owned(), message: message.to_owned() };
        let mut response = render(Err(refusal.into()), &self.entry.query_id);
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        self.simulator.note(LogEntry { status: Some(code), handled, ..self.entry });
        response
    }

    fn silence(self, handled: bool) {
        self.simulator.note(LogEntry { status: None, handled, ..self.entry });
    }
}

fn cut() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.extensions_mut().insert(Cut);
    response
}

/// The same answer, of which half arrives.
async fn truncated(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let half = whole.slice(..whole.len() / 2);
    let lost = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut by the simulator");
    // The pause in between lets the first half out before the connection goes.
    let stream = stream::once(async { Ok::<Bytes, std::io::Error>(half) }).chain(stream::once(async {
        tokio::task::yield_now().await;
        Err(lost)
    }));
    Response::from_parts(parts, Body::from_stream(stream))
}

fn render(answered: Result<Good, Denial>, query_id: &str) -> Response<Body> {
    let (status, body, page) = match answered {
        Ok(good) => (good.status, good.value.to_string(), good.page),
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
