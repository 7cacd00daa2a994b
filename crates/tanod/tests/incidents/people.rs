//! Incidents that begin with people: a night alone, a notice, a child, a flood.

use std::time::Duration;

use super::*;
use crate::alarms::{acknowledge_link, minutes, press, watched};
use crate::holds::days;
use crate::webhooks::{due, heard};

const SECOND: &str = "A second pair of eyes agrees.";

/// Three in the morning, one reviewer, a child in danger: one press pages, reports and waits for nobody. Later a lead looks.
#[tokio::test]
async fn the_only_reviewer_at_three_in_the_morning() {
    let bed = Bed::new().await;
    let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let reviewer = bed.person(Role::Reviewer).await;
    // No lease, no role, no look.
    let danger = json!({"reason": "The uploader writes that it goes on tonight."});
    let decided = bed.post(&format!("/v1/cases/{id}/danger"), &reviewer, &danger).await.ok();
    assert_eq!((&decided["approval"], &decided["outcome"]), (&json!("afterwards"), &json!("report")));
    assert_eq!(alarms(&bed, "danger_now").await, 1);
    bed.work(0).await;
    let filed = bed.sim.finished();
    assert!(filed[0].xml.contains("<escalateToHighPriority>The uploader writes that it goes on tonight."));
    let whole = case(&bed, &id).await;
    assert_eq!((&whole["priority"], &whole["state"]), (&json!("P0"), &json!("reported")));
    assert_eq!(whole["involved"][0]["role"], "unknown");
    let numbers = bed.get("/v1/numbers?child=US", &reviewer).await.ok();
    assert!(!numbers["rows"].as_array().unwrap().is_empty());
    let call = json!({"direction": "out", "authority": "the hotline", "telephone": "1-800-555-0100", "words": "They take it on."});
    bed.post(&format!("/v1/cases/{id}/calls"), &reviewer, &call).await.ok();
    assert_eq!(
        bed.post(&format!("/v1/cases/{id}/calls"), &reviewer, &json!({"direction": "in"})).await.slug(),
        "bad-body"
    );
    // The lead looks afterwards; what comes later goes as a supplement.
    let lead = bed.person(Role::Lead).await;
    bed.post(&format!("/v1/cases/{id}/approvals"), &lead, &json!({"approve": true, "reason": SECOND})).await.ok();
    matched(&bed, &known(&bed, 2).await, "u").await;
    lease(&bed, &reviewer, &id).await;
    decide(&bed, &reviewer, &id, &report(&[])).await.ok();
    bed.work(0).await;
    let filed = bed.sim.finished();
    assert_eq!(filed.len(), 2);
    assert!(filed[1].xml.contains("<priorCTReports>4000001</priorCTReports>"));
    bed.ledger_verifies().await;
}

/// Nothing of the set-up is finished: the report could not be sent as it is. The key still pages and makes it P0, and the
/// report waits for whoever is paged; with the setting mended it goes out.
#[tokio::test]
async fn danger_now_while_no_report_can_be_sent() {
    let bed = Bed::with(|settings, _| settings.reporting.about.email = String::new()).await;
    let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let reviewer = bed.person(Role::Reviewer).await;
    lease(&bed, &reviewer, &id).await;
    assert_eq!(decide(&bed, &reviewer, &id, &report(&[])).await.slug(), "provider-incomplete");
    bed.post(&format!("/v1/cases/{id}/danger"), &reviewer, &json!({})).await.ok();
    assert_eq!(alarms(&bed, "danger_now").await, 1);
    bed.work(0).await;
    tanod::alarms::watch(&bed.app).await.unwrap();
    assert_eq!(alarms(&bed, "report_dead").await, 1);
    let whole = case(&bed, &id).await;
    assert_eq!((&whole["priority"], &whole["reports"][0]["state"]), (&json!("P0"), &json!("dead")));
    assert!(whole["reports"][0]["trouble"].as_str().unwrap().contains("email"), "{whole}");
    assert!(bed.sim.reports().is_empty());
}

