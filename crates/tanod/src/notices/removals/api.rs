//! `/v1/removals`: requests to remove an adult's intimate picture, apart from the cases.

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use serde::Deserialize;

use super::super::UNKNOWN_NOTICE;
use super::{NewStep, Removal, State, Step};
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::store::NoticeId;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Page, Sent};

/// Which requests.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Only in this state: `open`, `asked`, `removed`, `declined` or `escalated`.
    state: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Requests to remove an adult's intimate picture, the next deadline first (US-60).
#[utoipa::path(get, path = "/v1/removals", tag = "notices", params(Filter), operation_id = "removals",
    responses((status = 200, body = Page<Removal>), (status = "default", body = ProblemBody)))]
pub async fn list(Shared(app): Shared<App>, caller: Caller, Asked(filter): Asked<Filter>) -> Answer {
    caller.require(Permission::ReadNotices)?;
    let state: Option<State> = web::chosen(filter.state.as_deref())?;
    let after: Option<NoticeId> = filter.after.as_deref().map(|id| web::id(id, &UNKNOWN_NOTICE)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::list(&mut tx, &caller, state, after, web::PAGE).await?;
    web::ok(&Page::new(rows, |row| row.notice.id.to_string()))
}

/// Say what becomes of a request: remove, removed, decline, or escalate where the person may be under 18. The platform itself
/// says `removed`.
#[utoipa::path(post, path = "/v1/removals/{notice}", tag = "notices", params(("notice" = String, Path)),
    request_body = NewStep, operation_id = "step_removal",
    responses((status = 200, body = Removal), (status = "default", body = ProblemBody)))]
pub async fn step(Shared(app): Shared<App>, Path(notice): Path<String>, sent: Sent) -> Answer {
    if !sent.caller.may(Permission::AcknowledgeActions) {
        sent.caller.require(Permission::DecideCases)?;
    }
    let id: NoticeId = web::id(&notice, &UNKNOWN_NOTICE)?;
    let new: NewStep = sent.json()?;
    if new.step != Step::Removed {
        sent.caller.require(Permission::DecideCases)?;
    }
    let once = sent.once("POST /v1/removals", &[notice.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::step(tx, &sent.caller, id, &new).await).await
}
