//! Things that go wrong on purpose: what a network and a busy API do to a client.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::task::Fate;
use super::{file, route};

/// Something that goes wrong for the requests it matches.
///
/// ```yaml
/// faults:
///   - {method: POST, path: /ovhCloudConnect/*/config/pop, next: 1, effect: resetAfter}
///   - {path: /vrack/**, probability: 0.1, seed: 7, effect: {status: {code: 429, retryAfter: 3}}}
///   - {method: DELETE, skip: 2, next: 1, effect: {task: error}}
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The method it matches; every one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "method")]
    pub method: Option<String>,
    /// The path it matches, with or without `/1.0`: `*` stands for one segment, `**` for all that follow.
    /// Every path when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "path")]
    pub path: Option<String>,
    /// Matching requests that pass unharmed first.
    #[serde(default)]
    pub skip: u64,
    /// How many matching requests it harms, then no more; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// It harms every so many-th matching request: 3 harms the third, the sixth, the ninth.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "every")]
    pub every: Option<u64>,
    /// It harms a matching request with this probability, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "probability")]
    pub probability: Option<f64>,
    /// Where the dice of `probability` start: the same seed rolls the same.
    #[serde(default)]
    pub seed: u64,
    /// What goes wrong.
    pub effect: Effect,
}

/// What goes wrong.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Effect {
    /// An error is answered.
    #[serde(rename_all = "camelCase")]
    Status {
        /// The HTTP status: 500, 503, 429 …
        #[serde(deserialize_with = "error_status")]
        code: u16,
        /// The `Retry-After` header, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        /// Whether the request has its effect all the same.
        #[serde(default)]
        handled: bool,
    },
    /// Nothing is ever answered, and the request has no effect.
    Hang,
    /// Nothing is ever answered, though the request has its effect.
    HangAfter,
    /// The request has its effect at once; the answer comes late.
    Delay {
        /// How late, in real milliseconds.
        millis: u64,
    },
    /// The connection is cut, and the request has no effect.
    Reset,
    /// The connection is cut, though the request has its effect.
    ResetAfter,
    /// The request has its effect; the connection is cut in the middle of the answer.
    Truncate,
    /// The connection is cut at once, and the request has its effect later: it was under way still.
    Late {
        /// How much later, in real milliseconds.
        millis: u64,
    },
    /// The task that the request starts ends this way.
    Task(Fate),
    /// The credential is not valid any more.
    ExpiredCredential,
    /// A read answers what it answered before, up to so many seconds ago.
    Stale {
        /// How old the answer may be, by the account's time.
        seconds: u64,
    },
}

/// A value that is good, or what is to be said of one that is not.
fn good<T, E: Error>(value: T, is_good: bool, otherwise: &str) -> Result<T, E> {
    if is_good { Ok(value) } else { Err(E::custom(otherwise)) }
}

fn method<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
    let value = Option::<String>::deserialize(from)?;
    let known = |text: &String| METHODS.iter().any(|method| text.eq_ignore_ascii_case(method));
    let is_good = value.as_ref().is_none_or(known);
    good(value, is_good, "a method of the API is GET, POST, PUT or DELETE")
}

fn path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let value = Option::<String>::deserialize(from)?;
    let is_good = value.as_ref().is_none_or(|text| text.starts_with('/'));
    good(value, is_good, "a path begins with /, like /vrack/*/task")
}

fn every<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let value = Option::<u64>::deserialize(from)?;
    good(value, value != Some(0), "every 0th request is none: 1 stands for each, 2 for every other")
}

fn probability<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    let value = Option::<f64>::deserialize(from)?;
    let is_good = value.is_none_or(|value| (0.0..=1.0).contains(&value));
    good(value, is_good, "a probability is from 0 to 1")
}

fn error_status<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    let value = u16::deserialize(from)?;
    good(value, (400..600).contains(&value), "the status of an error is from 400 to 599")
}

