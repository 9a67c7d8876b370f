//! Whoever cannot prove to be the API is sent nothing, and is said to be what it is.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

use super::commands::Invocation;
use super::environment;
use super::machine::{self, Machine, Served, Until};

/// An authority.
struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    Authority { certificate, issuer: Issuer::new(params, key) }
}

/// Serves over TLS with a certificate that `authority` issued.
fn serve(authority: &Authority, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Served {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    change(&mut params);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, &authority.issuer).expect("a certificate");
    machine::serve_with(|folder| {
        let paths: (PathBuf, PathBuf) = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&paths.0, certificate.pem()).expect("a folder of ours");
        std::fs::write(&paths.1, key.serialize_pem()).expect("a folder of ours");
        Some(paths)
    })
}

/// Plans against `endpoint` on a machine that trusts `authority` and nobody else.
fn plan(served: &Served, endpoint: &str, authority: &Authority) -> machine::Written {
    let credentials = served.simulator.credentials();
    let machine = Machine::new(&environment(&[
        ("OVH_APPLICATION_KEY", &credentials.application_key),
        ("OVH_APPLICATION_SECRET", &credentials.application_secret),
        ("OVH_CONSUMER_KEY", &credentials.consumer_key),
    ]));
    machine.put("authority.pem", authority.certificate.as_bytes());
    let trusted = machine.path("authority.pem").display().to_string();
    let machine = machine.with("SSL_CERT_FILE", &trusted).with("OVH_ENDPOINT", endpoint);
    machine.run(&Invocation::new(&["plan"]), Until::End)
}

/// The failure is said, with what to do; nothing was sent, and it was not tried again and again.
#[track_caller]
fn refused(served: &Served, endpoint: &str, authority: &Authority, said: &str) {
    let written = plan(served, endpoint, authority);
    assert_eq!(written.code, Some(1), "{written}");
    assert!(written.stderr.contains(said), "it does not say {said:?}:\n{written}");
    assert!(written.stderr.contains("SSL_CERT_FILE"), "it does not say what to do:\n{written}");
    assert!(!written.stderr.contains("trying again"), "{written}");
    assert_eq!(served.simulator.log(), []);
}

#[test]
fn a_certificate_says_who_is_there() {
    let (ours, other) = (authority("Ours"), authority("Other"));
    let right = serve(&ours, "localhost", |_| ());
    let written = plan(&right, &right.endpoint, &ours);
    assert_eq!(written.code, Some(0), "{written}");
    right.simulator.clear_log();
    refused(&right, &right.endpoint, &other, "the server's certificate is not trusted");

    let named = serve(&ours, "api.example", |_| ());
    refused(&named, &named.endpoint, &ours, "for another name than localhost: it is for api.example");
    let old = serve(&ours, "localhost", |params| params.not_after = date_time_ymd(2020, 1, 2));
    refused(&old, &old.endpoint, &ours, "has expired on 2020-01-02");
    let early = serve(&ours, "localhost", |params| params.not_before = date_time_ymd(2999, 1, 2));
    refused(&early, &early.endpoint, &ours, "not valid yet: only from 2999-01-02");
}

#[test]
fn a_server_that_speaks_no_tls_is_told() {
    let plain = machine::simulator();
    let endpoint = plain.endpoint.replace("http://", "https://");
    refused(&plain, &endpoint, &authority("Ours"), "does not speak TLS on this port");
}
