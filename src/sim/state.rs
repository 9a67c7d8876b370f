//! The account as a file: all of it, so that a simulator that was killed goes on where it was.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::Home;
use super::options::Options;
use super::world::World;

/// The version of the file this program writes, and the only one it reads.
const VERSION: u64 = 1;

/// Why a state file cannot be used. The file is left as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The file cannot be read.
    #[error("cannot read the state file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the state file {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not a state.
    #[error(
        "{path} is not a simulator's state file, or it is damaged ({message}): move it away to start afresh"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// Another simulator keeps its account there.
    #[error("another simulator is using the state file {path}: stop it, or use another file")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is of another version of this program.
    #[error(
        "{path} is a state file of version {found}; this program reads version {VERSION}: move it away to start afresh"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The version it bears.
        found: u64,
    },
}

/// A file that one simulator keeps its account in, from [`StateFile::open`] until it is dropped.
///
/// Beside it stands an empty file of the same name and `.lock`: while a simulator runs, another one
/// is refused. A simulator that was killed holds nothing.
///
/// ```no_run
/// # use ovhconnect::sim::{Account, Options, Simulator, StateFile, World, clock::SystemClock};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (account, options) = (Account::default(), Options::default());
/// let file = StateFile::open("state.json".as_ref())?;
/// let world = match file.load(options.clone())? {
///     Some(world) => world,
///     None => World::new(&account, options)?,
/// };
/// let simulator = Simulator::from_world(world, std::sync::Arc::new(SystemClock::new())).with_state(file)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    /// Held, not read: the lock goes with it.
    _lock: Option<File>,
    /// The revision that is in the file.
    saved: AtomicU64,
}

/// No revision of an account is this one.
const NEVER: u64 = u64::MAX;

