//! One request carried to the API and one answer carried back: no retries, no signatures.

mod failure;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method};

use super::config::{Endpoint, is_loopback};
use failure::{chain, failure};

/// A future that can be kept, moved to another thread and polled there.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What carries requests: HTTP, a simulator, a script of a test.
pub trait Transport: Send + Sync {
    /// Sends one request once and reads its whole answer, whatever its status.
    ///
    /// A 4xx or 5xx is an answer, not an error. Following redirects and retrying are not its task.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;
}

/// A request, complete and signed.
///
/// Its `Debug` shows header names but no values and no body: they hold secrets.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole address. It is what was signed: it must go out as it is, byte for byte.
    pub url: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
    /// How long the whole exchange may take.
    pub timeout: Duration,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &self.headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// An answer, complete.
///
/// Its `Debug` shows no body: a token endpoint answers with a secret.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
}

impl Response {
    /// A header's value, where it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// Whether a request that got no answer may have reached the server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sent {
    /// It certainly did not.
    No,
    /// It may have, and may have had its effect.
    Maybe,
}

/// How an exchange failed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TransportErrorKind {
    /// No connection was made: name resolution, refusal, no route, time out while connecting.
    Connect,
    /// No TLS with this server: its certificate is refused, or it speaks something else. Trying again
    /// changes nothing.
    Tls,
    /// The request could not be built. Trying again changes nothing.
    Invalid,
    /// The connection broke before the answer's head was read.
    Broken,
    /// No whole answer in time.
    Timeout,
    /// The answer's body broke off or could not be decompressed.
    Body,
    /// The answer's body or its headers are larger than is believable.
    TooLarge,
    /// The answer is a redirect, and none is followed: a signature holds for one address only.
    Redirect,
}

/// A request that got no (whole) answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    /// How it failed.
    pub kind: TransportErrorKind,
    /// Whether the server may have seen it.
    pub sent: Sent,
    /// What happened, for a person; without secrets.
    pub message: String,
}

impl TransportError {
    /// An error of this kind. What is not certainly unsent may have been sent.
    #[must_use]
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        let sent = match kind {
            TransportErrorKind::Connect
            | TransportErrorKind::Tls
            | TransportErrorKind::Invalid
            // It was seen, and passed on to nobody.
            | TransportErrorKind::Redirect => Sent::No,
            TransportErrorKind::Broken
            | TransportErrorKind::Timeout
            | TransportErrorKind::Body
            | TransportErrorKind::TooLarge => Sent::Maybe,
        };
        Self { kind, sent, message: message.into() }
    }
}

/// What can be set about HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HttpOptions {
    /// How long making a connection may take. Kept below a request's whole timeout, so that a
    /// connection that is never made is told apart from an answer that never comes.
    pub connect_timeout: Duration,
    /// The largest body that is read, in bytes, after decompression.
    pub body_limit: usize,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(10), body_limit: 8 << 20 }
    }
}

impl HttpOptions {
    /// What fits requests that may take `timeout` each: connecting takes at most half of it.
    #[must_use]
    pub fn for_timeout(timeout: Duration) -> Self {
        let usual = Self::default();
        Self { connect_timeout: usual.connect_timeout.min(timeout / 2), ..usual }
    }
}

/// Requests over HTTP/1.1, kept-alive connections, TLS by rustls, the system's proxy.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    http: reqwest::Client,
    body_limit: usize,
}

impl HttpTransport {
    /// A transport for one endpoint.
    ///
    /// To loopback it uses no proxy and needs no certificates on the machine.
    ///
    /// # Errors
    /// A machine without any trusted certificate, for an endpoint that needs one.
    pub fn new(endpoint: &Endpoint, options: HttpOptions) -> Result<Self, TransportError> {
        // An error says that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(options.connect_timeout)
            // A connection the server is about to close loses the next request, and a lost mutation
            // is costly to clear up: better a fresh connection after a pause.
            .pool_idle_timeout(Duration::from_secs(20))
            .redirect(reqwest::redirect::Policy::none())
            .gzip(true);
        // https to loopback is judged by the machine's certificates like any other https.
        if is_loopback(endpoint.url()) {
            builder = builder.no_proxy();
            if endpoint.url().scheme() == "http" {
                builder = builder.tls_certs_only([]);
            }
        }
        let http = builder.build().map_err(|error| {
            TransportError::new(TransportErrorKind::Invalid, format!("cannot set up HTTP: {}", chain(&error)))
        })?;
        Ok(Self { http, body_limit: options.body_limit })
    }

    async fn exchange(&self, request: Request) -> Result<Response, TransportError> {
        let url = reqwest::Url::parse(&request.url)
            .ok()
            .filter(|url| url.as_str() == request.url)
            .ok_or_else(|| {
                let message = format!("{} is not an address in its normal form", request.url);
                TransportError::new(TransportErrorKind::Invalid, message)
            })?;
        let mut answer = self
            .http
            .request(request.method, url)
            .headers(request.headers)
            .timeout(request.timeout)
            .body(request.body)
            .send()
            .await
            .map_err(|error| failure(error, TransportErrorKind::Broken))?;
        let status = answer.status();
        if status.is_redirection() {
            return Err(redirected(&answer));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) =
            answer.chunk().await.map_err(|error| failure(error, TransportErrorKind::Body))?
        {
            if body.len() + chunk.len() > self.body_limit {
                let message = format!("the answer is larger than {} bytes", self.body_limit);
                return Err(TransportError::new(TransportErrorKind::TooLarge, message));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status: status.as_u16(), headers: answer.headers().clone(), body: body.freeze() })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

fn redirected(answer: &reqwest::Response) -> TransportError {
    // Only the host: the rest of the address is the redirecting server's to choose.
    let to = answer
        .headers()
        .get(http::header::LOCATION)
        .and_then(|location| answer.url().join(location.to_str().ok()?).ok())
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "an unknown place".to_owned());
    TransportError::new(
        TransportErrorKind::Redirect,
        format!(
            "{} redirects to {to} ({}), and redirects are not followed: check the endpoint",
            answer.url().host_str().unwrap_or("the server"),
            answer.status().as_u16()
        ),
    )
}

#[cfg(test)]
mod tests;
