//! Project Arachnid Shield beside the lists: what it knows is a match that names it, and its silence is never "clean".

use std::time::Duration;

use serde_json::{Value, json};
use sim::arachnid::{Mood, Shield};
use tanod::accounts::Scope;
use tanod::config::Settings;
use tanod::matching::shield::Leaves;
use tanod::store::World;

use super::bed::*;

const CLIENT: &[Scope] = &[Scope::ItemsWrite, Scope::MatchesDetail];

/// An installation that asks a simulated Shield.
async fn asking(change: impl FnOnce(&mut Settings)) -> (Bed, Shield) {
    let shield = Shield::new("esp", "word");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let bed = Bed::with(|settings, _| {
        settings.detectors.arachnid_shield.address = address;
        settings.detectors.arachnid_shield.username = "esp".into();
        settings.detectors.arachnid_shield.password = "word".into();
        settings.detectors.arachnid_shield.seconds = 1;
        change(settings);
    })
    .await;
    let serving = shield.clone();
    bed.app.tasks.spawn(async move { serving.serve(listener, std::future::pending()).await.unwrap() });
    (bed, shield)
}

async fn hash(bed: &Bed, media: &[u8]) -> [u8; 32] {
    hex::decode(bed.pdq(media).await).unwrap().try_into().unwrap()
}

fn verdict(said: &Value) -> (Value, Value) {
    (said["verdict"].clone(), said["reason"].clone())
}

