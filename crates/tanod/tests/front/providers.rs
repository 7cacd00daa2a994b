//! Signing in with a provider of identity: invited and linked, second factors, presence; and everything a provider should not say.

use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use serde_json::json;
use sim::oidc::{Bend, Provider, Subject};
use tanod::accounts::Role;
use tanod::accounts::sessions::SecondFactor;
use tanod::accounts::sessions::providers::Settings;

use super::bed::*;
use super::sessions::{digits, enrol};

/// A house whose people sign in with a provider, which counts where it says `mfa`.
async fn house(change: impl FnOnce(&mut Settings)) -> (Bed, Provider) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs_err::write(&secret, "a word of the house\n").unwrap();
    let mut own = Settings {
        name: "house".to_owned(),
        label: "our house account".to_owned(),
        issuer: issuer.clone(),
        client_id: "tanod".to_owned(),
        client_secret_file: secret.to_string_lossy().into_owned(),
        second_factor: vec!["mfa".to_owned()],
        domains: Vec::new(),
        ..Settings::default()
    };
    change(&mut own);
    let mut bed = Bed::with(|settings, _| {
        settings.sign_in.second_factor = SecondFactor::Required;
        settings.sign_in.presence_minutes = 15;
        settings.sign_in.providers = vec![own];
    })
    .await;
    let clock = bed.clock.clone();
    // The word goes as a form has it: with signs for its spaces.
    let provider = Provider::new(&issuer, ("tanod", "a+word+of+the+house"), move || clock.now()).unwrap();
    let router = provider.router();
    bed.servers.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (bed, provider)
}

fn subject(name: &str, methods: &[&str]) -> Subject {
    Subject {
        subject: name.to_owned(),
        methods: methods.iter().map(|&method| method.to_owned()).collect(),
        email: None,
        groups: None,
    }
}

/// What the console answers a browser that holds these cookies.
async fn browse(bed: &Bed, path: &str, cookies: &str) -> Said {
    // From an address of its own each time: how often one address begins is another question.
    let [n]: [u8; 1] = bed.app.db.random().bytes();
    let from = std::net::SocketAddr::from(([192, 0, 2, n], 1));
    let request = Bed::request("GET", path, "").header("cookie", cookies).extension(ConnectInfo(from));
    bed.send(request.body(Body::empty()).unwrap()).await
}

/// The value of a cookie that an answer sets.
fn cookie(said: &Said, name: &str) -> Option<String> {
    let mut all = said.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    all.find_map(|value| value.split(';').next()?.strip_prefix(&format!("{name}="))).map(str::to_owned)
}

/// To the provider, where somebody signs in, and back.
async fn round(bed: &Bed, provider: &Provider, from: &str, who: &Subject, cookies: &str) -> Said {
    let sent = browse(bed, from, cookies).await;
    assert_eq!(sent.status, 303, "{}", String::from_utf8_lossy(&sent.bytes));
    let back = provider.signs_in(sent.headers["location"].to_str().unwrap(), who).unwrap();
    let back = back.strip_prefix("http://localhost:8080").unwrap();
    browse(bed, back, &format!("tanod_way={}", cookie(&sent, "tanod_way").unwrap())).await
}

async fn invitation(bed: &Bed, name: &str) -> String {
    invitation_as(bed, name, Role::Reviewer).await
}

async fn invitation_as(bed: &Bed, name: &str, role: Role) -> String {
    let mut tx = bed.app.db.write().await.unwrap();
    let by = tanod::accounts::Caller::Operator;
    let (invited, proof) = tanod::accounts::invite(&mut tx, &by, name, role).await.unwrap();
    tx.commit(proof).await.unwrap();
    invited.invitation
}

fn slug(said: &Said) -> String {
    let page = String::from_utf8_lossy(&said.bytes).into_owned();
    let after = page.split_once("Name of this refusal: <code>").map(|(_, after)| after.to_owned());
    after.and_then(|after| Some(after.split_once('<')?.0.to_owned())).unwrap_or(page)
}

