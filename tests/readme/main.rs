//! The pages tell the truth: what the README and the pages in `docs/` show as typed is typed here, in order,
//! in a fresh folder with nothing but the program and the examples in it, and what comes out is compared
//! with what they show. Pictures are made again and compared as well, and links are followed.
//!
//! In a page, a `console` block is run; text in another kind of block is not. Three comments, which a
//! reader does not see, say more:
//!
//! * `<!-- file: NAME -->`: the next block is written to this file;
//! * `<!-- run`, lines, `-->`: what has to happen before;
//! * `<!-- picture FILE: COMMAND -->`: what this command prints here, on a terminal with colours, is the
//!   picture in this file.
//!
//! A page that types more than what a machine with Rust has says so: `<!-- needs: curl jq -->`. It is run
//! where that is asked for: `cargo test --test readme -- --include-ignored`. `.ci/run` asks.
//!
//! What differs from run to run is left out of what is shown: `[..]` within a line, `...` for lines.
//! A command that fails is followed by `echo $?`.
//!
//! `SNAPSHOTS=overwrite cargo test --test readme` writes everything again, and leaves out the same.

// What fails here is a test, and the line says which.
#![allow(clippy::unwrap_used)]

mod page;
mod session;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anstyle::{Color, RgbColor};
use snapbox::filter::NormalizeToExpected;
use snapbox::{Assert, Data};

use page::{Page, Piece};
use session::Session;

/// Written by another test, out of the rules, and without a command in it.
const GENERATED: &str = "docs/diagnostics.md";

/// The terminal of the pictures: light on dark, whatever the page around them.
const TERMINAL: anstyle_svg::Term = anstyle_svg::Term::new()
    .palette(anstyle_svg::Palette([
        RgbColor(0x48, 0x4f, 0x58),
        RgbColor(0xff, 0x7b, 0x72),
        RgbColor(0x5f, 0xd0, 0x7a),
        RgbColor(0xe3, 0xb3, 0x41),
        RgbColor(0x79, 0xc0, 0xff),
        RgbColor(0xd2, 0xa8, 0xff),
        RgbColor(0x76, 0xe3, 0xea),
        RgbColor(0xe6, 0xea, 0xf0),
        RgbColor(0x8b, 0x94, 0x9e),
        RgbColor(0xff, 0xa1, 0x98),
        RgbColor(0x7e, 0xe7, 0x87),
        RgbColor(0xf2, 0xcc, 0x60),
        RgbColor(0xa5, 0xd6, 0xff),
        RgbColor(0xe2, 0xc5, 0xff),
        RgbColor(0xb3, 0xf0, 0xff),
        RgbColor(0xff, 0xff, 0xff),
    ]))
    .fg_color(Color::Rgb(RgbColor(0xe6, 0xea, 0xf0)))
    .bg_color(Color::Rgb(RgbColor(0x17, 0x20, 0x2e)));

/// The README, and every page beside the generated one.
fn pages() -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::from("README.md")];
    for entry in fs::read_dir("docs").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") && path != Path::new(GENERATED) {
            paths.push(path);
        }
    }
    paths.sort();
    assert!(paths.len() > 5, "the pages are gone: {paths:?}");
    paths
}

/// Compares a file with what it should be, or writes it.
fn compare(path: &Path, actual: String, wrong: &mut Vec<String>) {
    let assert = Assert::new().action_env("SNAPSHOTS");
    let expected = Data::read_from(path, None).raw();
    if let Err(difference) = assert.try_eq(Some(&path.display()), actual.into(), expected) {
        wrong.push(difference.to_string());
    }
}

/// `actual`, with the marks for what is left out where `shown` has them.
fn leave_out(actual: &str, shown: &str) -> String {
    NormalizeToExpected::new()
        .redact()
        .normalize(Data::text(actual.to_owned()), &Data::text(shown.to_owned()))
        .to_string()
}

