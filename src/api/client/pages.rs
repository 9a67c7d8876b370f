//! Lists: objects or ids, in one page or many.
//!
//! A list is asked for with its objects in it (expanded) and no cached copy. What comes back may be
//! objects, ids (the server ignored the wish) or both; all at once or page by page, in pages
//! smaller than asked for. The header `X-Pagination-Elements` says how many there are in all.
//! Source: the conventions of OVHcloud's own clients.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// One entry of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Listed<T, I> {
    /// The object itself.
    Object(T),
    /// Its id only.
    Id(I),
}

impl<T, I: DeserializeOwned> Listed<T, I> {
    /// Reads one entry.
    ///
    /// # Errors
    /// What the entry lacks, as an object or as an id.
    pub(super) fn read(entry: &Value) -> Result<Self, serde_json::Error>
    where
        T: DeserializeOwned,
    {
        match entry {
            Value::Object(_) => T::deserialize(entry).map(Self::Object),
            // Lenient: a number may come as a text.
            Value::String(text) => I::deserialize(entry)
                .or_else(|error| serde_json::from_str(text).map_err(|_| error))
                .map(Self::Id),
            _ => I::deserialize(entry).map(Self::Id),
        }
    }
}

/// What to do after a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// Ask for the next page.
    Page,
    /// The list is complete.
    Done,
    /// The pages do not fit together: the list changed while it was read, or the server counts
    /// wrongly. A list of ids, which has no pages, is the way out.
    Inconsistent,
}

/// The pages of one list, gathered.
pub(super) struct Pages<T, I> {
    id_of: fn(&T) -> I,
    seen: BTreeSet<I>,
    total: Option<usize>,
    pub entries: Vec<Listed<T, I>>,
}

impl<T, I: Ord + Clone> Pages<T, I> {
    pub fn new(id_of: fn(&T) -> I) -> Self {
        Self { id_of, seen: BTreeSet::new(), total: None, entries: Vec::new() }
    }

    /// Adds a page; `total` is how many entries the server says there are in all.
    pub fn add(&mut self, page: Vec<Listed<T, I>>, total: Option<usize>) -> Next {
        let only_ids = page.iter().all(|entry| matches!(entry, Listed::Id(_)));
        let before = self.entries.len();
        let first = before == 0 && self.total.is_none();
        for entry in page {
            let id = match &entry {
                Listed::Object(object) => (self.id_of)(object),
                Listed::Id(id) => id.clone(),
            };
            if self.seen.insert(id) {
                self.entries.push(entry);
            }
        }
        let nothing_new = self.entries.len() == before;
        if !first && total.is_some() && self.total != total {
            return Next::Inconsistent;
        }
        self.total = total.or(self.total);
        match self.total {
            Some(total) if self.entries.len() >= total => Next::Done,
            Some(_) if nothing_new => Next::Inconsistent,
            Some(_) => Next::Page,
            // Without a total even a short page may be followed by another: the server may make
            // smaller pages than it was asked for. One request more costs less than a missing object.
            None if nothing_new || only_ids => Next::Done,
            None => Next::Page,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Entry = Listed<u64, u64>;

    fn gather(mut page: impl FnMut(usize) -> (Vec<Entry>, Option<usize>)) -> (Vec<Entry>, Next, usize) {
        let mut pages = Pages::new(|object: &u64| *object);
        for number in 1.. {
            let (entries, total) = page(number);
            let next = pages.add(entries, total);
            if next != Next::Page {
                return (pages.entries, next, number);
            }
            assert!(number < 10_000, "the paging does not end");
        }
        unreachable!()
    }

    fn objects(range: std::ops::Range<usize>) -> Vec<Entry> {
        range.map(|n| Listed::Object(n as u64)).collect()
    }

    proptest! {
        #[test]
        fn every_page_size_brings_everything_once(count in 0_usize..300, cap in 1_usize..120, says_total: bool) {
            let (entries, next, requests) = gather(|number| {
                let from = ((number - 1) * cap).min(count);
                (objects(from..(from + cap).min(count)), says_total.then_some(count))
            });
            prop_assert_eq!(next, Next::Done);
            prop_assert_eq!(entries, objects(0..count));
            let needed = count.div_ceil(cap).max(1);
            prop_assert!(requests <= needed + usize::from(!says_total && count > 0));
        }

        #[test]
        fn a_server_that_ignores_the_page_number_ends(count in 0_usize..50, total in proptest::option::of(0_usize..60)) {
            let (entries, next, requests) = gather(|_| (objects(0..count), total));
            prop_assert_eq!(entries, objects(0..count));
            prop_assert!(requests <= 2);
            prop_assert_eq!(next == Next::Inconsistent, total.is_some_and(|total| total > count));
        }

        #[test]
        fn ids_come_in_one_page(count in 0_usize..50) {
            let ids: Vec<Entry> = (0..count).map(|n| Listed::Id(n as u64)).collect();
            let (entries, next, requests) = gather(|_| (ids.clone(), None));
            prop_assert_eq!(entries, ids);
            prop_assert_eq!((next, requests), (Next::Done, 1));
        }
    }

    #[test]
    fn a_list_that_changes_between_pages_is_noticed() {
        let (_, next, _) = gather(|number| match number {
            1 => (objects(0..10), Some(15)),
            _ => (objects(11..15), Some(14)),
        });
        assert_eq!(next, Next::Inconsistent);
    }

    #[test]
    fn entries_are_read_one_by_one() {
        let read = |json: &str| Listed::<wire::Task, u64>::read(&serde_json::from_str(json).unwrap());
        use crate::api::wire;
        assert_eq!(read("7").unwrap(), Listed::Id(7));
        assert_eq!(read("\"7\"").unwrap(), Listed::Id(7));
        let task = read(r#"{"id":7,"function":"addVrack","status":"doing"}"#).unwrap();
        assert!(matches!(task, Listed::Object(wire::Task { id: 7, .. })), "{task:?}");
        for bad in ["null", "\"x\"", "-1", "[1]", "{}"] {
            assert!(read(bad).is_err(), "{bad} was read");
        }
    }
}