/// A reviewer says with a reason that it is P0, or somebody told so: it pages, and its report has no minutes in which to wait.
#[tokio::test]
async fn whoever_makes_it_p0_pages_and_its_report_does_not_wait() {
    let bed = Bed::with(|settings, _| settings.reporting.send_after_minutes = 60).await;
    let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    let up = json!({"priority": "P0", "reason": "The picture shows a room of today."});
    bed.post(&format!("/v1/cases/{id}/priority"), &lead, &up).await.ok();
    assert_eq!(alarms(&bed, "danger_now").await, 1);
    lease(&bed, &lead, &id).await;
    let mut decision = report(&[]);
    decision["roles"] = json!([{"account": "u", "role": "suspect"}]);
    let said = bed.post(&format!("/v1/cases/{id}/read-back"), &lead, &decision).await.ok();
    assert!(!said["sentences"].to_string().contains("minutes"), "{said}");
    plainly(&bed, &lead, &id, &decision).await.ok();
    bed.work(0).await;
    assert_eq!(bed.sim.finished().len(), 1);
}

/// Somebody is blackmailed and has no file to show: the words are enough for a case and for a report.
#[tokio::test]
async fn a_sextortion_message_without_a_file() {
    let bed = Bed::new().await;
    let notice = json!({
        "kind": "user", "reason": "sextortion", "words": "He wants more or he shows them.",
        "thread": "09:00 send more", "account": {"id": "blackmailer"}, "reporter_account": "frightened",
    });
    let id = told(&bed, &notice).await;
    let whole = case(&bed, &id).await;
    assert_eq!((&whole["priority"], &whole["knowledge_route"]), (&json!("P1"), &json!("user_report")));
    assert_eq!(whole["involved"].as_array().unwrap().len(), 1, "whoever tells is not in the case: {whole}");
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &id).await;
    let mut decision = report(&[]);
    decision["incident_type"] = json!("Online Enticement of Children for Sexual Acts");
    decision["report_annotations"] = json!(["sextortion"]);
    assert_eq!(plainly(&bed, &lead, &id, &decision).await.slug(), "role-unset");
    // Read back before it is sent, in plain words; nothing is written by reading back.
    decision["roles"] = json!([{"account": "blackmailer", "role": "suspect"}]);
    let said = bed.post(&format!("/v1/cases/{id}/read-back"), &lead, &decision).await.ok();
    assert!(said["sentences"].to_string().contains("No file goes with it"));
    assert!(case(&bed, &id).await["involved"][0]["role"].is_null());
    plainly(&bed, &lead, &id, &decision).await.ok();
    bed.work(0).await;
    let filed = &bed.sim.finished()[0];
    assert!(
        filed.files.is_empty()
            && filed.xml.contains("<sextortion/>")
            && filed.xml.contains("Somebody told the platform.")
    );
    assert!(!filed.xml.contains("frightened"));
}

/// The uploader is likely a child: a victim, never a suspect, and never thrown out for good.
#[tokio::test]
async fn a_child_as_uploader() {
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let mut said = facts("of-child", "young");
    said["account"]["likely_minor"] = json!(true);
    let id = bed.upload(&key, &said, &media).await.ok()["case"].as_str().unwrap().to_owned();
    let whole = case(&bed, &id).await;
    let proposed = whole["proposals"].to_string();
    for word in ["role:victim", "possibleSelfProduction", "sextortion", "minorToMinorInteraction"] {
        assert!(proposed.contains(word), "{proposed}");
    }
    let lead = bed.person(Role::Lead).await;
    let ban = json!({"kind": "suspend", "permanent": true, "reason": "our usual rule for uploads"});
    assert_eq!(bed.post(&format!("/v1/cases/{id}/actions"), &lead, &ban).await.slug(), "protected-account");
    lease(&bed, &lead, &id).await;
    let mut decision = report(&[]);
    decision["roles"] = json!([{"account": "young", "role": "victim"}]);
    decision["file_annotations"] = json!(["possibleSelfProduction"]);
    plainly(&bed, &lead, &id, &decision).await.ok();
    bed.work(0).await;
    let filed = &bed.sim.finished()[0];
    assert!(filed.xml.contains("<victim>") && !filed.xml.contains("<personOrUserReported>"), "{}", filed.xml);
    assert!(filed.files[0].details.as_deref().unwrap().contains("<possibleSelfProduction/>"));
}

