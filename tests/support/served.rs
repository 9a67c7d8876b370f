//! The program itself, over HTTP, against a simulator in this process.

use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use ovhconnect::sim::clock::SystemClock;
use ovhconnect::sim::{Account, Options, Simulator, serve};

/// A simulator that listens, and the program that is led to it.
pub struct Served {
    pub simulator: Arc<Simulator>,
    endpoint: String,
    _runtime: tokio::runtime::Runtime,
}

impl Served {
    /// An account whose time runs `speed` times as fast as ours.
    pub fn new(account: &Account, speed: f64) -> Self {
        let clock = Arc::new(SystemClock::scaled(speed));
        let simulator = Arc::new(Simulator::new(account, Options::default(), clock).expect("an account"));
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let endpoint = format!("http://{}/1.0", listener.local_addr().expect("an address"));
        runtime.spawn(serve::serve(listener, Arc::clone(&simulator)));
        Self { simulator, endpoint, _runtime: runtime }
    }

    /// The program, about to be run with these arguments.
    pub fn program(&self, arguments: &[&str]) -> Command {
        let credentials = self.simulator.credentials();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ovhconnect"));
        command
            .args(arguments)
            .stdin(Stdio::null())
            .env_clear()
            .env("OVH_ENDPOINT", &self.endpoint)
            .env("OVH_APPLICATION_KEY", &credentials.application_key)
            .env("OVH_APPLICATION_SECRET", &credentials.application_secret)
            .env("OVH_CONSUMER_KEY", &credentials.consumer_key);
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.program(arguments).output().expect("the program runs"))
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }
}

/// Interrupts a program as Ctrl-C does.
pub fn interrupt(child: &Child) {
    let ended = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(ended.expect("there is a kill").success());
}
