//! Over real sockets, against a server that answers by hand.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What the server does with a connection once the request's head has arrived.
enum Behaviour {
    Answer(&'static [u8]),
    Reset,
}

/// Reads a request's head (and the body that came with it) and returns it.
async fn head(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.windows(4).any(|window| window == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut text).await.unwrap(), 0, "the client left");
    }
    String::from_utf8(text).unwrap()
}

async fn exchange(behaviour: Behaviour, timeout: Duration) -> (Result<Response, TransportError>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/1.0", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = head(&mut stream).await;
        match behaviour {
            // A client that has seen enough leaves before the end.
            Behaviour::Answer(bytes) => drop(stream.write_all(bytes).await),
            Behaviour::Reset => stream.set_zero_linger().unwrap(),
        }
        request
    });
    let endpoint = Endpoint::parse(&base).unwrap();
    let options = HttpOptions { body_limit: 100, ..HttpOptions::default() };
    let http = HttpTransport::new(&endpoint, options).unwrap();
    let answer = http.send(request(&endpoint.address("/me"), timeout)).await;
    (answer, server.await.unwrap())
}

fn request(url: &str, timeout: Duration) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert("x-ovh-application", http::HeaderValue::from_static("app"));
    Request { method: Method::GET, url: url.to_owned(), headers, body: Bytes::new(), timeout }
}

const PATIENT: Duration = Duration::from_secs(60);

async fn fails(behaviour: Behaviour) -> TransportError {
    exchange(behaviour, PATIENT).await.0.expect_err("this was meant to fail")
}

#[tokio::test]
async fn an_answer_comes_back_whole_whatever_its_status() {
    let bytes = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nX-OVH-QUERYID: EU.1\r\n\r\n{}";
    let (answer, sent) = exchange(Behaviour::Answer(bytes), PATIENT).await;
    let answer = answer.unwrap();
    assert_eq!(
        (answer.status, &*answer.body, answer.header("x-ovh-queryid")),
        (404, &b"{}"[..], Some("EU.1"))
    );
    assert!(sent.starts_with("GET /1.0/me HTTP/1.1\r\n"), "{sent}");
    assert!(sent.contains("x-ovh-application: app\r\n"), "{sent}");
    assert!(!sent.contains("content-type"), "{sent}");
}

#[tokio::test]
async fn a_reset_before_the_head_may_have_been_sent() {
    let error = fails(Behaviour::Reset).await;
    assert_eq!((error.kind, error.sent), (TransportErrorKind::Broken, Sent::Maybe), "{error}");
}

#[tokio::test]
async fn a_close_before_the_head_may_have_been_sent() {
    let error = fails(Behaviour::Answer(b"")).await;
    assert_eq!((error.kind, error.sent), (TransportErrorKind::Broken, Sent::Maybe), "{error}");
}

