//! `apply` and `destroy`: plan, ask, run, and look again.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::args;
use super::connect::{Planned, Session, fail};
use super::exit::Exit;
use super::plan::{accept, guards, hold};
use super::progress::Progress;
use super::run_log::{Recording, RunLog};
use super::{error, out, say, width};
use crate::apply::{self, Busy, Options, Outcome};
use crate::diff::Goal;
use crate::live::moved;
use crate::plan::Plan;
use crate::plan::saved::{self, SavedPlan};
use crate::render::events::Entry;
use crate::render::outcome;
use crate::render::text::{self, View};
use crate::render::words::{self, ShortNames};
use crate::render::{STRONG, styled};
use crate::topology::Address;

pub(super) async fn run(args: &args::Apply, goal: Goal) -> Exit {
    match apply(args, goal).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn apply(args: &args::Apply, goal: Goal) -> Result<Exit, Exit> {
    let log = args.log_file.as_deref().map(RunLog::open).transpose()?;
    let log = log.as_ref();
    if let ([path], Goal::Apply) = (args.topology.paths.as_slice(), goal)
        && path.extension().is_some_and(|extension| extension == "json")
    {
        return apply_saved(path, args, log).await;
    }
    let session = Session::open(&args.topology, &args.target, &args.limits.lints)?;
    let only = args.limits.only.as_ref();
    let mut planned = session.plan(goal, only).await?;
    let warnings = session.remark(&mut planned, &args.limits.lints);
    let Planned { plan, topology, live, .. } = planned;
    out(&text::plan(&plan, View { width: width(), explain: args.explain, ..View::default() }));
    accept(warnings, &args.limits)?;
    // `destroy` says by its name that everything goes.
    let unseen = args.auto_approve && !std::io::stdin().is_terminal() && goal == Goal::Apply;
    hold(&plan, &topology, &guards(&args.limits, unseen && !args.allow_disruption))?;
    let live_digest = saved::digest(&live);
    let run = Run { session: &session, plan: &plan, only, live_digest: &live_digest, args, log };
    if plan.is_empty() {
        return Ok(run.needless());
    }
    approve(args.auto_approve, goal)?;
    run.to_the_end().await
}

/// Applies exactly what a saved plan says, if live state is still what it was made from. It was shown
/// to somebody when it was saved: nobody is asked.
async fn apply_saved(path: &Path, args: &args::Apply, log: Option<&RunLog>) -> Result<Exit, Exit> {
    let unusable = |problem: &dyn std::fmt::Display| fail(format!("{}: {problem}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|problem| unusable(&problem))?;
    let saved = SavedPlan::from_json(&text).map_err(|problem| unusable(&problem))?;
    if args.limits.only.is_some() {
        return Err(fail("a saved plan is applied whole: --only belongs to the `plan` that makes it"));
    }
    if args.limits.denies_warnings() || !args.limits.lints.allow.is_empty() {
        return Err(fail(
            "a saved plan was judged when it was made: --deny warnings and --allow belong to the `plan` that makes it",
        ));
    }
    let session = Session::of_saved(&saved, &args.target)?;
    let live = session.read().await?.live;
    if saved::digest(&live) != saved.live_digest {
        error(&format!("{}: live state is no longer what this plan was made from", path.display()));
        for line in moved(&saved.live, &live) {
            say(&format!("  {line}"));
        }
        say("  help: nothing was changed; plan again");
        return Err(Exit::Error);
    }
    let plan = &saved.plan;
    out(&text::plan(plan, View { width: width(), explain: args.explain, ..View::default() }));
    hold(plan, &saved.desired.topology(), &guards(&args.limits, false))?;
    let only = saved.only.as_ref();
    let run = Run { session: &session, plan, only, live_digest: &saved.live_digest, args, log };
    if plan.is_empty() { Ok(run.needless()) } else { run.to_the_end().await }
}

/// A plan that is approved, and what it was made from.
struct Run<'a> {
    session: &'a Session,
    plan: &'a Plan,
    only: Option<&'a Address>,
    live_digest: &'a str,
    args: &'a args::Apply,
    log: Option<&'a RunLog>,
}

impl Run<'_> {
    /// Logs that there was nothing to do.
    fn needless(&self) -> Exit {
        self.recording().finished(Some(true), Exit::Success);
        Exit::Success
    }

    /// Runs the plan, says what came of it, and looks again.
    async fn to_the_end(&self) -> Result<Exit, Exit> {
        let Self { session, plan, only, args, .. } = *self;
        if args.busy == Busy::Fail {
            at_rest(plan)?;
        }
        let mut signals =
            Signals::new().map_err(|problem| fail(format!("signals cannot be listened for: {problem}")))?;
        let recording = self.recording();
        let begun = Instant::now();
        let (converged, exit) = match run_plan(session, plan, args, &mut signals, &recording).await {
            Ended::Left => (None, Exit::Interrupted),
            Ended::Ran { outcome, interrupted } => {
                out(&outcome::summary(plan, &outcome, begun.elapsed(), width()));
                if interrupted {
                    (None, Exit::Interrupted)
                } else {
                    tokio::select! {
                        concluded = conclude(session, plan.goal, only, &outcome) => concluded,
                        () = signals.next() => {
                            say("interrupted while live state was read again; nothing is in flight");
                            (None, Exit::Interrupted)
                        }
                    }
                }
            }
        };
        recording.finished(converged, exit);
        Ok(exit)
    }

    /// Begins to log.
    fn recording(&self) -> Recording<'_> {
        let recording = Recording::new(self.log, self.plan);
        recording.log(|| Entry::RunStarted {
            program: concat!("ovhconnect ", env!("CARGO_PKG_VERSION")),
            endpoint: self.session.client.endpoint().url().to_string(),
            goal: self.plan.goal,
            only: self.only.cloned(),
            plan_digest: saved::plan_digest(self.plan),
            live_digest: self.live_digest.to_owned(),
            steps: self.plan.steps.len(),
        });
        recording
    }
}

