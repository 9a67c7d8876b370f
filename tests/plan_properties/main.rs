//! Properties of the planner, over topologies and accounts drawn at random.

#![allow(clippy::unwrap_used, reason = "what the harness builds is there; a panic is a failing test")]

mod case;
mod check;
mod drive;
mod executor;
mod export;
mod found;
mod judge;
mod oracle;
mod regressions;
mod report;
#[path = "../support/mod.rs"]
mod support;
mod wanted;

use std::cell::RefCell;
use std::collections::BTreeMap;

use case::{Case, cases};
use check::{Verdict, check};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use wanted::Profile;

/// How many cases there were of each kind.
#[derive(Clone, Debug, Default)]
struct Tally {
    cases: usize,
    nothing: usize,
    ran: usize,
    steps: usize,
    runs: usize,
    levels: usize,
    kept: usize,
    reached: usize,
    unfit: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn count(&mut self, verdict: &Verdict) {
        self.cases += 1;
        match verdict {
            Verdict::Nothing => self.nothing += 1,
            Verdict::Unfit(codes) => {
                for code in codes {
                    *self.unfit.entry(code).or_default() += 1;
                }
            }
            Verdict::Ran(facts) => {
                self.ran += 1;
                self.steps += facts.steps;
                self.runs += facts.runs;
                self.levels += facts.levels;
                self.kept += facts.kept;
                self.reached += facts.reached;
            }
        }
    }
}

/// The same cases every time, unless the environment asks for others (`PROPTEST_RNG_SEED`,
/// `PROPTEST_CASES`).
fn config(cases: u32) -> Config {
    let mut config = Config { failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

fn hold(profile: Profile, cases_wanted: u32, orders: usize) -> Tally {
    let tally = RefCell::new(Tally::default());
    let judge = |case: &Case| {
        let (text, world) = case.make();
        check(&text, &world, case.goal, case.seed, orders)
    };
    let result = TestRunner::new(config(cases_wanted)).run(&cases(profile), |case| {
        let verdict = judge(&case).map_err(TestCaseError::fail)?;
        tally.borrow_mut().count(&verdict);
        Ok(())
    });
    match result {
        Ok(()) => tally.into_inner(),
        Err(TestError::Fail(reason, case)) => match judge(&case) {
            Err(problem) => panic!("{problem}"),
            Ok(_) => panic!("{reason}"),
        },
        Err(error) => panic!("{error}"),
    }
}

/// Most cases are planned and run, and mostly a run comes as low as foretold: a planner that refuses
/// everything, or that foretells the worst of everything, does not pass.
fn is_worth_something(tally: &Tally) {
    use std::io::Write as _;
    _ = writeln!(std::io::stderr(), "{tally:?}");
    assert!(tally.ran * 5 >= tally.cases * 4, "too few cases are planned and run: {tally:?}");
    assert!(tally.reached * 10 >= tally.levels * 9, "the impact foretold is too seldom met: {tally:?}");
}

#[test]
fn one_vrack() {
    let tally = hold(Profile { vracks: 1, moves: false }, 1000, 2);
    is_worth_something(&tally);
}

#[test]
fn several_vracks() {
    let tally = hold(Profile { vracks: 3, moves: true }, 1000, 2);
    is_worth_something(&tally);
}
