//! What is kept, for how long, and what ends it: nothing sooner than the law, nothing silently, and what goes is gone.

use std::time::Duration;

use serde_json::{Value, json};
use tanod::accounts::{Caller, Role};
use tanod::evidence;
use tanod::store::{CaseId, ItemId, Recorded};

use super::bed::*;
use super::cases::*;

const DAY: Duration = Duration::from_hours(24);

/// A case whose report is finished: the case, the upload, and a lead.
pub(super) async fn reported(bed: &Bed) -> (String, String, String) {
    let (case, item) = matched(bed, &known(bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(bed, &lead, &case).await;
    decide(bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    (case, item, lead)
}

/// The scheduler's rounds over so many days, as they go by.
pub(super) async fn days(bed: &Bed, days: u32) {
    for _ in 0..days {
        bed.clock.advance(DAY);
        evidence::jobs::watch(&bed.app).await.unwrap();
    }
}

pub(super) async fn keeping(bed: &Bed, token: &str, case: &str) -> Value {
    bed.get(&format!("/v1/cases/{case}/keeping"), token).await.ok()
}

async fn objects(bed: &Bed) -> usize {
    bed.app.vault.objects.list().await.unwrap().len()
}

async fn alarms(bed: &Bed, kind: &str) -> usize {
    let token = bed.person(Role::Auditor).await;
    let rows = bed.get("/v1/alarms", &token).await.ok()["rows"].clone();
    rows.as_array().unwrap().iter().filter(|alarm| alarm["kind"] == kind && alarm["state"] != "cleared").count()
}

/// US-30: every path that somebody might take to be rid of what was reported before its year is over.
#[tokio::test]
async fn no_path_shortens_a_hold() {
    let bed = Bed::new().await;
    let (case, item, lead) = reported(&bed).await;
    let (id, upload): (CaseId, ItemId) = (case.parse().unwrap(), item.parse().unwrap());
    let before = keeping(&bed, &lead, &case).await;
    let year = before["holds"].as_array().unwrap().iter().find(|hold| hold["basis"] == "us_2258a_h").unwrap().clone();
    let hold = year["id"].as_str().unwrap();
    assert_eq!(before["fate"], json!({"fate": "held", "until": year["until"]}));

    // By the API: an earlier end, a release, a destruction by expiry, an order that one person signs.
    let sooner = json!({"until": "2027-01-01T00:00:00Z", "purpose": "prevent_exploitation", "review_at": "2027-01-01T00:00:00Z"});
    assert_eq!(bed.post(&format!("/v1/holds/{hold}/extensions"), &lead, &sooner).await.slug(), "bad-hold");
    assert_eq!(bed.post(&format!("/v1/holds/{hold}/extensions"), &lead, &json!({})).await.slug(), "bad-hold");
    let reason = json!({"reason": "We need the space."});
    assert_eq!(bed.post(&format!("/v1/holds/{hold}/releases"), &lead, &reason).await.slug(), "on-hold");
    // The platform says that the account is gone: there is no address that deletes, and what it says anew takes nothing back.
    for gone in [format!("/v1/cases/{case}"), format!("/v1/cases/{case}/context"), format!("/v1/cases/{case}/holds")] {
        let request = Bed::request("DELETE", &gone, &lead).body(axum::body::Body::empty()).unwrap();
        assert_eq!(bed.send(request).await.slug(), "wrong-method", "{gone}");
    }
    for unknown in [format!("/v1/holds/{hold}"), "/v1/accounts/u".to_owned()] {
        let request = Bed::request("DELETE", &unknown, &lead).body(axum::body::Body::empty()).unwrap();
        assert_eq!(bed.send(request).await.slug(), "no-such-address", "{unknown}");
    }
    // By the domain's own verbs: a retention sweep, the end of an appeal, the destruction of what is around it.
    let mut tx = bed.app.db.write().await.unwrap();
    tx.execute("UPDATE exhibits SET expires_at = 1", &[]).await.unwrap();
    assert_eq!(evidence::destroy_expired(&mut tx, upload).await.err().unwrap().slug(), Some("on-hold"));
    assert_eq!(tanod::context::destroy(&mut tx, id).await.err().unwrap().slug(), Some("on-hold"));
    assert!(evidence::end_appeal(&mut tx, id).await.unwrap().is_none());
    assert!(evidence::destroy_due(&mut tx, id).await.unwrap().is_none());
    evidence::release_pending(&mut tx, id).await.unwrap();
    tanod::intake::let_go(&mut tx, upload).await.unwrap();
    tx.commit(Recorded::unrecorded("a test pushes where it should not")).await.unwrap();
    bed.work(3).await;
    assert_eq!(objects(&bed).await, 1, "a job that wants it gone does not get it");
    // By a basis that wants it gone sooner: that is counsel's, and nothing goes meanwhile.
    let cap = json!({"basis": "ca_mra_4"});
    bed.post(&format!("/v1/cases/{case}/holds"), &lead, &cap).await.ok();
    days(&bed, 40).await;
    assert_eq!(objects(&bed).await, 1);
    // By a clock that is put ahead by two years: it is followed day by day, and somebody is paged.
    bed.clock.advance(DAY * 730);
    evidence::jobs::watch(&bed.app).await.unwrap();
    bed.work(1).await;
    let lead = bed.person(Role::Lead).await;
    assert_eq!((objects(&bed).await, alarms(&bed, "clock_jumped").await), (1, 1));
    // And one that is put back keeps things for longer.
    let ahead = evidence::believed_now(&mut bed.app.db.read().await.unwrap()).await.unwrap();
    assert!(ahead < "2027-03-01T00:00:00Z".parse().unwrap(), "{ahead}");
    assert!(evidence::kept_of(&mut bed.app.db.read().await.unwrap(), &[upload]).await.unwrap().contains(&upload));
    let fate = keeping(&bed, &lead, &case).await["fate"].clone();
    assert_eq!(fate["until"], year["until"], "the year ends when it did: {fate}");
    bed.ledger_verifies().await;
}

/// US-34: what no hold keeps any more goes, every copy is tried, and a signed certificate says so (EV-11).
#[tokio::test]
async fn when_every_hold_has_ended_it_goes_and_a_certificate_says_so() {
    let bed = Bed::new().await;
    let (case, item, lead) = reported(&bed).await;
    days(&bed, 365).await;
    bed.work(0).await;
    assert_eq!(objects(&bed).await, 1, "the year is not over");
    days(&bed, 2).await;
    bed.work(0).await;
    assert_eq!((objects(&bed).await, bed.count("SELECT COUNT(*) AS n FROM data_keys").await), (0, 0));
    let _ = lead;
    let lead = bed.person(Role::Lead).await;
    let kept = keeping(&bed, &lead, &case).await;
    let gone = &kept["destructions"][0];
    assert_eq!((&gone["item"], &gone["cause"], &gone["kind"]), (&json!(item), &json!("expired"), &json!("media")));
    let verifier = ledger::Verifier::parse(&bed.app.signer.vkey()).unwrap();
    let note = gone["certificate"].as_str().unwrap();
    let words = verifier.open_text(note).unwrap();
    for part in [
        "tanod-destruction-v1\n",
        "method purge: cryptographic erase",
        "last backup with the key ends ",
        "in the database: ",
    ] {
        assert!(words.contains(part), "{words}");
    }
    // A server's dead rows and archived logs may hold the wrapped key for longer than our backups do, and the certificate says so.
    let server = bed.app.db.is_shared();
    assert_eq!(
        words.contains("logs of the server and their archive may hold the wrapped key until "),
        server,
        "{words}"
    );
    let gone_at: jiff::Timestamp = gone["keys_gone_at"].as_str().unwrap().parse().unwrap();
    let at: jiff::Timestamp = gone["at"].as_str().unwrap().parse().unwrap();
    assert_eq!(gone_at.duration_since(at).as_hours(), if server { 35 * 24 } else { 0 });
    // What the report said word for word goes with it; that it was filed, and under which number, stays.
    for left in [
        "SELECT COUNT(*) AS n FROM reports WHERE document <> '{}'",
        "SELECT COUNT(*) AS n FROM report_calls WHERE sent IS NOT NULL",
        "SELECT COUNT(*) AS n FROM involved WHERE account IS NOT NULL OR facts <> 'null'",
        "SELECT COUNT(*) AS n FROM decisions WHERE reason <> ''",
        "SELECT COUNT(*) AS n FROM cases WHERE account IS NOT NULL",
        "SELECT COUNT(*) AS n FROM items WHERE facts IS NOT NULL",
        "SELECT COUNT(*) AS n FROM audit WHERE kind = 'case.decided' AND detail IS NOT NULL",
    ] {
        assert_eq!(bed.count(left).await, 0, "{left}");
    }
    let shown = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok();
    let report = shown["reports"][0]["id"].as_str().unwrap();
    assert!(bed.get(&format!("/v1/reports/{report}"), &lead).await.ok()["number"].is_number());
    assert!(bed.get(&format!("/v1/reports/{report}/receipt"), &lead).await.status.as_u16() < 500);
    for page in [format!("/console/cases/{case}"), format!("/console/reports/{report}"), "/console/reports".to_owned()]
    {
        assert_eq!(bed.console(&page, &lead, &[]).await.0, 200, "{page}");
    }
    assert!(words.contains(gone["sha256"].as_str().unwrap()));
    assert!(verifier.open(note).is_err(), "a certificate is no checkpoint");
    assert!(verifier.open_text(&note.replace("media", "medio")).is_err());
    // Said once, done once: later rounds find nothing.
    let before = bed.count("SELECT COUNT(*) AS n FROM audit WHERE kind = 'case.let_go'").await;
    days(&bed, 3).await;
    assert_eq!((before, bed.count("SELECT COUNT(*) AS n FROM audit WHERE kind = 'case.let_go'").await), (1, 1));
    bed.ledger_verifies().await;
}

/// US-42, EV-20: one law wants it gone when another wants it kept.
#[tokio::test]
async fn bases_that_contradict_each_other_go_to_counsel_and_two_people_release() {
    let bed = Bed::new().await;
    let (case, _, lead) = reported(&bed).await;
    let second = bed.person(Role::Lead).await;
    let cap = bed.post(&format!("/v1/cases/{case}/holds"), &lead, &json!({"basis": "eu_cap"})).await.ok();
    let kept = keeping(&bed, &lead, &case).await;
    assert_eq!(kept["fate"]["fate"], "conflict");
    assert!(kept["counsel"].as_str().unwrap().starts_with("it must be gone by "), "{kept}");
    assert_eq!(alarms(&bed, "counsel_wanted").await, 1);
    let path = format!("/v1/holds/{}/releases", cap["id"].as_str().unwrap());
    let asked =
        bed.post(&path, &lead, &json!({"reason": "Counsel: the message was sent from the United States."})).await.ok();
    let answer = format!("/v1/releases/{}/answer", asked["id"].as_str().unwrap());
    assert_eq!(bed.post(&answer, &lead, &json!({"approve": true})).await.slug(), "second-person");
    let reviewer = bed.person(Role::Reviewer).await;
    assert_eq!(bed.post(&answer, &reviewer, &json!({"approve": true})).await.slug(), "not-allowed");
    assert_eq!(bed.post(&answer, &second, &json!({"approve": true})).await.ok()["approved"], true);
    assert_eq!(bed.post(&answer, &second, &json!({"approve": false})).await.slug(), "unknown-release");
    let kept = keeping(&bed, &lead, &case).await;
    assert_eq!((&kept["fate"]["fate"], &kept["counsel"]), (&json!("held"), &Value::Null));
    assert_eq!(alarms(&bed, "counsel_wanted").await, 0);
    bed.ledger_verifies().await;
}

/// US-41: the police ask that a depiction be destroyed; the report in words stays.
#[tokio::test]
async fn a_request_of_the_police_destroys_a_depiction_when_two_agree() {
    let bed = Bed::new().await;
    let (case, item, lead) = reported(&bed).await;
    let second = bed.person(Role::Lead).await;
    let path = format!("/v1/cases/{case}/destructions");
    let mut asked = json!({
        "item": item, "agency": "Example Police", "officer": "badge 12", "reference": "26-118", "verified_how": "",
        "reason": "They have the file, and ask that we keep none.",
    });
    assert_eq!(bed.post(&path, &lead, &asked).await.slug(), "bad-order");
    asked["verified_how"] = json!("called back by the number on the agency's site");
    let order = bed.post(&path, &lead, &asked).await.ok();
    bed.work(0).await;
    assert_eq!(objects(&bed).await, 1, "one person is not enough");
    let kept = keeping(&bed, &lead, &case).await;
    let release = kept["releases"][0]["id"].as_str().unwrap().to_owned();
    let answer = format!("/v1/releases/{release}/answer");
    assert_eq!(bed.post(&answer, &lead, &json!({"approve": true})).await.slug(), "second-person");
    bed.post(&answer, &second, &json!({"approve": true})).await.ok();
    bed.work(0).await;
    let kept = keeping(&bed, &lead, &case).await;
    assert_eq!((objects(&bed).await, &kept["orders"][0]["state"]), (0, &json!("done")));
    let gone = &kept["destructions"][0];
    assert_eq!((&gone["cause"], &gone["order"]), (&json!("ordered"), &order["id"]));
    assert!(gone["certificate"].as_str().unwrap().contains("asked by Example Police, badge 12, 26-118"));
    let shown = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok();
    assert_eq!(shown["reports"].as_array().unwrap().len(), 1);
    lease(&bed, &lead, &case).await;
    assert_eq!(look(&bed, &lead, &case, &item, true).await.slug(), "media-not-kept");
    bed.ledger_verifies().await;
}

/// US-36, US-34: a request has its own clock, is renewed once, and needs its fields; an extension needs purpose and review.
#[tokio::test]
async fn requests_and_extensions_have_their_own_clocks() {
    let bed = Bed::new().await;
    let (case, _, lead) = reported(&bed).await;
    let place = format!("/v1/cases/{case}/holds");
    for bad in [
        json!({"basis": "us_2258a_h"}),
        json!({"basis": "us_2703_f"}),
        json!({"basis": "us_2703_f", "authority": "Example Police", "reference": "1", "until": "2026-12-01T00:00:00Z"}),
        json!({"basis": "us_2703_f", "authority": "Example Police", "reference": "1", "starts_at": "2036-12-01T00:00:00Z"}),
        json!({"basis": "operator", "until": "2036-12-01T00:00:00Z"}),
    ] {
        assert_eq!(bed.post(&place, &lead, &bad).await.slug(), "bad-hold", "{bad}");
    }
    let asked = json!({"basis": "us_2703_f", "authority": "Example Police", "reference": "26-117"});
    let hold = bed.post(&place, &lead, &asked).await.ok();
    let until = |hold: &Value| hold["until"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let starts: jiff::Timestamp = hold["starts_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(until(&hold).duration_since(starts).as_hours(), 90 * 24);
    let extend = format!("/v1/holds/{}/extensions", hold["id"].as_str().unwrap());
    let renewed = bed.post(&extend, &lead, &json!({})).await.ok();
    assert_eq!(until(&renewed).duration_since(starts).as_hours(), 180 * 24);
    assert_eq!(bed.post(&extend, &lead, &json!({})).await.slug(), "bad-hold", "once");
    let year = keeping(&bed, &lead, &case).await["holds"]
        .as_array()
        .unwrap()
        .iter()
        .find(|hold| hold["basis"] == "us_2258a_h")
        .unwrap()
        .clone();
    assert!(until(&year) > until(&renewed), "a request never shortens the year");
    let extend = format!("/v1/holds/{}/extensions", year["id"].as_str().unwrap());
    let longer = json!({"until": "2029-01-01T00:00:00Z"});
    assert_eq!(bed.post(&extend, &lead, &longer).await.slug(), "bad-hold", "without a purpose");
    let longer = json!({"until": "2029-01-01T00:00:00Z", "purpose": "prevent_exploitation", "review_at": "2026-12-20T00:00:00Z"});
    assert_eq!(bed.post(&extend, &lead, &longer).await.ok()["until"], "2029-01-01T00:00:00Z");
    assert_eq!(alarms(&bed, "hold_review").await, 0);
    days(&bed, 30).await;
    assert_eq!(alarms(&bed, "hold_review").await, 1);
    let lead = bed.person(Role::Lead).await;
    let at = |day: &str| format!("/v1/holds/simulation?until={day}T00:00:00Z");
    for (day, fate) in [("2028-12-31", "held"), ("2029-01-02", "due")] {
        let foreseen = bed.get(&at(day), &lead).await.ok();
        assert_eq!(foreseen[0]["fate"], fate, "{day}");
    }
    assert_eq!(bed.get("/v1/holds/simulation?until=soon", &lead).await.slug(), "bad-query");
    bed.ledger_verifies().await;
}

/// What is missing from the store is told, and comes to nobody as "not kept".
#[tokio::test]
async fn a_row_without_its_object_pages_somebody() {
    let bed = Bed::new().await;
    matched(&bed, &known(&bed, 1).await, "u").await;
    bed.clock.advance(Duration::from_hours(2));
    assert_eq!(evidence::jobs::sweep(&bed.app).await.unwrap(), evidence::Swept::default());
    let [object] = bed.app.vault.objects.list().await.unwrap()[..] else { panic!("one object") };
    bed.app.vault.objects.delete(object).await.unwrap();
    assert_eq!(evidence::jobs::sweep(&bed.app).await.unwrap().missing.len(), 1);
    assert_eq!(alarms(&bed, "evidence_missing").await, 1);
}

/// A new wrapping key: no object is touched, both processes go on, and an old copy of the ring's file still opens nothing new.
#[tokio::test]
async fn keys_are_rotated_under_a_running_service() {
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let (_, item) = matched(&bed, &media, "u").await;
    let other = bed.neighbour().await;
    let object = bed.app.vault.objects.list().await.unwrap()[0];
    let before = bed.app.vault.objects.get(object).await.unwrap();
    bed.app.vault.ring.change(|ring| ring.rotate(bed.app.db.random())).unwrap();
    let mut tx = bed.app.db.write().await.unwrap();
    let (count, last) = evidence::rewrap(&mut tx, &bed.app.vault.ring, None).await.unwrap();
    assert_eq!((count, evidence::rewrap(&mut tx, &bed.app.vault.ring, last).await.unwrap().0), (1, 0));
    tx.commit(Recorded::unrecorded("the command writes the entry")).await.unwrap();
    assert_eq!(bed.app.vault.objects.get(object).await.unwrap(), before);
    for app in [&bed.app, &other] {
        let mut tx = app.db.read().await.unwrap();
        let exhibit = evidence::exhibit(&mut tx, item.parse().unwrap()).await.unwrap();
        assert_eq!(app.vault.open(&exhibit).await.unwrap(), media);
        assert_eq!(app.vault.ring.now().unwrap().len(), 2);
    }
    // What is sealed by a process that did not hear of it yet opens everywhere.
    let third = matched(&bed, &known(&bed, 2).await, "v").await.1;
    let mut tx = other.db.read().await.unwrap();
    let exhibit = evidence::exhibit(&mut tx, third.parse().unwrap()).await.unwrap();
    other.vault.open(&exhibit).await.unwrap();
    let caller = Caller::Operator;
    assert!(evidence::simulate(&mut tx, &caller, bed.clock.now()).await.unwrap().len() == 2);
}

/// US-40: the list of who can see depictions is short, visible, and shortens by itself.
#[tokio::test]
async fn who_has_not_looked_for_thirty_days_can_no_more() {
    let bed = Bed::with(|settings, _| settings.review.most_who_look = 1).await;
    let (case, item) = matched(&bed, &known(&bed, 1).await, "u").await;
    let admin = bed.person(Role::Admin).await;
    for _ in 0..2 {
        bed.person(Role::Reviewer).await;
    }
    evidence::jobs::watch(&bed.app).await.unwrap();
    assert_eq!(alarms(&bed, "roster_long").await, 1);
    let roster = bed.get("/v1/roster", &admin).await.ok();
    let people: Vec<&str> = roster.as_array().unwrap().iter().map(|one| one["person"].as_str().unwrap()).collect();
    assert_eq!((people.len(), &roster[0]["looks"], &roster[0]["last_look"]), (2, &json!(0), &Value::Null));
    days(&bed, 29).await;
    // A session lasts ten hours: somebody new signs in, and looks.
    let reviewer = bed.person(Role::Reviewer).await;
    lease(&bed, &reviewer, &case).await;
    assert!(look(&bed, &reviewer, &case, &item, true).await.status.is_success());
    days(&bed, 2).await;
    let admin = bed.person(Role::Admin).await;
    let roster = bed.get("/v1/roster", &admin).await.ok();
    let revoked: Vec<bool> = roster.as_array().unwrap().iter().map(|one| one["revoked_at"].is_string()).collect();
    assert_eq!(revoked, [true, true, false]);
    assert_eq!(alarms(&bed, "roster_long").await, 0);
    // Idle for thirty days more: the session is good, and shows nothing.
    let reviewer = bed.person(Role::Reviewer).await;
    lease(&bed, &reviewer, &case).await;
    let id = bed.get("/v1/roster", &admin).await.ok()[3]["person"].as_str().unwrap().to_owned();
    let path = format!("/v1/people/{id}/looks");
    assert!(bed.post(&path, &admin, &json!({"may": false})).await.ok()["revoked_at"].is_string());
    assert_eq!(look(&bed, &reviewer, &case, &item, true).await.slug(), "not-allowed");
    bed.post(&path, &admin, &json!({"may": true})).await.ok();
    assert!(look(&bed, &reviewer, &case, &item, true).await.status.is_success());
    let lead = bed.person(Role::Lead).await;
    assert_eq!(bed.post(&path, &lead, &json!({"may": true})).await.slug(), "not-allowed");
    bed.ledger_verifies().await;
}

/// US-33: looks beside one's case, of the same again and again, or of very many page somebody; too fast waits.
#[tokio::test]
async fn unusual_looks_page_somebody() {
    let bed = Bed::with(|settings, _| {
        settings.review.looks_at_one = 2;
        settings.review.looks_in_an_hour = 3;
        settings.review.looks_per_minute = 6;
    })
    .await;
    let media = known(&bed, 1).await;
    let ((case, item), (other, beside)) = (matched(&bed, &media, "u").await, matched(&bed, &media, "v").await);
    let reviewer = bed.person(Role::Reviewer).await;
    lease(&bed, &reviewer, &case).await;
    for looks in 1..=3 {
        assert!(look(&bed, &reviewer, &case, &item, true).await.status.is_success());
        assert_eq!(alarms(&bed, "look_unusual").await, usize::from(looks == 3), "the same again");
    }
    look(&bed, &reviewer, &case, &item, true).await;
    assert_eq!(alarms(&bed, "look_unusual").await, 2, "many");
    assert_eq!(look(&bed, &reviewer, &other, &beside, true).await.slug(), "not-leased");
    assert_eq!(alarms(&bed, "look_unusual").await, 3, "off case");
    assert_eq!(look(&bed, &reviewer, &case, &beside, true).await.slug(), "not-in-case");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM audit WHERE kind = 'look.refused'").await, 2);
    assert_eq!(look(&bed, &reviewer, &case, &item, true).await.slug(), "too-many-requests");
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn a_hold_that_is_not_there_is_said_to_be_unknown() {
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    let path = "/v1/holds/hold_00000000-0000-7000-8000-000000000000/releases";
    let said = bed.post(path, &lead, &json!({"reason": "It is not needed any more."})).await;
    assert_eq!(said.slug(), "unknown-hold");
}
