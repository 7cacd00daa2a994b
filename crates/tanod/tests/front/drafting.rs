//! From case to report: what is known is said with its source, what is not is said to be absent, and people change the rest.

use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};

use super::bed::*;
use super::cases::*;

const ENTICEMENT: &str = "Online Enticement of Children for Sexual Acts";

async fn answer(bed: &Bed, case: &str, context: &Value) {
    let key = bed.key(&[Scope::ContextWrite]).await;
    bed.call("PUT", &format!("/v1/cases/{case}/context"), &key, context).await.ok();
}

fn context(account: &str) -> Value {
    json!({
        "account": {
            "id": account, "screen_names": ["shown", "older name"], "full_name": "A Person Named", "self_stated_age": 31,
            "emails": [{"address": "person@mail.example", "verified": true}, {"address": "not an address@x"}],
            "phones": [{"number": "+63 900 000 0000", "verified": false}],
            "profile_url": "https://platform.example/u", "profile_text": "hello\u{1}there", "registered_at": "2025-01-01T00:00:00Z",
        },
        "events": [
            {"address": "198.51.100.7", "port": 4_000, "kind": "login", "at": "2026-11-24T09:00:00Z"},
            {"address": "198.51.100.8", "kind": "unknown", "at": "2026-11-24T10:00:00Z"},
        ],
        "devices": [{"id": "device-9", "description": "a telephone", "last_seen_at": "2026-11-24T10:00:00Z"}],
        "thread": [
            {"sender": "other", "at": "2026-11-24T10:30:00Z", "text": "second"},
            {"sender": account, "at": "2026-11-24T10:00:00Z", "text": "first", "content_ids": ["of-u"]},
        ],
        "prior_reports": [{"authority": "NCMEC", "number": "123", "at": "2025-05-05T00:00:00Z"}],
        "related": [{"content_id": "of-u-2", "relation": "same_thread"}],
        "links": [], "complete": true,
    })
}

#[tokio::test]
async fn the_report_gathers_itself_and_says_where_each_value_is_from() {
    let bed = Bed::new().await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    let draft = async || bed.get(&format!("/v1/cases/{case}/draft"), &lead).await.ok();
    let before = draft().await;
    let absent = |draft: &Value, what: &str| {
        let all = draft["absent"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["what"] == what).map(|one| one["why"].as_str().unwrap().to_owned())
    };
    assert_eq!(absent(&before, "E-mail addresses").unwrap(), "not_reasonably_available");
    assert_eq!(absent(&before, "Conversation").unwrap(), "not_reasonably_available");
    assert_eq!(absent(&before, "EXIF").unwrap(), "not_applicable");
    answer(&bed, &case, &context("u")).await;
    let after = draft().await;
    let xml = after["document"].as_str().unwrap();
    for said in [
        "<email verified=\"true\">person@mail.example</email>",
        "<phone verified=\"false\">+63 900 000 0000</phone>",
        "<firstName>A Person</firstName>",
        "<lastName>Named</lastName>",
        "<age>31</age>",
        "<displayName>older name</displayName>",
        "<profileUrl>https://platform.example/u</profileUrl>",
        "<profileBio>hellothere</profileBio>",
        "E-mail address as recorded: not an address@x.",
        "<ipAddress>192.0.2.10</ipAddress><eventName>Upload</eventName><dateTime>2026-11-24T10:59:00Z</dateTime><port>51234</port>",
        "<ipAddress>198.51.100.7</ipAddress><eventName>Login</eventName><dateTime>2026-11-24T09:00:00Z</dateTime><port>4000</port>",
        "<ipAddress>198.51.100.8</ipAddress><eventName>Unknown</eventName>",
        "<idValue>device-9</idValue>",
        "2026-11-24T10:00:00Z u: first [sent with it: of-u]\n2026-11-24T10:30:00Z other: second",
        "to NCMEC as 123",
        "of-u-2",
    ] {
        assert!(xml.contains(said), "{said}: {xml}");
    }
    // Numbers that others wrote down are no priorCTReports: one wrong one, and all is refused.
    assert!(!xml.contains("priorCTReports"));
    assert_eq!(absent(&after, "E-mail addresses"), None);
    assert_eq!(after["faults"], json!([]));
    let origin = |path: &str| {
        let all = after["origins"].as_array().unwrap().clone();
        all.into_iter().find(|one| one[0] == path).map(|one| one[1].as_str().unwrap().to_owned())
    };
    let account = "/report/personOrUserReported[1]";
    assert_eq!(origin(account).unwrap(), "upload");
    assert_eq!(origin(&format!("{account}/personOrUserReportedPerson/email[1]")).unwrap(), "context");
    assert_eq!(origin(&format!("{account}/ipCaptureEvent[2]")).unwrap(), "context");
    assert_eq!(origin(&format!("{account}/ipCaptureEvent[1]")), None);
    assert_eq!(origin("/report/internetDetails[2]").unwrap(), "context");
    assert!(after["score"]["points"].as_u64().unwrap() > before["score"]["points"].as_u64().unwrap());
    let missing = before["score"]["missing"].as_array().unwrap();
    assert!(missing.iter().all(|one| one["costs"].as_str().is_some_and(|text| text.len() > 10)));
    // What was gathered is what is sent, and the simulator takes it.
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    let sent = bed.sim.finished()[0].xml.clone();
    assert!(sent.contains("<email verified=\"true\">person@mail.example</email>") && sent.contains("first [sent"));
    bed.ledger_verifies().await;
}

