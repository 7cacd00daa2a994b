//! Rooms for who runs and answers for the house: what needs somebody now, the record with its proofs, work that gave up, whether every
//! part works, what is kept; and the parts of a page, where nothing is real.

use serde_json::{Value, json};
use tanod::accounts::Role;
use tanod::alarms::{self, Kind};
use tanod::queue;
use tanod::roles;
use tanod::store::{Recorded, World};

use super::bed::*;
use super::cases::*;

async fn kinds(bed: &Bed, token: &str) -> Vec<(String, i64)> {
    let needs = bed.get("/v1/needs", token).await.ok();
    let kind = |need: &Value| (need["kind"].as_str().unwrap().to_owned(), need["count"].as_i64().unwrap());
    needs.as_array().unwrap().iter().map(kind).collect()
}

fn named(kinds: &[(&str, i64)]) -> Vec<(String, i64)> {
    kinds.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
}

#[tokio::test]
async fn the_first_page_says_what_needs_whom_and_is_quiet_where_nothing_does() {
    let bed = Bed::new().await;
    let [reviewer, other, lead, admin, auditor] = [
        bed.person(Role::Reviewer).await,
        bed.person(Role::Reviewer).await,
        bed.person(Role::Lead).await,
        bed.person(Role::Admin).await,
        bed.person(Role::Auditor).await,
    ];
    for token in [&reviewer, &lead, &admin, &auditor] {
        assert_eq!(kinds(&bed, token).await, [], "nothing has happened");
        let (status, page) = bed.console("/console", token, &[]).await;
        assert!(status == 200 && page.contains("Nothing needs you now."), "{page}");
    }
    let media = known(&bed, 1).await;
    let (one, _) = matched(&bed, &media, "account-1").await;
    let (two, _) = matched(&bed, &media, "account-2").await;
    lease(&bed, &reviewer, &one).await;
    assert_eq!(kinds(&bed, &reviewer).await, named(&[("yours", 1)]));
    assert_eq!(kinds(&bed, &other).await, [], "a case of another's is nobody else's");
    let needs = bed.get("/v1/needs", &reviewer).await.ok();
    assert_eq!((&needs[0]["cases"][0]["case"], &needs[0]["cases"][0]["number"]), (&json!(one), &json!(1)));
    let (_, page) = bed.console("/console", &reviewer, &[]).await;
    assert!(page.contains("One case that you work on") && page.contains(&format!("/console/cases/{one}")), "{page}");

    // A dismissal waits for somebody else; whoever decided it is not asked again.
    let decision = json!({"outcome": "no_violation", "reason": "A harmless drawing of a house."});
    decide(&bed, &reviewer, &one, &decision).await.ok();
    assert_eq!(kinds(&bed, &reviewer).await, []);
    assert_eq!(kinds(&bed, &lead).await, named(&[("approvals", 1)]));
    // Handed on: theirs, before they take it.
    let admin_sees = bed.get("/v1/people", &admin).await.ok();
    let to = admin_sees.as_array().unwrap().iter().find(|person| person["staff"] == 2).unwrap()["person"].clone();
    lease(&bed, &reviewer, &two).await;
    let hand = json!({"to": to, "because": "I have known this account for long."});
    bed.post(&format!("/v1/cases/{two}/hand-over"), &reviewer, &hand).await.ok();
    assert_eq!(kinds(&bed, &other).await, named(&[("handed", 1)]));

    // A child in danger comes first, for everybody who decides; the alarm for everybody who can say that they know.
    lease(&bed, &other, &two).await;
    bed.post(&format!("/v1/cases/{two}/danger"), &other, &json!({})).await.ok();
    assert_eq!(kinds(&bed, &reviewer).await.first(), Some(&("danger".to_owned(), 1)));
    let lead_needs = kinds(&bed, &lead).await;
    assert!(lead_needs.contains(&("alarms".to_owned(), 1)) && lead_needs.contains(&("approvals".to_owned(), 1)));
    assert!(kinds(&bed, &admin).await.contains(&("alarms".to_owned(), 1)));
    assert_eq!(kinds(&bed, &auditor).await, [], "who only reads has nothing to settle");
    let mut tx = bed.app.db.write().await.unwrap();
    let case = Some(one.parse().unwrap());
    alarms::raise(&mut tx, Kind::ClockNear, &format!("{one} us"), case).await.unwrap();
    tx.commit(Recorded::unrecorded("a test")).await.unwrap();
    assert!(kinds(&bed, &reviewer).await.contains(&("deadlines".to_owned(), 1)));
}

