//! `completions`: a script that lets a shell complete the command line.

use std::path::PathBuf;
use std::str::FromStr as _;

use clap::builder::{PossibleValue, PossibleValuesParser, ValueParser};
use clap::{Arg, CommandFactory as _};

use super::args::{Cli, Completions};
use super::connect::fail;
use super::exit::Exit;
use super::out_raw;
use crate::diagnostic::{self, Diagnostic};
use crate::topology::{Address, files, rules};

pub(super) fn run(args: &Completions) -> Exit {
    match addresses(&args.topology) {
        Ok(addresses) => {
            out_raw(&script(args.shell, &addresses));
            Exit::Success
        }
        Err(exit) => exit,
    }
}

/// What stands in a topology. Warnings about it are nobody's business here.
fn addresses(paths: &[PathBuf]) -> Result<Vec<String>, Exit> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let loaded = files::load(paths);
    if loaded.diagnostics.iter().any(Diagnostic::is_error) {
        let summary = diagnostic::summary(&loaded.diagnostics);
        return Err(fail(format!("the topology is not valid ({summary}): `ovhconnect validate` says why")));
    }
    let vracks = loaded.topology.vracks.keys().map(ToString::to_string);
    Ok(vracks.chain(loaded.topology.entries.keys().map(ToString::to_string)).collect())
}

fn script(shell: clap_complete::Shell, addresses: &[String]) -> String {
    // The program says more of a wrong code than that it is none of these: only the script knows them all.
    let codes: Vec<PossibleValue> =
        rules::all().iter().map(|rule| PossibleValue::new(rule.code).help(rule.title)).collect();
    let mut command = Cli::command().mut_subcommand("explain", |explain| {
        explain.mut_arg("codes", |argument| argument.value_parser(PossibleValuesParser::new(codes)))
    });
    if !addresses.is_empty() {
        command = command.mut_subcommands(|it| it.mut_args(|argument| with_addresses(argument, addresses)));
    }
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "ovhconnect", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// An argument that takes an address offers these.
fn with_addresses(argument: Arg, addresses: &[String]) -> Arg {
    let takes_one = ValueParser::new(Address::from_str).type_id();
    if argument.get_value_parser().type_id() == takes_one {
        argument.value_parser(PossibleValuesParser::new(addresses.to_vec()))
    } else {
        argument
    }
}
