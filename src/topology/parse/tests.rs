//! What a file means, and where each part of it stands.

use std::path::PathBuf;

use super::*;
use crate::diagnostic::Source;
use crate::topology::{Address, Asn, Datacenter, Extra, Interface, InterfaceState, Membership, Spec};

const SERVICE: &str = "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01";

fn sources(texts: &[&str]) -> Sources {
    let mut sources = Sources::default();
    for (number, text) in texts.iter().enumerate() {
        sources.add(Source { path: PathBuf::from(format!("{number}.yaml")), text: (*text).to_owned() });
    }
    sources
}

/// The topology of a text that is free of errors. Warnings have tests of their own.
fn clean(text: &str) -> Topology {
    let sources = sources(&[text]);
    let (topology, mut diagnostics) = parse(&sources);
    diagnostics.retain(Diagnostic::is_error);
    assert!(diagnostics.is_empty(), "{}", crate::diagnostic::render(&diagnostics, &sources, false));
    topology
}

fn codes(texts: &[&str]) -> Vec<&'static str> {
    let (_, diagnostics) = parse(&sources(texts));
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    errors.map(|diagnostic| diagnostic.rule.code).collect()
}

fn addresses(topology: &Topology) -> Vec<String> {
    topology.entries.keys().map(ToString::to_string).collect()
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// Every kind of thing, in one file.
const EVERYTHING: &str = "\
version: 1
endpoint: ovh-eu
vracks:
  pn-12345:
    manage: declared
    protect: true
    services:
      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
        description: Zürich, primary
        protect: true
        pop: {type: l3, interfaceId: 101, customerBgpArea: 65001, subnet: 172.16.0.0/30, protect: true}
      0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02:
        pop: {type: l2, datacenter: RBX}
      a1b2c3d4-0000-4000-8000-000000000003: {}
    datacenters:
      GRA:
        ovhBgpArea: 65010
        subnet: 10.1.0.0/24
        extra:
          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}
      SBG:
        subnet: 10.2.0.0/24
        extra:
          - type: bgp # the firewall
            bgpNeighborArea: 65020
            bgpNeighborIp: 10.2.0.10
            protect: true
";

#[test]
fn a_file_becomes_addresses_and_specs() {
    let topology = clean(EVERYTHING);
    assert_eq!(
        addresses(&topology),
        [
            "pn-12345/service/0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02",
            "pn-12345/service/0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02/pop",
            "pn-12345/service/0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02/pop/datacenter/RBX",
            "pn-12345/service/6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01",
            "pn-12345/service/6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01/pop",
            "pn-12345/service/a1b2c3d4-0000-4000-8000-000000000003",
            "pn-12345/datacenter/GRA",
            "pn-12345/datacenter/GRA/network/192.168.10.0/24",
            "pn-12345/datacenter/SBG",
            "pn-12345/datacenter/SBG/bgp/10.2.0.10",
        ]
    );
    let spec = |text: &str| topology.entries[&address(text)].spec.clone();
    assert_eq!(
        spec(&format!("pn-12345/service/{SERVICE}")),
        Spec::Membership(Membership { description: Some("Zürich, primary".to_owned()) })
    );
    assert_eq!(
        spec(&format!("pn-12345/service/{SERVICE}/pop")),
        Spec::Pop(crate::topology::Pop::L3 {
            interface_id: Some(101),
            customer_bgp_area: Asn(65001),
            ovh_bgp_area: None,
            subnet: "172.16.0.0/30".parse().unwrap(),
        })
    );
    assert_eq!(
        spec("pn-12345/datacenter/GRA"),
        Spec::Datacenter(Datacenter::L3 {
            ovh_bgp_area: Some(Asn(65010)),
            subnet: "10.1.0.0/24".parse().unwrap()
        })
    );
    assert_eq!(
        spec("pn-12345/datacenter/SBG/bgp/10.2.0.10"),
        Spec::Extra(Extra::Bgp { bgp_neighbor_area: Asn(65020) })
    );
}