impl Fault {
    /// Something that goes wrong with every request, to be narrowed down.
    #[must_use]
    pub fn always(effect: Effect) -> Self {
        Self {
            method: None,
            path: None,
            skip: 0,
            next: None,
            every: None,
            probability: None,
            seed: 0,
            effect,
        }
    }

    /// The same for this method and path pattern alone.
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        (self.method, self.path) = (Some(method.to_owned()), Some(path.to_owned()));
        self
    }

    /// The same for the next `count` matching requests alone.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.next = Some(count);
        self
    }

    /// The same, after `count` matching requests have passed unharmed.
    #[must_use]
    pub fn after(mut self, count: u64) -> Self {
        self.skip = count;
        self
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(|pattern| fits(route::unversioned(pattern), path))
    }
}

/// Whether a path fits a pattern.
fn fits(pattern: &str, path: &str) -> bool {
    let mut path = path.trim_matches('/').split('/');
    for wanted in pattern.trim_matches('/').split('/') {
        match (wanted, path.next()) {
            ("**", _) => return true,
            ("*", Some(_)) => {}
            (wanted, Some(segment)) if wanted == segment => {}
            _ => return false,
        }
    }
    path.next().is_none()
}

/// A fault that counts what it has seen.
#[derive(Debug)]
struct Armed {
    fault: Fault,
    seen: u64,
    harmed: u64,
    dice: fastrand::Rng,
}

impl Armed {
    fn fires(&mut self) -> bool {
        self.seen += 1;
        let Some(turn) = self.seen.checked_sub(self.fault.skip).filter(|turn| *turn > 0) else {
            return false;
        };
        let fires = self.fault.next.is_none_or(|next| self.harmed < next)
            && self.fault.every.is_none_or(|every| every > 0 && turn % every == 0)
            && self.fault.probability.is_none_or(|probability| self.dice.f64() < probability);
        self.harmed += u64::from(fires);
        fires
    }
}

/// The faults in force. For each request the first that fires has its way.
#[derive(Debug, Default)]
pub(super) struct Faults {
    armed: Vec<Armed>,
    struck: u64,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        let dice = fastrand::Rng::with_seed(fault.seed);
        self.armed.push(Armed { fault, seen: 0, harmed: 0, dice });
    }

    pub(super) fn clear(&mut self) {
        self.armed.clear();
    }

    pub(super) fn list(&self) -> Vec<Fault> {
        self.armed.iter().map(|armed| armed.fault.clone()).collect()
    }

    /// What goes wrong with this request, if anything.
    pub(super) fn strike(&mut self, method: &str, path: &str) -> Option<Effect> {
        let mut matching = self.armed.iter_mut().filter(|armed| armed.fault.matches(method, path));
        let effect = matching.find_map(|armed| armed.fires().then(|| armed.fault.effect.clone()));
        self.struck += u64::from(effect.is_some());
        effect
    }

    /// How many requests were struck so far, by whatever fault.
    pub(super) fn struck(&self) -> u64 {
        self.struck
    }
}

/// A file of faults.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultFile {
    faults: Vec<Fault>,
}

/// Why a file of faults cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// The file cannot be read.
    #[error("cannot read the fault file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not one of faults.
    #[error("{path} is not a fault file: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
}

/// Reads a file of faults: YAML, and so JSON too.
///
/// # Errors
/// Where it cannot be read or is not a file of faults.
pub fn load(path: &Path) -> Result<Vec<Fault>, FaultError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| FaultError::Read { path: path.to_owned(), source })?;
    let file: FaultFile =
        file::parse(path, &text).map_err(|message| FaultError::Parse { path: path.to_owned(), message })?;
    Ok(file.faults)
}

