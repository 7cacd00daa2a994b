//! The deadlines of a case: shown, paged when near or passed, and silent once met.

use std::time::Duration;

use serde_json::{Value, json};
use tanod::accounts::Role;

use super::bed::*;
use super::cases::*;

async fn clock(bed: &Bed, token: &str, case: &str, id: &str) -> Value {
    let rows = bed.get(&format!("/v1/cases/{case}/clocks"), token).await.ok()["rows"].clone();
    rows.as_array().unwrap().iter().find(|clock| clock["id"] == id).cloned().unwrap_or_default()
}

async fn alarms(bed: &Bed, kind: &str, state: &str) -> usize {
    let lead = bed.person(Role::Lead).await;
    let rows = bed.get("/v1/alarms", &lead).await.ok()["rows"].clone();
    rows.as_array().unwrap().iter().filter(|alarm| alarm["kind"] == kind && alarm["state"] == state).count()
}

#[tokio::test]
async fn a_deadline_is_shown_pages_when_near_and_passed_and_is_silent_once_met() {
    let bed = Bed::with(|settings, _| settings.operator.country = "US".into()).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    let round = async || tanod::clocks::jobs::watch(&bed.app).await.unwrap();
    let found = clock(&bed, &lead, &case, "us-report").await;
    assert_eq!((&found["state"], &found["law"]), (&json!("running"), &json!("US-07")));
    assert!(found["design"].as_str().unwrap().contains("target"));
    round().await;
    assert_eq!(alarms(&bed, "clock_near", "open").await, 0);
    bed.clock.advance(Duration::from_hours(20));
    round().await;
    round().await;
    assert_eq!(alarms(&bed, "clock_near", "open").await, 1, "said twice, raised once");
    bed.clock.advance(Duration::from_hours(5));
    round().await;
    assert_eq!((alarms(&bed, "clock_near", "open").await, alarms(&bed, "clock_passed", "open").await), (0, 1));
    let lead = bed.person(Role::Lead).await;
    assert_eq!(clock(&bed, &lead, &case, "us-report").await["state"], "passed");
    let shown = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok()["clocks"].clone();
    assert_eq!((&shown[0]["id"], &shown[0]["state"]), (&json!("us-report"), &json!("passed")));
    for path in ["/console/queue".to_owned(), format!("/console/cases/{case}")] {
        let request = Bed::request("GET", &path, "").header("cookie", format!("{}={lead}", tanod::web::COOKIE));
        let page = bed.send(request.body(axum::body::Body::empty()).unwrap()).await;
        let text = String::from_utf8(page.bytes).unwrap();
        assert!(text.contains("<time class=\"left passed\"") && text.contains("Report (US-07)"), "{path}: {text}");
    }
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(1).await;
    round().await;
    assert_eq!(alarms(&bed, "clock_passed", "open").await, 0);
    let met = clock(&bed, &bed.person(Role::Lead).await, &case, "us-report").await;
    assert_eq!((&met["state"], &met["late"]), (&json!("met"), &json!(true)));
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn whom_to_call_begins_with_the_childs_country_and_takes_the_operators_own_numbers() {
    let bed = Bed::with(|settings, _| {
        settings.operator.country = "US".into();
        let own = json!({"country": "PH", "kind": "police", "name": "our liaison", "number": "1"});
        settings.danger.numbers = vec![serde_json::from_value(own).unwrap()];
    })
    .await;
    let reviewer = bed.person(Role::Reviewer).await;
    let rows = bed.get("/v1/numbers?child=PH&account=DE", &reviewer).await.ok()["rows"].clone();
    let rows = rows.as_array().unwrap();
    assert_eq!((&rows[0]["name"], &rows[0]["source"]), (&json!("our liaison"), &json!("operator")));
    let countries: Vec<&str> = rows.iter().map(|row| row["country"].as_str().unwrap()).collect();
    let first = |country| countries.iter().position(|one| *one == country).unwrap();
    assert!(first("PH") < first("EU") && first("EU") < first("US"));
    assert!(rows.iter().any(|row| row["name"] == "NCMEC" && row["number"] == "1-800-843-5678"));
}

/// What comes after a report has a deadline of its own: an accepted report says nothing about it (US-07).
#[tokio::test]
async fn a_signal_after_a_report_runs_a_clock_anew() {
    let bed = Bed::with(|settings, _| settings.operator.country = "US".into()).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    assert_eq!(clock(&bed, &lead, &case, "us-report").await["state"], "met");
    bed.clock.advance(Duration::from_hours(2));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    matched(&bed, &known(&bed, 2).await, "u").await;
    let anew = clock(&bed, &lead, &case, "us-report").await;
    assert_eq!((&anew["state"], &anew["since"]), (&json!("running"), &json!("2026-11-24T14:00:00Z")));
    bed.clock.advance(Duration::from_hours(24));
    tanod::clocks::jobs::watch(&bed.app).await.unwrap();
    assert_eq!(alarms(&bed, "clock_passed", "open").await, 1);
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    assert_eq!(clock(&bed, &lead, &case, "us-report").await["state"], "passed", "decided is not reported");
    bed.work(0).await;
    tanod::clocks::jobs::watch(&bed.app).await.unwrap();
    assert_eq!(alarms(&bed, "clock_passed", "open").await, 0);
}

/// In the Philippines more is asked than the report to NCMEC: who else was told is written down, it places its holds and stops the
/// clocks that ask for it; what is discovered afterwards must be told anew (PH-40).
#[tokio::test]
async fn another_authority_is_told_beside_the_report_and_of_each_discovery() {
    let bed = Bed::with(|settings, _| {
        settings.operator.country = "PH".into();
        settings.operator.payments = true;
    })
    .await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    let standing = async |id: &str| clock(&bed, &lead, &case, id).await["state"].as_str().unwrap().to_owned();
    assert_eq!((standing("us-report").await, standing("ph-payments-report").await), ("met".into(), "running".into()));
    let path = format!("/v1/cases/{case}/filings");
    let told = |authority: &str, at: &str| json!({"authority": authority, "number": "R-1", "at": at});
    let late = told("DOJ-OOC", "2027-01-01T00:00:00Z");
    assert_eq!(bed.post(&path, &lead, &late).await.slug(), "not-said-where");
    let nowhere = "/v1/cases/case_00000000-0000-7000-8000-000000000000/filings";
    let now = told("DOJ-OOC", "2026-11-24T12:00:00Z");
    assert_eq!(bed.post(nowhere, &lead, &now).await.slug(), "unknown-case");
    bed.post(&path, &lead, &now).await.ok();
    assert_eq!(
        (standing("ph-payments-report").await, standing("ph-payments-str").await),
        ("met".into(), "running".into())
    );
    assert_eq!(bed.get(&path, &lead).await.ok()[0]["authority"], "DOJ-OOC");
    bed.clock.advance(Duration::from_hours(2));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    matched(&bed, &known(&bed, 2).await, "u").await;
    let anew = clock(&bed, &lead, &case, "ph-payments-report").await;
    assert_eq!((&anew["state"], &anew["since"]), (&json!("running"), &json!("2026-11-24T14:00:00Z")));
    assert_eq!(clock(&bed, &lead, &case, "ph-payments-str").await["since"], "2026-11-24T12:00:00Z");
    // On the page, beside what the platform is asked.
    let here = format!("/console/cases/{case}/actions");
    let form = [("authority", "DOJ-OOC"), ("number", "R-2"), ("filed_at", "2026-11-24T13:30"), ("receipt", "")];
    let wrong = [("authority", ""), ("number", "R-2"), ("filed_at", "2026-11-24T13:30"), ("receipt", "")];
    assert_eq!(bed.console(&format!("/console/cases/{case}/filings"), &lead, &wrong).await.0, 422);
    assert_eq!(bed.console(&format!("/console/cases/{case}/filings"), &lead, &form).await.0, 303);
    assert!(bed.console(&here, &lead, &[]).await.1.contains("R-2"));
    assert_eq!(standing("ph-payments-report").await, "met");
    bed.ledger_verifies().await;
}