/// How running a plan ended.
enum Ended {
    /// With this outcome.
    Ran { outcome: Outcome, interrupted: bool },
    /// At once, with steps in flight.
    Left,
}

/// Asks, unless told not to. Where nobody can be asked, the answer is no.
fn approve(auto_approve: bool, goal: Goal) -> Result<(), Exit> {
    if auto_approve {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        error("nobody can be asked to approve this plan: stdin is not a terminal");
        say("  help: look at the plan, then run the command again with --auto-approve");
        return Err(Exit::Refused);
    }
    let question = match goal {
        Goal::Apply => "Apply this plan?",
        Goal::Destroy => "Remove all this?",
    };
    say(&styled(STRONG, format!("{question} Only `yes` is taken for an answer.")));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim() == "yes" {
        return Ok(());
    }
    say("Not approved; nothing was changed.");
    Err(Exit::Refused)
}

/// Runs a plan. The first interrupt starts nothing new, the second leaves at once.
async fn run_plan(
    session: &Session,
    plan: &Plan,
    args: &args::Apply,
    signals: &mut Signals,
    recording: &Recording<'_>,
) -> Ended {
    let (stop, stopped) = watch::channel(false);
    let options = Options {
        parallelism: args.target.parallelism,
        task_timeout: Duration::from_secs(args.task_timeout),
        busy: args.busy,
        health: args.health_gate,
        health_timeout: Duration::from_secs(args.health_timeout),
        stop: stopped,
    };
    let progress = Progress::new(plan);
    let events = |event| {
        recording.event(&event);
        progress.event(&event);
    };
    let applying = apply::apply(&session.client, plan, &options, &events);
    tokio::pin!(applying);
    let mut interrupted = false;
    loop {
        tokio::select! {
            outcome = &mut applying => {
                progress.finish();
                return Ended::Ran { outcome, interrupted };
            }
            () = signals.next() => {
                if interrupted {
                    progress.abandon();
                    return Ended::Left;
                }
                interrupted = true;
                recording.log(|| Entry::RunInterrupted);
                progress.note("interrupted: nothing new is started; waiting for what is in flight (interrupt again to leave at once)");
                // Nobody listening means that nothing is running any more.
                let _ = stop.send(true);
            }
        }
    }
}

/// The signals that mean "stop".
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Refuses a plan that has to wait for what someone else began.
fn at_rest(plan: &Plan) -> Result<(), Exit> {
    let names = ShortNames::of(plan);
    let waits: Vec<String> = plan
        .steps()
        .filter(|(_, it)| it.operation.is_wait())
        .map(|(_, it)| words::step(it, &names))
        .collect();
    if waits.is_empty() {
        return Ok(());
    }
    error("refused: OVHcloud is at work there already (--busy fail); it would have to:");
    for wait in waits {
        say(&format!("  {wait}"));
    }
    Err(Exit::Refused)
}

/// Reads live state again and says whether it is what it should be, if that is to be learnt.
async fn conclude(
    session: &Session,
    goal: Goal,
    only: Option<&Address>,
    outcome: &Outcome,
) -> (Option<bool>, Exit) {
    let otherwise = if outcome.changed { Exit::Partial } else { Exit::Error };
    let Ok(Planned { plan: left, .. }) = session.plan(goal, only).await else { return (None, otherwise) };
    if left.is_empty() {
        out(&format!("{}\n", styled(STRONG, "Converged: planning again finds nothing to do.")));
        // A step may have failed and its effect be there all the same.
        return (Some(true), Exit::Success);
    }
    out(&format!("\n{}\n\n", styled(STRONG, "Not converged. What is left:")));
    out(&text::plan(&left, View { width: width(), ..View::default() }));
    (Some(false), otherwise)
}
