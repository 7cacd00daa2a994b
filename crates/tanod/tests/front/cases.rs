//! Cases: how signals group, who may decide, and what cannot happen.

use std::fmt::Write as _;

use axum::http::header;
use proptest::prelude::*;
use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};
use tanod::review::{Event, State};

use super::bed::*;

pub(crate) const TYPE: &str = "Child Pornography (possession, manufacture, and distribution)";

/// A case of one upload by this account; its id and the upload's.
pub(crate) async fn matched(bed: &Bed, media: &[u8], account: &str) -> (String, String) {
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let said = bed.upload(&key, &facts(&format!("of-{account}"), account), media).await.ok();
    (said["case"].as_str().unwrap().to_owned(), said["item"].as_str().unwrap().to_owned())
}

pub(crate) async fn lease(bed: &Bed, token: &str, case: &str) -> Value {
    bed.post(&format!("/v1/cases/{case}/lease"), token, &json!({})).await.ok()
}

pub(crate) async fn look(bed: &Bed, token: &str, case: &str, item: &str, veiled: bool) -> Said {
    let body = json!({"item": item, "purpose": "review", "veiled": veiled});
    bed.post(&format!("/v1/cases/{case}/views"), token, &body).await
}

/// Decides, with everybody who has no role yet as a suspect where a report is decided.
pub(crate) async fn decide(bed: &Bed, token: &str, case: &str, body: &Value) -> Said {
    let mut body = body.clone();
    if body["outcome"] == "report" && body.get("roles").is_none() {
        let shown = bed.get(&format!("/v1/cases/{case}"), token).await.json();
        let unset = shown["involved"].as_array().into_iter().flatten().filter(|one| one["role"].is_null());
        body["roles"] = unset.map(|one| json!({"involved": one["id"], "role": "suspect"})).collect();
    }
    plainly(bed, token, case, &body).await
}

/// Decides with these very words.
pub(crate) async fn plainly(bed: &Bed, token: &str, case: &str, body: &Value) -> Said {
    bed.post(&format!("/v1/cases/{case}/decisions"), token, body).await
}

pub(crate) fn report(viewed: &[&str]) -> Value {
    json!({"outcome": "report", "reason": "It is what the list says.", "incident_type": TYPE, "viewed_whole": viewed})
}

