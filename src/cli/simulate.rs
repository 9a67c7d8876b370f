//! `simulate`: a simulated OVHcloud API for any client.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::args;
use super::exit::Exit;
use super::{error, out, say, story, warn};
use crate::diagnostic::{self, Diagnostic};
use crate::rehearsal;
use crate::sim::clock::SystemClock;
use crate::sim::{Account, Options, Simulator, StateFile, fault, serve};
use crate::topology::files;

pub(super) async fn run(args: &args::Simulate) -> Exit {
    match simulate(args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn simulate(args: &args::Simulate) -> Result<Exit, Exit> {
    let simulator = Arc::new(simulator(args)?);
    let listener = TcpListener::bind(args.listen).await.map_err(|problem| {
        error(&format!("{} cannot be listened on: {problem}", args.listen));
        say("  help: choose another address with --listen; port 0 takes any free one");
        Exit::Error
    })?;
    let address = listener.local_addr().map_err(fail)?;
    if !address.ip().is_loopback() {
        warn("the simulator's credentials are the same everywhere: whoever reaches this address can use it");
    }
    let tls = match (&args.tls_certificate, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(serve::tls_from_pem(certificate, key).map_err(fail)?),
        _ => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let credentials = simulator.credentials();
    out(&format!(
        "export OVH_ENDPOINT={scheme}://{address}/1.0\n\
         export OVH_APPLICATION_KEY={}\n\
         export OVH_APPLICATION_SECRET={}\n\
         export OVH_CONSUMER_KEY={}\n",
        credentials.application_key, credentials.application_secret, credentials.consumer_key
    ));
    story(&format!("Simulating the OVHcloud API on {scheme}://{address}/1.0; interrupt to stop."));
    let served = async {
        match tls {
            Some(tls) => serve::serve_tls(listener, simulator, tls).await,
            None => serve::serve(listener, simulator).await,
        }
    };
    tokio::select! {
        served = served => served.map(|()| Exit::Success).map_err(fail),
        () = stopped() => Ok(Exit::Success),
    }
}

/// Waits for the signal that ends a server. Without signals there is none to wait for.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        _ => std::future::pending().await,
    }
}

fn simulator(args: &args::Simulate) -> Result<Simulator, Exit> {
    let task = Duration::from_secs_f64(args.task_seconds);
    let defaults = Options::default();
    let options = Options {
        task,
        vrack_task: task,
        // In a faster or slower world the lag between a parent's deletion and its children's shrinks
        // or grows with it.
        children_delay: defaults.children_delay.mul_f64(task.as_secs_f64() / defaults.task.as_secs_f64()),
        serialize: args.serialize,
        latency: Duration::from_millis(args.latency_ms),
        ..defaults
    };
    let clock = Arc::new(SystemClock::new());
    let simulator = match &args.state {
        Some(path) => {
            let file = StateFile::open(path).map_err(fail)?;
            let kept = file.load(options.clone()).map_err(fail)?;
            if kept.is_some() && (args.account.is_some() || !args.topology.is_empty()) {
                warn(&format!("{} exists: the account is taken from it alone", path.display()));
            }
            let simulator = match kept {
                Some(world) => Simulator::from_world(world, clock),
                None => Simulator::new(&account(args)?, options, clock).map_err(fail)?,
            };
            simulator.with_state(file).map_err(fail)?
        }
        None => Simulator::new(&account(args)?, options, clock).map_err(fail)?,
    };
    if let Some(path) = &args.faults {
        for fault in fault::load(path).map_err(fail)? {
            simulator.add_fault(fault);
        }
    }
    Ok(simulator)
}

fn account(args: &args::Simulate) -> Result<Account, Exit> {
    if let Some(path) = &args.account {
        return Account::load(path).map_err(fail);
    }
    if args.topology.is_empty() {
        story("Taking the sample account: no --account or --topology is given.");
        return Ok(Account::sample());
    }
    let loaded = files::load(&args.topology);
    if !loaded.diagnostics.is_empty() {
        say(diagnostic::render(&loaded.diagnostics, &loaded.sources, true).trim_end());
    }
    if loaded.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Exit::Error);
    }
    Ok(rehearsal::account_for(&loaded.topology))
}

fn fail(problem: impl std::fmt::Display) -> Exit {
    error(&problem.to_string());
    Exit::Error
}
