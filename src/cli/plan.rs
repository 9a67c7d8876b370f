//! `plan`: what apply would do.

use super::args::{self, Limits};
use super::connect::{Planned, Session, fail};
use super::exit::Exit;
use super::{error, out, say, width};
use crate::diff::Goal;
use crate::plan::Plan;
use crate::plan::guard::{self, Guards};
use crate::plan::saved::SavedPlan;
use crate::render::text::{self, View};
use crate::topology::Topology;

pub(super) async fn run(args: &args::Plan) -> Exit {
    match plan(args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn plan(args: &args::Plan) -> Result<Exit, Exit> {
    let session = Session::open(&args.topology, &args.target, &args.limits.lints)?;
    let goal = if args.destroy { Goal::Destroy } else { Goal::Apply };
    let mut planned = session.plan(goal, args.limits.only.as_ref()).await?;
    let warnings = session.remark(&mut planned, &args.limits.lints);
    let Planned { plan, topology, live, .. } = planned;
    out(&text::plan(&plan, View { width: width(), explain: args.explain }));
    accept(warnings, &args.limits)?;
    hold(&plan, &topology, &guards(&args.limits, false))?;
    let has_changes = !plan.is_empty();
    if let Some(path) = &args.out {
        let endpoint = session.client.endpoint().url().to_string();
        let saved = SavedPlan::new(plan, &topology, live, &endpoint, args.limits.only.clone());
        std::fs::write(path, saved.to_json())
            .map_err(|problem| fail(format!("the plan cannot be saved to {}: {problem}", path.display())))?;
        say(&format!("Saved to {0}; to apply exactly this: ovhconnect apply {0}", path.display()));
    }
    Ok(if args.detailed_exitcode && has_changes { Exit::Changes } else { Exit::Success })
}

/// The guards that the command line asks for.
pub(super) fn guards(limits: &Limits, no_disruption: bool) -> Guards {
    Guards { max_deletes: limits.max_deletes, deny: limits.denied().collect(), no_disruption }
}

/// Refuses to go on with warnings where none is accepted.
pub(super) fn accept(warnings: usize, limits: &Limits) -> Result<(), Exit> {
    if warnings == 0 || !limits.denies_warnings() {
        return Ok(());
    }
    let plural = if warnings == 1 { "" } else { "s" };
    error(&format!("refused: {warnings} warning{plural}, and none is accepted (--deny warnings)"));
    say("  help: do what they say, or silence them with `allow: [CODE]` in the topology or --allow CODE");
    Err(Exit::Refused)
}

/// Refuses a plan that does what it may not.
pub(super) fn hold(plan: &Plan, topology: &Topology, guards: &Guards) -> Result<(), Exit> {
    let violations = guard::check(plan, topology, guards);
    for violation in &violations {
        error(&format!("refused: {violation}"));
        say(&format!("  help: {}", violation.help()));
    }
    if violations.is_empty() { Ok(()) } else { Err(Exit::Refused) }
}
