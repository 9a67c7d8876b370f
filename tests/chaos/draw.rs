//! What a seed stands for: a case, how the API is assumed to be, and what goes wrong.

use std::time::Duration;

use fastrand::Rng;
use ovhconnect::sim::{Effect, FailedCreation, Fate, Fault, Options};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::case::{Case, cases};
use super::wanted::Profile;

/// A topology, and an account in another state.
pub fn case(seed: u64) -> Case {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    cases(Profile { vracks: 3, moves: true }).new_tree(&mut runner).expect("a case").current()
}

/// Everything that OVHcloud leaves open, one way or the other.
pub fn options(random: &mut Rng) -> Options {
    Options {
        task: Duration::from_secs(random.u64(1..90)),
        vrack_task: Duration::from_secs(random.u64(1..90)),
        serialize: random.u8(..3) == 0,
        distinct_ids_per_service: random.bool(),
        inherited_while_init: random.bool(),
        init_parent_takes_children: random.bool(),
        membership_shows_on_service: random.bool(),
        failed_creation: if random.bool() { FailedCreation::Removed } else { FailedCreation::StaysInit },
        list_cache: Duration::from_secs(60),
        ..Options::default()
    }
}

/// What goes wrong in one run.
#[derive(Clone, Debug, Default)]
pub struct Troubles {
    /// With every request.
    pub always: Vec<Fault>,
    /// While a plan is applied, but not while it is made: a plan made from old answers is about another
    /// account.
    pub applying: Vec<Fault>,
    /// Whether requests may take effect after their connection was cut.
    pub late: bool,
}

/// The longest time after which a request that was cut takes effect. Shorter than the time for which
/// the program looks before it makes a call again: beyond that nothing can be known.
const LATEST: Duration = Duration::from_secs(7);
/// The longest time that answers lag behind. Shorter than what the program allows for.
const OLDEST: u64 = 25;

fn fault(random: &mut Rng, probability: f64, method: Option<&str>, effect: Effect) -> Fault {
    Fault {
        method: method.map(str::to_owned),
        probability: Some(probability),
        seed: random.u64(..),
        ..Fault::always(effect)
    }
}

/// Each kind of fault is in some runs, more or less often.
pub fn troubles(random: &mut Rng) -> Troubles {
    let mut troubles = Troubles::default();
    let total = 0.05 + 0.2 * random.f64();
    let mut effects = vec![
        (4, Effect::Reset),
        (6, Effect::ResetAfter),
        (2, Effect::Hang),
        (3, Effect::HangAfter),
        (2, Effect::Delay { millis: random.u64(..55_000) }),
        (2, Effect::Delay { millis: random.u64(60_000..90_000) }),
        (4, Effect::Truncate),
    ];
    for code in [500, 502, 503, 504, 408] {
        for handled in [false, true] {
            effects.push((2, Effect::Status { code, retry_after: None, handled }));
        }
    }
    let retry_after = random.bool().then(|| random.u64(..20));
    effects.push((2, Effect::Status { code: 503, retry_after, handled: random.bool() }));
    effects.push((5, Effect::Status { code: 429, retry_after, handled: false }));
    effects.retain(|_| random.u8(..4) > 0);
    let weight: u32 = effects.iter().map(|(weight, _)| weight).sum();
    for (share, effect) in effects {
        let probability = total * f64::from(share) / f64::from(weight.max(1));
        troubles.always.push(fault(random, probability, None, effect));
    }
    if random.u8(..20) == 0 {
        troubles.always.push(fault(random, 0.005, None, Effect::ExpiredCredential));
    }
    if random.u8(..3) == 0 {
        troubles.late = true;
        let millis = random.u64(..u64::try_from(LATEST.as_millis()).unwrap());
        for method in ["POST", "DELETE"] {
            troubles.applying.push(fault(random, 0.1, Some(method), Effect::Late { millis }));
        }
    }
    if random.u8(..3) == 0 {
        let seconds = random.u64(1..OLDEST);
        troubles.applying.push(fault(random, 0.2, Some("GET"), Effect::Stale { seconds }));
    }
    if random.bool() {
        let fates = [Fate::Error, Fate::Denied, Fate::Stuck, Fate::Paused, Fate::Vanished, Fate::InVain];
        for method in ["POST", "DELETE"] {
            let fate = fates[random.usize(..fates.len())];
            troubles.applying.push(fault(random, 0.08, Some(method), Effect::Task(fate)));
        }
    }
    troubles
}
