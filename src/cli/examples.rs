//! What help begins with: what is typed most. Every line of it is run by a test.

/// By command: what is typed, and what for. `ovhconnect` stands for the program itself.
pub const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    (
        "ovhconnect",
        &[
            ("ovhconnect validate", "is topology.yaml right? (no account needed)"),
            ("ovhconnect plan --simulate", "what would it do? on a simulated account"),
            ("ovhconnect plan", "the same with yours"),
            ("ovhconnect apply", "do it, once you said yes"),
        ],
    ),
    (
        "validate",
        &[
            ("ovhconnect validate topology.yaml", "one file"),
            ("ovhconnect validate . --format github", "a folder, as annotations in a pull request"),
        ],
    ),
    (
        "explain",
        &[
            ("ovhconnect explain OCC060", "what is this about?"),
            ("ovhconnect explain", "a list of all codes"),
        ],
    ),
    (
        "plan",
        &[
            ("ovhconnect plan topology.yaml --simulate", "on a simulated account, made from the topology"),
            ("ovhconnect plan topology.yaml", "what would apply do?"),
            (
                "ovhconnect plan topology.yaml --out plan.json",
                "keep it: `ovhconnect apply plan.json` does this",
            ),
            ("ovhconnect plan topology.yaml --format html=plan.html", "and a page to look at"),
            ("ovhconnect plan topology.yaml --detailed-exitcode --deny last-path", "for a pipeline"),
        ],
    ),
    (
        "diff",
        &[
            ("ovhconnect diff topology.yaml", "live and desired"),
            ("ovhconnect diff --only pn-12345", "of one vRack"),
        ],
    ),
    (
        "graph",
        &[
            ("ovhconnect graph topology.yaml > network.svg", "a picture of the topology"),
            ("ovhconnect graph topology.yaml --plan --format mermaid", "what comes before what"),
        ],
    ),
    (
        "apply",
        &[
            ("ovhconnect apply topology.yaml --simulate --auto-approve", "rehearse it"),
            ("ovhconnect apply plan.json", "do what was planned, if nothing has changed since"),
            (
                "ovhconnect apply topology.yaml --auto-approve --verify=60",
                "and wait until it carries traffic",
            ),
            (
                "ovhconnect apply topology.yaml --auto-approve --log-file runs.ndjson --timings runs.ndjson",
                "in a pipeline; later runs know how long it takes",
            ),
        ],
    ),
    (
        "destroy",
        &[
            ("ovhconnect destroy topology.yaml --simulate --auto-approve --allow-disruption", "rehearse it"),
            ("ovhconnect plan topology.yaml --destroy", "what would go?"),
        ],
    ),
    (
        "access",
        &[
            ("ovhconnect access --for plan", "what a credential that only plans has to allow"),
            ("ovhconnect access --format iam", "a policy for a service account that applies"),
        ],
    ),
    (
        "export",
        &[
            ("ovhconnect export --out live.yaml", "begin with what is live"),
            ("ovhconnect export --vrack pn-12345", "one vRack"),
        ],
    ),
    (
        "status",
        &[
            ("ovhconnect status topology.yaml", "is what the topology speaks of up?"),
            ("ovhconnect status --vrack pn-12345", "one vRack, declared or not"),
            ("ovhconnect status topology.yaml --detailed-exitcode", "exit with 2 when something is down"),
        ],
    ),
    (
        "verify",
        &[
            ("ovhconnect verify topology.yaml --timeout 60", "does it carry traffic? wait a minute for it"),
            (
                "ovhconnect verify topology.yaml --timeout 0 --format text --format junit=verify.xml",
                "one look, for a pipeline",
            ),
        ],
    ),
    (
        "diagnose",
        &[
            (
                "ovhconnect diagnose pn-12345/service/6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01/pop",
                "what does OVHcloud's router say of this BGP session?",
            ),
            (
                "ovhconnect diagnose pn-12345/datacenter/GRA --kind routes --out routes.json",
                "which routes are known there? and keep it",
            ),
            ("ovhconnect diagnose pn-12345/datacenter/GRA --kind routes --last", "what was found last"),
        ],
    ),
    (
        "router",
        &[
            ("ovhconnect router topology.yaml --format frr", "for every PoP"),
            (
                "ovhconnect router topology.yaml --format ios-xe --announce 192.168.0.0/16",
                "with what you announce",
            ),
        ],
    ),
    (
        "whatif",
        &[
            ("ovhconnect whatif topology.yaml", "what if something is lost?"),
            ("ovhconnect whatif topology.yaml --require n-1", "exit with 2 where one loss is too much"),
        ],
    ),
    (
        "simulate",
        &[
            ("ovhconnect simulate --topology topology.yaml", "an account for it, until you interrupt"),
            (
                "ovhconnect simulate --topology topology.yaml --task-seconds 5",
                "with tasks that are soon done",
            ),
        ],
    ),
    ("fmt", &[("ovhconnect fmt topology.yaml", "write it anew"), ("ovhconnect fmt --check", "is it?")]),
    ("schema", &[("ovhconnect schema > topology.schema.json", "for an editor")]),
    (
        "completions",
        &[("ovhconnect completions bash > ovhconnect.bash", "then, in ~/.bashrc: source ovhconnect.bash")],
    ),
    (
        "man",
        &[("ovhconnect man > ovhconnect.1", "the main page"), ("ovhconnect man --out man1", "all of them")],
    ),
];

/// The examples of a command.
#[must_use]
pub fn of(command: &str) -> &'static [(&'static str, &'static str)] {
    EXAMPLES.iter().find(|(name, _)| *name == command).map_or(&[], |(_, lines)| lines)
}

/// The examples of a command as its help shows them, if it has any.
fn text(command: &str) -> Option<String> {
    let examples: Vec<String> =
        of(command).iter().map(|(line, what)| format!("  # {what}\n  {line}")).collect();
    (!examples.is_empty()).then(|| format!("Examples:\n{}", examples.join("\n")))
}

/// A command line whose help begins with examples.
#[must_use]
pub fn first(mut command: clap::Command) -> clap::Command {
    let names: Vec<String> = command.get_subcommands().map(|it| it.get_name().to_owned()).collect();
    for name in names {
        if let Some(examples) = text(&name) {
            command = command.mut_subcommand(name, |it| it.before_help(examples));
        }
    }
    match text("ovhconnect") {
        Some(examples) => command.before_help(examples),
        None => command,
    }
}
