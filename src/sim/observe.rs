//! What the network is doing: sessions, ports, statistics, monitoring.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Call;
use super::diagnostic::one_of;
use super::model::{Interface, Layer, Phase, PortStatus};
use super::moment::Moment;
use super::refusal::Refusal;
use super::route::Endpoint;
use super::world::World;
use crate::api::wire;

/// Source: published API, `ovhcloudconnect.interface.MetricsPeriodEnum`; with the time between two
/// points (assumed) and how many of them make the period.
const PERIODS: [(&str, u64, u64); 3] = [("daily", 3_600, 24), ("hourly", 300, 12), ("weekly", 21_600, 28)];

/// Source: published API, `ovhcloudconnect.interface.MetricsTypeEnum`; with its unit and its scale.
const PORT_METRICS: [(&str, &str, f64); 6] = [
    ("error:download", "error/s", 0.0),
    ("error:upload", "error/s", 0.0),
    ("light:in", "dbm", -3.5),
    ("light:out", "dbm", -2.4),
    ("traffic:download", "bytes/s", 12_500_000.0),
    ("traffic:upload", "bytes/s", 8_000_000.0),
];

/// A session carries so many prefixes. Source: OVHcloud's guides. Assumed: with more it is shut, and its
/// statistic keeps saying how many there were.
const MAX_PREFIXES: u32 = 100;

/// Alerts a service can subscribe to. Assumed: the published API gives their shape, not their names.
const ALERTS: [(&str, &str); 3] = [
    ("bgp-session", "The BGP session of the PoP changes state"),
    ("interface-light", "The light received on a port is lost"),
    ("interface-status", "A port goes down or comes up"),
];

/// A port as it is at this moment (`ovhcloudconnect.InterfaceStatus`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PortState {
    /// `up` or `down`.
    pub status: String,
    /// When it last changed.
    pub last_change: Option<String>,
    /// When it last went down.
    pub last_down: Option<String>,
    /// When it last came up.
    pub last_up: Option<String>,
    /// When this was measured.
    pub last_update: String,
}

/// One point of a statistic (`ovhcloudconnect.Metrics`, flattened).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Point {
    /// Unix seconds.
    pub timestamp: u64,
    /// In which unit.
    pub unit: &'static str,
    /// How much.
    pub value: f64,
}

impl World {
    /// The layer 3 session of a PoP: up while the configuration, its port and the customer's router are.
    ///
    /// # Errors
    /// 404 where it is not there, 400 for a layer 2 PoP (Assumed: it has no session to ask for).
    pub fn session(&self, service: Uuid, pop: u64) -> Result<wire::PopSession, Refusal> {
        let found = self.the_pop(service, pop)?;
        if found.layer == Layer::L2 {
            return Err(Refusal::bad_request("a layer 2 PoP has no session"));
        }
        let port = self.interfaces.get(&found.interface);
        let peer_up = !found.peer.silent && found.peer.prefixes <= MAX_PREFIXES;
        let up = port.is_some_and(is_lit) && found.life.phase == Phase::Active && peer_up;
        let changed = port.map_or(found.changed, |port| port.changed.max(found.changed)).to_string();
        Ok(wire::PopSession {
            status: if up { wire::LightStatus::Up } else { wire::LightStatus::Down },
            flap_count: Some(found.peer.flaps.into()),
            last_change: Some(changed.clone()),
            last_down: (!up).then(|| changed.clone()),
            last_up: up.then_some(changed),
            last_update: Some(self.now.to_string()),
        })
    }

    /// A port as it is at this moment.
    ///
    /// # Errors
    /// 404 where the service has no such interface.
    pub fn port_state(&self, service: Uuid, id: u64) -> Result<PortState, Refusal> {
        self.interface(service, id)?;
        let port = self.interfaces.get(&id).ok_or_else(|| Refusal::no_object("id", id))?;
        let up = is_lit(port);
        let changed = port.changed.to_string();
        Ok(PortState {
            status: if up { "up" } else { "down" }.to_owned(),
            last_change: Some(changed.clone()),
            last_down: (!up).then(|| changed.clone()),
            last_up: up.then_some(changed),
            last_update: self.now.to_string(),
        })
    }

    /// A statistic of a port over a period, oldest point first.
    ///
    /// # Errors
    /// 404 where the service has no such interface, 400 for an unknown period or statistic.
    pub fn port_statistics(
        &self,
        service: Uuid,
        id: u64,
        period: &str,
        metric: &str,
    ) -> Result<Vec<Point>, Refusal> {
        let up = self.port_state(service, id)?.status == "up";
        let (_, unit, scale) =
            named("type", metric, &PORT_METRICS, |row| row.0, "interface.MetricsTypeEnum")?;
        // A gentle wave, the same every run; nothing crosses a port that is down.
        let value = move |bucket: u64| if up { scale * (1.0 + 0.01 * (bucket % 7) as f64) } else { 0.0 };
        points(self.now, period, unit, value)
    }

