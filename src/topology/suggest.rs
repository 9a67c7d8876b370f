//! Did you mean …?

/// The one of `known` that `word` is most likely to be a slip of.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = simplified(word);
    // Someone's own spelling of a long word differs in more letters than a slip in a short one.
    let allowed = (plain.chars().count() / 3).min(3);
    // What differs in length differs in as many letters at least.
    let is_near = |other: &str| plain.chars().count().abs_diff(other.chars().count()) <= allowed;
    known
        .iter()
        .map(|candidate| (simplified(candidate), *candidate))
        .filter(|(other, _)| is_near(other))
        .map(|(other, candidate)| (distance(&plain, &other), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The one of `known` that differs from `word` in one letter.
pub(super) fn slip_of<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    // What is much longer is no slip, and the distance takes the square of it.
    let is_slip = |candidate: &&&str| word.len() < 16 && distance(word, candidate) == 1;
    known.iter().find(is_slip).copied()
}

/// The vRack that is most likely meant by a text that names none: one with its number.
pub(super) fn vrack(text: &str) -> Option<String> {
    let plain = text.trim().to_ascii_lowercase();
    let number = plain.strip_prefix("pn").unwrap_or(&plain).trim_start_matches(['-', '_']);
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| format!("pn-{}", without_leading_zeros(number)))
}

/// A text with each number in it as numbers are written.
pub(super) fn without_leading_zeros(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut in_number = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let leads = c == '0' && !in_number && rest.peek().is_some_and(char::is_ascii_digit);
        in_number = c.is_ascii_digit() && !leads;
        if !leads {
            plain.push(c);
        }
    }
    plain
}

/// The service that is most likely meant by a text that names none: its uuid in another form.
pub(super) fn service(text: &str) -> Option<String> {
    uuid::Uuid::parse_str(text.trim()).ok().map(|uuid| uuid.to_string())
}

/// What a field is about that OVHcloud Connect has nothing to configure for.
pub(super) enum NotCarried {
    /// 802.1q tags.
    Vlan,
    /// IPv6.
    Ipv6,
}

/// What a field is about, where OVHcloud Connect does not carry it.
pub(super) fn not_carried(field: &str) -> Option<NotCarried> {
    let plain = simplified(field);
    if plain.contains("vlan") || plain.contains("dot1q") || plain.contains("8021q") {
        Some(NotCarried::Vlan)
    } else if plain.contains("ipv6") || plain.ends_with("v6") {
        Some(NotCarried::Ipv6)
    } else {
        None
    }
}

/// What others call a field.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("customerBgpArea", &["customerAsn", "customerAs", "asn", "localAsn", "myAsn"]),
    ("ovhBgpArea", &["ovhAsn", "ovhAs", "asn"]),
    ("bgpNeighborArea", &["asn", "peerAsn", "neighborAsn", "remoteAsn", "remoteAs", "bgpNeighborAsn"]),
    ("bgpNeighborIp", &["peer", "peerIp", "neighbor", "neighborIp", "neighbour", "address"]),
    ("nextHop", &["gateway", "via", "nexthopIp"]),
    ("subnet", &["prefix", "cidr", "network", "destination"]),
    ("interfaceId", &["interface", "id", "port", "portId"]),
    ("interface", &["interfaces", "port", "ports"]),
    ("state", &["status", "enabled"]),
    ("datacenter", &["dc", "datacenterId"]),
    ("type", &["kind", "layer"]),
    ("extra", &["extras", "routes", "peers"]),
    ("allow", &["allowed", "silence", "ignore"]),
    ("protect", &["protected", "preventDestroy"]),
];

/// The one of `known` that others call `word`.
pub(super) fn other_name<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = simplified(word);
    let names = |field: &str| SYNONYMS.iter().find(|(known, _)| *known == field).map(|(_, names)| *names);
    let is_it =
        |field: &&&str| names(field).is_some_and(|names| names.iter().any(|name| simplified(name) == plain));
    known.iter().find(is_it).copied()
}

/// Where a field belongs that stands in the wrong place.
pub(super) fn home_of(field: &str) -> Option<&'static str> {
    Some(match field {
        "version" | "endpoint" | "vracks" => {
            "`version`, `endpoint` and `vracks` stand at the top of the file"
        }
        "manage" | "services" => "`manage` and `services` stand in a vRack, below its name",
        "datacenters" => {
            "`datacenters` stands in the vRack, beside `services`, because all its l3 services share them"
        }
        "description" | "pop" => "`description` and `pop` stand in a service, below its uuid",
        "interface" => "`interface` stands in a service, beside its `pop`",
        "state" => "`state` stands in the `interface` of a service",
        "interfaceId" | "customerBgpArea" => "this stands in the `pop` of a service",
        "datacenter" => "`datacenter` stands in the `pop` of an l2 service",
        "extra" => "`extra` stands in an l3 datacenter of the vRack; layer 2 has none",
        "nextHop" | "bgpNeighborArea" | "bgpNeighborIp" => {
            "this stands in an item of `extra`, in a datacenter"
        }
        _ => return None,
    })
}

/// `` `a`, `b` or `c` ``.
pub(super) fn list(words: &[&str], conjunction: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {conjunction} {last}", rest.join(", ")),
    }
}

/// Without what people write in another way: case, `_` and `-`.
fn simplified(word: &str) -> String {
    // Nobody means a field by a text of this length, and the distance takes its square.
    word.chars().take(64).filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// The insertions, removals, replacements and swaps of neighbours that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let mut least =
                (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_word_that_was_meant() {
        let known = ["type", "interfaceId", "customerBgpArea", "ovhBgpArea", "subnet", "protect"];
        for (word, expected) in [
            ("subnt", Some("subnet")),
            ("subent", Some("subnet")),
            ("interface_id", Some("interfaceId")),
            ("ovh-bgp-area", Some("ovhBgpArea")),
            ("SUBNET", Some("subnet")),
            ("customerBgpAsn", Some("customerBgpArea")),
            ("x", None),
            ("speed", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &known), expected, "{word}");
        }
    }

    #[test]
    fn numbers_are_written_without_leading_zeros() {
        for (text, expected) in [
            ("10.1.0.010", "10.1.0.10"),
            ("010.001.000.000/024", "10.1.0.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("é07", "é7"),
            ("", ""),
        ] {
            assert_eq!(without_leading_zeros(text), expected);
        }
        assert_eq!(vrack("pn-01"), Some("pn-1".to_owned()));
    }

    #[test]
    fn the_distance_is_symmetric_and_zero_only_for_the_same() {
        for (a, b, expected) in [("", "abc", 3), ("abcd", "abdc", 1), ("kitten", "sitting", 3), ("é", "e", 1)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
            assert_eq!(distance(a, a), 0, "{a}");
        }
    }
}
