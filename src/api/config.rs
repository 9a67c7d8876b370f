//! Where the API is and who asks: environment, `ovh.conf`, and the rules between them.
//!
//! Source: the conventions of OVHcloud's own clients.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::{Host, Url};

use super::auth::Credentials;

/// The named endpoints: name, address, and where a service account gets its tokens.
const ENDPOINTS: [(&str, &str, &str); 3] = [
    ("ovh-eu", "https://eu.api.ovh.com/1.0", "https://www.ovh.com/auth/oauth2/token"),
    ("ovh-ca", "https://ca.api.ovh.com/1.0", "https://ca.ovh.com/auth/oauth2/token"),
    ("ovh-us", "https://api.us.ovhcloud.com/1.0", "https://us.ovhcloud.com/auth/oauth2/token"),
];

/// The endpoint where none is said, as OVHcloud's Go client has it.
const DEFAULT_ENDPOINT: &str = "ovh-eu";

/// Where the API is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    name: String,
    url: Url,
    token_url: Url,
}

impl Endpoint {
    /// `ovh-eu`, `ovh-ca`, `ovh-us`, or an address (anything with a `/` in it).
    ///
    /// # Errors
    /// A name that is not known, an address that is not one, or one that would carry secrets in
    /// clear text over a network.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        if let Some((name, url, token_url)) = ENDPOINTS.iter().find(|(name, ..)| *name == text) {
            let parse = |url: &str| Url::parse(url).expect("the addresses in the table are valid");
            return Ok(Self { name: (*name).to_owned(), url: parse(url), token_url: parse(token_url) });
        }
        if !text.contains('/') {
            return Err(ConfigError::UnknownEndpoint { name: plausible(text).to_owned() });
        }
        let bad = |problem: String| ConfigError::BadEndpoint { problem };
        let url = Url::parse(text.trim_end_matches('/')).map_err(|error| bad(error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err(bad("it does not begin with https://".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("it holds a user name or a password".to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("it holds a '?' or a '#'".to_owned()));
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(ConfigError::PlainHttp { url: url.to_string() });
        }
        // Assumed: an unnamed endpoint gives tokens where the named ones do, on its own host.
        let token_url = url.join("/auth/oauth2/token").map_err(|error| bad(error.to_string()))?;
        let name = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { name, url, token_url })
    }

    /// The name it goes by: `ovh-eu`, or its address.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address under which every route is found.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// Where a service account gets its tokens.
    #[must_use]
    pub const fn token_url(&self) -> &Url {
        &self.token_url
    }

    /// The address of a route that begins with `/`.
    #[must_use]
    pub fn address(&self, route: &str) -> String {
        format!("{}{route}", self.url.as_str().trim_end_matches('/'))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

/// A text that was given as an endpoint's name, where it may be one. A key in the wrong place is longer,
/// and a password in an address without slashes comes with an `@`.
fn plausible(text: &str) -> &str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.len() < 16 && text.chars().all(is_part) { text } else { "[hidden]" }
}

/// Whether an address is on this very machine: 127.0.0.0/8, `::1` or `localhost`.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Where the API is and who asks.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the API is.
    pub endpoint: Endpoint,
    /// Who asks.
    pub credentials: Credentials,
}

/// A configuration and what its user ought to know about where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration, or why there is none. A warning may be the reason behind the reason.
    pub config: Result<Config, ConfigError>,
    /// What to tell the user.
    pub warnings: Vec<Warning>,
}

/// Something about a configuration file that its user ought to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Warning {
    /// The file holds a secret and others than its owner may read it.
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is there and cannot be read. It is passed over, as OVHcloud's clients do.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exposed { path, mode } => write!(
                f,
                "{path} holds credentials and other users may read it (mode {mode:03o}); run: chmod 600 {path}",
                path = path.display(),
            ),
            Self::Unreadable { path, problem } => {
                write!(f, "{} cannot be read and is passed over: {problem}", path.display())
            }
        }
    }
}

