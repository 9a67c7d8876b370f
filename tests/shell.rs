//! What a shell and a person at it get: help that begins with examples which run, completions, the manual, and
//! silence where it is asked for.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use ovhconnect::cli::examples::EXAMPLES;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ovhconnect");

/// A simulator that is stopped with the test.
struct Simulator {
    child: Child,
    environment: Vec<(String, String)>,
}

impl Simulator {
    /// Serves an account for the topology in a folder.
    fn serve(folder: &Path) -> Self {
        use std::io::{BufRead as _, BufReader};
        let arguments = ["--listen", "127.0.0.1:0", "--task-seconds", "0.05", "--topology", "topology.yaml"];
        let mut child = command(folder, PROGRAM)
            .arg("simulate")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let lines = stdout.lines().take(4).map(|line| line.expect("UTF-8"));
        let variable = |line: String| {
            let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        };
        let environment: Vec<_> = lines.filter_map(variable).collect();
        assert_eq!(environment.len(), 4, "{environment:?}");
        Self { child, environment }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // If it has ended by itself, all is well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    let path = format!(
        "{}:{}",
        Path::new(PROGRAM).parent().expect("a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    command.current_dir(folder).env_clear().env("HOME", folder).env("PATH", path).stdin(Stdio::null());
    command
}

/// A folder with a topology in it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let topology = std::fs::read_to_string("examples/l3-static.yaml").expect("an example");
    let topology = topology.replace("protect: true", "protect: false");
    std::fs::write(folder.path().join("topology.yaml"), topology).expect("a file");
    folder
}

fn run(folder: &tempfile::TempDir, arguments: &[&str]) -> Output {
    command(folder.path(), PROGRAM).args(arguments).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_example_of_the_help_runs() {
    let folder = folder();
    let simulator = Simulator::serve(folder.path());
    for (name, lines) in EXAMPLES {
        for (line, _) in *lines {
            // This one ends when it is interrupted; a second later it serves, or has failed.
            let line = match *name {
                "simulate" => format!("timeout --signal=INT 1 {line} --listen 127.0.0.1:0"),
                _ => (*line).to_owned(),
            };
            let ended = command(folder.path(), "bash")
                .args(["-c", &line])
                .envs(simulator.environment.iter().cloned())
                .output()
                .expect("bash runs");
            let code = ended.status.code();
            let is_right = match (*name, line.as_str()) {
                ("simulate", _) => matches!(code, Some(0 | 124)),
                // What they find is their answer.
                (_, line) if line.contains("--detailed-exitcode") => matches!(code, Some(0 | 2)),
                (_, line) if line.contains("--require") => matches!(code, Some(0 | 2)),
                // Nobody is there to say yes.
                (_, "ovhconnect apply") => code == Some(3),
                _ => code == Some(0),
            };
            assert!(is_right, "{line}: {code:?}\n{}{}", text(&ended.stdout), text(&ended.stderr));
        }
    }
}

#[test]
fn help_begins_with_the_examples() {
    let folder = folder();
    for (name, lines) in EXAMPLES {
        let arguments: &[&str] = if *name == "ovhconnect" { &["--help"] } else { &[name, "--help"] };
        let help = text(&run(&folder, arguments).stdout);
        assert!(help.starts_with("Examples:\n"), "{name}:\n{help}");
        let (examples, _) = help.split_once("Usage:").expect("how it is used");
        for (line, _) in *lines {
            let first = line.split(" --").next().expect("a first part");
            assert!(examples.contains(first), "{line} is not at the beginning:\n{help}");
        }
    }
}

/// What bash offers for a line that ends where the cursor is.
fn offered(folder: &tempfile::TempDir, words: &[&str]) -> Vec<String> {
    let list = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    let script = format!(
        "source <(ovhconnect completions bash --topology topology.yaml)\n\
         COMP_WORDS=({list}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
         $(complete -p ovhconnect | sed -n 's/.*-F \\([^ ]*\\).*/\\1/p') ovhconnect \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let ended = command(folder.path(), "bash").args(["-euc", &script]).output().expect("bash runs");
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    text(&ended.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_values_and_codes() {
    let folder = folder();
    let offers = |words: &[&str], wanted: &str| {
        let found = offered(&folder, words);
        assert!(found.iter().any(|it| it == wanted), "{wanted} is not offered for {words:?}: {found:?}");
    };
    offers(&["ovhconnect", "val"], "validate");
    offers(&["ovhconnect", "plan", "--det"], "--detailed-exitcode");
    offers(&["ovhconnect", "validate", "--format", "sa"], "sarif");
    offers(&["ovhconnect", "explain", "OCC06"], "OCC060");
    offers(&["ovhconnect", "verify", "--allow-u"], "--allow-unknown");
    offers(&["ovhconnect", "diagnose", "pn-12345", "--kind", "pe"], "peering");
    // The addresses are those of the folder's topology.
    offers(
        &["ovhconnect", "diagnose", "pn-12345/datacenter/GRA/n"],
        "pn-12345/datacenter/GRA/network/192.168.10.0/24",
    );
    offers(
        &["ovhconnect", "verify", "--only", "pn-12345/s"],
        "pn-12345/service/6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01",
    );
}

#[test]
fn the_other_shells_take_their_scripts() {
    let folder = folder();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(&folder, &["completions", shell]);
        assert!(script.status.success(), "{}", text(&script.stderr));
        assert!(text(&script.stdout).contains("detailed-exitcode"), "{shell} knows no options");
        // A shell that is there reads it without running anything.
        let path = folder.path().join(shell);
        std::fs::write(&path, &script.stdout).expect("a file");
        let is_posix = matches!(shell, "bash" | "zsh" | "fish");
        if let (true, Ok(read)) = (is_posix, command(folder.path(), shell).arg("-n").arg(&path).output()) {
            assert!(read.status.success(), "{shell}: {}", text(&read.stderr));
        }
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = folder();
    let main = text(&run(&folder, &["man"]).stdout);
    assert!(main.contains(".TH ovhconnect 1") && main.contains("ovhconnect plan \\-\\-simulate"), "{main}");
    let written = run(&folder, &["man", "--out", "man1"]);
    assert!(written.status.success(), "{}", text(&written.stderr));
    let page = |name: &str| {
        let path = folder.path().join("man1").join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    assert_eq!(page("ovhconnect.1"), main);
    for (name, _) in EXAMPLES.iter().filter(|(name, _)| *name != "ovhconnect") {
        let page = page(&format!("ovhconnect-{name}.1"));
        assert!(page.contains(&format!(".TH ovhconnect-{name} 1")), "{page}");
        assert!(page.contains(".SH EXAMPLES\n") && page.contains("\\-\\-quiet"), "{page}");
    }
}

#[test]
fn quiet_leaves_the_answer_and_errors() {
    let folder = folder();
    let apply = ["apply", "--simulate", "--auto-approve"];
    let (loud, quiet) = (run(&folder, &apply), run(&folder, &[&apply[..], &["-q"]].concat()));
    assert!(!loud.stderr.is_empty() && quiet.status.success());
    assert_eq!(text(&quiet.stderr), "", "a story is told");
    assert!(text(&quiet.stdout).contains("Converged"), "{}", text(&quiet.stdout));
    let wrong = run(&folder, &["plan", "nowhere.yaml", "--quiet"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("nowhere.yaml"), "{}", text(&wrong.stderr));
    assert_eq!(run(&folder, &["plan", "-q", "-v"]).status.code(), Some(64));
}

#[test]
fn mistakes_are_told_with_what_to_do_next() {
    let folder = folder();
    run(&folder, &["plan", "--simulate", "--out", "plan.json"]);
    let cases: [(&[&str], &str); 5] = [
        (&["plan"], "--simulate"),
        (&["plan", "--endpoint", "ovh-de"], "ovh-eu, ovh-ca, ovh-us"),
        (&["plan", "plan.json"], "ovhconnect apply plan.json"),
        (&["apply", "--simulate"], "--auto-approve"),
        (&["plan", "--simulate", "--only", "pn-99"], "pn-12345"),
    ];
    for (arguments, next) in cases {
        let ended = run(&folder, arguments);
        let stderr = text(&ended.stderr);
        assert!(!ended.status.success() && stderr.contains("error"), "{arguments:?}: {stderr}");
        assert!(stderr.contains(next), "{arguments:?} does not say {next:?}:\n{stderr}");
    }
}
