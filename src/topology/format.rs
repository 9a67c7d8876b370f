//! The canonical form of a topology file: the same meaning, one way to write it, every comment kept.
//!
//! Fields stand in the order of `shape`; vRacks, services, datacenters and extras in the
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

use super::{Topology, parse};
use crate::diagnostic::{Diagnostic, Source, Sources};

/// Why a file is left as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// It is not valid by itself: what was read, and the errors in it.
    Invalid(Sources, Vec<Diagnostic>),
    /// It has no canonical form, or not one that says the same.
    NoForm(String),
}

/// The canonical form of a topology file.
///
/// # Errors
/// The file is not valid by itself, or holds what the canonical form cannot hold.
pub fn format(source: Source) -> Result<String, Refused> {
    let path = source.path.clone();
    let mut sources = Sources::default();
    let id = sources.add(source);
    let (topology, diagnostics) = parse(&sources);
    if diagnostics.iter().any(Diagnostic::is_error) {
        let errors = diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        return Err(Refused::Invalid(sources, errors));
    }
    let text = sources.get(id).map_or("", |source| &source.text);
    let formatted = print::print(&tree::read(text).map_err(|tree::Obstacle(what)| Refused::NoForm(what))?);
    // The promise of this module, held for the very file at hand.
    if comments(text) != comments(&formatted) {
        return Err(Refused::NoForm("a comment would be lost".to_owned()));
    }
    let mut again = Sources::default();
    again.add(Source { path, text: formatted.clone() });
    let (same_topology, same_diagnostics) = parse(&again);
    if !same(&topology, &same_topology) || messages(&diagnostics) != messages(&same_diagnostics) {
        return Err(Refused::NoForm("its meaning would be lost".to_owned()));
    }
    Ok(formatted)
}

/// A text as the canonical form writes it on a line of its own or after a key: in quotes where some reader
/// of YAML would take it for something else without them.
#[must_use]
pub fn scalar_text(value: &str) -> String {
    scalar::text(value, scalar::Within::Block)
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
        diagnostics.iter().map(|diagnostic| (diagnostic.rule.code, diagnostic.message.as_str())).collect();
    messages.sort_unstable();
    messages
}

/// The texts of all comments, sorted.
fn comments(text: &str) -> Vec<String> {
    let mut comments = tree::comments(text);
    comments.sort_unstable();
    comments
}
