//! `apply` and `destroy`: plan, ask, run, and look again.

use std::io::{BufRead as _, IsTerminal as _};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::args;
use super::connect::Session;
use super::exit::Exit;
use super::progress::Progress;
use super::{error, out, say, width};
use crate::apply::{self, Options, Outcome};
use crate::diff::Goal;
use crate::plan::Plan;
use crate::render::text::{self, View};
use crate::render::{STRONG, styled, words};

pub(super) async fn run(args: &args::Apply, goal: Goal) -> Exit {
    match apply(args, goal).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn apply(args: &args::Apply, goal: Goal) -> Result<Exit, Exit> {
    let session = Session::open(&args.topology, &args.target)?;
    let plan = session.plan(goal).await?;
    out(&text::plan(&plan, View { width: width(), explain: args.explain }));
    if plan.is_empty() {
        return Ok(Exit::Success);
    }
    approve(args.auto_approve, goal)?;
    let begun = Instant::now();
    let (outcome, interrupted) = run_plan(&session, &plan, args).await?;
    conclude(&session, &plan, &outcome, goal, begun.elapsed(), interrupted).await
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
async fn run_plan(session: &Session, plan: &Plan, args: &args::Apply) -> Result<(Outcome, bool), Exit> {
    let (stop, stopped) = watch::channel(false);
    let options = Options {
        parallelism: args.target.parallelism,
        task_timeout: Duration::from_secs(args.task_timeout),
        stop: stopped,
    };
    let progress = Progress::new(plan);
    let events = |event| progress.event(&event);
    let applying = apply::apply(&session.client, plan, &options, &events);
    tokio::pin!(applying);
    let mut signals = Signals::new().map_err(|problem| {
        error(&format!("signals cannot be listened for: {problem}"));
        Exit::Error
    })?;
    let mut interrupted = false;
    loop {
        tokio::select! {
            outcome = &mut applying => {
                progress.finish();
                return Ok((outcome, interrupted));
            }
            () = signals.next() => {
                if interrupted {
                    progress.abandon();
                    return Err(Exit::Interrupted);
                }
                interrupted = true;
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

/// Reads live state again and says whether it is what it should be.
async fn conclude(
    session: &Session,
    plan: &Plan,
    outcome: &Outcome,
    goal: Goal,
    elapsed: Duration,
    interrupted: bool,
) -> Result<Exit, Exit> {
    let counts = outcome.counts();
    let mut parts =
        vec![format!("{} of {} steps done in {}", counts.done, plan.steps.len(), words::duration(elapsed))];
    for (count, word) in
        [(counts.failed, "failed"), (counts.skipped, "skipped"), (counts.not_started, "not started")]
    {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    out(&format!("{}.\n", parts.join(", ")));
    if interrupted {
        return Ok(Exit::Interrupted);
    }
    let left = session.plan(goal).await.map_err(|_| Exit::Partial)?;
    if left.is_empty() {
        out(&format!("{}\n", styled(STRONG, "Converged: planning again finds nothing to do.")));
        // A step may have failed and its effect be there all the same.
        return Ok(Exit::Success);
    }
    out(&format!("\n{}\n\n", styled(STRONG, "Not converged. What is left:")));
    out(&text::plan(&left, View { width: width(), explain: false }));
    Ok(Exit::Partial)
}
