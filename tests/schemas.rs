//! The schemas in schemas/ are what the program's own types say. `SNAPSHOTS=overwrite cargo test --test
//! schemas` writes them anew.

use ovhconnect::plan::saved::SavedPlan;
use ovhconnect::render::events::Record;
use ovhconnect::router::Configuration;
use ovhconnect::whatif::Report;
use serde_json::Value;

#[test]
fn the_saved_plan_schema_is_up_to_date() {
    is_up_to_date("saved-plan", &SavedPlan::schema());
}

#[test]
fn the_run_log_schema_is_up_to_date() {
    is_up_to_date("run-log", &Record::schema());
}

#[test]
fn the_router_schema_is_up_to_date() {
    is_up_to_date("router", &Configuration::schema());
}

#[test]
fn the_whatif_schema_is_up_to_date() {
    is_up_to_date("whatif", &Report::schema());
}

fn is_up_to_date(name: &str, schema: &Value) {
    let generated = format!("{schema:#}\n");
    let path = &format!("schemas/{name}.schema.json");
    if std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite") {
        std::fs::create_dir_all("schemas").expect("a folder");
        std::fs::write(path, &generated).expect("a file");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == generated, "{path} is stale: SNAPSHOTS=overwrite cargo test --test schemas");
}