/// Nobody knows who uploads, but one link holds it together, and an address only for a day.
#[tokio::test]
async fn an_anonymous_link() {
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let upload = async |content: &str, link: Option<&str>, ip: &str| {
        let said =
            json!({"content_id": content, "share_link": link, "upload_ip": ip, "uploaded_at": "2026-11-24T11:00:00Z"});
        bed.upload(&key, &said, &media).await.ok()["case"].as_str().unwrap().to_owned()
    };
    let first = upload("a", Some("share-1"), "192.0.2.7").await;
    assert_eq!(upload("b", Some("share-1"), "198.51.100.9").await, first);
    assert_eq!(upload("c", None, "192.0.2.7").await, first);
    assert_ne!(upload("d", Some("share-2"), "203.0.113.5").await, first);
    bed.clock.advance(Duration::from_hours(25));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    // Addresses are shared: a day later the same one is somebody else.
    assert_ne!(upload("e", None, "192.0.2.7").await, first);
    assert_eq!(upload("f", Some("share-1"), "203.0.113.77").await, first);
    let whole = case(&bed, &first).await;
    assert_eq!((&whole["involved"][0]["kind"], whole["involved"].as_array().unwrap().len()), (&json!("anonymous"), 1));
}

/// Somebody without an account sends from ever new addresses and links, and from one device: it is one case, however long it takes;
/// another device is another.
#[tokio::test]
async fn an_anonymous_device() {
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let upload = async |content: &str, device: &str, ip: &str| {
        let said =
            json!({"content_id": content, "device": device, "upload_ip": ip, "uploaded_at": "2026-11-24T11:00:00Z"});
        bed.upload(&key, &said, &media).await.ok()["case"].as_str().unwrap().to_owned()
    };
    let first = upload("a", "device-1", "192.0.2.7").await;
    assert_eq!(upload("b", "device-1", "198.51.100.9").await, first);
    let other = upload("c", "device-2", "203.0.113.5").await;
    assert_ne!(other, first);
    bed.clock.advance(Duration::from_hours(25 * 24));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    assert_eq!(upload("d", "device-1", "203.0.113.77").await, first, "a device is surer than an address");
    assert_eq!(upload("e", "device-2", "203.0.113.77").await, other);
    let whole = case(&bed, &first).await;
    assert_eq!((whole["signals"].as_array().unwrap().len(), &whole["involved"][0]["kind"]), (3, &json!("anonymous")));
}

/// The account's owner says that somebody else used it: the report says so too, and nothing final happens to the account.
#[tokio::test]
async fn a_hijacked_account() {
    let bed = Bed::new().await;
    let (id, _) = matched(&bed, &known(&bed, 1).await, "stolen").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &id).await;
    let whole = case(&bed, &id).await;
    let one = whole["involved"][0]["id"].as_str().unwrap();
    let role = json!({"role": "unknown", "hijacked": true});
    bed.call("PUT", &format!("/v1/cases/{id}/involved/{one}"), &lead, &role).await.ok();
    let nobody = "/involved/involved_00000000-0000-7000-8000-000000000000";
    assert_eq!(bed.call("PUT", &format!("/v1/cases/{id}{nobody}"), &lead, &role).await.slug(), "unknown-involved");
    let ban = json!({"kind": "suspend", "permanent": true, "reason": "our usual rule for uploads"});
    assert_eq!(bed.post(&format!("/v1/cases/{id}/actions"), &lead, &ban).await.slug(), "protected-account");
    decide(&bed, &lead, &id, &report(&[])).await.ok();
    bed.work(0).await;
    assert!(bed.sim.finished()[0].xml.contains("<compromisedAccount>true</compromisedAccount>"));
}

/// Somebody floods the door: all of it is kept, in one place, and the person on call sleeps.
#[tokio::test]
async fn a_reporter_who_floods() {
    let bed = Bed::with(|settings, _| settings.notices.per_reporter_per_hour = 5).await;
    for n in 0..12 {
        let notice = json!({
            "kind": "user", "reason": "other", "words": format!("again {n}"), "danger_now": true,
            "reporter_account": "angry", "urls": [format!("https://platform.example/{n}")],
        });
        told(&bed, &notice).await;
    }
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM notices").await, 12);
    // Three are believed at once and page; what comes after them is gathered.
    assert_eq!(alarms(&bed, "danger_now").await, 3);
    let cases = bed.get("/v1/cases", &bed.person(Role::Lead).await).await.ok();
    let cases = cases["rows"].as_array().unwrap().clone();
    assert!(cases.len() < 7, "{}", cases.len());
    assert_eq!(cases.iter().filter(|case| case["priority"] == "P0").count(), 3);
    assert!(cases.iter().any(|case| case["reasons"].to_string().contains("danger_told_often")));
}

