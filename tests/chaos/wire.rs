//! The way to the simulator, on which everything is seen, and which a kill cuts.

use std::sync::{Arc, Mutex};

use ovhconnect::api::{BoxFuture, Request, Response, Transport, TransportError};
use ovhconnect::rehearsal::InProcess;
use ovhconnect::sim::Simulator;
use tokio::sync::Notify;

/// When the program ends before its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// Never.
    Never,
    /// Killed when it makes this request, which arrives or does not.
    Kill { at: u64, arrives: bool },
    /// Told to stop when it makes this request.
    Stop { at: u64 },
}

/// What is seen of one program.
pub struct Wire {
    inner: InProcess,
    cut: Mutex<Cut>,
    /// Told when `cut` says so.
    pub signal: Notify,
    seen: Mutex<Seen>,
}

#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub requests: u64,
    /// Mutations that the account refused, not the network.
    pub refused: Vec<String>,
    /// Of them those of a busy service, which serves one task at a time.
    pub busy: u64,
    /// The mutations and what came of them.
    pub story: Vec<String>,
}

impl Wire {
    pub fn new(simulator: &Arc<Simulator>) -> Arc<Self> {
        Arc::new(Self {
            inner: InProcess::new(Arc::clone(simulator)),
            cut: Mutex::new(Cut::Never),
            signal: Notify::new(),
            seen: Mutex::default(),
        })
    }

    /// From now on: counts requests from here.
    pub fn set(&self, cut: Cut) {
        let so_far = self.seen.lock().unwrap().requests;
        *self.cut.lock().unwrap() = match cut {
            Cut::Never => Cut::Never,
            Cut::Kill { at, arrives } => Cut::Kill { at: so_far + at, arrives },
            Cut::Stop { at } => Cut::Stop { at: so_far + at },
        };
    }

    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    fn note(&self, request: &str, result: &Result<Response, TransportError>) {
        let text = match result {
            Ok(answer) => format!("{request}: {} {}", answer.status, String::from_utf8_lossy(&answer.body)),
            Err(error) => format!("{request}: {error}"),
        };
        let mut seen = self.seen.lock().unwrap();
        // What faults answer has no class of these.
        if let Ok(answer) = result
            && matches!(answer.status, 400 | 404 | 409)
        {
            if text.contains("a task is already running on this service") {
                seen.busy += 1;
            } else {
                seen.refused.push(text.clone());
            }
        }
        seen.story.push(text);
    }
}

impl Transport for Wire {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let number = {
            let mut seen = self.seen.lock().unwrap();
            seen.requests += 1;
            seen.requests
        };
        let cut = *self.cut.lock().unwrap();
        let path = request.url.split_once("/1.0").map_or(request.url.as_str(), |(_, path)| path).to_owned();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let what = format!("{} {path} {body}", request.method);
        let mutates = request.method != http::Method::GET;
        let exchange = self.inner.send(request);
        Box::pin(async move {
            match cut {
                Cut::Kill { at, arrives } if number == at => {
                    if arrives {
                        _ = exchange.await;
                    }
                    self.signal.notify_one();
                    return std::future::pending().await;
                }
                Cut::Stop { at } if number == at => self.signal.notify_one(),
                _ => {}
            }
            let result = exchange.await;
            if mutates {
                let at = tokio::time::Instant::now();
                let what = format!("{:>6.1} s  {what}", START.with(|start| (at - start.get()).as_secs_f64()));
                self.note(&what, &result);
            }
            result
        })
    }
}

thread_local! {
    /// When the run began; a run stays on its thread.
    pub static START: std::cell::Cell<tokio::time::Instant> = std::cell::Cell::new(tokio::time::Instant::now());
}
