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
    let mut program = Cli::command();
    let main = ("ovhconnect".to_owned(), page(program.clone()));
    // So that each command knows the options of all.
    program.build();
    let of_commands =
        program.get_subcommands().filter(|command| command.get_name() != "help").map(|command| {
            // A page is looked for by its own name, and shows what is typed.
            let name = format!("ovhconnect-{}", command.get_name());
            let typed = format!("ovhconnect {}", command.get_name());
            (name.clone(), page(command.clone().display_name(name).bin_name(typed)))
        });
    let pages: Vec<_> = std::iter::once(main).chain(of_commands).collect();
    for (name, page) in &pages {
        let path = folder.join(format!("{name}.1"));
        std::fs::write(&path, page).map_err(|problem| unwritable(&path, &problem))?;
    }
    story(&format!("{} pages written; to read one: man {}/ovhconnect.1", pages.len(), folder.display()));
    Ok(Exit::Success)
}

fn page(command: clap::Command) -> String {
    let examples = examples::of(command.get_name());
    let mut page = Vec::new();
    let man = Man::new(command).source(concat!("ovhconnect ", env!("CARGO_PKG_VERSION")));
    man.render(&mut page).expect("a page is written into memory");
    let mut page = String::from_utf8_lossy(&page).into_owned();
    if !examples.is_empty() {
        page.push_str(".SH EXAMPLES\n");
    }
    for (line, what) in examples {
        // A hyphen of a page is no minus: what is typed has to be copied as it is.
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        page.push_str(&format!(".TP\n{what}\n.nf\n{line}\n.fi\n"));
    }
    page
}
