//! The files and folders a user names → [`Sources`].

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Topology;
use super::parse;
use super::rules::reading;
use crate::diagnostic::{Diagnostic, Source, Sources};

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// The deepest folder below one that was named.
const MAX_FOLDER_DEPTH: usize = 64;

/// What was read, what it says, and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Loaded {
    /// The texts; what the diagnostics are rendered over.
    pub sources: Sources,
    /// What they say, as far as it could be understood.
    pub topology: Topology,
    /// What is wrong, files that cannot be read first. With an error among them the topology is
    /// incomplete and not to be acted on.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads and parses the topology in `paths`: [`read`], then [`parse`].
#[must_use]
pub fn load<P: AsRef<Path>>(paths: &[P]) -> Loaded {
    let (sources, mut diagnostics) = read(paths);
    let (topology, found) = parse(&sources);
    diagnostics.extend(found);
    Loaded { sources, topology, diagnostics }
}

/// Reads every file in `paths`, in their order.
///
/// A file is read whatever its name is. A folder stands for every file in it, at any depth, that ends in
/// `.yaml` or `.yml`, sorted by path, without hidden ones. A file that is reached twice is read once.
/// What cannot be read is a diagnostic, and the rest is read all the same.
#[must_use]
pub fn read<P: AsRef<Path>>(paths: &[P]) -> (Sources, Vec<Diagnostic>) {
    let mut reading = Reading::default();
    for path in paths {
        reading.named(path.as_ref());
    }
    (reading.sources, reading.diagnostics)
}

/// The topology that comes out of `reader`, as [`read`] would read it from a file called `name`.
#[must_use]
pub fn read_from(reader: impl Read, name: &str) -> (Sources, Vec<Diagnostic>) {
    let mut reading = Reading::default();
    reading.bytes(Path::new(name), read_limited(reader));
    (reading.sources, reading.diagnostics)
}

#[derive(Default)]
struct Reading {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
    /// The files and folders that were reached, by the path that symbolic links lead to.
    reached: HashSet<PathBuf>,
}

impl Reading {
    /// A path the user named.
    fn named(&mut self, path: &Path) {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return self.unreadable(path, &error),
        };
        if metadata.is_file() || is_open_already(path) {
            return self.file(path);
        }
        if !metadata.is_dir() {
            // Opening a pipe waits for whoever writes to it, and some devices never end.
            let message = format!("cannot read `{}`: it is neither a file nor a folder", path.display());
            self.diagnostics.push(
                reading::UNREADABLE.unplaced(message).about(path).help("write what it holds to a file first"),
            );
            return;
        }
        let (mut files, told) = (Vec::new(), self.diagnostics.len());
        self.folder(path, MAX_FOLDER_DEPTH, &mut files);
        if files.is_empty() && self.diagnostics.len() == told {
            let message = format!("the folder `{}` holds no topology", path.display());
            self.diagnostics.push(
                reading::EMPTY_FOLDER
                    .unplaced(message)
                    .about(path)
                    .help("name a folder with .yaml or .yml files in it, or a file"),
            );
        }
        files.sort();
        for file in files {
            self.file(&file);
        }
    }

    /// Adds the topology files below `path` to `files`.
    fn folder(&mut self, path: &Path, depth: usize, files: &mut Vec<PathBuf>) {
        // Links can lead back up; a folder is walked once.
        if depth == 0 || !self.first_time(path) {
            return;
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(path, &error),
        };
        for entry in entries {
            let path = match entry {
                Ok(entry) => entry.path(),
                Err(error) => {
                    self.unreadable(path, &error);
                    continue;
                }
            };
            if is_hidden(&path) {
                continue;
            }
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => self.folder(&path, depth - 1, files),
                Ok(metadata) if metadata.is_file() && is_topology(&path) => files.push(path),
                // A link to nowhere that bears the name of a topology is one that is missing.
                Err(error) if is_topology(&path) => self.unreadable(&path, &error),
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn file(&mut self, path: &Path) {
        if !self.first_time(path) {
            return;
        }
        self.bytes(path, File::open(path).and_then(read_limited));
    }

    /// Takes what was read of a file as its text.
    fn bytes(&mut self, path: &Path, bytes: io::Result<Vec<u8>>) {
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(error) => return self.unreadable(path, &error),
        };
        if bytes.len() as u64 > MAX_FILE_BYTES {
            let message = format!("the file `{}` is larger than 64 MiB", path.display());
            self.diagnostics.push(
                reading::TOO_LARGE
                    .unplaced(message)
                    .about(path)
                    .help("check that it is a topology; if it is, split it by vRack"),
            );
            return;
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                self.sources.add(Source { path: path.to_owned(), text });
            }
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let line = 1 + error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count();
                let message = match error.as_bytes() {
                    [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                        format!("the file `{}` is not UTF-8, but UTF-16", path.display())
                    }
                    _ => format!("the file `{}` is not UTF-8: see line {line}", path.display()),
                };
                self.diagnostics.push(
                    reading::NOT_UTF8.unplaced(message).about(path).help("save it with the encoding UTF-8"),
                );
            }
        }
    }

    /// Whether `path` is reached for the first time. A pipe has no lasting path and always is.
    fn first_time(&mut self, path: &Path) -> bool {
        fs::canonicalize(path).map_or(true, |real| self.reached.insert(real))
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        let message = format!("cannot read `{}`: {}", path.display(), reason(error));
        self.diagnostics.push(reading::UNREADABLE.unplaced(message).about(path));
    }
}

