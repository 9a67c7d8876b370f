//! The client: signs, paces, retries and counts. The calls themselves are in `calls.rs`.

mod calls;
mod pages;
mod patience;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::auth::{self, Clock, Credentials, TokenAnswer};
use super::config::{Config, Endpoint};
use super::error::{Error, Refusal};
use super::limit::{Bucket, Limiter};
use super::retry::{self, Policy};
use super::routes::{self, Call};
use super::secrets::Secrets;
use super::transport::{Request, Response, Transport, TransportError, TransportErrorKind};

use patience::Patience;

pub use pages::Listed;

/// How a client behaves.
#[derive(Clone)]
pub struct Options {
    /// Requests a second, sustained; infinite for as fast as can be.
    pub rate: f64,
    /// Requests that may go out at once before the rate counts.
    pub burst: u32,
    /// Requests under way at once, each on a connection of its own.
    pub parallelism: usize,
    /// How long one attempt of one request may take.
    pub timeout: Duration,
    /// How patient to be with failures.
    pub retry: Policy,
    /// This machine's clock; the API's own is learnt from it and `GET /auth/time`.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rate: 20.0,
            burst: 60,
            parallelism: 500,
            timeout: Duration::from_secs(60),
            retry: Policy::default(),
            clock: auth::system_clock(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rate, burst, parallelism, timeout, retry, clock: _ } = self;
        f.debug_struct("Options")
            .field("rate", rate)
            .field("burst", burst)
            .field("parallelism", parallelism)
            .field("timeout", timeout)
            .field("retry", retry)
            .finish_non_exhaustive()
    }
}

/// What a mutation answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// The number OVHcloud's support asks for.
    pub query_id: Option<String>,
}

/// How many requests went out, each attempt counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// GET requests, those for the API's clock among them.
    pub get: u64,
    /// POST requests, those for tokens among them.
    pub post: u64,
    /// PUT requests.
    pub put: u64,
    /// DELETE requests.
    pub delete: u64,
    /// How many of all were made again after a failure.
    pub retries: u64,
    /// How many were refused as too many (429).
    pub throttled: u64,
}

impl Stats {
    /// All requests.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.get + self.post + self.put + self.delete
    }
}

/// A client of the API. A clone shares everything: clock, token, pace and counters.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    transport: Arc<dyn Transport>,
    limiter: Limiter,
    parallelism: usize,
    timeout: Duration,
    retry: Policy,
    clock: Clock,
    /// The API's clock less this machine's, in seconds. Held while it is asked for, so that many
    /// first calls ask once.
    offset: Mutex<Option<i64>>,
    /// Held while it is asked for, likewise.
    token: Mutex<Option<HeldToken>>,
    secrets: Secrets,
    counters: Counters,
    /// Whether it was told that calls are made again and again.
    told: AtomicBool,
    /// Whether anything was ever answered.
    reached: AtomicBool,
}

struct HeldToken {
    secret: SecretString,
    renew_at: Instant,
}

#[derive(Default)]
struct Counters {
    get: AtomicU64,
    post: AtomicU64,
    put: AtomicU64,
    delete: AtomicU64,
    retries: AtomicU64,
    throttled: AtomicU64,
}

/// A request but for its signature.
struct Draft {
    call: &'static Call,
    /// As messages show it.
    route: String,
    url: String,
    headers: HeaderMap,
    body: Bytes,
    /// Whether it may be made twice without harm.
    idempotent: bool,
}

/// What proves who asks.
enum Proof {
    Nothing,
    Signature { offset: i64 },
    Bearer(SecretString),
}

/// A good answer.
struct Good {
    value: Value,
    headers: HeaderMap,
}

