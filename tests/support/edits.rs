//! What is done to files, for properties that hold of any of them.

use proptest::prelude::*;

/// Topologies that are valid.
pub const EXAMPLES: [&str; 5] = [
    include_str!("../../examples/l2.yaml"),
    include_str!("../../examples/l3-vrrp.yaml"),
    include_str!("../../examples/l3-static.yaml"),
    include_str!("../../examples/l3-bgp.yaml"),
    include_str!("../../examples/resilient.yaml"),
];

/// Something a person, an editor or a merge does to a file.
#[derive(Clone, Debug)]
pub enum Edit {
    Replace(usize, String),
    Insert(usize, String),
    Delete(usize, usize),
    DeleteLine(usize),
    DuplicateLine(usize),
    SwapLines(usize, usize),
    Truncate(usize),
    Crlf,
    Bom,
}

/// Texts that mean something to YAML, to Unicode or to a topology.
fn fragment() -> impl Strategy<Value = String> {
    let known = [
        "\t",
        "\r",
        "\n",
        "\0",
        "\u{1b}[31m",
        "\u{feff}",
        "\u{2028}",
        "é",
        "🦀",
        "'",
        "\"",
        ":",
        ": ",
        "- ",
        "#",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&a ",
        "*a",
        "<<: *a",
        "!!int ",
        "|",
        ">",
        "---",
        "...",
        "%",
        "@",
        "~",
        "null",
        "true",
        "NO",
        "0",
        "-1",
        "1e9",
        ".inf",
        "0x1F",
        "1_000",
        "010",
        "99999999999999999999",
        "0.0.0.0/0",
        "10.1.0.0/33",
        "255.255.255.255/32",
        "fd00::/64",
        "pn-12345",
        "l2",
        "l3",
        "network",
        "bgp",
        "datacenter",
        "type: l2",
        "GRA:",
        "4294967295",
        "35540",
        "65501",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,4}", 1 => any::<String>()]
}

/// Any edit.
pub fn edit() -> impl Strategy<Value = Edit> {
    let at = 0..10_000usize;
    prop_oneof![
        3 => (at.clone(), fragment()).prop_map(|(at, text)| Edit::Replace(at, text)),
        3 => (at.clone(), fragment()).prop_map(|(at, text)| Edit::Insert(at, text)),
        2 => (at.clone(), 1..40usize).prop_map(|(at, len)| Edit::Delete(at, len)),
        2 => at.clone().prop_map(Edit::DeleteLine),
        2 => at.clone().prop_map(Edit::DuplicateLine),
        1 => (at.clone(), at.clone()).prop_map(|(one, other)| Edit::SwapLines(one, other)),
        1 => at.prop_map(Edit::Truncate),
        1 => Just(Edit::Crlf),
        1 => Just(Edit::Bom),
    ]
}

impl Edit {
    /// What `text` is after it.
    pub fn apply(&self, text: &str) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        // Positions wrap around, so that every one of them does something.
        let within = |at: usize, len: usize| if len == 0 { 0 } else { at % len };
        match self {
            Self::Replace(at, with) if !chars.is_empty() => {
                let at = within(*at, chars.len());
                chars.splice(at..=at, with.chars());
            }
            Self::Insert(at, with) => {
                let at = within(*at, chars.len() + 1);
                chars.splice(at..at, with.chars());
            }
            Self::Delete(at, len) => {
                let at = within(*at, chars.len());
                let end = (at + len).min(chars.len());
                chars.drain(at..end);
            }
            Self::Truncate(at) => {
                let at = within(*at, chars.len());
                chars.truncate(at);
            }
            Self::DeleteLine(at) if !lines.is_empty() => {
                lines.remove(within(*at, lines.len()));
                return lines.concat();
            }
            Self::DuplicateLine(at) if !lines.is_empty() => {
                let at = within(*at, lines.len());
                lines.insert(at, lines[at]);
                return lines.concat();
            }
            Self::SwapLines(one, other) if !lines.is_empty() => {
                let (one, other) = (within(*one, lines.len()), within(*other, lines.len()));
                lines.swap(one, other);
                return lines.concat();
            }
            Self::Crlf => return text.replace('\n', "\r\n"),
            Self::Bom => return format!("\u{feff}{text}"),
            _ => {}
        }
        chars.into_iter().collect()
    }
}
