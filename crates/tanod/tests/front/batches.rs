//! One file that many accounts passed on: one batched report at the destination, one report and one year for each case.

use serde_json::{Value, json};
use sim::ncmec::{Endpoint, Misbehaviour, State};
use tanod::accounts::Role;
use tanod::store::Recorded;

use super::bed::*;
use super::cases::*;

async fn spread(bed: &Bed, accounts: &[&str]) -> (String, Vec<String>) {
    let media = known(bed, 1).await;
    let mut cases = Vec::new();
    for account in accounts {
        cases.push(matched(bed, &media, account).await.0);
    }
    (fingerprint::Digests::of(&media).sha256_hex(), cases)
}

async fn decided(bed: &Bed, lead: &str, sha256: &str, annotations: &[&str]) {
    let decision = json!({
        "outcome": "report", "reason": "A file that goes round.", "incident_type": TYPE, "role": "suspect",
        "file_annotations": annotations,
    });
    bed.post(&format!("/v1/files/{sha256}/decisions"), lead, &decision).await.ok();
}

async fn first_report(bed: &Bed, lead: &str, case: &str) -> Value {
    bed.get(&format!("/v1/cases/{case}"), lead).await.ok()["reports"][0].clone()
}

#[tokio::test]
async fn a_viral_file_of_many_accounts_is_one_report_and_each_case_has_its_year() {
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    let (sha256, cases) = spread(&bed, &["u1", "u2", "u3"]).await;
    decided(&bed, &lead, &sha256, &["viral"]).await;
    // A lost answer in the middle makes no second one.
    bed.sim.misbehave(Endpoint::Fileinfo, Misbehaviour::CutAfterActing);
    bed.work(1).await;
    let finished = bed.sim.finished();
    assert_eq!(finished.len(), 1);
    assert!(finished[0].batched && finished[0].xml.contains("VIRAL_POTENTIAL_MEME"));
    for account in ["u1", "u2", "u3"] {
        let alone = format!("<personOrUserReported><espIdentifier>{account}</espIdentifier></personOrUserReported>");
        assert!(finished[0].xml.contains(&alone), "{}", finished[0].xml);
    }
    let details = finished[0].files[0].details.as_ref().unwrap();
    assert!(
        details.contains("<viral") && !details.contains("originalFileHash") && !details.contains("ipCaptureEvent"),
        "{details}"
    );
    for case in &cases {
        let report = first_report(&bed, &lead, case).await;
        assert_eq!((&report["state"], &report["number"]), (&json!("finished"), &json!(finished[0].report_id)));
        let id = report["id"].as_str().unwrap();
        let shown = bed.get(&format!("/v1/reports/{id}"), &lead).await.ok();
        assert!(shown["receipt"]["answer"].as_str().unwrap().contains("reportDoneResponse"));
        let holds = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok()["holds"].clone();
        assert!(holds.as_array().unwrap().iter().any(|hold| hold["basis"] == "us_2258a_h"), "{holds}");
        assert_eq!(state(&bed, &lead, case).await, "reported");
    }
    bed.ledger_verifies().await;
}

/// Without a note that it spreads, or where more is known, each goes by itself with everything that is known.
#[tokio::test]
async fn what_is_not_known_to_spread_goes_by_itself() {
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    let (sha256, _) = spread(&bed, &["u1", "u2"]).await;
    decided(&bed, &lead, &sha256, &["viral", "infant"]).await;
    bed.work(0).await;
    assert_eq!(bed.sim.finished().iter().filter(|report| !report.batched).count(), 2);
}

