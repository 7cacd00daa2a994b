//! Words of the operator: rules count the chats that meet them, and nobody can read them again.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};

use super::bed::*;
use super::livestream::{begin, listening, new, only_case, payment, rule, tell};

/// Harmless words that stand nowhere else.
const WORDS: [&str; 3] = ["Zephyrkite", "blue heron lantern", "ñandú"];

fn chat(text: &str) -> Value {
    json!({"kind": "chat", "account": "v1", "text": text})
}

/// Every row of every table, as a backup has it.
async fn everything(bed: &Bed) -> String {
    let mut tx = bed.app.db.read().await.unwrap();
    let mut all = String::new();
    for table in tx.tables().await.unwrap() {
        let line = |row: &Value| {
            all += &row.to_string();
            all.push('\n');
            Ok(())
        };
        tx.each_row(&table, line).await.unwrap();
    }
    all
}

#[tokio::test]
async fn chats_that_meet_a_vocabulary_count_in_rules() {
    let rules = vec![
        rule("ordered and paid", "words.orders >= 2 && payments >= 1", true, false),
        rule("both", "words.orders >= 1 && words.places >= 1 && word_hits < 2", false, false),
        rule("none such", "words.nothing >= 0", true, false),
    ];
    let (bed, _, key) = listening(|settings| settings.live.rules = rules).await;
    let keeper = bed.key(&[Scope::BanksWrite]).await;
    let put = async |name: &str, words: &[&str]| {
        bed.call("PUT", &format!("/v1/vocabularies/{name}"), &keeper, &json!({"words": words})).await.ok()
    };
    assert_eq!(put("orders", &WORDS).await["entries"], 3);
    assert_eq!(
        put("orders", &[&WORDS[..], &["ZEPHYRKITE!"]].concat()).await["entries"],
        3,
        "the same, written otherwise"
    );
    put("places", &["lantern street"]).await;
    let stream = begin(&bed, &key, &new()).await;
    let calm = json!([chat("zephyr kite"), chat("a blue, a heron"), payment(1)]);
    assert_eq!(tell(&bed, &key, &stream, &calm).await.ok()["signals"], 0);
    assert_eq!(
        tell(&bed, &key, &stream, &json!([chat("see: ZEPHYRKITE")])).await.ok()["signals"],
        0,
        "once is not twice"
    );
    // One chat that meets both lists; what was there before counts as well, and "both" asks for one alone.
    let said = tell(&bed, &key, &stream, &json!([chat("the Blue-Heron LANTERN street, nandu")])).await.ok();
    assert_eq!(said["signals"], 1);
    let case = only_case(&bed).await;
    assert_eq!(case["priority"], "P0", "somebody says so now: {case}");
    // A vocabulary that went counts no more.
    bed.clock.advance(Duration::from_mins(20));
    assert_eq!(bed.call("DELETE", "/v1/vocabularies/orders", &keeper, &json!({})).await.status, 204);
    let more = json!([chat("zephyrkite"), chat("zephyrkite"), payment(2)]);
    assert_eq!(tell(&bed, &key, &stream, &more).await.ok()["signals"], 0);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn of_a_vocabulary_nothing_is_kept_that_anybody_can_read() {
    let (bed, _, key) = listening(|_| {}).await;
    let (keeper, auditor) = (bed.key(&[Scope::BanksWrite]).await, bed.person(Role::Auditor).await);
    let path = "/v1/vocabularies/orders";
    bed.call("PUT", path, &keeper, &json!({"words": WORDS})).await.ok();
    let all = everything(&bed).await.to_lowercase();
    assert!(all.contains("\"vocabularies\"") && all.contains("orders"), "the name is kept");
    for word in ["zephyrkite", "heron", "lantern", "ñandú", "nandu"] {
        assert!(!all.contains(word), "{word} is kept");
    }
    // Nor what it would be without the key.
    for word in ["zephyrkite", "zephyrkite "] {
        let plain = fingerprint::Digests::of(word.as_bytes());
        let bytes = hex::decode(plain.sha256_hex()).unwrap();
        assert!(!all.contains(&STANDARD.encode(bytes).to_lowercase()));
    }
    let listed = bed.get("/v1/vocabularies", &auditor).await.ok();
    assert_eq!((&listed["rows"][0]["name"], &listed["rows"][0]["entries"]), (&json!("orders"), &json!(3)));
    // What is refused says which row, and no word of it.
    let long = ["one two three four five six seven"];
    let said = bed.call("PUT", path, &keeper, &json!({"words": [WORDS[0], long[0], "…"]})).await;
    assert_eq!((said.slug().as_str(), said.json()["rows"].as_array().unwrap().len()), ("bad-vocabulary", 2));
    assert!(!String::from_utf8_lossy(&said.bytes).contains("seven"));
    for (name, words) in [("Orders", json!(["a"])), ("9", json!(["a"])), ("orders", json!([]))] {
        let said = bed.call("PUT", &format!("/v1/vocabularies/{name}"), &keeper, &json!({"words": words})).await;
        assert_eq!(said.slug(), "bad-vocabulary", "{name}");
    }
    assert_eq!(bed.call("DELETE", "/v1/vocabularies/other", &keeper, &json!({})).await.slug(), "unknown-vocabulary");
    for stranger in [&key, &auditor] {
        assert_eq!(bed.call("PUT", path, stranger, &json!({"words": ["a"]})).await.slug(), "not-allowed");
        assert_eq!(bed.call("DELETE", path, stranger, &json!({})).await.slug(), "not-allowed");
    }
    // What was refused changed nothing; what happened is on record, without a word.
    assert_eq!(bed.get("/v1/vocabularies", &keeper).await.ok()["rows"][0]["entries"], 3);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM audit WHERE kind = 'vocabulary.imported'").await, 1);
    bed.ledger_verifies().await;
}
