//! What the account's own credentials may call: access rules of application keys, and IAM policies of
//! service accounts.

use axum::body::Bytes;
use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::iam;

/// The account's credentials, beside the simulator's own.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grants {
    /// Consumer keys of the simulator's application.
    #[serde(default)]
    pub keys: Vec<KeyGrant>,
    /// Service accounts; their secret is that of the simulator's own.
    #[serde(default)]
    pub clients: Vec<ClientGrant>,
}

/// A consumer key and what it may call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyGrant {
    /// The key.
    pub consumer_key: String,
    /// Any one of these is enough.
    pub rules: Vec<Rule>,
}

/// A service account and its policy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientGrant {
    /// Its client id.
    pub client_id: String,
    /// What it may do.
    pub policy: Policy,
}

/// An access rule. A `*` in the path stands for anything, slashes too. Source: OVHcloud's API guide.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: String,
    /// The route, without its version.
    pub path: String,
}

impl Rule {
    fn allows(&self, method: &Method, path: &str) -> bool {
        self.method == method.as_str() && glob(&self.path, path)
    }
}

/// An IAM policy, as `POST /iam/policy` takes it. What else that has is not looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Policy {
    /// What it is about.
    pub resources: Vec<Resource>,
    /// What may be done with those.
    pub permissions: Permissions,
}

/// A vRack or a service.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Resource {
    /// Its name: `urn:v1:eu:resource:vrack:pn-12345`.
    pub urn: String,
}

/// What may be done.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Permissions {
    /// What is allowed; everything else is not.
    pub allow: Vec<Action>,
}

/// Something that may be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Action {
    /// Its name in the published API, like `ovhCloudConnect:apiovh:config/pop/get`.
    pub action: String,
}

impl Policy {
    /// Whether a call is allowed: its actions, and on each thing it is about the action of that kind.
    ///
    /// Assumed: an action on a list needs no resource.
    fn allows(&self, method: &Method, path: &str, body: &[u8]) -> bool {
        let Some(actions) = iam::actions(method.as_str(), path) else { return false };
        let named = named(path, body);
        actions.iter().all(|action| {
            let kind = action.split(':').next().unwrap_or_default();
            self.has(action)
                && named.iter().filter(|(of, _)| of == kind).all(|(of, id)| self.is_about(of, id))
        })
    }

    fn has(&self, action: &str) -> bool {
        self.permissions.allow.iter().any(|allowed| glob(&allowed.action, action))
    }

    fn is_about(&self, kind: &str, id: &str) -> bool {
        self.resources.iter().any(|resource| resource.urn.ends_with(&format!(":resource:{kind}:{id}")))
    }

    /// The routes it opens, as `/auth/details` shows them.
    fn routes(&self) -> Vec<Rule> {
        let mut rules = Vec::new();
        for iam::Route { method, path, actions } in iam::ROUTES {
            if !actions.iter().all(|action| self.has(action)) {
                continue;
            }
            let segments =
                path.split('/').map(|segment| if segment.starts_with('{') { "*" } else { segment });
            let path = segments.collect::<Vec<_>>().join("/");
            let kind = path.split('/').nth(1).unwrap_or_default();
            let prefix = format!("/{kind}/*");
            let ids = self.resources.iter().filter_map(|resource| {
                resource.urn.split_once(":resource:")?.1.split_once(':').filter(|(of, _)| *of == kind)
            });
            let paths: Vec<String> = match path.strip_prefix(&prefix) {
                Some(rest) => ids.map(|(_, id)| format!("/{kind}/{id}{rest}")).collect(),
                None => vec![path],
            };
            rules.extend(paths.into_iter().map(|path| Rule { method: (*method).to_owned(), path }));
        }
        rules
    }
}

/// The vRacks and services that a call is about, by kind.
fn named(path: &str, body: &[u8]) -> Vec<(String, String)> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let kinds = |kind: &&str| matches!(*kind, "vrack" | "ovhCloudConnect");
    let pairs = segments.windows(2).filter(|pair| kinds(&pair[0]));
    let mut named: Vec<(String, String)> =
        pairs.map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect();
    // What enters a vRack is named in the body.
    let entering: Option<Value> = serde_json::from_slice(body).ok();
    if let Some(id) = entering.as_ref().and_then(|body| body.get("ovhCloudConnect")?.as_str()) {
        named.push(("ovhCloudConnect".to_owned(), id.to_owned()));
    }
    named.retain(|(_, id)| !kinds(&id.as_str()));
    named
}

/// Whether a text is of a pattern, in which a `*` stands for anything.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// What a credential may do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Access {
    /// Everything.
    Full,
    /// GET alone.
    ReadOnly,
    /// What these rules say.
    Rules(Vec<Rule>),
    /// What this policy says.
    Policy(Policy),
}

impl Access {
    /// Whether it covers a request. Assumed: what tells the caller about itself needs no right.
    pub(super) fn covers(&self, method: &Method, path: &str, body: &Bytes) -> bool {
        let about_itself = path.starts_with("/auth/") && *method == Method::GET;
        about_itself
            || match self {
                Self::Full => true,
                Self::ReadOnly => *method == Method::GET,
                Self::Rules(rules) => rules.iter().any(|rule| rule.allows(method, path)),
                Self::Policy(policy) => policy.allows(method, path, body),
            }
    }

    /// What it covers, as the routes about the caller show it.
    pub(super) fn rules(&self) -> Value {
        match self {
            Self::Full => json!([
                {"method": "GET", "path": "/*"},
                {"method": "POST", "path": "/*"},
                {"method": "PUT", "path": "/*"},
                {"method": "DELETE", "path": "/*"},
            ]),
            Self::ReadOnly => json!([{"method": "GET", "path": "/*"}]),
            Self::Rules(rules) => json!(rules),
            Self::Policy(policy) => json!(policy.routes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01";

    #[test]
    fn a_star_in_a_rule_stands_for_anything() {
        for (pattern, text, expected) in [
            ("/vrack", "/vrack", true),
            ("/vrack", "/vrack/pn-1", false),
            ("/vrack/*", "/vrack", false),
            ("/vrack/*", "/vrack/pn-1/task/3", true),
            ("/a/*/c", "/a/b/b/c", true),
            ("/a/*/c", "/a/c", false),
            ("/a/*/b/*/c", "/a/1/b/2/c", true),
            ("/*", "/", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn entering_a_vrack_takes_an_action_on_each_of_both() {
        let policy = |actions: &[&str], urns: &[&str]| Policy {
            resources: urns.iter().map(|urn| Resource { urn: format!("urn:v1:eu:resource:{urn}") }).collect(),
            permissions: Permissions {
                allow: actions.iter().map(|action| Action { action: (*action).to_owned() }).collect(),
            },
        };
        let body = format!("{{\"ovhCloudConnect\": \"{SERVICE}\"}}");
        let enters =
            |policy: &Policy| policy.allows(&Method::POST, "/vrack/pn-1/ovhCloudConnect", body.as_bytes());
        let both = ["vrack:apiovh:ovhCloudConnect/attach", "ovhCloudConnect:apiovh:vrack/attach"];
        let (vrack, service) = ("vrack:pn-1", format!("ovhCloudConnect:{SERVICE}"));
        assert!(enters(&policy(&both, &[vrack, &service])));
        assert!(!enters(&policy(&both[..1], &[vrack, &service])));
        assert!(!enters(&policy(&both[1..], &[vrack, &service])));
        assert!(!enters(&policy(&both, &[vrack])));
        assert!(!enters(&policy(&both, &[&service])));
    }
}
