//! The way OVHcloud's Terraform provider goes: endpoint as a URL, plain lists of ids (asked for with a
//! slash at their end), one read for each object, a task looked at for the first time long after it began.
//! The values are those of the provider's own acceptance tests.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ovhconnect::rehearsal;
use ovhconnect::sim::Account;
use ovhconnect::topology::files;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Bench, HOST, bench_of};

/// How long the provider waits before it first looks at a task: of a service, of a vRack.
const FIRST_LOOK: Duration = Duration::from_secs(30);
const FIRST_VRACK_LOOK: Duration = Duration::from_secs(10);

/// Between two looks.
const LOOK: Duration = Duration::from_secs(5);

/// Looks before it gives up.
const LOOKS: usize = 120;

struct Provider {
    bench: Bench,
    /// The endpoint's path: what stands before every route.
    base: String,
    /// The service it configures: one that is in no vRack.
    service: Uuid,
}

impl Provider {
    fn new(endpoint: &str, account: &Account) -> Self {
        let (_, base) = endpoint.split_once(HOST).expect("the simulator's endpoint");
        let free = account.services.iter().find(|service| service.vrack.is_none());
        let service = free.expect("a service to configure").uuid;
        Self { bench: bench_of(account), base: base.to_owned(), service }
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let accept = [("accept", "application/json"), ("content-type", "application/json;charset=utf-8")];
        self.bench.call_with(method, &format!("{}{path}", self.base), &body, &accept).await
    }

    #[track_caller]
    fn good(answer: Answer) -> Value {
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    async fn get(&self, path: &str) -> Value {
        Self::good(self.call("GET", path, Value::Null).await)
    }

    /// A data source: a list of ids, then every object of it.
    async fn list(&self, path: &str) -> Vec<Value> {
        let ids = self.get(&format!("{path}/")).await;
        let mut found = Vec::new();
        for id in ids.as_array().expect("a list") {
            assert!(id.is_u64(), "{path} lists {id}: the provider reads whole numbers");
            found.push(self.get(&format!("{path}/{id}")).await);
        }
        found
    }

    /// Follows a task of a service by its id alone, until `done`.
    async fn follow(&self, answered: Answer) -> Value {
        let task = Self::good(answered);
        let tasks = format!("/ovhCloudConnect/{}/task", self.service);
        let path = format!("{tasks}/{}", task["id"]);
        self.bench.clock.advance(FIRST_LOOK);
        for _ in 0..LOOKS {
            let seen = self.get(&path).await;
            match seen["status"].as_str() {
                Some("done") => {
                    assert_eq!(self.get(&tasks).await, json!([]), "what ended is in the list no more");
                    assert_eq!(
                        seen,
                        json!({"status": "done", "id": task["id"], "function": task["function"], "resourceId": task["resourceId"]})
                    );
                    return task;
                }
                Some("todo" | "doing") => self.bench.clock.advance(LOOK),
                _ => panic!("the provider knows no such task: {seen}"),
            }
        }
        panic!("not done after {LOOKS} looks: {task}")
    }

    /// Follows a task of a vRack, which it finds by the vRack the task names, until 404.
    async fn follow_vrack(&self, answered: Answer) {
        let task = Self::good(answered);
        let vrack = task["serviceName"].as_str().expect("the vRack's name");
        let path = format!("/vrack/{vrack}/task/{}", task["id"]);
        self.bench.clock.advance(FIRST_VRACK_LOOK);
        for _ in 0..LOOKS {
            let seen = self.call("GET", &path, Value::Null).await;
            if seen.status == 404 {
                return;
            }
            let status = &Self::good(seen)["status"];
            assert!(["init", "todo", "doing"].contains(&status.as_str().expect("a status")), "{status}");
            self.bench.clock.advance(LOOK);
        }
        panic!("still there after {LOOKS} looks: {task}")
    }

    /// A resource is created: the task, then the object, which must be what was asked for.
    async fn create(&self, path: &str, body: Value) -> String {
        let task = self.follow(self.call("POST", path, body.clone()).await).await;
        let made = format!("{path}/{}", task["resourceId"]);
        self.refresh(&made, &body).await;
        made
    }

    /// A resource is read again: a difference would be a change to plan.
    async fn refresh(&self, path: &str, body: &Value) {
        let seen = self.get(path).await;
        assert_eq!(seen["status"], "active", "{path}");
        for (name, value) in body.as_object().expect("an object") {
            assert_eq!(&seen[name], value, "{name} of {path}");
        }
    }

    async fn delete(&self, path: &str) {
        self.follow(self.call("DELETE", path, Value::Null).await).await;
        assert_eq!(self.call("GET", path, Value::Null).await.status, 404, "{path}");
    }
}

fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(path)
}

