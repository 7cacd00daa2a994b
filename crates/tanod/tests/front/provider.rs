//! Who every report says the operator is, and with which credentials it speaks.

use serde_json::json;
use tanod::accounts::{Caller, Role};
use tanod::reporting::credentials::{self, Environment};

use super::bed::*;
use super::cases::*;

/// The law's five items, and what goes first: what was filled in here, then the settings (US-02).
#[tokio::test]
async fn a_lead_fills_in_what_the_law_wants_and_the_next_report_says_it() {
    let bed = Bed::with(|settings, _| settings.reporting.about.telephone = String::new()).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let (lead, reviewer) = (bed.person(Role::Lead).await, bed.person(Role::Reviewer).await);
    let shown = bed.get("/v1/provider", &reviewer).await.ok();
    assert_eq!((&shown["missing"], &shown["email"]), (&json!(["Telephone"]), &json!("safety@platform.example")));
    lease(&bed, &lead, &case).await;
    let refused = decide(&bed, &lead, &case, &report(&[])).await;
    assert_eq!(
        (refused.slug().as_str(), refused.json()["detail"].as_str().unwrap()),
        ("provider-incomplete", "Telephone")
    );
    let fields = [("telephone", "+1 555 0199"), ("retention", "A year.")];
    assert_eq!(bed.console("/console/provider", &reviewer, &fields).await.0, 403);
    assert_eq!(bed.console("/console/provider", &lead, &fields).await.0, 303);
    let page = bed.console("/console/provider", &lead, &[]).await.1;
    assert!(page.contains("value=\"+1 555 0199\"") && !page.contains("No report can be made yet"), "{page}");
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    let sent = bed.sim.finished()[0].xml.clone();
    assert!(sent.contains("Telephone: +1 555 0199\nFacsimile: none\nRetention: A year.</companyTemplate>"), "{sent}");
    for bad in [json!({"email": "nobody"}), json!({"legal_url": "ftp://x"}), json!({"telephone": "1".repeat(51)})] {
        assert_eq!(bed.call("PUT", "/v1/provider", &lead, &bad).await.slug(), "bad-provider");
    }
}

/// Danger now does not wait for a facsimile.
#[tokio::test]
async fn danger_now_does_not_wait_for_the_form() {
    let bed = Bed::with(|settings, _| settings.reporting.about.mailing_address = String::new()).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let reviewer = bed.person(Role::Reviewer).await;
    bed.post(&format!("/v1/cases/{case}/danger"), &reviewer, &json!({"reason": "A child is in danger."})).await.ok();
    bed.work(0).await;
    assert_eq!(bed.sim.finished().len(), 1);
}

#[tokio::test]
async fn credentials_are_sealed_and_each_environment_has_its_own() {
    let bed = Bed::with(|settings, _| settings.reporting.password = "".into()).await;
    let ring = &bed.app.vault.ring.now().unwrap();
    for (environment, word) in [(Environment::Simulator, "word"), (Environment::Production, "another-secret")] {
        let new = exchange::ncmec::Credentials { username: "esp".into(), password: word.to_owned().into() };
        let mut tx = bed.app.db.write().await.unwrap();
        let (caller, random) = (&Caller::Operator, &bed.app.vault.random);
        let proof = credentials::keep(&mut tx, caller, environment, &new, ring, random).await.unwrap();
        tx.commit(proof).await.unwrap();
    }
    let mut tx = bed.app.db.read().await.unwrap();
    let rows = tx.rows("SELECT sealed FROM credentials", &[]).await.unwrap();
    for row in &rows {
        let sealed: Vec<u8> = row.get("sealed").unwrap();
        assert!(
            !String::from_utf8_lossy(&sealed).contains("word") && !String::from_utf8_lossy(&sealed).contains("secret")
        );
    }
    assert!(credentials::kept(&mut tx, Environment::Exttest, ring).await.unwrap().is_none());
    drop(tx);
    let again = bed.neighbour().await;
    let client = again.ncmec.unwrap();
    assert!(matches!(client.status().await.unwrap().outcome(), exchange::ncmec::Outcome::Accepted(_)));
    let mut settings = bed.settings.clone();
    settings.reporting.password = "hush".into();
    assert!(!format!("{settings:?} {client:?}").contains("hush") && !format!("{client:?}").contains("another"));
}
