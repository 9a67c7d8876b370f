//! Signatures, error shapes, bodies, expanded lists; and whatever else anyone sends.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use ovhconnect::sim::account::{Account, ServiceEntry};
use ovhconnect::sim::clock::{Clock, ManualClock};
use ovhconnect::sim::{Options, Simulator};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Bench, FREE, HOST, S, bench};

/// Checks status and body of an error.
#[track_caller]
fn refused(answer: &Answer, status: u16, body: Value) {
    assert_eq!((answer.status.as_u16(), &answer.body), (status, &body));
    assert!(answer.headers.contains_key("x-ovh-queryid"));
}

#[tokio::test]
async fn the_time_is_told_to_anyone() {
    let bench = bench();
    let request = Request::builder().uri("/1.0/auth/time").body(Body::empty()).unwrap();
    let answer = bench.send(request).await;
    assert_eq!(answer.status, 200);
    assert!(bench.clock.wall().secs().abs_diff(answer.body.as_u64().unwrap()) < 60);
}

#[tokio::test]
async fn paths_are_taken_with_and_without_the_version() {
    let bench = bench();
    for path in ["/1.0/ovhCloudConnect", "/v1/ovhCloudConnect", "/ovhCloudConnect"] {
        assert_eq!(bench.get(path).await.body, json!([S, FREE]), "{path}");
    }
}

