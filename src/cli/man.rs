//! `man`: the manual, as pages for man(1).

use std::path::Path;

use clap::CommandFactory as _;
use clap_mangen::Man;

use super::args::{self, Cli};
use super::connect::fail;
use super::exit::Exit;
use super::{examples, out_raw, story};

pub(super) fn run(args: &args::Man) -> Exit {
    match &args.out {
        None => {
            out_raw(&page(Cli::command()));
            Exit::Success
        }
        Some(folder) => write(folder).unwrap_or_else(|exit| exit),
    }
}

/// Writes a page for the program and one for each command.
fn write(folder: &Path) -> Result<Exit, Exit> {
    let unwritable =
        |path: &Path, problem: &dyn std::fmt::Display| fail(format!("{}: {problem}", path.display()));
    std::fs::create_dir_all(folder).map_err(|problem| unwritable(folder, &problem))?;
    let program = Cli::command();
    let of_commands =
        program.get_subcommands().filter(|command| command.get_name() != "help").map(|command| {
            let name = format!("ovhconnect-{}", command.get_name());
            // A page is looked for by its own name, and shows what is typed.
            let typed = format!("ovhconnect {}", command.get_name());
            (name.clone(), command.clone().display_name(name).bin_name(typed))
        });
    let pages: Vec<_> =
        std::iter::once(("ovhconnect".to_owned(), program.clone())).chain(of_commands).collect();
    for (name, command) in &pages {
        let path = folder.join(format!("{name}.1"));
        std::fs::write(&path, page(command.clone())).map_err(|problem| unwritable(&path, &problem))?;
    }
    story(&format!("{} pages written; to read one: man {}/ovhconnect.1", pages.len(), folder.display()));
    Ok(Exit::Success)
}

fn page(command: clap::Command) -> String {
    // Where help begins with examples, a page ends with them.
    let command = match examples::text(command.get_name()) {
        Some(examples) => command.before_help(None).after_help(examples),
        None => command,
    };
    let mut page = Vec::new();
    Man::new(command).render(&mut page).expect("a page is written into memory");
    String::from_utf8_lossy(&page).into_owned()
}
