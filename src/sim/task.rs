//! Tasks: what the account does over time.
//!
//! A task of a service goes `todo` → `doing` → `done`; what is unfinished stands in the list, what
//! ended still answers by its id for a while. A task of a vRack goes `init` → `todo` → `doing` and
//! is then forgotten at once: a 404 is how it says that it is complete.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::Phase;
use super::moment::Moment;
use super::options::FailedCreation;
use super::world::World;
use crate::api::wire;

/// How a task is to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It does what it is for.
    #[default]
    Done,
    /// It fails: `error` (a vRack task: `cancelled`).
    Error,
    /// It is refused: `denied` (a vRack task: `cancelled`).
    Denied,
    /// It stays `doing` for ever.
    Stuck,
    /// It stays `pause` for ever (a vRack task, which has no such status: `doing`).
    Paused,
    /// It is forgotten when it would have ended, and nothing comes of it.
    Vanished,
    /// It ends as `done`, and nothing comes of it.
    InVain,
}

impl Fate {
    /// Whether a task of this fate never ends by itself.
    pub(super) const fn hangs(self) -> bool {
        matches!(self, Self::Stuck | Self::Paused)
    }
}

/// What a task of a service does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Work {
    AddPop(u64),
    AddDatacenter(u64),
    AddExtra(u64),
    /// Deletes the PoP and, by recursion, these datacenters.
    DelPop(u64, Vec<u64>),
    DelDatacenter(u64),
    DelExtra(u64),
    Lock(u64),
    Unlock(u64),
    /// Shows that the service enters a vRack; the vRack's own task does it.
    AddVrack,
    /// Shows that the service leaves its vRack.
    RemoveVrack,
}

impl Work {
    fn function(&self) -> wire::TaskFunction {
        match self {
            Self::AddPop(_) => wire::TaskFunction::AddPopConfiguration,
            Self::AddDatacenter(_) => wire::TaskFunction::AddDatacenterConfiguration,
            Self::AddExtra(_) => wire::TaskFunction::AddDatacenterExtraConfiguration,
            Self::DelPop(..) => wire::TaskFunction::DelPopConfiguration,
            Self::DelDatacenter(_) => wire::TaskFunction::DelDatacenterConfiguration,
            Self::DelExtra(_) => wire::TaskFunction::DelDatacenterExtraConfiguration,
            Self::Lock(_) => wire::TaskFunction::LockInterface,
            Self::Unlock(_) => wire::TaskFunction::UnlockInterface,
            Self::AddVrack => wire::TaskFunction::AddVrack,
            Self::RemoveVrack => wire::TaskFunction::RemoveVrack,
        }
    }
}

/// Where a task is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Stage {
    Init,
    Todo,
    Doing,
    Pause,
    Done,
    Error,
    Denied,
    Cancelled,
}

/// A task of a service.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) id: u64,
    pub(super) service: Uuid,
    pub(super) work: Work,
    pub(super) stage: Stage,
    pub(super) fate: Fate,
}

/// Whether a service enters or leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Move {
    In,
    Out,
}

/// A task of a vRack.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct VrackTask {
    pub(super) id: u64,
    pub(super) vrack: String,
    pub(super) service: Uuid,
    pub(super) direction: Move,
    pub(super) stage: Stage,
    pub(super) fate: Fate,
    pub(super) created: Moment,
    pub(super) changed: Moment,
}

impl VrackTask {
    pub(super) fn wire(&self) -> wire::VrackTask {
        wire::VrackTask {
            id: self.id,
            // Assumed: the published API gives no list of functions.
            function: Some(
                match self.direction {
                    Move::In => "addOvhCloudConnectToVrack",
                    Move::Out => "removeOvhCloudConnectFromVrack",
                }
                .to_owned(),
            ),
            status: match self.stage {
                Stage::Init => wire::VrackTaskStatus::Init,
                Stage::Todo => wire::VrackTaskStatus::Todo,
                Stage::Doing | Stage::Pause => wire::VrackTaskStatus::Doing,
                Stage::Done => wire::VrackTaskStatus::Done,
                Stage::Error | Stage::Denied | Stage::Cancelled => wire::VrackTaskStatus::Cancelled,
            },
            service_name: Some(self.vrack.clone()),
            target_domain: Some(self.service.to_string()),
            order_id: None,
            last_update: Some(self.changed.to_string()),
            todo_date: Some(self.created.to_string()),
        }
    }
}

