//! Adults' intimate pictures: a queue of their own with 48 hours for each, never among the cases of children (US-60).

use std::time::Duration;

use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};
use tanod::notices::removals;

use super::bed::*;
use super::webhooks::{due, heard};

const WHY: &str = "She is the person in the picture, and an adult.";

/// Somebody asks for a picture to be removed; the notice's id.
async fn asked_for(bed: &Bed, content: &str) -> String {
    let key = bed.key(&[Scope::NoticesWrite]).await;
    let said = json!({"kind": "depicted", "reason": "intimate_adult", "words": "it is me", "content_ids": [content]});
    bed.post("/v1/notices", &key, &said).await.ok()["notice"].as_str().unwrap().to_owned()
}

async fn step(bed: &Bed, token: &str, id: &str, step: &str) -> Said {
    bed.post(&format!("/v1/removals/{id}"), token, &json!({"step": step, "reason": WHY})).await
}

async fn only(bed: &Bed, query: &str) -> Vec<Value> {
    let lead = bed.person(Role::Lead).await;
    bed.get(&format!("/v1/removals{query}"), &lead).await.ok()["rows"].as_array().unwrap().clone()
}

/// From the request to the platform's word, with every identical copy; the next upload of it matches and makes no case.
#[tokio::test]
async fn a_valid_request_removes_the_picture_and_its_known_copies() {
    let (bed, platform) = heard(|_| {}).await;
    let uploads = bed.key(&[Scope::ItemsWrite]).await;
    bed.bank("csam", &[("md5", "00".repeat(16))]).await;
    let media = jpeg(&picture(1, 320, 240), 90);
    for (content, account) in [("post-1", "a"), ("post-2", "b"), ("post-3", "c")] {
        assert_eq!(bed.upload(&uploads, &facts(content, account), &media).await.ok()["verdict"], "no_match");
    }
    let id = asked_for(&bed, "post-1").await;
    let row = only(&bed, "").await[0].clone();
    assert_eq!((&row["state"], &row["clock"], &row["notice"]["id"]), (&json!("open"), &json!("running"), &json!(id)));
    assert_eq!(row["due_at"], "2026-11-26T12:00:00Z");
    // Nothing of it is among the cases of children, nor in their list of notices.
    let lead = bed.person(Role::Lead).await;
    assert!(bed.get("/v1/cases", &lead).await.ok()["rows"].as_array().unwrap().is_empty());
    for (queue, n) in [("children", 0), ("adults", 1), ("all", 1)] {
        let rows = bed.get(&format!("/v1/notices?queue={queue}"), &lead).await.ok()["rows"].clone();
        assert_eq!(rows.as_array().unwrap().len(), n, "{queue}");
    }
    assert_eq!(bed.get("/v1/notices?queue=x", &lead).await.slug(), "bad-query");

    let key = bed.key(&[Scope::ActionsAcknowledge]).await;
    assert_eq!(step(&bed, &key, &id, "remove").await.slug(), "not-allowed");
    assert_eq!(step(&bed, &lead, &id, "removed").await.slug(), "removal-settled");
    let short = json!({"step": "remove", "reason": "yes"});
    assert_eq!(bed.post(&format!("/v1/removals/{id}"), &lead, &short).await.slug(), "no-reason");
    assert_eq!(step(&bed, &lead, "notice_x", "remove").await.slug(), "unknown-notice");
    assert_eq!(step(&bed, &lead, &id, "remove").await.ok()["state"], "asked");
    due(&bed, "webhooks").await;
    let heard = platform.received().into_iter().find(|one| one.body["type"] == "removal.requested").unwrap().body;
    assert_eq!(
        (&heard["data"]["content_ids"], &heard["data"]["copies"]),
        (&json!(["post-1"]), &json!(["post-2", "post-3"]))
    );
    // The clock runs until the platform says that it is done.
    assert_eq!(only(&bed, "?state=asked").await[0]["clock"], "running");
    let done = step(&bed, &key, &id, "removed").await.ok();
    assert_eq!((&done["state"], &done["clock"]), (&json!("removed"), &json!("met")));
    assert_eq!(step(&bed, &lead, &id, "escalate").await.slug(), "removal-settled");
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    let again = bed.upload(&uploads, &facts("post-4", "d"), &media).await.ok();
    assert_eq!((&again["verdict"], &again["case"]), (&json!("match"), &json!(null)));
    bed.ledger_verifies().await;
}