#[tokio::test]
async fn somebody_follows_a_link_with_their_account_and_signs_in_with_it_from_then_on() {
    let (bed, provider) = house(|_| {}).await;
    let (_, page) = bed.console("/console/sign-in", "", &[]).await;
    assert!(page.contains("our house account"), "{page}");
    let who = subject("account-7", &["pwd", "mfa"]);
    let stranger = round(&bed, &provider, "/console/sign-in/with/house", &who, "").await;
    assert_eq!(slug(&stranger), "not-linked", "nobody comes in whom nobody invited");

    let link = format!("/console/welcome/{}/with/house", invitation(&bed, "night-1").await);
    let said = round(&bed, &provider, &link, &who, "").await;
    assert_eq!(said.status, 200, "{}", String::from_utf8_lossy(&said.bytes));
    assert_eq!(said.headers["refresh"], "0; url=/console");
    let token = cookie(&said, tanod::web::COOKIE).unwrap();
    bed.get("/v1/cases", &token).await.ok();
    assert_eq!(slug(&round(&bed, &provider, &link, &who, "").await), "used-invitation");

    let said = round(&bed, &provider, "/console/sign-in/with/house", &who, "").await;
    let token = cookie(&said, tanod::web::COOKIE).unwrap();
    assert_eq!(bed.get("/v1/sessions", &token).await.ok()[0]["proved_by"], "provider_factor");
    // One account is one person.
    let link = format!("/console/welcome/{}/with/house", invitation(&bed, "night-2").await);
    assert_eq!(slug(&round(&bed, &provider, &link, &who, "").await), "provider-refused");
    // Who was removed is not let in by the provider either.
    let mut tx = bed.app.db.write().await.unwrap();
    let by = tanod::accounts::Caller::Operator;
    let proof = tanod::accounts::remove_person(&mut tx, &by, "night-1").await.unwrap();
    tx.commit(proof).await.unwrap();
    assert_eq!(bed.get("/v1/cases", &token).await.slug(), "not-signed-in");
    let said = round(&bed, &provider, "/console/sign-in/with/house", &who, "").await;
    assert_eq!(slug(&said), "not-linked");
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn where_the_provider_asked_for_a_password_only_our_second_factor_is_asked_for() {
    let (bed, provider) = house(|_| {}).await;
    let who = subject("account-7", &["pwd"]);
    let link = format!("/console/welcome/{}/with/house", invitation(&bed, "night-1").await);
    let said = round(&bed, &provider, &link, &who, "").await;
    let token = cookie(&said, tanod::web::COOKIE).unwrap();
    assert_eq!(bed.get("/v1/cases", &token).await.slug(), "second-factor-needed");
    let (secret, codes) = enrol(&bed, &token).await;
    bed.get("/v1/cases", &token).await.ok();

    let asked = round(&bed, &provider, "/console/sign-in/with/house", &who, "").await;
    assert!(asked.status == 200 && cookie(&asked, tanod::web::COOKIE).is_none(), "no session before the second factor");
    let way = cookie(&asked, "tanod_way").unwrap();
    let second = async |way: &str, code: &str| {
        let request = Bed::request("POST", "/console/sign-in/second", "").header("sec-fetch-site", "same-origin");
        let request = request.header("cookie", format!("tanod_way={way}"));
        bed.send(request.body(Body::from(format!("code={code}&passkey="))).unwrap()).await
    };
    assert_eq!(second(&way, "000000").await.status, 401);
    assert_eq!(second(&way, "").await.status, 401);
    assert_eq!(slug(&second("tanod_way_00", &codes[0]).await), "not-on-the-way");
    let said = second(&way, &digits(&bed, &secret, 0)).await;
    let token = cookie(&said, tanod::web::COOKIE).unwrap();
    bed.get("/v1/cases", &token).await.ok();
    assert_eq!(slug(&second(&way, &codes[0]).await), "not-on-the-way", "once");

    // Presence by the provider, which asks anew; a session that is another's stays as it is.
    bed.clock.advance(Duration::from_mins(16));
    assert_eq!(bed.post("/v1/authenticator/codes", &token, &json!({})).await.slug(), "not-present");
    let cookies = format!("{}={token}", tanod::web::COOKIE);
    provider.set(Bend::Silent);
    let said = round(&bed, &provider, "/console/presence/with/house", &who, &cookies).await;
    assert_eq!(slug(&said), "provider-refused");
    provider.set(Bend::Straight);
    let other = round(&bed, &provider, "/console/presence/with/house", &subject("account-8", &[]), &cookies).await;
    assert_eq!(slug(&other), "not-linked");
    let said = round(&bed, &provider, "/console/presence/with/house", &who, &cookies).await;
    assert!(said.status == 200 && cookie(&said, tanod::web::COOKIE).is_none());
    bed.post("/v1/authenticator/codes", &token, &json!({})).await.ok();
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn what_a_provider_should_not_say_opens_nothing() {
    let (bed, provider) = house(|_| {}).await;
    let who = subject("account-7", &["mfa"]);
    let link = format!("/console/welcome/{}/with/house", invitation(&bed, "night-1").await);
    assert_eq!(round(&bed, &provider, &link, &who, "").await.status, 200);
    let mut said = Vec::new();
    for bend in [
        Bend::Nonce,
        Bend::Audience,
        Bend::Several,
        Bend::Expired,
        Bend::Future,
        Bend::Issuer,
        Bend::Unsigned,
        Bend::Shared,
        Bend::OtherKey,
        Bend::Nobody,
    ] {
        provider.set(bend);
        let answer = round(&bed, &provider, "/console/sign-in/with/house", &who, "").await;
        assert_eq!((slug(&answer).as_str(), answer.status.as_u16()), ("provider-refused", 401), "{bend:?}");
        assert!(cookie(&answer, tanod::web::COOKIE).is_none());
        let page = String::from_utf8_lossy(&answer.bytes).into_owned();
        let detail =
            page.split_once("<p dir=\"auto\">").and_then(|(_, rest)| rest.split_once("</p>")).unwrap().0.to_owned();
        said.push(format!("{bend:?}: {detail}"));
        bed.clock.advance(Duration::from_mins(1));
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    Nonce: it is of another attempt
    Audience: it is for another program
    Several: it is for another program
    Expired: it is not of this time
    Future: it is not of this time
    Issuer: it is of another issuer
    Unsigned: it is not signed in a way that is accepted here
    Shared: it is not signed in a way that is accepted here
    OtherKey: no key of the provider signed it
    Nobody: it names nobody
    ");
    for bend in [Bend::Impostor, Bend::Elsewhere, Bend::Down, Bend::Garbage] {
        provider.set(bend);
        let answer = browse(&bed, "/console/sign-in/with/house", "").await;
        assert_eq!((slug(&answer).as_str(), answer.status.as_u16()), ("provider-away", 503), "{bend:?}");
    }
    provider.set(Bend::Straight);
    assert_eq!(slug(&browse(&bed, "/console/sign-in/with/nobody", "").await), "unknown-provider");
}

#[tokio::test]
async fn nobody_comes_back_who_was_not_sent_in_this_browser() {
    let (bed, provider) = house(|settings| settings.domains = vec!["house.example".to_owned()]).await;
    let mut who = subject("account-7", &["mfa"]);
    let link = format!("/console/welcome/{}/with/house", invitation(&bed, "night-1").await);
    for email in [None, Some(("a@house.example", false)), Some(("a@elsewhere.example", true))] {
        who.email = email.map(|(email, verified)| (email.to_owned(), verified));
        assert_eq!(slug(&round(&bed, &provider, &link, &who, "").await), "provider-refused");
    }
    who.email = Some(("a@House.example".to_owned(), true));
    assert_eq!(round(&bed, &provider, &link, &who, "").await.status, 200);

    bed.clock.advance(Duration::from_mins(1));
    let sent = browse(&bed, "/console/sign-in/with/house", "").await;
    let mine = format!("tanod_way={}", cookie(&sent, "tanod_way").unwrap());
    let back = provider.signs_in(sent.headers["location"].to_str().unwrap(), &who).unwrap();
    let back = back.strip_prefix("http://localhost:8080").unwrap().to_owned();
    // An address that somebody else sent, with their own way or with none; and one for another attempt.
    assert_eq!(slug(&browse(&bed, &back, "").await), "not-on-the-way");
    let other = browse(&bed, "/console/sign-in/with/house", "").await;
    let theirs = format!("tanod_way={}", cookie(&other, "tanod_way").unwrap());
    assert_eq!(slug(&browse(&bed, &back, &theirs).await), "not-on-the-way");
    assert_eq!(browse(&bed, &back, &mine).await.status, 200);
    assert_eq!(slug(&browse(&bed, &back, &mine).await), "not-on-the-way", "once");
    // Who takes too long begins anew; who is refused there is told so.
    let sent = browse(&bed, "/console/sign-in/with/house", "").await;
    let mine = format!("tanod_way={}", cookie(&sent, "tanod_way").unwrap());
    let state = sent.headers["location"].to_str().unwrap().split("state=").nth(1).unwrap().split('&').next().unwrap();
    let denied = format!("/console/sign-in/from/house?error=access_denied&state={state}");
    assert_eq!(slug(&browse(&bed, &denied, &mine).await), "provider-refused");
    let sent = browse(&bed, "/console/sign-in/with/house", "").await;
    let mine = format!("tanod_way={}", cookie(&sent, "tanod_way").unwrap());
    let back = provider.signs_in(sent.headers["location"].to_str().unwrap(), &who).unwrap();
    bed.clock.advance(Duration::from_mins(11));
    assert_eq!(slug(&browse(&bed, back.strip_prefix("http://localhost:8080").unwrap(), &mine).await), "not-on-the-way");
}

#[tokio::test]
async fn groups_say_what_people_work_as_and_never_more_than_was_allowed() {
    let (bed, provider) = house(|own| {
        own.groups_claim = "groups".to_owned();
        let roles = [("watch", Role::Reviewer), ("heads", Role::Lead), ("rooms", Role::Admin)];
        own.roles = roles.map(|(group, role)| (group.to_owned(), role)).into();
    })
    .await;
    let of = |groups: &[&str]| Subject {
        groups: Some(groups.iter().map(|&group| group.to_owned()).collect()),
        ..subject("account-7", &["pwd", "mfa"])
    };
    let sign_in = "/console/sign-in/with/house";
    let stranger = round(&bed, &provider, sign_in, &of(&["watch", "rooms"]), "").await;
    assert_eq!(slug(&stranger), "not-linked", "a group invites nobody");
    let link = format!("/console/welcome/{}/with/house", invitation(&bed, "night-1").await);
    let said = round(&bed, &provider, &link, &of(&["watch", "heads", "rooms"]), "").await;
    let first = cookie(&said, tanod::web::COOKIE).unwrap();
    bed.get("/v1/cases", &first).await.ok();
    assert_eq!(bed.get("/v1/figures", &first).await.slug(), "not-allowed", "invited as a reviewer, and no more");

    // Somebody who was invited as a lead is one while their groups say so, and the sessions of what they were end.
    let other = |groups: &[&str]| Subject { subject: "account-8".to_owned(), ..of(groups) };
    let link = format!("/console/welcome/{}/with/house", invitation_as(&bed, "head-1", Role::Lead).await);
    let said = round(&bed, &provider, &link, &other(&["watch", "heads"]), "").await;
    let lead = cookie(&said, tanod::web::COOKIE).unwrap();
    bed.get("/v1/figures", &lead).await.ok();
    let said = round(&bed, &provider, sign_in, &other(&["watch"]), "").await;
    assert_eq!(bed.get("/v1/figures", &cookie(&said, tanod::web::COOKIE).unwrap()).await.slug(), "not-allowed");
    assert_eq!(bed.get("/v1/cases", &lead).await.slug(), "not-signed-in");

    // A lost group ends the role and the sessions, also of somebody who only says who they are; its return brings both back.
    let said =
        round(&bed, &provider, "/console/presence/with/house", &of(&["guests"]), &format!("tanod_session={first}"))
            .await;
    assert_eq!(slug(&said), "no-group");
    assert_eq!(bed.get("/v1/cases", &first).await.slug(), "not-signed-in");
    assert_eq!(slug(&round(&bed, &provider, sign_in, &of(&[]), "").await), "no-group");
    let silent = Subject { groups: None, ..of(&[]) };
    assert_eq!(slug(&round(&bed, &provider, sign_in, &silent, "").await), "no-group");
    let said = round(&bed, &provider, sign_in, &of(&["watch"]), "").await;
    bed.get("/v1/cases", &cookie(&said, tanod::web::COOKIE).unwrap()).await.ok();
    let kinds = bed.count("SELECT COUNT(DISTINCT kind) AS n FROM audit WHERE kind IN ('person.role_set', 'person.role_ended', 'person.role_again')");
    assert_eq!(kinds.await, 3);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn nobody_goes_past_their_groups_and_the_settings_say_who_comes_in_uninvited() {
    let (bed, provider) = house(|own| {
        own.groups_claim = "groups".to_owned();
        own.roles =
            [("watch", Role::Reviewer), ("heads", Role::Lead)].map(|(group, role)| (group.to_owned(), role)).into();
        own.uninvited = Some(Role::Reviewer);
    })
    .await;
    let who = |name: &str, groups: &[&str]| Subject {
        groups: Some(groups.iter().map(|&group| group.to_owned()).collect()),
        email: Some((format!("{name}@house.example"), true)),
        ..subject(name, &["pwd", "mfa"])
    };
    let sign_in = "/console/sign-in/with/house";
    assert_eq!(slug(&round(&bed, &provider, sign_in, &who("a-7", &["guests"]), "").await), "not-linked");
    assert_eq!(
        slug(&round(&bed, &provider, sign_in, &who("a-7", &["heads"]), "").await),
        "not-linked",
        "more than uninvited"
    );
    let said = round(&bed, &provider, sign_in, &who("a-7", &["watch", "heads"]), "").await;
    let token = cookie(&said, tanod::web::COOKIE).unwrap();
    bed.get("/v1/cases", &token).await.ok();
    let sql = "SELECT COUNT(*) AS n FROM people WHERE name = 'a-7@house.example' AND role = 'reviewer'";
    assert_eq!(bed.count(sql).await, 1);
    // A password of ours would go past the groups.
    let link = invitation(&bed, "a-7@house.example").await;
    let body = json!({"invitation": link, "password": "a sentence to remember"});
    bed.post("/v1/sessions/accept", "", &body).await.ok();
    let body = json!({"name": "a-7@house.example", "password": "a sentence to remember"});
    assert_eq!(bed.post("/v1/sessions", "", &body).await.slug(), "with-provider");
}
