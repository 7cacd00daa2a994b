//! Webhooks: signed as the specification says, tried on its schedule, dead where a person sees it, and sent again on request.

use std::time::Duration;

use base64::Engine as _;
use proptest::prelude::*;
use serde_json::{Value, json};
use sim::receiver::{How, Receiver, signs};
use tanod::accounts::Role;
use tanod::config::Settings;
use tanod::roles;
use tanod::webhooks::{self, Event, WAITS};

use super::bed::*;

/// A secret that only tests have.
pub(crate) const SECRET: &str = "whsec_dGhpcyBpcyBhIHNlY3JldCBmb3IgdGVzdHMgb25seQ==";

/// An installation whose platform hears what happens, and the platform.
pub(crate) async fn heard(change: impl FnOnce(&mut Settings)) -> (Bed, Receiver) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/in", listener.local_addr().unwrap());
    let mut platform = None;
    let mut bed = Bed::with(|settings, sim| {
        platform = Receiver::new(SECRET, sim.clock.clone());
        settings.webhooks = vec![endpoint("platform", &url)];
        change(settings);
    })
    .await;
    let platform = platform.unwrap();
    let serving = platform.clone();
    bed.servers.spawn(async move { serving.serve(listener).await.unwrap() });
    (bed, platform)
}

pub(crate) fn endpoint(name: &str, url: &str) -> webhooks::Settings {
    webhooks::Settings {
        name: name.to_owned(),
        url: url.to_owned(),
        secret: SECRET.to_owned(),
        old_secret: String::new(),
        old_secret_until: None,
        events: Vec::new(),
    }
}

/// Everything that is due now in this lane.
pub(crate) async fn due(bed: &Bed, lane: &str) {
    for _ in 0..200 {
        if !roles::next(&bed.app, lane).await.unwrap() {
            return;
        }
    }
}

async fn ping(bed: &Bed, lead: &str) {
    assert_eq!(bed.post("/v1/webhooks/ping", lead, &json!({})).await.ok()["sent"], 1);
}

