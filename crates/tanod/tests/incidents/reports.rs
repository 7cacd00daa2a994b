//! Incidents on the way to the authorities: outages, refused credentials, other places, later signals.

use super::*;
use sim::ncmec::{Endpoint, Misbehaviour};

/// NCMEC is down for a day: nothing is lost, nothing is doubled, and it goes out when they are back.
#[tokio::test]
async fn ncmec_is_down_for_a_day() {
    let bed = Bed::new().await;
    let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    for _ in 0..12 {
        bed.sim.misbehave(Endpoint::Submit, Misbehaviour::Html500);
    }
    lease(&bed, &lead, &id).await;
    decide(&bed, &lead, &id, &report(&[])).await.ok();
    bed.work(24).await;
    let next = bed.person(Role::Lead).await;
    let whole = bed.get(&format!("/v1/cases/{id}"), &next).await.ok();
    let report = &whole["reports"][0];
    if report["state"] == "dead" {
        // It waited for a person, who was paged; the person sends it again.
        let path = format!("/v1/reports/{}/revive", report["id"].as_str().unwrap());
        bed.post(&path, &next, &json!({})).await.ok();
        bed.work(6).await;
    }
    assert_eq!(bed.sim.finished().len(), 1);
}

/// The credentials are revoked in the middle of the night: the report waits for a person, visibly, and then goes out once.
#[tokio::test]
async fn the_credentials_are_revoked() {
    let mut bed = Bed::with(|settings, _| settings.reporting.password = "old".into()).await;
    let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &id).await;
    decide(&bed, &lead, &id, &report(&[])).await.ok();
    bed.work(0).await;
    let whole = case(&bed, &id).await;
    assert_eq!((&whole["reports"][0]["state"], &whole["state"]), (&json!("dead"), &json!("reporting")));
    assert!(bed.sim.finished().is_empty());
    tanod::alarms::watch(&bed.app).await.unwrap();
    assert_eq!((alarms(&bed, "report_dead").await, alarms(&bed, "credentials_refused").await), (1, 1));
    // In the morning somebody gives it the new ones, starts it again, and sends the report once more.
    bed.settings.reporting.password = "word".into();
    bed.app = open(bed.settings.clone(), &bed.clock).await.unwrap();
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    bed.router = tanod::web::router::router(&bed.app, true, true);
    let path = format!("/v1/reports/{}/revive", whole["reports"][0]["id"].as_str().unwrap());
    bed.post(&path, &lead, &json!({})).await.ok();
    bed.work(1).await;
    assert_eq!(bed.sim.finished().len(), 1);
    let lead = bed.person(Role::Lead).await;
    assert_eq!(bed.post(&path, &lead, &json!({})).await.slug(), "not-dead");
    bed.work(1).await;
    assert_eq!((bed.sim.finished().len(), state(&bed, &lead, &id).await.as_str()), (1, "reported"));
    tanod::alarms::watch(&bed.app).await.unwrap();
    let reviewer = bed.person(Role::Reviewer).await;
    let rows = bed.get("/v1/alarms", &reviewer).await.ok()["rows"].clone();
    let open = |row: &&Value| {
        ["report_dead", "credentials_refused"].iter().any(|kind| row["kind"] == *kind && row["state"] == "open")
    };
    assert_eq!(rows.as_array().unwrap().iter().filter(open).count(), 0, "{rows}");
}

