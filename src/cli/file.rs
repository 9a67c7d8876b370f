//! Answers that go to files.

use std::path::Path;

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

/// Refuses a place where no file can be written, before anything is done that cannot be undone.
pub(super) fn check_place(path: &Path) -> Result<(), Exit> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(fail(format!("{} cannot be written: it is a folder", path.display())));
    }
    if !folder.is_dir() {
        return Err(fail(format!(
            "{} cannot be written: there is no folder {}",
            path.display(),
            folder.display()
        )));
    }
    Ok(())
}

/// Writes a file whole.
pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Exit> {
    std::fs::write(path, text)
        .map_err(|problem| fail(format!("{} cannot be written: {problem}", path.display())))
}
