//! What a report says of viewing: true and false both from the record, of this very upload, and nothing where neither is so.

use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};

use super::bed::*;
use super::cases::*;

/// What the destination was told of the first file of this account's report.
fn told(bed: &Bed, account: &str) -> (Option<bool>, String) {
    let mark = format!("<espIdentifier>{account}</espIdentifier>");
    let sent = bed.sim.finished().into_iter().find(|report| report.xml.contains(&mark)).unwrap();
    let details = sent.files[0].details.clone().unwrap();
    let says = |word: &str| details.contains(&format!("<fileViewedByEsp>{word}</fileViewedByEsp>"));
    assert_eq!(details.matches("<fileViewedByEsp>").count(), usize::from(says("true") || says("false")));
    ((says("true") || says("false")).then(|| says("true")), details)
}

fn statement(bed: &Bed) -> Value {
    json!({"viewer": "moderator 17", "tool": "the upload desk", "viewed_at": bed.clock.now(), "entire_contents": true})
}

/// Every combination of what can be on record, against the rule as the law's note has it (US-15).
#[tokio::test]
async fn the_flag_is_what_the_record_says_in_every_combination() {
    let bed = Bed::new().await;
    let (lead, other) = (bed.person(Role::Lead).await, bed.person(Role::Reviewer).await);
    let mut seed = 100;
    for look_at in ["none", "veiled", "whole", "whole and stated"] {
        for stated in ["none", "open", "refused", "countersigned"] {
            for twin in [false, true] {
                seed += 1;
                let account = format!("u{seed}");
                let media = known(&bed, seed).await;
                let (case, item) = matched(&bed, &media, &account).await;
                if twin {
                    let (others, same) = matched(&bed, &media, &format!("twin-{seed}")).await;
                    lease(&bed, &other, &others).await;
                    look(&bed, &other, &others, &same, false).await;
                    bed.call("DELETE", &format!("/v1/cases/{others}/lease"), &other, &json!({})).await;
                }
                lease(&bed, &lead, &case).await;
                if look_at != "none" {
                    look(&bed, &lead, &case, &item, look_at == "veiled").await;
                }
                if stated != "none" {
                    let path = format!("/v1/cases/{case}/items/{item}/viewings");
                    let made = bed.post(&path, &lead, &statement(&bed)).await.ok();
                    if stated != "open" {
                        let sign = format!("/v1/viewings/{}/countersign", made["id"].as_str().unwrap());
                        let agree = json!({"agree": stated == "countersigned"});
                        assert_eq!(bed.post(&sign, &lead, &agree).await.slug(), "same-person");
                        bed.post(&sign, &other, &agree).await.ok();
                        assert_eq!(bed.post(&sign, &other, &agree).await.slug(), "unknown-viewing");
                    }
                }
                let whole: &[&str] = if look_at == "whole and stated" { &[&item] } else { &[] };
                decide(&bed, &lead, &case, &report(whole)).await.ok();
                bed.work(0).await;
                let (flag, details) = told(&bed, &account);
                let expected = if look_at == "whole and stated" || stated == "countersigned" {
                    Some(true)
                } else if look_at == "none" && stated == "none" {
                    Some(false)
                } else {
                    None
                };
                let which = format!("{look_at}, {stated}, twin {twin}: {details}");
                assert_eq!(flag, expected, "{which}");
                assert_eq!(details.contains("An identical file"), twin && expected != Some(true), "{which}");
                assert_eq!(
                    details.contains("upload desk"),
                    expected == Some(true) && look_at != "whole and stated",
                    "{which}"
                );
                assert!(!details.contains("moderator 17"), "{which}");
            }
        }
    }
    bed.ledger_verifies().await;
}

/// Whoever looks between the decision and the sending has looked before the submission.
#[tokio::test]
async fn a_look_after_the_decision_takes_the_no_back() {
    let bed = Bed::with(|settings, _| settings.reporting.send_after_minutes = 5).await;
    let (case, item) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    lease(&bed, &lead, &case).await;
    look(&bed, &lead, &case, &item, true).await;
    bed.work(1).await;
    assert_eq!(told(&bed, "u").0, None);
}

/// A moderator who told of it may have seen it: nobody says that nobody looked.
#[tokio::test]
async fn where_a_moderator_told_of_it_nobody_says_that_nobody_looked() {
    let bed = Bed::new().await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let key = bed.key(&[Scope::NoticesWrite]).await;
    let notice = json!({"kind": "moderator", "reason": "abuse_material", "content_ids": ["of-u"]});
    bed.post("/v1/notices", &key, &notice).await.ok();
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    assert_eq!(told(&bed, "u").0, None);
}