/// The operator reports to its country's hotline by web form: a packet without pictures, the number entered, the same year.
#[tokio::test]
async fn filed_elsewhere() {
    let bed = Bed::with(|settings, _| settings.reporting.destination = tanod::reporting::Destination::Manual).await;
    let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &id).await;
    decide(&bed, &lead, &id, &report(&[])).await.ok();
    bed.work(1).await;
    assert!(bed.sim.reports().is_empty());
    let lead = bed.person(Role::Lead).await;
    let whole = case(&bed, &id).await;
    let filed = whole["reports"][0]["id"].as_str().unwrap();
    let packet = bed.get(&format!("/v1/reports/{filed}/packet"), &lead).await.ok();
    let text = packet["lines"].to_string();
    assert!(text.contains("192.0.2.10") && text.contains("Viewed by the platform") && !text.contains("base64"));
    let path = format!("/v1/reports/{filed}/filed");
    let where_ = json!({"authority": "hotline.example", "number": "H-12", "at": "2026-11-24T12:30:00Z"});
    assert_eq!(
        bed.post(&path, &lead, &json!({"authority": "", "number": "", "at": "2027-01-01T00:00:00Z"})).await.slug(),
        "not-said-where"
    );
    bed.post(&path, &lead, &where_).await.ok();
    assert_eq!(bed.post(&path, &lead, &where_).await.slug(), "not-by-hand");
    let whole = case(&bed, &id).await;
    assert_eq!((&whole["state"], &whole["reports"][0]["elsewhere"]["number"]), (&json!("reported"), &json!("H-12")));
    assert!(whole["holds"].as_array().unwrap().iter().any(|hold| hold["basis"] == "us_2258a_h"));
    // And one that was reported before Tanod knew of it starts the same hold.
    let (other, _) = matched(&bed, &known(&bed, 2).await, "v").await;
    lease(&bed, &lead, &other).await;
    let before = json!({"outcome": "already_reported", "reason": "We wrote to them in the morning."});
    assert_eq!(decide(&bed, &lead, &other, &before).await.slug(), "not-said-where");
    let mut before = before;
    before["elsewhere"] = where_;
    decide(&bed, &lead, &other, &before).await.ok();
    assert_eq!(state(&bed, &lead, &other).await, "reported");
}

/// The same account uploads again after the report: a supplement with the first number, decided by itself.
#[tokio::test]
async fn a_second_upload_after_finish() {
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    let (id, _) = reported(&bed, &lead, &known(&bed, 1).await, "u").await;
    let (again, _) = matched(&bed, &known(&bed, 2).await, "u").await;
    assert_eq!((again.as_str(), state(&bed, &lead, &id).await.as_str()), (id.as_str(), "open"));
    lease(&bed, &lead, &id).await;
    decide(&bed, &lead, &id, &report(&[])).await.ok();
    bed.work(0).await;
    let whole = case(&bed, &id).await;
    assert!(whole["reports"].as_array().unwrap().iter().any(|one| one["kind"] == "supplement"));
    assert!(bed.sim.finished()[1].xml.contains("<priorCTReports>4000001</priorCTReports>"));
}

/// A reviewer decides too quickly: within the short delay the report is taken back, and nothing ever left.
#[tokio::test]
async fn a_decision_regretted_in_time() {
    let bed = Bed::with(|settings, _| settings.reporting.send_after_minutes = 10).await;
    let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &id).await;
    decide(&bed, &lead, &id, &report(&[])).await.ok();
    bed.work(0).await;
    assert!(bed.sim.reports().is_empty());
    let whole = case(&bed, &id).await;
    let path = format!("/v1/reports/{}/withdraw", whole["reports"][0]["id"].as_str().unwrap());
    bed.post(&path, &lead, &json!({"reason": "I took it for another one."})).await.ok();
    assert_eq!(bed.post(&path, &lead, &json!({"reason": "I took it for another one."})).await.slug(), "too-late");
    bed.work(2).await;
    assert!(bed.sim.reports().is_empty());
    let lead = bed.person(Role::Lead).await;
    assert_eq!(state(&bed, &lead, &id).await, "open");
    lease(&bed, &lead, &id).await;
    decide(&bed, &lead, &id, &report(&[])).await.ok();
    bed.work(1).await;
    assert_eq!(bed.sim.finished().len(), 1);
    assert!(bed.sim.finished()[0].xml.contains("Our case number 1"));
}

