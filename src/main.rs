//! The `ovhconnect` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ovhconnect::cli::run(std::env::args_os())
}
