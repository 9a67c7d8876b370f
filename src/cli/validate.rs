//! `validate`: topology files, judged without credentials.

use std::env;
use std::path::PathBuf;

use super::args::{DenyInFiles, Validate};
use super::exit::Exit;
use super::{error, out, say};
use crate::diagnostic::{self, Format, Origin, Report};
use crate::topology::files::{self, Loaded};
use crate::topology::{Spec, Topology, rules};

pub(super) fn run(args: &Validate) -> Exit {
    let Loaded { sources, topology, mut diagnostics } = files::load(&args.topology.paths);
    args.lints.silence(&mut diagnostics);
    let deny_warnings = args.deny.contains(&DenyInFiles::Warnings);
    let report = Report {
        diagnostics: &diagnostics,
        sources: &sources,
        rules: rules::all(),
        origin: &origin(),
        deny_warnings,
    };
    out(&report.write(args.format, true));
    let invalid = diagnostics.iter().any(diagnostic::Diagnostic::is_error);
    let summary = if invalid {
        format!("Not valid: {}.", diagnostic::summary(&diagnostics))
    } else {
        format!("Valid: {}.", contents(&topology))
    };
    // The answer of a format for programs is the report alone.
    match args.format {
        Format::Text => out(&format!("{summary}\n")),
        _ => say(&summary),
    }
    if !invalid && !diagnostics.is_empty() && deny_warnings {
        error(&format!("{}, and none is accepted (--deny warnings)", diagnostic::summary(&diagnostics)));
        return Exit::Error;
    }
    if invalid { Exit::Error } else { Exit::Success }
}

/// Where the paths of a report are counted from: where the CI system has checked the repository out, else
/// the nearest folder above that is a repository, else this one.
fn origin() -> Origin {
    let here = env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let named = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR", "WORKSPACE"]
        .into_iter()
        .filter_map(env::var_os)
        .filter_map(|folder| PathBuf::from(folder).canonicalize().ok())
        .find(|folder| here.starts_with(folder));
    let repository = || here.ancestors().find(|folder| folder.join(".git").exists()).map(PathBuf::from);
    let root = named.or_else(repository).unwrap_or_else(|| here.clone());
    Origin::new(root, here)
}

/// What a topology declares, counted.
fn contents(topology: &Topology) -> String {
    let count = |test: fn(&Spec) -> bool| topology.entries.values().filter(|entry| test(&entry.spec)).count();
    let parts = [
        (topology.vracks.len(), "vRack"),
        (count(|spec| matches!(spec, Spec::Membership(_))), "service"),
        (count(|spec| matches!(spec, Spec::Pop(_))), "PoP configuration"),
        (count(|spec| matches!(spec, Spec::Datacenter(_))), "datacenter"),
        (count(|spec| matches!(spec, Spec::Extra(_))), "extra"),
    ];
    let part =
        |(count, word): &(usize, &str)| format!("{count} {word}{}", if *count == 1 { "" } else { "s" });
    parts.iter().map(part).collect::<Vec<_>>().join(", ")
}