#[tokio::test]
async fn it_works_on_the_sample_account() {
    life(&Account::sample(), "pn-12345").await;
}

#[tokio::test]
async fn it_works_on_an_account_from_a_file() {
    life(&Account::load(&example("simulator/account.yaml")).unwrap(), "pn-12345").await;
}

#[tokio::test]
async fn it_works_on_an_account_from_a_topology() {
    let loaded = files::load(&[example("resilient.yaml")]);
    life(&rehearsal::account_for(&loaded.topology), "pn-12345").await;
}

/// A configuration is applied, refreshed and destroyed.
async fn life(account: &Account, vrack: &str) {
    let provider = Provider::new(&format!("http://{HOST}/1.0"), account);
    let details = provider.get("/auth/details").await;
    assert!(details["account"].is_string(), "the provider asks who it is first: {details}");

    // The service, as a data source.
    let uuid = provider.service;
    let service = format!("/ovhCloudConnect/{uuid}");
    let seen = provider.get(&service).await;
    for field in ["bandwidth", "description", "pop", "portQuantity", "product", "provider", "status", "uuid"]
    {
        assert!(seen[field].is_string(), "{field} of {seen}");
    }
    assert_eq!(seen["vrack"], Value::Null);
    let interface = seen["interfaceList"][0].clone();
    assert!(interface.is_u64(), "{seen}");
    assert!(seen["iam"]["urn"].is_string() && seen["iam"]["id"].is_string(), "{seen}");
    let offered = provider.list(&format!("{service}/datacenter")).await;
    assert!(offered.iter().any(|one| one["id"] == 6 && one["available"] == true), "{offered:?}");

    // Into the vRack.
    let members = format!("/vrack/{vrack}/ovhCloudConnect");
    provider.follow_vrack(provider.call("POST", &members, json!({"ovhCloudConnect": uuid})).await).await;
    let membership = format!("{members}/{uuid}");
    assert_eq!(provider.get(&membership).await, json!({"ovhCloudConnect": uuid, "vrack": vrack}));
    assert_eq!(provider.get(&service).await["vrack"], vrack);

    // PoP, datacenter, static route.
    let pops = format!("{service}/config/pop");
    let pop = json!({"interfaceId": interface, "type": "l3", "customerBgpArea": 65400, "ovhBgpArea": 65401,
        "subnet": "192.168.100.0/30"});
    let pop_path = provider.create(&pops, pop.clone()).await;
    let datacenters = format!("{pop_path}/datacenter");
    let datacenter = json!({"datacenterId": 6, "ovhBgpArea": 65408, "subnet": "10.0.0.0/28"});
    let datacenter_path = provider.create(&datacenters, datacenter.clone()).await;
    let extras = format!("{datacenter_path}/extra");
    let extra = json!({"type": "network", "nextHop": "10.0.0.5", "subnet": "192.168.2.0/24"});
    let extra_path = provider.create(&extras, extra.clone()).await;

    // Planned again: as data sources, and each resource by its id.
    for (list, path) in [(&pops, &pop_path), (&datacenters, &datacenter_path), (&extras, &extra_path)] {
        let listed = provider.list(list).await;
        let made = provider.get(path).await;
        assert!(listed.contains(&made), "{path} is not among {listed:?}");
    }
    for (path, body) in [(&pop_path, &pop), (&datacenter_path, &datacenter), (&extra_path, &extra)] {
        provider.refresh(path, body).await;
    }
    assert_eq!(provider.get(&format!("{pop_path}/status")).await["status"], "up");

    for path in [&extra_path, &datacenter_path, &pop_path] {
        provider.delete(path).await;
    }
    provider.follow_vrack(provider.call("DELETE", &membership, Value::Null).await).await;
    assert_eq!(provider.call("GET", &membership, Value::Null).await.status, 404);
    assert_eq!(provider.get(&service).await["vrack"], Value::Null);
}
