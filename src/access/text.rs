//! A credential for a person.

use std::fmt::Write as _;

use super::Credential;

/// What to grant, in both forms.
#[must_use]
pub fn text(credential: &Credential) -> String {
    let Credential { format_version: _, purpose, access_rules, iam_policy, missing: _ } = credential;
    let mut out = String::new();
    let _ = writeln!(out, "To {purpose} this topology takes one of the two.\n");
    let _ = writeln!(out, "An application key with {} access rules", access_rules.len());
    for rule in access_rules {
        let _ = writeln!(out, "  {rule}");
    }
    let actions = &iam_policy.permissions.allow;
    let _ = writeln!(
        out,
        "\nA service account with a policy of {} actions on {} resources",
        actions.len(),
        iam_policy.resources.len()
    );
    for action in actions {
        let _ = writeln!(out, "  {}", action.action);
    }
    let _ = writeln!(out, "  on");
    for resource in &iam_policy.resources {
        let _ = writeln!(out, "  {}", resource.urn);
    }
    out
}
