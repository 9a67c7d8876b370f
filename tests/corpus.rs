//! What the fuzzers (`fuzz/`) found worth keeping, and what was written for them to start from.

mod robust;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ovhconnect::api::{
    BoxFuture, Client, Config, Credentials, Endpoint, Options, Request, Response, Transport, TransportError,
    routes,
};

/// Runs a check over every file of a corpus; a panic is told with the file's name.
fn replay(corpus: &str, check: fn(&[u8])) {
    let folder = Path::new("tests/corpus").join(corpus);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    assert!(files.len() > 10, "{} has {} files only", folder.display(), files.len());
    for file in files {
        let bytes = std::fs::read(&file).expect("a file");
        if std::panic::catch_unwind(|| check(&bytes)).is_err() {
            panic!("{}: see the panic above", file.display());
        }
    }
}

#[test]
fn topologies() {
    replay("topology", robust::topology::check_bytes);
}

#[test]
fn answers() {
    replay("answers", robust::answers::check);
}

/// A new call is checked too, or this fails.
#[tokio::test]
async fn every_call_is_made() {
    struct Refuses;
    impl Transport for Refuses {
        fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
            let (headers, body) = (http::HeaderMap::new(), bytes::Bytes::new());
            Box::pin(async { Ok(Response { status: 403, headers, body }) })
        }
    }
    let endpoint = Endpoint::parse("https://api.example/1.0").expect("an address");
    let config = Config { endpoint, credentials: Credentials::Token("token".into()) };
    let client = Client::new(config, Arc::new(Refuses), Options::default());
    let errors = robust::answers::every_call(&client).await;
    let name = |call: &routes::Call| format!("{} {}", call.method, call.pattern);
    let called: BTreeSet<String> = errors.iter().filter_map(|error| error.call()).map(name).collect();
    // With a token nobody asks for another, or for what a key may do.
    let others = [&routes::TOKEN, &routes::CURRENT_CREDENTIAL];
    let all: BTreeSet<String> =
        routes::ALL.iter().filter(|call| !others.contains(call)).map(|call| name(call)).collect();
    assert_eq!(called, all);
}