/// Runs a page, and says how it differs from what it shows.
fn check(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let mut page = Page::parse(path, &text);
    let mut session = Session::new();
    for piece in &page.pieces {
        match piece {
            Piece::Text(_) => {}
            Piece::Hidden { script, .. } => session.run(script),
            Piece::File { name, text, .. } => session.write(name, text),
            Piece::Console { commands, .. } => {
                commands.iter().for_each(|command| session.run(&command.typed))
            }
            Piece::Picture { command, .. } => session.run_in_colour(command),
        }
    }
    let mut ended = session.end().into_iter();
    let mut wrong = Vec::new();
    for piece in &mut page.pieces {
        match piece {
            Piece::Text(_) | Piece::File { .. } => {}
            Piece::Hidden { script, .. } => {
                let ended = ended.next().unwrap();
                if ended.code != 0 {
                    wrong.push(format!(
                        "{}: exit {} of the hidden commands\n{script}{}",
                        path.display(),
                        ended.code,
                        ended.output
                    ));
                }
            }
            Piece::Console { commands, .. } => {
                let said = |typed: &str| typed.starts_with("echo $?");
                let explained: Vec<bool> =
                    commands.iter().skip(1).map(|next| said(&next.typed)).chain([false]).collect();
                for (command, explained) in commands.iter_mut().zip(explained) {
                    let ended = ended.next().unwrap();
                    if ended.code != 0 && !explained {
                        wrong.push(format!(
                            "{}: `{}` exits with {} and the page does not say so\n{}",
                            path.display(),
                            command.typed,
                            ended.code,
                            ended.output
                        ));
                    }
                    command.shown = leave_out(&ended.output, &command.shown);
                }
            }
            Piece::Picture { command, file, .. } => {
                let ended = ended.next().unwrap();
                if ended.code != 0 {
                    wrong.push(format!("{}: exit {} of `{command}`", path.display(), ended.code));
                }
                let picture = if ended.output.starts_with("<svg") {
                    ended.output
                } else {
                    TERMINAL.render_svg(&ended.output)
                };
                compare(&path.parent().unwrap().join(file), picture, &mut wrong);
            }
        }
    }
    compare(path, page.to_string(), &mut wrong);
    wrong
}

/// Whether a page needs more than Rust and a shell.
fn needs_more(path: &Path) -> bool {
    fs::read_to_string(path).unwrap().lines().any(|line| line.starts_with("<!-- needs: "))
}

fn check_all(pages: &[PathBuf]) {
    // Side by side: they wait for simulated tasks most of the time.
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = pages.iter().map(|path| scope.spawn(move || check(path))).collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_pages_show_is_what_comes_out() {
    let pages: Vec<_> = pages().into_iter().filter(|path| !needs_more(path)).collect();
    assert!(pages.contains(&PathBuf::from("README.md")), "a newcomer has nothing but Rust");
    check_all(&pages);
}

#[test]
#[ignore = "needs curl and jq"]
fn what_the_other_pages_show_is_what_comes_out() {
    let pages: Vec<_> = pages().into_iter().filter(|path| needs_more(path)).collect();
    assert!(!pages.is_empty(), "no page says what it needs");
    check_all(&pages);
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let plain = heading.trim().to_lowercase();
    plain
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.starts_with("```");
        if !fenced && line.starts_with('#') {
            found.insert(anchor(line.trim_start_matches('#')));
        }
    }
    found
}

#[test]
fn links_lead_somewhere() {
    let mut dead = Vec::new();
    let mut count = 0;
    for path in pages() {
        let text = fs::read_to_string(&path).unwrap();
        for link in page::links(&text) {
            let (file, anchor) = link.split_once('#').map_or((link, None), |(file, at)| (file, Some(at)));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            count += 1;
            let found = target.exists()
                && anchor.is_none_or(|anchor| {
                    anchors(&fs::read_to_string(&target).unwrap_or_default()).contains(anchor)
                });
            if !found {
                dead.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(count > 50, "only {count} links were found: is this test reading them?");
    assert!(dead.is_empty(), "links that lead nowhere:\n{}", dead.join("\n"));
}

#[test]
fn every_command_has_a_row_in_the_readme_and_a_page() {
    let help = Command::new(env!("CARGO_BIN_EXE_ovhconnect")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands: Vec<&str> = help
        .split("Commands:")
        .nth(1)
        .unwrap()
        .lines()
        .skip(1)
        .map_while(|line| line.strip_prefix("  "))
        .filter_map(|line| line.split(' ').next().filter(|name| !name.is_empty() && *name != "help"))
        .collect();
    assert!(commands.contains(&"plan"), "--help lists its commands in another way now:\n{help}");
    let readme = fs::read_to_string("README.md").unwrap();
    let missing: Vec<_> = commands
        .iter()
        .filter(|name| !readme.lines().any(|line| line.starts_with(&format!("| [`{name}`](docs/"))))
        .collect();
    assert!(missing.is_empty(), "no row that leads to a page in README.md: {missing:?}");
}
