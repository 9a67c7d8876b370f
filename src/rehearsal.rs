//! The simulator in this process: an account made from a topology, and a client that calls it without
//! a socket. What `--simulate` rehearses with, and what the tests stand on.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use secrecy::SecretString;
use tower::ServiceExt;

use crate::api::{
    BoxFuture, Client, Config, ConfigError, Credentials, Endpoint, Options, Request, Response, Transport,
    TransportError, TransportErrorKind,
};
use crate::sim::account::{InterfaceEntry, ServiceEntry, VrackEntry};
use crate::sim::http::Cut;
use crate::sim::{Account, Simulator};
use crate::topology::{Node, ServicePart, Spec, Topology};

/// Where the simulator in this process claims to be; nothing is sent there.
const ENDPOINT: &str = "http://127.0.0.1/1.0";
/// The number of the first interface that is made up.
const FIRST_INTERFACE: u64 = 1001;
/// No answer of the simulator is longer.
const MAX_ANSWER: usize = 256 << 20;

/// An account that has the vRacks and services of a topology, and nothing configured.
///
/// A service has the interfaces that the topology asks for, or one that is made up; they are in service.
#[must_use]
pub fn account_for(topology: &Topology) -> Account {
    let vracks = topology.vracks.keys().map(|vrack| VrackEntry::new(vrack.as_str())).collect();
    let mut account = Account { vracks, ..Account::default() };
    let memberships = topology.entries.iter().filter(|(_, entry)| matches!(entry.spec, Spec::Membership(_)));
    for (number, (address, _)) in (FIRST_INTERFACE..).zip(memberships) {
        let Some(service) = address.service() else { continue };
        let of_service =
            topology.entries.range(address.clone()..).take_while(|(at, _)| at.service() == Some(service));
        let mut asked: BTreeSet<u64> = of_service
            .filter_map(|(at, entry)| match (&at.node, &entry.spec) {
                (Node::Service(_, ServicePart::Interface(id)), _) => *id,
                (_, Spec::Pop(pop)) => pop.interface_id(),
                _ => None,
            })
            .collect();
        if asked.is_empty() {
            asked.insert(number);
        }
        let mut entry = ServiceEntry::new(service.uuid(), number);
        entry.interfaces = asked.into_iter().map(InterfaceEntry::Id).collect();
        // The topology does not say where they are delivered; that they are apart is the best case.
        entry.pop = format!("POP-{number}");
        account.services.push(entry);
    }
    account
}

/// What a client needs to call `simulator`.
///
/// # Errors
/// None that can be met: the endpoint is a constant.
pub fn config(simulator: &Simulator) -> Result<Config, ConfigError> {
    let credentials = simulator.credentials();
    Ok(Config {
        endpoint: Endpoint::parse(ENDPOINT)?,
        credentials: Credentials::ApplicationKey {
            key: SecretString::from(credentials.application_key.clone()),
            secret: SecretString::from(credentials.application_secret.clone()),
            consumer: SecretString::from(credentials.consumer_key.clone()),
        },
    })
}

/// A client that calls `simulator` in this process.
///
/// # Errors
/// None that can be met: the endpoint is a constant.
pub fn client(simulator: &Arc<Simulator>, options: Options) -> Result<Client, ConfigError> {
    let transport = InProcess { simulator: Arc::clone(simulator) };
    Ok(Client::new(config(simulator)?, Arc::new(transport), options))
}

/// Carries requests to a simulator in this process.
#[derive(Clone, Debug)]
pub struct InProcess {
    simulator: Arc<Simulator>,
}

impl InProcess {
    /// A carrier to `simulator`.
    #[must_use]
    pub fn new(simulator: Arc<Simulator>) -> Self {
        Self { simulator }
    }
}

impl Transport for InProcess {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let invalid = |problem: &dyn std::fmt::Display| {
                TransportError::new(TransportErrorKind::Invalid, problem.to_string())
            };
            let mut message = http::Request::builder()
                .method(request.method)
                .uri(request.url)
                .body(Body::from(request.body))
                .map_err(|error| invalid(&error))?;
            *message.headers_mut() = request.headers;
            let router = crate::sim::http::router(Arc::clone(&self.simulator));
            let exchange = async {
                let answer = match router.oneshot(message).await {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                };
                let (parts, body) = answer.into_parts();
                if parts.extensions.get::<Cut>().is_some() {
                    return Err(TransportError::new(TransportErrorKind::Broken, "the connection was reset"));
                }
                let body = to_bytes(body, MAX_ANSWER)
                    .await
                    .map_err(|error| TransportError::new(TransportErrorKind::Body, error.to_string()))?;
                Ok(Response { status: parts.status.as_u16(), headers: parts.headers, body })
            };
            match tokio::time::timeout(request.timeout, exchange).await {
                Ok(answer) => answer,
                Err(_) => Err(TransportError::new(TransportErrorKind::Timeout, "no answer in time")),
            }
        })
    }
}
