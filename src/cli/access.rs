//! `access`: the least credential, and what the one at hand lacks.

use serde_json::json;

use super::args::{self, AccessFormat};
use super::connect::{Session, fail, load};
use super::exit::Exit;
use super::{error, out, say};
use crate::access::{AccessRule, Credential, Purpose, Region, needs, text};
use crate::live::Live;
use crate::render::words;
use crate::topology::Topology;

pub(super) async fn run(args: &args::Access) -> Exit {
    match access(args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn access(args: &args::Access) -> Result<Exit, Exit> {
    let asks = args.live || args.check || args.target.simulate.is_some();
    let session = if asks { Some(Session::open(&args.topology, &args.target, &args.lints)?) } else { None };
    let (topology, live): (Topology, Option<Live>) = match &session {
        Some(session) if args.live => {
            let reading = session.read().await?;
            (reading.topology, Some(reading.live))
        }
        Some(session) => (session.topology().clone(), None),
        None => (load(&args.topology, &args.lints)?.topology, None),
    };
    let endpoint = match &session {
        Some(session) => session.client.endpoint().name().to_owned(),
        None => {
            let named = args.target.endpoint.clone();
            named.or_else(|| topology.endpoint.as_ref().map(|it| it.name.clone())).unwrap_or_default()
        }
    };
    let purpose = Purpose::from(args.purpose);
    let needs = needs(&topology, live.as_ref(), purpose);
    let credential = Credential::of(&needs, purpose, Region::of_endpoint(&endpoint));
    let granted = match &session {
        Some(session) if args.check => Some(granted(session).await?),
        _ => None,
    };
    let missing = granted.as_deref().map(|granted| credential.missing(granted));
    out(&written(&credential, missing.as_deref(), args.format)?);
    match missing {
        None => Ok(Exit::Success),
        Some(missing) if missing.is_empty() => {
            say(&format!("The credential at hand suffices to {} this topology.", purpose));
            Ok(Exit::Success)
        }
        Some(missing) => {
            let lacks = words::many(missing.len(), "access rule");
            error(&format!("the credential at hand lacks {lacks} to {} this topology", purpose));
            say("  help: `--format access-rules` and `--format iam` write what to grant");
            Ok(Exit::Unmet)
        }
    }
}

/// What the credential at hand may call.
async fn granted(session: &Session) -> Result<Vec<AccessRule>, Exit> {
    let granted = session.client.granted().await.map_err(|problem| {
        let exit = fail(&problem);
        if let Some(hint) = problem.hint() {
            say(&format!("  help: {hint}"));
        }
        exit
    })?;
    let Some(granted) = granted else {
        error("the API does not tell what this service account may call");
        say("  help: compare its policies with what `--format iam` writes");
        return Err(Exit::Error);
    };
    Ok(granted.into_iter().map(|rule| AccessRule { method: rule.method, path: rule.path }).collect())
}

fn written(
    credential: &Credential,
    missing: Option<&[&AccessRule]>,
    format: AccessFormat,
) -> Result<String, Exit> {
    let document = match format {
        AccessFormat::Text => {
            return Ok(match missing {
                None => text::text(credential),
                Some(missing) => missing.iter().map(|rule| format!("missing  {rule}\n")).collect(),
            });
        }
        AccessFormat::Iam => serde_json::to_string_pretty(&credential.iam_policy),
        AccessFormat::AccessRules => {
            serde_json::to_string_pretty(&json!({"accessRules": credential.access_rules}))
        }
        AccessFormat::Json => serde_json::to_string_pretty(&credential.with_missing(missing)),
    };
    Ok(document.map_err(fail)? + "\n")
}
