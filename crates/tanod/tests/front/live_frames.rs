//! Frames of a stream that lists know: one says nothing, several say that a recording is shown again, and with what people do beside
//! it they may say "now".

use std::time::Duration;

use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};
use tanod::livestream::{self, FrameHit, OfBank, Ways, rules::Written};
use tanod::store::{BankId, EntryId, StreamId};

use super::bed::*;
use super::cases::{decide, lease, matched};
use super::livestream::{begin, listening, new, only_case, pages, payment, rule, tell, told};
use super::webhooks::due;

/// A list, by its name, of which frames are met.
struct List {
    id: BankId,
    name: String,
    kind: tanod::banks::Kind,
    entry: EntryId,
}

async fn list(bed: &Bed, name: &str, kind: &str) -> List {
    let keeper = bed.key(&[Scope::BanksWrite, Scope::MatchesDetail]).await;
    let new = json!({"name": name, "kind": kind, "licence": "own", "source": "test"});
    let bank = bed.post("/v1/banks", &keeper, &new).await.ok();
    let id = bank["id"].as_str().unwrap();
    bed.import(id, &[("pdq", "5a".repeat(32))]).await.ok();
    let entry = bed.get(&format!("/v1/banks/{id}/entries"), &keeper).await.ok()["rows"][0]["id"].clone();
    List {
        id: id.parse().unwrap(),
        name: name.to_owned(),
        kind: serde_json::from_value(bank["kind"].clone()).unwrap(),
        entry: entry.as_str().unwrap().parse().unwrap(),
    }
}

/// So many frames half a second apart, the last of them now, as whoever watches a stream tells of them.
async fn met(bed: &Bed, stream: &str, list: &List, frames: u64, (distance, quality): (u32, u8)) -> usize {
    let hits: Vec<FrameHit> = (0..frames)
        .rev()
        .map(|nth| FrameHit {
            at: bed.clock.now() - Duration::from_millis(500 * nth),
            bank: list.id,
            list: list.name.clone(),
            kind: list.kind,
            entry: list.entry,
            distance,
            quality,
        })
        .collect();
    let settings = &bed.app.settings;
    let by = Ways { settings: &settings.live, rules: &bed.app.rules, door: &settings.notices };
    let mut tx = bed.app.db.write().await.unwrap();
    let stream: StreamId = stream.parse().unwrap();
    let (signals, proof) = livestream::frame_hits(&mut tx, stream, &hits, by).await.unwrap();
    tx.commit(proof).await.unwrap();
    signals
}

const CLEAR: (u32, u8) = (8, 90);

/// A stream of somebody.
async fn streams(bed: &Bed, key: &str, content: &str, account: &str) -> String {
    let mut stream = new();
    (stream["content_id"], stream["account"]["id"]) = (json!(content), json!(account));
    begin(bed, key, &stream).await
}

async fn cases_of(bed: &Bed, account: &str) -> Vec<Value> {
    let lead = bed.person(Role::Lead).await;
    let rows = bed.get("/v1/cases", &lead).await.ok()["rows"].clone();
    rows.as_array().unwrap().iter().filter(|case| case["account"] == account).cloned().collect()
}

