//! A plan as one page that needs nothing else: no script, no font, no request.
//!
//! Here is what the page says; `templates/plan.html` is how. Everything that is not in the template is
//! escaped by it, so that nothing a user or the API wrote can be more than text.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::drawing::{self, Drawing};
use super::estate::{Estate, Mark};
use super::fields;
use super::impact::{Alarm, Traffic};
use super::json::Call;
use super::order::Order;
use super::report::{Expected, Report};
use super::schedule::Schedule;
use super::timeline::Timeline;
use super::words::{self, ACTIONS, ShortNames, action_word};
use crate::diff::{Action, Change, Goal};
use crate::plan::{Impact, Plan, StepId};
use crate::topology::VrackName;

/// How many vRacks are shown unfolded at once.
const UNFOLDED: usize = 6;

const DRAWING_STYLE: &str = include_str!("templates/drawing.css");
const PAGE_STYLE: &str = include_str!("templates/plan.css");

/// What `templates/plan.html` is filled with.
#[derive(Serialize)]
struct Page<'a> {
    style_hash: String,
    style: String,
    name: &'a str,
    endpoint: &'a str,
    only: Option<String>,
    goal: &'static str,
    headline: String,
    is_empty: bool,
    counts: Vec<Count>,
    unchanged: usize,
    rounds: usize,
    step_count: usize,
    /// How long it takes and from where that is known, where it is.
    takes: Option<Takes>,
    /// The parts of the line that steps are drawn along, and its length.
    cells: Vec<String>,
    length: u64,
    refusals: Vec<Refusal>,
    alarms: Vec<BTreeMap<&'static str, String>>,
    sections: Vec<Section>,
    program: &'static str,
}

/// How long the plan is expected to take.
#[derive(Serialize)]
struct Takes {
    words: String,
    because: String,
}

/// What `templates/network.svg` is filled with.
#[derive(Serialize)]
struct Network {
    drawings: Vec<Placed>,
    width: i32,
    height: i32,
    style: &'static str,
}

/// A drawing among others.
#[derive(Serialize)]
struct Placed {
    top: i32,
    drawing: Drawing,
}

/// What `templates/order.svg` is filled with.
#[derive(Serialize)]
struct OrderPage {
    order: Order,
    style: &'static str,
}

/// One vRack of the page.
#[derive(Serialize)]
struct Section {
    name: String,
    is_open: bool,
    counts: Vec<Count>,
    unchanged: usize,
    /// `stops`, `interrupted`, `reduced`, `steady`, `starts` or `none`: the worst that happens to traffic.
    verdict: &'static str,
    verdict_words: String,
    alarms: Vec<String>,
    /// What goes down, and from which step to which.
    details: Vec<String>,
    paths: Option<Level>,
    datacenters: Option<Level>,
    /// Paths by part of the line.
    strip: Vec<usize>,
    drawing: Drawing,
    changes: Vec<Row>,
    steps: Vec<StepRow>,
    unmanaged: Vec<String>,
}

#[derive(Serialize)]
struct Level {
    before: usize,
    least: usize,
    after: usize,
}

/// How many changes there are of a kind.
#[derive(Serialize)]
struct Count {
    mark: &'static str,
    count: usize,
    words: &'static str,
}

#[derive(Serialize)]
struct Row {
    number: usize,
    mark: &'static str,
    word: &'static str,
    place: String,
    address: String,
    because: String,
    fields: Vec<FieldRow>,
    steps: Vec<usize>,
}

#[derive(Serialize)]
struct FieldRow {
    name: String,
    before: Option<String>,
    after: Option<String>,
    differs: bool,
    forces: bool,
}

#[derive(Serialize)]
struct StepRow {
    number: usize,
    mark: &'static str,
    word: &'static str,
    does: String,
    /// Where its bar begins, and how long it is.
    begin: f64,
    width: f64,
    /// Where that is, in words.
    when: String,
    /// How long it is expected to take, where anything is known of how long steps take.
    takes: Option<String>,
    is_critical: bool,
    because: Option<String>,
    change: Option<usize>,
    waits: Vec<Wait>,
}

#[derive(Serialize)]
struct Wait {
    number: usize,
    because: String,
}

#[derive(Serialize)]
struct Refusal {
    message: String,
    help: &'static str,
}