#[tokio::test]
async fn the_record_is_sought_and_each_entry_gives_its_proof() {
    let bed = Bed::new().await;
    let (reviewer, auditor) = (bed.person(Role::Reviewer).await, bed.person(Role::Auditor).await);
    let (case, _) = matched(&bed, &known(&bed, 1).await, "account-1").await;
    lease(&bed, &reviewer, &case).await;
    let rows = async |query: &str| {
        let said = bed.get(&format!("/v1/audit?{query}"), &auditor).await.ok();
        said["rows"].as_array().unwrap().clone()
    };
    let leased = rows("kind=case.leased").await;
    assert_eq!(leased.len(), 1);
    assert_eq!((&leased[0]["actor"], &leased[0]["case"]), (&json!("staff 1"), &json!(case)));
    assert!(rows("kind=case").await.len() >= 2, "a noun stands for all that happens to it");
    assert!(
        rows("kind=cas").await.is_empty() && rows("kind=case_").await.is_empty() && rows("kind=%25").await.is_empty()
    );
    assert_eq!(rows("actor=staff%201&kind=case").await, leased);
    let subject = rows("kind=session.opened").await[0]["subject"].as_str().unwrap().to_owned();
    assert!(!rows(&format!("subject={subject}")).await.is_empty());
    assert!(rows("from=2026-11-25T00:00:00Z").await.is_empty());
    assert!(rows("until=2026-11-24T00:00:00Z").await.is_empty());
    assert!(!rows("from=2026-11-24T00:00:00Z&until=2026-11-25T00:00:00Z").await.is_empty());
    assert_eq!(bed.get("/v1/audit?from=yesterday", &auditor).await.slug(), "bad-query");

    // Not before a checkpoint promises it; then anybody checks it with the key alone.
    let id = leased[0]["id"].as_str().unwrap();
    let path = format!("/v1/audit/{id}/proof");
    assert_eq!(bed.get(&path, &auditor).await.slug(), "not-in-the-ledger");
    let (_, page) = bed.console("/console/audit?about=1", &auditor, &[]).await;
    assert!(page.contains("case.leased") && page.contains("not yet") && !page.contains("/proof"), "{page}");
    roles::sequence_once(&bed.app).await.unwrap();
    let proof = String::from_utf8(bed.get(&path, &auditor).await.bytes).unwrap();
    let proof = ledger::Inclusion::parse(&proof).unwrap();
    proof.verify(&ledger::Verifier::parse(&bed.app.signer.vkey()).unwrap()).unwrap();
    assert!(String::from_utf8_lossy(&proof.entry).contains(&format!("kind case.leased\nactor staff 1\ncase {case}")));
    let (status, page) = bed.console("/console/audit?who=1&kind=case&about=1&from=2026-11-24", &auditor, &[]).await;
    assert!(status == 200 && page.contains(&format!("/console/audit/{id}/proof")), "{page}");
    let (status, file) = bed.console(&format!("/console/audit/{id}/proof"), &auditor, &[]).await;
    assert!(status == 200 && ledger::Inclusion::parse(&file).is_ok());
    assert_eq!(bed.console("/console/audit?about=99", &auditor, &[]).await.0, 404);
    assert_eq!(bed.console("/console/audit?from=soon", &auditor, &[]).await.0, 400);
    assert_eq!(bed.console("/console/audit", &reviewer, &[]).await.0, 403);
    assert_eq!(bed.get(&path, &reviewer).await.slug(), "not-allowed");
}

#[tokio::test]
async fn work_that_gave_up_is_seen_and_tried_again_by_an_administrator() {
    let bed = Bed::new().await;
    let (admin, lead) = (bed.person(Role::Admin).await, bed.person(Role::Lead).await);
    let (case, item) = matched(&bed, &known(&bed, 1).await, "account-1").await;
    // As the last try leaves it.
    let mut tx = bed.app.db.write().await.unwrap();
    let work = queue::Work::RetryItemV1 { item: item.parse().unwrap() };
    queue::push(&mut tx, &work, std::time::Duration::ZERO).await.unwrap();
    tx.commit(Recorded::unrecorded("a test")).await.unwrap();
    let mut tx = bed.app.db.write().await.unwrap();
    let job = queue::lease(&mut tx, "items").await.unwrap().unwrap();
    tx.commit(Recorded::unrecorded("a test")).await.unwrap();
    let mut tx = bed.app.db.write().await.unwrap();
    let failed = queue::Done::Failed("the store <b>said</b> no".to_owned());
    let proof = queue::settle(&mut tx, &job, failed, 1).await.unwrap();
    tx.commit(proof).await.unwrap();

    let standing = bed.get("/v1/jobs", &lead).await.ok();
    let lane = standing["lanes"].as_array().unwrap().iter().find(|lane| lane["lane"] == "items").unwrap();
    assert_eq!((&lane["dead"], &lane["waiting"]), (&json!(1), &json!(0)));
    assert_eq!(standing["gave_up"][0]["last_error"], "the store <b>said</b> no");
    let id = standing["gave_up"][0]["job"].as_str().unwrap().to_owned();
    let path = format!("/v1/jobs/{id}/retry");
    assert_eq!(bed.post(&path, &lead, &json!({})).await.slug(), "not-allowed");
    assert!(kinds(&bed, &admin).await.contains(&("work".to_owned(), 1)));
    let (status, page) = bed.console("/console/jobs", &admin, &[]).await;
    assert!(status == 200 && page.contains("looking again") && page.contains("&#60;b&#62;said"), "{page}");
    let (_, page) = bed.console("/console/jobs", &lead, &[]).await;
    assert!(!page.contains(&id), "a lead sees and does not press");
    assert_eq!(bed.console(&format!("/console/jobs/{id}"), &admin, &[("x", "")]).await.0, 303);
    assert_eq!(bed.post(&path, &admin, &json!({})).await.slug(), "unknown-work", "it waits again");
    bed.work(0).await;
    assert_eq!(bed.get("/v1/jobs", &admin).await.ok()["gave_up"], json!([]));
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM audit WHERE kind = 'work.retried'").await, 1);

    // A report's work goes on with its report, where somebody reads its trouble.
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    let mut tx = bed.app.db.write().await.unwrap();
    let job = queue::lease(&mut tx, "reports").await.unwrap().unwrap();
    let proof = queue::settle(&mut tx, &job, queue::Done::Failed("no".to_owned()), 1).await.unwrap();
    tx.commit(proof).await.unwrap();
    let id = bed.get("/v1/jobs", &admin).await.ok()["gave_up"][0]["job"].as_str().unwrap().to_owned();
    assert_eq!(bed.post(&format!("/v1/jobs/{id}/retry"), &admin, &json!({})).await.slug(), "with-its-report");
}

