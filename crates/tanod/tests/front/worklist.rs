//! The next case in one press, cases put off and handed on, and any case found by what is known of it.

use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};

use super::bed::*;
use super::cases::*;

async fn next(bed: &Bed, token: &str) -> Said {
    bed.post("/v1/cases/next", token, &json!({})).await
}

async fn found(bed: &Bed, token: &str, sought: &str) -> Vec<i64> {
    let q = form_urlencoded::Serializer::new(String::new()).append_pair("q", sought).finish();
    let rows = bed.get(&format!("/v1/cases/search?{q}"), token).await.ok();
    rows.as_array().unwrap().iter().map(|case| case["number"].as_i64().unwrap()).collect()
}

/// A picture that a list knows as this category.
async fn classified(bed: &Bed, seed: u32, class: &str) -> Vec<u8> {
    let media = png(&picture(seed, 320, 240));
    let bank = bed.bank("csam", &[]).await;
    let token = bed.key(&[Scope::BanksWrite]).await;
    let csv = format!("signal,value,classification\nsha256,{},{class}\n", sha256(&media));
    let request = Bed::request("POST", &format!("/v1/banks/{bank}/import"), &token);
    bed.send(request.header(header::CONTENT_TYPE, "text/csv").body(Body::from(csv)).unwrap()).await.ok();
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    media
}

fn sha256(media: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(media))
}

#[tokio::test]
async fn one_press_takes_the_most_urgent_case_and_two_people_get_two() {
    let bed = Bed::new().await;
    let (one, two) = (bed.person(Role::Reviewer).await, bed.person(Role::Lead).await);
    assert_eq!(next(&bed, &one).await.slug(), "nothing-next");
    for n in 1..=3 {
        let media = known(&bed, n).await;
        matched(&bed, &media, &format!("a{n}")).await;
        bed.clock.advance(Duration::from_secs(1));
    }
    let third = bed.get("/v1/cases/search?q=3", &one).await.ok()[0]["id"].as_str().unwrap().to_owned();
    let raise = json!({"priority": "P1", "reason": "an adult with access to a child, says the notice"});
    bed.post(&format!("/v1/cases/{third}/priority"), &two, &raise).await.ok();
    assert_eq!(next(&bed, &one).await.ok()["number"], 3);
    let (status, _) = bed.console("/console/queue/next", &two, &[("by", "")]).await;
    assert_eq!(status, 303);
    assert_eq!(next(&bed, &one).await.ok()["number"], 2, "number 1 is with the other");
    assert_eq!(next(&bed, &two).await.slug(), "nothing-next");
    // A lease that ran out gives the case back.
    bed.clock.advance(Duration::from_mins(16));
    assert_eq!(next(&bed, &two).await.ok()["number"], 3);
}

