//! Signing in with more than a password, saying who one is, sessions that are seen, shut and ended, and places.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use serde_json::{Value, json};
use tanod::accounts::Role;
use tanod::accounts::sessions::{SecondFactor, factors};
use tanod::config::Settings;
use tanod::reporting::credentials;
use tanod::store::{ObjectId, Recorded};
use totp_rs::{Builder, Secret};

use super::bed::*;

pub(crate) const PASSWORD: &str = "a sentence to remember";

/// A house with the settings of a live one.
pub(crate) async fn strict(change: impl FnOnce(&mut Settings)) -> Bed {
    Bed::with(|settings, _| {
        settings.sign_in.second_factor = SecondFactor::Required;
        settings.sign_in.idle_minutes = 10;
        settings.sign_in.presence_minutes = 15;
        change(settings);
    })
    .await
}

/// What an authenticator with this secret shows so many seconds from now.
pub(crate) fn digits(bed: &Bed, secret: &str, later: i64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).with_account_name("any").with_issuer(Some("any")).build().unwrap();
    totp.generate(u64::try_from(bed.clock.now().as_second() + later).unwrap()).to_string()
}

/// Somebody who chose a password, and their session.
pub(crate) async fn invited(bed: &Bed, role: Role) -> (String, String) {
    let mut tx = bed.app.db.write().await.unwrap();
    let name = format!("n-{}", hex::encode(tx.random().bytes::<6>()));
    let by = tanod::accounts::Caller::Operator;
    let (invited, proof) = tanod::accounts::invite(&mut tx, &by, &name, role).await.unwrap();
    tx.commit(proof).await.unwrap();
    let accept = json!({"invitation": invited.invitation, "password": PASSWORD});
    let said = bed.post("/v1/sessions/accept", "", &accept).await.ok();
    (name, said["token"].as_str().unwrap().to_owned())
}

/// Sets an authenticator up; answers its secret and the recovery codes.
pub(crate) async fn enrol(bed: &Bed, token: &str) -> (String, Vec<String>) {
    let begun = bed.post("/v1/authenticator", token, &json!({})).await.ok();
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let uri = begun["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/Tanod:") && uri.contains(&secret), "{uri}");
    let confirm = json!({"code": digits(bed, &secret, 0)});
    let codes = bed.post("/v1/authenticator/confirm", token, &confirm).await.ok();
    let codes: Vec<String> = serde_json::from_value(codes["recovery_codes"].clone()).unwrap();
    bed.clock.advance(Duration::from_secs(30));
    (secret, codes)
}

fn sign_in(name: &str, code: &str) -> Value {
    json!({"name": name, "password": PASSWORD, "code": code})
}

