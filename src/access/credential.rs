//! The calls that are needed → the credential that allows them, and whether another one does.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{Need, Purpose};

/// What an application key may call. A `*` in the path stands for anything, slashes too.
/// Source: OVHcloud's API guide.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, JsonSchema)]
pub struct AccessRule {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: String,
    /// The route, without its version.
    pub path: String,
}

impl AccessRule {
    /// Whether all that `other` allows is allowed by this.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.method == other.method && matches(&self.path, &other.path)
    }
}

impl fmt::Display for AccessRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<6} {}", self.method, self.path)
    }
}

impl From<&Need> for AccessRule {
    fn from(need: &Need) -> Self {
        let mut known = need.known.iter();
        let mut path = String::new();
        for segment in need.call.pattern.split('/').skip(1) {
            path.push('/');
            path.push_str(if segment.starts_with('{') {
                known.next().map_or("*", String::as_str)
            } else {
                segment
            });
        }
        Self { method: need.call.method.to_string(), path }
    }
}

/// Whether a pattern matches a text; a `*` matches any part of it, another `*` too.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| matches(after, rest)))
        }),
    }
}

/// Where an account is, in the names of its resources.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Region {
    /// `ovh-eu`.
    #[default]
    Eu,
    /// `ovh-ca`.
    Ca,
    /// `ovh-us`.
    Us,
}

impl Region {
    /// Of an endpoint by its name; of one without a name, Europe.
    #[must_use]
    pub fn of_endpoint(name: &str) -> Self {
        match name {
            "ovh-ca" => Self::Ca,
            "ovh-us" => Self::Us,
            _ => Self::Eu,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Eu => "eu",
            Self::Ca => "ca",
            Self::Us => "us",
        }
    }
}

/// A policy as `POST /iam/policy` takes it, for identities that are added there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct IamPolicy {
    /// Its name, which no other policy of the account has.
    pub name: String,
    /// Who has it: the service account's URN is added here.
    pub identities: Vec<String>,
    /// What it is about.
    pub resources: Vec<IamResource>,
    /// What may be done with those.
    pub permissions: IamPermissions,
}

/// A vRack or a service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
pub struct IamResource {
    /// Its name in IAM.
    pub urn: String,
}

/// What may be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct IamPermissions {
    /// The actions that are allowed.
    pub allow: Vec<IamAction>,
}

/// Something that may be done.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
pub struct IamAction {
    /// Its name in the published API.
    pub action: String,
}

/// The least credential for a purpose, in both of its forms.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// The version of this form. A part after the dot that is higher adds fields; one before it changes them.
    pub format_version: &'static str,
    /// What it is for.
    pub purpose: Purpose,
    /// For an application key.
    pub access_rules: Vec<AccessRule>,
    /// For a service account.
    pub iam_policy: IamPolicy,
    /// The rules that the credential at hand lacks, where it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<AccessRule>>,
}

impl Credential {
    /// What allows these calls, and no more than OVHcloud's numbering makes necessary.
    #[must_use]
    pub fn of(needs: &[Need], purpose: Purpose, region: Region) -> Self {
        let all: BTreeSet<AccessRule> = needs.iter().map(AccessRule::from).collect();
        let covered = |rule: &&AccessRule| !all.iter().any(|other| other != *rule && other.covers(rule));
        let access_rules = all.iter().filter(covered).cloned().collect();
        let urn = |need: &Need| {
            let kind = need.call.pattern.split('/').nth(1)?;
            let id = need.known.first()?;
            Some(IamResource { urn: format!("urn:v1:{}:resource:{kind}:{id}", region.name()) })
        };
        let resources: BTreeSet<IamResource> = needs.iter().filter_map(urn).collect();
        let actions = needs.iter().flat_map(|need| need.call.actions);
        let allow: BTreeSet<IamAction> =
            actions.map(|action| IamAction { action: (*action).to_owned() }).collect();
        let iam_policy = IamPolicy {
            name: format!("ovhconnect-{purpose}"),
            identities: Vec::new(),
            resources: resources.into_iter().collect(),
            permissions: IamPermissions { allow: allow.into_iter().collect() },
        };
        Self { format_version: "1.0", purpose, access_rules, iam_policy, missing: None }
    }

    /// The rules that are not covered by what a credential at hand is granted.
    #[must_use]
    pub fn missing<'c>(&'c self, granted: &[AccessRule]) -> Vec<&'c AccessRule> {
        let lacks = |rule: &&AccessRule| !granted.iter().any(|granted| granted.covers(rule));
        self.access_rules.iter().filter(lacks).collect()
    }

    /// The same, with what the credential at hand lacks.
    #[must_use]
    pub fn with_missing(&self, missing: Option<&[&AccessRule]>) -> Self {
        let missing = missing.map(|rules| rules.iter().copied().cloned().collect());
        Self { missing, ..self.clone() }
    }

    /// The JSON schema of this form.
    #[must_use]
    pub fn schema() -> Value {
        let mut schema = Value::from(schemars::schema_for!(Self));
        schema["title"] = "What `ovhconnect access --format json` writes".into();
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> AccessRule {
        let (method, path) = text.split_once(' ').unwrap();
        AccessRule { method: method.to_owned(), path: path.to_owned() }
    }

    #[test]
    fn a_star_stands_for_anything_and_for_another_star() {
        for (granted, needed, covered) in [
            ("GET /*", "GET /vrack", true),
            ("GET /vrack/*", "GET /vrack", false),
            ("GET /vrack/*", "GET /vrack/pn-1/task/*", true),
            ("GET /vrack/pn-1/*", "GET /vrack/*", false),
            ("GET /a/*/c", "GET /a/b/b/c", true),
            ("GET /a/*/c", "GET /a/b/d", false),
            ("GET /a/*/c", "GET /a/*/c/*/c", true),
            ("POST /*", "GET /vrack", false),
            ("GET /vrack", "GET /vrack", true),
        ] {
            assert_eq!(rule(granted).covers(&rule(needed)), covered, "{granted} covers {needed}");
        }
    }
}
