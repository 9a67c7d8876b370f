//! `schema`: what the files look like that are read and written, for editors and programs.

use serde_json::Value;

use super::args::{Schema, SchemaOf};
use super::exit::Exit;
use super::out;
use crate::diagnostic;
use crate::plan::saved::SavedPlan;
use crate::render::events::Record;
use crate::render::json;
use crate::router::Configuration;
use crate::{access, diagnose, export, status, topology, verify, whatif};

pub(super) fn run(args: &Schema) -> Exit {
    out(&text(args.of));
    Exit::Success
}

/// The schema as it is printed, and kept in `schemas/`.
#[must_use]
pub fn text(of: SchemaOf) -> String {
    format!("{:#}\n", schema(of))
}

fn schema(of: SchemaOf) -> Value {
    match of {
        SchemaOf::Topology => topology::schema::schema(),
        SchemaOf::SavedPlan => SavedPlan::schema(),
        SchemaOf::Plan => json::schema(),
        SchemaOf::Diagnostics => diagnostic::schema(),
        SchemaOf::RunLog => Record::schema(),
        SchemaOf::Router => Configuration::schema(),
        SchemaOf::Whatif => whatif::Report::schema(),
        SchemaOf::Access => access::Credential::schema(),
        SchemaOf::Export => export::Document::schema(),
        SchemaOf::Status => status::Report::schema(),
        SchemaOf::Verify => verify::Report::schema(),
        SchemaOf::Diagnose => diagnose::Report::schema(),
    }
}
