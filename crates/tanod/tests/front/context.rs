//! Context: asked for when a case is opened, sealed as it comes, missed when it does not.

use std::time::Duration;

use axum::body::Body;
use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};
use tanod::context;
use tanod::evidence;
use tanod::review::SecondApproval;
use tanod::store::{CaseId, Recorded};

use super::bed::*;
use super::cases::{decide, lease, matched};
use super::webhooks::{due, heard};

/// Everything a platform may know of an account that is nobody's.
pub(crate) fn whole() -> Value {
    json!({
        "account": {
            "id": "u", "screen_names": ["shown", "before"], "emails": [{"address": "u@platform.example", "verified": true}],
            "phones": [{"number": "+1 555 0100"}], "self_stated_age": 34, "registered_at": "2025-01-01T00:00:00+02:00",
        },
        "events": [{"address": "192.0.2.10", "port": 51_234, "kind": "login", "at": "2026-11-24T11:00:00Z"}],
        "devices": [{"id": "d-1", "description": "a telephone"}],
        "thread": [{"sender": "u", "at": "2026-11-24T11:30:00Z", "text": "here it is", "content_ids": ["of-u"]}],
        "related": [{"content_id": "of-other", "relation": "copy", "sha256": "ab".repeat(32)}],
        "prior_reports": [{"authority": "NCMEC", "number": "1234"}],
        "links": [],
    })
}

pub(crate) async fn put(bed: &Bed, case: &str, body: &Value) -> Said {
    let key = bed.key(&[Scope::ContextWrite]).await;
    bed.call("PUT", &format!("/v1/cases/{case}/context"), &key, body).await
}

async fn shown(bed: &Bed, case: &str) -> Value {
    let reviewer = bed.person(Role::Reviewer).await;
    bed.get(&format!("/v1/cases/{case}/context"), &reviewer).await.ok()
}

async fn later(bed: &Bed, minutes: u64) {
    bed.clock.advance(Duration::from_mins(minutes));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    due(bed, "context").await;
    due(bed, "webhooks").await;
}

