//! Streams while they run: what a viewer says becomes sealed evidence and a paged person, and nothing personal is kept without it.

use std::time::Duration;

use serde_json::{Value, json};
use sim::receiver::Receiver;
use tanod::accounts::{Role, Scope};
use tanod::alarms::OnCall;
use tanod::config::Settings;
use tanod::livestream;

use super::bed::*;
use super::cases::{decide, lease, matched};
use super::webhooks::{due, heard};

/// An installation that hears of streams, with somebody on call.
pub(crate) async fn listening(change: impl FnOnce(&mut Settings)) -> (Bed, Receiver, String) {
    let (bed, platform) = heard(|settings| {
        settings.alarms.on_call =
            vec![OnCall { name: "duty".to_owned(), email: String::new(), webhook: "platform".to_owned() }];
        change(settings);
    })
    .await;
    let key = bed.key(&[Scope::StreamsWrite]).await;
    (bed, platform, key)
}

pub(crate) fn new() -> Value {
    json!({
        "content_id": "s1", "account": {"id": "caster"}, "address": "192.0.2.200", "port": 40_000,
        "urls": ["https://platform.example/live/s1"], "public": true,
    })
}

pub(crate) async fn begin(bed: &Bed, key: &str, new: &Value) -> String {
    bed.post("/v1/streams", key, new).await.ok()["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn tell(bed: &Bed, key: &str, stream: &str, events: &Value) -> Said {
    bed.post(&format!("/v1/streams/{stream}/events"), key, &json!({"events": events})).await
}

fn viewer(nth: u16) -> Value {
    json!({
        "kind": "join", "account": format!("v{nth}"), "address": format!("192.0.2.{}", nth + 1), "port": 50_000 + nth,
        "id": format!("join-{nth}"),
    })
}

pub(crate) fn pages(platform: &Receiver) -> Vec<Value> {
    let pages = platform.received().into_iter().filter(|one| one.body["type"] == "alarm.page");
    pages.map(|one| one.body["data"].clone()).collect()
}

pub(crate) fn told(platform: &Receiver, kind: &str) -> Vec<Value> {
    let told = platform.received().into_iter().filter(|one| one.body["type"] == kind);
    told.map(|one| one.body["data"].clone()).collect()
}

/// The only case, as a lead sees it.
pub(crate) async fn only_case(bed: &Bed) -> Value {
    let lead = bed.person(Role::Lead).await;
    let rows = bed.get("/v1/cases", &lead).await.ok()["rows"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    let id = rows[0]["id"].as_str().unwrap().to_owned();
    bed.get(&format!("/v1/cases/{id}"), &lead).await.ok()
}

async fn sealed(bed: &Bed, case: &str) -> Value {
    let lead = bed.person(Role::Lead).await;
    bed.get(&format!("/v1/cases/{case}/context"), &lead).await.ok()
}

/// From a viewer's report until a person takes the case: it is counted, of cases and never of people, and one that still waits counts with
/// the time until now.
#[tokio::test]
async fn how_soon_somebody_looks_at_what_came_of_a_stream_is_counted() {
    let (bed, _, key) = listening(|_| {}).await;
    let lead = bed.person(Role::Lead).await;
    let figures = async || bed.get("/v1/figures", &lead).await.ok()["from_streams"].clone();
    assert_eq!(figures().await, json!({"cases": 0, "taken": 0, "within_a_minute": 0, "p95_seconds": null}));
    // One that somebody had taken already says nothing of how soon.
    let media = known(&bed, 1).await;
    let (held, _) = matched(&bed, &media, "caster-0").await;
    lease(&bed, &lead, &held).await;
    bed.clock.advance(Duration::from_secs(1));
    let report = async |nth: u16| {
        let mut stream = new();
        (stream["content_id"], stream["account"]["id"]) = (json!(format!("s{nth}")), json!(format!("caster-{nth}")));
        let stream = begin(&bed, &key, &stream).await;
        tell(&bed, &key, &stream, &json!([{"kind": "report", "account": "v1"}])).await.ok();
        let stream = bed.get(&format!("/v1/streams/{stream}"), &lead).await.ok();
        stream["case"].as_str().unwrap().to_owned()
    };
    assert_eq!(report(0).await, held);
    for (nth, seconds) in [(1, 20), (2, 60), (3, 61)] {
        let case = report(nth).await;
        bed.clock.advance(Duration::from_secs(seconds));
        lease(&bed, &lead, &case).await;
    }
    assert_eq!(figures().await, json!({"cases": 3, "taken": 3, "within_a_minute": 2, "p95_seconds": 61}));
    report(4).await;
    bed.clock.advance(Duration::from_mins(5));
    assert_eq!(figures().await, json!({"cases": 4, "taken": 3, "within_a_minute": 2, "p95_seconds": 300}));
    let (status, page) = bed.console("/console/figures", &lead, &[]).await;
    assert!(status == 200 && page.contains("<td class=\"number\">300</td>"), "{page}");
}

#[tokio::test]
async fn a_viewers_report_pages_somebody_and_seals_everybody_who_takes_part() {
    let (bed, platform, key) = listening(|_| {}).await;
    let stream = begin(&bed, &key, &new()).await;
    assert_eq!(begin(&bed, &key, &new()).await, stream, "who reconnects is no other stream");
    let joins: Vec<Value> = (0..30).map(viewer).collect();
    assert_eq!(tell(&bed, &key, &stream, &json!(joins)).await.ok(), json!({"taken": 30, "known": 0, "signals": 0}));
    assert_eq!(tell(&bed, &key, &stream, &json!(joins)).await.ok()["known"], 30);
    bed.clock.advance(Duration::from_secs(90));
    let happened = json!([
        {"kind": "leave", "account": "v4"},
        {"kind": "chat", "account": "v7", "text": "what was written"},
        {"kind": "payment", "account": "v7", "reference": "tip-1", "amount_minor": 500, "currency": "USD"},
        {"kind": "payment", "account": "v9", "reference": "tip-2"},
    ]);
    tell(&bed, &key, &stream, &happened).await.ok();
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM cases").await, 0);
    assert!(bed.app.vault.objects.list().await.unwrap().is_empty());

    let report = json!([{"kind": "report", "account": "v3", "text": "a child is hurt"}, viewer(30)]);
    assert_eq!(tell(&bed, &key, &stream, &report).await.ok(), json!({"taken": 2, "known": 0, "signals": 1}));
    // At once: not a second has gone by.
    due(&bed, "pages").await;
    assert_eq!(pages(&platform)[0]["says"], "A child may be in danger now");
    let case = only_case(&bed).await;
    assert_eq!(
        (&case["priority"], &case["knowledge_route"], &case["account"]),
        (&json!("P0"), &json!("user_report"), &json!("caster"))
    );
    due(&bed, "streams").await;
    let id = case["id"].as_str().unwrap();
    let known = sealed(&bed, id).await;
    assert_eq!(known["versions"].as_array().unwrap().len(), 1);
    let seen = &known["known"]["streams"][0];
    let took_part = seen["participants"].as_array().unwrap();
    assert_eq!((took_part.len(), &seen["stream"]), (31, &json!(stream)), "whoever came with the report is there too");
    let of = |account: &str| took_part.iter().find(|one| one["account"] == account).unwrap();
    for (nth, one) in (0..31).map(|nth| (nth, of(&format!("v{nth}")))) {
        let place = &one["places"][0];
        assert_eq!((&place["address"], &place["port"]), (&viewer(nth)["address"], &viewer(nth)["port"]));
        assert!(one["visits"][0]["joined_at"].is_string());
        assert_eq!(one["visits"][0]["left_at"].is_string(), nth == 4);
    }
    assert_eq!((&of("v7")["payments"][0]["amount_minor"], &of("v3")["reported"]), (&json!(500), &json!(true)));
    assert_eq!(seen["chat"][0]["text"], "what was written");
    // Who paid is in the case, and has no role yet.
    let involved = only_case(&bed).await["involved"].clone();
    let mut accounts: Vec<_> =
        involved.as_array().unwrap().iter().map(|one| one["account"].as_str().unwrap()).collect();
    accounts.sort_unstable();
    assert_eq!(accounts, ["caster", "v7", "v9"]);

    // Who comes later is sealed a minute later, and at the end.
    tell(&bed, &key, &stream, &json!([viewer(31)])).await.ok();
    bed.clock.advance(Duration::from_mins(1));
    due(&bed, "streams").await;
    tell(&bed, &key, &stream, &json!([viewer(32)])).await.ok();
    bed.post(&format!("/v1/streams/{stream}/end"), &key, &json!({})).await.ok();
    due(&bed, "streams").await;
    let known = sealed(&bed, id).await;
    assert_eq!(known["versions"].as_array().unwrap().len(), 3);
    assert_eq!(known["known"]["streams"].as_array().unwrap().len(), 1);
    assert_eq!(known["known"]["streams"][0]["participants"].as_array().unwrap().len(), 33);
    assert!(known["known"]["streams"][0]["ended_at"].is_string());
    // What comes late is sealed as well; without more, nothing is.
    bed.clock.advance(Duration::from_secs(5));
    tell(&bed, &key, &stream, &json!([{"kind": "leave", "account": "v8"}])).await.ok();
    bed.clock.advance(Duration::from_secs(5));
    for _ in 0..2 {
        due(&bed, "streams").await;
    }
    assert_eq!(sealed(&bed, id).await["versions"].as_array().unwrap().len(), 4);
    due(&bed, "webhooks").await;
    assert_eq!(told(&platform, "stream.signalled")[0]["content_id"], "s1");
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn a_report_about_a_stream_says_where_who_watched_and_who_paid() {
    let (bed, _, key) = listening(|_| {}).await;
    let stream = begin(&bed, &key, &new()).await;
    let mut events: Vec<Value> = (0..3).map(viewer).collect();
    events.push(
        json!({"kind": "payment", "account": "v1", "reference": "tip-9", "amount_minor": 900, "currency": "PHP"}),
    );
    events.push(json!({"kind": "report", "account": "v2", "moderator": true, "text": "seen by a moderator"}));
    tell(&bed, &key, &stream, &json!(events)).await.ok();
    due(&bed, "streams").await;
    let (case, lead) = (only_case(&bed).await, bed.person(Role::Lead).await);
    let id = case["id"].as_str().unwrap();
    lease(&bed, &lead, id).await;
    let words = json!({
        "outcome": "report", "reason": "It was directed and paid for.",
        "incident_type": "Child Pornography (possession, manufacture, and distribution)",
        "roles": [{"account": "caster", "role": "suspect"}, {"account": "v1", "role": "suspect"}],
    });
    decide(&bed, &lead, id, &words).await.ok();
    bed.work(0).await;
    let xml = bed.sim.finished()[0].xml.clone();
    for part in [
        "https://platform.example/live/s1",
        "<ipAddress>192.0.2.200</ipAddress>",
        "<port>40000</port>",
        "a live stream, s1 by the platform's id",
        "- v0; from 192.0.2.1 port 50000",
        "paid 900 (smallest unit) PHP",
        "reference tip-9",
        "The time at which the live stream began",
    ] {
        assert!(xml.contains(part), "{part} is missing in {xml}");
    }
    bed.ledger_verifies().await;
}

/// What was recorded of a stream is marked as such, with where and from where it was shown: `liveStreaming` is a word about files, and the
/// schema has none for incidents. The simulator refuses what NCMEC would.
#[tokio::test]
async fn the_files_of_a_live_case_say_that_they_show_a_stream() {
    let (bed, _, key) = listening(|_| {}).await;
    let media = known(&bed, 3).await;
    let stream = begin(&bed, &key, &new()).await;
    tell(&bed, &key, &stream, &json!([viewer(1), {"kind": "report", "account": "v1", "text": "seen"}])).await.ok();
    let client = bed.key(&[Scope::ItemsWrite]).await;
    // The recording has the stream's id; another upload of the same account has its own.
    let recording = json!({"content_id": "s1", "account": {"id": "caster"}, "surface": "live"});
    let said = bed.upload(&client, &recording, &media).await.ok();
    bed.upload(&client, &facts("other", "caster"), &media).await.ok();
    bed.clock.advance(Duration::from_mins(3));
    bed.post(&format!("/v1/streams/{stream}/end"), &key, &json!({})).await.ok();
    due(&bed, "streams").await;
    let (case, lead) = (only_case(&bed).await, bed.person(Role::Lead).await);
    let id = case["id"].as_str().unwrap();
    assert_eq!(said["case"], case["id"]);
    lease(&bed, &lead, id).await;
    let words = json!({
        "outcome": "report", "reason": "A known recording was shown live.",
        "incident_type": "Child Pornography (possession, manufacture, and distribution)",
        "roles": [{"account": "caster", "role": "suspect"}],
    });
    decide(&bed, &lead, id, &words).await.ok();
    bed.work(0).await;
    let outside = &bed.sim.finished()[0];
    let live: Vec<_> = outside.files.iter().map(|file| file.details.as_deref().unwrap_or_default()).collect();
    assert_eq!(live.iter().filter(|details| details.contains("<liveStreaming")).count(), 1, "{live:?}");
    let shown =
        outside.files.iter().find(|file| file.details.as_deref().unwrap_or_default().contains("<liveStreaming"));
    let shown = shown.unwrap();
    let details = shown.details.as_deref().unwrap().replace(&shown.file_id, "[file]").replace("><", ">\n<");
    insta::assert_snapshot!("live_file", details);
    assert!(!outside.xml.contains("liveStreaming"));
    for part in
        ["https://platform.example/live/s1", "<ipAddress>192.0.2.200</ipAddress>", "and ended 2026-11-24T12:03:00Z"]
    {
        assert!(outside.xml.contains(part), "{part} is missing in {}", outside.xml);
    }
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn a_report_that_says_nothing_of_now_is_less_urgent_and_pages_all_the_same() {
    let (bed, platform, key) = listening(|_| {}).await;
    let stream = begin(&bed, &key, &new()).await;
    tell(&bed, &key, &stream, &json!([{"kind": "report", "reason": "other", "text": "odd"}])).await.ok();
    due(&bed, "pages").await;
    assert_eq!(pages(&platform)[0]["says"], "A stream that runs wants a look");
    assert_eq!(only_case(&bed).await["priority"], "P2");
    // Whoever says "now" again and again opens no more P0s, and somebody is paged all the same.
    let now = json!({"kind": "report", "account": "loud", "text": "look"});
    for nth in 0..4 {
        let mut other = new();
        (other["content_id"], other["account"]["id"]) = (json!(format!("s{nth}x")), json!(format!("c{nth}")));
        let stream = begin(&bed, &key, &other).await;
        tell(&bed, &key, &stream, &json!([now])).await.ok();
    }
    let lead = bed.person(Role::Lead).await;
    let rows = bed.get("/v1/cases", &lead).await.ok()["rows"].clone();
    let urgent: Vec<_> = rows.as_array().unwrap().iter().map(|case| case["priority"].as_str().unwrap()).collect();
    assert_eq!(urgent, ["P0", "P0", "P0", "P1", "P2"]);
    due(&bed, "pages").await;
    assert_eq!(pages(&platform).len(), 5);
}

#[tokio::test]
async fn an_event_that_cannot_be_kept_refuses_the_call_and_leaves_nothing() {
    let (bed, _, key) = listening(|settings| settings.live.most_events = 3).await;
    for bad in [
        json!({"content_id": " "}),
        json!({"content_id": "s", "port": 0}),
        json!({"content_id": "s", "callback": "nobody"}),
    ] {
        assert_eq!(bed.post("/v1/streams", &key, &bad).await.slug(), "bad-stream", "{bad}");
    }
    assert_eq!(bed.post("/v1/streams", &key, &json!({"content_id": "s", "urls": ["x"]})).await.slug(), "bad-item");
    assert_eq!(bed.post("/v1/streams", &key, &json!({"content_id": "s", "colour": 1})).await.slug(), "bad-body");
    let stream = begin(&bed, &key, &new()).await;
    let good = json!({"kind": "join", "account": "v"});
    for bad in [
        json!({"kind": "join"}),
        json!({"kind": "chat", "account": "v"}),
        json!({"kind": "join", "account": "v", "text": "x"}),
        json!({"kind": "join", "account": "v", "port": 0}),
        json!({"kind": "payment", "account": "v", "reference": "4111 1111 1111 1111"}),
        json!({"kind": "payment", "account": "v", "instrument": "4111 1111 1111 1111"}),
        json!({"kind": "chat", "account": "v", "text": "x", "instrument": "y"}),
        json!({"kind": "payment", "account": "v", "amount_minor": 5}),
        json!({"kind": "payment", "account": "v", "amount_minor": -5, "currency": "USD"}),
        json!({"kind": "classifier", "classifier": "c", "score": 2}),
        json!({"kind": "chat", "account": "v", "text": "x".repeat(4_001)}),
    ] {
        let said = tell(&bed, &key, &stream, &json!([good, bad])).await;
        assert_eq!((said.slug().as_str(), &said.json()["rows"][0]["row"]), ("bad-event", &json!(2)), "{bad}");
    }
    assert_eq!(tell(&bed, &key, &stream, &json!([])).await.slug(), "bad-event");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM stream_events").await, 0);
    // A stream that is told too much still takes reports.
    tell(&bed, &key, &stream, &json!([good, good, good])).await.ok();
    assert_eq!(tell(&bed, &key, &stream, &json!([good])).await.slug(), "too-many-events");
    assert_eq!(tell(&bed, &key, &stream, &json!([{"kind": "report"}])).await.ok()["signals"], 1);
    assert_eq!(tell(&bed, &key, "stream_x", &json!([good])).await.slug(), "unknown-stream");
    assert!(bed.get(&format!("/v1/streams/{stream}"), &key).await.ok()["case"].is_null(), "a program sees no case");
    let lead = bed.person(Role::Lead).await;
    let shown = bed.get(&format!("/v1/streams/{stream}"), &lead).await.ok();
    assert_eq!((&shown["events"], &shown["signals"][0]["cause"]), (&json!(4), &json!("report")));
    assert_eq!(bed.get("/v1/streams?state=live", &lead).await.ok()["rows"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn without_a_signal_nothing_personal_is_kept_of_a_stream() {
    let (bed, _, key) = listening(|_| {}).await;
    let stream = begin(&bed, &key, &new()).await;
    let events = json!([viewer(1), {"kind": "chat", "account": "v1", "text": "hello"}]);
    tell(&bed, &key, &stream, &events).await.ok();
    let watch = async |minutes: u64| {
        bed.clock.advance(Duration::from_mins(minutes));
        livestream::jobs::watch(&bed.app).await.unwrap();
    };
    watch(16).await;
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM stream_events").await, 1, "what was written goes first");
    bed.post(&format!("/v1/streams/{stream}/end"), &key, &json!({})).await.ok();
    watch(59).await;
    tell(&bed, &key, &stream, &json!([{"kind": "leave", "account": "v1"}])).await.ok();
    watch(2).await;
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM stream_events").await, 0);
    let shown = bed.get(&format!("/v1/streams/{stream}"), &key).await.ok();
    assert_eq!((&shown["account"], &shown["urls"], &shown["address"]), (&json!(null), &json!([]), &json!(null)));
    assert_eq!(tell(&bed, &key, &stream, &json!([{"kind": "report"}])).await.slug(), "stream-forgotten");
    // One of which nobody says that it is over is over by itself.
    let other = begin(&bed, &key, &new()).await;
    watch(12 * 60 + 1).await;
    assert_eq!(bed.get(&format!("/v1/streams/{other}"), &key).await.ok()["state"], "ended");
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn a_stream_is_stopped_once_everybody_is_sealed_and_a_person_lets_it_go_on() {
    let (bed, platform, key) = listening(|_| {}).await;
    let stream = begin(&bed, &key, &new()).await;
    tell(&bed, &key, &stream, &json!([viewer(1), viewer(2)])).await.ok();
    let reviewer = bed.person(Role::Reviewer).await;
    let at = |what: &str| format!("/v1/streams/{stream}/{what}");
    assert_eq!(
        bed.post(&at("resume"), &reviewer, &json!({"reason": "it was wrong"})).await.slug(),
        "stream-not-stopped"
    );
    assert_eq!(bed.post(&at("stop"), &reviewer, &json!({"reason": "no"})).await.slug(), "no-reason");
    assert_eq!(bed.post(&at("stop"), &key, &json!({"reason": "what I see there"})).await.slug(), "not-allowed");
    // No lease is asked for, and a stream that is in no case comes into one.
    let action = bed.post(&at("stop"), &reviewer, &json!({"reason": "what I see there"})).await.ok();
    due(&bed, "actions").await;
    due(&bed, "webhooks").await;
    assert!(told(&platform, "action.requested").is_empty(), "nobody is gone before they are sealed");
    due(&bed, "streams").await;
    for lane in ["actions", "webhooks"] {
        due(&bed, lane).await;
    }
    let asked = told(&platform, "action.requested");
    assert_eq!((&asked[0]["kind"], &asked[0]["target"]["content_ids"]), (&json!("stop_stream"), &json!(["s1"])));
    bed.clock.advance(Duration::from_secs(2));
    let platforms = bed.key(&[Scope::ActionsAcknowledge]).await;
    let path = format!("/v1/actions/{}/acknowledgement", action["id"].as_str().unwrap());
    let done = bed.post(&path, &platforms, &json!({"done": true})).await.ok();
    assert_eq!((&done["waited_seconds"], &done["took_seconds"]), (&json!(0), &json!(2)));
    let case = only_case(&bed).await;
    assert_eq!(
        sealed(&bed, case["id"].as_str().unwrap()).await["known"]["streams"][0]["participants"][1]["account"],
        "v2"
    );

    let back = bed.post(&at("resume"), &reviewer, &json!({"reason": "it was a nature film"})).await.ok();
    assert_eq!((&back["kind"], &back["undo_of"]), (&json!("reinstate"), &action["id"]));
    assert_eq!(bed.post(&at("resume"), &reviewer, &json!({"reason": "once more"})).await.slug(), "stream-not-stopped");
    for lane in ["actions", "webhooks"] {
        due(&bed, lane).await;
    }
    assert_eq!(told(&platform, "action.requested")[1]["kind"], "reinstate");
    bed.post(&at("end"), &key, &json!({})).await.ok();
    assert_eq!(bed.post(&at("stop"), &reviewer, &json!({"reason": "what I see there"})).await.slug(), "stream-over");
    bed.ledger_verifies().await;
}

pub(crate) fn rule(name: &str, when: &str, now: bool, stop: bool) -> livestream::rules::Written {
    livestream::rules::Written {
        name: name.to_owned(),
        when: when.to_owned(),
        window_seconds: 600,
        now,
        stop,
        closely: false,
    }
}

pub(crate) fn payment(nth: u16) -> Value {
    json!({"kind": "payment", "account": format!("v{nth}"), "amount_minor": 500, "currency": "PHP"})
}

/// Two accounts that never meet, paid from one purse: the cases stand beside each other, and their pages say who took part.
#[tokio::test]
async fn cases_that_were_paid_from_one_purse_stand_beside_each_other() {
    let (bed, _, key) = listening(|_| {}).await;
    for (nth, caster) in ["one", "two", "three"].into_iter().enumerate() {
        let new = json!({"content_id": format!("s-{caster}"), "account": {"id": caster}});
        let stream = begin(&bed, &key, &new).await;
        let purse = if caster == "three" { "another" } else { "a purse" };
        let happened = json!([
            {"kind": "payment", "account": format!("payer-{nth}"), "reference": format!("tip-{nth}"), "instrument": purse,
             "amount_minor": 700, "currency": "PHP", "address": "192.0.2.77", "port": 50_001},
            {"kind": "chat", "account": format!("payer-{nth}"), "text": "what was written"},
            {"kind": "report", "account": format!("viewer-{nth}"), "text": "a child is hurt"},
        ]);
        tell(&bed, &key, &stream, &happened).await.ok();
        bed.clock.advance(Duration::from_mins(1));
    }
    due(&bed, "streams").await;
    let lead = bed.person(Role::Lead).await;
    let rows = bed.get("/v1/cases", &lead).await.ok()["rows"].clone();
    let case = |account: &str| {
        let all = rows.as_array().unwrap();
        all.iter().find(|one| one["account"] == account).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let around = bed.get(&format!("/v1/cases/{}/around", case("one")), &lead).await.ok();
    let of = |account: &str| {
        let cases = around["links"]["cases"].as_array().unwrap();
        cases.iter().find(|one| one["account"] == account).map(|one| one["shares"].clone())
    };
    assert_eq!(of("two").unwrap(), json!({"payment": 1, "address": 1}), "{around}");
    assert_eq!(of("three").unwrap(), json!({"address": 1}));
    let found = bed.get("/v1/cases/search?q=a+purse", &lead).await.ok();
    assert_eq!(found.as_array().unwrap().len(), 2, "{found}");
    let (_, page) = bed.console(&format!("/console/cases/{}", case("one")), &lead, &[]).await;
    assert!(page.contains("shared payments or means of payment: 1"), "{page}");
    let (_, page) = bed.console(&format!("/console/cases/{}/context", case("one")), &lead, &[]).await;
    for says in ["payer-0", "192.0.2.77", "700 PHP", "what was written", "2 took part"] {
        assert!(page.replace(['\u{2068}', '\u{2069}'], "").contains(says), "{says}: {page}");
    }
}

/// Nothing of it says enough alone: an account that is known, and a run of small payments during the stream.
#[tokio::test]
async fn a_rule_raises_urgency_by_what_happens_together() {
    let paid = "payments >= 3 && payers >= 2 && largest_minor <= 1000 && account_known";
    let rules = vec![rule("paid", paid, true, true), rule("talk", "chats >= 2 && minutes >= 0", true, false)];
    let (bed, platform, key) = listening(|settings| settings.live.rules = rules).await;
    matched(&bed, &known(&bed, 1).await, "caster").await;
    bed.clock.advance(Duration::from_mins(5));
    let stream = begin(&bed, &key, &new()).await;
    let calm = json!([payment(1), payment(1)]);
    assert_eq!(tell(&bed, &key, &stream, &calm).await.ok()["signals"], 0);
    assert_eq!(only_case(&bed).await["priority"], "P2");
    assert_eq!(tell(&bed, &key, &stream, &json!([payment(2)])).await.ok()["signals"], 1);
    let case = only_case(&bed).await;
    assert_eq!((&case["priority"], &case["account"]), (&json!("P0"), &json!("caster")));
    for lane in ["pages", "streams", "actions", "webhooks"] {
        due(&bed, lane).await;
    }
    assert_eq!(pages(&platform)[0]["says"], "A child may be in danger now");
    assert_eq!(told(&platform, "action.requested")[0]["kind"], "stop_stream");
    assert_eq!(told(&platform, "stream.signalled")[0]["rule"], "paid");
    // Within its time it says so once.
    assert_eq!(tell(&bed, &key, &stream, &json!([payment(3)])).await.ok()["signals"], 0);
    bed.clock.advance(Duration::from_mins(11));
    let again = json!([payment(3), payment(4), payment(5)]);
    assert_eq!(tell(&bed, &key, &stream, &again).await.ok()["signals"], 1);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM cases").await, 1);

    // Another account of which nothing is known, and talk alone: a rule may call it "now", and it is no P0.
    let mut other = new();
    (other["content_id"], other["account"]["id"]) = (json!("s2"), json!("other"));
    let stream = begin(&bed, &key, &other).await;
    let talk = json!([payment(1), payment(2), payment(3)]);
    assert_eq!(tell(&bed, &key, &stream, &talk).await.ok()["signals"], 0);
    bed.clock.advance(Duration::from_mins(11));
    let chat = |text: &str| json!({"kind": "chat", "account": "v1", "text": text});
    assert_eq!(tell(&bed, &key, &stream, &json!([chat("a"), chat("b")])).await.ok()["signals"], 1);
    let lead = bed.person(Role::Lead).await;
    let rows = bed.get("/v1/cases", &lead).await.ok()["rows"].clone();
    assert_eq!((&rows[1]["account"], &rows[1]["priority"]), (&json!("other"), &json!("P1")));
    assert_eq!(rows[1]["knowledge_route"], "stream_rule");
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn a_rule_has_a_stream_looked_at_closely_and_opens_no_case() {
    let closely = livestream::rules::Written { closely: true, ..rule("paid", "payments >= 2", false, false) };
    let (bed, _, key) = listening(|settings| {
        settings.live.rules = vec![closely];
        settings.live.sources = vec!["live.example".to_owned()];
    })
    .await;
    let mut watched = new();
    watched["watch"] = json!({"url": "rtmp://live.example/live/x"});
    let stream = begin(&bed, &key, &watched).await;
    let lead = bed.person(Role::Lead).await;
    let mode = async || bed.get(&format!("/v1/streams/{stream}"), &lead).await.ok()["mode"].clone();
    assert_eq!(tell(&bed, &key, &stream, &json!([payment(1)])).await.ok()["signals"], 0);
    assert_eq!(mode().await, "economical");
    assert_eq!(tell(&bed, &key, &stream, &json!([payment(2)])).await.ok()["signals"], 0);
    assert_eq!(mode().await, "thorough");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM cases").await, 0);
    let record = bed.get("/v1/audit", &lead).await.ok().to_string();
    assert_eq!(record.matches("stream.mode_set").count(), 1, "{record}");
    // One that nobody looks at stays so.
    let mut other = new();
    other["content_id"] = json!("s2");
    let other = begin(&bed, &key, &other).await;
    assert_eq!(tell(&bed, &key, &other, &json!([payment(1), payment(2)])).await.ok()["signals"], 0);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn a_rule_that_runs_wild_hands_over_to_people() {
    let (bed, platform, key) = listening(|settings| {
        settings.live.rules = vec![rule("any payment", "payments >= 1", false, true)];
        settings.live.stops_per_rule_per_day = 2;
    })
    .await;
    let stops = async |nth: u16| {
        let mut other = new();
        (other["content_id"], other["account"]["id"]) = (json!(format!("s{nth}")), json!(format!("c{nth}")));
        let stream = begin(&bed, &key, &other).await;
        assert_eq!(tell(&bed, &key, &stream, &json!([payment(1)])).await.ok()["signals"], 1);
        bed.count("SELECT COUNT(*) AS n FROM actions WHERE kind = 'stop_stream'").await
    };
    let (lead, reviewer) = (bed.person(Role::Lead).await, bed.person(Role::Reviewer).await);
    let path = "/v1/streams/rules/any%20payment/resume";
    assert_eq!(bed.post(path, &lead, &json!({})).await.slug(), "rule-not-halted");
    assert_eq!([stops(1).await, stops(2).await, stops(3).await, stops(4).await], [1, 2, 2, 2]);
    due(&bed, "pages").await;
    let says: Vec<_> = pages(&platform).iter().map(|page| page["says"].as_str().unwrap().to_owned()).collect();
    assert!(says.contains(&"A rule has stopped as many streams as it may: people must decide".to_owned()), "{says:?}");
    // Everything else goes on: each has its case.
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM cases").await, 4);
    // A day later it is still people's turn, until a lead lets it go on.
    bed.clock.advance(Duration::from_hours(25));
    assert_eq!(stops(5).await, 2);
    assert_eq!(bed.post(path, &reviewer, &json!({})).await.slug(), "not-allowed");
    bed.post(path, &lead, &json!({})).await.ok();
    bed.clock.advance(Duration::from_secs(1));
    assert_eq!([stops(6).await, stops(7).await, stops(8).await], [3, 4, 4]);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn a_rule_that_cannot_be_read_keeps_the_service_from_starting() {
    let bed = Bed::new().await;
    for bad in [
        rule("loop", "[1].all(x, x > 0)", false, false),
        rule("name", "colour > 1", false, false),
        rule(" ", "public", false, false),
        livestream::rules::Written { closely: true, ..rule("both", "public", true, false) },
    ] {
        let mut settings = bed.settings.clone();
        settings.live.rules = vec![bad.clone()];
        let fault = open(settings, &bed.clock).await.map(drop).unwrap_err().to_string();
        assert!(fault.starts_with("live.rules") && fault.contains(&bad.name), "{fault}");
    }
}

#[tokio::test]
async fn the_wall_shows_streams_and_a_page_stops_one() {
    let (bed, platform, key) = listening(|_| {}).await;
    let reviewer = bed.person(Role::Reviewer).await;
    let (status, page) = bed.console("/console/streams", &reviewer, &[]).await;
    assert!(status == 200 && page.contains("No stream was told of"), "{page}");
    let stream = begin(&bed, &key, &new()).await;
    let events = json!([
        viewer(1), viewer(2), payment(1), payment(1), {"kind": "classifier", "classifier": "minor", "score": 0.7},
        {"kind": "chat", "account": "v2", "text": "somebody's letter"},
        {"kind": "report", "account": "v2", "text": "<b>look</b>"},
    ]);
    tell(&bed, &key, &stream, &events).await.ok();
    let (_, wall) = bed.console("/console/streams", &reviewer, &[]).await;
    for part in ["s1", "caster", "Runs", "P0", "Case 1", &format!("/console/streams/{stream}")] {
        assert!(wall.contains(part), "{part}: {wall}");
    }
    let path = format!("/console/streams/{stream}");
    let (_, page) = bed.console(&path, &reviewer, &[]).await;
    for part in ["minor: 0.7", "Reported", "1000 PHP", "&#60;b&#62;look", "Put before a person: a report", "Not sealed"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    // What was written is read in the case, on record.
    assert!(!page.contains("letter"));
    let (status, page) = bed.console(&format!("{path}/stop"), &reviewer, &[("reason", "no")]).await;
    assert!(status == 200 && page.contains("A decision needs its reason."), "{page}");
    let (status, _) = bed.console(&format!("{path}/stop"), &reviewer, &[("reason", "what is seen there")]).await;
    assert_eq!(status, 303);
    assert!(bed.console(&path, &reviewer, &[]).await.1.contains("waits until everybody is sealed"));
    for lane in ["streams", "actions", "webhooks"] {
        due(&bed, lane).await;
    }
    assert!(bed.console(&path, &reviewer, &[]).await.1.contains("The platform is asked to stop it."));
    assert_eq!(told(&platform, "action.requested")[0]["target"]["content_ids"], json!(["s1"]));
    let (status, _) = bed.console(&format!("{path}/resume"), &reviewer, &[("reason", "it was a nature film")]).await;
    assert_eq!(status, 303);
    assert!(bed.console(&path, &reviewer, &[]).await.1.contains("Stop this stream"));
    bed.post(&format!("/v1/streams/{stream}/end"), &key, &json!({})).await.ok();
    assert!(!bed.console("/console/streams", &reviewer, &[]).await.1.contains("caster"));
    assert!(bed.console("/console/streams?state=all", &reviewer, &[]).await.1.contains("caster"));
    assert_eq!(bed.console("/console/streams/stream_x", &reviewer, &[]).await.0, 404);
}
