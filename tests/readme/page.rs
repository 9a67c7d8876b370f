//! A page of Markdown as the pieces that are run, and what stands between them.

use std::fmt::{self, Display, Formatter};
use std::path::Path;

/// A page. Written out unchanged, it is what was read.
#[derive(Debug)]
pub struct Page {
    pub pieces: Vec<Piece>,
}

#[derive(Debug)]
pub enum Piece {
    /// Nothing to do.
    Text(String),
    /// `<!-- run`: commands that are not shown.
    Hidden { script: String, source: String },
    /// `<!-- file: NAME -->`: a block that is written to a file first.
    File { name: String, text: String, source: String },
    /// A `console` block: its fence, and what stands in it.
    Console { fence: String, commands: Vec<Typed> },
    /// `<!-- picture FILE: COMMAND -->`: a picture that is made here. The page may show it anywhere.
    Picture { file: String, command: String, source: String },
}

/// A command, and what the page shows of its output.
#[derive(Debug)]
pub struct Typed {
    /// As it is typed, without the prompt. It goes on after a line that ends in a backslash.
    pub typed: String,
    pub shown: String,
}

impl Page {
    /// Panics, with the line, where a page cannot be read.
    pub fn parse(path: &Path, text: &str) -> Self {
        let mut lines = text.split_inclusive('\n').enumerate();
        let mut pieces = Vec::new();
        while let Some((number, line)) = lines.next() {
            let at = format!("{}:{}", path.display(), number + 1);
            // The lines up to one that begins with `end`, which is among them.
            let mut until = |end: &str| {
                let mut taken = Vec::new();
                for (_, line) in lines.by_ref() {
                    taken.push(line);
                    if line.starts_with(end) {
                        return taken;
                    }
                }
                panic!("{at}: no `{end}` ends what begins here");
            };
            let comment = |name: &str| line.strip_prefix("<!-- ")?.strip_prefix(name)?.strip_suffix(" -->\n");
            // What is shown may hold blocks of its own, behind fewer backticks.
            let (fence, language) = line.split_at(line.len() - line.trim_start_matches('`').len());
            if fence.len() >= 3 && language == "console\n" {
                let block = until(fence);
                let commands = commands(&at, &block[..block.len() - 1]);
                pieces.push(Piece::Console { fence: fence.to_owned(), commands });
            } else if fence.len() >= 3 {
                pieces.push(Piece::Text(format!("{line}{}", until(fence).concat())));
            } else if line == "<!-- run\n" {
                let block = until("-->");
                let script = block[..block.len() - 1].concat();
                pieces.push(Piece::Hidden { script, source: format!("{line}{}", block.concat()) });
            } else if let Some(name) = comment("file: ") {
                let block = until("```");
                assert!(block.len() == 1, "{at}: a block is to follow at once");
                let body = until("```");
                pieces.push(Piece::File {
                    name: name.to_owned(),
                    text: body[..body.len() - 1].concat(),
                    source: format!("{line}{}{}", block.concat(), body.concat()),
                });
            } else if let Some(picture) = comment("picture ") {
                let (file, command) = picture.split_once(": ").expect("a picture has a file and a command");
                let (file, command) = (file.to_owned(), command.to_owned());
                pieces.push(Piece::Picture { file, command, source: line.to_owned() });
            } else {
                pieces.push(Piece::Text(line.to_owned()));
            }
        }
        Self { pieces }
    }
}

/// The commands of a block, each with its output.
fn commands(at: &str, lines: &[&str]) -> Vec<Typed> {
    let mut commands: Vec<Typed> = Vec::new();
    let mut goes_on = false;
    for line in lines {
        let last = commands.last_mut();
        if let (true, Some(last)) = (goes_on, last) {
            last.typed = format!("{}\n{}", last.typed, line.trim_end_matches('\n'));
            goes_on = line.ends_with("\\\n");
        } else if let Some(typed) = line.strip_prefix("$ ") {
            commands.push(Typed { typed: typed.trim_end_matches('\n').to_owned(), shown: String::new() });
            goes_on = line.ends_with("\\\n");
        } else {
            let last = commands.last_mut();
            last.unwrap_or_else(|| panic!("{at}: a console block begins with `$ `")).shown += line;
        }
    }
    commands
}

impl Display for Page {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(source)
                | Piece::Hidden { source, .. }
                | Piece::File { source, .. }
                | Piece::Picture { source, .. } => f.write_str(source)?,
                Piece::Console { fence, commands } => {
                    writeln!(f, "{fence}console")?;
                    for Typed { typed, shown } in commands {
                        writeln!(f, "$ {typed}")?;
                        f.write_str(shown)?;
                    }
                    writeln!(f, "{fence}")?;
                }
            }
        }
        Ok(())
    }
}

/// Where a text's links and pictures lead, but for the ones to other sites.
pub fn links(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> =
        text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(link, _)| link)).collect();
    found.retain(|link| !link.contains("://") && !link.contains(char::is_whitespace));
    found
}
