//! The exit codes, and what they mean.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Nothing to do, or done.
    Success,
    /// An error; nothing was changed.
    Error,
    /// Changes are present (only with `--detailed-exitcode`).
    Changes,
    /// What was required does not hold (only with `whatif --require`, `access --check`, `verify` and
    /// `apply --verify`).
    Unmet,
    /// Something is down (only with `--detailed-exitcode`).
    Down,
    /// Refused by a guard, by the person who was asked, or because none of the day's diagnostics is left;
    /// nothing was changed.
    Refused,
    /// Applied in part.
    Partial,
    /// The command line makes no sense.
    Usage,
    /// Interrupted.
    Interrupted,
}

/// For `--help`.
pub const HELP: &str = "Exit codes:
    0  nothing to do, or done
    1  error; nothing was changed
    2  changes are present, or something is down (with --detailed-exitcode); or a requirement is not met
       (whatif --require, access --check), or what was applied does not carry traffic (verify,
       apply --verify)
    3  refused by a guard or not approved, or no diagnostic is left today; nothing was changed
    4  applied in part
   64  the command line makes no sense
  130  interrupted";

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Error => 1,
            Self::Changes | Self::Unmet | Self::Down => 2,
            Self::Refused => 3,
            Self::Partial => 4,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_code() {
        let all = [
            Exit::Success,
            Exit::Error,
            Exit::Changes,
            Exit::Unmet,
            Exit::Down,
            Exit::Refused,
            Exit::Partial,
            Exit::Usage,
            Exit::Interrupted,
        ];
        for exit in all {
            let listed =
                HELP.lines().any(|line| line.trim_start().starts_with(&format!("{}  ", exit.code())));
            assert!(listed, "{exit:?} is not in the help");
        }
    }
}