impl StateFile {
    /// Takes hold of a state file, which need not be there yet.
    ///
    /// # Errors
    /// Where another simulator has hold of it, or its folder cannot be written.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".lock");
        let lock = File::create(PathBuf::from(beside))
            .map_err(|source| StateError::Write { path: path.to_owned(), source })?;
        let lock = match lock.try_lock() {
            Ok(()) => Some(lock),
            Err(TryLockError::WouldBlock) => return Err(StateError::InUse { path: path.to_owned() }),
            // A file system without locks: then whoever runs two simulators on one file is not told.
            Err(TryLockError::Error(error)) => {
                tracing::debug!("cannot lock {}: {error}", path.display());
                None
            }
        };
        Ok(Self { path: path.to_owned(), _lock: lock, saved: AtomicU64::new(NEVER) })
    }

    /// The account in it; `None` where there is no file yet.
    ///
    /// # Errors
    /// Where it cannot be read or is not a state of this version. It is left as it is.
    pub fn load(&self, options: Options) -> Result<Option<World>, StateError> {
        match World::load(&self.path, options) {
            Err(StateError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            loaded => loaded.map(Some),
        }
    }

    /// Writes the account, unless this revision of it is there already.
    pub(super) fn save(&self, world: &World) -> Result<(), StateError> {
        if self.saved.load(Ordering::SeqCst) != world.revision() {
            world.save(&self.path)?;
            self.saved.store(world.revision(), Ordering::SeqCst);
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Written<'a> {
    version: u64,
    world: &'a World,
}

#[derive(Deserialize)]
struct Read {
    version: u64,
    world: Value,
}

impl World {
    /// The whole account as JSON.
    #[must_use]
    pub fn to_state(&self) -> String {
        // Maps with keys that JSON can write, and nothing else: this does not fail.
        serde_json::to_string(&Written { version: VERSION, world: self }).unwrap_or_default()
    }

    /// The account out of its JSON, behaving as `options` say.
    ///
    /// # Errors
    /// Where the text is not a state of this version; `path` is what the error names.
    pub fn from_state(text: &str, options: Options, path: &Path) -> Result<Self, StateError> {
        let damaged = |error: serde_json::Error| StateError::Damaged {
            path: path.to_owned(),
            message: error.to_string(),
        };
        let read: Read = serde_json::from_str(text).map_err(damaged)?;
        if read.version != VERSION {
            return Err(StateError::Version { path: path.to_owned(), found: read.version });
        }
        let mut world: Self = serde_json::from_value(read.world).map_err(damaged)?;
        if let Some(message) = world.astray() {
            return Err(StateError::Damaged { path: path.to_owned(), message });
        }
        world.options = options;
        Ok(world)
    }

    /// What is wrong with the account as a whole, if anything: something it names is not in it, or an
    /// id would be given a second time.
    fn astray(&self) -> Option<String> {
        let services = self.services.values().find_map(|service| {
            lost("interface", &service.interfaces, &self.interfaces)
                .or_else(|| lost("PoP configuration", &service.pops, &self.pops))
                .or_else(|| lost("task", &service.tasks, &self.tasks))
                .or_else(|| lost("diagnostic", &service.diagnostics, &self.diagnostics))
                .or_else(|| lost("incident", &service.incidents, &self.incidents))
                .or_else(|| lost("vRack", &service.vrack, &self.vracks))
        });
        let vracks = || {
            self.vracks.values().find_map(|vrack| {
                lost("service", &vrack.services, &self.services)
                    .or_else(|| lost("datacenter configuration", &vrack.datacenters, &self.datacenters))
                    .or_else(|| lost("vRack task", &vrack.tasks, &self.vrack_tasks))
            })
        };
        let pops = || {
            self.pops.values().find_map(|pop| {
                lost("service", &[pop.service], &self.services)
                    .or_else(|| lost("datacenter configuration", &pop.datacenters, &self.datacenters))
            })
        };
        let datacenters = || {
            self.datacenters.values().find_map(|datacenter| {
                lost("extra configuration", &datacenter.extras, &self.extras).or_else(|| {
                    match &datacenter.home {
                        Home::Vrack(name) => lost("vRack", [name], &self.vracks),
                        Home::Pop(id) => lost("PoP configuration", [id], &self.pops),
                    }
                })
            })
        };
        let extras = || {
            let parents = self.extras.values().map(|extra| &extra.datacenter);
            lost("datacenter configuration", parents, &self.datacenters)
        };
        services
            .or_else(vracks)
            .or_else(pops)
            .or_else(datacenters)
            .or_else(extras)
            .or_else(|| self.id_again())
    }

    fn id_again(&self) -> Option<String> {
        let configurations = self.pops.keys().chain(self.datacenters.keys()).chain(self.extras.keys());
        let tasks = self.tasks.keys().chain(self.vrack_tasks.keys());
        let ids = configurations.chain(tasks).chain(self.diagnostics.keys()).chain(self.incidents.keys());
        let last = ids.max().filter(|last| **last >= self.next_id)?;
        Some(format!("the next id is {}, and {last} is in use", self.next_id))
    }

    /// Reads a state file.
    ///
    /// # Errors
    /// Where it cannot be read or is not a state of this version.
    pub fn load(path: &Path, options: Options) -> Result<Self, StateError> {
        let text =
            fs::read_to_string(path).map_err(|source| StateError::Read { path: path.to_owned(), source })?;
        Self::from_state(&text, options, path)
    }

    /// Writes the state file. Whenever the program dies, the file is the old one or the new one.
    ///
    /// # Errors
    /// Where it cannot be written; the old file is then left as it is.
    pub fn save(&self, path: &Path) -> Result<(), StateError> {
        write_whole(path, self.to_state().as_bytes())
            .map_err(|source| StateError::Write { path: path.to_owned(), source })
    }
}

/// Says which of the names is not there, if any.
fn lost<'a, K: Ord + std::fmt::Display + 'a, V>(
    kind: &str,
    names: impl IntoIterator<Item = &'a K>,
    there: &BTreeMap<K, V>,
) -> Option<String> {
    let name = names.into_iter().find(|name| !there.contains_key(*name))?;
    Some(format!("{kind} {name} is not there"))
}

/// Puts a file in place in one step: a new file beside it, on the disk, then renamed over it.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    // Always the same name: what a kill leaves behind, the next writing takes up.
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    });
    if written.is_err() {
        // Nothing to do about a leftover that cannot be removed either.
        let _ = fs::remove_file(&beside);
    }
    written?;
    // The rename itself lasts once the directory is on the disk; not every system can do that.
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
    Ok(())
}
