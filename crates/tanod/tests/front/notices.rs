//! The door for people: what is told is kept and answered, nobody is silenced, and whoever is depicted is no suspect.

use axum::body::Body;
use axum::http::header;
use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};

use super::bed::*;

const DOOR: &[Scope] = &[Scope::NoticesWrite];

pub(crate) fn notice(kind: &str, reason: &str) -> Value {
    json!({"kind": kind, "reason": reason, "words": "what was seen", "account": {"id": "told-of"}})
}

/// Sends a form of the public page from some address.
async fn form_from(bed: &Bed, address: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).collect();
    let request = Bed::request("POST", "/report", "").header("x-forwarded-for", address);
    let said = bed.send(request.body(Body::from(pairs.join("&"))).unwrap()).await;
    (said.status.as_u16(), String::from_utf8(said.bytes).unwrap())
}

async fn page(bed: &Bed, path: &str) -> (u16, String) {
    let said = bed.get(path, "").await;
    (said.status.as_u16(), String::from_utf8(said.bytes).unwrap())
}

async fn with_form() -> Bed {
    Bed::with(|settings, _| {
        settings.notices.public_form = true;
        settings.notices.per_address_per_hour = 3;
        settings.notices.support.en = "Somebody listens: help.example".into();
        settings.behind_tls = true;
    })
    .await
}

#[tokio::test]
async fn each_fault_of_a_notice_has_its_refusal_and_leaves_nothing() {
    let bed = Bed::new().await;
    let key = bed.key(DOOR).await;
    for bad in [
        json!({}),
        json!({"kind": "user"}),
        json!({"kind": "user", "reason": "other"}),
        json!({"kind": "nobody", "reason": "other", "words": "x"}),
        json!({"kind": "user", "reason": "other", "words": "x", "colour": 1}),
        json!({"kind": "user", "reason": "other", "urls": ["ftp://x"]}),
    ] {
        assert_eq!(bed.post("/v1/notices", &key, &bad).await.slug(), "bad-notice", "{bad}");
    }
    let text = notice("user", "other").to_string();
    let send = async |parts: &[(&str, &[u8])]| {
        let (kind, body) = form(parts);
        let request = Bed::request("POST", "/v1/notices", &key).header(header::CONTENT_TYPE, kind);
        bed.send(request.body(Body::from(body)).unwrap()).await
    };
    let large = vec![0; (1 << 20) + 1];
    assert_eq!(send(&[("media", b"x")]).await.slug(), "bad-notice");
    assert_eq!(send(&[("notice", text.as_bytes()), ("media", b"")]).await.slug(), "bad-notice");
    assert_eq!(send(&[("notice", text.as_bytes()), ("more", b"x")]).await.slug(), "bad-notice");
    assert_eq!(send(&[("notice", text.as_bytes()), ("media", &large)]).await.slug(), "too-large");
    assert_eq!(bed.get("/v1/notices?before=x", &bed.person(Role::Lead).await).await.slug(), "unknown-notice");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM notices").await, 0);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM items").await, 0);
}

#[tokio::test]
async fn an_anonymous_notice_with_media_is_kept_sealed_and_its_sender_told_how_it_stands() {
    let bed = Bed::new().await;
    let (key, lead) = (bed.key(DOOR).await, bed.person(Role::Lead).await);
    let media = jpeg(&picture(1, 320, 240), 90);
    bed.bank("csam", &[("md5", "00".repeat(16))]).await;
    let (kind, body) = form(&[("notice", notice("user", "abuse_material").to_string().as_bytes()), ("media", &media)]);
    let send = async || {
        let request = Bed::request("POST", "/v1/notices", &key).header(header::CONTENT_TYPE, &kind);
        bed.send(request.header("idempotency-key", "n-1").body(Body::from(body.clone())).unwrap()).await
    };
    let said = send().await.ok();
    assert_eq!(send().await.ok(), said, "the same key is the same notice");
    assert!(said["case"].is_null(), "a program that passes notices on sees no cases");
    // No list knows it, and it is kept all the same.
    let item = said["items"][0].as_str().unwrap();
    assert_eq!(bed.get(&format!("/v1/items/{item}"), &lead).await.ok()["verdict"], "no_match");
    bed.work(8 * 24).await;
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), 1);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM data_keys").await, 1);
    let kept = bed.get("/v1/notices", &bed.person(Role::Lead).await).await.ok();
    assert_eq!((&kept["rows"][0]["items"][0], &kept["rows"][0]["reporter_known"]), (&said["items"][0], &json!(false)));
    let link = said["status_link"].as_str().unwrap();
    let (status, text) = page(&bed, link.strip_prefix("http://localhost:8080").unwrap()).await;
    assert!(status == 200 && text.contains("Received") && !text.contains("told-of"), "{text}");
    assert_eq!(page(&bed, "/report/status/00").await.0, 404);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn pictures_from_the_police_are_refused_and_flagged() {
    let bed = Bed::new().await;
    let key = bed.key(DOOR).await;
    let (kind, body) = form(&[("notice", notice("police", "abuse_material").to_string().as_bytes()), ("media", b"x")]);
    let request = Bed::request("POST", "/v1/notices", &key).header(header::CONTENT_TYPE, kind);
    assert_eq!(bed.send(request.body(Body::from(body)).unwrap()).await.slug(), "police-media");
    assert!(bed.app.vault.objects.list().await.unwrap().is_empty());
    let record = bed.get("/v1/audit", &bed.person(Role::Auditor).await).await.ok();
    assert!(record["rows"].as_array().unwrap().iter().any(|entry| entry["kind"] == "notice.media_refused"));
    bed.post("/v1/notices", &key, &notice("police", "abuse_material")).await.ok();
}