#[test]
fn interfaces_are_one_or_several_and_get_their_ids_from_what_is_known() {
    let topology = clean(
        "\
version: 1
allow: [OCC121, OCC122, OCC124]
vracks:
  pn-1:
    services:
      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
        interface: {state: disabled}
        pop: {type: l3, interfaceId: 101, customerBgpArea: 65001, subnet: 172.16.0.0/30}
      0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02:
        interface:
          - {interfaceId: 102, state: enabled}
          - {interfaceId: 103, state: disabled}
      a1b2c3d4-0000-4000-8000-000000000003:
        interface: {state: enabled}
",
    );
    let only = |text: &str| -> Vec<String> {
        let topology = if text.is_empty() {
            topology.clone()
        } else {
            topology.number_interfaces(|_| text.parse().ok()).expect("no two of them are one")
        };
        let interfaces = topology.entries.into_iter().filter_map(|(address, entry)| match entry.spec {
            Spec::Interface(Interface { state }) => {
                let address = address.to_string();
                Some(format!("{} {state}", address.split_once("/service/").expect("a service's").1))
            }
            _ => None,
        });
        interfaces.collect()
    };
    let (first, second) = ("6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01", "0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02");
    let third = "a1b2c3d4-0000-4000-8000-000000000003";
    let several = [format!("{second}/interface/102 enabled"), format!("{second}/interface/103 disabled")];
    let [one, other] = several.clone();
    assert_eq!(
        only(""),
        [one, other, format!("{first}/interface disabled"), format!("{third}/interface enabled")]
    );
    let [one, other] = several.clone();
    let (of_pop, open) = (format!("{first}/interface/101 disabled"), format!("{third}/interface enabled"));
    assert_eq!(only("none"), [one, other, of_pop.clone(), open]);
    let [one, other] = several;
    assert_eq!(only("104"), [one, other, of_pop, format!("{third}/interface/104 enabled")]);
    let pop = |service: &str| topology.interface_state_of(&address(&format!("pn-1/service/{service}/pop")));
    assert_eq!((pop(first), pop(second)), (Some(InterfaceState::Disabled), None));
}

#[test]
fn protection_and_management_are_read_at_every_level() {
    let topology = clean(EVERYTHING);
    let vrack = &topology.vracks[&"pn-12345".parse().unwrap()];
    assert_eq!((vrack.manage, vrack.protect), (Manage::Declared, true));
    let protected: Vec<String> = topology
        .entries
        .iter()
        .filter(|(_, declaration)| declaration.protect)
        .map(|(address, _)| address.to_string())
        .collect();
    assert_eq!(
        protected,
        [
            format!("pn-12345/service/{SERVICE}"),
            format!("pn-12345/service/{SERVICE}/pop"),
            "pn-12345/datacenter/SBG/bgp/10.2.0.10".to_owned(),
        ]
    );
}

#[test]
fn each_declaration_points_at_its_own_text() {
    let check = |text: &str| {
        let topology = clean(text);
        let at = |address_text: &str| &text[topology.entries[&address(address_text)].span.range()];
        assert_eq!(at(&format!("pn-12345/service/{SERVICE}")), SERVICE);
        assert_eq!(at(&format!("pn-12345/service/{SERVICE}/pop")), "pop");
        assert_eq!(at("pn-12345/service/0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02/pop/datacenter/RBX"), "RBX");
        assert_eq!(at("pn-12345/datacenter/GRA"), "GRA");
        assert_eq!(
            at("pn-12345/datacenter/GRA/network/192.168.10.0/24"),
            "{type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}"
        );
        assert_eq!(at("pn-12345/datacenter/SBG/bgp/10.2.0.10"), "type: bgp");
        assert_eq!(&text[topology.vracks[&"pn-12345".parse().unwrap()].span.range()], "pn-12345");
        assert_eq!(&text[topology.endpoint.unwrap().span.range()], "ovh-eu");
    };
    check(EVERYTHING);
    check(&EVERYTHING.replace('\n', "\r\n"));
    check(&format!("\u{feff}{EVERYTHING}"));
    check(&format!("# ünïcödé 🦀\n{EVERYTHING}"));
    check(&format!("\u{feff}# 🦀\n---\n{EVERYTHING}").replace('\n', "\r\n"));
}

