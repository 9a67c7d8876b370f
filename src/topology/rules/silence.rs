//! Silencing warnings: `allow` in the topology.

use std::cmp::Reverse;

use super::{Entry, needs_live, raised};
use crate::diagnostic::{Diagnostic, Example, Rule, Severity, Span};
use crate::topology::Allow;

pub(super) static RULES: &[Entry] = &[raised(&UNUSED)];

static UNUSED: Rule = Rule {
    code: "OCC190",
    severity: Severity::Warning,
    title: "an `allow` silences something",
    doc: "A code in `allow` for which there is nothing to silence is left over, or stands in the wrong \
          place: `allow` silences what lies inside of what it stands in. Left there, it hides the next \
          such warning. Nothing is said as long as there are errors, and codes that need live state are \
          judged by `plan` and `apply` only.",
    source: "the topology's format",
    example: Example::of(
        r"
 version: 1
 vracks:
   pn-12345:
     services:
       6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
         pop: {type: l3, customerBgpArea: 65001, subnet: 172.16.0.0/30}
-        allow: [OCC101]
",
    ),
};

/// What found the warnings that are to be silenced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    /// The files alone.
    InFiles,
    /// Live state.
    Live,
}

impl Found {
    fn judges(self, rule: &Rule) -> bool {
        match self {
            Self::InFiles => !needs_live(rule),
            Self::Live => needs_live(rule),
        }
    }
}

/// Takes away the warnings that `allows` silence, and adds one for each that silences nothing.
///
/// A warning belongs to the innermost `allow` around its primary place. One about an `allow` can be
/// silenced as any other.
pub(crate) fn silence(diagnostics: &mut Vec<Diagnostic>, allows: &[Allow], found: Found) {
    let judged: Vec<&Allow> = allows.iter().filter(|allow| found.judges(allow.rule)).collect();
    let (about_allows, others): (Vec<_>, Vec<_>) =
        judged.into_iter().partition(|allow| allow.rule.code == UNUSED.code);
    let unused = sweep(diagnostics, others);
    // What an error hides cannot be told from what is not there.
    if diagnostics.iter().any(Diagnostic::is_error) {
        return;
    }
    diagnostics.extend(unused.into_iter().map(silences_nothing));
    let unused = sweep(diagnostics, about_allows);
    diagnostics.extend(unused.into_iter().map(silences_nothing));
}

fn silences_nothing(allow: &Allow) -> Diagnostic {
    let message = format!("`allow` silences no {} here", allow.rule.code);
    UNUSED.at(message, allow.span, "nothing to silence").help("remove it")
}

/// Takes away what is silenced, and answers the allows that silenced nothing.
///
/// Two places where `allow` holds are apart, or one is inside the other, as mappings are. So, in the order of
/// their beginnings, the innermost around a place is the last that began and did not end.
fn sweep<'a>(diagnostics: &mut Vec<Diagnostic>, mut allows: Vec<&'a Allow>) -> Vec<&'a Allow> {
    // Of those in one list, the first is the innermost: a second one of the same code is too many.
    allows.sort_by_key(|allow| {
        let Span { source, start, end } = allow.extent;
        (allow.rule.code, source, start, Reverse(end), Reverse(allow.span))
    });
    let mut places: Vec<(&'static str, Span, usize)> = diagnostics
        .iter()
        .enumerate()
        .filter(|(_, diagnostic)| !diagnostic.is_error())
        .filter_map(|(at, diagnostic)| Some((diagnostic.rule.code, diagnostic.labels.first()?.span, at)))
        .collect();
    places.sort_unstable();
    let mut used = vec![false; allows.len()];
    let mut silenced = vec![false; diagnostics.len()];
    let mut open: Vec<usize> = Vec::new();
    let mut next = 0;
    for (code, place, at) in places {
        let begins = |allow: &Allow| {
            (allow.rule.code, allow.extent.source, allow.extent.start) <= (code, place.source, place.start)
        };
        while allows.get(next).is_some_and(|allow| begins(allow)) {
            close(&mut open, &allows, allows[next].rule.code, allows[next].extent);
            open.push(next);
            next += 1;
        }
        close(&mut open, &allows, code, place);
        if let Some(innermost) = open.last() {
            used[*innermost] = true;
            silenced[at] = true;
        }
    }
    let mut silenced = silenced.into_iter();
    diagnostics.retain(|_| !silenced.next().unwrap_or_default());
    allows.into_iter().zip(used).filter(|(_, used)| !used).map(|(allow, _)| allow).collect()
}

/// Forgets what ended before `place`, or is about another code.
fn close(open: &mut Vec<usize>, allows: &[&Allow], code: &str, place: Span) {
    let around = |allow: &Allow| {
        allow.rule.code == code
            && allow.extent.source == place.source
            && (allow.extent.end > place.start || allow.extent == place)
    };
    while open.last().is_some_and(|last| !around(allows[*last])) {
        open.pop();
    }
}
