//! Bad input gets its own refusal with a remedy, and leaves nothing behind.

use axum::body::Body;
use axum::http::header;
use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};

use super::bed::*;
use super::cases::{lease, look, matched};

/// How much is stored: rows of every table that input could reach.
async fn stored(bed: &Bed) -> [i64; 6] {
    [
        bed.count("SELECT COUNT(*) AS n FROM items").await,
        bed.count("SELECT COUNT(*) AS n FROM exhibits").await,
        bed.count("SELECT COUNT(*) AS n FROM entries").await,
        bed.count("SELECT COUNT(*) AS n FROM banks").await,
        bed.count("SELECT COUNT(*) AS n FROM decisions").await,
        bed.count("SELECT COUNT(*) AS n FROM answers").await,
    ]
}

/// The parts of a multipart form.
type Form<'a> = Vec<(&'a str, &'a [u8])>;

#[tokio::test]
async fn every_fault_of_an_upload_has_its_refusal() {
    let bed = Bed::new().await;
    let (key, media) = (bed.key(&[Scope::ItemsWrite]).await, known(&bed, 1).await);
    let before = stored(&bed).await;
    let objects = bed.app.vault.objects.list().await.unwrap().len();
    let good = facts("a", "u").to_string();
    let parts = async |parts: &[(&str, &[u8])]| {
        let (kind, body) = form(parts);
        let request =
            Bed::request("POST", "/v1/items", &key).header(header::CONTENT_TYPE, kind).header("idempotency-key", "k");
        bed.send(request.body(Body::from(body)).unwrap()).await
    };
    let media = media.as_slice();
    let large = vec![0; (1 << 20) + 1];
    let cases: [(&str, Form<'_>); 9] = [
        ("bad-item", vec![("media", media)]),
        ("bad-item", vec![("item", good.as_bytes())]),
        ("bad-item", vec![("item", good.as_bytes()), ("media", b"")]),
        ("bad-item", vec![("item", good.as_bytes()), ("media", media), ("media", media)]),
        ("bad-item", vec![("item", good.as_bytes()), ("media", media), ("more", b"x")]),
        ("bad-item", vec![("item", b"{"), ("media", media)]),
        ("bad-item", vec![("item", b"[]"), ("media", media)]),
        ("bad-item", vec![("item", b"\xff\xfe"), ("media", media)]),
        ("too-large", vec![("item", good.as_bytes()), ("media", &large)]),
    ];
    for (slug, form) in cases {
        assert_eq!(parts(&form).await.slug(), slug, "{:?}", form.iter().map(|(name, _)| name).collect::<Vec<_>>());
    }
    let bent = |change: &dyn Fn(&mut Value)| {
        let mut item = facts("a", "u");
        change(&mut item);
        item
    };
    for item in [
        bent(&|item| item["colour"] = json!("red")),
        bent(&|item| item["content_id"] = json!("")),
        bent(&|item| item["content_id"] = json!(7)),
        bent(&|item| item["content_id"] = json!("x".repeat(256))),
        bent(&|item| drop(item.as_object_mut().unwrap().remove("content_id"))),
        bent(&|item| item["uploaded_at"] = json!("2026-01-01T00:00:00")),
        bent(&|item| item["upload_ip"] = json!("localhost")),
        bent(&|item| item["upload_port"] = json!(0)),
        bent(&|item| item["upload_port"] = json!(70_000)),
        bent(&|item| item["urls"] = json!(["ftp://x"])),
        bent(&|item| item["urls"] = json!(["https://x y/z"])),
        bent(&|item| item["account"] = json!({"id": " "})),
        bent(&|item| item["account"] = json!({"id": "u", "email": "nobody"})),
        bent(&|item| item["account"] = json!("u")),
    ] {
        let said = bed.upload(&key, &item, media).await;
        assert_eq!((said.status.as_u16(), said.slug().as_str()), (422, "bad-item"), "{item}");
    }
    let plain =
        Bed::request("POST", "/v1/items", &key).header(header::CONTENT_TYPE, "application/json").body(Body::from("{}"));
    assert_eq!(bed.send(plain.unwrap()).await.slug(), "bad-item");
    for bad in ["", " ", &"x".repeat(129)] {
        let (kind, body) = form(&[("item", good.as_bytes()), ("media", media)]);
        let request =
            Bed::request("POST", "/v1/items", &key).header(header::CONTENT_TYPE, kind).header("idempotency-key", bad);
        assert_eq!(bed.send(request.body(Body::from(body)).unwrap()).await.slug(), "bad-idempotency-key");
    }
    assert_eq!(stored(&bed).await, before);
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), objects);
}

