//! Live state → the topology file that plans to nothing. Pure.
//!
//! A service with what is configured on it, and a datacenter with its extras, are each written whole or
//! not at all: what a file does not say of something it declares, a plan would remove. What cannot be
//! written is told, and its vRack is then managed as `declared`, so that it is left alone.

mod draft;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Source, Sources};
use crate::live::{Live, Scope};
use crate::topology::format::{self, Refused};
use crate::topology::{self, Address};
use draft::Draft;
use write::Written;

/// A topology file, and what has to be said beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Export {
    /// The file, in its canonical form.
    pub text: String,
    /// What is not in the file, or not settled; in the order of their kinds and addresses.
    pub notes: Vec<Note>,
    /// How many vRacks are in it.
    pub vracks: usize,
    /// How many services are in it.
    pub services: usize,
    /// How many l3 datacenters are in it.
    pub datacenters: usize,
}

/// Something that the file does not say, or that will not stay as it says.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// What kind of thing that is.
    pub kind: NoteKind,
    /// Where; for what is in no vRack, `null`.
    pub address: Option<Address>,
    /// What is to be said, in a sentence that begins with what it is about.
    pub message: String,
}

/// What a [`Note`] is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum NoteKind {
    /// It is live, is not in the file, and is left alone by a plan of it.
    LeftOut,
    /// OVHcloud is still at work on it.
    UnderWay,
    /// Nothing is configured there.
    Empty,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.message)
    }
}

/// Live state that no topology can be written of.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no topology says what is live: {0}")]
pub struct Inexpressible(String);

/// The topology of what is live in `scope`, for the endpoint of this name, where it has one.
///
/// # Errors
/// Live state that breaks a rule of topologies which is not about one service or one datacenter.
pub fn export(live: &Live, scope: &Scope, endpoint: Option<&str>) -> Result<Export, Inexpressible> {
    let mut refused = BTreeMap::new();
    loop {
        let draft = Draft::of(live, scope, &refused);
        let written = write::write(&draft, endpoint);
        match first_error(&written.text) {
            None => return finish(&draft, written),
            Some(error) => {
                // Something that OVHcloud took and a rule of topologies forbids.
                let place = error.labels.iter().find_map(|label| written.unit_at(label.span.range().start));
                match place {
                    Some(address) => {
                        refused.insert(address.clone(), error.message);
                    }
                    None => return Err(Inexpressible(error.message)),
                }
            }
        }
    }
}

fn finish(draft: &Draft<'_>, written: Written) -> Result<Export, Inexpressible> {
    let formatted = format::format(source(written.text)).map_err(|refused| {
        Inexpressible(match refused {
            Refused::Invalid(_, errors) => {
                errors.first().map(|error| error.message.clone()).unwrap_or_default()
            }
            Refused::NoForm(why) => why,
        })
    });
    let vracks = || draft.vracks.values();
    Ok(Export {
        text: formatted?,
        notes: draft.notes.clone(),
        vracks: draft.vracks.len(),
        services: vracks().map(|vrack| vrack.services.len()).sum(),
        datacenters: vracks().map(|vrack| vrack.datacenters.len()).sum(),
    })
}

fn first_error(text: &str) -> Option<Diagnostic> {
    let mut sources = Sources::default();
    sources.add(source(text.to_owned()));
    let (_, diagnostics) = topology::parse(&sources);
    diagnostics.into_iter().find(Diagnostic::is_error)
}

fn source(text: String) -> Source {
    Source { path: PathBuf::from("export"), text }
}

/// An export for programs.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The version of this form. A part after the dot that is higher adds fields; one before it changes them.
    pub format_version: &'static str,
    /// The address of the API that was asked.
    pub endpoint: String,
    /// The topology, as its own schema describes it. Written to a file it is a topology file.
    pub topology: Value,
    /// What is not in the topology, or not settled.
    pub notes: Vec<Note>,
}

impl Document {
    /// An export of what the API at `endpoint` showed.
    ///
    /// # Errors
    /// None that can be met: what was written is YAML.
    pub fn new(export: &Export, endpoint: &str) -> Result<Self, Inexpressible> {
        Ok(Self {
            format_version: "1.0",
            endpoint: endpoint.to_owned(),
            topology: serde_saphyr::from_str(&export.text)
                .map_err(|problem| Inexpressible(problem.to_string()))?,
            notes: export.notes.clone(),
        })
    }

    /// The JSON schema of this form.
    #[must_use]
    pub fn schema() -> Value {
        let mut schema = Value::from(schemars::schema_for!(Self));
        schema["title"] = "What `ovhconnect export --format json` writes".into();
        schema
    }
}
