//! Care for the people who look: agreed and trained first, enough is enough, breaks, choices that are their person's own.

use std::time::Duration;

use serde_json::{Value, json};
use tanod::accounts::Role;
use tanod::care::Agreement;
use tanod::config::Settings;

use super::bed::*;
use super::cases::*;

async fn house(change: impl FnOnce(&mut Settings)) -> Bed {
    Bed::with(|settings, _| {
        settings.care.daily_files = 2;
        settings.care.daily_minutes = 0;
        "the line of the house, day and night".clone_into(&mut settings.care.support_line);
        change(settings);
    })
    .await
}

/// A leased case with a known upload of its own.
async fn case_of(bed: &Bed, token: &str, seed: u32) -> (String, String) {
    let media = known(bed, seed).await;
    let (case, item) = matched(bed, &media, &format!("account-{seed}")).await;
    lease(bed, token, &case).await;
    (case, item)
}

async fn say(bed: &Bed, token: &str, word: Value) -> Value {
    bed.post("/v1/care", token, &word).await.ok()
}

#[tokio::test]
async fn nobody_looks_before_they_agreed_and_were_trained_by_another() {
    let bed = house(|settings| settings.care.agreement = Agreement::Required).await;
    let (reviewer, lead) = (bed.person(Role::Reviewer).await, bed.person(Role::Lead).await);
    let (case, item) = case_of(&bed, &reviewer, 1).await;
    assert_eq!(look(&bed, &reviewer, &case, &item, true).await.slug(), "care-not-agreed");
    let (_, page) = bed.console(&format!("/console/cases/{case}"), &reviewer, &[]).await;
    assert!(page.contains("Nobody looks here before they agreed") && !page.contains("<img"), "{page}");
    say(&bed, &reviewer, json!({"agrees": true})).await;
    assert_eq!(look(&bed, &reviewer, &case, &item, true).await.slug(), "care-not-agreed");
    let admin = bed.person(Role::Admin).await;
    let people = bed.get("/v1/people", &admin).await.ok();
    let id = |staff: usize| people[staff - 1]["person"].as_str().unwrap().to_owned();
    let training = json!({"training": "the course of the house, 2026-11"});
    let path = |staff| format!("/v1/people/{}/training", id(staff));
    assert_eq!(bed.post(&path(1), &reviewer, &training).await.slug(), "not-allowed");
    assert_eq!(bed.post(&path(2), &lead, &training).await.slug(), "not-yourself");
    assert_eq!(bed.post(&path(1), &lead, &json!({"training": "x"})).await.slug(), "no-reason");
    bed.post(&path(1), &lead, &training).await.ok();
    look(&bed, &reviewer, &case, &item, true).await;
    assert_eq!(look(&bed, &reviewer, &case, &item, false).await.status, 200);
    // It can be taken back at any time.
    say(&bed, &reviewer, json!({"agrees": false})).await;
    assert_eq!(look(&bed, &reviewer, &case, &item, true).await.slug(), "care-not-agreed");
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn enough_is_enough_but_for_a_child_in_danger_now() {
    let bed = house(|_| {}).await;
    let reviewer = bed.person(Role::Reviewer).await;
    let mut cases = Vec::new();
    for seed in 1..=3 {
        cases.push(case_of(&bed, &reviewer, seed).await);
    }
    for (case, item) in &cases[..2] {
        assert_eq!(look(&bed, &reviewer, case, item, false).await.status, 200);
    }
    let (case, item) = &cases[2];
    assert_eq!(look(&bed, &reviewer, case, item, false).await.slug(), "care-enough");
    let (_, page) = bed.console(&format!("/console/cases/{case}?whole={item}"), &reviewer, &[]).await;
    assert!(page.contains("This is enough for a day.") && !page.contains("veiled=false"), "{page}");
    // What was seen today may be seen again, and the veil is no ceiling.
    assert_eq!(look(&bed, &reviewer, &cases[0].0, &cases[0].1, false).await.status, 200);
    assert_eq!(look(&bed, &reviewer, case, item, true).await.status, 200);
    let mine = bed.get("/v1/care", &reviewer).await.ok();
    assert_eq!((&mine["today"]["files"], &mine["today"]["by_severity"]["A1"]), (&json!(2), &json!(2)));
    // Nobody else's: there is no address for it, and an administrator has no page of it.
    let admin = bed.person(Role::Admin).await;
    assert_eq!(bed.get("/v1/care", &admin).await.slug(), "not-allowed");
    // A child in danger now is held back by no ceiling.
    let danger = json!({"reason": "a child is being hurt now, says a viewer"});
    bed.post(&format!("/v1/cases/{case}/danger"), &reviewer, &danger).await.ok();
    assert_eq!(look(&bed, &reviewer, case, item, false).await.status, 200);
    bed.clock.advance(Duration::from_hours(25));
    let (case, item) = case_of(&bed, &bed.person(Role::Reviewer).await, 4).await;
    let other = bed.person(Role::Reviewer).await;
    bed.clock.advance(Duration::from_mins(20));
    lease(&bed, &other, &case).await;
    assert_eq!(look(&bed, &other, &case, &item, false).await.status, 200);
}

#[tokio::test]
async fn a_break_is_due_after_a_stretch() {
    let bed = house(|settings| {
        settings.care.break_after_minutes = 20;
        settings.care.break_minutes = 10;
    })
    .await;
    let reviewer = bed.person(Role::Reviewer).await;
    let (case, item) = case_of(&bed, &reviewer, 1).await;
    for _ in 0..5 {
        lease(&bed, &reviewer, &case).await;
        assert_eq!(look(&bed, &reviewer, &case, &item, false).await.status, 200);
        bed.clock.advance(Duration::from_mins(5));
    }
    lease(&bed, &reviewer, &case).await;
    let said = look(&bed, &reviewer, &case, &item, false).await;
    assert_eq!(said.slug(), "care-break");
    assert!(said.json()["detail"].as_str().unwrap().contains("12:30"), "{said:?}");
    bed.clock.advance(Duration::from_mins(5));
    assert_eq!(look(&bed, &reviewer, &case, &item, false).await.status, 200);
    let (status, page) = bed.console("/console/care/break", &reviewer, &[]).await;
    assert!(status == 200 && page.contains(r#"<h1 class="unseen">"#));
}

#[tokio::test]
async fn nothing_severe_at_the_end_of_a_shift() {
    let bed = house(|settings| settings.care.late_minutes = 30).await;
    let reviewer = bed.person(Role::Reviewer).await;
    let (case, item) = case_of(&bed, &reviewer, 1).await;
    assert_eq!(look(&bed, &reviewer, &case, &item, false).await.status, 200);
    say(&bed, &reviewer, json!({"shift_ends_at": "2026-11-24T12:20:00Z"})).await;
    assert_eq!(look(&bed, &reviewer, &case, &item, false).await.slug(), "care-late");
    assert_eq!(look(&bed, &reviewer, &case, &item, true).await.status, 200);
}

#[tokio::test]
async fn who_is_not_well_gives_everything_back_and_nobody_asks_why() {
    let bed = house(|_| {}).await;
    let (reviewer, other) = (bed.person(Role::Reviewer).await, bed.person(Role::Reviewer).await);
    let (case, item) = case_of(&bed, &reviewer, 1).await;
    assert_eq!(bed.console("/console/care", &reviewer, &[("do", "rest")]).await.0, 303);
    let (_, page) = bed.console("/console/care", &reviewer, &[]).await;
    assert!(page.contains("the line of the house, day and night") && page.contains("I want to go on"), "{page}");
    lease(&bed, &other, &case).await;
    assert_eq!(look(&bed, &other, &case, &item, true).await.status, 200);
    bed.call("DELETE", &format!("/v1/cases/{case}/lease"), &other, &json!({})).await;
    lease(&bed, &reviewer, &case).await;
    assert_eq!(look(&bed, &reviewer, &case, &item, true).await.slug(), "care-resting");
    say(&bed, &reviewer, json!({"rests": false})).await;
    assert_eq!(look(&bed, &reviewer, &case, &item, true).await.status, 200);
}

#[tokio::test]
async fn what_somebody_chose_not_to_see_is_not_shown_and_the_record_does_not_say_what() {
    let bed = house(|_| {}).await;
    let reviewer = bed.person(Role::Reviewer).await;
    let (case, item) = case_of(&bed, &reviewer, 1).await;
    let unknown = bed.post("/v1/care", &reviewer, &json!({"opted_out": ["Z9"]})).await;
    assert_eq!(unknown.slug(), "unknown-category");
    assert_eq!(bed.post("/v1/care", &reviewer, &json!({})).await.slug(), "bad-body");
    say(&bed, &reviewer, json!({"opted_out": ["A1"]})).await;
    assert_eq!(look(&bed, &reviewer, &case, &item, true).await.slug(), "care-opted-out");
    let auditor = bed.person(Role::Auditor).await;
    let record = bed.get("/v1/audit", &auditor).await.ok();
    let chose = record["rows"].as_array().unwrap().iter().find(|entry| entry["kind"] == "care.chose").unwrap();
    assert!(!chose.to_string().contains("A1"), "{chose}");
    assert_eq!(bed.console("/console/care", &reviewer, &[("do", "choose"), ("category", "B2")]).await.0, 303);
    assert_eq!(look(&bed, &reviewer, &case, &item, true).await.status, 200);
}
