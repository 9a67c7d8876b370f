//! The account with what surrounds it: a clock, credentials, a log, a cache of lists, a state file.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::account::{Account, AccountError};
use super::auth::Credentials;
use super::clock::Clock;
use super::fault::{Effect, Fault, Faults};
use super::grant::Grants;
use super::log::{Log, LogEntry};
use super::moment::Moment;
use super::options::Options;
use super::pages::Cache;
use super::state::{StateError, StateFile};
use super::world::World;

/// A simulated account that can be called: share it as `Arc<Simulator>`.
pub struct Simulator {
    world: Mutex<World>,
    clock: Arc<dyn Clock>,
    /// How many milliseconds the account's time is ahead of the clock: a state file saved by a faster
    /// clock, or time that was skipped.
    ahead: AtomicU64,
    credentials: Credentials,
    state: Option<StateFile>,
    /// Expanded lists, which the API serves from a cache.
    pub(super) cache: Mutex<Cache>,
    /// What plain reads answered, for faults that have them answer it again.
    pub(super) stale: Mutex<Cache>,
    faults: Mutex<Faults>,
    log: Mutex<Log>,
    answers: AtomicU64,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").finish_non_exhaustive()
    }
}

impl Simulator {
    /// An account as it is described, with everything in it in force.
    ///
    /// # Errors
    /// Where a name stands twice in the account or a vRack it names is not there.
    pub fn new(account: &Account, options: Options, clock: Arc<dyn Clock>) -> Result<Self, AccountError> {
        let simulator = Self::from_world(World::new(account, options)?, clock);
        Ok(simulator.with_grants(account.credentials.clone()))
    }

    /// An account in any state.
    #[must_use]
    pub fn from_world(mut world: World, clock: Arc<dyn Clock>) -> Self {
        let now = clock.now();
        // An account with something under way goes on from its own moment, however long it was not
        // simulated; what a stopped simulator had under way ends as its time would have had it.
        let ahead = millis(world.now().since(now));
        world.advance(now);
        Self {
            world: Mutex::new(world),
            clock,
            ahead: AtomicU64::new(ahead),
            credentials: Credentials::default(),
            state: None,
            cache: Mutex::default(),
            stale: Mutex::default(),
            faults: Mutex::default(),
            log: Mutex::default(),
            answers: AtomicU64::new(0),
        }
    }

    /// The same, called with these credentials.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// The same, called also with the account's own credentials.
    #[must_use]
    pub fn with_grants(mut self, grants: Grants) -> Self {
        self.credentials.grants = grants;
        self
    }

    /// The same, kept in this file: it is written now, and after every change. What the file held is
    /// overwritten; to go on from it, see [`StateFile`].
    ///
    /// # Errors
    /// Where the file cannot be written, or another simulator keeps its account there.
    pub fn with_state_file(self, path: &Path) -> Result<Self, StateError> {
        self.with_state(StateFile::open(path)?)
    }

    /// The same, kept in this file: it is written now, and after every change.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn with_state(mut self, file: StateFile) -> Result<Self, StateError> {
        self.state = Some(file);
        self.save(&lock(&self.world))?;
        Ok(self)
    }

    /// What a client needs to call it.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The account's time.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.clock.now().after(Duration::from_millis(self.ahead.load(Ordering::SeqCst)))
    }

    /// Lets the account's time jump forward by `span`, whatever the clock says.
    pub fn skip(&self, span: Duration) {
        let add = |ahead: u64| Some(ahead.saturating_add(millis(span)));
        // Never refuses: the closure always has a value.
        let _ = self.ahead.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
    }

    /// From now on, this goes wrong too.
    pub fn add_fault(&self, fault: Fault) {
        lock(&self.faults).add(fault);
    }

    /// What goes wrong, in the order it was added.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        lock(&self.faults).list()
    }

    /// From now on, nothing goes wrong on purpose.
    pub fn clear_faults(&self) {
        lock(&self.faults).clear();
    }

    /// How many requests have met with something that goes wrong on purpose.
    #[must_use]
    pub fn struck(&self) -> u64 {
        lock(&self.faults).struck()
    }

    /// What goes wrong with this request, if anything.
    pub(super) fn strike(&self, method: &str, path: &str) -> Option<Effect> {
        lock(&self.faults).strike(method, path)
    }

    /// The time that `/auth/time` answers.
    #[must_use]
    pub fn wall(&self) -> Moment {
        self.clock.wall()
    }

    /// The account as it is now. It is locked until the guard is dropped: do not hold it across an
    /// `.await`. What is changed through it is saved when it is dropped.
    #[must_use]
    pub fn world(&self) -> WorldGuard<'_> {
        let mut world = lock(&self.world);
        world.advance(self.now());
        WorldGuard { simulator: self, world }
    }

    /// The requests so far, oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<LogEntry> {
        lock(&self.log).entries()
    }

    /// Forgets the requests so far.
    pub fn clear_log(&self) {
        lock(&self.log).clear();
    }

    /// When something next happens by itself.
    #[must_use]
    pub fn next_event(&self) -> Option<Moment> {
        self.world().next_event()
    }

    pub(super) fn note(&self, entry: LogEntry) {
        lock(&self.log).push(entry);
    }

    /// A new `X-OVH-QUERYID`.
    pub(super) fn query_id(&self) -> String {
        format!("SIM.ext-1.{:08x}", self.answers.fetch_add(1, Ordering::Relaxed))
    }

    /// Writes the state file, where there is one and the account has changed since.
    pub(super) fn save(&self, world: &World) -> Result<(), StateError> {
        self.state.as_ref().map_or(Ok(()), |file| file.save(world))
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The account, locked.
pub struct WorldGuard<'a> {
    simulator: &'a Simulator,
    world: MutexGuard<'a, World>,
}

impl Deref for WorldGuard<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for WorldGuard<'_> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Drop for WorldGuard<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.simulator.save(&self.world) {
            tracing::error!("{error}");
        }
    }
}

/// Locks what no panic can leave half done.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
