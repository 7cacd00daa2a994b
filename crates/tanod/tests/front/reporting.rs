//! Reports: valid, true, and filed exactly once whatever goes wrong on the way.

use serde_json::json;
use sim::ncmec::{Endpoint, Misbehaviour, State, Statuses};
use tanod::accounts::{Role, Scope};

use super::bed::*;
use super::cases::*;

/// A case of two uploads, of which the first was viewed whole, decided to be reported.
pub(crate) async fn decided(bed: &Bed) -> (String, String) {
    let media = known(bed, 1).await;
    let (case, first) = matched(bed, &media, "u").await;
    bed.clock.advance(std::time::Duration::from_secs(1));
    matched(bed, &media, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(bed, &lead, &case).await;
    look(bed, &lead, &case, &first, false).await;
    decide(bed, &lead, &case, &report(&[&first])).await.ok();
    (case, lead)
}

async fn filed(bed: &Bed, case: &str) -> serde_json::Value {
    let lead = bed.person(Role::Lead).await;
    let shown = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok();
    let id = shown["reports"][0]["id"].as_str().unwrap();
    bed.get(&format!("/v1/reports/{id}"), &lead).await.ok()
}

#[tokio::test]
async fn a_report_says_what_is_known_and_nothing_else() {
    let bed = Bed::new().await;
    let (case, lead) = decided(&bed).await;
    assert_eq!(state(&bed, &lead, &case).await, "reporting");
    bed.work(0).await;
    let report = filed(&bed, &case).await;
    assert_eq!(
        (&report["state"], &report["number"], &report["kind"]),
        (&json!("finished"), &json!(4_000_001), &json!("initial"))
    );
    assert!(report["receipt"]["answer"].as_str().unwrap().contains("<reportDoneResponse>"));
    assert!(report["receipt"]["request_id"].is_string());
    assert_eq!(report["files"][0]["viewed_by_esp"], true);
    assert_eq!(report["files"][1]["viewed_by_esp"], false);
    assert_eq!(state(&bed, &lead, &case).await, "reported");
    let outside = &bed.sim.finished()[0];
    let ids = |text: &str| text.replace(&case, "[case]").replace("><", ">\n<");
    insta::assert_snapshot!("report", ids(&outside.xml));
    let details = outside.files[0].details.as_deref().unwrap().replace(&outside.files[0].file_id, "[file]");
    insta::assert_snapshot!("file", ids(&details));
    assert_eq!(outside.files[0].name, "of-u.jpg");
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn a_look_at_a_part_is_neither_yes_nor_no() {
    let bed = Bed::new().await;
    let (case, item) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    look(&bed, &lead, &case, &item, true).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    let sent = bed.sim.finished()[0].files[0].details.clone().unwrap();
    assert!(!sent.contains("fileViewedByEsp") && sent.contains("nobody states to have viewed all of it"), "{sent}");
}

/// An identical file of another account was viewed; this one was not (US-15).
#[tokio::test]
async fn another_copys_viewing_is_not_this_ones() {
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let (first, seen) = matched(&bed, &media, "u1").await;
    let (second, _) = matched(&bed, &media, "u2").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &first).await;
    look(&bed, &lead, &first, &seen, false).await;
    decide(&bed, &lead, &first, &report(&[&seen])).await.ok();
    lease(&bed, &lead, &second).await;
    decide(&bed, &lead, &second, &report(&[])).await.ok();
    bed.work(0).await;
    assert_eq!(filed(&bed, &second).await["files"][0]["viewed_by_esp"], false);
    assert_eq!(filed(&bed, &first).await["files"][0]["viewed_by_esp"], true);
}

#[tokio::test]
async fn a_later_signal_becomes_a_supplement_with_the_first_number() {
    let bed = Bed::new().await;
    let (case, lead) = decided(&bed).await;
    // It comes while the report is on its way, and waits for a decision of its own.
    let (joined, _) = matched(&bed, &known(&bed, 2).await, "u").await;
    assert_eq!(joined, case);
    bed.work(0).await;
    assert_eq!(state(&bed, &lead, &case).await, "open");
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    assert_eq!(state(&bed, &lead, &case).await, "reported");
    let finished = bed.sim.finished();
    assert_eq!(finished.len(), 2);
    assert!(finished[1].xml.contains("<priorCTReports>4000001</priorCTReports>"));
    assert_eq!((finished[0].files.len(), finished[1].files.len()), (2, 1));
}

/// Every way in which every call can go wrong, under both mappings of statuses, ends with one finished report.
#[tokio::test]
async fn every_fault_ends_with_one_finished_report() {
    use Misbehaviour as M;
    let endpoints = [Endpoint::Submit, Endpoint::Upload, Endpoint::Fileinfo, Endpoint::Finish];
    let faults = [
        M::CutAfterActing,
        M::CutBeforeActing,
        M::Trickle(std::time::Duration::from_millis(1)),
        M::Html500,
        M::ZeroWith500,
        M::Code(1_100),
        M::Code(9_999),
        M::ExtraElements,
        M::TooManyRequests,
        M::ExpireNow,
        M::WrongMd5,
    ];
    for statuses in [Statuses::Modern, Statuses::Legacy200] {
        let bed = Bed::with(|_, sim| sim.statuses = statuses).await;
        let media = known(&bed, 1).await;
        for at in endpoints {
            for how in faults {
                let account = format!("{at:?}-{how:?}").replace(|c: char| !c.is_alphanumeric() && c != '-', "");
                let lead = bed.person(Role::Lead).await;
                let (case, _) = matched(&bed, &media, &account).await;
                lease(&bed, &lead, &case).await;
                bed.sim.misbehave(at, how);
                decide(&bed, &lead, &case, &report(&[])).await.ok();
                bed.work(2).await;
                let of_case = |state| {
                    let mark = format!("<espIdentifier>{account}</espIdentifier>");
                    bed.sim
                        .reports()
                        .into_iter()
                        .filter(|report| report.state == state && report.xml.contains(&mark))
                        .count()
                };
                let filed = filed(&bed, &case).await;
                assert_eq!(of_case(State::Finished), 1, "{statuses:?} {at:?} {how:?}: {filed}");
                let lead = bed.person(Role::Lead).await;
                assert_eq!(state(&bed, &lead, &case).await, "reported", "{statuses:?} {at:?} {how:?}");
            }
        }
        bed.ledger_verifies().await;
    }
}

#[tokio::test]
async fn refused_credentials_wait_for_a_person_and_then_go_on() {
    let bed = Bed::new().await;
    for _ in 0..2 {
        bed.sim.misbehave(Endpoint::Upload, Misbehaviour::Unauthorized);
    }
    let (case, lead) = decided(&bed).await;
    bed.work(1).await;
    let report = filed(&bed, &case).await;
    assert_eq!(report["state"], "dead");
    assert!(report["trouble"].as_str().unwrap().contains("credentials"));
    let id = report["id"].as_str().unwrap();
    let revive = async || bed.post(&format!("/v1/reports/{id}/revive"), &lead, &json!({})).await;
    revive().await.ok();
    bed.work(1).await;
    assert_eq!(filed(&bed, &case).await["state"], "dead");
    revive().await.ok();
    bed.work(1).await;
    assert_eq!(filed(&bed, &case).await["state"], "finished");
    assert_eq!(revive().await.slug(), "not-dead");
    assert_eq!(bed.sim.finished().len(), 1);
    // What was begun and left is taken back, not left to be found.
    assert!(bed.sim.reports().iter().all(|report| report.state != State::Open));
}

#[tokio::test]
async fn a_report_that_would_be_refused_is_not_intended() {
    let bed = Bed::with(|settings, _| settings.reporting.about.email = String::new()).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    let said = decide(&bed, &lead, &case, &report(&[])).await;
    assert_eq!(said.slug(), "provider-incomplete");
    assert!(said.json()["detail"].as_str().unwrap().contains("E-mail"));
    assert_eq!(state(&bed, &lead, &case).await, "open");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM decisions").await, 0);

    // Nothing is missing, and something of it cannot stand in a document.
    let bed = Bed::with(|settings, _| settings.reporting.about.legal_url = "no page at all".into()).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    let said = decide(&bed, &lead, &case, &report(&[])).await;
    assert_eq!(said.slug(), "invalid-report");
    assert!(said.json()["detail"].as_str().unwrap().contains("legalURL"));
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM decisions").await, 0);
}

/// Two workers at one report: one files it, and the lease keeps the other away.
#[tokio::test]
async fn two_workers_file_one_report() {
    let bed = Bed::new().await;
    let (case, _) = decided(&bed).await;
    let other = bed.neighbour().await;
    let (a, b) = tokio::join!(tanod::roles::next(&bed.app, "reports"), tanod::roles::next(&other, "reports"));
    assert!(a.unwrap() != b.unwrap());
    assert_eq!(filed(&bed, &case).await["state"], "finished");
    assert_eq!(bed.sim.reports().len(), 1);
    let key = bed.key(&[Scope::ItemsWrite]).await;
    assert!(!key.is_empty());
}

/// A file goes from the vault to the destination piece by piece; what is not what it was is never taken for a file.
#[tokio::test]
async fn a_long_file_is_streamed_and_a_rotten_one_is_never_filed() {
    let bed = Bed::with(|settings, _| settings.intake.max_bytes = 8 << 20).await;
    let mut media = known(&bed, 1).await;
    // Readers of pictures pass over what comes behind the end; it is longer than what is opened at a time.
    media.extend((0..3_400_000_u32).map(|n| n.to_le_bytes()[1]));
    let (case, _) = matched(&bed, &media, "whole").await;
    let whole = bed.app.vault.objects.list().await.unwrap();
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    let sent = &bed.sim.finished()[0].files[0];
    assert_eq!(sent.size, u64::try_from(media.len()).unwrap());
    assert_eq!(sent.md5, fingerprint::Digests::of(&media).md5_hex());

    let (case, _) = matched(&bed, &media, "rotten").await;
    let objects = bed.app.vault.objects.clone();
    let object = objects.list().await.unwrap().into_iter().find(|object| !whole.contains(object)).unwrap();
    let mut bytes = objects.get(object).await.unwrap().to_vec();
    let late = bytes.len() - 100_000;
    bytes[late] ^= 1;
    objects.delete(object).await.unwrap();
    objects.put(object, bytes.into()).await.unwrap();
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(24).await;
    assert_eq!(filed(&bed, &case).await["state"], "dead");
    assert_eq!(bed.sim.finished().len(), 1);
    let others = bed.sim.reports().into_iter().filter(|report| report.xml.contains(">rotten<"));
    assert!(others.into_iter().all(|report| report.files.is_empty() && report.state == State::Retracted));
}

/// Whoever looks at a stuck report is told that it may be filed, where the answer to its last call was lost.
#[tokio::test]
async fn a_stuck_report_that_may_be_filed_says_so() {
    let bed = Bed::new().await;
    bed.sim.misbehave(Endpoint::Finish, Misbehaviour::CutAfterActing);
    bed.sim.misbehave(Endpoint::Finish, Misbehaviour::Unauthorized);
    let (case, lead) = decided(&bed).await;
    bed.work(1).await;
    let report = filed(&bed, &case).await;
    assert_eq!((&report["state"], &report["maybe_filed_as"]), (&json!("dead"), &json!(4_000_001)));
    let id = report["id"].as_str().unwrap();
    for page in [format!("/console/reports/{id}"), "/console/reports".to_owned()] {
        assert!(bed.console(&page, &lead, &[]).await.1.contains("It may be filed already as 4000001"), "{page}");
    }
    let listed = bed.get("/v1/reports", &lead).await.ok();
    assert_eq!(listed["rows"][0]["maybe_filed_as"], 4_000_001);
    bed.post(&format!("/v1/reports/{id}/revive"), &lead, &json!({})).await.ok();
    bed.work(1).await;
    let report = filed(&bed, &case).await;
    assert_eq!((&report["state"], report.get("maybe_filed_as")), (&json!("finished"), None));
    assert_eq!(bed.sim.finished().len(), 1);
}
