//! The client against a transport that is a function.

use std::collections::BTreeSet;
use std::sync::Mutex as StdMutex;

use uuid::Uuid;

use super::*;
use crate::api::transport::{BoxFuture, Sent};
use crate::api::wire;

type Outcome = Result<Response, TransportError>;

type Respond = dyn Fn(&Request, usize) -> Outcome + Send + Sync;

/// Answers each request by a function of it and of how many came before it.
struct Fake {
    answer: Box<Respond>,
    log: StdMutex<Vec<Request>>,
}

impl Transport for Fake {
    fn send(&self, request: Request) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            // As a network would: others run meanwhile.
            tokio::task::yield_now().await;
            let before = {
                let mut log = self.log.lock().unwrap();
                log.push(request.clone());
                log.len() - 1
            };
            (self.answer)(&request, before)
        })
    }
}

const BASE: &str = "https://eu.api.ovh.com/1.0";
const NOW: i64 = 1_700_000_000;

fn service() -> Uuid {
    Uuid::from_u128(1)
}

fn application() -> Credentials {
    Credentials::ApplicationKey { key: "hush-k".into(), secret: "hush-s".into(), consumer: "hush-c".into() }
}

fn account() -> Credentials {
    Credentials::OAuth2 { client_id: "me".into(), client_secret: "hush-1".into() }
}

fn client_of(
    credentials: Credentials,
    answer: impl Fn(&Request, usize) -> Outcome + Send + Sync + 'static,
) -> (Client, Arc<Fake>) {
    let fake = Arc::new(Fake { answer: Box::new(answer), log: StdMutex::default() });
    let config = Config { endpoint: Endpoint::parse("ovh-eu").unwrap(), credentials };
    let options = Options { clock: Arc::new(|| NOW), ..Options::default() };
    (Client::new(config, fake.clone(), options), fake)
}

/// A client with a bearer token: what it sends is only what it is asked to.
fn client(answer: impl Fn(&Request, usize) -> Outcome + Send + Sync + 'static) -> (Client, Arc<Fake>) {
    client_of(Credentials::Token("hush-t".into()), answer)
}

fn respond(status: u16, headers: &[(&'static str, &str)], body: impl ToString) -> Outcome {
    let mut map = HeaderMap::new();
    map.insert("x-ovh-queryid", HeaderValue::from_static("EU.ext-1"));
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_str(value).unwrap());
    }
    Ok(Response { status, headers: map, body: body.to_string().into() })
}

fn ok(body: impl ToString) -> Outcome {
    respond(200, &[], body)
}

fn lost(kind: TransportErrorKind) -> Outcome {
    Err(TransportError::new(kind, "lost"))
}

impl Fake {
    /// The requests so far, as `METHOD /route`.
    fn lines(&self) -> Vec<String> {
        let line = |request: &Request| {
            format!("{} {}", request.method, request.url.strip_prefix(BASE).unwrap_or(&request.url))
        };
        self.log.lock().unwrap().iter().map(line).collect()
    }

    fn header(&self, index: usize, name: &str) -> Option<String> {
        self.log.lock().unwrap()[index].headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }
}

const TASK: &str = r#"{"id":9,"function":"addPopConfiguration","resourceId":7,"status":"todo"}"#;

fn new_pop() -> wire::NewPopConfig {
    wire::NewPopConfig {
        interface_id: 101,
        kind: wire::PopType::L2,
        customer_bgp_area: None,
        ovh_bgp_area: None,
        subnet: None,
    }
}

