//! The simulator's own routes, under `/simulator/`: what no client of the API calls. They ask for no
//! signature and answer on loopback alone.

use std::time::Duration;

use axum::http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::fault::Fault;
use super::meddle::Meddling;
use super::refusal::Refusal;
use super::simulator::Simulator;

/// What `POST /simulator/advance` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    /// How long the account's time jumps; to the next thing that happens by itself when left out.
    seconds: Option<u64>,
}

/// One fault or a list of them. Told apart here, so that what is wrong with a fault is said.
fn faults(body: &[u8]) -> Result<Vec<Fault>, Refusal> {
    if body.trim_ascii_start().starts_with(b"[") { read(body) } else { Ok(vec![read(body)?]) }
}

/// Whether a path (without `/1.0`) is one of these routes.
pub(super) fn owns(path: &str) -> bool {
    path.strip_prefix("/simulator").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers one of these routes.
pub(super) fn answer(
    simulator: &Simulator,
    method: &Method,
    path: &str,
    body: &[u8],
) -> Result<Value, Refusal> {
    let route = path.strip_prefix("/simulator").unwrap_or(path).trim_matches('/');
    let gets = *method == Method::GET;
    let posts = *method == Method::POST;
    let deletes = *method == Method::DELETE;
    match route {
        "log" if gets => json(simulator.log()),
        "log" if deletes => {
            simulator.clear_log();
            Ok(Value::Null)
        }
        "faults" if gets => json(simulator.faults()),
        "faults" if posts => {
            faults(body)?.into_iter().for_each(|fault| simulator.add_fault(fault));
            Ok(Value::Null)
        }
        "faults" if deletes => {
            simulator.clear_faults();
            Ok(Value::Null)
        }
        "state" if gets => serde_json::from_str(&simulator.world().to_state())
            .map_err(|error| Refusal::internal(error.to_string())),
        "time" if gets => json(times(simulator)),
        "advance" if posts => {
            let advance: Advance = read(body)?;
            let next = || simulator.next_event().map_or(Duration::ZERO, |next| next.since(simulator.now()));
            simulator.skip(advance.seconds.map_or_else(next, Duration::from_secs));
            json(times(simulator))
        }
        "change" if posts => {
            let meddling: Meddling = read(body)?;
            let id = simulator.world().meddle(&meddling)?;
            Ok(json!({"id": id}))
        }
        "log" | "faults" | "state" | "time" | "advance" | "change" => Err(Refusal::method_not_allowed()),
        _ => Err(Refusal::not_found(
            "the simulator has /simulator/log, faults, state, time, advance and change; see its documentation",
        )),
    }
}

fn times(simulator: &Simulator) -> Value {
    let world = simulator.world();
    json!({
        "now": world.now(),
        "next": world.next_event(),
    })
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::bad_request(error.to_string()))
}

fn json(value: impl serde::Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(value).map_err(|error| Refusal::internal(error.to_string()))
}
