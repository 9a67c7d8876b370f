//! The configuration of the customer's routers, as it is written. `SNAPSHOTS=overwrite cargo test --test
//! router` writes the expected files anew. tests/router/peers.py has FRR and BIRD judge it.

use std::path::Path;
use std::process::Command;

use ovhconnect::router::{self, At, Choice, Configuration, Flavour, Options, Problem, RenderError};
use ovhconnect::topology::{Address, Membership, Spec, Topology, files};
use proptest::prelude::*;
use snapbox::{Data, assert_data_eq};

const TOPOLOGY: &str = "tests/router/topology.yaml";
const BACKUP: &str = "pn-12345/service/0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02";

fn topology() -> Topology {
    let loaded = files::load(&[TOPOLOGY]);
    let errors: Vec<_> = loaded.diagnostics.iter().filter(|it| it.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    loaded.topology
}

fn options(at: At) -> Options {
    let prefix = |text: &str| text.parse().expect("a prefix");
    Options {
        announce: vec![prefix("192.168.100.0/24"), prefix("0.0.0.0/0")],
        accept: vec![prefix("172.20.0.0/16")],
        ..Options::all(at)
    }
}

fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

fn configure(at: At) -> Configuration {
    let mut options = options(at);
    if at == At::Pop {
        options.roles = vec![format!("{BACKUP}=backup").parse().expect("a choice")];
        options.interfaces =
            vec!["eth0".parse().expect("a choice"), format!("{BACKUP}=eth1.7").parse().expect("one")];
        options.router_id = Some([192, 168, 100, 1].into());
    }
    router::configure(&topology(), &options).expect("a configuration")
}

/// The datacenter's ASN is unknown in the topology, and not every language can do without.
fn datacenter_with_known_asns() -> Configuration {
    let options = Options { only: vec![address("pn-12345/datacenter/GRA")], ..options(At::Datacenter) };
    router::configure(&topology(), &options).expect("a configuration")
}

#[test]
fn each_language_is_written_as_expected() {
    for flavour in Flavour::ALL {
        let name = clap::ValueEnum::to_possible_value(&flavour).expect("a name");
        let datacenter = match router::render(&configure(At::Datacenter), flavour) {
            Err(RenderError::UnknownAsn { .. }) => router::render(&datacenter_with_known_asns(), flavour),
            rendered => rendered,
        };
        let pop = router::render(&configure(At::Pop), flavour).expect("a text");
        for (side, text) in [("pop", pop), ("datacenter", datacenter.expect("a text"))] {
            let path = format!("tests/router/expected/{side}.{}", name.get_name());
            assert_data_eq!(text, Data::read_from(Path::new(&path), None).raw());
        }
    }
}

#[test]
fn languages_that_need_an_asn_say_which_one_is_missing() {
    for flavour in [Flavour::IosXe, Flavour::Junos] {
        let error =
            router::render(&configure(At::Datacenter), flavour).expect_err("an unknown ASN").to_string();
        assert!(error.contains("pn-12345/datacenter/SBG/bgp/10.2.0.10"), "{error}");
    }
}

#[test]
fn what_json_shows_is_in_the_schema() {
    let schema: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string("schemas/router.schema.json").expect("the schema"))
            .expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    for at in [At::Pop, At::Datacenter] {
        let value = serde_json::to_value(configure(at)).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |change: fn(&mut Options)| {
        let mut options = Options::all(At::Pop);
        change(&mut options);
        router::configure(&topology(), &options).expect_err("a problem")
    };
    let prefix = |text: &str| text.parse().expect("a prefix");
    let inside = refused(|options| options.announce = vec!["10.1.0.128/25".parse().expect("a prefix")]);
    assert!(
        matches!(&inside, Problem::InVrack { around, .. } if *around == prefix("10.1.0.0/24")),
        "{inside}"
    );
    let routed = refused(|options| options.announce = vec!["192.168.10.0/24".parse().expect("a prefix")]);
    assert!(matches!(routed, Problem::InVrack { .. }), "{routed}");
    let nowhere = refused(|options| options.only = vec![address("pn-12345/datacenter/RBX")]);
    assert_eq!(nowhere, Problem::NothingAt(address("pn-12345/datacenter/RBX")));
    let many = refused(|options| {
        options.announce =
            (0..101).map(|n| ipnet::Ipv4Net::new([10, 9, n, 0].into(), 24).expect("a prefix")).collect();
    });
    assert_eq!(many, Problem::TooMany(101));
    let elsewhere = refused(|options| {
        options.roles = vec!["pn-12345/datacenter/GRA=backup".parse().expect("a choice")];
    });
    assert!(matches!(elsewhere, Problem::NoLinkAt { option: "--role", .. }), "{elsewhere}");
}

#[test]
fn a_prefix_around_the_vracks_may_be_announced() {
    let options =
        Options { announce: vec!["10.0.0.0/8".parse().expect("a prefix")], ..Options::all(At::Pop) };
    assert!(router::configure(&topology(), &options).is_ok());
}

#[test]
fn the_nearest_choice_counts() {
    let mut options = Options::all(At::Pop);
    let choice = |text: &str| -> Choice<router::Role> { text.parse().expect("a choice") };
    options.roles = vec![choice(&format!("{BACKUP}=primary")), choice("pn-12345=backup"), choice("primary")];
    let configuration = router::configure(&topology(), &options).expect("a configuration");
    let roles: Vec<_> = configuration.routers[0].links.iter().map(|link| link.role).collect();
    assert_eq!(roles, [router::Role::Primary, router::Role::Backup], "of 0d9e… and 6b0c…");
}

#[test]
fn a_template_that_names_what_is_not_there_is_refused() {
    let configuration = configure(At::Pop);
    let text =
        "{% for router in routers %}{{ router.name }} {{ router.links[0].subnet | netmask }}\n{% endfor %}";
    let written = router::render_with(&configuration, "mine.j2", text).expect("a text");
    assert_eq!(written, "ovh_pn_12345_as65001 255.255.255.252\n");
    let error =
        router::render_with(&configuration, "mine.j2", "\n{{ router.asn }}").expect_err("no `router`");
    assert!(error.to_string().contains("mine.j2:2"), "{error}");
}

#[test]
fn the_program_needs_no_credentials_and_keeps_stdout_to_the_configuration() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_ovhconnect")).env_clear().args(arguments).output();
        let output = output.expect("the program runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, stdout, stderr) = run(&["router", "examples/l3-vrrp.yaml", "--format", "frr"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.starts_with("! The customer's side of OVHcloud Connect for FRR"), "{stdout}");
    assert!(stderr.contains("note: nothing is announced"), "{stderr}");

    let (code, stdout, stderr) = run(&["router", "examples/l3-vrrp.yaml"]);
    assert_eq!((code, stdout.as_str()), (Some(64), ""), "{stderr}");
    let (code, stdout, stderr) =
        run(&["router", "examples/l3-vrrp.yaml", "--format", "frr", "--only", "pn-1"]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(stderr.contains("the topology has nothing at pn-1"), "{stderr}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// A description is data, whatever is in it: no line, and no word of a language, comes from it.
    #[test]
    fn no_description_changes_what_is_configured(description in any::<String>()) {
        let described = |text: &str| {
            let mut topology = topology();
            for entry in topology.entries.values_mut() {
                if let Spec::Membership(Membership { description }) = &mut entry.spec {
                    *description = Some(text.to_owned());
                }
            }
            router::configure(&topology, &options(At::Pop)).expect("a configuration")
        };
        for flavour in Flavour::ALL {
            let kept = |configuration: &Configuration| -> Vec<String> {
                let text = router::render(configuration, flavour).expect("a text");
                let lines = text.lines().filter(|line| !line.contains("OVHcloud Connect "));
                lines.map(str::to_owned).collect()
            };
            prop_assert_eq!(kept(&described(&description)), kept(&described("plain")), "{:?}", flavour);
        }
    }
}
