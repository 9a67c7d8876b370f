//! Being told to stop.

use super::connect::fail;
use super::exit::Exit;

/// The signals that mean "stop".
pub(super) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Listens from now on; where that cannot be done, says so.
    pub(super) fn new() -> Result<Self, Exit> {
        use tokio::signal::unix::{SignalKind, signal};
        let both = || {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        };
        both().map_err(|problem: std::io::Error| fail(format!("signals cannot be listened for: {problem}")))
    }

    /// Waits for the next of them.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