#[tokio::test]
async fn a_person_depicted_hears_where_help_is() {
    let bed = with_form().await;
    let key = bed.key(DOOR).await;
    for kind in ["depicted", "representative"] {
        let said = bed.post("/v1/notices", &key, &notice(kind, "own_picture")).await.ok();
        assert_eq!(said["support"]["en"], "Somebody listens: help.example");
        assert!(said["remark"].as_str().unwrap().contains("US-49"));
    }
    let said = bed.post("/v1/notices", &key, &notice("user", "intimate_adult")).await.ok();
    assert!(said["support"].is_null() && said["remark"].as_str().unwrap().contains("48 hours"));
}

#[tokio::test]
async fn a_flood_is_gathered_and_kept_and_danger_told_too_often_pages_nobody_again() {
    let bed = Bed::with(|settings, _| settings.notices.per_reporter_per_hour = 5).await;
    let (key, lead) = (bed.key(DOOR).await, bed.person(Role::Lead).await);
    let mut told = notice("user", "abuse_material");
    told["reporter_account"] = json!("busy");
    told["danger_now"] = json!(true);
    let mut gathered = Vec::new();
    for n in 0..8 {
        told["account"]["id"] = json!(format!("told-of-{n}"));
        gathered.push(bed.post("/v1/notices", &key, &told).await.ok()["gathered"] == true);
    }
    assert_eq!(gathered, [false, false, false, false, false, true, true, true]);
    let rows = bed.get("/v1/notices", &lead).await.ok()["rows"].clone();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 8, "all of them are kept");
    assert_eq!(rows.iter().filter(|row| row["danger_discounted"] == true).count(), 5);
    let alarms = bed.count("SELECT COUNT(*) AS n FROM alarms WHERE kind = 'danger_now'").await;
    assert_eq!(alarms, 3, "three page, and no more");
    // Another reporter, and an anonymous one, are heard as before; an hour later so is this one.
    told["reporter_account"] = json!("calm");
    assert_eq!(bed.post("/v1/notices", &key, &told).await.ok()["gathered"], false);
    told.as_object_mut().unwrap().remove("reporter_account");
    assert_eq!(bed.post("/v1/notices", &key, &told).await.ok()["gathered"], false);
    bed.clock.advance(std::time::Duration::from_mins(61));
    told["reporter_account"] = json!("busy");
    assert_eq!(bed.post("/v1/notices", &key, &told).await.ok()["gathered"], false);
}