impl Good {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.inner.config.endpoint)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client that reaches the API of `config` through `transport`.
    #[must_use]
    pub fn new(config: Config, transport: Arc<dyn Transport>, options: Options) -> Self {
        let Options { rate, burst, parallelism, timeout, retry, clock } = options;
        let secrets = Secrets::of(&config.credentials);
        let inner = Inner {
            config,
            transport,
            limiter: Limiter::new(Bucket::new(rate, burst), parallelism),
            parallelism: parallelism.max(1),
            timeout,
            retry,
            clock,
            offset: Mutex::new(None),
            token: Mutex::new(None),
            secrets,
            counters: Counters::default(),
            told: AtomicBool::new(false),
            reached: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Whether a request that could be done without would delay no other: the pace and the number of
    /// requests at a time leave room.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.inner.limiter.has_room()
    }

    /// Whether it calls with an application key, and not with a token.
    fn signs_with_a_key(&self) -> bool {
        matches!(self.inner.config.credentials, Credentials::ApplicationKey { .. })
    }

    /// Where the API is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.config.endpoint
    }

    /// How many requests went out so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let Counters { get, post, put, delete, retries, throttled } = &self.inner.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            get: read(get),
            post: read(post),
            put: read(put),
            delete: read(delete),
            retries: read(retries),
            throttled: read(throttled),
        }
    }

    /// The API's clock, in Unix seconds.
    ///
    /// # Errors
    /// As every call.
    pub async fn server_time(&self) -> Result<i64, Error> {
        let draft = self.draft(&routes::TIME, routes::TIME.path(&[])?, "", None);
        let good = self.unproven(&draft).await?;
        self.decode(&draft, &good)
    }

    /// A draft of a call under the endpoint's address.
    fn draft(&self, call: &'static Call, route: String, query: &str, body: Option<Vec<u8>>) -> Draft {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if call.method == Method::GET {
            // Much is read right after it was changed: a cached copy would deny the change.
            headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        }
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Draft {
            call,
            url: self.endpoint().address(&format!("{route}{query}")),
            route,
            headers,
            body: body.unwrap_or_default().into(),
            idempotent: call.method == Method::GET,
        }
    }

    /// Makes a call that needs no proof of who asks.
    async fn unproven(&self, draft: &Draft) -> Result<Good, Error> {
        let mut patience = Patience::new(&self.inner, draft.idempotent);
        loop {
            match self.attempt(draft, &Proof::Nothing).await {
                Ok(good) => return Ok(good),
                Err(error) => patience.outlast(error).await?,
            }
        }
    }

    /// Makes a call as the configured caller.
    async fn proven(&self, draft: &Draft) -> Result<Good, Error> {
        let mut patience = Patience::new(&self.inner, draft.idempotent);
        let mut renewed = false;
        loop {
            let proof = self.proof().await?;
            match self.attempt(draft, &proof).await {
                Ok(good) => return Ok(good),
                // The API refused the proof before it looked at the call: even a mutation may be
                // made again, once, with a fresh one.
                Err(Error::Api(refusal)) if !renewed && self.forget(&proof, &refusal).await => {
                    renewed = true;
                    self.inner.counters.retries.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => patience.outlast(error).await?,
            }
        }
    }

    /// What proves who asks, fetched if need be.
    async fn proof(&self) -> Result<Proof, Error> {
        match &self.inner.config.credentials {
            Credentials::ApplicationKey { .. } => {
                let mut offset = self.inner.offset.lock().await;
                let offset = match *offset {
                    Some(known) => known,
                    // A server may say anything.
                    None => *offset.insert(self.server_time().await?.saturating_sub((self.inner.clock)())),
                };
                Ok(Proof::Signature { offset })
            }
            Credentials::OAuth2 { client_id, client_secret } => {
                let mut held = self.inner.token.lock().await;
                let now = Instant::now();
                let token = match &*held {
                    Some(token) if now < token.renew_at => token,
                    _ => held.insert(self.fetch_token(client_id, client_secret).await?),
                };
                Ok(Proof::Bearer(token.secret.clone()))
            }
            Credentials::Token(token) => Ok(Proof::Bearer(token.clone())),
        }
    }

    /// Forgets a proof that the API refused, where a fresh one may be better. Whether it is so.
    async fn forget(&self, proof: &Proof, refusal: &Refusal) -> bool {
        match proof {
            Proof::Signature { offset } if refusal.is_clock() => {
                let mut known = self.inner.offset.lock().await;
                *known = known.filter(|known| known != offset);
                true
            }
            Proof::Bearer(token)
                if refusal.status == 401
                    && matches!(self.inner.config.credentials, Credentials::OAuth2 { .. }) =>
            {
                let mut held = self.inner.token.lock().await;
                // Another call may have fetched the next token meanwhile.
                *held = held.take().filter(|held| held.secret.expose_secret() != token.expose_secret());
                true
            }
            Proof::Signature { .. } | Proof::Bearer(_) | Proof::Nothing => false,
        }
    }

    async fn fetch_token(
        &self,
        client_id: &SecretString,
        client_secret: &SecretString,
    ) -> Result<HeldToken, Error> {
        let url = self.endpoint().token_url();
        let form = auth::token_form(client_id, client_secret);
        let mut draft = self.draft(&routes::TOKEN, url.to_string(), "", None);
        draft.url = url.to_string();
        draft.body = form.into();
        draft
            .headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        // A second token beside a first whose answer was lost does no harm.
        draft.idempotent = true;
        let good = self.unproven(&draft).await?;
        let answer = TokenAnswer::read(&good.value).ok_or_else(|| Error::Decode {
            call: draft.call,
            route: draft.route.clone(),
            problem: "expected an access_token".to_owned(),
            truncated: false,
            query_id: self.query_id(&good.headers),
        })?;
        self.inner.secrets.note(&answer.token);
        Ok(HeldToken { renew_at: Instant::now() + answer.use_for, secret: answer.token })
    }

    /// Makes one attempt: waits for its turn, signs, sends, sorts the outcome.
    async fn attempt(&self, draft: &Draft, proof: &Proof) -> Result<Good, Error> {
        let Inner { transport, limiter, timeout, counters, .. } = &*self.inner;
        let _slot = limiter.acquire().await;
        // Signed only now: the signature holds the time, and the wait may have been long.
        let request = self.request(draft, proof)?;
        counters.of(&draft.call.method).fetch_add(1, Ordering::Relaxed);
        let started = Instant::now();
        let sent = tokio::time::timeout(timeout.saturating_add(GRACE), transport.send(request)).await;
        let outcome = sent.unwrap_or_else(|_| {
            let message = format!("no answer within {} s", timeout.as_secs_f64());
            Err(TransportError::new(TransportErrorKind::Timeout, message))
        });
        let outcome =
            outcome.map_err(|error| TransportError { message: self.clean(&error.message), ..error });
        self.trace(draft, &outcome, started.elapsed());
        match outcome {
            Ok(response) => {
                self.inner.reached.store(true, Ordering::Relaxed);
                self.sort(draft, response)
            }
            Err(cause) => Err(Error::Transport { call: draft.call, route: draft.route.clone(), cause }),
        }
    }

    fn request(&self, draft: &Draft, proof: &Proof) -> Result<Request, Error> {
        let Draft { call, url, headers, body, .. } = draft;
        let unsendable = |error: auth::Unsendable| Error::Credentials { problem: error.to_string() };
        let mut headers = headers.clone();
        match (proof, &self.inner.config.credentials) {
            (Proof::Signature { offset }, Credentials::ApplicationKey { key, secret, consumer }) => {
                let timestamp = (self.inner.clock)().saturating_add(*offset);
                let keys = (key, secret, consumer);
                headers.extend(
                    auth::application_headers(keys, &call.method, url, body, timestamp)
                        .map_err(unsendable)?,
                );
            }
            (Proof::Bearer(token), _) => {
                let (name, value) = auth::bearer_header(token).map_err(unsendable)?;
                headers.insert(name, value);
            }
            (Proof::Signature { .. } | Proof::Nothing, _) => {}
        }
        Ok(Request {
            method: call.method.clone(),
            url: url.clone(),
            headers,
            body: body.clone(),
            timeout: self.inner.timeout,
        })
    }

    /// A response is a good answer or an error.
    fn sort(&self, draft: &Draft, response: Response) -> Result<Good, Error> {
        if !(200..300).contains(&response.status) {
            let refusal = self.refusal(draft, &response);
            if refusal.status == 429 {
                self.inner.counters.throttled.fetch_add(1, Ordering::Relaxed);
                self.inner.limiter.slow_down(refusal.retry_after);
            }
            return Err(Error::Api(Box::new(refusal)));
        }
        if response.body.trim_ascii().is_empty() {
            return Ok(Good { value: Value::Null, headers: response.headers });
        }
        match serde_json::from_slice(&response.body) {
            Ok(value) => Ok(Good { value, headers: response.headers }),
            Err(error) => Err(Error::Decode {
                call: draft.call,
                route: draft.route.clone(),
                problem: if error.is_eof() {
                    format!("the JSON breaks off after {} bytes", response.body.len())
                } else {
                    format!("expected JSON: {error}")
                },
                truncated: error.is_eof(),
                query_id: self.query_id(&response.headers),
            }),
        }
    }

    fn refusal(&self, draft: &Draft, response: &Response) -> Refusal {
        let (class, message) = error_body(&response.body);
        // The server's own date, where it gives one: a wait until a date is a wait by its clock.
        let now =
            response.header("date").and_then(retry::unix_seconds).unwrap_or_else(|| (self.inner.clock)());
        Refusal {
            call: draft.call,
            route: draft.route.clone(),
            status: response.status,
            class: class.map(|class| self.clean(&class)),
            message: self.clean(&message),
            query_id: self.query_id(&response.headers),
            retry_after: response.header("retry-after").and_then(|value| retry::retry_after(value, now)),
        }
    }

    fn decode<T: DeserializeOwned>(&self, draft: &Draft, good: &Good) -> Result<T, Error> {
        T::deserialize(&good.value).map_err(|error| self.surprise(draft, good, &error.to_string()))
    }

    fn surprise(&self, draft: &Draft, good: &Good, problem: &str) -> Error {
        Error::Decode {
            call: draft.call,
            route: draft.route.clone(),
            problem: self.clean(problem),
            truncated: false,
            query_id: self.query_id(&good.headers),
        }
    }

    /// A text from elsewhere made fit to be shown. Secrets go before it is cut: half a secret would
    /// not be found.
    fn clean(&self, text: &str) -> String {
        one_line(&self.inner.secrets.hide(text))
    }

    fn query_id(&self, headers: &HeaderMap) -> Option<String> {
        Some(self.clean(headers.get("x-ovh-queryid")?.to_str().ok()?))
    }

    /// One line a request for whoever follows. No header value but the query id, no body.
    fn trace(&self, draft: &Draft, outcome: &Result<Response, TransportError>, took: Duration) {
        let Draft { call, route, .. } = draft;
        let took = format!("{} ms", took.as_millis());
        match outcome {
            Ok(response) => {
                let query_id = self.query_id(&response.headers);
                tracing::debug!(
                    method = %call.method, %route, status = response.status, query_id, %took, "answered"
                );
            }
            Err(error) => {
                tracing::debug!(method = %call.method, %route, %error, sent = ?error.sent, %took, "failed");
            }
        }
    }
}

