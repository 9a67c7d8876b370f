//! Services entering and leaving vRacks.

use uuid::Uuid;

use super::refusal::Refusal;
use super::rules::MAX_SERVICES;
use super::task::{Move, Work};
use super::world::World;
use crate::api::wire;

impl World {
    /// Puts a service into a vRack.
    ///
    /// # Errors
    /// 404 where the vRack or the service is not there; 409 where the service is closed, in a vRack,
    /// or on the way into or out of one, or the vRack is full (16 services).
    pub fn attach(&mut self, vrack: &str, service: Uuid) -> Result<wire::VrackTask, Refusal> {
        let target = self.the_vrack(vrack)?;
        let entering =
            self.services.get(&service).ok_or_else(|| Refusal::no_object("ovhCloudConnect", service))?;
        if entering.closed {
            return Err(Refusal::conflict("this service is closed"));
        }
        if entering.moving.is_some() {
            return Err(Refusal::conflict("this service is already entering or leaving a vRack"));
        }
        if let Some(current) = &entering.vrack {
            return Err(Refusal::conflict(format!("this service is already in {current}")));
        }
        let arriving = target.tasks.iter().filter_map(|id| self.vrack_tasks.get(id));
        let arriving = arriving.filter(|task| task.direction == Move::In).count();
        if target.services.len() + arriving >= MAX_SERVICES {
            return Err(Refusal::conflict(format!("{vrack} already has {MAX_SERVICES} services")));
        }
        self.begin_move(vrack, service, Move::In)
    }

    /// Takes a service out of a vRack.
    ///
    /// # Errors
    /// 404 where it is not in that vRack; 409 while it has a PoP configuration (Assumed: the
    /// published API does not say so) or is already leaving.
    pub fn detach(&mut self, vrack: &str, service: Uuid) -> Result<wire::VrackTask, Refusal> {
        self.attached_service(vrack, service)?;
        let leaving = self.the_service(service)?;
        if leaving.moving.is_some() {
            return Err(Refusal::conflict("this service is already entering or leaving a vRack"));
        }
        if !leaving.pops.is_empty() {
            return Err(Refusal::conflict("this service has a PoP configuration: delete it first"));
        }
        self.begin_move(vrack, service, Move::Out)
    }

    fn begin_move(
        &mut self,
        vrack: &str,
        service: Uuid,
        direction: Move,
    ) -> Result<wire::VrackTask, Refusal> {
        let span = self.options.vrack_task;
        if self.options.membership_shows_on_service {
            self.not_busy(self.the_service(service)?)?;
        }
        let id = self.start_vrack_task(vrack, service, direction, span);
        if self.options.membership_shows_on_service {
            let work = match direction {
                Move::In => Work::AddVrack,
                Move::Out => Work::RemoveVrack,
            };
            self.start_task(service, work, span);
        }
        self.vrack_task(vrack, id)
    }
}
