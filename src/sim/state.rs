//! The account as a file: all of it, so that a simulator that was killed goes on where it was.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
        world.options = options;
        Ok(world)
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

/// Puts a file in place in one step: a new file beside it, on the disk, then renamed over it.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
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
