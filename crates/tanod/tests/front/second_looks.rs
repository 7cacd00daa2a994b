//! A match is confirmed or denied by people who looked; a decision is thought through again where that is worth it.

use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};

use super::bed::*;
use super::cases::{decide, lease, look, matched, report, state};

async fn looks(bed: &Bed, token: &str) -> Value {
    bed.get("/v1/second-looks", token).await.ok()
}

fn whys(waiting: &Value) -> Vec<&str> {
    waiting.as_array().unwrap().iter().map(|row| row["why"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn two_who_looked_confirm_an_own_find_before_it_acts_or_is_shared_and_one_denial_stops_it() {
    let bed = Bed::new().await;
    let media = jpeg(&picture(1, 320, 240), 90);
    let digest = fingerprint::Digests::of(&media).sha256_hex();
    let own = bed.bank("own_unconfirmed", &[("sha256", digest.clone())]).await;
    bed.bank("csam", &[("pdq", bed.pdq(&media).await)]).await;
    let (case, item) = matched(&bed, &media, "one").await;
    let (one, two) = (bed.person(Role::Reviewer).await, bed.person(Role::Lead).await);
    let path = format!("/v1/cases/{case}/items/{item}/opinions");
    let yes = json!({"fits": true, "reason": "It is what our list says."});
    assert_eq!(bed.post(&path, &one, &yes).await.slug(), "not-viewed", "whoever says so has looked");
    lease(&bed, &one, &case).await;
    look(&bed, &one, &case, &item, true).await;
    assert_eq!(bed.post(&path, &one, &yes).await.slug(), "not-viewed", "the veil shows nothing to confirm");
    look(&bed, &one, &case, &item, false).await;
    assert_eq!(bed.post(&path, &one, &json!({"fits": true, "reason": "yes"})).await.slug(), "no-reason");
    let said = bed.post(&path, &one, &yes).await.ok();
    assert_eq!((said["said"].as_array().unwrap().len(), &said["confirmed"]), (1, &json!(false)));
    bed.post(&path, &one, &yes).await.ok();
    assert!(
        bed.get(&path, &two).await.ok()["said"].as_array().unwrap().is_empty(),
        "the second knows nothing of the first's word"
    );
    let acts = "SELECT COUNT(*) AS n FROM entries JOIN banks ON banks.id = entries.bank
                WHERE banks.kind = 'csam' AND entries.signal = 'sha256' AND entries.enabled";
    assert_eq!(bed.count(acts).await, 0, "one person twice is one person");
    let admin = bed.person(Role::Admin).await;
    let exported = async || {
        let said = bed.get(&format!("/v1/banks/{own}/export?to=a-partner"), &admin).await;
        String::from_utf8(said.bytes).unwrap().contains(&digest)
    };
    assert!(!exported().await, "what is not confirmed stays here");

    bed.post(&format!("/v1/cases/{case}/release"), &one, &json!({})).await;
    bed.clock.advance(std::time::Duration::from_mins(16));
    lease(&bed, &two, &case).await;
    look(&bed, &two, &case, &item, false).await;
    let form = [("fits", "yes"), ("reason", "I see the same as the list.")];
    assert_eq!(bed.console(&format!("/console/cases/{case}/items/{item}/opinions"), &two, &form).await.0, 303);
    assert_eq!(bed.count(acts).await, 1);
    assert!(exported().await);
    let page = bed.console(&format!("/console/cases/{case}"), &two, &[]).await.1;
    assert!(page.contains("Confirmed: 2. Denied: 0."), "{page}");

    let no = json!({"fits": false, "reason": "Looking again, it is something else."});
    assert_eq!(bed.post(&path, &one, &no).await.ok()["confirmed"], false);
    assert_eq!(bed.count(acts).await, 0);
    assert!(!exported().await);
    assert_eq!(bed.post(&path, &one, &yes).await.ok()["confirmed"], true, "whoever denied may look again");
    assert_eq!(bed.count(acts).await, 1);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn only_what_earns_it_is_looked_at_a_second_time_and_from_what_the_first_stated() {
    let bed = Bed::with(|settings, _| settings.review.second_approval = tanod::review::SecondApproval::Off).await;
    let (one, two) = (bed.person(Role::Reviewer).await, bed.person(Role::Lead).await);
    let media = known(&bed, 1).await;
    let decided = async |account: &str, media: &[u8], new: &Value| {
        let (case, _) = matched(&bed, media, account).await;
        lease(&bed, &one, &case).await;
        decide(&bed, &one, &case, new).await.ok();
        case
    };
    // Known exactly: one a list and month is drawn, the others are left alone.
    let first = decided("a", &media, &report(&[])).await;
    decided("b", &media, &report(&[])).await;
    assert_eq!(whys(&looks(&bed, &two).await["waiting"]), ["drawn"]);
    assert!(looks(&bed, &one).await["waiting"].as_array().unwrap().is_empty(), "nobody answers for their own");
    // Near, and the age is unclear.
    let near = jpeg(&picture(1, 320, 240), 55);
    decided("c", &near, &report(&[])).await;
    let mut unclear = report(&[]);
    unclear["age_unclear"] = json!(true);
    decided("d", &media, &unclear).await;
    // A copy is decided otherwise.
    let disputed =
        decided("e", &media, &json!({"outcome": "no_violation", "reason": "It is a drawing of a house."})).await;
    let mut all = looks(&bed, &two).await;
    let mut why = whys(&all["waiting"]);
    why.sort_unstable();
    assert_eq!(why, ["age_unclear", "disputed", "drawn", "near"]);

    // The page begins with what was stated; no picture is on it.
    let page = bed.console("/console/second-looks", &two, &[]).await.1;
    assert!(page.contains("the age is unclear") && page.contains("It is what the list says"), "{page}");
    assert!(!page.contains("<img") && !page.contains("/exhibits/"), "{page}");
    let id = |all: &Value, why: &str| {
        let rows = all["waiting"].as_array().unwrap();
        rows.iter().find(|row| row["why"] == why).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let say = |id: &str| format!("/v1/second-looks/{id}/answer");
    let (drawn, other) = (id(&all, "drawn"), id(&all, "disputed"));
    let yes = json!({"agrees": true, "words": "I would have decided the same."});
    assert_eq!(bed.post(&say(&drawn), &one, &yes).await.slug(), "same-person");
    assert_eq!(bed.post(&say(&drawn), &two, &json!({"agrees": true, "words": "ok"})).await.slug(), "no-reason");
    bed.post(&say(&drawn), &two, &yes).await.ok();
    assert_eq!(bed.post(&say(&drawn), &two, &yes).await.slug(), "second-look-said");
    let nobody = "secondlook_00000000-0000-7000-8000-000000000000";
    assert_eq!(bed.post(&say(nobody), &two, &yes).await.slug(), "unknown-second-look");
    let no = [("agrees", "no"), ("looked", "yes"), ("words", "The list knows this very file.")];
    assert_eq!(bed.console(&format!("/console/second-looks/{other}/answer"), &two, &no).await.0, 303);

    // The disagreement is a lead's to settle; the note is for the two alone.
    all = looks(&bed, &two).await;
    assert_eq!(
        (&all["disagreements"][0]["id"], &all["agreement"][0]["all"], &all["agreement"][0]["agreed"]),
        (&json!(other), &json!(2), &json!(1))
    );
    assert!(looks(&bed, &one).await["disagreements"].as_array().unwrap().is_empty());
    let words = json!({"words": "Compare with the list before you close."});
    assert_eq!(bed.post(&format!("/v1/second-looks/{other}/coaching"), &one, &words).await.slug(), "not-allowed");
    bed.post(&format!("/v1/second-looks/{other}/coaching"), &two, &words).await.ok();
    let third = bed.person(Role::Lead).await;
    for (token, sees) in [(&one, true), (&two, true), (&third, false)] {
        let page = bed.console("/console/second-looks", token, &[]).await.1;
        assert_eq!(page.contains("Compare with the list before you close."), sees);
    }
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM audit WHERE detail LIKE '%Compare with the list%'").await, 0);
    let case = bed.get(&format!("/v1/cases/{disputed}"), &two).await.ok();
    let wrong = &case["decisions"][0]["id"];
    let correction = json!({"reason": "The list knows this very file.", "decision": wrong, "exception": false});
    bed.post(&format!("/v1/cases/{disputed}/corrections"), &two, &correction).await.ok();
    let settle = format!("/v1/second-looks/{other}/settle");
    let learnt = json!({"words": "Undone; the list was right."});
    assert_eq!(bed.post(&settle, &two, &learnt).await.slug(), "same-person", "one of the two does not settle it");
    bed.post(&settle, &third, &learnt).await.ok();
    assert_eq!(bed.post(&settle, &third, &learnt).await.slug(), "second-look-said");
    assert!(looks(&bed, &two).await["disagreements"].as_array().unwrap().is_empty());
    // What became of it comes back to whoever decided, and to nobody else.
    assert_eq!(looks(&bed, &one).await["found_wrong"][0]["case"], json!(disputed));
    assert!(looks(&bed, &two).await["found_wrong"].as_array().unwrap().is_empty());
    assert_eq!(state(&bed, &two, &disputed).await, "open");
    assert!(!first.is_empty());
    let key = bed.key(&[Scope::ItemsWrite]).await;
    assert_eq!(bed.get("/v1/second-looks", &key).await.slug(), "not-allowed");
    bed.ledger_verifies().await;
}