/// The bytes of a file, at most one more than [`MAX_FILE_BYTES`]: some files never end.
fn read_limited(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether `path` names something this program was started with: `/dev/stdin`, or what a shell puts in the
/// place of `<(command)`. It is read whatever it is, as nobody has to be waited for to open it.
fn is_open_already(path: &Path) -> bool {
    ["/dev/stdin", "/dev/fd", "/proc/self/fd"].iter().any(|known| path.starts_with(known))
}

/// What went wrong, in the same words on every system where it is one of the usual things.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_topology(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files in it.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("# {file}\n")).unwrap();
        }
        folder
    }

    fn read_names(root: &Path, paths: &[PathBuf]) -> (Vec<String>, Vec<&'static str>) {
        let (sources, diagnostics) = read(paths);
        let name = |source: &Source| source.path.strip_prefix(root).unwrap().display().to_string();
        let names = sources.iter().map(|(_, source)| name(source)).collect();
        (names, diagnostics.iter().map(|diagnostic| diagnostic.rule.code).collect())
    }

    #[test]
    fn a_folder_stands_for_its_topologies_at_any_depth_in_order() {
        let folder = folder(&["b.yaml", "a/z.yml", "a/readme.md", ".git/x.yaml", "a/.hidden.yaml", "c.YAML"]);
        let (names, codes) = read_names(folder.path(), &[folder.path().to_owned()]);
        assert_eq!(names, ["a/z.yml", "b.yaml", "c.YAML"]);
        assert!(codes.is_empty(), "{codes:?}");
    }

    #[test]
    fn a_file_that_is_named_is_read_whatever_its_name_and_only_once() {
        let folder = folder(&["topology", "a.yaml"]);
        let paths = [folder.path().join("topology"), folder.path().join("a.yaml"), folder.path().to_owned()];
        let (names, codes) = read_names(folder.path(), &paths);
        assert_eq!(names, ["topology", "a.yaml"]);
        assert!(codes.is_empty(), "{codes:?}");
    }

    #[test]
    fn what_cannot_be_read_is_said_and_does_not_hide_the_rest() {
        let folder = folder(&["a.yaml", "empty/readme.md"]);
        let latin1 = folder.path().join("latin1.yaml");
        fs::write(&latin1, b"version: 1\n# caf\xe9\n").unwrap();
        let huge = folder.path().join("huge.yaml");
        File::create(&huge).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
        let paths = [
            folder.path().join("missing.yaml"),
            folder.path().join("empty"),
            latin1,
            huge,
            folder.path().join("a.yaml"),
        ];
        let (names, codes) = read_names(folder.path(), &paths);
        assert_eq!(names, ["a.yaml"]);
        assert_eq!(codes, ["OCC001", "OCC002", "OCC003", "OCC004"]);
    }

    #[test]
    fn what_vanishes_while_a_folder_is_read_is_said() {
        let folder = folder(&["a.yaml", "b.yaml", "c/c.yaml"]);
        let mut reading = Reading::default();
        let mut files = Vec::new();
        reading.folder(folder.path(), MAX_FOLDER_DEPTH, &mut files);
        let gone = folder.path().join("a.yaml");
        fs::remove_file(&gone).unwrap();
        fs::remove_dir_all(folder.path().join("c")).unwrap();
        assert_eq!(files.len(), 3);
        files.sort();
        files.iter().for_each(|file| reading.file(file));
        reading.folder(&folder.path().join("c"), MAX_FOLDER_DEPTH, &mut files);

        let read: Vec<_> = reading.sources.iter().map(|(_, source)| source.path.clone()).collect();
        assert_eq!(read, [folder.path().join("b.yaml")]);
        let told: Vec<_> = reading.diagnostics.iter().map(|it| (it.rule.code, it.file.clone())).collect();
        let paths = [gone.clone(), folder.path().join("c/c.yaml"), folder.path().join("c")];
        assert_eq!(told, paths.map(|path| ("OCC001", Some(path))));
        assert_eq!(
            reading.diagnostics[0].message,
            format!("cannot read `{}`: there is no such file or folder", gone.display())
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_loops_survived() {
        use std::os::unix::fs::symlink;
        let folder = folder(&["real/a.yaml"]);
        symlink(folder.path(), folder.path().join("real/up")).unwrap();
        symlink("real", folder.path().join("same")).unwrap();
        symlink("self.yaml", folder.path().join("self.yaml")).unwrap();
        symlink("nowhere", folder.path().join("broken.yaml")).unwrap();
        let (sources, diagnostics) = read(&[folder.path()]);
        assert_eq!(sources.iter().count(), 1, "{sources:?}");
        let codes: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.rule.code).collect();
        assert_eq!(codes, ["OCC001", "OCC001"], "{diagnostics:?}");
    }
}
