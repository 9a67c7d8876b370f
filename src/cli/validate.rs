//! `validate`: topology files, judged without credentials.

use super::args::Validate;
use super::exit::Exit;
use super::out;
use crate::diagnostic;
use crate::topology::files::{self, Loaded};
use crate::topology::{Spec, Topology};

pub(super) fn run(args: &Validate) -> Exit {
    let Loaded { sources, topology, diagnostics } = files::load(&args.topology.paths);
    if !diagnostics.is_empty() {
        out(&diagnostic::render(&diagnostics, &sources, true));
    }
    if diagnostics.iter().any(diagnostic::Diagnostic::is_error) {
        return Exit::Error;
    }
    out(&format!("Valid: {}.\n", contents(&topology)));
    Exit::Success
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
