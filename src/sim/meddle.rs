//! What other people's hands do to the account while a client is at work: changes that follow no
//! rule and start no task unless they say so.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Peer, PortStatus};
use super::refusal::Refusal;
use super::seed::Seed;
use super::task::Fate;
use super::world::World;
use crate::api::wire;

/// A change behind the client's back, as JSON: `{"erase": {"id": 20012}}`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Meddling {
    /// A service gets a PoP configuration.
    AddPop {
        /// The service.
        service: Uuid,
        /// Its configuration.
        config: wire::NewPopConfig,
        /// In what state.
        #[serde(default)]
        state: State,
    },
    /// A vRack (layer 3) or a PoP configuration (layer 2) gets a datacenter configuration.
    AddDatacenter {
        /// The vRack, or:
        #[serde(default)]
        vrack: Option<String>,
        /// the PoP configuration's id.
        #[serde(default)]
        pop: Option<u64>,
        /// Its configuration.
        config: wire::NewDatacenterConfig,
        /// In what state.
        #[serde(default)]
        state: State,
    },
    /// A datacenter configuration gets an extra.
    AddExtra {
        /// The datacenter configuration's id.
        datacenter: u64,
        /// Its configuration.
        config: wire::NewExtraConfig,
        /// In what state.
        #[serde(default)]
        state: State,
    },
    /// A configuration of any kind, and what hangs on it, is gone at once.
    Erase {
        /// The configuration's id.
        id: u64,
    },
    /// A service is in this vRack, or in none, at once.
    Membership {
        /// The service.
        service: Uuid,
        /// The vRack.
        vrack: Option<String>,
    },
    /// A service is closed, or in use again.
    Closed {
        /// The service.
        service: Uuid,
        /// Whether it is closed.
        closed: bool,
    },
    /// A port is put in or out of service.
    Port {
        /// The interface.
        interface: u64,
        /// Its status.
        status: PortStatus,
    },
    /// The light that arrives at a port is lost, or is there again.
    Light {
        /// The interface.
        interface: u64,
        /// Whether it is lost.
        dark: bool,
    },
    /// The customer's router at the other end of a PoP's session becomes this.
    Peer {
        /// The PoP configuration's id.
        pop: u64,
        /// What it is.
        is: Peer,
    },
    /// A datacenter of the catalogue takes new configurations, or takes none.
    Available {
        /// Its number in the catalogue.
        datacenter: u64,
        /// Whether it takes new configurations.
        available: bool,
    },
    /// An incident or a maintenance is declared on a service.
    Incident {
        /// The service.
        service: Uuid,
        /// Whether it is a maintenance.
        #[serde(default)]
        maintenance: bool,
        /// How long it lasts; not known when left out.
        #[serde(default)]
        seconds: Option<u64>,
    },
    /// The next task that starts ends this way.
    NextTask {
        /// How.
        fate: Fate,
    },
}

/// In what state a configuration is added.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum State {
    /// `active`.
    #[default]
    Active,
    /// `init`, with a task of so many seconds.
    Creating {
        /// The task's time.
        seconds: u64,
    },
    /// `init`, with no task.
    Stuck,
    /// `toDelete`, with a task of so many seconds.
    Deleting {
        /// The task's time.
        seconds: u64,
    },
}

impl From<State> for Seed {
    fn from(state: State) -> Self {
        match state {
            State::Active => Self::Active,
            State::Creating { seconds } => Self::Creating(Duration::from_secs(seconds)),
            State::Stuck => Self::Stuck,
            State::Deleting { seconds } => Self::Deleting(Duration::from_secs(seconds)),
        }
    }
}

