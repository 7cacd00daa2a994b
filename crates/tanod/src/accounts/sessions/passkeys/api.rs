//! Passkeys: asked for, kept, listed and removed by their person.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};

use super::{NewlyMade, Passkey, UNKNOWN_PASSKEY, Wanted};
use crate::accounts::Caller;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::store::PasskeyId;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Body, Known};

/// What a browser is to ask a device to make for whoever calls.
pub async fn want(app: &App, caller: &Caller) -> Result<Wanted> {
    let party = super::party(&app.settings.public_url)?;
    let mut tx = app.db.write().await?;
    let (wanted, proof) = super::want(&mut tx, caller, &party).await?;
    tx.commit(proof).await?;
    Ok(wanted)
}

/// Keeps a passkey that whoever calls just made.
pub async fn keep(app: &App, caller: &Caller, new: &NewPasskey) -> Result<Kept> {
    let party = super::party(&app.settings.public_url)?;
    let mut tx = app.db.write().await?;
    let (passkey, recovery_codes, proof) = super::add(&mut tx, caller, &new.name, &new.passkey, &party).await?;
    tx.commit(proof).await?;
    Ok(Kept { passkey, recovery_codes })
}

/// Begin to set a passkey up: `PublicKeyCredentialCreationOptionsJSON` of the W3C.
#[utoipa::path(post, path = "/v1/passkeys/question", tag = "accounts",
    responses((status = 201, body = Wanted), (status = "default", body = ProblemBody)))]
pub async fn question(State(app): State<App>, Known(caller): Known) -> Answer {
    Ok(web::reply(StatusCode::CREATED, &want(&app, &caller).await?)?)
}

/// A passkey that was just made.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    /// What you call it.
    pub name: String,
    /// What the browser answered.
    pub passkey: NewlyMade,
}

/// A passkey that is kept.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Kept {
    /// Which.
    pub passkey: PasskeyId,
    /// For the day when every factor is lost; with the first factor only, shown this once, each good once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_codes: Option<Vec<String>>,
}

/// Keep the passkey that was made. Every other session of yours ends.
#[utoipa::path(post, path = "/v1/passkeys", tag = "accounts", request_body = NewPasskey,
    responses((status = 201, body = Kept), (status = "default", body = ProblemBody)))]
pub async fn add(State(app): State<App>, Known(caller): Known, body: Body) -> Answer {
    caller.person()?;
    let new: NewPasskey = web::json(&body)?;
    Ok(web::reply(StatusCode::CREATED, &keep(&app, &caller, &new).await?)?)
}

/// Your passkeys.
#[utoipa::path(get, path = "/v1/passkeys", tag = "accounts",
    responses((status = 200, body = Vec<Passkey>), (status = "default", body = ProblemBody)))]
pub async fn own(State(app): State<App>, caller: Caller) -> Answer {
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::own(&mut tx, &caller).await?)
}

/// Remove one of your passkeys.
#[utoipa::path(delete, path = "/v1/passkeys/{passkey}", tag = "accounts", params(("passkey" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn remove(State(app): State<App>, Path(passkey): Path<String>, caller: Caller) -> Answer {
    caller.person()?;
    let passkey: PasskeyId = web::id(&passkey, &UNKNOWN_PASSKEY)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let proof = super::remove(&mut tx, &caller, passkey).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
