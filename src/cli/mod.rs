//! The commands. The only module that prints: the answer on stdout, the story on stderr.

pub mod args;
pub mod examples;
pub mod exit;

mod access;
mod apply;
mod completions;
mod connect;
mod diagnose;
mod diff;
mod explain;
mod export;
mod file;
mod fmt;
mod graph;
mod man;
mod plan;
mod progress;
mod router;
mod run_log;
pub mod schema;
mod screen;
mod signals;
mod simulate;
mod status;
mod timings;
mod validate;
mod values;
mod verify;
mod whatif;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::ColorChoice;
use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};
use tracing::level_filters::LevelFilter;

use crate::diff::Goal;
use args::{Cli, Color, Command};
use exit::Exit;

/// Whether nothing is said but the answer and errors.
static QUIET: AtomicBool = AtomicBool::new(false);

fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Whether more than usual is said.
static VERBOSE: AtomicBool = AtomicBool::new(false);

fn is_verbose() -> bool {
    VERBOSE.load(Ordering::Relaxed)
}

/// Runs the program and says how it ends.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = examples::first(Cli::command())
        .try_get_matches_from(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // clap writes help to stdout and errors to stderr. Nobody is left to tell if that fails.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Success,
                _ => Exit::Usage,
            }
            .into();
        }
    };
    color(cli.color);
    QUIET.store(cli.quiet, Ordering::Relaxed);
    VERBOSE.store(cli.verbose > 0, Ordering::Relaxed);
    log(cli.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(problem) => {
            error(&format!("the program cannot start: {problem}"));
            return Exit::Error.into();
        }
    };
    let exit = runtime.block_on(async {
        match cli.command {
            Command::Validate(args) => validate::run(&args),
            Command::Explain(args) => explain::run(&args),
            Command::Plan(args) => plan::run(&args).await,
            Command::Diff(args) => diff::run(&args).await,
            Command::Graph(args) => graph::run(&args).await,
            Command::Apply(args) => apply::run(&args, Goal::Apply).await,
            Command::Destroy(args) => apply::run(&args, Goal::Destroy).await,
            Command::Access(args) => access::run(&args).await,
            Command::Export(args) => export::run(&args).await,
            Command::Status(args) => status::run(&args).await,
            Command::Verify(args) => verify::run(&args).await,
            Command::Diagnose(args) => diagnose::run(&args).await,
            Command::Router(args) => router::run(&args).await,
            Command::Whatif(args) => whatif::run(&args).await,
            Command::Simulate(args) => simulate::run(&args).await,
            Command::Fmt(args) => fmt::run(&args),
            Command::Schema(args) => schema::run(&args),
            Command::Completions(args) => completions::run(&args),
            Command::Man(args) => man::run(&args),
        }
    });
    // What is still under way was announced as such: do not wait for it.
    runtime.shutdown_background();
    exit.into()
}

fn color(choice: Color) {
    match choice {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
    .write_global();
}

fn log(verbose: u8) {
    let level = match verbose {
        0 if is_quiet() => LevelFilter::ERROR,
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Other crates' logs may hold what they were given; only this crate's are known to hold no secret.
    let ours = tracing_subscriber::filter::Targets::new().with_target("ovhconnect", level);
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(|| screen::Log)
        .with_ansi(anstream::AutoStream::choice(&std::io::stderr()) != ColorChoice::Never)
        .with_target(false);
    tracing_subscriber::registry().with(layer).with(ours).init();
}

/// Prints to stdout. A closed pipe (`| head`) is not an error of ours.
pub(crate) fn out(text: &str) {
    screen::above(|| {
        let _ = anstream::stdout().write_all(text.as_bytes());
    });
}

/// Prints a document to stdout, byte for byte.
pub(crate) fn out_raw(document: &str) {
    screen::above(|| {
        let _ = std::io::stdout().write_all(document.as_bytes());
    });
}

/// Prints a line to stderr that is neither an answer nor about an error.
pub(crate) fn story(text: &str) {
    if !is_quiet() {
        say(text);
    }
}

/// Prints a line to stderr.
pub(crate) fn say(text: &str) {
    tell(&format!("{text}\n"));
}

/// Prints to stderr what has its own lines.
pub(crate) fn tell(text: &str) {
    screen::above(|| {
        let _ = anstream::stderr().write_all(text.as_bytes());
    });
}

/// Prints an error to stderr.
pub(crate) fn error(text: &str) {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    say(&format!("{style}error{style:#}: {text}"));
}

/// Prints a warning to stderr.
pub(crate) fn warn(text: &str) {
    if is_quiet() {
        return;
    }
    let style = anstyle::AnsiColor::Yellow.on_default().bold();
    say(&format!("{style}warning{style:#}: {text}"));
}

/// The width to write for: what COLUMNS says, else the terminal's, else 100 columns.
pub(crate) fn width() -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|it| it.parse().ok());
    let terminal = || {
        let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(std::io::stdout())?;
        Some(usize::from(columns))
    };
    // Below 40 columns nothing reads well; a terminal of 0 columns does not know its size.
    asked.filter(|it| *it > 0).or_else(terminal).filter(|it| *it > 0).map_or(100, |it| it.max(40))
}