#[test]
fn a_datacenter_is_named_by_text_or_by_number() {
    let names = |key: &str, value: &str| {
        let topology = clean(&format!(
            "version: 1
vracks:
  pn-1:
    manage: declared
    services:
      {SERVICE}: {{pop: {{type: l2, datacenter: {value}}}}}
    datacenters:
      {key}: {{subnet: 10.1.0.0/24}}
"
        ));
        let names: Vec<String> = topology
            .entries
            .keys()
            .filter_map(|address| address.datacenter_name())
            .map(ToString::to_string)
            .collect();
        names.join(" ")
    };
    assert_eq!(names("GRA", "RBX"), "RBX GRA");
    assert_eq!(names("3", "4"), "4 3");
    assert_eq!(names("'3'", "\"4\""), "4 3");
    // A country to some, a boolean to YAML 1.1.
    assert_eq!(names("NO", "NO"), "NO NO");
    assert_eq!(names("on", "y"), "y on");
}

#[test]
fn an_alias_stands_where_it_is_used() {
    let text = "\
version: 1
vracks:
  pn-1:
    services:
      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
        pop: &pop {type: l3, customerBgpArea: &asn 65001, subnet: 172.16.0.0/30}
      0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02:
        pop: {<<: *pop, subnet: 172.16.0.4/30}
      a1b2c3d4-0000-4000-8000-000000000003:
        pop: {type: l3, customerBgpArea: *asn, subnet: 172.16.0.8/30}
";
    let topology = clean(text);
    let subnets: Vec<String> = topology
        .entries
        .values()
        .filter_map(|declaration| match &declaration.spec {
            Spec::Pop(crate::topology::Pop::L3 { customer_bgp_area: Asn(65001), subnet, .. }) => {
                Some(subnet.to_string())
            }
            _ => None,
        })
        .collect();
    assert_eq!(subnets, ["172.16.0.4/30", "172.16.0.0/30", "172.16.0.8/30"]);

    let wrong = text.replace("&asn 65001", "&asn 23456");
    let (_, diagnostics) = parse(&sources(&[&wrong]));
    let places: Vec<&str> =
        diagnostics.iter().map(|diagnostic| &wrong[diagnostic.labels[0].span.range()]).collect();
    assert!(places.contains(&"*asn") && places.contains(&"23456"), "{places:?}");
}

#[test]
fn a_merge_key_adds_what_is_not_there_already() {
    let fields = |merged: &str| {
        let pop = format!("{{<<: {merged}, type: l3, subnet: 172.16.0.0/30}}");
        let text = format!("version: 1\nvracks: {{pn-1: {{services: {{{SERVICE}: {{pop: {pop}}}}}}}}}\n");
        let (topology, _) = parse(&sources(&[&text]));
        topology.entries.get(&address(&format!("pn-1/service/{SERVICE}/pop"))).map(|it| it.spec.clone())
    };
    let pop = |asn: u32| {
        Some(Spec::Pop(crate::topology::Pop::L3 {
            interface_id: None,
            customer_bgp_area: Asn(asn),
            ovh_bgp_area: None,
            subnet: "172.16.0.0/30".parse().unwrap(),
        }))
    };
    assert_eq!(fields("{customerBgpArea: 65001, type: l2}"), pop(65001));
    assert_eq!(fields("[{customerBgpArea: 65001}, {customerBgpArea: 65002}]"), pop(65001));
    assert_eq!(fields("{<<: {customerBgpArea: 65001}, customerBgpArea: 65002}"), pop(65002));
    assert_eq!(fields("~"), None);
    assert_eq!(codes(&["version: 1\n<<: 5\nvracks: {}\n"]), ["OCC005"]);
    // In quotes it is a field like any other.
    assert_eq!(codes(&["version: 1\n\"<<\": {}\nvracks: {}\n"]), ["OCC007"]);
}

#[test]
fn a_core_tag_says_what_a_value_is() {
    let codes_of_manage = |value: &str| {
        codes(&[&format!(
            "version: !!int 1\nvracks: !!map {{pn-1: {{protect: !!bool true, manage: {value}}}}}\n"
        )])
    };
    assert_eq!(codes_of_manage("!!str all"), [""; 0]);
    assert_eq!(codes_of_manage("! all"), [""; 0]);
    assert_eq!(codes_of_manage("!!str 1"), ["OCC010"]);
    for refused in ["!!int all", "!!seq all", "!manage all", "!!binary YWxs", "!!seq {}"] {
        assert_eq!(codes_of_manage(refused), ["OCC005"], "{refused}");
    }
    assert_eq!(codes(&["version: !a 1\nvracks: !b {}\nx: ["]), ["OCC005"; 3]);
}