#[tokio::test]
async fn the_queue_is_filtered_and_what_is_taken_is_what_the_filter_shows() {
    let bed = Bed::new().await;
    let (one, two) = (bed.person(Role::Reviewer).await, bed.person(Role::Lead).await);
    for n in 1..=3 {
        matched(&bed, &known(&bed, n).await, &format!("a{n}")).await;
    }
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let mut item = facts("c4", "a4");
    item["language"] = json!("FIL");
    bed.upload(&key, &item, &known(&bed, 4).await).await.ok();
    item["language"] = json!("no such tag!");
    assert_eq!(bed.upload(&key, &item, b"x").await.slug(), "bad-item");
    let shown = async |query: &str, token: &str| {
        let rows = bed.get(&format!("/v1/cases?{query}"), token).await.ok();
        let page = bed.console(&format!("/console/queue?{query}"), token, &[]).await.1;
        let numbers = rows["rows"].as_array().unwrap().iter().map(|case| case["number"].as_i64().unwrap());
        let mut numbers: Vec<i64> = numbers.collect();
        numbers.sort_unstable();
        for n in 1..=5 {
            assert_eq!(page.contains(&format!("\">Case {n}</a>")), numbers.contains(&n), "{query}: {n}");
        }
        numbers
    };
    let third = bed.get("/v1/cases/search?q=3", &one).await.ok()[0]["id"].as_str().unwrap().to_owned();
    let raise = json!({"priority": "P1", "reason": "an adult with access to a child, says the notice"});
    bed.post(&format!("/v1/cases/{third}/priority"), &two, &raise).await.ok();
    assert_eq!(shown("state=open&priority=P1", &one).await, [3]);
    assert_eq!(shown("state=open&ground=set_by_person", &one).await, [3]);
    assert_eq!(shown("state=open&by=hash_match", &one).await, [1, 2, 3, 4]);
    assert_eq!(bed.get("/v1/cases?by=hash_match", &one).await.ok()["rows"][0]["number"], 3, "the most urgent first");
    assert!(shown("state=open&by=police", &one).await.is_empty());
    assert_eq!(shown("state=open&language=fil", &one).await, [4]);
    assert_eq!(shown("state=all&language=Fil&priority=P2", &one).await, [4]);
    assert_eq!(bed.get("/v1/cases?by=rumour", &one).await.slug(), "bad-query");
    assert_eq!(bed.console("/console/queue?due=soon", &one, &[]).await.0, 400);

    // What is taken is what the filter shows; the filter of a form comes back with it when there is nothing.
    assert_eq!(bed.post("/v1/cases/next", &one, &json!({"language": "fil"})).await.ok()["number"], 4);
    assert_eq!(bed.post("/v1/cases/next", &two, &json!({"language": "fil"})).await.slug(), "nothing-next");
    assert_eq!(bed.post("/v1/cases/next", &two, &json!({"speed": 1})).await.slug(), "bad-body");
    assert_eq!(bed.console("/console/queue/next", &two, &[("by", "hash_match")]).await.0, 303);
    assert_eq!((shown("with=me", &one).await, shown("with=me", &two).await), (vec![4], vec![3]));
    assert_eq!((shown("with=nobody", &one).await, shown("with=somebody", &two).await), (vec![1, 2], vec![3, 4]));

    // Deadlines count down on every row, and are filtered by when they end.
    let page = bed.console("/console/queue", &one, &[]).await.1;
    assert!(page.contains(">in 24 h 0 min</time>"), "{page}");
    assert!(shown("due=over", &one).await.is_empty() && shown("due=today", &one).await.is_empty());
    bed.clock.advance(Duration::from_mins(13 * 60 + 5));
    assert_eq!(shown("due=today", &one).await.len(), 4);
    bed.clock.advance(Duration::from_hours(13));
    tanod::clocks::jobs::watch(&bed.app).await.unwrap();
    assert_eq!(shown("due=over", &one).await.len(), 4);
    let page = bed.console("/console/queue", &one, &[]).await.1;
    assert!(page.contains(">2 h 5 min over</time>"), "{page}");

    // A day, an hour or a minute finds what became known in it.
    assert_eq!(found(&bed, &one, "2026-11-24").await.len(), 4);
    assert_eq!(found(&bed, &one, "2026-11-24 12:00").await.len(), 4);
    assert!(found(&bed, &one, "2026-11-24T13").await.is_empty());
}

#[tokio::test]
async fn a_long_queue_turns_pages_and_loses_nothing() {
    let bed = Bed::new().await;
    let reviewer = bed.person(Role::Reviewer).await;
    for n in 0..53 {
        matched(&bed, &known(&bed, n).await, &format!("a{n}")).await;
    }
    let mut seen = Vec::new();
    let mut here = "/console/queue?state=open&by=hash_match".to_owned();
    for rows in [50, 3] {
        let page = bed.console(&here, &reviewer, &[]).await.1;
        let cases: Vec<String> =
            page.split("<a class=\"row\" href=\"").skip(1).map(|rest| rest.chars().take(60).collect()).collect();
        assert_eq!(cases.len(), rows);
        seen.extend(cases);
        let next = page.split("<p><a href=\"").nth(1).map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"));
        here = next.unwrap_or_default();
    }
    assert!(here.is_empty(), "there is no third page: {here}");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 53);
}

