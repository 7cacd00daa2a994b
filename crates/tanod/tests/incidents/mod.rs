//! First-week incidents: what happens to a real operator, each a story with its clock, told through the front door.
//!
//! To add one: a function named by what happened, a sentence above it that says who is in trouble, and an end that a person
//! would ask about ("was it filed?", "is it gone?"). Nothing here reaches behind the API but the clock and the simulators.

mod people;
mod reports;
mod wrongs;

use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};

use super::bed::*;
use super::cases::{decide, lease, look, matched, plainly, report, state};

/// A case as a lead reads it.
async fn case(bed: &Bed, id: &str) -> Value {
    let lead = bed.person(Role::Lead).await;
    bed.get(&format!("/v1/cases/{id}"), &lead).await.ok()
}

/// A case that was reported and accepted, decided by this person.
async fn reported(bed: &Bed, token: &str, media: &[u8], account: &str) -> (String, String) {
    let (case, item) = matched(bed, media, account).await;
    lease(bed, token, &case).await;
    decide(bed, token, &case, &report(&[])).await.ok();
    bed.work(0).await;
    assert_eq!(state(bed, token, &case).await, "reported");
    (case, item)
}

/// Somebody tells; the case that it made or joined. A platform's key sees no cases, so a lead looks it up.
async fn told(bed: &Bed, notice: &Value) -> String {
    let key = bed.key(&[Scope::NoticesWrite]).await;
    let said = bed.post("/v1/notices", &key, notice).await.ok();
    assert!(said["case"].is_null());
    let notices = bed.get("/v1/notices", &bed.person(Role::Lead).await).await.ok();
    let kept = notices["rows"].as_array().unwrap().iter().find(|one| one["id"] == said["notice"]).unwrap().clone();
    kept["case"].as_str().unwrap().to_owned()
}

/// How many alarms of a kind there are. A reviewer looks: one more lead would be one more who may approve.
async fn alarms(bed: &Bed, kind: &str) -> usize {
    let reviewer = bed.person(Role::Reviewer).await;
    let rows = bed.get("/v1/alarms", &reviewer).await.ok()["rows"].clone();
    rows.as_array().unwrap().iter().filter(|row| row["kind"] == kind).count()
}
