//! Did you mean …?

/// The one of `known` that `word` is most likely to be a slip of.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = simplified(word);
    // Someone's own spelling of a long word differs in more letters than a slip in a short one.
    let allowed = (plain.chars().count() / 3).min(3);
    known
        .iter()
        .map(|candidate| (distance(&plain, &simplified(candidate)), *candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
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
        "interfaceId" | "customerBgpArea" => "this stands in the `pop` of a service",
        "datacenter" => "`datacenter` stands in the `pop` of an l2 service",
        "extra" => "`extra` stands in a datacenter of the vRack",
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
    fn the_distance_is_symmetric_and_zero_only_for_the_same() {
        for (a, b, expected) in [("", "abc", 3), ("abcd", "abdc", 1), ("kitten", "sitting", 3), ("é", "e", 1)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
            assert_eq!(distance(a, a), 0, "{a}");
        }
    }
}
