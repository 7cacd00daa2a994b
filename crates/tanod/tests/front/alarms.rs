//! Alarms: told without content until somebody knows, then the next person, for ever.

use std::time::Duration;

use axum::body::Body;
use serde_json::{Value, json};
use sim::receiver::{How, Receiver};
use sim::smtp::{Mail, Mood, Server};
use tanod::accounts::{Role, Scope};
use tanod::alarms::{self, Kind, OnCall, Part};
use tanod::config::Settings;
use tanod::store::Recorded;

use super::bed::*;
use super::cases::matched;
use super::webhooks::{due, endpoint, heard};

/// A change of the settings.
type Change = Box<dyn Fn(&mut Settings)>;

fn person(name: &str, webhook: &str) -> OnCall {
    OnCall { name: name.to_owned(), email: format!("{name}@platform.example"), webhook: webhook.to_owned() }
}

/// An installation with two people on call, their mail server, and the second one's pager.
pub(crate) async fn watched(change: impl FnOnce(&mut Settings)) -> (Bed, Server, Receiver) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (mut bed, pager) = heard(|settings| {
        settings.public_url = "https://tanod.example".into();
        settings.alarms.smtp.host = "127.0.0.1".into();
        settings.alarms.smtp.port = port;
        settings.alarms.smtp.tls = exchange::mail::Tls::None;
        settings.alarms.smtp.from = "tanod@platform.example".into();
        settings.alarms.next_person_after = 2;
        settings.alarms.on_call = vec![person("first", ""), person("second", "platform")];
        change(settings);
    })
    .await;
    let mails = Server::default();
    let serving = mails.clone();
    bed.servers.spawn(async move { serving.serve(listener).await.unwrap() });
    (bed, mails, pager)
}

async fn raise(bed: &Bed, kind: Kind, subject: &str, case: Option<&str>) {
    let mut tx = bed.app.db.write().await.unwrap();
    let case = case.map(|case| case.parse().unwrap());
    alarms::raise(&mut tx, kind, subject, case).await.unwrap();
    tx.commit(Recorded::unrecorded("a test")).await.unwrap();
}

async fn rows(bed: &Bed) -> Vec<Value> {
    let lead = bed.person(Role::Lead).await;
    bed.get("/v1/alarms", &lead).await.ok()["rows"].as_array().unwrap().clone()
}

pub(crate) fn acknowledge_link(mail: &Mail) -> String {
    let text = mail.read();
    let line = text.lines().find(|line| line.contains("/alarms/tanod_page_")).unwrap();
    line.strip_prefix("https://tanod.example").unwrap().to_owned()
}

pub(crate) async fn press(bed: &Bed, link: &str) -> u16 {
    let request = Bed::request("POST", link, "").header("sec-fetch-site", "same-origin");
    bed.send(request.body(Body::empty()).unwrap()).await.status.as_u16()
}

pub(crate) async fn minutes(bed: &Bed, n: u64) {
    bed.clock.advance(Duration::from_mins(n));
    due(bed, "pages").await;
}

