//! A child's own picture is not passed on, and whoever received a hash is told when it is wrong (HR-09, HR-11).

use std::time::Duration;

use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};

use super::bed::*;
use super::cases::{decide, lease, matched, report};

const WHY: &str = "The list of the hotline asked for it, and she agreed.";

async fn exported(bed: &Bed, key: &str, bank: &str, to: &str) -> (usize, String, String) {
    let said = bed.get(&format!("/v1/banks/{bank}/export?to={to}"), key).await;
    let left_out = said.headers["x-tanod-left-out"].to_str().unwrap().to_owned();
    let text = String::from_utf8(said.bytes).unwrap();
    (text.lines().count() - 1, left_out, text)
}

#[tokio::test]
async fn a_likely_childs_own_picture_stays_here_until_a_lead_says_otherwise() {
    let bed = Bed::new().await;
    let media = jpeg(&picture(1, 320, 240), 90);
    let sha256 = fingerprint::Digests::of(&media).sha256_hex();
    let pdq = bed.pdq(&media).await;
    let mut near = hex::decode(&pdq).unwrap();
    near[0] ^= 0b11;
    let rows = [
        ("sha256", sha256.clone()),
        ("pdq", pdq),
        ("pdq", hex::encode(near)),
        ("md5", "ab".repeat(16)),
        ("pdq", "0f".repeat(32)),
    ];
    let bank = bed.bank("csam", &rows).await;
    let key = bed.key(&[Scope::BanksWrite, Scope::MatchesDetail]).await;
    assert_eq!(exported(&bed, &key, &bank, "a").await.0, 5);
    let uploads = bed.key(&[Scope::ItemsWrite]).await;
    let mut said = facts("own", "child");
    said["account"]["likely_minor"] = json!(true);
    let case = bed.upload(&uploads, &said, &media).await.ok()["case"].as_str().unwrap().to_owned();

    // Its digest, its hash, and a hash as near as a copy's: none of them leaves, and it is said how many.
    let (rows, left_out, text) = exported(&bed, &key, &bank, "b").await;
    assert_eq!((rows, left_out.as_str(), text.contains(&sha256)), (2, "3", false));
    let entries = bed.get(&format!("/v1/banks/{bank}/entries"), &key).await.ok();
    assert_eq!((entries["rows"].as_array().unwrap().len(), &entries["left_out"]), (2, &json!(3)));

    let (lead, reviewer) = (bed.person(Role::Lead).await, bed.person(Role::Reviewer).await);
    let view = bed.get(&format!("/v1/files/{sha256}"), &reviewer).await.ok();
    assert_eq!((&view["sharing"]["childs_own"], &view["sharing"]["allowed"]), (&json!(true), &json!(null)));
    let path = format!("/v1/files/{sha256}/sharing");
    let allow = json!({"allow": true, "reason": WHY});
    assert_eq!(bed.post(&path, &reviewer, &allow).await.slug(), "not-allowed");
    assert_eq!(bed.post(&path, &lead, &json!({"allow": true, "reason": "yes"})).await.slug(), "no-reason");
    let nowhere = format!("/v1/files/{}/sharing", "0".repeat(64));
    assert_eq!(bed.post(&nowhere, &lead, &allow).await.slug(), "unknown-file");
    assert_eq!(bed.post(&path, &lead, &allow).await.ok()["allowed"]["reason"], WHY);
    assert_eq!(exported(&bed, &key, &bank, "c").await.0, 5);
    // And back, on the page.
    let here = format!("/console/files/{sha256}");
    assert!(bed.console(&here, &lead, &[]).await.1.contains("Keep its hash here again"));
    let no = [("allow", "no"), ("reason", "She changed her mind.")];
    assert_eq!(bed.console(&format!("{here}/sharing"), &reviewer, &no).await.0, 403);
    assert_eq!(bed.console(&format!("{here}/sharing"), &lead, &no).await.0, 303);
    assert!(bed.console(&here, &reviewer, &[]).await.1.contains("Its hash stays here"));
    assert_eq!(exported(&bed, &key, &bank, "d").await.0, 2);
    // Somebody says that it is no child's account after all.
    lease(&bed, &reviewer, &case).await;
    let who = bed.get(&format!("/v1/cases/{case}"), &reviewer).await.ok()["involved"][0]["id"].clone();
    let role = format!("/v1/cases/{case}/involved/{}", who.as_str().unwrap());
    let grown = json!({"role": "suspect", "likely_minor": false});
    bed.call("PUT", &role, &reviewer, &grown).await.ok();
    assert_eq!(exported(&bed, &key, &bank, "e").await.0, 5);
    bed.ledger_verifies().await;
}

