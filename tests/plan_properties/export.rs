//! What is exported, of any account, plans to nothing.

use ovhconnect::diagnostic::Source;
use ovhconnect::diff::{Action, Goal};
use ovhconnect::export::{Export, NoteKind, export};
use ovhconnect::live::Live;
use ovhconnect::live::Scope;
use ovhconnect::live::read::survey;
use ovhconnect::plan::Plan;
use ovhconnect::sim::World;
use ovhconnect::topology::format::format;
use proptest::test_runner::{TestCaseError, TestError, TestRunner};

use super::case::{asked, cases, look, parse};
use super::report;
use super::wanted::{Profile, SERVICES, VRACKS, uuid};

/// The whole account, each of its vRacks, and each of its services.
fn scopes() -> impl Iterator<Item = Scope> {
    let vracks = VRACKS.map(|vrack| Scope::Vracks([vrack.parse().expect("a vRack's name")].into()));
    let services = (0..SERVICES).map(|service| Scope::Service(uuid(service).into()));
    [Scope::Account].into_iter().chain(vracks).chain(services)
}

fn exported(world: &World, scope: &Scope) -> Result<(Live, Export), String> {
    let live = asked(world, async |client| survey(client, scope).await);
    let live = live.map_err(|error| format!("live state cannot be read: {error:?}"))?;
    let export = export(&live, scope, Some("ovh-eu")).map_err(|error| error.to_string())?;
    Ok((live, export))
}

/// What is planned of an export waits for what is under way, and does nothing else.
fn holds(world: &World, scope: &Scope) -> Result<(Export, Plan), String> {
    let (live, export) = exported(world, scope)?;
    let about = |problem: String| {
        format!("{scope:?}: {problem}\nexported:\n{}\nlive:\n{}", export.text, report::live(&live))
    };
    let source = Source { path: "export.yaml".into(), text: export.text.clone() };
    match format(source) {
        Ok(text) if text == export.text => {}
        other => return Err(about(format!("it is not in its canonical form: {other:?}"))),
    }
    let topology = parse(&export.text);
    let reading = look(world, &topology).map_err(|error| about(format!("reading again fails: {error:?}")))?;
    let plan = Plan::make(&reading.topology, &reading.live, Goal::Apply)
        .map_err(|error| about(format!("it cannot be planned: {error:?}")))?;
    match plan.changes.iter().find(|change| change.action != Action::Wait) {
        Some(change) => Err(about(format!("it plans {:?} {}", change.action, change.address))),
        None => Ok((export, plan)),
    }
}

/// How much of what there is was exported.
#[derive(Clone, Copy, Debug, Default)]
struct Met {
    accounts: usize,
    /// Accounts of which nothing was left out.
    whole: usize,
    /// Exports of accounts in which something was under way.
    under_way: usize,
    services: usize,
    datacenters: usize,
}

fn judge(world: &World, met: &mut Met) -> Result<(), String> {
    let mut settled = world.clone();
    settled.settle();
    for scope in scopes() {
        let (export, _) = holds(world, &scope)?;
        let under_way = export.notes.iter().any(|note| note.kind == NoteKind::UnderWay);
        met.under_way += usize::from(under_way);
        let (export, plan) = holds(&settled, &scope)?;
        if !plan.is_empty() {
            return Err(format!("{scope:?}: a settled account is waited for:\n{}", export.text));
        }
        if scope == Scope::Account {
            met.accounts += 1;
            met.whole += usize::from(!export.notes.iter().any(|note| note.kind == NoteKind::LeftOut));
            met.services += export.services;
            met.datacenters += export.datacenters;
        }
    }
    Ok(())
}

#[test]
fn what_is_exported_plans_to_nothing() {
    let met = std::cell::RefCell::new(Met::default());
    let result = TestRunner::new(super::config(80)).run(&cases(Profile { vracks: 3, moves: true }), |case| {
        let (_, world) = case.make();
        judge(&world, &mut met.borrow_mut()).map_err(TestCaseError::fail)
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(_, case)) => {
            let problem = judge(&case.make().1, &mut Met::default()).expect_err("the failure is found again");
            panic!("{problem}")
        }
        Err(error) => panic!("{error}"),
    }
    let Met { accounts, whole, under_way, services, datacenters } = met.into_inner();
    assert!(whole * 2 > accounts, "of {accounts} accounts only {whole} were exported whole");
    assert!(under_way > accounts / 10, "only {under_way} exports met something under way");
    assert!(
        services > accounts && datacenters > accounts / 2,
        "{services} services, {datacenters} datacenters"
    );
}
