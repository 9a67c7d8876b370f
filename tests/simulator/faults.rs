//! What goes wrong on purpose.

use std::time::Duration;

use ovhconnect::sim::http::Cut;
use ovhconnect::sim::{Effect, Fate, Fault};
use serde_json::json;

use crate::support::{Bench, FREE, S, bench};

const ATTACH: &str = "/1.0/vrack/pn-1/ovhCloudConnect";
const PATTERN: &str = "/vrack/*/ovhCloudConnect";

/// A bench on which this goes wrong with attachments.
fn suffering(effect: Effect) -> Bench {
    let bench = bench();
    bench.simulator.add_fault(Fault::always(effect).on("POST", PATTERN).times(1));
    bench
}

fn attach() -> String {
    json!({"ovhCloudConnect": FREE}).to_string()
}

/// Whether the attachment landed, as the account and the log have it.
#[track_caller]
fn landed(bench: &Bench) -> bool {
    let landed = !bench.simulator.world().vrack_tasks("pn-1").unwrap().is_empty();
    assert_eq!(bench.simulator.log()[0].handled, landed);
    landed
}

#[tokio::test]
async fn an_error_is_answered_before_or_after_the_effect() {
    for handled in [false, true] {
        let bench = suffering(Effect::Status { code: 429, retry_after: Some(3), handled });
        let answer = bench.call("POST", ATTACH, &attach()).await;
        assert_eq!((answer.status.as_u16(), &answer.headers["retry-after"]), (429, &"3".parse().unwrap()));
        assert_eq!(landed(&bench), handled);
        assert_eq!(bench.get(ATTACH).await.status, 200, "other requests pass");
    }
}

#[tokio::test]
async fn a_connection_is_cut_before_or_after_the_effect() {
    for (effect, handled) in [(Effect::Reset, false), (Effect::ResetAfter, true)] {
        let bench = suffering(effect);
        let response = bench.raw(bench.signed("POST", ATTACH, &attach(), &[])).await;
        assert_eq!(response.extensions().get(), Some(&Cut));
        assert_eq!(landed(&bench), handled);
        assert_eq!(bench.simulator.log()[0].status, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_hangs_before_or_after_the_effect() {
    for (effect, handled) in [(Effect::Hang, false), (Effect::HangAfter, true)] {
        let bench = suffering(effect);
        let request = bench.signed("POST", ATTACH, &attach(), &[]);
        let answer = tokio::time::timeout(Duration::from_secs(3600), bench.raw(request)).await;
        assert!(answer.is_err(), "there was an answer");
        assert_eq!(landed(&bench), handled);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_comes_late() {
    let bench = suffering(Effect::Delay { millis: 5000 });
    let request = bench.signed("POST", ATTACH, &attach(), &[]);
    let begun = tokio::time::Instant::now();
    assert_eq!(bench.raw(request).await.status(), 200);
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
    assert!(landed(&bench));
}

#[tokio::test]
async fn an_answer_is_cut_in_the_middle() {
    let bench = suffering(Effect::Truncate);
    let response = bench.raw(bench.signed("POST", ATTACH, &attach(), &[])).await;
    assert_eq!(response.status(), 200);
    assert!(axum::body::to_bytes(response.into_body(), usize::MAX).await.is_err());
    assert!(landed(&bench));
}

#[tokio::test(start_paused = true)]
async fn a_cut_request_takes_effect_later() {
    let bench = suffering(Effect::Late { millis: 5_000 });
    let response = bench.raw(bench.signed("POST", ATTACH, &attach(), &[])).await;
    assert_eq!(response.extensions().get(), Some(&Cut));
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(bench.simulator.world().vrack_tasks("pn-1").unwrap().is_empty());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(landed(&bench));
}

#[tokio::test]
async fn a_task_ends_badly() {
    let fates = [
        (Fate::Error, "error"),
        (Fate::Denied, "denied"),
        (Fate::Stuck, "doing"),
        (Fate::Paused, "pause"),
        (Fate::InVain, "done"),
    ];
    for (fate, status) in fates {
        let bench = bench();
        bench.simulator.add_fault(
            Fault::always(Effect::Task(fate)).on("POST", "/ovhCloudConnect/*/config/pop").times(1),
        );
        let pops = format!("/1.0/ovhCloudConnect/{S}/config/pop");
        let task = bench.call("POST", &pops, r#"{"type": "l2", "interfaceId": 10}"#).await.body["id"].clone();
        bench.clock.advance(Duration::from_secs(60));
        let task = bench.get(&format!("/1.0/ovhCloudConnect/{S}/task/{task}")).await;
        assert_eq!(task.body["status"], status);
        assert_eq!(bench.get(&format!("{pops}?")).await.body.as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_fate_is_not_kept_for_another_task() {
    let bench = bench();
    bench.simulator.add_fault(Fault::always(Effect::Task(Fate::Error)).times(1));
    assert_eq!(bench.call("POST", ATTACH, "{}").await.status, 400);
    let task = bench.call("POST", ATTACH, &attach()).await.body["id"].clone();
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(bench.get(&format!("/1.0/vrack/pn-1/task/{task}")).await.status, 404, "the task is complete");
}

#[tokio::test]
async fn a_credential_expires_midway() {
    let bench = bench();
    bench.simulator.add_fault(Fault::always(Effect::ExpiredCredential).after(1));
    assert_eq!(bench.get("/1.0/vrack").await.status, 200);
    let refused = bench.get("/1.0/vrack").await;
    assert_eq!((refused.status.as_u16(), &refused.body["errorCode"]), (403, &json!("INVALID_CREDENTIAL")));
    bench.simulator.clear_faults();
    assert_eq!(bench.get("/1.0/vrack").await.status, 200);
}

#[tokio::test]
async fn reads_are_stale_for_a_while() {
    let bench = bench();
    bench.simulator.add_fault(Fault::always(Effect::Stale { seconds: 30 }));
    let path = format!("/1.0/ovhCloudConnect/{S}");
    let description = async || bench.get(&path).await.body["description"].clone();
    assert_eq!(description().await, "");
    bench.call("PUT", &path, r#"{"description": "new"}"#).await;
    assert_eq!(description().await, "");
    bench.clock.advance(Duration::from_secs(30));
    assert_eq!(description().await, "new");
}