/// One of them is taken back while the report is half open: it begins anew without that account.
#[tokio::test]
async fn one_taken_back_half_way_leaves_the_others_reported() {
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    let (sha256, cases) = spread(&bed, &["u1", "u2", "u3"]).await;
    decided(&bed, &lead, &sha256, &["potentialMeme"]).await;
    bed.sim.misbehave(Endpoint::Upload, Misbehaviour::Html500);
    tanod::roles::next(&bed.app, "reports").await.unwrap();
    let mut tx = bed.app.db.write().await.unwrap();
    let report = tanod::reporting::of_case(&mut tx, cases[1].parse().unwrap()).await.unwrap().remove(0);
    let taken = tanod::reporting::take_back(&mut tx, &report).await.unwrap();
    assert_eq!(taken, tanod::reporting::TakenBack::UnderWay);
    tx.commit(Recorded::unrecorded("a test takes it back")).await.unwrap();
    bed.work(1).await;
    let finished = bed.sim.finished();
    assert_eq!(finished.len(), 1);
    assert!(finished[0].xml.contains(">u1<") && finished[0].xml.contains(">u3<") && !finished[0].xml.contains(">u2<"));
    assert_eq!(first_report(&bed, &lead, &cases[1]).await["state"], "withdrawn");
    assert_eq!(first_report(&bed, &lead, &cases[2]).await["state"], "finished");
    assert!(bed.sim.reports().iter().all(|report| report.state != State::Open));
}

/// The file itself was wrong: everything that rested on it is taken back, and nothing is left half open.
#[tokio::test]
async fn a_wrong_file_takes_all_of_them_back() {
    let bed = Bed::new().await;
    let (lead, other) = (bed.person(Role::Lead).await, bed.person(Role::Lead).await);
    let (sha256, cases) = spread(&bed, &["u1", "u2", "u3"]).await;
    decided(&bed, &lead, &sha256, &["viral"]).await;
    bed.sim.misbehave(Endpoint::Upload, Misbehaviour::Html500);
    tanod::roles::next(&bed.app, "reports").await.unwrap();
    let wrong = bed.get(&format!("/v1/cases/{}", cases[1]), &lead).await.ok()["decisions"][0]["id"].clone();
    let correction = json!({"decision": wrong, "reason": "It is a harmless picture.", "exception": false});
    bed.post(&format!("/v1/cases/{}/corrections", cases[1]), &other, &correction).await.ok();
    bed.work(1).await;
    assert!(bed.sim.finished().is_empty());
    assert!(bed.sim.reports().iter().all(|report| report.state != State::Open));
    for case in &cases {
        assert_eq!(first_report(&bed, &lead, case).await["state"], "withdrawn");
    }
    bed.ledger_verifies().await;
}

/// What was sent for many accounts stays while the year of one of them stands, and goes with the last.
#[tokio::test]
async fn what_was_sent_for_many_is_wiped_with_the_last_of_them() {
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    let (sha256, cases) = spread(&bed, &["u1", "u2"]).await;
    decided(&bed, &lead, &sha256, &["viral"]).await;
    bed.work(1).await;
    assert_eq!(bed.sim.finished().len(), 1);
    // The one that went along is kept longer.
    let mut tx = bed.app.db.read().await.unwrap();
    let sent = "SELECT COUNT(*) AS n FROM report_calls WHERE sent IS NOT NULL";
    let mut longer = None;
    for case in &cases {
        let report = tanod::reporting::of_case(&mut tx, case.parse().unwrap()).await.unwrap().remove(0);
        longer = if report.joined.is_some() { Some(case) } else { longer };
    }
    drop(tx);
    let case = longer.unwrap();
    let asked = json!({
        "basis": "operator", "until": "2028-06-01T00:00:00Z", "purpose": "prevent_exploitation",
        "review_at": "2026-12-20T00:00:00Z",
    });
    let path = format!("/v1/cases/{case}/holds");
    bed.post(&path, &lead, &asked).await.ok();
    // Destruction follows a clock day by day.
    let pass = async |days: u32| {
        for _ in 0..days {
            bed.clock.advance(std::time::Duration::from_hours(24));
            tanod::evidence::jobs::watch(&bed.app).await.unwrap();
        }
    };
    bed.clock.advance(std::time::Duration::from_hours(24 * 400));
    pass(3).await;
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM reports WHERE document <> '{}'").await, 1);
    assert!(bed.count(sent).await > 0, "the other's year rests on it");
    pass(160).await;
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM reports WHERE document <> '{}'").await, 0);
    assert_eq!(bed.count(sent).await, 0);
    bed.ledger_verifies().await;
}
