//! Every message, as the user sees it: each case in `tests/diagnostics` is a bad topology (a file or a
//! folder, named after the code it shows) with the text it is to give beside it. What only live state
//! shows has its account beside it as well, in a file that ends in `.account.yaml`.
//!
//! `SNAPSHOTS=overwrite cargo test --test diagnostics` writes the texts again, and
//! `docs/diagnostics.md` with them.

// What fails here is a test, and the line says which.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ovhconnect::diagnostic::{self, Diagnostic, Side, Source, Sources};
use ovhconnect::diff::Goal;
use ovhconnect::live::read::{ReadError, read};
use ovhconnect::live::remarks;
use ovhconnect::plan::{Plan, PlanError};
use ovhconnect::render;
use ovhconnect::sim::{Account, Options};
use ovhconnect::topology::files::{self, Loaded};
use ovhconnect::topology::{parse, rules};
use snapbox::Data;

use support::Rehearsal;

const CASES: &str = "tests/diagnostics";

/// The cases that no file can hold: a file that is missing, and one too large to keep.
const MADE: [&str; 2] = ["OCC001-missing-file", "OCC004-too-large"];

/// The rules that a topology and an account cannot show: they are about files, or about the command.
const WITHOUT_EXAMPLE: [&str; 5] = ["OCC001", "OCC002", "OCC003", "OCC004", "OCC212"];

/// What a topology that shows one thing in a few lines breaks as well: it has one service and one
/// datacenter. It is silenced wherever it is not the point.
const SMALL: [&str; 2] = ["OCC121", "OCC122"];

/// The names of the cases, without their endings.
fn cases() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = MADE.iter().map(|name| (*name).to_owned()).collect();
    for entry in fs::read_dir(CASES).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "yaml") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            names.insert(name.strip_suffix(".account").unwrap_or(name).to_owned());
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

/// The code a case is named after.
fn code_of(name: &str) -> &str {
    name.split('-').next().unwrap()
}

fn codes(diagnostics: &[Diagnostic]) -> BTreeSet<&'static str> {
    diagnostics.iter().map(|diagnostic| diagnostic.rule.code).collect()
}

