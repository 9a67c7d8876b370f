//! Service accounts: tokens by OAuth2's client-credentials grant.
//!
//! A token bears what it grants and until when, sealed by a hash: a simulator that was restarted
//! still takes the tokens it gave.

use std::collections::HashMap;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::auth::Credentials;
use super::grant::Access;
use super::moment::Moment;

/// An answer of the token endpoint: the HTTP status and the body, in OAuth2's own shapes (RFC 6749).
pub(super) type TokenAnswer = (u16, Value);

impl Credentials {
    /// Answers a token request: a form, with the client in it or in a Basic header.
    pub(super) fn token(
        &self,
        headers: &HeaderMap,
        form: &[u8],
        wall: Moment,
        lifetime: Duration,
    ) -> TokenAnswer {
        let form: HashMap<String, String> = form_urlencoded::parse(form).into_owned().collect();
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        if field("grant_type") != "client_credentials" {
            return (400, json!({"error": "unsupported_grant_type"}));
        }
        let (id, secret) = basic(headers).unwrap_or_else(|| (field("client_id"), field("client_secret")));
        let Some(grant) = self.client_access(&id, &secret) else {
            return (
                401,
                json!({"error": "invalid_client", "error_description": "Client authentication failed"}),
            );
        };
        let until = wall.after(lifetime).secs();
        let token = self.seal(&grant, until);
        (
            200,
            json!({"access_token": token, "token_type": "Bearer", "expires_in": lifetime.as_secs(), "scope": "all"}),
        )
    }

    /// The name of what a client is granted.
    fn client_access(&self, id: &str, secret: &str) -> Option<String> {
        let mut own = self.grants.clients.iter().enumerate();
        let grant = match id {
            id if id == self.client_id => "all".to_owned(),
            id if id == self.read_only_client_id => "read".to_owned(),
            _ => own.find(|(_, client)| client.client_id == id).map(|(at, _)| format!("client{at}"))?,
        };
        (secret == self.client_secret).then_some(grant)
    }

    fn granted(&self, grant: &str) -> Option<Access> {
        match grant {
            "all" => Some(Access::Full),
            "read" => Some(Access::ReadOnly),
            _ => {
                let at: usize = grant.strip_prefix("client")?.parse().ok()?;
                self.grants.clients.get(at).map(|client| Access::Policy(client.policy.clone()))
            }
        }
    }

    /// What a bearer token grants; `None` where it is not one of this simulator, or is over.
    pub(super) fn bearer(&self, token: &str, wall: Moment) -> Option<Access> {
        let mut parts = token.split('.').skip(1);
        let (grant, until) = (parts.next()?, parts.next()?.parse().ok()?);
        let is_good = self.seal(grant, until) == token && wall.secs() < until;
        if is_good { self.granted(grant) } else { None }
    }

    fn seal(&self, grant: &str, until: u64) -> String {
        let hash = Sha1::digest(format!("{grant}.{until}.{}", self.client_secret));
        let seal: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sim.{grant}.{until}.{seal}")
    }
}

/// The bearer token of a request.
pub(super) fn token_of(headers: &HeaderMap) -> Option<&str> {
    scheme(headers, "bearer")
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let decoded = String::from_utf8(STANDARD.decode(scheme(headers, "basic")?).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    // RFC 6749 has both form-encoded inside the Basic header.
    let plain =
        |text: &str| form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned());
    Some((plain(id)?, plain(secret)?))
}

fn scheme<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let (scheme, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(form: &str, basic: Option<&str>) -> TokenAnswer {
        let mut headers = HeaderMap::new();
        if let Some(basic) = basic {
            headers
                .insert(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(basic)).parse().unwrap());
        }
        Credentials::default().token(&headers, form.as_bytes(), Moment::START, Duration::from_secs(60))
    }

    #[test]
    fn a_token_is_good_until_it_is_over_and_not_when_touched() {
        let form =
            "grant_type=client_credentials&client_id=simulator-client&client_secret=simulator-client-secret";
        let (status, body) = ask(form, None);
        assert_eq!((status, &body["expires_in"]), (200, &json!(60)));
        let (token, credentials) = (body["access_token"].as_str().unwrap(), Credentials::default());
        assert_eq!(credentials.bearer(token, Moment::START), Some(Access::Full));
        assert_eq!(credentials.bearer(token, Moment::START.after(Duration::from_secs(60))), None);
        assert_eq!(credentials.bearer(&token.replace("17672", "27672"), Moment::START), None);
        assert_eq!(credentials.bearer("sim", Moment::START), None);
    }

    #[test]
    fn a_client_may_stand_in_a_basic_header() {
        let (status, body) =
            ask("grant_type=client_credentials", Some("simulator-read-only-client:simulator-client-secret"));
        assert_eq!(status, 200);
        let token = body["access_token"].as_str().unwrap();
        assert_eq!(Credentials::default().bearer(token, Moment::START), Some(Access::ReadOnly));
    }

    #[test]
    fn a_wrong_client_or_grant_is_refused() {
        assert_eq!(ask("grant_type=client_credentials", Some("simulator-client:wrong")).0, 401);
        assert_eq!(ask("grant_type=client_credentials", None).0, 401);
        assert_eq!(ask("grant_type=password", Some("simulator-client:simulator-client-secret")).0, 400);
    }
}
