//! What is different between two readings of live state, in words.

use std::collections::{BTreeMap, BTreeSet};

use super::{Live, LiveConfig, LiveService, Status};
use crate::topology::Address;

/// One line for each thing that moved from `before` to `now`, by address.
#[must_use]
pub fn moved(before: &Live, now: &Live) -> Vec<String> {
    let mut lines = Vec::new();
    for (service, (was, is)) in pairs(&before.services, &now.services) {
        match (was, is) {
            (Some(was), Some(is)) => {
                lines.extend(
                    service_moved(was, is).into_iter().map(|what| format!("service {service}: {what}")),
                );
            }
            (None, _) => lines.push(format!("service {service} is there now")),
            (_, None) => lines.push(format!("service {service} is no longer there")),
        }
    }
    for (vrack, (was, is)) in pairs(&before.vracks, &now.vracks) {
        if was != is {
            lines.push(format!("{vrack}: other tasks are unfinished than before"));
        }
    }
    for (address, (was, is)) in pairs(&before.configs, &now.configs) {
        let (was, is) = (was.map_or(&[][..], Vec::as_slice), is.map_or(&[][..], Vec::as_slice));
        lines.extend(config_moved(address, was, is));
    }
    lines
}

type Pair<'a, V> = (Option<&'a V>, Option<&'a V>);

fn pairs<'a, K: Ord, V>(before: &'a BTreeMap<K, V>, now: &'a BTreeMap<K, V>) -> BTreeMap<&'a K, Pair<'a, V>> {
    let keys: BTreeSet<&K> = before.keys().chain(now.keys()).collect();
    keys.into_iter().map(|key| (key, (before.get(key), now.get(key)))).collect()
}

fn service_moved(was: &LiveService, is: &LiveService) -> Vec<String> {
    let LiveService { vrack, description, closed, interfaces, pop, bandwidth, provider, tasks } = was;
    let name = |vrack: &Option<_>| vrack.as_ref().map_or_else(|| "no vRack".to_owned(), ToString::to_string);
    let mut lines = Vec::new();
    if *vrack != is.vrack {
        lines.push(format!("was in {} and is in {}", name(vrack), name(&is.vrack)));
    }
    if *description != is.description {
        lines.push(format!("its description was {description:?} and is {:?}", is.description));
    }
    if *closed != is.closed {
        lines.push(if is.closed { "is closed now" } else { "is no longer closed" }.to_owned());
    }
    if (interfaces, pop, bandwidth, provider) != (&is.interfaces, &is.pop, &is.bandwidth, &is.provider) {
        lines.push("is delivered differently than before".to_owned());
    }
    if *tasks != is.tasks {
        lines.push("has other unfinished tasks than before".to_owned());
    }
    lines
}

fn config_moved(address: &Address, was: &[LiveConfig], is: &[LiveConfig]) -> Option<String> {
    // The PoPs through which it was read may have changed; that is told of where they stand.
    let as_itself = |config: &LiveConfig| (config.spec.clone(), config.status, config.id.lowest());
    if was.iter().map(as_itself).eq(is.iter().map(as_itself)) {
        return None;
    }
    Some(match (was, is) {
        ([], [..]) => format!("{address} is there now{}", shown(is)),
        ([..], []) => format!("{address} is gone"),
        ([old], [new]) if old.spec == new.spec && old.id.lowest() == new.id.lowest() => {
            format!("{address} was {} and is {}", word(old.status), word(new.status))
        }
        ([old], [new]) if old.spec == new.spec => {
            format!("{address} was made anew by someone else{}", shown(is))
        }
        _ => format!("{address} was{} and is{}", shown(was), shown(is)),
    })
}

fn shown(configs: &[LiveConfig]) -> String {
    let one = |config: &LiveConfig| {
        let fields = config.spec.fields().into_iter().map(|(field, value)| format!("{field} {value}"));
        fields.collect::<Vec<_>>().join(", ")
    };
    let all: Vec<String> = configs.iter().map(one).filter(|text| !text.is_empty()).collect();
    if all.is_empty() { String::new() } else { format!(" ({})", all.join("; ")) }
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Creating => "being created",
        Status::Stuck => "stuck in its creation",
        Status::Deleting => "being deleted",
    }
}
