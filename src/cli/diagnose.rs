//! `diagnose`: what OVHcloud's routers say about one address.

use std::cell::Cell;
use std::time::Duration;

use jiff::Timestamp;

use super::args::{self, DiagnoseFormat};
use super::connect::asked_without_topology;
use super::exit::Exit;
use super::file::{check_place, write_file};
use super::signals::Signals;
use super::{error, out, out_raw, say, story, warn};
use crate::api::wire::Diagnostic;
use crate::api::{self, Client};
use crate::diagnose::run::{Problem, begin, follow, newest};
use crate::diagnose::{Kind, PER_DAY, Quota, Report, Target, Unfit, find, quota, text};
use crate::live::Status;
use crate::live::observe::{Scope, observe};
use crate::topology::Address;

pub(super) async fn run(args: &args::Diagnose) -> Exit {
    match diagnose(args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn diagnose(args: &args::Diagnose) -> Result<Exit, Exit> {
    args.out.iter().try_for_each(|path| check_place(path))?;
    let client = asked_without_topology(&args.target)?;
    let mut signals = Signals::new()?;
    let begun = Cell::new(None);
    tokio::select! {
        report = ask(&client, args, &begun) => show(&report?, args).map(|()| Exit::Success),
        () = signals.next() => {
            match begun.get() {
                Some(kind) => {
                    say("interrupted; the diagnostic goes on at OVHcloud");
                    say(&format!("  help: to see what comes of it: {}", later(args, kind)));
                }
                None => say("interrupted; nothing was asked"),
            }
            Err(Exit::Interrupted)
        }
    }
}

/// The command that shows the result later.
fn later(args: &args::Diagnose, kind: Kind) -> String {
    format!("ovhconnect diagnose {} --kind {kind} --last", args.address)
}

/// Asks, or looks for what was asked last. `begun` says what is under way, for whoever interrupts it.
async fn ask(client: &Client, args: &args::Diagnose, begun: &Cell<Option<Kind>>) -> Result<Report, Exit> {
    let seen = observe(client, &scope(&args.address)).await.map_err(|problem| {
        refused(&format!("what is at {} cannot be read: {problem}", args.address), &problem)
    })?;
    let target = find(&seen, &args.address).map_err(unfit)?;
    let kind = target.kind(args.kind).map_err(unfit)?;
    let past = match client.diagnostics(target.service.uuid()).await {
        Ok(past) => Some(past),
        Err(problem) if args.last => {
            return Err(refused(&format!("past diagnostics cannot be read: {problem}"), &problem));
        }
        Err(problem) => {
            warn(&format!(
                "not known how many are left today, as past diagnostics cannot be read: {problem}"
            ));
            None
        }
    };
    let used = past.as_ref().map(|past| quota(past, &target.function(kind), Timestamp::now()));
    let (diagnostic, left) = if args.last {
        (last(&target, kind, &past.unwrap_or_default())?, used.map(|it| it.left()))
    } else {
        if let Some(used) = used.filter(|used| used.left() == 0) {
            return Err(exhausted(args, &target, kind, &used));
        }
        let left = used.map(|used| used.left() - 1);
        announce(&target, kind, left);
        begun.set(Some(kind));
        let asked = begin(client, &target, kind, past.as_deref()).await;
        (asked.map_err(|problem| unfinished(args, kind, &problem))?, left)
    };
    begun.set(Some(kind));
    let timeout = Duration::from_secs(args.timeout);
    let ended = follow(client, &target, diagnostic, timeout, |status| {
        story(&format!("The diagnostic is `{status}`; waiting for its result."));
    });
    let diagnostic = ended.await.map_err(|problem| {
        let exit = unfinished(args, kind, &problem);
        if let Problem::Api(_) = problem {
            say(&format!("  help: the diagnostic goes on; to see what comes of it: {}", later(args, kind)));
        }
        exit
    })?;
    Ok(Report::new(&target, kind, diagnostic, left))
}

/// As much as is needed to know what stands at an address.
fn scope(address: &Address) -> Scope {
    match address.service() {
        Some(service) => Scope::Only { vracks: [].into(), services: [service].into() },
        None => Scope::Only { vracks: [address.vrack.clone()].into(), services: [].into() },
    }
}

/// Says what is about to be asked.
fn announce(target: &Target, kind: Kind, left: Option<usize>) {
    if target.status != Status::Active {
        warn(&format!("{} is not in force now: what routers say may be of no use", target.address));
    }
    let left = left.map(|left| format!("; {left} of {PER_DAY} a day are left then")).unwrap_or_default();
    let (title, function) = (kind.title(), target.function(kind));
    story(&format!("Asking for {title}: {function} on service {}{left}.", target.service));
}

fn last(target: &Target, kind: Kind, past: &[Diagnostic]) -> Result<Diagnostic, Exit> {
    let function = target.function(kind);
    let Some(found) = newest(past, target, kind) else {
        error(&format!("OVHcloud keeps no {function} of service {} of the last 7 days", target.service));
        say("  help: without --last one is run");
        return Err(Exit::Error);
    };
    story(&format!(
        "This is the newest {function} of service {}; OVHcloud does not say what else it was about.",
        target.service
    ));
    Ok(found)
}

fn exhausted(args: &args::Diagnose, target: &Target, kind: Kind, used: &Quota) -> Exit {
    let function = target.function(kind);
    error(&format!(
        "refused: {function} was run {} times within a day on service {}, and OVHcloud runs {PER_DAY}",
        used.used, target.service
    ));
    if let Some(next) = used.next {
        say(&format!("  help: it can be run again at {}", next.strftime("%Y-%m-%d %H:%M:%SZ")));
    }
    say(&format!("  help: to see the newest result: {}", later(args, kind)));
    Exit::Refused
}

fn unfinished(args: &args::Diagnose, kind: Kind, problem: &Problem) -> Exit {
    match problem {
        Problem::Api(cause) => return refused(&problem.to_string(), cause),
        Problem::Failed { .. } => {
            error(&problem.to_string());
            say("  help: try again later; if it happens again, give OVHcloud's support its number");
        }
        Problem::Lost(_) | Problem::Timeout { .. } => {
            error(&problem.to_string());
            say(&format!("  help: to see what comes of it: {}", later(args, kind)));
        }
    }
    Exit::Error
}

fn unfit(problem: Unfit) -> Exit {
    error(&problem.to_string());
    if let Some(help) = &problem.help {
        say(&format!("  help: {help}"));
    }
    Exit::Error
}

fn refused(message: &str, problem: &api::Error) -> Exit {
    error(message);
    if let Some(hint) = problem.hint() {
        say(&format!("  help: {hint}"));
    }
    Exit::Error
}

fn show(report: &Report, args: &args::Diagnose) -> Result<(), Exit> {
    match args.format {
        DiagnoseFormat::Text => out(&text::text(report)),
        DiagnoseFormat::Json => out_raw(&report.to_json()),
    }
    if let Some(path) = &args.out {
        write_file(path, &report.to_json())?;
        story(&format!("Saved to {}.", path.display()));
    }
    Ok(())
}