#[tokio::test]
async fn nobody_answers_so_the_next_person_is_paged_and_round_again() {
    let (bed, mails, pager) = watched(|_| {}).await;
    raise(&bed, Kind::ScannerStuck, "decoder", None).await;
    raise(&bed, Kind::ScannerStuck, "decoder", None).await;
    due(&bed, "pages").await;
    for _ in 0..8 {
        // Not before its time.
        minutes(&bed, 4).await;
        minutes(&bed, 1).await;
    }
    let to: Vec<String> = mails.mails().iter().map(|mail| mail.to[0].split('@').next().unwrap().to_owned()).collect();
    assert_eq!(to, ["first", "first", "second", "second", "first", "first", "second", "second", "first"]);
    let came = pager.received();
    assert!(came.len() == 4 && came.iter().all(|page| page.genuine && page.body["type"] == "alarm.page"));
    assert_eq!(came[0].body["data"]["says"], "Uploads cannot be looked at");
    assert_eq!(rows(&bed).await.len(), 1);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM audit WHERE kind = 'alarm.paged'").await, 9);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn the_button_behind_the_link_ends_it_and_looking_does_not() {
    let (bed, mails, _) = watched(|_| {}).await;
    raise(&bed, Kind::QueueStuck, "reports", None).await;
    due(&bed, "pages").await;
    minutes(&bed, 5).await;
    let (old, new) = (acknowledge_link(&mails.mails()[0]), acknowledge_link(&mails.mails()[1]));
    assert_ne!(old, new);
    // Programs that guard mailboxes follow links; other sites send forms.
    let seen = bed.get(&old, "").await;
    let text = String::from_utf8_lossy(&seen.bytes).into_owned();
    assert!(seen.status == 200 && text.contains("<button>") && text.contains("Work that is due"), "{text}");
    let foreign = Bed::request("POST", &old, "").header("sec-fetch-site", "cross-site").body(Body::empty()).unwrap();
    assert_eq!(bed.send(foreign).await.status, 403);
    assert_eq!(rows(&bed).await[0]["state"], "open");
    for wrong in ["/alarms/tanod_page_00", "/alarms/x"] {
        assert_eq!((bed.get(wrong, "").await.status.as_u16(), press(&bed, wrong).await), (404, 404));
    }
    assert_eq!(press(&bed, &old).await, 303);
    assert_eq!(press(&bed, &new).await, 303);
    let alarm = rows(&bed).await[0].clone();
    assert_eq!((&alarm["state"], &alarm["acknowledged_by"]), (&json!("acknowledged"), &json!("on call: first")));
    let after = String::from_utf8(bed.get(&new, "").await.bytes).unwrap();
    assert!(after.contains("Acknowledged: on call: first") && !after.contains("<button>"));
    for _ in 0..3 {
        minutes(&bed, 10).await;
    }
    assert_eq!(mails.mails().len(), 2);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM audit WHERE kind = 'alarm.acknowledged'").await, 1);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM jobs WHERE lane = 'pages'").await, 0);
}

#[tokio::test]
async fn who_is_signed_in_acknowledges_by_the_api_and_the_console() {
    let (bed, mails, _) = watched(|_| {}).await;
    raise(&bed, Kind::ListStale, "bank", None).await;
    raise(&bed, Kind::QueueStuck, "items", None).await;
    due(&bed, "pages").await;
    let lead = bed.person(Role::Lead).await;
    let ids: Vec<String> = rows(&bed).await.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    let said = bed.post(&format!("/v1/alarms/{}/acknowledgement", ids[0]), &lead, &json!({})).await.ok();
    assert!(said["state"] == "acknowledged" && said["acknowledged_by"].as_str().unwrap().starts_with("staff "));
    let cookie = format!("{}={lead}", tanod::web::COOKIE);
    let page = async |method: &str, path: &str| {
        let request = Bed::request(method, path, "").header("cookie", &cookie).header("sec-fetch-site", "same-origin");
        bed.send(request.body(Body::empty()).unwrap()).await
    };
    let shown = String::from_utf8(page("GET", "/console/alarms").await.bytes).unwrap();
    assert!(shown.contains("<h1>Alarms</h1>") && shown.matches(">I know</button>").count() == 1);
    let path = format!("/console/alarms/{}/acknowledgement", ids[1]);
    assert_eq!(page("POST", &path).await.status, 303);
    assert!(!String::from_utf8(page("GET", "/console/alarms").await.bytes).unwrap().contains("I know</button>"));
    minutes(&bed, 30).await;
    assert_eq!(mails.mails().len(), 2);
    assert_eq!(bed.post("/v1/alarms/alarm_x/acknowledgement", &lead, &json!({})).await.slug(), "unknown-alarm");
}

#[tokio::test]
async fn a_page_has_the_number_of_the_case_and_nothing_of_what_it_is_about() {
    let (bed, mails, pager) = watched(|settings| settings.alarms.on_call.rotate_left(1)).await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u-secret").await;
    raise(&bed, Kind::DangerNow, &case, Some(&case)).await;
    due(&bed, "pages").await;
    let (mail, page) = (mails.mails()[0].read(), pager.received()[0].body.clone());
    assert!(mail.contains("Subject: Tanod: A child may be in danger now (case 1)\n"), "{mail}");
    assert!(mail.contains(&format!("https://tanod.example/console/cases/{case}\n")));
    assert!(mail.contains("Message-ID: <page_") && mail.contains("From: tanod@platform.example"));
    assert_eq!((&page["data"]["case_number"], &page["data"]["kind"]), (&json!(1), &json!("danger_now")));
    for text in [mail, page.to_string()] {
        for content in ["u-secret", "of-u", "192.0.2.10", "sha256", "csam", "hash_match"] {
            assert!(!text.contains(content), "{content} in {text}");
        }
    }
}