/// Where the person may be under 18 it becomes a case first, with what came with it; what is declined is destroyed.
#[tokio::test]
async fn a_request_that_may_be_a_childs_becomes_a_case_and_what_is_declined_is_not_kept() {
    let bed = Bed::new().await;
    let key = bed.key(&[Scope::NoticesWrite]).await;
    let mut ids = Vec::new();
    for seed in [1, 40] {
        let said =
            json!({"kind": "representative", "reason": "intimate_adult", "words": "a picture of her"}).to_string();
        let media = jpeg(&picture(seed, 320, 240), 90);
        let (kind, body) = form(&[("notice", said.as_bytes()), ("media", &media)]);
        let request = Bed::request("POST", "/v1/notices", &key).header("content-type", kind);
        let said = bed.send(request.body(axum::body::Body::from(body)).unwrap()).await.ok();
        ids.push(said["notice"].as_str().unwrap().to_owned());
    }
    let kept = async || bed.count("SELECT COUNT(*) AS n FROM exhibits WHERE destroyed_at IS NULL").await;
    let lead = bed.person(Role::Lead).await;
    assert_eq!(step(&bed, &lead, &ids[0], "decline").await.ok()["state"], "declined");
    bed.work(0).await;
    assert_eq!(kept().await, 1);
    let escalated = step(&bed, &lead, &ids[1], "escalate").await.ok();
    let case = escalated["notice"]["case"].as_str().unwrap().to_owned();
    let shown = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok();
    assert_eq!((&shown["priority"], &shown["knowledge_route"]), (&json!("P1"), &json!("person_depicted")));
    assert_eq!((shown["signals"].as_array().unwrap().len(), &shown["signals"][0]["notice"]), (1, &json!(ids[1])));
    assert_eq!(shown["holds"][0]["basis"], "pending_decision");
    bed.work(1).await;
    assert_eq!(kept().await, 1);
    bed.ledger_verifies().await;
}

/// Whoever decides a request sees its picture, under the veil first, each look on record; nobody else does, it is no child's case,
/// and once it is settled nothing is shown.
#[tokio::test]
async fn who_decides_a_request_sees_its_picture_and_every_look_is_on_record() {
    let bed = Bed::new().await;
    let key = bed.key(&[Scope::NoticesWrite]).await;
    let said = json!({"kind": "depicted", "reason": "intimate_adult", "words": "it is me"}).to_string();
    let (kind, body) = form(&[("notice", said.as_bytes()), ("media", &jpeg(&picture(1, 320, 240), 90))]);
    let request = Bed::request("POST", "/v1/notices", &key).header("content-type", kind);
    let id = bed.send(request.body(axum::body::Body::from(body)).unwrap()).await.ok()["notice"].clone();
    let id = id.as_str().unwrap().to_owned();
    let item = only(&bed, "").await[0]["notice"]["items"][0].as_str().unwrap().to_owned();
    let reviewer = bed.person(Role::Reviewer).await;
    let here = format!("/console/removals/{id}");
    let shown = async |path: &str, token: &str| {
        let cookie = format!("{}={token}", tanod::web::COOKIE);
        bed.send(Bed::request("GET", path, "").header("cookie", cookie).body(axum::body::Body::empty()).unwrap()).await
    };
    let looks = "SELECT COUNT(*) AS n FROM audit WHERE kind = 'exhibit.viewed' AND case_id IS NULL";
    // In the list there is only the way to it: a list shows no picture.
    let list = bed.console("/console/removals", &reviewer, &[]).await.1;
    assert!(list.contains(&format!("href=\"{here}\"")) && !list.contains("<img"), "{list}");
    let page = bed.console(&here, &reviewer, &[]).await.1;
    assert!(
        page.contains(&format!("{here}/exhibits/{item}?veiled=true")) && page.contains("Each look is on record"),
        "{page}"
    );
    assert_eq!(bed.count(looks).await, 0);
    let veiled = shown(&format!("{here}/exhibits/{item}?veiled=true"), &reviewer).await;
    assert_eq!((veiled.status.as_u16(), &veiled.bytes[..2]), (200, &[0xff, 0xd8][..]));
    let part = bed.console(&format!("{here}/pictures/{item}?whole=true"), &reviewer, &[]).await.1;
    assert!(part.contains("?veiled=false") && part.contains("Put the veil back"), "{part}");
    let look = |purpose: &str| json!({"item": item, "purpose": purpose, "veiled": false});
    let views = format!("/v1/removals/{id}/views");
    let said = bed.post(&views, &reviewer, &look("removal")).await;
    assert_eq!((said.status.as_u16(), &said.headers["x-tanod-whole"]), (200, &"true".parse().unwrap()));
    assert_eq!(bed.count(looks).await, 2);
    // It is no look of a case's review, and another's upload is not seen by it.
    assert_eq!(bed.post(&views, &reviewer, &look("review")).await.slug(), "not-in-case");
    let (case, other) = super::cases::matched(&bed, &known(&bed, 9).await, "u").await;
    let strange = json!({"item": other, "purpose": "removal"});
    assert_eq!(bed.post(&views, &reviewer, &strange).await.slug(), "not-in-case");
    assert_eq!(bed.post(&format!("/v1/cases/{case}/views"), &reviewer, &strange).await.slug(), "not-in-case");
    let auditor = bed.person(Role::Auditor).await;
    assert_eq!(bed.post(&views, &auditor, &look("removal")).await.slug(), "not-allowed");
    assert_eq!(shown(&format!("{here}/exhibits/{item}?veiled=true"), &auditor).await.status, 403);
    assert_eq!(
        bed.get("/v1/cases", &reviewer).await.ok()["rows"].as_array().unwrap().len(),
        1,
        "the other one's alone"
    );
    // Settled, it is shown to nobody any more.
    let lead = bed.person(Role::Lead).await;
    step(&bed, &lead, &id, "decline").await.ok();
    assert_eq!(bed.post(&views, &reviewer, &look("removal")).await.slug(), "removal-settled");
    let page = bed.console(&here, &reviewer, &[]).await;
    assert!(page.0 == 200 && !page.1.contains("<img"), "{}", page.1);
    bed.ledger_verifies().await;
}