/// What is said of the topology in `paths`, in an account if there is one.
fn judge(paths: &[PathBuf], account: Option<&Account>) -> (Vec<Diagnostic>, Sources) {
    let Loaded { sources, topology, mut diagnostics } = files::load(paths);
    if let (Some(account), false) = (account, diagnostics.iter().any(Diagnostic::is_error)) {
        let rehearsal = Rehearsal::with(topology, account, Options::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        diagnostics.extend(runtime.unwrap().block_on(judge_live(&rehearsal)));
        diagnostic::sort(&mut diagnostics);
    }
    (diagnostics, sources)
}

async fn judge_live(rehearsal: &Rehearsal) -> Vec<Diagnostic> {
    let reading = match read(&rehearsal.client, &rehearsal.topology).await {
        Ok(reading) => reading,
        Err(ReadError::Unfit(diagnostics)) => return diagnostics,
        Err(problem) => panic!("live state cannot be read: {problem}"),
    };
    match Plan::make(&reading.topology, &reading.live, Goal::Apply) {
        Ok(_) => remarks(&reading.topology, &reading.live, &reading.ports),
        Err(PlanError::Unfit(diagnostics)) => diagnostics,
        Err(problem @ (PlanError::Only(_) | PlanError::Cycle(_))) => panic!("{problem}"),
    }
}

/// The same without what small topologies break by being small, unless that is what `code` is about.
fn without_small(mut diagnostics: Vec<Diagnostic>, code: &str) -> Vec<Diagnostic> {
    diagnostics.retain(|diagnostic| diagnostic.rule.code == code || !SMALL.contains(&diagnostic.rule.code));
    diagnostics
}

/// What the user sees, and the codes in it.
fn rendered(name: &str) -> (String, BTreeSet<&'static str>) {
    if code_of(name) == "OCC212" {
        return (refused_endpoint(&input(name)), BTreeSet::from(["OCC212"]));
    }
    let account = Path::new(CASES).join(format!("{name}.account.yaml"));
    let account = account.exists().then(|| Account::load(&account).unwrap());
    let (diagnostics, sources) = judge(&[input(name)], account.as_ref());
    let diagnostics = without_small(diagnostics, code_of(name));
    let text = diagnostic::render(&diagnostics, &sources, false);
    (text.replace(env!("CARGO_TARGET_TMPDIR"), "[TMPDIR]"), codes(&diagnostics))
}

/// What the program says where it is to use a topology against another endpoint.
fn refused_endpoint(topology: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ovhconnect"))
        .args(["plan", "--endpoint", "ovh-eu", "--allow", "OCC121", "--allow", "OCC122"])
        .arg(topology)
        .env_clear()
        .envs([("OVH_APPLICATION_KEY", "a"), ("OVH_APPLICATION_SECRET", "b"), ("OVH_CONSUMER_KEY", "c")])
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn every_case_reads_as_it_should() {
    let assert = snapbox::Assert::new().action_env("SNAPSHOTS");
    let mut wrong = Vec::new();
    for name in cases() {
        let (text, codes) = rendered(&name);
        if !codes.contains(code_of(&name)) {
            wrong.push(format!("{name} does not show {}, but {codes:?}", code_of(&name)));
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
    let shown: BTreeSet<&str> = cases.iter().map(|name| code_of(name)).collect();
    let missing: Vec<_> =
        rules::all().iter().map(|rule| rule.code).filter(|code| !shown.contains(code)).collect();
    assert!(missing.is_empty(), "no case in {CASES} shows {missing:?}");

    for entry in fs::read_dir(CASES).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let name = name.strip_suffix(".account").unwrap_or(name);
        assert!(cases.contains(name), "{} belongs to no case", path.display());
    }
}

#[test]
fn every_rule_is_in_the_registry() {
    let mut unknown = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for rest in text.split("code: \"").skip(1) {
                let code = rest.split('"').next().unwrap();
                if rules::find(code).is_none() {
                    unknown.push(format!("{code} in {}", path.display()));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "not listed in the RULES of their family: {unknown:?}");
}

#[test]
fn the_examples_of_the_rules_show_what_they_say() {
    let mut wrong = Vec::new();
    for rule in rules::all() {
        let Some(example) = rule.example else {
            assert!(WITHOUT_EXAMPLE.contains(&rule.code), "{} has no example", rule.code);
            continue;
        };
        for (side, expected) in [(Side::Wrong, BTreeSet::from([rule.code])), (Side::Right, BTreeSet::new())] {
            let folder = tempfile::tempdir().unwrap();
            let paths: Vec<PathBuf> = diagnostic::side(example.topology, side)
                .into_iter()
                .map(|(name, text)| {
                    let path = folder.path().join(name);
                    fs::write(&path, text).unwrap();
                    path
                })
                .collect();
            let account = example.account.map(|account| {
                let path = folder.path().join("account");
                fs::write(&path, &diagnostic::side(account, side)[0].1).unwrap();
                Account::load(&path).unwrap()
            });
            let (diagnostics, sources) = judge(&paths, account.as_ref());
            let diagnostics = without_small(diagnostics, rule.code);
            if codes(&diagnostics) != expected {
                let text = diagnostic::render(&diagnostics, &sources, false);
                wrong.push(format!("{}, {side:?}: expected {expected:?}\n{text}", rule.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_of_all_rules_is_up_to_date() {
    let page = render::rules::page(rules::all());
    let assert = snapbox::Assert::new().action_env("SNAPSHOTS");
    let expected = Data::read_from(Path::new("docs/diagnostics.md"), None).raw();
    if let Err(difference) = assert.try_eq(Some(&"docs/diagnostics.md"), page.into(), expected) {
        panic!("{difference}");
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
fn the_topologies_that_the_pages_start_with_are_clean() {
    for page in ["README.md", "docs/topology.md"] {
        let shown = fs::read_to_string(page).unwrap();
        let topology = shown.split("```yaml\n").skip(1).find(|text| text.starts_with("version: 1\n"));
        let text = topology.unwrap_or_else(|| panic!("{page} shows no topology"));
        let text = text.split("```").next().unwrap().to_owned();
        let mut sources = Sources::default();
        sources.add(Source { path: PathBuf::from(page), text });
        let (_, diagnostics) = parse(&sources);
        assert_eq!(diagnostic::render(&diagnostics, &sources, false), "");
    }
}

#[test]
fn files_can_be_broken_one_without_the_other() {
    let loaded =
        files::load(&["tests/diagnostics/OCC005-tab.yaml", "tests/diagnostics/OCC030-pop-size.yaml"]);
    let codes: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(|diagnostic| diagnostic.rule.code)
        .collect();
    assert_eq!(codes, ["OCC005", "OCC030"]);
}
