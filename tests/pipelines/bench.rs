//! A repository with a topology, a simulator, and a forge that is played by scripts.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// What a shell gets to see.
pub type Variables = BTreeMap<String, String>;

/// Two services in a vRack, and a datacenter.
pub const TOPOLOGY: &str = "\
version: 1
vracks:
  pn-12345:
    services:
      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
        description: Paris
        pop: {type: l3, customerBgpArea: 65001, ovhBgpArea: 65002, subnet: 172.16.0.0/30}
      0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02:
        description: Frankfurt
        pop: {type: l3, customerBgpArea: 65001, ovhBgpArea: 65002, subnet: 172.16.0.4/30}
    datacenters:
      GRA: {ovhBgpArea: 65010, subnet: 10.1.0.0/24}
      SBG: {ovhBgpArea: 65011, subnet: 10.2.0.0/24}
";

/// A key of the simulator's that may only read.
pub const READ_ONLY: &str = "simulator-read-only-consumer-key";

/// What was printed, stdout and stderr, and how it ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub output: String,
}

pub struct Bench {
    folder: TempDir,
    simulator: Child,
    /// Where the simulator is, and the keys to it.
    pub endpoint: Variables,
}

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["repository/topology", "forge/artifacts", "home"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let topology = folder.path().join("repository/topology/network.yaml");
        fs::write(&topology, TOPOLOGY).unwrap();
        let mut simulator = Command::new(env!("CARGO_BIN_EXE_ovhconnect"))
            .args(["simulate", "--listen", "127.0.0.1:0", "--task-seconds", "0.05", "--topology"])
            .arg(&topology)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(simulator.stdout.take().unwrap()).lines().take(4);
        let endpoint: Variables = lines
            .map(|line| {
                let line = line.unwrap();
                let (name, value) = line.trim_start_matches("export ").split_once('=').unwrap();
                (name.to_owned(), value.to_owned())
            })
            .collect();
        let bench = Self { folder, simulator, endpoint };
        bench.forge("comments.json", "[]");
        bench
    }

    pub fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    /// Writes the topology, with one thing said in another way.
    pub fn edit(&self, (from, to): (&str, &str)) {
        assert!(TOPOLOGY.contains(from), "the topology has no {from}");
        fs::write(self.repository().join("topology/network.yaml"), TOPOLOGY.replace(from, to)).unwrap();
    }

    pub fn forge_file(&self, name: &str) -> PathBuf {
        self.folder.path().join("forge").join(name)
    }

    /// What the forge answers.
    pub fn forge(&self, name: &str, text: &str) {
        fs::write(self.forge_file(name), text).unwrap();
    }

    /// What was said to the forge: `calls`, a line each; `body.md`, the comment that was written last.
    pub fn said(&self, name: &str) -> String {
        fs::read_to_string(self.forge_file(name)).unwrap_or_default()
    }

    /// The file of an artifact, where there is one.
    pub fn artifact(&self, name: &str) -> PathBuf {
        self.forge_file("artifacts").join(name)
    }

    /// Keeps those files of the repository that are there, as the artifact `name`.
    pub fn keep(&self, name: &str, paths: &[&str]) {
        fs::create_dir_all(self.artifact(name)).unwrap();
        for path in paths {
            let file = Path::new(path).file_name().unwrap();
            if self.repository().join(path).exists() {
                fs::copy(self.repository().join(path), self.artifact(name).join(file)).unwrap();
            }
        }
    }

    /// A fresh checkout for the next job: what the last one left behind is gone.
    pub fn check_out(&self) {
        for entry in fs::read_dir(self.repository()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::remove_file(path).unwrap();
            }
        }
    }

    /// Runs a script as both forges do: in the repository, and until the first command that fails.
    pub fn shell(&self, script: &str, variables: &Variables, path: &[String]) -> Ended {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pipelines/bin");
        let search: Vec<String> = path
            .iter()
            .cloned()
            .chain([here.display().to_string(), std::env::var("PATH").unwrap()])
            .collect();
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c"])
            .arg(format!("exec 2>&1\n{script}"))
            .current_dir(self.repository())
            .env_clear()
            .envs(variables)
            .env("PATH", search.join(":"))
            .env("HOME", self.folder.path().join("home"))
            .env("CI", "true")
            .env("FORGE", self.folder.path().join("forge"))
            .env("PROGRAM", env!("CARGO_BIN_EXE_ovhconnect"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ended { code: output.status.code().unwrap(), output: String::from_utf8(output.stdout).unwrap() }
    }

    /// Somebody applies the topology with one thing said in another way, and not through the repository.
    pub fn behind_its_back(&self, edit: (&str, &str)) {
        let before = fs::read_to_string(self.repository().join("topology/network.yaml")).unwrap();
        self.edit(edit);
        let ended = Command::new(env!("CARGO_BIN_EXE_ovhconnect"))
            .args(["apply", "topology", "--auto-approve", "--allow-disruption"])
            .current_dir(self.repository())
            .envs(&self.endpoint)
            .output()
            .unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        fs::write(self.repository().join("topology/network.yaml"), before).unwrap();
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        self.simulator.kill().ok();
        self.simulator.wait().ok();
    }
}

impl Ended {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.output);
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.output.contains(text), "{text:?} is not in this:\n{}", self.output);
        self
    }
}
