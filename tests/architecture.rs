//! Who may import whom. The modules of `src/` stand in layers; this holds them there.
//!
//! The sources are read as tokens, so that comments, documentation and strings do not count and what
//! stands inside a macro call does. Tests inside `src/` are held to the same rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Module → what it may import of this crate: a module with all that is in it, or a module in a module.
///
/// A row names rows above it only, so nothing imports in a circle.
const ALLOWED: &[(&str, &[&str])] = &[
    // The root declares the modules and imports none.
    ("lib", &[]),
    // From text to a topology.
    ("diagnostic", &[]),
    ("topology", &["diagnostic"]),
    // The API knows nothing of topologies.
    ("api", &[]),
    // Where the two meet: what is live, in the topology's words.
    ("live", &["api", "diagnostic", "topology"]),
    // The pure core: no API, no simulator.
    ("diff", &["diagnostic", "live", "topology"]),
    ("plan", &["diagnostic", "diff", "live", "topology"]),
    // Where they meet again: the calls of a plan.
    ("apply", &["api", "live", "plan", "topology"]),
    // Which calls a command may come to make.
    ("access", &["api", "live", "topology"]),
    // Live state, written as a topology.
    ("export", &["diagnostic", "live", "topology"]),
    // Reads types, calls nobody.
    ("render", &["apply", "diagnostic", "diff", "live", "plan", "topology"]),
    // The customer's side: from a topology alone.
    ("router", &["topology"]),
    // From a topology alone as well.
    ("whatif", &["topology"]),
    // What was seen, judged: no API.
    ("status", &["diff", "live", "render", "topology"]),
    // How far what was configured has come: what was seen, judged, and looked at again.
    ("verify", &["api", "live", "render", "status", "topology"]),
    // What OVHcloud's routers say, asked for and waited for.
    ("diagnose", &["api", "apply", "live", "render", "status", "topology"]),
    // Shares the JSON shapes, and nothing else, so that a mistake on one side shows on the other.
    ("sim", &["api::wire"]),
    ("rehearsal", &["api", "sim", "topology"]),
    // What prints: nobody imports it but the program.
    (
        "cli",
        &[
            "access",
            "api",
            "apply",
            "diagnose",
            "diagnostic",
            "diff",
            "export",
            "live",
            "plan",
            "rehearsal",
            "render",
            "router",
            "sim",
            "status",
            "topology",
            "verify",
            "whatif",
        ],
    ),
    ("main", &["cli"]),
];

#[test]
fn modules_import_only_what_the_table_allows() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut used = BTreeSet::new();
    let mut offences = Vec::new();
    for import in imports() {
        let Some(permissions) = allowed.get(import.from.as_str()) else {
            offences.push(format!("{import}: the module `{}` is not in the table", import.from));
            continue;
        };
        match permissions.iter().find(|permission| import.is_under(permission)) {
            Some(permission) => {
                used.insert((import.from.clone(), *permission));
                if import.reexported {
                    offences.push(format!("{import}: would let others reach it through `{}`", import.from));
                }
            }
            None => offences.push(format!(
                "{import}: `{}` may import {}",
                import.from,
                if permissions.is_empty() { "nothing".to_owned() } else { permissions.join(", ") }
            )),
        }
    }
    for (module, permissions) in ALLOWED {
        for permission in *permissions {
            if !used.contains(&((*module).to_owned(), *permission)) {
                offences.push(format!("the table lets `{module}` import `{permission}`, and it does not"));
            }
        }
    }
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

/// Crates that belong to the edge of the program, and the modules that may use them.
const EDGE: &[(&str, &[&str])] = &[
    ("clap", &["cli"]),
    ("anstream", &["cli", "render"]),
    ("reqwest", &["api"]),
    ("axum", &["sim", "rehearsal"]),
];

#[test]
fn the_edge_stays_at_the_edge() {
    let mut offences = Vec::new();
    let mut used = BTreeSet::new();
    for path in sources() {
        let module = &module_path(&path)[0];
        let text = std::fs::read_to_string(&path).expect("a source can be read");
        let tokens: TokenStream = text.parse().expect("a source is Rust");
        let named = crates_named(tokens);
        for (name, modules) in EDGE.iter().filter(|(name, _)| named.contains(*name)) {
            if modules.contains(&module.as_str()) {
                used.insert((*name, module.clone()));
            } else {
                offences.push(format!("{}: uses {name}, as only {} may", path.display(), modules.join(", ")));
            }
        }
    }
    for (name, modules) in EDGE {
        for module in *modules {
            if !used.contains(&(*name, (*module).to_owned())) {
                offences.push(format!("the table lets `{module}` use {name}, and it does not"));
            }
        }
    }
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

/// The first word of every path.
fn crates_named(tokens: TokenStream) -> BTreeSet<String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut named = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => named.extend(crates_named(group.stream())),
            TokenTree::Ident(word)
                if is_separator(&tokens, at + 1) && (at < 2 || !is_separator(&tokens, at - 2)) =>
            {
                named.insert(word.to_string());
            }
            _ => {}
        }
    }
    named
}

