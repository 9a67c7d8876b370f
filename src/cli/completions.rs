//! `completions`: a script that lets a shell complete the command line.

use clap::CommandFactory as _;
use clap::builder::{PossibleValue, PossibleValuesParser};

use super::args::{Cli, Completions};
use super::exit::Exit;
use super::out_raw;
use crate::topology::rules;

pub(super) fn run(args: &Completions) -> Exit {
    out_raw(&script(args.shell));
    Exit::Success
}

fn script(shell: clap_complete::Shell) -> String {
    // The program says more of a wrong code than that it is none of these: only the script knows them all.
    let codes: Vec<PossibleValue> =
        rules::all().iter().map(|rule| PossibleValue::new(rule.code).help(rule.title)).collect();
    let mut command = Cli::command().mut_subcommand("explain", |explain| {
        explain.mut_arg("codes", |argument| argument.value_parser(PossibleValuesParser::new(codes)))
    });
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "ovhconnect", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
