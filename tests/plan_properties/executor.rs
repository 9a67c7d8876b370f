//! The real executor, in virtual time, under everything the API leaves open.

use ovhconnect::live::read::{ReadError, read};
use ovhconnect::plan::{Plan, PlanError};
use ovhconnect::sim::{FailedCreation, Options};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestError, TestRunner};

use super::case::{Case, cases, parse};
use super::report;
use super::support::Rehearsal;
use super::wanted::Profile;

fn options() -> impl Strategy<Value = Options> {
    any::<[bool; 6]>().prop_map(|[serialize, distinct, inherited, early, shows, removed]| Options {
        serialize,
        distinct_ids_per_service: distinct,
        inherited_while_init: inherited,
        init_parent_takes_children: early,
        membership_shows_on_service: shows,
        failed_creation: if removed { FailedCreation::Removed } else { FailedCreation::StaysInit },
        ..Options::default()
    })
}

/// Applies a case and plans again; whether there was anything to apply.
async fn converge(case: &Case, options: &Options) -> Result<bool, String> {
    let (text, mut world) = case.make();
    let locked_interface_takes_pop = world.options().locked_interface_takes_pop;
    world.set_options(Options { locked_interface_takes_pop, ..options.clone() });
    let goal = case.goal;
    let rehearsal = Rehearsal::with_world(parse(&text), world);
    let reading = match read(&rehearsal.client, &rehearsal.topology).await {
        Ok(reading) => reading,
        Err(ReadError::Unfit(_)) => return Ok(false),
        Err(error) => return Err(format!("live state cannot be read: {error}\n{text}")),
    };
    let setting = || format!("{options:?}\ntopology:\n{text}\nlive:\n{}", report::live(&reading.live));
    let plan = match Plan::make(&reading.topology, &reading.live, goal) {
        Ok(plan) => plan,
        Err(PlanError::Unfit(_)) => return Ok(false),
        Err(problem @ (PlanError::Only(_) | PlanError::Cycle(_))) => {
            return Err(format!("{problem}\n{}", setting()));
        }
    };
    let outcome = rehearsal.run(&plan).await;
    let all = || format!("{}\nplan:\n{}", setting(), report::plan(&plan));
    if !outcome.is_complete() {
        let fates = plan.steps().map(|(id, _)| format!("  {id} {:?}", outcome.fates[id.0]));
        let fates: Vec<String> = fates.collect();
        return Err(format!("not every step is done:\n{}\n{}", fates.join("\n"), all()));
    }
    // What nobody asked for may still be under way.
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    let (live, left) = rehearsal.read_and_plan(goal).await;
    if !left.is_empty() {
        let (left, live) = (report::plan(&left), report::live(&live));
        return Err(format!("planning again finds\n{left}in\n{live}\n{}", all()));
    }
    Ok(!plan.is_empty())
}

fn judge(case: &Case, options: &Options) -> Result<bool, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(converge(case, options))
}

#[test]
fn what_is_applied_is_there() {
    let applied = std::cell::Cell::new(0);
    let cases_wanted = super::config(300);
    let least = cases_wanted.cases as usize / 2;
    let profile = Profile { vracks: 3, moves: true };
    let strategy = (cases(profile), options());
    let result = TestRunner::new(cases_wanted).run(&strategy, |(case, options)| {
        let was_applied = judge(&case, &options).map_err(TestCaseError::fail)?;
        applied.set(applied.get() + usize::from(was_applied));
        Ok(())
    });
    match result {
        Ok(()) => assert!(applied.get() >= least, "only {} cases were applied", applied.get()),
        Err(TestError::Fail(reason, (case, options))) => match judge(&case, &options) {
            Err(problem) => panic!("{problem}"),
            Ok(_) => panic!("{reason}"),
        },
        Err(error) => panic!("{error}"),
    }
}