/// Two platforms' copies of one file: each has its own case, its own report, and what was seen in one is not said of the other.
#[tokio::test]
async fn two_platforms_copies_of_one_file() {
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let mut remote = facts("remote", "visitor");
    remote["account"]["server"] = json!("elsewhere.example");
    let away = bed.upload(&key, &remote, &media).await.ok()["case"].as_str().unwrap().to_owned();
    let (home, item) = matched(&bed, &media, "local").await;
    assert_ne!(away, home);
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &home).await;
    look(&bed, &lead, &home, &item, false).await;
    decide(&bed, &lead, &home, &report(&[&item])).await.ok();
    lease(&bed, &lead, &away).await;
    decide(&bed, &lead, &away, &report(&[])).await.ok();
    bed.work(0).await;
    let finished = bed.sim.finished();
    let of_remote = finished.iter().find(|one| one.xml.contains("visitor")).unwrap();
    assert!(of_remote.xml.contains("elsewhere.example, seen on this platform by federation"));
    assert!(of_remote.files[0].details.as_deref().unwrap().contains("<fileViewedByEsp>false</fileViewedByEsp>"));
    assert_eq!(case(&bed, &away).await["involved"][0]["kind"], "remote");
}

/// An officer calls with a CyberTip number: it is found, the call is written down, and nothing is given out by it.
#[tokio::test]
async fn an_officers_call_with_a_cybertip_number() {
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    let (id, _) = reported(&bed, &lead, &known(&bed, 1).await, "u").await;
    let reports = bed.get("/v1/reports", &lead).await.ok();
    let found = reports["rows"].as_array().unwrap().iter().find(|one| one["number"] == 4_000_001).unwrap();
    assert_eq!(found["case"], json!(id));
    let call = json!({
        "direction": "in", "authority": "county police", "telephone": "+1 555 0100", "reference": "ICAC-7",
        "words": "The officer asks for preservation; a letter follows.",
    });
    bed.post(&format!("/v1/cases/{id}/calls"), &lead, &call).await.ok();
    let whole = case(&bed, &id).await;
    assert_eq!((&whole["calls"][0]["reference"], whole["calls"].as_array().unwrap().len()), (&json!("ICAC-7"), 1));
}

/// The police orders that a depiction be destroyed, and the year's hold stands: neither gives way in silence. One person alone
/// destroys nothing, a second one sees what stands against it and may say no; when two agree the depiction goes with a certificate,
/// and what was reported stays for its year.
#[tokio::test]
async fn a_destruction_order_against_a_hold() {
    let bed = Bed::new().await;
    let (lead, second) = (bed.person(Role::Lead).await, bed.person(Role::Lead).await);
    let (id, item) = reported(&bed, &lead, &known(&bed, 1).await, "u").await;
    let path = format!("/v1/cases/{id}/destructions");
    let order = json!({
        "item": item, "agency": "Example Police", "officer": "badge 12", "reference": "26-118",
        "verified_how": "called back by the number on the agency's own site", "reason": "They have the file and ask for it.",
    });
    let kept = async || bed.count("SELECT COUNT(*) AS n FROM exhibits WHERE destroyed_at IS NULL").await;
    let waiting = async || {
        let keeping = bed.get(&format!("/v1/cases/{id}/keeping"), &second).await.ok();
        let rows = keeping["releases"].as_array().unwrap().clone();
        let open = rows.iter().find(|row| row["approved"].is_null()).unwrap()["id"].clone();
        format!("/v1/releases/{}/answer", open.as_str().unwrap())
    };
    bed.post(&path, &lead, &order).await.ok();
    bed.work(1).await;
    assert_eq!(kept().await, 1, "nobody else has agreed");
    let answer = waiting().await;
    assert_eq!(bed.post(&answer, &lead, &json!({"approve": true})).await.slug(), "second-person");
    // The record says what stood against it, before anybody agreed.
    let auditor = bed.person(Role::Auditor).await;
    let record = bed.get(&format!("/v1/audit?case={id}"), &auditor).await.ok()["rows"].clone();
    let ordered = record.as_array().unwrap().iter().find(|row| row["kind"] == "destruction.ordered").unwrap().clone();
    assert!(ordered["detail"]["against"].as_array().unwrap().contains(&json!("us_2258a_h")), "{ordered}");
    bed.post(&answer, &second, &json!({"approve": false})).await.ok();
    bed.work(1).await;
    assert_eq!(kept().await, 1, "it was refused");
    // They write again, with a judge's order; now two agree.
    bed.post(&path, &lead, &order).await.ok();
    bed.post(&waiting().await, &second, &json!({"approve": true})).await.ok();
    bed.work(1).await;
    assert_eq!(kept().await, 0);
    let keeping = bed.get(&format!("/v1/cases/{id}/keeping"), &lead).await.ok();
    assert!(keeping["destructions"][0]["certificate"].as_str().unwrap().contains("Example Police"), "{keeping}");
    let year = keeping["holds"].as_array().unwrap().iter().find(|hold| hold["basis"] == "us_2258a_h").unwrap().clone();
    assert!(year["released_at"].is_null(), "the year stands for everything else");
    let whole = case(&bed, &id).await;
    assert_eq!((&whole["reports"][0]["number"], &whole["account"]), (&json!(4_000_001), &json!("u")));
}

