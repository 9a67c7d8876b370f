//! How the simulated API behaves where nobody has published how the real one does.

use std::time::Duration;

/// What becomes of a configuration whose creation failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FailedCreation {
    /// It stays `init` with no unfinished task.
    #[default]
    StaysInit,
    /// It is gone.
    Removed,
}

/// How the simulated API behaves.
///
/// Assumed, all of it: durations, and each choice that is a `bool`, stand for something that
/// OVHcloud does not document. A client has to be right under every setting.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// How long one creation or deletion takes.
    pub task: Duration,
    /// How long entering or leaving a vRack takes.
    pub vrack_task: Duration,
    /// How much slower a recursive deletion is than the deletions it stands for, one by one.
    /// That it is slower: OVHcloud's API guide. How much: assumed.
    pub recursion_factor: f64,
    /// How long after a recursive deletion began its children turn `toDelete`.
    pub children_delay: Duration,
    /// How long a task that ended still answers by its id.
    pub task_kept: Duration,
    /// Whether a service that runs a task refuses a second one (409).
    pub serialize: bool,
    /// Whether a datacenter that several services share bears another id under each of them.
    pub distinct_ids_per_service: bool,
    /// Whether a PoP that is still `init` already shows the datacenters of its vRack.
    pub inherited_while_init: bool,
    /// Whether a parent that is still `init` takes children.
    pub init_parent_takes_children: bool,
    /// Whether a PoP can be configured on an interface that is locked.
    pub locked_interface_takes_pop: bool,
    /// Whether entering and leaving a vRack also show as tasks of the service.
    pub membership_shows_on_service: bool,
    /// What becomes of a configuration whose creation failed.
    pub failed_creation: FailedCreation,
    /// Time that passes before each answer (HTTP only).
    pub latency: Duration,
    /// How old an expanded list may be unless the client asks for a fresh one (HTTP only).
    pub list_cache: Duration,
    /// How long an OAuth2 token is good (HTTP only).
    pub token_lifetime: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            task: Duration::from_secs(20),
            vrack_task: Duration::from_secs(20),
            recursion_factor: 1.5,
            children_delay: Duration::from_secs(5),
            task_kept: Duration::from_secs(3600),
            serialize: false,
            distinct_ids_per_service: false,
            inherited_while_init: true,
            init_parent_takes_children: false,
            locked_interface_takes_pop: false,
            membership_shows_on_service: false,
            failed_creation: FailedCreation::StaysInit,
            latency: Duration::ZERO,
            list_cache: Duration::from_secs(60),
            token_lifetime: Duration::from_secs(3600),
        }
    }
}
