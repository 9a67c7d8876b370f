//! A scenario's file: Markdown with one fenced block a section, so that it reads well anywhere.

use std::path::{Path, PathBuf};

/// Where the scenarios are.
pub const FOLDER: &str = "tests/scenarios";

/// A scenario as its file says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scenario {
    pub path: PathBuf,
    /// What is live, as a topology; empty where nothing is configured.
    pub live: String,
    /// What is odd about it: one `subject: what` a line.
    pub oddities: Vec<String>,
    /// The topology that is planned for.
    pub desired: String,
    pub command: Command,
    /// The file, and where in it the text stands that the command is to print.
    pub text: String,
    printed: std::ops::Range<usize>,
}

/// What is run, as the heading of the last section says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Command {
    pub destroy: bool,
    pub explain: bool,
    /// There is no plan: the text is what is wrong.
    pub fails: bool,
}

/// A section: its heading, and where the text in its block is.
struct Section {
    heading: String,
    block: std::ops::Range<usize>,
}

impl Scenario {
    /// The scenario `name`; `first_creation` is in `first-creation.md`.
    pub fn load(name: &str) -> Result<Self, String> {
        let path = Path::new(FOLDER).join(name.replace('_', "-")).with_extension("md");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&path, text).map_err(|problem| format!("{}: {problem}", path.display()))
    }

    pub fn parse(path: &Path, text: String) -> Result<Self, String> {
        if !text.starts_with("# ") {
            return Err("the first line is not a title (`# …`)".to_owned());
        }
        let mut sections = sections(&text)?.into_iter().peekable();
        let mut next = |heading: &str| match sections.next_if(|section| section.heading == heading) {
            Some(section) => Ok(text[section.block].to_owned()),
            None => Err(format!("there is no section `## {heading}` where it belongs")),
        };
        let live = next("Live")?;
        let oddities = next("Oddities").unwrap_or_default();
        let desired = next("Desired")?;
        let Some(last) = sections.next() else {
            return Err("there is no section `## ovhconnect plan …` at the end".to_owned());
        };
        if let Some(more) = sections.next() {
            return Err(format!("nothing follows the plan, but `## {}` does", more.heading));
        }
        let command = command(&last.heading)?;
        let oddities = oddities.lines().map(str::to_owned).collect();
        let printed = last.block;
        Ok(Self { path: path.to_owned(), live, oddities, desired, command, text, printed })
    }

    /// The file as it should be, given what the command prints.
    pub fn with(&self, printed: &str) -> String {
        let mut text = self.text.clone();
        text.replace_range(self.printed.clone(), printed);
        text
    }
}

fn sections(text: &str) -> Result<Vec<Section>, String> {
    let mut sections = Vec::new();
    let mut heading: Option<String> = None;
    let mut opened = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let after = at + line.len();
        let content = line.trim_end();
        match (opened, content.strip_prefix("## "), content.starts_with("```")) {
            (Some(start), _, true) => {
                opened = None;
                let heading = heading.take().ok_or("a block stands outside every section")?;
                sections.push(Section { heading, block: start..at });
            }
            (None, _, true) => opened = Some(after),
            (None, Some(next), _) => {
                if let Some(empty) = heading.replace(next.to_owned()) {
                    return Err(format!("section `## {empty}` has no block"));
                }
            }
            _ => {}
        }
        at = after;
    }
    match (opened, heading) {
        (None, None) => Ok(sections),
        (Some(_), _) => Err("the last block is not closed".to_owned()),
        (None, Some(heading)) => Err(format!("section `## {heading}` has no block")),
    }
}

fn command(heading: &str) -> Result<Command, String> {
    let Some(words) = heading.strip_prefix("ovhconnect plan") else {
        return Err(format!("the last section is `## {heading}`, not `## ovhconnect plan …`"));
    };
    let mut command = Command::default();
    for word in words.split_whitespace() {
        match word {
            "--destroy" => command.destroy = true,
            "--explain" => command.explain = true,
            "fails" => command.fails = true,
            other => {
                return Err(format!("`{other}` in `## {heading}` is none of --destroy, --explain, fails"));
            }
        }
    }
    Ok(command)
}
