//! Every answer of a run through every route has the shape that the published API gives it: its
//! fields and no others, of their types, null only where null may be.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Bench, FREE, S, bench};

/// The shape of a value in the published API.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Int,
    Num,
    Bool,
    Text,
    Uuid,
    Date,
    Ip,
    Block,
    Mac,
    OneOf(&'static [&'static str]),
    /// The same, or null.
    Null(&'static Shape),
    List(&'static Shape),
    /// Any text as key.
    Map(&'static Shape),
    Object(&'static [(&'static str, Shape)]),
    /// No answer but null.
    Nothing,
}

use Shape::{Block, Bool, Date, Int, Ip, List, Mac, Map, Nothing, Null, Num, Object, OneOf, Text, Uuid};

const CONFIG_STATUS: Shape = OneOf(&["active", "init", "toDelete"]);
const TASK_STATUS: Shape = OneOf(&["denied", "doing", "done", "error", "pause", "todo"]);
const LIGHT: Shape = OneOf(&["down", "unknown", "up"]);
const STATE: Shape = OneOf(&["down", "up"]);

const IAM: Shape =
    Object(&[("displayName", Null(&Text)), ("id", Uuid), ("tags", Null(&Map(&Text))), ("urn", Text)]);

const SERVICE: Shape = Object(&[
    ("bandwidth", OneOf(&["100g", "100m", "10g", "1g", "200m", "20g", "2g", "500m", "5g"])),
    ("description", Text),
    ("iam", Null(&IAM)),
    ("interfaceList", List(&Int)),
    ("pop", Text),
    ("portQuantity", OneOf(&["1", "2"])),
    ("product", Text),
    (
        "provider",
        OneOf(&[
            "OVHcloud",
            "RISQ",
            "consoleconnect",
            "digitalrealty",
            "equinix",
            "fibrenoire",
            "intercloud",
            "internal",
            "interxion",
            "megaport",
            "orange",
        ]),
    ),
    ("status", OneOf(&["active", "closed"])),
    ("uuid", Uuid),
    ("vrack", Null(&Text)),
]);

const POP: Shape = Object(&[
    ("customerBgpArea", Null(&Int)),
    ("id", Int),
    ("interfaceId", Int),
    ("ovhBgpArea", Null(&Int)),
    ("status", CONFIG_STATUS),
    ("subnet", Null(&Block)),
    ("type", OneOf(&["l2", "l3"])),
]);

const SESSION: Shape = Object(&[
    ("flapCount", Null(&Num)),
    ("lastChange", Null(&Date)),
    ("lastDown", Null(&Date)),
    ("lastUp", Null(&Date)),
    ("lastUpdate", Date),
    ("status", STATE),
]);

const PORT: Shape = Object(&[
    ("lastChange", Null(&Date)),
    ("lastDown", Null(&Date)),
    ("lastUp", Null(&Date)),
    ("lastUpdate", Date),
    ("status", STATE),
]);

const METRICS: Shape = List(&Object(&[
    ("timestamp", Int),
    (
        "value",
        Object(&[
            ("unit", OneOf(&["bytes/s", "dbm", "error/s", "prefix_accepted", "prefix_limit"])),
            ("value", Num),
        ]),
    ),
]));

const DATACENTER: Shape = Object(&[
    ("datacenterId", Int),
    ("id", Int),
    ("ovhBgpArea", Null(&Int)),
    ("status", CONFIG_STATUS),
    ("subnet", Null(&Block)),
]);

const EXTRA: Shape = Object(&[
    ("bgpNeighborArea", Null(&Int)),
    ("bgpNeighborIp", Null(&Ip)),
    ("id", Int),
    ("nextHop", Null(&Ip)),
    ("status", CONFIG_STATUS),
    ("subnet", Null(&Block)),
    ("type", OneOf(&["bgp", "network"])),
]);

const OFFER: Shape = Object(&[
    ("available", Bool),
    ("id", Int),
    ("name", Text),
    (
        "region",
        OneOf(&[
            "ap-southeast-sgp",
            "ap-southeast-syd",
            "ca-east-bhs",
            "ca-east-tor",
            "eu-central-waw",
            "eu-west-eri",
            "eu-west-gra",
            "eu-west-lim",
            "eu-west-par",
            "eu-west-rbx",
            "eu-west-sbg",
            "us-east-vin",
            "us-west-hil",
        ]),
    ),
    ("regionType", OneOf(&["1-AZ", "3-AZ"])),
]);

