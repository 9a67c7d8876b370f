//! What was asked of the simulator, and when.

use std::collections::VecDeque;

use serde::Serialize;

use super::moment::Moment;

/// Requests remembered; the oldest go first.
const KEPT: usize = 100_000;

/// One request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// The account's time when the request arrived, in milliseconds since the Unix epoch.
    pub at: Moment,
    /// `GET` and the like.
    pub method: String,
    /// The path without `/1.0` and without the query.
    pub path: String,
    /// The query, where there is one.
    pub query: Option<String>,
    /// The body that was sent, where there is one.
    pub body: Option<String>,
    /// The status answered; `None` where the connection was cut instead.
    pub status: Option<u16>,
    /// Whether the request had its effect on the account (false for what was refused, failed or
    /// cut before it was handled).
    pub handled: bool,
    /// The answer's `X-OVH-QUERYID`.
    pub query_id: String,
}

impl LogEntry {
    /// Whether it asked for a change: any method but GET.
    #[must_use]
    pub fn is_mutation(&self) -> bool {
        self.method != "GET"
    }
}

/// The requests, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log(VecDeque<LogEntry>);

impl Log {
    pub(super) fn push(&mut self, entry: LogEntry) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    pub(super) fn entries(&self) -> Vec<LogEntry> {
        self.0.iter().cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
