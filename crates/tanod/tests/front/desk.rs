//! The console's pages of what is kept: a lead sees it with its law, places, prolongs and releases, and finds the certificates.

use serde_json::{Value, json};
use tanod::accounts::Role;
use tanod::operator::Surface;

use super::bed::*;
use super::cases::*;
use super::holds::{days, keeping, reported};

/// The one id of a kind in how a case is kept.
fn of(kept: &Value, list: &str, basis: &str) -> String {
    let rows = kept[list].as_array().unwrap();
    let row = rows.iter().find(|row| basis.is_empty() || row["basis"] == basis).unwrap();
    row["id"].as_str().unwrap().to_owned()
}

fn of_basis<'a>(kept: &'a Value, basis: &str) -> &'a Value {
    kept["holds"].as_array().unwrap().iter().find(|hold| hold["basis"] == basis).unwrap()
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
    assert!(page(&bed, list, &lead).await.contains("US-30: <bdi>18 U.S.C. 2258A(h)"));
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
    let waiting = async || bed.get("/v1/releases?waiting=true", &second).await.ok()["rows"].as_array().unwrap().len();
    let listed = bed.get("/v1/releases", &second).await.ok()["rows"][0].clone();
    assert_eq!((waiting().await, &listed["id"], &listed["case"]), (1, &json!(release), &json!(case)));
    assert_eq!(bed.get("/v1/releases?before=x", &second).await.slug(), "unknown-release");
    let answer = format!("/console/cases/{case}/releases/{release}/answer");
    assert!(page(&bed, "/console/keeping", &second).await.contains("A depiction is destroyed, as Example Police ask"));
    assert_eq!(bed.console(&answer, &second, &[("approve", "yes")]).await.0, 303);
    assert_eq!(waiting().await, 0);
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

/// The bases on which a case is kept, in order.
async fn on(bed: &Bed, case: &str) -> Vec<String> {
    let lead = bed.person(Role::Lead).await;
    let kept = keeping(bed, &lead, case).await;
    let rows = kept["holds"].as_array().unwrap().iter().filter(|hold| hold["released_at"].is_null());
    let mut bases: Vec<String> = rows.map(|hold| hold["basis"].as_str().unwrap().to_owned()).collect();
    bases.sort();
    bases
}

async fn of_country(country: &'static str, surfaces: Vec<Surface>) -> (Bed, String, String) {
    let bed = Bed::with(move |settings, _| {
        country.clone_into(&mut settings.operator.country);
        settings.operator.surfaces = surfaces;
    })
    .await;
    let (case, _, lead) = reported(&bed).await;
    (bed, case, lead)
}

