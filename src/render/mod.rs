//! Plans, events and outcomes as a person reads them. Every function returns text with ANSI styles in
//! it; who prints it strips them where they are not wanted.

pub mod board;
pub mod drawing;
pub mod estate;
pub mod events;
pub mod fields;
pub mod forecast;
pub mod gitlab;
pub mod html;
pub mod impact;
pub mod json;
pub mod markdown;
pub mod order;
pub mod outcome;
pub mod report;
pub mod rules;
#[cfg(test)]
mod sample;
pub mod schedule;
pub mod sketch;
pub mod spent;
pub mod text;
pub mod timeline;
pub mod timing;
pub mod words;
pub mod yaml;

use anstyle::{AnsiColor, Style};

use crate::diff::Action;

/// Bold.
pub const STRONG: Style = Style::new().bold();
/// Less bright than the rest.
pub const FAINT: Style = Style::new().dimmed();
/// Something that stops traffic.
pub const ALARM: Style = AnsiColor::Red.on_default().bold();

/// The colour of an action.
#[must_use]
pub const fn style_of(action: Action) -> Style {
    match action {
        Action::Create => AnsiColor::Green.on_default(),
        Action::Delete => AnsiColor::Red.on_default(),
        Action::Replace => AnsiColor::Magenta.on_default(),
        Action::Update => AnsiColor::Yellow.on_default(),
        Action::Wait => AnsiColor::Cyan.on_default(),
    }
}

/// The sign of an action, so that it reads without colour.
#[must_use]
pub const fn sign_of(action: Action) -> &'static str {
    match action {
        Action::Create => "+",
        Action::Delete => "-",
        Action::Replace => "±",
        Action::Update => "~",
        Action::Wait => "…",
    }
}

/// A text in a style.
pub(crate) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}
