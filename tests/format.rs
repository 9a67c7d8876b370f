//! `fmt`: whatever a valid file looks like, its canonical form says the same, keeps every comment, and is
//! its own canonical form.

// What fails here is a test, and the line says which.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use ovhconnect::diagnostic::{self, Diagnostic, Source, Sources};
use ovhconnect::topology::format::{self, Refused};
use ovhconnect::topology::{self, Topology};
use proptest::prelude::*;
use serde_json::{Value, json};

#[path = "support/edits.rs"]
mod edits;

use edits::{EXAMPLES, edit};

fn formatted(text: &str) -> Result<String, String> {
    let source = Source { path: PathBuf::from("a.yaml"), text: text.to_owned() };
    format::format(source).map_err(|refused| match refused {
        Refused::Invalid(sources, errors) => diagnostic::render(&errors, &sources, false),
        Refused::NoForm(why) => format!("no form: {why}"),
    })
}

fn parse(text: &str) -> (Topology, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    sources.add(Source { path: PathBuf::from("a.yaml"), text: text.to_owned() });
    topology::parse(&sources)
}

/// What a topology says, without where it says it.
fn meaning(text: &str) -> impl PartialEq + std::fmt::Debug + use<> {
    let (topology, diagnostics) = parse(text);
    let entries: Vec<_> =
        topology.entries.into_iter().map(|(address, entry)| (address, entry.spec, entry.protect)).collect();
    let vracks: Vec<_> =
        topology.vracks.into_iter().map(|(name, vrack)| (name, vrack.manage, vrack.protect)).collect();
    let mut messages: Vec<_> =
        diagnostics.into_iter().map(|diagnostic| (diagnostic.rule.code, diagnostic.message)).collect();
    messages.sort();
    (topology.endpoint.map(|endpoint| endpoint.name), vracks, entries, messages)
}

/// What holds of any text: `false` where it is not valid, and so has no canonical form.
fn check(text: &str) -> Result<bool, TestCaseError> {
    let valid = !parse(text).1.iter().any(Diagnostic::is_error);
    let once = match formatted(text) {
        Ok(once) => once,
        Err(refused) => {
            prop_assert!(
                !valid || (refused.contains("directives") && text.contains('%')),
                "valid and refused: {refused}\n{text}"
            );
            return Ok(false);
        }
    };
    prop_assert!(valid, "not valid and formatted:\n{text}");
    prop_assert_eq!(meaning(&once), meaning(text), "not the same:\n{}\n{}", text, &once);
    match formatted(&once) {
        Ok(twice) => prop_assert_eq!(&twice, &once, "not stable, from:\n{}", text),
        Err(refused) => prop_assert!(false, "{refused}"),
    }
    prop_assert!(once.lines().all(|line| line.trim_end() == line), "space at the end of a line:\n{once}");
    prop_assert!(!once.contains("\n\n\n") && once.ends_with('\n') && !once.contains('\r'), "{once:?}");
    Ok(true)
}

#[test]
fn the_examples_are_canonical() {
    for example in EXAMPLES {
        assert_eq!(formatted(example).unwrap(), example);
    }
}