#[tokio::test]
async fn a_torn_form_is_refused_wherever_it_is_torn() {
    let bed = Bed::new().await;
    let (key, media) = (bed.key(&[Scope::ItemsWrite]).await, known(&bed, 1).await);
    let good = facts("a", "u").to_string();
    let (kind, body) = form(&[("item", good.as_bytes()), ("media", &media)]);
    let before = stored(&bed).await;
    for at in (0..body.len() - 8).step_by(97) {
        let request = Bed::request("POST", "/v1/items", &key).header(header::CONTENT_TYPE, &kind);
        let said = bed.send(request.body(Body::from(body[..at].to_vec())).unwrap()).await;
        assert!(said.status.is_client_error(), "at {at}: {}", said.status);
        said.slug();
    }
    assert_eq!(stored(&bed).await, before);
}

#[tokio::test]
async fn every_fault_of_json_and_paths_has_its_refusal() {
    let bed = Bed::new().await;
    let bank = bed.bank("csam", &[]).await;
    let curator = bed.key(&[Scope::BanksWrite, Scope::MatchesDetail, Scope::MatchesWrite]).await;
    let lead = bed.person(Role::Lead).await;
    let before = stored(&bed).await;
    let raw = async |path: &str, token: &str, body: &str| {
        bed.send(Bed::request("POST", path, token).body(Body::from(body.to_owned())).unwrap()).await.slug()
    };
    assert_eq!(raw("/v1/banks", &curator, "{").await, "not-json");
    assert_eq!(raw("/v1/banks", &curator, "{}").await, "bad-body");
    assert_eq!(raw("/v1/banks", &curator, r#"{"name":"x","kind":"csam","colour":1}"#).await, "bad-body");
    assert_eq!(raw("/v1/banks", &curator, r#"{"name":"x","kind":"other"}"#).await, "bad-body");
    assert_eq!(raw("/v1/banks", &curator, r#"{"name":" ","kind":"csam"}"#).await, "bad-bank");
    assert_eq!(raw("/v1/banks", &curator, r#"{"name":"x","kind":"csam","threshold":99}"#).await, "bad-bank");
    assert_eq!(raw("/v1/matches", &curator, r#"{"hashes":[{"signal":"pdq","value":"ab"}]}"#).await, "bad-hash");
    assert_eq!(raw("/v1/sessions", "", r#"{"name":"nobody","password":"nothing"}"#).await, "wrong-password");
    assert_eq!(
        raw("/v1/sessions/accept", "", r#"{"invitation":"x","password":"long enough to be one"}"#).await,
        "used-invitation"
    );
    assert_eq!(raw("/v1/sessions/accept", "", r#"{"invitation":"x","password":"short"}"#).await, "weak-password");
    assert_eq!(raw("/v1/cases/case_x/lease", &lead, "").await, "unknown-case");
    let none = "00000000-0000-7000-8000-000000000000";
    assert_eq!(raw(&format!("/v1/cases/case_{none}/lease"), &lead, "").await, "unknown-case");
    assert_eq!(raw(&format!("/v1/reports/report_{none}/revive"), &lead, "").await, "unknown-report");
    assert_eq!(raw(&format!("/v1/banks/bank_{none}/import"), &curator, "").await, "bad-rows");
    let replay = format!("/v1/webhooks/deliveries/delivery_{none}/replay");
    assert_eq!(raw(&replay, &lead, "").await, "unknown-delivery");
    for (path, token, slug) in [
        ("/v1/banks/nothing", &curator, "unknown-bank"),
        ("/v1/items/item_x", &lead, "unknown-item"),
        ("/v1/cases?state=odd", &lead, "bad-query"),
        ("/v1/cases?colour=red", &lead, "bad-query"),
        ("/v1/cases/x", &lead, "unknown-case"),
        ("/v1/nothing", &lead, "no-such-address"),
        ("/v1/cases/next", &lead, "wrong-method"),
        ("/v1/audit?before=x", &lead, "bad-query"),
    ] {
        assert_eq!(bed.get(path, token).await.slug(), slug, "{path}");
    }
    // What the libraries below refuse is said in the same form.
    let large = " ".repeat((2 << 20) + 1);
    assert_eq!(raw("/v1/banks", &curator, &large).await, "body-too-large");
    assert_eq!(raw("/v1/matches", &curator, &large).await, "body-too-large");
    assert_eq!(bed.get("/v1/items/%ff", &lead).await.slug(), "bad-query");
    let admin = bed.person(Role::Admin).await;
    assert_eq!(raw("/v1/keys", &admin, r#"{"name":"k","scopes":["everything"]}"#).await, "bad-body");
    let entry = bed
        .call("PATCH", &format!("/v1/banks/{bank}/entries/entry_{none}"), &curator, &json!({"enabled": false}))
        .await;
    assert_eq!(entry.slug(), "unknown-entry");
    assert_eq!(stored(&bed).await, before);
}

/// A file that no decoder reads may still be known by its digest; it makes a case, and cannot be shown.
#[tokio::test]
async fn what_cannot_be_made_into_a_picture_is_not_shown() {
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    bed.bank("csam", &[("md5", fingerprint::Digests::of(b"no picture").md5_hex())]).await;
    let (case, item) = matched(&bed, b"no picture", "u").await;
    lease(&bed, &lead, &case).await;
    assert_eq!(look(&bed, &lead, &case, &item, true).await.slug(), "not-showable");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM views").await, 0);
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let bed = Bed::new().await;
    let cookie = format!("{}={}", tanod::web::COOKIE, bed.person(Role::Lead).await);
    let request = Bed::request("POST", "/console/sign-out", "").header("cookie", cookie);
    let request = request.header("host", "tanod.example").header("origin", "https://elsewhere.example");
    let said = bed.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(said.status, 403);
    assert!(String::from_utf8(said.bytes).unwrap().contains("other-site"));
}

/// Each refusal that is listed is met in a test, or it says here why none can meet it.
#[test]
fn every_refusal_is_met_in_a_test() {
    let mut tests = String::new();
    for folder in ["tests/front", "tests/incidents"] {
        for file in fs_err::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|end| end == "rs") {
                tests += &fs_err::read_to_string(file).unwrap();
            }
        }
    }
    // A fault of ours has no way in; media of a case is never let go while somebody may look at it; two minutes are too long
    // for a test, so `web/router.rs` tests the words alone.
    let unreachable = ["internal", "media-not-kept", "too-slow"];
    for kind in tanod::web::router::refusals() {
        let met = tests.matches(&format!("\"{}\"", kind.slug)).count();
        assert!(unreachable.contains(&kind.slug) || met > 0, "no test meets {}", kind.slug);
    }
}

/// What to do is said to a person without addresses, fields and headers; a program reads those beside it.
#[tokio::test]
async fn a_page_says_what_a_person_can_do_and_a_program_reads_where() {
    for kind in tanod::web::router::refusals() {
        for word in ["/v1/", "openapi.json", "/readyz", "Retry-After", "Bearer", "multipart"] {
            assert!(!kind.remedy.contains(word), "{}: a person reads {word}", kind.slug);
        }
    }
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    let remedy = bed.get("/v1/cases/case_x", &lead).await.json()["remedy"].as_str().unwrap().to_owned();
    assert_eq!(remedy, "Open Cases and choose one from there, or look for it. GET /v1/cases lists them.");
    let (status, page) = bed.console("/console/cases/case_x", &lead, &[]).await;
    assert_eq!(
        (status, page.contains("Open Cases and choose one from there"), page.contains("/v1/")),
        (404, true, false)
    );
}
