//! What of live state can be written, and what has to be said of the rest.

use std::collections::{BTreeMap, BTreeSet};

use super::{Note, NoteKind};
use crate::live::{Live, LiveConfig, LiveService, Scope, Status};
use crate::topology::{
    Address, Datacenter, DatacenterName, DatacenterPart, Extra, Interface, InterfaceState, Node, Pop,
    ServiceId, ServicePart, Spec, VrackName,
};

/// What is said of something that OVHcloud has not finished.
pub(super) type Remark = Option<&'static str>;

const BEING_CREATED: &str = "being created";
const BEING_LOCKED: &str = "being locked";

/// All that will be written.
#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    pub(super) vracks: BTreeMap<&'a VrackName, VrackDraft<'a>>,
    pub(super) notes: Vec<Note>,
}

#[derive(Debug, Default)]
pub(super) struct VrackDraft<'a> {
    /// Why what is not written has to be left alone.
    pub(super) partial: Option<&'static str>,
    pub(super) services: Vec<ServiceDraft<'a>>,
    pub(super) datacenters: Vec<DatacenterDraft<'a>>,
}

#[derive(Debug)]
pub(super) struct ServiceDraft<'a> {
    pub(super) id: ServiceId,
    pub(super) live: &'a LiveService,
    pub(super) remark: Remark,
    /// The interfaces that are locked, by their ids.
    pub(super) locked: Vec<(u64, Remark)>,
    pub(super) pop: Option<PopDraft<'a>>,
}

#[derive(Debug)]
pub(super) struct PopDraft<'a> {
    pub(super) pop: &'a Pop,
    pub(super) remark: Remark,
    /// Where an l2 PoP ends.
    pub(super) datacenter: Option<(&'a DatacenterName, Remark)>,
}

#[derive(Debug)]
pub(super) struct DatacenterDraft<'a> {
    pub(super) name: &'a DatacenterName,
    pub(super) config: &'a Datacenter,
    pub(super) remark: Remark,
    pub(super) extras: Vec<ExtraDraft<'a>>,
}

#[derive(Debug)]
pub(super) struct ExtraDraft<'a> {
    pub(super) part: &'a DatacenterPart,
    pub(super) extra: &'a Extra,
    pub(super) remark: Remark,
}

/// Why something is not written.
enum Unwritten {
    /// No file says what stands there.
    LeftOut(String),
    /// It goes.
    Going,
}

impl<'a> Draft<'a> {
    /// What is live in `scope`, without the services and datacenters that were `refused`, each with why.
    pub(super) fn of(live: &'a Live, scope: &Scope, refused: &BTreeMap<Address, String>) -> Self {
        let mut drafter = Drafter { live, refused, draft: Self::default() };
        let mut empty = Vec::new();
        for vrack in live.vracks.keys() {
            match drafter.vrack(vrack, scope) {
                Some(found) => {
                    drafter.draft.vracks.insert(vrack, found);
                }
                None => empty.push(vrack),
            }
        }
        drafter.nowhere(scope, &empty);
        let mut draft = drafter.draft;
        draft.notes.sort();
        draft
    }
}

struct Drafter<'a, 'r> {
    live: &'a Live,
    refused: &'r BTreeMap<Address, String>,
    draft: Draft<'a>,
}

