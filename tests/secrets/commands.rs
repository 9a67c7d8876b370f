//! The program's commands, as its own parser has them: a new one is among them by itself.

use std::fmt;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory as _};
use ovhconnect::cli::args::Cli;

/// A command with arguments that let it do, and write, as much as it can.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub arguments: Vec<String>,
    /// Whether it calls the API that is configured.
    pub calls_the_api: bool,
    /// Whether it is about a topology in a file.
    pub reads_a_topology: bool,
    /// Whether it runs until it is stopped.
    pub serves: bool,
}

impl Invocation {
    pub fn new(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|it| (*it).to_owned()).collect();
        Self { arguments, calls_the_api: true, reads_a_topology: true, serves: false }
    }
}

impl Invocation {
    /// Whether it is one of the commands that always call the API.
    pub fn always_calls(&self) -> bool {
        matches!(self.arguments[0].as_str(), "plan" | "apply" | "destroy")
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arguments.join(" "))
    }
}

/// Every command.
pub fn all() -> Vec<Invocation> {
    let mut found = Vec::new();
    let mut program = Cli::command();
    program.build();
    collect(&program, &[], &mut found);
    for invocation in &mut found {
        complete(&program, &mut invocation.arguments);
    }
    found
}

/// Adds what the parser misses: some arguments are needed only where others are not given.
fn complete(program: &Command, arguments: &mut Vec<String>) {
    loop {
        let line = ["ovhconnect".to_owned()].into_iter().chain(arguments.iter().cloned());
        let Err(error) = program.clone().try_get_matches_from(line) else { return };
        let missing = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::Strings(missing)) if error.kind() == ErrorKind::MissingRequiredArgument => {
                missing
            }
            // Running it says what is wrong.
            _ => return,
        };
        let mut command = program;
        while let Some(inner) = arguments.iter().find_map(|word| command.find_subcommand(word)) {
            command = inner;
        }
        let before = arguments.len();
        for argument in command.get_arguments().filter(|it| missing.contains(&it.to_string())) {
            arguments.extend(argument.get_long().map(|long| format!("--{long}")));
            arguments.push(value(argument));
        }
        if arguments.len() == before {
            return;
        }
    }
}

fn collect(command: &Command, path: &[String], found: &mut Vec<Invocation>) {
    // `help` is clap's own and reads nothing.
    for command in command.get_subcommands().filter(|it| it.get_name() != "help") {
        let path = [path, &[command.get_name().to_owned()]].concat();
        if command.has_subcommands() {
            collect(command, &path, found);
        }
        if !command.is_subcommand_required_set() {
            let has = |id: &str| command.get_arguments().any(|it| it.get_id() == id);
            let arguments = command.get_arguments().flat_map(argument);
            found.push(Invocation {
                arguments: path.iter().cloned().chain(arguments).collect(),
                calls_the_api: has("endpoint"),
                // One is read though none is named.
                reads_a_topology: command
                    .get_arguments()
                    .any(|it| it.get_id() == "paths" && !it.get_default_values().is_empty()),
                serves: has("listen"),
            });
        }
    }
}

/// What is given for an argument that lets a command do more; nothing for others.
fn argument(argument: &Arg) -> Vec<String> {
    let Some(long) = argument.get_long().map(|long| format!("--{long}")) else { return Vec::new() };
    match argument.get_id().as_str() {
        "auto_approve" | "allow_disruption" | "explain" | "live" => vec![long],
        "listen" => vec![long, "127.0.0.1:0".to_owned()],
        "rate" => vec![long, "0".to_owned()],
        "topology" => vec![long, "topology.yaml".to_owned()],
        "state" | "out" => vec![long, format!("{}.json", argument.get_id())],
        "log_file" => vec![long, "run.ndjson".to_owned()],
        _ => Vec::new(),
    }
}

/// A value that an argument takes.
fn value(argument: &Arg) -> String {
    if let Some(possible) = argument.get_possible_values().first() {
        return possible.get_name().to_owned();
    }
    let name = argument.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
    match name {
        "ADDRESS" => "pn-12345",
        "CODE" => "OCC001",
        _ => "topology.yaml",
    }
    .to_owned()
}