#[tokio::test]
async fn claims_never_collide() {
    let bed = Bed::new().await;
    let reviewers = [bed.person(Role::Reviewer).await, bed.person(Role::Reviewer).await, bed.person(Role::Lead).await];
    for n in 1..=9 {
        let media = known(&bed, n).await;
        matched(&bed, &media, &format!("a{n}")).await;
    }
    let presses = (0..9).map(|n| next(&bed, &reviewers[n % 3]));
    let taken: Vec<Said> = futures_util::future::join_all(presses).await;
    let mut numbers: Vec<i64> = taken.iter().map(|said| said.ok()["number"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=9).collect::<Vec<_>>());
}

#[tokio::test]
async fn choices_and_severe_cases_in_a_row_shape_what_comes_next() {
    let bed = Bed::with(|settings, _| settings.care.rotate_after = 2).await;
    let reviewer = bed.person(Role::Reviewer).await;
    for (n, class) in [(1, "A1"), (2, "A1"), (3, "A1"), (4, "B2")] {
        let media = classified(&bed, n, class).await;
        matched(&bed, &media, &format!("a{n}")).await;
        bed.clock.advance(Duration::from_secs(1));
    }
    for expected in [1, 2] {
        let case = next(&bed, &reviewer).await.ok();
        assert_eq!(case["number"], expected);
        let id = case["id"].as_str().unwrap();
        let page = bed.get(&format!("/v1/cases/{id}"), &reviewer).await.ok();
        let item = page["signals"][0]["item"].as_str().unwrap();
        assert_eq!(look(&bed, &reviewer, id, item, false).await.status, 200);
    }
    let milder = next(&bed, &reviewer).await.ok();
    assert_eq!(milder["number"], 4, "after two severe ones a milder one");
    assert_eq!(next(&bed, &reviewer).await.ok()["number"], 3, "and a severe one where there is nothing else");
    // Said before anybody opens it.
    let (_, page) = bed.console("/console/queue?state=all", &reviewer, &[]).await;
    assert!(page.contains("<td>A1</td>") && page.contains("<td>B2</td>"), "{page}");

    let other = bed.person(Role::Reviewer).await;
    bed.post("/v1/care", &other, &json!({"opted_out": ["A1"]})).await.ok();
    bed.clock.advance(Duration::from_mins(16));
    assert_eq!(next(&bed, &other).await.ok()["number"], 4);
    assert_eq!(next(&bed, &other).await.slug(), "nothing-next");
}

