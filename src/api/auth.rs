//! Who asks: credentials, request signatures, the lifetime of tokens.
//!
//! Source: the conventions of OVHcloud's own clients.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha1::{Digest as _, Sha1};
use url::form_urlencoded;

/// This machine's clock, in Unix seconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The operating system's clock.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

/// Who asks. `Debug` hides every part of it.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// An application that an account's owner granted access rules to.
    ApplicationKey {
        /// The application's name.
        key: SecretString,
        /// The application's secret; it signs and is never sent.
        secret: SecretString,
        /// What the owner granted.
        consumer: SecretString,
    },
    /// A service account (client-credentials grant), governed by IAM.
    OAuth2 {
        /// The account's name.
        client_id: SecretString,
        /// Its secret.
        client_secret: SecretString,
    },
    /// A bearer token someone else obtained.
    Token(SecretString),
}

/// The value of `X-Ovh-Signature`: `$1$` and the hexadecimal SHA-1 of
/// `SECRET+CONSUMER+METHOD+URL+BODY+TIMESTAMP`.
#[must_use]
pub fn sign(
    secret: &SecretString,
    consumer: &SecretString,
    method: &Method,
    url: &str,
    body: &[u8],
    timestamp: i64,
) -> String {
    let mut hash = Sha1::new();
    let timestamp = timestamp.to_string();
    let parts: [&[u8]; 6] = [
        secret.expose_secret().as_bytes(),
        consumer.expose_secret().as_bytes(),
        method.as_str().as_bytes(),
        url.as_bytes(),
        body,
        timestamp.as_bytes(),
    ];
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            hash.update(b"+");
        }
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut signature = String::from("$1$");
    for byte in digest.as_slice() {
        for half in [byte >> 4, byte & 15] {
            signature.push(char::from_digit(half.into(), 16).expect("half a byte is one hexadecimal digit"));
        }
    }
    signature
}

