//! What stood in the account while a plan ran: so that a plan's impact is not only written but true.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use ovhconnect::api::wire::{ConfigStatus, InterfaceStatus, PopType};
use ovhconnect::plan::Plan;
use ovhconnect::sim::{Simulator, World};
use ovhconnect::topology::{Spec, Topology, VrackName};
use uuid::Uuid;

/// How often it looks: far more often than anything comes or goes.
const EVERY: Duration = Duration::from_secs(1);

/// Active l3 PoPs whose port is in service, and active l3 datacenters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Standing {
    paths: usize,
    datacenters: usize,
}

/// The least that stood in each vRack, and what stands now.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The services of which the topology says whether their interfaces are in service: of no others can a
    /// plan know.
    known: BTreeSet<Uuid>,
    seen: BTreeMap<VrackName, (Standing, Standing)>,
}

impl Witness {
    pub fn of(topology: &Topology) -> Self {
        let interfaces =
            topology.entries.iter().filter(|(_, declared)| matches!(declared.spec, Spec::Interface(_)));
        let known = interfaces.filter_map(|(address, _)| Some(address.service()?.uuid())).collect();
        Self { known, seen: BTreeMap::new() }
    }

    /// Looks at the vRacks of a plan, for ever.
    pub async fn watch(&mut self, plan: &Plan, simulator: &Simulator) {
        loop {
            self.look(plan, &simulator.world());
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Looks once.
    pub fn look(&mut self, plan: &Plan, world: &World) {
        for vrack in plan.impact.keys() {
            let now = standing(world, vrack.as_str(), &self.known);
            let (least, last) = self.seen.entry(vrack.clone()).or_insert((now, now));
            least.paths = least.paths.min(now.paths);
            least.datacenters = least.datacenters.min(now.datacenters);
            *last = now;
        }
    }

    /// Where the plan's impact promised more than was there.
    pub fn broken_promises(&self, plan: &Plan) -> String {
        let mut broken = String::new();
        for (vrack, impact) in &plan.impact {
            let Some((least, last)) = self.seen.get(vrack) else { continue };
            for (what, promised, least, last) in [
                ("l3 paths", impact.paths, least.paths, last.paths),
                ("datacenters", impact.datacenters, least.datacenters, last.datacenters),
            ] {
                if least < promised.least {
                    let _ = writeln!(broken, "{vrack} {what}: {least} at some moment, not {promised:?}");
                }
                if last != promised.after {
                    let _ = writeln!(broken, "{vrack} {what}: {last} at the end, not {promised:?}");
                }
            }
        }
        broken
    }
}

fn standing(world: &World, vrack: &str, known: &BTreeSet<Uuid>) -> Standing {
    let members = world.attached(vrack).unwrap_or_default();
    let (mut paths, mut datacenters) = (0, 0);
    for service in members.iter().map(|member| member.ovh_cloud_connect) {
        for pop in world.pops(service).unwrap_or_default() {
            if pop.kind != PopType::L3 {
                continue;
            }
            let port = world.interface(service, pop.interface_id).map(|it| it.status);
            let is_dark = known.contains(&service) && port != Ok(InterfaceStatus::Enabled);
            let is_up = pop.status == ConfigStatus::Active && !is_dark;
            paths += usize::from(is_up);
            let inside = world.datacenters(service, pop.id).unwrap_or_default();
            let active = inside.into_iter().filter(|datacenter| datacenter.status == ConfigStatus::Active);
            // Every l3 PoP reaches the same ones, though maybe under other numbers.
            datacenters = active.count().max(datacenters);
        }
    }
    Standing { paths, datacenters }
}