pub(crate) async fn state(bed: &Bed, token: &str, case: &str) -> String {
    bed.get(&format!("/v1/cases/{case}"), token).await.ok()["state"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn signals_of_an_account_share_a_case_and_others_do_not() {
    let bed = Bed::new().await;
    let (media, lead) = (known(&bed, 1).await, bed.person(Role::Lead).await);
    let (first, _) = matched(&bed, &media, "u1").await;
    let (second, _) = matched(&bed, &media, "u1").await;
    let (other, _) = matched(&bed, &media, "u2").await;
    assert_eq!(first, second);
    assert_ne!(first, other);
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let nobody = json!({"content_id": "x"});
    let (one, two) = (bed.upload(&key, &nobody, &media).await.ok(), bed.upload(&key, &nobody, &media).await.ok());
    assert_ne!(one["case"], two["case"]);
    let cases = bed.get("/v1/cases", &lead).await.ok();
    assert_eq!(cases["rows"].as_array().unwrap().len(), 4);
    // Public comes first: P2 before P3.
    assert_eq!(cases["rows"][0]["priority"], "P2");
    assert_eq!(cases["rows"][3]["priority"], "P3");
    let case = bed.get(&format!("/v1/cases/{first}"), &lead).await.ok();
    assert_eq!(case["signals"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&case["knowledge_route"], &case["holds"][0]["basis"]),
        (&json!("hash_match"), &json!("pending_decision"))
    );
    assert_eq!(case["holds"][0]["starts_at"], case["knowledge_at"]);
}

#[tokio::test]
async fn only_the_leaseholder_works_on_a_case() {
    let bed = Bed::new().await;
    let (case, item) = matched(&bed, &known(&bed, 1).await, "u").await;
    let (one, two) = (bed.person(Role::Reviewer).await, bed.person(Role::Reviewer).await);
    assert_eq!(look(&bed, &one, &case, &item, true).await.slug(), "not-leased");
    assert_eq!(decide(&bed, &one, &case, &report(&[])).await.slug(), "not-leased");
    lease(&bed, &one, &case).await;
    let taken = bed.post(&format!("/v1/cases/{case}/lease"), &two, &json!({})).await;
    assert_eq!((taken.status.as_u16(), taken.slug().as_str()), (409, "leased-by-another"));
    assert_eq!(look(&bed, &two, &case, &item, true).await.slug(), "not-leased");
    bed.clock.advance(std::time::Duration::from_mins(16));
    assert_eq!(look(&bed, &one, &case, &item, true).await.slug(), "not-leased");
    lease(&bed, &two, &case).await;
    assert_eq!(bed.call("DELETE", &format!("/v1/cases/{case}/lease"), &two, &json!({})).await.status, 204);
    lease(&bed, &one, &case).await;
}

#[tokio::test]
async fn a_look_is_on_record_and_shows_new_pixels() {
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let (case, item) = matched(&bed, &media, "u").await;
    let (reviewer, auditor) = (bed.person(Role::Reviewer).await, bed.person(Role::Auditor).await);
    lease(&bed, &reviewer, &case).await;
    let veiled = look(&bed, &reviewer, &case, &item, true).await;
    assert_eq!((veiled.status.as_u16(), &veiled.headers["x-tanod-whole"]), (200, &"false".parse().unwrap()));
    bed.clock.advance(std::time::Duration::from_secs(1));
    let whole = look(&bed, &reviewer, &case, &item, false).await;
    assert_eq!(whole.headers["x-tanod-whole"], "true");
    assert_eq!(whole.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(whole.headers[header::CONTENT_TYPE], "image/jpeg");
    assert_ne!(whole.bytes, media);
    assert!(veiled.bytes.len() < whole.bytes.len());
    let record = bed.get(&format!("/v1/audit?case={case}"), &auditor).await.ok();
    let views: Vec<_> =
        record["rows"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "exhibit.viewed").collect();
    assert_eq!(views.len(), 2);
    assert!(views[0]["actor"].as_str().unwrap().starts_with("staff ") && views[0]["detail"]["whole"] == true);
    let curiosity = json!({"item": item, "purpose": "curiosity"});
    assert_eq!(bed.post(&format!("/v1/cases/{case}/views"), &reviewer, &curiosity).await.slug(), "bad-body");
    let (_, elsewhere) = matched(&bed, &media, "u2").await;
    assert_eq!(look(&bed, &reviewer, &case, &elsewhere, true).await.slug(), "not-in-case");
}

#[tokio::test]
async fn a_decision_needs_what_a_decision_needs() {
    let bed = Bed::new().await;
    let (case, item) = matched(&bed, &known(&bed, 1).await, "u").await;
    let reviewer = bed.person(Role::Reviewer).await;
    lease(&bed, &reviewer, &case).await;
    let cases = [
        ("no-reason", json!({"outcome": "report", "reason": "yes", "incident_type": TYPE})),
        ("no-incident-type", json!({"outcome": "report", "reason": "a good reason"})),
        ("no-incident-type", json!({"outcome": "report", "reason": "a good reason", "incident_type": "Something"})),
        ("not-viewed", report(&[&item])),
        ("not-in-case", report(&["item_00000000-0000-7000-8000-000000000000"])),
        ("bad-body", json!({"outcome": "perhaps", "reason": "a good reason"})),
    ];
    for (slug, body) in cases {
        assert_eq!(decide(&bed, &reviewer, &case, &body).await.slug(), slug, "{body}");
    }
    // A veiled look is no viewing.
    look(&bed, &reviewer, &case, &item, true).await;
    assert_eq!(decide(&bed, &reviewer, &case, &report(&[&item])).await.slug(), "not-viewed");
    look(&bed, &reviewer, &case, &item, false).await;
    decide(&bed, &reviewer, &case, &report(&[&item])).await.ok();
    assert_eq!(decide(&bed, &reviewer, &case, &report(&[])).await.slug(), "not-leased");
    lease(&bed, &reviewer, &case).await;
    assert_eq!(decide(&bed, &reviewer, &case, &report(&[])).await.slug(), "wrong-state");
}

#[tokio::test]
async fn closing_without_a_report_takes_two() {
    let bed = Bed::new().await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let (lead, other) = (bed.person(Role::Lead).await, bed.person(Role::Lead).await);
    lease(&bed, &lead, &case).await;
    let harmless = json!({"outcome": "no_violation", "reason": "A harmless picture."});
    assert_eq!(decide(&bed, &lead, &case, &harmless).await.ok()["approval"], "asked");
    assert_eq!(state(&bed, &lead, &case).await, "approval");
    let approve = async |token: &str, yes: bool| {
        let body = json!({"approve": yes, "reason": "I have looked as well."});
        bed.post(&format!("/v1/cases/{case}/approvals"), token, &body).await
    };
    assert_eq!(approve(&lead, true).await.slug(), "same-person");
    approve(&other, false).await.ok();
    assert_eq!(state(&bed, &lead, &case).await, "open");
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &harmless).await.ok();
    approve(&other, true).await.ok();
    assert_eq!(state(&bed, &lead, &case).await, "dismissed");
    assert_eq!(approve(&other, true).await.slug(), "wrong-state");
    bed.work(0).await;
    assert!(bed.sim.reports().is_empty());
    // A new signal of the account is a new case: what was dismissed stays so.
    let (again, _) = matched(&bed, &known(&bed, 2).await, "u").await;
    assert_ne!(again, case);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn help_is_a_leads_to_give() {
    let bed = Bed::new().await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let (reviewer, lead) = (bed.person(Role::Reviewer).await, bed.person(Role::Lead).await);
    lease(&bed, &reviewer, &case).await;
    let unsure = |next: i64| json!({"outcome": "cannot_tell", "reason": "I am not sure.", "next": next});
    // Never to nobody, and not back to oneself.
    let nobody = json!({"outcome": "cannot_tell", "reason": "I am not sure."});
    assert_eq!(decide(&bed, &reviewer, &case, &nobody).await.slug(), "nobody-next");
    assert_eq!(decide(&bed, &reviewer, &case, &unsure(1)).await.slug(), "nobody-next");
    decide(&bed, &reviewer, &case, &unsure(2)).await.ok();
    assert_eq!(state(&bed, &lead, &case).await, "help");
    lease(&bed, &reviewer, &case).await;
    assert_eq!(decide(&bed, &reviewer, &case, &report(&[])).await.slug(), "not-allowed");
    bed.call("DELETE", &format!("/v1/cases/{case}/lease"), &reviewer, &json!({})).await;
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    assert_eq!(state(&bed, &lead, &case).await, "reporting");
}

proptest! {
    /// Whatever happens, in whatever order, a case only makes the moves that are drawn, and never leaves what was decided
    /// without an event that says so.
    #[test]
    fn no_sequence_of_events_reaches_an_illegal_state(events in prop::collection::vec(0..Event::ALL.len(), 0..40)) {
        let mut state = State::Open;
        for event in events {
            let event = Event::ALL[event];
            let before = state;
            match state.after(event) {
                Ok(next) => {
                    let drawn = match (before, next) {
                        (before, next) if before == next => true,
                        // Danger now waits for nothing.
                        (_, State::Reporting) if event == Event::DangerNow => true,
                        (State::Reported, State::Open) => {
                            matches!(event, Event::Signal | Event::Reopened | Event::FoundWrongWithMore)
                        }
                        (State::Reported, State::Dismissed) => event == Event::FoundWrong,
                        (State::Reporting, next) => match next {
                            State::Open => {
                                matches!(event, Event::ReportedWithMore | Event::Withdrawn | Event::FoundWrongWithMore)
                            }
                            State::Reported => event == Event::Reported,
                            State::Dismissed => event == Event::FoundWrong,
                            _ => false,
                        },
                        (State::Dismissed, next) => next == State::Open && event == Event::Reopened,
                        (_, State::Reported) => false,
                        _ => true,
                    };
                    prop_assert!(drawn, "{:?} to {:?} by {:?}", before, next, event);
                    state = next;
                }
                Err(refused) => prop_assert_eq!(refused.slug(), Some("wrong-state")),
            }
        }
    }
}

/// Every state and every event, as a picture.
#[test]
fn the_moves() {
    let mut table = String::new();
    for state in State::ALL {
        for event in Event::ALL {
            if let Ok(next) = state.after(event) {
                writeln!(table, "{state:?} --{event:?}--> {next:?}").unwrap();
            }
        }
    }
    insta::assert_snapshot!(table);
}