#[tokio::test]
async fn opening_a_case_asks_the_platform_and_its_answers_are_sealed_and_add_up() {
    let (bed, platform) = heard(|settings| settings.public_url = "https://tanod.example".into()).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    later(&bed, 0).await;
    let asked = platform.received().into_iter().find(|one| one.body["type"] == "case.context_requested").unwrap();
    let data = &asked.body["data"];
    assert!(asked.genuine);
    assert_eq!(
        (&data["case"], &data["number"], &data["account"], &data["content_ids"]),
        (&json!(case), &json!(1), &json!("u"), &json!(["of-u"]))
    );
    assert_eq!(data["answer"], format!("https://tanod.example/v1/cases/{case}/context"));
    assert_eq!((&data["wanted"][0], &data["due_at"]), (&json!("account"), &json!("2026-11-24T13:00:00Z")));

    let before = bed.app.vault.objects.list().await.unwrap().len();
    let mut parts = whole();
    let thread = parts.as_object_mut().unwrap().remove("thread").unwrap();
    let first = put(&bed, &case, &parts).await.ok();
    assert_eq!((&first["version"], &first["context"]["state"]), (&json!(1), &json!("partial")));
    // The same again is the same; it is kept once.
    assert_eq!(put(&bed, &case, &parts).await.ok()["id"], first["id"]);
    bed.clock.advance(Duration::from_mins(1));
    let second = put(&bed, &case, &json!({"thread": thread})).await.ok();
    assert_eq!((&second["version"], &second["context"]["state"]), (&json!(2), &json!("received")));
    assert_eq!(second["context"]["received_at"], "2026-11-24T12:01:00Z");
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), before + 2);

    // Whole: what was sealed is what came, byte for byte; and what is known is of each part the newest.
    let mut tx = bed.app.db.read().await.unwrap();
    let id = first["id"].as_str().unwrap().parse().unwrap();
    let opened = context::open(&mut tx, &bed.app.vault, id).await.unwrap();
    assert_eq!(opened, parts.to_string().as_bytes());
    drop(tx);
    put(&bed, &case, &json!({"devices": [], "links": [{"url": "https://elsewhere.example/x"}]})).await.ok();
    let all = shown(&bed, &case).await;
    assert_eq!((&all["known"]["devices"], &all["known"]["thread"][0]["text"]), (&json!([]), &json!("here it is")));
    assert_eq!(all["known"]["account"]["emails"][0]["verified"], true);
    assert_eq!(all["versions"].as_array().unwrap().len(), 3);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM audit WHERE kind = 'context.read'").await, 1);

    // The sweeper leaves it, and once it came nobody is asked or paged.
    later(&bed, 120).await;
    let mut tx = bed.app.db.read().await.unwrap();
    assert_eq!(evidence::sweep(&mut tx, &bed.app.vault).await.unwrap().orphans, 0);
    drop(tx);
    assert_eq!(platform.received().iter().filter(|one| one.body["type"] == "case.context_requested").count(), 1);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM alarms").await, 0);
    let reviewer = bed.person(Role::Reviewer).await;
    let request = Bed::request("GET", &format!("/console/cases/{case}/context"), "");
    let request = request.header("cookie", format!("{}={reviewer}", tanod::web::COOKIE)).body(Body::empty()).unwrap();
    let page = String::from_utf8(bed.send(request).await.bytes).unwrap();
    assert!(page.contains("<h1>What the platform knows</h1>") && page.contains("here it is"), "{page}");
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn who_does_not_answer_is_asked_once_more_and_then_somebody_is_told() {
    let (bed, platform) = heard(|_| {}).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let asks = || platform.received().iter().filter(|one| one.body["type"] == "case.context_requested").count();
    later(&bed, 0).await;
    later(&bed, 29).await;
    assert_eq!(asks(), 1);
    later(&bed, 1).await;
    assert_eq!(asks(), 2);
    later(&bed, 29).await;
    assert_eq!(shown(&bed, &case).await["standing"]["state"], "asked");
    later(&bed, 1).await;
    assert_eq!((asks(), &shown(&bed, &case).await["standing"]["state"]), (2, &json!("late")));
    // Its absence shows wherever the case does.
    let lead = bed.person(Role::Lead).await;
    assert_eq!(bed.get("/v1/cases", &lead).await.ok()["rows"][0]["context"]["state"], "late");
    assert_eq!(bed.get(&format!("/v1/cases/{case}"), &lead).await.ok()["context"]["state"], "late");
    for path in ["/console/queue".to_owned(), format!("/console/cases/{case}")] {
        let request = Bed::request("GET", &path, "").header("cookie", format!("{}={lead}", tanod::web::COOKIE));
        let page = bed.send(request.body(Body::empty()).unwrap()).await;
        assert!(String::from_utf8(page.bytes).unwrap().contains("late: asked"), "{path}");
    }
    let alarm = bed.get("/v1/alarms", &lead).await.ok()["rows"][0].clone();
    assert_eq!((&alarm["kind"], &alarm["case"]), (&json!("context_late"), &json!(case)));
    // What comes late is taken like anything else, and the alarm is over.
    assert_eq!(put(&bed, &case, &json!({"complete": true})).await.ok()["context"]["state"], "received");
    assert_eq!(bed.get("/v1/alarms", &lead).await.ok()["rows"][0]["state"], "cleared");
    // A decision that needs more asks anew, from the beginning.
    let id: CaseId = case.parse().unwrap();
    for _ in 0..2 {
        let mut tx = bed.app.db.write().await.unwrap();
        context::request(&mut tx, id).await.unwrap();
        tx.commit(Recorded::unrecorded("a test")).await.unwrap();
    }
    later(&bed, 0).await;
    assert_eq!((asks(), &shown(&bed, &case).await["standing"]["state"]), (3, &json!("asked")));
}

#[tokio::test]
async fn where_nobody_is_to_be_asked_nothing_waits_and_nobody_is_paged() {
    let bed = Bed::new().await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    bed.work(3).await;
    assert_eq!(shown(&bed, &case).await["standing"]["state"], "not_asked");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM alarms").await, 0);
    // The platform may say what it knows all the same.
    assert_eq!(put(&bed, &case, &whole()).await.ok()["context"]["state"], "received");
}

