//! What has to be so once a wait for what someone else began is over.

use super::{Operation, Plan, Step};
use crate::diff::Action;
use crate::live::{ConfigId, Status};
use crate::topology::{Interface, InterfaceState, ServiceId, Spec};

/// The effect of a task that someone else began, where later steps build on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Awaited {
    /// A service is in the vRack of the step, or no longer in it.
    Membership {
        /// The service.
        service: ServiceId,
        /// Whether it is in it.
        inside: bool,
    },
    /// An interface is in a state.
    Interface {
        /// The service.
        service: ServiceId,
        /// The interface.
        interface: u64,
        /// The state.
        state: InterfaceState,
    },
}

impl Plan {
    /// What the end of a task that a step waits for shall have led to. Nothing where the plan undoes it
    /// afterwards, however it ended.
    #[must_use]
    pub fn awaited(&self, step: &Step) -> Option<Awaited> {
        let change = self.changes.get(step.change?)?;
        let before = change.before.as_ref()?;
        let service = change.address.service()?;
        match (&step.operation, &before.id, &change.after) {
            (Operation::AwaitVrackTask { .. }, ConfigId::Member, _) => {
                let inside = match (change.action, before.status) {
                    (Action::Wait, Status::Creating) => true,
                    (_, Status::Deleting) => false,
                    _ => return None,
                };
                Some(Awaited::Membership { service, inside })
            }
            (
                Operation::AwaitTask { .. },
                ConfigId::Interface(interface),
                Some(Spec::Interface(Interface { state })),
            ) if change.action == Action::Wait => {
                Some(Awaited::Interface { service, interface: *interface, state: *state })
            }
            _ => None,
        }
    }
}
