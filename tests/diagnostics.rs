//! Every message, as the user sees it: each case in `tests/diagnostics` is a bad topology (a file or a
//! folder, named after the code it shows) with the text it is to give beside it.
//!
//! `SNAPSHOTS=overwrite cargo test --test diagnostics` writes the texts again.

// What fails here is a test, and the line says which.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ovhconnect::diagnostic;
use ovhconnect::topology::{files, rules};
use snapbox::Data;

const CASES: &str = "tests/diagnostics";

/// The cases that no file can hold: a file that is missing, and one too large to keep.
const MADE: [&str; 2] = ["OCC001-missing-file", "OCC004-too-large"];

/// The names of the cases, without their endings.
fn cases() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = MADE.iter().map(|name| (*name).to_owned()).collect();
    for entry in fs::read_dir(CASES).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "yaml") {
            names.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    names
}

fn input(name: &str) -> PathBuf {
    let folder = Path::new(CASES).join(name);
    if name == "OCC004-too-large" {
        // Nothing but a length: the file takes no room.
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("OCC004-too-large.yaml");
        fs::File::create(&path).unwrap().set_len(files::MAX_FILE_BYTES + 1).unwrap();
        return path;
    }
    if folder.is_dir() { folder } else { folder.with_extension("yaml") }
}

/// What the user sees, and the codes in it.
fn rendered(name: &str) -> (String, BTreeSet<&'static str>) {
    let loaded = files::load(&[input(name)]);
    let text = diagnostic::render(&loaded.diagnostics, &loaded.sources, false);
    let text = text.replace(env!("CARGO_TARGET_TMPDIR"), "[TMPDIR]");
    (text, loaded.diagnostics.iter().map(|diagnostic| diagnostic.code).collect())
}

#[test]
fn every_case_reads_as_it_should() {
    let assert = snapbox::Assert::new().action_env("SNAPSHOTS");
    let mut wrong = Vec::new();
    for name in cases() {
        let (text, codes) = rendered(&name);
        let code = name.split('-').next().unwrap();
        if !codes.contains(code) {
            wrong.push(format!("{name} does not show {code}, but {codes:?}"));
        }
        let expected = Path::new(CASES).join(format!("{name}.txt"));
        if let Err(difference) =
            assert.try_eq(Some(&name), text.into(), Data::read_from(&expected, None).raw())
        {
            wrong.push(difference.to_string());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_case_and_every_text_too() {
    let cases = cases();
    let shown: BTreeSet<&str> = cases.iter().filter_map(|name| name.split('-').next()).collect();
    let missing: Vec<_> =
        rules::ALL.iter().map(|rule| rule.code).filter(|code| !shown.contains(code)).collect();
    assert!(missing.is_empty(), "no case in {CASES} shows {missing:?}");

    for entry in fs::read_dir(CASES).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(cases.contains(name), "{} belongs to no case", path.display());
    }
}

#[test]
fn the_examples_are_clean() {
    let mut count = 0;
    for entry in fs::read_dir("examples").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let loaded = files::load(&[&path]);
            let text = diagnostic::render(&loaded.diagnostics, &loaded.sources, false);
            assert_eq!(text, "", "{} is not clean", path.display());
            assert!(!loaded.topology.entries.is_empty(), "{} declares nothing", path.display());
            count += 1;
        }
    }
    assert_eq!(count, 5, "examples");
}

#[test]
fn files_can_be_broken_one_without_the_other() {
    let loaded =
        files::load(&["tests/diagnostics/OCC005-tab.yaml", "tests/diagnostics/OCC030-pop-size.yaml"]);
    let codes: Vec<_> = loaded.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, ["OCC005", "OCC030"]);
}