/// A configuration that cannot be used. No message holds a secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfigError {
    /// The endpoint is neither a known name nor an address.
    #[error("unknown endpoint {name:?}: expected ovh-eu, ovh-ca, ovh-us or an https:// address")]
    UnknownEndpoint {
        /// What was given; `[hidden]` where it may as well be a secret.
        name: String,
    },
    /// The endpoint is an address that cannot be used. It is not repeated: it may hold a password.
    #[error("the endpoint is not a usable address: {problem}")]
    BadEndpoint {
        /// What is wrong with it.
        problem: String,
    },
    /// Secrets would cross a network in clear text.
    #[error("{url} is plain http: credentials are sent over https only, except to this machine (localhost)")]
    PlainHttp {
        /// The address.
        url: String,
    },
    /// There are credentials of more than one kind.
    #[error(
        "more than one way of authentication is configured: {}; keep one and remove the others",
        .ways.join("; ")
    )]
    Ambiguous {
        /// Each way, and where it comes from.
        ways: Vec<String>,
    },
    /// A way of authentication lacks a part.
    #[error(
        "incomplete credentials: {variables} {} missing beside {present}; set {variables}, or {} in the \
         section [{section}] of ovh.conf",
        if .missing.len() == 1 { "is" } else { "are" },
        list(.missing, CredentialPart::name),
        variables = list(.missing, CredentialPart::variable),
    )]
    Incomplete {
        /// What is there and where it comes from.
        present: String,
        /// What is not.
        missing: Vec<CredentialPart>,
        /// The section of `ovh.conf` that counts.
        section: String,
    },
    /// There are no credentials at all.
    #[error(
        "no credentials for {endpoint}: set OVH_APPLICATION_KEY, OVH_APPLICATION_SECRET and \
         OVH_CONSUMER_KEY (or OVH_CLIENT_ID and OVH_CLIENT_SECRET, or OVH_ACCESS_TOKEN), or write \
         application_key, application_secret and consumer_key in the section [{endpoint}] of \
         ./ovh.conf, ~/.ovh.conf or /etc/ovh.conf; keys are made at {create}"
    )]
    Missing {
        /// The endpoint's name.
        endpoint: String,
        /// The page that makes keys.
        create: String,
    },
    /// A file is not a configuration file.
    #[error("{}:{line}: {problem}", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A file says the same thing twice.
    #[error("{}: {key} stands twice in the section [{section}]; keep one", .path.display())]
    Repeated {
        /// The file.
        path: PathBuf,
        /// The section.
        section: String,
        /// The key.
        key: String,
    },
}

/// One part of the credentials.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CredentialPart {
    /// An application's public name.
    ApplicationKey,
    /// An application's secret.
    ApplicationSecret,
    /// What the account's owner granted the application.
    ConsumerKey,
    /// A service account's name.
    ClientId,
    /// A service account's secret.
    ClientSecret,
    /// A bearer token.
    AccessToken,
}

impl CredentialPart {
    const ALL: [Self; 6] = [
        Self::ApplicationKey,
        Self::ApplicationSecret,
        Self::ConsumerKey,
        Self::ClientId,
        Self::ClientSecret,
        Self::AccessToken,
    ];

    /// Its name in `ovh.conf`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApplicationKey => "application_key",
            Self::ApplicationSecret => "application_secret",
            Self::ConsumerKey => "consumer_key",
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::AccessToken => "access_token",
        }
    }

    /// Its name in the environment.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::ApplicationKey => "OVH_APPLICATION_KEY",
            Self::ApplicationSecret => "OVH_APPLICATION_SECRET",
            Self::ConsumerKey => "OVH_CONSUMER_KEY",
            Self::ClientId => "OVH_CLIENT_ID",
            Self::ClientSecret => "OVH_CLIENT_SECRET",
            Self::AccessToken => "OVH_ACCESS_TOKEN",
        }
    }
}

