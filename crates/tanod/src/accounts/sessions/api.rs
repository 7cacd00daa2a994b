//! Signing in and out, saying who one is, one's sessions, and authenticators.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::factors::{self, Proof, SECOND_FACTOR, Second};
use super::passkeys::{self, Answered, Question};
use super::{Place, Places, ProvedBy, Row, Session, UNKNOWN_SESSION, store};
use crate::accounts::{self, Caller, NOT_ALLOWED, Permission, UNKNOWN_NAME, WRONG_PASSWORD};
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::store::{PersonId, SessionId, Tx};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Body, Known, Sent};

/// Who signs in.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
    /// The authenticator's six digits, or a recovery code.
    #[serde(default)]
    pub code: String,
    /// What a passkey answered to the question of `POST /v1/sessions/question`.
    #[serde(default)]
    pub passkey: Option<Answered>,
}

/// An open session.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SessionAnswer {
    /// To be sent as `Authorization: Bearer …`.
    token: String,
    /// Until when.
    #[schema(value_type = String)]
    expires_at: Timestamp,
}

impl From<Session> for SessionAnswer {
    fn from(session: Session) -> Self {
        Self { token: session.token, expires_at: session.expires_at }
    }
}

/// A hash that fits nobody, so that an unknown name takes as long as a wrong password.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whether a password is right; compared away from the threads that serve others, for it is slow on purpose.
async fn password_fits(password: &str, hash: Option<String>) -> bool {
    let (password, known) = (password.to_owned(), hash.is_some());
    let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
    let fits = tokio::task::spawn_blocking(move || accounts::password_fits(&password, &hash)).await.unwrap_or(false);
    fits && known
}

/// What somebody gives beside a password, as it was sent.
pub(super) fn second<'a>(app: &App, code: &'a str, passkey: Option<&'a Answered>) -> Result<Second<'a>> {
    let passkey = passkey.map(|answered| Ok::<_, Error>((answered, passkeys::party(&app.settings.public_url)?)));
    Ok(Second { code, passkey: passkey.transpose()? })
}

/// What somebody proves with this, beside a password that was right or by itself. What is wrong is on record before it is refused.
pub(super) async fn proved(
    app: &App,
    person: PersonId,
    second: &Second<'_>,
    with_password: bool,
) -> Result<(Tx, ProvedBy)> {
    let ring = app.vault.ring.now()?;
    let mut tx = app.db.write().await?;
    match factors::prove(&mut tx, person, second, &ring).await? {
        Proof::Alone(by) => Ok((tx, by)),
        Proof::Second(by) if with_password => Ok((tx, by)),
        Proof::PasswordAlone if with_password => Ok((tx, ProvedBy::Password)),
        Proof::Second(_) => {
            Err(WRONG_PASSWORD.because("this device does not make sure of its person: give the password too"))
        }
        Proof::PasswordAlone => Err((&WRONG_PASSWORD).into()),
        Proof::Missing => Err((&SECOND_FACTOR).into()),
        Proof::Wrong(refusal, on_record) => {
            tx.commit(on_record).await?;
            Err(refusal)
        }
    }
}

/// The person of this name, whose password this is.
async fn person_of(app: &App, name: &str, password: &str) -> Result<PersonId> {
    app.limits.take_sign_in(name)?;
    let mut tx = app.db.read().await?;
    let found = accounts::password_of(&mut tx, name).await?;
    drop(tx);
    let (person, hash) = found.map_or((None, None), |(person, hash)| (Some(person), Some(hash)));
    let fits = password_fits(password, hash).await;
    Ok(person.filter(|_| fits).ok_or(&WRONG_PASSWORD)?)
}

/// Opens a session for a name, a password, and what whoever has more than a password gives beside it.
pub async fn open_session(app: &App, word: &NewSession, place: &Place) -> Result<Session> {
    let second = second(app, &word.code, word.passkey.as_ref())?;
    let person = person_of(app, &word.name, &word.password).await?;
    let (mut tx, proved_by) = proved(app, person, &second, true).await?;
    super::providers::or_by_ourselves(&mut tx, person, &app.settings.sign_in).await?;
    let (session, proof) = super::open(&mut tx, person, proved_by, &app.settings.sign_in, place).await?;
    tx.commit(proof).await?;
    Ok(session)
}

