//! The schemas in schemas/ are what the program prints, and the topology's says what the program does. `SNAPSHOTS=overwrite cargo test --test schemas`
//! writes them anew.

use std::path::PathBuf;

use clap::ValueEnum as _;
use ovhconnect::cli::args::SchemaOf;
use ovhconnect::cli::schema;
use ovhconnect::topology::{self, files};
use serde_json::Value;

#[test]
fn the_schemas_are_up_to_date() {
    let mut stale = Vec::new();
    let mut known = Vec::new();
    for of in SchemaOf::value_variants() {
        let name = of.to_possible_value().expect("every variant has a name");
        let path = format!("schemas/{}.schema.json", name.get_name());
        let generated = schema::text(*of);
        if std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite") {
            std::fs::create_dir_all("schemas").expect("a folder");
            std::fs::write(&path, &generated).expect("a file");
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != generated {
            stale.push(path.clone());
        }
        known.push(path);
    }
    assert!(stale.is_empty(), "{stale:?} are stale: SNAPSHOTS=overwrite cargo test --test schemas");
    for entry in std::fs::read_dir("schemas").expect("a folder") {
        let path = entry.expect("a file").path().display().to_string();
        assert!(known.contains(&path), "{path} is printed by no `ovhconnect schema`");
    }
}

/// YAML as JSON has it: what an editor checks against the schema.
fn json(text: &str) -> Option<Value> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_saphyr::from_str(text).ok()
}

/// The error codes that say that one value, or the fields of one mapping, are wrong: the schema can say so
/// too. What it cannot say is in `BEYOND`.
const SHAPE: [&str; 10] =
    ["OCC007", "OCC008", "OCC009", "OCC010", "OCC011", "OCC012", "OCC013", "OCC014", "OCC030", "OCC031"];

/// Cases whose errors no schema sees.
const BEYOND: [&str; 1] = ["OCC008-empty-file"];

fn topologies() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from("examples"), PathBuf::from("tests/diagnostics")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "simulator") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn the_topology_schema_refuses_what_is_wrong_in_itself_and_nothing_that_is_valid() {
    let validator = jsonschema::draft7::new(&topology::schema::schema()).expect("a schema");
    let (mut valid, mut refused) = (0, 0);
    for path in topologies() {
        let loaded = files::load(&[&path]);
        let Some(json) = loaded.sources.iter().next().and_then(|(_, source)| json(&source.text)) else {
            continue;
        };
        let errors: Vec<String> =
            validator.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
        let codes: Vec<&str> =
            loaded.diagnostics.iter().filter(|it| it.is_error()).map(|it| it.rule.code).collect();
        if codes.is_empty() {
            assert!(errors.is_empty(), "{} is valid, and the schema says {errors:?}", path.display());
            valid += 1;
        }
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if codes.iter().any(|code| SHAPE.contains(code)) && !BEYOND.contains(&name) {
            assert!(!errors.is_empty(), "{} has {codes:?}, and the schema finds nothing", path.display());
            refused += 1;
        }
    }
    assert!(valid >= 8 && refused >= 15, "{valid} valid, {refused} refused");
}