#[tokio::test]
async fn a_mail_server_that_is_down_keeps_no_webhook_back_and_is_tried_again_soon() {
    let (bed, mails, pager) = watched(|settings| settings.alarms.on_call.rotate_left(1)).await;
    mails.set_mood(Mood::Refuses);
    raise(&bed, Kind::DangerNow, "c", None).await;
    due(&bed, "pages").await;
    assert_eq!((mails.mails().len(), pager.received().len()), (0, 1));
    // A minute later the mail alone is tried again, then it is there, and the next page comes when it would have come.
    minutes(&bed, 1).await;
    mails.set_mood(Mood::Takes);
    minutes(&bed, 1).await;
    assert_eq!((mails.mails().len(), pager.received().len()), (1, 1));
    minutes(&bed, 1).await;
    minutes(&bed, 1).await;
    assert_eq!((mails.mails().len(), pager.received().len()), (1, 1));
    minutes(&bed, 1).await;
    assert_eq!((mails.mails().len(), pager.received().len()), (2, 2));
    assert_eq!(rows(&bed).await[0]["pages"], 2);
    // The link of a mail that came late is as good as any.
    assert_eq!(press(&bed, &acknowledge_link(&mails.mails()[0])).await, 303);
    // And the other way round: a pager that is down keeps no mail back.
    pager.always(How::Answer(500));
    raise(&bed, Kind::DangerNow, "d", None).await;
    due(&bed, "pages").await;
    assert_eq!((mails.mails().len(), pager.received().len()), (3, 3));
    minutes(&bed, 1).await;
    assert_eq!((mails.mails().len(), pager.received().len()), (3, 4));
}

#[tokio::test]
async fn a_page_that_was_killed_on_its_way_goes_out_once_more_rather_than_once_less() {
    let (bed, mails, _) = watched(|_| {}).await;
    raise(&bed, Kind::ClockNear, "c", None).await;
    let id = rows(&bed).await[0]["id"].as_str().unwrap().parse().unwrap();
    {
        // Ended after its row was written and before the mail went out: the server's silence holds it there.
        mails.set_mood(Mood::Silent(Duration::from_secs(30)));
        let page = alarms::page(&bed.app, id);
        assert!(tokio::time::timeout(Duration::from_millis(300), page).await.is_err());
        mails.set_mood(Mood::Takes);
    }
    assert_eq!((mails.mails().len(), bed.count("SELECT COUNT(*) AS n FROM pages").await), (0, 1));
    minutes(&bed, 1).await;
    assert_eq!((mails.mails().len(), rows(&bed).await[0]["pages"].as_i64()), (1, Some(1)));
}

