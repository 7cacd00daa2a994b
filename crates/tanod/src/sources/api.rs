//! `/v1/sources`: where lists come from, and how far this installation is with each.

use axum::extract::{Path, State as Shared};
use serde::{Deserialize, Serialize};

use super::{Row, State};
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Body, Page};

/// Sources of lists and matchers.
#[utoipa::path(get, path = "/v1/sources", tag = "banks",
    responses((status = 200, body = Page<Row>), (status = "default", body = ProblemBody)))]
pub async fn list(Shared(app): Shared<App>, caller: Caller) -> Answer {
    caller.require(Permission::ReadBanks)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::list(&mut tx, &caller).await?;
    web::ok(&Page { rows, next: None })
}

/// How far this installation is.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSourceState)]
pub struct NewState {
    state: State,
}

/// Say how far this installation is with a source.
#[utoipa::path(put, path = "/v1/sources/{source}", tag = "banks", params(("source" = String, Path)),
    request_body = NewState,
    responses((status = 200, body = Row), (status = "default", body = ProblemBody)))]
pub async fn set(Shared(app): Shared<App>, caller: Caller, Path(name): Path<String>, body: Body) -> Answer {
    caller.require(Permission::ChangeBanks)?;
    let new: NewState = web::json(&body)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let (row, proof) = super::set(&mut tx, &caller, &name, new.state).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    web::ok(&row)
}
