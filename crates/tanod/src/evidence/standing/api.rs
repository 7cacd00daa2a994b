//! `/v1/standing-decisions`: what counsel decided for many cases.

use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::{NewStanding, Standing, UNKNOWN_STANDING};
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Sent};

/// Decisions of counsel that stand for all cases in which the same two bases contradict each other (EV-20); the newest first.
#[utoipa::path(get, path = "/v1/standing-decisions", tag = "holds", operation_id = "standing_decisions",
    responses((status = 200, body = Vec<Standing>), (status = "default", body = ProblemBody)))]
pub async fn list(State(app): State<App>, caller: Caller) -> Answer {
    caller.require(Permission::ReadHolds)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::list(&mut tx, &caller).await?)
}

/// Write down what counsel decided. A second person puts it into force.
#[utoipa::path(post, path = "/v1/standing-decisions", tag = "holds", request_body = NewStanding,
    operation_id = "decide_standing", responses((status = 201, body = Standing), (status = "default", body = ProblemBody)))]
pub async fn decide(State(app): State<App>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeHolds)?;
    let new: NewStanding = sent.json()?;
    let once = sent.once("POST /v1/standing-decisions", &[])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| super::decide(tx, &sent.caller, &new).await).await
}

/// Put a decision into force, as a second person.
#[utoipa::path(post, path = "/v1/standing-decisions/{decision}/approval", tag = "holds",
    params(("decision" = String, Path)), operation_id = "approve_standing",
    responses((status = 200, body = Standing), (status = "default", body = ProblemBody)))]
pub async fn approve(State(app): State<App>, Path(decision): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeHolds)?;
    let id = web::id(&decision, &UNKNOWN_STANDING)?;
    let once = sent.once("POST /v1/standing-decisions/approval", &[decision.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::approve(tx, &sent.caller, id).await).await
}

/// End a decision before its time.
#[utoipa::path(post, path = "/v1/standing-decisions/{decision}/end", tag = "holds", params(("decision" = String, Path)),
    operation_id = "end_standing", responses((status = 200, body = Standing), (status = "default", body = ProblemBody)))]
pub async fn end(State(app): State<App>, Path(decision): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeHolds)?;
    let id = web::id(&decision, &UNKNOWN_STANDING)?;
    let once = sent.once("POST /v1/standing-decisions/end", &[decision.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::end(tx, &sent.caller, id).await).await
}
