//! What can go wrong with a call, and what to do about it.

use std::fmt;
use std::time::Duration;

use http::Method;

use super::retry::Failure;
use super::routes::{self, BadParameter, Call};
use super::transport::{Sent, TransportError, TransportErrorKind};

/// A call that failed. No message holds a secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// There was no whole answer.
    #[error("{} {route}: {cause}", .call.method)]
    Transport {
        /// The call.
        call: &'static Call,
        /// Its route, parameters filled in.
        route: String,
        /// How it failed, and whether the API may have seen it.
        cause: TransportError,
    },
    /// The API answered that it will not, or cannot.
    #[error("{0}")]
    Api(Box<Refusal>),
    /// The API answered well, with something else than what it publishes.
    #[error(
        "{} {route}: the answer is not what the published API promises: {problem}{}",
        .call.method, Suffix(.query_id.as_deref())
    )]
    Decode {
        /// The call.
        call: &'static Call,
        /// Its route, parameters filled in.
        route: String,
        /// What was expected and what was found.
        problem: String,
        /// Whether the answer broke off, so that asking again can help.
        truncated: bool,
        /// The number OVHcloud's support asks for.
        query_id: Option<String>,
    },
    /// The credentials cannot be used.
    #[error("{problem}")]
    Credentials {
        /// Why.
        problem: String,
    },
    /// The call cannot be made with this parameter.
    #[error(transparent)]
    Parameter(#[from] BadParameter),
}

/// An answer that is an error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The call.
    pub call: &'static Call,
    /// Its route, parameters filled in.
    pub route: String,
    /// The HTTP status.
    pub status: u16,
    /// `Client::NotFound`, `INVALID_SIGNATURE` and the like.
    pub class: Option<String>,
    /// What is wrong, in the API's words; one line.
    pub message: String,
    /// The number OVHcloud's support asks for.
    pub query_id: Option<String>,
    /// How long the API asks to wait.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.call.method, self.route, self.status)?;
        if let Some(class) = &self.class {
            write!(f, " {class}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        write!(f, "{}", Suffix(self.query_id.as_deref()))
    }
}

struct Suffix<'a>(Option<&'a str>);

impl fmt::Display for Suffix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |id| write!(f, " (query id {id})"))
    }
}

impl Error {
    /// The HTTP status, where the API answered with an error.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Api(refusal) => Some(refusal.status),
            Self::Transport { .. } | Self::Decode { .. } | Self::Credentials { .. } | Self::Parameter(_) => {
                None
            }
        }
    }

    /// `Client::NotFound`, `INVALID_SIGNATURE` and the like, where the API said so.
    #[must_use]
    pub fn class(&self) -> Option<&str> {
        match self {
            Self::Api(refusal) => refusal.class.as_deref(),
            Self::Transport { .. } | Self::Decode { .. } | Self::Credentials { .. } | Self::Parameter(_) => {
                None
            }
        }
    }

    /// The number OVHcloud's support asks for.
    #[must_use]
    pub fn query_id(&self) -> Option<&str> {
        match self {
            Self::Api(refusal) => refusal.query_id.as_deref(),
            Self::Decode { query_id, .. } => query_id.as_deref(),
            Self::Transport { .. } | Self::Credentials { .. } | Self::Parameter(_) => None,
        }
    }

    /// The call that failed: the one that was asked for, or the one for the API's clock or for a
    /// token that had to come before it.
    #[must_use]
    pub fn call(&self) -> Option<&'static Call> {
        match self {
            Self::Transport { call, .. } | Self::Decode { call, .. } => Some(call),
            Self::Api(refusal) => Some(refusal.call),
            Self::Credentials { .. } | Self::Parameter(_) => None,
        }
    }

    /// Whether the thing does not exist (404).
    ///
    /// It is not asked of clock and tokens: where they are missing, the endpoint is wrong, and
    /// nothing is known of the thing.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404) && !self.is_preliminary()
    }

    /// Whether the API is at work on the same thing (409).
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.status() == Some(409) && !self.is_preliminary()
    }

    /// Whether it failed before the call that was asked for was made at all.
    fn is_preliminary(&self) -> bool {
        self.call().is_some_and(|call| call == &routes::TIME || call == &routes::TOKEN)
    }

    /// Whether a mutation that failed so may nevertheless have been carried out.
    ///
    /// It may after a lost answer, a 5xx, a 408, and a good answer that makes no sense. Then nobody
    /// but the live state can tell: look before repeating it. A read never has an effect.
    #[must_use]
    pub fn maybe_landed(&self) -> bool {
        if self.is_preliminary() || self.call().is_some_and(|call| call.method == Method::GET) {
            return false;
        }
        match self {
            Self::Transport { cause, .. } => matches!(cause.sent, Sent::Maybe),
            Self::Api(refusal) => matches!(refusal.status, 408 | 500..=599),
            Self::Decode { .. } => true,
            Self::Credentials { .. } | Self::Parameter(_) => false,
        }
    }

    /// What it means for the decision to try again.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::Transport { cause, .. } => cause.into(),
            Self::Api(refusal) => {
                Failure::Status { status: refusal.status, retry_after: refusal.retry_after }
            }
            Self::Decode { truncated: true, .. } => Failure::Truncated,
            Self::Decode { .. } | Self::Credentials { .. } | Self::Parameter(_) => Failure::Final,
        }
    }

    /// What the user can do about it, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Transport { cause, .. } => transport_hint(cause).map(str::to_owned),
            Self::Api(refusal) => refusal.hint(),
            Self::Decode { query_id, .. } => Some(match query_id {
                Some(id) => format!("report this as a bug, with the query id {id}"),
                None => "check that the endpoint is the OVHcloud API and no proxy answers for it".to_owned(),
            }),
            Self::Credentials { .. } | Self::Parameter(_) => None,
        }
    }
}

