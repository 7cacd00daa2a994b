//! `/v1/jobs`: what waits behind the requests, and what gave up.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;

use super::{GaveUp, Lane, UNKNOWN_WORK};
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::store::JobId;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Sent};

/// How the work stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WorkStanding)]
pub struct Standing {
    /// Each kind of work by itself.
    lanes: Vec<Lane>,
    /// The newest that gave up.
    gave_up: Vec<GaveUp>,
}

/// Work behind the requests: what waits in each lane, and what gave up and why.
#[utoipa::path(get, path = "/v1/jobs", tag = "work",
    responses((status = 200, body = Standing), (status = "default", body = ProblemBody)))]
pub async fn standing(State(app): State<App>, caller: Caller) -> Answer {
    caller.require(Permission::ReadInstallation)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let lanes = super::lanes(&mut tx, &caller).await?;
    let gave_up = super::gave_up(&mut tx, &caller, web::PAGE).await?;
    web::ok(&Standing { lanes, gave_up })
}

/// Try work again that gave up. Each kind of work is written so that doing it twice changes nothing the second time.
#[utoipa::path(post, path = "/v1/jobs/{job}/retry", tag = "work", params(("job" = String, Path)),
    responses((status = 200, body = GaveUp), (status = "default", body = ProblemBody)))]
pub async fn retry(State(app): State<App>, Path(job): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::RetryWork)?;
    let id: JobId = web::id(&job, &UNKNOWN_WORK)?;
    let once = sent.once("POST /v1/jobs/retry", &[job.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| {
        let job = super::dead(tx, id).await?;
        let proof = super::try_again(tx, &sent.caller, id).await?;
        Ok((job, proof))
    })
    .await
}