/// How much longer than a transport's own time out the client waits for it to notice.
const GRACE: Duration = Duration::from_secs(5);

const USER_AGENT: &str = concat!("ovhconnect/", env!("CARGO_PKG_VERSION"));

impl Counters {
    fn of(&self, method: &Method) -> &AtomicU64 {
        match *method {
            Method::POST => &self.post,
            Method::PUT => &self.put,
            Method::DELETE => &self.delete,
            _ => &self.get,
        }
    }
}

/// Class and message of an error's body, as they are: OVHcloud's two forms, OAuth2's, or any text.
fn error_body(body: &[u8]) -> (Option<String>, String) {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
        return (None, String::from_utf8_lossy(body).into_owned());
    };
    let text =
        |names: [&str; 3]| names.iter().find_map(|name| object.get(*name)?.as_str()).map(str::to_owned);
    let class = text(["errorCode", "class", "error"]);
    (class, text(["message", "error_description", "httpCode"]).unwrap_or_default())
}

/// Foreign text made fit for a terminal: one line, no control characters, not endless.
fn one_line(text: &str) -> String {
    const LIMIT: usize = 500;
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > LIMIT {
            let end = (0..=LIMIT).rev().find(|at| line.is_char_boundary(*at));
            line.truncate(end.unwrap_or_default());
            line.push('…');
            break;
        }
    }
    line
}

#[cfg(test)]
mod tests;
