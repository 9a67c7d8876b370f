//! What a failing case looks like to a person.

use std::fmt::Write as _;

use ovhconnect::live::{ConfigId, Live, LiveConfig};
use ovhconnect::plan::{DatacenterRef, NewExtra, Operation, Plan, Target, Via};
use ovhconnect::topology::Spec;

fn via(via: &Via) -> String {
    match via {
        Via::Live { key } => format!("PoP {} of {}", key.id, service(&key.service)),
        Via::Made { step, .. } => format!("the PoP of {step}"),
    }
}

/// The last digits: the services of a case differ in nothing else.
fn service(id: &ovhconnect::topology::ServiceId) -> String {
    let text = id.to_string();
    format!("…{}", &text[text.len() - 2..])
}

fn datacenter(datacenter: &DatacenterRef) -> String {
    match datacenter {
        DatacenterRef::Live { datacenter_id, ids } => {
            let numbers: Vec<String> = ids.values().map(u64::to_string).collect();
            format!("datacenter {datacenter_id} (configuration {})", numbers.join("/"))
        }
        DatacenterRef::Made { datacenter_id, step } => format!("datacenter {datacenter_id} of {step}"),
    }
}

fn extra(extra: &NewExtra) -> String {
    match extra {
        NewExtra::Network { subnet, next_hop } => format!("network {subnet} by {next_hop}"),
        NewExtra::Bgp { bgp_neighbor_ip, bgp_neighbor_area } => {
            format!("bgp {bgp_neighbor_ip} AS {bgp_neighbor_area}")
        }
    }
}

fn target(target: &Target) -> String {
    match target {
        Target::Pop { pop } => format!("PoP {} of {}", pop.id, service(&pop.service)),
        Target::Datacenter { via: through, datacenter: of } => {
            format!("{} via {}", datacenter(of), via(through))
        }
        Target::Extra { via: through, extra: of } => {
            format!("{} ({}) via {}", extra(&of.extra), of.id, via(through))
        }
    }
}

pub fn operation(operation: &Operation) -> String {
    match operation {
        Operation::Attach { service: id } => format!("attach {}", service(id)),
        Operation::Detach { service: id } => format!("detach {}", service(id)),
        Operation::Describe { service: id, description } => {
            format!("describe {} `{description}`", service(id))
        }
        Operation::Lock { service: id, interface, .. } => format!("lock {interface} of {}", service(id)),
        Operation::Unlock { service: id, interface, .. } => format!("unlock {interface} of {}", service(id)),
        Operation::CreatePop { service: id, pop } => {
            format!("create pop of {}: {}", service(id), fields(&Spec::Pop(pop.clone())))
        }
        Operation::DeletePop { pop } => format!("delete pop {} of {}", pop.id, service(&pop.service)),
        Operation::CreateDatacenter { via: through, datacenter_id, datacenter } => {
            let fields = fields(&Spec::Datacenter(datacenter.clone()));
            format!("create datacenter {datacenter_id}: {fields} via {}", via(through))
        }
        Operation::DeleteDatacenter { via: through, datacenter: of } => {
            format!("delete {} via {}", datacenter(of), via(through))
        }
        Operation::CreateExtra { via: through, datacenter: of, extra: new } => {
            format!("create {} in {} via {}", extra(new), datacenter(of), via(through))
        }
        Operation::DeleteExtra { via: through, extra: of } => {
            format!(
                "delete {} ({}) in {} via {}",
                extra(&of.extra),
                of.id,
                datacenter(&of.datacenter),
                via(through)
            )
        }
        Operation::AwaitActive { target: of } => format!("wait until active: {}", target(of)),
        Operation::AwaitSettled { target: of } => format!("wait until settled: {}", target(of)),
        Operation::AwaitGone { target: of } => format!("wait until gone: {}", target(of)),
        Operation::AwaitTask { service: id, task, function } => {
            format!("wait for task {task} {function} of {}", service(id))
        }
        Operation::AwaitVrackTask { task, function } => format!("wait for vRack task {task} {function}"),
    }
}

fn fields(spec: &Spec) -> String {
    let fields: Vec<String> = spec.fields().iter().map(|(field, value)| format!("{field} {value}")).collect();
    fields.join(", ")
}

fn config(config: &LiveConfig) -> String {
    let id = match &config.id {
        ConfigId::Member | ConfigId::Interface(_) => String::new(),
        ConfigId::Pop(key) => format!(" #{}", key.id),
        ConfigId::Datacenter(ids) => {
            let ids: Vec<String> = ids.iter().map(|(pop, id)| format!("{id} by PoP {}", pop.id)).collect();
            format!(" #({})", ids.join(", "))
        }
        ConfigId::Extra { id, datacenter, .. } => format!(" #{id} in {datacenter}"),
    };
    format!("{:?}{id} {}", config.status, fields(&config.spec))
}

/// The live state, one line a configuration, and what is under way.
pub fn live(live: &Live) -> String {
    let mut out = String::new();
    for (id, service) in &live.services {
        let vrack = service.vrack.as_ref().map_or_else(|| "no vRack".to_owned(), ToString::to_string);
        _ = write!(out, "  service {id} in {vrack}, interfaces {:?}", service.interfaces);
        if !service.description.is_empty() {
            _ = write!(out, ", `{}`", service.description);
        }
        for task in &service.tasks {
            _ = write!(out, ", task {} {} {:?}", task.id, task.function, task.resource_id);
        }
        out.push('\n');
    }
    for (vrack, found) in &live.vracks {
        for task in &found.tasks {
            _ = writeln!(out, "  {vrack}: task {} {} of {}", task.id, task.function, task.service);
        }
    }
    for (address, configs) in &live.configs {
        for it in configs {
            _ = writeln!(out, "  {address}  {}", config(it));
        }
    }
    out
}

/// The changes, the steps with what each waits for, and the impact.
pub fn plan(plan: &Plan) -> String {
    let mut out = String::new();
    for change in &plan.changes {
        let before = change.before.as_ref().map(config).unwrap_or_default();
        let after = change.after.as_ref().map(|it| format!(" → {}", fields(it))).unwrap_or_default();
        let (address, action, reason) = (&change.address, &change.action, &change.reason);
        _ = writeln!(out, "  {action:?} {address}: {before}{after} ({reason})");
    }
    for (id, step) in plan.steps() {
        _ = writeln!(out, "  {id} {}: {}", step.address.vrack, operation(&step.operation));
        for edge in plan.edges.iter().filter(|edge| edge.after == id) {
            _ = writeln!(out, "        after {}: {}", edge.before, edge.because);
        }
    }
    for (vrack, impact) in &plan.impact {
        let (paths, datacenters) = (&impact.paths, &impact.datacenters);
        _ = writeln!(
            out,
            "  {vrack}: paths {} → {} → {}, datacenters {} → {} → {}",
            paths.before, paths.least, paths.after, datacenters.before, datacenters.least, datacenters.after
        );
    }
    out
}
