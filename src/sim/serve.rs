//! The API on a socket. Connections are accepted here and not by axum, because a fault has to be
//! able to cut one without an answer.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::http::{Cut, Peer, router};
use super::simulator::Simulator;

/// How long to wait where no connection can be accepted, as when there are too many open files.
const BREATHER: Duration = Duration::from_millis(50);

/// Serves the API until the future is dropped; its connections are dropped with it.
///
/// # Errors
/// None today: a connection that cannot be accepted is tried again.
pub async fn serve(listener: TcpListener, simulator: Arc<Simulator>) -> io::Result<()> {
    accept(listener, router(simulator), None).await
}

/// The same over TLS, for a client that speaks nothing else (the official one for Node.js).
///
/// # Errors
/// None today: a connection that cannot be accepted is tried again.
pub async fn serve_tls(
    listener: TcpListener,
    simulator: Arc<Simulator>,
    tls: Arc<rustls::ServerConfig>,
) -> io::Result<()> {
    accept(listener, router(simulator), Some(tls.into())).await
}

/// What TLS needs, from a certificate chain and its key, both PEM.
///
/// # Errors
/// Where a file cannot be read, holds none, or the two do not belong together.
pub fn tls_from_pem(certificates: &Path, key: &Path) -> Result<Arc<rustls::ServerConfig>, TlsError> {
    let pem =
        |path: &Path, error: pem::Error| TlsError::Pem { path: path.to_owned(), message: error.to_string() };
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| pem(certificates, error))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| pem(key, error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, secret)?;
    Ok(Arc::new(config))
}

/// Why the simulator cannot speak TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file is not what it is to be.
    #[error("cannot read {path} as PEM: {message}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// Certificate and key cannot be used.
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

async fn accept(listener: TcpListener, router: Router, tls: Option<TlsAcceptor>) -> io::Result<()> {
    // Ends every connection when it is dropped.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(greet(stream, peer, router.clone(), tls.clone()));
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(BREATHER).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection, until it ends or a fault cuts it.
async fn greet(stream: TcpStream, peer: SocketAddr, router: Router, tls: Option<TlsAcceptor>) {
    // Only speed is lost where this fails.
    let _ = stream.set_nodelay(true);
    let Ok((stream, socket)) = twice(stream) else { return };
    let was_cut = match tls {
        None => converse(stream, peer, router).await,
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => converse(stream, peer, router).await,
            Err(error) => {
                tracing::debug!("no TLS with {peer}: {error}");
                return;
            }
        },
    };
    if was_cut {
        // What is left of the connection ends by a reset instead of a farewell; where that cannot
        // be, it ends anyway.
        let _ = socket.set_zero_linger();
    }
}

/// Whether a fault cut the connection before an answer.
async fn converse<S>(stream: S, peer: SocketAddr, router: Router) -> bool
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let was_cut = AtomicBool::new(false);
    let service = service_fn(|request: Request<Incoming>| {
        let (router, was_cut) = (router.clone(), &was_cut);
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            let Ok(response) = router.oneshot(request).await.map_err(|error: Infallible| error);
            uncut(response).inspect_err(|_| was_cut.store(true, Ordering::SeqCst))
        }
    });
    let io = TokioIo::new(stream);
    let ended = http1::Builder::new().timer(TokioTimer::new()).serve_connection(io, service).await;
    if let Err(error) = ended {
        tracing::debug!("the connection with {peer} ended: {error}");
    }
    was_cut.load(Ordering::SeqCst)
}

/// A response that was cut is an error: hyper then closes the connection without a word.
fn uncut(response: Response<Body>) -> io::Result<Response<Body>> {
    if response.extensions().get::<Cut>().is_some() {
        return Err(io::Error::new(io::ErrorKind::ConnectionReset, "cut by the simulator"));
    }
    Ok(response)
}

/// The stream, and a second hold on its socket: hyper gives the first one up when it fails.
fn twice(stream: TcpStream) -> io::Result<(TcpStream, TcpStream)> {
    let first = stream.into_std()?;
    let second = first.try_clone()?;
    Ok((TcpStream::from_std(first)?, TcpStream::from_std(second)?))
}
