//! The schemas in schemas/ are what the program's own types say. `SNAPSHOTS=overwrite cargo test --test
//! schemas` writes them anew.

use ovhconnect::plan::saved::SavedPlan;

#[test]
fn the_saved_plan_schema_is_up_to_date() {
    let generated = format!("{:#}\n", SavedPlan::schema());
    let path = "schemas/saved-plan.schema.json";
    if std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite") {
        std::fs::create_dir_all("schemas").expect("a folder");
        std::fs::write(path, &generated).expect("a file");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == generated, "{path} is stale: SNAPSHOTS=overwrite cargo test --test schemas");
}
