//! Any text as a topology: it is read without a panic, the same each time, and every message points
//! into its file.

use std::path::PathBuf;

use ovhconnect::diagnostic::{self, Diagnostic, MAX_SHOWN, Source, Sources, Span};
use ovhconnect::topology::{self, Topology, rules};

/// Checks one file of any bytes.
pub fn check_bytes(bytes: &[u8]) {
    check(&[String::from_utf8_lossy(bytes).into_owned()]);
}

/// Checks files that are read together.
pub fn check(texts: &[String]) {
    let sources = sources(texts);
    let (topology, diagnostics) = topology::parse(&sources);
    for span in spans(&topology, &diagnostics) {
        let text = &sources.get(span.source).expect("a source that was given").text;
        assert!(text.get(span.range()).is_some(), "{span:?} is not in its text of {} bytes", text.len());
    }
    for diagnostic in &diagnostics {
        assert!(rules::find(diagnostic.rule.code).is_some(), "{} has no rule", diagnostic.rule.code);
        assert!(!diagnostic.labels.is_empty(), "{diagnostic:?} has no place");
    }
    let (again, diagnostics_again) = topology::parse(&sources);
    assert_eq!(again, topology, "read twice, not the same");
    assert_eq!(diagnostics_again, diagnostics, "read twice, not the same");

    let plain = diagnostic::render(&diagnostics, &sources, false);
    assert!(!plain.contains('\u{1b}'), "a colour code in {plain:?}");
    for diagnostic in diagnostics.iter().take(MAX_SHOWN) {
        assert!(
            diagnostics.len() > MAX_SHOWN || plain.contains(diagnostic.rule.code),
            "{} is not in\n{plain}",
            diagnostic.rule.code
        );
    }
    // With colour the words are the same; what colours them must not fail either.
    assert_eq!(diagnostic::render(&diagnostics, &sources, true).is_empty(), plain.is_empty());
}

fn sources(texts: &[String]) -> Sources {
    let mut sources = Sources::default();
    for (number, text) in texts.iter().enumerate() {
        sources.add(Source { path: PathBuf::from(format!("{number}.yaml")), text: text.clone() });
    }
    sources
}

fn spans(topology: &Topology, diagnostics: &[Diagnostic]) -> Vec<Span> {
    let labels = diagnostics.iter().flat_map(|diagnostic| &diagnostic.labels).map(|label| label.span);
    let entries = topology.entries.values().map(|declaration| declaration.span);
    let vracks = topology.vracks.values().map(|vrack| vrack.span);
    labels
        .chain(entries)
        .chain(vracks)
        .chain(topology.endpoint.iter().map(|endpoint| endpoint.span))
        .collect()
}
