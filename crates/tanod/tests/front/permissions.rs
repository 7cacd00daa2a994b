//! Who may do what: the matrix as a picture, and every address as nobody and as the wrong somebody.

use std::fmt::Write as _;

use axum::body::Body;
use serde_json::json;
use tanod::accounts::{self, Role, Scope, sessions};
use tanod::operator::Profile;

use super::bed::*;

#[test]
fn the_matrix() {
    insta::assert_snapshot!(accounts::matrix());
}

/// Addresses that need no one: what machines ask, and the doors through which people come in.
const OPEN: [(&str, &str); 3] =
    [("post", "/v1/sessions"), ("post", "/v1/sessions/accept"), ("post", "/v1/sessions/question")];

fn addresses() -> Vec<(String, String)> {
    let document = serde_json::to_value(tanod::web::router::document()).unwrap();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            all.push((method.clone(), path.clone()));
        }
    }
    all
}

fn filled(path: &str) -> String {
    let id = "00000000-0000-7000-8000-000000000000";
    ["session", "person", "key", "bank", "item", "case", "report", "entry", "source", "alarm", "delivery", "action"]
        .iter()
        .fold(path.to_owned(), |path, kind| path.replace(&format!("{{{kind}}}"), &format!("{kind}_{id}")))
}

#[tokio::test]
async fn every_address_refuses_nobody_and_the_wrong_somebody() {
    let bed = Bed::new().await;
    let everyone = [
        bed.person(Role::Reviewer).await,
        bed.person(Role::Lead).await,
        bed.person(Role::Admin).await,
        bed.person(Role::Auditor).await,
        bed.key(&[Scope::ItemsWrite]).await,
        bed.key(&[Scope::MatchesWrite]).await,
        bed.key(&[Scope::BanksWrite]).await,
        bed.key(&[]).await,
        bed.key(&[Scope::ContextWrite]).await,
        bed.key(&[Scope::ActionsAcknowledge]).await,
    ];
    let mut all = addresses();
    // Signing out ends the sessions that the others are asked with, so it is asked last.
    all.sort_by_key(|(method, path)| path == "/v1/sessions" && method == "delete");
    assert!(all.len() > 20, "{all:?}");
    let mut table = String::new();
    for (method, path) in all {
        let send = async |token: &str| {
            let request = Bed::request(&method.to_uppercase(), &filled(&path), token);
            bed.send(request.body(Body::from("{}")).unwrap()).await
        };
        write!(table, "{:<6} {path:<38}", method.to_uppercase()).unwrap();
        if OPEN.contains(&(method.as_str(), path.as_str())) {
            table += " open\n";
            continue;
        }
        for token in ["", "tanod_key_00", "tanod_session_00", "nonsense"] {
            assert_eq!(send(token).await.slug(), "not-signed-in", "{method} {path} as {token:?}");
        }
        let mut refused = 0;
        for token in &everyone {
            let status = send(token).await.status.as_u16();
            assert_ne!(status, 401, "{method} {path}");
            assert!(status < 500 || status == 503, "{method} {path}: {status}");
            refused += u32::from(status == 403);
            table += if status == 403 { "  -" } else { "  y" };
        }
        // Signing out is everybody's right; everything else is refused to somebody.
        assert!(refused > 0 || path == "/v1/sessions", "{method} {path}");
        table.push('\n');
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_cookie_never_reaches_the_api() {
    let bed = Bed::new().await;
    let token = bed.person(Role::Lead).await;
    let request = Bed::request("GET", "/v1/cases", "").header("cookie", format!("{}={token}", tanod::web::COOKIE));
    assert_eq!(bed.send(request.body(Body::empty()).unwrap()).await.slug(), "not-signed-in");
}

#[tokio::test]
async fn signing_in_by_password_and_out_again() {
    let bed = Bed::with(|settings, _| settings.sign_in.shift_hours = 10).await;
    let admin = bed.person(Role::Admin).await;
    let invited = bed.post("/v1/people", &admin, &json!({"name": "night-1", "role": "reviewer"})).await.ok();
    let invitation = invited["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let password = "a sentence to remember";
    let accept = json!({"invitation": invitation, "password": password});
    let token = bed.post("/v1/sessions/accept", "", &accept).await.ok()["token"].as_str().unwrap().to_owned();
    bed.get("/v1/cases", &token).await.ok();
    assert_eq!(bed.post("/v1/sessions/accept", "", &accept).await.slug(), "used-invitation");
    let wrong = json!({"name": "night-1", "password": "another sentence"});
    assert_eq!(bed.post("/v1/sessions", "", &wrong).await.slug(), "wrong-password");
    let right = json!({"name": "night-1", "password": password});
    let token = bed.post("/v1/sessions", "", &right).await.ok()["token"].as_str().unwrap().to_owned();
    assert_eq!(bed.call("DELETE", "/v1/sessions", &token, &json!({})).await.status, 204);
    assert_eq!(bed.get("/v1/cases", &token).await.slug(), "not-signed-in");
    let token = bed.post("/v1/sessions", "", &right).await.ok()["token"].as_str().unwrap().to_owned();
    for bad in [json!({"name": "two words", "role": "lead"}), json!({"name": "night-1", "role": "lead"})] {
        assert_eq!(bed.post("/v1/people", &admin, &bad).await.slug(), "bad-name");
    }
    bed.clock.advance(std::time::Duration::from_hours(11));
    assert_eq!(bed.get("/v1/cases", &token).await.slug(), "not-signed-in");
}

#[tokio::test]
async fn who_is_removed_has_no_access_from_that_moment() {
    let bed = Bed::new().await;
    let key = bed.key(&[Scope::BanksRead]).await;
    let (lead, name) = bed.named(Role::Lead).await;
    bed.get("/v1/banks", &key).await.ok();
    bed.get("/v1/cases", &lead).await.ok();
    let mut tx = bed.app.db.write().await.unwrap();
    let by = accounts::Caller::Operator;
    assert_eq!(accounts::remove_person(&mut tx, &by, "nobody").await.err().unwrap().slug(), Some("unknown-name"));
    let proof = accounts::remove_person(&mut tx, &by, &name).await.unwrap();
    tx.commit(proof).await.unwrap();
    let mut tx = bed.app.db.write().await.unwrap();
    let keys = tx.rows("SELECT name FROM api_keys", &[]).await.unwrap();
    let first: String = keys[0].get("name").unwrap();
    let proof = accounts::remove_key(&mut tx, &by, &first).await.unwrap();
    tx.commit(proof).await.unwrap();
    assert_eq!(bed.get("/v1/banks", &key).await.slug(), "not-signed-in");
    assert_eq!(bed.get("/v1/cases", &lead).await.slug(), "not-signed-in");
    // An invitation brings a person back, as the same member of staff.
    let mut tx = bed.app.db.write().await.unwrap();
    let (invited, proof) = accounts::invite(&mut tx, &by, &name, Role::Lead).await.unwrap();
    tx.commit(proof).await.unwrap();
    assert_eq!(invited.staff, 1);
}

#[tokio::test]
async fn passwords_are_not_guessed_fast() {
    let bed = Bed::new().await;
    let wrong = json!({"name": "night-1", "password": "a guess of many"});
    let mut slugs = Vec::new();
    for _ in 0..11 {
        slugs.push(bed.post("/v1/sessions", "", &wrong).await.slug());
    }
    assert_eq!((slugs[9].as_str(), slugs[10].as_str()), ("wrong-password", "too-many-requests"));
    let other = json!({"name": "night-2", "password": "a guess of many"});
    assert_eq!(bed.post("/v1/sessions", "", &other).await.slug(), "wrong-password");
}

/// The console as each role: its cookie opens what the role may see, and nothing else.
#[tokio::test]
async fn the_console_shows_each_role_its_own() {
    let bed = Bed::new().await;
    for (role, cases) in [(Role::Reviewer, true), (Role::Lead, true), (Role::Admin, false), (Role::Auditor, false)] {
        let cookie = format!("{}={}", tanod::web::COOKIE, bed.person(role).await);
        let get = async |path: &str| {
            let request = Bed::request("GET", path, "").header("cookie", &cookie);
            bed.send(request.body(Body::empty()).unwrap()).await
        };
        let queue = get("/console/queue").await;
        let text = String::from_utf8_lossy(&queue.bytes).into_owned();
        assert_eq!((queue.status.as_u16(), text.contains("<h1>Cases</h1>")), (200, cases), "{role:?}");
        assert!(text.contains("Sign out"));
        let case = get(&filled("/console/cases/{case}")).await;
        assert_eq!(case.status.as_u16(), if cases { 404 } else { 403 }, "{role:?}");
        assert!(String::from_utf8_lossy(&case.bytes).contains("What to do"));
    }
    for path in ["/console", "/console/queue", "/console/cases/x", "/console/cases/x/exhibits/y?veiled=true"] {
        let said = bed.get(path, "").await;
        assert_eq!((said.status.as_u16(), &said.headers["location"]), (303, &"/console/sign-in".parse().unwrap()));
    }
}

/// US-40: the right to see depictions comes from another.
#[tokio::test]
async fn nobody_gives_themselves_the_right_to_look() {
    let bed = Bed::new().await;
    let admin = bed.person(Role::Admin).await;
    let mut tx = bed.app.db.read().await.unwrap();
    let caller = sessions::standing(&mut tx, &admin, &bed.app.settings.sign_in, Profile::Team).await.unwrap().caller;
    drop(tx);
    let path = format!("/v1/people/{}/looks", caller.person().unwrap());
    assert_eq!(bed.post(&path, &admin, &json!({"may": true})).await.slug(), "not-yourself");
}