/// Asks for a passkey of somebody who is signing in and knows their password.
pub async fn ask_for_session(app: &App, name: &str, password: &str) -> Result<Question> {
    let party = passkeys::party(&app.settings.public_url)?;
    let person = person_of(app, name, password).await?;
    let mut tx = app.db.write().await?;
    let (question, proof) = passkeys::ask(&mut tx, person, &party, false).await?;
    tx.commit(proof).await?;
    Ok(question)
}

/// Asks for a passkey of somebody who says who they are.
pub async fn ask_for_presence(app: &App, caller: &Caller) -> Result<Question> {
    let party = passkeys::party(&app.settings.public_url)?;
    let mut tx = app.db.write().await?;
    let (question, proof) = passkeys::ask(&mut tx, caller.person()?, &party, true).await?;
    tx.commit(proof).await?;
    Ok(question)
}

/// Says who somebody is, in a session that was open or shut. A passkey of a device that makes sure of its person needs no password.
pub async fn say_present(app: &App, caller: &Caller, word: &Presence) -> Result<()> {
    let second = second(app, &word.code, word.passkey.as_ref())?;
    let person = caller.person()?;
    let mut tx = app.db.read().await?;
    let (name, hash) = store::name_and_password(&mut tx, person).await?.ok_or(&UNKNOWN_NAME)?;
    drop(tx);
    app.limits.take_sign_in(&name)?;
    let with_password = !word.password.is_empty() || second.passkey.is_none();
    if with_password && !password_fits(&word.password, hash).await {
        return Err((&WRONG_PASSWORD).into());
    }
    let (mut tx, proved_by) = proved(app, person, &second, with_password).await?;
    let proof = super::present(&mut tx, caller, proved_by).await?;
    Ok(tx.commit(proof).await?)
}

/// Hashes a password away from the threads that serve others.
async fn hash(app: &App, password: String) -> Result<String> {
    let random = app.db.random().clone();
    tokio::task::spawn_blocking(move || accounts::hash_password(&password, &random))
        .await
        .map_err(|error| Error::internal("hashing a password", error))?
}

/// Sets the password of somebody who follows a one-time link, and opens a session.
pub async fn follow(app: &App, invitation: &str, password: String, place: &Place) -> Result<Session> {
    let hash = hash(app, password).await?;
    let mut tx = app.db.write().await?;
    let (session, proof) = accounts::accept(&mut tx, invitation, &hash, &app.settings.sign_in, place).await?;
    tx.commit(proof).await?;
    Ok(session)
}

/// Changes the password of whoever asks, who says the old one. Every other session of theirs ends.
pub async fn change_own_password(app: &App, caller: &Caller, old: &str, new: String) -> Result<()> {
    let mut tx = app.db.read().await?;
    let (name, known) = store::name_and_password(&mut tx, caller.person()?).await?.ok_or(&UNKNOWN_NAME)?;
    drop(tx);
    app.limits.take_sign_in(&name)?;
    if !password_fits(old, known).await {
        return Err((&WRONG_PASSWORD).into());
    }
    let hash = hash(app, new).await?;
    let mut tx = app.db.write().await?;
    let proof = super::change_password(&mut tx, caller, &hash).await?;
    Ok(tx.commit(proof).await?)
}

/// Sign in.
#[utoipa::path(post, path = "/v1/sessions", tag = "accounts", request_body = NewSession,
    responses((status = 201, body = SessionAnswer), (status = "default", body = ProblemBody)))]
pub async fn sign_in(State(app): State<App>, place: Place, body: Body) -> Answer {
    let new: NewSession = web::json(&body)?;
    let session = open_session(&app, &new, &place).await?;
    Ok(web::reply(StatusCode::CREATED, &SessionAnswer::from(session))?)
}

