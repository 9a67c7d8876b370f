//! `plan`: what apply would do.

use super::args::{self, Document, Limits, PlanFormat};
use super::connect::{Planned, Session, fail};
use super::exit::Exit;
use super::file::{one_on_stdout, write_file};
use super::{error, out, out_raw, say, story, width};
use crate::diff::Goal;
use crate::plan::guard::{self, Guards, Violation};
use crate::plan::saved::SavedPlan;
use crate::render::report::{Expected, Report};
use crate::render::text::{self, View};
use crate::render::{gitlab, html, json, markdown, words};

pub(super) async fn run(args: &args::Plan) -> Exit {
    match plan(args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn plan(args: &args::Plan) -> Result<Exit, Exit> {
    one_on_stdout(&args.format)?;
    let session = Session::open(&args.topology, &args.target, &args.limits.lints)?;
    let timings = session.timings(&args.expectations)?;
    let goal = if args.destroy { Goal::Destroy } else { Goal::Apply };
    let mut planned = session.plan(goal, args.limits.only.as_ref()).await?;
    let warnings = session.remark(&mut planned, &args.limits.lints);
    let Planned { plan, topology, live, .. } = planned;
    let violations = guard::check(&plan, &topology, &guards(&args.limits, false));
    let names: Vec<String> = args.topology.paths.iter().map(|path| path.display().to_string()).collect();
    let expected = Expected::of(&plan, &timings, args.target.steps_at_once());
    let report = Report {
        plan: &plan,
        live: &live,
        name: &names.join(" "),
        endpoint: session.client.endpoint().url().as_str(),
        only: args.limits.only.as_ref(),
        violations: &violations,
        expected: expected.as_ref(),
    };
    show(&report, args)?;
    session.tell_spent();
    if let Some(expected) = &expected {
        story(&format!("Expected to take {} ({}).", expected.takes(), expected.because()));
    }
    refuse(&objections(warnings, &args.limits, &violations))?;
    let has_changes = !plan.is_empty();
    if let Some(path) = &args.out {
        let endpoint = session.client.endpoint().url().to_string();
        let saved = SavedPlan::new(plan, &topology, live, &endpoint, args.limits.only.clone());
        std::fs::write(path, saved.to_json())
            .map_err(|problem| fail(format!("the plan cannot be saved to {}: {problem}", path.display())))?;
        story(&format!("Saved to {0}; to apply exactly this: ovhconnect apply {0}", path.display()));
    }
    Ok(if args.detailed_exitcode && has_changes { Exit::Changes } else { Exit::Success })
}

/// The guards that the command line asks for.
pub(super) fn guards(limits: &Limits, no_disruption: bool) -> Guards {
    Guards { max_deletes: limits.max_deletes, deny: limits.denied().collect(), no_disruption }
}

/// Why a plan is not to be run.
pub(super) struct Objection {
    /// What it does.
    pub(super) message: String,
    /// What to do about it.
    pub(super) help: String,
}

/// Why a plan is not to be run that was made with so many warnings and does what it may not.
pub(super) fn objections(warnings: usize, limits: &Limits, violations: &[Violation]) -> Vec<Objection> {
    let mut objections = Vec::new();
    if warnings > 0 && limits.denies_warnings() {
        objections.push(Objection {
            message: format!("{}, and none is accepted (--deny warnings)", words::many(warnings, "warning")),
            help: "do what they say, or silence them with `allow: [CODE]` in the topology or --allow CODE"
                .to_owned(),
        });
    }
    objections.extend(
        violations.iter().map(|it| Objection { message: it.to_string(), help: it.help().to_owned() }),
    );
    objections
}

/// Refuses a plan, if there is a reason to.
pub(super) fn refuse(objections: &[Objection]) -> Result<(), Exit> {
    for Objection { message, help } in objections {
        error(&format!("refused: {message}"));
        say(&format!("  help: {help}"));
    }
    if objections.is_empty() { Ok(()) } else { Err(Exit::Refused) }
}

/// Writes the plan in every format that is asked for. Stdout gets one of them.
fn show(report: &Report<'_>, args: &args::Plan) -> Result<(), Exit> {
    let view = View { width: width(), explain: args.explain, summary: args.summary };
    let mut has_stdout = false;
    for Document { format, file } in &args.format {
        match file {
            Some(path) => {
                // No terminal says how wide a file is.
                let document = document(report, *format, View { width: View::default().width, ..view });
                write_file(path, &document)?;
            }
            None if *format == PlanFormat::Text => {}
            None => {
                has_stdout = true;
                out_raw(&document(report, *format, view));
            }
        }
    }
    if !has_stdout {
        out(&text::plan(report.plan, view));
    }
    Ok(())
}

fn document(report: &Report<'_>, format: PlanFormat, view: View) -> String {
    match format {
        PlanFormat::Text => anstream::adapter::strip_str(&text::plan(report.plan, view)).to_string(),
        PlanFormat::Json => json::plan(report),
        PlanFormat::Markdown => markdown::plan(report),
        PlanFormat::Html => html::plan(report),
        PlanFormat::Gitlab => gitlab::plan(report.plan),
    }
}