#[tokio::test]
async fn a_signature_over_another_scheme_is_taken() {
    let bench = bench();
    let url = format!("https://{HOST}/1.0/me");
    let mut request = Request::builder().uri("/1.0/me").header("host", HOST).body(Body::empty()).unwrap();
    for (name, value) in bench.simulator.credentials().headers("GET", &url, "", bench.clock.wall()) {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    assert_eq!(bench.send(request).await.status, 200);
}

#[tokio::test]
async fn a_wrong_credential_is_told_as_the_api_tells_it() {
    let bench = bench();
    let path = "/1.0/ovhCloudConnect";
    let error = |code: &str, http: &str, message: &str| json!({"errorCode": code, "httpCode": http, "message": message});

    let bare = Request::builder().uri(path).body(Body::empty()).unwrap();
    refused(&bench.send(bare).await, 403, error("NOT_CREDENTIAL", "403 Forbidden", "You must login first"));
    for (header, value, status, body) in [
        (
            "x-ovh-application",
            "other",
            403,
            error("INVALID_KEY", "403 Forbidden", "This application key is invalid"),
        ),
        (
            "x-ovh-consumer",
            "other",
            403,
            error("INVALID_CREDENTIAL", "403 Forbidden", "This credential is not valid"),
        ),
        ("x-ovh-signature", "$1$00", 400, error("INVALID_SIGNATURE", "400 Bad Request", "Invalid signature")),
        ("x-ovh-timestamp", "1", 400, error("QUERY_TIME_OUT", "400 Bad Request", "Query out of time")),
    ] {
        refused(&bench.call_with("GET", path, "", &[(header, value)]).await, status, body);
    }
}

#[tokio::test]
async fn a_signature_covers_the_method_the_query_and_the_body() {
    let bench = bench();
    let url = format!("http://{HOST}/1.0/vrack/pn-1/ovhCloudConnect");
    let signed = bench.simulator.credentials().headers("POST", &url, "{}", bench.clock.wall());
    let send = async |method: &str, path: &str, body: &str| {
        let mut request = Request::builder().method(method).uri(path).header("host", HOST);
        for (name, value) in &signed {
            request = request.header(*name, value);
        }
        bench.send(request.body(Body::from(body.to_owned())).unwrap()).await.body["errorCode"].clone()
    };
    let path = "/1.0/vrack/pn-1/ovhCloudConnect";
    assert_eq!(send("POST", path, "{}").await, Value::Null);
    assert_eq!(send("GET", path, "{}").await, "INVALID_SIGNATURE");
    assert_eq!(send("POST", path, "{ }").await, "INVALID_SIGNATURE");
    assert_eq!(send("POST", &format!("{path}?x=1"), "{}").await, "INVALID_SIGNATURE");
    assert_eq!(send("POST", "/vrack/pn-1/ovhCloudConnect", "{}").await, "INVALID_SIGNATURE");
}

#[tokio::test]
async fn a_read_only_credential_only_reads() {
    let bench = bench();
    let read_only = bench.simulator.credentials().read_only();
    let url = format!("http://{HOST}/1.0/ovhCloudConnect/{S}");
    let mut answers = Vec::new();
    for method in ["GET", "PUT"] {
        let body = "{}";
        let mut request = Request::builder().method(method).uri(format!("/1.0/ovhCloudConnect/{S}"));
        request = request.header("host", HOST);
        for (name, value) in read_only.headers(method, &url, body, bench.clock.wall()) {
            request = request.header(name, value);
        }
        answers.push(bench.send(request.body(Body::from(body)).unwrap()).await);
    }
    assert_eq!(answers[0].status, 200);
    refused(
        &answers[1],
        403,
        json!({"errorCode": "NOT_GRANTED_CALL", "httpCode": "403 Forbidden", "message": "This call has not been granted"}),
    );
}

#[tokio::test]
async fn unknown_routes_methods_ids_and_objects_are_told_apart() {
    let bench = bench();
    refused(
        &bench.get("/1.0/ovhCloud").await,
        404,
        json!({"class": "Client::NotFound", "message": "Got an invalid (or empty) URL"}),
    );
    let wrong_method = bench.call("POST", "/1.0/ovhCloudConnect", "{}").await;
    assert_eq!(
        (wrong_method.status.as_u16(), &wrong_method.body["class"]),
        (405, &json!("Client::MethodNotAllowed"))
    );
    let wrong_id = bench.get("/1.0/ovhCloudConnect/one").await;
    assert_eq!((wrong_id.status.as_u16(), &wrong_id.body["class"]), (400, &json!("Client::BadRequest")));
    let unknown = Uuid::from_u128(3);
    refused(
        &bench.get(&format!("/1.0/ovhCloudConnect/{unknown}")).await,
        404,
        json!({
            "class": "Client::NotFound",
            "message": format!("The requested object (serviceName = {unknown}) does not exist"),
        }),
    );
}

#[tokio::test]
async fn the_servers_time_is_only_read() {
    let bench = bench();
    let request = Request::builder().method("POST").uri("/1.0/auth/time").body(Body::empty()).unwrap();
    let answer = bench.send(request).await;
    assert_eq!((answer.status.as_u16(), &answer.body["class"]), (405, &json!("Client::MethodNotAllowed")));
}

#[tokio::test]
async fn a_call_that_takes_no_fields_takes_none() {
    let bench = bench();
    let lock = format!("/1.0/ovhCloudConnect/{S}/interface/10/lock");
    let membership = format!("/1.0/vrack/pn-1/ovhCloudConnect/{S}");
    for (method, path) in [("POST", &lock), ("DELETE", &membership)] {
        let answer = bench.call(method, path, r#"{"force": true}"#).await;
        let message = answer.body["message"].as_str().unwrap();
        assert!(answer.status == 400 && message.contains("force"), "{method} {path}: {message}");
    }
    assert_eq!(bench.call("POST", &lock, "{}").await.status, 200);
}

#[tokio::test]
async fn bodies_are_checked() {
    let bench = bench();
    let path = format!("/1.0/ovhCloudConnect/{S}/config/pop");
    for (body, says) in [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[]", "not a JSON object"),
        (r#"{"type": "l2"}"#, "interfaceId"),
        (r#"{"type": "l2", "interfaceId": "10"}"#, "interfaceId"),
        (r#"{"type": "l2", "interfaceId": 10, "vlan": 3}"#, "vlan"),
        (r#"{"type": "l3", "interfaceId": 10, "customerBgpArea": 4294967296}"#, "customerBgpArea"),
        (r#"{"type": "l3", "interfaceId": 10, "customerBgpArea": 65001.5}"#, "customerBgpArea"),
    ] {
        let answer = bench.call("POST", &path, body).await;
        assert_eq!(answer.status, 400, "{body}");
        let message = answer.body["message"].as_str().unwrap();
        assert!(message.contains(says), "{body}: {message}");
    }
    assert_eq!(
        bench.call("POST", &path, r#"{"type": "l2", "interfaceId": 10, "subnet": null}"#).await.status,
        200
    );
}

#[tokio::test]
async fn a_service_is_configured_end_to_end() {
    let bench = bench();
    let base = format!("/1.0/ovhCloudConnect/{S}/config/pop");
    let post = async |path: &str, body: Value| {
        let answer = bench.call("POST", path, &body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        bench.clock.advance(Duration::from_secs(20));
        answer.body["resourceId"].as_u64().unwrap()
    };
    let new = json!({
        "interfaceId": 10, "type": "l3", "customerBgpArea": 65001, "ovhBgpArea": 65002, "subnet": "192.0.2.0/30",
    });
    let pop = post(&base, new).await;
    let datacenters = format!("{base}/{pop}/datacenter");
    let datacenter = post(&datacenters, json!({"datacenterId": 6, "subnet": "10.1.0.0/24"})).await;
    let extras = format!("{datacenters}/{datacenter}/extra");
    let new = json!({"type": "network", "nextHop": "10.1.0.9", "subnet": "172.16.0.0/16"});
    let extra = post(&extras, new).await;
    assert_eq!(
        bench.get(&format!("{extras}/{extra}")).await.body,
        json!({
            "id": extra, "type": "network", "nextHop": "10.1.0.9", "subnet": "172.16.0.0/16",
            "bgpNeighborArea": null, "bgpNeighborIp": null, "status": "active",
        })
    );
    assert_eq!(
        bench.call("DELETE", &format!("{base}/{pop}"), "").await.body["function"],
        "delPopConfiguration"
    );
    bench.clock.advance(Duration::from_secs(100));
    assert_eq!(bench.get(&base).await.body, json!([]));
    let mutations: Vec<_> = bench
        .simulator
        .log()
        .iter()
        .filter(|entry| entry.is_mutation())
        .map(|entry| entry.method.clone())
        .collect();
    assert_eq!(mutations, ["POST", "POST", "POST", "DELETE"]);
}

#[tokio::test]
async fn a_list_is_expanded_by_pages_from_a_copy_that_may_be_stale() {
    let bench = bench();
    let path = format!("/1.0/ovhCloudConnect/{S}/datacenter");
    let page = async |headers: &[(&str, &str)]| {
        let mode = [("x-pagination-mode", "CachedObjectList-Pages")];
        bench.call_with("GET", &path, "", &[&mode[..], headers].concat()).await
    };
    let first = page(&[("x-pagination-size", "10")]).await;
    assert_eq!(first.body.as_array().unwrap().len(), 10);
    assert_eq!(first.headers["x-pagination-elements"], "13");
    let second = page(&[("x-pagination-size", "10"), ("x-pagination-number", "2")]).await;
    assert_eq!(second.body.as_array().unwrap().len(), 3);

    bench.simulator.world().set_available(1, false);
    let available = |answer: &Answer| answer.body[0]["available"].clone();
    assert_eq!(available(&page(&[]).await), true, "a copy of less than a minute is served");
    assert_eq!(available(&page(&[("pragma", "no-cache")]).await), false);
    assert_eq!(available(&page(&[]).await), false, "the fresh one is the copy now");
    bench.simulator.world().set_available(1, true);
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(available(&page(&[]).await), true, "a copy grows too old");
    assert_eq!(bench.get(&path).await.body[0], json!(1), "without the header, ids");
}

#[tokio::test]
async fn a_service_that_cannot_expand_answers_as_always() {
    let bench = bench();
    let mode = [("x-pagination-mode", "CachedObjectList-Pages")];
    let answer = bench.call_with("GET", &format!("/1.0/ovhCloudConnect/{S}"), "", &mode).await;
    assert_eq!(answer.body["uuid"], json!(S));
    assert!(!answer.headers.contains_key("x-pagination-elements"));
}

#[tokio::test]
async fn every_change_is_in_the_state_file_before_it_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let account = Account { services: vec![ServiceEntry::new(S, 10)], ..Account::default() };
    let clock = Arc::new(ManualClock::default());
    let simulator = Simulator::new(&account, Options::default(), clock.clone()).unwrap();
    let simulator = Arc::new(simulator.with_state_file(&path).unwrap());
    let bench = Bench { simulator, clock };
    let answer = bench.call("PUT", &format!("/1.0/ovhCloudConnect/{S}"), r#"{"description": "Paris"}"#).await;
    assert_eq!((answer.status.as_u16(), answer.body), (200, Value::Null));
    let kept = ovhconnect::sim::World::load(&path, Options::default()).unwrap();
    assert_eq!(kept.service(S).unwrap().description.as_deref(), Some("Paris"));
}

/// Words that routes are made of, ids that are there, and ids that are not.
fn path() -> impl Strategy<Value = String> {
    const WORDS: [&str; 24] = [
        "1.0",
        "ovhCloudConnect",
        "vrack",
        "config",
        "pop",
        "datacenter",
        "extra",
        "interface",
        "lock",
        "status",
        "statistics",
        "diagnostic",
        "incident",
        "monitoring",
        "task",
        "allowedServices",
        "auth",
        "time",
        "me",
        "pn-1",
        "00000000-0000-0000-0000-000000000001",
        "10",
        "-1",
        "%2F",
    ];
    prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..9)
        .prop_map(|words| format!("/{}", words.join("/")))
}

fn body() -> impl Strategy<Value = String> {
    const NAMES: [&str; 8] = [
        "interfaceId",
        "type",
        "subnet",
        "ovhBgpArea",
        "customerBgpArea",
        "description",
        "ovhCloudConnect",
        "x",
    ];
    let value = prop_oneof![
        Just(json!(null)),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec!["l2", "l3", "192.0.2.0/30", "::/0", ""]).prop_map(Value::from),
        Just(json!([[]])),
    ];
    let fields = prop::collection::btree_map(prop::sample::select(NAMES.to_vec()), value, 0..5);
    prop_oneof![fields.prop_map(|fields| json!(fields).to_string()), ".*"]
}

proptest! {
    #[test]
    fn whatever_is_sent_is_answered_in_the_apis_shapes(
        method in prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]),
        path in path(),
        body in body(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(async { bench().call(method, &path, &body).await });
        prop_assert!(answer.status.as_u16() < 500, "{:?}", answer);
        if !answer.status.is_success() {
            let named = answer.body["class"].is_string() || answer.body["errorCode"].is_string();
            prop_assert!(named && answer.body["message"].is_string(), "{:?}", answer);
        }
    }
}