/// UK-09, PH-02, PH-03, US-30: what happens places what the operator's countries ask for, with nobody's hand.
#[tokio::test]
async fn the_laws_of_the_operators_country_keep_a_case_by_what_happens() {
    let (bed, case, _) = of_country("GB", vec![Surface::Public]).await;
    assert_eq!(on(&bed, &case).await, ["gb_2026_268", "us_2258a_h"]);
    bed.ledger_verifies().await;

    let (bed, case, lead) = of_country("PH", vec![Surface::Public]).await;
    assert_eq!(on(&bed, &case).await, ["ph_content", "ph_traffic", "us_2258a_h"]);
    let until =
        |kept: &Value| of_basis(kept, "ph_content")["until"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let before = until(&keeping(&bed, &lead, &case).await);
    // Something more in the case: the later transaction counts, and nothing is placed twice.
    days(&bed, 20).await;
    let again = matched(&bed, &known(&bed, 3).await, "u").await.0;
    assert_eq!(again, case);
    let lead = bed.person(Role::Lead).await;
    let after = until(&keeping(&bed, &lead, &case).await);
    assert_eq!(after.duration_since(before).as_hours(), 20 * 24);
    assert_eq!(on(&bed, &case).await, ["pending_decision", "ph_content", "ph_traffic", "us_2258a_h"]);
    bed.ledger_verifies().await;
}

/// EU-09 against US-30 (EV-20): the cap on private messages contradicts the year, and goes to counsel by itself.
#[tokio::test]
async fn a_reported_private_message_of_the_union_goes_to_counsel_by_itself() {
    let (bed, case, lead) = of_country("DE", vec![Surface::Public, Surface::Private]).await;
    let kept = keeping(&bed, &lead, &case).await;
    assert_eq!(
        (&kept["fate"]["fate"], on(&bed, &case).await),
        (&json!("conflict"), vec!["eu_cap".to_owned(), "us_2258a_h".to_owned()])
    );
    assert!(kept["counsel"].is_string());
    // A message that was sent in public is not under the cap.
    let (bed, case, _) = of_country("DE", vec![Surface::Public]).await;
    assert_eq!(on(&bed, &case).await, ["us_2258a_h"]);
}

/// CA-03: three weeks after the police was notified, then destroyed; a foreign report is no such notification (CA-05).
#[tokio::test]
async fn in_canada_what_the_police_was_told_of_goes_after_three_weeks() {
    let bed = Bed::with(|settings, _| settings.operator.country = "CA".to_owned()).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    let elsewhere = json!({"authority": "RCMP", "number": "2026-1", "at": "2026-11-24T11:00:00Z"});
    let decision = json!({"outcome": "already_reported", "reason": "filed with the police", "elsewhere": elsewhere});
    decide(&bed, &lead, &case, &decision).await.ok();
    assert_eq!(on(&bed, &case).await, ["ca_mra_4"]);
    days(&bed, 20).await;
    bed.work(0).await;
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), 1);
    days(&bed, 2).await;
    bed.work(0).await;
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), 0);
    bed.ledger_verifies().await;
}

/// US-36: a verified request to preserve begins its own clock on the day it came.
#[tokio::test]
async fn a_verified_request_to_preserve_places_its_hold() {
    let (bed, case, lead) = of_country("US", vec![Surface::Public]).await;
    let asked = json!({
        "authority": "preservation", "recipient": "national_police", "agency": "Example Police", "officer": "badge 12",
        "reference": "26-117", "scope": "the account and what is around it", "case": case,
    });
    let process = bed.post("/v1/legal-processes", &lead, &asked).await.ok();
    assert_eq!(on(&bed, &case).await, ["us_2258a_h"], "nobody has made sure who asks");
    let path = format!("/v1/legal-processes/{}/verification", process["id"].as_str().unwrap());
    bed.post(&path, &lead, &json!({"how": "called back over the agency's own number"})).await.ok();
    let kept = keeping(&bed, &lead, &case).await;
    let hold = of_basis(&kept, "us_2703_f");
    assert_eq!((&hold["reference"], &hold["starts_at"]), (&json!("26-117"), &process["received_at"]));
    assert!(page(&bed, "/console/keeping", &lead).await.contains("can be renewed by 90 days"));
    bed.ledger_verifies().await;
}