/// Something that happens by itself at a known moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Event {
    /// A task of a service begins: `todo` → `doing`.
    Begin(u64),
    /// A task of a service ends.
    End(u64),
    /// The children of a recursive deletion turn `toDelete`.
    Doom(Vec<u64>),
    /// A task of a vRack is accepted: `init` → `todo`.
    VrackTodo(u64),
    /// A task of a vRack begins: `todo` → `doing`.
    VrackBegin(u64),
    /// A task of a vRack ends.
    VrackEnd(u64),
    /// A diagnostic's result arrives.
    Diagnosed(u64),
}

/// Part of a task's time before it is `doing`: one fifth (and half of that as `init`).
const WAITING: u32 = 5;

impl World {
    /// Starts a task that takes `span` and links it to what it creates or deletes.
    pub(super) fn start_task(&mut self, service: Uuid, work: Work, span: Duration) -> u64 {
        let fate = self.fates.pop_front().unwrap_or_default();
        let id = self.fresh_id();
        self.link(&work, Some(id));
        self.tasks.insert(id, Task { id, service, work, stage: Stage::Todo, fate });
        if let Some(owner) = self.services.get_mut(&service) {
            owner.tasks.insert(id);
        }
        self.schedule(span / WAITING, Event::Begin(id));
        if !fate.hangs() {
            self.schedule(span, Event::End(id));
        }
        self.touch();
        id
    }

    /// Starts a vRack task that takes `span`.
    pub(super) fn start_vrack_task(
        &mut self,
        vrack: &str,
        service: Uuid,
        direction: Move,
        span: Duration,
    ) -> u64 {
        let fate = self.fates.pop_front().unwrap_or_default();
        let id = self.fresh_id();
        let task = VrackTask {
            id,
            vrack: vrack.to_owned(),
            service,
            direction,
            stage: Stage::Init,
            fate,
            created: self.now,
            changed: self.now,
        };
        self.vrack_tasks.insert(id, task);
        if let Some(owner) = self.vracks.get_mut(vrack) {
            owner.tasks.insert(id);
        }
        if let Some(moved) = self.services.get_mut(&service) {
            moved.moving = Some(id);
        }
        self.schedule(span / (2 * WAITING), Event::VrackTodo(id));
        self.schedule(span / WAITING, Event::VrackBegin(id));
        if !fate.hangs() {
            self.schedule(span, Event::VrackEnd(id));
        }
        self.touch();
        id
    }

    /// A task as the API shows it. `resourceId` is the id that the task's service knows.
    pub(super) fn task_wire(&self, task: &Task) -> wire::Task {
        let shown = |id| self.shown_id(task.service, id);
        wire::Task {
            id: task.id,
            function: task.work.function(),
            resource_id: match &task.work {
                Work::AddPop(id) | Work::DelPop(id, _) | Work::Lock(id) | Work::Unlock(id) => Some(*id),
                Work::AddDatacenter(id)
                | Work::DelDatacenter(id)
                | Work::AddExtra(id)
                | Work::DelExtra(id) => Some(shown(*id)),
                Work::AddVrack | Work::RemoveVrack => None,
            },
            status: match task.stage {
                Stage::Init | Stage::Todo => wire::TaskStatus::Todo,
                Stage::Doing => wire::TaskStatus::Doing,
                Stage::Pause => wire::TaskStatus::Pause,
                Stage::Done => wire::TaskStatus::Done,
                Stage::Error | Stage::Cancelled => wire::TaskStatus::Error,
                Stage::Denied => wire::TaskStatus::Denied,
            },
        }
    }

