//! A reader at a terminal: one shell that everything is typed into.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

/// Stands after the output of each command, and again after its exit code. No program prints it.
const MARK: char = '\u{1e}';

/// What the commands that a page does not show may use: `simulate OPTIONS` has a simulator serve in the
/// background, at any free port, until the page ends, and sets the variables that lead to it.
const PRELUDE: &str = r#"
trap 'kill $(jobs -p) 2>/dev/null' EXIT
simulate() {
    rm -f .variables
    ovhconnect simulate --listen 127.0.0.1:0 "$@" >.variables 2>.simulator &
    until grep -qs CONSUMER_KEY .variables; do
        kill -0 $! || { cat .simulator; return 1; }
        sleep 0.02
    done
    . ./.variables
}
"#;

/// What is typed, and the folder it is typed in: empty, but for the examples.
pub struct Session {
    folder: tempfile::TempDir,
    script: String,
    commands: usize,
}

/// What came of a command: stdout and stderr as they come on a terminal.
#[derive(Debug)]
pub struct Ended {
    pub output: String,
    pub code: i32,
}

impl Session {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(Path::new("examples"), &folder.path().join("examples"));
        copy(Path::new("schemas"), &folder.path().join("schemas"));
        let script =
            format!("{PRELUDE}mark() {{ local code=$?; printf '{MARK}%s{MARK}' $code; return $code; }}\n");
        Self { folder, script, commands: 0 }
    }

    /// Types a command.
    pub fn run(&mut self, command: &str) {
        self.script += &format!("{}\nmark\n", command.trim_end());
        self.commands += 1;
    }

    /// Runs a command as on a terminal with colours, without what it tells beside its answer.
    pub fn run_in_colour(&mut self, command: &str) {
        self.run(&format!("(export CLICOLOR_FORCE=1; {command}) 2>/dev/null"));
    }

    /// Writes a file at this point.
    pub fn write(&mut self, name: &str, text: &str) {
        self.script += &format!("cat > {name} <<'{MARK}'\n{text}{MARK}\n");
    }

    /// Runs everything. Panics with what was printed where it did not come to its end.
    pub fn end(self) -> Vec<Ended> {
        let path = self.folder.path();
        let said = path.with_extension("said");
        let file = File::create(&said).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_ovhconnect")).parent().unwrap();
        let status = Command::new("bash")
            .args(["--noprofile", "--norc", "-c", &self.script])
            .current_dir(path)
            .env_clear()
            .env("PATH", format!("{}:{}", program.display(), std::env::var("PATH").unwrap()))
            .env("HOME", path)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .status()
            .unwrap();
        let text = fs::read_to_string(&said).unwrap();
        fs::remove_file(&said).unwrap();
        let mut parts = text.split(MARK);
        let mut ended = Vec::new();
        while let (Some(output), Some(code)) = (parts.next(), parts.next()) {
            let mut output = output.to_owned();
            if !output.is_empty() && !output.ends_with('\n') {
                output.push('\n');
            }
            ended.push(Ended { output, code: code.parse().unwrap() });
        }
        assert_eq!(ended.len(), self.commands, "the shell stopped early ({status}):\n{text}");
        ended
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
