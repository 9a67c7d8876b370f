//! A terminal to run the program on.

use std::fs::File;
use std::io::Read as _;
use std::process::Command;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Runs the program on a terminal of so many columns and 50 rows, and returns what it writes there.
/// `connect` says which of its streams the terminal is.
pub fn run(mut command: Command, columns: u16, connect: impl FnOnce(&mut Command, File)) -> Vec<u8> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&ours).expect("a terminal");
    unlockpt(&ours).expect("a terminal");
    let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let name = ptsname(&ours, Vec::new()).expect("a name").into_string().expect("UTF-8");
    let theirs = File::options().read(true).write(true).open(name).expect("the other end");
    tcsetwinsize(&theirs, size).expect("a size");
    connect(&mut command, theirs);
    let mut child = command.spawn().expect("the program runs");
    // With it goes the last open end but the program's: reading ends when the program does.
    drop(command);
    let (mut shown, mut ours) = (Vec::new(), File::from(ours));
    // Where the other end is closed, reading fails rather than ends.
    let _ = ours.read_to_end(&mut shown);
    child.wait().expect("the program ends");
    shown
}
