//! Whatever is done to a topology, it is read without a panic, and every message points into its file.

#[path = "support/edits.rs"]
mod edits;
#[path = "robust/topology.rs"]
mod topology;

use edits::{EXAMPLES, edit};
use proptest::prelude::*;
use topology::{check, check_bytes};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn edits_of_the_examples_are_survived(
        example in prop::sample::select(EXAMPLES.to_vec()),
        edits in prop::collection::vec(edit(), 1..8),
    ) {
        let text = edits.iter().fold(example.to_owned(), |text, edit| edit.apply(&text));
        check(&[text]);
    }

    #[test]
    fn files_together_are_survived(
        one in prop::sample::select(EXAMPLES.to_vec()),
        other in prop::sample::select(EXAMPLES.to_vec()),
        edit in edit(),
    ) {
        check(&[one.to_owned(), edit.apply(other)]);
    }

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        check(&[text]);
    }

    #[test]
    fn any_bytes_are_survived(
        example in prop::sample::select(EXAMPLES.to_vec()),
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        let mut raw = example.as_bytes().to_vec();
        let at = at.index(raw.len());
        raw.splice(at..(at + bytes.len()).min(example.len()), bytes);
        check_bytes(&raw);
    }
}

#[test]
fn every_prefix_of_an_example_is_survived() {
    for example in EXAMPLES {
        for (at, _) in example.char_indices().step_by(7) {
            check(&[example[..at].to_owned()]);
        }
    }
}

#[test]
fn a_line_of_any_length_is_survived() {
    let long = "x".repeat(1_000_000);
    let text = format!("version: 1\nvracks: {{pn-1: {{manage: {long}, protect: \"{long}\", {long}: 1}}}}\n");
    check(&[text]);
}
