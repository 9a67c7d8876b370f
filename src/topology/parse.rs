//! Files → [`Topology`], with everything that is wrong in them.
//!
//! YAML is read into a tree in which every node knows its place ([`yaml`]); the tree is typed field by
//! field into a [`Document`] ([`fields`]); the rules judge the document; what can be read of it becomes
//! the topology. No step stops the next one, so all that is wrong is said at once.

mod fields;
mod lower;
#[cfg(test)]
mod tests;
mod values;
mod yaml;

use std::borrow::Cow;

use fields::{Entry, Fields, Reader, Taken, kind_of};
use url::Url;
use yaml::{Node, Value};

use super::document::{
    Datacenter, Document, Extra, ExtraKind, Field, Interface, Layer, Located, Pop, Service, Vrack,
};
use super::rules::{self, Found, reading, silence};
use super::shape::{DATACENTER, ENDPOINTS, EXTRA, FILE, INTERFACE, POP, SERVICE, VRACK};
use super::{InterfaceState, Manage, Topology, suggest};
use crate::diagnostic::{self, Diagnostic, SourceId, Sources, Span};

/// Reads the topology that `sources` hold together.
///
/// The topology is what could be understood. With an error among the diagnostics it is incomplete and
/// good for nothing but further checks: whoever wants to act on it stops. The diagnostics are in the
/// order of the files; the same input gives the same ones.
#[must_use]
pub fn parse(sources: &Sources) -> (Topology, Vec<Diagnostic>) {
    let mut reader = Reader::default();
    let mut document = Document::default();
    for (id, source) in sources.iter() {
        match yaml::read(id, &source.text) {
            Ok(node) => reader.file(id, node, &mut document),
            Err(diagnostics) => reader.diagnostics.extend(diagnostics),
        }
    }
    let Reader { mut diagnostics, allows } = reader;
    document.allows = allows;
    rules::check(&document, &mut diagnostics);
    silence(&mut diagnostics, &document.allows, Found::InFiles);
    diagnostic::sort(&mut diagnostics);
    (lower::topology(document), diagnostics)
}

impl Reader {
    fn file(&mut self, source: SourceId, node: Node<'_>, document: &mut Document) {
        let start = Span { source, start: 0, end: 0 };
        if node.value == Value::Null {
            self.report(
                reading::MISSING_FIELD
                    .at("the file is empty", start, "")
                    .help("a topology begins with `version: 1` and `vracks:`"),
            );
            return;
        }
        let at = node.span;
        if !matches!(node.value, Value::Map(_)) {
            let kind = kind_of(&node.value);
            self.report(
                reading::WRONG_TYPE
                    .at(format!("a topology is a mapping, not {kind}"), at, format!("this is {kind}"))
                    .help("it begins with `version: 1` and `vracks:`"),
            );
            return;
        }
        let key = Located { value: Cow::Borrowed("the file"), span: start };
        let Some(mut fields) = self.fields(&key, node, &FILE) else { return };
        self.allow(&mut fields);
        self.version(fields.take("version"), at);
        if let Field::Given(endpoint) = self.endpoint(fields.take("endpoint")) {
            document.endpoints.push(endpoint);
        }
        let Entry { key, value, .. } = match fields.take("vracks") {
            Taken::There(entry) => entry,
            Taken::Misspelt => return,
            Taken::Absent => {
                self.missing(&FILE, "vracks", at, "name the vRacks it is about: `vracks: {pn-12345: {...}}`");
                return;
            }
        };
        let Some((entries, whole)) = self.entries(&key, value) else { return };
        if entries.is_empty() && whole {
            document.empty.push(key.span);
        }
        for entry in entries {
            let vrack = self.vrack(entry);
            document.vracks.push(vrack);
        }
    }

    fn version(&mut self, entry: Taken<'_>, at: Span) {
        match self.number(entry) {
            Field::Absent => self.missing(&FILE, "version", at, "write `version: 1` as the first line"),
            Field::Given(Located { value, span }) if value != 1 => self.report(
                reading::VERSION
                    .at(format!("version {value} of the format is not known"), span, "not known")
                    .help("this program reads version 1"),
            ),
            Field::Given(_) | Field::Refused => {}
        }
    }

