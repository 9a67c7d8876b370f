//! Where a configuration is in its life: its own word, and the tasks at work on it.

use super::{ConfigId, Status, Task};
use crate::api::wire::ConfigStatus;
use crate::topology::ServiceId;

/// Where a configuration is in its life, by its own word and by the tasks about it, whichever of its `ids`
/// they name.
pub(super) fn status(own: &ConfigStatus, ids: &[ConfigId], tasks: &[(ServiceId, Task)]) -> Status {
    let about = |test: fn(&Task) -> bool| {
        let is_about = |service: ServiceId, task: &Task| ids.iter().any(|id| task.is_about(service, id));
        tasks.iter().any(|(service, task)| test(task) && is_about(*service, task))
    };
    match own {
        ConfigStatus::ToDelete => Status::Deleting,
        // Its word lags behind the task that deletes it.
        ConfigStatus::Active if about(Task::deletes_configuration) => Status::Deleting,
        ConfigStatus::Active => Status::Active,
        ConfigStatus::Init if about(Task::adds_configuration) => Status::Creating,
        ConfigStatus::Init => Status::Stuck,
        // A word that the published API does not have: it is neither there nor gone for certain.
        ConfigStatus::Other(_) => Status::Creating,
    }
}

/// The tasks that create something, and no number that was read (`ids`) is the one they name.
pub(super) fn unseen_creations<'a, I>(tasks: &[(ServiceId, Task)], ids: impl Fn() -> I) -> Vec<Task>
where
    I: Iterator<Item = &'a ConfigId>,
{
    let creations = tasks.iter().filter(|(_, task)| task.adds_configuration());
    let unseen = creations.filter(|(service, task)| !ids().any(|id| task.is_about(*service, id)));
    unseen.map(|(_, task)| task.clone()).collect()
}

/// What a vRack shares is not taken for failed while a task runs that may be creating it.
///
/// A service numbers what its vRack shares by itself: read through another one, or where its PoP has gone
/// since, nothing shows which number that was.
pub(super) fn trust(status: &mut Status, id: &ConfigId, unseen: &[Task]) {
    if *status == Status::Stuck && unseen.iter().any(|task| task.is_of_kind(id)) {
        *status = Status::Creating;
    }
}