    /// Lets one event happen, at the moment the account stands at.
    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Begin(id) => {
                if let Some(task) = self.tasks.get_mut(&id) {
                    task.stage = if task.fate == Fate::Paused { Stage::Pause } else { Stage::Doing };
                }
            }
            Event::End(id) => self.end_task(id),
            Event::Doom(datacenters) => {
                for id in datacenters {
                    self.turn_to_delete(id);
                }
            }
            Event::VrackTodo(id) => self.vrack_stage(id, Stage::Todo),
            Event::VrackBegin(id) => self.vrack_stage(id, Stage::Doing),
            Event::VrackEnd(id) => self.end_vrack_task(id),
            Event::Diagnosed(id) => self.finish_diagnostic(id),
        }
        self.touch();
    }

    fn end_task(&mut self, id: u64) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        task.stage = match task.fate {
            Fate::Done | Fate::Vanished | Fate::InVain => Stage::Done,
            Fate::Error => Stage::Error,
            Fate::Denied => Stage::Denied,
            Fate::Stuck | Fate::Paused => return,
        };
        let (work, service, fate) = (task.work.clone(), task.service, task.fate);
        if let Some(owner) = self.services.get_mut(&service) {
            owner.tasks.remove(&id);
        }
        if fate == Fate::Vanished {
            self.tasks.remove(&id);
        } else {
            self.retired.push_back((self.now.after(self.options.task_kept), id));
        }
        self.link(&work, None);
        if fate == Fate::Done { self.accomplish(&work) } else { self.fall_short(&work) }
    }

    /// Nothing goes wrong any more: what is under way will end well, and what hangs for ever ends now,
    /// like `hanging`, as when OVHcloud's support sees to it.
    pub fn relent(&mut self, hanging: Fate) {
        let relent = |fate: &mut Fate, stage: Stage| match stage {
            Stage::Init | Stage::Todo | Stage::Doing | Stage::Pause => {
                let hangs = fate.hangs();
                *fate = if hangs { hanging } else { Fate::Done };
                hangs
            }
            Stage::Done | Stage::Error | Stage::Denied | Stage::Cancelled => false,
        };
        let hangs = |task: &mut Task| relent(&mut task.fate, task.stage).then_some(task.id);
        let tasks: Vec<u64> = self.tasks.values_mut().filter_map(hangs).collect();
        let hangs = |task: &mut VrackTask| relent(&mut task.fate, task.stage).then_some(task.id);
        let moves: Vec<u64> = self.vrack_tasks.values_mut().filter_map(hangs).collect();
        tasks.into_iter().for_each(|id| self.end_task(id));
        moves.into_iter().for_each(|id| self.end_vrack_task(id));
        self.touch();
    }

    /// Notes on the configuration which task works on it.
    fn link(&mut self, work: &Work, task: Option<u64>) {
        if let Some(life) = self.life_of(work) {
            life.task = task;
        }
    }

    fn life_of(&mut self, work: &Work) -> Option<&mut super::model::Life> {
        match work {
            Work::AddPop(id) | Work::DelPop(id, _) => self.pops.get_mut(id).map(|pop| &mut pop.life),
            Work::AddDatacenter(id) | Work::DelDatacenter(id) => {
                self.datacenters.get_mut(id).map(|datacenter| &mut datacenter.life)
            }
            Work::AddExtra(id) | Work::DelExtra(id) => self.extras.get_mut(id).map(|extra| &mut extra.life),
            Work::Lock(_) | Work::Unlock(_) | Work::AddVrack | Work::RemoveVrack => None,
        }
    }

    fn accomplish(&mut self, work: &Work) {
        match work {
            Work::AddPop(_) | Work::AddDatacenter(_) | Work::AddExtra(_) => {
                if let Some(life) = self.life_of(work)
                    && life.phase == Phase::Init
                {
                    life.phase = Phase::Active;
                }
                if let Work::AddPop(id) = work {
                    self.stamp_pop(*id);
                }
            }
            Work::DelPop(id, datacenters) => {
                for datacenter in datacenters {
                    self.drop_datacenter(*datacenter);
                }
                self.erase_pop(*id);
            }
            Work::DelDatacenter(id) => self.drop_datacenter(*id),
            Work::DelExtra(id) => self.drop_extra(*id),
            Work::Lock(id) => self.put_port_status(*id, super::model::PortStatus::Disabled),
            Work::Unlock(id) => self.put_port_status(*id, super::model::PortStatus::Enabled),
            Work::AddVrack | Work::RemoveVrack => {}
        }
    }

    /// Whether the deletion of another PoP still takes a datacenter with it.
    fn is_taken(&self, datacenter: u64) -> bool {
        let unfinished = self.services.values().flat_map(|service| &service.tasks);
        let mut works = unfinished.filter_map(|id| self.tasks.get(id)).map(|task| &task.work);
        works.any(|work| matches!(work, Work::DelPop(_, taken) if taken.contains(&datacenter)))
    }

    fn goes_with_its_datacenter(&self, extra: u64) -> bool {
        let Some(extra) = self.extras.get(&extra) else { return false };
        extra.life.doomed || self.datacenters.get(&extra.datacenter).is_some_and(|it| it.life.is_going())
    }

    /// A failed creation leaves `init` or nothing; a failed deletion leaves what was there.
    /// Assumed: what the real API leaves behind is not documented.
    fn fall_short(&mut self, work: &Work) {
        let removes = self.options.failed_creation == FailedCreation::Removed;
        match work {
            Work::AddPop(id) if removes => self.erase_pop(*id),
            Work::AddDatacenter(id) if removes => self.drop_datacenter(*id),
            Work::AddExtra(id) if removes => self.drop_extra(*id),
            Work::DelPop(id, datacenters) => {
                for datacenter in
                    datacenters.iter().filter(|id| !self.is_taken(**id)).copied().collect::<Vec<_>>()
                {
                    self.spare_datacenter(datacenter);
                }
                if let Some(pop) = self.pops.get_mut(id) {
                    pop.life.phase = Phase::Active;
                }
            }
            // The deletion of its PoP may take it all the same.
            Work::DelDatacenter(id) if self.datacenters.get(id).is_some_and(|it| !it.life.doomed) => {
                self.spare_datacenter(*id);
            }
            // The deletion of its datacenter takes it all the same.
            Work::DelExtra(id) if !self.goes_with_its_datacenter(*id) => {
                if let Some(extra) = self.extras.get_mut(id) {
                    extra.life.phase = Phase::Active;
                }
            }
            _ => {}
        }
    }

    fn vrack_stage(&mut self, id: u64, stage: Stage) {
        let now = self.now;
        if let Some(task) = self.vrack_tasks.get_mut(&id) {
            task.stage = stage;
            task.changed = now;
        }
    }

    fn end_vrack_task(&mut self, id: u64) {
        let Some(task) = self.vrack_tasks.get(&id).cloned() else { return };
        if let Some(owner) = self.vracks.get_mut(&task.vrack) {
            owner.tasks.remove(&id);
        }
        if let Some(service) = self.services.get_mut(&task.service) {
            service.moving = None;
        }
        if matches!(task.fate, Fate::Error | Fate::Denied) {
            // A task that failed still answers, or nobody could tell it from one that is complete.
            self.vrack_stage(id, Stage::Cancelled);
            self.retired.push_back((self.now.after(self.options.task_kept), id));
            return;
        }
        self.vrack_tasks.remove(&id);
        if task.fate != Fate::Done {
            return;
        }
        match task.direction {
            Move::In => self.put_membership(task.service, Some(&task.vrack)),
            Move::Out => self.put_membership(task.service, None),
        }
    }
}
