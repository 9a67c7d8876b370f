//! The files of `examples/simulator`, which the README leads to, do what they say.

use std::path::Path;

use ovhconnect::sim::{Account, Effect, Options, World, fault};
use serde_json::{Value, json};

fn example(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/simulator").join(name)
}

#[test]
fn the_account_loads_and_is_in_force() {
    let account = Account::load(&example("account.yaml")).unwrap();
    let world = World::new(&account, Options::default()).unwrap();
    let described: Vec<String> = world
        .service_ids()
        .into_iter()
        .map(|service| {
            let seen = world.service(service).unwrap();
            let pops = world.pops(service).unwrap();
            let datacenters: usize =
                pops.iter().map(|pop| world.datacenters(service, pop.id).unwrap().len()).sum();
            format!("{:?}, PoPs {}, datacenters {datacenters}", seen.vrack.as_deref(), pops.len())
        })
        .collect();
    assert_eq!(
        described,
        [
            "None, PoPs 0, datacenters 0",
            "Some(\"pn-12345\"), PoPs 1, datacenters 1",
            "Some(\"pn-12345\"), PoPs 1, datacenters 2"
        ]
    );
    assert_eq!(world.next_event(), None, "an account file starts no task");
}

/// What the comments call a default is one.
#[test]
fn what_the_account_says_to_be_a_default_is_one() {
    let account = Account::load(&example("account.yaml")).unwrap();
    let value = |value| serde_json::to_value(value).unwrap();
    let (written, bare) = (value(&account.services[0]), value(&account.services[2]));
    for field in ["bandwidth", "provider", "pop", "product", "portQuantity", "closed"] {
        assert_eq!(written[field], bare[field], "{field}");
    }
    assert_eq!((&bare["description"], &bare["vrack"]), (&json!(""), &Value::Null));
    let whole = Account::default().datacenters;
    assert_eq!(whole.len(), 13, "datacenters of the default catalogue");
    for (written, default) in account.datacenters.iter().zip(&whole) {
        assert_eq!(
            (written.id, &written.name, &written.region),
            (default.id, &default.name, &default.region)
        );
    }
}

#[test]
fn the_faults_load_and_show_every_effect() {
    let faults = fault::load(&example("faults.yaml")).unwrap();
    let has = |wanted: fn(&Effect) -> bool| faults.iter().any(|fault| wanted(&fault.effect));
    assert!(has(|effect| matches!(
        effect,
        Effect::Status { code: 429, retry_after: Some(3), handled: false }
    )));
    assert!(has(|effect| matches!(effect, Effect::Status { code: 500, handled: true, .. })));
    assert!(
        has(|effect| matches!(effect, Effect::Hang)) && has(|effect| matches!(effect, Effect::HangAfter))
    );
    assert!(
        has(|effect| matches!(effect, Effect::Reset)) && has(|effect| matches!(effect, Effect::ResetAfter))
    );
    assert!(has(|effect| matches!(effect, Effect::Truncate | Effect::Task(_))));
    assert!(has(|effect| matches!(effect, Effect::Delay { .. })));
    assert!(has(|effect| matches!(effect, Effect::Late { .. })));
    assert!(has(|effect| matches!(effect, Effect::Stale { .. })));
    assert!(has(|effect| matches!(effect, Effect::ExpiredCredential)));
}
