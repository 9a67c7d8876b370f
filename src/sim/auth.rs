//! Who may call: application signatures, as the API checks them.
//!
//! Source: OVHcloud's API guide and the official clients.

use std::fmt;
use std::time::Duration;

use axum::http::HeaderMap;
use sha1::{Digest, Sha1};

use super::grant::{Access, Grants};
use super::moment::Moment;
use super::refusal::Refusal;
use crate::api::wire;

/// How far a request's timestamp may be from the server's clock.
const CLOCK_SKEW: Duration = Duration::from_secs(300);

/// What a client needs to call the simulator. They protect nothing: the simulator listens on
/// loopback, and its default ones are the same everywhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `OVH_APPLICATION_KEY`.
    pub application_key: String,
    /// `OVH_APPLICATION_SECRET`.
    pub application_secret: String,
    /// `OVH_CONSUMER_KEY`: it may call everything.
    pub consumer_key: String,
    /// A consumer key that may only read.
    pub read_only_consumer_key: String,
    /// `OVH_CLIENT_ID`, of a service account that may call everything.
    pub client_id: String,
    /// `OVH_CLIENT_SECRET`.
    pub client_secret: String,
    /// The client id of a service account that may only read (its secret is the same).
    pub read_only_client_id: String,
    /// The account's own: other consumer keys and service accounts.
    pub grants: Grants,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            application_key: "simulator-application-key".to_owned(),
            application_secret: "simulator-application-secret".to_owned(),
            consumer_key: "simulator-consumer-key".to_owned(),
            read_only_consumer_key: "simulator-read-only-consumer-key".to_owned(),
            client_id: "simulator-client".to_owned(),
            client_secret: "simulator-client-secret".to_owned(),
            read_only_client_id: "simulator-read-only-client".to_owned(),
            grants: Grants::default(),
        }
    }
}

/// Secrets are left out, so that no log ever holds one a user has chosen.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("application_key", &self.application_key).finish_non_exhaustive()
    }
}

/// A call the API answers with an error, in either of its two shapes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Denial {
    pub(super) status: u16,
    pub(super) body: wire::ErrorBody,
}

impl Denial {
    fn new(status: u16, http_code: &str, error_code: &str, message: &str) -> Self {
        let body = wire::ErrorBody {
            class: None,
            error_code: Some(error_code.to_owned()),
            http_code: Some(http_code.to_owned()),
            message: Some(message.to_owned()),
        };
        Self { status, body }
    }

    pub(super) fn not_credential() -> Self {
        Self::new(403, "403 Forbidden", "NOT_CREDENTIAL", "You must login first")
    }

    pub(super) fn invalid_key() -> Self {
        Self::new(403, "403 Forbidden", "INVALID_KEY", "This application key is invalid")
    }

    pub(super) fn invalid_credential() -> Self {
        Self::new(403, "403 Forbidden", "INVALID_CREDENTIAL", "This credential is not valid")
    }

    pub(super) fn invalid_signature() -> Self {
        Self::new(400, "400 Bad Request", "INVALID_SIGNATURE", "Invalid signature")
    }

    pub(super) fn out_of_time() -> Self {
        Self::new(400, "400 Bad Request", "QUERY_TIME_OUT", "Query out of time")
    }

    pub(super) fn not_granted() -> Self {
        Self::new(403, "403 Forbidden", "NOT_GRANTED_CALL", "This call has not been granted")
    }
}

impl Denial {
    /// Assumed: the API's words for a bearer token it does not take.
    pub(super) fn invalid_token() -> Self {
        let body = wire::ErrorBody {
            class: Some("Client::Unauthorized".to_owned()),
            message: Some("The access token is invalid or has expired".to_owned()),
            ..wire::ErrorBody::default()
        };
        Self { status: 401, body }
    }
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        let body = wire::ErrorBody {
            class: Some(refusal.class),
            message: Some(refusal.message),
            ..wire::ErrorBody::default()
        };
        Self { status: refusal.status, body }
    }
}

/// What of a request is signed.
#[derive(Clone, Copy)]
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    /// The host the client called.
    pub(super) host: &'a str,
    /// Path and query, as the client wrote them.
    pub(super) target: &'a str,
    pub(super) body: &'a [u8],
}

impl Credentials {
    /// Checks the four headers of a signed request.
    pub(super) fn check(
        &self,
        headers: &HeaderMap,
        request: &Signed<'_>,
        wall: Moment,
    ) -> Result<Access, Denial> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let application = header("x-ovh-application").ok_or_else(Denial::not_credential)?;
        if application != self.application_key {
            return Err(Denial::invalid_key());
        }
        let consumer = header("x-ovh-consumer").ok_or_else(Denial::not_credential)?;
        let access = if consumer == self.consumer_key {
            Access::Full
        } else if consumer == self.read_only_consumer_key {
            Access::ReadOnly
        } else if let Some(key) = self.grants.keys.iter().find(|key| key.consumer_key == consumer) {
            Access::Rules(key.rules.clone())
        } else {
            return Err(Denial::invalid_credential());
        };
        let timestamp = header("x-ovh-timestamp").ok_or_else(Denial::out_of_time)?;
        let sent = timestamp.parse().map(Moment::from_secs).map_err(|_| Denial::out_of_time())?;
        if sent.since(wall).max(wall.since(sent)) > CLOCK_SKEW {
            return Err(Denial::out_of_time());
        }
        let signature = header("x-ovh-signature").ok_or_else(Denial::invalid_signature)?;
        // The client signed the whole URL. Whether it spoke TLS to something in front is not known
        // here, and the official client for Node.js leaves the port out of what it signs.
        let portless = request.host.rsplit_once(':').map(|(name, _)| name);
        let hosts = [Some(request.host), portless];
        let signed = hosts.into_iter().flatten().any(|host| {
            let request = Signed { host, ..*request };
            ["http", "https"]
                .iter()
                .any(|scheme| self.sign(consumer, &request, scheme, timestamp) == signature)
        });
        if signed { Ok(access) } else { Err(Denial::invalid_signature()) }
    }

    fn sign(&self, consumer: &str, request: &Signed<'_>, scheme: &str, timestamp: &str) -> String {
        let mut hash = Sha1::new();
        hash.update(format!(
            "{}+{consumer}+{}+{scheme}://{}{}+",
            self.application_secret, request.method, request.host, request.target
        ));
        hash.update(request.body);
        hash.update(format!("+{timestamp}"));
        let mut signature = String::from("$1$");
        for byte in hash.finalize() {
            signature.push_str(&format!("{byte:02x}"));
        }
        signature
    }

    /// The signature headers of a request, for a client that has no signing of its own: a test, or
    /// a script in this process. `url` is the whole URL.
    #[must_use]
    pub fn headers(&self, method: &str, url: &str, body: &str, wall: Moment) -> [(&'static str, String); 4] {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let (host, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let timestamp = wall.secs().to_string();
        let signed = Signed { method, host, target, body: body.as_bytes() };
        let signature = self.sign(&self.consumer_key, &signed, scheme, &timestamp);
        [
            ("X-Ovh-Application", self.application_key.clone()),
            ("X-Ovh-Consumer", self.consumer_key.clone()),
            ("X-Ovh-Timestamp", timestamp),
            ("X-Ovh-Signature", signature),
        ]
    }

    /// The same credentials with the consumer key that may only read.
    #[must_use]
    pub fn read_only(&self) -> Self {
        Self {
            consumer_key: self.read_only_consumer_key.clone(),
            client_id: self.read_only_client_id.clone(),
            ..self.clone()
        }
    }
}
