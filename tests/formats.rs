//! What `plan`, `diff` and `graph` write, through the program: each format read by what would read it.

#[path = "support/terminal.rs"]
mod terminal;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// What stands.
const LIVE: &str = "version: 1
vracks:
  pn-1:
    services:
      6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01:
        description: Paris, primary
        pop: {type: l3, customerBgpArea: 65001, ovhBgpArea: 65002, subnet: 172.16.0.0/30}
      0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02:
        pop: {type: l3, customerBgpArea: 65001, ovhBgpArea: 65002, subnet: 172.16.0.4/30}
    datacenters:
      GRA:
        ovhBgpArea: 65010
        subnet: 10.1.0.0/24
        extra:
          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}
      SBG: {ovhBgpArea: 65011, subnet: 10.2.0.0/24}
  pn-2:
    services:
      3f6f0d5a-8a56-4c1b-a4f3-2b9d0f7c1a11:
        pop: {type: l3, customerBgpArea: 65001, ovhBgpArea: 65002, subnet: 172.16.0.0/30}
";

/// A description that would do harm wherever it is taken for more than text.
const HOSTILE: &str = r#"</title><script>alert(1)</script> | `x` @team #1 --> "q" ```"#;

/// What shall stand: something of every action, and a service that has a hostile description.
fn desired() -> String {
    let quoted = Value::from(HOSTILE).to_string();
    LIVE.replace("Paris, primary", &quoted)
        .replace("172.16.0.4/30", "172.16.0.12/30")
        .replace("192.168.10.0/24", "192.168.20.0/24")
        .replace(
            "      SBG: {ovhBgpArea: 65011, subnet: 10.2.0.0/24}\n",
            "      RBX: {subnet: 10.3.0.0/24}\n",
        )
}

/// The account in which `LIVE` stands, as a state file.
fn state() -> &'static str {
    static STATE: OnceLock<String> = OnceLock::new();
    STATE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("live.yaml"), LIVE).expect("a file");
        let applied =
            command(folder.path(), &["apply", "live.yaml", "--simulate=state.json", "--auto-approve"])
                .output()
                .expect("the program runs");
        assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
        std::fs::read_to_string(folder.path().join("state.json")).expect("the state")
    })
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ovhconnect"));
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder).stdin(Stdio::null());
    command
}

/// A folder with `topology.yaml` in it, and the account of `LIVE`.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(topology: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("topology.yaml"), topology).expect("a file");
        std::fs::write(folder.path().join("state.json"), state()).expect("a file");
        Self(folder)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        command(self.0.path(), &[arguments, &["--simulate=state.json"]].concat())
    }

    #[track_caller]
    fn run(&self, code: i32, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().expect("the program runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{stderr}");
        output
    }

    /// Stdout of a run that ends well.
    #[track_caller]
    fn stdout(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.run(0, arguments).stdout).expect("UTF-8")
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout(&["plan", "--format", "json"])).expect("JSON")
    }
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().expect("an array").iter().map(|it| it.as_str().expect("a text")).collect()
}

#[test]
fn json_fits_its_schema() {
    let schema = std::fs::read_to_string("schemas/plan.schema.json").expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    for topology in [desired(), LIVE.to_owned()] {
        let plan = Folder::new(&topology).json();
        let errors: Vec<String> =
            schema.iter_errors(&plan).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "it does not fit its schema:\n{}", errors.join("\n"));
    }
}

