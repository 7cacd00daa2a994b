//! What lies around a case: accounts that share something, notes, a contact sheet, and files that need not be looked at.

use axum::body::Body;
use axum::http::header;
use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};

use super::bed::*;
use super::cases::{decide, lease, look, matched, report, state};

async fn around(bed: &Bed, token: &str, case: &str) -> Value {
    bed.get(&format!("/v1/cases/{case}/around"), token).await.ok()
}

#[tokio::test]
async fn accounts_that_share_a_device_an_address_or_a_file_are_linked() {
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    let media = known(&bed, 1).await;
    let (first, _) = matched(&bed, &media, "one").await;
    let (second, _) = matched(&bed, &media, "two").await;
    let (third, _) = matched(&bed, &known(&bed, 2).await, "three").await;
    let platform = bed.key(&[Scope::ContextWrite]).await;
    for case in [&first, &third] {
        let context = json!({
            "account": {"id": "x", "screen_names": ["the-same-name"], "emails": [], "phones": []},
            "devices": [{"id": "device-77"}], "complete": true,
        });
        bed.call("PUT", &format!("/v1/cases/{case}/context"), &platform, &context).await.ok();
    }
    let links = around(&bed, &lead, &first).await["links"].clone();
    assert_eq!(links["all"], 2, "{links}");
    // Every upload of these tests comes from one address; a device says more than a file.
    assert_eq!(links["cases"][0]["case"], json!(third), "{links}");
    assert_eq!(links["cases"][0]["shares"], json!({"device": 1, "address": 1}));
    assert_eq!(links["cases"][1]["shares"], json!({"file": 1, "address": 1}));
    let page = bed.console(&format!("/console/cases/{first}"), &lead, &[]).await.1;
    assert!(
        page.contains("2 cases share something") && page.contains(&format!("/console/cases/{second}\">Case 2")),
        "{page}"
    );
    let admin = bed.person(Role::Admin).await;
    assert_eq!(bed.get(&format!("/v1/cases/{first}/around"), &admin).await.slug(), "not-allowed");
}

#[tokio::test]
async fn a_note_is_kept_as_it_was_made_shown_to_be_read_and_gone_with_the_evidence() {
    let bed = Bed::new().await;
    let (lead, auditor) = (bed.person(Role::Lead).await, bed.person(Role::Auditor).await);
    let (case, item) = matched(&bed, &known(&bed, 1).await, "one").await;
    let path = format!("/v1/cases/{case}/notes");
    assert_eq!(bed.post(&path, &lead, &json!({"words": "  "})).await.slug(), "bad-body");
    assert_eq!(bed.post(&path, &auditor, &json!({"words": "hello there"})).await.slug(), "not-allowed");
    bed.post(&path, &lead, &json!({"words": "The account says <b>sixteen</b> in its profile."})).await.ok();
    assert_eq!(
        bed.console(&format!("/console/cases/{case}/notes"), &lead, &[("words", "And a second one.")]).await.0,
        303
    );
    let page = bed.console(&format!("/console/cases/{case}"), &lead, &[]).await.1;
    assert!(page.contains("The account says &#60;b&#62;sixteen") && page.contains("And a second one."), "{page}");
    assert!(page.contains("<code>case.noted</code>"), "it is in the record");
    assert_eq!(
        bed.count("SELECT COUNT(*) AS n FROM audit WHERE kind = 'case.noted' AND detail LIKE '%sixteen%'").await,
        0
    );
    lease(&bed, &lead, &case).await;
    look(&bed, &lead, &case, &item, false).await;
    decide(&bed, &lead, &case, &report(&[&item])).await.ok();
    bed.work(0).await;
    bed.clock.advance(std::time::Duration::from_hours(24 * 366));
    tanod::evidence::jobs::watch(&bed.app).await.unwrap();
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM case_notes WHERE words = ''").await, 2);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn many_files_are_a_contact_sheet_that_turns_pages_and_opens_one() {
    let bed = Bed::new().await;
    let reviewer = bed.person(Role::Reviewer).await;
    let mut case = String::new();
    for n in 0..27 {
        case = matched(&bed, &known(&bed, n).await, "one").await.0;
    }
    let all = bed.get(&format!("/v1/cases/{case}"), &reviewer).await.ok();
    let last = all["signals"][26]["item"].as_str().unwrap();
    lease(&bed, &reviewer, &case).await;
    let here = format!("/console/cases/{case}");
    let page = bed.console(&here, &reviewer, &[]).await.1;
    assert!(
        page.contains("27 uploads, sheet 1 of 2") && page.contains("27 more wait that you have not opened"),
        "{page}"
    );
    assert_eq!((page.matches("loading=\"lazy\"").count(), page.matches("<figure").count()), (24, 0));
    assert!(!page.contains("veiled=false"), "nothing is shown without the veil that nobody chose");
    let page = bed.console(&format!("{here}?open={last}"), &reviewer, &[]).await.1;
    assert!(page.contains("sheet 2 of 2") && page.contains("id=\"u27\""), "{page}");
    assert_eq!((page.matches("loading=\"lazy\"").count(), page.matches("<figure").count()), (3, 1));
    look(&bed, &reviewer, &case, last, false).await;
    let page = bed.console(&here, &reviewer, &[]).await.1;
    assert!(page.contains("26 more wait") && page.contains(&format!("value=\"{last}\"> Upload 27")), "{page}");
    assert_eq!(bed.console(&format!("{here}?open=nothing"), &reviewer, &[]).await.0, 404);
}

