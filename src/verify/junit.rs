//! A [`Report`] as JUnit: a suite for each vRack, a case for each stage of each link, in order.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Link, Report, Rung, RungState};
use crate::topology::VrackName;

/// The report as JUnit XML.
///
/// # Errors
/// None that can be met: it is written to memory.
pub fn junit(report: &Report) -> Result<String, quick_junit::SerializeError> {
    let mut suites = quick_junit::Report::new("ovhconnect verify");
    let mut vracks: Vec<&VrackName> = report.links.iter().map(|link| &link.address.vrack).collect();
    vracks.dedup();
    suites.add_test_suites(vracks.into_iter().map(|vrack| {
        let mut suite = TestSuite::new(vrack.to_string());
        for link in report.links.iter().filter(|link| link.address.vrack == *vrack) {
            suite.add_test_cases(link.stages.iter().map(|rung| case(report, link, rung)));
        }
        suite
    }));
    if report.open().next().is_none() && !report.verified {
        suites.add_test_suite(not_held());
    }
    suites.to_string()
}

fn case(report: &Report, link: &Link, rung: &Rung) -> TestCase {
    let finding = rung.finding.as_deref().unwrap_or_default();
    let failed = |kind: &str| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        let next = link.next.iter().filter(|_| Some(rung.stage) == link.stops_at);
        let message: Vec<&str> = std::iter::once(finding).chain(next.map(String::as_str)).collect();
        status.set_type(kind).set_message(message.join("; "));
        status
    };
    let skipped = |why: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(why);
        status
    };
    let status = match rung.state {
        RungState::Passed => TestCaseStatus::success(),
        RungState::Waiting | RungState::Stopped => failed("down"),
        RungState::Unknown if report.accepts_unknown => skipped(finding),
        RungState::Unknown => failed("unknown"),
        RungState::NotReached => skipped("a stage before it is not passed"),
    };
    let mut case = TestCase::new(format!("{}: {}", link.address, rung.stage.name()), status);
    case.set_classname(format!("ovhconnect.verify.{}", link.address.vrack));
    if rung.state == RungState::Passed {
        case.set_system_out(finding);
    }
    case
}

/// Everything is up, and was not for as long as it should.
fn not_held() -> TestSuite {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type("not-held").set_message("everything is up, and did not stay so for long enough");
    let mut suite = TestSuite::new("hold");
    let mut case = TestCase::new("everything stays up", status);
    case.set_classname("ovhconnect.verify");
    suite.add_test_case(case);
    suite
}