/// The person in the pictures asks that they go: no suspect, a case at once, and the content's case where there is one.
#[tokio::test]
async fn a_person_depicted_asks_for_removal() {
    let bed = Bed::new().await;
    let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let notice = json!({
        "kind": "depicted", "reason": "own_picture", "words": "This is me, I was fifteen.",
        "content_ids": ["of-u"], "contact": "me@mail.example",
    });
    let key = bed.key(&[Scope::BanksWrite, Scope::MatchesDetail]).await;
    let banks = bed.get("/v1/banks", &key).await.ok()["rows"].clone();
    let export = format!("/v1/banks/{}/export?to=others", banks[0]["id"].as_str().unwrap());
    let left_out = async || bed.get(&export, &key).await.headers["x-tanod-left-out"].to_str().unwrap().to_owned();
    assert_eq!(left_out().await, "0");
    assert_eq!(told(&bed, &notice).await, id);
    // From this moment neither digest nor hash is passed on: it is her own picture, named by its content alone (HR-11).
    assert_eq!(left_out().await, "2");
    let whole = case(&bed, &id).await;
    assert_eq!(whole["signals"].as_array().unwrap().len(), 2);
    // Nobody new is in the case by it, whose role would then have to be said.
    let accounts: Vec<&Value> = whole["involved"].as_array().unwrap().iter().map(|one| &one["account"]).collect();
    assert_eq!(accounts, ["u"]);
    // Alone it opens a case too, by its own route.
    let alone =
        json!({"kind": "representative", "reason": "own_picture", "words": "My child.", "account": {"id": "v"}});
    let other = told(&bed, &alone).await;
    assert_eq!(case(&bed, &other).await["knowledge_route"], "person_depicted");
}

/// She knows only where it can be seen, as the public form asks. Where the platform said so before, the upload is found by its
/// address and joins; where nobody has, the platform is asked, and what it answers stays here from then on.
#[tokio::test]
async fn a_person_depicted_names_only_an_address() {
    let (bed, platform) = heard(|settings| settings.review.second_approval = tanod::review::SecondApproval::Off).await;
    let key = bed.key(&[Scope::BanksWrite, Scope::MatchesDetail]).await;
    let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let media = jpeg(&picture(40, 320, 240), 90);
    let unknown = fingerprint::Digests::of(&media).sha256_hex();
    let elsewhere = "cd".repeat(32);
    bed.bank("exploitative", &[("sha256", unknown.clone()), ("sha256", elsewhere.clone())]).await;
    let banks = bed.get("/v1/banks", &key).await.ok()["rows"].clone();
    let left_out = async || {
        let mut all = 0;
        for bank in banks.as_array().unwrap() {
            let export = format!("/v1/banks/{}/export?to=others", bank["id"].as_str().unwrap());
            let said = bed.get(&export, &key).await;
            all += said.headers["x-tanod-left-out"].to_str().unwrap().parse::<u32>().unwrap();
        }
        all
    };
    let notice =
        |url: &str| json!({"kind": "depicted", "reason": "own_picture", "words": "This is me.", "urls": [url]});
    assert_eq!(left_out().await, 0);
    // As it stands in the browser's bar, not quite as the platform wrote it.
    assert_eq!(told(&bed, &notice("http://www.platform.example/p/of-u/#comments")).await, id);
    assert_eq!(left_out().await, 2, "its digest and its hash");

    // Nobody has said what is seen there: the case asks.
    let asked = || {
        let asked = platform.received().into_iter().filter(|one| one.body["type"] == "case.context_requested");
        asked.map(|one| one.body["data"].clone()).collect::<Vec<_>>()
    };
    let there = "https://platform.example/gallery?picture=7";
    let other = told(&bed, &notice(there)).await;
    for lane in ["context", "webhooks"] {
        due(&bed, lane).await;
    }
    let question = asked().into_iter().find(|data| data["case"] == json!(other)).unwrap();
    assert_eq!(question["urls"], json!([there]), "{question}");
    let answer = json!({"related": [
        {"content_id": "gallery-7", "relation": "other", "url": there, "sha256": elsewhere},
        {"content_id": "later", "relation": "other", "url": there},
    ]});
    crate::context::put(&bed, &other, &answer).await.ok();
    assert_eq!(left_out().await, 3, "also of a file that was never sent here");
    // Sent later under the name that the platform gave, or with the address itself, it is known as hers.
    let uploads = bed.key(&[Scope::ItemsWrite]).await;
    bed.upload(&uploads, &facts("later", "v"), &media).await.ok();
    assert_eq!(left_out().await, 4);
    // A notice that joins a case which was asked before asks of its own address alone.
    let before = asked().len();
    let more = json!({
        "kind": "depicted", "reason": "own_picture", "words": "And this.", "content_ids": ["of-u"],
        "urls": ["https://platform.example/somewhere"],
    });
    assert_eq!(told(&bed, &more).await, id);
    for lane in ["context", "webhooks"] {
        due(&bed, lane).await;
    }
    let question = asked()[before..].iter().find(|data| data["case"] == json!(id)).unwrap().clone();
    assert_eq!(question["wanted"], json!(["related"]), "{question}");
    assert!(question["urls"].as_array().unwrap().contains(&json!("https://platform.example/somewhere")));
    // When everything else of the case is wiped, it still stays here.
    let lead = bed.person(Role::Lead).await;
    for case in [&id, &other] {
        lease(&bed, &lead, case).await;
        decide(&bed, &lead, case, &json!({"outcome": "no_violation", "reason": "It was taken down by herself."}))
            .await
            .ok();
    }
    days(&bed, 32).await;
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM notices WHERE words <> ''").await, 0, "it was wiped");
    assert_eq!(left_out().await, 4);
}

