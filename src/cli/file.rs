//! Answers that go to files.

use std::fs::OpenOptions;
use std::path::{Path, is_separator};

use super::args::Document;
use super::connect::fail;
use super::error;
use super::exit::Exit;

/// Refuses several documents for stdout.
pub(super) fn one_on_stdout<F>(documents: &[Document<F>]) -> Result<(), Exit> {
    if documents.iter().filter(|document| document.file.is_none()).count() > 1 {
        error("stdout takes one document: give all --format but one a file, as in --format json=FILE");
        return Err(Exit::Usage);
    }
    Ok(())
}

/// Refuses a place where no file can be written, before anything is done that cannot be undone. Nothing is left
/// there.
pub(super) fn check_place(path: &Path) -> Result<(), Exit> {
    let unwritable =
        |problem: &dyn std::fmt::Display| fail(format!("{} cannot be written: {problem}", path.display()));
    if path.is_file() || path.is_dir() {
        let opened = OpenOptions::new().append(true).open(path);
        return opened.map(|_| ()).map_err(|problem| unwritable(&problem));
    }
    // Whoever reads from a pipe would take that for the end.
    if path.exists() {
        return Ok(());
    }
    if path.to_string_lossy().ends_with(is_separator) {
        return Err(unwritable(&"there is no such folder"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(unwritable(&format!("there is no folder {}", folder.display())));
    }
    tempfile::tempfile_in(folder).map(|_| ()).map_err(|problem| unwritable(&problem))
}

/// Writes a file whole.
pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Exit> {
    std::fs::write(path, text)
        .map_err(|problem| fail(format!("{} cannot be written: {problem}", path.display())))
}
