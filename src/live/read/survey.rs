//! API → [`Live`] without a topology: everything in an account, or a part of it.

use std::collections::BTreeSet;

use super::{Beside, ReadError, Reader, choices, interfaces};
use crate::api::{Client, Listed};
use crate::live::Live;
use crate::topology::rules::live as rules;
use crate::topology::{ServiceId, Topology, VrackName};

/// How much of an account is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// All of it.
    Account,
    /// These vRacks, whole.
    Vracks(BTreeSet<VrackName>),
    /// One service, in whichever vRack it is.
    Service(ServiceId),
}

impl Scope {
    /// Whether a service that is somewhere in there is looked at for its own sake.
    #[must_use]
    pub fn has_service(&self, service: ServiceId) -> bool {
        match self {
            Self::Account | Self::Vracks(_) => true,
            Self::Service(one) => *one == service,
        }
    }
}

/// Reads what is live in `scope`. Of one service, its whole vRack is read: it shares the datacenters.
///
/// # Errors
/// A failed call, an answer that makes no sense, or a vRack or service that does not exist.
pub async fn survey(client: &Client, scope: &Scope) -> Result<Live, ReadError> {
    let (vracks, beside) = match scope {
        Scope::Account => (all_vracks(client).await?, Beside::Everybody),
        Scope::Vracks(vracks) => (vracks.clone(), Beside::Nobody),
        Scope::Service(service) => (home(client, *service).await?, Beside::One(*service)),
    };
    let topology = Topology::default();
    let (mut live, _) = Reader::new(client, &topology, vracks, beside).live().await?;
    let services = live.services.iter().filter(|(id, _)| scope.has_service(**id));
    let members = services.filter_map(|(id, service)| Some((*id, service.vrack.clone()?)));
    let states = interfaces::all_states(client, &live, members).await?;
    live.configs.extend(states);
    Ok(live)
}

async fn all_vracks(client: &Client) -> Result<BTreeSet<VrackName>, ReadError> {
    Ok(client.vracks().await?.iter().filter_map(|name| name.parse().ok()).collect())
}

/// The vRack of a service; of one that is in none, every vRack: a task of one of them may be moving it in.
async fn home(client: &Client, service: ServiceId) -> Result<BTreeSet<VrackName>, ReadError> {
    let found = match client.service(service.uuid()).await {
        Err(error) if error.is_not_found() => {
            let existing = client.services().await?.into_iter().map(|entry| match entry {
                Listed::Object(service) => service.uuid.to_string(),
                Listed::Id(id) => id.to_string(),
            });
            let message = format!("there is no OVHcloud Connect service {service} in this account");
            let help = choices("the account has", existing);
            return Err(ReadError::Unfit(vec![rules::UNKNOWN_SERVICE.placed([], message).help(help)]));
        }
        answer => answer?,
    };
    match found.vrack.as_deref().and_then(|vrack| vrack.parse().ok()) {
        Some(vrack) => Ok(BTreeSet::from([vrack])),
        None => all_vracks(client).await,
    }
}
