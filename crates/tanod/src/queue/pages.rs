//! Work behind the requests: what waits, what gave up and why, and trying it again.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};

use super::UNKNOWN_WORK;
use crate::accounts::Permission;
use crate::plan::App;
use crate::store::JobId;
use crate::web;
use crate::web::console::{Paged, Staff, Who, minute, show};
use crate::web::languages::filters;

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new().route("/console/jobs", get(page)).route("/console/jobs/{job}", post(again))
}

#[derive(Template)]
#[template(path = "queue/pages/work.html")]
struct Page {
    who: Who,
    may_retry: bool,
    lanes: Vec<Lane>,
    gave_up: Vec<GaveUp>,
}

struct Lane {
    name: String,
    waiting: i64,
    due: i64,
    leased: i64,
    dead: i64,
    oldest: Option<String>,
}

struct GaveUp {
    id: JobId,
    lane: String,
    since: String,
    attempts: i64,
    error: String,
    /// Whether it is tried again here; a report's is on the report's own page.
    here: bool,
}

async fn page(State(app): State<App>, staff: Staff) -> Paged {
    let mut tx = app.db.read().await?;
    let lanes = super::lanes(&mut tx, &staff.caller).await?.into_iter().map(|lane| Lane {
        name: lane.lane,
        waiting: lane.waiting,
        due: lane.due,
        leased: lane.leased,
        dead: lane.dead,
        oldest: lane.oldest_due_at.map(minute),
    });
    let lanes = lanes.collect();
    let gave_up = super::gave_up(&mut tx, &staff.caller, web::PAGE).await?.into_iter().map(|job| GaveUp {
        here: job.lane != super::REPORTS,
        id: job.job,
        lane: job.lane,
        since: minute(job.due_at),
        attempts: job.attempts,
        error: job.last_error.unwrap_or_default(),
    });
    let (gave_up, may_retry) = (gave_up.collect(), staff.caller.may(Permission::RetryWork));
    show(&Page { who: staff.who, may_retry, lanes, gave_up })
}

async fn again(State(app): State<App>, staff: Staff, Path(job): Path<String>) -> Paged {
    staff.caller.require(Permission::RetryWork)?;
    let job: JobId = web::id(&job, &UNKNOWN_WORK)?;
    let mut tx = app.db.write().await?;
    let proof = super::try_again(&mut tx, &staff.caller, job).await?;
    tx.commit(proof).await?;
    app.nudge.notify_waiters();
    Ok(Redirect::to("/console/jobs").into_response())
}