/// EV-20 once for all: counsel decides which of two laws gives way, two people put it into force, cases of its scope go on without
/// an alarm each, and after its end they go to counsel again.
#[tokio::test]
async fn what_counsel_decided_once_settles_every_case_of_its_scope_until_it_ends() {
    let (bed, case, lead) = of_country("DE", vec![Surface::Private]).await;
    let second = bed.person(Role::Lead).await;
    let fate = async |case: &str| keeping(&bed, &lead, case).await["fate"]["fate"].as_str().unwrap().to_owned();
    assert_eq!(fate(&case).await, "conflict");
    let new = |yields: &str, keeps: &str, until: &str| {
        json!({
            "yields": yields, "keeps": keeps, "until": until, "counsel": "Counsel of the operator, Example & Partners",
            "grounds": "Article 3(1)(i) stands back where a longer duty to preserve binds us.",
        })
    };
    let at = "/v1/standing-decisions";
    for wrong in [
        new("us_2258a_h", "eu_cap", "2027-06-01T00:00:00Z"),
        new("eu_cap", "eu_cap", "2027-06-01T00:00:00Z"),
        new("eu_cap", "us_2258a_h", "2026-11-01T00:00:00Z"),
        new("eu_cap", "us_2258a_h", "2029-06-01T00:00:00Z"),
    ] {
        assert_eq!(bed.post(at, &lead, &wrong).await.slug(), "bad-standing-decision", "{wrong}");
    }
    let reviewer = bed.person(Role::Reviewer).await;
    let right = new("eu_cap", "us_2258a_h", "2027-06-01T00:00:00Z");
    assert_eq!(bed.post(at, &reviewer, &right).await.slug(), "not-allowed");
    let id = bed.post(at, &lead, &right).await.ok()["id"].as_str().unwrap().to_owned();
    assert_eq!(fate(&case).await, "conflict", "one person alone settles nothing");
    let approval = format!("{at}/{id}/approval");
    assert_eq!(bed.post(&approval, &lead, &json!({})).await.slug(), "second-person");
    // On the page, by the second person.
    let here = "/console/keeping/counsel";
    assert!(page(&bed, here, &lead).await.contains("EU-09 gives way to US-30"));
    assert!(!page(&bed, here, &lead).await.contains("/approval"));
    let press = format!("{here}/{id}/approval");
    assert_eq!(bed.console(&press, &second, &[("x", "")]).await.0, 303);
    assert_eq!(bed.post(&approval, &second, &json!({})).await.slug(), "unknown-standing-decision");
    // The case that waited goes on, its alarm is over, and nothing of it goes sooner than the year.
    assert_eq!((fate(&case).await, on(&bed, &case).await), ("held".into(), vec!["us_2258a_h".to_owned()]));
    let alarms = async |state: &str| {
        let rows = bed.get("/v1/alarms", &reviewer).await.ok()["rows"].clone();
        let counts = |row: &&Value| row["kind"] == "counsel_wanted" && row["state"] == state;
        rows.as_array().unwrap().iter().filter(counts).count()
    };
    assert_eq!((alarms("open").await, alarms("cleared").await), (0, 1));
    let another = async |seed, account: &str| {
        let (case, _) = matched(&bed, &known(&bed, seed).await, account).await;
        lease(&bed, &lead, &case).await;
        decide(&bed, &lead, &case, &report(&[])).await.ok();
        bed.work(0).await;
        case
    };
    let next = another(21, "v").await;
    assert_eq!((fate(&next).await.as_str(), alarms("open").await), ("held", 0));
    // Ended before its time: what it settled stays so, and the next one goes to counsel.
    bed.post(&format!("{at}/{id}/end"), &second, &json!({})).await.ok();
    assert_eq!(bed.post(&format!("{at}/{id}/end"), &second, &json!({})).await.slug(), "unknown-standing-decision");
    let later = another(22, "w").await;
    assert_eq!(
        (fate(&next).await.as_str(), fate(&later).await.as_str(), alarms("open").await),
        ("held", "conflict", 1)
    );
    // Written down on the page; what is missing is said and nothing that was typed is lost.
    let typed = [
        ("yields", "eu_cap"),
        ("keeps", "us_2258a_h"),
        ("counsel", "Counsel, Example"),
        ("grounds", "short"),
        ("until", "2027-05-01"),
    ];
    let refused = bed.console(here, &lead, &typed).await;
    assert!(refused.0 == 422 && refused.1.contains("value=\"Counsel, Example\""), "{}", refused.1);
    let mut whole = typed;
    whole[3].1 = "Article 3(1)(i) stands back.";
    assert_eq!(bed.console(here, &lead, &whole).await.0, 303);
    // And by its own end.
    let rows = bed.get(at, &lead).await.ok();
    let approval = format!("{at}/{}/approval", rows[0]["id"].as_str().unwrap());
    days(&bed, 200).await;
    let second = bed.person(Role::Lead).await;
    assert_eq!(bed.post(&approval, &second, &json!({})).await.slug(), "unknown-standing-decision");
    bed.ledger_verifies().await;
}
