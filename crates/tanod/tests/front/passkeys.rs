//! Passkeys: set up, used beside a password and alone, asked for before a depiction; and everything that is not believed.

use std::time::Duration;

use serde_json::{Value, json};
use sim::passkeys::Device;
use tanod::accounts::Role;

use super::bed::*;
use super::cases::*;
use super::sessions::{PASSWORD, digits, enrol, invited, strict};

/// A device before a page of the console of the bed.
fn device() -> Device {
    Device::new("localhost", "http://localhost:8080").unwrap()
}

/// Sets this device up for whoever has the session.
async fn add(bed: &Bed, token: &str, device: &mut Device) -> Said {
    let wanted = bed.post("/v1/passkeys/question", token, &json!({})).await.ok();
    let made = device.make(&wanted);
    bed.post("/v1/passkeys", token, &json!({"name": "the stick on my keys", "passkey": made})).await
}

async fn question(bed: &Bed, name: &str) -> Value {
    bed.post("/v1/sessions/question", "", &json!({"name": name, "password": PASSWORD})).await.ok()
}

async fn sign_in(bed: &Bed, name: &str, passkey: &Value) -> Said {
    bed.post("/v1/sessions", "", &json!({"name": name, "password": PASSWORD, "passkey": passkey})).await
}

async fn present(bed: &Bed, token: &str, device: &mut Device, password: &str) -> Said {
    let question = bed.post("/v1/sessions/presence/question", token, &json!({})).await.ok();
    assert_eq!(question["userVerification"], "required");
    let word = json!({"password": password, "passkey": device.answer(&question)});
    bed.post("/v1/sessions/presence", token, &word).await
}