/// A frame hit, an account that was reported already, and a run of small payments during the stream: none of them nor any two of them
/// say enough; together they do.
#[tokio::test]
async fn a_frame_hit_a_reported_account_and_small_payments_raise_urgency_together() {
    let when = "frame_hits >= 2 && account_known && payments >= 3 && payers >= 2 && largest_minor <= 1000";
    let (bed, platform, key) = listening(|settings| {
        settings.live.rules = vec![rule("directed and paid for", when, true, false)];
        // Here frames alone put nothing before anybody, so that it is seen what they add.
        settings.live.frames.hits = 100;
    })
    .await;
    let csam = list(&bed, "csam", "csam").await;
    let media = known(&bed, 1).await;
    for nth in 0..8 {
        let (frames, reported, paid) = (nth & 1 > 0, nth & 2 > 0, nth & 4 > 0);
        let account = format!("caster-{nth}");
        // The clock goes on by hours below: the lists are heard from again.
        bed.app.lists.catch_up(&bed.app.db).await.unwrap();
        if reported {
            let (case, _) = matched(&bed, &media, &account).await;
            let lead = bed.person(Role::Lead).await;
            lease(&bed, &lead, &case).await;
            let words = json!({
                "outcome": "report", "reason": "A known picture of a child.",
                "incident_type": "Child Pornography (possession, manufacture, and distribution)",
                "roles": [{"account": account, "role": "suspect"}],
            });
            decide(&bed, &lead, &case, &words).await.ok();
            bed.work(1).await;
        }
        let stream = streams(&bed, &key, &format!("s{nth}"), &account).await;
        let mut signals = 0;
        if paid {
            let payments = json!([payment(1), payment(2), payment(2)]);
            let said = tell(&bed, &key, &stream, &payments).await.ok();
            signals += said["signals"].as_u64().unwrap();
        }
        bed.clock.advance(Duration::from_mins(2));
        if frames {
            assert_eq!(met(&bed, &stream, &csam, 1, CLEAR).await, 0, "one frame is never enough");
            bed.clock.advance(Duration::from_secs(1));
            signals += u64::try_from(met(&bed, &stream, &csam, 1, CLEAR).await).unwrap();
        }
        let together = frames && reported && paid;
        assert_eq!(signals, u64::from(together), "{nth}");
        let urgent = cases_of(&bed, &account).await.iter().filter(|case| case["priority"] == "P0").count();
        assert_eq!(urgent, usize::from(together), "{nth}");
    }
    assert_eq!(bed.sim.finished().len(), 4, "each account that was known was reported");
    due(&bed, "pages").await;
    assert!(pages(&platform).iter().any(|page| page["says"] == "A child may be in danger now"));
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn several_frames_of_one_list_put_a_stream_before_a_person_as_a_replay() {
    let (bed, platform, key) = listening(|settings| {
        // Whatever a rule calls it: a recording that is shown again is no "now".
        settings.live.rules = vec![rule("many frames", "frame_hits >= 8 && recording_known", true, false)];
    })
    .await;
    let csam = list(&bed, "csam", "csam").await;
    let stream = streams(&bed, &key, "s1", "caster").await;
    assert_eq!(met(&bed, &stream, &csam, 1, CLEAR).await, 0);
    due(&bed, "webhooks").await;
    assert_eq!(told(&platform, "stream.frame_known").len(), 1, "who wants to look closer is told of the first");
    // The same frame twice is one, and so is one that comes much later.
    bed.clock.advance(Duration::from_secs(25));
    assert_eq!(met(&bed, &stream, &csam, 1, CLEAR).await, 0);
    assert_eq!(met(&bed, &stream, &csam, 1, CLEAR).await, 0);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM cases").await, 0);
    bed.clock.advance(Duration::from_secs(2));
    assert_eq!(met(&bed, &stream, &csam, 2, CLEAR).await, 1);
    let case = only_case(&bed).await;
    assert_eq!(
        (&case["priority"], &case["account"], &case["knowledge_route"]),
        (&json!("P2"), &json!("caster"), &json!("hash_match"))
    );
    for lane in ["pages", "streams", "webhooks"] {
        due(&bed, lane).await;
    }
    assert_eq!(pages(&platform)[0]["says"], "A stream that runs wants a look");
    let signalled = told(&platform, "stream.signalled");
    assert_eq!((signalled.len(), &signalled[0]["cause"]), (1, &json!("frames")));
    let lead = bed.person(Role::Lead).await;
    let shown = bed.get(&format!("/v1/streams/{stream}"), &lead).await.ok();
    assert_eq!((&shown["signals"][0]["cause"], &shown["signals"][0]["rule"]), (&json!("frames"), &json!(csam.name)));
    // It goes on: the list has said so; only the rule has something to add, and it is no P0.
    bed.clock.advance(Duration::from_secs(10));
    assert_eq!(met(&bed, &stream, &csam, 8, CLEAR).await, 1);
    assert_eq!(only_case(&bed).await["priority"], "P1");
    let (_, page) = bed.console(&format!("/console/streams/{stream}"), &lead, &[]).await;
    assert!(page.contains("frames that a list knows"), "{page}");
    due(&bed, "webhooks").await;
    assert_eq!(told(&platform, "stream.frame_known").len(), 1);
    // What is left of a stream without a case is nothing.
    let other = streams(&bed, &key, "s2", "somebody").await;
    met(&bed, &other, &csam, 2, CLEAR).await;
    bed.post(&format!("/v1/streams/{other}/end"), &key, &json!({})).await.ok();
    bed.clock.advance(Duration::from_hours(2));
    livestream::jobs::watch(&bed.app).await.unwrap();
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM stream_hits").await, 13);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn each_bank_has_its_thresholds_and_only_lists_that_make_cases_count() {
    let bed = Bed::with(|settings, _| {
        let strict = OfBank { bank: "strict".to_owned(), hits: Some(4), within: Some(10), ..OfBank::default() };
        let telling = OfBank { bank: "telling".to_owned(), least_quality: Some(80), ..OfBank::default() };
        settings.live.frames.banks = vec![strict, telling];
    })
    .await;
    let strict = list(&bed, "strict", "csam").await;
    let (other, test) = (list(&bed, "telling", "csam").await, list(&bed, "test", "test").await);
    let key = bed.key(&[Scope::StreamsWrite]).await;
    for (nth, (list, count, clear, signals)) in (0..).zip([
        (&strict, 3, (8, 90), 0),
        (&strict, 4, (8, 90), 1),
        (&strict, 9, (12, 90), 0),
        (&other, 3, (30, 90), 1),
        (&other, 9, (30, 70), 0),
        (&other, 9, (32, 90), 0),
        (&test, 9, (0, 100), 0),
    ]) {
        let stream = streams(&bed, &key, &format!("s{nth}"), &format!("u{nth}")).await;
        assert_eq!(met(&bed, &stream, list, count, clear).await, signals, "{nth}");
    }
}

#[tokio::test]
async fn what_one_frame_would_decide_keeps_the_service_from_starting() {
    let bed = Bed::new().await;
    let starts = async |rules: Vec<Written>, hits: usize, bank: Option<OfBank>| {
        let mut settings = bed.settings.clone();
        settings.live.rules = rules;
        settings.live.frames.hits = hits;
        settings.live.frames.banks.extend(bank);
        open(settings, &bed.clock).await.map(drop).map_err(|error| error.to_string())
    };
    for when in ["frame_hits >= 1", "frame_hits > 0 && account_known", "payments >= 3 || frame_hits == 1"] {
        let fault = starts(vec![rule("hasty", when, false, false)], 3, None).await.unwrap_err();
        assert!(fault.contains("\"hasty\"") && fault.contains("frame_hits >= 3"), "{fault}");
    }
    assert!(starts(Vec::new(), 1, None).await.unwrap_err().contains("hits is 2 or more"));
    let one = OfBank { bank: "b".to_owned(), hits: Some(1), ..OfBank::default() };
    assert!(starts(Vec::new(), 3, Some(one)).await.unwrap_err().contains("live.frames \"b\""));
}