#[tokio::test]
async fn a_call_is_signed_with_the_apis_own_time() {
    let (client, fake) =
        client_of(
            application(),
            |request, _| {
                if request.url.ends_with("/auth/time") { ok(NOW + 100) } else { ok(TASK) }
            },
        );
    let answer = client.create_pop(service(), &new_pop()).await.unwrap();
    assert_eq!((answer.value.resource_id, answer.query_id.as_deref()), (Some(7), Some("EU.ext-1")));
    let route = "/ovhCloudConnect/00000000-0000-0000-0000-000000000001/config/pop";
    assert_eq!(fake.lines(), ["GET /auth/time".to_owned(), format!("POST {route}")]);
    assert_eq!(fake.header(0, "x-ovh-signature"), None);

    let body = r#"{"interfaceId":101,"type":"l2"}"#;
    assert_eq!(&*fake.log.lock().unwrap()[1].body, body.as_bytes());
    let url = format!("{BASE}{route}");
    let signature =
        auth::sign(&"hush-s".into(), &"hush-c".into(), &Method::POST, &url, body.as_bytes(), NOW + 100);
    let agent = concat!("ovhconnect/", env!("CARGO_PKG_VERSION"));
    for (name, value) in [
        ("x-ovh-application", "hush-k"),
        ("x-ovh-consumer", "hush-c"),
        ("x-ovh-timestamp", "1700000100"),
        ("x-ovh-signature", &signature),
        ("content-type", "application/json"),
        ("user-agent", agent),
    ] {
        assert_eq!(fake.header(1, name).as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn many_first_calls_ask_for_the_time_once() {
    let (client, fake) =
        client_of(
            application(),
            |request, _| {
                if request.url.ends_with("/auth/time") { ok(NOW) } else { ok("[]") }
            },
        );
    let calls = (0..5).map(|_| client.vracks());
    futures_util::future::try_join_all(calls).await.unwrap();
    assert_eq!(fake.lines().iter().filter(|line| line.ends_with("/auth/time")).count(), 1);
    assert_eq!(client.stats(), Stats { get: 6, ..Stats::default() });
    assert_eq!(fake.header(1, "content-type"), None);
    assert_eq!(fake.header(1, "pragma").as_deref(), Some("no-cache"));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_moved_is_asked_for_again_even_for_a_mutation() {
    let (client, fake) = client_of(application(), |request, before| match before {
        _ if request.url.ends_with("/auth/time") => ok(NOW + i64::try_from(before).unwrap()),
        1 => respond(400, &[], r#"{"errorCode":"QUERY_TIME_OUT","message":"Query out of time"}"#),
        _ => ok(TASK),
    });
    client.delete_pop(service(), 7).await.unwrap();
    let lines = fake.lines();
    assert_eq!(
        lines.iter().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>(),
        ["GET", "DELETE", "GET", "DELETE"]
    );
    assert_eq!(fake.header(3, "x-ovh-timestamp").as_deref(), Some("1700000002"));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_never_fits_ends() {
    let (client, fake) = client_of(application(), |request, _| {
        if request.url.ends_with("/auth/time") {
            ok(NOW)
        } else {
            respond(400, &[], r#"{"errorCode":"QUERY_TIME_OUT","message":"Query out of time"}"#)
        }
    });
    let error = client.vracks().await.unwrap_err();
    assert!(error.hint().unwrap().contains("clock"), "{error}");
    assert_eq!(fake.lines().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_lost_clock_before_a_mutation_is_not_a_lost_mutation() {
    let (client, fake) = client_of(application(), |_, _| lost(TransportErrorKind::Timeout));
    let error = client.delete_pop(service(), 7).await.unwrap_err();
    assert!(error.to_string().starts_with("GET /auth/time: "), "{error}");
    assert!(!error.maybe_landed());
    assert!(!fake.lines().iter().any(|line| line.starts_with("DELETE")));
}

fn token_server(request: &Request, before: usize) -> Option<Outcome> {
    (request.method == Method::POST && request.url == "https://www.ovh.com/auth/oauth2/token")
        .then(|| ok(format!(r#"{{"access_token":"hush-{before}","expires_in":3600,"token_type":"Bearer"}}"#)))
}

#[tokio::test(start_paused = true)]
async fn a_service_account_gets_one_token_and_renews_it_before_its_end() {
    let (client, fake) =
        client_of(account(), |request, before| token_server(request, before).unwrap_or_else(|| ok("[]")));
    futures_util::future::try_join_all((0..4).map(|_| client.vracks())).await.unwrap();
    assert_eq!(client.stats().post, 1);
    assert_eq!(fake.header(0, "content-type").as_deref(), Some("application/x-www-form-urlencoded"));
    assert_eq!(
        &*fake.log.lock().unwrap()[0].body,
        b"grant_type=client_credentials&client_id=me&client_secret=hush-1&scope=all"
    );
    assert_eq!(fake.header(4, "authorization").as_deref(), Some("Bearer hush-0"));
    tokio::time::advance(Duration::from_secs(3539)).await;
    client.vracks().await.unwrap();
    assert_eq!(client.stats().post, 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    client.vracks().await.unwrap();
    assert_eq!(client.stats().post, 2);
    assert_eq!(fake.header(7, "authorization").as_deref(), Some("Bearer hush-6"));
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_is_replaced_once() {
    let (client, fake) = client_of(account(), |request, before| {
        token_server(request, before).unwrap_or_else(|| {
            respond(401, &[], r#"{"class":"Client::Unauthorized","message":"bad token hush-0"}"#)
        })
    });
    let error = client.delete_pop(service(), 7).await.unwrap_err();
    assert_eq!(fake.lines().len(), 4);
    assert_eq!(error.status(), Some(401));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_on_its_way_costs_no_call() {
    let (client, fake) = client_of(account(), |request, before| {
        token_server(request, before).unwrap_or_else(|| match before {
            // The first token is good for one call, the second for the others.
            0..=1 => ok("[]"),
            2 => respond(401, &[], r#"{"class":"Client::Unauthorized","message":"expired"}"#),
            _ => ok(TASK),
        })
    });
    client.vracks().await.unwrap();
    let task = client.create_pop(service(), &new_pop()).await.unwrap().value;
    assert_eq!(task.resource_id, Some(7));
    let sent: Vec<_> =
        (0..fake.lines().len()).filter_map(|index| fake.header(index, "authorization")).collect();
    assert_eq!(sent, ["Bearer hush-0", "Bearer hush-0", "Bearer hush-3"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_service_account_is_explained() {
    let (client, fake) = client_of(account(), |_, _| {
        respond(
            401,
            &[],
            r#"{"error":"invalid_client","error_description":"no such client (secret hush-1)"}"#,
        )
    });
    let error = client.vracks().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "POST https://www.ovh.com/auth/oauth2/token: 401 invalid_client: no such client (secret [hidden]) (query id EU.ext-1)"
    );
    assert!(error.hint().unwrap().contains("OVH_CLIENT_SECRET"));
    assert_eq!(fake.lines().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_read_outlasts_what_passes() {
    let (client, _) = client(|_, before| match before {
        0 => lost(TransportErrorKind::Connect),
        1 => lost(TransportErrorKind::Broken),
        2 => lost(TransportErrorKind::Body),
        3 => respond(500, &[], ""),
        4 => respond(429, &[("retry-after", "3")], ""),
        5 => respond(503, &[], "<html>"),
        6 => ok("[\"pn-1\""),
        _ => ok("[\"pn-1\"]"),
    });
    assert_eq!(client.vracks().await.unwrap(), ["pn-1"]);
    assert_eq!(client.stats(), Stats { get: 8, retries: 7, throttled: 1, ..Stats::default() });
}

#[tokio::test(start_paused = true)]
async fn patience_with_a_read_ends() {
    let (client, _) = client(|_, _| respond(500, &[], r#"{"class":"Server::Internal","message":"no"}"#));
    let error = client.vracks().await.unwrap_err();
    assert_eq!(error.to_string(), "GET /vrack: 500 Server::Internal: no (query id EU.ext-1)");
    assert_eq!(client.stats().total(), u64::from(Policy::default().attempts));
}

#[tokio::test(start_paused = true)]
async fn a_mutation_is_repeated_only_if_it_had_no_effect() {
    let unsent: [fn() -> Outcome; 2] =
        [|| lost(TransportErrorKind::Connect), || respond(429, &[("retry-after", "1")], "")];
    for first in unsent {
        let (client, _) = client(move |_, before| if before == 0 { first() } else { ok(TASK) });
        client.create_pop(service(), &new_pop()).await.unwrap();
        assert_eq!(client.stats().post, 2);
    }
    let ambiguous: [fn() -> Outcome; 7] = [
        || lost(TransportErrorKind::Broken),
        || lost(TransportErrorKind::Timeout),
        || lost(TransportErrorKind::Body),
        || respond(500, &[], ""),
        || respond(503, &[("retry-after", "1")], ""),
        || respond(408, &[], ""),
        || ok("{\"id\":"),
    ];
    for first in ambiguous {
        let (client, _) = client(move |_, before| if before == 0 { first() } else { ok(TASK) });
        let error = client.create_pop(service(), &new_pop()).await.unwrap_err();
        assert!(error.maybe_landed(), "{error}");
        assert_eq!(client.stats().post, 1, "{error} was followed by a second POST");
    }
    let (client, _) = client(|_, _| respond(409, &[], r#"{"class":"Client::Conflict","message":"busy"}"#));
    let error = client.create_pop(service(), &new_pop()).await.unwrap_err();
    assert!(error.is_busy() && !error.maybe_landed());
    assert_eq!(client.stats().post, 1);
}

#[tokio::test(start_paused = true)]
async fn the_wait_that_a_date_asks_for_counts_by_the_servers_clock() {
    let (client, _) = client(|_, before| match before {
        0 => respond(
            429,
            &[("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT"), ("date", "Fri, 31 Dec 1999 23:59:29 GMT")],
            "",
        ),
        _ => ok("[]"),
    });
    let started = Instant::now();
    client.vracks().await.unwrap();
    assert!((30..=31).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}

/// Never answers, and never notices.
struct Silence;

impl Transport for Silence {
    fn send(&self, _: Request) -> BoxFuture<'_, Outcome> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_never_answers_is_left() {
    let config =
        Config { endpoint: Endpoint::parse("ovh-eu").unwrap(), credentials: Credentials::Token("t".into()) };
    let client = Client::new(config, Arc::new(Silence), Options::default());
    let error = client.delete_pop(service(), 7).await.unwrap_err();
    let Error::Transport { cause, .. } = &error else { panic!("{error}") };
    assert_eq!((cause.kind, cause.sent), (TransportErrorKind::Timeout, Sent::Maybe));
}

/// A server of PoP configurations 0..count: `expands` says whether it honours the wish for objects,
/// `cap` how many it puts on a page.
fn pops_server(count: u64, expands: fn(u64) -> bool, cap: u64) -> impl Fn(&Request, usize) -> Outcome {
    move |request, _| {
        let object =
            |id: u64| serde_json::json!({"id": id, "interfaceId": 1, "type": "l2", "status": "active"});
        let last = request.url.rsplit('/').next().unwrap();
        if let Ok(id) = last.parse::<u64>() {
            return if id == 3 { respond(404, &[], "{}") } else { ok(object(id)) };
        }
        let wish = |name: &str| request.headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
        let entry = |id: u64| if expands(id) { object(id) } else { id.into() };
        match (wish("x-pagination-number"), (0..count).any(expands)) {
            (Some(number), true) => {
                let from = (number - 1) * cap;
                let page: Vec<_> = (from..(from + cap).min(count)).map(entry).collect();
                respond(200, &[("X-Pagination-Elements", &count.to_string())], Value::from(page))
            }
            _ => ok(Value::from((0..count).map(Value::from).collect::<Vec<_>>())),
        }
    }
}

async fn read_pops(count: u64, expands: fn(u64) -> bool, cap: u64) -> (Vec<u64>, Arc<Fake>) {
    let (client, fake) = client(pops_server(count, expands, cap));
    let pops = client.pops(service()).await.unwrap();
    (pops.iter().map(|pop| pop.id).collect(), fake)
}

#[tokio::test]
async fn a_list_comes_in_one_expanded_request() {
    let (ids, fake) = read_pops(5, |_| true, 1000).await;
    assert_eq!(ids, [0, 1, 2, 3, 4]);
    assert_eq!(fake.lines().len(), 1);
    for (name, value) in [
        ("x-pagination-mode", "CachedObjectList-Pages"),
        ("x-pagination-size", "1000"),
        ("x-pagination-number", "1"),
        ("pragma", "no-cache"),
    ] {
        assert_eq!(fake.header(0, name).as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn smaller_pages_than_asked_for_are_followed_to_the_end() {
    let (ids, fake) = read_pops(7, |_| true, 3).await;
    assert_eq!(ids, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(fake.lines().len(), 3);
}

#[tokio::test]
async fn ids_are_read_one_by_one_in_order_and_what_is_gone_is_left_out() {
    let (ids, fake) = read_pops(6, |_| false, 1000).await;
    assert_eq!(ids, [0, 1, 2, 4, 5]);
    assert_eq!(fake.lines().len(), 7);
}

#[tokio::test]
async fn objects_and_ids_may_be_mixed() {
    let (ids, fake) = read_pops(6, |id| id % 2 == 0, 1000).await;
    assert_eq!(ids, [0, 1, 2, 4, 5]);
    assert_eq!(fake.lines().len(), 4);
}

#[tokio::test]
async fn pages_that_do_not_fit_together_give_way_to_ids() {
    let healthy = pops_server(3, |_| false, 1000);
    let (client, fake) = client(move |request, before| match request.headers.get("x-pagination-number") {
        Some(_) => respond(200, &[("x-pagination-elements", "9")], "[]"),
        None => healthy(request, before),
    });
    assert_eq!(client.pops(service()).await.unwrap().len(), 3);
    assert_eq!(fake.header(1, "x-pagination-mode"), None);
    assert_eq!(fake.header(1, "pragma").as_deref(), Some("no-cache"));
}

#[tokio::test]
async fn services_are_left_as_ids_where_the_server_says_ids() {
    let (client, fake) = client(|_, _| {
        ok(
            r#"[{"uuid":"00000000-0000-0000-0000-000000000001","status":"active"},"00000000-0000-0000-0000-000000000002"]"#,
        )
    });
    let services = client.services().await.unwrap();
    assert!(matches!(&services[0], Listed::Object(object) if object.uuid == service()), "{services:?}");
    assert_eq!(services[1], Listed::Id(Uuid::from_u128(2)));
    // Without a count, a page with an object in it is followed until nothing new comes.
    assert_eq!(fake.lines().len(), 2);
}

#[tokio::test]
async fn members_are_ids_in_either_form() {
    let (client, _) = client(|_, _| {
        respond(
            200,
            &[("x-pagination-elements", "2")],
            r#"[{"ovhCloudConnect":"00000000-0000-0000-0000-000000000001","vrack":"pn-1"},"00000000-0000-0000-0000-000000000002"]"#,
        )
    });
    assert_eq!(client.vrack_members("pn-1").await.unwrap(), [Uuid::from_u128(1), Uuid::from_u128(2)]);
}

#[tokio::test]
async fn an_answer_of_another_shape_says_what_was_expected() {
    let (client, _) = client(|request, _| match request.url.rsplit('/').next().unwrap() {
        "pop" => ok(r#"[{"id":1}]"#),
        "task" => ok(r#"{"id":1}"#),
        _ => ok("<html>\u{1b}[31m"),
    });
    let message = |error: Error| error.to_string();
    let promise = "the answer is not what the published API promises";
    assert_eq!(
        message(client.pops(service()).await.unwrap_err()),
        format!(
            "GET /ovhCloudConnect/{}/config/pop: {promise}: entry 1 of the list: missing field `interfaceId` (query id EU.ext-1)",
            service()
        )
    );
    assert_eq!(
        message(client.vrack_tasks("pn-1").await.unwrap_err()),
        format!("GET /vrack/pn-1/task: {promise}: expected a list (query id EU.ext-1)")
    );
    let error = message(client.vracks().await.unwrap_err());
    assert!(error.starts_with(&format!("GET /vrack: {promise}: expected JSON")), "{error}");
    assert!(!error.contains('\u{1b}'), "{error:?}");
}

#[tokio::test]
async fn foreign_texts_are_made_fit_for_a_terminal() {
    let (client, _) = client(|_, _| respond(403, &[], "<html>\n\u{1b}]0;x\u{7}  Denied to hush-t"));
    let error = client.vracks().await.unwrap_err().to_string();
    assert_eq!(error, "GET /vrack: 403: <html> ]0;x Denied to [hidden] (query id EU.ext-1)");
    assert_eq!(one_line(&"é".repeat(10_000)).chars().count(), 251);
}

#[tokio::test]
async fn an_update_needs_no_answer() {
    for body in ["", "null", "{}"] {
        let (client, fake) = client(move |_, _| ok(body));
        let update = wire::Update { description: Some("Paris".to_owned()) };
        let answer = client.update_service(service(), &update).await.unwrap();
        assert_eq!(answer.query_id.as_deref(), Some("EU.ext-1"));
        assert_eq!(&*fake.log.lock().unwrap()[0].body, br#"{"description":"Paris"}"#);
    }
}

#[tokio::test]
async fn a_name_that_would_change_the_route_is_not_sent() {
    let (client, fake) = client(|_, _| ok(TASK));
    let error = client.attach("pn-1/../pn-2", service()).await.unwrap_err();
    assert!(matches!(error, Error::Parameter(_)) && !error.maybe_landed(), "{error}");
    assert!(fake.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_route_has_its_call() {
    let (client, fake) = client(|_, _| respond(403, &[], "{}"));
    let s = service();
    let extra: wire::NewExtraConfig = serde_json::from_str(r#"{"type":"bgp"}"#).unwrap();
    let datacenter: wire::NewDatacenterConfig = serde_json::from_str(r#"{"datacenterId":1}"#).unwrap();
    let diagnostic: wire::NewDiagnostic =
        serde_json::from_str(r#"{"diagnosticName":"diagRoutes","popConfigId":1}"#).unwrap();
    let update = wire::Update { description: None };
    let mut refused = Vec::new();
    macro_rules! call {
        ($($call:expr;)*) => { $(refused.push($call.await.unwrap_err());)* };
    }
    call! {
        client.server_time();
        client.granted();
        client.services();
        client.service(s);
        client.update_service(s, &update);
        client.vracks();
        client.vrack("pn");
        client.allowed_services("pn");
        client.vrack_members("pn");
        client.vrack_member("pn", s);
        client.attach("pn", s);
        client.detach("pn", s);
        client.vrack_tasks("pn");
        client.vrack_task("pn", 4);
        client.interfaces(s);
        client.interface(s, 4);
        client.interface_status(s, 4);
        client.lock_interface(s, 4);
        client.unlock_interface(s, 4);
        client.pops(s);
        client.pop(s, 4);
        client.pop_status(s, 4);
        client.pop_prefixes_accepted(s, 4);
        client.create_pop(s, &new_pop());
        client.delete_pop(s, 4);
        client.datacenters(s, 4);
        client.datacenter(s, 4, 5);
        client.create_datacenter(s, 4, &datacenter);
        client.delete_datacenter(s, 4, 5);
        client.extras(s, 4, 5);
        client.extra(s, 4, 5, 6);
        client.create_extra(s, 4, 5, &extra);
        client.delete_extra(s, 4, 5, 6);
        client.catalogue(s);
        client.catalogue_entry(s, 4);
        client.tasks(s);
        client.task(s, 4);
        client.incidents(s);
        client.incident(s, 4);
        client.diagnostics(s);
        client.diagnostic(s, 4);
        client.create_diagnostic(s, &diagnostic);
    }
    let called: BTreeSet<_> = refused
        .iter()
        .map(|error| match error {
            Error::Api(refusal) => format!("{} {}", refusal.call.method, refusal.call.pattern),
            other => panic!("{other}"),
        })
        .collect();
    let mut known: BTreeSet<_> =
        routes::ALL.iter().map(|call| format!("{} {}", call.method, call.pattern)).collect();
    // Called for a token, and with a key.
    known.remove("POST /auth/oauth2/token");
    known.remove("GET /auth/currentCredential");
    assert_eq!(called, known);
    let uuid = service().to_string();
    let lines: Vec<_> = fake.lines().iter().map(|line| line.replace(&uuid, "S")).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    GET /auth/time
    GET /auth/details
    GET /ovhCloudConnect
    GET /ovhCloudConnect/S
    PUT /ovhCloudConnect/S
    GET /vrack
    GET /vrack/pn
    GET /vrack/pn/allowedServices?serviceFamily=ovhCloudConnect
    GET /vrack/pn/ovhCloudConnect
    GET /vrack/pn/ovhCloudConnect/S
    POST /vrack/pn/ovhCloudConnect
    DELETE /vrack/pn/ovhCloudConnect/S
    GET /vrack/pn/task
    GET /vrack/pn/task/4
    GET /ovhCloudConnect/S/interface
    GET /ovhCloudConnect/S/interface/4
    GET /ovhCloudConnect/S/interface/4/status
    POST /ovhCloudConnect/S/interface/4/lock
    POST /ovhCloudConnect/S/interface/4/unlock
    GET /ovhCloudConnect/S/config/pop
    GET /ovhCloudConnect/S/config/pop/4
    GET /ovhCloudConnect/S/config/pop/4/status
    GET /ovhCloudConnect/S/config/pop/4/statistics?period=hourly&type=prefix%3Aaccepted
    POST /ovhCloudConnect/S/config/pop
    DELETE /ovhCloudConnect/S/config/pop/4
    GET /ovhCloudConnect/S/config/pop/4/datacenter
    GET /ovhCloudConnect/S/config/pop/4/datacenter/5
    POST /ovhCloudConnect/S/config/pop/4/datacenter
    DELETE /ovhCloudConnect/S/config/pop/4/datacenter/5
    GET /ovhCloudConnect/S/config/pop/4/datacenter/5/extra
    GET /ovhCloudConnect/S/config/pop/4/datacenter/5/extra/6
    POST /ovhCloudConnect/S/config/pop/4/datacenter/5/extra
    DELETE /ovhCloudConnect/S/config/pop/4/datacenter/5/extra/6
    GET /ovhCloudConnect/S/datacenter
    GET /ovhCloudConnect/S/datacenter/4
    GET /ovhCloudConnect/S/task
    GET /ovhCloudConnect/S/task/4
    GET /ovhCloudConnect/S/incident
    GET /ovhCloudConnect/S/incident/4
    GET /ovhCloudConnect/S/diagnostic
    GET /ovhCloudConnect/S/diagnostic/4
    POST /ovhCloudConnect/S/diagnostic
    ");
}

#[tokio::test(start_paused = true)]
async fn neither_log_nor_debug_shows_a_secret() {
    #[derive(Clone, Default)]
    struct Log(Arc<StdMutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // Where another test's thread is the first to come by a place that logs, nobody listens, and that is
    // remembered for all threads. So every place is come by once, and asked again who listens.
    talk_to_a_careless_server().await;
    tracing::callsite::rebuild_interest_cache();
    log.0.lock().unwrap().clear();
    let mut shown = talk_to_a_careless_server().await;
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("query_id=\"EU.ext-1\""), "the log says nothing: {logged}");
    shown.push_str(&logged);
    for secret in ["hush", "Bearer", "$1$"] {
        assert!(!shown.contains(secret), "{secret} is shown: {shown}");
    }
}

/// Calls a server that repeats every secret it was sent, with each kind of credentials; returns what can
/// be seen of it.
async fn talk_to_a_careless_server() -> String {
    let mut shown = String::new();
    for (credentials, echo) in [
        (application(), "hush-k hush-s hush-c"),
        (account(), "hush-0 hush-1"),
        (Credentials::Token("hush-t".into()), "hush-t"),
    ] {
        let body = format!(r#"{{"class":"{echo}","message":"{}{echo}"}}"#, ".".repeat(495));
        let (client, fake) = client_of(credentials, move |request, before| {
            if let Some(token) = token_server(request, before) {
                return token;
            }
            match request.url.rsplit('/').next().unwrap() {
                "time" => ok(NOW),
                _ => respond(if before < 3 { 500 } else { 403 }, &[], &body),
            }
        });
        let error = client.vracks().await.unwrap_err();
        shown.push_str(&format!("{client:?} {:?} {error:?} {error}", fake.log.lock().unwrap()));
    }
    shown
}

#[test]
fn calls_can_move_between_threads() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let (client, _) = client(|_, _| ok("[]"));
    drop(sendable(client.pops(service())));
    drop(sendable(client.services()));
    drop(sendable(client.delete_pop(service(), 1)));
}
