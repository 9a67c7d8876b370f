//! `verify`: waits until what was configured carries traffic, and says where it stops.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::args::{self, Document, VerifyFormat};
use super::connect::{Session, fail};
use super::exit::Exit;
use super::file::{one_on_stdout, write_file};
use super::signals::Signals;
use super::{error, out, out_raw, say, screen, story, width};
use crate::api::Client;
use crate::render::words::{clip, duration, many};
use crate::topology::Address;
use crate::verify::{Blind, Patience, Question, Report, junit, text, watch};

pub(super) async fn run(args: &args::Verify) -> Exit {
    match verify(args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn verify(args: &args::Verify) -> Result<Exit, Exit> {
    one_on_stdout(&args.format)?;
    if args.hold > args.timeout {
        error("nothing can stay up for --hold within a shorter --timeout");
        return Err(Exit::Usage);
    }
    let session = Session::open(&args.topology, &args.target, &args.lints)?;
    let topology = session.topology();
    let question = Question { topology, only: args.only.as_ref(), accepts_unknown: args.allow_unknown };
    if let Some(only) = question.only.filter(|only| !topology.entries.keys().any(|it| it.is_within(only))) {
        return Err(fail(format!("the topology declares nothing at or below {only}")));
    }
    let patience = Patience {
        timeout: Duration::from_secs(args.timeout),
        interval: Duration::from_secs(args.interval),
        hold: Duration::from_secs(args.hold),
    };
    let mut signals = Signals::new()?;
    let Waited { report, exit } = wait(&session.client, &question, patience, &mut signals).await?;
    if let Some(report) = report {
        show(&report, &args.format)?;
    }
    Ok(exit)
}

/// What waiting came to.
pub(super) struct Waited {
    /// What was seen last, if anything was.
    pub(super) report: Option<Report>,
    /// The exit code for it.
    pub(super) exit: Exit,
}

/// Waits, and tells on stderr what for.
pub(super) async fn wait(
    client: &Client,
    question: &Question<'_>,
    patience: Patience,
    signals: &mut Signals,
) -> Result<Waited, Exit> {
    let tale = RefCell::new(Tale::new(patience.timeout));
    let watching = watch(client, question, patience, |look, left| match look {
        Ok(report) => tale.borrow_mut().look(report, left),
        Err(problem) => line(&format!("nothing could be read: {problem}")),
    });
    tokio::pin!(watching);
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let ended = loop {
        tokio::select! {
            ended = &mut watching => break Some(ended),
            _ = ticks.tick() => tale.borrow().draw(),
            () = signals.next() => break None,
        }
    };
    screen::clear();
    match ended {
        Some(Ok(report)) => {
            let exit = if report.verified { Exit::Success } else { Exit::Unmet };
            if exit == Exit::Unmet && tale.borrow().is_early() {
                story("Not waiting any longer: what is missing does not come by itself.");
            }
            Ok(Waited { report: Some(report), exit })
        }
        Some(Err(problem)) => {
            let exit = fail(format!("nothing is known of the account: {problem}"));
            if let Blind::Api(problem) = &problem
                && let Some(hint) = problem.hint()
            {
                say(&format!("  help: {hint}"));
            }
            Err(exit)
        }
        None => {
            let last = tale.borrow_mut().last.take();
            say(if last.is_some() { "interrupted; this is what was seen last" } else { "interrupted" });
            Ok(Waited { report: last.map(|it| Report { verified: false, ..it }), exit: Exit::Interrupted })
        }
    }
}

/// What is told while it waits: each link that stops, when that changes.
struct Tale {
    begun: Instant,
    timeout: Duration,
    /// Where each link stopped at the last look.
    stops: BTreeMap<Address, String>,
    last: Option<Report>,
}

impl Tale {
    fn new(timeout: Duration) -> Self {
        Self { begun: Instant::now(), timeout, stops: BTreeMap::new(), last: None }
    }

    fn look(&mut self, report: &Report, left: Duration) {
        let open: BTreeMap<Address, String> =
            report.open().map(|link| (link.address.clone(), text::where_it_stops(link))).collect();
        if self.last.is_none() && !open.is_empty() && !left.is_zero() {
            let timeout = duration(self.timeout);
            story(&format!("Waiting up to {timeout} for {} of {}.", open.len(), all(report)));
        }
        if !left.is_zero() {
            let came_up = self.stops.keys().filter(|address| !open.contains_key(*address));
            came_up.for_each(|address| line(&format!("{address}: up")));
            for (address, stop) in
                open.iter().filter(|(address, stop)| self.stops.get(*address) != Some(*stop))
            {
                line(&format!("{address}: {stop}"));
            }
        }
        self.stops = open;
        self.last = Some(report.clone());
        self.draw();
    }

    /// Whether there is time left.
    fn is_early(&self) -> bool {
        self.begun.elapsed() < self.timeout
    }

    /// Draws what is waited for as the terminal's last line.
    fn draw(&self) {
        let Some(report) = &self.last else { return };
        if !screen::is_drawn() {
            return;
        }
        let what = match self.stops.len() {
            0 => "everything is up; looking whether it stays so".to_owned(),
            count => format!("waiting for {count} of {}", all(report)),
        };
        let (waited, timeout) = (self.begun.elapsed().as_secs(), self.timeout.as_secs());
        let line =
            format!("  {what}  {}:{:02} of {}:{:02}", waited / 60, waited % 60, timeout / 60, timeout % 60);
        let columns = screen::size().map_or(80, |(columns, _)| columns);
        screen::draw(vec![clip(&line, columns.saturating_sub(1))]);
    }
}

fn all(report: &Report) -> String {
    many(report.links.len(), "link")
}

/// Says what happened, with the time in UTC; on a terminal, in lines that fit.
fn line(text: &str) {
    let line = format!("{}  {text}", jiff::Timestamp::now().strftime("%H:%M:%SZ"));
    match screen::size().filter(|_| screen::is_drawn()) {
        Some((columns, _)) => {
            let options = textwrap::Options::new(columns.max(40))
                .word_splitter(textwrap::WordSplitter::NoHyphenation)
                .subsequent_indent("           ");
            story(&textwrap::fill(&line, options));
        }
        None => story(&line),
    }
}

/// Writes the report in every format that is asked for. Stdout gets one of them.
fn show(report: &Report, documents: &[Document<VerifyFormat>]) -> Result<(), Exit> {
    for Document { format, file } in documents {
        match (file, format) {
            (Some(path), _) => {
                let document = written(report, *format, 100)?;
                write_file(path, &anstream::adapter::strip_str(&document).to_string())?;
            }
            (None, VerifyFormat::Text) => {}
            (None, _) => out_raw(&written(report, *format, width())?),
        }
    }
    let has_stdout = documents.iter().any(|it| it.file.is_none() && it.format != VerifyFormat::Text);
    if !has_stdout {
        out(&text::text(report, width()));
    }
    Ok(())
}

fn written(report: &Report, format: VerifyFormat, width: usize) -> Result<String, Exit> {
    match format {
        VerifyFormat::Text => Ok(text::text(report, width)),
        VerifyFormat::Json => serde_json::to_string_pretty(report).map(|text| text + "\n").map_err(fail),
        VerifyFormat::Junit => junit::junit(report).map_err(fail),
    }
}
