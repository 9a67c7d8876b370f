//! Runs of the program itself against the simulator as another process, over HTTP on loopback.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method};
use ovhconnect::api::{Endpoint, HttpOptions, HttpTransport, Request, Transport as _};
use serde::Deserialize;

use crate::row::{Measured, Phase, Run, Setting};
use crate::topology;
use crate::virtual_time::{self, by_route, route_of};

/// The program, built as a release.
const PROGRAM: &str = env!("CARGO_BIN_EXE_ovhconnect");
/// How often the memory of a running program is looked at: what it holds at the most only grows.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Measures every run of a row.
pub fn measure(setting: Setting) -> Result<Measured, String> {
    // What the plans look like does not depend on the machine: their floors come from the same runs
    // in virtual time, as does the time that planning takes.
    let expected = virtual_time::measure(setting)?.runs;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("topology.yaml");
    std::fs::write(&path, topology::text(setting.services)).map_err(|error| error.to_string())?;
    let simulator = Simulated::start(&path, &setting)?;
    let mut runs = BTreeMap::new();
    for phase in Phase::ALL {
        let Some(expected) = expected.get(&phase) else { continue };
        simulator.forget_requests()?;
        let (wall, memory) = simulator.run(phase, &path, folder.path())?;
        let requests = by_route(simulator.requests()?.iter().map(|it| route_of(&it.method, &it.path)));
        runs.insert(
            phase,
            Run { wall, floor: expected.floor, requests, memory, planning: expected.planning },
        );
    }
    Ok(Measured { setting, runs, is_virtual: false })
}

/// A simulator in another process; it ends with this value.
struct Simulated {
    process: Child,
    variables: Vec<(String, String)>,
    endpoint: String,
}

/// What the simulator's log says of a request.
#[derive(Deserialize)]
struct Logged {
    method: String,
    path: String,
}

impl Simulated {
    fn start(topology: &Path, setting: &Setting) -> Result<Self, String> {
        let mut process = Command::new(PROGRAM)
            .args(["simulate", "--listen", "127.0.0.1:0", "--topology"])
            .arg(topology)
            .args(["--task-seconds", &setting.task.as_secs_f64().to_string()])
            .args(["--latency-ms", &setting.latency.as_millis().to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("the simulator cannot be started: {error}"))?;
        let stdout = process.stdout.take().ok_or("the simulator says nothing")?;
        let lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let exports = lines.filter_map(|line| {
            let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        });
        let variables: Vec<_> = exports.take(4).collect();
        let endpoint = variables.iter().find(|(name, _)| name == "OVH_ENDPOINT");
        let endpoint = endpoint.map(|(_, url)| url.clone()).ok_or("the simulator named no endpoint")?;
        Ok(Self { process, variables, endpoint })
    }

    /// How long a run takes from its start to its end, and how much memory it needs.
    fn run(&self, phase: Phase, topology: &Path, folder: &Path) -> Result<(Duration, Option<u64>), String> {
        let arguments: &[&str] = match phase {
            Phase::PlanEmpty | Phase::PlanSettled => &["plan"],
            Phase::Apply => &["apply", "--auto-approve"],
            Phase::Destroy => &["destroy", "--auto-approve"],
        };
        let errors = folder.join("stderr");
        let create = |path: &PathBuf| File::create(path).map_err(|error| error.to_string());
        let begun = Instant::now();
        let mut process = Command::new(PROGRAM)
            .args(arguments)
            .arg(topology)
            .args(["--rate", "0"])
            .current_dir(folder)
            .env_clear()
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(create(&errors)?)
            .spawn()
            .map_err(|error| format!("{phase} cannot be started: {error}"))?;
        let mut memory = None;
        let status = loop {
            if let Some(status) = process.try_wait().map_err(|error| error.to_string())? {
                break status;
            }
            memory = peak_memory(process.id()).or(memory);
            std::thread::sleep(LOOK_EVERY);
        };
        let wall = begun.elapsed();
        if status.success() {
            return Ok((wall, memory));
        }
        let said = std::fs::read_to_string(&errors).unwrap_or_default();
        Err(format!("{phase} ended with {status}:\n{said}"))
    }

    fn requests(&self) -> Result<Vec<Logged>, String> {
        let body = self.call(Method::GET)?;
        serde_json::from_slice(&body).map_err(|error| format!("the simulator's log: {error}"))
    }

    fn forget_requests(&self) -> Result<(), String> {
        self.call(Method::DELETE).map(|_| ())
    }

    fn call(&self, method: Method) -> Result<Bytes, String> {
        let url = self.endpoint.replace("/1.0", "/simulator/log");
        let request = Request {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: Duration::from_secs(30),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| error.to_string())?.block_on(async {
            let endpoint = Endpoint::parse(&self.endpoint).map_err(|error| error.to_string())?;
            let options = HttpOptions { body_limit: 256 << 20, ..HttpOptions::default() };
            let transport = HttpTransport::new(&endpoint, options).map_err(|error| error.to_string())?;
            let response = transport.send(request).await.map_err(|error| error.to_string())?;
            Ok(response.body)
        })
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        // Nobody is left to tell if it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The most memory a process held so far, where the system tells.
fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