    fn endpoint(&mut self, entry: Taken<'_>) -> Field<String> {
        let field = self.text(entry);
        if let Field::Given(Located { value, span }) = &field
            && value.contains('@')
        {
            // No endpoint of anybody has one. It is not repeated: it may hold a password.
            let message = "an endpoint holds no user name and no password";
            let diagnostic = reading::INVALID_VALUE.at(message, *span, "holds one");
            self.report(diagnostic.help("credentials are taken from the environment or from ovh.conf"));
            return Field::Refused;
        }
        if let Field::Given(Located { value, span }) = &field
            && !ENDPOINTS.contains(&value.as_str())
            && !Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        {
            let mut diagnostic =
                reading::INVALID_VALUE.at(format!("`{value}` is not an endpoint"), *span, "unknown endpoint");
            diagnostic.help = Some(match suggest::nearest(value, &ENDPOINTS) {
                Some(known) => format!("did you mean `{known}`?"),
                None => "an endpoint is `ovh-eu`, `ovh-ca`, `ovh-us`, or a URL".to_owned(),
            });
            self.report(diagnostic);
            return Field::Refused;
        }
        field
    }

    fn vrack(&mut self, entry: Entry<'_>) -> Vrack {
        let key = entry.key.span;
        let mut vrack = Vrack {
            key,
            name: self.name(&entry.key.value, key, suggest::vrack(&entry.key.value)),
            manage: Field::Refused,
            protect: false,
            services: Vec::new(),
            datacenters: Vec::new(),
            whole: true,
        };
        let Some(mut fields) = self.fields(&entry.key, entry.value, &VRACK) else {
            vrack.whole = false;
            return vrack;
        };
        self.allow(&mut fields);
        vrack.manage =
            self.choice(fields.take("manage"), &[("all", Manage::All), ("declared", Manage::Declared)]);
        vrack.protect = self.flag(fields.take("protect"));
        let (services, services_whole) = self.each(fields.take("services"), Self::service);
        let (datacenters, datacenters_whole) = self.each(fields.take("datacenters"), Self::l3_datacenter);
        let known = |service: &Service| match &service.pop {
            Field::Absent => true,
            Field::Refused => false,
            Field::Given(pop) => pop.value.layer.given().is_some(),
        };
        vrack.whole = services_whole && datacenters_whole && services.iter().all(known);
        Vrack { services, datacenters, ..vrack }
    }

    /// The things of one kind, named by the keys of a mapping, and whether every one could be read.
    fn each<'a, T>(
        &mut self,
        entry: Taken<'a>,
        mut read: impl FnMut(&mut Self, Entry<'a>) -> T,
    ) -> (Vec<T>, bool) {
        let Entry { key, value, .. } = match entry {
            Taken::Absent => return (Vec::new(), true),
            Taken::Misspelt => return (Vec::new(), false),
            Taken::There(entry) => entry,
        };
        match self.entries(&key, value) {
            Some((entries, whole)) => (entries.into_iter().map(|entry| read(self, entry)).collect(), whole),
            None => (Vec::new(), false),
        }
    }

    fn service(&mut self, entry: Entry<'_>) -> Service {
        let key = entry.key.span;
        let id = self.name(&entry.key.value, key, suggest::service(&entry.key.value));
        let mut service = Service {
            key,
            id,
            description: Field::Refused,
            protect: false,
            interfaces: Vec::new(),
            pop: Field::Refused,
        };
        if let Some(mut fields) = self.fields(&entry.key, entry.value, &SERVICE) {
            self.allow(&mut fields);
            service.description = self.text(fields.take("description"));
            service.protect = self.flag(fields.take("protect"));
            service.interfaces = self.interfaces(fields.take("interface"));
            service.pop = match fields.take("pop") {
                Taken::Absent => Field::Absent,
                Taken::Misspelt => Field::Refused,
                Taken::There(entry) => self.pop(entry),
            };
        }
        service
    }