#[tokio::test]
async fn every_fault_of_a_context_is_refused_and_nothing_is_kept() {
    let (bed, _) = heard(|_| {}).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let before = bed.app.vault.objects.list().await.unwrap().len();
    for body in [
        json!([]),
        json!([{"id": "u"}]),
        json!({}),
        json!({"colour": "red"}),
        json!({"account": {"screen_names": ["x"]}}),
        json!({"account": {"id": " "}}),
        json!({"account": {"id": "u", "emails": [{"address": "nobody"}]}}),
        json!({"account": {"id": "u", "self_stated_age": 300}}),
        json!({"account": {"id": "u", "profile_url": "ftp://x"}}),
        json!({"events": [{"address": "localhost", "kind": "login", "at": "2026-11-24T11:00:00Z"}]}),
        json!({"events": [{"address": "192.0.2.1", "kind": "guess", "at": "2026-11-24T11:00:00Z"}]}),
        json!({"events": [{"address": "192.0.2.1", "kind": "login", "at": "2026-11-24T11:00:00"}]}),
        json!({"events": [{"address": "192.0.2.1", "port": 0, "kind": "login", "at": "2026-11-24T11:00:00Z"}]}),
        json!({"thread": [{"sender": "u", "at": "2026-11-24T11:00:00Z", "text": "x".repeat(20_001)}]}),
        json!({"thread": vec![json!({"sender": "u", "at": "2026-11-24T11:00:00Z"}); 5_001]}),
        json!({"related": [{"content_id": "c", "relation": "copy", "sha256": "ab"}]}),
        json!({"links": [{"url": "https://x y"}]}),
    ] {
        let said = put(&bed, &case, &body).await;
        assert_eq!((said.status.as_u16(), said.slug().as_str()), (422, "bad-context"), "{body}");
    }
    let key = bed.key(&[Scope::ContextWrite]).await;
    let nowhere = "/v1/cases/case_00000000-0000-7000-8000-000000000000/context";
    assert_eq!(bed.call("PUT", nowhere, &key, &whole()).await.slug(), "unknown-case");
    let large = json!({"links": [{"url": format!("https://x.example/{}", "y".repeat(9 << 20))}]});
    assert_eq!(put(&bed, &case, &large).await.slug(), "body-too-large");
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), before);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM contexts").await, 0);
}

#[tokio::test]
async fn it_goes_with_the_evidence_of_its_case_and_never_while_a_hold_stands() {
    let (bed, _) = heard(|_| {}).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let id: CaseId = case.parse().unwrap();
    let kept = put(&bed, &case, &whole()).await.ok()["id"].as_str().unwrap().parse().unwrap();
    let objects = bed.app.vault.objects.list().await.unwrap().len();
    let mut tx = bed.app.db.write().await.unwrap();
    assert_eq!(context::destroy(&mut tx, id).await.err().unwrap().slug(), Some("on-hold"));
    evidence::release_pending(&mut tx, id).await.unwrap();
    context::destroy(&mut tx, id).await.unwrap();
    tx.commit(Recorded::unrecorded("a test")).await.unwrap();
    let mut tx = bed.app.db.read().await.unwrap();
    assert_eq!(context::open(&mut tx, &bed.app.vault, kept).await.err().unwrap().slug(), Some("media-not-kept"));
    assert_eq!(context::known(&mut tx, id).await.unwrap(), context::Context::default());
    drop(tx);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM contexts WHERE body IS NOT NULL").await, 0);
    bed.clock.advance(Duration::from_hours(2));
    let mut tx = bed.app.db.read().await.unwrap();
    assert_eq!(evidence::sweep(&mut tx, &bed.app.vault).await.unwrap().orphans, 1);
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), objects - 1);
}

#[tokio::test]
async fn nothing_more_is_kept_for_a_case_that_was_closed_without_a_report() {
    let (bed, _) = heard(|settings| settings.review.second_approval = SecondApproval::Off).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    let closing = json!({"outcome": "no_violation", "reason": "It is a picture of a house."});
    decide(&bed, &lead, &case, &closing).await.ok();
    let objects = bed.app.vault.objects.list().await.unwrap().len();
    assert_eq!(put(&bed, &case, &whole()).await.slug(), "context-not-wanted");
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), objects);
}
