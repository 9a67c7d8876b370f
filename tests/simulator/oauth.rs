//! Service accounts.

use axum::body::Body;
use axum::http::Request;
use ovhconnect::sim::{Effect, Fault};
use serde_json::json;

use crate::support::{Answer, Bench, S, bench};

async fn token(bench: &Bench, client: &str) -> Answer {
    let form = format!(
        "grant_type=client_credentials&scope=all&client_id={client}&client_secret=simulator-client-secret"
    );
    let request = Request::builder().method("POST").uri("/auth/oauth2/token").body(Body::from(form)).unwrap();
    bench.send(request).await
}

async fn bearing(bench: &Bench, token: &str, method: &str) -> Answer {
    let request = Request::builder().method(method).uri(format!("/1.0/ovhCloudConnect/{S}"));
    let request = request.header("authorization", format!("Bearer {token}"));
    bench.send(request.body(Body::from("{}")).unwrap()).await
}

#[tokio::test]
async fn a_service_account_calls_with_its_token() {
    let bench = bench();
    let granted = token(&bench, "simulator-client").await;
    assert_eq!((&granted.body["token_type"], &granted.body["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let token = granted.body["access_token"].as_str().unwrap();
    assert_eq!(bearing(&bench, token, "GET").await.status, 200);
    assert_eq!(bearing(&bench, token, "PUT").await.status, 200);
    let wrong = bearing(&bench, "sim.all.9999999999.00", "GET").await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["class"]), (401, &json!("Client::Unauthorized")));
}

#[tokio::test]
async fn a_read_only_service_account_only_reads() {
    let bench = bench();
    let granted = token(&bench, "simulator-read-only-client").await;
    let token = granted.body["access_token"].as_str().unwrap();
    assert_eq!(bearing(&bench, token, "GET").await.status, 200);
    let refused = bearing(&bench, token, "PUT").await;
    assert_eq!(
        (refused.status.as_u16(), refused.body),
        (403, json!({"class": "Client::Forbidden", "message": "User not granted for this request"}))
    );
}

#[tokio::test]
async fn a_token_expires_midway() {
    let bench = bench();
    let granted = token(&bench, "simulator-client").await;
    let token = granted.body["access_token"].as_str().unwrap();
    bench.simulator.add_fault(Fault::always(Effect::ExpiredCredential).times(1));
    let refused = bearing(&bench, token, "GET").await;
    assert_eq!((refused.status.as_u16(), &refused.body["class"]), (401, &json!("Client::Unauthorized")));
    assert_eq!(bearing(&bench, token, "GET").await.status, 200);
}

#[tokio::test]
async fn no_secret_is_logged() {
    let bench = bench();
    token(&bench, "simulator-client").await;
    assert_eq!(bench.simulator.log()[0].body, None);
}
