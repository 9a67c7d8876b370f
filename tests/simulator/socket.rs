//! What only a socket shows: connections that are really cut, TLS, many clients.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;

use ovhconnect::sim::clock::{Clock, SystemClock};
use ovhconnect::sim::{Effect, Fault, Simulator, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::bench;

async fn served() -> (Arc<Simulator>, SocketAddr) {
    let simulator = bench().simulator;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve::serve(listener, simulator.clone()));
    (simulator, address)
}

/// Sends a signed GET and reads until the server closes; what arrived and how it ended.
async fn fetch(simulator: &Simulator, address: SocketAddr, path: &str) -> (String, std::io::Result<usize>) {
    let url = format!("http://{address}{path}");
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in simulator.credentials().headers("GET", &url, "", SystemClock::new().wall()) {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes).await;
    (String::from_utf8(bytes).unwrap(), ended)
}

#[tokio::test]
async fn a_request_is_answered() {
    let (simulator, address) = served().await;
    let (answer, ended) = fetch(&simulator, address, "/1.0/vrack").await;
    assert!(
        ended.is_ok() && answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("[\"pn-1\"]"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_cut_connection_is_reset_without_a_word() {
    let (simulator, address) = served().await;
    simulator.add_fault(Fault::always(Effect::Reset).times(1));
    let (answer, ended) = fetch(&simulator, address, "/1.0/vrack").await;
    assert_eq!((answer.as_str(), ended.unwrap_err().kind()), ("", ErrorKind::ConnectionReset));
    let (answer, _) = fetch(&simulator, address, "/1.0/vrack").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "the next connection is well: {answer}");
}

#[tokio::test]
async fn a_truncated_answer_promises_more_than_it_holds() {
    let (simulator, address) = served().await;
    simulator.add_fault(Fault::always(Effect::Truncate).times(1));
    let (answer, _) = fetch(&simulator, address, "/1.0/vrack").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-length: 8"), "{head}");
    assert_eq!(body, "[\"pn", "half of the answer");
}

#[tokio::test]
async fn a_certificate_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cert.pem");
    std::fs::write(&path, "nothing").unwrap();
    let error = serve::tls_from_pem(&path, &path).unwrap_err();
    assert!(error.to_string().contains("cert.pem") || error.to_string().contains("certificate"), "{error}");
}
