//! `router`: the configuration of the customer's routers.

use std::path::Path;

use super::args::{self, RouterFormat};
use super::connect::{Session, fail, load};
use super::exit::Exit;
use super::{error, out, say, story};
use crate::live::read::Reading;
use crate::live::with_assigned_asns;
use crate::router::{self, Configuration, Options, RenderError};

pub(super) async fn run(args: &args::Router) -> Exit {
    match configure(args).await {
        Ok(text) => {
            out(&text);
            Exit::Success
        }
        Err(exit) => exit,
    }
}

async fn configure(args: &args::Router) -> Result<String, Exit> {
    let topology = if args.live || args.target.simulate.is_some() {
        let Reading { topology, live, .. } =
            Session::open(&args.topology, &args.target, &args.lints)?.read().await?;
        with_assigned_asns(&topology, &live)
    } else {
        load(&args.topology, &args.lints)?.topology
    };
    let options = Options {
        at: args.at,
        only: args.only.clone(),
        announce: args.announce.clone(),
        accept: args.accept.clone(),
        roles: args.role.clone(),
        interfaces: args.interface.clone(),
        router_id: args.router_id,
    };
    let configuration = router::configure(&topology, &options).map_err(|problem| {
        let exit = fail(&problem);
        say(&format!("  help: {}", problem.help()));
        exit
    })?;
    for note in &configuration.notes {
        story(&format!("note: {note}"));
    }
    match (&args.template, args.format) {
        (Some(path), _) => by_template(&configuration, path),
        (None, Some(RouterFormat::Flavour(flavour))) => {
            router::render(&configuration, flavour).map_err(|problem| refuse(&problem))
        }
        // clap asks for one of the two.
        (None, Some(RouterFormat::Json) | None) => Ok(json(&configuration)),
    }
}

fn by_template(configuration: &Configuration, path: &Path) -> Result<String, Exit> {
    let name = path.display().to_string();
    let template = std::fs::read_to_string(path).map_err(|problem| fail(format!("{name}: {problem}")))?;
    router::render_with(configuration, &name, &template).map_err(|problem| refuse(&problem))
}

fn json(configuration: &Configuration) -> String {
    let text = serde_json::to_string_pretty(configuration);
    text.expect("a configuration is lists, text and numbers") + "\n"
}

fn refuse(problem: &RenderError) -> Exit {
    error(&problem.to_string());
    match problem {
        RenderError::UnknownAsn { .. } => {
            say("  help: ask the API with --live, or write it as `ovhBgpArea` of the datacenter");
        }
        RenderError::Template(_) => {
            say("  help: its variables are the fields that --format json shows");
        }
    }
    Exit::Error
}