/// Nobody looks: it pages when the time is nearly over and when it has passed, and no more once it is settled.
#[tokio::test]
async fn the_time_of_a_request_is_seen_and_pages() {
    let bed = Bed::new().await;
    let (first, second) = (asked_for(&bed, "one").await, asked_for(&bed, "two").await);
    let standing = async |kind: &str| {
        removals::jobs::watch(&bed.app).await.unwrap();
        let lead = bed.person(Role::Lead).await;
        let rows = bed.get("/v1/alarms", &lead).await.ok()["rows"].clone();
        rows.as_array().unwrap().iter().filter(|row| row["kind"] == kind && row["state"] == "open").count()
    };
    for (hours, clock, near, passed) in [(38, "running", 0, 0), (1, "near", 2, 0), (9, "passed", 0, 2)] {
        bed.clock.advance(Duration::from_hours(hours));
        assert_eq!((standing("clock_near").await, standing("clock_passed").await), (near, passed), "{clock}");
        assert_eq!(only(&bed, "").await[0]["clock"], clock);
    }
    let lead = bed.person(Role::Lead).await;
    let page = bed.console("/console/removals", &lead, &[]).await.1;
    assert!(page.contains("2026-11-26 12:00") && page.contains("<strong>passed</strong>"), "{page}");
    // It is not on the page of what is about children.
    assert!(!bed.console("/console/notices", &lead, &[]).await.1.contains(&first));
    let form = async |id: &str, step: &str, reason: &str| {
        bed.console(&format!("/console/removals/{id}"), &lead, &[("step", step), ("reason", reason)]).await
    };
    assert_eq!(form(&first, "decline", "no").await.0, 422);
    assert_eq!(form(&first, "", WHY).await.0, 422);
    assert_eq!(form(&first, "decline", WHY).await.0, 303);
    assert_eq!(form(&first, "decline", WHY).await.0, 409);
    assert_eq!(form(&second, "remove", WHY).await.0, 303);
    assert_eq!(standing("clock_passed").await, 1);
    assert_eq!(form(&second, "removed", WHY).await.0, 303);
    assert_eq!(standing("clock_passed").await, 0);
    assert!(bed.console("/console/removals?state=removed", &lead, &[]).await.1.contains(WHY));
    bed.ledger_verifies().await;
}
