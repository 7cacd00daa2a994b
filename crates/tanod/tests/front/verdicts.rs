//! What an upload is answered, and what it is never answered.

use axum::body::Body;
use axum::http::header;
use serde_json::json;
use tanod::accounts::Scope;

use super::bed::*;

const CLIENT: &[Scope] = &[Scope::ItemsWrite, Scope::MatchesDetail];

#[tokio::test]
async fn without_a_list_nothing_is_clean() {
    let bed = Bed::new().await;
    let key = bed.key(CLIENT).await;
    let media = png(&picture(1, 200, 200));
    let said = bed.upload(&key, &facts("a", "u"), &media).await.ok();
    assert_eq!((&said["verdict"], &said["reason"]), (&json!("unscanned"), &json!("no_list")));
    // A list of something else is no list of abuse material.
    bed.bank("test", &[("md5", "00".repeat(16))]).await;
    assert_eq!(bed.upload(&key, &facts("b", "u"), &media).await.ok()["reason"], "no_list");
    let asked = bed.key(&[Scope::MatchesWrite]).await;
    let question = json!({"hashes": [{"signal": "md5", "value": "11".repeat(16)}]});
    assert_eq!(bed.post("/v1/matches", &asked, &question).await.ok()["answers"][0]["reason"], "no_list");
    // Nor is one without entries: not yet filled, or all of them disabled.
    let empty = bed.bank("csam", &[]).await;
    assert_eq!(bed.upload(&key, &facts("b", "u"), &media).await.ok()["reason"], "no_list");
    bed.import(&empty, &[("md5", "33".repeat(16))]).await.ok();
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    assert_eq!(bed.upload(&key, &facts("b", "u"), &media).await.ok()["verdict"], "no_match");
    let curator = bed.key(&[Scope::BanksWrite, Scope::MatchesDetail]).await;
    let entries = bed.get(&format!("/v1/banks/{empty}/entries"), &curator).await.ok();
    let entry = format!("/v1/banks/{empty}/entries/{}", entries["rows"][0]["id"].as_str().unwrap());
    assert_eq!(bed.call("PATCH", &entry, &curator, &json!({"enabled": false})).await.status, 204);
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    assert_eq!(bed.upload(&key, &facts("b", "u"), &media).await.ok()["reason"], "no_list");
    bed.bank("csam", &[("md5", "22".repeat(16))]).await;
    assert_eq!(bed.upload(&key, &facts("c", "u"), &media).await.ok()["verdict"], "no_match");
    assert_eq!(bed.post("/v1/matches", &asked, &question).await.ok()["answers"][0]["verdict"], "no_match");
}