/// Points and gaps add up to a hundred, whatever is there (US-19).
#[tokio::test]
async fn a_report_of_words_alone_is_whole_and_its_score_is_kept() {
    let bed = Bed::new().await;
    let key = bed.key(&[Scope::NoticesWrite]).await;
    let notice = json!({"kind": "user", "reason": "enticement", "words": "It asks children for pictures.", "account": {"id": "u"}});
    bed.post("/v1/notices", &key, &notice).await.ok();
    let lead = bed.person(Role::Lead).await;
    let case = bed.get("/v1/cases", &lead).await.ok()["rows"][0]["id"].as_str().unwrap().to_owned();
    answer(&bed, &case, &context("u")).await;
    lease(&bed, &lead, &case).await;
    let shown = bed.get(&format!("/v1/cases/{case}/draft"), &lead).await.ok();
    let lost: u64 =
        shown["score"]["missing"].as_array().unwrap().iter().map(|one| one["points"].as_u64().unwrap()).sum();
    assert_eq!(shown["score"]["points"].as_u64().unwrap() + lost, 100);
    let words = json!({"outcome": "report", "reason": "The words are plain.", "incident_type": ENTICEMENT});
    decide(&bed, &lead, &case, &words).await.ok();
    bed.work(0).await;
    let sent = &bed.sim.finished()[0];
    assert!(sent.files.is_empty() && sent.xml.contains(ENTICEMENT));
    assert!(sent.xml.contains("<incidentDateTime>2026-11-24T10:00:00Z</incidentDateTime>"));
    let mut tx = bed.app.db.read().await.unwrap();
    let row = tx.row("SELECT detail FROM audit WHERE kind = 'report.intended'", &[]).await.unwrap().unwrap();
    let detail: Value = serde_json::from_str(&row.get::<String>("detail").unwrap()).unwrap();
    assert_eq!(detail["score"]["points"], shown["score"]["points"]);
}

/// The receipt begins a year on what was sent and on what surrounds it (US-30, US-31); the record commits to both.
#[tokio::test]
async fn the_receipt_begins_a_year_on_the_context_too() {
    let bed = Bed::new().await;
    let (case, item) = matched(&bed, &known(&bed, 1).await, "u").await;
    answer(&bed, &case, &context("u")).await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    let id: tanod::store::CaseId = case.parse().unwrap();
    let try_to_destroy = async || {
        let mut tx = bed.app.db.write().await.unwrap();
        tanod::context::destroy(&mut tx, id).await.is_ok()
    };
    assert!(!try_to_destroy().await);
    bed.clock.advance(std::time::Duration::from_hours(365 * 24));
    assert!(!try_to_destroy().await);
    bed.clock.advance(std::time::Duration::from_hours(25));
    assert!(try_to_destroy().await);
    let mut tx = bed.app.db.read().await.unwrap();
    let row = tx.row("SELECT detail FROM audit WHERE kind = 'report.finished'", &[]).await.unwrap().unwrap();
    let detail: Value = serde_json::from_str(&row.get::<String>("detail").unwrap()).unwrap();
    assert_eq!(detail["receipt_sha256"].as_str().unwrap().len(), 64, "{detail}");
    assert_eq!(
        (&detail["keeps"]["files"][0], detail["keeps"]["contexts"].as_array().unwrap().len()),
        (&json!(item), 1)
    );
}