const fn transport_hint(cause: &TransportError) -> Option<&'static str> {
    match cause.kind {
        TransportErrorKind::Connect => {
            Some("check the network, the proxy (HTTPS_PROXY) and the endpoint (OVH_ENDPOINT)")
        }
        TransportErrorKind::Tls => Some(
            "check the endpoint (OVH_ENDPOINT), the machine's clock, its certificates (SSL_CERT_FILE names others) and the proxy",
        ),
        TransportErrorKind::Redirect => Some("check the endpoint (OVH_ENDPOINT)"),
        TransportErrorKind::Timeout => Some("the API may be slow: try again, or allow a longer time out"),
        TransportErrorKind::Invalid
        | TransportErrorKind::Broken
        | TransportErrorKind::Body
        | TransportErrorKind::TooLarge => None,
    }
}

impl Refusal {
    fn is(&self, code: &str) -> bool {
        self.class.as_deref() == Some(code)
    }

    /// Whether the signature's time is not the API's time.
    pub(super) fn is_clock(&self) -> bool {
        self.is("QUERY_TIME_OUT")
    }

    fn hint(&self) -> Option<String> {
        if self.call == &routes::TOKEN && matches!(self.status, 400 | 401 | 403) {
            return Some("check OVH_CLIENT_ID, OVH_CLIENT_SECRET and that the endpoint is the one the service account belongs to".to_owned());
        }
        let hint = match self.status {
            400 | 401 | 403 if self.is_clock() => {
                "the signature's time is too far from the API's: check the machine's clock"
            }
            400 if self.is("INVALID_SIGNATURE") => {
                "the signature is wrong: check OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY (application_secret and consumer_key in ovh.conf), and that both belong to the application key"
            }
            401 => {
                "the credentials are missing, wrong or expired: check them, and that they belong to this endpoint"
            }
            403 => return Some(self.forbidden_hint()),
            404 => {
                "it does not exist, or these credentials may not see it: check the name, the account and the endpoint"
            }
            409 => {
                "another operation is under way, or the state forbids this one: wait until the service's tasks are done and try again"
            }
            429 => "too many requests for this account: wait, or lower the rate",
            460 => "the service has expired: renew it in the OVHcloud control panel",
            500..=599 => {
                return Some(match &self.query_id {
                    Some(id) => format!(
                        "the fault is on OVHcloud's side: try again later; support asks for the query id {id}"
                    ),
                    None => "the fault is on the server's side: try again later".to_owned(),
                });
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }

    fn forbidden_hint(&self) -> String {
        if self.is("INVALID_KEY") {
            return "the application key is not known at this endpoint: check it, and that it was made there"
                .to_owned();
        }
        if self.is("NOT_CREDENTIAL") || self.is("INVALID_CREDENTIAL") {
            return "the consumer key is unknown, expired or not validated yet: make a new one".to_owned();
        }
        let rule = self.call.access_rule();
        let actions = self.call.actions.join(" and ");
        if self.is("NOT_GRANTED_CALL") {
            return format!(
                "the consumer key does not grant this call: make one with the access rule {rule}"
            );
        }
        if actions.is_empty() {
            return format!("these credentials may not call {rule}");
        }
        format!(
            "these credentials may not do this: grant the access rule {rule} to the application, or the IAM action {actions} to the identity"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, class: &str) -> Error {
        Error::Api(Box::new(Refusal {
            call: &routes::POP_CREATE,
            route: "/ovhCloudConnect/s/config/pop".to_owned(),
            status,
            class: Some(class.to_owned()).filter(|class| !class.is_empty()),
            message: "No".to_owned(),
            query_id: Some("EU.ext-1".to_owned()),
            retry_after: None,
        }))
    }

    fn transport(kind: TransportErrorKind) -> Error {
        Error::Transport {
            call: &routes::POP_CREATE,
            route: "/ovhCloudConnect/s/config/pop".to_owned(),
            cause: TransportError::new(kind, "connection reset"),
        }
    }

    fn decode() -> Error {
        Error::Decode {
            call: &routes::POP_CREATE,
            route: "/ovhCloudConnect/s/config/pop".to_owned(),
            problem: "missing field `id`".to_owned(),
            truncated: false,
            query_id: Some("EU.ext-2".to_owned()),
        }
    }

    #[test]
    fn messages_say_which_call_failed_and_how() {
        assert_eq!(
            refusal(404, "Client::NotFound").to_string(),
            "POST /ovhCloudConnect/s/config/pop: 404 Client::NotFound: No (query id EU.ext-1)"
        );
        assert_eq!(
            transport(TransportErrorKind::Broken).to_string(),
            "POST /ovhCloudConnect/s/config/pop: connection reset"
        );
        assert_eq!(
            decode().to_string(),
            "POST /ovhCloudConnect/s/config/pop: the answer is not what the published API promises: missing field `id` (query id EU.ext-2)"
        );
    }

    #[test]
    fn hints_name_what_to_change() {
        let cases = [
            (400, "INVALID_SIGNATURE", "OVH_APPLICATION_SECRET"),
            (400, "QUERY_TIME_OUT", "clock"),
            (401, "", "expired"),
            (403, "NOT_GRANTED_CALL", "POST /ovhCloudConnect/*/config/pop"),
            (403, "NOT_CREDENTIAL", "consumer key"),
            (403, "INVALID_CREDENTIAL", "consumer key"),
            (403, "INVALID_KEY", "application key"),
            (403, "Client::Forbidden", "ovhCloudConnect:apiovh:config/pop/create"),
            (404, "Client::NotFound", "does not exist"),
            (409, "Client::Conflict", "under way"),
            (429, "", "rate"),
            (460, "", "expired"),
            (503, "", "EU.ext-1"),
        ];
        for (status, class, expected) in cases {
            let hint = refusal(status, class).hint().unwrap_or_default();
            assert!(hint.contains(expected), "{status} {class}: {hint:?} does not say {expected:?}");
        }
        assert_eq!(refusal(400, "Client::BadRequest").hint(), None);
    }

    #[test]
    fn what_may_have_landed() {
        for status in [408, 500, 502, 503, 504] {
            assert!(refusal(status, "").maybe_landed(), "{status}");
        }
        for status in [400, 401, 403, 404, 409, 429, 460] {
            assert!(!refusal(status, "").maybe_landed(), "{status}");
        }
        assert!(transport(TransportErrorKind::Timeout).maybe_landed());
        assert!(!transport(TransportErrorKind::Connect).maybe_landed());
        assert!(decode().maybe_landed());
    }

    #[test]
    fn a_failure_before_the_call_says_nothing_of_the_call() {
        for call in [&routes::TIME, &routes::TOKEN] {
            let route = call.pattern.to_owned();
            let refused = |status| {
                Error::Api(Box::new(Refusal {
                    call,
                    route: route.clone(),
                    status,
                    class: None,
                    message: String::new(),
                    query_id: None,
                    retry_after: None,
                }))
            };
            let cause = TransportError::new(TransportErrorKind::Timeout, "");
            let lost = Error::Transport { call, route: route.clone(), cause };
            assert!(!refused(404).is_not_found() && !refused(409).is_busy());
            assert!(!refused(500).maybe_landed() && !lost.maybe_landed());
        }
    }

    #[test]
    fn a_mutation_that_may_have_landed_is_never_repeated() {
        use crate::api::retry::{Decision, Policy, decide};
        let kinds = [
            TransportErrorKind::Connect,
            TransportErrorKind::Tls,
            TransportErrorKind::Invalid,
            TransportErrorKind::Broken,
            TransportErrorKind::Timeout,
            TransportErrorKind::Body,
            TransportErrorKind::TooLarge,
            TransportErrorKind::Redirect,
        ];
        let errors =
            kinds.map(transport).into_iter().chain((300..600).map(|s| refusal(s, ""))).chain([decode()]);
        for error in errors {
            let decision = decide(&Policy::default(), 1, Duration::ZERO, &error.failure(), false, 0.0);
            assert!(!error.maybe_landed() || decision == Decision::GiveUp, "{error} was repeated");
        }
    }
}