/// The shape that `terraform-json` (and what is built on it: tf-summarize, policies) demands: a format
/// version below 2, and of each resource an address, a type and actions out of its list.
#[test]
fn what_reads_terraform_plans_reads_json() {
    let plan = Folder::new(&desired()).json();
    assert_eq!(plan["format_version"], "1.2");
    let mut actions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for resource in plan["resource_changes"].as_array().expect("an array") {
        let (address, change) = (resource["address"].as_str().expect("an address"), &resource["change"]);
        assert!(resource["type"].as_str().expect("a type").starts_with("ovhconnect_"), "{resource}");
        assert_eq!(resource["mode"], "managed");
        let done = strings(&change["actions"]);
        let (before, after) = (!change["before"].is_null(), !change["after"].is_null());
        let expected = match done.as_slice() {
            ["create"] => (false, true),
            ["delete"] => (true, false),
            ["update" | "no-op"] | ["delete", "create"] => (true, true),
            other => panic!("{address}: {other:?}"),
        };
        assert_eq!((before, after), expected, "{address}: before and after with {done:?}");
        actions.insert(address, done);
    }
    let expected = [
        ("pn-1/datacenter/GRA", vec!["no-op"]),
        ("pn-1/datacenter/GRA/network/192.168.10.0/24", vec!["delete"]),
        ("pn-1/datacenter/GRA/network/192.168.20.0/24", vec!["create"]),
        ("pn-1/datacenter/RBX", vec!["create"]),
        ("pn-1/datacenter/SBG", vec!["delete"]),
        ("pn-1/service/0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02", vec!["no-op"]),
        ("pn-1/service/0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02/pop", vec!["delete", "create"]),
        ("pn-1/service/6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01", vec!["update"]),
        ("pn-1/service/6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01/pop", vec!["no-op"]),
        ("pn-2/service/3f6f0d5a-8a56-4c1b-a4f3-2b9d0f7c1a11", vec!["no-op"]),
        ("pn-2/service/3f6f0d5a-8a56-4c1b-a4f3-2b9d0f7c1a11/pop", vec!["no-op"]),
    ];
    assert_eq!(actions, BTreeMap::from(expected));
    let resources = plan["resource_changes"].as_array().expect("an array");
    let of = |address: &str| resources.iter().find(|it| it["address"] == address).expect("it is there");
    let pop = &of("pn-1/service/0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02/pop")["change"];
    assert_eq!(pop["replace_paths"], serde_json::json!([["subnet"]]));
    assert_eq!(
        (&pop["before"]["subnet"], &pop["after"]["subnet"]),
        (&"172.16.0.4/30".into(), &"172.16.0.12/30".into())
    );
    assert_eq!(of("pn-1/datacenter/RBX")["change"]["after_unknown"], serde_json::json!({"ovhBgpArea": true}));
    // A step knows its change by its place.
    for step in plan["steps"].as_array().expect("an array") {
        let at = step["resourceChange"].as_u64().expect("every step here is part of a change");
        assert_eq!(resources[usize::try_from(at).expect("small")]["address"], step["address"]);
    }
}

#[test]
fn gitlab_counts_a_replacement_twice() {
    let written = Folder::new(&desired()).stdout(&["plan", "--format", "gitlab"]);
    assert_eq!(written, "{\"create\":3,\"delete\":3,\"update\":1}\n");
}