/// A child may be in danger and whoever is on call sleeps: the page comes again, then goes to the next person, and round, until
/// somebody presses the button; then it is quiet.
#[tokio::test]
async fn a_page_nobody_acknowledges() {
    let (bed, mails, pager) = watched(|_| {}).await;
    let notice = json!({
        "kind": "user", "reason": "live_abuse", "words": "It goes on now.", "danger_now": true, "account": {"id": "u"},
    });
    let id = told(&bed, &notice).await;
    minutes(&bed, 0).await;
    let whom = || -> Vec<String> {
        mails.mails().iter().map(|mail| mail.to[0].split('@').next().unwrap().to_owned()).collect()
    };
    assert_eq!((whom(), pager.received().len()), (vec!["first".to_owned()], 0));
    for _ in 0..20 {
        minutes(&bed, 1).await;
    }
    let names = whom();
    let next = names.iter().position(|name| name == "second").unwrap();
    assert_eq!(names[..next], ["first", "first"], "asked twice before the next person is");
    assert!(names[next..].iter().take(2).all(|name| name == "second"), "{names:?}");
    assert!(names[next..].contains(&"first".to_owned()), "and round again: {names:?}");
    let page = pager.received()[0].body["data"].clone();
    assert_eq!((&page["kind"], &page["case_number"]), (&json!("danger_now"), &json!(1)));
    // The second person wakes and presses the button of any of the messages: nobody is paged any more.
    assert_eq!(press(&bed, &acknowledge_link(mails.mails().last().unwrap())).await, 303);
    let before = mails.mails().len();
    for _ in 0..20 {
        minutes(&bed, 1).await;
    }
    assert_eq!(mails.mails().len(), before);
    assert_eq!(case(&bed, &id).await["priority"], "P0");
}

/// One person alone closes a case: it waits a day, pages, and can be taken back until then.
#[tokio::test]
async fn a_decision_made_alone() {
    let bed = Bed::new().await;
    let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &id).await;
    let harmless = json!({"outcome": "no_violation", "reason": "A harmless picture."});
    assert_eq!(decide(&bed, &lead, &id, &harmless).await.ok()["approval"], "alone");
    assert_eq!(alarms(&bed, "approval_waits").await, 1);
    let yes = json!({"approve": true, "reason": "It was me who said so."});
    assert_eq!(bed.post(&format!("/v1/cases/{id}/approvals"), &lead, &yes).await.slug(), "same-person");
    // Taken back by the one who made it.
    let no = json!({"approve": false, "reason": "I looked at it again."});
    bed.post(&format!("/v1/cases/{id}/approvals"), &lead, &no).await.ok();
    lease(&bed, &lead, &id).await;
    decide(&bed, &lead, &id, &harmless).await.ok();
    bed.work(23).await;
    // A shift is over meanwhile; whoever reads now signs in anew, and is no lead.
    let reviewer = bed.person(Role::Reviewer).await;
    assert_eq!(state(&bed, &reviewer, &id).await, "approval");
    bed.work(2).await;
    let reviewer = bed.person(Role::Reviewer).await;
    assert_eq!(state(&bed, &reviewer, &id).await, "dismissed");
    let auditor = bed.person(Role::Auditor).await;
    let record = bed.get(&format!("/v1/audit?case={id}"), &auditor).await.ok();
    let kinds: Vec<&str> = record["rows"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"decision.delay_over") && kinds.contains(&"hold.until_appeal"), "{kinds:?}");
    // After the appeal window the sealed copy is gone, and the record of why stays.
    bed.clock.advance(Duration::from_hours(30 * 24));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    bed.work(1).await;
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM exhibits WHERE destroyed_at IS NULL").await, 0);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM items WHERE facts IS NOT NULL").await, 0);
}

