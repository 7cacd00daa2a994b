//! People and keys: added, listed, and their access taken away.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};

use super::{Caller, KeyRow, Member, Permission, Role, Scope, UNKNOWN_NAME};
use crate::plan::App;
use crate::refusal::Error;
use crate::store::{KeyId, PersonId};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Sent};

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

/// Everybody of the operator, also those whose access was taken away.
#[utoipa::path(get, path = "/v1/people", tag = "accounts",
    responses((status = 200, body = Vec<Member>), (status = "default", body = ProblemBody)))]
pub async fn members(State(app): State<App>, caller: Caller) -> Answer {
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::members(&mut tx, &caller).await?)
}

/// Take a person's access away at once: sessions, links, password. What they did stays theirs in the record.
#[utoipa::path(delete, path = "/v1/people/{person}", tag = "accounts", params(("person" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn remove_person(State(app): State<App>, Path(person): Path<String>, caller: Caller) -> Answer {
    caller.require(Permission::ChangeAccounts)?;
    let person: PersonId = web::id(&person, &UNKNOWN_NAME)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let name = super::store::name_of(&mut tx, person).await?.ok_or(&UNKNOWN_NAME)?;
    let proof = super::remove_person(&mut tx, &caller, &name).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Every key of a program, without its token.
#[utoipa::path(get, path = "/v1/keys", tag = "accounts",
    responses((status = 200, body = Vec<KeyRow>), (status = "default", body = ProblemBody)))]
pub async fn keys(State(app): State<App>, caller: Caller) -> Answer {
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::keys(&mut tx, &caller).await?)
}

/// Take a key's access away at once.
#[utoipa::path(delete, path = "/v1/keys/{key}", tag = "accounts", params(("key" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn remove_key(State(app): State<App>, Path(key): Path<String>, caller: Caller) -> Answer {
    caller.require(Permission::ChangeAccounts)?;
    let key: KeyId = web::id(&key, &UNKNOWN_NAME)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let name = super::store::key_name(&mut tx, key).await?.ok_or(&UNKNOWN_NAME)?;
    let proof = super::remove_key(&mut tx, &caller, &name).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
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
