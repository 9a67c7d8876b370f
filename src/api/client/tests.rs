//! The client against a transport that is a function.

mod callers;
mod lists;

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

fn token_server(request: &Request, before: usize) -> Option<Outcome> {
    (request.method == Method::POST && request.url == "https://www.ovh.com/auth/oauth2/token")
        .then(|| ok(format!(r#"{{"access_token":"hush-{before}","expires_in":3600,"token_type":"Bearer"}}"#)))
}

fn new_pop() -> wire::NewPopConfig {
    wire::NewPopConfig {
        interface_id: 101,
        kind: wire::PopType::L2,
        customer_bgp_area: None,
        ovh_bgp_area: None,
        subnet: None,
    }
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
async fn an_endpoint_that_never_answered_is_left_sooner() {
    let (never, _) = client(|_, _| lost(TransportErrorKind::Connect));
    never.vracks().await.unwrap_err();
    assert_eq!(never.stats().total(), 6);
    let (once, _) =
        client(|_, before| if before == 0 { ok("[]") } else { lost(TransportErrorKind::Connect) });
    once.vracks().await.unwrap();
    once.vracks().await.unwrap_err();
    assert_eq!(once.stats().total(), 1 + u64::from(Policy::default().attempts));
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