/// A decision waits for its second person, another report for its minutes: danger now takes the files of the one along and
/// sends the other at once.
#[tokio::test]
async fn danger_waits_for_nothing_that_waits() {
    let bed = Bed::with(|settings, _| settings.reporting.send_after_minutes = 60).await;
    let (lead, other) = (bed.person(Role::Lead).await, bed.person(Role::Lead).await);
    let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    lease(&bed, &lead, &id).await;
    decide(&bed, &lead, &id, &report(&[])).await.ok();
    matched(&bed, &known(&bed, 2).await, "u").await;
    let (second, _) = matched(&bed, &known(&bed, 3).await, "v").await;
    lease(&bed, &lead, &second).await;
    let harmless = json!({"outcome": "no_violation", "reason": "A harmless picture."});
    assert_eq!(decide(&bed, &lead, &second, &harmless).await.ok()["approval"], "asked");
    bed.work(0).await;
    assert!(bed.sim.reports().is_empty());
    for case in [&id, &second] {
        bed.post(&format!("/v1/cases/{case}/danger"), &lead, &json!({})).await.ok();
    }
    bed.work(0).await;
    let finished = bed.sim.finished();
    assert_eq!(finished.len(), 3);
    assert!(finished.iter().all(|report| report.files.len() == 1));
    assert_eq!(finished.iter().filter(|report| report.xml.contains("<escalateToHighPriority>")).count(), 2);
    // The lead who pressed the key is not the one who looks at it afterwards.
    let seen = json!({"approve": true, "reason": SECOND});
    assert_eq!(bed.post(&format!("/v1/cases/{id}/approvals"), &lead, &seen).await.slug(), "same-person");
    bed.post(&format!("/v1/cases/{id}/approvals"), &other, &seen).await.ok();
    // What was overtaken waits for nobody any more.
    assert_eq!(state(&bed, &lead, &second).await, "reported");
}

/// Somebody tells about content of a case that was closed, and its account has another one since: it joins that one.
#[tokio::test]
async fn a_notice_about_a_closed_case_reaches_the_accounts_new_one() {
    let bed = Bed::with(|settings, _| settings.review.second_approval = tanod::review::SecondApproval::Off).await;
    let media = known(&bed, 1).await;
    let (closed, _) = matched(&bed, &media, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &closed).await;
    decide(&bed, &lead, &closed, &json!({"outcome": "no_violation", "reason": "A harmless picture."})).await.ok();
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let newer = bed.upload(&key, &facts("another", "u"), &known(&bed, 2).await).await.ok()["case"].clone();
    let notice = json!({
        "kind": "user", "reason": "other", "words": "this one", "content_ids": ["of-u"], "account": {"id": "u"},
    });
    assert_eq!(json!(told(&bed, &notice).await), newer);
    // A closed case raises no alarm of its own beside the newer one.
    assert_eq!(bed.post(&format!("/v1/cases/{closed}/danger"), &lead, &json!({})).await.slug(), "wrong-state");
}

/// A case is closed, opened again and closed a second time: the copies go after the second window, not the first, and not
/// never.
#[tokio::test]
async fn a_case_closed_twice() {
    let bed = Bed::with(|settings, _| settings.review.second_approval = tanod::review::SecondApproval::Off).await;
    let (id, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let harmless = json!({"outcome": "no_violation", "reason": "A harmless picture."});
    let kept = async || bed.count("SELECT COUNT(*) AS n FROM exhibits WHERE destroyed_at IS NULL").await;
    for days in [20, 20] {
        let lead = bed.person(Role::Lead).await;
        if let Some(decision) = case(&bed, &id).await["decisions"][0]["id"].as_str() {
            let wrong = json!({"decision": decision, "reason": "It was appealed, and rightly."});
            bed.post(&format!("/v1/cases/{id}/corrections"), &lead, &wrong).await.ok();
        }
        lease(&bed, &lead, &id).await;
        decide(&bed, &lead, &id, &harmless).await.ok();
        bed.clock.advance(Duration::from_hours(days * 24));
        bed.app.lists.catch_up(&bed.app.db).await.unwrap();
        bed.work(1).await;
        assert_eq!(kept().await, 1);
    }
    bed.clock.advance(Duration::from_hours(10 * 24));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    bed.work(1).await;
    assert_eq!(kept().await, 0);
}
