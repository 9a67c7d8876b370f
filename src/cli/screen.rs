//! The terminal's last lines: a frame that is drawn anew while text is printed above it.
//!
//! Everything that this program prints goes through here, the log included, so that nothing is ever written
//! into a frame.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anstream::ColorChoice;

use super::is_quiet;

/// What is drawn at the moment.
static FRAME: Mutex<Frame> = Mutex::new(Frame { lines: Vec::new(), columns: 0 });

struct Frame {
    lines: Vec<String>,
    /// How wide the terminal was when they were drawn.
    columns: usize,
}

/// How many columns and rows the terminal on stderr has, if it is one.
pub(super) fn size() -> Option<(usize, usize)> {
    let (terminal_size::Width(columns), terminal_size::Height(rows)) =
        terminal_size::terminal_size_of(std::io::stderr())?;
    // A terminal of 0 columns does not know its size.
    (columns > 0 && rows > 0).then_some((usize::from(columns), usize::from(rows)))
}

/// Whether a frame can be drawn at all, and is wanted.
pub(super) fn is_drawn() -> bool {
    !is_quiet()
        && std::io::stderr().is_terminal()
        && size().is_some()
        && std::env::var("TERM").is_ok_and(|term| term != "dumb")
}

/// Draws these lines in place of those that were drawn before.
pub(super) fn draw(lines: Vec<String>) {
    let mut frame = frame();
    let columns = columns();
    if frame.lines == lines && frame.columns == columns {
        return;
    }
    // In one write: what is half drawn flickers.
    let text = frame.erased() + &shown(&lines);
    *frame = Frame { lines, columns };
    write(&text);
}

/// Takes away what was drawn.
pub(super) fn clear() {
    draw(Vec::new());
}

/// Prints while nothing is drawn, and draws again below what was printed.
pub(super) fn above(print: impl FnOnce()) {
    let mut frame = frame();
    if frame.lines.is_empty() {
        print();
        return;
    }
    write(&frame.erased());
    print();
    frame.columns = columns();
    write(&shown(&frame.lines));
}

/// Where the log goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log;

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut written = Ok(());
        above(|| written = std::io::stderr().write_all(bytes));
        written.map(|()| bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

impl Frame {
    /// What erases it. Where the terminal has become narrower since, its lines have been broken.
    fn erased(&self) -> String {
        let columns = columns();
        let rows: usize =
            self.lines.iter().map(|line| textwrap::core::display_width(line).div_ceil(columns).max(1)).sum();
        if rows == 0 { String::new() } else { format!("\r\x1b[{rows}A\x1b[J") }
    }
}

fn columns() -> usize {
    size().map_or(80, |(columns, _)| columns)
}

fn shown(lines: &[String]) -> String {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    match anstream::AutoStream::choice(&std::io::stderr()) {
        ColorChoice::Never => anstream::adapter::strip_str(&text).to_string(),
        _ => text,
    }
}

fn write(text: &str) {
    // Nobody is left to tell if that fails.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn frame() -> MutexGuard<'static, Frame> {
    // What panics while it is held has left the frame as it was, or as it shall be.
    FRAME.lock().unwrap_or_else(PoisonError::into_inner)
}
