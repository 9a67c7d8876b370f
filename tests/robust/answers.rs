//! Any bytes as the API's answers: every call ends, well or with an error that can be shown.
//!
//! The input is one answer, or several with a line `====` between them, which come one after the other
//! and then from the first again:
//!
//! ```text
//! 200
//! X-Pagination-Elements: 3
//!
//! [{"id": 1}, 2]
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use ovhconnect::api::wire::{NewDatacenterConfig, NewDiagnostic, NewExtraConfig, NewPopConfig, Update};
use ovhconnect::api::{
    BoxFuture, Client, Config, Credentials, Endpoint, Error, Options, Request, Response, Transport,
    TransportError,
};
use ovhconnect::live::read::read;
use ovhconnect::topology::{self, Topology};
use serde_json::json;
use uuid::Uuid;

/// What every secret begins with.
const HUSH: &str = "hush-";
const TOPOLOGY: &str = include_str!("../../examples/resilient.yaml");

/// Makes every call, and reads live state, against these answers.
pub fn check(input: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        // Nobody waits for a retry.
        .start_paused(true)
        .build()
        .expect("a runtime needs nothing but memory");
    let answers: Vec<Response> = split(input).into_iter().map(answer).collect();
    // One request for an id in a list, ten attempts each, and what the calls themselves need.
    let limit = 2_000 + 10 * input.len();
    let is_quiet = !String::from_utf8_lossy(input).contains(HUSH);
    let client = |credentials| {
        let script = Script { answers: answers.clone(), asked: AtomicUsize::new(0), limit };
        let endpoint = Endpoint::parse("https://api.example/1.0").expect("an address");
        let options = Options { rate: f64::INFINITY, ..Options::default() };
        Client::new(Config { endpoint, credentials }, Arc::new(script), options)
    };
    let (token, others) = ways();
    runtime.block_on(async {
        let with_token = client(token);
        let mut errors = every_call(&with_token).await;
        // Its errors are the calls' or placed in the topology.
        let _ = read(&with_token, &topology()).await;
        // These ask for the API's clock, or for a token, first.
        for credentials in others {
            errors.extend(client(credentials).vracks().await.err());
        }
        for error in errors {
            let shown = format!("{error} {error:?} {:?}", error.hint());
            assert!(!error.to_string().contains(char::is_control), "control characters in {error:?}");
            assert!(!is_quiet || !shown.contains(HUSH), "a secret in {shown}");
        }
    });
}

/// Makes every call the client has; returns the errors.
pub async fn every_call(client: &Client) -> Vec<Error> {
    let s = Uuid::from_u128(0x6b0c_8f3e_3c1f_4a5e_9a52_0c4c_9b1f_2d01);
    let pop: NewPopConfig = of(json!({"type": "l2", "interfaceId": 1}));
    let datacenter: NewDatacenterConfig = of(json!({"datacenterId": 1}));
    let extra: NewExtraConfig = of(json!({"type": "bgp"}));
    let diagnostic: NewDiagnostic = of(json!({"diagnosticName": "diagRoutes", "popConfigId": 1}));
    let update = Update { description: None };
    let mut errors = Vec::new();
    macro_rules! call {
        ($($call:expr;)*) => { $(errors.extend($call.await.err());)* };
    }
    call! {
        client.server_time();
        client.granted();
        client.services();
        client.service(s);
        client.update_service(s, &update);
        client.vracks();
        client.vrack("pn-1");
        client.allowed_services("pn-1");
        client.vrack_members("pn-1");
        client.vrack_member("pn-1", s);
        client.attach("pn-1", s);
        client.detach("pn-1", s);
        client.vrack_tasks("pn-1");
        client.vrack_task("pn-1", 4);
        client.interfaces(s);
        client.interface(s, 4);
        client.interface_status(s, 4);
        client.lock_interface(s, 4);
        client.unlock_interface(s, 4);
        client.pops(s);
        client.pop(s, 4);
        client.pop_status(s, 4);
        client.pop_prefixes_accepted(s, 4);
        client.create_pop(s, &pop);
        client.delete_pop(s, 4);
        client.datacenters(s, 4);
        client.datacenter(s, 4, 5);
        client.create_datacenter(s, 4, &datacenter);
        client.delete_datacenter(s, 4, 5);
        client.extras(s, 4, 5);
        client.extra(s, 4, 5, 6);
        client.create_extra(s, 4, 5, &extra);
        client.delete_extra(s, 4, 5, 6);
        client.catalogue(s);
        client.catalogue_entry(s, 4);
        client.tasks(s);
        client.task(s, 4);
        client.incidents(s);
        client.incident(s, 4);
        client.diagnostics(s);
        client.diagnostic(s, 4);
        client.create_diagnostic(s, &diagnostic);
    }
    errors
}

fn of<T: serde::de::DeserializeOwned>(body: serde_json::Value) -> T {
    serde_json::from_value(body).expect("a body of the API")
}

fn ways() -> (Credentials, [Credentials; 2]) {
    let secret = |name: &str| format!("{HUSH}{name}").into();
    let application = Credentials::ApplicationKey {
        key: secret("key"),
        secret: secret("secret"),
        consumer: secret("consumer"),
    };
    let account = Credentials::OAuth2 { client_id: secret("id"), client_secret: secret("client-secret") };
    (Credentials::Token(secret("token")), [application, account])
}

fn topology() -> Topology {
    let mut sources = ovhconnect::diagnostic::Sources::default();
    sources.add(ovhconnect::diagnostic::Source { path: "topology.yaml".into(), text: TOPOLOGY.to_owned() });
    topology::parse(&sources).0
}

fn split(input: &[u8]) -> Vec<&[u8]> {
    const BETWEEN: &[u8] = b"\n====\n";
    let mut parts = Vec::new();
    let mut rest = input;
    while let Some(at) = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        parts.push(&rest[..at]);
        rest = &rest[at + BETWEEN.len()..];
    }
    parts.push(rest);
    parts
}

/// A status, headers, an empty line, a body. What cannot be one is left out: the transport would refuse it.
fn answer(text: &[u8]) -> Response {
    let (head, body) = match text.windows(2).position(|window| window == b"\n\n") {
        Some(at) => (&text[..at], &text[at + 2..]),
        None => (&[][..], text),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let status = lines.next().and_then(|line| std::str::from_utf8(line).ok()?.trim().parse().ok());
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value)
            && headers.len() < 100
        {
            headers.append(name, value);
        }
    }
    // A redirect is no answer for the transport.
    let status = status.filter(|status| matches!(status, 200..=299 | 400..=599)).unwrap_or(200);
    Response { status, headers, body: Bytes::copy_from_slice(body) }
}

/// Gives the answers in turn.
struct Script {
    answers: Vec<Response>,
    asked: AtomicUsize,
    limit: usize,
}

impl Transport for Script {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(number < self.limit, "{number} requests, and no end");
        let answer = self.answers[number % self.answers.len()].clone();
        Box::pin(async { Ok(answer) })
    }
}