const RESULT: Shape = Object(&[
    ("aspath", Null(&Text)),
    ("cmd", Null(&Text)),
    ("localprefix", Null(&Int)),
    ("mac", Null(&Mac)),
    ("med", Null(&Int)),
    ("output", Null(&Text)),
    ("prefix", Null(&Block)),
    ("routermac", Null(&Text)),
    ("timestamp", Null(&Date)),
]);

const DIAGNOSTIC: Shape = Object(&[
    ("date", Null(&Date)),
    ("description", Null(&Text)),
    ("function", OneOf(&["diagMacs", "diagPeering", "diagPeeringExtra", "diagRoutes"])),
    ("id", Int),
    ("result", Null(&List(&RESULT))),
    ("source", Null(&Text)),
    ("status", TASK_STATUS),
]);

const INCIDENT: Shape = Object(&[
    ("endDate", Null(&Date)),
    ("id", Int),
    ("startDate", Date),
    ("type", OneOf(&["incident", "maintenance"])),
]);

const INTERFACE: Shape = Object(&[
    ("deviceDisplayName", Null(&Text)),
    ("deviceRackDisplayName", Null(&Text)),
    ("id", Int),
    ("incomingLightStatus", LIGHT),
    ("incomingLightValue", Null(&Num)),
    ("interfaceName", Null(&Text)),
    ("interfaceStatus", LIGHT),
    ("interfaceStatusLastUpdate", Date),
    ("interfaceTerminationType", Null(&OneOf(&["LC/PC", "SC/PC"]))),
    ("lightLastUpdate", Date),
    ("outgoingLightStatus", LIGHT),
    ("outgoingLightValue", Null(&Num)),
    ("status", OneOf(&["disabled", "enabled", "reserved"])),
]);

const MONITORING: Shape =
    Object(&[("activated", Bool), ("description", Text), ("name", Text), ("type", Text)]);

const TASK: Shape = Object(&[
    (
        "function",
        OneOf(&[
            "addDatacenterConfiguration",
            "addDatacenterExtraConfiguration",
            "addPopConfiguration",
            "addVrack",
            "delDatacenterConfiguration",
            "delDatacenterExtraConfiguration",
            "delPopConfiguration",
            "lockInterface",
            "removeVrack",
            "unlockInterface",
        ]),
    ),
    ("id", Int),
    ("resourceId", Int),
    ("status", TASK_STATUS),
]);

const VRACK: Shape =
    Object(&[("description", Text), ("iam", Null(&IAM)), ("name", Text), ("serviceName", Text)]);

const MEMBER: Shape = Object(&[("ovhCloudConnect", Uuid), ("vrack", Text)]);

const VRACK_TASK: Shape = Object(&[
    ("function", Text),
    ("id", Int),
    ("lastUpdate", Null(&Date)),
    ("orderId", Null(&Int)),
    ("serviceName", Null(&Text)),
    ("status", OneOf(&["cancelled", "doing", "done", "init", "todo"])),
    ("targetDomain", Null(&Text)),
    ("todoDate", Null(&Date)),
]);

const ALLOWED: Shape = Object(&[
    ("cloudProject", Null(&List(&Text))),
    ("dedicatedCloud", Null(&List(&Text))),
    ("dedicatedCloudDatacenter", Null(&List(&Text))),
    ("dedicatedConnect", Null(&List(&Text))),
    ("dedicatedServer", Null(&List(&Text))),
    ("dedicatedServerInterface", Null(&List(&Text))),
    ("ip", Null(&List(&Block))),
    ("ipLoadbalancing", Null(&List(&Text))),
    ("ipv6", Null(&List(&Text))),
    ("legacyVrack", Null(&List(&Text))),
    ("ovhCloudConnect", Null(&List(&Uuid))),
    ("vmwareCloudDirectorVirtualDataCenter", Null(&List(&Text))),
    ("vrackServices", Null(&List(&Text))),
]);

