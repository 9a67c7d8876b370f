//! The API's shapes → what is seen.

use super::{Light, SeenIncident, SeenInterface, SeenTask, Session, State};
use crate::api::wire::{self, LightStatus, TaskStatus};

pub(super) fn task(task: wire::Task) -> Option<SeenTask> {
    let wire::Task { id, function, status, .. } = task;
    let over = matches!(status, TaskStatus::Done | TaskStatus::Error | TaskStatus::Denied);
    (!over).then(|| SeenTask { id, function: function.to_string(), status: status.to_string() })
}

pub(super) fn incident(incident: wire::Incident) -> SeenIncident {
    let wire::Incident { id, kind, start_date, end_date } = incident;
    SeenIncident { id, kind: kind.to_string(), start: start_date, end: end_date }
}

pub(super) fn interface(it: wire::Interface, link: Option<wire::InterfaceLink>) -> SeenInterface {
    let (now, since) = match link {
        Some(link) => (state(Some(&link.status)), link.last_change),
        None => (state(it.interface_status.as_ref()), it.interface_status_last_update),
    };
    SeenInterface {
        id: it.id,
        status: it.status.to_string(),
        link: now,
        link_since: since,
        light_in: Light { state: state(it.incoming_light_status.as_ref()), dbm: it.incoming_light_value },
        light_out: Light { state: state(it.outgoing_light_status.as_ref()), dbm: it.outgoing_light_value },
        light_measured: it.light_last_update,
    }
}

pub(super) fn session(session: wire::PopSession) -> Session {
    Session {
        state: state(Some(&session.status)),
        flaps: session.flap_count.and_then(count),
        last_change: session.last_change,
        last_up: session.last_up,
        last_down: session.last_down,
    }
}

fn state(status: Option<&LightStatus>) -> State {
    match status {
        Some(LightStatus::Up) => State::Up,
        Some(LightStatus::Down) => State::Down,
        Some(LightStatus::Unknown | LightStatus::Other(_)) | None => State::Unknown,
    }
}

/// A count, which the API shows as a number with a fraction.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked, and rounded on purpose"
)]
pub(super) fn count(number: f64) -> Option<u64> {
    (number.is_finite() && number >= 0.0).then(|| number.round() as u64)
}