#[tokio::test]
async fn people_change_fields_and_never_what_follows_from_the_record() {
    let bed = Bed::with(|settings, _| settings.reporting.send_after_minutes = 5).await;
    let (case, item) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    let path = format!("/v1/cases/{case}/draft");
    let change = |file: Option<&str>, path: &str, value: &str| json!({"changes": [{"file": file, "path": path, "value": value}]});
    let school = change(None, "/report/victim[1]/schoolName", "Example School");
    assert_eq!(bed.call("PUT", &path, &lead, &school).await.slug(), "not-leased");
    lease(&bed, &lead, &case).await;
    for (file, at, value) in [
        (Some(item.as_str()), "/fileDetails/fileViewedByEsp", "true"),
        (Some(item.as_str()), "/fileDetails/originalFileHash[1]", "00"),
        (Some(item.as_str()), "/fileDetails/industryClassification", "C9"),
        (None, "/report/incidentSummary/incidentType", ENTICEMENT),
        (None, "/report/incidentSummary/escalateToHighPriority", "now"),
        (None, "/report/reporter/reportingPerson/email[1]", "other@mail.example"),
        (None, "/report/personOrUserReported[1]/ipCaptureEvent[1]/port", "many"),
        (None, "/report/nothing", "x"),
    ] {
        assert_eq!(bed.call("PUT", &path, &lead, &change(file, at, value)).await.slug(), "bad-change", "{at}");
    }
    bed.call("PUT", &path, &lead, &school).await.ok();
    let class = change(Some(&item), "/fileDetails/industryClassification", "A1");
    let shown = bed.call("PUT", &path, &lead, &class).await.ok();
    assert!(
        shown["files"][0]["document"].as_str().unwrap().contains("<industryClassification>A1</industryClassification>")
    );
    let screen = change(None, "/report/personOrUserReported[1]/screenName", "as seen by many");
    bed.call("PUT", &path, &lead, &screen).await.ok();
    // The case says something else by now: what was entered over it no longer fits.
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let mut other = facts("of-u-2", "u");
    other["account"]["screen_name"] = json!("renamed");
    bed.upload(&key, &other, &known(&bed, 2).await).await.ok();
    lease(&bed, &lead, &case).await;
    let decided = decide(&bed, &lead, &case, &report(&[])).await.ok();
    assert_eq!(decided["outcome"], "report");
    let reports = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok()["reports"].clone();
    let id = reports[0]["id"].as_str().unwrap().to_owned();
    // While it waits it can be changed; once it is filed it cannot.
    let path = format!("/v1/reports/{id}/draft");
    let more = change(None, "/report/lawEnforcement/agencyName", "Example Police");
    bed.call("PUT", &path, &lead, &more).await.ok();
    bed.work(1).await;
    let sent = bed.sim.finished()[0].clone();
    assert!(
        sent.xml.contains("<schoolName>Example School</schoolName>") && sent.xml.contains("Example Police"),
        "{}",
        sent.xml
    );
    assert!(sent.files.iter().any(|file| file.details.as_ref().unwrap().contains(">A1<")));
    assert_eq!(bed.call("PUT", &path, &lead, &more).await.slug(), "not-editable");
    let said = bed.get(&path, &lead).await.ok();
    let person = said["origins"]
        .as_array()
        .unwrap()
        .iter()
        .any(|one| one[0] == "/report/victim[1]/schoolName" && one[1]["person"]["staff"].is_number());
    assert!(person, "{said}");
    bed.ledger_verifies().await;
}

