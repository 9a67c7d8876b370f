//! A machine of one's own for the program: a folder, an environment, nothing else.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ovhconnect::rehearsal;
use ovhconnect::sim::clock::SystemClock;
use ovhconnect::sim::{Options, Simulator, serve};
use ovhconnect::topology::files;

use super::commands::Invocation;

pub const TOPOLOGY: &str = "version: 1
vracks:
  pn-12345:
    services:
      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
        description: Paris
        pop: {type: l3, customerBgpArea: 65001, ovhBgpArea: 65002, subnet: 172.16.0.0/30}
    datacenters:
      GRA:
        subnet: 10.1.0.0/24
        extra:
          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}
";
/// What is put there for the program to read.
const GIVEN: [&str; 2] = ["topology.yaml", "ovh.conf"];
/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// How long a program runs.
#[derive(Clone, Copy)]
pub enum Until {
    /// To its end; a server until it says where it is.
    End,
    /// Until this stands on stderr.
    Said(&'static str),
}

pub struct Machine {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

/// Everything a program wrote.
pub struct Written {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    files: Vec<(PathBuf, String)>,
}

impl Machine {
    pub fn new(environment: &[(String, String)]) -> Self {
        let machine =
            Self { folder: tempfile::tempdir().expect("a folder"), environment: environment.to_vec() };
        machine.put("topology.yaml", TOPOLOGY.as_bytes());
        machine
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(it, _)| it != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn put(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder of ours");
        std::fs::write(path, content).expect("a folder of ours");
    }

    pub fn run(&self, invocation: &Invocation, until: Until) -> Written {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ovhconnect"))
            .args(&invocation.arguments)
            .arg("-vvv")
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = Heard::new(child.stdout.take().expect("piped"));
        let stderr = Heard::new(child.stderr.take().expect("piped"));
        let is_over = || match until {
            _ if invocation.serves => stderr.text().contains("interrupt to stop"),
            Until::End => false,
            Until::Said(text) => stderr.text().contains(text),
        };
        let code = wait(&mut child, invocation, is_over);
        let mut files = Vec::new();
        collect(self.folder.path(), &mut files);
        files.retain(|(path, _)| !GIVEN.iter().any(|given| path.ends_with(given)));
        Written { code, stdout: stdout.whole(), stderr: stderr.whole(), files }
    }
}

/// Waits until a program ends or is to be ended.
fn wait(child: &mut Child, invocation: &Invocation, is_over: impl Fn() -> bool) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child of ours") {
            return status.code();
        }
        let too_long = begun.elapsed() > LIMIT;
        if too_long || is_over() {
            child.kill().expect("a child of ours");
            child.wait().expect("a child of ours");
            assert!(!too_long, "{invocation} does not end");
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a stream has said so far.
struct Heard {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: std::thread::JoinHandle<()>,
}

impl Heard {
    fn new(mut stream: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut part) {
                heard.lock().expect("nobody panics").extend_from_slice(&part[..length]);
            }
        });
        Self { bytes, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("nobody panics")).into_owned()
    }

    fn whole(self) -> String {
        self.reader.join().expect("nobody panics");
        String::from_utf8_lossy(&self.bytes.lock().expect("nobody panics")).into_owned()
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder of ours") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            let bytes = std::fs::read(&path).expect("a file of ours");
            files.push((path, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}

impl Written {
    pub fn everything(&self) -> String {
        let files = self.files.iter().map(|(path, text)| format!("{}\n{text}", path.display()));
        [self.stdout.clone(), self.stderr.clone()].into_iter().chain(files).collect::<Vec<_>>().join("\n")
    }

    /// Whether something stands there that looks like a request's signature.
    pub fn holds_signature(&self) -> bool {
        self.everything().split("$1$").skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_hexdigit()))
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {:?}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)?;
        self.files.iter().try_for_each(|(path, text)| write!(f, "\n--- {}\n{text}", path.display()))
    }
}

/// A simulator on a port of this machine.
pub struct Served {
    pub simulator: Arc<Simulator>,
    pub endpoint: String,
    _runtime: tokio::runtime::Runtime,
}

pub fn simulator() -> Served {
    serve_with(|_| None)
}

/// The same over TLS where there is a configuration for it.
pub fn serve_with(tls: impl FnOnce(&Path) -> Option<(PathBuf, PathBuf)>) -> Served {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("topology.yaml");
    std::fs::write(&path, TOPOLOGY).expect("a folder of ours");
    let account = rehearsal::account_for(&files::load(&[path]).topology);
    let clock = Arc::new(SystemClock::scaled(200.0));
    let simulator = Arc::new(Simulator::new(&account, Options::default(), clock).expect("a valid account"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("an address");
    let endpoint = match tls(folder.path()) {
        Some((certificate, key)) => {
            let tls = serve::tls_from_pem(&certificate, &key).expect("a certificate and its key");
            runtime.spawn(serve::serve_tls(listener, Arc::clone(&simulator), tls));
            format!("https://localhost:{}/1.0", address.port())
        }
        None => {
            runtime.spawn(serve::serve(listener, Arc::clone(&simulator)));
            format!("http://{address}/1.0")
        }
    };
    Served { simulator, endpoint, _runtime: runtime }
}
