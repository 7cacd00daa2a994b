//! Incidents in which a list, a match, a decision or a machine was wrong.

use std::time::Duration;

use super::*;
use crate::webhooks::{due, heard};

/// A doctor's photograph resembles an entry; it was reported, and it was wrong. One press undoes it: the account comes back,
/// the file matches no more, other cases that rested on it open, and NCMEC is to be told by a person.
#[tokio::test]
async fn a_doctors_photograph_wrongly_matched_and_undone() {
    let (bed, platform) = heard(|_| {}).await;
    let entry = jpeg(&picture(9, 320, 240), 90);
    let pdq = bed.pdq(&entry).await;
    bed.bank("csam", &[("pdq", pdq)]).await;
    let photograph = jpeg(&resized(&picture(9, 320, 240), 300, 225), 80);
    let lead = bed.person(Role::Lead).await;
    let (id, _) = reported(&bed, &lead, &photograph, "parent").await;
    let (other, _) = reported(&bed, &lead, &photograph, "doctor").await;
    let suspend = json!({"kind": "suspend", "reason": "until the report is looked at"});
    bed.post(&format!("/v1/cases/{id}/actions"), &lead, &suspend).await.ok();
    for lane in ["context", "actions", "webhooks"] {
        due(&bed, lane).await;
    }
    bed.work(1).await;
    let lead = bed.person(Role::Lead).await;
    let decision = case(&bed, &id).await["decisions"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/cases/{id}/corrections");
    let wrong = json!({"decision": decision, "reason": "A parent's photograph for a doctor (HR-04)."});
    let nowhere = json!({"decision": "decision_00000000-0000-7000-8000-000000000000", "reason": "long enough"});
    assert_eq!(bed.post(&path, &lead, &nowhere).await.slug(), "unknown-decision");
    let undone = bed.post(&path, &lead, &wrong).await.ok();
    assert_eq!((&undone["reopened"], &undone["told"][0]["state"]), (&json!([other]), &json!("open")));
    assert_eq!(bed.post(&path, &lead, &wrong).await.slug(), "undone-before");
    assert_eq!(state(&bed, &lead, &id).await, "dismissed");
    assert_eq!(state(&bed, &lead, &other).await, "open");
    // A finished report cannot be taken back: a person must tell, and says how.
    assert_eq!(bed.sim.finished().len(), 2);
    let untold = bed.get("/v1/corrections", &lead).await.ok();
    assert_eq!(untold["rows"].as_array().unwrap().len(), 2);
    let told = format!("/v1/corrections/{}/told", undone["told"][0]["id"].as_str().unwrap());
    let how = json!({"means": "call", "words": "They noted it under 4000001."});
    bed.post(&told, &lead, &how).await.ok();
    assert_eq!(bed.post(&told, &lead, &how).await.slug(), "undone-before");
    assert_eq!(bed.post("/v1/corrections/x/told", &lead, &how).await.slug(), "unknown-correction");
    // The platform is asked to let the account in again, and hears that the hash is withdrawn.
    for lane in ["actions", "webhooks"] {
        due(&bed, lane).await;
    }
    let heard: Vec<_> = platform.received().into_iter().map(|one| one.body).collect();
    assert!(heard.iter().any(|body| body["data"]["kind"] == "reinstate"), "{heard:?}");
    assert!(heard.iter().any(|body| body["type"] == "hash.withdrawn"));
    // And the same photograph opens no case again.
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let again = bed.upload(&key, &facts("again", "parent"), &photograph).await.ok();
    assert!(again["case"].is_null(), "{again}");
    bed.ledger_verifies().await;
}

/// One file, very many accounts: seen once, decided once, and whoever has anything else is taken out first.
#[tokio::test]
async fn a_meme_posted_by_two_thousand_accounts() {
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let post = async |n: u32| bed.upload(&key, &facts(&format!("post-{n}"), &format!("u{n}")), &media).await.ok();
    for many in (0..2_000).collect::<Vec<_>>().chunks(50) {
        futures_util::future::join_all(many.iter().map(|n| post(*n))).await;
    }
    // One of them traded something else as well.
    let (trader, _) = matched(&bed, &known(&bed, 2).await, "u7").await;
    let sha256 = fingerprint::Digests::of(&media).sha256_hex();
    let lead = bed.person(Role::Lead).await;
    let view = bed.get(&format!("/v1/files/{sha256}"), &lead).await.ok();
    assert_eq!((view["cases"].as_array().unwrap().len(), &view["together"]), (2_000, &json!(1_999)));
    let cases = bed.get("/v1/cases", &lead).await.ok();
    assert_eq!(cases["rows"][0]["id"], json!(trader), "the one with more comes first");
    assert!(cases["rows"].as_array().unwrap().iter().skip(1).all(|case| case["priority"] == "P4"));
    let nothing = format!("/v1/files/{}", "0".repeat(64));
    assert_eq!(bed.get(&nothing, &lead).await.slug(), "unknown-file");
    let new = json!({
        "outcome": "report", "reason": "Passed on in outrage, again and again.",
        "incident_type": super::super::cases::TYPE, "role": "suspect", "file_annotations": ["potentialMeme", "viral"],
    });
    let decided = bed.post(&format!("/v1/files/{sha256}/decisions"), &lead, &new).await.ok();
    assert_eq!((decided["decided"].as_array().unwrap().len(), &decided["left"]), (1_999, &json!([trader])));
    bed.work(0).await;
    let finished = bed.sim.finished();
    // One report for all of them, which the destination can tell from many.
    assert_eq!(finished.len(), 1);
    assert!(finished[0].batched && finished[0].xml.contains("VIRAL_POTENTIAL_MEME"));
    assert_eq!(finished[0].xml.matches("<espIdentifier>").count(), 1_999);
    let details = finished[0].files[0].details.as_deref().unwrap();
    assert!(details.contains("<viral") || details.contains("<potentialMeme"), "{details}");
    assert!(details.contains("<fileViewedByEsp>false</fileViewedByEsp>"));
    assert_eq!(state(&bed, &lead, &trader).await, "open");
}

/// One person alone closes a file of many accounts: it waits a day in each case, and pages once, not once for each.
#[tokio::test]
async fn a_file_closed_alone_is_one_alarm() {
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    for n in 0..5 {
        matched(&bed, &media, &format!("u{n}")).await;
    }
    let sha256 = fingerprint::Digests::of(&media).sha256_hex();
    let lead = bed.person(Role::Lead).await;
    let new = json!({"outcome": "no_violation", "reason": "A harmless picture, wrongly listed."});
    bed.post(&format!("/v1/files/{sha256}/decisions"), &lead, &new).await.ok();
    let waiting = async |state: &str| {
        let rows = bed.get("/v1/cases?state=approval", &bed.person(Role::Reviewer).await).await.ok()["rows"].clone();
        let alarms = bed.get("/v1/alarms", &bed.person(Role::Reviewer).await).await.ok()["rows"].clone();
        let about = |row: &&Value| row["kind"] == "approval_waits" && row["state"] == state;
        (rows.as_array().unwrap().len(), alarms.as_array().unwrap().iter().filter(about).count())
    };
    assert_eq!(waiting("open").await, (5, 1));
    bed.work(25).await;
    assert_eq!(waiting("open").await, (0, 0));
    assert_eq!(waiting("cleared").await, (0, 1));
}

/// A list turns out to be bad: set aside, it matches no more, and every decision that rested on it alone is open again.
#[tokio::test]
async fn a_bad_list_quarantined() {
    let bed = Bed::new().await;
    let media = jpeg(&picture(1, 320, 240), 90);
    let digest = fingerprint::Digests::of(&media).sha256_hex();
    let bad = bed.bank("csam", &[("sha256", digest)]).await;
    let lead = bed.person(Role::Lead).await;
    let (id, _) = reported(&bed, &lead, &media, "u").await;
    let (sound, _) = reported(&bed, &lead, &known(&bed, 2).await, "v").await;
    let why = json!({"reason": "Its source says that a file was mixed up."});
    let path = format!("/v1/banks/{bad}/quarantine");
    let reviewer = bed.person(Role::Reviewer).await;
    assert_eq!(bed.post(&path, &reviewer, &why).await.slug(), "not-allowed");
    let aside = bed.post(&path, &lead, &why).await.ok();
    assert_eq!(aside["reopened"], json!([id]));
    assert_eq!((state(&bed, &lead, &id).await, state(&bed, &lead, &sound).await), ("open".into(), "reported".into()));
    assert_eq!(bed.get("/v1/corrections", &lead).await.ok()["rows"].as_array().unwrap().len(), 1);
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    let key = bed.key(&[Scope::ItemsWrite]).await;
    assert_eq!(bed.upload(&key, &facts("again", "w"), &media).await.ok()["verdict"], "no_match");
}

/// A list has not been refreshed for days: it still matches, the verdict says how old it is, and somebody is paged.
#[tokio::test]
async fn a_stale_list() {
    let bed = Bed::new().await;
    let media = jpeg(&picture(1, 320, 240), 90);
    let admin = bed.key(&[Scope::BanksWrite]).await;
    let new = json!({"name": "from others", "kind": "csam", "licence": "shareable", "source": "others"});
    let list = bed.post("/v1/banks", &admin, &new).await.ok()["id"].as_str().unwrap().to_owned();
    bed.import(&list, &[("sha256", fingerprint::Digests::of(&media).sha256_hex())]).await.ok();
    let made = bed.clock.now();
    bed.clock.advance(Duration::from_hours(72));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let said = bed.upload(&key, &facts("late", "u"), &media).await.ok();
    assert_eq!(said["verdict"], "match");
    assert_eq!(said["lists_as_of"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap(), made);
    tanod::alarms::watch(&bed.app).await.unwrap();
    assert_eq!(alarms(&bed, "list_stale").await, 1);
}

/// The scanner dies: nothing is called clean, what came is kept for another look, somebody is paged, and it is found later.
#[tokio::test]
async fn a_scanner_that_dies() {
    let mut bed = Bed::new().await;
    let media = jpeg(&picture(1, 320, 240), 90);
    let pdq = bed.pdq(&media).await;
    bed.bank("csam", &[("pdq", pdq)]).await;
    let dead = decode::Pool::new("/nonexistent".into(), Vec::new(), 1, decode::Limits::default());
    let living = std::mem::replace(&mut bed.app.pool, dead);
    bed.router = tanod::web::router::router(&bed.app, true, true);
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let said = bed.upload(&key, &facts("unseen", "u"), &media).await.ok();
    assert_eq!(said["verdict"], "unscanned");
    assert_eq!(bed.get("/readyz", "").await.status, 503);
    tanod::alarms::scan(&bed.app).await.unwrap();
    tanod::alarms::watch(&bed.app).await.unwrap();
    assert_eq!(alarms(&bed, "scanner_stuck").await, 1);
    bed.app.pool = living;
    bed.work(1).await;
    let lead = bed.person(Role::Lead).await;
    let cases = bed.get("/v1/cases", &lead).await.ok();
    assert_eq!(cases["rows"][0]["account"], "u");
}

/// A wrong decision is found while reports on the same file are at every stage: none of their cases is left behind.
#[tokio::test]
async fn a_wrong_decision_while_others_are_under_way() {
    let bed = Bed::with(|settings, _| settings.reporting.send_after_minutes = 60).await;
    let media = known(&bed, 1).await;
    let (lead, other) = (bed.person(Role::Lead).await, bed.person(Role::Lead).await);
    let mut cases = Vec::new();
    for account in ["first", "waiting", "approval"] {
        let (id, _) = matched(&bed, &media, account).await;
        lease(&bed, &lead, &id).await;
        let decision = match account {
            "approval" => json!({"outcome": "no_violation", "reason": "A harmless picture."}),
            _ => report(&[]),
        };
        decide(&bed, &lead, &id, &decision).await.ok();
        cases.push(id);
    }
    let decision = case(&bed, &cases[0]).await["decisions"][0]["id"].clone();
    let wrong = json!({"decision": decision, "reason": "The entry was a mistake."});
    let undone = bed.post(&format!("/v1/cases/{}/corrections", cases[0]), &other, &wrong).await.ok();
    assert_eq!(undone["told"][0]["state"], "taken_back");
    assert_eq!(undone["reopened"].as_array().unwrap().len(), 2);
    assert_eq!(state(&bed, &lead, &cases[0]).await, "dismissed");
    for id in &cases[1..] {
        assert_eq!(state(&bed, &lead, id).await, "open");
    }
    bed.work(2).await;
    assert!(bed.sim.reports().is_empty());
}

/// A report is found wrong while it is on its way: it is taken back at the destination. Where the last call was lost and had
/// been acted on, it is filed, nobody pretends otherwise, and a person must tell.
#[tokio::test]
async fn a_report_found_wrong_on_its_way() {
    use sim::ncmec::{Endpoint, Misbehaviour, State};
    for (at, how, filed) in [
        (Endpoint::Upload, Misbehaviour::Html500, false),
        (Endpoint::Finish, Misbehaviour::CutAfterActing, true),
        (Endpoint::Finish, Misbehaviour::CutBeforeActing, false),
    ] {
        let bed = Bed::new().await;
        let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
        let lead = bed.person(Role::Lead).await;
        lease(&bed, &lead, &id).await;
        decide(&bed, &lead, &id, &report(&[])).await.ok();
        bed.sim.misbehave(at, how);
        due(&bed, "reports").await;
        assert!(bed.sim.reports().iter().any(|report| report.state != State::Retracted));
        let decision = case(&bed, &id).await["decisions"][0]["id"].clone();
        let wrong = json!({"decision": decision, "reason": "The entry was a mistake."});
        bed.post(&format!("/v1/cases/{id}/corrections"), &lead, &wrong).await.ok();
        bed.work(2).await;
        assert_eq!(bed.sim.finished().len(), usize::from(filed), "{at:?}");
        let lead = bed.person(Role::Lead).await;
        let untold = bed.get("/v1/corrections", &lead).await.ok();
        assert_eq!(untold["rows"].as_array().unwrap().len(), usize::from(filed), "{at:?}");
        let whole = case(&bed, &id).await;
        let settled = if filed { "finished" } else { "withdrawn" };
        assert_eq!((&whole["reports"][0]["state"], &whole["state"]), (&json!(settled), &json!("dismissed")), "{at:?}");
    }
}