#[test]
fn the_table_has_every_module_and_no_circle() {
    let modules: BTreeSet<String> = sources().iter().map(|path| module_path(path)[0].clone()).collect();
    let rows: BTreeSet<String> = ALLOWED.iter().map(|(module, _)| (*module).to_owned()).collect();
    assert_eq!(rows, modules, "rows of the table (left) and modules of src/ (right)");
    assert_eq!(rows.len(), ALLOWED.len(), "a module has two rows");
    for (position, (module, permissions)) in ALLOWED.iter().enumerate() {
        for permission in *permissions {
            let target = permission.split("::").next().unwrap();
            let above = ALLOWED[..position].iter().any(|(row, _)| *row == target);
            assert!(above, "`{module}` may import `{permission}`, which has no row above it");
        }
    }
}

#[test]
fn every_way_to_import_is_seen() {
    let text = r##"
        //! Not crate::in_a_comment.
        use crate::api::{self, wire::{PopConfig, Task}};
        use crate::{diff, plan::{self as p}};
        pub(crate) use crate::live::Live;
        use super::super::sim;
        use self::merge::Listing;
        fn f() -> crate::topology::Address { print!("crate::in_a_string {}", crate::render::X) }
        mod tests { use super::super::super::cli::{run as r, *}; use super::convert; }
        pub(in crate::live) struct S;
        use crate as root;
    "##;
    let mut found = Vec::new();
    scan(text, Path::new("src/live/read.rs"), &mut found);
    let seen: Vec<String> = found
        .iter()
        .map(|import| {
            format!(
                "{} {}{}",
                import.line,
                import.to.join("::"),
                if import.reexported { " again" } else { "" }
            )
        })
        .collect();
    let expected = [
        "3 api",
        "3 api::wire::PopConfig",
        "3 api::wire::Task",
        "4 diff",
        "4 plan",
        "5 live::Live again",
        "6 sim",
        "7 live::read::merge::Listing",
        "8 topology::Address",
        "8 render::X",
        "9 cli::run",
        "9 cli::*",
        "9 live::read::convert",
        "10 live",
        "11 ",
    ];
    assert_eq!(seen, expected);
}

/// That a file names something of this crate.
#[derive(Debug)]
struct Import {
    file: PathBuf,
    line: usize,
    /// The top module it is in.
    from: String,
    /// What it names, from the root of the crate. Nothing: the root itself.
    to: Vec<String>,
    /// Whether it is named to be handed on.
    reexported: bool,
}

impl Import {
    fn is_under(&self, permission: &str) -> bool {
        let mut named = self.to.iter();
        permission.split("::").all(|segment| named.next().is_some_and(|it| it == segment))
    }
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: crate::{}", self.file.display(), self.line, self.to.join("::"))
    }
}

/// Every import of one top module in another.
fn imports() -> Vec<Import> {
    let mut found = Vec::new();
    for path in sources() {
        let text = std::fs::read_to_string(&path).expect("a source can be read");
        scan(&text, &path, &mut found);
    }
    found.retain(|import| import.to.first() != Some(&import.from));
    assert!(found.len() > 50, "only {} imports were found: is src/ read at all?", found.len());
    found
}

/// Every file of `src/`, as a path from the package's root.
fn sources() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from("src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder can be read") {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The module that a file is: `src/live/read.rs` → `live`, `read`.
fn module_path(path: &Path) -> Vec<String> {
    let inside = path.strip_prefix("src").expect("a path in src/").with_extension("");
    let mut segments: Vec<String> =
        inside.iter().map(|segment| segment.to_string_lossy().into_owned()).collect();
    if segments.last().is_some_and(|last| last == "mod") {
        segments.pop();
    }
    segments
}

fn scan(text: &str, path: &Path, found: &mut Vec<Import>) {
    let module = module_path(path);
    let tokens: TokenStream =
        text.parse().unwrap_or_else(|error| panic!("{} is not Rust: {error}", path.display()));
    let mut scanner = Scanner { file: path, from: &module[0], found };
    scanner.tokens(&tokens.into_iter().collect::<Vec<_>>(), &module);
}

struct Scanner<'a> {
    file: &'a Path,
    from: &'a str,
    found: &'a mut Vec<Import>,
}