    /// A statistic of a PoP's session over a period, oldest point first.
    ///
    /// # Errors
    /// 404 where it is not there, 400 for an unknown period or statistic.
    pub fn pop_statistics(
        &self,
        service: Uuid,
        pop: u64,
        period: &str,
        metric: &str,
    ) -> Result<Vec<Point>, Refusal> {
        let found = self.the_pop(service, pop)?;
        let heard = found.life.phase == Phase::Active && !found.peer.silent;
        let metrics = [
            ("prefix:accepted", "prefix_accepted", if heard { f64::from(found.peer.prefixes) } else { 0.0 }),
            ("prefix:limit", "prefix_limit", f64::from(MAX_PREFIXES)),
        ];
        let (_, unit, value) = named("type", metric, &metrics, |row| row.0, "popConfig.MetricsTypeEnum")?;
        points(self.now, period, unit, move |_| value)
    }

    /// Subscribes a service to these alerts and no others.
    ///
    /// # Errors
    /// 404 where there is no such service, 400 for an unknown alert.
    pub fn set_alerts(&mut self, service: Uuid, alerts: &[String]) -> Result<(), Refusal> {
        self.the_service(service)?;
        let names = ALERTS.map(|(name, _)| name);
        for alert in alerts {
            one_of("subscriptions", alert, &names, "string")?;
        }
        if let Some(owner) = self.services.get_mut(&service) {
            owner.alerts = alerts.iter().cloned().collect();
        }
        self.touch();
        Ok(())
    }

    /// The alerts there are, and whether a service is subscribed to each.
    fn alerts(&self, service: Uuid) -> Result<Value, Refusal> {
        let owner = self.the_service(service)?;
        Ok(ALERTS
            .iter()
            .map(|(name, description)| {
                json!({
                    "name": name,
                    "description": description,
                    "type": "email",
                    "activated": owner.alerts.contains(*name),
                })
            })
            .collect())
    }
}

/// Whether a port is in service and light arrives at it.
pub(super) fn is_lit(port: &Interface) -> bool {
    port.status == PortStatus::Enabled && !port.dark
}

fn named<T: Copy>(
    field: &str,
    value: &str,
    rows: &[T],
    name: impl Fn(&T) -> &'static str,
    kind: &str,
) -> Result<T, Refusal> {
    let names: Vec<&str> = rows.iter().map(&name).collect();
    one_of(field, value, &names, kind)?;
    let found = rows.iter().find(|row| name(row) == value).copied();
    found.ok_or_else(|| Refusal::bad_request(format!("[{field}] {value} is unknown")))
}

fn points(
    now: Moment,
    period: &str,
    unit: &'static str,
    value: impl Fn(u64) -> f64,
) -> Result<Vec<Point>, Refusal> {
    let (_, step, count) = named("period", period, &PERIODS, |row| row.0, "interface.MetricsPeriodEnum")?;
    let last = now.secs() / step;
    let first = last.saturating_sub(count - 1);
    Ok((first..=last).map(|bucket| Point { timestamp: bucket * step, unit, value: value(bucket) }).collect())
}

/// The answer of the routes of this module.
pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Value, Refusal> {
    let parameter = |name: &str| {
        let found = call.query.get(name).map(String::as_str);
        found.ok_or_else(|| Refusal::bad_request(format!("[{name}] Missing required parameter")))
    };
    let value = match call.endpoint {
        Endpoint::PopStatus(service, pop) => serde_json::to_value(world.session(*service, *pop)?),
        Endpoint::InterfaceStatus(service, id) => serde_json::to_value(world.port_state(*service, *id)?),
        Endpoint::PopStatistics(service, pop) => {
            return Ok(metrics(&world.pop_statistics(
                *service,
                *pop,
                parameter("period")?,
                parameter("type")?,
            )?));
        }
        Endpoint::InterfaceStatistics(service, id) => {
            return Ok(metrics(&world.port_statistics(
                *service,
                *id,
                parameter("period")?,
                parameter("type")?,
            )?));
        }
        Endpoint::Monitoring(service) => return world.alerts(*service),
        _ => return Err(Refusal::internal("this route is not about observation")),
    };
    value.map_err(|error| Refusal::internal(error.to_string()))
}

fn metrics(points: &[Point]) -> Value {
    points
        .iter()
        .map(|point| json!({"timestamp": point.timestamp, "value": {"unit": point.unit, "value": point.value}}))
        .collect()
}