#[tokio::test]
async fn a_copy_is_exact_a_resized_one_near_and_another_nothing() {
    let bed = Bed::new().await;
    let (key, media) = (bed.key(CLIENT).await, known(&bed, 1).await);
    let said = bed.upload(&key, &facts("a", "u1"), &media).await.ok();
    assert_eq!(
        (&said["verdict"], &said["strength"], &said["coverage"]),
        (&json!("match"), &json!("exact"), &json!("whole"))
    );
    assert_eq!(said["matches"].as_array().unwrap().len(), 2);
    assert_eq!(said["matches"][0]["classification"], "A1");
    assert!(said["case"].as_str().unwrap().starts_with("case_"));
    let smaller = png(&resized(&picture(1, 320, 240), 240, 180));
    let said = bed.upload(&key, &facts("b", "u2"), &smaller).await.ok();
    assert_eq!((&said["verdict"], &said["strength"]), (&json!("match"), &json!("near")));
    assert!(said["matches"][0]["distance"].as_u64().unwrap() <= 31 && said["matches"][0]["threshold"] == 31);
    let said = bed.upload(&key, &facts("c", "u3"), &png(&picture(9, 320, 240))).await.ok();
    assert_eq!((&said["verdict"], &said["case"]), (&json!("no_match"), &json!(null)));
    assert!(said["lists_as_of"].as_str().unwrap().starts_with("2026-11-24T12:00:00"));
    assert_eq!(said["lists_stale"], false);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_unscanned_unless_its_digest_is_known() {
    let bed = Bed::new().await;
    let (key, media) = (bed.key(CLIENT).await, known(&bed, 1).await);
    let torn = &media[..media.len() / 2];
    let said = bed.upload(&key, &facts("a", "u"), torn).await.ok();
    assert_eq!(
        (&said["verdict"], &said["reason"], &said["coverage"]),
        (&json!("unscanned"), &json!("damaged"), &json!("digest_only"))
    );
    let said = bed.upload(&key, &facts("b", "u"), b"words").await.ok();
    assert_eq!(said["reason"], "unsupported_format");
    bed.bank("csam", &[("sha1", fingerprint::Digests::of(torn).sha1_hex())]).await;
    let said = bed.upload(&key, &facts("c", "u"), torn).await.ok();
    assert_eq!(
        (&said["verdict"], &said["strength"], &said["coverage"]),
        (&json!("match"), &json!("exact"), &json!("digest_only"))
    );
    // A picture without structure was compared by its digest only, and the answer says so.
    let plain = png(&sim::pictures::Picture::new_rgb8(64, 64));
    let said = bed.upload(&key, &facts("d", "u"), &plain).await.ok();
    assert_eq!((&said["verdict"], &said["coverage"]), (&json!("no_match"), &json!("digest_only")));
}

#[tokio::test]
async fn the_decoder_down_is_unscanned_and_not_ready() {
    let bed = Bed::new().await;
    known(&bed, 1).await;
    let key = bed.key(CLIENT).await;
    assert_eq!(bed.get("/readyz", "").await.status, 200);
    let mut broken = bed;
    broken.app.pool = decode::Pool::new("/nonexistent".into(), Vec::new(), 1, decode::Limits::default());
    broken.router = tanod::web::router::router(&broken.app, true, true);
    let said = broken.upload(&key, &facts("a", "u"), &png(&picture(3, 100, 100))).await.ok();
    assert_eq!((&said["verdict"], &said["reason"]), (&json!("unscanned"), &json!("decoder_down")));
    assert_eq!(broken.get("/readyz", "").await.status, 503);
    assert_eq!(broken.get("/healthz", "").await.status, 200);
}

#[tokio::test]
async fn a_process_that_lost_the_feed_does_not_judge() {
    let bed = Bed::new().await;
    let (key, media) = (bed.key(CLIENT).await, known(&bed, 1).await);
    bed.clock.advance(std::time::Duration::from_mins(1));
    let said = bed.upload(&key, &facts("a", "u"), &media).await;
    assert_eq!((said.slug().as_str(), said.headers.contains_key(header::RETRY_AFTER)), ("not-ready", true));
    assert_eq!(bed.get("/readyz", "").await.status, 503);
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    assert_eq!(bed.get("/readyz", "").await.status, 200);
    // Three days later the list is old: it still matches, and the answer says so.
    bed.clock.advance(std::time::Duration::from_hours(96));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    let said = bed.upload(&key, &facts("b", "u"), &media).await.ok();
    assert_eq!((&said["verdict"], &said["lists_stale"]), (&json!("match"), &json!(true)));
}

#[tokio::test]
async fn a_plain_key_does_not_see_entries() {
    let bed = Bed::new().await;
    let (plain, media) = (bed.key(&[Scope::ItemsWrite]).await, known(&bed, 1).await);
    let said = bed.upload(&plain, &facts("a", "u"), &media).await;
    let text = String::from_utf8(said.bytes.clone()).unwrap();
    assert!(said.ok()["matches"].is_null() && !text.contains("entry_") && !text.contains("bank_"), "{text}");
    let item = said.json()["item"].as_str().unwrap().to_owned();
    let again = bed.get(&format!("/v1/items/{item}"), &plain).await.ok();
    assert!(again["matches"].is_null() && again["verdict"] == "match");
    let full = bed.key(CLIENT).await;
    assert_eq!(bed.get(&format!("/v1/items/{item}"), &full).await.ok()["matches"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn exceptions_shadows_thresholds_and_kinds() {
    let bed = Bed::new().await;
    let key = bed.key(CLIENT).await;
    let (first, second) = (picture(1, 320, 240), jpeg(&resized(&picture(1, 320, 240), 240, 180), 80));
    let bank = bed.bank("csam", &[("pdq", bed.pdq(&png(&first)).await)]).await;
    assert_eq!(bed.upload(&key, &facts("a", "u"), &second).await.ok()["strength"], "near");
    // A known false alarm silences what looks alike.
    let exception = bed.bank("exception", &[("sha256", fingerprint::Digests::of(&second).sha256_hex())]).await;
    assert_eq!(bed.upload(&key, &facts("b", "u"), &second).await.ok()["verdict"], "no_match");
    let admin = bed.key(&[Scope::BanksWrite]).await;
    assert_eq!(bed.call("DELETE", &format!("/v1/banks/{exception}"), &admin, &json!({})).await.status, 204);
    let change = async |body: serde_json::Value| {
        bed.call("PATCH", &format!("/v1/banks/{bank}"), &admin, &body).await.ok();
        bed.app.lists.catch_up(&bed.app.db).await.unwrap();
        bed.upload(&key, &facts("c", "u"), &second).await.ok()["verdict"].clone()
    };
    assert_eq!(change(json!({"threshold": 31})).await, "match");
    assert_eq!(change(json!({"enabled": false})).await, "unscanned");
    assert_eq!(change(json!({"enabled": true, "shadow": true})).await, "unscanned");
    let shadowed = bed.count("SELECT COUNT(*) AS n FROM item_matches WHERE shadow").await;
    assert_eq!(shadowed, 1);
    assert_eq!(change(json!({"shadow": false})).await, "match");
    let twin = bed.bank("test", &[("sha256", fingerprint::Digests::of(b"x").sha256_hex())]).await;
    assert!(!twin.is_empty());
    let said = bed.upload(&key, &facts("d", "v"), b"x").await.ok();
    assert_eq!((&said["verdict"], &said["case"]), (&json!("match"), &json!(null)));
}

#[tokio::test]
async fn the_same_key_answers_the_same_and_does_it_once() {
    let bed = Bed::new().await;
    let (key, media) = (bed.key(CLIENT).await, known(&bed, 1).await);
    let first = bed.upload_once(&key, &facts("a", "u"), &media, Some("once")).await.ok();
    let again = bed.upload_once(&key, &facts("a", "u"), &media, Some("once")).await.ok();
    assert_eq!(first, again);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM items").await, 1);
    let other = bed.upload_once(&key, &facts("b", "u"), &media, Some("once")).await;
    assert_eq!((other.status.as_u16(), other.slug().as_str()), (409, "idempotency-key-reused"));
    // Another caller's key of the same name is another key.
    let stranger = bed.key(CLIENT).await;
    assert_ne!(bed.upload_once(&stranger, &facts("a", "u"), &media, Some("once")).await.ok()["item"], first["item"]);
    bed.clock.advance(std::time::Duration::from_hours(25));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    assert_ne!(bed.upload_once(&key, &facts("a", "u"), &media, Some("once")).await.ok()["item"], first["item"]);
    // A secret is shown once, also under a repeated key.
    let admin = bed.person(tanod::accounts::Role::Admin).await;
    let ask = || {
        let body = json!({"name": "again", "scopes": ["items:write"]}).to_string();
        Bed::request("POST", "/v1/keys", &admin).header("idempotency-key", "k").body(Body::from(body)).unwrap()
    };
    let (first, again) = (bed.send(ask()).await.ok(), bed.send(ask()).await.ok());
    assert!(first["key"].as_str().unwrap().starts_with("tanod_key_") && again["id"] == first["id"]);
    assert!(!again["key"].as_str().unwrap().starts_with("tanod_key_"));
}

/// Two processes get the same request at the same moment: one does it, the other gives its answer or says to ask again.
#[tokio::test]
async fn the_same_key_at_two_processes_does_it_once() {
    let bed = Bed::new().await;
    let (key, media) = (bed.key(CLIENT).await, known(&bed, 1).await);
    let other = bed.neighbour().await;
    other.lists.catch_up(&other.db).await.unwrap();
    let other = tanod::web::router::router(&other, true, true);
    for round in 0..8 {
        let ask = |router: axum::Router| {
            let (kind, body) = form(&[("item", facts("a", "u").to_string().as_bytes()), ("media", &media)]);
            let request = Bed::request("POST", "/v1/items", &key).header(header::CONTENT_TYPE, kind);
            let request = request.header("idempotency-key", format!("key-{round}")).body(Body::from(body)).unwrap();
            Bed::answer(router, request)
        };
        let (one, two) = tokio::join!(ask(bed.router.clone()), ask(other.clone()));
        let fine: Vec<_> = [&one, &two].into_iter().filter(|said| said.status == 200).map(Said::json).collect();
        assert!(!fine.is_empty() && fine.iter().all(|said| said["item"] == fine[0]["item"]), "{one:?} {two:?}");
        for said in [&one, &two].into_iter().filter(|said| said.status != 200) {
            assert_eq!((said.slug().as_str(), said.headers.contains_key(header::RETRY_AFTER)), ("conflict", true));
        }
        assert_eq!(bed.count("SELECT COUNT(*) AS n FROM items").await, round + 1);
    }
}

#[tokio::test]
async fn a_question_about_hashes_is_answered_once_a_key() {
    let bed = Bed::new().await;
    bed.bank("csam", &[("md5", "22".repeat(16))]).await;
    let key = bed.key(&[Scope::MatchesWrite]).await;
    let ask = async |value: &str| {
        let body = json!({"hashes": [{"signal": "md5", "value": value}]}).to_string();
        let request = Bed::request("POST", "/v1/matches", &key).header("idempotency-key", "k");
        bed.send(request.body(Body::from(body)).unwrap()).await
    };
    let first = ask(&"22".repeat(16)).await.ok();
    assert_eq!(first["answers"][0]["verdict"], "match");
    assert_eq!(ask(&"22".repeat(16)).await.ok(), first);
    assert_eq!(ask(&"33".repeat(16)).await.slug(), "idempotency-key-reused");
    bed.clock.advance(std::time::Duration::from_hours(25));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    assert_eq!(ask(&"33".repeat(16)).await.ok()["answers"][0]["verdict"], "no_match");
}

/// A process that has just started answers that it lives, and judges nothing before its lists are there.
#[tokio::test]
async fn a_process_without_its_lists_is_alive_and_not_ready() {
    let bed = Bed::new().await;
    let (key, media) = (bed.key(&[Scope::ItemsWrite, Scope::MatchesWrite]).await, known(&bed, 1).await);
    let fresh = bed.neighbour().await;
    let mut starting = bed;
    starting.router = tanod::web::router::router(&fresh, true, true);
    assert_eq!(starting.get("/healthz", "").await.status, 200);
    let said = starting.get("/readyz", "").await;
    assert_eq!((said.status.as_u16(), said.headers.contains_key(header::RETRY_AFTER)), (503, true));
    assert!(String::from_utf8(said.bytes).unwrap().contains("not loaded"));
    assert_eq!(starting.upload(&key, &facts("a", "u"), &media).await.slug(), "not-ready");
    assert_eq!(starting.post("/v1/matches", &key, &json!({"hashes": []})).await.slug(), "not-ready");
    assert_eq!(starting.count("SELECT COUNT(*) AS n FROM items").await, 0);
    fresh.lists.catch_up(&fresh.db).await.unwrap();
    assert_eq!(starting.get("/readyz", "").await.status, 200);
    assert_eq!(starting.upload(&key, &facts("a", "u"), &media).await.ok()["verdict"], "match");
}

#[tokio::test]
async fn many_at_once_are_told_to_come_back() {
    let bed = Bed::with(|settings, _| settings.intake.max_at_once = 1).await;
    let (key, media) = (bed.key(CLIENT).await, known(&bed, 1).await);
    let held = bed.app.places.clone().acquire_owned().await.unwrap();
    let said = bed.upload(&key, &facts("a", "u"), &media).await;
    assert_eq!((said.status.as_u16(), said.slug().as_str()), (503, "busy"));
    assert!(said.headers.contains_key(header::RETRY_AFTER));
    drop(held);
    bed.upload(&key, &facts("a", "u"), &media).await.ok();
    let slow = bed.limited_key(CLIENT, Some(2)).await;
    bed.get("/v1/items/item_x", &slow).await;
    bed.get("/v1/items/item_x", &slow).await;
    let said = bed.get("/v1/items/item_x", &slow).await;
    assert_eq!((said.status.as_u16(), said.slug().as_str()), (429, "too-many-requests"));
    assert!(said.headers.contains_key(header::RETRY_AFTER));
}

/// Uploads that come together share a transaction, and each has its own answer: also one that comes twice, and one that
/// is refused in their midst.
#[tokio::test]
async fn many_uploads_at_once_are_each_answered_and_kept_once() {
    let bed = Bed::new().await;
    let (key, media) = (bed.key(CLIENT).await, known(&bed, 1).await);
    let other = png(&picture(9, 160, 120));
    let send = |n: usize, media| {
        let (bed, key) = (&bed, &key);
        let (item, once) = (facts(&format!("c-{n}"), "u"), format!("once-{n}"));
        async move { bed.upload_once(key, &item, media, Some(&once)).await }
    };
    let twice = (0..10)
        .flat_map(|n| [send(n, if n < 5 { &media } else { &other }), send(n, if n < 5 { &media } else { &other })]);
    let clash = [send(10, &media), send(10, &other)];
    let said = futures_util::future::join_all(twice.chain(clash)).await;
    let mut items = std::collections::HashSet::new();
    for (n, pair) in said[..20].chunks(2).enumerate() {
        let (one, two) = (pair[0].ok(), pair[1].ok());
        assert_eq!(one, two);
        assert_eq!(one["verdict"], if n < 5 { "match" } else { "no_match" });
        items.insert(one["item"].as_str().unwrap().to_owned());
    }
    assert_eq!(items.len(), 10);
    let refused: Vec<_> = said[20..].iter().filter(|said| !said.status.is_success()).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].slug(), "idempotency-key-reused");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM items").await, 11);
    bed.ledger_verifies().await;
}
