//! `/v1/needs`: what needs whoever asks.

use axum::extract::State;

use super::Need;
use crate::accounts::Caller;
use crate::plan::App;
use crate::refusal::Error;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer};

/// What needs you now, the most urgent first: cases, approvals, alarms, deadlines, requests, work that gave up.
#[utoipa::path(get, path = "/v1/needs", tag = "accounts",
    responses((status = 200, body = Vec<Need>), (status = "default", body = ProblemBody)))]
pub async fn needs(State(app): State<App>, caller: Caller) -> Answer {
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::needs(&mut tx, &caller).await?)
}
