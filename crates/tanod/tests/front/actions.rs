//! Actions: each in its turn, with the platform's word on what it did, and a way back.

use std::time::Duration;

use axum::body::Body;
use serde_json::{Value, json};
use sim::receiver::Receiver;
use tanod::accounts::{Role, Scope};
use tanod::actions;
use tanod::store::Recorded;

use super::bed::*;
use super::cases::{lease, matched};
use super::context::{put, whole};
use super::webhooks::{due, heard};

/// A case whose platform hears what happens.
async fn opened() -> (Bed, Receiver, String) {
    let (bed, platform) = heard(|_| {}).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    go(&bed).await;
    (bed, platform, case)
}

async fn go(bed: &Bed) {
    for lane in ["context", "actions", "webhooks"] {
        due(bed, lane).await;
    }
}

async fn later(bed: &Bed, minutes: u64) {
    bed.clock.advance(Duration::from_mins(minutes));
    go(bed).await;
}

fn new(kind: &str) -> Value {
    json!({"kind": kind, "reason": "because of what the match is"})
}

async fn ask(bed: &Bed, case: &str, new: &Value) -> Said {
    let lead = bed.person(Role::Lead).await;
    bed.post(&format!("/v1/cases/{case}/actions"), &lead, new).await
}

async fn all(bed: &Bed) -> Vec<Value> {
    let lead = bed.person(Role::Lead).await;
    bed.get("/v1/actions", &lead).await.ok()["rows"].as_array().unwrap().clone()
}

fn asked_for(platform: &Receiver) -> Vec<Value> {
    let asked = platform.received().into_iter().filter(|one| one.body["type"] == "action.requested");
    asked.map(|one| one.body["data"].clone()).collect()
}

async fn acknowledge(bed: &Bed, action: &Value, word: &Value) -> Said {
    let key = bed.key(&[Scope::ActionsAcknowledge]).await;
    bed.post(&format!("/v1/actions/{}/acknowledgement", action["id"].as_str().unwrap()), &key, word).await
}

#[tokio::test]
async fn a_restriction_waits_for_the_context_and_is_done_in_measured_time() {
    let (bed, platform, case) = opened().await;
    let action = ask(&bed, &case, &new("hide")).await.ok();
    assert_eq!((&action["state"], &action["target"]["content_ids"]), (&json!("waiting"), &json!(["of-u"])));
    // The same once more is the same action.
    assert_eq!(ask(&bed, &case, &new("hide")).await.ok()["id"], action["id"]);
    later(&bed, 10).await;
    assert_eq!(all(&bed).await[0]["waits_for"], "context");
    assert!(asked_for(&platform).is_empty());
    assert_eq!(acknowledge(&bed, &action, &json!({"done": true})).await.slug(), "action-not-open");

    put(&bed, &case, &whole()).await.ok();
    go(&bed).await;
    let asked = asked_for(&platform);
    assert_eq!(asked.len(), 1);
    assert_eq!((&asked[0]["action"], &asked[0]["kind"]), (&action["id"], &json!("hide")));
    assert_eq!((&asked[0]["target"]["content_ids"], &asked[0]["case_number"]), (&json!(["of-u"]), &json!(1)));
    let text = platform.received().iter().map(|one| one.body.to_string()).collect::<String>();
    assert!(!text.contains("because of what"));

    bed.clock.advance(Duration::from_secs(90));
    let done = acknowledge(&bed, &action, &json!({"done": true})).await.ok();
    assert_eq!(
        (&done["state"], &done["took_seconds"], &done["waited_seconds"]),
        (&json!("acknowledged"), &json!(90), &json!(600))
    );
    assert!(done.get("reason").is_none());
    // Said twice is said once; the contrary is refused.
    assert_eq!(acknowledge(&bed, &action, &json!({"done": true})).await.ok()["settled_at"], done["settled_at"]);
    assert_eq!(acknowledge(&bed, &action, &json!({"done": false, "note": "no"})).await.slug(), "action-not-open");
    later(&bed, 300).await;
    assert_eq!(asked_for(&platform).len(), 1);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM audit WHERE kind = 'action.acknowledged'").await, 1);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn nothing_waits_for_a_context_that_is_late_or_while_a_child_may_be_in_danger() {
    let (bed, platform, case) = opened().await;
    ask(&bed, &case, &new("block_reupload")).await.ok();
    later(&bed, 59).await;
    assert!(asked_for(&platform).is_empty());
    later(&bed, 1).await;
    assert_eq!(asked_for(&platform)[0]["kind"], "block_reupload");
    let digest = asked_for(&platform)[0]["target"]["sha256"][0].as_str().unwrap().len();
    assert_eq!(digest, 64);

    let (bed, platform, case) = opened().await;
    let mut tx = bed.app.db.write().await.unwrap();
    tx.execute("UPDATE cases SET priority = 0", &[]).await.unwrap();
    tx.commit(Recorded::unrecorded("a test")).await.unwrap();
    ask(&bed, &case, &new("suspend")).await.ok();
    go(&bed).await;
    assert_eq!(
        (&asked_for(&platform)[0]["kind"], &asked_for(&platform)[0]["target"]["account"]),
        (&json!("suspend"), &json!("u"))
    );
}