#[tokio::test]
async fn what_is_wrong_is_seen_and_what_is_mended_is_cleared() {
    let (mut bed, _, _) = watched(|settings| settings.reporting.username = "wrong".into()).await;
    let of = async |bed: &Bed, kind: &str| -> Vec<Value> {
        alarms::watch(&bed.app).await.unwrap();
        rows(bed).await.into_iter().filter(|row| row["kind"] == kind && row["state"] != "cleared").collect()
    };
    // A list of somebody else that nobody refreshes; our own is not one.
    let curator = bed.key(&[Scope::BanksWrite]).await;
    bed.bank("csam", &[("sha256", "ab".repeat(32))]).await;
    let new = json!({"name": "theirs", "kind": "csam", "licence": "restricted", "source": "test"});
    let theirs = bed.post("/v1/banks", &curator, &new).await.ok()["id"].as_str().unwrap().to_owned();
    assert!(of(&bed, "list_stale").await.is_empty());
    bed.clock.advance(Duration::from_hours(49));
    let stale = of(&bed, "list_stale").await;
    assert_eq!((stale.len(), &stale[0]["subject"]), (1, &json!(theirs)));
    bed.import(&theirs, &[("sha256", "cd".repeat(32))]).await.ok();
    assert!(of(&bed, "list_stale").await.is_empty());

    // Credentials that are refused kill the report, and both are told.
    let (case, lead) = super::reporting::decided(&bed).await;
    due(&bed, "reports").await;
    let dead = of(&bed, "report_dead").await;
    assert_eq!((dead.len(), &dead[0]["case"]), (1, &json!(case)));
    assert_eq!(of(&bed, "credentials_refused").await[0]["subject"], "ncmec");

    // Acknowledged, and it lasts: raised again after an hour, not sooner.
    let id = dead[0]["id"].as_str().unwrap();
    bed.post(&format!("/v1/alarms/{id}/acknowledgement"), &lead, &json!({})).await.ok();
    bed.clock.advance(Duration::from_mins(59));
    assert_eq!(of(&bed, "report_dead").await[0]["state"], "acknowledged");
    bed.clock.advance(Duration::from_mins(1));
    let again = of(&bed, "report_dead").await;
    assert_eq!((&again[0]["state"], &again[0]["pages"]), (&json!("open"), &json!(0)));

    // A lane that nobody works off, and a decoder that does not answer.
    assert!(of(&bed, "queue_stuck").await.iter().any(|row| row["subject"] == "pages"));
    due(&bed, "pages").await;
    due(&bed, "context").await;
    due(&bed, "webhooks").await;
    let stuck = of(&bed, "queue_stuck").await;
    assert!(stuck.is_empty(), "{stuck:?}");
    let pool = std::mem::replace(
        &mut bed.app.pool,
        decode::Pool::new("/nonexistent".into(), Vec::new(), 1, decode::Limits::default()),
    );
    alarms::scan(&bed.app).await.unwrap();
    assert_eq!(of(&bed, "scanner_stuck").await[0]["subject"], bed.app.process.to_string());
    bed.app.pool = pool;
    alarms::scan(&bed.app).await.unwrap();
    assert!(of(&bed, "scanner_stuck").await.is_empty());
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn a_new_occurrence_is_told_again_and_the_same_one_is_not() {
    let (bed, mails, _) = watched(|_| {}).await;
    raise(&bed, Kind::DangerNow, "c", None).await;
    due(&bed, "pages").await;
    press(&bed, &acknowledge_link(&mails.mails()[0])).await;
    raise(&bed, Kind::DangerNow, "c", None).await;
    minutes(&bed, 5).await;
    assert_eq!(mails.mails().len(), 1);
    let mut tx = bed.app.db.write().await.unwrap();
    alarms::raise_anew(&mut tx, Kind::DangerNow, "c", None).await.unwrap();
    tx.commit(Recorded::unrecorded("a test")).await.unwrap();
    due(&bed, "pages").await;
    assert_eq!(mails.mails().len(), 2);
    let mut tx = bed.app.db.write().await.unwrap();
    alarms::clear(&mut tx, Kind::DangerNow, "c").await.unwrap();
    tx.commit(Recorded::unrecorded("a test")).await.unwrap();
    minutes(&bed, 5).await;
    assert_eq!(mails.mails().len(), 2);
    // After it was cleared the same words are another alarm.
    raise(&bed, Kind::DangerNow, "c", None).await;
    due(&bed, "pages").await;
    assert_eq!((mails.mails().len(), rows(&bed).await.len()), (3, 2));
}

#[tokio::test]
async fn an_outside_watcher_hears_of_silence() {
    let (bed, _, pager) = watched(|settings| settings.alarms.heartbeat_url.clone_from(&settings.webhooks[0].url)).await;
    let heartbeat = async || {
        let said = bed.get("/heartbeat", "").await;
        (said.status.as_u16(), String::from_utf8(said.bytes).unwrap())
    };
    let tick = async |parts: &[Part]| {
        for part in parts {
            let mut tx = bed.app.db.write().await.unwrap();
            let proof = alarms::tick(&mut tx, *part).await.unwrap();
            tx.commit(proof).await.unwrap();
        }
    };
    assert_eq!(heartbeat().await, (503, "silent: worker, sequencer, scheduler\n".to_owned()));
    alarms::knock(&bed.app).await.unwrap();
    assert!(pager.received().is_empty());
    tick(&Part::ALL).await;
    assert_eq!(heartbeat().await.0, 200);
    alarms::knock(&bed.app).await.unwrap();
    assert_eq!(pager.received().len(), 1);
    bed.clock.advance(Duration::from_mins(3));
    tick(&[Part::Worker, Part::Scheduler]).await;
    assert_eq!(heartbeat().await, (503, "silent: sequencer\n".to_owned()));
    alarms::knock(&bed.app).await.unwrap();
    assert_eq!(pager.received().len(), 1);
    alarms::watch(&bed.app).await.unwrap();
    let row = rows(&bed).await[0].clone();
    assert_eq!((&row["kind"], &row["subject"]), (&json!("silent"), &json!("sequencer")));
}

#[tokio::test]
async fn settings_that_would_tell_nobody_are_refused() {
    let bed = Bed::new().await;
    let mail = |settings: &mut Settings| {
        settings.alarms.smtp.host = "mail.platform.example".into();
        settings.alarms.smtp.from = "tanod@platform.example".into();
    };
    let wrong: [(&str, Change); 7] = [
        ("smtp.host", Box::new(|all| all.alarms.on_call = vec![person("first", "")])),
        (
            "[[webhooks]]",
            Box::new(move |all| {
                mail(all);
                all.alarms.on_call = vec![person("first", "pager")];
            }),
        ),
        (
            "an email or a webhook",
            Box::new(|all| all.alarms.on_call = vec![OnCall { email: String::new(), ..person("first", "") }]),
        ),
        (
            "not an address",
            Box::new(move |all| {
                mail(all);
                all.alarms.on_call = vec![OnCall { email: "first".into(), ..person("first", "") }];
            }),
        ),
        (
            "this machine",
            Box::new(move |all| {
                mail(all);
                all.alarms.smtp.tls = exchange::mail::Tls::None;
            }),
        ),
        ("heartbeat_url", Box::new(|all| all.alarms.heartbeat_url = "http://watcher.example/".into())),
        ("smtp", Box::new(|all| all.alarms.smtp.host = "mail.platform.example".into())),
    ];
    for (what, change) in wrong {
        let mut settings = bed.settings.clone();
        change(&mut settings);
        let said = open(settings, &bed.clock).await.err().unwrap().to_string();
        assert!(said.contains(what), "{what}: {said}");
    }
    let mut settings = bed.settings.clone();
    settings.webhooks = vec![endpoint("pager", "https://pager.example/")];
    mail(&mut settings);
    settings.alarms.on_call = vec![person("first", "pager")];
    settings.alarms.smtp.password = "word".into();
    assert_eq!(settings.without_secrets().alarms.smtp.password, "(set)");
    open(settings, &bed.clock).await.unwrap();
}

#[tokio::test]
async fn a_link_that_belongs_to_no_page_says_what_to_do() {
    let bed = Bed::new().await;
    let said = bed.get("/alarms/nothing", "").await;
    assert_eq!(said.status, 404);
    let text = String::from_utf8(said.bytes).unwrap();
    assert!(["unknown-page", "What to do"].iter().all(|words| text.contains(words)), "{text}");
}

/// One of two processes that look at files is killed; the scheduler lives in neither. The dead one is told of until somebody
/// knows; the one that was asked to end is missed by nobody.
#[tokio::test]
async fn every_process_that_looks_at_files_is_watched() {
    let (bed, _, _) = watched(|_| {}).await;
    bed.clock.advance(Duration::from_secs(1));
    let one = bed.neighbour().await;
    bed.clock.advance(Duration::from_secs(1));
    let two = bed.neighbour().await;
    for app in [&one, &two] {
        alarms::scan(app).await.unwrap();
    }
    let stuck = async || {
        alarms::watch(&bed.app).await.unwrap();
        let all = rows(&bed).await;
        all.into_iter().filter(|row| row["kind"] == "scanner_stuck" && row["state"] != "cleared").collect::<Vec<_>>()
    };
    assert!(stuck().await.is_empty());
    for _ in 0..9 {
        bed.clock.advance(Duration::from_secs(15));
        alarms::scan(&one).await.unwrap();
    }
    let missed = stuck().await;
    assert_eq!((missed.len(), &missed[0]["subject"]), (1, &json!(two.process.to_string())));
    let lead = bed.person(Role::Lead).await;
    let id = missed[0]["id"].as_str().unwrap();
    bed.post(&format!("/v1/alarms/{id}/acknowledgement"), &lead, &json!({})).await.ok();
    assert!(stuck().await.is_empty());
    let mut tx = bed.app.db.write().await.unwrap();
    let proof = alarms::scans_no_more(&mut tx, Some(one.process)).await.unwrap();
    tx.commit(proof).await.unwrap();
    bed.clock.advance(Duration::from_hours(1));
    assert!(stuck().await.is_empty());
}