#[tokio::test]
async fn every_part_is_tried_at_the_press_of_a_button() {
    let bed = Bed::new().await;
    let (admin, reviewer) = (bed.person(Role::Admin).await, bed.person(Role::Reviewer).await);
    let (status, page) = bed.console("/console/readiness", &admin, &[]).await;
    assert!(status == 200 && page.contains("Try every part now") && !page.contains("<table"), "{page}");
    let (status, page) = bed.console("/console/readiness", &admin, &[("x", "")]).await;
    assert!(status == 200 && page.contains("written, read back and deleted"), "{page}");
    assert!(
        page.contains("nobody is on call") && page.contains("[[alarms.on_call]]"),
        "what is bad says what to do: {page}"
    );
    known(&bed, 1).await;
    let (_, page) = bed.console("/console/readiness", &admin, &[]).await;
    assert!(page.contains("Uploads are judged"), "{page}");
    assert_eq!(bed.console("/console/readiness", &reviewer, &[]).await.0, 403);
    assert_eq!(bed.console("/console/readiness", &reviewer, &[("x", "")]).await.0, 403);
}

#[tokio::test]
async fn it_is_said_where_nobody_is_shown_a_picture() {
    for (address, needed, says) in [
        ("http://192.0.2.1", true, "browsers use none at http://192.0.2.1"),
        ("https://tanod.example", true, "shown to whoever signed in with a passkey"),
        ("http://192.0.2.1", false, "shown also to whoever signed in without a passkey"),
    ] {
        let bed = Bed::with(|settings, _| {
            settings.public_url = address.to_owned();
            settings.sign_in.passkey_before_depictions = needed;
        })
        .await;
        let page = bed.console("/console/readiness", &bed.person(Role::Admin).await, &[("x", "")]).await.1;
        assert!(page.contains(says), "{page}");
    }
}

#[tokio::test]
async fn what_is_kept_is_counted_by_basis_and_end() {
    let bed = Bed::new().await;
    let (lead, admin) = (bed.person(Role::Lead).await, bed.person(Role::Admin).await);
    let (_, page) = bed.console("/console/retention", &lead, &[]).await;
    assert!(page.contains("Nothing is kept."), "{page}");
    let media = known(&bed, 1).await;
    let (one, _) = matched(&bed, &media, "account-1").await;
    matched(&bed, &media, "account-2").await;
    lease(&bed, &lead, &one).await;
    decide(&bed, &lead, &one, &report(&[])).await.ok();
    bed.work(0).await;
    let (status, page) = bed.console("/console/retention", &lead, &[]).await;
    assert!(status == 200 && page.contains("stays until a known day") && page.contains("2027-11-25"), "{page}");
    assert!(page.contains("stays until what it waits for has come") && page.contains("US-30"), "{page}");
    assert_eq!(bed.console("/console/retention", &admin, &[]).await.0, 403);
}

#[tokio::test]
async fn the_parts_of_a_page_are_shown_where_nothing_is_real_alone() {
    let bed = Bed::new().await;
    let reviewer = bed.person(Role::Reviewer).await;
    let (status, page) = bed.console("/console/styleguide", &reviewer, &[]).await;
    assert!(status == 200 && page.contains("--fault-paper"), "{page}");
    let live = Bed::with(|settings, _| {
        settings.world = Some(World::Live);
        settings.reporting.ncmec = "off".to_owned();
    })
    .await;
    let reviewer = live.person(Role::Reviewer).await;
    let (status, page) = live.console("/console/styleguide", &reviewer, &[]).await;
    assert!(status == 404 && page.contains("no-such-address"), "{page}");
}