/// How long a stale answer may be served.
pub(super) const fn staleness(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(fault: Fault, requests: usize) -> Vec<bool> {
        let mut faults = Faults::default();
        faults.add(fault);
        (0..requests).map(|_| faults.strike("GET", "/vrack").is_some()).collect()
    }

    #[test]
    fn patterns_fit_segment_by_segment() {
        for (pattern, path, fit) in [
            ("/vrack", "/vrack", true),
            ("/vrack", "/vrack/pn-1", false),
            ("/vrack/*", "/vrack/pn-1", true),
            ("/vrack/*", "/vrack", false),
            ("/vrack/*/task", "/vrack/pn-1/task", true),
            ("/vrack/**", "/vrack/pn-1/task/3", true),
            ("/**", "/ovhCloudConnect", true),
            ("/vrack/*", "/ovhCloudConnect/pn-1", false),
        ] {
            assert_eq!(fits(pattern, path), fit, "{pattern} on {path}");
        }
    }

    #[test]
    fn a_fault_strikes_when_it_is_told_to() {
        let fault = || Fault::always(Effect::Reset);
        assert_eq!(strikes(fault().times(2), 4), [true, true, false, false]);
        assert_eq!(strikes(fault().after(1).times(1), 4), [false, true, false, false]);
        assert_eq!(strikes(Fault { every: Some(2), ..fault() }, 4), [false, true, false, true]);
        assert_eq!(strikes(fault().on("POST", "/vrack"), 2), [false, false]);
        assert_eq!(strikes(fault().on("get", "/1.0/vrack"), 1), [true]);
        assert_eq!(strikes(Fault { probability: Some(0.0), ..fault() }, 2), [false, false]);
    }

    #[test]
    fn the_same_seed_rolls_the_same() {
        let roll = |seed| strikes(Fault { probability: Some(0.5), seed, ..Fault::always(Effect::Hang) }, 64);
        assert_eq!(roll(7), roll(7));
        assert_ne!(roll(7), roll(8));
        let harmed = roll(7).iter().filter(|hit| **hit).count();
        assert!((16..48).contains(&harmed), "{harmed} of 64 at probability 0.5");
    }

    #[test]
    fn faults_are_read_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faults.yaml");
        let text = "
faults:
  - {method: POST, path: /ovhCloudConnect/*/config/pop, next: 1, effect: resetAfter}
  - {probability: 0.1, seed: 7, effect: {status: {code: 429, retryAfter: 3}}}
  - {method: DELETE, skip: 2, next: 1, effect: {task: error}}
  - {effect: {stale: {seconds: 30}}}
";
        std::fs::write(&path, text).unwrap();
        let faults = load(&path).unwrap();
        let pop = "/ovhCloudConnect/*/config/pop";
        assert_eq!(faults[0], Fault::always(Effect::ResetAfter).on("POST", pop).times(1));
        assert_eq!(faults[1].effect, Effect::Status { code: 429, retry_after: Some(3), handled: false });
        assert_eq!(faults[2].effect, Effect::Task(Fate::Error));
        assert_eq!(faults[3].effect, Effect::Stale { seconds: 30 });
    }

    /// A fault that never strikes, because of a slip, makes a rehearsal look better than it is.
    #[test]
    fn a_slip_in_a_fault_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faults.yaml");
        for (slip, says) in [
            ("effect: explode", "explode"),
            ("effect: reset, nxt: 1", "nxt"),
            ("effect: reset, method: GETS", "a method of the API is"),
            ("effect: reset, path: vrack", "a path begins with /"),
            ("effect: reset, every: 0", "every 0th request is none"),
            ("effect: reset, probability: 10", "from 0 to 1"),
            ("effect: {status: {code: 50}}", "from 400 to 599"),
            ("effect: {status: {code: 503, retryafter: 3}}", "retryafter"),
            ("effect: {stale: {secs: 3}}", "secs"),
        ] {
            std::fs::write(&path, format!("faults:\n  - {{{slip}}}\n")).unwrap();
            let message = load(&path).unwrap_err().to_string();
            assert!(message.contains(says) && message.contains("faults.yaml:2:"), "{slip}: {message}");
        }
    }
}
