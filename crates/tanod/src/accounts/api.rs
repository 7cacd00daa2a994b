//! Signing in, and adding people and keys.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Caller, Permission, Role, Scope, Session, WRONG_PASSWORD};
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::store::{KeyId, PersonId};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Body, Sent};

/// Who signs in.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// The name.
    name: String,
    /// The password.
    password: String,
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

/// Opens a session for a name and a password.
pub async fn open_session(app: &App, name: &str, password: String) -> Result<Session> {
    app.limits.take_sign_in(name)?;
    let mut tx = app.db.read().await?;
    let found = super::password_of(&mut tx, name).await?;
    drop(tx);
    let (person, hash) = found.map_or((None, NOBODY.to_owned()), |(person, hash)| (Some(person), hash));
    // Argon2 is slow on purpose, and must not stand in the way of others.
    let fits = tokio::task::spawn_blocking(move || super::password_fits(&password, &hash)).await.unwrap_or(false);
    let person = person.filter(|_| fits).ok_or(&WRONG_PASSWORD)?;
    let mut tx = app.db.write().await?;
    let (session, proof) = super::sign_in(&mut tx, person).await?;
    tx.commit(proof).await?;
    Ok(session)
}

/// Sets the password of somebody who follows a one-time link, and opens a session.
pub async fn follow(app: &App, invitation: &str, password: String) -> Result<Session> {
    let random = app.db.random().clone();
    let hash = tokio::task::spawn_blocking(move || super::hash_password(&password, &random))
        .await
        .map_err(|error| Error::internal("hashing a password", error))??;
    let mut tx = app.db.write().await?;
    let (session, proof) = super::accept(&mut tx, invitation, &hash).await?;
    tx.commit(proof).await?;
    Ok(session)
}

/// Sign in.
#[utoipa::path(post, path = "/v1/sessions", tag = "accounts", request_body = NewSession,
    responses((status = 201, body = SessionAnswer), (status = "default", body = ProblemBody)))]
pub async fn sign_in(State(app): State<App>, body: Body) -> Answer {
    let new: NewSession = web::json(&body)?;
    let session = open_session(&app, &new.name, new.password).await?;
    Ok(web::reply(StatusCode::CREATED, &SessionAnswer::from(session))?)
}

/// Sign out.
#[utoipa::path(delete, path = "/v1/sessions", tag = "accounts",
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn sign_out(State(app): State<App>, caller: Caller, headers: HeaderMap) -> Answer {
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
pub async fn accept(State(app): State<App>, body: Body) -> Answer {
    let new: Acceptance = web::json(&body)?;
    let session = follow(&app, &new.invitation, new.password).await?;
    Ok(web::reply(StatusCode::CREATED, &SessionAnswer::from(session))?)
}

/// A person to be invited.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// For signing in.
    name: String,
    /// What for.
    role: Role,
}

/// An invitation.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Invitation {
    person: PersonId,
    /// As the record names them.
    staff: i64,
    /// Good once, for a day.
    link: String,
}

/// Invite a person, or invite them anew.
#[utoipa::path(post, path = "/v1/people", tag = "accounts", request_body = NewPerson,
    responses((status = 201, body = Invitation), (status = "default", body = ProblemBody)))]
pub async fn invite(State(app): State<App>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeAccounts)?;
    let new: NewPerson = sent.json()?;
    let once = sent.once("POST /v1/people", &[])?;
    let base = app.settings.public_url.trim_end_matches('/');
    web::post_secret(&app, &once, StatusCode::CREATED, "link", async |tx| {
        let (invited, proof) = super::invite(tx, &sent.caller, &new.name, new.role).await?;
        let link = format!("{base}/console/welcome/{}", invited.invitation);
        Ok((Invitation { person: invited.id, staff: invited.staff, link }, proof))
    })
    .await
}

/// A key to be made.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKeyBody {
    /// What it is for.
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// Its own limit of requests a minute.
    #[serde(default)]
    per_minute: Option<u32>,
}

/// A key; its token is shown this once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct KeyAnswer {
    id: KeyId,
    key: String,
}

/// Make a key for one of your programs.
#[utoipa::path(post, path = "/v1/keys", tag = "accounts", request_body = NewKeyBody,
    responses((status = 201, body = KeyAnswer), (status = "default", body = ProblemBody)))]
pub async fn add_key(State(app): State<App>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeAccounts)?;
    let new: NewKeyBody = sent.json()?;
    let once = sent.once("POST /v1/keys", &[])?;
    web::post_secret(&app, &once, StatusCode::CREATED, "key", async |tx| {
        let (key, proof) = super::add_key(tx, &sent.caller, &new.name, &new.scopes, new.per_minute).await?;
        Ok((KeyAnswer { id: key.id, key: key.token }, proof))
    })
    .await
}

/// Who can see depictions, when they last did, and whose right has ended.
#[utoipa::path(get, path = "/v1/roster", tag = "accounts",
    responses((status = 200, body = Vec<super::Looker>), (status = "default", body = ProblemBody)))]
pub async fn roster(State(app): State<App>, caller: Caller) -> Answer {
    caller.require(Permission::ReadAudit)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::roster(&mut tx, &caller).await?)
}

/// Whether somebody may look.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MayLook {
    /// Yes or no.
    pub may: bool,
}

/// Give somebody the right to see depictions again after it ended, or take it away. Nobody gives it to themselves.
#[utoipa::path(post, path = "/v1/people/{person}/looks", tag = "accounts", params(("person" = String, Path)),
    request_body = MayLook, responses((status = 200, body = super::Looker), (status = "default", body = ProblemBody)))]
pub async fn set_looks(State(app): State<App>, Path(person): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeAccounts)?;
    let id = web::id(&person, &super::UNKNOWN_NAME)?;
    let word: MayLook = sent.json()?;
    let once = sent.once("POST /v1/people/looks", &[person.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::set_looks(tx, &sent.caller, id, word.may).await).await
}