async fn only(bed: &Bed) -> Value {
    // Signed in anew: the clock goes on, and a session lasts a shift.
    let lead = &bed.person(Role::Lead).await;
    let rows = bed.get("/v1/webhooks/deliveries", lead).await.ok()["rows"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    rows[0].clone()
}

#[tokio::test]
async fn a_message_is_signed_and_delivered_once() {
    let (bed, platform) = heard(|_| {}).await;
    let lead = bed.person(Role::Lead).await;
    ping(&bed, &lead).await;
    assert_eq!(only(&bed).await["state"], "waiting");
    bed.work(1).await;
    let delivery = only(&bed).await;
    assert_eq!(
        (&delivery["state"], &delivery["attempts"], &delivery["status"]),
        (&json!("delivered"), &json!(1), &json!(204))
    );
    let came = platform.received();
    assert_eq!(came.len(), 1);
    assert!(came[0].genuine && delivery["id"] == came[0].id);
    assert_eq!(came[0].body, json!({"type": "ping", "timestamp": delivery["created_at"], "data": {}}));
    let listed = bed.get("/v1/webhooks", &lead).await;
    assert_eq!(listed.ok()["rows"][0]["name"], "platform");
    assert!(!String::from_utf8_lossy(&listed.bytes).contains("whsec"));
    // What was delivered is forgotten after a while, and no sooner.
    for (days, left) in [(29, 1), (2, 0)] {
        bed.clock.advance(Duration::from_hours(24 * days));
        let mut tx = bed.app.db.write().await.unwrap();
        webhooks::forget(&mut tx).await.unwrap();
        tx.commit(tanod::store::Recorded::unrecorded("a test")).await.unwrap();
        assert_eq!(bed.count("SELECT COUNT(*) AS n FROM deliveries").await, left);
    }
    bed.ledger_verifies().await;
}

/// The platform learns the new secret a day after we do: nothing is refused before, between or after.
#[tokio::test]
async fn a_secret_changes_and_no_message_is_refused() {
    const NEW: &str = "whsec_YW5vdGhlciBzZWNyZXQgb2YgdGhlc2UgdGVzdHMgb25seQ==";
    let (mut bed, platform) = heard(|_| {}).await;
    let mut settings = bed.settings.clone();
    let until = bed.clock.now() + jiff::SignedDuration::from_hours(48);
    settings.webhooks[0].secret = NEW.into();
    (settings.webhooks[0].old_secret, settings.webhooks[0].old_secret_until) = (SECRET.into(), Some(until));
    assert_eq!(settings.without_secrets().webhooks[0].old_secret, "(set)");
    // As `serve` with the new settings would.
    bed.app.endpoints = open(settings, &bed.clock).await.unwrap().endpoints;
    let lead = bed.person(Role::Lead).await;
    ping(&bed, &lead).await;
    due(&bed, "webhooks").await;
    platform.learn(NEW);
    ping(&bed, &lead).await;
    due(&bed, "webhooks").await;
    bed.clock.advance(Duration::from_hours(48));
    let lead = bed.person(Role::Lead).await;
    ping(&bed, &lead).await;
    due(&bed, "webhooks").await;
    let came = platform.received();
    assert!(came.len() == 3 && came.iter().all(|message| message.genuine), "{came:?}");
    // Who still has the old one alone is told nothing genuine any more.
    platform.learn(SECRET);
    ping(&bed, &lead).await;
    due(&bed, "webhooks").await;
    assert!(!platform.received()[3].genuine);
}

#[tokio::test]
async fn what_is_not_taken_is_tried_on_a_schedule_then_dead_until_somebody_sends_it_again() {
    let (bed, platform) = heard(|_| {}).await;
    let lead = bed.person(Role::Lead).await;
    platform.always(How::Answer(500));
    ping(&bed, &lead).await;
    due(&bed, "webhooks").await;
    for (nth, wait) in WAITS.into_iter().enumerate() {
        let delivery = only(&bed).await;
        assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("waiting"), &json!(nth + 1)));
        bed.clock.advance(wait.checked_sub(Duration::from_secs(1)).unwrap());
        due(&bed, "webhooks").await;
        assert_eq!(platform.received().len(), nth + 1, "too soon after {nth}");
        bed.clock.advance(Duration::from_secs(1));
        due(&bed, "webhooks").await;
    }
    let dead = only(&bed).await;
    assert_eq!((&dead["state"], &dead["attempts"], &dead["status"]), (&json!("dead"), &json!(10), &json!(500)));
    let lead = bed.person(Role::Lead).await;
    assert!((1..=1_024).contains(&dead["answer"].as_str().unwrap().len()));
    let alarms = bed.get("/v1/alarms", &lead).await.ok();
    assert_eq!(
        (&alarms["rows"][0]["kind"], &alarms["rows"][0]["subject"]),
        (&json!("webhook_dead"), &json!("platform"))
    );

    let path = format!("/v1/webhooks/deliveries/{}/replay", dead["id"].as_str().unwrap());
    platform.always(How::Take);
    assert_eq!(bed.post(&path, &lead, &json!({})).await.ok()["state"], "waiting");
    assert_eq!(bed.post(&path, &lead, &json!({})).await.slug(), "delivery-under-way");
    due(&bed, "webhooks").await;
    assert_eq!(only(&bed).await["state"], "delivered");
    let came = platform.received();
    assert_eq!(came.len(), 11);
    assert!(came.iter().all(|message| message.genuine && message.id == came[0].id && message.body == came[0].body));
    assert!(came[10].at > came[0].at);
    tanod::alarms::watch(&bed.app).await.unwrap();
    assert_eq!(bed.get("/v1/alarms?state=cleared", &lead).await.ok()["rows"][0]["kind"], "webhook_dead");
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn an_endpoint_that_wants_no_more_or_is_gone_is_not_tried_again() {
    let (mut bed, platform) = heard(|_| {}).await;
    let lead = bed.person(Role::Lead).await;
    platform.next(How::Answer(410));
    ping(&bed, &lead).await;
    bed.work(1).await;
    let delivery = only(&bed).await;
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("dead"), &json!(1)));
    assert_eq!(platform.received().len(), 1);
    // The settings name it no more: nothing is sent, neither what waits nor what comes.
    ping(&bed, &lead).await;
    bed.app.endpoints = Vec::new().into();
    roles::prepare(&bed.app).await.unwrap();
    bed.work(1).await;
    let rows = bed.get("/v1/webhooks/deliveries?state=dead", &lead).await.ok()["rows"].clone();
    assert!(rows.as_array().unwrap().len() == 2 && rows[0]["trouble"].as_str().unwrap().contains("no such endpoint"));
    let ping = bed.post("/v1/webhooks/ping", &lead, &json!({})).await.slug();
    assert_eq!((ping.as_str(), platform.received().len()), ("no-endpoint", 1));
}

