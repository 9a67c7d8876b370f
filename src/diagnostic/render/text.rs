//! Diagnostics as a person reads them: the place, the source lines, what is wrong there, what to do.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::lines::{Lines, within};
use crate::diagnostic::conceal::concealed;
use crate::diagnostic::{Diagnostic, Label, Severity, SourceId, Sources};

/// The most diagnostics that are shown. Nobody reads more, and placing one takes a look through its
/// source.
pub const MAX_SHOWN: usize = 100;

/// Labels of one source that are further apart than this many lines are shown in pieces.
const SAME_PIECE: usize = 200;

/// The diagnostics as text that ends in a line break, or nothing where there are none.
///
/// Without `color` it is the same text in plain ASCII, as far as the sources are. Of more than
/// [`MAX_SHOWN`], errors are shown before warnings, and the others are counted.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let mut lines = Lines::new(sources);
    let (shown, hidden) = shown(diagnostics);
    let mut text = String::new();
    for diagnostic in shown {
        text.push_str(&one(diagnostic, &mut lines, color));
    }
    if !hidden.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "... and {} more", count(hidden.into_iter()));
    }
    text
}

/// One diagnostic, and an empty line.
pub(super) fn one(diagnostic: &Diagnostic, lines: &mut Lines<'_>, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
    renderer.render(&[lines.group(diagnostic)]) + "\n\n"
}

/// `2 errors, 1 warning`; nothing where there are none.
#[must_use]
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    count(diagnostics.iter())
}

pub(super) fn count<'a>(diagnostics: impl Iterator<Item = &'a Diagnostic>) -> String {
    let (mut errors, mut warnings) = (0, 0);
    for diagnostic in diagnostics {
        match diagnostic.rule.severity {
            Severity::Error => errors += 1,
            Severity::Warning => warnings += 1,
        }
    }
    let part = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{count} {what}s")),
    };
    [part(errors, "error"), part(warnings, "warning")].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The diagnostics to show, at most [`MAX_SHOWN`] and errors rather than warnings, and the others; each in
/// their order.
pub(super) fn shown(diagnostics: &[Diagnostic]) -> (Vec<&Diagnostic>, Vec<&Diagnostic>) {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let (mut errors_left, mut warnings_left) = (MAX_SHOWN, MAX_SHOWN.saturating_sub(errors));
    diagnostics.iter().partition(|diagnostic| {
        let left = if diagnostic.is_error() { &mut errors_left } else { &mut warnings_left };
        let fits = *left > 0;
        *left = left.saturating_sub(1);
        fits
    })
}

impl<'s> Lines<'s> {
    fn group<'a>(&mut self, diagnostic: &'a Diagnostic) -> Group<'a>
    where
        's: 'a,
    {
        let level = match diagnostic.rule.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group =
            Group::with_title(level.primary_title(one_line(&diagnostic.message)).id(diagnostic.rule.code));
        for piece in self.pieces(&diagnostic.labels) {
            if let Some(snippet) = self.snippet(&diagnostic.labels, &piece) {
                group = group.element(snippet);
            }
        }
        match &diagnostic.help {
            Some(help) => group.element(Level::HELP.message(one_line(help))),
            None => group,
        }
    }

    /// Which labels are shown together: of one source, and not far from each other. The piece of the
    /// first label comes first.
    fn pieces(&mut self, labels: &[Label]) -> Vec<Vec<usize>> {
        let mut order: Vec<(SourceId, usize, usize)> = labels
            .iter()
            .enumerate()
            .map(|(at, label)| {
                (label.span.source, self.line(label.span.source, label.span.range().start), at)
            })
            .collect();
        order.sort_unstable();
        let mut pieces: Vec<Vec<usize>> = Vec::new();
        let mut last: Option<(SourceId, usize)> = None;
        for (source, line, at) in order {
            match (pieces.last_mut(), last) {
                (Some(piece), Some((other, before))) if other == source && line - before <= SAME_PIECE => {
                    piece.push(at);
                }
                _ => pieces.push(vec![at]),
            }
            last = Some((source, line));
        }
        pieces.sort_by_key(|piece| !piece.contains(&0));
        pieces
    }

    fn snippet<'a>(&mut self, labels: &'a [Label], piece: &[usize]) -> Option<Snippet<'a, Annotation<'a>>>
    where
        's: 'a,
    {
        let id = labels.get(*piece.first()?)?.span.source;
        let source = self.source(id)?;
        let ranges: Vec<Range<usize>> =
            piece.iter().map(|at| within(&source.text, labels[*at].span.range())).collect();
        let first = self.line(id, ranges.iter().map(|range| range.start).min()?);
        let last = self.line(id, ranges.iter().map(|range| range.end).max()?);
        let starts = self.starts(id);
        let window = starts[first]..starts.get(last + 1).copied().unwrap_or(source.text.len());
        let snippet = Snippet::source(concealed(source.text.get(window.clone())?))
            .path(one_line(&source.path.display().to_string()))
            .line_start(first + 1);
        Some(snippet.annotations(piece.iter().zip(ranges).map(move |(at, range)| {
            let kind = if *at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let message = &labels[*at].message;
            kind.span(range.start - window.start..range.end - window.start)
                .label((!message.is_empty()).then(|| one_line(message)))
        })))
    }
}