/// The same by the console alone: decide, read back, take the packet, enter the number, undo it, tell, and raise the alarm.
#[tokio::test]
async fn everything_by_hand_in_the_console() {
    let bed = Bed::with(|settings, _| {
        settings.reporting.destination = tanod::reporting::Destination::Manual;
        settings.operator.country = "US".into();
    })
    .await;
    let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    let here = format!("/console/cases/{id}");
    let form = async |to: &str, fields: &[(&str, &str)]| bed.console(&format!("{here}/{to}"), &lead, fields).await;
    lease(&bed, &lead, &id).await;
    let role = format!("{}:suspect", case(&bed, &id).await["involved"][0]["id"].as_str().unwrap());
    let kind = super::super::cases::TYPE;
    let decision =
        [("outcome", "report"), ("incident_type", kind), ("reason", "It is what the list says."), ("role", &role)];
    let (status, said) = form("decisions", &decision).await;
    assert!(status == 200 && said.contains("by hand as:") && said.contains("u appears as: suspect"), "{said}");
    assert_eq!(state(&bed, &lead, &id).await, "open");
    assert_eq!(form("decisions", &[decision.as_slice(), &[("sure", "yes")]].concat()).await.0, 303);
    let report = case(&bed, &id).await["reports"][0]["id"].as_str().unwrap().to_owned();
    assert!(bed.console(&here, &lead, &[]).await.1.contains("where its number goes"));
    let (_, packet) = form(&format!("reports/{report}/packet"), &[]).await;
    assert!(packet.contains("192.0.2.10") && !packet.contains("<img"));
    let number = [("authority", "a hotline"), ("number", "H-1"), ("filed_at", "2026-11-24T11:30"), ("receipt", "")];
    let wrong = [("authority", "a hotline"), ("number", "H-1"), ("filed_at", "soon")];
    assert_eq!(form(&format!("reports/{report}/filed"), &wrong).await.0, 422);
    assert_eq!(form(&format!("reports/{report}/filed"), &number).await.0, 303);
    assert_eq!(state(&bed, &lead, &id).await, "reported");
    let decided = case(&bed, &id).await["decisions"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(form("corrections", &[("decision", &decided), ("reason", "The entry was a mistake.")]).await.0, 303);
    let page = bed.console(&here, &lead, &[]).await.1;
    assert!(page.contains("a hotline must be told") && page.contains("Undone since."), "{page}");
    let told = case(&bed, &id).await["corrections"][0]["told"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(form(&format!("told/{told}"), &[("means", "call"), ("words", "They noted it.")]).await.0, 303);
    assert!(!bed.console(&here, &lead, &[]).await.1.contains("must be told"));
    // Nothing is sent by itself here, and the page does not say so either.
    let (other, _) = matched(&bed, &known(&bed, 2).await, "v").await;
    let there = format!("/console/cases/{other}");
    assert!(bed.console(&there, &lead, &[]).await.1.contains("nothing is sent by itself here"));
    assert_eq!(bed.console(&format!("{there}/danger"), &lead, &[("reason", "")]).await.0, 303);
    let page = bed.console(&format!("{there}?child=ph"), &lead, &[]).await.1;
    let (child, own) = (page.find("911").unwrap(), page.find("NCMEC</strong>").unwrap());
    assert!(child < own, "the child's country comes first");
    let call = [
        ("direction", "out"),
        ("authority", "police"),
        ("telephone", "911"),
        ("reference", ""),
        ("words", "On their way."),
    ];
    assert_eq!(bed.console(&format!("{there}/calls"), &lead, &call).await.0, 303);
}
