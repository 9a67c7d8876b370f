//! `explain`: what a code is about.

use super::args::{Explain, ExplainFormat};
use super::exit::Exit;
use super::{error, out, say, width};
use crate::diagnostic::Rule;
use crate::render::rules as render;
use crate::topology::rules;

pub(super) fn run(args: &Explain) -> Exit {
    let rules: Vec<&'static Rule> = if args.all {
        rules::all().to_vec()
    } else {
        match args.codes.iter().map(|code| find(code)).collect() {
            Ok(found) => found,
            Err(exit) => return exit,
        }
    };
    out(&match (rules.as_slice(), args.format) {
        ([], ExplainFormat::Text) => render::list(rules::all()),
        ([], ExplainFormat::Markdown) => render::markdown_list(rules::all()),
        (rules, ExplainFormat::Markdown) if args.all => render::page(rules),
        (rules, ExplainFormat::Text) => render::text(rules, width()),
        (rules, ExplainFormat::Markdown) => render::markdown(rules),
    });
    Exit::Success
}

fn find(code: &str) -> Result<&'static Rule, Exit> {
    rules::find(code).ok_or_else(|| {
        error(&format!("there is no code `{code}`"));
        say(&match rules::nearest(code) {
            Some(rule) => format!("  help: did you mean `{}`? {}", rule.code, rule.title),
            None => "  help: a list of all codes: ovhconnect explain".to_owned(),
        });
        Exit::Usage
    })
}
