//! Real applies against the simulator in this process, in virtual time: after each, planning again
//! finds nothing.

mod support;

use ovhconnect::diff::Goal;
use support::Rehearsal;

/// Every example is planned, applied, planned again and destroyed.
#[tokio::test(start_paused = true)]
async fn every_example_converges_and_is_destroyed() {
    let mut seen = 0;
    for entry in std::fs::read_dir("examples").expect("examples/ is there") {
        let path = entry.expect("a readable folder").path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        seen += 1;
        let rehearsal = Rehearsal::of_file(&path);
        rehearsal.apply(Goal::Apply).await.assert_converged(&path.display());
        rehearsal.apply(Goal::Destroy).await.assert_converged(&path.display());
    }
    assert!(seen >= 5, "only {seen} examples were found");
}
