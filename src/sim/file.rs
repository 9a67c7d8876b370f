//! The files a person writes for the simulator: YAML, and so JSON too; and where something is wrong in
//! one.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_saphyr::{Location, MessageFormatter, UserMessageFormatter};

/// A line longer than this, in bytes, is not shown.
const SHOWN: usize = 200;

/// Reads what a file says.
///
/// # Errors
/// What is wrong, with the line it is about.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, String> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let message = UserMessageFormatter.format_message(&error);
        placed(path, text, &message, error.location().unwrap_or(Location::UNKNOWN))
    })
}

/// A message with the line it is about, where that is known.
pub(super) fn placed(path: &Path, text: &str, message: &str, location: Location) -> String {
    let (line, column) = (location.line(), location.column());
    if location == Location::UNKNOWN {
        return message.to_owned();
    }
    let margin = " ".repeat(line.to_string().len());
    let place = format!("{message}\n{margin}--> {}:{line}:{column}", path.display());
    let index = usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
    match index.and_then(|index| text.lines().nth(index)).filter(|shown| shown.len() <= SHOWN) {
        Some(shown) => {
            let before = " ".repeat(usize::try_from(column).map_or(0, |column| column.saturating_sub(1)));
            format!("{place}\n{margin} |\n{line} | {shown}\n{margin} | {before}^")
        }
        None => place,
    }
}
