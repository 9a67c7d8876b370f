//! A small account behind the router, and signed requests to it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, Request, Response, StatusCode};
use ovhconnect::sim::account::{Account, ServiceEntry, VrackEntry};
use ovhconnect::sim::clock::{Clock, ManualClock};
use ovhconnect::sim::{Options, Simulator, http};
use serde_json::Value;
use tower::ServiceExt;
use uuid::Uuid;

pub const HOST: &str = "127.0.0.1:8080";

/// The service: in `pn-1`, with interface 10.
pub const S: Uuid = Uuid::from_u128(1);

/// Another one: in no vRack, with interface 20.
pub const FREE: Uuid = Uuid::from_u128(2);

pub struct Bench {
    pub simulator: Arc<Simulator>,
    pub clock: Arc<ManualClock>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

pub fn bench() -> Bench {
    let account = Account {
        vracks: vec![VrackEntry::new("pn-1")],
        services: vec![ServiceEntry::new(S, 10).in_vrack("pn-1"), ServiceEntry::new(FREE, 20)],
        ..Account::default()
    };
    bench_of(&account)
}

/// The same behind another account.
pub fn bench_of(account: &Account) -> Bench {
    let clock = Arc::new(ManualClock::default());
    let simulator = Simulator::new(account, Options::default(), clock.clone()).unwrap();
    Bench { simulator: Arc::new(simulator), clock }
}

impl Bench {
    /// The response itself, for what is not a JSON answer.
    pub async fn raw(&self, request: Request<Body>) -> Response<Body> {
        http::router(self.simulator.clone()).oneshot(request).await.unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.raw(request).await.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// A signed request; `extra` headers are added, or replace those of the signature.
    pub fn signed(&self, method: &str, path: &str, body: &str, extra: &[(&str, &str)]) -> Request<Body> {
        let url = format!("http://{HOST}{path}");
        let mut request =
            Request::builder().method(method).uri(path).body(Body::from(body.to_owned())).unwrap();
        let headers = request.headers_mut();
        headers.insert("host", HOST.parse().unwrap());
        for (name, value) in self.simulator.credentials().headers(method, &url, body, self.clock.wall()) {
            headers.insert(name, value.parse().unwrap());
        }
        for (name, value) in extra {
            headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        request
    }

    pub async fn call_with(&self, method: &str, path: &str, body: &str, extra: &[(&str, &str)]) -> Answer {
        self.send(self.signed(method, path, body, extra)).await
    }

    pub async fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        self.call_with(method, path, body, &[]).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "").await
    }
}