/// A report that the destination refused is mended by a person and sent again; the whole conversation can be read.
#[tokio::test]
async fn a_refused_report_is_mended_in_the_console_and_sent_again() {
    use sim::ncmec::{Endpoint, Misbehaviour};
    let bed = Bed::new().await;
    bed.sim.misbehave(Endpoint::Submit, Misbehaviour::Code(4_100));
    let (case, item) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    let editor = format!("/console/cases/{case}/report");
    let (status, page) = bed.console(&editor, &lead, &[]).await;
    assert_eq!(status, 200);
    for shown in [
        "Every field",
        "What an officer can do with it",
        "from the platform, with the upload",
        "Class",
        "As it is sent (XML)",
        "not reasonably available",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    let class = format!("{item}:/fileDetails/industryClassification");
    let (_, back) = bed.console(&editor, &lead, &[(&class, "B2")]).await;
    assert!(back.contains("File 1: Class: “B2” instead of nothing."), "{back}");
    assert_eq!(bed.console(&editor, &lead, &[(&class, "B2"), ("sure", "yes")]).await.0, 303);
    let wrong = [("/report/personOrUserReported[1]/ipCaptureEvent[1]/dateTime", "2031-01-01T00:00:00Z")];
    let (_, check) = bed.console(&format!("{editor}/check"), &lead, &wrong).await;
    assert!(check.contains("The destination would refuse this"), "{check}");
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    let queue = bed.get("/v1/reports/queue", &lead).await.ok();
    assert_eq!((&queue["dead"], &queue["finished"]), (&json!(1), &json!(0)));
    let reports = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok()["reports"].clone();
    let at = format!("/console/reports/{}", reports[0]["id"].as_str().unwrap());
    let (_, page) = bed.console(&at, &lead, &[]).await;
    assert!(page.contains("is stuck") && page.contains("Send it again") && page.contains("Request-ID"), "{page}");
    assert_eq!(bed.console(&at, &lead, &[("/report/additionalInfo", "Said better."), ("sure", "yes")]).await.0, 303);
    assert_eq!(bed.console(&format!("{at}/revive"), &lead, &[("x", "y")]).await.0, 303);
    bed.work(1).await;
    let sent = &bed.sim.finished()[0];
    assert!(
        sent.xml.contains("<additionalInfo>Said better.</additionalInfo>")
            && sent.files[0].details.as_ref().unwrap().contains(">B2<")
    );
    let (_, page) = bed.console(&at, &lead, &[]).await;
    assert!(
        page.contains("Receipt") && page.contains("finish, attempt 1") || page.contains("finish, attempt 2"),
        "{page}"
    );
    let calls = bed.get(&format!("/v1/reports/{}/calls", reports[0]["id"].as_str().unwrap()), &lead).await.ok();
    assert!(calls["rows"].as_array().unwrap().len() >= 5);
    assert!(bed.console("/console/reports", &lead, &[]).await.1.contains("is filed"));
}

/// Refused credentials stop the line, not every report that comes after.
#[tokio::test]
async fn refused_credentials_wear_out_one_report_and_the_others_wait() {
    use sim::ncmec::{Endpoint, Misbehaviour};
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let lead = bed.person(Role::Lead).await;
    bed.sim.misbehave(Endpoint::Submit, Misbehaviour::Unauthorized);
    for account in ["u1", "u2", "u3"] {
        let (case, _) = matched(&bed, &media, account).await;
        lease(&bed, &lead, &case).await;
        decide(&bed, &lead, &case, &report(&[])).await.ok();
    }
    for _ in 0..10 {
        tanod::roles::next(&bed.app, "reports").await.unwrap();
    }
    let queue = bed.get("/v1/reports/queue", &lead).await.ok();
    assert_eq!((&queue["dead"], &queue["waiting"]), (&json!(1), &json!(2)), "{queue}");
    assert!(queue["line"].as_str().unwrap().contains("refuses our credentials"), "{queue}");
    bed.work(1).await;
    assert_eq!(bed.sim.finished().len(), 2);
}

/// What XML forbids is cut and what the destination's schema does not know is left out; both stand on record.
#[tokio::test]
async fn what_a_document_cannot_say_is_on_record() {
    let bed = Bed::new().await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    // The profile's text holds a character that XML forbids.
    answer(&bed, &case, &context("u")).await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    let auditor = bed.person(Role::Auditor).await;
    let rows = bed.get(&format!("/v1/audit?case={case}"), &auditor).await.ok()["rows"].clone();
    let intended = rows.as_array().unwrap().iter().find(|entry| entry["kind"] == "report.intended").unwrap().clone();
    let cleaned = intended["detail"]["cleaned"].as_array().unwrap().clone();
    assert!(cleaned.iter().any(|one| one[0].as_str().unwrap().contains("profileBio") && one[1] == 1), "{intended}");
    assert_eq!(intended["detail"]["left_out"], json!([]));
}

/// An element that is newer than the schema of 2025 is there where the settings say that the destination knows it.
#[tokio::test]
async fn newer_elements_are_there_where_the_settings_say_so() {
    let said = async |level: &str| {
        let level = level.parse().unwrap();
        let bed = Bed::with(|settings, _| settings.reporting.schema_level = level).await;
        let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
        answer(&bed, &case, &context("u")).await;
        let lead = bed.person(Role::Lead).await;
        lease(&bed, &lead, &case).await;
        let path = "/report/personOrUserReported[1]/personOrUserReportedPerson/ageAssertionDiscrepancy";
        let change = json!({"changes": [{"file": null, "path": path, "value": "true"}]});
        bed.call("PUT", &format!("/v1/cases/{case}/draft"), &lead, &change).await
    };
    assert_eq!(said("2025-11").await.slug(), "bad-change");
    // The list of annotations leaves out what is newer too.
    let editor = async |level: &str| {
        let level = level.parse().unwrap();
        let bed = Bed::with(|settings, _| settings.reporting.schema_level = level).await;
        let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
        let lead = bed.person(Role::Lead).await;
        lease(&bed, &lead, &case).await;
        bed.console(&format!("/console/cases/{case}/report"), &lead, &[]).await.1
    };
    let (older, newer) = (editor("2025-11").await, editor("unconfirmed").await);
    for annotation in ["informational", "potentialAggravatingFactors", "instrumentalUse", "ageAssertionDiscrepancy"] {
        assert!(!older.contains(annotation) && newer.contains(annotation), "{annotation}");
    }
    assert!(older.contains("sadisticOnlineExploitation"));
    let document = said("2026-08").await.ok()["document"].as_str().unwrap().to_owned();
    assert!(document.contains("<ageAssertionDiscrepancy>true</ageAssertionDiscrepancy>"), "{document}");
}

/// What a camera wrote into a file stands in the report and in the editor; it is kept of nothing that made no case, and goes
/// with the file.
#[tokio::test]
async fn what_a_camera_wrote_is_in_the_report_and_goes_with_the_file() {
    let bed = Bed::new().await;
    let plain = known(&bed, 1).await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    bed.upload(&key, &facts("other", "v"), &with_exif(&jpeg(&picture(7, 320, 240), 90))).await.ok();
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM exhibits").await, 0);
    let (case, item) = matched(&bed, &with_exif(&plain), "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    let (_, page) = bed.console(&format!("/console/cases/{case}/report"), &lead, &[]).await;
    assert!(page.contains("(EXIF)") && page.contains("Example &#38; Sons"), "{page}");
    let draft = bed.get(&format!("/v1/cases/{case}/draft"), &lead).await.ok();
    assert!(draft["absent"].as_array().unwrap().iter().all(|one| one["what"] != "EXIF"));
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    let sent = bed.sim.finished()[0].files[0].details.clone().unwrap();
    let exif = "<details type=\"EXIF\"><nameValuePair><name>Make</name><value>Example &amp; Sons</value></nameValuePair></details>";
    assert!(sent.contains(exif) && !sent.contains("exifViewedByEsp"), "{sent}");
    let mut tx = bed.app.db.write().await.unwrap();
    let item = item.parse().unwrap();
    assert_eq!(tanod::evidence::exif_of(&mut tx, &[item]).await.unwrap()[&item].len(), 1);
    drop(tx);
    bed.clock.advance(std::time::Duration::from_hours(24 * 400));
    for _ in 0..3 {
        bed.clock.advance(std::time::Duration::from_hours(24));
        tanod::evidence::jobs::watch(&bed.app).await.unwrap();
        bed.work(1).await;
    }
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM exhibits WHERE exif IS NOT NULL OR destroyed_at IS NULL").await, 0);
    // What was sent is wiped with it, and the number, the times and the receipt stay (US-30).
    let kept = bed.count("SELECT COUNT(*) AS n FROM reports WHERE document <> '{}'").await
        + bed.count("SELECT COUNT(*) AS n FROM report_calls WHERE sent IS NOT NULL").await;
    assert_eq!(kept, 0);
    let lead = bed.person(Role::Lead).await;
    let shown = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok();
    let id = shown["reports"][0]["id"].as_str().unwrap().to_owned();
    let report = bed.get(&format!("/v1/reports/{id}"), &lead).await.ok();
    assert!(report["number"] == 4_000_001 && report["receipt"]["answer"].as_str().unwrap().contains("4000001"));
    assert_eq!(bed.get(&format!("/v1/reports/{id}/draft"), &lead).await.slug(), "no-text");
    let (status, page) = bed.console(&format!("/console/reports/{id}"), &lead, &[]).await;
    assert!(status == 200 && page.contains("its text was wiped") && page.contains("Receipt"), "{page}");
    bed.ledger_verifies().await;
}

/// A JPEG with a camera's name in it, at which readers of pixels do not look.
fn with_exif(jpeg: &[u8]) -> Vec<u8> {
    let make = b"Example & Sons\0";
    let mut tiff = b"II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0".to_vec();
    tiff.extend(u32::try_from(make.len()).unwrap().to_le_bytes());
    tiff.extend(26_u32.to_le_bytes());
    tiff.extend([0; 4]);
    tiff.extend(make);
    let body = [b"Exif\0\0".as_slice(), &tiff].concat();
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &body, &jpeg[2..]].concat()
}

/// Why something is absent is a person's to correct, by the editor's form and by the API; what is there has no such reason.
#[tokio::test]
async fn why_a_value_is_absent_can_be_changed() {
    let bed = Bed::new().await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    let path = format!("/v1/cases/{case}/draft");
    let change = |path: &str, value: &str| json!({"changes": [{"file": null, "path": path, "value": value}]});
    for (at, value) in [
        ("/absent/Devices/why", "perhaps"),
        ("/absent/Devices/reason", ""),
        ("/absent/Devices/other", "x"),
        ("/absent/The account's id/why", "not_applicable"),
    ] {
        assert_eq!(bed.call("PUT", &path, &lead, &change(at, value)).await.slug(), "bad-change", "{at}");
    }
    bed.call("PUT", &path, &lead, &change("/absent/Devices/why", "not_applicable")).await.ok();
    let editor = format!("/console/cases/{case}/report");
    let reason = [("/absent/Devices/reason", "This platform knows no devices.")];
    let (_, back) = bed.console(&editor, &lead, &reason).await;
    assert!(back.contains("Devices, Because: “This platform knows no devices.” instead of"), "{back}");
    let sure = [reason[0], ("sure", "yes")];
    assert_eq!(bed.console(&editor, &lead, &sure).await.0, 303);
    let devices = async |path: &str| {
        let draft = bed.get(path, &lead).await.ok();
        let absent = draft["absent"].as_array().unwrap().clone();
        absent.into_iter().find(|one| one["what"] == "Devices").unwrap()
    };
    let expected = json!({"what": "Devices", "why": "not_applicable", "reason": "This platform knows no devices."});
    assert_eq!(devices(&path).await, expected);
    let (_, page) = bed.console(&editor, &lead, &[]).await;
    assert!(page.contains("This platform knows no devices.") && page.contains("from staff "), "{page}");
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    let reports = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok()["reports"].clone();
    assert_eq!(devices(&format!("/v1/reports/{}/draft", reports[0]["id"].as_str().unwrap())).await, expected);
}

/// Thousands of files do not stand on one page, and what is changed on a page is changed in its file.
#[tokio::test]
async fn the_editor_turns_pages_of_files() {
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let (case, _) = matched(&bed, &media, "u").await;
    let mut last = String::new();
    for _ in 1..103 {
        bed.clock.advance(std::time::Duration::from_millis(1));
        last = matched(&bed, &media, "u").await.1;
    }
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    let at = |page: u32| format!("/console/cases/{case}/report?files={page}");
    let (_, first) = bed.console(&format!("/console/cases/{case}/report"), &lead, &[]).await;
    assert!(first.contains(">File 6: ") && !first.contains(">File 7: ") && first.contains("103 files"));
    assert!(first.contains("Files from 7") && !first.contains("Files before"));
    let (_, last_page) = bed.console(&at(18), &lead, &[]).await;
    assert!(last_page.contains(">File 103: ") && !last_page.contains(">File 102: "));
    assert!(last_page.contains("Files before 103") && !last_page.contains("Files from"));
    let class = format!("{last}:/fileDetails/industryClassification");
    let (_, back) = bed.console(&at(18), &lead, &[(&class, "A2")]).await;
    assert!(back.contains("File 103: Class: “A2” instead of nothing.") && back.contains("report?files=18"), "{back}");
    assert_eq!(bed.console(&at(18), &lead, &[(&class, "A2"), ("sure", "yes")]).await.0, 303);
    let draft = bed.get(&format!("/v1/cases/{case}/draft"), &lead).await.ok();
    assert!(draft["files"][102]["document"].as_str().unwrap().contains(">A2<"));
    assert!(bed.console(&at(40), &lead, &[]).await.1.contains("Files before"));
    // What can stand within an empty part is on a page of its own, which has no files; long lists of words stand once on each.
    let (_, every) = bed.console(&format!("/console/cases/{case}/report?all=true"), &lead, &[]).await;
    let nested = "/report/victim[1]/victimPerson/firstName";
    assert!(every.contains(nested) && !first.contains(nested) && !every.contains(">File 1: "));
    for page in [&first, &every] {
        assert!(page.len() < 150_000, "{} bytes", page.len());
        assert_eq!(page.matches("<option value=\"PH\">").count(), 1);
        assert!(page.matches("list=\"words-").count() > 1);
    }
}

/// What one process learns of the destination serves the others: it stands in a row.
#[tokio::test]
async fn what_one_process_learns_of_the_destination_serves_the_others() {
    use sim::ncmec::{Endpoint, Misbehaviour};
    let bed = Bed::new().await;
    let other = bed.neighbour().await;
    let media = known(&bed, 1).await;
    let lead = bed.person(Role::Lead).await;
    for account in ["u1", "u2", "u3", "u4", "u5", "u6"] {
        let (case, _) = matched(&bed, &media, account).await;
        lease(&bed, &lead, &case).await;
        decide(&bed, &lead, &case, &report(&[])).await.ok();
        bed.sim.misbehave(Endpoint::Submit, Misbehaviour::CutBeforeActing);
    }
    // Five calls in a row fail in one process; the sixth report is another's, and it does not call.
    for _ in 0..5 {
        assert!(tanod::roles::next(&bed.app, "reports").await.unwrap());
    }
    let calls = bed.sim.calls().len();
    assert!(tanod::roles::next(&other, "reports").await.unwrap());
    assert_eq!(bed.sim.calls().len(), calls);
    let queue = bed.get("/v1/reports/queue", &lead).await.ok();
    assert!(queue["line"].as_str().unwrap().contains("does not answer"), "{queue}");
    // When the rest is over the other process asks for both; what is left of the faults is met once more.
    bed.clock.advance(std::time::Duration::from_secs(31));
    assert!(tanod::roles::next(&other, "reports").await.unwrap());
    assert!(bed.sim.calls()[calls].starts_with("/ispws/status"), "{:?}", bed.sim.calls());
    bed.work(2).await;
    let queue = bed.get("/v1/reports/queue", &lead).await.ok();
    assert_eq!((&queue["finished"], &queue["dead"]), (&json!(6), &json!(0)), "{queue}");
    assert!(queue["line"].as_str().unwrap().contains("answers"), "{queue}");
}

/// A conversation goes as a file too where it is long or asked for, as context and as a text of ours; an address that only needs
/// percent-encoding is repaired, on record.
#[tokio::test]
async fn a_conversation_goes_as_a_file_where_it_is_long_or_asked_for() {
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let lead = bed.person(Role::Lead).await;
    let said = async |account: &str, messages: usize, ask: bool| {
        let key = bed.key(&[Scope::ItemsWrite]).await;
        let mut facts = facts(&format!("of-{account}"), account);
        facts["urls"] = json!(["https://platform.example/a b"]);
        let case = bed.upload(&key, &facts, &media).await.ok()["case"].as_str().unwrap().to_owned();
        let mut around = context(account);
        let message = json!({"sender": account, "at": "2026-11-24T10:00:00Z", "text": "some words"});
        around["thread"] = vec![message; messages].into();
        answer(&bed, &case, &around).await;
        lease(&bed, &lead, &case).await;
        if ask {
            let editor = format!("/console/cases/{case}/report");
            assert!(bed.console(&editor, &lead, &[]).await.1.contains("Send the conversation as a file too"));
            let fields = [("/conversation/file", "true"), ("sure", "yes")];
            assert_eq!(bed.console(&editor, &lead, &fields).await.0, 303);
            let draft = bed.get(&format!("/v1/cases/{case}/draft"), &lead).await.ok();
            assert_eq!((&draft["conversation_as_file"], &draft["faults"]), (&json!(true), &json!([])));
        }
        decide(&bed, &lead, &case, &report(&[])).await.ok();
        bed.work(0).await;
        let mark = format!("<espIdentifier>{account}</espIdentifier>");
        let sent = bed.sim.finished().into_iter().find(|report| report.xml.contains(&mark)).unwrap();
        let shown = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok()["reports"][0]["id"].clone();
        (case, sent, bed.get(&format!("/v1/reports/{}", shown.as_str().unwrap()), &lead).await.ok())
    };
    let (case, short, _) = said("short", 3, false).await;
    assert_eq!(short.files.len(), 1);
    assert!(short.xml.contains("<url>https://platform.example/a%20b</url>"), "{}", short.xml);
    let auditor = bed.person(Role::Auditor).await;
    let rows = bed.get(&format!("/v1/audit?case={case}"), &auditor).await.ok()["rows"].clone();
    let intended = rows.as_array().unwrap().iter().find(|entry| entry["kind"] == "report.intended").unwrap().clone();
    let encoded = json!([["/report/internetDetails/webPageIncident/url", 1], ["/fileDetails/locationOfFile", 1]]);
    assert_eq!(intended["detail"]["encoded"], encoded);

    for (account, messages, ask) in [("asked", 3, true), ("long", 400, false)] {
        let (_, sent, report) = said(account, messages, ask).await;
        assert!(sent.xml.contains("some words"), "the words stand in the report as well");
        let [upload, thread] = sent.files.as_slice() else { panic!("{account}: {:?}", sent.files) };
        assert!(upload.details.as_ref().unwrap().contains("<fileRelevance>Reported"), "{upload:?}");
        assert!(thread.name.starts_with("conversation-of-case-") && thread.size > 100, "{thread:?}");
        let details = thread.details.as_ref().unwrap();
        assert!(details.contains("<fileRelevance>Supplemental Reported</fileRelevance>"), "{details}");
        assert!(details.contains("no file that a user uploaded") && !details.contains("fileViewedByEsp"), "{details}");
        assert!(!details.contains("uploadedToEspTimestamp") && !details.contains("originalFileHash"), "{details}");
        assert_eq!((&report["files"][0]["ours"], &report["files"][1]["ours"]), (&Value::Null, &json!(true)));
        assert_eq!(report["files"][1]["viewed_by_esp"], Value::Null);
    }
    bed.ledger_verifies().await;
}
