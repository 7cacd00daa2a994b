//! `/v1/vocabularies`: words of the operator go in, and never come out.

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use serde::Deserialize;

use super::Vocabulary;
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Body, Page};

/// All vocabularies: their names and sizes. Nobody can say what stands in them.
#[utoipa::path(get, path = "/v1/vocabularies", tag = "streams",
    responses((status = 200, body = Page<Vocabulary>), (status = "default", body = ProblemBody)))]
pub async fn list(Shared(app): Shared<App>, caller: Caller) -> Answer {
    caller.require(Permission::ReadBanks)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&Page { rows: super::list(&mut tx, &caller).await?, next: None })
}

/// The entries of a vocabulary.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entries {
    /// Words, or phrases of at most six words; at most 10,000.
    words: Vec<String>,
}

/// Import a vocabulary, in the place of the one that had its name. Only keyed hashes of its entries are kept.
#[utoipa::path(put, path = "/v1/vocabularies/{vocabulary}", tag = "streams", params(("vocabulary" = String, Path)),
    request_body = Entries,
    responses((status = 200, body = Vocabulary), (status = "default", body = ProblemBody)))]
pub async fn import(Shared(app): Shared<App>, caller: Caller, Path(name): Path<String>, body: Body) -> Answer {
    caller.require(Permission::ChangeBanks)?;
    let Entries { words } = web::json(&body)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let (list, proof) = super::import(&mut tx, &caller, &app.vocabularies.key, &name, &words).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    web::ok(&list)
}

/// Let go of a vocabulary for good.
#[utoipa::path(delete, path = "/v1/vocabularies/{vocabulary}", tag = "streams", params(("vocabulary" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn remove(Shared(app): Shared<App>, caller: Caller, Path(name): Path<String>) -> Answer {
    caller.require(Permission::ChangeBanks)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let proof = super::remove(&mut tx, &caller, &name).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