#[tokio::test]
async fn what_shield_knows_is_a_possible_match_that_names_it_and_makes_a_case() {
    let (bed, shield) = asking(|_| {}).await;
    let (key, media) = (bed.key(CLIENT).await, jpeg(&picture(1, 320, 240), 90));
    let mut near = hash(&bed, &media).await;
    near[3] ^= 0b101;
    shield.know_hash(near, "csam");
    // No list is here: Shield alone is enough to look, and says "nothing" as a list does.
    let said = bed.upload(&key, &facts("a", "u"), &media).await.ok();
    assert_eq!((verdict(&said), &said["strength"]), ((json!("match"), json!(null)), &json!("near")));
    let found = &said["matches"][0];
    assert_eq!((&found["bank_name"], &found["kind"]), (&json!("Project Arachnid Shield"), &json!("csam")));
    assert_eq!((&found["classification"], &found["signal"]), (&json!("csam"), &json!("pdq")));
    assert!(said["case"].is_string());
    let again = bed.get(&format!("/v1/items/{}", said["item"].as_str().unwrap()), &key).await.ok();
    assert_eq!(again["matches"], said["matches"], "what is kept reads back");
    let other = bed.upload(&key, &facts("b", "v"), &jpeg(&picture(50, 320, 240), 90)).await.ok();
    assert_eq!((verdict(&other), &other["coverage"]), ((json!("no_match"), json!(null)), &json!("whole")));
    assert!(other["lists_as_of"].is_string());
    // Hashes alone left.
    assert!(shield.calls().iter().all(|path| path == "/v1/pdq/"), "{:?}", shield.calls());
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn each_word_of_shields_has_its_kind_and_an_unknown_one_goes_before_a_person() {
    let (bed, shield) = asking(|_| {}).await;
    let key = bed.key(CLIENT).await;
    for (seed, word, kind, case) in [
        (1, "harmful-abusive-material", "exploitative", true),
        (40, "test", "test", false),
        (80, "a-word-of-tomorrow", "exploitative", true),
    ] {
        let media = jpeg(&picture(seed, 320, 240), 90);
        shield.know_hash(hash(&bed, &media).await, word);
        let said = bed.upload(&key, &facts(word, word), &media).await.ok();
        assert_eq!(said["verdict"], "match", "{word}");
        assert_eq!((&said["matches"][0]["kind"], said["case"].is_string()), (&json!(kind), case), "{word}");
    }
}

#[tokio::test]
async fn its_silence_is_unscanned_and_looked_at_again_and_a_local_match_stands_without_it() {
    let (bed, shield) = asking(|_| {}).await;
    let key = bed.key(CLIENT).await;
    let listed = known(&bed, 7).await;
    let moods = [
        Mood::Down,
        Mood::RateLimited,
        Mood::Garbage,
        Mood::Html500,
        Mood::Forgetful,
        Mood::Slow(Duration::from_secs(4)),
    ];
    let mut waiting = Vec::new();
    for (n, mood) in (0_u32..).zip(moods) {
        shield.set_mood(mood.clone());
        let media = jpeg(&picture(100 + n * 9, 320, 240), 90);
        let said = bed.upload(&key, &facts(&format!("a{n}"), "u"), &media).await.ok();
        assert_eq!(verdict(&said), (json!("unscanned"), json!("arachnid_unavailable")), "{mood:?}");
        let asked = shield.calls().len();
        let more = bed.upload(&key, &facts(&format!("b{n}"), "u"), &media).await.ok();
        assert_eq!(verdict(&more), (json!("unscanned"), json!("arachnid_unavailable")), "{mood:?}");
        assert_eq!(shield.calls().len(), asked, "it is left alone for a while after a failure");
        let said = bed.upload(&key, &facts(&format!("l{n}"), "u"), &listed).await.ok();
        assert_eq!(verdict(&said), (json!("match"), json!(null)));
        waiting.push(more["item"].as_str().unwrap().to_owned());
        bed.clock.advance(Duration::from_secs(30));
        bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    }
    // One of those is known to it, as it turns out once it is up again.
    shield.set_mood(Mood::Well);
    shield.know_hash(hash(&bed, &jpeg(&picture(100, 320, 240), 90)).await, "csam");
    bed.work(1).await;
    let mut verdicts = Vec::new();
    for item in &waiting {
        verdicts.push(bed.get(&format!("/v1/items/{item}"), &key).await.ok()["verdict"].clone());
    }
    assert_eq!(verdicts[0], "match");
    assert!(verdicts[1..].iter().all(|verdict| verdict == "no_match"), "{verdicts:?}");
}

#[tokio::test]
async fn refused_credentials_are_never_clean() {
    let (bed, _) = asking(|settings| settings.detectors.arachnid_shield.password = "wrong".into()).await;
    let key = bed.key(CLIENT).await;
    let said = bed.upload(&key, &facts("a", "u"), &jpeg(&picture(1, 320, 240), 90)).await.ok();
    assert_eq!(verdict(&said), (json!("unscanned"), json!("arachnid_unavailable")));
}

#[tokio::test]
async fn where_bytes_may_leave_the_same_bytes_are_an_exact_match() {
    let (bed, shield) = asking(|settings| settings.detectors.arachnid_shield.leaves = Leaves::Media).await;
    let (key, media) = (bed.key(CLIENT).await, jpeg(&picture(1, 320, 240), 90));
    shield.know_media(&fingerprint::Digests::of(&media).sha256_hex(), "csam");
    let said = bed.upload(&key, &facts("a", "u"), &media).await.ok();
    assert_eq!((verdict(&said), &said["strength"]), ((json!("match"), json!(null)), &json!("exact")));
    assert_eq!(said["matches"][0]["signal"], "sha1");
    // What looks alike there does so by PhotoDNA, which no list of ours holds.
    let alike = jpeg(&picture(60, 320, 240), 90);
    shield.know_media_alike(&fingerprint::Digests::of(&alike).sha256_hex(), "csam");
    let said = bed.upload(&key, &facts("c", "u"), &alike).await.ok();
    assert_eq!((&said["strength"], &said["matches"][0]["signal"]), (&json!("near"), &json!("photodna")));
    let bank = bed.bank("csam", &[]).await;
    assert_eq!(bed.import(&bank, &[("photodna", "00".repeat(144))]).await.slug(), "bad-rows");
    // What our decoder cannot look at is not called clean because Shield knows nothing of it.
    let said = bed.upload(&key, &facts("b", "u"), b"no picture at all").await.ok();
    assert_eq!(verdict(&said), (json!("unscanned"), json!("unsupported_format")));
    assert!(shield.calls().iter().all(|path| path == "/v1/media/"));
}

#[tokio::test]
async fn a_known_false_alarm_silences_its_near_matches() {
    let (bed, shield) = asking(|_| {}).await;
    let (key, media) = (bed.key(CLIENT).await, jpeg(&picture(1, 320, 240), 90));
    shield.know_hash(hash(&bed, &media).await, "csam");
    bed.bank("exception", &[("sha256", fingerprint::Digests::of(&media).sha256_hex())]).await;
    assert_eq!(bed.upload(&key, &facts("a", "u"), &media).await.ok()["verdict"], "no_match");
}

#[tokio::test]
async fn the_two_worlds_do_not_mix_at_shield_either() {
    let bed = Bed::new().await;
    let refused = async |world, address: &str| {
        let elsewhere = tempfile::tempdir().unwrap();
        let mut settings = Settings::load(Some(elsewhere.path()), None).unwrap();
        settings.world = Some(world);
        settings.detectors.arachnid_shield.address = address.to_owned();
        open(settings, &bed.clock).await.err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(refused(World::Demo, "production").await.contains("a demo database cannot ask"));
    assert!(refused(World::Live, "http://127.0.0.1:9").await.contains("a simulator belongs to a demo"));
    assert!(refused(World::Demo, "http://192.0.2.1").await.contains("is not understood"));
    assert_eq!(refused(World::Live, "production").await, "");
}

/// Where its own basis is not answered, Shield is not asked, though the lists are.
#[tokio::test]
async fn without_an_answer_of_its_own_shield_is_not_asked() {
    let bed = Bed::with(|settings, _| {
        super::setup::answer(settings);
        settings.detectors.arachnid_shield.address = "production".into();
    })
    .await;
    assert!(bed.app.may_match().is_ok() && bed.app.shield.is_some());
    assert!(bed.app.may_ask_shield().unwrap_err().to_string().contains("detectors.arachnid_shield.legal_basis"));
    let key = bed.key(CLIENT).await;
    let said = bed.upload(&key, &facts("a", "u"), &jpeg(&picture(1, 320, 240), 90)).await.ok();
    assert_eq!(verdict(&said), (json!("unscanned"), json!("no_list")));
}

/// Shield calls a hash that agrees in every bit `exact`. It is no proof of the same bytes: possible, and never more (HR-05).
#[tokio::test]
async fn what_shield_calls_exact_by_hash_is_possible_and_no_more() {
    let (bed, shield) = asking(|_| {}).await;
    let (key, media) = (bed.key(CLIENT).await, jpeg(&picture(1, 320, 240), 90));
    shield.know_hash(hash(&bed, &media).await, "csam");
    let said = bed.upload(&key, &facts("a", "u"), &media).await.ok();
    assert_eq!((&said["verdict"], &said["strength"]), (&json!("match"), &json!("near")));
    let found = &said["matches"][0];
    assert_eq!(
        (&found["strength"], &found["distance"], &found["threshold"]),
        (&json!("near"), &json!(null), &json!(null))
    );
}

#[tokio::test]
async fn hashes_without_media_are_asked_about_as_well_and_its_silence_is_never_clean() {
    let (bed, shield) = asking(|_| {}).await;
    let key = bed.key(&[Scope::MatchesWrite, Scope::MatchesDetail]).await;
    let pictures =
        [jpeg(&picture(1, 320, 240), 90), jpeg(&picture(50, 320, 240), 90), jpeg(&picture(80, 320, 240), 90)];
    let mut all = Vec::new();
    for media in &pictures {
        all.push(hash(&bed, media).await);
    }
    bed.bank("csam", &[("pdq", hex::encode(all[2]))]).await;
    shield.know_hash(all[0], "csam");
    let mut question: Vec<Value> =
        all.iter().map(|hash| json!({"signal": "pdq", "value": hex::encode(hash)})).collect();
    question.push(json!({"signal": "md5", "value": "ab".repeat(16)}));
    let ask = async || bed.post("/v1/matches", &key, &json!({"hashes": question})).await.ok()["answers"].clone();
    let said = ask().await;
    let verdicts: Vec<_> = said.as_array().unwrap().iter().map(|one| one["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["match", "no_match", "match", "no_match"]);
    assert_eq!(
        (&said[0]["strength"], &said[0]["matches"][0]["bank_name"]),
        (&json!("near"), &json!("Project Arachnid Shield"))
    );
    // What a list knows is not told to anybody else: one call, about two hashes.
    assert_eq!(shield.calls(), ["/v1/pdq/"]);
    shield.set_mood(Mood::Down);
    let said = ask().await;
    for (answer, verdict) in said.as_array().unwrap().iter().zip(["unscanned", "unscanned", "match", "no_match"]) {
        assert_eq!(answer["verdict"], verdict, "{said}");
    }
    assert_eq!(said[1]["reason"], "arachnid_unavailable");
    // It is left alone for a moment, and asked again after it; very many go in several calls.
    shield.set_mood(Mood::Well);
    assert_eq!(ask().await[1]["reason"], "arachnid_unavailable");
    bed.clock.advance(Duration::from_secs(11));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    let calls = shield.calls().len();
    let many: Vec<Value> = (0..450_u32)
        .map(
            |n| json!({"signal": "pdq", "value": hex::encode(<sha2::Sha256 as sha2::Digest>::digest(n.to_be_bytes()))}),
        )
        .collect();
    let said = bed.post("/v1/matches", &key, &json!({"hashes": many})).await.ok();
    assert!(said["answers"].as_array().unwrap().iter().all(|one| one["verdict"] == "no_match"));
    assert_eq!(shield.calls().len() - calls, 3);
}