impl World {
    /// Changes the account behind the client's back. Returns the id of what was added, if anything.
    ///
    /// # Errors
    /// 404 where what is named is not there, 400 where a datacenter has no one home.
    pub fn meddle(&mut self, meddling: &Meddling) -> Result<Option<u64>, Refusal> {
        match meddling {
            Meddling::AddPop { service, config, state } => {
                self.the_service(*service)?;
                if let wire::PopType::Other(kind) = &config.kind {
                    return Err(Refusal::bad_request(format!("[type] {kind} is neither l2 nor l3")));
                }
                Ok(Some(self.seed_pop(*service, config, (*state).into())))
            }
            Meddling::AddDatacenter { vrack, pop, config, state } => match (vrack, pop) {
                (Some(vrack), None) => {
                    self.the_vrack(vrack)?;
                    Ok(Some(self.seed_datacenter(vrack, config, (*state).into())))
                }
                (None, Some(pop)) if self.pops.contains_key(pop) => {
                    Ok(Some(self.seed_l2_datacenter(*pop, config, (*state).into())))
                }
                (None, Some(pop)) => Err(Refusal::no_object("pop", pop)),
                _ => Err(Refusal::bad_request("name a vrack or a pop for the datacenter, and only one")),
            },
            Meddling::AddExtra { datacenter, config, state } => {
                if !self.datacenters.contains_key(datacenter) {
                    return Err(Refusal::no_object("datacenter", datacenter));
                }
                if let wire::ExtraType::Other(kind) = &config.kind {
                    return Err(Refusal::bad_request(format!("[type] {kind} is neither network nor bgp")));
                }
                Ok(Some(self.seed_extra(*datacenter, config, (*state).into())))
            }
            Meddling::Erase { id } => self.erase(*id).map(|()| None),
            Meddling::Membership { service, vrack } => {
                self.the_service(*service)?;
                if let Some(vrack) = vrack {
                    self.the_vrack(vrack)?;
                }
                self.set_membership(*service, vrack.as_deref());
                Ok(None)
            }
            Meddling::Closed { service, closed } => {
                self.the_service(*service)?;
                self.set_closed(*service, *closed);
                Ok(None)
            }
            Meddling::Port { interface, status } => {
                if !self.interfaces.contains_key(interface) {
                    return Err(Refusal::no_object("interface", interface));
                }
                self.set_port_status(*interface, *status);
                Ok(None)
            }
            Meddling::Light { interface, dark } => {
                if !self.interfaces.contains_key(interface) {
                    return Err(Refusal::no_object("interface", interface));
                }
                self.set_dark(*interface, *dark);
                Ok(None)
            }
            Meddling::Peer { pop, is } => {
                if !self.pops.contains_key(pop) {
                    return Err(Refusal::no_object("pop", pop));
                }
                self.set_peer(*pop, is.clone());
                Ok(None)
            }
            Meddling::Available { datacenter, available } => {
                if !self.catalogue.contains_key(datacenter) {
                    return Err(Refusal::no_object("datacenter", datacenter));
                }
                self.set_available(*datacenter, *available);
                Ok(None)
            }
            Meddling::Incident { service, maintenance, seconds } => {
                self.the_service(*service)?;
                Ok(Some(self.seed_incident(*service, *maintenance, seconds.map(Duration::from_secs))))
            }
            Meddling::NextTask { fate } => {
                self.fate_of_next_task(*fate);
                Ok(None)
            }
        }
    }

    fn erase(&mut self, id: u64) -> Result<(), Refusal> {
        if self.pops.contains_key(&id) {
            self.erase_pop(id);
        } else if self.datacenters.contains_key(&id) {
            self.erase_datacenter(id);
        } else if self.extras.contains_key(&id) {
            self.erase_extra(id);
        } else {
            return Err(Refusal::no_object("id", id));
        }
        Ok(())
    }

    /// Lets `call` start a task that ends as `fate` says. A call that starts none leaves no trace.
    pub(super) fn with_fate<T>(&mut self, fate: Fate, call: impl FnOnce(&mut Self) -> T) -> T {
        let decided = self.fates.len();
        self.fates.push_front(fate);
        let answer = call(self);
        if self.fates.len() > decided {
            self.fates.pop_front();
        }
        answer
    }
}