#[tokio::test]
async fn no_other_address_is_called() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = format!("http://{}/", listener.local_addr().unwrap());
    let (mut bed, platform) = heard(|_| {}).await;
    let other = Receiver::new(SECRET, std::sync::Arc::new(|| jiff::Timestamp::UNIX_EPOCH)).unwrap();
    let serving = other.clone();
    bed.servers.spawn(async move { serving.serve(listener).await.unwrap() });
    platform.next(How::Redirect(elsewhere));
    let lead = bed.person(Role::Lead).await;
    ping(&bed, &lead).await;
    due(&bed, "webhooks").await;
    let delivery = only(&bed).await;
    assert_eq!((&delivery["state"], &delivery["status"]), (&json!("waiting"), &json!(302)));
    assert_eq!((platform.received().len(), other.received().len()), (1, 0));
}

#[tokio::test]
async fn a_message_whose_row_was_lost_to_a_crash_comes_again_under_its_id() {
    let (bed, platform) = heard(|_| {}).await;
    let lead = bed.person(Role::Lead).await;
    ping(&bed, &lead).await;
    let id = only(&bed).await["id"].as_str().unwrap().parse().unwrap();
    // Two workers at the same delivery, as when the first was taken for dead: both post, one writes it down.
    let (one, two) = tokio::join!(webhooks::jobs::deliver(&bed.app, id), webhooks::jobs::deliver(&bed.app, id));
    one.unwrap();
    two.unwrap();
    let came = platform.received();
    assert!((1..=2).contains(&came.len()) && came.iter().all(|message| message.id == came[0].id));
    let delivery = only(&bed).await;
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("delivered"), &json!(1)));
    webhooks::jobs::deliver(&bed.app, id).await.unwrap();
    assert_eq!(platform.received().len(), came.len());
    let written = "SELECT COUNT(*) AS n FROM audit WHERE kind = 'webhook.delivered'";
    assert_eq!(bed.count(written).await, 1);
}

#[tokio::test]
async fn an_endpoint_hears_what_it_asked_for() {
    let (bed, platform) = heard(|settings| {
        let url = settings.webhooks[0].url.clone();
        settings.webhooks[0].events = vec![Event::ReportFinished, Event::ActionRequested];
        settings.webhooks.push(endpoint("all", &url));
    })
    .await;
    for event in [Event::CaseOpened, Event::ReportFinished] {
        let mut tx = bed.app.db.write().await.unwrap();
        webhooks::send(&mut tx, event, None, &json!({"n": 1})).await.unwrap();
        tx.commit(tanod::store::Recorded::unrecorded("a test")).await.unwrap();
    }
    due(&bed, "webhooks").await;
    let lead = bed.person(Role::Lead).await;
    let rows = bed.get("/v1/webhooks/deliveries?state=delivered", &lead).await.ok()["rows"].clone();
    let mut pairs: Vec<String> =
        rows.as_array().unwrap().iter().map(|row| format!("{} {}", row["endpoint"], row["event"])).collect();
    pairs.sort();
    assert_eq!(pairs, ["\"all\" \"case.opened\"", "\"all\" \"report.finished\"", "\"platform\" \"report.finished\""]);
    assert_eq!(platform.received().len(), 3);
}