#[tokio::test]
async fn the_public_form_speaks_three_languages_and_is_off_unless_wanted() {
    let off = Bed::new().await;
    let (status, text) = page(&off, "/report").await;
    assert!(status == 404 && text.contains("no-public-form"));
    let bed = with_form().await;
    for (tag, direction, title) in [
        ("en", "ltr", "Report harm to a child"),
        ("fil", "ltr", "Mag-ulat ng pananakit sa bata"),
        ("ar", "rtl", "الإبلاغ عن أذى لحق بطفل"),
    ] {
        let (status, text) = page(&bed, &format!("/report?lang={tag}")).await;
        assert!(status == 200 && text.contains(title), "{tag}");
        assert!(text.contains(&format!("<html lang=\"{tag}\" dir=\"{direction}\">")), "{tag}");
        assert!(!text.contains("<script") && !text.contains("style="), "{tag}");
        for field in ["reason", "urls", "account", "words", "contact", "website"] {
            assert!(text.contains(&format!("for=\"{field}\"")), "{tag}: {field} has no label");
        }
    }
    let fields = [
        ("lang", "fil"),
        ("kind", "depicted"),
        ("reason", "own_picture"),
        ("urls", "https://platform.example/p/1"),
        ("words", "it is me"),
        ("website", ""),
    ];
    let (status, text) = form_from(&bed, "192.0.2.7", &fields).await;
    assert!(status == 201 && text.contains("Salamat") && text.contains("Somebody listens"), "{text}");
    let (_, rest) = text.split_once("/report/status/").unwrap();
    let (link, _) = rest.split_once('"').unwrap();
    let (status, text) = page(&bed, &format!("/report/status/{link}")).await;
    assert!(status == 200 && text.contains("Natanggap"), "{text}");
    let rows = bed.get("/v1/notices", &bed.person(Role::Reviewer).await).await.ok()["rows"].clone();
    assert_eq!(
        (&rows[0]["door"], &rows[0]["kind"], &rows[0]["words"]),
        (&json!("form"), &json!("depicted"), &json!("it is me"))
    );
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM notices WHERE reporter LIKE '%192.0.2%'").await, 0);
}

#[tokio::test]
async fn the_form_answers_machines_floods_and_faults_with_what_to_do_and_loses_no_word() {
    let bed = with_form().await;
    let fields = |trap: &'static str, reason: &'static str| {
        [("lang", "en"), ("kind", "user"), ("reason", reason), ("words", "a long story"), ("website", trap)]
    };
    let (status, text) = form_from(&bed, "192.0.2.7", &fields("https://x.example", "other")).await;
    assert!(status == 422 && text.contains("must stay empty") && text.contains("a long story"), "{text}");
    let (status, text) = form_from(&bed, "192.0.2.7", &fields("", "nothing")).await;
    assert!(status == 422 && text.contains("a long story"), "{text}");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(form_from(&bed, "198.51.100.9, 192.0.2.8", &fields("", "other")).await.0);
    }
    let (status, text) = form_from(&bed, "203.0.113.1, 192.0.2.8", &fields("", "other")).await;
    assert_eq!((statuses, status), (vec![201, 201, 201], 429), "only the proxy's own word counts");
    assert!(text.contains("later") && text.contains("emergency number") && text.contains("a long story"));
    assert_eq!(form_from(&bed, "192.0.2.9", &fields("", "other")).await.0, 201);
}

#[tokio::test]
async fn a_moderator_opens_a_case_in_the_console_and_sees_what_was_told() {
    let bed = Bed::new().await;
    for (role, may) in [(Role::Reviewer, true), (Role::Lead, true), (Role::Admin, false), (Role::Auditor, false)] {
        let cookie = format!("{}={}", tanod::web::COOKIE, bed.person(role).await);
        let send = async |method: &str, path: &str, body: &str| {
            let request = Bed::request(method, path, "").header("cookie", &cookie);
            let request = request.header("sec-fetch-site", "same-origin").body(Body::from(body.to_owned()));
            let said = bed.send(request.unwrap()).await;
            (said.status.as_u16(), String::from_utf8(said.bytes).unwrap())
        };
        let (status, text) = send("GET", "/console/notices/new", "").await;
        assert_eq!((status, text.contains("<h1>New case</h1>")), (if may { 200 } else { 403 }, may), "{role:?}");
        let told = "kind=hotline&reason=enticement&account=told-of&words=said+on+the+phone&contact=desk";
        let (status, _) = send("POST", "/console/notices/new", told).await;
        assert_eq!(status, if may { 303 } else { 403 }, "{role:?}");
        let (status, text) = send("POST", "/console/notices/new", "kind=user&reason=other").await;
        assert!(status == if may { 422 } else { 403 }, "{role:?}");
        assert!(!may || text.contains("names nothing"));
        let (status, text) = send("GET", "/console/notices", "").await;
        assert_eq!((status, text.contains("said on the phone")), (if may { 200 } else { 403 }, may), "{role:?}");
    }
}