#[test]
fn everything_finds_its_place() {
    let text = "\u{feff}# yaml-language-server: $schema=x.json\r\n# The network of Paris.\r\n\r\n\r\n# every vRack\r
vracks: # all of them\r
        'pn-12345':\r
            datacenters:\r
                # below the datacenters\r
                \"3\": {extra: [{nextHop: 10.1.0.10, type: network, subnet: \"192.168.10.0/24\"}], subnet: '10.1.0.0/24'} # Gravelines\r
                RBX:\r
                 extra:\r
                 # the firewall\r
                 - bgpNeighborIp: 10.2.0.10 # its address\r
                   # its kind\r
                   type: \"bgp\"\r
                   bgpNeighborArea: 65020\r
                 # - type: bgp\r
                 subnet: 10.2.0.0/24\r
            # behind the datacenters\r
\r
            services:\r
                0D9E2F64-7B1A-4C8D-8F3E-5A6B7C8D9E02: {\r
                   pop: {subnet: 172.16.0.4/30, # the link\r
                         customerBgpArea: 65001, type: l3},\r
                   # after the PoP\r
                }\r
                6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01: {pop: {datacenter: 'GRA', type: l2}, description: 'yes'}   # the last\r
\r
\r
version:     1\r
# the end\r
";
    assert!(check(text).unwrap(), "it is valid");
    assert_snapshot!(formatted(text).unwrap(), @r#"
    # yaml-language-server: $schema=x.json
    # The network of Paris.

    version: 1

    # every vRack
    vracks:  # all of them
      pn-12345:
        # behind the datacenters

        services:
          0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02:
            pop:
              type: l3
              customerBgpArea: 65001
              subnet: 172.16.0.4/30  # the link
            # after the PoP
          6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01: {description: "yes", pop: {type: l2, datacenter: GRA}}  # the last
        datacenters:
          # below the datacenters
          3:  # Gravelines
            subnet: 10.1.0.0/24
            extra: [{type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}]
          RBX:
            # - type: bgp
            subnet: 10.2.0.0/24
            extra:
              # the firewall
              # its kind
              - type: bgp
                bgpNeighborArea: 65020
                bgpNeighborIp: 10.2.0.10  # its address
    # the end
    "#);
}

#[test]
fn what_depends_on_the_order_keeps_it() {
    let text = "\
vracks:
  pn-1:
    services:
      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
        pop:   &pop   {subnet: 172.16.0.0/30, customerBgpArea:   &asn 65001, type: l3}
      0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02:
        pop: {<<: *pop,   subnet: 172.16.0.4/30}
      a1b2c3d4-0000-4000-8000-000000000003:
        description: !!str   12
        pop: {type: l3, customerBgpArea:   *asn, subnet: 172.16.0.8/30}
version: 1
";
    assert!(check(text).unwrap(), "it is valid");
    assert_snapshot!(formatted(text).unwrap(), @r"
    vracks:
      pn-1:
        services:
          6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
            pop: &pop {subnet: 172.16.0.0/30, customerBgpArea: &asn 65001, type: l3}
          0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02:
            pop: {<<: *pop, subnet: 172.16.0.4/30}
          a1b2c3d4-0000-4000-8000-000000000003:
            description: !!str 12
            pop: {type: l3, customerBgpArea: *asn, subnet: 172.16.0.8/30}
    version: 1
    ");
}

#[test]
fn what_is_wrong_is_left_alone() {
    let refused = formatted("version: 1\nvracks: {pn-1: {manege: all}}\n").unwrap_err();
    assert!(refused.contains("error[OCC007]"), "{refused}");
    let refused = formatted("%YAML 1.2\n---\nversion: 1\nvracks: {pn-1: {manage: declared}}\n").unwrap_err();
    assert!(refused.contains("directives"), "{refused}");
}

/// A topology with everything in it.
fn everything() -> Value {
    json!({
        "version": 1,
        "endpoint": "ovh-eu",
        "vracks": {
            "pn-12345": {
                "manage": "declared",
                "protect": true,
                "services": {
                    "6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01": {
                        "description": "it's \"Zürich\", #1: 100% \\ yes",
                        "protect": false,
                        "interface": {"state": "enabled", "interfaceId": 101, "allow": []},
                        "pop": {
                            "type": "l3", "interfaceId": 101, "customerBgpArea": 65001, "ovhBgpArea": 65002,
                            "subnet": "172.16.0.0/30", "protect": true
                        }
                    },
                    "0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02": {
                        "description": "12:30",
                        "pop": {"type": "l2", "datacenter": "NO"}
                    },
                    "a1b2c3d4-0000-4000-8000-000000000003": {},
                    "a1b2c3d4-0000-4000-8000-000000000004": {
                        "interface": [{"state": "disabled", "interfaceId": 7}, {"interfaceId": 8, "state": "enabled"}]
                    }
                },
                "datacenters": {
                    "3": {
                        "ovhBgpArea": 65010,
                        "subnet": "10.1.0.0/24",
                        "extra": [
                            {"type": "network", "subnet": "192.168.10.0/24", "nextHop": "10.1.0.10"},
                            {"type": "network", "subnet": "192.168.11.0/24", "nextHop": "10.1.0.11"}
                        ]
                    },
                    "SBG": {
                        "subnet": "10.2.0.0/24",
                        "extra": [{"type": "bgp", "bgpNeighborArea": 65020, "bgpNeighborIp": "10.2.0.10", "protect": true}]
                    }
                }
            },
            "pn-2": {"manage": "declared", "datacenters": {}}
        }
    })
}

/// Writes a value as someone might.
struct Hand<'c> {
    choices: std::iter::Cycle<std::slice::Iter<'c, u8>>,
    remarks: usize,
    out: String,
}

impl Hand<'_> {
    fn one_in(&mut self, many: u8) -> bool {
        self.choices.next().is_some_and(|choice| choice % many == 0)
    }

    fn remark(&mut self) -> String {
        self.remarks += 1;
        let further = if self.one_in(2) { " {x}" } else { "" };
        format!("# remark {}:{further}", self.remarks)
    }

    /// Ends a line, and puts what people put between lines.
    fn end(&mut self, indent: usize) {
        if self.one_in(5) {
            let text = self.remark();
            let _ = write!(self.out, " {text}");
        }
        self.out.push('\n');
        // The choices go round, and may say yes for ever.
        for _ in 0..3 {
            if !self.one_in(4) {
                break;
            }
            if self.one_in(2) {
                self.out.push('\n');
            } else {
                let (text, further) = (self.remark(), if self.one_in(4) { 3 } else { 0 });
                let _ = writeln!(self.out, "{:1$}{text}", "", indent + further);
            }
        }
    }

    fn scalar(&mut self, value: &Value) -> String {
        match value {
            Value::String(text) if self.one_in(3) => format!("'{}'", text.replace('\'', "''")),
            Value::String(text) => {
                let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/'))
                    && !text.chars().all(|c| c.is_ascii_digit());
                if plain && !self.one_in(3) { text.clone() } else { format!("{text:?}") }
            }
            other => other.to_string(),
        }
    }

    fn flow(&mut self, value: &Value, indent: usize) {
        let gap = |hand: &mut Self| {
            if hand.one_in(12) {
                hand.out.push(' ');
                hand.end(indent);
                let _ = write!(hand.out, "{:1$}", "", indent);
            }
        };
        let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
        self.out.push(open);
        let items: Vec<(Option<&String>, &Value)> = match value {
            Value::Object(fields) => fields.iter().map(|(key, value)| (Some(key), value)).collect(),
            Value::Array(items) => items.iter().map(|value| (None, value)).collect(),
            _ => Vec::new(),
        };
        let items = self.shuffled(items);
        for (at, (key, value)) in items.iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            gap(self);
            if let Some(key) = key {
                let key = self.scalar(&Value::String((*key).clone()));
                let _ = write!(self.out, "{key}: ");
            }
            if value.is_object() || value.is_array() {
                self.flow(value, indent);
            } else {
                let text = self.scalar(value);
                self.out.push_str(&text);
            }
        }
        gap(self);
        self.out.push(close);
    }

    fn shuffled<T>(&mut self, mut items: Vec<T>) -> Vec<T> {
        let named = items.len();
        if named > 1 && self.one_in(2) {
            let by = usize::from(*self.choices.next().unwrap_or(&0)) % named;
            items.rotate_left(by);
        }
        items
    }

    /// Items of a list keep their order, which says nothing; fields do not.
    fn block(&mut self, value: &Value, indent: usize) {
        let step = if self.one_in(2) { 2 } else { 3 };
        match value {
            Value::Object(fields) => {
                for (key, value) in self.shuffled(fields.iter().collect()) {
                    let key = self.scalar(&Value::String(key.clone()));
                    let _ = write!(self.out, "{:indent$}{key}:", "");
                    self.value(value, indent, step);
                }
            }
            Value::Array(items) => {
                for item in items {
                    let _ = write!(self.out, "{:indent$}-", "");
                    self.value(item, indent, step);
                }
            }
            _ => {}
        }
    }

    fn value(&mut self, value: &Value, indent: usize, step: usize) {
        let empty = value.as_object().is_some_and(serde_json::Map::is_empty)
            || value.as_array().is_some_and(Vec::is_empty);
        let nested = value.is_object() || value.is_array();
        if nested && !empty && !self.one_in(4) {
            self.end(indent + step);
            self.block(value, indent + step);
        } else {
            self.out.push(' ');
            if nested {
                self.flow(value, indent + step);
            } else {
                let text = self.scalar(value);
                self.out.push_str(&text);
            }
            self.end(indent);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn whoever_wrote_it_the_canonical_form_says_the_same(choices in prop::collection::vec(any::<u8>(), 1..200), crlf in any::<bool>()) {
        let mut hand = Hand { choices: choices.iter().cycle(), remarks: 0, out: String::new() };
        hand.end(0);
        hand.block(&everything(), 0);
        let (remarks, text) = (hand.remarks, hand.out);
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        prop_assert!(check(&text)?, "{:?}\n{text}", formatted(&text));
        let once = formatted(&text).unwrap();
        for remark in 1..=remarks {
            prop_assert_eq!(once.matches(&format!("# remark {remark}:")).count(), 1, "{}\n{}", text, &once);
        }
    }

    #[test]
    fn what_was_edited_is_formatted_or_left_alone(
        example in prop::sample::select(EXAMPLES.to_vec()),
        edits in prop::collection::vec(edit(), 1..5),
    ) {
        let text = edits.iter().fold(example.to_owned(), |text, edit| edit.apply(&text));
        check(&text)?;
    }
}

/// Runs the program in `folder`: its exit code, stdout and stderr.
fn run(folder: &Path, arguments: &[&str], stdin: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ovhconnect"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const UNTIDY: &str = "vracks: {pn-1: {manage: declared}}\nversion: 1 # one\n";
const TIDY: &str = "version: 1  # one\nvracks: {pn-1: {manage: declared}}\n";

#[test]
fn a_file_is_checked_then_written_then_clean() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("topology.yaml");
    fs::write(&path, UNTIDY).unwrap();
    let (code, stdout, stderr) = run(folder.path(), &["fmt", "--check"], "");
    assert_eq!(code, 1);
    assert_snapshot!(stdout, @r"
    --- topology.yaml
    +++ topology.yaml (canonical)
    @@ -1,2 +1,2 @@
    +version: 1  # one
     vracks: {pn-1: {manage: declared}}
    -version: 1 # one
    ");
    assert_snapshot!(stderr, @"1 file not in canonical form; `ovhconnect fmt` writes it.");
    assert_eq!(fs::read_to_string(&path).unwrap(), UNTIDY);

    let (code, stdout, stderr) = run(folder.path(), &["fmt"], "");
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "topology.yaml\n", "1 file written.\n"));
    assert_eq!(fs::read_to_string(&path).unwrap(), TIDY);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something is left beside it");

    let (code, stdout, _) = run(folder.path(), &["fmt", "--check"], "");
    assert_eq!((code, stdout.as_str()), (0, ""));
}