/// A picture that a list knows by digest, from this source.
async fn vouched(bed: &Bed, seed: u32, rows: &[(&str, &str)]) -> Vec<u8> {
    let media = jpeg(&picture(seed, 320, 240), 90);
    let digests = fingerprint::Digests::of(&media);
    let bank = bed.bank("csam", &[]).await;
    let token = bed.key(&[Scope::BanksWrite]).await;
    let mut csv = "signal,value,classification,source\n".to_owned();
    for (signal, source) in rows {
        let value = if *signal == "md5" { hex::encode(digests.md5) } else { digests.sha256_hex() };
        csv += &[signal, &*value, "A2", source].join(",");
        csv.push('\n');
    }
    let request = Bed::request("POST", &format!("/v1/banks/{bank}/import"), &token);
    bed.send(request.header(header::CONTENT_TYPE, "text/csv").body(Body::from(csv)).unwrap()).await.ok();
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    media
}

#[tokio::test]
async fn a_file_that_others_vouch_for_is_decided_without_looking_and_the_rest_goes_on_waiting() {
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    let iwf = vouched(&bed, 1, &[("sha256", "IWF")]).await;
    let (case, known_item) = matched(&bed, &iwf, "one").await;
    // One member alone, and a hotline by MD5 alone: both are to be looked at.
    matched(&bed, &vouched(&bed, 2, &[("sha256", "a-member")]).await, "one").await;
    let (_, by_md5) = matched(&bed, &vouched(&bed, 3, &[("md5", "IWF")]).await, "one").await;
    lease(&bed, &lead, &case).await;
    let here = format!("/console/cases/{case}");
    let page = bed.console(&here, &lead, &[]).await.1;
    assert!(page.contains("1 of 3 files here that wait for a decision need not be looked at"), "{page}");
    assert!(page.contains("may first need a warrant") && page.contains("IWF says that it is A2"));
    let said = page.find("need not be looked at").unwrap();
    assert!(said < page.find("<figure").unwrap(), "the page says so before any picture");

    let form = [
        ("outcome", "report"),
        ("incident_type", "Child Pornography (possession, manufacture, and distribution)"),
        ("reason", "The hotline vetted the very file."),
        ("only_vouched", "yes"),
    ];
    let involved =
        bed.get(&format!("/v1/cases/{case}"), &lead).await.ok()["involved"][0]["id"].as_str().unwrap().to_owned();
    let role = format!("{involved}:suspect");
    let form = [form.as_slice(), &[("role", role.as_str())]].concat();
    let (_, back) = bed.console(&format!("{here}/decisions"), &lead, &form).await;
    assert!(
        back.contains("You decide about 1 files that others vouch for") && back.contains("goes on waiting: 2"),
        "{back}"
    );
    assert!(back.contains("may need a warrant"), "{back}");
    assert_eq!(state(&bed, &lead, &case).await, "open", "reading back writes nothing");
    assert_eq!(
        bed.console(&format!("{here}/decisions"), &lead, &[form.as_slice(), &[("sure", "yes")]].concat()).await.0,
        303
    );
    bed.work(0).await;
    let all = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok();
    assert_eq!(all["state"], "open", "two files wait for a decision of their own");
    let decided: Vec<_> =
        all["signals"].as_array().unwrap().iter().filter(|signal| !signal["decision"].is_null()).collect();
    assert_eq!((decided.len(), &decided[0]["item"]), (1, &json!(known_item)));
    assert_eq!(all["reports"][0]["state"], "finished");

    // There is nothing more to decide so; and what somebody here found to be something else is vouched for no more.
    lease(&bed, &lead, &case).await;
    let mut new = report(&[]);
    new["only_vouched"] = json!(true);
    assert_eq!(decide(&bed, &lead, &case, &new).await.slug(), "nothing-vouched");
    assert!(!by_md5.is_empty());
    let (other, _) = matched(&bed, &iwf, "two").await;
    let page = bed.console(&format!("/console/cases/{other}"), &lead, &[]).await.1;
    assert!(page.contains("1 of 1 files here"), "{page}");
    lease(&bed, &lead, &other).await;
    let harmless = json!({"outcome": "other_violation", "reason": "It is a drawing of a house."});
    decide(&bed, &lead, &other, &harmless).await.ok();
    let approver = bed.person(Role::Lead).await;
    let yes = json!({"approve": true, "reason": "I looked, and I agree."});
    bed.post(&format!("/v1/cases/{other}/approvals"), &approver, &yes).await.ok();
    let (third, _) = matched(&bed, &iwf, "three").await;
    let page = bed.console(&format!("/console/cases/{third}"), &lead, &[]).await.1;
    assert!(!page.contains("need not be looked at"), "{page}");
    bed.ledger_verifies().await;
}
