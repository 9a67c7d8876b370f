//! `diff`: live and desired, as a unified diff.

use super::args;
use super::connect::{Planned, Session};
use super::exit::Exit;
use super::{out, story};
use crate::diff::Goal;
use crate::render::report::Report;
use crate::render::{text, words, yaml};

pub(super) async fn run(args: &args::Diff) -> Exit {
    match diff(args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn diff(args: &args::Diff) -> Result<Exit, Exit> {
    let session = Session::open(&args.topology, &args.target, &args.lints)?;
    let Planned { plan, live, .. } = session.plan(Goal::Apply, args.only.as_ref()).await?;
    let report = Report {
        plan: &plan,
        live: &live,
        name: "",
        endpoint: session.client.endpoint().url().as_str(),
        only: args.only.as_ref(),
        violations: &[],
        expected: None,
    };
    out(&text::diff(&yaml::diff(&report)));
    session.tell_spent();
    story(&if plan.is_empty() { words::nothing_to_do(&plan) } else { words::summary(&plan) });
    Ok(if args.detailed_exitcode && !plan.is_empty() { Exit::Changes } else { Exit::Success })
}
