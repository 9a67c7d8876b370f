//! The account as a file.

use super::*;
use std::sync::Arc;

use crate::sim::clock::ManualClock;
use crate::sim::{Simulator, StateError, StateFile};

fn busy() -> World {
    let mut world = bench();
    let (pop, datacenter) = l3_site(&mut world);
    world.seed_extra(datacenter, &peer("10.1.0.4", 65_020), Seed::Creating(secs(5)));
    world.attach(VRACK, service(9)).unwrap();
    world.delete_pop(service(1), pop).unwrap();
    world
}

#[test]
fn an_account_goes_on_where_it_was() {
    let mut world = busy();
    let options = world.options().clone();
    let path = std::path::Path::new("state.json");
    let mut restored = World::from_state(&world.to_state(), options, path).unwrap();
    assert_eq!(restored.to_state(), world.to_state());
    assert_eq!(restored.settle(), world.settle());
    assert_eq!(restored.to_state(), world.to_state());
}

#[test]
fn saving_replaces_the_file_and_leaves_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let mut world = busy();
    world.save(&path).unwrap();
    world.settle();
    world.save(&path).unwrap();
    let loaded = World::load(&path, world.options().clone()).unwrap();
    assert_eq!(loaded.to_state(), world.to_state());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_damaged_or_foreign_file_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let whole = busy().to_state();
    for text in [&whole[..whole.len() / 2], "", "[]", r#"{"version": 1, "world": {}}"#] {
        std::fs::write(&path, text).unwrap();
        let error = World::load(&path, Options::default()).unwrap_err();
        assert!(matches!(error, StateError::Damaged { .. }), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    for (right, wrong, says) in [
        (r#""vrack":"pn-1""#, r#""vrack":"pn-7""#, "vRack pn-7 is not there"),
        (r#""next_id":2"#, r#""next_id":1"#, "is in use"),
        (r#""datacenter":2"#, r#""datacenter":3"#, "is not there"),
    ] {
        let text = whole.replacen(right, wrong, 1);
        assert_ne!(text, whole, "{right}");
        let error = World::from_state(&text, Options::default(), &path).unwrap_err();
        assert!(matches!(&error, StateError::Damaged { message, .. } if message.contains(says)), "{error}");
    }
    std::fs::write(&path, whole.replacen(r#""version":1"#, r#""version":2"#, 1)).unwrap();
    let error = World::load(&path, Options::default()).unwrap_err();
    assert!(matches!(error, StateError::Version { found: 2, .. }), "{error}");
}

#[test]
fn one_simulator_at_a_time_keeps_its_account_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let file = StateFile::open(&path).unwrap();
    assert!(file.load(Options::default()).unwrap().is_none());
    let clock = Arc::new(ManualClock::default());
    let simulator = Simulator::from_world(bench(), clock.clone()).with_state(file).unwrap();
    assert!(matches!(StateFile::open(&path), Err(StateError::InUse { .. })));
    simulator.world().update_service(service(1), Some("changed by hand")).unwrap();
    drop(simulator);
    let world = StateFile::open(&path).unwrap().load(Options::default()).unwrap().unwrap();
    assert_eq!(world.service(service(1)).unwrap().description.as_deref(), Some("changed by hand"));
}

#[test]
fn time_never_goes_back_over_a_restart() {
    let clock = Arc::new(ManualClock::default());
    let mut world = bench();
    let task = world.create_pop(service(1), &l2(10)).unwrap();
    pass(&mut world, 5);
    let simulator = Simulator::from_world(world, clock.clone());
    assert_eq!(simulator.now(), crate::sim::Moment::START.after(secs(5)));
    clock.advance(secs(5));
    assert_eq!(simulator.world().task(service(1), task.id).unwrap().status, wire::TaskStatus::Done);
}
