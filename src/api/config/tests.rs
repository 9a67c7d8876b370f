use secrecy::ExposeSecret as _;

use super::*;

fn load(env: &[(&str, &str)], files: &[&str]) -> Result<Config, ConfigError> {
    let files: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(index, text)| (PathBuf::from(format!("{index}.conf")), (*text).to_owned()))
        .collect();
    let find = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Config::from_sources(&find, &files)
}

fn problem(env: &[(&str, &str)], files: &[&str]) -> String {
    let error = load(env, files).expect_err("this was meant to be refused").to_string();
    assert!(!error.contains("hush"), "the message shows a secret: {error}");
    error
}

fn keys(config: &Config) -> [&str; 3] {
    let Credentials::ApplicationKey { key, secret, consumer } = &config.credentials else {
        panic!("expected an application, found {:?}", config.credentials)
    };
    [key.expose_secret(), secret.expose_secret(), consumer.expose_secret()]
}

const FILE: &str = "
; the one that counts
[default]
endpoint = ovh-ca

[ovh-eu]
application_key=eu-key
application_secret=eu-hush
consumer_key=eu-consumer

[ovh-ca]
# a comment
application_key=ca-key
application_secret=ca-hush
consumer_key=ca-consumer
";

#[test]
fn a_file_has_a_section_for_each_endpoint() {
    let config = load(&[], &[FILE]).unwrap();
    assert_eq!(config.endpoint.name(), "ovh-ca");
    assert_eq!(config.endpoint.address("/vrack"), "https://ca.api.ovh.com/1.0/vrack");
    assert_eq!(keys(&config), ["ca-key", "ca-hush", "ca-consumer"]);
    let config = load(&[("OVH_ENDPOINT", "ovh-eu")], &[FILE]).unwrap();
    assert_eq!(keys(&config), ["eu-key", "eu-hush", "eu-consumer"]);
}

#[test]
fn the_environment_counts_before_files_and_the_first_file_before_the_next() {
    let first = "[ovh-ca]\nconsumer_key = first\n";
    let config =
        load(&[("OVH_APPLICATION_KEY", "from-env"), ("OVH_CONSUMER_KEY", "")], &[first, FILE]).unwrap();
    assert_eq!(keys(&config), ["from-env", "ca-hush", "first"]);
}

#[test]
fn a_secret_is_everything_behind_the_equals_sign() {
    for secret in
        ["a;b", "a#b", r"a\b", r"a\n", "a=b", "a:b", "a b", "é", "[a]", "a\"b", "'a", "%(x)s", ";a", "#a"]
    {
        let file = format!("[ovh-eu]\napplication_key=k\napplication_secret={secret}\r\nconsumer_key=c");
        assert_eq!(keys(&load(&[], &[&file]).unwrap()), ["k", secret, "c"]);
    }
}

#[test]
fn files_are_read_as_other_clients_read_them() {
    let file = "\u{feff}[default]\nENDPOINT : ovh-us\n[ovh-us]\n  Client_ID = \"me\"  \n\tclient_secret='hush'\nother\t= x\n";
    let config = load(&[], &[file]).unwrap();
    assert_eq!(config.endpoint.url().as_str(), "https://api.us.ovhcloud.com/1.0");
    assert_eq!(config.endpoint.token_url().as_str(), "https://us.ovhcloud.com/auth/oauth2/token");
    let Credentials::OAuth2 { client_id, client_secret } = &config.credentials else {
        panic!("expected a service account")
    };
    assert_eq!([client_id.expose_secret(), client_secret.expose_secret()], ["me", "hush"]);
}

#[test]
fn an_access_token_is_enough() {
    let config = load(&[("OVH_ACCESS_TOKEN", " hush \n")], &[]).unwrap();
    assert_eq!(config.endpoint.name(), "ovh-eu");
    assert!(matches!(&config.credentials, Credentials::Token(token) if token.expose_secret() == "hush"));
}

#[test]
fn an_endpoint_with_a_slash_is_an_address() {
    let endpoint = |text| Endpoint::parse(text).unwrap();
    assert_eq!(endpoint("https://api.example.com/v1/").address("/me"), "https://api.example.com/v1/me");
    assert_eq!(endpoint("https://api.example.com/v1/").name(), "https://api.example.com/v1");
    assert_eq!(
        endpoint("https://api.example.com:8443/v1").token_url().as_str(),
        "https://api.example.com:8443/auth/oauth2/token"
    );
    assert_eq!(endpoint("http://127.0.0.1:8080").address("/me"), "http://127.0.0.1:8080/me");
    let file = "[http://localhost:1/1.0/]\naccess_token=hush";
    load(&[("OVH_ENDPOINT", "http://localhost:1/1.0/")], &[file]).unwrap();
    load(&[("OVH_ENDPOINT", "http://localhost:1/1.0")], &["[http://localhost:1/1.0]\naccess_token=hush"])
        .unwrap();
}