/// What is wrong with a value, each with where.
fn faults(value: &Value, shape: Shape, place: &str) -> Vec<String> {
    let text = value.as_str();
    let right = match shape {
        Int => value.is_i64() || value.is_u64(),
        Num => value.is_number(),
        Bool => value.is_boolean(),
        Text => text.is_some(),
        Uuid => text.is_some_and(|text| text.parse::<uuid::Uuid>().is_ok()),
        Date => text.is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
        Ip => text.is_some_and(|text| text.parse::<std::net::Ipv4Addr>().is_ok()),
        Block => text.is_some_and(|text| text.parse::<ipnet::IpNet>().is_ok()),
        Mac => text.is_some_and(|text| text.split(':').count() == 6),
        OneOf(known) => text.is_some_and(|text| known.contains(&text)),
        Nothing => value.is_null(),
        Null(_) if value.is_null() => true,
        Null(shape) => return faults(value, *shape, place),
        List(shape) => match value.as_array() {
            Some(items) => {
                let each = items.iter().enumerate();
                return each.flat_map(|(at, item)| faults(item, *shape, &format!("{place}[{at}]"))).collect();
            }
            None => false,
        },
        Map(shape) => match value.as_object() {
            Some(map) => {
                return map
                    .iter()
                    .flat_map(|(key, item)| faults(item, *shape, &format!("{place}.{key}")))
                    .collect();
            }
            None => false,
        },
        Object(fields) => match value.as_object() {
            Some(object) => {
                let unknown = object.keys().filter(|key| !fields.iter().any(|(name, _)| name == key));
                let unknown = unknown.map(|key| format!("{place}.{key} is not in the published API"));
                let known = fields.iter().flat_map(|(name, shape)| match object.get(*name) {
                    Some(value) => faults(value, *shape, &format!("{place}.{name}")),
                    None => vec![format!("{place}.{name} is missing")],
                });
                return unknown.chain(known).collect();
            }
            None => false,
        },
    };
    if right { Vec::new() } else { vec![format!("{place} is {value}, not {shape:?}")] }
}

/// A run that checks each answer.
struct Run {
    bench: Bench,
    faults: Vec<String>,
}

impl Run {
    async fn call(&mut self, method: &str, path: &str, body: Value, shape: Shape) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.bench.call(method, &format!("/1.0{path}"), &body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
        self.faults.extend(faults(&answer.body, shape, &format!("{method} {path}")));
        answer.body
    }

    async fn get(&mut self, path: &str, shape: Shape) {
        self.call("GET", path, Value::Null, shape).await;
    }

    /// A list of ids, the same list expanded, and each object of it.
    async fn list(&mut self, path: &str, id: Shape, object: &'static Shape) {
        let ids = self.call("GET", path, Value::Null, Shape::List(leak(id))).await;
        let expand = [("x-pagination-mode", "CachedObjectList-Pages"), ("pragma", "no-cache")];
        let objects = self.bench.call_with("GET", &format!("/1.0{path}"), "", &expand).await;
        self.faults.extend(faults(&objects.body, List(object), &format!("GET {path} (expanded)")));
        assert_eq!(objects.body.as_array().unwrap().len(), ids.as_array().unwrap().len(), "{path}");
        assert!(!ids.as_array().unwrap().is_empty(), "{path} has nothing to check");
        for id in ids.as_array().unwrap() {
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            self.get(&format!("{path}/{id}"), *object).await;
        }
    }

    /// A mutation that starts a task, and the task in its list; what it is about.
    async fn task(&mut self, method: &str, path: &str, body: Value) -> u64 {
        let task = self.call(method, path, body, TASK).await;
        self.list(&format!("/ovhCloudConnect/{S}/task"), Int, &TASK).await;
        self.bench.clock.advance(Duration::from_secs(100));
        task["resourceId"].as_u64().unwrap()
    }
}

fn leak(shape: Shape) -> &'static Shape {
    Box::leak(Box::new(shape))
}

#[tokio::test]
async fn every_answer_has_its_published_shape() {
    let bench = bench();
    bench.simulator.world().seed_incident(S, false, None);
    let mut run = Run { bench, faults: Vec::new() };
    let service = format!("/ovhCloudConnect/{S}");

    run.get("/auth/time", Int).await;
    run.list("/ovhCloudConnect", Uuid, &SERVICE).await;
    run.call("PUT", &service, json!({"description": "Paris"}), Nothing).await;
    run.list(&format!("{service}/datacenter"), Int, &OFFER).await;
    run.list(&format!("{service}/interface"), Int, &INTERFACE).await;
    run.list(&format!("{service}/incident"), Int, &INCIDENT).await;
    run.task("POST", &format!("{service}/interface/10/lock"), Value::Null).await;
    run.get(&format!("{service}/interface/10/status"), PORT).await;
    run.list(&format!("{service}/interface"), Int, &INTERFACE).await;
    run.task("POST", &format!("{service}/interface/10/unlock"), Value::Null).await;
    run.get(&format!("{service}/interface/10/status"), PORT).await;
    let kinds =
        ["error:download", "error:upload", "light:in", "light:out", "traffic:download", "traffic:upload"];
    for kind in kinds {
        for period in ["daily", "hourly", "weekly"] {
            run.get(&format!("{service}/interface/10/statistics?period={period}&type={kind}"), METRICS).await;
        }
    }
    run.call("POST", &format!("{service}/monitoring"), json!({"subscriptions": ["bgp-session"]}), Nothing)
        .await;
    run.get(&format!("{service}/monitoring"), List(&MONITORING)).await;
    run.call("DELETE", &format!("{service}/monitoring"), Value::Null, Nothing).await;
    configure(&mut run, &service).await;
    vrack(&mut run).await;

    assert!(run.faults.is_empty(), "{}", run.faults.join("\n"));
}