#[test]
fn all_that_is_wrong_is_said_at_once_in_the_order_of_the_file() {
    let first = "\
version: 1
vracks:
  pn-1:
    manege: all
    services:
      paris: {}
      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
        pop: {type: l3, customerBgpArea: many, subnet: 172.16.0.0/29}
    datacenters:
      GRA:
        subnet: 10.1.0.0/24
        extra:
          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.1}
";
    let second = "version: 1\nvracks: {pn-1: {manage: declared}, pn-2: {manage: some}}\n";
    let broken = "version: 1\nvracks: {";
    assert_eq!(
        codes(&[first, broken, second]),
        ["OCC007", "OCC012", "OCC009", "OCC030", "OCC061", "OCC005", "OCC071", "OCC010"]
    );
}

#[test]
fn what_could_be_read_is_there_in_spite_of_errors() {
    let text = "\
version: 1
vracks:
  pn-1:
    services:
      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01: {description: 5, pop: {type: l3}}
    datacenters:
      GRA: {subnet: 10.1.0.0/29, extra: [{type: bgp}, {type: network, subnet: 10.9.0.0/16, nextHop: 10.1.0.5}]}
";
    let (topology, diagnostics) = parse(&sources(&[text]));
    assert!(diagnostics.iter().any(Diagnostic::is_error));
    assert_eq!(
        addresses(&topology),
        [
            format!("pn-1/service/{SERVICE}"),
            "pn-1/datacenter/GRA".to_owned(),
            "pn-1/datacenter/GRA/network/10.9.0.0/16".to_owned(),
        ]
    );
}

#[test]
fn a_misspelt_field_is_not_missing_as_well() {
    let text = format!(
        "version: 1\nvracks:\n  pn-1:\n    sevices:\n      {SERVICE}: {{}}\n    datacenters:\n      GRA: {{subnet: 10.1.0.0/24}}\n"
    );
    assert_eq!(codes(&[&text]), ["OCC007"]);
    assert_eq!(codes(&["vesrion: 1\nvraks: {}\n"]), ["OCC007", "OCC007"]);
}

#[test]
fn a_vrack_that_is_not_managed_whole_may_get_its_pop_elsewhere() {
    let text = |manage: &str| {
        format!(
            "version: 1\nvracks: {{pn-1: {{manage: {manage}, datacenters: {{GRA: {{subnet: 10.1.0.0/24}}}}}}}}\n"
        )
    };
    assert_eq!(codes(&[&text("all")]), ["OCC082"]);
    assert_eq!(codes(&[&text("declared")]), [""; 0]);
}

#[test]
fn what_would_exhaust_a_reader_is_refused() {
    let deep = format!("version: 1\nvracks: {}{}\n", "[".repeat(1000), "]".repeat(1000));
    assert_eq!(codes(&[&deep]), ["OCC005"]);
    let deep = (0..1000).fold(String::new(), |text, level| text + &" ".repeat(level) + "a:\n");
    assert_eq!(codes(&[&deep]), ["OCC005"]);
    let bomb = (1..40).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        text + &format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1)
    });
    assert_eq!(codes(&[&bomb]), ["OCC005"]);
    let chain = (1..40).fold("a0: &a0 x\n".to_owned(), |text, level| {
        text + &format!("a{level}: &a{level} [*a{}]\n", level - 1)
    });
    assert_eq!(codes(&[&chain]), ["OCC005"]);
    let recursive = "version: 1\nvracks: &a {pn-1: *a}\n";
    assert!(codes(&[recursive]).contains(&"OCC005"), "{:?}", codes(&[recursive]));
}

#[test]
fn no_text_at_all_is_an_empty_file_and_no_file_an_empty_topology() {
    for text in ["", "\n", "# only a comment", "\u{feff}", "---\n", "null"] {
        assert_eq!(codes(&[text]), ["OCC008"], "{text:?}");
    }
    assert_eq!(parse(&Sources::default()), (Topology::default(), Vec::new()));
}

