//! The account as a file.

use super::*;
use crate::sim::StateError;

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
    std::fs::write(&path, whole.replacen(r#""version":1"#, r#""version":2"#, 1)).unwrap();
    let error = World::load(&path, Options::default()).unwrap_err();
    assert!(matches!(error, StateError::Version { found: 2, .. }), "{error}");
}
