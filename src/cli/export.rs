//! `export`: live state as a topology file.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use super::args::{self, ExportFormat};
use super::connect::{asked_without_topology, fail, unread};
use super::exit::Exit;
use super::{error, out_raw, say, story, warn};
use crate::diagnostic::Sources;
use crate::export::{self, Document, Export, NoteKind};
use crate::live::Scope;
use crate::live::read::survey;
use crate::render::words;

pub(super) async fn run(args: &args::Export) -> Exit {
    match run_or_fail(args).await {
        Ok(()) => Exit::Success,
        Err(exit) => exit,
    }
}

async fn run_or_fail(args: &args::Export) -> Result<(), Exit> {
    if let Some(path) = args.out.as_deref().filter(|path| !args.force && path.exists()) {
        return Err(exists(path));
    }
    let client = asked_without_topology(&args.target)?;
    let scope = match (args.service, args.vrack.is_empty()) {
        (Some(service), _) => Scope::Service(service),
        (None, true) => Scope::Account,
        (None, false) => Scope::Vracks(args.vrack.iter().cloned().collect::<BTreeSet<_>>()),
    };
    let live = survey(&client, &scope).await.map_err(|problem| unread(&problem, &Sources::default()))?;
    // An address of one's own is a simulator's, and may be another the next time.
    let named = Some(client.endpoint().name()).filter(|name| !name.contains('/'));
    let export = export::export(&live, &scope, named).map_err(fail)?;
    let document = match args.format {
        ExportFormat::Yaml => export.text.clone(),
        ExportFormat::Json => {
            let document = Document::new(&export, client.endpoint().url().as_str()).map_err(fail)?;
            serde_json::to_string_pretty(&document).map_err(fail)? + "\n"
        }
    };
    tell(&export);
    match &args.out {
        None => out_raw(&document),
        Some(path) => write(path, &document, args.force)?,
    }
    story(&summary(&export, args.out.as_deref()));
    Ok(())
}

fn tell(export: &Export) {
    for note in &export.notes {
        match note.kind {
            NoteKind::LeftOut => warn(&format!("left out: {note}")),
            NoteKind::UnderWay | NoteKind::Empty => story(&format!("note: {note}")),
        }
    }
}

fn summary(export: &Export, path: Option<&Path>) -> String {
    let Export { vracks, services, datacenters, .. } = export;
    let place = path.map(|path| format!(" to {}", path.display())).unwrap_or_default();
    format!(
        "Exported {}, {} and {}{place}.",
        words::many(*vracks, "vRack"),
        words::many(*services, "service"),
        words::many(*datacenters, "datacenter")
    )
}

fn write(path: &Path, text: &str, overwrite: bool) -> Result<(), Exit> {
    let mut options = OpenOptions::new();
    options.write(true).truncate(true);
    if overwrite {
        options.create(true);
    } else {
        options.create_new(true);
    }
    match options.open(path).and_then(|mut file| file.write_all(text.as_bytes())) {
        Err(problem) if problem.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
        Err(problem) => Err(fail(format!("{} cannot be written: {problem}", path.display()))),
        Ok(()) => Ok(()),
    }
}

fn exists(path: &Path) -> Exit {
    error(&format!("{} is there already", path.display()));
    say("  help: --force overwrites it");
    Exit::Refused
}