#[test]
fn a_refused_plan_says_so_in_every_document() {
    let folder = Folder::new(&desired());
    let refused = ["plan", "--deny", "replace", "--format"];
    for (format, said) in
        [("json", "\"violations\": [\n"), ("markdown", "**Refused:**"), ("html", ">Refused</h2>")]
    {
        let output = folder.run(3, &[&refused[..], &[format]].concat());
        let written = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(written.contains(said) && written.contains("--deny replace"), "{format}:\n{written}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("refused:"), "{format}: stderr is silent");
    }
}

#[test]
fn stdout_holds_one_document_and_files_hold_the_others() {
    let folder = Folder::new(&desired());
    let written = folder.stdout(&[
        "plan",
        "--format",
        "gitlab",
        "--format",
        "json=plan.json",
        "--format",
        "markdown=plan.md",
        "--format",
        "html=plan.html",
        "--format",
        "text=plan.txt",
        "--color",
        "always",
    ]);
    assert!(written.starts_with("{\"create\""), "{written}");
    for (file, begins) in
        [("plan.json", "{"), ("plan.md", "<!--"), ("plan.html", "<!doctype"), ("plan.txt", "Plan: ")]
    {
        let text = std::fs::read_to_string(folder.0.path().join(file)).expect("the file");
        assert!(text.starts_with(begins), "{file}: {text}");
        assert!(!text.contains('\u{1b}'), "{file} has escape sequences in it");
    }
    folder.run(64, &["plan", "--format", "json", "--format", "gitlab"]);
    folder.run(64, &["plan", "--format", "yaml"]);
    folder.run(1, &["plan", "--format", "json=no/such/folder/plan.json"]);
    // Without one for stdout, that is text.
    assert!(folder.stdout(&["plan", "--format", "json=plan.json"]).starts_with("Plan: "));
}

#[test]
fn the_same_plan_is_the_same_bytes() {
    let folder = Folder::new(&desired());
    for format in ["text", "json", "markdown", "html", "gitlab"] {
        let once = folder.stdout(&["plan", "--format", format]);
        assert!(once == folder.stdout(&["plan", "--format", format]), "{format} is not the same twice");
        assert!(once.ends_with('\n'), "{format} does not end a line");
    }
}

#[test]
fn markdown_is_inert_and_marked() {
    let written = Folder::new(&desired()).stdout(&["plan", "--format", "markdown"]);
    assert!(written.starts_with("<!-- ovhconnect:plan topology.yaml -->\n"), "{written}");
    for part in [
        "### OVHcloud Connect: 2 to create, 1 to update, 1 to replace, 2 to delete",
        "| --- |",
        "diff\n",
        "mermaid\n",
        "<details>",
    ] {
        assert!(written.contains(part), "{part:?} is missing:\n{written}");
    }
    // Outside of blocks of code, the description is in code spans only.
    let mut fence: Option<usize> = None;
    for line in written.lines() {
        let ticks = line.chars().take_while(|it| *it == '`').count();
        match fence {
            None if ticks >= 3 => fence = Some(ticks),
            Some(opened) if ticks >= opened => fence = None,
            Some(_) => {}
            None => {
                let outside = without_code_spans(line);
                assert!(!outside.contains("<script") && !outside.contains("@team"), "{line}");
            }
        }
    }
    assert_eq!(fence, None, "a block of code is not closed:\n{written}");
}

/// A line without its code spans, as CommonMark finds them: from a run of backticks to the next as long.
fn without_code_spans(line: &str) -> String {
    let run = |text: &str| text.chars().take_while(|it| *it == '`').count();
    let (mut outside, mut rest) = (String::new(), line);
    while let Some(start) = rest.find('`') {
        outside.push_str(&rest[..start]);
        let opened = run(&rest[start..]);
        let mut at = start + opened;
        let closed = loop {
            match rest[at..].find('`') {
                None => break None,
                Some(found) => {
                    let length = run(&rest[at + found..]);
                    at += found + length;
                    if length == opened {
                        break Some(at);
                    }
                }
            }
        };
        rest = &rest[closed.unwrap_or(start + opened)..];
    }
    outside + rest
}

#[test]
fn markdown_fits_a_comment_whatever_the_plan() {
    for (services, left_out) in [(40, ""), (160, "the order"), (2000, " changes._")] {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("topology.yaml"), many(services)).expect("a file");
        let output =
            command(folder.path(), &["plan", "--simulate", "--format", "markdown"]).output().unwrap();
        let written = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(written.len() <= 65_536, "{} bytes for {services} services", written.len());
        assert!(written.len() > 20_000, "only {} bytes for {services} services", written.len());
        let note = written.lines().find(|line| line.starts_with("_Left out")).unwrap_or_default();
        assert!(note.contains(left_out), "{services} services: {note:?}");
    }
}

/// A topology of many services, two in each vRack.
fn many(services: usize) -> String {
    let mut text = "version: 1\nvracks:\n".to_owned();
    for vrack in 0..services / 2 {
        text.push_str(&format!("  pn-{vrack}:\n    services:\n"));
        for which in 0..2 {
            let (number, subnet) = (vrack * 2 + which, which * 4);
            text.push_str(&format!(
                "      {number:08x}-0000-4000-8000-{number:012x}:\n        pop: {{type: l3, customerBgpArea: 65001, ovhBgpArea: 65002, subnet: 172.16.0.{subnet}/30}}\n"
            ));
        }
        text.push_str("    datacenters:\n      GRA: {ovhBgpArea: 65010, subnet: 10.1.0.0/24}\n");
    }
    text
}

#[test]
fn html_stands_alone_and_what_users_write_is_text() {
    let written = Folder::new(&desired()).stdout(&["plan", "--format", "html"]).replace("&#x2f;", "/");
    assert!(!written.contains("<script"), "a script is in it");
    assert!(written.contains("&lt;script&gt;"), "the description is not in it");
    for request in ["src=", "url(", "@import", "http-equiv=\"refresh\"", "href=\"http"] {
        assert!(!written.contains(request), "{request} asks for something");
    }
    // The style sheet is the one that the page's own policy allows.
    let style = written.split("<style>").nth(1).and_then(|it| it.split("</style>").next()).expect("a style");
    let digest = <sha2::Sha256 as sha2::Digest>::digest(style.as_bytes());
    let digest = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest);
    assert!(written.contains(&format!("style-src 'sha256-{digest}'")), "the policy forbids the style sheet");
    assert!(!written.contains(" style=\""), "a style attribute, which the policy forbids");
    // What is linked to is there.
    for target in written.split("href=\"#").skip(1).filter_map(|it| it.split('"').next()) {
        assert!(written.contains(&format!("id=\"{target}\"")), "#{target} is linked to and not there");
    }
}

