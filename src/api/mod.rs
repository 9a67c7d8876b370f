//! The OVHcloud API: signed requests, typed calls, errors a person can act on.

mod auth;
mod config;
pub mod routes;
mod transport;
pub mod wire;

pub use auth::{Clock, Credentials, sign, system_clock};
pub use config::{Config, ConfigError, CredentialPart, Endpoint, Loaded, Warning};
pub use transport::{
    BoxFuture, HttpOptions, HttpTransport, Request, Response, Sent, Transport, TransportError,
    TransportErrorKind,
};
