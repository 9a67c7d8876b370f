//! `graph`: the topology, or the order of a plan, drawn.

use super::args::{self, GraphFormat};
use super::connect::{Planned, Session, load};
use super::exit::Exit;
use super::out_raw;
use crate::diff::Goal;
use crate::render::estate::Estate;
use crate::render::{html, sketch};

pub(super) async fn run(args: &args::Graph) -> Exit {
    match graph(args).await {
        Ok(document) => {
            out_raw(&document);
            Exit::Success
        }
        Err(exit) => exit,
    }
}

async fn graph(args: &args::Graph) -> Result<String, Exit> {
    if args.plan {
        let session = Session::open(&args.topology, &args.target, &args.lints)?;
        let Planned { plan, .. } = session.plan(Goal::Apply, None).await?;
        return Ok(match args.format {
            GraphFormat::Svg => html::order(&plan),
            GraphFormat::Dot => sketch::order(&plan).dot(),
            GraphFormat::Mermaid => sketch::order(&plan).mermaid(),
        });
    }
    let topology = load(&args.topology, &args.lints)?.topology;
    let estate = Estate::of_topology(&topology);
    Ok(match args.format {
        GraphFormat::Svg => html::network(&estate),
        GraphFormat::Dot => sketch::network(&estate).dot(),
        GraphFormat::Mermaid => sketch::network(&estate).mermaid(),
    })
}