#[test]
fn what_cannot_be_formatted_is_told_and_the_rest_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = "version: 1\nvracks: {pn-1: {manege: all}}\n";
    fs::write(folder.path().join("wrong.yaml"), wrong).unwrap();
    fs::write(folder.path().join("untidy.yaml"), UNTIDY).unwrap();
    let (code, stdout, stderr) = run(folder.path(), &["fmt", ".", "missing.yaml"], "");
    assert_eq!((code, stdout.as_str()), (1, "./untidy.yaml\n"));
    assert!(stderr.contains("OCC007") && stderr.contains("OCC001"), "{stderr}");
    assert_eq!(fs::read_to_string(folder.path().join("wrong.yaml")).unwrap(), wrong);
    assert_eq!(fs::read_to_string(folder.path().join("untidy.yaml")).unwrap(), TIDY);
}

#[test]
fn standard_input_is_formatted_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = run(folder.path(), &["fmt", "-"], UNTIDY);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, TIDY, ""));
    let (code, stdout, _) = run(folder.path(), &["fmt", "-", "--check"], TIDY);
    assert_eq!((code, stdout.as_str()), (0, ""));
    let (code, stdout, stderr) = run(folder.path(), &["fmt", "-"], "version: 1\n");
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("OCC008"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.yaml"), folder.path().join("topology.yaml"));
    fs::write(&real, UNTIDY).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.yaml", &link).unwrap();
    assert_eq!(run(folder.path(), &["fmt"], "").0, 0);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), TIDY);
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);

    fs::write(&real, UNTIDY).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o440)).unwrap();
    let (code, _, stderr) = run(folder.path(), &["fmt"], "");
    assert_eq!(code, 1);
    assert!(stderr.contains("read-only"), "{stderr}");
    assert_eq!(fs::read_to_string(&real).unwrap(), UNTIDY);
}