/// The page.
#[must_use]
pub fn plan(report: &Report<'_>) -> String {
    let Report { plan, live: _, name, endpoint, only, violations, expected } = report;
    let style = format!("{DRAWING_STYLE}{PAGE_STYLE}");
    let sections = sections(report);
    let refusals: Vec<Refusal> =
        violations.iter().map(|it| Refusal { message: it.to_string(), help: it.help() }).collect();
    let timeline = Timeline::of(plan, *expected);
    let goal = match plan.goal {
        Goal::Apply => "apply",
        Goal::Destroy => "destroy",
    };
    let headline = if plan.is_empty() {
        words::nothing_to_do(plan)
    } else {
        let vracks: BTreeSet<&VrackName> = plan.changes.iter().map(|change| &change.address.vrack).collect();
        format!("{} in {}", words::many(plan.changes.len(), "change"), words::many(vracks.len(), "vRack"))
    };
    let alarms: Vec<BTreeMap<&'static str, String>> = Traffic::of(plan)
        .alarms()
        .map(|it| BTreeMap::from([("vrack", it.vrack.to_string()), ("words", it.to_string())]))
        .collect();
    let page = Page {
        style_hash: STANDARD.encode(Sha256::digest(style.as_bytes())),
        style,
        name,
        endpoint,
        only: only.map(ToString::to_string),
        goal,
        headline,
        is_empty: plan.is_empty(),
        counts: counts(plan.changes.iter()),
        unchanged: plan.unchanged,
        rounds: Schedule::of(plan).length,
        step_count: plan.steps.len(),
        takes: expected.map(|it| Takes { words: it.takes(), because: it.because() }),
        cells: timeline.cells,
        length: timeline.length,
        refusals,
        alarms,
        sections,
        program: concat!("ovhconnect ", env!("CARGO_PKG_VERSION")),
    };
    render("plan.html", &page)
}

/// The network alone, as an SVG document.
#[must_use]
pub fn network(estate: &Estate<'_>) -> String {
    let drawings: Vec<Drawing> = estate.vracks.keys().map(|vrack| drawing::draw(estate, vrack)).collect();
    let mut top = 0;
    let drawings: Vec<Placed> = drawings
        .into_iter()
        .map(|drawing| {
            let at = top;
            top += drawing.height + 24;
            Placed { top: at, drawing }
        })
        .collect();
    render(
        "network.svg",
        &Network { drawings, width: drawing::WIDTH, height: top.max(40), style: DRAWING_STYLE },
    )
}

/// The order alone, as an SVG document.
#[must_use]
pub fn order(plan: &Plan) -> String {
    render("order.svg", &OrderPage { order: Order::of(plan), style: DRAWING_STYLE })
}

fn render(template: &str, page: &impl Serialize) -> String {
    let page = Value::from(Serde(page));
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    let templates = [
        ("drawing.svg", include_str!("templates/drawing.svg")),
        ("network.svg", include_str!("templates/network.svg")),
        ("order.svg", include_str!("templates/order.svg")),
        ("plan.html", include_str!("templates/plan.html")),
    ];
    for (name, text) in templates {
        environment.add_template(name, text).expect("templates are part of the program, and tested");
    }
    let rendered = environment.get_template(template).and_then(|template| template.render(page));
    let text = rendered
        .unwrap_or_else(|problem| panic!("templates are part of the program, and tested: {problem:#}"));
    // The engine takes off the last line's end.
    format!("{text}\n")
}

fn counts<'a>(changes: impl Iterator<Item = &'a Change>) -> Vec<Count> {
    let mut counts: BTreeMap<Action, usize> = BTreeMap::new();
    for change in changes {
        *counts.entry(change.action).or_default() += 1;
    }
    let count = |(action, words): &(Action, &'static str)| {
        let mark = drawing::class_of(Mark::Changed(*action));
        Some(Count { mark, count: *counts.get(action)?, words })
    };
    ACTIONS.iter().filter_map(count).collect()
}

fn sections(report: &Report<'_>) -> Vec<Section> {
    let plan = report.plan;
    let estate = report.estate();
    let names = ShortNames::of(plan);
    let timeline = Timeline::of(plan, report.expected);
    let mut paths = timeline.paths(plan);
    let mut changes: BTreeMap<&VrackName, Vec<Row>> = BTreeMap::new();
    let mut steps: BTreeMap<&VrackName, Vec<StepRow>> = BTreeMap::new();
    let mut of_change: Vec<Vec<usize>> = vec![Vec::new(); plan.changes.len()];
    for (row, vrack) in step_rows(plan, &timeline, report.expected) {
        if let Some(change) = row.change {
            of_change[change - 1].push(row.number);
        }
        steps.entry(vrack).or_default().push(row);
    }
    for (at, (change, steps)) in plan.changes.iter().zip(of_change).enumerate() {
        changes.entry(&change.address.vrack).or_default().push(change_row(at, change, steps, &names));
    }
    let traffic = Traffic::of(plan);
    let busy = changes.len();
    let section = |vrack: &VrackName| {
        let impact = plan.impact.get(vrack);
        let own: Vec<&Alarm> = traffic.alarms().filter(|alarm| alarm.vrack == *vrack).collect();
        let details = traffic.vracks.iter().find(|it| it.vrack == vrack).map(|it| it.details.clone());
        let (verdict, verdict_words) = verdict(impact, &own);
        let changes = changes.remove(vrack).unwrap_or_default();
        let items = &estate.vracks[vrack];
        let level =
            |it: &crate::plan::impact::Level| Level { before: it.before, least: it.least, after: it.after };
        Section {
            name: vrack.to_string(),
            is_open: !changes.is_empty() && (busy <= UNFOLDED || !own.is_empty()),
            counts: counts(plan.changes.iter().filter(|change| change.address.vrack == *vrack)),
            unchanged: items.iter().filter(|item| item.mark == Mark::Kept).count(),
            verdict,
            verdict_words,
            details: details.unwrap_or_default(),
            alarms: own.iter().map(ToString::to_string).collect(),
            paths: impact.map(|it| level(&it.paths)),
            datacenters: impact.map(|it| level(&it.datacenters)),
            strip: paths.remove(vrack).unwrap_or_default(),
            drawing: drawing::draw(&estate, vrack),
            changes,
            steps: steps.remove(vrack).unwrap_or_default(),
            unmanaged: plan
                .unmanaged
                .iter()
                .filter(|at| at.vrack == *vrack)
                .map(ToString::to_string)
                .collect(),
        }
    };
    estate.vracks.keys().map(section).collect()
}