#[tokio::test]
async fn who_does_not_answer_is_asked_each_hour_and_it_shows() {
    let (bed, platform, case) = opened().await;
    put(&bed, &case, &json!({"complete": true})).await.ok();
    ask(&bed, &case, &new("hide")).await.ok();
    go(&bed).await;
    later(&bed, 59).await;
    assert_eq!((asked_for(&platform).len(), &all(&bed).await[0]["overdue"]), (1, &json!(false)));
    later(&bed, 1).await;
    let action = all(&bed).await[0].clone();
    assert_eq!((&action["requests"], &action["overdue"]), (&json!(2), &json!(true)));
    let asked = asked_for(&platform);
    assert_eq!((asked.len(), &asked[1]["action"], &asked[1]["request"]), (2, &action["id"], &json!(2)));
    // It says that it cannot, and later that it could.
    assert_eq!(acknowledge(&bed, &action, &json!({"done": false})).await.slug(), "bad-action");
    let failed = acknowledge(&bed, &action, &json!({"done": false, "note": "no such content"})).await.ok();
    assert_eq!((&failed["state"], &failed["note"]), (&json!("failed"), &json!("no such content")));
    later(&bed, 600).await;
    assert_eq!(asked_for(&platform).len(), 2);
    assert_eq!(acknowledge(&bed, &action, &json!({"done": true})).await.ok()["state"], "acknowledged");
    // A page shows it, and a person may say it in the platform's stead.
    let again =
        ask(&bed, &case, &json!({"kind": "stop_stream", "reason": "it is running", "target": {"content_ids": ["s"]}}))
            .await
            .ok();
    go(&bed).await;
    let cookie = format!("{}={}", tanod::web::COOKIE, bed.person(Role::Reviewer).await);
    let page = async |method: &str, path: &str, body: &str| {
        let request = Bed::request(method, path, "").header("cookie", &cookie).header("sec-fetch-site", "same-origin");
        bed.send(request.body(Body::from(body.to_owned())).unwrap()).await
    };
    let shown = String::from_utf8(page("GET", "/console/actions", "").await.bytes).unwrap();
    assert!(shown.contains("Stop the stream") && shown.contains("It was done"), "{shown}");
    let path = format!("/console/actions/{}/acknowledgement", again["id"].as_str().unwrap());
    assert_eq!(page("POST", &path, "done=yes").await.status, 303);
    assert_eq!(all(&bed).await[0]["state"], "acknowledged");
}