#[test]
fn diff_shows_live_and_desired() {
    let folder = Folder::new(&desired());
    let diff = folder.stdout(&["diff", "--color", "never"]);
    for line in [
        "--- live",
        "+++ desired",
        "-          subnet: 172.16.0.4/30",
        "+          subnet: 172.16.0.12/30",
        "-          - {type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}",
        "+          - {type: network, subnet: 192.168.20.0/24, nextHop: 10.1.0.10}",
        "-      SBG:",
        "+      RBX:",
        "+        # ovhBgpArea: assigned by OVHcloud",
    ] {
        assert!(diff.lines().any(|it| it == line), "{line:?} is missing:\n{diff}");
    }
    folder.run(2, &["diff", "--detailed-exitcode"]);
    let same = Folder::new(LIVE);
    assert_eq!(same.stdout(&["diff", "--detailed-exitcode"]), "");
}

#[test]
fn graph_needs_no_credentials_and_draws_every_configuration() {
    let folder = Folder::new(LIVE);
    for (format, begins) in [("svg", "<svg"), ("dot", "digraph"), ("mermaid", "flowchart")] {
        let output = command(folder.0.path(), &["graph", "--format", format]).output().unwrap();
        // A slash may be escaped in XML.
        let written = String::from_utf8(output.stdout).expect("UTF-8").replace("&#x2f;", "/");
        assert!(
            written.starts_with(begins),
            "{format}: {written}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        for named in ["pn-1", "pn-2", "GRA", "SBG", "192.168.10.0/24", "172.16.0.4/30", "65001"] {
            assert!(written.contains(named), "{format}: {named} is not drawn:\n{written}");
        }
    }
    let folder = Folder::new(&desired());
    for format in ["svg", "dot", "mermaid"] {
        let written = folder.stdout(&["graph", "--plan", "--format", format]);
        assert!(written.contains("create datacenter RBX of pn-1"), "{format}: {written}");
    }
}

/// The arguments of a plan that knows how long steps took when `LIVE` was applied.
fn timed(folder: &Folder) -> [&'static str; 3] {
    let log = folder.command(&["apply", "--auto-approve", "--allow-disruption", "--log-file", "runs.ndjson"]);
    let applied = { log }.output().expect("the program runs");
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    // Back to where it was before: the same plan is to be made.
    std::fs::write(folder.0.path().join("state.json"), state()).expect("a file");
    ["plan", "--timings", "runs.ndjson"]
}

#[test]
fn where_it_is_known_how_long_steps_take_every_format_says_so() {
    let folder = Folder::new(&desired());
    let plan = timed(&folder);
    let with = |format| [&plan[..], &["--format", format]].concat();
    let json: Value = serde_json::from_str(&folder.stdout(&with("json"))).expect("JSON");
    let schema = std::fs::read_to_string("schemas/plan.schema.json").expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &json), "it does not fit its schema: {json:#}");
    let expected = &json["expected"];
    assert_eq!((&expected["earlierRuns"], &expected["atLeast"]), (&1.into(), &false.into()), "{expected}");
    let steps = json["steps"].as_array().expect("steps");
    let seconds: f64 = steps.iter().map(|it| it["expectedSeconds"].as_f64().expect("a time")).sum();
    let whole = expected["seconds"].as_f64().expect("a time");
    assert!(whole > 0.0 && whole <= seconds, "{whole} s of {seconds} s, which are not all at once");

    let html = folder.stdout(&with("html"));
    assert!(html.contains("<dt>Time</dt>") && html.contains("the median of "), "the page does not say so");
    assert!(!html.contains("A column is a round"), "the page counts in rounds");
    assert!(folder.stdout(&with("markdown")).contains("It takes about "));
    let text = folder.run(0, &plan);
    assert!(String::from_utf8_lossy(&text.stderr).contains("Expected to take about "));
    // Nothing is claimed of a plan whose steps were never seen.
    let destroy = folder.run(0, &[&plan[..], &["--destroy", "--format", "json"]].concat());
    let json: Value = serde_json::from_slice(&destroy.stdout).expect("JSON");
    assert!(json["steps"].as_array().expect("steps").iter().any(|it| it["expectedSeconds"].is_null()));
}

