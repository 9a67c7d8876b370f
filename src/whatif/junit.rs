//! A [`Report`] as JUnit: a suite for each vRack, a case for each loss. One that cuts something off fails.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::text::{listed, loss_name};
use super::{LossReport, Report, VrackReport};

/// The report as JUnit XML.
///
/// # Errors
/// None that can be met: it is written to memory.
pub fn junit(report: &Report) -> Result<String, quick_junit::SerializeError> {
    let mut suites = quick_junit::Report::new("ovhconnect whatif");
    suites.add_test_suites(report.vracks.iter().map(suite));
    suites.to_string()
}

fn suite(vrack: &VrackReport) -> TestSuite {
    let mut suite = TestSuite::new(vrack.vrack.to_string());
    suite.add_test_case(nothing_lost(vrack));
    suite.add_test_cases(vrack.losses.iter().map(|loss| case(vrack, loss)));
    suite
}

/// What no path leads to at all is nobody's loss, and a failure all the same.
fn nothing_lost(vrack: &VrackReport) -> TestCase {
    let unreachable = vrack.destinations.iter().filter(|destination| destination.paths.is_empty());
    let names: Vec<&str> = unreachable.map(|destination| destination.name.as_str()).collect();
    test_case(vrack, "nothing is lost", &names)
}

fn case(vrack: &VrackReport, report: &LossReport) -> TestCase {
    let cut: Vec<&str> = report.cut().collect();
    let mut case = test_case(vrack, &format!("{} is lost", loss_name(vrack, &report.loss)), &cut);
    let gone: Vec<&str> = report.gone().collect();
    if !gone.is_empty() {
        case.set_system_out(format!("lost with the datacenter: {}", listed(&gone)));
    }
    case
}

fn test_case(vrack: &VrackReport, name: &str, cut: &[&str]) -> TestCase {
    let status = if cut.is_empty() {
        TestCaseStatus::success()
    } else {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type("no-path").set_message(format!("no path is left to {}", listed(cut)));
        status
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(format!("ovhconnect.whatif.{}", vrack.vrack));
    case
}