#[tokio::test]
async fn a_statement_says_who_where_when_and_that_it_was_all() {
    let bed = Bed::new().await;
    let (case, item) = matched(&bed, &known(&bed, 1).await, "u").await;
    let (_, elsewhere) = matched(&bed, &known(&bed, 2).await, "v").await;
    let lead = bed.person(Role::Lead).await;
    let path = format!("/v1/cases/{case}/items/{item}/viewings");
    for (field, value) in [
        ("viewer", json!(" ")),
        ("tool", json!("")),
        ("entire_contents", json!(false)),
        ("viewed_at", json!("2030-01-01T00:00:00Z")),
    ] {
        let mut bad = statement(&bed);
        bad[field] = value;
        assert_eq!(bed.post(&path, &lead, &bad).await.slug(), "bad-viewing", "{field}");
    }
    let other = format!("/v1/cases/{case}/items/{elsewhere}/viewings");
    assert_eq!(bed.post(&other, &lead, &statement(&bed)).await.slug(), "not-in-case");
    bed.post(&path, &lead, &statement(&bed)).await.ok();
    let listed = bed.get(&format!("/v1/cases/{case}/viewings"), &lead).await.ok();
    assert_eq!((&listed["rows"][0]["state"], &listed["rows"][0]["viewer"]), (&json!("open"), &json!("moderator 17")));
}

/// What stands faintly on a picture, read letter by letter beside the same picture without it.
fn read_mark(shown: &[u8], plain: &[u8]) -> String {
    let [shown, plain] = [shown, plain].map(|jpeg| sim::pictures::read(jpeg).unwrap().into_luma8());
    assert_eq!(shown.dimensions(), plain.dimensions());
    let (width, height) = shown.dimensions();
    let dot = (width.min(height) / 400).clamp(1, 4);
    let change = |x, y| i64::from(shown.get_pixel(x, y).0[0].abs_diff(plain.get_pixel(x, y).0[0])) - 12;
    let letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:-. /".chars();
    let read = |at: u32| {
        let cell = |(x, y): &(u32, u32)| *x / (6 * dot) == at && *y >= dot && *y < 8 * dot;
        let score = |letter: char| {
            let line = " ".repeat(usize::try_from(at).unwrap()) + &letter.to_string();
            let ink = decode::Mark::new(&line).points(width, height);
            let ink: std::collections::HashSet<_> = ink.into_iter().filter(cell).collect();
            let all = (at * 6 * dot..(at * 6 + 5) * dot).flat_map(|x| (dot..8 * dot).map(move |y| (x, y)));
            all.map(|(x, y)| if ink.contains(&(x, y)) { change(x, y) } else { -change(x, y) }).sum::<i64>()
        };
        letters.clone().max_by_key(|letter| score(*letter)).unwrap()
    };
    (0..48.min(width / (6 * dot))).map(read).collect::<String>().trim_end().to_owned()
}

/// A photograph of the screen leads back to who looked, at which case, and when; under the veil as well.
#[tokio::test]
async fn what_is_shown_says_in_its_pixels_who_looked_where_and_when() {
    let bed = Bed::new().await;
    let media = jpeg(&picture(1, 900, 800), 90);
    let digest = fingerprint::Digests::of(&media).sha256_hex();
    bed.bank("csam", &[("sha256", digest)]).await;
    let (case, item) = matched(&bed, &media, "u").await;
    let end = case.rsplit('-').next().unwrap().to_uppercase();
    for _ in 0..11 {
        bed.person(Role::Lead).await;
    }
    for (staff, token) in [(12, bed.person(Role::Lead).await), (13, bed.person(Role::Reviewer).await)] {
        lease(&bed, &token, &case).await;
        let plain =
            bed.app.pool.picture(media.clone().into(), 1_600, decode::Shows::Whole, decode::Mark::NONE).await.unwrap();
        let shown = look(&bed, &token, &case, &item, false).await.bytes;
        let now = bed.clock.now().strftime("%Y-%m-%d %H:%MZ").to_string();
        assert_eq!(read_mark(&shown, &plain), format!("STAFF {staff} CASE {end} {now}"));
        // What is veiled is small: the mark is there, wrapped.
        let veiled = look(&bed, &token, &case, &item, true).await.bytes;
        let plain = bed
            .app
            .pool
            .picture(media.clone().into(), 1_600, decode::Shows::default(), decode::Mark::NONE)
            .await
            .unwrap();
        assert!(read_mark(&veiled, &plain).starts_with(&format!("STAFF {staff} CASE ")));
        bed.call("DELETE", &format!("/v1/cases/{case}/lease"), &token, &json!({})).await;
        bed.clock.advance(std::time::Duration::from_mins(7));
    }
}