async fn token(bed: &Bed, name: &str, code: &str) -> String {
    bed.post("/v1/sessions", "", &sign_in(name, code)).await.ok()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn nobody_works_with_a_password_alone() {
    let bed = strict(|_| {}).await;
    let (name, token_of_link) = invited(&bed, Role::Reviewer).await;
    assert_eq!(bed.get("/v1/cases", &token_of_link).await.slug(), "second-factor-needed");
    let alone = token(&bed, &name, "").await;
    assert_eq!(bed.get("/v1/cases", &alone).await.slug(), "second-factor-needed");
    let (status, _) = bed.console("/console/queue", &alone, &[]).await;
    assert_eq!(status, 303, "the console leads to where an authenticator is set up");

    // A wrong code confirms nothing, and nothing is asked for that was not confirmed.
    assert_eq!(bed.post("/v1/authenticator/confirm", &alone, &json!({"code": "1"})).await.slug(), "no-authenticator");
    bed.post("/v1/authenticator", &alone, &json!({})).await.ok();
    assert_eq!(bed.post("/v1/authenticator/confirm", &alone, &json!({"code": "12"})).await.slug(), "wrong-code");
    token(&bed, &name, "").await;

    let (secret, codes) = enrol(&bed, &alone).await;
    bed.get("/v1/cases", &alone).await.ok();
    assert_eq!(bed.get("/v1/cases", &token_of_link).await.slug(), "not-signed-in", "every other session has ended");
    assert_eq!(bed.post("/v1/authenticator", &alone, &json!({})).await.slug(), "has-authenticator");

    // From now on the password is half of it.
    assert_eq!(bed.post("/v1/sessions", "", &sign_in(&name, "")).await.slug(), "second-factor");
    let right = digits(&bed, &secret, 0);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    assert_eq!(bed.post("/v1/sessions", "", &sign_in(&name, wrong)).await.slug(), "wrong-code");
    bed.get("/v1/cases", &token(&bed, &name, &right).await).await.ok();
    assert_eq!(
        bed.post("/v1/sessions", "", &sign_in(&name, &right)).await.slug(),
        "wrong-code",
        "digits are good once"
    );
    assert_eq!(codes.len(), 8);
    bed.get("/v1/cases", &token(&bed, &name, &codes[3]).await).await.ok();
    assert_eq!(bed.post("/v1/sessions", "", &sign_in(&name, &codes[3])).await.slug(), "wrong-code");

    // Whoever sends a wrong code knows the password: that is on record, without the code.
    let refused = "SELECT COUNT(*) AS n FROM audit WHERE kind = 'session.code_refused'";
    assert_eq!(bed.count(refused).await, 3);
    bed.ledger_verifies().await;
}

/// A new wrapping key wraps also what people sign in with and what the destination issued: what an older ring opened opens
/// neither, and both go on.
#[tokio::test]
async fn a_new_wrapping_key_wraps_authenticators_and_credentials_too() {
    let bed = strict(|_| {}).await;
    let (name, first) = invited(&bed, Role::Lead).await;
    let (secret, _) = enrol(&bed, &first).await;
    let ring = &bed.app.vault.ring;
    let mut tx = bed.app.db.write().await.unwrap();
    let own = exchange::ncmec::Credentials { username: "esp".into(), password: "word".to_owned().into() };
    let (by, kept) = (tanod::accounts::Caller::Operator, credentials::Environment::Simulator);
    let before = ring.now().unwrap();
    let proof = credentials::keep(&mut tx, &by, kept, &own, &before, &bed.app.vault.random).await.unwrap();
    tx.commit(proof).await.unwrap();

    ring.change(|ring| ring.rotate(bed.app.db.random())).unwrap();
    let mut tx = bed.app.db.write().await.unwrap();
    assert_eq!(factors::rewrap(&mut tx, ring).await.unwrap(), 1);
    assert_eq!(credentials::rewrap(&mut tx, ring).await.unwrap(), 1);
    tx.commit(Recorded::unrecorded("the command writes the entry")).await.unwrap();
    let mut tx = bed.app.db.read().await.unwrap();
    assert!(credentials::kept(&mut tx, kept, &before).await.is_err(), "the ring of before knows nothing of it");
    assert!(credentials::kept(&mut tx, kept, &ring.now().unwrap()).await.unwrap().is_some());
    let row = tx.row("SELECT object, bytes, wrapped_key FROM authenticators", &[]).await.unwrap().unwrap();
    let object = vault::ObjectId(row.get::<ObjectId>("object").unwrap().0);
    let (bytes, key) = (row.get::<Vec<u8>>("bytes").unwrap(), row.get::<Vec<u8>>("wrapped_key").unwrap());
    assert!(vault::open(&bytes, object, "authenticator", &key, &before).is_err());
    drop(tx);
    token(&bed, &name, &digits(&bed, &secret, 0)).await;
}

#[tokio::test]
async fn a_secret_lies_sealed_and_its_digits_bend_with_the_clock_by_half_a_minute() {
    let bed = strict(|_| {}).await;
    let (name, first) = invited(&bed, Role::Lead).await;
    let (secret, _) = enrol(&bed, &first).await;
    let raw = Secret::try_from_base32(&secret).unwrap();
    let mut tx = bed.app.db.read().await.unwrap();
    let row = tx.row("SELECT bytes FROM authenticators", &[]).await.unwrap().unwrap();
    let bytes: Vec<u8> = row.get("bytes").unwrap();
    let raw: &[u8] = raw.as_ref();
    assert!(!bytes.windows(raw.len()).any(|window| window == raw));
    drop(tx);
    for (later, fits) in [(-90, false), (90, false), (30, true), (0, false)] {
        let said = bed.post("/v1/sessions", "", &sign_in(&name, &digits(&bed, &secret, later))).await;
        assert_eq!(said.status.is_success(), fits, "{later} s: after a later code an earlier one is no longer good");
    }
}

#[tokio::test]
async fn a_session_in_which_nobody_is_is_shut_and_nothing_is_lost() {
    let bed = strict(|_| {}).await;
    let (_, token) = invited(&bed, Role::Lead).await;
    let (secret, _) = enrol(&bed, &token).await;
    for _ in 0..3 {
        bed.clock.advance(Duration::from_mins(9));
        bed.get("/v1/cases", &token).await.ok();
    }
    // A page that asks again by itself keeps nothing open.
    bed.clock.advance(Duration::from_mins(9));
    let by_itself = Bed::request("GET", "/v1/cases", &token).header("x-by-itself", "1").body(Body::empty()).unwrap();
    bed.send(by_itself).await.ok();
    bed.clock.advance(Duration::from_mins(2));
    assert_eq!(bed.get("/v1/cases", &token).await.slug(), "session-shut");
    let (status, _) = bed.console("/console/queue", &token, &[]).await;
    assert_eq!(status, 303);

    // A form that was being sent comes back with the question, and goes on after it.
    let typed = [("kind", "user"), ("words", "what <b>somebody</b> typed")];
    let (status, page) = bed.console("/console/notices/new", &token, &typed).await;
    assert_eq!(status, 401);
    assert!(page.contains("Say who you are") && page.contains("what &#60;b&#62;somebody&#60;/b&#62; typed"), "{page}");
    let code = digits(&bed, &secret, 0);
    let mut answer = vec![("to", "/console/notices/new"), ("again", "form"), ("code", code.as_str())];
    answer.extend([("kept.kind", "user"), ("kept.words", "what somebody typed"), ("password", "not the sentence")]);
    let (status, page) = bed.console("/console/presence", &token, &answer).await;
    assert!(status == 401 && page.contains("what somebody typed"), "a wrong password loses nothing either: {page}");
    answer.pop();
    answer.push(("password", PASSWORD));
    let (status, page) = bed.console("/console/presence", &token, &answer).await;
    assert!(status == 200 && page.contains(r#"action="/console/notices/new""#), "{page}");
    assert!(page.contains("what somebody typed") && !page.contains(PASSWORD));
    bed.get("/v1/cases", &token).await.ok();

    // Nobody is led off this console.
    bed.clock.advance(Duration::from_mins(1));
    let code = digits(&bed, &secret, 0);
    let away = [("to", "https://elsewhere.example/"), ("again", "form"), ("code", &code), ("password", PASSWORD)];
    let (_, page) = bed.console("/console/presence", &token, &away).await;
    assert!(page.contains(r#"action="/console""#) && !page.contains("elsewhere"), "{page}");

    let (status, _) = bed.console("/console/lock", &token, &[("x", "")]).await;
    assert_eq!(status, 303);
    assert_eq!(bed.get("/v1/cases", &token).await.slug(), "session-shut");
}

#[tokio::test]
async fn administrative_changes_ask_who_somebody_is() {
    let bed = strict(|settings| settings.sign_in.idle_minutes = 600).await;
    let (_, admin) = invited(&bed, Role::Admin).await;
    let (secret, _) = enrol(&bed, &admin).await;
    let key = |name: &str| json!({"name": name, "scopes": ["items:write"]});
    bed.post("/v1/keys", &admin, &key("a")).await.ok();
    bed.clock.advance(Duration::from_mins(16));
    assert_eq!(bed.post("/v1/keys", &admin, &key("b")).await.slug(), "not-present");
    let bank = json!({"name": "b", "kind": "csam", "licence": "own", "source": "test"});
    assert_eq!(bed.post("/v1/banks", &admin, &bank).await.slug(), "not-present");
    bed.get("/v1/keys", &admin).await.ok();
    let said = json!({"password": PASSWORD});
    assert_eq!(bed.post("/v1/sessions/presence", &admin, &said).await.slug(), "second-factor");
    let said = json!({"password": PASSWORD, "code": digits(&bed, &secret, 0)});
    bed.post("/v1/sessions/presence", &admin, &said).await.ok();
    bed.post("/v1/keys", &admin, &key("b")).await.ok();

    // In the console the page comes back with the form.
    bed.clock.advance(Duration::from_mins(16));
    let form = [("name", "night-9"), ("role", "reviewer")];
    let (status, page) = bed.console("/console/people", &admin, &form).await;
    assert!(status == 403 && page.contains("Say who you are") && page.contains("kept.name"), "{status}: {page}");
}

#[tokio::test]
async fn people_see_and_end_their_sessions_and_nobody_elses() {
    let bed = strict(|settings| settings.sign_in.second_factor = SecondFactor::Offered).await;
    let (name, one) = invited(&bed, Role::Reviewer).await;
    let two = token(&bed, &name, "").await;
    let (_, other) = invited(&bed, Role::Lead).await;
    let rows = bed.get("/v1/sessions", &two).await.ok();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 2);
    let first = rows.iter().find(|row| row["this"] == false).unwrap();
    assert_eq!(first["proved_by"], "invitation");
    let id = first["session"].as_str().unwrap();
    assert_eq!(bed.call("DELETE", &format!("/v1/sessions/{id}"), &other, &json!({})).await.slug(), "unknown-session");
    bed.get("/v1/cases", &one).await.ok();
    assert_eq!(bed.call("DELETE", &format!("/v1/sessions/{id}"), &two, &json!({})).await.status, 204);
    assert_eq!(bed.get("/v1/cases", &one).await.slug(), "not-signed-in");

    // Another password ends the others; the old one is asked for, and a weak one is refused.
    let three = token(&bed, &name, "").await;
    let change = |old: &str, new: &str| json!({"password": old, "new": new});
    assert_eq!(bed.post("/v1/password", &three, &change("wrong wrong wrong", "x")).await.slug(), "wrong-password");
    assert_eq!(bed.post("/v1/password", &three, &change(PASSWORD, "short")).await.slug(), "weak-password");
    bed.post("/v1/password", &three, &change(PASSWORD, "another sentence here")).await.ok();
    assert_eq!(bed.get("/v1/cases", &two).await.slug(), "not-signed-in");
    bed.get("/v1/cases", &three).await.ok();
    assert_eq!(bed.post("/v1/sessions", "", &sign_in(&name, "")).await.slug(), "wrong-password");
    let (status, page) = bed.console("/console/you", &three, &[]).await;
    assert!(status == 200 && page.contains("this one"), "{page}");
}

#[tokio::test]
async fn a_lost_authenticator_is_taken_away_by_an_administrator_who_is_somebody_else() {
    let bed = strict(|settings| settings.sign_in.second_factor = SecondFactor::Offered).await;
    let (_, admin) = invited(&bed, Role::Admin).await;
    let (name, token_of) = invited(&bed, Role::Reviewer).await;
    enrol(&bed, &token_of).await;
    let members = bed.get("/v1/people", &admin).await.ok();
    let id = |staff: i64| {
        let member = members.as_array().unwrap().iter().find(|member| member["staff"] == staff).unwrap();
        member["person"].as_str().unwrap().to_owned()
    };
    let path = |staff| format!("/v1/people/{}/authenticator", id(staff));
    assert_eq!(bed.call("DELETE", &path(1), &admin, &json!({})).await.slug(), "not-yourself");
    assert_eq!(bed.call("DELETE", &path(2), &admin, &json!({})).await.status, 204);
    assert_eq!(bed.get("/v1/cases", &token_of).await.slug(), "not-signed-in");
    let again = token(&bed, &name, "").await;
    let (_, codes) = enrol(&bed, &again).await;
    let renewed = bed.post("/v1/authenticator/codes", &again, &json!({})).await.ok();
    assert_eq!(renewed["recovery_codes"].as_array().unwrap().len(), 8);
    assert_eq!(bed.post("/v1/sessions", "", &sign_in(&name, &codes[0])).await.slug(), "wrong-code");
    assert_eq!(bed.call("DELETE", "/v1/authenticator", &again, &json!({})).await.status, 204);
    assert_eq!(bed.call("DELETE", "/v1/authenticator", &again, &json!({})).await.slug(), "no-authenticator");
    assert_eq!(bed.post("/v1/authenticator/codes", &again, &json!({})).await.slug(), "no-authenticator");
}

#[tokio::test]
async fn people_work_from_where_they_may_and_from_nowhere_else() {
    let bed = strict(|settings| {
        settings.sign_in.second_factor = SecondFactor::Offered;
        settings.sign_in.networks = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        settings.sign_in.country_header = "x-country".to_owned();
    })
    .await;
    let (admin, key) = (bed.person(Role::Admin).await, bed.key(&[tanod::accounts::Scope::BanksRead]).await);
    let (reviewer, _) = bed.named(Role::Reviewer).await;
    let from = async |token: &str, path: &str, address: &str, country: &str| {
        let address: SocketAddr = address.parse().unwrap();
        let mut request = Bed::request("GET", path, token).header("x-forwarded-for", "192.0.2.9");
        if !country.is_empty() {
            request = request.header("x-country", country);
        }
        bed.send(request.extension(ConnectInfo(address)).body(Body::empty()).unwrap()).await
    };
    // Without a proxy of ours, what somebody says about their own address counts for nothing.
    assert_eq!(from(&reviewer, "/v1/cases", "203.0.113.5:1", "").await.slug(), "wrong-place");
    from(&reviewer, "/v1/cases", "192.0.2.5:1", "").await.ok();
    from(&reviewer, "/v1/cases", "[2001:db8::1]:1", "").await.ok();
    from(&key, "/v1/banks", "203.0.113.5:1", "").await.ok();

    let people = from(&admin, "/v1/people", "192.0.2.5:1", "").await.ok();
    let id = people[1]["person"].as_str().unwrap().to_owned();
    let set = async |places: Value| {
        let address: SocketAddr = "192.0.2.5:1".parse().unwrap();
        let request = Bed::request("POST", &format!("/v1/people/{id}/places"), &admin).extension(ConnectInfo(address));
        bed.send(request.body(Body::from(places.to_string())).unwrap()).await
    };
    assert_eq!(set(json!({"networks": [], "countries": ["Philippines"]})).await.slug(), "no-countries");
    set(json!({"networks": ["192.0.2.128/25"], "countries": ["PH", "CA"]})).await.ok();
    assert_eq!(from(&reviewer, "/v1/cases", "192.0.2.5:1", "PH").await.slug(), "wrong-place");
    assert_eq!(from(&reviewer, "/v1/cases", "192.0.2.200:1", "").await.slug(), "wrong-place");
    assert_eq!(from(&reviewer, "/v1/cases", "192.0.2.200:1", "US").await.slug(), "wrong-place");
    from(&reviewer, "/v1/cases", "192.0.2.200:1", "ph").await.ok();
    from(&admin, "/v1/people", "192.0.2.5:1", "").await.ok();
}

#[tokio::test]
async fn an_administrator_keeps_people_and_keys_in_the_console() {
    let bed = strict(|settings| settings.sign_in.second_factor = SecondFactor::Offered).await;
    let admin = bed.person(Role::Admin).await;
    let (status, page) = bed.console("/console/people", &admin, &[("name", "night-1"), ("role", "lead")]).await;
    assert!(status == 200 && page.contains("/console/welcome/tanod_invitation_"), "{page}");
    let form = [("name", "uploads"), ("scope", "items:write"), ("scope", "matches:write"), ("per_minute", "60")];
    let (status, page) = bed.console("/console/keys", &admin, &form).await;
    assert!(status == 200 && page.contains("tanod_key_"), "{page}");
    let (_, page) = bed.console("/console/people", &admin, &[]).await;
    assert!(!page.contains("tanod_key_") && !page.contains("tanod_invitation_"), "a secret is shown once");
    let keys = bed.get("/v1/keys", &admin).await.ok();
    let key = keys[0]["key"].as_str().unwrap();
    assert_eq!(keys[0]["scopes"], json!(["items:write", "matches:write"]));
    assert_eq!(bed.console(&format!("/console/keys/{key}"), &admin, &[("x", "")]).await.0, 303);
    let people = bed.get("/v1/people", &admin).await.ok();
    let lead = people[1]["person"].as_str().unwrap();
    for what in ["no_looks", "looks", "remove"] {
        assert_eq!(bed.console(&format!("/console/people/{lead}"), &admin, &[("do", what)]).await.0, 303, "{what}");
    }
    let people = bed.get("/v1/people", &admin).await.ok();
    assert!(people[1]["removed_at"].is_string());
    let keys = bed.get("/v1/keys", &admin).await.ok();
    assert!(keys[0]["removed_at"].is_string());
    // An auditor sees who there is, and changes nothing.
    let auditor = bed.person(Role::Auditor).await;
    let (status, page) = bed.console("/console/people", &auditor, &[]).await;
    assert!(status == 200 && !page.contains("Make a key"), "{page}");
    let (status, _) = bed.console("/console/keys", &auditor, &form).await;
    assert_eq!(status, 403);
}
