//! `apply` and `destroy`: plan, ask, run, and look again.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::args::{self, ApplyFormat};
use super::connect::{Planned, Session, fail, is_saved_plan};
use super::exit::Exit;
use super::plan::{Objection, guards, objections, refuse};
use super::progress::Progress;
use super::run_log::{Recording, RunLog};
use super::signals::Signals;
use super::verify::{self, Waited};
use super::{error, out, say, story, tell, width};
use crate::apply::{self, Busy, Options, Outcome};
use crate::diff::Goal;
use crate::live::moved;
use crate::plan::Plan;
use crate::plan::guard;
use crate::plan::saved::{self, SavedPlan};
use crate::render::events::Entry;
use crate::render::json::Summary;
use crate::render::outcome;
use crate::render::report::Expected;
use crate::render::spent::PhaseName;
use crate::render::text::{self, View};
use crate::render::timing::Timings;
use crate::render::words::{self, ShortNames};
use crate::render::{STRONG, styled};
use crate::topology::Address;
use crate::verify::{Patience, Question};

pub(super) async fn run(args: &args::Apply, goal: Goal) -> Exit {
    match apply(args, goal).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn apply(args: &args::Apply, goal: Goal) -> Result<Exit, Exit> {
    if args.verify.is_some() && goal == Goal::Destroy {
        error("what is removed carries nothing that could be verified: --verify belongs to `apply`");
        return Err(Exit::Usage);
    }
    let log = &RunLog::open(args)?;
    if let ([path], Goal::Apply) = (args.topology.paths.as_slice(), goal)
        && (path.extension().is_some_and(|extension| extension == "json") || is_saved_plan(path))
    {
        return apply_saved(path, args, log).await;
    }
    let session = Session::open(&args.topology, &args.target, &args.limits.lints)?;
    let timings = session.timings(&args.expectations)?;
    let only = args.limits.only.as_ref();
    let mut planned = session.plan(goal, only).await?;
    let warnings = session.remark(&mut planned, &args.limits.lints);
    let Planned { plan, topology, live, .. } = planned;
    let live_digest = saved::digest(&live);
    let run = Run { session: &session, plan: &plan, only, live_digest: &live_digest, timings, args, log };
    run.show_plan();
    // `destroy` says by its name that everything goes.
    let unseen = args.auto_approve && !std::io::stdin().is_terminal() && goal == Goal::Apply;
    let guards = guards(&args.limits, unseen && !args.allow_disruption);
    run.refuse(&objections(warnings, &args.limits, &guard::check(&plan, &topology, &guards)))?;
    if plan.is_empty() {
        return run.needless().await;
    }
    run.ask()?;
    run.to_the_end().await
}

/// Applies exactly what a saved plan says, if live state is still what it was made from. It was shown
/// to somebody when it was saved: nobody is asked.
async fn apply_saved(path: &Path, args: &args::Apply, log: &RunLog) -> Result<Exit, Exit> {
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
    let timings = session.timings(&args.expectations)?;
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
    let only = saved.only.as_ref();
    let run = Run { session: &session, plan, only, live_digest: &saved.live_digest, timings, args, log };
    run.show_plan();
    let violations = guard::check(plan, &saved.desired.topology(), &guards(&args.limits, false));
    run.refuse(&objections(0, &args.limits, &violations))?;
    if plan.is_empty() { run.needless().await } else { run.to_the_end().await }
}

/// A plan that may be run, and what it was made from.
struct Run<'a> {
    session: &'a Session,
    plan: &'a Plan,
    only: Option<&'a Address>,
    live_digest: &'a str,
    timings: Timings,
    args: &'a args::Apply,
    log: &'a RunLog,
}