impl Scanner<'_> {
    /// Looks for paths from the root, and from modules above, in `module`.
    fn tokens(&mut self, tokens: &[TokenTree], module: &[String]) {
        let mut at = 0;
        while at < tokens.len() {
            if let TokenTree::Group(group) = &tokens[at] {
                let inside: Vec<_> = group.stream().into_iter().collect();
                match inline_module(tokens, at) {
                    Some(name) => self.tokens(&inside, &[module, &[name]].concat()),
                    None => self.tokens(&inside, module),
                }
            } else if let Some(root) = self.root(tokens, at, module) {
                let reexported = is_reexport(tokens, at);
                at = self.path(tokens, at + 1, &root, reexported, at);
                continue;
            }
            at += 1;
        }
    }

    /// What a path that begins at `at` begins from, if one does.
    fn root(&self, tokens: &[TokenTree], at: usize, module: &[String]) -> Option<Vec<String>> {
        let follows = |text: &str| is_separator(tokens, at + 1) || is_word(tokens, at + 1, text);
        // The middle of a longer path.
        if at >= 2 && is_separator(tokens, at - 2) {
            return None;
        }
        match word(tokens, at)?.as_str() {
            "crate" if follows("as") => Some(Vec::new()),
            "ovhconnect" if self.from == "main" && follows("as") => Some(Vec::new()),
            "self" if is_separator(tokens, at + 1) => Some(module.to_vec()),
            "super" if is_separator(tokens, at + 1) => {
                Some(module[..module.len().saturating_sub(1)].to_vec())
            }
            _ => None,
        }
    }

    /// Follows a path from the token after its root, or after a segment, and notes where it leads.
    /// Returns the position after it.
    fn path(
        &mut self,
        tokens: &[TokenTree],
        mut at: usize,
        root: &[String],
        reexported: bool,
        begin: usize,
    ) -> usize {
        let mut to = root.to_vec();
        while is_separator(tokens, at) {
            at += 2;
            match tokens.get(at) {
                Some(TokenTree::Ident(ident)) if ident == "super" => {
                    to.pop();
                }
                Some(TokenTree::Ident(ident)) if ident == "self" => {}
                Some(TokenTree::Ident(ident)) => to.push(ident.to_string()),
                Some(TokenTree::Punct(star)) if star.as_char() == '*' => to.push("*".to_owned()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    let inside: Vec<_> = group.stream().into_iter().collect();
                    self.branches(&inside, &to, reexported);
                    return at + 1;
                }
                // Generic arguments and the like: the path has led where it leads.
                _ => break,
            }
            at += 1;
        }
        let line = tokens[begin].span().start().line;
        let file = self.file.to_owned();
        self.found.push(Import { file, line, from: self.from.to_owned(), to, reexported });
        at
    }

    /// The branches of a `use` tree.
    fn branches(&mut self, tokens: &[TokenTree], root: &[String], reexported: bool) {
        let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
        for branch in tokens.split(is_comma).filter(|branch| !branch.is_empty()) {
            let mut root = root.to_vec();
            match &branch[0] {
                TokenTree::Ident(ident) if ident == "self" => {}
                first => root.push(first.to_string()),
            }
            self.path(branch, 1, &root, reexported, 0);
        }
    }
}

fn word(tokens: &[TokenTree], at: usize) -> Option<String> {
    match tokens.get(at) {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    }
}

fn is_word(tokens: &[TokenTree], at: usize, text: &str) -> bool {
    word(tokens, at).is_some_and(|word| word == text)
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon = |at| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    is_colon(at) && is_colon(at + 1)
}

/// The name of the module whose body is the group at `at`, if it is one.
fn inline_module(tokens: &[TokenTree], at: usize) -> Option<String> {
    (at >= 2 && is_word(tokens, at - 2, "mod")).then(|| word(tokens, at - 1)).flatten()
}

/// Whether the path that begins at `at` is handed on: `pub use`, `pub(crate) use`.
fn is_reexport(tokens: &[TokenTree], at: usize) -> bool {
    if at < 2 || !is_word(tokens, at - 1, "use") {
        return false;
    }
    match &tokens[at - 2] {
        TokenTree::Group(_) => at >= 3 && is_word(tokens, at - 3, "pub"),
        _ => is_word(tokens, at - 2, "pub"),
    }
}