fn list(keys: &[CredentialPart], name: fn(CredentialPart) -> &'static str) -> String {
    let names: Vec<_> = keys.iter().map(|key| name(*key)).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

impl Config {
    /// Reads the environment, `./ovh.conf`, `~/.ovh.conf` and `/etc/ovh.conf`, in this order of
    /// precedence; `endpoint`, where given, counts before all of them.
    #[must_use]
    pub fn load(endpoint: Option<&str>) -> Loaded {
        let env = |name: &str| match endpoint {
            Some(endpoint) if name == "OVH_ENDPOINT" => Some(endpoint.to_owned()),
            _ => std::env::var(name).ok(),
        };
        let mut paths = vec![PathBuf::from("ovh.conf")];
        paths.extend(std::env::home_dir().map(|home| home.join(".ovh.conf")));
        paths.push(PathBuf::from("/etc/ovh.conf"));
        let mut files = Vec::new();
        let mut warnings = Vec::new();
        for path in paths {
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    warnings.extend(exposure(&path, &text));
                    files.push((path, text));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => warnings.push(Warning::Unreadable { path, problem: error.to_string() }),
            }
        }
        Loaded { config: Self::from_sources(&env, &files), warnings }
    }

    /// The same from given sources: the environment, then files, the first that says something
    /// wins, key by key. An empty value says nothing.
    ///
    /// # Errors
    /// An endpoint that cannot be used, a file that is not well-formed, and credentials that are
    /// missing, incomplete or of more than one kind.
    pub fn from_sources(
        env: &dyn Fn(&str) -> Option<String>,
        files: &[(PathBuf, String)],
    ) -> Result<Self, ConfigError> {
        let files =
            files.iter().map(|(path, text)| File::parse(path, text)).collect::<Result<Vec<_>, _>>()?;
        let from_env = |name: &str| env(name).map(|value| value.trim().to_owned()).filter(|v| !v.is_empty());
        let written = from_env("OVH_ENDPOINT")
            .or_else(|| files.iter().find_map(|file| file.get("default", "endpoint")).map(str::to_owned))
            .unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
        let endpoint = Endpoint::parse(&written)?;

        let mut found = Found { values: BTreeMap::new(), section: endpoint.name.clone() };
        for key in CredentialPart::ALL {
            let value = from_env(key.variable())
                .map(|value| (value, format!("{} in the environment", key.variable())))
                .or_else(|| {
                    files.iter().find_map(|file| {
                        // A section may bear an address as the user wrote it, slash and all.
                        let value = file
                            .get(&endpoint.name, key.name())
                            .or_else(|| file.get(&written, key.name()))?;
                        Some((value.to_owned(), format!("{} in {}", key.name(), file.path.display())))
                    })
                });
            if let Some((value, origin)) = value {
                found.values.insert(key, (value.into(), origin));
            }
        }
        let credentials = found.credentials(&endpoint)?;
        Ok(Self { endpoint, credentials })
    }
}

/// The parts of credentials that were found, with where each comes from.
struct Found {
    values: BTreeMap<CredentialPart, (SecretString, String)>,
    section: String,
}

impl Found {
    fn credentials(mut self, endpoint: &Endpoint) -> Result<Credentials, ConfigError> {
        use CredentialPart as Part;
        let ways: [&[Part]; 3] = [
            &[Part::ApplicationKey, Part::ApplicationSecret, Part::ConsumerKey],
            &[Part::ClientId, Part::ClientSecret],
            &[Part::AccessToken],
        ];
        let begun: Vec<_> =
            ways.into_iter().filter(|way| way.iter().any(|key| self.values.contains_key(key))).collect();
        let way = match begun.as_slice() {
            [] => {
                let mut create = endpoint.url.clone();
                create.set_path("/createToken/");
                return Err(ConfigError::Missing {
                    endpoint: endpoint.name.clone(),
                    create: create.to_string(),
                });
            }
            [way] => *way,
            several => {
                return Err(ConfigError::Ambiguous {
                    ways: several.iter().map(|way| self.origins(way)).collect(),
                });
            }
        };
        let missing: Vec<_> = way.iter().copied().filter(|key| !self.values.contains_key(key)).collect();
        if !missing.is_empty() {
            return Err(ConfigError::Incomplete {
                present: self.origins(way),
                missing,
                section: self.section,
            });
        }
        let mut take =
            |key| self.values.remove(&key).map(|(value, _)| value).expect("every part of the way is there");
        Ok(match way[0] {
            Part::ApplicationKey => Credentials::ApplicationKey {
                key: take(Part::ApplicationKey),
                secret: take(Part::ApplicationSecret),
                consumer: take(Part::ConsumerKey),
            },
            Part::ClientId => Credentials::OAuth2 {
                client_id: take(Part::ClientId),
                client_secret: take(Part::ClientSecret),
            },
            _ => Credentials::Token(take(Part::AccessToken)),
        })
    }

