//! The OVHcloud API: signed requests, typed calls, errors a person can act on.
//!
//! [`Config`] says where the API is and who asks; a [`Transport`] carries one request, over HTTP
//! ([`HttpTransport`]) or to a simulator; [`Client`] signs, paces and retries, and turns JSON into
//! the shapes of [`wire`]. What is retried is decided by [`retry::decide`] alone, how fast by
//! [`limit::Bucket`] alone: both are pure.

mod auth;
mod client;
mod config;
mod error;
pub mod limit;
pub mod retry;
pub mod routes;
mod secrets;
mod transport;
pub mod wire;

pub use auth::{Clock, Credentials, sign, system_clock};
pub use client::{Answer, Client, Listed, Options, Stats};
pub use config::{Config, ConfigError, CredentialPart, Endpoint, Loaded, Warning};
pub use error::{Error, Refusal};
pub use transport::{
    BoxFuture, HttpOptions, HttpTransport, Request, Response, Sent, Transport, TransportError,
    TransportErrorKind,
};