impl<'a> Drafter<'a, '_> {
    fn note(&mut self, kind: NoteKind, address: impl Into<Option<Address>>, message: String) {
        self.draft.notes.push(Note { kind, address: address.into(), message });
    }

    /// What is in no vRack, and the vRacks that hold nothing.
    fn nowhere(&mut self, scope: &Scope, empty: &[&VrackName]) {
        let entering: BTreeSet<ServiceId> =
            self.live.vracks.keys().flat_map(|vrack| self.live.entering(vrack)).collect();
        for (id, service) in self.live.services.iter().filter(|(id, _)| scope.has_service(**id)) {
            match &service.vrack {
                None if !entering.contains(id) => {
                    let message = format!("service {id} is in no vRack, and nothing can be configured on it");
                    self.note(NoteKind::Empty, None, message);
                }
                Some(vrack) if !self.live.vracks.contains_key(vrack) => {
                    let message = format!("service {id} is in {vrack}, which this account does not list");
                    self.note(NoteKind::LeftOut, Address::membership(vrack.clone(), *id), message);
                }
                _ => {}
            }
        }
        if !empty.is_empty() && !matches!(scope, Scope::Service(_)) {
            let names: Vec<&str> = empty.iter().map(|vrack| vrack.as_str()).collect();
            self.note(NoteKind::Empty, None, format!("no OVHcloud Connect is in {}", names.join(", ")));
        }
    }

    /// A vRack; none where no service of `scope` is in it.
    fn vrack(&mut self, vrack: &'a VrackName, scope: &Scope) -> Option<VrackDraft<'a>> {
        let live = self.live;
        let members = live.services.iter().filter(|(_, service)| service.vrack.as_ref() == Some(vrack));
        let entering: BTreeSet<ServiceId> = live.entering(vrack).collect();
        let entering = live.services.iter().filter(|(id, _)| entering.contains(id));
        let services: BTreeMap<ServiceId, &LiveService> = members
            .chain(entering)
            .filter(|(id, _)| scope.has_service(**id))
            .map(|(id, service)| (*id, service))
            .collect();
        if services.is_empty() {
            return None;
        }
        let mut draft = VrackDraft::default();
        if matches!(scope, Scope::Service(_)) {
            draft.partial = Some("one service of this vRack is written here, and the rest left alone");
        }
        for (id, service) in services {
            let address = Address::membership(vrack.clone(), id);
            let drafted = self.service(vrack, id, service);
            draft.services.extend(self.kept(address, drafted, &mut draft.partial));
        }
        let is_l3 = |service: &ServiceDraft<'_>| service.pop.as_ref().is_some_and(|it| it.pop.is_l3());
        if matches!(scope, Scope::Service(_)) && !draft.services.iter().any(is_l3) {
            return Some(draft);
        }
        for (address, configs) in live.in_vrack(vrack) {
            if let Node::Datacenter(name, DatacenterPart::Config) = &address.node {
                let drafted = self.datacenter(vrack, name, configs);
                draft.datacenters.extend(self.kept(address.clone(), drafted, &mut draft.partial));
            }
        }
        Some(draft)
    }

    /// What can be written; of the rest it is told.
    fn kept<T>(
        &mut self,
        address: Address,
        drafted: Result<T, Unwritten>,
        partial: &mut Option<&'static str>,
    ) -> Option<T> {
        let drafted = match self.refused.get(&address) {
            Some(why) => Err(Unwritten::LeftOut(why.clone())),
            None => drafted,
        };
        match drafted {
            Ok(draft) => Some(draft),
            Err(Unwritten::LeftOut(why)) => {
                self.note(NoteKind::LeftOut, address.clone(), format!("{address}: {why}"));
                partial.get_or_insert("not everything in it can be written, and what is not is left alone");
                None
            }
            Err(Unwritten::Going) => {
                self.note(NoteKind::UnderWay, address.clone(), format!("{address} is being deleted"));
                None
            }
        }
    }

    fn service(
        &mut self,
        vrack: &'a VrackName,
        id: ServiceId,
        service: &'a LiveService,
    ) -> Result<ServiceDraft<'a>, Unwritten> {
        let is_member = service.vrack.is_some();
        let address = Address::membership(vrack.clone(), id);
        if is_member && self.live.move_of(vrack, id).is_some() {
            self.note(NoteKind::UnderWay, address, format!("service {id} is on its way out of {vrack}"));
            return Err(Unwritten::Going);
        }
        if !is_member {
            self.note(NoteKind::UnderWay, address, format!("service {id} is on its way into {vrack}"));
        }
        let pop = self.pop(vrack, id)?;
        let locked = self.locked(vrack, id);
        let remark = (!is_member).then_some("on its way into the vRack");
        Ok(ServiceDraft { id, live: service, remark, locked, pop })
    }

    /// The locked interfaces of a service. One that is in service, as almost all are, is not spoken of: a
    /// plan looks at what the topology speaks of.
    fn locked(&mut self, vrack: &VrackName, id: ServiceId) -> Vec<(u64, Remark)> {
        let first = Address::interface(vrack.clone(), id, None);
        let last = Address::pop(vrack.clone(), id);
        let known = self.live.configs.range(first..last);
        let mut locked = Vec::new();
        let mut notes = Vec::new();
        let mut unknown: BTreeSet<u64> =
            self.live.services.get(&id).into_iter().flat_map(|it| it.interfaces.iter().copied()).collect();
        for (address, config) in known.flat_map(|(at, configs)| configs.iter().map(move |it| (at, it))) {
            let Node::Service(_, ServicePart::Interface(Some(interface))) = address.node else { continue };
            let Spec::Interface(Interface { state }) = config.spec else { continue };
            unknown.remove(&interface);
            let changes = config.status == Status::Creating;
            if state == InterfaceState::Disabled {
                locked.push((interface, changes.then_some(BEING_LOCKED)));
            }
            if changes {
                let message = format!("{address} is becoming {state}");
                notes.push((NoteKind::UnderWay, address.clone(), message));
            }
        }
        // Kept for later, or not to be looked at with this credential.
        notes.extend(unknown.into_iter().map(|interface| {
            let address = Address::interface(vrack.clone(), id, Some(interface));
            let message = format!("{address}: it cannot be told whether it is locked");
            (NoteKind::LeftOut, address, message)
        }));
        for (kind, address, message) in notes {
            self.note(kind, address, message);
        }
        locked
    }

    fn pop(&mut self, vrack: &'a VrackName, id: ServiceId) -> Result<Option<PopDraft<'a>>, Unwritten> {
        let address = Address::pop(vrack.clone(), id);
        let Some(config) = self.only(&address)? else { return Ok(None) };
        let Spec::Pop(pop) = &config.spec else { return Ok(None) };
        let mut ends = Vec::new();
        for at in self.live.in_vrack(vrack).map(|(at, _)| at) {
            if let Node::Service(of, ServicePart::L2Datacenter(name)) = &at.node
                && *of == id
                && let Some(end) = self.only(at)?
            {
                ends.push((name, remark(end)));
            }
        }
        let datacenter = match (pop, ends.as_slice()) {
            (Pop::L3 { .. }, _) => None,
            (Pop::L2 { .. }, [end]) => Some(*end),
            (Pop::L2 { .. }, []) => {
                return Err(Unwritten::LeftOut("its l2 PoP ends in no datacenter".to_owned()));
            }
            (Pop::L2 { .. }, [_, _, ..]) => {
                let names: Vec<&str> = ends.iter().map(|(name, _)| name.as_str()).collect();
                let names = names.join(" and ");
                return Err(Unwritten::LeftOut(format!("its l2 PoP ends in {names}, and may end in one")));
            }
        };
        Ok(Some(PopDraft { pop, remark: remark(config), datacenter }))
    }

    fn datacenter(
        &mut self,
        vrack: &'a VrackName,
        name: &'a DatacenterName,
        configs: &'a [LiveConfig],
    ) -> Result<DatacenterDraft<'a>, Unwritten> {
        let is_going = |config: &LiveConfig| config.status == Status::Deleting;
        let mut pops = self.live.l3_pops(vrack).map(|(_, pop)| pop).peekable();
        let doomed = pops.peek().is_some() && pops.all(is_going);
        if doomed || configs.iter().all(is_going) {
            return Err(Unwritten::Going);
        }
        let address = Address::datacenter(vrack.clone(), name.clone());
        let Some(config) = self.only(&address)? else { return Err(Unwritten::Going) };
        let Spec::Datacenter(datacenter) = &config.spec else { return Err(Unwritten::Going) };
        let mut extras = Vec::new();
        for at in self.live.in_vrack(vrack).map(|(at, _)| at) {
            if let Node::Datacenter(of, part) = &at.node
                && of == name
                && *part != DatacenterPart::Config
                && let Some(standing) = self.only(at)?
                && let Spec::Extra(extra) = &standing.spec
            {
                extras.push(ExtraDraft { part, extra, remark: remark(standing) });
            }
        }
        Ok(DatacenterDraft { name, config: datacenter, remark: remark(config), extras })
    }

    /// The one configuration that stands at an address, if any does; of one that goes it is told.
    fn only(&mut self, address: &Address) -> Result<Option<&'a LiveConfig>, Unwritten> {
        let live = self.live;
        let all = live.configs.get(address).map_or(&[][..], Vec::as_slice);
        let (going, standing): (Vec<_>, Vec<_>) =
            all.iter().partition(|config| config.status == Status::Deleting);
        match standing.as_slice() {
            [] => {}
            [one] if one.status == Status::Stuck => {
                let why = format!("the creation of {} failed ({})", address.leaf(), shown(one));
                return Err(Unwritten::LeftOut(why));
            }
            [one] if one.status == Status::Creating => {
                self.note(NoteKind::UnderWay, address.clone(), format!("{address} is being created"));
            }
            [_] => {}
            several => {
                let each: Vec<String> = several.iter().map(|config| shown(config)).collect();
                let why =
                    format!("{} is there {} times ({})", address.leaf(), several.len(), each.join("; "));
                return Err(Unwritten::LeftOut(why));
            }
        }
        if !going.is_empty() {
            self.note(NoteKind::UnderWay, address.clone(), format!("{address} is being deleted"));
        }
        Ok(standing.first().copied())
    }
}

fn remark(config: &LiveConfig) -> Remark {
    (config.status == Status::Creating).then_some(BEING_CREATED)
}

/// The fields of a configuration in one line.
fn shown(config: &LiveConfig) -> String {
    let fields = config.spec.fields().into_iter().map(|(field, value)| format!("{field} {value}"));
    fields.collect::<Vec<_>>().join(", ")
}