#[tokio::test]
async fn a_passkey_is_set_up_signs_in_beside_the_password_and_is_removed() {
    let bed = strict(|_| {}).await;
    let (name, first) = invited(&bed, Role::Reviewer).await;
    let other = bed.post("/v1/sessions", "", &json!({"name": name, "password": PASSWORD})).await.ok();
    let mut stick = device();
    assert_eq!(bed.get("/v1/cases", &first).await.slug(), "second-factor-needed");
    let kept = add(&bed, &first, &mut stick).await.ok();
    assert_eq!(kept["recovery_codes"].as_array().unwrap().len(), 8, "the first factor comes with codes");
    bed.get("/v1/cases", &first).await.ok();
    assert_eq!(bed.get("/v1/cases", other["token"].as_str().unwrap()).await.slug(), "not-signed-in");

    // From now on the password is half of it, and the question comes only with it.
    assert_eq!(sign_in(&bed, &name, &Value::Null).await.slug(), "second-factor");
    let wrong = json!({"name": name, "password": "another sentence"});
    assert_eq!(bed.post("/v1/sessions/question", "", &wrong).await.slug(), "wrong-password");
    let asked = question(&bed, &name).await;
    assert_eq!((&asked["rpId"], asked["allowCredentials"].as_array().unwrap().len()), (&json!("localhost"), 1));
    let answer = stick.answer(&asked);
    let token = sign_in(&bed, &name, &answer).await.ok()["token"].as_str().unwrap().to_owned();
    bed.get("/v1/cases", &token).await.ok();
    assert_eq!(sign_in(&bed, &name, &answer).await.slug(), "wrong-passkey", "a question is answered once");
    let sessions = bed.get("/v1/sessions", &token).await.ok();
    assert_eq!(sessions[0]["proved_by"], "passkey");

    // The second factor brings no codes, and is asked for by name.
    bed.clock.advance(Duration::from_secs(1));
    let again = add(&bed, &token, &mut device()).await.ok();
    assert!(again.get("recovery_codes").is_none());
    let mine = bed.get("/v1/passkeys", &token).await.ok();
    assert_eq!(mine.as_array().unwrap().len(), 2);
    assert!(mine[0]["used_at"].is_string() && mine[1]["used_at"].is_null(), "{mine}");
    let (_, page) = bed.console("/console/you", &token, &[]).await;
    assert!(page.contains("the stick on my keys"), "{page}");

    let path = |n: usize| format!("/v1/passkeys/{}", mine[n]["passkey"].as_str().unwrap());
    let (_, stranger) = invited(&bed, Role::Lead).await;
    add(&bed, &stranger, &mut device()).await.ok();
    assert_eq!(bed.call("DELETE", &path(0), &stranger, &json!({})).await.slug(), "unknown-passkey");
    assert_eq!(bed.call("DELETE", &path(0), &token, &json!({})).await.status, 204);
    assert_eq!(bed.call("DELETE", &path(0), &token, &json!({})).await.slug(), "unknown-passkey");
    let asked = question(&bed, &name).await;
    assert_eq!(sign_in(&bed, &name, &stick.answer(&asked)).await.slug(), "wrong-passkey");
    bed.clock.advance(Duration::from_mins(1));
    assert_eq!(
        bed.console(&format!("/console/you/passkeys/{}", mine[1]["passkey"].as_str().unwrap()), &token, &[("x", "")])
            .await
            .0,
        303
    );
    // Without any factor the codes are gone too, and the password is all there is again.
    let code = kept["recovery_codes"][0].as_str().unwrap();
    let word = json!({"name": name, "password": PASSWORD, "code": code});
    let alone = bed.post("/v1/sessions", "", &word).await.ok()["token"].as_str().unwrap().to_owned();
    assert_eq!(bed.get("/v1/cases", &alone).await.slug(), "second-factor-needed");
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn a_lost_passkey_is_got_over_by_a_code_or_taken_away_by_an_administrator() {
    let bed = strict(|_| {}).await;
    let (name, first) = invited(&bed, Role::Reviewer).await;
    let codes = add(&bed, &first, &mut device()).await.ok()["recovery_codes"].clone();
    let word = json!({"name": name, "password": PASSWORD, "code": codes[0]});
    let token = bed.post("/v1/sessions", "", &word).await.ok()["token"].as_str().unwrap().to_owned();
    bed.get("/v1/cases", &token).await.ok();
    let (_, admin) = invited(&bed, Role::Admin).await;
    enrol(&bed, &admin).await;
    let people = bed.get("/v1/people", &admin).await.ok();
    assert_eq!((&people[0]["passkeys"], &people[0]["authenticator"]), (&json!(1), &json!(false)));
    let path = format!("/v1/people/{}/authenticator", people[0]["person"].as_str().unwrap());
    assert_eq!(bed.call("DELETE", &path, &admin, &json!({})).await.status, 204);
    assert_eq!(bed.get("/v1/cases", &token).await.slug(), "not-signed-in");
    assert_eq!(
        bed.post("/v1/sessions/question", "", &json!({"name": name, "password": PASSWORD})).await.slug(),
        "no-passkey"
    );
}

#[tokio::test]
async fn presence_is_said_with_a_passkey_alone_where_its_device_makes_sure_of_its_person() {
    let bed = strict(|_| {}).await;
    let (_, admin) = invited(&bed, Role::Admin).await;
    let mut stick = device();
    add(&bed, &admin, &mut stick).await.ok();
    let key = |name: &str| json!({"name": name, "scopes": ["items:write"]});
    bed.clock.advance(Duration::from_mins(16));
    assert_eq!(bed.post("/v1/keys", &admin, &key("a")).await.slug(), "session-shut");
    stick.verifies = false;
    assert_eq!(present(&bed, &admin, &mut stick, "").await.slug(), "wrong-password");
    assert_eq!(present(&bed, &admin, &mut stick, "not the sentence").await.slug(), "wrong-password");
    assert_eq!(present(&bed, &admin, &mut stick, PASSWORD).await.status, 204);
    bed.post("/v1/keys", &admin, &key("a")).await.ok();
    bed.clock.advance(Duration::from_mins(16));
    stick.verifies = true;
    assert_eq!(present(&bed, &admin, &mut stick, "").await.status, 204);
    bed.post("/v1/keys", &admin, &key("b")).await.ok();

    // The console's page carries the same answer in its form.
    bed.console("/console/lock", &admin, &[("x", "")]).await;
    let (status, text) = bed.console("/console/presence/question", &admin, &[("to", "/console/people")]).await;
    assert_eq!(status, 201);
    let answer = stick.answer(&serde_json::from_str(&text).unwrap()).to_string();
    let form = [("to", "/console/people"), ("password", ""), ("code", ""), ("passkey", answer.as_str())];
    assert_eq!(bed.console("/console/presence", &admin, &form).await.0, 303);
    assert_eq!(bed.console("/console/people", &admin, &[]).await.0, 200);
}

#[tokio::test]
async fn whoever_sits_at_an_open_screen_sets_nothing_up() {
    let bed = strict(|settings| settings.sign_in.idle_minutes = 600).await;
    let (_, token) = invited(&bed, Role::Lead).await;
    bed.clock.advance(Duration::from_mins(16));
    assert_eq!(bed.post("/v1/passkeys/question", &token, &json!({})).await.slug(), "not-present");
    assert_eq!(bed.post("/v1/authenticator", &token, &json!({})).await.slug(), "not-present");
    assert_eq!(bed.post("/v1/authenticator/confirm", &token, &json!({"code": "123456"})).await.slug(), "not-present");
    bed.post("/v1/sessions/presence", &token, &json!({"password": PASSWORD})).await.ok();
    add(&bed, &token, &mut device()).await.ok();
    bed.clock.advance(Duration::from_mins(16));
    let mine = bed.get("/v1/passkeys", &token).await.ok();
    let path = format!("/v1/passkeys/{}", mine[0]["passkey"].as_str().unwrap());
    assert_eq!(bed.call("DELETE", &path, &token, &json!({})).await.slug(), "not-present");
    assert_eq!(bed.post("/v1/authenticator/codes", &token, &json!({})).await.slug(), "not-present");
}

#[tokio::test]
async fn what_is_not_this_answer_to_this_question_is_not_believed_and_on_record() {
    let bed = strict(|_| {}).await;
    let (other, token) = invited(&bed, Role::Reviewer).await;
    add(&bed, &token, &mut device()).await.ok();
    // Another page, a frame of another site, another host's key, nobody there, a copy; then another's question, an old one, another
    // device, a bent signature, and what is no text of the kind.
    let bends: [fn(&mut Device); 10] = [
        |stick| stick.origin = "https://elsewhere.example".to_owned(),
        |stick| stick.framed = true,
        |stick| stick.host = "elsewhere.example".to_owned(),
        |stick| stick.touched = false,
        |stick| stick.counter = 7,
        |_| {},
        |_| {},
        |stick| *stick = device(),
        |_| {},
        |_| {},
    ];
    let mut reasons = Vec::new();
    for (n, bend) in bends.into_iter().enumerate() {
        let (name, first) = invited(&bed, Role::Reviewer).await;
        let mut stick = device();
        stick.counter = 40;
        add(&bed, &first, &mut stick).await.ok();
        bend(&mut stick);
        let mut answer = stick.answer(&question(&bed, if n == 5 { &other } else { &name }).await);
        match n {
            6 => bed.clock.advance(Duration::from_mins(6)),
            8 => answer["response"]["signature"] = json!("MEUCIQ"),
            9 => answer["response"]["clientDataJSON"] = json!("not base64url!"),
            _ => {}
        }
        let said = sign_in(&bed, &name, &answer).await;
        assert_eq!(said.slug(), "wrong-passkey", "{n}");
        reasons.push(said.json()["detail"].as_str().unwrap().to_owned());
    }
    insta::assert_snapshot!(reasons.join("\n"), @r"
    it was given to another page than this console's
    it was given to another page than this console's
    it is a key of another host
    nobody touched the device
    its counter does not go on, so there may be a copy of it
    it answers another question, or one that was asked too long ago
    it answers another question, or one that was asked too long ago
    its key is none that can be checked here
    its signature is wrong
    it cannot be read: base64url
    ");
    let kept = "SELECT COUNT(*) AS n FROM audit WHERE kind = 'session.passkey_refused'";
    assert_eq!(bed.count(kept).await, i64::try_from(reasons.len()).unwrap());
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_before_it_is() {
    let bed = strict(|_| {}).await;
    let (_, token) = invited(&bed, Role::Reviewer).await;
    let ask = async || bed.post("/v1/passkeys/question", &token, &json!({})).await.ok();
    let keep = async |name: &str, made: &Value| {
        bed.post("/v1/passkeys", &token, &json!({"name": name, "passkey": made})).await
    };
    let made = device().make(&ask().await);
    assert_eq!(keep("", &made).await.slug(), "bad-passkey");
    assert_eq!(keep(&"n".repeat(65), &made).await.slug(), "bad-passkey");
    assert_eq!(keep("a", &json!({"id": "AA"})).await.slug(), "bad-body");
    for (field, value) in [
        ("publicKeyAlgorithm", json!(-999)),
        ("publicKey", json!("AAAA")),
        ("authenticatorData", json!("AAAA")),
        ("clientDataJSON", json!("e30")),
    ] {
        let mut bent = device().make(&ask().await);
        bent["response"][field] = value;
        assert_eq!(keep("a", &bent).await.slug(), "bad-passkey", "{field}");
    }
    let mut renamed = device().make(&ask().await);
    renamed["id"] = json!("AAAA");
    assert_eq!(keep("a", &renamed).await.slug(), "bad-passkey");
    let mut elsewhere = Device::new("localhost", "https://elsewhere.example").unwrap();
    assert_eq!(keep("a", &elsewhere.make(&ask().await)).await.slug(), "bad-passkey");
    let mut stick = device();
    keep("a", &stick.make(&ask().await)).await.ok();
    assert_eq!(keep("b", &stick.make(&ask().await)).await.slug(), "bad-passkey", "one device, one passkey");
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM passkeys").await, 1);

    let bed = strict(|settings| settings.public_url = "http://127.0.0.1:8080".to_owned()).await;
    let (name, token) = invited(&bed, Role::Reviewer).await;
    assert_eq!(bed.post("/v1/passkeys/question", &token, &json!({})).await.slug(), "no-passkeys-here");
    let word = json!({"name": name, "password": PASSWORD, "passkey": stick.answer(&json!({"challenge": "AA"}))});
    assert_eq!(bed.post("/v1/sessions", "", &word).await.slug(), "no-passkeys-here");
    let (status, page) = bed.console("/console/you/authenticator", &token, &[]).await;
    assert!(status == 200 && !page.contains("data-new-passkey"), "{page}");
}

#[tokio::test]
async fn nobody_sees_a_depiction_who_did_not_come_with_a_passkey() {
    let bed = Bed::with(|settings, _| settings.sign_in.passkey_before_depictions = true).await;
    let (name, reviewer) = invited(&bed, Role::Reviewer).await;
    let (secret, _) = enrol(&bed, &reviewer).await;
    let media = known(&bed, 1).await;
    let (case, item) = matched(&bed, &media, "account-1").await;
    lease(&bed, &reviewer, &case).await;
    assert_eq!(look(&bed, &reviewer, &case, &item, true).await.slug(), "needs-passkey");
    let (_, page) = bed.console(&format!("/console/cases/{case}"), &reviewer, &[]).await;
    assert!(page.contains("did not say with a passkey") && !page.contains("<img"), "{page}");
    let mut stick = device();
    add(&bed, &reviewer, &mut stick).await.ok();
    assert_eq!(look(&bed, &reviewer, &case, &item, true).await.status, 200);
    // Digits do not make less of the session than the passkey made of it.
    let word = json!({"password": PASSWORD, "code": digits(&bed, &secret, 0)});
    bed.post("/v1/sessions/presence", &reviewer, &word).await.ok();
    assert_eq!(look(&bed, &reviewer, &case, &item, false).await.status, 200);
    // A session of digits alone sees none, until its person says with the passkey who they are.
    bed.clock.advance(Duration::from_secs(30));
    let word = json!({"name": name, "password": PASSWORD, "code": digits(&bed, &secret, 0)});
    let token = bed.post("/v1/sessions", "", &word).await.ok()["token"].as_str().unwrap().to_owned();
    assert_eq!(look(&bed, &token, &case, &item, true).await.slug(), "needs-passkey");
    assert_eq!(present(&bed, &token, &mut stick, "").await.status, 204);
    assert_eq!(look(&bed, &token, &case, &item, true).await.status, 200);
}