impl Run<'_> {
    /// Prints what a person is to read: on stdout, unless that is for a program.
    fn print(&self, text: &str) {
        match self.args.format {
            ApplyFormat::Text => out(text),
            ApplyFormat::Json => tell(text),
        }
    }

    fn show_plan(&self) {
        let view = View { width: width(), explain: self.args.explain, ..View::default() };
        self.print(&text::plan(self.plan, view));
        if let Some(expected) = Expected::of(self.plan, &self.timings, self.args.target.steps_at_once()) {
            story(&format!("Expected to take {} ({}).", expected.takes(), expected.because()));
        }
    }

    /// Refuses to run the plan, if there is a reason to.
    fn refuse(&self, objections: &[Objection]) -> Result<(), Exit> {
        refuse(objections).inspect_err(|exit| {
            self.log.refused(self.plan, objections.iter().map(|it| it.message.clone()).collect(), *exit);
        })
    }

    /// Asks whether to run the plan, unless told not to.
    fn ask(&self) -> Result<(), Exit> {
        if self.args.auto_approve {
            return Ok(());
        }
        approve(self.plan.goal).inspect_err(|exit| {
            self.log.refused(self.plan, vec!["not approved".to_owned()], *exit);
        })
    }

    /// Logs that there was nothing to do.
    async fn needless(&self) -> Result<Exit, Exit> {
        let recording = self.recording();
        let exit = self.verify(&mut Signals::new()?).await;
        self.session.tell_spent();
        recording.finished(Some(true), exit, self.session.spent());
        Ok(exit)
    }

    /// Waits until what is live carries traffic, if that is asked for.
    async fn verify(&self, signals: &mut Signals) -> Exit {
        let Some(seconds) = self.args.verify else { return Exit::Success };
        let topology = self.session.topology();
        let question = Question { topology, only: self.only, accepts_unknown: false };
        let patience = Patience {
            timeout: Duration::from_secs(seconds),
            interval: Patience::INTERVAL,
            hold: Duration::ZERO,
        };
        let verifying = verify::wait(&self.session.client, &question, patience, signals);
        match self.session.phase(PhaseName::Verify, verifying).await {
            Ok(Waited { report, exit }) => {
                if let Some(report) = report {
                    self.print(&format!("\n{}", crate::verify::text::text(&report, width())));
                }
                exit
            }
            // It was told why. What is applied stays so.
            Err(_) => Exit::Unmet,
        }
    }

    /// Runs the plan, says what came of it, and looks again.
    async fn to_the_end(&self) -> Result<Exit, Exit> {
        let Self { session, plan, args, .. } = self;
        if args.busy == Busy::Fail {
            self.refuse(&at_rest(plan))?;
        }
        let mut signals = Signals::new()?;
        let recording = self.recording();
        let begun = Instant::now();
        let running = run_plan(session, plan, args, self.timings.clone(), &mut signals, &recording);
        let ended = session.phase_with_tasks(PhaseName::Apply, running, || recording.on_tasks()).await;
        let (converged, exit) = match ended {
            Ended::Left => (None, Exit::Interrupted),
            Ended::Ran { outcome, interrupted } => {
                self.print(&outcome::summary(plan, &outcome, begun.elapsed(), width()));
                if interrupted {
                    (None, Exit::Interrupted)
                } else {
                    tokio::select! {
                        concluded = self.conclude(&outcome) => concluded,
                        () = signals.next() => {
                            say("interrupted while live state was read again; nothing is in flight");
                            (None, Exit::Interrupted)
                        }
                    }
                }
            }
        };
        let exit = if exit == Exit::Success { self.verify(&mut signals).await } else { exit };
        session.tell_spent();
        recording.finished(converged, exit, session.spent());
        Ok(exit)
    }

    /// Reads live state again and says whether it is what it should be, if that is to be learnt.
    async fn conclude(&self, outcome: &Outcome) -> (Option<bool>, Exit) {
        let otherwise = if outcome.changed { Exit::Partial } else { Exit::Error };
        let Ok(Planned { plan: left, .. }) = self.session.plan(self.plan.goal, self.only).await else {
            return (None, otherwise);
        };
        if left.is_empty() {
            self.print(&format!("{}\n", styled(STRONG, "Converged: planning again finds nothing to do.")));
            // A step may have failed and its effect be there all the same.
            return (Some(true), Exit::Success);
        }
        self.print(&format!("\n{}\n\n", styled(STRONG, "Not converged. What is left:")));
        self.print(&text::plan(&left, View { width: width(), ..View::default() }));
        (Some(false), otherwise)
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
            summary: Summary::of(self.plan),
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

/// Asks. Where nobody can be asked, the answer is no.
fn approve(goal: Goal) -> Result<(), Exit> {
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
    timings: Timings,
    signals: &mut Signals,
    recording: &Recording<'_>,
) -> Ended {
    let (stop, stopped) = watch::channel(false);
    let options = Options {
        parallelism: args.target.steps_at_once(),
        task_timeout: Duration::from_secs(args.task_timeout),
        busy: args.busy,
        health: args.health_gate,
        health_timeout: Duration::from_secs(args.health_timeout),
        stop: stopped,
    };
    let progress = Progress::new(plan, timings, args.target.steps_at_once());
    let mut ticks = Progress::ticks();
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
            _ = ticks.tick() => progress.tick(),
            () = signals.next() => {
                if interrupted {
                    progress.abandon();
                    return Ended::Left;
                }
                interrupted = true;
                recording.log(|| Entry::RunInterrupted);
                progress.interrupted();
                // Nobody listening means that nothing is running any more.
                let _ = stop.send(true);
            }
        }
    }
}

/// Why a plan is not to be run where OVHcloud is at work already: what it would have to wait for.
fn at_rest(plan: &Plan) -> Vec<Objection> {
    let names = ShortNames::of(plan);
    let waits = plan.steps().filter(|(_, it)| it.operation.is_wait());
    waits
        .map(|(_, it)| Objection {
            message: format!(
                "OVHcloud is at work there already (--busy fail); it would have to {}",
                words::step(it, &names)
            ),
            help: "run it again when that is over, or leave --busy away to wait for it".to_owned(),
        })
        .collect()
}
