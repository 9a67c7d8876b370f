//! What every document about a plan is made of.

use super::estate::{Estate, Item, Mark};
use crate::live::Live;
use crate::plan::Plan;
use crate::plan::guard::Violation;
use crate::topology::Address;

/// A plan, what it was made from, and what is to be said about it.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The live state it was made from.
    pub live: &'a Live,
    /// What was planned, as the user named it: the files. The same for the next plan of the same.
    pub name: &'a str,
    /// The URL of the API.
    pub endpoint: &'a str,
    /// What the plan was limited to, if to anything.
    pub only: Option<&'a Address>,
    /// What it would do and may not.
    pub violations: &'a [Violation],
}

impl<'a> Report<'a> {
    /// Every configuration, and what becomes of it.
    #[must_use]
    pub fn estate(&self) -> Estate<'a> {
        Estate::of_plan(self.plan, self.live)
    }
}

/// The configurations that a plan is about: what it changes, and what it found right. What is left alone
/// on purpose is none of them.
pub fn managed<'e, 'a>(estate: &'e Estate<'a>) -> impl Iterator<Item = &'e Item<'a>> {
    estate.items().filter(|item| item.mark != Mark::Unmanaged)
}