#[tokio::test]
async fn media_comes_with_the_consoles_form_and_never_from_the_police() {
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    let (one, two) = (known(&bed, 1).await, jpeg(&picture(40, 320, 240), 90));
    let told = |kind: &'static str| -> Vec<(&'static str, &'static [u8])> {
        vec![("kind", kind.as_bytes()), ("reason", b"abuse_material"), ("words", b"somebody showed me this")]
    };
    let send = async |mut parts: Vec<(&'static str, &[u8])>, files: &[&[u8]]| {
        let mut all: Vec<(&str, &[u8])> = std::mem::take(&mut parts);
        all.extend(files.iter().map(|file| ("media", *file)));
        bed.console_parts("/console/notices/new", &lead, &all).await
    };
    assert!(bed.console("/console/notices/new", &lead, &[]).await.1.contains("type=\"file\""));
    // An input in which nobody chose a file is no file.
    assert_eq!(send(told("moderator"), &[b""]).await.0, 303);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM exhibits").await, 0);
    bed.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(send(told("moderator"), &[&one, &two]).await.0, 303);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM exhibits WHERE destroyed_at IS NULL").await, 2);
    let rows = bed.get("/v1/notices", &lead).await.ok()["rows"].clone();
    assert_eq!((rows[0]["items"].as_array().unwrap().len(), &rows[0]["door"]), (2, &json!("console")));
    let case = bed.get(&format!("/v1/cases/{}", rows[0]["case"].as_str().unwrap()), &lead).await.ok();
    assert_eq!((case["signals"].as_array().unwrap().len(), &case["priority"]), (2, &json!("P1")));

    let (status, page) = send(told("police"), &[&one]).await;
    assert!(status == 422 && page.contains("US-21"), "{page}");
    let refused = "SELECT COUNT(*) AS n FROM audit WHERE kind = 'notice.media_refused'";
    assert_eq!(bed.count(refused).await, 1);
    let large = vec![7; (1 << 20) + 1];
    assert_eq!(send(told("moderator"), &[&large]).await.0, 413);
    let many: Vec<&[u8]> = vec![b"x"; 11];
    assert_eq!(send(told("moderator"), &many).await.0, 422);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM exhibits").await, 2);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM notices").await, 2);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn the_public_form_takes_files_where_it_is_switched_on_and_loses_no_word() {
    let media = jpeg(&picture(40, 320, 240), 90);
    let parts = |files: &[&[u8]]| {
        let mut parts: Vec<(&str, &[u8])> =
            vec![("lang", b"fil"), ("kind", b"depicted"), ("reason", b"own_picture"), ("words", b"my own words")];
        parts.extend(files.iter().map(|_| ("media", [].as_slice())));
        parts.into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect::<Vec<_>>()
    };
    let send = async |bed: &Bed, files: &[&[u8]]| {
        let mut all = parts(&[]);
        all.extend(files.iter().map(|file| ("media", file.to_vec())));
        let all: Vec<(&str, &[u8])> = all.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        bed.console_parts("/report?lang=fil", "", &all).await
    };
    // Off unless it is switched on: nothing is kept, and the words are there for sending them again.
    let bed = with_form().await;
    assert!(!page(&bed, "/report").await.1.contains("type=\"file\""));
    let (status, said) = send(&bed, &[&media]).await;
    assert!(status == 422 && said.contains("my own words") && said.contains("lang=\"fil\""), "{said}");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM notices").await, 0);

    let bed = Bed::with(|settings, _| {
        settings.notices.public_form = true;
        settings.notices.public_form_media = true;
    })
    .await;
    for language in ["en", "fil", "ar"] {
        let (_, form) = page(&bed, &format!("/report?lang={language}")).await;
        assert!(form.contains("enctype=\"multipart/form-data\"") && form.contains("id=\"media-hint\""), "{form}");
        assert!(!form.contains("<script"));
    }
    let large = vec![7; (1 << 20) + 1];
    let (status, said) = send(&bed, &[&large]).await;
    assert!(status == 413 && said.contains("my own words") && said.contains("Masyadong malaki"), "{said}");
    let (status, said) = send(&bed, &[b"", &media]).await;
    assert!(status == 201 && said.contains("Hindi mo kasalanan"), "{said}");
    let lead = bed.person(Role::Lead).await;
    let rows = bed.get("/v1/notices", &lead).await.ok()["rows"].clone();
    assert_eq!((rows.as_array().unwrap().len(), rows[0]["items"].as_array().unwrap().len()), (1, 1));
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM exhibits").await, 1);
}
