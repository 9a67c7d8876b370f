//! `plan`: what apply would do.

use super::args;
use super::connect::Session;
use super::exit::Exit;
use super::{out, width};
use crate::diff::Goal;
use crate::render::text::{self, View};

pub(super) async fn run(args: &args::Plan) -> Exit {
    match plan(args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn plan(args: &args::Plan) -> Result<Exit, Exit> {
    let session = Session::open(&args.topology, &args.target)?;
    let goal = if args.destroy { Goal::Destroy } else { Goal::Apply };
    let plan = session.plan(goal).await?;
    out(&text::plan(&plan, View { width: width(), explain: args.explain }));
    Ok(if args.detailed_exitcode && !plan.is_empty() { Exit::Changes } else { Exit::Success })
}
