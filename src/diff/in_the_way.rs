//! What is left alone in a vRack that is managed as `declared`, and stands in the way of what is declared.
//!
//! Where it is being deleted it is waited for, although it is not declared; where it remains, what is
//! declared cannot be had.

use std::collections::BTreeSet;

use super::vrack::VrackDiff;
use super::{Action, Occupied, Reason, SERVICES_PER_VRACK, prefix};
use crate::diagnostic::Label;
use crate::live::{LiveConfig, Status};
use crate::topology::rules::live as rules;
use crate::topology::{Address, Manage, Node, Pop, ServicePart, Spec};

/// Something live that no change is about.
#[derive(Clone, Copy)]
struct Bystander<'a> {
    address: &'a Address,
    config: &'a LiveConfig,
    /// Whether it is being deleted, itself or with its datacenter.
    goes: bool,
}

/// What the topology asks for and something else has.
struct Claim {
    address: Address,
    after: Spec,
}

impl<'a> VrackDiff<'a> {
    /// Completes the changes with waits for bystanders that make place, and says which ones do not.
    pub(super) fn look_in_the_way(&mut self) {
        // In a vRack that is managed as a whole there are no bystanders.
        if self.manage == Manage::All {
            return;
        }
        let claims: Vec<Claim> = self
            .changes
            .iter()
            .filter(|change| matches!(change.action, Action::Create | Action::Replace))
            .filter_map(|change| {
                Some(Claim { address: change.address.clone(), after: change.after.clone()? })
            })
            .collect();
        if claims.is_empty() {
            return;
        }
        let bystanders = self.bystanders();
        let mut waited: Vec<Bystander<'a>> = Vec::new();
        self.prefixes_in_the_way(&claims, &bystanders, &mut waited);
        self.l2_in_the_way(&claims, &bystanders, &mut waited);
        self.ending_in_the_way(&claims, &bystanders, &mut waited);
        self.places_in_the_way(&claims);
        let mut seen = BTreeSet::new();
        for Bystander { address, config, .. } in waited {
            if seen.insert((address, config.id.lowest())) {
                self.remove(address, std::slice::from_ref(config), Reason::BeingDeleted);
            }
        }
        // Stable: at one address the change that keeps or makes something stays first.
        self.changes.sort_by(|a, b| a.address.cmp(&b.address));
    }

    fn bystanders(&self) -> Vec<Bystander<'a>> {
        let touched: BTreeSet<(&Address, u64)> = self
            .changes
            .iter()
            .filter_map(|change| Some((&change.address, change.before.as_ref()?.id.lowest())))
            .collect();
        let ending = self.is_ending();
        let live = self.live;
        let all = live.in_vrack(self.vrack).filter(|(at, _)| !self.topology.entries.contains_key(*at));
        let all = all.flat_map(|(at, configs)| configs.iter().map(move |config| (at, config)));
        // What goes with the last l3 PoP is gone when that is.
        let remains = |at: &Address, config: &LiveConfig| {
            let goes = ending && matches!(at.node, Node::Datacenter(..));
            !goes && !touched.contains(&(at, config.id.lowest()))
        };
        all.filter(|(at, config)| remains(at, config))
            .map(|(address, config)| {
                let parents = address.parent().and_then(|parent| live.configs.get(&parent));
                let with_parent = parents
                    .into_iter()
                    .flatten()
                    .any(|parent| parent.status == Status::Deleting && parent.id.holds(&config.id));
                Bystander { address, config, goes: with_parent || config.status == Status::Deleting }
            })
            .collect()
    }

    /// Whether the last l3 PoP of the vRack is being deleted, and its datacenters with it.
    fn is_ending(&self) -> bool {
        let mut pops = self.live.l3_pops(self.vrack).map(|(_, config)| config.status).peekable();
        pops.peek().is_some() && pops.all(|status| status == Status::Deleting)
    }

    fn prefixes_in_the_way(
        &mut self,
        claims: &[Claim],
        bystanders: &[Bystander<'a>],
        waited: &mut Vec<Bystander<'a>>,
    ) {
        let mut occupied: Occupied<Bystander<'a>> = Occupied::default();
        for bystander in bystanders {
            if let Some(held) = prefix(bystander.address, &bystander.config.spec) {
                occupied.insert(held, *bystander);
            }
        }
        for Claim { address, after } in claims {
            let Some(wanted) = prefix(address, after) else { continue };
            for (theirs, holder) in occupied.excluding(wanted) {
                if holder.goes {
                    waited.push(*holder);
                } else {
                    let message = format!(
                        "{address}: {} overlaps with {theirs} of {}, which is not declared and left alone",
                        wanted.0, holder.address
                    );
                    self.in_the_way(address, message, "asked for here");
                }
            }
        }
    }

    fn l2_in_the_way(
        &mut self,
        claims: &[Claim],
        bystanders: &[Bystander<'a>],
        waited: &mut Vec<Bystander<'a>>,
    ) {
        let is_l2 = |spec: &Spec| matches!(spec, Spec::Pop(Pop::L2 { .. }));
        for Claim { address, .. } in claims.iter().filter(|claim| is_l2(&claim.after)) {
            for holder in bystanders.iter().filter(|it| is_l2(&it.config.spec)) {
                if holder.goes {
                    waited.push(*holder);
                } else {
                    let message = format!(
                        "{address}: a vRack has at most one l2 service, and {} is one, not declared and left alone",
                        holder.address
                    );
                    self.in_the_way(address, message, "l2 asked for here");
                }
            }
        }
    }

    /// Where the last l3 PoP is being deleted, a new one is made when that is over.
    fn ending_in_the_way(
        &self,
        claims: &[Claim],
        bystanders: &[Bystander<'a>],
        waited: &mut Vec<Bystander<'a>>,
    ) {
        let is_l3 = |spec: &Spec| matches!(spec, Spec::Pop(Pop::L3 { .. }));
        if self.is_ending() && claims.iter().any(|claim| is_l3(&claim.after)) {
            waited.extend(bystanders.iter().filter(|it| is_l3(&it.config.spec)));
        }
    }

    fn places_in_the_way(&mut self, claims: &[Claim]) {
        let is_membership = |at: &Address| matches!(at.node, Node::Service(_, ServicePart::Membership));
        let entering: Vec<&Claim> = claims.iter().filter(|claim| is_membership(&claim.address)).collect();
        let leaving = self
            .changes
            .iter()
            .filter(|change| change.action == Action::Delete && is_membership(&change.address));
        let staying = self.residents.of(self.vrack).len().saturating_sub(leaving.count());
        for Claim { address, .. } in entering.iter().skip(SERVICES_PER_VRACK.saturating_sub(staying)) {
            let message = format!(
                "{address}: a vRack takes {SERVICES_PER_VRACK} services, and there is no place beside those that are not declared and left alone"
            );
            self.in_the_way(address, message, "one too many");
        }
    }

    fn in_the_way(&mut self, address: &Address, message: String, label: &str) {
        let label = self
            .topology
            .entries
            .get(address)
            .map(|declared| Label { span: declared.span, message: label.to_owned() });
        self.diagnostics.push(
            rules::UNMANAGED_CONFLICT
                .placed(label, message)
                .help("declare that too, remove it, or let this vRack be managed as a whole (`manage: all`)"),
        );
    }
}
