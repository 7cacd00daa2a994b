//! What people say of matches, for programs.

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;

use super::super::UNKNOWN_CASE;
use super::{NewOpinion, Opinions};
use crate::accounts::{Caller, Permission};
use crate::intake::UNKNOWN_ITEM;
use crate::plan::App;
use crate::refusal::Error;
use crate::store::{CaseId, ItemId};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Sent};

/// Say of an upload that you saw whole whether its match is right. Two who confirm an own find make it act; one who denies it stops it.
#[utoipa::path(post, path = "/v1/cases/{case}/items/{item}/opinions", tag = "cases",
    params(("case" = String, Path), ("item" = String, Path)), request_body = NewOpinion,
    responses((status = 201, body = Opinions), (status = "default", body = ProblemBody)))]
pub async fn say(Shared(app): Shared<App>, Path((case, item)): Path<(String, String)>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let of: ItemId = web::id(&item, &UNKNOWN_ITEM)?;
    let new: NewOpinion = sent.json()?;
    let once = sent.once("POST /v1/cases/items/opinions", &[case.as_bytes(), item.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| {
        super::say_of_match(tx, &sent.caller, id, of, &new, &app.settings).await
    })
    .await
}

/// What was said of an upload's match; what others said, only after you have said your own.
#[utoipa::path(get, path = "/v1/cases/{case}/items/{item}/opinions", tag = "cases",
    params(("case" = String, Path), ("item" = String, Path)),
    responses((status = 200, body = Opinions), (status = "default", body = ProblemBody)))]
pub async fn list(Shared(app): Shared<App>, caller: Caller, Path((case, item)): Path<(String, String)>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let item: ItemId = web::id(&item, &UNKNOWN_ITEM)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::of_item(&mut tx, &caller, id, item).await?)
}