/// The warnings of a text, each with the line it is about.
fn warnings(text: &str) -> Vec<String> {
    let sources = sources(&[text]);
    let (_, diagnostics) = parse(&sources);
    diagnostics
        .iter()
        .map(|diagnostic| {
            let (line, _) = sources.position(diagnostic.labels[0].span).unwrap();
            format!("{} {line}", diagnostic.rule.code)
        })
        .collect()
}

#[test]
fn allow_silences_what_is_inside_of_what_it_stands_in() {
    let text = |top: &str, vrack: &str, service: &str, pop: &str, datacenter: &str, extra: &str| {
        format!(
            "\
version: 1
vracks:
  pn-1:
    services:
      {SERVICE}:
        pop:
          type: l3
          customerBgpArea: 3333
          subnet: 172.16.0.0/30
          {pop}
        {service}
    {vrack}
    datacenters:
      GRA:
        subnet: 100.64.0.0/24
        extra:
          - {{type: network, subnet: 0.0.0.0/0, nextHop: 100.64.0.9{extra}}}
        {datacenter}
{top}
"
        )
    };
    assert_eq!(
        warnings(&text("", "", "", "", "", "")),
        ["OCC121 5", "OCC102 8", "OCC122 14", "OCC107 15", "OCC111 17"]
    );
    let all = "allow: [OCC102, OCC107, OCC111, OCC121, OCC122]";
    assert_eq!(warnings(&text(all, "", "", "", "", "")), [""; 0]);
    assert_eq!(warnings(&text("", all, "", "", "", "")), [""; 0]);
    let inside =
        text("", "", "allow: [OCC121]", "allow: [OCC102]", "allow: [OCC107, OCC122]", ", allow: [OCC111]");
    assert_eq!(warnings(&inside), [""; 0]);
    // Where it is not inside, it silences nothing, and that is said.
    let beside = text("", "", "allow: [OCC121, OCC107]", "allow: [OCC102]", "allow: [OCC122, OCC111]", "");
    assert_eq!(warnings(&beside), ["OCC190 11", "OCC107 15"]);
    // The inner one is the one that is needed.
    let twice = text(all, "", "", "allow: [OCC102, OCC102]", "", "");
    assert_eq!(warnings(&twice), ["OCC190 10", "OCC190 19"]);
    // It can be silenced like any other; for that too, there has to be something.
    let silenced = text(all, "allow: [OCC190]", "", "allow: [OCC102, OCC102]", "", "");
    assert_eq!(warnings(&silenced), ["OCC190 19"]);
    assert_eq!(warnings(&text(all, "", "", "", "allow: [OCC190]", "")), ["OCC190 18"]);
    // What only live state tells is left to whoever looks at it.
    assert_eq!(warnings(&text(&all.replace(']', ", OCC301]"), "", "", "", "", "")), [""; 0]);
}

#[test]
fn nothing_is_said_of_an_allow_while_there_are_errors() {
    let text =
        "version: 1\nallow: [OCC101]\nvracks: {pn-1: {allow: [OCC999, OCC030, 5], services: {x: {}}}}\n";
    assert_eq!(codes(&[text]), ["OCC017", "OCC017", "OCC009", "OCC012"]);
    assert!(warnings(text).iter().all(|warning| !warning.starts_with("OCC190")));
}

#[test]
fn a_file_for_the_simulator_may_hold_what_is_kept_for_documentation() {
    let text = |endpoint: &str| {
        format!(
            "\
version: 1
{endpoint}
allow: [OCC121, OCC122]
vracks:
  pn-1:
    services:
      {SERVICE}:
        pop: {{type: l3, customerBgpArea: 64496, subnet: 192.0.2.0/30}}
    datacenters:
      GRA: {{subnet: 198.51.100.0/24}}
"
        )
    };
    let kept = ["OCC104 8", "OCC105 8", "OCC105 10"];
    for real in ["", "endpoint: ovh-eu", "endpoint: https://api.example.com/1.0"] {
        assert_eq!(warnings(&text(real)), kept, "{real}");
    }
    for simulator in ["http://127.0.0.1:8180/1.0", "http://localhost:8180/1.0", "http://[::1]:8180/1.0"] {
        assert_eq!(warnings(&text(&format!("endpoint: {simulator}"))), [""; 0], "{simulator}");
    }
}