/// Whose passkey is asked for.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    /// The name.
    name: String,
    /// The password.
    password: String,
}

/// Ask for the question that your passkey is to answer beside your password: `PublicKeyCredentialRequestOptionsJSON` of the W3C.
#[utoipa::path(post, path = "/v1/sessions/question", tag = "accounts", request_body = Whose,
    responses((status = 201, body = Question), (status = "default", body = ProblemBody)))]
pub async fn question(State(app): State<App>, body: Body) -> Answer {
    let whose: Whose = web::json(&body)?;
    Ok(web::reply(StatusCode::CREATED, &ask_for_session(&app, &whose.name, &whose.password).await?)?)
}

/// Sign out.
#[utoipa::path(delete, path = "/v1/sessions", tag = "accounts",
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn sign_out(State(app): State<App>, Known(caller): Known, headers: HeaderMap) -> Answer {
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let proof = super::sign_out(&mut tx, &caller, web::token(&headers).unwrap_or_default()).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A one-time link, followed.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The token at the end of the link.
    invitation: String,
    /// At least 12 characters.
    password: String,
}

/// Follow a one-time link: choose a password, and be signed in.
#[utoipa::path(post, path = "/v1/sessions/accept", tag = "accounts", request_body = Acceptance,
    responses((status = 201, body = SessionAnswer), (status = "default", body = ProblemBody)))]
pub async fn accept(State(app): State<App>, place: Place, body: Body) -> Answer {
    let new: Acceptance = web::json(&body)?;
    let session = follow(&app, &new.invitation, new.password, &place).await?;
    Ok(web::reply(StatusCode::CREATED, &SessionAnswer::from(session))?)
}

/// Who somebody is, said once more.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    /// The password; not needed where the passkey's device makes sure of its person.
    #[serde(default)]
    pub password: String,
    /// The authenticator's six digits, or a recovery code.
    #[serde(default)]
    pub code: String,
    /// What a passkey answered to the question of `POST /v1/sessions/presence/question`.
    #[serde(default)]
    pub passkey: Option<Answered>,
}

/// Say who you are: opens a session that was shut, and lets administrative changes through for a while.
#[utoipa::path(post, path = "/v1/sessions/presence", tag = "accounts", request_body = Presence,
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn presence(State(app): State<App>, Known(caller): Known, body: Body) -> Answer {
    caller.person()?;
    let word: Presence = web::json(&body)?;
    if word.password.is_empty() && word.passkey.is_none() {
        return Err(web::BAD_BODY.because("give a password or a passkey").into());
    }
    say_present(&app, &caller, &word).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Ask for the question that your passkey is to answer when you say who you are.
#[utoipa::path(post, path = "/v1/sessions/presence/question", tag = "accounts",
    responses((status = 201, body = Question), (status = "default", body = ProblemBody)))]
pub async fn presence_question(State(app): State<App>, Known(caller): Known) -> Answer {
    Ok(web::reply(StatusCode::CREATED, &ask_for_presence(&app, &caller).await?)?)
}

/// The open sessions of whoever asks.
#[utoipa::path(get, path = "/v1/sessions", tag = "accounts",
    responses((status = 200, body = Vec<Row>), (status = "default", body = ProblemBody)))]
pub async fn own(State(app): State<App>, caller: Caller) -> Answer {
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::own(&mut tx, &caller).await?)
}

/// End a session: one's own, or anybody's as an administrator.
#[utoipa::path(delete, path = "/v1/sessions/{session}", tag = "accounts", params(("session" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn end(State(app): State<App>, Path(session): Path<String>, caller: Caller) -> Answer {
    if !matches!(caller, Caller::Person { .. }) {
        return Err(Error::from(&NOT_ALLOWED).into());
    }
    let session: SessionId = web::id(&session, &UNKNOWN_SESSION)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let proof = super::end(&mut tx, &caller, session).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Another password.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The password of now.
    password: String,
    /// The new one, of at least 12 characters.
    new: String,
}