    /// One interface, or several in a list.
    fn interfaces(&mut self, entry: Taken<'_>) -> Vec<Interface> {
        let Taken::There(Entry { key, value, .. }) = entry else { return Vec::new() };
        match value.value {
            Value::List(items) => {
                let each = items.into_iter().filter_map(|item| {
                    let key = Located { value: Cow::Borrowed("interface"), span: item.span };
                    self.interface(&key, item)
                });
                each.collect()
            }
            _ => self.interface(&key, value).into_iter().collect(),
        }
    }

    fn interface(&mut self, key: &Located<Cow<'_, str>>, node: Node<'_>) -> Option<Interface> {
        let mut fields = self.fields(key, node, &INTERFACE)?;
        self.allow(&mut fields);
        let states = [InterfaceState::Enabled, InterfaceState::Disabled].map(|it| (it.to_string(), it));
        let states = states.each_ref().map(|(word, state)| (word.as_str(), *state));
        let interface_id = self.number(fields.take("interfaceId"));
        let state = match fields.take("state") {
            Taken::Absent => {
                let help = "add `state: enabled` or `state: disabled`";
                self.missing(&INTERFACE, "state", key.span, help);
                Field::Refused
            }
            entry => self.choice(entry, &states),
        };
        Some(Interface { span: key.span, interface_id, state })
    }

    fn pop(&mut self, Entry { key, value, .. }: Entry<'_>) -> Field<Pop> {
        let Some(mut fields) = self.fields(&key, value, &POP) else { return Field::Refused };
        let keys = fields.keys();
        self.allow(&mut fields);
        let pop = Pop {
            layer: self.choice(fields.take("type"), &[("l2", Layer::L2), ("l3", Layer::L3)]),
            interface_id: self.number(fields.take("interfaceId")),
            customer_bgp_area: self.asn(fields.take("customerBgpArea")),
            ovh_bgp_area: self.asn(fields.take("ovhBgpArea")),
            subnet: self.prefix(fields.take("subnet")),
            datacenter: self.datacenter(fields.take("datacenter")),
            protect: self.flag(fields.take("protect")),
            keys,
        };
        Field::Given(Located { value: pop, span: key.span })
    }

    fn l3_datacenter(&mut self, entry: Entry<'_>) -> Datacenter {
        let key = entry.key.span;
        let name = self.datacenter_name(&entry.key.value, entry.numeric, key);
        let mut datacenter = Datacenter {
            key,
            name,
            ovh_bgp_area: Field::Refused,
            subnet: Field::Refused,
            protect: false,
            extras: Vec::new(),
        };
        let Some(mut fields) = self.fields(&entry.key, entry.value, &DATACENTER) else { return datacenter };
        self.allow(&mut fields);
        datacenter.ovh_bgp_area = self.asn(fields.take("ovhBgpArea"));
        datacenter.subnet = self.prefix(fields.take("subnet"));
        datacenter.protect = self.flag(fields.take("protect"));
        if let Field::Given(list) = self.list(fields.take("extra")) {
            datacenter.extras = list.value.into_iter().filter_map(|item| self.extra(item)).collect();
        }
        datacenter
    }

    fn extra(&mut self, node: Node<'_>) -> Option<Extra> {
        let span = node.span;
        if !matches!(node.value, Value::Map(_)) {
            let kind = kind_of(&node.value);
            self.report(
                reading::WRONG_TYPE
                    .at(
                        format!("an item of `extra` is a mapping, not {kind}"),
                        span,
                        format!("this is {kind}"),
                    )
                    .help("like `{type: network, subnet: 192.168.10.0/24, nextHop: 10.1.0.10}`"),
            );
            return None;
        }
        let key = Located { value: Cow::Borrowed("extra"), span };
        let mut fields: Fields<'_> = self.fields(&key, node, &EXTRA)?;
        let keys = fields.keys();
        self.allow(&mut fields);
        Some(Extra {
            span,
            kind: self
                .choice(fields.take("type"), &[("network", ExtraKind::Network), ("bgp", ExtraKind::Bgp)]),
            subnet: self.prefix(fields.take("subnet")),
            next_hop: self.ip(fields.take("nextHop")),
            bgp_neighbor_area: self.asn(fields.take("bgpNeighborArea")),
            bgp_neighbor_ip: self.ip(fields.take("bgpNeighborIp")),
            protect: self.flag(fields.take("protect")),
            keys,
        })
    }
}
