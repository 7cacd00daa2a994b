//! The console's pages of what is kept: a lead sees it with its law, places, prolongs and releases, and finds the certificates.

use serde_json::{Value, json};
use tanod::accounts::Role;

use super::bed::*;
use super::holds::{days, keeping, reported};

/// The one id of a kind in how a case is kept.
fn of(kept: &Value, list: &str, basis: &str) -> String {
    let rows = kept[list].as_array().unwrap();
    let row = rows.iter().find(|row| basis.is_empty() || row["basis"] == basis).unwrap();
    row["id"].as_str().unwrap().to_owned()
}

async fn page(bed: &Bed, path: &str, token: &str) -> String {
    let (status, page) = bed.console(path, token, &[]).await;
    assert_eq!(status, 200, "{page}");
    page
}

#[tokio::test]
async fn the_console_shows_what_is_kept_under_which_law_and_what_contradicts() {
    let bed = Bed::new().await;
    let (case, _, lead) = reported(&bed).await;
    let second = bed.person(Role::Lead).await;
    let (list, here) = ("/console/keeping", format!("/console/cases/{case}/keeping"));
    assert!(page(&bed, list, &lead).await.contains("US-30: 18 U.S.C. 2258A(h)"));
    // A preservation request: what is missing is said, and nothing that was typed is lost.
    let mut asked = vec![("basis", "us_2703_f"), ("authority", "Example Police"), ("starts", "2026-11-24")];
    let refused = bed.console(&format!("/console/cases/{case}/holds"), &lead, &asked).await.1;
    assert!(refused.contains("under what reference") && refused.contains("value=\"Example Police\""), "{refused}");
    asked.push(("reference", "26-117"));
    assert_eq!(bed.console(&format!("/console/cases/{case}/holds"), &lead, &asked).await.0, 303);
    let shown = page(&bed, list, &lead).await;
    assert!(shown.contains("Requests to preserve") && shown.contains("can be renewed by 90 days"));
    let request = of(&keeping(&bed, &lead, &case).await, "holds", "us_2703_f");
    let renew = format!("/console/cases/{case}/holds/{request}/extensions");
    assert_eq!(bed.console(&renew, &lead, &[("until", "")]).await.0, 303);
    assert!(bed.console(&renew, &lead, &[("until", "")]).await.1.contains("renewed as often as its basis allows"));
    // The year is kept for longer, with a purpose and a day on which it is looked at again (US-34).
    let year = of(&keeping(&bed, &lead, &case).await, "holds", "us_2258a_h");
    let longer = format!("/console/cases/{case}/holds/{year}/extensions");
    let until = [("until", "2029-01-01"), ("purpose", "prevent_exploitation"), ("review_at", "2027-06-01")];
    assert!(bed.console(&longer, &lead, &until[..1]).await.1.contains("say what for"));
    assert_eq!(bed.console(&longer, &lead, &until).await.0, 303);
    assert!(page(&bed, list, &lead).await.contains("Looked at again (UTC)"));
    // It is nobody's to shorten: no form asks for it, and a form sent all the same is refused.
    let release = format!("/console/cases/{case}/holds/{year}/releases");
    assert!(!page(&bed, &here, &lead).await.contains(&release));
    assert!(bed.console(&release, &lead, &[("why", "we need the space")]).await.1.contains("it ends by itself"));
    let sooner = [("until", "2027-01-01"), ("purpose", "prevent_exploitation"), ("review_at", "2026-12-01")];
    assert!(bed.console(&longer, &lead, &sooner).await.1.contains("no hold is ever shortened"));
    // A law that wants it gone sooner: counsel, and two people.
    assert_eq!(bed.console(&format!("/console/cases/{case}/holds"), &lead, &[("basis", "eu_cap")]).await.0, 303);
    let shown = page(&bed, &here, &lead).await;
    assert!(shown.contains("With counsel") && shown.contains("must be gone by"), "{shown}");
    assert!(page(&bed, list, &lead).await.contains("nothing of it goes meanwhile (EV-20)"));
    let cap = of(&keeping(&bed, &lead, &case).await, "holds", "eu_cap");
    let why = [("why", "Counsel: the message was sent from the United States.")];
    assert_eq!(bed.console(&format!("/console/cases/{case}/holds/{cap}/releases"), &lead, &why).await.0, 303);
    let release = of(&keeping(&bed, &lead, &case).await, "releases", "");
    let answer = format!("/console/cases/{case}/releases/{release}/answer");
    assert!(!page(&bed, &here, &lead).await.contains(&answer), "not by the same person");
    assert!(bed.console(&answer, &lead, &[("approve", "yes")]).await.1.contains("cannot approve it"));
    assert!(page(&bed, list, &second).await.contains("The hold under EU-09 gives way"));
    assert!(page(&bed, &here, &second).await.contains(&answer));
    assert_eq!(bed.console(&answer, &second, &[("approve", "yes")]).await.0, 303);
    assert_eq!(keeping(&bed, &lead, &case).await["counsel"], Value::Null);
    // A reviewer reads and changes nothing; an administrator has no way here.
    let reviewer = bed.person(Role::Reviewer).await;
    assert!(!page(&bed, &here, &reviewer).await.contains("<button>"));
    assert_eq!(bed.console(&format!("/console/cases/{case}/holds"), &reviewer, &[("basis", "court")]).await.0, 200);
    assert_eq!(keeping(&bed, &lead, &case).await["holds"].as_array().unwrap().len(), 4);
    let admin = bed.person(Role::Admin).await;
    assert_eq!(bed.console(list, &admin, &[]).await.0, 403);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn the_console_takes_a_request_to_destroy_and_shows_the_certificate() {
    let bed = Bed::new().await;
    let (case, item, lead) = reported(&bed).await;
    let second = bed.person(Role::Lead).await;
    let (take, here) = (format!("/console/cases/{case}/destructions"), format!("/console/cases/{case}/keeping"));
    let mut asked = vec![
        ("item", item.as_str()),
        ("agency", "Example Police"),
        ("officer", "badge 12"),
        ("their_reference", "26-118"),
        ("reason", "They have the file."),
    ];
    let refused = bed.console(&take, &lead, &asked).await.1;
    assert!(refused.contains("call back by a number") && refused.contains("value=\"badge 12\""), "{refused}");
    asked.push(("verified_how", "called back by the number on the agency's site"));
    assert_eq!(bed.console(&take, &lead, &asked).await.0, 303);
    let release = of(&keeping(&bed, &lead, &case).await, "releases", "");
    let answer = format!("/console/cases/{case}/releases/{release}/answer");
    assert!(page(&bed, "/console/keeping", &second).await.contains("A depiction is destroyed, as Example Police ask"));
    assert_eq!(bed.console(&answer, &second, &[("approve", "yes")]).await.0, 303);
    bed.work(0).await;
    let shown = page(&bed, &here, &lead).await;
    assert!(
        shown.contains("tanod-destruction-v1") && shown.contains("the police asked, and two people agreed (US-41)")
    );
    assert!(!shown.contains("Take such a request"), "nothing is left that could be asked for");
    // What is gone is not kept, and is not foreseen to go: neither on the page nor by the simulation.
    days(&bed, 370).await;
    let lead = bed.person(Role::Lead).await;
    assert_eq!(bed.get("/v1/holds/simulation", &lead).await.ok(), json!([]));
}