/// Change your own password. Every other session of yours ends.
#[utoipa::path(post, path = "/v1/password", tag = "accounts", request_body = NewPassword,
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn change_password(State(app): State<App>, caller: Caller, body: Body) -> Answer {
    caller.person()?;
    let word: NewPassword = web::json(&body)?;
    change_own_password(&app, &caller, &word.password, word.new).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What an authenticator needs; shown this once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct EnrolmentAnswer {
    /// In base32, for typing.
    secret: String,
    /// The same as an `otpauth:` address.
    uri: String,
}

/// Begin to set an authenticator up. It is asked for once it was confirmed.
#[utoipa::path(post, path = "/v1/authenticator", tag = "accounts",
    responses((status = 201, body = EnrolmentAnswer), (status = "default", body = ProblemBody)))]
pub async fn begin(State(app): State<App>, Known(caller): Known) -> Answer {
    caller.person()?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let (enrolment, proof) = factors::begin(&mut tx, &caller, &*app.vault.ring.now()?).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    let answer = EnrolmentAnswer { secret: enrolment.secret, uri: enrolment.uri };
    Ok(web::reply(StatusCode::CREATED, &answer)?)
}

/// What the authenticator shows.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Digits {
    /// Six digits.
    code: String,
}

/// Codes for the day when the authenticator is lost; shown this once, and each good once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Codes {
    recovery_codes: Vec<String>,
}

/// Confirm an authenticator with the digits it shows. Every other session of yours ends.
#[utoipa::path(post, path = "/v1/authenticator/confirm", tag = "accounts", request_body = Digits,
    responses((status = 201, body = Codes), (status = "default", body = ProblemBody)))]
pub async fn confirm(State(app): State<App>, Known(caller): Known, body: Body) -> Answer {
    caller.person()?;
    let digits: Digits = web::json(&body)?;
    app.limits.take_sign_in(&caller.mark())?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let (recovery_codes, proof) = factors::confirm(&mut tx, &caller, &digits.code, &*app.vault.ring.now()?).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(web::reply(StatusCode::CREATED, &Codes { recovery_codes })?)
}

/// New recovery codes in the place of those of before.
#[utoipa::path(post, path = "/v1/authenticator/codes", tag = "accounts",
    responses((status = 201, body = Codes), (status = "default", body = ProblemBody)))]
pub async fn renew_codes(State(app): State<App>, caller: Caller) -> Answer {
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let (recovery_codes, proof) = factors::renew_codes(&mut tx, &caller).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(web::reply(StatusCode::CREATED, &Codes { recovery_codes })?)
}

/// Take your own authenticator away, to set another one up.
#[utoipa::path(delete, path = "/v1/authenticator", tag = "accounts",
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn remove_own(State(app): State<App>, caller: Caller) -> Answer {
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let proof = factors::remove_own(&mut tx, &caller).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Take away the authenticator and passkeys of somebody who lost them. Their sessions end.
#[utoipa::path(delete, path = "/v1/people/{person}/authenticator", tag = "accounts", params(("person" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn reset(State(app): State<App>, Path(person): Path<String>, caller: Caller) -> Answer {
    caller.require(Permission::ChangeAccounts)?;
    let person: PersonId = web::id(&person, &UNKNOWN_NAME)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let proof = factors::reset(&mut tx, &caller, person).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Say from where somebody may work.
#[utoipa::path(post, path = "/v1/people/{person}/places", tag = "accounts", params(("person" = String, Path)),
    request_body = Places, responses((status = 200, body = Places), (status = "default", body = ProblemBody)))]
pub async fn set_places(State(app): State<App>, Path(person): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeAccounts)?;
    let id: PersonId = web::id(&person, &UNKNOWN_NAME)?;
    let places: Places = sent.json()?;
    let once = sent.once("POST /v1/people/places", &[person.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| {
        let proof = super::set_places(tx, &sent.caller, id, &places, &app.settings.sign_in).await?;
        Ok((places, proof))
    })
    .await
}
