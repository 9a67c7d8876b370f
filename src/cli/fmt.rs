//! `fmt`: topology files in their canonical form.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use similar::TextDiff;
use tempfile::NamedTempFile;

use super::args::Fmt;
use super::exit::Exit;
use super::{error, out, say, story};
use crate::diagnostic::{self, Diagnostic, Source, Sources};
use crate::topology::files;
use crate::topology::format::{self, Refused};

/// How standard input is named.
const STDIN: &str = "-";

/// What came of a file.
enum Outcome {
    /// It was canonical already.
    Unchanged,
    /// It was not.
    Changed,
    /// It could not be formatted, and that has been said.
    Failed,
}

pub(super) fn run(args: &Fmt) -> Exit {
    let stdin = args.paths.iter().any(|path| path == Path::new(STDIN));
    if stdin && args.paths.len() > 1 {
        error("standard input (`-`) is formatted alone");
        return Exit::Usage;
    }
    let (sources, unreadable) =
        if stdin { files::read_from(io::stdin().lock(), STDIN) } else { files::read(&args.paths) };
    tell(&unreadable, &sources);
    let mut failed = !unreadable.is_empty();
    let mut changed = 0;
    for (_, source) in sources.iter() {
        match file(source, args.check) {
            Outcome::Unchanged => {}
            Outcome::Changed => changed += 1,
            Outcome::Failed => failed = true,
        }
    }
    let files = if changed == 1 { "1 file".to_owned() } else { format!("{changed} files") };
    match (args.check, changed) {
        (_, 0) | (false, _) if stdin => {}
        (true, 0) if failed => {}
        (true, 0) => story("Everything is in its canonical form."),
        (true, _) => say(&format!("{files} not in canonical form; `ovhconnect fmt` writes it.")),
        (false, _) => story(&format!("{files} written.")),
    }
    if failed || (args.check && changed > 0) { Exit::Error } else { Exit::Success }
}

fn tell(diagnostics: &[Diagnostic], sources: &Sources) {
    if !diagnostics.is_empty() {
        say(diagnostic::render(diagnostics, sources, true).trim_end());
    }
}

fn file(source: &Source, check: bool) -> Outcome {
    let formatted = match format::format(source.clone()) {
        Ok(formatted) => formatted,
        Err(Refused::Invalid(sources, errors)) => {
            tell(&errors, &sources);
            return Outcome::Failed;
        }
        Err(Refused::NoForm(why)) => {
            error(&format!("`{}` is left as it is: {why}", source.path.display()));
            return Outcome::Failed;
        }
    };
    let changed = formatted != source.text;
    let stdin = source.path == Path::new(STDIN);
    if check && changed {
        let path = source.path.display().to_string();
        let diff = TextDiff::from_lines(&source.text, &formatted);
        out(&diff.unified_diff().header(&path, &format!("{path} (canonical)")).to_string());
    } else if !check && stdin {
        out(&formatted);
    } else if !check && changed {
        if let Err(problem) = replace(source, &formatted) {
            error(&format!("cannot write `{}`: {problem}", source.path.display()));
            return Outcome::Failed;
        }
        out(&format!("{}\n", source.path.display()));
    }
    if changed { Outcome::Changed } else { Outcome::Unchanged }
}

/// Puts `text` in the place of a file that was read, in one step and with its permissions. A link stays
/// one: the file it leads to is replaced.
fn replace(source: &Source, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(&source.path)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut new = NamedTempFile::with_prefix_in(".ovhconnect-", folder)?;
    new.write_all(text.as_bytes())?;
    let metadata = fs::metadata(&path)?;
    if metadata.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        // Only root can give a file away; for anyone else it is theirs already.
        let _ = fchown(new.as_file(), Some(metadata.uid()), Some(metadata.gid()));
    }
    new.as_file().set_permissions(metadata.permissions())?;
    new.as_file().sync_all()?;
    if fs::read(&path)? != source.text.as_bytes() {
        return Err(io::Error::other("it was changed meanwhile; format it again"));
    }
    new.persist(&path)?;
    Ok(())
}