    fn origins(&self, way: &[CredentialPart]) -> String {
        let found: Vec<_> =
            way.iter().filter_map(|key| self.values.get(key)).map(|(_, origin)| origin.as_str()).collect();
        found.join(", ")
    }
}

/// One `ovh.conf`: section → key → value; keys in lower case.
struct File {
    path: PathBuf,
    sections: BTreeMap<String, BTreeMap<String, String>>,
}

impl File {
    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        // Escapes and quotes off: a secret is everything behind the '=', whatever it is made of.
        let options = ini::ParseOption {
            enabled_escape: false,
            enabled_quote: false,
            enabled_indented_mutiline_value: false,
            ..ini::ParseOption::default()
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let syntax = |line, problem: &str| ConfigError::Syntax {
            path: path.to_owned(),
            line,
            problem: problem.to_owned(),
        };
        // The parser joins a line that has neither '=' nor ':' to the next one. It may be a secret
        // broken off its key, so it is not repeated.
        if let Some(line) = stray_line(text) {
            return Err(syntax(line, "expected `key = value`, a [section] or a comment"));
        }
        let ini = ini::Ini::load_from_str_opt(text, options)
            .map_err(|error| syntax(error.line, "expected `key = value`, a [section] or a comment"))?;
        let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for (section, properties) in &ini {
            let section = section.unwrap_or_default().trim().to_owned();
            for (key, value) in properties.iter() {
                let key = key.trim().to_ascii_lowercase();
                // Anything else is for other programs, or a secret broken off its key.
                if key != "endpoint" && !CredentialPart::ALL.iter().any(|part| part.name() == key) {
                    continue;
                }
                let entries = sections.entry(section.clone()).or_default();
                if entries.insert(key.clone(), unquoted(value.trim()).to_owned()).is_some() {
                    return Err(ConfigError::Repeated { path: path.to_owned(), section, key });
                }
            }
        }
        Ok(Self { path: path.to_owned(), sections })
    }

    fn get(&self, section: &str, key: &str) -> Option<&str> {
        self.sections.get(section)?.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// The first line that is neither empty, comment, section nor `key = value`; from 1.
fn stray_line(text: &str) -> Option<usize> {
    let well_formed = |line: &str| {
        line.is_empty()
            || line.starts_with(['#', ';'])
            || (line.starts_with('[') && line.ends_with(']'))
            || (!line.starts_with('[') && line.find(['=', ':']).is_some_and(|at| at > 0))
    };
    Some(text.lines().position(|line| !well_formed(line.trim()))? + 1)
}

/// The value without one pair of quotes around it, as OVHcloud's Go client reads it.
fn unquoted(value: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(value)
}

/// Whether others than the owner may read a file that holds a credential.
#[cfg(unix)]
fn exposure(path: &Path, text: &str) -> Option<Warning> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let holds_secret = CredentialPart::ALL.iter().any(|key| text.to_ascii_lowercase().contains(key.name()));
    (mode & 0o044 != 0 && holds_secret).then(|| Warning::Exposed { path: path.to_owned(), mode })
}

#[cfg(not(unix))]
fn exposure(_: &Path, _: &str) -> Option<Warning> {
    None
}

#[cfg(test)]
mod tests;
