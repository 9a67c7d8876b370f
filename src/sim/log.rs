//! What was asked of the simulator, and when.

use std::collections::VecDeque;

use serde::Serialize;

use super::moment::Moment;

/// Requests remembered; the oldest go first.
const KEPT: usize = 100_000;

/// Bytes remembered of what clients sent in them; the oldest go first.
const KEPT_BYTES: usize = 64 << 20;

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

    /// The bytes in it that a client chose.
    fn weight(&self) -> usize {
        let query = self.query.as_ref().map_or(0, String::len);
        self.method.len() + self.path.len() + query + self.body.as_ref().map_or(0, String::len)
    }
}

/// The requests, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: VecDeque<LogEntry>,
    weight: usize,
}

impl Log {
    pub(super) fn push(&mut self, entry: LogEntry) {
        self.weight += entry.weight();
        self.entries.push_back(entry);
        while self.entries.len() > KEPT || self.weight > KEPT_BYTES {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.weight -= oldest.weight();
        }
    }

    pub(super) fn entries(&self) -> Vec<LogEntry> {
        self.entries.iter().cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: usize, body: &str) -> LogEntry {
        LogEntry {
            at: Moment::START,
            method: "PUT".to_owned(),
            path: "/me".to_owned(),
            query: None,
            body: Some(body.to_owned()),
            status: None,
            handled: false,
            query_id: number.to_string(),
        }
    }

    #[test]
    fn a_long_run_keeps_the_latest_requests() {
        let mut log = Log::default();
        (0..KEPT + 3).for_each(|number| log.push(entry(number, "")));
        let entries = log.entries();
        assert_eq!((entries.len(), entries[0].query_id.as_str()), (KEPT, "3"));
    }

    #[test]
    fn large_bodies_do_not_fill_the_memory() {
        let (mut log, body) = (Log::default(), "x".repeat(1 << 20));
        (0..200).for_each(|number| log.push(entry(number, &body)));
        let entries = log.entries();
        assert_eq!(entries.len(), 63, "64 MiB, and the other fields");
        assert_eq!(entries[62].query_id, "199");
        log.clear();
        assert!(log.entries().is_empty());
    }
}
