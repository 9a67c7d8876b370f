//! The canonical form of a topology file: the same meaning, one way to write it, every comment kept.
//!
//! Fields stand in the order of [`shape`](super::shape); vRacks, services, datacenters and extras in the
//! author's, which often says something. Indentation is two spaces, quotes stand where YAML readers would
//! disagree without them, prefixes and uuids are written as the API writes them, at most one empty line
//! follows another line, and lines end in a line feed. What is written in braces or brackets stays so
//! where it fits in a line and holds no comment.
//!
//! The events are those of the parser that reads topologies, so both see the same file.

mod print;
mod scalar;
mod tree;

use std::collections::BTreeMap;

use super::rules::reading;
use super::{Topology, parse};
use crate::diagnostic::{Diagnostic, Source, SourceId, Sources, Span};

/// Why a file is left as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The file.
    pub sources: Sources,
    /// What is wrong in it.
    pub diagnostics: Vec<Diagnostic>,
}

/// The canonical form of a topology file.
///
/// # Errors
/// The file is not valid by itself, or holds what the canonical form cannot hold.
pub fn format(source: Source) -> Result<String, Box<Refused>> {
    let mut sources = Sources::default();
    let id = sources.add(source);
    let (topology, diagnostics) = parse(&sources);
    if diagnostics.iter().any(Diagnostic::is_error) {
        let diagnostics = diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        return Err(Box::new(Refused { sources, diagnostics }));
    }
    let refuse = |sources: &Sources, diagnostic: Diagnostic| {
        Err(Box::new(Refused { sources: sources.clone(), diagnostics: vec![diagnostic] }))
    };
    let Some(source) = sources.get(id) else { return Ok(String::new()) };
    let tree = match tree::read(&source.text) {
        Ok(tree) => tree,
        Err(what) => {
            return refuse(&sources, unformattable(what.message, what.at));
        }
    };
    let text = print::print(&tree);
    // The promise of this module, held for the very file at hand.
    let formatted = Source { path: source.path.clone(), text };
    if let Some(lost) = lost(&sources, &topology, &diagnostics, &formatted) {
        return refuse(&sources, unformattable(format!("formatting would lose {lost}"), 0));
    }
    Ok(formatted.text)
}

fn unformattable(message: String, at: usize) -> Diagnostic {
    let start = u32::try_from(at).unwrap_or(u32::MAX);
    let span = Span { source: SourceId(0), start, end: start };
    reading::UNFORMATTABLE.at(message, span, "").help("the file is left as it is")
}

/// What `formatted` lacks of the original, if it lacks anything.
fn lost(
    original: &Sources,
    topology: &Topology,
    diagnostics: &[Diagnostic],
    formatted: &Source,
) -> Option<&'static str> {
    let mut sources = Sources::default();
    sources.add(formatted.clone());
    let (again, found) = parse(&sources);
    if !same(topology, &again) || messages(diagnostics) != messages(&found) {
        return Some("its meaning");
    }
    let before = original.iter().next().map(|(_, source)| comments(&source.text));
    (before != Some(comments(&formatted.text))).then_some("a comment")
}

/// Whether two topologies say the same, wherever they say it.
fn same(one: &Topology, other: &Topology) -> bool {
    let endpoint = |topology: &Topology| topology.endpoint.as_ref().map(|endpoint| endpoint.name.clone());
    let vracks = |topology: &Topology| -> BTreeMap<_, _> {
        topology.vracks.iter().map(|(name, vrack)| (name.clone(), (vrack.manage, vrack.protect))).collect()
    };
    endpoint(one) == endpoint(other)
        && vracks(one) == vracks(other)
        && one.entries.len() == other.entries.len()
        && one.entries.iter().zip(&other.entries).all(|((address, entry), (other_address, other))| {
            address == other_address && entry.spec == other.spec && entry.protect == other.protect
        })
}

fn messages(diagnostics: &[Diagnostic]) -> Vec<(&'static str, &str)> {
    let mut messages: Vec<(&'static str, &str)> =
        diagnostics.iter().map(|diagnostic| (diagnostic.code, diagnostic.message.as_str())).collect();
    messages.sort_unstable();
    messages
}

/// The texts of all comments, sorted.
fn comments(text: &str) -> Vec<String> {
    let mut comments = tree::comments(text);
    comments.sort_unstable();
    comments
}