/// Text of a file inside a message, without what would move the cursor or change its colour.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::diagnostic::{Rule, Source, Span};

    const fn rule(code: &'static str, severity: Severity) -> Rule {
        Rule { code, severity, title: "", doc: "", source: "", example: None }
    }

    static ERROR: Rule = rule("OCC001", Severity::Error);
    static WARNING: Rule = rule("OCC101", Severity::Warning);

    fn source(text: &str) -> Sources {
        let mut sources = Sources::default();
        sources.add(Source { path: PathBuf::from("a.yaml"), text: text.to_owned() });
        sources
    }

    fn span(range: Range<u32>) -> Span {
        Span { source: SourceId(0), start: range.start, end: range.end }
    }

    #[test]
    fn nothing_is_rendered_as_nothing() {
        assert_eq!(render(&[], &Sources::default(), false), "");
        assert_eq!(summary(&[]), "");
    }

    #[test]
    fn a_message_without_a_place_stands_alone() {
        let diagnostic = ERROR.unplaced("cannot read `x`").help("look again");
        assert_eq!(
            render(&[diagnostic], &Sources::default(), false),
            "error[OCC001]: cannot read `x`\n |\n = help: look again\n\n"
        );
    }

    #[test]
    fn places_far_apart_are_shown_without_what_is_between() {
        let text = format!("first\n{}last\n", "between\n".repeat(5000));
        let end = u32::try_from(text.len()).unwrap();
        let diagnostic = ERROR.at("twice", span(end - 5..end - 1), "again").and(span(0..5), "first");
        let rendered = render(&[diagnostic], &source(&text), false);
        assert!(rendered.contains("a.yaml:5002:1") && rendered.contains("a.yaml:1:1"), "{rendered}");
        assert!(!rendered.contains("between"), "{rendered}");
    }

    #[test]
    fn beyond_the_limit_errors_come_before_warnings_and_the_rest_is_counted() {
        let warning = WARNING.unplaced("a remark");
        let error = ERROR.unplaced("an error");
        let mut diagnostics = vec![warning; MAX_SHOWN + 10];
        diagnostics.push(error);
        let rendered = render(&diagnostics, &Sources::default(), false);
        assert!(rendered.contains("error[OCC001]"), "{rendered}");
        assert!(rendered.ends_with("... and 11 warnings more\n"), "{rendered}");
        assert_eq!(rendered.matches("[OCC").count(), MAX_SHOWN);
        assert_eq!(summary(&diagnostics), format!("1 error, {} warnings", MAX_SHOWN + 10));
    }

    #[test]
    fn a_place_that_is_not_in_the_text_is_survived() {
        // The last but one ends before it begins.
        for (text, start, end) in
            [("", 0, 0), ("", 5, 9), ("é", 1, 1), ("a\n", 2, 2), ("a\nb", 4, 2), ("\u{feff}a", 0, 1)]
        {
            let range = Range { start, end };
            let diagnostic = ERROR.at("wrong", span(range.clone()), "here");
            let rendered = render(&[diagnostic], &source(text), false);
            assert!(rendered.contains("a.yaml:"), "{text:?} {range:?}: {rendered}");
        }
        let elsewhere = ERROR.at("wrong", span(0..1), "here");
        assert_eq!(render(&[elsewhere], &Sources::default(), false), "error[OCC001]: wrong\n\n");
    }

    #[test]
    fn nothing_from_a_file_reaches_the_terminal_as_a_command() {
        let text = "\u{1b}[2Jname: x\n";
        let diagnostic =
            ERROR.at("no field `\u{1b}[2Jname`", span(0..8), "\r\u{7}").help("not\u{9b}31m \u{202e}this");
        let rendered = render(&[diagnostic], &source(text), false);
        let commands = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!rendered.contains(commands), "{rendered:?}");
    }
}