#[tokio::test]
async fn half_a_body_is_no_answer() {
    let error = fails(Behaviour::Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1, 2")).await;
    assert_eq!((error.kind, error.sent), (TransportErrorKind::Body, Sent::Maybe), "{error}");
    let error =
        fails(Behaviour::Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1, 2\r\n"))
            .await;
    assert_eq!((error.kind, error.sent), (TransportErrorKind::Body, Sent::Maybe), "{error}");
}

#[tokio::test]
async fn what_is_not_gzip_is_no_answer() {
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}";
    let error = fails(Behaviour::Answer(bytes)).await;
    assert_eq!((error.kind, error.sent), (TransportErrorKind::Body, Sent::Maybe), "{error}");
}

#[tokio::test]
async fn a_redirect_is_refused_and_said() {
    let bytes =
        b"HTTP/1.1 302 Found\r\nLocation: https://login.example.com/?next=1\r\nContent-Length: 0\r\n\r\n";
    let error = fails(Behaviour::Answer(bytes)).await;
    assert_eq!((error.kind, error.sent), (TransportErrorKind::Redirect, Sent::No));
    assert_eq!(
        error.to_string(),
        "127.0.0.1 redirects to login.example.com (302), and redirects are not followed: check the endpoint"
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_read() {
    // It announces far more than it sends: only a reader that stops at the limit gets an answer.
    let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".to_vec();
    bytes.extend([b' '; 200]);
    let error = fails(Behaviour::Answer(bytes.leak())).await;
    assert_eq!((error.kind, error.sent), (TransportErrorKind::TooLarge, Sent::Maybe), "{error}");
    assert_eq!(error.to_string(), "the answer is larger than 100 bytes");
}

#[tokio::test]
async fn nobody_there_is_certainly_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let endpoint = Endpoint::parse(&base).unwrap();
    let http = HttpTransport::new(&endpoint, HttpOptions::default()).unwrap();
    let error = http.send(request(&endpoint.address("/me"), PATIENT)).await.unwrap_err();
    assert_eq!((error.kind, error.sent), (TransportErrorKind::Connect, Sent::No), "{error}");
}

#[tokio::test]
async fn silence_may_have_been_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let http = HttpTransport::new(&endpoint, HttpOptions::default()).unwrap();
    let error = http.send(request(&endpoint.address("/me"), Duration::from_millis(20))).await.unwrap_err();
    assert_eq!((error.kind, error.sent), (TransportErrorKind::Timeout, Sent::Maybe), "{error}");
}

#[tokio::test]
async fn an_address_that_would_change_on_its_way_is_not_sent() {
    let endpoint = Endpoint::parse("http://127.0.0.1:9/1.0").unwrap();
    let http = HttpTransport::new(&endpoint, HttpOptions::default()).unwrap();
    for url in ["http://127.0.0.1:9/1.0/../2.0", "http://127.0.0.1:9/a b", "HTTP://127.0.0.1:9/", "me"] {
        let error = http.send(request(url, PATIENT)).await.unwrap_err();
        assert_eq!((error.kind, error.sent), (TransportErrorKind::Invalid, Sent::No), "{url}: {error}");
    }
}

#[test]
fn a_cause_is_found_however_deep_it_is_wrapped() {
    use std::io::Error;
    let refused = || rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    let found = |error: &Error| failure::cause_in::<rustls::Error>(error).is_some();
    assert!(found(&Error::other(refused())));
    assert!(found(&Error::other(Error::other(refused()))));
    assert!(!found(&Error::other(Error::other("no route"))));
}

#[test]
fn tls_says_what_is_wrong() {
    use rustls::pki_types::{ServerName, UnixTime};
    use rustls::{CertificateError, Error, InvalidMessage};
    let day = |days: u64| UnixTime::since_unix_epoch(Duration::from_secs(days * 86_400));
    let name = || ServerName::try_from("api.example").unwrap();
    let for_others = |names: &[&str]| CertificateError::NotValidForNameContext {
        expected: name(),
        presented: names.iter().map(|it| (*it).to_owned()).collect(),
    };
    let certificates = [
        (CertificateError::UnknownIssuer, "is not trusted"),
        (
            for_others(&["DnsName(\"a.example\")", "IpAddress(10.0.0.1)"]),
            "for another name than api.example: it is for a.example, 10.0.0.1",
        ),
        (for_others(&[]), "names none"),
        (CertificateError::ExpiredContext { time: day(2), not_after: day(1) }, "has expired on 1970-01-02"),
        (CertificateError::NotValidYetContext { time: day(2), not_before: day(3) }, "only from 1970-01-04"),
        (CertificateError::Revoked, "was revoked"),
    ];
    let errors = certificates.map(|(problem, said)| (Error::InvalidCertificate(problem), said));
    for (error, said) in errors.into_iter().chain([
        (Error::InvalidMessage(InvalidMessage::InvalidContentType), "does not speak TLS on this port"),
        (Error::DecryptError, "TLS failed: "),
    ]) {
        let words = failure::in_words(&error);
        assert!(words.contains(said), "{error:?}: {words:?} does not say {said:?}");
    }
}

/// 64 KiB of spaces, in gzip's way.
const BOMB: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 129, 0, 0, 0, 0, 128, 32, 149, 253, 41, 23, 169, 10, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 106, 148, 25, 44, 180, 0, 0,
    1, 0,
];

#[tokio::test]
async fn a_body_that_unpacks_to_more_than_the_limit_is_refused() {
    let mut bytes =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", BOMB.len())
            .into_bytes();
    const { assert!(BOMB.len() < 100, "packed it is below the limit") };
    bytes.extend(BOMB);
    let error = fails(Behaviour::Answer(bytes.leak())).await;
    assert_eq!((error.kind, error.sent), (TransportErrorKind::TooLarge, Sent::Maybe), "{error}");
}

#[tokio::test]
async fn headers_beyond_belief_are_refused() {
    let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-Many: x\r\n".repeat(1000));
    for text in [long, many] {
        let error = fails(Behaviour::Answer(text.leak().as_bytes())).await;
        assert_eq!((error.kind, error.sent), (TransportErrorKind::TooLarge, Sent::Maybe), "{error}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let mut request = request("https://x/", PATIENT);
    request.headers.insert("authorization", http::HeaderValue::from_static("Bearer hush"));
    request.body = Bytes::from_static(b"client_secret=hush");
    let response = Response {
        status: 200,
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"{\"access_token\":\"hush\"}"),
    };
    let shown = format!("{request:?} {response:?}");
    assert!(!shown.contains("hush"), "{shown}");
    assert!(shown.contains("authorization") && shown.contains("18 bytes"), "{shown}");
}
