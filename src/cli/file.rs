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

/// Writes a file whole.
pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Exit> {
    std::fs::write(path, text)
        .map_err(|problem| fail(format!("{} cannot be written: {problem}", path.display())))
}
