//! The simulator's own routes.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use ovhconnect::sim::Simulator;
use ovhconnect::sim::http::Peer;
use serde_json::{Value, json};

use crate::support::{Answer, Bench, S, bench};

fn request(method: &str, path: &str, body: &Value) -> Request<Body> {
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    Request::builder().method(method).uri(path).body(body).unwrap()
}

async fn admin(bench: &Bench, method: &str, path: &str, body: Value) -> Answer {
    bench.send(request(method, path, &body)).await
}

async fn change(bench: &Bench, body: Value) -> Answer {
    admin(bench, "POST", "/simulator/change", body).await
}

fn service(simulator: &Simulator) -> ovhconnect::api::wire::Service {
    simulator.world().service(S).unwrap()
}

#[tokio::test]
async fn they_answer_on_loopback_alone_and_unsigned() {
    let bench = bench();
    for (peer, status) in
        [("127.0.0.1:9", 200), ("[::1]:9", 200), ("[::ffff:127.0.0.1]:9", 200), ("192.0.2.1:9", 403)]
    {
        let mut request = request("GET", "/simulator/time", &Value::Null);
        request.extensions_mut().insert(Peer(peer.parse::<SocketAddr>().unwrap()));
        assert_eq!(bench.send(request).await.status, status, "{peer}");
    }
    assert_eq!(admin(&bench, "GET", "/simulator/nothing", Value::Null).await.status, 404);
    assert_eq!(admin(&bench, "PUT", "/simulator/log", Value::Null).await.status, 405);
    assert_eq!(change(&bench, json!({"explode": {}})).await.status, 400);
}

#[tokio::test]
async fn the_log_says_what_was_asked_and_when() {
    let bench = bench();
    bench.clock.advance(Duration::from_secs(5));
    bench.get("/1.0/vrack?x=1").await;
    bench.get("/1.0/nothing").await;
    let log = admin(&bench, "GET", "/simulator/log", Value::Null).await.body;
    assert_eq!(log.as_array().unwrap().len(), 2);
    assert_eq!(log[0]["path"], "/vrack");
    assert_eq!(log[0]["query"], "x=1");
    assert_eq!(log[0]["at"].as_u64(), Some(ovhconnect::sim::Moment::START.millis() + 5000));
    assert_eq!((&log[0]["status"], &log[0]["handled"]), (&json!(200), &json!(true)));
    assert_eq!((&log[1]["status"], &log[1]["handled"]), (&json!(404), &json!(false)));
    admin(&bench, "DELETE", "/simulator/log", Value::Null).await;
    assert!(bench.simulator.log().is_empty());
}

#[tokio::test]
async fn faults_come_and_go() {
    let bench = bench();
    let fault = json!({"method": "GET", "path": "/vrack", "effect": {"status": {"code": 503}}});
    admin(&bench, "POST", "/simulator/faults", fault.clone()).await;
    assert_eq!(bench.get("/1.0/vrack").await.status, 503);
    admin(&bench, "POST", "/simulator/faults", json!([fault, fault])).await;
    let listed = admin(&bench, "GET", "/simulator/faults", Value::Null).await.body;
    assert_eq!(listed.as_array().unwrap().len(), 3);
    for wrong in [json!({"effect": "explode"}), json!([{"effect": "explode"}])] {
        let refused = admin(&bench, "POST", "/simulator/faults", wrong).await;
        let message = refused.body["message"].as_str().unwrap();
        assert!(refused.status == 400 && message.contains("explode"), "{message}");
    }
    admin(&bench, "DELETE", "/simulator/faults", Value::Null).await;
    assert_eq!(bench.get("/1.0/vrack").await.status, 200);
}

#[tokio::test]
async fn the_account_changes_behind_the_clients_back() {
    let bench = bench();
    let config = json!({"interfaceId": 10, "type": "l3", "customerBgpArea": 65001, "subnet": "192.0.2.0/30"});
    let pop = change(&bench, json!({"addPop": {"service": S, "config": config}})).await.body["id"].clone();
    let config = json!({"datacenterId": 1, "subnet": "10.1.0.0/24"});
    let made =
        json!({"addDatacenter": {"vrack": "pn-1", "config": config, "state": {"creating": {"seconds": 9}}}});
    let datacenter = change(&bench, made).await.body["id"].clone();
    let path = format!("/1.0/ovhCloudConnect/{S}/config/pop/{pop}/datacenter/{datacenter}");
    assert_eq!(bench.get(&path).await.body["status"], "init");
    bench.clock.advance(Duration::from_secs(9));
    assert_eq!(bench.get(&path).await.body["status"], "active");
    let config = json!({"type": "bgp", "bgpNeighborArea": 65020, "bgpNeighborIp": "10.1.0.4"});
    let extra =
        change(&bench, json!({"addExtra": {"datacenter": datacenter, "config": config, "state": "stuck"}}))
            .await;
    assert_eq!(bench.get(&format!("{path}/extra/{}", extra.body["id"])).await.body["status"], "init");
    for id in [&extra.body["id"], &datacenter, &pop] {
        assert_eq!(change(&bench, json!({"erase": {"id": id}})).await.status, 200);
    }
    assert_eq!(change(&bench, json!({"erase": {"id": pop}})).await.status, 404);

    change(&bench, json!({"membership": {"service": S, "vrack": null}})).await;
    change(&bench, json!({"closed": {"service": S, "closed": true}})).await;
    let changed = service(&bench.simulator);
    assert_eq!((changed.vrack, changed.status.as_str()), (None, "closed"));
    change(&bench, json!({"port": {"interface": 10, "status": "disabled"}})).await;
    assert_eq!(bench.simulator.world().interface(S, 10).unwrap().status.as_str(), "disabled");
    change(&bench, json!({"available": {"datacenter": 1, "available": false}})).await;
    assert!(!bench.simulator.world().catalogue_datacenter(S, 1).unwrap().available);
    let incident =
        change(&bench, json!({"incident": {"service": S, "maintenance": true, "seconds": 60}})).await;
    let seen = bench.get(&format!("/1.0/ovhCloudConnect/{S}/incident/{}", incident.body["id"])).await;
    assert_eq!(seen.body["type"], "maintenance");
}

#[tokio::test]
async fn time_jumps_to_what_happens_next_or_by_so_much() {
    let bench = bench();
    let pops = format!("/1.0/ovhCloudConnect/{S}/config/pop");
    let task = bench.call("POST", &pops, r#"{"type": "l2", "interfaceId": 10}"#).await.body["id"].clone();
    let path = format!("/1.0/ovhCloudConnect/{S}/task/{task}");
    admin(&bench, "POST", "/simulator/advance", json!({})).await;
    assert_eq!(bench.get(&path).await.body["status"], "doing");
    let times = admin(&bench, "POST", "/simulator/advance", json!({"seconds": 60})).await.body;
    assert_eq!(times["next"], Value::Null);
    assert_eq!(bench.get(&path).await.body["status"], "done");
    let state = admin(&bench, "GET", "/simulator/state", Value::Null).await.body;
    assert_eq!(state["version"], 1);
}
