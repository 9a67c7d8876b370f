//! A plan as GitLab counts it, for the merge request's report on Terraform plans.

use serde_json::json;

use super::words;
use crate::diff::Action;
use crate::plan::Plan;

/// The document. What is replaced is deleted and created.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    let counts = words::counts(plan);
    let count = |action| counts.get(&action).copied().unwrap_or(0);
    let replaced = count(Action::Replace);
    let document = json!({
        "create": count(Action::Create) + replaced,
        "update": count(Action::Update),
        "delete": count(Action::Delete) + replaced,
    });
    format!("{document}\n")
}
