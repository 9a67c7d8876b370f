//! `whatif`: what stays reachable when something is lost.

use super::args::{self, WhatifFormat};
use super::connect::{Session, fail, load};
use super::exit::Exit;
use super::{error, out, say, width};
use crate::live::read::Reading;
use crate::topology::{Spec, Topology};
use crate::whatif::{self, Locations, Report, assess};

pub(super) async fn run(args: &args::Whatif) -> Exit {
    match whatif(args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn whatif(args: &args::Whatif) -> Result<Exit, Exit> {
    let (topology, locations) = if args.live || args.target.simulate.is_some() {
        let session = Session::open(&args.topology, &args.target, &args.lints)?;
        let Reading { topology, live, .. } = session.read().await?;
        let located = live.services.into_iter().filter_map(|(id, service)| Some((id, service.pop?)));
        (topology, located.collect())
    } else {
        let topology = load(&args.topology, &args.lints)?.topology;
        note_unknown_locations(&topology);
        (topology, Locations::new())
    };
    let report = assess(&topology, &locations);
    out(&written(&report, args.format)?);
    if args.require.is_some() && !report.survives_any_loss {
        error("not everything has a second path, and N-1 is required");
        return Ok(Exit::Unmet);
    }
    Ok(Exit::Success)
}

fn written(report: &Report, format: WhatifFormat) -> Result<String, Exit> {
    match format {
        WhatifFormat::Text => Ok(whatif::text::text(report, width())),
        WhatifFormat::Json => serde_json::to_string_pretty(report).map(|text| text + "\n").map_err(fail),
        WhatifFormat::Junit => whatif::junit::junit(report).map_err(fail),
    }
}

/// Where services are delivered matters once there are two.
fn note_unknown_locations(topology: &Topology) {
    let services =
        topology.entries.values().filter(|entry| matches!(entry.spec, Spec::Membership(_))).count();
    if services > 1 {
        say(
            "note: services that are delivered at one PoP are lost together; --live asks the API where they are",
        );
    }
}
