//! Expanded lists: the objects instead of their ids, by pages, from a cache that may be stale.
//!
//! Source: the official clients. Assumed: the page size where a client names none.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use serde_json::Value;

use super::moment::Moment;

/// Objects on a page where the client names no size.
const DEFAULT_SIZE: usize = 100;

/// Objects on a page at most.
const MAX_SIZE: usize = 5_000;

/// Copies kept at most: old ones make room, or else all of them.
const MAX_COPIES: usize = 4_096;

/// Which page a request wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub(super) size: usize,
    /// From 1.
    pub(super) number: usize,
    /// Whether a cached copy will not do.
    pub(super) fresh: bool,
}

impl Wanted {
    /// `None` where the client does not ask for expansion.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let mode = header("x-pagination-mode")?;
        if !mode.eq_ignore_ascii_case("CachedObjectList-Pages") {
            return None;
        }
        let number = |name: &str| header(name).and_then(|text| text.parse::<usize>().ok());
        Some(Self {
            size: number("x-pagination-size").unwrap_or(DEFAULT_SIZE).clamp(1, MAX_SIZE),
            number: number("x-pagination-number").unwrap_or(1).max(1),
            fresh: header("pragma").is_some_and(|pragma| pragma.eq_ignore_ascii_case("no-cache")),
        })
    }

    /// The page, out of all the objects.
    pub(super) fn slice<'a>(&self, objects: &'a [Value]) -> &'a [Value] {
        let start = (self.number - 1).saturating_mul(self.size).min(objects.len());
        let end = start.saturating_add(self.size).min(objects.len());
        &objects[start..end]
    }
}

/// Copies of expanded lists by path, and when they were made.
#[derive(Debug, Default)]
pub(super) struct Cache(HashMap<String, (Moment, Arc<Vec<Value>>)>);

impl Cache {
    /// The copy of a list, where it is not older than `keep`.
    pub(super) fn get(&self, path: &str, now: Moment, keep: Duration) -> Option<Arc<Vec<Value>>> {
        let (made, copy) = self.0.get(path)?;
        (now.since(*made) < keep).then(|| Arc::clone(copy))
    }

    pub(super) fn put(&mut self, path: &str, now: Moment, keep: Duration, copy: &Arc<Vec<Value>>) {
        if self.0.len() >= MAX_COPIES {
            self.0.retain(|_, (made, _)| now.since(*made) < keep);
            if self.0.len() >= MAX_COPIES {
                self.0.clear();
            }
        }
        self.0.insert(path.to_owned(), (now, Arc::clone(copy)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_a_list_once_and_then_are_empty() {
        let objects: Vec<Value> = (0..5).map(Value::from).collect();
        let page = |number| Wanted { size: 2, number, fresh: false }.slice(&objects).to_vec();
        assert_eq!([page(1), page(2), page(3)].concat(), objects);
        assert!(page(4).is_empty());
        assert!(page(usize::MAX).is_empty());
    }

    #[test]
    fn a_copy_ages() {
        let (mut cache, keep) = (Cache::default(), Duration::from_secs(60));
        let copy = Arc::new(vec![Value::from(1)]);
        cache.put("/vrack", Moment::START, keep, &copy);
        assert_eq!(cache.get("/vrack", Moment::START.after(Duration::from_secs(59)), keep), Some(copy));
        assert_eq!(cache.get("/vrack", Moment::START.after(keep), keep), None);
        assert_eq!(cache.get("/vrack", Moment::START, Duration::ZERO), None);
    }

    #[test]
    fn copies_do_not_add_up() {
        let (mut cache, copy) = (Cache::default(), Arc::new(Vec::new()));
        for number in 0..3 * MAX_COPIES {
            cache.put(&number.to_string(), Moment::START, Duration::MAX, &copy);
            assert!(cache.0.len() <= MAX_COPIES);
        }
    }
}
