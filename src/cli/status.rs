//! `status`: what is live, and how it does.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use tokio::time::Instant;

use super::args::{self, Paths, StatusFormat};
use super::connect::{Session, asked_without_topology, fail};
use super::exit::Exit;
use super::signals::Signals;
use super::{out, say, width};
use crate::api::{self, Client};
use crate::live::observe::{Scope, observe};
use crate::status::changes::changes;
use crate::status::{Report, assess, text};
use crate::topology::Topology;

pub(super) async fn run(args: &args::Status) -> Exit {
    match status(args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn status(args: &args::Status) -> Result<Exit, Exit> {
    let eye = Eye::open(args)?;
    let report = if args.watch {
        watch(&eye, args).await?
    } else {
        let report = eye.look().await.map_err(|problem| unseen(&problem))?;
        out(&written(&report, args.format, width()));
        Some(report)
    };
    let is_down = report.is_some_and(|report| !report.down.is_empty());
    Ok(if args.detailed_exitcode && is_down { Exit::Down } else { Exit::Success })
}

/// What looks at the account.
pub(super) struct Eye {
    client: Client,
    topology: Option<Topology>,
    scope: Scope,
}

impl Eye {
    fn open(args: &args::Status) -> Result<Self, Exit> {
        let (client, topology) = if args.paths.is_empty() {
            (asked_without_topology(&args.target)?, None)
        } else {
            let paths = Paths { paths: args.paths.clone() };
            let Session { client, topology, .. } = Session::open(&paths, &args.target, &args.lints)?;
            (client, Some(topology))
        };
        let scope = if !args.vrack.is_empty() || !args.service.is_empty() {
            let vracks = args.vrack.iter().cloned().collect();
            Scope::Only { vracks, services: args.service.iter().copied().collect() }
        } else {
            topology.as_ref().map_or(Scope::Account, Scope::of)
        };
        Ok(Self { client, topology, scope })
    }

    async fn look(&self) -> Result<Report, api::Error> {
        let seen = observe(&self.client, &self.scope).await?;
        Ok(assess(seen, self.topology.as_ref()))
    }
}

fn unseen(problem: &api::Error) -> Exit {
    let exit = fail(format!("nothing of the account can be read: {problem}"));
    if let Some(hint) = problem.hint() {
        say(&format!("  help: {hint}"));
    }
    exit
}

fn written(report: &Report, format: StatusFormat, width: usize) -> String {
    match format {
        StatusFormat::Text => text::text(report, width),
        StatusFormat::Json => {
            let text = serde_json::to_string_pretty(report);
            text.expect("a report is lists, text and numbers") + "\n"
        }
    }
}

/// Looks again and again until interrupted. Returns what was seen last, if anything.
async fn watch(eye: &Eye, args: &args::Status) -> Result<Option<Report>, Exit> {
    let mut signals = Signals::new()?;
    let interval = Duration::from_secs(args.interval);
    let mut page = Page::new(args);
    let mut last: Option<Report> = None;
    loop {
        let begun = Instant::now();
        let seen = tokio::select! {
            seen = eye.look() => seen,
            () = signals.next() => break,
        };
        match seen {
            Ok(report) => {
                page.show(last.as_ref(), &report, interval);
                last = Some(report);
            }
            // What cannot be read at first cannot be watched; later it may come back.
            Err(problem) if last.is_none() => {
                drop(page);
                return Err(unseen(&problem));
            }
            Err(problem) => page.complain(&problem),
        }
        tokio::select! {
            () = tokio::time::sleep_until(begun + interval) => {}
            () = signals.next() => break,
        }
    }
    drop(page);
    if let Some(report) = last.as_ref().filter(|_| args.format == StatusFormat::Text && is_drawn(args)) {
        // The page is gone with its screen: leave what it showed last.
        out(&text::text(report, width()));
    }
    Ok(last)
}

fn is_drawn(args: &args::Status) -> bool {
    let terminal = std::io::stdout().is_terminal() && std::env::var("TERM").is_ok_and(|term| term != "dumb");
    terminal && args.format == StatusFormat::Text
}

/// Where a watch is shown.
enum Page {
    /// A screen of its own on the terminal, given back at the end.
    Screen,
    /// What changes, line by line.
    Lines(StatusFormat),
}

impl Page {
    fn new(args: &args::Status) -> Self {
        if is_drawn(args) {
            // The other screen, no cursor, no wrapping of what is too wide.
            print("\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J");
            Self::Screen
        } else {
            Self::Lines(args.format)
        }
    }

    fn show(&mut self, before: Option<&Report>, now: &Report, interval: Duration) {
        let time = clock();
        match (&*self, before) {
            (Self::Screen, _) => {
                // In the title too: what does not fit is cut off below.
                let down = match now.down.len() {
                    0 => "nothing down".to_owned(),
                    count => format!("{count} down"),
                };
                let title = format!("{time}, every {} s, {down}; Ctrl-C ends", interval.as_secs());
                print(&screenful(&title, &text::text(now, width()), height()));
            }
            (Self::Lines(StatusFormat::Text), None) => out(&text::text(now, width())),
            (Self::Lines(StatusFormat::Text), Some(before)) => {
                for line in changes(before, now) {
                    out(&format!("{time}  {line}\n"));
                }
            }
            (Self::Lines(StatusFormat::Json), before) => {
                if before.is_none_or(|before| !changes(before, now).is_empty()) {
                    let text = serde_json::to_string(now);
                    out(&(text.expect("a report is lists, text and numbers") + "\n"));
                }
            }
        }
    }

    /// Says that nothing could be read this time.
    fn complain(&mut self, problem: &api::Error) {
        match self {
            Self::Screen => {
                print(&format!("\x1b[H\x1b[Knothing could be read at {}: {problem}\r\n", clock()));
            }
            Self::Lines(_) => say(&format!("{}  nothing could be read: {problem}", clock())),
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Self::Screen = self {
            print("\x1b[?7h\x1b[?25h\x1b[?1049l");
        }
    }
}

/// A page as it is drawn over the last one: nothing flickers, nothing of the last one stays.
fn screenful(title: &str, text: &str, height: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let room = height.saturating_sub(2).max(1);
    let mut page = format!("\x1b[H{title}\x1b[K\r\n");
    let shown = if lines.len() > room { room - 1 } else { lines.len() };
    for line in &lines[..shown] {
        page.push_str(line);
        page.push_str("\x1b[K\r\n");
    }
    if shown < lines.len() {
        page.push_str(&format!("… {} more lines\x1b[K", lines.len() - shown));
    }
    page.push_str("\x1b[J");
    page
}

/// Writes to the terminal, with its colours if it has any.
fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let colourless = anstream::AutoStream::choice(&stdout) == anstream::ColorChoice::Never;
    // Styles are all that ends with `m`; what moves the cursor stays.
    let plain = if colourless { without_styles(text) } else { text.to_owned() };
    // Nobody is left to tell if the terminal is gone.
    let _ = stdout.write_all(plain.as_bytes()).and_then(|()| stdout.flush());
}

fn without_styles(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("\x1b[") {
        let (before, sequence) = rest.split_at(start);
        plain.push_str(before);
        let parameters =
            sequence[2..].find(|it: char| it.is_ascii_alphabetic()).map_or(sequence.len(), |at| at + 3);
        if !sequence[..parameters].ends_with('m') {
            plain.push_str(&sequence[..parameters]);
        }
        rest = &sequence[parameters..];
    }
    plain + rest
}

fn height() -> usize {
    let size = terminal_size::terminal_size_of(std::io::stdout());
    size.map_or(24, |(_, terminal_size::Height(lines))| usize::from(lines)).max(4)
}

/// Now, in UTC.
fn clock() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_takes_the_place_of_the_last_one_whatever_fits() {
        let page = screenful("title", "a\nb\nc\n", 24);
        assert_eq!(page, "\x1b[Htitle\x1b[K\r\na\x1b[K\r\nb\x1b[K\r\nc\x1b[K\r\n\x1b[J");
        let cut = screenful("title", "a\nb\nc\nd\n", 5);
        assert!(cut.ends_with("b\x1b[K\r\n… 2 more lines\x1b[K\x1b[J"), "{cut:?}");
        assert_eq!(cut.matches('\n').count(), 3, "it does not scroll: {cut:?}");
    }

    #[test]
    fn without_colour_the_cursor_still_moves() {
        assert_eq!(without_styles("\x1b[H\x1b[1mbold\x1b[0m\x1b[K"), "\x1b[Hbold\x1b[K");
        assert_eq!(without_styles("\x1b[?25l\x1b[32m✓\x1b[0m plain"), "\x1b[?25l✓ plain");
    }
}