#[tokio::test]
async fn who_may_ask_for_what() {
    let (bed, _, case) = opened().await;
    let reviewer = bed.person(Role::Reviewer).await;
    let path = format!("/v1/cases/{case}/actions");
    assert_eq!(bed.post(&path, &reviewer, &new("hide")).await.slug(), "not-leased");
    lease(&bed, &reviewer, &case).await;
    bed.post(&path, &reviewer, &new("hide")).await.ok();
    for (slug, body) in [
        ("no-reason", json!({"kind": "hide", "reason": "short"})),
        ("bad-body", json!({"kind": "fire", "reason": "long enough a reason"})),
        ("bad-action", json!({"kind": "hide", "reason": "long enough a reason", "permanent": true})),
        ("bad-action", json!({"kind": "hide", "reason": "long enough a reason", "notice": "full"})),
        ("bad-action", json!({"kind": "user_notice", "reason": "long enough a reason"})),
        ("bad-action", json!({"kind": "reinstate", "reason": "long enough a reason"})),
        (
            "bad-action",
            json!({"kind": "block_reupload", "reason": "long enough a reason", "target": {"sha256": ["ab"]}}),
        ),
        (
            "bad-action",
            json!({"kind": "user_notice", "notice": "full", "reason": "long enough a reason", "delay_until": "2026-12-01T00:00:00Z"}),
        ),
        (
            "bad-action",
            json!({"kind": "user_notice", "notice": "full", "reason": "long enough a reason", "delay_until": "2029-12-01T00:00:00Z", "basis": "a letter"}),
        ),
        (
            "unknown-action",
            json!({"kind": "reinstate", "reason": "long enough a reason", "undo_of": "action_00000000-0000-7000-8000-000000000000"}),
        ),
    ] {
        assert_eq!(bed.post(&path, &reviewer, &body).await.slug(), slug, "{body}");
    }
    // Nobody who may be a child loses their place for good; for now they may be suspended.
    let mut minor = whole();
    minor["account"]["self_stated_age"] = json!(15);
    let mut forever = new("suspend");
    forever["permanent"] = json!(true);
    bed.post(&path, &reviewer, &forever).await.ok();
    put(&bed, &case, &minor).await.ok();
    go(&bed).await;
    let rows = all(&bed).await;
    let first = rows.iter().find(|row| row["permanent"] == true).unwrap();
    assert_eq!((&first["state"], &first["settled_by"]), (&json!("cancelled"), &json!("tanod")));
    assert_eq!(bed.post(&path, &reviewer, &forever).await.slug(), "protected-account");
    assert_eq!(bed.post(&path, &reviewer, &new("suspend")).await.ok()["permanent"], false);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn a_user_is_told_last_and_a_delay_needs_two_and_ends_by_itself() {
    let (bed, platform, _) = opened().await;
    let (case, lead) = super::reporting::decided(&bed).await;
    let notice = |kind: &str, delayed: bool| {
        let mut new = json!({"kind": "user_notice", "notice": kind, "reason": "long enough a reason"});
        if delayed {
            new["delay_until"] = json!("2026-11-27T12:00:00Z");
            new["basis"] = json!("a letter of the police, 12/26");
        }
        new
    };
    let path = format!("/v1/cases/{case}/actions");
    let told = async |want: &[&str]| {
        go(&bed).await;
        let notices: Vec<String> =
            asked_for(&platform).iter().map(|one| one["notice"].as_str().unwrap().to_owned()).collect();
        assert_eq!(notices, want);
    };
    // That nobody tells the user is said at once; anything else after the report.
    bed.post(&path, &lead, &notice("none", false)).await.ok();
    bed.post(&path, &lead, &notice("neutral", false)).await.ok();
    let delayed = bed.post(&path, &lead, &notice("full", true)).await.ok();
    told(&["none"]).await;
    due(&bed, "reports").await;
    later(&bed, 1).await;
    told(&["none", "neutral"]).await;
    let waiting = all(&bed).await;
    let full = waiting.iter().find(|one| one["notice"] == "full").unwrap();
    assert_eq!(full["waits_for"], "delay", "{full}");
    let approve = format!("/v1/actions/{}/delay-approval", delayed["id"].as_str().unwrap());
    assert_eq!(bed.post(&approve, &lead, &json!({})).await.slug(), "delay-needs-another");
    let other = bed.person(Role::Lead).await;
    assert!(bed.post(&approve, &other, &json!({})).await.ok()["delay"]["approver"].is_string());
    assert_eq!(bed.post(&approve, &other, &json!({})).await.slug(), "action-not-open");
    for _ in 0..60 {
        later(&bed, 60).await;
    }
    let before = asked_for(&platform).iter().filter(|one| one["notice"] == "full").count();
    for _ in 0..13 {
        later(&bed, 60).await;
    }
    let after = asked_for(&platform).iter().filter(|one| one["notice"] == "full").count();
    assert_eq!((before, after > 0), (0, true));
}

#[tokio::test]
async fn a_delay_that_nobody_approves_lasts_a_day() {
    let (bed, platform, _) = opened().await;
    let (case, lead) = super::reporting::decided(&bed).await;
    due(&bed, "reports").await;
    let new = json!({
        "kind": "user_notice", "notice": "neutral", "reason": "long enough a reason",
        "delay_until": "2026-12-24T12:00:00Z", "basis": "a letter of the police, 12/26",
    });
    bed.post(&format!("/v1/cases/{case}/actions"), &lead, &new).await.ok();
    for _ in 0..23 {
        later(&bed, 60).await;
    }
    assert!(asked_for(&platform).is_empty());
    later(&bed, 60).await;
    later(&bed, 60).await;
    assert_eq!(asked_for(&platform)[0]["notice"], "neutral");
}

#[tokio::test]
async fn what_was_wrong_is_undone_and_only_once() {
    let (bed, platform, case) = opened().await;
    put(&bed, &case, &json!({"complete": true})).await.ok();
    let hidden = ask(&bed, &case, &new("hide")).await.ok();
    bed.clock.advance(Duration::from_secs(1));
    ask(&bed, &case, &new("suspend")).await.ok();
    go(&bed).await;
    acknowledge(&bed, &hidden, &json!({"done": true})).await.ok();
    // By hand: one of them.
    let back = json!({"kind": "reinstate", "reason": "it was the wrong account", "undo_of": all(&bed).await[0]["id"]});
    assert_eq!(ask(&bed, &case, &back).await.ok()["target"], json!({"account": "u"}));
    let waiting = ask(&bed, &case, &json!({"kind": "user_notice", "notice": "full", "reason": "long enough a reason"}))
        .await
        .ok();
    // By a correction: everything.
    for n in [1, 0] {
        let mut tx = bed.app.db.write().await.unwrap();
        let id = case.parse().unwrap();
        let undone = actions::undo_all(&mut tx, id, "the decision was wrong").await.unwrap();
        tx.commit(Recorded::unrecorded("a test")).await.unwrap();
        assert_eq!(undone.len(), n);
    }
    go(&bed).await;
    let rows = all(&bed).await;
    let state = |id: &Value| rows.iter().find(|row| row["id"] == *id).unwrap()["state"].clone();
    assert_eq!((state(&hidden["id"]), state(&waiting["id"])), (json!("acknowledged"), json!("cancelled")));
    let undoing: Vec<Value> = asked_for(&platform).into_iter().filter(|one| one["kind"] == "reinstate").collect();
    assert_eq!(undoing.len(), 2);
    let of_hidden = undoing.iter().find(|one| one["undo_of"] == hidden["id"]).unwrap();
    assert_eq!(of_hidden["target"], json!({"content_ids": ["of-u"]}));
    // What is undone is not asked for again, and can be asked for anew.
    later(&bed, 120).await;
    assert_eq!(asked_for(&platform).iter().filter(|one| one["kind"] == "suspend").count(), 1);
    assert_ne!(ask(&bed, &case, &new("hide")).await.ok()["id"], hidden["id"]);
    bed.ledger_verifies().await;
}