#[tokio::test]
async fn a_case_is_put_off_or_handed_on_with_a_reason() {
    let bed = Bed::new().await;
    let (one, two) = (bed.person(Role::Reviewer).await, bed.person(Role::Reviewer).await);
    let media = known(&bed, 1).await;
    let (case, _) = matched(&bed, &media, "a1").await;
    let put_off = |until: &str, because: &str| json!({"until": until, "because": because});
    let path = format!("/v1/cases/{case}/put-off");
    let fine = put_off("2026-11-24T16:00:00Z", "the context comes this afternoon");
    assert_eq!(bed.post(&path, &one, &fine).await.slug(), "not-leased");
    lease(&bed, &one, &case).await;
    assert_eq!(bed.post(&path, &one, &put_off("2026-11-24T16:00:00Z", "later")).await.slug(), "no-reason");
    for wrong in ["2026-11-24T11:00:00Z", "2026-11-28T12:00:00Z"] {
        let wrong = put_off(wrong, "the context comes this afternoon");
        assert_eq!(bed.post(&path, &one, &wrong).await.slug(), "not-put-off");
    }
    let keyed = async |path: &str, token: &str, key: &str, body: &Value| {
        let request = Bed::request("POST", path, token).header("idempotency-key", key);
        bed.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    // Asked twice with one key it is done once, and the second answer is the first.
    for _ in 0..2 {
        let said = keyed(&path, &one, "k", &fine).await;
        assert_eq!((said.status.as_u16(), said.bytes.len()), (204, 0));
    }
    let later = put_off("2026-11-24T17:00:00Z", "the context comes this afternoon");
    assert_eq!(keyed(&path, &one, "k", &later).await.slug(), "idempotency-key-reused");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM audit WHERE kind = 'case.put_off'").await, 1);
    assert_eq!(next(&bed, &two).await.slug(), "nothing-next");
    let (_, page) = bed.console("/console/queue", &two, &[]).await;
    assert!(page.contains("put off until 2026-11-24 16:00: the context comes this afternoon"), "{page}");
    bed.clock.advance(Duration::from_hours(4));
    assert_eq!(next(&bed, &two).await.ok()["number"], 1);

    let admin = bed.person(Role::Admin).await;
    let people = bed.get("/v1/people", &admin).await.ok();
    let id = |staff: usize| people[staff - 1]["person"].clone();
    let path = format!("/v1/cases/{case}/hand-over");
    let hand = |to: Value| json!({"to": to, "because": "they know this account"});
    assert_eq!(bed.post(&path, &one, &hand(id(2))).await.slug(), "not-leased");
    assert_eq!(bed.post(&path, &two, &hand(id(2))).await.slug(), "nobody-next", "to oneself");
    assert_eq!(bed.post(&path, &two, &hand(id(3))).await.slug(), "nobody-next", "an administrator decides nothing");
    for _ in 0..2 {
        assert_eq!(keyed(&path, &two, "k", &hand(id(1))).await.status, 204);
    }
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM audit WHERE kind = 'case.handed_over'").await, 1);
    assert_eq!(next(&bed, &two).await.slug(), "nothing-next", "it is named for another");
    assert_eq!(next(&bed, &one).await.ok()["number"], 1);

    // A child in danger now waits for nobody.
    bed.post(&format!("/v1/cases/{case}/danger"), &one, &json!({"reason": "it happens now, says a viewer"})).await.ok();
    let said =
        bed.post(&format!("/v1/cases/{case}/put-off"), &one, &put_off("2026-11-24T17:00:00Z", "a long lunch")).await;
    assert_eq!(said.slug(), "not-put-off");
}

#[tokio::test]
async fn a_case_is_found_by_whatever_is_known_of_it_and_forgotten_with_its_evidence() {
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    let media = known(&bed, 1).await;
    let (case, item) = matched(&bed, &media, "account-one").await;
    let other = known(&bed, 2).await;
    matched(&bed, &other, "account-two").await;
    let platform = bed.key(&[Scope::ContextWrite]).await;
    let context = json!({
        "account": {"id": "account-one", "screen_names": ["shown-name"], "emails": [{"address": "One@Platform.example"}],
                    "phones": [{"number": "+63 2 8555 0100"}]},
        "events": [{"address": "198.51.100.7", "kind": "login", "at": "2026-11-24T10:00:00Z"}],
    });
    bed.call("PUT", &format!("/v1/cases/{case}/context"), &platform, &context).await.ok();
    lease(&bed, &lead, &case).await;
    look(&bed, &lead, &case, &item, false).await;
    decide(&bed, &lead, &case, &report(&[&item])).await.ok();
    bed.work(0).await;
    let reports = bed.get("/v1/reports", &lead).await.ok();
    let tip = reports["rows"][0]["number"].to_string();
    let sha256 = sha256(&media);
    let words = [
        "1",
        "#1",
        &case,
        "account-one",
        &tip,
        &sha256,
        "one@platform.example",
        "+63 (2) 8555-0100",
        "198.51.100.7",
        " shown-name ",
    ];
    for word in words {
        assert_eq!(found(&bed, &lead, word).await, [1], "{word}");
    }
    assert!(found(&bed, &lead, "account").await.is_empty(), "in part is not found");
    assert!(found(&bed, &lead, "%").await.is_empty());
    assert_eq!(bed.get("/v1/cases/search?q=%20", &lead).await.slug(), "nothing-sought");
    let (_, page) = bed.console("/console/queue?q=one%40platform.example", &lead, &[]).await;
    assert!(page.contains("Case 1") && !page.contains("Case 2"), "{page}");
    assert_eq!(bed.get("/v1/cases/search?q=1", &bed.person(Role::Admin).await).await.slug(), "not-allowed");

    // The words go with the evidence: the hold of a year ends, and the case is found by its number alone.
    bed.clock.advance(Duration::from_hours(24 * 366));
    tanod::evidence::jobs::watch(&bed.app).await.unwrap();
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM case_words WHERE word = 'one@platform.example'").await, 0);
}