#[tokio::test]
async fn an_endpoint_that_hangs_is_left_alone_for_a_moment_and_the_others_are_not() {
    let (mut bed, platform) = heard(|_| {}).await;
    let http = exchange::http::client().unwrap();
    bed.app.webhooks = exchange::webhooks::Client::new(http, Duration::from_millis(300));
    let lead = bed.person(Role::Lead).await;
    platform.next(How::Slow(Duration::from_secs(5)));
    ping(&bed, &lead).await;
    ping(&bed, &lead).await;
    due(&bed, "webhooks").await;
    // The first hangs; the second does not wait for it, and is not counted as tried.
    assert_eq!(platform.received().len(), 1);
    let rows = bed.get("/v1/webhooks/deliveries", &lead).await.ok()["rows"].clone();
    let mut tries: Vec<i64> = rows.as_array().unwrap().iter().map(|row| row["attempts"].as_i64().unwrap()).collect();
    tries.sort_unstable();
    assert_eq!(tries, [0, 1]);
    bed.clock.advance(Duration::from_secs(30));
    due(&bed, "webhooks").await;
    assert_eq!(
        bed.get("/v1/webhooks/deliveries?state=delivered", &lead).await.ok()["rows"].as_array().unwrap().len(),
        2
    );
    assert_eq!(platform.received().len(), 3);
}

#[tokio::test]
async fn endpoints_that_could_leak_are_refused_at_the_start_and_secrets_are_not_shown() {
    type Change = Box<dyn Fn(&mut webhooks::Settings)>;
    let bed = Bed::new().await;
    let changes: [(&str, Change); 9] = [
        (
            "old secret",
            Box::new(|one| {
                (one.old_secret, one.old_secret_until) = ("topsecret".into(), Some(jiff::Timestamp::MAX));
            }),
        ),
        ("old_secret_until", Box::new(|one| one.old_secret = SECRET.into())),
        ("old_secret", Box::new(|one| one.old_secret_until = Some(jiff::Timestamp::MAX))),
        ("url", Box::new(|one| one.url = "http://platform.example/".into())),
        ("url", Box::new(|one| one.url = "https://user:word@platform.example/".into())),
        ("url", Box::new(|one| one.url = "127.0.0.1".into())),
        ("secret", Box::new(|one| one.secret = "whsec_c2hvcnQ=".into())),
        ("secret", Box::new(|one| one.secret = "topsecret".into())),
        ("name", Box::new(|one| one.name = " ".into())),
    ];
    for (what, change) in changes {
        let mut settings = bed.settings.clone();
        let mut one = endpoint("one", "https://platform.example/");
        change(&mut one);
        settings.webhooks = vec![one];
        let said = open(settings, &bed.clock).await.err().unwrap().to_string();
        assert!(said.contains(what) && !said.contains("topsecret") && !said.contains("c2hvcnQ"), "{said}");
    }
    let mut settings = bed.settings.clone();
    settings.webhooks =
        vec![endpoint("one", "https://platform.example/"), endpoint("one", "https://platform.example/")];
    assert!(open(settings.clone(), &bed.clock).await.is_err());
    assert_eq!(settings.without_secrets().webhooks[0].secret, "(set)");
}

proptest! {
    /// What our client signs, the receiver's own code verifies, and it verifies nothing else.
    #[test]
    fn what_is_signed_verifies_and_nothing_else_does(
        key in proptest::collection::vec(any::<u8>(), 24..100), id in "[a-z0-9_-]{1,40}", second in 0_i64..4_000_000_000,
        body in "\\PC{0,300}", flip in any::<prop::sample::Index>(),
    ) {
        let coded = base64::engine::general_purpose::STANDARD.encode(&key);
        let marked = format!("whsec_{coded}");
        let secret = exchange::webhooks::Secret::parse(&marked).unwrap();
        let at = jiff::Timestamp::from_second(second).unwrap();
        let signature = secret.sign(&id, at, &body);
        let time = second.to_string();
        prop_assert!(signs(&key, &id, &time, body.as_bytes(), &signature));
        prop_assert!(!signs(&key, &id, &(second + 1).to_string(), body.as_bytes(), &signature));
        let other = format!("{id}0");
        prop_assert!(!signs(&key, &other, &time, body.as_bytes(), &signature));
        let mut bent = body.into_bytes();
        bent.push(b'x');
        let at = flip.index(bent.len());
        bent[at] ^= 1;
        prop_assert!(!signs(&key, &id, &time, &bent, &signature));
    }
}