async fn configure(run: &mut Run, service: &str) {
    let pops = format!("{service}/config/pop");
    let l3 = json!({"interfaceId": 10, "type": "l3", "customerBgpArea": 65001, "subnet": "192.0.2.0/30"});
    let pop = run.task("POST", &pops, l3).await;
    run.list(&pops, Int, &POP).await;
    run.get(&format!("{pops}/{pop}/status"), SESSION).await;
    for kind in ["prefix:accepted", "prefix:limit"] {
        run.get(&format!("{pops}/{pop}/statistics?period=daily&type={kind}"), METRICS).await;
    }
    let datacenters = format!("{pops}/{pop}/datacenter");
    let datacenter =
        run.task("POST", &datacenters, json!({"datacenterId": 6, "subnet": "10.1.0.0/24"})).await;
    run.list(&datacenters, Int, &DATACENTER).await;
    let extras = format!("{datacenters}/{datacenter}/extra");
    let routed = json!({"type": "network", "nextHop": "10.1.0.9", "subnet": "172.16.0.0/16"});
    let extra = run.task("POST", &extras, routed).await;
    run.list(&extras, Int, &EXTRA).await;
    for function in ["diagMacs", "diagPeering", "diagPeeringExtra", "diagRoutes"] {
        let body = json!({"diagnosticName": function, "diagnosticType": "default", "popConfigId": pop});
        run.call("POST", &format!("{service}/diagnostic"), body, DIAGNOSTIC).await;
    }
    run.list(&format!("{service}/diagnostic"), Int, &DIAGNOSTIC).await;
    run.bench.clock.advance(Duration::from_secs(100));
    run.list(&format!("{service}/diagnostic"), Int, &DIAGNOSTIC).await;
    run.task("DELETE", &format!("{extras}/{extra}"), Value::Null).await;
    let peer = json!({"type": "bgp", "bgpNeighborArea": 65020, "bgpNeighborIp": "10.1.0.9"});
    run.task("POST", &extras, peer).await;
    run.list(&extras, Int, &EXTRA).await;
    run.task("DELETE", &format!("{datacenters}/{datacenter}"), Value::Null).await;
    run.task("DELETE", &format!("{pops}/{pop}"), Value::Null).await;
    let pop = run.task("POST", &pops, json!({"interfaceId": 10, "type": "l2"})).await;
    run.list(&pops, Int, &POP).await;
    run.task("POST", &format!("{pops}/{pop}/datacenter"), json!({"datacenterId": 6})).await;
    run.list(&format!("{pops}/{pop}/datacenter"), Int, &DATACENTER).await;
    run.task("DELETE", &format!("{pops}/{pop}"), Value::Null).await;
}

async fn vrack(run: &mut Run) {
    run.list("/vrack", Text, &VRACK).await;
    run.call("PUT", "/vrack/pn-1", json!({"name": "Production", "description": ""}), Nothing).await;
    run.get("/vrack/pn-1", VRACK).await;
    run.get("/vrack/pn-1/allowedServices", ALLOWED).await;
    run.get("/vrack/pn-1/allowedServices?serviceFamily=ovhCloudConnect", ALLOWED).await;
    let members = "/vrack/pn-1/ovhCloudConnect";
    run.call("POST", members, json!({"ovhCloudConnect": FREE}), VRACK_TASK).await;
    run.list("/vrack/pn-1/task", Int, &VRACK_TASK).await;
    run.bench.clock.advance(Duration::from_secs(100));
    run.list(members, Uuid, &MEMBER).await;
    run.call("DELETE", &format!("{members}/{FREE}"), Value::Null, VRACK_TASK).await;
}

#[tokio::test]
async fn statistics_want_known_parameters() {
    let bench = bench();
    let path = format!("/1.0/ovhCloudConnect/{S}/interface/10/statistics");
    for query in ["", "?period=daily", "?period=yearly&type=light:in", "?period=daily&type=prefix:limit"] {
        assert_eq!(bench.get(&format!("{path}{query}")).await.status, 400, "{query}");
    }
    let path = "/1.0/vrack/pn-1/allowedServices?serviceFamily=toaster";
    assert_eq!(bench.get(path).await.status, 400);
}

#[test]
fn the_check_finds_what_is_wrong() {
    let wrong = json!({"ovhCloudConnect": "x", "extra": 1});
    let found = faults(&wrong, MEMBER, "GET /x");
    assert_eq!(found.len(), 3, "{found:?}");
}