#[test]
fn a_plan_is_summed_up_in_a_line_for_each_change() {
    let written = Folder::new(&desired()).stdout(&["plan", "--summary"]);
    let lines: Vec<&str> = written.lines().filter(|line| line.contains(" pn-1/")).collect();
    let expected = [
        "  ± pn-1/service/0d9e2f64-7b1a-4c8d-8f3e-5a6b7c8d9e02/pop  subnet",
        "  ~ pn-1/service/6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01  description",
        "  - pn-1/datacenter/GRA/network/192.168.10.0/24",
        "  + pn-1/datacenter/GRA/network/192.168.20.0/24",
        "  + pn-1/datacenter/RBX",
        "  - pn-1/datacenter/SBG",
    ];
    assert_eq!(lines, expected, "\n{written}");
    let summary = "Plan: 2 to create, 1 to update, 1 to replace, 2 to delete, 5 unchanged.";
    assert_eq!((written.lines().next(), written.lines().last()), (Some(summary), Some(summary)));
}

/// Runs the program on a terminal of so many columns and returns what it shows.
fn on_a_terminal(folder: &Folder, columns: u16, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let mut command = folder.command(arguments);
    command.env("TERM", "xterm-256color").envs(environment.iter().copied());
    let shown = terminal::run(command, columns, |command, terminal| {
        command.stdout(terminal).stderr(Stdio::null());
    });
    String::from_utf8(shown).expect("UTF-8").replace("\r\n", "\n")
}

#[test]
fn text_is_wrapped_at_the_terminals_width() {
    let folder = Folder::new(&desired());
    for columns in [80, 120] {
        for arguments in [&["plan"][..], &["plan", "--explain"], &["plan", "--summary"]] {
            let shown = on_a_terminal(&folder, columns, arguments, &[]);
            let plain = anstream::adapter::strip_str(&shown).to_string();
            assert!(plain.contains("Plan: "), "{plain}");
            let long = plain.lines().find(|line| line.chars().count() > usize::from(columns));
            assert_eq!(long, None, "longer than {columns} columns with {arguments:?}:\n{plain}");
        }
    }
    // COLUMNS is the user's word.
    let narrow = on_a_terminal(&folder, 120, &["plan", "--color", "never"], &[("COLUMNS", "80")]);
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
}

#[test]
fn colour_is_where_it_is_wanted() {
    let folder = Folder::new(&desired());
    let is_coloured = |text: &str| text.contains("\u{1b}[");
    let piped = |arguments: &[&str], environment: &[(&str, &str)]| {
        let output = folder.command(arguments).envs(environment.iter().copied()).output().unwrap();
        is_coloured(&String::from_utf8_lossy(&output.stdout))
    };
    let shown = |arguments: &[&str], environment: &[(&str, &str)]| {
        is_coloured(&on_a_terminal(&folder, 100, arguments, environment))
    };
    let plan = &["plan"][..];
    let found = [
        ("in a pipe", piped(plan, &[]), false),
        ("in a pipe, --color always", piped(&["plan", "--color", "always"], &[]), true),
        ("in a pipe, CLICOLOR_FORCE", piped(plan, &[("CLICOLOR_FORCE", "1")]), true),
        ("on a terminal", shown(plan, &[]), true),
        ("on a terminal, NO_COLOR", shown(plan, &[("NO_COLOR", "1")]), false),
        ("on a terminal, NO_COLOR empty", shown(plan, &[("NO_COLOR", "")]), true),
        ("on a terminal, TERM=dumb", shown(plan, &[("TERM", "dumb")]), false),
        ("on a terminal, --color never", shown(&["plan", "--color", "never"], &[]), false),
        ("NO_COLOR and --color always", shown(&["plan", "--color", "always"], &[("NO_COLOR", "1")]), true),
        ("a document, --color always", piped(&["plan", "--format", "json", "--color", "always"], &[]), false),
    ];
    let wrong: Vec<_> =
        found.iter().filter(|(_, is, shall)| is != shall).map(|(case, is, _)| (case, is)).collect();
    assert!(wrong.is_empty(), "coloured or not, and wrongly so: {wrong:?}");
}