/// What happens to the traffic of a vRack, at its worst, in a word and in words.
fn verdict(impact: Option<&Impact>, alarms: &[&Alarm]) -> (&'static str, String) {
    if alarms.iter().any(|alarm| !alarm.comes_back) {
        return ("stops", "Traffic stops for good".to_owned());
    }
    if !alarms.is_empty() {
        return ("interrupted", "Traffic stops meanwhile".to_owned());
    }
    let Some(Impact { paths, .. }) = impact else { return ("none", "No path is touched".to_owned()) };
    match (paths.before, paths.least, paths.after) {
        (0, _, 0) => ("none", "No l3 path, now or afterwards".to_owned()),
        (0, _, after) => ("starts", format!("{} afterwards", words::many(after, "l3 path"))),
        (before, least, _) if least < before => ("reduced", format!("at least {least} of {before} paths up")),
        _ => ("steady", "all paths stay up".to_owned()),
    }
}

fn change_row(at: usize, change: &Change, steps: Vec<usize>, names: &ShortNames) -> Row {
    let fields = fields::of(change).into_iter().map(|field| FieldRow {
        differs: field.differs(),
        name: field.field.to_string(),
        before: field.before,
        after: field.after,
        forces: field.forces,
    });
    Row {
        number: at + 1,
        mark: drawing::class_of(Mark::Changed(change.action)),
        word: action_word(change.action),
        place: words::place(&change.address, names),
        address: change.address.to_string(),
        because: words::reason(change),
        fields: fields.collect(),
        steps,
    }
}

fn step_rows<'p>(
    plan: &'p Plan,
    timeline: &Timeline,
    expected: Option<&Expected>,
) -> Vec<(StepRow, &'p VrackName)> {
    let names = ShortNames::of(plan);
    let mut waits: Vec<Vec<Wait>> = plan.steps.iter().map(|_| Vec::new()).collect();
    for edge in &plan.edges {
        waits[edge.after.0].push(Wait { number: edge.before.0 + 1, because: edge.because.to_string() });
    }
    let rows = plan.steps().zip(waits).map(|((id, step), waits)| {
        let (mark, word) = call_mark(Call::of(&step.operation));
        let change = step.change.and_then(|at| plan.changes.get(at));
        let Bar { begin, width, when, takes } = bar(id, timeline, expected);
        let row = StepRow {
            number: id.0 + 1,
            mark,
            word,
            does: words::step(step, &names),
            begin,
            width,
            when,
            takes,
            is_critical: timeline.is_critical(id),
            because: change.map(words::reason),
            change: step.change.map(|at| at + 1),
            waits,
        };
        (row, &step.address.vrack)
    });
    rows.collect()
}

/// A step along the line.
struct Bar {
    begin: f64,
    width: f64,
    when: String,
    takes: Option<String>,
}

fn bar(id: StepId, timeline: &Timeline, expected: Option<&Expected>) -> Bar {
    let (from, to) = timeline.span(id);
    let (begin, length, whole) = (from as f64, (to - from) as f64, timeline.length as f64);
    let Some(expected) = expected else {
        // A gap between rounds.
        return Bar { begin: begin + 0.04, width: 0.92, when: format!("round {}", from + 1), takes: None };
    };
    // What is too short to be seen is drawn as if it were not.
    let width = length.max(whole / 150.0).min(whole - begin.min(whole * 149.0 / 150.0));
    let begin = begin.min(whole - width);
    let at = words::clock(expected.forecast.spans[id.0].0);
    let takes = match expected.steps[id.0] {
        Some(takes) => format!("expected to take {}, from {at} on", words::rough(takes)),
        None => format!("begins at {at}, and it is not known how long it takes"),
    };
    Bar { begin, width, when: takes.clone(), takes: Some(takes) }
}

/// How a step is marked, and the word for it.
#[must_use]
pub const fn call_mark(call: Call) -> (&'static str, &'static str) {
    match call {
        Call::Attach => ("create", "attach"),
        Call::Create => ("create", "create"),
        Call::Detach => ("delete", "detach"),
        Call::Delete => ("delete", "delete"),
        Call::Describe => ("update", "update"),
        Call::Lock => ("update", "lock"),
        Call::Unlock => ("update", "unlock"),
        Call::Wait => ("wait", "wait"),
    }
}