/// Two partners were given the list, one of them without the hash; a third came before the entry was there.
#[tokio::test]
async fn whoever_received_a_hash_is_named_when_it_is_wrong_and_nobody_else() {
    let bed = Bed::new().await;
    let media = jpeg(&picture(1, 320, 240), 90);
    let sha256 = fingerprint::Digests::of(&media).sha256_hex();
    let bank = bed.bank("csam", &[("md5", "ab".repeat(16))]).await;
    let key = bed.key(&[Scope::BanksWrite]).await;
    exported(&bed, &key, &bank, "early").await;
    bed.clock.advance(Duration::from_secs(1));
    bed.import(&bank, &[("sha256", sha256.clone())]).await.ok();
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    let lead = bed.person(Role::Lead).await;
    let (case, _) = matched(&bed, &media, "u").await;
    lease(&bed, &lead, &case).await;
    let mut told = report(&[]);
    told["file_annotations"] = json!(["possibleSelfProduction"]);
    decide(&bed, &lead, &case, &told).await.ok();
    bed.work(0).await;
    assert_eq!(exported(&bed, &key, &bank, "without").await.1, "1");
    bed.post(&format!("/v1/files/{sha256}/sharing"), &lead, &json!({"allow": true, "reason": WHY})).await.ok();
    for _ in 0..2 {
        assert_eq!(exported(&bed, &key, &bank, "the%20hotline").await.1, "0");
    }
    let decision = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok()["decisions"][0]["id"].clone();
    let wrong = json!({"decision": decision, "reason": "A harmless drawing after all."});
    let undone = bed.post(&format!("/v1/cases/{case}/corrections"), &lead, &wrong).await.ok();
    let whom: Vec<&str> = undone["told"].as_array().unwrap().iter().map(|one| one["whom"].as_str().unwrap()).collect();
    assert_eq!(whom.len(), 2, "{whom:?}");
    assert!(whom[1].starts_with("the hotline, who received the list") && whom[1].ends_with("2026-11-24"), "{whom:?}");
    assert!(undone["told"].as_array().unwrap().iter().all(|one| one["state"] == "open"));
    let page = bed.console(&format!("/console/cases/{case}"), &lead, &[]).await.1;
    assert!(page.contains("the hotline, who received"), "{page}");
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn whoever_received_a_list_is_told_when_it_is_set_aside() {
    let bed = Bed::new().await;
    let bank = bed.bank("csam", &[("md5", "ab".repeat(16))]).await;
    let (key, lead) = (bed.key(&[Scope::BanksWrite]).await, bed.person(Role::Lead).await);
    exported(&bed, &key, &bank, "a%20partner").await;
    let here = format!("/console/banks/{bank}/quarantine");
    assert!(bed.console(&here, &lead, &[]).await.1.contains("a partner, who received the list"));
    let why = json!({"reason": "Its source says that files were mixed up."});
    let aside = bed.post(&format!("/v1/banks/{bank}/quarantine"), &lead, &why).await.ok();
    assert_eq!(aside["told"].as_array().unwrap().len(), 1);
    let untold: Value = bed.get("/v1/corrections", &lead).await.ok()["rows"].clone();
    assert_eq!((untold.as_array().unwrap().len(), &untold[0]["case"]), (1, &json!(null)));
    assert!(bed.console("/console/banks", &lead, &[]).await.1.contains("Must be told that a list was wrong"));
    let told = format!("/console/banks/told/{}", untold[0]["id"].as_str().unwrap());
    let how = [("means", "letter"), ("words", "They have taken it out, under 17.")];
    assert_eq!(bed.console(&told, &lead, &[("means", ""), ("words", "")]).await.0, 422);
    assert_eq!(bed.console(&told, &lead, &how).await.0, 303);
    assert_eq!(bed.console(&told, &lead, &how).await.0, 409);
    assert!(!bed.console("/console/banks", &lead, &[]).await.1.contains("Must be told"));
    bed.ledger_verifies().await;
}