#[test]
fn plain_http_stays_on_this_machine() {
    for local in ["http://127.0.0.1/", "http://127.8.9.1:1/x", "http://[::1]:1/", "http://localhost/1.0"] {
        Endpoint::parse(local).unwrap();
    }
    for remote in [
        "http://eu.api.ovh.com/1.0",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://10.0.0.1/",
        "http://[::2]/",
        "http://0.0.0.0/",
    ] {
        assert!(
            matches!(Endpoint::parse(remote), Err(ConfigError::PlainHttp { .. })),
            "{remote} was accepted"
        );
    }
}

#[test]
fn endpoints_that_cannot_be_used() {
    assert_eq!(
        problem(&[("OVH_ENDPOINT", "ovh-fr")], &[]),
        "unknown endpoint \"ovh-fr\": expected ovh-eu, ovh-ca, ovh-us or an https:// address"
    );
    for bad in
        ["https://me:hush@example.com/", "ftp://x/", "https://x/?hush", "https://x/#a", "//x", "https:///"]
    {
        let message = problem(&[("OVH_ENDPOINT", bad)], &[]);
        assert!(message.starts_with("the endpoint is not a usable address: "), "{bad}: {message}");
    }
}

#[test]
fn without_credentials_the_message_says_what_to_do() {
    let message = problem(&[("OVH_ENDPOINT", "ovh-ca")], &["[ovh-eu]\nconsumer_key=hush"]);
    for part in ["OVH_APPLICATION_KEY", "OVH_CLIENT_ID", "[ovh-ca]", "https://ca.api.ovh.com/createToken/"] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
}

#[test]
fn a_missing_part_is_named() {
    assert_eq!(
        problem(&[("OVH_APPLICATION_KEY", "hush-k")], &["[ovh-eu]\nconsumer_key=hush-c"]),
        "incomplete credentials: OVH_APPLICATION_SECRET is missing beside OVH_APPLICATION_KEY in the \
         environment, consumer_key in 0.conf; set OVH_APPLICATION_SECRET, or application_secret in the \
         section [ovh-eu] of ovh.conf"
    );
    let message = problem(&[("OVH_CONSUMER_KEY", "hush")], &[]);
    assert!(message.contains("OVH_APPLICATION_KEY and OVH_APPLICATION_SECRET are missing"), "{message}");
    let message = problem(&[("OVH_CLIENT_ID", "hush")], &[]);
    assert!(message.contains("OVH_CLIENT_SECRET is missing"), "{message}");
}

#[test]
fn two_ways_at_once_are_refused_and_named() {
    assert_eq!(
        problem(&[("OVH_ACCESS_TOKEN", "hush")], &["[ovh-eu]\nclient_id=hush"]),
        "more than one way of authentication is configured: client_id in 0.conf; OVH_ACCESS_TOKEN in the \
         environment; keep one and remove the others"
    );
}

#[test]
fn broken_files_are_pointed_at_without_their_text() {
    assert_eq!(
        problem(&[], &["[ovh-eu]\napplication_secret=x\nhush\nconsumer_key=y"]),
        "0.conf:3: expected `key = value`, a [section] or a comment"
    );
    assert_eq!(
        problem(&[], &["\n[ovh-eu\nconsumer_key=hush"]),
        "0.conf:2: expected `key = value`, a [section] or a comment"
    );
    assert_eq!(
        problem(&[], &["[ovh-eu]\nconsumer_key=hush1\nconsumer_key=hush2"]),
        "0.conf: consumer_key stands twice in the section [ovh-eu]; keep one"
    );
}

#[test]
fn debug_shows_no_secret() {
    let config = load(&[], &[&FILE.replace("ca-", "hush-")]);
    assert!(config.is_ok());
    let loaded = Loaded { config, warnings: Vec::new() };
    let shown = format!("{loaded:?} {loaded:#?}");
    assert!(!shown.contains("hush"), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ovh.conf");
    let warning = |text: &str, mode: u32| {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        exposure(&path, text)
    };
    assert_eq!(warning(FILE, 0o600), None);
    assert_eq!(warning("[default]\nendpoint=ovh-eu", 0o644), None);
    for mode in [0o644, 0o640, 0o604] {
        let warned = warning(FILE, mode).expect("others may read it");
        assert_eq!(warned, Warning::Exposed { path: path.clone(), mode });
        assert!(warned.to_string().contains("chmod 600"), "{warned}");
    }
}