/// A secret that no header can carry: it holds a line break or the like.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0} holds a character that cannot be sent; check that it was copied whole and alone")]
pub(super) struct Unsendable(&'static str);

/// The headers of a request signed by an application. All are marked as secret.
pub(super) fn application_headers(
    (key, secret, consumer): (&SecretString, &SecretString, &SecretString),
    method: &Method,
    url: &str,
    body: &[u8],
    timestamp: i64,
) -> Result<HeaderMap, Unsendable> {
    let signature: SecretString = sign(secret, consumer, method, url, body, timestamp).into();
    let mut headers = HeaderMap::new();
    headers.insert("x-ovh-application", hidden("the application key", key.expose_secret())?);
    headers.insert("x-ovh-consumer", hidden("the consumer key", consumer.expose_secret())?);
    headers.insert("x-ovh-timestamp", timestamp.into());
    headers.insert("x-ovh-signature", hidden("the signature", signature.expose_secret())?);
    Ok(headers)
}

/// The header of a request with a bearer token, marked as secret.
pub(super) fn bearer_header(token: &SecretString) -> Result<(HeaderName, HeaderValue), Unsendable> {
    let value = hidden("the access token", &format!("Bearer {}", token.expose_secret()))?;
    Ok((http::header::AUTHORIZATION, value))
}

fn hidden(what: &'static str, value: &str) -> Result<HeaderValue, Unsendable> {
    let mut value = HeaderValue::from_str(value).map_err(|_| Unsendable(what))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The form that asks for a service account's token.
pub(super) fn token_form(client_id: &SecretString, client_secret: &SecretString) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", client_id.expose_secret())
        .append_pair("client_secret", client_secret.expose_secret())
        .append_pair("scope", "all")
        .finish()
}

/// What a token endpoint answers.
pub(super) struct TokenAnswer {
    /// The token.
    pub token: SecretString,
    /// How long to use it before asking for the next one: its life less a minute, or half of a
    /// short one, so that it does not end on its way; a day at the most.
    pub use_for: Duration,
}

impl TokenAnswer {
    /// Reads it; `None` where there is no token in it. The life may be a number or a text.
    pub fn read(answer: &Value) -> Option<Self> {
        /// Assumed where the server does not say, in seconds; short enough to be harmless.
        const UNSAID: u64 = 600;
        /// A server may say anything; beyond this it makes no difference.
        const LONGEST: u64 = 24 * 3600;
        let token = answer.get("access_token")?.as_str().filter(|token| !token.is_empty())?;
        let life = match answer.get("expires_in") {
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        let life = life.unwrap_or(UNSAID).min(LONGEST);
        let use_for = Duration::from_secs(life.saturating_sub(60).max(life / 2));
        Some(Self { token: token.into(), use_for })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        text.into()
    }

    #[test]
    fn signatures_match_an_independent_implementation() {
        // Both computed with Python's hashlib.
        let short = sign(
            &secret("EXEgWIz07P0HYwtQDs7cNIqCiQaWSuHF"),
            &secret("MtSwSrPpNjqfVSmJhLbPyr2i45lSwPU1"),
            &Method::GET,
            "https://eu.api.ovh.com/1.0/domains/",
            b"",
            1_366_560_945,
        );
        assert_eq!(short, "$1$d3705e8afb27a0d2970a322b96550abfc67bb798");
        let with_body = sign(
            &secret("secret"),
            &secret("consumer"),
            &Method::POST,
            "https://eu.api.ovh.com/1.0/ovhCloudConnect/6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01/config/pop",
            br#"{"interfaceId":101,"type":"l2"}"#,
            1_700_000_000,
        );
        assert_eq!(with_body, "$1$c5a7e436e4facbc4fd600ac35b633812ea729994");
    }

    #[test]
    fn no_form_of_a_secret_is_shown() {
        let credentials = [
            Credentials::ApplicationKey {
                key: secret("hush-1"),
                secret: secret("hush-2"),
                consumer: secret("hush-3"),
            },
            Credentials::OAuth2 { client_id: secret("hush-4"), client_secret: secret("hush-5") },
            Credentials::Token(secret("hush-6")),
        ];
        for credential in &credentials {
            let shown = format!("{credential:?} {credential:#?}");
            assert!(!shown.contains("hush"), "{shown}");
        }
        let signed = application_headers(
            (&secret("hush-1"), &secret("hush-2"), &secret("hush-3")),
            &Method::GET,
            "https://a/b",
            b"",
            1,
        )
        .unwrap();
        let shown = format!("{signed:?} {:?}", bearer_header(&secret("hush-6")).unwrap());
        assert!(!shown.contains("hush") && !shown.contains("$1$"), "{shown}");
    }

    #[test]
    fn a_secret_with_a_line_break_is_named_but_not_shown() {
        let error = bearer_header(&secret("hush\nhush")).unwrap_err().to_string();
        assert_eq!(
            error,
            "the access token holds a character that cannot be sent; check that it was copied whole and alone"
        );
    }

    #[test]
    fn the_token_form_escapes_what_it_carries() {
        assert_eq!(
            token_form(&secret("a&b"), &secret("c=d e")),
            "grant_type=client_credentials&client_id=a%26b&client_secret=c%3Dd+e&scope=all"
        );
    }

    #[test]
    fn a_token_is_renewed_before_it_ends() {
        let use_for =
            |json: &str| TokenAnswer::read(&serde_json::from_str(json).unwrap()).unwrap().use_for.as_secs();
        assert_eq!(use_for(r#"{"access_token":"t","expires_in":3599}"#), 3539);
        assert_eq!(use_for(r#"{"access_token":"t","expires_in":"3599"}"#), 3539);
        assert_eq!(use_for(r#"{"access_token":"t","expires_in":40}"#), 20);
        assert_eq!(use_for(r#"{"access_token":"t"}"#), 540);
        assert_eq!(use_for(r#"{"access_token":"t","expires_in":18446744073709551615}"#), 24 * 3600 - 60);
    }
}
